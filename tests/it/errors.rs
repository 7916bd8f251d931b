//! Every stable code has a page.

use std::collections::BTreeSet;

use crate::{root, sources};

/// The codes that stand in the sources.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        for path in sources(&entry.unwrap().path().join("src")) {
            if path.ends_with("tests.rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            // What stands behind this line is a test, and its codes are invented.
            let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let conditions = path.components().any(|part| part.as_os_str() == "guard")
                || path.ends_with("guard.rs");
            codes.extend(codes_of(source, conditions));
        }
    }
    codes
}

/// The codes in one source: wherever the program gives one. Only there, since many other words are
/// written like codes.
fn codes_of(source: &str, conditions: bool) -> BTreeSet<String> {
    let mut found: Vec<&str> = Vec::new();
    // These functions list the codes of an error type, or of the statuses of HTTP.
    for list in ["fn code(", "fn of_status("] {
        for rest in after(source, list) {
            let body = &rest[..rest.find("\n    }\n").unwrap_or(rest.len())];
            found.extend(body.split('"').skip(1).step_by(2));
        }
    }
    // These take one as the first argument, in a field, or at the head of a tuple.
    for call in [
        "Diagnostic::new(",
        "fault(",
        "fault_with_help(",
        "faults.add(",
        "faults.add_with_help(",
        "unknown(",
        ".named(",
        "code: ",
        "Some((",
    ] {
        found.extend(after(source, call).filter_map(literal));
    }
    // A problem of HTTP has its status first.
    for rest in after(source, "::new(StatusCode::") {
        found.extend(rest.split_once(',').and_then(|(_, rest)| literal(rest)));
    }
    // The code of an unknown name, beside that of a name that nothing uses.
    for rest in after(source, ".unused(") {
        if let Some(pair) = rest.trim_start().strip_prefix('(') {
            let pair = &pair[..pair.find(')').unwrap()];
            found.extend(pair.split('"').skip(1).step_by(2));
        }
    }
    // Conditions pass theirs through several hands, and write each with this prefix.
    if conditions {
        let prefixed = source.match_indices("\"guard-");
        found.extend(prefixed.filter_map(|(at, _)| literal(&source[at..])));
    }
    let like_a_code = |code: &&str| {
        code.starts_with(|c: char| c.is_ascii_lowercase())
            && code
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    // The names of the functions that ask for a name in quotes, and not codes.
    let functions = ["at", "document", "unchanged"];
    found
        .into_iter()
        .filter(like_a_code)
        .filter(|code| !(conditions && functions.contains(code)))
        .map(str::to_owned)
        .collect()
}

/// What follows each place where `mark` stands.
fn after<'a>(source: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    source
        .match_indices(mark)
        .map(|(at, _)| &source[at + mark.len()..])
}

/// The text between quotes that `source` begins with, if it begins with one.
fn literal(source: &str) -> Option<&str> {
    let rest = source.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(text, _)| text)
}

#[test]
fn a_code_is_found_however_it_is_given() {
    let rows = [
        ("fn code(&self) -> &str {\n\"a-b\"\n    }\n\"no\"", "a-b"),
        ("Diagnostic::new(\n    \"a-b\",\n    span", "a-b"),
        ("self.fault(\"a-b\", span)", "a-b"),
        ("self.faults.add(\n    \"a-b\",\n    span", "a-b"),
        ("self.unused(\n (\"a-b\", \"c\"), names", "a-b c"),
        ("Problem::new(StatusCode::FORBIDDEN, \"a-b\")", "a-b"),
        ("Problem::failed(&error).named(\"a-b\")", "a-b"),
        ("Told {\n    code: \"a\",", "a"),
        ("return Some((\n    \"a-b\",\n    text", "a-b"),
        ("Text::new(\"a-b\", \"c-d\")", ""),
        ("self.fault(\"此处有误\", \"Not here.\")", ""),
    ];
    for (source, expected) in rows {
        let found: Vec<String> = codes_of(source, false).into_iter().collect();
        assert_eq!(found.join(" "), expected, "{source}");
    }
    let condition = "self.named(\"at\", \"guard-unknown-state\", state)";
    assert_eq!(
        codes_of(condition, true),
        BTreeSet::from(["guard-unknown-state".to_owned()])
    );
}

#[test]
fn every_code_has_a_page_in_both_languages_and_every_page_a_code() {
    let codes = codes();
    // One of each kind of place.
    for known in [
        "gate-closed",
        "unknown-state",
        "unused-event",
        "guard-comprehension",
        "calendar-overlap",
        "store-lost-tail",
        "overloaded",
        "cross-site",
        "method-not-allowed",
        "bad-accounts",
        "program-fault",
    ] {
        assert!(codes.contains(known), "{known} is not found: {codes:?}");
    }
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
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for page in &pages {
        let text = std::fs::read_to_string(folder.join(format!("{page}.md"))).unwrap();
        assert!(
            text.starts_with(&format!("# {page}\n")),
            "{page}.md does not begin with its code"
        );
        // One paragraph in each language says what it means and what to do; an example is neither.
        let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        let paragraphs: Vec<&str> = text
            .split("\n\n")
            .skip(1)
            .filter(|part| !part.starts_with("```"))
            .collect();
        assert!(
            paragraphs
                .iter()
                .any(|part| part.chars().filter(|c| chinese(*c)).count() > 8
                    && !part.starts_with("**")),
            "{page}.md has no Chinese"
        );
        assert!(
            paragraphs
                .iter()
                .any(|part| part.split(' ').count() > 6 && !part.contains(chinese)),
            "{page}.md has no English"
        );
        assert!(
            index.contains(&format!("({page}.md)")),
            "{page} is not in the index"
        );
    }
}
