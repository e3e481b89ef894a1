//! Sums over the terms of rows and of columns.
//!
//! The sums run term by term with an inner loop along the stages, which is about ten times faster than stage by stage.

use std::borrow::Cow;
use std::ops::Range;

use anergy_profile::Profile;
use ndarray::{ArrayView1, ArrayView2};

use super::{ColumnId, Duals, Lag, StagedProblem};

/// The numbers of rows or columns, one per stage, stored line after line.
pub(super) struct Lines<'a> {
    numbers: Cow<'a, [f64]>,
    stages: usize,
}

impl<'a> Lines<'a> {
    /// Returns the rows of `array`; copies them only if they are not contiguous in memory.
    pub(super) fn of(array: &ArrayView2<'a, f64>) -> Self {
        let numbers = array.to_slice().map_or_else(|| array.iter().copied().collect(), Cow::Borrowed);
        Self { numbers, stages: array.ncols() }
    }

    /// Creates lines of zeros.
    fn zeros(lines: usize, stages: usize) -> Self {
        Self { numbers: vec![0.0; lines * stages].into(), stages }
    }

    /// Returns the numbers of line `index`, one per stage.
    pub(super) fn line(&self, index: usize) -> &[f64] {
        &self.numbers[index * self.stages..(index + 1) * self.stages]
    }

    fn line_mut(&mut self, index: usize) -> &mut [f64] {
        &mut self.numbers.to_mut()[index * self.stages..(index + 1) * self.stages]
    }
}

impl Lag {
    /// Returns the stages of a row, and the stages of the column that contribute to them, as at most two ranges out of
    /// `stages`.
    fn runs(self, stages: usize) -> [(Range<usize>, Range<usize>); 2] {
        let late = 1.min(stages);
        match self {
            Self::Same => [(0..stages, 0..stages), (0..0, 0..0)],
            Self::Previous => [(late..stages, 0..stages - late), (0..0, 0..0)],
            Self::PreviousCyclic => [(late..stages, 0..stages - late), (0..late, stages - late..stages)],
        }
    }
}

impl StagedProblem {
    /// Returns the sums of all rows and of all global rows at values of the columns and of the global columns.
    pub(super) fn activities(&self, values: &Lines<'_>, globals: &[f64]) -> (Lines<'static>, Vec<f64>) {
        let mut sums = Lines::zeros(self.rows().len(), self.stages());
        for term in self.terms() {
            let (sums, column) = (sums.line_mut(term.row.0), values.line(term.column.0));
            for (of_row, of_column) in term.lag.runs(self.stages()) {
                add_products(&mut sums[of_row.clone()], &term.coefficient, of_row.start, &column[of_column], 1.0);
            }
        }
        for term in self.spread_terms() {
            add_profile(sums.line_mut(term.row.0), &term.coefficient, globals[term.column.0]);
        }
        let mut global_sums = vec![0.0; self.global_rows().len()];
        for term in self.sum_terms() {
            global_sums[term.row.0] += total(&term.coefficient, values.line(term.column.0));
        }
        for term in self.global_terms() {
            global_sums[term.row.0] += term.coefficient * globals[term.column.0];
        }
        (sums, global_sums)
    }

    /// Returns the sums of the absolute terms of all rows and of all global rows.
    pub(super) fn absolute_activities(&self, values: &Lines<'_>, globals: &[f64]) -> (Lines<'static>, Vec<f64>) {
        let mut sums = Lines::zeros(self.rows().len(), self.stages());
        for term in self.terms() {
            let (sums, column) = (sums.line_mut(term.row.0), values.line(term.column.0));
            for (of_row, of_column) in term.lag.runs(self.stages()) {
                for (stage, value) in of_row.zip(&column[of_column]) {
                    sums[stage] += (term.coefficient.at(stage) * value).abs();
                }
            }
        }
        for term in self.spread_terms() {
            let value = globals[term.column.0];
            let sums = sums.line_mut(term.row.0).iter_mut().enumerate();
            sums.for_each(|(stage, sum)| *sum += (term.coefficient.at(stage) * value).abs());
        }
        let mut global_sums = vec![0.0; self.global_rows().len()];
        for term in self.sum_terms() {
            let products = values.line(term.column.0).iter().enumerate();
            let products = products.map(|(stage, value)| (term.coefficient.at(stage) * value).abs());
            global_sums[term.row.0] += products.sum::<f64>();
        }
        for term in self.global_terms() {
            global_sums[term.row.0] += (term.coefficient * globals[term.column.0]).abs();
        }
        (sums, global_sums)
    }

    /// Computes the reduced costs of `duals` from its row duals, at `values` (shape columns x stages).
    ///
    /// # Panics
    /// If the shapes are not those of this problem.
    pub fn reduced_costs(&self, values: ArrayView2<'_, f64>, duals: &mut Duals) {
        assert_eq!(values.dim(), (self.columns().len(), self.stages()), "one value a column and stage");
        assert_eq!(duals.rows.dim(), (self.rows().len(), self.stages()), "one dual a row and stage");
        assert_eq!(duals.reduced_costs.dim(), values.dim(), "one reduced cost a value");
        let (stages, globals) = self.reduce(&Lines::of(&values), &Lines::of(&duals.rows.view()), &duals.global_rows);
        duals.reduced_costs.iter_mut().zip(stages.numbers.iter()).for_each(|(reduced, value)| *reduced = *value);
        duals.global_reduced_costs = globals;
    }

    /// Returns the reduced costs `cost + q x - A^T y` of the columns and of the global columns at the row duals y.
    pub(super) fn reduce(
        &self,
        values: &Lines<'_>,
        rows: &Lines<'_>,
        global_rows: &[f64],
    ) -> (Lines<'static>, Vec<f64>) {
        let mut reduced = Lines::zeros(self.columns().len(), self.stages());
        for (index, column) in self.columns().iter().enumerate() {
            let (reduced, quadratic) = (reduced.line_mut(index), self.quadratic(ColumnId(index)));
            add_profile(reduced, &column.cost, 1.0);
            if *quadratic != Profile::Constant(0.0) {
                add_products(reduced, quadratic, 0, values.line(index), 1.0);
            }
        }
        for term in self.terms() {
            let (reduced, row) = (reduced.line_mut(term.column.0), rows.line(term.row.0));
            for (of_row, of_column) in term.lag.runs(self.stages()) {
                add_products(&mut reduced[of_column], &term.coefficient, of_row.start, &row[of_row], -1.0);
            }
        }
        for term in self.sum_terms() {
            add_profile(reduced.line_mut(term.column.0), &term.coefficient, -global_rows[term.row.0]);
        }
        let mut globals: Vec<f64> = self.global_columns().iter().map(|column| column.cost).collect();
        for term in self.spread_terms() {
            globals[term.column.0] -= total(&term.coefficient, rows.line(term.row.0));
        }
        for term in self.global_terms() {
            globals[term.column.0] -= term.coefficient * global_rows[term.row.0];
        }
        (reduced, globals)
    }
}

/// Adds `sign * coefficient_(first + k) * values_k` to each `sums_k`.
fn add_products(sums: &mut [f64], coefficient: &Profile, first: usize, values: &[f64], sign: f64) {
    match coefficient {
        Profile::Constant(constant) => add_multiple(sums, values, sign * constant),
        Profile::Series(series) => {
            let factors = series[first..].iter().zip(values);
            sums.iter_mut().zip(factors).for_each(|(sum, (factor, value))| *sum += sign * factor * value);
        }
    }
}

/// Adds `factor * values_k` to each `sums_k`.
fn add_multiple(sums: &mut [f64], values: &[f64], factor: f64) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}

/// Adds `coefficient_t * value` to each `sums_t`.
fn add_profile(sums: &mut [f64], coefficient: &Profile, value: f64) {
    match coefficient {
        Profile::Constant(constant) => sums.iter_mut().for_each(|sum| *sum += constant * value),
        Profile::Series(series) => add_multiple(sums, series, value),
    }
}

/// Returns the sum over t of `coefficient_t * values_t`.
pub(super) fn total(coefficient: &Profile, values: &[f64]) -> f64 {
    match coefficient {
        Profile::Constant(constant) => constant * ArrayView1::from(values).sum(),
        Profile::Series(series) => ArrayView1::from(series).dot(&ArrayView1::from(values)),
    }
}

/// Calls `change(item_t, profile_t, value_t)` for every stage t.
pub(super) fn along(items: &mut [f64], profile: &Profile, values: &[f64], change: impl Fn(&mut f64, f64, f64)) {
    let items = items.iter_mut().zip(values);
    match profile {
        Profile::Constant(constant) => items.for_each(|(item, &value)| change(item, *constant, value)),
        Profile::Series(series) => {
            items.zip(series).for_each(|((item, &value), &number)| change(item, number, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_problems::capacity_and_limit;
    use ndarray::Array2;
    use proptest::prelude::*;

    proptest! {
        /// y (A x) = (A^T y) x: row sums and column sums are transposes of each other for all kinds of terms and lags.
        #[test]
        fn row_and_column_sums_are_transposes(
            numbers in proptest::collection::vec(-3.0f64..3.0, 64),
            stages in 1usize..5,
        ) {
            let problem = capacity_and_limit(stages);
            let mut numbers = numbers.into_iter().cycle();
            let values = Array2::from_shape_simple_fn((problem.columns().len(), stages), || numbers.next().unwrap());
            let globals: Vec<f64> = numbers.by_ref().take(problem.global_columns().len()).collect();
            let mut duals = Duals::zeros(&problem);
            duals.rows.mapv_inplace(|_| numbers.next().unwrap());
            duals.global_rows.iter_mut().for_each(|dual| *dual = numbers.next().unwrap());

            let (sums, global_sums) = problem.activities(&Lines::of(&values.view()), &globals);
            let by_rows = sums.numbers.iter().zip(&duals.rows).map(|(sum, dual)| sum * dual).sum::<f64>()
                + global_sums.iter().zip(&duals.global_rows).map(|(sum, dual)| sum * dual).sum::<f64>();

            problem.reduced_costs(values.view(), &mut duals);
            let by_columns = (&duals.reduced_costs * &values).sum()
                + duals.global_reduced_costs.iter().zip(&globals).map(|(reduced, value)| reduced * value).sum::<f64>();
            // d x = c x + q x^2 - (A^T y) x, and the objective holds one half of q x^2.
            let quadratic: f64 = (0..problem.columns().len())
                .map(|index| total(problem.quadratic(ColumnId(index)), &(&values * &values).row(index).to_vec()))
                .sum();
            let expected = problem.objective(values.view(), &globals) + 0.5 * quadratic - by_rows;
            prop_assert!((by_columns - expected).abs() < 1e-9, "{by_columns} {expected}");
        }
    }
}
