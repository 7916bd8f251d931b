use super::given::{append, bytes, case};
use super::{Breach, Factory, Verdict, equal, holds, opened};
use crate::limits::{
    RECORD_BYTES_MAX, STATE_BYTES_MAX, TERM_NAME_BYTES_MAX, TERM_TEXT_BYTES_MAX, TERMS_MAX,
    TIMER_ID_BYTES_MAX, TIMERS_MAX,
};
use crate::{AppendError, Fault, Part, Position, Query, Term, Timer};

/// Around the sizes at which backends begin to store a value in another way.
pub(super) const SIZES: [usize; 14] = [
    0,
    1,
    255,
    256,
    3000,
    4000,
    4095,
    4096,
    4097,
    8191,
    8192,
    12_289,
    200_000,
    RECORD_BYTES_MAX,
];

pub(super) async fn records_and_states_of_every_size_come_back(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    for (number, size) in SIZES.into_iter().enumerate() {
        let case = case(number as u128);
        let mut sized = append(case, 0);
        sized.record = bytes(size, 1);
        sized.state = bytes(size, 2);
        store.append(sized).await?;
    }
    for (number, size) in SIZES.into_iter().enumerate() {
        let case = case(number as u128);
        let journal = store.journal(case, 0, 9).await?;
        holds(
            &format!("a record of {size} bytes comes back"),
            journal.len() == 1 && journal[0].record == bytes(size, 1),
        )?;
        let snapshot = store.load(case).await?;
        holds(
            &format!("a state of {size} bytes comes back"),
            snapshot.is_some_and(|snapshot| snapshot.state == bytes(size, 2)),
        )?;
    }
    let all = store.read_all(Position::START, 99).await?;
    equal("the number of records", all.len(), SIZES.len())?;
    holds(
        "the feed has the same records",
        all.iter()
            .zip(SIZES)
            .all(|(record, size)| record.record == bytes(size, 1)),
    )
}

pub(super) async fn a_state_that_shrinks_and_grows_leaves_nothing_behind(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    let sizes = [10, 50_000, 9, 300_000, 5_000, 4_096, 0, 20_000, 19_999];
    for (revision, size) in sizes.into_iter().enumerate() {
        let mut sized = append(case(1), revision as u64);
        sized.state = bytes(size, revision as u64);
        let state = sized.state.clone();
        store.append(sized).await?;
        let snapshot = store.load(case(1)).await?;
        holds(
            &format!("a state of {size} bytes comes back"),
            snapshot.is_some_and(|snapshot| snapshot.state == state),
        )?;
    }
    Ok(())
}

pub(super) async fn full_sets_of_timers_and_terms_come_back(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let mut full = append(case(1), 0);
    full.timers = (0..TIMERS_MAX)
        .map(|number| Timer {
            id: format!("{number:0>width$}", width = TIMER_ID_BYTES_MAX),
            due_at: number as i64,
        })
        .collect();
    full.terms = (0..TERMS_MAX)
        .map(|number| {
            Term::text(
                format!("{number:0>width$}", width = TERM_NAME_BYTES_MAX),
                format!("{number:0>width$}", width = TERM_TEXT_BYTES_MAX),
            )
        })
        .collect();
    full.state = bytes(10_000, 1);
    store.append(full.clone()).await?;

    let due = store.due_timers(i64::MAX, None, TIMERS_MAX + 1).await?;
    let ids = due.iter().map(|timer| &timer.id);
    holds(
        "every timer comes back",
        ids.eq(full.timers.iter().map(|timer| &timer.id)),
    )?;
    for term in [0, TERMS_MAX / 2, TERMS_MAX - 1].map(|at| full.terms[at].clone()) {
        let query = Query::all(1).with(term.name, term.value);
        equal("the number of cases", store.query(&query).await?.total, 1)?;
    }
    let snapshot = store.load(case(1)).await?;
    holds(
        "the state comes back",
        snapshot.is_some_and(|snapshot| snapshot.state == full.state),
    )
}

pub(super) async fn what_is_over_a_bound_is_refused_and_writes_nothing(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    let timer = |id: String| Timer { id, due_at: 0 };
    let mut appends = Vec::new();
    let mut large_record = append(case(1), 0);
    large_record.record = vec![0; RECORD_BYTES_MAX + 1];
    appends.push((Part::Record, large_record));
    let mut large_state = append(case(1), 0);
    large_state.state = vec![0; STATE_BYTES_MAX + 1];
    appends.push((Part::State, large_state));
    let mut many_timers = append(case(1), 0);
    many_timers.timers = (0..=TIMERS_MAX).map(|n| timer(n.to_string())).collect();
    appends.push((Part::Timers, many_timers));
    let mut long_id = append(case(1), 0);
    long_id.timers = vec![timer("i".repeat(TIMER_ID_BYTES_MAX + 1))];
    appends.push((Part::TimerId, long_id));
    let many_terms = (0..=TERMS_MAX as i64).map(|n| Term::integer("n", n));
    appends.push((Part::Terms, append(case(1), 0).with_terms(many_terms)));
    let name = "n".repeat(TERM_NAME_BYTES_MAX + 1);
    let long_name = append(case(1), 0).with_terms([Term::integer(name, 1)]);
    appends.push((Part::TermName, long_name));
    let text = "t".repeat(TERM_TEXT_BYTES_MAX + 1);
    let long_text = append(case(1), 0).with_terms([Term::text("n", text)]);
    appends.push((Part::TermText, long_text));

    for (wanted, large) in appends {
        match store.append(large).await {
            Err(AppendError::TooLarge { part, size, max }) => {
                equal("the part", part, wanted)?;
                equal("the size", size, max + 1)?;
            }
            other => return Err(Breach(format!("the answer is {other:?}, not too large"))),
        }
    }
    equal("the case", store.load(case(1)).await?, None)?;
    equal("the head", store.head().await?, Position::START)
}

pub(super) async fn what_cannot_be_kept_is_refused(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let rows = [
        (
            append(case(1), 0).with_timers(&[("a", 1), ("b", 1), ("a", 2)]),
            Part::TimerId,
            Fault::Repeated,
        ),
        (
            append(case(1), 0).with_timers(&[("a\0", 1)]),
            Part::TimerId,
            Fault::Nul,
        ),
        (
            append(case(1), 0).with_terms([Term::integer("a\0", 1)]),
            Part::TermName,
            Fault::Nul,
        ),
        (
            append(case(1), 0).with_terms([Term::text("a", "\0")]),
            Part::TermText,
            Fault::Nul,
        ),
    ];
    for (malformed, wanted_part, wanted_fault) in rows {
        match store.append(malformed).await {
            Err(AppendError::Malformed { part, fault }) => {
                equal("the part", part, wanted_part)?;
                equal("the fault", fault, wanted_fault)?;
            }
            other => return Err(Breach(format!("the answer is {other:?}, not malformed"))),
        }
    }
    // The same term twice says nothing new, and is not refused.
    let twice = append(case(1), 0).with_terms([Term::text("a", "b"), Term::text("a", "b")]);
    store.append(twice).await?;
    let page = store.query(&Query::all(9).with("a", "b")).await?;
    equal("the number of cases", page.total, 1)?;
    store.append(append(case(1), 1)).await?;
    let page = store.query(&Query::all(9).with("a", "b")).await?;
    equal("the number of cases after it is gone", page.total, 0)
}
