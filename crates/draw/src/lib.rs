//! Pictures of workflows for people who read titles, not names.
//!
//! [`svg`] draws the chart: hierarchy as nested frames, regions side by side, what lies off the
//! main path quieter, who may act, and where each clock starts, stops and stands still. With
//! [`Marks`] it shows where a case is. [`mermaid`] writes the same chart for tools that draw by
//! themselves.

mod arcs;
mod card;
mod column;
mod drawing;
mod layout;
mod legend;
mod measure;
mod mermaid;
mod palette;
mod sheet;
mod svg;
mod timing;
mod tree;
mod view;

pub use mermaid::mermaid;
pub use svg::svg;
pub use tree::folded;
pub use view::{DrawError, Marks, View};
