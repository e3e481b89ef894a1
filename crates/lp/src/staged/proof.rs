//! Acceptance of a solution: what its values and duals prove about the original problem.

use anergy_profile::Profile;

use super::sizes::{largest_size, mean_costs, mean_size, penalty_threshold};
use crate::{Certificate, Column, ColumnId, Solution, StagedProblem, TOLERANCE};

/// Largest accepted dual of an infinite side, relative to the largest cost; for reduced costs of columns that are no
/// penalties, relative to the largest cost of such columns.
const DUAL_TOLERANCE: f64 = 1e-8;
/// Largest violation of rows and bounds, in the units of the problem; stricter than the rule of the certificate.
const OWN_TOLERANCE: f64 = 0.5 * TOLERANCE;
/// Share of the largest value that is added to [`OWN_TOLERANCE`].
const OWN_RELATIVE_TOLERANCE: f64 = 5e-12;
/// Largest relative gap of a fully proven solution.
const GAP_TOLERANCE: f64 = 4e-9;
/// Largest relative gap of a solution that is accepted if no other solver proves more.
const LOOSE_GAP_TOLERANCE: f64 = 1e-6;
/// Largest relative gap of a vertex: the tolerance of common simplex codes.
const VERTEX_GAP_TOLERANCE: f64 = 1e-7;
/// The gap is relative to the objective, or to this share of the sum of its absolute terms if that is larger.
const SHARE_OF_TERMS: f64 = 1e-3;
/// A gap of this share of the absolute terms, reduced by [`SHARE_OF_TERMS`], is sufficient without another attempt.
const TERMS_GAP_TOLERANCE: f64 = 1e-8;
/// Rounding error of the duals: where the objective is zero, the products of all bounds with the rounded duals are not.
const ROUNDING: f64 = 1e-15;

/// The optimality gap that values and duals prove.
#[derive(Debug, Clone)]
pub(crate) struct OptimalityProof {
    /// Gap in multiples of the gap that is sufficient without another attempt.
    pub(crate) unproven: f64,
    /// Gap relative to the cost apart from penalties.
    gap: f64,
    /// Reason why the gap is not sufficient if another solver could prove more; `None` if it is.
    pub(crate) reason: Option<String>,
}

impl OptimalityProof {
    /// Returns whether the gap is sufficient without another attempt.
    pub(crate) fn is_sufficient(&self) -> bool {
        self.reason.is_none() || self.unproven <= 1.0
    }

    /// Returns whether the gap is sufficient for a vertex if no other solver proves more.
    pub(crate) fn is_sufficient_for_vertex(&self) -> bool {
        self.is_sufficient() || self.gap <= VERTEX_GAP_TOLERANCE
    }
}

/// Returns the gap that values and duals prove, or the reason why they prove nothing. `turnover` is the cost of all
/// flows at the typical cost, which sets the scale where costs cancel or are almost zero.
pub(crate) fn proven(problem: &StagedProblem, solution: &Solution, turnover: f64) -> Result<OptimalityProof, String> {
    let certificate = Certificate::of(problem, solution);
    if !is_feasible(&certificate, solution) {
        let worst = certificate.worst();
        return Err(format!("its best answer misses {} by {:.1e}", worst.name, worst.size));
    }
    let Some(optimality) = &certificate.optimality else { return Err("its answer has no duals".to_owned()) };
    if !within(optimality.dual.size, DUAL_TOLERANCE * largest_cost(problem)) {
        return Err(format!("its duals miss {} by {:.1e}", optimality.dual.name, optimality.dual.size));
    }
    if let Some(name) = attractive_unbounded_column(problem, solution) {
        return Err(format!("the reduced cost has the wrong sign at a missing bound of {name}"));
    }
    let difference = (optimality.primal_objective - optimality.dual_objective).abs();
    let rounding = ROUNDING * largest_cost(problem) * bounds(problem).max(1.0);
    if within(difference.max(optimality.primal_objective.abs()), rounding) {
        return Ok(OptimalityProof { unproven: 0.0, gap: 0.0, reason: None });
    }
    let ObjectiveTerms { ordinary, absolute } = ObjectiveTerms::of(problem, solution);
    // The turnover of many small flows must not exceed the largest flow at the largest cost.
    let turnover = turnover.min(largest_cost(problem) * largest_value(solution));
    let size = ordinary.abs().max(SHARE_OF_TERMS * absolute.max(turnover));
    let gap = if difference == 0.0 { 0.0 } else { difference / size };
    let target = TERMS_GAP_TOLERANCE * SHARE_OF_TERMS * absolute.max(turnover);
    let reason = format!("its duals leave a relative gap of {gap:.1e}");
    if !within(gap, LOOSE_GAP_TOLERANCE) {
        return Err(reason);
    }
    let enough = within(gap, GAP_TOLERANCE);
    Ok(OptimalityProof {
        unproven: difference / target.max(f64::MIN_POSITIVE),
        gap,
        reason: (!enough).then_some(reason),
    })
}

/// Returns the name of a column of ordinary cost whose reduced cost has the wrong sign at a side without a bound, so
/// that the duals prove nothing; `None` if there is none.
fn attractive_unbounded_column<'a>(problem: &'a StagedProblem, solution: &Solution) -> Option<&'a str> {
    let reduced_costs = &solution.duals.as_ref()?.reduced_costs;
    let costs = mean_costs(problem.columns().iter().map(|column| &column.cost));
    let threshold = penalty_threshold(&costs);
    if threshold == f64::INFINITY {
        return None;
    }
    let is_ordinary = |column: &Column| mean_size(&column.cost).is_none_or(|cost| cost <= threshold);
    let ordinary = || problem.columns().iter().enumerate().filter(|(_, column)| is_ordinary(column));
    let largest = ordinary().map(|(_, column)| largest_size(&column.cost)).fold(0.0, f64::max);
    let is_attractive = |(index, column): &(usize, &Column)| {
        reduced_costs.row(*index).iter().enumerate().any(|(stage, &reduced)| {
            let side = if reduced > 0.0 { column.lower.at(stage) } else { column.upper.at(stage) };
            side.is_infinite() && reduced.abs() > DUAL_TOLERANCE * largest
        })
    };
    ordinary().find(is_attractive).map(|(_, column)| column.name.as_str())
}

/// Returns whether a solution satisfies rows and bounds, whatever its cost.
pub(super) fn satisfies(problem: &StagedProblem, solution: &Solution) -> bool {
    let certificate = Certificate::of_values(problem, solution.values.view(), &solution.globals);
    is_feasible(&certificate, solution)
}

/// Returns whether all violations are accepted by the rule of the certificate, and are small beside the largest value:
/// the rule allows for the digits that a simplex method loses in rows of large terms, which this solver need not lose.
fn is_feasible(certificate: &Certificate, solution: &Solution) -> bool {
    let own = OWN_TOLERANCE + OWN_RELATIVE_TOLERANCE * largest_value(solution);
    certificate.excess.is_none() && certificate.global_excess.is_none() && within(certificate.worst().size, own)
}

/// Returns the largest absolute value of a solution.
fn largest_value(solution: &Solution) -> f64 {
    let values = solution.values.iter().chain(&solution.globals);
    values.fold(0.0_f64, |largest, value| largest.max(value.abs()))
}

/// Returns whether a size is a number and at most `tolerance`.
fn within(size: f64, tolerance: f64) -> bool {
    size <= tolerance
}

/// Sums over the terms of the objective.
struct ObjectiveTerms {
    /// Sum of the terms apart from penalties, beside which the errors of the other terms would not be seen.
    ordinary: f64,
    /// Sum of the absolute values of all terms.
    absolute: f64,
}

impl ObjectiveTerms {
    fn of(problem: &StagedProblem, solution: &Solution) -> Self {
        let penalty_threshold = penalty_threshold(&mean_costs(problem.columns().iter().map(|column| &column.cost)));
        let mut paid = Self { ordinary: 0.0, absolute: 0.0 };
        for (index, (column, values)) in problem.columns().iter().zip(solution.values.rows()).enumerate() {
            let quadratic = problem.quadratic(ColumnId(index));
            if column.cost == Profile::Constant(0.0) && *quadratic == Profile::Constant(0.0) {
                continue;
            }
            let is_ordinary = mean_size(&column.cost).is_none_or(|cost| cost <= penalty_threshold);
            for (stage, value) in values.iter().enumerate() {
                let (linear, curved) = (column.cost.at(stage) * value, 0.5 * quadratic.at(stage) * value * value);
                paid.absolute += linear.abs() + curved.abs();
                if is_ordinary {
                    paid.ordinary += linear + curved;
                }
            }
        }
        for (column, value) in problem.global_columns().iter().zip(&solution.globals) {
            paid.absolute += (column.cost * value).abs();
            paid.ordinary += column.cost * value;
        }
        paid
    }
}

/// Returns the largest absolute cost of the columns; if all are zero, of the global columns; if those are zero too, 1.
fn largest_cost(problem: &StagedProblem) -> f64 {
    let of_stages = problem.columns().iter().map(|column| largest_size(&column.cost));
    let largest = of_stages.fold(0.0, f64::max);
    let shared = || problem.global_columns().iter().fold(0.0_f64, |largest, column| largest.max(column.cost.abs()));
    [largest, shared(), 1.0].into_iter().find(|cost| *cost > 0.0).unwrap_or(1.0)
}

/// Returns the sum of the absolute values of all finite bounds.
fn bounds(problem: &StagedProblem) -> f64 {
    let size = |bound: f64| if bound.is_finite() { bound.abs() } else { 0.0 };
    let of_profile = |profile: &Profile| match profile {
        Profile::Constant(bound) => size(*bound) * problem.stages() as f64,
        Profile::Series(bounds) => bounds.iter().map(|bound| size(*bound)).sum(),
    };
    let columns = problem.columns().iter().flat_map(|column| [&column.lower, &column.upper]);
    let rows = problem.rows().iter().flat_map(|row| [&row.lower, &row.upper]);
    let shared = problem.global_columns().iter().map(|column| size(column.lower) + size(column.upper));
    let shared_rows = problem.global_rows().iter().map(|row| size(row.lower) + size(row.upper));
    columns.chain(rows).map(of_profile).sum::<f64>() + shared.chain(shared_rows).sum::<f64>()
}

/// Returns the largest absolute finite right-hand side of the rows and global rows.
pub(crate) fn largest_sum(problem: &StagedProblem) -> f64 {
    let rows = problem.rows().iter().flat_map(|row| [&row.lower, &row.upper]).map(largest_size);
    let shared = problem.global_rows().iter().flat_map(|row| [row.lower, row.upper]);
    rows.chain(shared.map(|bound| largest_size(&bound.into()))).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Duals, Lag, Row};

    /// An expensive source serves a demand that a cheap one could serve, beside a penalty that is much larger than both
    /// costs.
    #[test]
    fn a_wrong_reduced_cost_is_found_beside_a_penalty() {
        let mut problem = StagedProblem::new("bargain", 3);
        let balance = problem.add_row(Row::equal("balance", 2.0));
        let columns = [("cheap", 0.300), ("dear", 0.305), ("unmet", 1e6)].map(|(name, cost)| {
            let (lower, upper) = (0.0.into(), f64::INFINITY.into());
            let column = problem.add_column(Column { name: name.into(), lower, upper, cost: cost.into() });
            problem.add_term(balance, column, Lag::Same, 1.0);
            column
        });
        let judged = |source: usize, price: f64| {
            let mut solution = Solution::zeros(&problem);
            solution.values.row_mut(columns[source].index()).fill(2.0);
            solution.objective = problem.objective(solution.values.view(), &[]);
            let mut duals = Duals::zeros(&problem);
            duals.rows.fill(price);
            problem.reduced_costs(solution.values.view(), &mut duals);
            solution.duals = Some(duals);
            proven(&problem, &solution, 0.0)
        };
        assert!(judged(0, 0.300).is_ok_and(|proof| proof.reason.is_none()));
        assert_eq!(judged(1, 0.305).unwrap_err(), "the reduced cost has the wrong sign at a missing bound of cheap");
    }
}
