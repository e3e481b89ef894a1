//! The iterate of the global columns and rows: what the passes over the stages compute, for a few columns and rows.

use super::bordered_system::BorderedSystem;
use super::global_data::GlobalData;
use super::interior::{Interior, LEAST_VALUE};
use super::lanes::Lanes;
use super::normal_equations::NormalEquations;
use super::polish::corrected_multipliers;
use super::problem_data::ProblemData;

/// The iterate of a global column; see [`Interior`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GlobalIterate {
    pub(super) x: f64,
    pub(super) z: f64,
    pub(super) w: f64,
    pub(super) theta: f64,
    pub(super) dx: f64,
    dz: f64,
    dw: f64,
    /// Values of z and w for x z = s w = target after the step, without the terms of the step itself.
    multiplier_targets: [f64; 2],
    /// Right-hand side h of the global column in the step equations.
    pub(super) dual_rhs: f64,
    /// Reduced cost less z - w: rounding error of earlier steps.
    dual_residual: f64,
}

/// Returns the values of z and w for x z = s w = `target` after the step, without the terms of the step itself; the
/// second-order terms are those of the affine step.
#[inline(always)]
fn multiplier_targets(value: Lanes, slack: Lanes, [low, high]: [Lanes; 2], affine: Lanes, target: Lanes) -> [Lanes; 2] {
    let low_affine = Lanes::ZERO - low - low * affine / value;
    let high_affine = high * affine / slack - high;
    [(target - affine * low_affine) / value, (target + affine * high_affine) / slack]
}

impl Interior {
    /// Computes dy in `rhs` from the right-hand side there, and the steps of the globals; `target` = sigma mu, or
    /// `None` for the affine direction.
    pub(super) fn solve_direction(&mut self, data: &ProblemData, target: Option<f64>) {
        let least = Lanes::splat(LEAST_VALUE);
        for entry in &data.globals.summed {
            for block in 0..data.lane_layout.blocks {
                let at = block * data.columns + entry.column;
                let value = self.x[at];
                let slack = (data.at(data.upper[entry.column], block) - value).max(least);
                let (low, high) = (self.z[at], self.w[at]);
                // dz is set when the direction is known; until then it holds h.
                self.dz[at] = match target {
                    None => high - low,
                    Some(target) => {
                        let target = Lanes::splat(target);
                        let [to_low, to_high] = multiplier_targets(value, slack, [low, high], self.dx[at], target);
                        (to_low - low) - (to_high - high)
                    }
                };
            }
        }
        for (column, upper) in self.border.columns.iter_mut().zip(&data.globals.upper) {
            let multipliers = [column.z, column.w];
            column.multiplier_targets = match target {
                None => [0.0; 2],
                Some(target) => {
                    let [value, slack] = [column.x, column.slack(*upper)].map(Lanes::splat);
                    multiplier_targets(
                        value,
                        slack,
                        multipliers.map(Lanes::splat),
                        Lanes::splat(column.dx),
                        Lanes::splat(target),
                    )
                    .map(|goal| goal.0[0])
                }
            };
            column.dual_rhs = (column.multiplier_targets[0] - column.z)
                - (column.multiplier_targets[1] - column.w)
                - column.dual_residual;
        }
        self.border.solve(data, &mut self.normal, &mut self.rhs, &self.dz, &self.theta);
    }

    /// Takes the steps of the globals and sets their weights and residuals; the residuals of the stages' rows lose the
    /// contributions of the global columns. Returns the sum of the complementarity products and the largest residual of
    /// a global row.
    pub(super) fn advance_globals(&mut self, data: &ProblemData, [primal, dual]: [f64; 2]) -> (f64, f64) {
        let mut complementarity = 0.0;
        for (column, upper) in self.border.columns.iter_mut().zip(&data.globals.upper) {
            column.x = (column.x + primal * column.dx).max(LEAST_VALUE);
            column.z += dual * column.dz;
            column.w += dual * column.dw;
            let slack = column.slack(*upper);
            complementarity += column.x * column.z + slack * column.w;
            column.theta = column.x * slack / (column.z * slack + column.w * column.x);
        }
        self.border.set_dual_residuals(data, &self.y);
        self.border.compute_row_residuals(data, &self.x, &mut self.residual);
        let units = &data.globals.row_units;
        let dual_residual = self
            .border
            .row_residuals
            .iter()
            .zip(units)
            .fold(0.0_f64, |worst, (row_residuals, unit)| worst.max((row_residuals * unit).abs()));
        (complementarity, dual_residual)
    }
}

impl GlobalIterate {
    /// Returns the distance to the upper bound.
    fn slack(&self, upper: f64) -> f64 {
        (upper - self.x).max(LEAST_VALUE)
    }
}

impl BorderedSystem {
    /// Computes the differences between the reduced costs of the global columns and z - w.
    fn set_dual_residuals(&mut self, data: &ProblemData, y: &[Lanes]) {
        let sums = &mut self.by_column;
        sums.copy_from_slice(&data.globals.cost);
        data.add_spread_transposed(-1.0, y, sums);
        for &(row, column, coefficient) in &data.globals.terms {
            sums[column] -= coefficient * self.y[row];
        }
        for (column, reduced) in self.columns.iter_mut().zip(sums) {
            column.dual_residual = *reduced - (column.z - column.w);
        }
    }

    /// Makes z - w equal to the reduced costs; returns the sum of the complementarity products.
    pub(super) fn correct_multipliers(&mut self, shared: &GlobalData) -> f64 {
        let mut sum = 0.0;
        for (column, upper) in self.columns.iter_mut().zip(&shared.upper) {
            (column.z, column.w) = corrected_multipliers(column.z, column.w, column.dual_residual);
            column.dual_residual = 0.0;
            sum += column.x * column.z + column.slack(*upper) * column.w;
        }
        sum
    }

    /// Sets the starting values, at most `largest` away from a bound.
    pub(super) fn start(&mut self, shared: &GlobalData, largest: f64) {
        for (column, upper) in self.columns.iter_mut().zip(&shared.upper) {
            let x = (0.5 * upper).min(largest);
            let room = x.min(upper - x);
            *column = GlobalIterate { x, theta: room * room, ..GlobalIterate::default() };
        }
    }

    /// Computes the residuals of the global rows, and subtracts the contributions of the global columns from those of
    /// the stages' rows.
    pub(super) fn compute_row_residuals(&mut self, data: &ProblemData, x: &[Lanes], residual: &mut [Lanes]) {
        let Self { row_residuals, columns, .. } = self;
        row_residuals.copy_from_slice(&data.globals.sums);
        data.add_summed(-1.0, |block, column| x[block * data.columns + column], row_residuals);
        for &(row, column, coefficient) in &data.globals.terms {
            row_residuals[row] -= coefficient * columns[column].x;
        }
        for entry in &data.globals.spread {
            let value = Lanes::splat(columns[entry.column].x);
            for block in 0..data.lane_layout.blocks {
                residual[block * data.rows + entry.row] -= data.global_coefficient(entry, block) * value;
            }
        }
    }

    /// Returns the largest ratio of a step in `dx` to the distance to its bound, at least `furthest`.
    pub(super) fn furthest(&self, shared: &GlobalData, furthest: f64) -> f64 {
        let columns = self.columns.iter().zip(&shared.upper);
        columns.fold(furthest, |furthest, (column, upper)| {
            furthest.max(-column.dx / column.x).max(column.dx / column.slack(*upper))
        })
    }

    /// Moves the values by a share of `dx`.
    pub(super) fn move_by(&mut self, share: f64) {
        for column in &mut self.columns {
            column.x += share * column.dx;
            column.dx = 0.0;
        }
    }

    /// Computes the duals of the global rows that explain the costs best, and the remaining reduced costs. On entry
    /// `dy` is A theta c and `dual_rhs` is -c.
    pub(super) fn estimate_duals(
        &mut self,
        data: &ProblemData,
        normal: &mut NormalEquations,
        dy: &mut [Lanes],
        dual_rhs: &[Lanes],
        theta: &[Lanes],
    ) {
        self.row_residuals.fill(0.0);
        self.columns.iter_mut().zip(&data.globals.cost).for_each(|(column, cost)| column.dual_rhs = -cost);
        self.solve(data, normal, dy, dual_rhs, theta);
        self.y.copy_from_slice(&self.dy);
        self.columns.iter_mut().for_each(|column| (column.z, column.w, column.dx) = (0.0, 0.0, 0.0));
        self.set_dual_residuals(data, dy);
        self.columns.iter_mut().for_each(|column| column.z = column.dual_residual);
    }

    /// Adds the products of reduced costs and distances to the bound.
    pub(super) fn products(&self, shared: &GlobalData, product: f64) -> f64 {
        let columns = self.columns.iter().zip(&shared.upper);
        columns.fold(product, |product, (column, upper)| product + column.z.abs() * column.x.min(column.slack(*upper)))
    }

    /// Sets z and w from the reduced costs in z, with products close to `mu`.
    pub(super) fn set_multipliers(&mut self, shared: &GlobalData, mu: f64) {
        for (column, upper) in self.columns.iter_mut().zip(&shared.upper) {
            let reduced = column.z;
            let both = mu / column.x.max(column.slack(*upper));
            (column.z, column.w) = (reduced.max(0.0) + both, (-reduced).max(0.0) + both);
        }
        self.dy.fill(0.0);
    }

    /// Adds the contributions of the global columns to the inverse affine step lengths and to the complementarity sums
    /// after them.
    pub(super) fn predict(&mut self, shared: &GlobalData, affine: [f64; 5]) -> [f64; 5] {
        let [mut primal, mut dual, mut first, mut second, mut third] = affine;
        for (column, upper) in self.columns.iter().zip(&shared.upper) {
            let GlobalIterate { x, z, w, dx, .. } = *column;
            let slack = column.slack(*upper);
            let (down, up) = (dx / x, dx / slack);
            primal = primal.max(-down).max(up);
            dual = dual.max(1.0 + down).max(1.0 - up);
            let (low_step, high_step) = (-z - z * down, w * up - w);
            first += dx * (z - w);
            second += x * low_step + slack * high_step;
            third += dx * (low_step - high_step);
        }
        [primal, dual, first, second, third]
    }

    /// Computes the steps of z and w; adds the contributions of the global columns to the inverse step lengths.
    pub(super) fn correct(&mut self, shared: &GlobalData, [mut primal, mut dual]: [f64; 2]) -> [f64; 2] {
        for (column, upper) in self.columns.iter_mut().zip(&shared.upper) {
            let GlobalIterate { x, z, w, dx, multiplier_targets: [to_low, to_high], .. } = *column;
            let (down, up) = (dx / x, dx / column.slack(*upper));
            column.dz = to_low - z - z * down;
            column.dw = to_high - w + w * up;
            primal = primal.max(-down).max(up);
            dual = dual.max(-column.dz / z).max(-column.dw / w);
        }
        [primal, dual]
    }

    /// Adds the costs of the global columns, and their absolute values.
    pub(super) fn costs(&self, shared: &GlobalData, [sum, absolute]: [f64; 2]) -> [f64; 2] {
        let terms = self.columns.iter().zip(&shared.cost).map(|(column, cost)| column.x * cost);
        terms.fold([sum, absolute], |[sum, absolute], term| [sum + term, absolute + term.abs()])
    }
}
