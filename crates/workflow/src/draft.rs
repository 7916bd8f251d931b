//! A commit being decided: each entry is folded into the case as it is recorded, so that what
//! follows sees what went before.

use std::collections::BTreeMap;
use std::convert::Infallible;

use groundbreak_sla::{ClockPolicy, DayEnd, PauseReason, Timestamp, Verdict};
use groundbreak_statechart::{
    ActionId, Configuration, Event, GuardId, Host, Raised, StateId, Step, StepError, View,
};

use crate::case::Stamp;
use crate::facts::Facts;
use crate::task_force::holds;
use crate::timers::timers_of;
use crate::workflow::{Clock, Edge};
use crate::{
    Case, CommandId, Commit, CommitDigest, Decision, Entry, Signature, Stuck, Workflow,
    encode_commit,
};

/// A commit on its way.
pub(crate) struct Draft<'a> {
    pub(crate) workflow: &'a Workflow,
    pub(crate) case: Case,
    pub(crate) at: Timestamp,
    pub(crate) now: Timestamp,
    by: Signature,
    command: CommandId,
    entries: Vec<Entry>,
    /// Whether the case was closed before.
    was_closed: bool,
    previous: Option<CommitDigest>,
    /// From when the clocks count that start now, if that is earlier.
    pub(crate) counts_from: Option<Timestamp>,
}

/// What an event would do.
pub(crate) struct Outlook {
    pub(crate) step: Step,
    after: Configuration,
    /// The guards that were asked and did not hold.
    pub(crate) failed: Vec<usize>,
}

impl<'a> Draft<'a> {
    /// Begins the next commit of a case.
    pub(crate) fn new(
        workflow: &'a Workflow,
        case: &Case,
        by: Signature,
        command: CommandId,
        at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let was_closed = workflow.is_closed(case);
        let mut case = case.clone();
        let previous = case.newest;
        case.stamp(
            case.revision + 1,
            &Stamp {
                effective_at: at,
                recorded_at: now,
                by: &by,
            },
        );
        Self {
            workflow,
            case,
            at,
            now,
            by,
            command,
            entries: Vec::new(),
            was_closed,
            previous,
            counts_from: None,
        }
    }

    /// Begins the first commit of a case, with the entry that opens it.
    pub(crate) fn open(workflow: &'a Workflow, opening: &Commit) -> Result<Self, Stuck> {
        let case = Case::begin(opening).map_err(|source| Stuck::Journal { source })?;
        Ok(Self {
            workflow,
            case,
            at: opening.effective_at,
            now: opening.recorded_at,
            by: opening.by.clone(),
            command: opening.command,
            entries: opening.entries.clone(),
            was_closed: false,
            previous: opening.previous,
            counts_from: None,
        })
    }

    pub(crate) fn record(&mut self, entry: Entry) {
        let stamp = Stamp {
            effective_at: self.at,
            recorded_at: self.now,
            by: &self.by,
        };
        self.case.fold_entry(&stamp, &entry);
        self.entries.push(entry);
    }

    /// Works out what an event would do, and records nothing.
    pub(crate) fn look(&self, event: Event<'_>) -> Result<Outlook, Stuck> {
        self.workflow.look(&self.case, event, &[])
    }

    /// Enters the initial states.
    pub(crate) fn start(&mut self) -> Result<(), Stuck> {
        let mut guards = Guards {
            workflow: self.workflow,
            case: &self.case,
            unknown: &[],
            failed: Vec::new(),
        };
        let (after, step) = self
            .workflow
            .chart
            .start(&mut guards)
            .map_err(|error| stuck(&error))?;
        self.take(&Outlook {
            step,
            after,
            failed: Vec::new(),
        })
    }

    /// Lets happen by itself what facts or documents recorded in this commit have made possible.
    pub(crate) fn settle(&mut self) -> Result<(), Stuck> {
        // No event of a workflow has a dot in its name, so this one moves nothing by itself.
        let outlook = self.look(Event::Named("facts.changed"))?;
        self.take(&outlook)
    }

    /// Records what an event does: moves, timers, clocks.
    pub(crate) fn take(&mut self, outlook: &Outlook) -> Result<(), Stuck> {
        let chart = &self.workflow.chart;
        let named = |states: &[StateId]| -> Vec<String> {
            states
                .iter()
                .map(|state| chart.name(*state).to_owned())
                .collect()
        };
        let remembered: BTreeMap<String, Vec<String>> = outlook
            .after
            .memories(chart)
            .map(|(history, states)| (chart.name(history).to_owned(), named(&states)))
            .filter(|(history, states)| self.case.remembered.get(history) != Some(states))
            .collect();
        let last = outlook.step.microsteps.len().saturating_sub(1);
        let mut arrived: Vec<String> = Vec::new();
        for (number, microstep) in outlook.step.microsteps.iter().enumerate() {
            let (exited, entered) = (named(&microstep.exited), named(&microstep.entered));
            if exited.is_empty() && entered.is_empty() {
                self.ask_of_step(&microstep.transitions, &entered);
                continue;
            }
            let remembered = if number == last {
                remembered.clone()
            } else {
                BTreeMap::new()
            };
            self.record(Entry::Moved {
                exited: exited.clone(),
                entered: entered.clone(),
                remembered,
            });
            self.bind(&entered);
            self.cross(&exited, &entered)?;
            self.ask_of_step(&microstep.transitions, &entered);
            arrived.retain(|state| !exited.contains(state));
            arrived.extend(entered);
        }
        self.invoke(&arrived);
        for delay in outlook.step.disarmed(chart) {
            let timer = self.workflow.delay(delay)?.timer.clone();
            if self.case.armed.contains_key(&timer) {
                self.record(Entry::TimerDisarmed { timer });
            }
        }
        if !outlook.after.is_done(chart) {
            for delay in outlook.step.armed(chart) {
                let delay = self.workflow.delay(delay)?.clone();
                if let Some(due_at) = self.workflow.due_after(&delay.policy, self.at)? {
                    self.record(Entry::TimerArmed {
                        timer: delay.timer,
                        due_at,
                    });
                }
            }
        }
        Ok(())
    }

    /// Starts, stops and pauses clocks as states are left and entered.
    ///
    /// At one instant stopping wins over cancelling, that over pausing and resuming, and that over
    /// starting; a clock whose stop comes together with its start is stopped at zero.
    pub(crate) fn cross(&mut self, exited: &[String], entered: &[String]) -> Result<(), Stuck> {
        let workflow = self.workflow;
        for (name, clock) in &workflow.clocks {
            let crossed = |edge: &Edge| match edge {
                Edge::Entering(state) => entered.contains(state),
                Edge::Leaving(state) => exited.contains(state),
            };
            let stopped = crossed(&clock.stop);
            let cancelled = clock.cancel.as_ref().is_some_and(crossed);
            if self.runs(name) {
                if !(stopped || cancelled) {
                    self.pause_or_resume(name, clock);
                    continue;
                }
                self.end_clock(name, clock, stopped)?;
                // What was left and entered again begins anew. Where entering ends the clock, that
                // same entry does not begin it.
                let left = match (stopped, &clock.stop, &clock.cancel) {
                    (true, edge, _) | (false, _, Some(edge)) => matches!(edge, Edge::Leaving(_)),
                    (false, _, None) => false,
                };
                let again = matches!(clock.start, Edge::Entering(_)) && crossed(&clock.start);
                if left && again && self.applies(clock) {
                    self.start_clock(name, clock)?;
                }
            } else if crossed(&clock.start) && self.applies(clock) {
                self.start_clock(name, clock)?;
                if stopped {
                    self.end_clock(name, clock, true)?;
                }
            }
        }
        Ok(())
    }

    /// Tells whether a clock starts in this case at all. That it did is in the journal, and is not asked again.
    fn applies(&self, clock: &Clock) -> bool {
        let condition = clock.only_if.as_ref();
        condition.is_none_or(|condition| holds(condition, &self.case))
    }

    fn start_clock(&mut self, name: &str, clock: &Clock) -> Result<(), Stuck> {
        // A cycle that has ended keeps its time; what begins anew begins after it.
        let ended = self
            .workflow
            .clock_reading(&self.case, name, self.at)?
            .and_then(|reading| reading.stopped_at);
        let since = self
            .counts_from
            .map(|from| ended.map_or(from, |ended| from.max(ended)))
            .filter(|from| *from < self.at);
        let start = since.unwrap_or(self.at);
        let due_at = self.workflow.fold_start(&clock.policy, start)?.due;
        let calendar = self
            .workflow
            .calendar_to_start_on(self.case.clocks.get(name));
        self.record(Entry::ClockStarted {
            clock: name.to_owned(),
            due_at,
            since,
            calendar,
        });
        self.pause_or_resume(name, clock);
        Ok(())
    }

    pub(crate) fn runs(&self, clock: &str) -> bool {
        self.case
            .clocks
            .get(clock)
            .is_some_and(|history| !history.ended)
    }

    fn end_clock(&mut self, name: &str, clock: &Clock, stopped: bool) -> Result<(), Stuck> {
        if !stopped {
            self.record(Entry::ClockCancelled {
                clock: name.to_owned(),
            });
            return Ok(());
        }
        let Some(history) = self.case.clocks.get(name) else {
            return Ok(());
        };
        let mut events = history.events.clone();
        events.push(groundbreak_sla::ClockEvent::stop(self.now).effective(self.at));
        let reading = self.workflow.fold_clock(&clock.policy, &events, self.at)?;
        if let (Verdict::Missed, Some(due_at), None) =
            (reading.verdict, reading.breached_at, history.breached)
        {
            let cause = self.workflow.breach_cause(clock, &events, self.now)?;
            self.breach(name, due_at, cause);
        }
        self.record(Entry::ClockStopped {
            clock: name.to_owned(),
            verdict: reading.verdict,
            wall_ms: reading.wall_ms,
            office_ms: reading.office_ms,
        });
        Ok(())
    }

    /// Brings the reasons for which a clock stands still in line with the states the case is in.
    pub(crate) fn pause_or_resume(&mut self, name: &str, clock: &Clock) {
        let workflow = self.workflow;
        let mut reasons: Vec<PauseReason> = self
            .case
            .active
            .iter()
            .filter_map(|state| workflow.states.get(state)?.pauses.clone())
            // A suspension names its law and letter, so it stands before a state of that reason.
            .collect();
        reasons.splice(0..0, self.case.suspensions.iter().cloned());
        reasons.retain(|reason| clock.paused_by.contains(&reason.party));
        reasons.sort_by(|a, b| a.name.cmp(&b.name));
        reasons.dedup_by(|later, earlier| later.name == earlier.name);
        let held = self
            .case
            .clocks
            .get(name)
            .map(|history| history.held.clone())
            .unwrap_or_default();
        let among = |reasons: &[PauseReason], one: &PauseReason| {
            reasons.iter().any(|reason| reason.name == one.name)
        };
        for reason in held.iter().filter(|reason| !among(&reasons, reason)) {
            self.record(Entry::ClockResumed {
                clock: name.to_owned(),
                reason: reason.clone(),
                since: None,
            });
        }
        for reason in reasons.into_iter().filter(|reason| !among(&held, reason)) {
            self.record(Entry::ClockPaused {
                clock: name.to_owned(),
                reason,
                since: None,
            });
        }
    }

    /// Ends the draft. At the end of a case, clocks that still run no longer apply.
    pub(crate) fn finish(mut self) -> Result<Decision, Stuck> {
        if self.workflow.is_closed(&self.case) {
            let running: Vec<String> = self
                .case
                .clocks
                .iter()
                .filter(|(_, history)| !history.ended)
                .map(|(name, _)| name.clone())
                .collect();
            for clock in running {
                self.record(Entry::ClockCancelled { clock });
            }
            if !self.was_closed {
                self.tell_parent();
            }
        }
        let commit = Commit {
            case: self.case.id,
            revision: self.case.revision,
            command: self.command,
            by: self.by,
            effective_at: self.at,
            recorded_at: self.now,
            entries: self.entries,
            previous: self.previous,
        };
        let record = encode_commit(&commit);
        self.case.link(&commit, CommitDigest::of(&record));
        let clocks = self.workflow.open_clocks(&self.case)?;
        let timers = timers_of(&self.case, &clocks);
        let terms = self.workflow.terms(&self.case, &clocks)?;
        Ok(Decision {
            commit,
            record,
            case: self.case,
            timers,
            terms,
        })
    }
}

impl Workflow {
    /// When a delay that begins at an instant is over, by the newest calendar. One in days is over
    /// when its last day is: what is done in the last moment of office hours still comes before,
    /// and midnight is the next day's.
    pub(crate) fn due_after(
        &self,
        policy: &ClockPolicy,
        start: Timestamp,
    ) -> Result<Option<Timestamp>, Stuck> {
        let reading = self.fold_start(policy, start)?;
        let to_close = policy.goal.budget().is_days() && policy.day_end == DayEnd::Close;
        let past = i64::from(to_close);
        Ok(reading.due.map(|due| due.saturating_add_millis(past)))
    }

    /// Works out what an event would do to a case. Conditions that depend on the `unknown` facts,
    /// which the event is still to bring, are taken to hold.
    pub(crate) fn look(
        &self,
        case: &Case,
        event: Event<'_>,
        unknown: &[String],
    ) -> Result<Outlook, Stuck> {
        let mut guards = Guards {
            workflow: self,
            case,
            unknown,
            failed: Vec::new(),
        };
        let before = self.configuration(case)?;
        let (after, step) = self
            .chart
            .step(&before, event, &mut guards)
            .map_err(|error| stuck(&error))?;
        Ok(Outlook {
            step,
            after,
            failed: guards.failed,
        })
    }
}

/// Asks the guards of a workflow about a case in the middle of a step.
struct Guards<'a> {
    workflow: &'a Workflow,
    case: &'a Case,
    unknown: &'a [String],
    failed: Vec<usize>,
}

impl Host for Guards<'_> {
    type Error = Infallible;

    fn guard(
        &mut self,
        guard: GuardId,
        view: &View<'_>,
        _: &mut Raised,
    ) -> Result<bool, Infallible> {
        let index = usize::try_from(guard.0).unwrap_or(usize::MAX);
        let at = |state: &str| view.is_in_name(state);
        let facts = Facts {
            case: self.case,
            at: &at,
        };
        // A guard that asks for a fact nobody has recorded does not hold.
        let holds = self.workflow.guards.get(index).is_some_and(|guard| {
            self.unknown.iter().any(|field| guard.reads(field))
                || guard.eval(&facts).unwrap_or(false)
        });
        if !holds && !self.failed.contains(&index) {
            self.failed.push(index);
        }
        Ok(holds)
    }

    fn run(&mut self, _: ActionId, _: &View<'_>, _: &mut Raised) -> Result<(), Infallible> {
        Ok(())
    }
}

fn stuck(error: &StepError<Infallible>) -> Stuck {
    Stuck::Step {
        problem: error.to_string(),
    }
}
