//! The memory store keeps every rule of the contract.

use groundbreak_store::conformance::MemoryFactory;

groundbreak_store::conformance_tests!(MemoryFactory::default());
