use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use groundbreak_store::{AppendError, Outcome, Put, ReadError, Store};
use groundbreak_store_sled::SledStore;
use uuid::Uuid;

use crate::given::{
    append, block_on, check_case, command, many, open, process, process_path, tell,
    written_metadata,
};

const CASES: u128 = 16;

/// What a process was told to be durable before it ended.
#[derive(Debug, Default)]
struct Acknowledged {
    revisions: HashMap<u128, u64>,
    metadata: u64,
}

impl Acknowledged {
    fn read(&mut self, line: &str) {
        // The test harness of the process writes lines of its own.
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["ack", case, revision] => {
                self.revisions
                    .insert(case.parse().unwrap(), revision.parse().unwrap());
            }
            ["metadata", number] => self.metadata = number.parse().unwrap(),
            _ => {}
        }
    }
}

/// `GROUNDBREAK_KILLS` says how often.
#[test]
fn a_killed_process_loses_nothing_that_was_acknowledged() {
    // Moments from the middle of opening to long after it, in an order of their own.
    let moments = [
        3, 120, 40, 300, 8, 75, 200, 15, 150, 25, 90, 350, 5, 60, 180, 12, 110, 30, 250, 18, 70,
        140, 9, 55,
    ];
    let kills: Vec<usize> = (0..many("GROUNDBREAK_KILLS", moments.len())).collect();
    // A directory for each round, so that the checks do not take longer and longer.
    for round in kills.chunks(moments.len()) {
        let directory = tempfile::tempdir().unwrap();
        let mut acknowledged = Acknowledged::default();
        let mut checked = HashMap::new();
        for (number, moment) in round.iter().zip(moments) {
            // Every round of them a little later.
            let moment = moment + (number / moments.len()) as u64;
            let child = process("crash::write_until_killed", directory.path())
                .spawn()
                .unwrap();
            for line in kill_after(child, Duration::from_millis(moment)) {
                acknowledged.read(&line);
            }
            check(directory.path(), &acknowledged, &mut checked);
        }
        assert!(
            acknowledged.revisions.len() == CASES as usize && acknowledged.metadata > 0,
            "the process wrote too little for this to prove anything: {acknowledged:?}"
        );
    }
}

fn kill_after(mut child: Child, moment: Duration) -> Vec<String> {
    let output = child.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        // The last line may be cut off; it was not told whole, so it does not count.
        let mut reader = BufReader::new(output);
        let mut lines = Vec::new();
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap() > 0 {
            if let Some(whole) = line.strip_suffix('\n') {
                lines.push(whole.to_owned());
            }
            line.clear();
        }
        lines
    });
    thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

fn check(path: &Path, acknowledged: &Acknowledged, checked: &mut HashMap<u128, u64>) {
    block_on(async {
        let store = open(path).unwrap();
        store.verify().await.unwrap();
        for case in 0..CASES {
            let before = checked.get(&case).copied().unwrap_or(0);
            let last = check_case(&store, case, before).await;
            let wanted = acknowledged.revisions.get(&case).copied().unwrap_or(0);
            assert!(last >= wanted, "case {case} lost revision {wanted}");
            checked.insert(case, last);
        }
        assert!(written_metadata(&store).await >= acknowledged.metadata);
        store.close().await.unwrap();
    });
}

#[test]
#[ignore = "started by the test above in a process of its own"]
fn write_until_killed() {
    let Some(path) = process_path() else {
        return;
    };
    block_on(async {
        let store = Arc::new(open(&path).unwrap());
        let metadata = tokio::spawn(write_metadata(Arc::clone(&store)));
        let writers: Vec<_> = (0..CASES)
            .map(|case| tokio::spawn(write_case(Arc::clone(&store), case)))
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        metadata.await.unwrap();
    });
}

async fn write_case(store: Arc<SledStore>, case: u128) {
    let snapshot = store.load(Uuid::from_u128(case)).await.unwrap();
    let mut revision = snapshot.map_or(0, |snapshot| snapshot.revision);
    loop {
        revision += 1;
        store.append(append(case, revision)).await.unwrap();
        tell(&format!("ack {case} {revision}"));
    }
}

async fn write_metadata(store: Arc<SledStore>) {
    let mut number = written_metadata(&store).await;
    loop {
        number += 1;
        // In turn short and in pieces.
        let width = if number.is_multiple_of(2) { 6000 } else { 1 };
        let value = format!("{number:>width$}").into_bytes();
        store
            .put_metadata("number", value, Put::Replace)
            .await
            .unwrap();
        tell(&format!("metadata {number}"));
    }
}

/// The system refuses to let files grow beyond a size, as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn when_writing_fails_the_outcome_is_unknown_and_everything_after_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let binary = process("crash::write_until_it_fails", directory.path());
    let mut limited = Command::new("sh");
    limited
        // Without the signal that would end the process, writing returns an error.
        .args(["-c", "trap '' XFSZ; ulimit -f 6000; exec \"$0\" \"$@\""])
        .arg(binary.get_program())
        .args(binary.get_args());
    for (name, value) in binary.get_envs() {
        limited.env(name, value.unwrap());
    }
    let output = limited.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("refused everything after"),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let mut acknowledged = Acknowledged::default();
    text.lines().for_each(|line| acknowledged.read(line));
    assert!(acknowledged.revisions[&0] > 10);
    check(directory.path(), &acknowledged, &mut HashMap::new());

    // The unknown command is settled: it is there whole, or it can be sent again.
    let unknown: u64 = text
        .lines()
        .find_map(|line| line.strip_prefix("unknown "))
        .unwrap()
        .parse()
        .unwrap();
    block_on(async {
        let store = open(directory.path()).unwrap();
        let applied = store.find_command(command(0, unknown)).await.unwrap();
        let snapshot = store.load(Uuid::from_u128(0)).await.unwrap().unwrap();
        if applied.is_some() {
            assert_eq!(snapshot.revision, unknown);
        } else {
            assert_eq!(snapshot.revision, unknown - 1);
            store.append(append(0, unknown)).await.unwrap();
        }
    });
}

#[test]
#[ignore = "started by the test above in a process of its own"]
fn write_until_it_fails() {
    let Some(path) = process_path() else {
        return;
    };
    block_on(async {
        let store = open(&path).unwrap();
        let mut revision = 0;
        let err = loop {
            revision += 1;
            match store.append(append(0, revision)).await {
                Ok(_) => tell(&format!("ack 0 {revision}")),
                Err(err) => break err,
            }
        };
        assert!(matches!(err, AppendError::Unknown { .. }), "{err:?}");
        assert_eq!(err.outcome(), Outcome::Unknown);
        tell(&format!("unknown {revision}"));

        let after = store.append(append(0, revision)).await.unwrap_err();
        assert_eq!(after.outcome(), Outcome::NotDone, "{after:?}");
        let other = store.append(append(1, 1)).await.unwrap_err();
        assert_eq!(other.outcome(), Outcome::NotDone, "{other:?}");
        let read = store.load(Uuid::from_u128(0)).await.unwrap_err();
        assert!(matches!(read, ReadError::Unavailable { .. }), "{read:?}");
        assert!(store.find_command(command(0, 1)).await.is_err());
        assert!(store.head().await.is_err());
        assert!(store.close().await.is_err());
        tell("refused everything after");
        // sled's own threads may hang after such an error; the process ends without them.
        std::process::exit(0);
    });
}
