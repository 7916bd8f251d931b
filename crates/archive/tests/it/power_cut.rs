//! A power cut leaves a backup that was whole, also where the directories above it were new.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use groundbreak_archive::{Archive, ArchiveError, Backup};
use groundbreak_store::MemoryStore;

use crate::dice::Dice;
use crate::recording::{Disk, Recording};
use crate::shim::Shim;
use crate::{PROGRAM, fill};

const PATH: &str = "GROUNDBREAK_TEST_PROCESS_PATH";

/// The backup is below directories that are made for it.
const BACKUP: &str = "backups/of/hall";

#[tokio::test]
#[ignore = "started by the test below in a process of its own"]
async fn back_up_and_tell() {
    let Some(path) = std::env::var_os(PATH) else {
        return;
    };
    let store = MemoryStore::new();
    fill(&store).await;
    let mut archive = Archive::open(&path, PROGRAM).unwrap();
    archive.follow(&store).await.unwrap();
    let mut output = std::io::stdout().lock();
    output.write_all(b"backed up\n").unwrap();
    output.flush().unwrap();
    std::process::exit(0);
}

fn record(root: &Path, log: &Path) -> Recording {
    let shim = Shim::new();
    let mut process = Command::new(std::env::current_exe().unwrap());
    process
        .args(["--exact", "power_cut::back_up_and_tell", "--ignored"])
        .args(["--nocapture", "--test-threads=1"])
        .env(PATH, root.join(BACKUP))
        .env("GROUNDBREAK_SHIM_LOG", log)
        .stdin(Stdio::null());
    shim.preload(&mut process, root);
    let ended = process.output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    Recording::read(log, root)
}

#[test]
fn a_power_cut_leaves_a_whole_backup_or_none_and_one_that_was_told_of_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let root = root.canonicalize().unwrap();
    let recording = record(&root, &folder.path().join("log"));
    let mut told = 0;
    for moment in 0..recording.moments() {
        let there = recording
            .told(moment)
            .any(|text| text.contains("backed up"));
        told += usize::from(there);
        for seed in 0..8 {
            let target = tempfile::tempdir().unwrap();
            let mut dice = Dice::new(seed);
            recording.cut(moment, Disk::Honest, &mut dice, target.path());
            let backup = Backup::open(target.path().join(BACKUP));
            match backup.and_then(|backup| backup.check()) {
                Ok(checked) => assert_eq!(checked.records, 7),
                Err(ArchiveError::Missing { .. }) => {
                    assert!(!there, "lost by a cut at moment {moment}, seed {seed}");
                }
                Err(error) => panic!("moment {moment}, seed {seed}: {error}"),
            }
        }
    }
    assert!(told > 0);
}
