use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Ran, root, run};

/// A data directory with a project, a matter of it, and a matter of none.
struct Reported {
    folder: tempfile::TempDir,
}

impl Reported {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scenario = root().join("tests/scenarios/exchange-status-changes.txt");
        let keep = folder.path().to_str().unwrap();
        let ran = run(&["replay", scenario.to_str().unwrap(), "--keep", keep]);
        assert_eq!(ran.status, 0, "{ran:?}");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, more: &[&str]) -> Ran {
        let data = self.path("exchange-status-changes");
        let mut arguments = vec!["export", "exchange", "--data", data.to_str().unwrap()];
        arguments.extend(more);
        run(&arguments)
    }

    /// The shipped mapping with something else in it.
    fn mapping(&self, from: &str, to: &str) -> String {
        let shipped = root().join("workflows/exchange/pengjiang.yaml");
        let text = fs::read_to_string(shipped).unwrap();
        assert!(text.contains(from), "{from}");
        let path = self.path("mapping.yaml");
        fs::write(&path, text.replace(from, to)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// The cells of one column of a table.
fn column(path: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.split_terminator("\r\n");
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let index = names.iter().position(|it| *it == name).unwrap();
    lines
        .map(|line| line.split(',').nth(index).unwrap().to_owned())
        .collect()
}

#[test]
fn a_case_is_written_by_its_status_changes() {
    let reported = Reported::new();
    let to = reported.path("out");
    let ran = reported.export(&["--to", to.to_str().unwrap()]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(
        ran.out.contains("1 projects, 1 matters, 6 status changes"),
        "{ran:?}"
    );
    assert!(ran.out.contains("1 more belong to no project"), "{ran:?}");
    let changes = to.join("SPGL_XMSPSXBLXXXXB.csv");
    assert_eq!(column(&changes, "blzt"), ["1", "3", "8", "9", "10", "11"]);
    let text = fs::read_to_string(&changes).unwrap();
    assert!(
        text.contains(",\"深基坑, 须专家评审\",2023-04-10 10:00:00,"),
        "{text}"
    );
    let project = "2303-440703-04-01-100015";
    assert_eq!(column(&to.join("SPGL_XMSPSXBLXXB.csv"), "xmdm"), [project]);
    let projects = to.join("SPGL_XMJBXXB.csv");
    assert_eq!(column(&projects, "xmdm"), [project]);
    assert_eq!(column(&projects, "ztze"), ["120000"]);

    let lines = reported.export(&["--to", to.to_str().unwrap(), "--rows", "jsonl"]);
    assert_eq!(lines.status, 0, "{lines:?}");
    let text = fs::read_to_string(to.join("SPGL_XMSPSXBLXXXXB.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 6);
    assert!(text.starts_with("{\"lsh\":1,\"dfsjzj\":"), "{text}");
}

#[test]
fn nothing_is_written_while_there_are_findings_unless_it_is_asked_for() {
    let reported = Reported::new();
    let mapping = reported.mapping(
        "name: 示例区行政服务中心, code: 11440703M000000192",
        "name: \"\", code: 11440703M000000193",
    );
    let to = reported.path("out");
    let arguments = ["--mapping", &mapping, "--to", to.to_str().unwrap()];
    let ran = reported.export(&arguments);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.out.contains("exchange-department"), "{ran:?}");
    assert!(ran.out.contains("nothing was written"), "{ran:?}");
    assert!(!to.exists());
    let arguments = [&arguments[..], &["--despite-findings", "--format", "json"]].concat();
    let ran = reported.export(&arguments);
    assert_eq!(ran.status, 1, "{ran:?}");
    // Name and code of the matter, and of each of its six changes.
    assert_eq!(ran.json()["findings"].as_array().unwrap().len(), 14);
    assert!(to.join("SPGL_XMJBXXB.csv").exists());
}

#[test]
fn a_mapping_that_is_wrong_is_refused_with_its_place() {
    let reported = Reported::new();
    let mapping = reported.mapping("division:", "divison:");
    let ran = reported.export(&["--mapping", &mapping]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("bad-exchange"), "{ran:?}");
    let mapping = reported.mapping("within: construction_permit", "within: nowhere");
    let ran = reported.export(&["--mapping", &mapping]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.out.contains("exchange-mapping"), "{ran:?}");
    let shipped = root().join("workflows/exchange/pengjiang.yaml");
    let ran = run(&["check", shipped.to_str().unwrap(), &mapping]);
    assert_eq!(ran.status, 0, "{ran:?}");
}
