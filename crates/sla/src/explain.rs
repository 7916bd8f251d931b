use crate::calendar_set::CalendarSet;
use crate::clock::ClockError;
use crate::counting::hours;
use crate::policy::ClockPolicy;
use crate::reading::{ClockReading, Stretch, StretchKind};
use crate::timestamp::Timestamp;

/// Returns the stretches of a reading with nights and breaks apart from open time.
///
/// The lengths of the running ones add up to [`ClockReading::office_ms`], those of the
/// off-hours ones to [`ClockReading::offhours_ms`], those of the paused ones to
/// [`ClockReading::paused`].
///
/// # Errors
///
/// [`ClockError::UnknownCalendar`] when the set lacks a calendar that the reading was counted by.
pub fn explain(
    policy: &ClockPolicy,
    calendars: &CalendarSet,
    reading: &ClockReading,
) -> Result<Vec<Stretch>, ClockError> {
    let mut explained = Vec::new();
    for stretch in &reading.stretches {
        if stretch.kind != StretchKind::Running {
            explained.push(stretch.clone());
            continue;
        }
        let calendar =
            calendars
                .get(&stretch.calendar)
                .ok_or_else(|| ClockError::UnknownCalendar {
                    calendar: stretch.calendar.clone(),
                })?;
        let mut push = |from: Timestamp, to: Timestamp, kind: StretchKind| {
            if from < to {
                explained.push(Stretch {
                    from,
                    to,
                    working_ms: if kind == StretchKind::Running {
                        to.millis_since(from)
                    } else {
                        0
                    },
                    kind,
                    calendar: stretch.calendar.clone(),
                });
            }
        };
        let mut shown = stretch.from;
        for (open, close) in
            hours(calendar, policy.count_overtime).stretches(stretch.from, stretch.to)
        {
            push(shown, open, StretchKind::OffHours);
            push(open, close, StretchKind::Running);
            shown = close;
        }
        push(shown, stretch.to, StretchKind::OffHours);
    }
    Ok(explained)
}
