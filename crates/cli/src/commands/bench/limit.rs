//! The limit of the disk: a file to which a thread appends what waits, with one `fdatasync` for all
//! of it. A journal without states, indexes and look-ups could do no better.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

/// How many appends may wait.
const WAITING_MAX: usize = 4_096;

type Waiting = (Vec<u8>, oneshot::Sender<io::Result<()>>);

/// A file that takes appends from many and syncs them in groups.
#[derive(Clone, Debug)]
pub(crate) struct PlainFile {
    appends: mpsc::Sender<Waiting>,
}

impl PlainFile {
    /// Makes the file, and the thread that writes it until the last handle is gone.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(path)?;
        let (appends, mut waiting) = mpsc::channel::<Waiting>(WAITING_MAX);
        std::thread::spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let mut group = vec![first];
                while let Ok(next) = waiting.try_recv() {
                    group.push(next);
                }
                write(&mut file, group);
            }
        });
        Ok(Self { appends })
    }

    /// Appends bytes; they are durable when this returns `Ok`.
    pub(crate) async fn append(&self, bytes: Vec<u8>) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let (reply, durable) = oneshot::channel();
        self.appends
            .send((bytes, reply))
            .await
            .map_err(|_| gone())?;
        durable.await.map_err(|_| gone())?
    }
}

fn write(file: &mut File, group: Vec<Waiting>) {
    let groups: Vec<&[u8]> = group.iter().map(|(bytes, _)| bytes.as_slice()).collect();
    let bytes = groups.concat();
    let written = file.write_all(&bytes).and_then(|()| file.sync_data());
    for (_, reply) in group {
        let answer = match &written {
            Ok(()) => Ok(()),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        // Who asked may be gone.
        let _ = reply.send(answer);
    }
}

/// Returns how long each of `count` appends of `length` bytes with their `fdatasync` took, one after
/// the other and by nobody else.
pub(crate) fn syncs(path: &Path, length: usize, count: usize) -> io::Result<Vec<Duration>> {
    let mut file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(path)?;
    let bytes = vec![0x5a; length];
    (0..count)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&bytes)?;
            file.sync_data()?;
            Ok(begun.elapsed())
        })
        .collect()
}
