use std::collections::BTreeMap;

use chrono::Weekday;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar_set::CalendarRef;
use crate::text::Text;

/// Opening hours of a day: pairs of opening and closing time, such as `["08:30", "12:00"]`. The
/// closing time is not included. `24:00` is midnight at the end of the day, and times beyond it
/// (to `48:00`) lie on the next date: `["22:00", "30:00"]` is a night shift that ends at 06:00.
pub type Hours = Vec<[String; 2]>;

/// A calendar as it is written in a file, before it is checked.
///
/// Only [`Calendar::compile`](crate::Calendar::compile) says whether it holds together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarSpec {
    /// The name by which workflows refer to it.
    pub id: String,
    /// Goes up by one whenever anything in the calendar changes.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The words on screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The calendar this one extends, nearest first: nation, province, city, centre, window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherits: Option<String>,
    /// The IANA name of the time zone, such as `Asia/Shanghai`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// Hours by weekday.
    #[serde(default)]
    pub weekly: WeeklySpec,
    /// What differs on certain dates, by date (`2023-04-05`). An entry replaces the weekday's hours.
    #[serde(default)]
    pub exceptions: BTreeMap<String, ExceptionSpec>,
    /// Overtime service (延时服务), a second layer: acts done in it are valid, but it makes no
    /// date a working day.
    #[serde(default, skip_serializing_if = "OvertimeSpec::is_empty")]
    pub overtime: OvertimeSpec,
    /// First and last date for which the exceptions are published. Due instants outside are
    /// provisional. Without it the calendar depends on no publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<[String; 2]>,
    /// For the reader of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Which versions were inherited, nearest first. Filled by [`CalendarSpec::inherit`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lineage: Vec<CalendarRef>,
}

fn first_version() -> u32 {
    1
}

/// Hours by weekday. A weekday that is left out is inherited; without a parent it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WeeklySpec {
    /// Monday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mon: Option<Hours>,
    /// Tuesday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tue: Option<Hours>,
    /// Wednesday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wed: Option<Hours>,
    /// Thursday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thu: Option<Hours>,
    /// Friday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fri: Option<Hours>,
    /// Saturday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sat: Option<Hours>,
    /// Sunday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sun: Option<Hours>,
}

impl WeeklySpec {
    /// The hours of one weekday, if they are given here.
    #[must_use]
    pub fn day(&self, weekday: WeekdayName) -> Option<&Hours> {
        match weekday {
            WeekdayName::Mon => self.mon.as_ref(),
            WeekdayName::Tue => self.tue.as_ref(),
            WeekdayName::Wed => self.wed.as_ref(),
            WeekdayName::Thu => self.thu.as_ref(),
            WeekdayName::Fri => self.fri.as_ref(),
            WeekdayName::Sat => self.sat.as_ref(),
            WeekdayName::Sun => self.sun.as_ref(),
        }
    }

    /// Whether no weekday is given here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        WeekdayName::ALL.iter().all(|day| self.day(*day).is_none())
    }

    fn or(self, parent: &Self) -> Self {
        Self {
            mon: self.mon.or_else(|| parent.mon.clone()),
            tue: self.tue.or_else(|| parent.tue.clone()),
            wed: self.wed.or_else(|| parent.wed.clone()),
            thu: self.thu.or_else(|| parent.thu.clone()),
            fri: self.fri.or_else(|| parent.fri.clone()),
            sat: self.sat.or_else(|| parent.sat.clone()),
            sun: self.sun.or_else(|| parent.sun.clone()),
        }
    }
}

/// A weekday as calendar files write it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum WeekdayName {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl WeekdayName {
    /// The week, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    /// The name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

impl From<Weekday> for WeekdayName {
    fn from(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

/// Why a date differs from its weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// A public holiday or a day moved to one. Closed.
    Holiday,
    /// A weekend day that is worked in exchange for a day off (调休上班).
    Makeup,
    /// Closed here, though not elsewhere. Also read as `local-off`.
    #[serde(alias = "local-off")]
    LocalOff,
    /// Other hours than usual, a half day for instance.
    Special,
}

/// What differs on one date.
///
/// Days off take no hours. A make-up or special day takes either `hours`, or `works_as`, the
/// weekday whose hours it takes over. A national table can thus say *that* a Sunday is worked and
/// leave the hours to whoever inherits it: `works_as` is looked up in the nearest weekly hours
/// after inheritance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionSpec {
    /// Why.
    pub kind: ExceptionKind,
    /// Of the holiday, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The hours of this date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// The weekday whose hours this date has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub works_as: Option<WeekdayName>,
}

/// Overtime service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OvertimeSpec {
    /// Every week; not offered on dates that an exception closes.
    #[serde(skip_serializing_if = "WeeklySpec::is_empty")]
    pub weekly: WeeklySpec,
    /// On certain dates, in place of the weekly overtime.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dates: BTreeMap<String, Hours>,
}

impl OvertimeSpec {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weekly.is_empty() && self.dates.is_empty()
    }
}

/// Why a calendar cannot extend another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InheritError {
    /// It names no parent, or a different one.
    #[error("calendar `{child}` inherits {}, not `{given}`", named.as_deref().unwrap_or("nothing"))]
    NotTheParent {
        /// The calendar that was to be extended.
        child: String,
        /// The parent it names.
        named: Option<String>,
        /// The parent it was given.
        given: String,
    },
    /// The parent itself still waits for its parent.
    #[error("calendar `{parent}` must be resolved before `{child}` can inherit it")]
    ParentUnresolved {
        /// The calendar that was to be extended.
        child: String,
        /// The parent that is not resolved.
        parent: String,
    },
}

impl InheritError {
    /// The same in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        let zh = match self {
            Self::NotTheParent {
                child,
                named,
                given,
            } => format!(
                "日历“{child}”继承的是“{}”，不是“{given}”",
                named.as_deref().unwrap_or("（无）")
            ),
            Self::ParentUnresolved { child, parent } => {
                format!("日历“{parent}”自身的继承尚未解析，“{child}”不能继承它")
            }
        };
        Text::new(zh, self.to_string())
    }
}

impl CalendarSpec {
    /// Returns this calendar with everything it leaves open taken from `parent`. The nearer entry
    /// wins: weekdays, exceptions and overtime dates one by one, zone and coverage as a whole.
    ///
    /// # Errors
    ///
    /// [`InheritError::NotTheParent`] when `inherits` names another calendar,
    /// [`InheritError::ParentUnresolved`] when `parent` inherits in turn: resolve from the nation down.
    pub fn inherit(self, parent: &Self) -> Result<Self, InheritError> {
        if self.inherits.as_deref() != Some(parent.id.as_str()) {
            return Err(InheritError::NotTheParent {
                child: self.id,
                named: self.inherits,
                given: parent.id.clone(),
            });
        }
        if parent.inherits.is_some() {
            return Err(InheritError::ParentUnresolved {
                child: self.id,
                parent: parent.id.clone(),
            });
        }
        let mut exceptions = parent.exceptions.clone();
        exceptions.extend(self.exceptions);
        let mut overtime_dates = parent.overtime.dates.clone();
        overtime_dates.extend(self.overtime.dates);
        let mut lineage = self.lineage;
        lineage.push(CalendarRef::new(parent.id.clone(), parent.version));
        lineage.extend(parent.lineage.iter().cloned());
        Ok(Self {
            id: self.id,
            version: self.version,
            title: self.title,
            inherits: None,
            tz: self.tz.or_else(|| parent.tz.clone()),
            weekly: self.weekly.or(&parent.weekly),
            exceptions,
            overtime: OvertimeSpec {
                weekly: self.overtime.weekly.or(&parent.overtime.weekly),
                dates: overtime_dates,
            },
            coverage: self.coverage.or_else(|| parent.coverage.clone()),
            note: self.note,
            lineage,
        })
    }
}
