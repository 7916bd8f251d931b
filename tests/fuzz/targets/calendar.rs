//! Any bytes as a calendar file: it compiles, or every fault is told. What compiled can be counted on.

#![no_main]

use groundbreak_sla::{DayStart, Timestamp};
use groundbreak_workflow::{Library, LibraryError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Library::new().add_calendar(text) {
        Ok(calendar) => {
            let (first, last) = calendar.range();
            for at in [first, Timestamp::EPOCH, Timestamp::from_millis(1_679_539_200_000), last] {
                let _ = calendar.sub(at, 3_600_000);
                if let Ok(due) = calendar.add(at, 3_600_000) {
                    assert_eq!(calendar.working_between(at, due), 3_600_000);
                }
                let _ = calendar.add_working_days(at, 20, DayStart::NextDay);
                let _ = calendar.sub_working_days(at, 20);
            }
            // A calendar without working time was refused when it was loaded.
            let today = Timestamp::from_millis(1_679_539_200_000);
            assert!(calendar.add(today, 1).is_ok());
        }
        Err(LibraryError::Faults(faults)) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(fault.span.end <= text.len());
                assert!(!fault.message.zh.is_empty() && !fault.message.en.is_empty());
            }
        }
        Err(_) => {}
    }
});
