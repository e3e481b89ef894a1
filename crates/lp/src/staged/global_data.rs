//! The numbers of the global columns and rows, and their products with the stages.

use super::lanes::Lanes;
use super::problem_data::{Coefficient, ProblemData};
use super::standard_form::StandardGlobals;

/// A coefficient between a column or row of a stage and a global row or column.
#[derive(Debug, Clone, Copy)]
pub(super) struct GlobalCoefficient {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) coefficient: Coefficient,
}

/// The numbers of the global columns and rows.
#[derive(Debug, Default)]
pub(super) struct GlobalData {
    /// Upper bounds of the global columns.
    pub(super) upper: Vec<f64>,
    /// Costs of the global columns.
    pub(super) cost: Vec<f64>,
    /// Right-hand sides of the global rows.
    pub(super) sums: Vec<f64>,
    /// Unit of each global row, relative to the unit of a row of a stage.
    pub(super) row_units: Vec<f64>,
    /// Global row, global column and coefficient.
    pub(super) terms: Vec<(usize, usize, f64)>,
    /// Global columns in rows of the stages.
    pub(super) spread: Vec<GlobalCoefficient>,
    /// Columns of the stages in global rows, sorted by column.
    pub(super) summed: Vec<GlobalCoefficient>,
    /// For each column of a stage, the start of its entries in `summed`; one more element than columns.
    summed_from: Vec<usize>,
}

impl GlobalData {
    /// Collects the numbers of `globals` with the coefficients that tie them to the stages.
    pub(super) fn new(
        globals: &StandardGlobals,
        spread: Vec<GlobalCoefficient>,
        summed: Vec<GlobalCoefficient>,
        columns: usize,
    ) -> Self {
        let before = |column: usize| summed.partition_point(|entry| entry.column < column);
        Self {
            upper: globals.columns.iter().map(|column| column.upper).collect(),
            cost: globals.columns.iter().map(|column| column.cost).collect(),
            sums: globals.sums.clone(),
            row_units: globals.row_units.clone(),
            terms: globals.terms.clone(),
            spread,
            summed_from: (0..=columns).map(before).collect(),
            summed,
        }
    }

    /// Returns whether there are neither global columns nor global rows.
    pub(super) fn is_empty(&self) -> bool {
        self.upper.is_empty() && self.sums.is_empty()
    }

    /// Returns whether a column of a stage appears in a global row.
    #[inline(always)]
    pub(super) fn any_summed(&self) -> bool {
        !self.summed.is_empty()
    }
}

impl ProblemData {
    /// Returns a coefficient in a block; 0 in lanes without a stage.
    #[inline(always)]
    pub(super) fn global_coefficient(&self, entry: &GlobalCoefficient, block: usize) -> Lanes {
        self.at(entry.coefficient, block) * self.exists[block]
    }

    /// Returns S' dy of a column, the contribution of the global rows to A' dy.
    #[inline(always)]
    pub(super) fn summed(&self, dy: &[f64], block: usize, column: usize) -> Lanes {
        let mut sum = Lanes::ZERO;
        for entry in &self.globals.summed[self.globals.summed_from[column]..self.globals.summed_from[column + 1]] {
            sum += self.global_coefficient(entry, block) * Lanes::splat(dy[entry.row]);
        }
        sum
    }

    /// Adds factor S v to `sums`, for v by block and column.
    pub(super) fn add_summed(&self, factor: f64, v: impl Fn(usize, usize) -> Lanes, sums: &mut [f64]) {
        for entry in &self.globals.summed {
            let mut sum = Lanes::ZERO;
            for block in 0..self.lane_layout.blocks {
                sum += self.global_coefficient(entry, block) * v(block, entry.column);
            }
            sums[entry.row] += factor * sum.sum();
        }
    }

    /// Adds factor G' y to `sums`, by global column.
    pub(super) fn add_spread_transposed(&self, factor: f64, y: &[Lanes], sums: &mut [f64]) {
        for entry in &self.globals.spread {
            let mut sum = Lanes::ZERO;
            for block in 0..self.lane_layout.blocks {
                sum += self.global_coefficient(entry, block) * y[block * self.rows + entry.row];
            }
            sums[entry.column] += factor * sum.sum();
        }
    }

    /// Adds A v to `out`, for v that is zero except in one column.
    #[inline(always)]
    pub(super) fn add_column(&self, block: usize, column: usize, v: Lanes, out: &mut [Lanes]) {
        for entry in &self.entries[column] {
            out[block * self.rows + entry.row] += self.at(entry.coefficient, block) * v;
        }
        let after = self.after(block);
        for lagged in &self.lagged[self.lagged_of(column)] {
            let passed_on = self.lagged_after(lagged, after) * v;
            let passed_on = if after == 0 { self.lane_layout.wrap_to_first(passed_on) } else { passed_on };
            out[after * self.rows + lagged.row] += passed_on;
        }
    }

    /// Sets the entries of rows that do not exist to 0.
    pub(super) fn mask_rows(&self, out: &mut [Lanes]) {
        for block in 0..self.lane_layout.blocks {
            for row in 0..self.rows {
                out[block * self.rows + row] = out[block * self.rows + row] * self.row_exists(row, block);
            }
        }
    }

    /// Computes the products of the lagged coefficients with `dy` of the next block, which are part of A' dy of
    /// `block`.
    #[inline(always)]
    pub(super) fn next_rows(&self, dy: &[Lanes], block: usize, lagged_products: &mut [Lanes]) {
        let after = self.after(block);
        for (lagged, next) in self.lagged.iter().zip(lagged_products) {
            let dy = dy[after * self.rows + lagged.row];
            let dy = if after == 0 { self.lane_layout.wrap_to_last(dy) } else { dy };
            *next = self.lagged_after(lagged, after) * dy;
        }
    }

    /// Returns A' dy of a column of a block, from `dy` of the block and the lagged products `next`.
    #[inline(always)]
    pub(super) fn transposed(&self, dy: &[Lanes], next: &[Lanes], block: usize, column: usize) -> Lanes {
        let mut sum = Lanes::ZERO;
        for entry in &self.entries[column] {
            sum += self.at(entry.coefficient, block) * dy[entry.row];
        }
        for value in &next[self.lagged_of(column)] {
            sum += *value;
        }
        sum
    }
}
