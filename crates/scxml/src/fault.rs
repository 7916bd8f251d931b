//! What can be wrong with a document.

use std::ops::Range;

use crate::Text;
use crate::place::{Place, Places};

/// One thing wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable; has a page in `docs/errors`.
    pub code: &'static str,
    /// Bytes of the document the message is about.
    pub span: Range<usize>,
    /// Where that begins.
    pub place: Place,
    /// What is wrong.
    pub message: Text,
    /// What the author can do, when there is one obvious thing.
    pub help: Option<Text>,
}

/// The most faults that are told of one document.
pub const FAULTS_MAX: usize = 100;

/// The faults found so far.
#[derive(Debug)]
pub(crate) struct Faults<'a> {
    source: &'a str,
    places: &'a Places,
    found: Vec<Fault>,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(source: &'a str, places: &'a Places) -> Self {
        Self {
            source,
            places,
            found: Vec::new(),
        }
    }

    /// Adds a fault.
    pub(crate) fn add(&mut self, code: &'static str, span: Range<usize>, message: Text) {
        self.add_with_help(code, span, message, None);
    }

    /// Adds a fault and what can be done about it. Beyond [`FAULTS_MAX`], drops it.
    pub(crate) fn add_with_help(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: Text,
        help: Option<Text>,
    ) {
        if !self.are_many() {
            self.found.push(Fault {
                code,
                place: self.places.of(self.source, span.start),
                span,
                message,
                help,
            });
        }
    }

    /// Returns whether more would be dropped.
    pub(crate) fn are_many(&self) -> bool {
        self.found.len() >= FAULTS_MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns the faults in the order of the text.
    pub(crate) fn into_sorted(mut self) -> Vec<Fault> {
        self.found.sort_by_key(|fault| fault.span.start);
        self.found
    }
}
