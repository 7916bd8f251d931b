//! What the rules write: small, and different from one another where it matters.

use uuid::Uuid;

use crate::{Append, Term, Timer};

/// The case with this number; they are ordered as their numbers are.
pub(super) fn case(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The command with this number of this case.
pub(super) fn command(case: Uuid, number: u64) -> Uuid {
    let mixed = case.as_u128().rotate_left(64) ^ u128::from(number);
    // Spread over the key space, as random ids are.
    Uuid::from_u128(mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

/// The append that takes this case from a revision to the next.
pub(super) fn append(case: Uuid, expected_revision: u64) -> Append {
    let next = expected_revision.wrapping_add(1);
    Append {
        case,
        expected_revision,
        command: command(case, next),
        recorded_at: 1_700_000_000_000,
        record: format!("record {next} of {case}").into_bytes(),
        state: format!("state {next} of {case}").into_bytes(),
        timers: Vec::new(),
        terms: Vec::new(),
    }
}

impl Append {
    pub(super) fn with_timers(mut self, timers: &[(&str, i64)]) -> Self {
        self.timers = timers
            .iter()
            .map(|(id, due_at)| Timer {
                id: (*id).to_owned(),
                due_at: *due_at,
            })
            .collect();
        self
    }

    pub(super) fn with_terms(mut self, terms: impl IntoIterator<Item = Term>) -> Self {
        self.terms = terms.into_iter().collect();
        self
    }
}

/// Bytes of this length that no other seed gives, and that do not compress to nothing.
pub(super) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut word = seed ^ 0x2545_F491_4F6C_DD1D;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
