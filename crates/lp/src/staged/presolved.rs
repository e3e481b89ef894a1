//! A problem on its way to the boxed form: columns, rows and terms that reductions may change or remove.

use anergy_profile::Profile;

use crate::{ColumnId, GlobalColumn, GlobalRow, GlobalTerm, Lag, SpreadTerm, StagedProblem, SumTerm};

/// A column of the draft.
#[derive(Debug, Clone)]
pub(super) struct PresolvedColumn {
    pub(super) lower: Profile,
    pub(super) upper: Profile,
    pub(super) cost: Profile,
    pub(super) quadratic: Profile,
    /// Whether it is still there; what is not is set by the reduction that took it out, or 0.
    pub(super) active: bool,
    /// Whether something that all stages share reads it.
    pub(super) shared: bool,
}

/// A row of the draft.
#[derive(Debug, Clone)]
pub(super) struct PresolvedRow {
    pub(super) lower: Profile,
    pub(super) upper: Profile,
    pub(super) active: bool,
    /// Whether something that all stages share stands in it.
    pub(super) shared: bool,
}

/// A term of the draft.
#[derive(Debug, Clone)]
pub(super) struct PresolvedTerm {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) lag: Lag,
    pub(super) coefficient: Profile,
}

/// What all stages share, as the problem has it.
#[derive(Debug, Clone)]
pub(super) struct PresolvedGlobals {
    pub(super) columns: Vec<GlobalColumn>,
    pub(super) rows: Vec<GlobalRow>,
    pub(super) spread: Vec<SpreadTerm>,
    pub(super) sums: Vec<SumTerm>,
    pub(super) terms: Vec<GlobalTerm>,
}

/// The problem being reduced. Columns and rows keep their places.
#[derive(Debug, Clone)]
pub(super) struct PresolvedProblem {
    pub(super) stages: usize,
    pub(super) columns: Vec<PresolvedColumn>,
    pub(super) rows: Vec<PresolvedRow>,
    pub(super) terms: Vec<PresolvedTerm>,
    pub(super) globals: PresolvedGlobals,
}

impl PresolvedProblem {
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

    /// The terms that are still there.
    pub(super) fn active_terms(&self) -> impl Iterator<Item = &PresolvedTerm> {
        self.terms.iter().filter(|term| self.columns[term.column].active && self.rows[term.row].active)
    }

    /// The terms of a row that are still there.
    pub(super) fn terms_of_row(&self, row: usize) -> impl Iterator<Item = &PresolvedTerm> {
        self.active_terms().filter(move |term| term.row == row)
    }

    /// The terms of a column that are still there.
    pub(super) fn terms_of_column(&self, column: usize) -> impl Iterator<Item = &PresolvedTerm> {
        self.active_terms().filter(move |term| term.column == column)
    }

    /// The term of a column that stands in one row alone.
    pub(super) fn only_term(&self, column: usize) -> Option<&PresolvedTerm> {
        let mut terms = self.terms_of_column(column);
        terms.next().filter(|_| terms.next().is_none())
    }

    /// Whether a row holds no value of another stage, and none that another stage's row reads.
    pub(super) fn is_static(&self, row: usize) -> bool {
        self.terms_of_row(row).all(|term| term.lag == Lag::Same && !self.is_state(term.column))
    }

    /// Whether another stage's row reads the column.
    pub(super) fn is_state(&self, column: usize) -> bool {
        self.terms_of_column(column).any(|term| term.lag != Lag::Same)
    }

    /// Whether a row is an equality in every stage.
    pub(super) fn is_equality(&self, row: usize) -> bool {
        let PresolvedRow { lower, upper, .. } = &self.rows[row];
        lower == upper
    }

    /// Adds `value` to both ends of what a row's sum may be.
    pub(super) fn add_to_sums(&mut self, row: usize, value: impl Fn(usize) -> f64) {
        let row = &mut self.rows[row];
        let sums: Vec<f64> = (0..self.stages).map(|stage| row.lower.at(stage) + value(stage)).collect();
        let upper: Vec<f64> = (0..self.stages).map(|stage| row.upper.at(stage) + value(stage)).collect();
        row.lower = Profile::Series(sums);
        row.upper = Profile::Series(upper);
    }
}
