use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use groundbreak_proof::{Receipt, tree};
use groundbreak_store::{Query, Store};
use groundbreak_workflow::{CaseId, Refusal, Text, number_as_kept};

use super::sign::{Signed, sign};
use crate::directory;
use crate::disagreement::of_store;
use crate::proof_directory::ProofDirectory;
use crate::screen::Screen;
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak receipt --data data --case 20230323-7K2M9Q")]
pub(crate) struct Arguments {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Number of the case
    #[arg(long, value_name = "NUMBER")]
    case: String,
    /// The revision to prove; the latest without it
    #[arg(long)]
    revision: Option<u64>,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let store = directory::open(&arguments.data)?;
    let store = store.as_ref();
    let case = find(store, &arguments.case).await?;
    let latest = store.load(case.0).await.map_err(of_store)?;
    let latest = latest.map_or(0, |snapshot| snapshot.revision);
    let revision = arguments.revision.unwrap_or(latest);
    if revision == 0 || revision > latest {
        return Err(Trouble::BadArgument {
            argument: "--revision".to_owned(),
            problem: Text::new(
                format!("办件只有第 1 至 {latest} 版。"),
                format!("the case has revisions 1 to {latest}."),
            ),
        }
        .into());
    }
    let key = ProofDirectory::of(&arguments.data).key(None)?;
    let mut found = None;
    let look = |index, record: &groundbreak_store::Record| {
        let wanted = record.case == case.0 && record.revision == revision;
        if wanted {
            found = Some((index, record.clone()));
        }
        wanted
    };
    let Signed {
        checkpoint,
        note,
        nodes,
    } = sign(store, &arguments.data, &key, None, look).await?;
    let missing = || anyhow::anyhow!("the record of revision {revision} is not in the store");
    let (index, record) = found.ok_or_else(missing)?;
    let ranges = tree::inclusion(index, checkpoint.size).ok_or_else(missing)?;
    let receipt = Receipt {
        format: Receipt::FORMAT.to_owned(),
        case: case.to_string(),
        revision,
        recorded_at: record.recorded_at,
        record: Receipt::encode(&record.record),
        index,
        inclusion: nodes.roots(ranges).ok_or_else(missing)?,
        checkpoint: note,
        verifier: key.verifier().to_string(),
    };
    store.close().await?;
    screen.json(&receipt)?;
    Ok(Outcome::Good)
}

async fn find(store: &dyn Store, number: &str) -> Result<CaseId> {
    if let Ok(id) = number.parse::<CaseId>()
        && store.load(id.0).await.map_err(of_store)?.is_some()
    {
        return Ok(id);
    }
    let query = Query::all(1).with("number", number_as_kept(number));
    let page = store.query(&query).await?;
    let hit = page.hits.first().ok_or_else(|| Refusal::CaseNotFound {
        case: number.to_owned(),
    })?;
    Ok(CaseId(hit.case))
}
