//! The definition as its author writes it. `compile` turns it into a workflow.

use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Text;
use crate::data::FieldType;
use crate::source::At;

/// Things by name, in the order they are written.
pub(crate) type Named<T> = IndexMap<At<String>, T>;

/// A workflow definition.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    /// Name of the workflow: lower-case words joined by hyphens.
    pub(crate) workflow: At<String>,
    /// Version, from 1. The text of a version that was published never changes.
    pub(crate) version: At<u32>,
    /// Title, as screens show it.
    pub(crate) title: Text,
    /// The calendar that working time is counted on.
    pub(crate) calendar: At<String>,
    /// Whether no event is sent while nobody holds the case: every step has a person and a team.
    #[serde(default)]
    pub(crate) needs_handler: bool,
    /// Task forces (专班): who stands behind a case besides its handler, by rule.
    #[serde(default)]
    pub(crate) task_forces: Named<TaskForceDefinition>,
    /// Which cases go first in queues (快车道), in CEL over their facts.
    #[serde(default)]
    pub(crate) fast_lane: Option<At<String>>,
    /// Facts by which two open cases may be about the same: whoever opens the second is told of the first.
    #[serde(default)]
    pub(crate) same_by: Vec<At<String>>,
    /// Facts a case carries.
    #[serde(default)]
    pub(crate) data: Named<FieldDefinition>,
    /// Who may act.
    #[serde(default)]
    pub(crate) roles: Named<RoleDefinition>,
    /// Documents a case collects.
    #[serde(default)]
    pub(crate) documents: Named<DocumentDefinition>,
    /// Conditions the law puts before a step.
    #[serde(default)]
    pub(crate) gates: Named<GateDefinition>,
    /// Acts: what can be sent to a case, and by whom.
    #[serde(default)]
    pub(crate) events: Named<EventDefinition>,
    /// Stopwatches with a budget.
    #[serde(default)]
    pub(crate) clocks: Named<ClockDefinition>,
    /// The state a case begins in. The first state when left out.
    #[serde(default)]
    pub(crate) initial: Option<At<String>>,
    /// The statechart.
    pub(crate) states: Named<StateDefinition>,
}

/// A fact a case carries.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldDefinition {
    /// Title, as forms show it.
    pub(crate) title: Text,
    /// What it takes.
    #[serde(rename = "type")]
    pub(crate) kind: FieldType,
    /// For `type: choice`, the values and their titles.
    #[serde(default)]
    pub(crate) choices: Option<At<IndexMap<String, Text>>>,
    /// For `type: integer` and `type: money`, the least it takes; an amount in yuan.
    #[serde(default)]
    pub(crate) min: Option<At<i64>>,
    /// The most it takes.
    #[serde(default)]
    pub(crate) max: Option<At<i64>>,
    /// Whether a case cannot be opened without it.
    #[serde(default)]
    pub(crate) required: bool,
}

/// A task force.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskForceDefinition {
    /// Title, as screens show it.
    pub(crate) title: Text,
    /// The cases it stands behind, in CEL: facts and states. All when left out.
    #[serde(default)]
    pub(crate) when: Option<At<String>>,
    /// The post or organisation that leads it; never a name.
    #[serde(default)]
    pub(crate) lead: Option<Text>,
    /// The fact that names who leads it, where each case has its own.
    #[serde(default)]
    pub(crate) lead_fact: Option<At<String>>,
    /// The organisations that belong to it.
    #[serde(default)]
    pub(crate) members: Vec<Text>,
}

/// A role.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleDefinition {
    /// Title, as screens show it.
    pub(crate) title: Text,
    /// Roles that another person must hold in the same case.
    #[serde(default)]
    pub(crate) not_same_person_as: Vec<At<String>>,
    /// Whether it may record what happened earlier (补登), with a reason.
    #[serde(default)]
    pub(crate) may_record_late: bool,
    /// What it may do on every case: `assign`, `supervise`, `suspend`, `extend`, `excuse`,
    /// `correct`.
    #[serde(default)]
    pub(crate) may: Vec<At<String>>,
}

/// A document a case collects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentDefinition {
    /// Title, as screens show it.
    pub(crate) title: Text,
    /// How much depends on it.
    pub(crate) class: DocumentClass,
    /// The law or list that asks for it.
    #[serde(default)]
    pub(crate) law: Option<Text>,
    /// For `class: conditional`, when it is needed, in CEL. A question about a fact nobody has
    /// recorded does not hold.
    #[serde(default)]
    pub(crate) needed_if: Option<At<String>>,
    /// For `class: output`, the event that makes it, or the state it is made on the way to. Only
    /// the roles that send that event, or an event that leads to that state, may attach it.
    #[serde(default)]
    pub(crate) output_of: Option<At<String>>,
    /// For `class: secondary` or `conditional`, how it may follow later on a written commitment
    /// (容缺受理).
    #[serde(default)]
    pub(crate) defer: Option<DeferDefinition>,
}

/// How much depends on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentClass {
    /// 主要材料: nothing is accepted without it.
    Main,
    /// 次要材料: may be handed in later (可容缺).
    Secondary,
    /// 视情形: as a main one when its condition holds, and not asked for otherwise.
    Conditional,
    /// 免提交: the office fetches it from data or e-certificates, and never asks the applicant.
    Shared,
    /// 办理结果: made by a step of the case, and never handed in by the applicant.
    Output,
}

/// How a document may follow later, on a written commitment (容缺受理).
///
/// # Source
///
/// 广东省优化营商环境条例 (Guangdong), article 32: where the main documents are there and the
/// applicant commits in writing, the office accepts, and says once what is to follow and by when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeferDefinition {
    /// How long it may take to follow: `5 working days`. In the unit of `clock`, and not longer.
    pub(crate) within: At<String>,
    /// The statutory or promised clock whose budget it may not exceed.
    pub(crate) clock: At<String>,
    /// The roles that may accept the commitment, and extend it.
    pub(crate) by: Vec<At<String>>,
    /// The event that waits for the document all the same: the decision, or the issue. Left out,
    /// nothing waits for it but its own time.
    #[serde(default)]
    pub(crate) before: Option<At<String>>,
    /// The event that the end of its time brings.
    pub(crate) on_fail: At<String>,
}

/// A condition the law puts before a step.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateDefinition {
    /// What must hold, as screens show it.
    pub(crate) title: Text,
    /// The condition, in CEL.
    pub(crate) when: At<String>,
    /// The law that asks for it, by article.
    #[serde(default)]
    pub(crate) law: Option<Text>,
}

/// An act.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventDefinition {
    /// Verb and object, as buttons show it.
    pub(crate) title: Text,
    /// The roles that may send it.
    #[serde(default)]
    pub(crate) by: Vec<At<String>>,
    /// Whether other cases may send it: a child that has come to its end, or a `send` elsewhere.
    #[serde(default)]
    pub(crate) by_case: bool,
    /// The facts it brings with it; all are required.
    #[serde(default)]
    pub(crate) asks: Vec<At<String>>,
    /// Whether it lies off the main path, like withdrawing: offered behind the others.
    #[serde(default)]
    pub(crate) aside: bool,
    /// Whether it gives the applicant the one-time notice (一次性告知), which the desk prints.
    #[serde(default)]
    pub(crate) notice: bool,
}

/// A stopwatch with a budget.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockDefinition {
    /// Title, as screens show it.
    pub(crate) title: Text,
    /// What binds it.
    pub(crate) effect: LegalEffect,
    /// How much, in which unit, and whether the last moment counts: `within 5h`, `under 2h`,
    /// `within 20 working days`, `within 7 days`.
    pub(crate) budget: At<String>,
    /// Starts it: `entering STATE` or `leaving STATE`.
    pub(crate) start: At<String>,
    /// It starts in cases alone for which this holds then, in CEL: a promise for the fast lane, say. A statutory
    /// clock starts in every case.
    #[serde(default)]
    pub(crate) only_if: Option<At<String>>,
    /// Stops it with a verdict.
    pub(crate) stop: At<String>,
    /// Ends it without one.
    #[serde(default)]
    pub(crate) cancel: Option<At<String>>,
    /// The reasons that let it stand still, while the case is in a state that gives one:
    /// `applicant_correction`, `special_procedure`, `other_agency`, `force_majeure`,
    /// `system_outage`.
    #[serde(default)]
    pub(crate) paused_by: Vec<At<String>>,
    /// When to warn: `50%`, `30min before`, `1 day before`.
    #[serde(default)]
    pub(crate) warn: Vec<At<String>>,
    /// States whose durations are shown as its parts.
    #[serde(default)]
    pub(crate) segments: Vec<At<String>>,
    /// How much may be added to the budget in all, with approval, in its unit: `10 working days`.
    /// Left out, nothing may.
    #[serde(default)]
    pub(crate) extend: Option<At<String>>,
    /// When its light turns yellow: `75%`, `2 days before`; whichever comes first. Left out, when
    /// four fifths of the hours are used, all but one of the days, or a warning is given. An empty
    /// list means never.
    #[serde(default)]
    pub(crate) yellow: Option<Vec<At<String>>>,
    /// Whether the first day counts. By law it does not.
    #[serde(default)]
    pub(crate) first_day: FirstDay,
    /// For budgets in days, when the last day is over: when the office closes, or at midnight.
    #[serde(default)]
    pub(crate) last_day: Option<At<LastDay>>,
    /// For budgets in working hours, whether the calendar's overtime service (延时服务) uses them up.
    #[serde(default)]
    pub(crate) overtime: Overtime,
    /// The law or promise behind it.
    #[serde(default)]
    pub(crate) law: Option<Text>,
}

/// What binds a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalEffect {
    /// 法定.
    Statutory,
    /// 承诺.
    Promised,
    /// 内部; not shown to applicants.
    Internal,
}

/// Whether the day a clock starts on is counted.
///
/// # Source
///
/// 民法典 (Civil Code), article 201: the day on which a period begins is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FirstDay {
    /// Counting begins with the next day.
    #[default]
    NotCounted,
    /// The first day counts as a whole one.
    Counted,
}

/// Whether overtime service uses up working hours. It never makes a date a working day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Overtime {
    /// It is a favour, and takes nothing from the budget.
    #[default]
    NotCounted,
    /// It counts like any office hour.
    Counted,
}

/// A state. What it holds decides its kind: `states` make it compound, `parallel` parallel,
/// `final: true` final, `history` a history state, and none of them atomic.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StateDefinition {
    /// Title, as screens show it. History states need none.
    pub(crate) title: Option<Text>,
    /// Child states, one of which is active.
    pub(crate) states: Named<StateDefinition>,
    /// Child regions, all of which are active.
    pub(crate) parallel: Named<StateDefinition>,
    /// The child entered first. The first one when left out.
    pub(crate) initial: Option<At<String>>,
    /// Whether the case, or the state around it, is done here.
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
    /// Makes it a history state of the state around it.
    pub(crate) history: Option<HistoryKind>,
    /// What events lead to.
    pub(crate) on: Named<At<Transitions>>,
    /// What the end of all children leads to: a final child is reached, or all regions are done.
    pub(crate) done: Option<At<Transitions>>,
    /// What happens by itself as soon as its condition holds.
    pub(crate) always: Option<At<Transitions>>,
    /// What happens by itself after a time in this state.
    pub(crate) after: Vec<DelayDefinition>,
    /// The outside is told this when the state is entered.
    pub(crate) message: Vec<MessageDefinition>,
    /// Other cases are sent this when the state is entered.
    pub(crate) send: Vec<SendDefinition>,
    /// The child cases that are opened when the state is entered.
    pub(crate) invoke: Named<InvokeDefinition>,
    /// For a history state, where to go when nothing is remembered yet.
    pub(crate) default: Option<At<String>>,
    /// Why clocks may stand still here: a reason as under `paused_by`, or a special procedure by
    /// its own name, such as `expert_review`, `hearing`, `publicity`.
    pub(crate) pauses: Option<At<String>>,
    /// The shortest time a case stays here: `30min`, `2 working hours`, `3 working days`. Budgets
    /// that no case can keep are found by it; nobody is held up.
    pub(crate) takes: Option<At<String>>,
    /// Whether it lies off the main path: shown only when a case has been there.
    pub(crate) aside: bool,
    /// The status code reported for a case in this state.
    pub(crate) status: Option<At<u8>>,
    /// What an opinion that is given by entering this state is bound to: `unchanged("STATE")` holds as long as all of
    /// it is as it was then.
    pub(crate) binds: Option<BindsDefinition>,
}

/// What an opinion is bound to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BindsDefinition {
    /// Documents, by their digests.
    #[serde(default)]
    pub(crate) documents: Vec<At<String>>,
    /// Facts that it takes for granted.
    #[serde(default)]
    pub(crate) facts: Vec<At<String>>,
}

/// What a history state remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HistoryKind {
    /// The child that was active.
    Shallow,
    /// All descendants that were active.
    Deep,
}

/// What happens by itself after a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelayDefinition {
    /// How long: `2h`, `5 working days`.
    pub(crate) delay: At<String>,
    /// Where to.
    pub(crate) to: At<String>,
    /// Only when this holds, in CEL.
    #[serde(default, rename = "if")]
    pub(crate) condition: Option<At<String>>,
    /// For delays in days, when the last day is over: when the office closes, or at midnight.
    #[serde(default)]
    pub(crate) last_day: Option<At<LastDay>>,
    /// Clocks that start with this count from when this state was last entered: what is deemed
    /// to have happened takes effect from an earlier day.
    #[serde(default)]
    pub(crate) counts_from: Option<At<String>>,
}

/// When the last day of a period is over.
///
/// # Source
///
/// 民法典 (Civil Code), article 203: a period ends at 24:00 of its last day; where there are
/// business hours, when they end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LastDay {
    /// When the office closes; at midnight on a day without office hours.
    #[default]
    Close,
    /// At midnight: with the first moment of the next day.
    Midnight,
}

/// Where an event leads: the name of a state, one transition, or a list of which the first that
/// holds is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transitions(pub(crate) Vec<TransitionDefinition>);

/// One transition.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TransitionDefinition {
    /// Where to. Left out, the case stays, and only the facts are recorded.
    pub(crate) to: Option<At<String>>,
    /// Only when this holds, in CEL.
    #[serde(rename = "if")]
    pub(crate) condition: Option<At<String>>,
    /// Documents that must be there: names, `documents.main`, or `documents.all`.
    pub(crate) requires: Vec<At<String>>,
    /// Gates that must be open.
    pub(crate) gates: Vec<At<String>>,
    /// The outside is told this when the transition is taken.
    pub(crate) message: Vec<MessageDefinition>,
    /// Other cases are sent this when the transition is taken.
    pub(crate) send: Vec<SendDefinition>,
}

/// Something the outside is told.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageDefinition {
    /// What, by a name that whoever receives it knows.
    pub(crate) name: At<String>,
    /// The facts that go with it, as far as they are known.
    #[serde(default)]
    pub(crate) data: Vec<At<String>>,
}

/// An event that is sent to another case.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendDefinition {
    /// The event, as the workflow of the other case declares it, with `by_case: true`.
    pub(crate) event: At<String>,
    /// The case: `parent`, the name of a child under `invoke`, or `data.FIELD`, a text that holds
    /// the id of a case.
    pub(crate) to: At<String>,
    /// The facts the event brings with it: each field of the other case, and the field here that
    /// it comes from.
    #[serde(default)]
    pub(crate) data: Named<At<String>>,
}

/// A child case.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvokeDefinition {
    /// The workflow it is opened under, in the newest version published.
    pub(crate) workflow: At<String>,
    /// The facts it begins with: each field of the child, and the field here that it comes from.
    #[serde(default)]
    pub(crate) data: Named<At<String>>,
    /// The event of this workflow that its end brings, with `by_case: true`.
    #[serde(default)]
    pub(crate) done: Option<At<String>>,
}

impl<'de> Deserialize<'de> for Transitions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Transitions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a state, a transition, or a list of transitions")
            }

            fn visit_str<E>(self, name: &str) -> Result<Transitions, E> {
                let to = Some(At {
                    value: name.to_owned(),
                    span: 0..0,
                });
                Ok(Transitions(vec![TransitionDefinition {
                    to,
                    ..TransitionDefinition::default()
                }]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Transitions, A::Error> {
                let transition =
                    TransitionDefinition::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Transitions(vec![transition]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Transitions, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Transitions)
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Transitions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Transitions".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<TransitionDefinition>();
        schemars::json_schema!({
            "description": "The name of a state, one transition, or a list of which the first that holds is taken.",
            "anyOf": [{ "type": "string" }, one, { "type": "array", "items": one }],
        })
    }
}
