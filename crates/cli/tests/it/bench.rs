//! The program measures itself, and says it in lines that programs read.

use crate::program::run;

#[test]
fn standard_cases_are_measured_beside_the_limit_of_the_disk() {
    for over in ["in-process", "http", "store"] {
        let ran = run(&[
            "bench",
            "case",
            "--clients",
            "1,3",
            "--seconds",
            "1",
            "--over",
            over,
            "--format",
            "json",
        ]);
        assert_eq!(ran.status, 0, "{}", ran.err);
        let rows: Vec<serde_json::Value> = ran
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let clients: Vec<_> = rows.iter().map(|row| row["clients"].as_u64()).collect();
        assert_eq!(clients, [Some(1), Some(3)]);
        for row in &rows {
            assert_eq!(
                (&row["bench"], &row["over"]),
                (&"case".into(), &over.into())
            );
            for figure in ["operations_per_second", "limit_operations_per_second"] {
                assert!(row[figure].as_u64().unwrap() > 0, "{figure} of {row}");
            }
            assert!(row["p50_ms"].as_f64() <= row["p99_ms"].as_f64());
        }
    }
}

#[test]
fn a_measurement_that_cannot_be_made_says_why() {
    let none = run(&["bench", "case", "--clients", "0"]);
    assert_eq!(none.status, 2);
    assert!(none.err.contains("--clients"), "{}", none.err);
    let nowhere = run(&["bench", "case", "--directory", "/nowhere/at/all"]);
    assert_eq!(nowhere.status, 2);
    assert!(nowhere.err.contains("/nowhere/at/all"), "{}", nowhere.err);
}
