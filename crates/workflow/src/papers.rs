//! The checklist of a case: which documents it needs, and which of them are owed.

use crate::definition::DocumentClass;
use crate::situation::{DocumentNeed, Paper, RoleRef};
use crate::task_force::holds;
use crate::workflow::{Document, Transition};
use crate::{Actor, Case, Refusal, Text, Workflow};

impl Workflow {
    /// Tells whether a case asks for a document, by its class and by the facts known. A condition
    /// that asks for a fact nobody has recorded does not hold.
    pub fn needs_document(&self, case: &Case, document: &str) -> bool {
        self.documents
            .get(document)
            .is_some_and(|document| match document.class {
                DocumentClass::Main | DocumentClass::Secondary => true,
                DocumentClass::Conditional => needed(document, case),
                DocumentClass::Shared | DocumentClass::Output => false,
            })
    }

    /// Returns the documents that stand before an event, given the transitions it would take. What
    /// depends on facts that are still `asked` is left out, and so is a conditional document that
    /// is not needed.
    pub(crate) fn papers_before(
        &self,
        case: &Case,
        event: &str,
        transitions: &[&Transition],
        asked: &[String],
    ) -> Vec<DocumentNeed> {
        let required = transitions
            .iter()
            .flat_map(|transition| &transition.requires);
        let awaited = case
            .deferrals
            .keys()
            .filter(|document| self.awaits(event, document));
        let mut needs: Vec<DocumentNeed> = Vec::new();
        for name in required.chain(awaited) {
            if needs.iter().any(|need| need.name == *name) || !self.stands_before(case, name, asked)
            {
                continue;
            }
            let due_at = case
                .deferred_until(name)
                .filter(|_| !self.awaits(event, name));
            needs.push(DocumentNeed {
                name: name.clone(),
                title: self.document_title(name),
                present: case.has_document(name) || due_at.is_some(),
                due_at,
            });
        }
        needs
    }

    /// Tells whether a document that a transition names stands before it in this case.
    fn stands_before(&self, case: &Case, name: &str, asked: &[String]) -> bool {
        let Some(document) = self.documents.get(name) else {
            return true;
        };
        match &document.needed_if {
            None => true,
            Some(condition) => {
                !asked.iter().any(|field| condition.reads(field)) && needed(document, case)
            }
        }
    }

    /// Returns the checklist of a case.
    pub(crate) fn papers(&self, case: &Case) -> Vec<Paper> {
        let mut papers: Vec<Paper> = self
            .documents
            .iter()
            .map(|(name, document)| self.paper(case, name, document))
            .collect();
        papers.sort_by_key(|paper| {
            (
                !paper.missing,
                paper.missing && paper.class == DocumentClass::Secondary,
                paper.due_at.is_none(),
                !paper.needed,
            )
        });
        papers
    }

    fn paper(&self, case: &Case, name: &str, document: &Document) -> Paper {
        let versions = case.documents.get(name).cloned().unwrap_or_default();
        let needed = self.needs_document(case, name);
        let due_at = case.deferred_until(name);
        let deferred_by = document
            .deferral
            .as_ref()
            .filter(|_| !self.is_closed(case) && self.check_deferrable(case, name).is_ok())
            .map(|rule| {
                let roles = rule.by.iter();
                roles.map(|role| RoleRef {
                    name: role.clone(),
                    title: self.role_title(role),
                })
            });
        Paper {
            name: name.to_owned(),
            title: document.title.clone(),
            class: document.class,
            law: document.law.clone(),
            needed,
            missing: needed && versions.is_empty() && due_at.is_none(),
            deferral: case.deferrals.get(name).cloned(),
            due_at,
            deferred_by: deferred_by.into_iter().flatten().collect(),
            versions,
        }
    }

    /// Checks that an actor may attach a document: what a step makes is attached by who takes it.
    ///
    /// # Errors
    ///
    /// [`Refusal::RoleNotAllowed`], with the roles that may.
    pub(crate) fn check_may_attach(&self, name: &str, actor: &Actor) -> Result<(), Refusal> {
        let Some(document) = self.documents.get(name) else {
            return Ok(());
        };
        let by = &document.attached_by;
        if by.is_empty() || by.iter().any(|role| actor.roles.contains(role)) {
            return Ok(());
        }
        Err(Refusal::RoleNotAllowed {
            act: Text::new(
                format!("上传{}", document.title.zh),
                format!("Attach: {}", document.title.en),
            ),
            needed: by.iter().map(|role| self.role_title(role)).collect(),
            held: actor.roles.iter().cloned().collect(),
        })
    }
}

fn needed(document: &Document, case: &Case) -> bool {
    let condition = document.needed_if.as_ref();
    condition.is_none_or(|condition| holds(condition, case))
}
