//! What comes in, and what an event is called.

use crate::{DelayId, Trigger};

/// What comes in from outside and may cause a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event<'a> {
    /// An event with a name, such as `land.listed`.
    Named(&'a str),
    /// The end of a wait. Only a [`Trigger::After`] of the same delay answers to it, and only
    /// while its source is active; the host forgets the waits that a step disarms.
    Due(DelayId),
}

/// Whether `descriptor`, as [`normalise`] returned it, matches the event called `name`.
fn matches(descriptor: &str, name: &str) -> bool {
    if descriptor == "*" {
        return true;
    }
    name.strip_prefix(descriptor)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Trigger {
    /// Returns whether the event sets this trigger off.
    pub(crate) fn accepts(&self, event: Event<'_>) -> bool {
        match (self, event) {
            (Self::Event(descriptors), Event::Named(name)) => descriptors
                .iter()
                .any(|descriptor| matches(descriptor, name)),
            (Self::After(delay), Event::Due(due)) => *delay == due,
            (Self::Event(_) | Self::Eventless | Self::After(_), _) => false,
        }
    }
}

/// Returns the descriptor without a trailing `.` or `.*`, which change nothing, or `None` if it
/// is not one.
pub(crate) fn normalise(descriptor: &str) -> Option<&str> {
    if descriptor == "*" {
        return Some(descriptor);
    }
    let plain = descriptor
        .strip_suffix(".*")
        .or_else(|| descriptor.strip_suffix('.'));
    let plain = plain.unwrap_or(descriptor);
    let bad = plain.is_empty() || plain.contains(|c: char| c.is_whitespace() || c == '*');
    (!bad).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(descriptor: &str, name: &str, expected: bool) {
        let normal = normalise(descriptor).unwrap();
        assert_eq!(matches(normal, name), expected, "{descriptor} and {name}");
    }

    #[test]
    fn a_descriptor_matches_whole_tokens_from_the_left() {
        check("land", "land", true);
        check("land", "land.listed", true);
        check("land.listed", "land.listed.again", true);
        check("land.listed", "land", false);
        check("listed", "land.listed", false);
    }

    #[test]
    fn a_part_of_a_token_does_not_match() {
        check("land", "landing", false);
        check("受理", "受理中", false);
        check("受理", "受理.补正", true);
    }

    #[test]
    fn case_matters() {
        check("land", "Land", false);
    }

    #[test]
    fn a_trailing_dot_or_star_changes_nothing() {
        check("land.*", "land", true);
        check("land.*", "land.listed", true);
        check("land.", "land.listed", true);
        check("land.*", "landing", false);
    }

    #[test]
    fn a_star_matches_every_name() {
        check("*", "land.listed", true);
        check("*", "", true);
    }

    #[test]
    fn what_is_no_descriptor() {
        for bad in ["", ".", ".*", "a b", "a*", "a.*.b", "**", "\u{3000}"] {
            assert_eq!(normalise(bad), None, "{bad:?}");
        }
    }
}
