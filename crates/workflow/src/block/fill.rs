use std::ops::Range;

use indexmap::IndexMap;

use super::blank::{Piece, is_blank, pieces};
use super::fault;
use super::{NODES_MAX, TEXT_MAX};
use crate::Diagnostic;
use crate::source::{At, NOWHERE};
use crate::tree::{Leaf, Tree};

/// Puts arguments into the blanks of a block.
pub(super) struct Fill<'a> {
    pub(super) arguments: &'a IndexMap<String, At<Tree>>,
    /// How far the places of this use lie from those of the block.
    pub(super) shift: usize,
    /// How much was made so far, by all uses.
    pub(super) nodes: &'a mut usize,
    pub(super) bytes: &'a mut usize,
    pub(super) faults: Vec<Diagnostic>,
}

impl Fill<'_> {
    /// Returns what becomes of a value; `None` when it is left out.
    pub(super) fn tree(&mut self, tree: &At<Tree>) -> Option<At<Tree>> {
        *self.nodes += 1;
        // What is too large is reported by whoever asked for it.
        if *self.nodes > NODES_MAX || *self.bytes > TEXT_MAX {
            return None;
        }
        let value = match &tree.value {
            Tree::Map(pairs) => {
                let asked = tree.get("given").and_then(At::words);
                if asked.is_some_and(|name| !self.arguments.contains_key(name)) {
                    return None;
                }
                let pairs = pairs.iter().filter(|(key, _)| key.value != "given");
                let filled = pairs.filter_map(|(key, value)| {
                    let value = self.tree(value)?;
                    let name = self.words(&key.value, &key.span)?;
                    let span = self.moved(&key.span);
                    Some((At { value: name, span }, value))
                });
                Tree::Map(filled.collect())
            }
            Tree::List(items) => {
                Tree::List(items.iter().flat_map(|item| self.item(item)).collect())
            }
            Tree::Leaf(Leaf::Text(text)) => {
                if let [Piece::Blank(name)] = pieces(text)[..] {
                    let argument = self.arguments.get(name)?.clone();
                    self.count(&argument);
                    return Some(argument);
                }
                let Some(words) = self.words(text, &tree.span) else {
                    // Why is reported; that it is missing besides is not.
                    return Some(At {
                        value: Tree::text(""),
                        span: NOWHERE,
                    });
                };
                Tree::text(words)
            }
            Tree::Leaf(leaf) => Tree::Leaf(leaf.clone()),
        };
        Some(At {
            value,
            span: self.moved(&tree.span),
        })
    }

    /// A list in the blank of a list is put there item by item.
    fn item(&mut self, item: &At<Tree>) -> Vec<At<Tree>> {
        let blank = item.words().is_some_and(is_blank);
        match self.tree(item) {
            Some(At {
                value: Tree::List(items),
                ..
            }) if blank => items,
            filled => filled.into_iter().collect(),
        }
    }

    /// Puts arguments into a text.
    fn words(&mut self, text: &str, span: &Range<usize>) -> Option<String> {
        let mut words = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Words(piece) => words.push_str(piece),
                Piece::Blank(name) => match self.arguments.get(name).map(|at| (&at.value, at)) {
                    Some((Tree::Leaf(Leaf::Text(argument)), _)) => words.push_str(argument),
                    Some((Tree::Leaf(Leaf::Integer(number)), _)) => {
                        words.push_str(&number.to_string());
                    }
                    Some((_, argument)) => {
                        let argument = argument.span.clone();
                        self.faults.push(fault::argument_not_text(name, &argument));
                        return None;
                    }
                    None => {
                        let place = self.moved(span);
                        self.faults.push(fault::blank_not_given(name, &place));
                        return None;
                    }
                },
            }
            if *self.bytes + words.len() > TEXT_MAX {
                break;
            }
        }
        *self.bytes += words.len();
        Some(words)
    }

    /// Counts what an argument adds.
    fn count(&mut self, tree: &At<Tree>) {
        *self.nodes += 1;
        match &tree.value {
            Tree::Map(pairs) => {
                for (key, value) in pairs {
                    *self.bytes += key.value.len();
                    self.count(value);
                }
            }
            Tree::List(items) => {
                for item in items {
                    self.count(item);
                }
            }
            Tree::Leaf(Leaf::Text(text)) => *self.bytes += text.len(),
            Tree::Leaf(_) => {}
        }
    }

    fn moved(&self, span: &Range<usize>) -> Range<usize> {
        span.start.saturating_add(self.shift)..span.end.saturating_add(self.shift)
    }
}
