//! Working calendars, looked at and counted on.

use serde_json::json;

use crate::clocks::suite;
use crate::program::run;

#[test]
fn a_year_shows_rest_make_up_and_half_days_and_how_far_it_is_published() {
    let sheet = run(&[
        "calendar",
        "show",
        "pengjiang",
        "--year",
        "2023",
        "--format",
        "json",
    ])
    .json();
    assert_eq!(sheet["working_days"], 249);
    assert_eq!(sheet["coverage"], json!(["2020-01-01", "2026-12-31"]));
    let ran = run(&["calendar", "show", "pengjiang", "--year", "2023"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    for words in [
        "January 2023",
        " 28+ 29+",
        "249 working days",
        "2023-01-21 – 01-27  holiday  春节",
        "Published from 2020-01-01 to 2026-12-31.",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let ran = run(&[
        "calendar",
        "show",
        "pengjiang",
        "--year",
        "2027",
        "--lang",
        "zh",
    ]);
    assert!(ran.out.contains("2027 年尚未公布"), "{ran:?}");
    assert!(ran.out.contains("2027 年 1 月"), "{ran:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("half.json");
    let day = json!([["09:00", "12:00"], ["13:00", "17:00"]]);
    let half = json!({"id": "half", "tz": "UTC", "weekly": {"mon": day, "fri": [["09:00", "12:00"]]},
        "exceptions": {"2026-01-05": {"kind": "special", "hours": [["09:00", "12:00"]]}}});
    std::fs::write(&file, half.to_string()).unwrap();
    let ran = run(&[
        "calendar",
        "show",
        "half",
        "--year",
        "2026",
        "--calendars",
        file.to_str().unwrap(),
    ]);
    for words in ["  2/", "  5/", " 12 ", "depends on no yearly publication"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}

#[test]
fn working_day_deadlines_of_the_table_come_out_in_one_run() {
    const DAYS: &str = "20";
    let Some(dir) = suite("time") else { return };
    let table = std::fs::read_to_string(dir.join("cn_workday_deadlines.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .filter(|row: &Vec<&str>| row[1] == DAYS)
        .collect();
    // Spread over the years of the table.
    let rows: Vec<_> = rows.iter().step_by(rows.len() / 20).take(20).collect();
    assert_eq!(rows.len(), 20);
    let budget = format!("within {DAYS} working days");
    let mut arguments = vec![
        "calendar",
        "deadline",
        "pengjiang",
        "--budget",
        &budget,
        "--format",
        "json",
    ];
    for row in &rows {
        arguments.extend(["--from", row[0]]);
    }
    let ran = run(&arguments);
    assert_eq!(ran.status, 0, "{ran:?}");
    let answers = ran.json();
    for (index, row) in rows.iter().enumerate() {
        let due = format!("{}T17:30:00+08:00", row[2]);
        assert_eq!(answers[index]["due"], json!(due), "{row:?}");
    }
    println!("calendar deadline: {} rows agree", rows.len());
}

#[test]
fn working_time_and_working_days_are_counted_between_two_instants() {
    let arguments = [
        "calendar",
        "between",
        "pengjiang",
        "--from",
        "2023-04-21 16:30",
        "--to",
        "2023-04-24 09:30",
    ];
    // The Sunday is a make-up day of 6.5 hours.
    let ran = run(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(
        ran.json(),
        json!({
            "from": "2023-04-21T16:30:00+08:00", "to": "2023-04-24T09:30:00+08:00",
            "wall_ms": 65 * 3_600_000, "working_ms": 30_600_000, "working_days": 2, "provisional": false
        })
    );
    for (language, words) in [
        ("en", "8h30m of working time"),
        ("zh", "2 个工作日，首日不计"),
    ] {
        let ran = run(&[&arguments[..], &["--lang", language]].concat());
        assert!(ran.out.contains(words), "{ran:?}");
    }
}

#[test]
fn deadlines_in_every_unit_and_beyond_the_publication() {
    for (budget, from, due) in [
        ("within 5h", "2023-03-23 10:00", "2023-03-23 15:00"),
        (
            "within 2 working hours",
            "2023-03-23 11:00",
            "2023-03-23 15:30",
        ),
        ("within 1 working day", "2023-04-21", "2023-04-23 17:30"),
        (
            "within 7 days",
            "2023-03-23T10:00:00+08:00",
            "2023-03-30 17:30",
        ),
        ("within 20 working days", "2026-12-20", "(provisional"),
    ] {
        let ran = run(&[
            "calendar",
            "deadline",
            "pengjiang",
            "--from",
            from,
            "--budget",
            budget,
        ]);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(ran.out.contains(due), "{budget}: {ran:?}");
    }
}

#[test]
fn faults_of_calendars_are_drawn_in_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let yaml = path(
        "hall.yaml",
        "id: hall\ntz: Asia/Shanghai\nweekly: { mon: [['12:00', '09:00']] }\n",
    );
    let json = path(
        "list.json",
        r#"[{"id": "a", "tz": "UTC", "weekly": {"mon": [["09:00", "12:00"]]}}, {"id": "b", "tz": "Nowhere", "weekly": {"mon": [["09:00", "12:00"]]}}]"#,
    );
    let ran = run(&["calendar", "check", &yaml, &json]);
    assert_eq!(ran.status, 1, "{ran:?}");
    for words in [
        "hall.yaml:3",
        "calendar-close-before-open",
        "list.json[1]:",
        "calendar-unknown-zone",
        "ok calendar a v1",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    // Nothing is counted on a faulty one.
    let ran = run(&["calendar", "show", "hall", "--calendars", &yaml]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("[definition-faults]"), "{ran:?}");
}

#[test]
fn bad_arguments_are_refused_with_a_remedy_in_both_languages() {
    let rows: [(&[&str], &str, &str, &str); 5] = [
        (
            &["show", "penjiang"],
            "unknown-calendar",
            "Did you mean \"pengjiang\"?",
            "是否指“pengjiang”？",
        ),
        (
            &["show", "china", "--year", "2100"],
            "bad-argument",
            "1970 to 2099",
            "1970 至 2099",
        ),
        (
            &[
                "deadline",
                "china",
                "--from",
                "noon",
                "--budget",
                "within 5h",
            ],
            "bad-argument",
            "such as 2023-03-23 10:00",
            "如 2023-03-23 10:00",
        ),
        (
            &[
                "deadline",
                "china",
                "--from",
                "2023-03-23",
                "--budget",
                "within 0 days",
            ],
            "bad-argument",
            "at least 1 ms",
            "至少为 1 毫秒",
        ),
        (
            &[
                "deadline",
                "china",
                "--from",
                "2099-12-30",
                "--budget",
                "within 99 working days",
            ],
            "bad-argument",
            "smaller budget",
            "较短的时限",
        ),
    ];
    for (arguments, code, en, zh) in rows {
        for (language, words) in [("en", en), ("zh", zh)] {
            let ran = run(&[&["calendar"][..], arguments, &["--lang", language]].concat());
            assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
            assert!(
                ran.err.contains(&format!("[{code}]")) && ran.err.contains(words),
                "{ran:?}"
            );
        }
    }
}
