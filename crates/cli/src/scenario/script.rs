use groundbreak_workflow::sla::{Timestamp, Used};
use groundbreak_workflow::{GeneralKind, OrderStage};

/// A scenario as it is written: cases, and what happens to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Script {
    /// What the first remark says.
    pub(crate) title: String,
    /// The cases, in the order they are written.
    pub(crate) cases: Vec<CaseScript>,
}

/// A name or value, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed<T> {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) value: T,
}

/// Somebody who acts in a scenario, and the roles they hold.
pub(crate) type Person = (String, Vec<Placed<String>>);

/// One case of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CaseScript {
    /// What the scenario calls it.
    pub(crate) name: String,
    /// What screens call it.
    pub(crate) title: String,
    /// Its workflow.
    pub(crate) workflow: Placed<String>,
    /// The case of the scenario that opens it, and what that one's workflow calls it. Other cases
    /// are opened by somebody.
    pub(crate) child_of: Option<(Placed<String>, String)>,
    /// Version of the workflow, or the newest.
    pub(crate) version: Option<u32>,
    /// The facts it is opened with, by field, as they are typed.
    pub(crate) facts: Vec<(String, String)>,
    /// Who acts, and in which roles.
    pub(crate) people: Vec<Person>,
    /// What happens to it, in order of time.
    pub(crate) steps: Vec<Step>,
}

/// An instant as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Date and time of the day where the workflow is at home: `2023-03-23 10:00`.
    Local(String),
    /// That long before now, in milliseconds: `now-1h32m`.
    BeforeNow(i64),
    /// Found on the calendar of the workflow: a plan has no others.
    Fixed(Timestamp),
}

/// One line: somebody does something, and what must hold afterwards.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) at: Placed<Moment>,
    pub(crate) doing: Doing,
    /// What must hold afterwards.
    pub(crate) expected: Vec<Placed<Expectation>>,
    /// The lines of the file it was read from.
    pub(crate) source: Vec<(usize, String)>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Doing {
    /// Time passes; timers fire.
    Wait,
    /// The engine was stopped after the line before, and starts now.
    Restart,
    /// Somebody gives a command.
    Act(Box<CommandScript>),
}

/// A command as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CommandScript {
    /// A person of the case, or a role that acts by itself.
    pub(crate) actor: Placed<String>,
    pub(crate) verb: Verb,
    /// When it happened, if that was before the line's own time.
    pub(crate) happened: Option<Placed<Moment>>,
    pub(crate) note: Option<String>,
    /// The revision the actor was looking at.
    pub(crate) seen: Option<u64>,
    /// The facts it brings, as they are typed.
    pub(crate) facts: Vec<(String, String)>,
}

/// The kinds of commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Open,
    Fire(String),
    Attach {
        documents: Vec<String>,
        file_name: Option<String>,
    },
    /// Lets documents follow later, on this letter of commitment.
    Defer {
        documents: Vec<String>,
        letter: Option<String>,
    },
    /// Gives a deferred document more time.
    Extend {
        document: String,
        until: Placed<Moment>,
    },
    Comment(String),
    /// What can be done on every case; the facts of the line are what it asks for.
    General(GeneralKind),
}

/// What must hold after a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expectation {
    /// The case is in this state.
    In(String),
    /// The command was refused, with this code; the message holds these words.
    Refused { code: String, words: Vec<String> },
    /// A clock stands like this.
    Clock {
        clock: String,
        amount: Option<Used>,
        office: Option<Used>,
        standing: Vec<Standing>,
        /// From when it counts.
        since: Option<Placed<Moment>>,
        /// When it is due.
        due: Option<Placed<Moment>>,
    },
    /// The parts of a clock took this long, and that long together.
    Segments {
        clock: String,
        parts: Vec<(Placed<String>, Used)>,
        total: Option<Used>,
    },
    /// These documents are owed, and no others.
    Missing { documents: Vec<Placed<String>> },
    /// The document may follow until then.
    Deferred {
        document: Placed<String>,
        due: Placed<Moment>,
    },
    /// This person holds the case, or nobody.
    Holder(Option<String>),
    /// This task force stands behind the case, or none does.
    Force(Option<String>),
    /// Whether the case goes first in queues.
    Fast(bool),
    /// The case was urged on so often.
    Urged(u32),
    /// The supervision order of this number is so far.
    Order(u32, OrderStage),
    /// The fact has this value, as it is typed.
    Fact(String, String),
    /// A timer was fired this long after it was due.
    Late { timer: String, by: Used },
}

/// How a clock stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Running,
    Paused,
    Met,
    Missed,
    /// A breach was found; the clock may still run.
    Breached,
    Void,
    Green,
    Yellow,
    Red,
    Grey,
}

impl Standing {
    /// Every word, with its Chinese.
    pub(crate) const WORDS: [(Self, &str, &str); 10] = [
        (Self::Running, "running", "计时中"),
        (Self::Paused, "paused", "暂停"),
        (Self::Met, "met", "达标"),
        (Self::Missed, "missed", "未达标"),
        (Self::Breached, "breached", "超期"),
        (Self::Void, "void", "作废"),
        (Self::Green, "green", "绿"),
        (Self::Yellow, "yellow", "黄"),
        (Self::Red, "red", "红"),
        (Self::Grey, "grey", "灰"),
    ];

    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::WORDS
            .into_iter()
            .find(|(_, en, zh)| *en == word || *zh == word)
            .map(|(standing, ..)| standing)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::WORDS
            .into_iter()
            .find(|(standing, ..)| *standing == self)
            .map_or("", |(_, en, _)| en)
    }
}
