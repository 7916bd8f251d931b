//! The index of a backend that keeps it in memory.
//!
//! A case has a small number, and everything else is kept by it: `bodies` holds what is the case's
//! own, `faces` the texts it shares with others, and lists in order hold the numbers of cases.

mod body;
mod faces;
mod numbered;
mod search;
mod slots;
mod sorted;

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use uuid::Uuid;

use self::body::{Bodies, Body};
use self::faces::Faces;
use self::numbered::Numbered;
use self::slots::Names;
use self::sorted::Sorted;
use crate::limits::PAGE_ITEMS_MAX;
use crate::{DueTimer, TermRef, TermValueRef, TimerRef};

/// The timers and terms of all cases, in memory.
///
/// For backends whose states are the durable truth and whose indexes are rebuilt from them at
/// opening. It answers [`crate::Store::query`], [`crate::Store::due_timers`] and
/// [`crate::Store::next_due`] as the contract demands.
///
/// A query that many cases meet walks in the order asked for and stops at its limit, unless it
/// has a span; any other costs time in proportion to the cases that meet its conditions.
///
/// A case with two timers and a dozen terms takes about 130 bytes, of which its id is 16.
/// docs/decisions/0016-a-compact-index.md says how.
#[derive(Debug, Default)]
pub struct Index {
    /// The id of each case, by its number.
    ids: Vec<Uuid>,
    /// The face of each case, by its number.
    face_of: Vec<u32>,
    bodies: Bodies,
    /// All cases, by id.
    cases: Sorted<u32>,
    /// The names of terms.
    names: Names,
    faces: Faces,
    /// Whose own a text is: a hash of the name and the text, and the case.
    owners: Sorted<(u32, u32)>,
    hasher: RandomState,
    /// The cases that have an integer under a name, by it and then by id.
    integers: HashMap<u32, Numbered<u32>>,
    timer_ids: Names,
    /// Case and id of each timer, in the order of [`DueTimer`].
    timers: Numbered<(u32, u32)>,
}

/// The texts of a case, sorted out.
#[derive(Default)]
struct Texts<'a> {
    /// Those that other cases have too.
    words: Vec<u32>,
    /// Those that nobody else has.
    own: Vec<(u32, &'a str)>,
}

impl Index {
    /// Returns an index without cases.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns whether there is no case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Returns whether a case is there.
    #[must_use]
    pub fn holds(&self, case: Uuid) -> bool {
        self.number(case).is_some()
    }

    /// Returns the revision a case was put in with, or `None` when it is not there.
    #[must_use]
    pub fn revision(&self, case: Uuid) -> Option<u64> {
        let number = self.number(case)?;
        Some(body::revision(self.bodies.get(number)))
    }

    /// Puts a case into the index, in place of what was known about it.
    pub fn put<'a>(
        &mut self,
        case: Uuid,
        revision: u64,
        timers: impl IntoIterator<Item: Into<TimerRef<'a>>>,
        terms: impl IntoIterator<Item: Into<TermRef<'a>>>,
    ) {
        let known = self.number(case);
        let number = known.unwrap_or_else(|| self.added(case));
        let bytes = match known {
            Some(number) => self.bodies.get(number).to_vec(),
            None => Vec::new(),
        };
        let old = Body::read(&bytes);
        let mut integers = Vec::new();
        let mut texts = Texts::default();
        for term in terms {
            let term: TermRef<'a> = term.into();
            let name = self.names.take(term.name);
            match term.value {
                TermValueRef::Integer(integer) => integers.push((name, integer)),
                TermValueRef::Text(text) => {
                    self.sort_out(number, name, text, &old.own, &mut texts);
                }
            }
        }
        let mut timers: Vec<(u32, i64)> = timers
            .into_iter()
            .map(Into::into)
            .map(|timer: TimerRef<'a>| (self.timer_ids.take(timer.id), timer.due_at))
            .collect();
        once_each(&mut timers, |(id, _)| self.timer_ids.give_back(*id));
        once_each(&mut integers, |(name, _)| self.names.give_back(*name));
        once_each(&mut texts.own, |(name, _)| self.names.give_back(*name));
        once_each(&mut texts.words, |_| {});
        let new = Body {
            revision,
            integers,
            own: texts.own,
            timers,
        };
        self.change_timers(number, &old.timers, &new.timers);
        self.change_integers(number, &old.integers, &new.integers);
        self.change_owned(number, &old.own, &new.own);
        self.change_face(number, known.is_some(), &texts.words);
        self.bodies.put(number, &new.write());
        // Only now, so that no name was lost between the old use and the new one.
        for (id, _) in &old.timers {
            self.timer_ids.give_back(*id);
        }
        let integers = old.integers.iter().map(|(name, _)| *name);
        for name in integers.chain(old.own.iter().map(|(name, _)| *name)) {
            self.names.give_back(name);
        }
    }

    fn number(&self, case: Uuid) -> Option<u32> {
        let place = self.cases.place(|other| self.id(other) < case);
        let number = self.cases.at(place)?;
        (self.id(number) == case).then_some(number)
    }

    fn id(&self, number: u32) -> Uuid {
        id(&self.ids, number)
    }

    fn added(&mut self, case: Uuid) -> u32 {
        // No machine holds four thousand million of them.
        let number = self.ids.len() as u32;
        self.ids.push(case);
        self.face_of.push(0);
        let ids = &self.ids;
        self.cases.insert(number, |other| id(ids, other) < case);
        number
    }

    /// Finds out whether a text of a case is its own or one that others have too. A text becomes
    /// a word when a second case has it; the first one keeps it as its own.
    fn sort_out<'a>(
        &mut self,
        number: u32,
        name: u32,
        text: &'a str,
        owned: &[(u32, &str)],
        texts: &mut Texts<'a>,
    ) {
        if let Some(word) = self.faces.word(name, text) {
            self.names.give_back(name);
            texts.words.push(word);
            return;
        }
        // What the case has owned so far nobody else owns.
        let owner = if owned.contains(&(name, text)) {
            None
        } else {
            self.owner(name, text)
        };
        match owner {
            Some(owner) if owner != number => texts.words.push(self.faces.add_word(name, text)),
            _ => texts.own.push((name, text)),
        }
    }

    /// Returns the case whose own this text is.
    fn owner(&self, name: u32, text: &str) -> Option<u32> {
        let hash = self.hash(name, text);
        let place = self.owners.place(|other| other < (hash, 0));
        self.owners
            .iter_from(place)
            .take_while(|(other, _)| *other == hash)
            .map(|(_, number)| number)
            .find(|number| body::owns(self.bodies.get(*number), name, text))
    }

    fn hash(&self, name: u32, text: &str) -> u32 {
        self.hasher.hash_one((name, text)) as u32
    }

    fn change_timers(&mut self, number: u32, old: &[(u32, i64)], new: &[(u32, i64)]) {
        let (ids, names) = (&self.ids, &self.timer_ids);
        let case = id(ids, number);
        let before = |timer: u32| {
            let own = (case, names.text(timer));
            move |(other, timer)| (id(ids, other), names.text(timer)) < own
        };
        for (timer, due_at) in missing_in(new, old) {
            self.timers.remove(due_at, (number, timer), before(timer));
        }
        for (timer, due_at) in missing_in(old, new) {
            self.timers.insert(due_at, (number, timer), before(timer));
        }
    }

    fn change_integers(&mut self, number: u32, old: &[(u32, i64)], new: &[(u32, i64)]) {
        let ids = &self.ids;
        let case = id(ids, number);
        let before = |other| id(ids, other) < case;
        for (name, integer) in missing_in(new, old) {
            if let Some(numbered) = self.integers.get_mut(&name) {
                numbered.remove(integer, number, before);
                if numbered.is_empty() {
                    self.integers.remove(&name);
                }
            }
        }
        for (name, integer) in missing_in(old, new) {
            let numbered = self.integers.entry(name).or_default();
            numbered.insert(integer, number, before);
        }
    }

    fn change_owned(&mut self, number: u32, old: &[(u32, &str)], new: &[(u32, &str)]) {
        if old == new {
            return;
        }
        // Two texts of a case may have one hash, and then they have one entry.
        let hashes = |texts: &[(u32, &str)]| -> BTreeSet<u32> {
            let hashes = texts.iter().map(|(name, text)| self.hash(*name, text));
            hashes.collect()
        };
        let (old, new) = (hashes(old), hashes(new));
        for hash in old.difference(&new) {
            let entry = (*hash, number);
            self.owners.remove(entry, |other| other < entry);
        }
        for hash in new.difference(&old) {
            let entry = (*hash, number);
            self.owners.insert(entry, |other| other < entry);
        }
    }

    fn change_face(&mut self, number: u32, known: bool, words: &[u32]) {
        let old = self.face(number);
        if known && self.faces.words(old) == words {
            return;
        }
        // First into the new face, so that a word which both have is not forgotten between.
        let new = self.faces.enter(number, words);
        if known {
            self.faces.leave(number, old, &mut self.names);
        }
        if let Some(face) = self.face_of.get_mut(number as usize) {
            *face = new;
        }
    }

    fn face(&self, number: u32) -> u32 {
        self.face_of
            .get(number as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Returns the timers due at `until` or before, behind `after`, in order.
    #[must_use]
    pub fn due_timers(&self, until: i64, after: Option<&DueTimer>, limit: usize) -> Vec<DueTimer> {
        let from = after.map_or(i64::MIN, |after| after.due_at);
        let timers = self.timers.iter_from(from, |(number, timer)| {
            after.is_some_and(|after| {
                (self.id(number), self.timer_ids.text(timer)) <= (after.case, after.id.as_str())
            })
        });
        timers
            .take_while(|(due_at, _)| *due_at <= until)
            .take(limit.min(PAGE_ITEMS_MAX))
            .map(|(due_at, (number, timer))| DueTimer {
                due_at,
                case: self.id(number),
                id: self.timer_ids.text(timer).to_owned(),
            })
            .collect()
    }

    /// Returns the instant of the earliest timer.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        self.timers.first().map(|(due_at, _)| due_at)
    }
}

fn id(ids: &[Uuid], number: u32) -> Uuid {
    ids.get(number as usize).copied().unwrap_or_default()
}

/// Puts things in order and drops those that are there twice.
fn once_each<T: Ord>(things: &mut Vec<T>, mut dropped: impl FnMut(&T)) {
    things.sort_unstable();
    things.dedup_by(|second, first| {
        let twice = second == first;
        if twice {
            dropped(second);
        }
        twice
    });
}

/// Returns what is in `these` and not in `those`, which is in order.
fn missing_in<'a, T: Ord + Copy>(those: &'a [T], these: &'a [T]) -> impl Iterator<Item = T> + 'a {
    these
        .iter()
        .filter(|this| those.binary_search(this).is_err())
        .copied()
}
