use std::collections::BTreeMap;

use groundbreak_store::{
    Cursor, Direction, DueTimer, Hit, Index, Order, Page, Query, Span, Term, TermValue, Timer,
};
use proptest::prelude::*;
use uuid::Uuid;

/// The same answers as [`Index`], found by looking at every case.
#[derive(Default)]
struct Model {
    cases: BTreeMap<Uuid, (u64, Vec<Timer>, Vec<Term>)>,
}

impl Model {
    fn query(&self, query: &Query) -> Page {
        let mut hits: Vec<Hit> = self
            .cases
            .iter()
            .filter(|(_, (_, _, terms))| meets(terms, query))
            .map(|(case, (revision, _, terms))| Hit {
                case: *case,
                revision: *revision,
                key: query.order.as_ref().and_then(|order| key(terms, order)),
            })
            .collect();
        let total = hits.len() as u64;
        hits.sort_by_key(|hit| place(hit.key, hit.case, query));
        if let Some(after) = query.after {
            let after = place(after.key, after.case, query);
            hits.retain(|hit| place(hit.key, hit.case, query) > after);
        }
        let more = hits.len() > query.limit;
        hits.truncate(query.limit);
        let next = hits.last().filter(|_| more).map(|hit| Cursor::from(*hit));
        Page { hits, total, next }
    }

    fn due_timers(&self, until: i64) -> Vec<DueTimer> {
        let mut due: Vec<DueTimer> = self
            .cases
            .iter()
            .flat_map(|(case, (_, timers, _))| {
                timers.iter().map(|timer| DueTimer {
                    due_at: timer.due_at,
                    case: *case,
                    id: timer.id.clone(),
                })
            })
            .filter(|timer| timer.due_at <= until)
            .collect();
        due.sort();
        due
    }
}

fn meets(terms: &[Term], query: &Query) -> bool {
    let conditions = query.conditions.iter().all(|condition| {
        terms
            .iter()
            .any(|term| term.name == condition.name && condition.any_of.contains(&term.value))
    });
    let span = query.span.as_ref().is_none_or(|span| {
        integers(terms, &span.name)
            .iter()
            .any(|integer| span.contains(*integer))
    });
    conditions && span
}

fn key(terms: &[Term], order: &Order) -> Option<i64> {
    let integers = integers(terms, &order.name);
    match order.direction {
        Direction::Ascending => integers.into_iter().min(),
        Direction::Descending => integers.into_iter().max(),
    }
}

fn integers(terms: &[Term], name: &str) -> Vec<i64> {
    terms
        .iter()
        .filter(|term| term.name == name)
        .filter_map(|term| match term.value {
            TermValue::Integer(integer) => Some(integer),
            TermValue::Text(_) => None,
        })
        .collect()
}

/// In a wider type, so that turning the order round cannot overflow.
fn place(key: Option<i64>, case: Uuid, query: &Query) -> (bool, i128, Uuid) {
    let direction = query.order.as_ref().map(|order| order.direction);
    let number = match (key, direction) {
        (Some(key), Some(Direction::Descending)) => -i128::from(key),
        (Some(key), Some(Direction::Ascending)) => i128::from(key),
        _ => 0,
    };
    let missing = key.is_none() || direction.is_none();
    (missing, number, case)
}

fn integer() -> impl Strategy<Value = i64> {
    prop_oneof![-3_i64..4, Just(i64::MIN), Just(i64::MAX)]
}

fn name() -> impl Strategy<Value = String> {
    "[ab]"
}

fn value() -> impl Strategy<Value = TermValue> {
    prop_oneof![
        "[xy]".prop_map(TermValue::Text),
        integer().prop_map(TermValue::Integer)
    ]
}

fn term() -> impl Strategy<Value = Term> {
    (name(), value()).prop_map(|(name, value)| Term {
        name: name.into(),
        value,
    })
}

fn timers() -> impl Strategy<Value = Vec<Timer>> {
    prop::collection::btree_map("[tu]", integer(), 0..3).prop_map(|timers| {
        timers
            .into_iter()
            .map(|(id, due_at)| Timer { id, due_at })
            .collect()
    })
}

fn put() -> impl Strategy<Value = (Uuid, Vec<Timer>, Vec<Term>)> {
    let terms = prop::collection::vec(term(), 0..5);
    ((0_u128..9).prop_map(Uuid::from_u128), timers(), terms)
}

fn query() -> impl Strategy<Value = Query> {
    let conditions = prop::collection::vec((name(), prop::collection::vec(value(), 0..3)), 0..3);
    let span = prop::option::of((
        name(),
        prop::option::of(integer()),
        prop::option::of(integer()),
    ));
    let order = prop::option::of((
        name(),
        prop::sample::select(vec![Direction::Ascending, Direction::Descending]),
    ));
    let after = prop::option::of((prop::option::of(integer()), 0_u128..9));
    (conditions, span, order, after, 0_usize..5).prop_map(
        |(conditions, span, order, after, limit)| {
            let mut query = Query::all(limit);
            for (name, values) in conditions {
                query = query.with_any(name, values);
            }
            query.span = span.map(|(name, from, until)| Span { name, from, until });
            query.order = order.map(|(name, direction)| Order { name, direction });
            query.after = after.map(|(key, case)| Cursor {
                key,
                case: Uuid::from_u128(case),
            });
            query
        },
    )
}

proptest! {
    #[test]
    fn the_index_answers_as_looking_at_every_case_does(
        puts in prop::collection::vec(put(), 0..40),
        queries in prop::collection::vec(query(), 1..8),
        until in integer(),
    ) {
        let mut index = Index::new();
        let mut model = Model::default();
        for (number, (case, timers, terms)) in puts.into_iter().enumerate() {
            let revision = number as u64;
            index.put(case, revision, &timers, &terms);
            model.cases.insert(case, (revision, timers, terms));
        }
        for query in queries {
            prop_assert_eq!(index.query(&query), model.query(&query), "{:?}", query);
        }
        let due = model.due_timers(until);
        prop_assert_eq!(index.next_due(), model.due_timers(i64::MAX).first().map(|first| first.due_at));
        prop_assert_eq!(index.due_timers(until, None, 1000), due.clone());
        for (number, timer) in due.iter().enumerate() {
            let rest = index.due_timers(until, Some(timer), 1000);
            prop_assert_eq!(rest.as_slice(), &due[number + 1..]);
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written(key in prop::option::of(any::<i64>()), case: u128) {
        let cursor = Cursor { key, case: Uuid::from_u128(case) };
        prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn no_text_makes_reading_a_cursor_fail_badly(text in ".{0,60}") {
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }
}
