//! The task that fires timers, and what it shares with simulated time.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use groundbreak_store::DueTimer;
use groundbreak_workflow::CaseId;
use groundbreak_workflow::sla::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::ahead::{AHEAD_MS, LOOKED_EVERY};
use crate::bell::Bell;
use crate::runtime::Runtime;
use crate::submit::Fired;
use crate::{Failure, SubmitError, TimeSource};

/// The timers read from the store at once.
const TIMERS_READ_AT_ONCE: usize = 256;
/// How long the task sleeps before it looks at the time again, which may have been set.
const TIME_READ_EVERY: Duration = Duration::from_secs(1);
/// How long the task relies on knowing the next timer. Other nodes set timers too.
const STORE_ASKED_EVERY: Duration = Duration::from_secs(10);
/// How long a case whose timer could not be fired is left alone at first. It doubles each time.
const PARKED_FIRST: Duration = Duration::from_millis(100);
/// How long it is left alone at most, when the cause may pass by itself.
const PARKED_MAX: Duration = Duration::from_secs(60);
/// How long it is left alone at most, when somebody must mend it.
const PARKED_DAMAGED_MAX: Duration = Duration::from_secs(3_600);

/// The cases whose timers could not be fired, and when to try again.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    cases: HashMap<CaseId, Parking>,
}

#[derive(Debug)]
struct Parking {
    until: Instant,
    delay: Duration,
}

impl Parked {
    fn holds(&self, case: CaseId, now: Instant) -> bool {
        self.cases
            .get(&case)
            .is_some_and(|parking| parking.until > now)
    }

    fn park(&mut self, case: CaseId, now: Instant, delay_max: Duration) -> Duration {
        let delay = self
            .cases
            .get(&case)
            .map_or(PARKED_FIRST, |parking| parking.delay * 2)
            .min(delay_max);
        let until = now + delay;
        self.cases.insert(case, Parking { until, delay });
        delay
    }

    /// Returns when the first case is to be tried again.
    fn until(&self) -> Option<Instant> {
        self.cases.values().map(|parking| parking.until).min()
    }
}

/// Fires timers as they fall due, until `stopping` turns true or the runtime is gone.
///
/// The runtime is not kept alive by this task, so that an engine that is dropped ends it.
pub(crate) async fn run(
    runtime: Weak<Runtime>,
    time: Arc<dyn TimeSource>,
    bell: Arc<Bell>,
    mut stopping: watch::Receiver<bool>,
    mut parked: Parked,
) {
    let mut looked_ahead: Option<Instant> = None;
    while let Some(alive) = runtime.upgrade() {
        let next = alive.fire_and_find_next(&mut parked).await;
        drop(alive);
        let until = match next {
            Ok(next) => bell.sleep_until(next),
            Err(failure) => {
                tracing::warn!(%failure, "timers wait for the store");
                tokio::select! {
                    () = tokio::time::sleep(TIME_READ_EVERY) => continue,
                    _ = stopping.wait_for(|stop| *stop) => return,
                }
            }
        };
        let again = Instant::now() + STORE_ASKED_EVERY;
        let again = parked.until().map_or(again, |until| until.min(again));
        loop {
            let now_ms = time.now().as_millis();
            let (Ok(left), now) = (u64::try_from(until.saturating_sub(now_ms)), Instant::now())
            else {
                break;
            };
            if left == 0 || now >= again {
                break;
            }
            let soon = until <= now_ms.saturating_add(AHEAD_MS);
            if soon && looked_ahead.is_none_or(|last| now >= last + LOOKED_EVERY) {
                let Some(alive) = runtime.upgrade() else {
                    return;
                };
                let read = alive.read_ahead(now_ms.saturating_add(AHEAD_MS)).await;
                looked_ahead = Some(read.unwrap_or_else(|failure| {
                    tracing::debug!(%failure, "cases are read when their timers fall due");
                    now
                }));
                continue;
            }
            // Early enough to read ahead.
            let left = if soon {
                left
            } else {
                left - AHEAD_MS.unsigned_abs()
            };
            let nap = TIME_READ_EVERY
                .min(Duration::from_millis(left))
                .min(again - now);
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                () = bell.rung() => break,
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
        if *stopping.borrow() {
            return;
        }
    }
}

impl Runtime {
    /// Fires what is due now, and returns the instant of the next timer in milliseconds.
    async fn fire_and_find_next(self: &Arc<Self>, parked: &mut Parked) -> Result<i64, Failure> {
        self.fire_all(self.time.now(), parked).await?;
        self.bell.reset();
        let now = Instant::now();
        let next = self
            .first_due(i64::MAX, |case| parked.holds(case, now))
            .await?;
        Ok(next.map_or(i64::MAX, |next| next.due_at))
    }

    /// Fires every timer that is due at `until` or before; several cases at a time, which are
    /// begun in the order their timers fell due, each as soon as there is a place. Cases that are
    /// parked are passed over, and those whose timers cannot be fired are parked.
    pub(crate) async fn fire_all(
        self: &Arc<Self>,
        until: Timestamp,
        parked: &mut Parked,
    ) -> Result<(), Failure> {
        let mut due = Due::new(until);
        let mut firing = FuturesUnordered::new();
        let mut listed = Ok(());
        loop {
            // What has begun is finished when the engine is shut down, and nothing new begins.
            while listed.is_ok() && firing.len() < self.timers_at_once && !*self.stopping.borrow() {
                match due.next(self, parked).await {
                    Ok(Some(case)) => {
                        let fired = self.fire_case(case, until);
                        firing.push(async move { (case, fired.await) });
                    }
                    Ok(None) => break,
                    Err(failure) => listed = Err(failure),
                }
            }
            let Some((case, outcome)) = firing.next().await else {
                break;
            };
            self.cases.drop_early(case);
            note(parked, case, outcome);
            if parked.cases.contains_key(&case) {
                due.parked.insert(case);
            }
        }
        listed?;
        if !*self.stopping.borrow() {
            parked.cases.retain(|case, _| due.parked.contains(case));
        }
        Ok(())
    }

    /// Begins to fire the timers of one case that are due at `until` or before, in a task of its
    /// own: a fault of the program ends that task, and no other. The task goes on when what is
    /// returned is dropped.
    pub(crate) fn fire_case(
        self: &Arc<Self>,
        case: CaseId,
        until: Timestamp,
    ) -> impl Future<Output = Result<Option<Fired>, SubmitError>> + Send + use<> {
        let runtime = Arc::clone(self);
        self.apart(case, async move {
            let turn = runtime.turns.take(case).await;
            let Some(known) = runtime.load(&turn).await? else {
                return Ok(None);
            };
            let fired = runtime.fire_due(&turn, known, until).await?;
            let none = fired.count == 0 && !fired.followed;
            if none && runtime.has_moved_on(Some(&fired.case)).await? {
                // Another node has set the timer, or fired it.
                runtime.cases.forget(case);
                return match runtime.load(&turn).await? {
                    Some(newest) => runtime.fire_due(&turn, newest, until).await.map(Some),
                    None => Ok(None),
                };
            }
            Ok(Some(fired))
        })
    }

    /// Returns the earliest timer that is due at `until` or before, in milliseconds, of a case
    /// that is not to be passed over.
    pub(crate) async fn first_due(
        &self,
        until: i64,
        pass_over: impl Fn(CaseId) -> bool,
    ) -> Result<Option<DueTimer>, Failure> {
        let mut after: Option<DueTimer> = None;
        let mut limit = 1;
        loop {
            let page = self.store.due_timers(until, after.as_ref(), limit).await?;
            if page.is_empty() {
                return Ok(None);
            }
            after = page.last().cloned();
            if let Some(timer) = page
                .into_iter()
                .find(|timer| !pass_over(CaseId(timer.case)))
            {
                return Ok(Some(timer));
            }
            limit = TIMERS_READ_AT_ONCE;
        }
    }
}

/// The cases that have timers due, each once, in the order their timers fell due.
struct Due {
    until: Timestamp,
    after: Option<DueTimer>,
    listed: HashSet<CaseId>,
    /// Those of the page last read whose turn has not come.
    waiting: VecDeque<CaseId>,
    /// Those that are due and parked.
    parked: HashSet<CaseId>,
}

impl Due {
    fn new(until: Timestamp) -> Self {
        Self {
            until,
            after: None,
            listed: HashSet::new(),
            waiting: VecDeque::new(),
            parked: HashSet::new(),
        }
    }

    /// Returns the next case that is not parked, or `None` at the end.
    async fn next(
        &mut self,
        runtime: &Runtime,
        parked: &Parked,
    ) -> Result<Option<CaseId>, Failure> {
        while self.waiting.is_empty() {
            let until = self.until.as_millis();
            let page = runtime
                .store
                .due_timers(until, self.after.as_ref(), TIMERS_READ_AT_ONCE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(None);
            };
            self.after = Some(last.clone());
            let now = Instant::now();
            for case in page.iter().map(|timer| CaseId(timer.case)) {
                if !self.listed.insert(case) {
                    continue;
                }
                if parked.cases.contains_key(&case) {
                    self.parked.insert(case);
                }
                if !parked.holds(case, now) {
                    self.waiting.push_back(case);
                }
            }
            runtime.read_early(self.waiting.make_contiguous()).await;
        }
        Ok(self.waiting.pop_front())
    }
}

/// Takes note of what firing the timers of a case came to. A case whose timer is listed as due
/// and was not fired is parked, whatever the reason, so that it cannot keep the task busy.
fn note(parked: &mut Parked, case: CaseId, outcome: Result<Option<Fired>, SubmitError>) {
    let now = Instant::now();
    match outcome {
        Ok(Some(fired)) if fired.refused.is_none() && (fired.count > 0 || fired.followed) => {
            parked.cases.remove(&case);
        }
        Ok(Some(Fired {
            refused: Some(refusal),
            ..
        })) => {
            let delay = parked.park(case, now, PARKED_DAMAGED_MAX);
            tracing::error!(%case, %refusal, ?delay, "a timer that is due was refused");
        }
        // Often somebody else has fired it just before.
        Ok(_) => {
            let delay = parked.park(case, now, PARKED_MAX);
            tracing::debug!(%case, ?delay, "no timer of the case is due");
        }
        Err(SubmitError::Failed(failure @ Failure::CaseDamaged { .. })) => {
            let delay = parked.park(case, now, PARKED_DAMAGED_MAX);
            let cause = std::error::Error::source(&failure).map(ToString::to_string);
            tracing::error!(%case, %failure, cause, ?delay, "a timer cannot be fired");
        }
        Err(error) => {
            let delay = parked.park(case, now, PARKED_MAX);
            tracing::warn!(%case, %error, ?delay, "a timer was not fired");
        }
    }
}
