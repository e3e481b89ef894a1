//! The problem as the interior-point method sees it: every column in a box from 0, every row an equality.

use anergy_profile::Profile;

/// A column in 0..=upper.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StandardColumn {
    pub(super) upper: Profile,
    pub(super) cost: Profile,
    pub(super) quadratic: Profile,
    /// 1 where the column may move and 0 where it is fixed, at 0, if it is fixed in some stages.
    pub(super) movable: Option<Profile>,
    /// What 0 stands for, where that is not nothing.
    pub(super) origin: Option<Profile>,
    /// Where to start, if that is not near 0.
    pub(super) initial_value: Option<Profile>,
    /// Whether it costs so much more than the others that their costs would not be seen beside it.
    pub(super) is_penalty: bool,
}

/// `coefficient * column` in a row of the same stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StandardEntry {
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
    /// Whether the first stage reads the last one; solve_by_fallback it reads nothing.
    pub(super) wraps: bool,
}

/// A column that all stages share, in 0..=upper, at cost once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StandardGlobalColumn {
    pub(super) upper: f64,
    pub(super) cost: f64,
}

/// `coefficient * column` between what all stages share and what each stage has: a global column in a row of every stage, or
/// the columns of all stages in a global row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GlobalEntry {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) coefficient: Profile,
}

/// What all stages share.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct StandardGlobals {
    pub(super) columns: Vec<StandardGlobalColumn>,
    /// Global columns in rows of the stages.
    pub(super) spread: Vec<GlobalEntry>,
    /// Columns of the stages in global rows, sorted by column.
    pub(super) summed: Vec<GlobalEntry>,
    /// Global row, global column, coefficient.
    pub(super) terms: Vec<(usize, usize, f64)>,
    /// Sums of the global rows.
    pub(super) sums: Vec<f64>,
    /// What one unit of each global row is, against one of a row.
    pub(super) row_units: Vec<f64>,
}

/// Minimise the sum of cost * x + 1/2 quadratic * x^2 over columns and stages, subject to equalities in every stage.
///
/// Where the dynamics are diagonal, the last columns are the states and the last rows theirs, in the same order:
/// `x_t + lagged x_{t-1} + entries = sum`, one lagged entry a state.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StandardForm {
    pub(super) stages: usize,
    /// Number of states, if the dynamics are diagonal.
    pub(super) diagonal: Option<usize>,
    pub(super) columns: Vec<StandardColumn>,
    pub(super) entries: Vec<StandardEntry>,
    /// Sorted by column.
    pub(super) lagged: Vec<LaggedEntry>,
    /// What a unit of a flow costs as a rule.
    pub(super) typical_cost: f64,
    /// Sums of the rows by stage.
    pub(super) sums: Vec<Vec<f64>>,
    pub(super) globals: StandardGlobals,
}

impl StandardForm {
    /// Whether the first stage reads the last one.
    pub(super) fn is_ring(&self) -> bool {
        self.lagged.iter().any(|lagged| lagged.wraps)
    }

    /// What two forms share that differ in numbers alone.
    pub(super) fn pattern(&self) -> Vec<usize> {
        let counts = [self.stages, self.diagonal.map_or(0, |states| states + 1), self.columns.len(), self.sums.len()];
        let entries = self.entries.iter().flat_map(|entry| [entry.row, entry.column]);
        let lagged = self.lagged.iter().flat_map(|entry| [entry.row, entry.column, usize::from(entry.wraps)]);
        let free = self.columns.iter().map(|column| usize::from(column.initial_value.is_some()));
        counts.into_iter().chain(free).chain(entries).chain(lagged).chain(self.globals.pattern()).collect()
    }
}

impl StandardGlobals {
    fn pattern(&self) -> Vec<usize> {
        let counts = [self.columns.len(), self.sums.len(), self.spread.len(), self.summed.len()];
        let entries = self.spread.iter().chain(&self.summed).flat_map(|entry| [entry.row, entry.column]);
        let terms = self.terms.iter().flat_map(|&(row, column, _)| [row, column]);
        counts.into_iter().chain(entries).chain(terms).collect()
    }
}
