//! Disputed clocks, computed by the program from what happened to them, and the figures of many.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::program::{Ran, root, run};

/// The directory of a suite; `None`, aloud, if it is not there.
pub(crate) fn suite(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("GROUNDBREAK_SUITES").map(PathBuf::from);
    let suites = root().join(named.unwrap_or_else(|| "../shared/suites".into()));
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
    let answers: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let list: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(vectors).unwrap()).unwrap();
    let (mut passed, mut failed) = (BTreeMap::<&str, u32>::new(), 0);
    for (vector, answer) in list.iter().zip(&answers) {
        let mut expected = vector["expect"].clone();
        expected["id"] = vector["id"].clone();
        if same(&expected, answer) {
            *passed.entry(vector["kind"].as_str().unwrap()).or_default() += 1;
        } else {
            failed += 1;
            eprintln!(
                "{}:\n  expected {expected}\n  found    {answer}",
                vector["id"]
            );
        }
    }
    println!("clock vectors: {passed:?} passed, {failed} failed");
    assert_eq!((answers.len(), failed), (list.len(), 0));
    assert!(!list.is_empty(), "the suite is empty");
}

/// Everything is compared as it is, but numbers with decimals only as far as they are written, at
/// least two decimals: the suite may have rounded them.
fn same(expected: &Value, found: &Value) -> bool {
    if let (Some(expected), Some(found)) = (expected.as_object(), found.as_object()) {
        return expected.len() == found.len()
            && expected
                .iter()
                .all(|(key, expected)| found.get(key).is_some_and(|found| same(expected, found)));
    }
    if !expected.is_f64() || !found.is_f64() {
        return expected == found;
    }
    let written = expected.to_string();
    let decimals = written.split_once('.').map_or(0, |(_, part)| part.len());
    let unit = 10_f64.powi(-i32::try_from(decimals.clamp(2, 9)).unwrap());
    let (expected, found) = (expected.as_f64().unwrap(), found.as_f64().unwrap());
    (expected - found).abs() <= unit / 2.0 + found.abs() * f64::EPSILON * 4.0
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
            "clock-not-paused",
            "events[2].type: ",
        ),
        (
            |v| v["events"][2]["reason"] = json!("hearing"),
            "clock-not-paused",
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

/// Ten cases in the order they came about, their ranges 2 1 3 4 3 1 3 4 1.
fn report() -> Value {
    json!({
        "id": "R1", "kind": "report", "title": "ten",
        "data_minutes_in_time_order": [10, 12, 11, 14, 10, 13, 12, 15, 11, 12]
    })
}

fn attainment() -> Value {
    json!({
        "id": "A1", "kind": "attainment", "title": "a quarter",
        "counts": {
            "met": 2, "missed": 1, "void": 5, "excused": 1, "running_in_time": 4,
            "running_missed": 3
        }
    })
}

#[test]
fn the_figures_of_many_cases_are_computed_without_a_calendar() {
    let ran = clock(&report(), &[]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(
        ran.json(),
        json!({
            "id": "R1", "n": 10, "min": 10, "max": 15, "mean": 12.0,
            "nearest_rank": {"p50": 12, "p75": 13, "p90": 14, "p95": 15, "p99": 15},
            "linear_type7": {"p50": 12.0, "p75": 12.75, "p90": 14.1, "p95": 14.55, "p99": 14.91},
            "xmr": {
                "mr_bar": 22.0 / 9.0, "unpl": 16_652.0 / 900.0, "lnpl": 4_948.0 / 900.0,
                "url": 71_896.0 / 9_000.0
            }
        })
    );
    let ran = clock(&attainment(), &[]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(
        ran.json(),
        json!({"id": "A1", "attainment_closed_bp": 6_666, "attainment_pessimistic_bp": 3_333})
    );
}

#[test]
fn figures_are_computed_as_far_as_they_are_asked_for() {
    let mut asked = report();
    asked["expect"] = json!({"nearest_rank": {"p10": 0}, "xmr": {"url": null}});
    let ran = clock(&asked, &[]);
    assert_eq!(
        ran.json(),
        json!({"id": "R1", "nearest_rank": {"p10": 10}, "xmr": {"url": 71_896.0 / 9_000.0}})
    );
}

#[test]
fn values_are_of_the_unit_their_key_names() {
    let unit = json!({
        "id": "R2", "kind": "report", "data_ms_in_time_order": [3_600_000, 60_000],
        "expect": {"max": 0, "mean": 0}
    });
    let ran = clock(&unit, &["--format", "human"]);
    assert!(
        ran.out.contains("mean 1830000 · in milliseconds"),
        "{ran:?}"
    );
    let ran = clock(&unit, &[]);
    assert_eq!(
        ran.json(),
        json!({"id": "R2", "max": 3_600_000, "mean": 1_830_000.0})
    );
}

#[test]
fn a_few_values_make_no_limits_and_one_makes_no_ranges() {
    let mut few = report();
    few["data_minutes_in_time_order"] = json!([95, 95]);
    let ran = clock(&few, &[]);
    assert!(
        ran.err
            .contains("R1 data_minutes_in_time_order: there are 2 values, fewer than 10"),
        "{ran:?}"
    );
    assert_eq!(ran.json()["xmr"]["unpl"], 95.0);
    let ran = clock(&few, &["--format", "human"]);
    assert!(
        ran.out.contains("fewer than 10 values, no limits"),
        "{ran:?}"
    );
    few["data_minutes_in_time_order"] = json!([95]);
    let ran = clock(&few, &[]);
    assert_eq!((ran.status, &ran.json()["xmr"]), (0, &Value::Null));
}

#[test]
fn with_nothing_to_take_a_share_of_there_is_none() {
    let none = json!({"id": "A2", "kind": "attainment", "counts": {"met": 0, "missed": 0}});
    let ran = clock(&none, &[]);
    assert_eq!(
        ran.json(),
        json!({"id": "A2", "attainment_closed_bp": null, "attainment_pessimistic_bp": null})
    );
    let ran = clock(&none, &["--format", "human"]);
    assert!(ran.out.contains("attainment of those closed –"), "{ran:?}");
}

#[test]
fn a_person_sees_the_figures_of_many_with_their_methods() {
    let mut wide = report();
    wide["data_minutes_in_time_order"] = json!([0, 9, 0, 9, 0, 9, 0, 9, 0, 9]);
    let list = json!([report(), wide, attainment()]);
    for (language, words) in [
        (
            "en",
            [
                "n 10 · least 10 · greatest 15 · mean 12 · in minutes",
                "nearest rank (an actual case) p50 12 · p75 13 · p90 14 · p95 15 · p99 15",
                "linear (type 7) p50 12 · p75 12.75 · p90 14.1 · p95 14.55 · p99 14.91",
                "mean range 2.44 · lower limit 5.5 · upper limit 18.5 · range limit 7.99",
                "lower limit -19.44 (below zero: none)",
                "met 2 · missed 1 · void 5 · excused 1 · running in time 4 · running late 3",
                "attainment of those closed 66.66% · with those running late as missed 33.33%",
            ],
        ),
        (
            "zh",
            [
                "n 10 · 最小 10 · 最大 15 · 平均 12 · 单位：分钟",
                "最近秩（实有的一件） p50 12",
                "线性插值（第 7 型） p50 12",
                "平均移动极差 2.44 · 下限 5.5 · 上限 18.5 · 极差上限 7.99",
                "下限 -19.44（低于零，不设）",
                "达标 2 · 未达标 1 · 作废 5 · 免责 1 · 在办未超期 4 · 在办已超期 3",
                "已办结的达标率 66.66% · 在办已超期的计为未达标 33.33%",
            ],
        ),
    ] {
        let ran = clock(&list, &["--format", "human", "--lang", language]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
        for word in words {
            assert!(ran.out.contains(word), "{word}: {}", ran.out);
        }
    }
}

#[test]
fn figures_that_cannot_be_are_refused_with_key_and_remedy() {
    const DATA: &str = "data_minutes_in_time_order";
    let report_with = |data: Value| {
        let mut bad = report();
        bad[DATA] = data;
        bad
    };
    let attainment_with = |counts: Value| {
        let mut bad = attainment();
        bad["counts"] = counts;
        bad
    };
    let asking = |mut vector: Value, expect: Value| {
        vector["expect"] = expect;
        vector
    };
    let mut twice = report();
    twice["data_ms_in_time_order"] = json!([1]);
    let rows = [
        (report_with(json!([])), DATA, "empty"),
        (report_with(Value::Null), DATA, "missing"),
        (json!({"kind": "report"}), DATA, "missing"),
        (report_with(json!(7)), DATA, "a list of whole numbers"),
        (
            report_with(json!([1, -1])),
            "data_minutes_in_time_order[1]",
            "not -1",
        ),
        (
            report_with(json!([1.5])),
            "data_minutes_in_time_order[0]",
            "not 1.5",
        ),
        (
            report_with(json!(["5"])),
            "data_minutes_in_time_order[0]",
            "not \"5\"",
        ),
        (
            report_with(json!([1, 2, i64::MAX])),
            "data_minutes_in_time_order[2]",
            "from 0 to 1576800000000",
        ),
        (report_with(json!(vec![1; 100_001])), DATA, "at most 100000"),
        (twice, "data_ms_in_time_order", "remove the other"),
        (
            asking(report(), json!({"median": 0})),
            "expect.median",
            "There are: n, min",
        ),
        (
            asking(report(), json!({"nearest_rank": {"p101": 0}})),
            "expect.nearest_rank.p101",
            "There are: p50",
        ),
        (
            asking(report(), json!({"xmr": {"ucl": 0}})),
            "expect.xmr.ucl",
            "There are: mr_bar",
        ),
        (
            json!({"kind": "attainment"}),
            "counts",
            "Write met and missed",
        ),
        (
            attainment_with(json!([1, 2])),
            "counts",
            "an object is needed",
        ),
        (attainment_with(json!({"met": 1})), "counts.missed", "or 0"),
        (
            attainment_with(json!({"met": -1, "missed": 0})),
            "counts.met",
            "not -1",
        ),
        (
            attainment_with(json!({"met": 0.5, "missed": 0})),
            "counts.met",
            "a whole number is needed, not 0.5",
        ),
        (
            attainment_with(json!({"met": i64::MAX, "missed": 0})),
            "counts.met",
            "from 0 to 10000000000",
        ),
        (
            attainment_with(json!({"met": 1, "missed": 0, "viod": 2})),
            "counts.viod",
            "Did you mean void?",
        ),
        (
            asking(attainment(), json!({"attainment": 0})),
            "expect.attainment",
            "attainment_closed_bp",
        ),
        (json!({"kind": "ratio"}), "kind", "report, attainment"),
    ];
    for (mut bad, key, word) in rows {
        bad["id"] = json!("BAD");
        for language in ["en", "zh"] {
            let ran = clock(&json!([bad, good()]), &["--lang", language]);
            let place = match language {
                "en" => format!("error[bad-vector]: BAD {key}: "),
                _ => format!("错误[bad-vector]: BAD {key}："),
            };
            assert!(ran.err.contains(&place), "{place}: {}", ran.err);
            assert!(
                language == "zh" || ran.err.contains(word),
                "{word}: {}",
                ran.err
            );
            assert_eq!(ran.status, 2, "{ran:?}");
            assert!(ran.out.starts_with("{\"id\":\"D1\""), "{ran:?}");
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
    vector["events"][3]["remark"] = json!("x");
    let ran = clock(&vector, &[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(ran.json()["paused"]["other"]["wall_ms"], 10_800_000);
    assert!(ran.err.contains("D1 events[1].reason: "), "{ran:?}");
    assert!(ran.err.contains("D1 events[3].remark: "), "{ran:?}");
}

#[test]
fn a_pause_names_its_law_and_its_letter_where_the_policy_wants_them() {
    let mut vector = good();
    vector["clock"]["proof_for"] = json!(["applicant"]);
    let ran = clock(&vector, &[]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(
        ran.err
            .starts_with("error[pause-without-law]: D1 events[1].law: "),
        "{ran:?}"
    );
    vector["events"][1]["law"] = json!("行政许可法 §32");
    let ran = clock(&vector, &[]);
    assert!(
        ran.err
            .starts_with("error[pause-without-document]: D1 events[1].document: "),
        "{ran:?}"
    );
    vector["events"][1]["document"] = json!("示补〔2023〕1号");
    let ran = clock(&vector, &[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    vector["clock"]["proof_for"] = json!(["nobody"]);
    let ran = clock(&vector, &[]);
    assert!(
        ran.err
            .starts_with("error[bad-vector]: D1 clock.proof_for: "),
        "{ran:?}"
    );
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
fn the_examples_of_the_guide_come_out_as_it_says() {
    let guide = std::fs::read_to_string(root().join("docs/guides/auditor.md")).unwrap();
    let blocks: Vec<&str> = guide
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let (pairs, []) = blocks.as_chunks::<2>() else {
        panic!("vectors and their answers, not {}", blocks.len());
    };
    assert_eq!(pairs.len(), 2, "one clock, and the figures of many");
    for [vectors, answers] in pairs {
        let ran = clock(&serde_json::from_str(vectors).unwrap(), &[]);
        assert_eq!(ran.status, 0, "{ran:?}");
        let read = |text: &str| -> Vec<Value> {
            serde_json::Deserializer::from_str(text)
                .into_iter()
                .map(Result::unwrap)
                .collect()
        };
        assert_eq!(read(&ran.out), read(answers));
    }
}
