//! Workflow configurations of the DIGIT platform as definitions.

use serde_json::{Value, json};

use crate::clocks::suite;
use crate::program::{Ran, run};

/// A trade licence: start, application, then granted or refused.
fn service() -> Value {
    json!({
        "businessService": "Trade.Licence",
        "businessServiceSla": 172_800_000,
        "states": [
            { "state": null, "isStartState": true, "actions": [
                { "action": "APPLY", "nextState": "APPLIED", "roles": ["CITIZEN", "CLERK"] },
            ] },
            { "state": "APPLIED", "sla": 5_400_000, "actions": [
                { "action": "COMMENT", "nextState": "APPLIED", "roles": ["CITIZEN"] },
                { "action": "APPROVE", "nextState": "APPROVED", "roles": ["APPROVER"] },
                { "action": "REJECT", "nextState": "REJECTED", "roles": ["APPROVER"] },
            ] },
            { "state": "APPROVED", "isTerminateState": true, "actions": null },
            { "state": "REJECTED", "isTerminateState": true },
        ],
    })
}

fn import(text: &str, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("configuration.json");
    std::fs::write(&file, text).unwrap();
    let mut arguments = vec!["import", "digit", file.to_str().unwrap()];
    arguments.extend(more);
    run(&arguments)
}

fn checked(definition: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("definition.yaml");
    std::fs::write(&file, definition).unwrap();
    run(&["check", file.to_str().unwrap()])
}

/// Changes the service, and holds what is then found, in order.
fn check(change: impl FnOnce(&mut Value), expected: &[&str]) {
    let mut service = service();
    change(&mut service);
    let text = json!({ "BusinessServices": [service] }).to_string();
    let ran = import(&text, &["--format", "json"]);
    let answer = ran.json();
    let codes: Vec<&str> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, expected, "{ran:?}");
    assert_eq!(ran.status, i32::from(!expected.is_empty()), "{ran:?}");
}

#[test]
fn a_sound_service_becomes_a_definition_that_passes_the_check() {
    let ran = import(&service().to_string(), &[]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    for line in [
        "workflow: trade-licence",
        "  apply: { title: { zh: APPLY, en: APPLY }, by: [citizen, clerk] }",
        "    budget: within 48h",
        "    budget: within 90min",
        "    initial: start",
        "          comment: {}",
        "          approve: approved",
        "  approved: { title: { zh: APPROVED, en: APPROVED }, final: true }",
    ] {
        assert!(
            ran.out.lines().any(|found| found == line),
            "{line}: {}",
            ran.out
        );
    }
    let ran = checked(&ran.out);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("ok trade-licence v1: 5 states, 4 events, 2 clocks"),
        "{ran:?}"
    );
}

#[test]
fn the_same_action_by_other_people_is_another_event() {
    let mut service = service();
    service["states"][0]["actions"][0]["action"] = json!("REJECT");
    let ran = import(&service.to_string(), &[]);
    assert!(ran.out.contains("reject_start: "), "{ran:?}");
    assert!(ran.out.contains("reject_applied: "), "{ran:?}");
}

#[test]
fn what_is_unsound_is_said_in_its_place() {
    check(|_| {}, &[]);
    check(
        |it| it["states"][1]["isStartState"] = json!(true),
        &["digit-start-unclear"],
    );
    check(
        |it| it["states"][0]["isStartState"] = json!(false),
        &["digit-start-unclear"],
    );
    check(
        |it| {
            it["states"][3]["actions"] =
                json!([{ "action": "REOPEN", "nextState": "APPLIED", "roles": ["CITIZEN"] }])
        },
        &["digit-end-goes-on"],
    );
    check(
        |it| it["states"][1]["actions"][2]["action"] = json!("APPROVE"),
        &["digit-action-twice", "unreachable-state"],
    );
    check(
        |it| it["states"][1]["actions"][2]["nextState"] = json!("REJECTD"),
        &["digit-unknown-state", "unreachable-state"],
    );
    check(
        |it| it["states"][1]["docUploadRequired"] = json!(true),
        &["digit-documents-left-out"],
    );
    for bad in [json!(-1), json!(0), json!(1.5), json!(1e300), json!(999)] {
        check(|it| it["states"][1]["sla"] = bad, &["digit-limit-left-out"]);
    }
    check(
        |it| it["states"][2]["sla"] = json!(60_000),
        &["digit-limit-left-out"],
    );
    check(
        |it| it["states"][1]["actions"][1]["roles"] = json!([]),
        &["nobody-may"],
    );
}

#[test]
fn the_argument_of_a_curl_command_is_read_and_what_follows_it_is_told() {
    let command = |json: &str, after: &str| {
        format!("curl --request POST 'http://localhost/_create' \\\n--data-raw '{json}{after}'\n")
    };
    let json = json!({ "RequestInfo": {}, "BusinessServices": [service()] }).to_string();
    let ran = import(&command(&json, "\n"), &[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let ran = import(&command(&json, "\ns"), &[]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.err.contains(":3:1 digit-text-after: "), "{ran:?}");
}

#[test]
fn of_several_services_one_is_chosen_by_name() {
    let text = json!([service(), { "businessService": "Other", "states": [] }]).to_string();
    let ran = import(&text, &["--service", "Trade.Licence"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    for more in [&[][..], &["--service", "Tride"]] {
        let ran = import(&text, more);
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.err.contains("Trade.Licence, Other"), "{ran:?}");
    }
}

#[test]
fn what_is_no_configuration_is_refused_with_its_place() {
    for (text, told) in [
        ("", "BusinessServices"),
        ("curl 'http://localhost'", "BusinessServices"),
        ("{}", "BusinessServices"),
        ("[]", "BusinessServices"),
        ("{ \"BusinessServices\": [ { \"states\": [] } ] }", "line 1"),
        (
            "{\n \"businessService\": \"A\",\n \"states\": [ 7 ] }",
            "line 3",
        ),
        ("{\n \"businessService\": ", "line 2"),
    ] {
        let ran = import(text, &[]);
        assert_eq!(ran.status, 2, "{text}: {ran:?}");
        assert!(
            ran.err.contains("not-json") && ran.err.contains(told),
            "{text}: {ran:?}"
        );
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(import(&deep, &[]).status, 2);
}

#[test]
fn every_configuration_of_the_suite_becomes_a_definition() {
    let Some(suite) = suite("digit") else { return };
    let mut files: Vec<_> = std::fs::read_dir(suite)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in &files {
        let ran = run(&["import", "digit", file.to_str().unwrap()]);
        assert!(ran.status <= 1, "{ran:?}");
        eprint!(
            "{}: {}\n{}",
            file.display(),
            ran.out.lines().nth(2).unwrap(),
            ran.err
        );
        let checked = checked(&ran.out);
        // What does not pass the check was said when it was imported.
        for fault in checked.out.lines().filter(|line| line.contains(".yaml:")) {
            let code = fault.rsplit(' ').next().unwrap();
            assert!(ran.err.contains(code), "{fault}: {ran:?}");
        }
        assert!(checked.status == 0 || ran.status == 1, "{checked:?}");
    }
    eprintln!("digit: {} imported", files.len());
}
