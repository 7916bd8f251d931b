use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use crate::Digest;

/// Where the content of papers is kept.
#[derive(Clone)]
pub struct Papers {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) bytes_max: u64,
}

impl fmt::Debug for Papers {
    /// Says where, and nothing of the keys to it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Papers({})", self.store)
    }
}

/// Why papers cannot be kept there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder is not there and cannot be made.
    #[error("the folder of papers cannot be made")]
    Folder(#[source] std::io::Error),
    /// The address is none.
    #[error("{address} is no address: s3://BUCKET/FOLDER is one")]
    Address {
        /// The address.
        address: String,
    },
    /// There is nothing of this kind at the address, or it is not set up.
    #[error("papers cannot be kept there")]
    Refused(#[source] object_store::Error),
}

impl Papers {
    /// The largest paper that is taken unless [`Papers::with_bytes_max`] says other: 200 MiB, which
    /// a set of construction drawings rarely exceeds.
    pub const BYTES_MAX: u64 = 200 << 20;

    /// Keeps papers in a folder, which is made if it is not there. What is kept is synced to the disk.
    ///
    /// # Errors
    ///
    /// [`OpenError::Folder`] when it cannot be made, [`OpenError::Refused`] when it is no folder.
    pub fn in_folder(folder: &FilePath) -> Result<Self, OpenError> {
        std::fs::create_dir_all(folder).map_err(OpenError::Folder)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(OpenError::Refused)?;
        Ok(Self::of(Arc::new(store.with_fsync(true))))
    }

    /// Keeps papers at an address such as `s3://bucket/folder`.
    ///
    /// Settings are those of the `object_store` crate for that kind of store, by name: for S3
    /// `aws_access_key_id`, `aws_secret_access_key`, `aws_region`, `aws_endpoint` (for a store that
    /// is not Amazon's), `aws_allow_http`; upper-case names, as environments have them, are the same. Others are
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`OpenError::Address`] when the address is none, [`OpenError::Refused`] when there is no such
    /// kind of store or a setting is missing. Whether it answers shows with the first paper.
    pub fn at(
        address: &str,
        settings: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, OpenError> {
        let url = Url::parse(address).map_err(|_| OpenError::Address {
            address: address.to_owned(),
        })?;
        // Another library may have chosen before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = settings
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value));
        let (store, folder) =
            object_store::parse_url_opts(&url, settings).map_err(OpenError::Refused)?;
        Ok(Self::of(Arc::new(PrefixStore::new(store, folder))))
    }

    fn of(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            store,
            bytes_max: Self::BYTES_MAX,
        }
    }

    /// Takes papers of so many bytes at most.
    #[must_use]
    pub fn with_bytes_max(mut self, bytes_max: u64) -> Self {
        self.bytes_max = bytes_max;
        self
    }

    /// The largest paper that is taken, in bytes.
    #[must_use]
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Where the content with this digest is: spread over 256 folders, for the sake of file systems.
    pub(crate) fn place(digest: Digest) -> Path {
        let digest = digest.to_string();
        let folder = digest.get(..2).unwrap_or_default();
        Path::from_iter(["sha256", folder, digest.as_str()])
    }
}
