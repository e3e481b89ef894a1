//! Attempts to solve a problem with settings of increasing caution.

use std::cell::RefCell;

use ndarray::Array2;

use super::interior::Interior;
use super::iteration::InteriorSettings;
use super::lanes::Lanes;
use super::presolve::Presolve;
use super::presolved::PresolvedProblem;
use super::problem_data::ProblemData;
use super::proof::{OptimalityProof, proven, satisfies};
use super::sizes::{mean_costs, typical_cost};
use super::standard_form::StandardForm;
use super::standardize::Standardized;
use crate::{Duals, Solution, StagedProblem, TOLERANCE};

/// Values closer to 0 than this, in the units of the scaled problem, are set to 0.
const AT_BOUND: f64 = 1e-14;
/// Row residual at which the interior-point method stops, as a share of the accepted one.
const TARGET: f64 = 0.05;
/// Relative gap at which the interior-point method stops.
const GAP_TOLERANCE: f64 = 1e-11;
/// Number of memories kept per solver; a memory for a year of hours takes about 30 MB.
const MOST_MEMORIES: usize = 4;
/// Largest number of iterations; hard problems take 45.
const ITERATIONS: usize = 120;

/// The memories of the last solves: one per pattern that is left of a problem under one of the settings.
#[derive(Default)]
pub(super) struct Attempts(Vec<SolverMemory>);

/// The data and the iterate of problems of one pattern.
struct SolverMemory {
    pattern: Vec<usize>,
    data: ProblemData,
    interior: Interior,
}

/// The settings of one attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    /// Whether the full presolve is applied.
    full_presolve: bool,
    /// Distance of the starting point from the bounds, 1 as a rule.
    start_distance: f64,
    /// Distance of artificial bounds, relative to the usual one.
    pub(super) bound_factor: f64,
    /// Dual regularisation of the normal equations, where the dynamics are not diagonal.
    regularization: f64,
    /// Number of iterative refinements of each direction.
    refinements: usize,
}

/// The attempts, in the order in which they are made.
pub(super) const ATTEMPTS: [Attempt; 4] = [
    Attempt { full_presolve: true, start_distance: 1.0, bound_factor: 1.0, regularization: 0.0, refinements: 0 },
    Attempt { full_presolve: false, start_distance: 1.0, bound_factor: 1.0, regularization: 1e-10, refinements: 1 },
    Attempt { full_presolve: false, start_distance: 10.0, bound_factor: 100.0, regularization: 1e-8, refinements: 1 },
    Attempt { full_presolve: false, start_distance: 0.1, bound_factor: 1.0, regularization: 1e-8, refinements: 2 },
];

/// The result of an attempt.
pub(super) enum Outcome {
    /// The certificate proves the contained gap.
    Optimal(OptimalityProof),
    /// Some value is at an artificial bound; the number is the objective there.
    AtArtificialBound(f64),
    /// The certificate refuses the solution for the contained reason.
    Refused(String),
}

impl Attempts {
    /// Solves `problem` with the settings of `attempt`.
    pub(super) fn attempt(&mut self, problem: &StagedProblem, attempt: Attempt, solution: &mut Solution) -> Outcome {
        let mut presolved = PresolvedProblem::of(problem);
        let presolve =
            if attempt.full_presolve { Presolve::all(&mut presolved) } else { Presolve::least(&mut presolved) };
        let standardized = Standardized::of(&presolved, attempt.bound_factor);
        let row = (TARGET * TOLERANCE / standardized.value_unit).clamp(1e-13, 1e-9);
        let Attempt { start_distance, regularization, refinements, .. } = attempt;
        let tolerance = InteriorSettings {
            row,
            gap: GAP_TOLERANCE,
            iterations: ITERATIONS,
            start_distance,
            regularization,
            refinements,
        };
        let memory = self.memory_for(&standardized.form);
        memory.interior.run(&memory.data, tolerance);
        let at_artificial_bound = memory.restore(
            problem,
            Transformation { presolved: &presolved, presolve: &presolve, standardized: &standardized },
            solution,
        );
        let costs = mean_costs(problem.columns().iter().map(|column| &column.cost));
        // The typical cost is that of the original problem: presolve may have removed all columns of typical cost.
        let turnover = standardized.turnover(&presolved, solution.values.view(), typical_cost(&costs));
        match proven(problem, solution, turnover) {
            Ok(proof) => Outcome::Optimal(proof),
            Err(_) if at_artificial_bound && satisfies(problem, solution) => {
                Outcome::AtArtificialBound(solution.objective)
            }
            Err(reason) => Outcome::Refused(reason),
        }
    }

    /// Makes all attempts until one is proven; otherwise returns the reason why the last one is not.
    pub(super) fn first_proven(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), String> {
        let mut last_reason = String::new();
        for attempt in ATTEMPTS {
            match self.attempt(problem, attempt, solution) {
                Outcome::Optimal(proof) if proof.is_sufficient() => return Ok(()),
                Outcome::Optimal(OptimalityProof { reason, .. }) => last_reason = reason.unwrap_or_default(),
                Outcome::Refused(reason) => last_reason = reason,
                Outcome::AtArtificialBound(_) => last_reason = "its objective has no lower bound".to_owned(),
            }
        }
        Err(last_reason)
    }

    /// Returns the memory for a standard form, from an earlier solve of the same pattern if there was one.
    fn memory_for(&mut self, form: &StandardForm) -> &mut SolverMemory {
        let pattern = form.pattern();
        let known = self.0.iter().position(|memory| memory.pattern == pattern);
        if known.is_none() && self.0.len() == MOST_MEMORIES {
            self.0.remove(0);
        }
        let used = known.map(|index| self.0.remove(index)).or_else(|| spare(&pattern));
        self.0.push(match used {
            Some(mut memory) => {
                memory.data.load(form);
                memory.interior.load(&memory.data);
                memory
            }
            None => {
                let data = ProblemData::new(form);
                let interior = Interior::new(&data);
                SolverMemory { pattern, data, interior }
            }
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}

/// Number of memories that a thread keeps of dropped solvers.
const MOST_SPARES: usize = 6;

thread_local! {
    /// Memories of dropped solvers, so that a program that solves many problems of one pattern, one after the other,
    /// allocates once.
    static SPARE: RefCell<Vec<SolverMemory>> = const { RefCell::new(Vec::new()) };
}

/// Takes the thread's spare memory for a pattern; `None` if there is none.
fn spare(pattern: &[usize]) -> Option<SolverMemory> {
    SPARE.with_borrow_mut(|spare| {
        let index = spare.iter().position(|memory| memory.pattern == pattern)?;
        Some(spare.remove(index))
    })
}

impl Drop for Attempts {
    fn drop(&mut self) {
        // A thread that ends has no spare memories any more.
        let _ = SPARE.try_with(|spare| {
            if let Ok(mut spare) = spare.try_borrow_mut() {
                spare.append(&mut self.0);
                let surplus = spare.len().saturating_sub(MOST_SPARES);
                spare.drain(..surplus);
            }
        });
    }
}

/// The transformations from the original problem to the standard form.
#[derive(Clone, Copy)]
struct Transformation<'a> {
    presolved: &'a PresolvedProblem<'a>,
    presolve: &'a Presolve<'a>,
    standardized: &'a Standardized,
}

impl SolverMemory {
    /// Writes the solution in terms of the original problem.
    /// Returns whether any value is at an artificial bound.
    fn restore(&self, problem: &StagedProblem, full_presolve: Transformation<'_>, solution: &mut Solution) -> bool {
        let (data, interior) = (&self.data, &self.interior);
        let Transformation { presolved, presolve, standardized } = full_presolve;
        let at = |of: &[Lanes], width: usize, index: usize, stage: usize| {
            let (block, lane) = data.lane_layout.place(stage);
            of[block * width + index].0[lane]
        };
        let (columns, rows) = (data.columns, data.rows);
        solution.values.fill(0.0);
        let value = |column, stage| {
            let (x, z) = (at(&interior.x, columns, column, stage), at(&interior.z, columns, column, stage));
            // A value below its multiplier is at its bound in the limit.
            if x < AT_BOUND && z > x { 0.0 } else { x }
        };
        standardized.restore_values(presolved, value, &mut solution.values);
        // Presolve may divide the value of a column among several.
        let touches = standardized.touches_artificial_bound(presolved, solution.values.view());
        let mut duals = solution.duals.take().unwrap_or_else(|| Duals::zeros(problem));
        // Rows that presolve removed without a record have the dual 0.
        duals.rows.fill(0.0);
        // Without any cost every feasible point is optimal, and all duals are 0.
        let priced = f64::from(u8::from(!data.costless));
        standardized.restore_duals(|row, stage| priced * at(&interior.y, rows, row, stage), &mut duals.rows);
        let mut multipliers = Array2::default((0, 0));
        if presolve.needs_multipliers() {
            multipliers = Array2::zeros(solution.values.raw_dim());
            let net = |c, stage| at(&interior.z, columns, c, stage) - at(&interior.w, columns, c, stage);
            standardized.restore_multipliers(net, &mut multipliers);
        }
        presolve.restore(&mut solution.values, &mut duals.rows, &mut multipliers);
        standardized.restore_globals(presolved, |column| interior.border.columns[column].x, &mut solution.globals);
        standardized.restore_global_duals(|row| priced * interior.border.y[row], &mut duals.global_rows);
        problem.reduced_costs(solution.values.view(), &mut duals);
        solution.duals = Some(duals);
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
        touches || standardized.globals_touch_artificial_bound(presolved, &solution.globals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Lag, Row};
    use anergy_profile::Profile;

    /// A cost of stored energy is paid once per stage, whatever the number of stages.
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
                assert!(matches!(outcome, Outcome::Optimal(OptimalityProof { reason: None, .. })), "{stages} stages");
            }
        }
    }
}
