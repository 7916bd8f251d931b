//! What an opinion rests on: the documents that were reviewed, by their digests, and the facts taken for granted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::{Case, Data, Entry, Text, Workflow};

/// What an opinion was given on.
///
/// # Source
///
/// 预审 (review before the award) is converted into a formal decision only when every document and fact is unchanged:
/// docs/decisions/0030-an-opinion-is-bound.md.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// SHA-256 of the documents that were there, by their names.
    pub documents: BTreeMap<String, String>,
    /// The facts that were known.
    pub data: Data,
}

impl Case {
    /// Tells whether all that the opinion given in a state is bound to is as it was then. It is where nothing is bound.
    #[must_use]
    pub fn is_unchanged(&self, state: &str) -> bool {
        let Some(binding) = self.bound.get(state) else {
            return true;
        };
        let documents = binding.documents.iter().all(|(document, digest)| {
            let newest = self.documents.get(document).and_then(|it| it.last());
            newest.is_some_and(|newest| newest.digest == *digest)
        });
        let mut facts = binding.data.iter();
        documents && facts.all(|(fact, value)| self.data.get(fact) == Some(value))
    }
}

impl Draft<'_> {
    /// Records what the opinions are bound to that are given by entering these states.
    pub(crate) fn bind(&mut self, entered: &[String]) {
        for state in entered {
            let face = self.workflow.states.get(state);
            let Some(binds) = face.and_then(|face| face.binds.as_ref()) else {
                continue;
            };
            let documents = binds.documents.iter().filter_map(|document| {
                let newest = self.case.documents.get(document)?.last()?;
                Some((document.clone(), newest.digest.clone()))
            });
            let data = binds.facts.iter().filter_map(|fact| {
                let value = self.case.data.get(fact)?;
                Some((fact.clone(), value.clone()))
            });
            let bound = Entry::Bound {
                state: state.clone(),
                documents: documents.collect(),
                data: data.collect(),
            };
            self.record(bound);
        }
    }
}

impl Workflow {
    /// Says what an opinion is bound to: the beginning of each digest, and the facts; `None` for other entries.
    #[must_use]
    pub fn binding_text(&self, entry: &Entry) -> Option<Text> {
        let Entry::Bound {
            state,
            documents,
            data,
        } = entry
        else {
            return None;
        };
        let state = self.state_title(state);
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        for (document, digest) in documents {
            let title = self.document_title(document);
            let short = digest.get(..12).unwrap_or(digest);
            zh.push(format!("{} {short}…", title.zh));
            en.push(format!("{} {short}…", title.en));
        }
        for (fact, value) in data {
            let title = self.fields.get(fact).map(|field| &field.title);
            let title = title.cloned().unwrap_or_else(|| Text::new(fact, fact));
            zh.push(format!("{} {value}", title.zh));
            en.push(format!("{} {value}", title.en));
        }
        Some(Text::new(
            format!("“{}”的依据：{}", state.zh, zh.join("、")),
            format!("\"{}\" rests on {}", state.en, en.join(", ")),
        ))
    }
}
