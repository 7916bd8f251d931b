use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use groundbreak_engine::SubmitError;
use groundbreak_workflow::{Act, Command, Refusal};

use super::act::{ActPage, Effects, summarize};
use super::case::places;
use super::{Typed, page, typed};
use crate::acts::done_href;
use crate::address::encode;
use crate::app::{App, OpenCase};
use crate::form::{read_command, read_note};
use crate::frame::Frame;
use crate::problem::{Problem, status_of};
use crate::visitor::Visitor;

fn blank(app: &App, visitor: &Visitor, open: &OpenCase) -> ActPage {
    let words = visitor.look.words;
    let situation = &open.situation;
    ActPage {
        f: Frame::new(app, &visitor.look, Some(&visitor.account), app.engine.now()),
        w: words,
        heading: words.t("note"),
        number: situation.number.clone(),
        case_title: situation.title.clone(),
        places: places(situation, words),
        action: format!("/cases/{}/note", encode(&situation.number)),
        submit: words.t("note"),
        revision: open.case.revision,
        command: app.engine.new_command_id(),
        errors: Vec::new(),
        stale: None,
        refused: None,
        final_refusal: false,
        checks: Vec::new(),
        effects: Effects::default(),
        fields: Vec::new(),
        note: String::new(),
        note_label: Some(words.t("note-label")),
        note_required: true,
        note_error: None,
        may_record_late: false,
        late_open: false,
        late_error: None,
        late_date: String::new(),
        late_time: String::new(),
        zone: String::new(),
    }
}

/// `GET /cases/{number}/note`
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let open = app.open(&number, visitor.look.words).await?;
    Ok(page(StatusCode::OK, &blank(&app, &visitor, &open)))
}

/// `POST /cases/{number}/note`
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    let mut template = blank(&app, &visitor, &open);
    template.command = read_command(typed(&form, "command"), template.command);
    template.note = typed(&form, "note").to_owned();
    let Some(text) = read_note(&template.note) else {
        template.note_error = Some(words.t("error-note-empty"));
        summarize(&mut template);
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &template));
    };
    let command = Command {
        id: template.command,
        case: open.case.id,
        actor: visitor.account.actor(),
        // A remark adds to the case as it is, whatever has happened meanwhile.
        seen_revision: None,
        effective_at: None,
        act: Act::Comment { text },
    };
    match app.engine.submit(command).await {
        Ok(committed) => {
            Ok(Redirect::to(&done_href(&number, committed.commit.revision)).into_response())
        }
        Err(SubmitError::Refused(refusal)) => {
            template.note_error = Some(match &refusal {
                Refusal::InvalidInput { problem, .. } => words.text(problem).to_owned(),
                other => words.text(&other.text()).to_owned(),
            });
            summarize(&mut template);
            Ok(page(status_of(&refusal), &template))
        }
        Err(error) => Err(error.into()),
    }
}
