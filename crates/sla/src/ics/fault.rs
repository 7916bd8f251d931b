use std::fmt;

use serde::Serialize;

use crate::text::Text;

/// What can be wrong with an iCalendar file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IcsFaultKind {
    /// It has more bytes than are read.
    TooLong,
    /// A line is not UTF-8.
    NotUtf8,
    /// No calendar stands in it, or something stands outside the calendar.
    NotACalendar,
    /// What begins does not end, or ends where something else began.
    Unbalanced,
    /// A line is not `NAME:VALUE`.
    BadLine,
    /// An event has no start.
    NoStart,
    /// A date or time is not one, or lies outside the years a calendar holds.
    BadDate,
    /// The end is not after the start, or there is no end that can be used.
    BadEnd,
    /// An event names a time zone that is not in the database.
    UnknownZone,
    /// Neither the file nor the caller names a time zone.
    NoZone,
    /// The rule of a recurring event is one that is not read.
    Recurrence,
    /// It cannot be told whether the day is off or worked.
    Unclear,
    /// Only part of the day is meant, and its hours are not given.
    NoHours,
    /// The hours are not ones an office can have.
    BadHours,
    /// Part of a day is off, which takes the hours that remain.
    PartlyOff,
    /// Two events say different things about one date.
    Conflict,
    /// A property `X-GROUNDBREAK-…` has a value it cannot have.
    BadMark,
    /// The years asked for are reversed, or outside those a calendar holds.
    BadYears,
    /// There is more than a calendar may have.
    TooMany,
}

impl IcsFaultKind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::TooLong,
        Self::NotUtf8,
        Self::NotACalendar,
        Self::Unbalanced,
        Self::BadLine,
        Self::NoStart,
        Self::BadDate,
        Self::BadEnd,
        Self::UnknownZone,
        Self::NoZone,
        Self::Recurrence,
        Self::Unclear,
        Self::NoHours,
        Self::BadHours,
        Self::PartlyOff,
        Self::Conflict,
        Self::BadMark,
        Self::BadYears,
        Self::TooMany,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "ics-too-long",
            Self::NotUtf8 => "ics-not-utf8",
            Self::NotACalendar => "ics-not-a-calendar",
            Self::Unbalanced => "ics-unbalanced",
            Self::BadLine => "ics-bad-line",
            Self::NoStart => "ics-no-start",
            Self::BadDate => "ics-bad-date",
            Self::BadEnd => "ics-bad-end",
            Self::UnknownZone => "ics-unknown-zone",
            Self::NoZone => "ics-no-zone",
            Self::Recurrence => "ics-recurrence",
            Self::Unclear => "ics-unclear",
            Self::NoHours => "ics-no-hours",
            Self::BadHours => "ics-bad-hours",
            Self::PartlyOff => "ics-partly-off",
            Self::Conflict => "ics-conflict",
            Self::BadMark => "ics-bad-mark",
            Self::BadYears => "ics-bad-years",
            Self::TooMany => "ics-too-many",
        }
    }
}

/// One thing wrong with an iCalendar file: where, in which event, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IcsFault {
    /// What.
    pub kind: IcsFaultKind,
    /// The line, counted from one. An event is placed at its `BEGIN`.
    pub line: usize,
    /// The summary of the event, cut to 64 characters. Empty where there is none.
    pub event: String,
    /// What stands there, cut to 64 characters. Empty if nothing does.
    pub found: String,
}

impl IcsFault {
    pub(super) fn new(kind: IcsFaultKind, line: usize, found: impl AsRef<str>) -> Self {
        Self {
            kind,
            line,
            event: String::new(),
            found: cut(found.as_ref()),
        }
    }

    /// The same fault, in an event with this summary.
    pub(super) fn of(mut self, summary: &str) -> Self {
        self.event = cut(summary);
        self
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What is wrong, with the event it is wrong in.
    #[must_use]
    pub fn what(&self) -> Text {
        let Text { zh, en } = self.bare();
        if self.event.is_empty() {
            return Text::new(zh, en);
        }
        Text::new(
            format!("事件“{}”：{zh}", self.event),
            format!("event \"{}\": {en}", self.event),
        )
    }

    fn bare(&self) -> Text {
        use IcsFaultKind as Kind;
        let found = &self.found;
        match self.kind {
            Kind::TooLong => Text::new(
                format!("文件过大（{found}）"),
                format!("the file is too long ({found})"),
            ),
            Kind::NotUtf8 => Text::new("这一行不是 UTF-8", "the line is not UTF-8"),
            Kind::NotACalendar if found.is_empty() => Text::new(
                "文件中没有日历（BEGIN:VCALENDAR）",
                "there is no calendar in the file (BEGIN:VCALENDAR)",
            ),
            Kind::NotACalendar => Text::new(
                format!("“{found}”在日历之外"),
                format!("`{found}` stands outside the calendar"),
            ),
            Kind::Unbalanced => Text::new(
                format!("BEGIN 与 END 不成对（{found}）"),
                format!("BEGIN and END do not pair ({found})"),
            ),
            Kind::BadLine => Text::new(
                format!("“{found}”不是“名称:值”"),
                format!("`{found}` is not `NAME:VALUE`"),
            ),
            Kind::NoStart => Text::new("没有 DTSTART", "there is no DTSTART"),
            Kind::BadDate => Text::new(
                format!("“{found}”不是可用的日期或时间"),
                format!("`{found}` is not a usable date or time"),
            ),
            Kind::BadEnd => Text::new(
                format!("结束不在开始之后，或读不懂（{found}）"),
                format!("the end is not after the start, or cannot be read ({found})"),
            ),
            Kind::UnknownZone => Text::new(
                format!("时区“{found}”不认识"),
                format!("the time zone `{found}` is not known"),
            ),
            Kind::NoZone => Text::new(
                "没有指明日历的时区",
                "the time zone of the calendar is not given",
            ),
            Kind::Recurrence => Text::new(
                format!("重复规则“{found}”不受支持"),
                format!("the recurrence `{found}` is not one that is read"),
            ),
            Kind::Unclear => Text::new(
                "看不出这天是休息还是上班",
                "it does not say whether the day is off or worked",
            ),
            Kind::NoHours => Text::new(
                format!("只涉及部分时间，但没有写明时间（{found}）"),
                format!("only part of the day is meant, and its hours are not given ({found})"),
            ),
            Kind::BadHours => Text::new(
                format!("时间“{found}”不能作为工作时间"),
                format!("`{found}` cannot be the hours of an office"),
            ),
            Kind::PartlyOff => Text::new(
                format!("一天中只有部分时间休息（{found}）"),
                format!("only part of the day is off ({found})"),
            ),
            Kind::Conflict => Text::new(
                format!("与另一事件对同一天的说法不同（{found}）"),
                format!("it says something else about a date than another event ({found})"),
            ),
            Kind::BadMark => Text::new(
                format!("X-GROUNDBREAK 属性的值“{found}”无效"),
                format!("`{found}` is not a value of this X-GROUNDBREAK property"),
            ),
            Kind::BadYears => Text::new(
                format!("年份范围无效（{found}）"),
                format!("these years cannot be imported ({found})"),
            ),
            Kind::TooMany => Text::new(
                format!("数量过多（{found}）"),
                format!("there are too many ({found})"),
            ),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Text {
        use IcsFaultKind as Kind;
        match self.kind {
            Kind::TooLong => Text::new(
                "只导出所需年份的事件",
                "export only the events of the years that are needed",
            ),
            Kind::NotUtf8 => Text::new("把文件另存为 UTF-8", "save the file as UTF-8"),
            Kind::NotACalendar => Text::new(
                "给出以 BEGIN:VCALENDAR 开头、以 END:VCALENDAR 结尾的 .ics 文件",
                "give an .ics file that begins with BEGIN:VCALENDAR and ends with END:VCALENDAR",
            ),
            Kind::Unbalanced => Text::new(
                "文件可能不完整：重新下载或导出；每个 BEGIN 都要有对应的 END",
                "the file may be cut off: get it again; every BEGIN needs its END",
            ),
            Kind::BadLine => Text::new(
                "改正这一行；续行以空格开头",
                "correct the line; a line that continues the one before begins with a space",
            ),
            Kind::NoStart => Text::new(
                "写上 DTSTART;VALUE=DATE:20260101 这样的日期，或删去该事件",
                "give it a date such as DTSTART;VALUE=DATE:20260101, or remove the event",
            ),
            Kind::BadDate => Text::new(
                "写成 20260101 或 20260101T083000，1970 至 2099 年之间",
                "write 20260101 or 20260101T083000, between 1970 and 2099",
            ),
            Kind::BadEnd => Text::new(
                "全天事件的 DTEND 是最后一天的次日；DTEND 与 DURATION 只写一个",
                "the DTEND of an all-day event is the day after its last; write DTEND or DURATION, not both",
            ),
            Kind::UnknownZone => Text::new(
                "把 TZID 改为 IANA 时区名，例如 Asia/Shanghai",
                "make the TZID an IANA name such as Asia/Shanghai",
            ),
            Kind::NoZone => Text::new(
                "用 --tz 指明时区，例如 --tz Asia/Shanghai",
                "name one with --tz, such as --tz Asia/Shanghai",
            ),
            Kind::Recurrence => Text::new(
                "改用每年、每月、每周或每天的简单规则且首日符合规则，或逐个写出日期",
                "use a plain yearly, monthly, weekly or daily rule that the first date fits, or write the dates one by one",
            ),
            Kind::Unclear => Text::new(
                "在标题中写“（休）”或“（班）”；或用 --unmarked day-off 把未标明的当作放假，用 --unmarked leave-out 略去",
                "write （休） (off) or （班） (worked) into its summary; or take what is unmarked as off with --unmarked day-off, or leave it out with --unmarked leave-out",
            ),
            Kind::NoHours => Text::new(
                "改为有起止时间的事件，时间写当天的工作时间",
                "make it an event with a start and an end: the hours that are worked that day",
            ),
            Kind::BadHours => Text::new(
                "起止写到整分钟，48 小时之内；当天结束写次日 00:00，不写 23:59",
                "whole minutes, an end within 48 hours, and 00:00 of the next day, not 23:59, for midnight",
            ),
            Kind::PartlyOff => Text::new(
                "改写当天实际工作的时间，标题中不写“休”",
                "give the hours that are worked that day instead, and no word for a day off in its summary",
            ),
            Kind::Conflict => Text::new("只保留其中正确的一个", "keep the one that is right"),
            Kind::BadMark => Text::new(
                "改正该值，或删去该属性",
                "correct the value, or remove the property",
            ),
            Kind::BadYears => Text::new(
                "写 1970 至 2099 之间先后两年，例如 2026..2027",
                "write two years in order between 1970 and 2099, such as 2026..2027",
            ),
            Kind::TooMany => Text::new(
                "删去不需要的事件，或缩小年份范围",
                "remove events that are not needed, or ask for fewer years",
            ),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(64)
        .collect()
}

impl fmt::Display for IcsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at line {}: {}; {}",
            self.code(),
            self.line,
            self.what().en,
            self.remedy().en
        )
    }
}

impl std::error::Error for IcsFault {}
