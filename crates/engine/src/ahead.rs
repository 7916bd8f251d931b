//! Cases are read before their timers fall due, so that a burst of timers waits for no disk.

use std::collections::HashSet;
use std::time::Duration;

use groundbreak_store::DueTimer;
use groundbreak_workflow::CaseId;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Failure;
use crate::runtime::Runtime;

/// How long before its timer falls due a case is read, in milliseconds.
pub(crate) const AHEAD_MS: i64 = 2_000;
/// How often it is looked what falls due next.
pub(crate) const LOOKED_EVERY: Duration = Duration::from_secs(1);
/// The most cases that are read ahead. What is due beyond is read when its turn comes.
const CASES_MAX: usize = 10_000;
/// The timers listed, and the cases read, at once.
const AT_ONCE: usize = 256;

impl Runtime {
    /// Reads the cases whose timers fall due first, up to an instant in milliseconds, and returns
    /// when it began. It stops as soon as one is due.
    pub(crate) async fn read_ahead(&self, until: i64) -> Result<Instant, Failure> {
        let began = Instant::now();
        let mut listed = HashSet::new();
        let mut after: Option<DueTimer> = None;
        while listed.len() < CASES_MAX {
            let is_due = self.bell.until() <= self.time.now().as_millis();
            if is_due || *self.stopping.borrow() {
                return Ok(began);
            }
            let page = self
                .store
                .due_timers(until, after.as_ref(), AT_ONCE)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let cases = page.iter().map(|timer| CaseId(timer.case));
            let new: Vec<CaseId> = cases.filter(|case| listed.insert(*case)).collect();
            self.read_early(&new).await;
        }
        // What is not due any more was read in vain.
        self.cases.retain_early(|case| listed.contains(&case));
        Ok(began)
    }

    /// Reads those of these cases that are not in memory, all at once. One that cannot be read so
    /// is left out: whoever needs it reads it alone, and is told why.
    pub(crate) async fn read_early(&self, cases: &[CaseId]) {
        let missing = self.cases.expect(cases);
        if missing.is_empty() {
            return;
        }
        let asked: Vec<Uuid> = missing.iter().map(|case| case.0).collect();
        match self.store.load_many(&asked).await {
            Ok(found) => {
                for snapshot in found {
                    self.cases.put_early(snapshot);
                }
            }
            Err(error) => tracing::debug!(%error, "cases are read one by one"),
        }
    }
}
