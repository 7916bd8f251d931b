//! How wide a text is, before anything has drawn it, and where it breaks into lines.

use unicode_width::UnicodeWidthChar;

/// The most characters of a text that are drawn or told.
const CHARACTERS_MAX: usize = 300;
/// Width of a narrow character as a share of the size. Real ones differ; this is a wide average,
/// so that a text is rather too short for its box than too long.
const NARROW: f64 = 0.6;
/// No line begins with these.
const CLOSING: &str = "，。、；：？！）》”’」』】…,.;:?!)]}%";

/// Returns a text as it may stand in a picture: without control characters, those that turn the
/// direction of writing included, and not endless. Line breaks and runs of blanks become one blank.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    for character in text.chars().take(CHARACTERS_MAX) {
        if character.is_whitespace() {
            if !cleaned.ends_with(' ') && !cleaned.is_empty() {
                cleaned.push(' ');
            }
        } else if !is_invisible(character) {
            cleaned.push(character);
        }
    }
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        cleaned.push('…');
    }
    cleaned.trim_end().to_owned()
}

fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Returns how wide a text is at this size.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars()
        .map(|character| advance(character) * size)
        .sum()
}

fn advance(character: char) -> f64 {
    match character.width() {
        Some(0) | None => 0.0,
        Some(1) => NARROW,
        // Chinese characters are as wide as they are high.
        Some(_) => 1.0,
    }
}

/// Breaks a text into at most `lines_max` lines of this width; the last ends in `…` when something
/// is left out. Breaks between Chinese characters and at blanks, and within a word that is longer
/// than a line.
pub(crate) fn wrap(text: &str, size: f64, line_width: f64, lines_max: usize) -> Vec<String> {
    let room = line_width / size;
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut used) = (String::new(), 0.0);
    for word in words(text) {
        let wide: f64 = word.chars().map(advance).sum();
        if used + wide > room && !line.is_empty() && !clings(word) {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0.0;
        }
        for character in word.chars() {
            let wide = advance(character);
            if used + wide > room && !line.is_empty() && !CLOSING.contains(character) {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0.0;
            }
            if !(line.is_empty() && character == ' ') {
                line.push(character);
                used += wide;
            }
        }
    }
    if !line.trim_end().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    if lines.len() > lines_max {
        lines.truncate(lines_max);
        if let Some(last) = lines.last_mut() {
            while width(last, 1.0) + 1.0 > room && last.pop().is_some() {}
            last.push('…');
        }
    }
    lines
}

fn clings(word: &str) -> bool {
    word.chars()
        .next()
        .is_some_and(|first| CLOSING.contains(first))
}

/// Cuts a text into what is not broken: one wide character, or a word with the blank behind it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if advance(first) >= 1.0 {
            first.len_utf8()
        } else {
            rest.char_indices()
                .find_map(|(at, character)| {
                    if advance(character) >= 1.0 {
                        Some(at)
                    } else {
                        (character == ' ').then_some(at + 1)
                    }
                })
                .unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_character_is_as_wide_as_it_is_high() {
        assert!((width("企业设立", 10.0) - 40.0).abs() < 1e-9);
        assert!((width("abcd", 10.0) - 24.0).abs() < 1e-9);
    }

    #[test]
    fn chinese_breaks_anywhere_but_before_a_comma() {
        assert_eq!(
            wrap("一次性告知，待补正", 10.0, 50.0, 9),
            ["一次性告知，", "待补正"]
        );
    }

    #[test]
    fn english_breaks_at_blanks() {
        assert_eq!(wrap("Enter the data", 10.0, 61.0, 9), ["Enter the", "data"]);
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken() {
        assert_eq!(wrap("abcdefgh", 10.0, 24.0, 9), ["abcd", "efgh"]);
    }

    #[test]
    fn what_is_left_out_is_told_by_dots() {
        assert_eq!(wrap("一二三四五六七八", 10.0, 30.0, 2), ["一二三", "四五…"]);
    }

    #[test]
    fn no_control_character_is_drawn() {
        assert_eq!(clean("a\u{0}b\u{202e}c\u{7}\n d\u{ffff}"), "abc d");
        assert_eq!(clean(&"长".repeat(400)).chars().count(), CHARACTERS_MAX + 1);
    }
}
