//! The JSON Schemas of what people write.

use std::sync::LazyLock;

use groundbreak_sla::CalendarSpec;
use serde_json::{Value, json};

use crate::definition::Definition;

/// The form of a definition.
pub(crate) static DEFINITION: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(Definition).to_value();
    schema["title"] = "Groundbreak workflow definition".into();
    schema["properties"]["$schema"] = json!({
        "description": "Where an editor finds this schema. The compiler does not look at it.",
        "type": "string",
    });
    schema
});

/// The form of a calendar.
pub(crate) static CALENDAR: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(CalendarSpec).to_value();
    schema["properties"]["$schema"] = json!({ "type": "string" });
    // Read besides its own name, which the derived schema does not know.
    if let Some(kinds) = schema["$defs"]["ExceptionKind"]["oneOf"].as_array_mut() {
        kinds.push(json!({ "const": "local-off", "type": "string" }));
    }
    schema
});

/// Returns the JSON Schema (draft 2020-12) of a workflow definition, for editors.
pub fn definition_schema() -> Value {
    DEFINITION.clone()
}
