//! The guide to the language: its examples compile, and it names every key.

use std::collections::BTreeSet;

use groundbreak_workflow::{Library, LibraryError, Place, assemble, definition_schema};
use serde_json::Value;

use crate::root;

fn guide() -> String {
    std::fs::read_to_string(root().join("docs/guides/language.md")).unwrap()
}

fn examples(guide: &str) -> Vec<&str> {
    guide
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// The sections of a definition: each begins with a key that is not indented.
fn sections(text: &str) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        let begins = line.starts_with(|c: char| c.is_ascii_lowercase());
        match sections.last_mut() {
            Some(section) if !begins => section.push_str(line),
            _ => sections.push(line.to_owned()),
        }
    }
    sections
}

fn key(section: &str) -> &str {
    section.split(':').next().unwrap()
}

#[test]
fn every_example_of_the_guide_compiles() {
    let guide = guide();
    let examples = examples(&guide);
    assert!(examples.len() > 5);
    let whole = sections(examples[0]);
    let blocks: Vec<&str> = examples
        .iter()
        .copied()
        .filter(|example| example.starts_with("block:"))
        .collect();
    let mut library = Library::new();
    for calendar in ["china", "pengjiang"] {
        let path = root().join(format!("workflows/calendars/{calendar}.yaml"));
        let text = std::fs::read_to_string(path).unwrap();
        library.add_calendar(&text).unwrap();
    }
    for block in &blocks {
        library.check_block(block).unwrap();
    }
    for (number, example) in examples.iter().enumerate() {
        if example.starts_with("block:") {
            continue;
        }
        let replaced = sections(example);
        let text: String = whole
            .iter()
            .map(|section| {
                let other = replaced.iter().find(|other| key(other) == key(section));
                // Each is a version of its own.
                let section = other.unwrap_or(section);
                section.replace("version: 1", &format!("version: {}", number + 1))
            })
            .collect();
        let known = ["lane".to_owned()];
        let text = assemble(&text, &known, |_| Some(blocks[0].to_owned())).text;
        if let Err(LibraryError::Faults(faults)) = library.add_workflow(&text) {
            for fault in &faults {
                let Place { line, column } = fault.place(&text);
                eprintln!("{line}:{column} {} {}", fault.code, fault.message);
            }
            panic!("this example has faults:\n{text}");
        }
    }
}

#[test]
fn the_guide_names_every_key() {
    let schema = definition_schema();
    let mut keys = BTreeSet::new();
    let parts = schema["$defs"].as_object().unwrap();
    for part in parts.values() {
        keys.extend(
            part["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key),
        );
        if let Some(words) = part["oneOf"].as_array() {
            keys.extend(words.iter().filter_map(|word| match &word["const"] {
                Value::String(word) => Some(word),
                _ => None,
            }));
        }
    }
    let guide = guide();
    let missing: Vec<_> = keys
        .iter()
        .filter(|key| {
            let words = ["`", " "].map(|end| format!("`{key}{end}"));
            !words.iter().any(|word| guide.contains(word)) && !guide.contains(&format!("`{key}:"))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
