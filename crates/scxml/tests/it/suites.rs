//! Where the suites lie, and how to say something even if a test passes.

use std::io::Write as _;
use std::path::{Path, PathBuf};

pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Returns a file of a suite; what is not absolute counts from the workspace.
pub(crate) fn suite(file: &str) -> PathBuf {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = std::env::var_os("GROUNDBREAK_SUITES").map(PathBuf::from);
    workspace
        .join(named.unwrap_or_else(|| "../shared/suites".into()))
        .join(file)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a suite is a file; the crate itself reads none"
)]
pub(crate) fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
