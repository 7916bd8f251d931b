//! Documents that may follow later, on a written commitment of the applicant (容缺受理).
//!
//! A deferred document counts as there, except for the event that waits for it, until it is handed
//! in or its time is over. Nothing here is a commitment in place of a document (告知承诺): that is a
//! way of its own through the states of a workflow.
//!
//! # Source
//!
//! 广东省优化营商环境条例 (Guangdong), article 32; docs/decisions/0021-deferral-and-commitment.md.

use groundbreak_sla::{Budget, ClockPolicy, Timestamp};
use groundbreak_statechart::Event;
use serde::{Deserialize, Serialize};

use crate::case::Stamp;
use crate::draft::Draft;
use crate::input::{NOTE_LENGTH_MAX, TITLE_LENGTH_MAX, check_line, check_text, effective};
use crate::signing::sign;
use crate::suggest::nearest;
use crate::workflow::EventKind;
use crate::{
    Act, Case, Command, DecideError, Decision, Entry, Refusal, Signature, Stuck, Text, Workflow,
};

/// What the names of the timers of deferred documents begin with.
const TIMER: &str = "defer/";

/// How a document may follow later.
#[derive(Clone, Debug)]
pub struct DeferralRule {
    /// How long it may take.
    pub(crate) within: ClockPolicy,
    /// The clock whose budget that does not exceed.
    pub clock: String,
    /// The roles that may accept the commitment, and extend it.
    pub by: Vec<String>,
    /// The event that waits for the document all the same.
    pub before: Option<String>,
    /// The event that the end of its time brings.
    pub on_fail: String,
}

impl DeferralRule {
    /// Returns how long the document may take to follow.
    pub fn within(&self) -> Budget {
        self.within.goal.budget()
    }
}

/// A document that was deferred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferral {
    /// The letter of commitment: its number, or the name of its file.
    pub letter: String,
    /// When the commitment was accepted: its time counts from there.
    pub since: Timestamp,
    /// Name of who accepted it.
    pub by: String,
    /// Until when it was extended, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_until: Option<Timestamp>,
    /// How it ended; `None` while the document is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<DeferralEnd>,
}

/// How a deferral ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeferralEnd {
    /// The document came in time.
    Cleared {
        /// When.
        at: Timestamp,
    },
    /// It did not.
    Failed {
        /// When its time was over.
        at: Timestamp,
    },
}

/// Returns the document that a timer is of, if it is one of a deferral.
pub(crate) fn document_of(timer: &str) -> Option<&str> {
    timer.strip_prefix(TIMER)
}

fn timer_of(document: &str) -> String {
    format!("{TIMER}{document}")
}

/// The first instant after a time within which a document may follow: its last moment still counts.
///
/// # Source
///
/// 民法典 (Civil Code), article 1259: 以内 includes the number.
fn over_at(due_at: Timestamp) -> Timestamp {
    due_at.saturating_add_millis(1)
}

/// Tells whether an act on a deferred document is allowed although the case has ended: what was
/// promised is owed all the same.
pub(crate) fn outlives(case: &Case, act: &Act) -> bool {
    match act {
        Act::Attach { document, .. } | Act::ExtendDeferral { document, .. } => {
            case.deferred_until(document).is_some()
        }
        Act::Tick => case.armed.keys().any(|timer| document_of(timer).is_some()),
        _ => false,
    }
}

/// Accepts a commitment to hand documents in later.
pub(crate) fn defer(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    (documents, letter, note): (&[String], &str, Option<&str>),
    now: Timestamp,
) -> Result<Decision, DecideError> {
    if documents.is_empty() {
        return Err(Refusal::InvalidInput {
            input: "documents".into(),
            problem: Text::new("请写明容缺哪些材料。", "say which documents are to follow."),
        }
        .into());
    }
    let mut by: Option<Vec<String>> = None;
    for document in documents {
        let rule = workflow.check_deferrable(case, document)?;
        let shared = by.unwrap_or_else(|| rule.by.clone());
        let also = |role: &String| rule.by.contains(role);
        by = Some(shared.into_iter().filter(also).collect());
    }
    let kind = act(
        Text::new("容缺受理", "Defer papers"),
        by.unwrap_or_default(),
    );
    let by = sign_for(workflow, case, command, &kind, now)?;
    check_line("letter", letter, TITLE_LENGTH_MAX)?;
    if let Some(note) = note {
        check_text("note", note, NOTE_LENGTH_MAX)?;
    }
    let at = effective(workflow, command, &by, Some(case), note, now)?;
    workflow.check_main_papers(case, documents, &kind)?;
    let mut draft = Draft::new(workflow, case, by, command.id, at, now);
    for document in documents {
        // Named twice, it is deferred once.
        if draft.case.deferred_until(document).is_some() {
            continue;
        }
        let rule = workflow.check_deferrable(case, document)?;
        let due_at = workflow
            .fold_start(&rule.within, at)?
            .due
            .ok_or_else(|| Stuck::Clock {
                problem: format!("the time of deferred document {document} has no end"),
            })?;
        draft.record(Entry::DocumentDeferred {
            document: document.clone(),
            letter: letter.trim().to_owned(),
            due_at,
            note: note.map(str::to_owned),
        });
        draft.record(Entry::TimerArmed {
            timer: timer_of(document),
            due_at: over_at(due_at),
        });
    }
    Ok(draft.finish()?)
}

/// Gives a deferred document more time.
pub(crate) fn extend(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    (document, until, reason): (&str, Timestamp, &str),
    now: Timestamp,
) -> Result<Decision, DecideError> {
    workflow.check_document(document)?;
    let rule = workflow
        .documents
        .get(document)
        .and_then(|document| document.deferral.as_ref());
    let (Some(rule), Some(due_at)) = (rule, case.deferred_until(document)) else {
        return Err(Refusal::NotDeferred {
            document: workflow.document_title(document),
        }
        .into());
    };
    let kind = act(
        Text::new("延长容缺期限", "Extend the time of a deferred paper"),
        rule.by.clone(),
    );
    let by = sign_for(workflow, case, command, &kind, now)?;
    check_text("reason", reason, NOTE_LENGTH_MAX)?;
    if until <= due_at {
        return Err(Refusal::InvalidInput {
            input: "until".into(),
            problem: Text::new(
                "只能往后延：请填晚于现有期限的时间。",
                "give a time later than the one it has: it can only be extended.",
            ),
        }
        .into());
    }
    let at = effective(workflow, command, &by, Some(case), Some(reason), now)?;
    let mut draft = Draft::new(workflow, case, by, command.id, at, now);
    draft.record(Entry::DeferralExtended {
        document: document.to_owned(),
        until,
        reason: reason.to_owned(),
    });
    draft.record(Entry::TimerArmed {
        timer: timer_of(document),
        due_at: over_at(until),
    });
    Ok(draft.finish()?)
}

/// An act that no workflow declares, by its title and who may.
fn act(title: Text, by: Vec<String>) -> EventKind {
    EventKind {
        title,
        by,
        by_case: false,
        asks: Vec::new(),
        aside: true,
        notice: false,
    }
}

/// Signs for an act on deferrals. Where no role may accept all the documents together, they have
/// to be deferred one by one.
fn sign_for(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    kind: &EventKind,
    now: Timestamp,
) -> Result<Signature, Refusal> {
    if kind.by.is_empty() {
        return Err(Refusal::InvalidInput {
            input: "documents".into(),
            problem: Text::new(
                "这些材料由不同的角色容缺，请分次办理。",
                "different roles defer these documents: defer them one by one.",
            ),
        });
    }
    sign(workflow, case, &command.actor, kind, now)
}

impl Workflow {
    /// Tells whether an event waits for a document even while that is deferred.
    pub(crate) fn awaits(&self, event: &str, document: &str) -> bool {
        self.documents
            .get(document)
            .and_then(|document| document.deferral.as_ref())
            .is_some_and(|rule| rule.before.as_deref() == Some(event))
    }

    fn check_document(&self, document: &str) -> Result<(), Refusal> {
        if self.documents.contains_key(document) {
            return Ok(());
        }
        let known = self.documents.keys().map(String::as_str);
        Err(Refusal::UnknownDocument {
            document: document.to_owned(),
            suggestion: nearest(document, known).map(str::to_owned),
        })
    }

    /// Checks that a document may be deferred now, and returns how.
    pub(crate) fn check_deferrable(
        &self,
        case: &Case,
        document: &str,
    ) -> Result<&DeferralRule, Refusal> {
        self.check_document(document)?;
        let refused = |zh: &str, en: &str| Refusal::NotDeferrable {
            document: self.document_title(document),
            problem: Text::new(zh, en),
        };
        let rule = self
            .documents
            .get(document)
            .and_then(|document| document.deferral.as_ref());
        let Some(rule) = rule else {
            return Err(refused(
                "它不在可容缺之列。请先收齐。",
                "it is none that may. Take it in first.",
            ));
        };
        if case.has_document(document) {
            return Err(refused(
                "它已经交来，无须容缺。",
                "it is there already, so there is nothing to defer.",
            ));
        }
        if let Some(failed) = case.failed_deferral() {
            return Err(Refusal::DeferralBlocked {
                document: self.document_title(failed),
            });
        }
        if case.deferred_until(document).is_some() {
            return Err(refused(
                "它已在容缺期内。需要更多时间时请延长期限。",
                "it is deferred already. Extend its time if it needs more.",
            ));
        }
        Ok(rule)
    }

    /// Checks that of the step the documents are deferred for, all that may not be deferred is
    /// there: main papers come first.
    fn check_main_papers(
        &self,
        case: &Case,
        deferred: &[String],
        kind: &EventKind,
    ) -> Result<(), DecideError> {
        let mut missing: Vec<Text> = Vec::new();
        for transition in self.candidates(case)? {
            let names = &transition.requires;
            let Some(event) = &transition.event else {
                continue;
            };
            if !names.iter().any(|name| deferred.contains(name)) {
                continue;
            }
            let needs = self.papers_before(case, event, &[transition], &[]);
            for need in needs.into_iter().filter(|need| !need.present) {
                let may_follow = self
                    .documents
                    .get(&need.name)
                    .is_some_and(|document| document.deferral.is_some());
                if !may_follow && !missing.contains(&need.title) {
                    missing.push(need.title);
                }
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::DocumentsMissing {
                act: kind.title.clone(),
                missing,
            }
            .into())
        }
    }

    /// When the time of a deferred document is over by the newest calendar. `None` for one whose
    /// time was extended to a date, or is counted on no calendar.
    pub(crate) fn deferral_due(
        &self,
        case: &Case,
        document: &str,
    ) -> Result<Option<Timestamp>, Stuck> {
        let rule = self
            .documents
            .get(document)
            .and_then(|document| document.deferral.as_ref())
            .filter(|rule| !matches!(rule.within(), Budget::Elapsed { .. }));
        match (rule, case.deferrals.get(document)) {
            (Some(rule), Some(deferral)) if deferral.extended_until.is_none() => {
                let due_at = self.fold_start(&rule.within, deferral.since)?.due;
                Ok(due_at.map(over_at))
            }
            _ => Ok(None),
        }
    }
}

impl Workflow {
    /// Says in one clause what an entry tells of a deferred document; `None` for every other entry.
    /// Times are those where the workflow is at home.
    pub fn deferral_text(&self, entry: &Entry) -> Option<Text> {
        let when = |at: &Timestamp| at.in_zone(self.calendar.tz()).format("%Y-%m-%d %H:%M");
        Some(match entry {
            Entry::DocumentDeferred {
                document,
                letter,
                due_at,
                ..
            } => {
                let (title, due) = (self.document_title(document), when(due_at));
                Text::new(
                    format!("容缺 {}，凭“{letter}”，须于 {due} 前补交", title.zh),
                    format!("Deferred {} on \"{letter}\", to follow by {due}", title.en),
                )
            }
            Entry::DeferralExtended {
                document,
                until,
                reason,
            } => {
                let (title, until) = (self.document_title(document), when(until));
                Text::new(
                    format!("{} 的容缺期限延至 {until}：{reason}", title.zh),
                    format!("Extended the time of {} to {until}: {reason}", title.en),
                )
            }
            Entry::DeferralCleared { document } => {
                let title = self.document_title(document);
                Text::new(
                    format!("容缺的 {} 已按期补交", title.zh),
                    format!("{} followed in time", title.en),
                )
            }
            Entry::DeferralFailed { document } => {
                let title = self.document_title(document);
                Text::new(
                    format!("容缺的 {} 逾期未补，本办件不再容缺", title.zh),
                    format!(
                        "{} did not follow in time; nothing more of the case may follow later",
                        title.en
                    ),
                )
            }
            _ => return None,
        })
    }
}

impl Draft<'_> {
    /// A deferred document was handed in.
    pub(crate) fn clear_deferral(&mut self, document: &str) {
        if self.case.deferred_until(document).is_some() {
            self.record(Entry::TimerDisarmed {
                timer: timer_of(document),
            });
            self.record(Entry::DeferralCleared {
                document: document.to_owned(),
            });
        }
    }

    /// The time of a deferred document is over: what follows is what its workflow says, unless the
    /// case has ended before.
    pub(crate) fn fail_deferral(&mut self, document: &str) -> Result<(), Stuck> {
        self.record(Entry::DeferralFailed {
            document: document.to_owned(),
        });
        let workflow = self.workflow;
        let rule = workflow
            .documents
            .get(document)
            .and_then(|document| document.deferral.as_ref());
        if let Some(rule) = rule.filter(|_| !workflow.is_closed(&self.case)) {
            let outlook = self.look(Event::Named(&rule.on_fail))?;
            self.take(&outlook)?;
        }
        Ok(())
    }
}

impl Case {
    /// Returns the last instant at which a document may follow, while it is deferred.
    pub fn deferred_until(&self, document: &str) -> Option<Timestamp> {
        let open = self
            .deferrals
            .get(document)
            .is_some_and(|deferral| deferral.end.is_none());
        let over_at = self.armed.get(&timer_of(document)).filter(|_| open)?;
        Some(over_at.saturating_add_millis(-1))
    }

    /// Returns a document that was deferred and did not come in time: the case has lost the credit
    /// for more.
    pub fn failed_deferral(&self) -> Option<&str> {
        let failed = self
            .deferrals
            .iter()
            .find(|(_, deferral)| matches!(deferral.end, Some(DeferralEnd::Failed { .. })));
        failed.map(|(document, _)| document.as_str())
    }

    pub(crate) fn fold_deferral(&mut self, stamp: &Stamp<'_>, entry: &Entry) {
        let at = stamp.effective_at;
        match entry {
            Entry::DocumentDeferred {
                document, letter, ..
            } => {
                let deferral = Deferral {
                    letter: letter.clone(),
                    since: at,
                    by: stamp.by.name.clone(),
                    extended_until: None,
                    end: None,
                };
                self.deferrals.insert(document.clone(), deferral);
            }
            Entry::DeferralExtended {
                document, until, ..
            } => {
                if let Some(deferral) = self.deferrals.get_mut(document) {
                    deferral.extended_until = Some(*until);
                }
            }
            Entry::DeferralCleared { document } => {
                self.end_deferral(document, DeferralEnd::Cleared { at });
            }
            Entry::DeferralFailed { document } => {
                self.end_deferral(document, DeferralEnd::Failed { at });
            }
            _ => {}
        }
    }

    fn end_deferral(&mut self, document: &str, end: DeferralEnd) {
        if let Some(deferral) = self.deferrals.get_mut(document) {
            deferral.end = Some(end);
        }
    }
}
