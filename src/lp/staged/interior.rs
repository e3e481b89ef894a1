//! A predictor-corrector interior-point method over a chain of stages.
//!
//! Mehrotra's method for min c'x + 1/2 x'Qx, A x = b, 0 <= x <= u, with the upper bounds explicit: multipliers z of x >= 0 and
//! w of x <= u, slacks s = u - x implicit. Eliminating all but the multipliers y of the rows leaves
//! A theta A' dy = rhs with 1/theta = z/x + w/s + q, the business of [`Chain`]. Every column is boxed, so the iterate is dual
//! feasible from the start (z - w is set to the reduced cost) and stays so: reduced costs are always taken as z - w, never as
//! c - A'y, whose rounding the largest theta would blow up.
//!
//! Source: S. Mehrotra, On the implementation of a primal-dual interior point method, SIAM J. Optim. 2 (1992) 575.

use super::chain::Chain;
use super::lanes::{LANES, Lanes};
use super::numbers::Numbers;

/// Share of the way to the nearest bound that a step goes.
const STEP_SHARE: f64 = 0.9995;
/// Bounds on Mehrotra's centring.
const LEAST_CENTRING: f64 = 1e-6;
/// Values and slacks are kept above this: what rounding leaves of them.
const LEAST_VALUE: f64 = 1e-30;

/// What to reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    /// Largest miss of a row, in the units of the scaled problem.
    pub(super) row: f64,
    /// Sum of complementarity products over the objective.
    pub(super) gap: f64,
    /// Iterations allowed.
    pub(super) iterations: usize,
    /// How far from the bounds to start, 1 as a rule.
    pub(super) spread: f64,
}

/// The iterate and its memory.
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
    /// The predictor's right-hand side, and what the corrector adds to it.
    residual: Vec<Lanes>,
    pub(super) carried: Vec<Lanes>,
    pub(super) chain: Chain,
}

/// Sums over all columns that decide on the affine step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affine {
    pub(super) primal: f64,
    pub(super) dual: f64,
    /// Of the complementarity after a step (a, b): sum + a first + b second + a b third.
    pub(super) sums: [f64; 3],
}

impl Interior {
    pub(super) fn new(numbers: &Numbers) -> Self {
        let blocks = numbers.cut.blocks;
        let columns = || vec![Lanes::ZERO; blocks * numbers.columns];
        let rows = || vec![Lanes::ZERO; blocks * numbers.rows];
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
            carried: vec![Lanes::ZERO; numbers.lagged.len()],
            chain: Chain::new(numbers),
        }
    }

    /// Iterates from the start until `tolerance` is met, or no further.
    pub(super) fn run(&mut self, numbers: &Numbers, tolerance: Tolerance) {
        self.start(numbers, tolerance.spread);
        let pairs = (2 * numbers.columns * numbers.cut.blocks * LANES) as f64;
        let mut step = [0.0, 0.0];
        let [mut gap, mut nearest] = [f64::INFINITY; 2];
        let mut objective = f64::NAN;
        for _ in 0..=tolerance.iterations {
            let (complementarity, row) = self.advance(numbers, step);
            let mu = complementarity / pairs;
            if !mu.is_finite() || !row.is_finite() {
                return;
            }
            if objective.is_nan() || gap < 1e-2 {
                objective = self.scale_of_objective(numbers);
            }
            gap = complementarity / objective;
            // Where rounding decides, the rows come no closer.
            if gap <= tolerance.gap && (row <= tolerance.row || row > 0.5 * nearest) {
                return;
            }
            nearest = row;
            self.chain.factor(numbers, &self.theta);
            self.chain.solve(numbers, &mut self.rhs);
            let affine = self.predict(numbers);
            let Affine { primal, dual, sums: [first, second, third] } = affine;
            let after = complementarity + primal * first + dual * second + primal * dual * third;
            let centring = (after / complementarity).powi(3).clamp(LEAST_CENTRING, 1.0);
            let target = centring * mu;
            for ((rhs, residual), centring) in self.rhs.iter_mut().zip(&self.residual).zip(&self.centring) {
                *rhs = *residual - Lanes::splat(target) * *centring;
            }
            self.chain.solve(numbers, &mut self.rhs);
            let [primal, dual] = self.correct(numbers, target);
            step = [(STEP_SHARE / primal).min(1.0), (STEP_SHARE / dual).min(1.0)];
            if numbers.curved {
                let both = step[0].min(step[1]);
                step = [both, both];
            }
        }
    }

    /// See [`Interior::advance`].
    #[inline(always)]
    pub(super) fn advance_lanes(&mut self, numbers: &Numbers, [primal, dual]: [f64; 2]) -> (f64, f64) {
        let (columns, rows, flows) = (numbers.columns, numbers.rows, numbers.flows());
        let (primal, dual) = (Lanes::splat(primal), Lanes::splat(dual));
        let least = Lanes::splat(LEAST_VALUE);
        let mut complementarity = Lanes::ZERO;
        for (y, dy) in self.y.iter_mut().zip(&self.rhs) {
            *y += dual * *dy;
        }
        self.residual.copy_from_slice(&numbers.sums);
        self.rhs.fill(Lanes::ZERO);
        for block in 0..numbers.cut.blocks {
            let at = block * columns..(block + 1) * columns;
            let (x, z, w) = (&mut self.x[at.clone()], &mut self.z[at.clone()], &mut self.w[at.clone()]);
            let (dx, dz, dw) = (&self.dx[at.clone()], &self.dz[at.clone()], &self.dw[at.clone()]);
            let theta = &mut self.theta[at];
            let (exists, state_exists) = (numbers.exists[block], numbers.state_exists[block]);
            for column in 0..columns {
                let upper = numbers.at(numbers.upper[column], block);
                let value = (x[column] + primal * dx[column]).max(least);
                let slack = (upper - value).max(least);
                let (low, high) = (z[column] + dual * dz[column], w[column] + dual * dw[column]);
                x[column] = value;
                z[column] = low;
                w[column] = high;
                complementarity += value * low + slack * high;
                let mut inverse = low * slack + high * value;
                if numbers.curved {
                    inverse += numbers.at(numbers.quadratic[column], block) * value * slack;
                }
                let mask = if column < flows { exists } else { state_exists };
                let weight = value * slack / inverse * mask;
                // What does not exist must not disturb the states that pass through.
                let value = value * mask;
                theta[column] = weight;
                let pull = weight * (low - high);
                for entry in &numbers.entries[column] {
                    let coefficient = numbers.at(entry.coefficient, block);
                    self.residual[block * rows + entry.row] -= coefficient * value;
                    self.rhs[block * rows + entry.row] += coefficient * pull;
                }
                let after = numbers.after(block);
                for lagged in &numbers.lagged[numbers.lagged_of(column)] {
                    let coefficient = numbers.lagged_after(lagged, after);
                    let (mut value, mut pull) = (coefficient * value, coefficient * pull);
                    if after == 0 {
                        (value, pull) = (numbers.cut.seen_from_first(value), numbers.cut.seen_from_first(pull));
                    }
                    self.residual[after * rows + lagged.row] -= value;
                    self.rhs[after * rows + lagged.row] += pull;
                }
            }
        }
        let mut worst = Lanes::ZERO;
        for block in 0..numbers.cut.blocks {
            for row in 0..rows {
                let at = block * rows + row;
                let mask = numbers.row_exists(row, block);
                let residual = self.residual[at] * mask;
                worst = worst.max(residual.abs());
                self.rhs[at] = self.rhs[at] * mask + residual;
                self.residual[at] = self.rhs[at];
            }
        }
        (complementarity.sum(), worst.largest())
    }

    /// A' dy of a column, from dy of its block and what the next block's rows add.
    #[inline(always)]
    pub(super) fn transposed(numbers: &Numbers, dy: &[Lanes], next: &[Lanes], block: usize, column: usize) -> Lanes {
        let mut sum = Lanes::ZERO;
        for entry in &numbers.entries[column] {
            sum += numbers.at(entry.coefficient, block) * dy[entry.row];
        }
        for value in &next[numbers.lagged_of(column)] {
            sum += *value;
        }
        sum
    }

    /// What the rows of the next block, with dy in `rhs`, add to the columns of `block`.
    #[inline(always)]
    pub(super) fn next_rows(&mut self, numbers: &Numbers, block: usize) {
        let after = numbers.after(block);
        for (lagged, next) in numbers.lagged.iter().zip(&mut self.carried) {
            let dy = self.rhs[after * numbers.rows + lagged.row];
            let dy = if after == 0 { numbers.cut.seen_from_last(dy) } else { dy };
            *next = numbers.lagged_after(lagged, after) * dy;
        }
    }

    /// See [`Interior::predict`].
    #[inline(always)]
    pub(super) fn predict_lanes(&mut self, numbers: &Numbers) -> Affine {
        let (columns, rows) = (numbers.columns, numbers.rows);
        let [mut primal, mut dual, mut first, mut second, mut third] = [Lanes::ZERO; 5];
        let least = Lanes::splat(LEAST_VALUE);
        self.centring.fill(Lanes::ZERO);
        for block in 0..numbers.cut.blocks {
            self.next_rows(numbers, block);
            let at = block * columns..(block + 1) * columns;
            let (x, z, w) = (&self.x[at.clone()], &self.z[at.clone()], &self.w[at.clone()]);
            let (theta, dx) = (&self.theta[at.clone()], &mut self.dx[at]);
            let at = block * rows..(block + 1) * rows;
            let dy = &self.rhs[at.clone()];
            for column in 0..columns {
                let value = x[column];
                let slack = (numbers.at(numbers.upper[column], block) - value).max(least);
                let (low, high) = (z[column], w[column]);
                let along = Self::transposed(numbers, dy, &self.carried, block, column);
                let step = theta[column] * (along - (low - high));
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
                for entry in &numbers.entries[column] {
                    let coefficient = numbers.at(entry.coefficient, block);
                    self.residual[block * rows + entry.row] += coefficient * correction;
                    self.centring[block * rows + entry.row] += coefficient * centring;
                }
                let after = numbers.after(block);
                for lagged in &numbers.lagged[numbers.lagged_of(column)] {
                    let coefficient = numbers.lagged_after(lagged, after);
                    let (mut correction, mut centring) = (coefficient * correction, coefficient * centring);
                    if after == 0 {
                        (correction, centring) =
                            (numbers.cut.seen_from_first(correction), numbers.cut.seen_from_first(centring));
                    }
                    self.residual[after * rows + lagged.row] += correction;
                    self.centring[after * rows + lagged.row] += centring;
                }
            }
        }
        Affine {
            primal: (1.0 / primal.largest()).min(1.0),
            dual: (1.0 / dual.largest()).min(1.0),
            sums: [first.sum(), second.sum(), third.sum()],
        }
    }

    /// See [`Interior::correct`].
    #[inline(always)]
    pub(super) fn correct_lanes(&mut self, numbers: &Numbers, target: f64) -> [f64; 2] {
        let (columns, rows) = (numbers.columns, numbers.rows);
        let [mut primal, mut dual] = [Lanes::ZERO; 2];
        let (target, least) = (Lanes::splat(target), Lanes::splat(LEAST_VALUE));
        for block in 0..numbers.cut.blocks {
            self.next_rows(numbers, block);
            let at = block * columns..(block + 1) * columns;
            let (x, z, w) = (&self.x[at.clone()], &self.z[at.clone()], &self.w[at.clone()]);
            let (theta, dx) = (&self.theta[at.clone()], &mut self.dx[at.clone()]);
            let (dz, dw) = (&mut self.dz[at.clone()], &mut self.dw[at]);
            let dy = &self.rhs[block * rows..(block + 1) * rows];
            for column in 0..columns {
                let value = x[column];
                let slack = (numbers.at(numbers.upper[column], block) - value).max(least);
                let (low, high) = (z[column], w[column]);
                let inverse = Lanes::ONE / (value * slack);
                let (by_value, by_slack) = (slack * inverse, value * inverse);
                let affine = dx[column];
                let low_affine = Lanes::ZERO - low - low * affine * by_value;
                let high_affine = high * affine * by_slack - high;
                // What z and w would have to become, apart from the step itself.
                let low_goal = (target - affine * low_affine) * by_value;
                let high_goal = (target + affine * high_affine) * by_slack;
                let along = Self::transposed(numbers, dy, &self.carried, block, column);
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
        [primal.largest(), dual.largest()]
    }

    /// The size that the gap is measured by: the objective, or a thousandth of the sum of its absolute terms.
    fn scale_of_objective(&self, numbers: &Numbers) -> f64 {
        let columns = numbers.columns;
        let (mut sum, mut absolute) = (Lanes::ZERO, Lanes::ZERO);
        for block in 0..numbers.cut.blocks {
            for column in 0..columns {
                let mask = numbers.column_exists(column, block);
                let term = numbers.at(numbers.cost[column], block) * self.x[block * columns + column] * mask;
                sum += term;
                absolute += term.abs();
            }
        }
        sum.sum().abs().max(1e-3 * absolute.sum()).max(1e-9)
    }
}
