//! The slow way: read the wall clock minute by minute, and compare.

use chrono::{Datelike, Days, NaiveDate, Timelike};
use groundbreak_sla::{
    CalendarSet, ClockEvent, ClockPolicy, Comparator, Goal, Party, PauseReason, Timestamp, Verdict,
    fold,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::suites::compile;

const MINUTE: i64 = 60_000;

/// Opening and closing minutes of each weekday, and of the dates that differ.
#[derive(Debug, Clone)]
struct Plan {
    tz: chrono_tz::Tz,
    weekly: Vec<Vec<(u32, u32)>>,
    exceptions: Vec<(NaiveDate, Vec<(u32, u32)>)>,
}

impl Plan {
    fn windows(&self, date: NaiveDate) -> &[(u32, u32)] {
        match self.exceptions.iter().find(|(other, _)| *other == date) {
            Some((_, windows)) => windows,
            None => &self.weekly[date.weekday().num_days_from_monday() as usize],
        }
    }

    /// Whether the office is open in the minute that begins at `t`: today's windows, or a night
    /// shift of yesterday.
    fn open(&self, t: Timestamp) -> bool {
        let local = t.in_zone(self.tz);
        let (date, minute) = (local.date_naive(), local.hour() * 60 + local.minute());
        let holds = |date: NaiveDate, minute: u32| {
            self.windows(date)
                .iter()
                .any(|(open, close)| (*open..*close).contains(&minute))
        };
        holds(date, minute) || holds(date.pred_opt().unwrap(), minute + 1440)
    }

    fn spec(&self) -> Value {
        let hours = |windows: &[(u32, u32)]| -> Value {
            let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
            windows
                .iter()
                .map(|(open, close)| json!([time(*open), time(*close)]))
                .collect()
        };
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let weekly: serde_json::Map<_, _> = days
            .iter()
            .zip(&self.weekly)
            .map(|(day, windows)| ((*day).to_owned(), hours(windows)))
            .collect();
        let exceptions: serde_json::Map<_, _> = self
            .exceptions
            .iter()
            .map(|(date, windows)| {
                let exception = if windows.is_empty() {
                    json!({"kind": "holiday"})
                } else {
                    json!({"kind": "special", "hours": hours(windows)})
                };
                (date.to_string(), exception)
            })
            .collect();
        json!({"id": "plan", "tz": self.tz.name(), "weekly": weekly, "exceptions": exceptions})
    }
}

/// Windows between 04:00 and 24:00, and perhaps a night shift that ends before 01:00 or at 04:00.
/// No boundary lies in the hours in which clocks change: there the rule is not the wall clock's.
fn windows() -> impl Strategy<Value = Vec<(u32, u32)>> {
    (
        prop::collection::btree_set(16_u32..96, 0..=3),
        prop::sample::select(&[0_u32, 1, 2, 3, 16][..]),
        any::<bool>(),
    )
        .prop_map(|(cuts, night, shift)| {
            let cuts: Vec<u32> = cuts.into_iter().map(|quarter| quarter * 15).collect();
            let mut windows: Vec<_> = cuts
                .chunks_exact(2)
                .map(|pair| (pair[0], pair[1]))
                .collect();
            let last = windows.last().map_or(240, |(_, close)| *close);
            if shift && last < 1380 {
                windows.push((1380, 1440 + night * 15));
            }
            windows
        })
}

fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 10, 22).unwrap()
}

fn plan(zones: &'static [chrono_tz::Tz]) -> impl Strategy<Value = Plan> {
    (
        prop::sample::select(zones),
        prop::collection::vec(windows(), 7),
        windows(),
        prop::collection::btree_map(0_u64..14, windows(), 0..3),
    )
        .prop_map(|(tz, mut weekly, monday, exceptions)| {
            // A week without any hours is no calendar.
            if weekly.iter().all(Vec::is_empty) {
                weekly[0] = if monday.is_empty() {
                    vec![(540, 720)]
                } else {
                    monday
                };
            }
            let exceptions = exceptions
                .into_iter()
                .map(|(offset, windows)| (first() + Days::new(offset), windows))
                .collect();
            Plan {
                tz,
                weekly,
                exceptions,
            }
        })
}

fn start_of(plan: &Plan) -> Timestamp {
    groundbreak_sla::parse_local(plan.tz, &format!("{} 00:00", first())).unwrap()
}

fn minutes_after(t: Timestamp, minutes: i64) -> Timestamp {
    t.saturating_add_millis(minutes * MINUTE)
}

const CHANGING: &[chrono_tz::Tz] = &[
    chrono_tz::Asia::Shanghai,
    chrono_tz::Asia::Kathmandu,
    chrono_tz::Europe::Berlin,
    chrono_tz::America::New_York,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn working_time_is_the_minutes_the_office_was_open(plan in plan(CHANGING), amount in 1_i64..4_000) {
        let calendar = compile(plan.spec());
        let begin = start_of(&plan);
        let total = 14 * 1440;
        let open: Vec<bool> = (0..total).map(|minute| plan.open(minutes_after(begin, minute))).collect();
        let mut counted = 0;
        let mut due = None;
        for (minute, open) in (0..total).zip(&open) {
            let t = minutes_after(begin, minute);
            prop_assert_eq!(calendar.is_open_at(t), *open, "{}", t);
            counted += i64::from(*open);
            prop_assert_eq!(calendar.working_between(begin, minutes_after(t, 1)), counted * MINUTE, "{}", t);
            if counted == amount && due.is_none() {
                due = Some(minutes_after(t, 1));
            }
        }
        if let Some(due) = due {
            prop_assert_eq!(calendar.add(begin, amount * MINUTE), Ok(due));
            let back = calendar.sub(due, amount * MINUTE).unwrap();
            let first_open = open.iter().position(|open| *open).map(|minute| minutes_after(begin, minute as i64));
            prop_assert_eq!(Some(back), first_open);
        }
    }
}

/// What a clock says, found by living through it minute by minute.
#[derive(Debug, PartialEq, Eq)]
struct Lived {
    used: i64,
    office_ms: i64,
    paused_ms: i64,
    due: Option<Timestamp>,
    breached_at: Option<Timestamp>,
}

/// Lives through a clock. `held[minute]` is whether it is held in the minute that begins then;
/// after its end the clock is as in its last minute. `now` counts minutes from the start.
fn live(plan: &Plan, begin: Timestamp, goal: Goal, held: &[bool], now: usize) -> Lived {
    let budget = goal.budget().amount();
    let days = goal.budget().is_days();
    let working = goal.to_string().contains("working");
    let start_date = begin.in_zone(plan.tz).date_naive();
    let runs = |minute: usize| !held[minute.min(now)];
    let mut lived = Lived {
        used: 0,
        office_ms: 0,
        paused_ms: 0,
        due: None,
        breached_at: None,
    };
    let mut used = 0;
    // When the budget was used up, if work did not pause at that very instant.
    let mut due_found: Option<Timestamp> = None;
    let mut exhausted = false;
    // A week may be open for a quarter of an hour, and then nine hours take 36 weeks.
    for minute in 0..now + 300 * 1440 {
        let (t, end) = (
            minutes_after(begin, minute as i64),
            minutes_after(begin, minute as i64 + 1),
        );
        let open = plan.open(t);
        if exhausted && due_found.is_none() && runs(minute) {
            due_found = Some(t);
        }
        if minute < now {
            lived.office_ms += if open && runs(minute) { MINUTE } else { 0 };
            lived.paused_ms += if runs(minute) { 0 } else { MINUTE };
        }
        if runs(minute) {
            used += match (days, working) {
                (false, false) => MINUTE,
                (false, true) => i64::from(open) * MINUTE,
                // The minute ends a working day after the first.
                (true, _) => {
                    i64::from(closes(plan, t) && t.in_zone(plan.tz).date_naive() > start_date)
                }
            };
        }
        if minute + 1 == now {
            lived.used = used;
        }
        if used >= budget && !exhausted {
            exhausted = true;
            // Under a strict goal the last instant is late whatever happens next.
            if goal.comparator() == Comparator::Under || minute + 1 >= now || runs(minute + 1) {
                due_found = Some(end);
            }
        }
        if due_found.is_some() && minute >= now {
            break;
        }
    }
    let end = minutes_after(begin, now as i64);
    lived.due = due_found.filter(|_| runs(now));
    lived.breached_at = due_found.filter(|due| match goal.comparator() {
        Comparator::Within => end > *due,
        Comparator::Under => end >= *due,
    });
    lived
}

/// Whether the minute that begins at `t` is the last of its date's windows.
fn closes(plan: &Plan, t: Timestamp) -> bool {
    let local = t.in_zone(plan.tz);
    let minute = local.hour() * 60 + local.minute();
    plan.windows(local.date_naive())
        .last()
        .is_some_and(|(_, close)| *close == minute + 1)
}

const FIXED: &[chrono_tz::Tz] = &[chrono_tz::Asia::Shanghai];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_clock_says_what_living_through_it_says(
        mut plan in plan(FIXED),
        goal in prop::sample::select(&[
            "within 40h", "under 40h", "within 9 working hours", "under 9 working hours", "within 3 working days",
            "under 3 working days",
        ][..]),
        begin in 0_i64..4_000,
        turns in prop::collection::vec(1_usize..1_500, 0..6),
        beyond in 0_usize..2_000,
    ) {
        // A night shift belongs to the date it began on; the slow way below tells dates by the
        // wall clock, so here every window ends by midnight.
        let end_by_midnight = |windows: &mut Vec<(u32, u32)>| {
            for (_, close) in windows {
                *close = (*close).min(1440);
            }
        };
        plan.weekly.iter_mut().for_each(end_by_midnight);
        for (_, windows) in &mut plan.exceptions {
            end_by_midnight(windows);
        }
        let begin = minutes_after(start_of(&plan), begin);
        let reason = PauseReason::from(Party::Applicant);
        let mut events = vec![ClockEvent::start(begin)];
        let mut held = Vec::new();
        for (index, minutes) in turns.iter().enumerate() {
            held.extend(std::iter::repeat_n(index % 2 == 1, *minutes));
            let at = minutes_after(begin, held.len() as i64);
            events.push(if index % 2 == 0 {
                ClockEvent::pause(at, reason.clone())
            } else {
                ClockEvent::resume(at)
            });
        }
        let now = held.len() + beyond;
        held.extend(std::iter::repeat_n(turns.len() % 2 == 1, beyond + 1));

        let goal: Goal = goal.parse().unwrap();
        let set = CalendarSet::from(compile(plan.spec()));
        let reading = fold(&ClockPolicy::new(goal), &set, &events, minutes_after(begin, now as i64)).unwrap();
        let lived = live(&plan, begin, goal, &held, now);
        let read = Lived {
            used: reading.used.amount(),
            office_ms: reading.office_ms,
            paused_ms: reading.paused.iter().map(|total| total.wall_ms).sum(),
            due: reading.due,
            breached_at: reading.breached_at,
        };
        prop_assert_eq!(&read, &lived);
        prop_assert_eq!(reading.verdict == Verdict::Missed, lived.breached_at.is_some());
    }
}
