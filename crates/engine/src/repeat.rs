//! A command that comes again.

use std::collections::BTreeSet;
use std::sync::Arc;

use groundbreak_store::Applied;
use groundbreak_workflow::{
    Act, Command, Commit, Data, EffectOutcome, Entry, GeneralAct, Refusal, Workflow,
};

use crate::runtime::Runtime;
use crate::submit::{Committed, SubmitError};
use crate::{CaseFault, Failure};

impl Runtime {
    /// Refuses a command, unless it was carried out before: then the answer is as it was.
    pub(crate) async fn unless_repeated(
        &self,
        command: &Command,
        refusal: Refusal,
    ) -> Result<Committed, SubmitError> {
        let applied = self.store.find_command(command.id.0).await;
        match applied.map_err(Failure::from)? {
            Some(applied) => self.repeat(command, applied).await,
            None => Err(refusal.into()),
        }
    }

    /// Answers a command that was carried out before.
    pub(crate) async fn repeat(
        &self,
        command: &Command,
        applied: Applied,
    ) -> Result<Committed, SubmitError> {
        let reused = || Refusal::CommandReused {
            command: command.id.to_string(),
        };
        if applied.case != command.case.0 {
            return Err(reused().into());
        }
        let commit = self.commit(command.case, applied.revision).await?;
        let cached = self
            .cases
            .get(command.case)
            .filter(|case| case.revision == applied.revision);
        let case = match cached {
            Some(case) => case,
            None => {
                let case = self.fold(command.case, Some(applied.revision)).await?;
                Arc::new(case.ok_or(Failure::CaseDamaged {
                    case: command.case,
                    fault: CaseFault::Short {
                        expected: applied.revision,
                        found: 0,
                    },
                })?)
            }
        };
        if !carries_out(&commit, command) {
            let workflow = self.workflow_of(&case).await?;
            let kept = as_kept(&workflow, command);
            if !kept.is_some_and(|kept| carries_out(&commit, &kept)) {
                return Err(reused().into());
            }
        }
        Ok(Committed {
            commit: Arc::new(commit),
            case,
            position: applied.position,
            repeated: true,
        })
    }
}

/// Returns a command with its facts as the workflow keeps them: identifiers are written as their
/// standard writes them. There is none where the workflow takes no such facts.
fn as_kept(workflow: &Workflow, command: &Command) -> Option<Command> {
    let mut kept = command.clone();
    match &mut kept.act {
        Act::Open { data, .. } | Act::OpenChild { data, .. } | Act::Fire { data, .. } => {
            *data = workflow.accept_data(data).ok()?;
        }
        Act::General(GeneralAct::Correct { field, value, .. }) => {
            let given = Data::from([(field.clone(), value.clone())]);
            *value = workflow.accept_data(&given).ok()?.remove(field)?;
        }
        _ => {}
    }
    Some(kept)
}

/// Tells whether a commit is what this command wrote, and not another command with its id: all
/// that the command says is compared.
pub(crate) fn carries_out(commit: &Commit, command: &Command) -> bool {
    let same_time = command
        .effective_at
        .is_none_or(|at| at == commit.effective_at);
    let same_facts = |asked: &Data| match commit.entries.get(1) {
        Some(Entry::FactsRecorded { data }) => data == asked,
        _ => asked.is_empty(),
    };
    let Some(first) = commit.entries.first() else {
        return false;
    };
    let same_act = match (first, &command.act) {
        (
            Entry::Opened {
                workflow,
                version,
                title,
                ..
            },
            Act::Open {
                workflow: asked,
                version: asked_version,
                title: asked_title,
                data,
            },
        ) => {
            workflow == asked
                && asked_version.is_none_or(|asked| asked == *version)
                && title == asked_title.trim()
                && same_facts(data)
        }
        (
            Entry::Fired { event, note },
            Act::Fire {
                event: asked,
                data,
                note: asked_note,
            },
        ) => event == asked && note == asked_note && same_facts(data),
        (
            Entry::DocumentAttached {
                document,
                file_name,
                digest,
                note,
            },
            Act::Attach {
                document: asked,
                file_name: asked_name,
                digest: content,
                note: asked_note,
            },
        ) => {
            document == asked && file_name == asked_name && digest == content && note == asked_note
        }
        (
            Entry::DocumentDeferred { letter, note, .. },
            Act::Defer {
                documents,
                letter: asked,
                note: asked_note,
            },
        ) => {
            let deferred: BTreeSet<&str> = commit
                .entries
                .iter()
                .filter_map(|entry| match entry {
                    Entry::DocumentDeferred { document, .. } => Some(document.as_str()),
                    _ => None,
                })
                .collect();
            deferred == documents.iter().map(String::as_str).collect()
                && letter == asked.trim()
                && note == asked_note
        }
        (
            Entry::DeferralExtended {
                document,
                until,
                reason,
            },
            Act::ExtendDeferral {
                document: asked,
                until: asked_until,
                reason: why,
            },
        ) => document == asked && until == asked_until && reason == why,
        (Entry::Commented { text }, Act::Comment { text: asked }) => text == asked,
        (Entry::General(done), Act::General(asked)) => done.act == *asked,
        (
            Entry::Opened {
                workflow, title, ..
            },
            Act::OpenChild {
                workflow: asked,
                title: asked_title,
                data,
                parent,
            },
        ) => {
            let invoked =
                |entry: &Entry| matches!(entry, Entry::Invoked { parent: by } if by == parent);
            workflow == asked
                && title == asked_title.trim()
                && same_facts(data)
                && commit.entries.iter().any(invoked)
        }
        (
            Entry::EffectResent { effect, note },
            Act::ResendEffect {
                effect: asked,
                note: asked_note,
            },
        ) => effect == asked && note == asked_note,
        (
            Entry::EffectDropped { effect, reason },
            Act::DropEffect {
                effect: asked,
                reason: why,
            },
        ) => effect == asked && reason == why,
        (first, Act::SettleEffect { outcome, .. }) => matches!(
            (first, outcome),
            (Entry::EffectDelivered { .. }, EffectOutcome::Delivered)
                | (
                    Entry::EffectFailed { .. } | Entry::EffectGivenUp { .. },
                    EffectOutcome::Failed { .. }
                )
                | (Entry::EffectGivenUp { .. }, EffectOutcome::Rejected { .. })
        ),
        (Entry::TimerFired { .. }, Act::Tick) => true,
        (Entry::ClockRecounted { .. } | Entry::TimerArmed { .. }, Act::FollowCalendar) => true,
        _ => false,
    };
    commit.by.id == command.actor.id && same_time && same_act
}
