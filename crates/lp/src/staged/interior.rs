//! A predictor-corrector interior-point method over a chain of stages.
//!
//! Mehrotra's method for min c'x + 1/2 x'Qx, A x = b, 0 <= x <= u, with explicit upper bounds: multipliers z of x >= 0
//! and w of x <= u, and implicit slacks s = u - x. Eliminating all unknowns but the duals y of the rows leaves the
//! normal equations A theta A' dy = rhs with 1/theta = z/x + w/s + q, which [`NormalEquations`] solves. Every column is
//! boxed, so the iterate is dual feasible from the start (z - w is set to the reduced cost) and remains so: reduced
//! costs are always computed as z - w, never as c - A'y, whose rounding error the largest theta would amplify.
//!
//! Source: S. Mehrotra, On the implementation of a primal-dual interior point method, SIAM J. Optim. 2 (1992) 575.

use super::bordered_system::BorderedSystem;
use super::lanes::Lanes;
use super::normal_equations::NormalEquations;
use super::polish::SavedIterate;
use super::problem_data::ProblemData;

/// Share of the way to the nearest bound that a step goes.
pub(super) const STEP_SHARE: f64 = 0.9995;
/// Lower limit of values and slacks, against rounding.
pub(super) const LEAST_VALUE: f64 = 1e-30;

/// Lower limit of the objective as the scale of the gap.
const LEAST_OBJECTIVE: f64 = 1e-6;
/// Weight of the proximal term 1/2 weight dx^2 of a column without a lower bound, which vanishes at convergence.
const FREE_COLUMN_WEIGHT: f64 = 1e-6;
/// The iterate of the method and its work space.
#[derive(Debug)]
pub(super) struct Interior {
    pub(super) x: Vec<Lanes>,
    pub(super) z: Vec<Lanes>,
    pub(super) w: Vec<Lanes>,
    pub(super) y: Vec<Lanes>,
    pub(super) theta: Vec<Lanes>,
    pub(super) dx: Vec<Lanes>,
    pub(super) dz: Vec<Lanes>,
    pub(super) dw: Vec<Lanes>,
    /// Right-hand sides, then dy, by block and row.
    pub(super) rhs: Vec<Lanes>,
    /// The corrector's part of the right-hand side, per unit of sigma mu.
    centring: Vec<Lanes>,
    /// The predictor's right-hand side and the corrector's addition to it.
    pub(super) residual: Vec<Lanes>,
    /// Products of the lagged coefficients with dy of the next block.
    pub(super) lagged_products: Vec<Lanes>,
    /// Residual c - A'y - (z - w) of columns without a lower bound, by block and column; empty if there are none.
    dual_residual: Vec<Lanes>,
    pub(super) normal: NormalEquations,
    /// Iterate and equations of the global columns and rows.
    pub(super) border: BorderedSystem,
    /// Best iterate so far.
    pub(super) saved: SavedIterate,
}

/// Step lengths and complementarity sums of the affine direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affine {
    pub(super) primal: f64,
    pub(super) dual: f64,
    /// Coefficients of the complementarity after a step (a, b): sum + a first + b second + a b third.
    pub(super) sums: [f64; 3],
}

impl Interior {
    /// Allocates the memory for the pattern of `data`.
    pub(super) fn new(data: &ProblemData) -> Self {
        let blocks = data.lane_layout.blocks;
        let columns = || vec![Lanes::ZERO; blocks * data.columns];
        let rows = || vec![Lanes::ZERO; blocks * data.rows];
        Self {
            x: columns(),
            z: columns(),
            w: columns(),
            y: rows(),
            theta: columns(),
            dx: columns(),
            dz: columns(),
            dw: columns(),
            rhs: rows(),
            centring: rows(),
            residual: rows(),
            lagged_products: vec![Lanes::ZERO; data.lagged.len()],
            dual_residual: if data.free.is_empty() { Vec::new() } else { columns() },
            normal: NormalEquations::new(data),
            border: BorderedSystem::new(data),
            saved: SavedIterate::default(),
        }
    }

    /// Copies the numbers of `data`, whose pattern must be the one of this memory.
    pub(super) fn load(&mut self, data: &ProblemData) {
        self.normal.load(data);
    }

    /// Computes the direction at the iterate and returns the primal and the dual step length along it; `least` is the
    /// lower limit of the centring.
    pub(super) fn next_step(&mut self, data: &ProblemData, complementarity: f64, mu: f64, least: f64) -> [f64; 2] {
        self.factor(data);
        self.solve_direction(data, None);
        let affine = self.predict(data);
        let Affine { primal, dual, sums: [first, second, third] } = affine;
        let after = complementarity + primal * first + dual * second + primal * dual * third;
        let centring = (after / complementarity).powi(3).clamp(least, 1.0);
        let target = centring * mu;
        for ((rhs, residual), centring) in self.rhs.iter_mut().zip(&self.residual).zip(&self.centring) {
            *rhs = *residual - Lanes::splat(target) * *centring;
        }
        self.solve_direction(data, Some(target));
        let [primal, dual] = self.correct(data, target);
        let step = [(STEP_SHARE / primal).min(1.0), (STEP_SHARE / dual).min(1.0)];
        let both = step[0].min(step[1]);
        if data.curved { [both, both] } else { step }
    }

    /// Factors the equations at `theta`.
    pub(super) fn factor(&mut self, data: &ProblemData) {
        self.normal.factor(data, &self.theta);
        self.border.factor(data, &mut self.normal, &self.theta);
    }

    /// See [`Interior::advance`].
    #[inline(always)]
    pub(super) fn advance_lanes(&mut self, data: &ProblemData, steps: [f64; 2]) -> (f64, f64) {
        let [primal, dual] = steps;
        let (columns, rows) = (data.columns, data.rows);
        let (primal, dual) = (Lanes::splat(primal), Lanes::splat(dual));
        let least = Lanes::splat(LEAST_VALUE);
        let mut complementarity = Lanes::ZERO;
        for (y, dy) in self.y.iter_mut().zip(&self.rhs) {
            *y += dual * *dy;
        }
        self.border.y.iter_mut().zip(&self.border.dy).for_each(|(y, dy)| *y += steps[1] * dy);
        self.reduce_free(data);
        self.residual.copy_from_slice(&data.sums);
        self.rhs.fill(Lanes::ZERO);
        for block in 0..data.lane_layout.blocks {
            let at = block * columns..(block + 1) * columns;
            let (x, z, w) = (&mut self.x[at.clone()], &mut self.z[at.clone()], &mut self.w[at.clone()]);
            let (dx, dz, dw) = (&self.dx[at.clone()], &self.dz[at.clone()], &self.dw[at.clone()]);
            let theta = &mut self.theta[at];
            for column in 0..columns {
                let upper = data.at(data.upper[column], block);
                let value = (x[column] + primal * dx[column]).max(least);
                let slack = (upper - value).max(least);
                let (low, high) = (z[column] + dual * dz[column], w[column] + dual * dw[column]);
                x[column] = value;
                z[column] = low;
                w[column] = high;
                let mask = data.column_exists(column, block);
                complementarity += (value * low + slack * high) * mask;
                let mut inverse = low * slack + high * value;
                if data.curved {
                    inverse += data.at(data.quadratic[column], block) * value * slack;
                }
                let mut slope = low - high;
                if data.initial_value[column].is_some() {
                    inverse += Lanes::splat(FREE_COLUMN_WEIGHT) * value * slack;
                    let dual_residual = &mut self.dual_residual[block * columns + column];
                    let quadratic = data.at(data.quadratic[column], block);
                    *dual_residual = *dual_residual + quadratic * value - slope;
                    slope += *dual_residual;
                }
                let weight = value * slack / inverse * mask;
                // Stages that do not exist must not disturb the states that pass through them.
                let value = value * mask;
                theta[column] = weight;
                let weighted_slope = weight * slope;
                for entry in &data.entries[column] {
                    let coefficient = data.at(entry.coefficient, block);
                    self.residual[block * rows + entry.row] -= coefficient * value;
                    self.rhs[block * rows + entry.row] += coefficient * weighted_slope;
                }
                let after = data.after(block);
                for lagged in &data.lagged[data.lagged_of(column)] {
                    let coefficient = data.lagged_after(lagged, after);
                    let (mut value, mut weighted_slope) = (coefficient * value, coefficient * weighted_slope);
                    if after == 0 {
                        (value, weighted_slope) =
                            (data.lane_layout.wrap_to_first(value), data.lane_layout.wrap_to_first(weighted_slope));
                    }
                    self.residual[after * rows + lagged.row] -= value;
                    self.rhs[after * rows + lagged.row] += weighted_slope;
                }
            }
        }
        let (shared, dual_residual) = self.advance_globals(data, steps);
        let mut worst = Lanes::ZERO;
        for block in 0..data.lane_layout.blocks {
            for row in 0..rows {
                let at = block * rows + row;
                let mask = data.row_exists(row, block);
                let residual = self.residual[at] * mask;
                worst = worst.max(residual.abs());
                self.rhs[at] = self.rhs[at] * mask + residual;
                self.residual[at] = self.rhs[at];
            }
        }
        (complementarity.sum() + shared, worst.largest().max(dual_residual))
    }

    /// Computes c - A'y of the columns without a lower bound in `dual_residual`. Their weights are the largest, and the
    /// rounding errors of z - w accumulate beside them; the term of [`FREE_COLUMN_WEIGHT`] makes the recomputation
    /// harmless.
    #[inline(always)]
    fn reduce_free(&mut self, data: &ProblemData) {
        if data.free.is_empty() {
            return;
        }
        for block in 0..data.lane_layout.blocks {
            data.next_rows(&self.y, block, &mut self.lagged_products);
            let y = &self.y[block * data.rows..(block + 1) * data.rows];
            for &column in &data.free {
                let along = Self::transposed(data, y, &self.lagged_products, &self.border.y, block, column);
                self.dual_residual[block * data.columns + column] = data.at(data.cost[column], block) - along;
            }
        }
    }

    /// Returns A' dy of a column, from dy of its block, the lagged products of the next block, and dy of the global
    /// rows.
    #[inline(always)]
    pub(super) fn transposed(
        data: &ProblemData,
        dy: &[Lanes],
        next: &[Lanes],
        global: &[f64],
        block: usize,
        column: usize,
    ) -> Lanes {
        let mut sum = data.transposed(dy, next, block, column);
        if data.globals.any_summed() {
            sum += data.summed(global, block, column);
        }
        sum
    }

    /// Computes the products of the lagged coefficients with dy (in `rhs`) of the block after `block`.
    #[inline(always)]
    pub(super) fn next_rows(&mut self, data: &ProblemData, block: usize) {
        data.next_rows(&self.rhs, block, &mut self.lagged_products);
    }

    /// See [`Interior::predict`].
    #[inline(always)]
    pub(super) fn predict_lanes(&mut self, data: &ProblemData) -> Affine {
        let (columns, rows) = (data.columns, data.rows);
        let [mut primal, mut dual, mut first, mut second, mut third] = [Lanes::ZERO; 5];
        let least = Lanes::splat(LEAST_VALUE);
        self.centring.fill(Lanes::ZERO);
        for block in 0..data.lane_layout.blocks {
            self.next_rows(data, block);
            let at = block * columns..(block + 1) * columns;
            let (x, z, w) = (&self.x[at.clone()], &self.z[at.clone()], &self.w[at.clone()]);
            let (theta, dx) = (&self.theta[at.clone()], &mut self.dx[at]);
            let at = block * rows..(block + 1) * rows;
            let dy = &self.rhs[at.clone()];
            for column in 0..columns {
                let value = x[column];
                let slack = (data.at(data.upper[column], block) - value).max(least);
                let (low, high) = (z[column], w[column]);
                let along = Self::transposed(data, dy, &self.lagged_products, &self.border.dy, block, column);
                let mut slope = low - high;
                if data.initial_value[column].is_some() {
                    slope += self.dual_residual[block * columns + column];
                }
                let step = theta[column] * (along - slope);
                dx[column] = step;
                let inverse = Lanes::ONE / (value * slack);
                let (by_value, by_slack) = (slack * inverse, value * inverse);
                let (down, up) = (step * by_value, step * by_slack);
                primal = primal.max(Lanes::ZERO - down).max(up);
                dual = dual.max(Lanes::ONE + down).max(Lanes::ONE - up);
                let (low_step, high_step) = (Lanes::ZERO - low - low * down, high * up - high);
                first += step * (low - high);
                second += value * low_step + slack * high_step;
                third += step * (low_step - high_step);
                let weight = theta[column];
                let correction = weight * step * (low_step * by_value + high_step * by_slack);
                let centring = weight * (by_value - by_slack);
                for entry in &data.entries[column] {
                    let coefficient = data.at(entry.coefficient, block);
                    self.residual[block * rows + entry.row] += coefficient * correction;
                    self.centring[block * rows + entry.row] += coefficient * centring;
                }
                let after = data.after(block);
                for lagged in &data.lagged[data.lagged_of(column)] {
                    let coefficient = data.lagged_after(lagged, after);
                    let (mut correction, mut centring) = (coefficient * correction, coefficient * centring);
                    if after == 0 {
                        (correction, centring) =
                            (data.lane_layout.wrap_to_first(correction), data.lane_layout.wrap_to_first(centring));
                    }
                    self.residual[after * rows + lagged.row] += correction;
                    self.centring[after * rows + lagged.row] += centring;
                }
            }
        }
        let [primal, dual, first, second, third] = self
            .border
            .predict(&data.globals, [primal.largest(), dual.largest(), first.sum(), second.sum(), third.sum()]);
        Affine { primal: (1.0 / primal).min(1.0), dual: (1.0 / dual).min(1.0), sums: [first, second, third] }
    }

    /// See [`Interior::correct`].
    #[inline(always)]
    pub(super) fn correct_lanes(&mut self, data: &ProblemData, target: f64) -> [f64; 2] {
        let (columns, rows) = (data.columns, data.rows);
        let [mut primal, mut dual] = [Lanes::ZERO; 2];
        let (target, least) = (Lanes::splat(target), Lanes::splat(LEAST_VALUE));
        for block in 0..data.lane_layout.blocks {
            self.next_rows(data, block);
            let at = block * columns..(block + 1) * columns;
            let (x, z, w) = (&self.x[at.clone()], &self.z[at.clone()], &self.w[at.clone()]);
            let (theta, dx) = (&self.theta[at.clone()], &mut self.dx[at.clone()]);
            let (dz, dw) = (&mut self.dz[at.clone()], &mut self.dw[at]);
            let dy = &self.rhs[block * rows..(block + 1) * rows];
            for column in 0..columns {
                let value = x[column];
                let slack = (data.at(data.upper[column], block) - value).max(least);
                let (low, high) = (z[column], w[column]);
                let inverse = Lanes::ONE / (value * slack);
                let (by_value, by_slack) = (slack * inverse, value * inverse);
                let affine = dx[column];
                let low_affine = Lanes::ZERO - low - low * affine * by_value;
                let high_affine = high * affine * by_slack - high;
                // Targets of z and w, without the terms of the step itself.
                let low_goal = (target - affine * low_affine) * by_value;
                let high_goal = (target + affine * high_affine) * by_slack;
                let mut along = Self::transposed(data, dy, &self.lagged_products, &self.border.dy, block, column);
                if data.initial_value[column].is_some() {
                    along -= self.dual_residual[block * columns + column];
                }
                let step = theta[column] * (along + (low_goal - low) - (high_goal - high));
                let (down, up) = (step * by_value, step * by_slack);
                let low_step = low_goal - low - low * down;
                let high_step = high_goal - high + high * up;
                dx[column] = step;
                dz[column] = low_step;
                dw[column] = high_step;
                primal = primal.max(Lanes::ZERO - down).max(up);
                let inverse = Lanes::ONE / (low * high);
                dual = dual.max(Lanes::ZERO - low_step * high * inverse).max(Lanes::ZERO - high_step * low * inverse);
            }
        }
        self.border.correct(&data.globals, [primal.largest(), dual.largest()])
    }

    /// Returns the scale of the gap: the cost apart from penalties, or a thousandth of the sum of all absolute terms or
    /// of the turnover (the cost of all flows at the typical cost) if that is larger.
    pub(super) fn scale_of_objective(&self, data: &ProblemData) -> f64 {
        let columns = data.columns;
        let [mut cheap, mut absolute, mut flows] = [Lanes::ZERO; 3];
        for block in 0..data.lane_layout.blocks {
            for column in 0..columns {
                let mask = data.column_exists(column, block);
                let mut value = self.x[block * columns + column];
                if let Some(origin) = data.origin[column] {
                    value += data.at(origin, block);
                }
                let term = data.at(data.cost[column], block) * value * mask;
                absolute += term.abs();
                if column < data.flows() {
                    flows += value.abs() * mask;
                }
                if !data.is_penalty[column] {
                    cheap += term;
                }
            }
        }
        let turnover = flows.sum() * data.typical_cost;
        let [cheap, absolute] = self.border.costs(&data.globals, [cheap.sum(), absolute.sum()]);
        let least = if data.costless { 1.0 } else { LEAST_OBJECTIVE };
        cheap.abs().max(1e-3 * absolute).max(1e-3 * turnover).max(least)
    }
}
