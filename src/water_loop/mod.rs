//! The water loop that the heat pumps draw from.
//!
//! One model so far: a ring so well mixed that it has one temperature, with the limits within which it is kept. Heat into
//! the loop is positive.

mod well_mixed;

pub use well_mixed::{LoopLimit, LoopStep, WellMixedLoop, WellMixedSettings};

/// What makes a loop meaningless.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum WaterLoopError {
    /// A number is outside its range.
    #[error("water_loop.{key} is {value}; expected {expected}")]
    Range {
        /// The key.
        key: &'static str,
        /// Its value.
        value: f64,
        /// The range.
        expected: &'static str,
    },
}
