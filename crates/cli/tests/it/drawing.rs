//! `groundbreak draw`.

use crate::program::run;

#[test]
fn a_shipped_workflow_is_drawn_by_its_name_and_by_its_file_alike() {
    let by_name = run(&["draw", "matter", "--lang", "zh"]);
    let by_file = run(&["draw", "workflows/matter.yaml", "--lang", "zh"]);
    assert_eq!(by_name.status, 0, "{by_name:?}");
    assert!(by_name.out.starts_with("<svg "), "{by_name:?}");
    assert_eq!(by_name.out, by_file.out);
}

#[test]
fn a_picture_goes_to_a_file_and_mermaid_to_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.svg");
    let ran = run(&["draw", "matter", "--out", path.to_str().unwrap()]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        std::fs::read_to_string(path)
            .unwrap()
            .contains("Licensing matter")
    );
    let ran = run(&["draw", "matter", "--format", "mermaid"]);
    assert!(ran.out.starts_with("stateDiagram-v2\n"), "{ran:?}");
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let ran = run(&["draw", "matter", "--only", "acepted"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("error[unknown-state]"), "{ran:?}");
    assert!(ran.err.contains("Did you mean \"accepted\"?"), "{ran:?}");
    let ran = run(&["draw", "nowhere"]);
    assert!(ran.err.contains("error[file-unreadable]"), "{ran:?}");
    let ran = run(&["draw"]);
    assert_eq!(ran.status, 2);
}
