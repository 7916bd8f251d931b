//! The runtime of Groundbreak: commands in, durable facts out, timers fired when they are due.
//!
//! An [`Engine`] runs on a [`store::Store`] and the workflows published to it. This is a whole
//! program; `examples/embed.rs` is a longer one on a disk.
//!
//! ```
//! use std::sync::Arc;
//!
//! use groundbreak_engine::store::MemoryStore;
//! use groundbreak_engine::workflow::{Act, Actor, Command, Data};
//! use groundbreak_engine::{Engine, EngineOptions};
//!
//! const CALENDAR: &str = "
//! id: hall
//! tz: Asia/Shanghai
//! weekly: { mon: [['08:30', '17:30']] }
//! ";
//! const WORKFLOW: &str = "
//! workflow: enquiry
//! version: 1
//! title: { zh: 咨询, en: Enquiry }
//! calendar: hall
//! roles:
//!   clerk: { title: { zh: 窗口, en: Clerk } }
//! events:
//!   answer: { title: { zh: 答复, en: Answer it }, by: [clerk] }
//! states:
//!   received: { title: { zh: 已收到, en: Received }, on: { answer: answered } }
//!   answered: { title: { zh: 已答复, en: Answered }, final: true }
//! ";
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::open(Arc::new(MemoryStore::new()), EngineOptions::default()).await?;
//! engine.publish_calendar(CALENDAR).await?;
//! engine.publish_workflow(WORKFLOW).await?;
//!
//! let clerk = Actor::new("lin", "林", "clerk");
//! let case = engine.new_case_id();
//! let command = |act| Command {
//!     id: engine.new_command_id(),
//!     case,
//!     actor: clerk.clone(),
//!     seen_revision: None,
//!     effective_at: None,
//!     act,
//! };
//! engine
//!     .submit(command(Act::Open {
//!         workflow: "enquiry".into(),
//!         version: None,
//!         title: "When do you open?".into(),
//!         data: Data::new(),
//!     }))
//!     .await?;
//! engine
//!     .submit(command(Act::Fire {
//!         event: "answer".into(),
//!         data: Data::new(),
//!         note: None,
//!     }))
//!     .await?;
//! assert!(engine.situation(case).await?.is_some_and(|situation| situation.closed));
//! engine.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! * A command is acknowledged when it is durable, and a command with the same id is carried out
//!   once ([`Engine::submit`]).
//! * A case is the fold of its journal. Before a commit is written, it is checked that what will
//!   be read back folds to what was decided.
//! * A timer fires once. One that fell due while nothing ran fires at the next start, marked
//!   late.
//! * What a case asks for beyond itself is done after that is durable, at least once, under a key
//!   that stays the same; child cases and events between cases take effect exactly once
//!   (docs/guides/effects.md).
//! * A case that cannot go on is not written to ([`Failure::CaseDamaged`]); all others run.
//!
//! # What it does not do
//!
//! It speaks no protocol: messages to the outside go through a [`Deliver`] of the embedder, or are
//! fetched ([`Engine::waiting_messages`]), and subscribers ([`Engine::subscribe`]) are told what
//! changed and read it ([`Engine::commits`]). It knows no accounts: an [`workflow::Actor`] is who the caller says.

mod advance;
mod ahead;
mod bell;
mod case_cache;
mod definitions;
mod effects;
mod engine;
mod failure;
mod follow;
mod list;
mod migrate;
mod project;
mod rebuild;
mod repeat;
mod runtime;
mod submit;
mod time;
mod timers;
mod turn;
mod versions;

pub use groundbreak_store as store;
pub use groundbreak_workflow as workflow;

pub use advance::{AdvanceError, Advanced};
pub use definitions::PublishError;
pub use effects::{Deliver, Message};
pub use engine::{Changed, Engine, EngineOptions, OpenError, Recorded};
pub use failure::{CaseFault, Failure};
pub use list::{CaseStatus, ListOrder, ListPage, ListQuery};
pub use migrate::{
    CaseMigration, MigrationError, MigrationOutcome, MigrationReport, MigrationRequest,
};
pub use project::{Belongs, Project, ProjectCase};
pub use rebuild::{DamagedCase, RebuildError, Rebuilt, rebuild};
pub use submit::{Committed, SubmitError};
pub use time::{SimulatedTime, SystemTime, TimeSource};
pub use versions::CaseVersions;
