use anyhow::Result;
use clap::Args;
use groundbreak_workflow::definition_schema;
use groundbreak_workflow::sla::tz_database_version;
use serde::Serialize;

use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak version --format json")]
pub(crate) struct Arguments {
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Versions {
    groundbreak: &'static str,
    time_zones: &'static str,
    /// The dialect of JSON Schema in which definitions are described.
    json_schema: String,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let schema = definition_schema();
    let versions = Versions {
        groundbreak: env!("CARGO_PKG_VERSION"),
        time_zones: tz_database_version(),
        json_schema: schema["$schema"].as_str().unwrap_or_default().to_owned(),
    };
    if arguments.format == Format::Json {
        screen.json(&versions)?;
        return Ok(Outcome::Good);
    }
    screen.line(format!("groundbreak {}", versions.groundbreak))?;
    let rows = [
        (
            screen.word("时区数据", "time zone data"),
            versions.time_zones,
        ),
        (
            screen.word("定义的 JSON Schema", "JSON Schema of definitions"),
            &versions.json_schema,
        ),
    ];
    for (name, version) in rows {
        screen.line(format!("{name} {version}"))?;
    }
    Ok(Outcome::Good)
}
