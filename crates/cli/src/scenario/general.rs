//! The words of scenarios for what can be done on every case.

use groundbreak_workflow::{GeneralKind, OrderStage};

/// What somebody does, in English and Chinese.
const VERBS: [(GeneralKind, &str, &str); 20] = [
    (GeneralKind::Claim, "claims", "领办"),
    (GeneralKind::Release, "releases", "交回"),
    (GeneralKind::Assign, "assigns", "指派"),
    (GeneralKind::Transfer, "transfers", "转办"),
    (GeneralKind::Delegate, "delegates", "委托"),
    (GeneralKind::EndDelegation, "ends-delegation", "收回委托"),
    (GeneralKind::AskReview, "asks-review", "加签"),
    (GeneralKind::AnswerReview, "answers-review", "答复加签"),
    (GeneralKind::Urge, "urges", "催办"),
    (GeneralKind::Supervise, "supervises", "督办"),
    (GeneralKind::SignOrder, "signs-order", "签收督办"),
    (GeneralKind::AnswerOrder, "answers-order", "反馈督办"),
    (GeneralKind::ReviewOrder, "reviews-order", "复核督办"),
    (GeneralKind::CloseOrder, "closes-order", "督办销号"),
    (GeneralKind::Suspend, "suspends", "中止"),
    (GeneralKind::Resume, "resumes", "恢复"),
    (GeneralKind::Extend, "extends", "延长"),
    (GeneralKind::Excuse, "excuses", "免责"),
    (GeneralKind::Correct, "corrects", "更正"),
    (GeneralKind::Link, "links", "关联"),
];

/// How far an order is, in English and Chinese.
const STAGES: [(OrderStage, &str, &str); 5] = [
    (OrderStage::Issued, "issued", "待签收"),
    (OrderStage::Signed, "signed", "待反馈"),
    (OrderStage::Answered, "answered", "待复核"),
    (OrderStage::Reviewed, "reviewed", "待销号"),
    (OrderStage::Closed, "closed", "已销号"),
];

/// Returns what somebody does by this word.
pub(super) fn general(word: &str) -> Option<GeneralKind> {
    VERBS
        .into_iter()
        .find(|(_, en, zh)| *en == word || *zh == word)
        .map(|(kind, ..)| kind)
}

/// Returns how far an order is by this word.
pub(super) fn stage(word: &str) -> Option<OrderStage> {
    STAGES
        .into_iter()
        .find(|(_, en, zh)| *en == word || *zh == word)
        .map(|(stage, ..)| stage)
}

/// Returns the English word for how far an order is.
pub(super) fn stage_word(stage: OrderStage) -> &'static str {
    STAGES
        .into_iter()
        .find(|(one, ..)| *one == stage)
        .map_or("", |(_, en, _)| en)
}
