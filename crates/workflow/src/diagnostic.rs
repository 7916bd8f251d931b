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
    /// Whether the definition may run all the same.
    pub severity: Severity,
    /// The shortest way to where it shows, when it shows only while a case runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// For a fault inside a block, where the block is used: bytes of the source, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub used_at: Vec<Range<usize>>,
}

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A definition that has one is not published.
    Error,
    /// The definition can run, and its author should know.
    Warning,
}

/// The shortest sequence of happenings after which a fault shows, from the opening of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// The innermost states a case is in when it is opened.
    pub opened_in: Vec<String>,
    /// What happens then, in order.
    pub steps: Vec<WitnessStep>,
}

/// One thing that happens to a case, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WitnessStep {
    /// What happens.
    pub happens: Happening,
    /// The conditions that were asked on the way, in order, and the answer each is taken to have.
    /// Whether facts can make it so is not known: conditions on facts are abstracted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assuming: Vec<(String, bool)>,
    /// The innermost states the case is in afterwards.
    pub leads_to: Vec<String>,
}

/// What can happen to a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// An actor sends the event of this name.
    Event(String),
    /// The timer of this name falls due.
    Timer(String),
    /// A document is handed in, and what waited for documents goes on by itself.
    Document,
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
            severity: Severity::Error,
            witness: None,
            used_at: Vec::new(),
        }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn with_help(mut self, help: Text) -> Self {
        self.help = Some(help);
        self
    }

    /// Returns where in `source` the diagnostic begins.
    pub fn place(&self, source: &str) -> Place {
        Place::of(self.span.start, source)
    }
}

impl Place {
    /// Returns where a byte of `source` is. One inside a character stands for the character, one
    /// past the end for the end.
    ///
    /// This is the one place where bytes become columns: a Chinese character is one column and
    /// three bytes.
    pub fn of(byte: usize, source: &str) -> Self {
        let start = source.floor_char_boundary(byte);
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
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
