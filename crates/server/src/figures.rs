use std::collections::BTreeSet;
use std::sync::Arc;

use groundbreak_audit::{Figure, figure};

use crate::app::App;
use crate::problem::Problem;
use crate::report::newest_cases;

/// Measures, computed.
pub(crate) struct Figures {
    /// In the order they were asked for; those that do not exist are left out.
    pub(crate) figures: Vec<Figure>,
    /// Whether there are more cases than are counted, so that no figure is whole.
    pub(crate) cut: bool,
}

impl Figures {
    /// Computes the measures of these names.
    pub(crate) async fn compute(app: &App, names: &[String]) -> Result<Self, Problem> {
        let workflows: BTreeSet<String> = names
            .iter()
            .filter_map(|name| app.measures.get(name))
            .map(|measure| measure.population.workflow.clone())
            .collect();
        let mut cases = Vec::new();
        let mut cut = false;
        for workflow in workflows {
            let (counted, total) = newest_cases(app, Some(workflow)).await?;
            cut |= u64::try_from(counted.len()).is_ok_and(|counted| counted < total);
            cases.extend(counted);
        }
        let (measures, names) = (app.measures.clone(), names.to_vec());
        let computed = tokio::task::spawn_blocking(move || {
            let rows = cases
                .iter()
                .map(|(workflow, case)| (Arc::as_ref(workflow), Arc::as_ref(case)));
            let each = names.iter();
            each.filter_map(|name| figure(&measures, name, rows.clone()))
                .collect()
        });
        let figures = computed.await.map_err(|error| Problem::failed(&error))?;
        Ok(Self { figures, cut })
    }
}
