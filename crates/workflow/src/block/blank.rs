use std::ops::Range;

use crate::source::At;
use crate::tree::{Leaf, Tree};

/// A piece of a text of a block.
pub(super) enum Piece<'t> {
    /// Words as they stand there.
    Words(&'t str),
    /// The name of a blank, without its brackets.
    Blank(&'t str),
}

/// Takes a text apart at its blanks, `<so>`.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(open) = rest.get(from..).and_then(|rest| rest.find('<')) {
        let open = from + open;
        let inside = rest.get(open + 1..).unwrap_or_default();
        let length = inside
            .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
            .unwrap_or(inside.len());
        let name = inside.get(..length).unwrap_or_default();
        let closed = inside
            .get(length..)
            .is_some_and(|rest| rest.starts_with('>'));
        if closed && name.starts_with(|c: char| c.is_ascii_lowercase()) {
            if open > 0 {
                pieces.push(Piece::Words(rest.get(..open).unwrap_or_default()));
            }
            pieces.push(Piece::Blank(name));
            rest = inside.get(length + 1..).unwrap_or_default();
            from = 0;
        } else {
            from = open + 1;
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    pieces
}

/// Tells whether a text is one blank and nothing else.
pub(crate) fn is_blank(text: &str) -> bool {
    matches!(pieces(text)[..], [Piece::Blank(_)])
}

/// Calls `found` with every blank of a value, and every name under `given`, and its place.
pub(super) fn blanks(tree: &At<Tree>, found: &mut impl FnMut(&str, &Range<usize>)) {
    let in_text = |text: &str, span: &Range<usize>, found: &mut dyn FnMut(&str, &Range<usize>)| {
        for piece in pieces(text) {
            if let Piece::Blank(name) = piece {
                found(name, span);
            }
        }
    };
    match &tree.value {
        Tree::Map(pairs) => {
            for (key, value) in pairs {
                in_text(&key.value, &key.span, found);
                match value.words() {
                    Some(name) if key.value == "given" => found(name, &value.span),
                    _ => blanks(value, found),
                }
            }
        }
        Tree::List(items) => {
            for item in items {
                blanks(item, found);
            }
        }
        Tree::Leaf(Leaf::Text(text)) => in_text(text, &tree.span, found),
        Tree::Leaf(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_is_a_name_between_angle_brackets_and_a_comparison_is_none() {
        for (text, expected) in [
            ("<matter>_passed", "[matter]_passed"),
            ("待<zh>预审", "待[zh]预审"),
            ("<a><b>", "[a][b]"),
            ("data.x < 5 && data.y > 3", "data.x < 5 && data.y > 3"),
            ("data.x <data.y", "data.x <data.y"),
            ("<<a>", "<[a]"),
            ("<>", "<>"),
            ("<1>", "<1>"),
            ("<a", "<a"),
            ("", ""),
        ] {
            let shown: String = pieces(text)
                .iter()
                .map(|piece| match piece {
                    Piece::Words(words) => (*words).to_owned(),
                    Piece::Blank(name) => format!("[{name}]"),
                })
                .collect();
            assert_eq!(shown, expected, "{text}");
        }
    }
}
