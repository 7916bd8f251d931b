//! The library that is preloaded into a writing process, to record or to disturb what it does.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The library, compiled.
pub(crate) struct Shim {
    folder: TempDir,
}

impl Shim {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The tests of the archive have this file too.
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../store-sled/tests/power-cut/shim.c");
        let compiled = Command::new("cc")
            .args(["-O1", "-Wall", "-shared", "-fPIC", "-o"])
            .arg(folder.path().join("shim.so"))
            .arg(source)
            .args(["-ldl", "-lpthread"])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success(), "{told}");
        Self { folder }
    }

    /// Preloads it, for what happens below a directory.
    pub(crate) fn preload(&self, command: &mut Command, root: &Path) {
        command
            .env("LD_PRELOAD", self.folder.path().join("shim.so"))
            .env("GROUNDBREAK_SHIM_ROOT", root)
            .env("GROUNDBREAK_SHIM_HANG", self.hang())
            .env("GROUNDBREAK_SHIM_FULL", self.full());
    }

    /// While this file exists, syncing waits.
    pub(crate) fn hang(&self) -> PathBuf {
        self.folder.path().join("hang")
    }

    /// While this file exists, no file grows.
    pub(crate) fn full(&self) -> PathBuf {
        self.folder.path().join("full")
    }
}
