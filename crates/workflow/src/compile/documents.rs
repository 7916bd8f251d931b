//! Documents: what their classes go with, what stands for many of them, and how they may follow
//! later.

use std::ops::Range;

use groundbreak_sla::{ClockPolicy, Comparator, Goal};
use indexmap::IndexMap;

use super::chart::Compiled;
use super::{Compiler, keys, values};
use crate::definition::{
    DeferDefinition, DocumentClass, DocumentDefinition, LegalEffect, Named, StateDefinition,
};
use crate::source::At;
use crate::workflow::{Clock, Document};
use crate::{DeferralRule, Text};

impl Compiler<'_> {
    pub(super) fn documents(
        &mut self,
        clocks: &IndexMap<String, Clock>,
    ) -> IndexMap<String, Document> {
        let definition = self.definition;
        definition
            .documents
            .iter()
            .map(|(name, document)| {
                self.check_class(name, document);
                let document = Document {
                    title: document.title.clone(),
                    class: document.class,
                    law: document.law.clone(),
                    needed_if: document
                        .needed_if
                        .as_ref()
                        .and_then(|condition| self.guard(condition)),
                    attached_by: document
                        .output_of
                        .as_ref()
                        .map(|step| self.makers(step))
                        .unwrap_or_default(),
                    deferral: document
                        .defer
                        .as_ref()
                        .and_then(|defer| self.deferral(defer, clocks)),
                };
                (name.value.clone(), document)
            })
            .collect()
    }

    /// Each class has the key that it needs, and no other class has it.
    fn check_class(&mut self, name: &At<String>, document: &DocumentDefinition) {
        let class = document.class;
        let conditional = document.needed_if.as_ref().map(|it| &it.span);
        let output = document.output_of.as_ref().map(|it| &it.span);
        let deferred = document.defer.as_ref().map(|it| &it.within.span);
        self.check_key(
            name,
            "needed_if",
            &[DocumentClass::Conditional],
            class,
            conditional,
        );
        self.check_key(name, "output_of", &[DocumentClass::Output], class, output);
        let may_follow = [DocumentClass::Secondary, DocumentClass::Conditional];
        if deferred.is_some() {
            self.check_key(name, "defer", &may_follow, class, deferred);
        }
    }

    fn check_key(
        &mut self,
        name: &At<String>,
        key: &str,
        its: &[DocumentClass],
        class: DocumentClass,
        written: Option<&Range<usize>>,
    ) {
        let words: Vec<&str> = its.iter().map(|class| word(*class)).collect();
        let fits = its.contains(&class);
        match written {
            Some(span) if !fits => {
                let (zh, en) = (words.join("` 或 `"), words.join("` or `"));
                self.fault_with_help(
                    "document-class",
                    span,
                    Text::new(
                        format!("`{name}` 的类别是 `{}`，不能有 `{key}`。", word(class)),
                        format!(
                            "`{name}` is of class `{}`, so it has no `{key}`.",
                            word(class)
                        ),
                    ),
                    Text::new(
                        format!("请把类别改为 `{zh}`，或去掉 `{key}`。"),
                        format!("Make its class `{en}`, or take `{key}` away."),
                    ),
                );
            }
            None if fits => self.fault_with_help(
                "document-class",
                &name.span,
                Text::new(
                    format!("`{name}` 的类别是 `{}`，缺少 `{key}`。", word(class)),
                    format!("`{name}` is of class `{}` and has no `{key}`.", word(class)),
                ),
                Text::new(format!("请加上 `{key}:`。"), format!("Add `{key}:`.")),
            ),
            _ => {}
        }
    }

    /// Returns the roles that make an output: those that send the event, or an event that leads to
    /// the state.
    fn makers(&mut self, step: &At<String>) -> Vec<String> {
        let definition = self.definition;
        let mut events: Vec<&str> = Vec::new();
        if definition.events.contains_key(step) {
            events.push(&step.value);
        } else if self.states.faces.contains_key(&step.value) {
            leading_to(&definition.states, &step.value, &mut events);
        } else {
            let known: Vec<String> = keys(&definition.events)
                .chain(self.states.faces.keys().map(String::as_str))
                .map(str::to_owned)
                .collect();
            self.unknown(
                "unknown-event",
                ("事件或状态", "event or state"),
                step,
                known.iter().map(String::as_str),
            );
            return Vec::new();
        }
        let mut makers: Vec<String> = Vec::new();
        for (name, event) in &definition.events {
            if events.contains(&name.value.as_str()) {
                makers.extend(values(&event.by));
            }
        }
        if makers.is_empty() {
            self.fault_with_help(
                "nobody-may",
                &step.span,
                Text::new(
                    format!("`{step}` 不是由人办的一步，没有人可以上传它的结果。"),
                    format!(
                        "`{step}` is no step that a person takes: nobody may attach what it makes."
                    ),
                ),
                Text::new(
                    "请写由角色办理的事件，或由它通到的状态。",
                    "Name an event that roles send, or a state that one leads to.",
                ),
            );
        }
        makers.sort();
        makers.dedup();
        makers
    }

    fn deferral(
        &mut self,
        defer: &DeferDefinition,
        clocks: &IndexMap<String, Clock>,
    ) -> Option<DeferralRule> {
        let events = &self.definition.events;
        for event in defer.before.iter().chain([&defer.on_fail]) {
            if !events.contains_key(event) {
                self.unknown("unknown-event", ("事件", "event"), event, keys(events));
            }
        }
        if defer.by.is_empty() {
            self.fault_with_help(
                "nobody-may",
                &defer.within.span,
                Text::new(
                    "没有人可以受理这项容缺。",
                    "Nobody may accept this deferral.",
                ),
                Text::new("请在 `by` 中写明角色。", "Name the roles under `by`."),
            );
        }
        for role in &defer.by {
            self.check_role(role);
        }
        let goal = self.goal(&defer.within);
        let declared = &self.definition.clocks;
        if !declared.contains_key(&defer.clock) {
            self.unknown(
                "unknown-clock",
                ("时限", "clock"),
                &defer.clock,
                keys(declared),
            );
        }
        let (goal, clock) = (goal?, clocks.get(&defer.clock.value)?);
        self.check_length_of(defer, goal, clock);
        Some(DeferralRule {
            within: ClockPolicy::new(goal),
            clock: defer.clock.value.clone(),
            by: values(&defer.by),
            before: defer.before.as_ref().map(|event| event.value.clone()),
            on_fail: defer.on_fail.value.clone(),
        })
    }

    /// The time of a deferred document does not exceed the time the office has promised, or has by
    /// law.
    fn check_length_of(&mut self, defer: &DeferDefinition, goal: Goal, clock: &Clock) {
        let (within, limit) = (goal.budget(), clock.policy.goal);
        let (zh, en) = (limit.text().zh, limit.text().en);
        if clock.effect == LegalEffect::Internal {
            self.fault_with_help(
                "deferral-too-long",
                &defer.clock.span,
                Text::new(
                    format!("`{}` 是内部时限，不能作为容缺期限的上限。", defer.clock),
                    format!(
                        "`{}` is an internal clock: it cannot bound how long a document may follow.",
                        defer.clock
                    ),
                ),
                Text::new(
                    "请写法定或承诺的办理时限。",
                    "Name the statutory or promised clock of the handling.",
                ),
            );
        } else if std::mem::discriminant(&within) != std::mem::discriminant(&limit.budget()) {
            self.fault_with_help(
                "deferral-other-unit",
                &defer.within.span,
                Text::new(
                    format!("容缺期限与 `{}`（{zh}）的单位不同，无法比较。", defer.clock),
                    format!(
                        "The time to follow and `{}` ({en}) are in different units and cannot be compared.",
                        defer.clock
                    ),
                ),
                Text::new("请用该时限的单位。", "Write it in the unit of that clock."),
            );
        } else {
            let kept = match limit.comparator() {
                Comparator::Within => within.amount() <= limit.budget().amount(),
                Comparator::Under => within.amount() < limit.budget().amount(),
            };
            if !kept {
                self.fault_with_help(
                    "deferral-too-long",
                    &defer.within.span,
                    Text::new(
                        format!("容缺期限长于 `{}` 的时限（{zh}）。", defer.clock),
                        format!("The time to follow exceeds `{}` ({en}).", defer.clock),
                    ),
                    Text::new(
                        "补交期限不得超过办理时限，请缩短。",
                        "A document may not follow later than the limit of the handling: shorten it.",
                    ),
                );
            }
        }
    }

    /// What the end of a deferral brings comes by itself: it can neither bring facts nor be
    /// refused.
    pub(super) fn check_failing(&mut self, chart: &Compiled) {
        let definition = self.definition;
        for document in definition.documents.values() {
            let Some(defer) = &document.defer else {
                continue;
            };
            let event = &defer.on_fail;
            let asks = definition
                .events
                .get(event)
                .is_some_and(|event| !event.asks.is_empty());
            let may_be_refused = chart.transitions.iter().any(|transition| {
                transition.event.as_deref() == Some(event.value.as_str())
                    && !(transition.gates.is_empty() && transition.requires.is_empty())
            });
            if asks || may_be_refused {
                self.fault_with_help(
                    "deferral-end",
                    &event.span,
                    Text::new(
                        format!(
                            "容缺期满自动发出 `{event}`，它不能带 `asks`、`gates` 或 `requires`。"
                        ),
                        format!(
                            "The end of a deferral sends `{event}` by itself, so it can have no `asks`, `gates` or `requires`."
                        ),
                    ),
                    Text::new(
                        "请另写一个不带这些的事件。",
                        "Declare another event without them.",
                    ),
                );
            }
        }
    }

    /// Expands `documents.main` and `documents.all`, and checks the other names. What the office
    /// fetches itself holds up nobody, so no step requires it.
    pub(super) fn required(&mut self, requires: &[At<String>]) -> Vec<String> {
        let documents = &self.definition.documents;
        let mut names: Vec<String> = Vec::new();
        for name in requires {
            match name.value.as_str() {
                "documents.all" => names.extend(of_classes(
                    documents,
                    &[
                        DocumentClass::Main,
                        DocumentClass::Conditional,
                        DocumentClass::Secondary,
                    ],
                )),
                "documents.main" => names.extend(of_classes(
                    documents,
                    &[DocumentClass::Main, DocumentClass::Conditional],
                )),
                _ => match documents.get(name) {
                    Some(document) if document.class == DocumentClass::Shared => self
                        .fault_with_help(
                            "document-class",
                            &name.span,
                            Text::new(
                                format!("`{name}` 由窗口自行调取（`shared`），不能要求申请人先交。"),
                                format!(
                                    "The office fetches `{name}` itself (`shared`): no step can require it."
                                ),
                            ),
                            Text::new(
                                "请从 `requires` 中去掉；必须查验时写成 `gates` 的条件。",
                                "Take it out of `requires`; where it must be looked at, make that a gate.",
                            ),
                        ),
                    Some(_) => names.push(name.value.clone()),
                    None => {
                        let known = keys(documents).chain(["documents.main", "documents.all"]);
                        self.unknown(
                            "unknown-document",
                            ("材料", "document"),
                            name,
                            known.collect::<Vec<_>>(),
                        );
                    }
                },
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }
}

/// Returns the documents of some classes, in the order they are written.
fn of_classes(documents: &Named<DocumentDefinition>, classes: &[DocumentClass]) -> Vec<String> {
    documents
        .iter()
        .filter(|(_, document)| classes.contains(&document.class))
        .map(|(name, _)| name.value.clone())
        .collect()
}

/// Lists the events that lead to a state from anywhere.
fn leading_to<'d>(states: &'d Named<StateDefinition>, target: &str, events: &mut Vec<&'d str>) {
    for state in states.values() {
        for (event, transitions) in &state.on {
            let leads = transitions
                .value
                .0
                .iter()
                .any(|transition| transition.to.as_ref().is_some_and(|to| to.value == target));
            if leads {
                events.push(&event.value);
            }
        }
        leading_to(&state.states, target, events);
        leading_to(&state.parallel, target, events);
    }
}

fn word(class: DocumentClass) -> &'static str {
    match class {
        DocumentClass::Main => "main",
        DocumentClass::Secondary => "secondary",
        DocumentClass::Conditional => "conditional",
        DocumentClass::Shared => "shared",
        DocumentClass::Output => "output",
    }
}
