//! How the district stands, by its register.

use std::sync::Arc;

use groundbreak_audit::{RegisterStanding, register};

use crate::app::App;
use crate::problem::Problem;
use crate::report::newest_cases;

/// How the district stands on a day, and whether there are more cases than are counted.
pub(crate) struct Standing {
    pub(crate) standing: RegisterStanding,
    pub(crate) cut: bool,
}

impl Standing {
    /// Computes it for the end of today. Not found without a register.
    pub(crate) async fn compute(app: &App) -> Result<Self, Problem> {
        let district = app.district.clone().ok_or_else(Problem::not_found)?;
        let workflow = app.engine.workflow(&district.appraisal.workflow, None)?;
        let now = app.engine.now().in_zone(workflow.calendar.tz());
        let until = now.format("%Y-%m-%d").to_string();
        let (cases, total) = newest_cases(app, Some(district.appraisal.workflow.clone())).await?;
        let cut = u64::try_from(cases.len()).is_ok_and(|counted| counted < total);
        let computed = tokio::task::spawn_blocking(move || {
            let rows = cases
                .iter()
                .map(|(workflow, case)| (Arc::as_ref(workflow), Arc::as_ref(case)));
            register(&district, rows, &until)
        });
        let standing = computed.await.map_err(|error| Problem::failed(&error))?;
        Ok(Self { standing, cut })
    }
}
