use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use groundbreak_store::{Append, Query, Store, Term, Timer};
use groundbreak_store_sled::{OpenError, SledOptions, SledStore};
use uuid::Uuid;

pub(crate) fn open(path: &Path) -> Result<SledStore, OpenError> {
    SledStore::open(path, SledOptions::default())
}

/// Where everything a command writes says which command it was, so that half a command shows.
pub(crate) fn append(case: u128, revision: u64) -> Append {
    let case = Uuid::from_u128(case);
    Append {
        case,
        expected_revision: revision - 1,
        command: command(case.as_u128(), revision),
        recorded_at: revision as i64,
        record: text(case.as_u128(), revision, "record"),
        state: text(case.as_u128(), revision, "state"),
        timers: vec![Timer {
            id: format!("timer {revision}"),
            due_at: revision as i64,
        }],
        terms: vec![Term::integer("revision", revision as i64)],
    }
}

pub(crate) fn command(case: u128, revision: u64) -> Uuid {
    let number = (case << 64) | u128::from(revision);
    Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

/// Some of them longer than a page, so that they are stored in pieces.
pub(crate) fn text(case: u128, revision: u64, what: &str) -> Vec<u8> {
    let length = match (case as u64).wrapping_add(revision) % 7 {
        0 => 9000,
        1 => 4100,
        _ => 300,
    };
    let line = format!("{what} {revision} of {case}; ");
    line.bytes().cycle().take(length).collect()
}

/// Runs async code where a test is not async.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Checks that a case has every revision up to its last, each whole, with the state, timer and
/// term of the last one and of no other. Returns the last. Below `checked` it looks at nothing.
pub(crate) async fn check_case(store: &SledStore, case: u128, checked: u64) -> u64 {
    let id = Uuid::from_u128(case);
    let Some(snapshot) = store.load(id).await.unwrap() else {
        assert_eq!(store.journal(id, 0, 1).await.unwrap(), vec![]);
        assert_eq!(store.find_command(command(case, 1)).await.unwrap(), None);
        return 0;
    };
    let last = snapshot.revision;
    // A state may not have the last records, and comes with them then.
    let has = last - snapshot.behind.len() as u64;
    let state = if has == 0 {
        Vec::new()
    } else {
        text(case, has, "state")
    };
    assert!(snapshot.state == state, "case {case}: the state of {has}");
    let behind = snapshot.behind.iter().zip(has + 1..);
    for (record, revision) in behind {
        assert_eq!((record.case, record.revision), (id, revision));
        assert_eq!(record.record, text(case, revision, "record"));
    }

    let mut revision = checked;
    loop {
        let records = store.journal(id, revision, 1000).await.unwrap();
        if records.is_empty() {
            break;
        }
        for record in records {
            revision += 1;
            assert_eq!(record.revision, revision, "case {case}");
            assert_eq!(record.record, text(case, revision, "record"));
            let applied = store.find_command(record.command).await.unwrap().unwrap();
            assert_eq!(
                (applied.case, applied.revision, applied.position),
                (id, revision, record.position)
            );
        }
    }
    assert_eq!(revision, last, "case {case}");
    let next = store.find_command(command(case, last + 1)).await.unwrap();
    assert_eq!(next, None, "half of a command is there");

    let query = Query::all(1000).within("revision", Some(last as i64), Some(last as i64 + 1));
    let page = store.query(&query).await.unwrap();
    assert!(page.hits.iter().any(|hit| hit.case == id), "case {case}");
    let timers = store.due_timers(i64::MAX, None, 10_000).await.unwrap();
    let own: Vec<&str> = timers
        .iter()
        .filter(|timer| timer.case == id)
        .map(|timer| timer.id.as_str())
        .collect();
    assert_eq!(own, [format!("timer {last}")], "case {case}");
    last
}

/// The number in the metadata entry that the writing processes count in; 0 when it is not there.
pub(crate) async fn written_metadata(store: &SledStore) -> u64 {
    match store.metadata("number").await.unwrap() {
        Some(value) => String::from_utf8(value).unwrap().trim().parse().unwrap(),
        None => 0,
    }
}

/// Writes a line at once: what stays in a buffer is lost with the process.
pub(crate) fn tell(line: &str) {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("{line}\n").as_bytes()).unwrap();
    output.flush().unwrap();
}

/// How many trials a test makes: what the variable says, or else so many.
pub(crate) fn many(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |count| count.parse().unwrap())
}

/// This test binary, as the command that runs one of its ignored tests in a process of its own.
pub(crate) fn process(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            test,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(PROCESS_PATH, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The directory that a test of [`process`] works on; `None` when somebody ran it by hand.
pub(crate) fn process_path() -> Option<PathBuf> {
    std::env::var_os(PROCESS_PATH).map(PathBuf::from)
}

const PROCESS_PATH: &str = "GROUNDBREAK_TEST_PROCESS_PATH";
