use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use groundbreak_workflow::Text;
use serde_json::json;

use super::{faults, tell};
use crate::commands::check;
use crate::definitions::{DefinitionFile, DefinitionKind, read_text};
use crate::digit::{self, Service};
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

/// The largest file, in bytes.
const BYTES_MAX: u64 = 4 << 20;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak import digit TradeLicense.json > trade-licence.yaml")]
pub(crate) struct Arguments {
    /// The configuration: JSON, or the curl command that would send it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which business service to take, when the file has several
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// The calendar that the definition counts on
    #[arg(long, value_name = "ID", default_value = "pengjiang")]
    calendar: String,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let text = read_text(&arguments.file, BYTES_MAX)?;
    let (services, mut findings) = digit::read(&text).map_err(|problem| Trouble::NotJson {
        path: arguments.file.clone(),
        problem,
    })?;
    let service = choose(&services, arguments.service.as_deref())?;
    let imported = digit::import(service, &arguments.calendar);
    findings.extend(imported.findings);
    findings.sort_by_key(|finding| finding.span.start);
    let source = DefinitionFile::alone(arguments.file.clone(), DefinitionKind::Workflow, text);
    let path = PathBuf::from("(definition)");
    let definition = DefinitionFile::alone(path, DefinitionKind::Workflow, imported.yaml);
    let faults = faults(&definition)?;
    let outcome = if findings.is_empty() && faults.is_empty() {
        Outcome::Good
    } else {
        Outcome::Finding
    };
    let found = [(source, findings), (definition, faults)];
    let [_, (definition, _)] = &found;
    match arguments.format {
        Format::Json => {
            let rows: Vec<_> = found.iter().flat_map(check::rows).collect();
            screen.json(&json!({ "definition": definition.text, "findings": rows }))?;
        }
        Format::Human => {
            screen.line(definition.text.trim_end())?;
            for of_file in &found {
                tell(of_file, screen);
            }
        }
    }
    Ok(outcome)
}

fn choose<'a>(services: &'a [Service], name: Option<&str>) -> Result<&'a Service> {
    let found = match (name, services) {
        (None, [only]) => return Ok(only),
        (None, _) => None,
        (Some(name), _) => services.iter().find(|service| service.name == name),
    };
    Ok(found.ok_or_else(|| {
        let known: Vec<&str> = services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        let known = known.join(", ");
        Trouble::BadArgument {
            argument: "--service".to_owned(),
            problem: Text::new(
                format!("文件中有：{known}。请写其中之一。"),
                format!("the file has {known}: name one of them."),
            ),
        }
    })?)
}
