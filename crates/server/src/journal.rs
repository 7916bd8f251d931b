use groundbreak_engine::CaseVersions;
use groundbreak_workflow::sla::{BreachCause, Timestamp, Verdict};
use groundbreak_workflow::{Actor, Commit, Entry, StateKind, Workflow};

use crate::accounts::Accounts;
use crate::facts::value_words;
use crate::moment::Moment;
use crate::words::Words;

/// What is recorded this long after it happened counts as recorded late, in milliseconds. A
/// minute: what screens show.
const LATE_MS: i64 = 60_000;
/// The most consequences said below an act.
const FOLLOWS_MAX: usize = 8;

/// A journal in words, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct JournalView {
    pub(crate) days: Vec<JournalDay>,
    /// Whether there is more before what is shown.
    pub(crate) more: bool,
    /// How much.
    pub(crate) left: usize,
}

/// What happened on one day.
#[derive(Clone, Debug)]
pub(crate) struct JournalDay {
    pub(crate) title: String,
    pub(crate) lines: Vec<JournalLine>,
}

/// One commit.
#[derive(Clone, Debug)]
pub(crate) struct JournalLine {
    pub(crate) kind: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) time: String,
    pub(crate) machine: String,
    pub(crate) said: String,
    /// `（11:06 补登，晚 6 分）`.
    pub(crate) late: Option<String>,
    /// What followed from it.
    pub(crate) follows: Vec<String>,
    pub(crate) note: Option<String>,
    pub(crate) by: String,
    pub(crate) revision: u64,
}

/// Which lines of a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum JournalKind {
    #[default]
    All,
    Acts,
    Papers,
    Clocks,
    Notes,
    Late,
}

impl JournalKind {
    pub(crate) const ALL: [Self; 6] = [
        Self::All,
        Self::Acts,
        Self::Papers,
        Self::Clocks,
        Self::Notes,
        Self::Late,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Acts => "acts",
            Self::Papers => "papers",
            Self::Clocks => "clocks",
            Self::Notes => "notes",
            Self::Late => "late",
        }
    }

    pub(crate) fn read(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .unwrap_or_default()
    }

    /// Tells whether a commit is of this kind.
    pub(crate) fn takes(self, commit: &Commit) -> bool {
        let has = |wanted: fn(&Entry) -> bool| commit.entries.iter().any(wanted);
        match self {
            Self::All => true,
            Self::Acts => has(|entry| {
                matches!(
                    entry,
                    Entry::Opened { .. }
                        | Entry::Fired { .. }
                        | Entry::General(_)
                        | Entry::Migrated(_)
                )
            }),
            Self::Papers => has(|entry| {
                matches!(
                    entry,
                    Entry::DocumentAttached { .. }
                        | Entry::DocumentDeferred { .. }
                        | Entry::DeferralExtended { .. }
                        | Entry::DeferralFailed { .. }
                )
            }),
            Self::Clocks => has(is_of_a_clock),
            Self::Notes => has(|entry| {
                matches!(
                    entry,
                    Entry::Commented { .. }
                        | Entry::Fired { note: Some(_), .. }
                        | Entry::DocumentAttached { note: Some(_), .. }
                        | Entry::DocumentDeferred { note: Some(_), .. }
                )
            }),
            Self::Late => is_late(commit),
        }
    }
}

fn is_of_a_clock(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::ClockStarted { .. }
            | Entry::ClockPaused { .. }
            | Entry::ClockResumed { .. }
            | Entry::ClockStopped { .. }
            | Entry::ClockCancelled { .. }
            | Entry::ClockWarned { .. }
            | Entry::ClockBreached { .. }
            | Entry::ClockExcused { .. }
            | Entry::ClockRecounted { .. }
            | Entry::ClockGoalChanged { .. }
    )
}

/// Tells whether a commit carries the case over to another version.
fn migrates(commit: &Commit) -> bool {
    matches!(commit.entries.first(), Some(Entry::Migrated(_)))
}

/// Tells whether a commit lets the case follow a newer calendar. Then a recount comes first, or a
/// delay that is armed anew: elsewhere that follows from a move.
fn follows_calendar(commit: &Commit) -> bool {
    matches!(
        commit.entries.first(),
        Some(Entry::ClockRecounted { .. } | Entry::TimerArmed { .. })
    )
}

fn is_late(commit: &Commit) -> bool {
    commit.recorded_at.millis_since(commit.effective_at) >= LATE_MS
}

/// Puts commits into words.
pub(crate) struct Narrator<'a> {
    /// What was recorded under an earlier version is told in the words of that one.
    pub(crate) versions: &'a CaseVersions,
    /// The version in force.
    pub(crate) workflow: &'a Workflow,
    pub(crate) accounts: &'a Accounts,
    pub(crate) at: &'a Moment,
}

impl Narrator<'_> {
    /// Returns at most `limit` of these commits, newest first; they come oldest first.
    pub(crate) fn view<'c>(
        &self,
        commits: impl DoubleEndedIterator<Item = &'c Commit>,
        limit: usize,
    ) -> JournalView {
        let mut view = JournalView::default();
        let mut last_date = None;
        let mut newest_first: Vec<&Commit> = commits.rev().collect();
        // What was recorded late stands where it happened.
        newest_first
            .sort_by_key(|commit| std::cmp::Reverse((commit.effective_at, commit.revision)));
        view.left = newest_first.len().saturating_sub(limit);
        view.more = view.left > 0;
        for commit in newest_first.into_iter().take(limit) {
            let date = self.at.date(commit.effective_at);
            if last_date != Some(date) {
                last_date = Some(date);
                let today = self.at.date(self.at.now);
                let near = self.at.near_day(date);
                let full = self.at.full_day(date);
                let is_near = (date - today).num_days().abs() <= 1;
                let title = if is_near {
                    format!("{near} {full}")
                } else {
                    full
                };
                view.days.push(JournalDay {
                    title,
                    lines: Vec::new(),
                });
            }
            if let Some(day) = view.days.last_mut() {
                day.lines.push(self.line(commit));
            }
        }
        view
    }

    /// Returns one commit in words.
    pub(crate) fn line(&self, commit: &Commit) -> JournalLine {
        let then = Self {
            workflow: self.versions.at(commit.revision),
            ..*self
        };
        then.line_under_its_version(commit)
    }

    fn line_under_its_version(&self, commit: &Commit) -> JournalLine {
        let words = self.words();
        let (kind, icon, said) = self.heading(commit);
        let by = if commit.by.id == Actor::CLOCK_ID {
            words.t("by-clock")
        } else if commit.by.id.starts_with(Actor::CASE_PREFIX) {
            words.s("by-case", &commit.by.name)
        } else {
            let name = self
                .accounts
                .name_of(&commit.by.id, &commit.by.name, words.language);
            let role = commit
                .by
                .role
                .as_deref()
                .map(|role| words.text(&self.workflow.role_title(role)).to_owned());
            let principal = commit.by.on_behalf_of.as_ref().map(|principal| {
                let name = self
                    .accounts
                    .name_of(&principal.id, &principal.name, words.language);
                words.s("by-for", name)
            });
            let rest = [principal, role, commit.by.department.clone()]
                .into_iter()
                .flatten()
                .filter(|part| !name.to_lowercase().contains(&part.to_lowercase()));
            std::iter::once(name.to_owned())
                .chain(rest)
                .collect::<Vec<_>>()
                .join(" · ")
        };
        JournalLine {
            kind,
            icon,
            time: self.at.time(commit.effective_at),
            machine: self.at.machine(commit.effective_at),
            said,
            late: is_late(commit).then(|| self.late(commit)),
            follows: self.follows(commit),
            note: commit.entries.iter().find_map(|entry| match entry {
                Entry::Fired {
                    note: Some(note), ..
                }
                | Entry::DocumentAttached {
                    note: Some(note), ..
                }
                | Entry::DocumentDeferred {
                    note: Some(note), ..
                } => Some(note.clone()),
                Entry::Commented { text } => Some(text.clone()),
                Entry::Migrated(migrated) => Some(migrated.reason.clone()),
                _ => None,
            }),
            by,
            revision: commit.revision,
        }
    }

    fn words(&self) -> Words {
        self.at.words
    }

    fn late(&self, commit: &Commit) -> String {
        let recorded = commit.recorded_at;
        let same_day = self.at.date(recorded) == self.at.date(commit.effective_at);
        let when = if same_day {
            self.at.time(recorded)
        } else {
            self.at.dated(recorded)
        };
        let by = self.at.duration(recorded.millis_since(commit.effective_at));
        self.words()
            .with("journal-late-by", [("when", &when), ("by", &by)])
    }

    /// What a commit is about: its kind, its sign, and one sentence.
    fn heading(&self, commit: &Commit) -> (&'static str, &'static str, String) {
        let words = self.words();
        if follows_calendar(commit) {
            return ("warn", "clock", words.t("journal-calendar"));
        }
        for entry in &commit.entries {
            match entry {
                Entry::Opened { title, .. } => {
                    let workflow = words.text(&self.workflow.title);
                    return (
                        "act",
                        "flag",
                        words.with("journal-opened", [("workflow", workflow), ("title", title)]),
                    );
                }
                Entry::Fired { event, .. } => {
                    let title = self
                        .workflow
                        .events
                        .get(event)
                        .map_or(event.as_str(), |event| words.text(&event.title));
                    return ("act", "dot", title.to_owned());
                }
                Entry::DocumentAttached {
                    document,
                    file_name,
                    ..
                } => {
                    let title = self.workflow.document_title(document);
                    let said = words.with(
                        "journal-attached",
                        [("document", words.text(&title)), ("file", file_name)],
                    );
                    return ("doc", "doc", said);
                }
                Entry::DocumentDeferred { .. }
                | Entry::DeferralExtended { .. }
                | Entry::DeferralFailed { .. } => {
                    let said = self.workflow.deferral_text(entry).unwrap_or_default();
                    let (kind, icon) = match entry {
                        Entry::DeferralFailed { .. } => ("warn", "r"),
                        _ => ("doc", "doc"),
                    };
                    return (kind, icon, words.text(&said).to_owned());
                }
                Entry::General(done) => {
                    let said = done.text(self.workflow);
                    return ("act", "dot", words.text(&said).to_owned());
                }
                Entry::Commented { .. } => return ("act", "note", words.t("journal-commented")),
                Entry::Migrated(migrated) => {
                    let (from, to) = (migrated.from_version, migrated.version);
                    let said = words.with(
                        "journal-migrated",
                        [("from", &from.to_string()), ("to", &to.to_string())],
                    );
                    return ("act", "flag", said);
                }
                Entry::ClockBreached {
                    clock,
                    due_at,
                    cause,
                } => return ("warn", "r", self.breached(clock, *due_at, *cause)),
                Entry::ClockWarned { clock, trigger } => {
                    let said = words.with(
                        "journal-warned",
                        [("clock", &self.clock(clock)), ("trigger", trigger)],
                    );
                    return ("warn", "clock", said);
                }
                Entry::EffectDelivered { .. }
                | Entry::EffectFailed { .. }
                | Entry::EffectGivenUp { .. }
                | Entry::EffectResent { .. }
                | Entry::EffectDropped { .. } => {
                    let said = entry.effect_text().unwrap_or_default();
                    let (kind, icon) = match entry {
                        Entry::EffectGivenUp { .. } => ("warn", "r"),
                        Entry::EffectFailed { .. } => ("warn", "clock"),
                        _ => ("act", "dot"),
                    };
                    return (kind, icon, words.text(&said).to_owned());
                }
                _ => {}
            }
        }
        let entered = self.entered(commit);
        let said = if entered.is_empty() {
            words.t("journal-timer")
        } else {
            words.s("journal-timer-moved", words.list(entered))
        };
        ("warn", "clock", said)
    }

    fn breached(&self, clock: &str, due_at: Timestamp, cause: BreachCause) -> String {
        let words = self.words();
        let said = words.with(
            "journal-breached",
            [
                ("clock", &self.clock(clock)),
                ("due", &self.at.dated(due_at)),
            ],
        );
        match cause {
            BreachCause::Work => said,
            cause => words.with(
                "journal-breached-by",
                [
                    ("said", said.as_str()),
                    ("cause", words.text(&cause.text())),
                ],
            ),
        }
    }

    /// What followed from a commit, beyond what its heading says.
    fn follows(&self, commit: &Commit) -> Vec<String> {
        let words = self.words();
        let mut follows = Vec::new();
        let by_timer = commit.entries.iter().all(|entry| {
            !matches!(
                entry,
                Entry::Opened { .. }
                    | Entry::Fired { .. }
                    | Entry::Migrated(_)
                    | Entry::DocumentAttached { .. }
                    | Entry::General(_)
            )
        });
        let entered = self.entered(commit);
        if !entered.is_empty() && !by_timer {
            follows.push(words.s("journal-moved", words.list(entered)));
        }
        for entry in &commit.entries {
            match entry {
                Entry::FactsRecorded { data } => {
                    let facts = data.iter().map(|(name, value)| {
                        let field = self.workflow.fields.get(name);
                        let title = field.map_or(name.as_str(), |field| words.text(&field.title));
                        let value = field.map_or_else(
                            || value.to_string(),
                            |field| match field.choices.get(&value.to_string()) {
                                Some(label) => words.text(label).to_owned(),
                                None => value_words(field.kind, value, words),
                            },
                        );
                        format!("{title} {value}")
                    });
                    follows.push(words.s("journal-facts", words.list(facts.collect::<Vec<_>>())));
                }
                Entry::DeferralCleared { .. } => {
                    let said = self.workflow.deferral_text(entry).unwrap_or_default();
                    follows.push(words.text(&said).to_owned());
                }
                Entry::TimerFired {
                    late_ms: Some(late_ms),
                    ..
                } => {
                    follows.push(words.s("journal-fired-late", self.at.duration(*late_ms)));
                }
                Entry::ClockBreached {
                    clock,
                    due_at,
                    cause,
                } if follows_calendar(commit) || migrates(commit) => {
                    follows.push(self.breached(clock, *due_at, *cause));
                }
                Entry::TimerArmed { due_at, .. }
                    if follows_calendar(commit) || migrates(commit) =>
                {
                    follows.push(words.s("journal-delay-moved", self.at.dated(*due_at)));
                }
                Entry::EffectAsked { .. } | Entry::Invoked { .. } => {
                    let said = entry.effect_text();
                    follows.extend(said.map(|said| words.text(&said).to_owned()));
                }
                other => follows.extend(self.of_clock(other)),
            }
        }
        follows.truncate(FOLLOWS_MAX);
        follows
    }

    /// Returns what happened to a clock in words; breaches and warnings are headings.
    pub(crate) fn of_clock(&self, entry: &Entry) -> Option<String> {
        let words = self.words();
        let said = match entry {
            Entry::ClockStarted {
                clock,
                due_at: Some(due_at),
                since: Some(since),
                ..
            } => words.with(
                "journal-clock-started-from",
                [
                    ("clock", &self.clock(clock)),
                    ("since", &self.at.dated(*since)),
                    ("due", &self.at.dated(*due_at)),
                ],
            ),
            Entry::ClockStarted {
                clock,
                due_at: Some(due_at),
                ..
            } => words.with(
                "journal-clock-started",
                [
                    ("clock", &self.clock(clock)),
                    ("due", &self.at.dated(*due_at)),
                ],
            ),
            Entry::ClockStarted {
                clock,
                due_at: None,
                ..
            } => words.s("journal-clock-started-open", self.clock(clock)),
            Entry::ClockPaused { clock, reason, .. } => {
                let party = reason.party.text();
                let why = match words.language {
                    groundbreak_workflow::Language::Zh => party.zh,
                    groundbreak_workflow::Language::En => party.en,
                };
                words.with(
                    "journal-clock-paused",
                    [("clock", &self.clock(clock)), ("why", &why)],
                )
            }
            Entry::ClockResumed { clock, .. } => {
                words.s("journal-clock-resumed", self.clock(clock))
            }
            Entry::ClockStopped {
                clock,
                verdict,
                wall_ms,
                ..
            } => {
                let key = if *verdict == Verdict::Missed {
                    "journal-clock-missed"
                } else {
                    "journal-clock-met"
                };
                words.with(
                    key,
                    [
                        ("clock", &self.clock(clock)),
                        ("used", &self.at.duration(*wall_ms)),
                    ],
                )
            }
            Entry::ClockCancelled { clock } => {
                words.s("journal-clock-cancelled", self.clock(clock))
            }
            Entry::ClockExcused { clock, reason, .. } => words.with(
                "journal-clock-excused",
                [("clock", &self.clock(clock)), ("why", reason)],
            ),
            Entry::ClockGoalChanged {
                clock,
                before,
                goal,
                due_at,
                ..
            } => {
                let (clock, before, goal) = (self.clock(clock), before.text(), goal.text());
                let said = words.with(
                    "journal-clock-goal",
                    [
                        ("clock", clock.as_str()),
                        ("before", words.text(&before)),
                        ("goal", words.text(&goal)),
                    ],
                );
                match due_at {
                    Some(due) => words.with(
                        "journal-clock-goal-due",
                        [("said", &said), ("due", &self.at.dated(*due))],
                    ),
                    None => said,
                }
            }
            Entry::ClockRecounted {
                clock,
                due_before,
                due_at,
                withdraws_breach,
                ..
            } => {
                let clock = self.clock(clock);
                let said = match (due_before, due_at) {
                    (Some(before), Some(due)) if before == due => words.with(
                        "journal-clock-still-due",
                        [("clock", &clock), ("due", &self.at.dated(*due))],
                    ),
                    (Some(before), Some(due)) => words.with(
                        "journal-clock-moved",
                        [
                            ("clock", &clock),
                            ("before", &self.at.dated(*before)),
                            ("due", &self.at.dated(*due)),
                        ],
                    ),
                    _ => words.s("journal-clock-recounted", &clock),
                };
                if *withdraws_breach {
                    words.s("journal-breach-withdrawn", &said)
                } else {
                    said
                }
            }
            Entry::Bound { .. } => {
                let said = self.workflow.binding_text(entry)?;
                words.text(&said).to_owned()
            }
            _ => return None,
        };
        Some(said)
    }

    /// Returns the titles of the innermost states a commit led to, as far as the case stayed there.
    pub(crate) fn entered(&self, commit: &Commit) -> Vec<String> {
        let mut stayed: Vec<&str> = Vec::new();
        for entry in &commit.entries {
            if let Entry::Moved {
                exited, entered, ..
            } = entry
            {
                stayed.retain(|state| !exited.iter().any(|left| left == state));
                stayed.extend(entered.iter().map(String::as_str));
            }
        }
        let innermost = |state: &&str| {
            self.workflow
                .states
                .get(*state)
                .is_some_and(|state| matches!(state.kind, StateKind::Atomic | StateKind::Final))
        };
        stayed
            .into_iter()
            .filter(innermost)
            .map(|state| {
                self.words()
                    .text(&self.workflow.state_title(state))
                    .to_owned()
            })
            .collect()
    }

    /// Returns the title of a clock.
    fn clock(&self, name: &str) -> String {
        self.workflow.clocks.get(name).map_or_else(
            || name.to_owned(),
            |clock| self.words().text(&clock.title).to_owned(),
        )
    }
}

/// Returns what people did, with the time it happened, oldest first: the marks of a timeline.
pub(crate) fn happened(
    commits: &[Commit],
    versions: &CaseVersions,
    words: Words,
) -> Vec<(Timestamp, String)> {
    let mut marks: Vec<(Timestamp, String)> = commits
        .iter()
        .filter_map(|commit| {
            let title = commit.entries.iter().find_map(|entry| match entry {
                Entry::Opened { .. } => Some(words.t("mark-opened")),
                Entry::Fired { event, .. } => Some(
                    versions
                        .at(commit.revision)
                        .events
                        .get(event)
                        .map_or(event.as_str(), |event| words.text(&event.title))
                        .to_owned(),
                ),
                _ => None,
            })?;
            Some((commit.effective_at, title))
        })
        .collect();
    marks.sort_by_key(|(instant, _)| *instant);
    marks
}
