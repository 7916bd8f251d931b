use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::program::{Ran, run};

/// A data directory with some cases, and the number of the first.
struct Hall {
    folder: tempfile::TempDir,
    number: String,
}

impl Hall {
    fn open() -> Self {
        let mut hall = Self {
            folder: tempfile::tempdir().unwrap(),
            number: String::new(),
        };
        hall.number = hall.open_case();
        hall.open_case();
        hall
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let data = self.path("data");
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--data", data.to_str().unwrap()]);
        arguments.extend(more);
        run(&arguments)
    }

    fn good(&self, command: &str, more: &[&str]) -> String {
        let ran = self.run(command, more);
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.out
    }

    fn open_case(&self) -> String {
        let out = self.good(
            "case open company-registration",
            &[
                "--title",
                "示例公司",
                "--set=company_kind=limited",
                "--set=registered_capital=100万元",
                "--set=needs_pre_approval=否",
                "--as",
                "agent_officer",
            ],
        );
        out.split(' ').next().unwrap().to_owned()
    }
}

#[test]
fn a_data_directory_agrees_with_itself_and_with_what_was_signed() {
    let hall = Hall::open();
    let ran = hall.good("verify", &[]);
    assert!(
        ran.contains("2 records, 2 cases") && ran.contains("no checkpoint"),
        "{ran}"
    );
    let note = hall.good("checkpoint", &["--origin", "example.test/hall"]);
    assert!(note.starts_with("example.test/hall\n2\n"), "{note}");
    hall.open_case();
    let kept = hall.path("kept");
    fs::write(&kept, &note).unwrap();
    let kept = kept.to_str().unwrap();
    let ran = hall.good("verify", &["--checkpoint", kept]);
    assert!(
        ran.contains("signed by example.test/hall over 2 records"),
        "{ran}"
    );
    let out = hall.good("checkpoint", &["--since", kept, "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(shown["size"], 3);
    assert_eq!(shown["since"]["consistency"].as_array().unwrap().len(), 1);
    let key = shown["verifier"].as_str().unwrap();
    let out = hall.good("verify", &["--key", key, "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&shown["agrees"], &shown["signed"]),
        (&true.into(), &3.into())
    );
}

#[test]
fn a_directory_that_does_not_begin_with_what_was_signed_is_named_and_not_signed() {
    let (hall, other) = (Hall::open(), Hall::open());
    hall.good("checkpoint", &["--origin", "example.test/hall"]);
    // As if somebody had put another journal in its place.
    other.good("case list", &[]);
    fs::remove_dir_all(hall.path("data/store")).unwrap();
    fs::rename(other.path("data/store"), hall.path("data/store")).unwrap();
    for command in ["verify", "checkpoint"] {
        let ran = hall.run(command, &[]);
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(ran.err.contains("error[records-disagree]"), "{ran:?}");
        assert!(
            ran.err.contains("the first 2 records are not those"),
            "{ran:?}"
        );
    }
    let ran = hall.run("verify", &["--format", "json"]);
    assert_eq!((ran.status, &ran.json()["agrees"]), (1, &false.into()));
    let chinese = hall.run("verify", &["--lang", "zh"]);
    assert!(
        chinese.err.contains("前 2 条记录已不是当时所签的"),
        "{chinese:?}"
    );
}

#[test]
fn the_key_is_for_its_owner_alone() {
    let hall = Hall::open();
    hall.good("checkpoint", &[]);
    let key = hall.path("data/proof/key.pem");
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let ran = hall.run("checkpoint", &[]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("error[key-exposed]"), "{ran:?}");
    fs::remove_file(&key).unwrap();
    let ran = hall.run("checkpoint", &[]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("error[bad-key]"), "{ran:?}");
}

#[test]
fn a_tree_of_sm3_says_so_and_stays_so() {
    let hall = Hall::open();
    let note = hall.good("checkpoint", &["--digest", "sm3"]);
    assert!(note.contains("\ndigest sm3\n"), "{note}");
    assert!(hall.good("verify", &[]).contains("Root (sm3)"));
    assert_eq!(hall.run("checkpoint", &["--digest", "sha256"]).status, 2);
}

#[test]
fn a_receipt_is_checked_without_the_data() {
    let hall = Hall::open();
    let text = hall.good("receipt", &["--case", &hall.number]);
    let file = hall.path("receipt.json");
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        run(&["verify", file.to_str().unwrap()])
    };
    assert_eq!(check(&text).status, 0);
    for (from, to) in [
        ("\"revision\": 1", "\"revision\": 2"),
        ("\"index\": 0", "\"index\": 1"),
        ("\"record\": \"Aa", "\"record\": \"Ab"),
    ] {
        assert!(text.contains(from), "{text}");
        let ran = check(&text.replacen(from, to, 1));
        assert_eq!(ran.status, 1, "{from}: {ran:?}");
        assert!(
            ran.err.contains("error[records-disagree]: the receipt"),
            "{ran:?}"
        );
    }
    assert_eq!(
        hall.run("receipt", &["--case", &hall.number, "--revision", "9"])
            .status,
        2
    );
    assert_eq!(hall.run("receipt", &["--case", "nobody"]).status, 1);
}

#[test]
fn a_changed_bundle_is_found_and_the_line_is_named() {
    let hall = Hall::open();
    let file = hall.path("records.jsonl");
    let name = file.to_str().unwrap().to_owned();
    hall.good("bundle", &["--to", &name]);
    let ran = run(&["verify", &name]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("2 records, 2 cases"), "{ran:?}");
    let whole = fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(97) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(&file, flipped).unwrap();
        let ran = run(&["verify", &name]);
        assert_eq!(ran.status, 1, "byte {at}: {ran:?}");
        assert!(ran.err.contains("line"), "byte {at}: {ran:?}");
    }
}
