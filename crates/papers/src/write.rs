use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use object_store::path::Path;
use object_store::{ObjectStoreExt, WriteMultipart};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{Digest, Kind, Papers};

/// So many bytes are looked at to tell what a content is.
const HEAD_BYTES: usize = 8 * 1024;
/// What may be on its way to the store at once, in parts of five MiB.
const PARTS_AT_ONCE: usize = 2;

/// A paper that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The digest of its content.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
}

/// Why a paper was not kept. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError<E> {
    /// It has no content.
    #[error("the file is empty")]
    Empty,
    /// It is larger than is taken.
    #[error("the file has more than {bytes_max} bytes")]
    TooLarge {
        /// What is taken at most.
        bytes_max: u64,
    },
    /// Its name does not say a kind that is taken.
    #[error("a file with such a name is not taken")]
    UnknownKind,
    /// Its content is not what its name says.
    #[error("the name says {said:?}, and the content is something else")]
    LyingKind {
        /// What the name says.
        said: Kind,
    },
    /// It did not come whole.
    #[error("the file did not come whole")]
    Source(#[source] E),
    /// It could not be kept.
    #[error("the file could not be kept")]
    Store(#[source] object_store::Error),
}

impl Papers {
    /// Keeps a content, whose name says what it is, and returns its digest once it is durable. A
    /// content that is there already is not kept again.
    ///
    /// Of the content no more than some parts of five MiB are in memory. It is dropped, and nothing is kept, when
    /// this is dropped before it ends; what then stays behind lies under `incoming` and is of no use.
    ///
    /// # Errors
    ///
    /// Each variant of [`PutError`] says why nothing was kept.
    pub async fn put<E>(
        &self,
        name: &str,
        content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Kept, PutError<E>> {
        let kind = Kind::of_name(name).ok_or(PutError::UnknownKind)?;
        let mut content = content;
        let head = self.head(&mut content).await?;
        if head.is_empty() {
            return Err(PutError::Empty);
        }
        if !kind.may_begin(&head) {
            return Err(PutError::LyingKind { said: kind });
        }
        let incoming = Path::from_iter(["incoming".to_owned(), Uuid::new_v4().to_string()]);
        let upload = self.store.put_multipart(&incoming).await;
        let mut upload = WriteMultipart::new(upload.map_err(PutError::Store)?);
        let (digest, bytes) = match self.write(&mut upload, head, content).await {
            Ok(written) => written,
            Err(error) => {
                // Why it was not kept matters, and not whether what was begun could be removed.
                let _ = upload.abort().await;
                return Err(error);
            }
        };
        upload.finish().await.map_err(PutError::Store)?;
        self.settle(&incoming, digest)
            .await
            .map_err(PutError::Store)?;
        Ok(Kept {
            digest,
            bytes,
            kind,
        })
    }

    /// Reads the beginning.
    async fn head<E>(
        &self,
        content: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    ) -> Result<Bytes, PutError<E>> {
        let mut head = BytesMut::new();
        while head.len() < HEAD_BYTES {
            let Some(piece) = content.next().await else {
                break;
            };
            head.extend_from_slice(&piece.map_err(PutError::Source)?);
        }
        Ok(head.freeze())
    }

    async fn write<E>(
        &self,
        upload: &mut WriteMultipart,
        head: Bytes,
        mut content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(Digest, u64), PutError<E>> {
        let mut hash = Sha256::new();
        let mut bytes: u64 = 0;
        let mut piece = Some(Ok(head));
        while let Some(next) = piece {
            let next = next.map_err(PutError::Source)?;
            bytes = bytes.saturating_add(next.len() as u64);
            if bytes > self.bytes_max {
                return Err(PutError::TooLarge {
                    bytes_max: self.bytes_max,
                });
            }
            hash.update(&next);
            let ready = upload.wait_for_capacity(PARTS_AT_ONCE).await;
            ready.map_err(PutError::Store)?;
            upload.put(next);
            piece = content.next().await;
        }
        let digest: [u8; 32] = hash.finalize().into();
        Ok((digest.into(), bytes))
    }

    /// Moves what has come to its place.
    async fn settle(&self, incoming: &Path, digest: Digest) -> object_store::Result<()> {
        let place = Self::place(digest);
        match self.store.head(&place).await {
            Ok(_) => self.store.delete(incoming).await,
            // Two who bring the same content at once write the same.
            Err(object_store::Error::NotFound { .. }) => self.store.rename(incoming, &place).await,
            Err(error) => Err(error),
        }
    }
}
