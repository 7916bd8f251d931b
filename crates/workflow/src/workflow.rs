use std::sync::Arc;

use groundbreak_sla::{Budget, Calendar, CalendarSet, ClockPolicy, Party, PauseReason};
use groundbreak_statechart::{Chart, DelayId, GuardId, TransitionId};
use indexmap::IndexMap;

use crate::data::FieldType;
use crate::definition::{DocumentClass, LegalEffect};
use crate::guard::Guard;
use crate::outbox::{Invoke, Requests};
use crate::{Case, ClockHistory, DeferralRule, Permission, Text};

/// A definition that has compiled: it can run.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// Its version, from 1.
    pub version: u32,
    /// Its title.
    pub title: Text,
    /// SHA-256 of its text, 64 hexadecimal digits.
    pub digest: String,
    /// Its text, as it was published.
    pub source: String,
    /// The calendar it was published against. A clock that names no other counts on it.
    pub calendar: Arc<Calendar>,
    /// That calendar, and the versions of it that were published later.
    pub(crate) calendars: CalendarSet,
    /// The newest of them.
    pub(crate) newest_calendar: Arc<Calendar>,
    /// Whether no event is sent while nobody holds the case.
    pub needs_handler: bool,
    /// Task forces, by rule.
    pub task_forces: IndexMap<String, TaskForce>,
    pub(crate) fast_lane: Option<Guard>,
    /// Facts by which two open cases may be about the same.
    pub same_by: Vec<String>,
    /// Facts a case carries.
    pub fields: IndexMap<String, Field>,
    /// Who may act.
    pub roles: IndexMap<String, Role>,
    /// Documents a case collects.
    pub documents: IndexMap<String, Document>,
    /// Conditions the law puts before steps.
    pub gates: IndexMap<String, Gate>,
    /// Acts.
    pub events: IndexMap<String, EventKind>,
    /// Stopwatches.
    pub clocks: IndexMap<String, Clock>,
    /// States, in document order.
    pub states: IndexMap<String, State>,
    pub(crate) chart: Chart,
    /// By transition of the chart.
    pub(crate) transitions: Vec<Transition>,
    /// By guard id of the chart.
    pub(crate) guards: Vec<Guard>,
    /// By delay id of the chart.
    pub(crate) delays: Vec<Delay>,
    /// By state: what entering it asks for.
    pub(crate) requests: IndexMap<String, Requests>,
    /// By state: the child cases that entering it opens, by their names.
    pub(crate) invokes: IndexMap<String, IndexMap<String, Invoke>>,
}

/// A task force (专班).
#[derive(Clone, Debug)]
pub struct TaskForce {
    /// Its title.
    pub title: Text,
    /// The post or organisation that leads it.
    pub lead: Option<Text>,
    /// The fact that names who leads it.
    pub lead_fact: Option<String>,
    /// The organisations that belong to it.
    pub members: Vec<Text>,
    pub(crate) when: Option<Guard>,
}

/// A fact a case carries.
#[derive(Clone, Debug)]
pub struct Field {
    /// Title, as forms show it.
    pub title: Text,
    /// What it takes.
    pub kind: FieldType,
    /// The values of a choice, with their titles; empty for other types.
    pub choices: IndexMap<String, Text>,
    /// The least a number takes; an amount in yuan.
    pub min: Option<i64>,
    /// The most a number takes.
    pub max: Option<i64>,
    /// Whether a case cannot be opened without it.
    pub required: bool,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Title, as screens show it.
    pub title: Text,
    /// Roles that another person must hold in the same case; the rule holds both ways.
    pub not_same_person_as: Vec<String>,
    /// Whether it may record what happened earlier.
    pub may_record_late: bool,
    /// What it may do on every case beyond what is everybody's.
    pub may: Vec<Permission>,
}

/// A document a case collects.
#[derive(Clone, Debug)]
pub struct Document {
    /// Title, as screens show it.
    pub title: Text,
    /// How much depends on it.
    pub class: DocumentClass,
    /// The law or list that asks for it.
    pub law: Option<Text>,
    /// When a conditional one is needed.
    pub(crate) needed_if: Option<Guard>,
    /// For an output, the roles that may attach it; others are attached by everybody.
    pub attached_by: Vec<String>,
    /// How it may follow later.
    pub deferral: Option<DeferralRule>,
}

/// A condition the law puts before a step.
#[derive(Clone, Debug)]
pub struct Gate {
    /// What must hold.
    pub title: Text,
    /// The law that asks for it.
    pub law: Option<Text>,
    pub(crate) when: Guard,
}

/// An act.
#[derive(Clone, Debug)]
pub struct EventKind {
    /// Verb and object.
    pub title: Text,
    /// The roles that may send it.
    pub by: Vec<String>,
    /// Whether other cases may send it.
    pub by_case: bool,
    /// The facts it brings with it.
    pub asks: Vec<String>,
    /// Whether it lies off the main path: offered behind the others.
    pub aside: bool,
    /// Whether it gives the applicant the one-time notice (一次性告知) of all that is missing or wrong.
    ///
    /// # Source
    ///
    /// 行政许可法 (Administrative Licensing Law), article 32(4).
    pub notice: bool,
}

/// A stopwatch with a budget.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Title, as screens show it.
    pub title: Text,
    /// What binds it.
    pub effect: LegalEffect,
    /// The law or promise behind it.
    pub law: Option<Text>,
    /// How it counts.
    pub policy: ClockPolicy,
    /// What starts it.
    pub start: Edge,
    /// It starts only where this holds.
    pub(crate) only_if: Option<Guard>,
    /// What stops it with a verdict.
    pub stop: Edge,
    /// What ends it without one.
    pub cancel: Option<Edge>,
    /// The parties whose time lets it stand still.
    pub paused_by: Vec<Party>,
    /// States whose durations are shown as its parts.
    pub segments: Vec<String>,
}

/// The crossing of a state's border.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The state is entered.
    Entering(String),
    /// The state is left.
    Leaving(String),
}

/// A state, as screens need it. Its semantics are the chart's.
#[derive(Clone, Debug)]
pub struct State {
    /// Title; the name for a history state.
    pub title: Text,
    /// The state around it.
    pub parent: Option<String>,
    /// What it is.
    pub kind: StateKind,
    /// Why clocks may stand still here.
    pub pauses: Option<PauseReason>,
    /// The shortest time a case stays here.
    pub takes: Option<Budget>,
    /// Whether it is shown only when a case has been there.
    pub aside: bool,
    /// The status code reported for a case in this state.
    pub status: Option<u8>,
    /// What an opinion that is given by entering it is bound to.
    pub binds: Option<Binds>,
}

/// What an opinion is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binds {
    /// Documents, by their digests.
    pub documents: Vec<String>,
    /// Facts that it takes for granted.
    pub facts: Vec<String>,
}

/// What a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateKind {
    /// It has no children.
    Atomic,
    /// One child is active.
    Compound,
    /// All children are active.
    Parallel,
    /// The case, or the state around it, is done here.
    Final,
    /// It remembers.
    History,
}

/// What a transition of the chart needs beyond the chart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transition {
    /// The event, when an event causes it.
    pub(crate) event: Option<String>,
    /// Index into [`Workflow::guards`].
    pub(crate) guard: Option<usize>,
    /// Documents that must be there.
    pub(crate) requires: Vec<String>,
    /// Gates that must be open.
    pub(crate) gates: Vec<String>,
    /// What taking it asks for.
    pub(crate) requests: Requests,
}

/// A delayed transition.
#[derive(Clone, Debug)]
pub(crate) struct Delay {
    /// Name of the timer, unique in the workflow.
    pub(crate) timer: String,
    /// How long, in the unit it counts in, and when its last day is over.
    pub(crate) policy: ClockPolicy,
    /// The state from whose last entry the clocks count that start with it.
    pub(crate) counts_from: Option<String>,
}

impl Workflow {
    /// Returns every version known of its calendar: the one it was published against, and those
    /// published since.
    pub fn calendars(&self) -> &CalendarSet {
        &self.calendars
    }

    /// Returns the calendar that a clock of a case counts on.
    pub fn calendar_of(&self, case: &Case, clock: &str) -> &Arc<Calendar> {
        case.clocks
            .get(clock)
            .and_then(ClockHistory::calendar)
            .and_then(|calendar| self.calendars.get(calendar))
            .unwrap_or(&self.calendar)
    }

    /// Returns the newest version known of its calendar: what starts now counts on it.
    pub fn newest_calendar(&self) -> &Arc<Calendar> {
        &self.newest_calendar
    }

    /// Returns the title of a role, or its name when the workflow does not know it.
    pub fn role_title(&self, role: &str) -> Text {
        self.roles
            .get(role)
            .map_or_else(|| Text::new(role, role), |role| role.title.clone())
    }

    /// Returns the title of a state, or its name when the workflow does not know it.
    pub fn state_title(&self, state: &str) -> Text {
        self.states
            .get(state)
            .map_or_else(|| Text::new(state, state), |state| state.title.clone())
    }

    /// Returns the title of a document, or its name when the workflow does not know it.
    pub fn document_title(&self, document: &str) -> Text {
        self.documents.get(document).map_or_else(
            || Text::new(document, document),
            |document| document.title.clone(),
        )
    }

    /// Returns the statechart.
    pub fn chart(&self) -> &Chart {
        &self.chart
    }

    /// Returns what a guard of the chart asks, as it was written.
    pub fn condition(&self, guard: GuardId) -> Option<&str> {
        let index = usize::try_from(guard.0).ok()?;
        Some(self.guards.get(index)?.source())
    }

    /// Returns how long a wait of the chart lasts.
    pub fn wait(&self, delay: DelayId) -> Option<Budget> {
        let index = usize::try_from(delay.0).ok()?;
        Some(self.delays.get(index)?.policy.goal.budget())
    }

    pub(crate) fn transition(&self, id: TransitionId) -> &Transition {
        &self.transitions[id.index()]
    }
}
