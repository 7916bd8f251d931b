//! A directory that the release with the format before has written.

use std::fs;
use std::path::Path;

use groundbreak_store::{Append, AppendError, Position, Store};
use groundbreak_store_sled::{SledOptions, SledStore};
use tempfile::TempDir;
use uuid::Uuid;

/// Every key and value of a store of format 1, and its anchor, as that release wrote them.
const FORMAT_1: &str = include_str!("golden/format-1.txt");

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn write_format_1(path: &Path) {
    fs::create_dir(path).unwrap();
    fs::write(path.join("format"), "groundbreak-store-sled 1\n").unwrap();
    let db = sled::open(path.join("sled")).unwrap();
    for line in FORMAT_1.lines() {
        let (key, value) = line.split_once(' ').unwrap();
        if key == "anchor" {
            fs::write(path.join("anchor"), bytes(value)).unwrap();
        } else {
            db.insert(bytes(key), bytes(value)).unwrap();
        }
    }
    db.flush().unwrap();
}

fn append(case: u128, expected_revision: u64, command: u128) -> Append {
    Append {
        case: Uuid::from_u128(case),
        expected_revision,
        command: Uuid::from_u128(command),
        recorded_at: 1_679_536_900_000,
        record: b"written later".to_vec(),
        state: b"state".to_vec(),
        timers: Vec::new(),
        terms: Vec::new(),
    }
}

async fn check_what_was_there(store: &SledStore) {
    let journal = |case| store.journal(Uuid::from_u128(case), 0, 100);
    let lengths = |records: Vec<groundbreak_store::Record>| -> Vec<usize> {
        records.iter().map(|record| record.record.len()).collect()
    };
    assert_eq!(lengths(journal(1).await.unwrap())[..3], [30, 60, 10]);
    assert_eq!(lengths(journal(2).await.unwrap())[..2], [5_000, 25]);
    assert_eq!(
        store.metadata("note").await.unwrap(),
        Some(b"kept".to_vec())
    );
    assert_eq!(store.metadata("text").await.unwrap(), Some(vec![7; 20]));
    for (command, position) in [(101, 2), (102, 3), (103, 4), (104, 5), (105, 7)] {
        let applied = store.find_command(Uuid::from_u128(command)).await.unwrap();
        assert_eq!(applied.unwrap().position, Position::new(position));
    }
    store.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_the_format_before_is_read_whole_and_goes_on_in_todays() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store");
    write_format_1(&path);
    for round in 0..2 {
        let store = SledStore::open(&path, SledOptions::default()).unwrap();
        check_what_was_there(&store).await;
        let again = store.append(append(1, 3, 104)).await;
        assert!(matches!(again, Err(AppendError::DuplicateCommand { .. })));
        store
            .append(append(1, 3 + round, 200 + u128::from(round)))
            .await
            .unwrap();
        check_what_was_there(&store).await;
        store.close().await.unwrap();
        let format = fs::read_to_string(path.join("format")).unwrap();
        assert_eq!(format, "groundbreak-store-sled 2\n");
    }
}
