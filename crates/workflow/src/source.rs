//! From YAML text to a tree that knows where everything stands.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Spanned};

use crate::tree::Tree;
use crate::{Diagnostic, Text};

/// The longest definition or calendar that is read, in bytes.
pub const SOURCE_LENGTH_MAX: usize = 1 << 20;

/// How deep a definition may be nested.
const DEPTH_MAX: usize = 64;

/// How much `*` may repeat in all: a definition that repeats itself more has blocks.
const ALIASED_MAX: usize = 10_000;

/// The most values a definition may have, those of its blocks included.
pub(crate) const NODES_MAX: usize = 100_000;

/// What stands for a value that is not in the text: it was missing or wrong, which is reported
/// where it shows.
pub(crate) const NOWHERE: Range<usize> = usize::MAX..usize::MAX;

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

/// The name under which a value with its place asks the reader of trees for both. No other reader
/// knows it.
pub(crate) const AT: &str = "$groundbreak::At";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Placed<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Placed<T> {
            type Value = At<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<At<T>, A::Error> {
                let missing = || serde::de::Error::invalid_length(0, &"a start, an end, a value");
                let start = seq.next_element()?.ok_or_else(missing)?;
                let end = seq.next_element()?.ok_or_else(missing)?;
                let value = seq.next_element()?.ok_or_else(missing)?;
                Ok(At {
                    value,
                    span: start..end,
                })
            }
        }

        deserializer.deserialize_newtype_struct(AT, Placed(std::marker::PhantomData))
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

/// Checks that a text is not longer than any that is read.
///
/// # Errors
///
/// One diagnostic, `source-too-long`.
pub(crate) fn check_length(source: &str) -> Result<(), Vec<Diagnostic>> {
    let length = source.len();
    if length <= SOURCE_LENGTH_MAX {
        return Ok(());
    }
    let message = Text::new(
        format!("文件有 {length} 字节，上限为 {SOURCE_LENGTH_MAX} 字节。"),
        format!("The file has {length} bytes; at most {SOURCE_LENGTH_MAX} are read."),
    );
    let help = Text::new("请拆成几个流程。", "Split it into several workflows.");
    Err(vec![
        Diagnostic::new("source-too-long", 0..0, message).with_help(help),
    ])
}

/// Returns the bytes of each document of a YAML stream that holds more than comments.
///
/// A line that begins with `---` ends a document wherever it stands: YAML allows it inside no
/// value.
pub(crate) fn documents(source: &str) -> Vec<Range<usize>> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let marker = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if marker {
            documents.push(start..at);
            start = at + "---".len();
        }
        at += line.len();
    }
    documents.push(start..at);
    documents.retain(|document| {
        source[document.clone()].lines().any(|line| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        })
    });
    documents
}

/// Reads one YAML document that stands at `document` in `source`.
///
/// Strict: only `true` and `false` are booleans, and an alias cannot make a small text large. Keys
/// that stand twice are both kept.
///
/// # Errors
///
/// One diagnostic, `yaml-syntax`: what is not YAML cannot be read on.
pub(crate) fn parse(source: &str, document: Range<usize>) -> Result<At<Tree>, Vec<Diagnostic>> {
    let text = source.get(document.clone()).unwrap_or_default();
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: ALIASED_MAX,
        },
    };
    let read: Result<Spanned<Tree>, Error> = serde_saphyr::from_str_with_options(text, options);
    match read {
        Ok(tree) => {
            let mut tree = placed(tree);
            tree.settle(source, document.start);
            Ok(tree)
        }
        Err(error) => {
            let mut fault = unread(text, &error);
            fault.span = fault.span.start + document.start..fault.span.end + document.start;
            Err(vec![fault])
        }
    }
}

/// Takes a value over from the YAML reader, with its place in the text that was read.
pub(crate) fn placed<T>(spanned: Spanned<T>) -> At<T> {
    At {
        span: bytes_of(&spanned.referenced),
        value: spanned.value,
    }
}

fn bytes_of(location: &Location) -> Range<usize> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset().unwrap_or(0)).unwrap_or(0);
    let length = usize::try_from(span.byte_len().unwrap_or(0)).unwrap_or(0);
    start..start.saturating_add(length)
}

/// Says why a text is not YAML that is read here.
fn unread(text: &str, error: &Error) -> Diagnostic {
    let span = error
        .location()
        .map_or(0..0, |location| underlined(text, place_of(text, &location)));
    let said = error.without_snippet().to_string();
    // Its place in this document need not be that in the file, which is told besides.
    let said = said.split(" at line ").next().unwrap_or_default();
    let (what, help) = explained(said);
    // What the YAML reader says is English only; it stands behind our own words.
    let message = Text::new(
        format!("{}（解析器：{said}）", what.zh),
        format!("{} (the parser says: {said})", what.en),
    );
    let fault = if said.contains("budget") || said.contains("limit") {
        Diagnostic::new("yaml-too-large", span, message)
    } else {
        Diagnostic::new("yaml-syntax", span, message)
    };
    fault.with_help(help)
}

/// Puts what the YAML reader says into our words, as far as people commonly meet it.
fn explained(said: &str) -> (Text, Text) {
    let rows: [(&[&str], Text, Text); 6] = [
        (
            &["budget", "limit", "depth"],
            Text::new(
                "这份 YAML 嵌套太深、太大或引用太多。",
                "This YAML is nested too deep, too large, or repeats itself too often.",
            ),
            Text::new(
                "请减少嵌套，去掉 `&` 和 `*` 引用。",
                "Nest less, and do without `&` and `*`.",
            ),
        ),
        (
            &["anchor", "alias"],
            Text::new("`*` 引用了不存在的 `&`。", "A `*` refers to no `&`."),
            Text::new(
                "文字若以 `*` 或 `&` 开头，请加引号。",
                "Put text that begins with `*` or `&` into quotes.",
            ),
        ),
        (
            &["tab"],
            Text::new("缩进中有制表符。", "There is a tab in the indentation."),
            Text::new("请只用空格缩进。", "Indent with spaces only."),
        ),
        (
            &["quot", "scalar"],
            Text::new(
                "文字或引号没有正确结束。",
                "A text or a quote does not end as it should.",
            ),
            Text::new(
                "引号要成对；文字里有 `: ` 或 ` #` 时，整段加引号。",
                "Quotes come in pairs; put a text that has `: ` or ` #` in it into quotes.",
            ),
        ),
        (
            &["flow", "']'", "'}'", "','"],
            Text::new(
                "`{` 或 `[` 没有正确结束。",
                "A `{` or `[` does not end as it should.",
            ),
            Text::new("请核对括号和逗号。", "Check brackets and commas."),
        ),
        (
            &["mapping", "indent", "block", "key"],
            Text::new(
                "缩进或冒号有误。",
                "The indentation or a colon is not right.",
            ),
            Text::new(
                "同一层的项要对齐，冒号之后要有空格。",
                "Align keys of one level, and put a space after each colon.",
            ),
        ),
    ];
    let lower = said.to_lowercase();
    for (words, what, help) in rows {
        if words.iter().any(|word| lower.contains(word)) {
            return (what, help);
        }
    }
    (
        Text::new("这里不是合格的 YAML。", "This is no proper YAML."),
        Text::new(
            "请检查缩进、引号和冒号。",
            "Check indentation, quotes and colons.",
        ),
    )
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
    let Ok(mut node) = parse(source, 0..source.len()) else {
        return 0..0;
    };
    for step in path
        .split(['.', '['])
        .map(|step| step.trim_end_matches(']'))
        .filter(|step| !step.is_empty())
    {
        let inner = match node.value {
            Tree::Map(pairs) => pairs
                .into_iter()
                .find(|(key, _)| key.value == step)
                .map(|(_, value)| value),
            Tree::List(items) => step
                .parse()
                .ok()
                .and_then(|index: usize| items.into_iter().nth(index)),
            Tree::Leaf(_) => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => return node.span,
        }
    }
    node.span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart_by_lines_of_three_dashes() {
        let texts = |source: &'static str| {
            documents(source)
                .into_iter()
                .map(|document| source[document].trim())
                .collect::<Vec<_>>()
        };
        assert_eq!(texts("a: 1\n"), ["a: 1"]);
        assert_eq!(
            texts("---\na: 1\n---\n# 说明\nb: 2\n"),
            ["a: 1", "# 说明\nb: 2"]
        );
        assert_eq!(
            texts("# only\n---\na: --- x\n---- : 2"),
            ["a: --- x\n---- : 2"]
        );
        assert_eq!(texts("a: 1\n--- \n---\n"), ["a: 1"]);
        assert!(texts("").is_empty());
    }
}
