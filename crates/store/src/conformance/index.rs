use super::given::{append, case};
use super::{Breach, Factory, Verdict, equal, holds, opened};
use crate::limits::{CONDITION_VALUES_MAX, CONDITIONS_MAX};
use crate::{Direction, Query, ReadError, Store, Term, TermValue};

pub(super) async fn all_conditions_must_hold(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let rows = [
        (1, vec![text("stage", "受理"), text("to", "ana")]),
        (2, vec![text("stage", "受理"), text("to", "bo")]),
        (3, vec![text("stage", "办结"), text("to", "ana")]),
        (4, vec![text("to", "ana"), text("to", "bo")]),
    ];
    fill(&*store, rows).await?;
    found(&*store, Query::all(9), &[1, 2, 3, 4]).await?;
    found(&*store, Query::all(9).with("stage", "受理"), &[1, 2]).await?;
    found(&*store, Query::all(9).with("to", "ana"), &[1, 3, 4]).await?;
    let both = Query::all(9).with("stage", "受理").with("to", "ana");
    found(&*store, both, &[1]).await?;
    let two_values = Query::all(9).with("to", "bo").with("to", "ana");
    found(&*store, two_values, &[4]).await?;
    found(&*store, Query::all(9).with("stage", "ana"), &[]).await?;
    found(&*store, Query::all(9).with("colour", "red"), &[]).await
}

pub(super) async fn a_condition_holds_when_one_of_its_values_does(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    let rows = [
        (1, vec![text("role", "clerk"), text("role", "agent")]),
        (2, vec![text("role", "agent")]),
        (3, vec![text("role", "approver")]),
        (4, vec![]),
    ];
    fill(&*store, rows).await?;
    let any = |values: &[&str]| {
        let values: Vec<TermValue> = values.iter().map(|value| (*value).into()).collect();
        Query::all(9).with_any("role", values)
    };
    found(&*store, any(&["clerk", "agent"]), &[1, 2]).await?;
    found(&*store, any(&["clerk", "approver"]), &[1, 3]).await?;
    found(&*store, any(&["agent", "nobody"]), &[1, 2]).await?;
    found(&*store, any(&[]), &[]).await
}

pub(super) async fn a_text_never_equals_a_number(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let rows = [
        (1, vec![text("room", "7")]),
        (2, vec![Term::integer("room", 7)]),
    ];
    fill(&*store, rows).await?;
    found(&*store, Query::all(9).with("room", "7"), &[1]).await?;
    found(&*store, Query::all(9).with("room", 7), &[2]).await?;
    found(&*store, Query::all(9).within("room", None, None), &[2]).await
}

pub(super) async fn a_span_holds_its_start_and_not_its_end(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let rows = [
        (1, vec![Term::integer("due", 10), text("stage", "a")]),
        (2, vec![Term::integer("due", 20), text("stage", "a")]),
        (3, vec![Term::integer("due", 30), text("stage", "b")]),
        (4, vec![text("due", "20")]),
        (5, vec![Term::integer("due", 5), Term::integer("due", 25)]),
    ];
    fill(&*store, rows).await?;
    let span = |from, until| Query::all(9).within("due", from, until);
    found(&*store, span(Some(10), Some(20)), &[1]).await?;
    found(&*store, span(Some(10), Some(21)), &[1, 2]).await?;
    found(&*store, span(Some(20), None), &[2, 3, 5]).await?;
    found(&*store, span(None, Some(10)), &[5]).await?;
    found(&*store, span(None, None), &[1, 2, 3, 5]).await?;
    found(&*store, span(Some(20), Some(20)), &[]).await?;
    found(&*store, span(Some(30), Some(10)), &[]).await?;
    let narrowed = span(Some(10), Some(99)).with("stage", "a");
    found(&*store, narrowed, &[1, 2]).await
}

pub(super) async fn an_order_puts_ties_by_case_and_the_missing_last(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    let rows = [
        (1, vec![text("all", "x")]),
        (2, vec![text("all", "x"), Term::integer("due", 20)]),
        (3, vec![text("all", "x"), Term::integer("due", 10)]),
        (4, vec![text("all", "x"), Term::integer("due", 20)]),
        (5, vec![text("all", "x"), text("due", "15")]),
    ];
    fill(&*store, rows).await?;
    // The same order, whether every case is listed or those that meet a condition.
    for query in [Query::all(9), Query::all(9).with("all", "x")] {
        let up = query.clone().ordered_by("due", Direction::Ascending);
        found(&*store, up, &[3, 2, 4, 1, 5]).await?;
        let down = query.clone().ordered_by("due", Direction::Descending);
        found(&*store, down, &[2, 4, 3, 1, 5]).await?;
        let unknown = query.clone().ordered_by("no such", Direction::Descending);
        found(&*store, unknown, &[1, 2, 3, 4, 5]).await?;
    }
    let page = store
        .query(&Query::all(9).ordered_by("due", Direction::Descending))
        .await?;
    let keys: Vec<_> = page.hits.iter().map(|hit| hit.key).collect();
    equal(
        "the keys",
        keys,
        vec![Some(20), Some(20), Some(10), None, None],
    )
}

pub(super) async fn a_case_with_several_numbers_counts_with_the_first(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    let rows = [
        (1, vec![Term::integer("due", 10), Term::integer("due", 40)]),
        (2, vec![Term::integer("due", 20)]),
        (3, vec![Term::integer("due", 30), Term::integer("due", 5)]),
    ];
    fill(&*store, rows).await?;
    let up = Query::all(9).ordered_by("due", Direction::Ascending);
    found(&*store, up, &[3, 1, 2]).await?;
    let down = Query::all(9).ordered_by("due", Direction::Descending);
    found(&*store, down, &[1, 3, 2]).await
}

pub(super) async fn pages_together_hold_every_case_once(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let rows = (1..=47).map(|number: u128| {
        let mut terms = vec![text("all", "x")];
        if !number.is_multiple_of(5) {
            terms.push(Term::integer("due", (number % 7) as i64));
        }
        (number, terms)
    });
    fill(&*store, rows).await?;
    let mut queries = Vec::new();
    for base in [
        Query::default(),
        Query::default().with("all", "x"),
        Query::default().within("due", Some(0), Some(6)),
    ] {
        queries.push(base.clone().ordered_by("due", Direction::Ascending));
        queries.push(base.clone().ordered_by("due", Direction::Descending));
        queries.push(base);
    }
    for query in queries {
        let whole = Query {
            limit: 100,
            ..query.clone()
        };
        let whole = store.query(&whole).await?;
        equal("the next of the last page", whole.next, None)?;
        for limit in [1, 4, 47] {
            let mut turned = Query {
                limit,
                ..query.clone()
            };
            let mut hits = Vec::new();
            loop {
                let page = store.query(&turned).await?;
                equal("the total on every page", page.total, whole.total)?;
                holds("a page is at most its limit", page.hits.len() <= limit)?;
                hits.extend(page.hits);
                let Some(next) = page.next else {
                    break;
                };
                // Through its text form, as a link carries it.
                turned.after = Some(next.to_string().parse()?);
            }
            equal("the pages together", hits, whole.hits.clone())?;
        }
    }
    let counted = store.query(&Query::all(0).with("all", "x")).await?;
    equal("the total with no limit", counted.total, 47)?;
    equal("the hits with no limit", counted.hits, vec![])
}

pub(super) async fn an_append_replaces_the_whole_set_of_terms(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let before = [
        text("stage", "a"),
        text("to", "ana"),
        Term::integer("due", 1),
    ];
    store.append(append(case(1), 0).with_terms(before)).await?;
    let after = [text("stage", "b"), Term::integer("due", 2)];
    store.append(append(case(1), 1).with_terms(after)).await?;
    found(&*store, Query::all(9).with("stage", "a"), &[]).await?;
    found(&*store, Query::all(9).with("to", "ana"), &[]).await?;
    found(&*store, Query::all(9).with("due", 1), &[]).await?;
    found(&*store, Query::all(9).with("stage", "b"), &[1]).await?;
    found(&*store, Query::all(9).with("due", 2), &[1]).await?;
    store.append(append(case(1), 2)).await?;
    found(&*store, Query::all(9).with("stage", "b"), &[]).await?;
    let page = store.query(&Query::all(9)).await?;
    equal(
        "the revision of the hit",
        page.hits.first().map(|hit| hit.revision),
        Some(3),
    )
}

pub(super) async fn the_extreme_numbers_are_found_and_ordered(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let rows = [
        (1, vec![Term::integer("n", i64::MAX)]),
        (2, vec![Term::integer("n", i64::MIN)]),
        (3, vec![Term::integer("n", -1)]),
        (4, vec![Term::integer("n", 0)]),
    ];
    fill(&*store, rows).await?;
    let up = Query::all(9).ordered_by("n", Direction::Ascending);
    found(&*store, up, &[2, 3, 4, 1]).await?;
    let down = Query::all(9).ordered_by("n", Direction::Descending);
    found(&*store, down, &[1, 4, 3, 2]).await?;
    let all_but_the_largest = Query::all(9).within("n", Some(i64::MIN), Some(i64::MAX));
    found(&*store, all_but_the_largest, &[2, 3, 4]).await?;
    found(&*store, Query::all(9).with("n", i64::MAX), &[1]).await
}

pub(super) async fn a_query_over_its_bounds_is_refused(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let mut conditions = Query::all(1);
    for _ in 0..=CONDITIONS_MAX {
        conditions = conditions.with("a", "b");
    }
    let values = (0..=CONDITION_VALUES_MAX as i64).map(TermValue::from);
    for query in [conditions, Query::all(1).with_any("a", values)] {
        match store.query(&query).await {
            Err(ReadError::TooLarge { .. }) => {}
            other => return Err(Breach(format!("the answer is {other:?}, not a refusal"))),
        }
    }
    Ok(())
}

fn text(name: &'static str, text: &str) -> Term {
    Term::text(name, text)
}

async fn fill(store: &dyn Store, rows: impl IntoIterator<Item = (u128, Vec<Term>)>) -> Verdict {
    for (number, terms) in rows {
        store
            .append(append(case(number), 0).with_terms(terms))
            .await?;
    }
    Ok(())
}

/// Checks which cases a query finds. Without an order they come by case id.
async fn found(store: &dyn Store, query: Query, numbers: &[u128]) -> Verdict {
    let page = store.query(&query).await?;
    let found: Vec<u128> = page.hits.iter().map(|hit| hit.case.as_u128()).collect();
    equal(&format!("the answer to {query:?}"), &*found, numbers)?;
    equal("the total", page.total, numbers.len() as u64)
}
