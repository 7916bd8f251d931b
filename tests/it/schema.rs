//! The JSON Schema says the same as the compiler, as far as form goes.

use std::path::Path;

use groundbreak_workflow::definition_schema;
use jsonschema::Validator;
use serde_json::Value;

use crate::root;

fn validator() -> Validator {
    jsonschema::validator_for(&definition_schema()).expect("the schema is one")
}

/// Reads YAML 1.2 as editors do: `yes` is a word.
fn yaml(text: &str) -> Option<Value> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).ok()
}

fn files(folder: &str) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn the_schema_accepts_every_shipped_definition_and_block() {
    let validator = validator();
    for path in [files("workflows"), files("workflows/blocks")].concat() {
        let text = std::fs::read_to_string(&path).unwrap();
        for start in ["", "$schema: ./workflow.schema.json\n"] {
            let value = yaml(&format!("{start}{text}")).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error:.200}", error.instance_path))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", name(&path));
        }
    }
}

#[test]
fn the_schema_rejects_what_is_broken_in_form_and_nothing_that_is_broken_in_meaning() {
    // Faults that show in the form, or in how a single word is written.
    let of_form = [
        "bad-edge",
        "bad-name",
        "bad-version",
        "budget-form",
        "choice-without-choices",
        "empty-text",
        "missing-key",
        "unknown-key",
        "warning-form",
        "wrong-type",
    ];
    let validator = validator();
    let mut rejected = 0;
    let mut wrong = Vec::new();
    for path in files("tests/broken") {
        let text = std::fs::read_to_string(&path).unwrap();
        // What is no YAML, and keys that stand twice, are none of a schema's business.
        let Some(value) = yaml(&text) else {
            continue;
        };
        let codes = text
            .lines()
            .map_while(|line| line.strip_prefix("# expect: "));
        let formal = codes
            .filter_map(|line| line.split(' ').next())
            .any(|code| of_form.contains(&code));
        if validator.is_valid(&value) == formal {
            wrong.push(name(&path));
        }
        rejected += usize::from(formal);
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(rejected >= of_form.len());
}

#[test]
fn the_schema_describes_every_key() {
    fn walk(schema: &Value, path: &str, missing: &mut Vec<String>) {
        if let Some(keys) = schema["properties"].as_object() {
            for (key, value) in keys {
                if value["description"].as_str().is_none_or(str::is_empty) {
                    missing.push(format!("{path}.{key}"));
                }
            }
        }
        if let Some(parts) = schema["$defs"].as_object() {
            for (name, part) in parts.iter().filter(|(name, _)| !name.ends_with("InBlock")) {
                walk(part, name, missing);
            }
        }
    }
    let mut missing = Vec::new();
    walk(&definition_schema(), "", &mut missing);
    assert!(missing.is_empty(), "{missing:?}");
}
