use std::sync::Arc;

use super::given::{append, case, command};
use super::{Breach, Factory, Verdict, equal, opened};
use crate::{AppendError, Applied, Position, Store};

pub(super) async fn a_command_sent_twice_is_applied_once(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let first = append(case(1), 0);
    let appended = store.append(first.clone()).await?;
    let applied = Applied {
        case: case(1),
        revision: 1,
        position: appended.position,
    };
    duplicate(&*store, first.clone(), applied).await?;
    // The same command, decided again on the newer revision.
    let mut decided_again = append(case(1), 1);
    decided_again.command = first.command;
    duplicate(&*store, decided_again, applied).await?;

    equal("the journal", store.journal(case(1), 0, 9).await?.len(), 1)?;
    equal(
        "what the command did",
        store.find_command(first.command).await?,
        Some(applied),
    )
}

pub(super) async fn a_command_id_is_unique_in_the_whole_store(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let first = append(case(1), 0);
    let appended = store.append(first.clone()).await?;
    let mut other = append(case(2), 0);
    other.command = first.command;
    let applied = Applied {
        case: case(1),
        revision: 1,
        position: appended.position,
    };
    duplicate(&*store, other, applied).await?;
    equal("the other case", store.load(case(2)).await?, None)
}

pub(super) async fn a_command_sent_by_many_at_once_is_applied_once(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    for round in 0..5 {
        let sends: Vec<_> = (0..16)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.append(append(case(1), round)).await })
            })
            .collect();
        let mut done = 0;
        for send in sends {
            match send.await? {
                Ok(appended) => {
                    equal("the revision", appended.revision, round + 1)?;
                    done += 1;
                }
                Err(AppendError::DuplicateCommand { applied, .. }) => {
                    equal("the revision of the first", applied.revision, round + 1)?;
                }
                Err(other) => return Err(other.into()),
            }
        }
        equal("the number of times it was applied", done, 1)?;
    }
    equal(
        "the number of records",
        store.read_all(Position::START, 99).await?.len(),
        5,
    )
}

pub(super) async fn a_refused_command_is_not_found(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    store.append(append(case(1), 0)).await?;
    let refused = append(case(1), 5);
    equal(
        "whether a stale append succeeds",
        store.append(refused.clone()).await.is_ok(),
        false,
    )?;
    equal(
        "what the refused command did",
        store.find_command(refused.command).await?,
        None,
    )?;
    // And its id is free: the command may be decided again.
    let mut again = append(case(1), 1);
    again.command = refused.command;
    store.append(again).await?;
    equal(
        "a command that nobody sent",
        store.find_command(command(case(9), 9)).await?,
        None,
    )
}

async fn duplicate(store: &dyn Store, append: crate::Append, wanted: Applied) -> Verdict {
    let sent = append.command;
    match store.append(append).await {
        Err(AppendError::DuplicateCommand { command, applied }) => {
            equal("the command", command, sent)?;
            equal("what it did the first time", applied, wanted)
        }
        other => Err(Breach(format!(
            "the answer is {other:?}, not a duplicate command"
        ))),
    }
}
