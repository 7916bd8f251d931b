//! A hall that never closes, a registration with a clock, and somebody to work on it.

use std::sync::Arc;

use groundbreak_engine::store::{MemoryStore, Store};
use groundbreak_engine::workflow::sla::Timestamp;
use groundbreak_engine::workflow::{Act, Actor, CaseId, Command, Commit, Data, Entry};
use groundbreak_engine::{Committed, Engine, EngineOptions, SimulatedTime, SubmitError};
use groundbreak_store_sled::{SledOptions, SledStore};
use tempfile::TempDir;

pub(crate) const CALENDAR: &str = "
id: hall
tz: Asia/Shanghai
weekly:
  mon: [['00:00', '24:00']]
  tue: [['00:00', '24:00']]
  wed: [['00:00', '24:00']]
  thu: [['00:00', '24:00']]
  fri: [['00:00', '24:00']]
  sat: [['00:00', '24:00']]
  sun: [['00:00', '24:00']]
";

/// From `submit` on: a warning after 1 h, a breach after 2 h and 1 ms, `overdue` after 4 h.
pub(crate) const WORKFLOW: &str = "
workflow: registration
version: 1
title: { zh: 登记, en: Registration }
calendar: hall
roles:
  clerk: { title: { zh: 窗口, en: Clerk }, may: [correct] }
  approver: { title: { zh: 审批人, en: Approver } }
data:
  credit_code: { title: { zh: 统一社会信用代码, en: Credit code }, type: credit_code }
events:
  submit: { title: { zh: 提交, en: Submit it }, by: [clerk] }
  approve: { title: { zh: 批准, en: Approve it }, by: [approver] }
clocks:
  licence:
    title: { zh: 执照, en: Licence }
    effect: promised
    budget: within 2h
    start: entering submitted
    stop: entering approved
    warn: [50%]
states:
  consulting:
    title: { zh: 咨询, en: Consulting }
    on: { submit: submitted }
  submitted:
    title: { zh: 已受理, en: Submitted }
    on: { approve: approved }
    after: [{ delay: 4h, to: overdue }]
  overdue:
    title: { zh: 逾期, en: Overdue }
    on: { approve: approved }
  approved: { title: { zh: 已批准, en: Approved }, final: true }
";

/// The milliseconds of an hour.
pub(crate) const HOUR: i64 = 3_600_000;

/// 2023-03-23 10:00 in the hall, when every run begins.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_679_536_800_000);

/// The instant so many milliseconds after the start.
pub(crate) fn after(millis: i64) -> Timestamp {
    START.saturating_add_millis(millis)
}

/// Where the data of a run is, so that it can be opened again.
pub(crate) enum Place {
    Memory(MemoryStore),
    Disk(TempDir),
}

impl Place {
    pub(crate) fn memory() -> Self {
        Self::Memory(MemoryStore::new())
    }

    pub(crate) fn disk() -> Self {
        Self::Disk(tempfile::tempdir().unwrap())
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(first) => Arc::new(first.reopen()),
            Self::Disk(directory) => {
                Arc::new(SledStore::open(directory.path(), SledOptions::default()).unwrap())
            }
        }
    }

    /// An engine at the start, with nothing in it but the workflow.
    pub(crate) async fn engine(&self) -> Engine {
        let engine = open(self.store(), START).await;
        publish(&engine).await;
        engine
    }

    /// An engine that was started at this instant.
    pub(crate) async fn engine_at(&self, now: Timestamp) -> Engine {
        open(self.store(), now).await
    }
}

pub(crate) fn options(time: SimulatedTime) -> EngineOptions {
    EngineOptions {
        time: Arc::new(time),
        ..EngineOptions::default()
    }
}

pub(crate) async fn open(store: Arc<dyn Store>, now: Timestamp) -> Engine {
    Engine::open(store, options(SimulatedTime::new(now)))
        .await
        .unwrap()
}

pub(crate) async fn publish(engine: &Engine) {
    engine.publish_calendar(CALENDAR).await.unwrap();
    engine.publish_workflow(WORKFLOW).await.unwrap();
}

pub(crate) fn clerk() -> Actor {
    Actor::new("lin", "林", "clerk")
}

pub(crate) fn approver() -> Actor {
    Actor::new("chen", "陈", "approver")
}

pub(crate) fn command(engine: &Engine, case: CaseId, actor: Actor, act: Act) -> Command {
    Command {
        id: engine.new_command_id(),
        case,
        actor,
        seen_revision: None,
        effective_at: None,
        act,
    }
}

pub(crate) fn opening() -> Act {
    Act::Open {
        workflow: "registration".into(),
        version: None,
        title: "Precision Motors".into(),
        data: Data::new(),
    }
}

pub(crate) fn fire(event: &str) -> Act {
    Act::Fire {
        event: event.into(),
        data: Data::new(),
        note: None,
    }
}

pub(crate) fn comment(text: &str) -> Act {
    Act::Comment { text: text.into() }
}

/// Opens a case.
pub(crate) async fn case(engine: &Engine) -> CaseId {
    let id = engine.new_case_id();
    submit(engine, id, opening()).await.unwrap();
    id
}

/// Opens a case whose clock runs from now on.
pub(crate) async fn submitted_case(engine: &Engine) -> CaseId {
    let id = case(engine).await;
    submit(engine, id, fire("submit")).await.unwrap();
    id
}

pub(crate) async fn submit(
    engine: &Engine,
    case: CaseId,
    act: Act,
) -> Result<Committed, SubmitError> {
    engine.submit(command(engine, case, clerk(), act)).await
}

/// The timers a journal says were fired: which, when they were due and recorded, how late.
pub(crate) fn fired(journal: &[Commit]) -> Vec<(String, Timestamp, Timestamp, Option<i64>)> {
    let mut fired = Vec::new();
    for commit in journal {
        for entry in &commit.entries {
            if let Entry::TimerFired {
                timer,
                due_at,
                late_ms,
            } = entry
            {
                fired.push((timer.clone(), *due_at, commit.recorded_at, *late_ms));
            }
        }
    }
    fired
}
