//! A desk on invented cases, kept in memory and gone when it ends.
//!
//! The time is simulated and stands at 11:32 on 23 March 2023, an hour and a half after a piece
//! of land was awarded that is to be built on by three in the afternoon.
//!
//! ```text
//! cargo run -p groundbreak-server --example desk -- 127.0.0.1:8620
//! ```

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use groundbreak_engine::{Engine, EngineOptions, SimulatedTime};
use groundbreak_server::{ServerOptions, router};
use groundbreak_store::MemoryStore;
use groundbreak_workflow::sla::{Timestamp, parse_local};
use groundbreak_workflow::{Act, Actor, CaseId, Command, Data, Value, assemble};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8620".into());
    let time = SimulatedTime::new(local("2022-12-30 09:00")?);
    let options = EngineOptions {
        time: Arc::new(time),
        ..EngineOptions::default()
    };
    let engine = Engine::open(Arc::new(MemoryStore::new()), options).await?;
    publish(&engine).await?;
    play(&engine).await?;
    let workflows = engine.workflows();
    let desk = router(
        engine,
        ServerOptions::demo(workflows.iter().map(AsRef::as_ref)),
    );
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, desk).await?;
    Ok(())
}

fn local(text: &str) -> anyhow::Result<Timestamp> {
    Ok(parse_local(chrono_tz::Asia::Shanghai, text)?)
}

async fn publish(engine: &Engine) -> anyhow::Result<()> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
    let read =
        |name: &str| std::fs::read_to_string(shipped.join(name)).with_context(|| name.to_owned());
    for calendar in ["calendars/china.yaml", "calendars/pengjiang.yaml"] {
        engine.publish_calendar(read(calendar)?).await?;
    }
    for workflow in [
        "company-registration.yaml",
        "capital-increase.yaml",
        "land-to-groundbreaking.yaml",
    ] {
        let blocks = ["matter".to_owned(), "pre-review".to_owned()];
        let whole = assemble(&read(workflow)?, &blocks, |name| {
            read(&format!("blocks/{name}.yaml")).ok()
        });
        engine.publish_workflow(whole.text).await?;
    }
    Ok(())
}

/// One thing that somebody does: when, in which case, and what.
type Step = (
    &'static str,
    usize,
    &'static str,
    &'static [(&'static str, Fact)],
);

#[derive(Clone, Copy)]
enum Fact {
    Text(&'static str),
    Number(i64),
    Flag(bool),
}

impl From<Fact> for Value {
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::Text(text) => text.into(),
            Fact::Number(number) => number.into(),
            Fact::Flag(flag) => flag.into(),
        }
    }
}

use Fact::{Flag, Number, Text};

const TITLES: [&str; 11] = [
    "示例高端装备智造基地项目",
    "示例清洁机器人（广东）有限公司",
    "示例乳业（江门）有限公司",
    "示例包装制品有限公司",
    "示例新材料厂房二期项目",
    "示例精密五金有限公司",
    "示例智能家电有限公司",
    "示例电子科技有限公司",
    "示例生物医药有限公司",
    "示例照明股份有限公司",
    "示例仓储物流有限公司",
];

/// What happened, in the order it happened. `open` and the name of a workflow opens a case.
// A table: one line a step.
#[rustfmt::skip]
const STEPS: &[Step] = &[
    ("2023-01-05 09:30", 4, "open land-to-groundbreaking", &[("enterprise", Text("示例新材料有限公司")), ("investment", Number(300_000_000)), ("project_class", Text("ordinary"))]),
    ("2023-01-06 10:00", 0, "open land-to-groundbreaking", &[("enterprise", Text("示例智造（广东）有限公司")), ("investment", Number(1_200_000_000)), ("land_area", Number(86)), ("project_class", Text("ordinary"))]),
    ("2023-01-09 15:00", 0, "confirm_clearing", &[("site_cleared_on", Text("2023-01-09"))]),
    ("2023-01-12 10:00", 0, "fix_conditions", &[("planning_conditions", Text("示例规条〔2023〕1号"))]),
    ("2023-02-06 10:00", 0, "sign_agreement", &[]),
    ("2023-02-08 09:30", 0, "file_project", &[("project_code", Text("2302-440703-04-01-000005"))]),
    ("2023-02-15 11:00", 0, "approve_plan", &[]),
    ("2023-02-20 09:00", 0, "announce", &[("plot", Text("示例工业地块，标准地"))]),
    (
        "2023-02-22 09:00",
        0,
        "open_pre_reviews",
        &[
            ("needs_fire_review", Flag(false)),
            ("needs_energy_review", Flag(false)),
            ("needs_soil_water_plan", Flag(false)),
            ("needs_civil_defence", Flag(false)),
        ],
    ),
    ("2023-02-24 10:00", 0, "pass_land_planning", &[]),
    ("2023-02-27 10:00", 0, "publish_scheme", &[]),
    ("2023-03-02 15:00", 4, "sign_agreement", &[]),
    ("2023-03-09 10:00", 0, "pass_scheme", &[]),
    ("2023-03-10 16:00", 0, "pass_engineering", &[]),
    ("2023-03-13 09:00", 0, "open_listing", &[]),
    ("2023-03-15 14:40", 0, "pay_deposit", &[]),
    ("2023-03-17 10:00", 0, "pass_drawing", &[]),
    ("2023-03-20 11:00", 0, "appoint_contractor", &[("contractor", Text("示例建工有限公司")), ("works_supervisor", Text("示例监理有限公司"))]),
    ("2023-03-20 15:00", 0, "pass_eia", &[]),
    ("2023-03-20 15:10", 5, "open company-registration", &[("company_kind", Text("limited")), ("registered_capital", Number(10_000_000)), ("needs_pre_approval", Flag(false))]),
    ("2023-03-20 15:20", 5, "reserve_name", &[("company_name", Text("示例精密五金有限公司"))]),
    ("2023-03-20 16:00", 5, "start_drafting", &[]),
    ("2023-03-21 09:00", 0, "pass_quality", &[]),
    ("2023-03-21 09:30", 5, "verify_identity", &[("nobody_barred", Flag(true))]),
    ("2023-03-21 10:00", 5, "submit", &[("contribution_years", Number(5))]),
    ("2023-03-21 10:20", 5, "give_notice", &[("notice_items", Text("章程第 3 页缺签名；租赁合同未附产权证明"))]),
    ("2023-03-21 15:00", 0, "pass_title_prep", &[]),
    ("2023-03-22 09:10", 3, "open capital-increase", &[("company", Text("示例包装制品有限公司")), ("company_kind", Text("limited")), ("old_capital", Number(5_000_000)), ("needs_approval", Flag(false))]),
    ("2023-03-22 09:20", 3, "record_resolution", &[("new_capital", Number(8_000_000)), ("votes_for", Number(80)), ("votes_total", Number(100))]),
    ("2023-03-22 15:12", 0, "pass_construction", &[]),
    ("2023-03-22 16:00", 7, "open company-registration", &[("company_kind", Text("limited")), ("registered_capital", Number(2_000_000)), ("needs_pre_approval", Flag(false))]),
    ("2023-03-22 16:40", 8, "open company-registration", &[("company_kind", Text("stock")), ("registered_capital", Number(50_000_000)), ("needs_pre_approval", Flag(true))]),
    ("2023-03-23 08:35", 6, "open company-registration", &[("company_kind", Text("limited")), ("registered_capital", Number(3_000_000)), ("needs_pre_approval", Flag(false))]),
    ("2023-03-23 08:36", 6, "reserve_name", &[("company_name", Text("示例智能家电有限公司"))]),
    ("2023-03-23 08:40", 6, "start_drafting", &[]),
    ("2023-03-23 08:45", 6, "verify_identity", &[("nobody_barred", Flag(true))]),
    ("2023-03-23 08:50", 6, "submit", &[("contribution_years", Number(5))]),
    ("2023-03-23 09:05", 6, "pass_review", &[]),
    ("2023-03-23 09:20", 1, "open company-registration", &[("company_kind", Text("limited")), ("registered_capital", Number(20_000_000)), ("needs_pre_approval", Flag(false))]),
    ("2023-03-23 09:24", 1, "reserve_name", &[("company_name", Text("示例清洁机器人（广东）有限公司"))]),
    ("2023-03-23 09:30", 1, "start_drafting", &[]),
    ("2023-03-23 09:50", 1, "verify_identity", &[("nobody_barred", Flag(true))]),
    ("2023-03-23 09:58", 9, "open capital-increase", &[("company", Text("示例照明股份有限公司")), ("company_kind", Text("stock")), ("old_capital", Number(30_000_000)), ("needs_approval", Flag(false))]),
    ("2023-03-23 10:00", 0, "award", &[("award_price", Number(42_800_000))]),
    ("2023-03-23 10:02", 9, "record_resolution", &[("new_capital", Number(60_000_000)), ("votes_for", Number(91)), ("votes_total", Number(100))]),
    ("2023-03-23 10:04", 0, "sign_confirmation", &[]),
    ("2023-03-23 10:05", 1, "submit", &[("contribution_years", Number(4))]),
    ("2023-03-23 10:06", 9, "submit", &[("contribution_years", Number(5))]),
    ("2023-03-23 10:08", 0, "publish_result", &[]),
    ("2023-03-23 10:12", 9, "pass_review", &[]),
    ("2023-03-23 10:18", 9, "enter_data", &[]),
    ("2023-03-23 10:20", 0, "sign_contract", &[]),
    ("2023-03-23 10:23", 1, "pass_review", &[]),
    ("2023-03-23 10:28", 9, "approve", &[]),
    ("2023-03-23 10:33", 9, "reissue_licence", &[]),
    ("2023-03-23 10:45", 0, "pay_price", &[]),
    ("2023-03-23 10:49", 1, "enter_data", &[]),
    ("2023-03-23 10:50", 0, "pay_taxes", &[]),
    ("2023-03-23 11:06", 0, "hand_over late 2023-03-23 11:00", &[]),
    ("2023-03-23 11:08", 0, "accept_title", &[]),
    ("2023-03-23 11:09", 0, "accept_land_planning", &[]),
    ("2023-03-23 11:12", 2, "open capital-increase", &[("company", Text("示例乳业（江门）有限公司")), ("company_kind", Text("limited")), ("old_capital", Number(120_000_000)), ("needs_approval", Flag(false))]),
    ("2023-03-23 11:13", 2, "record_resolution", &[("new_capital", Number(200_000_000)), ("votes_for", Number(100)), ("votes_total", Number(100))]),
    ("2023-03-23 11:14", 2, "submit", &[("contribution_years", Number(3))]),
    ("2023-03-23 11:18", 2, "pass_review", &[]),
    ("2023-03-23 11:20", 0, "issue_title", &[]),
    ("2023-03-23 11:20", 0, "issue_land_planning_permit", &[]),
    ("2023-03-23 11:21", 2, "enter_data", &[]),
    ("2023-03-23 11:26", 0, "accept_engineering", &[]),
    ("2023-03-23 11:30", 10, "open company-registration", &[("company_kind", Text("sole")), ("registered_capital", Number(500_000)), ("needs_pre_approval", Flag(false))]),
];

async fn play(engine: &Engine) -> anyhow::Result<()> {
    let mut cases: Vec<Option<CaseId>> = vec![None; TITLES.len()];
    for (at, case, what, facts) in STEPS {
        engine
            .advance_to(local(at)?)
            .await
            .with_context(|| format!("{at} {what}"))?;
        let data: Data = facts
            .iter()
            .map(|(name, fact)| ((*name).to_owned(), Value::from(*fact)))
            .collect();
        let done = match (what.strip_prefix("open "), cases[*case]) {
            (Some(workflow), None) => {
                let id = engine.new_case_id();
                cases[*case] = Some(id);
                open(engine, id, workflow, TITLES[*case], data).await
            }
            (None, Some(id)) => {
                let (event, late) = what
                    .split_once(" late ")
                    .map_or((*what, None), |(event, at)| (event, Some(at)));
                fire(engine, id, event, data, late).await
            }
            _ => bail!("{at} {what}: the case is open already, or not yet"),
        };
        done.with_context(|| format!("{at} {what}"))?;
    }
    engine.advance_to(local("2023-03-23 11:32")?).await?;
    Ok(())
}

/// The example account that holds a role.
fn somebody(engine: &Engine, role: &str) -> Actor {
    let workflows = engine.workflows();
    let accounts = groundbreak_server::Accounts::demo(workflows.iter().map(AsRef::as_ref));
    let account = accounts.iter().find(|account| account.roles.contains(role));
    account.map_or_else(|| Actor::new(role, role, role), |account| account.actor())
}

async fn open(
    engine: &Engine,
    case: CaseId,
    workflow: &str,
    title: &str,
    data: Data,
) -> anyhow::Result<()> {
    let act = Act::Open {
        workflow: workflow.into(),
        version: None,
        title: title.into(),
        data,
    };
    submit(engine, case, somebody(engine, "agent_officer"), act, None).await
}

/// Does an act, after handing in what it needs.
async fn fire(
    engine: &Engine,
    id: CaseId,
    event: &str,
    data: Data,
    late: Option<&str>,
) -> anyhow::Result<()> {
    let situation = engine.situation(id).await?.context("no such case")?;
    let act = situation
        .acts
        .iter()
        .find(|act| act.event == event)
        .with_context(|| format!("{event} is not possible now"))?;
    for need in act.documents.iter().filter(|need| !need.present) {
        let attach = Act::Attach {
            document: need.name.clone(),
            file_name: format!("{}.pdf", need.title.zh),
            digest: format!(
                "{:064x}",
                u64::try_from(need.title.zh.len())? * 2_654_435_761
            ),
            note: None,
        };
        submit(engine, id, somebody(engine, "agent_officer"), attach, None).await?;
    }
    // Late records are for the agent; everything else for the first who may.
    let role = act
        .by
        .iter()
        .find(|role| late.is_some() && role.name == "agent_officer")
        .or(act.by.first());
    let actor = somebody(engine, role.map_or("", |role| &role.name));
    let note = late.map(|_| "现场先行交地，网络恢复后补登".to_owned());
    let fire = Act::Fire {
        event: event.into(),
        data,
        note,
    };
    submit(engine, id, actor, fire, late.map(local).transpose()?).await
}

async fn submit(
    engine: &Engine,
    case: CaseId,
    actor: Actor,
    act: Act,
    effective_at: Option<Timestamp>,
) -> anyhow::Result<()> {
    let id = engine.new_command_id();
    engine
        .submit(Command {
            id,
            case,
            actor,
            seen_revision: None,
            effective_at,
            act,
        })
        .await?;
    Ok(())
}
