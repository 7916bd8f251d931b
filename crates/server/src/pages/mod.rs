//! The pages of the desk, one file each.

pub(crate) mod act;
pub(crate) mod agenda;
pub(crate) mod audit;
pub(crate) mod case;
pub(crate) mod chart;
pub(crate) mod clock;
pub(crate) mod deferral;
pub(crate) mod desk;
pub(crate) mod general;
pub(crate) mod journal;
pub(crate) mod measures;
pub(crate) mod new_case;
pub(crate) mod note;
pub(crate) mod notice;
pub(crate) mod paper;
pub(crate) mod problem;
pub(crate) mod project;
pub(crate) mod register;
pub(crate) mod sign_in;
pub(crate) mod workflows;

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::problem::Problem;

/// Renders a page.
fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => Problem::failed(&error).into_response(),
    }
}

/// What was typed into a form, by field. Of a field that came twice the last one counts.
type Typed = BTreeMap<String, String>;

/// Something wrong with a form, for its summary.
struct FormError {
    /// The id of the field, without `f-`.
    field: String,
    said: String,
}

/// Returns one field as it was typed, without blanks around it.
fn typed<'a>(form: &'a Typed, name: &str) -> &'a str {
    form.get(name).map_or("", |value| value.trim())
}
