//! Power cuts: what was written and not yet synced is there, or not, or in part.
//!
//! `GROUNDBREAK_POWER_CUTS` says how many cuts are made of a recording; without it there are 40.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use groundbreak_store::{Put, Store};
use groundbreak_store_sled::SledStore;
use tempfile::TempDir;
use uuid::Uuid;

use crate::dice::Dice;
use crate::given::{
    append, block_on, check_case, many, open, process, process_path, tell, written_metadata,
};
use crate::recording::{Disk, Recording};
use crate::shim::Shim;

const CASES: u128 = 8;

/// Each process writes until every case has this revision, and then closes the store or not.
const PROCESSES: [(u64, bool); 4] = [(12, false), (30, true), (45, false), (60, true)];

/// The store is below directories that the first process makes.
const STORE: &str = "data/of/store";

fn record(folder: &TempDir) -> Recording {
    let shim = Shim::new();
    let root = folder.path().join("root");
    let log = folder.path().join("log");
    std::fs::create_dir(&root).unwrap();
    let root = root.canonicalize().unwrap();
    for (revision, closes) in PROCESSES {
        let mut writer = process("power_cut::write_and_end", &root.join(STORE));
        shim.preload(&mut writer, &root);
        writer
            .env("GROUNDBREAK_SHIM_LOG", &log)
            .env("GROUNDBREAK_TEST_REVISION", revision.to_string())
            .env("GROUNDBREAK_TEST_CLOSES", closes.to_string());
        let ended = writer.output().unwrap();
        let told = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "{told}");
    }
    Recording::read(&log, &root)
}

#[test]
#[ignore = "started by the tests of this file in a process of its own"]
fn write_and_end() {
    let Some(path) = process_path() else {
        return;
    };
    let setting = |name| std::env::var(name).unwrap();
    let last: u64 = setting("GROUNDBREAK_TEST_REVISION").parse().unwrap();
    block_on(async {
        let store = Arc::new(open(&path).unwrap());
        let writers: Vec<_> = (0..CASES)
            .map(|case| tokio::spawn(write_case(Arc::clone(&store), case, last)))
            .collect();
        for number in (last - 10)..=last {
            let value = format!("{number:>6000}").into_bytes();
            let put = store.put_metadata("number", value, Put::Replace);
            put.await.unwrap();
            tell(&format!("metadata {number}"));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        if setting("GROUNDBREAK_TEST_CLOSES") == "true" {
            store.close().await.unwrap();
        }
    });
    std::process::exit(0);
}

async fn write_case(store: Arc<SledStore>, case: u128, last: u64) {
    let snapshot = store.load(Uuid::from_u128(case)).await.unwrap();
    let first = snapshot.map_or(1, |snapshot| snapshot.revision + 1);
    for revision in first..=last {
        store.append(append(case, revision)).await.unwrap();
        tell(&format!("ack {case} {revision}"));
    }
}

/// What was acknowledged by a moment: the last revision of each case, and the metadata.
fn acknowledged(recording: &Recording, moment: usize) -> (HashMap<u128, u64>, u64) {
    let mut revisions = HashMap::new();
    let mut metadata = 0;
    for text in recording.told(moment) {
        // What the harness of the test tells may stand on the same line.
        if let Some((_, words)) = text.trim_end().rsplit_once("ack ") {
            let (case, revision) = words.split_once(' ').unwrap();
            let (case, revision) = (case.parse().unwrap(), revision.parse().unwrap());
            revisions.insert(case, revision);
        } else if let Some((_, number)) = text.trim_end().rsplit_once("metadata ") {
            metadata = number.parse().unwrap();
        }
    }
    (revisions, metadata)
}

/// Opens what a cut left and compares it with what was acknowledged. Panics when it differs.
async fn check(path: &Path, revisions: &HashMap<u128, u64>, metadata: u64) {
    let store = open(path).unwrap_or_else(|err| panic!("{}: {err:?}", err.code()));
    store.verify().await.unwrap();
    for case in 0..CASES {
        let last = check_case(&store, case, 0).await;
        let told = revisions.get(&case).copied().unwrap_or(0);
        // Each case has one writer, which waits for its answer.
        assert!(
            last == told || last == told + 1,
            "case {case} ends at {last}, and {told} was acknowledged"
        );
        store.append(append(case, last + 1)).await.unwrap();
    }
    let number = written_metadata(&store).await;
    assert!(number >= metadata, "metadata {number}, told {metadata}");
    store.close().await.unwrap();
}

/// Makes cuts at moments all over the recording. Returns what the check found of each that did
/// not hold.
fn cuts(recording: &Recording, disk: Disk, count: usize) -> Vec<String> {
    let mut faults = Vec::new();
    for number in 0..count {
        let mut dice = Dice::new(number as u64);
        let moment = dice.below(recording.moments());
        let target = tempfile::tempdir().unwrap();
        recording.cut(moment, disk, &mut dice, target.path());
        let path = target.path().join(STORE);
        let (revisions, metadata) = acknowledged(recording, moment);
        let (sender, receiver) = mpsc::channel();
        let checked = thread::spawn(move || {
            block_on(check(&path, &revisions, metadata));
            sender.send(()).unwrap();
        });
        let fault = match receiver.recv_timeout(Duration::from_secs(30)) {
            Ok(()) => continue,
            Err(mpsc::RecvTimeoutError::Timeout) => "it does not end".to_owned(),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let panic = checked.join().unwrap_err();
                let text = panic.downcast_ref::<String>().cloned();
                text.unwrap_or_else(|| "a panic without a text".to_owned())
            }
        };
        faults.push(format!("cut {number} at moment {moment}: {fault}"));
    }
    faults
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(&folder);
    let (revisions, _) = acknowledged(&recording, recording.moments() - 1);
    let last = PROCESSES[PROCESSES.len() - 1].0;
    assert!((0..CASES).all(|case| revisions[&case] == last));
    let faults = cuts(&recording, Disk::Honest, many("GROUNDBREAK_POWER_CUTS", 40));
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The test of the test: a disk that syncs nothing must be found out.
#[test]
fn a_disk_that_only_says_it_synced_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(&folder);
    let faults = cuts(&recording, Disk::Lying, 20);
    assert!(faults.len() >= 10, "{faults:#?}");
}
