//! Rows that repeat another one are left out.
//!
//! Two rows whose terms differ by a factor alone limit the same sum, and normal equations with both are singular. The tighter
//! bounds of the two stay on one of them; the price of a bound goes back to the row that it came from.

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::boxing::combined;
use super::super::draft::Draft;

/// Coefficients that differ by less than this share are the same.
const SAME: f64 = 1e-12;

/// A row whose terms are `factor` times those of another one.
#[derive(Debug, Clone)]
pub(super) struct Repeated {
    row: usize,
    of: usize,
    factor: f64,
    /// Its bounds, and those of the other one before.
    own: [Profile; 2],
    before: [Profile; 2],
}

impl Repeated {
    /// Leaves all rows of this kind out of `draft`.
    pub(super) fn take_out(draft: &mut Draft) -> Vec<Self> {
        let mut repeated: Vec<Self> = Vec::new();
        for row in 0..draft.rows.len() {
            for of in 0..row {
                let Some(found) = Self::between(draft, row, of) else { continue };
                if found.merge(draft) {
                    repeated.push(found);
                    break;
                }
            }
        }
        repeated
    }

    fn between(draft: &Draft, row: usize, of: usize) -> Option<Self> {
        let apart = [row, of].iter().any(|&row| !draft.rows[row].kept || draft.rows[row].shared);
        if apart || draft.terms_of_row(row).count() != draft.terms_of_row(of).count() {
            return None;
        }
        let mut factor = None;
        for term in draft.terms_of_row(row) {
            let other = draft.terms_of_row(of).find(|other| (other.column, other.lag) == (term.column, term.lag))?;
            for stage in 0..draft.stages {
                let (ours, theirs) = (term.coefficient.at(stage), other.coefficient.at(stage));
                let factor = *factor.get_or_insert(ours / theirs);
                if !factor.is_finite() || factor == 0.0 || (ours - factor * theirs).abs() > SAME * ours.abs() {
                    return None;
                }
            }
        }
        let [own, before] = [row, of].map(|row| [draft.rows[row].lower.clone(), draft.rows[row].upper.clone()]);
        Some(Self { row, of, factor: factor?, own, before })
    }

    /// Gives the other row the tighter bounds and leaves this one out, unless the two contradict each other.
    fn merge(&self, draft: &mut Draft) -> bool {
        let (lower, upper) = self.in_terms_of_the_other();
        let lower = combined(&lower, &self.before[0], draft.stages, f64::max);
        let upper = combined(&upper, &self.before[1], draft.stages, f64::min);
        let fits = |stage| {
            let (lower, upper) = (lower.at(stage), upper.at(stage));
            lower <= upper + SAME * lower.abs().max(upper.abs())
        };
        if !(0..draft.stages).all(fits) {
            return false;
        }
        // Of two equalities that differ by rounding, one.
        let upper = combined(&lower, &upper, draft.stages, f64::max);
        draft.rows[self.row].kept = false;
        let row = &mut draft.rows[self.of];
        (row.lower, row.upper) = (lower, upper);
        true
    }

    /// Bounds of this row as bounds of the other one.
    fn in_terms_of_the_other(&self) -> (Profile, Profile) {
        let [lower, upper] = &self.own;
        let (lower, upper) = (lower.map(|lower| lower / self.factor), upper.map(|upper| upper / self.factor));
        if self.factor > 0.0 { (lower, upper) } else { (upper, lower) }
    }

    /// Gives each price of the other row to this one where its bound was the tighter one.
    pub(super) fn restore(&self, duals: &mut Array2<f64>) {
        let [lower_before, upper_before] = &self.before;
        let (lower, upper) = self.in_terms_of_the_other();
        for stage in 0..duals.ncols() {
            let dual = duals[[self.of, stage]];
            let tighter = if dual > 0.0 {
                lower.at(stage) > lower_before.at(stage)
            } else {
                upper.at(stage) < upper_before.at(stage)
            };
            if tighter {
                duals[[self.row, stage]] = dual / self.factor;
                duals[[self.of, stage]] = 0.0;
            }
        }
    }
}
