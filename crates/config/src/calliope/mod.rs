//! Reader of Calliope 0.6 models.
//!
//! [`Model::district`] reads a district from a [`Document`](super::document::Document) with the meaning that Calliope
//! gives to every key in the model's version, 0.6.3 to 0.6.10. Keys that are not supported are errors; keys without an
//! effect are listed as findings.

mod builder;
mod model;
mod reader;
mod technologies;
mod version;
mod vocabulary;

pub use model::Model;

use super::timeseries::Correction;

/// The options for reading a model.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Whether unsupported keys are warnings instead of errors.
    pub ignore_unsupported: bool,
    /// The corrections of values of time series that are known to be wrong.
    pub corrections: &'a [Correction],
}
