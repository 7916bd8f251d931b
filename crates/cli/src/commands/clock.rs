use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use groundbreak_workflow::sla::{Used, explain};
use groundbreak_workflow::{Language, Text};
use serde_json::Value;

use crate::amount;
use crate::calendar_files::{BYTES_MAX, Calendars, parse};
use crate::definitions::read_text;
use crate::screen::{Format, Screen};
use crate::trouble::{self, Outcome, Told, Trouble};
use crate::vector::{
    self, Operation, Problem, Question, SumQuestion, Vector, draw, draw_sample, draw_tally, local,
};

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak clock disputed.json --calendars hall.yaml --format human"
)]
pub(crate) struct Arguments {
    /// JSON: one clock, sum, report or attainment, or a list of them
    #[arg(value_name = "VECTORS")]
    file: PathBuf,
    /// Calendars besides the shipped ones: YAML, or JSON with one or a list of them; may be repeated
    #[arg(long, value_name = "FILE")]
    calendars: Vec<PathBuf>,
    /// How the answer is written: a line of JSON for each, or every stretch explained
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let calendars = Calendars::load(&arguments.calendars)?;
    let written = parse(&arguments.file, &read_text(&arguments.file, BYTES_MAX)?)?;
    let list = match written {
        Value::Array(list) => list,
        one @ Value::Object(_) => vec![one],
        _ => {
            return Err(Trouble::NotJson {
                path: arguments.file.clone(),
                problem: Text::new(
                    "应为一个对象或对象的列表。请按 docs/guides/auditor.md 书写。",
                    "an object or a list of objects is needed. Write it as docs/guides/auditor.md shows.",
                ),
            }
            .into());
        }
    };
    let language = screen.language();
    let mut outcome = Outcome::Good;
    for (index, value) in list.iter().enumerate() {
        let answered = vector::read(value, index, &calendars)
            .map_err(anyhow::Error::from)
            .and_then(|vector| answer(&vector, arguments.format, screen));
        match answered {
            Ok(()) => {}
            Err(error) => match error.downcast::<Problem>() {
                Ok(problem) => {
                    // The answers above stand in their place before it.
                    screen.flush()?;
                    complain(&vector::name(value, index), problem, language);
                    outcome = Outcome::Malformed;
                }
                Err(error) => return Err(error),
            },
        }
    }
    Ok(outcome)
}

fn answer(vector: &Vector, format: Format, screen: &mut Screen) -> Result<()> {
    note(vector, screen)?;
    match &vector.question {
        Question::Clock(question) => {
            let reading = question.reading()?;
            // What is asked for is checked in both forms.
            let line = vector.clock_line(&reading)?;
            if format == Format::Json {
                return Ok(screen.json_line(&line)?);
            }
            let stretches = explain(&question.policy, &question.calendars, &reading)?;
            draw(vector, question, &reading, &stretches, screen)
        }
        Question::Sum(sum) => {
            let line = vector.sum_line(sum)?;
            if format == Format::Json {
                return Ok(screen.json_line(&line)?);
            }
            draw_sum(vector, sum, screen)
        }
        Question::Sample(sample) => {
            let line = vector.sample_line(sample)?;
            if format == Format::Json {
                return Ok(screen.json_line(&line)?);
            }
            draw_sample(vector, sample, screen)
        }
        Question::Tally(tally) => {
            let line = vector.tally_line(tally)?;
            if format == Format::Json {
                return Ok(screen.json_line(&line)?);
            }
            draw_tally(vector, tally, screen)
        }
    }
}

fn draw_sum(vector: &Vector, sum: &SumQuestion, screen: &mut Screen) -> Result<()> {
    screen.line(format!("{}  {}", vector.id, vector.title))?;
    let from = local(vector.tz, sum.from);
    let show = |ms: i64| amount::show(Used::Ms(ms));
    let line = match sum.operation {
        Operation::Add(ms) => format!(
            "  {from} + {} → {}",
            show(ms),
            local(vector.tz, sum.calendar.add(sum.from, ms)?)
        ),
        Operation::Subtract(ms) => format!(
            "  {from} − {} → {}",
            show(ms),
            local(vector.tz, sum.calendar.sub(sum.from, ms)?)
        ),
        Operation::Between(to) => format!(
            "  {from} → {}: {}",
            local(vector.tz, to),
            show(sum.calendar.working_between(sum.from, to))
        ),
    };
    screen.line(line)?;
    Ok(screen.line("")?)
}

/// Says on standard error what a reader should know, apart from the answers.
fn note(vector: &Vector, screen: &mut Screen) -> Result<()> {
    let label = screen.word("注意", "note").to_owned();
    let language = screen.language();
    for problem in &vector.notes {
        eprintln!(
            "{label}: {} {}: {}",
            vector.id,
            problem.key,
            problem.text.get(language)
        );
    }
    Ok(())
}

fn complain(name: &str, problem: Problem, language: Language) {
    let place = if problem.key.is_empty() {
        name.to_owned()
    } else {
        format!("{name} {}", problem.key)
    };
    let told = Told {
        code: problem.code,
        text: Text::new(
            format!("{place}：{}", problem.text.zh),
            format!("{place}: {}", problem.text.en),
        ),
        causes: Vec::new(),
        status: 2,
    };
    trouble::print(&told, language);
}
