use sled::{Batch, Tree};

use crate::failure::Failure;

/// What is to be written together.
///
/// A batch of sled is there whole or not at all, and costs two more writes to the disk than its values alone.
/// What is written value by value is there up to some value after a crash, so the order tells what may be there
/// without what.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    /// Whether nothing may be there without the rest.
    whole: bool,
    inserts: Vec<(Vec<u8>, Vec<u8>)>,
    removes: Vec<Vec<u8>>,
}

impl Writes {
    /// Has everything written as one batch.
    pub(crate) fn as_a_whole(&mut self) {
        self.whole = true;
    }

    /// Adds a value, behind those that were added before.
    pub(crate) fn insert(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.inserts.push((key.into(), value.into()));
    }

    /// Adds that a value is removed, which makes it a whole.
    pub(crate) fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.whole = true;
        self.removes.push(key.into());
    }

    /// Hands everything to sled. It is not durable yet.
    pub(crate) fn apply(self, tree: &Tree) -> Result<(), Failure> {
        if !self.whole {
            for (key, value) in self.inserts {
                tree.insert(key, value)?;
            }
            return Ok(());
        }
        let mut batch = Batch::default();
        for (key, value) in self.inserts {
            batch.insert(key, value);
        }
        for key in self.removes {
            batch.remove(key);
        }
        tree.apply_batch(batch)?;
        Ok(())
    }
}
