//! The reasons why a fleet has no solution, or is none.

use crate::LpError;

/// The errors of a fleet: data that do not fit, and solves that fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// A matrix or a series has the wrong size.
    #[error("{owner}: {what} has {found} elements, {expected} are needed")]
    Shape {
        /// Name of the unit, shared row or shared column.
        owner: String,
        /// The quantity, with the meaning of its size.
        what: String,
        /// Size that is needed.
        expected: usize,
        /// Size that was given.
        found: usize,
    },
    /// A number is NaN, or infinite where only finite numbers have a meaning.
    #[error("{owner}: {what} is {value}{}", .stage.map_or_else(String::new, |stage| format!(" in step {stage}")))]
    NotFinite {
        /// Name of the unit, shared row or shared column.
        owner: String,
        /// The quantity.
        what: String,
        /// Step, counted from 0; `None` for quantities without steps.
        stage: Option<usize>,
        /// The number.
        value: f64,
    },
    /// A lower bound is above its upper bound.
    #[error("{owner}: {what} is at least {lower} and at most {upper} in step {stage}")]
    BoundsCrossed {
        /// Name of the unit, shared row or shared column.
        owner: String,
        /// The quantity.
        what: String,
        /// Step, counted from 0.
        stage: usize,
        /// Lower bound.
        lower: f64,
        /// Upper bound.
        upper: f64,
    },
    /// A price of slack is negative, so that slack would be produced without limit.
    #[error("{owner}: {what} has the negative price {price} in step {stage}")]
    NegativePrice {
        /// Name of the unit or shared row.
        owner: String,
        /// The slack.
        what: String,
        /// Step, counted from 0.
        stage: usize,
        /// The price.
        price: f64,
    },
    /// The bounds of inputs and outputs and the dynamics imply no bounds of a state below 1e12.
    #[error(
        "{unit}: state {state} is unbounded in step {stage}: bound the inputs that drive it, or an output that shows it"
    )]
    UnboundedState {
        /// Name of the unit.
        unit: String,
        /// Index of the state, or of the mode if the dynamics are modal.
        state: usize,
        /// Step, counted from 0.
        stage: usize,
    },
    /// A transition matrix is not similar to a symmetric one by a positive diagonal scaling, as that of an RC network is.
    #[error("{unit}: the transition matrix has no modal form: {reason} (relative residual {residual:e})")]
    NotSymmetrizable {
        /// Name of the unit.
        unit: String,
        /// What was checked.
        reason: &'static str,
        /// Largest deviation, relative to the largest entry of the matrix.
        residual: f64,
    },
    /// An index that does not belong to this fleet.
    #[error("the fleet `{fleet}` has no {what} {index}")]
    Unknown {
        /// Name of the fleet.
        fleet: String,
        /// Kind of element.
        what: &'static str,
        /// The index.
        index: usize,
    },
    /// A unit alone, without the shared rows, cannot keep the bounds of an output.
    #[error(
        "{unit}: no inputs keep its outputs within their bounds; {output} misses them by {shortfall} in step {stage}"
    )]
    InfeasibleUnit {
        /// Name of the unit.
        unit: String,
        /// Name of the output with the largest violation where the sum of violations is smallest.
        output: String,
        /// Step of this violation, counted from 0.
        stage: usize,
        /// Size of this violation, in the unit of the output.
        shortfall: f64,
    },
    /// Every unit alone is feasible, but a shared row is not kept.
    #[error("the shared row {row} cannot be kept: it misses its range by {shortfall} in step {stage}")]
    InfeasibleRow {
        /// Name of the shared row with the largest violation where the sum of violations is smallest.
        row: String,
        /// Step of this violation, counted from 0.
        stage: usize,
        /// Size of this violation, in the unit of the row.
        shortfall: f64,
    },
    /// The solver failed, or the problem is unbounded.
    #[error(transparent)]
    Lp(#[from] LpError),
}
