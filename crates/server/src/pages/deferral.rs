//! The form that lets a paper follow later, or gives one that does more time (容缺受理).

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use groundbreak_engine::SubmitError;
use groundbreak_workflow::{Act, Command, Paper, Refusal, Text, Workflow};

use super::act::{ActPage, Effects, Refused, summarize};
use super::case::places;
use super::{Typed, page, typed};
use crate::acts::{done_href, paper_href};
use crate::app::{App, OpenCase};
use crate::facts::{FieldView, Input};
use crate::form::{read_command, read_note};
use crate::frame::Frame;
use crate::problem::{Problem, status_of};
use crate::visitor::Visitor;
use crate::words::Words;

/// The one field of the form, besides the remark.
const FIELD: &str = "input";

/// What can be done about the time of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deferring {
    /// It may follow later.
    Defer,
    /// It may have more time.
    Extend,
}

impl Deferring {
    /// Returns what the roles held allow on a paper; `None` for nothing.
    pub(super) fn of(paper: &Paper, workflow: &Workflow, visitor: &Visitor) -> Option<Self> {
        let holds = |role: &str| visitor.account.roles.iter().any(|held| held == role);
        let rule = workflow.documents.get(&paper.name)?.deferral.as_ref()?;
        if !rule.by.iter().any(|role| holds(role)) {
            None
        } else if paper.due_at.is_some() {
            Some(Self::Extend)
        } else {
            (!paper.deferred_by.is_empty()).then_some(Self::Defer)
        }
    }

    pub(super) fn title(self, words: Words) -> String {
        words.t(match self {
            Self::Defer => "paper-defer",
            Self::Extend => "paper-extend",
        })
    }

    /// The name of the field, as refusals say it.
    fn input(self) -> &'static str {
        match self {
            Self::Defer => "letter",
            Self::Extend => "until",
        }
    }
}

/// Returns the address of the form.
pub(super) fn deferral_href(number: &str, document: &str) -> String {
    format!("{}/defer", paper_href(number, document))
}

fn blank(
    app: &App,
    visitor: &Visitor,
    open: &OpenCase,
    document: &str,
) -> Result<(ActPage, Deferring), Problem> {
    let words = visitor.look.words;
    let situation = &open.situation;
    let paper = situation
        .papers
        .iter()
        .find(|paper| paper.name == document)
        .ok_or_else(Problem::not_found)?;
    // Whoever comes to the form without being allowed to is told so when it is sent.
    let deferring =
        Deferring::of(paper, &open.workflow, visitor).unwrap_or(if paper.due_at.is_some() {
            Deferring::Extend
        } else {
            Deferring::Defer
        });
    let (label, hint, note) = match deferring {
        Deferring::Defer => ("paper-letter", "hint-letter", "note-label"),
        Deferring::Extend => ("paper-until", "hint-instant", "paper-extend-reason"),
    };
    let field = FieldView {
        name: FIELD.to_owned(),
        title: words.t(label),
        hint: Some(words.t(hint)),
        input: Input::Line,
        value: String::new(),
        optional: false,
        error: None,
    };
    let title = deferring.title(words);
    let template = ActPage {
        f: Frame::new(app, &visitor.look, Some(&visitor.account), app.engine.now()),
        w: words,
        heading: format!("{title} · {}", words.text(&paper.title)),
        number: situation.number.clone(),
        case_title: situation.title.clone(),
        places: places(situation, words),
        action: deferral_href(&situation.number, document),
        submit: title,
        revision: open.case.revision,
        command: app.engine.new_command_id(),
        errors: Vec::new(),
        stale: None,
        refused: None,
        final_refusal: false,
        checks: Vec::new(),
        effects: Effects::default(),
        fields: vec![field],
        note: String::new(),
        note_label: Some(words.t(note)),
        note_required: deferring == Deferring::Extend,
        note_error: None,
        may_record_late: false,
        late_open: false,
        late_error: None,
        late_date: String::new(),
        late_time: String::new(),
        zone: String::new(),
    };
    Ok((template, deferring))
}

/// `GET /cases/{number}/papers/{document}/defer`
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, document)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let open = app.open(&number, visitor.look.words).await?;
    let (template, _) = blank(&app, &visitor, &open, &document)?;
    Ok(page(StatusCode::OK, &template))
}

/// `POST /cases/{number}/papers/{document}/defer`
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, document)): Path<(String, String)>,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    let (mut template, deferring) = blank(&app, &visitor, &open, &document)?;
    template.command = read_command(typed(&form, "command"), template.command);
    template.note = typed(&form, "note").to_owned();
    let value = typed(&form, &format!("data.{FIELD}")).trim().to_owned();
    if let Some(field) = template.fields.first_mut() {
        field.value.clone_from(&value);
    }
    let note = read_note(&template.note);
    let refusal = match act(&open.workflow, deferring, document, value, note) {
        Ok(act) => {
            let command = Command {
                id: template.command,
                case: open.case.id,
                actor: visitor.account.actor(),
                // What is promised of a paper holds whatever has happened to the case meanwhile.
                seen_revision: None,
                effective_at: None,
                act,
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
    if let Refusal::InvalidInput { input, problem } = &refusal {
        let said = words.text(problem).to_owned();
        if input == deferring.input() {
            if let Some(field) = template.fields.first_mut() {
                field.error = Some(said);
            }
        } else if input == "note" || input == "reason" {
            template.note_error = Some(said);
        }
    }
    if !summarize(&mut template) {
        template.refused = Some(Refused::saying(&refusal, words));
    }
    Ok(page(status_of(&refusal), &template))
}

fn act(
    workflow: &Workflow,
    deferring: Deferring,
    document: String,
    value: String,
    note: Option<String>,
) -> Result<Act, Refusal> {
    match deferring {
        Deferring::Defer => Ok(Act::Defer {
            documents: vec![document],
            letter: value,
            note,
        }),
        Deferring::Extend => {
            let until = workflow
                .calendar
                .local(&value)
                .map_err(|_| Refusal::InvalidInput {
                    input: "until".into(),
                    problem: Text::new(
                        "请填日期与时间，如 2023-04-06 17:30。",
                        "give a date and a time of day, such as 2023-04-06 17:30.",
                    ),
                })?;
            Ok(Act::ExtendDeferral {
                document,
                until,
                reason: note.unwrap_or_default(),
            })
        }
    }
}
