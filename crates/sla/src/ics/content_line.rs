use icalendar::parser::Property as RawProperty;

use super::fault::{IcsFault, IcsFaultKind as Kind};

/// A line as it was before it was folded.
pub(super) struct ContentLine {
    /// Where it begins, counted from one.
    pub(super) number: usize,
    pub(super) text: String,
}

/// Puts folded lines together again and numbers them. Empty lines are left out.
///
/// Works on bytes: some programs fold in the middle of a character, and what they write is UTF-8
/// only when it is unfolded. Line ends are CR LF, LF or CR; a byte order mark is no part of it.
pub(super) fn unfold(bytes: &[u8], faults: &mut Vec<IcsFault>) -> Vec<ContentLine> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut raw: Vec<(usize, Vec<u8>)> = Vec::new();
    for (index, line) in physical(bytes).enumerate() {
        match (line.first(), raw.last_mut()) {
            (None, _) => {}
            (Some(b' ' | b'\t'), Some((_, before))) => before.extend_from_slice(&line[1..]),
            _ => raw.push((index + 1, line.to_vec())),
        }
    }
    let mut lines = Vec::with_capacity(raw.len());
    for (number, bytes) in raw {
        match String::from_utf8(bytes) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => lines.push(ContentLine { number, text }),
            // Every line of a file in another encoding is wrong in the same way.
            Err(_) => {
                faults.push(IcsFault::new(Kind::NotUtf8, number, ""));
                return Vec::new();
            }
        }
    }
    lines
}

fn physical(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            rest = None;
            return Some(text);
        };
        let after = if text[end..].starts_with(b"\r\n") {
            end + 2
        } else {
            end + 1
        };
        rest = Some(&text[after..]);
        Some(&text[..end])
    })
}

/// A property of an event or of the calendar.
#[derive(Debug, Clone)]
pub(super) struct Property {
    /// In capitals.
    pub(super) name: String,
    /// With its escapes undone where it is text.
    pub(super) value: String,
    parameters: Vec<(String, String)>,
    /// Where it stands.
    pub(super) line: usize,
}

impl Property {
    /// The value of a parameter, without the quotes around it.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The name a line gives, in capitals; `None` if it is not `NAME:VALUE` or `NAME;…:VALUE`.
pub(super) fn name_of(line: &str) -> Option<String> {
    let end = line.find([':', ';'])?;
    let name = line.get(..end)?;
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (!name.is_empty() && name.chars().all(usable) && line.contains(':'))
        .then(|| name.to_ascii_uppercase())
}

/// Reads a line whose name was found to be `name`.
pub(super) fn property(line: &ContentLine, name: &str) -> Option<Property> {
    // The parser knows the types of properties by their names in capitals, and takes a line it
    // cannot read for one without a value.
    let rest = line.text.get(name.len()..)?;
    let text = format!("{name}{rest}");
    let read = RawProperty::try_from(text.as_str()).ok()?;
    let value = read.val.as_str().to_owned();
    if read.name != name || (value.is_empty() && !rest.ends_with(':')) {
        return None;
    }
    let parameters = read
        .params
        .iter()
        .map(|parameter| {
            let value = parameter.val.as_ref().map_or("", |value| value.as_str());
            (
                parameter.key.as_str().to_owned(),
                value.trim_matches('"').to_owned(),
            )
        })
        .collect();
    Some(Property {
        name: name.to_owned(),
        value,
        parameters,
        line: line.number,
    })
}
