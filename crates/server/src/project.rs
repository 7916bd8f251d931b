//! Projects, by their codes.

use groundbreak_engine::Project;
use groundbreak_workflow::{FieldType, Text};

use crate::app::App;
use crate::problem::Problem;

/// Returns a project code as its standard writes it, or what is wrong with it.
pub(crate) fn project_code(typed: &str) -> Result<String, Problem> {
    match FieldType::ProjectCode.identifier() {
        Some(identifier) => identifier.read(typed).map_err(|wrong| {
            Problem::malformed(Text::new(
                format!("项目代码：{}", wrong.zh),
                format!("Project code: {}", wrong.en),
            ))
        }),
        None => Ok(typed.to_owned()),
    }
}

impl App {
    /// Finds a project by its code as it was typed.
    pub(crate) async fn project(&self, typed: &str) -> Result<Project, Problem> {
        let code = project_code(typed)?;
        let found = self.engine.project(&code).await?;
        found.ok_or_else(|| {
            Problem::not_found().because(Text::new(
                format!("没有办件属于项目 {code}。请核对代码；尚未备案的项目还没有代码。"),
                format!("No case belongs to the project {code}. Check the code; a project that is not filed has none yet."),
            ))
        })
    }
}
