use std::sync::Arc;

use askama::Template;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use groundbreak_engine::SubmitError;
use groundbreak_workflow::{Act, Command, CommandId, Refusal};
use sha2::{Digest, Sha256};

use super::case::class_words;
use super::page;
use crate::accounts::hexadecimal;
use crate::acts::done_href;
use crate::app::{App, OpenCase};
use crate::form::{read_command, read_note};
use crate::frame::Frame;
use crate::problem::{Problem, status_of};
use crate::visitor::Visitor;
use crate::words::Words;

/// The largest file that is taken, in bytes. Its content is not kept, only its digest.
pub(crate) const FILE_BYTES_MAX: usize = 20 * 1024 * 1024;
/// What a form may carry besides the file, in bytes.
pub(crate) const FORM_BYTES_MAX: usize = 64 * 1024;
/// The longest name of a file that is kept, in characters.
const FILE_NAME_MAX: usize = 200;

#[derive(Template)]
#[template(path = "paper.html")]
struct PaperPage {
    f: Frame,
    w: Words,
    number: String,
    case_title: String,
    document: String,
    paper: String,
    class: String,
    law: Option<String>,
    versions: Vec<Version>,
    closed: bool,
    command: CommandId,
    problem: Option<String>,
    note: String,
}

struct Version {
    number: usize,
    file_name: String,
    digest: String,
    at: String,
    by: String,
}

fn blank(
    app: &App,
    visitor: &Visitor,
    open: &OpenCase,
    document: &str,
) -> Result<PaperPage, Problem> {
    let words = visitor.look.words;
    let situation = &open.situation;
    let paper = situation
        .papers
        .iter()
        .find(|paper| paper.name == document)
        .ok_or_else(Problem::not_found)?;
    Ok(PaperPage {
        f: Frame::new(app, &visitor.look, Some(&visitor.account), app.engine.now()),
        w: words,
        number: situation.number.clone(),
        case_title: situation.title.clone(),
        document: paper.name.clone(),
        paper: words.text(&paper.title).to_owned(),
        class: class_words(paper.class, words),
        law: paper.law.as_ref().map(|law| words.text(law).to_owned()),
        versions: paper
            .versions
            .iter()
            .enumerate()
            .rev()
            .map(|(index, version)| Version {
                number: index + 1,
                file_name: version.file_name.clone(),
                digest: version.digest.clone(),
                at: open.at.instant(version.at),
                by: app
                    .accounts
                    .name_as_recorded(&version.by, words.language)
                    .to_owned(),
            })
            .collect(),
        closed: situation.closed,
        command: app.engine.new_command_id(),
        problem: None,
        note: String::new(),
    })
}

/// `GET /cases/{number}/papers/{document}`
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, document)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let open = app.open(&number, visitor.look.words).await?;
    Ok(page(
        StatusCode::OK,
        &blank(&app, &visitor, &open, &document)?,
    ))
}

/// `POST /cases/{number}/papers/{document}`
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, document)): Path<(String, String)>,
    parts: Multipart,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    let mut template = blank(&app, &visitor, &open, &document)?;
    let upload = Upload::read(parts).await?;
    template.command = read_command(&upload.command, template.command);
    template.note = upload.note;
    let Some(file) = upload.file else {
        template.problem = Some(words.t("error-file"));
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &template));
    };
    let command = Command {
        id: template.command,
        case: open.case.id,
        actor: visitor.account.actor(),
        // A paper comes on top of what is there, whatever has happened meanwhile.
        seen_revision: None,
        effective_at: None,
        act: Act::Attach {
            document,
            file_name: file.name,
            digest: file.digest,
            note: read_note(&template.note),
        },
    };
    match app.engine.submit(command).await {
        Ok(committed) => {
            Ok(Redirect::to(&done_href(&number, committed.commit.revision)).into_response())
        }
        Err(SubmitError::Refused(refusal)) => {
            template.problem = Some(match &refusal {
                Refusal::InvalidInput { problem, .. } => words.text(problem).to_owned(),
                other => words.text(&other.text()).to_owned(),
            });
            Ok(page(status_of(&refusal), &template))
        }
        Err(error) => Err(error.into()),
    }
}

/// What came with the form.
#[derive(Default)]
struct Upload {
    command: String,
    note: String,
    file: Option<File>,
}

struct File {
    name: String,
    digest: String,
}

impl Upload {
    async fn read(mut parts: Multipart) -> Result<Self, Problem> {
        let mut upload = Self::default();
        while let Some(field) = parts.next_field().await.map_err(broken)? {
            match field.name() {
                Some("command") => upload.command = text(field).await?,
                Some("note") => upload.note = text(field).await?,
                Some("file") => upload.file = file(field).await?,
                _ => {}
            }
        }
        Ok(upload)
    }
}

async fn text(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > FORM_BYTES_MAX {
            return Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Problem::of_status(StatusCode::BAD_REQUEST))
}

/// Reads a file piece by piece, keeping nothing of it but the digest. `None` when none was chosen.
async fn file(mut field: Field<'_>) -> Result<Option<File>, Problem> {
    // Some browsers send the path on their own machine; only the last part is a name.
    let name = field
        .file_name()
        .unwrap_or_default()
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default();
    let name: String = name
        .chars()
        .filter(|c| !c.is_control())
        .take(FILE_NAME_MAX)
        .collect();
    let mut hash = Sha256::new();
    let mut size = 0_usize;
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        size += chunk.len();
        if size > FILE_BYTES_MAX {
            return Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        hash.update(&chunk);
    }
    Ok((size > 0 && !name.trim().is_empty()).then(|| File {
        name,
        digest: hexadecimal(&hash.finalize()),
    }))
}

fn broken(error: MultipartError) -> Problem {
    Problem::of_status(error.status())
}
