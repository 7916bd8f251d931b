//! Cases that are read before their timers fall due, so that a burst of timers waits for no disk.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use groundbreak_store::DueTimer;
use groundbreak_workflow::{Case, CaseId};
use tokio::time::Instant;
use uuid::Uuid;

use crate::Failure;
use crate::runtime::{Runtime, read_snapshot};

/// How long before its timer falls due a case is read, in milliseconds.
pub(crate) const AHEAD_MS: i64 = 2_000;
/// How often it is looked what falls due next.
const LOOKED_EVERY: Duration = Duration::from_secs(1);
/// The most cases that are read ahead. What is due beyond is read when its turn comes.
const CASES_MAX: usize = 10_000;
/// The timers listed, and the cases read, at once.
const AT_ONCE: usize = 256;

/// The cases read ahead.
///
/// They may have moved on since. Whoever uses one finds out when the store refuses what was decided
/// on it.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    cases: HashMap<CaseId, Arc<Case>>,
    looked_at: Option<Instant>,
}

impl Ahead {
    /// Takes a case out, if it was read.
    pub(crate) fn take(&mut self, case: CaseId) -> Option<Arc<Case>> {
        self.cases.remove(&case)
    }

    /// Tells whether it is time to look again what falls due.
    pub(crate) fn is_old(&self, now: Instant) -> bool {
        self.looked_at
            .is_none_or(|looked_at| now >= looked_at + LOOKED_EVERY)
    }
}

impl Runtime {
    /// Reads the cases whose timers fall due first, up to an instant in milliseconds. It stops as
    /// soon as one is due.
    pub(crate) async fn read_ahead(&self, until: i64, ahead: &mut Ahead) -> Result<(), Failure> {
        ahead.looked_at = Some(Instant::now());
        let mut listed = HashSet::new();
        let mut after: Option<DueTimer> = None;
        while listed.len() < CASES_MAX {
            let is_due = self.bell.until() <= self.time.now().as_millis();
            if is_due || *self.stopping.borrow() {
                return Ok(());
            }
            let page = self
                .store
                .due_timers(until, after.as_ref(), AT_ONCE)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let mut missing = Vec::new();
            for case in page.iter().map(|timer| CaseId(timer.case)) {
                if listed.insert(case)
                    && !ahead.cases.contains_key(&case)
                    && !self.cases.holds(case)
                {
                    missing.push(case);
                }
            }
            ahead.cases.extend(self.read_cases(&missing).await);
        }
        ahead.cases.retain(|case, _| listed.contains(case));
        Ok(())
    }

    /// Reads several cases at once. One that cannot be read so is not in the answer: whoever needs
    /// it reads it alone, and is told why.
    pub(crate) async fn read_cases(&self, ids: &[CaseId]) -> HashMap<CaseId, Arc<Case>> {
        if ids.is_empty() {
            return HashMap::new();
        }
        let asked: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        match self.store.load_many(&asked).await {
            Ok(found) => found
                .iter()
                .filter_map(|snapshot| read_snapshot(CaseId(snapshot.case), snapshot).ok())
                .map(|case| (case.id, Arc::new(case)))
                .collect(),
            Err(error) => {
                tracing::debug!(%error, "cases are read one by one");
                HashMap::new()
            }
        }
    }
}
