use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use futures::TryStreamExt;
use groundbreak_engine::SubmitError;
use groundbreak_papers::Kind;
use groundbreak_workflow::{Act, Command, CommandId, Refusal};

use super::case::class_words;
use super::page;
use crate::acts::done_href;
use crate::app::{App, OpenCase};
use crate::file::{NotTaken, recorded_name};
use crate::form::{read_command, read_note};
use crate::frame::Frame;
use crate::problem::{Problem, status_of};
use crate::visitor::Visitor;
use crate::words::Words;

/// What a form may carry besides the file, in bytes.
pub(crate) const FORM_BYTES_MAX: usize = 64 * 1024;

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
    /// What is taken, in MiB.
    mib_max: u64,
    /// Whether contents are kept.
    keeps: bool,
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
        // What was promised is owed after the end of the case too.
        closed: situation.closed && paper.due_at.is_none(),
        command: app.engine.new_command_id(),
        problem: None,
        note: String::new(),
        mib_max: app.file_bytes_max() >> 20,
        keeps: app.papers.is_some(),
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
    let upload = Upload::read(&app, parts).await?;
    template.command = read_command(&upload.command, template.command);
    template.note = upload.note;
    let file = match upload.file {
        Ok(file) => file,
        Err(NotTaken::Failed(problem)) => return Err(*problem),
        Err(not_taken) => {
            template.problem = Some(not_taken.text(words));
            return Ok(page(not_taken.status(), &template));
        }
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
struct Upload {
    command: String,
    note: String,
    file: Result<File, NotTaken>,
}

struct File {
    name: String,
    digest: String,
}

impl Upload {
    async fn read(app: &App, mut parts: Multipart) -> Result<Self, Problem> {
        let mut upload = Self {
            command: String::new(),
            note: String::new(),
            file: Err(NotTaken::Empty),
        };
        loop {
            let field = match parts.next_field().await {
                Ok(Some(field)) => field,
                Ok(None) => break,
                Err(error) if is_too_large(&error) => {
                    upload.file = Err(NotTaken::TooLarge(app.file_bytes_max()));
                    break;
                }
                Err(error) => return Err(broken(error)),
            };
            match field.name() {
                Some("command") => upload.command = text(field).await?,
                Some("note") => upload.note = text(field).await?,
                Some("file") => {
                    let name = recorded_name(field.file_name().unwrap_or_default());
                    // A form without a file sends one without a name.
                    let digest = if name.trim().is_empty() {
                        Err(NotTaken::Empty)
                    } else {
                        let content = field.map_err(|error| {
                            if is_too_large(&error) {
                                NotTaken::TooLarge(app.file_bytes_max())
                            } else {
                                NotTaken::Broken
                            }
                        });
                        app.take_file(&name, content).await
                    };
                    upload.file = digest.map(|digest| File { name, digest });
                    // What comes behind a file that is not taken is not waited for.
                    if upload.file.is_err() {
                        break;
                    }
                }
                _ => {}
            }
        }
        Ok(upload)
    }
}

/// Whether more came than is read of a form with a file.
fn is_too_large(error: &MultipartError) -> bool {
    error.status() == StatusCode::PAYLOAD_TOO_LARGE
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

/// `GET /cases/{number}/papers/{document}/{digest}`: the content of a version, whole or broken off.
///
/// Only what is recorded in the case can be read through it.
pub(crate) async fn content(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, document, digest)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let open = app.open(&number, visitor.look.words).await?;
    content_of(&app, &open, &document, &digest).await
}

/// Answers with the content of a document of a case.
pub(crate) async fn content_of(
    app: &App,
    open: &OpenCase,
    document: &str,
    digest: &str,
) -> Result<Response, Problem> {
    let version = open
        .situation
        .papers
        .iter()
        .filter(|paper| paper.name == document)
        .flat_map(|paper| &paper.versions)
        .find(|version| version.digest == digest)
        .ok_or_else(Problem::not_found)?;
    let not_kept = || Problem::new(StatusCode::NOT_FOUND, "content-not-kept");
    let papers = app.papers.as_ref().ok_or_else(not_kept)?;
    let wanted = digest.parse().map_err(|_| Problem::not_found())?;
    let found = papers.get(wanted).await;
    let content = found
        .map_err(|error| Problem::failed(&error))?
        .ok_or_else(not_kept)?;
    let media_type =
        Kind::of_name(&version.file_name).map_or("application/octet-stream", Kind::media_type);
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_LENGTH, content.bytes.to_string()),
        // Saved and never shown by the browser: what others handed in does not run here.
        (header::CONTENT_DISPOSITION, attachment(&version.file_name)),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(content.pieces)).into_response())
}

/// Names a file to be saved.
///
/// # Source
///
/// RFC 6266 and RFC 8187: what is not a letter, a digit or one of `-._` is percent-encoded.
fn attachment(name: &str) -> String {
    let mut encoded = String::from("attachment; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn broken(error: MultipartError) -> Problem {
    Problem::of_status(error.status())
}
