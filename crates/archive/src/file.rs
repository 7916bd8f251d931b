//! Files that are there whole or not at all, readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use crate::{ArchiveError, Fault};

pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Writes under another name first, makes that durable, and puts it in its place. The name is
/// durable when the directory is.
pub(crate) fn put(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
    let new = directory.join(format!("{name}.new"));
    let write = || {
        let mut file = options()
            .create(true)
            .write(true)
            .truncate(true)
            .open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, directory.join(name))
    };
    write().map_err(|source| ArchiveError::io(&new, "writing", source))
}

pub(crate) fn sync(directory: &Path) -> Result<(), ArchiveError> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|source| ArchiveError::io(directory, "syncing", source))
}

/// Makes durable that a new directory is there. Each one above it may be new too, made by this
/// opening or by one that was interrupted. `store-sled` keeps the same rule for its directory.
pub(crate) fn sync_above(path: &Path) -> Result<(), ArchiveError> {
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
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::InvalidInput
                        | ErrorKind::ReadOnlyFilesystem
                        | ErrorKind::Unsupported
                ) =>
            {
                return Err(ArchiveError::io(above, "syncing", error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads the first `bytes` of a file.
pub(crate) fn read(path: &Path, bytes: u64) -> Result<Vec<u8>, ArchiveError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(ArchiveError::damaged(path, None, Fault::Missing));
        }
        Err(error) => return Err(ArchiveError::io(path, "opening", error)),
    };
    let mut read = Vec::new();
    file.take(bytes)
        .read_to_end(&mut read)
        .map_err(|source| ArchiveError::io(path, "reading", source))?;
    if u64::try_from(read.len()).is_ok_and(|found| found < bytes) {
        return Err(ArchiveError::damaged(path, None, Fault::Short));
    }
    Ok(read)
}
