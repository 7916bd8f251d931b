use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::{Args, Subcommand};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, Color, Table};
use groundbreak_engine::{CaseStatus, Committed, Engine, EngineOptions, ListQuery};
use groundbreak_workflow::sla::{ClockState, Light, Timestamp};
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command as Request, Commit, Language, Refusal, Situation, Text,
    Workflow,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::definitions::{self, DefinitionFile};
use crate::journal::describe;
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};
use crate::{amount, directory, scenario};

/// The most places of a case that fit into a row.
const PLACES_MAX: usize = 3;
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
    /// Add a remark to the journal of a case
    Comment(CommentArguments),
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
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn pair(text: &str) -> Result<(String, String), String> {
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
            act_on(&arguments.acting, &arguments.number, |_| act, screen).await
        }
        Command::Comment(arguments) => {
            let act = Act::Comment {
                text: arguments.text,
            };
            act_on(&arguments.acting, &arguments.number, |_| act, screen).await
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
    let act = |workflow: &Workflow| Act::Fire {
        event,
        data: scenario::data(workflow, &facts),
        note,
    };
    act_on(&acting, &number, act, screen).await
}

/// Gives a command on a case that exists.
async fn act_on(
    acting: &Acting,
    number: &str,
    act: impl FnOnce(&Workflow) -> Act,
    screen: &mut Screen,
) -> Result<Outcome> {
    let engine = Engine::open(directory::open(&acting.data)?, EngineOptions::default()).await?;
    let outcome = async {
        let case = find(&engine, number).await?;
        let workflow = engine.workflow(&case.workflow, Some(case.version))?;
        let act = act(&workflow);
        submit(&engine, &workflow, case.id, acting, act, screen).await
    }
    .await;
    finish(&engine, outcome).await
}

/// Closes the directory in order, whatever came out.
async fn finish(engine: &Engine, outcome: Result<Outcome>) -> Result<Outcome> {
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
            .map(|at| instant(workflow, at))
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

fn instant(workflow: &Workflow, text: &str) -> Result<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    let instant = workflow.calendar.local(text);
    Ok(instant.map_err(|error| Trouble::BadArgument {
        argument: "--at".to_owned(),
        problem: error.text(),
    })?)
}

async fn find(engine: &Engine, number: &str) -> Result<Arc<Case>> {
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
    let places = places(&situation, screen.language());
    screen.line(format!(
        "{} · {} · {} {}",
        case.number,
        places,
        screen.word("第", "revision"),
        case.revision
    ))?;
    Ok(())
}

fn places(situation: &Situation, language: Language) -> String {
    let titles: Vec<&str> = situation
        .places
        .iter()
        .map(|place| place.title.get(language))
        .collect();
    titles.join(if language == Language::Zh {
        "、"
    } else {
        ", "
    })
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
            Format::Human => draw(&workflow, &situation, &journal, screen)?,
        }
        Ok(Outcome::Good)
    }
    .await;
    finish(&engine, outcome).await
}

fn draw(
    workflow: &Workflow,
    situation: &Situation,
    journal: &[Commit],
    screen: &mut Screen,
) -> Result<()> {
    let language = screen.language();
    let local = |at: Timestamp| local(workflow, at);
    screen.line(format!("{}  {}", situation.number, situation.title))?;
    screen.line(format!(
        "{} v{} · {} · {} {}",
        situation.workflow_title.get(language),
        situation.workflow_version,
        places(situation, language),
        screen.word("第", "revision"),
        situation.revision
    ))?;
    draw_acts(situation, screen)?;
    if !situation.clocks.is_empty() {
        screen.line("")?;
        screen.line(screen.word("时限", "Clocks"))?;
    }
    for clock in &situation.clocks {
        let reading = &clock.reading;
        let due = reading.due.map_or_else(|| "–".to_owned(), local);
        let line = format!(
            "  {} {} · {} · {} · {} {} · {} {due}",
            light(reading.light, screen),
            clock.title.get(language),
            clock.budget.get(language),
            standing(reading.state, screen),
            screen.word("已用", "used"),
            amount::show(reading.used),
            screen.word("应于", "due"),
        );
        screen.line(line)?;
    }
    let missing: Vec<&str> = situation
        .papers
        .iter()
        .filter(|paper| paper.versions.is_empty())
        .map(|paper| paper.title.get(language))
        .collect();
    if !situation.papers.is_empty() {
        screen.line("")?;
        screen.line(screen.word("材料", "Papers"))?;
    }
    for paper in situation
        .papers
        .iter()
        .filter(|paper| !paper.versions.is_empty())
    {
        let newest = paper
            .versions
            .last()
            .map(|version| format!("{} · {}", version.file_name, local(version.at)));
        screen.line(format!(
            "  {}: {}",
            paper.title.get(language),
            newest.unwrap_or_default()
        ))?;
    }
    if !missing.is_empty() {
        let separator = screen.word("、", ", ");
        screen.line(format!(
            "  {}: {}",
            screen.word("未交", "not handed in"),
            missing.join(separator)
        ))?;
    }
    screen.line("")?;
    screen.line(screen.word("流水", "Journal"))?;
    for commit in journal {
        let late = if commit.recorded_at > commit.effective_at {
            format!(
                " ({} {})",
                screen.word("补登于", "recorded"),
                local(commit.recorded_at)
            )
        } else {
            String::new()
        };
        screen.line(format!(
            "  {:>3}  {}{late}  {}",
            commit.revision,
            local(commit.effective_at),
            commit.by.name
        ))?;
        for entry in &commit.entries {
            if let Some(line) = describe(workflow, entry, language) {
                screen.line(format!("         {line}"))?;
            }
        }
    }
    Ok(())
}

fn local(workflow: &Workflow, at: Timestamp) -> String {
    at.in_zone(workflow.calendar.tz())
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// What can be done next, by whom, and what stands before it.
fn draw_acts(situation: &Situation, screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    let separator = screen.word("、", ", ").to_owned();
    if !situation.acts.is_empty() {
        screen.line("")?;
        screen.line(screen.word("下一步", "Next"))?;
    }
    for act in &situation.acts {
        let by: Vec<&str> = act.by.iter().map(|role| role.title.get(language)).collect();
        let mut obstacles: Vec<String> = Vec::new();
        let papers: Vec<&str> = act
            .documents
            .iter()
            .filter(|document| !document.present)
            .map(|document| document.title.get(language))
            .collect();
        if !papers.is_empty() {
            obstacles.push(format!(
                "{} {}",
                screen.word("缺", "lacks"),
                papers.join(&separator)
            ));
        }
        for gate in act.gates.iter().filter(|gate| !gate.open) {
            let law = gate.law.as_ref().map(|law| match language {
                Language::Zh => format!("（{}）", law.zh),
                Language::En => format!(" ({})", law.en),
            });
            let law = law.unwrap_or_default();
            obstacles.push(format!(
                "{} {}{law}",
                screen.word("须先", "first"),
                gate.title.get(language)
            ));
        }
        obstacles.extend(
            act.conditions
                .iter()
                .filter(|condition| !condition.holds)
                .map(|condition| condition.source.clone()),
        );
        let sign = if act.open {
            screen.green("○")
        } else {
            screen.grey("×")
        };
        let line = format!(
            "  {sign} {} [{}] · {}",
            act.title.get(language),
            act.event,
            by.join(&separator)
        );
        screen.line(line)?;
        for obstacle in obstacles {
            screen.line(format!("      {obstacle}"))?;
        }
    }
    Ok(())
}

/// Returns the name of a light: it can be told without colours.
fn light_name(light: Light, screen: &Screen) -> &'static str {
    match light {
        Light::Green => screen.word("绿", "green"),
        Light::Yellow => screen.word("黄", "yellow"),
        Light::Red => screen.word("红", "red"),
        Light::Grey => screen.word("灰", "grey"),
    }
}

fn light(light: Light, screen: &Screen) -> String {
    let name = light_name(light, screen);
    match light {
        Light::Green => screen.green(name),
        Light::Yellow => screen.yellow(name),
        Light::Red => screen.red(name),
        Light::Grey => screen.grey(name),
    }
}

fn lamp(light: Light, screen: &Screen) -> Cell {
    let cell = Cell::new(light_name(light, screen));
    if !screen.colours() {
        return cell;
    }
    cell.fg(match light {
        Light::Green => Color::Green,
        Light::Yellow => Color::Yellow,
        Light::Red => Color::Red,
        Light::Grey => Color::DarkGrey,
    })
}

fn standing(state: ClockState, screen: &Screen) -> &'static str {
    match state {
        ClockState::Pending => screen.word("未开始", "not started"),
        ClockState::Running => screen.word("计时中", "running"),
        ClockState::Paused => screen.word("暂停", "paused"),
        ClockState::Stopped => screen.word("已停", "stopped"),
        ClockState::Cancelled => screen.word("作废", "void"),
    }
}

/// A row of the list.
#[derive(Serialize)]
struct Row {
    number: String,
    title: String,
    workflow: String,
    places: Vec<Text>,
    closed: bool,
    light: Option<Light>,
    clock: Option<Text>,
    due: Option<Timestamp>,
    /// The same where the workflow is at home, for people.
    #[serde(skip)]
    due_local: String,
    revision: u64,
}

async fn list(arguments: &ListArguments, screen: &mut Screen) -> Result<Outcome> {
    let engine = Engine::open(directory::open(&arguments.data)?, EngineOptions::default()).await?;
    let outcome = async {
        let query = ListQuery {
            workflow: arguments.workflow.clone(),
            status: arguments.open.then_some(CaseStatus::Open),
            ..ListQuery::all(CASES_MAX)
        };
        let page = engine.list(&query).await?;
        let mut rows = Vec::new();
        for id in page.cases {
            if let Some(situation) = engine.situation(id).await? {
                let workflow =
                    engine.workflow(&situation.workflow, Some(situation.workflow_version))?;
                rows.push(row(&workflow, &situation));
            }
        }
        match arguments.format {
            Format::Json => screen.json(&rows)?,
            Format::Human => table(&rows, page.total, screen)?,
        }
        Ok(Outcome::Good)
    }
    .await;
    finish(&engine, outcome).await
}

fn row(workflow: &Workflow, situation: &Situation) -> Row {
    // Clocks that run or stand still come first, the most urgent first.
    let clock = situation.clocks.first().filter(|clock| {
        matches!(
            clock.reading.state,
            ClockState::Running | ClockState::Paused
        )
    });
    let due = clock.and_then(|clock| clock.reading.due);
    Row {
        number: situation.number.clone(),
        title: situation.title.clone(),
        workflow: situation.workflow.clone(),
        places: situation
            .places
            .iter()
            .map(|place| place.title.clone())
            .collect(),
        closed: situation.closed,
        light: clock.map(|clock| clock.reading.light),
        clock: clock.map(|clock| clock.title.clone()),
        due,
        due_local: due.map_or_else(String::new, |due| local(workflow, due)),
        revision: situation.revision,
    }
}

fn table(rows: &[Row], total: u64, screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let heads = [
        ("办件编号", "number"),
        ("名称", "title"),
        ("流程", "workflow"),
        ("现处", "place"),
        ("灯", "light"),
        ("时限", "clock"),
        ("应于", "due"),
    ];
    table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for row in rows {
        let mut places: Vec<&str> = row
            .places
            .iter()
            .take(PLACES_MAX)
            .map(|place| place.get(language))
            .collect();
        if row.places.len() > PLACES_MAX {
            places.push("…");
        }
        table.add_row([
            Cell::new(&row.number),
            Cell::new(&row.title),
            Cell::new(&row.workflow),
            Cell::new(places.join(screen.word("、", ", "))),
            row.light
                .map_or_else(|| Cell::new(""), |light| lamp(light, screen)),
            Cell::new(row.clock.as_ref().map_or("", |clock| clock.get(language))),
            Cell::new(&row.due_local),
        ]);
    }
    screen.line(table)?;
    let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    screen.say(&Text::new(
        format!("共 {total} 件，显示 {shown} 件"),
        format!("{total} cases, {shown} shown"),
    ))?;
    Ok(())
}
