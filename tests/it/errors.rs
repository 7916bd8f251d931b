//! Every stable code has a page.

use std::collections::BTreeSet;

use crate::{root, sources};

/// The codes that stand in the sources: lower-case words joined by hyphens, where a code is given.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        for path in sources(&entry.unwrap().path().join("src")) {
            let source = std::fs::read_to_string(&path).unwrap();
            // `fn code` lists the codes of an error type; `fault` and `Diagnostic::new` take one.
            for (at, _) in source.match_indices("fn code(") {
                let body = &source[at..];
                let body = &body[..body.find("\n    }\n").unwrap_or(body.len())];
                codes.extend(quoted(body));
            }
            for call in ["Diagnostic::new(", "fault(", "fault_with_help(", "unknown("] {
                for (at, _) in source.match_indices(call) {
                    let rest = source[at + call.len()..].trim_start();
                    codes.extend(
                        rest.strip_prefix('"')
                            .and_then(|rest| rest.split_once('"'))
                            .map(|(code, _)| code.to_owned()),
                    );
                }
            }
        }
    }
    codes.retain(|code| {
        code.contains('-')
            && code
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    });
    codes
}

fn quoted(text: &str) -> impl Iterator<Item = String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned)
}

#[test]
fn every_code_has_a_page_in_both_languages_and_every_page_a_code() {
    let codes = codes();
    assert!(
        codes.contains("gate-closed") && codes.contains("unknown-state"),
        "{codes:?}"
    );
    let folder = root().join("docs/errors");
    let pages: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "README")
        .collect();
    let missing: Vec<_> = codes.difference(&pages).collect();
    assert!(
        missing.is_empty(),
        "codes without a page in docs/errors: {missing:?}"
    );
    let stray: Vec<_> = pages.difference(&codes).collect();
    assert!(stray.is_empty(), "pages without a code: {stray:?}");
    for page in &pages {
        let text = std::fs::read_to_string(folder.join(format!("{page}.md"))).unwrap();
        assert!(
            text.contains(&format!("# {page}")),
            "{page}.md does not name its code"
        );
        assert!(
            text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
            "{page}.md has no Chinese"
        );
    }
}
