//! Disputed clocks, computed by the program from what happened to them.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::program::{Ran, root, run};

/// The directory of a suite; `None`, aloud, if it is not there.
pub(crate) fn suite(name: &str) -> Option<PathBuf> {
    let suites = std::env::var_os("GROUNDBREAK_SUITES")
        .map_or_else(|| root().join("../shared/suites"), PathBuf::from);
    let path = suites.join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("NOT RUN: there is no suite `{name}` at {}", path.display());
    None
}

/// A clock of three hours, with a pause over lunch.
fn good() -> Value {
    json!({
        "id": "D1", "kind": "clock", "title": "3 h", "calendar": "hall", "tz": "Asia/Shanghai",
        "clock": {"unit": "working", "budget_ms": 10_800_000},
        "events": [
            {"type": "start", "at": "2023-03-23T09:00:00+08:00"},
            {"type": "pause", "at": "2023-03-23T11:00:00+08:00", "reason": "applicant"},
            {"type": "resume", "at": "2023-03-23T14:00:00+08:00"},
            {"type": "stop", "at": "2023-03-23T15:00:00.001+08:00"}
        ],
        "as_of": "2023-03-23T16:00:00+08:00"
    })
}

fn calendars() -> Value {
    let day = json!([["09:00", "12:00"], ["13:30", "17:30"]]);
    json!([{
        "id": "hall", "tz": "Asia/Shanghai",
        "weekly": {"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
    }])
}

/// Runs the command on vectors with one calendar, `hall`.
fn clock(vectors: &Value, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, value: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, value.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (vectors, calendars) = (
        write("vectors.json", vectors),
        write("calendars.json", &calendars()),
    );
    let mut arguments = vec!["clock", &vectors, "--calendars", &calendars];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn every_worked_vector_comes_out_key_by_key() {
    let Some(dir) = suite("sla") else { return };
    let (vectors, calendars) = (dir.join("vectors.json"), dir.join("calendars.json"));
    let ran = run(&[
        "clock",
        vectors.to_str().unwrap(),
        "--calendars",
        calendars.to_str().unwrap(),
    ]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let mut answers = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let list: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(vectors).unwrap()).unwrap();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for vector in &list {
        let id = vector["id"].as_str().unwrap();
        if !["clock", "arith"].contains(&vector["kind"].as_str().unwrap()) {
            assert!(ran.err.contains(&format!("{id} is of kind")), "{}", ran.err);
            skipped += 1;
            continue;
        }
        let mut expected = vector["expect"].clone();
        expected["id"] = json!(id);
        let answer = answers.next().unwrap();
        if answer == expected {
            passed += 1;
        } else {
            failed += 1;
            eprintln!("{id}:\n  expected {expected}\n  found    {answer}");
        }
    }
    println!(
        "clock vectors: {passed} passed, {failed} failed, {skipped} skipped (of many cases, not one)"
    );
    assert_eq!((answers.next(), failed), (None, 0));
    assert!(passed > 0, "the suite is empty");
}

#[test]
fn without_expectations_every_key_is_computed() {
    // One object, not a list.
    let ran = clock(&good(), &[]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(
        ran.json(),
        json!({
            "id": "D1", "deadline": "2023-03-23T15:00:00+08:00", "elapsed_ms": 10_800_001,
            "remaining_ms": -1, "pct_floor_bp": 10_000, "state": "stopped", "outcome": "missed",
            "breached_at": "2023-03-23T15:00:00+08:00", "wall_ms": 21_600_001, "offhours_ms": 0,
            "paused": {"applicant": {"wall_ms": 10_800_000, "working_ms": 5_400_000}},
            "light": "red", "overrun_wall_ms": 1, "overrun_working_ms": 1, "warn": [],
            "closed_cycles": [], "provisional": false
        })
    );
}

#[test]
fn a_person_sees_every_stretch_with_its_party_and_the_sum() {
    for (language, words) in [
        (
            "en",
            [
                "paused: applicant",
                "Applicant",
                "working 3h 0.001s + off-hours 0m + paused: applicant 3h = whole 6h 0.001s",
                "missed",
            ],
        ),
        (
            "zh",
            [
                "暂停：applicant",
                "申请人补正",
                "工作时间 3h 0.001s + 非工作时间 0m + 暂停：applicant 3h = 全程 6h 0.001s",
                "超期",
            ],
        ),
    ] {
        let ran = clock(&good(), &["--format", "human", "--lang", language]);
        assert_eq!(ran.status, 0, "{ran:?}");
        for word in words {
            assert!(ran.out.contains(word), "{word}: {}", ran.out);
        }
    }
}

/// A change to a good vector, and the code and key it is refused with.
type Slip = (fn(&mut Value), &'static str, &'static str);

#[test]
fn a_slip_is_refused_with_vector_key_and_remedy_and_the_others_are_computed() {
    let slips: [Slip; 17] = [
        (
            |v| v["calendar"] = json!("hal"),
            "unknown-calendar",
            "calendar: ",
        ),
        (|v| v["tz"] = json!("Asia/Peking"), "bad-vector", "tz: "),
        (|v| v["kind"] = json!("clok"), "bad-vector", "kind: "),
        (
            |v| v["clock"]["unit"] = json!("weeks"),
            "bad-vector",
            "clock.unit: ",
        ),
        (
            |v| v["clock"]["budget_ms"] = json!(0),
            "budget-zero",
            "clock.budget_ms: ",
        ),
        (
            |v| v["clock"]["budget_ms"] = json!(1.5),
            "bad-vector",
            "clock.budget_ms: ",
        ),
        (
            |v| v["clock"]["budget_ms"] = json!(i64::MAX),
            "budget-too-large",
            "clock.budget_ms: ",
        ),
        (
            |v| v["clock"] = json!({"unit": "working_days", "budget_ms": 5}),
            "bad-vector",
            "clock.budget_ms: ",
        ),
        (
            |v| v["clock"]["compar"] = json!("under"),
            "bad-vector",
            "clock.compar: ",
        ),
        (
            |v| v["clock"]["warn_pct"] = json!([0]),
            "bad-vector",
            "clock.warn_pct: ",
        ),
        (
            |v| v["events"][1]["reason"] = json!(" "),
            "bad-vector",
            "events[1].reason: ",
        ),
        (
            |v| {
                v["events"][1] =
                    json!({"type": "set_budget", "at": "2023-03-23T11:00:00+08:00", "budget_ms": 9})
            },
            "bad-vector",
            "events[2].type: ",
        ),
        (
            |v| v["events"][2]["reason"] = json!("hearing"),
            "bad-vector",
            "events[2].reason: ",
        ),
        (
            |v| v["events"].as_array_mut().unwrap().swap(0, 3),
            "bad-vector",
            "events[0].type: ",
        ),
        (
            |v| v["events"][3]["at"] = json!("2023-03-23T10:00:00+08:00"),
            "bad-vector",
            "events[3].at: ",
        ),
        (
            |v| v["as_of"] = json!("2023-03-23 16:00"),
            "bad-vector",
            "as_of: ",
        ),
        (
            |v| v["as_of"] = json!("9999-12-31T23:59:59Z"),
            "clock-out-of-range",
            "as_of: ",
        ),
    ];
    for (slip, code, key) in slips {
        let mut bad = good();
        bad["id"] = json!("BAD");
        slip(&mut bad);
        for language in ["en", "zh"] {
            let ran = clock(&json!([bad, good()]), &["--lang", language]);
            let colon = if language == "en" { ": " } else { "：" };
            let place = format!("[{code}]: BAD {}{colon}", key.trim_end_matches(": "));
            assert!(ran.err.contains(&place), "{place}: {}", ran.err);
            assert_eq!(ran.status, 2, "{ran:?}");
            assert!(ran.out.starts_with("{\"id\":\"D1\""), "{ran:?}");
            assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
        }
    }
}

#[test]
fn what_is_no_vector_at_all_is_refused_too() {
    for value in [
        json!(7),
        json!([7]),
        json!([{}]),
        json!([{"kind": "clock"}]),
    ] {
        let ran = clock(&value, &[]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.starts_with("error["), "{ran:?}");
    }
    let ran = run(&["clock", "Cargo.toml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("[not-json]"), "{ran:?}");
    assert_eq!(run(&["clock", "no-such-file.json"]).status, 2);
}

#[test]
fn what_is_passed_over_is_told() {
    let mut vector = good();
    vector["events"][1]
        .as_object_mut()
        .unwrap()
        .remove("reason");
    vector["events"][3]["document"] = json!("x");
    let ran = clock(&vector, &[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(ran.json()["paused"]["other"]["wall_ms"], 10_800_000);
    assert!(ran.err.contains("D1 events[1].reason: "), "{ran:?}");
    assert!(ran.err.contains("D1 events[3].document: "), "{ran:?}");
}

#[test]
fn the_clock_of_the_recording_machine_may_step_back_a_little() {
    let mut vector = good();
    vector["events"][3]["at"] = json!("2023-03-23T13:59:57+08:00");
    let ran = clock(&vector, &[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("D1 events[3].at: "), "{ran:?}");
    // It stops when it was resumed, after two hours of work.
    assert_eq!(ran.json()["elapsed_ms"], 7_200_000);
}

#[test]
fn the_example_of_the_guide_comes_out_as_it_says() {
    let guide = std::fs::read_to_string(root().join("docs/guides/auditor.md")).unwrap();
    let blocks: Vec<&str> = guide
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let [vector, answer] = blocks[..] else {
        panic!("a vector and its answer, not {}", blocks.len());
    };
    let ran = clock(&serde_json::from_str(vector).unwrap(), &[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(ran.json(), serde_json::from_str::<Value>(answer).unwrap());
}
