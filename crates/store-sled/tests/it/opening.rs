use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use groundbreak_store::{Put, Store};
use groundbreak_store_sled::OpenError;

use crate::given::{append, block_on, check_case, open, process, process_path};

fn written(path: &Path, revisions: u64) {
    block_on(async {
        let store = open(path).unwrap();
        for revision in 1..=revisions {
            store.append(append(1, revision)).await.unwrap();
        }
        store.close().await.unwrap();
    });
}

fn refused(path: &Path) -> OpenError {
    let err = open(path).unwrap_err();
    // Every refusal says where, in both languages.
    let text = err.text();
    let shown = err.path().display().to_string();
    assert!(text.zh.contains(&shown) && text.en.contains(&shown));
    err
}

#[test]
fn a_store_in_use_by_another_process_is_refused_until_that_ends() {
    let directory = tempfile::tempdir().unwrap();
    let mut holder = process("opening::hold_open", directory.path())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("the store is open")));

    let err = refused(directory.path());
    assert_eq!(err.code(), "store-in-use");
    assert!(matches!(err, OpenError::InUse { .. }));

    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    written(directory.path(), 3);
}

#[test]
#[ignore = "started by the test above in a process of its own"]
fn hold_open() {
    let Some(path) = process_path() else {
        return;
    };
    let store = open(&path).unwrap();
    println!("the store is open");
    // Until the other end is closed.
    std::io::stdin().read_line(&mut String::new()).unwrap();
    drop(store);
}

#[test]
fn a_second_handle_in_the_same_process_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    assert_eq!(refused(directory.path()).code(), "store-in-use");
    // Dropped without closing, it lets go as well.
    drop(store);
    drop(open(directory.path()).unwrap());
}

#[test]
fn a_directory_of_a_later_format_is_refused_and_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), 3);
    let format = directory.path().join("format");
    fs::write(&format, "groundbreak-store-sled 7\n").unwrap();
    let before = picture(directory.path());
    let err = refused(directory.path());
    assert_eq!(err.code(), "store-future-format");
    assert!(matches!(
        err,
        OpenError::FutureFormat {
            found: 7,
            supported: 3,
            ..
        }
    ));
    assert_eq!(picture(directory.path()), before);
}

#[test]
fn a_format_that_is_none_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), 1);
    for text in [
        "",
        "groundbreak-store-sled",
        "groundbreak-store-sled 0",
        "x",
        "\u{feff}1",
    ] {
        fs::write(directory.path().join("format"), text).unwrap();
        assert_eq!(
            refused(directory.path()).code(),
            "store-damaged",
            "{text:?}"
        );
    }
    fs::write(directory.path().join("format"), [0xff, 0xfe]).unwrap();
    assert_eq!(refused(directory.path()).code(), "store-damaged");
}

#[test]
fn a_directory_with_other_things_is_refused_and_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("letter.txt"), "dear").unwrap();
    let before = picture(directory.path());
    let err = refused(directory.path());
    assert_eq!(err.code(), "store-not-a-store");
    assert!(err.text().en.contains("letter.txt"));
    assert_eq!(picture(directory.path()), before);

    let err = refused(&directory.path().join("letter.txt"));
    assert_eq!(err.code(), "store-not-a-store");
    let err = refused(&directory.path().join("letter.txt/below"));
    assert_eq!(err.code(), "store-io");
}

#[test]
fn an_opening_that_was_interrupted_at_any_file_is_done_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/store");
    written(&path, 0);
    // What a new store has written, without what comes after it, in the order it is written.
    for last in ["sled", "anchor", "format"] {
        let entry = path.join(last);
        if last == "sled" {
            fs::remove_dir_all(&entry).unwrap();
        } else {
            fs::remove_file(&entry).unwrap();
        }
        if last == "anchor" {
            fs::write(path.join("anchor.new"), "GBANCH").unwrap();
        }
        if last == "format" {
            fs::remove_dir_all(path.join("sled")).unwrap();
            fs::remove_file(path.join("anchor")).unwrap();
            fs::write(path.join("format.new"), "groundbreak-st").unwrap();
        }
        written(&path, 0);
    }
    written(&path, 2);
}

#[test]
fn an_unfinished_snapshot_of_sled_does_not_keep_it_closed() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), 20);
    let torn = directory
        .path()
        .join("sled/snap.00000000000000FF.generating");
    fs::write(&torn, b"torn").unwrap();
    block_on(async {
        let store = open(directory.path()).unwrap();
        assert!(!torn.exists());
        assert_eq!(check_case(&store, 1, 0).await, 20);
    });
}

#[test]
fn a_verification_counts_everything_it_read() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), 30);
    block_on(async {
        let store = open(directory.path()).unwrap();
        store.append(append(2, 1)).await.unwrap();
        store
            .put_metadata("a", vec![1; 9000], Put::Create)
            .await
            .unwrap();
        let verified = store.verify().await.unwrap();
        assert_eq!(
            (
                verified.records,
                verified.links,
                verified.cases,
                verified.entries
            ),
            (31, 31, 2, 1)
        );
    });
}

/// All files below a directory, with their bytes.
fn picture(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            files.extend(picture(&entry));
        } else {
            files.push((entry.display().to_string(), fs::read(&entry).unwrap()));
        }
    }
    files.sort();
    files
}
