use std::collections::BTreeMap;
use std::sync::Arc;

use groundbreak_sla::{Calendar, CalendarSpec};

use crate::compile::compile;
use crate::{Diagnostic, Refusal, Text, Workflow};

/// Compiled workflows and the calendars they count on.
#[derive(Clone, Debug, Default)]
pub struct Library {
    specs: BTreeMap<String, CalendarSpec>,
    calendars: BTreeMap<String, Arc<Calendar>>,
    /// Every version of every calendar, the highest included.
    versions: BTreeMap<(String, u32), Arc<Calendar>>,
    workflows: BTreeMap<(String, u32), Arc<Workflow>>,
}

/// Why a text was not added to a library. The library is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// The text has faults.
    #[error("{} fault(s); the first: {}", .0.len(), .0.first().map(|fault| fault.message.to_string()).unwrap_or_default())]
    Faults(Vec<Diagnostic>),
    /// This version was published with another text. A published text never changes.
    #[error("version {version} of {name} was published with another text; raise the version")]
    VersionTaken {
        /// Name of the workflow.
        name: String,
        /// The version.
        version: u32,
    },
}

impl Library {
    /// Returns a library with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads, checks and adds a calendar; one that it inherits from is added before.
    ///
    /// Workflows that are added afterwards count on the highest version of a name. Those that are
    /// there keep the version they were added with, and learn of the higher one: cases follow it
    /// by [`crate::Act::FollowCalendar`]. A calendar that inherits from this one does not change;
    /// it is added anew, with its version raised.
    ///
    /// # Errors
    ///
    /// [`LibraryError::Faults`].
    pub fn add_calendar(&mut self, source: &str) -> Result<Arc<Calendar>, LibraryError> {
        let (spec, calendar) =
            crate::compile::compile_calendar(source, &self.specs).map_err(LibraryError::Faults)?;
        let calendar = Arc::new(calendar);
        let newest = self.calendars.get(calendar.id());
        if newest.is_none_or(|newest| newest.version() <= calendar.version()) {
            self.specs.insert(spec.id.clone(), spec);
            self.calendars
                .insert(calendar.id().to_owned(), Arc::clone(&calendar));
        }
        let key = (calendar.id().to_owned(), calendar.version());
        self.versions.insert(key, Arc::clone(&calendar));
        for workflow in self.workflows.values_mut() {
            if workflow.learns_from(&calendar) {
                Arc::make_mut(workflow).learn(&calendar);
            }
        }
        Ok(calendar)
    }

    /// Compiles and adds a workflow. Adding the same text again changes nothing.
    ///
    /// # Errors
    ///
    /// [`LibraryError::Faults`] with everything wrong with it; [`LibraryError::VersionTaken`] when
    /// the version is there with another text.
    pub fn add_workflow(&mut self, source: &str) -> Result<Arc<Workflow>, LibraryError> {
        let mut workflow =
            compile(source, &self.calendars, &self.specs).map_err(LibraryError::Faults)?;
        // A case that is carried over to it may have counted on an earlier one.
        let id = workflow.calendar.id().to_owned();
        let earlier = (id.clone(), 0)..(id, workflow.calendar.version());
        for (_, calendar) in self.versions.range(earlier) {
            workflow.calendars = workflow.calendars.with(Arc::clone(calendar));
        }
        let key = (workflow.name.clone(), workflow.version);
        if let Some(present) = self.workflows.get(&key) {
            return if present.digest == workflow.digest {
                Ok(Arc::clone(present))
            } else {
                Err(LibraryError::VersionTaken {
                    name: key.0,
                    version: key.1,
                })
            };
        }
        let workflow = Arc::new(workflow);
        self.workflows.insert(key, Arc::clone(&workflow));
        Ok(workflow)
    }

    /// Checks a block that stands by itself, and returns its name. What it holds is checked where it
    /// is used.
    ///
    /// # Errors
    ///
    /// [`LibraryError::Faults`].
    pub fn check_block(&self, source: &str) -> Result<String, LibraryError> {
        crate::source::check_length(source)
            .and_then(|()| crate::block::check(source))
            .map_err(LibraryError::Faults)
    }

    /// Returns a workflow by name, in this version or the newest.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownWorkflow`].
    pub fn workflow(&self, name: &str, version: Option<u32>) -> Result<&Arc<Workflow>, Refusal> {
        let found = match version {
            Some(version) => self.workflows.get(&(name.to_owned(), version)),
            None => self
                .workflows
                .range((name.to_owned(), 0)..=(name.to_owned(), u32::MAX))
                .next_back()
                .map(|(_, w)| w),
        };
        found.ok_or_else(|| Refusal::UnknownWorkflow {
            workflow: name.to_owned(),
            version,
            known: self
                .newest()
                .map(|workflow| workflow.name.clone())
                .collect(),
        })
    }

    /// Returns the newest version of every workflow, by name.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        let mut following = self.workflows.keys().skip(1);
        self.workflows
            .iter()
            .filter(move |((name, _), _)| following.next().is_none_or(|(next, _)| next != name))
            .map(|(_, workflow)| workflow)
    }

    /// Returns every version of every workflow, by name and version.
    pub fn workflows(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.workflows.values()
    }

    /// Returns the calendars, by name.
    pub fn calendars(&self) -> impl Iterator<Item = &Arc<Calendar>> {
        self.calendars.values()
    }
}

impl LibraryError {
    /// Returns what was wrong and what to do, in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::Faults(faults) => Text::new(
                format!(
                    "定义有 {} 处错误。请用 groundbreak check 查看。",
                    faults.len()
                ),
                format!(
                    "The definition has {} fault(s). See them with groundbreak check.",
                    faults.len()
                ),
            ),
            Self::VersionTaken { name, version } => Text::new(
                format!("{name} 第 {version} 版已以另一文本发布。请提高 version。"),
                format!(
                    "Version {version} of {name} was published with another text. Raise `version`."
                ),
            ),
        }
    }
}
