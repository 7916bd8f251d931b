use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{Loader, static_loader};
use groundbreak_workflow::{Language, Text};
use unic_langid::{LanguageIdentifier, langid};

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "zh-CN",
        // Isolation marks would be copied along with numbers and dates, and every text here runs
        // from left to right.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static CHINESE: LanguageIdentifier = langid!("zh-CN");
static ENGLISH: LanguageIdentifier = langid!("en");

/// A number that can stand in a text.
pub(crate) trait Count {
    /// Returns it as the words take it.
    fn count(self) -> i64;
}

impl Count for i64 {
    fn count(self) -> i64 {
        self
    }
}

impl Count for u32 {
    fn count(self) -> i64 {
        self.into()
    }
}

impl Count for u64 {
    fn count(self) -> i64 {
        self.try_into().unwrap_or(i64::MAX)
    }
}

impl Count for usize {
    fn count(self) -> i64 {
        self.try_into().unwrap_or(i64::MAX)
    }
}

/// Templates hand over what they iterate on by reference.
impl<T: Count + Copy> Count for &T {
    fn count(self) -> i64 {
        (*self).count()
    }
}

/// The words of the desk in one language.
///
/// A key that is in no word file shows as itself in a test, never on a screen: the tests hold
/// every key used against both files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// The language.
    pub(crate) language: Language,
}

impl Words {
    pub(crate) const fn new(language: Language) -> Self {
        Self { language }
    }

    /// Returns the words under `key`.
    pub(crate) fn t(self, key: &str) -> String {
        LOCALES
            .try_lookup(self.locale(), key)
            .unwrap_or_else(|| unknown(key))
    }

    /// Returns the words under `key` with the number `$n` in them.
    pub(crate) fn n(self, key: &str, n: impl Count) -> String {
        self.fill(key, [("n", FluentValue::from(n.count()))])
    }

    /// Returns the words under `key` with the text `$s` in them.
    pub(crate) fn s(self, key: &str, s: impl AsRef<str>) -> String {
        self.fill(key, [("s", FluentValue::from(s.as_ref()))])
    }

    /// Returns the words under `key` with these texts in them.
    pub(crate) fn with<const COUNT: usize>(
        self,
        key: &str,
        values: [(&'static str, &str); COUNT],
    ) -> String {
        self.fill(
            key,
            values.map(|(name, value)| (name, FluentValue::from(value))),
        )
    }

    /// Returns the words under `key` with these numbers in them.
    pub(crate) fn numbers<const COUNT: usize>(
        self,
        key: &str,
        values: [(&'static str, i64); COUNT],
    ) -> String {
        self.fill(
            key,
            values.map(|(name, value)| (name, FluentValue::from(value))),
        )
    }

    /// Returns this text in the language.
    pub(crate) fn text<'text>(&self, text: &'text Text) -> &'text str {
        text.get(self.language)
    }

    /// Joins parts of a list as the language does.
    pub(crate) fn list<S: AsRef<str>>(self, parts: impl IntoIterator<Item = S>) -> String {
        let separator = match self.language {
            Language::Zh => "、",
            Language::En => ", ",
        };
        let mut joined = String::new();
        for part in parts {
            if !joined.is_empty() {
                joined.push_str(separator);
            }
            joined.push_str(part.as_ref());
        }
        joined
    }

    fn fill<const COUNT: usize>(
        self,
        key: &str,
        values: [(&'static str, FluentValue<'_>); COUNT],
    ) -> String {
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> = values
            .into_iter()
            .map(|(name, value)| (Cow::Borrowed(name), value))
            .collect();
        LOCALES
            .try_lookup_with_args(self.locale(), key, &values)
            .unwrap_or_else(|| unknown(key))
    }

    fn locale(self) -> &'static LanguageIdentifier {
        match self.language {
            Language::Zh => &CHINESE,
            Language::En => &ENGLISH,
        }
    }
}

/// What stands where words are missing, or lack a value. Tests stop here.
fn unknown(key: &str) -> String {
    debug_assert!(
        false,
        "there are no words under {key}, or a value is missing"
    );
    key.to_owned()
}

/// Returns how many there are, as words take it.
pub(crate) fn count(number: usize) -> i64 {
    number.count()
}
