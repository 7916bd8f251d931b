use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use groundbreak_engine::{Engine, EngineOptions};
use groundbreak_workflow::{Case, District, Workflow};

use super::{check_date, current_cases};
use crate::definitions::{self, DefinitionFile};
use crate::directory;

/// Which register, over which cases, up to which day.
#[derive(Debug, Args)]
pub(super) struct OfDistrict {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The last day that counts (2023-04-20), where the workflow is at home
    #[arg(long, value_name = "DATE")]
    pub(super) until: String,
    /// The register of the district. Without it, the one that comes with this program
    #[arg(long, value_name = "FILE")]
    district: Option<PathBuf>,
}

/// A register, and the cases of the workflow it appraises, each once, with their workflow.
type Read = (District, Vec<(Arc<Workflow>, Arc<Case>)>);

impl OfDistrict {
    /// Reads the register and the cases it is about; `None` when the program comes with none.
    pub(super) async fn read(&self) -> Result<Option<Read>> {
        check_date("--until", Some(&self.until))?;
        let file = match &self.district {
            Some(path) => Some(DefinitionFile::read(path)?),
            None => DefinitionFile::shipped_districts().into_iter().next(),
        };
        let Some(file) = file else {
            return Ok(None);
        };
        let engine = Engine::open(directory::open(&self.data)?, EngineOptions::default()).await?;
        let district = definitions::district(&file, &engine.workflows())?;
        let cases = current_cases(&engine, &self.data, &district.appraisal.workflow).await?;
        engine.shutdown().await?;
        Ok(Some((district, cases)))
    }
}
