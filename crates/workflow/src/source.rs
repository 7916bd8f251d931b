//! From YAML text to serde values, keeping the place of everything.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Error, Location, Spanned};

use crate::suggest::nearest;
use crate::{Diagnostic, Text};

/// The longest definition or calendar that is read, in bytes.
pub const SOURCE_LENGTH_MAX: usize = 1 << 20;

/// A value and the bytes of the source it was read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct At<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands.
    pub(crate) span: Range<usize>,
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for At<T> {}

impl<T: Hash> Hash for At<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T: fmt::Display> fmt::Display for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let span = bytes_of(&spanned.referenced);
        Ok(Self {
            value: spanned.value,
            span,
        })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

fn bytes_of(location: &Location) -> Range<usize> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset().unwrap_or(0)).unwrap_or(0);
    let length = usize::try_from(span.byte_len().unwrap_or(0)).unwrap_or(0);
    start..start.saturating_add(length)
}

/// Reads one YAML document.
///
/// Strict: only `true` and `false` are booleans, a key stands once, and an alias cannot make a
/// small text large.
///
/// # Errors
///
/// One diagnostic, since reading stops at the first fault of form. Codes: `source-too-long`,
/// `yaml-syntax`, `unknown-key`, `missing-key`, `wrong-type`, `duplicate-key`.
pub(crate) fn read<T: DeserializeOwned>(source: &str) -> Result<T, Vec<Diagnostic>> {
    if source.len() > SOURCE_LENGTH_MAX {
        return Err(vec![Diagnostic::new(
            "source-too-long",
            0..0,
            Text::new(
                format!(
                    "文件有 {} 字节，上限为 {SOURCE_LENGTH_MAX} 字节。",
                    source.len()
                ),
                format!(
                    "The file has {} bytes; at most {SOURCE_LENGTH_MAX} are read.",
                    source.len()
                ),
            ),
        )]);
    }
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: 64,
            max_nodes: 100_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
    };
    serde_saphyr::from_str_with_options(source, options)
        .map_err(|error| vec![diagnostic(source, &error)])
}

fn diagnostic(source: &str, error: &Error) -> Diagnostic {
    let span = error.location().map_or(0..0, |location| {
        underlined(source, place_of(source, &location))
    });
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => {
            let help = match nearest(field, expected.iter().copied()) {
                Some(name) => Text::new(
                    format!("是否指 `{name}`？"),
                    format!("Did you mean `{name}`?"),
                ),
                None => Text::new(
                    format!("这里可用：{}。", expected.join("、")),
                    format!("Possible here: {}.", expected.join(", ")),
                ),
            };
            Diagnostic::new(
                "unknown-key",
                span,
                Text::new(
                    format!("这里没有 `{field}` 这一项。"),
                    format!("There is no key `{field}` here."),
                ),
            )
            .with_help(help)
        }
        Error::SerdeMissingField { field, .. } => Diagnostic::new(
            "missing-key",
            span,
            Text::new(
                format!("缺少 `{field}`。"),
                format!("`{field}` is missing."),
            ),
        )
        .with_help(Text::new(
            format!("请在此处加上 `{field}:`。"),
            format!("Add `{field}:` here."),
        )),
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.clone().unwrap_or_default();
            Diagnostic::new(
                "duplicate-key",
                span,
                Text::new(
                    format!("`{key}` 出现了两次。"),
                    format!("`{key}` stands here twice."),
                ),
            )
            .with_help(Text::new("请合并或改名。", "Join the two, or rename one."))
        }
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => {
            let help = match nearest(variant, expected.iter().copied()) {
                Some(name) => Text::new(
                    format!("是否指 `{name}`？"),
                    format!("Did you mean `{name}`?"),
                ),
                None => Text::new("请写其中之一。", "Write one of these."),
            };
            Diagnostic::new(
                "wrong-type",
                span,
                Text::new(
                    format!("`{variant}` 不在可选之列：{}。", expected.join("、")),
                    format!("`{variant}` is none of: {}.", expected.join(", ")),
                ),
            )
            .with_help(help)
        }
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => Diagnostic::new(
            "wrong-type",
            span,
            Text::new(
                format!("这里应为 {expected}，却是 {unexpected}。"),
                format!("Expected {expected}, found {unexpected}."),
            ),
        ),
        // What the scanner says comes as a message too, and without bytes.
        Error::Message { msg, location } | Error::ExternalMessage { msg, location, .. }
            if location.span().byte_offset().is_none() =>
        {
            syntax(span, msg)
        }
        Error::InvalidScalar { ty, .. } if ty.starts_with(['u', 'i']) => Diagnostic::new(
            "wrong-type",
            span,
            Text::new("这里应为整数。", "A whole number is expected here."),
        )
        .with_help(Text::new(
            "请写数字，如 `1`。",
            "Write digits, such as `1`.",
        )),
        Error::InvalidBooleanStrict { .. } => Diagnostic::new(
            "wrong-type",
            span,
            Text::new(
                "这里应为 true 或 false。",
                "true or false is expected here.",
            ),
        )
        .with_help(Text::new(
            "请写 `true` 或 `false`；yes、no、on、off 不算。",
            "Write `true` or `false`; yes, no, on and off are words here.",
        )),
        Error::Message { msg, .. } | Error::ExternalMessage { msg, .. } => Diagnostic::new(
            "wrong-type",
            span,
            Text::new(format!("内容有误：{msg}"), msg.clone()),
        ),
        other => syntax(span, &other.without_snippet().to_string()),
    }
}

fn syntax(span: Range<usize>, message: &str) -> Diagnostic {
    Diagnostic::new(
        "yaml-syntax",
        span,
        Text::new(format!("YAML 有误：{message}"), message),
    )
    .with_help(Text::new(
        "请检查缩进、引号和冒号。",
        "Check indentation, quotes and colons.",
    ))
}

/// Returns the bytes of a location. Where the reader tells only line and column, in characters,
/// they are looked up in the source.
fn place_of(source: &str, location: &Location) -> Range<usize> {
    if location.span().byte_offset().is_some() || location.line() == 0 {
        return bytes_of(location);
    }
    let line = usize::try_from(location.line()).unwrap_or(1);
    let column = usize::try_from(location.column()).unwrap_or(1);
    let before: usize = source
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum();
    let rest = source.get(before..).unwrap_or_default();
    let within = rest
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(rest.len(), |(byte, _)| byte);
    before + within..before + within
}

/// An empty place is widened to the word it stands before, so that something can be underlined.
fn underlined(source: &str, span: Range<usize>) -> Range<usize> {
    if !span.is_empty() && span.end <= source.len() {
        return span;
    }
    let start = span.start.min(source.len());
    let rest = source.get(start..).unwrap_or_default();
    let length = rest
        .find(|c: char| c.is_whitespace() || c == ':')
        .unwrap_or(rest.len());
    start..start + length
}

/// Returns where a value stands, by its path (`weekly.mon[1]`), or the nearest thing around it
/// that the text has. The text must be one that was read.
pub(crate) fn locate(source: &str, path: &str) -> Range<usize> {
    let Ok(mut node) = read::<At<Node>>(source) else {
        return 0..0;
    };
    for step in path
        .split(['.', '['])
        .map(|step| step.trim_end_matches(']'))
        .filter(|step| !step.is_empty())
    {
        let inner = match node.value {
            Node::Map(pairs) => pairs
                .into_iter()
                .find(|(key, _)| key.value == step)
                .map(|(_, value)| value),
            Node::List(items) => step
                .parse()
                .ok()
                .and_then(|index: usize| items.into_iter().nth(index)),
            Node::Leaf => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => return node.span,
        }
    }
    node.span
}

/// Any YAML value, for its places.
#[derive(Debug)]
enum Node {
    Map(Vec<(At<String>, At<Node>)>),
    List(Vec<At<Node>>),
    Leaf,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;

        impl<'de> Visitor<'de> for AnyNode {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Node::Map(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Node::List(items))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_str<E>(self, _: &str) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Leaf)
            }
        }

        deserializer.deserialize_any(AnyNode)
    }
}
