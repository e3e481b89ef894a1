//! One way to solve a problem after the other.

use std::cell::RefCell;

use ndarray::Array2;

use super::boxing::Boxed;
use super::course::Tolerance;
use super::draft::Draft;
use super::form::Form;
use super::interior::Interior;
use super::lanes::Lanes;
use super::numbers::Numbers;
use super::presolve::Presolve;
use super::proof::{Proof, ROW_TOLERANCE, proven, satisfies};
use super::sizes::{mean_costs, usual_cost};
use crate::{Duals, Solution, StagedProblem};

/// What is nearer to 0, in the units of the scaled problem, is 0.
const AT_BOUND: f64 = 1e-14;
/// What the interior-point method is asked for.
const GAP_GOAL: f64 = 1e-11;
/// Layouts that are kept: of a year, each takes some 30 MB.
const MEMORIES: usize = 4;
/// Iterations allowed; hard cases take 45.
const ITERATIONS: usize = 120;

/// The last layouts that were needed: one for each pattern that is left of a problem in one of the ways to try it.
#[derive(Default)]
pub(super) struct Attempts(Vec<Memory>);

/// A layout and its iterate.
struct Memory {
    pattern: Vec<usize>,
    numbers: Numbers,
    interior: Interior,
}

/// One way to try a problem.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    /// Whether all that can be said of the problem beforehand is used.
    reduced: bool,
    /// How far from the bounds to start.
    spread: f64,
    /// How far away missing bounds are put, against the usual.
    pub(super) far: f64,
    /// What the rows' duals cost to move, where dynamics are not diagonal.
    held: f64,
    /// How often directions are improved by what they miss.
    refinements: usize,
}

/// In this order.
pub(super) const ATTEMPTS: [Attempt; 4] = [
    Attempt { reduced: true, spread: 1.0, far: 1.0, held: 0.0, refinements: 0 },
    Attempt { reduced: false, spread: 1.0, far: 1.0, held: 1e-10, refinements: 1 },
    Attempt { reduced: false, spread: 10.0, far: 100.0, held: 1e-8, refinements: 1 },
    Attempt { reduced: false, spread: 0.1, far: 1.0, held: 1e-8, refinements: 2 },
];

/// What an attempt came to.
pub(super) enum Outcome {
    /// Proven, more or less.
    Optimal(Proof),
    /// Some value lies where only a missing bound stopped it; this is the objective there.
    Far(f64),
    /// The certificate refuses, for this reason.
    Refused(String),
}

impl Attempts {
    /// Tries to solve `problem` one way.
    pub(super) fn attempt(&mut self, problem: &StagedProblem, attempt: Attempt, solution: &mut Solution) -> Outcome {
        let mut draft = Draft::of(problem);
        let presolve = if attempt.reduced { Presolve::all(&mut draft) } else { Presolve::least(&mut draft) };
        let boxed = Boxed::of(&draft, attempt.far);
        let row = (0.1 * ROW_TOLERANCE / boxed.value_unit).clamp(1e-13, 1e-9);
        let Attempt { spread, held, refinements, .. } = attempt;
        let tolerance = Tolerance { row, gap: GAP_GOAL, iterations: ITERATIONS, spread, held, refinements };
        let memory = self.memory_for(&boxed.form);
        memory.interior.run(&memory.numbers, tolerance);
        memory.restore(problem, Reduced { draft: &draft, presolve: &presolve, boxed: &boxed }, solution);
        let far = boxed.touches_far(&draft, solution.values.view()) || boxed.shares_far(&draft, &solution.globals);
        let costs = mean_costs(problem.columns().iter().map(|column| &column.cost));
        // What left may have been all that was usual.
        let turnover = boxed.turnover(&draft, solution.values.view(), usual_cost(&costs));
        match proven(problem, solution, turnover) {
            Ok(proof) => Outcome::Optimal(proof),
            Err(_) if far && satisfies(problem, solution) => Outcome::Far(solution.objective),
            Err(doubt) => Outcome::Refused(doubt),
        }
    }

    /// The first answer that is proven well enough; otherwise why the last one is not.
    pub(super) fn first_proven(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), String> {
        let mut doubt = String::new();
        for attempt in ATTEMPTS {
            match self.attempt(problem, attempt, solution) {
                Outcome::Optimal(proof) if proof.is_enough() => return Ok(()),
                Outcome::Optimal(Proof { doubt: reason, .. }) => doubt = reason.unwrap_or_default(),
                Outcome::Refused(reason) => doubt = reason,
                Outcome::Far(_) => doubt = "it has no end".to_owned(),
            }
        }
        Err(doubt)
    }

    /// The memory for a form, from an earlier solve of the same pattern if there was one.
    fn memory_for(&mut self, form: &Form) -> &mut Memory {
        let pattern = form.pattern();
        let known = self.0.iter().position(|memory| memory.pattern == pattern);
        if known.is_none() && self.0.len() == MEMORIES {
            self.0.remove(0);
        }
        let used = known.map(|index| self.0.remove(index)).or_else(|| spare(&pattern));
        self.0.push(match used {
            Some(mut memory) => {
                memory.numbers.load(form);
                memory
            }
            None => {
                let numbers = Numbers::new(form);
                let interior = Interior::new(&numbers);
                Memory { pattern, numbers, interior }
            }
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}

/// Memories that a thread keeps of solvers that are gone.
const SPARES: usize = 6;

thread_local! {
    /// Who solves many problems of one pattern, one after the other, lays out memory once.
    static SPARE: RefCell<Vec<Memory>> = const { RefCell::new(Vec::new()) };
}

/// What this thread keeps for a pattern.
fn spare(pattern: &[usize]) -> Option<Memory> {
    SPARE.with_borrow_mut(|spare| {
        let index = spare.iter().position(|memory| memory.pattern == pattern)?;
        Some(spare.remove(index))
    })
}

impl Drop for Attempts {
    fn drop(&mut self) {
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|spare| {
            if let Ok(mut spare) = spare.try_borrow_mut() {
                spare.append(&mut self.0);
                let surplus = spare.len().saturating_sub(SPARES);
                spare.drain(..surplus);
            }
        });
    }
}

/// A problem and its boxed form, and the way between them.
#[derive(Clone, Copy)]
struct Reduced<'a> {
    draft: &'a Draft,
    presolve: &'a Presolve,
    boxed: &'a Boxed,
}

impl Memory {
    /// Writes the answer in the terms of the problem.
    fn restore(&self, problem: &StagedProblem, reduced: Reduced<'_>, solution: &mut Solution) {
        let (numbers, interior) = (&self.numbers, &self.interior);
        let Reduced { draft, presolve, boxed } = reduced;
        let at = |of: &[Lanes], width: usize, index: usize, stage: usize| {
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
        // What left without a word is worth nothing.
        duals.rows.fill(0.0);
        // Where nothing costs anything, everything feasible is optimal, and no price is one.
        let priced = f64::from(u8::from(!numbers.costless));
        boxed.restore_duals(|row, stage| priced * at(&interior.y, rows, row, stage), &mut duals.rows);
        let mut multipliers = Array2::default((0, 0));
        if presolve.needs_multipliers() {
            multipliers = Array2::zeros(solution.values.raw_dim());
            let net = |c, stage| at(&interior.z, columns, c, stage) - at(&interior.w, columns, c, stage);
            boxed.restore_multipliers(net, &mut multipliers);
        }
        presolve.restore(&mut solution.values, &mut duals.rows, &multipliers);
        boxed.restore_globals(draft, |column| interior.border.columns[column].x, &mut solution.globals);
        boxed.restore_global_duals(|row| priced * interior.border.y[row], &mut duals.global_rows);
        problem.reduced_costs(solution.values.view(), &mut duals);
        solution.duals = Some(duals);
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Lag, Row};
    use anergy_profile::Profile;

    /// Whatever the number of stages: what is stored from one round to the next pays for its stay once a stage.
    #[test]
    fn levels_may_cost_something() {
        for stages in 1..=20 {
            for quadratic in [0.0, 0.01] {
                let mut problem = StagedProblem::new("cellar", stages);
                let mut column = |name: &str, upper: f64, cost: Profile| {
                    problem.add_column(Column { name: name.into(), lower: 0.0.into(), upper: upper.into(), cost })
                };
                let price = (0..stages).map(|t| 0.2 + 0.3 * ((t * 7) % 5) as f64).collect();
                let source = column("source", 5.0, Profile::Series(price));
                let level = column("level", 6.0, 0.04.into());
                let balance = problem
                    .add_row(Row::equal("balance", (0..stages).map(|t| 1.0 + (t % 3) as f64).collect::<Vec<_>>()));
                problem.add_term(balance, source, Lag::Same, 1.0);
                problem.add_term(balance, level, Lag::Same, -1.0);
                problem.add_term(balance, level, Lag::PreviousCyclic, 0.95);
                problem.set_quadratic(level, quadratic);
                let mut solution = Solution::zeros(&problem);
                let outcome = Attempts::default().attempt(&problem, ATTEMPTS[1], &mut solution);
                assert!(matches!(outcome, Outcome::Optimal(Proof { doubt: None, .. })), "{stages} stages");
            }
        }
    }
}
