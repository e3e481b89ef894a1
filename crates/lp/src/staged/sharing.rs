//! What all stages share, from a draft to the boxed form and back.
//!
//! A global row is divided by the length of its coefficients over all stages, so that it weighs no more than the row of a
//! stage; a global column is counted in what makes its coefficients near 1.

use anergy_profile::Profile;

use super::boxing::{Boxed, LEAST_WIDTH, combined};
use super::draft::Draft;
use super::form::{SharedBox, SharedEntry};
use super::sizes::mean_size;
use crate::GlobalRow;

/// How global columns and rows of the form stand for those of the draft.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    columns: Vec<SharedScale>,
    /// Of each row that has a bound: its index in the draft, and what it was divided by.
    rows: Vec<(usize, f64)>,
}

/// A global column is `start + unit * x`.
#[derive(Debug, Clone, Copy)]
struct SharedScale {
    start: f64,
    unit: f64,
    /// What its missing bounds were taken to be.
    far: f64,
}

impl Sharing {
    pub(super) fn of(draft: &Draft, rows: &[(usize, Profile)], value_unit: f64, far: f64) -> Self {
        let globals = &draft.globals;
        let bounded = |row: &GlobalRow| row.lower.is_finite() || row.upper.is_finite();
        let kept = globals.rows.iter().enumerate().filter(|(_, row)| bounded(row)).map(|(index, _)| index);
        let sharing = Self { columns: Vec::new(), rows: kept.map(|row| (row, row_length(draft, row))).collect() };
        let columns = globals.columns.iter().enumerate().map(|(index, column)| {
            let spread = globals.spread.iter().filter(|term| term.column.index() == index);
            let sizes = spread.filter_map(|term| {
                let (_, own) = rows.iter().find(|(row, _)| *row == term.row.0)?;
                mean_size(&combined(&term.coefficient, own, draft.stages, |a, own| a / own))
            });
            let in_stages = sizes.fold(0.0, f64::max);
            let terms = globals.terms.iter().filter(|term| term.column.index() == index);
            let sizes = terms.filter_map(|term| {
                let (_, length) = sharing.rows.iter().find(|(row, _)| *row == term.row.index())?;
                Some((term.coefficient / length).abs())
            });
            let in_global_rows = sizes.fold(0.0, f64::max);
            // What stands in global rows alone is a sum over the stages itself.
            let (size, stages) = if in_stages > 0.0 { (in_stages, 1.0) } else { (in_global_rows, draft.stages as f64) };
            let unit = if size > 0.0 { 1.0 / size } else { 1.0 };
            let far = far * unit * stages;
            SharedScale { start: column.lower.max(-far), unit: value_unit * unit, far }
        });
        let columns = columns.collect();
        Self { columns, ..sharing }
    }

    /// Takes what the global columns' starting points contribute out of the sums of a row of the draft.
    pub(super) fn take_starts(&self, draft: &Draft, row: usize, sums: &mut [f64]) {
        for term in draft.globals.spread.iter().filter(|term| term.row.0 == row) {
            let start = self.columns[term.column.index()].start;
            if start != 0.0 {
                sums.iter_mut().enumerate().for_each(|(stage, sum)| *sum -= term.coefficient.at(stage) * start);
            }
        }
    }
}

/// The length of a global row's coefficients over all stages, or the largest of its global columns if it has no others.
fn row_length(draft: &Draft, row: usize) -> f64 {
    let sums = draft.globals.sums.iter().filter(|term| term.row.index() == row);
    let squares = sums.map(|term| (0..draft.stages).map(|stage| term.coefficient.at(stage).powi(2)).sum::<f64>());
    let length = squares.sum::<f64>().sqrt();
    if length > 0.0 {
        return length;
    }
    let terms = draft.globals.terms.iter().filter(|term| term.row.index() == row);
    let largest = terms.fold(0.0, |largest: f64, term| largest.max(term.coefficient.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

impl Boxed {
    /// Adds the global columns, rows and slacks to the form.
    pub(super) fn add_globals(&mut self, draft: &Draft) {
        let (value_unit, cost_unit) = (self.value_unit, self.cost_unit);
        for (column, scale) in draft.globals.columns.iter().zip(&self.sharing.columns) {
            self.form.globals.columns.push(SharedBox {
                upper: ((column.upper.min(scale.far) - scale.start) / scale.unit).max(LEAST_WIDTH),
                cost: column.cost * scale.unit / (value_unit * cost_unit),
            });
        }
        for term in &draft.globals.spread {
            let Some(row) = self.rows.iter().position(|(row, _)| *row == term.row.0) else { continue };
            let column = term.column.index();
            let unit = self.sharing.columns[column].unit / value_unit;
            let coefficient = combined(&term.coefficient, &self.rows[row].1, draft.stages, |a, own| a * unit / own);
            self.form.globals.spread.push(SharedEntry { row, column, coefficient });
        }
        for row in 0..self.sharing.rows.len() {
            self.add_global_row(draft, row);
        }
        self.form.globals.summed.sort_by_key(|entry| entry.column);
    }

    fn add_global_row(&mut self, draft: &Draft, row: usize) {
        let (source, length) = self.sharing.rows[row];
        let GlobalRow { lower, upper, .. } = draft.globals.rows[source];
        let mut sum = if lower.is_finite() { lower } else { upper };
        for term in draft.globals.sums.iter().filter(|term| term.row.index() == source) {
            let Some(column) = self.columns.iter().position(|from| *from == Some(term.column.index())) else {
                continue;
            };
            let start = self.start(&draft.columns[term.column.index()].lower);
            sum -= (0..draft.stages).map(|stage| term.coefficient.at(stage) * start.at(stage)).sum::<f64>();
            let coefficient = term.coefficient.map(|a| a / length);
            self.form.globals.summed.push(SharedEntry { row, column, coefficient });
        }
        for term in draft.globals.terms.iter().filter(|term| term.row.index() == source) {
            let column = term.column.index();
            let scale = self.sharing.columns[column];
            sum -= term.coefficient * scale.start;
            let coefficient = term.coefficient * scale.unit / (length * self.value_unit);
            self.form.globals.terms.push((row, column, coefficient));
        }
        self.form.globals.sums.push(sum / (length * self.value_unit));
        self.form.globals.row_units.push(length);
        if lower < upper {
            // terms - slack = lower, or terms + slack = upper.
            let far = self.far * draft.stages as f64;
            let width = ((upper - lower).min(far) / (length * self.value_unit)).max(LEAST_WIDTH);
            let sign = if lower.is_finite() { -1.0 } else { 1.0 };
            self.form.globals.terms.push((row, self.form.globals.columns.len(), sign));
            self.form.globals.columns.push(SharedBox { upper: width, cost: 0.0 });
        }
    }

    /// Writes the values of the global columns; `value` is in the form's units.
    pub(super) fn restore_globals(&self, draft: &Draft, value: impl Fn(usize) -> f64, globals: &mut [f64]) {
        let columns = draft.globals.columns.iter().zip(&self.sharing.columns);
        for ((index, (column, scale)), out) in columns.enumerate().zip(globals) {
            *out = (scale.start + scale.unit * value(index)).max(column.lower).min(column.upper);
        }
    }

    /// Writes the duals of the global rows.
    pub(super) fn restore_global_duals(&self, dual: impl Fn(usize) -> f64, duals: &mut [f64]) {
        duals.fill(0.0);
        for (index, (row, length)) in self.sharing.rows.iter().enumerate() {
            duals[*row] = dual(index) * self.cost_unit / length;
        }
    }

    /// Whether some global column lies far out, at a bound that the problem does not have.
    pub(super) fn shares_far(&self, draft: &Draft, globals: &[f64]) -> bool {
        let columns = draft.globals.columns.iter().zip(&self.sharing.columns);
        columns.zip(globals).any(|((column, scale), value)| {
            let bounded = column.lower.is_finite() && column.upper.is_finite();
            !bounded && value.abs() > 0.5 * scale.far
        })
    }
}
