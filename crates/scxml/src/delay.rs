/// The longest delay, in milliseconds: a hundred years.
pub const DELAY_MS_MAX: u64 = 100 * 366 * 86_400_000;

/// Returns the milliseconds of a delay: a number with `ms`, `s`, `m`, `h` or `d` behind it, no
/// longer than [`DELAY_MS_MAX`]. What is less than a millisecond is dropped.
///
/// # Source
///
/// W3C SCXML 1.0, section 6.2: a time as CSS 2 writes it; `m`, `h` and `d` are ours.
#[must_use]
pub fn delay_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let number = number.strip_prefix('+').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > 15 || fraction.len() > 15 {
        return None;
    }
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    // At most 15 digits: the product with a day's milliseconds fits in 128 bits.
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: u128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    let part = fraction * u128::from(unit_ms) / scale;
    let total = u128::from(whole) * u128::from(unit_ms) + part;
    u64::try_from(total)
        .ok()
        .filter(|total| *total <= DELAY_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_a_number_and_a_unit() {
        for (text, expected) in [
            ("0s", Some(0)),
            ("1s", Some(1_000)),
            (".5s", Some(500)),
            ("1.25s", Some(1_250)),
            ("250ms", Some(250)),
            ("0.9ms", Some(0)),
            ("2m", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("30d", Some(2_592_000_000)),
            ("36600d", Some(DELAY_MS_MAX)),
            ("36601d", None),
            ("99999999999999999s", None),
            ("s", None),
            (".s", None),
            ("5", None),
            ("-1s", None),
            ("1 s", None),
            ("1w", None),
            ("", None),
        ] {
            assert_eq!(delay_ms(text), expected, "{text}");
        }
    }
}
