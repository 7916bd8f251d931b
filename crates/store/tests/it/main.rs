//! The memory store keeps every rule of the contract, and the rules notice a store that does not.

mod index;
mod suite;

use groundbreak_store::conformance::MemoryFactory;

groundbreak_store::conformance_tests!(MemoryFactory::default());
