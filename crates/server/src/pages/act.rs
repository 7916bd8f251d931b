use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use groundbreak_engine::{CaseVersions, SubmitError};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, AskedField, Command, CommandId, Data, DecideError, Entry, FieldType, NextAct, Refusal,
    Value, decide,
};

use super::case::places;
use super::{FormError, Typed, page, typed};
use crate::acts::{Check, checks, done_href, form_href, stand_ins};
use crate::app::{App, OpenCase};
use crate::facts::{FieldView, Input};
use crate::form::{mark, read_command, read_earlier, read_facts, read_note};
use crate::frame::Frame;
use crate::journal::{JournalLine, Narrator};
use crate::problem::{Problem, both, status_of};
use crate::visitor::Visitor;
use crate::words::Words;

/// The form of one act, and everything that can be wrong with it. Used for remarks as well.
#[derive(Template)]
#[template(path = "act.html")]
pub(super) struct ActPage {
    pub(super) f: Frame,
    pub(super) w: Words,
    pub(super) heading: String,
    pub(super) number: String,
    pub(super) case_title: String,
    pub(super) places: Vec<String>,
    pub(super) action: String,
    pub(super) submit: String,
    pub(super) revision: u64,
    pub(super) command: CommandId,
    pub(super) errors: Vec<FormError>,
    pub(super) stale: Option<Stale>,
    pub(super) refused: Option<Refused>,
    /// Nothing can be done here any more.
    pub(super) final_refusal: bool,
    pub(super) checks: Vec<Check>,
    pub(super) effects: Effects,
    pub(super) fields: Vec<FieldView>,
    pub(super) note: String,
    /// What the remark is called; nothing where none is asked for.
    pub(super) note_label: Option<String>,
    pub(super) note_required: bool,
    pub(super) note_error: Option<String>,
    pub(super) may_record_late: bool,
    pub(super) late_open: bool,
    pub(super) late_error: Option<String>,
    pub(super) late_date: String,
    pub(super) late_time: String,
    pub(super) zone: String,
}

/// What an act would do.
#[derive(Default)]
pub(super) struct Effects {
    /// Whether it depends on what is still to be filled in.
    usual: bool,
    lines: Vec<String>,
}

/// The case has moved on since the form was opened.
pub(super) struct Stale {
    title: String,
    lines: Vec<JournalLine>,
}

/// The act was refused.
pub(super) struct Refused {
    title: String,
    detail: String,
    lines: Vec<JournalLine>,
    switches: Vec<(String, String)>,
}

impl Refused {
    /// What a refusal says, and nothing more.
    pub(super) fn saying(refusal: &Refusal, words: Words) -> Self {
        let key = match status_of(refusal) {
            StatusCode::FORBIDDEN => "problem-forbidden-title",
            StatusCode::CONFLICT => "problem-conflict-title",
            _ => "problem-refused-title",
        };
        Self {
            title: words.text(&both(key)).to_owned(),
            detail: words.text(&refusal.text()).to_owned(),
            lines: Vec::new(),
            switches: Vec::new(),
        }
    }
}

/// What the visitor is looking at: a case and one of its acts.
struct Subject {
    app: Arc<App>,
    visitor: Visitor,
    open: OpenCase,
    act: NextAct,
}

impl Subject {
    /// # Errors
    ///
    /// The refusal, when the act does not lead on from where the case is.
    async fn load(
        app: Arc<App>,
        visitor: Visitor,
        number: &str,
        event: &str,
    ) -> Result<Result<Self, Response>, Problem> {
        let open = app.open(number, visitor.look.words).await?;
        match open.situation.acts.iter().find(|act| act.event == event) {
            Some(act) => Ok(Ok(Self {
                act: act.clone(),
                app,
                visitor,
                open,
            })),
            None => {
                let command = Command {
                    id: app.engine.new_command_id(),
                    case: open.case.id,
                    actor: visitor.account.actor(),
                    seen_revision: None,
                    effective_at: None,
                    act: Act::Fire {
                        event: event.to_owned(),
                        data: Data::new(),
                        note: None,
                    },
                };
                match decide(&open.workflow, Some(&open.case), &command, open.at.now) {
                    Err(DecideError::Refused(refusal)) => {
                        gone(&app, &visitor, &open, refusal, 0).await.map(Err)
                    }
                    Err(DecideError::Stuck(stuck)) => Err(Problem::failed(&stuck)),
                    // The situation lists every act that leads on, so this one would be in it.
                    Ok(_) => Err(Problem::not_found()),
                }
            }
        }
    }

    fn words(&self) -> Words {
        self.visitor.look.words
    }

    /// The form as it is first seen.
    fn blank(&self) -> ActPage {
        let words = self.words();
        let number = &self.open.situation.number;
        let roles = self
            .act
            .by
            .iter()
            .filter(|role| self.visitor.holds([role.name.as_str()]));
        let may_record_late = roles
            .filter_map(|role| self.open.workflow.roles.get(&role.name))
            .any(|role| role.may_record_late);
        ActPage {
            f: Frame::new(
                &self.app,
                &self.visitor.look,
                Some(&self.visitor.account),
                self.app.engine.now(),
            ),
            w: words,
            heading: words.text(&self.act.title).to_owned(),
            number: number.clone(),
            case_title: self.open.situation.title.clone(),
            places: places(&self.open.situation, words),
            action: form_href(number, &self.act.event),
            submit: words.text(&self.act.title).to_owned(),
            revision: self.open.case.revision,
            command: self.app.engine.new_command_id(),
            errors: Vec::new(),
            stale: None,
            refused: None,
            final_refusal: false,
            checks: checks(&self.act, number, words),
            effects: Effects::default(),
            fields: self
                .act
                .asks
                .iter()
                .map(|field| FieldView::of(field, None, false, words))
                .collect(),
            note: String::new(),
            note_label: Some(words.t("note-label")),
            note_required: false,
            note_error: None,
            may_record_late,
            late_open: false,
            late_error: None,
            late_date: String::new(),
            late_time: String::new(),
            zone: self.open.at.zone.name().to_owned(),
        }
    }

    fn kinds(&self) -> Vec<FieldType> {
        self.act.asks.iter().map(|field| field.kind).collect()
    }

    fn command(
        &self,
        id: CommandId,
        seen: Option<u64>,
        effective_at: Option<Timestamp>,
        data: Data,
        note: Option<String>,
    ) -> Command {
        Command {
            id,
            case: self.open.case.id,
            actor: self.visitor.account.actor(),
            seen_revision: seen,
            effective_at,
            act: Act::Fire {
                event: self.act.event.clone(),
                data,
                note,
            },
        }
    }

    /// Says what the act would do, by deciding it without writing anything. Where facts are not
    /// filled in yet, it is what usually follows, and is marked as that.
    fn effects(&self, mut data: Data) -> Effects {
        let words = self.words();
        let missing = self
            .act
            .asks
            .iter()
            .filter(|field| !data.contains_key(&field.name))
            .collect::<Vec<_>>();
        let usual = !missing.is_empty();
        data.extend(
            missing
                .into_iter()
                .map(|field| (field.name.clone(), made_up(field))),
        );
        let command = self.command(self.app.engine.new_command_id(), None, None, data, None);
        let Ok(decision) = decide(
            &self.open.workflow,
            Some(&self.open.case),
            &command,
            self.open.at.now,
        ) else {
            return Effects::default();
        };
        let versions = CaseVersions::only(Arc::clone(&self.open.workflow));
        let narrator = Narrator {
            versions: &versions,
            workflow: &self.open.workflow,
            accounts: &self.app.accounts,
            at: &self.open.at,
        };
        let mut effects = Vec::new();
        let entered = narrator.entered(&decision.commit);
        if !entered.is_empty() {
            effects.push(words.s("effect-leads-to", words.list(entered)));
        }
        // A clock that was paused is also resumed when it stops; what remains of both is the stop.
        let stopped: Vec<&str> = decision
            .commit
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::ClockStopped { clock, .. } | Entry::ClockCancelled { clock } => {
                    Some(clock.as_str())
                }
                _ => None,
            })
            .collect();
        for entry in &decision.commit.entries {
            if matches!(entry, Entry::ClockResumed { clock, .. } if stopped.contains(&clock.as_str()))
            {
                continue;
            }
            effects.extend(narrator.of_clock(entry));
        }
        Effects {
            usual,
            lines: effects,
        }
    }
}

/// `GET /cases/{number}/acts/{event}`
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, event)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let subject = match Subject::load(app, visitor, &number, &event).await? {
        Ok(subject) => subject,
        Err(gone) => return Ok(gone),
    };
    let mut template = subject.blank();
    let refused = role_refusal(&subject);
    let status = if let Some(refusal) = refused {
        refuse(&mut template, &subject, &refusal, Vec::new());
        template.final_refusal = true;
        status_of(&refusal)
    } else {
        let data = read_facts(&mut template.fields, &subject.kinds(), subject.words());
        template
            .fields
            .iter_mut()
            .for_each(|field| field.error = None);
        template.effects = subject.effects(data);
        StatusCode::OK
    };
    Ok(page(status, &template))
}

/// Returns the refusal if the visitor holds none of the roles that may.
fn role_refusal(subject: &Subject) -> Option<Refusal> {
    let may = subject
        .visitor
        .holds(subject.act.by.iter().map(|role| role.name.as_str()));
    (!may).then(|| Refusal::RoleNotAllowed {
        act: subject.act.title.clone(),
        needed: subject
            .act
            .by
            .iter()
            .map(|role| role.title.clone())
            .collect(),
        held: subject.visitor.account.roles.iter().cloned().collect(),
    })
}

/// `POST /cases/{number}/acts/{event}`
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, event)): Path<(String, String)>,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let seen = typed(&form, "revision").parse::<u64>().ok();
    let fresh = app.engine.new_command_id();
    let id = read_command(typed(&form, "command"), fresh);
    let subject = match Subject::load(Arc::clone(&app), visitor, &number, &event).await? {
        Ok(subject) => subject,
        // The same form sent twice: the first one has led away from here.
        Err(gone) => return Ok(repeated(&app, &number, id).await?.unwrap_or(gone)),
    };
    let words = subject.words();
    let mut template = subject.blank();
    template.command = id;
    template.note = typed(&form, "note").to_owned();
    template.late_date = typed(&form, "late_date").to_owned();
    template.late_time = typed(&form, "late_time").to_owned();
    for field in &mut template.fields {
        field.value = typed(&form, &format!("data.{}", field.name)).to_owned();
    }
    let data = read_facts(&mut template.fields, &subject.kinds(), words);
    let effective_at =
        match read_earlier(&template.late_date, &template.late_time, &subject.open.at) {
            Ok(effective_at) => effective_at,
            Err(problem) => {
                template.late_error = Some(words.text(&problem).to_owned());
                None
            }
        };
    if summarize(&mut template) {
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &template));
    }
    let command = subject.command(
        id,
        seen,
        effective_at,
        data.clone(),
        read_note(&template.note),
    );
    let refusal = match app.engine.submit(command).await {
        Ok(committed) => {
            return Ok(Redirect::to(&done_href(&number, committed.commit.revision)).into_response());
        }
        Err(SubmitError::Refused(refusal)) => refusal,
        Err(error) => return Err(error.into()),
    };
    template.effects = subject.effects(data);
    match &refusal {
        Refusal::StaleRevision { seen, .. } => {
            let lines = since(&subject.app, &subject.open, *seen).await?;
            template.stale = Some(Stale {
                title: words.text(&refusal.text()).to_owned(),
                lines,
            });
        }
        Refusal::NotAllowedHere { .. } | Refusal::CaseClosed { .. } => {
            let (app, visitor, open) = (&subject.app, &subject.visitor, &subject.open);
            return gone(
                app,
                visitor,
                open,
                refusal,
                seen.unwrap_or(open.case.revision),
            )
            .await;
        }
        Refusal::LateRecordNeedsReason => {
            template.note_error = Some(words.text(&refusal.text()).to_owned());
            template.note_required = true;
        }
        Refusal::InTheFuture { .. } => template.late_error = Some(words.t("error-late-future")),
        Refusal::OutOfOrder { newest, .. } => {
            template.late_error =
                Some(words.s("error-late-order", subject.open.at.instant(*newest)));
        }
        Refusal::LateRecordNotAllowed { .. } => {
            template.late_error = Some(words.text(&refusal.text()).to_owned())
        }
        Refusal::InvalidInput { input, problem } if input == "note" => {
            template.note_error = Some(words.text(problem).to_owned());
        }
        other => {
            if !mark(&mut template.fields, other, words) {
                refuse(&mut template, &subject, other, Vec::new());
            }
        }
    }
    summarize(&mut template);
    Ok(page(status_of(&refusal), &template))
}

/// Collects what is wrong into the summary. Tells whether anything is.
pub(super) fn summarize(template: &mut ActPage) -> bool {
    let of_fields = template.fields.iter().filter_map(|field| {
        field.error.as_ref().map(|said| FormError {
            field: field.name.clone(),
            said: said.clone(),
        })
    });
    let of_note = template.note_error.iter().map(|said| FormError {
        field: "note".into(),
        said: said.clone(),
    });
    let of_late = template.late_error.iter().map(|said| FormError {
        field: "effective".into(),
        said: said.clone(),
    });
    template.errors = of_fields.chain(of_note).chain(of_late).collect();
    template.late_open = template.late_error.is_some()
        || !template.late_date.is_empty()
        || !template.late_time.is_empty();
    !template.errors.is_empty()
}

fn refuse(template: &mut ActPage, subject: &Subject, refusal: &Refusal, lines: Vec<JournalLine>) {
    let words = subject.words();
    let switches = match refusal {
        Refusal::RoleNotAllowed { .. } => stand_ins(
            subject.act.by.iter().map(|role| role.name.as_str()),
            &subject.app,
        )
        .map(|account| {
            (
                account.id.clone(),
                words.s("switch-to", account.name_in(words.language)),
            )
        })
        .collect(),
        _ => Vec::new(),
    };
    template.refused = Some(Refused {
        lines,
        switches,
        ..Refused::saying(refusal, words)
    });
}

/// The page that says that the act is not possible here any more: who did what, and when.
async fn gone(
    app: &Arc<App>,
    visitor: &Visitor,
    open: &OpenCase,
    refusal: Refusal,
    seen: u64,
) -> Result<Response, Problem> {
    const LINES: u64 = 5;
    let words = visitor.look.words;
    let from = seen.max(open.case.revision.saturating_sub(LINES));
    let lines = since(app, open, from).await?;
    let template = ActPage {
        f: Frame::new(app, &visitor.look, Some(&visitor.account), app.engine.now()),
        w: words,
        heading: words.t("problem-conflict-title"),
        number: open.situation.number.clone(),
        case_title: open.situation.title.clone(),
        places: places(&open.situation, words),
        action: String::new(),
        submit: String::new(),
        revision: open.case.revision,
        command: app.engine.new_command_id(),
        errors: Vec::new(),
        stale: None,
        refused: Some(Refused {
            title: words.t("problem-conflict-title"),
            detail: words.text(&refusal.text()).to_owned(),
            lines,
            switches: Vec::new(),
        }),
        final_refusal: true,
        checks: Vec::new(),
        effects: Effects::default(),
        fields: Vec::new(),
        note: String::new(),
        note_label: None,
        note_required: false,
        note_error: None,
        may_record_late: false,
        late_open: false,
        late_error: None,
        late_date: String::new(),
        late_time: String::new(),
        zone: String::new(),
    };
    Ok(page(status_of(&refusal), &template))
}

/// Returns what happened after a revision, newest first.
async fn since(app: &App, open: &OpenCase, revision: u64) -> Result<Vec<JournalLine>, Problem> {
    let journal = app.engine.journal(open.case.id).await?;
    let versions = app.engine.versions(&open.case, &journal)?;
    let narrator = Narrator {
        versions: &versions,
        workflow: &open.workflow,
        accounts: &app.accounts,
        at: &open.at,
    };
    Ok(journal
        .iter()
        .rev()
        .filter(|commit| commit.revision > revision)
        .map(|commit| narrator.line(commit))
        .collect())
}

/// If the command was carried out before, leads to what it did.
async fn repeated(app: &App, number: &str, id: CommandId) -> Result<Option<Response>, Problem> {
    let Some(case) = app.engine.find_number(number).await? else {
        return Ok(None);
    };
    let journal = app.engine.journal(case).await?;
    let commit = journal.iter().find(|commit| commit.command == id);
    Ok(commit.map(|commit| Redirect::to(&done_href(number, commit.revision)).into_response()))
}

/// Returns a value that a field takes, to see where an act would lead.
fn made_up(field: &AskedField) -> Value {
    match field.kind {
        FieldType::Integer | FieldType::Money => {
            let least = field.min.unwrap_or(1).max(1);
            Value::Integer(field.max.map_or(least, |most| most.min(least)))
        }
        FieldType::Boolean => Value::Boolean(true),
        FieldType::Date => Value::Text("2000-01-01".into()),
        FieldType::Choice => Value::Text(
            field
                .choices
                .first()
                .map(|(value, _)| value.clone())
                .unwrap_or_default(),
        ),
        kind => kind
            .identifier()
            .map_or("-", |identifier| identifier.example)
            .into(),
    }
}
