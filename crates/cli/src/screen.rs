use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use groundbreak_workflow::{Language, Text};
use serde::Serialize;

/// Where a command writes what it found, in the language of the reader.
pub(crate) struct Screen {
    language: Language,
    colours: bool,
    out: BufWriter<Stdout>,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

impl Screen {
    /// Returns a screen on standard output. Colours are used on a terminal, unless the reader has
    /// set `NO_COLOR`.
    pub(crate) fn new(language: Language) -> Self {
        let stdout = io::stdout();
        let colours = stdout.is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            language,
            colours,
            out: BufWriter::new(stdout),
        }
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// Whether the reader sees colours.
    pub(crate) fn colours(&self) -> bool {
        self.colours
    }

    /// Returns the wording for the reader.
    pub(crate) fn word<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    /// Writes a line as it is.
    pub(crate) fn line(&mut self, line: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Writes a line in the language of the reader.
    pub(crate) fn say(&mut self, text: &Text) -> io::Result<()> {
        let language = self.language;
        self.line(text.get(language))
    }

    /// Writes a value as JSON, indented.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        self.line("")
    }

    /// Writes a value as JSON on a line of its own.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.line("")
    }

    /// Makes everything written so far appear.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Returns the text in red, where colours are seen.
    pub(crate) fn red(&self, text: &str) -> String {
        self.paint(text, "31")
    }

    /// Returns the text in green, where colours are seen.
    pub(crate) fn green(&self, text: &str) -> String {
        self.paint(text, "32")
    }

    /// Returns the text in yellow, where colours are seen.
    pub(crate) fn yellow(&self, text: &str) -> String {
        self.paint(text, "33")
    }

    /// Returns the text in grey, where colours are seen.
    pub(crate) fn grey(&self, text: &str) -> String {
        self.paint(text, "90")
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.colours {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
