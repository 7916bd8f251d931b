//! How a figure is said: 约128亿元, 超300亿元, 近10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Text;

/// The unit an amount or a time is said in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SayingUnit {
    /// 元.
    Yuan,
    /// 万元, 10,000 yuan.
    Wan,
    /// 亿元, 100,000,000 yuan.
    #[default]
    Yi,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days of 24 hours.
    Days,
}

/// The word a number is said with. Each is true or not of the exact figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SayingWord {
    /// 超: the figure is more than the number, and not equal to it (民法典第一千二百五十九条).
    Over,
    /// 达: the figure is the number or more.
    Reached,
    /// 约: the figure, rounded half up, is the number.
    About,
    /// 近: the figure is less than the number, by a tenth of it at most.
    Nearly,
    /// 余: the figure is more than the number, and less than the next one as round.
    Odd,
    /// 不到: the figure is less than the number.
    Under,
}

/// How a figure is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Saying {
    /// The unit of an amount or a time.
    pub unit: SayingUnit,
    /// Decimals; below zero, the zeros before the point.
    pub digits: i8,
    /// The word, if any.
    pub word: Option<SayingWord>,
    /// The number that is said, in the unit; computed when there is none.
    pub number: Option<i64>,
}

/// An exact figure: a whole number over another that is not zero, neither below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Quantity {
    /// So many cases.
    Count {
        /// How many.
        cases: u64,
    },
    /// An amount in yuan.
    Yuan {
        /// Whole yuan.
        yuan: i64,
    },
    /// A time.
    Time {
        /// Milliseconds.
        millis: i64,
    },
    /// A part of a whole, in the same unit.
    Share {
        /// The part.
        part: i64,
        /// The whole, more than zero.
        whole: i64,
    },
}

impl Quantity {
    /// The figure in the unit it is said in, as a fraction: shares in percent.
    fn fraction(self, unit: SayingUnit) -> (i128, i128) {
        match self {
            Self::Count { cases } => (i128::from(cases), 1),
            Self::Yuan { yuan } => (i128::from(yuan), unit.size()),
            Self::Time { millis } => (i128::from(millis), unit.size()),
            Self::Share { part, whole } => (i128::from(part) * 100, i128::from(whole.max(1))),
        }
    }
}

impl SayingUnit {
    /// Whether times are said in it.
    pub(super) const fn is_of_time(self) -> bool {
        matches!(self, Self::Minutes | Self::Hours | Self::Days)
    }

    /// How many yuan, or milliseconds, it is.
    fn size(self) -> i128 {
        match self {
            Self::Yuan => 1,
            Self::Wan => 10_000,
            Self::Yi => 100_000_000,
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
        }
    }
}

impl SayingWord {
    /// Returns the word, as Chinese and English readers know it.
    pub fn text(self) -> Text {
        match self {
            Self::Over => Text::new("超", "over"),
            Self::Reached => Text::new("达", "reaching"),
            Self::About => Text::new("约", "about"),
            Self::Nearly => Text::new("近", "nearly"),
            Self::Odd => Text::new("余", "odd"),
            Self::Under => Text::new("不到", "under"),
        }
    }
}

impl Saying {
    /// Returns what a case adds to a figure, exactly: an amount in 万元 where that is whole, a time in days, hours
    /// and minutes.
    pub fn exactly(quantity: Quantity) -> Text {
        let unit = match quantity {
            Quantity::Yuan { yuan } if yuan % 10_000 == 0 => SayingUnit::Wan,
            Quantity::Time { millis } => return time(millis),
            _ => SayingUnit::Yuan,
        };
        let plain = Self {
            unit,
            digits: 0,
            word: None,
            number: None,
        };
        plain.say(quantity)
    }

    /// Returns the figure in words. The number is the one that was written down, else the one
    /// nearest to the figure of which the word is true; where there is none above zero, the figure
    /// is said without the word.
    pub fn say(&self, quantity: Quantity) -> Text {
        if let Some(number) = self.number {
            return self.worded(quantity, i128::from(number), 0);
        }
        let number = self.computed(quantity, self.digits);
        let power = 10_i128.pow(u32::from(self.digits.max(0).unsigned_abs()));
        if self.word.is_none() || number > 0 && self.true_of(quantity, number, power) {
            return self.worded(quantity, number, self.digits);
        }
        let plain = Self {
            digits: self.digits.max(0),
            word: None,
            ..*self
        };
        plain.worded(
            quantity,
            plain.computed(quantity, plain.digits),
            plain.digits,
        )
    }

    /// Tells whether what [`say`](Self::say) says is true of the figure. A number that is computed
    /// always is.
    pub fn holds(&self, quantity: Quantity) -> bool {
        self.number
            .is_none_or(|number| self.true_of(quantity, i128::from(number), 1))
    }

    /// Tells whether the word is true of the figure with `number / power`, in the unit.
    fn true_of(&self, quantity: Quantity, number: i128, power: i128) -> bool {
        let (value, unit) = quantity.fraction(self.unit);
        let (value, said) = (value.saturating_mul(power), number.saturating_mul(unit));
        match self.word {
            None => value == said,
            Some(SayingWord::Over) => value > said,
            Some(SayingWord::Reached) => value >= said,
            Some(SayingWord::About) if power == 1 => {
                self.computed(quantity, self.digits.min(0)) == number
            }
            Some(SayingWord::About) => true,
            Some(SayingWord::Nearly) => {
                value < said && value.saturating_mul(10) >= said.saturating_mul(9)
            }
            Some(SayingWord::Odd) => {
                value > said
                    && value
                        < number
                            .saturating_add(roundness(number))
                            .saturating_mul(unit)
            }
            Some(SayingWord::Under) => value < said,
        }
    }

    /// What would be said if the number had not been written down.
    pub fn true_words(&self, quantity: Quantity) -> Text {
        Self {
            number: None,
            ..*self
        }
        .say(quantity)
    }

    /// The nearest number of which the word is true, in steps of the last digit that is said; with
    /// digits below zero, in the unit.
    fn computed(&self, quantity: Quantity, digits: i8) -> i128 {
        let (value, unit) = quantity.fraction(self.unit);
        let power = 10_i128.pow(u32::from(digits.unsigned_abs()));
        let (value, step) = if digits < 0 {
            (value, unit.saturating_mul(power))
        } else {
            (value.saturating_mul(power), unit)
        };
        let below = value.div_euclid(step);
        let exact = value.rem_euclid(step) == 0;
        let steps = match self.word {
            None | Some(SayingWord::About) => {
                (value.saturating_mul(2).saturating_add(step)).div_euclid(step.saturating_mul(2))
            }
            Some(SayingWord::Over | SayingWord::Odd) => below - i128::from(exact),
            Some(SayingWord::Reached) => below,
            Some(SayingWord::Nearly | SayingWord::Under) => below + 1,
        };
        if digits < 0 {
            steps.saturating_mul(power)
        } else {
            steps
        }
    }

    fn worded(&self, quantity: Quantity, number: i128, digits: i8) -> Text {
        let digits = usize::from(digits.max(0).unsigned_abs());
        let (zh, en) = match quantity {
            Quantity::Count { .. } => (decimal(number, digits), decimal(number, digits)),
            Quantity::Share { .. } => {
                let share = format!("{}%", decimal(number, digits));
                (share.clone(), share)
            }
            Quantity::Yuan { .. } | Quantity::Time { .. } => {
                let zh = decimal(number, digits);
                let many = if zh == "1" { "" } else { "s" };
                match self.unit {
                    SayingUnit::Minutes => (format!("{zh}分钟"), format!("{zh} minute{many}")),
                    SayingUnit::Hours => (format!("{zh}小时"), format!("{zh} hour{many}")),
                    SayingUnit::Days => (format!("{zh}天"), format!("{zh} day{many}")),
                    SayingUnit::Yuan => (format!("{zh}元"), format!("{zh} yuan")),
                    // A million has two zeros more than 万, a billion one more than 亿.
                    SayingUnit::Wan => (
                        format!("{zh}万元"),
                        format!("{} million yuan", trimmed(&decimal(number, digits + 2))),
                    ),
                    SayingUnit::Yi => (
                        format!("{zh}亿元"),
                        format!("{} billion yuan", trimmed(&decimal(number, digits + 1))),
                    ),
                }
            }
        };
        match self.word {
            None => Text::new(zh, en),
            // The word stands between the number and its unit: 80余, 300余亿元.
            Some(SayingWord::Odd) => {
                let number = zh.trim_end_matches(|c: char| !c.is_ascii_digit());
                let unit = zh.get(number.len()..).unwrap_or_default();
                Text::new(format!("{number}余{unit}"), format!("{en} odd"))
            }
            Some(word) => {
                let word = word.text();
                Text::new(format!("{}{zh}", word.zh), format!("{} {en}", word.en))
            }
        }
    }
}

/// A time in days, hours and minutes, those that are not zero; less than a minute is none.
fn time(millis: i64) -> Text {
    let minutes = millis / 60_000;
    let parts = [
        (minutes / 1_440, "天", "d"),
        (minutes / 60 % 24, "小时", "h"),
        (minutes % 60, "分", "min"),
    ];
    let shown: Vec<_> = parts.iter().filter(|(number, ..)| *number > 0).collect();
    if shown.is_empty() {
        return Text::new("0分", "0 min");
    }
    let zh = shown.iter().map(|(number, zh, _)| format!("{number}{zh}"));
    let en = shown.iter().map(|(number, _, en)| format!("{number} {en}"));
    Text::new(
        zh.collect::<Vec<_>>().join(""),
        en.collect::<Vec<_>>().join(" "),
    )
}

/// How round a number is: 80 is round to 10, 300 to 100, 7 to 1.
fn roundness(number: i128) -> i128 {
    let mut step = 1;
    while number != 0 && number % (step * 10) == 0 {
        step *= 10;
    }
    step
}

fn decimal(number: i128, digits: usize) -> String {
    if digits == 0 {
        return number.to_string();
    }
    let sign = if number < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", number.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    format!("{sign}{whole}.{fraction}")
}

/// A decimal without zeros behind the point that say nothing.
fn trimmed(decimal: &str) -> &str {
    if decimal.contains('.') {
        decimal.trim_end_matches('0').trim_end_matches('.')
    } else {
        decimal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YI: i64 = 100_000_000;

    fn saying(digits: i8, word: Option<SayingWord>, number: Option<i64>) -> Saying {
        Saying {
            unit: SayingUnit::Yi,
            digits,
            word,
            number,
        }
    }

    #[test]
    fn a_number_is_computed_so_that_its_word_is_true() {
        use SayingWord::{About, Nearly, Odd, Over, Reached, Under};
        let tenths = |tenths: i64| Quantity::Yuan {
            yuan: tenths * YI / 10,
        };
        let rows = [
            (tenths(1279), 0, None, "128亿元", "12.8 billion yuan"),
            (
                tenths(1285),
                0,
                Some(About),
                "约129亿元",
                "about 12.9 billion yuan",
            ),
            (
                tenths(3054),
                -2,
                Some(Over),
                "超300亿元",
                "over 30 billion yuan",
            ),
            // 超 does not include the number itself.
            (
                tenths(3000),
                -2,
                Some(Over),
                "超200亿元",
                "over 20 billion yuan",
            ),
            (
                tenths(3000),
                -2,
                Some(Reached),
                "达300亿元",
                "reaching 30 billion yuan",
            ),
            (
                tenths(340),
                0,
                Some(Reached),
                "达34亿元",
                "reaching 3.4 billion yuan",
            ),
            (
                tenths(981),
                -1,
                Some(Under),
                "不到100亿元",
                "under 10 billion yuan",
            ),
            (tenths(830), -1, Some(Odd), "80余亿元", "8 billion yuan odd"),
            (
                Quantity::Count { cases: 9 },
                -1,
                Some(Nearly),
                "近10",
                "nearly 10",
            ),
            // 10 is not nearly 20, and nothing is over anything: then no word is said.
            (Quantity::Count { cases: 10 }, -1, Some(Nearly), "10", "10"),
            (tenths(0), -2, Some(Over), "0亿元", "0 billion yuan"),
            (
                Quantity::Count { cases: 83 },
                -1,
                Some(Odd),
                "80余",
                "80 odd",
            ),
            (
                Quantity::Share {
                    part: 10,
                    whole: 15,
                },
                1,
                None,
                "66.7%",
                "66.7%",
            ),
            (
                Quantity::Share { part: 6, whole: 15 },
                0,
                None,
                "40%",
                "40%",
            ),
            // Half is rounded up: 0.125 is 12.5 %.
            (Quantity::Share { part: 1, whole: 8 }, 0, None, "13%", "13%"),
        ];
        for (quantity, digits, word, zh, en) in rows {
            let said = saying(digits, word, None);
            assert_eq!(said.say(quantity), Text::new(zh, en));
            assert!(said.holds(quantity), "{zh}");
        }
    }

    #[test]
    fn a_number_that_is_written_down_must_be_true() {
        use SayingWord::{About, Nearly, Odd, Over, Reached, Under};
        let yi = |yi: i64| Quantity::Yuan { yuan: yi * YI };
        let rows = [
            (yi(128), Over, 128, false),
            (yi(129), Over, 128, true),
            (yi(34), Reached, 34, true),
            (yi(33), Reached, 34, false),
            (
                Quantity::Yuan {
                    yuan: 12_750_000_000,
                },
                About,
                128,
                true,
            ),
            (
                Quantity::Yuan {
                    yuan: 12_749_999_999,
                },
                About,
                128,
                false,
            ),
            (yi(95), Nearly, 100, true),
            (yi(89), Nearly, 100, false),
            (yi(100), Nearly, 100, false),
            (yi(83), Odd, 80, true),
            (yi(90), Odd, 80, false),
            (yi(80), Odd, 80, false),
            (yi(1), Under, 2, true),
            (yi(2), Under, 2, false),
        ];
        for (quantity, word, number, holds) in rows {
            let said = saying(0, Some(word), Some(number));
            assert_eq!(said.holds(quantity), holds, "{}", said.say(quantity));
        }
        assert!(!saying(0, None, Some(127)).holds(yi(128)));
    }

    #[test]
    fn the_units_of_amounts_are_turned_into_those_of_the_language() {
        let rows = [
            (SayingUnit::Yuan, 1_200_000, "1200000元", "1200000 yuan"),
            (SayingUnit::Wan, 1_200_000, "120万元", "1.2 million yuan"),
            (SayingUnit::Yi, 3_000_000_000, "30亿元", "3 billion yuan"),
        ];
        for (unit, yuan, zh, en) in rows {
            let said = Saying {
                unit,
                ..saying(0, None, None)
            };
            assert_eq!(said.say(Quantity::Yuan { yuan }), Text::new(zh, en));
        }
    }

    #[test]
    fn times_are_said_in_their_unit() {
        use SayingUnit::{Days, Hours, Minutes};
        let rows = [
            (Hours, 0, None, 18_000_000, "5小时", "5 hours"),
            (Hours, 1, None, 6_900_000, "1.9小时", "1.9 hours"),
            (Minutes, 0, None, 1_800_000, "30分钟", "30 minutes"),
            (Days, 0, None, 86_400_000, "1天", "1 day"),
            (
                Days,
                0,
                Some(SayingWord::Under),
                106 * 86_400_000 - 1,
                "不到106天",
                "under 106 days",
            ),
            (
                Days,
                -1,
                Some(SayingWord::Odd),
                77 * 86_400_000,
                "70余天",
                "70 days odd",
            ),
        ];
        for (unit, digits, word, millis, zh, en) in rows {
            let said = Saying {
                unit,
                ..saying(digits, word, None)
            };
            assert_eq!(said.say(Quantity::Time { millis }), Text::new(zh, en));
        }
    }
}
