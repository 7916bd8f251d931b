use std::collections::BTreeSet;

use groundbreak_sla::{ClockReading, ClockState, Comparator, Timestamp};

use crate::{Case, ClockHistory, EffectKind, FieldType, PendingEffect, Stuck, Value, Workflow};

/// An instant at which the engine gives the case a [`crate::Act::Tick`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When it falls due.
    pub due_at: Timestamp,
    /// Its name, unique in the case: `after/STATE/N`, `warn/CLOCK/TRIGGER`, `breach/CLOCK`,
    /// `defer/DOCUMENT`.
    pub id: String,
}

/// What a case can be found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// `workflow`, `status` (`open` or `closed`), `number`, `role` (may act next), `state`,
    /// `parent`, `effect` (`given_up`), `opened` and `due` (milliseconds; `due` of the most urgent
    /// clock that runs), and as [`EffectKind::due_term`] says.
    pub name: &'static str,
    /// The value.
    pub value: TermValue,
}

/// The value of a [`Term`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermValue {
    /// Compared as a whole.
    Text(String),
    /// Compared, and ordered by.
    Integer(i64),
}

impl Workflow {
    /// Returns every timer of a case, earliest first: armed delays, and for each clock that runs
    /// the warnings not yet given and the breach not yet found. A clock that stands still has no
    /// due instant, hence no timers.
    ///
    /// # Errors
    ///
    /// [`Stuck::Clock`] when a clock cannot be computed.
    pub fn timers(&self, case: &Case) -> Result<Vec<Timer>, Stuck> {
        Ok(timers_of(case, &self.open_clocks(case)?))
    }

    /// Reads the clocks of a case that have not ended, as of its newest fact: nothing has happened
    /// to them since.
    pub(crate) fn open_clocks<'a>(&self, case: &'a Case) -> Result<Vec<OpenClock<'a>>, Stuck> {
        let mut clocks = Vec::new();
        for (name, history) in case.clocks.iter().filter(|(_, history)| !history.ended) {
            if let Some(reading) = self.clock_reading(case, name, case.effective_at)? {
                clocks.push(OpenClock {
                    name,
                    history,
                    reading,
                });
            }
        }
        Ok(clocks)
    }

    /// Returns every timer of a case, and everything it can be found by, as a decision gives them.
    ///
    /// # Errors
    ///
    /// [`Stuck`] when the case cannot go on.
    pub fn timers_and_terms(&self, case: &Case) -> Result<(Vec<Timer>, Vec<Term>), Stuck> {
        let clocks = self.open_clocks(case)?;
        Ok((timers_of(case, &clocks), self.terms(case, &clocks)?))
    }

    /// Returns the earliest timer of a case.
    ///
    /// # Errors
    ///
    /// As [`Workflow::timers`].
    pub fn next_timer(&self, case: &Case) -> Result<Option<Timer>, Stuck> {
        Ok(self.timers(case)?.into_iter().next())
    }

    /// Returns the codes of the projects a case belongs to by its own facts: those that are project codes.
    #[must_use]
    pub fn projects<'a>(&self, case: &'a Case) -> BTreeSet<&'a str> {
        let codes = self.fields.iter().filter_map(|(name, field)| {
            let code = (field.kind == FieldType::ProjectCode).then(|| case.data.get(name))?;
            match code? {
                Value::Text(code) => Some(code.as_str()),
                Value::Integer(_) | Value::Boolean(_) => None,
            }
        });
        codes.collect()
    }

    /// Returns the terms by which an open case is found as one that may be about the same as another: its facts under
    /// `same_by`, in small letters and without blanks.
    #[must_use]
    pub fn same_terms(&self, case: &Case) -> Vec<String> {
        let facts = self.same_by.iter().filter_map(|fact| {
            let value = case.data.get(fact)?.to_string();
            let letters = value.chars().filter(|c| !c.is_whitespace());
            let plain: String = letters.flat_map(char::to_lowercase).collect();
            (!plain.is_empty()).then(|| format!("{fact}={plain}"))
        });
        facts.collect()
    }

    /// Returns everything a case can be found by, given its open clocks.
    ///
    /// # Errors
    ///
    /// [`Stuck`] when the case cannot go on.
    pub(crate) fn terms(&self, case: &Case, clocks: &[OpenClock<'_>]) -> Result<Vec<Term>, Stuck> {
        let closed = self.is_closed(case);
        let text = |name, value: &str| Term {
            name,
            value: TermValue::Text(value.to_owned()),
        };
        let integer = |name, value: Timestamp| Term {
            name,
            value: TermValue::Integer(value.as_millis()),
        };
        let mut terms = vec![
            text("workflow", &case.workflow),
            text("status", if closed { "closed" } else { "open" }),
            text("number", &case.number),
            integer("opened", case.opened_at),
        ];
        terms.extend(case.active.iter().map(|state| text("state", state)));
        let mut roles: Vec<&String> = Vec::new();
        if !closed {
            for event in self.open_events(case)? {
                roles.extend(
                    self.events
                        .get(event)
                        .into_iter()
                        .flat_map(|event| &event.by),
                );
            }
            roles.sort();
            roles.dedup();
        }
        terms.extend(roles.into_iter().map(|role| text("role", role)));
        let due = clocks.iter().filter_map(|clock| clock.reading.due).min();
        // What has no due instant comes after everything that has one.
        terms.push(integer("due", due.unwrap_or(Timestamp::MAX)));
        if let Some(parent) = &case.parent {
            terms.push(text("parent", &parent.case.to_string()));
        }
        if let Some(handler) = case.handling.handler.as_ref().filter(|_| !closed) {
            terms.push(text("handler", &handler.person.id));
        }
        terms.extend(
            self.projects(case)
                .into_iter()
                .map(|code| text("project", code)),
        );
        let forces = self.task_forces_of(case).into_iter();
        terms.extend(forces.map(|force| text("task_force", &force.name)));
        if self.is_fast(case) {
            terms.push(text("lane", "fast"));
        }
        if !closed && case.handling.handler.is_none() {
            terms.push(text("handling", "nobody"));
        }
        if !closed {
            let same = self.same_terms(case).into_iter();
            terms.extend(same.map(|same| text("same", &same)));
        }
        // One case may be linked to another in several ways.
        let linked: std::collections::BTreeSet<String> = case
            .links
            .iter()
            .map(|link| link.case.to_string())
            .collect();
        terms.extend(linked.iter().map(|other| text("link", other)));
        if case.effects.values().any(PendingEffect::is_given_up) {
            terms.push(text("effect", "given_up"));
        }
        for kind in [EffectKind::Case, EffectKind::Message] {
            let due = case.next_effect_at(kind);
            terms.extend(due.map(|due| integer(kind.due_term(), due)));
        }
        Ok(terms)
    }
}

/// A clock of a case that has not ended, and how it stands.
pub(crate) struct OpenClock<'a> {
    name: &'a str,
    history: &'a ClockHistory,
    reading: ClockReading,
}

/// Returns every timer of a case, given its open clocks.
pub(crate) fn timers_of(case: &Case, clocks: &[OpenClock<'_>]) -> Vec<Timer> {
    let mut timers: Vec<Timer> = case
        .armed
        .iter()
        .map(|(id, due_at)| Timer {
            due_at: *due_at,
            id: id.clone(),
        })
        .collect();
    let running = clocks
        .iter()
        .filter(|clock| clock.reading.state == ClockState::Running);
    for OpenClock {
        name,
        history,
        reading,
    } in running
    {
        for trigger in &reading.triggers {
            let label = trigger.trigger.to_string();
            if !history.warned.contains(&label) {
                timers.push(Timer {
                    due_at: trigger.at,
                    id: format!("warn/{name}/{label}"),
                });
            }
        }
        if let (Some(due), None) = (reading.due, history.breached) {
            timers.push(Timer {
                due_at: breach_at(reading, due),
                id: format!("breach/{name}"),
            });
        }
    }
    timers.sort();
    timers
}

/// The first instant at which a clock that still runs is overdue: a limit `within` which
/// something is to be done includes its last moment.
///
/// # Source
///
/// 民法典 (Civil Code), article 1259: 以内 includes the number, 不满 does not.
fn breach_at(reading: &ClockReading, due: Timestamp) -> Timestamp {
    match reading.goal.comparator() {
        Comparator::Within => due.saturating_add_millis(1),
        Comparator::Under => due,
    }
}
