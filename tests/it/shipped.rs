//! What is shipped compiles, in both languages.

use groundbreak_workflow::{Library, LibraryError, Limits, assemble};

use crate::root;

fn read(path: &str) -> String {
    let path = root().join("workflows").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A workflow with its blocks, as it is published.
fn assembled(path: &str) -> String {
    let blocks = [
        "acceptance-lane",
        "commitment",
        "factor",
        "matter",
        "pre-review",
    ]
    .map(str::to_owned);
    assemble(&read(path), &blocks, |name| {
        Some(read(&format!("blocks/{name}.yaml")))
    })
    .text
}

/// The library as `groundbreak serve` fills it.
fn shipped() -> Library {
    let mut library = Library::new();
    for calendar in ["calendars/china.yaml", "calendars/pengjiang.yaml"] {
        library.add_calendar(&read(calendar)).unwrap();
    }
    for workflow in [
        "land-to-groundbreaking.yaml",
        "company-registration.yaml",
        "capital-increase.yaml",
        "matter.yaml",
        "completion-to-production.yaml",
        "problem-ticket.yaml",
        "supervision-order.yaml",
        "coordination-meeting.yaml",
        "agency-agreement.yaml",
        "extended-hours-session.yaml",
        "licence-revocation.yaml",
        "investment-lead.yaml",
        "commitment-matter.yaml",
        "factor-support.yaml",
        "investor-promise.yaml",
    ] {
        let source = assembled(workflow);
        if let Err(LibraryError::Faults(faults)) = library.add_workflow(&source) {
            for fault in &faults {
                let place = fault.place(&source);
                eprintln!(
                    "{workflow}:{}:{}: {} {} {:?}",
                    place.line,
                    place.column,
                    fault.code,
                    fault.message,
                    fault.help.as_ref().map(|help| &help.en)
                );
            }
            panic!("{workflow} has {} faults", faults.len());
        }
    }
    library
}

#[test]
fn every_shipped_definition_compiles() {
    let names: Vec<String> = shipped()
        .newest()
        .map(|workflow| workflow.name.clone())
        .collect();
    assert_eq!(
        names,
        [
            "agency-agreement",
            "capital-increase",
            "commitment-matter",
            "company-registration",
            "completion-to-production",
            "coordination-meeting",
            "extended-hours-session",
            "factor-support",
            "investment-lead",
            "investor-promise",
            "land-to-groundbreaking",
            "licence-revocation",
            "matter",
            "problem-ticket",
            "supervision-order",
        ]
    );
}

#[test]
fn every_file_in_workflows_is_shipped() {
    let files = std::fs::read_dir(root().join("workflows")).unwrap();
    let definitions = files.filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    assert_eq!(definitions.count(), shipped().newest().count());
}

#[test]
fn every_title_is_chinese_and_english() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for workflow in shipped().newest() {
        let titles = workflow
            .states
            .values()
            .map(|state| &state.title)
            .chain(workflow.events.values().map(|event| &event.title))
            .chain(workflow.roles.values().map(|role| &role.title))
            .chain(workflow.documents.values().map(|document| &document.title))
            .chain(workflow.gates.values().map(|gate| &gate.title))
            .chain(workflow.clocks.values().map(|clock| &clock.title))
            .chain(workflow.fields.values().map(|field| &field.title));
        for title in titles {
            assert!(chinese(&title.zh), "{}: {title}", workflow.name);
            assert!(
                !chinese(&title.en) && !title.en.is_empty(),
                "{}: {title}",
                workflow.name
            );
        }
    }
}

#[test]
fn every_shipped_workflow_is_proven_to_come_to_its_end() {
    let proven: Vec<(String, u128)> = shipped()
        .newest()
        .map(|workflow| {
            let soundness = workflow.soundness(&Limits::default());
            assert!(soundness.complete, "{}", workflow.name);
            assert_eq!(soundness.findings, [], "{}", workflow.name);
            (workflow.name.clone(), soundness.configurations)
        })
        .collect();
    assert_eq!(
        proven,
        [
            ("agency-agreement".into(), 9),
            ("capital-increase".into(), 13),
            ("commitment-matter".into(), 11),
            ("company-registration".into(), 224),
            ("completion-to-production".into(), 140_426),
            ("coordination-meeting".into(), 8),
            ("extended-hours-session".into(), 7),
            ("factor-support".into(), 668),
            ("investment-lead".into(), 40),
            ("investor-promise".into(), 5),
            ("land-to-groundbreaking".into(), 3_716_896_139),
            ("licence-revocation".into(), 6),
            ("matter".into(), 15),
            ("problem-ticket".into(), 17),
            ("supervision-order".into(), 9),
        ]
    );
}
