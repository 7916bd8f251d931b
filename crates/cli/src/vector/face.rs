//! A clock explained to a person: what it comes to, and every stretch of it with its sums.

use anyhow::Result;
use chrono_tz::Tz;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use groundbreak_workflow::Text;
use groundbreak_workflow::sla::{
    ClockReading, ClockState, Light, Stretch, StretchKind, Timestamp, Used, Verdict,
};

use super::{ClockQuestion, Vector};
use crate::amount;
use crate::screen::Screen;

/// Writes an instant as the clocks of a zone show it.
pub(crate) fn local(tz: Tz, at: Timestamp) -> String {
    let at = at.in_zone(tz);
    let text = at.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    let text = text.strip_suffix(".000").unwrap_or(&text);
    text.strip_suffix(":00").unwrap_or(text).to_owned()
}

/// Draws a clock and its stretches.
pub(crate) fn draw(
    vector: &Vector,
    question: &ClockQuestion,
    reading: &ClockReading,
    stretches: &[Stretch],
    screen: &mut Screen,
) -> Result<()> {
    let language = screen.language();
    let at = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), |at| local(vector.tz, at));
    screen.line(format!("{}  {}", vector.id, vector.title))?;
    let goal = reading.goal.text();
    screen.line(format!(
        "  {} · {} · {} · {} {}",
        goal.get(language),
        question.calendars.initial().reference(),
        vector.tz,
        screen.word("截至", "as of"),
        local(vector.tz, question.as_of),
    ))?;
    let light = light(reading.light);
    let light = light.get(language);
    let light = match reading.light {
        Light::Green => screen.green(light),
        Light::Yellow => screen.yellow(light),
        Light::Red => screen.red(light),
        Light::Grey => screen.grey(light),
    };
    screen.line(format!(
        "  {} · {} · {light}",
        state(reading.state).get(language),
        verdict(reading.verdict).get(language),
    ))?;
    screen.line(format!(
        "  {} {}{}",
        screen.word("到期", "due"),
        at(reading.due),
        if reading.provisional {
            screen.word(
                "（暂定：日历尚未公布到此）",
                " (provisional: the calendar is not published so far)",
            )
        } else {
            ""
        }
    ))?;
    screen.line(format!(
        "  {} {} · {} {} · {}.{:02}%",
        screen.word("已用", "used"),
        amount::show(reading.used),
        screen.word("剩余", "left"),
        amount::show(reading.remaining),
        reading.percent_bp / 100,
        reading.percent_bp % 100,
    ))?;
    if let (Some(breached), Some(wall), Some(working)) = (
        reading.breached_at,
        reading.overrun_wall_ms,
        reading.overrun_working_ms,
    ) {
        screen.line(format!(
            "  {} {} · {} {} · {} {}",
            screen.word("超期于", "breached"),
            local(vector.tz, breached),
            screen.word("超出", "over by"),
            amount::show(Used::Ms(wall)),
            screen.word("其中工作时间", "of it working time"),
            amount::show(Used::Ms(working)),
        ))?;
    }
    for trigger in &reading.triggers {
        screen.line(format!(
            "  {} {} · {}",
            screen.word("提醒", "warning"),
            trigger.trigger.text().get(language),
            local(vector.tz, trigger.at),
        ))?;
    }
    for cycle in &reading.closed_cycles {
        screen.line(format!(
            "  {} {} → {} · {} · {} {}",
            screen.word("前一周期", "earlier cycle"),
            local(vector.tz, cycle.started_at),
            local(vector.tz, cycle.stopped_at),
            verdict(cycle.verdict).get(language),
            screen.word("已用", "used"),
            amount::show(cycle.used),
        ))?;
    }
    draw_stretches(vector, stretches, screen)?;
    draw_sums(reading, screen)
}

fn draw_stretches(vector: &Vector, stretches: &[Stretch], screen: &mut Screen) -> Result<()> {
    if stretches.is_empty() {
        return Ok(());
    }
    let language = screen.language();
    let heads = [
        ("自", "from"),
        ("至", "to"),
        ("情形", "what"),
        ("责任方", "party"),
        ("历时", "length"),
        ("其中工作时间", "working time"),
        ("日历", "calendar"),
    ];
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for stretch in stretches {
        let kind = match &stretch.kind {
            StretchKind::Running => screen.word("计时", "running").to_owned(),
            StretchKind::OffHours => screen.word("非工作时间", "off-hours").to_owned(),
            StretchKind::Paused(reason) => {
                format!("{}{}", screen.word("暂停：", "paused: "), reason.name)
            }
        };
        table.add_row([
            local(vector.tz, stretch.from),
            local(vector.tz, stretch.to),
            kind,
            stretch.party().text().get(language).to_owned(),
            amount::show(Used::Ms(stretch.wall_ms())),
            amount::show(Used::Ms(stretch.working_ms)),
            stretch.calendar.to_string(),
        ]);
    }
    Ok(screen.line(table)?)
}

/// Writes the sum that a reader can check with a pencil: every millisecond has one party.
fn draw_sums(reading: &ClockReading, screen: &mut Screen) -> Result<()> {
    let show = |ms: i64| amount::show(Used::Ms(ms));
    let mut parts = vec![
        format!(
            "{} {}",
            screen.word("工作时间", "working"),
            show(reading.office_ms)
        ),
        format!(
            "{} {}",
            screen.word("非工作时间", "off-hours"),
            show(reading.offhours_ms)
        ),
    ];
    for total in &reading.paused {
        parts.push(format!(
            "{}{} {}",
            screen.word("暂停：", "paused: "),
            total.reason.name,
            show(total.wall_ms)
        ));
    }
    screen.line(format!(
        "  {} = {} {}",
        parts.join(" + "),
        screen.word("全程", "whole"),
        show(reading.wall_ms)
    ))?;
    Ok(screen.line("")?)
}

fn state(state: ClockState) -> Text {
    match state {
        ClockState::Pending => Text::new("未开始", "not started"),
        ClockState::Running => Text::new("计时中", "running"),
        ClockState::Paused => Text::new("暂停", "paused"),
        ClockState::Stopped => Text::new("已停止", "stopped"),
        ClockState::Cancelled => Text::new("已取消", "cancelled"),
    }
}

fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Pending => Text::new("未定", "pending"),
        Verdict::Met => Text::new("按时", "met"),
        Verdict::Missed => Text::new("超期", "missed"),
        Verdict::Void => Text::new("作废", "void"),
    }
}

fn light(light: Light) -> Text {
    match light {
        Light::Green => Text::new("绿灯", "green"),
        Light::Yellow => Text::new("黄灯", "yellow"),
        Light::Red => Text::new("红灯", "red"),
        Light::Grey => Text::new("灰灯", "grey"),
    }
}
