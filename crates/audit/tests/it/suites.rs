//! Where the suites are.

use std::path::{Path, PathBuf};

/// The directory of a suite; `None`, aloud, if it is not there.
pub(crate) fn suite(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GROUNDBREAK_SUITES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("NOT RUN: there is no suite `{name}` at {}", path.display());
    None
}

/// Reads a file of a suite.
#[allow(
    clippy::disallowed_methods,
    reason = "the room reads no file; its tests read what they compare it with"
)]
pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
