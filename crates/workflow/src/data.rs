use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identifier::Identifier;
use crate::identifier::construction_permit::CONSTRUCTION_PERMIT;
use crate::identifier::credit_code::CREDIT_CODE;
use crate::identifier::division::DIVISION;
use crate::identifier::document_number::DOCUMENT_NUMBER;
use crate::identifier::half_width;
use crate::identifier::industry::INDUSTRY;
use crate::identifier::project_code::PROJECT_CODE;
use crate::identifier::real_estate_title::REAL_ESTATE_TITLE;
use crate::input::text_problem;
use crate::{AskedField, Data, Field, Refusal, Text, Value, Workflow};

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
    /// A unified social credit code (统一社会信用代码), GB 32100.
    CreditCode,
    /// A project code (投资项目代码), GB/T 40058, or one of the form before it.
    ProjectCode,
    /// An administrative division (行政区划代码), GB/T 2260.
    Division,
    /// A class of industries (国民经济行业分类), GB/T 4754-2017.
    Industry,
    /// The number of a construction permit (施工许可证编号).
    ConstructionPermit,
    /// The number of a real-estate title (不动产权证号).
    RealEstateTitle,
    /// The number of an official document (发文字号), GB/T 9704.
    DocumentNumber,
}

/// The longest text a field takes, in characters.
pub const TEXT_LENGTH_MAX: usize = 500;

impl FieldType {
    /// Returns the form of the identifier this is; `None` for what is none. Conditions see
    /// identifiers as text.
    pub fn identifier(self) -> Option<&'static Identifier> {
        match self {
            Self::CreditCode => Some(&CREDIT_CODE),
            Self::ProjectCode => Some(&PROJECT_CODE),
            Self::Division => Some(&DIVISION),
            Self::Industry => Some(&INDUSTRY),
            Self::ConstructionPermit => Some(&CONSTRUCTION_PERMIT),
            Self::RealEstateTitle => Some(&REAL_ESTATE_TITLE),
            Self::DocumentNumber => Some(&DOCUMENT_NUMBER),
            Self::Text
            | Self::Integer
            | Self::Money
            | Self::Boolean
            | Self::Date
            | Self::Choice => None,
        }
    }

    /// Reads a value of this type as people type it into a form or on a command line.
    ///
    /// # Errors
    ///
    /// What is wrong with it. An amount may carry separators (`1,200,000`) and a unit (`120万元`,
    /// `1.5亿元`), but no fraction of a yuan.
    pub fn parse(self, typed: &str) -> Result<Value, Text> {
        if let Some(identifier) = self.identifier() {
            return identifier.read(typed).map(Value::Text);
        }
        let typed = typed.trim();
        match self {
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
            _ => Ok(Value::Text(typed.to_owned())),
        }
    }
}

/// Reads an amount as whole yuan: digits, which may have separators, and 元, 万, 万元, 亿 or 亿元
/// behind them. Without a unit it is yuan. A fraction is read only where it comes to whole yuan.
fn parse_money(typed: &str) -> Result<i64, Text> {
    let wrong = || {
        Text::new(
            "应为整数元，如 1200000、1,200,000 或 120万元。",
            "An amount in whole yuan is needed, such as 1200000, 1,200,000 or 120万元.",
        )
    };
    let typed: String = typed.chars().map(half_width).collect();
    let typed = typed.trim();
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
        .filter(|c| !matches!(c, ',' | '_'))
        .collect();
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(wrong());
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole: i64 = whole.parse().map_err(|_| wrong())?;
    let mut yuan = whole.checked_mul(unit).ok_or_else(wrong)?;
    let mut place = unit;
    for digit in fraction.chars() {
        let digit = i64::from(digit.to_digit(10).ok_or_else(wrong)?);
        place /= 10;
        if place == 0 {
            return Err(Text::new(
                "金额记到元，不能有小数。若以万元计，请写明单位，如 12.5万元；否则请四舍五入到元。",
                "Amounts are whole yuan, without a fraction. If it is in 万元, write the unit, as in 12.5万元; otherwise round it to yuan.",
            ));
        }
        yuan = yuan.checked_add(digit * place).ok_or_else(wrong)?;
    }
    Ok(yuan)
}

/// Returns an amount as people say it: in 亿元 or 万元 where it comes out even.
fn spoken(yuan: i64) -> String {
    match yuan {
        0 => "0元".to_owned(),
        _ if yuan % 100_000_000 == 0 => format!("{}亿元", yuan / 100_000_000),
        _ if yuan % 10_000 == 0 => format!("{}万元", yuan / 10_000),
        _ => format!("{yuan}元"),
    }
}

impl Workflow {
    /// Returns the facts as they are kept: identifiers as their standard writes them.
    ///
    /// # Errors
    ///
    /// For the first fact that is unknown or not what its field takes:
    /// [`Refusal::InvalidIdentifier`], [`Refusal::OutOfBounds`], and [`Refusal::InvalidData`] for all
    /// else.
    pub fn accept_data(&self, data: &Data) -> Result<Data, Refusal> {
        data.iter()
            .map(|(name, value)| {
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
                Ok((name.clone(), field.accept(name, value)?))
            })
            .collect()
    }

    /// Returns a field as forms ask for it. `known` is the fact that the case has already.
    pub fn asked_field(&self, name: &str, known: Option<&Value>) -> Option<AskedField> {
        let field = self.fields.get(name)?;
        Some(AskedField {
            name: name.to_owned(),
            title: field.title.clone(),
            kind: field.kind,
            choices: field
                .choices
                .iter()
                .map(|(value, title)| (value.clone(), title.clone()))
                .collect(),
            min: field.min,
            max: field.max,
            known: known.cloned(),
        })
    }
}

impl Field {
    /// Returns a value as it is kept. `name` is that of the field.
    fn accept(&self, name: &str, value: &Value) -> Result<Value, Refusal> {
        let kept = match (self.kind, value) {
            (FieldType::Boolean, Value::Boolean(_)) => value.clone(),
            (FieldType::Integer, Value::Integer(number)) => {
                self.check_bounds(name, *number)?;
                value.clone()
            }
            (FieldType::Money, Value::Integer(yuan)) if *yuan >= 0 => {
                self.check_bounds(name, *yuan)?;
                value.clone()
            }
            (kind, Value::Text(text)) => match kind.identifier() {
                Some(identifier) => {
                    let read = identifier.read(text);
                    let read = read.map_err(|problem| Refusal::InvalidIdentifier {
                        field: name.to_owned(),
                        identifier: kind,
                        problem,
                    })?;
                    Value::Text(read)
                }
                None => match self.text_problem(text) {
                    Some(problem) => return Err(invalid(name, problem)),
                    None => value.clone(),
                },
            },
            _ => return Err(invalid(name, self.needed())),
        };
        Ok(kept)
    }

    /// Returns what is wrong with a text that is no identifier.
    fn text_problem(&self, text: &str) -> Option<Text> {
        match self.kind {
            FieldType::Text => text_problem(text, TEXT_LENGTH_MAX),
            FieldType::Date => (!is_date(text)).then(|| {
                Text::new(
                    "应为日期，如 2023-03-23。",
                    "a date is needed, such as 2023-03-23.",
                )
            }),
            FieldType::Choice => (!self.choices.contains_key(text)).then(|| {
                let known: Vec<&str> = self.choices.keys().map(String::as_str).collect();
                Text::new(
                    format!("应为其中之一：{}。", known.join("、")),
                    format!("one of these is needed: {}.", known.join(", ")),
                )
            }),
            // An amount in words comes from a form or a command line that could not read it, or from
            // a program that is to send a number.
            FieldType::Money => Some(match parse_money(text) {
                Err(problem) => problem,
                Ok(yuan) => Text::new(
                    format!("应为整数元，不带单位和引号：{yuan}。"),
                    format!("whole yuan are needed, a number without unit or quotes: {yuan}."),
                ),
            }),
            _ => Some(self.needed()),
        }
    }

    /// Says what the field takes.
    fn needed(&self) -> Text {
        match self.kind {
            FieldType::Money => Text::new(
                "应为不小于零的整数元。",
                "whole yuan, not negative, are needed.",
            ),
            FieldType::Integer => Text::new("应为整数。", "a whole number is needed."),
            FieldType::Boolean => Text::new("应为 true 或 false。", "true or false is needed."),
            _ => Text::new("应为文字。", "text is needed."),
        }
    }

    /// Checks a number against the bounds of the field. Both belong to what is taken. Where an amount
    /// would be within them in another unit, the refusal says so.
    fn check_bounds(&self, name: &str, number: i64) -> Result<(), Refusal> {
        let (least, most) = (self.min.unwrap_or(i64::MIN), self.max.unwrap_or(i64::MAX));
        if (least..=most).contains(&number) {
            return Ok(());
        }
        let money = self.kind == FieldType::Money;
        let shown = |number: i64| {
            if money {
                spoken(number)
            } else {
                number.to_string()
            }
        };
        let given = if money {
            format!("{number}元")
        } else {
            number.to_string()
        };
        let (zh, en) = if number < least {
            (
                format!("{given} 低于下限 {}。", shown(least)),
                format!("{given} is below the least, {}.", shown(least)),
            )
        } else {
            (
                format!("{given} 高于上限 {}。", shown(most)),
                format!("{given} is above the most, {}.", shown(most)),
            )
        };
        let within = |yuan: &i64| (least..=most).contains(yuan);
        let meant_wan = number.checked_mul(10_000).filter(within);
        let typed_twice = (number % 10_000 == 0).then_some(number / 10_000);
        let (do_zh, do_en) = if !money {
            ("请核对。".to_owned(), "Check it.".to_owned())
        } else if let Some(yuan) = meant_wan {
            (
                format!("是否以万元填写？请以元填写 {yuan}，或写 {number}万元。"),
                format!("Was it meant in 万元? Give it in yuan, {yuan}, or type {number}万元."),
            )
        } else if let Some(yuan) = typed_twice.filter(within) {
            (
                format!("是否把元当作万元填写？请核对；若是，请填 {yuan}元。"),
                format!("Were yuan given as 万元? Check it; if so, give {yuan} yuan."),
            )
        } else {
            (
                "请核对金额和单位（元、万元、亿元）。".to_owned(),
                "Check the amount and its unit (元, 万元, 亿元).".to_owned(),
            )
        };
        Err(Refusal::OutOfBounds {
            field: name.to_owned(),
            min: self.min,
            max: self.max,
            problem: Text::new(format!("{zh}{do_zh}"), format!("{en} {do_en}")),
        })
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
            ("30亿", Some(3_000_000_000)),
            ("3000万", Some(30_000_000)),
            ("３０００ 万元", Some(30_000_000)),
            ("1，200，000 元", Some(1_200_000)),
            ("1.5亿", Some(150_000_000)),
            ("12.00", Some(12)),
            ("12.", Some(12)),
            ("30亿5000万", None),
            ("3000万美元", None),
            ("约3000万元", None),
            ("3e7", None),
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
    fn an_amount_in_the_wrong_unit_is_caught_by_the_bounds_of_its_field() {
        let field = |kind, min, max| Field {
            title: Text::new("投资额", "Investment"),
            kind,
            choices: indexmap::IndexMap::new(),
            min,
            max,
            required: false,
        };
        let money = field(FieldType::Money, Some(10_000_000), Some(100_000_000_000));
        let rows = [
            (10_000_000, None),
            (100_000_000_000, None),
            (300_000, Some("type 300000万元")),
            (9_999_999, Some("type 9999999万元")),
            (999, Some("below the least, 1000万元. Check the amount")),
            (30_000_000_000_000, Some("give 3000000000 yuan")),
            (100_000_000_001, Some("above the most, 1000亿元. Check")),
        ];
        for (yuan, said) in rows {
            let problem = money.check_bounds("investment", yuan).err();
            let problem = problem.as_ref().and_then(Refusal::about_field);
            assert_eq!(problem.is_some(), said.is_some(), "{yuan}");
            if let (Some((name, problem)), Some(said)) = (problem, said) {
                assert_eq!(name, "investment");
                assert!(problem.en.contains(said), "{yuan}: {}", problem.en);
            }
        }
        let years = field(FieldType::Integer, Some(0), Some(5));
        assert!(years.check_bounds("years", 5).is_ok());
        let refusal = years.check_bounds("years", 6).unwrap_err();
        assert!(
            refusal
                .text()
                .en
                .contains("6 is above the most, 5. Check it.")
        );
    }

    #[test]
    fn a_fraction_of_a_yuan_is_refused_with_what_to_do() {
        let problem = parse_money("3000.5").unwrap_err();
        assert!(problem.en.contains("12.5万元"), "{}", problem.en);
        assert!(problem.zh.contains("不能有小数"), "{}", problem.zh);
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
