//! Duplicate rows.
//!
//! Two rows whose terms differ by a factor only limit the same sum, and normal equations with both are singular. One
//! row remains, with the tighter bounds of the two; the dual of a bound goes back to the row that the bound came from.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::presolved::PresolvedProblem;
use super::super::standardize::combined;

/// Relative difference below which coefficients are equal.
const SAME: f64 = 1e-12;

/// A row whose terms are `factor` times those of another row.
#[derive(Debug, Clone)]
pub(super) struct DuplicateRow<'a> {
    row: usize,
    /// The row that remains.
    original: usize,
    factor: f64,
    /// Bounds of the removed row.
    row_bounds: [Cow<'a, Profile>; 2],
    /// Bounds of the remaining row before the removal.
    original_bounds: [Cow<'a, Profile>; 2],
}

impl<'a> DuplicateRow<'a> {
    /// Removes all duplicate rows of `presolved`.
    pub(super) fn remove_all(presolved: &mut PresolvedProblem<'a>) -> Vec<Self> {
        let mut duplicates: Vec<Self> = Vec::new();
        // Rows with the same columns.
        let mut alike: HashMap<u64, Vec<usize>> = HashMap::new();
        for row in 0..presolved.rows.len() {
            let others = alike.entry(Self::hash(presolved, row)).or_default();
            for &original in others.iter() {
                let Some(found) = Self::between(presolved, row, original) else { continue };
                if found.merge(presolved) {
                    duplicates.push(found);
                    break;
                }
            }
            others.push(row);
        }
        duplicates
    }

    /// Returns a number that is equal for two rows with the same columns and lags.
    fn hash(presolved: &PresolvedProblem<'_>, row: usize) -> u64 {
        let mut places: Vec<_> = presolved.terms_of_row(row).map(|term| (term.column, term.lag)).collect();
        places.sort_unstable();
        let mut hasher = DefaultHasher::new();
        places.hash(&mut hasher);
        hasher.finish()
    }

    /// Returns the factor and bounds of two rows; `None` if they are no duplicates.
    fn between(presolved: &PresolvedProblem<'a>, row: usize, original: usize) -> Option<Self> {
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

    /// Gives the remaining row the tighter bounds and removes the other; returns `false`, without any change, if the
    /// bounds contradict each other.
    fn merge(&self, presolved: &mut PresolvedProblem<'_>) -> bool {
        let (lower, upper) = self.scaled_bounds();
        let lower = combined(&lower, &self.original_bounds[0], presolved.stages, f64::max);
        let upper = combined(&upper, &self.original_bounds[1], presolved.stages, f64::min);
        let fits = |stage| {
            let (lower, upper) = (lower.at(stage), upper.at(stage));
            lower <= upper + SAME * lower.abs().max(upper.abs())
        };
        if !(0..presolved.stages).all(fits) {
            return false;
        }
        // Two equalities that differ by rounding become one.
        let upper = combined(&lower, &upper, presolved.stages, f64::max);
        presolved.rows[self.row].active = false;
        let row = &mut presolved.rows[self.original];
        (row.lower, row.upper) = (Cow::Owned(lower), Cow::Owned(upper));
        true
    }

    /// Returns the bounds of the removed row as bounds of the remaining one.
    fn scaled_bounds(&self) -> (Profile, Profile) {
        let [lower, upper] = &self.row_bounds;
        let (lower, upper) = (lower.map(|lower| lower / self.factor), upper.map(|upper| upper / self.factor));
        if self.factor > 0.0 { (lower, upper) } else { (upper, lower) }
    }

    /// Moves each dual of the remaining row to the removed row where the bound of the latter was the tighter one.
    pub(super) fn restore(&self, duals: &mut Array2<f64>) {
        let [original_lower, original_upper] = &self.original_bounds;
        let (lower, upper) = self.scaled_bounds();
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
