use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use groundbreak_workflow::{Case, CaseId};

/// The cases used last, at most as many as it was made for.
///
/// What was not used while half of the places were filled anew is forgotten. That is close to
/// least recently used, and needs no list.
#[derive(Debug)]
pub(crate) struct CaseCache {
    half: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<CaseId, Arc<Case>>,
    old: HashMap<CaseId, Arc<Case>>,
}

impl CaseCache {
    /// Returns a cache of `cases_max` cases, or of none.
    pub(crate) fn new(cases_max: usize) -> Self {
        Self {
            half: cases_max / 2,
            generations: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, id: CaseId) -> Option<Arc<Case>> {
        let mut generations = self.generations();
        if let Some(case) = generations.young.get(&id) {
            return Some(Arc::clone(case));
        }
        let case = generations.old.remove(&id)?;
        generations.keep(Arc::clone(&case), self.half);
        Some(case)
    }

    /// Keeps a case. Only the task whose turn it is may do so: it knows the newest revision.
    pub(crate) fn put(&self, case: Arc<Case>) {
        let mut generations = self.generations();
        generations.old.remove(&case.id);
        generations.keep(case, self.half);
    }

    pub(crate) fn forget(&self, id: CaseId) {
        let mut generations = self.generations();
        generations.young.remove(&id);
        generations.old.remove(&id);
    }

    /// A panic cannot leave a case half changed, so a poisoned lock is as good as any.
    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn keep(&mut self, case: Arc<Case>, half: usize) {
        if half == 0 {
            return;
        }
        if self.young.len() >= half && !self.young.contains_key(&case.id) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(case.id, case);
    }
}
