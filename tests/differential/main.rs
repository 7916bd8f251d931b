//! Compares random charts and random events with SCION, an interpreter that others wrote.
//!
//! `differential [--exits-reversed | --without RULE] FOLDER COUNT SEED`, where FOLDER holds the packages of
//! package.json. `run` installs them and starts it.
//!
//! A chart is a function of one number, SEED and those after it. What is compared is text: for the
//! start and each event, the actions that ran, in order, and all states that are active then.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a tool for development that cannot go on should say where"
)]

mod generate;
#[path = "../../crates/statechart/tests/it/growing.rs"]
mod growing;
mod notation;
mod outcome;
mod peer;
mod rules;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use generate::{Genome, Specimen};
use outcome::{Expectation, Outcome};
use peer::Peer;

/// How many charts go to the peer at once.
const BATCH: u64 = 100;
/// How many smaller charts are tried when a difference has been found.
const ATTEMPTS_MAX: usize = 2000;

/// How to compare.
#[derive(Clone, Copy)]
struct Options<'a> {
    expectation: Expectation,
    /// The rule that is not applied, to see what it is for.
    without: Option<&'a str>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (expectation, without, rest) = match arguments.as_slice() {
        ["--exits-reversed", rest @ ..] => (Expectation::ExitsReversed, None, rest),
        ["--without", rule, rest @ ..] => (Expectation::Ours, Some(*rule), rest),
        rest => (Expectation::Ours, None, rest),
    };
    let options = Options {
        expectation,
        without,
    };
    let [packages, count, seed] = rest else {
        eprintln!("usage: differential [--exits-reversed | --without RULE] FOLDER COUNT SEED");
        return ExitCode::from(2);
    };
    let (Ok(count), Ok(seed)) = (count.parse::<u64>(), seed.parse::<u64>()) else {
        eprintln!("COUNT and SEED are whole numbers");
        return ExitCode::from(2);
    };
    if without.is_some_and(|rule| !rules::exists(rule)) {
        eprintln!("there is no such rule; README.md lists them");
        return ExitCode::from(2);
    }
    compare(&mut Peer::start(packages), options, seed, count)
}

/// Compares `count` charts, and stops at the first difference.
fn compare(peer: &mut Peer, options: Options<'_>, seed: u64, count: u64) -> ExitCode {
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut first = 0;
    while first < count {
        let numbers = first..count.min(first + BATCH);
        let genomes: Vec<Genome> = numbers
            .map(|number| Genome::of(seed.wrapping_add(number)))
            .collect();
        let grow = |genome| Specimen::grow(genome, options.without);
        let specimens: Vec<Specimen> = genomes.iter().map(grow).collect();
        let answers = peer.ask(&specimens);
        for ((genome, specimen), theirs) in genomes.into_iter().zip(&specimens).zip(&answers) {
            let ours = outcome::run(specimen, options.expectation);
            if ours.stages != *theirs {
                let seed = seed.wrapping_add(tally.charts);
                let nth = tally.charts + 1;
                println!("difference at seed {seed}\nafter {nth} charts\n");
                report(peer, options, genome);
                return ExitCode::FAILURE;
            }
            tally.add(specimen, &ours);
        }
        first += BATCH;
    }
    tally.print(started.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

/// Makes the chart and its events smaller while they still differ, and prints what is left.
fn report(peer: &mut Peer, options: Options<'_>, mut genome: Genome) {
    let mut differs = |genome: &Genome| {
        let specimen = Specimen::grow(genome, options.without);
        let ours = outcome::run(&specimen, options.expectation).stages;
        let theirs = peer.ask(std::slice::from_ref(&specimen)).remove(0);
        (ours != theirs).then_some((specimen, ours, theirs))
    };
    let mut smallest = differs(&genome).unwrap();
    let mut attempts = 0;
    while let Some((smaller, found)) = genome
        .smaller()
        .take_while(|_| {
            attempts += 1;
            attempts < ATTEMPTS_MAX
        })
        .find_map(|smaller| differs(&smaller).map(|found| (smaller, found)))
    {
        (genome, smallest) = (smaller, found);
    }
    let (specimen, ours, theirs) = smallest;
    println!("{}", notation::draw(&specimen.root, &specimen.words));
    let names = std::iter::once("(start)").chain(specimen.events.iter().copied());
    for (stage, name) in names.enumerate() {
        let (ours, theirs) = (ours.get(stage), theirs.get(stage));
        let nothing = "(over)";
        let text = |it: Option<&String>| it.map_or(nothing, String::as_str).to_owned();
        let mark = if ours == theirs { ' ' } else { '!' };
        println!("{mark} {name}\n    ours:   {}", text(ours));
        println!("    theirs: {}", text(theirs));
        if ours != theirs {
            break;
        }
    }
}

/// What has been compared, and what the charts were made of.
#[derive(Default)]
struct Tally {
    charts: u64,
    events: usize,
    restless: usize,
    done: usize,
    features: BTreeMap<&'static str, usize>,
    causes: BTreeMap<&'static str, usize>,
    exclusions: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn add(&mut self, specimen: &Specimen, outcome: &Outcome) {
        let stages = &outcome.stages;
        self.charts += 1;
        self.events += stages.len() - 1;
        let last = stages.last().unwrap();
        self.restless += usize::from(last == outcome::RESTLESS);
        self.done += usize::from(specimen.ended_early(stages.len()) && last != outcome::RESTLESS);
        for (name, count) in specimen.features() {
            *self.features.entry(name).or_default() += count;
        }
        for cause in &outcome.causes {
            *self.causes.entry(cause).or_default() += 1;
        }
        for (name, count) in &specimen.exclusions {
            *self.exclusions.entry(name).or_default() += count;
        }
    }

    fn print(&self, seconds: f64) {
        print_counts("made of:", &self.features);
        print_counts("microsteps:", &self.causes);
        print_counts(
            "kept out, because SCION differs there (README.md says which of the two the Recommendation wants):",
            &self.exclusions,
        );
        println!(
            "{} came to their end, {} did not come to rest on either side",
            self.done, self.restless
        );
        println!(
            "{} charts, {} events, 0 differences, {seconds:.0} s",
            self.charts, self.events
        );
    }
}

fn print_counts(title: &str, counts: &BTreeMap<&'static str, usize>) {
    println!("{title}");
    for (name, count) in counts {
        println!("{count:>8}  {name}");
    }
}
