use std::collections::BTreeSet;

use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{CaseId, Text};

use crate::{Engine, Failure, SubmitError, TimeSource};

/// What happened while simulated time passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// How many timers were fired.
    pub fired: u64,
    /// The cases whose timers were due and could not be fired; the log says why.
    pub skipped: BTreeSet<CaseId>,
}

/// Why simulated time did not pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvanceError {
    /// The engine runs on a time that nobody can move.
    #[error("the engine does not run on simulated time")]
    NotSimulated,
    /// Time does not go back.
    #[error("it is {now} already, and time does not go back to {to}")]
    Backwards {
        /// The time it is.
        now: Timestamp,
        /// The time asked for.
        to: Timestamp,
    },
    /// A timer on the way could not be fired. Time stands where it was due; advancing again
    /// goes on from there.
    #[error("a timer of case {case} could not be fired")]
    Interrupted {
        /// The case.
        case: CaseId,
        /// Why.
        #[source]
        source: SubmitError,
    },
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl AdvanceError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSimulated => "time-not-simulated",
            Self::Backwards { .. } => "time-backwards",
            Self::Interrupted { source, .. } => source.code(),
            Self::Failed(failure) => failure.code(),
        }
    }

    /// Returns what went wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::NotSimulated => Text::new(
                "系统使用真实时间，不能调整。请用模拟时间启动。",
                "The engine runs on real time, which cannot be moved. Start it on simulated time.",
            ),
            Self::Backwards { now, to } => Text::new(
                format!("模拟时间已是 {now}，不能退回 {to}。请填更晚的时间。"),
                format!("It is {now} already; time does not go back to {to}. Give a later time."),
            ),
            Self::Interrupted { source, .. } => source.text(),
            Self::Failed(failure) => failure.text(),
        }
    }
}

impl Engine {
    /// Lets simulated time pass until `to`, and fires every timer on the way.
    ///
    /// Each timer fires when it is due, in the order they fall due, so that what it sets off is
    /// recorded at that instant; a timer that is set on the way fires too. A case whose timer
    /// cannot be fired is passed over.
    ///
    /// # Errors
    ///
    /// [`AdvanceError::NotSimulated`] and [`AdvanceError::Backwards`], after which nothing has
    /// happened; [`AdvanceError::Interrupted`] and [`AdvanceError::Failed`] when the store does
    /// not go along.
    pub async fn advance_to(&self, to: Timestamp) -> Result<Advanced, AdvanceError> {
        let runtime = self.runtime();
        let Some(time) = runtime.time.simulated() else {
            return Err(AdvanceError::NotSimulated);
        };
        let _entered = runtime.enter().await?;
        let _advancing = runtime.advancing.lock().await;
        let now = time.now();
        if to < now {
            return Err(AdvanceError::Backwards { now, to });
        }
        let mut advanced = Advanced::default();
        loop {
            let due = runtime
                .first_due(to.as_millis(), |case| advanced.skipped.contains(&case))
                .await?;
            let Some(due) = due else { break };
            let case = CaseId(due.case);
            let instant = time.now().max(Timestamp::from_millis(due.due_at));
            time.set(instant);
            match runtime.fire_case(case, instant).await {
                Ok(Some(fired)) if fired.count > 0 || fired.followed => {
                    advanced.fired += fired.count;
                    if let Some(refusal) = fired.refused {
                        tracing::error!(%case, %refusal, "a timer that is due was refused");
                        advanced.skipped.insert(case);
                    }
                }
                Ok(_) => {
                    tracing::error!(%case, timer = due.id, "a timer that is due was not fired");
                    advanced.skipped.insert(case);
                }
                Err(SubmitError::Failed(failure @ Failure::CaseDamaged { .. })) => {
                    let cause = std::error::Error::source(&failure).map(ToString::to_string);
                    tracing::error!(%case, %failure, cause, "a timer cannot be fired");
                    advanced.skipped.insert(case);
                }
                Err(source) => return Err(AdvanceError::Interrupted { case, source }),
            }
        }
        time.set(to);
        Ok(advanced)
    }
}
