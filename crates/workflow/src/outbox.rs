//! What a step asks for beyond the case, and what becomes of it.

use groundbreak_sla::Timestamp;
use groundbreak_statechart::TransitionId;
use indexmap::IndexMap;

use crate::decide::by_the_clock;
use crate::draft::Draft;
use crate::input::{NOTE_LENGTH_MAX, check_text};
use crate::signing::sign_as_any;
use crate::{
    Case, CaseId, Command, Data, DecideError, Decision, Effect, EffectId, EffectOutcome, Entry,
    PendingEffect, Refusal, Signature, Stuck, Text, Value, Workflow,
};

/// What a state asks for when it is entered, or a transition when it is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    pub(crate) messages: Vec<MessageRequest>,
    pub(crate) sends: Vec<SendRequest>,
}

/// The outside is to be told something.
#[derive(Clone, Debug)]
pub(crate) struct MessageRequest {
    pub(crate) name: String,
    /// The facts that go with it.
    pub(crate) data: Vec<String>,
}

/// An event is to be sent to another case.
#[derive(Clone, Debug)]
pub(crate) struct SendRequest {
    pub(crate) event: String,
    pub(crate) to: Target,
    /// Facts of the other case, by which of this one they come from.
    pub(crate) data: IndexMap<String, String>,
}

/// The case an event is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The one that has opened this one. Where there is none, nothing is sent.
    Parent,
    /// The one opened last under this name. Before there is one, nothing is sent.
    Child(String),
    /// The one whose id is in this fact. Before anybody has recorded it, nothing is sent.
    Fact(String),
}

/// A child case that is opened when a state is entered, and not left again in the same step.
#[derive(Clone, Debug)]
pub(crate) struct Invoke {
    pub(crate) workflow: String,
    /// Facts of the child, by which of this case they come from.
    pub(crate) data: IndexMap<String, String>,
    pub(crate) done: Option<String>,
}

impl Draft<'_> {
    /// Asks for what the transitions of a microstep, and then the states it entered, ask for.
    pub(crate) fn ask_of_step(&mut self, transitions: &[TransitionId], entered: &[String]) {
        let workflow = self.workflow;
        for transition in transitions {
            self.ask_all(&workflow.transition(*transition).requests);
        }
        for requests in entered
            .iter()
            .filter_map(|state| workflow.requests.get(state))
        {
            self.ask_all(requests);
        }
    }

    /// Opens the child cases of the states that were entered and are still active.
    pub(crate) fn invoke(&mut self, entered: &[String]) {
        let workflow = self.workflow;
        for (state, name, invoke) in entered.iter().flat_map(|state| {
            let invokes = workflow.invokes.get(state).into_iter().flatten();
            invokes.map(move |(name, invoke)| (state, name, invoke))
        }) {
            if !self.case.is_in(state) {
                continue;
            }
            let child = self.next_effect().child(self.case.id, self.at);
            self.ask(Effect::Open {
                name: name.clone(),
                child,
                workflow: invoke.workflow.clone(),
                data: self.facts(&invoke.data),
                done: invoke.done.clone(),
            });
        }
    }

    /// Tells the case that has opened this one that it has come to its end.
    pub(crate) fn tell_parent(&mut self) {
        let parent = self.case.parent.clone();
        if let Some((to, event)) = parent.and_then(|parent| Some((parent.case, parent.done?))) {
            self.ask(Effect::Send {
                event,
                to,
                data: Data::new(),
            });
        }
    }

    fn ask_all(&mut self, requests: &Requests) {
        for message in &requests.messages {
            let facts = message.data.iter();
            let facts = facts.filter_map(|field| {
                let value = self.case.data.get(field)?;
                Some((field.clone(), value.clone()))
            });
            let data = facts.collect();
            self.ask(Effect::Message {
                name: message.name.clone(),
                data,
            });
        }
        for send in &requests.sends {
            let (event, data) = (send.event.clone(), self.facts(&send.data));
            if let Some(to) = self.target(&send.to) {
                self.ask(Effect::Send { event, to, data });
            }
        }
    }

    /// Returns the case that a target means now.
    fn target(&self, target: &Target) -> Option<CaseId> {
        match target {
            Target::Parent => self.case.parent.as_ref().map(|parent| parent.case),
            Target::Child(name) => self.case.children.get(name).copied(),
            Target::Fact(field) => match self.case.data.get(field)? {
                // Nothing has the nil id, so what is no id of a case is sent nowhere, and found
                // among the effects that were given up.
                Value::Text(text) => Some(text.trim().parse().unwrap_or_default()),
                _ => None,
            },
        }
    }

    /// Returns own facts under the names another case has for them. Those that nobody has recorded
    /// are left out.
    fn facts(&self, data: &IndexMap<String, String>) -> Data {
        data.iter()
            .filter_map(|(theirs, own)| {
                let value = self.case.data.get(own)?;
                Some((theirs.clone(), value.clone()))
            })
            .collect()
    }

    fn next_effect(&self) -> EffectId {
        EffectId(self.case.effects_asked.saturating_add(1))
    }

    fn ask(&mut self, what: Effect) {
        let effect = self.next_effect();
        self.record(Entry::EffectAsked { effect, what });
    }
}

/// Takes note of what an attempt to do an effect came to.
pub(crate) fn settle(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    (effect, attempt): (EffectId, u32),
    outcome: &EffectOutcome,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    if !command.actor.is_clock() {
        return Err(Refusal::OnlyTheClock.into());
    }
    let pending = case.effects.get(&effect);
    let Some(pending) =
        pending.filter(|pending| !pending.is_given_up() && pending.attempts + 1 == attempt)
    else {
        return Err(Refusal::EffectNotWaiting { effect }.into());
    };
    let at = now.max(case.effective_at);
    let entry = match outcome {
        EffectOutcome::Delivered => Entry::EffectDelivered { effect, attempt },
        EffectOutcome::Failed { problem } => match pending.next_attempt(attempt, at) {
            Some(next_at) => Entry::EffectFailed {
                effect,
                attempt,
                problem: kept(problem),
                next_at,
            },
            None => given_up(effect, attempt, problem),
        },
        EffectOutcome::Rejected { problem } => given_up(effect, attempt, problem),
    };
    let mut draft = Draft::new(workflow, case, by_the_clock(command), command.id, at, now);
    draft.record(entry);
    Ok(draft.finish()?)
}

/// Has an effect that was given up tried anew, or drops it. Whoever holds a role in the workflow
/// may; a closed case allows it too.
pub(crate) fn decide_on_dead_letter(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    entry: Entry,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    let (effect, input, remark, act) = match &entry {
        Entry::EffectDropped { effect, reason } => (
            *effect,
            "reason",
            Some(reason),
            Text::new("放弃发送", "Drop an effect"),
        ),
        Entry::EffectResent { effect, note } => (
            *effect,
            "note",
            note.as_ref(),
            Text::new("重新发送", "Send an effect again"),
        ),
        other => {
            return Err(Stuck::Step {
                problem: format!("{other:?} decides on no effect"),
            }
            .into());
        }
    };
    let by = sign_as_any(workflow, &command.actor, &act)?;
    if let Some(text) = remark {
        check_text(input, text, NOTE_LENGTH_MAX)?;
    }
    // A message that nobody has tried to deliver may be dropped: there may never be anybody.
    let may_be = |pending: &PendingEffect| {
        let untried = matches!(pending.what, Effect::Message { .. }) && pending.attempts == 0;
        pending.is_given_up() || (untried && matches!(entry, Entry::EffectDropped { .. }))
    };
    if !case.effects.get(&effect).is_some_and(may_be) {
        return Err(Refusal::EffectNotWaiting { effect }.into());
    }
    // It is not an act in a role, so it does not count for separation of duties.
    let by = Signature { role: None, ..by };
    let at = now.max(case.effective_at);
    let mut draft = Draft::new(workflow, case, by, command.id, at, now);
    draft.record(entry);
    Ok(draft.finish()?)
}

fn given_up(effect: EffectId, attempt: u32, problem: &str) -> Entry {
    Entry::EffectGivenUp {
        effect,
        attempt,
        problem: kept(problem),
    }
}

/// Returns what the journal keeps of a text from outside: one line of a bounded length.
fn kept(problem: &str) -> String {
    let visible = problem
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c });
    visible.take(PendingEffect::PROBLEM_LENGTH_MAX).collect()
}
