//! Identifiers that a standard gives its form: read at the edge, and kept as the standard writes
//! them.
//!
//! What people type is made plain first: outer blanks go, full-width letters and digits become
//! ASCII ones, small letters large ones. Nothing else is mended, and nothing is guessed: a check
//! character that does not agree says that something is wrong, and never what would be right.

use crate::Text;

pub(crate) mod construction_permit;
pub(crate) mod credit_code;
pub(crate) mod division;
pub(crate) mod document_number;
pub(crate) mod industry;
pub(crate) mod project_code;
pub(crate) mod real_estate_title;

/// The form of an identifier.
#[derive(Clone, Copy, Debug)]
pub struct Identifier {
    zh: &'static str,
    en: &'static str,
    /// One of the right form. It is invented, or the example of the standard.
    pub example: &'static str,
    read: fn(&str) -> Result<String, Text>,
    caution: fn(&str) -> Option<Text>,
}

impl Identifier {
    /// Returns what it is, how it is made up, and the standard it follows.
    pub fn text(&self) -> Text {
        Text::new(self.zh, self.en)
    }

    /// Returns the identifier as its standard writes it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, where, and what to do.
    pub fn read(&self, typed: &str) -> Result<String, Text> {
        (self.read)(&plain(typed))
    }

    /// Returns what is to be looked at twice in one that was read: it is taken, and yet not certain.
    pub fn caution(&self, read: &str) -> Option<Text> {
        (self.caution)(read)
    }
}

fn never(_: &str) -> Option<Text> {
    None
}

/// Returns what was typed without outer blanks, in ASCII where it has an ASCII counterpart, in large
/// letters.
fn plain(typed: &str) -> String {
    let half = typed.chars().map(half_width).collect::<String>();
    half.trim().to_ascii_uppercase()
}

/// Returns the ASCII character that stands for a full-width one.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// Checks that there are as many characters as there should be.
fn check_length(text: &str, needed: usize) -> Result<(), Text> {
    let found = text.chars().count();
    if found == needed {
        return Ok(());
    }
    let (zh, en) = if found < needed {
        ("是否漏了几位？", "Were some left out?")
    } else {
        ("是否多打了几位？", "Were some typed twice?")
    };
    Err(Text::new(
        format!("应为 {needed} 位，实有 {found} 位。{zh}请对照原件核对。"),
        format!(
            "{needed} characters are needed; there are {found}. {en} Compare it with the original."
        ),
    ))
}

/// Checks that every character is one of those allowed, which `zh` and `en` name.
fn check_characters(
    text: &str,
    allowed: impl Fn(char) -> bool,
    zh: &str,
    en: &str,
) -> Result<(), Text> {
    match text.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        None => Ok(()),
        Some((index, c)) => Err(wrong_at(index + 1, c, zh, en)),
    }
}

/// Says which character stands where it cannot, and which could.
fn wrong_at(place: usize, found: char, zh: &str, en: &str) -> Text {
    let found = found.escape_debug();
    Text::new(
        format!("第 {place} 位是“{found}”，这里只用{zh}。请改正这一位。"),
        format!("character {place} is \"{found}\"; only {en} can stand there. Correct it."),
    )
}

/// Checks that there are only digits, so many of them.
fn check_digits(text: &str, needed: usize) -> Result<(), Text> {
    check_characters(text, |c| c.is_ascii_digit(), "数字", "digits")?;
    check_length(text, needed)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Reads rows of what is typed and what is kept; or, behind a `!`, what the refusal says in
    /// English.
    pub(crate) fn check(identifier: &Identifier, rows: &[(&str, &str)]) {
        for (typed, expected) in rows {
            match (identifier.read(typed), expected.strip_prefix('!')) {
                (Ok(read), None) => assert_eq!(read, *expected, "{typed}"),
                (Err(problem), Some(said)) => {
                    assert!(problem.en.contains(said), "{typed}: {}", problem.en);
                    assert!(problem.zh.contains("请"), "{typed}: {}", problem.zh);
                }
                (read, _) => panic!("{typed}: {read:?} instead of {expected}"),
            }
        }
        let example = identifier.example;
        assert_eq!(identifier.read(example).as_deref(), Ok(example));
    }

    #[test]
    fn a_character_that_cannot_be_seen_is_named_and_not_shown() {
        let problem = check_digits("12\u{202e}3", 4).unwrap_err();
        assert!(problem.en.contains("\\u{202e}"), "{}", problem.en);
    }
}
