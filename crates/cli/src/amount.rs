//! Amounts of time as people write them in a scenario: `5h`, `1h55m`, `3d`, `0.001s`, `1小时55分`;
//! and shares: `93.75%`.

use groundbreak_workflow::sla::Used;

const DAY_MS: i64 = 86_400_000;
/// Longest first, so that `ms` is not read as `m`.
const UNITS: [(&str, Unit); 12] = [
    ("小时", Unit::Ms(3_600_000)),
    ("分钟", Unit::Ms(60_000)),
    ("毫秒", Unit::Ms(1)),
    ("ms", Unit::Ms(1)),
    ("分", Unit::Ms(60_000)),
    ("秒", Unit::Ms(1_000)),
    ("天", Unit::Day),
    ("日", Unit::Day),
    ("h", Unit::Ms(3_600_000)),
    ("m", Unit::Ms(60_000)),
    ("s", Unit::Ms(1_000)),
    ("d", Unit::Day),
];

#[derive(Clone, Copy)]
enum Unit {
    Ms(i64),
    Day,
}

/// Reads one amount: numbers with units, none of them twice as days and as hours. Only seconds
/// take a fraction, of at most three digits.
///
/// `None` when it is none, or more than an amount of time can be.
pub(crate) fn parse(text: &str) -> Option<Used> {
    let mut rest = text;
    let (mut ms, mut days) = (None::<i64>, None::<i64>);
    while !rest.is_empty() {
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
            .count();
        let (number, after) = rest.split_at(length);
        let (name, unit) = UNITS
            .into_iter()
            .find(|(name, _)| after.starts_with(name))?;
        rest = &after[name.len()..];
        match unit {
            Unit::Day => days = Some(days.unwrap_or(0).checked_add(number.parse().ok()?)?),
            Unit::Ms(scale) => ms = Some(ms.unwrap_or(0).checked_add(scaled(number, scale)?)?),
        }
    }
    match (ms, days) {
        (Some(ms), None) => Some(Used::Ms(ms)),
        (None, Some(days)) => Some(Used::Days(days)),
        _ => None,
    }
}

fn scaled(number: &str, scale: i64) -> Option<i64> {
    let Some((whole, fraction)) = number.split_once('.') else {
        return number.parse::<i64>().ok()?.checked_mul(scale);
    };
    if scale != 1_000 || fraction.is_empty() || fraction.len() > 3 {
        return None;
    }
    let thousandths: i64 = format!("{fraction:0<3}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(scale)?
        .checked_add(thousandths)
}

/// Returns the sum of two amounts of the same kind.
pub(crate) fn sum(one: Used, other: Used) -> Option<Used> {
    match (one, other) {
        (Used::Ms(one), Used::Ms(other)) => one.checked_add(other).map(Used::Ms),
        (Used::Days(one), Used::Days(other)) => one.checked_add(other).map(Used::Days),
        _ => None,
    }
}

/// Tells whether two amounts are the same time. Where a clock counts milliseconds, a day is 24
/// hours; where it counts days, hours are never the same.
pub(crate) fn same(written: Used, counted: Used) -> bool {
    match (written, counted) {
        (Used::Days(days), Used::Ms(ms)) => days.checked_mul(DAY_MS) == Some(ms),
        (written, counted) => written == counted,
    }
}

/// Writes an amount so that [`parse`] reads the same, word by word.
pub(crate) fn show(amount: Used) -> String {
    let ms = match amount {
        Used::Days(days) => return format!("{days}d"),
        Used::Ms(ms) => ms,
    };
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    let (hours, minutes, rest) = (ms / 3_600_000, ms / 60_000 % 60, ms % 60_000);
    let mut text = String::new();
    if hours > 0 {
        text.push_str(&format!("{hours}h"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}m"));
    }
    if rest > 0 {
        let (seconds, thousandths) = (rest / 1_000, rest % 1_000);
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&seconds.to_string());
        if thousandths > 0 {
            text.push_str(format!(".{thousandths:03}").trim_end_matches('0'));
        }
        text.push('s');
    }
    if text.is_empty() {
        "0m".to_owned()
    } else {
        format!("{sign}{text}")
    }
}

/// Writes hundredths of a percent: 9950 as `99.5%`.
pub(crate) fn percent(bp: usize) -> String {
    let (whole, part) = (bp / 100, bp % 100);
    match part {
        0 => format!("{whole}%"),
        part if part % 10 == 0 => format!("{whole}.{}%", part / 10),
        part => format!("{whole}.{part:02}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_without_rounding() {
        for (bp, text) in [
            (10_000, "100%"),
            (9_950, "99.5%"),
            (6_666, "66.66%"),
            (5, "0.05%"),
            (0, "0%"),
        ] {
            assert_eq!(percent(bp), text);
        }
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        let rows = [
            ("5h", Some(Used::Ms(18_000_000))),
            ("1h55m", Some(Used::Ms(6_900_000))),
            ("115m", Some(Used::Ms(6_900_000))),
            ("1小时55分", Some(Used::Ms(6_900_000))),
            ("0.001s", Some(Used::Ms(1))),
            ("0.5s", Some(Used::Ms(500))),
            ("7ms", Some(Used::Ms(7))),
            ("0m", Some(Used::Ms(0))),
            ("3d", Some(Used::Days(3))),
            ("3天", Some(Used::Days(3))),
            ("3d4h", None),
            ("5", None),
            ("h", None),
            ("1.5h", None),
            ("0.0001s", None),
            ("", None),
            ("-5h", None),
            ("99999999999999999999h", None),
            ("9223372036854775807h", None),
        ];
        for (text, amount) in rows {
            assert_eq!(parse(text), amount, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back_as_the_same() {
        for ms in [
            0, 1, 999, 1_000, 60_000, 61_001, 3_600_000, 18_000_001, 6_900_000,
        ] {
            let shown = show(Used::Ms(ms));
            let read = shown
                .split(' ')
                .filter_map(parse)
                .reduce(|a, b| sum(a, b).unwrap());
            assert_eq!(read, Some(Used::Ms(ms)), "{shown}");
        }
        assert_eq!(show(Used::Ms(18_000_001)), "5h 0.001s");
        assert_eq!(show(Used::Ms(6_900_000)), "1h55m");
        assert_eq!(show(Used::Days(3)), "3d");
        assert_eq!(show(Used::Ms(-60_000)), "-1m");
    }
}
