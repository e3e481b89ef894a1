//! The cost of a plan at other COPs than it was made for.
//!
//! All decisions of the plan remain; only the columns whose sole role is to close a balance (import, unmet demand,
//! surplus) change. For one balance in one step this is an LP with one row, which the merit order solves.

use anergy_data::series::Profile;
use anergy_lp::{Lag, StagedProblem};
use ndarray::ArrayView2;

use super::shared::CapacityLimit;

/// A problem with decided capacities.
#[derive(Debug, Clone, Copy)]
pub(super) struct FixedCapacities<'a> {
    /// The problem.
    pub(super) problem: &'a StagedProblem,
    /// Flows and levels under chosen capacities.
    pub(super) capacity_limits: &'a [CapacityLimit],
    /// Values of the global columns.
    pub(super) globals: &'a [f64],
}

impl FixedCapacities<'_> {
    /// Returns the upper bound of a column; `cap` is the index of its capacity limit, `None` if it has none.
    pub(super) fn upper(&self, column: usize, cap: Option<usize>, stage: usize) -> f64 {
        let upper = self.problem.columns()[column].upper.at(stage);
        cap.map_or(upper, |cap| {
            let CapacityLimit { capacity, per_unit, .. } = &self.capacity_limits[cap];
            upper.min(per_unit.at(stage) * self.globals[capacity.0])
        })
    }
}

/// A balance row with its closing columns: those that appear nowhere else but under limits over all steps.
#[derive(Debug, Clone)]
pub(super) struct ClosingRow {
    row: usize,
    closing: Vec<ClosingColumn>,
    /// Terms of all other columns.
    fixed: Vec<usize>,
}

/// A column that closes a row.
#[derive(Debug, Clone, Copy)]
struct ClosingColumn {
    column: usize,
    /// Its coefficient in the row.
    coefficient: f64,
    /// Index of its capacity limit; `None` if it has none.
    cap: Option<usize>,
}

impl ClosingRow {
    /// Returns the rows of `problem` in `rows`, each with its closing columns.
    pub(super) fn of(
        problem: &StagedProblem,
        capacity_limits: &[CapacityLimit],
        rows: impl Iterator<Item = usize>,
    ) -> Vec<Self> {
        let of_limit = |row| problem.spread_terms().iter().any(|spread| spread.row == row);
        let uses =
            |column| problem.terms().iter().filter(|term| term.column.0 == column && !of_limit(term.row)).count();
        rows.map(|row| {
            let mut found = Self { row, closing: Vec::new(), fixed: Vec::new() };
            for (index, term) in problem.terms().iter().enumerate().filter(|(_, term)| term.row.0 == row) {
                match term.coefficient {
                    Profile::Constant(coefficient)
                        if term.lag == Lag::Same && coefficient != 0.0 && uses(term.column.0) == 1 =>
                    {
                        let cap = capacity_limits.iter().position(|cap| cap.column == term.column);
                        found.closing.push(ClosingColumn { column: term.column.0, coefficient, cap });
                    }
                    _ => found.fixed.push(index),
                }
            }
            found
        })
        .collect()
    }

    /// Returns the index of the row.
    pub(super) fn row(&self) -> usize {
        self.row
    }

    /// Returns the columns that close the row.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.closing.iter().map(|closing| closing.column)
    }

    /// Sets the closing columns such that the row holds at the least cost; returns the remaining imbalance, the sum of
    /// |kW| over steps.
    pub(super) fn close(&self, capacities: FixedCapacities<'_>, values: &mut ndarray::Array2<f64>) -> f64 {
        let problem = capacities.problem;
        let stages = problem.stages();
        let rhs = &problem.rows()[self.row].lower;
        let mut order: Vec<usize> = (0..self.closing.len()).collect();
        let mut imbalance = 0.0;
        for stage in 0..stages {
            let need = rhs.at(stage) - fixed_activity(problem, &self.fixed, values.view(), stage);
            let price = |index: usize| {
                let ClosingColumn { column, coefficient, .. } = self.closing[index];
                problem.columns()[column].cost.at(stage) / coefficient
            };
            order.sort_unstable_by(|&a, &b| price(a).total_cmp(&price(b)));
            imbalance += self.merit_order(capacities, &order, stage, need, values).abs();
        }
        imbalance
    }

    /// Fills the columns in ascending order of the price at which they supply the row: a supplying column (positive
    /// coefficient) starts empty and is filled, a consuming one (negative) starts full and is emptied. Returns the
    /// remaining imbalance.
    fn merit_order(
        &self,
        capacities: FixedCapacities<'_>,
        order: &[usize],
        stage: usize,
        need: f64,
        values: &mut ndarray::Array2<f64>,
    ) -> f64 {
        let bounds = |index: usize| {
            let ClosingColumn { column, coefficient, cap } = self.closing[index];
            let lower = capacities.problem.columns()[column].lower.at(stage);
            let (a, b) = (coefficient * lower, coefficient * capacities.upper(column, cap, stage));
            (a.min(b), a.max(b))
        };
        let mut remaining = need;
        for (position, &index) in order.iter().enumerate() {
            let rest: f64 = order[position + 1..].iter().map(|&later| bounds(later).0).sum();
            let (least, most) = bounds(index);
            let share = (remaining - rest).clamp(least, most);
            let ClosingColumn { column, coefficient, .. } = self.closing[index];
            values[[column, stage]] = share / coefficient;
            remaining -= share;
        }
        remaining
    }
}

/// Returns the sum of `terms` in one stage.
pub(super) fn fixed_activity(
    problem: &StagedProblem,
    terms: &[usize],
    values: ArrayView2<'_, f64>,
    stage: usize,
) -> f64 {
    let mut sum = 0.0;
    for &index in terms {
        let term = &problem.terms()[index];
        if let Some(from) = term.lag.column_stage(stage, problem.stages()) {
            sum += term.coefficient.at(stage) * values[[term.column.0, from]];
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use anergy_lp::{Column as LpColumn, Row};
    use ndarray::Array2;
    use proptest::prelude::*;

    /// Creates the balance need = 1 import(0.3, up to 10) + 1 local(0.1, up to 2) + 1 unmet(100) - 1 surplus(0) - 1
    /// export(-0.05, up to 3).
    fn market() -> StagedProblem {
        let mut problem = StagedProblem::new("market", 1);
        let row = problem.add_row(Row::equal("electricity", 0.0));
        let fixed = problem.add_column(LpColumn {
            name: "fixed".into(),
            lower: (-1e9).into(),
            upper: 1e9.into(),
            cost: 0.0.into(),
        });
        let other = problem.add_row(Row::equal("other", 0.0));
        problem.add_term(row, fixed, Lag::Same, 1.0);
        problem.add_term(other, fixed, Lag::Same, 0.0);
        for (name, upper, cost, sign) in [
            ("import", 10.0, 0.3, 1.0),
            ("local", 2.0, 0.1, 1.0),
            ("unmet", f64::INFINITY, 100.0, 1.0),
            ("surplus", f64::INFINITY, 0.0, -1.0),
            ("export", 3.0, -0.05, -1.0),
        ] {
            let column = problem.add_column(LpColumn {
                name: name.into(),
                lower: 0.0.into(),
                upper: upper.into(),
                cost: cost.into(),
            });
            problem.add_term(row, column, Lag::Same, sign);
        }
        problem
    }

    fn closed(fixed: f64) -> Vec<f64> {
        let problem = market();
        let mut values = Array2::zeros((6, 1));
        values[[0, 0]] = fixed;
        let capacities = FixedCapacities { problem: &problem, capacity_limits: &[], globals: &[] };
        let imbalance = ClosingRow::of(&problem, &[], std::iter::once(0))[0].close(capacities, &mut values);
        assert_eq!(imbalance, 0.0);
        values.column(0).to_vec()[1..].to_vec()
    }

    #[test]
    fn the_cheapest_column_closes_first() {
        assert_eq!(closed(-1.0), [0.0, 1.0, 0.0, 0.0, 0.0], "local generation before import");
        assert_eq!(closed(-7.0), [5.0, 2.0, 0.0, 0.0, 0.0], "then import");
        assert_eq!(closed(-20.0), [10.0, 2.0, 8.0, 0.0, 0.0], "then demand goes unserved");
        assert_eq!(closed(2.0), [0.0, 0.0, 0.0, 0.0, 2.0], "excess is sold");
        assert_eq!(closed(5.0), [0.0, 0.0, 0.0, 2.0, 3.0], "what cannot be sold is dumped");
    }

    proptest! {
        #[test]
        fn the_row_always_holds(fixed in -100.0f64..100.0) {
            let [import, local, unmet, surplus, export] = closed(fixed)[..] else { unreachable!() };
            prop_assert!((fixed + import + local + unmet - surplus - export).abs() < 1e-12);
            prop_assert!(unmet * surplus == 0.0 && import * export == 0.0);
        }
    }
}
