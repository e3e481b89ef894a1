//! The scaling of global columns and rows, and their conversion to standard form and back.
//!
//! A global row is divided by the Euclidean norm of its coefficients over all stages, so that it weighs no more than
//! the row of a stage. The unit of a global column is chosen such that its coefficients are close to 1.

use anergy_profile::Profile;

use super::presolved::PresolvedProblem;
use super::sizes::mean_size;
use super::standard_form::{GlobalEntry, StandardGlobalColumn};
use super::standardize::{LEAST_WIDTH, Standardized, combined};
use crate::GlobalRow;

/// The scales of the global columns and rows of the standard form.
#[derive(Debug, Default)]
pub(super) struct GlobalScaling {
    columns: Vec<GlobalColumnScale>,
    /// For each row that has a limit: its index in the presolved problem, and its divisor.
    rows: Vec<(usize, f64)>,
}

/// The substitution `start + unit * x` of a global column.
#[derive(Debug, Clone, Copy)]
struct GlobalColumnScale {
    start: f64,
    unit: f64,
    /// Absolute value of the bound that replaces a missing one.
    artificial_bound: f64,
}

impl GlobalScaling {
    /// Computes the scales of the global columns and rows of `presolved`.
    pub(super) fn of(
        presolved: &PresolvedProblem,
        rows: &[(usize, Profile)],
        value_unit: f64,
        artificial_bound: f64,
    ) -> Self {
        let globals = &presolved.globals;
        let bounded = |row: &GlobalRow| row.lower.is_finite() || row.upper.is_finite();
        let kept = globals.rows.iter().enumerate().filter(|(_, row)| bounded(row)).map(|(index, _)| index);
        let scaling = Self { columns: Vec::new(), rows: kept.map(|row| (row, row_length(presolved, row))).collect() };
        let columns = globals.columns.iter().enumerate().map(|(index, column)| {
            let spread = globals.spread.iter().filter(|term| term.column.index() == index);
            let sizes = spread.filter_map(|term| {
                let (_, own) = rows.iter().find(|(row, _)| *row == term.row.0)?;
                mean_size(&combined(&term.coefficient, own, presolved.stages, |a, own| a / own))
            });
            let in_stages = sizes.fold(0.0, f64::max);
            let terms = globals.terms.iter().filter(|term| term.column.index() == index);
            let sizes = terms.filter_map(|term| {
                let (_, length) = scaling.rows.iter().find(|(row, _)| *row == term.row.index())?;
                Some((term.coefficient / length).abs())
            });
            let in_global_rows = sizes.fold(0.0, f64::max);
            // A global column in global rows only is itself a sum over the stages.
            let (size, stages) =
                if in_stages > 0.0 { (in_stages, 1.0) } else { (in_global_rows, presolved.stages as f64) };
            let unit = if size > 0.0 { 1.0 / size } else { 1.0 };
            let artificial_bound = artificial_bound * unit * stages;
            GlobalColumnScale { start: column.lower.max(-artificial_bound), unit: value_unit * unit, artificial_bound }
        });
        let columns = columns.collect();
        Self { columns, ..scaling }
    }

    /// Subtracts the contributions of the starting points of the global columns from the right-hand sides of a row.
    pub(super) fn subtract_starts(&self, presolved: &PresolvedProblem, row: usize, sums: &mut [f64]) {
        for term in presolved.globals.spread.iter().filter(|term| term.row.0 == row) {
            let start = self.columns[term.column.index()].start;
            if start != 0.0 {
                sums.iter_mut().enumerate().for_each(|(stage, sum)| *sum -= term.coefficient.at(stage) * start);
            }
        }
    }
}

/// Returns the Euclidean norm of a global row's coefficients over all stages, or its largest coefficient of a global
/// column if it has no others.
fn row_length(presolved: &PresolvedProblem, row: usize) -> f64 {
    let sums = presolved.globals.sums.iter().filter(|term| term.row.index() == row);
    let squares = sums.map(|term| (0..presolved.stages).map(|stage| term.coefficient.at(stage).powi(2)).sum::<f64>());
    let length = squares.sum::<f64>().sqrt();
    if length > 0.0 {
        return length;
    }
    let terms = presolved.globals.terms.iter().filter(|term| term.row.index() == row);
    let largest = terms.fold(0.0, |largest: f64, term| largest.max(term.coefficient.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

impl Standardized {
    /// Adds the global columns, rows and slacks to the form.
    pub(super) fn add_globals(&mut self, presolved: &PresolvedProblem) {
        let (value_unit, cost_unit) = (self.value_unit, self.cost_unit);
        for (column, scale) in presolved.globals.columns.iter().zip(&self.global_scaling.columns) {
            self.form.globals.columns.push(StandardGlobalColumn {
                upper: ((column.upper.min(scale.artificial_bound) - scale.start) / scale.unit).max(LEAST_WIDTH),
                cost: column.cost * scale.unit / (value_unit * cost_unit),
            });
        }
        for term in &presolved.globals.spread {
            let Some(row) = self.rows.iter().position(|(row, _)| *row == term.row.0) else { continue };
            let column = term.column.index();
            let unit = self.global_scaling.columns[column].unit / value_unit;
            let coefficient = combined(&term.coefficient, &self.rows[row].1, presolved.stages, |a, own| a * unit / own);
            self.form.globals.spread.push(GlobalEntry { row, column, coefficient });
        }
        for row in 0..self.global_scaling.rows.len() {
            self.add_global_row(presolved, row);
        }
        self.form.globals.summed.sort_by_key(|entry| entry.column);
    }

    /// Adds a global row with its terms, and a slack if it is no equality.
    fn add_global_row(&mut self, presolved: &PresolvedProblem, row: usize) {
        let (source, length) = self.global_scaling.rows[row];
        let GlobalRow { lower, upper, .. } = presolved.globals.rows[source];
        let mut sum = if lower.is_finite() { lower } else { upper };
        for term in presolved.globals.sums.iter().filter(|term| term.row.index() == source) {
            let Some(column) = self.columns.iter().position(|from| *from == Some(term.column.index())) else {
                continue;
            };
            let start = self.start(&presolved.columns[term.column.index()].lower);
            sum -= (0..presolved.stages).map(|stage| term.coefficient.at(stage) * start.at(stage)).sum::<f64>();
            let coefficient = term.coefficient.map(|a| a / length);
            self.form.globals.summed.push(GlobalEntry { row, column, coefficient });
        }
        for term in presolved.globals.terms.iter().filter(|term| term.row.index() == source) {
            let column = term.column.index();
            let scale = self.global_scaling.columns[column];
            sum -= term.coefficient * scale.start;
            let coefficient = term.coefficient * scale.unit / (length * self.value_unit);
            self.form.globals.terms.push((row, column, coefficient));
        }
        self.form.globals.sums.push(sum / (length * self.value_unit));
        self.form.globals.row_units.push(length);
        if lower < upper {
            // terms - slack = lower, or terms + slack = upper.
            let artificial_bound = self.artificial_bound * presolved.stages as f64;
            let width = ((upper - lower).min(artificial_bound) / (length * self.value_unit)).max(LEAST_WIDTH);
            let sign = if lower.is_finite() { -1.0 } else { 1.0 };
            self.form.globals.terms.push((row, self.form.globals.columns.len(), sign));
            self.form.globals.columns.push(StandardGlobalColumn { upper: width, cost: 0.0 });
        }
    }

    /// Writes the values of the global columns; `value` is in the units of the form.
    pub(super) fn restore_globals(
        &self,
        presolved: &PresolvedProblem,
        value: impl Fn(usize) -> f64,
        globals: &mut [f64],
    ) {
        let columns = presolved.globals.columns.iter().zip(&self.global_scaling.columns);
        for ((index, (column, scale)), out) in columns.enumerate().zip(globals) {
            *out = (scale.start + scale.unit * value(index)).max(column.lower).min(column.upper);
        }
    }

    /// Writes the duals of the global rows.
    pub(super) fn restore_global_duals(&self, dual: impl Fn(usize) -> f64, duals: &mut [f64]) {
        duals.fill(0.0);
        for (index, (row, length)) in self.global_scaling.rows.iter().enumerate() {
            duals[*row] = dual(index) * self.cost_unit / length;
        }
    }

    /// Returns whether the value of a global column without one of its bounds is beyond half the artificial bound.
    pub(super) fn globals_touch_artificial_bound(&self, presolved: &PresolvedProblem, globals: &[f64]) -> bool {
        let columns = presolved.globals.columns.iter().zip(&self.global_scaling.columns);
        columns.zip(globals).any(|((column, scale), value)| {
            let bounded = column.lower.is_finite() && column.upper.is_finite();
            !bounded && value.abs() > 0.5 * scale.artificial_bound
        })
    }
}
