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
use crate::problem::grouped;

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
    /// Computes the scales of the global columns and rows of `presolved` from the rows of the form, with their own
    /// coefficients, and the row of the form of each row.
    pub(super) fn of(
        presolved: &PresolvedProblem<'_>,
        rows: &[(usize, Profile)],
        row_of_form: &[Option<usize>],
        [value_unit, artificial_bound]: [f64; 2],
    ) -> Self {
        let globals = &presolved.globals;
        let spread_of_column = grouped(globals.columns.len(), globals.spread.iter().map(|term| term.column.index()));
        let terms_of_column = grouped(globals.columns.len(), globals.terms.iter().map(|term| term.column.index()));
        let lengths = row_lengths(presolved);
        let bounded = |row: &GlobalRow| row.lower.is_finite() || row.upper.is_finite();
        let kept = globals.rows.iter().enumerate().filter(|(_, row)| bounded(row)).map(|(index, _)| index);
        let scaling = Self { columns: Vec::new(), rows: kept.map(|row| (row, lengths[row])).collect() };
        let is_kept: Vec<bool> = globals.rows.iter().map(bounded).collect();
        let columns = globals.columns.iter().enumerate().map(|(index, column)| {
            let spread = spread_of_column[index].iter().map(|&term| &globals.spread[term]);
            let sizes = spread.filter_map(|term| {
                let (_, own) = &rows[row_of_form[term.row.0]?];
                mean_size(&combined(&term.coefficient, own, presolved.stages, |a, own| a / own))
            });
            let in_stages = sizes.fold(0.0, f64::max);
            let terms = terms_of_column[index].iter().map(|&term| &globals.terms[term]);
            let terms = terms.filter(|term| is_kept[term.row.index()]);
            let sizes = terms.map(|term| (term.coefficient / lengths[term.row.index()]).abs());
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
    pub(super) fn subtract_starts(&self, presolved: &PresolvedProblem<'_>, row: usize, sums: &mut [f64]) {
        for term in presolved.globals.spread_of_row[row].iter().map(|&term| &presolved.globals.spread[term]) {
            let start = self.columns[term.column.index()].start;
            if start != 0.0 {
                sums.iter_mut().enumerate().for_each(|(stage, sum)| *sum -= term.coefficient.at(stage) * start);
            }
        }
    }
}

/// Returns the Euclidean norm of each global row's coefficients over all stages, or its largest coefficient of a global
/// column if it has no others.
fn row_lengths(presolved: &PresolvedProblem<'_>) -> Vec<f64> {
    let globals = &presolved.globals;
    let (mut squares, mut largest) = (vec![0.0; globals.rows.len()], vec![0.0_f64; globals.rows.len()]);
    for term in globals.sums {
        let square = |stage| term.coefficient.at(stage).powi(2);
        squares[term.row.index()] += (0..presolved.stages).map(square).sum::<f64>();
    }
    for term in globals.terms {
        let largest = &mut largest[term.row.index()];
        *largest = largest.max(term.coefficient.abs());
    }
    let length = |(square, largest): (f64, f64)| {
        let length = square.sqrt();
        [length, largest].into_iter().find(|size| *size > 0.0).unwrap_or(1.0)
    };
    squares.into_iter().zip(largest).map(length).collect()
}

impl Standardized {
    /// Adds the global columns, rows and slacks to the form.
    pub(super) fn add_globals(&mut self, presolved: &PresolvedProblem<'_>) {
        let (value_unit, cost_unit) = (self.value_unit, self.cost_unit);
        for (column, scale) in presolved.globals.columns.iter().zip(&self.global_scaling.columns) {
            self.form.globals.columns.push(StandardGlobalColumn {
                upper: ((column.upper.min(scale.artificial_bound) - scale.start) / scale.unit).max(LEAST_WIDTH),
                cost: column.cost * scale.unit / (value_unit * cost_unit),
            });
        }
        for term in presolved.globals.spread {
            let Some(row) = self.row_of_form[term.row.0] else { continue };
            let column = term.column.index();
            let unit = self.global_scaling.columns[column].unit / value_unit;
            let coefficient = combined(&term.coefficient, &self.rows[row].1, presolved.stages, |a, own| a * unit / own);
            self.form.globals.spread.push(GlobalEntry { row, column, coefficient });
        }
        let globals = &presolved.globals;
        let sums = grouped(globals.rows.len(), globals.sums.iter().map(|term| term.row.index()));
        let terms = grouped(globals.rows.len(), globals.terms.iter().map(|term| term.row.index()));
        let mut column_of_form = vec![None; presolved.columns.len()];
        for (index, column) in self.columns.iter().enumerate() {
            column.iter().for_each(|&column| column_of_form[column] = Some(index));
        }
        for row in 0..self.global_scaling.rows.len() {
            let source = self.global_scaling.rows[row].0;
            self.add_global_row(presolved, row, [&sums[source], &terms[source]], &column_of_form);
        }
        self.form.globals.summed.sort_by_key(|entry| entry.column);
    }

    /// Adds a global row with its terms (given by their positions among all sums and among all terms of global columns),
    /// and a slack if it is no equality.
    fn add_global_row(
        &mut self,
        presolved: &PresolvedProblem<'_>,
        row: usize,
        [sums, terms]: [&[usize]; 2],
        column_of_form: &[Option<usize>],
    ) {
        let (source, length) = self.global_scaling.rows[row];
        let GlobalRow { lower, upper, .. } = presolved.globals.rows[source];
        let mut sum = if lower.is_finite() { lower } else { upper };
        for term in sums.iter().map(|&term| &presolved.globals.sums[term]) {
            let Some(column) = column_of_form[term.column.index()] else { continue };
            let start = self.start(&presolved.columns[term.column.index()].lower);
            sum -= (0..presolved.stages).map(|stage| term.coefficient.at(stage) * start.at(stage)).sum::<f64>();
            let coefficient = term.coefficient.map(|a| a / length);
            self.form.globals.summed.push(GlobalEntry { row, column, coefficient });
        }
        for term in terms.iter().map(|&term| &presolved.globals.terms[term]) {
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
        presolved: &PresolvedProblem<'_>,
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
    pub(super) fn globals_touch_artificial_bound(&self, presolved: &PresolvedProblem<'_>, globals: &[f64]) -> bool {
        let columns = presolved.globals.columns.iter().zip(&self.global_scaling.columns);
        columns.zip(globals).any(|((column, scale), value)| {
            let bounded = column.lower.is_finite() && column.upper.is_finite();
            !bounded && value.abs() > 0.5 * scale.artificial_bound
        })
    }
}
