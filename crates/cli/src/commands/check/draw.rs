use std::fmt;
use std::ops::Range;

use anyhow::Result;
use groundbreak_workflow::{Diagnostic, Place, Severity};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

use super::row::Region;
use super::witness;
use crate::definitions::{DefinitionFile, Written};
use crate::screen::Screen;

/// How much of a line is drawn, in characters.
const LINE_SHOWN: usize = 160;

/// How much of a long line is drawn before the fault, in characters.
const BEFORE_SHOWN: usize = 60;

/// Draws a fault: where, what, the text underlined, and what to do.
pub(super) fn draw(file: &DefinitionFile, fault: &Diagnostic, screen: &mut Screen) -> Result<()> {
    let written = file.written(&fault.span);
    let path = written.path.display().to_string();
    let place = Place::of(written.span.start, written.text);
    let heading = format!("{path}:{}:{} {}", place.line, place.column, fault.code);
    let heading = match fault.severity {
        Severity::Error => screen.red(&heading),
        Severity::Warning => {
            let warning = screen.word("警告", "warning");
            screen.yellow(&format!("{heading} ({warning})"))
        }
    };
    screen.line(heading)?;
    let source = Excerpt::of(&written, path);
    let drawn = Drawn {
        message: fault.message.get(screen.language()).to_owned(),
        label: LabeledSpan::new(None, source.span.start, source.span.len()),
        source,
    };
    let theme = if screen.colours() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let mut text = String::new();
    GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .render_report(&mut text, &drawn)?;
    screen.line(text.trim_end())?;
    for span in &fault.used_at {
        let Region { path, start, .. } = Region::of(file, span);
        let heading = screen.word("用于：", "used at: ");
        screen.line(format!("  {heading}{path}:{}:{}", start.line, start.column))?;
    }
    if let Some(shown) = &fault.witness {
        for (number, step) in witness::steps(shown).iter().enumerate() {
            screen.line(format!("  {number}. {}", step.get(screen.language())))?;
        }
    }
    if let Some(help) = &fault.help {
        let heading = screen.word("建议：", "help: ");
        screen.line(format!("  {heading}{}", help.get(screen.language())))?;
    }
    Ok(screen.line("")?)
}

/// A fault as miette draws it.
#[derive(Debug)]
struct Drawn {
    message: String,
    label: LabeledSpan,
    source: Excerpt,
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawn {}

impl miette::Diagnostic for Drawn {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

/// The line of a fault and those beside it, cut to what a screen holds.
#[derive(Debug)]
struct Excerpt {
    name: String,
    text: String,
    /// The number of its first line, from 0.
    first_line: usize,
    /// What is underlined: at least one character where there is one, whole ones, on one line.
    span: Range<usize>,
    /// The column of the fault, from 0. Columns count characters: miette counts bytes, which puts
    /// a fault behind Chinese text at a column that no editor shows.
    column: usize,
}

impl Excerpt {
    fn of(written: &Written<'_>, name: String) -> Self {
        let place = Place::of(written.span.start, written.text);
        let (line, column) = (place.line - 1, place.column - 1);
        let first_line = line.saturating_sub(1);
        let mut excerpt = Self {
            name,
            text: String::new(),
            first_line,
            span: 0..0,
            column,
        };
        let start = written.text.floor_char_boundary(written.span.start);
        let end = written.text.ceil_char_boundary(written.span.end.max(start));
        let marked = written.text.get(start..end).unwrap_or_default();
        let marked = marked.lines().next().unwrap_or_default();
        let lines = written.text.split('\n').enumerate();
        for (number, text) in lines.skip(first_line).take(line - first_line + 2) {
            if number != line {
                excerpt.push(text.chars(), text.chars().count() > LINE_SHOWN);
                continue;
            }
            let skipped = match text.chars().count() > LINE_SHOWN {
                true => column.saturating_sub(BEFORE_SHOWN),
                false => 0,
            };
            if skipped > 0 {
                excerpt.text.push('…');
            }
            let from = excerpt.text.len();
            let before = text.chars().skip(skipped).take(column - skipped);
            let before: usize = before.map(char::len_utf8).sum();
            let shown = text.chars().skip(skipped);
            excerpt.push(shown.clone(), shown.count() > LINE_SHOWN);
            // The line and its newline are there; what is underlined does not reach them.
            let most = excerpt.text.len().saturating_sub(1).max(from);
            let start = (from + before).min(most);
            let least = excerpt
                .text
                .get(start..most)
                .and_then(|rest| rest.chars().next());
            let length = marked.len().max(least.map_or(0, char::len_utf8));
            let end = excerpt.text.floor_char_boundary((start + length).min(most));
            excerpt.span = start..end;
        }
        excerpt
    }

    fn push(&mut self, line: impl Iterator<Item = char>, cut: bool) {
        self.text.extend(line.take(LINE_SHOWN));
        if cut {
            self.text.push('…');
        }
        self.text.push('\n');
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.text.read_span(span, lines_before, lines_after)?;
        // With lines around it, what is read begins with a line.
        let column = if read.column() == 0 { 0 } else { self.column };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            read.data(),
            *read.span(),
            self.first_line + read.line(),
            column,
            read.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, span: Range<usize>) -> Excerpt {
        let written = Written {
            path: std::path::Path::new("x"),
            text,
            span,
        };
        Excerpt::of(&written, "x".to_owned())
    }

    #[test]
    fn whole_characters_are_underlined_wherever_the_span_lies() {
        for text in ["名: 企业", "名: 企业\n\n二\n", ""] {
            for start in 0..20 {
                for end in 0..20 {
                    let excerpt = excerpt(text, start..end);
                    assert!(
                        excerpt.text.get(excerpt.span.clone()).is_some(),
                        "{start}..{end}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_line_is_drawn_with_those_beside_it() {
        let text = "一\n二: x\n三\n四";
        let excerpt = excerpt(text, text.find('x').unwrap()..text.find('x').unwrap() + 1);
        assert_eq!(excerpt.text, "一\n二: x\n三\n");
        assert_eq!(&excerpt.text[excerpt.span.clone()], "x");
        assert_eq!((excerpt.first_line, excerpt.column), (0, 3));
    }

    #[test]
    fn a_long_line_is_cut_around_the_fault() {
        let text = format!("{}<here>{}", "企".repeat(5000), "业".repeat(5000));
        let start = text.find('<').unwrap();
        let excerpt = excerpt(&text, start..start + 6);
        assert_eq!(&excerpt.text[excerpt.span.clone()], "<here>");
        assert_eq!(excerpt.column, 5000);
        assert_eq!(excerpt.text.chars().count(), LINE_SHOWN + 3);
    }
}
