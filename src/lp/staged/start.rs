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
/// Share of the box at which a state starts.
const LEVEL: f64 = 0.3;
/// Share of the way to the bounds that the move towards the rows may go.
const MOVE_SHARE: f64 = 0.7;
/// Complementarity at the start, over the mean of reduced cost times room.
const CENTRING: f64 = 0.3;

impl Interior {
    /// Sets x, y, z and w.
    pub(super) fn start(&mut self, numbers: &Numbers, spread: f64) {
        let columns = numbers.columns;
        let each = |f: &mut dyn FnMut(usize, usize, usize)| {
            for block in 0..numbers.cut.blocks {
                for column in 0..columns {
                    f(block, column, block * columns + column);
                }
            }
        };
        each(&mut |block, column, at| {
            let upper = numbers.at(numbers.upper[column], block);
            let share = Lanes::splat(if column < numbers.flows() { 0.5 } else { LEVEL });
            let inside = (upper * share).min(Lanes::splat(LARGEST_START * spread));
            self.x[at] = inside;
            let room = inside.min(upper - inside);
            self.theta[at] = room * room * numbers.column_exists(column, block);
        });
        self.chain.factor(numbers, &self.theta);
        self.misses(numbers);
        self.chain.solve(numbers, &mut self.rhs);
        let mut furthest = Lanes::ZERO;
        for block in 0..numbers.cut.blocks {
            self.next_rows(numbers, block);
            let dy = &self.rhs[block * numbers.rows..(block + 1) * numbers.rows];
            for column in 0..columns {
                let at = block * columns + column;
                let along = Self::transposed(numbers, dy, &self.carried, block, column);
                let step = self.theta[at] * along;
                self.dx[at] = step;
                let slack = numbers.at(numbers.upper[column], block) - self.x[at];
                furthest = furthest.max(Lanes::ZERO - step / self.x[at]).max(step / slack);
            }
        }
        let step = Lanes::splat((MOVE_SHARE / furthest.largest()).min(1.0));
        for (x, dx) in self.x.iter_mut().zip(&mut self.dx) {
            *x += step * *dx;
            *dx = Lanes::ZERO;
        }
        self.explain_costs(numbers);
        let mut product = Lanes::ZERO;
        each(&mut |block, column, at| {
            let slack = numbers.at(numbers.upper[column], block) - self.x[at];
            product += self.z[at].abs() * self.x[at].min(slack) * numbers.column_exists(column, block);
        });
        let count = (numbers.cut.stages * columns) as f64;
        let mu = Lanes::splat((CENTRING * spread * product.sum() / count).max(1e-6));
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

    /// rhs = b - A x.
    fn misses(&mut self, numbers: &Numbers) {
        self.rhs.copy_from_slice(&numbers.sums);
        self.spread(numbers, -1.0, |this, at, block, column| this.x[at] * numbers.column_exists(column, block));
        let rows = numbers.rows;
        for block in 0..numbers.cut.blocks {
            for row in 0..rows {
                self.rhs[block * rows + row] = self.rhs[block * rows + row] * numbers.row_exists(row, block);
            }
        }
    }

    /// y from A theta A' y = A theta c, and z = c - A'y.
    fn explain_costs(&mut self, numbers: &Numbers) {
        self.rhs.fill(Lanes::ZERO);
        self.spread(numbers, 1.0, |this, at, block, column| this.theta[at] * numbers.at(numbers.cost[column], block));
        self.chain.solve(numbers, &mut self.rhs);
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
                self.z[at] = cost - Self::transposed(numbers, y, &self.carried, block, column);
            }
        }
    }

    /// rhs += sign A v for v given by column.
    fn spread(&mut self, numbers: &Numbers, sign: f64, v: impl Fn(&Self, usize, usize, usize) -> Lanes) {
        let (columns, rows) = (numbers.columns, numbers.rows);
        let sign = Lanes::splat(sign);
        for block in 0..numbers.cut.blocks {
            let after = numbers.after(block);
            for column in 0..columns {
                let value = sign * v(self, block * columns + column, block, column);
                for entry in &numbers.entries[column] {
                    self.rhs[block * rows + entry.row] += numbers.at(entry.coefficient, block) * value;
                }
                for lagged in &numbers.lagged[numbers.lagged_of(column)] {
                    let handed = numbers.lagged_after(lagged, after) * value;
                    let handed = if after == 0 { numbers.cut.seen_from_first(handed) } else { handed };
                    self.rhs[after * rows + lagged.row] += handed;
                }
            }
        }
    }
}
