use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::amount::{self, AmountFault, Qualifier, Unit, plural, scale};
use crate::goal::Budget;
use crate::text::Text;

/// An instant of a clock at which somebody wants to hear of it, counted in the goal's own unit.
///
/// Read from and shown as `80%`, `30min before`, `1 day before`, `2h after`,
/// `3 days after`. Serializes as that text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Trigger {
    /// When this share of the budget is used; the share is rounded up to the next millisecond or
    /// day. 100 is the due instant.
    Percent(u16),
    /// So much before the due instant: wall time for `elapsed` and `calendar_days` goals, working time for the others.
    Before {
        /// Milliseconds, 1 or more.
        ms: i64,
    },
    /// When the day so many days before the due day ends: any days for `elapsed` and
    /// `calendar_days` goals, working days for the others.
    BeforeDays(u32),
    /// So much after the due instant, counted like [`Trigger::Before`].
    After {
        /// Milliseconds, 1 or more.
        ms: i64,
    },
    /// When the day so many days after the due day ends, counted like [`Trigger::BeforeDays`].
    AfterDays(u32),
}

impl Trigger {
    /// The largest share a trigger can name.
    pub const PERCENT_MAX: u16 = 1_000;

    /// The words on screen.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Percent(percent) => {
                Text::new(format!("已用 {percent}%"), format!("{percent}% used"))
            }
            Self::Before { ms } => {
                let scale = scale(ms);
                let number = ms / scale.ms;
                Text::new(
                    format!("到期前 {number} {}", scale.zh),
                    format!("{number} {} before due", plural(number, scale.long)),
                )
            }
            Self::BeforeDays(days) => Text::new(
                format!("到期前 {days} 天"),
                format!("{days} {} before due", plural(i64::from(days), "day")),
            ),
            Self::After { ms } => {
                let scale = scale(ms);
                let number = ms / scale.ms;
                Text::new(
                    format!("超期 {number} {}", scale.zh),
                    format!("{number} {} overdue", plural(number, scale.long)),
                )
            }
            Self::AfterDays(days) => Text::new(
                format!("超期 {days} 天"),
                format!("{days} {} overdue", plural(i64::from(days), "day")),
            ),
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Before { ms } => {
                let scale = scale(ms);
                write!(f, "{}{} before", ms / scale.ms, scale.short)
            }
            Self::BeforeDays(days) => write!(f, "{days} {} before", plural(i64::from(days), "day")),
            Self::After { ms } => {
                let scale = scale(ms);
                write!(f, "{}{} after", ms / scale.ms, scale.short)
            }
            Self::AfterDays(days) => write!(f, "{days} {} after", plural(i64::from(days), "day")),
        }
    }
}

/// Why a text is not a [`Trigger`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TriggerError {
    /// It has another form.
    #[error(
        "not a trigger; write `80%`, `30min before`, `1 day before`, `2h after` or `3 days after`"
    )]
    Form,
    /// The number is nought.
    #[error("a trigger is at least 1 %, 1 ms or 1 day away")]
    Zero,
    /// The number is beyond what a clock counts.
    #[error("a trigger is at most 1000 % or fifty years away")]
    TooLarge,
}

impl TriggerError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Form => "warning-form",
            Self::Zero => "warning-zero",
            Self::TooLarge => "warning-too-large",
        }
    }

    /// The same in both languages.
    #[must_use]
    pub fn text(self) -> Text {
        let zh = match self {
            Self::Form => {
                "不是有效的提醒点；请写 80%、30min before、1 day before、2h after 或 3 days after"
            }
            Self::Zero => "提醒点至少为 1%、1 毫秒或 1 天",
            Self::TooLarge => "提醒点最多为 1000% 或五十年",
        };
        Text::new(zh, self.to_string())
    }
}

impl From<AmountFault> for TriggerError {
    fn from(fault: AmountFault) -> Self {
        match fault {
            AmountFault::Form | AmountFault::Fraction => Self::Form,
            AmountFault::TooLarge => Self::TooLarge,
        }
    }
}

impl FromStr for Trigger {
    type Err = TriggerError;

    fn from_str(text: &str) -> Result<Self, TriggerError> {
        let text = text.trim().to_ascii_lowercase();
        if let Some(number) = text.strip_suffix('%') {
            let number = number.trim_end();
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(TriggerError::Form);
            }
            return match number.parse::<u16>() {
                Ok(0) => Err(TriggerError::Zero),
                Ok(percent) if percent <= Self::PERCENT_MAX => Ok(Self::Percent(percent)),
                _ => Err(TriggerError::TooLarge),
            };
        }
        let (before, rest) = if let Some(rest) = text.strip_suffix(" before") {
            (true, rest)
        } else if let Some(rest) = text.strip_suffix(" after") {
            (false, rest)
        } else {
            return Err(TriggerError::Form);
        };
        let amount = amount::parse(rest)?;
        // The unit's kind follows from the goal, so a qualifier here could only contradict it.
        if amount.qualifier != Qualifier::None {
            return Err(TriggerError::Form);
        }
        if amount.number == 0 {
            return Err(TriggerError::Zero);
        }
        match (before, amount.unit) {
            (before, Unit::Ms(unit)) => {
                let ms = amount.number.saturating_mul(unit);
                if ms > Budget::MS_MAX {
                    return Err(TriggerError::TooLarge);
                }
                Ok(if before {
                    Self::Before { ms }
                } else {
                    Self::After { ms }
                })
            }
            (before, Unit::Day) => u32::try_from(amount.number)
                .ok()
                .filter(|days| *days <= Budget::DAYS_MAX)
                .map(if before {
                    Self::BeforeDays
                } else {
                    Self::AfterDays
                })
                .ok_or(TriggerError::TooLarge),
        }
    }
}

impl TryFrom<String> for Trigger {
    type Error = TriggerError;

    fn try_from(text: String) -> Result<Self, TriggerError> {
        text.parse()
    }
}

impl From<Trigger> for String {
    fn from(trigger: Trigger) -> Self {
        trigger.to_string()
    }
}

impl JsonSchema for Trigger {
    fn schema_name() -> Cow<'static, str> {
        "Trigger".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "When to warn: `80%`, `30min before`, `1 day before`, `2h after`.",
            "pattern": "^\\s*([0-9]+ *%|[0-9]+ *[a-z]+ before|[0-9]+ *[a-z]+ after)\\s*$",
            "examples": ["80%", "30min before", "1 day before", "2h after"]
        })
    }
}
