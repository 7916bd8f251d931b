//! The general acts: what can be done on every case of every workflow, without its definition
//! saying so.
//!
//! docs/decisions/0022-general-acts.md says why they are as they are.

mod decide;
mod form;
mod refusal;
mod words;

use std::collections::BTreeSet;

use groundbreak_sla::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use decide::{decide_general, may_do};
pub use form::{ActInput, InputKind};
pub use refusal::GeneralRefusal;

use crate::{CaseId, Text, Value};

/// Somebody by account: who holds a case, is asked for an opinion, or answers an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// Identifier of the account.
    pub id: String,
    /// Name at that time.
    pub name: String,
}

/// What a role may do beyond the acts that are everybody's: the words under `may`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Give a case to somebody.
    Assign,
    /// Issue supervision orders (督办), review their answers and close them.
    Supervise,
    /// Suspend the handling with a legal basis, and resume it.
    Suspend,
    /// Record an extension that was approved.
    Extend,
    /// Record that a miss is excused (免责).
    Excuse,
    /// Correct a fact.
    Correct,
}

impl Permission {
    /// Every permission, in the order guides list them.
    pub const ALL: [Self; 6] = [
        Self::Assign,
        Self::Supervise,
        Self::Suspend,
        Self::Extend,
        Self::Excuse,
        Self::Correct,
    ];

    /// Returns the word that a definition writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Supervise => "supervise",
            Self::Suspend => "suspend",
            Self::Extend => "extend",
            Self::Excuse => "excuse",
            Self::Correct => "correct",
        }
    }

    /// Returns the permission of a word, if it is one.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|permission| permission.name() == word)
    }
}

/// How a case is linked to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Both belong to one project.
    SameProject,
    /// This one goes on where the other ended.
    Continues,
    /// This one keeps the other from going on.
    Blocks,
}

impl Relation {
    /// Every relation, in the order forms offer them.
    pub const ALL: [Self; 3] = [Self::SameProject, Self::Continues, Self::Blocks];

    /// Returns the stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameProject => "same_project",
            Self::Continues => "continues",
            Self::Blocks => "blocks",
        }
    }

    /// Returns the words on screen.
    pub fn text(self) -> Text {
        match self {
            Self::SameProject => Text::new("同一项目", "Same project"),
            Self::Continues => Text::new("接续", "Continues"),
            Self::Blocks => Text::new("制约", "Blocks"),
        }
    }
}

/// An act that every case has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum GeneralAct {
    /// Takes the case in hand (领办), when nobody holds it.
    Claim {
        /// The team it is handled in. Left out, the department of who claims.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<String>,
    },
    /// Gives the case back to whoever claims it next. Only its holder does.
    Release {
        /// Why.
        reason: String,
    },
    /// Gives the case to somebody. By its holder, or a role that may `assign`.
    Assign {
        /// To whom.
        to: Person,
        /// The team it is handled in. Left out, as before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<String>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Passes the case on (转办). Only its holder does, and with a reason.
    Transfer {
        /// To whom.
        to: Person,
        /// The team it is handled in. Left out, as before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<String>,
        /// Why.
        reason: String,
    },
    /// Lets somebody act in the holder's place for a time. Only the holder does.
    Delegate {
        /// Who acts.
        to: Person,
        /// Until when, that instant not included.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Ends a delegation before its time. Only the holder does.
    EndDelegation {
        /// Who acted.
        to: Person,
    },
    /// Asks somebody for an opinion before going on (加签). By the holder, or anybody while nobody
    /// holds the case.
    AskReview {
        /// Who is asked.
        of: Person,
        /// What.
        question: String,
    },
    /// Gives the opinion that was asked for. Only who was asked does.
    AnswerReview {
        /// Whether they agree.
        agrees: bool,
        /// The opinion.
        text: String,
    },
    /// Urges the case on (催办). At most once an hour by one person.
    Urge {
        /// What about.
        text: String,
    },
    /// Issues a supervision order (督办). By a role that may `supervise`.
    Supervise {
        /// Who answers for it.
        to: Person,
        /// Until when it is to be answered.
        due_at: Timestamp,
        /// What is to be done.
        text: String,
    },
    /// Signs for an order. Only who answers for it does.
    SignOrder {
        /// Its number in the case.
        order: u32,
    },
    /// Says what was done about an order. Only who answers for it does.
    AnswerOrder {
        /// Its number in the case.
        order: u32,
        /// What was done.
        text: String,
    },
    /// Reviews the answer to an order. One that is not accepted is to be answered again.
    ReviewOrder {
        /// Its number in the case.
        order: u32,
        /// Whether the answer is accepted.
        accepted: bool,
        /// What was found.
        text: String,
    },
    /// Closes an order whose answer was accepted (销号).
    CloseOrder {
        /// Its number in the case.
        order: u32,
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Suspends the handling: clocks stand still whose `paused_by` has the reason.
    ///
    /// # Source
    ///
    /// 行政许可法 (Administrative Licensing Law), article 45: the applicant is told in writing how
    /// long a special procedure takes.
    Suspend {
        /// A reason as `pauses` of a state takes: `special_procedure`, `expert_review`, …
        reason: String,
        /// The provision that lets the clocks stand still.
        law: String,
        /// The number of the letter by which the applicant was told. A special procedure has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<String>,
        /// Who approved it.
        approved_by: String,
    },
    /// Resumes the handling.
    Resume {
        /// The reason that has ended.
        reason: String,
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Adds to the budget of a clock, within its `extend`.
    ///
    /// # Source
    ///
    /// 行政许可法 (Administrative Licensing Law), article 42: with the approval of the head of the
    /// authority.
    Extend {
        /// Name of the clock.
        clock: String,
        /// How much more, in its unit: `10 working days`.
        by: String,
        /// Why.
        reason: String,
        /// Who approved it.
        approved_by: String,
    },
    /// Does not hold a miss against the office (免责). The miss stays, and both are shown.
    Excuse {
        /// Name of the clock.
        clock: String,
        /// Why.
        reason: String,
        /// The number of the decision that excuses it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<String>,
    },
    /// Corrects a fact that was recorded wrongly. Both values stay in the journal.
    Correct {
        /// The fact.
        field: String,
        /// What is right.
        value: Value,
        /// Why.
        reason: String,
    },
    /// Links the case to another.
    Link {
        /// The other case. Who gives the command has seen that there is one.
        case: CaseId,
        /// The number staff call it by.
        number: String,
        /// How.
        relation: Relation,
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

/// The kinds of general acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "GeneralAct says what each is")]
pub enum GeneralKind {
    Claim,
    Release,
    Assign,
    Transfer,
    Delegate,
    EndDelegation,
    AskReview,
    AnswerReview,
    Urge,
    Supervise,
    SignOrder,
    AnswerOrder,
    ReviewOrder,
    CloseOrder,
    Suspend,
    Resume,
    Extend,
    Excuse,
    Correct,
    Link,
}

/// What was done, as the journal keeps it: the act, and what was decided with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneralDone {
    /// The act.
    pub act: GeneralAct,
    /// The number an order was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<u32>,
    /// The value of a fact before it was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The team a case is handled in from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The roles in which a delegate may act in the holder's place.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<String>,
}

impl GeneralKind {
    /// Every kind, in the order screens offer them.
    pub const ALL: [Self; 20] = [
        Self::Claim,
        Self::Release,
        Self::Assign,
        Self::Transfer,
        Self::Delegate,
        Self::EndDelegation,
        Self::AskReview,
        Self::AnswerReview,
        Self::Urge,
        Self::Supervise,
        Self::SignOrder,
        Self::AnswerOrder,
        Self::ReviewOrder,
        Self::CloseOrder,
        Self::Suspend,
        Self::Resume,
        Self::Extend,
        Self::Excuse,
        Self::Correct,
        Self::Link,
    ];

    /// Returns the stable name, which the journal has too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Release => "release",
            Self::Assign => "assign",
            Self::Transfer => "transfer",
            Self::Delegate => "delegate",
            Self::EndDelegation => "end_delegation",
            Self::AskReview => "ask_review",
            Self::AnswerReview => "answer_review",
            Self::Urge => "urge",
            Self::Supervise => "supervise",
            Self::SignOrder => "sign_order",
            Self::AnswerOrder => "answer_order",
            Self::ReviewOrder => "review_order",
            Self::CloseOrder => "close_order",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Extend => "extend",
            Self::Excuse => "excuse",
            Self::Correct => "correct",
            Self::Link => "link",
        }
    }

    /// Returns the kind of a name, if it is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns verb and object, as buttons show it.
    pub fn title(self) -> Text {
        let (zh, en) = match self {
            Self::Claim => ("领办", "Claim the case"),
            Self::Release => ("交回", "Release the case"),
            Self::Assign => ("指派", "Assign the case"),
            Self::Transfer => ("转办", "Transfer the case"),
            Self::Delegate => ("委托代办", "Delegate for a time"),
            Self::EndDelegation => ("收回委托", "End a delegation"),
            Self::AskReview => ("加签", "Ask for an opinion"),
            Self::AnswerReview => ("答复加签", "Give the opinion asked for"),
            Self::Urge => ("催办", "Urge"),
            Self::Supervise => ("督办", "Issue a supervision order"),
            Self::SignOrder => ("签收督办", "Sign for a supervision order"),
            Self::AnswerOrder => ("反馈督办", "Answer a supervision order"),
            Self::ReviewOrder => ("复核督办", "Review the answer to an order"),
            Self::CloseOrder => ("督办销号", "Close a supervision order"),
            Self::Suspend => ("中止办理", "Suspend"),
            Self::Resume => ("恢复办理", "Resume"),
            Self::Extend => ("延长时限", "Extend a clock"),
            Self::Excuse => ("超期免责", "Excuse a breach"),
            Self::Correct => ("更正信息", "Correct a fact"),
            Self::Link => ("关联办件", "Link to another case"),
        };
        Text::new(zh, en)
    }

    /// Returns what a role must be allowed to do it; `None` when it asks for no permission.
    /// [`Self::Assign`] is the holder's, too.
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::Assign => Some(Permission::Assign),
            Self::Supervise | Self::ReviewOrder | Self::CloseOrder => Some(Permission::Supervise),
            Self::Suspend | Self::Resume => Some(Permission::Suspend),
            Self::Extend => Some(Permission::Extend),
            Self::Excuse => Some(Permission::Excuse),
            Self::Correct => Some(Permission::Correct),
            _ => None,
        }
    }

    /// Tells whether a closed case still takes it: what comes of its orders, whether a miss is
    /// excused, what it is linked to, and a fact that proves wrong.
    pub const fn outlives_the_case(self) -> bool {
        matches!(
            self,
            Self::SignOrder
                | Self::AnswerOrder
                | Self::ReviewOrder
                | Self::CloseOrder
                | Self::Excuse
                | Self::Correct
                | Self::Link
        )
    }
}

impl GeneralAct {
    /// Returns which one it is.
    pub const fn kind(&self) -> GeneralKind {
        match self {
            Self::Claim { .. } => GeneralKind::Claim,
            Self::Release { .. } => GeneralKind::Release,
            Self::Assign { .. } => GeneralKind::Assign,
            Self::Transfer { .. } => GeneralKind::Transfer,
            Self::Delegate { .. } => GeneralKind::Delegate,
            Self::EndDelegation { .. } => GeneralKind::EndDelegation,
            Self::AskReview { .. } => GeneralKind::AskReview,
            Self::AnswerReview { .. } => GeneralKind::AnswerReview,
            Self::Urge { .. } => GeneralKind::Urge,
            Self::Supervise { .. } => GeneralKind::Supervise,
            Self::SignOrder { .. } => GeneralKind::SignOrder,
            Self::AnswerOrder { .. } => GeneralKind::AnswerOrder,
            Self::ReviewOrder { .. } => GeneralKind::ReviewOrder,
            Self::CloseOrder { .. } => GeneralKind::CloseOrder,
            Self::Suspend { .. } => GeneralKind::Suspend,
            Self::Resume { .. } => GeneralKind::Resume,
            Self::Extend { .. } => GeneralKind::Extend,
            Self::Excuse { .. } => GeneralKind::Excuse,
            Self::Correct { .. } => GeneralKind::Correct,
            Self::Link { .. } => GeneralKind::Link,
        }
    }

    /// Returns the reason given with it, or what stands for one: it is asked for when the act is
    /// recorded late.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Claim { .. } | Self::SignOrder { .. } | Self::EndDelegation { .. } => None,
            Self::Release { reason }
            | Self::Transfer { reason, .. }
            | Self::Delegate { reason, .. }
            | Self::Extend { reason, .. }
            | Self::Excuse { reason, .. }
            | Self::Correct { reason, .. } => Some(reason),
            Self::AskReview { question: text, .. }
            | Self::AnswerReview { text, .. }
            | Self::Urge { text }
            | Self::Supervise { text, .. }
            | Self::AnswerOrder { text, .. }
            | Self::ReviewOrder { text, .. } => Some(text),
            Self::Suspend { law, .. } => Some(law),
            Self::Assign { reason: note, .. }
            | Self::CloseOrder { text: note, .. }
            | Self::Resume { note, .. }
            | Self::Link { note, .. } => note.as_deref(),
        }
    }

    /// Tells whether nothing can be recorded before it afterwards: it changes what clocks and
    /// conditions rest on.
    pub(crate) const fn settles(&self) -> bool {
        matches!(
            self,
            Self::Suspend { .. } | Self::Resume { .. } | Self::Correct { .. }
        )
    }
}

impl GeneralDone {
    pub(crate) fn of(act: &GeneralAct) -> Self {
        Self {
            act: act.clone(),
            order: None,
            before: None,
            team: None,
            roles: BTreeSet::new(),
        }
    }
}
