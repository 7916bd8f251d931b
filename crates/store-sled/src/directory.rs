use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use groundbreak_store::Cause;

use crate::{OpenError, Part};

/// The layout this release writes. It reads all earlier ones, and marks the directory anew before
/// it writes to it.
pub(crate) const FORMAT: u32 = 3;

const FORMAT_PREFIX: &str = "groundbreak-store-sled ";

/// How long a directory may be in use before that is an error: a process that was just stopped
/// needs a moment until the system lets go of its locks.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// A directory that is ours, locked.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    // Held for its lock alone.
    _lock: File,
}

impl Directory {
    /// Makes or checks the directory, and locks it. Nothing in it is changed before it is known
    /// to be ours and of a format that this release may write.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        create(path)?;
        check(path)?;
        let lock = lock(path)?;
        // Another process may have been here between the check and the lock.
        if check(path)?.is_none() {
            sync_above(path)?;
            write_format(path)?;
        }
        let directory = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        directory.remove_torn_snapshots()?;
        Ok(directory)
    }

    /// Marks a directory of an earlier format as one of today's, before it is written to: the
    /// release that made it would not understand what is written now.
    pub(crate) fn mark(&self) -> Result<(), OpenError> {
        match check(&self.path)? {
            Some(FORMAT) => Ok(()),
            _ => write_format(&self.path),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn sled(&self) -> PathBuf {
        self.path.join("sled")
    }

    pub(crate) fn anchor(&self) -> PathBuf {
        self.path.join("anchor")
    }

    /// An opening that was interrupted leaves a snapshot behind that sled would read and reject
    /// for ever. sled writes it anew from its log.
    fn remove_torn_snapshots(&self) -> Result<(), OpenError> {
        let sled = self.sled();
        let entries = match fs::read_dir(&sled) {
            Ok(entries) => entries,
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(()),
            Err(err) => return Err(io(&sled, "reading", err)),
        };
        for entry in entries {
            let entry = entry.map_err(|err| io(&sled, "reading", err))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("snap.") && name.ends_with(".generating") {
                fs::remove_file(entry.path()).map_err(|err| io(&entry.path(), "removing", err))?;
                tracing::warn!(file = %entry.path().display(), "removed an unfinished snapshot");
            }
        }
        Ok(())
    }

    /// Makes durable that the files are there. sled syncs neither its directory nor all of its
    /// files.
    pub(crate) fn sync(&self) -> Result<(), OpenError> {
        let sled = self.sled();
        let entries = fs::read_dir(&sled).map_err(|err| io(&sled, "reading", err))?;
        for entry in entries {
            let path = entry.map_err(|err| io(&sled, "reading", err))?.path();
            sync(&path)?;
        }
        sync(&sled)?;
        sync(&self.path)
    }
}

fn create(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAStore {
            path: path.to_owned(),
            found: "a file".to_owned(),
        }),
        Err(err) if err.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(path).map_err(|err| io(path, "creating", err))
        }
        Err(err) => Err(io(path, "reading", err)),
    }
}

/// Makes durable that a new directory is there. Each one above it may be new too, made by this
/// opening or by one that was interrupted.
fn sync_above(path: &Path) -> Result<(), OpenError> {
    for above in path.ancestors().skip(1) {
        let above = if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        };
        // One that cannot be read, or that has nothing to sync, is not one we made.
        let Ok(opened) = File::open(above) else {
            continue;
        };
        match opened.sync_all() {
            Err(err)
                if !matches!(
                    err.kind(),
                    ErrorKind::InvalidInput
                        | ErrorKind::ReadOnlyFilesystem
                        | ErrorKind::Unsupported
                ) =>
            {
                return Err(io(above, "syncing", err));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns the format of the directory, or `None` when it is empty.
pub(crate) fn check(path: &Path) -> Result<Option<u32>, OpenError> {
    let file = path.join("format");
    let mut text = String::new();
    match File::open(&file) {
        Ok(opened) => {
            let damaged = |_| OpenError::Damaged {
                path: path.to_owned(),
                part: Part::Format,
                place: "format".to_owned(),
            };
            opened
                .take(256)
                .read_to_string(&mut text)
                .map_err(damaged)?;
        }
        Err(err) if err.kind() == ErrorKind::NotFound => return check_empty(path),
        Err(err) => return Err(io(&file, "opening", err)),
    }
    let version = text
        .strip_prefix(FORMAT_PREFIX)
        .and_then(|rest| rest.trim_end().parse::<u32>().ok())
        .filter(|version| *version > 0);
    match version {
        Some(found) if found > FORMAT => Err(OpenError::FutureFormat {
            path: path.to_owned(),
            found,
            supported: FORMAT,
        }),
        Some(found) => Ok(Some(found)),
        None => Err(OpenError::Damaged {
            path: path.to_owned(),
            part: Part::Format,
            place: "format".to_owned(),
        }),
    }
}

fn check_empty(path: &Path) -> Result<Option<u32>, OpenError> {
    let entries = fs::read_dir(path).map_err(|err| io(path, "reading", err))?;
    for entry in entries {
        let entry = entry.map_err(|err| io(path, "reading", err))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What an opening leaves behind that was interrupted before it wrote the format.
        if name != "lock" && name != "format.new" {
            return Err(OpenError::NotAStore {
                path: path.to_owned(),
                found: name,
            });
        }
    }
    Ok(None)
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = path.join("lock");
    let opened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&file)
        .map_err(|err| io(&file, "opening", err))?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match opened.try_lock() {
            Ok(()) => return Ok(opened),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(50));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(err)) => return Err(io(&file, "locking", err)),
        }
    }
}

/// Writes the mark under another name first, so that it is there whole or not at all.
fn write_format(path: &Path) -> Result<(), OpenError> {
    let new = path.join("format.new");
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(format!("{FORMAT_PREFIX}{FORMAT}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path.join("format"))
    };
    write().map_err(|err| io(&new, "writing", err))?;
    sync(path)
}

fn sync(path: &Path) -> Result<(), OpenError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|err| io(path, "syncing", err))
}

pub(crate) fn io(path: &Path, action: &'static str, source: impl Into<Cause>) -> OpenError {
    OpenError::Io {
        path: path.to_owned(),
        action,
        source: source.into(),
    }
}
