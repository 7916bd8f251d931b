use groundbreak_workflow::{Case, Commit, CommitDigest, Text, decode_commit};

use crate::disagreement::of_fold;

/// A case while the records of its journal go by: each must be a commit that goes on from the one
/// before.
#[derive(Debug, Default)]
pub(super) struct Folding {
    case: Option<Case>,
}

impl Folding {
    /// Folds the next commit into the case. `digest` is of its stored bytes.
    ///
    /// # Errors
    ///
    /// Words why it is not the next one.
    pub(super) fn add(&mut self, commit: &Commit, digest: CommitDigest) -> Result<(), Text> {
        let folded = match &mut self.case {
            Some(case) => case.apply(commit, digest),
            None => Case::open(commit, digest).map(|case| self.case = Some(case)),
        };
        folded.map_err(|error| of_fold(&error))
    }

    /// Returns what the journal comes to so far; `None` before its first commit.
    pub(super) fn case(&self) -> Option<&Case> {
        self.case.as_ref()
    }
}

/// Reads a record as a commit.
///
/// # Errors
///
/// Words why it is none.
pub(super) fn commit(record: &[u8]) -> Result<Commit, Text> {
    decode_commit(record).map_err(|error| {
        Text::new(
            "不能读作一次提交",
            format!("it cannot be read as a commit: {error}"),
        )
    })
}
