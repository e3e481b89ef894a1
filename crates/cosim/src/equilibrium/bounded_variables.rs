//! Primal variables with bounds and their multipliers: complementarity `x z = mu` at the lower bound, `(u - x) w =
//! mu` at the upper bound.

use super::model::is_fixed;

/// Ratio of the distance to a bound (kW or kWh) to its multiplier (EUR) below which the variable is set to the bound.
const PRESSED: f64 = 0.1;
/// Smallest diagonal term of the reduced Hessian, EUR per unit squared: for variables without an active bound.
const LEAST_RESISTANCE: f64 = 1e-20;

/// The right-hand side of a Newton step.
#[derive(Debug, Clone, Copy)]
pub(super) enum NewtonTarget {
    /// Complementarity `x z = tau`; with `second`, the products of the last direction's changes are subtracted
    /// (second-order correction).
    Barrier { tau: f64, second: bool },
    /// Primal feasibility only.
    Rows,
}

/// The values of several columns over time, each with both multipliers and the changes of the last direction.
#[derive(Debug, Clone, Default)]
pub(super) struct BoundedVariables {
    pub(super) x: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    z: Vec<f64>,
    w: Vec<f64>,
    dx: Vec<f64>,
    dz: Vec<f64>,
    dw: Vec<f64>,
    /// Proximal term: cost of a change, EUR per unit squared.
    pub(super) hold: f64,
}

/// The starting point's parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct InitialBarrier {
    /// Barrier parameter, EUR.
    pub(super) barrier: f64,
    /// Largest distance of starting values from their bounds, kW or kWh.
    pub(super) push: f64,
}

impl BoundedVariables {
    /// Adds a value with its bounds, near `guess`; `reduced` is its reduced cost there.
    pub(super) fn add(&mut self, guess: f64, reduced: f64, [lower, upper]: [f64; 2], beginning: InitialBarrier) {
        let InitialBarrier { barrier, push } = beginning;
        self.lower.push(lower);
        self.upper.push(upper);
        for changes in [&mut self.dx, &mut self.dz, &mut self.dw] {
            changes.push(0.0);
        }
        if is_fixed(lower, upper) {
            self.x.push(lower);
            self.z.push(0.0);
            self.w.push(0.0);
            return;
        }
        let width = upper - lower;
        // Each product starts at the barrier parameter: a large reduced cost keeps the value near its bound, a small
        // one away from it.
        let away = |pressing: f64| (barrier / pressing.max(0.0)).min(push).min(0.45 * width);
        let mut x = guess;
        if lower.is_finite() {
            x = x.max(lower + away(reduced));
        }
        if upper.is_finite() {
            x = x.min(upper - away(-reduced));
        }
        self.x.push(x);
        self.z.push(if lower.is_finite() { barrier / (x - lower) } else { 0.0 });
        self.w.push(if upper.is_finite() { barrier / (upper - x) } else { 0.0 });
    }

    pub(super) fn is_fixed(&self, i: usize) -> bool {
        is_fixed(self.lower[i], self.upper[i])
    }

    /// Returns the diagonal term of the reduced Hessian, EUR per unit squared, for a variable that is not fixed.
    pub(super) fn resistance(&self, i: usize) -> f64 {
        let mut sum = self.hold.max(LEAST_RESISTANCE);
        if self.lower[i].is_finite() {
            sum += self.z[i] / (self.x[i] - self.lower[i]);
        }
        if self.upper[i].is_finite() {
            sum += self.w[i] / (self.upper[i] - self.x[i]);
        }
        sum
    }

    /// Returns the dual residual: the reduced cost minus the multipliers of the bounds.
    pub(super) fn dual_residual(&self, i: usize, reduced: f64) -> f64 {
        if self.is_fixed(i) { 0.0 } else { reduced - self.z[i] + self.w[i] }
    }

    /// Returns the right-hand side of a variable for this aim and the dual residual `residual`.
    pub(super) fn push(&self, i: usize, aim: NewtonTarget, residual: f64) -> f64 {
        let NewtonTarget::Barrier { tau, .. } = aim else { return 0.0 };
        if self.is_fixed(i) {
            return 0.0;
        }
        let [below, above] = self.second_order(i, aim);
        let mut force = -residual;
        if self.lower[i].is_finite() {
            force += (tau - below) / (self.x[i] - self.lower[i]) - self.z[i];
        }
        if self.upper[i].is_finite() {
            force -= (tau - above) / (self.upper[i] - self.x[i]) - self.w[i];
        }
        force
    }

    fn second_order(&self, i: usize, aim: NewtonTarget) -> [f64; 2] {
        match aim {
            NewtonTarget::Barrier { second: true, .. } => [self.dx[i] * self.dz[i], -self.dx[i] * self.dw[i]],
            _ => [0.0, 0.0],
        }
    }

    /// Stores the change of a value, and computes the changes of its multipliers.
    pub(super) fn follow(&mut self, i: usize, dx: f64, aim: NewtonTarget) {
        if self.is_fixed(i) {
            return;
        }
        if let NewtonTarget::Barrier { tau, .. } = aim {
            let [below, above] = self.second_order(i, aim);
            if self.lower[i].is_finite() {
                let distance = self.x[i] - self.lower[i];
                self.dz[i] = (tau - below - self.z[i] * dx) / distance - self.z[i];
            }
            if self.upper[i].is_finite() {
                let distance = self.upper[i] - self.x[i];
                self.dw[i] = (tau - above + self.w[i] * dx) / distance - self.w[i];
            }
        }
        self.dx[i] = dx;
    }

    /// Returns the largest primal and dual step lengths for which values and multipliers stay positive.
    pub(super) fn step_lengths(&self) -> [f64; 2] {
        let (mut primal, mut dual) = (f64::INFINITY, f64::INFINITY);
        for i in (0..self.x.len()).filter(|&i| !self.is_fixed(i)) {
            if self.dx[i] < 0.0 {
                primal = primal.min((self.lower[i] - self.x[i]) / self.dx[i]);
            } else if self.dx[i] > 0.0 {
                primal = primal.min((self.upper[i] - self.x[i]) / self.dx[i]);
            }
            if self.dz[i] < 0.0 {
                dual = dual.min(-self.z[i] / self.dz[i]);
            }
            if self.dw[i] < 0.0 {
                dual = dual.min(-self.w[i] / self.dw[i]);
            }
        }
        [primal, dual]
    }

    /// Returns the sum and the number of the complementarity products after a step.
    pub(super) fn products(&self, step: f64) -> (f64, usize) {
        let (mut sum, mut count) = (0.0, 0);
        for i in (0..self.x.len()).filter(|&i| !self.is_fixed(i)) {
            let x = self.x[i] + step * self.dx[i];
            if self.lower[i].is_finite() {
                sum += (x - self.lower[i]) * (self.z[i] + step * self.dz[i]);
                count += 1;
            }
            if self.upper[i].is_finite() {
                sum += (self.upper[i] - x) * (self.w[i] + step * self.dw[i]);
                count += 1;
            }
        }
        (sum, count)
    }

    /// Returns the part of the duality gap of a value, EUR: its reduced cost times the distance from the bound that
    /// the sign of the reduced cost selects; a missing bound counts as `far` away.
    pub(super) fn duality_gap(&self, i: usize, reduced: f64, far: f64) -> f64 {
        let bound = if reduced > 0.0 { self.lower[i] } else { self.upper[i] };
        (reduced * if bound.is_finite() { self.x[i] - bound } else { far }).abs()
    }

    /// Takes the primal and dual steps; with a dual step of 0 the multipliers remain.
    pub(super) fn take_steps(&mut self, [primal, dual]: [f64; 2]) {
        for i in 0..self.x.len() {
            self.x[i] += primal * self.dx[i];
            if dual > 0.0 {
                self.z[i] += dual * self.dz[i];
                self.w[i] += dual * self.dw[i];
            }
        }
    }

    /// Sets active values to their bounds and fixes them there.
    pub(super) fn fix_active(&mut self) {
        for i in 0..self.x.len() {
            if self.is_fixed(i) {
                continue;
            }
            if self.x[i] - self.lower[i] < PRESSED * self.z[i] {
                (self.x[i], self.upper[i], self.dx[i]) = (self.lower[i], self.lower[i], 0.0);
            } else if self.upper[i] - self.x[i] < PRESSED * self.w[i] {
                (self.x[i], self.lower[i], self.dx[i]) = (self.upper[i], self.upper[i], 0.0);
            }
        }
    }
}
