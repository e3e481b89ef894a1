//! Bounds of row activities, and bounds of duals.

use anergy_profile::Profile;

use super::super::presolved::{PresolvedProblem, PresolvedTerm};
use crate::{GlobalTerm, Lag, SumTerm};

/// Relative difference below which two numbers are equal up to rounding.
const ROUNDING: f64 = 1e-12;

/// The terms of a row, optionally without those of one column.
pub(super) struct RowActivity<'a> {
    presolved: &'a PresolvedProblem<'a>,
    row: usize,
    terms: Vec<&'a PresolvedTerm<'a>>,
}

/// Returns the least and the largest product of a factor with a value within bounds.
fn products(factor: f64, lower: f64, upper: f64) -> [f64; 2] {
    let [a, b] = [factor * lower, factor * upper];
    [a.min(b), a.max(b)]
}

/// Returns the least and the largest activity of a global row that the bounds of the columns allow.
pub(super) fn global_range(presolved: &PresolvedProblem<'_>, sums: &[&SumTerm], terms: &[&GlobalTerm]) -> [f64; 2] {
    let [mut least, mut largest] = [0.0, 0.0];
    let mut add = |factor: f64, lower: f64, upper: f64| {
        if factor != 0.0 {
            let [low, high] = products(factor, lower, upper);
            (least, largest) = (least + low, largest + high);
        }
    };
    for term in sums {
        let column = &presolved.columns[term.column.index()];
        for stage in 0..presolved.stages {
            add(term.coefficient.at(stage), column.lower.at(stage), column.upper.at(stage));
        }
    }
    for term in terms {
        let column = &presolved.globals.columns[term.column.index()];
        add(term.coefficient, column.lower, column.upper);
    }
    [least, largest]
}

impl<'a> RowActivity<'a> {
    /// Collects the active terms of `row`, those of the column `without` excepted.
    pub(super) fn of(presolved: &'a PresolvedProblem<'a>, row: usize, without: Option<usize>) -> Self {
        Self {
            presolved,
            row,
            terms: presolved.terms_of_row(row).filter(|term| Some(term.column) != without).collect(),
        }
    }

    /// Returns the least and the largest activity in a stage that the bounds of the columns allow.
    pub(super) fn range(&self, stage: usize) -> [f64; 2] {
        let [mut least, mut largest] = [0.0, 0.0];
        for term in &self.terms {
            let (from, factor) = (term.lag.column_stage(stage, self.presolved.stages), term.coefficient.at(stage));
            let Some(from) = from.filter(|_| factor != 0.0) else { continue };
            let column = &self.presolved.columns[term.column];
            let [low, high] = products(factor, column.lower.at(from), column.upper.at(from));
            (least, largest) = (least + low, largest + high);
        }
        let globals = &self.presolved.globals;
        for term in globals.spread_of_row[self.row].iter().map(|&term| &globals.spread[term]) {
            let (factor, column) = (term.coefficient.at(stage), &globals.columns[term.column.index()]);
            if factor != 0.0 {
                let [low, high] = products(factor, column.lower, column.upper);
                (least, largest) = (least + low, largest + high);
            }
        }
        [least, largest]
    }
}

/// Returns whether `value` is at least `least`, up to rounding.
pub(super) fn reaches(value: f64, least: f64) -> bool {
    let rounding = ROUNDING * least.abs().max(value.abs());
    value >= least || (rounding.is_finite() && least - value <= rounding)
}

/// Returns the least and the largest value of a profile.
pub(super) fn extremes(profile: &Profile) -> [f64; 2] {
    match profile {
        Profile::Constant(value) => [*value; 2],
        Profile::Series(values) => {
            values.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[least, largest], &value| {
                [least.min(value), largest.max(value)]
            })
        }
    }
}

/// Bounds of the duals of each row over all stages. A column in no other row bounds them by its cost, on each side on
/// which none of its bounds can be active.
pub(super) struct DualBounds(Vec<[f64; 2]>);

impl DualBounds {
    /// Computes the bounds of the duals of all rows.
    pub(super) fn of(presolved: &PresolvedProblem<'_>) -> Self {
        let of_row = |row: usize| {
            let bounds = &presolved.rows[row];
            let no_least = bounds.lower.all(|lower| lower == f64::NEG_INFINITY);
            let no_largest = bounds.upper.all(|upper| upper == f64::INFINITY);
            [if no_largest { 0.0 } else { f64::NEG_INFINITY }, if no_least { 0.0 } else { f64::INFINITY }]
        };
        let mut bounds = Self((0..presolved.rows.len()).map(of_row).collect());
        for (index, column) in
            presolved.columns.iter().enumerate().filter(|(_, column)| column.active && !column.shared)
        {
            let linear = column.quadratic.all(|q| q == 0.0);
            if let Some(term) = presolved.only_term(index).filter(|term| linear && term.lag == Lag::Same) {
                bounds.tighten(presolved, term);
            }
        }
        bounds
    }

    /// Tightens the bounds by one column. Its reduced cost `cost - a y` is not negative if the upper bound cannot be
    /// active, and not positive if the lower bound cannot be: because there is no such bound, or because the row keeps
    /// the column away from it.
    fn tighten(&mut self, presolved: &PresolvedProblem<'_>, term: &PresolvedTerm<'_>) {
        let [least, largest] = extremes(&term.coefficient);
        if least <= 0.0 && largest >= 0.0 {
            return;
        }
        let column = &presolved.columns[term.column];
        let row = &presolved.rows[term.row];
        let rest = RowActivity::of(presolved, term.row, Some(term.column));
        // The least and the largest value of the column that the row allows in a stage.
        let left = |stage: usize| {
            let ([least, largest], factor) = (rest.range(stage), term.coefficient.at(stage));
            let ends = [row.lower.at(stage) - largest, row.upper.at(stage) - least];
            let [a, b] = ends.map(|end| end / factor);
            [a.min(b), a.max(b)]
        };
        let mut stages = 0..presolved.stages;
        let free_below = column.lower.all(|lower| lower == f64::NEG_INFINITY)
            || (!row.shared && stages.all(|stage| left(stage)[0] > column.lower.at(stage)));
        let mut stages = 0..presolved.stages;
        let free_above = column.upper.all(|upper| upper == f64::INFINITY)
            || (!row.shared && stages.all(|stage| left(stage)[1] < column.upper.at(stage)));
        if !free_below && !free_above {
            return;
        }
        let price = |stage| column.cost.at(stage) / term.coefficient.at(stage);
        let [mut lowest, mut highest] = [f64::INFINITY, f64::NEG_INFINITY];
        for stage in 0..presolved.stages {
            (lowest, highest) = (lowest.min(price(stage)), highest.max(price(stage)));
        }
        let [lower, upper] = &mut self.0[term.row];
        let (bounds_above, bounds_below) =
            if least > 0.0 { (free_above, free_below) } else { (free_below, free_above) };
        if bounds_above {
            *upper = upper.min(highest);
        }
        if bounds_below {
            *lower = lower.max(lowest);
        }
    }

    /// Returns bounds of the contribution of a term to the reduced cost of its column.
    pub(super) fn of_term(&self, term: &PresolvedTerm<'_>) -> [f64; 2] {
        let mut prices = self.0[term.row];
        if prices == [f64::NEG_INFINITY, f64::INFINITY] {
            return prices;
        }
        if term.lag == Lag::Previous {
            // The value of the last stage enters no row.
            prices = [prices[0].min(0.0), prices[1].max(0.0)];
        }
        // The product of 0 and infinity is 0 here.
        let products = extremes(&term.coefficient)
            .into_iter()
            .flat_map(|factor| prices.map(|price| if factor == 0.0 || price == 0.0 { 0.0 } else { factor * price }));
        products.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, largest], product| {
            [least.min(product), largest.max(product)]
        })
    }
}
