//! How large each part of the contract may be.
//!
//! The limits are the same for every backend, so that a case that fits one store fits all of
//! them. A backend refuses what is larger with an error that names the part; it never truncates.

/// The most bytes of one record.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// The most bytes of one state.
pub const STATE_BYTES_MAX: usize = 1024 * 1024;

/// The most timers a case may have open at once.
pub const TIMERS_MAX: usize = 256;

/// The most bytes of a timer's id.
pub const TIMER_ID_BYTES_MAX: usize = 256;

/// The most terms a case may be indexed under.
pub const TERMS_MAX: usize = 256;

/// The most bytes of a term's name.
pub const TERM_NAME_BYTES_MAX: usize = 64;

/// The most bytes of a term's text.
pub const TERM_TEXT_BYTES_MAX: usize = 256;

/// The most bytes of a metadata key.
pub const METADATA_KEY_BYTES_MAX: usize = 256;

/// The most bytes of a metadata value.
pub const METADATA_VALUE_BYTES_MAX: usize = 1024 * 1024;

/// The most conditions of one query.
pub const CONDITIONS_MAX: usize = 32;

/// The most values one condition may offer.
pub const CONDITION_VALUES_MAX: usize = 256;

/// The most items in one answer, whatever limit the caller names.
pub const PAGE_ITEMS_MAX: usize = 10_000;

/// The record bytes after which an answer ends, whatever limit the caller names.
///
/// The record that crosses the bound is still part of the answer, so an answer never comes back
/// empty because of its size.
pub const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
