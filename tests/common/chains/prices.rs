//! Ranges around the feasible point, and costs from random duals.

use anergy::lp::{Column, ColumnId, Row, RowId, StagedProblem};
use anergy::series::Profile;
use ndarray::Array2;

use super::{Chain, ChainBuilder, ChainColumn, Entry, Sides};

impl ChainBuilder {
    /// Chooses the ranges of the rows around the point and the duals of rows and bounds, and writes the problem.
    pub(super) fn finish(mut self) -> Chain {
        let stages = self.sketch.stages;
        let mut costs = vec![vec![0.0; stages]; self.columns.len()];
        let mut problem = StagedProblem::new("chain", stages);
        let ranges: Vec<(Vec<f64>, Vec<f64>)> = (0..self.rows.len()).map(|row| self.range(row, &mut costs)).collect();
        for (column, costs) in costs.iter_mut().enumerate() {
            let without = self.share_without_price();
            for (stage, cost) in costs.iter_mut().enumerate() {
                let ChainColumn { lower, upper, value, .. } = &self.columns[column];
                let limits = (lower[stage], upper[stage], value[stage]);
                let open = lower[stage].is_finite() != upper[stage].is_finite();
                *cost += self.price(limits, if open { 0.0 } else { without });
            }
        }
        let columns: Vec<ColumnId> = self
            .columns
            .iter()
            .zip(costs)
            .map(|(draft, cost)| {
                let (lower, upper) = (profile(draft.lower.clone()), profile(draft.upper.clone()));
                problem.add_column(Column { name: draft.name.clone(), lower, upper, cost: profile(cost) })
            })
            .collect();
        let rows: Vec<RowId> = self
            .rows
            .iter()
            .zip(ranges)
            .map(|((name, _), (lower, upper))| {
                problem.add_row(Row { name: name.clone(), lower: profile(lower), upper: profile(upper) })
            })
            .collect();
        for Entry { row, column, lag, coefficient } in self.entries {
            problem.add_term(rows[row], columns[column], lag, profile(coefficient));
        }
        let point =
            Array2::from_shape_fn((self.columns.len(), stages), |(column, stage)| self.columns[column].value[stage]);
        Chain { problem, rows, point, is_optimal: self.sketch.is_optimal }
    }

    /// Returns the range of a row in each stage, and adds the dual of the row to the costs of its columns.
    fn range(&mut self, row: usize, costs: &mut [Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
        let (stages, sides) = (self.sketch.stages, self.rows[row].1);
        let (mut lower, mut upper, without) = (Vec::new(), Vec::new(), self.share_without_price());
        for stage in 0..stages {
            let of_row = || self.entries.iter().filter(|entry| entry.row == row);
            let before = |entry: &Entry| entry.lag.column_stage(stage, stages);
            let term =
                |entry: &Entry| Some(entry.coefficient[stage] * self.columns[entry.column].value[before(entry)?]);
            let sum: f64 = of_row().filter_map(term).sum();
            let taken: Vec<_> =
                of_row().filter_map(|entry| Some((entry.column, before(entry)?, entry.coefficient[stage]))).collect();
            let least = if self.sketch.is_optimal { 0.0 } else { 0.1 };
            let mut slack = || (2.0 * self.unit() - 1.0).max(least) * self.sketch.magnitude;
            let (below, above) = (slack(), slack());
            let (least, most) = match sides {
                Sides::Equal => (sum, sum),
                Sides::Range => (sum - below, sum + above),
                Sides::Least => (sum - below, f64::INFINITY),
                Sides::Most => (f64::NEG_INFINITY, sum + above),
            };
            let price = self.price((least, most, sum), without);
            for (column, stage, coefficient) in taken {
                costs[column][stage] += coefficient * price;
            }
            lower.push(least);
            upper.push(most);
        }
        (lower, upper)
    }

    /// Returns the share of stages without a dual: all stages of some rows and columns, and a part of the stages of the
    /// others.
    fn share_without_price(&mut self) -> f64 {
        if self.unit() < self.sketch.free_of_charge { 1.0 } else { 0.3 }
    }

    /// Returns a dual for a row or bound with these limits and this value, of a sign that the limits allow; 0 for an
    /// inactive one if the point is to be an optimum, and in the share `without` of the cases.
    fn price(&mut self, (lower, upper, value): (f64, f64, f64), without: f64) -> f64 {
        let (at_lower, at_upper) = match self.sketch.is_optimal {
            true => (lower == value, upper == value),
            false => (lower.is_finite(), upper.is_finite()),
        };
        let size = (self.unit() * 64.0).ceil() / 64.0;
        match (at_lower, at_upper, self.unit() < without) {
            (false, false, _) | (.., true) => 0.0,
            (true, false, _) => size,
            (false, true, _) => -size,
            (true, true, _) if self.unit() < 0.5 => -size,
            (true, true, _) => size,
        }
    }
}

fn profile(values: Vec<f64>) -> Profile {
    let first = values[0];
    if values.iter().all(|value| *value == first) { Profile::Constant(first) } else { Profile::Series(values) }
}
