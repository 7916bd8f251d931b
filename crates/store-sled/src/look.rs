use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::anchor::{self, Found};
use crate::directory::{check, io};
use crate::{OpenError, Part};

/// What can be seen of a store without opening it. Looking changes nothing in the directory.
#[derive(Debug)]
#[non_exhaustive]
pub struct Look {
    /// Whether another process has it open. What else is seen may change meanwhile.
    pub in_use: bool,
    /// The version of its layout; `None` in a directory that nothing was written to.
    pub format: Option<u32>,
    /// Snapshots of sled that were not finished. Opening removes them.
    pub unfinished: Vec<PathBuf>,
    /// The number of the last write that is known to have been acknowledged; `None` without an
    /// anchor.
    pub acknowledged: Option<u64>,
    /// The bytes of sled's own file; `None` when it is not there.
    pub database_bytes: Option<u64>,
    /// The bytes of all files.
    pub bytes: u64,
    /// A file that cannot be opened for writing, and why.
    pub unwritable: Option<(PathBuf, std::io::Error)>,
}

impl Look {
    /// Looks at the directory of a store.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotAStore`], [`OpenError::FutureFormat`]; [`OpenError::Damaged`] for the
    /// format and the anchor, and when the database is not there; [`OpenError::Io`] when it
    /// cannot be read.
    pub fn at(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let found = fs::metadata(path).map_err(|err| io(path, "reading", err))?;
        if !found.is_dir() {
            return Err(OpenError::NotAStore {
                path: path.to_owned(),
                found: "a file".to_owned(),
            });
        }
        let format = check(path)?;
        let damaged = |part, place: &str| OpenError::Damaged {
            path: path.to_owned(),
            part,
            place: place.to_owned(),
        };
        let anchor = path.join("anchor");
        let acknowledged = match anchor::read(&anchor).map_err(|err| io(&anchor, "reading", err))? {
            Found::Missing => None,
            Found::Damaged => return Err(damaged(Part::Anchor, "anchor")),
            Found::At { head, .. } => Some(head.stamp),
        };
        let database = path.join("sled").join("db");
        let database_bytes = match fs::metadata(&database) {
            Ok(found) => Some(found.len()),
            Err(err) if err.kind() == ErrorKind::NotFound => None,
            Err(err) => return Err(io(&database, "reading", err)),
        };
        if acknowledged.is_some_and(|stamp| stamp > 0) && database_bytes.unwrap_or(0) == 0 {
            return Err(damaged(Part::Pages, "sled/db"));
        }
        let mut look = Self {
            in_use: in_use(path)?,
            format,
            unfinished: Vec::new(),
            acknowledged,
            database_bytes,
            bytes: 0,
            unwritable: None,
        };
        for name in ["lock", "anchor", "sled/db"] {
            let file = path.join(name);
            match OpenOptions::new().write(true).open(&file) {
                Ok(_) => {}
                Err(err) if err.kind() == ErrorKind::NotFound => {}
                Err(err) => {
                    look.unwritable = Some((file, err));
                    break;
                }
            }
        }
        look.measure(path)?;
        look.unfinished.sort();
        Ok(look)
    }

    fn measure(&mut self, folder: &Path) -> Result<(), OpenError> {
        let failed = |err| io(folder, "reading", err);
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let found = match entry.metadata() {
                Ok(found) => found,
                // A process that has it open removes files.
                Err(err) if err.kind() == ErrorKind::NotFound => continue,
                Err(err) => return Err(failed(err)),
            };
            if found.is_dir() {
                self.measure(&entry.path())?;
                continue;
            }
            self.bytes += found.len();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("snap.") && name.ends_with(".generating") {
                self.unfinished.push(entry.path());
            }
        }
        Ok(())
    }
}

/// Asks for the lock, and lets go of it at once.
fn in_use(path: &Path) -> Result<bool, OpenError> {
    let file = path.join("lock");
    let opened = match File::open(&file) {
        Ok(opened) => opened,
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(false),
        Err(err) => return Err(io(&file, "opening", err)),
    };
    match opened.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(err)) => Err(io(&file, "locking", err)),
    }
}
