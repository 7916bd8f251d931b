//! The JSON Schemas of what people write.

use std::sync::LazyLock;

use groundbreak_sla::CalendarSpec;
use serde_json::{Map, Value, json};

use crate::Mapping;
use crate::block::{BlockDefinition, SECTIONS};
use crate::definition::Definition;
use crate::district::DistrictDefinition;
use crate::measure::MeasureDefinition;

mod editor;

/// What a blank of a block looks like where a whole value stands.
pub(crate) const BLANK: &str = "^<[a-z][a-z0-9_]*>$";

/// The form of a definition whose blocks are in their places.
pub(crate) static DEFINITION: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(Definition).to_value();
    schema["properties"]["$schema"] = schema_key();
    schema
});

/// The form of a block.
pub(crate) static BLOCK: LazyLock<Value> = LazyLock::new(|| {
    let mut block = schemars::schema_for!(BlockDefinition).to_value();
    block["properties"]["$schema"] = schema_key();
    block["additionalProperties"] = false.into();
    if let Some(required) = block["required"].as_array_mut() {
        required.push("state".into());
    }
    let definition = definition_with_uses();
    if let Some(parts) = definition["$defs"].as_object() {
        for (name, part) in parts.iter().filter(|(name, _)| *name != "Text") {
            block["$defs"][in_block(name)] = with_blanks(part);
        }
    }
    for section in SECTIONS {
        block["properties"][section] = with_blanks(&definition["properties"][section]);
    }
    block["properties"]["state"] = json!({
        "description": "The state that is put where the block is used.",
        "$ref": "#/$defs/StateDefinitionInBlock",
    });
    block
});

/// The form of a calendar.
pub(crate) static CALENDAR: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(CalendarSpec).to_value();
    schema["properties"]["$schema"] = schema_key();
    // Read besides its own name, which the derived schema does not know.
    if let Some(kinds) = schema["$defs"]["ExceptionKind"]["oneOf"].as_array_mut() {
        kinds.push(json!({ "const": "local-off", "type": "string" }));
    }
    schema
});

/// The form of a measure.
pub(crate) static MEASURE: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(MeasureDefinition).to_value();
    schema["properties"]["$schema"] = schema_key();
    schema
});

/// The form of the register of a district.
pub(crate) static DISTRICT: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(DistrictDefinition).to_value();
    schema["properties"]["$schema"] = schema_key();
    schema
});

/// The form of a mapping between two versions.
pub(crate) static MAPPING: LazyLock<Value> =
    LazyLock::new(|| schemars::schema_for!(Mapping).to_value());

/// Returns the JSON Schema (draft 2020-12) of workflow definitions and blocks, for editors.
pub fn definition_schema() -> Value {
    let mut definition = definition_with_uses();
    editor::add_hints(&mut definition);
    let mut block = BLOCK.clone();
    let mut parts = Map::new();
    // Of parts that both have, the definition's says more.
    for schema in [&mut block, &mut definition] {
        if let Some(own) = schema.as_object_mut() {
            own.remove("$schema");
            if let Some(Value::Object(own)) = own.remove("$defs") {
                parts.extend(own);
            }
        }
    }
    parts.insert("Definition".to_owned(), definition);
    parts.insert("Block".to_owned(), block);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Groundbreak workflow definition",
        "type": "object",
        "if": { "required": ["block"] },
        "then": { "$ref": "#/$defs/Block" },
        "else": { "$ref": "#/$defs/Definition" },
        "$defs": parts,
    })
}

fn schema_key() -> Value {
    json!({
        "description": "Where an editor finds this schema. The compiler does not look at it.",
        "type": "string",
    })
}

/// The form of a definition as it is written: a state may stand for a block.
fn definition_with_uses() -> Value {
    let mut schema = DEFINITION.clone();
    let state = &mut schema["$defs"]["StateDefinition"]["properties"];
    state["use"] = json!({
        "description": "The block whose state stands here.",
        "type": "string",
    });
    state["with"] = json!({
        "description": "What is put into the blanks of the block, by the name of the parameter.",
        "type": "object",
        "additionalProperties": true,
    });
    schema
}

/// The form of a part of a definition as a block may have it: a blank may stand for any value and
/// within any name, and a part can hang on an argument.
fn with_blanks(schema: &Value) -> Value {
    let Value::Object(keys) = schema else {
        return schema.clone();
    };
    // Titles are filled within, or whole.
    let title = keys.get("$ref").is_some_and(|part| part == "#/$defs/Text");
    let mut filled = Map::new();
    for (key, value) in keys {
        let value = match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                let each = properties.iter();
                let each = each.map(|(name, schema)| (name.clone(), with_blanks(schema)));
                Value::Object(each.collect())
            }
            ("items" | "additionalProperties", schema) => with_blanks(schema),
            ("anyOf", Value::Array(forms)) => forms.iter().map(with_blanks).collect(),
            ("$ref", Value::String(target)) if !title => in_block(target).into(),
            // What becomes of a name is checked where the block is used.
            ("pattern" | "propertyNames", _) => continue,
            (_, value) => value.clone(),
        };
        filled.insert(key.clone(), value);
    }
    if keys.get("additionalProperties") == Some(&Value::Bool(false))
        && let Some(Value::Object(properties)) = filled.get_mut("properties")
    {
        let given = json!({
            "description": "The parameter without whose argument this is left out.",
            "type": "string",
        });
        properties.insert("given".to_owned(), given);
    }
    let listed = keys.contains_key("oneOf") || keys.contains_key("enum");
    let words = keys.get("type").is_some_and(|kind| kind == "string");
    // A text takes a blank as it is, and what is referred to has its own alternative.
    let referred = keys.contains_key("$ref") && !title;
    if words && !listed || referred || keys.contains_key("anyOf") {
        return Value::Object(filled);
    }
    let description = filled.remove("description");
    let mut open = json!({ "anyOf": [filled, { "type": "string", "pattern": BLANK }] });
    if let Some(description) = description {
        open["description"] = description;
    }
    open
}

fn in_block(name: &str) -> String {
    format!("{name}InBlock")
}
