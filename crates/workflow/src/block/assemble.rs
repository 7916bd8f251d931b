use std::ops::Range;

use super::uses;
use crate::nearest;
use crate::source::{SOURCE_LENGTH_MAX, documents, parse};

/// A definition and the blocks it uses, in one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// The text: the definition as it was, and behind it the blocks.
    pub text: String,
    /// The blocks that were added, by name, and where each stands in the text.
    pub blocks: Vec<(String, Range<usize>)>,
}

/// Returns a definition with the blocks it uses, which stands by itself: this text is published.
///
/// `known` are the blocks there are, and `load` returns the text of one. A block that the text
/// has already is not added. For a name that is not known, one that is near to it is added, so
/// that the compiler can suggest it. What cannot be read is left as it is, for the compiler to
/// say why.
pub fn assemble(
    definition: &str,
    known: &[String],
    mut load: impl FnMut(&str) -> Option<String>,
) -> Assembled {
    let mut assembled = Assembled {
        text: definition.to_owned(),
        blocks: Vec::new(),
    };
    let mut present: Vec<String> = Vec::new();
    let mut wanted: Vec<String> = Vec::new();
    let look = |text: &str, present: &mut Vec<String>| {
        let mut found = Vec::new();
        if text.len() <= SOURCE_LENGTH_MAX {
            for document in documents(text) {
                if let Ok(tree) = parse(text, document) {
                    let block = tree.get("block").and_then(|name| name.words());
                    present.extend(block.map(str::to_owned));
                    uses(&tree, &mut found);
                }
            }
        }
        found
    };
    wanted.extend(look(definition, &mut present));
    // Those that are wanted by blocks are added behind them.
    let mut next = 0;
    while let Some(name) = wanted.get(next).cloned() {
        next += 1;
        if assembled.text.len() > SOURCE_LENGTH_MAX {
            break;
        }
        let name = match known.contains(&name) {
            true => name,
            false => match nearest(&name, known.iter().map(String::as_str)) {
                Some(near) => near.to_owned(),
                None => continue,
            },
        };
        if present.contains(&name) {
            continue;
        }
        let Some(text) = load(&name) else {
            continue;
        };
        if !assembled.text.ends_with('\n') {
            assembled.text.push('\n');
        }
        assembled.text.push_str("---\n");
        let start = assembled.text.len();
        assembled.text.push_str(&text);
        let found = look(&text, &mut present);
        present.push(name.clone());
        wanted.extend(found);
        assembled.blocks.push((name, start..assembled.text.len()));
    }
    assembled
}
