use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use groundbreak_workflow::CaseId;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type Lock = Arc<AsyncMutex<()>>;

/// Lets one task at a time work on a case, in the order they came.
///
/// Only cases that somebody works on or waits for are kept.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: Arc<Mutex<HashMap<CaseId, Lock>>>,
}

/// The turn of one task. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    case: CaseId,
    taken: Arc<Mutex<HashMap<CaseId, Lock>>>,
    // An option only so that `drop` can let go of it first.
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else works on the case.
    pub(crate) async fn take(&self, case: CaseId) -> Turn {
        // Made before the wait, so that a task that gives up waiting cleans up as well.
        let mut turn = Turn {
            case,
            taken: Arc::clone(&self.taken),
            held: None,
        };
        let lock = Arc::clone(entries(&self.taken).entry(case).or_default());
        turn.held = Some(lock.lock_owned().await);
        turn
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        entries(&self.taken).len()
    }
}

impl Turn {
    /// Returns the case whose turn it is.
    pub(crate) fn case(&self) -> CaseId {
        self.case
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = entries(&self.taken);
        self.held = None;
        // Whoever waits holds the lock too, and whoever comes now must first get at the map.
        if taken
            .get(&self.case)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            taken.remove(&self.case);
        }
    }
}

/// A panic cannot leave the map half changed, so a poisoned lock is as good as any.
fn entries(taken: &Mutex<HashMap<CaseId, Lock>>) -> MutexGuard<'_, HashMap<CaseId, Lock>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    fn case(number: u128) -> CaseId {
        CaseId(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_second_task_waits_until_the_first_is_done() {
        let turns = Turns::default();
        let first = turns.take(case(1)).await;
        let wait = Duration::from_millis(20);
        assert!(
            tokio::time::timeout(wait, turns.take(case(1)))
                .await
                .is_err()
        );
        assert!(
            tokio::time::timeout(wait, turns.take(case(2)))
                .await
                .is_ok()
        );
        drop(first);
        assert!(
            tokio::time::timeout(wait, turns.take(case(1)))
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn nothing_is_kept_for_a_case_that_nobody_works_on() {
        let turns = Turns::default();
        let first = turns.take(case(1)).await;
        // Gives up waiting.
        let _ = tokio::time::timeout(Duration::from_millis(5), turns.take(case(1))).await;
        assert_eq!(turns.len(), 1);
        drop(first);
        assert_eq!(turns.len(), 0);
    }
}
