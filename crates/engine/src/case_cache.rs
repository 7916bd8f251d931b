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

#[cfg(test)]
mod tests {
    use groundbreak_workflow::Commit;
    use groundbreak_workflow::sla::Timestamp;
    use groundbreak_workflow::{CommandId, CommitDigest, Entry, Signature, encode_commit};
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> CaseId {
        CaseId(Uuid::from_u128(number))
    }

    fn case(number: u128) -> Arc<Case> {
        let commit = Commit {
            case: id(number),
            revision: 1,
            command: CommandId(Uuid::from_u128(number)),
            by: Signature {
                id: "lin".into(),
                name: "林".into(),
                role: None,
                also: Vec::new(),
                department: None,
            },
            effective_at: Timestamp::EPOCH,
            recorded_at: Timestamp::EPOCH,
            entries: vec![Entry::Opened {
                workflow: "enquiry".into(),
                version: 1,
                digest: String::new(),
                number: number.to_string(),
                title: String::new(),
            }],
            previous: None,
        };
        let digest = CommitDigest::of(&encode_commit(&commit));
        Arc::new(Case::open(&commit, digest).unwrap())
    }

    #[test]
    fn it_never_holds_more_than_it_was_made_for() {
        for cases_max in [0, 1, 2, 7, 10] {
            let cache = CaseCache::new(cases_max);
            for number in 0..100 {
                cache.put(case(number));
                cache.get(id(number / 2));
                let generations = cache.generations();
                let held = generations.young.len() + generations.old.len();
                assert!(held <= cases_max, "{held} of {cases_max}");
            }
        }
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let cache = CaseCache::new(10);
        cache.put(case(0));
        cache.put(case(1));
        for number in 2..100 {
            cache.put(case(number));
            assert!(cache.get(id(0)).is_some(), "forgotten after {number}");
        }
        assert!(cache.get(id(1)).is_none());
        assert!(cache.get(id(99)).is_some());
    }

    #[test]
    fn the_newest_revision_is_the_one_that_is_found() {
        let cache = CaseCache::new(4);
        cache.put(case(1));
        cache.put(case(2));
        let mut newer = Case::clone(&case(1));
        newer.revision = 2;
        cache.put(case(3));
        cache.put(Arc::new(newer));
        assert_eq!(cache.get(id(1)).unwrap().revision, 2);
        cache.forget(id(1));
        assert!(cache.get(id(1)).is_none());
    }
}
