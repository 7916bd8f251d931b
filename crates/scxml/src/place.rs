//! Where something stands in a text.

/// A place in a text as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// How many bytes lie between two marks.
const STRIDE: usize = 64;

/// Finds places quickly, however long the lines are.
#[derive(Debug)]
pub(crate) struct Places {
    /// The byte each line begins at.
    lines: Vec<usize>,
    /// How many characters begin before every [`STRIDE`]th byte.
    marks: Vec<usize>,
}

impl Places {
    pub(crate) fn new(text: &str) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let mut marks = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut characters = 0;
        for (at, byte) in text.bytes().enumerate() {
            if at % STRIDE == 0 {
                marks.push(characters);
            }
            characters += usize::from(begins_character(byte));
        }
        Self {
            lines: std::iter::once(0).chain(newlines).collect(),
            marks,
        }
    }

    /// Returns the place of a byte.
    pub(crate) fn of(&self, text: &str, byte: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= byte).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.characters(text, byte) - self.characters(text, start);
        Place {
            line,
            column: before + 1,
        }
    }

    /// Returns how many characters begin before a byte.
    fn characters(&self, text: &str, byte: usize) -> usize {
        let byte = byte.min(text.len());
        let mark = (byte / STRIDE).min(self.marks.len().saturating_sub(1));
        let known = self.marks.get(mark).copied().unwrap_or_default();
        let rest = text.as_bytes().get(mark * STRIDE..byte).unwrap_or_default();
        known + rest.iter().filter(|byte| begins_character(**byte)).count()
    }
}

fn begins_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_on_lines_of_any_length() {
        let text = format!("标题\n{}<企业/>\n", "业".repeat(200));
        let places = Places::new(&text);
        let at = |needle: &str| {
            let place = places.of(&text, text.find(needle).unwrap());
            (place.line, place.column)
        };
        assert_eq!(at("标"), (1, 1));
        assert_eq!(at("题"), (1, 2));
        assert_eq!(at("<"), (2, 201));
        assert_eq!(at("/>"), (2, 204));
        let end = places.of(&text, text.len() + 9);
        assert_eq!((end.line, end.column), (3, 1));
        assert_eq!(Places::new("").of("", 0).line, 1);
    }
}
