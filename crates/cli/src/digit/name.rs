use std::collections::BTreeSet;

/// The longest name that a definition may have, in bytes.
const LENGTH_MAX: usize = 64;

/// How the words of a name are joined.
#[derive(Clone, Copy)]
pub(super) enum Joint {
    Hyphen,
    Underscore,
}

/// Makes names of codes, no two alike.
pub(super) struct Names {
    joint: char,
    /// What a code without a single usable letter is called.
    fallback: &'static str,
    taken: BTreeSet<String>,
}

impl Names {
    pub(super) fn new(joint: Joint, fallback: &'static str) -> Self {
        Self {
            joint: match joint {
                Joint::Hyphen => '-',
                Joint::Underscore => '_',
            },
            fallback,
            taken: BTreeSet::new(),
        }
    }

    /// Keeps a name from being made of a code.
    pub(super) fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// Returns a name for the code: lower-case letters and digits, the rest as joints.
    pub(super) fn take(&mut self, code: &str) -> String {
        let plain = self.plain(code);
        let mut name = plain.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{plain}{}{number}", self.joint);
            number += 1;
        }
        name
    }

    fn plain(&self, code: &str) -> String {
        let spaced: String = code
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    ' '
                }
            })
            .collect();
        let joint = self.joint.to_string();
        let mut name = spaced.split_whitespace().collect::<Vec<_>>().join(&joint);
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            name = match name.is_empty() {
                true => self.fallback.to_owned(),
                false => format!("{}{joint}{name}", self.fallback),
            };
        }
        // Room is left for a number that tells two alike names apart.
        name.truncate(LENGTH_MAX - 8);
        name.trim_end_matches(self.joint).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_becomes_a_name_of_the_definition_language() {
        let rows = [
            ("CITIZENACTIONREQUIRED-DV", "citizenactionrequired_dv"),
            ("PT.LEGACY", "pt_legacy"),
            ("  A  b ", "a_b"),
            ("2ND", "state_2nd"),
            ("待审", "state"),
            ("", "state"),
        ];
        for (code, name) in rows {
            assert_eq!(Names::new(Joint::Underscore, "state").take(code), name);
        }
    }

    #[test]
    fn two_codes_never_become_one_name() {
        let mut names = Names::new(Joint::Hyphen, "state");
        names.reserve("in-progress");
        let long = "x".repeat(200);
        let taken = ["IN_PROGRESS", "a.b", "a-b", &long, &long].map(|code| names.take(code));
        assert_eq!(
            taken.iter().collect::<BTreeSet<_>>().len(),
            taken.len(),
            "{taken:?}"
        );
        assert!(taken.iter().all(|name| name.len() <= LENGTH_MAX));
    }
}
