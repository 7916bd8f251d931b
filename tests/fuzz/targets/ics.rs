//! Any bytes as an iCalendar file: they are read, or every fault is told. What was read compiles
//! or tells its faults, and comes back from its own export as it was.

#![no_main]

use groundbreak_sla::{IcsOptions, Timestamp, Unmarked, export_ics, import_ics};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = |unmarked| IcsOptions {
        id: "hall".to_owned(),
        version: 1,
        title: None,
        inherits: None,
        tz: Some(chrono_tz::Asia::Shanghai),
        years: Some((2020, 2027)),
        unmarked,
    };
    let unmarked = if bytes.len().is_multiple_of(2) {
        Unmarked::DayOff
    } else {
        Unmarked::Refuse
    };
    match import_ics(bytes, &options(unmarked)) {
        Ok(import) => {
            let Ok(text) = export_ics(&import.spec, None, Timestamp::EPOCH) else {
                return;
            };
            let again = import_ics(text.as_bytes(), &options(Unmarked::Refuse));
            let again = again.expect("an export can be read");
            assert_eq!(again.spec.exceptions, import.spec.exceptions);
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(!fault.what().zh.is_empty() && !fault.remedy().en.is_empty());
            }
        }
    }
});
