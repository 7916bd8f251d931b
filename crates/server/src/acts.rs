use groundbreak_workflow::{NextAct, Situation};

use crate::address::{encode, link};
use crate::app::{App, OpenCase};
use crate::visitor::Visitor;
use crate::words::Words;

/// Returns the acts whose turn it is: those of the main path. What lies off it, like withdrawing,
/// is nobody's turn.
pub(crate) fn due_acts(situation: &Situation) -> impl Iterator<Item = &NextAct> + Clone {
    situation.acts.iter().filter(|act| !act.aside)
}

/// Something that leads a case on.
#[derive(Clone, Debug)]
pub(crate) struct ActView {
    pub(crate) title: String,
    /// `4 项条件已全部满足`.
    pub(crate) state: String,
    pub(crate) checks: Vec<Check>,
    /// The roles that may.
    pub(crate) who: String,
    pub(crate) doing: Doing,
    /// What is missing.
    pub(crate) lacking: String,
    /// Where to hand in the first paper that is missing.
    pub(crate) href: Option<String>,
}

/// What this visitor can do about an act.
#[derive(Clone, Debug)]
pub(crate) enum Doing {
    /// Fill in its form.
    Form(String),
    /// In a demonstration, become somebody who may.
    Switch {
        account: String,
        label: String,
        next: String,
    },
    /// Wait for others.
    Others(String),
    /// Nothing, until what is missing is there.
    Locked,
}

/// One thing that must hold before an act.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) title: String,
    pub(crate) open: bool,
    pub(crate) law: String,
    /// Where to hand in the paper.
    pub(crate) href: Option<String>,
}

impl ActView {
    pub(crate) fn of(act: &NextAct, open: &OpenCase, visitor: &Visitor, app: &App) -> Self {
        let words = visitor.look.words;
        let checks = checks(act, &open.situation.number, words);
        let missing: Vec<&Check> = checks.iter().filter(|check| !check.open).collect();
        let state = match (act.open, checks.is_empty()) {
            (true, true) => String::new(),
            (true, false) => words.n("checks-all", checks.len()),
            (false, _) => words.n("checks-missing", missing.len()),
        };
        let lacking = words.with(
            "lacking",
            [
                ("n", &missing.len().to_string()),
                (
                    "what",
                    &words.list(missing.iter().map(|check| check.with_law(words))),
                ),
            ],
        );
        Self {
            title: words.text(&act.title).to_owned(),
            state,
            who: words.s(
                "act-by",
                words.list(act.by.iter().map(|role| words.text(&role.title))),
            ),
            doing: doing(act, &open.situation.number, visitor, app),
            lacking,
            href: missing.iter().find_map(|check| check.href.clone()),
            checks,
        }
    }
}

impl Check {
    fn with_law(&self, words: Words) -> String {
        if self.law.is_empty() {
            self.title.clone()
        } else {
            words.with("with-law", [("what", &self.title), ("law", &self.law)])
        }
    }
}

/// Returns the address of the form of an act.
pub(crate) fn form_href(number: &str, event: &str) -> String {
    format!("/cases/{}/acts/{}", encode(number), encode(event))
}

/// Returns the address of a paper.
pub(crate) fn paper_href(number: &str, document: &str) -> String {
    format!("/cases/{}/papers/{}", encode(number), encode(document))
}

fn doing(act: &NextAct, number: &str, visitor: &Visitor, app: &App) -> Doing {
    let words = visitor.look.words;
    let form = form_href(number, &act.event);
    if !act.open {
        return Doing::Locked;
    }
    if visitor.holds(act.by.iter().map(|role| role.name.as_str())) {
        return Doing::Form(form);
    }
    let able = stand_ins(act.by.iter().map(|role| role.name.as_str()), app).next();
    match able {
        Some(account) => Doing::Switch {
            account: account.id.clone(),
            label: words.with(
                "act-as",
                [
                    ("who", account.name_in(words.language)),
                    ("act", words.text(&act.title)),
                ],
            ),
            next: form,
        },
        None => Doing::Others(words.s(
            "act-by",
            words.list(act.by.iter().map(|role| words.text(&role.title))),
        )),
    }
}

/// Returns the example accounts that hold one of these roles; nobody outside a demonstration.
pub(crate) fn stand_ins<'a>(
    roles: impl IntoIterator<Item = &'a str>,
    app: &'a App,
) -> impl Iterator<Item = &'a crate::accounts::Account> {
    let roles: Vec<&str> = if app.demo {
        roles.into_iter().collect()
    } else {
        Vec::new()
    };
    app.accounts
        .iter()
        .map(AsRef::as_ref)
        .filter(move |account| roles.iter().any(|role| account.roles.contains(*role)))
}

/// Returns everything that must hold before an act: papers, gates, conditions.
pub(crate) fn checks(act: &NextAct, number: &str, words: Words) -> Vec<Check> {
    let documents = act.documents.iter().map(|need| Check {
        title: words.s("check-paper", words.text(&need.title)),
        open: need.present,
        law: String::new(),
        href: (!need.present).then(|| paper_href(number, &need.name)),
    });
    let gates = act.gates.iter().map(|gate| Check {
        title: words.text(&gate.title).to_owned(),
        open: gate.open,
        law: gate
            .law
            .as_ref()
            .map(|law| words.text(law).to_owned())
            .unwrap_or_default(),
        href: None,
    });
    let conditions = act.conditions.iter().map(|condition| Check {
        title: words.s("check-condition", &condition.source),
        open: false,
        law: String::new(),
        href: None,
    });
    // What is missing stands first.
    let mut checks: Vec<Check> = documents.chain(gates).chain(conditions).collect();
    checks.sort_by_key(|check| check.open);
    checks
}

/// Returns the address of this page with the note that something was done.
pub(crate) fn done_href(number: &str, revision: u64) -> String {
    link(
        &format!("/cases/{}", encode(number)),
        &[("done", &revision.to_string())],
    )
}
