//! From a chart to the text of a document.

use std::fmt::Write as _;

use groundbreak_statechart::{
    Chart, DelayId, GuardId, HistoryDepth, StateId, StateKind, Transition, Trigger,
};

use crate::delay::delay_ms;
use crate::reader::NAMESPACE;

/// The words that a chart does not have itself.
pub struct Labels<'a> {
    /// What the document is called.
    pub name: &'a str,
    /// The condition a guard stands for, as an expression in CEL. A guard without one is left
    /// out, and its transition has a comment instead.
    pub guard: &'a dyn Fn(GuardId) -> Option<String>,
    /// How long a wait lasts, such as `2h`. One without a length is written as an event that
    /// somebody else has to send.
    pub delay: &'a dyn Fn(DelayId) -> Option<String>,
    /// What people call a state; it stands beside it as a comment.
    pub title: &'a dyn Fn(&str) -> Option<String>,
}

/// Why a chart cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The name of a state cannot be an id in XML.
    #[error("`{name}` cannot be an id in a document")]
    BadName {
        /// The name.
        name: String,
    },
    /// A delay is not of the form that [`delay_ms`](crate::delay_ms) reads.
    #[error("`{delay}` is no delay")]
    BadDelay {
        /// The delay.
        delay: String,
    },
}

/// Returns a chart as the text of an SCXML document that behaves alike. The root becomes the
/// document; its own transitions, which a document cannot have, are written to each of its
/// children. The end of a wait becomes an event `after.N`, sent on entry and cancelled on exit.
/// Actions are not written: only their host knows what they do.
///
/// # Errors
///
/// [`WriteError`].
pub fn write(chart: &Chart, labels: &Labels<'_>) -> Result<String, WriteError> {
    let mut writer = Writer {
        chart,
        labels,
        text: String::new(),
    };
    writer.document()?;
    Ok(writer.text)
}

struct Writer<'a> {
    chart: &'a Chart,
    labels: &'a Labels<'a>,
    text: String,
}

impl Writer<'_> {
    fn document(&mut self) -> Result<(), WriteError> {
        let chart = self.chart;
        self.line(0, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        let name = escape(self.labels.name);
        let initial = self.initial_attribute(StateId::ROOT);
        self.line(
            0,
            &format!("<scxml xmlns=\"{NAMESPACE}\" version=\"1.0\" datamodel=\"cel\" name=\"{name}\"{initial}>"),
        );
        for child in chart.children(StateId::ROOT) {
            self.state(*child, 1)?;
        }
        self.line(0, "</scxml>");
        Ok(())
    }

    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "  ".repeat(depth));
    }

    fn initial_attribute(&self, state: StateId) -> String {
        let targets = self.names(self.chart.initial(state));
        format!(" initial=\"{targets}\"")
    }

    fn names(&self, states: &[StateId]) -> String {
        let names: Vec<String> = states
            .iter()
            .map(|state| escape(self.chart.name(*state)))
            .collect();
        names.join(" ")
    }

    fn state(&mut self, state: StateId, depth: usize) -> Result<(), WriteError> {
        let chart = self.chart;
        let name = chart.name(state);
        if !is_ncname(name) {
            return Err(WriteError::BadName {
                name: name.to_owned(),
            });
        }
        if let Some(title) = (self.labels.title)(name) {
            let title = title.replace("--", "- -");
            self.line(depth, &format!("<!-- {} -->", title.trim_end_matches('-')));
        }
        let (tag, more) = match chart.kind(state) {
            StateKind::Atomic => ("state", String::new()),
            StateKind::Compound => ("state", self.initial_attribute(state)),
            StateKind::Parallel => ("parallel", String::new()),
            StateKind::Final => ("final", String::new()),
            StateKind::History(HistoryDepth::Shallow) => {
                ("history", " type=\"shallow\"".to_owned())
            }
            StateKind::History(HistoryDepth::Deep) => ("history", " type=\"deep\"".to_owned()),
        };
        let id = escape(name);
        self.line(depth, &format!("<{tag} id=\"{id}\"{more}>"));
        if tag == "history" {
            let target = self.names(chart.initial(state));
            self.line(depth + 1, &format!("<transition target=\"{target}\"/>"));
        }
        self.waits(state, depth + 1)?;
        for (_, transition) in chart.transitions_of(state) {
            // It means something for compound states alone.
            let compound = self.chart.kind(transition.source) == StateKind::Compound;
            self.transition(transition, transition.internal && compound, depth + 1);
        }
        if chart.parent(state) == Some(StateId::ROOT) && tag != "final" {
            self.transitions_of_root(depth + 1);
        }
        let mut children: Vec<StateId> = chart
            .children(state)
            .iter()
            .chain(chart.histories(state))
            .copied()
            .collect();
        children.sort();
        for child in children {
            self.state(child, depth + 1)?;
        }
        self.line(depth, &format!("</{tag}>"));
        Ok(())
    }

    /// The root is never left, and so its transitions are those of each of its children.
    fn transitions_of_root(&mut self, depth: usize) {
        for (_, transition) in self.chart.transitions_of(StateId::ROOT) {
            self.transition(transition, false, depth);
        }
    }

    /// Writes what begins and ends the waits of a state.
    fn waits(&mut self, state: StateId, depth: usize) -> Result<(), WriteError> {
        let mut delays = Vec::new();
        for (_, transition) in self.chart.transitions_of(state) {
            if let Trigger::After(delay) = transition.trigger
                && !delays.contains(&delay)
            {
                delays.push(delay);
            }
        }
        for delay in delays {
            let Some(length) = (self.labels.delay)(delay) else {
                continue;
            };
            if delay_ms(&length).is_none() {
                return Err(WriteError::BadDelay { delay: length });
            }
            let event = wait_event(delay);
            self.line(depth, "<onentry>");
            self.line(
                depth + 1,
                &format!("<send id=\"{event}\" event=\"{event}\" delay=\"{length}\"/>"),
            );
            self.line(depth, "</onentry>");
            self.line(depth, "<onexit>");
            self.line(depth + 1, &format!("<cancel sendid=\"{event}\"/>"));
            self.line(depth, "</onexit>");
        }
        Ok(())
    }

    fn transition(&mut self, transition: &Transition, internal: bool, depth: usize) {
        let mut tag = "<transition".to_owned();
        match &transition.trigger {
            Trigger::Event(descriptors) => {
                let _ = write!(tag, " event=\"{}\"", escape(&descriptors.join(" ")));
            }
            Trigger::After(delay) => {
                let _ = write!(tag, " event=\"{}\"", wait_event(*delay));
            }
            Trigger::Eventless => {}
        }
        if let Some(guard) = transition.guard {
            match (self.labels.guard)(guard) {
                Some(condition) => {
                    let _ = write!(tag, " cond=\"{}\"", escape(&condition));
                }
                None => self.line(depth, "<!-- a condition that cannot be written here -->"),
            }
        }
        if !transition.targets.is_empty() {
            let _ = write!(tag, " target=\"{}\"", self.names(&transition.targets));
        }
        if internal {
            tag.push_str(" type=\"internal\"");
        }
        // Neither event nor condition nor target: a transition that does nothing, and which a
        // document cannot have.
        if tag == "<transition" || tag == "<transition type=\"internal\"" {
            return;
        }
        tag.push_str("/>");
        self.line(depth, &tag);
    }
}

fn wait_event(delay: DelayId) -> String {
    format!("after.{}", delay.0)
}

/// Returns a text as it stands in an attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\r' => escaped.push_str("&#13;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Returns whether a text is a name that XML takes for an id.
///
/// # Source
///
/// Namespaces in XML 1.0, production 4; characters outside ASCII are taken if Unicode calls them
/// letters or digits.
fn is_ncname(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '·'))
}
