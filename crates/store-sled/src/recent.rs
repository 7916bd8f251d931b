use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::group::CaseLedger;

/// How many cases are kept: as many as an engine reads before their timers fall due, and more.
const CASES_MAX: usize = 16_384;

/// How the cases stood that were read from the tree lately.
///
/// Who reads a case often writes to it next, and the one thread that writes need not read it again.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    cases: Mutex<HashMap<Uuid, CaseLedger>>,
}

impl Recent {
    /// Takes note of cases as they stand in the tree.
    pub(crate) fn note(&self, cases: impl IntoIterator<Item = (Uuid, CaseLedger)>) {
        let mut kept = self.cases();
        kept.extend(cases);
        if kept.len() > CASES_MAX {
            kept.clear();
        }
    }

    /// Takes a case out, if it was read at this revision. A state is stored once at a revision, so
    /// that nothing of it can have changed.
    pub(crate) fn take(&self, case: Uuid, revision: u64) -> Option<CaseLedger> {
        let found = self.cases().remove(&case);
        found.filter(|found| found.trail.revision == revision)
    }

    /// A panic cannot leave it half changed, so a poisoned lock is as good as any.
    fn cases(&self) -> MutexGuard<'_, HashMap<Uuid, CaseLedger>> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(case: u128, revisions: u64) -> (Uuid, CaseLedger) {
        let mut known = CaseLedger::default();
        for position in 1..=revisions {
            known.trail.push(position);
        }
        (Uuid::from_u128(case), known)
    }

    #[test]
    fn a_case_is_told_once_and_only_at_the_revision_it_was_read_at() {
        let recent = Recent::default();
        recent.note([read(1, 2), read(2, 2)]);
        let one = recent.take(Uuid::from_u128(1), 2);
        assert_eq!(one.map(|known| known.trail.last()), Some(2));
        assert!(recent.take(Uuid::from_u128(1), 2).is_none());
        assert!(recent.take(Uuid::from_u128(2), 3).is_none());
        assert!(recent.take(Uuid::from_u128(3), 1).is_none());
    }

    #[test]
    fn it_never_keeps_more_than_its_bound() {
        let recent = Recent::default();
        for case in 0..3 * CASES_MAX as u128 {
            recent.note([read(case, 1)]);
            assert!(recent.cases().len() <= CASES_MAX);
        }
    }
}
