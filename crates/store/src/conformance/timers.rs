use uuid::Uuid;

use super::given::{append, case};
use super::{Factory, Verdict, equal, opened};
use crate::{DueTimer, ReadError, Store};

pub(super) async fn timers_come_by_instant_then_case_then_id(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    store
        .append(append(case(2), 0).with_timers(&[("b", 20), ("a", 20), ("late", 30)]))
        .await?;
    store
        .append(append(case(1), 0).with_timers(&[("z", 20), ("early", 10)]))
        .await?;
    let in_order = [
        (10, case(1), "early"),
        (20, case(1), "z"),
        (20, case(2), "a"),
        (20, case(2), "b"),
        (30, case(2), "late"),
    ];
    // A timer is due at its instant, not a millisecond later.
    for (until, count) in [(9, 0), (10, 1), (19, 1), (20, 4), (30, 5)] {
        let due = due(&*store, until, 9).await?;
        equal("the due timers", due, timers(&in_order[..count]))?;
    }
    equal(
        "with a limit",
        due(&*store, 99, 3).await?,
        timers(&in_order[..3]),
    )?;
    equal("with no limit", due(&*store, 99, 0).await?, vec![])
}

pub(super) async fn an_append_replaces_the_whole_set_of_timers(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    store
        .append(append(case(1), 0).with_timers(&[("a", 10), ("b", 20)]))
        .await?;
    store
        .append(append(case(1), 1).with_timers(&[("b", 25), ("c", 5)]))
        .await?;
    equal(
        "the open timers",
        due(&*store, 99, 9).await?,
        timers(&[(5, case(1), "c"), (25, case(1), "b")]),
    )?;
    store.append(append(case(1), 2)).await?;
    equal("the open timers", due(&*store, 99, 9).await?, vec![])?;
    equal("the next due instant", store.next_due().await?, None)
}

pub(super) async fn due_timers_continue_behind_one_that_is_gone(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    for number in 1..=5 {
        store
            .append(append(case(number), 0).with_timers(&[("x", 10), ("y", 10)]))
            .await?;
    }
    let first = store.due_timers(10, None, 4).await?;
    let last = first.last().cloned();
    store.append(append(case(2), 1)).await?;
    let rest = store.due_timers(10, last.as_ref(), 9).await?;
    equal(
        "the timers behind it",
        rest,
        timers(&[
            (10, case(3), "x"),
            (10, case(3), "y"),
            (10, case(4), "x"),
            (10, case(4), "y"),
            (10, case(5), "x"),
            (10, case(5), "y"),
        ]),
    )
}

pub(super) async fn the_next_due_instant_is_the_earliest(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    equal("with no timer", store.next_due().await?, None)?;
    store
        .append(append(case(1), 0).with_timers(&[("a", 50)]))
        .await?;
    store
        .append(append(case(2), 0).with_timers(&[("a", 40)]))
        .await?;
    equal("the next due instant", store.next_due().await?, Some(40))?;
    store.append(append(case(2), 1)).await?;
    equal("after it is gone", store.next_due().await?, Some(50))
}

pub(super) async fn a_timer_may_be_due_at_any_instant(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    store
        .append(append(case(1), 0).with_timers(&[
            ("never", i64::MAX),
            ("always", i64::MIN),
            ("zero", 0),
            ("before", -1),
        ]))
        .await?;
    equal(
        "the due timers",
        due(&*store, i64::MAX, 9).await?,
        timers(&[
            (i64::MIN, case(1), "always"),
            (-1, case(1), "before"),
            (0, case(1), "zero"),
            (i64::MAX, case(1), "never"),
        ]),
    )
}

async fn due(store: &dyn Store, until: i64, limit: usize) -> Result<Vec<DueTimer>, ReadError> {
    store.due_timers(until, None, limit).await
}

fn timers(rows: &[(i64, Uuid, &str)]) -> Vec<DueTimer> {
    rows.iter()
        .map(|(due_at, case, id)| DueTimer {
            due_at: *due_at,
            case: *case,
            id: (*id).to_owned(),
        })
        .collect()
}
