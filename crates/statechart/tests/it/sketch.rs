//! Charts and runs as text, so that a test reads as the rule it proves.
//!
//! A chart is written one line a thing, what belongs to a state indented below it by two blanks:
//!
//! ```text
//! state a                 (also: parallel, final, history, deep)
//!   initial a2            (names; the first child if left out)
//!   begin x               (actions of the initial transition)
//!   entry x !e            (actions; `!e` raises the event e, others are noted down)
//!   exit x
//!   on e f if g -> b c : x
//!   internal on e -> a2
//!   always if g -> b
//!   after 3 -> b
//! ```
//!
//! The actions `event`, `data` and `where` note down the event, what it carries, and the states.
//!
//! Guards: `in:a` and `not:a` ask for a state, `yes` and `no` are what they say, `fails` cannot be
//! answered.

use std::fmt::Write as _;

use groundbreak_statechart::{
    ActionId, Cause, Chart, Configuration, DelayId, Event, GuardId, HistoryDepth, Host, PayloadId,
    Raised, StateId, StateKind, StateSpec, Step, StepError, Stepper, TransitionSpec, Trigger, View,
};

/// A chart and the words its guards and actions were written with.
pub(crate) struct Sketch {
    pub(crate) chart: Chart,
    words: Vec<String>,
}

/// A host that notes down what it is asked to do.
pub(crate) struct Notes<'a> {
    words: &'a [String],
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be answered")]
pub(crate) struct Unanswered;

impl Host for Notes<'_> {
    type Error = Unanswered;

    fn guard(&mut self, id: GuardId, view: &View<'_>, _: &mut Raised) -> Result<bool, Unanswered> {
        let word = self.words[id.0 as usize].as_str();
        match word.split_once(':') {
            Some(("in", state)) => Ok(view.is_in_name(state)),
            Some(("not", state)) => Ok(!view.is_in_name(state)),
            _ if word == "fails" => Err(Unanswered),
            _ => Ok(word == "yes"),
        }
    }

    fn run(
        &mut self,
        id: ActionId,
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<(), Unanswered> {
        let word = self.words[id.0 as usize].as_str();
        match word {
            "fails" => return Err(Unanswered),
            "event" => self.notes.push(view.event_name().unwrap_or("-").to_owned()),
            "data" => self
                .notes
                .push(format!("{:?}", view.payload().map(|it| it.0))),
            "where" => {
                let names: Vec<&str> = view.configuration().names(view.chart()).collect();
                self.notes.push(format!("({})", names.join(" ")));
            }
            _ => match word.strip_prefix('!') {
                Some(event) => raised.push(event),
                None => self.notes.push(word.to_owned()),
            },
        }
        Ok(())
    }

    /// Data with the number of the final state.
    fn done_data(
        &mut self,
        end: StateId,
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<Option<PayloadId>, Unanswered> {
        match view.chart().name(end) {
            "fails" => Err(Unanswered),
            "early" => {
                raised.push("before");
                Ok(None)
            }
            _ => Ok(u32::try_from(end.index()).ok().map(PayloadId)),
        }
    }
}

impl Sketch {
    pub(crate) fn new(text: &str) -> Self {
        let (spec, words) = parse(text);
        let chart = Chart::compile(spec).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"));
        Self { chart, words }
    }

    pub(crate) fn host(&self) -> Notes<'_> {
        Notes {
            words: &self.words,
            notes: Vec::new(),
        }
    }

    /// Starts the chart and sends the events one after the other.
    pub(crate) fn run(&self, events: &[&str]) -> Configuration {
        let (mut configuration, _) = self.chart.start(&mut self.host()).unwrap();
        for event in events {
            let event = parse_event(event);
            configuration = self
                .chart
                .step(&configuration, event, &mut self.host())
                .unwrap()
                .0;
        }
        configuration
    }

    /// Writes a step down: `-` what it exits, `+` what it enters, `|` between microsteps.
    pub(crate) fn draw(&self, step: &Step) -> String {
        let mut drawn = String::new();
        for (position, microstep) in step.microsteps.iter().enumerate() {
            if position > 0 {
                drawn.push_str(" |");
            }
            for state in &microstep.exited {
                let _ = write!(drawn, " -{}", self.chart.name(*state));
            }
            for state in &microstep.entered {
                let _ = write!(drawn, " +{}", self.chart.name(*state));
            }
        }
        drawn.trim().to_owned()
    }
}

/// `@3` is the end of wait 3, everything else the name of an event.
fn parse_event(text: &str) -> Event<'_> {
    match text.strip_prefix('@') {
        Some(delay) => Event::Due(DelayId(delay.parse().unwrap())),
        None => Event::Named(text),
    }
}

/// Runs the chart and checks each row: an event, and the states it leads to. The first row, whose
/// event is empty, is the start. Holds every row to the promises that any step keeps.
pub(crate) fn check(text: &str, rows: &[(&str, &str)]) {
    check_rows(text, rows, |sketch, _, _, after| {
        let leaves: Vec<&str> = after
            .leaves(&sketch.chart)
            .map(|state| sketch.chart.name(state))
            .collect();
        leaves.join(" ")
    });
}

/// Like [`check`], but the rows hold what each step exits and enters, in order.
pub(crate) fn check_steps(text: &str, rows: &[(&str, &str)]) {
    check_rows(text, rows, |sketch, step, _, _| sketch.draw(step));
}

/// Like [`check`], but the rows hold the actions that are run, in order.
pub(crate) fn check_actions(text: &str, rows: &[(&str, &str)]) {
    check_rows(text, rows, |_, _, notes, _| notes.join(" "));
}

fn check_rows(
    text: &str,
    rows: &[(&str, &str)],
    observe: impl Fn(&Sketch, &Step, &[String], &Configuration) -> String,
) {
    let sketch = Sketch::new(text);
    let chart = &sketch.chart;
    let mut stepper = Stepper::default();
    let mut in_place = Configuration::unstarted(chart);
    let mut before = Configuration::unstarted(chart);
    for (position, (event, expected)) in rows.iter().enumerate() {
        let mut host = sketch.host();
        let (after, step) = if position == 0 {
            assert_eq!(*event, "", "the first row is the start");
            stepper
                .start(chart, &mut in_place, &mut sketch.host())
                .unwrap();
            chart.start(&mut host).unwrap()
        } else {
            let event = parse_event(event);
            stepper
                .step(chart, &mut in_place, event, &mut sketch.host())
                .unwrap();
            chart.step(&before, event, &mut host).unwrap()
        };
        let observed = observe(&sketch, &step, &host.notes, &after);
        assert_eq!(observed, *expected, "row {position}: {event:?}\n{text}");
        assert_eq!(in_place, after, "a step in place differs\n{text}");
        assert_eq!(
            stepper.armed(chart).collect::<Vec<_>>(),
            step.armed(chart),
            "the waits begun differ\n{text}"
        );
        assert_eq!(
            stepper.disarmed(chart).collect::<Vec<_>>(),
            step.disarmed(chart),
            "the waits ended differ\n{text}"
        );
        assert_eq!(
            before.apply(chart, &step).as_ref(),
            Ok(&after),
            "a replay differs\n{text}"
        );
        assert_eq!(
            stored(chart, &after),
            after,
            "what was stored differs\n{text}"
        );
        let starts = step
            .microsteps
            .iter()
            .filter(|it| it.cause == Cause::Start)
            .count();
        assert_eq!(starts, usize::from(position == 0));
        before = after;
    }
}

/// Writes the configuration down by names and reads it back.
pub(crate) fn stored(chart: &Chart, configuration: &Configuration) -> Configuration {
    let names: Vec<&str> = configuration.names(chart).collect();
    let memories: Vec<(&str, Vec<&str>)> = configuration
        .memories(chart)
        .map(|(history, states)| {
            (
                chart.name(history),
                states.into_iter().map(|state| chart.name(state)).collect(),
            )
        })
        .collect();
    Configuration::from_names(chart, &names, &memories).unwrap()
}

/// Returns the error of the last event.
pub(crate) fn error_of(text: &str, events: &[&str], last: &str) -> StepError<Unanswered> {
    let sketch = Sketch::new(text);
    let configuration = sketch.run(events);
    let mut in_place = configuration.clone();
    let event = parse_event(last);
    let err = Stepper::default()
        .step(&sketch.chart, &mut in_place, event, &mut sketch.host())
        .unwrap_err();
    assert_eq!(in_place, configuration, "a step that fails changes nothing");
    err
}

/// Reads a chart. The root is called `case`.
pub(crate) fn parse(text: &str) -> (StateSpec, Vec<String>) {
    let mut words = Vec::new();
    let mut open = vec![StateSpec::new("case", StateKind::Compound)];
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let depth = (line.len() - line.trim_start().len()) / 2;
        while open.len() > depth + 1 {
            close(&mut open);
        }
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let names = || {
            rest.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let state = open.last_mut().unwrap();
        match word {
            "state" => open.push(StateSpec::new(rest, StateKind::Atomic)),
            "parallel" => open.push(StateSpec::new(rest, StateKind::Parallel)),
            "final" => open.push(StateSpec::new(rest, StateKind::Final)),
            "history" => {
                open.push(StateSpec::new(
                    rest,
                    StateKind::History(HistoryDepth::Shallow),
                ));
            }
            "deep" => open.push(StateSpec::new(rest, StateKind::History(HistoryDepth::Deep))),
            "initial" => state.initial = names(),
            "begin" => state.initial_actions = actions(rest, &mut words),
            "entry" => state.on_entry = actions(rest, &mut words),
            "exit" => state.on_exit = actions(rest, &mut words),
            _ => state
                .transitions
                .push(parse_transition(line.trim(), &mut words)),
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    (open.remove(0), words)
}

/// Puts the innermost open state into the one around it.
fn close(open: &mut Vec<StateSpec>) {
    let child = open.pop().unwrap();
    let parent = open.last_mut().unwrap();
    if parent.kind == StateKind::Atomic {
        parent.kind = StateKind::Compound;
    }
    parent.children.push(child);
}

fn parse_transition(line: &str, words: &mut Vec<String>) -> TransitionSpec {
    let (line, run) = line.split_once(" : ").unwrap_or((line, ""));
    let (line, targets) = line.split_once("->").unwrap_or((line, ""));
    let (line, guard) = line.split_once(" if ").unwrap_or((line, ""));
    let internal = line.starts_with("internal ");
    let mut tokens = line.trim_start_matches("internal ").split_whitespace();
    let trigger = match tokens.next().unwrap() {
        "on" => Trigger::Event(tokens.map(str::to_owned).collect()),
        "always" => Trigger::Eventless,
        "after" => Trigger::After(DelayId(tokens.next().unwrap().parse().unwrap())),
        word => panic!("what is {word:?}?"),
    };
    let guard = guard.trim();
    TransitionSpec {
        trigger,
        guard: (!guard.is_empty()).then(|| GuardId(word_id(guard, words))),
        targets: targets.split_whitespace().map(str::to_owned).collect(),
        internal,
        actions: actions(run, words),
    }
}

fn actions(text: &str, words: &mut Vec<String>) -> Vec<ActionId> {
    text.split_whitespace()
        .map(|word| ActionId(word_id(word, words)))
        .collect()
}

fn word_id(word: &str, words: &mut Vec<String>) -> u32 {
    words.push(word.to_owned());
    u32::try_from(words.len() - 1).unwrap()
}
