//! Our own solver: an interior-point method that knows the chain of stages.
//!
//! A problem is reduced ([`node`]), boxed ([`boxing`]), laid out in lanes ([`numbers`]) and solved by a predictor-corrector method
//! ([`interior`]) whose linear algebra runs along the stages ([`chain`] where states
//! follow only upon themselves, else [`general`]). What comes back are values and the duals of
//! all rows, and nothing is believed before the certificate of the problem itself agrees ([`proof`]).

#![allow(clippy::needless_range_loop, reason = "rows and columns are indices into several arrays at once")]

mod border;
#[cfg(all(test, feature = "cbc"))]
mod border_tests;
mod boxing;
mod chain;
mod course;
mod dense;
mod draft;
mod elastic;
mod form;
mod general;
#[cfg(test)]
mod general_tests;
mod interior;
mod kept;
mod lanes;
mod layout;
mod node;
mod normal;
mod numbers;
mod plan;
mod proof;
mod repeated;
mod shared;
mod sharing;
mod sizes;
mod start;
mod steps;
mod vector;

use ndarray::Array2;

use super::{Backend, Duals, LpError, Solution, Solver, StagedProblem};
use boxing::Boxed;
use course::Tolerance;
use draft::Draft;
use elastic::elastic;
use form::Form;
use interior::Interior;
use node::Node;
use numbers::Numbers;
use proof::{Proof, ROW_TOLERANCE, largest_sum, proven, satisfies};
use repeated::Repeated;

const NAME: &str = "staged";

/// What is nearer to 0, in the units of the scaled problem, is 0.
const AT_BOUND: f64 = 1e-14;
/// What the interior-point method is asked for.
const GAP_GOAL: f64 = 1e-11;
/// Iterations allowed; hard cases take 45.
const ITERATIONS: usize = 120;
/// The elastic form of an infeasible problem costs more than this, and more than this share of its largest sum.
const SHORTAGE: f64 = 1e-6;
const RELATIVE_SHORTAGE: f64 = 1e-9;

/// The staged interior-point solver.
#[derive(Debug, Clone, Copy)]
pub struct Staged {
    /// Whether nobody else may answer what it cannot prove to some 1e-9, and it must refuse. Otherwise such a problem goes to the
    /// next backend that the build has, and if none knows better, an answer proven to 1e-6 is one.
    pub alone: bool,
}

impl Backend for Staged {
    fn name(&self) -> String {
        format!("{NAME} {}", env!("CARGO_PKG_VERSION"))
    }

    fn gives_duals(&self) -> bool {
        true
    }

    fn prepare(&self, _problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        Ok(Box::new(Prepared { memory: Vec::new(), alone: self.alone }))
    }
}

/// Memory for problems of one pattern: one layout for each way that the problem was tried.
struct Prepared {
    memory: Vec<Memory>,
    alone: bool,
}

/// A layout and its iterate.
struct Memory {
    pattern: Vec<usize>,
    numbers: Numbers,
    interior: Interior,
}

/// One way to try a problem.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    /// Whether balances of one producer and one store are taken out first.
    reduced: bool,
    /// How far from the bounds to start.
    spread: f64,
    /// How far away missing bounds are put, against the usual.
    far: f64,
    /// What the rows' duals cost to move, where dynamics are not diagonal.
    held: f64,
    /// How often directions are improved by what they miss.
    refinements: usize,
}

/// In this order.
const ATTEMPTS: [Attempt; 4] = [
    Attempt { reduced: true, spread: 1.0, far: 1.0, held: 0.0, refinements: 0 },
    Attempt { reduced: false, spread: 1.0, far: 1.0, held: 1e-10, refinements: 1 },
    Attempt { reduced: false, spread: 10.0, far: 100.0, held: 1e-8, refinements: 1 },
    Attempt { reduced: false, spread: 0.1, far: 1.0, held: 1e-8, refinements: 2 },
];

/// An objective that has no least value falls at least so many times deeper where missing bounds are a hundred times as far away.
const FALL: f64 = 10.0;

/// What an attempt came to.
enum Outcome {
    /// Proven, more or less.
    Optimal(Proof),
    /// Some value lies where only a missing bound stopped it; this is the objective there.
    Far(f64),
    /// The certificate refuses, for this reason.
    Refused(String),
}

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

impl Solver for Prepared {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let mut falls = Falls::default();
        let mut doubt = String::new();
        let mut best: Option<(Proof, Solution)> = None;
        for attempt in ATTEMPTS {
            match self.attempt(problem, attempt, solution) {
                Outcome::Optimal(proof) if proof.rest <= 1.0 => return Ok(()),
                Outcome::Optimal(proof) if best.as_ref().is_some_and(|(known, _)| known.rest <= proof.rest) => {}
                Outcome::Optimal(proof) => best = Some((proof, solution.clone())),
                Outcome::Far(objective) => falls.note(attempt.far, objective),
                Outcome::Refused(reason) => doubt = reason,
            }
        }
        if let Some((Proof { doubt: None, .. }, found)) = best {
            *solution = found;
            return Ok(());
        }
        let other = if self.alone { None } else { otherwise(problem, solution) };
        match (other, best) {
            (Some(Ok(())), _) => Ok(()),
            (_, Some((_, found))) if !self.alone => {
                *solution = found;
                Ok(())
            }
            (Some(refused), _) => refused,
            (None, best) => {
                let doubt = best.and_then(|(proof, _)| proof.doubt).unwrap_or(doubt);
                Err(why_not(problem, doubt, falls))
            }
        }
    }
}

impl Prepared {
    /// Tries to solve `problem` one way.
    fn attempt(&mut self, problem: &StagedProblem, attempt: Attempt, solution: &mut Solution) -> Outcome {
        let mut draft = Draft::of(problem);
        let repeated = Repeated::take_out(&mut draft);
        let nodes = if attempt.reduced { Node::take_out(&mut draft) } else { Vec::new() };
        let boxed = Boxed::of(&draft, attempt.far);
        let row = (0.1 * ROW_TOLERANCE / boxed.value_unit).clamp(1e-13, 1e-9);
        let Attempt { spread, held, refinements, .. } = attempt;
        let tolerance = Tolerance { row, gap: GAP_GOAL, iterations: ITERATIONS, spread, held, refinements };
        let memory = self.memory_for(&boxed.form);
        memory.interior.run(&memory.numbers, tolerance);
        memory.restore(problem, Taken { draft: &draft, nodes: &nodes, repeated: &repeated }, &boxed, solution);
        let far = boxed.touches_far(&draft, solution.values.view()) || boxed.shares_far(&draft, &solution.globals);
        let turnover = boxed.turnover(&draft, solution.values.view());
        match proven(problem, solution, turnover) {
            Ok(proof) => Outcome::Optimal(proof),
            Err(_) if far && satisfies(problem, solution) => Outcome::Far(solution.objective),
            Err(doubt) => Outcome::Refused(doubt),
        }
    }

    /// The memory for a form, from an earlier solve of the same pattern if there was one.
    fn memory_for(&mut self, form: &Form) -> &mut Memory {
        let pattern = form.pattern();
        let known = self.memory.iter().position(|memory| memory.pattern == pattern);
        let index = known.unwrap_or_else(|| {
            let numbers = Numbers::new(form);
            let interior = Interior::new(&numbers);
            self.memory.push(Memory { pattern, numbers, interior });
            self.memory.len() - 1
        });
        let memory = &mut self.memory[index];
        if known.is_some() {
            memory.numbers.load(form);
        }
        memory
    }
}

/// What a draft has been reduced by.
#[derive(Clone, Copy)]
struct Taken<'a> {
    draft: &'a Draft,
    nodes: &'a [Node],
    repeated: &'a [Repeated],
}

impl Memory {
    /// Writes the answer in the terms of the problem.
    fn restore(&self, problem: &StagedProblem, taken: Taken<'_>, boxed: &Boxed, solution: &mut Solution) {
        let (numbers, interior) = (&self.numbers, &self.interior);
        let Taken { draft, nodes, repeated } = taken;
        let at = |of: &[lanes::Lanes], width: usize, index: usize, stage: usize| {
            let (block, lane) = numbers.cut.place(stage);
            of[block * width + index].0[lane]
        };
        let (columns, rows) = (numbers.columns, numbers.rows);
        solution.values.fill(0.0);
        let value = |column, stage| {
            let (x, z) = (at(&interior.x, columns, column, stage), at(&interior.z, columns, column, stage));
            // What is pressed to its bound is there.
            if x < AT_BOUND && z > x { 0.0 } else { x }
        };
        boxed.restore_values(draft, value, &mut solution.values);
        let mut duals = solution.duals.take().unwrap_or_else(|| Duals::zeros(problem));
        // Where nothing costs anything, everything feasible is optimal, and no price is one.
        let priced = f64::from(u8::from(!numbers.costless));
        boxed.restore_duals(|row, stage| priced * at(&interior.y, rows, row, stage), &mut duals.rows);
        if !nodes.is_empty() {
            let mut multipliers = Array2::zeros(solution.values.raw_dim());
            let net = |c, stage| at(&interior.z, columns, c, stage) - at(&interior.w, columns, c, stage);
            boxed.restore_multipliers(net, &mut multipliers);
            for node in nodes.iter().rev() {
                node.restore(&mut solution.values, &mut duals.rows, &multipliers);
            }
        }
        repeated.iter().rev().for_each(|repeated| repeated.restore(problem, &mut duals.rows));
        boxed.restore_globals(draft, |column| interior.border.columns[column].x, &mut solution.globals);
        boxed.restore_global_duals(|row| priced * interior.border.y[row], &mut duals.global_rows);
        problem.reduced_costs(solution.values.view(), &mut duals);
        solution.duals = Some(duals);
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
    }
}

/// Why there is no answer: whether even a form that may miss every row at a price has to miss some. `doubt` is why the last
/// answer was refused, `falls` what came of missing bounds.
fn why_not(problem: &StagedProblem, doubt: String, falls: Falls) -> LpError {
    let elastic = elastic(problem);
    let mut solution = Solution::zeros(&elastic);
    let mut other = Prepared { memory: Vec::new(), alone: true };
    let solved = ATTEMPTS[1..].iter().any(|&attempt| {
        matches!(other.attempt(&elastic, attempt, &mut solution), Outcome::Optimal(Proof { doubt: None, .. }))
    });
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
