//! The quickest way through a clock, and budgets that no case can keep.

use std::collections::BTreeMap;

use groundbreak_workflow::{Library, LibraryError, Workflow};

use crate::HALL;

/// A definition with one clock, from its parts.
fn definition(clock: &str, states: &str) -> String {
    format!(
        "workflow: w\nversion: 1\ntitle: {{ zh: 甲, en: A }}\ncalendar: hall\n\
         roles: {{ clerk: {{ title: {{ zh: 员, en: Clerk }} }} }}\n\
         gates: {{ g: {{ title: {{ zh: 门, en: Gate }}, when: 'at(\"x\") && !at(\"y\")' }} }}\n\
         events:\n  go: {{ title: {{ zh: 走, en: Go }}, by: [clerk] }}\n  hop: {{ title: {{ zh: 跳, en: Hop }}, by: [clerk] }}\n\
         clocks:\n  c:\n    title: {{ zh: 钟, en: Clock }}\n    effect: internal\n    {clock}\n\
         states:\n{states}"
    )
    .replace("T:", "title: { zh: 态, en: State }")
}

fn compile(source: &str) -> Result<std::sync::Arc<Workflow>, LibraryError> {
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    library.add_workflow(source)
}

/// Holds how long the quickest way takes and where. `clock` is a budget and the edges.
#[track_caller]
fn check(clock: &str, states: &str, at_least: i64, steps: &[(&str, i64)]) {
    check_measured(clock, states, &[], at_least, steps);
}

#[track_caller]
fn check_measured(
    clock: &str,
    states: &str,
    measured: &[(&str, i64)],
    at_least: i64,
    steps: &[(&str, i64)],
) {
    let clock = clock.replace("; ", "\n    ");
    // Gates and events that a row has no use for are no fault of it.
    let mut source = definition(&clock, states);
    for (name, line) in [("gates: [g]", "gates: {"), ("hop:", "  hop: {")] {
        if !states.contains(name) {
            let lines = source.lines().filter(|it| !it.starts_with(line));
            source = lines.collect::<Vec<_>>().join("\n");
        }
    }
    let workflow = compile(&source).unwrap_or_else(|error| panic!("{error:?}\n{source}"));
    let measured: BTreeMap<String, i64> = measured
        .iter()
        .map(|(state, ms)| ((*state).to_owned(), *ms))
        .collect();
    let paths = workflow.critical_paths(&measured);
    let path = &paths[0];
    let found: Vec<(&str, i64)> = path
        .steps
        .iter()
        .map(|step| (step.state.as_str(), step.takes))
        .collect();
    assert_eq!((path.at_least, &found[..]), (at_least, steps), "{source}");
}

const H: i64 = 3_600_000;
const ELAPSED: &str = "budget: within 100h; start: entering a; stop: entering z";

#[test]
fn steps_after_one_another_add_up() {
    check(
        ELAPSED,
        "  a: { T:, takes: 1h, on: { go: b } }\n  b: { T:, takes: 2h, on: { go: z } }\n  z: { T:, final: true }\n",
        3 * H,
        &[("a", H), ("b", 2 * H)],
    );
}

#[test]
fn of_two_ways_the_quicker_counts() {
    check(
        ELAPSED,
        "  a: { T:, on: { go: b, hop: d } }\n  b: { T:, takes: 2h, on: { go: z } }\n  d: { T:, takes: 3h, on: { go: z } }\n  z: { T:, final: true }\n",
        2 * H,
        &[("b", 2 * H)],
    );
}

#[test]
fn a_way_back_makes_nothing_quicker() {
    check(
        ELAPSED,
        "  a: { T:, takes: 1h, on: { go: b } }\n  b: { T:, takes: 2h, on: { go: z, hop: a } }\n  z: { T:, final: true }\n",
        3 * H,
        &[("a", H), ("b", 2 * H)],
    );
}

const TWO_REGIONS: &str = "  a:\n    T:\n    done: z\n    parallel:\n      p: { T:, states: { b: { T:, takes: 2h, on: { go: x } }, x: { T:, final: true } } }\n      q: { T:, states: { d: { T:, takes: 5h, on: { go: e } }, e: { T:, final: true } } }\n  z: { T:, final: true }\n";

#[test]
fn regions_overlap_and_the_last_one_counts() {
    check(ELAPSED, TWO_REGIONS, 5 * H, &[("d", 5 * H)]);
}

#[test]
fn a_region_without_an_end_never_joins_and_has_no_way() {
    let states = TWO_REGIONS
        .replace(", final: true } } }\n  z", " } } }\n  z")
        .replace("done: z", "on: { hop: z }");
    // Left by the act on the whole: nothing has to be waited for.
    check(ELAPSED, &states, 0, &[]);
}

#[test]
fn a_gate_waits_for_the_state_it_names() {
    let states = "  a:\n    T:\n    parallel:\n      p: { T:, states: { b: { T:, takes: 2h, on: { go: x } }, x: { T:, on: { hop: y } }, y: { T: } } }\n      q: { T:, states: { d: { T:, takes: 1h, on: { go: { to: z, gates: [g] } } } } }\n  z: { T:, final: true }\n";
    check(ELAPSED, states, 2 * H, &[("b", 2 * H)]);
    let states = states.replace("gates: [g]", "if: 'at(\"x\") || at(\"d\")'");
    check(ELAPSED, &states, H, &[("d", H)]);
}

#[test]
fn what_comes_before_the_start_takes_nothing() {
    let states = "  m: { T:, takes: 9h, on: { go: a } }\n  a: { T:, takes: 1h, on: { go: z } }\n  z: { T:, final: true }\n";
    check(ELAPSED, states, H, &[("a", H)]);
    let leaving = "budget: within 100h; start: leaving m; stop: entering z";
    check(leaving, states, H, &[("a", H)]);
    let left = "budget: within 100h; start: entering m; stop: leaving a";
    check(left, states, 10 * H, &[("m", 9 * H), ("a", H)]);
}

#[test]
fn what_can_be_done_before_the_start_takes_nothing() {
    // The review may be over when the land is awarded.
    let states = "  m:\n    T:\n    parallel:\n      p: { T:, states: { b: { T:, takes: 50h, on: { go: x } }, x: { T: } } }\n      q: { T:, states: { d: { T:, on: { hop: a } }, a: { T:, takes: 1h, on: { go: { to: z, if: 'at(\"x\")' } } } } }\n  z: { T:, final: true }\n";
    check(ELAPSED, states, H, &[("a", H)]);
}

#[test]
fn a_delay_lasts_as_long_as_it_says() {
    check(
        ELAPSED,
        "  a: { T:, on: { go: b } }\n  b: { T:, after: [{ delay: 7h, to: z }] }\n  z: { T:, final: true }\n",
        7 * H,
        &[("b", 7 * H)],
    );
}

#[test]
fn time_in_which_the_clock_can_stand_still_is_not_counted() {
    let paused = "budget: within 100h; start: entering a; stop: entering z; paused_by: [applicant_correction]";
    let states = "  a: { T:, takes: 1h, on: { go: b } }\n  b: { T:, pauses: applicant_correction, takes: 2h, on: { go: z } }\n  z: { T:, final: true }\n";
    check(paused, states, H, &[("a", H)]);
    check(ELAPSED, states, 3 * H, &[("a", H), ("b", 2 * H)]);
}

#[test]
fn a_time_counts_in_another_unit_only_as_far_as_it_must() {
    let rows = [
        ("30h", "within 100h", 30 * H),
        ("30h", "within 9 days", 1),
        ("30h", "within 90 working hours", 0),
        ("30h", "within 9 working days", 0),
        ("2 working hours", "within 100h", 2 * H),
        ("2 working hours", "within 90 working hours", 2 * H),
        ("2 working hours", "within 9 working days", 0),
        ("3 working days", "within 9 working days", 3),
        ("3 working days", "within 9 days", 3),
        ("3 working days", "within 100h", 48 * H),
        ("3 working days", "within 90 working hours", 0),
        ("3 days", "within 9 days", 3),
        ("3 days", "within 9 working days", 0),
    ];
    for (takes, budget, at_least) in rows {
        let clock = format!("budget: {budget}; start: entering a; stop: entering z");
        let states =
            format!("  a: {{ T:, takes: {takes}, on: {{ go: z }} }}\n  z: {{ T:, final: true }}\n");
        let steps = [("a", at_least)];
        let steps = if at_least > 0 { &steps[..] } else { &[] };
        check(&clock, &states, at_least, steps);
    }
}

#[test]
fn what_was_measured_counts_where_it_is_longer() {
    let states = "  a: { T:, takes: 1h, on: { go: b } }\n  b: { T:, takes: 2h, on: { go: z } }\n  z: { T:, final: true }\n";
    let measured = [("a", 3 * H), ("b", H), ("nowhere", H)];
    check_measured(
        ELAPSED,
        states,
        &measured,
        5 * H,
        &[("a", 3 * H), ("b", 2 * H)],
    );
}

/// Holds that a budget is refused, or not, for a state that takes two hours.
#[track_caller]
fn check_budget(budget: &str, feasible: bool) {
    let clock = format!("{{ budget: {budget} }}");
    let clock = format!(
        "{}\n    start: entering a\n    stop: entering z",
        clock.trim_matches(['{', '}', ' '])
    );
    let source = definition(
        &clock,
        "  a: { T:, takes: 2h, on: { go: z, hop: { gates: [g] } } }\n  x: { T:, final: true }\n  y: { T:, final: true }\n  z: { T:, final: true }\n",
    );
    // The gate is there for other rows; here its states only have to be reached.
    let source = source.replace(
        "go: z,",
        "go: [{ to: z, if: 'at(\"a\")' }, { to: x, if: 'at(\"a\")' }, { to: y }],",
    );
    match compile(&source) {
        Ok(_) => assert!(feasible, "{source}"),
        Err(LibraryError::Faults(faults)) => {
            assert!(!feasible, "{faults:?}");
            let found: Vec<_> = faults
                .iter()
                .map(|it| (it.code, &source[it.span.clone()]))
                .collect();
            assert_eq!(found, [("budget-infeasible", budget)]);
            let help = faults[0].help.as_ref().unwrap();
            assert!(
                help.en.contains("State (2 hours)") && help.zh.contains("态（2 小时）"),
                "{help:?}"
            );
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_budget_that_the_quickest_case_cannot_keep_is_a_fault() {
    check_budget("within 2h", true);
    check_budget("under 2h", false);
    check_budget("within 119min", false);
    check_budget("under 121min", true);
}
