use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_audit::Figure;

use super::page;
use crate::address::encode;
use crate::app::App;
use crate::figures::Figures;
use crate::frame::Frame;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::report::CASES_MAX;
use crate::visitor::Visitor;
use crate::words::Words;

#[derive(Template)]
#[template(path = "measures.html")]
struct MeasuresPage {
    f: Frame,
    w: Words,
    cut: Option<String>,
    figures: Vec<FigureView>,
}

#[derive(Template)]
#[template(path = "measure.html")]
struct MeasurePage {
    f: Frame,
    w: Words,
    cut: Option<String>,
    figure: FigureView,
    because: String,
    findings: Vec<String>,
    rows: Vec<RowView>,
    left_out: Vec<RowView>,
}

struct FigureView {
    href: String,
    title: String,
    said: String,
    calibre: String,
    cut_off: String,
    wrong: bool,
}

struct RowView {
    href: String,
    number: String,
    title: String,
    since: String,
    /// The amount; for a case that is left out, why.
    more: String,
}

/// `GET /audit/measures`: every figure, each a link to the list behind it.
pub(crate) async fn measures(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let names: Vec<String> = app.measures.keys().cloned().collect();
    let computed = Figures::compute(&app, &names).await?;
    let template = MeasuresPage {
        f: frame(&app, &visitor),
        w: words,
        cut: cut(&computed, words),
        figures: computed
            .figures
            .iter()
            .map(|figure| view(figure, words))
            .collect(),
    };
    Ok(page(StatusCode::OK, &template))
}

/// `GET /audit/measures/{name}`: a figure, how it came about, and the list behind it.
pub(crate) async fn measure(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let computed = Figures::compute(&app, &[name]).await?;
    let figure = computed.figures.first().ok_or_else(Problem::not_found)?;
    let workflow = app.engine.workflow(&figure.population.workflow, None)?;
    let at = Moment {
        words,
        now: app.engine.now(),
        zone: workflow.calendar.tz(),
    };
    let case = |number: &str| format!("/cases/{}", encode(number));
    let template = MeasurePage {
        f: frame(&app, &visitor),
        w: words,
        cut: cut(&computed, words),
        because: words.text(&figure.because).to_owned(),
        findings: figure
            .findings
            .iter()
            .map(|finding| {
                format!(
                    "{} {} [{}]",
                    words.text(&finding.message),
                    words.text(&finding.help),
                    finding.code
                )
            })
            .collect(),
        rows: figure
            .rows
            .iter()
            .map(|row| RowView {
                href: case(&row.number),
                number: row.number.clone(),
                title: row.title.clone(),
                since: at.full_instant(row.since),
                more: row
                    .said()
                    .map(|said| words.text(&said).to_owned())
                    .unwrap_or_default(),
            })
            .collect(),
        left_out: figure
            .left_out
            .iter()
            .map(|row| RowView {
                href: case(&row.number),
                number: row.number.clone(),
                title: row.title.clone(),
                since: String::new(),
                more: words.text(&row.why).to_owned(),
            })
            .collect(),
        figure: view(figure, words),
    };
    Ok(page(StatusCode::OK, &template))
}

fn frame(app: &App, visitor: &Visitor) -> Frame {
    let now = app.engine.now();
    Frame::new(app, &visitor.look, Some(&visitor.account), now)
}

fn cut(computed: &Figures, words: Words) -> Option<String> {
    computed.cut.then(|| words.n("audit-cut", CASES_MAX))
}

fn view(figure: &Figure, words: Words) -> FigureView {
    FigureView {
        href: format!("/audit/measures/{}", encode(&figure.measure)),
        title: words.text(&figure.title).to_owned(),
        said: words.text(&figure.said).to_owned(),
        calibre: words.text(&figure.calibre).to_owned(),
        cut_off: figure.population.cut_off.clone(),
        wrong: !figure.findings.is_empty(),
    }
}
