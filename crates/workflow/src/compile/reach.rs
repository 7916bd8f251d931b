//! What is declared and never used, and what can never be reached.

use std::collections::BTreeSet;

use groundbreak_statechart::{StateId, StateKind};

use super::Compiler;
use super::chart::Compiled;
use crate::Text;
use crate::definition::{Named, StateDefinition};
use crate::source::At;

impl Compiler<'_> {
    /// Reports events, roles and gates that nothing uses. A name that is not declared may be the
    /// misspelt one of these, so then only that is reported.
    pub(super) fn check_use(&mut self, chart: &Compiled) {
        let definition = self.definition;
        let events = chart
            .transitions
            .iter()
            .filter_map(|transition| transition.event.as_deref())
            .collect();
        self.unused(
            ("unknown-event", "unused-event"),
            definition.events.keys(),
            &events,
            |name| {
                Text::new(
                    format!("没有状态响应事件 `{name}`。"),
                    format!("No state answers to event `{name}`."),
                )
            },
            &Text::new(
                "请在某个状态的 `on` 中使用它，或删去。",
                "Use it under `on` of a state, or take it away.",
            ),
        );
        // A role that may do something on every case has that to do.
        let permitted = definition
            .roles
            .iter()
            .filter(|(_, role)| !role.may.is_empty())
            .map(|(name, _)| name.value.as_str());
        let roles = definition
            .events
            .values()
            .flat_map(|event| event.by.iter().map(|role| role.value.as_str()))
            .chain(permitted)
            .collect();
        self.unused(
            ("unknown-role", "unused-role"),
            definition.roles.keys(),
            &roles,
            |name| {
                Text::new(
                    format!("角色 `{name}` 无事可做。"),
                    format!("Role `{name}` has nothing to do."),
                )
            },
            &Text::new(
                "请在某个事件的 `by` 中使用它，或删去。",
                "Use it under `by` of an event, or take it away.",
            ),
        );
        let gates = chart
            .transitions
            .iter()
            .flat_map(|transition| transition.gates.iter().map(String::as_str))
            .collect();
        self.unused(
            ("unknown-gate", "unused-gate"),
            definition.gates.keys(),
            &gates,
            |name| {
                Text::new(
                    format!("法定条件 `{name}` 没有挡住任何一步。"),
                    format!("Gate `{name}` stands before no step."),
                )
            },
            &Text::new(
                "请在某个去向的 `gates` 中使用它，或删去。",
                "Use it under `gates` of a transition, or take it away.",
            ),
        );
    }

    fn unused<'n>(
        &mut self,
        (unknown, unused): (&str, &'static str),
        declared: impl Iterator<Item = &'n At<String>>,
        used: &BTreeSet<&str>,
        message: impl Fn(&str) -> Text,
        help: &Text,
    ) {
        if self.faults.iter().any(|fault| fault.code == unknown) {
            return;
        }
        for name in declared.filter(|name| !used.contains(name.value.as_str())) {
            self.fault_with_help(unused, &name.span, message(name), help.clone());
        }
    }

    /// Reports states that no path leads to, guards aside, and a workflow that has no end or
    /// never comes to it.
    pub(super) fn check_reach(&mut self, compiled: &Compiled) {
        let chart = &compiled.chart;
        let mut reached: BTreeSet<StateId> = BTreeSet::new();
        let mut frontier: Vec<StateId> = chart.initial(StateId::ROOT).to_vec();
        if frontier.is_empty() {
            frontier.extend(chart.children(StateId::ROOT).first());
        }
        while let Some(state) = frontier.pop() {
            if !reached.insert(state) {
                continue;
            }
            frontier.extend(
                chart
                    .ancestors(state)
                    .filter(|ancestor| *ancestor != StateId::ROOT),
            );
            match chart.kind(state) {
                StateKind::Parallel => frontier.extend(chart.children(state)),
                StateKind::Compound | StateKind::History(_) => match chart.initial(state) {
                    [] => frontier.extend(chart.children(state).first()),
                    initial => frontier.extend(initial),
                },
                StateKind::Atomic | StateKind::Final => {}
            }
            frontier.extend(
                chart
                    .transitions_of(state)
                    .flat_map(|(_, transition)| transition.targets.iter().copied()),
            );
        }
        let reached: BTreeSet<&str> = reached.into_iter().map(|state| chart.name(state)).collect();
        self.report_unreached(&self.definition.states, &reached);
        let ends: Vec<&str> = self
            .definition
            .states
            .iter()
            .filter(|(_, state)| state.is_final)
            .map(|(name, _)| name.value.as_str())
            .collect();
        if !ends.iter().any(|end| reached.contains(end)) {
            self.fault_with_help(
                "no-end",
                &self.definition.workflow.span.clone(),
                Text::new(
                    "办件永远办不结：没有能到达的终态。",
                    "A case never ends: no final state can be reached.",
                ),
                Text::new(
                    "请在最外层加一个 `final: true` 的状态，并有去向通到它。",
                    "Give the workflow a state with `final: true` at the top, and a way to it.",
                ),
            );
        }
    }

    /// A state that is not reached is reported once, without the states inside it.
    fn report_unreached(&mut self, named: &Named<StateDefinition>, reached: &BTreeSet<&str>) {
        for (name, state) in named {
            if !reached.contains(name.value.as_str()) {
                self.fault_with_help(
                    "unreachable-state",
                    &name.span,
                    Text::new(
                        format!("没有去向通到状态 `{name}`。"),
                        format!("Nothing leads to state `{name}`."),
                    ),
                    Text::new(
                        "请加一个通到它的去向，或删去它。",
                        "Add a transition to it, or take it away.",
                    ),
                );
            } else {
                self.report_unreached(&state.states, reached);
                self.report_unreached(&state.parallel, reached);
            }
        }
    }
}
