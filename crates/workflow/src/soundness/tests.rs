//! Two ways to explore see the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use groundbreak_sla::Calendar;
use proptest::prelude::*;

use super::Limits;
use super::explicit::Search;
use super::model::Model;
use super::symbolic::Proof;
use crate::Workflow;
use crate::compile::{compile, compile_calendar};

const HALL: &str = "{ id: hall, tz: Asia/Shanghai, weekly: { mon: [['09:00', '17:00']] } }";

/// A source of choices that a seed decides.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    fn once_in(&mut self, number: u64) -> bool {
        self.below(number) == 0
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = self.below(items.len() as u64);
        &items[usize::try_from(index).unwrap()]
    }
}

/// A definition being written: a few states, some of them parallel, that ask about one another.
struct Writer {
    dice: Dice,
    names: Vec<String>,
    text: String,
}

#[derive(Clone)]
struct Drawn {
    name: String,
    kind: u8,
    children: Vec<Drawn>,
}

const PLAIN: u8 = 0;
const INSIDE: u8 = 1;
const LANES: u8 = 2;
const FINAL: u8 = 3;

impl Writer {
    fn draw(&mut self, depth: u8, may_be_final: bool) -> Drawn {
        let name = format!("s{}", self.names.len());
        self.names.push(name.clone());
        let kind = match self.dice.below(10) {
            0..2 if depth > 0 => LANES,
            2..5 if depth > 0 => INSIDE,
            5..7 if may_be_final => FINAL,
            _ => PLAIN,
        };
        let children = match kind {
            LANES => 2,
            INSIDE => 2 + self.dice.below(2),
            _ => 0,
        };
        let children = (0..children)
            .map(|child| self.draw(depth - 1, kind == INSIDE && child > 0))
            .collect();
        Drawn {
            name,
            kind,
            children,
        }
    }

    fn condition(&mut self) -> String {
        let state = self.dice.of(&self.names).clone();
        let other = self.dice.of(&self.names).clone();
        match self.dice.below(9) {
            0 => format!("at(\"{state}\")"),
            1 => format!("!at(\"{state}\")"),
            2 => format!("at(\"{state}\") || at(\"{other}\")"),
            3 => format!("at(\"{state}\") && data.x"),
            4 => "data.x".into(),
            5 => "!data.x".into(),
            6 => "data.k == \"one\"".into(),
            7 => "data.k == \"two\"".into(),
            _ => "document(\"form\")".into(),
        }
    }

    fn way(&mut self) -> String {
        let to = self.dice.of(&self.names).clone();
        if self.dice.once_in(2) {
            let condition = self.condition();
            format!("{{ to: {to}, if: '{condition}' }}")
        } else if self.dice.once_in(6) {
            format!("{{ to: {to}, gates: [gate] }}")
        } else if self.dice.once_in(6) {
            format!("{{ to: {to}, requires: [form] }}")
        } else {
            to
        }
    }

    fn write(&mut self, state: &Drawn, indent: usize) {
        let pad = " ".repeat(indent);
        let Drawn {
            name,
            kind,
            children,
        } = state;
        writeln!(
            self.text,
            "{pad}{name}:\n{pad}  title: {{ zh: 环节, en: State }}"
        )
        .unwrap();
        if *kind == FINAL {
            writeln!(self.text, "{pad}  final: true").unwrap();
            return;
        }
        let mut ways = Vec::new();
        for event in ["e", "f", "g"] {
            if self.dice.once_in(if *kind == PLAIN { 2 } else { 4 }) {
                ways.push(format!("{event}: {}", self.way()));
            }
        }
        writeln!(self.text, "{pad}  on: {{ {} }}", ways.join(", ")).unwrap();
        if self.dice.once_in(6) {
            let to = self.dice.of(&self.names).clone();
            let condition = self.condition();
            writeln!(
                self.text,
                "{pad}  always: {{ to: {to}, if: '{condition}' }}"
            )
            .unwrap();
        }
        if self.dice.once_in(6) {
            let to = self.dice.of(&self.names).clone();
            let condition = self.condition();
            let guard = if self.dice.once_in(2) {
                format!(", if: '{condition}'")
            } else {
                String::new()
            };
            writeln!(
                self.text,
                "{pad}  after: [{{ delay: 2h, to: {to}{guard} }}]"
            )
            .unwrap();
        }
        if !children.is_empty() {
            if self.dice.once_in(2) {
                let to = self.dice.of(&self.names).clone();
                let to = if to.starts_with('s') {
                    to
                } else {
                    "end".into()
                };
                writeln!(self.text, "{pad}  done: {to}").unwrap();
            }
            let key = if *kind == LANES { "parallel" } else { "states" };
            writeln!(self.text, "{pad}  {key}:").unwrap();
            for child in children {
                self.write(child, indent + 4);
            }
        }
    }
}

/// A random definition, or nothing when the dice gave one that does not compile.
fn random(seed: u64) -> Option<Workflow> {
    let mut writer = Writer {
        dice: Dice(seed | 1),
        names: Vec::new(),
        text: String::new(),
    };
    for _ in 0..8 {
        writer.dice.below(2);
    }
    let drawn: Vec<Drawn> = (0..2).map(|_| writer.draw(3, false)).collect();
    writer.names.push("end".into());
    let gate = {
        let condition = writer.condition();
        format!("gates: {{ gate: {{ title: {{ zh: 条件, en: Gate }}, when: '{condition}' }} }}\n")
    };
    for state in &drawn {
        writer.write(state, 2);
    }
    let states = format!(
        "{}  end: {{ title: {{ zh: 终, en: End }}, final: true }}\n",
        writer.text
    );
    let events: String = ["e", "f", "g"]
        .iter()
        .filter(|event| states.contains(&format!("{event}: ")))
        .map(|event| {
            format!("  {event}: {{ title: {{ zh: 办, en: Act }}, by: [clerk], asks: [x, k] }}\n")
        })
        .collect();
    let text = format!(
        "workflow: case\nversion: 1\ntitle: {{ zh: 办件, en: Case }}\ncalendar: hall\n\
         data:\n  x: {{ title: {{ zh: 甲, en: X }}, type: boolean }}\n  \
         k: {{ title: {{ zh: 乙, en: K }}, type: choice, choices: {{ one: {{ zh: 一, en: One }}, two: {{ zh: 二, en: Two }} }} }}\n\
         roles: {{ clerk: {{ title: {{ zh: 窗口, en: Clerk }} }} }}\n\
         documents: {{ form: {{ title: {{ zh: 表, en: Form }}, class: main }} }}\n\
         {}events:\n{events}states:\n{states}",
        if states.contains("gates: [gate]") {
            gate.as_str()
        } else {
            ""
        },
    );
    static CALENDARS: LazyLock<BTreeMap<String, Arc<Calendar>>> = LazyLock::new(|| {
        let (_, hall) = compile_calendar(HALL, &BTreeMap::new()).unwrap();
        BTreeMap::from([("hall".to_owned(), Arc::new(hall))])
    });
    compile(&text, &CALENDARS, &BTreeMap::new()).ok()
}

/// Compares the two ways. Returns whether there was anything to compare.
fn compare(workflow: &Workflow) -> Result<bool, TestCaseError> {
    let model = Model::new(workflow);
    let limits = Limits {
        configurations: 3_000,
        ..Limits::default()
    };
    let (one, search) = Search::new(&model).survey(&limits);
    let Some((all, mut proof)) = Proof::survey(&model, 200_000) else {
        return Ok(false);
    };
    if !one.complete {
        return Ok(false);
    }
    let source = &workflow.source;
    prop_assert_eq!(
        one.configurations,
        all.configurations,
        "configurations of {}",
        source
    );
    // An act that gates or documents would refuse is looked at by the stepper, as by the engine,
    // and is none for the diagrams.
    let refusable = model.needs.iter().any(|needs| !needs.all.is_empty());
    if one.livelock.is_some() && refusable {
        return Ok(true);
    }
    prop_assert_eq!(
        one.livelock.is_some(),
        all.livelock.is_some(),
        "livelock in {}",
        source
    );
    prop_assert_eq!(
        one.stuck.is_some(),
        all.stuck.is_some(),
        "stuck in {}",
        source
    );
    if let (Some(target), Some(other)) = (&one.stuck, &all.stuck) {
        let short = search.witness(target).unwrap();
        let (way, _) = proof.way(other).expect("the stepper finds the way");
        prop_assert_eq!(short.steps.len(), way.steps.len(), "{}", source);
    }
    if one.livelock.is_some() {
        // What is passed on the way to nowhere is seen by one of the two only.
        return Ok(true);
    }
    for state in model.chart.states().skip(1) {
        let name = model.chart.name(state);
        prop_assert_eq!(
            one.entered(state),
            all.entered(state),
            "{} in {}",
            name,
            source
        );
        prop_assert_eq!(
            one.exited(state),
            all.exited(state),
            "{} in {}",
            name,
            source
        );
    }
    for (id, _) in model.chart.transitions() {
        prop_assert_eq!(one.taken(id), all.taken(id), "{:?} in {}", id, source);
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn sets_and_single_configurations_tell_the_same(seed in any::<u64>()) {
        if let Some(workflow) = random(seed) {
            compare(&workflow)?;
        }
    }
}

#[test]
fn most_random_definitions_are_compared() {
    let mut compared = 0;
    for seed in 1..=400_u64 {
        let workflow = random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let done = workflow.is_some_and(|workflow| compare(&workflow).unwrap());
        compared += u32::from(done);
    }
    assert!(compared >= 100, "only {compared} of 400");
}
