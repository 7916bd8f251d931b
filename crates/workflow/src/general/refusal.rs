use groundbreak_sla::{Goal, Timestamp};
use serde::Serialize;

use crate::Text;
use crate::supervision::OrderStage;

/// Why a general act, or an event that waits for one, is not allowed now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GeneralRefusal {
    /// The workflow wants somebody to hold the case before an event is sent.
    NoHandler,
    /// Somebody holds the case already.
    AlreadyHeld {
        /// Their name.
        by: String,
    },
    /// Only who holds the case does this.
    NotTheHandler {
        /// The act, by its title.
        act: Text,
        /// Name of who does.
        by: Option<String>,
    },
    /// No role of the workflow may do this.
    NoRoleMay {
        /// The act, by its title.
        act: Text,
        /// The word that a role would need under `may`.
        permission: &'static str,
    },
    /// The same person urged less than an hour ago.
    UrgedRecently {
        /// When they may again.
        next_at: Timestamp,
    },
    /// This opinion is asked for already.
    ReviewAlreadyAsked {
        /// Name of who was asked.
        of: String,
    },
    /// No opinion is asked of who would give it.
    ReviewNotAsked,
    /// The case has no such order.
    UnknownOrder {
        /// The number asked for.
        order: u32,
    },
    /// The order answers to somebody else.
    NotYourOrder {
        /// Its number.
        order: u32,
        /// Name of who answers for it.
        to: String,
    },
    /// The order is not as far as this, or further.
    OrderStep {
        /// Its number.
        order: u32,
        /// How far it is.
        stage: OrderStage,
    },
    /// The handling is suspended for this reason already.
    AlreadySuspended {
        /// The reason.
        reason: String,
    },
    /// The handling is not suspended for this reason.
    NotSuspended {
        /// The reasons for which it is.
        reasons: Vec<String>,
    },
    /// No clock of the workflow stands still for this reason.
    NothingToPause {
        /// The reason.
        reason: String,
    },
    /// A suspension names the law it rests on.
    PauseWithoutLaw {
        /// The reason.
        reason: String,
    },
    /// A special procedure names the letter by which the applicant was told.
    PauseWithoutDocument {
        /// The reason.
        reason: String,
    },
    /// The workflow has no such clock.
    UnknownClock {
        /// The clock asked for.
        clock: String,
        /// The clocks there are.
        known: Vec<String>,
    },
    /// The clock has not started.
    ClockNotStarted {
        /// Its title.
        clock: Text,
    },
    /// The clock cannot be extended.
    ExtensionNotAllowed {
        /// Its title.
        clock: Text,
    },
    /// The clock has ended, or was missed.
    ExtensionTooLate {
        /// Its title.
        clock: Text,
    },
    /// The extension goes beyond what the workflow allows.
    ExtensionTooLong {
        /// Its title.
        clock: Text,
        /// The longest goal allowed.
        longest: Goal,
    },
    /// The extension counts in another unit.
    GoalOtherUnit {
        /// The goal in force.
        goal: Goal,
    },
    /// The clock was not missed.
    NothingToExcuse {
        /// Its title.
        clock: Text,
    },
    /// The cases are linked so already.
    AlreadyLinked {
        /// The number of the other.
        number: String,
    },
}

impl GeneralRefusal {
    /// Returns the stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoHandler => "no-handler",
            Self::AlreadyHeld { .. } => "already-held",
            Self::NotTheHandler { .. } => "not-the-handler",
            Self::NoRoleMay { .. } => "no-role-may",
            Self::UrgedRecently { .. } => "urged-recently",
            Self::ReviewAlreadyAsked { .. } => "review-already-asked",
            Self::ReviewNotAsked => "review-not-asked",
            Self::UnknownOrder { .. } => "unknown-order",
            Self::NotYourOrder { .. } => "not-your-order",
            Self::OrderStep { .. } => "order-step",
            Self::AlreadySuspended { .. } => "already-suspended",
            Self::NotSuspended { .. } => "not-suspended",
            Self::NothingToPause { .. } => "nothing-to-pause",
            Self::PauseWithoutLaw { .. } => "pause-without-law",
            Self::PauseWithoutDocument { .. } => "pause-without-document",
            Self::UnknownClock { .. } => "unknown-clock",
            Self::ClockNotStarted { .. } => "clock-not-started",
            Self::ExtensionNotAllowed { .. } => "extension-not-allowed",
            Self::ExtensionTooLate { .. } => "extension-too-late",
            Self::ExtensionTooLong { .. } => "extension-too-long",
            Self::GoalOtherUnit { .. } => "goal-other-unit",
            Self::NothingToExcuse { .. } => "nothing-to-excuse",
            Self::AlreadyLinked { .. } => "already-linked",
        }
    }

    /// Returns what was refused, why, and what to do, in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::NoHandler => Text::new(
                "办件尚无人领办，不能办理下一步。请先领办或指派。",
                "Nobody holds the case, so nothing leads on. Claim or assign it first.",
            ),
            Self::AlreadyHeld { by } => Text::new(
                format!("办件已由{by}领办。请由其转办或交回，或由有权的角色指派。"),
                format!(
                    "{by} holds the case. Ask them to transfer or release it, or a role that may assign it."
                ),
            ),
            Self::NotTheHandler { act, by: Some(by) } => Text::new(
                format!("“{}”只由承办人{by}办理。请与其联系。", act.zh),
                format!("\"{}\" is for {by}, who holds the case. Ask them.", act.en),
            ),
            Self::NotTheHandler { act, by: None } => Text::new(
                format!("“{}”只由承办人办理；办件尚无人领办，请先领办。", act.zh),
                format!(
                    "\"{}\" is for who holds the case, and nobody does. Claim it first.",
                    act.en
                ),
            ),
            Self::NoRoleMay { act, permission } => Text::new(
                format!(
                    "本流程没有角色可以“{}”。请在流程的角色上写 `may: [{permission}]`。",
                    act.zh
                ),
                format!(
                    "No role of this workflow may \"{}\". A role needs `may: [{permission}]` in its definition.",
                    act.en
                ),
            ),
            Self::UrgedRecently { next_at } => Text::new(
                format!("一小时内已催办过。请于 {next_at} 之后再催。"),
                format!("You urged less than an hour ago. Do so again after {next_at}."),
            ),
            Self::ReviewAlreadyAsked { of } => Text::new(
                format!("已请{of}加签，尚未答复。请等待答复，或另请他人。"),
                format!(
                    "{of} was asked and has not answered. Wait for the answer, or ask somebody else."
                ),
            ),
            Self::ReviewNotAsked => Text::new(
                "没有请你加签的事项。要说明情况请记一笔。",
                "No opinion is asked of you. To say something, add a remark.",
            ),
            Self::UnknownOrder { order } => Text::new(
                format!("本办件没有第 {order} 号督办单。请核对编号。"),
                format!("The case has no supervision order {order}. Check the number."),
            ),
            Self::NotYourOrder { order, to } => Text::new(
                format!("第 {order} 号督办单由{to}签收和反馈。请由其办理。"),
                format!("Supervision order {order} is for {to} to sign for and answer."),
            ),
            Self::OrderStep { order, stage } => {
                let stage = stage.text();
                Text::new(
                    format!(
                        "第 {order} 号督办单现为“{}”，不能办理这一步。请按签收、反馈、复核、销号的次序办理。",
                        stage.zh
                    ),
                    format!(
                        "Supervision order {order} is {}: this step cannot be taken now. An order is signed for, answered, reviewed, and closed.",
                        stage.en
                    ),
                )
            }
            Self::AlreadySuspended { reason } => Text::new(
                format!("已因“{reason}”中止办理。请先恢复，或另写事由。"),
                format!(
                    "The handling is suspended for `{reason}` already. Resume it first, or give another reason."
                ),
            ),
            Self::NotSuspended { reasons } if reasons.is_empty() => Text::new(
                "办件没有中止，无须恢复。",
                "The handling is not suspended; there is nothing to resume.",
            ),
            Self::NotSuspended { reasons } => Text::new(
                format!(
                    "没有因此中止。现因{}中止，请写其中之一。",
                    reasons.join("、")
                ),
                format!(
                    "It is not suspended for this. It is for {}: name one of these.",
                    reasons.join(", ")
                ),
            ),
            Self::NothingToPause { reason } => Text::new(
                format!("本流程没有时限可因“{reason}”停表。请写时限 `paused_by` 所列的事由。"),
                format!(
                    "No clock of this workflow stands still for `{reason}`. Give a reason that stands under `paused_by` of a clock."
                ),
            ),
            Self::PauseWithoutLaw { reason } => Text::new(
                format!("因“{reason}”中止须写明法律依据，例如“行政许可法第四十五条”。"),
                format!(
                    "A suspension for `{reason}` must name the law it rests on, for instance 行政许可法 §45."
                ),
            ),
            Self::PauseWithoutDocument { reason } => Text::new(
                format!("因“{reason}”中止须书面告知申请人。请写告知书文号。"),
                format!(
                    "For `{reason}` the applicant is told in writing. Give the number of that letter."
                ),
            ),
            Self::UnknownClock { clock, known } => Text::new(
                format!("本流程没有时限“{clock}”；有：{}。", known.join("、")),
                format!(
                    "This workflow has no clock \"{clock}\". It has: {}.",
                    known.join(", ")
                ),
            ),
            Self::ClockNotStarted { clock } => Text::new(
                format!("“{}”尚未开始计时。请在其开始后办理。", clock.zh),
                format!("\"{}\" has not started. Do this once it has.", clock.en),
            ),
            Self::ExtensionNotAllowed { clock } => Text::new(
                format!("“{}”不可延长。请按原时限办理。", clock.zh),
                format!("\"{}\" cannot be extended. Keep the goal it has.", clock.en),
            ),
            Self::ExtensionTooLate { clock } => Text::new(
                format!(
                    "“{}”已到期或已结束，不能再延长。已经超期的，可申请免责。",
                    clock.zh
                ),
                format!(
                    "\"{}\" has ended or was missed, and cannot be extended. What was missed can be excused.",
                    clock.en
                ),
            ),
            Self::ExtensionTooLong { clock, longest } => {
                let longest = longest.text();
                Text::new(
                    format!("“{}”最多可延长至{}。请缩短。", clock.zh, longest.zh),
                    format!(
                        "\"{}\" can be extended to {} at most. Ask for less.",
                        clock.en, longest.en
                    ),
                )
            }
            Self::GoalOtherUnit { goal } => {
                let goal = goal.text();
                Text::new(
                    format!("时限为{}，请用同一单位延长。", goal.zh),
                    format!("The goal is {}: extend it in the same unit.", goal.en),
                )
            }
            Self::NothingToExcuse { clock } => Text::new(
                format!("“{}”没有超期，无须免责。", clock.zh),
                format!(
                    "\"{}\" was not missed; there is nothing to excuse.",
                    clock.en
                ),
            ),
            Self::AlreadyLinked { number } => Text::new(
                format!("已与办件 {number} 如此关联。请核对编号或关系。"),
                format!(
                    "The case is linked to {number} so already. Check the number or the relation."
                ),
            ),
        }
    }
}
