//! Expressions in CEL, and the places they can be assigned to.

use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, operators};
use cel::parser::PrattParser;
use cel::parser::pratt_parser::{Lexer, TokenKind};

use crate::Text;
use crate::functions::Function;
use crate::text::shorten;

/// The longest expression, in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 4096;
/// The most words, signs and literals in an expression. Together with the nesting it bounds how
/// deep the tree can be, which is walked and dropped by recursion.
pub const TOKENS_MAX: usize = 512;
/// The most brackets open at one place.
pub const NESTING_MAX: usize = 32;

/// An expression whose form is right. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Expression {
    source: Arc<str>,
    tree: Arc<IdedExpr>,
}

/// Why a text is no expression.
#[derive(Clone, Debug)]
pub(crate) struct SyntaxFault {
    /// Bytes of the expression.
    pub(crate) range: Range<usize>,
    pub(crate) message: Text,
}

impl Expression {
    /// Reads an expression.
    pub(crate) fn parse(source: &str) -> Result<Self, SyntaxFault> {
        check_tokens(source)?;
        let tree = PrattParser::new()
            .max_recursion_depth(96)
            .parse(source)
            .map_err(|errors| {
                let first = errors.errors.iter().find(|error| error.pos.0 > 0);
                let start = first.map_or(0, |error| offset(source, error.pos));
                SyntaxFault {
                    range: start..source.len(),
                    message: unread(source.get(start..).unwrap_or_default()),
                }
            })?;
        check_tree(&tree).map_err(|message| SyntaxFault {
            range: 0..source.len(),
            message,
        })?;
        Ok(Self {
            source: source.into(),
            tree: Arc::new(tree),
        })
    }

    /// Returns the text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn tree(&self) -> &IdedExpr {
        &self.tree
    }

    /// Returns whether the expression asks for nothing but `In('state')`: all that a document
    /// without a data model can ask.
    pub(crate) fn only_asks_for_a_state(&self) -> bool {
        match &self.tree.expr {
            Expr::Call(call) => {
                call.func_name == "In"
                    && call.target.is_none()
                    && call
                        .args
                        .iter()
                        .all(|arg| matches!(arg.expr, Expr::Literal(_)))
            }
            _ => false,
        }
    }

    /// Returns the text with names replaced, for another language of the same form: `replace` is
    /// given each name and whether it is that of a function, and returns what to write instead.
    /// Names behind a dot are left as they are.
    #[must_use]
    pub fn renamed(&self, replace: &dyn Fn(&str, NameKind) -> Option<String>) -> String {
        let mut tokens = Vec::new();
        let mut lexer = Lexer::new(&self.source);
        loop {
            let token = lexer.lex();
            match token.kind {
                TokenKind::TokEnd | TokenKind::TokError => break,
                TokenKind::TokWhitespace | TokenKind::TokComment => {}
                kind => tokens.push((kind, token.start..token.end)),
            }
        }
        let mut renamed = String::new();
        let mut written = 0;
        for (at, (kind, range)) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            let after_dot = before.is_some_and(|(kind, _)| *kind == TokenKind::TokDot);
            if *kind != TokenKind::TokIdent || after_dot {
                continue;
            }
            let behind = tokens.get(at + 1).map(|(kind, _)| kind);
            let name_kind = if behind == Some(&TokenKind::TokLeftParen) {
                NameKind::Function
            } else {
                NameKind::Variable
            };
            let name = self.source.get(range.clone()).unwrap_or_default();
            if let Some(instead) = replace(name, name_kind) {
                renamed.push_str(self.source.get(written..range.start).unwrap_or_default());
                renamed.push_str(&instead);
                written = range.end;
            }
        }
        renamed.push_str(self.source.get(written..).unwrap_or_default());
        renamed
    }
}

/// What a name in an expression is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A variable, or a type.
    Variable,
    /// A function.
    Function,
}

/// Where a value can be put: a variable, or a part of one.
#[derive(Clone, Debug)]
pub struct Location {
    source: Arc<str>,
    pub(crate) root: Arc<str>,
    pub(crate) path: Vec<Step>,
}

/// One step from a value to a part of it.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The value of this name in a map.
    Name(Arc<str>),
    /// The value at this place of a list, or of this name in a map.
    Index(Arc<IdedExpr>),
}

impl Location {
    /// Reads a location: a name, with fields and indices behind it.
    pub(crate) fn parse(source: &str) -> Result<Self, SyntaxFault> {
        let expression = Expression::parse(source)?;
        let mut path = Vec::new();
        let mut node = expression.tree();
        loop {
            match &node.expr {
                Expr::Ident(name) => {
                    path.reverse();
                    return Ok(Self {
                        source: source.into(),
                        root: name.trim_start_matches('.').into(),
                        path,
                    });
                }
                Expr::Select(select) if !select.test => {
                    path.push(Step::Name(select.field.as_str().into()));
                    node = &select.operand;
                }
                Expr::Call(call) if call.func_name == operators::INDEX => {
                    let [operand, index] = call.args.as_slice() else {
                        break;
                    };
                    path.push(Step::Index(Arc::new(index.clone())));
                    node = operand;
                }
                _ => break,
            }
        }
        Err(SyntaxFault {
            range: 0..source.len(),
            message: Text::new(
                format!(
                    "不能给 `{}` 赋值：应为变量名，或变量的一部分。",
                    shorten(source)
                ),
                format!(
                    "`{}` cannot be assigned to: write the name of a variable, or a part of one.",
                    shorten(source)
                ),
            ),
        })
    }

    /// Returns the text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// Bounds what the parser, the evaluator and the destructor will recurse into.
fn check_tokens(source: &str) -> Result<(), SyntaxFault> {
    if source.len() > EXPRESSION_BYTES_MAX {
        return Err(SyntaxFault {
            range: 0..source.len(),
            message: Text::new(
                format!(
                    "表达式长 {} 字节，最多 {EXPRESSION_BYTES_MAX} 字节。",
                    source.len()
                ),
                format!(
                    "The expression has {} bytes; at most {EXPRESSION_BYTES_MAX} are read.",
                    source.len()
                ),
            ),
        });
    }
    let mut lexer = Lexer::new(source);
    let mut count = 0_usize;
    let mut open = 0_usize;
    loop {
        let token = lexer.lex();
        let range = token.start..token.end.max(token.start);
        match token.kind {
            TokenKind::TokEnd => break,
            TokenKind::TokWhitespace | TokenKind::TokComment => continue,
            // The parser may not be trusted with characters outside ASCII that no quotes hold.
            TokenKind::TokError => {
                let start = source.floor_char_boundary(range.start);
                return Err(SyntaxFault {
                    range: start..source.len(),
                    message: unread(source.get(start..).unwrap_or_default()),
                });
            }
            TokenKind::TokLeftParen | TokenKind::TokLeftBracket | TokenKind::TokLeftBrace => {
                open += 1;
            }
            TokenKind::TokRightParen | TokenKind::TokRightBracket | TokenKind::TokRightBrace => {
                open = open.saturating_sub(1);
            }
            _ => {}
        }
        count += 1;
        if count > TOKENS_MAX || open > NESTING_MAX {
            return Err(SyntaxFault {
                range,
                message: Text::new(
                    format!("表达式太复杂：最多 {TOKENS_MAX} 个符号、{NESTING_MAX} 层括号。"),
                    format!(
                        "The expression is too complex: at most {TOKENS_MAX} words and signs, and {NESTING_MAX} brackets in one another."
                    ),
                ),
            });
        }
    }
    if count == 0 {
        return Err(SyntaxFault {
            range: 0..source.len(),
            message: Text::new("表达式为空。", "The expression is empty."),
        });
    }
    Ok(())
}

/// Checks that nothing is used that the data model does not have.
fn check_tree(tree: &IdedExpr) -> Result<(), Text> {
    let mut problem = None;
    walk(tree, &mut |node| {
        let found = match &node.expr {
            Expr::Struct(_) => Some(Text::new(
                "数据模型没有消息类型；请写 `{\"名\": 值}`。",
                "The data model has no message types; write `{\"name\": value}`.",
            )),
            Expr::Call(call) if Function::of(call).is_none() => {
                let name = shorten(&call.func_name);
                Some(Text::new(
                    format!("没有函数 `{name}`。可用：{}。", Function::names("、")),
                    format!(
                        "There is no function `{name}`. There are: {}.",
                        Function::names(", ")
                    ),
                ))
            }
            Expr::Unspecified => Some(Text::new("表达式不完整。", "The expression is incomplete.")),
            _ => None,
        };
        problem = problem.take().or(found);
    });
    problem.map_or(Ok(()), Err)
}

/// Calls `visit` with each node, parents first.
fn walk(node: &IdedExpr, visit: &mut dyn FnMut(&IdedExpr)) {
    visit(node);
    match &node.expr {
        Expr::Call(call) => {
            call.target.iter().for_each(|target| walk(target, visit));
            call.args.iter().for_each(|arg| walk(arg, visit));
        }
        Expr::Select(select) => walk(&select.operand, visit),
        Expr::List(list) => list
            .elements
            .iter()
            .for_each(|element| walk(element, visit)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    walk(&entry.key, visit);
                    walk(&entry.value, visit);
                }
            }
        }
        Expr::Comprehension(it) => {
            let parts = [
                &it.iter_range,
                &it.accu_init,
                &it.loop_cond,
                &it.loop_step,
                &it.result,
            ];
            parts.into_iter().for_each(|part| walk(part, visit));
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => {}
    }
}

fn unread(rest: &str) -> Text {
    let rest = shorten(rest);
    if rest.is_empty() {
        return Text::new("表达式不完整。", "The expression breaks off.");
    }
    Text::new(
        format!("表达式从 `{rest}` 起读不懂。"),
        format!("The expression cannot be read from `{rest}` on."),
    )
}

/// Returns the byte at a line and a column, both from 1; the column counts bytes.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let lines = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let before: usize = source.split_inclusive('\n').take(lines).map(str::len).sum();
    let column = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    source.floor_char_boundary((before + column).min(source.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_expression_is_told_with_its_place() {
        for (source, start) in [
            ("", 0),
            ("1 +", 3),
            ("状态 == 1", 0),
            ("x = 1", 2),
            ("nothing(1)", 0),
            ("Message{a: 1}", 0),
            ("'open", 0),
        ] {
            let fault = Expression::parse(source).unwrap_err();
            assert_eq!(fault.range.start, start, "{source}: {fault:?}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep =
            |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        assert!(Expression::parse(&deep("(", ")", NESTING_MAX)).is_ok());
        assert!(Expression::parse(&deep("(", ")", NESTING_MAX + 1)).is_err());
        assert!(Expression::parse(&deep("!", "", 5000)).is_err());
        assert!(Expression::parse(&"1+".repeat(TOKENS_MAX)).is_err());
        let _ = Expression::parse(&deep("-", "", TOKENS_MAX - 1));
        let _ = Expression::parse(&deep("true?1:", "", TOKENS_MAX / 4 - 1));
    }

    #[test]
    fn names_can_be_replaced_and_nothing_else() {
        let expression = Expression::parse("fee.fee > 1 && In('fee') && f['fee'] == fee").unwrap();
        let renamed = expression.renamed(&|name, kind| match (name, kind) {
            ("In", NameKind::Function) => Some("at".to_owned()),
            ("fee", NameKind::Variable) => Some("data.fee".to_owned()),
            _ => None,
        });
        assert_eq!(
            renamed,
            "data.fee.fee > 1 && at('fee') && f['fee'] == data.fee"
        );
    }

    #[test]
    fn a_location_is_a_name_and_a_way_down() {
        for good in ["x", "x.y", "x[0].y", "x['a'][i + 1]"] {
            assert!(Location::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "1", "x + 1", "f(x)", "'x'", "has(x.y)", "size(x)"] {
            assert!(Location::parse(bad).is_err(), "{bad}");
        }
    }
}
