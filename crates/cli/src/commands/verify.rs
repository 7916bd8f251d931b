pub(super) mod data;
mod file;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use groundbreak_proof::{Hash, Verifier};
use groundbreak_workflow::Text;
use serde::Serialize;

use crate::disagreement::{Disagreement, of_key};
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak verify --data data")]
pub(crate) struct Arguments {
    /// A bundle or a receipt
    #[arg(required_unless_present = "data", conflicts_with_all = ["data", "checkpoint"])]
    file: Option<PathBuf>,
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Key that must have signed, as NAME+ID+KEY; without it, the one that is found there
    #[arg(long, value_name = "VERIFIER")]
    key: Option<String>,
    /// A checkpoint you kept, which the data must begin with; without it, the one that is found there
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What was gone through, when all of it agrees.
#[derive(Debug, Default, Serialize)]
pub(super) struct Counts {
    /// Records read.
    pub(super) records: u64,
    /// The entries in them; of a receipt, none.
    pub(super) entries: u64,
    /// Cases folded; of a receipt, none.
    pub(super) cases: u64,
    /// The root over the records, or of the checkpoint of a receipt.
    root: Option<Hash>,
    digest: &'static str,
    /// How many records the checkpoint that was compared is of.
    signed: Option<u64>,
    /// Whose checkpoint it is.
    signed_by: Option<String>,
    #[serde(skip)]
    asked_for: bool,
}

#[derive(Serialize)]
struct Good<'a> {
    agrees: bool,
    #[serde(flatten)]
    counts: &'a Counts,
    seconds: f64,
    records_per_second: f64,
    entries_per_second: f64,
}

#[derive(Serialize)]
struct Bad<'a> {
    agrees: bool,
    code: &'static str,
    place: &'a Text,
    problem: &'a Text,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let key = match &arguments.key {
        Some(text) => Some(text.parse().map_err(|error| Trouble::BadArgument {
            argument: "--key".to_owned(),
            problem: of_key(&error),
        })?),
        None => None,
    };
    let began = Instant::now();
    match check(arguments, key).await {
        Ok(counts) => {
            let seconds = began.elapsed().as_secs_f64();
            show(arguments.format, &counts, seconds, screen)?;
            Ok(Outcome::Good)
        }
        Err(error) if arguments.format == Format::Json => {
            let Some(found) = error.downcast_ref::<Disagreement>() else {
                return Err(error);
            };
            screen.json(&Bad {
                agrees: false,
                code: found.code(),
                place: &found.place,
                problem: &found.problem,
            })?;
            Ok(Outcome::Finding)
        }
        Err(error) => Err(error),
    }
}

async fn check(arguments: &Arguments, key: Option<Verifier>) -> Result<Counts> {
    match (&arguments.data, &arguments.file) {
        (Some(data), _) => data::check(data, key, arguments.checkpoint.as_deref()).await,
        (None, Some(file)) => file::check(file, key),
        (None, None) => Ok(Counts::default()),
    }
}

fn show(format: Format, counts: &Counts, seconds: f64, screen: &mut Screen) -> Result<()> {
    let rate = |count: u64| count as f64 / seconds.max(1e-9);
    if format == Format::Json {
        screen.json(&Good {
            agrees: true,
            counts,
            seconds,
            records_per_second: rate(counts.records).round(),
            entries_per_second: rate(counts.entries).round(),
        })?;
        return Ok(());
    }
    let Counts { records, cases, .. } = counts;
    let rate = rate(*records);
    screen.say(&Text::new(
        format!("相符：{records} 条记录，{cases} 个办件，每秒 {rate:.0} 条"),
        format!("All agrees: {records} records, {cases} cases, {rate:.0} records a second"),
    ))?;
    if let Some(root) = counts.root {
        let digest = counts.digest;
        screen.say(&Text::new(
            format!("根（{digest}）：{root}"),
            format!("Root ({digest}): {root}"),
        ))?;
    }
    match (&counts.signed_by, counts.signed) {
        (Some(name), Some(signed)) => screen.say(&Text::new(
            format!("与 {name} 所签 {signed} 条记录的检查点相符"),
            format!("As signed by {name} over {signed} records"),
        ))?,
        _ => screen.say(&Text::new(
            "没有检查点可比：请用 groundbreak checkpoint 签一个，并另处保存",
            "There is no checkpoint to compare with: sign one with `groundbreak checkpoint`, and keep it elsewhere",
        ))?,
    }
    if counts.signed.is_some() && !counts.asked_for {
        screen.say(&Text::new(
            "公钥取自同一处：要确知是谁所签，请用 --key 给出另处得来的公钥",
            "The key was found in the same place: to be sure whose it is, give one from elsewhere with --key",
        ))?;
    }
    Ok(())
}
