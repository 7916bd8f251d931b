use std::sync::Arc;

use groundbreak_audit::{Turnaround, turnaround};
use groundbreak_engine::ListQuery;
use groundbreak_workflow::{Case, Workflow};

use crate::app::App;
use crate::problem::Problem;

/// The most cases a report counts, newest first.
pub(crate) const CASES_MAX: usize = 10_000;
/// Asked of the store at once.
const PAGE: usize = 500;

/// A case with its workflow.
pub(crate) type Counted = (Arc<Workflow>, Arc<Case>);

/// Reads the newest [`CASES_MAX`] cases, of one workflow or of all, and how many there are.
pub(crate) async fn newest_cases(
    app: &App,
    workflow: Option<String>,
) -> Result<(Vec<Counted>, u64), Problem> {
    let mut query = ListQuery {
        workflow,
        order: groundbreak_engine::ListOrder::Newest,
        ..ListQuery::all(PAGE)
    };
    let mut cases: Vec<Counted> = Vec::new();
    loop {
        let listed = app.engine.list(&query).await?;
        for id in listed.cases {
            // Between the list and here a case cannot vanish: nothing is ever deleted. One that
            // is damaged stops the report, since a figure that leaves it out would be wrong.
            let Some(case) = app.engine.case(id).await? else {
                continue;
            };
            let workflow = app.engine.workflow(&case.workflow, Some(case.version))?;
            cases.push((workflow, case));
        }
        query.after = listed.next;
        if query.after.is_none() || cases.len() >= CASES_MAX {
            return Ok((cases, listed.total));
        }
    }
}

/// How long cases took, and how many of them were counted.
pub(crate) struct Report {
    pub(crate) turnaround: Turnaround,
    /// How many cases there are; more than were counted when there are over [`CASES_MAX`].
    pub(crate) total: u64,
    /// The cases and their workflows.
    pub(crate) cases: Vec<Counted>,
}

impl Report {
    /// Computes the report of all cases, of one workflow or of all.
    pub(crate) async fn compute(app: &App, workflow: Option<String>) -> Result<Self, Problem> {
        let (cases, total) = newest_cases(app, workflow).await?;
        // Cases that were migrated, with the versions that had their former clocks.
        let mut former: Vec<(Arc<Workflow>, Arc<Case>)> = Vec::new();
        for (_, case) in &cases {
            let versions = app.engine.former_versions(case)?;
            former.extend(versions.into_iter().map(|it| (it, Arc::clone(case))));
        }
        let as_of = app.engine.now();
        let counted = tokio::task::spawn_blocking(move || {
            let rows = cases
                .iter()
                .chain(&former)
                .map(|(workflow, case)| (workflow.as_ref(), case.as_ref()));
            let computed = turnaround(rows, as_of);
            (computed, cases)
        });
        let (computed, cases) = counted.await.map_err(|error| Problem::failed(&error))?;
        let turnaround = computed.map_err(|stuck| Problem::failed(&stuck))?;
        Ok(Self {
            turnaround,
            total,
            cases,
        })
    }
}
