//! Workflow definitions in YAML, and the decisions taken under them.
//!
//! A definition is compiled once ([`Library`]); a [`Workflow`] that exists can run. A [`Case`] is
//! the fold of its journal. [`decide`] takes a case and a command and answers with what is to be
//! written, or with a [`Refusal`]. Nothing here reads a clock, a file or a random source: `now`
//! is an argument.

mod actor;
mod binding;
mod block;
mod case;
mod command;
mod commit_digest;
mod compile;
mod critical_path;
mod data;
mod decide;
mod deferral;
mod definition;
mod diagnostic;
mod district;
mod draft;
mod effect;
mod encoding;
mod entry;
mod facts;
mod follow;
mod form;
mod general;
mod guard;
mod handling;
mod identifier;
mod input;
mod library;
mod link;
mod measure;
mod migrate;
mod outbox;
mod papers;
mod refusal;
mod schema;
mod signing;
mod situation;
mod soundness;
mod source;
mod standing;
mod suggest;
mod supervision;
mod task_force;
mod timers;
mod transition;
mod tree;
mod value;
mod workflow;

pub use groundbreak_sla as sla;
pub use groundbreak_sla::{Language, Text};

pub use actor::Actor;
pub use binding::Binding;
pub use block::{Assembled, assemble};
pub use case::{Case, ClockHistory, DocumentVersion, FoldError, Stay};
pub use command::{Act, CaseId, Command, CommandId};
pub use commit_digest::CommitDigest;
pub use critical_path::{CriticalPath, CriticalStep};
pub use data::{FieldType, TEXT_LENGTH_MAX};
pub use decide::{DecideError, Decision, Stuck, decide};
pub use deferral::{Deferral, DeferralEnd, DeferralRule};
pub use definition::{DocumentClass, LegalEffect};
pub use diagnostic::{Diagnostic, Happening, Place, Severity, Witness, WitnessStep};
pub use district::{
    AppraisalRules, Chain, Chains, District, DistrictEvent, Leader, LeaderKind, LeaderQuota,
    Outing, Outings, Plan, Points, Roster, Team, compile_district,
};
pub use effect::{Effect, EffectId, EffectKind, EffectOutcome, Parent, PendingEffect};
pub use encoding::{DecodeError, decode_case, decode_commit, encode_case, encode_commit};
pub use entry::{Commit, Entry, Signature};
pub use general::{
    ActInput, GeneralAct, GeneralDone, GeneralKind, GeneralRefusal, InputKind, Permission, Person,
    Relation,
};
pub use handling::{CoReview, Delegation, Handler, Handling};
pub use identifier::Identifier;
pub use input::number_as_kept;
pub use library::{Library, LibraryError};
pub use link::Link;
pub use measure::{
    Measure, MeasureValue, Measures, Population, PopulationWhen, Quantity, Saying, SayingUnit,
    SayingWord, compile_measures,
};
pub use migrate::{
    Mapping, MigrateError, Migrated, Migration, MigrationFault, MigrationOrder, Obstacle,
};
pub use refusal::{ClosedGate, Refusal};
pub use schema::definition_schema;
pub use situation::{
    AskedField, ClockFace, ConditionFace, DocumentNeed, Fact, GateFace, Lane, LaneStep, NextAct,
    Paper, PlaceNow, Progress, RoleRef, Segment, Situation,
};
pub use soundness::{Completion, Limits, Soundness};
pub use source::SOURCE_LENGTH_MAX;
pub use suggest::nearest;
pub use supervision::{Order, OrderStage};
pub use task_force::TaskForceFace;
pub use timers::{Term, TermValue, Timer};
pub use transition::{TransitionCause, TransitionFace};
pub use value::{Data, Value};
pub use workflow::{
    Clock, Document, Edge, EventKind, Field, Gate, Role, State, StateKind, TaskForce, Workflow,
};
