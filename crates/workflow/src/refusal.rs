use groundbreak_sla::Timestamp;
use serde::Serialize;

use crate::{EffectId, FieldType, GeneralRefusal, Language, Text};

/// Why the rules do not allow a command now. Nothing was written.
///
/// The text of each says what was refused and what to do; [`Refusal::code`] is stable and has a
/// page in `docs/errors`.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
#[error("{}", self.text())]
pub enum Refusal {
    /// No workflow of that name and version is published.
    UnknownWorkflow {
        /// The name asked for.
        workflow: String,
        /// The version asked for.
        version: Option<u32>,
        /// The names that are published.
        known: Vec<String>,
    },
    /// There is no such case.
    CaseNotFound {
        /// The case asked for.
        case: String,
    },
    /// A case with this id is open already.
    CaseExists {
        /// Its number.
        number: String,
    },
    /// The case has reached its end.
    CaseClosed {
        /// Its number.
        number: String,
    },
    /// The case has moved on since the actor looked.
    StaleRevision {
        /// The revision the actor saw.
        seen: u64,
        /// The revision now.
        actual: u64,
    },
    /// The same command was carried out before, as something else.
    CommandReused {
        /// The command.
        command: String,
    },
    /// The actor has none of the roles that may do this.
    RoleNotAllowed {
        /// The act, by its title.
        act: Text,
        /// The roles that may, by their titles.
        needed: Vec<Text>,
        /// The roles held, by name.
        held: Vec<String>,
    },
    /// The actor has acted in this case in a role that must be another person.
    SamePerson {
        /// The role asked for.
        role: Text,
        /// The role that must be another person.
        other: Text,
    },
    /// The workflow has no such event.
    UnknownEvent {
        /// The event.
        event: String,
        /// A name it may have meant.
        suggestion: Option<String>,
    },
    /// The event exists, but not from where the case is.
    NotAllowedHere {
        /// The act, by its title.
        act: Text,
        /// Where the case is, by title.
        states: Vec<Text>,
        /// What can be done instead.
        possible: Vec<Text>,
    },
    /// The condition of the step does not hold.
    ConditionNotMet {
        /// The act, by its title.
        act: Text,
        /// The conditions, as the workflow writes them.
        conditions: Vec<String>,
    },
    /// Documents are missing.
    DocumentsMissing {
        /// The act, by its title.
        act: Text,
        /// The documents, by title.
        missing: Vec<Text>,
    },
    /// A legal gate is closed.
    GateClosed {
        /// The act, by its title.
        act: Text,
        /// The gates that are closed.
        gates: Vec<ClosedGate>,
    },
    /// A fact is missing, unknown, or not what its field takes.
    InvalidData {
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: Text,
    },
    /// An identifier is not of the form its standard gives it, or its check character does not agree.
    InvalidIdentifier {
        /// The field.
        field: String,
        /// What the field takes.
        identifier: FieldType,
        /// What is wrong with it, where, and what to do.
        problem: Text,
    },
    /// A number or an amount is below or above what its field takes.
    OutOfBounds {
        /// The field.
        field: String,
        /// The least it takes; an amount in yuan.
        #[serde(skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// The most it takes.
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
        /// What is wrong with it, and what it may have been meant for.
        problem: Text,
    },
    /// The workflow has no such document.
    UnknownDocument {
        /// The document.
        document: String,
        /// A name it may have meant.
        suggestion: Option<String>,
    },
    /// A document cannot be deferred, or not now.
    NotDeferrable {
        /// The document, by title.
        document: Text,
        /// Why, and what to do.
        problem: Text,
    },
    /// A document of the case was deferred before and did not come in time.
    DeferralBlocked {
        /// That document, by title.
        document: Text,
    },
    /// The document is not deferred, or its time is over.
    NotDeferred {
        /// The document, by title.
        document: Text,
    },
    /// A text or name is empty, too long, or not of its form.
    InvalidInput {
        /// Which input.
        input: String,
        /// What is wrong with it.
        problem: Text,
    },
    /// The instant given lies in the future.
    InTheFuture {
        /// The instant given.
        effective_at: Timestamp,
        /// Now.
        now: Timestamp,
    },
    /// The instant given lies before a fact already recorded.
    OutOfOrder {
        /// The instant given.
        effective_at: Timestamp,
        /// When the newest fact of the case happened.
        newest: Timestamp,
    },
    /// The actor's role may not record late.
    LateRecordNotAllowed {
        /// The role acting, by its title.
        role: Text,
    },
    /// What is recorded late needs a reason.
    LateRecordNeedsReason,
    /// Only timers do this.
    OnlyTheClock,
    /// Only other cases do this.
    OnlyCases,
    /// The effect does not wait for this: it is not one of the case, was done or dropped, or it is
    /// still being tried.
    EffectNotWaiting {
        /// The effect.
        effect: EffectId,
    },
    /// No timer of the case is due.
    NothingDue,
    /// Nothing of the case counts on an older version of its calendar.
    NothingToFollow,
    /// The case is not on a version that is migrated from: often it was moved before.
    NothingToMigrate {
        /// Its number.
        number: String,
        /// The version it is on.
        version: u32,
    },
    /// A general act is not allowed, or an event waits for one.
    #[serde(untagged)]
    General(GeneralRefusal),
}

impl From<GeneralRefusal> for Refusal {
    fn from(refusal: GeneralRefusal) -> Self {
        Self::General(refusal)
    }
}

/// A gate that is closed, and the law that closes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosedGate {
    /// Its name.
    pub gate: String,
    /// What must hold.
    pub title: Text,
    /// The law that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub law: Option<Text>,
}

impl Refusal {
    /// Returns the stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownWorkflow { .. } => "unknown-workflow",
            Self::CaseNotFound { .. } => "case-not-found",
            Self::CaseExists { .. } => "case-exists",
            Self::CaseClosed { .. } => "case-closed",
            Self::StaleRevision { .. } => "stale-revision",
            Self::CommandReused { .. } => "command-reused",
            Self::RoleNotAllowed { .. } => "role-not-allowed",
            Self::SamePerson { .. } => "same-person",
            Self::UnknownEvent { .. } => "unknown-event",
            Self::NotAllowedHere { .. } => "not-allowed-here",
            Self::ConditionNotMet { .. } => "condition-not-met",
            Self::DocumentsMissing { .. } => "documents-missing",
            Self::GateClosed { .. } => "gate-closed",
            Self::InvalidData { .. } => "invalid-data",
            Self::InvalidIdentifier { .. } => "invalid-identifier",
            Self::OutOfBounds { .. } => "out-of-bounds",
            Self::UnknownDocument { .. } => "unknown-document",
            Self::NotDeferrable { .. } => "not-deferrable",
            Self::DeferralBlocked { .. } => "deferral-blocked",
            Self::NotDeferred { .. } => "not-deferred",
            Self::InvalidInput { .. } => "invalid-input",
            Self::InTheFuture { .. } => "in-the-future",
            Self::OutOfOrder { .. } => "out-of-order",
            Self::LateRecordNotAllowed { .. } => "late-record-not-allowed",
            Self::LateRecordNeedsReason => "late-record-needs-reason",
            Self::OnlyTheClock => "only-the-clock",
            Self::OnlyCases => "only-cases",
            Self::EffectNotWaiting { .. } => "effect-not-waiting",
            Self::NothingDue => "nothing-due",
            Self::NothingToFollow => "nothing-to-follow",
            Self::NothingToMigrate { .. } => "nothing-to-migrate",
            Self::General(refusal) => refusal.code(),
        }
    }

    /// Returns the field that this is about, and what is wrong with the fact given for it.
    pub fn about_field(&self) -> Option<(&str, &Text)> {
        match self {
            Self::InvalidData { field, problem }
            | Self::InvalidIdentifier { field, problem, .. }
            | Self::OutOfBounds { field, problem, .. } => Some((field, problem)),
            _ => None,
        }
    }

    /// Returns what was refused, why, and what to do, in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::General(refusal) => refusal.text(),
            Self::UnknownWorkflow {
                workflow,
                version,
                known,
            } => {
                let version = version
                    .map(|version| format!(" {version}"))
                    .unwrap_or_default();
                Text::new(
                    format!(
                        "没有发布过流程“{workflow}”{version}。已发布的有：{}。",
                        known.join("、")
                    ),
                    format!(
                        "Workflow \"{workflow}\"{version} is not published. Published are: {}.",
                        known.join(", ")
                    ),
                )
            }
            Self::CaseNotFound { case } => Text::new(
                format!("没有办件“{case}”。请核对编号。"),
                format!("There is no case \"{case}\". Check the number."),
            ),
            Self::CaseExists { number } => Text::new(
                format!("该办件已经存在，编号 {number}。请打开它，或换一个标识。"),
                format!("The case exists already as {number}. Open that one, or use another id."),
            ),
            Self::CaseClosed { number } => Text::new(
                format!("办件 {number} 已办结，不再受理操作。"),
                format!("Case {number} is closed and takes no further acts."),
            ),
            Self::StaleRevision { seen, actual } => Text::new(
                format!("依据第 {seen} 版填写，现为第 {actual} 版。请载入新版后再提交。"),
                format!(
                    "You acted on version {seen}; the case is now at version {actual}. Load it, then submit again."
                ),
            ),
            Self::CommandReused { command } => Text::new(
                format!("命令标识 {command} 已用于另一件事。请换一个新的标识。"),
                format!("Command id {command} was used for something else. Send a new id."),
            ),
            Self::RoleNotAllowed { act, needed, held } => Text::new(
                format!(
                    "“{}”须由{}办理；当前角色：{}。请转给有此角色的人。",
                    act.zh,
                    join(needed, Language::Zh, "或"),
                    held_zh(held)
                ),
                format!(
                    "\"{}\" is for {}; you hold: {}. Hand it to somebody with that role.",
                    act.en,
                    join(needed, Language::En, " or "),
                    held_en(held)
                ),
            ),
            Self::SamePerson { role, other } => Text::new(
                format!("同一人不能既是{}又是{}。请由他人办理。", role.zh, other.zh),
                format!(
                    "One person cannot be both {} and {} of a case. Somebody else must do this.",
                    role.en, other.en
                ),
            ),
            Self::UnknownEvent { event, suggestion } => Text::new(
                format!(
                    "本流程没有事件“{event}”。{}",
                    meant_zh(suggestion.as_deref())
                ),
                format!(
                    "This workflow has no event \"{event}\". {}",
                    meant_en(suggestion.as_deref())
                ),
            ),
            Self::NotAllowedHere {
                act,
                states,
                possible,
            } => Text::new(
                format!(
                    "办件现处“{}”，不能“{}”。现在可以：{}。",
                    join(states, Language::Zh, "、"),
                    act.zh,
                    or_nothing(possible, Language::Zh, "、")
                ),
                format!(
                    "The case is at \"{}\": \"{}\" cannot be done from there. Possible now: {}.",
                    join(states, Language::En, ", "),
                    act.en,
                    or_nothing(possible, Language::En, ", ")
                ),
            ),
            Self::ConditionNotMet { act, conditions } => Text::new(
                format!(
                    "“{}”的条件不成立：{}。请先核对或更正相关信息。",
                    act.zh,
                    conditions.join("；")
                ),
                format!(
                    "The condition of \"{}\" does not hold: {}. Check or correct the facts first.",
                    act.en,
                    conditions.join("; ")
                ),
            ),
            Self::DocumentsMissing { act, missing } => Text::new(
                format!(
                    "“{}”尚缺材料：{}。请先上传。",
                    act.zh,
                    join(missing, Language::Zh, "、")
                ),
                format!(
                    "\"{}\" lacks documents: {}. Attach them first.",
                    act.en,
                    join(missing, Language::En, ", ")
                ),
            ),
            Self::GateClosed { act, gates } => Text::new(
                format!("不得“{}”：{}。", act.zh, gates_text(gates, Language::Zh)),
                format!(
                    "\"{}\" is not allowed: {}.",
                    act.en,
                    gates_text(gates, Language::En)
                ),
            ),
            Self::InvalidData { field, problem }
            | Self::InvalidIdentifier { field, problem, .. }
            | Self::OutOfBounds { field, problem, .. } => Text::new(
                format!("“{field}”有误：{}", problem.zh),
                format!("\"{field}\" is not right: {}", problem.en),
            ),
            Self::UnknownDocument {
                document,
                suggestion,
            } => Text::new(
                format!(
                    "本流程没有材料“{document}”。{}",
                    meant_zh(suggestion.as_deref())
                ),
                format!(
                    "This workflow has no document \"{document}\". {}",
                    meant_en(suggestion.as_deref())
                ),
            ),
            Self::NotDeferrable { document, problem } => Text::new(
                format!("“{}”不能容缺：{}", document.zh, problem.zh),
                format!("\"{}\" cannot follow later: {}", document.en, problem.en),
            ),
            Self::DeferralBlocked { document } => Text::new(
                format!(
                    "本办件容缺的“{}”逾期未补，不再容缺受理。请先收齐材料再办。",
                    document.zh
                ),
                format!(
                    "\"{}\" of this case did not follow in time, so nothing more may follow later. Take in the papers first.",
                    document.en
                ),
            ),
            Self::NotDeferred { document } => Text::new(
                format!(
                    "“{}”没有在容缺期内，不能延期。请核对材料清单。",
                    document.zh
                ),
                format!(
                    "\"{}\" is not deferred now, so its time cannot be extended. Check the list of papers.",
                    document.en
                ),
            ),
            Self::InvalidInput { input, problem } => Text::new(
                format!("“{input}”有误：{}", problem.zh),
                format!("\"{input}\" is not right: {}", problem.en),
            ),
            Self::InTheFuture { effective_at, now } => Text::new(
                format!("发生时间 {effective_at} 晚于现在 {now}。只能登记已经发生的事。"),
                format!(
                    "{effective_at} lies after now, {now}. Only what has happened can be recorded."
                ),
            ),
            Self::OutOfOrder {
                effective_at,
                newest,
            } => Text::new(
                format!(
                    "发生时间 {effective_at} 早于已登记的最新进展 {newest}。请填不早于它的时间。"
                ),
                format!(
                    "{effective_at} lies before the newest fact of the case, {newest}. Give a time not before that."
                ),
            ),
            Self::LateRecordNotAllowed { role } => Text::new(
                format!("{}无补登权限。请由有权限的角色补登。", role.zh),
                format!("{} may not record late. Ask a role that may.", role.en),
            ),
            Self::LateRecordNeedsReason => Text::new(
                "补登须写明原因。请填写备注。",
                "What is recorded late needs its reason. Write it as the note.",
            ),
            Self::OnlyTheClock => Text::new("此操作只由计时器发出。", "Only timers do this."),
            Self::OnlyCases => Text::new("此操作只由其他办件发出。", "Only other cases do this."),
            Self::EffectNotWaiting { effect } => Text::new(
                format!(
                    "没有第 {effect} 项待处理的发送：它已送达、已放弃，或仍在重试。请重新载入办件。"
                ),
                format!(
                    "Effect {effect} of the case does not wait for this: it was done or dropped, or is still being tried. Load the case again."
                ),
            ),
            Self::NothingDue => Text::new("没有到期的计时器。", "No timer is due."),
            Self::NothingToFollow => Text::new(
                "办件已按最新的日历计算。",
                "The case counts on the newest calendar already.",
            ),
            Self::NothingToMigrate { number, version } => Text::new(
                format!("办件 {number} 在第 {version} 版，不在本次迁移之列。"),
                format!(
                    "Case {number} is on version {version}, which this migration does not move."
                ),
            ),
        }
    }
}

fn join(texts: &[Text], language: Language, separator: &str) -> String {
    texts
        .iter()
        .map(|text| text.get(language))
        .collect::<Vec<_>>()
        .join(separator)
}

fn or_nothing(texts: &[Text], language: Language, separator: &str) -> String {
    match (texts.is_empty(), language) {
        (true, Language::Zh) => "无（等待计时或他方）".into(),
        (true, Language::En) => "nothing (a timer or somebody else is awaited)".into(),
        (false, _) => join(texts, language, separator),
    }
}

fn held_zh(held: &[String]) -> String {
    if held.is_empty() {
        "无".into()
    } else {
        held.join("、")
    }
}

fn held_en(held: &[String]) -> String {
    if held.is_empty() {
        "none".into()
    } else {
        held.join(", ")
    }
}

fn meant_zh(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(|| "请核对名称。".into(), |name| format!("是否指“{name}”？"))
}

fn meant_en(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(
        || "Check the name.".into(),
        |name| format!("Did you mean \"{name}\"?"),
    )
}

fn gates_text(gates: &[ClosedGate], language: Language) -> String {
    gates
        .iter()
        .map(|gate| match (&gate.law, language) {
            (Some(law), Language::Zh) => format!("须先“{}”（{}）", gate.title.zh, law.zh),
            (None, Language::Zh) => format!("须先“{}”", gate.title.zh),
            (Some(law), Language::En) => format!("first needed: {} ({})", gate.title.en, law.en),
            (None, Language::En) => format!("first needed: {}", gate.title.en),
        })
        .collect::<Vec<_>>()
        .join(if language == Language::Zh {
            "；"
        } else {
            "; "
        })
}
