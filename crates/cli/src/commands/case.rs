use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::{Args, Subcommand};
use groundbreak_engine::{CaseStatus, Committed, Engine, EngineOptions, ListQuery};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command as Request, Commit, EffectId, FieldType, GeneralKind,
    Refusal, Situation, Text, Workflow,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::case_view::{draw, places, revision, row, table};
use crate::definitions::{self, DefinitionFile};
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};
use crate::{directory, scenario};

/// The most cases listed at once.
const CASES_MAX: usize = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open a case
    Open(OpenArguments),
    /// Send an event to a case
    Fire(FireArguments),
    /// Record that a document was handed in; its content stays where it is
    Attach(AttachArguments),
    /// Let secondary documents follow later, on a written commitment
    Defer(DeferArguments),
    /// Give a deferred document more time
    Extend(ExtendArguments),
    /// Add a remark to the journal of a case
    Comment(CommentArguments),
    /// Do what can be done on every case: claim, transfer, urge, suspend, extend, correct, …
    Act(ActArguments),
    /// Have an effect that was given up tried again
    Resend(ResendArguments),
    /// Drop an effect that was given up: it will never be done
    Drop(DropArguments),
    /// Show a case: where it is, what is next, its clocks, papers and journal
    Show(ShowArguments),
    /// List cases, the most urgent first
    List(ListArguments),
}

/// What every command that acts needs.
#[derive(Debug, Args)]
struct Acting {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Role to act in, and the name to act under if it is to be another
    #[arg(long = "as", value_name = "ROLE[:NAME]")]
    actor: String,
    /// When it happened, if that was earlier: 2023-03-23 11:00, where the workflow is at home
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The revision you looked at; refuses if the case has moved on since
    #[arg(long, value_name = "REVISION")]
    seen: Option<u64>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case open company-registration --data data --title 示例公司 --set company_name=示例公司 --as window_clerk"
)]
pub(crate) struct OpenArguments {
    /// Name of the workflow
    workflow: String,
    /// The project or company the case is about
    #[arg(long)]
    title: String,
    /// A fact known at the start; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    facts: Vec<(String, String)>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case fire 20230323-7K2M9Q submit --data data --as window_clerk"
)]
pub(crate) struct FireArguments {
    /// Number of the case
    number: String,
    /// Name of the event
    event: String,
    /// A fact that the event brings; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    facts: Vec<(String, String)>,
    /// A remark, or the reason why it is recorded late
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case attach 20230323-7K2M9Q articles articles.pdf --data data --as window_clerk"
)]
pub(crate) struct AttachArguments {
    /// Number of the case
    number: String,
    /// Name of the document
    document: String,
    /// The file; its SHA-256 is recorded
    file: PathBuf,
    /// A remark
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case defer 20230323-7K2M9Q lease_copy --letter 容缺承诺书2023-12号 --data data --as window_clerk"
)]
pub(crate) struct DeferArguments {
    /// Number of the case
    number: String,
    /// Names of the documents
    #[arg(required = true)]
    documents: Vec<String>,
    /// The letter of commitment: its number, or the name of its file
    #[arg(long)]
    letter: String,
    /// A remark
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case extend 20230323-7K2M9Q lease_copy \"2023-04-06 17:30\" 台风停工停业 --data data --as window_clerk"
)]
pub(crate) struct ExtendArguments {
    /// Number of the case
    number: String,
    /// Name of the document
    document: String,
    /// When it has to be there: 2023-04-06 17:30, where the workflow is at home
    until: String,
    /// Why
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case comment 20230323-7K2M9Q \"Called the company.\" --data data --as window_clerk"
)]
pub(crate) struct CommentArguments {
    /// Number of the case
    number: String,
    /// The remark
    text: String,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case act 20230323-7K2M9Q transfer --set to=li --set reason=\"Back on Monday.\" --data data --as window_clerk:wang"
)]
pub(crate) struct ActArguments {
    /// Number of the case
    number: String,
    /// Name of the act
    #[arg(value_parser = GeneralKind::ALL.map(GeneralKind::name))]
    act: String,
    /// What the act asks for; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    inputs: Vec<(String, String)>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case resend 20230323-7K2M9Q 3 --data data --as window_clerk"
)]
pub(crate) struct ResendArguments {
    /// Number of the case
    number: String,
    /// Number of the effect, as the journal of the case says it
    effect: u64,
    /// A remark
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak case drop 20230323-7K2M9Q 3 \"Told them by phone.\" --data data --as window_clerk"
)]
pub(crate) struct DropArguments {
    /// Number of the case
    number: String,
    /// Number of the effect, as the journal of the case says it
    effect: u64,
    /// Why it is not to be done
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak case show 20230323-7K2M9Q --data data --format json")]
pub(crate) struct ShowArguments {
    /// Number of the case
    number: String,
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak case list --data data --open")]
pub(crate) struct ListArguments {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Only cases of this workflow
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Only cases that have not reached their end
    #[arg(long)]
    open: bool,
    /// Only cases of the project with this code, in the order they were opened; children and linked cases too
    #[arg(long, value_name = "CODE", conflicts_with_all = ["workflow", "open", "given_up"])]
    project: Option<String>,
    /// Only cases with an effect that was given up
    #[arg(long)]
    given_up: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("NAME=VALUE".to_owned()),
    }
}

pub(crate) async fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Open(arguments) => open(arguments, screen).await,
        Command::Fire(arguments) => fire(arguments, screen).await,
        Command::Attach(arguments) => {
            let digest = digest(&arguments.file)?;
            let file_name = arguments
                .file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let act = Act::Attach {
                document: arguments.document,
                file_name,
                digest,
                note: arguments.note,
            };
            act_on(&arguments.acting, &arguments.number, |_| Ok(act), screen).await
        }
        Command::Defer(arguments) => {
            let act = Act::Defer {
                documents: arguments.documents,
                letter: arguments.letter,
                note: arguments.note,
            };
            act_on(&arguments.acting, &arguments.number, |_| Ok(act), screen).await
        }
        Command::Extend(arguments) => {
            let ExtendArguments {
                number,
                document,
                until,
                reason,
                acting,
            } = arguments;
            let act = |workflow: &Workflow| {
                Ok(Act::ExtendDeferral {
                    document,
                    until: instant(workflow, "UNTIL", &until)?,
                    reason,
                })
            };
            act_on(&acting, &number, act, screen).await
        }
        Command::Comment(arguments) => {
            let act = Act::Comment {
                text: arguments.text,
            };
            act_on(&arguments.acting, &arguments.number, |_| Ok(act), screen).await
        }
        Command::Act(arguments) => general(arguments, screen).await,
        Command::Resend(arguments) => {
            let act = Act::ResendEffect {
                effect: EffectId(arguments.effect),
                note: arguments.note,
            };
            act_on(&arguments.acting, &arguments.number, |_| Ok(act), screen).await
        }
        Command::Drop(arguments) => {
            let act = Act::DropEffect {
                effect: EffectId(arguments.effect),
                reason: arguments.reason,
            };
            act_on(&arguments.acting, &arguments.number, |_| Ok(act), screen).await
        }
        Command::Show(arguments) => show(&arguments, screen).await,
        Command::List(arguments) => list(&arguments, screen).await,
    }
}

async fn open(arguments: OpenArguments, screen: &mut Screen) -> Result<Outcome> {
    let engine = Engine::open(
        directory::create(&arguments.acting.data)?,
        EngineOptions::default(),
    )
    .await?;
    let outcome = async {
        definitions::publish(&engine, &DefinitionFile::shipped()).await?;
        let workflow = engine.workflow(&arguments.workflow, None)?;
        let act = Act::Open {
            workflow: workflow.name.clone(),
            version: None,
            title: arguments.title,
            data: scenario::data(&workflow, &arguments.facts),
        };
        submit(
            &engine,
            &workflow,
            engine.new_case_id(),
            &arguments.acting,
            act,
            screen,
        )
        .await
    }
    .await;
    finish(&engine, outcome).await
}

async fn fire(arguments: FireArguments, screen: &mut Screen) -> Result<Outcome> {
    let FireArguments {
        number,
        event,
        facts,
        note,
        acting,
    } = arguments;
    let act = |workflow: &Workflow| {
        Ok(Act::Fire {
            event,
            data: scenario::data(workflow, &facts),
            note,
        })
    };
    act_on(&acting, &number, act, screen).await
}

/// Does what can be done on every case. Another case is found by its number.
async fn general(arguments: ActArguments, screen: &mut Screen) -> Result<Outcome> {
    let acting = &arguments.acting;
    let engine = Engine::open(directory::open(&acting.data)?, EngineOptions::default()).await?;
    let outcome = async {
        let case = find(&engine, &arguments.number).await?;
        let workflow = engine.workflow(&case.workflow, Some(case.version))?;
        let kind = GeneralKind::named(&arguments.act).ok_or_else(|| Trouble::BadArgument {
            argument: "ACT".to_owned(),
            problem: Text::new("没有这个动作。", "There is no such act."),
        })?;
        let mut inputs: BTreeMap<String, String> = arguments.inputs.iter().cloned().collect();
        if let Some(number) = inputs.get("case").cloned() {
            let other = find(&engine, &number).await?;
            inputs.insert("case".into(), other.id.to_string());
            inputs.insert("number".into(), other.number.clone());
        }
        let act = Act::General(kind.fill(&workflow, &inputs)?);
        submit(&engine, &workflow, case.id, acting, act, screen).await
    }
    .await;
    finish(&engine, outcome).await
}

/// Gives a command on a case that exists.
async fn act_on(
    acting: &Acting,
    number: &str,
    act: impl FnOnce(&Workflow) -> Result<Act>,
    screen: &mut Screen,
) -> Result<Outcome> {
    let engine = Engine::open(directory::open(&acting.data)?, EngineOptions::default()).await?;
    let outcome = async {
        let case = find(&engine, number).await?;
        let workflow = engine.workflow(&case.workflow, Some(case.version))?;
        let act = act(&workflow)?;
        submit(&engine, &workflow, case.id, acting, act, screen).await
    }
    .await;
    finish(&engine, outcome).await
}

/// Closes the directory in order, whatever came out.
pub(super) async fn finish(engine: &Engine, outcome: Result<Outcome>) -> Result<Outcome> {
    let closed = engine.shutdown().await;
    let outcome = outcome?;
    closed?;
    Ok(outcome)
}

async fn submit(
    engine: &Engine,
    workflow: &Workflow,
    case: CaseId,
    acting: &Acting,
    act: Act,
    screen: &mut Screen,
) -> Result<Outcome> {
    let command = Request {
        id: engine.new_command_id(),
        case,
        actor: actor(&acting.actor),
        seen_revision: acting.seen,
        effective_at: acting
            .at
            .as_deref()
            .map(|at| instant(workflow, "--at", at))
            .transpose()?,
        act,
    };
    let committed = engine.submit(command).await?;
    report(workflow, &committed, screen)?;
    Ok(Outcome::Good)
}

fn actor(text: &str) -> Actor {
    match text.split_once([':', '：']) {
        Some((role, name)) => Actor::new(name, name, role),
        None => Actor::new(text, text, text),
    }
}

fn instant(workflow: &Workflow, argument: &str, text: &str) -> Result<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    let instant = workflow.calendar.local(text);
    Ok(instant.map_err(|error| Trouble::BadArgument {
        argument: argument.to_owned(),
        problem: error.text(),
    })?)
}

pub(super) async fn find(engine: &Engine, number: &str) -> Result<Arc<Case>> {
    let missing = || Refusal::CaseNotFound {
        case: number.to_owned(),
    };
    let id = match number.parse::<CaseId>() {
        Ok(id) => id,
        Err(_) => engine.find_number(number).await?.ok_or_else(missing)?,
    };
    Ok(engine.case(id).await?.ok_or_else(missing)?)
}

/// Reads a file through once and returns its SHA-256 in hexadecimal digits.
fn digest(path: &Path) -> Result<String> {
    let unreadable = |source| Trouble::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = file.read(&mut buffer).map_err(unreadable)?;
        if length == 0 {
            return Ok(digest
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect());
        }
        digest.update(&buffer[..length]);
    }
}

/// Says what a command did.
fn report(workflow: &Workflow, committed: &Committed, screen: &mut Screen) -> Result<()> {
    let case = &committed.case;
    let situation = workflow.situation(case, committed.commit.effective_at)?;
    let language = screen.language();
    let places = places(&situation.places, language);
    let revision = revision(case.revision, language);
    screen.line(format!("{} · {places} · {revision}", case.number))?;
    Ok(())
}

/// A case as programs read it: how it stands, and all that happened to it.
#[derive(Serialize)]
struct Shown {
    situation: Situation,
    journal: Vec<Commit>,
}

async fn show(arguments: &ShowArguments, screen: &mut Screen) -> Result<Outcome> {
    let engine = Engine::open(directory::open(&arguments.data)?, EngineOptions::default()).await?;
    let outcome = async {
        let case = find(&engine, &arguments.number).await?;
        let workflow = engine.workflow(&case.workflow, Some(case.version))?;
        let missing = || Refusal::CaseNotFound {
            case: arguments.number.clone(),
        };
        let situation = engine.situation(case.id).await?.ok_or_else(missing)?;
        let journal = engine.journal(case.id).await?;
        match arguments.format {
            Format::Json => screen.json(&Shown { situation, journal })?,
            Format::Human => {
                let versions = engine.versions(&case, &journal)?;
                draw(&workflow, &situation, (&versions, &journal), screen)?;
            }
        }
        Ok(Outcome::Good)
    }
    .await;
    finish(&engine, outcome).await
}

/// Returns the cases of a project by its code as it was typed.
async fn of_project(engine: &Engine, typed: &str) -> Result<Vec<CaseId>> {
    let code = FieldType::ProjectCode
        .identifier()
        .map_or_else(|| Ok(typed.to_owned()), |identifier| identifier.read(typed))
        .map_err(|wrong| Trouble::BadArgument {
            argument: "--project".to_owned(),
            problem: wrong,
        })?;
    let project = engine.project(&code).await?;
    let cases = project.map_or_else(Vec::new, |project| project.cases);
    Ok(cases.into_iter().map(|member| member.case).collect())
}

async fn list(arguments: &ListArguments, screen: &mut Screen) -> Result<Outcome> {
    let engine = Engine::open(directory::open(&arguments.data)?, EngineOptions::default()).await?;
    let outcome = async {
        let query = ListQuery {
            workflow: arguments.workflow.clone(),
            status: arguments.open.then_some(CaseStatus::Open),
            given_up: arguments.given_up,
            ..ListQuery::all(CASES_MAX)
        };
        let (cases, total) = match &arguments.project {
            Some(code) => {
                let cases = of_project(&engine, code).await?;
                let total = cases.len() as u64;
                (cases, total)
            }
            None => {
                let page = engine.list(&query).await?;
                (page.cases, page.total)
            }
        };
        let mut rows = Vec::new();
        for id in cases {
            if let Some(situation) = engine.situation(id).await? {
                let workflow =
                    engine.workflow(&situation.workflow, Some(situation.workflow_version))?;
                rows.push(row(&workflow, &situation));
            }
        }
        match arguments.format {
            Format::Json => screen.json(&rows)?,
            Format::Human => table(&rows, total, screen)?,
        }
        Ok(Outcome::Good)
    }
    .await;
    finish(&engine, outcome).await
}
