//! Documents in SCXML, run and imported.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// A file of this name with this text, in a directory of its own.
fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn groundbreak(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_groundbreak"))
        .args(["--lang", "en"])
        .args(arguments)
        .output()
        .unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const CASE: &str = r#"<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="smallCase">
  <state id="received">
    <onentry><send id="w" event="late" delay="2h"/></onentry>
    <onexit><cancel sendid="w"/></onexit>
    <transition event="accept" target="accepted"/>
    <transition event="late" target="lapsed"/>
  </state>
  <parallel id="accepted">
    <transition event="done.state.accepted" target="granted"/>
    <state id="tax"><state id="taxOpen"><transition event="tax.paid" target="taxDone"/></state><final id="taxDone"/></state>
    <state id="seal"><state id="sealOpen"><transition event="sealMade" cond="In('taxDone')" target="sealDone"/></state><final id="sealDone"/></state>
  </parallel>
  <final id="granted"/>
  <final id="lapsed"/>
</scxml>
"#;

#[test]
fn each_macrostep_is_a_line_and_time_goes_on_by_itself() {
    let (_folder, path) = file("case.scxml", CASE);
    let output = groundbreak(&[
        "scxml",
        "run",
        path.to_str().unwrap(),
        "--event",
        "nothing@60000",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let rows = lines(&output);
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["at_ms"].as_u64().unwrap(),
                row["event"].as_str(),
                row["active"][0].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (0, None, "received"),
            (60_000, Some("nothing"), "received"),
            (7_200_000, Some("late"), "lapsed")
        ]
    );
    assert_eq!(rows[1]["moved"], false);
    assert_eq!(rows[2]["done"], true);
}

#[test]
fn events_without_a_time_are_sent_at_once_and_in_order() {
    let (_folder, path) = file("case.scxml", CASE);
    let path = path.to_str().unwrap();
    let events = [
        "--event",
        "accept@1000",
        "--event",
        "tax.paid",
        "--event",
        "sealMade",
    ];
    let output = groundbreak(&[&["scxml", "run", path], &events[..]].concat());
    let rows = lines(&output);
    assert_eq!(rows.last().unwrap()["active"][0], "granted", "{rows:#?}");
    assert_eq!(rows.last().unwrap()["at_ms"], 1000);
    let accepted = &rows[1];
    assert_eq!(
        accepted["active"],
        serde_json::json!(["taxOpen", "sealOpen"])
    );
    assert_eq!(
        accepted["all_active"],
        serde_json::json!(["accepted", "tax", "taxOpen", "seal", "sealOpen"])
    );
}

#[test]
fn a_run_ends_at_the_time_that_was_asked_for() {
    let (_folder, path) = file("case.scxml", CASE);
    let output = groundbreak(&["scxml", "run", path.to_str().unwrap(), "--until", "7199999"]);
    assert_eq!(lines(&output).len(), 1);
}

#[test]
fn a_document_with_faults_is_refused_with_their_places() {
    let (_folder, path) = file(
        "case.scxml",
        &CASE.replace("target=\"lapsed\"", "traget=\"lapsed\""),
    );
    let path = path.to_str().unwrap();
    let output = groundbreak(&["scxml", "run", path]);
    assert_eq!(output.status.code(), Some(2));
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows[0]["code"], "scxml-attribute");
    assert_eq!(
        (rows[0]["line"].as_u64(), rows[0]["column"].as_u64()),
        (Some(6), Some(30))
    );
    assert!(!rows[0]["message"]["zh"].as_str().unwrap().is_empty());
    let output = groundbreak(&["scxml", "run", path, "--format", "human"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("case.scxml:6:30 scxml-attribute"), "{text}");
}

#[test]
fn a_document_without_end_is_ended() {
    let endless = "<scxml xmlns=\"http://www.w3.org/2005/07/scxml\" version=\"1.0\"><state id=\"a\"><transition target=\"a\"/></state></scxml>";
    let (_folder, path) = file("endless.scxml", endless);
    let output = groundbreak(&["scxml", "run", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("error[scxml-endless]"), "{text}");
}

#[test]
fn an_event_that_is_no_event_is_told() {
    let (_folder, path) = file("case.scxml", CASE);
    for events in [&["accept@soon"][..], &["@5"], &["a@5", "b@4"]] {
        let mut arguments = vec!["scxml", "run", path.to_str().unwrap()];
        for event in events {
            arguments.extend(["--event", event]);
        }
        let output = groundbreak(&arguments);
        assert_eq!(output.status.code(), Some(2), "{events:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("bad-argument"),
            "{events:?}"
        );
    }
}

#[test]
fn an_imported_control_structure_passes_the_check() {
    let (folder, path) = file("case.scxml", CASE);
    let output = groundbreak(&[
        "import",
        "scxml",
        path.to_str().unwrap(),
        "--workflow",
        "small-case",
    ]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let yaml = String::from_utf8(output.stdout).unwrap();
    for part in [
        "workflow: small-case",
        "after: [{ delay: 2h, to: lapsed }]",
        "tax_paid",
        "done: { to: granted }",
        "at(\\\"tax_done\\\")",
    ] {
        assert!(yaml.contains(part), "{part} is missing in\n{yaml}");
    }
    let path = folder.path().join("case.yaml");
    std::fs::write(&path, yaml).unwrap();
    let output = groundbreak(&["check", path.to_str().unwrap()]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn what_cannot_be_carried_over_is_listed_with_its_line() {
    let text = CASE.replace(
        "<transition event=\"accept\" target=\"accepted\"/>",
        "<transition event=\"accept\" target=\"accepted\"><log expr=\"1\"/></transition>\n<transition event=\"*\" target=\"lapsed\"/>",
    );
    let (_folder, path) = file("case.scxml", &text);
    let output = groundbreak(&["import", "scxml", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("states:"));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("case.scxml:5: not carried over: `<log>`"),
        "{told}"
    );
    assert!(
        told.contains("case.scxml:6: not carried over: a transition on `*`"),
        "{told}"
    );
}
