use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use groundbreak_engine::Engine;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::app::{App, ServerOptions};
use crate::pages::paper::FORM_BYTES_MAX;
use crate::pages::{
    act, agenda, audit, case, chart, clock, deferral, desk, general, journal, measures, new_case,
    note, notice, paper, project, register, sign_in, workflows,
};
use crate::problem::Problem;
use crate::{api, assets, live, outermost};

/// The largest body of a call to the API, in bytes.
const CALL_BYTES_MAX: usize = 256 * 1024;

/// Returns the desk and the API of an engine, to be served or mounted at the root of a host.
///
/// Links and cookies are made for the root. Behind a proxy, `Host` and `Origin` must reach this
/// unchanged: the protection against forged requests compares them.
pub fn router(engine: Engine, options: ServerOptions) -> Router {
    let app = Arc::new(App::new(engine, options));
    // Somewhat more than a file may have, so that who reads it says that it is too large.
    let upload_bytes_max = usize::try_from(app.file_bytes_max())
        .unwrap_or(usize::MAX)
        .saturating_add(FORM_BYTES_MAX);
    Router::new()
        .merge(pages(upload_bytes_max))
        .nest("/api/v1", calls(upload_bytes_max))
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async {
            Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CsrfLayer::new().with_rejection_response(forged))
        // From here on outwards, problems are put into the form that who asked can read.
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            outermost::express_problems,
        ))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            outermost::set_headers,
        ))
        .with_state(app)
}

fn pages(upload_bytes_max: usize) -> Router<Arc<App>> {
    let upload = post(paper::submit).layer(DefaultBodyLimit::max(upload_bytes_max));
    Router::new()
        .route("/", get(sign_in::start))
        .route("/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/switch", post(sign_in::switch))
        .route("/desk", get(desk::desk))
        .route("/desk/new", get(new_case::form).post(new_case::submit))
        .route("/cases/{number}", get(case::case))
        .route(
            "/cases/{number}/acts/{event}",
            get(act::form).post(act::submit),
        )
        .route(
            "/cases/{number}/general/{act}",
            get(general::form).post(general::submit),
        )
        .route("/cases/{number}/note", get(note::form).post(note::submit))
        .route(
            "/cases/{number}/papers/{document}/defer",
            get(deferral::form).post(deferral::submit),
        )
        .route(
            "/cases/{number}/papers/{document}",
            get(paper::form).merge(upload),
        )
        .route(
            "/cases/{number}/papers/{document}/{digest}",
            get(paper::content),
        )
        .route("/cases/{number}/clocks/{clock}", get(clock::clock))
        .route("/cases/{number}/chart.svg", get(chart::of_case))
        .route("/cases/{number}/journal", get(journal::journal))
        .route("/cases/{number}/notice", get(notice::notice))
        .route("/cases/{number}/events", get(live::of_case))
        .route("/projects/{code}", get(project::project))
        .route("/audit", get(audit::audit))
        .route("/audit/rows", get(audit::rows))
        .route("/audit/agenda/{workflow}", get(agenda::agenda))
        .route("/audit/register", get(register::register))
        .route("/audit/measures", get(measures::measures))
        .route("/audit/measures/{name}", get(measures::measure))
        .route("/workflows", get(workflows::workflows))
        .route(
            "/workflows/{name}/{version}/chart.svg",
            get(chart::of_workflow),
        )
        .route("/assets/{digest}/{name}", get(assets::asset))
        .route("/healthz", get(health))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

fn calls(upload_bytes_max: usize) -> Router<Arc<App>> {
    let upload = post(api::papers::put).layer(DefaultBodyLimit::max(upload_bytes_max));
    Router::new()
        .route("/papers", upload)
        .route(
            "/cases/{case}/documents/{document}/{digest}",
            get(api::papers::content),
        )
        .route("/cases", get(api::cases::list).post(api::commands::open))
        .route("/cases/{case}", get(api::cases::one))
        .route("/cases/{case}/journal", get(api::cases::journal))
        .route("/cases/{case}/same", get(api::cases::same))
        .route("/cases/{case}/events", post(api::commands::fire))
        .route("/cases/{case}/documents", post(api::commands::attach))
        .route("/cases/{case}/deferrals", post(api::deferrals::defer))
        .route(
            "/cases/{case}/deferrals/{document}",
            post(api::deferrals::extend),
        )
        .route("/cases/{case}/comments", post(api::commands::comment))
        .route(
            "/cases/{case}/acts",
            get(api::general::offered).post(api::general::act),
        )
        .route(
            "/cases/{case}/effects/{effect}",
            post(api::commands::decide_on_effect),
        )
        .route("/projects/{code}", get(api::projects::one))
        .route("/workflows", get(api::workflows::list))
        .route("/workflows/{name}", get(api::workflows::one))
        .route("/reports/turnaround", get(api::reports::turnaround))
        .route("/reports/register", get(api::reports::register))
        .route("/reports/measures", get(api::reports::measures))
        .route("/reports/measures/{name}", get(api::reports::measure))
        .route("/events", get(live::of_all))
        .route("/healthz", get(health))
        .layer(DefaultBodyLimit::max(CALL_BYTES_MAX))
}

/// `GET /healthz`: answers as long as the process does.
async fn health() -> &'static str {
    "ok\n"
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(
        panic = said.unwrap_or("of an unknown kind"),
        "a request ran into a fault of the program"
    );
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

fn forged(_: ProtectionError) -> Response {
    Problem::new(StatusCode::FORBIDDEN, "cross-site").into_response()
}
