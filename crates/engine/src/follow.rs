//! Open cases follow a newer version of their calendar.
//!
//! All of them do when it is published; one that is met before its turn does so first. When all
//! do, that is written down under `followed/` and the number of the publication: what lacks it
//! when an engine is opened was cut short, and is done again. A case that follows already is left
//! alone.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use groundbreak_store::{Put, PutError, Query};
use groundbreak_workflow::sla::CalendarRef;
use groundbreak_workflow::{Act, Case, CaseId, Command, Workflow};

use crate::definitions::Amendment;
use crate::runtime::Runtime;
use crate::submit::{Attempt, Under, by_the_clock, not_of_this_command};
use crate::turn::Turn;
use crate::{CaseFault, Committed, Failure, SubmitError};

const PREFIX: &str = "followed/";
/// The open cases read from the store at once.
const CASES_AT_ONCE: usize = 256;
/// How often a case is decided anew because another node wrote to it meanwhile, or the store was
/// busy.
const ATTEMPTS_MAX: usize = 8;
/// How long to wait when the store takes no more.
const OVERLOADED_WAIT: Duration = Duration::from_millis(50);

impl Runtime {
    /// Lets all open cases follow the newest version of each calendar of which an amendment is
    /// not known to be followed yet. Damaged cases are logged and passed over.
    pub(crate) async fn follow_amendments(
        self: &Arc<Self>,
        of: impl Fn(&CalendarRef) -> bool,
    ) -> Result<(), Failure> {
        let published = self.definitions.published();
        let mut pending: Vec<&Amendment> = Vec::new();
        for amendment in published.amendments.iter().filter(|it| of(&it.calendar)) {
            let followed = self.store.metadata(&key(amendment.number)).await?;
            if followed.is_none() {
                pending.push(amendment);
            }
        }
        let mut calendars: Vec<&str> = Vec::new();
        for amendment in &pending {
            if !calendars.contains(&amendment.calendar.id.as_str()) {
                calendars.push(&amendment.calendar.id);
            }
        }
        let mut workflows: Vec<&str> = published
            .library
            .workflows()
            .filter(|workflow| calendars.contains(&workflow.calendar.id()))
            .map(|workflow| workflow.name.as_str())
            .collect();
        workflows.dedup();
        for workflow in workflows {
            self.follow_all(workflow).await?;
        }
        for amendment in pending {
            self.note_followed(amendment).await;
        }
        Ok(())
    }

    /// Lets the open cases of a workflow follow, a few at a time.
    async fn follow_all(self: &Arc<Self>, workflow: &str) -> Result<(), Failure> {
        let mut query = Query::all(CASES_AT_ONCE)
            .with("workflow", workflow)
            .with("status", "open");
        loop {
            let page = self.store.query(&query).await?;
            let cases = page.hits.iter().map(|hit| CaseId(hit.case));
            let mut following = futures::stream::iter(cases.collect::<Vec<_>>())
                .map(|case| self.follow_case(case))
                .buffer_unordered(self.timers_at_once);
            while let Some(followed) = following.next().await {
                followed?;
            }
            if page.next.is_none() {
                return Ok(());
            }
            query.after = page.next;
        }
    }

    /// Lets one case follow, and fires its timers that are due by then.
    async fn follow_case(self: &Arc<Self>, case: CaseId) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS_MAX {
            if *self.stopping.borrow() {
                return Err(Failure::Closed);
            }
            match self.fire_case(case, self.time.now()).await {
                Ok(_) => return Ok(()),
                Err(SubmitError::Overloaded) => tokio::time::sleep(OVERLOADED_WAIT).await,
                // It is not written to until it is mended, and follows before it is.
                Err(SubmitError::Failed(failure @ Failure::CaseDamaged { .. })) => {
                    tracing::error!(%case, %failure, "a case cannot follow its calendar");
                    return Ok(());
                }
                Err(SubmitError::Refused(refusal)) => {
                    tracing::error!(%case, %refusal, "a case was kept from following its calendar");
                    return Ok(());
                }
                Err(error) => {
                    return Err(match not_of_this_command(error) {
                        SubmitError::Failed(failure) => failure,
                        other => Failure::StoreUnavailable {
                            source: other.into(),
                        },
                    });
                }
            }
        }
        Err(Failure::StoreUnavailable {
            source: "the store is busy all the time".into(),
        })
    }

    /// Writes down that all open cases follow. Without it they are asked again at the next start,
    /// which is harmless.
    async fn note_followed(&self, amendment: &Amendment) {
        let value = amendment.calendar.to_string().into_bytes();
        let put = self
            .store
            .put_metadata(&key(amendment.number), value, Put::Create)
            .await;
        match put {
            Ok(()) | Err(PutError::Exists) => {}
            Err(error) => {
                let calendar = &amendment.calendar;
                tracing::warn!(%calendar, %error, "it was not written down that all cases follow");
            }
        }
    }

    /// Returns a case after it has followed the newest calendar known here.
    pub(crate) async fn follow_newest(
        &self,
        turn: &Turn,
        mut case: Arc<Case>,
    ) -> Result<Arc<Case>, SubmitError> {
        let damaged = |fault| Failure::CaseDamaged {
            case: turn.case(),
            fault,
        };
        for _ in 0..ATTEMPTS_MAX {
            let publication = self.definitions.publication();
            let workflow = self.workflow_of(&case).await?;
            let behind = workflow
                .has_to_follow(&case)
                .map_err(|stuck| damaged(stuck.into()))?;
            if !behind {
                return Ok(case);
            }
            let command = follow(&workflow, &case);
            let under = Under {
                workflow,
                publication,
            };
            let now = self.time.now();
            match self.attempt(&under, Some(&case), &command, now).await? {
                Attempt::Committed(committed) if !committed.repeated => return Ok(committed.case),
                // Another node was first, or did something else. Look again.
                Attempt::Committed(_) | Attempt::Conflict => {
                    self.cases.forget(turn.case());
                    case = self.load(turn).await?.ok_or_else(|| {
                        damaged(CaseFault::Short {
                            expected: case.revision,
                            found: 0,
                        })
                    })?;
                }
            }
        }
        Err(Failure::Contended { case: turn.case() }.into())
    }

    /// Lets a case follow a calendar that was published while a command on it was decided. When
    /// the open cases were listed, one that was just being opened was not among them.
    pub(crate) async fn follow_what_was_amended(&self, turn: &Turn, committed: &Committed) {
        if committed.repeated {
            return;
        }
        let case = Arc::clone(&committed.case);
        // The command is carried out. The case follows before the next one.
        if let Err(error) = self.follow_newest(turn, case).await {
            tracing::warn!(case = %turn.case(), %error, "a case does not follow its calendar yet");
        }
    }
}

/// Returns the command that lets a case follow. Its id follows from the case, its revision and the
/// calendar, so two nodes give the same command.
fn follow(workflow: &Workflow, case: &Case) -> Command {
    let calendar = workflow.newest_calendar().reference().to_string();
    by_the_clock(case, &calendar, Act::FollowCalendar)
}

fn key(number: u64) -> String {
    format!("{PREFIX}{number:010}")
}
