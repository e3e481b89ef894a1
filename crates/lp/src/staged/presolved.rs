//! The problem while presolve changes it: columns, rows and terms, some of them no longer active.

use std::borrow::Cow;

use anergy_profile::Profile;

use crate::problem::grouped;
use crate::{ColumnId, GlobalColumn, GlobalRow, GlobalTerm, Lag, SpreadTerm, StagedProblem, SumTerm};

/// A column of the presolved problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedColumn<'a> {
    pub(super) lower: Cow<'a, Profile>,
    pub(super) upper: Cow<'a, Profile>,
    pub(super) cost: Cow<'a, Profile>,
    pub(super) quadratic: &'a Profile,
    /// Whether the column is still part of the problem; the value of a removed column is set by the step that removed
    /// it, or is 0.
    pub(super) active: bool,
    /// Whether the column appears in a global row.
    pub(super) shared: bool,
}

/// A row of the presolved problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedRow<'a> {
    pub(super) lower: Cow<'a, Profile>,
    pub(super) upper: Cow<'a, Profile>,
    /// Whether the row is still part of the problem.
    pub(super) active: bool,
    /// Whether a global column appears in the row.
    pub(super) shared: bool,
}

/// A term of the presolved problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedTerm<'a> {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) lag: Lag,
    pub(super) coefficient: Cow<'a, Profile>,
}

/// The global columns, rows and terms.
#[derive(Debug, Clone)]
pub(super) struct PresolvedGlobals<'a> {
    pub(super) columns: Vec<GlobalColumn>,
    pub(super) rows: Vec<GlobalRow>,
    pub(super) spread: &'a [SpreadTerm],
    pub(super) sums: &'a [SumTerm],
    pub(super) terms: &'a [GlobalTerm],
    /// For each row of a stage, its terms in `spread`.
    pub(super) spread_of_row: Vec<Vec<usize>>,
}

/// The problem that presolve reduces. Columns and rows keep the indices of the original problem.
#[derive(Debug, Clone)]
pub(super) struct PresolvedProblem<'a> {
    pub(super) stages: usize,
    pub(super) columns: Vec<PresolvedColumn<'a>>,
    pub(super) rows: Vec<PresolvedRow<'a>>,
    terms: Vec<PresolvedTerm<'a>>,
    /// For each row, its terms in `terms`.
    of_row: Vec<Vec<usize>>,
    /// For each column, its terms in `terms`.
    of_column: Vec<Vec<usize>>,
    pub(super) globals: PresolvedGlobals<'a>,
}

/// The columns and rows that tie a stage to the one before.
#[derive(Debug, Clone)]
pub(super) struct Dynamics {
    /// For each column, whether it has a lagged term.
    pub(super) is_state: Vec<bool>,
    /// For each row, whether it has neither lagged terms nor state columns.
    pub(super) is_static: Vec<bool>,
}

impl<'a> PresolvedProblem<'a> {
    /// Creates a view of `problem` in which everything is active.
    pub(super) fn of(problem: &'a StagedProblem) -> Self {
        let mut columns: Vec<_> = (problem.columns().iter().enumerate())
            .map(|(index, column)| PresolvedColumn {
                lower: Cow::Borrowed(&column.lower),
                upper: Cow::Borrowed(&column.upper),
                cost: Cow::Borrowed(&column.cost),
                quadratic: problem.quadratic(ColumnId(index)),
                active: true,
                shared: false,
            })
            .collect();
        problem.sum_terms().iter().for_each(|term| columns[term.column.0].shared = true);
        let mut rows: Vec<_> = (problem.rows().iter())
            .map(|row| PresolvedRow {
                lower: Cow::Borrowed(&row.lower),
                upper: Cow::Borrowed(&row.upper),
                active: true,
                shared: false,
            })
            .collect();
        problem.spread_terms().iter().for_each(|term| rows[term.row.0].shared = true);
        let terms = problem.terms().iter().map(|term| PresolvedTerm {
            row: term.row.0,
            column: term.column.0,
            lag: term.lag,
            coefficient: Cow::Borrowed(&term.coefficient),
        });
        let globals = PresolvedGlobals {
            columns: problem.global_columns().to_vec(),
            rows: problem.global_rows().to_vec(),
            spread: problem.spread_terms(),
            sums: problem.sum_terms(),
            terms: problem.global_terms(),
            spread_of_row: grouped(rows.len(), problem.spread_terms().iter().map(|term| term.row.0)),
        };
        Self {
            stages: problem.stages(),
            of_row: grouped(rows.len(), problem.terms().iter().map(|term| term.row.0)),
            of_column: grouped(columns.len(), problem.terms().iter().map(|term| term.column.0)),
            columns,
            rows,
            terms: terms.collect(),
            globals,
        }
    }

    /// Adds a term.
    pub(super) fn add_term(&mut self, term: PresolvedTerm<'a>) {
        self.of_row[term.row].push(self.terms.len());
        self.of_column[term.column].push(self.terms.len());
        self.terms.push(term);
    }

    /// Replaces the coefficient of the terms of a column in a row.
    pub(super) fn set_coefficient(&mut self, row: usize, column: usize, coefficient: &Profile) {
        for &index in &self.of_column[column] {
            let term = &mut self.terms[index];
            if term.row == row {
                term.coefficient = Cow::Owned(coefficient.clone());
            }
        }
    }

    /// Returns the active terms of a row.
    pub(super) fn terms_of_row(&self, row: usize) -> impl Iterator<Item = &PresolvedTerm<'a>> {
        let is_active = self.rows[row].active;
        let terms = self.of_row[row].iter().map(|&index| &self.terms[index]);
        terms.filter(move |term| is_active && self.columns[term.column].active)
    }

    /// Returns the active terms of a column.
    pub(super) fn terms_of_column(&self, column: usize) -> impl Iterator<Item = &PresolvedTerm<'a>> {
        let is_active = self.columns[column].active;
        let terms = self.of_column[column].iter().map(|&index| &self.terms[index]);
        terms.filter(move |term| is_active && self.rows[term.row].active)
    }

    /// Returns the active term of a column with one such term; `None` for any other column.
    pub(super) fn only_term(&self, column: usize) -> Option<&PresolvedTerm<'a>> {
        let mut terms = self.terms_of_column(column);
        terms.next().filter(|_| terms.next().is_none())
    }

    /// Returns which columns and rows tie a stage to the one before.
    pub(super) fn dynamics(&self) -> Dynamics {
        let is_state: Vec<bool> = (0..self.columns.len()).map(|column| self.is_state(column)).collect();
        let is_static = |row| self.terms_of_row(row).all(|term| term.lag == Lag::Same && !is_state[term.column]);
        Dynamics { is_static: (0..self.rows.len()).map(is_static).collect(), is_state }
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
        for side in [&mut row.lower, &mut row.upper] {
            if let Cow::Owned(Profile::Series(sums)) = side {
                sums.iter_mut().enumerate().for_each(|(stage, sum)| *sum += value(stage));
            } else {
                let sums = (0..self.stages).map(|stage| side.at(stage) + value(stage)).collect();
                *side = Cow::Owned(Profile::Series(sums));
            }
        }
    }
}
