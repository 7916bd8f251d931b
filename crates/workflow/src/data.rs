use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::input::text_problem;
use crate::{Data, Refusal, Text, Value, Workflow};

/// What a fact may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Words, at most [`TEXT_LENGTH_MAX`] characters.
    Text,
    /// A whole number.
    Integer,
    /// An amount in whole yuan, not negative.
    Money,
    /// Yes or no.
    Boolean,
    /// A date, `2023-03-23`.
    Date,
    /// One of the values the field lists.
    Choice,
}

/// The longest text a field takes, in characters.
pub const TEXT_LENGTH_MAX: usize = 500;

impl FieldType {
    /// Reads a value of this type as people type it into a form or on a command line.
    ///
    /// # Errors
    ///
    /// What is wrong with it. An amount may carry separators (`1,200,000`) and the unit 万元
    /// (`120万元`), but no fraction of a yuan.
    pub fn parse(self, typed: &str) -> Result<Value, Text> {
        let typed = typed.trim();
        match self {
            Self::Text | Self::Choice | Self::Date => Ok(Value::Text(typed.to_owned())),
            Self::Integer => typed
                .parse()
                .map(Value::Integer)
                .map_err(|_| Text::new("应为整数。", "A whole number is needed.")),
            Self::Money => parse_money(typed).map(Value::Integer),
            Self::Boolean => match typed {
                "true" | "yes" | "是" => Ok(Value::Boolean(true)),
                "false" | "no" | "否" => Ok(Value::Boolean(false)),
                _ => Err(Text::new("应为“是”或“否”。", "Say yes or no.")),
            },
        }
    }
}

/// Reads an amount as whole yuan.
fn parse_money(typed: &str) -> Result<i64, Text> {
    let wrong = || {
        Text::new(
            "应为整数元，如 1200000、1,200,000 或 120万元。",
            "An amount in whole yuan is needed, such as 1200000, 1,200,000 or 120万元.",
        )
    };
    let (digits, unit) = if let Some(digits) = typed
        .strip_suffix("亿元")
        .or_else(|| typed.strip_suffix('亿'))
    {
        (digits, 100_000_000)
    } else if let Some(digits) = typed
        .strip_suffix("万元")
        .or_else(|| typed.strip_suffix('万'))
    {
        (digits, 10_000)
    } else {
        (typed.strip_suffix('元').unwrap_or(typed), 1)
    };
    let digits: String = digits
        .trim()
        .chars()
        .filter(|c| !matches!(c, ',' | '，' | '_'))
        .collect();
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(wrong());
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let whole: i64 = whole.parse().map_err(|_| wrong())?;
    let mut yuan = whole.checked_mul(unit).ok_or_else(wrong)?;
    let mut place = unit;
    for digit in fraction.chars() {
        let digit = i64::from(digit.to_digit(10).ok_or_else(wrong)?);
        place /= 10;
        if place == 0 {
            return Err(wrong());
        }
        yuan = yuan.checked_add(digit * place).ok_or_else(wrong)?;
    }
    Ok(yuan)
}

impl Workflow {
    /// Checks facts against the fields of the workflow.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidData`] for the first fact that is unknown or not what its field takes.
    pub fn check_data(&self, data: &Data) -> Result<(), Refusal> {
        for (name, value) in data {
            let Some(field) = self.fields.get(name) else {
                let known: Vec<&str> = self.fields.keys().map(String::as_str).collect();
                return Err(invalid(
                    name,
                    Text::new(
                        format!("本流程没有这一项；可填：{}。", known.join("、")),
                        format!(
                            "this workflow has no such field; it has: {}.",
                            known.join(", ")
                        ),
                    ),
                ));
            };
            let problem = match (field.kind, value) {
                (FieldType::Boolean, Value::Boolean(_))
                | (FieldType::Integer, Value::Integer(_)) => None,
                (FieldType::Money, Value::Integer(yuan)) if *yuan >= 0 => None,
                (FieldType::Text, Value::Text(text)) => text_problem(text, TEXT_LENGTH_MAX),
                (FieldType::Date, Value::Text(text)) => (!is_date(text)).then(|| {
                    Text::new(
                        "应为日期，如 2023-03-23。",
                        "a date is needed, such as 2023-03-23.",
                    )
                }),
                (FieldType::Choice, Value::Text(text)) => {
                    (!field.choices.contains_key(text)).then(|| {
                        let known: Vec<&str> = field.choices.keys().map(String::as_str).collect();
                        Text::new(
                            format!("应为其中之一：{}。", known.join("、")),
                            format!("one of these is needed: {}.", known.join(", ")),
                        )
                    })
                }
                (FieldType::Money, _) => Some(Text::new(
                    "应为不小于零的整数元。",
                    "whole yuan, not negative, are needed.",
                )),
                (FieldType::Integer, _) => {
                    Some(Text::new("应为整数。", "a whole number is needed."))
                }
                (FieldType::Boolean, _) => Some(Text::new(
                    "应为 true 或 false。",
                    "true or false is needed.",
                )),
                (FieldType::Text | FieldType::Date | FieldType::Choice, _) => {
                    Some(Text::new("应为文字。", "text is needed."))
                }
            };
            if let Some(problem) = problem {
                return Err(invalid(name, problem));
            }
        }
        Ok(())
    }
}

pub(crate) fn invalid(field: &str, problem: Text) -> Refusal {
    Refusal::InvalidData {
        field: field.to_owned(),
        problem,
    }
}

/// Tells whether this is a date of the proleptic Gregorian calendar, year first, with dashes.
pub(crate) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    if (year.len(), month.len(), day.len()) != (4, 2, 2)
        || !text.chars().all(|c| c == '-' || c.is_ascii_digit())
    {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (
        year.parse::<u32>(),
        month.parse::<u32>(),
        day.parse::<u32>(),
    ) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_as_it_is_written_and_never_rounded() {
        let rows = [
            ("1200000", Some(1_200_000)),
            ("1,200,000", Some(1_200_000)),
            ("120万元", Some(1_200_000)),
            ("30亿元", Some(3_000_000_000)),
            ("1.5亿", Some(150_000_000)),
            ("0.00001万元", None),
            ("12.5", None),
            ("-1", None),
            ("-0.5万元", None),
            ("+5", None),
            ("", None),
            ("99999999999999999亿", None),
        ];
        for (typed, yuan) in rows {
            assert_eq!(parse_money(typed).ok(), yuan, "{typed}");
        }
    }

    #[test]
    fn dates_exist() {
        for (text, exists) in [
            ("2023-03-23", true),
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("2023-3-23", false),
            ("2023-13-01", false),
        ] {
            assert_eq!(is_date(text), exists, "{text}");
        }
    }
}
