//! Our own solver: an interior-point method that knows the chain of stages.
//!
//! A problem is reduced ([`node`]), boxed ([`boxing`]), laid out in lanes ([`numbers`]) and solved by a predictor-corrector method
//! ([`interior`]) whose linear algebra runs along the stages ([`chain`]). What comes back are values and the duals of
//! all rows, and nothing is believed before the [`Certificate`] of the problem itself agrees.

#![allow(clippy::needless_range_loop, reason = "rows and columns are indices into several arrays at once")]

mod boxing;
mod chain;
mod dense;
mod draft;
mod form;
mod interior;
mod lanes;
mod node;
mod numbers;
mod start;
mod vector;

use ndarray::Array2;

use super::{Backend, Certificate, Column, Duals, Lag, LpError, Row, RowId, Solution, Solver, StagedProblem};
use boxing::Boxed;
use draft::Draft;
use form::Form;
use interior::{Interior, Tolerance};
use node::Node;
use numbers::Numbers;

const NAME: &str = "staged";

/// Rows and bounds may be missed by this much, in the units of the problem.
const ROW_TOLERANCE: f64 = 5e-7;
/// And by this share of the largest value.
const RELATIVE_ROW_TOLERANCE: f64 = 5e-12;
/// The duals must prove the objective to this, relative.
const GAP_TOLERANCE: f64 = 1e-8;
/// What the interior-point method is asked for.
const GAP_GOAL: f64 = 1e-10;
/// Iterations allowed; hard cases take 45.
const ITERATIONS: usize = 120;
/// The elastic form of an infeasible problem costs more than this.
const SHORTAGE: f64 = 1e-6;

/// The staged interior-point solver.
#[derive(Debug, Clone, Copy)]
pub struct Staged;

impl Backend for Staged {
    fn name(&self) -> String {
        format!("{NAME} {}", env!("CARGO_PKG_VERSION"))
    }

    fn prepare(&self, _problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        Ok(Box::new(Prepared { memory: Vec::new() }))
    }
}

/// Memory for problems of one pattern: one layout for each way that the problem was tried.
struct Prepared {
    memory: Vec<Memory>,
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
}

/// In this order.
const ATTEMPTS: [Attempt; 4] = [
    Attempt { reduced: true, spread: 1.0, far: 1.0 },
    Attempt { reduced: false, spread: 1.0, far: 1.0 },
    Attempt { reduced: false, spread: 10.0, far: 100.0 },
    Attempt { reduced: false, spread: 0.1, far: 1.0 },
];

/// What an attempt came to.
enum Outcome {
    Optimal,
    /// Some value lies where only a missing bound stopped it.
    Far,
    /// The certificate refuses.
    Refused,
}

impl Solver for Prepared {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        if let Some(what) = unknown(problem) {
            let problem_name = problem.name().to_owned();
            let unsupported = LpError::Unsupported { problem: problem_name, solver: NAME, what };
            return otherwise(problem, solution).unwrap_or(Err(unsupported));
        }
        let mut far = 0;
        for attempt in ATTEMPTS {
            match self.attempt(problem, attempt, solution) {
                Outcome::Optimal => return Ok(()),
                Outcome::Far => far += 1,
                Outcome::Refused => {}
            }
        }
        otherwise(problem, solution).unwrap_or_else(|| {
            if far > 1 {
                return Err(LpError::Unbounded { problem: problem.name().to_owned() });
            }
            Err(self.why_not(problem))
        })
    }
}

impl Prepared {
    /// Tries to solve `problem` one way.
    fn attempt(&mut self, problem: &StagedProblem, attempt: Attempt, solution: &mut Solution) -> Outcome {
        let mut draft = Draft::of(problem);
        let nodes = if attempt.reduced { Node::take_out(&mut draft) } else { Vec::new() };
        let boxed = Boxed::of(&draft, attempt.far);
        let row = (0.1 * ROW_TOLERANCE / boxed.value_unit).clamp(1e-13, 1e-9);
        let tolerance = Tolerance { row, gap: GAP_GOAL, iterations: ITERATIONS, spread: attempt.spread };
        let memory = self.memory_for(&boxed.form);
        memory.interior.run(&memory.numbers, tolerance);
        memory.restore(problem, &draft, &boxed, &nodes, solution);
        let far = boxed.touches_far(&draft, solution.values.view());
        if is_proven(problem, solution) {
            Outcome::Optimal
        } else if far {
            Outcome::Far
        } else {
            Outcome::Refused
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

    /// Why there is no answer: whether even a form that may miss every row at a price has to miss some.
    fn why_not(&mut self, problem: &StagedProblem) -> LpError {
        let elastic = elastic(problem);
        let mut solution = Solution::zeros(&elastic);
        let mut other = Self { memory: Vec::new() };
        let solved = ATTEMPTS[1..]
            .iter()
            .any(|&attempt| matches!(other.attempt(&elastic, attempt, &mut solution), Outcome::Optimal));
        if solved && solution.objective > SHORTAGE {
            return LpError::Infeasible {
                problem: problem.name().to_owned(),
                columns: problem.columns().len(),
                rows: problem.rows().len(),
                stages: problem.stages(),
            };
        }
        let status = "no answer within its tolerances".to_owned();
        LpError::NoAnswer { problem: problem.name().to_owned(), solver: NAME, status }
    }
}

impl Memory {
    /// Writes the answer in the terms of the problem.
    fn restore(&self, problem: &StagedProblem, draft: &Draft, boxed: &Boxed, nodes: &[Node], solution: &mut Solution) {
        let (numbers, interior) = (&self.numbers, &self.interior);
        let at = |of: &[lanes::Lanes], width: usize, index: usize, stage: usize| {
            let (block, lane) = numbers.cut.place(stage);
            of[block * width + index].0[lane]
        };
        let (columns, rows) = (numbers.columns, numbers.rows);
        solution.values.fill(0.0);
        boxed.restore_values(draft, |column, stage| at(&interior.x, columns, column, stage), &mut solution.values);
        let mut duals = solution.duals.take().unwrap_or_else(|| Duals::zeros(problem));
        boxed.restore_duals(|row, stage| at(&interior.y, rows, row, stage), &mut duals.rows);
        if !nodes.is_empty() {
            let mut multipliers = Array2::zeros(solution.values.raw_dim());
            let net = |c, stage| at(&interior.z, columns, c, stage) - at(&interior.w, columns, c, stage);
            boxed.restore_multipliers(net, &mut multipliers);
            for node in nodes.iter().rev() {
                node.restore(&mut solution.values, &mut duals.rows, &multipliers);
            }
        }
        problem.reduced_costs(solution.values.view(), &mut duals);
        solution.duals = Some(duals);
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
    }
}

/// What this solver knows nothing of.
fn unknown(problem: &StagedProblem) -> Option<&'static str> {
    if !problem.global_columns().is_empty() || !problem.global_rows().is_empty() {
        return Some("capacities to choose or limits on the whole time; build with `--features cbc`");
    }
    let diagonal = Boxed::of(&Draft::of(problem), 1.0).form.diagonal.is_some();
    (!diagonal).then_some("stages tied by more than levels of stores; build with `--features cbc`")
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

/// Whether values and duals prove each other.
fn is_proven(problem: &StagedProblem, solution: &Solution) -> bool {
    let certificate = Certificate::of(problem, solution);
    let largest = solution.values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let feasible = certificate.worst().size <= ROW_TOLERANCE + RELATIVE_ROW_TOLERANCE * largest;
    let Some(optimality) = &certificate.optimality else { return false };
    let costs = problem.columns().iter().map(|column| match &column.cost {
        crate::series::Profile::Constant(cost) => cost.abs(),
        crate::series::Profile::Series(costs) => costs.iter().fold(0.0_f64, |largest, cost| largest.max(cost.abs())),
    });
    let dual_tolerance = 1e-8 * costs.fold(0.0, f64::max);
    feasible && optimality.dual.size <= dual_tolerance && optimality.relative_gap.abs() <= GAP_TOLERANCE
}

/// The same rows and bounds, each row missed at a price of 1 a unit, at no other cost.
fn elastic(problem: &StagedProblem) -> StagedProblem {
    let mut elastic = StagedProblem::new(problem.name(), problem.stages());
    for column in problem.columns() {
        elastic.add_column(Column { cost: 0.0.into(), ..column.clone() });
    }
    for (index, row) in problem.rows().iter().enumerate() {
        elastic.add_row(Row { name: row.name.clone(), lower: row.lower.clone(), upper: row.upper.clone() });
        for (what, sign) in [("lack", 1.0), ("excess", -1.0)] {
            let name = format!("{what} {}", row.name);
            let (lower, upper) = (0.0.into(), f64::INFINITY.into());
            let column = elastic.add_column(Column { name, lower, upper, cost: 1.0.into() });
            elastic.add_term(RowId(index), column, Lag::Same, sign);
        }
    }
    for term in problem.terms() {
        elastic.add_term(term.row, term.column, term.lag, term.coefficient.clone());
    }
    elastic
}
