//! What is sent, invoked and handed over.

use std::ops::Range;
use std::sync::Arc;

use crate::Text;
use crate::delay::delay_ms;
use crate::document::{DataModel, Identity, Invoke, Invoked, Param, Payload, Send};
use crate::reader::attributes::Attributes;
use crate::reader::{Element, Reader, tag};
use crate::value::Value;

impl Reader<'_> {
    pub(super) fn send(&mut self, node: Element<'_, '_>) -> Send {
        let allowed = [
            "event",
            "eventexpr",
            "target",
            "targetexpr",
            "type",
            "typeexpr",
            "id",
            "idlocation",
            "delay",
            "delayexpr",
            "namelist",
        ];
        let attributes = Attributes::of(node, &allowed, &mut self.faults);
        if attributes
            .get("delay")
            .is_some_and(|delay| delay_ms(delay).is_none())
        {
            attributes.bad_value(
                "delay",
                &["500ms", "1.5s", "2m", "1h", "1d"],
                &mut self.faults,
            );
        }
        let delayed = attributes.get("delay").is_some() || attributes.get("delayexpr").is_some();
        if delayed && attributes.get("target") == Some("#_internal") {
            self.faults.add(
                "scxml-attribute",
                attributes.span("target"),
                Text::new(
                    "发往 `#_internal` 的事件不能延迟。",
                    "What goes to `#_internal` cannot be delayed.",
                ),
            );
        }
        let payload = self.payload(node, Some(&attributes));
        let send = Send {
            event: attributes.word("event", "eventexpr", &mut self.faults),
            target: attributes.word("target", "targetexpr", &mut self.faults),
            kind: attributes.word("type", "typeexpr", &mut self.faults),
            id: self.identity(&attributes),
            delay: attributes.word("delay", "delayexpr", &mut self.faults),
            payload,
        };
        if send.event.is_none() && send.payload.content.is_none() {
            self.faults.add(
                "scxml-attribute",
                tag(node),
                Text::new(
                    "`<send>` 须有 `event`、`eventexpr` 或 `<content>`。",
                    "`<send>` has `event`, `eventexpr` or `<content>`.",
                ),
            );
        }
        send
    }

    fn identity(&mut self, attributes: &Attributes<'_, '_>) -> Identity {
        attributes.at_most_one(&["id", "idlocation"], &mut self.faults);
        match attributes.get("id") {
            Some(id) => Identity::Given(id.into()),
            None => attributes
                .location("idlocation", &mut self.faults)
                .map_or(Identity::None, Identity::Kept),
        }
    }

    /// Reads what an event carries: `namelist`, `<param>` and `<content>`.
    pub(super) fn payload(
        &mut self,
        node: Element<'_, '_>,
        attributes: Option<&Attributes<'_, '_>>,
    ) -> Payload {
        let mut payload = Payload {
            namelist: attributes
                .map(|it| it.locations("namelist", &mut self.faults))
                .unwrap_or_default(),
            ..Payload::default()
        };
        let parent = node.tag_name().name();
        for child in self.children(node) {
            match child.tag_name().name() {
                "param" => payload.params.extend(self.param(child)),
                "content" if parent == "invoke" => {}
                "content" => {
                    let attributes = Attributes::of(child, &["expr"], &mut self.faults);
                    payload.content = Some(self.source(child, &attributes, None));
                }
                "finalize" if parent == "invoke" => {}
                _ => self.stray(child, parent),
            }
        }
        if payload.content.is_some() && !(payload.params.is_empty() && payload.namelist.is_empty())
        {
            self.faults.add(
                "scxml-element",
                tag(node),
                Text::new(
                    "`<content>` 不能与 `<param>` 或 `namelist` 同时出现。",
                    "`<content>` excludes `<param>` and `namelist`.",
                ),
            );
        }
        payload
    }

    fn param(&mut self, node: Element<'_, '_>) -> Option<Param> {
        let attributes = Attributes::of(node, &["name", "expr", "location"], &mut self.faults);
        let name = attributes.required("name", &mut self.faults);
        attributes.at_most_one(&["expr", "location"], &mut self.faults);
        // What can be assigned to can be read.
        let location = attributes.location("location", &mut self.faults);
        let attribute = if location.is_some() {
            "location"
        } else {
            "expr"
        };
        if location.is_none() && attributes.get("location").is_none() {
            attributes.required("expr", &mut self.faults);
        }
        Some(Param {
            value: attributes.expression(attribute, &mut self.faults)?,
            name: name?.into(),
            place: self.place(node),
        })
    }

    pub(super) fn invoke(&mut self, node: Element<'_, '_>) -> Invoke {
        let allowed = [
            "type",
            "typeexpr",
            "src",
            "srcexpr",
            "id",
            "idlocation",
            "namelist",
            "autoforward",
        ];
        let attributes = Attributes::of(node, &allowed, &mut self.faults);
        let autoforward = match attributes.get("autoforward") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                attributes.bad_value("autoforward", &["true", "false"], &mut self.faults);
                false
            }
        };
        let payload = self.payload(node, Some(&attributes));
        let address = attributes.word("src", "srcexpr", &mut self.faults);
        let mut source = address.map_or(Invoked::Nothing, Invoked::Address);
        let mut finalize = Vec::new();
        for child in self.children(node) {
            match child.tag_name().name() {
                "content" => {
                    if !matches!(source, Invoked::Nothing) {
                        self.stray(child, "invoke src");
                    }
                    source = self.invoked(child);
                }
                "finalize" => {
                    Attributes::of(child, &[], &mut self.faults);
                    finalize.extend(self.block(child));
                }
                _ => {}
            }
        }
        Invoke {
            span: tag(node),
            place: self.place(node),
            kind: attributes.word("type", "typeexpr", &mut self.faults),
            source,
            id: self.identity(&attributes),
            payload,
            autoforward,
            finalize,
        }
    }

    fn invoked(&mut self, node: Element<'_, '_>) -> Invoked {
        let attributes = Attributes::of(node, &["expr"], &mut self.faults);
        if let Some(expression) = attributes.expression("expr", &mut self.faults) {
            return Invoked::Computed(expression);
        }
        let Some(inside) = node.children().find(Element::is_element) else {
            return Invoked::Nothing;
        };
        let outer = (self.data_model, self.unnamed);
        let document = self.document(inside);
        (self.data_model, self.unnamed) = outer;
        document.map_or(Invoked::Nothing, |document| {
            Invoked::Inline(Arc::new(document))
        })
    }

    /// Returns the value that stands inside an element: JSON as what it says, elements as their
    /// text, and any other text with its white space made single.
    pub(super) fn inline(&mut self, node: Element<'_, '_>) -> Option<Value> {
        let elements: Vec<_> = node.children().filter(Element::is_element).collect();
        let text = match (elements.first(), elements.last()) {
            (Some(first), Some(last)) => {
                self.standalone(*first, first.range().start..last.range().end)
            }
            _ => {
                let texts = node
                    .children()
                    .filter_map(|child| child.text().filter(|_| child.is_text()));
                texts.collect::<String>()
            }
        };
        if text.trim().is_empty() {
            return None;
        }
        let value = if elements.is_empty() {
            inline_value(&text)
        } else {
            Value::text(text)
        };
        let value = value.map_err(|_| {
            self.faults.add(
                "scxml-too-large",
                tag(node),
                Text::new("其中的值太大。", "The value inside is too large."),
            );
        });
        if self.data_model == DataModel::Null {
            self.needs_data_model(node);
        }
        value.ok()
    }

    /// Returns the text of elements, with the namespaces that the first would lose outside.
    fn standalone(&self, first: Element<'_, '_>, range: Range<usize>) -> String {
        let text = self.text.get(range).unwrap_or_default();
        let opening = self.text.get(tag(first)).unwrap_or_default();
        let name_end = opening
            .find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
            .unwrap_or(opening.len());
        let mut declarations = String::new();
        for namespace in first.namespaces() {
            let declaration = match namespace.name() {
                Some("xml") => continue,
                Some(prefix) => format!("xmlns:{prefix}="),
                None => "xmlns=".to_owned(),
            };
            if !opening.contains(&declaration) {
                let uri = namespace
                    .uri()
                    .replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('"', "&quot;");
                declarations.push_str(&format!(" {declaration}\"{uri}\""));
            }
        }
        let (name, rest) = text.split_at(name_end.min(text.len()));
        format!("{name}{declarations}{rest}")
    }
}

/// Returns the value that a text stands for: JSON as what it says, any other text with its white
/// space made single.
pub(crate) fn inline_value(text: &str) -> Result<Value, crate::value::TooLarge> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => Value::from_json(&json),
        Err(_) => Value::text(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}
