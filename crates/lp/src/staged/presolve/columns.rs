//! Fixed, dominated, duplicate and implied free columns.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::presolved::{PresolvedProblem, PresolvedTerm};
use super::super::standardize::combined;
use super::activity::{DualBounds, RowActivity, extremes, reaches};
use super::collapsed;
use crate::Lag;

/// A column is dominated if its reduced cost exceeds this share of the sum of its absolute terms.
const ROUNDING: f64 = 1e-9;

/// A column whose values are known before the solve.
#[derive(Debug, Clone)]
pub(super) struct FixedColumn<'a> {
    column: usize,
    values: Cow<'a, Profile>,
}

impl<'a> FixedColumn<'a> {
    /// Removes all columns that are fixed in every stage, and those in no row, which are optimal at one of their
    /// bounds.
    pub(super) fn remove_all(presolved: &mut PresolvedProblem<'a>) -> Vec<Self> {
        let columns = 0..presolved.columns.len();
        let fixed = columns.filter_map(|column| {
            let fixed = Self::at(presolved, column)?;
            fixed.take(presolved);
            Some(fixed)
        });
        fixed.collect()
    }

    /// Returns the column with its values; `None` if they are not known.
    fn at(presolved: &PresolvedProblem<'a>, index: usize) -> Option<Self> {
        let column = &presolved.columns[index];
        if !column.active || column.shared {
            return None;
        }
        if column.lower == column.upper {
            return Some(Self { column: index, values: column.lower.clone() });
        }
        if presolved.terms_of_column(index).next().is_some() || !column.quadratic.all(|q| q == 0.0) {
            return None;
        }
        let best = |stage| {
            let (lower, upper, cost) = (column.lower.at(stage), column.upper.at(stage), column.cost.at(stage));
            if cost > 0.0 {
                lower
            } else if cost < 0.0 {
                upper
            } else {
                // `clamp` would panic if the bounds contradict each other.
                0.0_f64.max(lower).min(upper)
            }
        };
        let values = Profile::Series((0..presolved.stages).map(best).collect());
        values.all(f64::is_finite).then_some(Self { column: index, values: Cow::Owned(values) })
    }

    /// Removes the column and moves its terms to the right-hand sides.
    fn take(&self, presolved: &mut PresolvedProblem<'_>) {
        let terms: Vec<PresolvedTerm<'_>> = presolved.terms_of_column(self.column).cloned().collect();
        if *self.values != Profile::Constant(0.0) {
            for term in terms {
                let stages = presolved.stages;
                let value = |stage| term.lag.column_stage(stage, stages).map_or(0.0, |from| self.values.at(from));
                presolved.add_to_sums(term.row, |stage| -term.coefficient.at(stage) * value(stage));
            }
        }
        presolved.columns[self.column].active = false;
    }

    /// Sets the values of the column.
    pub(super) fn restore(&self, values: &mut Array2<f64>) {
        let row = values.row_mut(self.column);
        row.into_iter().enumerate().for_each(|(stage, value)| *value = self.values.at(stage));
    }
}

/// Fixes the dominated columns at a bound: those whose cost exceeds the largest possible contribution of their rows'
/// duals, or is below the least. Returns whether there were any.
pub(super) fn fix_dominated_columns(presolved: &mut PresolvedProblem<'_>) -> bool {
    let prices = DualBounds::of(presolved);
    let mut any = false;
    for index in 0..presolved.columns.len() {
        let column = &presolved.columns[index];
        let apart = !column.active || column.shared || column.lower == column.upper;
        if apart || !column.quadratic.all(|q| q == 0.0) {
            continue;
        }
        let [mut least, mut largest] = extremes(&column.cost);
        let mut size = least.abs().max(largest.abs());
        for term in presolved.terms_of_column(index) {
            let [low, high] = prices.of_term(term);
            (least, largest) = (least - high, largest - low);
            if least == f64::NEG_INFINITY && largest == f64::INFINITY {
                break;
            }
            size += [low, high]
                .into_iter()
                .filter(|worth| worth.is_finite())
                .fold(0.0, |size, worth| worth.abs().max(size));
        }
        let column = &mut presolved.columns[index];
        if least > ROUNDING * size && column.lower.all(f64::is_finite) {
            column.upper = column.lower.clone();
            any = true;
        } else if largest < -ROUNDING * size && column.upper.all(f64::is_finite) {
            column.lower = column.upper.clone();
            any = true;
        }
    }
    any
}

/// Returns a number that is equal for two columns with terms in the same rows.
pub(super) fn hash_of_places(presolved: &PresolvedProblem<'_>, column: usize) -> u64 {
    let mut places: Vec<_> = presolved.terms_of_column(column).map(|term| (term.row, term.lag)).collect();
    places.sort_unstable();
    let mut hasher = DefaultHasher::new();
    places.hash(&mut hasher);
    hasher.finish()
}

/// A column with the terms and the cost of another one. One column remains, with the sum of the two boxes.
#[derive(Debug, Clone)]
pub(super) struct DuplicateColumn<'a> {
    column: usize,
    original: usize,
    /// Bounds of the removed column.
    column_bounds: [Cow<'a, Profile>; 2],
    /// Bounds of the remaining column before the removal.
    original_bounds: [Cow<'a, Profile>; 2],
}

impl<'a> DuplicateColumn<'a> {
    /// Merges all duplicate columns.
    pub(super) fn remove_all(presolved: &mut PresolvedProblem<'a>) -> Vec<Self> {
        let mut duplicates = Vec::new();
        // Columns with equal terms, apart from the coefficients, and an equal cost in the first stage.
        let mut alike: HashMap<u64, Vec<usize>> = HashMap::new();
        for column in 0..presolved.columns.len() {
            let others = alike.entry(Self::hash(presolved, column)).or_default();
            let original = others.iter().copied().find(|&other| Self::are_duplicates(presolved, column, other));
            others.push(column);
            if let Some(original) = original {
                let bounds =
                    |index: usize| [presolved.columns[index].lower.clone(), presolved.columns[index].upper.clone()];
                let duplicate =
                    Self { column, original, column_bounds: bounds(column), original_bounds: bounds(original) };
                let sum = |side: usize| {
                    combined(
                        &duplicate.column_bounds[side],
                        &duplicate.original_bounds[side],
                        presolved.stages,
                        |a, b| a + b,
                    )
                };
                presolved.columns[original].lower = Cow::Owned(sum(0));
                presolved.columns[original].upper = Cow::Owned(sum(1));
                presolved.columns[column].active = false;
                duplicates.push(duplicate);
            }
        }
        duplicates
    }

    /// Returns a number that is equal for two columns with the same terms and the same cost.
    fn hash(presolved: &PresolvedProblem<'_>, column: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        hash_of_places(presolved, column).hash(&mut hasher);
        let cost = if presolved.stages == 0 { 0.0 } else { presolved.columns[column].cost.at(0) };
        // Both zeros are equal.
        (cost + 0.0).to_bits().hash(&mut hasher);
        hasher.finish()
    }

    /// Returns whether two columns have the same terms and the same cost.
    fn are_duplicates(presolved: &PresolvedProblem<'_>, column: usize, original: usize) -> bool {
        let [a, b] = [column, original].map(|index| &presolved.columns[index]);
        let simple = [a, b].iter().all(|column| {
            column.active && !column.shared && column.quadratic.all(|q| q == 0.0) && column.lower.all(f64::is_finite)
        });
        if !simple || a.cost != b.cost {
            return false;
        }
        let stands = |term: &PresolvedTerm<'_>| {
            let mut original_bounds = presolved.terms_of_column(original);
            original_bounds
                .any(|other| (other.row, other.lag) == (term.row, term.lag) && other.coefficient == term.coefficient)
        };
        presolved.terms_of_column(column).count() == presolved.terms_of_column(original).count()
            && presolved.terms_of_column(column).all(stands)
    }

    /// Splits the values between the two columns.
    pub(super) fn restore(&self, values: &mut Array2<f64>) {
        for stage in 0..values.ncols() {
            let sum = values[[self.original, stage]];
            let most = sum - self.column_bounds[0].at(stage);
            let other = most.min(self.original_bounds[1].at(stage)).max(self.original_bounds[0].at(stage));
            values[[self.original, stage]] = other;
            values[[self.column, stage]] = sum - other;
        }
    }
}

/// An implied free column singleton: a column in one equality only, whose bounds are never active because of this row.
/// The row determines its value, and both are removed.
#[derive(Debug, Clone)]
pub(super) struct ImpliedFreeColumn<'a> {
    row: usize,
    column: usize,
    coefficient: Cow<'a, Profile>,
    cost: Cow<'a, Profile>,
    sums: Cow<'a, Profile>,
    rest: Vec<PresolvedTerm<'a>>,
}

impl<'a> ImpliedFreeColumn<'a> {
    /// Removes all such columns, each with its row.
    pub(super) fn remove_all(presolved: &mut PresolvedProblem<'a>) -> Vec<Self> {
        let mut implied = Vec::new();
        for column in 0..presolved.columns.len() {
            if let Some(found) = Self::at(presolved, column) {
                found.take(presolved);
                implied.push(found);
            }
        }
        implied
    }

    /// Returns the column with its row; `None` if its bounds may be active.
    fn at(presolved: &PresolvedProblem<'a>, index: usize) -> Option<Self> {
        let column = &presolved.columns[index];
        if !column.active || column.shared || !column.quadratic.all(|q| q == 0.0) {
            return None;
        }
        let term = presolved.only_term(index)?;
        let row = &presolved.rows[term.row];
        let same_stage = presolved.terms_of_row(term.row).all(|term| term.lag == Lag::Same);
        if row.shared || !presolved.is_equality(term.row) || !same_stage || !term.coefficient.all(|a| a != 0.0) {
            return None;
        }
        let rest = RowActivity::of(presolved, term.row, Some(index));
        let free = |stage| {
            let [a, b] = rest.range(stage).map(|rest| (row.lower.at(stage) - rest) / term.coefficient.at(stage));
            reaches(a.min(b), column.lower.at(stage)) && reaches(column.upper.at(stage), a.max(b))
        };
        (0..presolved.stages).all(free).then(|| Self {
            row: term.row,
            column: index,
            coefficient: term.coefficient.clone(),
            cost: column.cost.clone(),
            sums: row.lower.clone(),
            rest: presolved.terms_of_row(term.row).filter(|term| term.column != index).cloned().collect(),
        })
    }

    /// Returns the dual of the row in a stage.
    fn price(&self, stage: usize) -> f64 {
        self.cost.at(stage) / self.coefficient.at(stage)
    }

    /// Removes the column and the row, and moves the cost of the column onto the others.
    fn take(&self, presolved: &mut PresolvedProblem<'_>) {
        for term in &self.rest {
            let cost = &presolved.columns[term.column].cost;
            let costs =
                (0..presolved.stages).map(|stage| cost.at(stage) - self.price(stage) * term.coefficient.at(stage));
            presolved.columns[term.column].cost = Cow::Owned(collapsed(Profile::Series(costs.collect())));
        }
        presolved.rows[self.row].active = false;
        presolved.columns[self.column].active = false;
    }

    /// Sets the values of the column and the duals of the row.
    pub(super) fn restore(&self, values: &mut Array2<f64>, duals: &mut Array2<f64>) {
        for stage in 0..values.ncols() {
            let rest: f64 =
                self.rest.iter().map(|term| term.coefficient.at(stage) * values[[term.column, stage]]).sum();
            values[[self.column, stage]] = (self.sums.at(stage) - rest) / self.coefficient.at(stage);
            duals[[self.row, stage]] = self.price(stage);
        }
    }
}
