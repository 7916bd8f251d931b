//! The HTTP API and the web desk, as a router to mount.
//!
//! [`router()`] takes an engine and says nothing about sockets: the command line binds one, and so
//! may any other program. The desk is rendered here, works without scripts, and is complete in
//! Chinese and English; `desk.js` adds keys, a minute tick and a notice when a case has moved on.
//! The API lies under `/api/v1`; its errors are `application/problem+json` with a stable `code`.
//!
//! # Who may what
//!
//! People sign in with a password and hold a session; programs send a token. Whoever is known may
//! read. Acting is decided by the workflow, by the roles of the account ([`Accounts`]).

mod accounts;
mod acts;
mod address;
mod api;
mod app;
mod assets;
mod clock;
mod facts;
mod figures;
mod file;
mod form;
mod frame;
mod general;
mod journal;
mod light;
mod live;
mod moment;
mod outermost;
mod pages;
mod problem;
mod project;
mod register;
mod report;
mod ribbon;
mod router;
mod session;
mod timeline;
mod visitor;
mod words;

pub use accounts::{
    ACCOUNTS_MAX, Account, Accounts, AccountsError, ApiToken, PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN, PasswordError, hash_password,
};
pub use app::ServerOptions;
pub use router::router;
