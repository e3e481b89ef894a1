//! The conversion of a presolved problem to standard form, and of its solution back: starting points of boxes, slacks,
//! artificial bounds, units.

use anergy_profile::Profile;
use ndarray::{Array2, ArrayView2};

use super::global_scaling::GlobalScaling;
use super::presolved::{Dynamics, PresolvedColumn, PresolvedProblem};
use super::sizes::{cost_unit, largest_size, mean_costs, mean_size, penalty_threshold, typical_cost};
use super::standard_form::{LaggedEntry, StandardColumn, StandardEntry, StandardForm, StandardGlobals};
use crate::Lag;

/// Distance of an artificial bound, in multiples of the largest right-hand side.
const ARTIFICIAL_BOUND_FACTOR: f64 = 1e3;
/// Distance of a lower bound from 0, in the units of the scaled problem, beyond which the method starts at 0 instead of
/// near the bound.
const FAR: f64 = 30.0;
/// Width, in the units of the scaled problem, below which a column is fixed.
pub(super) const LEAST_WIDTH: f64 = 1e-12;

/// The standard form of a presolved problem, with the data to map a solution back.
#[derive(Debug)]
pub(super) struct Standardized {
    pub(super) form: StandardForm,
    /// For each column of the form, the column of the presolved problem; `None` for slacks.
    pub(super) columns: Vec<Option<usize>>,
    /// For each row of the form, the row of the presolved problem and the coefficient by which it was divided.
    pub(super) rows: Vec<(usize, Profile)>,
    /// For each row of the presolved problem, the row of the form; `None` if it is not active.
    pub(super) row_of_form: Vec<Option<usize>>,
    /// Absolute value of the bound that replaces a missing one.
    pub(super) artificial_bound: f64,
    /// Unit of the values of the form, in the units of the problem.
    pub(super) value_unit: f64,
    /// Unit of the costs per value of the form, in EUR per unit of the problem.
    pub(super) cost_unit: f64,
    /// Cost above which a column is a penalty, EUR per unit.
    penalty_threshold: f64,
    /// Scaling of the global columns and rows.
    pub(super) global_scaling: GlobalScaling,
}

/// The row of a state with diagonal dynamics: `own x_t + before x_{t-1} + .. = sum`.
struct DiagonalRow {
    row: usize,
    own: Profile,
}

impl DiagonalRow {
    /// Returns the row of `state`; `None` if the state is in another row too, or in a row with another state.
    fn of(presolved: &PresolvedProblem<'_>, dynamics: &Dynamics, state: usize) -> Option<Self> {
        let (mut own, mut before) = (None, None);
        for term in presolved.terms_of_column(state) {
            let place = if term.lag == Lag::Same { &mut own } else { &mut before };
            if place.replace(term).is_some() {
                return None;
            }
        }
        let (own, before) = (own?, before?);
        let alone = presolved.terms_of_row(own.row).all(|term| term.column == state || !dynamics.is_state[term.column]);
        let usable = own.row == before.row && alone && own.coefficient.all(|a| a != 0.0);
        usable.then(|| Self { row: own.row, own: own.coefficient.clone().into_owned() })
    }
}

impl Standardized {
    /// Converts `presolved` to standard form, with artificial bounds `bound_factor` times as far away as usual.
    pub(super) fn of(presolved: &PresolvedProblem<'_>, bound_factor: f64) -> Self {
        let lags = presolved.dynamics();
        let kept_columns: Vec<usize> =
            (0..presolved.columns.len()).filter(|&column| presolved.columns[column].active).collect();
        let (states, flows): (Vec<usize>, Vec<usize>) =
            kept_columns.iter().copied().partition(|&column| lags.is_state[column]);
        let kept_rows: Vec<usize> = (0..presolved.rows.len()).filter(|&row| presolved.rows[row].active).collect();
        let (statics, rest): (Vec<usize>, Vec<usize>) = kept_rows.iter().copied().partition(|&row| lags.is_static[row]);
        let dynamics = states.iter().map(|&state| DiagonalRow::of(presolved, &lags, state)).collect::<Option<Vec<_>>>();
        let one_each = |dynamics: &Vec<DiagonalRow>| {
            let mut rows: Vec<usize> = dynamics.iter().map(|dynamics| dynamics.row).collect();
            rows.sort_unstable();
            rows == rest
        };
        let dynamics = dynamics.filter(one_each);
        let one = Profile::Constant(1.0);
        let rows: Vec<_> = match &dynamics {
            Some(dynamics) => {
                let statics = statics.iter().map(|&row| (row, one.clone()));
                statics.chain(dynamics.iter().map(|dynamics| (dynamics.row, dynamics.own.clone()))).collect()
            }
            None => kept_rows.iter().map(|&row| (row, one.clone())).collect(),
        };
        let mut row_of_form = vec![None; presolved.rows.len()];
        rows.iter().enumerate().for_each(|(index, (row, _))| row_of_form[*row] = Some(index));
        let value_unit = value_unit(presolved, &rows);
        let artificial_bound = bound_factor * ARTIFICIAL_BOUND_FACTOR * largest_sum(presolved, &rows).max(value_unit);
        let costs = mean_costs(kept_columns.iter().map(|&column| &*presolved.columns[column].cost));
        let mut standardized = Self {
            form: StandardForm {
                stages: presolved.stages,
                diagonal: dynamics.as_ref().map(Vec::len),
                columns: Vec::new(),
                entries: Vec::new(),
                lagged: Vec::new(),
                sums: Vec::new(),
                typical_cost: typical_cost(&costs) / cost_unit(&costs),
                globals: StandardGlobals::default(),
            },
            columns: Vec::new(),
            artificial_bound,
            value_unit,
            cost_unit: cost_unit(&costs),
            penalty_threshold: penalty_threshold(&costs),
            global_scaling: GlobalScaling::of(presolved, &rows, &row_of_form, [value_unit, artificial_bound]),
            row_of_form,
            rows,
        };
        for row in 0..standardized.rows.len() {
            let sums = standardized.sums_of(presolved, row);
            standardized.form.sums.push(sums);
        }
        flows.iter().for_each(|&flow| standardized.add_column(presolved, flow));
        (0..standardized.rows.len()).for_each(|row| standardized.add_slack(presolved, row));
        states.iter().for_each(|&state| standardized.add_column(presolved, state));
        standardized.add_globals(presolved);
        standardized
    }

    /// Returns the right-hand sides of a row, scaled, less the contributions of the starting points of the columns.
    fn sums_of(&self, presolved: &PresolvedProblem<'_>, row: usize) -> Vec<f64> {
        let (source, own) = &self.rows[row];
        let (lower, upper) = (&presolved.rows[*source].lower, &presolved.rows[*source].upper);
        let anchor = |stage| match (lower.at(stage), upper.at(stage)) {
            (lower, _) if lower.is_finite() => lower,
            (_, upper) if upper.is_finite() => upper,
            // A row without limits: its slack takes any sum, starting from the middle of its box.
            _ => 0.5 * self.artificial_bound,
        };
        let mut sums: Vec<f64> = (0..presolved.stages).map(anchor).collect();
        for term in presolved.terms_of_row(*source) {
            let start = self.start(&presolved.columns[term.column].lower);
            if start == Profile::Constant(0.0) {
                continue;
            }
            for (stage, sum) in sums.iter_mut().enumerate() {
                if let Some(from) = term.lag.column_stage(stage, presolved.stages) {
                    *sum -= term.coefficient.at(stage) * start.at(from);
                }
            }
        }
        self.global_scaling.subtract_starts(presolved, *source, &mut sums);
        sums.iter_mut().enumerate().for_each(|(stage, sum)| *sum /= own.at(stage) * self.value_unit);
        sums
    }

    /// Returns the cost of all flows at the typical cost, which is at most `most` per unit.
    pub(super) fn turnover(&self, presolved: &PresolvedProblem<'_>, values: ArrayView2<'_, f64>, most: f64) -> f64 {
        let flows = self.columns.iter().flatten().filter(|&&column| !presolved.is_state(column));
        let energy: f64 = flows.map(|&column| values.row(column).iter().map(|value| value.abs()).sum::<f64>()).sum();
        energy * (self.form.typical_cost * self.cost_unit).min(most)
    }

    /// Returns the starting point of the box of a column, which is the zero of the standard form.
    pub(super) fn start(&self, lower: &Profile) -> Profile {
        lower.map(|lower| lower.max(-self.artificial_bound))
    }

    /// Returns the initial value of a column without a lower bound or with one that is [`FAR`] away, near its upper bound
    /// or at the value 0; `None` for any other column.
    fn initial_value(&self, column: &PresolvedColumn<'_>, stages: usize) -> Option<Profile> {
        let is_near = |bound: f64| bound.abs() < FAR * self.value_unit;
        let bounded = column.lower.all(is_near);
        (!bounded).then(|| {
            combined(&column.lower, &column.upper, stages, |lower, upper| {
                let start = lower.max(-self.artificial_bound);
                let width = upper.min(self.artificial_bound) - start;
                let room = (0.5 * width).min(self.value_unit);
                if is_near(lower) {
                    room / self.value_unit
                } else if is_near(upper) {
                    (width - room) / self.value_unit
                } else {
                    -start / self.value_unit
                }
            })
        })
    }

    /// Adds a column of the presolved problem and its entries to the form.
    fn add_column(&mut self, presolved: &PresolvedProblem<'_>, column: usize) {
        let source = &presolved.columns[column];
        let start = self.start(&source.lower);
        let width = combined(&source.upper, &start, presolved.stages, |upper, start| {
            (upper.min(self.artificial_bound) - start) / self.value_unit
        });
        let (width, movable) = width_and_mask(&width);
        // The curvature adds to the slope at the starting point of the box: q (start + x)^2 / 2.
        let slope = if *source.quadratic == Profile::Constant(0.0) {
            source.cost.clone().into_owned()
        } else {
            let at_start = combined(source.quadratic, &start, presolved.stages, |q, start| q * start);
            combined(&source.cost, &at_start, presolved.stages, |cost, more| cost + more)
        };
        let (value_unit, cost_unit) = (self.value_unit, self.cost_unit);
        self.form.columns.push(StandardColumn {
            origin: Some(start)
                .filter(|start| *start != Profile::Constant(0.0))
                .map(|start| start.map(|start| start / self.value_unit)),
            initial_value: self.initial_value(source, presolved.stages),
            movable,
            upper: width,
            cost: slope.map(|cost| cost / cost_unit),
            quadratic: source.quadratic.map(|q| q * value_unit / cost_unit),
            is_penalty: mean_size(&source.cost).is_some_and(|cost| cost > self.penalty_threshold),
        });
        self.columns.push(Some(column));
        let column_of_form = self.columns.len() - 1;
        for term in presolved.terms_of_column(column) {
            let Some(row) = self.row_of_form[term.row] else { continue };
            let coefficient = combined(&term.coefficient, &self.rows[row].1, presolved.stages, |a, own| a / own);
            if term.lag == Lag::Same {
                self.form.entries.push(StandardEntry { row, column: column_of_form, coefficient });
            } else {
                let wraps = term.lag == Lag::PreviousCyclic;
                self.form.lagged.push(LaggedEntry { row, column: column_of_form, coefficient, wraps });
            }
        }
    }

    /// Adds the slack of a row that is no equality: terms - slack = lower, or terms + slack = upper.
    fn add_slack(&mut self, presolved: &PresolvedProblem<'_>, row: usize) {
        let (source, own) = &self.rows[row];
        if presolved.is_equality(*source) {
            return;
        }
        let (lower, upper) = (&presolved.rows[*source].lower, &presolved.rows[*source].upper);
        let width = combined(lower, upper, presolved.stages, |lower, upper| {
            (upper - lower).min(self.artificial_bound) / self.value_unit
        });
        let (width, movable) = width_and_mask(&width);
        let sign =
            combined(lower, own, presolved.stages, |lower, own| if lower.is_finite() { -1.0 } else { 1.0 } / own);
        let free = Profile::Constant(0.0);
        let unbounded = |lower: f64, upper: f64| !lower.is_finite() && !upper.is_finite();
        let somewhere = (0..presolved.stages).any(|stage| unbounded(lower.at(stage), upper.at(stage)));
        let initial_value = somewhere.then(|| {
            let middle = 0.5 * self.artificial_bound / self.value_unit;
            let near = combined(
                lower,
                upper,
                presolved.stages,
                |lower, upper| if unbounded(lower, upper) { middle } else { 1.0 },
            );
            combined(&near, &width, presolved.stages, |near, width| near.min(0.5 * width))
        });
        self.form.columns.push(StandardColumn {
            upper: width,
            cost: free.clone(),
            quadratic: free,
            movable,
            origin: None,
            initial_value,
            is_penalty: false,
        });
        self.columns.push(None);
        self.form.entries.push(StandardEntry { row, column: self.columns.len() - 1, coefficient: sign });
    }

    /// Writes the values of the active columns (shape columns x stages); `value(column, stage)` is in the units of the
    /// form.
    pub(super) fn restore_values(
        &self,
        presolved: &PresolvedProblem<'_>,
        value: impl Fn(usize, usize) -> f64,
        values: &mut Array2<f64>,
    ) {
        for (index, origin) in self.columns.iter().enumerate() {
            let Some(column) = *origin else { continue };
            let source = &presolved.columns[column];
            let start = self.start(&source.lower);
            for (stage, out) in values.row_mut(column).iter_mut().enumerate() {
                let room = source.upper.at(stage) - source.lower.at(stage);
                let moved =
                    if room > LEAST_WIDTH * self.value_unit { self.value_unit * value(index, stage) } else { 0.0 };
                let inside = start.at(stage) + moved;
                *out = inside.max(source.lower.at(stage)).min(source.upper.at(stage));
            }
        }
    }

    /// Writes the duals of the active rows (shape rows x stages).
    pub(super) fn restore_duals(&self, dual: impl Fn(usize, usize) -> f64, duals: &mut Array2<f64>) {
        for (index, (row, own)) in self.rows.iter().enumerate() {
            for (stage, out) in duals.row_mut(*row).iter_mut().enumerate() {
                *out = dual(index, stage) * self.cost_unit / own.at(stage);
            }
        }
    }

    /// Writes the reduced costs of the active columns (shape columns x stages).
    pub(super) fn restore_multipliers(&self, multiplier: impl Fn(usize, usize) -> f64, out: &mut Array2<f64>) {
        for (index, origin) in self.columns.iter().enumerate() {
            let Some(column) = *origin else { continue };
            for (stage, out) in out.row_mut(column).iter_mut().enumerate() {
                *out = multiplier(index, stage) * self.cost_unit;
            }
        }
    }

    /// Returns whether a value of a column without one of its bounds is beyond half the artificial bound.
    pub(super) fn touches_artificial_bound(
        &self,
        presolved: &PresolvedProblem<'_>,
        values: ArrayView2<'_, f64>,
    ) -> bool {
        let columns = self.columns.iter().flatten();
        columns.copied().any(|column| {
            let source = &presolved.columns[column];
            let bounded = source.lower.all(f64::is_finite) && source.upper.all(f64::is_finite);
            !bounded && values.row(column).iter().any(|value| value.abs() > 0.5 * self.artificial_bound)
        })
    }
}

/// Returns the widths of the boxes, and a mask with 1 where a column may move and 0 where it is fixed; the mask is
/// `None` if the column may move in every stage. A fixed column gets a box of arbitrary width, which is never used.
fn width_and_mask(width: &Profile) -> (Profile, Option<Profile>) {
    let movable = width.map(|width| f64::from(u8::from(width > LEAST_WIDTH)));
    let movable = Some(movable).filter(|movable| !movable.all(|movable| movable == 1.0));
    (width.map(|width| if width > LEAST_WIDTH { width } else { 2.0 }), movable)
}

/// Returns the unit of the scaled values: the mean size of the right-hand sides and of the lower bounds above zero, or
/// of all bounds if there are none, or 1.
fn value_unit(presolved: &PresolvedProblem<'_>, rows: &[(usize, Profile)]) -> f64 {
    let sums = rows.iter().map(|(row, _)| &presolved.rows[*row]).flat_map(|row| [&*row.lower, &*row.upper]);
    let kept = || presolved.columns.iter().filter(|column| column.active);
    let (negative, positive): (Vec<_>, Vec<_>) =
        kept().map(|column| &*column.lower).partition(|lower| lower.all(|lower| lower <= 0.0));
    let of_sums = sums.chain(positive).filter_map(mean_size).fold(0.0, f64::max);
    // Negative bounds that are far away are no size of any value.
    let of_negative = negative.into_iter().filter_map(mean_size).filter(|size| *size <= 100.0 * of_sums);
    let of_sums = of_negative.fold(of_sums, f64::max);
    if of_sums > 0.0 {
        return of_sums;
    }
    let of_bounds =
        kept().flat_map(|column| [&*column.lower, &*column.upper]).filter_map(mean_size).fold(0.0, f64::max);
    if of_bounds > 0.0 { of_bounds } else { 1.0 }
}

/// Returns the largest finite absolute right-hand side.
fn largest_sum(presolved: &PresolvedProblem<'_>, rows: &[(usize, Profile)]) -> f64 {
    let sums = rows.iter().map(|(row, _)| &presolved.rows[*row]).flat_map(|row| [&*row.lower, &*row.upper]);
    sums.map(largest_size).fold(0.0, f64::max)
}

/// Returns the profile of `f(a_t, b_t)`; a constant if both profiles are constants.
pub(super) fn combined(a: &Profile, b: &Profile, stages: usize, f: impl Fn(f64, f64) -> f64) -> Profile {
    match (a, b) {
        (Profile::Constant(a), Profile::Constant(b)) => Profile::Constant(f(*a, *b)),
        (a, Profile::Constant(b)) => a.map(|a| f(a, *b)),
        (Profile::Constant(a), b) => b.map(|b| f(*a, b)),
        (a, b) => Profile::Series((0..stages).map(|stage| f(a.at(stage), b.at(stage))).collect()),
    }
}
