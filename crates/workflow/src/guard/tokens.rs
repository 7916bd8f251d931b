use std::ops::Range;

use cel::parser::pratt_parser::{Lexer, LexerPosition, Token, TokenKind};

use super::GuardFault;
use crate::Text;

/// The most words, signs and literals in a guard. Together with the nesting it bounds how deep
/// the tree of the parser can be, whose destructor recurses.
pub(super) const TOKENS_MAX: usize = 512;

/// The most brackets open at one place. The parser recurses into each.
pub(super) const NESTING_MAX: usize = 32;

/// Cuts a guard into tokens, without spaces and comments.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Vec<GuardFault>> {
    let mut lexer = Lexer::new(source);
    let mut tokens = Vec::new();
    let mut faults = Vec::new();
    loop {
        let token = lexer.lex();
        match token.kind {
            TokenKind::TokEnd => break,
            TokenKind::TokWhitespace | TokenKind::TokComment => {}
            TokenKind::TokError => {
                let fault = unreadable(source, token.start..token.end);
                // The lexer goes on in the middle of a character that has several bytes.
                let next = fault.range.end.max(token.end);
                lexer.restore_position(LexerPosition {
                    pos: next,
                    at_end: false,
                    done: false,
                    err: None,
                });
                faults.push(fault);
            }
            _ => tokens.push(token),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if tokens.is_empty() {
        return Err(vec![GuardFault::syntax(
            0..source.len(),
            Text::new("条件为空。", "The condition is empty."),
        )]);
    }
    if let Some(token) = tokens.get(TOKENS_MAX) {
        return Err(vec![GuardFault::too_complex(
            token.start..token.end,
            Text::new(
                format!("条件由 {} 个符号组成，最多 {TOKENS_MAX} 个。", tokens.len()),
                format!(
                    "The condition consists of {} words and signs; at most {TOKENS_MAX} are read.",
                    tokens.len()
                ),
            ),
        )]);
    }
    Ok(tokens)
}

/// Explains characters that begin no token. The range grows to whole characters.
fn unreadable(source: &str, range: Range<usize>) -> GuardFault {
    let rest = source.get(range.start..).unwrap_or_default();
    let Some(first) = rest.chars().next() else {
        return GuardFault::syntax(
            range,
            Text::new("条件在此中断。", "The condition breaks off here."),
        );
    };
    match first {
        '"' | '\'' | '`' | 'r' | 'R' | 'b' | 'B' => GuardFault::syntax(
            range,
            Text::new("引号没有配对。", "The quote is not closed."),
        ),
        '&' | '|' => GuardFault::syntax(
            range,
            Text::new(
                format!("单个 `{first}` 不是运算符。"),
                format!("A single `{first}` is no operator."),
            ),
        )
        .with_help(Some(Text::new(
            format!("请写 `{first}{first}`。"),
            format!("Write `{first}{first}`."),
        ))),
        '.' | '0'..='9' => {
            GuardFault::syntax(range, Text::new("数字写法有误。", "This is no number.")).with_help(
                Some(Text::new(
                    "请只用数字，如 1200000。",
                    "Write digits only, such as 1200000.",
                )),
            )
        }
        '“' | '‘' => {
            let close = if first == '“' { '”' } else { '’' };
            let (inside, length) = match rest.find(close) {
                Some(end) => (
                    rest.get(first.len_utf8()..end).unwrap_or_default(),
                    end + close.len_utf8(),
                ),
                None => ("…", first.len_utf8()),
            };
            GuardFault::syntax(
                range.start..range.start + length,
                Text::new(
                    "文字应放在半角引号内。",
                    "Text goes between straight quotes.",
                ),
            )
            .with_help(Some(Text::new(
                format!("请写 `\"{inside}\"`。"),
                format!("Write `\"{inside}\"`."),
            )))
        }
        _ => match half_width(first) {
            Some(sign) => GuardFault::syntax(
                range.start..range.start + first.len_utf8(),
                Text::new(
                    format!("`{first}` 是全角符号。"),
                    format!("`{first}` is a full-width sign."),
                ),
            )
            .with_help(Some(Text::new(
                format!("请写半角 `{sign}`。"),
                format!("Write `{sign}`."),
            ))),
            None => stray(rest, range.start),
        },
    }
}

/// Explains characters that may stand between quotes only. A run of them is one fault.
fn stray(rest: &str, start: usize) -> GuardFault {
    let belongs = |c: &char| !c.is_ascii() && half_width(*c).is_none() && !"“”‘’".contains(*c);
    let run: usize = rest.chars().take_while(belongs).map(char::len_utf8).sum();
    let length = if run == 0 {
        rest.chars().next().map_or(0, char::len_utf8)
    } else {
        run
    };
    let text = rest.get(..length).unwrap_or_default();
    let fault = GuardFault::syntax(
        start..start + length,
        Text::new(
            format!("此处不能有 `{text}`。"),
            format!("`{text}` cannot stand here."),
        ),
    );
    if run == 0 {
        return fault;
    }
    fault.with_help(Some(Text::new(
        format!("文字请加引号：`\"{text}\"`。"),
        format!("Put text in quotes: `\"{text}\"`."),
    )))
}

/// Returns the sign of the language that a sign of a Chinese keyboard was meant to be.
fn half_width(sign: char) -> Option<char> {
    match sign {
        '，' | '、' => Some(','),
        '。' => Some('.'),
        '【' => Some('['),
        '】' => Some(']'),
        // The full-width forms stand in the order of ASCII.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(sign) - 0xFEE0),
        _ => None,
    }
}

/// Checks that brackets are paired, and not too deep.
pub(super) fn check_brackets(source: &str, tokens: &[Token]) -> Result<(), Vec<GuardFault>> {
    let mut open: Vec<&Token> = Vec::new();
    for token in tokens {
        let range = token.start..token.end;
        let opening = match token.kind {
            TokenKind::TokLeftParen | TokenKind::TokLeftBracket | TokenKind::TokLeftBrace => {
                open.push(token);
                if open.len() > NESTING_MAX {
                    return Err(vec![GuardFault::too_complex(
                        range,
                        Text::new(
                            format!("括号嵌套超过 {NESTING_MAX} 层。"),
                            format!("Brackets are nested more than {NESTING_MAX} deep."),
                        ),
                    )]);
                }
                continue;
            }
            TokenKind::TokRightParen => TokenKind::TokLeftParen,
            TokenKind::TokRightBracket => TokenKind::TokLeftBracket,
            TokenKind::TokRightBrace => TokenKind::TokLeftBrace,
            _ => continue,
        };
        match open.pop() {
            Some(bracket) if bracket.kind == opening => {}
            Some(bracket) => return Err(vec![unclosed(bracket)]),
            None => {
                let sign = source.get(range.clone()).unwrap_or_default();
                return Err(vec![GuardFault::syntax(
                    range,
                    Text::new(
                        format!("`{sign}` 没有左括号与之配对。"),
                        format!("`{sign}` closes nothing."),
                    ),
                )]);
            }
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(open.into_iter().map(unclosed).collect())
    }
}

fn unclosed(bracket: &Token) -> GuardFault {
    let sign = bracket.kind.as_str();
    GuardFault::syntax(
        bracket.start..bracket.end,
        Text::new(
            format!("`{sign}` 没有右括号与之配对。"),
            format!("`{sign}` is not closed."),
        ),
    )
}
