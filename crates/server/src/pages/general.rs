//! The forms of what can be done on every case.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use groundbreak_engine::SubmitError;
use groundbreak_workflow::{
    Act, Command, GeneralKind, InputKind, OrderStage, Refusal, Relation, Text,
};

use super::act::{ActPage, Effects, Refused, summarize};
use super::case::places;
use super::{Typed, page, typed};
use crate::acts::done_href;
use crate::address::encode;
use crate::app::{App, OpenCase};
use crate::facts::{FieldView, Input};
use crate::form::read_command;
use crate::frame::Frame;
use crate::general::general_act;
use crate::problem::{Problem, status_of};
use crate::visitor::Visitor;
use crate::words::Words;

/// Returns the address of the form of a general act.
pub(super) fn general_href(number: &str, kind: GeneralKind) -> String {
    format!("/cases/{}/general/{}", encode(number), kind.name())
}

fn kind_of(name: &str) -> Result<GeneralKind, Problem> {
    GeneralKind::named(name).ok_or_else(Problem::not_found)
}

fn blank(app: &App, visitor: &Visitor, open: &OpenCase, kind: GeneralKind) -> ActPage {
    let words = visitor.look.words;
    let situation = &open.situation;
    let title = words.text(&kind.title()).to_owned();
    let inputs = kind.inputs();
    let remark = inputs.iter().find(|input| input.kind == InputKind::Text);
    let fields = inputs
        .iter()
        .filter(|input| input.kind != InputKind::Text)
        .map(|input| FieldView {
            name: input.name.to_owned(),
            title: words.text(&input.title).to_owned(),
            hint: (input.kind == InputKind::Instant).then(|| words.t("hint-instant")),
            input: input_of(app, open, kind, input.kind, words),
            value: String::new(),
            optional: !input.required,
            error: None,
        });
    ActPage {
        f: Frame::new(app, &visitor.look, Some(&visitor.account), app.engine.now()),
        w: words,
        heading: title.clone(),
        number: situation.number.clone(),
        case_title: situation.title.clone(),
        places: places(situation, words),
        action: general_href(&situation.number, kind),
        submit: title,
        revision: open.case.revision,
        command: app.engine.new_command_id(),
        errors: Vec::new(),
        stale: None,
        refused: None,
        final_refusal: false,
        checks: Vec::new(),
        effects: Effects::default(),
        fields: fields.collect(),
        note: String::new(),
        note_label: remark.map(|input| words.text(&input.title).to_owned()),
        note_required: remark.is_some_and(|input| input.required),
        note_error: None,
        may_record_late: false,
        late_open: false,
        late_error: None,
        late_date: String::new(),
        late_time: String::new(),
        zone: String::new(),
    }
}

/// How an input is filled in: from what the case and the register have, where that is a list.
fn input_of(
    app: &App,
    open: &OpenCase,
    kind: GeneralKind,
    input: InputKind,
    words: Words,
) -> Input {
    let titled = |name: &str, title: &Text| (name.to_owned(), words.text(title).to_owned());
    match input {
        InputKind::Line
        | InputKind::Text
        | InputKind::Instant
        | InputKind::FieldValue
        | InputKind::Case => Input::Line,
        InputKind::Person => {
            let roles = &open.workflow.roles;
            let able = app
                .accounts
                .iter()
                .filter(|account| account.roles.iter().any(|role| roles.contains_key(role)));
            let able = able.map(|account| {
                let name = account.name_in(words.language).to_owned();
                (account.id.clone(), name)
            });
            Input::Choice(able.collect())
        }
        InputKind::YesNo => Input::Choice(vec![
            ("true".into(), words.t("yes")),
            ("false".into(), words.t("no")),
        ]),
        InputKind::Order => {
            let stage = match kind {
                GeneralKind::SignOrder => OrderStage::Issued,
                GeneralKind::AnswerOrder => OrderStage::Signed,
                GeneralKind::ReviewOrder => OrderStage::Answered,
                _ => OrderStage::Reviewed,
            };
            let orders = open.case.orders.iter();
            let orders = orders.filter(|order| order.stage == stage).map(|order| {
                let number = order.number.to_string();
                let title = format!("{number} · {} · {}", order.to.name, order.text);
                (number, title)
            });
            Input::Choice(orders.collect())
        }
        InputKind::Clock => {
            let clocks = open.workflow.clocks.iter();
            let started = clocks.filter(|(name, _)| open.case.clocks.contains_key(*name));
            Input::Choice(
                started
                    .map(|(name, clock)| titled(name, &clock.title))
                    .collect(),
            )
        }
        InputKind::Field => {
            let fields = open.workflow.fields.iter();
            let known = fields.filter(|(name, _)| open.case.data.contains_key(*name));
            Input::Choice(
                known
                    .map(|(name, field)| titled(name, &field.title))
                    .collect(),
            )
        }
        InputKind::Relation => Input::Choice(
            Relation::ALL
                .map(|relation| titled(relation.name(), &relation.text()))
                .into(),
        ),
    }
}

/// `GET /cases/{number}/general/{act}`
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, act)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let kind = kind_of(&act)?;
    let open = app.open(&number, visitor.look.words).await?;
    Ok(page(StatusCode::OK, &blank(&app, &visitor, &open, kind)))
}

/// `POST /cases/{number}/general/{act}`
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, act)): Path<(String, String)>,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let kind = kind_of(&act)?;
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    let mut template = blank(&app, &visitor, &open, kind);
    template.command = read_command(typed(&form, "command"), template.command);
    template.note = typed(&form, "note").to_owned();
    let mut given = BTreeMap::new();
    for field in &mut template.fields {
        field.value = typed(&form, &format!("data.{}", field.name)).to_owned();
        given.insert(field.name.clone(), field.value.clone());
    }
    let inputs = kind.inputs();
    let remark = inputs.iter().find(|input| input.kind == InputKind::Text);
    if let Some(input) = remark {
        given.insert(input.name.to_owned(), template.note.replace("\r\n", "\n"));
    }
    let filled = general_act(&app, &open.workflow, kind, given).await?;
    let refusal = match filled {
        Ok(act) => {
            let command = Command {
                id: template.command,
                case: open.case.id,
                actor: visitor.account.actor(),
                // What is said of a case holds as it is, whatever has happened meanwhile.
                seen_revision: None,
                effective_at: None,
                act: Act::General(act),
            };
            match app.engine.submit(command).await {
                Ok(committed) => {
                    let done = done_href(&number, committed.commit.revision);
                    return Ok(Redirect::to(&done).into_response());
                }
                Err(SubmitError::Refused(refusal)) => refusal,
                Err(error) => return Err(error.into()),
            }
        }
        Err(refusal) => refusal,
    };
    mark_input(
        &mut template,
        &refusal,
        remark.map(|input| input.name),
        words,
    );
    if !summarize(&mut template) {
        template.refused = Some(Refused::saying(&refusal, words));
    }
    Ok(page(status_of(&refusal), &template))
}

/// Marks the input that a refusal is about.
fn mark_input(template: &mut ActPage, refusal: &Refusal, remark: Option<&str>, words: Words) {
    let (name, problem) = match refusal {
        Refusal::InvalidInput { input, problem } => (input.as_str(), problem),
        // The only fact that is typed here is the value that is right.
        Refusal::InvalidData { problem, .. } => ("value", problem),
        _ => return,
    };
    let said = words.text(problem).to_owned();
    if remark == Some(name) {
        template.note_error = Some(said);
    } else if let Some(field) = template.fields.iter_mut().find(|field| field.name == name) {
        field.error = Some(said);
    }
}
