//! Worked vectors: the figures of many cases. Every key of what a vector expects is compared.

use groundbreak_audit::{ControlChart, Counts, Distribution, Fraction};
use serde_json::{Map, Value, json};

use crate::suites::{suite, text};

/// What a key of the expectation comes to.
type Found<'a> = Box<dyn Fn(&str, &Value) -> Value + 'a>;

#[test]
fn every_worked_vector_holds() {
    let Some(dir) = suite("sla") else { return };
    let vectors: Vec<Value> = serde_json::from_str(&text(&dir.join("vectors.json"))).unwrap();
    let (mut passed, mut failed) = (0, 0);
    for vector in &vectors {
        let found: Found<'_> = match vector["kind"].as_str().unwrap() {
            "report" => Box::new(report(vector)),
            "attainment" => Box::new(attainment(vector)),
            // One clock, or one sum: crates/sla/tests/it/vectors.rs.
            _ => continue,
        };
        let mut faults = Vec::new();
        for (key, expected) in vector["expect"].as_object().unwrap() {
            let found = found(key, expected);
            if !same(expected, &found) {
                faults.push(format!("{key}: expected {expected}, found {found}"));
            }
        }
        if faults.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            eprintln!(
                "{} {}:\n  {}",
                vector["id"],
                vector["title"],
                faults.join("\n  ")
            );
        }
    }
    println!("audit vectors: {passed} passed, {failed} failed");
    assert_eq!(failed, 0);
    assert!(passed > 0, "the suite holds no figures of many cases");
}

/// The values of a report, under `data_…_in_time_order` with the unit between.
fn data(vector: &Value) -> Vec<i64> {
    let (_, list) = vector
        .as_object()
        .unwrap()
        .iter()
        .find(|(key, _)| key.starts_with("data_") && key.ends_with("_in_time_order"))
        .unwrap();
    let values = list.as_array().unwrap().iter();
    values.map(|value| value.as_i64().unwrap()).collect()
}

fn report(vector: &Value) -> impl Fn(&str, &Value) -> Value {
    let data = data(vector);
    let chart = ControlChart::of(&data);
    let distribution = Distribution::of(data).unwrap();
    move |key, expected| match key {
        "n" => json!(distribution.n()),
        "min" => json!(distribution.min()),
        "max" => json!(distribution.max()),
        "mean" => json!(distribution.mean()),
        "nearest_rank" => each(expected, |name| {
            percent(name).map(|percent| json!(distribution.nearest_rank(percent)))
        }),
        "linear_type7" => each(expected, |name| {
            percent(name).map(|percent| json!(distribution.linear(percent)))
        }),
        "xmr" => chart.map_or(Value::Null, |chart| {
            each(expected, |name| {
                figure(&chart, name).map(|figure| json!(figure))
            })
        }),
        other => json!(format!("no such key: {other}")),
    }
}

fn figure(chart: &ControlChart, name: &str) -> Option<Fraction> {
    Some(match name {
        "mean" => chart.mean,
        "mr_bar" => chart.mean_range,
        "unpl" => chart.upper_limit,
        "lnpl" => chart.lower_limit,
        "url" => chart.range_limit,
        _ => return None,
    })
}

fn percent(name: &str) -> Option<u8> {
    name.strip_prefix('p')?.parse().ok()
}

/// What each key of an object comes to; a key that is not known comes to a text.
fn each(expected: &Value, found: impl Fn(&str) -> Option<Value>) -> Value {
    let keys = expected.as_object().into_iter().flat_map(Map::keys);
    keys.map(|key| {
        let value = found(key).unwrap_or_else(|| json!(format!("no such key: {key}")));
        (key.clone(), value)
    })
    .collect::<Map<_, _>>()
    .into()
}

fn attainment(vector: &Value) -> impl Fn(&str, &Value) -> Value {
    let mut counts = Counts::default();
    for (name, count) in vector["counts"].as_object().unwrap() {
        let count = usize::try_from(count.as_u64().unwrap()).unwrap();
        *match name.as_str() {
            "met" => &mut counts.met,
            "missed" => &mut counts.missed,
            "void" => &mut counts.void,
            "excused" => &mut counts.excused,
            "running_in_time" => &mut counts.running_in_time,
            "running_missed" => &mut counts.running_missed,
            other => panic!("unknown count {other}"),
        } = count;
    }
    move |key, _| match key {
        "attainment_closed_bp" => json!(counts.closed_bp()),
        "attainment_pessimistic_bp" => json!(counts.pessimistic_bp()),
        other => json!(format!("no such key: {other}")),
    }
}

/// Whole numbers are compared exactly; a number written with decimals as far as it is written, at
/// least two of them, since the suite may have rounded it.
fn same(expected: &Value, found: &Value) -> bool {
    if let (Some(expected), Some(found)) = (expected.as_object(), found.as_object()) {
        return expected.len() == found.len()
            && expected
                .iter()
                .all(|(key, expected)| found.get(key).is_some_and(|found| same(expected, found)));
    }
    match (expected.as_f64(), found.as_f64()) {
        (Some(expected), Some(found)) if expected.fract() != 0.0 || found.fract() != 0.0 => {
            let written = expected.to_string();
            let decimals = written.split_once('.').map_or(0, |(_, part)| part.len());
            let unit = 10_f64.powi(-i32::try_from(decimals.clamp(2, 9)).unwrap());
            (expected - found).abs() <= unit / 2.0 + found.abs() * f64::EPSILON * 4.0
        }
        (Some(expected), Some(found)) => expected == found,
        _ => expected == found,
    }
}

#[test]
fn a_rounded_expectation_is_met_and_a_wrong_one_is_not() {
    for (expected, found, alike) in [
        (json!(95.0), json!(95.0), true),
        (json!(95), json!(95.0), true),
        (json!(95), json!(96), false),
        (json!(2.4444), json!(22.0 / 9.0), true),
        (json!(2.4445), json!(22.0 / 9.0), false),
        (json!(2.5), json!(2.51), false),
        (json!(null), json!(null), true),
        (json!(null), json!(0), false),
        (json!({"p50": 1}), json!({"p50": 1}), true),
        (json!({"p50": 1}), json!({}), false),
    ] {
        assert_eq!(same(&expected, &found), alike, "{expected} {found}");
    }
}
