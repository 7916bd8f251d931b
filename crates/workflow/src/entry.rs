use std::collections::BTreeMap;

use groundbreak_sla::{BreachCause, CalendarRef, Goal, PauseReason, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

use crate::{
    CaseId, CommandId, CommitDigest, Data, Effect, EffectId, GeneralDone, Migrated, Parent, Person,
};

/// What one command added to the journal of a case. All of it is durable, or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// The case.
    pub case: CaseId,
    /// The number of commits of the case, this one included.
    pub revision: u64,
    /// The command that caused it.
    pub command: CommandId,
    /// Who gave the command.
    pub by: Signature,
    /// When it happened.
    pub effective_at: Timestamp,
    /// When it was written down: later than `effective_at` when it was recorded late.
    pub recorded_at: Timestamp,
    /// The facts, in the order they follow from one another.
    pub entries: Vec<Entry>,
    /// The commit of the case before it, as it is stored. `None` for the first, and for those that
    /// were written before commits named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<CommitDigest>,
}

/// Who acted, and in which role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Identifier of the account; `clock` for a timer.
    pub id: String,
    /// Name at that time.
    pub name: String,
    /// The role that allowed it, when a role was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The other roles held that allowed it too. For separation of duties all of them have acted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Department at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// In whose place, when the holder of the case has delegated: the role is theirs. For
    /// separation of duties both have acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Person>,
}

/// One fact in the history of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// The case was opened under this version of this workflow. It stays on it until it is migrated.
    Opened {
        /// Name of the workflow.
        workflow: String,
        /// Its version.
        version: u32,
        /// SHA-256 of the definition's text.
        digest: String,
        /// The number staff call the case by.
        number: String,
        /// The project or company it is about.
        title: String,
    },
    /// An event was sent by an actor.
    Fired {
        /// Name of the event.
        event: String,
        /// The actor's remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Facts became known.
    FactsRecorded {
        /// The facts, by field.
        data: Data,
    },
    /// A document was handed in.
    DocumentAttached {
        /// Name of the document.
        document: String,
        /// Name of the file.
        file_name: String,
        /// SHA-256 of the content.
        digest: String,
        /// The actor's remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A commitment to hand a document in later was accepted (容缺受理). Its timer, `defer/DOCUMENT`,
    /// is armed in the same commit.
    DocumentDeferred {
        /// Name of the document.
        document: String,
        /// The letter of commitment: its number, or the name of its file.
        letter: String,
        /// When the document has to be there.
        due_at: Timestamp,
        /// The actor's remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// More time was given for a deferred document.
    DeferralExtended {
        /// Name of the document.
        document: String,
        /// When it has to be there now.
        until: Timestamp,
        /// Why: force majeure.
        reason: String,
    },
    /// A deferred document was handed in in time.
    DeferralCleared {
        /// Name of the document.
        document: String,
    },
    /// The time of a deferred document is over, and it is not there. No document of the case may
    /// be deferred any more.
    DeferralFailed {
        /// Name of the document.
        document: String,
    },
    /// A remark.
    Commented {
        /// The remark.
        text: String,
    },
    /// Something was done that can be done on every case.
    General(GeneralDone),
    /// The case moved: one microstep of the statechart.
    Moved {
        /// States left, in that order.
        exited: Vec<String>,
        /// States entered, in that order.
        entered: Vec<String>,
        /// What history states now remember.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        remembered: BTreeMap<String, Vec<String>>,
    },
    /// A delayed event was armed.
    TimerArmed {
        /// Name of the timer, unique in the case.
        timer: String,
        /// When it falls due.
        due_at: Timestamp,
    },
    /// A delayed event was disarmed, since its state was left.
    TimerDisarmed {
        /// Name of the timer.
        timer: String,
    },
    /// An opinion was given by entering a state: what it is bound to, as it was then. It lasts until the state is left.
    Bound {
        /// The state.
        state: String,
        /// SHA-256 of the documents that were there, by their names.
        documents: BTreeMap<String, String>,
        /// The facts that were known.
        data: Data,
    },
    /// A timer fell due and was fired.
    TimerFired {
        /// Name of the timer.
        timer: String,
        /// When it fell due.
        due_at: Timestamp,
        /// How long after that it was fired, in milliseconds, when that was over
        /// [`Entry::LATE_MS`]: the engine was down, or overloaded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late_ms: Option<i64>,
    },
    /// A clock started to count, as its first cycle or a new one.
    ClockStarted {
        /// Name of the clock.
        clock: String,
        /// When it is due, as known at the start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        /// From when it counts, when that is before the commit took effect.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// The version of the calendar it counts on from now, when that is another than before:
        /// the newest one known. Without it a clock goes on with the one it counted on, and a new
        /// one begins with the one its workflow was published against.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calendar: Option<CalendarRef>,
    },
    /// A clock stands still.
    ClockPaused {
        /// Name of the clock.
        clock: String,
        /// Why, which also tells who is waited for.
        reason: PauseReason,
        /// Since when, if that is before the commit took effect: a clock that a migration has
        /// started stood still while the case was where it would have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    /// The reason no longer holds; the clock counts on when no other reason does.
    ClockResumed {
        /// Name of the clock.
        clock: String,
        /// The reason that ended.
        reason: PauseReason,
        /// When it ended, if that is before the commit took effect.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    /// A clock stopped, with its verdict.
    ClockStopped {
        /// Name of the clock.
        clock: String,
        /// Met or missed.
        verdict: Verdict,
        /// Wall time of the cycle, in milliseconds.
        wall_ms: i64,
        /// The part of it inside office hours, in milliseconds.
        office_ms: i64,
    },
    /// A clock no longer applies.
    ClockCancelled {
        /// Name of the clock.
        clock: String,
    },
    /// A clock reached a point at which somebody is to be warned.
    ClockWarned {
        /// Name of the clock.
        clock: String,
        /// The point, as the workflow writes it: `80%`.
        trigger: String,
    },
    /// A clock was found to be overdue. This stays, whatever happens later.
    ClockBreached {
        /// Name of the clock.
        clock: String,
        /// When it was due.
        due_at: Timestamp,
        /// What made it so.
        #[serde(default = "work", skip_serializing_if = "is_work")]
        cause: BreachCause,
    },
    /// The miss of a clock is not held against the office (免责). Both are shown.
    ClockExcused {
        /// Name of the clock.
        clock: String,
        /// Why.
        reason: String,
        /// The number of the decision that excuses it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<String>,
    },
    /// A newer version of the calendar was published, and the open cycle of a clock was counted
    /// anew on it.
    ClockRecounted {
        /// Name of the clock.
        clock: String,
        /// The version it counts on from now.
        calendar: CalendarRef,
        /// When it was due before; nothing while it stands still.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_before: Option<Timestamp>,
        /// When it is due now; nothing while it stands still.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        /// The warnings that had been given and lie ahead again. They will be given anew.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rearmed: Vec<String>,
        /// Whether the clock was found overdue in this cycle, and is not by this calendar. What was
        /// found stays in the journal.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        withdraws_breach: bool,
    },
    /// The case was carried over to another version of its workflow. What follows from it stands
    /// in the same commit.
    Migrated(Box<Migrated>),
    /// A clock has another goal: it was extended, or the version a case was carried over to gives it
    /// one. What was used stays used, and what was missed stays missed.
    ClockGoalChanged {
        /// Name of the clock.
        clock: String,
        /// The goal until now.
        before: Goal,
        /// The goal from now on.
        goal: Goal,
        /// When it was due before; nothing while it stands still or has ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_before: Option<Timestamp>,
        /// When it is due now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        /// The warnings that had been given and lie ahead again. They will be given anew.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rearmed: Vec<String>,
    },
    /// The case was opened by another one, as its child.
    Invoked {
        /// That one.
        parent: Parent,
    },
    /// Something is to be done beyond the case. It follows from the facts of the same commit.
    EffectAsked {
        /// Its number in the case.
        effect: EffectId,
        /// What.
        what: Effect,
    },
    /// It was done: at least once, and under one key however often.
    EffectDelivered {
        /// Its number in the case.
        effect: EffectId,
        /// The attempt at which it succeeded, from 1.
        attempt: u32,
    },
    /// An attempt to do it failed. It is tried again.
    EffectFailed {
        /// Its number in the case.
        effect: EffectId,
        /// Which attempt, from 1.
        attempt: u32,
        /// Why, as far as [`crate::PendingEffect::PROBLEM_LENGTH_MAX`].
        problem: String,
        /// When it is tried again.
        next_at: Timestamp,
    },
    /// The last attempt failed, or it was said that none will succeed: a dead letter.
    EffectGivenUp {
        /// Its number in the case.
        effect: EffectId,
        /// Which attempt, from 1.
        attempt: u32,
        /// Why, as far as [`crate::PendingEffect::PROBLEM_LENGTH_MAX`].
        problem: String,
    },
    /// Somebody had a dead letter tried anew.
    EffectResent {
        /// Its number in the case.
        effect: EffectId,
        /// The actor's remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Somebody dropped a dead letter: it will never be done.
    EffectDropped {
        /// Its number in the case.
        effect: EffectId,
        /// Why.
        reason: String,
    },
}

fn work() -> BreachCause {
    BreachCause::Work
}

fn is_work(cause: &BreachCause) -> bool {
    *cause == BreachCause::Work
}

impl Entry {
    /// A timer fired later than this after its due time is marked late. One second.
    pub const LATE_MS: i64 = 1_000;
}
