//! What is made of the shipped definitions and their blocks.

use super::assemble;
use crate::{Library, Workflow};
use std::fmt::Write;

const LAND: &str = include_str!("../../../../workflows/land-to-groundbreaking.yaml");

/// What it was made of before it had blocks.
const OUTLINE: &str = include_str!("../../../../tests/outlines/land-to-groundbreaking.txt");

/// The states of a workflow in document order, their transitions in the order they are tried, and
/// its events and clocks by name: all that a case can notice.
fn outline(workflow: &Workflow) -> String {
    let chart = &workflow.chart;
    let mut outline = String::new();
    for id in chart.states() {
        let name = chart.name(id);
        let Some(state) = workflow.states.get(name) else {
            continue;
        };
        let initial: Vec<&str> = chart.initial(id).iter().map(|id| chart.name(*id)).collect();
        writeln!(
            outline,
            "state {name} in {} {:?} initial {initial:?} {} aside {} status {:?} pauses {:?}",
            state.parent.as_deref().unwrap_or("-"),
            state.kind,
            state.title,
            state.aside,
            state.status,
            state.pauses.as_ref().map(|reason| &reason.name),
        )
        .unwrap();
        for (number, transition) in chart.transitions().filter(|(_, one)| one.source == id) {
            let more = workflow.transition(number);
            let to: Vec<&str> = transition
                .targets
                .iter()
                .map(|id| chart.name(*id))
                .collect();
            let guard = more.guard.map(|guard| workflow.guards[guard].source());
            writeln!(
                outline,
                "  {:?} if {guard:?} to {to:?} requires {:?} gates {:?}",
                transition.trigger, more.requires, more.gates
            )
            .unwrap();
        }
    }
    let mut rest: Vec<String> = Vec::new();
    for (name, event) in &workflow.events {
        rest.push(format!(
            "event {name} {} by {:?} asks {:?} aside {}",
            event.title, event.by, event.asks, event.aside
        ));
    }
    for (name, clock) in &workflow.clocks {
        rest.push(format!(
            "clock {name} {:?} {} {:?} {:?} {:?}",
            clock.effect,
            clock.policy.goal.text(),
            clock.start,
            clock.stop,
            clock.cancel
        ));
    }
    rest.sort();
    outline + &rest.join("\n") + "\n"
}

#[test]
fn the_blocks_of_the_land_workflow_make_what_was_written_out() {
    let mut library = Library::new();
    for calendar in [
        include_str!("../../../../workflows/calendars/china.yaml"),
        include_str!("../../../../workflows/calendars/pengjiang.yaml"),
    ] {
        library.add_calendar(calendar).unwrap();
    }
    let blocks = ["matter".to_owned(), "pre-review".to_owned()];
    let assembled = assemble(LAND, &blocks, |name| {
        Some(match name {
            "matter" => include_str!("../../../../workflows/blocks/matter.yaml").to_owned(),
            _ => include_str!("../../../../workflows/blocks/pre-review.yaml").to_owned(),
        })
    });
    let workflow = library.add_workflow(&assembled.text).unwrap();
    let made = outline(&workflow);
    for (made, expected) in made.lines().zip(OUTLINE.lines()) {
        assert_eq!(made, expected);
    }
    assert_eq!(made.lines().count(), OUTLINE.lines().count());
}
