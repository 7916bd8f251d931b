use std::panic;
use std::thread;

use groundbreak_store_sled::panics_in_sled;

/// Keeps the panics of sled off the user's screen.
///
/// sled panics on some damaged files. The store catches that and tells it as damage, with a code
/// and in the user's language; beside that, the text of the panic would look like a fault of this
/// program. Every other panic is one, and is shown as usual.
pub(crate) fn install() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panics_in_sled() {
            let thread = thread::current();
            let thread = thread.name().unwrap_or_default();
            // The text may hold a page of data, so only where it happened is logged.
            tracing::warn!(
                thread,
                place = panic.location().map(tracing::field::display),
                "sled panicked"
            );
        } else {
            usual(panic);
        }
    }));
}
