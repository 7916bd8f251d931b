//! How a case stands under its workflow: places, candidates, clocks, lanes.

use groundbreak_sla::{
    BreachCause, CalendarSet, ClockError, ClockEvent, ClockPolicy, ClockReading, ClockState, Light,
    Timestamp, Verdict,
};
use groundbreak_statechart::{Cause, Configuration, DelayId, Event};

use crate::facts::Facts;
use crate::general::may_do;
use crate::guard::Guard;
use crate::situation::{
    ClockFace, ConditionFace, Fact, GateFace, Lane, LaneStep, NextAct, PlaceNow, Progress, RoleRef,
    Segment, Situation,
};
use crate::workflow::{Clock, Delay, EventKind, StateKind, Transition};
use crate::{Actor, Case, Gate, GeneralKind, Stuck, Text, Value, Workflow};

impl Workflow {
    /// Tells whether a case has reached its end.
    pub fn is_closed(&self, case: &Case) -> bool {
        case.active.iter().any(|state| {
            self.states
                .get(state)
                .is_some_and(|state| state.kind == StateKind::Final && state.parent.is_none())
        })
    }

    /// Returns a case as a person at the desk needs it at one instant.
    ///
    /// # Errors
    ///
    /// [`Stuck`] when the case cannot go on.
    pub fn situation(&self, case: &Case, now: Timestamp) -> Result<Situation, Stuck> {
        let closed = self.is_closed(case);
        Ok(Situation {
            id: case.id,
            number: case.number.clone(),
            title: case.title.clone(),
            workflow: self.name.clone(),
            workflow_title: self.title.clone(),
            workflow_version: self.version,
            revision: case.revision,
            opened_at: case.opened_at,
            effective_at: case.effective_at,
            closed,
            places: self.places(case),
            acts: if closed { Vec::new() } else { self.acts(case)? },
            clocks: self.clock_faces(case, now)?,
            papers: self.papers(case),
            lanes: self.lanes(case),
            facts: self.facts(case),
            task_forces: self.task_forces_of(case),
            fast: self.is_fast(case),
            handling: case.handling.clone(),
            orders: case.orders.clone(),
            suspensions: case.suspensions.clone(),
            links: case.links.clone(),
        })
    }

    /// Returns the general acts that somebody may do on a case now, as far as that is known without
    /// what they bring.
    pub fn general_acts(&self, case: &Case, actor: &Actor, now: Timestamp) -> Vec<GeneralKind> {
        GeneralKind::ALL
            .into_iter()
            .filter(|kind| may_do(self, case, actor, *kind, now))
            .collect()
    }

    /// Returns how a clock of a case stands at an instant; `None` when it never started.
    ///
    /// # Errors
    ///
    /// [`Stuck::Clock`] when it cannot be computed.
    pub fn clock_reading(
        &self,
        case: &Case,
        clock: &str,
        now: Timestamp,
    ) -> Result<Option<ClockReading>, Stuck> {
        match (self.clocks.get(clock), case.clocks.get(clock)) {
            (Some(clock), Some(history)) if !history.events.is_empty() => self
                .fold_clock(&clock.policy, &history.events, now)
                .map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) fn fold_clock(
        &self,
        policy: &ClockPolicy,
        events: &[ClockEvent],
        now: Timestamp,
    ) -> Result<ClockReading, Stuck> {
        // What was written down after an instant is not seen as of it. A clock is asked about what
        // is known, so never as of an instant before its newest record.
        let as_of = events
            .iter()
            .fold(now, |as_of, event| as_of.max(event.recorded_at));
        groundbreak_sla::fold(policy, &self.calendars, events, as_of)
            .map_err(|error| uncomputable(&error))
    }

    /// Reads a clock that begins at an instant, on the newest calendar.
    pub(crate) fn fold_start(
        &self,
        policy: &ClockPolicy,
        start: Timestamp,
    ) -> Result<ClockReading, Stuck> {
        let calendars = CalendarSet::from(std::sync::Arc::clone(&self.newest_calendar));
        let events = [ClockEvent::start(start)];
        groundbreak_sla::fold(policy, &calendars, &events, start)
            .map_err(|error| uncomputable(&error))
    }

    /// What made a clock miss its goal, as far as it is known at `now`.
    pub(crate) fn breach_cause(
        &self,
        clock: &Clock,
        events: &[ClockEvent],
        now: Timestamp,
    ) -> Result<BreachCause, Stuck> {
        let as_of = events
            .iter()
            .fold(now, |as_of, event| as_of.max(event.recorded_at));
        groundbreak_sla::breach_cause(&clock.policy, &self.calendars, events, as_of)
            .map(|cause| cause.unwrap_or(BreachCause::Work))
            .map_err(|error| uncomputable(&error))
    }

    /// Tells whether a gate is open for a case. A gate that asks for a fact nobody has recorded is
    /// closed.
    pub(crate) fn gate_is_open(&self, gate: &Gate, case: &Case) -> bool {
        let at = |state: &str| case.is_in(state);
        gate.when.eval(&Facts { case, at: &at }).unwrap_or(false)
    }

    pub(crate) fn configuration(&self, case: &Case) -> Result<Configuration, Stuck> {
        let active: Vec<&str> = case.active.iter().map(String::as_str).collect();
        let memories: Vec<(&str, Vec<&str>)> = case
            .remembered
            .iter()
            .map(|(history, states)| {
                (
                    history.as_str(),
                    states.iter().map(String::as_str).collect(),
                )
            })
            .collect();
        Configuration::from_names(&self.chart, &active, &memories).map_err(|error| Stuck::Place {
            problem: error.to_string(),
        })
    }

    pub(crate) fn delay(&self, id: DelayId) -> Result<&Delay, Stuck> {
        usize::try_from(id.0)
            .ok()
            .and_then(|index| self.delays.get(index))
            .ok_or_else(|| Stuck::Step {
                problem: format!("delay {} is not declared", id.0),
            })
    }

    pub(crate) fn delay_by_timer(&self, timer: &str) -> Option<(DelayId, &Delay)> {
        (0..)
            .map(DelayId)
            .zip(&self.delays)
            .find(|(_, delay)| delay.timer == timer)
    }

    /// Returns the transitions that lead on from where a case is, conditions aside.
    pub(crate) fn candidates(&self, case: &Case) -> Result<Vec<&Transition>, Stuck> {
        let configuration = self.configuration(case)?;
        Ok(self
            .chart
            .candidates(&configuration)
            .map(|id| self.transition(id))
            .collect())
    }

    /// Returns the events that nothing but the actor stands before, in the order of the workflow.
    pub(crate) fn open_events(&self, case: &Case) -> Result<Vec<&str>, Stuck> {
        let candidates = self.candidates(case)?;
        let mut open = Vec::new();
        for (name, event) in &self.events {
            let leading = leading(&candidates, name);
            if leading.is_empty() {
                continue;
            }
            // One of several is taken; without a condition, whichever it is.
            let plain = |transition: &&Transition| {
                transition.guard.is_none()
                    && transition.requires.is_empty()
                    && transition.gates.is_empty()
            };
            let awaited = case
                .deferrals
                .keys()
                .any(|document| self.awaits(name, document));
            if leading.iter().all(plain) && !awaited || self.is_open(case, name, event)? {
                open.push(name.as_str());
            }
        }
        Ok(open)
    }

    /// Tells whether an event would do something, and its documents are there and its gates open.
    fn is_open(&self, case: &Case, name: &str, event: &EventKind) -> Result<bool, Stuck> {
        let taken = self.taken(case, name, event)?;
        let documents = self.papers_before(case, name, &taken, &event.asks);
        let mut gates = taken.iter().flat_map(|transition| &transition.gates);
        Ok(!taken.is_empty()
            && documents.iter().all(|document| document.present)
            && gates.all(|gate| {
                let gate = self.gates.get(gate);
                gate.is_none_or(|gate| self.may_be_open(gate, case, &event.asks))
            }))
    }

    /// Returns the transitions an event would take.
    fn taken(&self, case: &Case, name: &str, event: &EventKind) -> Result<Vec<&Transition>, Stuck> {
        let outlook = self.look(case, Event::Named(name), &event.asks)?;
        Ok(outlook
            .step
            .microsteps
            .first()
            .filter(|microstep| microstep.cause == Cause::External)
            .into_iter()
            .flat_map(|microstep| &microstep.transitions)
            .map(|id| self.transition(*id))
            .collect())
    }

    /// Tells whether a gate is open, or depends on a fact that is still asked for.
    fn may_be_open(&self, gate: &Gate, case: &Case, asked: &[String]) -> bool {
        asked.iter().any(|field| gate.when.reads(field)) || self.gate_is_open(gate, case)
    }

    pub(crate) fn event_title(&self, event: &str) -> Text {
        self.events
            .get(event)
            .map_or_else(|| Text::new(event, event), |event| event.title.clone())
    }

    /// Returns the innermost states a case is in; final ones only when there is no other.
    pub fn places(&self, case: &Case) -> Vec<PlaceNow> {
        self.innermost(case)
            .map(|state| PlaceNow {
                state: state.to_owned(),
                title: self.state_title(state),
                since: case.entered_at(state),
            })
            .collect()
    }

    /// The innermost states, in document order; final ones only when there is no other.
    fn innermost<'a>(&'a self, case: &'a Case) -> impl Iterator<Item = &'a str> {
        let leaves: Vec<(&str, StateKind)> = self
            .states
            .iter()
            .filter(|(name, state)| {
                matches!(state.kind, StateKind::Atomic | StateKind::Final) && case.is_in(name)
            })
            .map(|(name, state)| (name.as_str(), state.kind))
            .collect();
        let only_ends = leaves.iter().all(|(_, kind)| *kind == StateKind::Final);
        leaves
            .into_iter()
            .filter(move |(_, kind)| only_ends || *kind != StateKind::Final)
            .map(|(name, _)| name)
    }

    /// What can be done next: open acts first, then those of the main path, in the order of the
    /// workflow.
    ///
    /// An act is judged by what it would do: by the transitions the chart would take. What depends
    /// on facts that the act itself asks for is not held against it.
    fn acts(&self, case: &Case) -> Result<Vec<NextAct>, Stuck> {
        let candidates = self.candidates(case)?;
        let mut acts: Vec<NextAct> = Vec::new();
        for (name, event) in &self.events {
            let leading = leading(&candidates, name);
            // What nobody sends comes by itself.
            let by_itself = event.by.is_empty() && !event.by_case;
            if leading.is_empty() || by_itself {
                continue;
            }
            let taken = self.taken(case, name, event)?;
            // An opinion is given anew when something changed; until then it is nothing that waits.
            let guards = leading.iter().map(|it| self.guards.get(it.guard?));
            let mut guards = guards.map(|guard| guard.is_some_and(Guard::waits_for_change));
            if taken.is_empty() && guards.all(|waits| waits) {
                continue;
            }
            let conditions = if taken.is_empty() {
                leading
                    .iter()
                    .filter_map(|transition| self.guards.get(transition.guard?))
                    .map(|guard| ConditionFace {
                        source: guard.source().to_owned(),
                    })
                    .collect()
            } else {
                Vec::new()
            };
            let considered = if taken.is_empty() { &leading } else { &taken };
            let documents = self.papers_before(case, name, considered, &event.asks);
            let gates = self.gate_faces(
                case,
                considered.iter().flat_map(|transition| &transition.gates),
                &event.asks,
            );
            let open = !taken.is_empty()
                && documents.iter().all(|document| document.present)
                && gates.iter().all(|gate| gate.open);
            acts.push(NextAct {
                event: name.clone(),
                title: event.title.clone(),
                by: event
                    .by
                    .iter()
                    .map(|role| RoleRef {
                        name: role.clone(),
                        title: self.role_title(role),
                    })
                    .collect(),
                asks: event
                    .asks
                    .iter()
                    .filter_map(|field| self.asked_field(field, case.data.get(field)))
                    .collect(),
                documents,
                gates,
                conditions,
                aside: event.aside,
                open,
            });
        }
        acts.sort_by_key(|act| (!act.open, act.aside));
        Ok(acts)
    }

    fn gate_faces<'a>(
        &self,
        case: &Case,
        names: impl Iterator<Item = &'a String>,
        asked: &[String],
    ) -> Vec<GateFace> {
        let mut faces: Vec<GateFace> = Vec::new();
        for name in names {
            let Some(gate) = self.gates.get(name) else {
                continue;
            };
            if faces.iter().all(|face| face.name != *name) {
                faces.push(GateFace {
                    name: name.clone(),
                    title: gate.title.clone(),
                    law: gate.law.clone(),
                    open: self.may_be_open(gate, case, asked),
                });
            }
        }
        faces
    }

    /// Clocks as they stand: those that count on first, most urgent first.
    fn clock_faces(&self, case: &Case, now: Timestamp) -> Result<Vec<ClockFace>, Stuck> {
        let mut faces = Vec::new();
        for (name, clock) in &self.clocks {
            let Some(reading) = self.clock_reading(case, name, now)? else {
                continue;
            };
            faces.push(ClockFace {
                name: name.clone(),
                title: clock.title.clone(),
                effect: clock.effect,
                budget: reading.goal.text(),
                law: clock.law.clone(),
                segments: self.segments(case, clock, &reading, now),
                breached: case.clocks.get(name).and_then(|history| history.breached),
                reading,
            });
        }
        faces.sort_by_key(|face| urgency(&face.reading));
        Ok(faces)
    }

    /// The time a clock spent in each of its segments, in its present cycle.
    fn segments(
        &self,
        case: &Case,
        clock: &Clock,
        reading: &ClockReading,
        now: Timestamp,
    ) -> Vec<Segment> {
        let Some(started_at) = reading.started_at else {
            return Vec::new();
        };
        let end = reading.stopped_at.unwrap_or(now);
        clock
            .segments
            .iter()
            .map(|state| {
                let here = case.is_in(state);
                let stays = case.stays.get(state).map(Vec::as_slice).unwrap_or_default();
                let wall_ms = stays
                    .iter()
                    .map(|stay| {
                        let from = stay.from.max(started_at);
                        let to = stay.to.unwrap_or(end).min(end);
                        to.millis_since(from).max(0)
                    })
                    .sum();
                Segment {
                    state: state.clone(),
                    title: self.state_title(state),
                    wall_ms,
                    here,
                }
            })
            .collect()
    }

    fn facts(&self, case: &Case) -> Vec<Fact> {
        self.fields
            .iter()
            .filter_map(|(name, field)| {
                let value = case.data.get(name)?.clone();
                let label = match &value {
                    Value::Text(text) => field.choices.get(text).cloned(),
                    Value::Boolean(_) | Value::Integer(_) => None,
                };
                let caution = match (&value, field.kind.identifier()) {
                    (Value::Text(text), Some(identifier)) => identifier.caution(text),
                    _ => None,
                };
                Some(Fact {
                    name: name.clone(),
                    title: field.title.clone(),
                    kind: field.kind,
                    value,
                    label,
                    caution,
                })
            })
            .collect()
    }

    /// A lane for the workflow as a whole, and one for each region of each parallel state that
    /// the case has come to.
    fn lanes(&self, case: &Case) -> Vec<Lane> {
        let regions = self.states.iter().filter(|(_, state)| {
            let Some(parent) = &state.parent else {
                return false;
            };
            state.kind == StateKind::Compound
                && case.stays.contains_key(parent)
                && self
                    .states
                    .get(parent)
                    .is_some_and(|parent| parent.kind == StateKind::Parallel)
        });
        let whole = Lane {
            state: String::new(),
            title: self.title.clone(),
            steps: self.steps(case, None),
        };
        let regions = regions.map(|(name, state)| Lane {
            state: name.clone(),
            title: state.title.clone(),
            steps: self.steps(case, Some(name)),
        });
        std::iter::once(whole)
            .chain(regions)
            .filter(|lane| lane.steps.len() > 1)
            .collect()
    }

    /// The steps inside a state, in document order. A compound state is a heading for its own
    /// steps, which stand in its place; a parallel one is a step, and its regions are lanes.
    fn steps(&self, case: &Case, parent: Option<&str>) -> Vec<LaneStep> {
        let mut steps = Vec::new();
        for (name, state) in &self.states {
            let unseen = state.aside && !case.stays.contains_key(name);
            if state.parent.as_deref() != parent || state.kind == StateKind::History || unseen {
                continue;
            }
            if state.kind == StateKind::Compound {
                steps.extend(self.steps(case, Some(name)));
                continue;
            }
            let progress = match (case.is_in(name), state.kind, case.stays.contains_key(name)) {
                (true, StateKind::Final, _) | (false, _, true) => Progress::Done,
                (true, ..) if state.pauses.is_some() => Progress::Paused,
                (true, ..) => Progress::Here,
                (false, _, false) => Progress::Ahead,
            };
            steps.push(LaneStep {
                state: name.clone(),
                title: state.title.clone(),
                progress,
                entered_at: case.entered_at(name),
            });
        }
        steps
    }
}

/// Returns the transitions that answer to an event.
fn leading<'a>(candidates: &[&'a Transition], event: &str) -> Vec<&'a Transition> {
    candidates
        .iter()
        .filter(|transition| transition.event.as_deref() == Some(event))
        .copied()
        .collect()
}

pub(crate) fn uncomputable(error: &ClockError) -> Stuck {
    Stuck::Clock {
        problem: error.to_string(),
    }
}

/// Orders clocks for a reader: overdue ones that run, then running ones by due instant, then
/// paused ones, then those that ended, newest first.
fn urgency(reading: &ClockReading) -> (u8, i64) {
    match reading.state {
        state
            if state.is_open()
                && (reading.light == Light::Red || reading.verdict == Verdict::Missed) =>
        {
            (0, reading.due.unwrap_or(Timestamp::MIN).as_millis())
        }
        ClockState::Running => (1, reading.due.unwrap_or(Timestamp::MAX).as_millis()),
        ClockState::Paused => (2, reading.remaining.amount()),
        ClockState::Pending => (3, 0),
        ClockState::Stopped | ClockState::Cancelled => (
            4,
            reading
                .stopped_at
                .map_or(0, |at| at.as_millis().saturating_neg()),
        ),
    }
}
