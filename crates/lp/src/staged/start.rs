//! Where the interior-point method begins.
//!
//! Values: a point well inside the boxes, moved towards the rows by the least weighted change. Multipliers: the y that
//! explains the costs best in the same weights, and z, w from the reduced costs that are left, so that the iterate is dual
//! feasible from the first step on.

use super::interior::Interior;
use super::lanes::Lanes;
use super::numbers::Numbers;

/// Values start no further than this from 0 (in the units of the scaled problem).
const LARGEST_START: f64 = 1.0;
/// Columns that cost more than this many times what is usual start nearer to 0, in proportion, so that their costs do not drown
/// those of all others,
const USUAL: f64 = 10.0;
/// but at first no nearer than this share.
pub(super) const NEAREST: f64 = 1e-3;
/// Share of the box at which a state starts.
const LEVEL: f64 = 0.3;
/// Share of the way to the bounds that the move towards the rows may go.
const MOVE_SHARE: f64 = 0.7;
/// Complementarity at the start, over the mean of reduced cost times room.
const CENTRING: f64 = 0.3;

impl Interior {
    /// Sets x, y, z and w.
    pub(super) fn start(&mut self, numbers: &Numbers, spread: f64, nearest: f64) {
        let columns = numbers.columns;
        let each = |f: &mut dyn FnMut(usize, usize, usize)| {
            for block in 0..numbers.cut.blocks {
                for column in 0..columns {
                    f(block, column, block * columns + column);
                }
            }
        };
        let usual = (USUAL * numbers.usual_cost).max(f64::MIN_POSITIVE);
        each(&mut |block, column, at| {
            let upper = numbers.at(numbers.upper[column], block);
            let share = Lanes::splat(if column < numbers.flows() { 0.5 } else { LEVEL });
            let cost = numbers.at(numbers.cost[column], block).abs().max(Lanes::splat(usual));
            let near = (Lanes::splat(usual) / cost).max(Lanes::splat(nearest));
            let largest = Lanes::splat(LARGEST_START * spread) * near;
            let inside = match numbers.home[column] {
                Some(home) => numbers.at(home, block),
                None => (upper * share).min(largest),
            };
            self.x[at] = inside;
            let room = inside.min(upper - inside).min(largest);
            self.theta[at] = room * room * numbers.column_exists(column, block);
        });
        self.border.start(&numbers.shared, LARGEST_START * spread);
        self.factor(numbers);
        self.approach(numbers, MOVE_SHARE);
        self.explain_costs(numbers);
        let mut product = Lanes::ZERO;
        each(&mut |block, column, at| {
            let slack = numbers.at(numbers.upper[column], block) - self.x[at];
            product += self.z[at].abs() * self.x[at].min(slack) * numbers.column_exists(column, block);
        });
        let count = (numbers.cut.stages * columns + numbers.shared.upper.len()) as f64;
        let product = self.border.products(&numbers.shared, product.sum());
        let mu = (CENTRING * spread * product / count).max(1e-6);
        self.border.set_multipliers(&numbers.shared, mu);
        let mu = Lanes::splat(mu);
        each(&mut |block, column, at| {
            let slack = numbers.at(numbers.upper[column], block) - self.x[at];
            let reduced = self.z[at];
            // The same to both, so that z - w stays the reduced cost.
            let both = mu / self.x[at].max(slack);
            self.z[at] = reduced.max(Lanes::ZERO) + both;
            self.w[at] = (Lanes::ZERO - reduced).max(Lanes::ZERO) + both;
        });
        self.dz.fill(Lanes::ZERO);
        self.dw.fill(Lanes::ZERO);
        self.rhs.fill(Lanes::ZERO);
    }

    /// Moves the values towards the rows by the least change, weighted by `theta` of the last factors, no further than `share`
    /// of the way to the nearest bound.
    pub(super) fn approach(&mut self, numbers: &Numbers, share: f64) {
        let columns = numbers.columns;
        self.misses(numbers);
        self.dz.fill(Lanes::ZERO);
        self.border.columns.iter_mut().for_each(|column| column.pull = 0.0);
        self.border.solve(numbers, &mut self.normal, &mut self.rhs, &self.dz, &self.theta);
        let mut furthest = Lanes::ZERO;
        for block in 0..numbers.cut.blocks {
            self.next_rows(numbers, block);
            let dy = &self.rhs[block * numbers.rows..(block + 1) * numbers.rows];
            for column in 0..columns {
                let at = block * columns + column;
                let along = Self::transposed(numbers, dy, &self.carried, &self.border.dy, block, column);
                let step = self.theta[at] * along;
                self.dx[at] = step;
                let slack = numbers.at(numbers.upper[column], block) - self.x[at];
                furthest = furthest.max(Lanes::ZERO - step / self.x[at]).max(step / slack);
            }
        }
        let furthest = self.border.furthest(&numbers.shared, furthest.largest());
        let step = (share / furthest).min(1.0);
        self.border.move_by(step);
        let step = Lanes::splat(step);
        for (x, dx) in self.x.iter_mut().zip(&mut self.dx) {
            *x += step * *dx;
            *dx = Lanes::ZERO;
        }
    }

    /// rhs = b - A x.
    fn misses(&mut self, numbers: &Numbers) {
        self.rhs.copy_from_slice(&numbers.sums);
        self.spread(numbers, -1.0, |this, at, _, _| this.x[at]);
        self.border.miss(numbers, &self.x, &mut self.rhs);
        numbers.mask_rows(&mut self.rhs);
    }

    /// y from A theta A' y = A theta c, and z = c - A'y.
    fn explain_costs(&mut self, numbers: &Numbers) {
        self.rhs.fill(Lanes::ZERO);
        self.spread(numbers, 1.0, |this, at, block, column| this.theta[at] * numbers.at(numbers.cost[column], block));
        for entry in &numbers.shared.summed {
            for block in 0..numbers.cut.blocks {
                self.dz[block * numbers.columns + entry.column] = -numbers.at(numbers.cost[entry.column], block);
            }
        }
        self.border.explain(numbers, &mut self.normal, &mut self.rhs, &self.dz, &self.theta);
        self.y.copy_from_slice(&self.rhs);
        for block in 0..numbers.cut.blocks {
            self.next_rows(numbers, block);
            let y = &self.rhs[block * numbers.rows..(block + 1) * numbers.rows];
            for column in 0..numbers.columns {
                let at = block * numbers.columns + column;
                let mut cost = numbers.at(numbers.cost[column], block);
                if numbers.curved {
                    cost += numbers.at(numbers.quadratic[column], block) * self.x[at];
                }
                self.z[at] = cost - Self::transposed(numbers, y, &self.carried, &self.border.dy, block, column);
            }
        }
    }

    /// rhs += sign A v for v given by column.
    fn spread(&mut self, numbers: &Numbers, sign: f64, v: impl Fn(&Self, usize, usize, usize) -> Lanes) {
        let sign = Lanes::splat(sign);
        for block in 0..numbers.cut.blocks {
            for column in 0..numbers.columns {
                let value = sign * v(self, block * numbers.columns + column, block, column);
                numbers.add_column(block, column, value, &mut self.rhs);
            }
        }
    }
}
