use groundbreak_sla::{ClockReading, PauseReason, Timestamp};
use serde::Serialize;

use crate::data::FieldType;
use crate::definition::{DocumentClass, LegalEffect};
use crate::{CaseId, Deferral, Handling, Link, Order, TaskForceFace, Text, Value};

/// A case as a person at the desk needs it at one instant: where it is, what can be done next and
/// by whom, which papers are there, how every clock stands.
#[derive(Clone, Debug, Serialize)]
pub struct Situation {
    /// The case.
    pub id: CaseId,
    /// The number staff call it by.
    pub number: String,
    /// The project or company it is about.
    pub title: String,
    /// Name of its workflow.
    pub workflow: String,
    /// Title of its workflow.
    pub workflow_title: Text,
    /// Version of its workflow.
    pub workflow_version: u32,
    /// The number of its commits.
    pub revision: u64,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the newest fact happened.
    pub effective_at: Timestamp,
    /// Whether it has reached its end.
    pub closed: bool,
    /// The innermost states it is in.
    pub places: Vec<PlaceNow>,
    /// What can be done next: open acts first, then those that something still closes; within
    /// each, those of the main path first.
    pub acts: Vec<NextAct>,
    /// Its clocks: running and paused ones first, most urgent first; then those that ended.
    pub clocks: Vec<ClockFace>,
    /// Its checklist: documents the applicant owes first, main before secondary, then those that
    /// are deferred, there, or not needed.
    pub papers: Vec<Paper>,
    /// Its way, drawn as lanes.
    pub lanes: Vec<Lane>,
    /// The facts known, in the order the workflow lists them.
    pub facts: Vec<Fact>,
    /// The task forces that stand behind it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub task_forces: Vec<TaskForceFace>,
    /// Whether it goes first in queues (快车道).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fast: bool,
    /// Who holds it, acts for the holder, was asked for an opinion, and urged it on.
    #[serde(skip_serializing_if = "Handling::is_empty")]
    pub handling: Handling,
    /// Its supervision orders (督办单).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// The reasons for which the handling is suspended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suspensions: Vec<PauseReason>,
    /// The cases it is linked to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

/// An innermost state a case is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceNow {
    /// Its name.
    pub state: String,
    /// Its title.
    pub title: Text,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// An act that leads on from where the case is.
#[derive(Clone, Debug, Serialize)]
pub struct NextAct {
    /// The event it sends.
    pub event: String,
    /// Verb and object.
    pub title: Text,
    /// The roles that may.
    pub by: Vec<RoleRef>,
    /// The facts it asks for.
    pub asks: Vec<AskedField>,
    /// The documents it needs.
    pub documents: Vec<DocumentNeed>,
    /// The legal gates before it.
    pub gates: Vec<GateFace>,
    /// The other conditions that do not hold, when they keep it from being done.
    pub conditions: Vec<ConditionFace>,
    /// Whether it lies off the main path.
    pub aside: bool,
    /// Whether nothing closes it. Who is asking is a question of its own.
    pub open: bool,
}

/// A role by name and title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleRef {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Text,
}

/// A fact that an act asks for.
#[derive(Clone, Debug, Serialize)]
pub struct AskedField {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// What it takes.
    pub kind: FieldType,
    /// The values of a choice, with their titles.
    pub choices: Vec<(String, Text)>,
    /// The least a number takes; an amount in yuan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The most a number takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// What is known already.
    pub known: Option<Value>,
}

/// A document that an act needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentNeed {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// Whether nothing is missing: it is there, or may follow later.
    pub present: bool,
    /// When it has to be there, while it is deferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// A legal gate before an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateFace {
    /// Its name.
    pub name: String,
    /// What must hold.
    pub title: Text,
    /// The law that asks for it.
    pub law: Option<Text>,
    /// Whether it holds.
    pub open: bool,
}

/// A condition that keeps an act from being done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConditionFace {
    /// The condition, in CEL.
    pub source: String,
}

/// A clock as it stands.
#[derive(Clone, Debug, Serialize)]
pub struct ClockFace {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// What binds it.
    pub effect: LegalEffect,
    /// Its budget in words: `5 小时以内` / `within 5 h`.
    pub budget: Text,
    /// The law or promise behind it.
    pub law: Option<Text>,
    /// How it stands.
    pub reading: ClockReading,
    /// Its parts, when the workflow names some.
    pub segments: Vec<Segment>,
    /// When a breach was found in this cycle: the instant it was due.
    pub breached: Option<Timestamp>,
}

/// The time a clock spent in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// The state.
    pub state: String,
    /// Its title.
    pub title: Text,
    /// Time spent, in milliseconds.
    pub wall_ms: i64,
    /// Whether the case is in it now.
    pub here: bool,
}

/// A document of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Paper {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// How much depends on it.
    pub class: DocumentClass,
    /// The law or list that asks for it.
    pub law: Option<Text>,
    /// Whether the case asks for it, by its class and by the facts known. A main or secondary one
    /// is always needed; one that the office fetches or makes never is.
    pub needed: bool,
    /// Whether the applicant owes it: it is needed, not there, and not deferred.
    pub missing: bool,
    /// How it was deferred last, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// When it has to be there, while it is deferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The roles that may defer it now; none when nobody may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deferred_by: Vec<RoleRef>,
    /// The versions handed in, newest last.
    pub versions: Vec<crate::DocumentVersion>,
}

/// One of the ways a case goes, in parallel with the others.
#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    /// The state it is the inside of; empty for the workflow as a whole.
    pub state: String,
    /// Its title.
    pub title: Text,
    /// Its steps, in document order.
    pub steps: Vec<LaneStep>,
}

/// A step of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneStep {
    /// The state.
    pub state: String,
    /// Its title.
    pub title: Text,
    /// How it stands.
    pub progress: Progress,
    /// When it was entered, if it was.
    pub entered_at: Option<Timestamp>,
}

/// How a step of a lane stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The case was there and went on, or ended there.
    Done,
    /// The case is there.
    Here,
    /// The case is there, and clocks stand still.
    Paused,
    /// The case has not been there.
    Ahead,
}

/// A fact known about a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its field.
    pub name: String,
    /// Title of the field.
    pub title: Text,
    /// What it takes.
    pub kind: FieldType,
    /// Its value.
    pub value: Value,
    /// For a choice, the title of the value.
    pub label: Option<Text>,
    /// For an identifier that is taken and yet not certain, what to look at twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caution: Option<Text>,
}
