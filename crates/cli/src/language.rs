use std::ffi::OsString;

use clap::ValueEnum;
use groundbreak_workflow::Language;

/// Names the language of messages in the environment.
pub(crate) const VARIABLE: &str = "GROUNDBREAK_LANG";

/// A language as it is named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageName {
    Zh,
    En,
}

impl From<LanguageName> for Language {
    fn from(name: LanguageName) -> Self {
        match name {
            LanguageName::Zh => Self::Zh,
            LanguageName::En => Self::En,
        }
    }
}

/// Returns the language of help and messages: `--lang`, else `GROUNDBREAK_LANG`, else Chinese when
/// the locale of the terminal is Chinese, else English.
///
/// Help is printed while the command line is being read, so this looks at the raw arguments. A
/// value that is neither `zh` nor `en` is passed over here; the parser complains about it.
pub(crate) fn chosen(
    arguments: &[OsString],
    variable: impl Fn(&str) -> Option<String>,
) -> Language {
    let mut named = None;
    let mut words = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some(("--lang", value)) => named = by_name(value).or(named),
            None if word == "--lang" => named = words.next().and_then(by_name).or(named),
            _ => {}
        }
    }
    named
        .or_else(|| variable(VARIABLE).as_deref().and_then(by_name))
        .unwrap_or_else(|| {
            // POSIX: the first of these that is set and not empty decides.
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .into_iter()
                .filter_map(variable)
                .find(|value| !value.is_empty());
            match locale {
                Some(locale) if locale.starts_with("zh") => Language::Zh,
                _ => Language::En,
            }
        })
}

fn by_name(name: &str) -> Option<Language> {
    LanguageName::from_str(name, true).ok().map(Language::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_goes_before_the_environment_and_that_before_the_locale() {
        type Row = (
            &'static [&'static str],
            &'static [(&'static str, &'static str)],
            Language,
        );
        let rows: [Row; 8] = [
            (
                &["--lang", "zh"],
                &[("GROUNDBREAK_LANG", "en")],
                Language::Zh,
            ),
            (&["check", "--lang=zh"], &[], Language::Zh),
            (
                &[],
                &[("GROUNDBREAK_LANG", "zh"), ("LANG", "en_US.UTF-8")],
                Language::Zh,
            ),
            (&[], &[("LANG", "zh_CN.UTF-8")], Language::Zh),
            (
                &[],
                &[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")],
                Language::En,
            ),
            (
                &[],
                &[("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")],
                Language::Zh,
            ),
            (&["--lang", "fr"], &[("LANG", "zh_CN.UTF-8")], Language::Zh),
            (&[], &[], Language::En),
        ];
        for (arguments, variables, language) in rows {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            let variable = |name: &str| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(
                chosen(&arguments, variable),
                language,
                "{arguments:?} {variables:?}"
            );
        }
    }
}
