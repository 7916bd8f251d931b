//! What the store does when the disk does not do its part: full, hung, or not to be written on.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use groundbreak_store::{AppendError, CloseError, Outcome, ReadError, Store};
use groundbreak_store_sled::SledStore;
use uuid::Uuid;

use crate::given::{append, block_on, check_case, command, open, process, process_path, tell};
use crate::mount::{Mount, fill};
use crate::shim::Shim;

/// What another process says of opening the store: `open`, or the code and the English text.
fn opening(path: &Path) -> String {
    let output = process("disk::open_and_tell", path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let told = text.split("opening: ").nth(1).unwrap_or_default();
    told.lines().next().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "started by the tests of this file in a process of its own"]
fn open_and_tell() {
    let Some(path) = process_path() else {
        return;
    };
    match open(&path) {
        Ok(_) => tell("opening: open"),
        Err(err) => tell(&format!("opening: {} {}", err.code(), err.text().en)),
    }
    // sled's own threads may hang after an error; the process ends without them.
    std::process::exit(0);
}

/// The revision of case 0 that was acknowledged last, and the one that failed.
fn told(text: &str) -> (u64, u64) {
    let last = |word: &str| {
        let mut lines = text.lines().rev();
        let found = lines.find_map(|line| line.rsplit_once(word)).unwrap();
        found.1.parse().unwrap()
    };
    (last("ack 0 "), last("unknown "))
}

/// Everything acknowledged is there, and what was answered as unknown can be settled.
async fn settle(store: &SledStore, acknowledged: u64, unknown: u64) {
    store.verify().await.unwrap();
    let last = check_case(store, 0, 0).await;
    let applied = store.find_command(command(0, unknown)).await.unwrap();
    let expected = if applied.is_some() {
        unknown
    } else {
        acknowledged
    };
    assert_eq!((last, unknown), (expected, acknowledged + 1));
    store.append(append(0, last + 1)).await.unwrap();
}

#[test]
fn a_directory_that_is_removed_while_it_is_open_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    block_on(async {
        let store = open(&path).unwrap();
        store.append(append(0, 1)).await.unwrap();
        fs::remove_dir_all(&path).unwrap();
        let outcome = async |revision| {
            let appended = store.append(append(0, revision)).await;
            appended.map_err(|error| error.outcome())
        };
        assert_eq!(outcome(2).await, Err(Outcome::Unknown));
        assert_eq!(outcome(3).await, Err(Outcome::NotDone));
        assert!(matches!(
            store.load(Uuid::from_u128(0)).await,
            Err(ReadError::Unavailable { .. })
        ));
    });
}

#[test]
fn a_full_disk_loses_nothing_and_the_store_opens_again_when_there_is_room() {
    let Some(disk) = Mount::new(&["-t", "tmpfs", "-o", "size=6m", "tmpfs"]) else {
        return;
    };
    let path = disk.path().join("store");
    let output = process("crash::write_until_it_fails", &path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // A command is answered as unknown, and everything after it as unavailable.
    assert!(text.contains("refused everything after"), "{text}");
    let (acknowledged, unknown) = told(&text);
    assert!(acknowledged > 10);

    fill(&disk.path().join("filler"));
    let full = opening(&path);
    assert!(full.starts_with("store-io "), "{full}");
    assert!(full.contains("No space left on device"), "{full}");

    fs::remove_file(disk.path().join("filler")).unwrap();
    assert!(disk.remount("size=64m"));
    block_on(async {
        let store = open(&path).unwrap();
        settle(&store, acknowledged, unknown).await;
        store.close().await.unwrap();
    });
}

#[test]
fn a_new_store_on_a_full_disk_is_refused_and_opens_when_there_is_room() {
    let Some(disk) = Mount::new(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"]) else {
        return;
    };
    let path = disk.path().join("store");
    fill(&disk.path().join("filler"));
    let full = opening(&path);
    assert!(
        full.starts_with("store-io ") && full.contains("No space left"),
        "{full}"
    );
    fs::remove_file(disk.path().join("filler")).unwrap();
    assert!(disk.remount("size=64m"));
    assert_eq!(opening(&path), "open");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused_and_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    block_on(async {
        let store = open(&path).unwrap();
        store.append(append(0, 1)).await.unwrap();
        store.close().await.unwrap();
    });
    let before = sizes(&path);
    let source = directory.path().to_str().unwrap();
    let Some(view) = Mount::new(&["--bind", source]) else {
        return;
    };
    assert!(view.remount("bind,ro"));
    for name in ["store", "another"] {
        let told = opening(&view.path().join(name));
        assert!(told.starts_with("store-io "), "{told}");
        assert!(told.contains("Read-only file system"), "{told}");
    }
    assert_eq!(sizes(&path), before);
    assert_eq!(opening(&path), "open");
}

fn sizes(path: &Path) -> HashMap<PathBuf, u64> {
    let mut sizes = HashMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        sizes.insert(entry.path(), entry.metadata().unwrap().len());
    }
    sizes
}

#[test]
fn a_hung_disk_is_noticed_and_nobody_waits_for_it() {
    let shim = Shim::new();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let path = root.join("store");
    let mut writer = process("disk::append_on_a_disk_that_hangs", &path);
    shim.preload(&mut writer, &root);
    let mut writer = writer.spawn().unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut text = String::new();
    for line in lines.by_ref() {
        text += &line.unwrap();
        text += "\n";
        if text.ends_with("ack 0 1\n") {
            fs::write(shim.hang(), "").unwrap();
            writer.stdin.take().unwrap().write_all(b"go on\n").unwrap();
        }
    }
    assert!(writer.wait().unwrap().success(), "{text}");
    assert!(text.contains("nobody waited"), "{text}");
    let (acknowledged, unknown) = told(&text);
    fs::remove_file(shim.hang()).unwrap();
    block_on(async {
        let store = open(&path).unwrap();
        settle(&store, acknowledged, unknown).await;
    });
}

#[test]
#[ignore = "started by the test above in a process of its own"]
fn append_on_a_disk_that_hangs() {
    let Some(path) = process_path() else {
        return;
    };
    block_on(async {
        let store = open(&path).unwrap();
        store.append(append(0, 1)).await.unwrap();
        tell("ack 0 1");
        std::io::stdin().read_line(&mut String::new()).unwrap();

        let began = Instant::now();
        let err = store.append(append(0, 2)).await.unwrap_err();
        let waited = began.elapsed();
        assert!(matches!(err, AppendError::Unknown { .. }), "{err:?}");
        assert!(format!("{err:?}").contains("did not answer"), "{err:?}");
        assert!(
            waited > Duration::from_secs(5) && waited < Duration::from_secs(20),
            "{waited:?}"
        );
        tell("unknown 2");

        let began = Instant::now();
        let after = store.append(append(1, 1)).await.unwrap_err();
        assert_eq!(after.outcome(), Outcome::NotDone, "{after:?}");
        let read = store.load(Uuid::from_u128(0)).await.unwrap_err();
        assert!(matches!(read, ReadError::Unavailable { .. }), "{read:?}");
        let closed = store.close().await.unwrap_err();
        assert!(matches!(closed, CloseError::Unclean { .. }), "{closed:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
    });
    // The runtime ended too.
    tell("nobody waited");
    std::process::exit(0);
}
