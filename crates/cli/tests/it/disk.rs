//! What the user sees when the data is damaged, or the disk takes nothing.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use groundbreak_store::{Append, Store};
use groundbreak_store_sled::{SledOptions, SledStore};
use uuid::Uuid;

use crate::mount::{Mount, fill};
use crate::program::{Ran, run};

const OPEN: [&str; 10] = [
    "case",
    "open",
    "company-registration",
    "--title",
    "示例公司",
    "--set=company_kind=limited",
    "--set=registered_capital=100万元",
    "--set=needs_pre_approval=否",
    "--as",
    "agent_officer",
];

/// Runs a command on a data directory, and fails when it does not end.
fn in_data(data: &Path, arguments: &[&str]) -> Ran {
    let mut arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    arguments.extend(["--data".to_owned(), data.to_str().unwrap().to_owned()]);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        sender.send(run(&arguments))
    });
    receiver
        .recv_timeout(Duration::from_secs(60))
        .expect("the program did not end")
}

/// One error with this code and these words, and nothing that looks like a fault of the program.
fn one_error(ran: &Ran, codes: &[&str], words: &str) {
    assert_eq!(ran.status, 2, "{ran:?}");
    assert_eq!(ran.out, "", "{ran:?}");
    assert_eq!(ran.err.matches("[store-").count(), 1, "{ran:?}");
    let told = |code: &&str| ran.err.contains(&format!("[{code}]: "));
    assert!(codes.iter().any(told), "{ran:?}");
    assert!(ran.err.contains(words), "{ran:?}");
    for word in ["panicked at", "thread '", "BACKTRACE", "stack backtrace"] {
        assert!(!ran.err.contains(word), "{ran:?}");
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

#[test]
fn damaged_data_gives_one_error_in_the_users_language_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let accounts = data.join("accounts.json");
    let added = run(&[
        "user",
        "add",
        "--accounts",
        accounts.to_str().unwrap(),
        "--id",
        "lin",
        "--name",
        "林",
        "--role",
        "window_clerk",
        "--token",
    ]);
    assert_eq!(added.status, 0, "{added:?}");
    assert_eq!(in_data(&data, &OPEN).status, 0);
    assert_eq!(in_data(&data, &OPEN).status, 0);

    let whole = fs::read(data.join("store/sled/db")).unwrap();
    let pages = whole.len() / 4096;
    let mut refused = 0;
    for trial in 0..12 {
        let copy = folder.path().join(format!("damaged {trial}"));
        copy_all(&data, &copy);
        let mut bytes = whole.clone();
        match trial % 3 {
            0 => bytes.truncate(whole.len() * (trial + 1) / 16),
            1 => {
                let page = pages * (trial + 1) / 16;
                bytes[page * 4096..(page + 1) * 4096].fill(0);
            }
            _ => bytes[whole.len() * (trial + 1) / 16] ^= 0x10,
        }
        fs::write(copy.join("store/sled/db"), bytes).unwrap();
        for (language, words) in [
            ("en", "Copy the whole directory"),
            ("zh", "请先复制整个目录"),
        ] {
            let ran = in_data(&copy, &["case", "list", "--lang", language]);
            if ran.status == 0 {
                assert!(ran.err.is_empty(), "{ran:?}");
                continue;
            }
            one_error(&ran, &["store-damaged", "store-lost-tail"], words);
            refused += 1;
            let served = in_data(
                &copy,
                &["serve", "--listen", "127.0.0.1:0", "--lang", language],
            );
            one_error_among_warnings(&served, words);
        }
    }
    assert!(refused >= 4, "too little was damaged: {refused}");
}

#[test]
fn where_sled_panics_the_user_is_told_of_damage() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = SledStore::open(data.join("store"), SledOptions::default()).unwrap();
        for number in 1..=300 {
            let append = Append {
                case: Uuid::from_u128(number % 8 + 1),
                expected_revision: (number as u64 - 1) / 8,
                command: Uuid::from_u128(number << 64),
                recorded_at: 0,
                record: vec![number as u8; 3_000],
                state: vec![number as u8; 3_000],
                timers: Vec::new(),
                terms: Vec::new(),
            };
            store.append(append).await.unwrap();
        }
        store.close().await.unwrap();
    });
    let database = data.join("store/sled/db");
    let length = fs::metadata(&database).unwrap().len() as usize;
    // Not every damage makes it panic.
    for trial in 1..60 {
        let copy = folder.path().join(format!("damaged {trial}"));
        copy_all(&data, &copy);
        let mut bytes = fs::read(&database).unwrap();
        let at = length * trial / 60;
        bytes[at] ^= 0x10;
        fs::write(copy.join("store/sled/db"), bytes).unwrap();
        let ran = in_data(&copy, &["case", "list", "--lang", "en"]);
        if ran.err.contains("sled panicked") {
            one_error(&ran, &["store-damaged"], "Copy the whole directory");
            return;
        }
        fs::remove_dir_all(copy).unwrap();
    }
    panic!("nothing made sled panic, so this proves nothing");
}

/// A server logs on standard error as well, a line a warning.
fn one_error_among_warnings(ran: &Ran, words: &str) {
    let (log, told): (Vec<&str>, Vec<&str>) = ran
        .err
        .lines()
        .partition(|line| line.contains(" WARN ") || line.contains("WARN\u{1b}"));
    let ran = Ran {
        status: ran.status,
        out: ran.out.clone(),
        err: told.join("\n"),
    };
    one_error(&ran, &["store-damaged", "store-lost-tail"], words);
    assert!(log.len() <= 4, "{log:?}");
}

#[test]
fn a_full_disk_is_told_in_the_users_language_and_nothing_is_lost() {
    let Some(disk) = Mount::new(&["-t", "tmpfs", "-o", "size=24m", "tmpfs"]) else {
        return;
    };
    let data = disk.path().join("data");
    assert_eq!(in_data(&data, &OPEN).status, 0);
    let listed = in_data(&data, &["case", "list"]).out;
    let filler = disk.path().join("filler");
    fill(&filler);
    for (language, words) in [
        ("en", "Check permissions, free space"),
        ("zh", "请检查权限、磁盘空间"),
    ] {
        let mut arguments = OPEN.to_vec();
        arguments.extend(["--lang", language]);
        let ran = in_data(&data, &arguments);
        one_error(&ran, &["store-io"], words);
        assert!(ran.err.contains("No space left on device"), "{ran:?}");
    }
    fs::remove_file(filler).unwrap();
    let again = in_data(&data, &["case", "list"]);
    assert_eq!((again.status, again.out), (0, listed));
}

#[test]
fn a_directory_that_cannot_be_written_is_told_in_the_users_language() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert_eq!(in_data(&data, &OPEN).status, 0);
    let Some(view) = Mount::new(&["--bind", folder.path().to_str().unwrap()]) else {
        return;
    };
    assert!(view.remount("bind,ro"));
    for (language, words) in [("en", "opening of "), ("zh", "打开 ")] {
        let ran = in_data(
            &view.path().join("data"),
            &["case", "list", "--lang", language],
        );
        one_error(&ran, &["store-io"], words);
        assert!(ran.err.contains("Read-only file system"), "{ran:?}");
    }
    assert_eq!(in_data(&data, &["case", "list"]).status, 0);
}
