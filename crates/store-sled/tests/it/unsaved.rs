//! States that were not stored before a crash.

use std::fs;
use std::path::Path;

use groundbreak_store::{Store, Term};
use groundbreak_store_sled::{OpenError, Part};
use tempfile::TempDir;
use uuid::Uuid;

use crate::given::{append, block_on, check_case, open};

/// A copy of what is on the disk while a store is open: what a process that is killed leaves.
fn crashed(from: &Path) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let directory = tempfile::tempdir().unwrap();
    copy(from, directory.path());
    directory
}

#[test]
fn after_a_crash_a_state_comes_with_the_records_that_it_does_not_have() {
    let directory = tempfile::tempdir().unwrap();
    let id = Uuid::from_u128(1);
    block_on(async {
        let store = open(directory.path()).unwrap();
        for revision in 1..=3 {
            store.append(append(1, revision)).await.unwrap();
            store.append(append(2, revision)).await.unwrap();
        }
        let left = crashed(directory.path());
        store.close().await.unwrap();

        for _ in 0..2 {
            let store = open(left.path()).unwrap();
            let snapshot = store.load(id).await.unwrap().unwrap();
            assert_eq!((snapshot.revision, snapshot.behind.len()), (3, 3));
            assert_eq!(check_case(&store, 1, 0).await, 3);
            assert_eq!(check_case(&store, 2, 0).await, 3);
            assert_eq!(store.verify().await.unwrap().cases, 2);
            store.close().await.unwrap();
        }
        // The next command brings the state.
        let store = open(left.path()).unwrap();
        store.append(append(1, 4)).await.unwrap();
        let again = crashed(left.path());
        store.close().await.unwrap();
        for (path, behind) in [(again.path(), 4), (left.path(), 0)] {
            let store = open(path).unwrap();
            let snapshot = store.load(id).await.unwrap().unwrap();
            assert_eq!((snapshot.revision, snapshot.behind.len()), (4, behind));
            assert_eq!(check_case(&store, 1, 0).await, 4);
            store.verify().await.unwrap();
            store.close().await.unwrap();
        }
        let store = open(directory.path()).unwrap();
        let snapshot = store.load(id).await.unwrap().unwrap();
        assert_eq!((snapshot.revision, snapshot.behind.len()), (3, 0));
    });
}

#[test]
fn a_state_never_lacks_many_records() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let store = open(directory.path()).unwrap();
        for revision in 1..=600 {
            store.append(append(1, revision)).await.unwrap();
        }
        let left = crashed(directory.path());
        let store = open(left.path()).unwrap();
        let snapshot = store.load(Uuid::from_u128(1)).await.unwrap().unwrap();
        assert!(snapshot.behind.len() <= 256, "{}", snapshot.behind.len());
        assert_eq!(check_case(&store, 1, 0).await, 600);
        store.verify().await.unwrap();
    });
}

#[test]
fn a_state_is_stored_when_many_others_have_come() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let store = open(directory.path()).unwrap();
        for first in (1..=20_000).step_by(1_000) {
            let cases = first..first + 1_000;
            let written = cases.map(|case| store.append(append(case, 1)));
            for written in futures::future::join_all(written).await {
                written.unwrap();
            }
        }
        let left = crashed(directory.path());
        let store = open(left.path()).unwrap();
        let behind = async |case| {
            let snapshot = store.load(Uuid::from_u128(case)).await.unwrap().unwrap();
            snapshot.behind.len()
        };
        assert_eq!((behind(1).await, behind(20_000).await), (0, 1));
        store.verify().await.unwrap();
    });
}

#[test]
fn rows_that_are_lost_or_changed_are_named_at_opening() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let store = open(directory.path()).unwrap();
        store.append(append(1, 1)).await.unwrap();
        let damages: [fn(&sled::Tree); 2] = [
            |tree| {
                for item in tree.scan_prefix(b"U") {
                    tree.remove(item.unwrap().0).unwrap();
                }
            },
            |tree| {
                let (key, value) = tree.scan_prefix(b"U").next().unwrap().unwrap();
                let mut changed = value.to_vec();
                changed[20] ^= 1;
                tree.insert(key, changed).unwrap();
            },
        ];
        for damage in damages {
            let left = crashed(directory.path());
            let database = sled::open(left.path().join("sled")).unwrap();
            damage(&database);
            database.flush().unwrap();
            drop(database);
            let refused = open(left.path()).map(drop).unwrap_err();
            assert!(
                matches!(
                    &refused,
                    OpenError::Damaged {
                        part: Part::State,
                        ..
                    }
                ),
                "{refused:?}"
            );
        }
    });
}

#[test]
fn a_state_that_shrinks_and_grows_in_one_group_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let id = Uuid::from_u128(1);
    let of = |revision: u64, state: usize, terms: usize| {
        let mut append = append(1, revision);
        append.state = vec![revision as u8; state];
        append.terms = (0..terms)
            .map(|number| Term::text(format!("term {number}"), "x".repeat(200)))
            .collect();
        append
    };
    block_on(async {
        let store = open(directory.path()).unwrap();
        store.append(of(1, 40_000, 1)).await.unwrap();
        store.close().await.unwrap();

        // A short state waits until it lacks so many records that the next command has it stored. That
        // one has too many terms to wait itself.
        let store = open(directory.path()).unwrap();
        for revision in 2..=257 {
            store.append(of(revision, 10, 1)).await.unwrap();
        }
        store.append(of(258, 30_000, 40)).await.unwrap();
        let state = store.load(id).await.unwrap().unwrap().state;
        assert_eq!(state, vec![2; 30_000]);
        store.verify().await.unwrap();
        store.close().await.unwrap();

        let store = open(directory.path()).unwrap();
        assert_eq!(store.load(id).await.unwrap().unwrap().state, state);
        store.verify().await.unwrap();
        store.close().await.unwrap();
    });
}

#[test]
fn what_a_state_lacks_does_not_grow_from_crash_to_crash() {
    let first = tempfile::tempdir().unwrap();
    let id = Uuid::from_u128(1);
    block_on(async {
        let mut left = first;
        let mut revision = 0;
        for _ in 0..4 {
            let store = open(left.path()).unwrap();
            for _ in 0..100 {
                revision += 1;
                store.append(append(1, revision)).await.unwrap();
            }
            let crash = crashed(left.path());
            store.close().await.unwrap();
            left = crash;
        }
        let store = open(left.path()).unwrap();
        let behind = store.load(id).await.unwrap().unwrap().behind.len();
        assert_eq!((check_case(&store, 1, 0).await, behind < 257), (400, true));
    });
}
