//! The content of papers, kept by its digest in a folder or in an S3-compatible store.
//!
//! The journal of a case binds a paper by its SHA-256 digest; here is what the digest is of. The
//! same content is kept once, whatever it is called and however many cases have it. What is kept is
//! durable before [`Papers::put`] returns, is never written over, and is checked against its digest
//! whenever it is read.
//!
//! ```no_run
//! use groundbreak_papers::Papers;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let papers = Papers::in_folder("data/papers".as_ref())?;
//! let content = futures::stream::iter([Ok::<_, std::io::Error>(b"%PDF-1.7 ...".to_vec().into())]);
//! let kept = papers.put("articles.pdf", content).await?;
//! assert_eq!(kept.bytes, 12);
//! # Ok(())
//! # }
//! ```

mod digest;
mod kind;
mod papers;
mod read;
mod write;

pub use digest::{BadDigest, Digest};
pub use kind::Kind;
pub use papers::{OpenError, Papers};
pub use read::{Content, ReadError};
pub use write::{Kept, PutError};
