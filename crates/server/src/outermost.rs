//! What every response passes on its way out: problems become pages or JSON, and headers are set.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::pages;
use crate::problem::Problem;
use crate::visitor::{Look, account_of};

/// What a page may load and do. Nothing inline: styles and scripts are files of our own.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                                       connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Puts a problem into the form that who asked can read, and keeps choices of language and theme.
pub(crate) async fn express_problems(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let look = Look::of(request.uri(), request.headers());
    let headers = request.headers().clone();
    let get = request.method() == Method::GET;
    let mut response = next.run(request).await;
    let problem = response
        .extensions_mut()
        .remove::<Arc<Problem>>()
        .or_else(|| bare(&response));
    if let Some(problem) = problem {
        response = if wants_json(&look.path) {
            problem.json()
        } else {
            let account = account_of(&app, &headers);
            pages::problem::problem(&app, &look, account.as_deref(), &problem)
        };
    }
    if get && !wants_json(&look.path) {
        for cookie in look.choices() {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
    }
    response
}

fn wants_json(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Returns the problem that an error of the framework stands for. Our own pages of errors are HTML
/// and are left alone.
fn bare(response: &Response) -> Option<Arc<Problem>> {
    let status = response.status();
    let error = status.is_client_error() || status.is_server_error();
    let ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    (error && !ours).then(|| Arc::new(Problem::of_status(status)))
}

/// Sets the headers that every response has.
pub(crate) async fn set_headers(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let set = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    );
    if app.https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    // Cases hold what is nobody else's business, and change; what may be kept says so itself.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    vary_on_cookie(headers);
    response
}

fn vary_on_cookie(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("Cookie"));
}
