use serde::Serialize;

use crate::Text;

/// Why a case cannot be carried over to another version. It stays where it is.
///
/// The text of each says what stands in the way and what to do; [`Obstacle::code`] is stable and
/// has a page in `docs/errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Obstacle {
    /// The new version does not have a state the case is in, and nothing takes its place.
    MigrateNoCounterpart {
        /// The state.
        state: String,
        /// Its title in the old version.
        title: Text,
        /// A state of the new version it may have become.
        suggestion: Option<String>,
    },
    /// The states that take the place of those it is in cannot be active together.
    MigrateNotTogether {
        /// The first states that do not go together, of the new version.
        states: Vec<String>,
    },
    /// What a history state remembers has no counterpart, or cannot be remembered any more.
    MigrateMemory {
        /// The history state, by its old name.
        history: String,
        /// What it remembers.
        states: Vec<String>,
    },
    /// The mapping would end the case.
    MigrateWouldEnd {
        /// The end it is mapped to.
        state: String,
    },
    /// The new version has no field for a fact of the case.
    MigrateFactUnknown {
        /// The field.
        field: String,
        /// Its title in the old version.
        title: Text,
    },
    /// The new version does not take a fact of the case as it is.
    MigrateFactNotTaken {
        /// The field.
        field: String,
        /// What is wrong with the fact.
        problem: Text,
    },
    /// The new version needs a fact that nobody has recorded.
    MigrateFactMissing {
        /// The field.
        field: String,
        /// Its title.
        title: Text,
    },
    /// Somebody acted in a role that another person must hold, and the new version does not have it.
    MigrateRoleGone {
        /// The role.
        role: String,
        /// Its title in the old version.
        title: Text,
    },
    /// A clock that has counted would count in another way, so that what is over would be counted
    /// anew.
    MigrateClockCountsOtherwise {
        /// The clock.
        clock: String,
        /// Its title in the new version.
        title: Text,
    },
    /// A clock that counts would have ended before, by the new version.
    MigrateClockEndedBefore {
        /// The clock.
        clock: String,
        /// Its title in the new version.
        title: Text,
    },
    /// From where the case would be under the new version it could not come to its end.
    MigrateCannotComplete {
        /// The states it would be in.
        states: Vec<String>,
    },
    /// The new version counts on another calendar.
    MigrateOtherCalendar {
        /// The calendar of the old version.
        from: String,
        /// The calendar of the new one.
        to: String,
    },
    /// The case cannot run under the new version.
    MigrateCannotRun {
        /// Why.
        problem: String,
    },
}

impl Obstacle {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MigrateNoCounterpart { .. } => "migrate-no-counterpart",
            Self::MigrateNotTogether { .. } => "migrate-not-together",
            Self::MigrateMemory { .. } => "migrate-memory",
            Self::MigrateWouldEnd { .. } => "migrate-would-end",
            Self::MigrateFactUnknown { .. } => "migrate-fact-unknown",
            Self::MigrateFactNotTaken { .. } => "migrate-fact-not-taken",
            Self::MigrateFactMissing { .. } => "migrate-fact-missing",
            Self::MigrateRoleGone { .. } => "migrate-role-gone",
            Self::MigrateClockCountsOtherwise { .. } => "migrate-clock-counts-otherwise",
            Self::MigrateClockEndedBefore { .. } => "migrate-clock-ended-before",
            Self::MigrateCannotComplete { .. } => "migrate-cannot-complete",
            Self::MigrateOtherCalendar { .. } => "migrate-other-calendar",
            Self::MigrateCannotRun { .. } => "migrate-cannot-run",
        }
    }

    /// Returns what stands in the way, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::MigrateNoCounterpart { state, title, .. } => Text::new(
                format!("办件现处“{}”（{state}），新版没有对应的环节。", title.zh),
                format!(
                    "The case is at \"{}\" ({state}), and nothing in the new version takes its place.",
                    title.en
                ),
            ),
            Self::MigrateNotTogether { states } => Text::new(
                format!("对应后的环节不能同时存在：{}。", states.join("、")),
                format!(
                    "The states it maps to cannot be active together: {}.",
                    states.join(", ")
                ),
            ),
            Self::MigrateMemory { history, states } => Text::new(
                format!(
                    "历史状态“{history}”所记的环节在新版没有对应：{}。",
                    states.join("、")
                ),
                format!(
                    "What history state \"{history}\" remembers has no counterpart: {}.",
                    states.join(", ")
                ),
            ),
            Self::MigrateWouldEnd { state } => Text::new(
                format!("对应到“{state}”会使办件办结；办结须由有权的人办理。"),
                format!(
                    "Mapping it to \"{state}\" would end the case, which is for those who may."
                ),
            ),
            Self::MigrateFactUnknown { field, title } => Text::new(
                format!("新版没有信息项“{}”（{field}），而办件已有记录。", title.zh),
                format!(
                    "The new version has no field \"{}\" ({field}), and the case has a value for it.",
                    title.en
                ),
            ),
            Self::MigrateFactNotTaken { field, problem } => Text::new(
                format!("新版不接受办件现有的“{field}”：{}", problem.zh),
                format!(
                    "The new version does not take the \"{field}\" the case has: {}",
                    problem.en
                ),
            ),
            Self::MigrateFactMissing { field, title } => Text::new(
                format!("新版必填“{}”（{field}），办件没有。", title.zh),
                format!(
                    "The new version needs \"{}\" ({field}), and the case lacks it.",
                    title.en
                ),
            ),
            Self::MigrateRoleGone { role, title } => Text::new(
                format!(
                    "有人以“{}”（{role}）办理过，须与他人分离，而新版没有这个角色。",
                    title.zh
                ),
                format!(
                    "Somebody acted as \"{}\" ({role}), which must be another person, and the new version has no such role.",
                    title.en
                ),
            ),
            Self::MigrateClockCountsOtherwise { clock, title } => Text::new(
                format!(
                    "时限“{}”（{clock}）的计日或延时规则变了，已计的时间会被重算。",
                    title.zh
                ),
                format!(
                    "Clock \"{}\" ({clock}) counts its days or overtime in another way: what is counted already would be counted anew.",
                    title.en
                ),
            ),
            Self::MigrateClockEndedBefore { clock, title } => Text::new(
                format!("时限“{}”（{clock}）仍在计，而按新版早应停止。", title.zh),
                format!(
                    "Clock \"{}\" ({clock}) counts, and by the new version would have ended before.",
                    title.en
                ),
            ),
            Self::MigrateCannotComplete { states } => Text::new(
                format!(
                    "迁移后办件会处在“{}”，从那里到不了办结。",
                    states.join("、")
                ),
                format!(
                    "It would be at {}, from where it could not come to its end.",
                    states.join(", ")
                ),
            ),
            Self::MigrateOtherCalendar { from, to } => Text::new(
                format!("两个版本的日历不同：{from}、{to}。"),
                format!("The versions count on different calendars: {from}, {to}."),
            ),
            Self::MigrateCannotRun { problem } => Text::new(
                format!("办件不能在新版下继续：{problem}。"),
                format!("The case cannot go on under the new version: {problem}."),
            ),
        }
    }

    /// Returns what the operator can do about it, in both languages.
    #[must_use]
    pub fn remedy(&self) -> Text {
        match self {
            Self::MigrateNoCounterpart {
                state, suggestion, ..
            } => {
                let new = suggestion.as_deref();
                Text::new(
                    format!(
                        "请用 --map {state}={}，或 --drop {state}。",
                        new.unwrap_or("新环节")
                    ),
                    format!(
                        "Add --map {state}={}, or --drop {state}.",
                        new.unwrap_or("NEW")
                    ),
                )
            }
            Self::MigrateNotTogether { .. } | Self::MigrateCannotComplete { .. } => Text::new(
                "请改用别的对应，或舍弃其中一个环节（--drop）。",
                "Map them to other states, or drop one of those the case is in (--drop).",
            ),
            Self::MigrateMemory { states, .. } => {
                let one = states.first().map_or("STATE", String::as_str);
                Text::new(
                    format!("请用 --map {one}=新环节，或用 --drop {one} 忘掉它。"),
                    format!("Add --map {one}=NEW, or forget it with --drop {one}."),
                )
            }
            Self::MigrateWouldEnd { .. } => Text::new(
                "请对应到未办结的环节，或先在旧版办结。",
                "Map it to a state that is no end, or end the case on its version.",
            ),
            Self::MigrateFactUnknown { field, .. } => Text::new(
                format!("请用 --forget {field}；记录仍在日志中。"),
                format!("Add --forget {field}; it stays in the journal."),
            ),
            Self::MigrateFactNotTaken { field, .. } | Self::MigrateFactMissing { field, .. } => {
                Text::new(
                    format!("请先更正，或用 --set {field}=值。"),
                    format!("Correct it first, or add --set {field}=VALUE."),
                )
            }
            Self::MigrateRoleGone { role, .. } => Text::new(
                format!("请用 --map-role {role}=新角色。"),
                format!("Add --map-role {role}=NEW."),
            ),
            Self::MigrateClockCountsOtherwise { .. } | Self::MigrateClockEndedBefore { .. } => {
                Text::new(
                    "请在新版中给它另起名称：旧时限作废，新时限按日志起算。",
                    "Give it another name in the new version: the old clock is cancelled, and the new one counts as the journal says.",
                )
            }
            Self::MigrateOtherCalendar { from, .. } => Text::new(
                format!("请让新版沿用 {from}，或让办件在旧版办结。"),
                format!("Let the new version keep {from}, or let the case end on the old one."),
            ),
            Self::MigrateCannotRun { .. } => Text::new(
                "请检查新版定义。",
                "Check the definition of the new version.",
            ),
        }
    }
}
