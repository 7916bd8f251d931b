//! Plays plans, and compares what happens with what they say.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use groundbreak_engine::SubmitError;
use groundbreak_workflow::sla::{ClockReading, ClockState, Light, Timestamp, Used, Verdict};
use groundbreak_workflow::{
    Act, Case, CaseId, Command, Entry, GeneralAct, Language, OrderStage, Refusal, Workflow,
};

use super::general::stage_word;
use super::plan::{Plan, PlannedCase, PlannedCommand, PlannedDoing, PlannedStep, case_at, data};
use super::script::{Expectation, Moment, Placed, Standing};
use super::stage::Stage;
use crate::amount;

/// How a plan went.
#[derive(Debug, Default)]
pub(crate) struct Played {
    /// How many lines were played.
    pub(crate) steps: usize,
    /// How many expectations were checked.
    pub(crate) checks: usize,
    /// Where it went otherwise.
    pub(crate) mismatches: Vec<Mismatch>,
}

/// A line after which things were not as it says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Mismatch {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
    /// The lines of the scenario.
    pub(crate) expected: Vec<String>,
    /// The same lines, as they would have to read.
    pub(crate) actual: Vec<String>,
}

/// Plays plans together on one stage, in the order of time. Lines of the same instant keep the
/// order in which they are written.
pub(crate) async fn play(
    plans: &[Plan],
    stage: &mut Stage,
    language: Language,
) -> Result<Vec<Played>> {
    let mut order: Vec<(Timestamp, usize, usize, usize)> = Vec::new();
    for (plan_index, plan) in plans.iter().enumerate() {
        for (case_index, case) in plan.cases.iter().enumerate() {
            order.extend(
                case.steps
                    .iter()
                    .enumerate()
                    .map(|(step, planned)| (planned.at, plan_index, case_index, step)),
            );
        }
    }
    order.sort_by_key(|(at, ..)| *at);
    let mut played: Vec<Played> = plans.iter().map(|_| Played::default()).collect();
    let mut ids: BTreeMap<(usize, usize), CaseId> = BTreeMap::new();
    for (at, plan_index, case_index, step_index) in order {
        let case = &plans[plan_index].cases[case_index];
        let step = &case.steps[step_index];
        match step.doing {
            PlannedDoing::Restart => stage.restart(at).await?,
            PlannedDoing::Wait | PlannedDoing::Act(_) => stage.advance_to(at).await?,
        }
        let found = match (ids.get(&(plan_index, case_index)), &case.child_of) {
            (Some(id), _) => Some(*id),
            (None, None) => Some(stage.engine().new_case_id()),
            (None, Some((parent, called))) => match ids.get(&(plan_index, *parent)) {
                Some(parent) => child(stage, *parent, called).await?,
                None => None,
            },
        };
        // A child that is not there yet is looked for again at its next line; nothing has the nil id.
        if let Some(id) = found {
            ids.insert((plan_index, case_index), id);
        }
        let id = found.unwrap_or_default();
        let line = step.source.first().map_or(0, |(line, _)| *line);
        let mut others: Vec<CaseId> = Vec::new();
        for (other, planned) in plans[plan_index].cases.iter().enumerate() {
            let known = ids.get(&(plan_index, other)).copied();
            others.push(match (known, &planned.child_of) {
                (Some(id), _) => id,
                (None, Some(_)) => CaseId::default(),
                (None, None) => {
                    let id = stage.engine().new_case_id();
                    ids.insert((plan_index, other), id);
                    id
                }
            });
        }
        let taken = take(stage, case, id, step, at, language, &others)
            .await
            .with_context(|| format!("line {line}"))?;
        let report = &mut played[plan_index];
        report.steps += 1;
        report.checks += step.expected.len();
        report.mismatches.extend(taken);
    }
    for report in &mut played {
        report
            .mismatches
            .sort_by_key(|mismatch| (mismatch.line, mismatch.column));
    }
    Ok(played)
}

/// Returns the child that a case opened last under this name, once it is opened.
async fn child(stage: &Stage, parent: CaseId, called: &str) -> Result<Option<CaseId>> {
    let engine = stage.engine();
    let parent = engine.case(parent).await?;
    match parent.and_then(|parent| parent.children.get(called).copied()) {
        Some(child) => Ok(engine.case(child).await?.map(|_| child)),
        None => Ok(None),
    }
}

/// Plays one line, and returns what went otherwise.
async fn take(
    stage: &Stage,
    planned: &PlannedCase,
    id: CaseId,
    step: &PlannedStep,
    at: Timestamp,
    language: Language,
    others: &[CaseId],
) -> Result<Option<Mismatch>> {
    let engine = stage.engine().clone();
    let before = engine.case(id).await?.map_or(0, |case| case.revision);
    let refusal = match &step.doing {
        PlannedDoing::Act(command) => submit(stage, id, command, others).await?,
        PlannedDoing::Wait | PlannedDoing::Restart => None,
    };
    let case = engine.case(id).await?;
    let commits = engine.journal(id).await?;
    let after = Aftermath {
        workflow: &planned.workflow,
        grew: refusal.is_some() && case.as_ref().map_or(0, |case| case.revision) != before,
        refusal,
        case: case.as_deref(),
        entries: commits.iter().flat_map(|commit| &commit.entries).collect(),
        now: at,
        language,
    };
    after.compare(step)
}

async fn submit(
    stage: &Stage,
    id: CaseId,
    planned: &PlannedCommand,
    others: &[CaseId],
) -> Result<Option<Refusal>> {
    let engine = stage.engine();
    for act in &planned.acts {
        let mut act = match act {
            Ok(act) => act.clone(),
            Err(refusal) => return Ok(Some(refusal.clone())),
        };
        if let Act::General(GeneralAct::Link { case, number, .. }) = &mut act {
            let place = others.iter().enumerate();
            let place = place
                .into_iter()
                .find(|(place, _)| case_at(*place) == *case);
            let other = match place {
                Some((_, other)) => engine.case(*other).await?,
                None => None,
            };
            let Some(other) = other else {
                return Ok(Some(Refusal::CaseNotFound {
                    case: number.clone(),
                }));
            };
            (*case, *number) = (other.id, other.number.clone());
        }
        let command = Command {
            id: engine.new_command_id(),
            case: id,
            actor: planned.actor.clone(),
            seen_revision: planned.seen,
            effective_at: planned.happened,
            act,
        };
        match engine.submit(command).await {
            Ok(_) => {}
            Err(SubmitError::Refused(refusal)) => return Ok(Some(refusal)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// How things stand after a line.
struct Aftermath<'a> {
    workflow: &'a Workflow,
    refusal: Option<Refusal>,
    /// Whether a refused command wrote to the journal nevertheless.
    grew: bool,
    case: Option<&'a Case>,
    entries: Vec<&'a Entry>,
    now: Timestamp,
    language: Language,
}

impl Aftermath<'_> {
    /// Compares with what a line says.
    fn compare(&self, step: &PlannedStep) -> Result<Option<Mismatch>> {
        let expects_refusal = step
            .expected
            .iter()
            .any(|expected| matches!(expected.value, Expectation::Refused { .. }));
        let mut wrong: Vec<&Placed<Expectation>> = Vec::new();
        for expected in &step.expected {
            if !self.holds(&expected.value)? {
                wrong.push(expected);
            }
        }
        // A line that says nothing of a refusal says that there is none.
        let surprise = (self.refusal.is_some() && !expects_refusal) || self.grew;
        let first_line = step.source.first().map_or(0, |(line, _)| *line);
        let (line, column) = match wrong.first() {
            Some(expected) => (expected.line, expected.column),
            None if surprise => (first_line, 1),
            None => return Ok(None),
        };
        let mut mismatch = Mismatch {
            line,
            column,
            expected: Vec::new(),
            actual: Vec::new(),
        };
        for (number, source) in &step.source {
            let here: Vec<&Placed<Expectation>> = step
                .expected
                .iter()
                .filter(|expected| expected.line == *number)
                .collect();
            let surprising = surprise && *number == first_line;
            if surprising || wrong.iter().any(|expected| expected.line == *number) {
                mismatch.expected.push(source.clone());
                mismatch
                    .actual
                    .push(self.rewrite(source, &here, surprising)?);
            }
        }
        Ok(Some(mismatch))
    }

    /// Writes a line of the scenario as it would have to read.
    fn rewrite(
        &self,
        source: &str,
        expected: &[&Placed<Expectation>],
        surprising: bool,
    ) -> Result<String> {
        let arrow = source
            .find("->")
            .map(|at| at + 2)
            .or_else(|| source.find('→').map(|at| at + '→'.len_utf8()));
        let indent: String = source
            .chars()
            .take_while(|character| character.is_whitespace())
            .collect();
        let left = match arrow {
            Some(end) => format!("{} ", &source[..end]),
            None if indent.is_empty() => format!("{}  -> ", source.trim_end()),
            None => indent,
        };
        let mut parts: Vec<String> = Vec::new();
        if surprising {
            parts.push(self.refused());
        } else {
            for expected in expected {
                let part = self.actual(&expected.value)?;
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
        }
        Ok(format!("{left}{}", parts.join(", ")))
    }

    fn holds(&self, expected: &Expectation) -> Result<bool> {
        Ok(match expected {
            Expectation::In(state) => self.case.is_some_and(|case| case.is_in(state)),
            Expectation::Refused { code, words } => self.refusal.as_ref().is_some_and(|refusal| {
                let text = refusal.text();
                refusal.code() == code
                    && words
                        .iter()
                        .all(|words| text.zh.contains(words) || text.en.contains(words))
            }),
            Expectation::Clock {
                clock,
                amount,
                office,
                standing,
                since,
                due,
            } => {
                let Some(reading) = self.reading(clock)? else {
                    return Ok(false);
                };
                let is = |expected: &Option<Placed<Moment>>, at: Option<Timestamp>| {
                    expected.as_ref().is_none_or(|expected| {
                        at.map(Moment::Fixed) == Some(expected.value.clone())
                    })
                };
                amount.is_none_or(|amount| amount::same(amount, reading.used))
                    && office.is_none_or(|office| amount::same(office, Used::Ms(reading.office_ms)))
                    && standing
                        .iter()
                        .all(|standing| self.stands(clock, &reading, *standing))
                    && is(since, reading.started_at)
                    && is(due, reading.due)
            }
            Expectation::Segments {
                clock,
                parts,
                total,
            } => {
                let spent = self.segments(clock)?;
                let all: i64 = spent.values().sum();
                parts.iter().all(|(state, amount)| {
                    spent
                        .get(&state.value)
                        .is_some_and(|ms| amount::same(*amount, Used::Ms(*ms)))
                }) && total.is_none_or(|total| amount::same(total, Used::Ms(all)))
            }
            Expectation::Missing { documents } => {
                let mut expected: Vec<&str> = documents
                    .iter()
                    .map(|document| document.value.as_str())
                    .collect();
                let owed = self.owed()?;
                let mut owed: Vec<&str> = owed.iter().map(String::as_str).collect();
                expected.sort_unstable();
                owed.sort_unstable();
                expected == owed
            }
            Expectation::Deferred { document, due } => {
                self.deferred_until(&document.value).map(Moment::Fixed) == Some(due.value.clone())
            }
            Expectation::Holder(who) => {
                let holder = self.case.and_then(|case| case.handling.handler.as_ref());
                self.case.is_some() && holder.map(|holder| &holder.person.id) == who.as_ref()
            }
            Expectation::Force(name) => {
                let behind = self.forces();
                match name {
                    Some(name) => behind.iter().any(|force| force == name),
                    None => self.case.is_some() && behind.is_empty(),
                }
            }
            Expectation::Fast(fast) => self
                .case
                .is_some_and(|case| self.workflow.is_fast(case) == *fast),
            Expectation::Urged(times) => {
                self.case.is_some_and(|case| case.handling.urges == *times)
            }
            Expectation::Order(number, stage) => self.order(*number) == Some(*stage),
            Expectation::Fact(field, typed) => self.case.is_some_and(|case| {
                let facts = [(field.clone(), typed.clone())];
                case.data.get(field) == data(self.workflow, &facts).get(field)
            }),
            Expectation::Late { timer, by } => self
                .lateness(timer)
                .is_some_and(|late| amount::same(*by, Used::Ms(late))),
        })
    }

    /// The task forces that stand behind the case, by name.
    fn forces(&self) -> Vec<String> {
        let behind = self.case.map(|case| self.workflow.task_forces_of(case));
        let behind = behind.unwrap_or_default().into_iter();
        behind.map(|force| force.name).collect()
    }

    /// Says how things stand, in the words of an expectation.
    fn actual(&self, expected: &Expectation) -> Result<String> {
        Ok(match expected {
            Expectation::In(state) if self.holds(expected)? => state.clone(),
            Expectation::In(_) => self.places(),
            Expectation::Refused { .. } if self.refusal.is_some() => self.refused(),
            Expectation::Refused { .. } => self.places(),
            Expectation::Clock {
                clock,
                amount,
                office,
                standing,
                since,
                due,
            } => {
                let Some(reading) = self.reading(clock)? else {
                    return Ok(format!("{clock} (not started)"));
                };
                let mut words = vec![clock.clone()];
                if amount.is_some() {
                    words.push(amount::show(reading.used));
                }
                for standing in standing {
                    let word = self.standing(clock, &reading, *standing);
                    if !words.contains(&word) {
                        words.push(word);
                    }
                }
                if office.is_some() {
                    words.push(format!(
                        "office {}",
                        amount::show(Used::Ms(reading.office_ms))
                    ));
                }
                let instants = [
                    ("since", since, reading.started_at),
                    ("due", due, reading.due),
                ];
                for (word, expected, at) in instants {
                    if expected.is_some() {
                        let at = at.map(|at| self.written(at));
                        words.push(format!("{word} {}", at.as_deref().unwrap_or("(none)")));
                    }
                }
                words.join(" ")
            }
            Expectation::Segments {
                clock,
                parts,
                total,
            } => {
                let spent = self.segments(clock)?;
                let parts = parts.iter().map(|(state, _)| {
                    let ms = spent.get(&state.value).copied().unwrap_or(0);
                    format!("{} {}", state.value, amount::show(Used::Ms(ms)))
                });
                let parts: Vec<String> = parts.collect();
                let total = total
                    .map(|_| format!(" together {}", amount::show(Used::Ms(spent.values().sum()))));
                format!(
                    "segments {clock} {}{}",
                    parts.join(", "),
                    total.unwrap_or_default()
                )
            }
            Expectation::Missing { .. } => {
                let owed = self.owed()?;
                let names = if owed.is_empty() {
                    "nothing".to_owned()
                } else {
                    owed.join(", ")
                };
                format!("missing {names}")
            }
            Expectation::Deferred { document, .. } => {
                let document = &document.value;
                match self.deferred_until(document) {
                    Some(due) => format!("deferred {document} due {}", self.written(due)),
                    None => format!("{document} (not deferred)"),
                }
            }
            Expectation::Holder(_) => {
                let holder = self.case.and_then(|case| case.handling.handler.as_ref());
                format!(
                    "holder {}",
                    holder.map_or("nobody", |holder| &holder.person.id)
                )
            }
            Expectation::Force(_) => match self.forces() {
                behind if behind.is_empty() => "force nobody".to_owned(),
                behind => format!("force {}", behind.join(", force ")),
            },
            Expectation::Fast(fast) => {
                format!("lane {}", if *fast { "ordinary" } else { "fast" })
            }
            Expectation::Urged(_) => {
                let times = self.case.map_or(0, |case| case.handling.urges);
                format!("urged {times}")
            }
            Expectation::Order(number, _) => match self.order(*number) {
                Some(stage) => format!("order {number} {}", stage_word(stage)),
                None => format!("order {number} (none)"),
            },
            Expectation::Fact(field, _) => match self.case.and_then(|case| case.data.get(field)) {
                Some(value) => format!("{field}={value}"),
                None => format!("{field} (unknown)"),
            },
            Expectation::Late { timer, .. } => match self.lateness(timer) {
                Some(late) => format!("timer {timer} late {}", amount::show(Used::Ms(late))),
                None => format!("timer {timer} (not fired)"),
            },
        })
    }

    fn order(&self, number: u32) -> Option<OrderStage> {
        let orders = &self.case?.orders;
        let order = orders.iter().find(|order| order.number == number)?;
        Some(order.stage)
    }

    fn refused(&self) -> String {
        match &self.refusal {
            Some(refusal) => {
                let grew = if self.grew {
                    " (and the journal grew)"
                } else {
                    ""
                };
                format!(
                    "refused {} \"{}\"{grew}",
                    refusal.code(),
                    refusal.text().get(self.language)
                )
            }
            None => self.places(),
        }
    }

    /// Where the case is: its innermost states.
    fn places(&self) -> String {
        let Some(case) = self.case else {
            return "(no case)".to_owned();
        };
        match self.workflow.situation(case, self.now) {
            Ok(situation) => {
                let names: Vec<String> = situation
                    .places
                    .into_iter()
                    .map(|place| place.state)
                    .collect();
                names.join(", ")
            }
            Err(stuck) => format!("({stuck})"),
        }
    }

    fn reading(&self, clock: &str) -> Result<Option<ClockReading>> {
        match self.case {
            Some(case) => Ok(self.workflow.clock_reading(case, clock, self.now)?),
            None => Ok(None),
        }
    }

    fn segments(&self, clock: &str) -> Result<BTreeMap<String, i64>> {
        let Some(case) = self.case else {
            return Ok(BTreeMap::new());
        };
        let situation = self.workflow.situation(case, self.now)?;
        let face = situation.clocks.into_iter().find(|face| face.name == clock);
        let segments = face.map(|face| face.segments).unwrap_or_default();
        Ok(segments
            .into_iter()
            .map(|segment| (segment.state, segment.wall_ms))
            .collect())
    }

    /// The documents that the applicant owes.
    fn owed(&self) -> Result<Vec<String>> {
        let Some(case) = self.case else {
            return Ok(Vec::new());
        };
        let papers = self.workflow.situation(case, self.now)?.papers;
        let missing = papers.into_iter().filter(|paper| paper.missing);
        Ok(missing.map(|paper| paper.name).collect())
    }

    /// When a document has to be there, while it is deferred.
    fn deferred_until(&self, document: &str) -> Option<Timestamp> {
        self.case?.deferred_until(document)
    }

    /// Writes an instant as scenarios do, down to the finest part that is not nought.
    fn written(&self, at: Timestamp) -> String {
        let at = at.in_zone(self.workflow.calendar.tz());
        let written = at.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
        let written = written.strip_suffix(".000").unwrap_or(&written);
        written.strip_suffix(":00").unwrap_or(written).to_owned()
    }

    /// How long after its due time a timer was fired the last time, in milliseconds.
    fn lateness(&self, timer: &str) -> Option<i64> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::TimerFired {
                timer: fired,
                late_ms,
                ..
            } if fired == timer => Some(late_ms.unwrap_or(0)),
            _ => None,
        })
    }

    fn stands(&self, clock: &str, reading: &ClockReading, standing: Standing) -> bool {
        self.standing(clock, reading, standing) == standing.name()
    }

    /// Says how a clock stands, in the respect that a word speaks of.
    fn standing(&self, clock: &str, reading: &ClockReading, asked: Standing) -> String {
        let standing = match asked {
            Standing::Breached => {
                let breached = self
                    .case
                    .and_then(|case| case.clocks.get(clock))
                    .is_some_and(|history| history.breached.is_some());
                if !breached {
                    return "(not breached)".to_owned();
                }
                Standing::Breached
            }
            Standing::Green | Standing::Yellow | Standing::Red | Standing::Grey => {
                match reading.light {
                    Light::Green => Standing::Green,
                    Light::Yellow => Standing::Yellow,
                    Light::Red => Standing::Red,
                    Light::Grey => Standing::Grey,
                }
            }
            Standing::Running
            | Standing::Paused
            | Standing::Met
            | Standing::Missed
            | Standing::Void => match (reading.state, reading.verdict) {
                (_, Verdict::Void) | (ClockState::Cancelled, _) => Standing::Void,
                (ClockState::Stopped, Verdict::Met) => Standing::Met,
                (ClockState::Stopped, _) => Standing::Missed,
                (ClockState::Paused, _) => Standing::Paused,
                (ClockState::Running, _) => Standing::Running,
                (ClockState::Pending, _) => return "(pending)".to_owned(),
            },
        };
        standing.name().to_owned()
    }
}
