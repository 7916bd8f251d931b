use std::fmt;
use std::str::FromStr;

use groundbreak_sla::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid, Variant, Version};

use crate::{Actor, Data, EffectId, EffectOutcome, GeneralAct, Parent};

/// Names a case. A version 7 UUID, so that cases sort by the time they were opened. No case has the
/// nil id, which is the default.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct CaseId(pub Uuid);

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CaseId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Names a command. The same id sent twice is the same command, and is carried out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub Uuid);

impl CommandId {
    /// Returns the id of a command that follows from something, and not from a caller: the same
    /// each time it is asked for. A version 8 UUID (RFC 9562, section 5.8), which no caller may
    /// give a command, since anybody could work it out and use it first.
    pub fn derived(from: Uuid, about: &str) -> Self {
        let hashed = Uuid::new_v5(&from, about.as_bytes());
        let derived = Builder::from_bytes(hashed.into_bytes()).with_version(Version::Custom);
        Self(derived.into_uuid())
    }

    /// Tells whether this is an id that only the engine gives.
    pub fn is_derived(self) -> bool {
        self.0.get_version() == Some(Version::Custom) && self.0.get_variant() == Variant::RFC4122
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A request by an actor, which may be refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Makes the command idempotent.
    pub id: CommandId,
    /// The case it is about. For [`Act::Open`], the id the case will have.
    pub case: CaseId,
    /// Who asks.
    pub actor: Actor,
    /// The revision the actor was looking at. When given, a case that has moved on since refuses
    /// the command; when absent, the command is decided on the case as it is.
    pub seen_revision: Option<u64>,
    /// When the thing happened, if that was earlier than now (补登). `None` means now.
    pub effective_at: Option<Timestamp>,
    /// What is asked for.
    pub act: Act,
}

/// What a command asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Opens a case.
    Open {
        /// Name of the workflow. Its newest published version is taken unless `version` says other.
        workflow: String,
        /// Version, or the newest.
        version: Option<u32>,
        /// The project or company the case is about, as screens show it.
        title: String,
        /// The facts known at the start.
        data: Data,
    },
    /// Sends an event to the case.
    Fire {
        /// Name of the event, as the workflow declares it.
        event: String,
        /// The facts the event brings with it.
        data: Data,
        /// A remark, or the reason why it is recorded late.
        note: Option<String>,
    },
    /// Records that a document was handed in. Its content stays where it is; the digest binds it.
    Attach {
        /// Name of the document, as the workflow declares it.
        document: String,
        /// Name of the file.
        file_name: String,
        /// SHA-256 of the content, 64 lower-case hexadecimal digits.
        digest: String,
        /// A remark.
        note: Option<String>,
    },
    /// Lets secondary documents follow later, on a written commitment of the applicant (容缺受理).
    Defer {
        /// Names of the documents, as the workflow declares them.
        documents: Vec<String>,
        /// The letter of commitment: its number, or the name of its file.
        letter: String,
        /// A remark.
        note: Option<String>,
    },
    /// Gives a deferred document more time: force majeure. Allowed on a closed case.
    ExtendDeferral {
        /// Name of the document.
        document: String,
        /// When it has to be there; later than before.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Adds a remark to the journal and changes nothing else.
    Comment {
        /// The remark.
        text: String,
    },
    /// Does what can be done on every case: claims it, urges it on, suspends it, …
    General(GeneralAct),
    /// Has an effect that was given up tried anew, at once. Allowed on a closed case.
    ResendEffect {
        /// The effect.
        effect: EffectId,
        /// A remark.
        note: Option<String>,
    },
    /// Drops an effect that was given up: it will never be done. Allowed on a closed case.
    DropEffect {
        /// The effect.
        effect: EffectId,
        /// Why.
        reason: String,
    },
    /// Opens a case as the child of another. Only the engine gives it, for [`crate::Effect::Open`].
    OpenChild {
        /// Name of the workflow, whose newest published version is taken.
        workflow: String,
        /// What the case is about.
        title: String,
        /// The facts known at the start.
        data: Data,
        /// The case that opens it.
        parent: Parent,
    },
    /// Says what an attempt to do an effect came to. Only the actor `clock` gives it.
    SettleEffect {
        /// The effect.
        effect: EffectId,
        /// The number of the attempt: one more than there were before.
        attempt: u32,
        /// What it came to.
        outcome: EffectOutcome,
    },
    /// Fires the earliest timer of the case that is due. Only the actor `clock` gives it.
    Tick,
    /// Recounts what counts on an older version of the calendar than the newest published: clocks
    /// that are open, and delays. Only the actor `clock` gives it.
    FollowCalendar,
}
