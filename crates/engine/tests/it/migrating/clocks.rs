//! What becomes of delays and clocks.

use std::collections::BTreeMap;

use groundbreak_engine::MigrationRequest;
use groundbreak_engine::workflow::sla::{BreachCause, Timestamp, Verdict};
use groundbreak_engine::workflow::{CaseId, Data, Entry, Mapping};

use super::{Run, check, definition, to_second, told};
use crate::given::{CALENDAR, HOUR, after, comment, fire, fired};

pub(super) fn delayed(version: u32, delays: &str) -> String {
    let states = format!(
        "data: {{ quick: {{ @quick, type: boolean }} }}
states:
  review: {{ @review, on: {{ go: ended }}, after: [{delays}] }}
  late: {{ @late, on: {{ go: ended }}, after: [{{ delay: 500h, to: very_late }}] }}
  very_late: {{ @very_late, on: {{ go: ended }} }}
  ended: {{ @ended, final: true }}
"
    );
    definition(version, "go", &states)
}

/// Migrates three hours after the state was entered, and returns the run and the case.
async fn three_hours_later(first: &str, second: &str) -> (Run, CaseId) {
    let run = Run::begin(first).await;
    let id = run.case(Data::new(), "").await;
    run.engine.advance_to(after(3 * HOUR)).await.unwrap();
    run.engine.publish_workflow(second).await.unwrap();
    let report = run.migrate(&to_second(Mapping::default())).await;
    assert!(report.is_whole(), "{:?}", report.cases);
    (run.reopened().await, id)
}

pub(super) const LATE: &str = "{ delay: 5h, to: late }";

#[tokio::test]
async fn a_delay_is_counted_anew_from_when_its_state_was_entered() {
    let second = LATE.replace("5h", "8h");
    let (run, id) = three_hours_later(&delayed(1, LATE), &delayed(2, &second)).await;
    let armed = run.read(id).await.armed;
    assert_eq!(armed.get("after/review/0"), Some(&after(8 * HOUR)));
    run.engine.advance_to(after(9 * HOUR)).await.unwrap();
    let journal = run.engine.journal(id).await.unwrap();
    assert_eq!(fired(&journal)[0].1, after(8 * HOUR));
}

#[tokio::test]
async fn a_delay_that_is_over_by_the_new_version_fires_at_once_and_not_before_the_migration() {
    let second = LATE.replace("5h", "2h");
    let (run, id) = three_hours_later(&delayed(1, LATE), &delayed(2, &second)).await;
    let case = run.read(id).await;
    assert!(case.is_in("late"));
    assert_eq!(case.entered_at("late"), Some(after(3 * HOUR)));
    let journal = run.engine.journal(id).await.unwrap();
    let (timer, due_at, recorded_at, late) = fired(&journal)[0].clone();
    assert_eq!(
        (timer.as_str(), due_at),
        ("after/review/0", after(2 * HOUR))
    );
    assert_eq!((recorded_at, late), (after(3 * HOUR), Some(HOUR)));
}

#[tokio::test]
async fn a_delay_that_fired_does_not_fire_again() {
    // It fired after an hour and its condition did not hold.
    let once = "{ delay: 1h, to: very_late, if: has(data.quick) }, { delay: 50h, to: late }";
    let second = "{ delay: 50h, to: late }, { delay: 1h, to: very_late, if: has(data.quick) }";
    let (run, id) = three_hours_later(&delayed(1, once), &delayed(2, second)).await;
    let journal = run.engine.journal(id).await.unwrap();
    assert_eq!(fired(&journal).len(), 1);
    let armed: Vec<_> = run.read(id).await.armed.into_iter().collect();
    assert_eq!(armed, [("after/review/0".to_owned(), after(50 * HOUR))]);
    // Made longer than the time that has passed, it is to come once more.
    let longer = once.replace("1h", "4h");
    let (run, id) = three_hours_later(&delayed(1, once), &delayed(2, &longer)).await;
    let armed = run.read(id).await.armed;
    assert_eq!(armed.get("after/review/0"), Some(&after(4 * HOUR)));
}

fn clocked(version: u32, clocks: &str) -> String {
    let states = "states:
  review: { @review, on: { ask: correction, go: granted } }
  correction: { @correction, pauses: applicant_correction, on: { answer: review } }
  granted: { @granted, on: { go: ended } }
  ended: { @ended, final: true }
";
    definition(
        version,
        "go ask answer",
        &format!("clocks:\n{clocks}{states}"),
    )
}

fn clock(name: &str, budget: &str) -> String {
    format!(
        "  {name}: {{ @{name}, effect: promised, budget: {budget}, start: entering review, stop: entering granted, paused_by: [applicant_correction], warn: [50%] }}\n"
    )
}

#[tokio::test]
async fn a_clock_goes_on_under_its_new_goal_and_warns_again_where_that_lies_ahead() {
    let (first, second) = (
        clock("licence", "within 4h"),
        clock("licence", "within 10h"),
    );
    let (run, id) = three_hours_later(&clocked(1, &first), &clocked(2, &second)).await;
    let situation = run.engine.situation(id).await.unwrap().unwrap();
    let reading = &situation.clocks[0].reading;
    assert_eq!(reading.due, Some(after(10 * HOUR)));
    assert_eq!(reading.started_at, Some(after(0)));
    let changed = run
        .entries(id)
        .await
        .into_iter()
        .find_map(|entry| match entry {
            Entry::ClockGoalChanged {
                due_before,
                due_at,
                rearmed,
                ..
            } => Some((due_before, due_at, rearmed)),
            _ => None,
        });
    let expected = (
        Some(after(4 * HOUR)),
        Some(after(10 * HOUR)),
        vec!["50%".to_owned()],
    );
    assert_eq!(changed, Some(expected));
    run.engine.advance_to(after(11 * HOUR)).await.unwrap();
    let journal = run.engine.journal(id).await.unwrap();
    let instants: Vec<_> = fired(&journal)
        .into_iter()
        .map(|(timer, due, ..)| (timer, due))
        .collect();
    assert_eq!(
        instants,
        [
            ("warn/licence/50%".to_owned(), after(2 * HOUR)),
            ("warn/licence/50%".to_owned(), after(5 * HOUR)),
            ("breach/licence".to_owned(), after(10 * HOUR + 1)),
        ]
    );
}

fn breaches(entries: &[Entry]) -> Vec<(String, Timestamp, BreachCause)> {
    let found = entries.iter().filter_map(|entry| match entry {
        Entry::ClockBreached {
            clock,
            due_at,
            cause,
        } => Some((clock.clone(), *due_at, *cause)),
        _ => None,
    });
    found.collect()
}

#[tokio::test]
async fn what_only_the_new_goal_makes_late_is_excused() {
    let (first, second) = (clock("licence", "within 4h"), clock("licence", "within 2h"));
    let (run, id) = three_hours_later(&clocked(1, &first), &clocked(2, &second)).await;
    let cause = BreachCause::GoalChange;
    let expected = [("licence".to_owned(), after(2 * HOUR), cause)];
    assert_eq!(breaches(&run.entries(id).await), expected);
    run.give(id, fire("go")).await.unwrap();
    let situation = run.engine.situation(id).await.unwrap().unwrap();
    assert!(situation.clocks[0].reading.excused.is_some());
}

#[tokio::test]
async fn a_breach_stands_whatever_the_new_goal_is() {
    let (first, second) = (
        clock("licence", "within 2h"),
        clock("licence", "within 10h"),
    );
    let (run, id) = three_hours_later(&clocked(1, &first), &clocked(2, &second)).await;
    let expected = [("licence".to_owned(), after(2 * HOUR), BreachCause::Work)];
    assert_eq!(breaches(&run.entries(id).await), expected);
    run.give(id, fire("go")).await.unwrap();
    let situation = run.engine.situation(id).await.unwrap().unwrap();
    let reading = &situation.clocks[0].reading;
    assert_eq!(reading.breached_at, Some(after(2 * HOUR)));
    assert!(reading.excused.is_none());
}

#[tokio::test]
async fn a_cycle_that_is_over_keeps_its_goal_and_verdict() {
    let (first, second) = (clock("licence", "within 4h"), clock("licence", "within 1h"));
    let run = Run::begin(&clocked(1, &first)).await;
    let id = run.case(Data::new(), "").await;
    run.engine.advance_to(after(2 * HOUR)).await.unwrap();
    run.give(id, fire("go")).await.unwrap();
    run.engine
        .publish_workflow(clocked(2, &second))
        .await
        .unwrap();
    run.migrate(&to_second(Mapping::default())).await;
    let run = run.reopened().await;
    let face = run.engine.situation(id).await.unwrap().unwrap().clocks[0].clone();
    assert_eq!(face.reading.breached_at, None);
    assert_eq!(face.budget.en, "within 4 hours");
}

#[tokio::test]
async fn a_clock_that_is_gone_is_cancelled_and_its_miss_is_kept() {
    let both = clock("licence", "within 2h") + &clock("total", "within 9h");
    let second = clock("total", "within 9h");
    let (run, id) = three_hours_later(&clocked(1, &both), &clocked(2, &second)).await;
    let entries = run.entries(id).await;
    let cancelled = Entry::ClockCancelled {
        clock: "licence".into(),
    };
    assert!(entries.contains(&cancelled));
    assert_eq!(breaches(&entries).len(), 1);
    let case = run.read(id).await;
    assert_eq!(
        case.former_clocks,
        BTreeMap::from([("licence".to_owned(), 1)])
    );
    let former = run.engine.former_versions(&case).unwrap();
    let reading = former[0]
        .clock_reading(&case, "licence", after(3 * HOUR))
        .unwrap()
        .unwrap();
    assert_eq!(reading.breached_at, Some(after(2 * HOUR)));
}

#[tokio::test]
async fn a_new_clock_counts_from_the_recorded_entry_and_stood_still_as_recorded() {
    let (first, second) = (
        clock("old", "within 90h"),
        clock("old", "within 90h") + &clock("new", "within 4h"),
    );
    let run = Run::begin(&clocked(1, &first)).await;
    let id = run.case(Data::new(), "").await;
    for (hour, event) in [(1, "ask"), (3, "answer")] {
        run.engine.advance_to(after(hour * HOUR)).await.unwrap();
        run.give(id, fire(event)).await.unwrap();
    }
    run.engine.advance_to(after(4 * HOUR)).await.unwrap();
    run.engine
        .publish_workflow(clocked(2, &second))
        .await
        .unwrap();
    run.migrate(&to_second(Mapping::default())).await;
    let run = run.reopened().await;
    let situation = run.engine.situation(id).await.unwrap().unwrap();
    let face = situation
        .clocks
        .iter()
        .find(|face| face.name == "new")
        .unwrap();
    assert_eq!(face.reading.started_at, Some(after(0)));
    // Two of the four hours so far were the applicant's.
    assert_eq!(face.reading.due, Some(after(6 * HOUR)));
    assert_eq!(face.reading.paused[0].wall_ms, 2 * HOUR);
    assert!(breaches(&run.entries(id).await).is_empty());
}

#[tokio::test]
async fn a_new_clock_that_is_late_from_the_beginning_is_excused_and_one_that_is_over_does_not_start()
 {
    let first = clock("old", "within 90h");
    let second = first.clone() + &clock("new", "within 1h");
    let (run, id) = three_hours_later(&clocked(1, &first), &clocked(2, &second)).await;
    let expected = [("new".to_owned(), after(HOUR), BreachCause::GoalChange)];
    assert_eq!(breaches(&run.entries(id).await), expected);

    let run = Run::begin(&clocked(1, &first)).await;
    let id = run.case(Data::new(), "go").await;
    run.engine
        .publish_workflow(clocked(2, &second))
        .await
        .unwrap();
    run.migrate(&to_second(Mapping::default())).await;
    assert!(!run.read(id).await.clocks.contains_key("new"));
}

#[tokio::test]
async fn a_clock_that_would_count_otherwise_keeps_its_case() {
    let first = clocked(1, &clock("licence", "within 5 working days"));
    let other =
        clock("licence", "within 5 working days").replace("warn:", "first_day: counted, warn:");
    check(
        &first,
        "",
        &clocked(2, &other),
        "",
        "! migrate-clock-counts-otherwise",
    )
    .await;
    let before = clock("licence", "within 5 working days")
        .replace("stop: entering granted", "stop: entering correction");
    let run = Run::begin(&first).await;
    let id = run.case(Data::new(), "").await;
    run.engine.advance_to(after(HOUR)).await.unwrap();
    run.give(id, fire("ask")).await.unwrap();
    let second = clocked(2, &before);
    run.engine.publish_workflow(second).await.unwrap();
    let report = run.migrate(&to_second(Mapping::default())).await;
    assert_eq!(
        told(&report.cases[0].outcome),
        "! migrate-clock-ended-before"
    );
    check(&first, "", &clocked(2, &before), "", "review").await;
}

#[tokio::test]
async fn what_counted_on_an_older_calendar_is_not_counted_anew() {
    let budget = clock("licence", "within 4 working hours");
    let run = Run::begin(&clocked(1, &budget)).await;
    let over = run.case(Data::new(), "go").await;
    let counting = run.case(Data::new(), "").await;
    run.engine.advance_to(after(HOUR)).await.unwrap();
    run.give(over, comment("x")).await.unwrap();
    let amended = CALENDAR.replace("id: hall\n", "id: hall\nversion: 2\n")
        + "exceptions:\n  '2023-03-23': { kind: special, hours: [['00:00', '11:00'], ['15:00', '24:00']] }\n";
    run.engine.publish_calendar(amended).await.unwrap();
    let due = async |run: &Run, id| {
        run.engine.situation(id).await.unwrap().unwrap().clocks[0]
            .reading
            .clone()
    };
    let (ended, running) = (due(&run, over).await, due(&run, counting).await);
    assert_eq!(running.due, Some(after(8 * HOUR)));
    run.engine
        .publish_workflow(clocked(2, &budget))
        .await
        .unwrap();
    run.migrate(&to_second(Mapping::default())).await;
    let run = run.reopened().await;
    assert_eq!(due(&run, over).await, ended);
    assert_eq!(due(&run, counting).await, running);
    // What starts on the new version counts on the newest calendar, as it would have before.
    run.engine.advance_to(after(9 * HOUR)).await.unwrap();
    let situation = run.engine.situation(counting).await.unwrap().unwrap();
    assert_eq!(situation.clocks[0].breached, Some(after(8 * HOUR)));
}

#[tokio::test]
async fn a_clock_that_comes_back_in_a_later_version_keeps_what_is_over() {
    let text = |version, budget: Option<&str>| {
        let clocks = budget.map(|budget| clock("licence", budget));
        let clocks = clocks.unwrap_or_default() + &clock("total", "within 90h");
        clocked(version, &clocks)
    };
    let run = Run::begin(&text(1, Some("within 4h"))).await;
    let over = run.case(Data::new(), "").await;
    let counting = run.case(Data::new(), "").await;
    run.engine.advance_to(after(2 * HOUR)).await.unwrap();
    run.give(over, fire("go")).await.unwrap();
    for (version, budget) in [(2, None), (3, Some("within 1h"))] {
        let next = text(version, budget);
        run.engine.publish_workflow(next).await.unwrap();
        let request = MigrationRequest::new("permit", version);
        assert!(run.migrate(&request).await.is_whole());
    }
    let run = run.reopened().await;
    let reading = async |id| {
        let case = run.read(id).await;
        assert!(case.former_clocks.is_empty());
        let workflow = run.engine.workflow("permit", Some(3)).unwrap();
        let reading = workflow.clock_reading(&case, "licence", after(2 * HOUR));
        reading.unwrap().unwrap()
    };
    // Met under the four hours it had.
    assert_eq!(reading(over).await.verdict, Verdict::Met);
    // Cancelled when it was gone, and not started anew without a new entry.
    assert_eq!(reading(counting).await.verdict, Verdict::Void);
    assert!(breaches(&run.entries(over).await).is_empty());
    assert!(breaches(&run.entries(counting).await).is_empty());
}
