//! Any bytes as a workflow definition with its blocks, on shipped calendars: it compiles, or every
//! fault is told in both languages and has a place in the text.

#![no_main]

use std::sync::LazyLock;

use groundbreak_workflow::{Library, LibraryError, Place, assemble};
use libfuzzer_sys::fuzz_target;

static CALENDARS: LazyLock<Library> = LazyLock::new(|| {
    let mut library = Library::new();
    for calendar in [
        include_str!("../../../workflows/calendars/china.yaml"),
        include_str!("../../../workflows/calendars/pengjiang.yaml"),
    ] {
        library.add_calendar(calendar).expect("it is shipped");
    }
    library
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let blocks = ["matter".to_owned(), "pre-review".to_owned()];
    let whole = assemble(text, &blocks, |name| {
        Some(match name {
            "matter" => include_str!("../../../workflows/blocks/matter.yaml").to_owned(),
            _ => include_str!("../../../workflows/blocks/pre-review.yaml").to_owned(),
        })
    });
    assert!(whole.text.starts_with(text));
    let mut library = CALENDARS.clone();
    for result in [
        library.add_workflow(&whole.text).map(|_| ()),
        library.check_block(text).map(|_| ()),
        library.add_calendar(text).map(|_| ()),
    ] {
        if let Err(LibraryError::Faults(faults)) = result {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(!fault.message.zh.is_empty() && !fault.message.en.is_empty());
                assert!(fault.help.is_none_or(|help| !help.zh.is_empty() && !help.en.is_empty()));
                assert!(fault.span.start <= fault.span.end && fault.span.end <= whole.text.len());
                for used in fault.used_at.iter().chain([&fault.span]) {
                    assert!(Place::of(used.start, &whole.text).line > 0);
                }
            }
        }
    }
});
