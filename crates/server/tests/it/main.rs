//! The rules of the desk and the API, over a router and a store in memory.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::panic)]

mod api;
mod deferrals;
mod desk;
mod forms;
mod general;
mod pages;
mod papers;
mod security;
mod words;
