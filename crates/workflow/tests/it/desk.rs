//! What a case looks like from the desk.

use groundbreak_workflow::sla::{ClockState, Light, Verdict};
use groundbreak_workflow::{Language, Progress};

use crate::decide::{Day, data};

#[test]
fn the_desk_sees_what_is_next_by_whom_and_what_is_missing() {
    let day = Day::begin();
    let situation = day.situation();
    assert_eq!(situation.places[0].title.get(Language::Zh), "填报");
    let act = &situation.acts[0];
    assert_eq!((act.event.as_str(), act.open), ("submit", false));
    assert_eq!(act.by[0].title.en, "Clerk");
    assert_eq!(act.documents[0].title.en, "Application form");
    assert!(!act.documents[0].present);
    assert_eq!(
        situation.papers[0].name, "form",
        "missing main documents come first"
    );
}

#[test]
fn a_gate_shows_its_law_until_it_opens() {
    let mut day = Day::submitted();
    day.fire(
        "09:10",
        "r1",
        "reviewer",
        "review",
        data([("fee", 100.into())]),
    )
    .unwrap();
    let situation = day.situation();
    let decide = situation
        .acts
        .iter()
        .find(|act| act.event == "decide")
        .unwrap();
    assert_eq!((decide.gates[0].open, decide.open), (true, true));
    assert_eq!(
        decide.gates[0].law.as_ref().unwrap().en,
        "Fees Regulation, article 1"
    );
}

#[test]
fn the_most_urgent_clock_comes_first_and_its_parts_add_up() {
    let mut day = Day::submitted();
    day.fire(
        "09:40",
        "r1",
        "reviewer",
        "review",
        data([("fee", 100.into())]),
    )
    .unwrap();
    day.at("10:00");
    let situation = day.situation();
    let whole = &situation.clocks[0];
    assert_eq!(
        (
            whole.name.as_str(),
            whole.reading.state,
            whole.reading.light
        ),
        ("whole", ClockState::Running, Light::Yellow)
    );
    let parts: Vec<_> = whole
        .segments
        .iter()
        .map(|segment| {
            (
                segment.state.as_str(),
                segment.wall_ms / 60_000,
                segment.here,
            )
        })
        .collect();
    assert_eq!(parts, [("checking", 40, false), ("deciding", 20, true)]);
    assert_eq!(
        whole
            .segments
            .iter()
            .map(|segment| segment.wall_ms)
            .sum::<i64>(),
        whole.reading.wall_ms
    );
}

#[test]
fn lanes_show_what_is_done_and_hide_what_lies_aside() {
    let mut day = Day::submitted();
    day.fire("09:40", "r1", "reviewer", "ask", data([]))
        .unwrap();
    let situation = day.situation();
    let steps = |lane: usize| -> Vec<_> {
        situation.lanes[lane]
            .steps
            .iter()
            .map(|step| (step.state.as_str(), step.progress))
            .collect()
    };
    assert_eq!(
        steps(0),
        [
            ("drafting", Progress::Done),
            ("reviewing", Progress::Here),
            ("approved", Progress::Ahead)
        ]
    );
    assert_eq!(
        steps(1),
        [
            ("checking", Progress::Done),
            ("correcting", Progress::Paused),
            ("deciding", Progress::Ahead),
            ("decided", Progress::Ahead)
        ]
    );
}

#[test]
fn a_closed_case_has_verdicts_and_nothing_to_do() {
    let mut day = Day::submitted();
    day.fire(
        "09:40",
        "r1",
        "reviewer",
        "review",
        data([("fee", 100.into())]),
    )
    .unwrap();
    day.fire("09:45", "r1", "reviewer", "survey", data([]))
        .unwrap();
    day.fire("09:50", "a1", "approver", "decide", data([]))
        .unwrap();
    let situation = day.situation();
    assert!(situation.closed && situation.acts.is_empty());
    let verdicts: Vec<_> = situation
        .clocks
        .iter()
        .map(|clock| clock.reading.verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Met, Verdict::Met]);
}
