use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::timestamp::Timestamp;

/// Returns the release of the time-zone database that is compiled in, such as `2025b`.
///
/// A due instant that was shown rests on it, so it belongs in every sealed record.
#[must_use]
pub fn tz_database_version() -> &'static str {
    chrono_tz::IANA_TZDB_VERSION
}

/// Returns the instant at which clocks in `tz` show `local`, or `None` where dates end.
///
/// In a gap the time is read with the offset before the gap, which moves it on by the gap's
/// length; in a fold the earlier instant is meant.
pub(crate) fn instant(tz: Tz, local: NaiveDateTime) -> Option<Timestamp> {
    let offset_seconds = match tz.offset_from_local_datetime(&local) {
        chrono::MappedLocalTime::Single(offset) => offset.fix().local_minus_utc(),
        chrono::MappedLocalTime::Ambiguous(first, second) => {
            // The larger offset gives the earlier instant.
            first
                .fix()
                .local_minus_utc()
                .max(second.fix().local_minus_utc())
        }
        chrono::MappedLocalTime::None => {
            // Reading the skipped time with one side's offset lands on the other side of the
            // gap, so two probes see both offsets. Clocks jump forward, so the one before the
            // gap is the smaller.
            let near = tz.offset_from_utc_datetime(&local).fix().local_minus_utc();
            let other_side = local.checked_sub_signed(TimeDelta::seconds(i64::from(near)))?;
            let far = tz
                .offset_from_utc_datetime(&other_side)
                .fix()
                .local_minus_utc();
            near.min(far)
        }
    };
    let utc = local.checked_sub_signed(TimeDelta::seconds(i64::from(offset_seconds)))?;
    Some(Timestamp::from_millis(utc.and_utc().timestamp_millis()))
}

const DAY_MS: i64 = 86_400_000;
/// Local clocks are less than this from UTC.
const OFFSET_MAX_MS: i64 = 26 * 3_600_000;

/// An offset from UTC, and since when clocks show it.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: i64,
    offset: i64,
}

/// The offsets of a zone between two instants, where they change. Answers what the zone database
/// answers, faster; outside the two instants it asks the database.
#[derive(Debug, Clone)]
pub(crate) struct Offsets {
    tz: Tz,
    end: i64,
    /// Begins with the offset at the first instant.
    spans: Vec<Span>,
}

impl Offsets {
    pub(crate) fn new(tz: Tz, first: Timestamp, end: Timestamp) -> Self {
        let (first, end) = (first.as_millis(), end.as_millis());
        let mut spans = vec![Span {
            from: first,
            offset: offset_at(tz, first),
        }];
        // A day is a safe step: since 1970 every zone has kept an offset for six days at least.
        let mut known = (first, offset_at(tz, first));
        while known.0 < end {
            let next = (known.0 + DAY_MS).min(end);
            let offset = offset_at(tz, next);
            if offset != known.1 {
                let (mut before, mut after) = (known.0, next);
                while after - before > 1 {
                    let middle = before + (after - before) / 2;
                    if offset_at(tz, middle) == known.1 {
                        before = middle;
                    } else {
                        after = middle;
                    }
                }
                spans.push(Span {
                    from: after,
                    offset,
                });
            }
            known = (next, offset);
        }
        Self { tz, end, spans }
    }

    /// The span `t` lies in and where it ends; `None` outside.
    fn span(&self, t: i64) -> Option<(Span, i64)> {
        if t >= self.end {
            return None;
        }
        let after = self.spans.partition_point(|span| span.from <= t);
        let span = self.spans.get(after.checked_sub(1)?)?;
        Some((
            *span,
            self.spans.get(after).map_or(self.end, |next| next.from),
        ))
    }

    /// The date clocks show at `t`.
    pub(crate) fn date_of(&self, t: Timestamp) -> NaiveDate {
        let inside = self.span(t.as_millis()).and_then(|(span, _)| {
            let days = (t.as_millis() + span.offset).div_euclid(DAY_MS);
            NaiveDate::from_epoch_days(i32::try_from(days).ok()?)
        });
        inside.unwrap_or_else(|| t.in_zone(self.tz).date_naive())
    }

    /// As [`instant`], for the minute of a date.
    pub(crate) fn instant(&self, date: NaiveDate, minute: u16) -> Option<Timestamp> {
        let local = i64::from(date.to_epoch_days()) * DAY_MS + i64::from(minute) * 60_000;
        // Clocks that do not change for a day before and after show each time once.
        if let Some((span, until)) = self.span(local.saturating_sub(OFFSET_MAX_MS))
            && local.saturating_add(OFFSET_MAX_MS) < until
        {
            return Some(Timestamp::from_millis(local - span.offset));
        }
        date.and_time(NaiveTime::MIN)
            .checked_add_signed(TimeDelta::minutes(i64::from(minute)))
            .and_then(|local| instant(self.tz, local))
    }

    /// The first instant of a date. It is the end of the one before: 24:00 may be 01:00.
    pub(crate) fn midnight(&self, date: NaiveDate) -> Timestamp {
        self.instant(date, 0).unwrap_or(Timestamp::MAX)
    }
}

fn offset_at(tz: Tz, t: i64) -> i64 {
    let utc = DateTime::from_timestamp_millis(t)
        .unwrap_or_default()
        .naive_utc();
    i64::from(tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * 1_000
}

#[cfg(test)]
mod tests {
    use chrono_tz::TZ_VARIANTS;
    use proptest::prelude::*;

    use super::*;

    fn first_and_end() -> (Timestamp, Timestamp) {
        let years = |text: &str| text.parse().unwrap();
        (years("1970-01-01T00:00:00Z"), years("2100-01-01T00:00:00Z"))
    }

    fn agrees(offsets: &Offsets, at: i64) -> Result<(), TestCaseError> {
        let t = Timestamp::from_millis(at);
        let local = t.in_zone(offsets.tz);
        let date = local.date_naive();
        prop_assert_eq!(offsets.date_of(t), date, "{} at {}", offsets.tz, t);
        for minute in [0, 1, 30, 60, 90, 119, 120, 150, 180, 1440, 1530, 2880] {
            let wall = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute));
            let known = instant(offsets.tz, wall);
            prop_assert_eq!(
                offsets.instant(date, minute),
                known,
                "{} at {}",
                offsets.tz,
                wall
            );
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_offsets_agree_with_the_zone_database(
            tz in prop::sample::select(&TZ_VARIANTS[..]),
            instants in prop::collection::vec(-10_000_000_000_000_i64..10_000_000_000_000, 20),
            beside in -DAY_MS..DAY_MS,
        ) {
            let (first, end) = first_and_end();
            let offsets = Offsets::new(tz, first, end);
            for at in instants {
                agrees(&offsets, at)?;
            }
            let edges = offsets.spans.iter().map(|span| span.from).chain([end.as_millis()]);
            for edge in edges {
                for beside in [-1, 0, 1, beside] {
                    agrees(&offsets, edge + beside)?;
                }
            }
            agrees(&offsets, i64::MIN)?;
            agrees(&offsets, i64::MAX)?;
        }
    }
}
