//! What editors are told beyond the form: how names, time limits and conditions are written.
//!
//! The compiler checks these too, each with a code and words of its own, so they are no part of the
//! form it reads.

use groundbreak_sla::{Goal, Trigger};
use serde_json::{Value, json};

/// A name whose words are joined by underscores.
const NAME: &str = "^[a-z][a-z0-9_]{0,63}$";

/// A name whose words are joined by hyphens.
const TITLE_NAME: &str = "^[a-z][a-z0-9-]{0,63}$";

/// Adds to the form of a definition what helps to write one.
pub(super) fn add_hints(schema: &mut Value) {
    let own = &mut schema["properties"];
    own["workflow"]["pattern"] = TITLE_NAME.into();
    own["version"]["minimum"] = 1.into();
    own["version"]["maximum"] = u32::MAX.into();
    own["calendar"]["pattern"] = "^[a-z0-9][a-z0-9_-]*$".into();
    own["initial"]["pattern"] = NAME.into();
    for section in crate::block::SECTIONS.iter().chain(&["states"]) {
        own[section]["propertyNames"] = named();
    }
    let Some(parts) = schema["$defs"].as_object_mut() else {
        return;
    };
    for (name, part) in parts.iter_mut() {
        without_links(part);
        match name.as_str() {
            "Text" => {
                for language in ["zh", "en"] {
                    part["properties"][language]["pattern"] = "\\S".into();
                }
            }
            "FieldDefinition" => {
                part["properties"]["choices"]["minProperties"] = 1.into();
                part["if"] = json!({ "properties": { "type": { "const": "choice" } }, "required": ["type"] });
                part["then"] = json!({ "required": ["choices"] });
                part["else"] = json!({ "properties": { "choices": { "type": "null" } } });
            }
            "RoleDefinition" => list(part, "not_same_person_as", named()),
            "EventDefinition" => {
                // Who may leave it out depends on other parts: cases send it, or a deferral that fails.
                list(part, "by", named());
                list(part, "asks", named());
            }
            "GateDefinition" => condition(&mut part["properties"]["when"]),
            "ClockDefinition" => clock(part),
            "StateDefinition" => state(part),
            "DelayDefinition" => {
                part["properties"]["to"]["pattern"] = NAME.into();
                part["properties"]["counts_from"]["pattern"] = NAME.into();
                part["properties"]["delay"]["pattern"] = pattern_of::<Goal>();
                part["properties"]["delay"]["examples"] = json!(["2h", "5 working days"]);
                condition(&mut part["properties"]["if"]);
            }
            "TransitionDefinition" => {
                part["properties"]["to"]["pattern"] = NAME.into();
                condition(&mut part["properties"]["if"]);
                list(part, "gates", named());
                let document = "^([a-z][a-z0-9_]{0,63}|documents\\.(main|all))$";
                list(part, "requires", json!({ "pattern": document }));
            }
            "MessageDefinition" => {
                part["properties"]["name"]["pattern"] = NAME.into();
                list(part, "data", named());
            }
            "SendDefinition" => {
                part["properties"]["event"]["pattern"] = NAME.into();
                let to = "^(data\\.)?[a-z][a-z0-9_]{0,63}$";
                part["properties"]["to"]["pattern"] = to.into();
                part["properties"]["to"]["examples"] = json!(["parent", "data.project"]);
                part["properties"]["data"]["propertyNames"] = named();
            }
            "InvokeDefinition" => {
                part["properties"]["workflow"]["pattern"] = TITLE_NAME.into();
                part["properties"]["done"]["pattern"] = NAME.into();
                part["properties"]["data"]["propertyNames"] = named();
            }
            "Transitions" => part["anyOf"][0]["pattern"] = NAME.into(),
            _ => {}
        }
    }
}

fn named() -> Value {
    json!({ "pattern": NAME })
}

fn list(part: &mut Value, key: &str, hints: Value) {
    if let (Some(items), Value::Object(hints)) =
        (part["properties"][key]["items"].as_object_mut(), hints)
    {
        items.extend(hints);
    }
}

fn condition(schema: &mut Value) {
    schema["minLength"] = 1.into();
    schema["maxLength"] = crate::guard::LENGTH_MAX.into();
    schema["examples"] = json!([
        "data.area > 0",
        "at(\"reviewing\") && document(\"form\")",
        "has(data.fee)",
        "data.kind in [\"a\", \"b\"]",
    ]);
}

fn clock(part: &mut Value) {
    let keys = &mut part["properties"];
    keys["budget"]["pattern"] = pattern_of::<Goal>();
    keys["budget"]["examples"] = json!([
        "within 5h",
        "under 2h",
        "within 20 working days",
        "within 7 days"
    ]);
    keys["extend"]["pattern"] = pattern_of::<Goal>();
    for edge in ["start", "stop", "cancel"] {
        keys[edge]["pattern"] = "^(entering|leaving) +[a-z][a-z0-9_]{0,63}$".into();
        keys[edge]["examples"] = json!(["entering accepted", "leaving accepted"]);
    }
    list(part, "segments", named());
    list(part, "warn", json!({ "pattern": pattern_of::<Trigger>() }));
    list(
        part,
        "yellow",
        json!({ "pattern": pattern_of::<Trigger>() }),
    );
    let reasons = json!({ "examples": [
        "applicant_correction",
        "special_procedure",
        "other_agency",
        "force_majeure",
        "system_outage",
    ] });
    list(part, "paused_by", reasons);
}

fn state(part: &mut Value) {
    let keys = &mut part["properties"];
    for state in ["initial", "default"] {
        keys[state]["pattern"] = NAME.into();
    }
    for children in ["states", "parallel", "on"] {
        keys[children]["propertyNames"] = named();
    }
    keys["invoke"]["propertyNames"] = json!({ "pattern": NAME, "not": { "const": "parent" } });
    keys["use"]["pattern"] = TITLE_NAME.into();
    // What a history remembers has a title, and a block brings its own.
    part["anyOf"] = json!([
        { "required": ["title"] },
        { "required": ["history"] },
        { "required": ["use"] },
    ]);
    part["dependentRequired"] = json!({ "with": ["use"] });
}

/// The pattern that a type of its own says it has.
fn pattern_of<T: schemars::JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()["pattern"].clone()
}

/// Descriptions come from comments, whose links mean nothing in an editor.
fn without_links(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            for (key, value) in keys {
                match value {
                    Value::String(text) if key == "description" => {
                        *text = text
                            .replace("[`", "`")
                            .replace("`]", "`")
                            .replace('\n', " ");
                    }
                    value => without_links(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_links),
        _ => {}
    }
}
