//! Columns whose values are known beforehand, or that another column or row stands for.

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::boxing::combined;
use super::super::draft::{Draft, DraftTerm};
use super::range::{Prices, Rest, extremes, reaches};
use super::tidy;
use crate::Lag;

/// A column costs too much where its reduced cost is above (or below) zero by more than this share of its terms.
const ROUNDING: f64 = 1e-9;

/// A column that is no choice.
#[derive(Debug, Clone)]
pub(super) struct Known {
    column: usize,
    values: Profile,
}

impl Known {
    /// Takes out all columns that are fixed in every stage, and those in no row, which are best at one of their bounds.
    pub(super) fn take_out(draft: &mut Draft) -> Vec<Self> {
        let columns = 0..draft.columns.len();
        let known = columns.filter_map(|column| {
            let known = Self::at(draft, column)?;
            known.take(draft);
            Some(known)
        });
        known.collect()
    }

    fn at(draft: &Draft, index: usize) -> Option<Self> {
        let column = &draft.columns[index];
        if !column.kept || column.shared {
            return None;
        }
        if column.lower == column.upper {
            return Some(Self { column: index, values: column.lower.clone() });
        }
        if draft.terms_of_column(index).next().is_some() || !column.quadratic.all(|q| q == 0.0) {
            return None;
        }
        let best = |stage| {
            let (lower, upper, cost) = (column.lower.at(stage), column.upper.at(stage), column.cost.at(stage));
            if cost > 0.0 {
                lower
            } else if cost < 0.0 {
                upper
            } else {
                // Not `clamp`, which wants its bounds in order.
                0.0_f64.max(lower).min(upper)
            }
        };
        let values = Profile::Series((0..draft.stages).map(best).collect());
        values.all(f64::is_finite).then_some(Self { column: index, values })
    }

    fn take(&self, draft: &mut Draft) {
        let terms: Vec<DraftTerm> = draft.terms_of_column(self.column).cloned().collect();
        if self.values != Profile::Constant(0.0) {
            for term in terms {
                let stages = draft.stages;
                let value = |stage| term.lag.column_stage(stage, stages).map_or(0.0, |from| self.values.at(from));
                draft.add_to_sums(term.row, |stage| -term.coefficient.at(stage) * value(stage));
            }
        }
        draft.columns[self.column].kept = false;
    }

    /// Sets its values.
    pub(super) fn restore(&self, values: &mut Array2<f64>) {
        let row = values.row_mut(self.column);
        row.into_iter().enumerate().for_each(|(stage, value)| *value = self.values.at(stage));
    }
}

/// Fixes the columns at a bound whose cost nothing that their rows can be worth makes up for. Whether there were any.
pub(super) fn fix_dominated(draft: &mut Draft) -> bool {
    let prices = Prices::of(draft);
    let mut any = false;
    for index in 0..draft.columns.len() {
        let column = &draft.columns[index];
        let apart = !column.kept || column.shared || column.lower == column.upper;
        if apart || !column.quadratic.all(|q| q == 0.0) {
            continue;
        }
        let [mut least, mut largest] = extremes(&column.cost);
        let mut size = least.abs().max(largest.abs());
        for term in draft.terms_of_column(index) {
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
        let column = &mut draft.columns[index];
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

/// A column that stands where another one stands, at the same cost: the two are one with the room of both.
#[derive(Debug, Clone)]
pub(super) struct Twin {
    column: usize,
    of: usize,
    /// Bounds of either before.
    own: [Profile; 2],
    others: [Profile; 2],
}

impl Twin {
    /// Merges all columns of this kind.
    pub(super) fn take_out(draft: &mut Draft) -> Vec<Self> {
        let mut twins = Vec::new();
        for column in 0..draft.columns.len() {
            if let Some(of) = (0..column).find(|&of| Self::are(draft, column, of)) {
                let bounds = |index: usize| [draft.columns[index].lower.clone(), draft.columns[index].upper.clone()];
                let twin = Self { column, of, own: bounds(column), others: bounds(of) };
                let sum = |side: usize| combined(&twin.own[side], &twin.others[side], draft.stages, |a, b| a + b);
                (draft.columns[of].lower, draft.columns[of].upper) = (sum(0), sum(1));
                draft.columns[column].kept = false;
                twins.push(twin);
            }
        }
        twins
    }

    fn are(draft: &Draft, column: usize, of: usize) -> bool {
        let [a, b] = [column, of].map(|index| &draft.columns[index]);
        let simple = [a, b].iter().all(|column| {
            column.kept && !column.shared && column.quadratic.all(|q| q == 0.0) && column.lower.all(f64::is_finite)
        });
        if !simple || a.cost != b.cost {
            return false;
        }
        let stands = |term: &DraftTerm| {
            let mut others = draft.terms_of_column(of);
            others.any(|other| (other.row, other.lag) == (term.row, term.lag) && other.coefficient == term.coefficient)
        };
        draft.terms_of_column(column).count() == draft.terms_of_column(of).count()
            && draft.terms_of_column(column).all(stands)
    }

    /// Shares the values out.
    pub(super) fn restore(&self, values: &mut Array2<f64>) {
        for stage in 0..values.ncols() {
            let sum = values[[self.of, stage]];
            let most = sum - self.own[0].at(stage);
            let other = most.min(self.others[1].at(stage)).max(self.others[0].at(stage));
            values[[self.of, stage]] = other;
            values[[self.column, stage]] = sum - other;
        }
    }
}

/// A column whose bounds an equality keeps it from, and that stands nowhere else: the equality gives its value, and leaves with it.
#[derive(Debug, Clone)]
pub(super) struct Implied {
    row: usize,
    column: usize,
    coefficient: Profile,
    cost: Profile,
    sums: Profile,
    rest: Vec<DraftTerm>,
}

impl Implied {
    /// Takes out all columns of this kind, each with its row.
    pub(super) fn take_out(draft: &mut Draft) -> Vec<Self> {
        let mut implied = Vec::new();
        for column in 0..draft.columns.len() {
            if let Some(found) = Self::at(draft, column) {
                found.take(draft);
                implied.push(found);
            }
        }
        implied
    }

    fn at(draft: &Draft, index: usize) -> Option<Self> {
        let column = &draft.columns[index];
        if !column.kept || column.shared || !column.quadratic.all(|q| q == 0.0) {
            return None;
        }
        let term = draft.only_term(index)?;
        let row = &draft.rows[term.row];
        let same_stage = draft.terms_of_row(term.row).all(|term| term.lag == Lag::Same);
        if row.shared || !draft.is_equality(term.row) || !same_stage || !term.coefficient.all(|a| a != 0.0) {
            return None;
        }
        let rest = Rest::of(draft, term.row, Some(index));
        let free = |stage| {
            let [a, b] = rest.range(stage).map(|rest| (row.lower.at(stage) - rest) / term.coefficient.at(stage));
            reaches(a.min(b), column.lower.at(stage)) && reaches(column.upper.at(stage), a.max(b))
        };
        (0..draft.stages).all(free).then(|| Self {
            row: term.row,
            column: index,
            coefficient: term.coefficient.clone(),
            cost: column.cost.clone(),
            sums: row.lower.clone(),
            rest: draft.terms_of_row(term.row).filter(|term| term.column != index).cloned().collect(),
        })
    }

    /// What a unit of the row's sum costs in a stage.
    fn price(&self, stage: usize) -> f64 {
        self.cost.at(stage) / self.coefficient.at(stage)
    }

    fn take(&self, draft: &mut Draft) {
        for term in &self.rest {
            let cost = &draft.columns[term.column].cost;
            let costs = (0..draft.stages).map(|stage| cost.at(stage) - self.price(stage) * term.coefficient.at(stage));
            draft.columns[term.column].cost = tidy(Profile::Series(costs.collect()));
        }
        draft.rows[self.row].kept = false;
        draft.columns[self.column].kept = false;
    }

    /// Sets its values and the duals of the row.
    pub(super) fn restore(&self, values: &mut Array2<f64>, duals: &mut Array2<f64>) {
        for stage in 0..values.ncols() {
            let rest: f64 =
                self.rest.iter().map(|term| term.coefficient.at(stage) * values[[term.column, stage]]).sum();
            values[[self.column, stage]] = (self.sums.at(stage) - rest) / self.coefficient.at(stage);
            duals[[self.row, stage]] = self.price(stage);
        }
    }
}
