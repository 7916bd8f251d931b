//! File systems of a test's own: full ones, and ones that cannot be written. The tests of the command
//! line have this file too.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A file system of its own, for as long as this lives.
pub(crate) struct Mount {
    folder: TempDir,
}

impl Mount {
    /// Mounts something, or says aloud that it cannot: only root can.
    pub(crate) fn new(arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if !mount(arguments, folder.path()) {
            eprintln!("SKIPPED: only root can mount, so this was not tested");
            return None;
        }
        Some(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Changes how it is mounted. Returns whether it could.
    pub(crate) fn remount(&self, options: &str) -> bool {
        mount(&["-o", &format!("remount,{options}")], self.path())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a process may still be ending in it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn mount(arguments: &[&str], path: &Path) -> bool {
    let mut mount = Command::new("mount");
    let mounted = mount.args(arguments).arg(path).output();
    mounted.is_ok_and(|output| output.status.success())
}

/// Writes zeros until nothing more fits.
pub(crate) fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
}
