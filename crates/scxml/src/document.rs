//! A document as its author wrote it.

use std::ops::Range;
use std::sync::Arc;

use groundbreak_statechart::StateKind;

use crate::expression::{Expression, Location};
use crate::place::Place;
use crate::value::Value;

/// An SCXML document, read. [`Machine`](crate::Machine) runs it.
#[derive(Debug)]
pub struct Document {
    /// The name it gives itself.
    pub name: Option<String>,
    /// What its expressions can be.
    pub data_model: DataModel,
    /// When its data get their first values.
    pub binding: Binding,
    /// What `<script>` runs before the first state is entered.
    pub script: Arc<[Content]>,
    /// The `scxml` element itself, taken for a state.
    pub root: State,
}

/// What expressions a document can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataModel {
    /// Expressions in CEL over variables.
    #[default]
    Cel,
    /// No variables; conditions ask for nothing but `In('state')`.
    Null,
}

/// When data get their first values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binding {
    /// When the document starts.
    #[default]
    Early,
    /// When the state that has them is first entered.
    Late,
}

/// A state with everything in it.
#[derive(Debug)]
pub struct State {
    /// Its id, or one that begins with `#` if its author gave it none.
    pub id: String,
    /// What it may hold and how it behaves.
    pub kind: StateKind,
    /// The bytes of its first tag.
    pub span: Range<usize>,
    /// Where it begins; empty for its first child. For a history, its default.
    pub initial: Vec<String>,
    /// What runs when `initial` is followed.
    pub initial_content: Arc<[Content]>,
    /// In document order.
    pub transitions: Vec<Transition>,
    /// What runs on entry, one block an element.
    pub on_entry: Vec<Arc<[Content]>>,
    /// What runs on exit, one block an element.
    pub on_exit: Vec<Arc<[Content]>>,
    /// Its variables.
    pub data: Vec<Data>,
    /// What it invokes while it is active.
    pub invokes: Vec<Arc<Invoke>>,
    /// What the event carries that says that its parent is done.
    pub done_data: Option<Arc<DoneData>>,
    /// In document order, histories included.
    pub children: Vec<State>,
}

/// A transition.
#[derive(Debug)]
pub struct Transition {
    /// The bytes of its first tag.
    pub span: Range<usize>,
    /// Where it stands.
    pub place: Place,
    /// The events it answers to; none for an eventless one.
    pub events: Vec<String>,
    /// What must hold.
    pub condition: Option<Expression>,
    /// The states it leads to; none if nothing is left or entered.
    pub targets: Vec<String>,
    /// Whether a compound source stays active.
    pub internal: bool,
    /// What runs.
    pub content: Arc<[Content]>,
}

/// A variable.
#[derive(Clone, Debug)]
pub struct Data {
    /// Its name.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// Its first value.
    pub value: Source,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Nowhere: there is none.
    None,
    /// An expression.
    Expression(Expression),
    /// What stands in the document.
    Inline(Value),
    /// A document of this address.
    Address(String),
}

/// One element of executable content.
#[derive(Debug)]
pub struct Content {
    /// Where it stands.
    pub place: Place,
    /// What it does.
    pub element: Element,
}

/// What an element of executable content does.
#[derive(Debug)]
pub enum Element {
    /// Raises an internal event.
    Raise(Arc<str>),
    /// Runs the first branch whose condition holds; the last may have none.
    If(Vec<(Option<Expression>, Vec<Content>)>),
    /// Runs its content for each item of a list.
    Foreach {
        /// The list.
        array: Expression,
        /// The variable that has the item.
        item: String,
        /// The variable that has its place, from 0.
        index: Option<String>,
        /// What runs.
        content: Vec<Content>,
    },
    /// Writes a line to the log.
    Log {
        /// What it begins with.
        label: String,
        /// What it shows.
        expression: Option<Expression>,
    },
    /// Gives a variable, or a part of one, a value.
    Assign {
        /// The variable.
        location: Location,
        /// The value.
        value: Source,
    },
    /// Gives variables values, in order; declares those that are new.
    Script(Vec<(String, Expression)>),
    /// Sends an event.
    Send(Box<Send>),
    /// Takes back what was sent with a delay.
    Cancel(Word),
}

impl Element {
    /// Returns the name of the element.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Raise(_) => "raise",
            Self::If(_) => "if",
            Self::Foreach { .. } => "foreach",
            Self::Log { .. } => "log",
            Self::Assign { .. } => "assign",
            Self::Script(_) => "script",
            Self::Send(_) => "send",
            Self::Cancel(_) => "cancel",
        }
    }
}

/// A text that is written down, or worked out when it is needed.
#[derive(Clone, Debug)]
pub enum Word {
    /// As written.
    Plain(Arc<str>),
    /// The value of an expression.
    Computed(Expression),
}

/// An event to send.
#[derive(Debug)]
pub struct Send {
    /// Its name.
    pub event: Option<Word>,
    /// Where to; to the session itself if none is given.
    pub target: Option<Word>,
    /// How; as SCXML sends events if none is given.
    pub kind: Option<Word>,
    /// What it can be taken back by.
    pub id: Identity,
    /// How long to wait.
    pub delay: Option<Word>,
    /// What it carries.
    pub payload: Payload,
}

/// How something gets its id.
#[derive(Clone, Debug)]
pub enum Identity {
    /// It has none that the author could use.
    None,
    /// As written.
    Given(Arc<str>),
    /// A new one, put into this location.
    Kept(Location),
}

/// What an event carries.
#[derive(Debug, Default)]
pub struct Payload {
    /// Variables under their own names.
    pub namelist: Vec<Location>,
    /// Values under names.
    pub params: Vec<Param>,
    /// One value, instead of all that.
    pub content: Option<Source>,
}

/// A value under a name.
#[derive(Debug)]
pub struct Param {
    /// The name.
    pub name: Arc<str>,
    /// The value.
    pub value: Expression,
    /// Where it stands.
    pub place: Place,
}

/// What the event carries that says that a state is done.
#[derive(Debug)]
pub struct DoneData {
    /// Where it stands.
    pub place: Place,
    /// What it carries.
    pub payload: Payload,
}

/// Another document that runs while a state is active.
#[derive(Debug)]
pub struct Invoke {
    /// The bytes of its first tag.
    pub span: Range<usize>,
    /// Where it stands.
    pub place: Place,
    /// What is invoked; an SCXML document if nothing is said.
    pub kind: Option<Word>,
    /// The document.
    pub source: Invoked,
    /// What it is known by.
    pub id: Identity,
    /// What it is started with.
    pub payload: Payload,
    /// Whether it gets a copy of each external event.
    pub autoforward: bool,
    /// What runs before an event from it is taken.
    pub finalize: Vec<Content>,
}

/// The document that is invoked.
#[derive(Debug)]
pub enum Invoked {
    /// It stands inside.
    Inline(Arc<Document>),
    /// The text of one, worked out.
    Computed(Expression),
    /// It has this address.
    Address(Word),
    /// Nothing says what it is.
    Nothing,
}
