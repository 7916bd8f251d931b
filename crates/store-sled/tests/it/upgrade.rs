//! Directories that releases with an earlier format have written.

use std::fs;
use std::path::Path;

use groundbreak_store::{Append, AppendError, Position, Record, Store};
use groundbreak_store_sled::{SledOptions, SledStore};
use tempfile::TempDir;
use uuid::Uuid;

/// What such a release wrote: every key and value of a store, and its anchor.
struct Golden {
    format: u32,
    text: &'static str,
    /// Each case with the lengths of its records.
    cases: &'static [(u128, &'static [usize])],
    /// Each command with the position of its record.
    commands: &'static [(u128, u64)],
}

const GOLDEN: [Golden; 2] = [
    Golden {
        format: 1,
        text: include_str!("golden/format-1.txt"),
        cases: &[(1, &[30, 60, 10]), (2, &[5_000, 25])],
        commands: &[(101, 2), (102, 3), (103, 4), (104, 5), (105, 7)],
    },
    Golden {
        format: 2,
        text: include_str!("golden/format-2.txt"),
        cases: &[
            (1, &[30, 60, 10]),
            (2, &[5_000, 25]),
            (3, &[12, 12]),
            (4, &[14, 14]),
        ],
        commands: &[
            (101, 2),
            (102, 3),
            (106, 4),
            (103, 5),
            (107, 6),
            (104, 8),
            (105, 11),
        ],
    },
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

impl Golden {
    fn write(&self, path: &Path) {
        fs::create_dir(path).unwrap();
        let format = format!("groundbreak-store-sled {}\n", self.format);
        fs::write(path.join("format"), format).unwrap();
        let db = sled::open(path.join("sled")).unwrap();
        for line in self.text.lines() {
            let (key, value) = line.split_once(' ').unwrap();
            if key == "anchor" {
                fs::write(path.join("anchor"), bytes(value)).unwrap();
            } else {
                db.insert(bytes(key), bytes(value)).unwrap();
            }
        }
        db.flush().unwrap();
    }

    async fn check(&self, store: &SledStore) {
        for (case, lengths) in self.cases {
            let journal = store.journal(Uuid::from_u128(*case), 0, 100).await.unwrap();
            let length = |record: &Record| record.record.len();
            let found: Vec<usize> = journal.iter().map(length).collect();
            assert_eq!(found[..lengths.len()], **lengths, "case {case}");
        }
        assert_eq!(
            store.metadata("note").await.unwrap(),
            Some(b"kept".to_vec())
        );
        assert_eq!(store.metadata("text").await.unwrap(), Some(vec![7; 20]));
        for (command, position) in self.commands {
            let applied = store.find_command(Uuid::from_u128(*command)).await.unwrap();
            assert_eq!(applied.unwrap().position, Position::new(*position));
        }
        store.verify().await.unwrap();
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_an_earlier_format_is_read_whole_and_goes_on_in_todays() {
    for golden in GOLDEN {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("store");
        golden.write(&path);
        for round in 0..2 {
            let store = SledStore::open(&path, SledOptions::default()).unwrap();
            golden.check(&store).await;
            let again = store.append(append(1, 3, 104)).await;
            assert!(matches!(again, Err(AppendError::DuplicateCommand { .. })));
            store
                .append(append(1, 3 + round, 200 + u128::from(round)))
                .await
                .unwrap();
            golden.check(&store).await;
            store.close().await.unwrap();
            let format = fs::read_to_string(path.join("format")).unwrap();
            assert_eq!(format, "groundbreak-store-sled 3\n");
        }
    }
}
