use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::pratt_parser::{Token, TokenKind};
use cel::parser::{ParseError, PrattParser};

use super::tokens::{check_brackets, tokens};
use super::{GuardFault, LENGTH_MAX};
use crate::Text;

/// A guard whose form is right.
pub(super) struct Parsed<'a> {
    source: &'a str,
    pub(super) expression: IdedExpr,
    tokens: Vec<Token>,
    positions: Arc<SourceInfo>,
}

/// Reads the form of a guard.
///
/// The tokens are looked at before the parser sees them: it may be trusted neither with
/// characters outside ASCII that stand outside quotes nor with unbounded depth.
pub(super) fn parse(source: &str) -> Result<Parsed<'_>, Vec<GuardFault>> {
    if source.len() > LENGTH_MAX {
        return Err(vec![too_long(source)]);
    }
    let tokens = tokens(source)?;
    check_brackets(source, &tokens)?;
    let expression = PrattParser::new().parse(source).map_err(|errors| {
        let mut faults = Vec::new();
        // An error without a place says that the parser gave up, after errors that have one.
        for error in errors.errors.iter().filter(|error| error.pos.0 > 0) {
            match refused(source, &tokens, error) {
                ControlFlow::Continue(fault) => faults.push(fault),
                ControlFlow::Break(fault) => {
                    faults.push(fault);
                    break;
                }
            }
        }
        if faults.is_empty() {
            faults.push(unread(&tokens));
        }
        faults
    })?;
    let positions = positions(source).ok_or_else(|| vec![unread(&tokens)])?;
    Ok(Parsed {
        source,
        expression,
        tokens,
        positions,
    })
}

/// Returns where each node of the tree stands.
///
/// The parser hands its positions out with errors only. It numbers the nodes in the order of the
/// text, so a bracket too many at the end, on a line of its own should the guard end in a
/// comment, leaves the numbers as they are and makes the parser hand out the positions.
fn positions(source: &str) -> Option<Arc<SourceInfo>> {
    let refused = PrattParser::new().parse(&format!("{source}\n]")).err()?;
    refused
        .errors
        .into_iter()
        .find_map(|error| error.source_info)
}

impl Parsed<'_> {
    /// Returns the bytes of the token that a node was numbered at: the name, the literal, the
    /// operator, the dot of a selection, the bracket of a method call.
    pub(super) fn anchor(&self, node: &IdedExpr) -> Range<usize> {
        self.index(node)
            .map_or_else(|| whole(&self.tokens), |index| self.range(index))
    }

    /// Returns the bytes of the name that follows the dot of a selection.
    pub(super) fn selected(&self, selection: &IdedExpr) -> Range<usize> {
        self.index(selection)
            .map_or_else(|| whole(&self.tokens), |index| self.range(index + 1))
    }

    /// Returns the bytes of the name before the bracket of a method call.
    pub(super) fn method(&self, call: &IdedExpr) -> Range<usize> {
        self.index(call).map_or_else(
            || whole(&self.tokens),
            |index| self.range(index.saturating_sub(1)),
        )
    }

    /// Returns the bytes of the last name in the brackets of a call: the fact in `has(data.fact)`.
    pub(super) fn last_argument(&self, call: &IdedExpr) -> Range<usize> {
        let Some(index) = self.index(call) else {
            return whole(&self.tokens);
        };
        let mut open = 0_usize;
        let mut last = index;
        for (index, token) in self.tokens.iter().enumerate().skip(index + 1) {
            match token.kind {
                TokenKind::TokLeftParen => open += 1,
                TokenKind::TokRightParen if open <= 1 => break,
                TokenKind::TokRightParen => open -= 1,
                TokenKind::TokIdent | TokenKind::TokReservedWord => last = index,
                _ => {}
            }
        }
        self.range(last)
    }

    /// Returns the bytes between the quotes of a literal, or all of it when it is not written
    /// letter by letter.
    pub(super) fn quoted(&self, literal: &IdedExpr, value: &str) -> Range<usize> {
        let range = self.anchor(literal);
        let inside = range.start + 1..range.end.saturating_sub(1);
        if !value.is_empty() && self.source.get(inside.clone()) == Some(value) {
            inside
        } else {
            range
        }
    }

    /// Returns the bytes from the first token to the last.
    pub(super) fn whole(&self) -> Range<usize> {
        whole(&self.tokens)
    }

    fn index(&self, node: &IdedExpr) -> Option<usize> {
        let (start, _) = self.positions.offset_for(node.id)?;
        let start = usize::try_from(start).ok()?;
        self.tokens
            .binary_search_by_key(&start, |token| token.start)
            .ok()
    }

    fn range(&self, index: usize) -> Range<usize> {
        self.tokens
            .get(index)
            .map_or_else(|| whole(&self.tokens), |token| token.start..token.end)
    }
}

fn whole(tokens: &[Token]) -> Range<usize> {
    let start = tokens.first().map_or(0, |token| token.start);
    let end = tokens.last().map_or(0, |token| token.end);
    start..end
}

fn too_long(source: &str) -> GuardFault {
    let length = source.len();
    GuardFault::new(
        "guard-too-long",
        source.floor_char_boundary(LENGTH_MAX)..length,
        Text::new(
            format!("条件长 {length} 字节，最多 {LENGTH_MAX} 字节。"),
            format!("The condition has {length} bytes; at most {LENGTH_MAX} are read."),
        ),
    )
    .with_help(Some(Text::new(
        "请拆成几个条件，或用表单字段存放中间结果。",
        "Split it over several conditions, or keep a part of it as a fact.",
    )))
}

fn unread(tokens: &[Token]) -> GuardFault {
    GuardFault::syntax(
        whole(tokens),
        Text::new("无法读懂此条件。", "This condition cannot be read."),
    )
}

/// Puts what the parser says into our words, at the token it stumbled over.
///
/// Behind a literal that is wrong the parser goes on. Behind anything else it guesses where the
/// next part begins, and what it says from there on would mislead: that is the break.
fn refused(
    source: &str,
    tokens: &[Token],
    error: &ParseError,
) -> ControlFlow<GuardFault, GuardFault> {
    let numbered = error
        .source_info
        .as_ref()
        .and_then(|info| info.offset_for(error.expr_id));
    let start = match numbered {
        Some((start, _)) => usize::try_from(start).unwrap_or(source.len()),
        // A macro gives a line and a column only.
        None => offset(source, error.pos),
    };
    let Some(token) = tokens.iter().find(|token| token.start >= start) else {
        return ControlFlow::Break(missing(source, tokens));
    };
    let range = token.start..token.end;
    let word = source.get(range.clone()).unwrap_or_default();
    let said = error.msg.as_str();
    if said.contains("has()") {
        let fault = GuardFault::syntax(
            range,
            Text::new("`has` 只接受一个信息项。", "`has` takes one fact."),
        );
        let help = Text::new("请写 `has(data.名称)`。", "Write `has(data.name)`.");
        return ControlFlow::Continue(fault.with_help(Some(help)));
    }
    if said.contains("simple name") {
        return ControlFlow::Continue(GuardFault::comprehension(range));
    }
    if said.starts_with("invalid int")
        || said.starts_with("invalid uint")
        || said.starts_with("invalid double")
    {
        let message = Text::new(
            format!("数字 {word} 太大。"),
            format!("The number {word} is too large."),
        );
        return ControlFlow::Continue(GuardFault::syntax(range, message));
    }
    if said.starts_with("unable to unescape") || said.starts_with("invalid unicode") {
        let message = Text::new(
            "文字中的 `\\` 用法有误。",
            "The text has a `\\` that means nothing.",
        );
        let help = Text::new(
            "反斜杠本身写作 `\\\\`。",
            "Write `\\\\` for the character itself.",
        );
        return ControlFlow::Continue(GuardFault::syntax(range, message).with_help(Some(help)));
    }
    let message = Text::new(
        format!("此处不能有 `{word}`。"),
        format!("`{word}` cannot stand here."),
    );
    ControlFlow::Break(GuardFault::syntax(range, message).with_help(instead(word)))
}

/// Returns what somebody who writes `word` is used to write elsewhere.
fn instead(word: &str) -> Option<Text> {
    let written = match word {
        "=" => "==",
        "and" | "AND" => "&&",
        "or" | "OR" => "||",
        "not" | "NOT" => "!",
        "in" => "at(\"state\")",
        _ => return None,
    };
    Some(Text::new(
        format!("请写 `{written}`。"),
        format!("Write `{written}`."),
    ))
}

fn missing(source: &str, tokens: &[Token]) -> GuardFault {
    let range = tokens
        .last()
        .map_or(0..source.len(), |token| token.start..token.end);
    let word = source.get(range.clone()).unwrap_or_default();
    GuardFault::syntax(
        range,
        Text::new(
            format!("`{word}` 之后不完整。"),
            format!("Something is missing after `{word}`."),
        ),
    )
}

/// Returns the byte at a line and a column, both from 1; the column counts bytes.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let before: usize = match usize::try_from(line) {
        Ok(line @ 1..) => source
            .split_inclusive('\n')
            .take(line - 1)
            .map(str::len)
            .sum(),
        _ => return 0,
    };
    before + usize::try_from(column - 1).unwrap_or(0)
}
