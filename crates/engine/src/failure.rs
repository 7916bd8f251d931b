use groundbreak_store::{AppendError, Cause, ReadError};
use groundbreak_workflow::{CaseId, DecodeError, FoldError, Stuck, Text};

/// Why the engine could not do something, although no rule forbids it. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The engine was shut down.
    #[error("the engine was shut down")]
    Closed,
    /// The case cannot go on; every other case can. Nothing is written to it until the cause is
    /// mended.
    #[error("case {case} cannot go on")]
    CaseDamaged {
        /// The case.
        case: CaseId,
        /// What is wrong with it.
        #[source]
        fault: CaseFault,
    },
    /// What was to be written is over a bound of the store. The same thing will never succeed.
    #[error("it is too large to be stored")]
    TooLarge {
        /// Which part, and its bound.
        #[source]
        source: Cause,
    },
    /// Other nodes wrote to the case each time a command was decided. Try again.
    #[error("case {case} is written to by others all the time")]
    Contended {
        /// The case.
        case: CaseId,
    },
    /// The store does not answer. Try again later.
    #[error("the store is unavailable")]
    StoreUnavailable {
        /// What went wrong below.
        #[source]
        source: Cause,
    },
    /// What the store keeps is damaged.
    #[error("the store is damaged")]
    StoreDamaged {
        /// What is damaged.
        #[source]
        source: ReadError,
    },
    /// The program ran into a fault of its own, which the log describes.
    #[error("the program failed")]
    Program {
        /// What is known about it.
        #[source]
        source: Cause,
    },
}

/// What is wrong with a case that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseFault {
    /// A record of its journal cannot be read.
    #[error("revision {revision} cannot be read")]
    Record {
        /// The revision the record stands at.
        revision: u64,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// A record of its journal is not what the store says it is.
    #[error("the record at revision {revision} belongs to another place")]
    Misplaced {
        /// The revision the record stands at.
        revision: u64,
    },
    /// Its journal does not fold.
    #[error("the journal does not fold")]
    Journal(#[from] FoldError),
    /// Its journal ends before the revision the store says it has.
    #[error("the journal ends at revision {found}, and the store says {expected}")]
    Short {
        /// The revision the store has.
        expected: u64,
        /// The last revision of the journal.
        found: u64,
    },
    /// The workflow it runs under is not in the store, or has another text.
    #[error(
        "version {version} of workflow {workflow} is not here with the text the case began with"
    )]
    Definition {
        /// The workflow.
        workflow: String,
        /// The version.
        version: u32,
    },
    /// Its workflow cannot say how it goes on.
    #[error(transparent)]
    Stuck(#[from] Stuck),
    /// Firing a timer would leave it open, to be fired again at once. It was not written.
    #[error("timer {timer} would fire for ever")]
    Restless {
        /// The timer.
        timer: String,
    },
    /// What was decided is not what would be read back. It was not written.
    #[error("what was decided does not survive being written down")]
    Unfaithful,
}

impl Failure {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Closed => "engine-closed",
            Self::CaseDamaged { .. } => "case-damaged",
            Self::TooLarge { .. } => "too-large",
            Self::Contended { .. } => "case-contended",
            Self::StoreUnavailable { .. } => "store-unavailable",
            Self::StoreDamaged { .. } => "store-damaged",
            Self::Program { .. } => "program-fault",
        }
    }

    /// Returns what failed and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Closed => Text::new(
                "系统正在停止，没有写入任何内容。请待重新启动后再试。",
                "The system is shutting down, and nothing was written. Try again when it is back.",
            ),
            Self::CaseDamaged { case, .. } => Text::new(
                format!("办件 {case} 的记录有误，已停止写入；其他办件不受影响。请联系管理员。"),
                format!(
                    "Something is wrong with case {case}, and nothing is written to it; other cases are not affected. Tell the administrator."
                ),
            ),
            Self::TooLarge { source } => Text::new(
                format!("内容超出存储上限，没有写入：{source}。请精简后再提交。"),
                format!(
                    "This is too large to be stored, and nothing was written: {source}. Shorten it and submit again."
                ),
            ),
            Self::Contended { case } => Text::new(
                format!("办件 {case} 正被他人频繁更新，没有写入。请稍后再试。"),
                format!(
                    "Others keep writing to case {case}; nothing was written. Try again shortly."
                ),
            ),
            Self::StoreUnavailable { .. } => Text::new(
                "存储暂时不可用，没有写入任何内容。请稍后再试。",
                "The store is unavailable, and nothing was written. Try again later.",
            ),
            Self::StoreDamaged { source } => Text::new(
                format!(
                    "存储的数据有损坏：{source}。请联系管理员：请先复制整个目录，再从备份恢复。"
                ),
                format!(
                    "Stored data is damaged: {source}. Tell the administrator. Copy the whole directory before anything else; then restore a backup."
                ),
            ),
            Self::Program { .. } => Text::new(
                "程序出错，没有写入任何内容。请联系管理员查看日志。",
                "The program failed, and nothing was written. Tell the administrator, who will find it in the log.",
            ),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge { .. } => Self::TooLarge {
                source: Cause::from(error),
            },
            ReadError::Damaged { .. } => Self::StoreDamaged { source: error },
            other => Self::StoreUnavailable {
                source: Cause::from(other),
            },
        }
    }
}

impl From<AppendError> for Failure {
    /// Only for errors after which nothing was written.
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::TooLarge { .. } | AppendError::Malformed { .. } => Self::TooLarge {
                source: Cause::from(error),
            },
            other => Self::StoreUnavailable {
                source: Cause::from(other),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use groundbreak_store::Part;

    use super::*;

    #[test]
    fn what_is_too_large_is_told_from_what_may_succeed_later() {
        let too_large = || AppendError::TooLarge {
            part: Part::State,
            size: 2,
            max: 1,
        };
        let unavailable = || AppendError::Unavailable {
            source: Cause::from("no disk"),
        };
        assert_eq!(Failure::from(too_large()).code(), "too-large");
        assert_eq!(Failure::from(unavailable()).code(), "store-unavailable");
        // The bound is told to whoever must shorten it.
        let text = Failure::from(too_large()).text();
        assert!(text.zh.contains('1') && text.en.contains('1'), "{text}");
    }

    #[test]
    fn what_is_damaged_in_the_store_is_named() {
        let damaged = ReadError::Damaged {
            place: "record 7".into(),
        };
        let failure = Failure::from(damaged);
        assert_eq!(failure.code(), "store-damaged");
        assert!(failure.text().en.contains("record 7"));
    }
}
