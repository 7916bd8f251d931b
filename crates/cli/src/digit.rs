//! Workflow configurations of DIGIT, a platform that municipalities in India work with, as
//! definitions of this program.
//!
//! # Source
//!
//! The configurations that DIGIT's services are set up with: business services of states, each
//! with actions, their roles and next state, and limits in milliseconds of elapsed time. An action
//! that leads to the state it is taken in does not start that state's limit anew.

mod configuration;
mod name;

use std::collections::{BTreeMap, BTreeSet};

use groundbreak_workflow::{Diagnostic, Text, nearest};

use configuration::{Action, State};
pub(crate) use configuration::{Service, read};
use name::{Joint, Names};

use crate::yaml::scalar;

/// A definition, and what could not be carried over as it was meant.
pub(crate) struct Imported {
    /// Its text.
    pub(crate) yaml: String,
    /// Places are those of the configuration.
    pub(crate) findings: Vec<Diagnostic>,
}

/// The state around all states in which a case is not at its end. The limit of the whole service
/// runs while a case is in it.
const IN_PROGRESS: &str = "in_progress";

/// Turns a service into a definition. Whatever it holds, the text is one that the compiler reads.
pub(crate) fn import(service: &Service, calendar: &str) -> Imported {
    let mut states = Names::new(Joint::Underscore, "state");
    states.reserve(IN_PROGRESS);
    let names = service
        .states
        .iter()
        .map(|state| states.take(state.name.as_deref().unwrap_or("start")))
        .collect();
    let mut importer = Importer {
        service,
        names,
        events: BTreeMap::new(),
        used: BTreeSet::new(),
        findings: Vec::new(),
    };
    importer.name_events();
    let yaml = importer.definition(calendar);
    Imported {
        yaml,
        findings: importer.findings,
    }
}

struct Importer<'a> {
    service: &'a Service,
    /// The name of each state here, in order.
    names: Vec<String>,
    /// The event for an action by a set of roles: who may do a thing is said once for all states,
    /// so the same action by other people is another event.
    events: BTreeMap<(&'a str, BTreeSet<&'a str>), String>,
    /// The events that lead somewhere.
    used: BTreeSet<String>,
    findings: Vec<Diagnostic>,
}

fn roles(action: &Action) -> BTreeSet<&str> {
    action.roles.iter().map(String::as_str).collect()
}

fn title(word: &str) -> String {
    let word = scalar(word);
    format!("{{ zh: {word}, en: {word} }}")
}

impl<'a> Importer<'a> {
    fn fault(&mut self, code: &'static str, at: &std::ops::Range<usize>, what: Text, help: Text) {
        self.findings
            .push(Diagnostic::new(code, at.clone(), what).with_help(help));
    }

    fn name_events(&mut self) {
        let mut groups: BTreeMap<&str, BTreeSet<BTreeSet<&str>>> = BTreeMap::new();
        let actions = self.service.states.iter().flat_map(|state| &state.actions);
        for action in actions {
            groups
                .entry(&action.name)
                .or_default()
                .insert(roles(action));
        }
        let mut names = Names::new(Joint::Underscore, "act");
        for (state, own) in self.service.states.iter().zip(&self.names) {
            for action in &state.actions {
                let alone = groups
                    .get(action.name.as_str())
                    .is_some_and(|sets| sets.len() == 1);
                self.events
                    .entry((&action.name, roles(action)))
                    .or_insert_with(|| {
                        if alone {
                            names.take(&action.name)
                        } else {
                            names.take(&format!("{} {own}", action.name))
                        }
                    });
            }
        }
    }

    fn definition(&mut self, calendar: &str) -> String {
        let service = self.service;
        let mut workflow = Names::new(Joint::Hyphen, "workflow");
        let mut lines = vec![
            "# Imported. Titles are the codes of the configuration: give them words in both languages."
                .to_owned(),
            "# 导入的定义。标题取自原配置的代码，请改成中英文名称。".to_owned(),
            format!("workflow: {}", workflow.take(&service.name)),
            "version: 1".to_owned(),
            format!("title: {}", title(&service.name)),
            format!("calendar: {}", scalar(calendar)),
            String::new(),
        ];
        // Whether an event is declared is only known when all states are written.
        let mut states = Vec::new();
        self.states(&mut states);
        self.roles(&mut lines);
        lines.append(&mut states);
        lines.join("\n") + "\n"
    }

    /// Writes who may act, and what they may do.
    fn roles(&self, lines: &mut Vec<String>) {
        let used = || {
            let events = self.events.iter();
            events.filter(|(_, name)| self.used.contains(*name))
        };
        let mut names = Names::new(Joint::Underscore, "role");
        let mut known: BTreeMap<&str, String> = BTreeMap::new();
        for role in used().flat_map(|((_, by), _)| by) {
            known.entry(role).or_insert_with(|| names.take(role));
        }
        if !known.is_empty() {
            lines.push("roles:".to_owned());
            let rows = known.iter();
            lines
                .extend(rows.map(|(code, name)| format!("  {name}: {{ title: {} }}", title(code))));
            lines.push(String::new());
        }
        if !self.used.is_empty() {
            lines.push("events:".to_owned());
            lines.extend(used().map(|((action, by), name)| {
                let by = by.iter().filter_map(|role| known.get(role));
                let by: Vec<&str> = by.map(String::as_str).collect();
                let by = by.join(", ");
                format!("  {name}: {{ title: {}, by: [{by}] }}", title(action))
            }));
            lines.push(String::new());
        }
    }

    fn states(&mut self, lines: &mut Vec<String>) {
        let service = self.service;
        let start = self.start();
        let ends: Vec<bool> = service
            .states
            .iter()
            .map(|state| self.ends(state))
            .collect();
        self.clocks(&ends, lines);
        let mut progress = Vec::new();
        let mut end_lines = Vec::new();
        let all = service.states.iter().zip(self.names.clone()).zip(ends);
        for ((state, name), is_end) in all {
            let words = title(state.name.as_deref().unwrap_or("START"));
            if state.asks_for_documents {
                self.fault(
                    "digit-documents-left-out",
                    &state.span,
                    Text::new(
                        format!("`{name}` 要求上传材料，但没有写明哪些，未导入。"),
                        format!("`{name}` asks for papers without saying which; this was left out."),
                    ),
                    Text::new(
                        "请在 `documents` 中列出，并在去向的 `requires` 中写明。",
                        "List them under `documents` and name them in `requires` of the transition.",
                    ),
                );
            }
            if is_end {
                end_lines.push(format!("  {name}: {{ title: {words}, final: true }}"));
                continue;
            }
            progress.push(format!("      {name}:"));
            progress.push(format!("        title: {words}"));
            self.transitions(state, &name, &mut progress);
        }
        lines.push("states:".to_owned());
        let initial = start.and_then(|start| self.names.get(start));
        if !progress.is_empty() {
            lines.push(format!("  {IN_PROGRESS}:"));
            lines.push("    title: { zh: 办理中, en: In progress }".to_owned());
            if let Some(initial) = initial {
                lines.push(format!("    initial: {initial}"));
            }
            lines.push("    states:".to_owned());
            lines.append(&mut progress);
        }
        lines.append(&mut end_lines);
        if service.states.is_empty() {
            lines.push("  {}".to_owned());
        }
    }

    /// Returns the state a case begins in: the one without a name, else the first that says so.
    fn start(&mut self) -> Option<usize> {
        let states = &self.service.states;
        let starts: Vec<usize> = (0..states.len())
            .filter(|index| states.get(*index).is_some_and(|state| state.is_start))
            .collect();
        let unnamed = starts
            .iter()
            .copied()
            .find(|index| states.get(*index).is_some_and(|state| state.name.is_none()));
        let chosen = unnamed
            .or(starts.first().copied())
            .or_else(|| states.iter().position(|state| !state.actions.is_empty()))?;
        let name = self.names.get(chosen).cloned().unwrap_or_default();
        let way_out = Text::new(
            "请只留一个 `isStartState`。",
            "Leave `isStartState` on one of them.",
        );
        if starts.is_empty() {
            let at = self.service.span.clone();
            self.fault(
                "digit-start-unclear",
                &at,
                Text::new(
                    format!("没有状态标为起点；取 `{name}`。"),
                    format!("No state is marked as the start; `{name}` was taken."),
                ),
                way_out,
            );
        } else {
            for other in starts.into_iter().filter(|index| *index != chosen) {
                let Some(state) = states.get(other) else {
                    continue;
                };
                self.fault(
                    "digit-start-unclear",
                    &state.span,
                    Text::new(
                        format!("不止一个状态标为起点；取 `{name}`，此处不作起点。"),
                        format!("More than one state is marked as the start; `{name}` was taken, and not this one."),
                    ),
                    way_out.clone(),
                );
            }
        }
        Some(chosen)
    }

    /// Returns whether a case ends in the state. One that goes on is no end, whatever it says.
    fn ends(&mut self, state: &State) -> bool {
        let goes_on = !state.actions.is_empty();
        if state.is_end && goes_on {
            self.fault(
                "digit-end-goes-on",
                &state.span,
                Text::new(
                    "标为终点，却还有动作；作普通状态导入，总时限在此继续计时。",
                    "It is marked as an end and has actions; it was imported as a state that goes on, where the limit of the service runs on.",
                ),
                Text::new(
                    "若确实到此为止，请删去其动作；若可重开，请去掉 `isTerminateState`。",
                    "Take the actions away if a case ends here, or `isTerminateState` if it can be reopened.",
                ),
            );
        }
        state.is_end && !goes_on
    }

    fn transitions(&mut self, state: &'a State, own: &str, lines: &mut Vec<String>) {
        let mut written = BTreeSet::new();
        let mut rows = Vec::new();
        for action in &state.actions {
            let Some(event) = self
                .events
                .get(&(action.name.as_str(), roles(action)))
                .cloned()
            else {
                continue;
            };
            if !written.insert(event.clone()) {
                self.fault(
                    "digit-action-twice",
                    &action.span,
                    Text::new(
                        format!(
                            "`{own}` 中同一些人的 `{}` 出现两次；取第一个。",
                            action.name
                        ),
                        format!(
                            "`{own}` has `{}` twice for the same people; the first was taken.",
                            action.name
                        ),
                    ),
                    Text::new("请改名或删去其一。", "Rename one of them, or take it away."),
                );
                continue;
            }
            let Some(target) = self.target(action) else {
                written.remove(&event);
                continue;
            };
            self.used.insert(event.clone());
            if target == own {
                rows.push(format!("          {event}: {{}}"));
            } else {
                rows.push(format!("          {event}: {target}"));
            }
        }
        if !rows.is_empty() {
            lines.push("        on:".to_owned());
            lines.append(&mut rows);
        }
    }

    fn target(&mut self, action: &Action) -> Option<String> {
        let to = action.to.as_deref().unwrap_or_default();
        let states = &self.service.states;
        let found = states
            .iter()
            .position(|state| state.name.as_deref() == Some(to));
        if let Some(found) = found {
            return self.names.get(found).cloned();
        }
        let known = states.iter().filter_map(|state| state.name.as_deref());
        let help = match nearest(to, known) {
            Some(near) => Text::new(
                format!("是否指 `{near}`？"),
                format!("Did you mean `{near}`?"),
            ),
            None => Text::new(
                "请在 `nextState` 中写一个已有的状态。",
                "Name a state of the service in `nextState`.",
            ),
        };
        self.fault(
            "digit-unknown-state",
            &action.span,
            Text::new(
                format!("`{}` 通向没有的状态 `{to}`，未导入。", action.name),
                format!(
                    "`{}` leads to `{to}`, which is no state; it was left out.",
                    action.name
                ),
            ),
            help,
        );
        None
    }

    fn clocks(&mut self, ends: &[bool], lines: &mut Vec<String>) {
        let service = self.service;
        let mut rows = Vec::new();
        let progress = ends.iter().any(|is_end| !is_end);
        if let Some(budget) = self.budget(service.sla_ms, &service.span, progress) {
            rows.extend(clock("service", "SLA", "promised", &budget, IN_PROGRESS));
        }
        let mut names = Names::new(Joint::Underscore, "clock");
        names.reserve("service");
        let all = service.states.iter().zip(self.names.clone()).zip(ends);
        for ((state, name), is_end) in all {
            if let Some(budget) = self.budget(state.sla_ms, &state.span, !is_end) {
                let words = state.name.as_deref().unwrap_or("START");
                rows.extend(clock(&names.take(&name), words, "internal", &budget, &name));
            }
        }
        if !rows.is_empty() {
            lines.push("clocks:".to_owned());
            lines.append(&mut rows);
            lines.push(String::new());
        }
    }

    /// Returns a limit as a budget. One that is not a positive whole number of milliseconds, or
    /// that stands on an end, limits nothing.
    fn budget(
        &mut self,
        sla_ms: Option<f64>,
        at: &std::ops::Range<usize>,
        counts: bool,
    ) -> Option<String> {
        /// A hundred years, in milliseconds.
        const LONGEST_MS: f64 = 3.2e12;
        let sla_ms = sla_ms?;
        if counts && (1.0..LONGEST_MS).contains(&sla_ms) && sla_ms.fract() == 0.0 {
            // Whole and in range, so the number is exact.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is whole and below 2^53"
            )]
            let ms = sla_ms as i64;
            let whole = |unit: i64| (ms % unit == 0).then_some(ms / unit);
            let budget = whole(3_600_000)
                .map(|hours| format!("within {hours}h"))
                .or(whole(60_000).map(|minutes| format!("within {minutes}min")))
                .or(whole(1_000).map(|seconds| format!("within {seconds}s")));
            if budget.is_some() {
                return budget;
            }
        }
        self.fault(
            "digit-limit-left-out",
            at,
            Text::new(
                format!("时限 {sla_ms} 毫秒不可用，未导入。"),
                format!("The limit of {sla_ms} ms cannot be used; it was left out."),
            ),
            Text::new(
                "请写正的整秒数，且不要写在终点上。",
                "Write a positive number of whole seconds, and not on an end.",
            ),
        );
        None
    }
}

fn clock(name: &str, words: &str, effect: &str, budget: &str, state: &str) -> [String; 6] {
    [
        format!("  {name}:"),
        format!("    title: {}", title(words)),
        format!("    effect: {effect}"),
        format!("    budget: {budget}"),
        format!("    start: entering {state}"),
        format!("    stop: leaving {state}"),
    ]
}
