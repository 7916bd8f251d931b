use groundbreak_draw::{View, mermaid};

use crate::given::{SHIPPED, shipped};

#[test]
fn states_are_nested_and_titled() {
    let text = mermaid(&shipped("matter"), &View::default()).unwrap();
    assert!(text.starts_with("stateDiagram-v2\n"));
    assert!(
        text.contains("    state \"已受理\" as s3\n    state s3 {\n"),
        "{text}"
    );
    assert!(
        text.contains("        s4 --> s6 : 启动专家评审\n"),
        "{text}"
    );
    assert!(text.contains("    [*] --> s0\n"), "{text}");
}

#[test]
fn regions_are_parted_and_no_arrow_crosses_from_one_to_another() {
    let text = mermaid(&shipped("company-registration"), &View::default()).unwrap();
    let parted = text.lines().filter(|line| line.trim() == "--").count();
    assert_eq!(parted, 4, "five services side by side");
}

#[test]
fn every_frame_is_closed_and_every_arrow_joins_states_that_are_there() {
    for name in SHIPPED {
        let view = View {
            depth: Some(9),
            ..View::default()
        };
        let text = mermaid(&shipped(name), &view).unwrap();
        let opened = text.lines().filter(|line| line.ends_with(" {")).count();
        let closed = text.lines().filter(|line| line.trim() == "}").count();
        assert_eq!(opened, closed, "{name}");
        for line in text.lines().filter(|line| line.contains(" --> ")) {
            let arrow = line.split(" : ").next().unwrap();
            for end in arrow.trim().split(" --> ") {
                let there = end == "[*]" || text.contains(&format!(" as {end}\n"));
                assert!(there, "{name}: {line}");
            }
        }
    }
}
