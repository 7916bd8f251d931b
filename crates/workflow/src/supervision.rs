//! Supervision orders (督办单): issued, signed for, answered, reviewed, closed (销号).

use groundbreak_sla::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Text;
use crate::case::Stamp;
use crate::general::{GeneralAct, GeneralDone, Person};

/// A supervision order of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number in the case, from 1.
    pub number: u32,
    /// Who answers for it.
    pub to: Person,
    /// What is to be done.
    pub text: String,
    /// Name of who issued it.
    pub by: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Until when it is to be answered.
    pub due_at: Timestamp,
    /// How far it is.
    pub stage: OrderStage,
    /// The newest answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// When it came to where it is.
    pub since: Timestamp,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStage {
    /// Issued, and to be signed for.
    Issued,
    /// Signed for, and to be answered; also when an answer was not accepted.
    Signed,
    /// Answered, and to be reviewed.
    Answered,
    /// The answer is accepted; to be closed.
    Reviewed,
    /// Closed (销号).
    Closed,
}

impl OrderStage {
    /// Returns the words on screen.
    pub fn text(self) -> Text {
        match self {
            Self::Issued => Text::new("已下发，待签收", "issued, to be signed for"),
            Self::Signed => Text::new("已签收，待反馈", "signed for, to be answered"),
            Self::Answered => Text::new("已反馈，待复核", "answered, to be reviewed"),
            Self::Reviewed => Text::new("已复核，待销号", "reviewed, to be closed"),
            Self::Closed => Text::new("已销号", "closed"),
        }
    }
}

impl GeneralAct {
    /// Returns the order an act is about, and how far that must be.
    pub(crate) const fn order(&self) -> Option<(u32, OrderStage)> {
        match self {
            Self::SignOrder { order } => Some((*order, OrderStage::Issued)),
            Self::AnswerOrder { order, .. } => Some((*order, OrderStage::Signed)),
            Self::ReviewOrder { order, .. } => Some((*order, OrderStage::Answered)),
            Self::CloseOrder { order, .. } => Some((*order, OrderStage::Reviewed)),
            _ => None,
        }
    }
}

pub(crate) fn fold_orders(orders: &mut Vec<Order>, stamp: &Stamp<'_>, done: &GeneralDone) {
    let at = stamp.effective_at;
    if let GeneralAct::Supervise { to, due_at, text } = &done.act {
        orders.push(Order {
            number: done.order.unwrap_or_default(),
            to: to.clone(),
            text: text.clone(),
            by: stamp.by.name.clone(),
            issued_at: at,
            due_at: *due_at,
            stage: OrderStage::Issued,
            answer: None,
            since: at,
        });
        return;
    }
    let Some((number, _)) = done.act.order() else {
        return;
    };
    let Some(order) = orders.iter_mut().find(|order| order.number == number) else {
        return;
    };
    order.since = at;
    order.stage = match &done.act {
        GeneralAct::SignOrder { .. }
        | GeneralAct::ReviewOrder {
            accepted: false, ..
        } => OrderStage::Signed,
        GeneralAct::AnswerOrder { text, .. } => {
            order.answer = Some(text.clone());
            OrderStage::Answered
        }
        GeneralAct::ReviewOrder { .. } => OrderStage::Reviewed,
        _ => OrderStage::Closed,
    };
}
