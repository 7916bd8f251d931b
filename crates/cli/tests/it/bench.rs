//! The program measures itself, and says it in lines that programs read.

use crate::program::run;

#[test]
fn standard_cases_are_measured_beside_the_limit_of_the_disk() {
    for over in ["in-process", "http", "store"] {
        let ran = run(&[
            "bench",
            "case",
            "--clients",
            "1,3",
            "--seconds",
            "1",
            "--over",
            over,
            "--format",
            "json",
        ]);
        assert_eq!(ran.status, 0, "{}", ran.err);
        let rows: Vec<serde_json::Value> = ran
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let clients: Vec<_> = rows.iter().map(|row| row["clients"].as_u64()).collect();
        assert_eq!(clients, [Some(1), Some(3)]);
        for row in &rows {
            assert_eq!(
                (&row["bench"], &row["over"]),
                (&"case".into(), &over.into())
            );
            for figure in ["operations_per_second", "limit_operations_per_second"] {
                assert!(row[figure].as_u64().unwrap() > 0, "{figure} of {row}");
            }
            assert!(row["p50_ms"].as_f64() <= row["p99_ms"].as_f64());
        }
    }
}

#[test]
fn timers_that_fall_due_at_one_instant_are_all_seen_to_fire() {
    let ran = run(&[
        "bench",
        "timers",
        "--pending",
        "300",
        "--due",
        "100",
        "--clients",
        "2",
        "--format",
        "json",
    ]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let row: serde_json::Value = serde_json::from_str(ran.out.trim()).unwrap();
    assert_eq!(row["bench"], "timers");
    assert_eq!((&row["pending"], &row["due"]), (&300.into(), &100.into()));
    let late = ["p50_ms", "p99_ms", "max_ms"].map(|name| row[name].as_f64().unwrap());
    assert!(late.is_sorted() && late[2] > 0.0, "{row}");
    assert!(row["command_p50_ms"].as_f64() <= row["command_p99_ms"].as_f64());
}

#[test]
fn a_measurement_that_cannot_be_made_says_why() {
    let none = run(&["bench", "case", "--clients", "0"]);
    assert_eq!(none.status, 2);
    assert!(none.err.contains("--clients"), "{}", none.err);
    let nowhere = run(&["bench", "case", "--directory", "/nowhere/at/all"]);
    assert_eq!(nowhere.status, 2);
    assert!(nowhere.err.contains("/nowhere/at/all"), "{}", nowhere.err);
}

#[test]
fn a_directory_of_many_cases_is_filled_opened_verified_and_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let rows = |bench: &str| {
        let ran = run(&[
            "bench",
            bench,
            "--cases",
            "700",
            "--entries",
            "3500",
            "--in",
            data,
            "--format",
            "json",
        ]);
        assert_eq!(ran.status, 0, "{}", ran.err);
        let lines = ran.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect::<Vec<serde_json::Value>>()
    };
    let opened = rows("open");
    let steps: Vec<_> = opened
        .iter()
        .map(|row| row["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["first-open", "open", "verify"]);
    for row in opened.iter().chain(&rows("replay")) {
        assert_eq!(row["cases"], 700, "{row}");
        assert!(
            (3500..3510).contains(&row["entries"].as_u64().unwrap()),
            "{row}"
        );
        assert!(row["commits"].as_u64().unwrap() > 700, "{row}");
    }
    for row in &opened {
        let mib = |name: &str| row[name].as_f64().unwrap();
        assert!(
            mib("rss_before_mib") > 0.0 && mib("rss_after_mib") <= mib("rss_peak_mib"),
            "{row}"
        );
    }
    assert_eq!(run(&["verify", "--data", data]).status, 0);
}
