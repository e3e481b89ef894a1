//! Our own solver: an interior-point method that knows the chain of stages.

mod boxing;
mod chain;
mod dense;
mod draft;
mod form;
mod interior;
mod lanes;
mod numbers;
mod start;

use super::{Backend, LpError, Solution, Solver, StagedProblem};
use boxing::Boxed;
use draft::Draft;
use interior::{Ended, Interior, Tolerance};
use numbers::Numbers;

const NAME: &str = "staged";

/// The staged interior-point solver.
#[derive(Debug, Clone, Copy)]
pub struct Staged;

impl Backend for Staged {
    fn name(&self) -> String {
        format!("{NAME} {}", env!("CARGO_PKG_VERSION"))
    }

    fn prepare(&self, _problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        Ok(Box::new(Prepared))
    }
}

/// Memory for problems of one pattern.
struct Prepared;

struct Run<'a> {
    numbers: &'a Numbers,
    interior: &'a mut Interior,
    tolerance: Tolerance,
}

impl pulp::WithSimd for Run<'_> {
    type Output = Ended;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> Ended {
        let Self { numbers, interior, tolerance } = self;
        match numbers.states() {
            1 => interior.run::<1>(numbers, tolerance),
            2 => interior.run::<2>(numbers, tolerance),
            3 => interior.run::<3>(numbers, tolerance),
            4 => interior.run::<4>(numbers, tolerance),
            _ => interior.run::<0>(numbers, tolerance),
        }
    }
}

impl Solver for Prepared {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let t0 = std::time::Instant::now();
        let draft = Draft::of(problem);
        let boxed = Boxed::of(&draft, 1.0);
        let numbers = Numbers::new(&boxed.form);
        let mut interior = Interior::new(&numbers);
        let t1 = std::time::Instant::now();
        let tolerance = Tolerance { row: 1e-9, gap: 1e-10, iterations: 100, spread: 1.0 };
        let ended = pulp::Arch::new().dispatch(Run { numbers: &numbers, interior: &mut interior, tolerance });
        let t2 = std::time::Instant::now();
        let columns = numbers.columns;
        let at = |column: usize, stage: usize| {
            let (block, lane) = numbers.cut.place(stage);
            interior.x[block * columns + column].0[lane]
        };
        boxed.restore_values(&draft, at, &mut solution.values);
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
        eprintln!("{ended:?} columns {} rows {} states {} prepare {:?} solve {:?} restore {:?}", numbers.columns, numbers.rows, numbers.states(), t1-t0, t2-t1, t2.elapsed());
        Ok(())
    }
}
