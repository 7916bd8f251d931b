//! What a vector comes to, with the keys that a file of vectors has.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use groundbreak_workflow::Text;
use groundbreak_workflow::sla::{
    ClockReading, ClosedCycle, NoWorkingTime, Timestamp, Trigger, Used,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::{Operation, Problem, SumQuestion, Vector};

/// An answer: the id, and each key with its value, in the order they were asked for.
pub(crate) struct Line {
    id: String,
    values: Vec<(String, Value)>,
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len() + 1))?;
        map.serialize_entry("id", &self.id)?;
        for (key, value) in &self.values {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Writes an instant with the offset of a zone: `2023-03-23T10:00:00+08:00`, with milliseconds
/// where there are some.
pub(crate) fn instant(tz: Tz, at: Timestamp) -> Value {
    json!(at.in_zone(tz).to_rfc3339_opts(SecondsFormat::AutoSi, false))
}

impl Vector {
    /// Returns what a clock comes to.
    pub(crate) fn clock_line(&self, reading: &ClockReading) -> Result<Line, Problem> {
        let days = matches!(reading.used, Used::Days(_));
        let all: &[&str] = if days {
            &["deadline", "elapsed_days", "remaining_days"]
        } else {
            &["deadline", "elapsed_ms", "remaining_ms", "pct_floor_bp"]
        };
        let rest = [
            "state",
            "outcome",
            "breached_at",
            "wall_ms",
            "offhours_ms",
            "paused",
            "light",
            "overrun_wall_ms",
            "overrun_working_ms",
            "warn",
            "closed_cycles",
            "provisional",
        ];
        let all: Vec<&str> = all.iter().copied().chain(rest).collect();
        self.line(&all, |key, wanted| {
            Ok(match key {
                "elapsed_ms" | "remaining_ms" if days => return Err(other_unit(key, "days")),
                "elapsed_days" | "remaining_days" if !days => return Err(other_unit(key, "ms")),
                "deadline" => self.at(reading.due),
                "elapsed_ms" | "elapsed_days" => json!(reading.used.amount()),
                "remaining_ms" | "remaining_days" => json!(reading.remaining.amount()),
                "pct_floor_bp" => json!(reading.percent_bp),
                "state" => json!(reading.state),
                "outcome" => json!(reading.verdict),
                "breached_at" => self.at(reading.breached_at),
                "wall_ms" => json!(reading.wall_ms),
                "offhours_ms" => json!(reading.offhours_ms),
                "light" => json!(reading.light),
                "overrun_wall_ms" => json!(reading.overrun_wall_ms),
                "overrun_working_ms" => json!(reading.overrun_working_ms),
                "provisional" => json!(reading.provisional),
                "paused" => paused(reading),
                "warn" => self.warnings(reading),
                "closed_cycles" => self.closed_cycles(reading, wanted)?,
                _ => return Err(no_such_key(key, &all)),
            })
        })
    }

    /// Returns what a sum comes to.
    pub(crate) fn sum_line(&self, sum: &SumQuestion) -> Result<Line, Problem> {
        let never = |error: NoWorkingTime| super::refused("amount_ms", &error.into());
        let (name, value) = match sum.operation {
            Operation::Add(ms) => (
                "at",
                instant(self.tz, sum.calendar.add(sum.from, ms).map_err(never)?),
            ),
            Operation::Subtract(ms) => (
                "at",
                instant(self.tz, sum.calendar.sub(sum.from, ms).map_err(never)?),
            ),
            Operation::Between(to) => ("ms", json!(sum.calendar.working_between(sum.from, to))),
        };
        self.line(&[name], |key, _| {
            if key == name {
                Ok(value.clone())
            } else {
                Err(no_such_key(key, &[name]))
            }
        })
    }

    /// Returns the keys that are asked for, or all, each with its value.
    pub(super) fn line(
        &self,
        all: &[&str],
        value: impl Fn(&str, Option<&Value>) -> Result<Value, Problem>,
    ) -> Result<Line, Problem> {
        let values = match &self.wanted {
            None => all
                .iter()
                .map(|key| Ok(((*key).to_owned(), value(key, None)?)))
                .collect::<Result<_, Problem>>()?,
            Some(wanted) => wanted
                .iter()
                .map(|(key, wanted)| Ok((key.clone(), value(key, Some(wanted))?)))
                .collect::<Result<_, Problem>>()?,
        };
        Ok(Line {
            id: self.id.clone(),
            values,
        })
    }

    fn at(&self, at: Option<Timestamp>) -> Value {
        at.map_or(Value::Null, |at| instant(self.tz, at))
    }

    fn warnings(&self, reading: &ClockReading) -> Value {
        let warning = |trigger: &groundbreak_workflow::sla::TriggerReading| {
            let at = instant(self.tz, trigger.at);
            match trigger.trigger {
                Trigger::Percent(percent) => json!({"pct": percent, "at": at}),
                Trigger::Before { ms } => json!({"before_ms": ms, "at": at}),
                Trigger::BeforeDays(days) => json!({"before_days": days, "at": at}),
                Trigger::After { ms } => json!({"after_ms": ms, "at": at}),
                Trigger::AfterDays(days) => json!({"after_days": days, "at": at}),
            }
        };
        reading.triggers.iter().map(warning).collect()
    }

    /// The closed cycles, each with the keys that are asked for in its place.
    fn closed_cycles(
        &self,
        reading: &ClockReading,
        wanted: Option<&Value>,
    ) -> Result<Value, Problem> {
        let mut cycles = Vec::with_capacity(reading.closed_cycles.len());
        for (index, cycle) in reading.closed_cycles.iter().enumerate() {
            let used = match cycle.used {
                Used::Ms(_) => "elapsed_ms",
                Used::Days(_) => "elapsed_days",
            };
            let all = [
                "start",
                "stop",
                "state",
                "outcome",
                "deadline",
                used,
                "breached_at",
                "wall_ms",
                "offhours_ms",
            ];
            let asked = wanted.and_then(|wanted| wanted.get(index)?.as_object());
            let keys: Vec<&str> = match asked {
                Some(asked) => asked.keys().map(String::as_str).collect(),
                None => all.to_vec(),
            };
            let mut values = Map::new();
            for key in keys {
                let value = self
                    .of_cycle(cycle, key)
                    .ok_or_else(|| no_such_key(&format!("closed_cycles[{index}].{key}"), &all))?;
                values.insert(key.to_owned(), value);
            }
            cycles.push(Value::Object(values));
        }
        Ok(Value::Array(cycles))
    }

    fn of_cycle(&self, cycle: &ClosedCycle, key: &str) -> Option<Value> {
        Some(match (key, cycle.used) {
            ("start" | "started_at", _) => instant(self.tz, cycle.started_at),
            ("stop" | "end" | "stopped_at", _) => instant(self.tz, cycle.stopped_at),
            ("state", _) => json!(cycle.state),
            ("outcome", _) => json!(cycle.verdict),
            ("deadline", _) => self.at(cycle.due),
            ("elapsed_ms", Used::Ms(used)) | ("elapsed_days", Used::Days(used)) => json!(used),
            ("breached_at", _) => self.at(cycle.breached_at),
            ("wall_ms", _) => json!(cycle.wall_ms),
            ("offhours_ms", _) => json!(cycle.offhours_ms),
            _ => return None,
        })
    }
}

fn paused(reading: &ClockReading) -> Value {
    let totals = reading.paused.iter().map(|total| {
        let times = json!({"wall_ms": total.wall_ms, "working_ms": total.working_ms});
        (total.reason.name.clone(), times)
    });
    Value::Object(totals.collect())
}

/// Says that a key of `expect` is none, and which there are.
pub(super) fn no_such_key(key: &str, all: &[&str]) -> Problem {
    Problem::new(
        &format!("expect.{key}"),
        format!("不计算这一项。可写：{}。", all.join("、")),
        format!(
            "nothing of this name is computed. There are: {}.",
            all.join(", ")
        ),
    )
}

fn other_unit(key: &str, unit: &str) -> Problem {
    let stem = key.rsplit_once('_').map_or(key, |(stem, _)| stem);
    Problem {
        code: "bad-vector",
        key: format!("expect.{key}"),
        text: Text::new(
            format!("这个时限以另一单位计。请写 {stem}_{unit}。"),
            format!("this clock counts another unit. Write {stem}_{unit}."),
        ),
    }
}
