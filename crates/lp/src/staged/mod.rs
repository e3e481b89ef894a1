//! The staged solver: an interior-point method that exploits the chain of stages.
//!
//! A problem passes through four steps: [`presolve`] removes rows and columns, [`standardize`] brings the rest to
//! standard form, [`problem_data`] lays its numbers out in lanes, and [`interior`] solves it by a predictor-corrector
//! method. The linear algebra runs along the stages: a block elimination for diagonal dynamics in [`diagonal_chain`],
//! for any other in [`general_chain`], with global columns and rows as a border ([`bordered_system`]). The result is
//! mapped back to values and duals of the original problem, and is accepted only if the certificate of that problem
//! proves it ([`proof`]).

#![allow(clippy::needless_range_loop, reason = "rows and columns are indices into several arrays at once")]

mod attempt;
mod bordered_system;
#[cfg(all(test, feature = "cbc"))]
mod bordered_system_tests;
mod dense;
mod diagonal_chain;
mod elastic;
mod elimination;
mod elimination_layout;
mod general_chain;
#[cfg(test)]
mod general_chain_tests;
mod global_data;
mod global_scaling;
mod global_steps;
mod interior;
mod iteration;
mod lanes;
mod normal_equations;
mod optimal_face;
mod polish;
mod presolve;
mod presolved;
mod problem_data;
mod proof;
#[cfg(test)]
mod setup_tests;
mod simd;
mod sizes;
mod standard_form;
mod standardize;
mod start;

use super::{Backend, LpError, Solution, Solver, StagedProblem};
use attempt::{ATTEMPTS, Attempts, Outcome};
use elastic::elastic;
use optimal_face::{FACE_ATTEMPTS, optimal_face};
use proof::{OptimalityProof, largest_sum, proven};

const NAME: &str = "staged";

/// Objective of the elastic form above which a problem is infeasible.
const INFEASIBILITY: f64 = 1e-6;
/// The same limit as a share of the largest right-hand side; the larger of the two counts.
const RELATIVE_INFEASIBILITY: f64 = 1e-9;

/// The staged interior-point solver.
#[derive(Debug, Clone, Copy, Default)]
pub struct Staged {
    /// Whether a problem is refused if its solution is not proven to a relative gap of 4e-9. Otherwise such a problem
    /// is passed to the fallback solver that the build has; if that fails too, a solution proven to 1e-6 is accepted.
    pub alone: bool,
    /// Whether the solution of a linear problem must be a vertex, rather than any point of the optimal face. A vertex
    /// is accepted if it is proven to 1e-7 of the cost apart from penalties.
    pub vertex: bool,
}

impl Backend for Staged {
    fn name(&self) -> String {
        format!("{NAME} {}", env!("CARGO_PKG_VERSION"))
    }

    fn gives_duals(&self) -> bool {
        true
    }

    fn prepare(&self, _problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        Ok(Box::new(StagedSolver {
            settings: *self,
            attempts: Attempts::default(),
            face_attempts: Attempts::default(),
        }))
    }
}

/// A solver for problems of one pattern, and for their optimal faces.
struct StagedSolver {
    settings: Staged,
    attempts: Attempts,
    face_attempts: Attempts,
}

/// The objective of an unbounded problem falls by at least this factor where the artificial bounds are a hundred times
/// as wide.
const UNBOUNDED_FALL: f64 = 10.0;

/// The objectives of attempts that ended at an artificial bound; `None` where no attempt did.
#[derive(Debug, Default)]
struct ArtificialBoundObjectives {
    /// Objective with artificial bounds at their usual distance.
    usual: Option<f64>,
    /// Objective with artificial bounds at a multiple of it.
    beyond: Option<f64>,
}

impl ArtificialBoundObjectives {
    /// Records the objective of an attempt with artificial bounds `bound_factor` times as wide as usual.
    fn record(&mut self, bound_factor: f64, objective: f64) {
        *(if bound_factor > 1.0 { &mut self.beyond } else { &mut self.usual }) = Some(objective);
    }

    /// Returns whether the objective falls with the distance of the artificial bounds.
    fn is_unbounded(&self) -> bool {
        self.usual.zip(self.beyond).is_some_and(|(usual, beyond)| usual < 0.0 && beyond < UNBOUNDED_FALL * usual)
    }
}

/// The solver that found a solution.
#[derive(PartialEq)]
enum AnsweredBy {
    Staged,
    Fallback,
}

impl Solver for StagedSolver {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let answer = self.optimum(problem, solution)?;
        if !self.settings.vertex || answer == AnsweredBy::Fallback || !problem.is_linear() {
            return Ok(());
        }
        let result = self.move_to_vertex(problem, solution);
        if result.is_ok() || self.settings.alone {
            result
        } else {
            solve_by_fallback(problem, solution).unwrap_or(result)
        }
    }
}

impl StagedSolver {
    /// Finds an optimum, or a solution as close to one as the settings accept.
    fn optimum(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<AnsweredBy, LpError> {
        let Staged { alone, vertex } = self.settings;
        let mut at_bounds = ArtificialBoundObjectives::default();
        let mut last_reason = String::new();
        let mut best: Option<(OptimalityProof, Solution)> = None;
        for attempt in ATTEMPTS {
            match self.attempts.attempt(problem, attempt, solution) {
                Outcome::Optimal(proof) if proof.unproven <= 1.0 => return Ok(AnsweredBy::Staged),
                Outcome::Optimal(proof) if best.as_ref().is_some_and(|(known, _)| known.unproven <= proof.unproven) => {
                }
                Outcome::Optimal(proof) => best = Some((proof, solution.clone())),
                Outcome::AtArtificialBound(objective) => at_bounds.record(attempt.bound_factor, objective),
                Outcome::Refused(reason) => last_reason = reason,
            }
        }
        let is_sufficient =
            |(proof, _): &(OptimalityProof, _)| proof.reason.is_none() || vertex && proof.is_sufficient_for_vertex();
        if let Some((_, found)) = best.take_if(|best| is_sufficient(best)) {
            *solution = found;
            return Ok(AnsweredBy::Staged);
        }
        let other = if alone { None } else { solve_by_fallback(problem, solution) };
        match (other, best) {
            (Some(Ok(())), _) => Ok(AnsweredBy::Fallback),
            (_, Some((_, found))) if !alone && !vertex => {
                *solution = found;
                Ok(AnsweredBy::Staged)
            }
            (Some(Err(refused)), _) => Err(refused),
            (None, best) => {
                let reason = best.and_then(|(proof, _)| proof.reason).unwrap_or(last_reason);
                Err(failure(problem, reason, at_bounds))
            }
        }
    }

    /// Moves an optimum to a vertex of its optimal face; the duals remain the same.
    fn move_to_vertex(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let mut last_reason = "its optimum has no duals".to_owned();
        let mut best: Option<(OptimalityProof, Solution)> = None;
        let duals = solution.duals.clone();
        for ((fixing, scale), duals) in FACE_ATTEMPTS.into_iter().zip(duals.iter().cycle()) {
            let mut vertex = Solution::zeros(problem);
            let found =
                self.face_attempts.first_proven(&optimal_face(problem, solution, duals, fixing, scale), &mut vertex);
            vertex.duals = Some(duals.clone());
            vertex.objective = problem.objective(vertex.values.view(), &vertex.globals);
            match found.and_then(|()| proven(problem, &vertex, 0.0)) {
                Ok(proof) if best.as_ref().is_some_and(|(known, _)| known.unproven <= proof.unproven) => {}
                Ok(proof) => best = Some((proof, vertex)),
                Err(reason) => last_reason = reason,
            }
            if best.as_ref().is_some_and(|(proof, _)| proof.is_sufficient()) {
                break;
            }
        }
        match best {
            Some((proof, vertex)) if proof.is_sufficient_for_vertex() => {
                *solution = vertex;
                return Ok(());
            }
            Some((OptimalityProof { reason: Some(reason), .. }, _)) => last_reason = reason,
            _ => {}
        }
        let status = format!("no vertex of its optima was found: {last_reason}");
        Err(LpError::NoAnswer { problem: problem.name().to_owned(), solver: NAME, status })
    }
}

/// Returns the error for a problem without a solution. The problem is infeasible if its elastic form, which may violate
/// every row at a price, has a positive optimum. `reason` tells why the last solution was refused, `at_bounds` the
/// objectives at artificial bounds.
fn failure(problem: &StagedProblem, reason: String, at_bounds: ArtificialBoundObjectives) -> LpError {
    let elastic = elastic(problem);
    let mut solution = Solution::zeros(&elastic);
    let solved = Attempts::default().first_proven(&elastic, &mut solution).is_ok();
    let name = problem.name().to_owned();
    match solved {
        true if solution.objective > INFEASIBILITY.max(RELATIVE_INFEASIBILITY * largest_sum(problem)) => {
            LpError::Infeasible {
                problem: name,
                columns: problem.columns().len(),
                rows: problem.rows().len(),
                stages: problem.stages(),
            }
        }
        true if at_bounds.is_unbounded() => LpError::Unbounded { problem: name },
        _ => LpError::NoAnswer { problem: name, solver: NAME, status: reason },
    }
}

/// Solves the problem with the fallback solver; `None` if this build has none or it does not support the problem.
#[cfg(feature = "cbc")]
fn solve_by_fallback(problem: &StagedProblem, solution: &mut Solution) -> Option<Result<(), LpError>> {
    solution.duals = None;
    let mut solver = super::Cbc.prepare(problem).ok()?;
    Some(solver.solve(problem, solution))
}

#[cfg(not(feature = "cbc"))]
fn solve_by_fallback(_: &StagedProblem, _: &mut Solution) -> Option<Result<(), LpError>> {
    None
}
