use std::fmt;

use groundbreak_sla::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::{Case, CaseId, CommandId, Data, Entry, Text};

/// Names an effect within its case: the first one asked for is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(pub u64);

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl EffectId {
    /// Returns the key under which this effect is delivered, every time it is: whoever receives it
    /// twice knows by it that it is the same.
    pub fn key(self, case: CaseId) -> Uuid {
        CommandId::derived(case.0, &format!("effect/{self}")).0
    }

    /// Returns the id of the child case that this effect opens. It follows from the case, the
    /// effect and the time it was asked for, so that a child cannot be opened twice; like every
    /// id of a case it sorts by that time.
    pub(crate) fn child(self, case: CaseId, asked_at: Timestamp) -> CaseId {
        let millis = u64::try_from(asked_at.as_millis()).unwrap_or(0);
        let key = self.key(case);
        let mut tail = [0; 10];
        tail.copy_from_slice(&key.as_bytes()[..10]);
        CaseId(Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }
}

/// Work beyond the case, as data. It was asked for in the commit whose facts it follows from, and
/// is done only after that is durable, at least once, under a key that stays the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Effect {
    /// The outside is told something.
    Message {
        /// What, by the name the workflow gives it.
        name: String,
        /// Facts of the case at that time, by field.
        data: Data,
    },
    /// A child case is opened.
    Open {
        /// What the workflow calls the child.
        name: String,
        /// The id it will have.
        child: CaseId,
        /// The workflow it is opened under, in the newest version published then.
        workflow: String,
        /// The facts it begins with, by its own fields.
        data: Data,
        /// The event this case gets when the child has come to its end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done: Option<String>,
    },
    /// An event is sent to another case.
    Send {
        /// The event, as the workflow of the other case declares it.
        event: String,
        /// The other case.
        to: CaseId,
        /// The facts the event brings with it, by fields of the other case.
        data: Data,
    },
}

/// Who does an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EffectKind {
    /// The engine itself: it opens a case, or sends an event to one.
    Case,
    /// The outside is told.
    Message,
}

impl Effect {
    /// Returns who does it.
    pub const fn kind(&self) -> EffectKind {
        match self {
            Self::Message { .. } => EffectKind::Message,
            Self::Open { .. } | Self::Send { .. } => EffectKind::Case,
        }
    }
}

impl EffectKind {
    /// Returns the name of the [`crate::Term`] that says when the next effect of this kind is to be
    /// tried, in milliseconds. A case has it only while it has such an effect.
    pub const fn due_term(self) -> &'static str {
        match self {
            Self::Case => "effect_due",
            Self::Message => "message_due",
        }
    }
}

/// An effect that was asked for and is not done yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingEffect {
    /// What is to be done.
    pub what: Effect,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// How often it was tried.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// How often it had been tried when somebody had it tried anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub forgiven: u32,
    /// When it is to be tried next; `None` when it was given up (dead letter).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Why it was not done when it was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl PendingEffect {
    /// How often an effect is tried before it is given up. With the pauses between, that takes
    /// twelve hours.
    pub const ATTEMPTS_MAX: u32 = 24;
    /// How long after a first attempt the next one comes, in milliseconds. It doubles each time.
    pub const PAUSE_FIRST_MS: i64 = 1_000;
    /// The longest time between two attempts, in milliseconds.
    pub const PAUSE_MAX_MS: i64 = 3_600_000;
    /// The longest text that is kept of what went wrong, in characters. More is cut off.
    pub const PROBLEM_LENGTH_MAX: usize = 500;

    /// Tells whether it was given up: nothing is tried any more until somebody says so.
    pub const fn is_given_up(&self) -> bool {
        self.due_at.is_none()
    }

    /// Returns when to try again if the attempt of this number fails now; `None` when it was the
    /// last.
    pub(crate) fn next_attempt(&self, attempt: u32, now: Timestamp) -> Option<Timestamp> {
        let tried = attempt.saturating_sub(self.forgiven).max(1);
        if tried >= Self::ATTEMPTS_MAX {
            return None;
        }
        let pause = Self::PAUSE_FIRST_MS.saturating_mul(1 << (tried - 1).min(12));
        Some(now.saturating_add_millis(pause.min(Self::PAUSE_MAX_MS)))
    }
}

/// What an attempt to do an effect came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectOutcome {
    /// It is done.
    Delivered,
    /// It is not done and may be later: it is tried again after a pause.
    Failed {
        /// Why.
        problem: String,
    },
    /// It will never be done: it is given up at once.
    Rejected {
        /// Why.
        problem: String,
    },
}

impl Effect {
    /// Returns what is to be done, in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::Message { name, .. } => Text::new(
                format!("向外发消息 {name}"),
                format!("send message {name} to the outside"),
            ),
            Self::Open { name, workflow, .. } => Text::new(
                format!("开立子办件 {name}（{workflow}）"),
                format!("open child case {name} ({workflow})"),
            ),
            Self::Send { event, to, .. } => Text::new(
                format!("向办件 {to} 发事件 {event}"),
                format!("send event {event} to case {to}"),
            ),
        }
    }
}

impl Entry {
    /// Returns what an entry says of an effect, in both languages; `None` when it is about something
    /// else.
    pub fn effect_text(&self) -> Option<Text> {
        Some(match self {
            Self::Invoked { parent } => Text::new(
                format!("由办件 {} 作为子办件 {} 开立", parent.case, parent.name),
                format!(
                    "Opened by case {} as its child {}",
                    parent.case, parent.name
                ),
            ),
            Self::EffectAsked { effect, what } => {
                let what = what.text();
                Text::new(
                    format!("待发第 {effect} 项：{}", what.zh),
                    format!("Effect {effect} asked for: {}", what.en),
                )
            }
            Self::EffectDelivered { effect, attempt } => Text::new(
                format!("第 {effect} 项已送达（第 {attempt} 次）"),
                format!("Effect {effect} done (attempt {attempt})"),
            ),
            Self::EffectFailed {
                effect,
                attempt,
                problem,
                ..
            } => Text::new(
                format!("第 {effect} 项未送达（第 {attempt} 次），将重试：{problem}"),
                format!("Effect {effect} failed (attempt {attempt}) and is tried again: {problem}"),
            ),
            Self::EffectGivenUp {
                effect,
                attempt,
                problem,
            } => Text::new(
                format!("第 {effect} 项试过 {attempt} 次，不再重试，待人处理：{problem}"),
                format!(
                    "Effect {effect} given up after {attempt} attempts; somebody must decide: {problem}"
                ),
            ),
            Self::EffectResent { effect, note } => {
                let note = note.as_ref().map(|note| format!(" · {note}"));
                let note = note.unwrap_or_default();
                Text::new(
                    format!("第 {effect} 项重新发送{note}"),
                    format!("Effect {effect} sent again{note}"),
                )
            }
            Self::EffectDropped { effect, reason } => Text::new(
                format!("第 {effect} 项放弃发送：{reason}"),
                format!("Effect {effect} dropped: {reason}"),
            ),
            _ => return None,
        })
    }
}

/// The case that has opened this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The case.
    pub case: CaseId,
    /// What its workflow calls this one.
    pub name: String,
    /// The event it gets when this one has come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<String>,
}

impl Case {
    /// Returns when the next effect of this kind is to be tried.
    pub fn next_effect_at(&self, kind: EffectKind) -> Option<Timestamp> {
        let effects = self.effects.values();
        effects
            .filter(|pending| pending.what.kind() == kind)
            .filter_map(|pending| pending.due_at)
            .min()
    }

    /// Returns the first effect of this kind that is to be tried at `until` or before.
    pub fn due_effect(
        &self,
        kind: EffectKind,
        until: Timestamp,
    ) -> Option<(EffectId, &PendingEffect)> {
        self.effects
            .iter()
            .find(|(_, pending)| {
                pending.what.kind() == kind && pending.due_at.is_some_and(|due| due <= until)
            })
            .map(|(effect, pending)| (*effect, pending))
    }

    pub(crate) fn ask_effect(&mut self, effect: EffectId, what: &Effect, at: Timestamp) {
        self.effects_asked = self.effects_asked.max(effect.0);
        if let Effect::Open { name, child, .. } = what {
            self.children.insert(name.clone(), *child);
        }
        let pending = PendingEffect {
            what: what.clone(),
            asked_at: at,
            attempts: 0,
            forgiven: 0,
            due_at: Some(at),
            problem: None,
        };
        self.effects.insert(effect, pending);
    }

    /// Takes note of an attempt that came to nothing.
    pub(crate) fn fail_effect(
        &mut self,
        effect: EffectId,
        attempt: u32,
        problem: &str,
        next_at: Option<Timestamp>,
    ) {
        if let Some(pending) = self.effects.get_mut(&effect) {
            pending.attempts = attempt;
            pending.problem = Some(problem.to_owned());
            pending.due_at = next_at;
        }
    }

    /// Lets an effect that was given up be tried anew.
    pub(crate) fn resend_effect(&mut self, effect: EffectId, at: Timestamp) {
        if let Some(pending) = self.effects.get_mut(&effect) {
            pending.forgiven = pending.attempts;
            pending.due_at = Some(at);
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(crate) fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(forgiven: u32) -> PendingEffect {
        PendingEffect {
            what: Effect::Message {
                name: "licence".into(),
                data: Data::new(),
            },
            asked_at: Timestamp::EPOCH,
            attempts: forgiven,
            forgiven,
            due_at: Some(Timestamp::EPOCH),
            problem: None,
        }
    }

    #[test]
    fn the_pause_doubles_from_a_second_to_an_hour_and_the_last_attempt_ends_it() {
        let now = Timestamp::EPOCH;
        let pauses: Vec<i64> = (1..PendingEffect::ATTEMPTS_MAX)
            .filter_map(|attempt| pending(0).next_attempt(attempt, now))
            .map(|next| next.millis_since(now) / 1_000)
            .collect();
        let doubled = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048];
        assert_eq!(pauses[..12], doubled);
        assert!(pauses[12..].iter().all(|pause| *pause == 3_600));
        assert_eq!(pauses.len(), 23);
        let hours = pauses.iter().sum::<i64>() / 3_600;
        assert_eq!(hours, 12);
        assert_eq!(pending(0).next_attempt(24, now), None);
        // Sent again, it has all its attempts anew.
        assert_eq!(
            pending(24).next_attempt(25, now),
            Some(now.saturating_add_millis(1_000))
        );
        assert_eq!(pending(24).next_attempt(48, now), None);
    }

    #[test]
    fn keys_and_children_follow_from_the_case_and_the_effect() {
        let case = CaseId(Uuid::from_u128(7));
        let at = Timestamp::from_millis(1_679_536_800_000);
        assert_eq!(EffectId(1).key(case), EffectId(1).key(case));
        assert_ne!(EffectId(1).key(case), EffectId(2).key(case));
        assert_ne!(
            EffectId(1).key(case),
            EffectId(1).key(CaseId(Uuid::from_u128(8)))
        );
        let child = EffectId(1).child(case, at);
        assert_eq!(child, EffectId(1).child(case, at));
        assert_ne!(child, EffectId(2).child(case, at));
        let later = EffectId(1).child(case, at.saturating_add_millis(1));
        assert!(child < later);
    }
}
