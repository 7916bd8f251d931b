use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use groundbreak_store::Snapshot;
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{Case, CaseId, Timer, Workflow};

/// What was worked out about a case at its newest revision.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// What it runs under.
    pub(crate) workflow: Arc<Workflow>,
    /// The publication as of which the case follows the newest calendar.
    pub(crate) publication: u64,
    /// Its earliest timer.
    pub(crate) next: Option<Timer>,
}

/// A case, and its standing once that is known.
#[derive(Clone, Debug)]
struct Known {
    case: Arc<Case>,
    standing: Option<Standing>,
}

/// The cases used last, at most as many as it was made for.
///
/// What was not used while half of the places were filled anew is forgotten. That is close to
/// least recently used, and needs no list.
///
/// Beside them are cases that were read early, by a task whose turn it was not, as they are stored: they
/// are many, and a case takes three times as much. Each was expected before it was read, and what is put
/// or forgotten meanwhile is expected no longer, so that an old revision never takes the place of a newer one.
#[derive(Debug)]
pub(crate) struct CaseCache {
    half: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<CaseId, Known>,
    old: HashMap<CaseId, Known>,
    /// `None` until it is read.
    early: HashMap<CaseId, Option<Snapshot>>,
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
        generations
            .find(id, self.half)
            .map(|known| Arc::clone(&known.case))
    }

    /// Returns a case that follows all that was published, and of which no timer is due, with what
    /// it runs under.
    pub(crate) fn ready(
        &self,
        id: CaseId,
        publication: u64,
        now: Timestamp,
    ) -> Option<(Arc<Case>, Arc<Workflow>)> {
        let mut generations = self.generations();
        let known = generations.find(id, self.half)?;
        let standing = known.standing.as_ref()?;
        // The time of a case does not step back with the machine's.
        let now = now.max(known.case.recorded_at);
        let nothing_due = standing.next.as_ref().is_none_or(|next| next.due_at > now);
        (standing.publication == publication && nothing_due)
            .then(|| (Arc::clone(&known.case), Arc::clone(&standing.workflow)))
    }

    /// Returns how a case stands at this revision, if that was worked out.
    pub(crate) fn standing(&self, case: &Case) -> Option<Standing> {
        let mut generations = self.generations();
        let known = generations.find(case.id, self.half)?;
        let standing = known.standing.as_ref();
        standing
            .filter(|_| known.case.revision == case.revision)
            .cloned()
    }

    /// Expects those of these cases that are not there, and returns them.
    pub(crate) fn expect(&self, ids: &[CaseId]) -> Vec<CaseId> {
        let mut generations = self.generations();
        let missing = ids.iter().copied().filter(|id| !generations.holds(*id));
        let missing: Vec<CaseId> = missing.collect();
        let expected = missing.iter().map(|id| (*id, None));
        generations.early.extend(expected);
        missing
    }

    /// Keeps a case that was read after it was expected, if it still is.
    pub(crate) fn put_early(&self, snapshot: Snapshot) {
        let mut generations = self.generations();
        if let Some(place) = generations.early.get_mut(&CaseId(snapshot.case)) {
            *place = Some(snapshot);
        }
    }

    /// Takes out a case that was read early.
    pub(crate) fn take_early(&self, id: CaseId) -> Option<Snapshot> {
        self.generations().early.remove(&id)?
    }

    /// Keeps of what was read early only what is still wanted.
    pub(crate) fn retain_early(&self, wanted: impl Fn(CaseId) -> bool) {
        self.generations().early.retain(|id, _| wanted(*id));
    }

    /// Lets go of a case that was read early.
    pub(crate) fn drop_early(&self, id: CaseId) {
        self.generations().early.remove(&id);
    }

    /// Keeps a case. Only the task whose turn it is may do so: it knows the newest revision.
    pub(crate) fn put(&self, case: Arc<Case>, standing: Option<Standing>) {
        let mut generations = self.generations();
        generations.old.remove(&case.id);
        generations.early.remove(&case.id);
        generations.keep(Known { case, standing }, self.half);
    }

    pub(crate) fn forget(&self, id: CaseId) {
        let mut generations = self.generations();
        generations.young.remove(&id);
        generations.old.remove(&id);
        generations.early.remove(&id);
    }

    /// A panic cannot leave a case half changed, so a poisoned lock is as good as any.
    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// Returns a case, which is young from now on.
    fn find(&mut self, id: CaseId, half: usize) -> Option<&Known> {
        if let Some(known) = self.old.remove(&id) {
            self.keep(known, half);
        }
        self.young.get(&id)
    }

    fn holds(&self, id: CaseId) -> bool {
        self.young.contains_key(&id)
            || self.old.contains_key(&id)
            || self.early.get(&id).is_some_and(Option::is_some)
    }

    fn keep(&mut self, known: Known, half: usize) {
        if half == 0 {
            return;
        }
        let id = known.case.id;
        if self.young.len() >= half && !self.young.contains_key(&id) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(id, known);
    }
}

#[cfg(test)]
mod tests {
    use groundbreak_store::Position;
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
                on_behalf_of: None,
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
                cache.put(case(number), None);
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
        cache.put(case(0), None);
        cache.put(case(1), None);
        for number in 2..100 {
            cache.put(case(number), None);
            assert!(cache.get(id(0)).is_some(), "forgotten after {number}");
        }
        assert!(cache.get(id(1)).is_none());
        assert!(cache.get(id(99)).is_some());
    }

    #[test]
    fn the_newest_revision_is_the_one_that_is_found() {
        let cache = CaseCache::new(4);
        cache.put(case(1), None);
        cache.put(case(2), None);
        let mut newer = Case::clone(&case(1));
        newer.revision = 2;
        cache.put(case(3), None);
        cache.put(Arc::new(newer), None);
        assert_eq!(cache.get(id(1)).unwrap().revision, 2);
        cache.forget(id(1));
        assert!(cache.get(id(1)).is_none());
    }

    fn early(number: u128) -> Snapshot {
        Snapshot {
            case: Uuid::from_u128(number),
            revision: 1,
            position: Position::new(1),
            state: Vec::new(),
            behind: Vec::new(),
        }
    }

    #[test]
    fn what_was_read_early_takes_the_place_of_nothing_newer() {
        for cases_max in [0, 10] {
            let cache = CaseCache::new(cases_max);
            assert_eq!(cache.expect(&[id(1), id(2), id(3)]).len(), 3);
            // Changed between being read and being put.
            cache.put(case(2), None);
            cache.forget(id(3));
            for number in 1..=4 {
                cache.put_early(early(number));
            }
            assert!(cache.expect(&[id(1)]).is_empty());
            for number in 2..=4 {
                assert_eq!(cache.take_early(id(number)), None);
            }
            assert_eq!(cache.take_early(id(1)), Some(early(1)));
            // It is told once.
            assert_eq!(cache.take_early(id(1)), None);
            // Changed afterwards.
            cache.expect(&[id(5)]);
            cache.put_early(early(5));
            cache.put(case(5), None);
            assert_eq!(cache.take_early(id(5)), None);
        }
    }

    #[test]
    fn what_was_read_early_goes_when_it_is_not_wanted() {
        let cache = CaseCache::new(10);
        cache.expect(&[id(1), id(2), id(3)]);
        for number in 1..=3 {
            cache.put_early(early(number));
        }
        cache.retain_early(|case| case != id(1));
        cache.drop_early(id(2));
        let left = [1, 2, 3].map(|number| cache.take_early(id(number)).is_some());
        assert_eq!(left, [false, false, true]);
    }
}
