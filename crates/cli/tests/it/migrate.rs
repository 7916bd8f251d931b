//! Cases of a data directory move to another version of their workflow.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use groundbreak_engine::{Engine, EngineOptions, ListQuery};
use groundbreak_store_sled::{SledOptions, SledStore};
use groundbreak_workflow::{Act, Actor, Case, Command as Request, Data, Entry};

use crate::program::{Ran, run};

const CALENDAR: &str = "{ id: hall, tz: Asia/Shanghai, weekly: { mon: [['08:30', '17:30']] } }";
const WORKFLOW: &str = "
workflow: permit
version: 1
title: { zh: 许可, en: Permit }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events:
  accept: { title: { zh: 受理, en: Accept it }, by: [clerk] }
  grant: { title: { zh: 发证, en: Grant it }, by: [clerk] }
states:
  received: { title: { zh: 已收件, en: Received }, on: { accept: review } }
  review: { title: { zh: 审查, en: Review }, on: { grant: granted } }
  granted: { title: { zh: 已发证, en: Granted }, final: true }
";

async fn open(data: &Path) -> Engine {
    let store = SledStore::open(data.join("store"), SledOptions::default()).unwrap();
    Engine::open(Arc::new(store), EngineOptions::default())
        .await
        .unwrap()
}

/// Fills a directory with cases under the first version, every second one accepted, and publishes a
/// second one, in which the review has another name.
async fn fill(data: &Path, cases: usize) {
    fill_with(data, WORKFLOW, WORKFLOW, cases).await;
}

async fn fill_with(data: &Path, first: &str, second: &str, cases: usize) {
    let engine = open(data).await;
    engine.publish_calendar(CALENDAR).await.unwrap();
    engine.publish_workflow(first).await.unwrap();
    for number in 0..cases {
        let case = engine.new_case_id();
        let give = |act| {
            engine.submit(Request {
                id: engine.new_command_id(),
                case,
                actor: Actor::new("lin", "林", "clerk"),
                seen_revision: None,
                effective_at: None,
                act,
            })
        };
        give(Act::Open {
            workflow: "permit".into(),
            version: None,
            title: format!("Factory {number}"),
            data: Data::new(),
        })
        .await
        .unwrap();
        if number % 2 == 1 {
            let event = "accept".to_owned();
            let (data, note) = (Data::new(), None);
            give(Act::Fire { event, data, note }).await.unwrap();
        }
    }
    let second = second.replace("version: 1", "version: 2");
    let second = second
        .replace("review", "examination")
        .replace("Review", "Examination");
    engine.publish_workflow(second).await.unwrap();
    engine.shutdown().await.unwrap();
}

fn migrate(data: &Path, more: &[&str]) -> Ran {
    let data = data.to_str().unwrap();
    let (verb, rest) = more.split_first().unwrap();
    let mut arguments = vec!["migrate", verb, "--data", data, "--workflow", "permit"];
    if !rest.contains(&"--to") {
        arguments.extend(["--to", "2"]);
    }
    arguments.extend(rest);
    run(&arguments)
}

const MAP: [&str; 2] = ["--map", "review=examination"];
const BY: [&str; 4] = ["--by", "王科", "--reason", "new rules from May"];

fn with<'a>(verb: &'a str, more: &[&[&'a str]]) -> Vec<&'a str> {
    std::iter::once(verb).chain(more.concat()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_what_can_move_and_a_run_moves_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    fill(data, 4).await;

    let planned = migrate(data, &["plan"]);
    assert_eq!(planned.status, 1, "{planned:?}");
    for words in [
        "Received",
        "migrate-no-counterpart",
        "--drop review",
        "2 can move, 2 cannot",
    ] {
        assert!(planned.out.contains(words), "{words}: {}", planned.out);
    }
    let planned = migrate(data, &["plan", "--lang", "zh"]);
    assert!(
        planned.out.contains("2 件可以迁移，2 件不能"),
        "{}",
        planned.out
    );

    let planned = migrate(data, &with("plan", &[&MAP, &["--format", "json"]]));
    assert_eq!(planned.status, 0, "{planned:?}");
    let rows: Vec<serde_json::Value> = planned
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 4);
    assert_eq!(
        (&rows[1]["places"][0], &rows[1]["then"][0]),
        (&"review".into(), &"examination".into())
    );

    // Without a mapping those that can move do, and the others are left.
    let ran = migrate(data, &with("run", &[&BY]));
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.out.contains("2 moved, 2 left"), "{}", ran.out);
    let ran = migrate(data, &with("run", &[&BY, &MAP]));
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("2 moved, 0 left"), "{}", ran.out);

    // The case goes on under its new version.
    let text = data.to_str().unwrap();
    let number = rows[1]["number"].as_str().unwrap();
    let shown = run(&["case", "show", number, "--data", text]);
    for words in [
        "Permit v2",
        "Examination",
        "Moved from version 1 to version 2: new rules from May",
        "王科",
    ] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    // What was recorded before is told in the words of its version.
    assert!(shown.out.contains("→ Review"), "{}", shown.out);
    let fired = run(&[
        "case", "fire", number, "grant", "--data", text, "--as", "clerk",
    ]);
    assert_eq!(fired.status, 0, "{fired:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_usage_is_told_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    fill(data, 2).await;
    let file = directory.path().join("mapping.yaml");
    let path = file.to_str().unwrap();
    let rows: [(&[&str], &str, &str); 8] = [
        (
            &["--map", "reveiw=examination"],
            "mapping-unknown-name",
            "\"review\"",
        ),
        (
            &["--map", "review=examination", "--map", "review=received"],
            "bad-argument",
            "twice",
        ),
        (
            &["--map", "review=examination", "--drop", "review"],
            "mapping-contradiction",
            "dropped",
        ),
        (&["--to", "3"], "unknown-workflow", "permit"),
        (&["--from", "2"], "migration-not-newer", "--backwards"),
        (&["--set", "area=3"], "invalid-data", "area"),
        (&["--mapping", path], "bad-argument", "line 2"),
        (
            &["--mapping", "nowhere.yaml"],
            "file-unreadable",
            "nowhere.yaml",
        ),
    ];
    std::fs::write(&file, "drop: [review]\nstats: {}\n").unwrap();
    for (more, code, words) in rows {
        for verb in [with("plan", &[more]), with("run", &[more, &BY])] {
            let ran = migrate(data, &verb);
            assert_eq!(ran.status, 2, "{more:?}: {ran:?}");
            assert!(
                ran.err.contains(code) && ran.err.contains(words),
                "{more:?}: {}",
                ran.err
            );
        }
    }
    for without in [&BY[..2], &BY[2..]] {
        assert_eq!(migrate(data, &with("run", &[without, &MAP])).status, 2);
    }
    let refused = migrate(
        data,
        &with("run", &[&["--by", "clock", "--reason", "x"], &MAP]),
    );
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.err.contains("invalid-input"), "{}", refused.err);

    // What stands on the command line and in the file counts together.
    std::fs::write(&file, "states: { review: examination }\n").unwrap();
    assert_eq!(migrate(data, &["plan", "--mapping", path]).status, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_leaves_every_case_whole_and_is_ended_by_another() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let cases = 300;
    fill(data, cases).await;
    let mut seen_in_between = false;
    for millis in [60, 90, 120, 150, 180] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_groundbreak"))
            .args([
                "migrate",
                "run",
                "--workflow",
                "permit",
                "--to",
                "2",
                "--data",
            ])
            .arg(data)
            .args(MAP)
            .args(BY)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
        let moved = moved(data).await;
        seen_in_between |= 0 < moved && moved < cases;
        if moved == cases {
            break;
        }
    }
    let ran = migrate(data, &with("run", &[&BY, &MAP]));
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(moved(data).await, cases);
    println!("killed in the middle: {seen_in_between}");
}

/// Checks that each case is wholly on one version, and counts those on the second.
async fn moved(data: &Path) -> usize {
    let engine = open(data).await;
    let page = engine.list(&ListQuery::all(500)).await.unwrap();
    let mut moved = 0;
    for id in page.cases {
        let case = engine.case(id).await.unwrap().unwrap();
        let journal = engine.journal(id).await.unwrap();
        assert_eq!(Case::fold(&journal).unwrap().as_ref(), Some(&*case));
        let entries = journal.iter().flat_map(|commit| &commit.entries);
        let migrations = entries.filter(|entry| matches!(entry, Entry::Migrated(_)));
        assert_eq!(migrations.count(), usize::from(case.version == 2));
        let there = case.is_in("received")
            || case.is_in(if case.version == 2 {
                "examination"
            } else {
                "review"
            });
        assert!(there, "{:?}", case.active);
        moved += usize::from(case.version == 2);
    }
    engine.shutdown().await.unwrap();
    moved
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_goes_on_counting_a_clock_that_the_new_version_does_not_have() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let clock = "clocks:\n  handling: { title: { zh: 办理, en: Handling }, effect: promised, budget: within 9h, start: entering review, stop: entering granted }\nstates:";
    fill_with(data, &WORKFLOW.replace("states:", clock), WORKFLOW, 4).await;
    let report = || {
        let text = data.to_str().unwrap();
        run(&["report", "turnaround", "--data", text, "--format", "json"]).json()
    };
    let before = report();
    assert_eq!(
        (
            &before["cases"],
            before["clocks"][0]["rows"].as_array().unwrap().len()
        ),
        (&4.into(), 2)
    );
    assert_eq!(migrate(data, &with("run", &[&BY, &MAP])).status, 0);
    let after = report();
    assert_eq!(after["cases"], 4, "{after}");
    let clocks = after["clocks"].as_array().unwrap();
    assert_eq!((clocks.len(), &clocks[0]["clock"]), (1, &"handling".into()));
    let rows = clocks[0]["rows"].as_array().unwrap();
    let verdicts: Vec<&str> = rows
        .iter()
        .map(|row| row["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["void", "void"]);
}
