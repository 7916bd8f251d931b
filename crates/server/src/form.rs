use groundbreak_workflow::sla::{Timestamp, parse_local};
use groundbreak_workflow::{CommandId, Data, Refusal, Text};
use uuid::Uuid;

use crate::facts::{FieldView, Input};
use crate::moment::Moment;
use crate::words::Words;

/// Reads the facts typed into a form, and marks what is wrong. The data holds those that are right.
pub(crate) fn read_facts(
    fields: &mut [FieldView],
    kinds: &[groundbreak_workflow::FieldType],
    words: Words,
) -> Data {
    let mut data = Data::new();
    for (field, kind) in fields.iter_mut().zip(kinds) {
        let typed = field.value.trim();
        if typed.is_empty() {
            if !field.optional {
                let key = if matches!(field.input, Input::Choice(_)) {
                    "error-choose"
                } else {
                    "error-empty"
                };
                field.error = Some(words.s(key, &field.title));
            }
            continue;
        }
        match kind.parse(typed) {
            Ok(value) => {
                data.insert(field.name.clone(), value);
            }
            Err(problem) => {
                field.error = Some(words.with(
                    "error-field",
                    [("field", &field.title), ("problem", words.text(&problem))],
                ))
            }
        }
    }
    data
}

/// Marks the field that a refusal is about. Tells whether there is one.
pub(crate) fn mark(fields: &mut [FieldView], refusal: &Refusal, words: Words) -> bool {
    let Some((field, problem)) = refusal.about_field() else {
        return false;
    };
    match fields.iter_mut().find(|shown| shown.name == field) {
        Some(shown) => {
            shown.error = Some(words.with(
                "error-field",
                [("field", &shown.title), ("problem", words.text(problem))],
            ));
            true
        }
        None => false,
    }
}

/// Reads the earlier time that something happened: a date, and a time that may be typed `1106`.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn read_earlier(date: &str, time: &str, at: &Moment) -> Result<Option<Timestamp>, Text> {
    if date.is_empty() && time.is_empty() {
        return Ok(None);
    }
    let both = || crate::problem::both("error-late-both");
    if date.is_empty() || time.is_empty() {
        return Err(both());
    }
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    let time = match (time.contains([':', '：']), digits.len()) {
        (false, 3) => format!("0{}:{}", &digits[..1], &digits[1..]),
        (false, 4) => format!("{}:{}", &digits[..2], &digits[2..]),
        _ => time.replace('：', ":"),
    };
    parse_local(at.zone, &format!("{date} {time}"))
        .map(Some)
        .map_err(|_| both())
}

/// Reads the id that makes a form count once. One that is not an id counts as a new form.
pub(crate) fn read_command(text: &str, fresh: CommandId) -> CommandId {
    text.parse::<Uuid>().map_or(fresh, CommandId)
}

/// Returns a remark as it was typed, or none.
pub(crate) fn read_note(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use groundbreak_workflow::Language;

    use super::*;

    #[test]
    fn times_may_be_typed_without_a_colon() {
        let zone = chrono_tz::Asia::Shanghai;
        let at = Moment {
            words: Words::new(Language::Zh),
            now: Timestamp::EPOCH,
            zone,
        };
        let rows = [
            ("1106", "11:06"),
            ("906", "09:06"),
            ("9:06", "09:06"),
            ("11：06", "11:06"),
            ("11:06:30", "11:06:30"),
        ];
        for (typed, meant) in rows {
            let read = read_earlier("2023-03-23", typed, &at).unwrap().unwrap();
            assert_eq!(
                read,
                parse_local(zone, &format!("2023-03-23 {meant}")).unwrap(),
                "{typed}"
            );
        }
        for (date, time) in [
            ("2023-03-23", ""),
            ("", "11:06"),
            ("2023-02-30", "11:06"),
            ("2023-03-23", "noon"),
            ("2023-03-23", "2575"),
        ] {
            assert!(read_earlier(date, time, &at).is_err(), "{date} {time}");
        }
        assert_eq!(read_earlier("", "", &at).unwrap(), None);
    }
}
