//! How long the questions to a calendar take, beside a walk over the days that answers the same.
//!
//! `cargo bench -p groundbreak-sla`
//!
//! The calendar is the shipped one of the Pengjiang hall. Every question is asked of a table of
//! instants in turn, so that no answer is at hand from the one before.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say where"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use criterion::{Criterion, criterion_group, criterion_main};
use groundbreak_sla::{
    Calendar, CalendarChange, CalendarRef, CalendarSet, CalendarSpec, ClockEvent, ClockEventKind,
    ClockPolicy, DayEnd, DayStart, ExceptionKind, ExceptionSpec, Party, Timestamp, Window, fold,
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const QUESTIONS: usize = 4096;
const CLOCKS: usize = 100_000;

criterion_group!(benches, between, due, reading, amendment);
criterion_main!(benches);

#[allow(
    clippy::disallowed_methods,
    reason = "the room reads no file; its benchmark reads what it measures with"
)]
fn spec(name: &str) -> CalendarSpec {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../workflows/calendars")
        .join(name);
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn pengjiang() -> CalendarSpec {
    spec("pengjiang.yaml").inherit(&spec("china.yaml")).unwrap()
}

/// The same numbers in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((z ^ (z >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Instants of the years 2010 to 2029.
fn instants(numbers: &mut Numbers) -> Vec<Timestamp> {
    let from = at("2010-01-01T00:00:00Z");
    let years = at("2030-01-01T00:00:00Z").millis_since(from);
    (0..QUESTIONS)
        .map(|_| from.saturating_add_millis(numbers.below(years)))
        .collect()
}

/// Answers from the windows of each date, one date after the other.
struct Walk<'a>(&'a Calendar);

impl Walk<'_> {
    fn instant(&self, date: NaiveDate, minute: u16) -> Timestamp {
        let local = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute));
        let found = self.0.tz().from_local_datetime(&local).earliest().unwrap();
        Timestamp::from_millis(found.timestamp_millis())
    }

    fn window(&self, date: NaiveDate, window: &Window) -> (Timestamp, Timestamp) {
        (
            self.instant(date, window.open_minute),
            self.instant(date, window.close_minute),
        )
    }

    fn between(&self, from: Timestamp, to: Timestamp) -> i64 {
        let last = self.0.date_of(to);
        self.0
            .date_of(from)
            .iter_days()
            .take_while(|date| *date <= last)
            .flat_map(|date| {
                self.0
                    .windows(date)
                    .iter()
                    .map(move |window| (date, window))
            })
            .map(|(date, window)| {
                let (open, close) = self.window(date, window);
                close.min(to).millis_since(open.max(from)).max(0)
            })
            .sum()
    }

    fn add(&self, from: Timestamp, ms: i64) -> Timestamp {
        let mut left = ms;
        for date in self.0.date_of(from).iter_days() {
            for window in self.0.windows(date) {
                let (open, close) = self.window(date, window);
                let there = close.millis_since(open.max(from)).max(0);
                if left <= there {
                    return open.max(from).saturating_add_millis(left);
                }
                left -= there;
            }
        }
        Timestamp::MAX
    }

    fn sub(&self, to: Timestamp, ms: i64) -> Timestamp {
        let mut left = ms;
        let mut date = self.0.date_of(to);
        loop {
            for window in self.0.windows(date).iter().rev() {
                let (open, close) = self.window(date, window);
                let there = close.min(to).millis_since(open).max(0);
                if left <= there {
                    return close.min(to).saturating_add_millis(-left);
                }
                left -= there;
            }
            date = date - Days::new(1);
        }
    }

    fn add_days(&self, from: Timestamp, days: u32) -> Timestamp {
        let mut left = days;
        for date in self.0.date_of(from).iter_days().skip(1) {
            if let Some(window) = self.0.windows(date).last() {
                left -= 1;
                if left == 0 {
                    return self.instant(date, window.close_minute);
                }
            }
        }
        Timestamp::MAX
    }

    fn sub_days(&self, to: Timestamp, days: u32) -> Timestamp {
        let mut left = days;
        let mut date = self.0.date_of(to);
        loop {
            date = date - Days::new(1);
            if let Some(window) = self.0.windows(date).last() {
                left -= 1;
                if left == 0 {
                    return self.instant(date, window.close_minute);
                }
            }
        }
    }
}

/// Asks one question after the other, round and round.
fn ask<T, R>(c: &mut Criterion, id: &str, questions: &[T], answer: impl Fn(&T) -> R) {
    let mut next = questions.iter().cycle();
    c.bench_function(id, |bencher| {
        bencher.iter(|| answer(black_box(next.next().unwrap())));
    });
}

fn between(c: &mut Criterion) {
    let calendar = Calendar::compile(&pengjiang()).unwrap();
    let mut numbers = Numbers(1);
    let pairs: Vec<_> = instants(&mut numbers)
        .into_iter()
        .map(|from| {
            (
                from,
                from.saturating_add_millis(3_652 * DAY + numbers.below(2 * DAY)),
            )
        })
        .collect();
    let walk = Walk(&calendar);
    for (from, to) in pairs.iter().take(100) {
        assert_eq!(
            calendar.working_between(*from, *to),
            walk.between(*from, *to)
        );
    }
    ask(
        c,
        "working time in ten years/index",
        &pairs,
        |(from, to)| calendar.working_between(*from, *to),
    );
    ask(c, "working time in ten years/walk", &pairs, |(from, to)| {
        walk.between(*from, *to)
    });
}

fn due(c: &mut Criterion) {
    let calendar = Calendar::compile(&pengjiang()).unwrap();
    let mut numbers = Numbers(2);
    // One to forty working hours, one to thirty days.
    let hours: Vec<_> = instants(&mut numbers)
        .into_iter()
        .map(|from| (from, HOUR + numbers.below(39 * HOUR)))
        .collect();
    let days: Vec<_> = instants(&mut numbers)
        .into_iter()
        .map(|from| (from, u32::try_from(1 + numbers.below(30)).unwrap()))
        .collect();
    let walk = Walk(&calendar);
    let add_days = |from, days| {
        calendar
            .add_working_days(from, days, DayStart::NextDay)
            .unwrap()
    };
    let sub_days = |to, days| calendar.sub_working_days(to, days).unwrap();
    for ((from, ms), (start, count)) in hours.iter().zip(&days).take(500) {
        assert_eq!(calendar.add(*from, *ms).unwrap(), walk.add(*from, *ms));
        assert_eq!(calendar.sub(*from, *ms).unwrap(), walk.sub(*from, *ms));
        assert_eq!(add_days(*start, *count), walk.add_days(*start, *count));
        assert_eq!(sub_days(*start, *count), walk.sub_days(*start, *count));
    }
    ask(c, "add working time/index", &hours, |(from, ms)| {
        calendar.add(*from, *ms)
    });
    ask(c, "add working time/walk", &hours, |(from, ms)| {
        walk.add(*from, *ms)
    });
    ask(c, "sub working time/index", &hours, |(to, ms)| {
        calendar.sub(*to, *ms)
    });
    ask(c, "sub working time/walk", &hours, |(to, ms)| {
        walk.sub(*to, *ms)
    });
    ask(c, "add working days/index", &days, |(from, days)| {
        add_days(*from, *days)
    });
    ask(c, "add working days/walk", &days, |(from, days)| {
        walk.add_days(*from, *days)
    });
    ask(c, "sub working days/index", &days, |(to, days)| {
        sub_days(*to, *days)
    });
    ask(c, "sub working days/walk", &days, |(to, days)| {
        walk.sub_days(*to, *days)
    });
    ask(c, "add calendar days/index", &days, |(from, days)| {
        let date = calendar.date_of(*from) + Days::new(u64::from(*days));
        calendar.end_of(date, DayEnd::Close)
    });
}

/// A clock that is open at `now`.
struct Open {
    policy: ClockPolicy,
    events: Vec<ClockEvent>,
}

fn now() -> Timestamp {
    at("2026-06-15T02:00:00Z")
}

/// Clocks of every unit, most of them running, a quarter with one pause or two in their past,
/// one in sixteen held now; each has been told, at `now`, to count by the amended calendar.
fn clocks(count: usize) -> Vec<Open> {
    const GOALS: [&str; 8] = [
        "within 9 working hours",
        "within 40 working hours",
        "within 5 working days",
        "within 10 working days",
        "under 20 working days",
        "within 15 days",
        "within 30 days",
        "within 72h",
    ];
    let mut numbers = Numbers(3);
    (0..count)
        .map(|index| {
            let policy = ClockPolicy::new(GOALS[index % GOALS.len()].parse().unwrap())
                .with_triggers(vec![
                    "80%".parse().unwrap(),
                    "1 day before".parse().unwrap(),
                ]);
            let mut t = now().saturating_add_millis(-10 * DAY - numbers.below(20 * DAY));
            let mut events = vec![ClockEvent::start(t)];
            let turns = match numbers.below(16) {
                0..12 => 0,
                12 => 1,
                13 | 14 => 2,
                _ => 4,
            };
            for turn in 0..turns {
                t = t.saturating_add_millis(HOUR + numbers.below(2 * DAY));
                events.push(if turn % 2 == 0 {
                    ClockEvent::pause(t, Party::Applicant.into())
                } else {
                    ClockEvent::resume(t)
                });
            }
            events.push(ClockEvent::at(
                now(),
                ClockEventKind::SetCalendar {
                    calendar: CalendarRef::new("pengjiang", 2),
                    mode: CalendarChange::Retro,
                },
            ));
            Open { policy, events }
        })
        .collect()
}

/// The next version: one more day off, in the time the clocks run through.
fn amended() -> CalendarSpec {
    let mut spec = pengjiang();
    spec.version = 2;
    spec.exceptions.insert(
        "2026-06-16".to_owned(),
        ExceptionSpec {
            kind: ExceptionKind::LocalOff,
            name: None,
            hours: None,
            works_as: None,
        },
    );
    spec
}

fn calendars(amended: &CalendarSpec, initial: &Arc<Calendar>) -> CalendarSet {
    CalendarSet::new(initial.clone()).with(Arc::new(Calendar::compile(amended).unwrap()))
}

fn reading(c: &mut Criterion) {
    let initial = Arc::new(Calendar::compile(&pengjiang()).unwrap());
    let set = calendars(&amended(), &initial);
    let clocks = clocks(QUESTIONS);
    for (name, first) in [
        ("working hours", 0),
        ("working days", 2),
        ("calendar days", 5),
        ("elapsed", 7),
    ] {
        let some: Vec<_> = clocks.iter().skip(first).step_by(8).collect();
        ask(c, &format!("read a clock/{name}"), &some, |open| {
            fold(&open.policy, &set, &open.events, now()).unwrap()
        });
    }
}

fn amendment(c: &mut Criterion) {
    let amended = amended();
    let initial = Arc::new(Calendar::compile(&pengjiang()).unwrap());
    let mut group = c.benchmark_group("amendment");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(10));
    group.bench_function("compile a calendar", |bencher| {
        bencher.iter(|| Calendar::compile(black_box(&amended)).unwrap());
    });
    let clocks = clocks(CLOCKS);
    group.bench_function("compile and count 100,000 clocks anew", |bencher| {
        bencher.iter(|| {
            let set = calendars(&amended, &initial);
            clocks
                .iter()
                .filter_map(|open| fold(&open.policy, &set, &open.events, now()).unwrap().due)
                .map(Timestamp::as_millis)
                .fold(0, i64::wrapping_add)
        });
    });
    group.finish();
}
