use std::sync::Arc;
use std::time::Duration;

use super::given::{append, bytes, case};
use super::{Breach, Factory, Verdict, equal, holds, opened};
use crate::limits::{METADATA_KEY_BYTES_MAX, METADATA_VALUE_BYTES_MAX};
use crate::{Position, Put, PutError};

pub(super) async fn metadata_is_kept_replaced_and_removed(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    // Up to the bound and down again: pieces of the long value must not be left behind.
    for length in [0, 1, 4096, 4097, METADATA_VALUE_BYTES_MAX, 9000, 3] {
        let value = bytes(length, length as u64);
        store
            .put_metadata("办法/1", value.clone(), Put::Replace)
            .await?;
        let kept = store.metadata("办法/1").await?;
        holds("the value comes back", kept == Some(value))?;
    }
    store.put_metadata("other", vec![1], Put::Replace).await?;
    store.remove_metadata("办法/1").await?;
    equal("after removal", store.metadata("办法/1").await?, None)?;
    store.remove_metadata("办法/1").await?;
    equal(
        "the other key",
        store.metadata("other").await?,
        Some(vec![1]),
    )
}

pub(super) async fn an_entry_is_created_once(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let puts: Vec<_> = (0..16_u8)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let put = store.put_metadata("key", vec![number], Put::Create).await;
                (number, put)
            })
        })
        .collect();
    let mut created = Vec::new();
    for put in puts {
        match put.await? {
            (number, Ok(())) => created.push(number),
            (_, Err(PutError::Exists)) => {}
            (_, Err(other)) => return Err(other.into()),
        }
    }
    equal("the number of times it was created", created.len(), 1)?;
    equal("the value", store.metadata("key").await?, Some(created))?;
    store.remove_metadata("key").await?;
    store.put_metadata("key", vec![99], Put::Create).await?;
    equal("the value", store.metadata("key").await?, Some(vec![99]))
}

pub(super) async fn of_changes_under_way_at_once_one_holds(factory: &dyn Factory) -> Verdict {
    const PATIENCE: Duration = Duration::from_secs(20);
    let (long, short) = (bytes(METADATA_VALUE_BYTES_MAX, 1), vec![2]);
    for round in 0..8 {
        let store = opened(factory).await?;
        let (first, last) = (format!("removed {round}"), format!("put {round}"));
        for key in [&first, &last] {
            store.put_metadata(key, long.clone(), Put::Replace).await?;
        }
        let (removed, again, one, other) = tokio::join!(
            store.remove_metadata(&first),
            store.put_metadata(&first, long.clone(), Put::Replace),
            store.put_metadata(&last, short.clone(), Put::Replace),
            store.put_metadata(&last, long.clone(), Put::Replace),
        );
        removed?;
        again?;
        one?;
        other?;
        let mut kept = Vec::new();
        for (key, possible) in [
            (&first, [None, Some(&long)]),
            (&last, [Some(&short), Some(&long)]),
        ] {
            let found = tokio::time::timeout(PATIENCE, store.metadata(key)).await??;
            holds("what was given is kept", possible.contains(&found.as_ref()))?;
            kept.push((key, found));
        }
        store.close().await?;
        let store = opened(factory).await?;
        for (key, before) in kept {
            holds("it stays", store.metadata(key).await? == before)?;
        }
        store.close().await?;
    }
    Ok(())
}

pub(super) async fn keys_are_listed_by_prefix_in_order_of_bytes(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    for key in ["b", "a/2", "a/10", "a", "a/流程", "a0", "A", "a/"] {
        store.put_metadata(key, vec![], Put::Replace).await?;
    }
    let rows: [(&str, &str, usize, &[&str]); 8] = [
        (
            "",
            "",
            99,
            &["A", "a", "a/", "a/10", "a/2", "a/流程", "a0", "b"],
        ),
        ("a/", "", 99, &["a/", "a/10", "a/2", "a/流程"]),
        ("a/", "a/", 99, &["a/10", "a/2", "a/流程"]),
        ("a/", "a/10", 1, &["a/2"]),
        ("a/", "a/11", 99, &["a/2", "a/流程"]),
        ("a/", "b", 99, &[]),
        ("a/", "", 0, &[]),
        ("c", "", 99, &[]),
    ];
    for (prefix, after, limit, wanted) in rows {
        let keys = store.list_metadata(prefix, after, limit).await?;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        equal(
            &format!("the list of {prefix:?} after {after:?}"),
            &*keys,
            wanted,
        )?;
    }
    Ok(())
}

pub(super) async fn metadata_is_not_part_of_the_journal(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let first = store.append(append(case(1), 0)).await?;
    store.put_metadata("a", vec![1], Put::Replace).await?;
    equal("the head", store.head().await?, first.position)?;
    let second = store.append(append(case(1), 1)).await?;
    store.remove_metadata("a").await?;
    equal("the head", store.head().await?, second.position)?;
    let all = store.read_all(Position::START, 9).await?;
    equal("the number of records", all.len(), 2)
}

pub(super) async fn an_entry_that_does_not_fit_is_refused(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let long_key = "k".repeat(METADATA_KEY_BYTES_MAX + 1);
    let long_value = vec![0; METADATA_VALUE_BYTES_MAX + 1];
    for (key, value) in [(long_key.as_str(), vec![]), ("key", long_value)] {
        match store.put_metadata(key, value, Put::Replace).await {
            Err(PutError::TooLarge { .. }) => {}
            other => return Err(Breach(format!("the answer is {other:?}, not too large"))),
        }
    }
    for key in ["", "a\0b"] {
        match store.put_metadata(key, vec![], Put::Replace).await {
            Err(PutError::Malformed { .. }) => {}
            other => return Err(Breach(format!("the answer is {other:?}, not malformed"))),
        }
    }
    let longest = "k".repeat(METADATA_KEY_BYTES_MAX);
    store.put_metadata(&longest, vec![7], Put::Create).await?;
    equal(
        "the keys",
        store.list_metadata("", "", 9).await?,
        vec![longest],
    )
}
