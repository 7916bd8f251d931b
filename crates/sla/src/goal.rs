use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::amount::{self, AmountFault, Qualifier, Unit, plural, scale};
use crate::text::Text;

/// How much time there is, in exactly one unit. Days are dates: they are never multiplied into
/// hours nor divided back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "unit")]
pub enum Budget {
    /// Time on the wall clock.
    Elapsed {
        /// Milliseconds, 1 or more.
        ms: i64,
    },
    /// Time in which the office is open.
    Working {
        /// Milliseconds, 1 or more.
        ms: i64,
    },
    /// Dates on which the office is open (工作日), half days included.
    WorkingDays {
        /// Days, 1 or more.
        days: u32,
    },
    /// All dates. If the last is a day off, the next working day is the last.
    CalendarDays {
        /// Days, 1 or more.
        days: u32,
    },
}

impl Budget {
    /// The longest budget in milliseconds: fifty years of 365 days.
    pub const MS_MAX: i64 = 50 * 365 * 86_400_000;
    /// The longest budget in days: fifty years of 365 days.
    pub const DAYS_MAX: u32 = 50 * 365;

    /// Whether the budget is counted in days.
    #[must_use]
    pub const fn is_days(self) -> bool {
        matches!(self, Self::WorkingDays { .. } | Self::CalendarDays { .. })
    }

    /// The bare number, in milliseconds or days.
    #[must_use]
    pub const fn amount(self) -> i64 {
        match self {
            Self::Elapsed { ms } | Self::Working { ms } => ms,
            Self::WorkingDays { days } | Self::CalendarDays { days } => days as i64,
        }
    }

    /// The words on screen, without a comparator: 5 小时, 20 个工作日.
    #[must_use]
    pub fn text(self) -> Text {
        let (zh, en) = match self {
            Self::Elapsed { ms } => {
                let (scale, number) = scaled(ms);
                (
                    format!("{number} {}", scale.zh),
                    format!("{number} {}", plural(number, scale.long)),
                )
            }
            Self::Working { ms } => {
                let (scale, number) = scaled(ms);
                (
                    format!("{number} 个工作{}", scale.zh),
                    format!("{number} working {}", plural(number, scale.long)),
                )
            }
            Self::WorkingDays { days } => (
                format!("{days} 个工作日"),
                format!("{days} working {}", plural(i64::from(days), "day")),
            ),
            Self::CalendarDays { days } => (
                format!("{days} 个自然日"),
                format!("{days} calendar {}", plural(i64::from(days), "day")),
            ),
        };
        Text::new(zh, en)
    }
}

/// Whether the due instant itself is still in time.
///
/// # Source
///
/// Civil Code (民法典), art. 1259: 以内 includes the number, 不满 does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparator {
    /// It is (以内).
    #[default]
    Within,
    /// It is not (不满).
    Under,
}

/// A promise: how much time, and whether the last instant counts.
///
/// Read from and shown as `within 5h`, `under 2h`, `within 90min`, `within 2 working hours`,
/// `within 20 working days`, `within 7 days` (calendar days). Without a comparator, `within` is
/// meant. Serializes as that text. A goal that exists has a budget of at least 1 ms or 1 day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Goal {
    budget: Budget,
    comparator: Comparator,
}

impl Goal {
    /// Makes a goal.
    ///
    /// # Errors
    ///
    /// [`GoalError::Zero`] for nothing or less, [`GoalError::TooLarge`] beyond [`Budget::MS_MAX`]
    /// or [`Budget::DAYS_MAX`].
    pub fn new(budget: Budget, comparator: Comparator) -> Result<Self, GoalError> {
        let max = if budget.is_days() {
            i64::from(Budget::DAYS_MAX)
        } else {
            Budget::MS_MAX
        };
        match budget.amount() {
            ..=0 => Err(GoalError::Zero),
            amount if amount > max => Err(GoalError::TooLarge),
            _ => Ok(Self { budget, comparator }),
        }
    }

    /// Returns the goal with so much more time; `None` when `more` counts in another unit, or the
    /// sum is beyond what a clock counts.
    #[must_use]
    pub fn extended_by(self, more: Budget) -> Option<Self> {
        let budget = match (self.budget, more) {
            (Budget::Elapsed { ms }, Budget::Elapsed { ms: more }) => Budget::Elapsed {
                ms: ms.checked_add(more)?,
            },
            (Budget::Working { ms }, Budget::Working { ms: more }) => Budget::Working {
                ms: ms.checked_add(more)?,
            },
            (Budget::WorkingDays { days }, Budget::WorkingDays { days: more }) => {
                Budget::WorkingDays {
                    days: days.checked_add(more)?,
                }
            }
            (Budget::CalendarDays { days }, Budget::CalendarDays { days: more }) => {
                Budget::CalendarDays {
                    days: days.checked_add(more)?,
                }
            }
            _ => return None,
        };
        Self::new(budget, self.comparator).ok()
    }

    /// How much time.
    #[must_use]
    pub const fn budget(self) -> Budget {
        self.budget
    }

    /// Whether the last instant counts.
    #[must_use]
    pub const fn comparator(self) -> Comparator {
        self.comparator
    }

    /// The words on screen: 5 小时以内, 不满 2 小时, 20 个工作日以内.
    #[must_use]
    pub fn text(self) -> Text {
        let Text { zh, en } = self.budget.text();
        match self.comparator {
            Comparator::Within => Text::new(format!("{zh}以内"), format!("within {en}")),
            Comparator::Under => Text::new(format!("不满 {zh}"), format!("under {en}")),
        }
    }
}

fn scaled(ms: i64) -> (amount::Scale, i64) {
    let scale = scale(ms);
    (scale, ms / scale.ms)
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.comparator {
            Comparator::Within => "within ",
            Comparator::Under => "under ",
        })?;
        match self.budget {
            Budget::Elapsed { ms } => {
                let (scale, number) = scaled(ms);
                write!(f, "{number}{}", scale.short)
            }
            Budget::Working { ms } => {
                let (scale, number) = scaled(ms);
                write!(f, "{number} working {}", plural(number, scale.long))
            }
            Budget::WorkingDays { days } => {
                write!(f, "{days} working {}", plural(i64::from(days), "day"))
            }
            Budget::CalendarDays { days } => write!(f, "{days} {}", plural(i64::from(days), "day")),
        }
    }
}

/// Why a text is not a [`Goal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GoalError {
    /// It has another form.
    #[error(
        "not a goal; write `within` or `under`, a whole number and a unit, like `within 5h`, `under 90min`, \
         `within 2 working hours`, `within 20 working days` or `within 7 days`"
    )]
    Form,
    /// The number has a fraction.
    #[error("a goal takes a whole number; write `90min` instead of `1.5h`")]
    Fraction,
    /// The number is nought or less.
    #[error("a goal is at least 1 ms or 1 day")]
    Zero,
    /// The number is beyond what a clock counts.
    #[error("a goal is at most fifty years")]
    TooLarge,
}

impl GoalError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Form => "budget-form",
            Self::Fraction => "budget-fraction",
            Self::Zero => "budget-zero",
            Self::TooLarge => "budget-too-large",
        }
    }

    /// The same in both languages.
    #[must_use]
    pub fn text(self) -> Text {
        let zh = match self {
            Self::Form => {
                "不是有效的时限；请写 within（以内）或 under（不满）、整数和单位，例如 within 5h、under 90min、\
                 within 2 working hours、within 20 working days、within 7 days"
            }
            Self::Fraction => "时限须为整数；请写 90min，不要写 1.5h",
            Self::Zero => "时限至少为 1 毫秒或 1 天",
            Self::TooLarge => "时限最长为五十年",
        };
        Text::new(zh, self.to_string())
    }
}

impl From<AmountFault> for GoalError {
    fn from(fault: AmountFault) -> Self {
        match fault {
            AmountFault::Form => Self::Form,
            AmountFault::Fraction => Self::Fraction,
            AmountFault::TooLarge => Self::TooLarge,
        }
    }
}

impl FromStr for Goal {
    type Err = GoalError;

    fn from_str(text: &str) -> Result<Self, GoalError> {
        let text = text.trim().to_ascii_lowercase();
        let (comparator, rest) = if let Some(rest) = text.strip_prefix("within ") {
            (Comparator::Within, rest)
        } else if let Some(rest) = text.strip_prefix("under ") {
            (Comparator::Under, rest)
        } else {
            (Comparator::Within, text.as_str())
        };
        let amount = amount::parse(rest)?;
        let budget = match (amount.qualifier, amount.unit) {
            (Qualifier::None, Unit::Ms(unit)) => Budget::Elapsed {
                ms: amount.number.saturating_mul(unit),
            },
            (Qualifier::Working, Unit::Ms(unit)) => Budget::Working {
                ms: amount.number.saturating_mul(unit),
            },
            (Qualifier::Working, Unit::Day) => Budget::WorkingDays {
                days: u32::try_from(amount.number).map_err(|_| GoalError::TooLarge)?,
            },
            (Qualifier::None | Qualifier::Calendar, Unit::Day) => Budget::CalendarDays {
                days: u32::try_from(amount.number).map_err(|_| GoalError::TooLarge)?,
            },
            (Qualifier::Calendar, Unit::Ms(_)) => return Err(GoalError::Form),
        };
        Self::new(budget, comparator)
    }
}

impl TryFrom<String> for Goal {
    type Error = GoalError;

    fn try_from(text: String) -> Result<Self, GoalError> {
        text.parse()
    }
}

impl From<Goal> for String {
    fn from(goal: Goal) -> Self {
        goal.to_string()
    }
}

impl JsonSchema for Goal {
    fn schema_name() -> Cow<'static, str> {
        "Goal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A time limit: `within 5h`, `under 2h`, `within 2 working hours`, `within 20 working days`, `within 7 days`.",
            "pattern": "^\\s*((within|under) +)?[0-9]+ *((working |calendar )?(ms|milliseconds?|s|sec|seconds?|m|mins?|minutes?|h|hr|hours?|d|days?)|wd)\\s*$",
            "examples": ["within 5h", "under 2h", "within 2 working hours", "within 20 working days", "within 7 days"]
        })
    }
}
