use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use sha2::{Digest as _, Sha256};

use crate::{Digest, Papers};

/// A content as it comes, and how much it is.
pub struct Content {
    /// Its size in bytes.
    pub bytes: u64,
    /// The content, piece by piece. The last piece is followed by an error, and not by the end, when the whole
    /// is not what the digest is of.
    pub pieces: BoxStream<'static, Result<Bytes, ReadError>>,
}

/// Why a content cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// What is kept is not what the digest is of.
    #[error("the paper {digest} is damaged")]
    Damaged {
        /// The digest.
        digest: Digest,
    },
    /// The store did not give it.
    #[error("the paper cannot be read")]
    Store(#[source] object_store::Error),
}

impl Papers {
    /// Returns the content with this digest, or `None` when it is not kept here.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`] when the store does not answer.
    pub async fn get(&self, digest: Digest) -> Result<Option<Content>, ReadError> {
        let found = match self.store.get(&Self::place(digest)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(ReadError::Store(error)),
        };
        let bytes = found.meta.size;
        let source = found.into_stream().map_err(ReadError::Store);
        let checked = stream::try_unfold(
            (source, Some(Sha256::new())),
            move |(mut source, hash)| async move {
                let Some(mut hash) = hash else {
                    return Ok(None);
                };
                if let Some(piece) = source.next().await.transpose()? {
                    hash.update(&piece);
                    return Ok(Some((piece, (source, Some(hash)))));
                }
                let found: [u8; 32] = hash.finalize().into();
                if Digest::from(found) == digest {
                    Ok(None)
                } else {
                    Err(ReadError::Damaged { digest })
                }
            },
        );
        Ok(Some(Content {
            bytes,
            pieces: checked.boxed(),
        }))
    }
}
