//! Rows that repeat another one are left out.
//!
//! Two rows whose terms differ by a factor alone limit the same sum, and normal equations with both are singular. The tighter
//! bounds of the two stay on one of them; the price of a bound goes back to the row that it came from.

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::presolved::PresolvedProblem;
use super::super::standardize::combined;

/// Coefficients that differ by less than this share are the same.
const SAME: f64 = 1e-12;

/// A row whose terms are `factor` times those of another one.
#[derive(Debug, Clone)]
pub(super) struct DuplicateRow {
    row: usize,
    original: usize,
    factor: f64,
    /// Its bounds, and those of the other one before.
    row_bounds: [Profile; 2],
    original_bounds: [Profile; 2],
}

impl DuplicateRow {
    /// Leaves all rows of this kind out of `draft`.
    pub(super) fn remove_all(presolved: &mut PresolvedProblem) -> Vec<Self> {
        let mut duplicates: Vec<Self> = Vec::new();
        for row in 0..presolved.rows.len() {
            for original in 0..row {
                let Some(found) = Self::between(presolved, row, original) else { continue };
                if found.merge(presolved) {
                    duplicates.push(found);
                    break;
                }
            }
        }
        duplicates
    }

    fn between(presolved: &PresolvedProblem, row: usize, original: usize) -> Option<Self> {
        let apart = [row, original].iter().any(|&row| !presolved.rows[row].active || presolved.rows[row].shared);
        if apart || presolved.terms_of_row(row).count() != presolved.terms_of_row(original).count() {
            return None;
        }
        let mut factor = None;
        for term in presolved.terms_of_row(row) {
            let other =
                presolved.terms_of_row(original).find(|other| (other.column, other.lag) == (term.column, term.lag))?;
            for stage in 0..presolved.stages {
                let (ours, theirs) = (term.coefficient.at(stage), other.coefficient.at(stage));
                let factor = *factor.get_or_insert(ours / theirs);
                if !factor.is_finite() || factor == 0.0 || (ours - factor * theirs).abs() > SAME * ours.abs() {
                    return None;
                }
            }
        }
        let [row_bounds, original_bounds] =
            [row, original].map(|row| [presolved.rows[row].lower.clone(), presolved.rows[row].upper.clone()]);
        Some(Self { row, original, factor: factor?, row_bounds, original_bounds })
    }

    /// Gives the other row the tighter bounds and leaves this one out, unless the two contradict each other.
    fn merge(&self, presolved: &mut PresolvedProblem) -> bool {
        let (lower, upper) = self.in_terms_of_the_other();
        let lower = combined(&lower, &self.original_bounds[0], presolved.stages, f64::max);
        let upper = combined(&upper, &self.original_bounds[1], presolved.stages, f64::min);
        let fits = |stage| {
            let (lower, upper) = (lower.at(stage), upper.at(stage));
            lower <= upper + SAME * lower.abs().max(upper.abs())
        };
        if !(0..presolved.stages).all(fits) {
            return false;
        }
        // Of two equalities that differ by rounding, one.
        let upper = combined(&lower, &upper, presolved.stages, f64::max);
        presolved.rows[self.row].active = false;
        let row = &mut presolved.rows[self.original];
        (row.lower, row.upper) = (lower, upper);
        true
    }

    /// Bounds of this row as bounds of the other one.
    fn in_terms_of_the_other(&self) -> (Profile, Profile) {
        let [lower, upper] = &self.row_bounds;
        let (lower, upper) = (lower.map(|lower| lower / self.factor), upper.map(|upper| upper / self.factor));
        if self.factor > 0.0 { (lower, upper) } else { (upper, lower) }
    }

    /// Gives each price of the other row to this one where its bound was the tighter one.
    pub(super) fn restore(&self, duals: &mut Array2<f64>) {
        let [original_lower, original_upper] = &self.original_bounds;
        let (lower, upper) = self.in_terms_of_the_other();
        for stage in 0..duals.ncols() {
            let dual = duals[[self.original, stage]];
            let tighter = if dual > 0.0 {
                lower.at(stage) > original_lower.at(stage)
            } else {
                upper.at(stage) < original_upper.at(stage)
            };
            if tighter {
                duals[[self.row, stage]] = dual / self.factor;
                duals[[self.original, stage]] = 0.0;
            }
        }
    }
}
