//! The final phase of the interior-point method: reducing row residuals, recomputing reduced costs, saving the best
//! iterate.

use super::global_steps::GlobalIterate;
use super::interior::{Interior, LEAST_VALUE, STEP_SHARE};
use super::lanes::{LANES, Lanes};
use super::problem_data::ProblemData;

/// Largest number of steps that reduce row residuals after the last iteration.
const POLISHES: usize = 3;

/// A copy of an iterate.
#[derive(Debug, Default)]
pub(super) struct SavedIterate {
    stages: [Vec<Lanes>; 4],
    columns: Vec<GlobalIterate>,
    y: Vec<f64>,
}

impl Interior {
    /// Saves a copy of the iterate.
    pub(super) fn save_iterate(&mut self) {
        for (saved, now) in self.saved.stages.iter_mut().zip([&self.x, &self.z, &self.w, &self.y]) {
            saved.clone_from(now);
        }
        self.saved.columns.clone_from(&self.border.columns);
        self.saved.y.clone_from(&self.border.y);
    }

    /// Returns to the saved iterate.
    pub(super) fn restore_iterate(&mut self) {
        for (saved, now) in self.saved.stages.iter().zip([&mut self.x, &mut self.z, &mut self.w, &mut self.y]) {
            now.copy_from_slice(saved);
        }
        self.border.columns.clone_from(&self.saved.columns);
        self.border.y.clone_from(&self.saved.y);
    }

    /// Makes z - w equal to the reduced costs to the last digit; returns the sum of the complementarity products.
    pub(super) fn correct_multipliers(&mut self, data: &ProblemData) -> f64 {
        let shared = self.border.correct_multipliers(&data.globals);
        let mut sum = Lanes::ZERO;
        for block in 0..data.lane_layout.blocks {
            data.next_rows(&self.y, block, &mut self.lagged_products);
            let y = &self.y[block * data.rows..(block + 1) * data.rows];
            for column in 0..data.columns {
                let at = block * data.columns + column;
                let value = self.x[at];
                let along = Self::transposed(data, y, &self.lagged_products, &self.border.y, block, column);
                let slope = data.at(data.cost[column], block) + data.at(data.quadratic[column], block) * value;
                let missed = ((slope - along) - (self.z[at] - self.w[at])) * data.exists_at(column, block);
                let (z, w) = (&mut self.z[at], &mut self.w[at]);
                for lane in 0..LANES {
                    (z.0[lane], w.0[lane]) = corrected_multipliers(z.0[lane], w.0[lane], missed.0[lane]);
                }
                let slack = (data.at(data.upper[column], block) - value).max(Lanes::splat(LEAST_VALUE));
                sum += (value * self.z[at] + slack * self.w[at]) * data.column_exists(column, block);
            }
        }
        shared + sum.sum()
    }

    /// Reduces the row residuals by steps for feasibility alone, which are so small that no digits are lost beside the
    /// largest weights. Returns the largest row residual that remains.
    pub(super) fn polish(&mut self, data: &ProblemData, mut row: f64, tolerance: f64) -> f64 {
        for _ in 0..POLISHES {
            self.factor(data);
            self.move_to_rows(data, STEP_SHARE);
            self.rhs.fill(Lanes::ZERO);
            self.border.dy.fill(0.0);
            let before = std::mem::replace(&mut row, self.advance(data, [0.0, 0.0]).1);
            if row <= tolerance || row > 0.5 * before {
                break;
            }
        }
        row
    }
}

/// Returns z and w with z - w increased by `missed`. The larger of the two takes the change if it remains much larger,
/// so that rounding of a large cost adds nothing at a bound that is far away.
pub(super) fn corrected_multipliers(z: f64, w: f64, missed: f64) -> (f64, f64) {
    if missed.abs() > 0.5 * z.max(w) {
        (z + missed.max(0.0), w + (-missed).max(0.0))
    } else if z > w {
        (z + missed, w)
    } else {
        (z, w - missed)
    }
}
