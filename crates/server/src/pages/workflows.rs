use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_draw::{View, folded};
use groundbreak_workflow::{StateKind, Workflow};

use super::new_case::{more, papers};
use super::page;
use crate::address::link;
use crate::app::App;
use crate::clock::effect_key;
use crate::frame::Frame;
use crate::problem::Problem;
use crate::visitor::Visitor;
use crate::words::Words;

#[derive(Template)]
#[template(path = "workflows.html")]
struct WorkflowsPage {
    f: Frame,
    w: Words,
    workflows: Vec<WorkflowView>,
}

struct WorkflowView {
    name: String,
    title: String,
    more: String,
    href: Option<String>,
    clocks: Vec<(String, String, Option<String>)>,
    papers: Vec<(String, String)>,
    states: Vec<(usize, String)>,
    /// Address of its picture, and of those of the states folded in it, with their titles.
    chart: String,
    charts_inside: Vec<(String, String)>,
}

/// `GET /workflows`
pub(crate) async fn workflows(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let template = WorkflowsPage {
        f: Frame::new(
            &app,
            &visitor.look,
            Some(&visitor.account),
            app.engine.now(),
        ),
        w: words,
        workflows: app
            .engine
            .workflows()
            .iter()
            .map(|workflow| view(workflow, &visitor))
            .collect(),
    };
    Ok(page(StatusCode::OK, &template))
}

fn view(workflow: &Workflow, visitor: &Visitor) -> WorkflowView {
    let words = visitor.look.words;
    let chart = format!(
        "/workflows/{}/{}/chart.svg",
        workflow.name, workflow.version
    );
    let view = View {
        language: words.language,
        ..View::default()
    };
    // What cannot be drawn has nothing inside to link to; its picture says why.
    let charts_inside = folded(workflow, &view).unwrap_or_default();
    let may_open = visitor.holds(workflow.roles.keys().map(String::as_str));
    WorkflowView {
        charts_inside: charts_inside
            .into_iter()
            .map(|state| {
                let title = words.text(&workflow.state_title(state)).to_owned();
                (link(&chart, &[("only", state)]), title)
            })
            .collect(),
        chart,
        name: workflow.name.clone(),
        title: words.text(&workflow.title).to_owned(),
        more: more(workflow, words),
        href: may_open.then(|| link("/desk/new", &[("workflow", &workflow.name)])),
        clocks: workflow
            .clocks
            .values()
            .map(|clock| {
                let budget = clock.policy.goal.text();
                let budget = words.with(
                    "clock-budget",
                    [
                        ("effect", &words.t(effect_key(clock.effect))),
                        ("budget", words.text(&budget)),
                    ],
                );
                let law = clock.law.as_ref().map(|law| words.text(law).to_owned());
                (words.text(&clock.title).to_owned(), budget, law)
            })
            .collect(),
        papers: papers(workflow, words),
        states: workflow
            .states
            .values()
            .filter(|state| state.kind != StateKind::History)
            .map(|state| {
                (
                    depth(workflow, state.parent.as_deref()),
                    words.text(&state.title).to_owned(),
                )
            })
            .collect(),
    }
}

/// Returns how many states are around a state, as far as the page shows it.
fn depth<'a>(workflow: &'a Workflow, mut parent: Option<&'a str>) -> usize {
    const DEPTH_MAX: usize = 4;
    let mut depth = 0;
    while let Some(name) = parent.filter(|_| depth < DEPTH_MAX) {
        depth += 1;
        parent = workflow
            .states
            .get(name)
            .and_then(|state| state.parent.as_deref());
    }
    depth
}
