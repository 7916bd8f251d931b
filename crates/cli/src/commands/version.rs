use anyhow::Result;
use clap::Args;
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
    json_schema: &'static str,
    store: &'static str,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let versions = Versions {
        groundbreak: env!("CARGO_PKG_VERSION"),
        time_zones: tz_database_version(),
        json_schema: "draft 2020-12",
        store: "sled 0.34.7",
    };
    if arguments.format == Format::Json {
        screen.json(&versions)?;
        return Ok(Outcome::Good);
    }
    let rows = [
        ("groundbreak", versions.groundbreak),
        (
            screen.word("时区数据", "time zone data"),
            versions.time_zones,
        ),
        (
            screen.word("定义的 JSON Schema", "JSON Schema of definitions"),
            versions.json_schema,
        ),
        (screen.word("存储", "store"), versions.store),
    ]
    .map(|(name, version)| format!("{name} {version}"));
    for row in rows {
        screen.line(row)?;
    }
    Ok(Outcome::Good)
}
