//! Charts nobody would write: whatever compiles can be drawn.

use groundbreak_draw::{View, mermaid, svg};
use groundbreak_workflow::Library;
use proptest::prelude::*;

/// A state: what it holds and where its event leads, as numbers that are fitted to what is there.
#[derive(Clone, Debug)]
enum Shape {
    Step(u16, bool),
    Frame(Vec<Shape>, u16),
    Lanes(Vec<Vec<Shape>>, u16),
}

fn shape() -> impl Strategy<Value = Shape> {
    let step = (any::<u16>(), any::<bool>()).prop_map(|(to, aside)| Shape::Step(to, aside));
    step.prop_recursive(4, 40, 5, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..5);
        prop_oneof![
            (some.clone(), any::<u16>()).prop_map(|(inside, to)| Shape::Frame(inside, to)),
            (prop::collection::vec(some, 1..4), any::<u16>())
                .prop_map(|(regions, to)| Shape::Lanes(regions, to)),
        ]
    })
}

fn count(shapes: &[Shape]) -> usize {
    let inside = |shape: &Shape| match shape {
        Shape::Step(..) => 1,
        Shape::Frame(inside, _) => 1 + count(inside),
        Shape::Lanes(regions, _) => {
            1 + regions
                .iter()
                .map(|region| 1 + count(region))
                .sum::<usize>()
        }
    };
    shapes.iter().map(inside).sum()
}

fn write(shapes: &[Shape], total: usize, depth: usize, next: &mut usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for (position, shape) in shapes.iter().enumerate() {
        let name = *next;
        *next += 1;
        let (to, aside) = match shape {
            Shape::Step(to, aside) => (*to, *aside),
            Shape::Frame(_, to) | Shape::Lanes(_, to) => (*to, false),
        };
        let to = usize::from(to) % total;
        // So that each state is reached from the one before it.
        let after = if position + 1 < shapes.len() {
            name + count(std::slice::from_ref(shape))
        } else {
            name
        };
        out.push_str(&format!(
            "{indent}s{name}:\n{indent}  title: {{ zh: 环节{name}, en: Step {name} }}\n{indent}  aside: {aside}\n{indent}  on: {{ go: s{to}, hop: s{after}, end: last }}\n"
        ));
        match shape {
            Shape::Step(..) => {}
            Shape::Frame(inside, _) => {
                out.push_str(&format!("{indent}  states:\n"));
                write(inside, total, depth + 2, next, out);
            }
            Shape::Lanes(regions, _) => {
                out.push_str(&format!("{indent}  parallel:\n"));
                for region in regions {
                    let name = *next;
                    *next += 1;
                    out.push_str(&format!(
                        "{indent}    s{name}:\n{indent}      title: {{ zh: 线{name}, en: Lane {name} }}\n{indent}      states:\n"
                    ));
                    write(region, total, depth + 4, next, out);
                }
            }
        }
    }
}

const HEAD: &str = "workflow: odd\nversion: 1\ntitle: { zh: 怪, en: Odd }\ncalendar: hall\nroles:\n  clerk: { title: { zh: 窗口, en: Clerk } }\nevents:\n  go: { title: { zh: 去, en: Go }, by: [clerk] }\n  hop: { title: { zh: 跳, en: Hop }, by: [clerk] }\n  end: { title: { zh: 完, en: End }, by: [clerk] }\nstates:\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_compiles_can_be_drawn(shapes in prop::collection::vec(shape(), 1..6)) {
        let mut definition = HEAD.to_owned();
        write(&shapes, count(&shapes), 1, &mut 0, &mut definition);
        definition.push_str("  last: { title: { zh: 完, en: End }, final: true }\n");
        let mut library = Library::new();
        library.add_calendar("id: hall\ntz: Asia/Shanghai\ntitle: { zh: 厅, en: Hall }\nweekly:\n  mon: [[\"08:30\", \"12:00\"]]\n").unwrap();
        // Some states cannot be reached; such a chart is not to be drawn at all.
        let Ok(workflow) = library.add_workflow(&definition) else {
            return Err(TestCaseError::reject("does not compile"));
        };
        for depth in [None, Some(2), Some(12)] {
            let view = View { depth, ..View::default() };
            let picture = svg(&workflow, &view);
            prop_assert!(picture.is_ok(), "{picture:?} at {depth:?}\n{definition}");
            prop_assert!(mermaid(&workflow, &view).is_ok());
        }
    }
}
