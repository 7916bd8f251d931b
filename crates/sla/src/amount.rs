//! Amounts of time as people write them in a workflow: `5h`, `90 min`, `2 working hours`, `20 working days`.

/// What stands before the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Qualifier {
    None,
    Working,
    Calendar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Ms(i64),
    Day,
}

/// A number, and what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) number: i64,
    pub(crate) qualifier: Qualifier,
    pub(crate) unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AmountFault {
    /// No number, or no unit, or words nobody expects.
    Form,
    /// A point or comma in the number.
    Fraction,
    /// More digits than any amount of time has.
    TooLarge,
}

/// Reads one amount. `text` is lower case.
pub(crate) fn parse(text: &str) -> Result<Amount, AmountFault> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if number.is_empty() {
        return Err(AmountFault::Form);
    }
    if rest.starts_with(['.', ',']) {
        return Err(AmountFault::Fraction);
    }
    // Eighteen digits always fit, and what is too long for a budget is refused by its own bound.
    if number.len() > 18 {
        return Err(AmountFault::TooLarge);
    }
    let number = number.parse().map_err(|_| AmountFault::Form)?;
    let mut words = rest.split_whitespace();
    let (qualifier, unit) = match (words.next(), words.next(), words.next()) {
        (Some("wd"), None, None) => (Qualifier::Working, Unit::Day),
        (Some(word), None, None) => (Qualifier::None, unit(word)?),
        (Some("working"), Some(word), None) => (Qualifier::Working, unit(word)?),
        (Some("calendar"), Some(word), None) => (Qualifier::Calendar, unit(word)?),
        _ => return Err(AmountFault::Form),
    };
    Ok(Amount {
        number,
        qualifier,
        unit,
    })
}

fn unit(word: &str) -> Result<Unit, AmountFault> {
    Ok(match word {
        "ms" | "millisecond" | "milliseconds" => Unit::Ms(1),
        "s" | "sec" | "second" | "seconds" => Unit::Ms(1_000),
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Ms(60_000),
        "h" | "hr" | "hour" | "hours" => Unit::Ms(3_600_000),
        "d" | "day" | "days" => Unit::Day,
        _ => return Err(AmountFault::Form),
    })
}

/// The largest unit that divides an amount of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    pub(crate) ms: i64,
    pub(crate) short: &'static str,
    pub(crate) long: &'static str,
    pub(crate) zh: &'static str,
}

pub(crate) fn scale(ms: i64) -> Scale {
    const SCALES: [Scale; 3] = [
        Scale {
            ms: 3_600_000,
            short: "h",
            long: "hour",
            zh: "小时",
        },
        Scale {
            ms: 60_000,
            short: "min",
            long: "minute",
            zh: "分钟",
        },
        Scale {
            ms: 1_000,
            short: "s",
            long: "second",
            zh: "秒",
        },
    ];
    SCALES
        .into_iter()
        .find(|scale| ms % scale.ms == 0)
        .unwrap_or(Scale {
            ms: 1,
            short: "ms",
            long: "millisecond",
            zh: "毫秒",
        })
}

/// Returns `singular` for one and its plural for any other number.
pub(crate) fn plural(number: i64, singular: &str) -> String {
    if number == 1 {
        singular.to_owned()
    } else {
        format!("{singular}s")
    }
}
