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
mod units;
#[cfg(test)]
mod units_tests;

use super::backend::clarabel::{Unanswered, best_answer};
use super::{Backend, Clarabel, LpError, Solution, Solver, StagedProblem};
use attempt::{ATTEMPTS, Attempts, Outcome};
use elastic::elastic;
use optimal_face::{FACE_ATTEMPTS, optimal_face};
pub(crate) use proof::{OptimalityProof, largest_sum, proven};
pub(crate) use sizes::{largest_size, mean_costs, mean_size, penalty_threshold, typical_cost};

const NAME: &str = "staged";

/// Number of attempts before Clarabel is asked: those after it help rarely.
const ATTEMPTS_BEFORE_CLARABEL: usize = 2;

/// Objective of the elastic form above which a problem is infeasible.
pub(crate) const INFEASIBILITY: f64 = 1e-6;
/// The same limit as a share of the largest right-hand side; the larger of the two counts.
pub(crate) const RELATIVE_INFEASIBILITY: f64 = 1e-9;

/// The staged interior-point solver.
#[derive(Debug, Clone, Copy, Default)]
pub struct Staged {
    /// Whether a problem is refused if its solution is not proven to a relative gap of 4e-9. Otherwise such a problem
    /// is passed to [`Clarabel`], whose solution is judged by the same proof, and then to CBC if the build has it; if
    /// they fail too, a solution proven to 1e-6 is accepted.
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
            answered_by: AnsweredBy::Staged,
        }))
    }
}

/// A solver for problems of one pattern, and for their optimal faces.
struct StagedSolver {
    settings: Staged,
    attempts: Attempts,
    face_attempts: Attempts,
    /// The solver of the last solution.
    answered_by: AnsweredBy,
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
#[derive(Debug, Clone, Copy, PartialEq)]
enum AnsweredBy {
    Staged,
    Clarabel,
    #[cfg(feature = "cbc")]
    Cbc,
}

impl AnsweredBy {
    /// Returns whether every solution of the solver is a vertex.
    fn gives_vertices(self) -> bool {
        !matches!(self, Self::Staged | Self::Clarabel)
    }
}

impl Solver for StagedSolver {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        self.answered_by = self.optimum(problem, solution)?;
        if !self.settings.vertex || self.answered_by.gives_vertices() || !problem.is_linear() {
            return Ok(());
        }
        let result = self.move_to_vertex(problem, solution);
        if result.is_ok() || self.settings.alone {
            return result;
        }
        match solve_by_simplex(problem, solution) {
            None => result,
            Some(solved) => solved.map(|by| self.answered_by = by),
        }
    }

    fn answered_by_fallback(&self) -> Option<String> {
        match self.answered_by {
            AnsweredBy::Staged => None,
            AnsweredBy::Clarabel => Some(Clarabel.name()),
            #[cfg(feature = "cbc")]
            AnsweredBy::Cbc => Some(super::Cbc.name()),
        }
    }
}

/// A solution with the gap that its duals prove, and its solver.
struct Candidate {
    proof: OptimalityProof,
    solution: Solution,
    by: AnsweredBy,
}

impl StagedSolver {
    /// Finds an optimum, or a solution as close to one as the settings accept.
    fn optimum(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<AnsweredBy, LpError> {
        let Staged { alone, vertex } = self.settings;
        let mut at_bounds = ArtificialBoundObjectives::default();
        let mut last_reason = String::new();
        let mut best: Option<Candidate> = None;
        let is_sufficient = |candidate: &Candidate| {
            candidate.proof.is_sufficient() || vertex && candidate.proof.is_sufficient_for_vertex()
        };
        let mut ray = false;
        for (number, attempt) in ATTEMPTS.into_iter().enumerate() {
            if number == ATTEMPTS_BEFORE_CLARABEL && !alone && !best.as_ref().is_some_and(is_sufficient) {
                match best_answer(problem) {
                    Ok((proof, found)) => keep_better(&mut best, proof, found, AnsweredBy::Clarabel),
                    // Where a solution is known, the rows contradict each other by rounding only.
                    Err(Unanswered::Infeasible) if best.is_none() => return Err(problem.infeasible()),
                    Err(Unanswered::Ray) => ray = true,
                    Err(_) => {}
                }
            }
            if ray || number >= ATTEMPTS_BEFORE_CLARABEL && best.as_ref().is_some_and(is_sufficient) {
                break;
            }
            match self.attempts.attempt(problem, attempt, solution) {
                Outcome::Optimal(proof) if proof.unproven <= 1.0 => return Ok(AnsweredBy::Staged),
                Outcome::Optimal(proof) => {
                    keep_better(&mut best, proof, solution.clone(), AnsweredBy::Staged);
                }
                Outcome::AtArtificialBound(objective) => at_bounds.record(attempt.bound_factor, objective),
                Outcome::Refused(reason) => last_reason = reason,
            }
        }
        // The objectives at artificial bounds are no proof.
        let unbounded = if alone { at_bounds.is_unbounded() } else { ray };
        if let Some(Candidate { solution: found, by, .. }) = best.take_if(|best| is_sufficient(best)) {
            *solution = found;
            return Ok(by);
        }
        // A simplex method's presolve does not tell an unbounded problem from an infeasible one.
        let other = if alone || unbounded { None } else { solve_by_simplex(problem, solution) };
        match (other, best) {
            (Some(Ok(by)), _) => Ok(by),
            (_, Some(Candidate { solution: found, by, .. })) if !alone && !vertex => {
                *solution = found;
                Ok(by)
            }
            (Some(Err(refused)), _) => Err(refused),
            (None, best) => {
                let reason = best.and_then(|best| best.proof.reason).unwrap_or(last_reason);
                Err(failure(problem, reason, unbounded, alone))
            }
        }
    }

    /// Moves an optimum to a vertex of its optimal face; the duals remain the same.
    fn move_to_vertex(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let mut last_reason = "its optimum has no duals".to_owned();
        let mut best: Option<Candidate> = None;
        let duals = solution.duals.clone();
        for ((fixing, scale), duals) in FACE_ATTEMPTS.into_iter().zip(duals.iter().cycle()) {
            let mut vertex = Solution::zeros(problem);
            let face = optimal_face(problem, solution, duals, fixing, scale);
            let mut found = self.face_attempts.first_proven(&face, &mut vertex);
            let mut by = self.answered_by;
            // The face has one optimum only, to which an interior-point method converges too.
            if found.is_err()
                && !self.settings.alone
                && let Ok((proof, of_face)) = best_answer(&face)
                && proof.is_sufficient()
            {
                (found, vertex, by) = (Ok(()), of_face, AnsweredBy::Clarabel);
            }
            vertex.duals = Some(duals.clone());
            vertex.objective = problem.objective(vertex.values.view(), &vertex.globals);
            match found.and_then(|()| proven(problem, &vertex, 0.0)) {
                Ok(proof) => keep_better(&mut best, proof, vertex, by),
                Err(reason) => last_reason = reason,
            }
            if best.as_ref().is_some_and(|best| best.proof.is_sufficient()) {
                break;
            }
        }
        match best {
            Some(best) if best.proof.is_sufficient_for_vertex() => {
                (*solution, self.answered_by) = (best.solution, best.by);
                return Ok(());
            }
            Some(Candidate { proof: OptimalityProof { reason: Some(reason), .. }, .. }) => last_reason = reason,
            _ => {}
        }
        let status = format!("no vertex of its optima was found: {last_reason}");
        Err(LpError::NoAnswer { problem: problem.name().to_owned(), solver: NAME, status })
    }
}

/// Replaces the best solution by one whose duals prove a smaller gap.
fn keep_better(best: &mut Option<Candidate>, proof: OptimalityProof, solution: Solution, by: AnsweredBy) {
    if best.as_ref().is_none_or(|known| proof.unproven < known.proof.unproven) {
        *best = Some(Candidate { proof, solution, by });
    }
}

/// Returns the error for a problem without a solution. The problem is infeasible if its elastic form, which may violate
/// every row at a price, has a positive optimum. `reason` tells why the last solution was refused, `unbounded` whether
/// the problem is unbounded if it is feasible.
fn failure(problem: &StagedProblem, reason: String, unbounded: bool, alone: bool) -> LpError {
    let elastic = elastic(problem);
    let mut solution = Solution::zeros(&elastic);
    let mut solved = Attempts::default().first_proven(&elastic, &mut solution).is_ok();
    if !solved
        && !alone
        && let Ok((proof, found)) = best_answer(&elastic)
    {
        (solved, solution) = (proof.is_sufficient(), found);
    }
    match solved {
        true if solution.objective > INFEASIBILITY.max(RELATIVE_INFEASIBILITY * largest_sum(problem)) => {
            problem.infeasible()
        }
        true if unbounded => LpError::Unbounded { problem: problem.name().to_owned() },
        _ => LpError::NoAnswer { problem: problem.name().to_owned(), solver: NAME, status: reason },
    }
}

/// Solves the problem by a simplex method; `None` if this build has none or it does not support the problem.
#[cfg(feature = "cbc")]
fn solve_by_simplex(problem: &StagedProblem, solution: &mut Solution) -> Option<Result<AnsweredBy, LpError>> {
    solution.duals = None;
    let mut solver = super::Cbc.prepare(problem).ok()?;
    Some(solver.solve(problem, solution).map(|()| AnsweredBy::Cbc))
}

#[cfg(not(feature = "cbc"))]
fn solve_by_simplex(_: &StagedProblem, _: &mut Solution) -> Option<Result<AnsweredBy, LpError>> {
    None
}
