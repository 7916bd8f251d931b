//! Goals and triggers as people write them.

use groundbreak_sla::{Budget, Comparator, Goal, GoalError, Trigger, TriggerError};

fn goal(text: &str) -> Goal {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_goal_is_a_comparator_a_number_and_a_unit() {
    let hours = |hours: i64| hours * 3_600_000;
    let rows = [
        (
            "within 5h",
            Budget::Elapsed { ms: hours(5) },
            Comparator::Within,
        ),
        (
            "under 2h",
            Budget::Elapsed { ms: hours(2) },
            Comparator::Under,
        ),
        (
            "within 30min",
            Budget::Elapsed { ms: 1_800_000 },
            Comparator::Within,
        ),
        ("90 s", Budget::Elapsed { ms: 90_000 }, Comparator::Within),
        ("250 ms", Budget::Elapsed { ms: 250 }, Comparator::Within),
        (
            "Within 5 Hours",
            Budget::Elapsed { ms: hours(5) },
            Comparator::Within,
        ),
        (
            "under 2 working hours",
            Budget::Working { ms: hours(2) },
            Comparator::Under,
        ),
        (
            "45 working minutes",
            Budget::Working { ms: 2_700_000 },
            Comparator::Within,
        ),
        (
            "within 20 working days",
            Budget::WorkingDays { days: 20 },
            Comparator::Within,
        ),
        ("5wd", Budget::WorkingDays { days: 5 }, Comparator::Within),
        (
            "5 working days",
            Budget::WorkingDays { days: 5 },
            Comparator::Within,
        ),
        (
            "within 7 days",
            Budget::CalendarDays { days: 7 },
            Comparator::Within,
        ),
        (
            "1 calendar day",
            Budget::CalendarDays { days: 1 },
            Comparator::Within,
        ),
    ];
    for (text, budget, comparator) in rows {
        assert_eq!(
            (goal(text).budget(), goal(text).comparator()),
            (budget, comparator),
            "{text}"
        );
    }
}

#[test]
fn a_goal_is_shown_in_the_form_it_is_written() {
    for text in [
        "within 5h",
        "under 2h",
        "within 90min",
        "within 61s",
        "under 1500ms",
        "within 1 working hour",
        "under 90 working minutes",
        "within 1 working day",
        "within 20 working days",
        "under 7 days",
    ] {
        assert_eq!(goal(text).to_string(), text);
        assert_eq!(goal(&goal(text).to_string()), goal(text));
    }
}

#[test]
fn a_goal_reads_in_chinese_and_in_english() {
    for (text, zh, en) in [
        ("within 5h", "5 小时以内", "within 5 hours"),
        ("under 2h", "不满 2 小时", "under 2 hours"),
        (
            "within 20 working days",
            "20 个工作日以内",
            "within 20 working days",
        ),
        (
            "under 2 working hours",
            "不满 2 个工作小时",
            "under 2 working hours",
        ),
        ("1 day", "1 个自然日以内", "within 1 calendar day"),
    ] {
        let shown = goal(text).text();
        assert_eq!((shown.zh.as_str(), shown.en.as_str()), (zh, en));
    }
}

#[test]
fn what_is_no_goal_is_refused_with_its_reason() {
    for (text, error) in [
        ("", GoalError::Form),
        ("soon", GoalError::Form),
        ("within", GoalError::Form),
        ("5", GoalError::Form),
        ("5 fortnights", GoalError::Form),
        ("over 5h", GoalError::Form),
        ("5 calendar hours", GoalError::Form),
        ("5h 30min", GoalError::Form),
        ("-5h", GoalError::Form),
        ("1.5h", GoalError::Fraction),
        ("0h", GoalError::Zero),
        ("0 working days", GoalError::Zero),
        ("18251 days", GoalError::TooLarge),
        ("9999999999 days", GoalError::TooLarge),
        ("999999999999999999h", GoalError::TooLarge),
        ("9999999999999999999999999h", GoalError::TooLarge),
    ] {
        assert_eq!(text.parse::<Goal>(), Err(error), "{text}");
    }
}

#[test]
fn a_trigger_is_a_share_or_a_distance_from_the_due_instant() {
    for (text, trigger) in [
        ("80%", Trigger::Percent(80)),
        ("30min before", Trigger::Before { ms: 1_800_000 }),
        ("1 day before", Trigger::BeforeDays(1)),
        ("3 days before", Trigger::BeforeDays(3)),
        ("2h after", Trigger::After { ms: 7_200_000 }),
        ("1 day after", Trigger::AfterDays(1)),
    ] {
        assert_eq!(text.parse(), Ok(trigger));
        assert_eq!(trigger.to_string(), text);
    }
    for (text, error) in [
        ("80", TriggerError::Form),
        ("%", TriggerError::Form),
        ("+80%", TriggerError::Form),
        ("2h", TriggerError::Form),
        ("2 working hours before", TriggerError::Form),
        ("0%", TriggerError::Zero),
        ("0h before", TriggerError::Zero),
        ("1001%", TriggerError::TooLarge),
        ("99999999%", TriggerError::TooLarge),
        ("999999999999h after", TriggerError::TooLarge),
    ] {
        assert_eq!(text.parse::<Trigger>(), Err(error), "{text}");
    }
}

#[test]
fn goals_and_triggers_are_written_as_their_text() {
    assert_eq!(
        serde_json::to_string(&goal("under 2h")).unwrap(),
        "\"under 2h\""
    );
    assert_eq!(
        serde_json::to_string(&Trigger::Percent(50)).unwrap(),
        "\"50%\""
    );
    let refused = serde_json::from_str::<Goal>("\"1.5h\"").unwrap_err();
    assert!(refused.to_string().contains("90min"), "{refused}");
}
