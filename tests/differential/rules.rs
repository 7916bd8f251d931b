//! What is kept out of the charts: exactly where SCION differs, and cannot be
//! set right in `peer.mjs`. README.md proves each by its section.
//!
//! Each rule looks at the chart alone, changes it where it must, and says how often it did.

use groundbreak_statechart::{
    Chart, HistoryDepth, StateId, StateKind, StateSpec, Transition, TransitionId, Trigger,
};

use crate::generate::is_history;
use crate::growing::find;

/// Changes the chart, and returns how often.
type Rule = fn(&mut StateSpec, &Chart, &[String]) -> usize;

/// The rules by name. Those that change what can end come first.
const RULES: [(&str, Rule); 8] = [
    (
        "done-with-history: a parallel state that has a history and can be done",
        done_with_history,
    ),
    (
        "done-in-parallel: a parallel state that can be done, as a region of another",
        done_in_parallel,
    ),
    (
        "deep-final: a deep history that could remember a final state",
        deep_final,
    ),
    (
        "history-first: a history as the first child where nothing says where to begin",
        history_first,
    ),
    (
        "history-from-inside: a transition to a history of a state around its source",
        history_from_inside,
    ),
    (
        "double-done: two regions of a parallel state that end in one microstep",
        double_done,
    ),
    (
        "late-done: an event raised on entry, after a final state in an earlier region",
        late_done,
    ),
    (
        "first-target: several targets, the farthest of which is not the first",
        first_target,
    ),
];

pub(crate) fn exists(name: &str) -> bool {
    RULES
        .iter()
        .any(|(rule, _)| rule.split(':').next() == Some(name))
}

/// Applies all rules but the one called `without`, and returns how often each changed the chart.
pub(crate) fn apply(
    root: &mut StateSpec,
    words: &[String],
    without: Option<&str>,
) -> Vec<(&'static str, usize)> {
    RULES
        .iter()
        .filter(|(name, _)| name.split(':').next() != without)
        .map(|(name, rule)| {
            // One change can bring on the next: until there is none.
            let mut changes = 0;
            loop {
                let chart = Chart::compile(root.clone()).unwrap();
                let more = rule(root, &chart, words);
                if more == 0 {
                    return (*name, changes);
                }
                changes += more;
            }
        })
        .collect()
}

fn is_final(chart: &Chart, state: StateId) -> bool {
    chart.kind(state) == StateKind::Final
}

/// Returns whether the state can be done: has an end, or has only regions that can be done.
fn can_be_done(chart: &Chart, state: StateId) -> bool {
    let mut children = chart.children(state).iter();
    match chart.kind(state) {
        StateKind::Compound => children.any(|child| is_final(chart, *child)),
        StateKind::Parallel => children.all(|child| can_be_done(chart, *child)),
        _ => false,
    }
}

/// Returns whether the state is parallel and can be done.
pub(crate) fn is_joinable(chart: &Chart, state: StateId) -> bool {
    chart.kind(state) == StateKind::Parallel && can_be_done(chart, state)
}

/// Keeps a state from being done: its first region, in which the same goes on, has no end.
fn let_go_on(state: &mut StateSpec) {
    match state.kind {
        StateKind::Parallel => {
            let mut children = state.children.iter_mut();
            if let Some(region) = children.find(|it| !matches!(it.kind, StateKind::History(_))) {
                let_go_on(region);
            }
        }
        _ => {
            let finals = state.children.iter_mut();
            for end in finals.filter(|it| it.kind == StateKind::Final) {
                end.kind = StateKind::Atomic;
            }
        }
    }
}

fn let_all_go_on(root: &mut StateSpec, chart: &Chart, wanted: impl Fn(StateId) -> bool) -> usize {
    let states: Vec<StateId> = chart
        .states()
        .filter(|state| is_joinable(chart, *state) && wanted(*state))
        .collect();
    for state in &states {
        let_go_on(find(root, chart.name(*state)).unwrap());
    }
    states.len()
}

fn done_with_history(root: &mut StateSpec, chart: &Chart, _: &[String]) -> usize {
    let_all_go_on(root, chart, |state| !chart.histories(state).is_empty())
}

fn done_in_parallel(root: &mut StateSpec, chart: &Chart, _: &[String]) -> usize {
    let_all_go_on(root, chart, |state| {
        let mut children = chart.children(state).iter();
        children.any(|child| chart.kind(*child) == StateKind::Parallel)
    })
}

fn deep_final(root: &mut StateSpec, chart: &Chart, _: &[String]) -> usize {
    let mut changes = 0;
    for history in chart.states() {
        let Some(parent) = chart.parent(history) else {
            continue;
        };
        let holds_final = || {
            chart
                .states()
                .any(|it| is_final(chart, it) && chart.is_descendant(it, parent))
        };
        if chart.kind(history) == StateKind::History(HistoryDepth::Deep) && holds_final() {
            let spec = find(root, chart.name(history)).unwrap();
            spec.kind = StateKind::History(HistoryDepth::Shallow);
            changes += 1;
        }
    }
    changes
}

fn history_first(root: &mut StateSpec, chart: &Chart, _: &[String]) -> usize {
    let mut changes = 0;
    for state in chart.states() {
        let spec = find(root, chart.name(state)).unwrap();
        let first = spec.children.first();
        let hidden = first.is_some_and(|it| matches!(it.kind, StateKind::History(_)));
        if spec.kind == StateKind::Compound && spec.initial.is_empty() && hidden {
            spec.initial = vec![chart.name(chart.children(state)[0]).to_owned()];
            changes += 1;
        }
    }
    changes
}

/// Lets `change` have each transition and its targets, and counts how often it changed those.
fn change_targets(
    root: &mut StateSpec,
    chart: &Chart,
    mut change: impl FnMut(TransitionId, &Transition, &mut Vec<StateId>),
) -> usize {
    let mut changes = 0;
    for state in chart.states() {
        for (position, (id, transition)) in chart.transitions_of(state).enumerate() {
            let mut targets = transition.targets.clone();
            change(id, transition, &mut targets);
            if targets != transition.targets {
                let names = targets.iter().map(|it| chart.name(*it).to_owned());
                let spec = find(root, chart.name(state)).unwrap();
                spec.transitions[position].targets = names.collect();
                changes += 1;
            }
        }
    }
    changes
}

fn history_from_inside(root: &mut StateSpec, chart: &Chart, _: &[String]) -> usize {
    change_targets(root, chart, |_, transition, targets| {
        targets.retain(|target| {
            let parent = chart.parent(*target).unwrap();
            !(is_history(chart, *target) && chart.is_descendant(transition.source, parent))
        });
    })
}

/// Returns the region and the parallel state around it that the target can bring to an end: by
/// being final, or a history that may remember what is.
fn ends(chart: &Chart, target: StateId) -> Option<(StateId, StateId)> {
    let region = chart.parent(target)?;
    let parallel = chart.parent(region)?;
    let last = is_final(chart, target) || is_history(chart, target) && can_be_done(chart, region);
    (last && is_joinable(chart, parallel)).then_some((region, parallel))
}

/// Keeps, of targets that end regions of one parallel state, the first.
fn end_one_region(chart: &Chart, targets: &mut Vec<StateId>) {
    let mut ended = Vec::new();
    targets.retain(|target| match ends(chart, *target) {
        Some((_, parallel)) if ended.contains(&parallel) => false,
        Some((_, parallel)) => {
            ended.push(parallel);
            true
        }
        None => true,
    });
}

fn double_done(root: &mut StateSpec, chart: &Chart, _: &[String]) -> usize {
    let mut changes = 0;
    // A region must not begin at its end, nor several of them by one list.
    for state in chart.states().filter(|it| !is_history(chart, *it)) {
        let mut initial = chart.initial(state).to_vec();
        initial.retain(|target| ends(chart, *target).is_none_or(|(region, _)| region != state));
        end_one_region(chart, &mut initial);
        if initial != chart.initial(state) {
            if initial.is_empty() {
                initial = vec![chart.children(state)[0]];
            }
            let names = initial.iter().map(|it| chart.name(*it).to_owned());
            find(root, chart.name(state)).unwrap().initial = names.collect();
            changes += 1;
        }
    }
    if changes > 0 {
        return changes;
    }
    let within = |state: StateId, top: StateId| state == top || chart.is_descendant(state, top);
    // Transitions of different regions that could be taken together and end theirs.
    let mut endings: Vec<(StateId, StateId, &Transition)> = Vec::new();
    change_targets(root, chart, |id, _, targets| {
        let transition = chart.transition(id).unwrap();
        end_one_region(chart, targets);
        for target in targets.clone() {
            let Some((region, parallel)) = ends(chart, target) else {
                continue;
            };
            if !within(transition.source, region) {
                continue;
            }
            let clash = endings.iter().any(|(other, around, earlier)| {
                *around == parallel
                    && *other != region
                    && overlap(&earlier.trigger, &transition.trigger)
            });
            if clash {
                targets.clear();
                break;
            }
            endings.push((region, parallel, transition));
        }
    }) + changes
}

/// Returns whether one event could set both off, or none at all.
fn overlap(one: &Trigger, other: &Trigger) -> bool {
    let meets = |one: &String, other: &String| {
        let prefix = |short: &str, long: &str| {
            let rest = long.strip_prefix(short);
            short == "*" || rest.is_some_and(|it| it.is_empty() || it.starts_with('.'))
        };
        prefix(one, other) || prefix(other, one)
    };
    match (one, other) {
        (Trigger::Eventless, Trigger::Eventless) => true,
        (Trigger::Event(one), Trigger::Event(other)) => one
            .iter()
            .any(|it| other.iter().any(|that| meets(it, that))),
        _ => false,
    }
}

fn late_done(root: &mut StateSpec, chart: &Chart, words: &[String]) -> usize {
    let mut changes = 0;
    for state in chart.states() {
        let after_final = chart.states().take(state.index()).any(|it| {
            let around = |ancestor: &StateId| chart.is_descendant(state, *ancestor);
            let common = chart.ancestors(it).find(around);
            is_final(chart, it) && common.is_some_and(|it| chart.kind(it) == StateKind::Parallel)
        });
        if !after_final {
            continue;
        }
        let entry = &mut find(root, chart.name(state)).unwrap().on_entry;
        let before = entry.len();
        entry.retain(|action| !words[action.0 as usize].starts_with('!'));
        changes += before - entry.len();
    }
    changes
}

fn first_target(root: &mut StateSpec, chart: &Chart, _: &[String]) -> usize {
    change_targets(root, chart, |_, transition, targets| {
        // How far up the source's ancestors one must go to have the target below.
        let distance = |target: &StateId| {
            let holds = |it: StateId| {
                chart.kind(it) == StateKind::Compound && chart.is_descendant(*target, it)
            };
            chart.ancestors(transition.source).position(holds)
        };
        if let Some(farthest) = targets.iter().map(distance).max()
            && distance(&targets[0]) != farthest
        {
            targets.sort_by_key(|target| std::cmp::Reverse(distance(target)));
        }
    })
}
