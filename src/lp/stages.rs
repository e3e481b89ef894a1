//! Sums of rows and columns, term by term with an inner loop along the stages: stage by stage the same sums take ten times
//! as long.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, Zip, s};

use super::{ColumnId, Duals, Lag, StagedProblem};
use crate::series::Profile;

impl Lag {
    /// The stages of a row, and those of the column it takes up there, in at most two runs out of `stages`.
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
    /// The sums of all rows (rows x stages) and global rows at values of the columns (columns x stages) and global columns.
    ///
    /// # Panics
    /// If the values are not of this problem's shape.
    #[must_use]
    pub fn activities(&self, values: ArrayView2<'_, f64>, globals: &[f64]) -> (Array2<f64>, Vec<f64>) {
        assert_eq!(values.dim(), (self.columns().len(), self.stages()), "one value a column and stage");
        assert_eq!(globals.len(), self.global_columns().len(), "one value a global column");
        let mut sums = Array2::zeros((self.rows().len(), self.stages()));
        for term in self.terms() {
            for (of_row, of_column) in term.lag.runs(self.stages()) {
                let (first, column) = (of_row.start, values.slice(s![term.column.0, of_column]));
                add_products(sums.slice_mut(s![term.row.0, of_row]), &term.coefficient, first, column, 1.0);
            }
        }
        for term in self.spread_terms() {
            add_multiple(sums.row_mut(term.row.0), &term.coefficient, globals[term.column.0]);
        }
        let mut global_sums = vec![0.0; self.global_rows().len()];
        for term in self.sum_terms() {
            global_sums[term.row.0] += total(&term.coefficient, values.row(term.column.0));
        }
        for term in self.global_terms() {
            global_sums[term.row.0] += term.coefficient * globals[term.column.0];
        }
        (sums, global_sums)
    }

    /// Computes the reduced costs of `duals` from its row duals, at `values` (shape columns x stages).
    ///
    /// # Panics
    /// If the shapes are not this problem's.
    pub fn reduced_costs(&self, values: ArrayView2<'_, f64>, duals: &mut Duals) {
        let Duals { rows, global_rows, reduced_costs, global_reduced_costs } = duals;
        assert_eq!(rows.dim(), (self.rows().len(), self.stages()), "one dual a row and stage");
        assert_eq!(values.dim(), (self.columns().len(), self.stages()), "one value a column and stage");
        assert_eq!(reduced_costs.dim(), values.dim(), "one reduced cost a value");
        self.reduce(values, rows.view(), global_rows, reduced_costs);
        self.reduce_globals(rows.view(), global_rows, global_reduced_costs);
    }

    /// `reduced = cost + q x - (row duals times the terms of the column)`.
    pub(super) fn reduce(
        &self,
        values: ArrayView2<'_, f64>,
        rows: ArrayView2<'_, f64>,
        global_rows: &[f64],
        reduced_costs: &mut Array2<f64>,
    ) {
        for (index, column) in self.columns().iter().enumerate() {
            let mut reduced = reduced_costs.row_mut(index);
            match &column.cost {
                Profile::Constant(cost) => reduced.fill(*cost),
                Profile::Series(costs) => reduced.assign(&ArrayView1::from(costs)),
            }
            let quadratic = self.quadratic(ColumnId(index));
            if *quadratic != Profile::Constant(0.0) {
                add_products(reduced, quadratic, 0, values.row(index), 1.0);
            }
        }
        for term in self.terms() {
            for (of_row, of_column) in term.lag.runs(self.stages()) {
                let (first, row) = (of_row.start, rows.slice(s![term.row.0, of_row]));
                let reduced = reduced_costs.slice_mut(s![term.column.0, of_column]);
                add_products(reduced, &term.coefficient, first, row, -1.0);
            }
        }
        for term in self.sum_terms() {
            add_multiple(reduced_costs.row_mut(term.column.0), &term.coefficient, -global_rows[term.row.0]);
        }
    }

    /// The same for the global columns.
    pub(super) fn reduce_globals(&self, rows: ArrayView2<'_, f64>, global_rows: &[f64], reduced_costs: &mut [f64]) {
        for (reduced, column) in reduced_costs.iter_mut().zip(self.global_columns()) {
            *reduced = column.cost;
        }
        for term in self.spread_terms() {
            reduced_costs[term.column.0] -= total(&term.coefficient, rows.row(term.row.0));
        }
        for term in self.global_terms() {
            reduced_costs[term.column.0] -= term.coefficient * global_rows[term.row.0];
        }
    }
}

/// `sums_k += sign * coefficient_(first + k) * values_k`.
fn add_products(
    sums: ArrayViewMut1<'_, f64>,
    coefficient: &Profile,
    first: usize,
    values: ArrayView1<'_, f64>,
    sign: f64,
) {
    match coefficient {
        Profile::Constant(constant) => {
            let constant = sign * constant;
            Zip::from(sums).and(values).for_each(|sum, value| *sum += constant * value);
        }
        Profile::Series(series) => {
            let series = ArrayView1::from(&series[first..first + values.len()]);
            Zip::from(sums).and(series).and(values).for_each(|sum, factor, value| *sum += sign * factor * value);
        }
    }
}

/// `sums_t += coefficient_t * value`.
fn add_multiple(mut sums: ArrayViewMut1<'_, f64>, coefficient: &Profile, value: f64) {
    match coefficient {
        Profile::Constant(constant) => sums += constant * value,
        Profile::Series(series) => sums.scaled_add(value, &ArrayView1::from(series)),
    }
}

/// Sum over t of `coefficient_t * values_t`.
pub(super) fn total(coefficient: &Profile, values: ArrayView1<'_, f64>) -> f64 {
    match coefficient {
        Profile::Constant(constant) => constant * values.sum(),
        Profile::Series(series) => ArrayView1::from(series).dot(&values),
    }
}

/// Calls `change(item_t, profile_t, value_t)` for every stage.
pub(super) fn along(
    items: &mut [f64],
    profile: &Profile,
    values: ArrayView1<'_, f64>,
    change: impl Fn(&mut f64, f64, f64),
) {
    let items = Zip::from(ArrayViewMut1::from(items)).and(values);
    match profile {
        Profile::Constant(constant) => items.for_each(|item, &value| change(item, *constant, value)),
        Profile::Series(series) => {
            items.and(ArrayView1::from(series)).for_each(|item, &value, &number| change(item, number, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lp::test_problems::capacity_and_limit;
    use ndarray::Array2;
    use proptest::prelude::*;

    proptest! {
        /// y (A x) = (A^T y) x: the sums of the rows and those of the columns are transposes of each other, over all kinds of
        /// terms and lags, and one reads the coefficients exactly where the other does.
        #[test]
        fn rows_and_columns_add_up_the_same(numbers in proptest::collection::vec(-3.0f64..3.0, 64), stages in 1usize..5) {
            let problem = capacity_and_limit(stages);
            let mut numbers = numbers.into_iter().cycle();
            let values = Array2::from_shape_simple_fn((problem.columns().len(), stages), || numbers.next().unwrap());
            let globals: Vec<f64> = numbers.by_ref().take(problem.global_columns().len()).collect();
            let mut duals = Duals::zeros(&problem);
            duals.rows.mapv_inplace(|_| numbers.next().unwrap());
            duals.global_rows.iter_mut().for_each(|dual| *dual = numbers.next().unwrap());

            let (sums, global_sums) = problem.activities(values.view(), &globals);
            let by_rows = (&sums * &duals.rows).sum()
                + global_sums.iter().zip(&duals.global_rows).map(|(sum, dual)| sum * dual).sum::<f64>();

            problem.reduced_costs(values.view(), &mut duals);
            let by_columns = (&duals.reduced_costs * &values).sum()
                + duals.global_reduced_costs.iter().zip(&globals).map(|(reduced, value)| reduced * value).sum::<f64>();
            // d x = c x + q x^2 - (A^T y) x, and the objective holds one half of q x^2.
            let quadratic: f64 = (0..problem.columns().len())
                .map(|index| total(problem.quadratic(ColumnId(index)), (&values * &values).row(index)))
                .sum();
            let expected = problem.objective(values.view(), &globals) + 0.5 * quadratic - by_rows;
            prop_assert!((by_columns - expected).abs() < 1e-9, "{by_columns} {expected}");
        }
    }
}
