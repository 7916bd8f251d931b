use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use groundbreak_workflow::Language;

use crate::accounts::Account;
use crate::address;
use crate::app::App;
use crate::problem::Problem;
use crate::words::Words;

/// Name of the cookie that holds the session.
const SESSION: &str = "groundbreak";
/// The same where only HTTPS is spoken: browsers take it over nothing else, and from this host alone.
const SESSION_HTTPS: &str = "__Host-groundbreak";
/// Name of the cookie that holds the language.
pub(crate) const LANGUAGE: &str = "lang";
/// Name of the cookie that holds the theme.
pub(crate) const THEME: &str = "theme";
/// How long a choice of language or theme is kept, in seconds: a year.
const CHOICE_SECONDS: u32 = 31_536_000;

/// Light or dark, or as the machine has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// How a page is to be shown, whoever looks at it.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) words: Words,
    pub(crate) theme: Theme,
    pub(crate) path: String,
    pub(crate) query: String,
}

impl Look {
    /// Reads the look from the address and the cookies; the address wins.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().unwrap_or_default();
        let asked = |name: &str| {
            parameter(query, name)
                .map(str::to_owned)
                .or_else(|| cookie(headers, name))
        };
        let language = match asked(LANGUAGE).as_deref() {
            Some("en") => Language::En,
            _ => Language::Zh,
        };
        Self {
            words: Words::new(language),
            theme: asked(THEME)
                .and_then(|name| Theme::read(&name))
                .unwrap_or_default(),
            // Two slashes at the front would name another host in a link.
            path: format!("/{}", uri.path().trim_start_matches('/')),
            query: query.to_owned(),
        }
    }

    /// Returns the cookies that keep a choice made by the address.
    pub(crate) fn choices(&self) -> Vec<String> {
        let keep = |name: &str, value: &str| {
            format!("{name}={value}; Path=/; Max-Age={CHOICE_SECONDS}; SameSite=Lax")
        };
        let mut cookies = Vec::new();
        if parameter(&self.query, LANGUAGE).is_some() {
            cookies.push(keep(
                LANGUAGE,
                if self.words.language == Language::En {
                    "en"
                } else {
                    "zh-CN"
                },
            ));
        }
        if parameter(&self.query, THEME).is_some() {
            cookies.push(keep(THEME, self.theme.name()));
        }
        cookies
    }

    /// Returns the address of this page.
    pub(crate) fn here(&self) -> String {
        address::without(&self.path, &self.query, &[LANGUAGE, THEME])
    }
}

/// Somebody who is signed in, and how they want to see things.
pub(crate) struct Visitor {
    pub(crate) account: Arc<Account>,
    pub(crate) look: Look,
}

impl Visitor {
    /// Tells whether one of these roles is held.
    pub(crate) fn holds<'a>(&self, roles: impl IntoIterator<Item = &'a str>) -> bool {
        roles
            .into_iter()
            .any(|role| self.account.roles.contains(role))
    }
}

/// Sends who is not signed in to the sign-in, and back here afterwards.
impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let look = Look::of(&parts.uri, &parts.headers);
        match account_of(app, &parts.headers) {
            Some(account) => Ok(Self { account, look }),
            None if parts.method == Method::GET => {
                let start = if app.demo { "/" } else { "/sign-in" };
                Err(Redirect::to(&address::link(start, &[("next", &look.here())])).into_response())
            }
            None => Err(Problem::sign_in_first().into_response()),
        }
    }
}

/// A program that calls the API with a token.
pub(crate) struct Caller {
    pub(crate) account: Arc<Account>,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let secret = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::trim)
            .filter(|secret| secret.len() <= 256)
            .ok_or_else(Problem::sign_in_first)?;
        let account = app
            .accounts
            .by_token(secret)
            .cloned()
            .ok_or_else(Problem::sign_in_first)?;
        Ok(Self { account })
    }
}

/// Returns the account that is signed in with this request.
pub(crate) fn account_of(app: &App, headers: &HeaderMap) -> Option<Arc<Account>> {
    let secret = session_secret(app, headers)?;
    let id = app.sessions.account(&secret, Instant::now())?;
    app.accounts.get(&id).cloned()
}

/// Returns the secret of the session, as the cookie has it.
pub(crate) fn session_secret(app: &App, headers: &HeaderMap) -> Option<String> {
    cookie(headers, session_name(app))
}

/// Returns the cookie that opens a session, or with an empty secret ends it.
pub(crate) fn session_cookie(app: &App, secret: &str) -> String {
    let secure = if app.https { "; Secure" } else { "" };
    let age = if secret.is_empty() {
        0
    } else {
        crate::session::SESSION_LENGTH.as_secs()
    };
    format!(
        "{}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}",
        session_name(app)
    )
}

const fn session_name(app: &App) -> &'static str {
    if app.https { SESSION_HTTPS } else { SESSION }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && value.len() <= 256)
        .map(|(_, value)| value.to_owned())
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
