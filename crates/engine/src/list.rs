use groundbreak_store::{Cursor, Direction, Query, TermValue};
use groundbreak_workflow::CaseId;
use groundbreak_workflow::sla::Timestamp;

/// A question for cases. Everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Only cases of this workflow.
    pub workflow: Option<String>,
    /// Only cases that are open, or only those that are closed.
    pub status: Option<CaseStatus>,
    /// Only cases in which at least one of these roles may act next. Empty asks for no role.
    pub roles: Vec<String>,
    /// Only cases that are in this state.
    pub state: Option<String>,
    /// Only cases whose most urgent running clock is due before this instant.
    pub due_before: Option<Timestamp>,
    /// Only children of this case.
    pub parent: Option<CaseId>,
    /// Only cases that carry the code of this project, as its standard writes it.
    pub project: Option<String>,
    /// Only cases that were linked to this one.
    pub linked: Option<CaseId>,
    /// Only open cases that are found by at least one of these terms ([`groundbreak_workflow::Workflow::same_terms`]). Empty asks
    /// for none.
    pub same: Vec<String>,
    /// Only cases that this task force stands behind, by its name.
    pub task_force: Option<String>,
    /// Only cases that go first in queues.
    pub fast: bool,
    /// Only open cases that nobody holds.
    pub unheld: bool,
    /// Only cases with an effect that was given up: dead letters.
    pub given_up: bool,
    /// The order of the answer.
    pub order: ListOrder,
    /// Where the page before this one ended: its [`ListPage::next`].
    pub after: Option<Cursor>,
    /// The most cases to return. With 0 they are only counted.
    pub limit: usize,
}

/// Whether a case has reached its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaseStatus {
    /// It has not.
    Open,
    /// It has.
    Closed,
}

/// In which order cases are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListOrder {
    /// By the due instant of the most urgent clock that runs, earliest first. Cases without one
    /// come last.
    #[default]
    MostUrgent,
    /// By the instant they were opened, latest first.
    Newest,
    /// By the instant they were opened, earliest first.
    Oldest,
}

/// One page of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// The cases, in order.
    pub cases: Vec<CaseId>,
    /// How many there are on all pages together.
    pub total: u64,
    /// Where the next page begins; `None` when this is the last one.
    pub next: Option<Cursor>,
}

impl ListQuery {
    /// Returns the question for all cases, the most urgent first, at most `limit` at a time.
    #[must_use]
    pub fn all(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Returns the question as the store understands it.
    pub(crate) fn to_store(&self) -> Query {
        let mut query = Query::all(self.limit);
        if let Some(workflow) = &self.workflow {
            query = query.with("workflow", workflow.as_str());
        }
        if let Some(status) = self.status {
            query = query.with(
                "status",
                match status {
                    CaseStatus::Open => "open",
                    CaseStatus::Closed => "closed",
                },
            );
        }
        if !self.roles.is_empty() {
            let roles = self.roles.iter().cloned().map(TermValue::Text);
            query = query.with_any("role", roles);
        }
        if let Some(state) = &self.state {
            query = query.with("state", state.as_str());
        }
        if let Some(parent) = &self.parent {
            query = query.with("parent", parent.to_string());
        }
        if let Some(project) = &self.project {
            query = query.with("project", project.as_str());
        }
        if let Some(linked) = &self.linked {
            query = query.with("link", linked.to_string());
        }
        if !self.same.is_empty() {
            let same = self.same.iter().cloned().map(TermValue::Text);
            query = query.with_any("same", same);
        }
        if let Some(force) = &self.task_force {
            query = query.with("task_force", force.as_str());
        }
        if self.fast {
            query = query.with("lane", "fast");
        }
        if self.unheld {
            query = query.with("handling", "nobody");
        }
        if self.given_up {
            query = query.with("effect", "given_up");
        }
        if let Some(due_before) = self.due_before {
            query = query.within("due", None, Some(due_before.as_millis()));
        }
        query = match self.order {
            ListOrder::MostUrgent => query.ordered_by("due", Direction::Ascending),
            ListOrder::Newest => query.ordered_by("opened", Direction::Descending),
            ListOrder::Oldest => query.ordered_by("opened", Direction::Ascending),
        };
        query.after = self.after;
        query
    }
}
