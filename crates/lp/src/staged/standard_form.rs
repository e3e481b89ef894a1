//! The standard form of the interior-point method: every column in a box from 0 to its upper bound, every row an
//! equality.

use anergy_profile::Profile;

/// A column in 0..=upper.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StandardColumn {
    pub(super) upper: Profile,
    pub(super) cost: Profile,
    pub(super) quadratic: Profile,
    /// 1 where the column may move and 0 where it is fixed at 0; `None` if it may move in every stage.
    pub(super) movable: Option<Profile>,
    /// Value of the scaled original column at 0; `None` if that is 0 in every stage.
    pub(super) origin: Option<Profile>,
    /// Value at which the method starts; `None` if it starts near 0.
    pub(super) initial_value: Option<Profile>,
    /// Whether the cost is a penalty, beside which other costs would not be seen.
    pub(super) is_penalty: bool,
}

/// A term `coefficient * column` in a row of the same stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StandardEntry {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) coefficient: Profile,
}

/// A term `coefficient * column` of the stage before in a row; the coefficient is the one of the row's stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LaggedEntry {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) coefficient: Profile,
    /// Whether the first stage reads the last one; otherwise it reads nothing.
    pub(super) wraps: bool,
}

/// A global column in 0..=upper, with a linear cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StandardGlobalColumn {
    pub(super) upper: f64,
    pub(super) cost: f64,
}

/// A term `coefficient * column` between stages and globals: a global column in a row of every stage, or a column of
/// every stage in a global row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GlobalEntry {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) coefficient: Profile,
}

/// The global columns, rows and terms of the standard form.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct StandardGlobals {
    pub(super) columns: Vec<StandardGlobalColumn>,
    /// Global columns in rows of the stages.
    pub(super) spread: Vec<GlobalEntry>,
    /// Columns of the stages in global rows, sorted by column.
    pub(super) summed: Vec<GlobalEntry>,
    /// Global row, global column and coefficient.
    pub(super) terms: Vec<(usize, usize, f64)>,
    /// Right-hand sides of the global rows.
    pub(super) sums: Vec<f64>,
    /// Unit of each global row, relative to the unit of a row of a stage.
    pub(super) row_units: Vec<f64>,
}

/// The problem in standard form: minimise the sum of cost * x + 1/2 quadratic * x^2 over columns and stages, subject to
/// equalities in every stage.
///
/// If the dynamics are diagonal, the last columns are the states and the last rows are their dynamics, in the same
/// order: `x_t + lagged x_{t-1} + entries = sum`, with one lagged entry per state.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StandardForm {
    pub(super) stages: usize,
    /// Number of states if the dynamics are diagonal; `None` otherwise.
    pub(super) diagonal: Option<usize>,
    pub(super) columns: Vec<StandardColumn>,
    pub(super) entries: Vec<StandardEntry>,
    /// Lagged entries, sorted by column.
    pub(super) lagged: Vec<LaggedEntry>,
    /// Typical cost of a unit of a flow.
    pub(super) typical_cost: f64,
    /// Right-hand sides of the rows, by row and stage.
    pub(super) sums: Vec<Vec<f64>>,
    pub(super) globals: StandardGlobals,
}

impl StandardForm {
    /// Returns whether the first stage reads the last one.
    pub(super) fn is_ring(&self) -> bool {
        self.lagged.iter().any(|lagged| lagged.wraps)
    }

    /// Returns a key that is equal for two forms that differ in numbers only.
    pub(super) fn pattern(&self) -> Vec<usize> {
        let counts = [self.stages, self.diagonal.map_or(0, |states| states + 1), self.columns.len(), self.sums.len()];
        let entries = self.entries.iter().flat_map(|entry| [entry.row, entry.column]);
        let lagged = self.lagged.iter().flat_map(|entry| [entry.row, entry.column, usize::from(entry.wraps)]);
        let free = self.columns.iter().map(|column| usize::from(column.initial_value.is_some()));
        counts.into_iter().chain(free).chain(entries).chain(lagged).chain(self.globals.pattern()).collect()
    }
}

impl StandardGlobals {
    /// Returns the part of the key for the global columns, rows and terms.
    fn pattern(&self) -> Vec<usize> {
        let counts = [self.columns.len(), self.sums.len(), self.spread.len(), self.summed.len()];
        let entries = self.spread.iter().chain(&self.summed).flat_map(|entry| [entry.row, entry.column]);
        let terms = self.terms.iter().flat_map(|&(row, column, _)| [row, column]);
        counts.into_iter().chain(entries).chain(terms).collect()
    }
}
