use sled::{Batch, Tree};

use crate::failure::Failure;

/// What is to be written together.
///
/// A batch of sled is there whole or not at all, and costs two more writes to the disk than its values alone.
/// What is written value by value is there up to some value after a crash, so the order tells what may be there
/// without what.
/// Of several changes of one key, the last holds.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    /// Whether nothing may be there without the rest.
    whole: bool,
    /// In their order; without a value the key is removed.
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Writes {
    /// Has everything written as one batch.
    pub(crate) fn as_a_whole(&mut self) {
        self.whole = true;
    }

    /// Adds a value, behind what was added before.
    pub(crate) fn insert(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.changes.push((key.into(), Some(value.into())));
    }

    /// Adds that a value is removed, which makes it a whole.
    pub(crate) fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.whole = true;
        self.changes.push((key.into(), None));
    }

    /// Hands everything to sled. It is not durable yet.
    pub(crate) fn apply(self, tree: &Tree) -> Result<(), Failure> {
        if self.whole {
            let mut batch = Batch::default();
            for (key, value) in self.changes {
                match value {
                    Some(value) => batch.insert(key, value),
                    None => batch.remove(key),
                }
            }
            tree.apply_batch(batch)?;
            return Ok(());
        }
        for (key, value) in self.changes {
            match value {
                Some(value) => tree.insert(key, value)?,
                None => tree.remove(key)?,
            };
        }
        Ok(())
    }
}
