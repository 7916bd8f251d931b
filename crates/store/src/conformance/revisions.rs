use super::given::{append, case, command};
use super::{Breach, Factory, Verdict, equal, holds, opened};
use crate::{AppendError, Outcome, Position, Query, Store, Term};

pub(super) async fn a_new_case_begins_at_revision_1(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let appended = store.append(append(case(1), 0)).await?;
    equal("the revision", appended.revision, 1)?;
    holds(
        "the position is behind the start",
        appended.position > Position::START,
    )
}

pub(super) async fn each_append_adds_one_to_the_revision(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    for revision in 0..20 {
        let appended = store.append(append(case(1), revision)).await?;
        equal("the revision", appended.revision, revision + 1)?;
        let snapshot = store.load(case(1)).await?;
        let snapshot = snapshot.ok_or_else(|| Breach("the case is not there".to_owned()))?;
        equal("the loaded revision", snapshot.revision, revision + 1)?;
        equal("the loaded position", snapshot.position, appended.position)?;
    }
    store.append(append(case(2), 0)).await?;
    let mut many = store.load_many(&[case(2), case(3), case(1)]).await?;
    many.sort_by_key(|snapshot| snapshot.case);
    let mut single: Vec<_> = store.load(case(1)).await?.into_iter().collect();
    single.extend(store.load(case(2)).await?);
    single.sort_by_key(|snapshot| snapshot.case);
    equal("several cases", many, single)?;
    Ok(())
}

pub(super) async fn a_stale_revision_is_refused_and_writes_nothing(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    store.append(append(case(1), 0)).await?;
    store.append(append(case(1), 1)).await?;
    let head = store.head().await?;
    let mut stale = append(case(1), 1)
        .with_timers(&[("stale", 5)])
        .with_terms([Term::text("stale", "yes")]);
    stale.command = command(case(1), 99);
    refused_at(&*store, stale, 1, 2).await?;

    let snapshot = store.load(case(1)).await?;
    equal(
        "the state",
        snapshot.map(|snapshot| snapshot.state),
        Some(append(case(1), 1).state),
    )?;
    equal("the journal", store.journal(case(1), 0, 9).await?.len(), 2)?;
    equal("the head", store.head().await?, head)?;
    equal("the next due instant", store.next_due().await?, None)?;
    let found = store.query(&Query::all(9).with("stale", "yes")).await?;
    equal("the number of cases with the term", found.total, 0)
}

pub(super) async fn a_case_that_exists_is_not_created_again(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    store.append(append(case(1), 0)).await?;
    let mut again = append(case(1), 0);
    again.command = command(case(1), 99);
    refused_at(&*store, again, 0, 1).await
}

pub(super) async fn a_case_that_does_not_exist_is_at_revision_0(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    refused_at(&*store, append(case(1), 3), 3, 0).await?;
    refused_at(&*store, append(case(1), u64::MAX), u64::MAX, 0).await?;
    equal("the case", store.load(case(1)).await?, None)
}

pub(super) async fn what_was_never_written_is_not_there(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    equal("the case", store.load(case(1)).await?, None)?;
    equal("the journal", store.journal(case(1), 0, 9).await?, vec![])?;
    equal("all", store.read_all(Position::START, 9).await?, vec![])?;
    equal("the head", store.head().await?, Position::START)?;
    equal("the command", store.find_command(case(1)).await?, None)?;
    equal("the metadata", store.metadata("key").await?, None)?;
    equal("the keys", store.list_metadata("", "", 9).await?, vec![])?;
    equal("timers", store.due_timers(i64::MAX, None, 9).await?, vec![])?;
    equal("the query", store.query(&Query::all(9)).await?.total, 0)
}

async fn refused_at(
    store: &dyn Store,
    append: crate::Append,
    wanted_expected: u64,
    wanted_actual: u64,
) -> Verdict {
    let wanted_case = append.case;
    match store.append(append).await {
        Err(
            err @ AppendError::RevisionConflict {
                case,
                expected,
                actual,
            },
        ) => {
            equal("the case", case, wanted_case)?;
            equal("the expected revision", expected, wanted_expected)?;
            equal("the actual revision", actual, wanted_actual)?;
            equal("the outcome", err.outcome(), Outcome::Refused)
        }
        other => Err(Breach(format!(
            "the answer is {other:?}, not a revision conflict"
        ))),
    }
}
