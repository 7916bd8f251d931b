//! How often a clock was met: the shares of an `attainment`, computed from its counts and drawn.

use anyhow::Result;
use groundbreak_audit::Counts;
use serde_json::json;

use super::answer::{Line, no_such_key};
use super::fields::Fields;
use super::{Problem, Vector};
use crate::amount;
use crate::screen::Screen;

/// No count is larger: more cases than there are people.
const COUNT_MAX: i64 = 10_000_000_000;

const SHARES: [&str; 2] = ["attainment_closed_bp", "attainment_pessimistic_bp"];

/// The counts of an attainment.
pub(crate) struct TallyQuestion {
    counts: Counts,
}

impl TallyQuestion {
    pub(super) fn read(fields: &Fields<'_>, notes: &mut Vec<Problem>) -> Result<Self, Problem> {
        let written = fields.needed(
            "counts",
            (
                "请写 met 与 missed，以及其他各数。",
                "Write met and missed, and the other counts there are.",
            ),
        )?;
        let fields = Fields::of(written, "counts")?;
        let names = [
            "met",
            "missed",
            "void",
            "excused",
            "running_in_time",
            "running_missed",
        ];
        fields.only(&names, notes)?;
        // Without these two there is nothing to take a share of; of the others there may be none.
        for name in ["met", "missed"] {
            fields.needed(name, ("请写件数，没有则写 0。", "Write how many, or 0."))?;
        }
        let [met, missed, void, excused, running_in_time, running_missed] =
            names.map(|name| count(&fields, name));
        Ok(Self {
            counts: Counts {
                met: met?,
                missed: missed?,
                void: void?,
                excused: excused?,
                running_in_time: running_in_time?,
                running_missed: running_missed?,
            },
        })
    }
}

fn count(fields: &Fields<'_>, name: &str) -> Result<usize, Problem> {
    let written = fields.whole(name)?.unwrap_or(0);
    usize::try_from(written)
        .ok()
        .filter(|_| written <= COUNT_MAX)
        .ok_or_else(|| {
            Problem::new(
                &fields.key(name),
                format!("应为 0 至 {COUNT_MAX} 的件数，而不是 {written}。"),
                format!("a count from 0 to {COUNT_MAX} is needed, not {written}."),
            )
        })
}

impl Vector {
    /// Returns what the shares come to; null where there is nothing to take a share of.
    pub(crate) fn tally_line(&self, tally: &TallyQuestion) -> Result<Line, Problem> {
        self.line(&SHARES, |key, _| {
            Ok(match key {
                "attainment_closed_bp" => json!(tally.counts.closed_bp()),
                "attainment_pessimistic_bp" => json!(tally.counts.pessimistic_bp()),
                _ => return Err(no_such_key(key, &SHARES)),
            })
        })
    }
}

/// Draws the counts and both shares.
pub(crate) fn draw_tally(
    vector: &Vector,
    tally: &TallyQuestion,
    screen: &mut Screen,
) -> Result<()> {
    let counts = &tally.counts;
    screen.line(format!("{}  {}", vector.id, vector.title))?;
    let parts = [
        ("达标", "met", counts.met),
        ("未达标", "missed", counts.missed),
        ("作废", "void", counts.void),
        ("免责", "excused", counts.excused),
        ("在办未超期", "running in time", counts.running_in_time),
        ("在办已超期", "running late", counts.running_missed),
    ]
    .map(|(zh, en, count)| format!("{} {count}", screen.word(zh, en)));
    screen.line(format!("  {}", parts.join(" · ")))?;
    let share = |bp: Option<usize>| bp.map_or_else(|| "–".to_owned(), amount::percent);
    screen.line(format!(
        "  {} {} · {} {}",
        screen.word("已办结的达标率", "attainment of those closed"),
        share(counts.closed_bp()),
        screen.word(
            "在办已超期的计为未达标",
            "with those running late as missed"
        ),
        share(counts.pessimistic_bp()),
    ))?;
    Ok(screen.line("")?)
}
