//! The same problem at another scale and in another column order. A solver with absolute tolerances is most accurate at
//! one scale; its results at several scales show how far it can be trusted.

use anergy::lp::{Backend, Column, ColumnId, LpError, Row, Solution, Solver, StagedProblem};
use anergy::series::Profile;

/// A backend that solves every problem with its largest right-hand side at about `sum`, its costs multiplied by `cost`,
/// and its columns in reversed order if `reversed`. The factors of the values are powers of two, so that no digit is
/// lost.
#[derive(Debug)]
pub struct Rescaled {
    /// Backend that solves the rescaled problem.
    pub backend: &'static dyn Backend,
    /// Approximate largest right-hand side.
    pub sum: f64,
    /// Factor of the costs.
    pub cost: f64,
    /// Whether the columns are in reversed order.
    pub reversed: bool,
}

impl Backend for Rescaled {
    fn name(&self) -> String {
        format!("{}, rescaled", self.backend.name())
    }

    fn prepare(&self, problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        let Self { backend, sum, cost, reversed } = *self;
        let mut prepared = RescaledSolver { solver: None, factor: 1.0, sum, cost, reversed };
        prepared.solver = Some(backend.prepare(&prepared.rescaled(problem))?);
        Ok(Box::new(prepared))
    }
}

struct RescaledSolver {
    solver: Option<Box<dyn Solver>>,
    factor: f64,
    sum: f64,
    cost: f64,
    reversed: bool,
}

impl Solver for RescaledSolver {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let largest = largest_sum(problem);
        self.factor = if largest > 0.0 { (self.sum / largest).log2().round().exp2() } else { 1.0 };
        let mut other = Solution::zeros(problem);
        let scaled = self.rescaled(problem);
        self.solver.as_mut().unwrap().solve(&scaled, &mut other)?;
        let factor = self.factor;
        for (index, mut to) in solution.values.rows_mut().into_iter().enumerate() {
            let index = if self.reversed { other.values.nrows() - 1 - index } else { index };
            to.assign(&other.values.row(index).map(|value| value / factor));
        }
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
        Ok(())
    }
}

fn largest_sum(problem: &StagedProblem) -> f64 {
    let sums = problem.rows().iter().flat_map(|row| [&row.lower, &row.upper]);
    let values = sums.flat_map(|profile| (0..problem.stages()).map(|stage| profile.at(stage).abs()));
    values.filter(|value| value.is_finite()).fold(0.0, f64::max)
}

impl RescaledSolver {
    fn rescaled(&self, problem: &StagedProblem) -> StagedProblem {
        let scaled = |profile: &Profile| profile.map(|value| value * self.factor);
        let count = problem.columns().len();
        let position = |index: usize| if self.reversed { count - 1 - index } else { index };
        let mut other = StagedProblem::new(problem.name(), problem.stages());
        let columns: Vec<ColumnId> = (0..count)
            .map(|index| {
                let Column { name, lower, upper, cost } = &problem.columns()[position(index)];
                let cost = cost.map(|cost| cost * self.cost);
                other.add_column(Column { name: name.clone(), lower: scaled(lower), upper: scaled(upper), cost })
            })
            .collect();
        for Row { name, lower, upper } in problem.rows() {
            other.add_row(Row { name: name.clone(), lower: scaled(lower), upper: scaled(upper) });
        }
        for term in problem.terms() {
            let column = columns[position(term.column.index())];
            other.add_term(term.row, column, term.lag, term.coefficient.clone());
        }
        other
    }
}
