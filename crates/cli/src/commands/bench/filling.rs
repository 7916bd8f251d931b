//! A data directory full of cases, for what is measured on many of them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use groundbreak_store::{Append, Store, Term, TermValue, Timer};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{Decision, TermValue as Found, Workflow, encode_case, encode_commit};
use uuid::Uuid;

use super::standard_case::{self, EVENTS};
use crate::directory;

/// How many appends are under way at once.
const IN_FLIGHT: u64 = 512;

/// When the first case was opened: the cases of a year and more.
const BEGUN_AT: i64 = 1_700_000_000_000;

/// How long after one case the next one was opened, in milliseconds.
const BETWEEN: i64 = 50_000;

/// How many commits the cases of a directory have.
struct Plan {
    workflow: Arc<Workflow>,
    cases: u64,
    /// How many cases have at least one commit, at least two, and so on.
    rounds: Vec<u64>,
}

impl Plan {
    /// Plans standard cases that stand where together they have this many entries, or the next number
    /// that is possible: each has at least its opening, and at most all that can happen to it.
    fn new(cases: u64, entries: u64) -> Result<Self> {
        let workflow = standard_case::workflow()?;
        let decided = standard_case::decisions(&workflow, EVENTS.len(), Timestamp::EPOCH)?;
        let mut rounds = Vec::new();
        let mut left = entries;
        for next in &decided {
            let each = next.commit.entries.len() as u64;
            let reached = left.div_ceil(each).min(cases);
            let reached = if rounds.is_empty() { cases } else { reached };
            if reached == 0 {
                break;
            }
            rounds.push(reached);
            left = left.saturating_sub(reached * each);
        }
        Ok(Self {
            workflow,
            cases,
            rounds,
        })
    }
}

/// Fills a new data directory with cases of the standard workflow. All of them are opened before the
/// next thing happens to the first: nothing that reads the records in order can finish a case early.
pub(super) async fn fill(data: &Path, cases: u64, entries: u64) -> Result<()> {
    let store = directory::create(data)?;
    let plan = Arc::new(Plan::new(cases, entries)?);
    for round in 0..plan.rounds.len() {
        let mut under_way = Vec::new();
        for lane in 0..IN_FLIGHT {
            let (store, plan) = (Arc::clone(&store), Arc::clone(&plan));
            under_way.push(tokio::spawn(append(store, plan, round, lane)));
        }
        for lane in under_way {
            lane.await.context("filling ended early")??;
        }
    }
    Ok(store.close().await?)
}

/// Appends the commit of this round to every case of a lane that gets it.
async fn append(store: Arc<dyn Store>, plan: Arc<Plan>, round: usize, lane: u64) -> Result<()> {
    let reached = plan.rounds.get(round).copied().unwrap_or_default();
    let mut number = lane;
    while number < reached.min(plan.cases) {
        let at = Timestamp::from_millis(BEGUN_AT + number as i64 * BETWEEN);
        let decided =
            standard_case::decisions_of(&plan.workflow, |step| id(number, step as u64), round, at)?;
        let decision = decided.last().context("a case was opened")?;
        store.append(kept(decision)).await?;
        number += IN_FLIGHT;
    }
    Ok(())
}

/// Returns the id of a case (`of` 0) or of one of its commands: in the order of time, as the engine
/// makes them, and the same each time it is asked for.
fn id(number: u64, of: u64) -> Uuid {
    let millis = BEGUN_AT as u64 + number * BETWEEN as u64 + of;
    let name = [number.to_be_bytes(), of.to_be_bytes()].concat();
    let mixed = *Uuid::new_v5(&Uuid::NAMESPACE_OID, &name).as_bytes();
    let random = mixed.first_chunk().copied().unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Returns a decision as the engine hands it to a store.
pub(super) fn kept(decision: &Decision) -> Append {
    let timers = decision.timers.iter().map(|timer| Timer {
        id: timer.id.clone(),
        due_at: timer.due_at.as_millis(),
    });
    let terms = decision.terms.iter().map(|term| Term {
        name: term.name.into(),
        value: match &term.value {
            Found::Text(text) => TermValue::Text(text.clone()),
            Found::Integer(integer) => TermValue::Integer(*integer),
        },
    });
    let commit = &decision.commit;
    Append {
        case: commit.case.0,
        expected_revision: commit.revision - 1,
        command: commit.command.0,
        recorded_at: commit.recorded_at.as_millis(),
        record: encode_commit(commit),
        state: encode_case(&decision.case),
        timers: timers.collect(),
        terms: terms.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_stand_where_together_they_have_the_entries_asked_for() {
        let plan = Plan::new(1000, 5000).unwrap();
        let decided = standard_case::decisions(&plan.workflow, 8, Timestamp::EPOCH).unwrap();
        let entries = decided.iter().map(|next| next.commit.entries.len() as u64);
        let planned: u64 = entries
            .zip(&plan.rounds)
            .map(|(each, cases)| each * cases)
            .sum();
        assert!((5000..5010).contains(&planned), "{:?}", plan.rounds);
        assert_eq!(plan.rounds[0], 1000);
    }
}
