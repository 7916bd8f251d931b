//! Calendars and workflows, as they were published.
//!
//! Each is one metadata entry of the store: the key `definition/` and a number of ten digits, in
//! the order they were published; the value one line that says `calendar` or `workflow`, and then
//! the text. Adding them to a library in that order gives every workflow the calendar it was
//! published against, on every node and after every start.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use groundbreak_store::{Put, PutError, ReadError, Store};
use groundbreak_workflow::sla::{Calendar, CalendarRef};
use groundbreak_workflow::{Diagnostic, Library, LibraryError, Limits, Text, Workflow};
use tokio::sync::Mutex;

use crate::Failure;

pub(crate) const PREFIX: &str = "definition/";
const KEYS_AT_ONCE: usize = 1_000;
/// How often a publication tries anew, because another node published at the same time.
const ATTEMPTS_MAX: usize = 16;

/// Why something was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The text has faults, or its version is taken by another text. Nothing was written.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// It could not be done, and nothing was written.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The calendar is published, and not all open cases follow it yet: a case does before its
    /// next command or timer, and all do when the same text is published again or the engine is
    /// opened the next time.
    #[error("the calendar is published, and not all open cases follow it yet")]
    Unfollowed {
        /// Why not all.
        #[source]
        source: Failure,
    },
    /// The store cannot say whether it was written. Publishing the same text again is harmless.
    #[error("it is unknown whether the definition was published")]
    Unknown {
        /// What went wrong below.
        #[source]
        source: PutError,
    },
}

impl PublishError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Library(LibraryError::Faults(_)) => "definition-faults",
            Self::Library(LibraryError::VersionTaken { .. }) => "version-taken",
            Self::Failed(failure) => failure.code(),
            Self::Unfollowed { .. } => "calendar-not-followed",
            Self::Unknown { .. } => "outcome-unknown",
        }
    }

    /// Returns what went wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Library(error) => error.text(),
            Self::Failed(failure) => failure.text(),
            Self::Unfollowed { .. } => Text::new(
                "日历已发布，但尚有在办件未按它重算。请用同一文本再发布一次。",
                "The calendar is published, and not all open cases follow it yet. Publish the same text again.",
            ),
            Self::Unknown { .. } => Text::new(
                "尚不能确定是否已发布。请用同一文本再发布一次，重复发布没有影响。",
                "It is not known whether this was published. Publish the same text again; doing so twice is harmless.",
            ),
        }
    }
}

/// What was published, in memory and in the store.
pub(crate) struct Definitions {
    store: Arc<dyn Store>,
    published: RwLock<Arc<Published>>,
    /// Held while something is published or read from the store.
    publishing: Mutex<()>,
}

/// What one state of the store's definitions amounts to.
#[derive(Clone, Default)]
pub(crate) struct Published {
    pub(crate) library: Library,
    /// Every text of a calendar, by its name and version.
    calendars: BTreeMap<(String, u32), Arc<str>>,
    /// Newer versions of calendars, in the order they were published.
    pub(crate) amendments: Vec<Amendment>,
    /// The number of the last entry.
    last: u64,
}

/// A newer version of a calendar, which open cases are to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Amendment {
    /// The number of the entry it was published by.
    pub(crate) number: u64,
    /// The version.
    pub(crate) calendar: CalendarRef,
}

/// What was added, and whether it was not there before.
type Added<T> = (Arc<T>, bool);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Calendar,
    Workflow,
}

/// Why an entry of the store could not be added to a library.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("the definition under {key} is not one")]
    Unreadable { key: String },
    #[error("the definition under {key} has faults")]
    Rejected {
        key: String,
        #[source]
        source: LibraryError,
    },
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Kind {
    const fn line(self) -> &'static str {
        match self {
            Self::Calendar => "calendar\n",
            Self::Workflow => "workflow\n",
        }
    }

    /// Returns the stored form of a text.
    fn entry(self, source: &str) -> Vec<u8> {
        [self.line(), source].concat().into_bytes()
    }

    /// Reads a stored form.
    fn read(entry: &[u8]) -> Option<(Self, &str)> {
        let text = std::str::from_utf8(entry).ok()?;
        [Self::Calendar, Self::Workflow]
            .into_iter()
            .find_map(|kind| Some((kind, text.strip_prefix(kind.line())?)))
    }
}

impl Published {
    /// Adds a calendar, as the entry of this number. One that was published before is not new, whether or not it is the newest.
    fn add_calendar(&mut self, source: &str, number: u64) -> Result<Added<Calendar>, LibraryError> {
        let mut library = self.library.clone();
        let calendar = library.add_calendar(source)?;
        let key = (calendar.id().to_owned(), calendar.version());
        match self.calendars.get(&key) {
            Some(present) if **present == *source => Ok((calendar, false)),
            Some(_) => Err(LibraryError::VersionTaken {
                name: key.0,
                version: key.1,
            }),
            None => {
                let earlier = (key.0.clone(), 0)..key.clone();
                if self.calendars.range(earlier).next().is_some() {
                    self.amendments.push(Amendment {
                        number,
                        calendar: calendar.reference().clone(),
                    });
                }
                self.library = library;
                self.calendars.insert(key, source.into());
                Ok((calendar, true))
            }
        }
    }

    /// Adds a workflow, as the entry of this number.
    fn add_workflow(&mut self, source: &str, _: u64) -> Result<Added<Workflow>, LibraryError> {
        let before = self.library.workflows().count();
        let workflow = self.library.add_workflow(source)?;
        let new = self.library.workflows().count() > before;
        Ok((workflow, new))
    }
}

/// Adds a workflow that is published now: it has to be sound. One that was published before, by a
/// program that proved less, is there all the same.
fn add_sound_workflow(
    published: &mut Published,
    source: &str,
    number: u64,
) -> Result<Added<Workflow>, LibraryError> {
    let (workflow, new) = published.add_workflow(source, number)?;
    if new {
        let soundness = workflow.soundness(&Limits::default());
        let errors: Vec<Diagnostic> = soundness.errors().cloned().collect();
        if !errors.is_empty() {
            return Err(LibraryError::Faults(errors));
        }
    }
    Ok((workflow, new))
}

impl Definitions {
    /// Reads everything that was published.
    pub(crate) async fn load(store: Arc<dyn Store>) -> Result<Self, LoadError> {
        let definitions = Self {
            store,
            published: RwLock::default(),
            publishing: Mutex::default(),
        };
        definitions.refresh().await?;
        Ok(definitions)
    }

    /// Returns what was published as far as this node knows.
    pub(crate) fn published(&self) -> Arc<Published> {
        Arc::clone(
            &self
                .published
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Returns the number of the newest publication that this node knows.
    pub(crate) fn publication(&self) -> u64 {
        let published = self.published.read();
        published.unwrap_or_else(PoisonError::into_inner).last
    }

    /// Reads what other nodes have published since, and tells whether there was anything.
    pub(crate) async fn refresh(&self) -> Result<bool, LoadError> {
        let _publishing = self.publishing.lock().await;
        self.read_new().await
    }

    /// Publishes a calendar. A text that was published before is not published again.
    pub(crate) async fn publish_calendar(
        &self,
        source: String,
    ) -> Result<Arc<Calendar>, PublishError> {
        self.publish(Kind::Calendar, source, Published::add_calendar)
            .await
    }

    /// Publishes a workflow that is sound. A text that was published before is not published again.
    pub(crate) async fn publish_workflow(
        &self,
        source: String,
    ) -> Result<Arc<Workflow>, PublishError> {
        self.publish(Kind::Workflow, source, add_sound_workflow)
            .await
    }

    async fn publish<T: Send + Sync + 'static>(
        &self,
        kind: Kind,
        source: String,
        add: fn(&mut Published, &str, u64) -> Result<Added<T>, LibraryError>,
    ) -> Result<Arc<T>, PublishError> {
        let _publishing = self.publishing.lock().await;
        let entry = kind.entry(&source);
        let source: Arc<str> = source.into();
        for _ in 0..ATTEMPTS_MAX {
            let mut published = Published::clone(&self.published());
            let text = Arc::clone(&source);
            let (mut published, added) = blocking(move || {
                let number = published.last + 1;
                let added = add(&mut published, &text, number);
                (published, added)
            })
            .await?;
            let (added, new) = added?;
            if !new {
                return Ok(added);
            }
            published.last += 1;
            let key = key(published.last);
            match self.put(&key, entry.clone()).await {
                Ok(()) => {
                    self.replace(published);
                    return Ok(added);
                }
                // Another node was first. What it published may matter to this text.
                Err(PutError::Exists) => {
                    self.read_new().await.map_err(|error| match error {
                        LoadError::Failed(failure) => failure,
                        other => Failure::Program {
                            source: other.into(),
                        },
                    })?;
                }
                Err(source @ PutError::Unknown { .. }) => {
                    return Err(PublishError::Unknown { source });
                }
                Err(source @ (PutError::TooLarge { .. } | PutError::Malformed { .. })) => {
                    return Err(Failure::TooLarge {
                        source: source.into(),
                    }
                    .into());
                }
                Err(source) => {
                    return Err(Failure::StoreUnavailable {
                        source: source.into(),
                    }
                    .into());
                }
            }
        }
        Err(Failure::StoreUnavailable {
            source: "others publish all the time".into(),
        }
        .into())
    }

    /// Writes an entry, and settles an unknown outcome when the store can.
    async fn put(&self, key: &str, entry: Vec<u8>) -> Result<(), PutError> {
        match self
            .store
            .put_metadata(key, entry.clone(), Put::Create)
            .await
        {
            Err(unknown @ PutError::Unknown { .. }) => match self.store.metadata(key).await {
                Ok(Some(found)) if found == entry => Ok(()),
                Ok(Some(_)) => Err(PutError::Exists),
                Ok(None) | Err(_) => Err(unknown),
            },
            other => other,
        }
    }

    async fn read_new(&self) -> Result<bool, LoadError> {
        let mut published = Published::clone(&self.published());
        let before = published.last;
        loop {
            let after = key(published.last);
            let keys = self
                .store
                .list_metadata(PREFIX, &after, KEYS_AT_ONCE)
                .await
                .map_err(Failure::from)?;
            if keys.is_empty() {
                break;
            }
            let mut entries = Vec::with_capacity(keys.len());
            for key in keys {
                let entry = self.store.metadata(&key).await.map_err(Failure::from)?;
                let entry = entry.ok_or_else(|| {
                    LoadError::from(Failure::from(ReadError::Damaged { place: key.clone() }))
                })?;
                entries.push((key, entry));
            }
            published = blocking(move || {
                for (key, entry) in entries {
                    published.add(&key, &entry)?;
                }
                Ok::<_, LoadError>(published)
            })
            .await
            .map_err(LoadError::from)??;
        }
        let found = published.last > before;
        if found {
            self.replace(published);
        }
        Ok(found)
    }

    fn replace(&self, published: Published) {
        *self
            .published
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
    }
}

impl Published {
    /// Adds what the store keeps under a key.
    pub(crate) fn add(&mut self, key: &str, entry: &[u8]) -> Result<(), LoadError> {
        let number = key
            .strip_prefix(PREFIX)
            .and_then(|number| number.parse().ok())
            .filter(|number| *number > self.last);
        let (Some(number), Some((kind, source))) = (number, Kind::read(entry)) else {
            return Err(LoadError::Unreadable {
                key: key.to_owned(),
            });
        };
        let added = match kind {
            Kind::Calendar => self.add_calendar(source, number).map(|_| ()),
            Kind::Workflow => self.add_workflow(source, number).map(|_| ()),
        };
        added.map_err(|source| LoadError::Rejected {
            key: key.to_owned(),
            source,
        })?;
        self.last = number;
        Ok(())
    }
}

fn key(number: u64) -> String {
    format!("{PREFIX}{number:010}")
}

/// Compiles away from the threads that serve commands: a large definition takes a while.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::Program {
            source: error.into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_as_it_was_written() {
        let rows = [
            (Kind::Calendar, "id: hall\n"),
            (Kind::Workflow, "workflow: 登记"),
            (Kind::Workflow, "calendar\n"),
            (Kind::Calendar, ""),
        ];
        for (kind, source) in rows {
            assert_eq!(Kind::read(&kind.entry(source)), Some((kind, source)));
        }
        for entry in [&b""[..], b"calendar", b"user\nx", b"workflow\n\xff"] {
            assert_eq!(Kind::read(entry), None);
        }
    }

    #[test]
    fn keys_sort_as_their_numbers_do() {
        assert!(key(9) < key(10));
        assert!(*key(0) > *PREFIX);
    }
}
