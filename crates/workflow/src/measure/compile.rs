//! From the text of measures to measures that can be computed, or to everything wrong with them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::compile::{guard_help, within};
use crate::data::{FieldType, is_date};
use crate::form::{self, Read};
use crate::guard::{FactKind, Guard, Scope};
use crate::measure::{
    Measure, MeasureDefinition, MeasureValue, Measures, Population, PopulationWhen, Saying,
    SayingUnit,
};
use crate::schema::MEASURE;
use crate::source::{At, check_length, parse};
use crate::suggest::nearest;
use crate::{Diagnostic, Text, Workflow};

/// The most digits a figure is said with, before or behind the point.
const DIGITS_MAX: i8 = 6;

/// Compiles measures together, each against the newest version of its workflow among these; of one
/// version that comes twice, the last.
///
/// # Errors
///
/// By the index of the source, every fault in it, in the order of the text.
pub fn compile_measures<'w>(
    sources: &[&str],
    workflows: impl IntoIterator<Item = &'w Workflow>,
) -> Result<Measures, Vec<(usize, Vec<Diagnostic>)>> {
    let mut newest: BTreeMap<&str, &Workflow> = BTreeMap::new();
    for workflow in workflows {
        let known = newest.entry(&workflow.name).or_insert(workflow);
        if known.version <= workflow.version {
            *known = workflow;
        }
    }
    let mut faults: Vec<Vec<Diagnostic>> = vec![Vec::new(); sources.len()];
    let mut compiled: Vec<(usize, MeasureDefinition, Measure)> = Vec::new();
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    let mut faulty_names: Vec<String> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        match read(source) {
            Err(found) => faults[index] = found,
            Ok(definition) => {
                let name = definition.measure.clone();
                if named.insert(name.value.clone(), index).is_some() {
                    faults[index].push(duplicate(&name));
                    continue;
                }
                let mut compiler = Compiler {
                    definition: &definition,
                    faults: Vec::new(),
                };
                match compiler.run(&newest) {
                    Some(measure) if compiler.faults.is_empty() => {
                        compiled.push((index, definition, measure));
                    }
                    _ => {
                        faults[index].append(&mut compiler.faults);
                        faulty_names.push(name.value);
                    }
                }
            }
        }
    }
    let by_name: BTreeMap<&str, &Measure> = compiled
        .iter()
        .map(|(_, _, measure)| (measure.name.as_str(), measure))
        .collect();
    for (index, definition, measure) in &compiled {
        let others = definition.of.iter().map(|other| (other, false));
        let parts = definition.parts.iter().map(|other| (other, true));
        for (other, is_part) in others.chain(parts) {
            // What is wrong with the other one is told where it stands.
            if faulty_names.contains(&other.value) {
                continue;
            }
            let found = by_name.get(other.value.as_str()).copied();
            faults[*index].extend(combined(measure, other, found, is_part, &by_name));
        }
    }
    let mut all: Vec<(usize, Vec<Diagnostic>)> = faults
        .into_iter()
        .enumerate()
        .filter(|(_, faults)| !faults.is_empty())
        .collect();
    if all.is_empty() {
        return Ok(compiled
            .into_iter()
            .map(|(_, _, measure)| (measure.name.clone(), Arc::new(measure)))
            .collect());
    }
    for (_, faults) in &mut all {
        faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
    }
    Err(all)
}

fn read(source: &str) -> Result<MeasureDefinition, Vec<Diagnostic>> {
    check_length(source)?;
    let tree = parse(source, 0..source.len())?;
    let read: Read<MeasureDefinition> = form::read(&MEASURE, tree)?;
    if read.faults.is_empty() {
        Ok(read.value)
    } else {
        Err(read.faults)
    }
}

fn duplicate(name: &At<String>) -> Diagnostic {
    Diagnostic::new(
        "duplicate-measure",
        name.span.clone(),
        Text::new(
            format!("指标 `{name}` 已在别处定义。"),
            format!("Measure `{name}` is defined elsewhere too."),
        ),
    )
    .with_help(Text::new("请改名。", "Rename one of the two."))
}

/// Checks that a measure may be combined with another: both are about the same cases.
fn combined(
    measure: &Measure,
    name: &At<String>,
    other: Option<&Measure>,
    is_part: bool,
    all: &BTreeMap<&str, &Measure>,
) -> Option<Diagnostic> {
    let Some(other) = other else {
        let help = match nearest(name, all.keys().copied()) {
            Some(meant) => Text::new(
                format!("是否指 `{meant}`？"),
                format!("Did you mean `{meant}`?"),
            ),
            None => Text::new(
                "请写同一目录中某个指标的 `measure:`。",
                "Name the `measure:` of another file in this folder.",
            ),
        };
        return Some(
            Diagnostic::new(
                "unknown-measure",
                name.span.clone(),
                Text::new(
                    format!("没有指标 `{name}`。"),
                    format!("There is no measure `{name}`."),
                ),
            )
            .with_help(help),
        );
    };
    if measure.population != other.population {
        return Some(
            Diagnostic::new(
                "measure-populations-differ",
                name.span.clone(),
                Text::new(
                    format!(
                        "`{}` 与 `{name}` 口径不同：前者为{}，后者为{}。活动、签约、落地不得相加相除。",
                        measure.name,
                        described(measure).zh,
                        described(other).zh
                    ),
                    format!(
                        "`{}` and `{name}` are about different cases: {}, and {}. Events, signings and landings are never added up or divided.",
                        measure.name,
                        described(measure).en,
                        described(other).en
                    ),
                ),
            )
            .with_help(Text::new(
                "两者的 workflow、reached 或 at、cut_off 须相同。",
                "Give both the same workflow, reached or at, and cut_off.",
            )),
        );
    }
    let counts = |value| matches!(value, MeasureValue::Count | MeasureValue::Sum);
    let fits = match (is_part, measure.value) {
        (true, value) => other.value == value && other.amount == measure.amount,
        (false, MeasureValue::ShareByAmount) => {
            other.value == MeasureValue::Sum && other.amount == measure.amount
        }
        (false, _) => counts(other.value),
    };
    (!fits).then(|| {
        Diagnostic::new(
            "measure-value",
            name.span.clone(),
            Text::new(
                format!("`{name}` 算的不是同一样东西。"),
                format!("`{name}` is not made of the same thing."),
            ),
        )
        .with_help(Text::new(
            "按个数的占比取 count 或 sum 的指标，按金额的占比取同一金额的 sum；组成部分与整体的 value、amount 相同。",
            "A share by count takes a measure that is a count or a sum, one by amount the sum of the same fact; parts have the value and the amount of the whole.",
        ))
    })
}

/// What a measure is about, in words.
fn described(measure: &Measure) -> Text {
    let titles = |chosen: fn(&Text) -> &str, joint: &str| {
        let titles: Vec<&str> = measure.state_titles.iter().map(chosen).collect();
        titles.join(joint)
    };
    let population = &measure.population;
    let (zh, en) = match population.when {
        PopulationWhen::Reached => ("到过", "had reached"),
        PopulationWhen::At => ("处于", "were at"),
    };
    Text::new(
        format!(
            "{} 截至 {} {zh}“{}”的办件",
            population.workflow,
            population.cut_off,
            titles(|text| &text.zh, "、")
        ),
        format!(
            "cases of {} that {en} \"{}\" by {}",
            population.workflow,
            titles(|text| &text.en, "\" or \""),
            population.cut_off
        ),
    )
}

/// A measure on its way.
struct Compiler<'a> {
    definition: &'a MeasureDefinition,
    faults: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn run(&mut self, workflows: &BTreeMap<&str, &Workflow>) -> Option<Measure> {
        let definition = self.definition;
        self.check_name();
        if !is_date(&definition.cut_off) {
            self.fault(
                "bad-cut-off",
                &definition.cut_off.span,
                Text::new(
                    format!("`{}` 不是日期。", definition.cut_off),
                    format!("`{}` is no date.", definition.cut_off),
                ),
                Text::new("请写作 `2023-04-20`。", "Write it like `2023-04-20`."),
            );
        }
        self.check_keys();
        let saying = self.saying();
        let Some(workflow) = workflows.get(definition.workflow.as_str()).copied() else {
            let known: Vec<&str> = workflows.keys().copied().collect();
            self.unknown(
                "unknown-workflow",
                ("流程", "workflow"),
                &definition.workflow,
                &known,
            );
            return None;
        };
        let (population, state_titles) = self.population(workflow);
        let filter = match definition.filter.as_ref() {
            None => None,
            Some(filter) => guard_of(filter, workflow)
                .map_err(|faults| self.faults.extend(faults))
                .ok(),
        };
        if let Some(amount) = &definition.amount {
            self.check_amount(amount, workflow);
        }
        let since = self.since(workflow);
        let value = |name: &At<String>| name.value.clone();
        Some(Measure {
            name: value(&definition.measure),
            title: definition.title.clone(),
            calibre: definition.calibre.clone(),
            population,
            state_titles,
            value: definition.value.value,
            amount: definition.amount.as_ref().map(value),
            of: definition.of.as_ref().map(value),
            target: definition.target.as_ref().map(|target| target.value),
            since,
            parts: definition.parts.iter().map(value).collect(),
            saying,
            filter,
        })
    }

    fn fault(&mut self, code: &'static str, span: &Range<usize>, message: Text, help: Text) {
        self.faults
            .push(Diagnostic::new(code, span.clone(), message).with_help(help));
    }

    /// Reports a name that is not there, with the one it may have meant.
    fn unknown(
        &mut self,
        code: &'static str,
        (zh, en): (&str, &str),
        name: &At<String>,
        known: &[&str],
    ) {
        let help = match nearest(name, known.iter().copied()) {
            Some(meant) => Text::new(
                format!("是否指 `{meant}`？"),
                format!("Did you mean `{meant}`?"),
            ),
            None => Text::new(
                format!("已有的为：{}。", known.join("、")),
                format!("There are: {}.", known.join(", ")),
            ),
        };
        self.faults.push(
            Diagnostic::new(
                code,
                name.span.clone(),
                Text::new(
                    format!("没有{zh} `{name}`。"),
                    format!("There is no {en} `{name}`."),
                ),
            )
            .with_help(help),
        );
    }

    fn check_name(&mut self) {
        let name = &self.definition.measure;
        let good = name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !good {
            self.fault(
                "bad-name",
                &name.span,
                Text::new(
                    format!("`{name}` 不能作为名称。"),
                    format!("`{name}` cannot be a name."),
                ),
                Text::new(
                    "名称用小写字母、数字和 `-`，以字母开头，最多 64 个字符；中文写在 title 里。",
                    "Use lower-case letters, digits and `-`, a letter first, at most 64; other words go into the title.",
                ),
            );
        }
    }

    /// Checks that what the value needs is there, and nothing that it does not use.
    fn check_keys(&mut self) {
        let definition = self.definition;
        let value = definition.value.value;
        let is = |wanted: &[MeasureValue]| wanted.contains(&value);
        use MeasureValue::{Count, Progress, ShareByAmount, ShareByCount, Sum};
        let span = |name: &Option<At<String>>| name.as_ref().map(|name| name.span.clone());
        let target = definition.target.as_ref();
        let rows = [
            (
                "amount",
                span(&definition.amount),
                is(&[Sum, ShareByAmount, Progress]),
            ),
            (
                "of",
                span(&definition.of),
                is(&[ShareByCount, ShareByAmount]),
            ),
            (
                "target",
                target.map(|target| target.span.clone()),
                is(&[Progress]),
            ),
            (
                "since",
                definition.since.first().map(|state| state.span.clone()),
                value.is_time(),
            ),
        ];
        for (key, span, needed) in rows {
            match (span, needed) {
                (None, true) => self.fault(
                    "measure-value",
                    &definition.value.span,
                    Text::new(
                        format!("这样的指标还要写 `{key}`。"),
                        format!("A measure of this value also needs `{key}`."),
                    ),
                    Text::new(format!("请加上 `{key}:`。"), format!("Add `{key}:`.")),
                ),
                (Some(span), false) => self.fault(
                    "measure-value",
                    &span,
                    Text::new(
                        format!("这样的指标用不到 `{key}`。"),
                        format!("A measure of this value does not use `{key}`."),
                    ),
                    Text::new(
                        format!("请去掉 `{key}`，或改 `value`。"),
                        format!("Take `{key}` away, or change `value`."),
                    ),
                ),
                _ => {}
            }
        }
        if let Some(target) = target.filter(|target| target.value <= 0) {
            self.fault(
                "measure-value",
                &target.span,
                Text::new("目标应大于零。", "A target is more than zero."),
                Text::new(
                    "请写整元，如 `33000000000`（330亿元）。",
                    "Write whole yuan, such as `33000000000` (33 billion).",
                ),
            );
        }
        if let Some(state) = definition.at.first().filter(|_| value.is_time()) {
            self.fault(
                "measure-value",
                &state.span,
                Text::new(
                    "用时算到到过的状态，不是所处的状态。",
                    "A time ends when a state is reached, not while a case is there.",
                ),
                Text::new("请把 `at` 改为 `reached`。", "Write `reached` for `at`."),
            );
        }
        if let Some(part) = definition.parts.first()
            && !is(&[Count, Sum])
        {
            self.fault(
                "measure-value",
                &part.span,
                Text::new(
                    "占比、进度和用时没有组成部分。",
                    "A share, a progress or a time has no parts.",
                ),
                Text::new("请去掉 `parts`。", "Take `parts` away."),
            );
        }
    }

    fn saying(&mut self) -> Saying {
        let definition = self.definition;
        let value = definition.value.value;
        let share = !value.is_time() && !matches!(value, MeasureValue::Count | MeasureValue::Sum);
        let said = definition.say.clone().unwrap_or_default();
        if let Some(unit) = said
            .unit
            .as_ref()
            .filter(|unit| unit.is_of_time() != value.is_time())
        {
            self.fault(
                "measure-value",
                &unit.span,
                Text::new(
                    "这样的指标不用这个单位。",
                    "A measure of this value is not said in this unit.",
                ),
                Text::new(
                    "金额用 `yuan`、`wan`、`yi`，用时用 `minutes`、`hours`、`days`。",
                    "Amounts take `yuan`, `wan` or `yi`, times `minutes`, `hours` or `days`.",
                ),
            );
        }
        let digits = said.digits.as_ref().map(|digits| digits.value);
        if let Some(digits) = said
            .digits
            .filter(|digits| !(-DIGITS_MAX..=DIGITS_MAX).contains(&digits.value))
        {
            self.fault(
                "measure-value",
                &digits.span,
                Text::new(
                    format!("`{digits}` 位说不出来。"),
                    format!("A figure is not said with {digits} digits."),
                ),
                Text::new(
                    format!("请写 -{DIGITS_MAX} 到 {DIGITS_MAX}。"),
                    format!("Write -{DIGITS_MAX} to {DIGITS_MAX}."),
                ),
            );
        }
        Saying {
            unit: said.unit.map_or_else(
                || {
                    if value.is_time() {
                        SayingUnit::Days
                    } else {
                        SayingUnit::default()
                    }
                },
                |unit| unit.value,
            ),
            digits: digits
                .unwrap_or(i8::from(share))
                .clamp(-DIGITS_MAX, DIGITS_MAX),
            word: said.word,
            number: said.number.map(|number| number.value),
        }
    }

    fn since(&mut self, workflow: &Workflow) -> Vec<(String, Text)> {
        let definition = self.definition;
        let known: Vec<&str> = workflow.states.keys().map(String::as_str).collect();
        for state in &definition.since {
            if !workflow.states.contains_key(&state.value) {
                self.unknown("unknown-state", ("状态", "state"), state, &known);
            }
        }
        let titled = |state: &At<String>| (state.value.clone(), workflow.state_title(state));
        definition.since.iter().map(titled).collect()
    }

    fn population(&mut self, workflow: &Workflow) -> (Population, Vec<Text>) {
        let definition = self.definition;
        let (when, named) = match (definition.reached.is_empty(), definition.at.is_empty()) {
            (false, true) => (PopulationWhen::Reached, &definition.reached),
            (true, false) => (PopulationWhen::At, &definition.at),
            (one, _) => {
                let (zh, en) = if one {
                    (
                        "没有写数哪些办件。",
                        "It does not say which cases it is about.",
                    )
                } else {
                    (
                        "`reached` 和 `at` 只能写一个。",
                        "It has both `reached` and `at`.",
                    )
                };
                self.fault(
                    "measure-value",
                    &definition.measure.span,
                    Text::new(zh, en),
                    Text::new(
                        "请写 `reached: [状态]`（到过）或 `at: [状态]`（处于）。",
                        "Write `reached: [state]`, or `at: [state]`.",
                    ),
                );
                (PopulationWhen::Reached, &definition.reached)
            }
        };
        let known: Vec<&str> = workflow.states.keys().map(String::as_str).collect();
        for state in named {
            if !workflow.states.contains_key(&state.value) {
                self.unknown("unknown-state", ("状态", "state"), state, &known);
            }
        }
        let mut states: Vec<String> = named.iter().map(|state| state.value.clone()).collect();
        states.sort();
        states.dedup();
        let titles = states
            .iter()
            .map(|state| workflow.state_title(state))
            .collect();
        let population = Population {
            workflow: workflow.name.clone(),
            when,
            states,
            cut_off: definition.cut_off.value.clone(),
        };
        (population, titles)
    }

    fn check_amount(&mut self, amount: &At<String>, workflow: &Workflow) {
        let money = |kind| kind == FieldType::Money;
        match workflow.fields.get(&amount.value) {
            Some(field) if money(field.kind) => {}
            Some(_) => self.fault(
                "measure-value",
                &amount.span,
                Text::new(
                    format!("`{amount}` 不是金额。"),
                    format!("`{amount}` is no amount of money."),
                ),
                Text::new(
                    "请写类型为 money 的信息项。",
                    "Name a fact of the type money.",
                ),
            ),
            None => {
                let known: Vec<&str> = workflow.fields.keys().map(String::as_str).collect();
                self.unknown("unknown-field", ("信息项", "fact"), amount, &known);
            }
        }
    }
}

/// Compiles a condition over the cases of a workflow. It may name facts and states; documents change
/// after the cut-off date and are not told apart.
pub(crate) fn guard_of(source: &At<String>, workflow: &Workflow) -> Result<Guard, Vec<Diagnostic>> {
    let fields = |name: &str| workflow.fields.get(name).map(kind_of);
    let scope = Scope {
        fields: &fields,
        field_names: workflow.fields.keys().cloned().collect(),
        state_names: workflow.states.keys().cloned().collect(),
        document_names: Vec::new(),
    };
    Guard::compile(&source.value, &scope).map_err(|faults| {
        let placed = faults.into_iter().map(|fault| Diagnostic {
            help: fault.help.or_else(|| guard_help(fault.code)),
            ..Diagnostic::new(fault.code, within(source, &fault.range), fault.message)
        });
        placed.collect()
    })
}

fn kind_of(field: &crate::Field) -> FactKind {
    match field.kind {
        FieldType::Boolean => FactKind::Bool,
        FieldType::Integer | FieldType::Money => FactKind::Int,
        FieldType::Date => FactKind::Date,
        FieldType::Choice => FactKind::Choice(field.choices.keys().cloned().collect()),
        // Identifiers are texts of a form.
        _ => FactKind::Text,
    }
}
