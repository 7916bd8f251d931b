use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::page;
use crate::address::{encode, link};
use crate::app::App;
use crate::frame::{Choice, Frame};
use crate::journal::{JournalKind, JournalView, Narrator};
use crate::problem::Problem;
use crate::visitor::Visitor;
use crate::words::Words;

/// Lines of a page.
const LINES: usize = 100;

#[derive(Template)]
#[template(path = "journal.html")]
struct JournalPage {
    f: Frame,
    w: Words,
    number: String,
    case_title: String,
    revision: u64,
    chips: Vec<Choice>,
    journal: JournalView,
    earlier: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct JournalQuery {
    kind: String,
    /// How many lines of the newest are left out.
    skip: usize,
}

/// `GET /cases/{number}/journal`
pub(crate) async fn journal(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<JournalQuery>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    let commits = app.engine.journal(open.case.id).await?;
    let versions = app.engine.versions(&open.case, &commits)?;
    let narrator = Narrator {
        versions: &versions,
        workflow: &open.workflow,
        accounts: &app.accounts,
        at: &open.at,
    };
    let kind = JournalKind::read(&query.kind);
    let taken: Vec<_> = commits.iter().filter(|commit| kind.takes(commit)).collect();
    let kept = taken.len().saturating_sub(query.skip);
    let journal = narrator.view(taken[..kept].iter().copied(), LINES);
    let here = format!("/cases/{}/journal", encode(&number));
    let template = JournalPage {
        f: Frame::new(
            &app,
            &visitor.look,
            Some(&visitor.account),
            app.engine.now(),
        ),
        w: words,
        number: open.situation.number.clone(),
        case_title: open.situation.title.clone(),
        revision: open.case.revision,
        chips: JournalKind::ALL
            .into_iter()
            .map(|chip| Choice {
                href: if chip == JournalKind::All {
                    here.clone()
                } else {
                    link(&here, &[("kind", chip.name())])
                },
                title: words.with(
                    "chip",
                    [
                        ("title", &words.t(&format!("journal-{}", chip.name()))),
                        (
                            "n",
                            &commits
                                .iter()
                                .filter(|commit| chip.takes(commit))
                                .count()
                                .to_string(),
                        ),
                    ],
                ),
                current: chip == kind,
            })
            .collect(),
        earlier: journal.more.then(|| {
            link(
                &here,
                &[
                    ("kind", kind.name()),
                    ("skip", &(query.skip.saturating_add(LINES)).to_string()),
                ],
            )
        }),
        journal,
    };
    Ok(page(StatusCode::OK, &template))
}
