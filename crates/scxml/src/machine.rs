//! A document that can run.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use groundbreak_statechart::{
    ActionId, Chart, ChartFault, GuardId, StateKind, StateSpec, TransitionSpec, Trigger,
};

use crate::Text;
use crate::document::{Binding, Content, Data, Document, DoneData, Invoke, Invoked, State};
use crate::documents::Documents;
use crate::expression::Expression;
use crate::fault::{FAULTS_MAX, Fault, Faults};
use crate::place::{Place, Places};

/// A document that has been checked and can run. It never changes, and can be shared between
/// threads.
#[derive(Debug)]
pub struct Machine {
    pub(crate) chart: Chart,
    pub(crate) name: Option<String>,
    pub(crate) binding: Binding,
    pub(crate) guards: Vec<(Expression, Place)>,
    pub(crate) actions: Vec<Action>,
    /// By the number of the state.
    pub(crate) extras: Vec<Extra>,
}

/// What a chart has the session do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Executable content.
    Block(Arc<[Content]>),
    /// Give all variables their first values, or with late binding declare them.
    Begin,
    /// A state was entered, which has variables or something to invoke.
    Enter(usize),
    /// A state is left that invoked something.
    Leave(usize),
    /// The session ends in this state.
    Finish(usize),
}

/// What a state has that charts know nothing of.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    pub(crate) data: Vec<Data>,
    pub(crate) invokes: Vec<(Arc<Invoke>, Option<Arc<Machine>>)>,
    pub(crate) done_data: Option<Arc<DoneData>>,
}

impl Machine {
    /// Reads a document and prepares it to run.
    ///
    /// # Errors
    ///
    /// Every fault, in the order of the text, and never an empty list.
    pub fn read(text: &str, documents: &Documents) -> Result<Arc<Self>, Vec<Fault>> {
        Self::of(&Document::read(text, documents)?, text)
    }

    /// Prepares a document to run that was read from `text`.
    ///
    /// # Errors
    ///
    /// Every fault, in the order of the text, and never an empty list.
    pub fn of(document: &Document, text: &str) -> Result<Arc<Self>, Vec<Fault>> {
        let places = Places::new(text);
        let mut faults = Faults::new(text, &places);
        let machine = compile(document, &mut faults);
        match machine {
            Some(machine) if faults.is_empty() => Ok(machine),
            _ => Err(faults.into_sorted()),
        }
    }

    /// Returns the chart, with the states of the document and a root.
    #[must_use]
    pub fn chart(&self) -> &Chart {
        &self.chart
    }
}

fn compile(document: &Document, faults: &mut Faults<'_>) -> Option<Arc<Machine>> {
    let mut compiler = Compiler::default();
    let mut root = compiler.state(&document.root, true, document);
    let mut first = vec![compiler.action(Action::Begin)];
    if !document.script.is_empty() {
        first.push(compiler.action(Action::Block(document.script.clone())));
    }
    root.on_entry = first;
    let chart = match Chart::compile(root) {
        Ok(chart) => Some(chart),
        Err(found) => {
            let mut named = BTreeMap::new();
            collect(&document.root, &mut named);
            for fault in found.iter().take(FAULTS_MAX) {
                report(fault, &document.root, &named, faults);
            }
            None
        }
    };
    let mut names = BTreeSet::new();
    let extras = compiler
        .states
        .iter()
        .map(|state| extra(state, &mut names, faults));
    let extras = extras.collect();
    Some(Arc::new(Machine {
        chart: chart?,
        name: document.name.clone(),
        binding: document.binding,
        guards: compiler.guards,
        actions: compiler.actions,
        extras,
    }))
}

fn extra<'a>(state: &'a State, names: &mut BTreeSet<&'a str>, faults: &mut Faults<'_>) -> Extra {
    for data in &state.data {
        if !names.insert(&data.id) {
            faults.add(
                "scxml-structure",
                state.span.clone(),
                Text::new(
                    format!("变量 `{}` 声明了两次。", data.id),
                    format!("The variable `{}` is declared twice.", data.id),
                ),
            );
        }
    }
    let invokes = state.invokes.iter().map(|invoke| {
        let inline = match &invoke.source {
            Invoked::Inline(document) => compile(document, faults),
            _ => None,
        };
        (invoke.clone(), inline)
    });
    Extra {
        data: state.data.clone(),
        invokes: invokes.collect(),
        done_data: state.done_data.clone(),
    }
}

#[derive(Default)]
struct Compiler<'a> {
    guards: Vec<(Expression, Place)>,
    actions: Vec<Action>,
    /// In document order, as the chart numbers them.
    states: Vec<&'a State>,
}

impl<'a> Compiler<'a> {
    fn action(&mut self, action: Action) -> ActionId {
        self.actions.push(action);
        ActionId(number(self.actions.len() - 1))
    }

    fn block(&mut self, content: &Arc<[Content]>) -> Vec<ActionId> {
        if content.is_empty() {
            return Vec::new();
        }
        vec![self.action(Action::Block(content.clone()))]
    }

    fn state(&mut self, state: &'a State, top: bool, document: &Document) -> StateSpec {
        let index = self.states.len();
        self.states.push(state);
        let mut spec = StateSpec::new(state.id.clone(), state.kind);
        let late = document.binding == Binding::Late && !state.data.is_empty();
        if !top && (late || !state.invokes.is_empty()) {
            spec.on_entry.push(self.action(Action::Enter(index)));
        }
        for block in &state.on_entry {
            spec.on_entry.extend(self.block(block));
        }
        for block in &state.on_exit {
            spec.on_exit.extend(self.block(block));
        }
        if !state.invokes.is_empty() {
            spec.on_exit.push(self.action(Action::Leave(index)));
        }
        spec.initial = state.initial.clone();
        spec.initial_actions = self.block(&state.initial_content);
        for transition in &state.transitions {
            let trigger = if transition.events.is_empty() {
                Trigger::Eventless
            } else {
                Trigger::Event(transition.events.clone())
            };
            let mut it = TransitionSpec::new(trigger, transition.targets.clone());
            it.internal = transition.internal;
            it.actions = self.block(&transition.content);
            if let Some(condition) = &transition.condition {
                self.guards.push((condition.clone(), transition.place));
                it.guard = Some(GuardId(number(self.guards.len() - 1)));
            }
            spec.transitions.push(it);
        }
        for child in &state.children {
            let mut child_spec = self.state(child, false, document);
            if top && child.kind == StateKind::Final && child.done_data.is_some() {
                let child = self.states.len() - 1;
                child_spec.on_exit.push(self.action(Action::Finish(child)));
            }
            spec.children.push(child_spec);
        }
        spec
    }
}

fn number(index: usize) -> u32 {
    // A document has far fewer elements than a u32 counts.
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Reports what is wrong with the chart, where its author wrote it.
fn report(
    fault: &ChartFault,
    root: &State,
    named: &BTreeMap<&str, Vec<&State>>,
    faults: &mut Faults<'_>,
) {
    let (state, transition) = subject(fault);
    let states = state.and_then(|state| named.get(state));
    // Of two states with one name, the second is the one too many.
    let state = match (fault, states) {
        (ChartFault::DuplicateName { .. }, Some(states)) => states.get(1).copied(),
        (_, states) => states.and_then(|states| states.first().copied()),
    };
    let state = state.unwrap_or(root);
    let span: Range<usize> = transition
        .and_then(|transition| state.transitions.get(transition))
        .map_or_else(|| state.span.clone(), |transition| transition.span.clone());
    faults.add(
        "scxml-structure",
        span,
        Text::new(in_chinese(fault), sentence(fault)),
    );
}

fn sentence(fault: &ChartFault) -> String {
    let text = fault.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), characters.as_str())
}

/// Lists the states by name.
fn collect<'a>(state: &'a State, named: &mut BTreeMap<&'a str, Vec<&'a State>>) {
    named.entry(&state.id).or_default().push(state);
    state
        .children
        .iter()
        .for_each(|child| collect(child, named));
}

/// Returns the state and the transition that a fault is about.
fn subject(fault: &ChartFault) -> (Option<&str>, Option<usize>) {
    match fault {
        ChartFault::UnknownTarget {
            state, transition, ..
        }
        | ChartFault::RootTargeted { state, transition }
        | ChartFault::NoEvent { state, transition }
        | ChartFault::BadDescriptor {
            state, transition, ..
        } => (Some(state), Some(*transition)),
        ChartFault::TargetsNotOrthogonal {
            state, transition, ..
        }
        | ChartFault::TooManyTargets {
            state, transition, ..
        } => (Some(state), *transition),
        ChartFault::TooDeep { state, .. }
        | ChartFault::NoChildren { state }
        | ChartFault::ChildrenNotAllowed { state }
        | ChartFault::FinalInParallel { state, .. }
        | ChartFault::TransitionsNotAllowed { state }
        | ChartFault::InitialNotAllowed { state }
        | ChartFault::UnknownInitial { state, .. }
        | ChartFault::InitialOutside { state, .. }
        | ChartFault::HistoryMisuse { state, .. } => (Some(state), None),
        ChartFault::BadName { name } | ChartFault::DuplicateName { name } => (Some(name), None),
        _ => (None, None),
    }
}

fn in_chinese(fault: &ChartFault) -> String {
    match fault {
        ChartFault::TooManyStates { limit } => format!("状态超过 {limit} 个。"),
        ChartFault::TooManyTransitions { limit } => format!("转移超过 {limit} 个。"),
        ChartFault::TooDeep { state, limit } => format!("状态 `{state}` 嵌套超过 {limit} 层。"),
        ChartFault::TooManyTargets { state, limit, .. } => {
            format!("`{state}` 的目标超过 {limit} 个。")
        }
        ChartFault::BadName { name } => format!("`{name}` 不能作状态的标识。"),
        ChartFault::DuplicateName { name } => format!("有两个状态都叫 `{name}`。"),
        ChartFault::RootNotCompound { .. } => "文档没有状态。".to_owned(),
        ChartFault::NoChildren { state } => format!("`{state}` 中没有可处的状态。"),
        ChartFault::ChildrenNotAllowed { state } => format!("`{state}` 这类状态不能有子状态。"),
        ChartFault::FinalInParallel { state, parallel } => {
            format!("终态 `{state}` 不能直接放在并行状态 `{parallel}` 中。")
        }
        ChartFault::TransitionsNotAllowed { state } => format!("终态 `{state}` 不能有转移。"),
        ChartFault::InitialNotAllowed { state } => format!("`{state}` 这类状态没有起点。"),
        ChartFault::UnknownInitial { state, target } => {
            format!("`{state}` 的起点 `{target}` 不存在。")
        }
        ChartFault::InitialOutside { state, target } => {
            format!("起点 `{target}` 不在 `{state}` 之内。")
        }
        ChartFault::UnknownTarget { state, target, .. } => {
            format!("`{state}` 的转移指向 `{target}`，没有这个状态。")
        }
        ChartFault::TargetsNotOrthogonal { first, second, .. } => {
            format!("`{first}` 与 `{second}` 不能同时处于活动状态。")
        }
        ChartFault::BadDescriptor { descriptor, .. } => {
            format!("`{descriptor}` 不是事件描述。")
        }
        ChartFault::HistoryMisuse { state, .. } => format!("历史 `{state}` 的用法有误。"),
        _ => "状态图的结构有误。".to_owned(),
    }
}
