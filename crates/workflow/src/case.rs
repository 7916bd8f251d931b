use std::collections::{BTreeMap, BTreeSet};

use groundbreak_sla::{
    CalendarChange, CalendarRef, ClockEvent, ClockEventKind, PauseReason, Timestamp, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::supervision::fold_orders;
use crate::{
    Binding, CaseId, Commit, CommitDigest, Data, Deferral, EffectId, Entry, GeneralAct,
    GeneralDone, Handling, Link, Order, Parent, PendingEffect, Signature, encode_commit,
};

/// One run of a workflow: the fold of its journal, and nothing else.
///
/// It is made of names and instants only, so that it can be folded without the workflow at hand,
/// and a stored one may be thrown away at any time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The case.
    pub id: CaseId,
    /// The number staff call it by.
    pub number: String,
    /// The project or company it is about.
    pub title: String,
    /// Name of its workflow.
    pub workflow: String,
    /// Version of its workflow: the one it was opened under, or was last migrated to.
    pub version: u32,
    /// SHA-256 of the definition it runs under.
    pub digest: String,
    /// The number of commits folded in.
    pub revision: u64,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the newest fact happened, warnings and breaches of clocks included.
    pub effective_at: Timestamp,
    /// When the newest fact happened that nothing can be recorded before: all but warnings,
    /// breaches and recounts of clocks, which only say what time it was, and attempts at effects.
    pub settled_at: Timestamp,
    /// When the newest fact was written down.
    pub recorded_at: Timestamp,
    /// The states it is in, in the order they were entered.
    pub active: Vec<String>,
    /// What history states remember, by their names.
    pub remembered: BTreeMap<String, Vec<String>>,
    /// When the case was in each state.
    pub stays: BTreeMap<String, Vec<Stay>>,
    /// The facts known.
    pub data: Data,
    /// The documents handed in, newest version last.
    pub documents: BTreeMap<String, Vec<DocumentVersion>>,
    /// The clocks that ever started.
    pub clocks: BTreeMap<String, ClockHistory>,
    /// Delayed events that are armed, and when they fall due.
    pub armed: BTreeMap<String, Timestamp>,
    /// Who has acted in which role: separation of duties rests on it.
    pub acted: BTreeMap<String, BTreeSet<String>>,
    /// The clocks that its version does not have, each with the last version that had it: reports
    /// count them by that one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub former_clocks: BTreeMap<String, u32>,
    /// The documents that were ever deferred, each as it was last. When an open one falls due
    /// stands in `armed`, under `defer/DOCUMENT`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deferrals: BTreeMap<String, Deferral>,
    /// What the opinions given in the states it is in are bound to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bound: BTreeMap<String, Binding>,
    /// The case that has opened this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The child cases, by what the workflow calls them; of several the one asked for last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub children: BTreeMap<String, CaseId>,
    /// How many effects were ever asked for.
    #[serde(default, skip_serializing_if = "is_none_asked")]
    pub effects_asked: u64,
    /// The effects that are not done yet, those given up included.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub effects: BTreeMap<EffectId, PendingEffect>,
    /// Who holds it, acts for the holder, was asked for an opinion, and urged it on.
    #[serde(default, skip_serializing_if = "Handling::is_empty")]
    pub handling: Handling,
    /// Its supervision orders (督办单), closed ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// The reasons for which the handling is suspended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspensions: Vec<PauseReason>,
    /// The cases it is linked to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Its newest commit as it is stored: the next one names it. `None` in a state that was stored
    /// before commits named the ones before them; who loads such a state takes it from the newest
    /// record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<CommitDigest>,
    /// The revision of the first commit that names the one before it; all after it do. `None`
    /// while none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chained_from: Option<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_none_asked(number: &u64) -> bool {
    *number == 0
}

/// One time that a case was in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// When it was entered.
    pub from: Timestamp,
    /// When it was left; `None` while the case is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

/// One version of a document of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentVersion {
    /// Name of the file.
    pub file_name: String,
    /// SHA-256 of its content.
    pub digest: String,
    /// When it was handed in.
    pub at: Timestamp,
    /// Name of who recorded it.
    pub by: String,
}

/// What has happened to one clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClockHistory {
    /// Its events, in the order they were recorded: the input of [`groundbreak_sla::fold`].
    pub events: Vec<ClockEvent>,
    /// The triggers that have fired in this cycle.
    pub warned: BTreeSet<String>,
    /// The breach found in this cycle: when it was due.
    pub breached: Option<Timestamp>,
    /// The reasons for which it stands still.
    pub held: Vec<PauseReason>,
    /// Whether it is stopped or cancelled.
    pub ended: bool,
    /// The verdict of the last cycle that was stopped.
    pub verdict: Option<Verdict>,
}

/// What the entries of one commit have in common.
pub(crate) struct Stamp<'a> {
    pub(crate) effective_at: Timestamp,
    pub(crate) recorded_at: Timestamp,
    pub(crate) by: &'a Signature,
}

impl Stamp<'_> {
    /// The same, for what counts from an earlier instant.
    fn since(&self, since: Option<Timestamp>) -> Self {
        Self {
            effective_at: since.unwrap_or(self.effective_at),
            ..*self
        }
    }
}

/// Why a journal could not be folded. The case is left as it was; its journal is damaged, or was
/// written by a newer version of this program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The first entry of a journal opens the case, and no other does.
    #[error(
        "case {case}, revision {revision}: the journal does not begin with the opening of the case, or opens it twice"
    )]
    NotOpenedOnce {
        /// The case.
        case: CaseId,
        /// The revision at which it shows.
        revision: u64,
    },
    /// A commit is missing or doubled.
    #[error("case {case}: revision {found} follows revision {after}")]
    Gap {
        /// The case.
        case: CaseId,
        /// The last revision folded.
        after: u64,
        /// The revision that came next.
        found: u64,
    },
    /// A commit of another case stands in this journal.
    #[error("case {case}: a commit of case {found} stands in its journal")]
    OtherCase {
        /// The case being folded.
        case: CaseId,
        /// The case of the commit.
        found: CaseId,
    },
    /// A commit does not name the one before it as that is stored. One of the two was changed
    /// after it was written, or a commit was exchanged, dropped or put in.
    #[error(
        "case {case}, revision {revision}: it does not name the commit before it as that is stored"
    )]
    NotLinked {
        /// The case.
        case: CaseId,
        /// The revision of the commit that should name the one before it.
        revision: u64,
    },
}

impl Case {
    /// Folds a journal from its beginning. `None` for an empty one.
    ///
    /// The commits are taken as [`encode_commit`] writes them. What was read from a store is folded
    /// record by record, by [`Case::open`] and [`Case::apply`], with the digests of what is stored.
    ///
    /// # Errors
    ///
    /// [`FoldError`], by what is wrong with the journal.
    pub fn fold<'a>(
        commits: impl IntoIterator<Item = &'a Commit>,
    ) -> Result<Option<Self>, FoldError> {
        let mut case: Option<Self> = None;
        for commit in commits {
            let digest = CommitDigest::of(&encode_commit(commit));
            match case.as_mut() {
                Some(case) => case.apply(commit, digest)?,
                None => case = Some(Self::open(commit, digest)?),
            }
        }
        Ok(case)
    }

    /// Begins a case from the first commit of its journal. `digest` is of its stored bytes.
    ///
    /// # Errors
    ///
    /// [`FoldError::NotOpenedOnce`], [`FoldError::Gap`] or [`FoldError::NotLinked`] when it is not
    /// the first.
    pub fn open(commit: &Commit, digest: CommitDigest) -> Result<Self, FoldError> {
        let mut case = Self::begin(commit)?;
        case.link(commit, digest);
        Ok(case)
    }

    /// Begins a case from a commit that may not be complete, and so has no digest.
    pub(crate) fn begin(commit: &Commit) -> Result<Self, FoldError> {
        if commit.revision != 1 {
            return Err(FoldError::Gap {
                case: commit.case,
                after: 0,
                found: commit.revision,
            });
        }
        if commit.previous.is_some() {
            return Err(FoldError::NotLinked {
                case: commit.case,
                revision: commit.revision,
            });
        }
        let Some(Entry::Opened {
            workflow,
            version,
            digest,
            number,
            title,
        }) = commit.entries.first()
        else {
            return Err(FoldError::NotOpenedOnce {
                case: commit.case,
                revision: commit.revision,
            });
        };
        let mut case = Self {
            id: commit.case,
            number: number.clone(),
            title: title.clone(),
            workflow: workflow.clone(),
            version: *version,
            digest: digest.clone(),
            revision: 0,
            opened_at: commit.effective_at,
            effective_at: commit.effective_at,
            settled_at: commit.effective_at,
            recorded_at: commit.recorded_at,
            active: Vec::new(),
            remembered: BTreeMap::new(),
            stays: BTreeMap::new(),
            data: Data::new(),
            documents: BTreeMap::new(),
            clocks: BTreeMap::new(),
            armed: BTreeMap::new(),
            acted: BTreeMap::new(),
            former_clocks: BTreeMap::new(),
            deferrals: BTreeMap::new(),
            bound: BTreeMap::new(),
            parent: None,
            children: BTreeMap::new(),
            effects_asked: 0,
            effects: BTreeMap::new(),
            handling: Handling::default(),
            orders: Vec::new(),
            suspensions: Vec::new(),
            links: Vec::new(),
            newest: None,
            chained_from: None,
        };
        case.fold_entries(commit, 1);
        Ok(case)
    }

    /// Folds the next commit into the case. `digest` is of its stored bytes.
    ///
    /// A commit that names the one before it must name the [`newest`](Self::newest) of the case,
    /// which must therefore be known; once one does, all must.
    ///
    /// # Errors
    ///
    /// [`FoldError`] when it is not the next one; the case is then unchanged.
    pub fn apply(&mut self, commit: &Commit, digest: CommitDigest) -> Result<(), FoldError> {
        if commit.case != self.id {
            return Err(FoldError::OtherCase {
                case: self.id,
                found: commit.case,
            });
        }
        if commit.revision != self.revision + 1 {
            return Err(FoldError::Gap {
                case: self.id,
                after: self.revision,
                found: commit.revision,
            });
        }
        if commit
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::Opened { .. }))
        {
            return Err(FoldError::NotOpenedOnce {
                case: self.id,
                revision: commit.revision,
            });
        }
        let linked = match commit.previous {
            Some(named) => self.newest == Some(named),
            None => self.chained_from.is_none(),
        };
        if !linked {
            return Err(FoldError::NotLinked {
                case: self.id,
                revision: commit.revision,
            });
        }
        self.fold_entries(commit, 0);
        self.link(commit, digest);
        Ok(())
    }

    /// Takes note of how the newest commit is stored.
    pub(crate) fn link(&mut self, commit: &Commit, digest: CommitDigest) {
        if commit.previous.is_some() {
            self.chained_from.get_or_insert(commit.revision);
        }
        self.newest = Some(digest);
    }

    /// Tells whether a state that was read from a store is this case, which was folded from the
    /// journal. One that was stored before commits named the ones before them holds no digest.
    pub fn is_stored_as(&self, stored: &Self) -> bool {
        if stored.newest.is_none() && self.chained_from.is_none() {
            let mut without = self.clone();
            without.newest = None;
            return without == *stored;
        }
        self == stored
    }

    /// Tells whether the case is in this state.
    pub fn is_in(&self, state: &str) -> bool {
        self.active.iter().any(|active| active == state)
    }

    /// Returns when this state was last entered, if it ever was.
    pub fn entered_at(&self, state: &str) -> Option<Timestamp> {
        self.stays.get(state)?.last().map(|stay| stay.from)
    }

    /// Tells whether a version of this document was handed in.
    pub fn has_document(&self, document: &str) -> bool {
        self.documents.contains_key(document)
    }

    fn fold_entries(&mut self, commit: &Commit, skip: usize) {
        let stamp = Stamp {
            effective_at: commit.effective_at,
            recorded_at: commit.recorded_at,
            by: &commit.by,
        };
        self.stamp(commit.revision, &stamp);
        for entry in commit.entries.iter().skip(skip) {
            self.fold_entry(&stamp, entry);
        }
    }

    /// Takes note of a commit as a whole.
    pub(crate) fn stamp(&mut self, revision: u64, stamp: &Stamp<'_>) {
        self.revision = revision;
        self.effective_at = self.effective_at.max(stamp.effective_at);
        self.recorded_at = stamp.recorded_at;
        for role in stamp.by.role.iter().chain(&stamp.by.also) {
            let acted = self.acted.entry(role.clone()).or_default();
            acted.insert(stamp.by.id.clone());
            acted.extend(stamp.by.on_behalf_of.iter().map(|person| person.id.clone()));
        }
    }

    /// Folds one entry. What decides a commit folds its entries as it goes, by this too.
    pub(crate) fn fold_entry(&mut self, stamp: &Stamp<'_>, entry: &Entry) {
        let at = stamp.effective_at;
        let settles = !matches!(entry, Entry::General(done) if !done.act.settles());
        if settles
            && !matches!(
                entry,
                // A delay that is armed for another instant; one that begins comes with a move.
                Entry::TimerArmed { .. }
                    | Entry::TimerFired { .. }
                    | Entry::ClockWarned { .. }
                    | Entry::ClockBreached { .. }
                    | Entry::ClockExcused { .. }
                    | Entry::ClockRecounted { .. }
                    | Entry::EffectDelivered { .. }
                    | Entry::EffectFailed { .. }
                    | Entry::EffectGivenUp { .. }
            )
        {
            self.settled_at = self.settled_at.max(at);
        }
        match entry {
            Entry::Opened { .. } | Entry::Fired { .. } | Entry::Commented { .. } => {}
            Entry::FactsRecorded { data } => {
                self.data.extend(
                    data.iter()
                        .map(|(field, value)| (field.clone(), value.clone())),
                );
            }
            Entry::DocumentAttached {
                document,
                file_name,
                digest,
                ..
            } => {
                self.documents
                    .entry(document.clone())
                    .or_default()
                    .push(DocumentVersion {
                        file_name: file_name.clone(),
                        digest: digest.clone(),
                        at,
                        by: stamp.by.name.clone(),
                    });
            }
            Entry::DocumentDeferred { .. }
            | Entry::DeferralExtended { .. }
            | Entry::DeferralCleared { .. }
            | Entry::DeferralFailed { .. } => self.fold_deferral(stamp, entry),
            Entry::Moved {
                exited,
                entered,
                remembered,
            } => {
                self.active.retain(|state| !exited.contains(state));
                self.active.extend(entered.iter().cloned());
                for state in exited {
                    self.bound.remove(state);
                    if let Some(stay) = self.stays.get_mut(state).and_then(|stays| stays.last_mut())
                    {
                        stay.to = Some(at);
                    }
                }
                for state in entered {
                    self.stays
                        .entry(state.clone())
                        .or_default()
                        .push(Stay { from: at, to: None });
                }
                self.remembered.extend(
                    remembered
                        .iter()
                        .map(|(state, names)| (state.clone(), names.clone())),
                );
            }
            Entry::Bound {
                state,
                documents,
                data,
            } => {
                let binding = Binding {
                    documents: documents.clone(),
                    data: data.clone(),
                };
                self.bound.insert(state.clone(), binding);
            }
            Entry::TimerArmed { timer, due_at } => {
                self.armed.insert(timer.clone(), *due_at);
            }
            Entry::TimerDisarmed { timer } | Entry::TimerFired { timer, .. } => {
                self.armed.remove(timer);
            }
            Entry::ClockStarted {
                clock,
                since,
                calendar,
                ..
            } => {
                let history = self.clocks.entry(clock.clone()).or_default();
                let stamp = stamp.since(*since);
                if let Some(calendar) = calendar.as_ref()
                    && history.calendar() != Some(calendar)
                {
                    history.push(&stamp, on_calendar(calendar));
                }
                history.push(&stamp, ClockEventKind::Start);
                history.warned.clear();
                history.held.clear();
                history.breached = None;
                history.ended = false;
            }
            Entry::ClockPaused {
                clock,
                reason,
                since,
            } => {
                let history = self.clock(clock);
                history.push(
                    &stamp.since(*since),
                    ClockEventKind::Pause {
                        reason: reason.clone(),
                    },
                );
                history.held.push(reason.clone());
            }
            Entry::ClockResumed {
                clock,
                reason,
                since,
            } => {
                let history = self.clock(clock);
                history.push(
                    &stamp.since(*since),
                    ClockEventKind::Resume {
                        reason: Some(reason.name.clone()),
                    },
                );
                history.held.retain(|held| held != reason);
            }
            Entry::ClockStopped { clock, verdict, .. } => {
                let history = self.clock(clock);
                history.push(stamp, ClockEventKind::Stop);
                history.ended = true;
                history.verdict = Some(*verdict);
            }
            Entry::ClockCancelled { clock } => {
                let history = self.clock(clock);
                history.push(
                    stamp,
                    ClockEventKind::Cancel {
                        reason: String::new(),
                    },
                );
                history.ended = true;
            }
            Entry::ClockWarned { clock, trigger } => {
                self.clock(clock).warned.insert(trigger.clone());
            }
            Entry::ClockBreached { clock, due_at, .. } => {
                self.clock(clock).breached = Some(*due_at);
            }
            Entry::ClockExcused {
                clock,
                reason,
                document,
            } => {
                self.clock(clock).push(
                    stamp,
                    ClockEventKind::Excuse {
                        reason: reason.clone(),
                        document: document.clone(),
                    },
                );
            }
            Entry::ClockRecounted {
                clock,
                calendar,
                rearmed,
                withdraws_breach,
                ..
            } => {
                let history = self.clock(clock);
                history.recount(stamp, calendar);
                history.warned.retain(|trigger| !rearmed.contains(trigger));
                if *withdraws_breach {
                    history.withdraw_breach();
                }
            }
            Entry::General(done) => self.fold_general(stamp, done),
            Entry::Migrated(migrated) => self.carry_over(at, migrated),
            Entry::Invoked { parent } => self.parent = Some(parent.clone()),
            Entry::EffectAsked { effect, what } => self.ask_effect(*effect, what, at),
            Entry::EffectDelivered { effect, .. } | Entry::EffectDropped { effect, .. } => {
                self.effects.remove(effect);
            }
            Entry::EffectFailed {
                effect,
                attempt,
                problem,
                next_at,
            } => self.fail_effect(*effect, *attempt, problem, Some(*next_at)),
            Entry::EffectGivenUp {
                effect,
                attempt,
                problem,
            } => self.fail_effect(*effect, *attempt, problem, None),
            Entry::EffectResent { effect, .. } => self.resend_effect(*effect, at),
            Entry::ClockGoalChanged {
                clock,
                goal,
                rearmed,
                ..
            } => {
                let history = self.clock(clock);
                let approved_by = Some(stamp.by.name.clone());
                history.push(
                    stamp,
                    ClockEventKind::SetGoal {
                        goal: *goal,
                        reason: String::new(),
                        approved_by,
                    },
                );
                history.warned.retain(|trigger| !rearmed.contains(trigger));
            }
        }
    }

    fn fold_general(&mut self, stamp: &Stamp<'_>, done: &GeneralDone) {
        match &done.act {
            GeneralAct::Suspend {
                reason,
                law,
                document,
                ..
            } => {
                let mut suspended = PauseReason::named(reason).with_law(law);
                suspended.document.clone_from(document);
                self.suspensions.push(suspended);
            }
            GeneralAct::Resume { reason, .. } => {
                self.suspensions.retain(|held| held.name != *reason);
            }
            GeneralAct::Link {
                case,
                number,
                relation,
                ..
            } => self.links.push(Link {
                case: *case,
                number: number.clone(),
                relation: *relation,
            }),
            _ => {
                self.handling.fold(stamp, done);
                fold_orders(&mut self.orders, stamp, done);
            }
        }
    }

    fn clock(&mut self, clock: &str) -> &mut ClockHistory {
        self.clocks.entry(clock.to_owned()).or_default()
    }
}

fn on_calendar(calendar: &CalendarRef) -> ClockEventKind {
    ClockEventKind::SetCalendar {
        calendar: calendar.clone(),
        mode: CalendarChange::Retro,
    }
}

impl ClockHistory {
    /// Returns the version of the calendar it counts on, when that is another than the one its
    /// workflow was published against.
    pub fn calendar(&self) -> Option<&CalendarRef> {
        self.calendars().last()
    }

    /// Returns every version of the calendar it was told to count on, in that order.
    pub(crate) fn calendars(&self) -> impl Iterator<Item = &CalendarRef> {
        self.events.iter().filter_map(|event| match &event.kind {
            ClockEventKind::SetCalendar { calendar, .. } => Some(calendar),
            _ => None,
        })
    }

    /// Returns when the open cycle began; `otherwise` when none ever did.
    pub(crate) fn began_at(&self, otherwise: Timestamp) -> Timestamp {
        // A cycle does not begin before the one before it has ended.
        let bounds = self.events.iter().filter(|event| {
            matches!(
                event.kind,
                ClockEventKind::Start | ClockEventKind::Stop | ClockEventKind::Cancel { .. }
            )
        });
        bounds
            .map(|event| event.effective_at)
            .max()
            .unwrap_or(otherwise)
    }

    /// Counts the open cycle anew. The change counts from the cycle's beginning, so that an end
    /// that is recorded late, before the change was written down, is counted by it too.
    fn recount(&mut self, stamp: &Stamp<'_>, calendar: &CalendarRef) {
        self.events.push(ClockEvent {
            effective_at: self.began_at(stamp.effective_at),
            recorded_at: stamp.recorded_at,
            kind: on_calendar(calendar),
        });
    }

    /// Makes the breach of the open cycle undone, and with it what excused it: an excuse is for
    /// one miss, not for the next.
    fn withdraw_breach(&mut self) {
        self.breached = None;
        let cycle = self
            .events
            .iter()
            .rposition(|event| event.kind == ClockEventKind::Start)
            .unwrap_or(0);
        let mut index = 0;
        self.events.retain(|event| {
            let kept = index < cycle || !matches!(event.kind, ClockEventKind::Excuse { .. });
            index += 1;
            kept
        });
    }

    fn push(&mut self, stamp: &Stamp<'_>, kind: ClockEventKind) {
        self.events.push(ClockEvent {
            effective_at: stamp.effective_at,
            recorded_at: stamp.recorded_at,
            kind,
        });
    }
}
