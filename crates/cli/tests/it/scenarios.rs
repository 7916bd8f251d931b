use std::fs;

use crate::program::{root, run};

const PERMIT: &str = "\
# 示例
流程 company-registration
办件 甲 \"示例公司\"
事实 company_kind=limited registered_capital=100万元 needs_pre_approval=否
2024-03-11 09:00  applicant opens  -> consulting
";

/// Plays a scenario written on the spot, and returns how that went.
fn replay(lines: &str, more: &[&str]) -> crate::program::Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.txt");
    fs::write(&path, format!("{PERMIT}{lines}")).unwrap();
    let mut arguments = vec!["replay", path.to_str().unwrap()];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn every_scenario_of_the_repository_holds() {
    let folder = root().join("tests/scenarios");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".txt"))
        .collect();
    files.sort();
    assert!(files.len() >= 15, "{files:?}");
    let mut arguments = vec!["replay", "--format", "json"];
    arguments.extend(files.iter().map(String::as_str));
    let ran = run(&arguments);
    assert_eq!(ran.status, 0, "{}\n{}", ran.out, ran.err);
    for row in ran.json().as_array().unwrap() {
        // One that checks nothing proves nothing.
        assert!(row["checks"].as_u64().unwrap() >= 3, "{row}");
    }
}

#[test]
fn a_line_that_does_not_hold_is_shown_as_it_is_and_as_it_would_have_to_read() {
    let ran = replay(
        "2024-03-11 09:10  applicant reserve_name company_name=示例  -> drafting\n",
        &[],
    );
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.out.contains("case.txt:6:"), "{ran:?}");
    assert!(
        ran.out
            .contains("- 2024-03-11 09:10  applicant reserve_name company_name=示例  -> drafting"),
        "{ran:?}"
    );
    assert!(
        ran.out.contains(
            "+ 2024-03-11 09:10  applicant reserve_name company_name=示例  -> name_reserved"
        ),
        "{ran:?}"
    );
}

#[test]
fn every_kind_of_expectation_can_fail() {
    let reserve = "2024-03-11 09:10  applicant reserve_name company_name=示例";
    let rows = [
        (
            "-> registration_elapsed 5m",
            "registration_elapsed (not started)",
        ),
        ("-> refused gate-closed", "-> name_reserved"),
        (
            "-> timer breach/registration_elapsed late 1m",
            "timer breach/registration_elapsed (not fired)",
        ),
        ("seen 9", "refused stale-revision"),
        ("seen 9 -> refused gate-closed", "refused stale-revision"),
        (
            "seen 9 -> refused stale-revision \"other words\"",
            "refused stale-revision",
        ),
        (
            "-> segments registration_elapsed form_review 1m together 1m",
            "form_review 0m together 0m",
        ),
    ];
    for (expected, actual) in rows {
        let ran = replay(&format!("{reserve} {expected}\n"), &[]);
        assert_eq!(ran.status, 1, "{expected}: {ran:?}");
        assert!(ran.out.contains(actual), "{expected}: {ran:?}");
    }
    let clocks = "\
2024-03-11 09:10  agent_officer reserve_name company_name=示例
2024-03-11 09:11  agent_officer start_drafting
2024-03-11 09:12  window_clerk verify_identity nobody_barred=是
2024-03-11 09:13  agent_officer attaches application, identity, premises, articles
2024-03-11 09:20  agent_officer submit contribution_years=5
2024-03-11 09:30  (clock)  -> registration_elapsed 10m running green office 10m
";
    assert_eq!(replay(clocks, &[]).status, 0);
    for (good, bad) in [
        ("elapsed 10m", "elapsed 11m"),
        ("running", "met"),
        ("green", "red"),
        ("office 10m", "office 0m"),
        ("running", "breached"),
    ] {
        let ran = replay(&clocks.replace(good, bad), &[]);
        assert_eq!(ran.status, 1, "{bad}: {ran:?}");
    }
}

#[test]
fn a_mismatch_is_told_to_programs_with_its_place() {
    let ran = replay(
        "2024-03-11 09:10  applicant reserve_name  -> name_reserved\n",
        &["--format", "json"],
    );
    assert_eq!(ran.status, 1);
    let rows = ran.json();
    let mismatch = &rows[0]["mismatches"][0];
    assert_eq!(
        (mismatch["line"].as_u64(), mismatch["column"].as_u64()),
        (Some(6), Some(46)),
        "{rows}"
    );
    assert!(
        mismatch["actual"][0]
            .as_str()
            .unwrap()
            .contains("refused invalid-data"),
        "{rows}"
    );
    assert_eq!(rows[0]["ok"], false);
}

#[test]
fn a_scenario_that_cannot_be_read_exits_with_2_and_says_what_is_accepted() {
    let rows = [
        (
            "hello\n",
            "case.txt:6:1",
            "A line begins with a time",
            "此行应以时间",
        ),
        (
            "2024-03-11 09:10  applicant reserve_name note x\n",
            "case.txt:6:47",
            "between quotation marks",
            "引号",
        ),
        (
            "2024-03-11 09:10  (clock) -> consultng\n",
            "case.txt:6:30",
            "Did you mean consulting?",
            "是否指 consulting？",
        ),
        (
            "2024-03-11 09:10  (clock) -> registration_elapse 1m\n",
            "case.txt:6:30",
            "registration_elapsed",
            "registration_elapsed",
        ),
        (
            "2024-03-11 09:10  aplicant withdraw\n",
            "case.txt:6:19",
            "Did you mean applicant?",
            "是否指 applicant？",
        ),
        (
            "2024-02-30 09:10  (clock)\n",
            "case.txt:6:1",
            "is not a local time",
            "不是有效的本地时间",
        ),
        (
            "2024-03-10 09:10  (clock)\n",
            "case.txt:6:1",
            "earlier than the one above",
            "早于上一行",
        ),
        (
            "as in nothing.txt until 2024-03-12 10:00\n",
            "case.txt:6:7",
            "no scenario \"nothing.txt\"",
            "找不到场景",
        ),
        (
            "as in ../case.txt until 2024-03-12 10:00\n",
            "case.txt:6:7",
            "no scenario",
            "找不到场景",
        ),
    ];
    for (line, place, en, zh) in rows {
        for (language, words) in [("en", en), ("zh", zh)] {
            let ran = replay(line, &["--lang", language]);
            assert_eq!(ran.status, 2, "{line}: {ran:?}");
            assert!(
                ran.out.contains(place) && ran.out.contains(words),
                "{line}: {ran:?}"
            );
        }
    }
    assert_eq!(run(&["replay", "tests/scenarios/none.txt"]).status, 2);
}

#[test]
fn a_kept_directory_can_be_worked_on() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().to_str().unwrap();
    assert_eq!(
        run(&[
            "replay",
            "tests/scenarios/name-reservation.txt",
            "--keep",
            keep
        ])
        .status,
        0
    );
    let data = folder.path().join("name-reservation");
    let data = data.to_str().unwrap();
    let list = run(&["case", "list", "--data", data, "--format", "json"]).json();
    let number = list[0]["number"].as_str().unwrap();
    let shown = run(&["case", "show", number, "--data", data, "--lang", "zh"]);
    assert!(
        shown.out.contains("名称保留期满") && shown.out.contains("流水"),
        "{shown:?}"
    );
    // Never over something that is there.
    assert_eq!(
        run(&[
            "replay",
            "tests/scenarios/name-reservation.txt",
            "--keep",
            keep
        ])
        .status,
        2
    );
}

#[test]
fn the_quickest_way_through_a_clock_is_measured_from_its_cases() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().to_str().unwrap();
    let scenario = "tests/scenarios/capital-increase-half-hour.txt";
    assert_eq!(run(&["replay", scenario, "--keep", keep]).status, 0);
    let data = folder.path().join("capital-increase-half-hour");
    let report = ["report", "critical-path", "--data", data.to_str().unwrap()];
    let rows = run(&[&report[..], &["--format", "json"]].concat()).json();
    let row = &rows[0];
    assert_eq!(row["clock"], "increase_elapsed", "{rows}");
    assert_eq!(row["at_least"], 30 * 60_000, "{rows}");
    let steps = row["steps"].as_array().unwrap().iter();
    let takes: Vec<i64> = steps
        .map(|step| step["takes"].as_i64().unwrap() / 60_000)
        .collect();
    assert_eq!(takes, [8, 7, 10, 5], "{rows}");
    let told = run(&[&report[..], &["--workflow", "capital-increase"]].concat());
    assert!(
        told.out.contains("Back-office approval 10 minutes"),
        "{told:?}"
    );
    assert_eq!(
        run(&[&report[..], &["--workflow", "capital"]].concat()).status,
        1
    );
}

#[test]
fn no_case_is_quicker_than_the_quickest_way_measured_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        "start-on-award",
        "one-moment-late",
        "capital-increase-half-hour",
        "registration-under-two-hours",
        "registration-two-hours-exactly",
    ]
    .map(|name| format!("tests/scenarios/{name}.txt"));
    let mut replay = vec!["replay", "--keep", folder.path().to_str().unwrap()];
    replay.extend(files.iter().map(String::as_str));
    assert_eq!(run(&replay).status, 0);
    let mut compared = 0;
    for data in std::fs::read_dir(folder.path()).unwrap() {
        let data = data.unwrap().path().display().to_string();
        let report = |name| run(&["report", name, "--data", &data, "--format", "json"]).json();
        let (ways, turnaround) = (report("critical-path"), report("turnaround"));
        for way in ways.as_array().unwrap() {
            // Elapsed time is compared with elapsed time, pauses taken off.
            let clocks = turnaround["clocks"].as_array().unwrap().iter();
            let rows = clocks
                .filter(|clock| {
                    clock["workflow"] == way["workflow"] && clock["clock"] == way["clock"]
                })
                .filter(|clock| !clock["budget"]["zh"].as_str().unwrap().contains("日"))
                .flat_map(|clock| clock["rows"].as_array().unwrap())
                .filter(|row| row["state"] == "stopped");
            for row in rows {
                let part = |name: &str| row[name].as_i64().unwrap();
                let counted = part("wall_ms") - part("applicant_ms") - part("other_pauses_ms");
                assert!(
                    way["at_least"].as_i64().unwrap() <= counted,
                    "{data}: {way} {row}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 8, "only {compared} clocks were compared");
}

/// The scenarios of the second district.
fn second_district() -> Vec<String> {
    let folder = root().join("tests/second-district/scenarios");
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<String> = files
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    files
}

#[test]
fn a_second_district_is_a_folder_laid_over_the_shipped_definitions() {
    let files = second_district();
    let replay = |file: &str, more: &[&str]| run(&[&["replay", file], more].concat());
    let overlay = ["--workflows", "tests/second-district"];
    for file in &files {
        let ran = replay(file, &overlay);
        assert_eq!(ran.status, 0, "{ran:?}");
        // It is the folder that makes the difference.
        assert_ne!(replay(file, &[]).status, 0, "{file}");
    }
}

#[test]
fn every_definition_of_the_second_district_is_proven() {
    let calendars = "tests/second-district/calendars";
    for file in ["matter", "company-registration", "factor-support"] {
        let path = format!("tests/second-district/{file}.yaml");
        let ran = run(&["check", &path, "--calendars", calendars]);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(
            ran.out.contains(&format!("{file} v101")) && ran.out.contains("can be completed"),
            "{ran:?}"
        );
    }
    let register = run(&["check", "tests/second-district/districts/second.yaml"]);
    assert_eq!(register.status, 0, "{register:?}");
}

#[test]
fn the_later_folder_lies_over_the_earlier() {
    let workflow = |ends_in: &str| {
        format!(
            "workflow: errand\nversion: 1\ntitle: {{ zh: 跑腿, en: Errand }}\ncalendar: pengjiang\nroles:\n  clerk: {{ title: {{ zh: 窗口, en: Clerk }} }}\nevents:\n  go: {{ title: {{ zh: 去, en: Go }}, by: [clerk] }}\nstates:\n  begun: {{ title: {{ zh: 开始, en: Begun }}, on: {{ go: {ends_in} }} }}\n  {ends_in}: {{ title: {{ zh: 完, en: End }}, final: true }}\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, ends_in) in [("city", "home"), ("district", "away")] {
        fs::create_dir(at(name)).unwrap();
        fs::write(format!("{}/errand.yaml", at(name)), workflow(ends_in)).unwrap();
    }
    let scenario = at("errand.txt");
    let replay = |ends_in: &str, folders: [&str; 2]| {
        fs::write(
            &scenario,
            format!("流程 errand\n办件 甲\n2024-03-11 09:00 clerk opens -> begun\n2024-03-11 09:01 clerk go -> {ends_in}\n"),
        )
        .unwrap();
        let [first, second] = folders.map(at);
        run(&[
            "replay",
            &scenario,
            "--workflows",
            &first,
            "--workflows",
            &second,
        ])
    };
    for (ends_in, folders) in [
        ("away", ["city", "district"]),
        ("home", ["district", "city"]),
    ] {
        let ran = replay(ends_in, folders);
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    // A folder that is not there is named.
    let ran = replay("home", ["city", "nowhere"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("nowhere"), "{ran:?}");
}

#[test]
fn a_child_is_found_when_its_parent_has_opened_it() {
    let head = "流程 problem-ticket\n办件 难题\n事实 problem=停电 owner=供电\n2023-03-23 09:00 agent_officer opens\n2023-03-23 09:30 supervisor supervise -> supervised\n流程 supervision-order\n子办件 督办 属于 难题 order\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.txt");
    let path = path.to_str().unwrap();
    let replay = |line: &str| {
        fs::write(path, format!("{head}{line}\n")).unwrap();
        run(&["replay", path])
    };
    let ran = replay(
        "2023-03-23 09:10 owner sign_for -> refused case-not-found
2023-03-23 09:40 (restart)
2023-03-23 09:40 leader opens -> refused case-exists
2023-03-23 09:41 owner sign_for -> being_handled",
    );
    assert_eq!(ran.status, 0, "{ran:?}");
    let ran = replay("2023-03-23 09:10 (clock) -> issued");
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(
        ran.out.contains("+ 2023-03-23 09:10 (clock) -> (no case)"),
        "{ran:?}"
    );
}
