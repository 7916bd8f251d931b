use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use groundbreak_store::{Position, Snapshot, Store};
use groundbreak_store_sled::{Part, VerifyError};
use uuid::Uuid;

use crate::given::{append, block_on, open};

const CASES: u128 = 5;
const REVISIONS: u64 = 30;

async fn fill(store: &dyn Store) {
    for revision in 1..=REVISIONS {
        for case in 0..CASES {
            store.append(append(case, revision)).await.unwrap();
        }
    }
}

#[test]
fn each_record_is_shown_in_order_and_each_case_with_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let store = open(folder.path()).unwrap();
        fill(&store).await;
        let records = Arc::new(Mutex::new(Vec::new()));
        let cases = Arc::new(Mutex::new(BTreeMap::new()));
        let (seen, told) = (Arc::clone(&records), Arc::clone(&cases));
        let verified = store.verify_with(
            move |record| {
                seen.lock().unwrap().push(record.to_vec());
                Ok::<(), ()>(())
            },
            move |state: &Snapshot, journal| {
                let journal: Vec<_> = journal.collect();
                told.lock()
                    .unwrap()
                    .insert(state.case, (state.clone(), journal));
                Ok(())
            },
        );
        let verified = verified.await.unwrap();
        assert_eq!(verified.records, REVISIONS * CASES as u64);
        assert_eq!(verified.cases, CASES as u64);
        let all = store.read_all(Position::START, 1000).await.unwrap();
        let all: Vec<_> = all.into_iter().map(|record| record.record).collect();
        assert_eq!(*records.lock().unwrap(), all);
        for case in (0..CASES).map(Uuid::from_u128) {
            let state = store.load(case).await.unwrap().unwrap();
            let journal = store.journal(case, 0, 1000).await.unwrap();
            assert_eq!(cases.lock().unwrap()[&case], (state, journal));
        }
    });
}

#[test]
fn what_the_caller_finds_ends_the_check_and_of_several_cases_the_first_is_told() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let store = open(folder.path()).unwrap();
        fill(&store).await;
        let of_cases = store.verify_with(|_| Ok(()), |state: &Snapshot, _| Err(state.case));
        let found = of_cases.await.unwrap_err();
        assert!(matches!(found, VerifyError::Found(case) if case == Uuid::from_u128(0)));
        let of_records = store.verify_with(|_| Err(7), |_: &Snapshot, _| Err(8));
        assert!(matches!(of_records.await, Err(VerifyError::Found(7))));
    });
}

#[test]
fn what_is_written_meanwhile_is_not_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let store = Arc::new(open(folder.path()).unwrap());
        fill(store.as_ref()).await;
        let writing = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                for revision in REVISIONS + 1..=REVISIONS + 60 {
                    for case in 0..CASES + 1 {
                        let revision = if case == CASES {
                            revision - REVISIONS
                        } else {
                            revision
                        };
                        store.append(append(case, revision)).await.unwrap();
                    }
                }
            }
        });
        let mut before = 0;
        while !writing.is_finished() {
            let verified = store.verify().await.unwrap();
            assert!(verified.records >= before);
            before = verified.records;
        }
        writing.await.unwrap();
        let last = store.verify().await.unwrap();
        assert_eq!(last.records, (REVISIONS + 60) * CASES as u64 + 60);
    });
}

/// What becomes of a store when something is done to its tree between two openings, the first of
/// which wrote a second revision of case 1.
fn opening_after(change: impl FnOnce(&sled::Tree, sled::IVec)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let with_tree = |path: &Path| sled::open(path.join("sled")).unwrap();
    let mut state_key = vec![b'S'];
    state_key.extend_from_slice(Uuid::from_u128(1).as_bytes());
    block_on(async {
        let write = async |revision| {
            let store = open(folder.path()).unwrap();
            for case in 1..=2 {
                store.append(append(case, revision)).await.unwrap();
            }
            store.close().await.unwrap();
        };
        write(1).await;
        let database = with_tree(folder.path());
        let first = database.get(&state_key).unwrap().unwrap();
        drop(database);
        write(2).await;
        let database = with_tree(folder.path());
        change(&database, first);
        database.flush().unwrap();
        drop(database);
        match open(folder.path()) {
            Ok(_) => "open".to_owned(),
            Err(groundbreak_store_sled::OpenError::Damaged { part, place, .. }) => {
                assert_eq!(part, Part::State);
                place
            }
            Err(other) => other.to_string(),
        }
    })
}

#[test]
fn a_case_that_does_not_stand_where_its_last_record_is_is_named_at_opening() {
    let case = Uuid::from_u128(1);
    let mut state_key = vec![b'S'];
    state_key.extend_from_slice(case.as_bytes());
    assert_eq!(opening_after(|_, _| ()), "open");
    let older = opening_after(|tree, first| {
        tree.insert(&state_key, first).unwrap();
    });
    assert_eq!(older, case.to_string());
    let gone = opening_after(|tree, _| {
        tree.remove(&state_key).unwrap();
    });
    assert_eq!(gone, format!("{case} is missing"));
}
