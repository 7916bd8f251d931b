use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::page;
use crate::accounts::Account;
use crate::address::link;
use crate::app::App;
use crate::frame::Frame;
use crate::problem::Problem;
use crate::visitor::Look;
use crate::words::Words;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    f: Frame,
    w: Words,
    title: String,
    detail: String,
    code: String,
    sign_in: bool,
    sign_in_href: String,
}

/// Returns a problem as a page.
pub(crate) fn problem(
    app: &App,
    look: &Look,
    account: Option<&Account>,
    problem: &Problem,
) -> Response {
    let words = look.words;
    let start = if app.demo { "/" } else { "/sign-in" };
    let template = ProblemPage {
        f: Frame::new(app, look, account, app.engine.now()),
        w: words,
        title: words.text(&problem.title).to_owned(),
        detail: words.text(&problem.detail).to_owned(),
        code: problem.code.clone(),
        sign_in: problem.status == StatusCode::UNAUTHORIZED,
        sign_in_href: link(start, &[("next", &look.here())]),
    };
    let mut response = page(problem.status, &template);
    problem.set_headers(&mut response);
    // A page is not asked for with a token.
    response
        .headers_mut()
        .remove(axum::http::header::WWW_AUTHENTICATE);
    response
}
