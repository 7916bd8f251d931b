//! What can be done on every case, made of what was typed or sent.

use std::collections::BTreeMap;

use groundbreak_workflow::{GeneralAct, GeneralKind, Refusal, Text, Workflow};

use crate::app::App;
use crate::problem::Problem;

/// Makes a general act of its inputs, finding the other case by its number and the person by their
/// account.
///
/// # Errors
///
/// [`Problem`] when the other case could not be looked up. The inner refusal says which input is
/// missing or not what it takes.
pub(crate) async fn general_act(
    app: &App,
    workflow: &Workflow,
    kind: GeneralKind,
    mut inputs: BTreeMap<String, String>,
) -> Result<Result<GeneralAct, Refusal>, Problem> {
    if kind == GeneralKind::Link
        && let Some(typed) = inputs.get("case").map(|typed| typed.trim().to_owned())
        && !typed.is_empty()
    {
        let id = app.find(&typed).await.ok();
        let other = match id {
            Some(id) => app.engine.case(id).await?,
            None => None,
        };
        let Some(other) = other else {
            return Ok(Err(Refusal::InvalidInput {
                input: "case".into(),
                problem: Text::new(
                    "没有这个办件。请核对编号。",
                    "there is no such case. Check the number.",
                ),
            }));
        };
        inputs.insert("case".into(), other.id.to_string());
        inputs.insert("number".into(), other.number.clone());
    }
    let mut act = match kind.fill(workflow, &inputs) {
        Ok(act) => act,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(person) = act.person_mut() {
        let Some(account) = app.accounts.get(&person.id) else {
            let input = if kind == GeneralKind::AskReview {
                "of"
            } else {
                "to"
            };
            return Ok(Err(Refusal::InvalidInput {
                input: input.into(),
                problem: Text::new(
                    format!("没有账号“{}”。请核对。", person.id),
                    format!("there is no account \"{}\". Check it.", person.id),
                ),
            }));
        };
        person.name.clone_from(&account.name);
    }
    Ok(Ok(act))
}
