//! Blocks: what becomes of them, and what is told about their faults.

use std::sync::Arc;

use groundbreak_workflow::{Diagnostic, Library, LibraryError, Workflow, assemble};

use crate::HALL;

const LANES: &str = "
workflow: lanes
version: 1
title: { zh: 两条线, en: Two lanes }
calendar: hall
roles:
  clerk: { title: { zh: 窗口, en: Clerk } }
initial: running
states:
  running:
    title: { zh: 办理中, en: Running }
    done: finished
    parallel:
      seal: { use: lane, with: { name: seal, zh: 刻章, en: Seal } }
      tax: { use: lane, with: { name: tax, zh: 税务, en: Tax, within: 3 working days } }
  finished: { title: { zh: 办结, en: Finished }, final: true }
---
";

const LANE: &str = r#"block: lane
title: { zh: 一条线, en: A lane }
parameters:
  name: { title: { zh: 名称, en: Name } }
  zh: { title: { zh: 中文标题, en: Chinese title } }
  en: { title: { zh: 英文标题, en: English title } }
  within: { title: { zh: 时限, en: Budget }, optional: true }
events:
  finish_<name>: { title: { zh: 办结<zh>, en: "Finish: <en>" }, by: [clerk] }
clocks:
  <name>_time: { given: within, title: { zh: <zh>, en: <en> }, effect: internal, budget: within <within>, start: entering <name>_open, stop: leaving <name>_open }
state:
  title: { zh: <zh>, en: <en> }
  states:
    <name>_open:
      title: { zh: <zh>办理中, en: "<en>: open" }
      on: { finish_<name>: <name>_done }
    <name>_done: { title: { zh: <zh>办结, en: "<en>: done" }, final: true }
"#;

fn compile(source: &str) -> Result<Arc<Workflow>, Vec<Diagnostic>> {
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    library.add_workflow(source).map_err(|error| match error {
        LibraryError::Faults(faults) => faults,
        other => panic!("{other}"),
    })
}

fn lanes() -> String {
    format!("{LANES}{LANE}")
}

/// Puts `wrong` in the place of `right`, once, and expects these faults: code, text underlined,
/// and how often the block around it is used.
#[track_caller]
fn check(right: &str, wrong: &str, expected: &[(&str, &str, usize)]) {
    let source = lanes();
    assert!(source.contains(right), "there is no {right:?}");
    let source = source.replacen(right, wrong, 1);
    let faults = compile(&source).expect_err(wrong);
    let found: Vec<_> = faults
        .iter()
        .map(|fault| {
            for used in &fault.used_at {
                assert!(source[used.clone()].starts_with("lane"), "{faults:#?}");
            }
            let text = &source[fault.span.clone()];
            (fault.code, text, fault.used_at.len())
        })
        .collect();
    assert_eq!(found, expected, "{faults:#?}");
}

#[test]
fn a_block_stands_wherever_it_is_used_with_its_arguments_in_it() {
    let workflow = compile(&lanes()).unwrap();
    let states: Vec<&str> = workflow.states.keys().map(String::as_str).collect();
    assert_eq!(
        states,
        [
            "running",
            "seal",
            "seal_open",
            "seal_done",
            "tax",
            "tax_open",
            "tax_done",
            "finished"
        ]
    );
    assert_eq!(workflow.states["tax_open"].title.zh, "税务办理中");
    assert_eq!(workflow.states["seal_open"].title.en, "Seal: open");
    assert_eq!(workflow.events["finish_seal"].title.zh, "办结刻章");
    let clocks: Vec<&str> = workflow.clocks.keys().map(String::as_str).collect();
    assert_eq!(clocks, ["tax_time"], "left out where it is not given");
}

#[test]
fn a_published_text_holds_its_blocks_and_changes_with_them() {
    let known = ["lane".to_owned()];
    let made = |lane: &str| {
        assemble(LANES.trim_end_matches("---\n"), &known, |_| {
            Some(lane.into())
        })
    };
    let assembled = made(LANE);
    assert_eq!(assembled.blocks.len(), 1);
    let (name, bytes) = &assembled.blocks[0];
    assert_eq!(
        (name.as_str(), &assembled.text[bytes.clone()]),
        ("lane", LANE)
    );
    let before = compile(&assembled.text).unwrap();
    assert_eq!(before.source, assembled.text);
    let after = compile(&made(&LANE.replace("办理中", "处理中")).text).unwrap();
    assert_ne!(before.digest, after.digest);
    // A text that has its blocks is complete.
    assert_eq!(assemble(&lanes(), &known, |_| panic!()).text, lanes());
}

#[test]
fn a_fault_inside_a_block_is_told_in_its_place_with_the_use_that_shows_it() {
    check(
        "<name>_done }",
        "<name>_don }",
        &[
            ("unknown-state", "<name>_don", 1),
            ("unknown-state", "<name>_don", 1),
        ],
    );
    check(
        "by: [clerk]",
        "by: [clark]",
        &[("unknown-role", "clark", 1)],
    );
    check(
        "effect: internal",
        "efect: internal",
        &[("unknown-key", "efect", 0)],
    );
    check(
        "budget: within <within>",
        "budget: upto <within>",
        &[("budget-form", "upto <within>", 1)],
    );
}

#[test]
fn arguments_and_parameters_fit() {
    check(", en: Seal }", " }", &[("missing-argument", "lane", 0)]);
    check(
        "en: Seal }",
        "eng: Seal, en: x }",
        &[("unknown-parameter", "eng", 0)],
    );
    check(
        "<zh>办理中",
        "<zhh>办理中",
        &[("unknown-parameter", "<zhh>办理中", 0)],
    );
    check(
        "given: within, ",
        "",
        &[("missing-argument", "within <within>", 1)],
    );
    check("name: tax", "name: [tax]", &[("argument-not-text", "[", 0)]);
}

#[test]
fn names_that_blocks_bring_are_new() {
    check(
        "name: tax, ",
        "name: seal, ",
        &[("block-name-clash", "finish_<name>", 1)],
    );
    check(
        "---\n",
        &format!("---\n{LANE}---\n"),
        &[("block-name-clash", "lane", 0)],
    );
}

#[test]
fn a_block_must_be_there_and_be_one() {
    check(
        "seal: { use: lane",
        "seal: { use: lan",
        &[("unknown-block", "lan", 0)],
    );
    check("block: lane", "blok: lane", &[("not-a-block", "blok", 0)]);
    check(
        "use: lane, with: { name: tax",
        "aside: true, use: lane, with: { name: tax",
        &[("unknown-key", "aside", 0)],
    );
    check(
        "use: lane, with",
        "use: [lane], with",
        &[("wrong-type", "[", 0)],
    );
}

#[test]
fn a_block_does_not_use_itself() {
    check(
        "<name>_done: { title: { zh: <zh>办结, en: \"<en>: done\" }, final: true }",
        "<name>_done: { use: lane, with: { name: x, zh: y, en: z } }",
        &[("block-recursion", "lane", 1)],
    );
}

#[test]
fn blocks_do_not_make_a_small_text_large() {
    let mut source = LANES
        .trim_end_matches("---\n")
        .replace("use: lane,", "use: b0,");
    source = source.replace("use: lane,", "use: b0,");
    for level in 0..7 {
        let states: String = (0..20)
            .map(|number| {
                format!(
                    "    s{level}_{number}: {{ use: b{}, with: {{ name: x, zh: y, en: z }} }}\n",
                    level + 1
                )
            })
            .collect();
        source += &format!(
            "---\nblock: b{level}\ntitle: {{ zh: 一, en: one }}\nparameters: {{ name: {{ title: {{ zh: 一, en: one }} }}, zh: {{ title: {{ zh: 一, en: one }} }}, en: {{ title: {{ zh: 一, en: one }} }}, within: {{ title: {{ zh: 一, en: one }}, optional: true }} }}\nstate:\n  title: {{ zh: <zh><within>, en: <en><name> }}\n  states:\n{states}"
        );
    }
    source += "---\nblock: b7\ntitle: { zh: 一, en: one }\nstate: { title: { zh: 一, en: one } }\n";
    let faults = compile(&source.replace("<within>", "")).unwrap_err();
    assert!(
        faults.iter().any(|fault| fault.code == "unused-parameter"),
        "{faults:#?}"
    );
    let source = source.replace("<within>", "").replace(
        ", within: { title: { zh: 一, en: one }, optional: true } }",
        " }",
    );
    let source = source
        .replace(", within: 3 working days", "")
        .replace("use: b7, with: { name: x, zh: y, en: z }", "use: b7");
    let faults = compile(&source).unwrap_err();
    assert!(
        faults.iter().any(|fault| fault.code == "blocks-too-large"),
        "{:#?}",
        &faults[..3.min(faults.len())]
    );
}
