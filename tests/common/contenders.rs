//! The solver under test and the reference solver.

use anergy::lp::{Backend, Cbc, Certificate, LpError, Solution, Solver, Staged, StagedProblem};

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult, TestRunner};

use super::rescaled::Rescaled;

/// Returns the solver under test, with the reference solver as fallback.
pub fn candidate() -> &'static dyn Backend {
    &Staged { alone: false, vertex: false }
}

/// Returns the solver under test without a fallback.
pub fn alone() -> &'static dyn Backend {
    &Staged { alone: true, vertex: false }
}

/// Returns the reference solver.
///
/// CBC accepts violations of 1e-7 in rows and reduced costs, whatever the scale, and in about one of a hundred problems
/// reports a feasible problem as infeasible or a suboptimal solution as optimal. Neither happens at every scale at
/// once.
pub fn reference() -> &'static dyn Backend {
    static BEST_OF_SCALES: BestOfScales = BestOfScales(&[cbc(1e6, false), cbc(1e5, true)]);
    &BEST_OF_SCALES
}

/// Runs `usual` cases, or as many as the environment variable `ANERGY_CASES` says, and returns the number. A failing
/// case is shrunk and printed, and its seed is stored beside `file` and run first from then on.
pub fn try_cases<S: Strategy<Value: Debug>>(
    usual: u32,
    file: &'static str,
    strategy: S,
    test: impl Fn(S::Value) -> TestCaseResult,
) -> u32 {
    let cases = std::env::var("ANERGY_CASES").map_or(usual, |text| {
        text.parse().unwrap_or_else(|_| panic!("ANERGY_CASES is `{text}`; expected a number of cases"))
    });
    let config = ProptestConfig {
        cases,
        source_file: Some(file),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        max_shrink_iters: 5000,
        ..ProptestConfig::default()
    };
    if let Err(failure) = TestRunner::new(config).run(&strategy, test) {
        panic!("{failure}");
    }
    cases
}

const fn cbc(sum: f64, reversed: bool) -> Rescaled {
    Rescaled { backend: &Cbc, sum, cost: 1024.0, reversed }
}

/// A backend that takes the cheapest of the most accurate solutions of several solvers.
#[derive(Debug)]
struct BestOfScales(&'static [Rescaled]);

impl Backend for BestOfScales {
    fn name(&self) -> String {
        format!("{} at {} scales", Cbc.name(), self.0.len())
    }

    fn prepare(&self, problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        let solvers: Result<_, _> = self.0.iter().map(|backend| backend.prepare(problem)).collect();
        Ok(Box::new(Solvers(solvers?)))
    }
}

struct Solvers(Vec<Box<dyn Solver>>);

impl Solver for Solvers {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let mut best: Option<(bool, f64, Solution)> = None;
        let mut refusal = None;
        for solver in &mut self.0 {
            let mut other = solution.clone();
            if let Err(error) = solver.solve(problem, &mut other) {
                refusal = Some(error);
                continue;
            }
            let largest = other.values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
            let misses = Certificate::of(problem, &other).worst().size > 1e-7 + 1e-10 * largest;
            if best.as_ref().is_none_or(|(known, cost, _)| (misses, other.objective) < (*known, *cost)) {
                best = Some((misses, other.objective, other));
            }
        }
        match (best, refusal) {
            (Some((.., found)), _) => *solution = found,
            (None, refusal) => return refusal.map_or(Ok(()), Err),
        }
        Ok(())
    }
}
