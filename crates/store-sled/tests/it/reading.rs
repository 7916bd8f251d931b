//! Who reads a case goes on to write to it.

use groundbreak_store::{AppendError, Store};
use uuid::Uuid;

use crate::given::{append, block_on, check_case, open};

#[test]
fn a_case_that_was_read_goes_on_from_where_it_stands_now() {
    let directory = tempfile::tempdir().unwrap();
    let id = Uuid::from_u128(1);
    block_on(async {
        let store = open(directory.path()).unwrap();
        for revision in 1..=6 {
            store.append(append(1, revision)).await.unwrap();
        }
        store.close().await.unwrap();

        // The state of revision 6 takes several values, and that of 8 one.
        let store = open(directory.path()).unwrap();
        for revision in 7..=8 {
            assert_eq!(
                store.load(id).await.unwrap().unwrap().revision,
                revision - 1
            );
            let mut late = append(1, revision - 1);
            late.command = Uuid::from_u128(u128::from(revision));
            let refused = store.append(late).await.unwrap_err();
            assert!(matches!(
                refused,
                AppendError::RevisionConflict { actual, .. } if actual == revision - 1
            ));
            assert_eq!(store.load_many(&[id]).await.unwrap().len(), 1);
            store.append(append(1, revision)).await.unwrap();
        }
        store.close().await.unwrap();

        let store = open(directory.path()).unwrap();
        assert_eq!(check_case(&store, 1, 0).await, 8);
        assert_eq!(store.verify().await.unwrap().cases, 1);
        store.close().await.unwrap();
    });
    // `Q` and the case: a further value of its state.
    let database = sled::open(directory.path().join("sled")).unwrap();
    assert_eq!(database.scan_prefix(b"Q").count(), 0);
}
