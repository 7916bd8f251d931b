//! Any bytes as an SCXML document: it is refused with its faults, or it runs, with some events, and
//! comes to rest or to a bound.

#![no_main]

use groundbreak_scxml::{Documents, Interpreter, Machine};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // A document that invokes the text it stands in.
    let documents = Documents::new().with("self", text);
    let machine = match Machine::read(text, &documents) {
        Ok(machine) => machine,
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len());
                assert!(fault.place.line > 0 && fault.place.column > 0);
                assert!(!fault.message.zh.is_empty() && !fault.message.en.is_empty());
            }
            return;
        }
    };
    let names: Vec<String> = machine
        .chart()
        .transitions()
        .flat_map(|(_, transition)| match &transition.trigger {
            groundbreak_scxml::Trigger::Event(names) => names.clone(),
            _ => Vec::new(),
        })
        .take(8)
        .collect();
    let mut run = Interpreter::new(machine, documents);
    let until_ms = 1_000_000_000;
    for name in std::iter::once(None).chain(names.iter().map(Some)) {
        if let Some(name) = name {
            run.send(name, None);
        }
        // The whole of what a run may do has tests of its own, and would make this slow.
        for _ in 0..500 {
            match run.step(until_ms) {
                Ok(Some(turn)) => assert!(turn.at_ms <= until_ms),
                Ok(None) => break,
                Err(_) => return,
            }
        }
        let _ = (run.leaves(), run.variables());
    }
});
