//! Answers of the index to queries.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::iter;

use uuid::Uuid;

use super::{Index, body};
use crate::limits::PAGE_ITEMS_MAX;
use crate::{Condition, Cursor, Direction, Hit, Order, Page, Query, Span, TermValue};

/// When one in so many cases meets a query, it pays to walk through all of them in the order
/// asked for until the page is full.
const WALKED_SHARE: u64 = 8;

/// The cases that meet all conditions of a query which name only texts.
struct Met {
    /// Every case with one of these faces does.
    faces: BTreeSet<u32>,
    /// And these do, by a text of their own.
    others: BTreeSet<u32>,
}

/// What meets one condition that names only texts.
struct Wanted {
    words: BTreeSet<u32>,
    owners: BTreeSet<u32>,
}

/// The most texts of a query that is answered at once: each is looked for.
const VALUES_AT_ONCE: usize = 16;

impl Index {
    /// Returns whether a query is answered in a few microseconds, however many cases there are:
    /// one that names few texts and nothing else, and among them one that no two cases have in common,
    /// such as a number.
    #[must_use]
    pub fn answers_at_once(&self, query: &Query) -> bool {
        let texts_only = |condition: &Condition| {
            let mut values = condition.any_of.iter();
            values.all(|value| matches!(value, TermValue::Text(_)))
        };
        let values: usize = query.conditions.iter().map(|all| all.any_of.len()).sum();
        let mut conditions = query.conditions.iter();
        query.span.is_none()
            && values <= VALUES_AT_ONCE
            && query.conditions.iter().all(texts_only)
            && conditions.any(|condition| self.is_own(condition))
    }

    /// Returns whether a condition names one text, and at most one case has it.
    fn is_own(&self, condition: &Condition) -> bool {
        let [TermValue::Text(text)] = condition.any_of.as_slice() else {
            return false;
        };
        let name = self.names.find(&condition.name);
        name.is_none_or(|name| self.faces.word(name, text).is_none())
    }

    /// Returns one page of the cases that meet a query. The bounds of the query are the
    /// caller's to check, with [`Query::check`].
    #[must_use]
    pub fn query(&self, query: &Query) -> Page {
        let limit = query.limit.min(PAGE_ITEMS_MAX);
        let after = query.after.map(|cursor| Rank::of(cursor, &query.order));
        let (by_text, by_integer): (Vec<&Condition>, Vec<&Condition>) =
            query.conditions.iter().partition(|condition| {
                let mut values = condition.any_of.iter();
                values.all(|value| matches!(value, TermValue::Text(_)))
            });
        let met = (!by_text.is_empty()).then(|| self.met(&by_text));
        let holds = |number| met.as_ref().is_none_or(|met| self.has_met(met, number));
        let most = met.as_ref().map_or(self.len(), |met| self.count(met));
        if by_integer.is_empty()
            && query.span.is_none()
            && most as u64 * WALKED_SHARE >= self.len() as u64
        {
            let ranks = self.in_order(query.order.as_ref(), after);
            let ranks = ranks.filter(|(_, number)| holds(*number)).take(limit + 1);
            return self.page(ranks.collect(), limit, most as u64, query);
        }
        let mut total = 0;
        // The largest of the ranks kept so far is on top, to be thrown out first.
        let mut best = BinaryHeap::with_capacity(limit.min(1024) + 2);
        let order = query.order.as_ref();
        let key_name = order.and_then(|order| self.names.find(&order.name));
        let mut visit = |number: u32| {
            if !by_integer.iter().all(|wanted| self.meets(number, wanted))
                || !query
                    .span
                    .as_ref()
                    .is_none_or(|span| self.lies_in(number, span))
            {
                return;
            }
            total += 1;
            let key = order.zip(key_name);
            let cursor = Cursor {
                key: key.and_then(|(order, name)| self.key(number, name, order.direction)),
                case: self.id(number),
            };
            let rank = Rank::of(cursor, &query.order);
            if after.is_some_and(|after| rank <= after) {
                return;
            }
            best.push((rank, number));
            if best.len() > limit + 1 {
                best.pop();
            }
        };
        let listed = match (by_integer.first(), &query.span) {
            (Some(condition), _) => Some(self.with(condition)),
            (None, Some(span)) => self.in_span(span, most),
            (None, None) => None,
        };
        match (listed, &met) {
            (Some(listed), _) => {
                let listed = listed.into_iter().filter(|number| holds(*number));
                listed.for_each(&mut visit);
            }
            (None, Some(met)) => self.members(met).for_each(&mut visit),
            (None, None) => self.cases.iter().for_each(&mut visit),
        }
        self.page(best.into_sorted_vec(), limit, total, query)
    }

    fn page(&self, mut ranks: Vec<(Rank, u32)>, limit: usize, total: u64, query: &Query) -> Page {
        let more = ranks.len() > limit;
        ranks.truncate(limit);
        let hits: Vec<Hit> = ranks
            .into_iter()
            .map(|(rank, number)| Hit {
                case: rank.case,
                revision: body::revision(self.bodies.get(number)),
                key: rank.key(&query.order),
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
    ) -> Box<dyn Iterator<Item = (Rank, u32)> + '_> {
        let name = order.and_then(|order| self.names.find(&order.name));
        let missing = {
            // Every case without a number is still to come when the cursor has one.
            let after = after.filter(|after| after.key.is_none());
            let behind = |other| after.is_some_and(|after| self.id(other) <= after.case);
            self.cases
                .iter_from(self.cases.place(behind))
                .filter(move |number| {
                    name.is_none_or(|name| self.integers_of(*number, name).next().is_none())
                })
                .map(|number| (Rank::missing(self.id(number)), number))
        };
        let (Some(order), Some(name)) = (order, name) else {
            return Box::new(missing);
        };
        let Some(numbered) = self.integers.get(&name) else {
            return Box::new(missing);
        };
        let direction = order.direction;
        let from = match after {
            // Every case that has a number was before the cursor.
            Some(Rank { key: None, .. }) => return Box::new(missing),
            Some(Rank {
                key: Some(key),
                case,
                ..
            }) => Some((turned(key, direction), case)),
            None => None,
        };
        let behind = move |other| from.is_some_and(|(_, case)| self.id(other) <= case);
        let found: Box<dyn Iterator<Item = (i64, u32)>> = match direction {
            Direction::Ascending => {
                let first = from.map_or(i64::MIN, |(integer, _)| integer);
                Box::new(numbered.iter_from(first, behind))
            }
            // Largest first, and among equal ones by case id all the same.
            Direction::Descending => {
                let first = from.map(|(integer, _)| integer);
                let first = first.or_else(|| numbered.last_number());
                let integers = iter::successors(first, |last| numbered.number_below(*last));
                Box::new(integers.flat_map(move |integer| {
                    let resumed = from.is_some_and(|(from, _)| from == integer);
                    numbered
                        .iter_from(integer, move |other| resumed && behind(other))
                        .take_while(move |(other, _)| *other == integer)
                }))
            }
        };
        let present = found.filter_map(move |(integer, number)| {
            // A case with several numbers counts with the one that comes first.
            let key = self.key(number, name, direction);
            (key == Some(integer))
                .then(|| (Rank::present(integer, direction, self.id(number)), number))
        });
        Box::new(present.chain(missing))
    }

    /// Works out which cases meet all of these conditions, which name only texts.
    fn met(&self, conditions: &[&Condition]) -> Met {
        let wanted: Vec<Wanted> = conditions
            .iter()
            .map(|condition| self.wanted(condition))
            .collect();
        let all_by_face = |face: u32| {
            let words = self.faces.words(face);
            move |wanted: &Wanted| words.iter().any(|word| wanted.words.contains(word))
        };
        let rarest = wanted.iter().min_by_key(|wanted| {
            let counts = wanted.words.iter().map(|word| self.faces.count(*word));
            counts.sum::<usize>()
        });
        let faces: BTreeSet<u32> = rarest
            .into_iter()
            .flat_map(|wanted| &wanted.words)
            .flat_map(|word| self.faces.with_word(*word))
            .filter(|face| wanted.iter().all(all_by_face(*face)))
            .collect();
        let others = wanted
            .iter()
            .flat_map(|wanted| &wanted.owners)
            .copied()
            .filter(|number| {
                let face = self.face(*number);
                let by_face = all_by_face(face);
                !faces.contains(&face)
                    && wanted
                        .iter()
                        .all(|wanted| wanted.owners.contains(number) || by_face(wanted))
            })
            .collect();
        Met { faces, others }
    }

    fn wanted(&self, condition: &Condition) -> Wanted {
        let name = self.names.find(&condition.name);
        let texts = name.into_iter().flat_map(|name| {
            condition
                .any_of
                .iter()
                .filter_map(move |value| match value {
                    TermValue::Text(text) => Some((name, text.as_str())),
                    TermValue::Integer(_) => None,
                })
        });
        let mut wanted = Wanted {
            words: BTreeSet::new(),
            owners: BTreeSet::new(),
        };
        for (name, text) in texts {
            wanted.words.extend(self.faces.word(name, text));
            wanted.owners.extend(self.owner(name, text));
        }
        wanted
    }

    fn has_met(&self, met: &Met, number: u32) -> bool {
        met.faces.contains(&self.face(number)) || met.others.contains(&number)
    }

    fn count(&self, met: &Met) -> usize {
        let cases = met.faces.iter().filter_map(|face| self.faces.cases(*face));
        cases.map(super::sorted::Sorted::len).sum::<usize>() + met.others.len()
    }

    fn members(&self, met: &Met) -> impl Iterator<Item = u32> {
        met.faces
            .iter()
            .filter_map(|face| self.faces.cases(*face))
            .flat_map(|cases| cases.iter())
            .chain(met.others.iter().copied())
    }

    /// Returns each case that meets a condition, once.
    fn with(&self, condition: &Condition) -> Vec<u32> {
        let mut cases: Vec<u32> = self.members(&self.met(&[condition])).collect();
        let name = self.names.find(&condition.name);
        if let Some(numbered) = name.and_then(|name| self.integers.get(&name)) {
            for value in &condition.any_of {
                if let TermValue::Integer(integer) = value {
                    let equal = numbered
                        .iter_from(*integer, |_| false)
                        .take_while(|(other, _)| other == integer);
                    cases.extend(equal.map(|(_, number)| number));
                }
            }
        }
        cases.sort_unstable();
        cases.dedup();
        cases
    }

    /// Returns each case that has a number in a span, once; `None` when there are more than
    /// `most`.
    fn in_span(&self, span: &Span, most: usize) -> Option<Vec<u32>> {
        let name = self.names.find(&span.name);
        let Some(numbered) = name.and_then(|name| self.integers.get(&name)) else {
            return Some(Vec::new());
        };
        let mut cases: Vec<u32> = numbered
            .iter_from(span.from.unwrap_or(i64::MIN), |_| false)
            .take_while(|(integer, _)| span.until.is_none_or(|until| *integer < until))
            .map(|(_, number)| number)
            .take(most.saturating_add(1))
            .collect();
        if cases.len() > most {
            return None;
        }
        cases.sort_unstable();
        cases.dedup();
        Some(cases)
    }

    fn lies_in(&self, number: u32, span: &Span) -> bool {
        let name = self.names.find(&span.name);
        name.is_some_and(|name| {
            let mut integers = self.integers_of(number, name);
            integers.any(|integer| span.contains(integer))
        })
    }

    fn meets(&self, number: u32, condition: &Condition) -> bool {
        let Some(name) = self.names.find(&condition.name) else {
            return false;
        };
        condition.any_of.iter().any(|value| match value {
            TermValue::Integer(wanted) => self
                .integers_of(number, name)
                .any(|integer| integer == *wanted),
            TermValue::Text(text) => {
                let word = self.faces.word(name, text);
                let words = self.faces.words(self.face(number));
                word.is_some_and(|word| words.contains(&word))
                    || body::owns(self.bodies.get(number), name, text)
            }
        })
    }

    fn integers_of(&self, number: u32, name: u32) -> impl Iterator<Item = i64> + '_ {
        body::integers(self.bodies.get(number), name)
    }

    /// The integer a case is ordered by.
    fn key(&self, number: u32, name: u32, direction: Direction) -> Option<i64> {
        let integers = self.integers_of(number, name);
        match direction {
            Direction::Ascending => integers.min(),
            Direction::Descending => integers.max(),
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

    fn present(key: i64, direction: Direction, case: Uuid) -> Self {
        Self {
            present: Reverse(true),
            key: Some(turned(key, direction)),
            case,
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
