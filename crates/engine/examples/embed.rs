//! Runs a small workflow in your own program, on a disk.
//!
//! `cargo run -p groundbreak-engine --example embed`
//!
//! A company hands in its papers at ten in the morning. The centre has promised a licence within
//! five hours. Time is simulated, so that the five hours pass at once.

use std::sync::Arc;

use anyhow::Context;
use groundbreak_engine::workflow::sla::Timestamp;
use groundbreak_engine::workflow::{Act, Actor, CaseId, Command, Data, Language};
use groundbreak_engine::{Engine, EngineOptions, SimulatedTime};
use groundbreak_store_sled::{SledOptions, SledStore};

/// When the hall is open.
const CALENDAR: &str = r#"
id: hall
tz: Asia/Shanghai
weekly:
  mon: [["08:30", "12:00"], ["14:30", "17:30"]]
  tue: [["08:30", "12:00"], ["14:30", "17:30"]]
  wed: [["08:30", "12:00"], ["14:30", "17:30"]]
  thu: [["08:30", "12:00"], ["14:30", "17:30"]]
  fri: [["08:30", "12:00"], ["14:30", "17:30"]]
"#;

/// What happens to a registration, and what is promised.
const WORKFLOW: &str = r#"
workflow: company-registration
version: 1
title: { zh: 企业设立登记, en: Company registration }
calendar: hall

data:
  company: { title: { zh: 企业名称, en: Name of the company }, type: text, required: true }

roles:
  clerk:    { title: { zh: 综合窗口, en: Window clerk } }
  approver: { title: { zh: 审批人, en: Approver }, not_same_person_as: [clerk] }

documents:
  articles: { title: { zh: 公司章程, en: Articles of association }, class: main }

events:
  submit: { title: { zh: 提交材料, en: Hand in the papers }, by: [clerk] }
  issue:  { title: { zh: 核发执照, en: Issue the licence }, by: [approver] }

clocks:
  licence:
    title: { zh: 执照办理, en: Licence }
    effect: promised
    budget: within 5h
    start: entering submitted
    stop: entering issued
    warn: [80%]

states:
  consulting:
    title: { zh: 提前介入, en: Early involvement }
    on:
      submit: { to: submitted, requires: [documents.main] }
  submitted:
    title: { zh: 已受理, en: Accepted }
    on:
      issue: issued
  issued:
    title: { zh: 已发照, en: Licence issued }
    final: true
"#;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let store = SledStore::open(directory.path(), SledOptions::default())?;
    // Leave `time` out, and the engine runs on the time of the machine.
    let time = SimulatedTime::new(at("2023-03-23T10:00:00+08:00")?);
    let engine = Engine::open(
        Arc::new(store),
        EngineOptions {
            time: Arc::new(time),
            ..EngineOptions::default()
        },
    )
    .await?;

    // Publishing the same text again changes nothing, so this can stand at every start.
    engine.publish_calendar(CALENDAR).await?;
    engine.publish_workflow(WORKFLOW).await?;

    let clerk = Actor::new("lin", "林", "clerk");
    let approver = Actor::new("chen", "陈", "approver");

    let case = engine.new_case_id();
    let open = Act::Open {
        workflow: "company-registration".into(),
        version: None,
        title: "Pengjiang Precision Motors".into(),
        data: Data::from([("company".into(), "Pengjiang Precision Motors".into())]),
    };
    submit(&engine, case, &clerk, open).await?;

    // A refusal says what is wrong and what to do.
    if let Err(refusal) = submit(&engine, case, &clerk, fire("submit")).await {
        println!("refused:  {refusal}");
    }

    let articles = Act::Attach {
        document: "articles".into(),
        file_name: "articles.pdf".into(),
        digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        note: None,
    };
    submit(&engine, case, &clerk, articles).await?;
    submit(&engine, case, &clerk, fire("submit")).await?;
    print(&engine, case).await?;

    let advanced = engine.advance_to(at("2023-03-23T14:30:00+08:00")?).await?;
    println!("half past two: {} timer fired", advanced.fired);
    print(&engine, case).await?;

    submit(&engine, case, &approver, fire("issue")).await?;
    print(&engine, case).await?;

    println!("the journal:");
    for commit in engine.journal(case).await? {
        let entries = commit.entries.len();
        println!(
            "  {} {} by {} ({entries} entries)",
            commit.revision, commit.effective_at, commit.by.name
        );
    }
    engine.shutdown().await?;
    Ok(())
}

/// Submits what an actor asks for. The id makes it safe to send the same command again.
async fn submit(engine: &Engine, case: CaseId, actor: &Actor, act: Act) -> anyhow::Result<()> {
    let command = Command {
        id: engine.new_command_id(),
        case,
        actor: actor.clone(),
        seen_revision: None,
        effective_at: None,
        act,
    };
    engine.submit(command).await?;
    Ok(())
}

fn fire(event: &str) -> Act {
    Act::Fire {
        event: event.into(),
        data: Data::new(),
        note: None,
    }
}

async fn print(engine: &Engine, case: CaseId) -> anyhow::Result<()> {
    let situation = engine.situation(case).await?.context("the case is gone")?;
    for place in &situation.places {
        println!("{}: {}", situation.number, place.title.get(Language::En));
    }
    for clock in &situation.clocks {
        let due = clock.reading.due.map(|due| due.to_string());
        println!(
            "  clock {}: {:?}, {:?}, {} min used, due {}",
            clock.title.get(Language::En),
            clock.reading.state,
            clock.reading.verdict,
            clock.reading.wall_ms / 60_000,
            due.as_deref().unwrap_or("never"),
        );
    }
    for act in situation.acts.iter().filter(|act| act.open) {
        println!("  next: {}", act.title.get(Language::En));
    }
    Ok(())
}

fn at(text: &str) -> anyhow::Result<Timestamp> {
    Ok(text.parse()?)
}
