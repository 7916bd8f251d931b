//! Backups of real sled directories and of the memory store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "linux")]
#[path = "../../../store-sled/tests/it/dice.rs"]
mod dice;
#[cfg(target_os = "linux")]
mod power_cut;
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "the tests of the store ask for more")]
#[path = "../../../store-sled/tests/it/recording.rs"]
mod recording;
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "the tests of the store ask for more")]
#[path = "../../../store-sled/tests/it/shim.rs"]
mod shim;

use std::fs;
use std::path::Path;

use groundbreak_archive::{Archive, ArchiveError, Backup, Fault};
use groundbreak_store::{Append, MemoryStore, Position, Put, Record, Store};
use groundbreak_store_sled::{SledOptions, SledStore};
use uuid::Uuid;

const PROGRAM: &str = "groundbreak 0.0.0";

async fn append(store: &dyn Store, case: u128, revision: u64, bytes: usize) {
    let command = Uuid::from_u128((case << 64) + u128::from(revision));
    store
        .append(Append {
            case: Uuid::from_u128(case),
            expected_revision: revision - 1,
            command,
            recorded_at: -5,
            record: vec![b'r'; bytes],
            state: Vec::new(),
            timers: Vec::new(),
            terms: Vec::new(),
        })
        .await
        .unwrap();
}

/// Three cases, a definition between.
async fn fill(store: &dyn Store) {
    for case in 1..=3 {
        append(store, case, 1, 10).await;
        append(store, case, 2, 0).await;
    }
    let value = b"calendar\nid: hall\n".to_vec();
    store
        .put_metadata("definition/1", value, Put::Create)
        .await
        .unwrap();
    append(store, 1, 3, 300).await;
}

async fn all(store: &dyn Store) -> Vec<Record> {
    store.read_all(Position::START, 10_000).await.unwrap()
}

async fn back_up(store: &dyn Store, to: &Path) -> Result<u64, ArchiveError> {
    let mut archive = Archive::open(to, PROGRAM)?;
    archive.keep_accounts(b"[]\n".to_vec());
    Ok(archive.follow(store).await?.added)
}

fn records(backup: &Backup) -> Vec<Record> {
    backup.records().collect::<Result<_, _>>().unwrap()
}

/// The files of a backup that belong to it, the lock left out.
fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lock")
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_of_an_empty_store_is_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path().join("store"), SledOptions::default()).unwrap();
    let to = folder.path().join("backup");
    assert_eq!(back_up(&store, &to).await.unwrap(), 0);
    let checked = Backup::open(&to).unwrap().check().unwrap();
    assert_eq!((checked.records, checked.cases, checked.entries), (0, 0, 0));
}

#[tokio::test]
async fn a_backup_holds_every_record_and_entry_and_the_next_one_adds_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path().join("store"), SledOptions::default()).unwrap();
    fill(&store).await;
    let to = folder.path().join("backup");
    assert_eq!(back_up(&store, &to).await.unwrap(), 7);
    let before = files(&to);
    assert_eq!(back_up(&store, &to).await.unwrap(), 0);
    append(&store, 3, 3, 1).await;
    assert_eq!(back_up(&store, &to).await.unwrap(), 1);
    assert_eq!(files(&to), before);

    let backup = Backup::open(&to).unwrap();
    let checked = backup.check().unwrap();
    assert_eq!((checked.records, checked.cases, checked.entries), (8, 3, 1));
    assert_eq!(records(&backup), all(&store).await);
    let entry = ("definition/1".to_owned(), b"calendar\nid: hall\n".to_vec());
    assert_eq!(backup.entries().unwrap(), [entry]);
    assert_eq!(backup.accounts().unwrap().unwrap(), b"[]\n");
}

#[tokio::test]
async fn a_long_journal_goes_into_several_files_that_continue_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    let mut archive = Archive::open(folder.path(), PROGRAM).unwrap();
    for revision in 1..=17 {
        append(&store, 1, revision, 1 << 20).await;
    }
    archive.follow(&store).await.unwrap();
    append(&store, 1, 18, 1 << 20).await;
    drop(archive);
    back_up(&store, folder.path()).await.unwrap();
    let backup = Backup::open(folder.path()).unwrap();
    assert_eq!(backup.manifest().journal.segments.len(), 2);
    assert_eq!(backup.check().unwrap().records, 18);
}

#[tokio::test]
async fn what_a_backup_that_was_cut_short_left_behind_is_no_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    fill(&store).await;
    let to = folder.path();
    // The first one was cut short before its manifest.
    fs::write(to.join("journal-00000000000000000001.gba"), "groundbr").unwrap();
    fs::write(to.join("manifest.json.new"), "{").unwrap();
    back_up(&store, to).await.unwrap();
    let whole = files(to);
    // The next one after it had written frames, and files of its own.
    let segment = to.join("journal-00000000000000000001.gba");
    let mut bytes = fs::read(&segment).unwrap();
    bytes.extend_from_slice(&[7; 100]);
    fs::write(&segment, bytes).unwrap();
    fs::write(to.join("metadata-0123456789abcdef.gba.new"), "x").unwrap();
    fs::write(to.join("metadata-0123456789abcdef.gba"), "x").unwrap();
    assert_eq!(Backup::open(to).unwrap().check().unwrap().records, 7);
    append(&store, 2, 3, 1).await;
    assert_eq!(back_up(&store, to).await.unwrap(), 1);
    let backup = Backup::open(to).unwrap();
    backup.check().unwrap();
    assert_eq!(records(&backup), all(&store).await);
    assert_eq!(files(to), whole);
}

#[tokio::test]
async fn one_flipped_byte_in_any_file_of_a_backup_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    fill(&store).await;
    back_up(&store, folder.path()).await.unwrap();
    let names = files(folder.path());
    assert_eq!(names.len(), 4, "{names:?}");
    for name in names {
        let path = folder.path().join(&name);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, bytes).unwrap();
            let checked = Backup::open(folder.path()).and_then(|backup| backup.check());
            let Err(ArchiveError::Damaged { file, .. }) = checked else {
                panic!("byte {at} of {name}: {checked:?}");
            };
            assert_eq!(file, path, "byte {at}");
        }
        for length in [0, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            let checked = Backup::open(folder.path()).and_then(|backup| backup.check());
            assert!(
                matches!(&checked, Err(ArchiveError::Damaged { file, .. }) if *file == path),
                "{checked:?}"
            );
        }
        fs::remove_file(&path).unwrap();
        assert!(
            Backup::open(folder.path())
                .and_then(|backup| backup.check())
                .is_err()
        );
        fs::write(&path, whole).unwrap();
    }
    Backup::open(folder.path()).unwrap().check().unwrap();
}

#[tokio::test]
async fn a_damaged_frame_is_named_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    fill(&store).await;
    back_up(&store, folder.path()).await.unwrap();
    let path = folder.path().join("journal-00000000000000000001.gba");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len() - 33;
    bytes[end] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = Backup::open(folder.path()).unwrap().check().unwrap_err();
    let ArchiveError::Damaged { frame, fault, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((frame, fault), (Some(7), Fault::Checksum));
}

#[tokio::test]
async fn a_backup_is_not_mixed_with_another_journal_or_with_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let (store, other) = (MemoryStore::new(), MemoryStore::new());
    fill(&store).await;
    append(&other, 9, 1, 1).await;
    let to = folder.path().join("backup");
    back_up(&store, &to).await.unwrap();
    for wrong in [&other, &MemoryStore::new()] {
        let error = back_up(wrong, &to).await.unwrap_err();
        assert_eq!(error.code(), "backup-other-journal");
    }
    assert_eq!(Backup::open(&to).unwrap().check().unwrap().records, 7);

    let held = Archive::open(&to, PROGRAM).unwrap();
    assert_eq!(
        back_up(&store, &to).await.unwrap_err().code(),
        "backup-in-use"
    );
    drop(held);

    let strange = folder.path().join("strange");
    fs::create_dir(&strange).unwrap();
    fs::write(strange.join("letter.txt"), "x").unwrap();
    let error = back_up(&store, &strange).await.unwrap_err();
    assert_eq!(error.code(), "backup-not-a-backup");
    assert_eq!(Backup::open(&strange).unwrap_err().code(), "backup-missing");

    fs::write(strange.join("manifest.json"), "{\"format\": 2}").unwrap();
    let error = Backup::open(&strange).unwrap_err();
    assert_eq!(error.code(), "backup-future-format");
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    fill(&store).await;
    back_up(&store, folder.path()).await.unwrap();
    for name in files(folder.path()) {
        let mode = fs::metadata(folder.path().join(&name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
