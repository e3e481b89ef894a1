//! Calliope 0.6 models, read as they are.
//!
//! [`Model::district`] reads a district from a [`Document`](super::document::Document) with the meaning that Calliope
//! gives to every key in the model's version, 0.6.3 to 0.6.10. What it does not support it refuses by name; what has no effect here it lists.

mod builder;
mod model;
mod reader;
mod technologies;
mod version;
mod vocabulary;

pub use model::Model;

use super::timeseries::Correction;

/// How a model is read.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Warn of what is not supported instead of refusing it.
    pub ignore_unsupported: bool,
    /// Values of time series that are known to be wrong.
    pub corrections: &'a [Correction],
}
