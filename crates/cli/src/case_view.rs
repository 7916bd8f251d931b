//! A case, and a list of cases, as a terminal shows them.

use anyhow::Result;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, Color, Table};
use groundbreak_engine::CaseVersions;
use groundbreak_workflow::sla::{ClockState, Light, Timestamp};
use groundbreak_workflow::{Commit, Language, PlaceNow, Situation, Text, Workflow};
use serde::Serialize;

use crate::amount;
use crate::journal::describe;
use crate::screen::Screen;

/// The most places of a case that fit into a row.
const PLACES_MAX: usize = 3;

/// Returns places by their titles.
pub(crate) fn places(places: &[PlaceNow], language: Language) -> String {
    let titles: Vec<&str> = places
        .iter()
        .map(|place| place.title.get(language))
        .collect();
    titles.join(if language == Language::Zh {
        "、"
    } else {
        ", "
    })
}

/// Draws a case: where it is, what is next, its clocks, papers and journal.
pub(crate) fn draw(
    workflow: &Workflow,
    situation: &Situation,
    (versions, journal): (&CaseVersions, &[Commit]),
    screen: &mut Screen,
) -> Result<()> {
    let language = screen.language();
    screen.line(format!("{}  {}", situation.number, situation.title))?;
    screen.line(format!(
        "{} v{} · {} · {}",
        situation.workflow_title.get(language),
        situation.workflow_version,
        places(&situation.places, language),
        revision(situation.revision, language)
    ))?;
    if situation.fast {
        screen.line(screen.word("快车道", "fast lane"))?;
    }
    for force in &situation.task_forces {
        let lead = force.lead.as_ref().map_or("", |lead| lead.get(language));
        screen.line(format!("{}: {lead}", force.title.get(language)))?;
    }
    draw_acts(situation, screen)?;
    draw_clocks(workflow, situation, screen)?;
    draw_papers(workflow, situation, screen)?;
    draw_journal(versions, journal, screen)
}

fn draw_clocks(workflow: &Workflow, situation: &Situation, screen: &mut Screen) -> Result<()> {
    if situation.clocks.is_empty() {
        return Ok(());
    }
    screen.line("")?;
    screen.line(screen.word("时限", "Clocks"))?;
    for clock in &situation.clocks {
        let reading = &clock.reading;
        let due = reading
            .due
            .map_or_else(|| "–".to_owned(), |due| local(workflow, due));
        screen.line(format!(
            "  {} {} · {} · {} · {} {} · {} {due}",
            light(reading.light, screen),
            clock.title.get(screen.language()),
            clock.budget.get(screen.language()),
            standing(reading.state, screen),
            screen.word("已用", "used"),
            amount::show(reading.used),
            screen.word("应于", "due"),
        ))?;
    }
    Ok(())
}

fn draw_papers(workflow: &Workflow, situation: &Situation, screen: &mut Screen) -> Result<()> {
    if situation.papers.is_empty() {
        return Ok(());
    }
    let language = screen.language();
    screen.line("")?;
    screen.line(screen.word("材料", "Papers"))?;
    let mut missing = Vec::new();
    for paper in &situation.papers {
        let title = paper.title.get(language);
        match paper.versions.last() {
            Some(newest) => {
                screen.line(format!(
                    "  {title}: {} · {}",
                    newest.file_name,
                    local(workflow, newest.at)
                ))?;
            }
            None => missing.push(title),
        }
    }
    if !missing.is_empty() {
        let missing = missing.join(screen.word("、", ", "));
        screen.line(format!(
            "  {}: {missing}",
            screen.word("未交", "not handed in")
        ))?;
    }
    Ok(())
}

fn draw_journal(versions: &CaseVersions, journal: &[Commit], screen: &mut Screen) -> Result<()> {
    screen.line("")?;
    screen.line(screen.word("流水", "Journal"))?;
    for commit in journal {
        let workflow = versions.at(commit.revision);
        let late = if commit.recorded_at > commit.effective_at {
            format!(
                " ({} {})",
                screen.word("补登于", "recorded"),
                local(workflow, commit.recorded_at)
            )
        } else {
            String::new()
        };
        let at = local(workflow, commit.effective_at);
        screen.line(format!(
            "  {:>3}  {at}{late}  {}",
            commit.revision, commit.by.name
        ))?;
        for entry in &commit.entries {
            if let Some(line) = describe(workflow, entry, screen.language()) {
                screen.line(format!("         {line}"))?;
            }
        }
    }
    Ok(())
}

/// Returns a revision in words.
pub(crate) fn revision(number: u64, language: Language) -> String {
    match language {
        Language::Zh => format!("第 {number} 版"),
        Language::En => format!("revision {number}"),
    }
}

/// Returns an instant where the workflow is at home.
pub(crate) fn local(workflow: &Workflow, at: Timestamp) -> String {
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
pub(crate) struct Row {
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

/// Returns how a case stands in a list.
pub(crate) fn row(workflow: &Workflow, situation: &Situation) -> Row {
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

/// Draws a list of cases.
pub(crate) fn table(rows: &[Row], total: u64, screen: &mut Screen) -> Result<()> {
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
