//! The statechart of a definition.

use std::ops::Range;

use groundbreak_sla::ClockPolicy;
use groundbreak_statechart::{
    Chart, ChartFault, DelayId, GuardId, HistoryDepth, StateKind, StateSpec, TransitionSpec,
    Trigger,
};

use super::{Compiler, keys};
use crate::Text;
use crate::definition::{
    DelayDefinition, HistoryKind, Named, StateDefinition, TransitionDefinition, Transitions,
};
use crate::source::At;
use crate::workflow::{Delay, Transition};

/// A chart, and what its transitions need beyond it.
pub(super) struct Compiled {
    pub(super) chart: Chart,
    pub(super) transitions: Vec<Transition>,
    pub(super) delays: Vec<Delay>,
}

/// What sets transitions off.
enum Cause<'a> {
    Event(&'a At<String>),
    Done(&'a str),
    Always,
}

impl Compiler<'_> {
    /// Builds the chart; `None` when a fault was found on the way.
    pub(super) fn chart(&mut self) -> Option<Compiled> {
        let definition = self.definition;
        let mut transitions = Vec::new();
        let mut delays = Vec::new();
        // No state of a definition can have this name, so none can lead back to the root.
        let mut root = StateSpec::new("(workflow)", StateKind::Compound);
        root.initial = definition
            .initial
            .iter()
            .map(|initial| initial.value.clone())
            .collect();
        if let Some(initial) = &definition.initial {
            self.check_state(initial);
        }
        root.children = self.children(&definition.states, &mut transitions, &mut delays);
        match Chart::compile(root) {
            Ok(chart) => Some(Compiled {
                chart,
                transitions,
                delays,
            }),
            Err(faults) => {
                for fault in faults {
                    self.chart_fault(&fault);
                }
                None
            }
        }
    }

    fn children(
        &mut self,
        named: &Named<StateDefinition>,
        transitions: &mut Vec<Transition>,
        delays: &mut Vec<Delay>,
    ) -> Vec<StateSpec> {
        named
            .iter()
            .map(|(name, state)| self.spec(name, state, transitions, delays))
            .collect()
    }

    fn spec(
        &mut self,
        name: &At<String>,
        state: &StateDefinition,
        transitions: &mut Vec<Transition>,
        delays: &mut Vec<Delay>,
    ) -> StateSpec {
        let kind = match (
            state.history,
            state.is_final,
            state.parallel.is_empty(),
            state.states.is_empty(),
        ) {
            (Some(HistoryKind::Shallow), ..) => StateKind::History(HistoryDepth::Shallow),
            (Some(HistoryKind::Deep), ..) => StateKind::History(HistoryDepth::Deep),
            (None, true, ..) => StateKind::Final,
            (None, false, false, _) => StateKind::Parallel,
            (None, false, true, false) => StateKind::Compound,
            (None, false, true, true) => StateKind::Atomic,
        };
        let mut spec = StateSpec::new(&name.value, kind);
        for initial in state.initial.iter().chain(&state.default) {
            self.check_state(initial);
            spec.initial.push(initial.value.clone());
        }
        for (event, at) in &state.on {
            let declared = &self.definition.events;
            if !declared.contains_key(event) {
                self.unknown("unknown-event", ("事件", "event"), event, keys(declared));
            }
            self.lead(&mut spec, &Cause::Event(event), at, transitions);
        }
        if let Some(done) = &state.done {
            self.lead(&mut spec, &Cause::Done(&name.value), done, transitions);
        }
        if let Some(always) = &state.always {
            self.lead(&mut spec, &Cause::Always, always, transitions);
        }
        for (number, delay) in state.after.iter().enumerate() {
            self.delay(&mut spec, number, delay, transitions, delays);
        }
        // The chart numbers transitions state by state in document order: a state's own before
        // its children's, as they are pushed here.
        let named = if state.states.is_empty() {
            &state.parallel
        } else {
            &state.states
        };
        spec.children = self.children(named, transitions, delays);
        spec
    }

    fn lead(
        &mut self,
        spec: &mut StateSpec,
        cause: &Cause<'_>,
        at: &At<Transitions>,
        transitions: &mut Vec<Transition>,
    ) {
        let last = at.value.0.len().saturating_sub(1);
        for (number, transition) in at.value.0.iter().enumerate() {
            let unconditional = transition.condition.is_none();
            if unconditional && number < last {
                self.fault_with_help(
                    "never-reached",
                    &at.span,
                    Text::new(
                        "第一个无条件的去向之后，其余永远不会被选中。",
                        "What stands behind a transition without `if` is never taken.",
                    ),
                    Text::new(
                        "请给它加 `if`，或移到最后。",
                        "Give it an `if`, or move it to the end.",
                    ),
                );
            }
            let trigger = match cause {
                Cause::Event(event) => Trigger::Event(vec![event.value.clone()]),
                Cause::Done(state) => Trigger::Event(vec![format!("done.state.{state}")]),
                Cause::Always => Trigger::Eventless,
            };
            let event = match cause {
                Cause::Event(event) => Some(event.value.clone()),
                Cause::Done(_) | Cause::Always => None,
            };
            self.automatic_has_no_gates(cause, transition, &at.span);
            let to = transition.to.as_ref().map(|to| {
                if to.span.is_empty() {
                    At {
                        span: at.span.clone(),
                        ..to.clone()
                    }
                } else {
                    to.clone()
                }
            });
            if let Some(to) = &to {
                self.check_state(to);
            }
            let guard = transition
                .condition
                .as_ref()
                .and_then(|condition| self.add_guard(condition));
            let requires = self.required(&transition.requires);
            let requests = self.requests(&transition.message, &transition.send);
            for gate in &transition.gates {
                if !self.definition.gates.contains_key(gate) {
                    self.unknown(
                        "unknown-gate",
                        ("法定条件", "gate"),
                        gate,
                        keys(&self.definition.gates),
                    );
                }
            }
            let mut written =
                TransitionSpec::new(trigger, to.iter().map(|to| to.value.clone()).collect());
            written.guard = guard.map(guard_id);
            // A way into a state's own inside does not leave the state: were it left, the regions
            // beside it would be left with it. Only compound states have such ways; for others
            // the chart ignores this.
            written.internal = true;
            spec.transitions.push(written);
            transitions.push(Transition {
                event,
                guard,
                requires,
                gates: super::values(&transition.gates),
                requests,
            });
        }
    }

    /// Only an act can be refused, so only an act can have documents and gates before it.
    fn automatic_has_no_gates(
        &mut self,
        cause: &Cause<'_>,
        transition: &TransitionDefinition,
        span: &Range<usize>,
    ) {
        let automatic = matches!(cause, Cause::Done(_) | Cause::Always);
        if automatic && !(transition.gates.is_empty() && transition.requires.is_empty()) {
            let span = transition
                .gates
                .first()
                .or(transition.requires.first())
                .map_or(span, |name| &name.span)
                .clone();
            self.fault_with_help(
                "gate-without-act",
                &span,
                Text::new(
                    "自动发生的去向不能被拒绝，不能带 `gates` 或 `requires`。",
                    "What happens by itself cannot be refused: no `gates` or `requires` here.",
                ),
                Text::new(
                    "请改用 `if`，或改为由人办理的事件。",
                    "Use `if`, or make it an event that somebody sends.",
                ),
            );
        }
    }

    fn delay(
        &mut self,
        spec: &mut StateSpec,
        number: usize,
        delay: &DelayDefinition,
        transitions: &mut Vec<Transition>,
        delays: &mut Vec<Delay>,
    ) {
        self.check_state(&delay.to);
        let guard = delay
            .condition
            .as_ref()
            .and_then(|condition| self.add_guard(condition));
        if let Some(state) = &delay.counts_from {
            self.check_counts_from(&spec.name, state);
        }
        let Some(goal) = self.goal(&delay.delay) else {
            return;
        };
        let policy = ClockPolicy {
            day_end: self.day_end(goal, delay.last_day.as_ref()),
            ..ClockPolicy::new(goal)
        };
        let id = DelayId(u32::try_from(delays.len()).unwrap_or(u32::MAX));
        delays.push(Delay {
            timer: format!("after/{}/{number}", spec.name),
            policy,
            counts_from: delay.counts_from.as_ref().map(|state| state.value.clone()),
        });
        let mut written = TransitionSpec::new(Trigger::After(id), vec![delay.to.value.clone()]);
        written.guard = guard.map(guard_id);
        spec.transitions.push(written);
        transitions.push(Transition {
            guard,
            ..Transition::default()
        });
    }

    /// Time can only be counted from a state the case has been in when the delay is over. One
    /// inside the state of the delay need not have been entered; no history state ever is.
    fn check_counts_from(&mut self, delayed: &str, state: &At<String>) {
        if !self.check_state(state) {
            return;
        }
        let faces = &self.states.faces;
        let history = faces
            .get(&state.value)
            .is_some_and(|face| face.kind == crate::StateKind::History);
        let parent = |name: &str| faces.get(name).and_then(|face| face.parent.as_deref());
        // States lie inside one another at most as often as there are states, even when a name is
        // declared twice.
        let inside = std::iter::successors(parent(&state.value), |name| parent(name))
            .take(faces.len())
            .any(|around| around == delayed);
        if history || inside {
            self.fault_with_help(
                "not-entered-before",
                &state.span,
                Text::new(
                    format!("期限届满时，办件未必到过 `{state}`，无法从那时起算。"),
                    format!(
                        "When the delay is over the case need not have been in `{state}`: nothing can count from it."
                    ),
                ),
                Text::new(
                    format!("请写 `{delayed}`，或在它之前到过的状态。"),
                    format!("Name `{delayed}`, or a state that comes before it."),
                ),
            );
        }
    }

    fn add_guard(&mut self, condition: &At<String>) -> Option<usize> {
        let guard = self.guard(condition)?;
        self.guards.push(guard);
        Some(self.guards.len() - 1)
    }

    /// Says what the chart found wrong. Names it does not know were reported with a suggestion
    /// where they stand.
    fn chart_fault(&mut self, fault: &ChartFault) {
        let state = match fault {
            ChartFault::UnknownInitial { .. }
            | ChartFault::UnknownTarget { .. }
            | ChartFault::DuplicateName { .. }
            | ChartFault::BadName { .. } => return,
            ChartFault::TooManyStates { .. }
            | ChartFault::TooManyTransitions { .. }
            | ChartFault::RootNotCompound { .. } => None,
            ChartFault::TooDeep { state, .. }
            | ChartFault::TooManyTargets { state, .. }
            | ChartFault::NoChildren { state }
            | ChartFault::ChildrenNotAllowed { state }
            | ChartFault::FinalInParallel { state, .. }
            | ChartFault::TransitionsNotAllowed { state }
            | ChartFault::InitialNotAllowed { state }
            | ChartFault::InitialOutside { state, .. }
            | ChartFault::RootTargeted { state, .. }
            | ChartFault::TargetsNotOrthogonal { state, .. }
            | ChartFault::NoEvent { state, .. }
            | ChartFault::BadDescriptor { state, .. }
            | ChartFault::DelayShared { first: state, .. }
            | ChartFault::HistoryMisuse { state, .. } => Some(state),
            _ => None,
        };
        let span = state
            .and_then(|state| self.states.spans.get(state).cloned())
            .unwrap_or(0..0);
        if self.faults.iter().any(|reported| reported.span == span) {
            return;
        }
        let message = match fault {
            ChartFault::NoChildren { state } => Text::new(
                format!("`{state}` 里没有可处的状态。"),
                format!("`{state}` has no state to be in."),
            ),
            ChartFault::FinalInParallel { state, parallel } => Text::new(
                format!("终态 `{state}` 直接放在并行状态 `{parallel}` 里；请放进它的一条线内。"),
                format!("Final state `{state}` is a region of `{parallel}`; put it inside one."),
            ),
            ChartFault::InitialOutside { state, target } => Text::new(
                format!("`{state}` 的起点 `{target}` 不在它里面。"),
                format!("`{state}` begins at `{target}`, which is not inside it."),
            ),
            ChartFault::InitialNotAllowed { state } => Text::new(
                format!("`{state}` 没有子状态，不能有起点。"),
                format!("`{state}` has no child states to begin with."),
            ),
            ChartFault::HistoryMisuse { state, problem } => Text::new(
                format!("历史状态 `{state}` 用法有误：{problem}。"),
                format!("History state `{state}` {problem}."),
            ),
            other => Text::new(format!("状态图有误：{other}。"), format!("{other}.")),
        };
        self.fault_with_help(
            "bad-chart",
            &span,
            message,
            Text::new(
                "见 docs/errors/bad-chart.md。",
                "See docs/errors/bad-chart.md.",
            ),
        );
    }
}

fn guard_id(index: usize) -> GuardId {
    GuardId(u32::try_from(index).unwrap_or(u32::MAX))
}
