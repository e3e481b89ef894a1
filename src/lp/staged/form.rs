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

/// `coefficient * column` of the stage before in a row; the coefficient is that of the row's stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LaggedEntry {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) coefficient: Profile,
    /// Whether the first stage reads the last one; otherwise it reads nothing.
    pub(super) wraps: bool,
}

/// Minimise the sum of cost * x + 1/2 quadratic * x^2 over columns and stages, subject to equalities in every stage.
///
/// Where the dynamics are diagonal, the last columns are the states and the last rows theirs, in the same order:
/// `x_t + lagged x_{t-1} + entries = sum`, one lagged entry a state.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Form {
    pub(super) stages: usize,
    /// Number of states, if the dynamics are diagonal.
    pub(super) diagonal: Option<usize>,
    pub(super) columns: Vec<BoxedColumn>,
    pub(super) entries: Vec<FormEntry>,
    /// Sorted by column.
    pub(super) lagged: Vec<LaggedEntry>,
    /// Sums of the rows by stage.
    pub(super) sums: Vec<Vec<f64>>,
}

impl Form {
    /// What two forms share that differ in numbers alone.
    pub(super) fn pattern(&self) -> Vec<usize> {
        let counts = [self.stages, self.diagonal.map_or(0, |states| states + 1), self.columns.len(), self.sums.len()];
        let entries = self.entries.iter().flat_map(|entry| [entry.row, entry.column]);
        let lagged = self.lagged.iter().flat_map(|entry| [entry.row, entry.column, usize::from(entry.wraps)]);
        counts.into_iter().chain(entries).chain(lagged).collect()
    }
}
