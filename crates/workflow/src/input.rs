//! Texts, instants and numbers that come with a command.

use groundbreak_sla::Timestamp;

use crate::{Actor, Case, Command, Refusal, Signature, Text, Workflow};

/// The longest remark, in characters.
pub(crate) const NOTE_LENGTH_MAX: usize = 2_000;
/// The longest title of a case or name of a file, in characters.
pub(crate) const TITLE_LENGTH_MAX: usize = 200;

/// When the thing happened. Earlier than now only for roles that may record late, with a reason,
/// and never before what is already recorded.
pub(crate) fn effective(
    workflow: &Workflow,
    command: &Command,
    by: &Signature,
    case: Option<&Case>,
    note: Option<&str>,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    // A machine's clock may step back; the case's own time does not.
    let newest = case.map(|case| case.effective_at);
    let Some(at) = command.effective_at.filter(|at| *at != now) else {
        return Ok(newest.map_or(now, |newest| newest.max(now)));
    };
    if at > now {
        return Err(Refusal::InTheFuture {
            effective_at: at,
            now,
        });
    }
    if let Some(newest) = newest.filter(|newest| at < *newest) {
        return Err(Refusal::OutOfOrder {
            effective_at: at,
            newest,
        });
    }
    let may = command.actor.roles.iter().any(|role| {
        workflow
            .roles
            .get(role)
            .is_some_and(|role| role.may_record_late)
    });
    if !may {
        let role = by.role.as_deref().unwrap_or_default();
        return Err(Refusal::LateRecordNotAllowed {
            role: workflow.role_title(role),
        });
    }
    if case.is_some() && note.is_none_or(|note| note.trim().is_empty()) {
        return Err(Refusal::LateRecordNeedsReason);
    }
    Ok(at)
}

pub(crate) fn check_actor(actor: &Actor) -> Result<(), Refusal> {
    check_text("actor", &actor.id, Actor::ID_LENGTH_MAX)?;
    check_text("actor", &actor.name, TITLE_LENGTH_MAX)
}

pub(crate) fn check_text(input: &str, text: &str, length_max: usize) -> Result<(), Refusal> {
    let problem = if text.trim().is_empty() {
        Text::new("不能为空。", "it may not be empty.")
    } else if text.chars().count() > length_max {
        Text::new(
            format!("最多 {length_max} 字。"),
            format!("at most {length_max} characters."),
        )
    } else if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        Text::new("含有控制字符。", "it holds control characters.")
    } else {
        return Ok(());
    };
    Err(Refusal::InvalidInput {
        input: input.to_owned(),
        problem,
    })
}

/// The number staff call a case by: the day it was opened at the centre, and six characters that
/// come from its id.
pub(crate) fn number(workflow: &Workflow, command: &Command, at: Timestamp) -> String {
    /// Crockford's alphabet: no I, L, O or U, so that a number can be read out.
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let day = at.in_zone(workflow.calendar.tz()).format("%Y%m%d");
    // The low bits of a version 7 UUID are random.
    let bits = command.case.0.as_u128();
    let tail: String = (0..6)
        .rev()
        .map(|place| char::from(ALPHABET[((bits >> (place * 5)) & 31) as usize]))
        .collect();
    format!("{day}-{tail}")
}
