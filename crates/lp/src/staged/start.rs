//! The starting point of the interior-point method.
//!
//! Values: a point well inside the boxes, moved towards the rows by the least weighted change. Multipliers: the y that
//! explains the costs best in the same weights, and z and w from the remaining reduced costs, so that the iterate is
//! dual feasible from the first step on.

use super::interior::Interior;
use super::lanes::Lanes;
use super::problem_data::ProblemData;

/// Largest distance of a starting value from 0, in the units of the scaled problem.
const LARGEST_START: f64 = 1.0;
/// Columns that cost more than this many times the typical cost start closer to 0, in proportion, so that their costs
/// do not dominate all others.
const ORDINARY: f64 = 10.0;
/// Least distance of such a column from 0 on the first attempt, as a share of the largest distance.
pub(super) const NEAREST: f64 = 1e-3;
/// Share of the box at which a state starts.
const LEVEL: f64 = 0.3;
/// Largest share of the way to the bounds that the move towards the rows goes.
const MOVE_SHARE: f64 = 0.7;
/// Complementarity at the start, as a share of the mean of reduced cost times distance to the bound.
const CENTRING: f64 = 0.3;

impl Interior {
    /// Sets x, y, z and w.
    pub(super) fn start(&mut self, data: &ProblemData, add_product: f64, nearest: f64) {
        let columns = data.columns;
        let each = |f: &mut dyn FnMut(usize, usize, usize)| {
            for block in 0..data.lane_layout.blocks {
                for column in 0..columns {
                    f(block, column, block * columns + column);
                }
            }
        };
        let ordinary = (ORDINARY * data.typical_cost).max(f64::MIN_POSITIVE);
        each(&mut |block, column, at| {
            let upper = data.at(data.upper[column], block);
            let share = Lanes::splat(if column < data.flows() { 0.5 } else { LEVEL });
            let cost = data.at(data.cost[column], block).abs().max(Lanes::splat(ordinary));
            let near = (Lanes::splat(ordinary) / cost).max(Lanes::splat(nearest));
            let largest = Lanes::splat(LARGEST_START * add_product) * near;
            let inside = match data.initial_value[column] {
                Some(initial_value) => data.at(initial_value, block),
                None => (upper * share).min(largest),
            };
            self.x[at] = inside;
            let room = inside.min(upper - inside).min(largest);
            self.theta[at] = room * room * data.column_exists(column, block);
        });
        self.border.start(&data.globals, LARGEST_START * add_product);
        self.factor(data);
        self.move_to_rows(data, MOVE_SHARE);
        self.estimate_duals(data);
        let mut product = Lanes::ZERO;
        each(&mut |block, column, at| {
            let slack = data.at(data.upper[column], block) - self.x[at];
            product += self.z[at].abs() * self.x[at].min(slack) * data.column_exists(column, block);
        });
        let count = (data.lane_layout.stages * columns + data.globals.upper.len()) as f64;
        let product = self.border.products(&data.globals, product.sum());
        let mu = (CENTRING * add_product * product / count).max(1e-6);
        self.border.set_multipliers(&data.globals, mu);
        let mu = Lanes::splat(mu);
        each(&mut |block, column, at| {
            let slack = data.at(data.upper[column], block) - self.x[at];
            let reduced = self.z[at];
            // Both get the same term, so that z - w stays the reduced cost.
            let both = mu / self.x[at].max(slack);
            self.z[at] = reduced.max(Lanes::ZERO) + both;
            self.w[at] = (Lanes::ZERO - reduced).max(Lanes::ZERO) + both;
        });
        self.dz.fill(Lanes::ZERO);
        self.dw.fill(Lanes::ZERO);
        self.rhs.fill(Lanes::ZERO);
    }

    /// Moves the values towards the rows by the least change weighted by `theta` of the last factors, at most by
    /// `share` of the way to the nearest bound.
    pub(super) fn move_to_rows(&mut self, data: &ProblemData, share: f64) {
        let columns = data.columns;
        self.compute_residuals(data);
        self.dz.fill(Lanes::ZERO);
        self.border.columns.iter_mut().for_each(|column| column.dual_rhs = 0.0);
        self.border.solve(data, &mut self.normal, &mut self.rhs, &self.dz, &self.theta);
        let mut furthest = Lanes::ZERO;
        for block in 0..data.lane_layout.blocks {
            self.next_rows(data, block);
            let dy = &self.rhs[block * data.rows..(block + 1) * data.rows];
            for column in 0..columns {
                let at = block * columns + column;
                let along = Self::transposed(data, dy, &self.lagged_products, &self.border.dy, block, column);
                let step = self.theta[at] * along;
                self.dx[at] = step;
                let slack = data.at(data.upper[column], block) - self.x[at];
                furthest = furthest.max(Lanes::ZERO - step / self.x[at]).max(step / slack);
            }
        }
        let furthest = self.border.furthest(&data.globals, furthest.largest());
        let step = (share / furthest).min(1.0);
        self.border.move_by(step);
        let step = Lanes::splat(step);
        for (x, dx) in self.x.iter_mut().zip(&mut self.dx) {
            *x += step * *dx;
            *dx = Lanes::ZERO;
        }
    }

    /// Computes rhs = b - A x.
    fn compute_residuals(&mut self, data: &ProblemData) {
        self.rhs.copy_from_slice(&data.sums);
        self.add_product(data, -1.0, |this, at, _, _| this.x[at]);
        self.border.compute_row_residuals(data, &self.x, &mut self.rhs);
        data.mask_rows(&mut self.rhs);
    }

    /// Computes y from A theta A' y = A theta c, and z = c - A'y.
    fn estimate_duals(&mut self, data: &ProblemData) {
        self.rhs.fill(Lanes::ZERO);
        self.add_product(data, 1.0, |this, at, block, column| this.theta[at] * data.at(data.cost[column], block));
        for entry in &data.globals.summed {
            for block in 0..data.lane_layout.blocks {
                self.dz[block * data.columns + entry.column] = -data.at(data.cost[entry.column], block);
            }
        }
        self.border.estimate_duals(data, &mut self.normal, &mut self.rhs, &self.dz, &self.theta);
        self.y.copy_from_slice(&self.rhs);
        for block in 0..data.lane_layout.blocks {
            self.next_rows(data, block);
            let y = &self.rhs[block * data.rows..(block + 1) * data.rows];
            for column in 0..data.columns {
                let at = block * data.columns + column;
                let mut cost = data.at(data.cost[column], block);
                if data.curved {
                    cost += data.at(data.quadratic[column], block) * self.x[at];
                }
                self.z[at] = cost - Self::transposed(data, y, &self.lagged_products, &self.border.dy, block, column);
            }
        }
    }

    /// Adds sign A v to `rhs`, for v given by column.
    fn add_product(&mut self, data: &ProblemData, sign: f64, v: impl Fn(&Self, usize, usize, usize) -> Lanes) {
        let sign = Lanes::splat(sign);
        for block in 0..data.lane_layout.blocks {
            for column in 0..data.columns {
                let value = sign * v(self, block * data.columns + column, block, column);
                data.add_column(block, column, value, &mut self.rhs);
            }
        }
    }
}
