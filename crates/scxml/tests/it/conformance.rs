//! The tests of the W3C implementation report for SCXML 1.0.
//!
//! Needs `$GROUNDBREAK_SUITES/w3c-irp`; without that variable, `../shared/suites` beside the
//! workspace. A test passes when its session ends in the state `pass`; those that a person is to
//! judge have their verdict here.

use std::path::Path;

use groundbreak_scxml::{Documents, Interpreter, Machine};
use serde_json::Value;

use crate::suites::{read, say, suite};
use crate::vocabulary::translate;

/// How long a test may take on the virtual clock.
const UNTIL_MS: u64 = 600_000;

/// How a run came out: where it ended, and what it wrote on the way.
struct Run {
    ended_in: String,
    log: String,
}

#[test]
fn every_word_of_the_vocabulary_has_a_meaning() {
    let Some(text) = read(&suite("w3c-irp/conf_vocabulary.json")) else {
        say("w3c-irp: NOT RUN, there is no vocabulary");
        return;
    };
    let words: Value = serde_json::from_str(&text).unwrap();
    for word in words.as_array().unwrap() {
        let word = word["conf"].as_str().unwrap();
        let inside = match word.strip_prefix('@') {
            Some(attribute) => format!("<a {attribute}=\"1=2\"/>"),
            None => format!("<{word} id=\"1\" id1=\"1\" id2=\"2\" name=\"n\"/>"),
        };
        let text =
            format!("<a xmlns:conf=\"http://www.w3.org/2005/scxml-conformance\">{inside}</a>");
        translate(&text).unwrap_or_else(|word| panic!("{word} has no meaning"));
    }
}

#[test]
fn every_mandatory_test_of_the_implementation_report_passes() {
    let manifest = suite("w3c-irp/manifest.json");
    let Some(text) = read(&manifest) else {
        say(&format!(
            "w3c-irp: NOT RUN, there is no {}",
            manifest.display()
        ));
        return;
    };
    let folder = manifest.parent().unwrap();
    let suite: Value = serde_json::from_str(&text).unwrap();
    let (mut passed, mut failed, mut optional) = (0, Vec::new(), Vec::new());
    for test in suite["tests"].as_array().unwrap() {
        let id = test["id"].as_str().unwrap();
        let outcome = run(folder, test).and_then(|run| judge(id, &run));
        match outcome {
            Ok(()) => passed += 1,
            Err(why) if test["conformance"] == "mandatory" => {
                failed.push(format!("  FAILED {id}: {why}"))
            }
            Err(why) => optional.push(format!("  optional {id}: {why}")),
        }
    }
    say(&format!(
        "w3c-irp: {passed} passed, {} failed, {} optional not passed, 0 skipped",
        failed.len(),
        optional.len()
    ));
    failed.iter().chain(&optional).for_each(|line| say(line));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(passed > 0, "{} holds no test", manifest.display());
}

/// Says whether a run came out as it should.
fn judge(id: &str, run: &Run) -> Result<(), String> {
    let ended = |state: &str| (run.ended_in == state).then_some(());
    let good = match id {
        // Both values of the parameter that was given twice are to be in the log.
        "178" => ended("final").filter(|()| run.log.contains('2') && run.log.contains('3')),
        // The document is to be refused, since its script cannot be loaded.
        "301" => ended("refused"),
        // The session is to halt at once.
        "415" => ended("final"),
        // The log is what a person would look at: onexit handlers, copies of events, warnings.
        "230" | "250" | "307" => ended("final").or(ended("pass")),
        _ => ended("pass"),
    };
    good.ok_or_else(|| format!("ended in `{}`; log: {}", run.ended_in, run.log))
}

fn run(folder: &Path, test: &Value) -> Result<Run, String> {
    let mut documents = Documents::new();
    for dependency in test["deps"].as_array().into_iter().flatten() {
        let dependency = dependency
            .as_str()
            .or(dependency["file"].as_str())
            .unwrap_or_default();
        let Some(text) = find(folder, dependency) else {
            return Err(format!("there is no {dependency}"));
        };
        let abstract_words = text.contains("http://www.w3.org/2005/scxml-conformance");
        let text = if abstract_words {
            translate(&text)?
        } else {
            text
        };
        // A test asks for `name.scxml` what the suite has as `name.txml`.
        let name = Path::new(dependency)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
        for address in [
            name.to_string(),
            format!("{stem}.scxml"),
            format!("{stem}.txml"),
        ] {
            documents = documents.with(&address, text.clone());
        }
    }
    let file = test["file"].as_str().ok_or("a test without a file")?;
    let text = find(folder, file).ok_or_else(|| format!("there is no {file}"))?;
    let text = translate(&text)?;
    let machine = match Machine::read(&text, &documents) {
        Ok(machine) => machine,
        Err(faults) => {
            let log = faults
                .iter()
                .map(|fault| format!("{}: {}; ", fault.code, fault.message.en));
            return Ok(Run {
                ended_in: "refused".into(),
                log: log.collect(),
            });
        }
    };
    let mut interpreter = Interpreter::new(machine, documents);
    let mut log = String::new();
    while let Some(turn) = interpreter
        .step(UNTIL_MS)
        .map_err(|error| error.to_string())?
    {
        for line in turn.log {
            log.push_str(&format!("{} {}; ", line.label, line.text));
        }
        for complaint in turn.complaints {
            log.push_str(&format!("{} {}; ", complaint.event, complaint.message.en));
        }
        if interpreter.is_done() {
            break;
        }
    }
    let ended_in = interpreter.leaves().join(" ");
    Ok(Run { ended_in, log })
}

/// Reads a file that lies in the folder of the suite, or among its tests.
fn find(folder: &Path, file: &str) -> Option<String> {
    [folder.join(file), folder.join("txml").join(file)]
        .iter()
        .find_map(|path| read(path))
}
