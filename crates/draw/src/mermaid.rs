//! The chart as Mermaid text.

use groundbreak_workflow::Workflow;

use crate::view::{DrawError, View};

/// Writes a workflow as a Mermaid state diagram.
///
/// # Errors
///
/// [`DrawError`]
pub fn mermaid(workflow: &Workflow, view: &View<'_>) -> Result<String, DrawError> {
    let _ = (workflow, view);
    Err(DrawError::NotLaidOut)
}
