//! Carrying cases over to another version of their workflow.
//!
//! docs/decisions/0011-migration.md says why.

mod clocks;
mod mapping;
mod migrated;
mod obstacle;
mod places;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use groundbreak_sla::Timestamp;
use groundbreak_statechart::{Configuration, Event, StateKind};

pub use mapping::{Mapping, MigrationFault};
pub use migrated::Migrated;
pub use obstacle::Obstacle;
use places::Places;

use crate::draft::Draft;
use crate::input::{NOTE_LENGTH_MAX, check_actor, check_text};
use crate::{
    Actor, Case, CommandId, Completion, Data, Decision, Entry, Limits, Refusal, Signature, Stuck,
    Text, Workflow,
};

/// The way from some versions of a workflow to another one, checked against all of them.
#[derive(Clone, Debug)]
pub struct Migration {
    from: Vec<Arc<Workflow>>,
    to: Arc<Workflow>,
    mapping: Mapping,
    /// Where a case cannot come to its end from, or can, as far as it was asked: many cases arrive
    /// at the same place, and a large chart takes a second to answer.
    dead_ends: Arc<Mutex<HashMap<Configuration, bool>>>,
}

/// Who moves cases, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationOrder {
    actor: Actor,
    reason: String,
}

/// Why a case was not carried over. It is as it was.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MigrateError {
    /// It is none that this migration moves: it is closed, or on another version.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It cannot be on the new version as it stands, for every reason there is.
    #[error("{} obstacle(s); the first: {}", .0.len(), .0.first().map(|it| it.text().en).unwrap_or_default())]
    Kept(Vec<Obstacle>),
    /// It cannot go on even on its own version.
    #[error(transparent)]
    Stuck(#[from] Stuck),
}

impl MigrationOrder {
    /// Returns the order of an operator.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidInput`] when the operator has no name, is the clock or a case, or gives no reason.
    pub fn new(actor: Actor, reason: &str) -> Result<Self, Refusal> {
        check_actor(&actor)?;
        check_text("reason", reason, NOTE_LENGTH_MAX)?;
        if actor.is_clock() || actor.is_case() {
            return Err(Refusal::InvalidInput {
                input: "actor".to_owned(),
                problem: Text::new("迁移须由人决定。", "a migration is decided by a person."),
            });
        }
        Ok(Self {
            actor,
            reason: reason.trim().to_owned(),
        })
    }

    /// Signs for the operator. A migration is not an act in a role, so it does not count for
    /// separation of duties.
    fn signature(&self) -> Signature {
        Signature {
            id: self.actor.id.clone(),
            name: self.actor.name.clone(),
            role: None,
            also: Vec::new(),
            department: self.actor.department.clone(),
            on_behalf_of: None,
        }
    }
}

impl Migration {
    /// Returns the way from these versions to another one.
    ///
    /// # Errors
    ///
    /// [`MigrationFault`]: a name that no definition has, or versions of another workflow.
    pub fn new(
        from: Vec<Arc<Workflow>>,
        to: Arc<Workflow>,
        mapping: Mapping,
    ) -> Result<Self, MigrationFault> {
        for old in &from {
            if old.name != to.name {
                return Err(MigrationFault::OtherWorkflow {
                    from: old.name.clone(),
                    to: to.name.clone(),
                });
            }
        }
        let versions: Vec<&Workflow> = from.iter().map(AsRef::as_ref).collect();
        mapping.check(&versions, &to)?;
        Ok(Self {
            from,
            to,
            mapping,
            dead_ends: Arc::default(),
        })
    }

    /// Returns the version cases move to.
    #[must_use]
    pub fn to(&self) -> &Arc<Workflow> {
        &self.to
    }

    /// Returns the version a case moves from; `None` when this migration is not for it.
    #[must_use]
    pub fn from_of(&self, case: &Case) -> Option<&Arc<Workflow>> {
        self.from.iter().find(|from| {
            from.name == case.workflow && from.version == case.version && from.digest == case.digest
        })
    }

    /// Returns the case as it would be after the move, which is decided and not carried out.
    ///
    /// # Errors
    ///
    /// As [`Migration::decide`].
    pub fn look(&self, case: &Case, now: Timestamp) -> Result<Case, MigrateError> {
        let nobody = Signature {
            id: String::new(),
            name: String::new(),
            role: None,
            also: Vec::new(),
            department: None,
            on_behalf_of: None,
        };
        let command = CommandId(case.id.0);
        Ok(self.draft(case, nobody, command, String::new(), now)?.case)
    }

    /// Decides to carry a case over: what is to be written, or why it stays.
    ///
    /// It must have followed its newest calendar, and its timers that are due must have been fired.
    /// What the new version lets happen by itself from there happens in the same commit.
    ///
    /// # Errors
    ///
    /// [`MigrateError::Refused`] when the case is none of this migration; [`MigrateError::Kept`]
    /// with everything that stands in the way; [`MigrateError::Stuck`] when it cannot go on even on
    /// its own version.
    pub fn decide(
        &self,
        case: &Case,
        order: &MigrationOrder,
        command: CommandId,
        now: Timestamp,
    ) -> Result<Decision, MigrateError> {
        let draft = self.draft(case, order.signature(), command, order.reason.clone(), now)?;
        draft.finish().map_err(|stuck| cannot_run(&stuck))
    }

    fn draft(
        &self,
        case: &Case,
        by: Signature,
        command: CommandId,
        reason: String,
        now: Timestamp,
    ) -> Result<Draft<'_>, MigrateError> {
        let from = self
            .from_of(case)
            .ok_or_else(|| Refusal::NothingToMigrate {
                number: case.number.clone(),
                version: case.version,
            })?;
        if from.is_closed(case) {
            return Err(Refusal::CaseClosed {
                number: case.number.clone(),
            }
            .into());
        }
        // What was counted on another calendar could not even be read.
        if from.calendar.id() != self.to.calendar.id() {
            return Err(MigrateError::Kept(vec![Obstacle::MigrateOtherCalendar {
                from: from.calendar.id().to_owned(),
                to: self.to.calendar.id().to_owned(),
            }]));
        }
        let mut obstacles = Vec::new();
        let facts = self.facts(from, case, &mut obstacles);
        self.check_roles(from, case, &mut obstacles);
        obstacles.extend(self.clock_obstacles(from, case));
        let places = match self.places(from, case)? {
            Ok(places) if obstacles.is_empty() => places,
            Ok(_) => return Err(MigrateError::Kept(obstacles)),
            Err(of_places) => {
                obstacles.splice(0..0, of_places);
                return Err(MigrateError::Kept(obstacles));
            }
        };
        let fired = self.fired_delays(from, case)?;
        let done = done_states(from, case)?;
        let entered = places.entered.clone();
        let migrated = self.entry(from, case, reason, places, facts.forgotten);
        let at = now.max(case.effective_at);
        let mut draft = Draft::new(&self.to, case, by, command, at, now);
        let arrival = Arrival {
            from,
            before: case,
            migrated,
            given: facts.given,
            entered,
            fired,
            done: done
                .iter()
                .filter_map(|state| self.counterpart(from, state))
                .collect(),
        };
        draft.arrive(arrival).map_err(|stuck| cannot_run(&stuck))?;
        self.check_completion(&draft.case)?;
        Ok(draft)
    }

    /// From where a case arrives its end must be in reach. Where that is not proven within the
    /// usual limits it is not held against the case.
    fn check_completion(&self, case: &Case) -> Result<(), MigrateError> {
        let arrived = self.to.configuration(case);
        let arrived = arrived.map_err(|stuck| cannot_run(&stuck))?;
        let mut asked = self
            .dead_ends
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let dead_end = *asked.entry(arrived).or_insert_with_key(|arrived| {
            self.to.can_complete(arrived, &Limits::default()) == Completion::No
        });
        if !dead_end {
            return Ok(());
        }
        let places = self.to.places(case).into_iter();
        Err(MigrateError::Kept(vec![Obstacle::MigrateCannotComplete {
            states: places.map(|place| place.state).collect(),
        }]))
    }

    fn entry(
        &self,
        from: &Workflow,
        case: &Case,
        reason: String,
        places: Places,
        forgotten: Vec<String>,
    ) -> Migrated {
        let is_gone = |clock: &&String| !self.to.clocks.contains_key(*clock);
        Migrated {
            workflow: case.workflow.clone(),
            from_version: from.version,
            version: self.to.version,
            digest: self.to.digest.clone(),
            reason,
            renamed: self.renamed(from),
            left: places.left,
            remembered: places.remembered,
            roles: self.mapping.roles.clone(),
            forgotten,
            counted_on: Some(from.calendar.reference().clone())
                .filter(|calendar| calendar != self.to.calendar.reference()),
            counted_to: self.counted_to(from, case),
            retired: case.clocks.keys().filter(is_gone).cloned().collect(),
        }
    }

    /// The lines of the mapping that say something about this version.
    fn renamed(&self, from: &Workflow) -> BTreeMap<String, String> {
        let lines = self.mapping.states.iter();
        lines
            .filter(|(old, new)| old != new && from.states.contains_key(*old))
            .map(|(old, new)| (old.clone(), new.clone()))
            .collect()
    }

    /// Sorts out which facts are given, and which no longer count.
    fn facts(&self, from: &Workflow, case: &Case, obstacles: &mut Vec<Obstacle>) -> Facts {
        let title = |workflow: &Workflow, name: &str| {
            let field = workflow.fields.get(name);
            field.map_or_else(|| Text::new(name, name), |field| field.title.clone())
        };
        let mut facts = Facts {
            // Checked with the mapping.
            given: self.to.accept_data(&self.mapping.set).unwrap_or_default(),
            forgotten: Vec::new(),
        };
        for (field, value) in &case.data {
            let known = self.to.fields.contains_key(field);
            let one = Data::from([(field.clone(), value.clone())]);
            match self.to.accept_data(&one) {
                // What is good stays, as the new version keeps it.
                Ok(kept) if !self.mapping.forget.contains(field) => {
                    facts.given.remove(field);
                    if kept != one {
                        facts.given.extend(kept);
                    }
                }
                _ if known && self.mapping.set.contains_key(field) => {}
                _ if self.mapping.forget.contains(field) => facts.forgotten.push(field.clone()),
                Err(refusal) if known => {
                    if let Some((field, problem)) = refusal.about_field() {
                        let (field, problem) = (field.to_owned(), problem.clone());
                        obstacles.push(Obstacle::MigrateFactNotTaken { field, problem });
                    }
                }
                _ => obstacles.push(Obstacle::MigrateFactUnknown {
                    field: field.clone(),
                    title: title(from, field),
                }),
            }
        }
        for (field, _) in self.to.fields.iter().filter(|(_, field)| field.required) {
            let known = case.data.contains_key(field) && !facts.forgotten.contains(field);
            if !known && !facts.given.contains_key(field) {
                obstacles.push(Obstacle::MigrateFactMissing {
                    field: field.clone(),
                    title: title(&self.to, field),
                });
            }
        }
        facts
    }

    /// Who acted stays known, so a role that must be another person's needs a counterpart.
    fn check_roles(&self, from: &Workflow, case: &Case, obstacles: &mut Vec<Obstacle>) {
        for role in case.acted.keys() {
            let apart = from.roles.iter().any(|(name, other)| {
                (name == role && !other.not_same_person_as.is_empty())
                    || other.not_same_person_as.contains(role)
            });
            let known = self.to.roles.contains_key(role) || self.mapping.roles.contains_key(role);
            if apart && !known {
                obstacles.push(Obstacle::MigrateRoleGone {
                    role: role.clone(),
                    title: from.role_title(role),
                });
            }
        }
    }
}

/// Facts that are given to a case, and facts of it that no longer count.
struct Facts {
    given: Data,
    forgotten: Vec<String>,
}

/// A case on its way under another version.
struct Arrival<'a> {
    from: &'a Workflow,
    before: &'a Case,
    migrated: Migrated,
    given: Data,
    entered: Vec<String>,
    /// Delays that are over, by their names in the new version.
    fired: Vec<String>,
    /// States that were done before, by their names in the new version.
    done: Vec<&'a str>,
}

impl Draft<'_> {
    /// Records the migration and what follows from it.
    fn arrive(&mut self, arrival: Arrival<'_>) -> Result<(), Stuck> {
        let Arrival {
            from,
            before,
            migrated,
            given,
            entered,
            fired,
            done,
        } = arrival;
        let left = migrated.left.clone();
        self.record(Entry::Migrated(Box::new(migrated)));
        if !given.is_empty() {
            self.record(Entry::FactsRecorded { data: given });
        }
        if !entered.is_empty() {
            self.record(Entry::Moved {
                exited: Vec::new(),
                entered: entered.clone(),
                remembered: BTreeMap::new(),
            });
        }
        self.carry_clocks(from, before, &left, &entered)?;
        self.carry_delays(&fired)?;
        // What the new version lets happen by itself happens now, and what is done now and was not
        // before is told: nothing else will tell it.
        self.settle()?;
        for state in self.newly_done(&done)? {
            if self.case.is_in(&state) {
                let outlook = self.look(Event::Named(&format!("done.state.{state}")))?;
                self.take(&outlook)?;
            }
        }
        self.invoke(&entered);
        Ok(())
    }

    /// Returns the states that are done and were not before, the innermost first.
    fn newly_done(&self, before: &[&str]) -> Result<Vec<String>, Stuck> {
        let done = done_states(self.workflow, &self.case)?;
        let new = done.into_iter().rev();
        Ok(new
            .filter(|state| !before.contains(&state.as_str()))
            .collect())
    }
}

/// Returns the states of a case that are done: a final child is reached, or all regions are done.
/// The outermost come first.
fn done_states(workflow: &Workflow, case: &Case) -> Result<Vec<String>, Stuck> {
    let configuration = workflow.configuration(case)?;
    let chart = &workflow.chart;
    let active = configuration.active();
    Ok(active
        .filter(|state| is_done(workflow, &configuration, *state))
        .map(|state| chart.name(state).to_owned())
        .collect())
}

/// Recurses once a level of the chart, whose depth is bounded.
fn is_done(
    workflow: &Workflow,
    configuration: &Configuration,
    state: groundbreak_statechart::StateId,
) -> bool {
    let chart = &workflow.chart;
    let mut children = chart.children(state).iter();
    match chart.kind(state) {
        StateKind::Compound => children
            .any(|child| configuration.is_in(*child) && chart.kind(*child) == StateKind::Final),
        StateKind::Parallel => children.all(|child| is_done(workflow, configuration, *child)),
        StateKind::Atomic | StateKind::Final | StateKind::History(_) => false,
    }
}

fn cannot_run(stuck: &Stuck) -> MigrateError {
    MigrateError::Kept(vec![Obstacle::MigrateCannotRun {
        problem: stuck.to_string(),
    }])
}
