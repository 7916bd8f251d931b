use crate::calendar_set::CalendarSet;
use crate::clock::{ClockError, fold};
use crate::event::{ClockEvent, ClockEventKind};
use crate::goal::Goal;
use crate::pause::PauseReason;
use crate::policy::ClockPolicy;
use crate::reading::{ClockReading, ClockState, Used, Verdict};
use crate::text::Text;
use crate::timestamp::Timestamp;

/// Why an event may not be recorded for a clock. [`fold`] passes over what makes no sense in its
/// place; whoever records it wants to know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Objection {
    /// It would start, or reopen, a clock that is open.
    #[error("the clock runs already")]
    AlreadyOpen,
    /// It is about a clock that has not started.
    #[error("the clock has not started")]
    NotStarted,
    /// It is about a clock that has ended.
    #[error("the clock has ended")]
    AlreadyEnded,
    /// The clock stands still for this reason already.
    #[error("the clock stands still for `{reason}` already")]
    AlreadyPaused {
        /// Name of the reason.
        reason: String,
    },
    /// Nothing was paused that this could resume.
    #[error("nothing was paused that this could resume")]
    NotPaused,
    /// The policy wants the law a pause rests on, and none is named.
    #[error("a pause for `{reason}` must name the law it rests on")]
    NoLaw {
        /// Name of the reason.
        reason: String,
    },
    /// The policy wants the letter by which the applicant was told, and none is named.
    #[error("a pause for `{reason}` must name the letter by which the applicant was told")]
    NoDocument {
        /// Name of the reason.
        reason: String,
    },
    /// The new goal counts in another unit.
    #[error("the goal counts in another unit than `{goal}`")]
    OtherUnit {
        /// The goal in force.
        goal: Goal,
    },
    /// The policy allows no extension.
    #[error("this clock cannot be extended")]
    NoExtension,
    /// The extension goes beyond what the policy allows in all.
    #[error("the clock can be extended to `{longest}` at most")]
    TooLong {
        /// The longest goal allowed.
        longest: Goal,
    },
    /// The due instant has passed, or the clock stands still or has ended.
    #[error("a clock is extended before it is missed, and while it is open")]
    TooLate,
    /// Nobody approved it, or no reason is given.
    #[error("an extension names who approved it, and why")]
    NotApproved,
    /// The new goal is shorter than what is used.
    #[error("more than the new goal is used already")]
    AlreadyUsed {
        /// What is used.
        used: Used,
    },
    /// Nothing was missed that could be excused.
    #[error("nothing was missed that could be excused")]
    NothingMissed,
    /// No reason is given.
    #[error("an excuse names its reason")]
    NoReason,
    /// With the event the clock could not be read.
    #[error(transparent)]
    Clock(#[from] ClockError),
}

impl Objection {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyOpen => "clock-already-open",
            Self::NotStarted => "clock-not-started",
            Self::AlreadyEnded => "clock-already-ended",
            Self::AlreadyPaused { .. } => "clock-already-paused",
            Self::NotPaused => "clock-not-paused",
            Self::NoLaw { .. } => "pause-without-law",
            Self::NoDocument { .. } => "pause-without-document",
            Self::OtherUnit { .. } => "goal-other-unit",
            Self::NoExtension => "extension-not-allowed",
            Self::TooLong { .. } => "extension-too-long",
            Self::TooLate => "extension-too-late",
            Self::NotApproved => "extension-not-approved",
            Self::AlreadyUsed { .. } => "goal-already-used",
            Self::NothingMissed => "nothing-to-excuse",
            Self::NoReason => "excuse-without-reason",
            Self::Clock(error) => error.code(),
        }
    }

    /// What is wrong and what to do.
    #[must_use]
    pub fn text(&self) -> Text {
        let remedy = |zh: &str, en: &str| Text::new(zh, format!("{self}. {en}"));
        match self {
            Self::AlreadyOpen => remedy(
                "时限已在计时。要重新计时，请先停止。",
                "Stop it before it starts anew.",
            ),
            Self::NotStarted => remedy("时限尚未开始。请先登记开始。", "Record its start first."),
            Self::AlreadyEnded => remedy(
                "时限已经结束。要继续计时，请先重新开启。",
                "Reopen it first if it is to go on.",
            ),
            Self::AlreadyPaused { reason } => Text::new(
                format!("时限已因“{reason}”暂停。请换一个事由，或先恢复。"),
                format!("{self}. Give another reason, or resume it first."),
            ),
            Self::NotPaused => remedy(
                "恢复之前没有相应的暂停。请先登记暂停，或去掉这一事件。",
                "Record the pause before it, or remove it.",
            ),
            Self::NoLaw { reason } => Text::new(
                format!("因“{reason}”暂停须写明法律依据，例如“行政许可法第四十五条”。"),
                format!("{self}. Write it, for instance 行政许可法 §45."),
            ),
            Self::NoDocument { reason } => Text::new(
                format!("因“{reason}”暂停须写明告知申请人的文书编号。"),
                format!("{self}. Write its number."),
            ),
            Self::OtherUnit { goal } => Text::new(
                format!("新时限与“{}”的计量单位不同。请用同一单位。", goal.text().zh),
                format!("{self}. Use the same unit."),
            ),
            Self::NoExtension => {
                remedy("本时限不可延长。请按原时限办理。", "Keep the goal it has.")
            }
            Self::TooLong { longest } => Text::new(
                format!("最多可延长至“{}”。请缩短。", longest.text().zh),
                format!("{self}. Ask for less."),
            ),
            Self::TooLate => remedy(
                "只能在到期之前、计时或暂停期间延长。已经超期的，可申请免责。",
                "What was missed can be excused.",
            ),
            Self::NotApproved => remedy("延长须写明批准人和理由。", "Write both."),
            Self::AlreadyUsed { .. } => remedy(
                "已用时间超过新时限。请改用较长的时限。",
                "Take a longer goal.",
            ),
            Self::NothingMissed => remedy("没有超期，无须免责。", "Excuse it after it was missed."),
            Self::NoReason => remedy("免责须写明理由。", "Write it."),
            Self::Clock(error) => error.text(),
        }
    }
}

/// Tells whether an event may be recorded next for a clock.
///
/// `events` are what was recorded before. A pause may be recorded before the start: the clock then
/// starts standing still.
///
/// # Errors
///
/// The [`Objection`], with what to do.
///
/// # Source
///
/// 行政许可法 (Administrative Licensing Law), article 42 for extensions, article 45 for pauses.
pub fn admit(
    policy: &ClockPolicy,
    calendars: &CalendarSet,
    events: &[ClockEvent],
    event: &ClockEvent,
) -> Result<(), Objection> {
    let now = events
        .iter()
        .fold(event.recorded_at, |now, before| now.max(before.recorded_at));
    let before = fold(policy, calendars, events, now)?;
    match &event.kind {
        ClockEventKind::Start if before.state.is_open() => return Err(Objection::AlreadyOpen),
        ClockEventKind::Start => {}
        ClockEventKind::Reopen { .. } => match before.state {
            ClockState::Pending => return Err(Objection::NotStarted),
            ClockState::Running | ClockState::Paused => return Err(Objection::AlreadyOpen),
            ClockState::Stopped | ClockState::Cancelled => {}
        },
        ClockEventKind::Stop | ClockEventKind::Cancel { .. } | ClockEventKind::MoveStart => {
            open(&before)?;
        }
        ClockEventKind::Pause { reason } => pause(policy, events, reason)?,
        ClockEventKind::Resume { reason } => {
            let held = held(events);
            let known = match reason {
                Some(name) => held.contains(&name.as_str()),
                None => !held.is_empty(),
            };
            if !known {
                return Err(Objection::NotPaused);
            }
        }
        ClockEventKind::SetGoal {
            goal,
            reason,
            approved_by,
        } => {
            let approved = approved_by.as_ref().is_some_and(|by| !by.trim().is_empty())
                && !reason.trim().is_empty();
            set_goal(policy, &before, *goal, approved, event.effective_at)?;
        }
        ClockEventKind::SetCalendar { .. } => {}
        ClockEventKind::Excuse { reason, .. } => {
            if before.breached_at.is_none() || before.verdict == Verdict::Void {
                return Err(Objection::NothingMissed);
            }
            if reason.trim().is_empty() {
                return Err(Objection::NoReason);
            }
        }
    }
    let mut after = events.to_vec();
    after.push(event.clone());
    fold(policy, calendars, &after, now)?;
    Ok(())
}

fn open(reading: &ClockReading) -> Result<(), Objection> {
    match reading.state {
        ClockState::Pending if reading.started_at.is_none() => Err(Objection::NotStarted),
        ClockState::Pending | ClockState::Running | ClockState::Paused => Ok(()),
        ClockState::Stopped | ClockState::Cancelled => Err(Objection::AlreadyEnded),
    }
}

/// The names of the reasons that hold a clock, in the order they were recorded.
fn held(events: &[ClockEvent]) -> Vec<&str> {
    let mut held: Vec<&str> = Vec::new();
    for event in events {
        match &event.kind {
            ClockEventKind::Pause { reason } if !held.contains(&reason.name.as_str()) => {
                held.push(&reason.name);
            }
            ClockEventKind::Resume { reason: Some(name) } => held.retain(|held| held != name),
            ClockEventKind::Resume { reason: None }
            | ClockEventKind::Stop
            | ClockEventKind::Cancel { .. } => held.clear(),
            _ => {}
        }
    }
    held
}

fn pause(
    policy: &ClockPolicy,
    events: &[ClockEvent],
    reason: &PauseReason,
) -> Result<(), Objection> {
    if held(events).contains(&reason.name.as_str()) {
        return Err(Objection::AlreadyPaused {
            reason: reason.name.clone(),
        });
    }
    policy.check_proof(reason)
}

impl ClockPolicy {
    /// Tells whether a reason to pause names the law and the letter, where this policy wants them.
    ///
    /// # Errors
    ///
    /// [`Objection::NoLaw`] or [`Objection::NoDocument`].
    pub fn check_proof(&self, reason: &PauseReason) -> Result<(), Objection> {
        let named =
            |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        let wanted = self.proof_for.contains(&reason.party);
        if wanted && !named(&reason.law) {
            return Err(Objection::NoLaw {
                reason: reason.name.clone(),
            });
        }
        if wanted && !named(&reason.document) {
            return Err(Objection::NoDocument {
                reason: reason.name.clone(),
            });
        }
        Ok(())
    }
}

fn set_goal(
    policy: &ClockPolicy,
    before: &ClockReading,
    goal: Goal,
    approved: bool,
    at: Timestamp,
) -> Result<(), Objection> {
    if std::mem::discriminant(&goal.budget()) != std::mem::discriminant(&before.goal.budget()) {
        return Err(Objection::OtherUnit { goal: before.goal });
    }
    if goal.budget().amount() <= before.goal.budget().amount() {
        return if before.used.amount() > goal.budget().amount() {
            Err(Objection::AlreadyUsed { used: before.used })
        } else {
            Ok(())
        };
    }
    let Some(extension) = policy.extension else {
        return Err(Objection::NoExtension);
    };
    if let Some(longest) = policy.goal.extended_by(extension.at_most)
        && goal.budget().amount() > longest.budget().amount()
    {
        return Err(Objection::TooLong { longest });
    }
    let missed = before.breached_at.is_some() || before.due.is_some_and(|due| due < at);
    if missed || !before.state.is_open() {
        return Err(Objection::TooLate);
    }
    if !approved {
        return Err(Objection::NotApproved);
    }
    Ok(())
}
