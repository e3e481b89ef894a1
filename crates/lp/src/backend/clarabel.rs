//! Clarabel through the crate `clarabel`: a general interior-point method for sparse conic problems.
//!
//! It does not use the stages and needs about ten times the effort of the staged solver, but no assumption on the rows:
//! rows may imply each other, and the feasible set need not have an interior. Its solution is clipped to the bounds and
//! judged by the same proof as that of the staged solver.

use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus};

use super::conic_form::ConicForm;
use super::{Backend, Solver};
use crate::staged::{
    INFEASIBILITY, OptimalityProof, RELATIVE_INFEASIBILITY, largest_size, largest_sum, mean_costs, mean_size,
    penalty_threshold, proven,
};
use crate::{
    Certificate, Column, ColumnId, Duals, GlobalColumnId, GlobalRowId, LpError, RowId, Solution, StagedProblem,
};

const NAME: &str = "Clarabel";
/// Version of the crate `clarabel`, which does not tell it; a test compares it with the lock file.
const VERSION: &str = "0.11.1";

/// Tolerances of residuals and gap, relative to the largest numbers of the scaled problem. They are close to rounding:
/// the method converges quickly at its end, and stops by itself where it makes no more progress.
const RESIDUAL_TOLERANCE: f64 = 1e-12;
const GAP_TOLERANCE: f64 = 1e-13;

/// Units of values and costs.
struct Units {
    /// Unit of the values, in multiples of the typical right-hand side.
    value: f64,
    /// Unit of the costs, in multiples of the typical cost.
    cost: f64,
    /// Exponent of the ratio of the largest to the typical cost in the unit of the costs.
    penalty: f64,
}

/// The units that are tried, in this order.
const UNITS: [Units; 4] = [
    Units { value: 1.0, cost: 1.0, penalty: 0.0 },
    Units { value: 1.0, cost: 1.0, penalty: 0.5 },
    Units { value: 1.0, cost: 0.01, penalty: 0.0 },
    Units { value: 100.0, cost: 1.0, penalty: 0.25 },
];

/// Share of the typical right-hand side below which a column with a penalty is taken to be unused.
const UNUSED: f64 = 1e-6;

/// Largest violation of a ray relative to its largest value, and least gain relative to the largest cost.
const RAY_TOLERANCE: f64 = 1e-9;

/// The Clarabel solver. A solution is returned only if its duals prove a relative gap of 4e-9.
#[derive(Debug, Clone, Copy)]
pub struct Clarabel;

impl Backend for Clarabel {
    fn name(&self) -> String {
        format!("{NAME} {VERSION}")
    }

    fn gives_duals(&self) -> bool {
        true
    }

    fn prepare(&self, _problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        Ok(Box::new(ClarabelSolver))
    }
}

struct ClarabelSolver;

impl Solver for ClarabelSolver {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let no_answer = |status| LpError::NoAnswer { problem: problem.name().to_owned(), solver: NAME, status };
        let error = match best_answer(problem) {
            Ok((OptimalityProof { reason: Some(reason), .. }, _)) => no_answer(reason),
            Ok((_, found)) => {
                *solution = found;
                return Ok(());
            }
            Err(Unanswered::Infeasible) => problem.infeasible(),
            // A ray proves nothing where no values satisfy the rows.
            Err(Unanswered::Ray) => match best_answer(&without_costs(problem)) {
                Ok(_) => LpError::Unbounded { problem: problem.name().to_owned() },
                Err(Unanswered::Infeasible) => problem.infeasible(),
                Err(_) => no_answer("it is infeasible or unbounded".to_owned()),
            },
            Err(Unanswered::TooLarge) => LpError::TooLarge {
                problem: problem.name().to_owned(),
                solver: NAME,
                entries: problem.stages() * problem.terms().len(),
            },
            Err(Unanswered::Unproven(reason)) => no_answer(reason),
        };
        Err(error)
    }
}

/// The reasons why no solution of a problem is proven.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// Duals prove that no values satisfy rows and bounds.
    Infeasible,
    /// The objective falls without limit along a direction that no row or bound restricts. The problem is unbounded if
    /// it is feasible.
    Ray,
    /// The problem has more entries than 32-bit indices can number.
    TooLarge,
    /// The solver failed, or what it says is not proven.
    Unproven(String),
}

/// Solves `problem` in several units until a solution is proven, and returns the best one with the gap that its duals
/// prove.
pub(crate) fn best_answer(problem: &StagedProblem) -> Result<(OptimalityProof, Solution), Unanswered> {
    let form = ConicForm::new(problem).ok_or(Unanswered::TooLarge)?;
    let mut judged = JudgedSolutions { problem, best: None, last_reason: String::new() };
    for units in &UNITS {
        let found = match solve(problem, &form, units) {
            Ok(found) => found,
            Err(Unanswered::Unproven(reason)) => {
                judged.last_reason = reason;
                continue;
            }
            Err(certain) => return Err(certain),
        };
        let restricted = without_unused_penalties(problem, &found, UNUSED * form.typical_value);
        if judged.is_sufficient(found) {
            break;
        }
        let Some(restricted) = restricted else { continue };
        let form = ConicForm::new(&restricted).ok_or(Unanswered::TooLarge)?;
        if let Ok(refined) = solve(&restricted, &form, &UNITS[0])
            && judged.is_sufficient(refined)
        {
            break;
        }
    }
    let JudgedSolutions { best, last_reason, .. } = judged;
    best.ok_or(Unanswered::Unproven(last_reason))
}

/// The best of the solutions that were judged, and the reason why the last one was refused.
struct JudgedSolutions<'a> {
    problem: &'a StagedProblem,
    best: Option<(OptimalityProof, Solution)>,
    last_reason: String,
}

impl JudgedSolutions<'_> {
    /// Returns whether a solution, with its duals for the whole problem, is proven; keeps it if it is the best so far.
    fn is_sufficient(&mut self, mut solution: Solution) -> bool {
        if let Some(duals) = &mut solution.duals {
            self.problem.reduced_costs(solution.values.view(), duals);
        }
        solution.objective = self.problem.objective(solution.values.view(), &solution.globals);
        match proven(self.problem, &solution, 0.0) {
            Ok(proof) => {
                let is_sufficient = proof.is_sufficient();
                if self.best.as_ref().is_none_or(|(known, _)| proof.unproven < known.unproven) {
                    self.best = Some((proof, solution));
                }
                is_sufficient
            }
            Err(reason) => {
                self.last_reason = reason;
                false
            }
        }
    }
}

/// Solves `problem` in one pair of units. The solution has values within their bounds and row duals, but neither reduced
/// costs nor objective.
fn solve(problem: &StagedProblem, form: &ConicForm, units: &Units) -> Result<Solution, Unanswered> {
    let settings = DefaultSettings {
        verbose: false,
        max_threads: 1,
        direct_solve_method: "qdldl".to_owned(),
        tol_feas: RESIDUAL_TOLERANCE,
        tol_gap_abs: GAP_TOLERANCE,
        tol_gap_rel: GAP_TOLERANCE,
        ..DefaultSettings::default()
    };
    let value_unit = units.value * form.typical_value;
    let penalty_ratio = form.largest_cost / form.typical_cost;
    let cost_unit = units.cost * form.typical_cost * penalty_ratio.powf(units.penalty);
    let scaled = form.scaled(value_unit, cost_unit);
    let mut solver =
        DefaultSolver::new(&scaled.quadratic, &scaled.costs, &form.matrix, &scaled.sides, &form.cones, settings)
            .map_err(|error| Unanswered::Unproven(error.to_string()))?;
    solver.solve();
    let found = &solver.solution;
    match found.status {
        SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => {
            if is_infeasible(problem, form.duals(problem, &found.z, 1.0)) {
                return Err(Unanswered::Infeasible);
            }
        }
        SolverStatus::DualInfeasible | SolverStatus::AlmostDualInfeasible => {
            if is_ray(problem, ConicForm::values(problem, &found.x, 1.0)) {
                return Err(Unanswered::Ray);
            }
        }
        _ => {
            let mut solution = ConicForm::values(problem, &found.x, value_unit);
            clip(problem, &mut solution);
            solution.duals = Some(form.duals(problem, &found.z, cost_unit));
            return Ok(solution);
        }
    }
    Err(Unanswered::Unproven(format!("it reports {:?} without a proof", found.status)))
}

/// Returns the problem without the penalties of the values up to `unused`, which are fixed at their lower bounds: beside
/// penalties, the duals are too inaccurate for low costs. `None` where no column has a penalty. Duals of the restricted
/// problem are duals of the whole one, whose optimality they prove if the restriction is right.
fn without_unused_penalties(problem: &StagedProblem, solution: &Solution, unused: f64) -> Option<StagedProblem> {
    let threshold = penalty_threshold(&mean_costs(problem.columns().iter().map(|column| &column.cost)));
    let mut restricted: Option<StagedProblem> = None;
    for (index, column) in problem.columns().iter().enumerate() {
        if mean_size(&column.cost).is_none_or(|cost| cost <= threshold) {
            continue;
        }
        let is_unused = |stage: usize| {
            column.cost.at(stage) > 0.0 && solution.values[[index, stage]] - column.lower.at(stage) <= unused
        };
        let restricted = restricted.get_or_insert_with(|| problem.clone());
        let stages = 0..problem.stages();
        let cost = |stage| if is_unused(stage) { 0.0 } else { column.cost.at(stage) };
        let upper = |stage| if is_unused(stage) { column.lower.at(stage) } else { column.upper.at(stage) };
        restricted.set_costs(ColumnId(index), stages.clone().map(cost));
        let lower = stages.clone().map(|stage| column.lower.at(stage));
        restricted.set_bounds(ColumnId(index), lower, stages.map(upper));
    }
    restricted
}

/// Moves values outside their bounds to the bounds.
fn clip(problem: &StagedProblem, solution: &mut Solution) {
    for (column, mut values) in problem.columns().iter().zip(solution.values.rows_mut()) {
        for (stage, value) in values.iter_mut().enumerate() {
            *value = value.max(column.lower.at(stage)).min(column.upper.at(stage));
        }
    }
    for (column, value) in problem.global_columns().iter().zip(&mut solution.globals) {
        *value = value.max(column.lower).min(column.upper);
    }
}

/// Returns the problem without costs: any feasible point is an optimum.
fn without_costs(problem: &StagedProblem) -> StagedProblem {
    let mut feasibility = StagedProblem::clone(problem);
    for index in 0..problem.columns().len() {
        feasibility.set_costs(ColumnId(index), std::iter::repeat_n(0.0, problem.stages()));
        feasibility.set_quadratic(ColumnId(index), 0.0);
    }
    for index in 0..problem.global_columns().len() {
        feasibility.set_global_cost(GlobalColumnId(index), 0.0);
    }
    feasibility
}

/// Returns whether row duals prove that no values satisfy rows and bounds (Farkas). Duals of size 1 at most are
/// feasible for the elastic form, in which a violation costs 1 per unit; so their Lagrangian bound without costs is a
/// lower bound of the sum of all violations.
fn is_infeasible(problem: &StagedProblem, mut duals: Duals) -> bool {
    let largest = duals.rows.iter().chain(&duals.global_rows).fold(0.0_f64, |largest, dual| largest.max(dual.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        return false;
    }
    duals.rows /= largest;
    duals.global_rows.iter_mut().for_each(|dual| *dual /= largest);
    let solution = Solution { duals: Some(duals), ..Solution::zeros(problem) };
    let Some(bound) = Certificate::of(&without_costs(problem), &solution).optimality else { return false };
    let least = INFEASIBILITY.max(RELATIVE_INFEASIBILITY * largest_sum(problem));
    let places = problem.stages() * (problem.columns().len() + problem.rows().len())
        + problem.global_columns().len()
        + problem.global_rows().len();
    // What the duals on missing sides could earn, were each value as large as the largest right-hand side, and the
    // values of a small problem a thousand times as large.
    let unproven = (places as f64).max(1e3) * bound.dual.size * largest_sum(problem).max(1.0);
    bound.dual.size <= RAY_TOLERANCE && bound.dual_objective > least.max(unproven)
}

/// Returns whether `direction` lowers the objective and leaves every row and bound satisfied at any length.
fn is_ray(problem: &StagedProblem, mut direction: Solution) -> bool {
    let values = direction.values.iter().chain(&direction.globals);
    let largest = values.fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        return false;
    }
    direction.values /= largest;
    direction.globals.iter_mut().for_each(|value| *value /= largest);
    let recession = recession(problem);
    clip(&recession, &mut direction);
    let steepest =
        |costs: f64, column: &Column| (0..problem.stages()).fold(costs, |most, t| most.max(column.cost.at(t).abs()));
    let of_stages = problem.columns().iter().fold(0.0, steepest);
    let steepest = problem.global_columns().iter().fold(of_stages, |most, column| most.max(column.cost.abs()));
    let certificate = Certificate::of_values(&recession, direction.values.view(), &direction.globals);
    // A row of small coefficients stops a direction as well as any other.
    let of_rows = largest_coefficients(problem).into_iter().zip(&certificate.row_residuals);
    let missed = of_rows.fold(certificate.worst().size, |most, (size, residual)| most.max(residual / size));
    let gain = -problem.objective(direction.values.view(), &direction.globals);
    // The gain must not consist of the violations of all stages.
    let errors = 1e3 * problem.stages() as f64 * missed;
    missed <= RAY_TOLERANCE && gain > steepest * (RAY_TOLERANCE + errors)
}

/// Returns the largest absolute coefficient of each row over all stages; 1 for a row without coefficients.
fn largest_coefficients(problem: &StagedProblem) -> Vec<f64> {
    let mut largest = vec![0.0_f64; problem.rows().len()];
    let of_columns = problem.terms().iter().map(|term| (term.row.0, &term.coefficient));
    let of_globals = problem.spread_terms().iter().map(|term| (term.row.0, &term.coefficient));
    for (row, coefficient) in of_columns.chain(of_globals) {
        largest[row] = largest[row].max(largest_size(coefficient));
    }
    largest.iter_mut().for_each(|size| *size = if *size > 0.0 { *size } else { 1.0 });
    largest
}

/// Returns the problem whose feasible values are the directions in which `problem` has no end: every finite side is
/// zero, and a column with a quadratic cost is fixed.
fn recession(problem: &StagedProblem) -> StagedProblem {
    let mut recession = problem.clone();
    let end = |side: f64| if side.is_finite() { 0.0 } else { side };
    for (index, column) in problem.columns().iter().enumerate() {
        let quadratic = problem.quadratic(ColumnId(index));
        let side = |bounds: &anergy_profile::Profile| {
            let at = |stage| if quadratic.at(stage) > 0.0 { 0.0 } else { end(bounds.at(stage)) };
            (0..problem.stages()).map(at).collect::<Vec<_>>()
        };
        let (lower, upper) = (side(&column.lower), side(&column.upper));
        recession.set_bounds(ColumnId(index), lower.into_iter(), upper.into_iter());
    }
    for (index, row) in problem.rows().iter().enumerate() {
        let side =
            |sums: &anergy_profile::Profile| (0..problem.stages()).map(|stage| end(sums.at(stage))).collect::<Vec<_>>();
        recession.set_ranges(RowId(index), side(&row.lower).into_iter(), side(&row.upper).into_iter());
    }
    for (index, column) in problem.global_columns().iter().enumerate() {
        recession.set_global_bounds(GlobalColumnId(index), end(column.lower), end(column.upper));
    }
    for (index, row) in problem.global_rows().iter().enumerate() {
        recession.set_global_range(GlobalRowId(index), end(row.lower), end(row.upper));
    }
    recession
}

#[cfg(test)]
mod tests;
