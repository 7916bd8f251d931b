//! SCXML documents: read, run under a virtual clock with a CEL data model, and written.
//!
//! [`Machine::read`] turns the text of a document into something that can run, or into all that
//! is wrong with it. [`Interpreter`] runs it: the algorithm is that of `groundbreak-statechart`;
//! here are the sessions, queues, delays, invocations and the data model. [`write()`] goes the other
//! way, from a chart to the text of a document. Nothing here reads a clock, a file, the network,
//! the environment or a random source: the time is an argument, and texts that a document names
//! are given as [`Documents`].
//!
//! ```
//! use groundbreak_scxml::{Documents, Interpreter, Machine};
//!
//! let machine = Machine::read(
//!     r#"<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">
//!          <datamodel><data id="asked" expr="0"/></datamodel>
//!          <state id="waiting">
//!            <onentry><send event="late" delay="2h"/></onentry>
//!            <transition event="answer" target="answered"/>
//!            <transition event="late" target="waiting">
//!              <assign location="asked" expr="asked + 1"/>
//!            </transition>
//!          </state>
//!          <final id="answered"/>
//!        </scxml>"#,
//!     &Documents::new(),
//! )
//! .map_err(|faults| format!("{faults:?}"))?;
//!
//! let mut run = Interpreter::new(machine, Documents::new());
//! let two_hours = 2 * 3_600_000;
//! while run.step(two_hours)?.is_some() {}
//! assert_eq!(run.variables()["asked"].to_json(), 1);
//! run.send("answer", None);
//! while run.step(two_hours)?.is_some() {}
//! assert!(run.is_done());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod actor;
mod delay;
mod document;
mod documents;
mod evaluate;
mod expression;
mod fault;
mod functions;
mod interpreter;
mod machine;
mod memory;
mod message;
mod place;
mod reader;
mod text;
mod value;
mod writer;

pub use delay::{DELAY_MS_MAX, delay_ms};
pub use document::{
    Binding, Content, Data, DataModel, Document, DoneData, Element, Identity, Invoke, Invoked,
    Param, Payload, Send, Source, State, Transition, Word,
};
pub use documents::Documents;
pub use expression::{
    EXPRESSION_BYTES_MAX, Expression, Location, NESTING_MAX, NameKind, TOKENS_MAX,
};
pub use fault::{FAULTS_MAX, Fault};
pub use interpreter::{
    Interpreter, MACROSTEPS_MAX, RunError, SESSIONS_MAX, Turn, WAITING_MAX, WORK_MAX,
};
pub use machine::Machine;
pub use memory::{Complaint, LogLine};
pub use place::Place;
pub use reader::{
    ATTRIBUTES_MAX, DOCUMENT_BYTES_MAX, ELEMENT_DEPTH_MAX, NAMESPACE, NAMESPACES_MAX, NODES_MAX,
};
pub use text::Text;
pub use value::{CELLS_MAX, DEPTH_MAX, List, Map, TEXT_BYTES_MAX, TooLarge, Value};
pub use writer::{Labels, WriteError, write};

pub use groundbreak_statechart::{Chart, DelayId, GuardId, HistoryDepth, StateKind, Trigger};
