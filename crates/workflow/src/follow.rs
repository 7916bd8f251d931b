//! A newer version of a calendar, and the cases that follow it.
//!
//! docs/decisions/0006-cases-follow-their-calendar.md says why.

use std::sync::Arc;

use groundbreak_sla::{
    BreachCause, Budget, Calendar, CalendarChange, CalendarRef, ClockEvent, ClockEventKind,
    ClockReading, Timestamp,
};

use crate::decide::by_the_clock;
use crate::draft::Draft;
use crate::{Case, ClockHistory, Command, DecideError, Decision, Entry, Refusal, Stuck, Workflow};

/// Why a miss that only a new rule has made is excused; `None` for one that work has made. It stands
/// in the journal, which has readers of both languages.
const fn excuse(cause: BreachCause) -> Option<&'static str> {
    match cause {
        BreachCause::CalendarChange => Some(
            "日历更新后才超期，默认免责 · Overdue only by an amended calendar, excused by default",
        ),
        BreachCause::GoalChange => Some(
            "流程换版后才超期，默认免责 · Overdue only by a new version of the workflow, excused by default",
        ),
        BreachCause::Work | BreachCause::Backdating => None,
    }
}

/// What of a case counts on an older version of its calendar than the newest.
struct Behind<'a> {
    clocks: Vec<(&'a str, &'a ClockHistory)>,
    /// The delays that are armed, and when they fall due by the newest version.
    delays: Vec<(&'a str, Timestamp)>,
}

impl Workflow {
    /// Tells whether this is a newer version of its calendar than all it knows.
    pub(crate) fn learns_from(&self, calendar: &Calendar) -> bool {
        calendar.id() == self.calendar.id() && calendar.version() > self.newest_calendar.version()
    }

    /// Takes note of a newer version of its calendar.
    pub(crate) fn learn(&mut self, calendar: &Arc<Calendar>) {
        self.calendars = self.calendars.clone().with(Arc::clone(calendar));
        self.newest_calendar = Arc::clone(calendar);
    }

    /// Tells whether it knows every version of the calendar that the clocks of a case count on. If
    /// not, the case was followed where more is published.
    pub fn knows_calendars_of(&self, case: &Case) -> bool {
        case.clocks
            .values()
            .flat_map(ClockHistory::calendars)
            .all(|calendar| self.calendars.get(calendar).is_some())
    }

    /// Tells whether [`crate::Act::FollowCalendar`] has something to do.
    ///
    /// # Errors
    ///
    /// [`Stuck::Clock`] when a delay cannot be computed.
    pub fn has_to_follow(&self, case: &Case) -> Result<bool, Stuck> {
        let behind = self.behind(case)?;
        Ok(!(behind.clocks.is_empty() && behind.delays.is_empty()))
    }

    fn behind<'a>(&self, case: &'a Case) -> Result<Behind<'a>, Stuck> {
        let mut behind = Behind {
            clocks: Vec::new(),
            delays: Vec::new(),
        };
        let newest = self.newest_calendar.version();
        // The usual case: nothing was amended since the workflow was published.
        if newest == self.calendar.version() || self.is_closed(case) {
            return Ok(behind);
        }
        behind.clocks = case
            .clocks
            .iter()
            .filter(|(_, history)| !history.ended && self.counts_by(history).version < newest)
            .map(|(name, history)| (name.as_str(), history))
            .collect();
        for (timer, due_at) in &case.armed {
            if let Some(moved) = self.delay_due(case, timer)?.filter(|moved| moved != due_at) {
                behind.delays.push((timer, moved));
            }
        }
        Ok(behind)
    }

    /// Returns the version of the calendar that a clock counts on.
    fn counts_by<'a>(&'a self, history: &'a ClockHistory) -> &'a CalendarRef {
        history
            .calendar()
            .unwrap_or_else(|| self.calendar.reference())
    }

    /// Returns the newest version of the calendar for a clock that starts, when it counted on
    /// another before, or would without being told.
    pub(crate) fn calendar_to_start_on(
        &self,
        history: Option<&ClockHistory>,
    ) -> Option<CalendarRef> {
        let newest = self.newest_calendar.reference();
        let present = history.map_or_else(|| self.calendar.reference(), |it| self.counts_by(it));
        (present != newest).then(|| newest.clone())
    }

    /// When a delay that counts on the calendar falls due by its newest version, counted from when
    /// its state was entered, or its document deferred. `None` for any other timer.
    fn delay_due(&self, case: &Case, timer: &str) -> Result<Option<Timestamp>, Stuck> {
        if let Some(document) = crate::deferral::document_of(timer) {
            return self.deferral_due(case, document);
        }
        let entered_at = timer
            .strip_prefix("after/")
            .and_then(|rest| rest.rsplit_once('/'))
            .and_then(|(state, _)| case.entered_at(state));
        match (self.delay_by_timer(timer), entered_at) {
            (Some((_, delay)), Some(entered_at))
                if !matches!(delay.policy.goal.budget(), Budget::Elapsed { .. }) =>
            {
                self.due_after(&delay.policy, entered_at)
            }
            _ => Ok(None),
        }
    }
}

impl ClockHistory {
    /// Returns the warnings that were given and by this reading lie ahead again.
    pub(crate) fn given_and_ahead(&self, reading: &ClockReading, at: Timestamp) -> Vec<String> {
        reading
            .triggers
            .iter()
            .filter(|trigger| trigger.at > at)
            .map(|trigger| trigger.trigger.to_string())
            .filter(|label| self.warned.contains(label))
            .collect()
    }
}

impl Draft<'_> {
    /// Records that a clock is overdue, and excuses it when only a newer calendar or version has made
    /// it so: nobody can obey a rule before it exists.
    pub(crate) fn breach(&mut self, clock: &str, due_at: Timestamp, cause: BreachCause) {
        self.record(Entry::ClockBreached {
            clock: clock.to_owned(),
            due_at,
            cause,
        });
        if let Some(reason) = excuse(cause) {
            self.record(Entry::ClockExcused {
                clock: clock.to_owned(),
                reason: reason.to_owned(),
                document: None,
            });
        }
    }

    fn recount(&mut self, name: &str, history: &ClockHistory) -> Result<(), Stuck> {
        let workflow = self.workflow;
        let Some(clock) = workflow.clocks.get(name) else {
            return Ok(());
        };
        let calendar = workflow.newest_calendar.reference().clone();
        let before = workflow.fold_clock(&clock.policy, &history.events, self.at)?;
        let mut events = history.events.clone();
        let recounted = ClockEventKind::SetCalendar {
            calendar: calendar.clone(),
            mode: CalendarChange::Retro,
        };
        events.push(ClockEvent::at(self.at, recounted).effective(history.began_at(self.at)));
        let after = workflow.fold_clock(&clock.policy, &events, self.at)?;
        let rearmed = history.given_and_ahead(&after, self.at);
        self.record(Entry::ClockRecounted {
            clock: name.to_owned(),
            calendar,
            due_before: before.due,
            due_at: after.due,
            rearmed,
            withdraws_breach: history.breached.is_some() && after.breached_at.is_none(),
        });
        if let (None, None, Some(due_at)) =
            (history.breached, before.breached_at, after.breached_at)
        {
            self.breach(name, due_at, BreachCause::CalendarChange);
        }
        Ok(())
    }
}

/// Recounts what counts on an older version of the calendar than the newest.
pub(crate) fn follow(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    if !command.actor.is_clock() {
        return Err(Refusal::OnlyTheClock.into());
    }
    let behind = workflow.behind(case)?;
    if behind.clocks.is_empty() && behind.delays.is_empty() {
        return Err(Refusal::NothingToFollow.into());
    }
    // What fell due while nothing ran still happens at its own instant, which must not lie before
    // that of this commit.
    let overdue = workflow.next_timer(case)?.map(|timer| timer.due_at);
    let at = overdue.map_or(now, |due_at| due_at.min(now));
    let at = at.max(case.effective_at);
    let by = by_the_clock(command);
    let mut draft = Draft::new(workflow, case, by, command.id, at, now);
    for (clock, history) in behind.clocks {
        draft.recount(clock, history)?;
    }
    for (timer, due_at) in behind.delays {
        draft.record(Entry::TimerArmed {
            timer: timer.to_owned(),
            due_at,
        });
    }
    Ok(draft.finish()?)
}
