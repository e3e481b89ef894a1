//! The problem while presolve changes it: columns, rows and terms, some of them no longer active.

use anergy_profile::Profile;

use crate::{ColumnId, GlobalColumn, GlobalRow, GlobalTerm, Lag, SpreadTerm, StagedProblem, SumTerm};

/// A column of the presolved problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedColumn {
    pub(super) lower: Profile,
    pub(super) upper: Profile,
    pub(super) cost: Profile,
    pub(super) quadratic: Profile,
    /// Whether the column is still part of the problem; the value of a removed column is set by the step that removed
    /// it, or is 0.
    pub(super) active: bool,
    /// Whether the column appears in a global row.
    pub(super) shared: bool,
}

/// A row of the presolved problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedRow {
    pub(super) lower: Profile,
    pub(super) upper: Profile,
    /// Whether the row is still part of the problem.
    pub(super) active: bool,
    /// Whether a global column appears in the row.
    pub(super) shared: bool,
}

/// A term of the presolved problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedTerm {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) lag: Lag,
    pub(super) coefficient: Profile,
}

/// The global columns, rows and terms, as in the original problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedGlobals {
    pub(super) columns: Vec<GlobalColumn>,
    pub(super) rows: Vec<GlobalRow>,
    pub(super) spread: Vec<SpreadTerm>,
    pub(super) sums: Vec<SumTerm>,
    pub(super) terms: Vec<GlobalTerm>,
}

/// The problem that presolve reduces. Columns and rows keep the indices of the original problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedProblem {
    pub(super) stages: usize,
    pub(super) columns: Vec<PresolvedColumn>,
    pub(super) rows: Vec<PresolvedRow>,
    pub(super) terms: Vec<PresolvedTerm>,
    pub(super) globals: PresolvedGlobals,
}

impl PresolvedProblem {
    /// Creates a copy of `problem` in which everything is active.
    pub(super) fn of(problem: &StagedProblem) -> Self {
        let columns = problem.columns().iter().enumerate().map(|(index, column)| PresolvedColumn {
            lower: column.lower.clone(),
            upper: column.upper.clone(),
            cost: column.cost.clone(),
            quadratic: problem.quadratic(ColumnId(index)).clone(),
            active: true,
            shared: problem.sum_terms().iter().any(|term| term.column.index() == index),
        });
        let rows = problem.rows().iter().enumerate().map(|(index, row)| PresolvedRow {
            lower: row.lower.clone(),
            upper: row.upper.clone(),
            active: true,
            shared: problem.spread_terms().iter().any(|term| term.row.0 == index),
        });
        let terms = problem.terms().iter().map(|term| PresolvedTerm {
            row: term.row.0,
            column: term.column.0,
            lag: term.lag,
            coefficient: term.coefficient.clone(),
        });
        let globals = PresolvedGlobals {
            columns: problem.global_columns().to_vec(),
            rows: problem.global_rows().to_vec(),
            spread: problem.spread_terms().to_vec(),
            sums: problem.sum_terms().to_vec(),
            terms: problem.global_terms().to_vec(),
        };
        Self {
            stages: problem.stages(),
            columns: columns.collect(),
            rows: rows.collect(),
            terms: terms.collect(),
            globals,
        }
    }

    /// Returns the terms whose column and row are active.
    pub(super) fn active_terms(&self) -> impl Iterator<Item = &PresolvedTerm> {
        self.terms.iter().filter(|term| self.columns[term.column].active && self.rows[term.row].active)
    }

    /// Returns the active terms of a row.
    pub(super) fn terms_of_row(&self, row: usize) -> impl Iterator<Item = &PresolvedTerm> {
        self.active_terms().filter(move |term| term.row == row)
    }

    /// Returns the active terms of a column.
    pub(super) fn terms_of_column(&self, column: usize) -> impl Iterator<Item = &PresolvedTerm> {
        self.active_terms().filter(move |term| term.column == column)
    }

    /// Returns the active term of a column with one such term; `None` for any other column.
    pub(super) fn only_term(&self, column: usize) -> Option<&PresolvedTerm> {
        let mut terms = self.terms_of_column(column);
        terms.next().filter(|_| terms.next().is_none())
    }

    /// Returns whether a row has neither lagged terms nor state columns.
    pub(super) fn is_static(&self, row: usize) -> bool {
        self.terms_of_row(row).all(|term| term.lag == Lag::Same && !self.is_state(term.column))
    }

    /// Returns whether a column has a lagged term.
    pub(super) fn is_state(&self, column: usize) -> bool {
        self.terms_of_column(column).any(|term| term.lag != Lag::Same)
    }

    /// Returns whether a row is an equality in every stage.
    pub(super) fn is_equality(&self, row: usize) -> bool {
        let PresolvedRow { lower, upper, .. } = &self.rows[row];
        lower == upper
    }

    /// Adds `value(stage)` to both limits of a row.
    pub(super) fn add_to_sums(&mut self, row: usize, value: impl Fn(usize) -> f64) {
        let row = &mut self.rows[row];
        let sums: Vec<f64> = (0..self.stages).map(|stage| row.lower.at(stage) + value(stage)).collect();
        let upper: Vec<f64> = (0..self.stages).map(|stage| row.upper.at(stage) + value(stage)).collect();
        row.lower = Profile::Series(sums);
        row.upper = Profile::Series(upper);
    }
}
