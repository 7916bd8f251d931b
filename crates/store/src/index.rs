use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use uuid::Uuid;

use crate::limits::PAGE_ITEMS_MAX;
use crate::{
    Condition, Cursor, Direction, DueTimer, Hit, Order, Page, Query, Span, Term, TermValue, Timer,
};

/// The timers and terms of all cases, in memory.
///
/// For backends whose states are the durable truth and whose indexes are rebuilt from them at
/// opening. It answers [`crate::Store::query`], [`crate::Store::due_timers`] and
/// [`crate::Store::next_due`] as the contract demands.
///
/// A query with conditions costs time in proportion to the cases that meet its rarest
/// condition; one without any walks in order and stops at its limit.
#[derive(Debug, Default)]
pub struct Index {
    cases: BTreeMap<Uuid, Entry>,
    postings: HashMap<Arc<str>, Postings>,
    timers: BTreeSet<DueTimer>,
}

#[derive(Debug)]
struct Entry {
    revision: u64,
    timers: Vec<Timer>,
    // Names and texts are shared with the postings: a million cases share a few thousand words.
    terms: Vec<(Arc<str>, Value)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Text(Arc<str>),
    Integer(i64),
}

impl Value {
    fn is(&self, value: &TermValue) -> bool {
        match (self, value) {
            (Self::Text(own), TermValue::Text(other)) => **own == **other,
            (Self::Integer(own), TermValue::Integer(other)) => own == other,
            _ => false,
        }
    }
}

/// The cases under one name.
#[derive(Debug, Default)]
struct Postings {
    texts: HashMap<Arc<str>, BTreeSet<Uuid>>,
    integers: BTreeMap<i64, BTreeSet<Uuid>>,
}

impl Postings {
    fn of(&self, value: &TermValue) -> Option<&BTreeSet<Uuid>> {
        match value {
            TermValue::Text(text) => self.texts.get(text.as_str()),
            TermValue::Integer(integer) => self.integers.get(integer),
        }
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.integers.is_empty()
    }
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
        self.cases.len()
    }

    /// Returns whether there is no case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Puts a case into the index, in place of what was known about it.
    pub fn put(&mut self, case: Uuid, revision: u64, timers: Vec<Timer>, terms: Vec<Term>) {
        let entry = match self.cases.remove(&case) {
            Some(old) => self.replaced(case, old, revision, timers, terms),
            None => {
                self.add_timers(case, &timers);
                Entry {
                    revision,
                    timers,
                    terms: self.added_terms(case, terms),
                }
            }
        };
        self.cases.insert(case, entry);
    }

    fn replaced(
        &mut self,
        case: Uuid,
        old: Entry,
        revision: u64,
        timers: Vec<Timer>,
        terms: Vec<Term>,
    ) -> Entry {
        // Most commands leave most timers and terms as they were, so sets that did not change
        // are left alone.
        if old.timers != timers {
            for timer in old.timers {
                self.timers.remove(&DueTimer {
                    due_at: timer.due_at,
                    case,
                    id: timer.id,
                });
            }
            self.add_timers(case, &timers);
        }
        let unchanged = old.terms.len() == terms.len()
            && old
                .terms
                .iter()
                .zip(&terms)
                .all(|((name, value), term)| **name == *term.name && value.is(&term.value));
        let terms = if unchanged {
            old.terms
        } else {
            self.remove_terms(case, old.terms);
            self.added_terms(case, terms)
        };
        Entry {
            revision,
            timers,
            terms,
        }
    }

    fn add_timers(&mut self, case: Uuid, timers: &[Timer]) {
        for timer in timers {
            self.timers.insert(DueTimer {
                due_at: timer.due_at,
                case,
                id: timer.id.clone(),
            });
        }
    }

    fn added_terms(&mut self, case: Uuid, terms: Vec<Term>) -> Vec<(Arc<str>, Value)> {
        let mut kept = Vec::with_capacity(terms.len());
        for term in terms {
            let name = match self.postings.get_key_value(term.name.as_str()) {
                Some((name, _)) => Arc::clone(name),
                None => Arc::from(term.name),
            };
            let postings = self.postings.entry(Arc::clone(&name)).or_default();
            let value = match term.value {
                TermValue::Text(text) => {
                    let text = match postings.texts.get_key_value(text.as_str()) {
                        Some((text, _)) => Arc::clone(text),
                        None => Arc::from(text),
                    };
                    postings
                        .texts
                        .entry(Arc::clone(&text))
                        .or_default()
                        .insert(case);
                    Value::Text(text)
                }
                TermValue::Integer(integer) => {
                    postings.integers.entry(integer).or_default().insert(case);
                    Value::Integer(integer)
                }
            };
            kept.push((name, value));
        }
        kept
    }

    fn remove_terms(&mut self, case: Uuid, terms: Vec<(Arc<str>, Value)>) {
        for (name, value) in terms {
            let Some(postings) = self.postings.get_mut(&name) else {
                continue;
            };
            match value {
                Value::Text(text) => {
                    if let Some(cases) = postings.texts.get_mut(&text) {
                        cases.remove(&case);
                        if cases.is_empty() {
                            postings.texts.remove(&text);
                        }
                    }
                }
                Value::Integer(integer) => {
                    if let Some(cases) = postings.integers.get_mut(&integer) {
                        cases.remove(&case);
                        if cases.is_empty() {
                            postings.integers.remove(&integer);
                        }
                    }
                }
            }
            if postings.is_empty() {
                self.postings.remove(&name);
            }
        }
    }

    /// Returns the timers due at `until` or before, behind `after`, in order.
    #[must_use]
    pub fn due_timers(&self, until: i64, after: Option<&DueTimer>, limit: usize) -> Vec<DueTimer> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.timers
            .range::<DueTimer, _>((start, Bound::Unbounded))
            .take_while(|timer| timer.due_at <= until)
            .take(limit.min(PAGE_ITEMS_MAX))
            .cloned()
            .collect()
    }

    /// Returns the instant of the earliest timer.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        self.timers.first().map(|timer| timer.due_at)
    }

    /// Returns one page of the cases that meet a query. The bounds of the query are the
    /// caller's to check, with [`Query::check`].
    #[must_use]
    pub fn query(&self, query: &Query) -> Page {
        let limit = query.limit.min(PAGE_ITEMS_MAX);
        let after = query.after.map(|cursor| Rank::of(cursor, &query.order));
        if query.conditions.is_empty() && query.span.is_none() {
            let total = self.cases.len() as u64;
            let ranks = self.in_order(query.order.as_ref(), after);
            return self.page(ranks.take(limit + 1).collect(), limit, total, query);
        }
        let mut total = 0;
        // The largest of the ranks kept so far is on top, to be thrown out first.
        let mut best = BinaryHeap::with_capacity(limit.min(1024) + 2);
        self.each_candidate(query, |case, entry| {
            if !entry.meets(query) {
                return;
            }
            total += 1;
            let cursor = Cursor {
                key: query.order.as_ref().and_then(|order| entry.key(order)),
                case,
            };
            let rank = Rank::of(cursor, &query.order);
            if after.is_some_and(|after| rank <= after) {
                return;
            }
            best.push(rank);
            if best.len() > limit + 1 {
                best.pop();
            }
        });
        self.page(best.into_sorted_vec(), limit, total, query)
    }

    fn page(&self, mut ranks: Vec<Rank>, limit: usize, total: u64, query: &Query) -> Page {
        let more = ranks.len() > limit;
        ranks.truncate(limit);
        let hits: Vec<Hit> = ranks
            .into_iter()
            .filter_map(|rank| {
                let entry = self.cases.get(&rank.case)?;
                Some(Hit {
                    case: rank.case,
                    revision: entry.revision,
                    key: rank.key(&query.order),
                })
            })
            .collect();
        let next = match hits.last() {
            Some(last) if more => Some(Cursor::from(*last)),
            _ => None,
        };
        Page { hits, total, next }
    }

    /// All cases behind a rank, in order.
    fn in_order(
        &self,
        order: Option<&Order>,
        after: Option<Rank>,
    ) -> Box<dyn Iterator<Item = Rank> + '_> {
        let Some(order) = order else {
            let start = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.case));
            return Box::new(
                self.cases
                    .range((start, Bound::Unbounded))
                    .map(|(case, _)| Rank::missing(*case)),
            );
        };
        let order = order.clone();
        let later = move |rank: &Rank| after.is_none_or(|after| *rank > after);
        let missing = {
            let name = order.name.clone();
            let start = match after {
                Some(after) if after.key.is_none() => Bound::Excluded(after.case),
                _ => Bound::Unbounded,
            };
            self.cases
                .range((start, Bound::Unbounded))
                .filter(move |(_, entry)| entry.integers(&name).next().is_none())
                .map(|(case, _)| Rank::missing(*case))
        };
        let Some(postings) = self.postings.get(order.name.as_str()) else {
            return Box::new(missing.filter(later));
        };
        let (low, high) = match (after.map(|after| after.key), order.direction) {
            // Every case that has a number was before the cursor.
            (Some(None), _) => return Box::new(missing.filter(later)),
            (Some(Some(from)), Direction::Ascending) => (Bound::Included(from), Bound::Unbounded),
            (Some(Some(from)), Direction::Descending) => (Bound::Unbounded, Bound::Included(!from)),
            (None, _) => (Bound::Unbounded, Bound::Unbounded),
        };
        let stretch = postings.integers.range((low, high));
        let stretch: Box<dyn Iterator<Item = (&i64, &BTreeSet<Uuid>)>> = match order.direction {
            Direction::Ascending => Box::new(stretch),
            Direction::Descending => Box::new(stretch.rev()),
        };
        let present = stretch.flat_map(move |(integer, cases)| {
            let order = order.clone();
            cases.iter().filter_map(move |case| {
                // A case with several numbers counts with the one that comes first.
                let entry = self.cases.get(case)?;
                (entry.key(&order) == Some(*integer)).then(|| {
                    let cursor = Cursor {
                        key: Some(*integer),
                        case: *case,
                    };
                    Rank::of(cursor, &Some(order.clone()))
                })
            })
        });
        Box::new(present.chain(missing).filter(later))
    }

    /// Calls `visit` once for each case that may meet the query, by its rarest condition.
    fn each_candidate(&self, query: &Query, mut visit: impl FnMut(Uuid, &Entry)) {
        let rarest = query
            .conditions
            .iter()
            .min_by_key(|condition| self.cases_with(condition));
        let mut visit_case = |case: &Uuid| {
            if let Some(entry) = self.cases.get(case) {
                visit(*case, entry);
            }
        };
        let Some(condition) = rarest else {
            let Some(span) = &query.span else {
                return;
            };
            self.each_in_span(span, visit_case);
            return;
        };
        let Some(postings) = self.postings.get(condition.name.as_str()) else {
            return;
        };
        match condition.any_of.as_slice() {
            [value] => postings
                .of(value)
                .into_iter()
                .flatten()
                .for_each(visit_case),
            values => {
                // A case may have several of the values, and is one case nevertheless.
                let cases: BTreeSet<&Uuid> = values
                    .iter()
                    .filter_map(|value| postings.of(value))
                    .flatten()
                    .collect();
                for case in cases {
                    visit_case(case);
                }
            }
        }
    }

    fn each_in_span(&self, span: &Span, visit: impl FnMut(&Uuid)) {
        let Some(postings) = self.postings.get(span.name.as_str()) else {
            return;
        };
        let from = span.from.unwrap_or(i64::MIN);
        if span.until.is_some_and(|until| until <= from) {
            return;
        }
        let until = span.until.map_or(Bound::Unbounded, Bound::Excluded);
        let cases: BTreeSet<&Uuid> = postings
            .integers
            .range((Bound::Included(from), until))
            .flat_map(|(_, cases)| cases)
            .collect();
        cases.into_iter().for_each(visit);
    }

    fn cases_with(&self, condition: &Condition) -> usize {
        let Some(postings) = self.postings.get(condition.name.as_str()) else {
            return 0;
        };
        condition
            .any_of
            .iter()
            .filter_map(|value| postings.of(value))
            .map(BTreeSet::len)
            .sum()
    }
}

impl Entry {
    fn meets(&self, query: &Query) -> bool {
        let span_holds = query.span.as_ref().is_none_or(|span| {
            self.integers(&span.name)
                .any(|integer| span.contains(integer))
        });
        span_holds
            && query.conditions.iter().all(|condition| {
                self.terms.iter().any(|(name, value)| {
                    **name == *condition.name
                        && condition.any_of.iter().any(|wanted| value.is(wanted))
                })
            })
    }

    fn integers(&self, name: &str) -> impl Iterator<Item = i64> {
        self.terms
            .iter()
            .filter_map(move |(own, value)| match value {
                Value::Integer(integer) if **own == *name => Some(*integer),
                _ => None,
            })
    }

    /// The number this case is ordered by.
    fn key(&self, order: &Order) -> Option<i64> {
        match order.direction {
            Direction::Ascending => self.integers(&order.name).min(),
            Direction::Descending => self.integers(&order.name).max(),
        }
    }
}

/// A place in the order of an answer: what sorts first comes first on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    // `Some` must come before `None`, which derived order has the other way round.
    present: Reverse<bool>,
    // With the largest first, the complement: it reverses the order of all numbers, the two
    // extreme ones included, where a minus sign would overflow.
    key: Option<i64>,
    case: Uuid,
}

impl Rank {
    fn of(cursor: Cursor, order: &Option<Order>) -> Self {
        let key = match order {
            None => None,
            Some(order) => cursor.key.map(|key| turned(key, order.direction)),
        };
        Self {
            present: Reverse(key.is_some()),
            key,
            case: cursor.case,
        }
    }

    fn missing(case: Uuid) -> Self {
        Self {
            present: Reverse(false),
            key: None,
            case,
        }
    }

    fn key(self, order: &Option<Order>) -> Option<i64> {
        let direction = order.as_ref()?.direction;
        self.key.map(|key| turned(key, direction))
    }
}

fn turned(key: i64, direction: Direction) -> i64 {
    match direction {
        Direction::Ascending => key,
        Direction::Descending => !key,
    }
}
