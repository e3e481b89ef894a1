//! The problem as the interior-point method sees it: every column in a box from 0, every row an equality.

use crate::series::Profile;

/// A column in 0..=upper.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BoxedColumn {
    pub(super) upper: Profile,
    pub(super) cost: Profile,
    pub(super) quadratic: Profile,
}

/// `coefficient * column` in a row of the same stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FormEntry {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) coefficient: Profile,
}

/// Minimise the sum of cost * x + 1/2 quadratic * x^2 over columns and stages, subject to equalities in every stage.
///
/// The last columns are the states. Rows come in two kinds, those without dynamics first; then, for each state k, the row
/// `x_k,t - kept_k,t x_k,t-1 + entries = sum`. What reads the stage before the first one reads the last (cyclic) or nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Form {
    pub(super) stages: usize,
    pub(super) cyclic: bool,
    pub(super) columns: Vec<BoxedColumn>,
    /// Coefficients of the flows; a state stands in its own row with 1.
    pub(super) entries: Vec<FormEntry>,
    /// For each state, what is left of it after a stage.
    pub(super) kept: Vec<Profile>,
    /// Sums of the rows by stage.
    pub(super) sums: Vec<Vec<f64>>,
}
