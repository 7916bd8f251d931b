//! A note outside sled of what was acknowledged.
//!
//! sled can come back shorter than it was without saying so, when a damaged part of its log
//! makes it stop reading early. The anchor shows that. It has two slots that are written in
//! turn, so that a torn write leaves the other; it is written by a thread of its own, so that
//! no acknowledgement waits for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::mem;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::value::{HEAD_BYTES, Head};

const SLOT_BYTES: usize = 512;
const MAGIC: &[u8; 8] = b"GBANCHOR";

/// The least time between two writes.
const INTERVAL: Duration = Duration::from_millis(200);

/// What the anchor file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is no file.
    Missing,
    /// Neither slot can be read.
    Damaged,
    /// The journal reached this head; the next write has this number.
    At { head: Head, next: u64 },
}

pub(crate) fn read(path: &Path) -> io::Result<Found> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file
            .take(2 * SLOT_BYTES as u64)
            .read_to_end(&mut bytes)
            .map(|_| ())?,
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Found::Missing),
        Err(err) => return Err(err),
    };
    let latest = bytes
        .chunks(SLOT_BYTES)
        .filter_map(read_slot)
        .max_by_key(|(number, _)| *number);
    Ok(match latest {
        Some((number, head)) => Found::At {
            head,
            next: number + 1,
        },
        None => Found::Damaged,
    })
}

fn read_slot(slot: &[u8]) -> Option<(u64, Head)> {
    let rest = slot.strip_prefix(MAGIC)?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let (head, rest) = rest.split_at_checked(HEAD_BYTES)?;
    let (sum, _) = rest.split_first_chunk::<4>()?;
    if slot_sum(number, head) != *sum {
        return None;
    }
    let number = u64::from_be_bytes(*number);
    // Nobody writes that often: it is damage that the checksum did not show.
    (number < u64::MAX).then_some((number, Head::read(head)?))
}

fn slot_sum(number: &[u8], head: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(number);
    hasher.update(head);
    hasher.finalize().to_be_bytes()
}

/// The open file.
struct Slots {
    file: File,
    next: u64,
}

impl Slots {
    fn write(&mut self, head: &Head) -> io::Result<()> {
        let number = self.next.to_be_bytes();
        let head = head.write();
        let mut slot = Vec::with_capacity(SLOT_BYTES);
        slot.extend_from_slice(MAGIC);
        slot.extend_from_slice(&number);
        slot.extend_from_slice(&head);
        slot.extend_from_slice(&slot_sum(&number, &head));
        slot.resize(SLOT_BYTES, 0);
        let place = (self.next % 2) * SLOT_BYTES as u64;
        self.file.seek(SeekFrom::Start(place))?;
        self.file.write_all(&slot)?;
        self.file.sync_data()?;
        self.next += 1;
        Ok(())
    }
}

/// The thread that keeps the anchor.
#[derive(Debug)]
pub(crate) struct Anchor {
    wish: Arc<Wish>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Wish {
    state: Mutex<WishState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct WishState {
    head: Option<Head>,
    closing: bool,
    /// Whether the thread sleeps until there is a head: only then it need be woken for one.
    idle: bool,
    failure: Option<String>,
}

impl Anchor {
    /// Writes this head, and starts the thread. A new file is written under another name first, so that
    /// it is there whole or not at all.
    pub(crate) fn start(path: &Path, head: &Head, next: u64) -> io::Result<Self> {
        let new = path.with_extension("new");
        let is_new = !path.try_exists()?;
        let file = OpenOptions::new()
            .create(is_new)
            .truncate(is_new)
            .write(true)
            .open(if is_new { &new } else { path })?;
        let mut slots = Slots { file, next };
        slots.write(head)?;
        slots.file.sync_all()?;
        if is_new {
            fs::rename(&new, path)?;
        }
        let wish = Arc::new(Wish::default());
        let thread = thread::Builder::new()
            .name("groundbreak-anchor".to_owned())
            .spawn({
                let wish = Arc::clone(&wish);
                move || wish.fulfil(slots)
            })?;
        Ok(Self { wish, thread })
    }

    /// Tells that everything up to this head was made durable.
    ///
    /// Fails with what went wrong when the anchor could not be written: without it a lost tail
    /// would not be noticed, so nothing more may be acknowledged.
    pub(crate) fn advance(&self, head: Head) -> Result<(), String> {
        let mut state = self
            .wish
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.head = Some(head);
        if mem::take(&mut state.idle) {
            self.wish.changed.notify_one();
        }
        match &state.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }

    /// Writes what is not written yet, and ends the thread.
    pub(crate) fn close(self) -> Result<(), String> {
        {
            let mut state = self
                .wish
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            state.closing = true;
            self.wish.changed.notify_one();
        }
        let joined = self.thread.join();
        let state = self
            .wish
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (&state.failure, joined) {
            (Some(failure), _) => Err(failure.clone()),
            (None, Err(_)) => Err("the thread that writes the anchor panicked".to_owned()),
            (None, Ok(())) => Ok(()),
        }
    }
}

impl Wish {
    fn fulfil(&self, mut slots: Slots) {
        loop {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let mut state = self
                .changed
                .wait_while(state, |state| {
                    state.idle = state.head.is_none() && !state.closing;
                    state.idle
                })
                .unwrap_or_else(PoisonError::into_inner);
            let Some(head) = state.head.take() else {
                return;
            };
            drop(state);
            let written = slots.write(&head);
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(err) = written {
                tracing::error!(error = %err, "the anchor could not be written");
                state.failure = Some(format!("the anchor could not be written: {err}"));
                return;
            }
            // Only closing cuts the pause short.
            drop(
                self.changed
                    .wait_timeout_while(state, INTERVAL, |state| !state.closing)
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(stamp: u64) -> Head {
        Head {
            stamp,
            record: stamp,
            hash: [stamp as u8; 32],
        }
    }

    #[test]
    fn the_last_head_is_found_when_the_other_slot_is_torn() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("anchor");
        assert_eq!(read(&path).unwrap(), Found::Missing);
        let anchor = Anchor::start(&path, &head(1), 0).unwrap();
        anchor.advance(head(2)).unwrap();
        anchor.close().unwrap();
        let both = std::fs::read(&path).unwrap();
        let at = |stamp: u64, next| Found::At {
            head: head(stamp),
            next,
        };
        assert_eq!(read(&path).unwrap(), at(2, 2));

        for slot in [0, 1] {
            let mut torn = both.clone();
            torn[slot * SLOT_BYTES + 40] ^= 1;
            std::fs::write(&path, &torn).unwrap();
            let other = if slot == 0 { at(2, 2) } else { at(1, 1) };
            assert_eq!(read(&path).unwrap(), other);
            torn[(1 - slot) * SLOT_BYTES + 40] ^= 1;
            std::fs::write(&path, &torn).unwrap();
            assert_eq!(read(&path).unwrap(), Found::Damaged);
        }
        std::fs::write(&path, b"").unwrap();
        assert_eq!(read(&path).unwrap(), Found::Damaged);
    }
}
