//! Executable content.

use crate::Text;
use crate::document::Data;
use crate::document::{Content, Element as Does, Source, State};
use crate::expression::{Expression, Location};
use crate::reader::attributes::Attributes;
use crate::reader::{Element, NAMESPACE, Reader, tag};

impl Reader<'_> {
    /// Reads the executable content of an element.
    pub(super) fn block(&mut self, node: Element<'_, '_>) -> Vec<Content> {
        let elements: Vec<Element<'_, '_>> = node.children().filter(Element::is_element).collect();
        self.contents(&elements)
    }

    fn contents(&mut self, elements: &[Element<'_, '_>]) -> Vec<Content> {
        elements
            .iter()
            .filter_map(|element| self.content(*element))
            .collect()
    }

    fn content(&mut self, node: Element<'_, '_>) -> Option<Content> {
        let place = self.place(node);
        let parent = node
            .parent_element()
            .map_or("scxml", |it| it.tag_name().name())
            .to_owned();
        // Content of another namespace would do something; leaving it out would do something else.
        if node.tag_name().namespace() != Some(NAMESPACE) {
            self.stray(node, &parent);
            return None;
        }
        let element = match node.tag_name().name() {
            "raise" => {
                let attributes = Attributes::of(node, &["event"], &mut self.faults);
                Does::Raise(attributes.required("event", &mut self.faults)?.into())
            }
            "if" => self.branches(node),
            "foreach" => self.foreach(node)?,
            "log" => {
                let attributes = Attributes::of(node, &["label", "expr"], &mut self.faults);
                Does::Log {
                    label: attributes.get("label").unwrap_or_default().to_owned(),
                    expression: attributes.expression("expr", &mut self.faults),
                }
            }
            "assign" => self.assign(node)?,
            "script" => return self.script(node),
            "send" => Does::Send(Box::new(self.send(node))),
            "cancel" => {
                let attributes = Attributes::of(node, &["sendid", "sendidexpr"], &mut self.faults);
                if attributes.get("sendidexpr").is_none() {
                    attributes.required("sendid", &mut self.faults)?;
                }
                Does::Cancel(attributes.word("sendid", "sendidexpr", &mut self.faults)?)
            }
            _ => {
                self.stray(node, &parent);
                return None;
            }
        };
        Some(Content { place, element })
    }

    /// Reads an `if`, whose `elseif` and `else` stand between the contents of the branches.
    fn branches(&mut self, node: Element<'_, '_>) -> Does {
        let attributes = Attributes::of(node, &["cond"], &mut self.faults);
        attributes.required("cond", &mut self.faults);
        let mut condition = self.condition(&attributes, "cond");
        let mut branches = Vec::new();
        let mut elements = Vec::new();
        let mut ended = false;
        for child in node.children().filter(Element::is_element) {
            let name = child.tag_name().name();
            if !matches!(name, "elseif" | "else") || child.tag_name().namespace() != Some(NAMESPACE)
            {
                elements.push(child);
                continue;
            }
            if ended {
                self.stray(child, "else");
            }
            let contents = self.contents(&elements);
            branches.push((condition.take(), contents));
            elements.clear();
            ended = name == "else";
            if ended {
                Attributes::of(child, &[], &mut self.faults);
            } else {
                let attributes = Attributes::of(child, &["cond"], &mut self.faults);
                attributes.required("cond", &mut self.faults);
                condition = self.condition(&attributes, "cond");
            }
        }
        let contents = self.contents(&elements);
        branches.push((condition, contents));
        Does::If(branches)
    }

    fn foreach(&mut self, node: Element<'_, '_>) -> Option<Does> {
        self.needs_data_model(node);
        let attributes = Attributes::of(node, &["array", "item", "index"], &mut self.faults);
        attributes.required("array", &mut self.faults);
        let array = attributes.expression("array", &mut self.faults);
        let item = attributes.required("item", &mut self.faults);
        let content = self.block(node);
        Some(Does::Foreach {
            array: array?,
            item: item?.to_owned(),
            index: attributes.get("index").map(str::to_owned),
            content,
        })
    }

    fn assign(&mut self, node: Element<'_, '_>) -> Option<Does> {
        self.needs_data_model(node);
        let attributes = Attributes::of(node, &["location", "expr"], &mut self.faults);
        attributes.required("location", &mut self.faults)?;
        let location = attributes.location("location", &mut self.faults);
        let value = self.source(node, &attributes, None);
        Some(Does::Assign {
            location: location?,
            value,
        })
    }

    /// Reads a script: assignments, each on its own line or ended by `;`.
    pub(super) fn script(&mut self, node: Element<'_, '_>) -> Option<Content> {
        self.needs_data_model(node);
        let attributes = Attributes::of(node, &["src"], &mut self.faults);
        let place = self.place(node);
        let mut assignments = Vec::new();
        let text = match attributes.get("src") {
            Some(address) => match self.documents.get(address) {
                Some(text) => text.to_owned(),
                None => {
                    self.unknown_address(&attributes, "src");
                    return None;
                }
            },
            None => node.text().unwrap_or_default().to_owned(),
        };
        for statement in statements(&text) {
            if self.faults.are_many() {
                break;
            }
            match assignment(statement) {
                Ok(assignment) => assignments.push(assignment),
                Err(message) => {
                    let help = Text::new(
                        "脚本是若干个 `名 = 表达式`，以 `;` 或换行分隔。",
                        "A script is a list of `name = expression`, separated by `;` or new lines.",
                    );
                    let start = node.range().start;
                    let inside = self
                        .text
                        .get(node.range())
                        .and_then(|it| it.find(statement));
                    let span = inside
                        .map_or_else(|| tag(node), |at| start + at..start + at + statement.len());
                    self.faults
                        .add_with_help("scxml-expression", span, message, Some(help));
                }
            }
        }
        Some(Content {
            place,
            element: Does::Script(assignments),
        })
    }

    pub(super) fn unknown_address(&mut self, attributes: &Attributes<'_, '_>, name: &str) {
        let address = crate::text::shorten(attributes.get(name).unwrap_or_default());
        self.faults.add(
            "scxml-source",
            attributes.span(name),
            Text::new(
                format!("没有提供 `{address}`。"),
                format!("`{address}` was not given."),
            ),
        );
    }

    /// Reads the variables of a `datamodel` element.
    pub(super) fn data(&mut self, node: Element<'_, '_>, state: &mut State) {
        self.needs_data_model(node);
        Attributes::of(node, &[], &mut self.faults);
        for child in self.children(node) {
            if child.tag_name().name() != "data" {
                self.stray(child, "datamodel");
                continue;
            }
            let attributes = Attributes::of(child, &["id", "src", "expr"], &mut self.faults);
            let Some(id) = attributes.required("id", &mut self.faults) else {
                continue;
            };
            if !is_variable(id) || id.starts_with('_') {
                attributes.bad_value("id", &[], &mut self.faults);
            }
            attributes.at_most_one(&["src", "expr"], &mut self.faults);
            let value = self.source(child, &attributes, Some("src"));
            state.data.push(Data {
                id: id.to_owned(),
                place: self.place(child),
                value,
            });
        }
    }

    /// Reads a value that is an expression, stands inside, or has an address.
    pub(super) fn source(
        &mut self,
        node: Element<'_, '_>,
        attributes: &Attributes<'_, '_>,
        address: Option<&str>,
    ) -> Source {
        let inline = self.inline(node);
        let outside = address.and_then(|name| attributes.get(name));
        if attributes.get("expr").is_some() || outside.is_some() {
            if inline.is_some() {
                self.faults.add(
                    "scxml-attribute",
                    tag(node),
                    Text::new(
                        "值要么写在属性里，要么写在元素里，不能两处都写。",
                        "The value stands in an attribute and inside: keep one.",
                    ),
                );
            }
            if let Some(outside) = outside {
                return Source::Address(outside.to_owned());
            }
            let expression = attributes.expression("expr", &mut self.faults);
            return expression.map_or(Source::None, Source::Expression);
        }
        inline.map_or(Source::None, Source::Inline)
    }
}

/// Returns whether a text is the name of a variable.
pub(crate) fn is_variable(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        // CEL keeps some words for itself.
        && Location::parse(name).is_ok_and(|location| location.path.is_empty())
}

/// Cuts a script into its statements: at `;` and at the end of a line, but in quotes and in
/// brackets.
fn statements(script: &str) -> Vec<&str> {
    let (mut start, mut quote, mut escaped, mut open) = (0, None, false, 0_usize);
    let mut found = Vec::new();
    for (at, c) in script.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(mark), _) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') => open = open.saturating_sub(1),
            (None, ';' | '\n') if open == 0 => {
                found.push(script.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(script.get(start..).unwrap_or_default());
    found
        .into_iter()
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect()
}

fn assignment(statement: &str) -> Result<(String, Expression), Text> {
    let no_assignment = || {
        let statement = crate::text::shorten(statement);
        Text::new(
            format!("`{statement}` 不是赋值。"),
            format!("`{statement}` is no assignment."),
        )
    };
    let (name, value) = statement.split_once('=').ok_or_else(no_assignment)?;
    let name = name.trim();
    if !is_variable(name) || name.starts_with('_') {
        return Err(no_assignment());
    }
    let value = Expression::parse(value.trim()).map_err(|fault| fault.message)?;
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_cut_at_semicolons_and_line_ends() {
        assert_eq!(
            statements("a = 1; b = ';' \n\n c = [1,\n 2]"),
            ["a = 1", "b = ';'", "c = [1,\n 2]"]
        );
        assert_eq!(statements(" ;; \n"), Vec::<&str>::new());
    }

    #[test]
    fn a_statement_is_an_assignment() {
        assert!(assignment("x = 1").is_ok());
        for bad in [
            "x",
            "x == 1",
            "1 = x",
            "_event = 1",
            "x.y = 1",
            "x = ",
            "in = 1",
        ] {
            assert!(assignment(bad).is_err(), "{bad}");
        }
    }
}
