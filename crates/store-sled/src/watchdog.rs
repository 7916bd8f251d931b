//! Notices that the writer hangs.
//!
//! A disk may take a write and never end it, and a thread of sled that died leaves whoever waits
//! for it waiting for ever. Nothing in the writer can tell, because it is the writer that waits.
//! So another thread looks at how long its group takes.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::published::Shared;

/// How long a group may take. A disk in order takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it looks.
const INTERVAL: Duration = Duration::from_millis(500);

/// What the writer tells the thread that watches it. Dropping it ends that thread.
#[derive(Debug)]
pub(crate) struct Watchdog {
    pulse: Arc<Pulse>,
}

#[derive(Debug, Default)]
struct Pulse {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// When the group began that the writer is at.
    busy_since: Option<Instant>,
    gave_up: bool,
    ended: bool,
}

/// The reason everybody is told when the writer hangs.
fn reason() -> String {
    let seconds = PATIENCE.as_secs();
    format!("the disk or the database did not answer for {seconds} s")
}

impl Watchdog {
    /// Starts to watch.
    pub(crate) fn start(shared: Arc<Shared>) -> io::Result<Self> {
        let pulse = Arc::new(Pulse::default());
        thread::Builder::new()
            .name("groundbreak-watchdog".to_owned())
            .spawn({
                let pulse = Arc::clone(&pulse);
                move || pulse.watch(&shared)
            })?;
        Ok(Self { pulse })
    }

    /// The writer begins a group.
    pub(crate) fn began(&self) {
        self.pulse.state().busy_since = Some(Instant::now());
    }

    /// The writer ended a group. Fails when it took so long that it was given up: everybody was
    /// told so, and nothing may be written after that.
    pub(crate) fn ended(&self) -> Result<(), String> {
        let mut state = self.pulse.state();
        state.busy_since = None;
        if state.gave_up { Err(reason()) } else { Ok(()) }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.pulse.state().ended = true;
        self.pulse.ended.notify_one();
    }
}

impl Pulse {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, shared: &Shared) {
        let mut state = self.state();
        while !state.ended {
            if state
                .busy_since
                .is_some_and(|since| since.elapsed() > PATIENCE)
            {
                state.gave_up = true;
                drop(state);
                let reason = reason();
                tracing::error!(reason, "the store gave up its writer");
                shared.give_up(&reason);
                return;
            }
            state = self
                .ended
                .wait_timeout(state, INTERVAL)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
