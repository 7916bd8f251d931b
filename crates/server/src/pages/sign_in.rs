use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::page;
use crate::address::local;
use crate::app::App;
use crate::frame::Frame;
use crate::problem::Problem;
use crate::visitor::{Look, account_of, session_cookie, session_secret};
use crate::words::Words;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    f: Frame,
    w: Words,
    next: String,
    id: String,
    wrong: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Next {
    next: String,
}

/// What was typed at the sign-in. Has no `Debug`, so that no log can hold it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Credentials {
    id: String,
    password: String,
    next: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Switch {
    account: String,
    next: String,
}

/// `GET /`: in a demonstration, signs whoever comes in as the first example account.
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(query): Query<Next>,
) -> Result<Response, Problem> {
    let next = local(&query.next);
    if !app.demo || account_of(&app, &headers).is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    let account = app
        .accounts
        .iter()
        .next()
        .ok_or_else(Problem::sign_in_first)?;
    enter(&app, &headers, &account.id, next)
}

/// `GET /sign-in`
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    look: Seen,
    Query(query): Query<Next>,
) -> Response {
    let template = SignInPage {
        f: Frame::new(&app, &look.0, None, app.engine.now()),
        w: look.0.words,
        next: local(&query.next).to_owned(),
        id: String::new(),
        wrong: None,
    };
    page(StatusCode::OK, &template)
}

/// `POST /sign-in`
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    look: Seen,
    headers: HeaderMap,
    Form(typed): Form<Credentials>,
) -> Result<Response, Problem> {
    let _turn = Arc::clone(&app.sign_ins)
        .try_acquire_owned()
        .map_err(|_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded").retry_after(2))?;
    let core = Arc::clone(&app.hashing)
        .acquire_owned()
        .await
        .map_err(|error| Problem::failed(&error))?;
    let accounts = Arc::clone(&app.accounts);
    let (id, password) = (typed.id.trim().to_owned(), typed.password);
    let account = tokio::task::spawn_blocking(move || {
        let account = accounts.by_password(&id, &password);
        // The core is free only when the work is done, even if whoever asked has gone.
        drop(core);
        account
    })
    .await
    .map_err(|error| Problem::failed(&error))?;
    match account {
        Some(account) => enter(&app, &headers, &account.id, local(&typed.next)),
        None => {
            let template = SignInPage {
                f: Frame::new(&app, &look.0, None, app.engine.now()),
                w: look.0.words,
                next: local(&typed.next).to_owned(),
                id: typed.id,
                wrong: Some(look.0.words.t("sign-in-wrong")),
            };
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &template))
        }
    }
}

/// `POST /sign-out`
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(secret) = session_secret(&app, &headers) {
        app.sessions.close(&secret);
    }
    with_cookie(
        Redirect::to("/sign-in").into_response(),
        &session_cookie(&app, ""),
    )
}

/// `POST /switch`: in a demonstration, becomes another example account.
pub(crate) async fn switch(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(typed): Form<Switch>,
) -> Result<Response, Problem> {
    if !app.demo {
        return Err(Problem::not_found());
    }
    let account = app
        .accounts
        .get(&typed.account)
        .ok_or_else(Problem::not_found)?;
    enter(&app, &headers, &account.id, local(&typed.next))
}

/// Ends the session there was, opens one, and leads on.
fn enter(app: &App, headers: &HeaderMap, account: &str, next: &str) -> Result<Response, Problem> {
    if let Some(secret) = session_secret(app, headers) {
        app.sessions.close(&secret);
    }
    let secret = app
        .sessions
        .open(account, Instant::now())
        .map_err(|error| Problem::failed(&error))?;
    with_cookie(
        Redirect::to(next).into_response(),
        &session_cookie(app, &secret),
    )
}

fn with_cookie(mut response: Response, cookie: &str) -> Result<Response, Problem> {
    let value = HeaderValue::from_str(cookie).map_err(|error| Problem::failed(&error))?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(response)
}

/// How a page is to be shown to somebody who may not be signed in.
pub(crate) struct Seen(pub(crate) Look);

impl<S: Sync> axum::extract::FromRequestParts<S> for Seen {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self(Look::of(&parts.uri, &parts.headers)))
    }
}
