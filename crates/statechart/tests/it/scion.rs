//! The cases of the SCION test framework: charts with the states that each event must lead to.
//!
//! Needs `$GROUNDBREAK_SUITES/scion/cases.json`; without that variable, `../shared/suites` beside
//! the workspace. A case that needs more of a script language than whole numbers and `In` is
//! skipped, and the reason is printed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use groundbreak_statechart::{
    ActionId, Chart, Configuration, Event, GuardId, HistoryDepth, Host, Raised, StateKind,
    StateSpec, TransitionSpec, Trigger, View,
};
use serde_json::Value;

use crate::sketch::stored;

/// Cases that expect what the Recommendation rules out, and which are not run. In both, a region of
/// a parallel state has a transition to itself. Its domain must be compound (W3C SCXML 1.0,
/// section 3.13), so the parallel state is exited and entered too; the cases count on it staying.
const AGAINST_THE_RECOMMENDATION: [&str; 2] = ["more-parallel/test10", "more-parallel/test10b"];

/// Says something even if the test passes.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Returns where the suites lie; what is not absolute counts from the workspace.
fn suites() -> PathBuf {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = std::env::var_os("GROUNDBREAK_SUITES").map(PathBuf::from);
    workspace.join(named.unwrap_or_else(|| "../shared/suites".into()))
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the suite is a file; the crate itself reads none"
)]
fn every_case_of_the_suite_that_can_be_run_passes() {
    let path = suites().join("scion/cases.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        say(&format!("scion: NOT RUN, there is no {}", path.display()));
        return;
    };
    let suite: Value = serde_json::from_str(&text).unwrap();
    let (mut passed, mut skipped, mut failed) = (0, Vec::new(), Vec::new());
    for case in suite["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if AGAINST_THE_RECOMMENDATION.contains(&id) {
            skipped.push(format!(
                "  skipped {id}: takes a parallel state for a domain"
            ));
            continue;
        }
        match Machine::read(&case["machine"]) {
            Err(reason) => skipped.push(format!("  skipped {id}: {reason}")),
            Ok(machine) => match run(&machine, case) {
                Ok(()) => passed += 1,
                Err(reason) => failed.push(format!("  FAILED {id}: {reason}")),
            },
        }
    }
    let (skips, fails) = (skipped.len(), failed.len());
    say(&format!(
        "scion: {passed} passed, {fails} failed, {skips} skipped"
    ));
    skipped.iter().chain(&failed).for_each(|line| say(line));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(
        passed > 0,
        "{} holds no case that can be run",
        path.display()
    );
}

/// Sends the events of a case and compares the leaves.
fn run(machine: &Machine, case: &Value) -> Result<(), String> {
    let chart = &machine.chart;
    let mut host = Datamodel::new(machine);
    let (mut configuration, _) = chart.start(&mut host).map_err(|err| err.to_string())?;
    compare(
        chart,
        &configuration,
        &case["initialConfiguration"],
        "the start",
    )?;
    for event in case["events"].as_array().into_iter().flatten() {
        let name = event["event"]["name"]
            .as_str()
            .ok_or("an event without a name")?;
        let until_ms = host.now_ms + event["after"].as_u64().unwrap_or(0);
        while let Some(due) = host.next_due(until_ms) {
            configuration = step(chart, &configuration, &due, &mut host)?;
        }
        host.now_ms = until_ms;
        configuration = step(chart, &configuration, name, &mut host)?;
        // What was sent without delay arrives before anybody looks.
        while let Some(due) = host.next_due(until_ms) {
            configuration = step(chart, &configuration, &due, &mut host)?;
        }
        compare(chart, &configuration, &event["nextConfiguration"], name)?;
    }
    Ok(())
}

fn step(
    chart: &Chart,
    before: &Configuration,
    name: &str,
    host: &mut Datamodel<'_>,
) -> Result<Configuration, String> {
    let (after, step) = chart
        .step(before, Event::Named(name), host)
        .map_err(|err| err.to_string())?;
    assert_eq!(
        before.apply(chart, &step).as_ref(),
        Ok(&after),
        "a replay differs"
    );
    assert_eq!(stored(chart, &after), after, "what was stored differs");
    Ok(after)
}

fn compare(
    chart: &Chart,
    configuration: &Configuration,
    expected: &Value,
    event: &str,
) -> Result<(), String> {
    let names = |it: &Value| it.as_str().map(str::to_owned);
    let mut expected: Vec<String> = expected
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(names)
        .collect();
    expected.sort();
    let mut found: Vec<String> = configuration
        .leaves(chart)
        .map(|it| chart.name(it).to_owned())
        .collect();
    found.sort();
    if found == expected {
        return Ok(());
    }
    Err(format!("after {event}: {found:?} instead of {expected:?}"))
}

/// A chart of the suite, and what its guards and actions mean.
struct Machine {
    chart: Chart,
    guards: Vec<Expression>,
    actions: Vec<Vec<Act>>,
    variables: BTreeMap<String, i64>,
}

/// One element of executable content.
enum Act {
    Raise(String),
    Send { event: String, delay_ms: u64 },
    Assign { variable: String, value: Expression },
    If(Vec<(Expression, Vec<Act>)>),
}

/// The part of the script language that is understood: words, or two words and an operator.
enum Expression {
    Value(Operand),
    Binary(Operand, String, Operand),
    In { state: String, expected: bool },
}

enum Operand {
    Number(i64),
    Variable(String),
}

impl Operand {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "true" => return Some(Self::Number(1)),
            "false" => return Some(Self::Number(0)),
            _ => {}
        }
        let is_name = word.chars().all(|c| c.is_ascii_alphabetic()) && !word.is_empty();
        let number = word.parse().ok().map(Self::Number);
        number.or_else(|| is_name.then(|| Self::Variable(word.to_owned())))
    }
}

impl Expression {
    fn parse(text: &str) -> Result<Self, String> {
        let unknown = || format!("needs the expression {text:?}");
        let inner = text.trim_start_matches('!');
        if let Some(state) = inner
            .strip_prefix("In('")
            .and_then(|it| it.strip_suffix("')"))
        {
            return Ok(Self::In {
                state: state.to_owned(),
                expected: inner.len() == text.len(),
            });
        }
        let spaced = text.replace('+', " + ");
        match spaced.split_whitespace().collect::<Vec<_>>()[..] {
            [one] => Operand::parse(one).map(Self::Value).ok_or_else(unknown),
            [
                left,
                operator @ ("+" | "-" | "*" | "<" | "===" | "!=="),
                right,
            ] => {
                let (left, right) = (Operand::parse(left), Operand::parse(right));
                let both = left.zip(right).ok_or_else(unknown)?;
                Ok(Self::Binary(both.0, operator.to_owned(), both.1))
            }
            _ => Err(unknown()),
        }
    }
}

impl Machine {
    /// Reads an element tree, or says what it needs that is not understood.
    fn read(root: &Value) -> Result<Self, String> {
        let mut reader = Reader::default();
        let mut root = reader.state(root)?;
        root.name = "the-root".into();
        let chart = Chart::compile(root).map_err(|faults| format!("{faults:?}"))?;
        let Reader {
            guards,
            actions,
            variables,
            ..
        } = reader;
        Ok(Self {
            chart,
            guards,
            actions,
            variables,
        })
    }
}

#[derive(Default)]
struct Reader {
    guards: Vec<Expression>,
    actions: Vec<Vec<Act>>,
    variables: BTreeMap<String, i64>,
    unnamed: usize,
}

fn tag(element: &Value) -> &str {
    element["tag"].as_str().unwrap_or_default()
}

fn attribute<'a>(element: &'a Value, name: &str) -> Option<&'a str> {
    element["attrs"][name].as_str()
}

fn children(element: &Value) -> impl Iterator<Item = &Value> {
    element["children"].as_array().into_iter().flatten()
}

fn words(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

impl Reader {
    fn state(&mut self, element: &Value) -> Result<StateSpec, String> {
        let kind = match tag(element) {
            "scxml" => StateKind::Compound,
            "parallel" => StateKind::Parallel,
            "final" => StateKind::Final,
            "history" if attribute(element, "type") == Some("deep") => {
                StateKind::History(HistoryDepth::Deep)
            }
            "history" => StateKind::History(HistoryDepth::Shallow),
            _ => StateKind::Atomic,
        };
        self.unnamed += 1;
        let name =
            attribute(element, "id").map_or_else(|| format!("#{}", self.unnamed), str::to_owned);
        let mut state = StateSpec::new(name, kind);
        state.initial = words(attribute(element, "initial"));
        for child in children(element) {
            match tag(child) {
                "state" | "parallel" | "final" => state.children.push(self.state(child)?),
                "history" => state.children.push(self.state(child)?),
                "initial" => {
                    let transition = children(child).next().ok_or("an empty initial")?;
                    state.initial = words(attribute(transition, "target"));
                    state.initial_actions.push(self.block(transition)?);
                }
                "transition" => state.transitions.push(self.transition(child)?),
                "onentry" => state.on_entry.push(self.block(child)?),
                "onexit" => state.on_exit.push(self.block(child)?),
                "datamodel" => children(child).try_for_each(|data| self.variable(data))?,
                other => return Err(format!("needs <{other}>")),
            }
        }
        if kind == StateKind::Atomic && !state.children.is_empty() {
            state.kind = StateKind::Compound;
        }
        Ok(state)
    }

    fn variable(&mut self, data: &Value) -> Result<(), String> {
        let name = attribute(data, "id").ok_or("data without a name")?;
        let value = attribute(data, "expr").unwrap_or("0");
        let number = value
            .parse()
            .map_err(|_| format!("needs the value {value:?}"))?;
        self.variables.insert(name.to_owned(), number);
        Ok(())
    }

    fn transition(&mut self, element: &Value) -> Result<TransitionSpec, String> {
        let trigger = match attribute(element, "event") {
            Some(event) => Trigger::Event(words(Some(event))),
            None => Trigger::Eventless,
        };
        let mut transition = TransitionSpec::new(trigger, words(attribute(element, "target")));
        transition.internal = attribute(element, "type") == Some("internal");
        if let Some(condition) = attribute(element, "cond") {
            transition.guard = Some(GuardId(u32::try_from(self.guards.len()).unwrap()));
            self.guards.push(Expression::parse(condition)?);
        }
        transition.actions.push(self.block(element)?);
        Ok(transition)
    }

    fn block(&mut self, element: &Value) -> Result<ActionId, String> {
        let block = acts(&children(element).collect::<Vec<_>>())?;
        self.actions.push(block);
        Ok(ActionId(u32::try_from(self.actions.len() - 1).unwrap()))
    }
}

fn acts(elements: &[&Value]) -> Result<Vec<Act>, String> {
    let mut acts = Vec::new();
    for element in elements {
        let needed = |name: &str| attribute(element, name).ok_or(format!("needs {name}"));
        match tag(element) {
            "log" => {}
            "raise" => acts.push(Act::Raise(needed("event")?.to_owned())),
            "send" => acts.push(send(element)?),
            "assign" => acts.push(Act::Assign {
                variable: needed("location")?.to_owned(),
                value: Expression::parse(needed("expr")?)?,
            }),
            "if" => acts.push(branches(element)?),
            other => return Err(format!("needs <{other}>")),
        }
    }
    Ok(acts)
}

fn send(element: &Value) -> Result<Act, String> {
    let understood = ["event", "delay"];
    let attributes = element["attrs"].as_object().into_iter().flatten();
    if let Some((name, _)) = attributes
        .into_iter()
        .find(|(it, _)| !understood.contains(&it.as_str()))
    {
        return Err(format!("needs <send {name}>"));
    }
    if children(element).next().is_some() {
        return Err("needs <send> with data".into());
    }
    let delay = attribute(element, "delay").unwrap_or("0ms");
    let delay_ms = delay.strip_suffix("ms").and_then(|it| it.parse().ok());
    Ok(Act::Send {
        event: attribute(element, "event")
            .ok_or("needs <send> without an event")?
            .to_owned(),
        delay_ms: delay_ms.ok_or_else(|| format!("needs the delay {delay:?}"))?,
    })
}

/// Reads an `if`, whose `elseif` and `else` stand between the contents of the branches.
fn branches(element: &Value) -> Result<Act, String> {
    let all: Vec<&Value> = children(element).collect();
    let mut condition = attribute(element, "cond").unwrap_or("true");
    let mut branches = Vec::new();
    let mut first = 0;
    for (position, child) in all.iter().enumerate() {
        if matches!(tag(child), "elseif" | "else") {
            branches.push((Expression::parse(condition)?, acts(&all[first..position])?));
            condition = attribute(child, "cond").unwrap_or("true");
            first = position + 1;
        }
    }
    branches.push((Expression::parse(condition)?, acts(&all[first..])?));
    Ok(Act::If(branches))
}

/// A host with variables, and with a clock that only the case moves.
struct Datamodel<'a> {
    machine: &'a Machine,
    variables: BTreeMap<String, i64>,
    now_ms: u64,
    /// Due time and place in the queue, then the event.
    sent: BTreeMap<(u64, usize), String>,
    sends: usize,
}

impl<'a> Datamodel<'a> {
    fn new(machine: &'a Machine) -> Self {
        let variables = machine.variables.clone();
        Self {
            machine,
            variables,
            now_ms: 0,
            sent: BTreeMap::new(),
            sends: 0,
        }
    }

    /// Takes the next event that is due by `until_ms` out of the queue, and moves the clock to it.
    fn next_due(&mut self, until_ms: u64) -> Option<String> {
        let entry = self.sent.first_entry()?;
        let due_ms = entry.key().0;
        if due_ms > until_ms {
            return None;
        }
        self.now_ms = self.now_ms.max(due_ms);
        Some(entry.remove())
    }

    fn value(&self, operand: &Operand) -> Result<i64, String> {
        match operand {
            Operand::Number(number) => Ok(*number),
            Operand::Variable(name) => self
                .variables
                .get(name)
                .copied()
                .ok_or_else(|| format!("there is no {name}")),
        }
    }

    fn evaluate(&self, expression: &Expression, view: &View<'_>) -> Result<i64, String> {
        let (left, operator, right) = match expression {
            Expression::Value(operand) => return self.value(operand),
            Expression::In { state, expected } => {
                return Ok(i64::from(view.is_in_name(state) == *expected));
            }
            Expression::Binary(left, operator, right) => (left, operator, right),
        };
        let (left, right) = (self.value(left)?, self.value(right)?);
        let result = match operator.as_str() {
            "+" => left.checked_add(right),
            "-" => left.checked_sub(right),
            "*" => left.checked_mul(right),
            "<" => Some(i64::from(left < right)),
            "===" => Some(i64::from(left == right)),
            _ => Some(i64::from(left != right)),
        };
        result.ok_or_else(|| format!("{left} {operator} {right} is too large"))
    }

    fn carry_out(
        &mut self,
        acts: &[Act],
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<(), String> {
        for act in acts {
            match act {
                Act::Raise(event) => raised.push(event.as_str()),
                Act::Send { event, delay_ms } => {
                    self.sends += 1;
                    self.sent
                        .insert((self.now_ms + delay_ms, self.sends), event.clone());
                }
                Act::Assign { variable, value } => {
                    let value = self.evaluate(value, view)?;
                    self.variables.insert(variable.clone(), value);
                }
                Act::If(branches) => {
                    for (condition, acts) in branches {
                        if self.evaluate(condition, view)? != 0 {
                            self.carry_out(acts, view, raised)?;
                            break;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl Host for Datamodel<'_> {
    type Error = String;

    fn guard(&mut self, id: GuardId, view: &View<'_>, _: &mut Raised) -> Result<bool, String> {
        let machine = self.machine;
        Ok(self.evaluate(&machine.guards[id.0 as usize], view)? != 0)
    }

    fn run(&mut self, id: ActionId, view: &View<'_>, raised: &mut Raised) -> Result<(), String> {
        let machine = self.machine;
        self.carry_out(&machine.actions[id.0 as usize], view, raised)
    }
}
