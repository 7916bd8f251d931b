//! The tasks that do what cases ask for beyond themselves.
//!
//! What is to be done is found in the index, where only durable commits leave a trace. It is done
//! outside the turn of the case, so a slow outside holds up neither commands nor timers; what came
//! of it is recorded by a command of the actor `clock`.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use groundbreak_store::{Direction, Query};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Data, Effect, EffectId, EffectKind,
    EffectOutcome, Parent, PendingEffect, Refusal, Text,
};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::bell::Bell;
use crate::runtime::Runtime;
use crate::{Committed, Engine, Failure, SubmitError};

/// How long a delivery may take before it counts as failed.
const DELIVERY_MAX: Duration = Duration::from_secs(30);
/// How long a task relies on knowing the next effect. Other nodes ask for effects too.
const STORE_ASKED_EVERY: Duration = Duration::from_secs(10);
/// How long a task waits for a store that does not answer.
const STORE_WAIT: Duration = Duration::from_secs(1);
/// How long a case is left alone at first when what came of its effect could not be recorded. It
/// doubles each time.
const PARKED_FIRST: Duration = Duration::from_millis(100);
/// How long it is left alone at most.
const PARKED_MAX: Duration = Duration::from_secs(300);
/// How often what came of an effect is told to a store that is busy, before the effect is tried
/// again.
const SETTLED_MAX: usize = 8;
/// The most cases that are read from the index at once.
const CASES_READ_MAX: usize = 1_000;

/// Takes messages to the outside: a queue, a webhook, another system.
///
/// It is called only for what is durable, at least once for each message, and again after a crash,
/// a failure or 30 seconds without an answer, from any node; [`Message::key`] is the same each
/// time. Messages of one case are given one after the other, in the order of their numbers as far
/// as none fails.
#[async_trait]
pub trait Deliver: Send + Sync + 'static {
    /// Delivers a message, and says what came of it.
    async fn deliver(&self, message: &Message) -> EffectOutcome;
}

/// What a case tells the outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Stays the same however often the message is delivered.
    pub key: Uuid,
    /// The case.
    pub case: CaseId,
    /// The number staff call it by.
    pub number: String,
    /// Its workflow.
    pub workflow: String,
    /// Its number among the effects of the case.
    pub effect: EffectId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// What is told, by the name the workflow gives it.
    pub name: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Facts of the case at that time, by field: a JSON object when it is serialized.
    pub data: Data,
}

impl Message {
    /// Returns the message of an effect, when it is one.
    fn of(case: &Case, effect: EffectId, pending: &PendingEffect) -> Option<Self> {
        let Effect::Message { name, data } = &pending.what else {
            return None;
        };
        Some(Self {
            key: effect.key(case.id),
            case: case.id,
            number: case.number.clone(),
            workflow: case.workflow.clone(),
            effect,
            attempt: pending.attempts + 1,
            name: name.clone(),
            asked_at: pending.asked_at,
            data: data.clone(),
        })
    }
}

impl Engine {
    /// Returns messages that wait to be delivered now, those of the case that waits longest first,
    /// and of at most `cases_max` cases: for an integrator who fetches them instead of being
    /// called. What becomes of each is told with [`Engine::settle_message`].
    ///
    /// An engine without a [`Deliver`] leaves messages alone: they wait here, and no attempts are
    /// counted.
    ///
    /// # Errors
    ///
    /// As the store says, and [`Failure::CaseDamaged`].
    pub async fn waiting_messages(&self, cases_max: usize) -> Result<Vec<Message>, Failure> {
        let runtime = self.runtime();
        runtime.check_open()?;
        let kind = EffectKind::Message;
        let found = runtime.due_effects(kind, cases_max, |_| false).await?;
        let mut messages = Vec::new();
        for id in found.cases {
            let Some(case) = self.case(id).await? else {
                continue;
            };
            let due = case.effects.iter().filter(|(_, pending)| {
                pending
                    .due_at
                    .is_some_and(|due| due <= runtime.time.now().max(case.effective_at))
            });
            messages
                .extend(due.filter_map(|(effect, pending)| Message::of(&case, *effect, pending)));
        }
        Ok(messages)
    }

    /// Records what became of a message that was fetched with [`Engine::waiting_messages`]. Saying
    /// the same twice changes nothing.
    ///
    /// # Errors
    ///
    /// [`Refusal::EffectNotWaiting`] when the message was settled otherwise before, or is none;
    /// otherwise as [`Engine::submit`].
    pub async fn settle_message(
        &self,
        message: &Message,
        outcome: EffectOutcome,
    ) -> Result<Committed, SubmitError> {
        let runtime = Arc::clone(self.runtime());
        let entered = runtime.enter().await?;
        let (effect, id) = (message.effect, message.case);
        let case = self.case(id).await?;
        let is_message = case.is_none_or(|case| {
            case.effects
                .get(&effect)
                .is_none_or(|pending| pending.what.kind() == EffectKind::Message)
        });
        if !is_message {
            return Err(Refusal::EffectNotWaiting { effect }.into());
        }
        // A task of its own: a caller that goes away cannot stop it half way.
        let attempt = message.attempt;
        let settling = tokio::spawn(async move {
            let _entered = entered;
            runtime.settle_effect(id, effect, attempt, outcome).await
        });
        settling.await.unwrap_or_else(|error| {
            Err(Failure::Program {
                source: error.into(),
            }
            .into())
        })
    }
}

/// Wakes the tasks that do effects, by their kind.
#[derive(Debug)]
pub(crate) struct EffectBells {
    cases: Arc<Bell>,
    messages: Arc<Bell>,
}

impl EffectBells {
    pub(crate) fn new() -> Self {
        Self {
            cases: Arc::new(Bell::new()),
            messages: Arc::new(Bell::new()),
        }
    }

    pub(crate) fn of(&self, kind: EffectKind) -> &Arc<Bell> {
        match kind {
            EffectKind::Case => &self.cases,
            EffectKind::Message => &self.messages,
        }
    }

    /// Says when the next effects of a case are to be tried. Called when that is durable.
    pub(crate) fn expect(&self, case: &Case) {
        for kind in [EffectKind::Case, EffectKind::Message] {
            if let Some(due) = case.next_effect_at(kind) {
                self.of(kind).expect(due);
            }
        }
    }
}

/// The cases that have an effect to be tried, and when the first of the others has one.
pub(crate) struct DueEffects {
    pub(crate) cases: Vec<CaseId>,
    pub(crate) next: Option<Timestamp>,
}

/// Does the effects of one kind as they fall due, until `stopping` turns true or the runtime is
/// gone. Those of one case are done one after the other, those of several at the same time.
pub(crate) async fn run(
    runtime: Weak<Runtime>,
    kind: EffectKind,
    bell: Arc<Bell>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut under_way = JoinSet::new();
    let mut busy = HashSet::new();
    let mut parked: HashMap<CaseId, (Instant, Duration)> = HashMap::new();
    while let Some(alive) = runtime.upgrade() {
        bell.reset();
        let room = alive.effects_at_once.saturating_sub(under_way.len());
        let now = Instant::now();
        let pass_over = |case: CaseId| {
            busy.contains(&case) || parked.get(&case).is_some_and(|(until, _)| *until > now)
        };
        let mut nap = STORE_ASKED_EVERY;
        // Without room, the end of an effect is what to wait for.
        if room > 0 {
            match alive.due_effects(kind, room, pass_over).await {
                Ok(found) => {
                    for case in found.cases {
                        busy.insert(case);
                        let runtime = Arc::clone(&alive);
                        under_way.spawn(async move {
                            // A fault of the program ends this one task.
                            let doing = async move { runtime.do_effects_of(case, kind).await };
                            (case, tokio::spawn(doing).await.unwrap_or(false))
                        });
                    }
                    let next = found.next.map_or(i64::MAX, Timestamp::as_millis);
                    let left = bell
                        .sleep_until(next)
                        .saturating_sub(alive.time.now().as_millis());
                    nap = nap.min(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
                }
                Err(failure) => {
                    tracing::warn!(%failure, "effects wait for the store");
                    nap = STORE_WAIT;
                }
            }
        }
        drop(alive);
        let first = parked
            .values()
            .map(|(until, _)| *until)
            .filter(|until| *until > now)
            .min();
        let until = first.map_or(now + nap, |first| first.min(now + nap));
        tokio::select! {
            Some(ended) = under_way.join_next() => {
                let Ok((case, progress)) = ended else { continue };
                busy.remove(&case);
                if progress {
                    parked.remove(&case);
                } else {
                    let delay = parked.get(&case).map_or(PARKED_FIRST, |(_, delay)| *delay * 2);
                    let delay = delay.min(PARKED_MAX);
                    parked.insert(case, (Instant::now() + delay, delay));
                }
            }
            () = tokio::time::sleep_until(until) => {}
            () = bell.rung() => {}
            _ = stopping.wait_for(|stop| *stop) => break,
        }
        parked.retain(|_, (until, delay)| *until + *delay * 2 > Instant::now());
    }
    // What is being delivered is let go of, and comes again; what is being recorded is finished.
    while under_way.join_next().await.is_some() {}
}

impl Runtime {
    /// Returns the kinds of effects this engine does: messages only when somebody takes them.
    pub(crate) fn kinds_done(&self) -> Vec<EffectKind> {
        let messages = self.deliver.as_ref().map(|_| EffectKind::Message);
        std::iter::once(EffectKind::Case).chain(messages).collect()
    }

    /// Returns the cases that have an effect of a kind to be tried now, those that wait longest
    /// first, as many as there is room for.
    pub(crate) async fn due_effects(
        &self,
        kind: EffectKind,
        room: usize,
        pass_over: impl Fn(CaseId) -> bool,
    ) -> Result<DueEffects, Failure> {
        let now = self.time.now();
        let term = kind.due_term();
        let limit = room.saturating_add(1).clamp(64, CASES_READ_MAX);
        let mut query = Query::all(limit)
            .within(term, None, None)
            .ordered_by(term, Direction::Ascending);
        let mut found = DueEffects {
            cases: Vec::new(),
            next: None,
        };
        loop {
            let page = self.store.query(&query).await?;
            for hit in page.hits {
                let due = hit.key.map_or(now, Timestamp::from_millis);
                if due > now {
                    found.next = Some(due);
                    return Ok(found);
                }
                if pass_over(CaseId(hit.case)) {
                    continue;
                }
                if found.cases.len() == room {
                    found.next = Some(due);
                    return Ok(found);
                }
                found.cases.push(CaseId(hit.case));
            }
            if page.next.is_none() {
                return Ok(found);
            }
            query.after = page.next;
        }
    }

    /// Returns the case whose effect is to be tried first, at `until` or before, and when.
    pub(crate) async fn first_effect(
        &self,
        until: Timestamp,
        pass_over: &HashSet<(CaseId, EffectKind)>,
    ) -> Result<Option<(Timestamp, CaseId, EffectKind)>, Failure> {
        let mut first: Option<(Timestamp, CaseId, EffectKind)> = None;
        for kind in self.kinds_done() {
            let term = kind.due_term();
            let end = until.as_millis().saturating_add(1);
            let query = Query::all(pass_over.len() + 1)
                .within(term, None, Some(end))
                .ordered_by(term, Direction::Ascending);
            let found = self.store.query(&query).await?.hits.into_iter();
            let mut found = found.map(|hit| {
                let due = hit.key.map_or(until, Timestamp::from_millis);
                (due, CaseId(hit.case), kind)
            });
            let next = found.find(|(_, case, kind)| !pass_over.contains(&(*case, *kind)));
            first = match (first, next) {
                (Some(first), Some(next)) if first.0 <= next.0 => Some(first),
                (first, next) => next.or(first),
            };
        }
        Ok(first)
    }

    /// Does the effects of a case that are to be tried now, one after the other. Tells whether
    /// anything was recorded of them; if not, the case is to be left alone for a while.
    pub(crate) async fn do_effects_of(self: &Arc<Self>, id: CaseId, kind: EffectKind) -> bool {
        let mut progress = false;
        // What is cached may be older than what the index knows, when another node wrote to it.
        let mut asked_again = false;
        while !*self.stopping.borrow() {
            let case = match self.newest_known(id).await {
                Ok(Some(case)) => case,
                Ok(None) => return progress,
                Err(failure) => {
                    tracing::warn!(case = %id, %failure, "the effects of a case wait");
                    return progress;
                }
            };
            let now = self.time.now().max(case.effective_at);
            let Some((effect, pending)) = case.due_effect(kind, now) else {
                if progress || asked_again {
                    return progress;
                }
                asked_again = true;
                self.cases.forget(id);
                continue;
            };
            let attempt = pending.attempts + 1;
            let Some(outcome) = self.attempt_effect(&case, effect, pending).await else {
                return progress;
            };
            match self.settle_effect(id, effect, attempt, outcome).await {
                Ok(committed) => {
                    progress = true;
                    if committed.repeated {
                        self.cases.forget(id);
                    }
                }
                // Another node has done it, and recorded it just before.
                Err(SubmitError::Refused(Refusal::EffectNotWaiting { .. })) if !asked_again => {
                    asked_again = true;
                    self.cases.forget(id);
                }
                Err(error) => {
                    tracing::warn!(case = %id, %effect, %error, "what came of an effect was not recorded");
                    return progress;
                }
            }
        }
        progress
    }

    async fn newest_known(&self, id: CaseId) -> Result<Option<Arc<Case>>, Failure> {
        if let Some(case) = self.cases.get(id) {
            return Ok(Some(case));
        }
        let turn = self.turns.take(id).await;
        self.load(&turn).await
    }

    /// Tries to do an effect. `None` when that says nothing about the effect: the engine is being
    /// shut down, or is overloaded.
    async fn attempt_effect(
        self: &Arc<Self>,
        case: &Case,
        effect: EffectId,
        pending: &PendingEffect,
    ) -> Option<EffectOutcome> {
        match (&pending.what, Message::of(case, effect, pending)) {
            (Effect::Message { .. }, Some(message)) => self.deliver(message).await,
            (
                Effect::Open {
                    name,
                    child,
                    workflow,
                    data,
                    done,
                },
                _,
            ) => {
                let parent = Parent {
                    case: case.id,
                    name: name.clone(),
                    done: done.clone(),
                };
                let act = Act::OpenChild {
                    workflow: workflow.clone(),
                    title: case.title.clone(),
                    data: data.clone(),
                    parent,
                };
                self.act_on(case, effect, *child, act).await
            }
            (Effect::Send { to, .. }, _) if to.0.is_nil() => Some(EffectOutcome::Rejected {
                problem: Text::new(
                    "case-not-found：事项中不是办件标识。",
                    "case-not-found: the fact holds no id of a case.",
                )
                .to_string(),
            }),
            (Effect::Send { event, to, data }, _) => {
                let act = Act::Fire {
                    event: event.clone(),
                    data: data.clone(),
                    note: None,
                };
                self.act_on(case, effect, *to, act).await
            }
            (Effect::Message { .. }, None) => None,
        }
    }

    /// Hands a message to whoever takes it outside. A fault there ends this attempt and no more.
    async fn deliver(&self, message: Message) -> Option<EffectOutcome> {
        let deliver = Arc::clone(self.deliver.as_ref()?);
        let mut stopping = self.stopping.subscribe();
        let mut delivering = JoinSet::new();
        delivering.spawn(async move { deliver.deliver(&message).await });
        let failed = |problem: Text| {
            Some(EffectOutcome::Failed {
                problem: problem.to_string(),
            })
        };
        // Dropping the set ends what is under way in it.
        tokio::select! {
            delivered = delivering.join_next() => match delivered? {
                Ok(outcome) => Some(outcome),
                Err(error) => failed(Text::new(
                    format!("投递中途结束：{error}"),
                    format!("The delivery ended early: {error}"),
                )),
            },
            () = tokio::time::sleep(DELIVERY_MAX) => {
                let seconds = DELIVERY_MAX.as_secs();
                failed(Text::new(
                    format!("{seconds} 秒内没有回应。"),
                    format!("There was no answer within {seconds} s."),
                ))
            }
            _ = stopping.wait_for(|stop| *stop) => None,
        }
    }

    /// Acts on another case, for this one. The command has the key of the effect as its id, so it
    /// is carried out once, however often it is given.
    async fn act_on(
        self: &Arc<Self>,
        case: &Case,
        effect: EffectId,
        other: CaseId,
        act: Act,
    ) -> Option<EffectOutcome> {
        let command = Command {
            id: CommandId(effect.key(case.id)),
            case: other,
            actor: Actor::case(case.id, case.number.as_str()),
            seen_revision: None,
            effective_at: None,
            act,
        };
        match self.carry_out_apart(command).await {
            Ok(_) => Some(EffectOutcome::Delivered),
            Err(
                error @ (SubmitError::Refused(_)
                | SubmitError::Failed(
                    Failure::CaseDamaged { .. }
                    | Failure::TooLarge { .. }
                    | Failure::Program { .. },
                )),
            ) => Some(EffectOutcome::Failed {
                problem: format!("{}: {}", error.code(), error.text()),
            }),
            Err(error) => {
                tracing::warn!(case = %case.id, %effect, %error, "an effect waits");
                None
            }
        }
    }

    /// Records what an attempt came to, as soon as the store is not too busy.
    async fn settle_effect(
        self: &Arc<Self>,
        case: CaseId,
        effect: EffectId,
        attempt: u32,
        outcome: EffectOutcome,
    ) -> Result<Committed, SubmitError> {
        let name = format!("attempt/{attempt}");
        let command = Command {
            id: CommandId::derived(effect.key(case), &name),
            case,
            actor: Actor::clock(),
            seen_revision: None,
            effective_at: None,
            act: Act::SettleEffect {
                effect,
                attempt,
                outcome,
            },
        };
        // What an attempt came to is recorded once; something else cannot be told of it later.
        let told = |error| match error {
            SubmitError::Refused(Refusal::CommandReused { .. }) => {
                Refusal::EffectNotWaiting { effect }.into()
            }
            other => other,
        };
        let mut wait = PARKED_FIRST;
        for _ in 1..SETTLED_MAX {
            match self.carry_out_apart(command.clone()).await {
                Err(SubmitError::Overloaded) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                ended => return ended.map_err(told),
            }
        }
        self.carry_out_apart(command).await.map_err(told)
    }

    /// Carries out a command in a task of its own: a fault of the program ends that and no more,
    /// and nothing stops it half way.
    async fn carry_out_apart(self: &Arc<Self>, command: Command) -> Result<Committed, SubmitError> {
        let runtime = Arc::clone(self);
        let case = command.case;
        self.apart(case, async move { runtime.carry_out(&command).await })
            .await
    }
}
