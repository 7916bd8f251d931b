//! Charts as text for people and as JSON for the peer.
//!
//! The text is that of crates/statechart/tests/it/sketch.rs: a difference can become a test there.

use std::fmt::Write as _;

use groundbreak_statechart::{
    ActionId, GuardId, HistoryDepth, StateKind, StateSpec, TransitionSpec, Trigger,
};
use serde_json::{Value, json};

fn words_of<'a>(actions: &[ActionId], words: &'a [String]) -> Vec<&'a str> {
    actions
        .iter()
        .map(|action| words[action.0 as usize].as_str())
        .collect()
}

fn word_of(guard: GuardId, words: &[String]) -> &str {
    &words[guard.0 as usize]
}

/// Writes down what lies below the root, and the root's own actions as remarks.
pub(crate) fn draw(root: &StateSpec, words: &[String]) -> String {
    let mut text = String::new();
    draw_inside(root, words, 0, &mut text);
    text
}

fn draw_inside(state: &StateSpec, words: &[String], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let mut line = |word: &str, rest: String| {
        if !rest.is_empty() {
            let _ = writeln!(text, "{indent}{word} {rest}");
        }
    };
    line("initial", state.initial.join(" "));
    line("begin", words_of(&state.initial_actions, words).join(" "));
    line("entry", words_of(&state.on_entry, words).join(" "));
    line("exit", words_of(&state.on_exit, words).join(" "));
    for transition in &state.transitions {
        let _ = writeln!(text, "{indent}{}", draw_transition(transition, words));
    }
    for child in &state.children {
        let kind = match child.kind {
            StateKind::Atomic | StateKind::Compound => "state",
            StateKind::Parallel => "parallel",
            StateKind::Final => "final",
            StateKind::History(HistoryDepth::Shallow) => "history",
            StateKind::History(HistoryDepth::Deep) => "deep",
        };
        let _ = writeln!(text, "{indent}{kind} {}", child.name);
        draw_inside(child, words, depth + 1, text);
    }
}

fn draw_transition(transition: &TransitionSpec, words: &[String]) -> String {
    let mut text = if transition.internal { "internal " } else { "" }.to_owned();
    match &transition.trigger {
        Trigger::Event(descriptors) => text.push_str(&format!("on {}", descriptors.join(" "))),
        _ => text.push_str("always"),
    }
    if let Some(guard) = transition.guard {
        text.push_str(&format!(" if {}", word_of(guard, words)));
    }
    if !transition.targets.is_empty() {
        text.push_str(&format!(" -> {}", transition.targets.join(" ")));
    }
    if !transition.actions.is_empty() {
        let actions = words_of(&transition.actions, words);
        text.push_str(&format!(" : {}", actions.join(" ")));
    }
    text
}

/// Returns the state as `peer.mjs` reads it.
pub(crate) fn model(state: &StateSpec, words: &[String]) -> Value {
    let kind = match state.kind {
        StateKind::Atomic => "atomic",
        StateKind::Compound => "compound",
        StateKind::Parallel => "parallel",
        StateKind::Final => "final",
        StateKind::History(HistoryDepth::Shallow) => "shallow",
        StateKind::History(HistoryDepth::Deep) => "deep",
    };
    let transition = |it: &TransitionSpec| {
        let events = match &it.trigger {
            Trigger::Event(descriptors) => json!(descriptors),
            _ => Value::Null,
        };
        json!({
            "events": events,
            "guard": it.guard.map(|guard| word_of(guard, words)),
            "targets": it.targets,
            "internal": it.internal,
            "actions": words_of(&it.actions, words),
        })
    };
    let children = state.children.iter().map(|child| model(child, words));
    json!({
        "name": state.name,
        "kind": kind,
        "initial": state.initial,
        "begin": words_of(&state.initial_actions, words),
        "entry": words_of(&state.on_entry, words),
        "exit": words_of(&state.on_exit, words),
        "transitions": state.transitions.iter().map(transition).collect::<Vec<_>>(),
        "children": children.collect::<Vec<_>>(),
    })
}
