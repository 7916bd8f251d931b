//! The cases of the SCION test framework: documents with the states that each event must lead to.
//!
//! Needs `$GROUNDBREAK_SUITES/scion/cases.json`; without that variable, `../shared/suites` beside
//! the workspace. Their expressions are ECMAScript; what they mean in CEL stands here, and a case
//! for which that cannot be said is listed with its reason.

use groundbreak_scxml::{Documents, Interpreter, Machine};
use serde_json::Value;

use crate::suites::{read, say, suite};

/// How many cases may be left out.
const NOT_RUN_MAX: usize = 12;

/// Cases that expect what the Recommendation rules out. In both, a region of a parallel state has
/// a transition to itself. Its domain must be compound (W3C SCXML 1.0, section 3.13), so the
/// parallel state is exited and entered too; the cases count on it staying.
const AGAINST_THE_RECOMMENDATION: [&str; 2] = ["more-parallel/test10", "more-parallel/test10b"];

#[test]
fn every_case_of_the_suite_leads_where_it_says() {
    let path = suite("scion/cases.json");
    let Some(text) = read(&path) else {
        say(&format!("scion: NOT RUN, there is no {}", path.display()));
        return;
    };
    let suite: Value = serde_json::from_str(&text).unwrap();
    let (mut passed, mut left_out, mut failed) = (0, Vec::new(), Vec::new());
    for case in suite["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if AGAINST_THE_RECOMMENDATION.contains(&id) {
            left_out.push(format!(
                "  not run {id}: takes a parallel state for a domain"
            ));
            continue;
        }
        match document(&case["machine"]) {
            Err(reason) => left_out.push(format!("  not run {id}: {reason}")),
            Ok(document) => match run(&document, case) {
                Ok(()) => passed += 1,
                Err(reason) => failed.push(format!("  FAILED {id}: {reason}\n{document}")),
            },
        }
    }
    say(&format!(
        "scion: {passed} passed, {} failed, {} not run",
        failed.len(),
        left_out.len()
    ));
    left_out.iter().chain(&failed).for_each(|line| say(line));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(left_out.len() <= NOT_RUN_MAX, "too many are not run");
    assert!(passed > 0, "{} holds no case", path.display());
}

/// Sends the events of a case and compares the innermost states.
fn run(document: &str, case: &Value) -> Result<(), String> {
    let machine = Machine::read(document, &Documents::new()).map_err(|faults| {
        faults
            .iter()
            .map(|it| format!("{}; ", it.message.en))
            .collect::<String>()
    })?;
    let mut interpreter = Interpreter::new(machine, Documents::new());
    settle(&mut interpreter, 0)?;
    compare(&interpreter, &case["initialConfiguration"], "the start")?;
    for event in case["events"].as_array().into_iter().flatten() {
        let name = event["event"]["name"]
            .as_str()
            .ok_or("an event without a name")?;
        let at_ms = interpreter.now_ms() + event["after"].as_u64().unwrap_or(0);
        settle(&mut interpreter, at_ms)?;
        interpreter.wait_until(at_ms);
        interpreter.send(name, None);
        settle(&mut interpreter, at_ms)?;
        compare(&interpreter, &event["nextConfiguration"], name)?;
    }
    Ok(())
}

fn settle(interpreter: &mut Interpreter, until_ms: u64) -> Result<(), String> {
    while interpreter
        .step(until_ms)
        .map_err(|error| error.to_string())?
        .is_some()
    {}
    Ok(())
}

fn compare(interpreter: &Interpreter, expected: &Value, event: &str) -> Result<(), String> {
    let expected = expected.as_array().into_iter().flatten();
    let mut expected: Vec<&str> = expected.filter_map(Value::as_str).collect();
    let mut found = interpreter.leaves();
    expected.sort_unstable();
    found.sort_unstable();
    if found == expected {
        return Ok(());
    }
    Err(format!("after {event}: {found:?} instead of {expected:?}"))
}

/// Returns the document of an element tree, or what cannot be said in CEL.
fn document(root: &Value) -> Result<String, String> {
    let mut out = String::new();
    element(root, &mut out)?;
    Ok(out)
}

fn element(node: &Value, out: &mut String) -> Result<(), String> {
    let tag = node["tag"].as_str().unwrap();
    let mut text = node["text"].as_str().unwrap_or_default().to_owned();
    if tag == "script" {
        if node["attrs"]["src"].is_string() {
            return Err("its script is a file that the suite does not hold".into());
        }
        match script(&text)? {
            Some(script) => text = script,
            None => return Ok(()),
        }
    }
    out.push_str(&format!("<{tag}"));
    if tag == "scxml" {
        out.push_str(" xmlns=\"http://www.w3.org/2005/07/scxml\"");
    }
    for (name, value) in node["attrs"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap();
        let value = match name.as_str() {
            "datamodel" => "cel".to_owned(),
            "expr" | "cond" | "array" | "delayexpr" | "eventexpr" | "targetexpr" => {
                expression(value)
            }
            _ => value.to_owned(),
        };
        out.push_str(&format!(" {name}=\"{}\"", escape(&value)));
    }
    out.push('>');
    out.push_str(&escape(&text));
    for child in node["children"].as_array().into_iter().flatten() {
        element(child, out)?;
    }
    out.push_str(&format!("</{tag}>"));
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Returns a script in CEL; none for one that only declares functions, whose calls are in the
/// table of [`expression`].
fn script(text: &str) -> Result<Option<String>, String> {
    if text.contains("function doError()") {
        return Ok(None);
    }
    match text.trim() {
        "x *= 2;" => Ok(Some("x = x * 2".into())),
        // Functions that do not exist.
        "undefinedFunction();" | "foo();" => Ok(Some("x = 1 / 0".into())),
        plain if plain.contains("function") => Err(format!("needs the script {plain:?}")),
        plain => Ok(Some(plain.to_owned())),
    }
}

/// Returns an expression in CEL.
fn expression(text: &str) -> String {
    let text = text
        .replace("===", "==")
        .replace("!==", "!=")
        .replace("!=='", "!='");
    let text = text.replace("JSON.stringify(", "string(");
    if let Some(element) = text
        .strip_prefix("checkErrorData(_event.data, {tagname: '")
        .and_then(|rest| rest.strip_suffix("'})"))
    {
        return format!(
            "_event.data.element == '{element}' && _event.data.line > 0 && _event.data.column > 0 && size(_event.data.message.en) > 0"
        );
    }
    match text.as_str() {
        // A brace that is not closed, and a function that fails.
        "{p1: 'v1'" | "doError()" => "1 / 0".into(),
        "{p1: 'v1', p2: 'v2'}" => "{'p1': 'v1', 'p2': 'v2'}".into(),
        "Math.pow(i,3)" => "i * i * i".into(),
        _ => match text.split_once(" + ") {
            // Numbers are appended to texts.
            Some((left, right)) if left.starts_with(['\'', '"']) => {
                format!("{left} + string({right})")
            }
            _ => text,
        },
    }
}
