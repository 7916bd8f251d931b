//! What a schema takes, and what a value is.

use serde_json::Value;

use crate::Text;
use crate::block::is_blank;
use crate::schema::BLANK;
use crate::tree::{Leaf, Tree};

pub(super) fn meant_is(meant: &str) -> Text {
    Text::new(
        format!("是否指 `{meant}`？"),
        format!("Did you mean `{meant}`?"),
    )
}

/// The types a schema names.
pub(super) fn kinds(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The words a schema lists, when it takes one of a list.
pub(super) fn constants(schema: &Value) -> Vec<&str> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().filter_map(Value::as_str).collect();
    }
    let forms = schema.get("oneOf").and_then(Value::as_array);
    forms
        .into_iter()
        .flatten()
        .flat_map(|form| match form.get("const").and_then(Value::as_str) {
            Some(word) => vec![word],
            None => constants(form),
        })
        .collect()
}

/// Tells whether a value is of a type that the schema takes.
pub(super) fn takes(schema: &Value, value: &Tree) -> bool {
    let kind = match value {
        Tree::Map(_) => "object",
        Tree::List(_) => "array",
        Tree::Leaf(Leaf::Nothing) => "null",
        Tree::Leaf(Leaf::Boolean(_)) => "boolean",
        Tree::Leaf(Leaf::Integer(_)) => "integer",
        Tree::Leaf(Leaf::Number(_)) => "number",
        Tree::Leaf(Leaf::Text(_)) => "string",
    };
    if let (Some(BLANK), Tree::Leaf(Leaf::Text(words))) =
        (schema.get("pattern").and_then(Value::as_str), value)
    {
        return is_blank(words);
    }
    let kinds = kinds(schema);
    kinds.contains(&kind) || (kinds.is_empty() && schema.get("anyOf").is_none())
}

/// What a value is, in words.
pub(super) fn found(value: &Tree) -> Text {
    match value {
        Tree::Map(_) => Text::new("若干 `名称: 内容`", "keys with their values"),
        Tree::List(_) => Text::new("列表", "a list"),
        Tree::Leaf(Leaf::Nothing) => Text::new("空的", "nothing"),
        Tree::Leaf(Leaf::Boolean(value)) => Text::new(format!(" {value}"), value.to_string()),
        Tree::Leaf(Leaf::Integer(_) | Leaf::Number(_)) => Text::new("数字", "a number"),
        Tree::Leaf(Leaf::Text(_)) => Text::new("文字", "a text"),
    }
}

/// Tells whether this is the form of a text in both languages.
pub(super) fn is_title(schema: &Value) -> bool {
    let keys = schema.get("properties").and_then(Value::as_object);
    keys.is_some_and(|keys| keys.len() == 2 && keys.contains_key("zh") && keys.contains_key("en"))
}

/// What a type is in words, and how it is written.
pub(super) fn expected(kind: Option<&str>) -> (Text, Text) {
    match kind {
        Some("boolean") => (
            Text::new(" true 或 false", "true or false"),
            Text::new(
                "请写 `true` 或 `false`；yes、no、on、off 不算。",
                "Write `true` or `false`; yes, no, on and off are words here.",
            ),
        ),
        Some("integer") => (
            Text::new("整数", "a whole number"),
            Text::new("请写数字，如 `1`。", "Write digits, such as `1`."),
        ),
        Some("string") => (
            Text::new("文字", "a text"),
            Text::new(
                "请写文字；数字和 true、false 要加引号。",
                "Write a text; put numbers, true and false into quotes.",
            ),
        ),
        Some("array") => (
            Text::new("列表", "a list"),
            Text::new("例如：`[a, b]`。", "For example: `[a, b]`."),
        ),
        Some("object") => (
            Text::new("若干 `名称: 内容`", "keys with their values"),
            Text::new(
                "例如：`{ title: … }`；没有内容就删去这一项。",
                "For example: `{ title: … }`. Take the key away when there is nothing to say.",
            ),
        ),
        _ => (
            Text::new(
                "状态名、一个去向或去向的列表",
                "the name of a state, a transition, or a list of transitions",
            ),
            Text::new(
                "例如：`review` 或 `{ to: review }`。",
                "For example: `review` or `{ to: review }`.",
            ),
        ),
    }
}
