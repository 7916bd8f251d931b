//! Calendars from and for other programs.

use crate::program::{root, run};

const ARRANGEMENT: &str = "crates/sla/tests/it/china-2026.ics";

fn path(name: &str) -> String {
    root().join(name).display().to_string()
}

#[test]
fn an_imported_calendar_is_one_that_passes_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&[
        "calendar",
        "import-ics",
        &path(ARRANGEMENT),
        "--id",
        "china-2026",
        "--years",
        "2026..2026",
    ]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("cancelled: 1"), "{ran:?}");
    for line in [
        "id: china-2026",
        "tz: Asia/Shanghai",
        "coverage: [ \"2026-01-01\", \"2026-12-31\" ]",
        "  \"2026-01-04\": { kind: makeup, name: 元旦, works_as: mon }",
    ] {
        assert!(
            ran.out.lines().any(|found| found == line),
            "{line}: {}",
            ran.out
        );
    }
    // Every entry is one of the shipped calendar, letter for letter.
    let china = std::fs::read_to_string(path("workflows/calendars/china.yaml")).unwrap();
    let entries = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("  \"2026"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(entries(&ran.out), entries(&china));
    let file = folder.path().join("china-2026.yaml");
    std::fs::write(&file, &ran.out).unwrap();
    let ran = run(&["calendar", "check", file.to_str().unwrap()]);
    assert_eq!(ran.status, 0, "{ran:?}");
}

#[test]
fn an_extended_calendar_stays_published_and_goes_out_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let ics = folder.path().join("china-2027.ics");
    std::fs::write(
        &ics,
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nSUMMARY:元旦: \\\"一\\\"（休）\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20270205T083000\nDTEND:20270205T120000\nSUMMARY:除夕\nEND:VEVENT\nEND:VCALENDAR\n",
    )
    .unwrap();
    let import = [
        "calendar",
        "import-ics",
        ics.to_str().unwrap(),
        "--inherits",
        "china",
    ];
    let ran = run(&import);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("coverage: [ \"2020-01-01\", \"2027-12-31\" ]"),
        "{ran:?}"
    );
    assert!(
        ran.out
            .contains("kind: special, name: 除夕, hours: [ [ \"08:30\", \"12:00\" ] ]"),
        "{ran:?}"
    );
    let yaml = folder.path().join("china-2027.yaml");
    std::fs::write(&yaml, &ran.out).unwrap();
    let first = run(&[&import[..], &["--format", "json"]].concat()).json();
    let ran = run(&[
        "calendar",
        "export-ics",
        "china-2027",
        "--years",
        "2027",
        "--calendars",
        yaml.to_str().unwrap(),
    ]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.starts_with("BEGIN:VCALENDAR\r\n") && ran.out.ends_with("END:VCALENDAR\r\n"));
    std::fs::write(&ics, &ran.out).unwrap();
    let again = run(&[&import[..], &["--format", "json"]].concat()).json();
    assert_eq!(first["exceptions"], again["exceptions"]);
    // The calendar that is inherited goes out too.
    let ran = run(&["calendar", "export-ics", "pengjiang", "--years", "2026"]);
    assert!(ran.out.contains("SUMMARY:春节（休）"), "{ran:?}");
}

#[test]
fn faults_of_a_file_are_drawn_in_their_place_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let ics = folder.path().join("bad.ics");
    std::fs::write(
        &ics,
        "BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Asia/Shanghai\r\nBEGIN:VEVENT\r\nDTSTART:20270101\r\nSUMMARY:元旦调休\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:2027\r\nSUMMARY:X\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    )
    .unwrap();
    let ics = ics.to_str().unwrap();
    for (language, words) in [
        ("en", ["event \"元旦调休\"", "--unmarked", "usable date"]),
        ("zh", ["事件“元旦调休”", "--unmarked", "可用的日期"]),
    ] {
        let ran = run(&["calendar", "import-ics", ics, "--lang", language]);
        assert_eq!(ran.status, 1, "{ran:?}");
        for words in words
            .into_iter()
            .chain(["bad.ics:3:1 ics-unclear", "bad.ics:8:1 ics-bad-date"])
        {
            assert!(ran.out.contains(words), "{words}: {}", ran.out);
        }
    }
    let rows = run(&["calendar", "import-ics", ics, "--format", "json"]).json();
    assert_eq!(
        (&rows[0]["line"], &rows[0]["code"]),
        (&3.into(), &"ics-unclear".into())
    );
}

#[test]
fn what_cannot_be_asked_is_refused_in_both_languages() {
    let ics = path(ARRANGEMENT);
    let rows: &[(&[&str], &str)] = &[
        (
            &["import-ics", &ics, "--years", "2027..2026"],
            "bad-argument",
        ),
        (&["import-ics", &ics, "--tz", "Mars/Base"], "bad-argument"),
        (
            &["import-ics", &ics, "--id", "china", "--inherits", "china"],
            "bad-argument",
        ),
        (
            &["import-ics", &ics, "--inherits", "nowhere"],
            "unknown-calendar",
        ),
        (&["import-ics", "/nowhere.ics"], "file-unreadable"),
        (&["export-ics", "nowhere"], "unknown-calendar"),
        (&["export-ics", "china", "--years", "soon"], "bad-argument"),
    ];
    for (arguments, code) in rows {
        for language in ["en", "zh"] {
            let ran = run(&[&["calendar"][..], arguments, &["--lang", language]].concat());
            assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
            assert!(ran.err.contains(&format!("[{code}]")), "{ran:?}");
        }
    }
}
