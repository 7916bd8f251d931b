use std::fmt;

use serde::Serialize;

use crate::text::Text;

/// What can be wrong with a calendar file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CalendarFaultKind {
    /// The id is empty.
    NoId,
    /// It inherits a calendar that was not merged in.
    Uninherited,
    /// No time zone is given.
    NoZone,
    /// The time zone is not in the database.
    UnknownZone,
    /// A time is not `HH:MM`, or beyond `48:00`.
    BadTime,
    /// A closing time is not after its opening time.
    CloseBeforeOpen,
    /// `23:59` stands where midnight is meant.
    LastMinute,
    /// A window opens before the one before it has closed.
    Overlap,
    /// A date is not `YYYY-MM-DD`, does not exist, or lies outside the years a calendar holds.
    BadDate,
    /// A make-up working day has no hours.
    MakeupWithoutHours,
    /// A special day has no hours.
    SpecialWithoutHours,
    /// A day off has hours.
    OffWithHours,
    /// Both `hours` and `works_as` are given.
    TwoSources,
    /// The first date of the coverage is after the last.
    CoverageReversed,
    /// There are 400 days in a row without one working day.
    NoWorkingTime,
    /// There are more entries than a calendar may have.
    TooMany,
}

impl CalendarFaultKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::NoId,
        Self::Uninherited,
        Self::NoZone,
        Self::UnknownZone,
        Self::BadTime,
        Self::CloseBeforeOpen,
        Self::LastMinute,
        Self::Overlap,
        Self::BadDate,
        Self::MakeupWithoutHours,
        Self::SpecialWithoutHours,
        Self::OffWithHours,
        Self::TwoSources,
        Self::CoverageReversed,
        Self::NoWorkingTime,
        Self::TooMany,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoId => "calendar-no-id",
            Self::Uninherited => "calendar-uninherited",
            Self::NoZone => "calendar-no-zone",
            Self::UnknownZone => "calendar-unknown-zone",
            Self::BadTime => "calendar-bad-time",
            Self::CloseBeforeOpen => "calendar-close-before-open",
            Self::LastMinute => "calendar-last-minute",
            Self::Overlap => "calendar-overlap",
            Self::BadDate => "calendar-bad-date",
            Self::MakeupWithoutHours => "calendar-makeup-without-hours",
            Self::SpecialWithoutHours => "calendar-special-without-hours",
            Self::OffWithHours => "calendar-off-with-hours",
            Self::TwoSources => "calendar-two-sources",
            Self::CoverageReversed => "calendar-coverage-reversed",
            Self::NoWorkingTime => "calendar-no-working-time",
            Self::TooMany => "calendar-too-many",
        }
    }
}

/// One thing wrong with a calendar file, where it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarFault {
    /// What.
    pub kind: CalendarFaultKind,
    /// Where in the file: `weekly.mon[1]`, `exceptions.2023-04-23`, `coverage`.
    pub place: String,
    /// What stands there, cut to 64 characters. Empty if nothing does.
    pub found: String,
}

impl CalendarFault {
    pub(crate) fn new(
        kind: CalendarFaultKind,
        place: impl Into<String>,
        found: impl AsRef<str>,
    ) -> Self {
        Self {
            kind,
            place: place.into(),
            found: found.as_ref().chars().take(64).collect(),
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What is wrong.
    #[must_use]
    pub fn what(&self) -> Text {
        use CalendarFaultKind as Kind;
        let found = &self.found;
        match self.kind {
            Kind::NoId => Text::new("日历没有 id", "the calendar has no id"),
            Kind::Uninherited => Text::new(
                format!("所继承的日历“{found}”尚未并入"),
                format!("the inherited calendar `{found}` has not been merged in"),
            ),
            Kind::NoZone => Text::new("没有时区", "there is no time zone"),
            Kind::UnknownZone => Text::new(
                format!("时区“{found}”不存在"),
                format!("there is no time zone `{found}`"),
            ),
            Kind::BadTime => Text::new(
                format!("“{found}”不是有效的时间"),
                format!("`{found}` is not a time"),
            ),
            Kind::CloseBeforeOpen => Text::new(
                format!("结束时间不晚于开始时间（{found}）"),
                format!("the closing time is not after the opening time ({found})"),
            ),
            Kind::LastMinute => Text::new(
                "用 23:59 表示一天结束，会漏掉一分钟",
                "23:59 as the end of the day leaves a minute out",
            ),
            Kind::Overlap => Text::new(
                format!("与前一时段重叠（{found}）"),
                format!("the window overlaps the one before it ({found})"),
            ),
            Kind::BadDate => Text::new(
                format!("“{found}”不是有效的日期"),
                format!("`{found}` is not a usable date"),
            ),
            Kind::MakeupWithoutHours => Text::new(
                "调休上班日没有工作时间",
                "a make-up working day has no hours",
            ),
            Kind::SpecialWithoutHours => {
                Text::new("特殊安排日没有工作时间", "a special day has no hours")
            }
            Kind::OffWithHours => Text::new("休息日却写了工作时间", "a day off has hours"),
            Kind::TwoSources => Text::new(
                "同时写了 hours 和 works_as",
                "both `hours` and `works_as` are given",
            ),
            Kind::CoverageReversed => Text::new(
                format!("已公布范围的起始晚于结束（{found}）"),
                format!("the coverage begins after it ends ({found})"),
            ),
            Kind::NoWorkingTime => Text::new(
                format!("从 {found} 起连续 400 天没有工作日"),
                format!("there is no working day in the 400 days from {found}"),
            ),
            Kind::TooMany => Text::new(
                format!("条目过多（{found}）"),
                format!("there are too many entries ({found})"),
            ),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Text {
        use CalendarFaultKind as Kind;
        match self.kind {
            Kind::NoId => Text::new("写上 id", "give it an id"),
            Kind::Uninherited => Text::new(
                "先装载上级日历再编译，或删去 inherits",
                "load the parent calendar first, or remove `inherits`",
            ),
            Kind::NoZone | Kind::UnknownZone => Text::new(
                "写 IANA 时区名，例如 Asia/Shanghai",
                "write an IANA name such as Asia/Shanghai",
            ),
            Kind::BadTime => Text::new(
                "写成 HH:MM；24:00 是当天结束，次日 06:00 写 30:00，最晚 48:00",
                "write HH:MM; 24:00 is the end of the day, 30:00 is 06:00 of the next, 48:00 the last",
            ),
            Kind::CloseBeforeOpen => Text::new(
                "调换两个时间；跨夜时段的结束写成 24:00 以后，例如 30:00",
                "swap the two; a window that runs over midnight closes beyond 24:00, at 30:00 for instance",
            ),
            Kind::LastMinute => Text::new("写 24:00", "write 24:00"),
            Kind::Overlap => Text::new(
                "合并或缩短时段，并按时间排列",
                "merge or shorten the windows, and order them by time",
            ),
            Kind::BadDate => Text::new(
                "写成 YYYY-MM-DD，1970 至 2099 年之间",
                "write YYYY-MM-DD, between 1970 and 2099",
            ),
            Kind::MakeupWithoutHours | Kind::SpecialWithoutHours => Text::new(
                "写上 hours，或用 works_as 指明按星期几上班，且那天须有工作时间",
                "give `hours`, or say with `works_as` which weekday's hours it takes; that weekday must have some",
            ),
            Kind::OffWithHours => Text::new(
                "删去工作时间，或把 kind 改为 special",
                "remove the hours, or make the kind `special`",
            ),
            Kind::TwoSources => Text::new("只保留其中一个", "keep one of them"),
            Kind::CoverageReversed => Text::new("调换两个日期", "swap the two dates"),
            Kind::NoWorkingTime => Text::new(
                "在 weekly 中至少给一个工作日写上时间",
                "give at least one weekday hours in `weekly`",
            ),
            Kind::TooMany => {
                Text::new("删去过期的条目", "remove entries that are no longer needed")
            }
        }
    }
}

impl fmt::Display for CalendarFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {}: {}; {}",
            self.code(),
            self.place,
            self.what().en,
            self.remedy().en
        )
    }
}

impl std::error::Error for CalendarFault {}
