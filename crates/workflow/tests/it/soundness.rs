//! Charts too large to be looked at one configuration at a time.

use std::fmt::Write as _;
use std::sync::Arc;

use groundbreak_workflow::{Completion, Library, Limits, Soundness, Workflow};

use crate::HALL;

/// As many lanes as asked for, of five states each, the last of which is final. In each lane the
/// third step waits for `waits_for` of the lane before it; the first lane waits for nobody.
fn lanes(number: usize, waits_for: Option<&str>) -> Arc<Workflow> {
    let mut events = String::new();
    let mut states = String::from(
        "  opened:\n    title: { zh: 并联, en: Side by side }\n    done: closed\n    parallel:\n",
    );
    for lane in 0..number {
        writeln!(
            states,
            "      lane{lane}:\n        title: {{ zh: 线, en: Lane }}"
        )
        .unwrap();
        writeln!(states, "        states:").unwrap();
        for step in 0..4 {
            let next = step + 1;
            let waits = waits_for.filter(|_| step == 2 && lane > 0).map(|step| {
                let before = lane - 1;
                format!(", if: at(\"s{before}_{step}\")")
            });
            let waits = waits.unwrap_or_default();
            writeln!(
                states,
                "          s{lane}_{step}: {{ title: {{ zh: 步, en: Step }}, on: {{ e{lane}_{step}: {{ to: s{lane}_{next}{waits} }} }} }}"
            )
            .unwrap();
            writeln!(
                events,
                "  e{lane}_{step}: {{ title: {{ zh: 办, en: Act }}, by: [clerk] }}"
            )
            .unwrap();
        }
        writeln!(
            states,
            "          s{lane}_4: {{ title: {{ zh: 毕, en: Ready }}, final: true }}"
        )
        .unwrap();
    }
    let text = format!(
        "workflow: lanes\nversion: 1\ntitle: {{ zh: 并联, en: Lanes }}\ncalendar: hall\n\
         roles: {{ clerk: {{ title: {{ zh: 窗口, en: Clerk }} }} }}\nevents:\n{events}\
         states:\n{states}  closed: {{ title: {{ zh: 办结, en: Closed }}, final: true }}\n"
    );
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    library.add_workflow(&text).unwrap()
}

fn prove(workflow: &Workflow) -> Soundness {
    workflow.soundness(&Limits::default())
}

#[test]
fn twelve_lanes_of_five_states_are_proven() {
    let soundness = prove(&lanes(12, None));
    // All lanes at their end is where the case is closed instead.
    assert_eq!(soundness.configurations, 5_u128.pow(12));
    assert!(soundness.complete);
    assert_eq!(soundness.findings, []);
}

#[test]
fn twelve_lanes_that_wait_for_one_another_are_proven() {
    let soundness = prove(&lanes(12, Some("4")));
    assert!(soundness.complete);
    assert!(soundness.configurations > 4_000);
    assert_eq!(soundness.findings, []);
}

#[test]
fn a_lane_that_can_move_on_too_soon_is_found_among_millions() {
    // Once the lane before has left its third step, this one waits for ever.
    let soundness = prove(&lanes(12, Some("3")));
    assert!(soundness.complete);
    let codes: Vec<&str> = soundness.findings.iter().map(|it| it.code).collect();
    assert_eq!(codes, ["cannot-complete"]);
    let witness = soundness.findings[0].witness.as_ref().unwrap();
    assert_eq!(witness.steps.len(), 4, "{witness:?}");
}

#[test]
fn a_way_to_the_end_is_found_through_forty_eight_steps() {
    let Completion::Yes(witness) = lanes(12, None).can_be_completed(&Limits::default()) else {
        panic!("no way");
    };
    assert_eq!(witness.steps.len(), 48);
    assert_eq!(witness.steps.last().unwrap().leads_to, ["closed"]);
}

#[test]
fn what_is_beyond_the_limits_is_not_claimed() {
    let limits = Limits {
        configurations: 100,
        nodes: 100,
    };
    let workflow = lanes(12, Some("3"));
    let soundness = workflow.soundness(&limits);
    assert!(!soundness.complete);
    assert!(soundness.verdict().en.starts_with("not proven beyond"));
    assert_eq!(soundness.findings, []);
    assert!(matches!(
        workflow.can_be_completed(&limits),
        Completion::NotProven { .. }
    ));
}
