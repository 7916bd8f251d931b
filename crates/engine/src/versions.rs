use std::sync::Arc;

use groundbreak_workflow::{Case, Commit, Entry, Refusal, Workflow};

use crate::Engine;

/// The versions of its workflow that a case has been on: what was recorded under one of them is
/// read with the words of that one.
#[derive(Clone, Debug)]
pub struct CaseVersions {
    /// Those it has left, oldest first, each with the revision that ended it.
    former: Vec<(u64, Arc<Workflow>)>,
    present: Arc<Workflow>,
}

impl CaseVersions {
    /// Returns the versions of a case that was never migrated.
    #[must_use]
    pub fn only(present: Arc<Workflow>) -> Self {
        Self {
            former: Vec::new(),
            present,
        }
    }

    /// Returns the version that was in force when a revision was recorded: for a migration, the
    /// one it moved to.
    #[must_use]
    pub fn at(&self, revision: u64) -> &Arc<Workflow> {
        let former = self.former.iter().find(|(until, _)| revision < *until);
        former.map_or(&self.present, |(_, workflow)| workflow)
    }
}

impl Engine {
    /// Returns the versions a case has been on, by its whole journal.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownWorkflow`] when one of them is not published here.
    pub fn versions(&self, case: &Case, journal: &[Commit]) -> Result<CaseVersions, Refusal> {
        let mut versions = CaseVersions::only(self.workflow(&case.workflow, Some(case.version))?);
        for commit in journal {
            for entry in &commit.entries {
                if let Entry::Migrated(migrated) = entry {
                    let former = self.workflow(&migrated.workflow, Some(migrated.from_version))?;
                    versions.former.push((commit.revision, former));
                }
            }
        }
        Ok(versions)
    }

    /// Returns the versions that had a clock of a case which its own has not: with each of them, and
    /// with its own, it belongs into a report.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownWorkflow`] when one of them is not published here.
    pub fn former_versions(&self, case: &Case) -> Result<Vec<Arc<Workflow>>, Refusal> {
        let mut versions: Vec<u32> = case.former_clocks.values().copied().collect();
        versions.sort_unstable();
        versions.dedup();
        versions
            .into_iter()
            .map(|version| self.workflow(&case.workflow, Some(version)))
            .collect()
    }
}
