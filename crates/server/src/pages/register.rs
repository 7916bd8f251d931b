//! The register of the district, with what leaders, teams and chains have brought.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_audit::{Project, RegisterStanding};
use groundbreak_workflow::{Outings, Quantity, Saying, Text};

use super::page;
use crate::address::encode;
use crate::app::App;
use crate::frame::Frame;
use crate::problem::Problem;
use crate::register::Standing;
use crate::report::CASES_MAX;
use crate::visitor::Visitor;
use crate::words::{Words, count};

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage {
    f: Frame,
    w: Words,
    title: String,
    summary: String,
    /// The workflow whose cases are projects.
    workflow: String,
    cut: Option<String>,
    plan: Option<(String, Vec<String>)>,
    quota: Option<String>,
    leaders: Vec<LeaderView>,
    without_leader: Vec<ProjectView>,
    rules: String,
    clause: Option<String>,
    teams: Vec<TeamView>,
    chains: Vec<ChainView>,
    rosters: Vec<(String, String)>,
    outings: Vec<OutingsView>,
}

struct LeaderView {
    title: String,
    kind: String,
    met: bool,
    projects: Vec<ProjectView>,
}

struct ProjectView {
    href: String,
    title: String,
    yuan: String,
}

struct TeamView {
    title: String,
    kind: String,
    pledge: String,
    attracted: String,
    points: String,
    credits: Vec<CreditView>,
}

struct CreditView {
    href: String,
    title: String,
    because: String,
    points: String,
}

struct ChainView {
    title: String,
    groups: String,
    projects: usize,
    yuan: String,
}

struct OutingsView {
    title: String,
    said: String,
    rows: Vec<OutingView>,
}

struct OutingView {
    title: String,
    days: String,
    led_by: String,
    persons: u64,
}

/// `GET /audit/register`
pub(crate) async fn register(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let computed = Standing::compute(&app).await?;
    let standing = &computed.standing;
    let template = RegisterPage {
        f: Frame::new(
            &app,
            &visitor.look,
            Some(&visitor.account),
            app.engine.now(),
        ),
        w: words,
        title: words.text(&standing.title).to_owned(),
        summary: words.with(
            "register-summary",
            [
                ("attracted", &*amount(standing.attracted, words)),
                ("target", &amount(standing.target, words)),
                ("stretch", &amount(standing.stretch, words)),
                ("until", &standing.appraisal.until),
            ],
        ),
        workflow: app
            .district
            .as_ref()
            .map(|district| district.appraisal.workflow.clone())
            .unwrap_or_default(),
        cut: computed.cut.then(|| words.n("audit-cut", CASES_MAX)),
        plan: standing.plan.as_ref().map(|plan| {
            let clauses = plan.clauses.values();
            (
                words.text(&plan.title).to_owned(),
                clauses
                    .map(|clause| words.text(clause).to_owned())
                    .collect(),
            )
        }),
        quota: standing.leader_quota.as_ref().map(|quota| {
            words.with(
                "register-quota",
                [
                    ("need", &*quota.need.to_string()),
                    ("over", &amount(quota.over, words)),
                ],
            )
        }),
        leaders: standing
            .leaders
            .iter()
            .map(|leader| LeaderView {
                title: words.text(&leader.leader.title).to_owned(),
                kind: words.text(&leader.leader.kind.text()).to_owned(),
                met: leader.met,
                projects: projects(&leader.projects, words),
            })
            .collect(),
        without_leader: projects(&standing.without_leader, words),
        rules: words.text(&standing.appraisal.rules).to_owned(),
        clause: clause(standing, words),
        teams: teams(standing, words),
        chains: standing
            .chains
            .iter()
            .map(|chain| ChainView {
                title: words.text(&chain.chain.title).to_owned(),
                groups: words.list(chain.chain.groups.iter().map(|group| words.text(group))),
                projects: chain.projects.len(),
                yuan: amount(chain.yuan, words),
            })
            .collect(),
        rosters: standing
            .rosters
            .iter()
            .map(|roster| {
                let numbers = [
                    ("batch", i64::from(roster.roster.batch)),
                    ("count", i64::from(roster.roster.count)),
                    ("days", i64::from(roster.roster.days)),
                    ("leads", count(roster.leads.len())),
                ];
                (
                    words.text(&roster.roster.title).to_owned(),
                    words.numbers("register-roster", numbers),
                )
            })
            .collect(),
        outings: [
            ("register-trips", &standing.trips),
            ("register-courses", &standing.courses),
        ]
        .into_iter()
        .filter(|(_, outings)| !outings.list.is_empty())
        .map(|(key, outings)| outings_view(key, outings, words))
        .collect(),
    };
    Ok(page(StatusCode::OK, &template))
}

fn amount(yuan: i64, words: Words) -> String {
    words
        .text(&Saying::exactly(Quantity::Yuan { yuan }))
        .to_owned()
}

fn projects(projects: &[Project], words: Words) -> Vec<ProjectView> {
    let view = |project: &Project| ProjectView {
        href: format!("/cases/{}", encode(&project.number)),
        title: project.title.clone(),
        yuan: amount(project.yuan, words),
    };
    projects.iter().map(view).collect()
}

fn clause(standing: &RegisterStanding, words: Words) -> Option<String> {
    let clause = standing.appraisal.clause.as_ref()?;
    let clause = standing.plan.as_ref()?.clauses.get(clause)?;
    Some(words.text(clause).to_owned())
}

fn teams(standing: &RegisterStanding, words: Words) -> Vec<TeamView> {
    let teams = standing.appraisal.teams.iter();
    teams
        .map(|team| TeamView {
            title: words.text(&team.team.title).to_owned(),
            kind: words.text(&team.team.kind_title).to_owned(),
            pledge: amount(team.team.pledge, words),
            attracted: amount(team.attracted, words),
            points: team.points(),
            credits: team
                .projects
                .iter()
                .map(|credit| CreditView {
                    href: format!("/cases/{}", encode(&credit.number)),
                    title: credit.title.clone(),
                    because: words.text(&credit.because).to_owned(),
                    points: credit.points(),
                })
                .collect(),
        })
        .collect()
}

fn outings_view(key: &str, outings: &Outings, words: Words) -> OutingsView {
    let text = |text: &Text| words.text(text).to_owned();
    OutingsView {
        title: words.t(key),
        said: words.s("register-persons", text(&outings.said)),
        rows: outings
            .list
            .values()
            .map(|outing| OutingView {
                title: text(&outing.title),
                days: if outing.from == outing.to {
                    outing.from.clone()
                } else {
                    format!("{} – {}", outing.from, outing.to)
                },
                led_by: outing.led_by.as_ref().map(text).unwrap_or_default(),
                persons: outing.persons(),
            })
            .collect(),
    }
}
