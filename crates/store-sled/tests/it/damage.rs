use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use groundbreak_store::Store;
use tempfile::TempDir;

use crate::dice::Dice;
use crate::given::{append, block_on, check_case, many, open};

const CASES: u128 = 8;
const REVISIONS: u64 = 40;

/// A store with some hundred commands, closed as it should. `openings` says how often it was
/// opened since most of them: sled reads what was before an opening in another way.
struct Sample {
    directory: TempDir,
}

impl Sample {
    fn new(openings: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        block_on(async {
            let store = open(&path).unwrap();
            for revision in 1..=REVISIONS {
                for case in 0..CASES {
                    store.append(append(case, revision)).await.unwrap();
                }
            }
            store.close().await.unwrap();
            for _ in 0..openings {
                open(&path).unwrap().close().await.unwrap();
            }
        });
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_all(&self.path(), &copy.path().join("store"));
        copy
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What became of a damaged store.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// It was not opened, with this code.
    Refused(&'static str),
    /// It was opened, and checking it found damage.
    Noticed,
    /// It was opened, and everything is there.
    Intact,
}

/// Opens the store at a path and reads everything. Fails when that neither ends nor tells, when
/// it panics, or when something is missing that nobody told of.
fn examine(path: PathBuf) -> Found {
    let (sender, receiver) = mpsc::channel();
    let examiner = thread::spawn(move || {
        let found = block_on(async {
            let store = match open(&path) {
                Ok(store) => store,
                Err(err) => return Found::Refused(err.code()),
            };
            if store.verify().await.is_err() {
                return Found::Noticed;
            }
            for case in 0..CASES {
                assert_eq!(check_case(&store, case, 0).await, REVISIONS);
            }
            Found::Intact
        });
        sender.send(found).unwrap();
    });
    match receiver.recv_timeout(Duration::from_secs(30)) {
        Ok(found) => found,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(examiner.join().unwrap_err());
        }
    }
}

/// Damages a file of copies of a store in several ways. Returns what became of each.
fn trials(
    sample: &Sample,
    file: &Path,
    count: usize,
    damage: impl Fn(&mut Vec<u8>, usize),
) -> Vec<Found> {
    (0..count)
        .map(|trial| {
            let copy = sample.copy();
            let path = copy.path().join("store");
            let file = path.join(file);
            let mut bytes = fs::read(&file).unwrap();
            damage(&mut bytes, trial);
            fs::write(&file, bytes).unwrap();
            examine(path)
        })
        .collect()
}

/// A place in a file, another one for each trial.
fn place(length: usize, trial: usize) -> usize {
    (trial + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) % length
}

fn flip(bytes: &mut [u8], trial: usize) {
    let at = place(bytes.len(), trial);
    bytes[at] ^= 1 << (trial % 8);
}

fn zero_page(bytes: &mut [u8], trial: usize) {
    let page = place(bytes.len() / 4096, trial);
    bytes[page * 4096..(page + 1) * 4096].fill(0);
}

/// Damages the file of sled in both the ways that sled reads it: as a log, and behind a snapshot,
/// where whole stretches may be unused and damage to them harmless.
fn trials_on_the_log(count: usize, damage: impl Fn(&mut Vec<u8>, usize)) {
    let log = Path::new("sled/db");
    let mut found = trials(&Sample::new(0), log, count, &damage);
    found.extend(trials(&Sample::new(2), log, count, &damage));
    told(&found);
}

#[test]
fn a_flipped_bit_is_told_or_harmless() {
    trials_on_the_log(16, |bytes, trial| flip(bytes, trial));
}

#[test]
fn a_zeroed_page_is_told_or_harmless() {
    trials_on_the_log(8, |bytes, trial| zero_page(bytes, trial));
}

#[test]
fn a_shorter_file_is_told_or_lost_only_what_was_unused() {
    trials_on_the_log(8, |bytes, trial| {
        let end = bytes.len() - 1 - place(bytes.len() / 2, trial);
        bytes.truncate(end);
    });
}

/// `GROUNDBREAK_DAMAGES` says how many; every seed is a file, a kind of damage and a place.
#[test]
fn damage_anywhere_in_the_directory_is_told_or_harmless() {
    // sled reads what was before its last opening in another way than what came after.
    let samples = [Sample::new(0), Sample::new(1), Sample::new(2)];
    let mut found = Vec::new();
    for seed in 0..many("GROUNDBREAK_DAMAGES", 25) {
        let mut dice = Dice::new(seed as u64);
        let copy = samples[dice.below(samples.len())].copy();
        let path = copy.path().join("store");
        let mut files = files_below(&path);
        files.retain(|file| fs::metadata(file).unwrap().len() > 0);
        // Every second time the one that holds nearly all.
        let file = match dice.below(2) {
            0 => path.join("sled/db"),
            _ => files.swap_remove(dice.below(files.len())),
        };
        let mut bytes = fs::read(&file).unwrap();
        let kind = dice.below(3);
        match kind {
            0 => {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
            1 => bytes.truncate(dice.below(bytes.len())),
            _ => {
                let start = dice.below(bytes.len().div_ceil(4096)) * 4096;
                let end = bytes.len().min(start + 4096);
                bytes[start..end].fill(0);
            }
        }
        fs::write(&file, bytes).unwrap();
        let name = file.strip_prefix(&path).unwrap().display().to_string();
        println!("seed {seed}: {name}, kind {kind}");
        let outcome = examine(path);
        println!("seed {seed}: {outcome:?}");
        found.push(outcome);
    }
    told(&found);
}

fn files_below(path: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            files.extend(files_below(&entry));
        } else {
            files.push(entry);
        }
    }
    files.sort();
    files
}

/// Every trial was told of or lost nothing, or [`examine`] would have failed. This holds that
/// the trials were worth it.
fn told(found: &[Found]) {
    let noticed = found.iter().filter(|found| **found != Found::Intact);
    assert!(
        noticed.count() > 0,
        "no trial damaged anything that is read: {found:?}"
    );
}

#[test]
fn damage_to_the_small_files_of_sled_is_told_or_harmless() {
    let sample = Sample::new(1);
    let sled = fs::read_dir(sample.path().join("sled")).unwrap();
    let mut files: Vec<PathBuf> = sled
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && !path.ends_with("db"))
        .collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        let name = Path::new("sled").join(file.file_name().unwrap());
        told(&trials(&sample, &name, 3, |bytes, trial| {
            flip(bytes, trial)
        }));
    }
}

#[test]
fn acknowledged_commits_that_are_missing_are_told() {
    let sample = Sample::new(0);
    let copy = sample.copy();
    let path = copy.path().join("store");
    block_on(async {
        let store = open(&path).unwrap();
        store.append(append(0, REVISIONS + 1)).await.unwrap();
        store.close().await.unwrap();
    });
    // An older copy of the database beside the newer anchor: in itself it is whole.
    fs::remove_dir_all(path.join("sled")).unwrap();
    copy_all(&sample.path().join("sled"), &path.join("sled"));
    assert_eq!(examine(path.clone()), Found::Refused("store-lost-tail"));

    // And no database at all.
    fs::remove_dir_all(path.join("sled")).unwrap();
    assert_eq!(examine(path.clone()), Found::Refused("store-lost-tail"));

    // Who accepts the loss says so by deleting the anchor.
    fs::remove_dir_all(path.join("sled")).unwrap();
    copy_all(&sample.path().join("sled"), &path.join("sled"));
    fs::remove_file(path.join("anchor")).unwrap();
    assert_eq!(examine(path), Found::Intact);
}

#[test]
fn a_damaged_anchor_is_told_and_a_torn_one_is_not_damage() {
    let sample = Sample::new(1);
    let torn = trials(&sample, Path::new("anchor"), 2, |bytes, trial| {
        bytes[trial * 512 + 100] = 0;
        bytes[trial * 512 + 20] ^= 0x40;
    });
    assert_eq!(torn, [Found::Intact, Found::Intact]);
    let damaged = trials(&sample, Path::new("anchor"), 1, |bytes, _| {
        bytes[20] ^= 1;
        bytes[512 + 20] ^= 1;
    });
    assert_eq!(damaged, [Found::Refused("store-damaged")]);
}

#[test]
fn another_history_under_the_same_anchor_is_told() {
    let sample = Sample::new(0);
    let other = tempfile::tempdir().unwrap();
    block_on(async {
        let store = open(other.path()).unwrap();
        for revision in 1..=REVISIONS * CASES as u64 + 5 {
            store.append(append(77, revision)).await.unwrap();
        }
        store.close().await.unwrap();
    });
    let copy = sample.copy();
    let path = copy.path().join("store");
    fs::remove_dir_all(path.join("sled")).unwrap();
    copy_all(&other.path().join("sled"), &path.join("sled"));
    assert_eq!(examine(path), Found::Refused("store-damaged"));
}
