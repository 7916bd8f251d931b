//! What is wrong with a data directory is said, with what to type next, and nothing is changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::backup::{back_up, open_case, text};
use crate::mount::Mount;
use crate::program::{Ran, run};

fn doctor(data: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["doctor", "--data", text(data), "--format", "json"];
    arguments.extend(more);
    run(&arguments)
}

fn codes(ran: &Ran) -> Vec<(String, String)> {
    let findings = ran.json()["findings"].clone();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    findings
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let text = &finding["text"];
            assert!(!word(&text["zh"]).is_empty() && !word(&text["en"]).is_empty());
            assert!(!finding["commands"].as_array().unwrap().is_empty());
            (
                word(&finding["code"]),
                word(&finding["acknowledged_at_risk"]),
            )
        })
        .collect()
}

/// Every file of a directory and its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(text(&path).to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_directory_that_opens_has_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    open_case(&data, "Machine works");
    assert_eq!(back_up(&data, &backup).status, 0);
    let before = files(folder.path());
    let ran = doctor(&data, &["--try-open", "--archive", text(&backup)]);
    assert_eq!((ran.status, codes(&ran)), (0, vec![]), "{ran:?}");
    assert_eq!(ran.json()["seen"]["opened"]["cases"], 1);
    assert!(ran.json()["seen"]["archive"]["records"].as_u64() > Some(0));
    assert_eq!(files(folder.path()), before);
    for (language, word) in [("zh", "没有发现问题"), ("en", "Nothing is wrong")] {
        let ran = run(&["doctor", "--data", text(&data), "--lang", language]);
        assert!(ran.status == 0 && ran.out.contains(word), "{ran:?}");
    }
}

#[test]
fn each_thing_that_may_be_wrong_is_named_and_nothing_is_changed() {
    type Damage = fn(&Path);
    let rows: [(&str, Damage, &[&str], &str, &str); 9] = [
        (
            "half a snapshot",
            |store| fs::write(store.join("sled/snap.0123.generating"), [7; 9]).unwrap(),
            &[],
            "store-torn-snapshot",
            "none",
        ),
        (
            "a damaged anchor",
            |store| fs::write(store.join("anchor"), [7; 1024]).unwrap(),
            &[],
            "store-damaged",
            "unknown",
        ),
        (
            "no anchor",
            |store| fs::remove_file(store.join("anchor")).unwrap(),
            &[],
            "store-anchor-missing",
            "unknown",
        ),
        (
            "a database cut to nothing",
            |store| fs::write(store.join("sled/db"), "").unwrap(),
            &[],
            "store-damaged",
            "unknown",
        ),
        (
            "a later format",
            |store| fs::write(store.join("format"), "groundbreak-store-sled 99\n").unwrap(),
            &[],
            "store-future-format",
            "none",
        ),
        (
            "a damaged format",
            |store| fs::write(store.join("format"), "groundbreak").unwrap(),
            &[],
            "store-damaged",
            "unknown",
        ),
        (
            "other things",
            |store| {
                fs::remove_file(store.join("format")).unwrap();
                fs::write(store.join("letter.txt"), "x").unwrap();
            },
            &[],
            "store-not-a-store",
            "none",
        ),
        (
            "no store",
            |store| fs::remove_dir_all(store).unwrap(),
            &[],
            "no-data",
            "unknown",
        ),
        (
            "a backup that is none",
            |_| {},
            &["--archive", "docs"],
            "backup-missing",
            "none",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    open_case(&whole, "Machine works");
    for (number, (name, damage, more, code, risk)) in rows.into_iter().enumerate() {
        let data = folder.path().join(number.to_string());
        copy(&whole, &data);
        damage(&data.join("store"));
        let before = files(&data);
        let ran = doctor(&data, more);
        assert_eq!(ran.status, 1, "{name}: {ran:?}");
        let expected = (code.to_owned(), risk.to_owned());
        assert_eq!(codes(&ran), [expected], "{name}");
        assert_eq!(files(&data), before, "{name}");
    }
}

#[test]
fn a_database_that_was_cut_is_seen_in_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    open_case(&data, "Machine works");
    let database = data.join("store/sled/db");
    let bytes = fs::read(&database).unwrap();
    fs::write(&database, &bytes[..1_000]).unwrap();
    let before = files(folder.path());
    let ran = doctor(&data, &["--try-open"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    let found = codes(&ran);
    assert!(
        matches!(found.as_slice(), [(code, risk)] if code.starts_with("store-") && risk != "none"),
        "{found:?}"
    );
    let text = ran.json()["findings"][0]["text"]["en"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        text.contains(data.to_str().unwrap()) && !text.contains("doctor-"),
        "{text}"
    );
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_directory_in_use_is_said_to_be_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    open_case(&data, "Machine works");
    let lock = fs::File::open(data.join("store/lock")).unwrap();
    lock.lock().unwrap();
    let ran = doctor(&data, &["--try-open"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert_eq!(
        codes(&ran),
        [("store-in-use".to_owned(), "none".to_owned())]
    );
}

#[test]
fn a_disk_that_is_nearly_full_is_told_and_nothing_is_copied_onto_it() {
    let Some(disk) = Mount::new(&["-t", "tmpfs", "-o", "size=48m", "tmpfs"]) else {
        return;
    };
    let data = disk.path().join("data");
    open_case(&data, "Machine works");
    let before = files(disk.path());
    // With --try-open, a second one says that no copy was made.
    for (more, findings) in [(&[][..], 1), (&["--try-open"][..], 2)] {
        let ran = doctor(&data, more);
        assert_eq!(ran.status, 1, "{ran:?}");
        let expected = ("disk-nearly-full".to_owned(), "none".to_owned());
        assert_eq!(codes(&ran), vec![expected; findings]);
        let seen = &ran.json()["seen"];
        assert!(seen["free_bytes"].as_u64().unwrap() < 48 << 20, "{seen}");
        assert!(seen["opened"].is_null(), "{seen}");
    }
    assert_eq!(files(disk.path()), before);
    for (language, word) in [("zh", "磁盘只剩"), ("en", "MiB are free")] {
        let ran = run(&["doctor", "--data", text(&data), "--lang", language]);
        assert!(ran.status == 1 && ran.out.contains(word), "{ran:?}");
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_told_and_not_tried() {
    let folder = tempfile::tempdir().unwrap();
    open_case(&folder.path().join("data"), "Machine works");
    let Some(view) = Mount::new(&["--bind", text(folder.path())]) else {
        return;
    };
    assert!(view.remount("bind,ro"));
    let data = view.path().join("data");
    for more in [&[][..], &["--try-open"][..]] {
        let ran = doctor(&data, more);
        assert_eq!(ran.status, 1, "{ran:?}");
        let expected = ("store-read-only".to_owned(), "none".to_owned());
        assert_eq!(codes(&ran), [expected]);
        let told = ran.json()["findings"][0]["text"]["en"].to_string();
        assert!(told.contains("Read-only file system"), "{told}");
        assert!(ran.json()["seen"]["opened"].is_null(), "{ran:?}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}
