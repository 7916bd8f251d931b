use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Text;
use crate::zone;

/// An instant: whole milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Serializes as the integer. `Display` is RFC 3339 in UTC with milliseconds, and `FromStr`
/// reads RFC 3339 with any offset.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// First and last millisecond that a four-digit year can name. Outside it there is no RFC 3339.
const CIVIL_MIN_MS: i64 = -62_167_219_200_000;
const CIVIL_MAX_MS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// The epoch, 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The earliest instant the type can hold. It has no civil date.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant the type can hold. It has no civil date.
    pub const MAX: Self = Self(i64::MAX);

    /// Makes an instant from milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the instant `millis` later (earlier, if negative), or `None` on overflow.
    #[must_use]
    pub const fn checked_add_millis(self, millis: i64) -> Option<Self> {
        match self.0.checked_add(millis) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Returns the instant `millis` later (earlier, if negative), stopping at [`Self::MIN`] and [`Self::MAX`].
    #[must_use]
    pub const fn saturating_add_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns the milliseconds from `earlier` to `self`: negative if `earlier` is later, saturating.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the civil time in `tz` at this instant.
    ///
    /// An instant outside the years 0000 to 9999 is shown as the nearest instant inside, a day
    /// from the edge, so that no zone can overflow.
    #[must_use]
    pub fn in_zone(self, tz: Tz) -> DateTime<Tz> {
        const DAY_MS: i64 = 86_400_000;
        let millis = self.0.clamp(CIVIL_MIN_MS + DAY_MS, CIVIL_MAX_MS - DAY_MS);
        DateTime::UNIX_EPOCH
            .checked_add_signed(TimeDelta::milliseconds(millis))
            .unwrap_or(DateTime::UNIX_EPOCH)
            .with_timezone(&tz)
    }
}

/// Why a text is not a [`Timestamp`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not an instant; write it like 2023-03-23T10:00:00+08:00 or 2023-03-23T02:00:00.000Z"
)]
pub struct TimestampError {
    /// What was given, cut to 64 characters.
    pub text: String,
}

impl TimestampError {
    fn new(text: &str) -> Self {
        Self {
            text: text.chars().take(64).collect(),
        }
    }

    /// The same in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::new(
            format!(
                "“{}”不是有效的时刻；请写成 2023-03-23T10:00:00+08:00 这样的形式",
                self.text
            ),
            self.to_string(),
        )
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339. Digits finer than a millisecond are cut off, never rounded up: an act
    /// done before the due instant must not be moved onto it.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let read = DateTime::parse_from_rfc3339(text).map_err(|_| TimestampError::new(text))?;
        Ok(Self(read.timestamp_millis()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_millis(self.0) {
            Some(at) if (CIVIL_MIN_MS..=CIVIL_MAX_MS).contains(&self.0) => {
                f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
            }
            _ => write!(f, "{} ms from the epoch", self.0),
        }
    }
}

/// Why a text is not a local time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a local time; write it like 2023-03-23 10:00, 2023-03-23 10:00:30 or 2023-03-23 10:00:30.500"
)]
pub struct LocalTimeError {
    /// What was given, cut to 64 characters.
    pub text: String,
}

impl LocalTimeError {
    /// The same in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::new(
            format!(
                "“{}”不是有效的本地时间；请写成 2023-03-23 10:00 或 2023-03-23 10:00:30.500",
                self.text
            ),
            self.to_string(),
        )
    }
}

/// Reads a civil time in `tz`: `2023-03-23 10:00`, with seconds and milliseconds if wanted, and
/// `T` instead of the space if liked.
///
/// A time skipped by daylight saving is moved on by the length of the gap; one that occurs
/// twice means the first.
///
/// # Errors
///
/// [`LocalTimeError`] when the text has another form or no such date exists.
///
/// # Source
///
/// RFC 5545, section 3.3.5, for gaps and folds.
pub fn parse_local(tz: Tz, text: &str) -> Result<Timestamp, LocalTimeError> {
    const FORMS: [&str; 4] = [
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%M:%S%.f",
    ];
    FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .and_then(|local| zone::instant(tz, local))
        .ok_or_else(|| LocalTimeError {
            text: text.chars().take(64).collect(),
        })
}
