//! Opposite columns.
//!
//! Two columns whose terms and costs differ by a negative factor only cancel each other: the charge and the discharge of
//! a store without losses, or both directions of a link without losses. Their sizes may grow together without any
//! effect, so that an interior-point method ends with both near the middle of their bounds, which loses digits where
//! these are far away. One column remains, whose value is the difference of the two.

use std::borrow::Cow;
use std::collections::HashMap;

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::presolved::PresolvedProblem;
use super::super::standardize::combined;
use super::collapsed;
use super::columns::hash_of_places;

/// A column whose terms and cost are `factor < 0` times those of another one.
#[derive(Debug, Clone)]
pub(super) struct OppositeColumn<'a> {
    column: usize,
    /// The column that remains, with the value `original + factor * column`.
    original: usize,
    factor: f64,
    /// Bounds of the removed column.
    column_bounds: [Cow<'a, Profile>; 2],
    /// Bounds of the remaining column before the removal.
    original_bounds: [Cow<'a, Profile>; 2],
}

impl<'a> OppositeColumn<'a> {
    /// Merges all pairs of opposite columns.
    pub(super) fn remove_all(presolved: &mut PresolvedProblem<'a>) -> Vec<Self> {
        let mut removed = Vec::new();
        if presolved.stages == 0 {
            return removed;
        }
        // Columns in the same rows, each until it is part of a pair.
        let mut alike: HashMap<u64, Vec<usize>> = HashMap::new();
        for column in 0..presolved.columns.len() {
            if !presolved.columns[column].active {
                continue;
            }
            let others = alike.entry(hash_of_places(presolved, column)).or_default();
            let pair = others
                .iter()
                .enumerate()
                .find_map(|(position, &other)| Self::between(presolved, column, other).map(|found| (position, found)));
            match pair {
                Some((position, found)) => {
                    others.swap_remove(position);
                    found.merge(presolved);
                    removed.push(found);
                }
                None => others.push(column),
            }
        }
        removed
    }

    /// Returns the factor and bounds of two columns; `None` if they are not opposite.
    fn between(presolved: &PresolvedProblem<'a>, column: usize, original: usize) -> Option<Self> {
        let [a, b] = [column, original].map(|index| &presolved.columns[index]);
        let simple = [a, b]
            .iter()
            .all(|column| !column.shared && column.quadratic.all(|q| q == 0.0) && column.lower.all(f64::is_finite));
        let count = presolved.terms_of_column(column).count();
        if !simple || count == 0 || count != presolved.terms_of_column(original).count() {
            return None;
        }
        let mut factor = None;
        for term in presolved.terms_of_column(column) {
            let other =
                presolved.terms_of_column(original).find(|other| (other.row, other.lag) == (term.row, term.lag))?;
            let factor = *factor.get_or_insert_with(|| term.coefficient.at(0) / other.coefficient.at(0));
            let opposite = factor < 0.0 && f64::is_finite(factor);
            if !opposite || !is_multiple(&term.coefficient, factor, &other.coefficient, presolved.stages) {
                return None;
            }
        }
        let factor = factor.filter(|factor| is_multiple(&a.cost, *factor, &b.cost, presolved.stages))?;
        let [column_bounds, original_bounds] = [a, b].map(|column| [column.lower.clone(), column.upper.clone()]);
        Some(Self { column, original, factor, column_bounds, original_bounds })
    }

    /// Gives the remaining column the bounds of the difference and removes the other.
    fn merge(&self, presolved: &mut PresolvedProblem<'_>) {
        let bound = |side: usize| {
            let (own, other) = (&self.original_bounds[side], &self.column_bounds[1 - side]);
            Cow::Owned(collapsed(combined(own, other, presolved.stages, |own, other| own + self.factor * other)))
        };
        let (lower, upper) = (bound(0), bound(1));
        let original = &mut presolved.columns[self.original];
        (original.lower, original.upper) = (lower, upper);
        presolved.columns[self.column].active = false;
    }

    /// Splits the values between the two columns, so that the removed one is as small as possible, and computes the
    /// reduced costs of the removed column where there are any.
    pub(super) fn restore(&self, values: &mut Array2<f64>, multipliers: &mut Array2<f64>) {
        let Self { column, original, factor, .. } = *self;
        for stage in 0..values.ncols() {
            let difference = values[[original, stage]];
            let [least, most] = [self.column_bounds[0].at(stage), self.column_bounds[1].at(stage)];
            let own_least = self.original_bounds[0].at(stage);
            let without = difference - factor * least;
            let (own, other) = if without >= own_least {
                (without, least)
            } else {
                (own_least, ((difference - own_least) / factor).min(most))
            };
            values[[original, stage]] = own.min(self.original_bounds[1].at(stage));
            values[[column, stage]] = other;
            if !multipliers.is_empty() {
                multipliers[[column, stage]] = factor * multipliers[[original, stage]];
            }
        }
    }
}

/// Returns whether `a` is `factor` times `b` in every stage.
fn is_multiple(a: &Profile, factor: f64, b: &Profile, stages: usize) -> bool {
    match (a, b) {
        (Profile::Constant(a), Profile::Constant(b)) => *a == factor * b,
        _ => (0..stages).all(|stage| a.at(stage) == factor * b.at(stage)),
    }
}
