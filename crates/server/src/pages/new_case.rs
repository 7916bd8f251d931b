use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use groundbreak_engine::SubmitError;
use groundbreak_workflow::{
    Act, AskedField, CaseId, Command, CommandId, FieldType, Refusal, Workflow,
};
use serde::Deserialize;

use super::case::class_words;
use super::{FormError, Typed, page, typed};
use crate::acts::done_href;
use crate::address::link;
use crate::app::App;
use crate::facts::{FieldView, Input};
use crate::form::{mark, read_command, read_facts};
use crate::frame::Frame;
use crate::problem::{Problem, status_of};
use crate::visitor::Visitor;
use crate::words::{Words, count};

#[derive(Template)]
#[template(path = "new.html")]
struct NewPage {
    f: Frame,
    w: Words,
    chosen: Option<Chosen>,
    workflows: Vec<Offer>,
    command: CommandId,
    case: CaseId,
    title: String,
    title_error: Option<String>,
    fields: Vec<FieldView>,
    errors: Vec<FormError>,
    refused: Option<String>,
}

struct Chosen {
    name: String,
    title: String,
    version: u32,
    papers: Vec<(String, String)>,
}

struct Offer {
    href: String,
    title: String,
    more: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewQuery {
    workflow: String,
}

fn blank(app: &App, visitor: &Visitor, chosen: Option<&Workflow>) -> NewPage {
    let words = visitor.look.words;
    NewPage {
        f: Frame::new(app, &visitor.look, Some(&visitor.account), app.engine.now()),
        w: words,
        chosen: chosen.map(|workflow| Chosen {
            name: workflow.name.clone(),
            title: words.text(&workflow.title).to_owned(),
            version: workflow.version,
            papers: papers(workflow, words),
        }),
        workflows: app
            .engine
            .workflows()
            .iter()
            .map(|workflow| Offer {
                href: link("/desk/new", &[("workflow", &workflow.name)]),
                title: words.text(&workflow.title).to_owned(),
                more: more(workflow, words),
            })
            .collect(),
        command: app.engine.new_command_id(),
        case: app.engine.new_case_id(),
        title: String::new(),
        title_error: None,
        fields: chosen
            .map(|workflow| fields(workflow, words))
            .unwrap_or_default(),
        errors: Vec::new(),
        refused: None,
    }
}

/// Returns the documents of a workflow, main ones first.
pub(super) fn papers(workflow: &Workflow, words: Words) -> Vec<(String, String)> {
    let mut papers: Vec<_> = workflow.documents.values().collect();
    papers.sort_by_key(|paper| paper.class != groundbreak_workflow::DocumentClass::Main);
    papers
        .iter()
        .map(|paper| {
            (
                class_words(paper.class, words),
                words.text(&paper.title).to_owned(),
            )
        })
        .collect()
}

/// Returns `第 2 版 · 23 个状态，5 个时限，9 份材料`.
pub(super) fn more(workflow: &Workflow, words: Words) -> String {
    words.numbers(
        "workflow-more",
        [
            ("version", i64::from(workflow.version)),
            ("states", count(workflow.states.len())),
            ("clocks", count(workflow.clocks.len())),
            ("papers", count(workflow.documents.len())),
        ],
    )
}

/// The facts to be asked for at the start: required ones first, then those that no act asks for.
fn fields(workflow: &Workflow, words: Words) -> Vec<FieldView> {
    asked_at_start(workflow)
        .into_iter()
        .map(|(field, required)| FieldView::of(&field, None, !required, words))
        .collect()
}

fn asked_at_start(workflow: &Workflow) -> Vec<(AskedField, bool)> {
    let asked_later = |name: &str| {
        workflow
            .events
            .values()
            .any(|event| event.asks.iter().any(|asked| asked == name))
    };
    let mut fields: Vec<(AskedField, bool)> = workflow
        .fields
        .iter()
        .filter(|(name, field)| field.required || !asked_later(name))
        .filter_map(|(name, field)| Some((workflow.asked_field(name, None)?, field.required)))
        .collect();
    fields.sort_by_key(|(_, required)| !required);
    fields
}

/// `GET /desk/new`
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(query): Query<NewQuery>,
) -> Result<Response, Problem> {
    let workflow = match query.workflow.as_str() {
        "" => None,
        name => Some(app.engine.workflow(name, None)?),
    };
    Ok(page(
        StatusCode::OK,
        &blank(&app, &visitor, workflow.as_deref()),
    ))
}

/// `POST /desk/new`
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let workflow = app.engine.workflow(typed(&form, "workflow"), None)?;
    let mut template = blank(&app, &visitor, Some(&workflow));
    template.command = read_command(typed(&form, "command"), template.command);
    template.case = typed(&form, "case").parse().unwrap_or(template.case);
    template.title = typed(&form, "title").to_owned();
    for field in &mut template.fields {
        field.value = typed(&form, &format!("data.{}", field.name)).to_owned();
    }
    if template.title.is_empty() {
        template.title_error = Some(words.s("error-empty", words.t("new-title")));
    }
    let kinds: Vec<FieldType> = asked_at_start(&workflow)
        .into_iter()
        .map(|(field, _)| field.kind)
        .collect();
    let data = read_facts(&mut template.fields, &kinds, words);
    if summarize(&mut template) {
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &template));
    }
    let command = Command {
        id: template.command,
        case: template.case,
        actor: visitor.account.actor(),
        seen_revision: None,
        effective_at: None,
        act: Act::Open {
            workflow: workflow.name.clone(),
            version: Some(workflow.version),
            title: template.title.clone(),
            data,
        },
    };
    match app.engine.submit(command).await {
        Ok(committed) => Ok(Redirect::to(&done_href(
            &committed.case.number,
            committed.commit.revision,
        ))
        .into_response()),
        Err(SubmitError::Refused(refusal)) => {
            match &refusal {
                Refusal::InvalidInput { input, problem } if input == "title" => {
                    template.title_error = Some(words.text(problem).to_owned());
                }
                other => {
                    if !mark(&mut template.fields, other, words) {
                        template.refused = Some(words.text(&other.text()).to_owned());
                    }
                }
            }
            summarize(&mut template);
            Ok(page(status_of(&refusal), &template))
        }
        Err(error) => Err(error.into()),
    }
}

fn summarize(template: &mut NewPage) -> bool {
    let of_title = template.title_error.iter().map(|said| FormError {
        field: "title".into(),
        said: said.clone(),
    });
    let of_fields = template.fields.iter().filter_map(|field| {
        field.error.as_ref().map(|said| FormError {
            field: field.name.clone(),
            said: said.clone(),
        })
    });
    template.errors = of_title.chain(of_fields).collect();
    !template.errors.is_empty()
}
