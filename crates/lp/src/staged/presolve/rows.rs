//! Redundant rows and singleton rows.

use std::borrow::Cow;

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::presolved::{PresolvedProblem, PresolvedTerm};
use super::super::standardize::combined;
use super::activity::{RowActivity, global_range, reaches};
use super::collapsed;
use crate::problem::grouped;
use crate::{GlobalRow, Lag};

/// Removes the rows that the bounds of their columns satisfy for all values, those with global columns included; their
/// duals are 0. Returns whether there were any.
pub(super) fn remove_redundant_rows(presolved: &mut PresolvedProblem<'_>) -> bool {
    let mut any = false;
    for row in 0..presolved.rows.len() {
        let bounds = &presolved.rows[row];
        if !bounds.active {
            continue;
        }
        let sum = RowActivity::of(presolved, row, None);
        let idle = |stage| {
            let [least, largest] = sum.range(stage);
            reaches(least, bounds.lower.at(stage)) && reaches(bounds.upper.at(stage), largest)
        };
        if (0..presolved.stages).all(idle) {
            presolved.rows[row].active = false;
            any = true;
        }
    }
    any
}

/// Removes the global rows that the bounds of their columns satisfy for all values; their duals are 0. Columns in no
/// other global row are no longer shared.
pub(super) fn remove_redundant_global_rows(presolved: &mut PresolvedProblem<'_>) {
    let (all_sums, all_terms) = (presolved.globals.sums, presolved.globals.terms);
    let rows = presolved.globals.rows.len();
    let sums = grouped(rows, all_sums.iter().map(|term| term.row.index()));
    let terms = grouped(rows, all_terms.iter().map(|term| term.row.index()));
    let mut is_idle = vec![false; rows];
    for (row, (sums, terms)) in sums.iter().zip(&terms).enumerate() {
        let GlobalRow { lower, upper, .. } = presolved.globals.rows[row];
        let sums: Vec<_> = sums.iter().map(|&term| &all_sums[term]).collect();
        let terms: Vec<_> = terms.iter().map(|&term| &all_terms[term]).collect();
        let [least, largest] = global_range(presolved, &sums, &terms);
        is_idle[row] = reaches(least, lower) && reaches(upper, largest);
        if is_idle[row] {
            let row = &mut presolved.globals.rows[row];
            (row.lower, row.upper) = (f64::NEG_INFINITY, f64::INFINITY);
        }
    }
    if is_idle.contains(&true) {
        presolved.columns.iter_mut().for_each(|column| column.shared = false);
        for term in all_sums.iter().filter(|term| !is_idle[term.row.index()]) {
            presolved.columns[term.column.index()].shared = true;
        }
    }
}

/// A row `lower <= a x <= upper`, which is a bound of x. Its dual is the reduced cost of x divided by a where its
/// bounds are the tighter ones.
#[derive(Debug, Clone)]
pub(super) struct SingletonRow<'a> {
    row: usize,
    column: usize,
    coefficient: Cow<'a, Profile>,
    /// Bounds of x that the row implies.
    row_bounds: [Profile; 2],
    /// Bounds of x before the removal.
    column_bounds: [Cow<'a, Profile>; 2],
    cost: Cow<'a, Profile>,
    quadratic: &'a Profile,
    /// Terms of the column in other rows.
    others: Vec<PresolvedTerm<'a>>,
}

impl<'a> SingletonRow<'a> {
    /// Turns all singleton rows into bounds.
    pub(super) fn remove_all(presolved: &mut PresolvedProblem<'a>) -> Vec<Self> {
        let rows = 0..presolved.rows.len();
        rows.filter_map(|row| Self::at(presolved, row).filter(|bound| bound.merge(presolved))).collect()
    }

    /// Returns the row as a singleton row; `None` if it is none.
    fn at(presolved: &PresolvedProblem<'a>, row: usize) -> Option<Self> {
        let bounds = &presolved.rows[row];
        let mut terms = presolved.terms_of_row(row);
        let (Some(term), None) = (terms.next(), terms.next()) else { return None };
        let column = &presolved.columns[term.column];
        let usable = term.lag == Lag::Same && term.coefficient.all(|a| a != 0.0);
        if !bounds.active || bounds.shared || column.shared || !usable {
            return None;
        }
        let stages = presolved.stages;
        let ends = [&bounds.lower, &bounds.upper].map(|end| combined(end, &term.coefficient, stages, |end, a| end / a));
        let row_bounds =
            [combined(&ends[0], &ends[1], stages, f64::min), combined(&ends[0], &ends[1], stages, f64::max)];
        Some(Self {
            row,
            column: term.column,
            coefficient: term.coefficient.clone(),
            row_bounds,
            column_bounds: [column.lower.clone(), column.upper.clone()],
            cost: column.cost.clone(),
            quadratic: column.quadratic,
            others: presolved.terms_of_column(term.column).filter(|other| other.row != row).cloned().collect(),
        })
    }

    /// Gives the column the tighter bounds and removes the row; returns `false`, without any change, if the bounds
    /// contradict each other.
    fn merge(&self, presolved: &mut PresolvedProblem<'_>) -> bool {
        let ([own_lower, own_upper], [lower, upper]) = (&self.row_bounds, &self.column_bounds);
        let lower = combined(own_lower, lower, presolved.stages, f64::max);
        let upper = combined(own_upper, upper, presolved.stages, f64::min);
        if !(0..presolved.stages).all(|stage| reaches(upper.at(stage), lower.at(stage))) {
            return false;
        }
        let column = &mut presolved.columns[self.column];
        column.upper = Cow::Owned(collapsed(combined(&lower, &upper, presolved.stages, f64::max)));
        column.lower = Cow::Owned(collapsed(lower));
        presolved.rows[self.row].active = false;
        true
    }

    /// Sets the dual of the row.
    pub(super) fn restore(&self, values: &Array2<f64>, duals: &mut Array2<f64>) {
        let stages = values.ncols();
        for stage in 0..stages {
            let mut reduced = self.cost.at(stage) + self.quadratic.at(stage) * values[[self.column, stage]];
            for term in &self.others {
                if let Some(at) = term.lag.row_stage(stage, stages) {
                    reduced -= term.coefficient.at(at) * duals[[term.row, at]];
                }
            }
            let [own_lower, own_upper] = [self.row_bounds[0].at(stage), self.row_bounds[1].at(stage)];
            let [lower, upper] = [self.column_bounds[0].at(stage), self.column_bounds[1].at(stage)];
            let tighter = if reduced > 0.0 { own_lower > lower } else { own_upper < upper };
            if tighter {
                duals[[self.row, stage]] = reduced / self.coefficient.at(stage);
            }
        }
    }
}
