use groundbreak_workflow::sla::{BreachCause, Timestamp, Used, Verdict};
use groundbreak_workflow::{Entry, Language, Text, Workflow};

use crate::amount;
use crate::case_view::local;

/// Returns an entry of a journal as a line for a reader, or `None` for one that only the engine
/// needs.
pub(crate) fn describe(workflow: &Workflow, entry: &Entry, language: Language) -> Option<String> {
    Some(words(workflow, entry, language)?.get(language).to_owned())
}

fn words(workflow: &Workflow, entry: &Entry, language: Language) -> Option<Text> {
    let clock = |name: &str| {
        workflow
            .clocks
            .get(name)
            .map_or_else(|| Text::new(name, name), |clock| clock.title.clone())
    };
    Some(match entry {
        Entry::Opened {
            title,
            workflow,
            version,
            ..
        } => Text::new(
            format!("接件：{title}（{workflow} v{version}）"),
            format!("Opened: {title} ({workflow} v{version})"),
        ),
        Entry::Fired { event, note } => {
            let title = workflow
                .events
                .get(event)
                .map_or_else(|| Text::new(event, event), |event| event.title.clone());
            let note = note
                .as_ref()
                .map(|note| format!(" · {note}"))
                .unwrap_or_default();
            Text::new(format!("{}{note}", title.zh), format!("{}{note}", title.en))
        }
        Entry::FactsRecorded { data } => {
            let facts = data.iter().map(|(name, value)| {
                let title = workflow
                    .fields
                    .get(name)
                    .map_or(name.as_str(), |field| field.title.get(language));
                format!("{title} = {value}")
            });
            let facts = facts.collect::<Vec<_>>().join(if language == Language::Zh {
                "，"
            } else {
                ", "
            });
            Text::new(facts.clone(), facts)
        }
        Entry::DocumentAttached {
            document,
            file_name,
            digest,
            ..
        } => {
            let title = workflow.document_title(document);
            let short = digest.get(..12).unwrap_or(digest);
            Text::new(
                format!("上传 {}：{file_name}（{short}…）", title.zh),
                format!("Attached {}: {file_name} ({short}…)", title.en),
            )
        }
        Entry::DocumentDeferred { .. }
        | Entry::DeferralExtended { .. }
        | Entry::DeferralCleared { .. }
        | Entry::DeferralFailed { .. } => return workflow.deferral_text(entry),
        Entry::Bound { .. } => return workflow.binding_text(entry),
        Entry::General(done) => done.text(workflow),
        Entry::Commented { text } => Text::new(format!("记：{text}"), format!("Remark: {text}")),
        Entry::Moved { entered, .. } => {
            let zh: Vec<String> = entered
                .iter()
                .map(|state| workflow.state_title(state).zh)
                .collect();
            let en: Vec<String> = entered
                .iter()
                .map(|state| workflow.state_title(state).en)
                .collect();
            if zh.is_empty() {
                return None;
            }
            Text::new(
                format!("→ {}", zh.join("、")),
                format!("→ {}", en.join(", ")),
            )
        }
        Entry::TimerFired {
            timer,
            late_ms: Some(late),
            ..
        } => {
            let late = amount::show(Used::Ms(*late));
            Text::new(
                format!("计时器 {timer} 迟 {late} 触发"),
                format!("Timer {timer} fired {late} late"),
            )
        }
        Entry::TimerFired { .. } | Entry::TimerArmed { .. } | Entry::TimerDisarmed { .. } => {
            return None;
        }
        Entry::Invoked { .. }
        | Entry::EffectAsked { .. }
        | Entry::EffectDelivered { .. }
        | Entry::EffectFailed { .. }
        | Entry::EffectGivenUp { .. }
        | Entry::EffectResent { .. }
        | Entry::EffectDropped { .. } => return entry.effect_text(),
        Entry::ClockStarted {
            clock: name,
            since: Some(since),
            ..
        } => {
            let (title, since) = (clock(name), local(workflow, *since));
            Text::new(
                format!("{}开始计时，自 {since} 起算", title.zh),
                format!("{}: started, counted from {since}", title.en),
            )
        }
        Entry::ClockStarted { clock: name, .. } => {
            let title = clock(name);
            Text::new(
                format!("{}开始计时", title.zh),
                format!("{}: started", title.en),
            )
        }
        Entry::ClockPaused {
            clock: name,
            reason,
            ..
        } => {
            let (title, party) = (clock(name), reason.party.text());
            Text::new(
                format!("{}暂停（{}）", title.zh, party.zh),
                format!("{}: paused ({})", title.en, party.en),
            )
        }
        Entry::ClockResumed { clock: name, .. } => {
            let title = clock(name);
            Text::new(
                format!("{}恢复", title.zh),
                format!("{}: resumed", title.en),
            )
        }
        Entry::ClockStopped {
            clock: name,
            verdict,
            wall_ms,
            office_ms,
        } => {
            let title = clock(name);
            let (zh, en) = if *verdict == Verdict::Met {
                ("达标", "met")
            } else {
                ("未达标", "missed")
            };
            let (wall, office) = (
                amount::show(Used::Ms(*wall_ms)),
                amount::show(Used::Ms(*office_ms)),
            );
            Text::new(
                format!("{}{zh}：历时 {wall}，其中办公时间 {office}", title.zh),
                format!(
                    "{}: {en} after {wall}, {office} of it in office hours",
                    title.en
                ),
            )
        }
        Entry::ClockCancelled { clock: name } => {
            let title = clock(name);
            Text::new(format!("{}作废", title.zh), format!("{}: void", title.en))
        }
        Entry::ClockWarned {
            clock: name,
            trigger,
        } => {
            let title = clock(name);
            Text::new(
                format!("{}临期（{trigger}）", title.zh),
                format!("{}: due soon ({trigger})", title.en),
            )
        }
        Entry::ClockBreached {
            clock: name, cause, ..
        } => {
            let title = clock(name);
            let (zh, en) = match cause {
                BreachCause::Work => (String::new(), String::new()),
                cause => {
                    let cause = cause.text();
                    (format!("（{}）", cause.zh), format!(" ({})", cause.en))
                }
            };
            Text::new(
                format!("{}超期{zh}", title.zh),
                format!("{}: overdue{en}", title.en),
            )
        }
        Entry::ClockExcused {
            clock: name,
            reason,
            ..
        } => {
            let title = clock(name);
            Text::new(
                format!("{}超期免责：{reason}", title.zh),
                format!("{}: overdue, and excused: {reason}", title.en),
            )
        }
        Entry::Migrated(migrated) => {
            let (from, to) = (migrated.from_version, migrated.version);
            Text::new(
                format!("由第 {from} 版迁至第 {to} 版：{}", migrated.reason),
                format!(
                    "Moved from version {from} to version {to}: {}",
                    migrated.reason
                ),
            )
        }
        Entry::ClockGoalChanged {
            clock: name,
            before,
            goal,
            ..
        } => {
            let (title, before, goal) = (clock(name), before.text(), goal.text());
            Text::new(
                format!("{}时限由{}改为{}", title.zh, before.zh, goal.zh),
                format!(
                    "{}: goal changed from {} to {}",
                    title.en, before.en, goal.en
                ),
            )
        }
        Entry::ClockRecounted {
            clock: name,
            calendar,
            due_before,
            due_at,
            withdraws_breach,
            ..
        } => {
            let title = clock(name);
            let zone = workflow.calendar.tz();
            let instant = |at: Option<Timestamp>| {
                at.map(|at| at.in_zone(zone).format("%Y-%m-%d %H:%M").to_string())
            };
            let (zh, en) = match (instant(*due_before), instant(*due_at)) {
                (Some(before), Some(due)) if before == due => {
                    (format!("到期不变，仍为 {due}"), format!("still due {due}"))
                }
                (Some(before), Some(due)) => (
                    format!("到期由 {before} 改为 {due}"),
                    format!("was due {before}, now due {due}"),
                ),
                _ => ("重新计算".to_owned(), "counted anew".to_owned()),
            };
            let (more_zh, more_en) = if *withdraws_breach {
                ("，此前的超期不再成立", "; it is not overdue any more")
            } else {
                ("", "")
            };
            Text::new(
                format!("日历更新（{calendar}），{}{zh}{more_zh}", title.zh),
                format!("Calendar updated ({calendar}), {}: {en}{more_en}", title.en),
            )
        }
    })
}
