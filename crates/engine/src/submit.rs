//! The life of one command.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use groundbreak_store::{
    Append, AppendError, Applied, Cause, Outcome, Position, Query, ReadError, Term, TermValue,
    Timer,
};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Commit, CommitDigest, DecideError, Decision,
    Entry, Refusal, TermValue as Found, Text, Timer as Due, Workflow, decide, decode_commit,
    encode_case,
};
use uuid::Uuid;

use crate::case_cache::Standing;
use crate::runtime::Runtime;
use crate::turn::Turn;
use crate::{CaseFault, Changed, Failure};

/// How often a command is decided anew because another node wrote to the case meanwhile.
const ATTEMPTS_MAX: usize = 8;
/// How long to wait before each look-up of a command whose outcome is unknown.
const SETTLING: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_secs(1),
];
/// The most timers of one case that fire in one turn, so that a case that has much to catch up
/// with keeps nobody waiting for long.
const FIRED_AT_ONCE_MAX: u64 = 1_000;

/// What a command did. It is durable.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// What the command added to the journal.
    pub commit: Arc<Commit>,
    /// The case as it was right after that.
    pub case: Arc<Case>,
    /// The place of the commit among all commits of the store.
    pub position: Position,
    /// Whether this is the answer to a command that had been carried out before.
    pub repeated: bool,
}

/// Why a command was not acknowledged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The rules do not allow it now. Nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be done. Nothing was written.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// More commands are under way than the engine or the store takes, or the case has many
    /// timers to catch up with. Nothing was written for the command; the same one may be sent
    /// again after a while.
    #[error("too many commands are under way")]
    Overloaded,
    /// It may have been carried out or not. The same command, with the same id, may be sent
    /// again: it is carried out once.
    #[error("it is unknown whether command {command} was carried out")]
    Unknown {
        /// The command.
        command: CommandId,
        /// Why it is unknown.
        #[source]
        source: Cause,
    },
}

impl SubmitError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Failed(failure) => failure.code(),
            Self::Overloaded => "overloaded",
            Self::Unknown { .. } => "outcome-unknown",
        }
    }

    /// Returns what went wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Refused(refusal) => refusal.text(),
            Self::Failed(failure) => failure.text(),
            Self::Overloaded => Text::new(
                "正在处理的操作过多，没有写入。请稍后再提交。",
                "Too much is going on at once, and nothing was written. Submit again shortly.",
            ),
            Self::Unknown { command, .. } => Text::new(
                format!("尚不能确定操作 {command} 是否已写入。请原样再提交一次，不会重复办理。"),
                format!(
                    "It is not known whether command {command} was written. Submit the same again; it is carried out once."
                ),
            ),
        }
    }
}

/// What a command is decided under.
pub(crate) struct Under {
    /// The workflow.
    pub(crate) workflow: Arc<Workflow>,
    /// The publication as of which the case followed the newest calendar.
    pub(crate) publication: u64,
}

/// What became of one decision.
pub(crate) enum Attempt {
    Committed(Committed),
    /// Another node wrote to the case after it was read.
    Conflict,
}

/// What became of writing down a decision.
pub(crate) enum Written {
    Committed(Committed),
    /// Another node wrote to the case after it was read.
    Conflict,
    /// A command of this id was carried out before.
    Before(Applied),
}

/// What firing the timers of a case came to.
pub(crate) struct Fired {
    /// The case afterwards.
    pub(crate) case: Arc<Case>,
    /// How many timers were fired.
    pub(crate) count: u64,
    /// Whether the case followed a newer calendar, by which its timers may be other ones.
    pub(crate) followed: bool,
    /// Why the earliest timer that is due was not fired.
    pub(crate) refused: Option<Refusal>,
    /// Whether timers may be left that are due: the turn was long enough.
    pub(crate) unfinished: bool,
}

impl Under {
    /// Returns how a case stands that was decided under this and has `next` as its first timer.
    fn standing(&self, next: Option<Due>) -> Standing {
        Standing {
            workflow: Arc::clone(&self.workflow),
            publication: self.publication,
            next,
        }
    }
}

/// What became of an append whose outcome was not known.
enum Settled {
    /// It was written.
    Written(Position),
    /// Its command had been carried out otherwise.
    Before(Applied),
}

impl Runtime {
    /// Carries out a command.
    ///
    /// What is seldom waited for stands in a box, here and below: the task of a command has room for
    /// whatever it may wait for, and to make that room took 5 % of a command.
    pub(crate) async fn carry_out(&self, command: &Command) -> Result<Committed, SubmitError> {
        let turn = self.turns.take(command.case).await;
        for _ in 0..ATTEMPTS_MAX {
            let publication = self.definitions.publication();
            // The command is recorded at this instant too: what falls due while timers are written
            // is not overtaken.
            let now = self.time.now();
            let (case, workflow) = match self.cases.ready(command.case, publication, now) {
                Some((case, workflow)) => (Some(case), Ok(workflow)),
                None => {
                    let case = Box::pin(self.catch_up(&turn, now)).await?;
                    let workflow = self.workflow_for(case.as_deref(), command).await;
                    (case, workflow)
                }
            };
            let attempt = match workflow {
                Ok(workflow) => {
                    let under = Under {
                        workflow,
                        publication,
                    };
                    self.attempt(&under, case.as_deref(), command, now).await
                }
                Err(SubmitError::Refused(refusal)) => {
                    let before = Box::pin(self.unless_repeated(command, refusal)).await;
                    before.map(Attempt::Committed)
                }
                Err(error) => return Err(error),
            };
            match attempt {
                Ok(Attempt::Committed(committed)) => {
                    if self.definitions.publication() != publication {
                        Box::pin(self.follow_what_was_amended(&turn, &committed)).await;
                    }
                    return Ok(committed);
                }
                Ok(Attempt::Conflict) => {}
                // An append finds out that the case is at a newer revision; a refusal must ask.
                Err(SubmitError::Refused(_)) if self.has_moved_on(case.as_deref()).await? => {}
                Err(error) => return Err(error),
            }
            self.cases.forget(command.case);
        }
        Err(Failure::Contended { case: command.case }.into())
    }

    /// Returns a case after what fell due before now was fired, whether or not the timer task has
    /// come to it: it happened before now.
    async fn catch_up(
        &self,
        turn: &Turn,
        now: Timestamp,
    ) -> Result<Option<Arc<Case>>, SubmitError> {
        let Some(known) = self.load(turn).await? else {
            return Ok(None);
        };
        let fired = self.fire_due(turn, known, now).await;
        let fired = fired.map_err(not_of_this_command)?;
        if let Some(refusal) = fired.refused {
            tracing::warn!(case = %turn.case(), %refusal, "a timer that is due was refused");
        }
        if fired.unfinished {
            return Err(SubmitError::Overloaded);
        }
        Ok(Some(fired.case))
    }

    /// Tells whether another node has written to a case since it was read.
    pub(crate) async fn has_moved_on(&self, case: Option<&Case>) -> Result<bool, Failure> {
        let Some(case) = case else {
            return Ok(false);
        };
        match self.store.load(case.id.0).await {
            Ok(newest) => Ok(newest.is_some_and(|newest| newest.revision > case.revision)),
            // Its journal is what counts, and it was read from there.
            Err(ReadError::Damaged { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Fires the timers of a case that are due at `until` or before, earliest first, after the case
    /// has followed the newest calendar.
    pub(crate) async fn fire_due(
        &self,
        turn: &Turn,
        case: Arc<Case>,
        until: Timestamp,
    ) -> Result<Fired, SubmitError> {
        let revision = case.revision;
        let publication = self.definitions.publication();
        let case = self.follow_newest(turn, case).await?;
        let mut fired = Fired {
            followed: case.revision > revision,
            case,
            count: 0,
            refused: None,
            unfinished: false,
        };
        let mut conflicts = 0;
        let mut under = Under {
            workflow: self.workflow_of(&fired.case).await?,
            publication,
        };
        let damaged = |fault| Failure::CaseDamaged {
            case: turn.case(),
            fault,
        };
        loop {
            // What the timer before has written knows the one that comes next.
            let next = match self.cases.standing(&fired.case) {
                Some(standing) => standing.next,
                None => under
                    .workflow
                    .next_timer(&fired.case)
                    .map_err(|stuck| damaged(stuck.into()))?,
            };
            // The time of a case does not step back with the machine's, or with another node's.
            let until = until.max(fired.case.recorded_at);
            let Some(due) = next.as_ref().filter(|due| due.due_at <= until) else {
                let standing = under.standing(next);
                self.cases.put(Arc::clone(&fired.case), Some(standing));
                return Ok(fired);
            };
            if fired.count == FIRED_AT_ONCE_MAX {
                fired.unfinished = true;
                return Ok(fired);
            }
            let tick = tick(&fired.case, due);
            // A clock that steps back meanwhile does not keep what is due waiting.
            let now = self.time.now().max(until);
            match self.attempt(&under, Some(&fired.case), &tick, now).await {
                Ok(Attempt::Committed(committed)) if !committed.repeated => {
                    fired.case = committed.case;
                    fired.count += 1;
                }
                // Another node fired it, or did something else. Look again.
                Ok(Attempt::Committed(_) | Attempt::Conflict) if conflicts < ATTEMPTS_MAX => {
                    conflicts += 1;
                    self.cases.forget(turn.case());
                    let Some(case) = self.load(turn).await? else {
                        return Err(damaged(CaseFault::Short {
                            expected: fired.case.revision,
                            found: 0,
                        })
                        .into());
                    };
                    // The other node may know an older calendar.
                    fired.case = self.follow_newest(turn, case).await?;
                    // It may have moved to another version.
                    under.workflow = self.workflow_of(&fired.case).await?;
                }
                Ok(Attempt::Committed(_) | Attempt::Conflict) => {
                    return Err(Failure::Contended { case: turn.case() }.into());
                }
                Err(SubmitError::Refused(refusal)) => {
                    fired.refused = Some(refusal);
                    return Ok(fired);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the workflow a command is decided under.
    async fn workflow_for(
        &self,
        case: Option<&Case>,
        command: &Command,
    ) -> Result<Arc<Workflow>, SubmitError> {
        if let Some(case) = case {
            return Ok(self.workflow_of(case).await?);
        }
        let (workflow, version) = match &command.act {
            Act::Open {
                workflow, version, ..
            } => (workflow, *version),
            Act::OpenChild { workflow, .. } => (workflow, None),
            _ => {
                let case = command.case.to_string();
                return Err(Refusal::CaseNotFound { case }.into());
            }
        };
        let find = || {
            let published = self.definitions.published();
            published.library.workflow(workflow, version).cloned()
        };
        match find() {
            Ok(workflow) => Ok(workflow),
            Err(_) => {
                self.refresh_definitions().await?;
                Ok(find()?)
            }
        }
    }

    /// Decides a command on a case as it was read, and writes what was decided, recorded `now`.
    pub(crate) async fn attempt(
        &self,
        under: &Under,
        case: Option<&Case>,
        command: &Command,
        now: Timestamp,
    ) -> Result<Attempt, SubmitError> {
        // The time of a machine may step back; the journal of a case does not.
        let now = case.map_or(now, |case| case.recorded_at.max(now));
        let decision = match decide(&under.workflow, case, command, now) {
            Ok(decision) => decision,
            // A command that was carried out before is often one that the rules no longer allow.
            Err(DecideError::Refused(refusal)) => {
                let before = Box::pin(self.unless_repeated(command, refusal)).await;
                return before.map(Attempt::Committed);
            }
            Err(DecideError::Stuck(stuck)) => {
                let fault = CaseFault::Stuck(stuck);
                let case = command.case;
                return Err(Failure::CaseDamaged { case, fault }.into());
            }
        };
        match self.write(case, decision, Some(under)).await? {
            Written::Committed(committed) => Ok(Attempt::Committed(committed)),
            Written::Conflict => Ok(Attempt::Conflict),
            Written::Before(applied) => {
                let before = Box::pin(self.repeat(command, applied)).await;
                before.map(Attempt::Committed)
            }
        }
    }

    /// Writes what was decided on a case as it was read.
    pub(crate) async fn write(
        &self,
        case: Option<&Case>,
        mut decision: Decision,
        under: Option<&Under>,
    ) -> Result<Written, SubmitError> {
        // Held until the case is durable, so that two cases cannot get one number.
        let _number = match case {
            None => Some(self.reserve_number(&mut decision).await?),
            Some(_) => None,
        };
        let next = decision.timers.first().cloned();
        let append = write_down(case, &mut decision)?;
        let position = match self.store.append(append).await {
            Ok(appended) => appended.position,
            Err(AppendError::RevisionConflict { .. }) => return Ok(Written::Conflict),
            Err(AppendError::DuplicateCommand { applied, .. }) => {
                return Ok(Written::Before(applied));
            }
            Err(AppendError::Overloaded) => return Err(SubmitError::Overloaded),
            Err(error) => match error.outcome() {
                Outcome::Refused | Outcome::NotDone => return Err(Failure::from(error).into()),
                Outcome::Unknown => match Box::pin(self.settle(&decision, error)).await? {
                    Settled::Written(position) => position,
                    Settled::Before(applied) => return Ok(Written::Before(applied)),
                },
            },
        };
        let committed = self.acknowledge(decision, next, position, under);
        Ok(Written::Committed(committed))
    }

    /// Takes the number of a case that is to be opened, or a longer one when another case has it:
    /// staff call a case by its number, so it never comes to mean another.
    async fn reserve_number(&self, decision: &mut Decision) -> Result<Turn, SubmitError> {
        loop {
            let case = &decision.case;
            let key = CaseId(Uuid::new_v5(&Uuid::NAMESPACE_OID, case.number.as_bytes()));
            let turn = self.numbers.take(key).await;
            let query = Query::all(1).with("number", case.number.as_str());
            let taken = self.store.query(&query).await.map_err(Failure::from)?;
            if taken.hits.iter().all(|hit| hit.case == case.id.0) {
                return Ok(turn);
            }
            decision.lengthen_number()?;
        }
    }

    /// Makes known what is durable, with the timer that comes next.
    fn acknowledge(
        &self,
        decision: Decision,
        next: Option<Due>,
        position: Position,
        under: Option<&Under>,
    ) -> Committed {
        let committed = Committed {
            commit: Arc::new(decision.commit),
            case: Arc::new(decision.case),
            position,
            repeated: false,
        };
        if let Some(next) = &next {
            self.bell.expect(next.due_at);
        }
        let standing = under.map(|under| under.standing(next));
        self.cases.put(Arc::clone(&committed.case), standing);
        // Nobody may be listening, which is no error.
        let _ = self.changes.send(Changed {
            case: committed.commit.case,
            revision: committed.commit.revision,
            position,
        });
        self.effect_bells.expect(&committed.case);
        committed
    }

    /// Finds out what became of an append whose outcome the store did not know.
    ///
    /// Only what is found is certain: as long as the store was not opened again, what is not
    /// found may still turn up. And what is found may be of another node: the commands of the
    /// clock have the same ids everywhere, and a client may send one again elsewhere.
    async fn settle(
        &self,
        decision: &Decision,
        error: AppendError,
    ) -> Result<Settled, SubmitError> {
        let (command, case) = (decision.commit.command, decision.commit.case);
        tracing::error!(%command, %case, %error, "settling an unknown outcome");
        for wait in SETTLING {
            tokio::time::sleep(wait).await;
            let Ok(Some(applied)) = self.store.find_command(command.0).await else {
                continue;
            };
            let after = applied.revision.saturating_sub(1);
            let Ok(records) = self.store.journal(applied.case, after, 1).await else {
                continue;
            };
            let is_ours = applied.case == case.0
                && records.first().is_some_and(|record| {
                    decision.case.newest == Some(CommitDigest::of(&record.record))
                });
            if is_ours {
                return Ok(Settled::Written(applied.position));
            }
            self.cases.forget(case);
            return Ok(Settled::Before(applied));
        }
        self.cases.forget(case);
        Err(SubmitError::Unknown {
            command,
            source: error.into(),
        })
    }
}

/// Returns the same error of a timer as the command that waits for it must be told: whatever
/// became of the timer, the command was not begun.
pub(crate) fn not_of_this_command(error: SubmitError) -> SubmitError {
    match error {
        SubmitError::Unknown { source, .. } => Failure::StoreUnavailable { source }.into(),
        other => other,
    }
}

/// Returns the command that fires a timer of a case.
///
/// Its id follows from the case, its revision, the timer and when it is due, so two nodes that
/// come to the same timer give the same command. The revision is part of it because a timer may
/// be armed again for the very instant it was fired at.
fn tick(case: &Case, due: &Due) -> Command {
    by_the_clock(
        case,
        &format!("{}/{}", due.due_at.as_millis(), due.id),
        Act::Tick,
    )
}

/// Returns a command of the actor `clock`, with an id made from the case, its revision and what
/// the command is about.
pub(crate) fn by_the_clock(case: &Case, about: &str, act: Act) -> Command {
    let name = format!("{}/{about}", case.revision);
    Command {
        id: CommandId::derived(case.id.0, &name),
        case: case.id,
        actor: Actor::clock(),
        seen_revision: None,
        effective_at: None,
        act,
    }
}

/// Returns what the store is to write. It takes the record, the timers and the terms out of the decision.
///
/// A decision folds its entries into the case as it records them, so the journal tells the case by
/// the way it comes about, and how a commit is encoded depends on its types alone. Builds with debug
/// assertions, in which all tests run, read each record back and fold it once more.
fn write_down(case: Option<&Case>, decision: &mut Decision) -> Result<Append, Failure> {
    let id = decision.commit.case;
    let damaged = |fault| Failure::CaseDamaged { case: id, fault };
    let record = mem::take(&mut decision.record);
    if record.is_empty() {
        return Err(damaged(CaseFault::Unfaithful));
    }
    if cfg!(debug_assertions) {
        let revision = decision.commit.revision;
        let commit = decode_commit(&record)
            .map_err(|source| damaged(CaseFault::Record { revision, source }))?;
        if commit != decision.commit {
            return Err(damaged(CaseFault::Unfaithful));
        }
        let digest = CommitDigest::of(&record);
        let folded = match case {
            None => Case::open(&commit, digest),
            Some(case) => {
                let mut case = case.clone();
                case.apply(&commit, digest).map(|()| case)
            }
        };
        if folded.map_err(|error| damaged(error.into()))? != decision.case {
            return Err(damaged(CaseFault::Unfaithful));
        }
    }
    if let Some(timer) = still_open(decision) {
        let timer = timer.to_owned();
        return Err(damaged(CaseFault::Restless { timer }));
    }
    Ok(Append {
        case: id.0,
        expected_revision: case.map_or(0, |case| case.revision),
        command: decision.commit.command.0,
        recorded_at: decision.commit.recorded_at.as_millis(),
        record,
        state: encode_case(&decision.case),
        timers: kept_timers(mem::take(&mut decision.timers)),
        terms: kept_terms(mem::take(&mut decision.terms)),
    })
}

/// Returns timers as a store keeps them.
pub(crate) fn kept_timers(timers: Vec<Due>) -> Vec<Timer> {
    let kept = |timer: Due| Timer {
        id: timer.id,
        due_at: timer.due_at.as_millis(),
    };
    timers.into_iter().map(kept).collect()
}

/// Returns terms as a store keeps them.
pub(crate) fn kept_terms(terms: Vec<groundbreak_workflow::Term>) -> Vec<Term> {
    let kept = |term: groundbreak_workflow::Term| Term {
        name: term.name.into(),
        value: match term.value {
            Found::Text(text) => TermValue::Text(text),
            Found::Integer(integer) => TermValue::Integer(integer),
        },
    };
    terms.into_iter().map(kept).collect()
}

/// Returns the timer, if any, that the decision fires and leaves open. It would fire for ever.
fn still_open(decision: &Decision) -> Option<&str> {
    let fired = decision
        .commit
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::TimerFired { timer, due_at, .. } => Some((timer, *due_at)),
            _ => None,
        });
    fired
        .filter(|(id, due_at)| {
            let open = |timer: &Due| timer.id == **id && timer.due_at == *due_at;
            decision.timers.iter().any(open)
        })
        .map(|(id, _)| id.as_str())
        .next()
}

#[cfg(test)]
mod tests {
    use crate::repeat::carries_out;
    use groundbreak_workflow::{CaseId, Data, Library};

    use super::*;

    const CALENDAR: &str = "{ id: hall, tz: Asia/Shanghai, weekly: { mon: [['08:30', '12:00']] } }";
    const WORKFLOW: &str = "
workflow: reminder
version: 1
title: { zh: 提醒, en: Reminder }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events: { end: { title: { zh: 结束, en: End it }, by: [clerk] } }
states:
  asleep: { title: { zh: 等待, en: Asleep }, after: [{ delay: 1h, to: awake }] }
  awake: { title: { zh: 提醒, en: Awake }, on: { end: ended } }
  ended: { title: { zh: 结束, en: Ended }, final: true }
";

    /// Decides to open a case at 0, and to fire its timer an hour later.
    fn decisions() -> (Decision, Decision) {
        let mut library = Library::new();
        library.add_calendar(CALENDAR).unwrap();
        let workflow = library.add_workflow(WORKFLOW).unwrap();
        let opening = Command {
            id: CommandId(Uuid::from_u128(7)),
            case: CaseId(Uuid::from_u128(1)),
            actor: Actor::new("lin", "林", "clerk"),
            seen_revision: None,
            effective_at: None,
            act: Act::Open {
                workflow: "reminder".into(),
                version: None,
                title: "x".into(),
                data: Data::new(),
            },
        };
        let opened = decide(&workflow, None, &opening, Timestamp::EPOCH).unwrap();
        let due = opened.timers.first().unwrap();
        let tick = tick(&opened.case, due);
        let fired = decide(&workflow, Some(&opened.case), &tick, due.due_at).unwrap();
        (opened, fired)
    }

    #[test]
    fn what_was_decided_is_written_as_it_is() {
        let (opened, fired) = decisions();
        let append = write_down(Some(&opened.case), &mut fired.clone()).unwrap();
        assert_eq!((append.expected_revision, append.timers.len()), (1, 0));
        assert_eq!(decode_commit(&append.record).unwrap(), fired.commit);
        assert!(append.terms.contains(&Term::text("state", "awake")));
    }

    #[test]
    fn a_decision_that_its_journal_does_not_tell_is_not_written() {
        let (opened, fired) = decisions();
        let mut unfaithful = fired.clone();
        unfaithful.case.title = "y".into();
        let mut misnumbered = fired.clone();
        misnumbered.commit.revision = 3;
        let mut empty = fired.clone();
        empty.record.clear();
        for mut decision in [unfaithful, misnumbered, empty] {
            let failure = write_down(Some(&opened.case), &mut decision).unwrap_err();
            assert_eq!(failure.code(), "case-damaged");
        }
        assert!(write_down(None, &mut fired.clone()).is_err());
    }

    #[test]
    fn a_timer_that_would_fire_for_ever_is_not_written() {
        let (opened, mut fired) = decisions();
        fired.timers = opened.timers.clone();
        let failure = write_down(Some(&opened.case), &mut fired).unwrap_err();
        assert!(
            matches!(
                &failure,
                Failure::CaseDamaged { fault: CaseFault::Restless { timer }, .. }
                    if *timer == opened.timers[0].id
            ),
            "{failure:?}"
        );
    }

    #[test]
    fn a_tick_has_an_id_of_its_own_for_every_timer_instant_and_revision() {
        let (opened, _) = decisions();
        let due = opened.timers.first().unwrap();
        let id = |case: &Case, due: &Due| tick(case, due).id;
        let first = id(&opened.case, due);
        assert_eq!(first, id(&opened.case, due));
        let mut later = due.clone();
        later.due_at = later.due_at.saturating_add_millis(1);
        let mut other = due.clone();
        other.id.push('x');
        let mut next = opened.case.clone();
        next.revision += 1;
        for differs in [
            id(&opened.case, &later),
            id(&opened.case, &other),
            id(&next, due),
        ] {
            assert_ne!(first, differs);
        }
    }

    #[test]
    fn a_command_is_told_from_another_with_its_id() {
        let (opened, fired) = decisions();
        let mut command = tick(&opened.case, &opened.timers[0]);
        assert!(carries_out(&fired.commit, &command));
        assert!(!carries_out(&opened.commit, &command));
        command.actor = Actor::new("lin", "林", "clerk");
        assert!(!carries_out(&fired.commit, &command));
    }
}
