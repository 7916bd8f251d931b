use std::fs::{self, File};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use groundbreak_archive::{ArchiveError, Backup, Checked};
use groundbreak_engine::{RebuildError, Rebuilt, rebuild};
use groundbreak_store::{Query, Store};
use groundbreak_store_sled::{SledOptions, SledStore};
use groundbreak_workflow::Text;
use serde::Serialize;

use crate::directory;
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

/// Where the store is made before it is put in its place: half of one is never opened.
const UNFINISHED: &str = "store.restoring";

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak restore --from /backup/groundbreak --data /var/lib/groundbreak-new"
)]
pub(crate) struct Arguments {
    /// Directory of the backup
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Data directory to make; empty, or not there yet
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Restored {
    records: u64,
    cases: u64,
    definitions: u64,
    accounts: bool,
    damaged_cases: Vec<Damaged>,
}

#[derive(Serialize)]
struct Damaged {
    case: String,
    fault: String,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let data = &arguments.data;
    empty(data)?;
    let backup = Backup::open(&arguments.from)?;
    let checked = backup.check()?;
    let unwritable = |source| Trouble::Unwritable {
        path: data.clone(),
        source,
    };
    fs::create_dir_all(data).map_err(unwritable)?;
    let unfinished = data.join(UNFINISHED);
    match fs::remove_dir_all(&unfinished) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(source) => return Err(unwritable(source).into()),
    }
    let store = SledStore::open(&unfinished, SledOptions::default())?;
    let filled = fill(&store, &backup, checked, data).await;
    store
        .close()
        .await
        .context("the store was not closed in order")?;
    let rebuilt = filled?;
    let accounts = backup.accounts()?;
    if let Some(bytes) = &accounts {
        write_accounts(&unfinished, &directory::accounts_path(data), bytes).map_err(unwritable)?;
    }
    let sync = || File::open(data).and_then(|folder| folder.sync_all());
    sync().map_err(unwritable)?;
    fs::rename(&unfinished, directory::store_path(data)).map_err(unwritable)?;
    sync().map_err(unwritable)?;

    let restored = Restored {
        records: rebuilt.records,
        cases: rebuilt.cases,
        definitions: rebuilt.entries,
        accounts: accounts.is_some(),
        damaged_cases: rebuilt
            .damaged
            .iter()
            .map(|damaged| Damaged {
                case: damaged.case.to_string(),
                fault: damaged.fault.to_string(),
            })
            .collect(),
    };
    let outcome = if restored.damaged_cases.is_empty() {
        Outcome::Good
    } else {
        Outcome::Finding
    };
    if arguments.format == Format::Json {
        screen.json(&restored)?;
        return Ok(outcome);
    }
    let (path, records, cases) = (data.display(), restored.records, restored.cases);
    let definitions = restored.definitions;
    screen.say(&Text::new(
        format!(
            "已恢复到 {path}：{cases} 件、{records} 条流水、{definitions} 份定义，与备份逐条核对无误。"
        ),
        format!(
            "Restored to {path}: {cases} case(s), {records} record(s), {definitions} definition(s). Every one agrees with the backup."
        ),
    ))?;
    if accounts.is_none() {
        screen.say(&Text::new(
            "备份中没有账号，须用 groundbreak user add 建立。",
            "The backup has no accounts; make some with `groundbreak user add`.",
        ))?;
    }
    for Damaged { case, fault } in &restored.damaged_cases {
        screen.say(&Text::new(
            format!("  case-damaged {case} 备份前就不能继续：{fault}。流水已完整恢复。"),
            format!(
                "  case-damaged {case} could not go on before it was backed up either: {fault}. Its journal was restored whole."
            ),
        ))?;
    }
    Ok(outcome)
}

/// Checks that nothing would be mixed with what is restored.
fn empty(data: &Path) -> Result<()> {
    let unreadable = |source| Trouble::Unreadable {
        path: data.to_owned(),
        source,
    };
    let entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(unreadable(source).into()),
    };
    // A restore that was cut short left the first, and perhaps the accounts; they are made anew.
    let unfinished = data.join(UNFINISHED).exists();
    let accounts = directory::accounts_path(data);
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if !unfinished || path != data.join(UNFINISHED) && path != accounts {
            return Err(Trouble::NotEmpty {
                path: data.to_owned(),
            }
            .into());
        }
    }
    Ok(())
}

async fn fill(
    store: &dyn Store,
    backup: &Backup,
    checked: Checked,
    data: &Path,
) -> Result<Rebuilt> {
    let incomplete = |problem: String| Trouble::RestoreIncomplete {
        path: data.to_owned(),
        problem,
    };
    let terminal = std::io::stderr().is_terminal();
    let progress = |written| {
        if terminal {
            let end = if written == checked.records { "\n" } else { "" };
            eprint!("\r{written} / {}{end}", checked.records);
        }
    };
    let rebuilt = rebuild(store, backup.entries()?, backup.records(), progress).await;
    let rebuilt = rebuilt.map_err(|error: RebuildError<ArchiveError>| match error {
        RebuildError::Source(error) => error.into(),
        RebuildError::Definition(error) => error.into(),
        RebuildError::Failed(error) => error.into(),
        other => anyhow::Error::from(incomplete(other.to_string())),
    })?;
    let found = store.query(&Query::all(1)).await;
    let found = found.context("the restored cases could not be counted")?;
    let made = (rebuilt.records, rebuilt.cases, rebuilt.entries);
    let cases = found.total;
    if made != (checked.records, checked.cases, checked.entries) || cases != checked.cases {
        let problem = format!(
            "{} of {} records, {cases} of {} cases, {} of {} definitions",
            rebuilt.records, checked.records, checked.cases, rebuilt.entries, checked.entries
        );
        return Err(incomplete(problem).into());
    }
    Ok(rebuilt)
}

/// Writes the accounts, readable by their owner alone: in `folder` first, so that a half is never
/// in their place.
fn write_accounts(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A temporary file has mode 0600 from its first moment.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
