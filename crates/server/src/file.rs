//! Files that are handed in: their digest is recorded, and their content kept where there is a place.

use axum::http::StatusCode;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use groundbreak_papers::{Kind, PutError};
use groundbreak_workflow::{Language, Text};
use sha2::{Digest, Sha256};

use crate::accounts::hexadecimal;
use crate::app::App;
use crate::problem::Problem;
use crate::words::Words;

/// The largest file that is taken where only digests are recorded, in bytes.
const DIGESTED_BYTES_MAX: u64 = 20 << 20;
/// The longest name of a file that is recorded, in characters.
const NAME_MAX: usize = 200;

/// Why a file is not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// There is none, or it is empty.
    Empty,
    /// It has more bytes than this.
    TooLarge(u64),
    /// It is of no kind that is taken.
    UnknownKind,
    /// Its content is not of the kind its name says.
    LyingKind(Kind),
    /// It did not come whole.
    Broken,
    /// The machine could not keep it.
    Failed(Box<Problem>),
}

impl App {
    /// The largest file that is taken, in bytes.
    pub(crate) fn file_bytes_max(&self) -> u64 {
        self.papers
            .as_ref()
            .map_or(DIGESTED_BYTES_MAX, groundbreak_papers::Papers::bytes_max)
    }

    /// Takes a file and returns its digest, once its content is durable where contents are kept.
    pub(crate) async fn take_file(
        &self,
        name: &str,
        content: impl Stream<Item = Result<Bytes, NotTaken>> + Unpin,
    ) -> Result<String, NotTaken> {
        match &self.papers {
            Some(papers) => match papers.put(name, content).await {
                Ok(kept) => Ok(kept.digest.to_string()),
                Err(PutError::Empty) => Err(NotTaken::Empty),
                Err(PutError::TooLarge { bytes_max }) => Err(NotTaken::TooLarge(bytes_max)),
                Err(PutError::UnknownKind) => Err(NotTaken::UnknownKind),
                Err(PutError::LyingKind { said }) => Err(NotTaken::LyingKind(said)),
                Err(PutError::Source(not_taken)) => Err(not_taken),
                Err(PutError::Store(error)) => {
                    Err(NotTaken::Failed(Box::new(Problem::failed(&error))))
                }
                Err(_) => Err(NotTaken::Broken),
            },
            None => digest(content).await,
        }
    }
}

/// Reads a file piece by piece, keeping nothing of it but the digest.
async fn digest(
    mut content: impl Stream<Item = Result<Bytes, NotTaken>> + Unpin,
) -> Result<String, NotTaken> {
    let mut hash = Sha256::new();
    let mut bytes: u64 = 0;
    while let Some(piece) = content.next().await {
        let piece = piece?;
        bytes = bytes.saturating_add(piece.len() as u64);
        if bytes > DIGESTED_BYTES_MAX {
            return Err(NotTaken::TooLarge(DIGESTED_BYTES_MAX));
        }
        hash.update(&piece);
    }
    if bytes == 0 {
        return Err(NotTaken::Empty);
    }
    Ok(hexadecimal(&hash.finalize()))
}

/// Returns the name of a file as it is recorded. Some browsers send the path on their own machine;
/// only the last part is a name.
pub(crate) fn recorded_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars()
        .filter(|c| !c.is_control())
        .take(NAME_MAX)
        .collect()
}

impl NotTaken {
    /// The status by which HTTP says it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Failed(problem) => problem.status,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// Says why, and what to do.
    pub(crate) fn text(&self, words: Words) -> String {
        match self {
            Self::Empty => words.t("error-file"),
            Self::TooLarge(bytes) => words.n("error-file-large", bytes >> 20),
            Self::UnknownKind => words.s("error-file-kind", kinds(words)),
            Self::LyingKind(said) => words.s("error-file-lies", name_of(*said)),
            Self::Broken => words.t("error-file-broken"),
            Self::Failed(problem) => words.text(&problem.detail).to_owned(),
        }
    }
}

impl From<NotTaken> for Problem {
    fn from(not_taken: NotTaken) -> Self {
        if let NotTaken::Failed(problem) = not_taken {
            return *problem;
        }
        let detail = Text::new(
            not_taken.text(Words::new(Language::Zh)),
            not_taken.text(Words::new(Language::En)),
        );
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "file-not-taken")
            .with_status(not_taken.status())
            .because(detail)
    }
}

fn name_of(kind: Kind) -> String {
    let usual = kind.endings().first().copied().unwrap_or_default();
    usual.to_uppercase()
}

fn kinds(words: Words) -> String {
    words.list(Kind::ALL.map(name_of))
}
