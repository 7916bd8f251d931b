use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use groundbreak_engine::{Engine, EngineOptions, SystemTime, TimeSource};
use groundbreak_server::{ServerOptions, router};
use groundbreak_workflow::sla::Timestamp;
use tokio::net::TcpListener;

use crate::definitions::{self, DefinitionFile};
use crate::directory;
use crate::host::{self, StopSignal};
use crate::papers;
use crate::scenario::{self, Plan, Stage};
use crate::screen::Screen;
use crate::trouble::{Outcome, Trouble};

/// What the desk is filled with: a quarter of a district as it was, in the order of the files, and
/// cases that run now.
const SCENES: [(&str, &str); 6] = [
    (
        "start-on-award.txt",
        include_str!("../../../../tests/scenarios/start-on-award.txt"),
    ),
    (
        "registration-under-two-hours.txt",
        include_str!("../../../../tests/scenarios/registration-under-two-hours.txt"),
    ),
    (
        "capital-increase-half-hour.txt",
        include_str!("../../../../tests/scenarios/capital-increase-half-hour.txt"),
    ),
    ("quarter.txt", include_str!("../../demo/quarter.txt")),
    ("events.txt", include_str!("../../demo/events.txt")),
    ("now.txt", include_str!("../../demo/now.txt")),
];

/// What cases of the scenes begin like.
const LEAD_UPS: [(&str, &str); 2] = [
    ("lead-up.txt", include_str!("../../demo/lead-up.txt")),
    ("project.txt", include_str!("../../demo/project.txt")),
];

/// How many ports after a taken one are tried.
const PORTS_MAX: u16 = 20;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak demo --port 8404")]
pub(crate) struct Arguments {
    /// Port on this machine; 0 for any that is free. When it is taken, the next free one
    #[arg(long, default_value_t = 8404)]
    port: u16,
    /// Put the data into this empty directory and leave it there
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments, screen: &mut Screen) -> Result<Outcome> {
    host::log();
    let listener = bind(arguments.port, screen).await?;
    // From here on Ctrl-C ends in order, so that the directory is removed.
    let stop = StopSignal::listen()?;
    let temporary;
    let data = match &arguments.data {
        Some(folder) => {
            let empty = !folder.exists()
                || folder
                    .read_dir()
                    .is_ok_and(|mut entries| entries.next().is_none());
            if !empty {
                return Err(Trouble::NotEmpty {
                    path: folder.clone(),
                }
                .into());
            }
            folder.as_path()
        }
        None => {
            temporary = tempfile::Builder::new()
                .prefix("groundbreak-demo-")
                .tempdir()
                .context("no temporary directory could be made")?;
            temporary.path()
        }
    };
    fill(data, SystemTime.now()).await?;
    // The same directory again, on the time of the machine: a start like any other.
    let engine = Engine::open(directory::open(data)?, EngineOptions::default()).await?;
    let workflows = engine.workflows();
    let mut options = ServerOptions::demo(workflows.iter().map(Arc::as_ref));
    options.papers = Some(papers::in_directory(data)?);
    options.measures = definitions::measures(&DefinitionFile::shipped_measures(), &workflows)?;
    let district = DefinitionFile::shipped_districts().into_iter().next();
    options.district = district
        .map(|file| definitions::district(&file, &workflows))
        .transpose()?;
    let router = router(engine.clone(), options);
    let address = listener.local_addr().context("the address is not known")?;
    screen.line(format!(
        "演示窗口已打开：http://{address}/ （示例数据，Ctrl-C 停止后删除）"
    ))?;
    screen.line(format!(
        "The desk is open: http://{address}/ (example data; Ctrl-C stops it and throws it away)"
    ))?;
    if arguments.data.is_some() {
        screen.line(format!(
            "{} {}",
            screen.word("数据保留在", "The data stays in"),
            data.display()
        ))?;
    }
    screen.flush()?;
    host::serve(listener, router, engine, None, None, stop).await?;
    screen.line(screen.word("已停止。", "Stopped."))?;
    Ok(Outcome::Good)
}

/// Takes the port on this machine alone, or the next one that is free.
async fn bind(port: u16, screen: &Screen) -> Result<TcpListener> {
    let last = if port == 0 {
        0
    } else {
        port.saturating_add(PORTS_MAX)
    };
    for candidate in port..=last {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, candidate));
        match TcpListener::bind(address).await {
            Ok(listener) => {
                if candidate != port {
                    let note = screen.word("端口已被占用，改用", "The port is taken; using");
                    eprintln!("{}", screen.yellow(&format!("{port}: {note} {candidate}")));
                }
                return Ok(listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && candidate < last => {}
            Err(source) => {
                return Err(Trouble::CannotListen {
                    address: address.to_string(),
                    source,
                }
                .into());
            }
        }
    }
    Err(Trouble::CannotListen {
        address: format!("127.0.0.1:{port}"),
        source: io::ErrorKind::AddrInUse.into(),
    }
    .into())
}

/// Plays the scenes into a new data directory, up to `now`.
async fn fill(data: &Path, now: Timestamp) -> Result<()> {
    let files = DefinitionFile::shipped();
    // The first scene begins in 2023; the engine is started with its first line.
    let mut stage = Stage::open(data, Timestamp::EPOCH).await?;
    definitions::publish(stage.engine(), &files).await?;
    let mut plans: Vec<Plan> = Vec::new();
    let lead_up = |name: &str| {
        let found = LEAD_UPS.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| (*text).to_owned())
    };
    for (name, text) in SCENES {
        let broken = |faults: Vec<scenario::ScenarioFault>| {
            let fault = faults.into_iter().next();
            let place = fault
                .map(|fault| format!("{name}:{}:{} {}", fault.line, fault.column, fault.message));
            Trouble::DemoBroken {
                problem: place.unwrap_or_default(),
            }
        };
        let script = scenario::parse(text, &lead_up).map_err(broken)?;
        let find = |name: &str, version| stage.engine().workflow(name, version);
        plans.push(scenario::plan(&script, find, now).map_err(broken)?);
    }
    let played = scenario::play(&plans, &mut stage, groundbreak_workflow::Language::En).await?;
    for ((name, _), played) in SCENES.iter().zip(&played) {
        if let Some(mismatch) = played.mismatches.first() {
            let problem = format!("{name}:{}: {}", mismatch.line, mismatch.actual.join("\n"));
            return Err(Trouble::DemoBroken { problem }.into());
        }
    }
    stage.advance_to(now).await?;
    stage.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstration_can_be_filled_at_any_hour() {
        // A weekday morning, lunch, the night of a holiday, the last minute of a Friday, and
        // beyond what the calendar knows.
        let hours = [
            "2026-11-24T09:31:00+08:00",
            "2026-11-24T12:10:00+08:00",
            "2026-10-03T03:00:00+08:00",
            "2026-11-27T17:29:59.999+08:00",
            "2031-02-28T00:00:00+08:00",
        ];
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for now in hours {
            let folder = tempfile::tempdir().unwrap();
            let filled = runtime.block_on(fill(folder.path(), now.parse().unwrap()));
            assert!(filled.is_ok(), "{now}: {filled:?}");
        }
    }
}
