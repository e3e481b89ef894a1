//! Our own solver: an interior-point method that knows the chain of stages.
//!
//! A problem is reduced ([`presolve`]), boxed ([`boxing`]), laid out in lanes ([`numbers`]) and solved by a predictor-corrector method
//! ([`interior`]) whose linear algebra runs along the stages ([`chain`] where states
//! follow only upon themselves, else [`general`]). What comes back are values and the duals of
//! all rows, and nothing is believed before the certificate of the problem itself agrees ([`proof`]).

#![allow(clippy::needless_range_loop, reason = "rows and columns are indices into several arrays at once")]

mod attempt;
mod border;
#[cfg(all(test, feature = "cbc"))]
mod border_tests;
mod boxing;
mod chain;
mod course;
mod dense;
mod draft;
mod elastic;
mod face;
mod form;
mod general;
#[cfg(test)]
mod general_tests;
mod interior;
mod kept;
mod lanes;
mod layout;
mod normal;
mod numbers;
mod plan;
mod presolve;
mod proof;
mod shared;
mod sharing;
mod sizes;
mod start;
mod steps;
mod vector;

use super::{Backend, LpError, Solution, Solver, StagedProblem};
use attempt::{ATTEMPTS, Attempts, Outcome};
use elastic::elastic;
use face::{HOLDS, face};
use proof::{Proof, largest_sum, proven};

const NAME: &str = "staged";

/// The elastic form of an infeasible problem costs more than this, and more than this share of its largest sum.
const SHORTAGE: f64 = 1e-6;
const RELATIVE_SHORTAGE: f64 = 1e-9;

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
        Ok(Box::new(Prepared { manner: *self, usual: Attempts::default(), faces: Attempts::default() }))
    }
}

/// A solver for problems of one pattern, and for the faces of their optima.
struct Prepared {
    manner: Staged,
    usual: Attempts,
    faces: Attempts,
}

/// An objective that has no least value falls at least so many times deeper where missing bounds are a hundred times as far away.
const FALL: f64 = 10.0;

/// The objectives where only missing bounds stopped it, with these at their usual distance and far beyond.
#[derive(Debug, Default)]
struct Falls {
    usual: Option<f64>,
    beyond: Option<f64>,
}

impl Falls {
    fn note(&mut self, far: f64, objective: f64) {
        *(if far > 1.0 { &mut self.beyond } else { &mut self.usual }) = Some(objective);
    }

    /// Whether the objective falls with the distance.
    fn without_end(&self) -> bool {
        self.usual.zip(self.beyond).is_some_and(|(usual, beyond)| usual < 0.0 && beyond < FALL * usual)
    }
}

/// Whose answer it is.
#[derive(PartialEq)]
enum Answer {
    Ours,
    Another,
}

impl Solver for Prepared {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let answer = self.optimum(problem, solution)?;
        if !self.manner.vertex || answer == Answer::Another || !problem.is_linear() {
            return Ok(());
        }
        let settled = self.settle(problem, solution);
        if settled.is_ok() || self.manner.alone { settled } else { otherwise(problem, solution).unwrap_or(settled) }
    }
}

impl Prepared {
    /// Some optimum, or as near to one as the manner allows.
    fn optimum(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<Answer, LpError> {
        let Staged { alone, vertex } = self.manner;
        let mut falls = Falls::default();
        let mut doubt = String::new();
        let mut best: Option<(Proof, Solution)> = None;
        for attempt in ATTEMPTS {
            match self.usual.attempt(problem, attempt, solution) {
                Outcome::Optimal(proof) if proof.rest <= 1.0 => return Ok(Answer::Ours),
                Outcome::Optimal(proof) if best.as_ref().is_some_and(|(known, _)| known.rest <= proof.rest) => {}
                Outcome::Optimal(proof) => best = Some((proof, solution.clone())),
                Outcome::Far(objective) => falls.note(attempt.far, objective),
                Outcome::Refused(reason) => doubt = reason,
            }
        }
        let is_known = |(proof, _): &(Proof, _)| proof.doubt.is_none() || vertex && proof.is_enough_for_vertex();
        if let Some((_, found)) = best.take_if(|best| is_known(best)) {
            *solution = found;
            return Ok(Answer::Ours);
        }
        let other = if alone { None } else { otherwise(problem, solution) };
        match (other, best) {
            (Some(Ok(())), _) => Ok(Answer::Another),
            (_, Some((_, found))) if !alone && !vertex => {
                *solution = found;
                Ok(Answer::Ours)
            }
            (Some(Err(refused)), _) => Err(refused),
            (None, best) => {
                let doubt = best.and_then(|(proof, _)| proof.doubt).unwrap_or(doubt);
                Err(why_not(problem, doubt, falls))
            }
        }
    }

    /// Moves an optimum to a vertex of its face; its duals stay.
    fn settle(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let mut doubt = "its optimum has no duals".to_owned();
        let mut best: Option<(Proof, Solution)> = None;
        let duals = solution.duals.clone();
        for ((hold, scale), duals) in HOLDS.into_iter().zip(duals.iter().cycle()) {
            let mut vertex = Solution::zeros(problem);
            let found = self.faces.first_proven(&face(problem, solution, duals, hold, scale), &mut vertex);
            vertex.duals = Some(duals.clone());
            vertex.objective = problem.objective(vertex.values.view(), &vertex.globals);
            match found.and_then(|()| proven(problem, &vertex, 0.0)) {
                Ok(proof) if best.as_ref().is_some_and(|(known, _)| known.rest <= proof.rest) => {}
                Ok(proof) => best = Some((proof, vertex)),
                Err(reason) => doubt = reason,
            }
            if best.as_ref().is_some_and(|(proof, _)| proof.is_enough()) {
                break;
            }
        }
        match best {
            Some((proof, vertex)) if proof.is_enough_for_vertex() => {
                *solution = vertex;
                return Ok(());
            }
            Some((Proof { doubt: Some(reason), .. }, _)) => doubt = reason,
            _ => {}
        }
        let status = format!("no vertex of its optima was found: {doubt}");
        Err(LpError::NoAnswer { problem: problem.name().to_owned(), solver: NAME, status })
    }
}

/// Why there is no answer: whether even a form that may miss every row at a price has to miss some. `doubt` is why the last
/// answer was refused, `falls` what came of missing bounds.
fn why_not(problem: &StagedProblem, doubt: String, falls: Falls) -> LpError {
    let elastic = elastic(problem);
    let mut solution = Solution::zeros(&elastic);
    let solved = Attempts::default().first_proven(&elastic, &mut solution).is_ok();
    let name = problem.name().to_owned();
    match solved {
        true if solution.objective > SHORTAGE.max(RELATIVE_SHORTAGE * largest_sum(problem)) => LpError::Infeasible {
            problem: name,
            columns: problem.columns().len(),
            rows: problem.rows().len(),
            stages: problem.stages(),
        },
        true if falls.without_end() => LpError::Unbounded { problem: name },
        _ => LpError::NoAnswer { problem: name, solver: NAME, status: doubt },
    }
}

/// The answer of another solver, if this build has one and it can.
#[cfg(feature = "cbc")]
fn otherwise(problem: &StagedProblem, solution: &mut Solution) -> Option<Result<(), LpError>> {
    solution.duals = None;
    let mut solver = super::Cbc.prepare(problem).ok()?;
    Some(solver.solve(problem, solution))
}

#[cfg(not(feature = "cbc"))]
fn otherwise(_: &StagedProblem, _: &mut Solution) -> Option<Result<(), LpError>> {
    None
}
