use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime as MachineTime, UNIX_EPOCH};

use groundbreak_workflow::sla::Timestamp;

/// Where the engine takes `now` from.
///
/// It is asked again for every command, so it may step in either direction; the time of a case
/// does not step back with it.
pub trait TimeSource: Send + Sync + 'static {
    /// Returns the instant it is now.
    fn now(&self) -> Timestamp;

    /// Returns the simulated time behind this source, when there is one.
    ///
    /// An engine on simulated time fires no timer by itself: time passes when
    /// [`crate::Engine::advance_to`] says so.
    fn simulated(&self) -> Option<&SimulatedTime> {
        None
    }
}

/// The time of the machine, UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemTime;

impl TimeSource for SystemTime {
    fn now(&self) -> Timestamp {
        let now = MachineTime::now();
        let millis = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            // A machine whose clock was never set may stand before 1970.
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Timestamp::from_millis(millis)
    }
}

/// A time that stands still until it is moved. Clones are handles on the same time.
#[derive(Clone, Debug)]
pub struct SimulatedTime {
    millis: Arc<AtomicI64>,
}

impl SimulatedTime {
    /// Returns a time that stands at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self {
            millis: Arc::new(AtomicI64::new(start.as_millis())),
        }
    }

    /// Puts the time to `to`, earlier or later, and fires nothing.
    ///
    /// [`crate::Engine::advance_to`] is what fires the timers on the way.
    pub fn set(&self, to: Timestamp) {
        self.millis.store(to.as_millis(), Ordering::SeqCst);
    }
}

impl TimeSource for SimulatedTime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }

    fn simulated(&self) -> Option<&SimulatedTime> {
        Some(self)
    }
}
