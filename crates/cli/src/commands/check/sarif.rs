//! Faults in SARIF 2.1.0, which editors and code hosts show in place.
//!
//! Columns are characters, as everywhere in this program, and the log says so (`columnKind`).

use std::collections::BTreeMap;

use groundbreak_workflow::{Diagnostic, Language, Severity, Text};
use serde_json::{Value, json};

use super::row::Region;
use super::{Faulty, witness};
use crate::definitions::DefinitionFile;

/// The index of the error pages: a line for each code.
const INDEX: &str = include_str!("../../../../../docs/errors/README.md");

/// Returns the log of one run.
pub(super) fn log(faulty: &[Faulty], language: Language) -> Value {
    let all = faulty
        .iter()
        .flat_map(|(file, faults)| faults.iter().map(move |fault| (file, fault)));
    let mut codes: BTreeMap<&str, usize> = all.clone().map(|(_, fault)| (fault.code, 0)).collect();
    for (number, index) in codes.values_mut().enumerate() {
        *index = number;
    }
    let rules: Vec<Value> = codes.keys().map(|code| rule(code, language)).collect();
    let results: Vec<Value> = all
        .map(|(file, fault)| result(file, fault, codes.get(fault.code), language))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "groundbreak",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "language": match language { Language::Zh => "zh-CN", Language::En => "en" },
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// What a code means, in both languages, and its page.
fn rule(code: &str, language: Language) -> Value {
    let text = meaning(code);
    let page = format!("docs/errors/{code}.md");
    json!({
        "id": code,
        "shortDescription": { "text": text.get(language) },
        "help": { "text": format!("{}\n{}\n{page}", text.zh, text.en) },
        "helpUri": page,
    })
}

/// Returns what the index of error pages says of a code, or the code where it is not there.
fn meaning(code: &str) -> Text {
    let mark = format!("]({code}.md) ");
    let line = INDEX.lines().find_map(|line| line.split_once(&mark));
    match line.and_then(|(_, text)| text.split_once(" · ")) {
        Some((zh, en)) => Text::new(zh, en),
        None => Text::new(code, code),
    }
}

fn result(
    file: &DefinitionFile,
    fault: &Diagnostic,
    rule: Option<&usize>,
    language: Language,
) -> Value {
    let message = match &fault.help {
        Some(help) => format!("{} {}", fault.message.get(language), help.get(language)),
        None => fault.message.get(language).to_owned(),
    };
    let mut result = json!({
        "ruleId": fault.code,
        "ruleIndex": rule,
        "level": match fault.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": { "text": message },
        "locations": [location(&Region::of(file, &fault.span))],
        "properties": { "message": fault.message, "help": fault.help },
    });
    if !fault.used_at.is_empty() {
        let used = Text::new("在此使用此构件", "the block is used here");
        result["relatedLocations"] = fault
            .used_at
            .iter()
            .map(|span| {
                let mut place = location(&Region::of(file, span));
                place["message"] = json!({ "text": used.get(language) });
                place
            })
            .collect();
    }
    if let Some(shown) = &fault.witness {
        let steps: Vec<Value> = witness::steps(shown)
            .iter()
            .map(|step| json!({ "location": { "message": { "text": step.get(language) } } }))
            .collect();
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
    }
    result
}

fn location(region: &Region) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&region.path) },
        "region": {
            "startLine": region.start.line,
            "startColumn": region.start.column,
            "endLine": region.end.line,
            "endColumn": region.end.column,
        },
    } })
}

/// Writes a path as a reference: what a URI has no place for is written as its bytes.
fn uri(path: &str) -> String {
    let absolute = std::path::Path::new(path).is_absolute();
    let mut uri = String::from(if absolute { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(uri("workflows/matter.yaml"), "workflows/matter.yaml");
        assert_eq!(uri("/tmp/a b.yaml"), "file:///tmp/a%20b.yaml");
        assert_eq!(uri("流.yaml"), "%E6%B5%81.yaml");
    }

    #[test]
    fn a_code_is_explained_in_both_languages() {
        let text = meaning("unknown-key");
        assert!(
            text.zh != "unknown-key" && text.en != "unknown-key",
            "{text}"
        );
    }
}
