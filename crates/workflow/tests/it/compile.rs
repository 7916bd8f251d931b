//! What can be wrong with a definition, and where it is shown.

use groundbreak_workflow::sla::{Budget, ClockPolicy, DayEnd, Extension, Trigger, Yellow};
use groundbreak_workflow::{Diagnostic, Library, LibraryError};

use crate::{HALL, PERMIT};

fn faults(source: &str) -> Vec<Diagnostic> {
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    match library.add_workflow(source) {
        Ok(_) => Vec::new(),
        Err(LibraryError::Faults(faults)) => faults,
        Err(other) => panic!("{other}"),
    }
}

/// Puts `wrong` in the place of `right`, once, and expects one fault, with this code, under this
/// text.
#[track_caller]
fn check(right: &str, wrong: &str, code: &str, underlined: &str) {
    assert!(PERMIT.contains(right), "the permit has no {right:?}");
    let source = PERMIT.replacen(right, wrong, 1);
    let faults = faults(&source);
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault.code, &source[fault.span.clone()]))
        .collect();
    assert_eq!(found, [(code, underlined)], "{faults:#?}");
}

#[test]
fn the_permit_has_no_fault() {
    assert_eq!(faults(PERMIT), []);
}

#[test]
fn a_name_that_is_not_declared_is_underlined_where_it_stands() {
    check(
        "answer: checking",
        "answer: cheking",
        "unknown-state",
        "cheking",
    );
    check(
        "to: decided, gates",
        "to: decide, gates",
        "unknown-state",
        "decide",
    );
    check(
        "gates: [fee_known]",
        "gates: [fee_know]",
        "unknown-gate",
        "fee_know",
    );
    check(
        "by: [approver, reviewer]",
        "by: [aprover, approver, reviewer]",
        "unknown-role",
        "aprover",
    );
    check("asks: [fee]", "asks: [fees]", "unknown-field", "fees");
    check(
        "[documents.main]",
        "[documents.mian]",
        "unknown-document",
        "documents.mian",
    );
    check(
        "start: entering reviewing",
        "start: entering review",
        "unknown-state",
        "review",
    );
    check(
        "segments: [checking,",
        "segments: [checkin,",
        "unknown-state",
        "checkin",
    );
    check("calendar: hall", "calendar: hal", "unknown-calendar", "hal");
    check(
        "not_same_person_as: [reviewer]",
        "not_same_person_as: [revewer]",
        "unknown-role",
        "revewer",
    );
    check(
        "pauses: applicant_correction",
        "pauses: lunch",
        "unknown-reason",
        "lunch",
    );
}

#[test]
fn a_misspelt_event_is_reported_with_what_it_was_meant_to_be_and_not_as_unused() {
    check(
        "survey: visited",
        "servey: visited",
        "unknown-event",
        "servey",
    );
    let faults = faults(&PERMIT.replacen("survey: visited", "servey: visited", 1));
    assert_eq!(
        faults[0].help.as_ref().unwrap().en,
        "Did you mean `survey`?"
    );
}

#[test]
fn what_is_never_used_or_never_reached_is_reported() {
    check(
        "  withdraw: { title",
        "  nothing: { title: { zh: 无, en: None }, by: [clerk] }\n  withdraw: { title",
        "unused-event",
        "nothing",
    );
    check(
        "  approver: { title",
        "  ghost: { title: { zh: 无, en: None } }\n  approver: { title",
        "unused-role",
        "ghost",
    );
    check(
        "\nevents:",
        "  idle:\n    title: { zh: 无, en: None }\n    when: has(data.fee)\n\nevents:",
        "unused-gate",
        "idle",
    );
    check(
        "  approved: {",
        "  lost: { title: { zh: 迷失, en: Lost } }\n  approved: {",
        "unreachable-state",
        "lost",
    );
}

#[test]
fn budgets_edges_and_warnings_have_a_form() {
    check(
        "budget: under 2h",
        "budget: under 2 fortnights",
        "budget-form",
        "under 2 fortnights",
    );
    check(
        "budget: under 2h",
        "budget: within 0h",
        "budget-zero",
        "within 0h",
    );
    check(
        "stop: entering approved\n    cancel",
        "stop: at approved\n    cancel",
        "bad-edge",
        "at approved",
    );
    check("warn: [50%]", "warn: [half]", "warning-form", "half");
    check("delay: 30 days", "delay: a while", "budget-form", "a while");
}

#[test]
fn faults_of_form_are_placed_and_helped() {
    check(
        "class: secondary",
        "class: secundary",
        "wrong-type",
        "secundary",
    );
    check(
        "calendar: hall",
        "calender: hall",
        "unknown-key",
        "calender",
    );
    check("type: money", "type: cash", "wrong-type", "cash");
    let faults =
        faults(&PERMIT.replacen("title: { zh: 照片, en: Photo }", "title: { zh: 照片 }", 1));
    assert_eq!((faults.len(), faults[0].code), (1, "missing-key"));
}

#[test]
fn a_guard_is_checked_when_the_definition_is_compiled() {
    check(
        "data.area > 0\"",
        "data.aera > 0\"",
        "guard-unknown-field",
        "aera",
    );
    check("data.area > 0\"", "data.applicant > 0\"", "guard-type", ">");
    check(
        "if: document(\"photo\")",
        "if: document(\"foto\")",
        "guard-unknown-document",
        "foto",
    );
    check(
        "when: has(data.fee)",
        "when: data.fee",
        "guard-not-boolean",
        "data.fee",
    );
}

#[test]
fn what_happens_by_itself_has_no_gates() {
    check(
        "done: approved",
        "done: { to: approved, gates: [fee_known] }",
        "gate-without-act",
        "fee_known",
    );
}

#[test]
fn names_and_versions_have_a_form() {
    check("workflow: permit", "workflow: Permit", "bad-name", "Permit");
    check("version: 1", "version: 0", "bad-version", "0");
}

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_the_text() {
    let source = PERMIT.replacen("asks: [fee]", "asks: [fees]", 1).replacen(
        "answer: checking",
        "answer: cheking",
        1,
    );
    let codes: Vec<_> = faults(&source).iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["unknown-field", "unknown-state"]);
}

#[test]
fn a_version_keeps_its_text() {
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    library.add_workflow(PERMIT).unwrap();
    library.add_workflow(PERMIT).unwrap();
    let other = PERMIT.replacen("en: Permit", "en: Licence", 1);
    assert!(matches!(
        library.add_workflow(&other),
        Err(LibraryError::VersionTaken { .. })
    ));
    assert_eq!(library.workflows().count(), 1);
}

#[test]
fn clocks_count_from_a_state_the_case_has_been_in() {
    let delay = "delay: 30 days, to: withdrawn";
    check(
        delay,
        "delay: 30 days, to: withdrawn, counts_from: draftin",
        "unknown-state",
        "draftin",
    );
    check(
        "    done: approved\n",
        "    done: approved\n    after: [{ delay: 5 days, to: withdrawn, counts_from: deciding }]\n",
        "not-entered-before",
        "deciding",
    );
    for state in ["drafting", "reviewing"] {
        let after = format!(
            "    done: approved\n    after: [{{ delay: 5 days, to: withdrawn, counts_from: {state} }}]\n"
        );
        assert_eq!(
            faults(&PERMIT.replacen("    done: approved\n", &after, 1)),
            []
        );
    }
}

#[test]
fn only_a_delay_in_days_has_a_last_day() {
    let delay = "delay: 30 days, to: withdrawn";
    check(
        delay,
        "delay: 30h, last_day: midnight, to: withdrawn",
        "last-day-of-hours",
        "midnight",
    );
    check(
        delay,
        "delay: 30 days, last_day: noon, to: withdrawn",
        "wrong-type",
        "noon",
    );
    for last_day in ["close", "midnight"] {
        let source = PERMIT.replacen(delay, &format!("{delay}, last_day: {last_day}"), 1);
        assert_eq!(faults(&source), []);
    }
}

/// How the clock `handling` counts, with these lines added to it.
fn policy(more: &str) -> ClockPolicy {
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    let line = "    paused_by: [applicant_correction]\n";
    let source = PERMIT.replacen(line, &format!("{line}{more}"), 1);
    let workflow = library.add_workflow(&source).unwrap();
    workflow.clocks["handling"].policy.clone()
}

#[test]
fn a_clock_says_how_it_counts() {
    let law = policy("");
    assert_eq!(law.yellow, Yellow::Usual);
    assert_eq!((law.day_end, law.count_overtime), (DayEnd::Close, false));
    assert_eq!(
        policy("    yellow: [75%, 2 days before, 75%]\n").yellow,
        Yellow::At(vec![Trigger::Percent(75), Trigger::BeforeDays(2)])
    );
    assert_eq!(policy("    yellow: []\n").yellow, Yellow::At(Vec::new()));
    assert_eq!(policy("    last_day: midnight\n").day_end, DayEnd::Midnight);
    assert_eq!(law.extension, None);
    assert_eq!(
        policy("    extend: 1 working day\n").extension,
        Some(Extension {
            at_most: Budget::WorkingDays { days: 1 }
        })
    );
    assert!(policy("    overtime: counted\n").count_overtime);
    assert_eq!(
        policy("    last_day: close\n    overtime: not_counted\n"),
        law
    );
}

#[test]
fn how_a_clock_counts_is_checked_where_it_is_written() {
    let budget = "    budget: under 2h\n";
    for (line, code, underlined) in [
        ("    yellow: [75%, soon]\n", "warning-form", "soon"),
        ("    extend: 1 day\n", "extension-other-unit", "1 day"),
        ("    extend: some days\n", "budget-form", "some days"),
        ("    last_day: midnight\n", "last-day-of-hours", "midnight"),
        ("    overtime: sometimes\n", "wrong-type", "sometimes"),
    ] {
        check(budget, &format!("{budget}{line}"), code, underlined);
    }
}
