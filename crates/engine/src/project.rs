//! A project: all cases that serve it, from the lead to production.

use std::collections::{BTreeSet, VecDeque};

use groundbreak_workflow::{Case, CaseId};

use crate::{Engine, Failure, ListOrder, ListQuery};

/// The most cases of a project that are found.
const CASES_MAX: usize = 500;
/// Asked of the store at once.
const PAGE: usize = 200;

/// The cases of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its code, as its standard writes it.
    pub code: String,
    /// Its cases, in the order they were opened.
    pub cases: Vec<ProjectCase>,
    /// Whether there are more than are found.
    pub cut: bool,
}

/// A case of a project, and why it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectCase {
    /// The case.
    pub case: CaseId,
    /// Why.
    pub belongs: Belongs,
}

/// Why a case belongs to a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Belongs {
    /// It carries the code of the project.
    Carries,
    /// It was opened by a case of the project.
    Child,
    /// It is linked to a case that carries the code, and carries no other.
    Linked,
}

impl Engine {
    /// Returns a project by its code, as its standard writes it; `None` when no case carries it.
    ///
    /// Its cases are those that carry the code in a fact of type `project_code`, the children of these and theirs, and
    /// the cases that any of the former is linked to in either direction, unless they carry the code of another project. At
    /// most 500 are found.
    ///
    /// # Errors
    ///
    /// As the store says, or a case of the project is damaged.
    pub async fn project(&self, code: &str) -> Result<Option<Project>, Failure> {
        let carries = self
            .every(ListQuery {
                project: Some(code.to_owned()),
                ..oldest()
            })
            .await?;
        if carries.is_empty() {
            return Ok(None);
        }
        let mut found: BTreeSet<CaseId> = carries.iter().copied().collect();
        let mut cases: Vec<(CaseId, Belongs)> = carries
            .iter()
            .map(|case| (*case, Belongs::Carries))
            .collect();
        let mut parents = VecDeque::from(carries.clone());
        for case in carries {
            for linked in self.linked(case).await? {
                let is_new = !found.contains(&linked) && cases.len() < CASES_MAX;
                if is_new && self.projects_of_itself(linked).await?.is_empty() {
                    found.insert(linked);
                    cases.push((linked, Belongs::Linked));
                }
            }
        }
        while let Some(parent) = parents.pop_front().filter(|_| cases.len() < CASES_MAX) {
            let children = ListQuery {
                parent: Some(parent),
                ..oldest()
            };
            for child in self.every(children).await? {
                if found.insert(child) {
                    cases.push((child, Belongs::Child));
                    parents.push_back(child);
                }
            }
        }
        let cut = cases.len() >= CASES_MAX;
        cases.truncate(CASES_MAX);
        let mut opened = Vec::with_capacity(cases.len());
        for (case, belongs) in cases {
            if let Some(known) = self.case(case).await? {
                opened.push((known.opened_at, ProjectCase { case, belongs }));
            }
        }
        opened.sort_by_key(|(opened_at, member)| (*opened_at, member.case));
        Ok(Some(Project {
            code: code.to_owned(),
            cases: opened.into_iter().map(|(_, member)| member).collect(),
            cut,
        }))
    }

    /// Returns the codes of the projects a case belongs to: its own; else those of the case that opened it, and of the
    /// cases it is linked to.
    ///
    /// # Errors
    ///
    /// As [`Engine::project`].
    pub async fn projects_of(&self, case: &Case) -> Result<Vec<String>, Failure> {
        let mut codes: BTreeSet<String> = self.codes(case).into_iter().collect();
        if codes.is_empty() {
            let mut above = case.parent.as_ref().map(|parent| parent.case);
            // A case that opens itself would never end.
            for _ in 0..CASES_MAX {
                let Some(parent) = above.take() else { break };
                let Some(parent) = self.case(parent).await? else {
                    break;
                };
                codes.extend(self.codes(&parent));
                above = parent
                    .parent
                    .as_ref()
                    .filter(|_| codes.is_empty())
                    .map(|parent| parent.case);
            }
        }
        if codes.is_empty() {
            for linked in self.linked(case.id).await? {
                codes.extend(self.projects_of_itself(linked).await?);
            }
        }
        Ok(codes.into_iter().collect())
    }

    /// Returns the other open cases of the same workflow that may be about the same, by the facts it names under `same_by`:
    /// two leads of one investor, say. At most 500.
    ///
    /// # Errors
    ///
    /// As the store says.
    pub async fn same_as(&self, case: &Case) -> Result<Vec<CaseId>, Failure> {
        let workflow = self.workflow(&case.workflow, Some(case.version));
        let same = workflow.map_or_else(|_| Vec::new(), |workflow| workflow.same_terms(case));
        if same.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self
            .every(ListQuery {
                workflow: Some(case.workflow.clone()),
                same,
                ..oldest()
            })
            .await?;
        found.retain(|other| *other != case.id);
        Ok(found)
    }

    /// The cases that this one is linked to, in either direction.
    async fn linked(&self, case: CaseId) -> Result<BTreeSet<CaseId>, Failure> {
        let to_it = ListQuery {
            linked: Some(case),
            ..oldest()
        };
        let mut linked: BTreeSet<CaseId> = self.every(to_it).await?.into_iter().collect();
        if let Some(known) = self.case(case).await? {
            linked.extend(known.links.iter().map(|link| link.case));
        }
        Ok(linked)
    }

    async fn projects_of_itself(&self, case: CaseId) -> Result<Vec<String>, Failure> {
        let case = self.case(case).await?;
        Ok(case.map_or_else(Vec::new, |case| self.codes(&case)))
    }

    fn codes(&self, case: &Case) -> Vec<String> {
        // A case whose workflow is not published carries nothing that can be read.
        let workflow = self.workflow(&case.workflow, Some(case.version));
        workflow.map_or_else(
            |_| Vec::new(),
            |workflow| {
                let codes = workflow.projects(case).into_iter();
                codes.map(str::to_owned).collect()
            },
        )
    }

    /// Returns the cases of all pages, up to what a project may have.
    async fn every(&self, mut query: ListQuery) -> Result<Vec<CaseId>, Failure> {
        let mut cases = Vec::new();
        while cases.len() < CASES_MAX {
            let page = self.list(&query).await?;
            cases.extend(page.cases);
            let Some(next) = page.next else { break };
            query.after = Some(next);
        }
        cases.truncate(CASES_MAX);
        Ok(cases)
    }
}

fn oldest() -> ListQuery {
    ListQuery {
        order: ListOrder::Oldest,
        ..ListQuery::all(PAGE)
    }
}
