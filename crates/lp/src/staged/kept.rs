//! The end of the interior-point method: rows closed, duals made exact, the best iterate kept.

use super::interior::{Interior, LEAST_VALUE, STEP_SHARE};
use super::lanes::{LANES, Lanes};
use super::numbers::Numbers;
use super::steps::SharedColumn;

/// How often rows are closed after the last step.
const POLISHES: usize = 3;

/// A copy of an iterate.
#[derive(Debug, Default)]
pub(super) struct Kept {
    stages: [Vec<Lanes>; 4],
    columns: Vec<SharedColumn>,
    y: Vec<f64>,
}

impl Interior {
    /// Keeps a copy of the iterate.
    pub(super) fn keep(&mut self) {
        for (kept, now) in self.kept.stages.iter_mut().zip([&self.x, &self.z, &self.w, &self.y]) {
            kept.clone_from(now);
        }
        self.kept.columns.clone_from(&self.border.columns);
        self.kept.y.clone_from(&self.border.y);
    }

    /// Goes back to the iterate that was kept.
    pub(super) fn restore(&mut self) {
        for (kept, now) in self.kept.stages.iter().zip([&mut self.x, &mut self.z, &mut self.w, &mut self.y]) {
            now.copy_from_slice(kept);
        }
        self.border.columns.clone_from(&self.kept.columns);
        self.border.y.clone_from(&self.kept.y);
    }

    /// Makes z - w the reduced costs again, to the last digit; returns the sum of the complementarity products.
    pub(super) fn refold(&mut self, numbers: &Numbers) -> f64 {
        let shared = self.border.refold(&numbers.shared);
        let mut sum = Lanes::ZERO;
        for block in 0..numbers.cut.blocks {
            numbers.next_rows(&self.y, block, &mut self.carried);
            let y = &self.y[block * numbers.rows..(block + 1) * numbers.rows];
            for column in 0..numbers.columns {
                let at = block * numbers.columns + column;
                let value = self.x[at];
                let along = Self::transposed(numbers, y, &self.carried, &self.border.y, block, column);
                let slope =
                    numbers.at(numbers.cost[column], block) + numbers.at(numbers.quadratic[column], block) * value;
                let missed = ((slope - along) - (self.z[at] - self.w[at])) * numbers.exists_at(column, block);
                let (z, w) = (&mut self.z[at], &mut self.w[at]);
                for lane in 0..LANES {
                    (z.0[lane], w.0[lane]) = refolded(z.0[lane], w.0[lane], missed.0[lane]);
                }
                let slack = (numbers.at(numbers.upper[column], block) - value).max(Lanes::splat(LEAST_VALUE));
                sum += (value * self.z[at] + slack * self.w[at]) * numbers.column_exists(column, block);
            }
        }
        shared + sum.sum()
    }

    /// Closes the rows by steps for nothing else, so small that no digits are lost beside the largest weights. Returns the
    /// largest miss that is left.
    pub(super) fn polish(&mut self, numbers: &Numbers, mut row: f64, tolerance: f64) -> f64 {
        for _ in 0..POLISHES {
            self.factor(numbers);
            self.approach(numbers, STEP_SHARE);
            self.rhs.fill(Lanes::ZERO);
            self.border.dy.fill(0.0);
            let before = std::mem::replace(&mut row, self.advance(numbers, [0.0, 0.0]).1);
            if row <= tolerance || row > 0.5 * before {
                break;
            }
        }
        row
    }
}

/// z and w with z - w more by `missed`: the larger of the two takes it if it stays the larger by far, so that rounding of a
/// large cost adds nothing at a bound that is far away.
pub(super) fn refolded(z: f64, w: f64, missed: f64) -> (f64, f64) {
    if missed.abs() > 0.5 * z.max(w) {
        (z + missed.max(0.0), w + (-missed).max(0.0))
    } else if z > w {
        (z + missed, w)
    } else {
        (z, w - missed)
    }
}
