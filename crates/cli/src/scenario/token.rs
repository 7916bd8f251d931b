use groundbreak_workflow::Text;

/// The longest scenario, in bytes, and the longest line of one, in characters.
pub(crate) const SCENARIO_LENGTH_MAX: u64 = 1 << 20;
const LINE_LENGTH_MAX: usize = 2_000;

/// What is wrong with a scenario, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScenarioFault {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
    /// What is wrong, and what is accepted.
    pub(crate) message: Text,
}

/// A piece of a line and the column it begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) column: usize,
    pub(crate) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word, with full-width signs turned into plain ones.
    Word(String),
    /// What stood between quotation marks, as it is.
    Quoted(String),
    /// `name=value`, the value with or without quotation marks.
    Pair(String, String),
    /// `,`, `，` or `、`.
    Comma,
    /// `->` or `→`.
    Arrow,
}

/// Cuts a line into tokens; what follows `#` is a remark.
pub(crate) fn tokens(line_number: usize, line: &str) -> Result<Vec<Token>, ScenarioFault> {
    let fault = |column: usize, zh: String, en: String| ScenarioFault {
        line: line_number,
        column,
        message: Text::new(zh, en),
    };
    let characters: Vec<char> = line.chars().collect();
    if characters.len() > LINE_LENGTH_MAX {
        return Err(fault(
            LINE_LENGTH_MAX + 1,
            format!("一行最多 {LINE_LENGTH_MAX} 字。"),
            format!("A line has at most {LINE_LENGTH_MAX} characters."),
        ));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let column = at + 1;
        let next = characters.get(at + 1).copied();
        let kind = match character {
            '#' => break,
            character if character.is_whitespace() => {
                at += 1;
                continue;
            }
            ',' | '，' | '、' => {
                at += 1;
                TokenKind::Comma
            }
            '→' => {
                at += 1;
                TokenKind::Arrow
            }
            '-' if next == Some('>') => {
                at += 2;
                TokenKind::Arrow
            }
            character if closing(character).is_some() => TokenKind::Quoted(
                quoted(&characters, &mut at).ok_or_else(|| unclosed(line_number, column))?,
            ),
            _ => word(&characters, &mut at).ok_or_else(|| unclosed(line_number, column))?,
        };
        tokens.push(Token { column, kind });
    }
    Ok(tokens)
}

fn unclosed(line: usize, column: usize) -> ScenarioFault {
    ScenarioFault {
        line,
        column,
        message: Text::new(
            "引号没有闭合。",
            "This quotation mark is not closed on its line.",
        ),
    }
}

/// Returns the mark that closes what this one opens.
fn closing(mark: char) -> Option<char> {
    match mark {
        '"' => Some('"'),
        '“' => Some('”'),
        '「' => Some('」'),
        _ => None,
    }
}

/// Reads what stands between quotation marks, and goes behind the closing one.
fn quoted(characters: &[char], at: &mut usize) -> Option<String> {
    let close = closing(*characters.get(*at)?)?;
    let length = characters
        .get(*at + 1..)?
        .iter()
        .position(|character| *character == close)?;
    let text = characters.get(*at + 1..*at + 1 + length)?.iter().collect();
    *at += length + 2;
    Some(text)
}

/// Reads a word or a pair. `None` when a quotation mark in it is not closed.
fn word(characters: &[char], at: &mut usize) -> Option<TokenKind> {
    let mut word = String::new();
    let mut name: Option<String> = None;
    while let Some(&character) = characters.get(*at) {
        let arrow = character == '→' || (character == '-' && characters.get(*at + 1) == Some(&'>'));
        if character.is_whitespace() || matches!(character, ',' | '，' | '、' | '#') || arrow {
            break;
        }
        if closing(character).is_some() {
            // Only a value may be quoted inside a word: `address="江门 蓬江"`.
            if name.is_some() && word.is_empty() {
                word = quoted(characters, at)?;
            }
            break;
        }
        *at += 1;
        match character {
            '=' | '＝' if name.is_none() => name = Some(std::mem::take(&mut word)),
            character => word.push(plain(character)),
        }
    }
    Some(match name {
        Some(name) => TokenKind::Pair(name, word),
        None => TokenKind::Word(word),
    })
}

/// Turns the full-width signs that a Chinese keyboard gives into plain ones.
fn plain(character: char) -> char {
    match character {
        '：' => ':',
        '（' => '(',
        '）' => ')',
        '０'..='９' => {
            char::from_digit(u32::from(character) - u32::from('０'), 10).unwrap_or(character)
        }
        _ => character,
    }
}

impl Token {
    /// Returns the word this is, if it is one.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Word(word) => Some(word),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(line: &str) -> Vec<TokenKind> {
        tokens(1, line)
            .unwrap()
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    fn word(text: &str) -> TokenKind {
        TokenKind::Word(text.into())
    }

    #[test]
    fn full_width_signs_mean_what_plain_ones_do() {
        let plain = kinds("2023-03-23 10:00 (clock) -> a, b x=\"1 2\"");
        assert_eq!(plain, kinds("2023-03-23　10：00　（clock）→a，b x＝“1 2”"));
        assert_eq!(
            plain,
            [
                word("2023-03-23"),
                word("10:00"),
                word("(clock)"),
                TokenKind::Arrow,
                word("a"),
                TokenKind::Comma,
                word("b"),
                TokenKind::Pair("x".into(), "1 2".into())
            ]
        );
    }

    #[test]
    fn columns_count_characters() {
        let columns: Vec<usize> = tokens(1, "办件 建雅 \"机车\"")
            .unwrap()
            .iter()
            .map(|token| token.column)
            .collect();
        assert_eq!(columns, [1, 4, 7]);
    }

    #[test]
    fn remarks_and_open_quotation_marks() {
        assert_eq!(kinds("a # b"), [word("a")]);
        assert_eq!(kinds("\"a # b\""), [TokenKind::Quoted("a # b".into())]);
        assert_eq!(tokens(3, "a \"b").unwrap_err().column, 3);
        assert_eq!(tokens(3, "a x=\"b").unwrap_err().line, 3);
        assert!(tokens(1, &"x".repeat(3_000)).is_err());
    }
}
