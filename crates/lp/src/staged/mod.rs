//! Our own solver: an interior-point method that knows the chain of stages.
//!
//! A problem is reduced ([`presolve`]), boxed ([`standardize`]), laid out in lanes ([`problem_data`]) and solved by a predictor-corrector method
//! ([`interior`]) whose linear algebra runs along the stages ([`diagonal_chain`] where states
//! follow only upon themselves, else [`general_chain`]). What comes back are values and the duals of
//! all rows, and nothing is believed before the certificate of the problem itself agrees ([`proof`]).

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

/// The elastic form of an infeasible problem costs more than this, and more than this share of its largest sum.
const INFEASIBILITY: f64 = 1e-6;
const RELATIVE_INFEASIBILITY: f64 = 1e-9;

/// The staged interior-point solver.
#[derive(Debug, Clone, Copy, Default)]
pub struct Staged {
    /// Whether nobody else may answer what it cannot prove to some 1e-9, and it must refuse. Otherwise such a problem goes to the
    /// next backend that the build has, and if none knows better, an answer proven to 1e-6 is one.
    pub alone: bool,
    /// Whether an answer must be a vertex wherever the cost is linear, rather than lie amid all that cost the same. What is proven to
    /// 1e-7 of what is paid apart from penalties is one then, and what is proven to no more than 1e-6 is none.
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

/// A solver for problems of one pattern, and for the faces of their optima.
struct StagedSolver {
    settings: Staged,
    attempts: Attempts,
    face_attempts: Attempts,
}

/// An objective that has no least value falls at least so many times deeper where missing bounds are a hundred times as far away.
const UNBOUNDED_FALL: f64 = 10.0;

/// The objectives where only missing bounds stopped it, with these at their usual distance and far beyond.
#[derive(Debug, Default)]
struct ArtificialBoundObjectives {
    usual: Option<f64>,
    beyond: Option<f64>,
}

impl ArtificialBoundObjectives {
    fn record(&mut self, bound_factor: f64, objective: f64) {
        *(if bound_factor > 1.0 { &mut self.beyond } else { &mut self.usual }) = Some(objective);
    }

    /// Whether the objective falls with the distance.
    fn is_unbounded(&self) -> bool {
        self.usual.zip(self.beyond).is_some_and(|(usual, beyond)| usual < 0.0 && beyond < UNBOUNDED_FALL * usual)
    }
}

/// Whose answer it is.
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
    /// Some optimum, or as near to one as the settings allows.
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

    /// Moves an optimum to a vertex of its face; its duals stay.
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

/// Why there is no answer: whether even a form that may miss every row at a price has to miss some. `doubt` is why the last
/// answer was refused, `falls` what came of missing bounds.
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

/// The answer of another solver, if this build has one and it can.
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
