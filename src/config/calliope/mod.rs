//! Calliope 0.6 models, read as they are.
//!
//! [`Model::load`] works imports, the scenario and dotted keys into one document; [`Model::district`]
//! reads a district from it with the meaning that Calliope 0.6.3 gives to every key. What it does not support it refuses by
//! name; what has no effect here it lists.

mod builder;
mod document;
mod reader;
mod technologies;
mod timeseries;
mod vocabulary;

pub use document::Model;

use super::LoopFile;

/// How a model is read.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Warn of what is not supported instead of refusing it.
    pub ignore_unsupported: bool,
    /// The loop file, for its corrections of time series.
    pub corrections: Option<&'a LoopFile>,
}
