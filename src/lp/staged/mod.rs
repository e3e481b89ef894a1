//! Our own solver: an interior-point method that knows the chain of stages.
//!
//! A problem is reduced ([`node`]), boxed ([`boxing`]), laid out in lanes ([`numbers`]) and solved by a predictor-corrector method
//! ([`interior`]) whose linear algebra runs along the stages ([`chain`] where states
//! follow only upon themselves, else [`general`]). What comes back are values and the duals of
//! all rows, and nothing is believed before the [`Certificate`] of the problem itself agrees.

#![allow(clippy::needless_range_loop, reason = "rows and columns are indices into several arrays at once")]

mod border;
#[cfg(all(test, feature = "cbc"))]
mod border_tests;
mod boxing;
mod chain;
mod dense;
mod draft;
mod form;
mod general;
#[cfg(test)]
mod general_tests;
mod interior;
mod lanes;
mod layout;
mod node;
mod normal;
mod numbers;
mod plan;
mod repeated;
mod shared;
mod sharing;
mod start;
mod steps;
mod vector;

use ndarray::Array2;

use super::{
    Backend, Certificate, Column, Duals, GlobalColumn, Lag, LpError, Row, RowId, Solution, Solver, StagedProblem,
};
use boxing::Boxed;
use draft::Draft;
use form::Form;
use interior::{Interior, Tolerance};
use node::Node;
use numbers::Numbers;
use repeated::Repeated;

use crate::series::Profile;

const NAME: &str = "staged";

/// Rows and bounds may be missed by this much, in the units of the problem.
const ROW_TOLERANCE: f64 = 5e-7;
/// And by this share of the largest value.
const RELATIVE_ROW_TOLERANCE: f64 = 5e-12;
/// Duals that lean on a side which is infinite may be this large, against the largest cost.
const DUAL_TOLERANCE: f64 = 1e-8;
/// The duals must prove the objective to this, relative.
const GAP_TOLERANCE: f64 = 1e-8;
/// Where nothing is paid, the sums over all bounds times what rounding leaves of their duals are not 0.
const ROUNDING: f64 = 1e-15;
/// What is nearer to 0, in the units of the scaled problem, is 0.
const AT_BOUND: f64 = 1e-12;
/// What the interior-point method is asked for.
const GAP_GOAL: f64 = 1e-10;
/// Iterations allowed; hard cases take 45.
const ITERATIONS: usize = 120;
/// The elastic form of an infeasible problem costs more than this.
const SHORTAGE: f64 = 1e-6;

/// The staged interior-point solver.
#[derive(Debug, Clone, Copy)]
pub struct Staged {
    /// Whether nobody else may answer what it cannot. Otherwise the problem goes to the next backend that the build has.
    pub alone: bool,
}

impl Backend for Staged {
    fn name(&self) -> String {
        format!("{NAME} {}", env!("CARGO_PKG_VERSION"))
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
    /// What the rows' duals cost to move.
    held: f64,
}

/// In this order.
const ATTEMPTS: [Attempt; 4] = [
    Attempt { reduced: true, spread: 1.0, far: 1.0, held: 0.0 },
    Attempt { reduced: false, spread: 1.0, far: 1.0, held: 1e-10 },
    Attempt { reduced: false, spread: 10.0, far: 100.0, held: 1e-8 },
    Attempt { reduced: false, spread: 0.1, far: 1.0, held: 1e-8 },
];

/// What an attempt came to.
enum Outcome {
    Optimal,
    /// Some value lies where only a missing bound stopped it.
    Far,
    /// The certificate refuses, for this reason.
    Refused(String),
}

impl Solver for Prepared {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let mut far = 0;
        let mut doubt = String::new();
        for attempt in ATTEMPTS {
            match self.attempt(problem, attempt, solution) {
                Outcome::Optimal => return Ok(()),
                Outcome::Far => far += 1,
                Outcome::Refused(reason) => doubt = reason,
            }
        }
        let other = if self.alone { None } else { otherwise(problem, solution) };
        other.unwrap_or_else(|| Err(why_not(problem, doubt, far > 1)))
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
        let tolerance = Tolerance { row, gap: GAP_GOAL, iterations: ITERATIONS, spread: attempt.spread };
        let memory = self.memory_for(&boxed.form);
        memory.numbers.held = attempt.held;
        memory.interior.run(&memory.numbers, tolerance);
        memory.restore(problem, Taken { draft: &draft, nodes: &nodes, repeated: &repeated }, &boxed, solution);
        let far = boxed.touches_far(&draft, solution.values.view()) || boxed.shares_far(&draft, &solution.globals);
        let turnover = boxed.turnover(&draft, solution.values.view());
        match doubt(problem, solution, turnover) {
            None => Outcome::Optimal,
            Some(_) if far => Outcome::Far,
            Some(doubt) => Outcome::Refused(doubt),
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

/// Why there is no answer, `doubt` being why the last one was refused: whether even a form that may miss every row at a price has to miss some.
fn why_not(problem: &StagedProblem, doubt: String, far: bool) -> LpError {
    let elastic = elastic(problem);
    let mut solution = Solution::zeros(&elastic);
    let mut other = Prepared { memory: Vec::new(), alone: true };
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
    if far {
        return LpError::Unbounded { problem: problem.name().to_owned() };
    }
    LpError::NoAnswer { problem: problem.name().to_owned(), solver: NAME, status: doubt }
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

/// What keeps values and duals from proving each other, if anything does; `turnover` is what all flows would cost at the usual
/// price, which matters where costs cancel or are next to nothing.
fn doubt(problem: &StagedProblem, solution: &Solution, turnover: f64) -> Option<String> {
    let certificate = Certificate::of(problem, solution);
    let values = solution.values.iter().chain(&solution.globals);
    let largest = values.fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let worst = certificate.worst();
    if !within(worst.size, ROW_TOLERANCE + RELATIVE_ROW_TOLERANCE * largest) {
        return Some(format!("its best answer misses {} by {:.1e}", worst.name, worst.size));
    }
    let Some(optimality) = &certificate.optimality else { return Some("its answer has no duals".to_owned()) };
    if !within(optimality.dual.size, DUAL_TOLERANCE * largest_cost(problem)) {
        return Some(format!("its duals miss {} by {:.1e}", optimality.dual.name, optimality.dual.size));
    }
    let gap = optimality.relative_gap.abs();
    let difference = (optimality.primal_objective - optimality.dual_objective).abs();
    if within(difference, 1e-3 * GAP_TOLERANCE * turnover)
        || within(difference, ROUNDING * largest_cost(problem) * bounds(problem).max(1.0))
    {
        return None;
    }
    (!within(gap, GAP_TOLERANCE)).then(|| format!("its duals leave a relative gap of {gap:.1e}"))
}

/// Whether a size is a number and small enough.
fn within(size: f64, tolerance: f64) -> bool {
    size <= tolerance
}

/// The largest cost of a column, or of a global one if the others are free, or 1 if all are.
fn largest_cost(problem: &StagedProblem) -> f64 {
    let of_stages = problem.columns().iter().map(|column| match &column.cost {
        Profile::Constant(cost) => cost.abs(),
        Profile::Series(costs) => costs.iter().fold(0.0_f64, |largest, cost| largest.max(cost.abs())),
    });
    let largest = of_stages.fold(0.0, f64::max);
    let shared = || problem.global_columns().iter().fold(0.0_f64, |largest, column| largest.max(column.cost.abs()));
    [largest, shared(), 1.0].into_iter().find(|cost| *cost > 0.0).unwrap_or(1.0)
}

/// Sum of the absolute values of all finite bounds.
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
    share_elastically(problem, &mut elastic);
    elastic
}

/// The same for what all stages share.
fn share_elastically(problem: &StagedProblem, elastic: &mut StagedProblem) {
    for column in problem.global_columns() {
        elastic.add_global_column(GlobalColumn { cost: 0.0, ..column.clone() });
    }
    for row in problem.global_rows() {
        let index = elastic.add_global_row(row.clone());
        for (what, sign) in [("lack", 1.0), ("excess", -1.0)] {
            let name = format!("{what} {}", row.name);
            let column = elastic.add_global_column(GlobalColumn { name, lower: 0.0, upper: f64::INFINITY, cost: 1.0 });
            elastic.add_global_term(index, column, sign);
        }
    }
    for term in problem.spread_terms() {
        elastic.add_spread_term(term.row, term.column, term.coefficient.clone());
    }
    for term in problem.sum_terms() {
        elastic.add_sum_term(term.row, term.column, term.coefficient.clone());
    }
    for term in problem.global_terms() {
        elastic.add_global_term(term.row, term.column, term.coefficient);
    }
}
