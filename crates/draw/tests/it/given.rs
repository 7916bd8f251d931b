//! Workflows to draw.

use std::path::Path;
use std::sync::Arc;

use groundbreak_draw::{View, svg};
use groundbreak_workflow::{Language, Library, Workflow, assemble};

const CALENDAR: &str = "id: hall\ntitle: { zh: 示例大厅, en: Example hall }\ntz: Asia/Shanghai\nweekly:\n  mon: [[\"08:30\", \"12:00\"]]\n";

pub(crate) const SHIPPED: [&str; 11] = [
    "matter",
    "capital-increase",
    "company-registration",
    "land-to-groundbreaking",
    "completion-to-production",
    "problem-ticket",
    "supervision-order",
    "coordination-meeting",
    "agency-agreement",
    "extended-hours-session",
    "licence-revocation",
];

/// A workflow with a title of its own for one state; `title` is written as YAML writes strings.
pub(crate) fn titled(title: &str) -> Arc<Workflow> {
    let title = serde_json::to_string(title).unwrap();
    compiled(&format!(
        "workflow: small\nversion: 1\ntitle: {{ zh: {title}, en: {title} }}\ncalendar: hall\nroles:\n  clerk: {{ title: {{ zh: {title}, en: {title} }} }}\nevents:\n  go: {{ title: {{ zh: {title}, en: {title} }}, by: [clerk] }}\nstates:\n  first: {{ title: {{ zh: {title}, en: {title} }}, on: {{ go: last }} }}\n  last: {{ title: {{ zh: 完, en: End }}, final: true }}\n"
    ))
}

pub(crate) fn compiled(definition: &str) -> Arc<Workflow> {
    let mut library = Library::new();
    library.add_calendar(CALENDAR).unwrap();
    library.add_workflow(definition).unwrap()
}

pub(crate) fn shipped(name: &str) -> Arc<Workflow> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap();
    let mut library = Library::new();
    for calendar in ["china", "pengjiang"] {
        library
            .add_calendar(&read(&format!("calendars/{calendar}.yaml")))
            .unwrap();
    }
    let blocks = ["acceptance-lane", "matter", "pre-review"].map(str::to_owned);
    let assembled = assemble(&read(&format!("{name}.yaml")), &blocks, |block| {
        Some(read(&format!("blocks/{block}.yaml")))
    });
    library.add_workflow(&assembled.text).unwrap()
}

pub(crate) fn chinese(workflow: &Workflow) -> String {
    svg(workflow, &View::default()).unwrap()
}

pub(crate) fn english(workflow: &Workflow) -> String {
    let view = View {
        language: Language::En,
        ..View::default()
    };
    svg(workflow, &view).unwrap()
}

/// What is written in a picture, line by line.
pub(crate) fn writing(picture: &str) -> Vec<String> {
    picture
        .lines()
        .filter(|line| line.starts_with("<text"))
        .map(|line| {
            let (_, text) = line.split_once('>').unwrap();
            text.trim_end_matches("</text>").to_owned()
        })
        .collect()
}
