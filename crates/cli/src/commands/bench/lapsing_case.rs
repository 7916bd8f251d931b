use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use groundbreak_engine::{Engine, EngineOptions, SimulatedTime};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{CaseId, CommandId, Library, decide};
use tokio::task::JoinSet;
use uuid::{NoContext, Uuid};

use super::filling::kept;
use super::standard_case;
use crate::{directory, shipped};

const NAME: &str = "lapsing-case";
const PATH: &str = "crates/cli/bench/lapsing-case.yaml";
const TEXT: &str = include_str!("../../../bench/lapsing-case.yaml");

/// How long a case waits before it lapses.
const WAIT_MS: i64 = 720 * 3_600_000;

/// The least time between the due instant and the timers that are not due then.
const APART_MS: i64 = 3_600_000;

/// How many appends are under way while a directory is filled.
const UNDER_WAY: usize = 512;

/// When the timers fall due that are measured. Any instant would do: the engine runs on a time of
/// its own, which passes as that of the machine does.
pub(super) const DUE: Timestamp = Timestamp::from_millis(1_780_279_200_000);

/// Makes a data directory of `pending` cases that wait. Of these, `due` lapse at [`DUE`], and stand
/// evenly among the others, which lapse an hour later or more.
///
/// What is written is what the engine would write. It is written past it, so that it does not take
/// long: nobody's turn is waited for, and no number of a case is looked up. The directory is opened
/// once more, as on the next day: the first opening checks what was written, and takes memory for it.
pub(super) async fn fill(data: &Path, pending: u64, due: u64) -> Result<()> {
    let store = directory::create(data)?;
    // A time that stands still: nothing lapses.
    let time = SimulatedTime::new(DUE.saturating_add_millis(-60_000));
    let options = EngineOptions {
        time: Arc::new(time),
        ..EngineOptions::default()
    };
    let engine = Engine::open(Arc::clone(&store), options).await?;
    standard_case::publish_with(&engine, PathBuf::from(PATH), TEXT).await?;
    let mut library = Library::new();
    for calendar in &shipped::CALENDARS {
        library.add_calendar(calendar.text)?;
    }
    let workflow = library.add_workflow(TEXT)?;
    let apart = (pending / due.max(1)).max(1);
    let mut appending: JoinSet<Result<()>> = JoinSet::new();
    for number in 0..pending {
        let is_due = number % apart == 0 && number / apart < due;
        let opened_at = if is_due {
            DUE.saturating_add_millis(-WAIT_MS)
        } else {
            let spread = i64::try_from(number % 1_000_000)?;
            let between = WAIT_MS - 2 * APART_MS;
            DUE.saturating_add_millis(APART_MS - WAIT_MS + between / 1_000_000 * spread)
        };
        let case = CaseId(nth_id(number));
        let command = CommandId(Uuid::new_v4());
        let opening = standard_case::opening(NAME, case, command);
        let append = kept(&decide(&workflow, None, &opening, opened_at)?);
        if appending.len() == UNDER_WAY {
            appending
                .join_next()
                .await
                .context("some are under way")???;
        }
        let store = Arc::clone(&store);
        appending.spawn(async move {
            store.append(append).await?;
            Ok(())
        });
    }
    while let Some(appended) = appending.join_next().await {
        appended??;
    }
    engine.shutdown().await?;
    drop((engine, store));
    directory::open(data)?.close().await?;
    Ok(())
}

/// Returns the id of a case. Ids sort as the cases were opened, like those an engine gives.
fn nth_id(number: u64) -> Uuid {
    let millis = 1_700_000_000_000 + number * 2_000;
    let nanos = (millis % 1_000) as u32 * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1_000, nanos))
}
