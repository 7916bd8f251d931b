use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use groundbreak_archive::{Archive, Followed};
use groundbreak_workflow::Text;
use serde::Serialize;

use crate::archiving::PROGRAM;
use crate::directory;
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak backup --data /var/lib/groundbreak --to /backup/groundbreak"
)]
pub(crate) struct Arguments {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Directory of the backup: empty, not there yet, or an earlier backup
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// File of accounts. Without it, accounts.json in the data directory
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct BackedUp {
    added: u64,
    records: u64,
    definitions: u64,
    accounts: bool,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let path = match &arguments.accounts {
        Some(path) => path.clone(),
        None => directory::accounts_path(&arguments.data),
    };
    let accounts = match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        // A directory that only this program works on has none.
        Err(error) if error.kind() == ErrorKind::NotFound && arguments.accounts.is_none() => None,
        Err(source) => return Err(Trouble::Unreadable { path, source }.into()),
    };
    let store = directory::open(&arguments.data)?;
    let kept = accounts.is_some();
    let backed_up = async {
        let mut archive = Archive::open(&arguments.to, PROGRAM)?;
        if let Some(bytes) = accounts {
            archive.keep_accounts(bytes);
        }
        archive.follow(store.as_ref()).await
    };
    let backed_up = backed_up.await;
    store
        .close()
        .await
        .context("the store was not closed in order")?;
    let Followed {
        added,
        records,
        entries,
    } = backed_up?;
    if arguments.format == Format::Json {
        screen.json(&BackedUp {
            added,
            records,
            definitions: entries,
            accounts: kept,
        })?;
        return Ok(Outcome::Good);
    }
    let to = arguments.to.display();
    screen.say(&Text::new(
        format!("已备份到 {to}：新增 {added} 条，共 {records} 条流水、{entries} 份定义。"),
        format!(
            "Backed up to {to}: {added} new record(s), {records} in all, {entries} definition(s)."
        ),
    ))?;
    if !kept {
        screen.say(&Text::new(
            format!("没有账号文件 {}，未备份账号。", path.display()),
            format!(
                "There is no {}, so no accounts were backed up.",
                path.display()
            ),
        ))?;
    }
    Ok(Outcome::Good)
}
