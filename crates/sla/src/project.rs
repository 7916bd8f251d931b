//! From a cycle to its reading: what is used, when it is due, whether it was kept.

use chrono::NaiveDate;

use crate::calendar::{Calendar, DayKind};
use crate::clock::ClockError;
use crate::counting::{Counting, Found, Mark, hours};
use crate::cycle::{Course, Cycle, Segment, pieces};
use crate::goal::{Budget, Comparator, Goal};
use crate::policy::{ClockPolicy, Yellow};
use crate::reading::{
    ClockReading, ClockState, ClosedCycle, Excuse, Light, PausedTotal, Stretch, StretchKind,
    TriggerReading, Used, Verdict,
};
use crate::timestamp::Timestamp;
use crate::trigger::Trigger;

impl ClockReading {
    /// A clock that has not started and nobody knows when it will.
    pub(crate) fn pending(goal: Goal) -> Self {
        Self {
            state: ClockState::Pending,
            verdict: Verdict::Pending,
            light: Light::Grey,
            goal,
            started_at: None,
            stopped_at: None,
            due: None,
            due_at_start: None,
            provisional: false,
            used: in_unit(goal, 0),
            remaining: in_unit(goal, goal.budget().amount()),
            percent_bp: 0,
            wall_ms: 0,
            office_ms: 0,
            offhours_ms: 0,
            overtime_ms: 0,
            paused: Vec::new(),
            breached_at: None,
            excused: None,
            overrun_wall_ms: None,
            overrun_working_ms: None,
            triggers: Vec::new(),
            stretches: Vec::new(),
            closed_cycles: Vec::new(),
            skew_ms: 0,
        }
    }

    /// A clock whose start is known but still to come.
    pub(crate) fn to_come(policy: &ClockPolicy, cycle: &Cycle<'_>) -> Result<Self, ClockError> {
        let mut reading = Self::of(policy, cycle, cycle.started_at)?;
        reading.state = ClockState::Pending;
        reading.light = Light::Grey;
        reading.stretches.clear();
        for trigger in &mut reading.triggers {
            trigger.reached = false;
        }
        Ok(reading)
    }

    pub(crate) fn of(
        policy: &ClockPolicy,
        cycle: &Cycle<'_>,
        as_of: Timestamp,
    ) -> Result<Self, ClockError> {
        let goal = cycle.goal(policy.goal);
        let course = cycle.course(as_of);
        let counting = Counting::new(goal.budget(), policy, &cycle.segments, cycle.started_at);
        let budget = goal.budget().amount();
        let found = counting.reach(&course, budget, Mark::Due(goal.comparator()))?;
        let breached_at = match earlier_breach(policy, cycle)? {
            Some(at) => Some(at),
            None => breach(found, &course, goal.comparator()),
        };
        let due = found.filter(|_| course.live).map(|found| found.at);
        let state = cycle.state();
        let verdict = verdict(state, breached_at);
        let used = counting.used(&course);
        let remaining = budget.saturating_sub(used);
        let stretches = stretches(policy, cycle, as_of);
        let sums = Sums::of(policy, cycle, &course, &stretches);
        let triggers = triggers(policy, cycle, &counting, &course, budget, due)?;
        let light = light(
            policy,
            state,
            verdict,
            &Consumption { goal, used, due },
            &triggers,
            || calendar_at(&cycle.segments, due.unwrap_or(course.end)),
            course.end,
        );
        Ok(Self {
            state,
            verdict,
            light,
            goal,
            started_at: Some(cycle.started_at),
            stopped_at: cycle.end.map(|(at, _)| at),
            due,
            due_at_start: due_at_start(policy, cycle)?,
            provisional: provisional(goal, cycle, due),
            used: in_unit(goal, used),
            remaining: in_unit(goal, remaining),
            percent_bp: percent_bp(used, budget),
            wall_ms: sums.wall_ms,
            office_ms: sums.office_ms,
            offhours_ms: sums.offhours_ms,
            overtime_ms: sums.overtime_ms,
            paused: sums.paused,
            breached_at,
            excused: excused(cycle, breached_at),
            overrun_wall_ms: breached_at
                .filter(|_| verdict == Verdict::Missed)
                .map(|at| course.end.millis_since(at)),
            overrun_working_ms: breached_at
                .filter(|_| verdict == Verdict::Missed)
                .map(|at| working_after(policy, cycle, &course, at)),
            triggers,
            stretches,
            closed_cycles: Vec::new(),
            skew_ms: 0,
        })
    }
}

impl ClosedCycle {
    /// The sealed record of a cycle; `None` if it is not closed.
    pub(crate) fn of(policy: &ClockPolicy, cycle: &Cycle<'_>) -> Result<Option<Self>, ClockError> {
        let Some((stopped_at, state)) = cycle.end else {
            return Ok(None);
        };
        let Some(calendar) = calendar_at(&cycle.segments, stopped_at) else {
            return Ok(None);
        };
        let reading = ClockReading::of(policy, cycle, stopped_at)?;
        Ok(Some(Self {
            started_at: cycle.started_at,
            stopped_at,
            state,
            verdict: reading.verdict,
            goal: reading.goal,
            due: reading.due,
            used: reading.used,
            breached_at: reading.breached_at,
            excused: reading.excused,
            wall_ms: reading.wall_ms,
            office_ms: reading.office_ms,
            offhours_ms: reading.offhours_ms,
            paused: reading.paused,
            calendar: calendar.reference().clone(),
        }))
    }
}

fn in_unit(goal: Goal, amount: i64) -> Used {
    if goal.budget().is_days() {
        Used::Days(amount)
    } else {
        Used::Ms(amount)
    }
}

fn percent_bp(used: i64, budget: i64) -> i64 {
    let share = i128::from(used.max(0)) * 10_000 / i128::from(budget.max(1));
    i64::try_from(share).unwrap_or(i64::MAX)
}

fn calendar_at<'a>(segments: &[Segment<'a>], at: Timestamp) -> Option<&'a Calendar> {
    pieces(segments, at, at)
        .first()
        .map(|(_, _, calendar)| *calendar)
}

/// The due instant that has passed without the work being done, if one has.
fn breach(found: Option<Found>, course: &Course, comparator: Comparator) -> Option<Timestamp> {
    let found = found?;
    let late = match comparator {
        Comparator::Within => course.end > found.at,
        Comparator::Under => course.end >= found.at,
    };
    (found.passed || late).then_some(found.at)
}

/// The breach of a goal that has since been replaced. Time granted after the due instant does
/// not undo it.
fn earlier_breach(
    policy: &ClockPolicy,
    cycle: &Cycle<'_>,
) -> Result<Option<Timestamp>, ClockError> {
    for pair in cycle.goals.windows(2) {
        let [(_, goal), (replaced_at, _)] = pair else {
            continue;
        };
        let course = cycle.course(*replaced_at);
        let counting = Counting::new(goal.budget(), policy, &cycle.segments, cycle.started_at);
        let found = counting.reach(
            &course,
            goal.budget().amount(),
            Mark::Due(goal.comparator()),
        )?;
        if let Some(at) = breach(found, &course, goal.comparator()) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn due_at_start(policy: &ClockPolicy, cycle: &Cycle<'_>) -> Result<Option<Timestamp>, ClockError> {
    let goal = cycle.goals.first().map_or(policy.goal, |(_, goal)| *goal);
    let course = Course {
        runs: vec![(cycle.started_at, cycle.started_at)],
        live: true,
        end: cycle.started_at,
    };
    let counting = Counting::new(
        goal.budget(),
        policy,
        &cycle.segments_at_start,
        cycle.started_at,
    );
    let found = counting.reach(
        &course,
        goal.budget().amount(),
        Mark::Due(goal.comparator()),
    )?;
    Ok(found.map(|found| found.at))
}

fn verdict(state: ClockState, breached_at: Option<Timestamp>) -> Verdict {
    match (state, breached_at) {
        (ClockState::Cancelled, _) => Verdict::Void,
        (_, Some(_)) => Verdict::Missed,
        (ClockState::Stopped, None) => Verdict::Met,
        (ClockState::Pending | ClockState::Running | ClockState::Paused, None) => Verdict::Pending,
    }
}

/// What a clock has used of its goal, and when it is due.
struct Consumption {
    goal: Goal,
    used: i64,
    due: Option<Timestamp>,
}

impl Consumption {
    /// Whether a trigger is reached at `now`, amounts compared where its unit is the goal's: what
    /// lies before the start is then reached from the start.
    fn reaches(
        &self,
        trigger: Trigger,
        policy: &ClockPolicy,
        calendar: Option<&Calendar>,
        now: Timestamp,
    ) -> bool {
        let budget = self.goal.budget();
        let left = budget.amount() - self.used;
        match (trigger, budget.is_days()) {
            (Trigger::Percent(percent), _) => {
                i128::from(self.used) * 100 >= i128::from(budget.amount()) * i128::from(percent)
            }
            (Trigger::Before { ms }, false) => left <= ms,
            (Trigger::BeforeDays(days), true) => left <= i64::from(days),
            _ => self
                .due
                .zip(calendar)
                .and_then(|(due, calendar)| around_due(trigger, budget, policy, calendar, due))
                .is_some_and(|at| at <= now),
        }
    }
}

fn light<'a>(
    policy: &ClockPolicy,
    state: ClockState,
    verdict: Verdict,
    consumption: &Consumption,
    triggers: &[TriggerReading],
    calendar: impl Fn() -> Option<&'a Calendar>,
    now: Timestamp,
) -> Light {
    match (verdict, state) {
        (Verdict::Missed, _) => Light::Red,
        (Verdict::Void, _) | (_, ClockState::Paused | ClockState::Pending) => Light::Grey,
        (Verdict::Met, _) => Light::Green,
        (Verdict::Pending, _) => {
            let reached = policy
                .yellow
                .triggers(consumption.goal)
                .iter()
                .any(|trigger| consumption.reaches(*trigger, policy, calendar(), now));
            let warned =
                policy.yellow == Yellow::Usual && triggers.iter().any(|trigger| trigger.reached);
            if reached || warned {
                Light::Yellow
            } else {
                Light::Green
            }
        }
    }
}

/// An excuse counts for a miss only.
fn excused(cycle: &Cycle<'_>, breached_at: Option<Timestamp>) -> Option<Excuse> {
    breached_at.and(cycle.excused.clone())
}

/// A due instant rests on the days from the start to it.
fn provisional(goal: Goal, cycle: &Cycle<'_>, due: Option<Timestamp>) -> bool {
    if matches!(goal.budget(), Budget::Elapsed { .. }) {
        return false;
    }
    due.is_some_and(|due| {
        [cycle.started_at, due].into_iter().any(|at| {
            calendar_at(&cycle.segments, at).is_some_and(|calendar| calendar.is_provisional(at))
        })
    })
}

fn stretches(policy: &ClockPolicy, cycle: &Cycle<'_>, as_of: Timestamp) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for span in cycle.spans(as_of) {
        if span.from == span.to {
            continue;
        }
        for (from, to, calendar) in pieces(&cycle.segments, span.from, span.to) {
            stretches.push(Stretch {
                from,
                to,
                kind: span
                    .held
                    .clone()
                    .map_or(StretchKind::Running, StretchKind::Paused),
                working_ms: hours(calendar, policy.count_overtime).working_between(from, to),
                calendar: calendar.reference().clone(),
            });
        }
    }
    stretches
}

/// Where the time of a cycle went.
struct Sums {
    wall_ms: i64,
    office_ms: i64,
    offhours_ms: i64,
    overtime_ms: i64,
    paused: Vec<PausedTotal>,
}

impl Sums {
    fn of(policy: &ClockPolicy, cycle: &Cycle<'_>, course: &Course, stretches: &[Stretch]) -> Self {
        let mut sums = Self {
            wall_ms: course.end.millis_since(cycle.started_at),
            office_ms: 0,
            offhours_ms: 0,
            overtime_ms: 0,
            paused: Vec::new(),
        };
        for stretch in stretches {
            let StretchKind::Paused(reason) = &stretch.kind else {
                sums.office_ms += stretch.working_ms;
                sums.offhours_ms += stretch.wall_ms() - stretch.working_ms;
                continue;
            };
            match sums.paused.iter_mut().find(|total| total.reason == *reason) {
                Some(total) => {
                    total.wall_ms += stretch.wall_ms();
                    total.working_ms += stretch.working_ms;
                }
                None => sums.paused.push(PausedTotal {
                    reason: reason.clone(),
                    wall_ms: stretch.wall_ms(),
                    working_ms: stretch.working_ms,
                }),
            }
        }
        for (from, to) in &course.runs {
            for (from, to, calendar) in pieces(&cycle.segments, *from, *to) {
                sums.overtime_ms += calendar.with_overtime().working_between(from, to)
                    - calendar.office().working_between(from, to);
            }
        }
        debug_assert_eq!(
            sums.wall_ms,
            sums.office_ms
                + sums.offhours_ms
                + sums.paused.iter().map(|total| total.wall_ms).sum::<i64>(),
            "every millisecond of {}..{} belongs to exactly one party, overtime {}",
            cycle.started_at,
            course.end,
            policy.count_overtime
        );
        sums
    }
}

/// The working time in which the clock ran after `at`.
fn working_after(policy: &ClockPolicy, cycle: &Cycle<'_>, course: &Course, at: Timestamp) -> i64 {
    course
        .runs
        .iter()
        .filter(|(_, to)| *to > at)
        .flat_map(|(from, to)| pieces(&cycle.segments, (*from).max(at), *to))
        .map(|(from, to, calendar)| {
            hours(calendar, policy.count_overtime).working_between(from, to)
        })
        .sum()
}

fn triggers(
    policy: &ClockPolicy,
    cycle: &Cycle<'_>,
    counting: &Counting<'_, '_>,
    course: &Course,
    budget: i64,
    due: Option<Timestamp>,
) -> Result<Vec<TriggerReading>, ClockError> {
    let goal = cycle.goal(policy.goal);
    let calendar = calendar_at(&cycle.segments, due.unwrap_or(course.end));
    let mut readings = Vec::with_capacity(policy.triggers.len());
    for trigger in &policy.triggers {
        let at = match *trigger {
            Trigger::Percent(percent) => {
                let share = (i128::from(budget) * i128::from(percent) + 99) / 100;
                let share = i64::try_from(share).unwrap_or(i64::MAX).max(1);
                counting
                    .reach(course, share, Mark::Share)?
                    .map(|found| found.at)
            }
            // Without a due instant nothing lies before or after it.
            _ => due.zip(calendar).and_then(|(due, calendar)| {
                around_due(*trigger, goal.budget(), policy, calendar, due)
            }),
        };
        if let Some(at) = at.filter(|at| *at >= cycle.started_at) {
            readings.push(TriggerReading {
                trigger: *trigger,
                at,
                reached: at <= course.end,
            });
        }
    }
    Ok(readings)
}

fn around_due(
    trigger: Trigger,
    budget: Budget,
    policy: &ClockPolicy,
    calendar: &Calendar,
    due: Timestamp,
) -> Option<Timestamp> {
    let hours = hours(calendar, policy.count_overtime);
    let on_the_wall = matches!(budget, Budget::Elapsed { .. } | Budget::CalendarDays { .. });
    let days_from_due = |days: i64| {
        let kind = if on_the_wall {
            DayKind::Calendar
        } else {
            DayKind::Working
        };
        let ticks = calendar.ticks(kind, policy.day_end);
        // The day the due instant lies in ends with the first tick that is not before it.
        let due_day = ticks.first(due.saturating_add_millis(-1), NaiveDate::MIN);
        ticks.nth(due_day, 1 + days).map(|tick| tick.at)
    };
    match trigger {
        Trigger::Before { ms } if on_the_wall => due.checked_add_millis(ms.saturating_neg()),
        Trigger::Before { ms } => hours.sub(due, ms).ok(),
        Trigger::After { ms } if on_the_wall => due.checked_add_millis(ms),
        Trigger::After { ms } => hours.add(due, ms).ok(),
        Trigger::BeforeDays(days) => days_from_due(-i64::from(days)),
        Trigger::AfterDays(days) => days_from_due(i64::from(days)),
        Trigger::Percent(_) => None,
    }
}
