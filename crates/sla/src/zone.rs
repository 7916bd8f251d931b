use chrono::{NaiveDateTime, Offset, TimeDelta, TimeZone};
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
