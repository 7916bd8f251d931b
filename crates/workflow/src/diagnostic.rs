use std::ops::Range;

use serde::Serialize;

use crate::Text;

/// One thing wrong with a definition, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable; has a page in `docs/errors`.
    pub code: &'static str,
    /// What is wrong.
    pub message: Text,
    /// Bytes of the source the message is about.
    pub span: Range<usize>,
    /// What the author can do, when there is one obvious thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<Text>,
}

/// A place in a text as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Diagnostic {
    /// Returns a diagnostic without a remedy.
    pub fn new(code: &'static str, span: Range<usize>, message: Text) -> Self {
        Self {
            code,
            message,
            span,
            help: None,
        }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn with_help(mut self, help: Text) -> Self {
        self.help = Some(help);
        self
    }

    /// Returns where in `source` the diagnostic begins.
    ///
    /// This is the one place where bytes become columns: a Chinese character is one column and
    /// three bytes.
    pub fn place(&self, source: &str) -> Place {
        let mut start = self.span.start.min(source.len());
        while !source.is_char_boundary(start) {
            start -= 1;
        }
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(source: &str, byte: usize) -> (usize, usize) {
        let place = Diagnostic::new("test", byte..byte, Text::default()).place(source);
        (place.line, place.column)
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = "标题: 企业\n  名: x";
        assert_eq!(place(source, 0), (1, 1));
        assert_eq!(place(source, "标题: ".len()), (1, 5));
        assert_eq!(place(source, source.len() - 1), (2, 6));
    }

    #[test]
    fn a_byte_inside_a_character_or_past_the_end_still_has_a_place() {
        assert_eq!(place("企业", 1), (1, 1));
        assert_eq!(place("企业", 99), (1, 3));
    }
}
