//! What states and transitions ask for beyond the case.

use indexmap::IndexMap;

use super::names::Joint;
use super::{Compiler, keys};
use crate::Text;
use crate::definition::{
    InvokeDefinition, MessageDefinition, Named, SendDefinition, StateDefinition,
};
use crate::outbox::{Invoke, MessageRequest, Requests, SendRequest, Target};
use crate::source::At;

/// What states ask for.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) requests: IndexMap<String, Requests>,
    pub(super) invokes: IndexMap<String, IndexMap<String, Invoke>>,
}

impl Compiler<'_> {
    pub(super) fn effects(&mut self) -> Effects {
        let mut effects = Effects::default();
        self.effects_of(&self.definition.states, &mut effects);
        effects
    }

    fn effects_of(&mut self, named: &Named<StateDefinition>, effects: &mut Effects) {
        for (name, state) in named {
            if !(state.message.is_empty() && state.send.is_empty()) {
                let requests = self.requests(&state.message, &state.send);
                effects.requests.insert(name.value.clone(), requests);
            }
            if !state.invoke.is_empty() {
                let invokes = state.invoke.iter();
                let invokes = invokes.map(|(name, it)| (name.value.clone(), self.invoke(name, it)));
                let invokes = invokes.collect();
                effects.invokes.insert(name.value.clone(), invokes);
            }
            self.effects_of(&state.states, effects);
            self.effects_of(&state.parallel, effects);
        }
    }

    /// Checks what a state or a transition tells others.
    pub(super) fn requests(
        &mut self,
        messages: &[MessageDefinition],
        sends: &[SendDefinition],
    ) -> Requests {
        Requests {
            messages: messages.iter().map(|it| self.message(it)).collect(),
            sends: sends.iter().map(|it| self.send(it)).collect(),
        }
    }

    fn message(&mut self, message: &MessageDefinition) -> MessageRequest {
        self.check_name(&message.name, Joint::Underscore);
        for field in &message.data {
            self.check_field(field);
        }
        MessageRequest {
            name: message.name.value.clone(),
            data: super::values(&message.data),
        }
    }

    /// The event and its fields are those of the other case's workflow, which need not be known
    /// here: there they are checked when the event comes.
    fn send(&mut self, send: &SendDefinition) -> SendRequest {
        self.check_name(&send.event, Joint::Underscore);
        SendRequest {
            event: send.event.value.clone(),
            to: self.target(&send.to),
            data: self.mapped(&send.data),
        }
    }

    fn target(&mut self, to: &At<String>) -> Target {
        if to.value == "parent" {
            return Target::Parent;
        }
        if let Some(field) = to.strip_prefix("data.") {
            let name = At {
                value: field.to_owned(),
                span: to.span.clone(),
            };
            self.check_field(&name);
            return Target::Fact(name.value);
        }
        let mut known = vec!["parent"];
        children(&self.definition.states, &mut known);
        if !known.contains(&to.value.as_str()) {
            self.unknown("unknown-invoke", ("子办件", "child case"), to, known);
        }
        Target::Child(to.value.clone())
    }

    fn invoke(&mut self, name: &At<String>, invoke: &InvokeDefinition) -> Invoke {
        self.check_name(name, Joint::Underscore);
        if name.value == "parent" {
            self.fault_with_help(
                "bad-name",
                &name.span,
                Text::new(
                    "`parent` 指开立本办件的办件，子办件不能用这个名称。",
                    "`parent` is the case that has opened this one: no child can be called so.",
                ),
                Text::new("请换一个名称。", "Choose another name."),
            );
        }
        self.check_name(&invoke.workflow, Joint::Hyphen);
        if let Some(done) = &invoke.done {
            self.check_done(done);
        }
        Invoke {
            workflow: invoke.workflow.value.clone(),
            data: self.mapped(&invoke.data),
            done: invoke.done.as_ref().map(|event| event.value.clone()),
        }
    }

    /// The end of a child comes as an event that cases may send.
    fn check_done(&mut self, done: &At<String>) {
        let declared = &self.definition.events;
        match declared.get(done) {
            None => self.unknown("unknown-event", ("事件", "event"), done, keys(declared)),
            Some(event) if !event.by_case => self.fault_with_help(
                "not-by-case",
                &done.span,
                Text::new(
                    format!("其他办件不能发出 `{done}`，子办件办结时它来不了。"),
                    format!("Cases may not send `{done}`, so the end of a child cannot bring it."),
                ),
                Text::new(
                    format!("请在事件 `{done}` 下加 `by_case: true`。"),
                    format!("Add `by_case: true` to event `{done}`."),
                ),
            ),
            Some(_) => {}
        }
    }

    /// Checks facts of another case that come from facts of this one.
    fn mapped(&mut self, data: &Named<At<String>>) -> IndexMap<String, String> {
        data.iter()
            .map(|(theirs, own)| {
                self.check_name(theirs, Joint::Underscore);
                self.check_field(own);
                (theirs.value.clone(), own.value.clone())
            })
            .collect()
    }

    pub(super) fn check_field(&mut self, field: &At<String>) {
        let fields = &self.definition.data;
        if !fields.contains_key(field) {
            self.unknown("unknown-field", ("数据项", "field"), field, keys(fields));
        }
    }
}

/// Lists the names of all child cases.
fn children<'d>(named: &'d Named<StateDefinition>, names: &mut Vec<&'d str>) {
    for state in named.values() {
        names.extend(keys(&state.invoke));
        children(&state.states, names);
        children(&state.parallel, names);
    }
}
