//! Measures computed: a figure, the list behind it, and how it came about.

use std::collections::BTreeSet;
use std::sync::Arc;

use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Case, CaseId, Measure, MeasureValue, Measures, Population, PopulationWhen, Quantity, Saying,
    Text, Value, Workflow,
};
use serde::Serialize;

/// A measure, computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Name of the measure.
    pub measure: String,
    /// Its title.
    pub title: Text,
    /// What is counted and what is not (口径).
    pub calibre: Text,
    /// The cases it is about.
    pub population: Population,
    /// How many cases the population has; the figure takes those that pass the filter.
    pub population_cases: usize,
    /// The filter as it was written.
    pub filter: Option<String>,
    /// The figure, exactly. `None` for a share of nothing.
    pub exact: Option<Quantity>,
    /// The figure as it is said: 约128亿元.
    pub said: Text,
    /// How it came about.
    pub because: Text,
    /// The cases it was computed from, in the order in which they came into the population.
    pub rows: Vec<FigureRow>,
    /// Cases of the population of which it cannot be said whether the figure takes them.
    pub left_out: Vec<LeftOut>,
    /// What is wrong with the figure. One that has any is not to be published.
    pub findings: Vec<FigureFinding>,
}

/// A case behind a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureRow {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// When it came into the population.
    pub since: Timestamp,
    /// What it adds to the amount, in yuan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yuan: Option<i64>,
    /// The time it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millis: Option<i64>,
    /// Whether it took less time than every one before it: a new record.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub record: bool,
}

impl FigureRow {
    /// Returns what the case adds to the figure, in words: its amount, or its time; `None` when cases are counted.
    pub fn said(&self) -> Option<Text> {
        let quantity = match (self.yuan, self.millis) {
            (Some(yuan), _) => Quantity::Yuan { yuan },
            (None, Some(millis)) => Quantity::Time { millis },
            (None, None) => return None,
        };
        let mut said = Saying::exactly(quantity);
        if self.millis.is_some() && self.record {
            said.zh.push_str(" · 当时最快");
            said.en.push_str(" · the quickest then");
        }
        Some(said)
    }
}

/// A case that a figure could not decide on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOut {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// Why it is left out.
    pub why: Text,
}

/// Something wrong with a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureFinding {
    /// Stable; has a page in `docs/errors`.
    pub code: &'static str,
    /// What is wrong.
    pub message: Text,
    /// What to do.
    pub help: Text,
}

/// The part of a figure that others are compared with.
struct Taken {
    rows: Vec<FigureRow>,
    left_out: Vec<LeftOut>,
    population: usize,
    /// What the rows add up to; `None` beyond what fits.
    yuan: Option<i64>,
}

impl Taken {
    /// The times of the rows, shortest first.
    fn times(&self) -> Vec<i64> {
        let mut times: Vec<i64> = self.rows.iter().filter_map(|row| row.millis).collect();
        times.sort_unstable();
        times
    }
}

/// Computes a measure over these cases; `None` when there is no measure of this name.
///
/// Each case comes once, with its workflow. Those of other workflows are passed over, and those of
/// another version of it are counted by the same names of states and facts.
pub fn figure<'a>(
    measures: &Measures,
    name: &str,
    cases: impl IntoIterator<Item = (&'a Workflow, &'a Case)> + Clone,
) -> Option<Figure> {
    let measure = measures.get(name)?;
    let taken = take(measure, cases.clone());
    let other = |name: &String| -> Option<(&Arc<Measure>, Taken)> {
        let other = measures.get(name)?;
        Some((other, take(other, cases.clone())))
    };
    let whole = measure.of.as_ref().and_then(other);
    let parts: Vec<_> = measure.parts.iter().filter_map(other).collect();
    let exact = quantity(measure, &taken, whole.as_ref().map(|(_, whole)| whole));
    let mut findings = Vec::new();
    match exact {
        Some(exact) if !measure.saying.holds(exact) => {
            findings.push(untrue(measure, exact));
        }
        Some(_) => {}
        None => findings.push(nothing(measure)),
    }
    findings.extend(parts_differ(&taken, &parts));
    if !taken.left_out.is_empty() {
        findings.push(undecided(taken.left_out.len()));
    }
    Some(Figure {
        measure: measure.name.clone(),
        title: measure.title.clone(),
        calibre: measure.calibre.clone(),
        population: measure.population.clone(),
        population_cases: taken.population,
        filter: measure.filter().map(str::to_owned),
        exact,
        said: exact.map_or_else(|| Text::new("–", "–"), |exact| measure.saying.say(exact)),
        because: because(measure, &taken, whole.as_ref(), &parts),
        rows: taken.rows,
        left_out: taken.left_out,
        findings,
    })
}

/// Takes the cases of a measure.
fn take<'a>(measure: &Measure, cases: impl IntoIterator<Item = (&'a Workflow, &'a Case)>) -> Taken {
    let mut taken = Taken {
        rows: Vec::new(),
        left_out: Vec::new(),
        population: 0,
        yuan: Some(0),
    };
    for (workflow, case) in cases {
        let Some(since) = since(&measure.population, workflow, case) else {
            continue;
        };
        taken.population += 1;
        let at = |state: &str| was_at(&measure.population, workflow, case, state).is_some();
        let (yuan, lacks) = match &measure.amount {
            None => (None, None),
            Some(amount) => match case.data.get(amount) {
                Some(Value::Integer(yuan)) => (Some(*yuan), None),
                _ => (None, Some(amount)),
            },
        };
        let (millis, early) = match time_of(measure, case, since) {
            Some(millis) => (Some(millis), None),
            None => (
                None,
                measure.since.first().map(|(_, title)| {
                    Text::new(
                        format!("没有先经过“{}”", title.zh),
                        format!("it was not in \"{}\" before", title.en),
                    )
                }),
            ),
        };
        let why = match (measure.takes(case, &at), lacks) {
            (Ok(false), _) => continue,
            (Err(why), _) => Some(why),
            (Ok(true), Some(amount)) => Some(Text::new(
                format!("未填写 `{amount}`"),
                format!("`{amount}` is not known"),
            )),
            (Ok(true), None) => early,
        };
        let (number, title) = (case.number.clone(), case.title.clone());
        match why {
            Some(why) => taken.left_out.push(LeftOut {
                case: case.id,
                number,
                title,
                why,
            }),
            None => {
                taken.yuan = taken
                    .yuan
                    .and_then(|sum| sum.checked_add(yuan.unwrap_or_default()));
                taken.rows.push(FigureRow {
                    case: case.id,
                    number,
                    title,
                    since,
                    yuan,
                    millis,
                    record: false,
                });
            }
        }
    }
    taken.rows.sort_by_key(|row| (row.since, row.case));
    let mut shortest = i64::MAX;
    for row in &mut taken.rows {
        if let Some(millis) = row.millis.filter(|millis| *millis < shortest) {
            shortest = millis;
            row.record = true;
        }
    }
    if measure.value.is_time() {
        taken.rows.sort_by_key(|row| row.millis);
    }
    taken
        .left_out
        .sort_by(|one, other| one.number.cmp(&other.number));
    taken
}

/// How long a case took to reach its population, in milliseconds: from the first time it entered one of the states that times are
/// counted from.
fn time_of(measure: &Measure, case: &Case, reached: Timestamp) -> Option<i64> {
    let entered = measure.since.iter().filter_map(|(state, _)| {
        let first = case.stays.get(state)?.first()?.from;
        (first <= reached).then_some(first)
    });
    Some(reached.millis_since(entered.min()?))
}

/// When a case came into a population by its cut-off date, if it did.
fn since(population: &Population, workflow: &Workflow, case: &Case) -> Option<Timestamp> {
    if population.workflow != workflow.name {
        return None;
    }
    let entered = population
        .states
        .iter()
        .filter_map(|state| match population.when {
            PopulationWhen::Reached => {
                let first = case.stays.get(state)?.first()?.from;
                by_the_end(population, workflow, first).then_some(first)
            }
            PopulationWhen::At => was_at(population, workflow, case, state),
        });
    entered.min()
}

/// Since when a case was in a state at the end of the cut-off date, if it was.
fn was_at(
    population: &Population,
    workflow: &Workflow,
    case: &Case,
    state: &str,
) -> Option<Timestamp> {
    let stays = case.stays.get(state)?;
    let stay = stays.iter().rfind(|stay| {
        by_the_end(population, workflow, stay.from)
            && stay
                .to
                .is_none_or(|to| !by_the_end(population, workflow, to))
    })?;
    Some(stay.from)
}

/// Tells whether an instant is no later than the cut-off date, where the workflow is at home.
fn by_the_end(population: &Population, workflow: &Workflow, at: Timestamp) -> bool {
    let day = at.in_zone(workflow.calendar.tz()).format("%Y-%m-%d");
    day.to_string() <= population.cut_off
}

fn quantity(measure: &Measure, taken: &Taken, whole: Option<&Taken>) -> Option<Quantity> {
    let cases = |taken: &Taken| i64::try_from(taken.rows.len()).unwrap_or(i64::MAX);
    let time = |millis: Option<&i64>| millis.map(|millis| Quantity::Time { millis: *millis });
    let share = |part, whole| (whole > 0).then_some(Quantity::Share { part, whole });
    match measure.value {
        MeasureValue::Count => Some(Quantity::Count {
            cases: u64::try_from(taken.rows.len()).unwrap_or(u64::MAX),
        }),
        MeasureValue::Sum => Some(Quantity::Yuan { yuan: taken.yuan? }),
        MeasureValue::ShareByCount => share(cases(taken), cases(whole?)),
        MeasureValue::ShareByAmount => share(taken.yuan?, whole?.yuan?),
        MeasureValue::Progress => share(taken.yuan?, measure.target?),
        MeasureValue::Shortest => time(taken.times().first()),
        MeasureValue::Median => {
            let times = taken.times();
            time(times.get(times.len() / 2))
        }
        MeasureValue::Longest => time(taken.times().last()),
    }
}

/// Says how a figure came about.
fn because(
    measure: &Measure,
    taken: &Taken,
    whole: Option<&(&Arc<Measure>, Taken)>,
    parts: &[(&Arc<Measure>, Taken)],
) -> Text {
    let population = &measure.population;
    let states = |chosen: fn(&Text) -> &str, joint: &str| {
        let titles: Vec<&str> = measure.state_titles.iter().map(chosen).collect();
        titles.join(joint)
    };
    let (zh, en) = match population.when {
        PopulationWhen::Reached => ("到过", "had reached"),
        PopulationWhen::At => ("处于", "were at"),
    };
    let mut text = Text::new(
        format!(
            "截至 {} {zh}“{}”的 {} 件中，取 {} 件",
            population.cut_off,
            states(|text| &text.zh, "、"),
            taken.population,
            taken.rows.len()
        ),
        format!(
            "Of {} that {en} \"{}\" by {}, {} are taken",
            taken.population,
            states(|text| &text.en, "\" or \""),
            population.cut_off,
            taken.rows.len()
        ),
    );
    if let Some(filter) = measure.filter() {
        text.zh.push_str(&format!("（{filter}）"));
        text.en.push_str(&format!(" ({filter})"));
    }
    if let (Some(_), Some(yuan)) = (&measure.amount, taken.yuan) {
        text.zh.push_str(&format!("，合计 {yuan} 元"));
        text.en.push_str(&format!(", {yuan} yuan together"));
    }
    if let Some((whole, all)) = whole {
        let (zh, en) = match measure.value {
            MeasureValue::ShareByAmount => {
                let yuan = all.yuan.unwrap_or_default();
                (format!("{yuan} 元"), format!("{yuan} yuan"))
            }
            _ => (format!("{} 件", all.rows.len()), all.rows.len().to_string()),
        };
        text.zh
            .push_str(&format!("，占“{}”的 {zh}", whole.title.zh));
        text.en
            .push_str(&format!(", of {en} in \"{}\"", whole.title.en));
    }
    if let Some((_, title)) = measure.since.first() {
        text.zh.push_str(&format!("，从“{}”起计", title.zh));
        text.en
            .push_str(&format!(", counted from \"{}\"", title.en));
    }
    if let Some(target) = measure.target {
        text.zh.push_str(&format!("，目标 {target} 元"));
        text.en.push_str(&format!(", the target is {target} yuan"));
    }
    if !parts.is_empty() {
        let each: Vec<String> = parts
            .iter()
            .map(|(_, part)| part.rows.len().to_string())
            .collect();
        let sum = each.join(" + ");
        text.zh.push_str(&format!("，{} = {sum}", taken.rows.len()));
        text.en.push_str(&format!(", {} = {sum}", taken.rows.len()));
    }
    text.zh.push('。');
    text.en.push('.');
    text
}

fn untrue(measure: &Measure, exact: Quantity) -> FigureFinding {
    let (said, truly) = (measure.saying.say(exact), measure.saying.true_words(exact));
    FigureFinding {
        code: "measure-word-untrue",
        message: Text::new(
            format!("“{}”不符合实际数字。", said.zh),
            format!("\"{}\" is not true of the figure.", said.en),
        ),
        help: Text::new(
            format!("如实的说法是“{}”；改 `number`，或去掉它。", truly.zh),
            format!(
                "What is true is \"{}\"; change `number`, or take it away.",
                truly.en
            ),
        ),
    }
}

fn nothing(measure: &Measure) -> FigureFinding {
    if measure.value.is_time() {
        return FigureFinding {
            code: "measure-of-nothing",
            message: Text::new(
                "没有办件，算不出用时。",
                "There is no case, so there is no time.",
            ),
            help: Text::new(
                "请核对口径和截止日期。",
                "Look at what the measure is about, and at its cut-off date.",
            ),
        };
    }
    FigureFinding {
        code: "measure-of-nothing",
        message: Text::new(
            "整体是零，算不出占比。",
            "The whole is nothing, so there is no share of it.",
        ),
        help: Text::new(
            "请核对整体的口径和截止日期。",
            "Look at what the whole is about, and at its cut-off date.",
        ),
    }
}

fn undecided(cases: usize) -> FigureFinding {
    FigureFinding {
        code: "measure-undecided",
        message: Text::new(
            format!("有 {cases} 件缺少所需的信息，没有计入。"),
            format!("{cases} case(s) lack a fact that is asked for, and are not counted."),
        ),
        help: Text::new(
            "请补填所列办件的信息项，或在条件中先问 has(data.名称)。",
            "Fill in the facts of the cases listed, or ask has(data.name) first in the filter.",
        ),
    }
}

/// Checks that every case is in exactly one of the parts.
fn parts_differ(taken: &Taken, parts: &[(&Arc<Measure>, Taken)]) -> Option<FigureFinding> {
    if parts.is_empty() {
        return None;
    }
    let whole: BTreeSet<CaseId> = taken.rows.iter().map(|row| row.case).collect();
    let mut seen = BTreeSet::new();
    let mut wrong: Vec<&str> = Vec::new();
    for row in parts.iter().flat_map(|(_, part)| &part.rows) {
        if !seen.insert(row.case) || !whole.contains(&row.case) {
            wrong.push(&row.number);
        }
    }
    let missing = taken.rows.iter().filter(|row| !seen.contains(&row.case));
    wrong.extend(missing.map(|row| row.number.as_str()));
    if wrong.is_empty() {
        return None;
    }
    let some: Vec<&str> = wrong.iter().copied().take(5).collect();
    Some(FigureFinding {
        code: "measure-parts-differ",
        message: Text::new(
            format!(
                "各部分合起来不等于整体：{} 件不在其中恰好一个部分里（{}）。",
                wrong.len(),
                some.join("、")
            ),
            format!(
                "The parts do not make up the whole: {} case(s) are not in exactly one of them ({}).",
                wrong.len(),
                some.join(", ")
            ),
        ),
        help: Text::new(
            "请使各部分的条件互不重叠并覆盖全部。",
            "Make the filters of the parts cover everything, and nothing twice.",
        ),
    })
}
