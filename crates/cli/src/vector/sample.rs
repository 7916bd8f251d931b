//! What many cases took: the figures of a `report`, computed from its values and drawn.

use anyhow::Result;
use groundbreak_audit::{ControlChart, Distribution, Fraction};
use groundbreak_workflow::Text;
use groundbreak_workflow::sla::Budget;
use serde_json::{Map, Value, json};

use super::answer::{Line, no_such_key};
use super::fields::{Fields, shown};
use super::{Problem, Vector};
use crate::screen::Screen;

/// What the key of the values begins and ends with; between them stands their unit.
const KEY: (&str, &str) = ("data_", "_in_time_order");

/// More values than this are not read.
const VALUES_MAX: usize = 100_000;

/// No value is larger, in whichever unit.
const VALUE_MAX: i64 = Budget::MS_MAX;

const FIGURES: [&str; 7] = [
    "n",
    "min",
    "max",
    "mean",
    "nearest_rank",
    "linear_type7",
    "xmr",
];

const PERCENTILES: [&str; 5] = ["p50", "p75", "p90", "p95", "p99"];

const LIMITS: [&str; 4] = ["mr_bar", "unpl", "lnpl", "url"];

/// The values of a report, and their unit.
pub(crate) struct SampleQuestion {
    unit: String,
    distribution: Distribution,
    /// `None` of a single value, which has no range.
    chart: Option<ControlChart>,
}

impl SampleQuestion {
    pub(super) fn read(fields: &Fields<'_>, notes: &mut Vec<Problem>) -> Result<Self, Problem> {
        let (key, unit) = key(fields)?;
        let remedy = (
            "请按先后列出每件用时，至少一个。",
            "List what each case took, in the order they came about, at least one.",
        );
        let written = fields.needed(key, remedy)?;
        let list = written.as_array().ok_or_else(|| {
            Problem::new(
                key,
                format!("应为整数的列表，而不是 {}。", shown(written)),
                format!("a list of whole numbers is needed, not {}.", shown(written)),
            )
        })?;
        if list.len() > VALUES_MAX {
            let n = list.len();
            return Err(Problem::new(
                key,
                format!("有 {n} 个值，至多 {VALUES_MAX} 个。请分成几份。"),
                format!("there are {n} values, and at most {VALUES_MAX} are read. Divide them."),
            ));
        }
        let mut values = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            let whole = value.as_i64().filter(|it| (0..=VALUE_MAX).contains(it));
            values.push(whole.ok_or_else(|| not_in_range(&format!("{key}[{index}]"), value))?);
        }
        let chart = ControlChart::of(&values);
        let distribution = Distribution::of(values).ok_or_else(|| {
            Problem::new(
                key,
                format!("列表是空的。{}", remedy.0),
                format!("the list is empty. {}", remedy.1),
            )
        })?;
        if !chart.is_some_and(|chart| chart.is_drawn()) {
            notes.push(too_few(key, distribution.n()));
        }
        Ok(Self {
            unit: unit.to_owned(),
            distribution,
            chart,
        })
    }

    /// Returns one figure, with the keys that are asked for in its place.
    fn figure(&self, key: &str, wanted: Option<&Value>) -> Result<Value, Problem> {
        let values = &self.distribution;
        Ok(match key {
            "n" => json!(values.n()),
            "min" => json!(values.min()),
            "max" => json!(values.max()),
            "mean" => json!(values.mean()),
            "nearest_rank" => each(key, &PERCENTILES, wanted, |name| {
                Some(json!(values.nearest_rank(percent(name)?)))
            })?,
            "linear_type7" => each(key, &PERCENTILES, wanted, |name| {
                Some(json!(values.linear(percent(name)?)))
            })?,
            "xmr" => match &self.chart {
                None => Value::Null,
                Some(chart) => each(key, &LIMITS, wanted, |name| {
                    Some(json!(limit(chart, name)?))
                })?,
            },
            _ => return Err(no_such_key(key, &FIGURES)),
        })
    }
}

/// Finds the one key that holds the values, and the unit it names.
fn key<'a>(fields: &Fields<'a>) -> Result<(&'a str, &'a str), Problem> {
    let mut keys = fields.names().filter_map(|name| Some((name, unit(name)?)));
    let Some(found) = keys.next() else {
        return Err(Problem::new(
            "data_minutes_in_time_order",
            "缺少这一项。请写每件用时的列表；以别的单位计的，改写键中的 minutes，如 ms。".to_owned(),
            "it is missing. List what each case took; for another unit write it in place of minutes, such as ms."
                .to_owned(),
        ));
    };
    match keys.next() {
        None => Ok(found),
        Some((second, _)) => Err(Problem::new(
            second,
            format!("已有 {}。一个统计只取一组值，请去掉其一。", found.0),
            format!(
                "there is {} already. A report takes one list of values: remove the other.",
                found.0
            ),
        )),
    }
}

/// The unit in the key of the values; `None` of another key.
pub(super) fn unit(name: &str) -> Option<&str> {
    name.strip_prefix(KEY.0)?
        .strip_suffix(KEY.1)
        .filter(|unit| !unit.is_empty())
}

fn not_in_range(key: &str, value: &Value) -> Problem {
    Problem::new(
        key,
        format!("应为 0 至 {VALUE_MAX} 的整数，而不是 {}。", shown(value)),
        format!(
            "a whole number from 0 to {VALUE_MAX} is needed, not {}.",
            shown(value)
        ),
    )
}

fn too_few(key: &str, n: usize) -> Problem {
    let least = ControlChart::DRAWN_FROM;
    Problem::new(
        key,
        format!("有 {n} 个值，不足 {least} 个，不应画控制限。请只画各点。"),
        format!("there are {n} values, fewer than {least}: draw the points, and no limits."),
    )
}

/// `p95` for 95. Of 0 to 100.
fn percent(name: &str) -> Option<u8> {
    let digits = name.strip_prefix('p')?;
    let percent: u8 = digits.parse().ok().filter(|percent| *percent <= 100)?;
    // `p07` and `p+7` are no second name for `p7`.
    (digits == percent.to_string()).then_some(percent)
}

fn limit(chart: &ControlChart, name: &str) -> Option<Fraction> {
    Some(match name {
        "mr_bar" => chart.mean_range,
        "unpl" => chart.upper_limit,
        "lnpl" => chart.lower_limit,
        "url" => chart.range_limit,
        _ => return None,
    })
}

/// Returns an object with the keys that are asked for, or with all.
fn each(
    key: &str,
    all: &[&str],
    wanted: Option<&Value>,
    figure: impl Fn(&str) -> Option<Value>,
) -> Result<Value, Problem> {
    let names: Vec<&str> = match wanted.and_then(Value::as_object) {
        Some(wanted) => wanted.keys().map(String::as_str).collect(),
        None => all.to_vec(),
    };
    let mut figures = Map::new();
    for name in names {
        let value = figure(name).ok_or_else(|| no_such_key(&format!("{key}.{name}"), all))?;
        figures.insert(name.to_owned(), value);
    }
    Ok(Value::Object(figures))
}

impl Vector {
    /// Returns what the figures of many cases come to.
    pub(crate) fn sample_line(&self, sample: &SampleQuestion) -> Result<Line, Problem> {
        self.line(&FIGURES, |key, wanted| sample.figure(key, wanted))
    }
}

/// Draws the figures of many cases, each with the method it was computed by.
pub(crate) fn draw_sample(
    vector: &Vector,
    sample: &SampleQuestion,
    screen: &mut Screen,
) -> Result<()> {
    let language = screen.language();
    let values = &sample.distribution;
    screen.line(format!("{}  {}", vector.id, vector.title))?;
    screen.line(format!(
        "  n {} · {} {} · {} {} · {} {} · {}{}",
        values.n(),
        screen.word("最小", "least"),
        values.min(),
        screen.word("最大", "greatest"),
        values.max(),
        screen.word("平均", "mean"),
        values.mean(),
        screen.word("单位：", "in "),
        unit_words(&sample.unit).get(language),
    ))?;
    let nearest = percentiles(|percent| values.nearest_rank(percent).to_string());
    screen.line(format!(
        "  {} {nearest}",
        screen.word("最近秩（实有的一件）", "nearest rank (an actual case)"),
    ))?;
    let linear = percentiles(|percent| values.linear(percent).to_string());
    screen.line(format!(
        "  {} {linear}",
        screen.word("线性插值（第 7 型）", "linear (type 7)"),
    ))?;
    draw_chart(sample.chart.as_ref(), screen)?;
    Ok(screen.line("")?)
}

fn draw_chart(chart: Option<&ControlChart>, screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    let Some(chart) = chart.filter(|chart| chart.is_drawn()) else {
        let least = ControlChart::DRAWN_FROM;
        let text = Text::new(
            format!("  控制图：不足 {least} 个值，不画控制限"),
            format!("  control chart: fewer than {least} values, no limits"),
        );
        return Ok(screen.line(text.get(language))?);
    };
    let lower = if chart.lower_limit.is_negative() {
        screen.word("（低于零，不设）", " (below zero: none)")
    } else {
        ""
    };
    Ok(screen.line(format!(
        "  {} {} {} · {} {}{lower} · {} {} · {} {}",
        screen.word("控制图", "control chart"),
        screen.word("平均移动极差", "mean range"),
        chart.mean_range,
        screen.word("下限", "lower limit"),
        chart.lower_limit,
        screen.word("上限", "upper limit"),
        chart.upper_limit,
        screen.word("极差上限", "range limit"),
        chart.range_limit,
    ))?)
}

fn percentiles(value: impl Fn(u8) -> String) -> String {
    let drawn = PERCENTILES
        .iter()
        .filter_map(|name| Some(format!("{name} {}", value(percent(name)?))));
    drawn.collect::<Vec<_>>().join(" · ")
}

/// The words for a unit; one that is not known is left as it was written.
fn unit_words(unit: &str) -> Text {
    match unit {
        "ms" => Text::new("毫秒", "milliseconds"),
        "seconds" => Text::new("秒", "seconds"),
        "minutes" => Text::new("分钟", "minutes"),
        "hours" => Text::new("小时", "hours"),
        "days" => Text::new("天", "days"),
        "working_days" => Text::new("工作日", "working days"),
        "calendar_days" => Text::new("自然日", "calendar days"),
        other => Text::new(other, other),
    }
}
