//! The JSON API, version 1.

pub(crate) mod body;
pub(crate) mod cases;
pub(crate) mod commands;
pub(crate) mod deferrals;
pub(crate) mod general;
pub(crate) mod papers;
pub(crate) mod projects;
pub(crate) mod reports;
pub(crate) mod workflows;
