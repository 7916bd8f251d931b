use std::sync::Arc;

use async_trait::async_trait;
use groundbreak_store::conformance::Factory;
use groundbreak_store::{Cause, Store};
use tempfile::TempDir;

use crate::given;

struct SledFactory {
    directory: TempDir,
}

impl SledFactory {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }
}

#[async_trait]
impl Factory for SledFactory {
    async fn open(&self) -> Result<Arc<dyn Store>, Cause> {
        Ok(Arc::new(given::open(&self.directory.path().join("store"))?))
    }
}

groundbreak_store::conformance_tests!(SledFactory::new());
