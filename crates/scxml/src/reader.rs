//! From the text of a document to what its author wrote, or to all that is wrong with it.

use std::ops::Range;
use std::sync::Arc;

use groundbreak_statechart::{HistoryDepth, StateKind};
use roxmltree::{Node, ParsingOptions};

use crate::Text;
use crate::document::{Binding, DataModel, Document, DoneData, State, Transition};
use crate::documents::Documents;
use crate::expression::Expression;
use crate::fault::{Fault, Faults};
use crate::place::{Place, Places};
use crate::text::shorten;

use attributes::Attributes;
use bounds::{deepest, has_crowd};

mod attributes;
mod bounds;
mod content;
mod payload;

pub(crate) use content::is_variable;
pub(crate) use payload::inline_value;

/// The longest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1_048_576;
/// The most elements, texts and comments of a document.
pub const NODES_MAX: u32 = 50_000;
/// How deep elements lie in one another at most.
pub const ELEMENT_DEPTH_MAX: usize = 128;
/// The most attributes of one element.
pub const ATTRIBUTES_MAX: usize = 128;
/// The most declarations of namespaces in a document.
pub const NAMESPACES_MAX: usize = 256;
/// The namespace of SCXML.
pub const NAMESPACE: &str = "http://www.w3.org/2005/07/scxml";

impl Document {
    /// Reads a document. Nothing outside it is read but what `documents` holds, and no entity
    /// besides the five of XML is known.
    ///
    /// # Errors
    ///
    /// Every fault, in the order of the text, and never an empty list; what is no XML is reported
    /// for its first fault alone.
    pub fn read(text: &str, documents: &Documents) -> Result<Self, Vec<Fault>> {
        let places = Places::new(text);
        let mut faults = Faults::new(text, &places);
        let tree = match parse(text, &mut faults) {
            Some(tree) => tree,
            None => return Err(faults.into_sorted()),
        };
        let mut reader = Reader {
            text,
            places: &places,
            faults,
            documents,
            data_model: DataModel::Cel,
            unnamed: 0,
        };
        let document = reader.document(tree.root_element());
        match document {
            Some(document) if reader.faults.is_empty() => Ok(document),
            _ => Err(reader.faults.into_sorted()),
        }
    }
}

fn parse<'t>(text: &'t str, faults: &mut Faults<'_>) -> Option<roxmltree::Document<'t>> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let message = Text::new(
            format!(
                "文档长 {} 字节，最多 {DOCUMENT_BYTES_MAX} 字节。",
                text.len()
            ),
            format!(
                "The document has {} bytes; at most {DOCUMENT_BYTES_MAX} are read.",
                text.len()
            ),
        );
        faults.add("scxml-too-large", 0..0, message);
        return None;
    }
    // The parser compares the attributes of an element with one another, and hands namespaces on
    // from element to element: both grow with the square of their number.
    if has_crowd(text) {
        let message = Text::new(
            format!(
                "一个元素的属性超过 {ATTRIBUTES_MAX} 个，或命名空间声明超过 {NAMESPACES_MAX} 处。"
            ),
            format!(
                "An element has more than {ATTRIBUTES_MAX} attributes, or there are more than {NAMESPACES_MAX} declarations of namespaces."
            ),
        );
        faults.add("scxml-too-large", 0..0, message);
        return None;
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        entity_resolver: None,
    };
    match roxmltree::Document::parse_with_options(text, options) {
        Ok(tree) if deepest(&tree) <= ELEMENT_DEPTH_MAX => Some(tree),
        Ok(_) => {
            let message = Text::new(
                format!("元素嵌套超过 {ELEMENT_DEPTH_MAX} 层。"),
                format!("Elements lie in one another more than {ELEMENT_DEPTH_MAX} deep."),
            );
            faults.add("scxml-too-large", 0..0, message);
            None
        }
        Err(error) => {
            not_xml(text, &error, faults);
            None
        }
    }
}

fn not_xml(text: &str, error: &roxmltree::Error, faults: &mut Faults<'_>) {
    use roxmltree::Error;
    let position = error.pos();
    let start = byte_at(text, position.row, position.col);
    match error {
        Error::DtdDetected => faults.add_with_help(
            "scxml-syntax",
            start..start,
            Text::new(
                "文档含 `<!DOCTYPE>`，不予读取。",
                "The document has a `<!DOCTYPE>`, which is not read.",
            ),
            Some(Text::new(
                "请删去 `<!DOCTYPE …>`，实体写成它所代表的文字。",
                "Remove `<!DOCTYPE …>`, and write entities out.",
            )),
        ),
        Error::NodesLimitReached
        | Error::AttributesLimitReached
        | Error::NamespacesLimitReached => faults.add(
            "scxml-too-large",
            start..start,
            Text::new(
                format!("文档的元素与文字超过 {NODES_MAX} 个。"),
                format!("The document has more than {NODES_MAX} elements and texts."),
            ),
        ),
        other => {
            let said = shorten(&other.to_string());
            faults.add(
                "scxml-syntax",
                start..start,
                Text::new(
                    format!("不是合法的 XML：{said}。"),
                    format!("This is not XML: {said}."),
                ),
            );
        }
    }
}

/// Returns the byte at a line and a column in characters, both from 1.
fn byte_at(text: &str, line: u32, column: u32) -> usize {
    let number = |it: u32| usize::try_from(it).unwrap_or(1).saturating_sub(1);
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(number(line)).map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    let within = line.char_indices().nth(number(column));
    before + within.map_or(line.len(), |(at, _)| at)
}

/// Reads one document, and those that stand in it.
struct Reader<'a> {
    text: &'a str,
    places: &'a Places,
    faults: Faults<'a>,
    documents: &'a Documents,
    data_model: DataModel,
    /// How many states without an id there are so far.
    unnamed: usize,
}

type Element<'a, 't> = Node<'a, 't>;

/// Returns the bytes of an element's first tag: what is underlined when it is at fault.
fn tag(node: Element<'_, '_>) -> Range<usize> {
    let range = node.range();
    let end = node
        .first_child()
        .map_or(range.end, |child| child.range().start);
    range.start..end
}

fn words(value: &str) -> Vec<String> {
    value.split_whitespace().map(str::to_owned).collect()
}

impl Reader<'_> {
    fn place(&self, node: Element<'_, '_>) -> Place {
        self.places.of(self.text, node.range().start)
    }

    fn document(&mut self, node: Element<'_, '_>) -> Option<Document> {
        if !node.has_tag_name((NAMESPACE, "scxml")) {
            self.faults.add_with_help(
                "scxml-no-document",
                tag(node),
                Text::new(
                    format!("这是 `{}`，不是 SCXML 文档。", node.tag_name().name()),
                    format!(
                        "This is `{}`, and no SCXML document.",
                        node.tag_name().name()
                    ),
                ),
                Some(Text::new(
                    format!("最外层元素应为 `<scxml xmlns=\"{NAMESPACE}\" version=\"1.0\">`。"),
                    format!(
                        "The outermost element is `<scxml xmlns=\"{NAMESPACE}\" version=\"1.0\">`."
                    ),
                )),
            );
            return None;
        }
        let attributes = Attributes::of(
            node,
            &["initial", "name", "version", "datamodel", "binding"],
            &mut self.faults,
        );
        if attributes
            .get("version")
            .is_some_and(|version| version != "1.0")
        {
            attributes.bad_value("version", &["1.0"], &mut self.faults);
        }
        self.data_model = match attributes.get("datamodel") {
            None | Some("cel") => DataModel::Cel,
            Some("null") => DataModel::Null,
            Some(_) => {
                attributes.bad_value("datamodel", &["cel", "null"], &mut self.faults);
                DataModel::Cel
            }
        };
        let binding = match attributes.get("binding") {
            None | Some("early") => Binding::Early,
            Some("late") => Binding::Late,
            Some(_) => {
                attributes.bad_value("binding", &["early", "late"], &mut self.faults);
                Binding::Early
            }
        };
        let mut root = State::new("#scxml".to_owned(), StateKind::Compound, tag(node));
        root.initial = words(attributes.get("initial").unwrap_or_default());
        let mut script = Vec::new();
        for child in self.children(node) {
            match child.tag_name().name() {
                "state" | "parallel" | "final" => {
                    let state = self.state(child);
                    root.children.push(state);
                }
                // Not in the Recommendation, but written all the same: it holds everywhere.
                "transition" => {
                    let transition = self.transition(child);
                    root.transitions.push(transition);
                }
                "datamodel" => self.data(child, &mut root),
                "script" => script.extend(self.script(child)),
                _ => self.stray(child, "scxml"),
            }
        }
        Some(Document {
            name: attributes.get("name").map(str::to_owned),
            data_model: self.data_model,
            binding,
            script: script.into(),
            root,
        })
    }

    /// Returns the child elements of SCXML. What belongs to another namespace is somebody else's.
    fn children<'n, 't>(&self, node: Element<'n, 't>) -> Vec<Element<'n, 't>> {
        node.children()
            .filter(|child| child.is_element() && child.tag_name().namespace() == Some(NAMESPACE))
            .collect()
    }

    /// Reports an element that means nothing where it stands.
    fn stray(&mut self, node: Element<'_, '_>, parent: &str) {
        let name = shorten(node.tag_name().name());
        self.faults.add(
            "scxml-element",
            tag(node),
            Text::new(
                format!("`<{parent}>` 中不能有 `<{name}>`。"),
                format!("`<{name}>` cannot stand in `<{parent}>`."),
            ),
        );
    }

    fn state(&mut self, node: Element<'_, '_>) -> State {
        let name = node.tag_name().name();
        let allowed: &[&str] = match name {
            "state" => &["id", "initial"],
            "history" => &["id", "type"],
            _ => &["id"],
        };
        let attributes = Attributes::of(node, allowed, &mut self.faults);
        let kind = match name {
            "parallel" => StateKind::Parallel,
            "final" => StateKind::Final,
            "history" => StateKind::History(match attributes.get("type") {
                Some("deep") => HistoryDepth::Deep,
                None | Some("shallow") => HistoryDepth::Shallow,
                Some(_) => {
                    attributes.bad_value("type", &["shallow", "deep"], &mut self.faults);
                    HistoryDepth::Shallow
                }
            }),
            _ => StateKind::Atomic,
        };
        self.unnamed += 1;
        let id = match attributes.get("id") {
            Some(id) if is_id(id) => id.to_owned(),
            Some(_) => {
                attributes.bad_value("id", &[], &mut self.faults);
                format!("#{}", self.unnamed)
            }
            None => format!("#{}", self.unnamed),
        };
        let mut state = State::new(id, kind, tag(node));
        state.initial = words(attributes.get("initial").unwrap_or_default());
        for child in self.children(node) {
            self.part(name, child, &mut state);
        }
        let real = |child: &State| !matches!(child.kind, StateKind::History(_));
        match kind {
            StateKind::Atomic if state.children.iter().any(real) => {
                state.kind = StateKind::Compound
            }
            // Without regions it is a state one is simply in.
            StateKind::Parallel if state.children.is_empty() => state.kind = StateKind::Atomic,
            _ => {}
        }
        state
    }

    /// Reads one child of a state.
    fn part(&mut self, parent: &str, node: Element<'_, '_>, state: &mut State) {
        let inner = matches!(parent, "state" | "parallel");
        match node.tag_name().name() {
            "state" | "parallel" | "history" if inner => {
                let child = self.state(node);
                state.children.push(child);
            }
            "final" if parent == "state" => {
                let child = self.state(node);
                state.children.push(child);
            }
            "transition" if parent != "final" => {
                let transition = self.transition(node);
                state.transitions.push(transition);
            }
            "onentry" if parent != "history" => {
                Attributes::of(node, &[], &mut self.faults);
                let block = self.block(node);
                state.on_entry.push(block.into());
            }
            "onexit" if parent != "history" => {
                Attributes::of(node, &[], &mut self.faults);
                let block = self.block(node);
                state.on_exit.push(block.into());
            }
            "initial" if parent == "state" => self.initial(node, state),
            "datamodel" if inner => self.data(node, state),
            "invoke" if inner => {
                let invoke = self.invoke(node);
                state.invokes.push(Arc::new(invoke));
            }
            "donedata" if parent == "final" => {
                Attributes::of(node, &[], &mut self.faults);
                let payload = self.payload(node, None);
                let place = self.place(node);
                state.done_data = Some(Arc::new(DoneData { place, payload }));
            }
            _ => self.stray(node, parent),
        }
    }

    fn initial(&mut self, node: Element<'_, '_>, state: &mut State) {
        Attributes::of(node, &[], &mut self.faults);
        let transitions = self.children(node);
        let [only] = transitions.as_slice() else {
            self.faults.add(
                "scxml-element",
                tag(node),
                Text::new(
                    "`<initial>` 中应有一个 `<transition>`。",
                    "`<initial>` holds one `<transition>`.",
                ),
            );
            return;
        };
        if !state.initial.is_empty() {
            self.faults.add(
                "scxml-attribute",
                tag(node),
                Text::new(
                    "`initial` 属性与 `<initial>` 元素只能有一个。",
                    "There is an attribute `initial` and an element `<initial>`: keep one.",
                ),
            );
        }
        let transition = self.transition(*only);
        if !transition.events.is_empty()
            || transition.condition.is_some()
            || transition.targets.is_empty()
        {
            self.faults.add(
                "scxml-attribute",
                tag(*only),
                Text::new(
                    "`<initial>` 的转移须有 `target`，不能有 `event` 或 `cond`。",
                    "The transition of `<initial>` has a `target`, and neither `event` nor `cond`.",
                ),
            );
        }
        state.initial = transition.targets;
        state.initial_content = transition.content;
    }

    fn transition(&mut self, node: Element<'_, '_>) -> Transition {
        let allowed = ["event", "cond", "target", "type"];
        let attributes = Attributes::of(node, &allowed, &mut self.faults);
        let internal = match attributes.get("type") {
            None | Some("external") => false,
            Some("internal") => true,
            Some(_) => {
                attributes.bad_value("type", &["internal", "external"], &mut self.faults);
                false
            }
        };
        let events = words(attributes.get("event").unwrap_or_default());
        // The grammar of the Recommendation has `.*` for `*`.
        let events = events.into_iter().map(|event| match event.as_str() {
            ".*" => "*".to_owned(),
            _ => event,
        });
        let condition = self.condition(&attributes, "cond");
        let transition = Transition {
            span: tag(node),
            place: self.place(node),
            events: events.collect(),
            condition,
            targets: words(attributes.get("target").unwrap_or_default()),
            internal,
            content: self.block(node).into(),
        };
        let attributed = ["event", "cond", "target"]
            .iter()
            .any(|name| attributes.get(name).is_some());
        if !attributed && transition.content.is_empty() {
            self.faults.add(
                "scxml-attribute",
                tag(node),
                Text::new(
                    "转移至少要有 `event`、`cond`、`target` 之一，或有内容。",
                    "A transition has `event`, `cond` or `target`, or something to do.",
                ),
            );
        }
        transition
    }

    /// Reads a condition, which in a document without a data model asks for a state only.
    fn condition(&mut self, attributes: &Attributes<'_, '_>, name: &str) -> Option<Expression> {
        let expression = attributes.expression(name, &mut self.faults)?;
        if self.data_model == DataModel::Null && !expression.only_asks_for_a_state() {
            self.faults.add(
                "scxml-data-model",
                attributes.span(name),
                Text::new(
                    "`datamodel=\"null\"` 的条件只能是 `In('状态')`。",
                    "With `datamodel=\"null\"` a condition is `In('state')` and nothing else.",
                ),
            );
        }
        Some(expression)
    }

    /// Reports an element that needs a data model, if the document has none.
    fn needs_data_model(&mut self, node: Element<'_, '_>) {
        if self.data_model == DataModel::Null {
            let name = node.tag_name().name();
            self.faults.add(
                "scxml-data-model",
                tag(node),
                Text::new(
                    format!("`datamodel=\"null\"` 没有 `<{name}>`。"),
                    format!("There is no `<{name}>` with `datamodel=\"null\"`."),
                ),
            );
        }
    }
}

/// Returns whether a text can be the id of a state. One that begins with `#` is kept for states
/// without an id.
fn is_id(id: &str) -> bool {
    !id.is_empty() && !id.contains(char::is_whitespace) && !id.starts_with('#')
}

impl State {
    fn new(id: String, kind: StateKind, span: Range<usize>) -> Self {
        Self {
            id,
            kind,
            span,
            initial: Vec::new(),
            initial_content: Arc::default(),
            transitions: Vec::new(),
            on_entry: Vec::new(),
            on_exit: Vec::new(),
            data: Vec::new(),
            invokes: Vec::new(),
            done_data: None,
            children: Vec::new(),
        }
    }
}
