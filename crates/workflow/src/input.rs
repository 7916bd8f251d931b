//! Texts, instants and numbers that come with a command.

use groundbreak_sla::Timestamp;

use crate::{Act, Actor, Case, CaseId, Command, Refusal, Signature, Text, Workflow};

/// The earliest instant that can be recorded, in milliseconds: calendars begin with 1970, in every
/// zone.
const EARLIEST_MS: i64 = 86_400_000;
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
    let settled = case.map(|case| case.settled_at);
    if let Some(newest) = settled.filter(|settled| at < *settled) {
        return Err(Refusal::OutOfOrder {
            effective_at: at,
            newest,
        });
    }
    if at.as_millis() < EARLIEST_MS {
        return Err(Refusal::InvalidInput {
            input: "effective_at".into(),
            problem: Text::new("最早为 1970-01-02。", "1970-01-02 is the earliest day."),
        });
    }
    // An act is done in one role, and that role must be allowed to record late. Opening, attaching
    // and commenting are nobody's in particular: any role the actor holds will do.
    let may_record_late = |role: &String| {
        workflow
            .roles
            .get(role)
            .is_some_and(|role| role.may_record_late)
    };
    let may = match (&command.act, &by.role) {
        (Act::Fire { .. }, Some(role)) => may_record_late(role),
        _ => command.actor.roles.iter().any(may_record_late),
    };
    if !may {
        let held = command.actor.roles.iter();
        let role = by.role.as_ref().or_else(|| held.into_iter().next());
        let role = role.map(String::as_str).unwrap_or_default();
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
    check_line("actor", &actor.id, Actor::ID_LENGTH_MAX)?;
    check_line("actor", &actor.name, TITLE_LENGTH_MAX)
}

/// Checks a text of one line: a title or a name.
pub(crate) fn check_line(input: &str, text: &str, length_max: usize) -> Result<(), Refusal> {
    if text.contains(['\n', '\r', '\t']) {
        return Err(Refusal::InvalidInput {
            input: input.to_owned(),
            problem: Text::new("只能有一行。", "one line is allowed."),
        });
    }
    check_text(input, text, length_max)
}

/// Checks a text that comes with a command.
pub(crate) fn check_text(input: &str, text: &str, length_max: usize) -> Result<(), Refusal> {
    match text_problem(text, length_max) {
        None => Ok(()),
        Some(problem) => Err(Refusal::InvalidInput {
            input: input.to_owned(),
            problem,
        }),
    }
}

/// Returns what is wrong with a text: nothing can be seen in it, it is too long, or it holds
/// something that changes how the text around it is shown.
pub(crate) fn text_problem(text: &str, length_max: usize) -> Option<Text> {
    if text.trim().is_empty() {
        Some(Text::new("不能为空。", "it may not be empty."))
    } else if text.chars().count() > length_max {
        Some(Text::new(
            format!("最多 {length_max} 字。"),
            format!("at most {length_max} characters."),
        ))
    } else if text
        .chars()
        .any(|c| is_unseen(c) || c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        Some(Text::new(
            "含有控制字符或不可见字符。",
            "it holds control characters or characters that cannot be seen.",
        ))
    } else {
        None
    }
}

/// Characters without a shape that hide or turn round the text beside them: zero-width spaces and
/// marks, overrides and isolates of the writing direction, the byte order mark.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The digits of a case number that follow from its id.
const NUMBER_LENGTH: usize = 6;
/// The most digits: the bits of an id that are random give no more.
const NUMBER_LENGTH_MAX: usize = 12;

/// Returns the number staff call a new case by: the day, and digits made from the id.
pub(crate) fn number(workflow: &Workflow, command: &Command, at: Timestamp) -> String {
    let day = at.in_zone(workflow.calendar.tz()).format("%Y%m%d");
    format!("{day}-{}", digits(command.case, NUMBER_LENGTH))
}

/// Returns a case's number with one more digit; `None` when there is none to add.
pub(crate) fn longer_number(number: &str, case: CaseId) -> Option<String> {
    let (day, tail) = number.split_once('-')?;
    (tail.len() < NUMBER_LENGTH_MAX).then(|| format!("{day}-{}", digits(case, tail.len() + 1)))
}

/// Returns the last bits of an id as digits. Those of a version 7 UUID are random.
fn digits(case: CaseId, length: usize) -> String {
    /// Crockford's alphabet: no I, L, O or U, so that a number can be read out.
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = case.0.as_u128();
    (0..length)
        .rev()
        .map(|place| char::from(ALPHABET[((bits >> (place * 5)) & 31) as usize]))
        .collect()
}

/// Returns a case number as it is kept, from one as it was typed or read out: capitals, no space
/// around it, and the letters that the alphabet leaves out read as the digits they look like.
pub fn number_as_kept(typed: &str) -> String {
    typed
        .trim()
        .chars()
        .map(|c| match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            c => c,
        })
        .collect()
}
