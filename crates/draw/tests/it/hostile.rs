use groundbreak_draw::{View, mermaid};

use crate::given::{chinese, titled};

const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "]]><svg onload=x>",
    "a & b < c > d \"e\" 'f'",
    "&lt;&#60;",
    "--> s1 : x\nstate { }",
    "%%{init: {}}%% [*] --",
    "שלום עולם مرحبا",
    "a\u{202e}b\u{85}c\u{feff}d",
    "}\"; ` ~ * #35;",
];

/// What XML 1.0 forbids anywhere, and what may not stand bare in text.
fn check(picture: &str, title: &str) {
    for character in picture.chars() {
        let good = matches!(character, '\n' | ' '..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(good, "{title}: {character:?}");
    }
    let tags = ["svg", "title", "desc", "style", "g", "rect", "path", "text"];
    for tag in picture.split('<').skip(1) {
        let name = tag.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap();
        assert!(tags.contains(&&name[..end]), "{title}: <{tag}");
        let attributes = tag.split('>').next().unwrap();
        assert!(!attributes.contains(" on"), "{title}: <{tag}");
    }
    for entity in picture.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        assert!(
            known.iter().any(|known| entity.starts_with(known)),
            "{title}: &{entity}"
        );
    }
    for opened in tags {
        let starts = picture.matches(&format!("<{opened}>")).count()
            + picture.matches(&format!("<{opened} ")).count();
        let ends = picture.matches(&format!("</{opened}>")).count();
        let closed = picture
            .lines()
            .filter(|line| line.starts_with(&format!("<{opened} ")) && line.ends_with("/>"))
            .count();
        assert_eq!(starts, ends + closed, "{title}: {opened}");
    }
}

#[test]
fn whatever_a_title_holds_is_text_and_nothing_else() {
    for title in HOSTILE {
        check(&chinese(&titled(title)), title);
    }
}

#[test]
fn a_very_long_title_is_cut_and_the_picture_stays_a_page() {
    for title in ["长".repeat(3_000), "w".repeat(3_000), "a ".repeat(1_500)] {
        let picture = chinese(&titled(&title));
        check(&picture, "long");
        assert!(picture.len() < 40_000, "{}", picture.len());
        assert!(picture.contains('…'));
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let picture = chinese(&titled("甲"));
    for outside in [
        "href",
        "url(",
        "@import",
        "<image",
        "<use",
        "<script",
        "<foreignObject",
    ] {
        assert!(!picture.contains(outside), "{outside}");
    }
    assert_eq!(
        picture.matches("http").count(),
        1,
        "the name of the format alone"
    );
}

#[test]
fn whatever_a_title_holds_is_text_to_mermaid_too() {
    let plain = mermaid(&titled("甲"), &View::default()).unwrap();
    for title in HOSTILE {
        let text = mermaid(&titled(title), &View::default()).unwrap();
        assert_eq!(text.lines().count(), plain.lines().count(), "{title}");
        for line in text.lines() {
            assert!(!line.contains('<') && !line.contains("%%"), "{line}");
            assert!(line.matches('"').count() % 2 == 0, "{line}");
            assert!(line.matches("-->").count() <= 1, "{line}");
        }
    }
}
