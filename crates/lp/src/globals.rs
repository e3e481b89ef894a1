//! Global columns and rows: variables and constraints that exist once for all stages, such as a chosen capacity, a peak
//! that is paid for, or a limit on a yearly sum.

use anergy_profile::Profile;

use super::problem::TermPlace;
use super::{ColumnId, RowId, StagedProblem};

/// The index of a global column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobalColumnId(pub usize);

/// The index of a global row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobalRowId(pub usize);

impl GlobalColumnId {
    /// Returns the position among the global columns of the problem.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl GlobalRowId {
    /// Returns the position among the global rows of the problem.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// A variable that all stages share, `lower <= x <= upper`, with the linear cost `cost * x`.
#[derive(Debug, Clone, PartialEq)]
pub struct GlobalColumn {
    /// Name.
    pub name: String,
    /// Lower bound; may be `-inf`.
    pub lower: f64,
    /// Upper bound; may be `inf`.
    pub upper: f64,
    /// Objective coefficient.
    pub cost: f64,
}

/// A constraint over all stages, `lower <= sum of terms <= upper`.
#[derive(Debug, Clone, PartialEq)]
pub struct GlobalRow {
    /// Name.
    pub name: String,
    /// Least sum of the terms; may be `-inf`.
    pub lower: f64,
    /// Largest sum of the terms; may be `inf`.
    pub upper: f64,
}

/// A term `coefficient_t * column` of a global column in the row of every stage t: a capacity that limits a flow, or a
/// peak that no stage exceeds.
#[derive(Debug, Clone, PartialEq)]
pub struct SpreadTerm {
    /// The row of the pattern.
    pub row: RowId,
    /// The global column.
    pub column: GlobalColumnId,
    /// Coefficient by stage.
    pub coefficient: Profile,
}

/// A term `sum over t of coefficient_t * column_t` in a global row: the energy of a year, or its emissions.
#[derive(Debug, Clone, PartialEq)]
pub struct SumTerm {
    /// The global row.
    pub row: GlobalRowId,
    /// The column of the pattern.
    pub column: ColumnId,
    /// Coefficient by stage.
    pub coefficient: Profile,
}

/// A term `coefficient * column` of a global column in a global row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlobalTerm {
    /// The global row.
    pub row: GlobalRowId,
    /// The global column.
    pub column: GlobalColumnId,
    /// The coefficient.
    pub coefficient: f64,
}

/// The global columns, rows and terms of a problem.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Globals {
    columns: Vec<GlobalColumn>,
    rows: Vec<GlobalRow>,
    spread: Vec<SpreadTerm>,
    sums: Vec<SumTerm>,
    terms: Vec<GlobalTerm>,
}

impl StagedProblem {
    /// Returns the columns that all stages share.
    #[must_use]
    pub fn global_columns(&self) -> &[GlobalColumn] {
        &self.globals.columns
    }

    /// Returns the rows over all stages.
    #[must_use]
    pub fn global_rows(&self) -> &[GlobalRow] {
        &self.globals.rows
    }

    /// Returns the terms of global columns in the rows of every stage.
    #[must_use]
    pub fn spread_terms(&self) -> &[SpreadTerm] {
        &self.globals.spread
    }

    /// Returns the terms of the columns of every stage in global rows.
    #[must_use]
    pub fn sum_terms(&self) -> &[SumTerm] {
        &self.globals.sums
    }

    /// Returns the terms of global columns in global rows.
    #[must_use]
    pub fn global_terms(&self) -> &[GlobalTerm] {
        &self.globals.terms
    }

    /// Adds a column that all stages share and returns its index.
    pub fn add_global_column(&mut self, column: GlobalColumn) -> GlobalColumnId {
        self.globals.columns.push(column);
        GlobalColumnId(self.globals.columns.len() - 1)
    }

    /// Adds a row over all stages, without terms, and returns its index.
    pub fn add_global_row(&mut self, row: GlobalRow) -> GlobalRowId {
        self.globals.rows.push(row);
        GlobalRowId(self.globals.rows.len() - 1)
    }

    /// Adds a term of a global column to the row of every stage.
    ///
    /// # Panics
    /// If the row or column does not belong to this problem, the profile's length is not the number of stages, or the
    /// row already has a term of this column.
    pub fn add_spread_term(&mut self, row: RowId, column: GlobalColumnId, coefficient: impl Into<Profile>) {
        assert!(row.0 < self.rows().len() && column.0 < self.global_columns().len(), "both belong to this problem");
        let coefficient = coefficient.into();
        self.assert_fits(&coefficient, &self.rows()[row.0].name);
        let known = !self.places.insert(TermPlace::Spread(row, column));
        assert!(!known, "{} stands once in row {}", self.global_columns()[column.0].name, self.rows()[row.0].name);
        self.globals.spread.push(SpreadTerm { row, column, coefficient });
    }

    /// Adds the sum of a column over all stages to a global row.
    ///
    /// # Panics
    /// If the row or column does not belong to this problem, the profile's length is not the number of stages, or the
    /// row already has a term of this column.
    pub fn add_sum_term(&mut self, row: GlobalRowId, column: ColumnId, coefficient: impl Into<Profile>) {
        assert!(row.0 < self.global_rows().len() && column.0 < self.columns().len(), "both belong to this problem");
        let coefficient = coefficient.into();
        self.assert_fits(&coefficient, &self.global_rows()[row.0].name);
        let known = !self.places.insert(TermPlace::Sum(row, column));
        assert!(!known, "{} stands once in row {}", self.columns()[column.0].name, self.global_rows()[row.0].name);
        self.globals.sums.push(SumTerm { row, column, coefficient });
    }

    /// Adds a term of a global column to a global row.
    ///
    /// # Panics
    /// If the row or column does not belong to this problem, or the row already has a term of this column.
    pub fn add_global_term(&mut self, row: GlobalRowId, column: GlobalColumnId, coefficient: f64) {
        let fits = row.0 < self.global_rows().len() && column.0 < self.global_columns().len();
        assert!(fits, "both belong to this problem");
        let known = !self.places.insert(TermPlace::Global(row, column));
        let (row_name, column_name) = (&self.global_rows()[row.0].name, &self.global_columns()[column.0].name);
        assert!(!known, "{column_name} stands once in row {row_name}");
        self.globals.terms.push(GlobalTerm { row, column, coefficient });
    }

    /// Replaces the bounds of a global column.
    pub fn set_global_bounds(&mut self, column: GlobalColumnId, lower: f64, upper: f64) {
        let column = &mut self.globals.columns[column.0];
        (column.lower, column.upper) = (lower, upper);
    }

    /// Replaces the cost of a global column.
    pub fn set_global_cost(&mut self, column: GlobalColumnId, cost: f64) {
        self.globals.columns[column.0].cost = cost;
    }

    /// Replaces the least and the largest sum of a global row.
    pub fn set_global_range(&mut self, row: GlobalRowId, lower: f64, upper: f64) {
        let row = &mut self.globals.rows[row.0];
        (row.lower, row.upper) = (lower, upper);
    }
}
