use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use groundbreak_engine::{
    CaseMigration, Engine, EngineOptions, MigrationOutcome, MigrationReport, MigrationRequest,
};
use groundbreak_workflow::{Actor, Language, Mapping, Obstacle, PlaceNow, SOURCE_LENGTH_MAX, Text};
use serde::Serialize;

use crate::case_view::places;
use crate::commands::case::{finish, pair};
use crate::definitions::read_text;
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};
use crate::{directory, scenario};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show which open cases can move to another version, which cannot, and why; changes nothing
    Plan(PlanArguments),
    /// Move the open cases that can be moved; the others stay as they are
    Run(RunArguments),
}

/// Which cases move where, and what the versions do not share.
#[derive(Debug, Args)]
struct Moving {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Name of the workflow
    #[arg(long, value_name = "NAME")]
    workflow: String,
    /// Version to move to; it must be published
    #[arg(long = "to", value_name = "VERSION")]
    to_version: u32,
    /// Version to move from; without it, every lower one
    #[arg(long = "from", value_name = "VERSION")]
    from_version: Option<u32>,
    /// A state that takes the place of another; may be given several times
    #[arg(long = "map", value_name = "OLD=NEW", value_parser = pair)]
    maps: Vec<(String, String)>,
    /// A state, with all inside it, that nothing takes the place of; may be given several times
    #[arg(long = "drop", value_name = "STATE")]
    drops: Vec<String>,
    /// A role that has another name; may be given several times
    #[arg(long = "map-role", value_name = "OLD=NEW", value_parser = pair)]
    role_maps: Vec<(String, String)>,
    /// A fact that no longer counts; may be given several times
    #[arg(long = "forget", value_name = "FIELD")]
    forgets: Vec<String>,
    /// A fact for the cases that lack it, or have one the new version does not take; may be given
    /// several times
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = pair)]
    sets: Vec<(String, String)>,
    /// File with the same in YAML: states, drop, roles, forget, set
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Allow a move to a lower version
    #[arg(long)]
    backwards: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak migrate plan --data data --workflow company-registration --to 2 --map pre_review=early_review"
)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    moving: Moving,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak migrate run --data data --workflow company-registration --to 2 --map pre_review=early_review --by 王科 --reason \"New rules from 1 May\""
)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    moving: Moving,
    /// Who decides it; the journal of each case says so
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why; the journal of each case says so
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Whether cases were moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Planned,
    Done,
}

pub(crate) async fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    let moving = match &command {
        Command::Plan(arguments) => &arguments.moving,
        Command::Run(arguments) => &arguments.moving,
    };
    // A mapping that cannot be read is told before the data is opened, which takes a while.
    let mapping = match &moving.mapping {
        Some(path) => read_mapping(path)?,
        None => Mapping::default(),
    };
    let engine = Engine::open(directory::open(&moving.data)?, EngineOptions::default()).await?;
    let outcome = async {
        let request = request(&engine, moving, mapping)?;
        let (stage, report) = match &command {
            Command::Plan(_) => (Stage::Planned, engine.plan_migration(&request).await?),
            Command::Run(arguments) => {
                let actor = Actor {
                    id: arguments.by.clone(),
                    name: arguments.by.clone(),
                    roles: Default::default(),
                    department: None,
                };
                let report = engine.migrate(&request, actor, &arguments.reason).await?;
                (Stage::Done, report)
            }
        };
        match moving.format {
            Format::Json => {
                for case in &report.cases {
                    screen.json_line(&Row::of(case, &report))?;
                }
            }
            Format::Human => show(&report, stage, screen)?,
        }
        Ok(if report.is_whole() {
            Outcome::Good
        } else {
            Outcome::Finding
        })
    }
    .await;
    finish(&engine, outcome).await
}

fn read_mapping(path: &Path) -> Result<Mapping> {
    let text = read_text(path, u64::try_from(SOURCE_LENGTH_MAX).unwrap_or(u64::MAX))?;
    let read = Mapping::read(&text).map_err(|faults| {
        let problem = faults.first().map(|fault| {
            let (place, file) = (fault.place(&text), path.display());
            let message = &fault.message;
            Text::new(
                format!(
                    "{file} 第 {} 行第 {} 列：{}",
                    place.line, place.column, message.zh
                ),
                format!(
                    "{file}, line {}, column {}: {}",
                    place.line, place.column, message.en
                ),
            )
        });
        Trouble::BadArgument {
            argument: "--mapping".to_owned(),
            problem: problem.unwrap_or_default(),
        }
    });
    Ok(read?)
}

/// Puts the request together. What stands on the command line wins over the file.
fn request(engine: &Engine, moving: &Moving, mut mapping: Mapping) -> Result<MigrationRequest> {
    let to = engine.workflow(&moving.workflow, Some(moving.to_version));
    // The engine says what is wrong with a version that is not there.
    let data = to.map(|to| scenario::data(&to, &moving.sets));
    mapping.set.extend(data.unwrap_or_default());
    mapping.states.extend(unique("--map", &moving.maps)?);
    mapping
        .roles
        .extend(unique("--map-role", &moving.role_maps)?);
    mapping.drop.extend(moving.drops.iter().cloned());
    mapping.forget.extend(moving.forgets.iter().cloned());
    Ok(MigrationRequest {
        workflow: moving.workflow.clone(),
        to: moving.to_version,
        from: moving.from_version,
        backwards: moving.backwards,
        mapping,
    })
}

/// One name cannot become two.
fn unique(argument: &str, lines: &[(String, String)]) -> Result<Vec<(String, String)>> {
    for (number, (old, _)) in lines.iter().enumerate() {
        if lines.iter().take(number).any(|(before, _)| before == old) {
            return Err(Trouble::BadArgument {
                argument: argument.to_owned(),
                problem: Text::new(
                    format!("“{old}”写了两次。请只留一次。"),
                    format!("\"{old}\" is given twice. Give it once."),
                ),
            }
            .into());
        }
    }
    Ok(lines.to_vec())
}

/// A case as programs read it.
#[derive(Serialize)]
struct Row<'a> {
    case: String,
    number: &'a str,
    title: &'a str,
    /// The version it comes from; nothing for a case that cannot be read.
    from: Option<u32>,
    to: u32,
    places: Vec<&'a str>,
    moves: bool,
    /// Where it is then.
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    obstacles: Vec<Hindrance<'a>>,
}

/// One thing that stands in the way of a case.
#[derive(Serialize)]
struct Hindrance<'a> {
    code: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<Text>,
    /// What it is about, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<&'a Obstacle>,
}

impl<'a> Row<'a> {
    fn of(case: &'a CaseMigration, report: &MigrationReport) -> Self {
        let names = |places: &'a [PlaceNow]| -> Vec<&'a str> {
            places.iter().map(|place| place.state.as_str()).collect()
        };
        Self {
            case: case.case.to_string(),
            number: &case.number,
            title: &case.title,
            from: Some(case.from).filter(|from| *from > 0),
            to: report.to.version,
            places: names(&case.places),
            moves: case.moves(),
            then: match &case.outcome {
                MigrationOutcome::Moves { places } => Some(names(places)),
                _ => None,
            },
            obstacles: hindrances(&case.outcome),
        }
    }
}

fn hindrances(outcome: &MigrationOutcome) -> Vec<Hindrance<'_>> {
    match outcome {
        MigrationOutcome::Moves { .. } => Vec::new(),
        MigrationOutcome::Kept(obstacles) => obstacles
            .iter()
            .map(|obstacle| Hindrance {
                code: obstacle.code(),
                message: obstacle.text(),
                remedy: Some(obstacle.remedy()),
                about: Some(obstacle),
            })
            .collect(),
        MigrationOutcome::Damaged(failure) => vec![Hindrance {
            code: failure.code(),
            message: failure.text(),
            remedy: None,
            about: None,
        }],
    }
}

/// Cases that go the same way.
struct Way {
    from: u32,
    places: String,
    then: String,
    cases: usize,
}

fn show(report: &MigrationReport, stage: Stage, screen: &mut Screen) -> Result<()> {
    let ways = ways(report, screen.language());
    let moved: usize = ways.iter().map(|way| way.cases).sum();
    let kept = report.cases.len() - moved;
    if !ways.is_empty() {
        screen.line(match stage {
            Stage::Planned => screen.word("可以迁移", "Can move"),
            Stage::Done => screen.word("已迁移", "Moved"),
        })?;
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        let heads = [
            ("原版本", "from"),
            ("现处", "place"),
            ("迁移后", "then"),
            ("件数", "cases"),
        ];
        table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
        for way in ways {
            table.add_row([
                way.from.to_string(),
                way.places,
                way.then,
                way.cases.to_string(),
            ]);
        }
        screen.line(table)?;
    }
    if kept > 0 {
        screen.line(match stage {
            Stage::Planned => screen.word("不能迁移", "Cannot move"),
            Stage::Done => screen.word("未迁移", "Left"),
        })?;
        for case in &report.cases {
            show_kept(case, screen)?;
        }
    }
    let (name, to) = (&report.to.name, report.to.version);
    let text = match stage {
        Stage::Planned => Text::new(
            format!("{name} → 第 {to} 版：{moved} 件可以迁移，{kept} 件不能"),
            format!("{name} → version {to}: {moved} can move, {kept} cannot"),
        ),
        Stage::Done => Text::new(
            format!("{name} → 第 {to} 版：已迁移 {moved} 件，留下 {kept} 件"),
            format!("{name} → version {to}: {moved} moved, {kept} left"),
        ),
    };
    screen.say(&text)?;
    Ok(())
}

/// Counts the cases that move by where they are and where they come to.
fn ways(report: &MigrationReport, language: Language) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for case in &report.cases {
        let MigrationOutcome::Moves { places: there } = &case.outcome else {
            continue;
        };
        let here = places(&case.places, language);
        let then = places(there, language);
        let same = |way: &&mut Way| way.from == case.from && way.places == here && way.then == then;
        match ways.iter_mut().find(same) {
            Some(way) => way.cases += 1,
            None => ways.push(Way {
                from: case.from,
                places: here,
                then,
                cases: 1,
            }),
        }
    }
    ways.sort_by(|a, b| (a.from, &a.places).cmp(&(b.from, &b.places)));
    ways
}

/// Says why a case stays, and what can be done.
fn show_kept(case: &CaseMigration, screen: &mut Screen) -> Result<()> {
    let hindrances = hindrances(&case.outcome);
    if hindrances.is_empty() {
        return Ok(());
    }
    let version = match screen.language() {
        Language::Zh => format!("第 {} 版", case.from),
        Language::En => format!("version {}", case.from),
    };
    screen.line(format!("  {} {} · {version}", case.number, case.title))?;
    for hindrance in hindrances {
        let language = screen.language();
        let remedy = hindrance
            .remedy
            .as_ref()
            .map_or("", |remedy| remedy.get(language));
        let code = screen.yellow(hindrance.code);
        screen
            .line(format!("    {code} {} {remedy}", hindrance.message.get(language)).trim_end())?;
    }
    Ok(())
}
