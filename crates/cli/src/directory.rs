//! The data directory: `store/` holds the journal, `accounts.json` who may sign in, `proof/` what
//! proves the journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use groundbreak_store::Store;
use groundbreak_store_sled::{SledOptions, SledStore};

use crate::trouble::Trouble;

/// Returns where the journal of a data directory lies.
pub(crate) fn store_path(data: &Path) -> PathBuf {
    data.join("store")
}

/// Returns where the accounts of a data directory lie, when nothing else is said.
pub(crate) fn accounts_path(data: &Path) -> PathBuf {
    data.join("accounts.json")
}

/// Opens the store of a data directory, which is made if it is not there.
pub(crate) fn create(data: &Path) -> Result<Arc<dyn Store>> {
    std::fs::create_dir_all(data).map_err(|source| Trouble::Unwritable {
        path: data.to_owned(),
        source,
    })?;
    Ok(Arc::new(SledStore::open(
        store_path(data),
        SledOptions::default(),
    )?))
}

/// Opens the store of a data directory that holds one already.
pub(crate) fn open(data: &Path) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(open_sled(data)?))
}

/// Opens the store of a data directory that holds one already, as what it is.
pub(crate) fn open_sled(data: &Path) -> Result<SledStore> {
    let path = store_path(data);
    if !path.is_dir() {
        return Err(Trouble::NoData {
            path: data.to_owned(),
        }
        .into());
    }
    Ok(SledStore::open(path, SledOptions::default())?)
}
