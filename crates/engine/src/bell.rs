use std::sync::atomic::{AtomicI64, Ordering};

use groundbreak_workflow::sla::Timestamp;
use tokio::sync::Notify;

/// Wakes the timer task, and only when it would sleep too long.
#[derive(Debug)]
pub(crate) struct Bell {
    /// The instant the task sleeps until, in milliseconds.
    until: AtomicI64,
    rung: Notify,
}

impl Bell {
    pub(crate) fn new() -> Self {
        Self {
            until: AtomicI64::new(i64::MAX),
            rung: Notify::new(),
        }
    }

    /// Says that a timer is due at this instant.
    pub(crate) fn expect(&self, due_at: Timestamp) {
        let due_at = due_at.as_millis();
        if self.until.fetch_min(due_at, Ordering::SeqCst) > due_at {
            self.rung.notify_one();
        }
    }

    /// Forgets what was expected. The task calls this before it asks the store what is next, so
    /// that a timer set in between still rings.
    pub(crate) fn reset(&self) {
        self.until.store(i64::MAX, Ordering::SeqCst);
    }

    /// Takes note that the task sleeps until `next`, and returns the instant it really must:
    /// that, or an earlier one expected since the reset.
    pub(crate) fn sleep_until(&self, next: i64) -> i64 {
        self.until.fetch_min(next, Ordering::SeqCst).min(next)
    }

    /// Returns the instant the task sleeps until.
    pub(crate) fn until(&self) -> i64 {
        self.until.load(Ordering::SeqCst)
    }

    /// Waits until something earlier is expected than was before.
    pub(crate) async fn rung(&self) {
        self.rung.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn rings(bell: &Bell) -> bool {
        tokio::time::timeout(Duration::from_millis(20), bell.rung())
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn only_what_is_due_earlier_wakes_the_sleeper() {
        let bell = Bell::new();
        assert_eq!(bell.sleep_until(1_000), 1_000);
        bell.expect(Timestamp::from_millis(1_000));
        bell.expect(Timestamp::from_millis(2_000));
        assert!(!rings(&bell).await);
        bell.expect(Timestamp::from_millis(999));
        assert!(rings(&bell).await);
    }

    #[tokio::test]
    async fn what_is_expected_while_the_store_is_asked_is_not_lost() {
        let bell = Bell::new();
        bell.sleep_until(10);
        bell.reset();
        bell.expect(Timestamp::from_millis(500));
        assert_eq!(bell.sleep_until(9_000), 500);
    }
}
