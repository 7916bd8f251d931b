use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use groundbreak_proof::BundleWriter;
use groundbreak_workflow::Text;

use super::sign::{each_record, sign};
use crate::directory;
use crate::proof_directory::ProofDirectory;
use crate::screen::Screen;
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak bundle --data data --to records.jsonl")]
pub(crate) struct Arguments {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// File to write; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let store = directory::open(&arguments.data)?;
    let store = store.as_ref();
    let key = ProofDirectory::of(&arguments.data).key(None)?;
    // Signs only what begins with what was signed before.
    let signed = sign(store, &arguments.data, &key, None, |_, _| false).await?;
    let path = &arguments.to;
    let unwritable = |source| Trouble::Unwritable {
        path: path.clone(),
        source,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    let mut file = BufWriter::new(file);
    let (mut writer, header) = BundleWriter::begin(&key, signed.checkpoint.algorithm);
    file.write_all(header.as_bytes()).map_err(unwritable)?;
    each_record(store, |record| {
        let line = writer.record(&record.record);
        Ok(file.write_all(line.as_bytes()).map_err(unwritable)?)
    })
    .await?;
    let (checkpoint, end) = writer.end();
    file.write_all(end.as_bytes()).map_err(unwritable)?;
    let file = file
        .into_inner()
        .map_err(|error| unwritable(error.into_error()))?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path)
        .map_err(|error| unwritable(error.error))?;
    store.close().await?;
    screen.say(&Text::new(
        format!(
            "已将 {} 条记录写入 {}，根 {}。",
            checkpoint.size,
            path.display(),
            checkpoint.root
        ),
        format!(
            "{} records were written to {}, root {}.",
            checkpoint.size,
            path.display(),
            checkpoint.root
        ),
    ))?;
    Ok(Outcome::Good)
}
