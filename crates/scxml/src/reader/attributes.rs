use std::ops::Range;

use crate::Text;
use crate::document::Word;
use crate::expression::{Expression, Location, SyntaxFault};
use crate::fault::Faults;
use crate::reader::{Element, tag};
use crate::text::shorten;

/// The attributes of one element.
pub(super) struct Attributes<'a, 't> {
    node: Element<'a, 't>,
}

impl<'a, 't> Attributes<'a, 't> {
    /// Returns the attributes, and reports those that SCXML does not know here. Those of another
    /// namespace are somebody else's.
    pub(super) fn of(node: Element<'a, 't>, allowed: &[&str], faults: &mut Faults<'_>) -> Self {
        for attribute in node.attributes() {
            let name = attribute.name();
            if attribute.namespace().is_some() || allowed.contains(&name) {
                continue;
            }
            let element = node.tag_name().name();
            let known = allowed.join(", ");
            let help = Text::new(format!("可用：{known}。"), format!("It takes: {known}."));
            faults.add_with_help(
                "scxml-attribute",
                attribute.range(),
                Text::new(
                    format!("`<{element}>` 没有属性 `{name}`。"),
                    format!("`<{element}>` has no attribute `{name}`."),
                ),
                (!allowed.is_empty()).then_some(help),
            );
        }
        Self { node }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.node.attribute(name).map(str::trim)
    }

    /// Returns the bytes of an attribute's value, or of the tag if there is no such attribute.
    pub(super) fn span(&self, name: &str) -> Range<usize> {
        let attribute = self.node.attribute_node(name);
        attribute.map_or_else(|| tag(self.node), |attribute| attribute.range_value())
    }

    /// Returns an attribute that must be there.
    pub(super) fn required(&self, name: &str, faults: &mut Faults<'_>) -> Option<&'a str> {
        let value = self.get(name).filter(|value| !value.is_empty());
        if value.is_none() {
            let element = self.node.tag_name().name();
            faults.add(
                "scxml-attribute",
                self.span(name),
                Text::new(
                    format!("`<{element}>` 缺少属性 `{name}`。"),
                    format!("`<{element}>` needs the attribute `{name}`."),
                ),
            );
        }
        value
    }

    /// Reports all but the first of these attributes that are there: they exclude one another.
    pub(super) fn at_most_one(&self, names: &[&str], faults: &mut Faults<'_>) {
        let there: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.get(name).is_some())
            .collect();
        if let [first, others @ ..] = there.as_slice() {
            for other in others {
                faults.add(
                    "scxml-attribute",
                    self.span(other),
                    Text::new(
                        format!("`{first}` 与 `{other}` 只能有一个。"),
                        format!("There are `{first}` and `{other}`: keep one."),
                    ),
                );
            }
        }
    }

    /// Reports a value that means nothing.
    pub(super) fn bad_value(&self, name: &str, known: &[&str], faults: &mut Faults<'_>) {
        let value = shorten(self.get(name).unwrap_or_default());
        let known = known.join(", ");
        let help = Text::new(format!("可用：{known}。"), format!("It can be: {known}."));
        faults.add_with_help(
            "scxml-attribute",
            self.span(name),
            Text::new(
                format!("`{name}` 不能是 `{value}`。"),
                format!("`{name}` cannot be `{value}`."),
            ),
            (!known.is_empty()).then_some(help),
        );
    }

    /// Reads an attribute that is an expression.
    pub(super) fn expression(&self, name: &str, faults: &mut Faults<'_>) -> Option<Expression> {
        let value = self.get(name)?;
        Expression::parse(value)
            .map_err(|fault| self.not_read(name, value, fault, faults))
            .ok()
    }

    /// Reads an attribute that is a location.
    pub(super) fn location(&self, name: &str, faults: &mut Faults<'_>) -> Option<Location> {
        let value = self.get(name)?;
        Location::parse(value)
            .map_err(|fault| self.not_read(name, value, fault, faults))
            .ok()
    }

    /// Reads an attribute that lists locations.
    pub(super) fn locations(&self, name: &str, faults: &mut Faults<'_>) -> Vec<Location> {
        let listed = self.get(name).unwrap_or_default().split_whitespace();
        let read = listed.filter_map(|word| {
            Location::parse(word)
                .map_err(|fault| {
                    let span = self.span(name);
                    faults.add("scxml-expression", span, fault.message);
                })
                .ok()
        });
        read.collect()
    }

    /// Reads a word that stands in one attribute, or the expression in the other.
    pub(super) fn word(
        &self,
        plain: &str,
        computed: &str,
        faults: &mut Faults<'_>,
    ) -> Option<Word> {
        self.at_most_one(&[plain, computed], faults);
        match self.get(plain) {
            Some(word) => Some(Word::Plain(word.into())),
            None => self.expression(computed, faults).map(Word::Computed),
        }
    }

    fn not_read(&self, name: &str, value: &str, fault: SyntaxFault, faults: &mut Faults<'_>) {
        let mut span = self.span(name);
        // Where an entity stands in the text, its bytes are not those of the value.
        let raw = self
            .node
            .document()
            .input_text()
            .get(span.clone())
            .unwrap_or_default();
        if let Some(start) = raw.find(value) {
            let start = span.start + start;
            span = start + fault.range.start..start + fault.range.end;
        }
        faults.add("scxml-expression", span, fault.message);
    }
}
