//! What a text is checked for besides its length before, and a tree after, it is parsed.

use crate::reader::{ATTRIBUTES_MAX, NAMESPACES_MAX};

/// Returns how deep the deepest element lies.
pub(super) fn deepest(tree: &roxmltree::Document<'_>) -> usize {
    let (mut node, mut depth, mut deepest) = (tree.root(), 0_usize, 0_usize);
    loop {
        if let Some(child) = node.first_child() {
            node = child;
            depth += 1;
            deepest = deepest.max(depth);
            continue;
        }
        loop {
            if let Some(sibling) = node.next_sibling() {
                node = sibling;
                break;
            }
            match node.parent() {
                Some(parent) => {
                    node = parent;
                    depth -= 1;
                }
                None => return deepest,
            }
        }
    }
}

/// Returns whether an element may have more than [`ATTRIBUTES_MAX`] attributes, or the text more
/// than [`NAMESPACES_MAX`] declarations of namespaces.
pub(super) fn has_crowd(text: &str) -> bool {
    if text.matches("xmlns").take(NAMESPACES_MAX + 1).count() > NAMESPACES_MAX {
        return true;
    }
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at..).unwrap_or_default();
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")]
            .into_iter()
            .find_map(|(open, close)| rest.strip_prefix(open).map(|inside| (inside, close)));
        if let Some((inside, close)) = skipped {
            let end = inside
                .find(close)
                .map_or(inside.len(), |end| end + close.len());
            rest = inside.get(end..).unwrap_or_default();
            continue;
        }
        let (mut quote, mut attributes, mut end) = (None, 0_usize, rest.len());
        for (at, byte) in rest.bytes().enumerate() {
            match (quote, byte) {
                (Some(mark), _) if byte == mark => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => attributes += 1,
                (None, b'>') => {
                    end = at + 1;
                    break;
                }
                _ => {}
            }
        }
        if attributes > ATTRIBUTES_MAX {
            return true;
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_counted_by_element() {
        let many = "a='1' ".repeat(ATTRIBUTES_MAX);
        assert!(!has_crowd(&format!("<x {many}/><y {many}>{many}</y>")));
        assert!(has_crowd(&format!("<x {many} b='2'/>")));
        assert!(has_crowd(&format!(
            "<!-- <x ' --><![CDATA[ <y \" ]]><x {many} b='2'/>"
        )));
        assert!(has_crowd(&"<x xmlns:a='u'/>".repeat(NAMESPACES_MAX + 1)));
        assert!(!has_crowd("<x a='===' b=\"<<<\"/> 1 > 2 = 3"));
        assert!(!has_crowd("<"));
    }
}
