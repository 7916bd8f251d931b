//! An SCXML document as a workflow definition.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use groundbreak_scxml::{
    Content, Document, Element, Expression, HistoryDepth, Identity, NameKind, Source, State,
    StateKind, Transition, Value, Word, delay_ms,
};
use groundbreak_workflow::Text;

/// A definition, and what it could not take in.
pub(super) struct Carried {
    pub(super) yaml: String,
    pub(super) left: Vec<Left>,
}

/// Something that was not carried over.
pub(super) struct Left {
    pub(super) line: usize,
    pub(super) what: Text,
}

/// Turns a document that was read from `text` into a definition.
pub(super) fn carry(document: &Document, text: &str, name: &str) -> Carried {
    let mut carrier = Carrier {
        text,
        states: BTreeMap::new(),
        events: Vec::new(),
        data: BTreeMap::new(),
        left: Vec::new(),
    };
    let mut taken = BTreeSet::new();
    carrier.name_states(&document.root, &mut taken);
    carrier.collect_data(&document.root);
    for script in &*document.script {
        carrier.leave_content(script);
    }
    for transition in &document.root.transitions {
        carrier.leave(
            carrier.line(transition.span.start),
            "整个文档的转移",
            "a transition of the document as a whole",
        );
    }
    let mut states = String::new();
    for state in &document.root.children {
        carrier.state(state, 1, &mut states);
    }
    let initial = carrier.initial(&document.root, 0);
    let yaml = carrier.definition(name, &initial, &states);
    let mut left = carrier.left;
    left.sort_by_key(|left| left.line);
    Carried { yaml, left }
}

struct Carrier<'a> {
    text: &'a str,
    /// What each state of the document is called in the definition.
    states: BTreeMap<&'a str, String>,
    /// The events of the document that were carried over, and what each is called.
    events: Vec<(&'a str, String)>,
    /// The variables that can be facts, and of what type.
    data: BTreeMap<&'a str, &'static str>,
    left: Vec<Left>,
}

/// A wait that begins when a state is entered.
struct Wait<'a> {
    event: &'a str,
    id: Option<&'a str>,
    delay_ms: u64,
}

impl<'a> Carrier<'a> {
    fn line(&self, byte: usize) -> usize {
        self.text
            .get(..byte)
            .map_or(1, |before| before.matches('\n').count() + 1)
    }

    fn leave(&mut self, line: usize, zh: &str, en: &str) {
        let what = Text::new(format!("未带过来：{zh}"), format!("not carried over: {en}"));
        self.left.push(Left { line, what });
    }

    fn leave_content(&mut self, content: &Content) {
        let name = content.element.name();
        self.leave(
            content.place.line,
            &format!("`<{name}>`"),
            &format!("`<{name}>`"),
        );
    }

    fn name_states(&mut self, state: &'a State, taken: &mut BTreeSet<String>) {
        for child in &state.children {
            let name = plain_name(&child.id, "state", |name| taken.insert(name.to_owned()));
            self.states.insert(&child.id, name);
            self.name_states(child, taken);
        }
    }

    fn collect_data(&mut self, state: &'a State) {
        for data in &state.data {
            let kind = match &data.value {
                Source::Expression(expression) => kind_of(expression.source()),
                Source::Inline(Value::Int(_)) => Some("integer"),
                Source::Inline(Value::Text(_)) => Some("text"),
                Source::Inline(Value::Bool(_)) => Some("boolean"),
                _ => None,
            };
            let id = &data.id;
            match kind {
                Some(kind) if plain_name(id, "", |_| true) == *id => {
                    self.data.insert(id, kind);
                    let zh = format!("`{id}` 的初值（办件的信息项没有初值）");
                    let en = format!("the first value of `{id}` (facts of a case have none)");
                    self.leave(data.place.line, &zh, &en);
                }
                _ => self.leave(
                    data.place.line,
                    &format!("变量 `{id}`"),
                    &format!("the variable `{id}`"),
                ),
            }
        }
        state
            .children
            .iter()
            .for_each(|child| self.collect_data(child));
    }

    /// Returns the line that says where a state begins, if its author said so.
    fn initial(&mut self, state: &'a State, depth: usize) -> String {
        for content in &*state.initial_content {
            self.leave_content(content);
        }
        match state.initial.as_slice() {
            [] => String::new(),
            [only] => {
                let name = self.states.get(only.as_str()).cloned().unwrap_or_default();
                format!("{}initial: {name}\n", "  ".repeat(depth))
            }
            _ => {
                let line = self.line(state.span.start);
                self.leave(line, "几个起点", "several initial states");
                String::new()
            }
        }
    }

    fn state(&mut self, state: &'a State, depth: usize, out: &mut String) {
        let pad = "  ".repeat(depth);
        let name = self
            .states
            .get(state.id.as_str())
            .cloned()
            .unwrap_or_default();
        let _ = writeln!(out, "{pad}{name}:");
        let pad = "  ".repeat(depth + 1);
        if !matches!(state.kind, StateKind::History(_)) {
            let _ = writeln!(out, "{pad}title: {}", title(&state.id));
        }
        match state.kind {
            StateKind::Final => {
                let _ = writeln!(out, "{pad}final: true");
            }
            StateKind::History(depth) => {
                let deep = if depth == HistoryDepth::Deep {
                    "deep"
                } else {
                    "shallow"
                };
                let _ = writeln!(out, "{pad}history: {deep}");
                self.history_default(state, &pad, out);
                return;
            }
            StateKind::Atomic | StateKind::Compound | StateKind::Parallel => {}
        }
        if state.kind == StateKind::Compound {
            let initial = self.initial(state, depth + 1);
            out.push_str(&initial);
        }
        let waits = self.entry_and_exit(state);
        self.ways(state, &waits, &pad, out);
        let line = self.line(state.span.start);
        if state.done_data.is_some() {
            self.leave(line, "`<donedata>`", "`<donedata>`");
        }
        for invoke in &state.invokes {
            self.leave(invoke.place.line, "`<invoke>`", "`<invoke>`");
        }
        if !state.children.is_empty() {
            let key = if state.kind == StateKind::Parallel {
                "parallel"
            } else {
                "states"
            };
            let _ = writeln!(out, "{pad}{key}:");
            for child in &state.children {
                self.state(child, depth + 2, out);
            }
        }
    }

    fn history_default(&mut self, state: &'a State, pad: &str, out: &mut String) {
        let targets = state
            .transitions
            .iter()
            .flat_map(|transition| &transition.targets);
        let targets: Vec<&String> = targets.collect();
        if let [only] = targets.as_slice() {
            let name = self.states.get(only.as_str()).cloned().unwrap_or_default();
            let _ = writeln!(out, "{pad}default: {name}");
        } else {
            let line = self.line(state.span.start);
            self.leave(line, "历史的几个默认状态", "several defaults of a history");
        }
        for content in state
            .transitions
            .iter()
            .flat_map(|transition| &*transition.content)
        {
            self.leave_content(content);
        }
    }

    /// Returns the waits that begin when the state is entered; leaves everything else it does on
    /// entry and exit.
    fn entry_and_exit(&mut self, state: &'a State) -> Vec<Wait<'a>> {
        let mut waits = Vec::new();
        for content in state.on_entry.iter().flat_map(|block| &**block) {
            match wait(content).filter(|wait| answered(state, wait.event)) {
                Some(wait) => waits.push(wait),
                None => self.leave_content(content),
            }
        }
        for content in state.on_exit.iter().flat_map(|block| &**block) {
            let cancels = match &content.element {
                Element::Cancel(Word::Plain(id)) => waits.iter().any(|wait| wait.id == Some(&**id)),
                _ => false,
            };
            if !cancels {
                self.leave_content(content);
            }
        }
        waits
    }

    /// Writes where one can go from a state.
    fn ways(&mut self, state: &'a State, waits: &[Wait<'a>], pad: &str, out: &mut String) {
        let mut on: Vec<(String, Vec<String>)> = Vec::new();
        let (mut done, mut always, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for transition in &state.transitions {
            let line = self.line(transition.span.start);
            for content in &*transition.content {
                self.leave_content(content);
            }
            let Some(way) = self.way(transition, line) else {
                continue;
            };
            if transition.events.is_empty() {
                always.push(way);
                continue;
            }
            for event in &transition.events {
                if let Some(wait) = waits.iter().find(|wait| wait.event == event) {
                    after.push(format!("{{ delay: {}, {way} }}", length(wait.delay_ms)));
                } else if *event == format!("done.state.{}", state.id) {
                    done.push(way.clone());
                } else if is_own_event(event) {
                    let name = self.event(event);
                    match on.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, ways)) => ways.push(way.clone()),
                        None => on.push((name, vec![way.clone()])),
                    }
                } else {
                    let (zh, en) = (
                        format!("对 `{event}` 的转移"),
                        format!("a transition on `{event}`"),
                    );
                    self.leave(line, &zh, &en);
                }
            }
        }
        if !on.is_empty() {
            let _ = writeln!(out, "{pad}on:");
            for (event, ways) in on {
                let _ = writeln!(out, "{pad}  {event}: {}", listed(&ways));
            }
        }
        for (key, ways) in [("done", done), ("always", always)] {
            if !ways.is_empty() {
                let _ = writeln!(out, "{pad}{key}: {}", listed(&ways));
            }
        }
        if !after.is_empty() {
            let _ = writeln!(out, "{pad}after: [{}]", after.join(", "));
        }
    }

    /// Returns where a transition leads and on what condition, if that can be said.
    fn way(&mut self, transition: &'a Transition, line: usize) -> Option<String> {
        let mut parts = Vec::new();
        match transition.targets.as_slice() {
            [] => {}
            [only] => {
                let name = self.states.get(only.as_str()).cloned().unwrap_or_default();
                parts.push(format!("to: {name}"));
            }
            _ => {
                self.leave(line, "指向几个状态的转移", "a transition to several states");
                return None;
            }
        }
        if transition.internal {
            self.leave(line, "`type=\"internal\"`", "`type=\"internal\"`");
        }
        if let Some(condition) = &transition.condition {
            match self.condition(condition) {
                Some(condition) => parts.push(format!("if: {}", quoted(&condition))),
                None => {
                    let source = condition.source();
                    let zh = format!("条件为 `{source}` 的转移");
                    let en = format!("a transition on the condition `{source}`");
                    self.leave(line, &zh, &en);
                    return None;
                }
            }
        }
        Some(parts.join(", "))
    }

    /// Returns a condition over facts and states, if it asks for nothing else.
    fn condition(&self, condition: &Expression) -> Option<String> {
        let known = std::cell::Cell::new(true);
        let renamed = condition.renamed(&|name, kind| match (name, kind) {
            ("In", NameKind::Function) => Some("at".to_owned()),
            ("bound", NameKind::Function) => Some("has".to_owned()),
            (name, NameKind::Variable) if self.data.contains_key(name) => {
                Some(format!("data.{name}"))
            }
            _ => {
                known.set(false);
                None
            }
        });
        known.get().then(|| self.with_state_names(&renamed))
    }

    /// Returns a condition with the states that it asks for called as in the definition.
    fn with_state_names(&self, condition: &str) -> String {
        let mut named = String::new();
        let mut rest = condition;
        while let Some((before, behind)) = rest.split_once("at(") {
            let quote = behind.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let asked = quote.and_then(|quote| {
                let (id, end) = behind.get(1..)?.split_once(quote)?;
                Some((self.states.get(id)?, end))
            });
            named.push_str(before);
            named.push_str("at(");
            rest = match asked {
                Some((name, end)) => {
                    named.push_str(&quoted(name));
                    end
                }
                None => behind,
            };
        }
        named + rest
    }

    fn event(&mut self, event: &'a str) -> String {
        if let Some((_, name)) = self.events.iter().find(|(known, _)| *known == event) {
            return name.clone();
        }
        let taken = |name: &str| !self.events.iter().any(|(_, known)| known == name);
        let name = plain_name(event, "event", taken);
        self.events.push((event, name.clone()));
        name
    }

    fn definition(&self, name: &str, initial: &str, states: &str) -> String {
        let mut out = String::from(
            "# 由 SCXML 转来。标题取自标识，请改写；角色 operator 请换成实际的角色；日历请按实际选用。\n\
             # From SCXML. Titles are the ids: rewrite them. Put the roles that there are for\n\
             # operator, and choose the calendar.\n",
        );
        let workflow = plain_name(name, "workflow", |_| true).replace('_', "-");
        let _ = writeln!(
            out,
            "workflow: {workflow}\nversion: 1\ntitle: {}",
            title(name)
        );
        out.push_str("calendar: pengjiang\n\n");
        if !self.data.is_empty() {
            out.push_str("data:\n");
            for (id, kind) in &self.data {
                let _ = writeln!(out, "  {id}: {{ title: {}, type: {kind} }}", title(id));
            }
            out.push('\n');
        }
        if !self.events.is_empty() {
            out.push_str(
                "roles:\n  operator: { title: { zh: 办理人, en: Operator } }\n\nevents:\n",
            );
            for (event, name) in &self.events {
                let _ = writeln!(
                    out,
                    "  {name}: {{ title: {}, by: [operator] }}",
                    title(event)
                );
            }
            out.push('\n');
        }
        out.push_str(initial);
        out.push_str("states:\n");
        out.push_str(states);
        out
    }
}

/// Returns the wait that an element begins, if it is one.
fn wait(content: &Content) -> Option<Wait<'_>> {
    let Element::Send(send) = &content.element else {
        return None;
    };
    let (Some(Word::Plain(event)), Some(Word::Plain(delay)), None) =
        (&send.event, &send.delay, &send.target)
    else {
        return None;
    };
    let payload = &send.payload;
    if payload.content.is_some() || !payload.params.is_empty() || !payload.namelist.is_empty() {
        return None;
    }
    let id = match &send.id {
        Identity::Given(id) => Some(&**id),
        _ => None,
    };
    Some(Wait {
        event,
        id,
        delay_ms: delay_ms(delay)?,
    })
}

/// Returns whether the state itself leads somewhere on an event.
fn answered(state: &State, event: &str) -> bool {
    state.transitions.iter().any(|transition| {
        !transition.targets.is_empty() && transition.events.iter().any(|it| it == event)
    })
}

/// Returns whether an event is one that somebody sends: not one of the processor, and no wildcard.
fn is_own_event(event: &str) -> bool {
    let first = event.split('.').next().unwrap_or_default();
    !event.contains('*') && !matches!(first, "done" | "error")
}

fn kind_of(source: &str) -> Option<&'static str> {
    match source {
        "true" | "false" => Some("boolean"),
        _ if source.parse::<i64>().is_ok() => Some("integer"),
        _ if source.starts_with(['\'', '"']) && source.len() > 1 => Some("text"),
        _ => None,
    }
}

fn listed(ways: &[String]) -> String {
    let ways: Vec<String> = ways
        .iter()
        .map(|way| {
            if way.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {way} }}")
            }
        })
        .collect();
    match ways.as_slice() {
        [only] => only.clone(),
        _ => format!("[{}]", ways.join(", ")),
    }
}

/// Returns a length of time in the words of definitions.
fn length(ms: u64) -> String {
    for (unit_ms, unit) in [(3_600_000, "h"), (60_000, "min"), (1_000, "s")] {
        if ms > 0 && ms.is_multiple_of(unit_ms) {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}

fn title(words: &str) -> String {
    let words = quoted(words);
    format!("{{ zh: {words}, en: {words} }}")
}

/// Returns a text as YAML reads it anywhere: JSON is a part of YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns a name as definitions have them, made of another: lower-case letters, digits and `_`.
/// `is_free` says whether one can still be given.
fn plain_name(id: &str, otherwise: &str, mut is_free: impl FnMut(&str) -> bool) -> String {
    let mut name = String::new();
    for c in id.chars().take(48) {
        match c {
            'A'..='Z' => {
                if name.ends_with(|c: char| c.is_ascii_lowercase()) {
                    name.push('_');
                }
                name.push(c.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' => name.push(c),
            _ if !name.is_empty() && !name.ends_with('_') => name.push('_'),
            _ => {}
        }
    }
    let name = name.trim_matches('_');
    let name = if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.to_owned()
    } else {
        format!("{otherwise}_{name}").trim_matches('_').to_owned()
    };
    let mut candidate = name.clone();
    let mut number = 2;
    while !is_free(&candidate) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_renamed_once_each() {
        let text = "<scxml xmlns='http://www.w3.org/2005/07/scxml' version='1.0'>\
             <state id='A'><transition event='e' cond=\"In('A') || !In(&quot;a&quot;)\" target='a'/></state><final id='a'/></scxml>";
        let document = Document::read(text, &groundbreak_scxml::Documents::new()).unwrap();
        let yaml = carry(&document, text, "x").yaml;
        let expected = r#"at(\"a\") || !at(\"a_2\")"#;
        assert!(yaml.contains(expected), "{expected} is not in\n{yaml}");
    }

    #[test]
    fn names_become_plain_and_stay_apart() {
        let mut taken = BTreeSet::new();
        let mut name = |id: &str| plain_name(id, "state", |name| taken.insert(name.to_owned()));
        assert_eq!(name("inReview"), "in_review");
        assert_eq!(name("In-Review"), "in_review_2");
        assert_eq!(name("1st"), "state_1st");
        assert_eq!(name("受理"), "state");
        assert_eq!(name("审批"), "state_2");
    }
}
