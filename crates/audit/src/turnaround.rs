use std::collections::BTreeMap;

use groundbreak_workflow::sla::{ClockReading, ClockState, Party, PausedTotal, Timestamp, Verdict};
use groundbreak_workflow::{Case, CaseId, LegalEffect, Stuck, Text, Workflow};
use serde::Serialize;

use crate::{Attainment, Counts, Percentiles};

/// How long cases took, by clock and by stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Turnaround {
    /// The instant the report speaks of. Cases still open are counted up to it.
    pub as_of: Timestamp,
    /// How many cases it rests on.
    pub cases: usize,
    /// By clock, in the order of the workflows.
    pub clocks: Vec<ClockTurnaround>,
    /// By stage, in the order of the workflows.
    pub stages: Vec<StageTurnaround>,
}

/// How one clock was kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClockTurnaround {
    /// Name of the workflow.
    pub workflow: String,
    /// Title of the workflow.
    pub workflow_title: Text,
    /// Name of the clock.
    pub clock: String,
    /// Title of the clock.
    pub title: Text,
    /// What binds it.
    pub effect: LegalEffect,
    /// Its budget in words.
    pub budget: Text,
    /// How often it was met.
    pub attainment: Attainment,
    /// Wall time of the cycles that were stopped.
    pub wall: Option<Percentiles>,
    /// The office's part of it.
    pub office: Option<Percentiles>,
    /// The applicant's part of it.
    pub applicant: Option<Percentiles>,
    /// Every cycle, in the order they began: what the figures above were computed from.
    pub rows: Vec<CycleRow>,
}

/// One cycle of a clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CycleRow {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// What the clock is doing.
    pub state: ClockState,
    /// Whether the promise was kept.
    pub verdict: Verdict,
    /// Whether a miss was excused (免责). The verdict stays.
    pub excused: bool,
    /// When the cycle began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub stopped_at: Option<Timestamp>,
    /// When it is, or was, due.
    pub due: Option<Timestamp>,
    /// The whole. Always the sum of the parts below.
    pub wall_ms: i64,
    /// Office hours while the clock ran.
    pub office_ms: i64,
    /// Waiting for the applicant.
    pub applicant_ms: i64,
    /// Other pauses: special procedures, other agencies, force majeure.
    pub other_pauses_ms: i64,
    /// The rest: the clock ran and the office was closed.
    pub offhours_ms: i64,
}

/// How long cases stayed in one state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageTurnaround {
    /// Name of the workflow.
    pub workflow: String,
    /// The state.
    pub state: String,
    /// Its title.
    pub title: Text,
    /// How many cases are there now.
    pub here: usize,
    /// Wall time of the stays that ended.
    pub wall: Option<Percentiles>,
}

/// Computes the turnaround of these cases as of an instant.
///
/// A case that was migrated and has [former clocks](Case::former_clocks) comes once with its
/// workflow, and once with each version that had one of those; it is one case.
///
/// # Errors
///
/// [`Stuck`] of the first case whose clocks cannot be computed.
pub fn turnaround<'a>(
    cases: impl IntoIterator<Item = (&'a Workflow, &'a Case)>,
    as_of: Timestamp,
) -> Result<Turnaround, Stuck> {
    let mut by_workflow: BTreeMap<(&str, u32), (&Workflow, Vec<&Case>)> = BTreeMap::new();
    for (workflow, case) in cases {
        let key = (workflow.name.as_str(), workflow.version);
        by_workflow
            .entry(key)
            .or_insert_with(|| (workflow, Vec::new()))
            .1
            .push(case);
    }
    let mut report = Turnaround {
        as_of,
        cases: 0,
        clocks: Vec::new(),
        stages: Vec::new(),
    };
    for (workflow, cases) in by_workflow.values() {
        let here = cases.iter().copied();
        let here: Vec<&Case> = here.filter(|case| is_on(case, workflow)).collect();
        report.cases += here.len();
        for name in workflow.clocks.keys() {
            report
                .clocks
                .extend(clock_turnaround(workflow, cases, name, as_of)?);
        }
        report.stages.extend(stages(workflow, &here));
    }
    Ok(report)
}

/// Tells whether a case is on this version, and not only has a clock of it.
fn is_on(case: &Case, workflow: &Workflow) -> bool {
    case.version == workflow.version
}

/// One clock over these cases; `None` when it never started in any.
fn clock_turnaround(
    workflow: &Workflow,
    cases: &[&Case],
    name: &str,
    as_of: Timestamp,
) -> Result<Option<ClockTurnaround>, Stuck> {
    let Some(clock) = workflow.clocks.get(name) else {
        return Ok(None);
    };
    let mut rows = Vec::new();
    let counts_here = |case: &&&Case| {
        is_on(case, workflow) || case.former_clocks.get(name) == Some(&workflow.version)
    };
    for case in cases.iter().filter(counts_here) {
        if let Some(reading) = workflow.clock_reading(case, name, as_of)? {
            rows.extend(reading.closed_cycles.iter().map(|cycle| CycleRow {
                excused: cycle.excused.is_some(),
                started_at: Some(cycle.started_at),
                stopped_at: Some(cycle.stopped_at),
                due: cycle.due,
                wall_ms: cycle.wall_ms,
                office_ms: cycle.office_ms,
                offhours_ms: cycle.offhours_ms,
                ..row(case, cycle.state, cycle.verdict, &cycle.paused)
            }));
            rows.push(current(case, &reading));
        }
    }
    if rows.is_empty() {
        return Ok(None);
    }
    rows.sort_by_key(|row| (row.started_at, row.case));
    let stopped = |part: fn(&CycleRow) -> i64| {
        Percentiles::of(
            rows.iter()
                .filter(|row| row.state == ClockState::Stopped)
                .map(part)
                .collect(),
        )
    };
    Ok(Some(ClockTurnaround {
        workflow: workflow.name.clone(),
        workflow_title: workflow.title.clone(),
        clock: name.to_owned(),
        title: clock.title.clone(),
        effect: clock.effect,
        budget: clock.policy.goal.text(),
        attainment: counts(&rows).into(),
        wall: stopped(|row| row.wall_ms),
        office: stopped(|row| row.office_ms),
        applicant: stopped(|row| row.applicant_ms),
        rows,
    }))
}

fn current(case: &Case, reading: &ClockReading) -> CycleRow {
    CycleRow {
        excused: reading.excused.is_some(),
        started_at: reading.started_at,
        stopped_at: reading.stopped_at,
        due: reading.due,
        wall_ms: reading.wall_ms,
        office_ms: reading.office_ms,
        offhours_ms: reading.offhours_ms,
        ..row(case, reading.state, reading.verdict, &reading.paused)
    }
}

fn row(case: &Case, state: ClockState, verdict: Verdict, paused: &[PausedTotal]) -> CycleRow {
    let paused_by = |applicant: bool| {
        paused
            .iter()
            .filter(|total| (total.reason.party == Party::Applicant) == applicant)
            .map(|total| total.wall_ms)
            .sum()
    };
    CycleRow {
        case: case.id,
        number: case.number.clone(),
        title: case.title.clone(),
        state,
        verdict,
        excused: false,
        started_at: None,
        stopped_at: None,
        due: None,
        wall_ms: 0,
        office_ms: 0,
        applicant_ms: paused_by(true),
        other_pauses_ms: paused_by(false),
        offhours_ms: 0,
    }
}

/// Sorts cycles by how they ended.
fn counts(rows: &[CycleRow]) -> Counts {
    let mut counts = Counts::default();
    for row in rows {
        match (row.state, row.verdict) {
            (ClockState::Cancelled, _) | (_, Verdict::Void) => counts.void += 1,
            (ClockState::Stopped, Verdict::Met) => counts.met += 1,
            (ClockState::Stopped, _) if row.excused => counts.excused += 1,
            (ClockState::Stopped, _) => counts.missed += 1,
            (_, Verdict::Missed) => counts.running_missed += 1,
            _ => counts.running_in_time += 1,
        }
    }
    counts
}

fn stages(workflow: &Workflow, cases: &[&Case]) -> Vec<StageTurnaround> {
    workflow
        .states
        .iter()
        .filter_map(|(name, state)| {
            let stays: Vec<_> = cases
                .iter()
                .filter_map(|case| case.stays.get(name))
                .flatten()
                .collect();
            let ended: Vec<i64> = stays
                .iter()
                .filter_map(|stay| Some(stay.to?.millis_since(stay.from)))
                .collect();
            let here = cases.iter().filter(|case| case.is_in(name)).count();
            (!stays.is_empty()).then(|| StageTurnaround {
                workflow: workflow.name.clone(),
                state: name.clone(),
                title: state.title.clone(),
                here,
                wall: Percentiles::of(ended),
            })
        })
        .collect()
}
