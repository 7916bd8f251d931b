use std::fs::File;
use std::mem;
use std::sync::Arc;

use groundbreak_store::{AppendError, Appended, Cause, Put, PutError};
use sled::{Db, Tree};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::anchor::Anchor;
use crate::appending::Appending;
use crate::failure::{Failure, guarded};
use crate::group::{Group, Ledger, Publication};
use crate::published::{Published, Shared};
use crate::recent::Recent;
use crate::value::Head;
use crate::watchdog::Watchdog;
use crate::writes::Writes;

/// The most commands of one group. More would only make each wait longer: sled's cost is per
/// value, and the sync is shared by then.
const GROUP_COMMANDS_MAX: usize = 512;

/// The payload after which a group takes no further command.
const GROUP_BYTES_MAX: u32 = 1024 * 1024;

/// What the writer is asked to do.
pub(crate) struct Request {
    pub(crate) work: Work,
    /// How much memory the request takes; given back when it is answered.
    pub(crate) weight: OwnedSemaphorePermit,
}

pub(crate) enum Work {
    Append {
        append: Appending,
        reply: oneshot::Sender<Result<Appended, AppendError>>,
    },
    Put {
        key: String,
        value: Vec<u8>,
        put: Put,
        reply: oneshot::Sender<Result<(), PutError>>,
    },
    Remove {
        key: String,
        reply: oneshot::Sender<Result<(), PutError>>,
    },
    /// To store every state. The answer is where the journal ended when none was missing.
    Save { reply: oneshot::Sender<Head> },
}

/// An answer that waits until the group it rests on is durable. Refusals wait as well: what
/// they refuse for may be in the group.
enum Answer {
    Append(
        oneshot::Sender<Result<Appended, AppendError>>,
        Result<Appended, AppendError>,
    ),
    Put(oneshot::Sender<Result<(), PutError>>, Result<(), PutError>),
    Save(oneshot::Sender<Head>),
}

/// How far a group came before something failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was handed to sled.
    Building,
    /// Any part of it may be on the disk.
    Writing,
}

/// The one thread that writes.
pub(crate) struct Writer {
    pub(crate) tree: Tree,
    pub(crate) db: Db,
    /// sled's own file, for the sync that sled's flush is not.
    pub(crate) file: File,
    pub(crate) ledger: Ledger,
    pub(crate) shared: Arc<Shared>,
    pub(crate) anchor: Anchor,
    pub(crate) watchdog: Watchdog,
}

impl Writer {
    /// Serves requests until every sender is gone. Returns why it ended badly, if it did.
    pub(crate) fn run(mut self, mut requests: mpsc::Receiver<Request>) -> Result<(), String> {
        while let Some(first) = requests.blocking_recv() {
            let group = gather(first, &mut requests);
            self.watchdog.began();
            let served = self.serve(group);
            if let Err(reason) = served.and(self.watchdog.ended()) {
                self.fail(&reason, requests);
                return Err(reason);
            }
        }
        self.close()
    }

    fn serve(&mut self, requests: Vec<Request>) -> Result<(), String> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut weights = Vec::with_capacity(requests.len());
        let mut stage = Stage::Building;
        let mut rest = requests.into_iter();
        let written = guarded(|| {
            self.ledger.trim();
            let mut group = Group::new(&self.ledger);
            let published = self.shared.published()?;
            for request in rest.by_ref() {
                weights.push(request.weight);
                if let Err((failed, failure)) = add(
                    &mut group,
                    &self.tree,
                    &published,
                    &self.shared.recent,
                    &mut self.ledger,
                    request.work,
                )
                .map(|answer| answers.push(answer))
                {
                    answers.push(failed);
                    return Err(failure);
                }
            }
            let finished = group.finish(&published, &mut self.ledger, false);
            // Readers go on, and the writer shows what it wrote at the end.
            drop(published);
            if let Some((writes, publication)) = finished {
                stage = Stage::Writing;
                self.write(writes, publication)?;
            }
            if answers
                .iter()
                .any(|answer| matches!(answer, Answer::Save(_)))
            {
                self.save()?;
            }
            Ok(())
        });
        let outcome = written.map_err(|failure| told(&failure));
        if let Err(reason) = &outcome {
            // Before anybody hears of it, so that nobody reads what may not be there.
            self.shared.end(reason);
        }
        for answer in answers {
            let failed = outcome.as_ref().err();
            answer.send(
                failed.map(|reason| (stage, reason.as_str())),
                self.ledger.head,
            );
        }
        for request in rest {
            refuse(request, outcome.as_ref().err().map_or("", String::as_str));
        }
        outcome
    }

    /// Makes a group durable, and then shows it to readers.
    fn write(&self, writes: Writes, publication: Publication) -> Result<(), Failure> {
        writes.apply(&self.tree)?;
        self.db.flush()?;
        // A sync that failed may have dropped what it should have written, and the next one
        // would succeed without it. So it is never tried again.
        self.file.sync_data()?;
        // What is written to a file that nothing names any more is gone with this process.
        if removed(&self.file)? {
            return Err(Failure::Engine {
                source: "the file of the database was removed".into(),
            });
        }
        let head = self
            .shared
            .publish(|published| publication.apply(published))?;
        self.anchor.advance(head).map_err(|source| Failure::Engine {
            source: source.into(),
        })
    }

    /// Stores every state that waits.
    fn save(&mut self) -> Result<(), Failure> {
        loop {
            let group = Group::new(&self.ledger);
            let published = self.shared.published()?;
            let finished = group.finish(&published, &mut self.ledger, true);
            drop(published);
            match finished {
                Some((writes, publication)) => self.write(writes, publication)?,
                None => return Ok(()),
            }
            // Each is watched by itself: all together may take long on a disk in order.
            let in_time = self.watchdog.ended();
            in_time.map_err(|reason| Failure::Engine {
                source: reason.into(),
            })?;
            self.watchdog.began();
        }
    }

    /// Ends after a failure. Nothing is written any more, and the directory stays locked until
    /// the process ends: sled may still have threads that write to it.
    fn fail(self, reason: &str, mut requests: mpsc::Receiver<Request>) {
        tracing::error!(reason, "the store stopped");
        requests.close();
        while let Some(request) = requests.blocking_recv() {
            refuse(request, reason);
        }
        // Not even taken away from readers: one of them may hang in sled, and would be waited for.
        mem::forget((self.shared, self.tree, self.db));
        // It tells of what was acknowledged before, which is still true.
        if let Err(err) = self.anchor.close() {
            tracing::error!(error = %err, "the anchor was not closed");
        }
    }

    fn close(mut self) -> Result<(), String> {
        self.watchdog.began();
        let saved = guarded(|| self.save()).map_err(|failure| told(&failure));
        if let Err(reason) = saved.and(self.watchdog.ended()) {
            let (_, nobody) = mpsc::channel(1);
            self.shared.end(&reason);
            self.fail(&reason, nobody);
            return Err(reason);
        }
        self.shared.end("the store was closed");
        self.watchdog.began();
        let anchored = self.anchor.close().and(self.watchdog.ended());
        let database = self.shared.take_database();
        let Self {
            tree,
            db,
            file,
            watchdog,
            ..
        } = self;
        // sled waits for its own threads, one of which may have died.
        watchdog.began();
        let put_away = guarded(|| {
            drop((tree, db));
            if let Some(database) = database {
                drop(database.tree);
                drop(database.db);
                file.sync_data()?;
                drop(database.directory);
            }
            Ok(())
        });
        let in_time = watchdog.ended();
        anchored
            .and(put_away.map_err(|failure| told(&failure)))
            .and(in_time)
    }
}

#[cfg(unix)]
fn removed(file: &File) -> std::io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) == 0)
}

/// Nobody can remove a file that is open.
#[cfg(not(unix))]
fn removed(_: &File) -> std::io::Result<bool> {
    Ok(false)
}

/// Takes what waits, up to the bounds of a group. It never waits for more: while one group is
/// synced the next one gathers by itself.
fn gather(first: Request, requests: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let mut bytes = first.weight.num_permits() as u32;
    let mut group = vec![first];
    while group.len() < GROUP_COMMANDS_MAX && bytes < GROUP_BYTES_MAX {
        let Ok(next) = requests.try_recv() else {
            break;
        };
        bytes = bytes.saturating_add(next.weight.num_permits() as u32);
        group.push(next);
    }
    group
}

fn add(
    group: &mut Group,
    tree: &Tree,
    published: &Published,
    recent: &Recent,
    ledger: &mut Ledger,
    work: Work,
) -> Result<Answer, (Answer, Failure)> {
    match work {
        Work::Append { append, reply } => {
            match group.append(tree, published, recent, ledger, append) {
                Ok(result) => Ok(Answer::Append(reply, result)),
                Err(failure) => {
                    let source = Cause::from(told(&failure));
                    let answer = Answer::Append(reply, Err(AppendError::Unavailable { source }));
                    Err((answer, failure))
                }
            }
        }
        Work::Put {
            key,
            value,
            put,
            reply,
        } => Ok(Answer::Put(reply, group.put(ledger, &key, &value, put))),
        Work::Remove { key, reply } => {
            group.remove(ledger, &key);
            Ok(Answer::Put(reply, Ok(())))
        }
        Work::Save { reply } => Ok(Answer::Save(reply)),
    }
}

impl Answer {
    /// Sends the answer; after a failure, what remains of it. Whoever asked may be gone.
    fn send(self, failed: Option<(Stage, &str)>, head: Head) {
        match self {
            Self::Save(reply) => {
                if failed.is_none() {
                    let _ = reply.send(head);
                }
            }
            Self::Append(reply, result) => {
                let result = match (failed, result) {
                    (None, result) => result,
                    (Some((Stage::Writing, reason)), Ok(_)) => Err(AppendError::Unknown {
                        source: reason.into(),
                    }),
                    (Some((_, reason)), _) => Err(AppendError::Unavailable {
                        source: reason.into(),
                    }),
                };
                let _ = reply.send(result);
            }
            Self::Put(reply, result) => {
                let result = match (failed, result) {
                    (None, result) => result,
                    (Some((Stage::Writing, reason)), Ok(())) => Err(PutError::Unknown {
                        source: reason.into(),
                    }),
                    (Some((_, reason)), _) => Err(PutError::Unavailable {
                        source: reason.into(),
                    }),
                };
                let _ = reply.send(result);
            }
        }
    }
}

/// Answers a request that nothing was done for.
fn refuse(request: Request, reason: &str) {
    match request.work {
        Work::Append { reply, .. } => {
            let _ = reply.send(Err(AppendError::Unavailable {
                source: reason.into(),
            }));
        }
        Work::Put { reply, .. } | Work::Remove { reply, .. } => {
            let _ = reply.send(Err(PutError::Unavailable {
                source: reason.into(),
            }));
        }
        // Whoever waits is told why by what is shared.
        Work::Save { reply } => drop(reply),
    }
}

/// The failure and its causes, as one line that can be given to many.
fn told(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut source = std::error::Error::source(failure);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
