//! COIN-OR CBC through the `coin_cbc` crate: a simplex solution, hence a vertex.
//!
//! Limits of the binding: the problem is loaded anew at every solve (neither basis nor coefficients can be kept), no
//! duals are returned, and the library holds one lock for the whole process. For a problem without integers `status` is
//! "unlaunched"; only `is_proven_optimal` is meaningful.

use coin_cbc::raw;

use super::{Backend, Solver};
use crate::implied_slack::ReducedProblem;
use crate::{LpError, Matrix, Solution, StagedProblem};

const NAME: &str = "CBC";

/// The COIN-OR CBC solver.
#[derive(Debug, Clone, Copy)]
pub struct Cbc;

impl Backend for Cbc {
    fn name(&self) -> String {
        format!("{NAME} {}", raw::Model::version())
    }

    fn prepare(&self, problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        must_be_linear(problem)?;
        Ok(Box::new(CbcSolver::new(problem, &ReducedProblem::of(problem))?))
    }
}

/// Returns an error for a problem with quadratic costs.
fn must_be_linear(problem: &StagedProblem) -> Result<(), LpError> {
    if problem.is_linear() {
        return Ok(());
    }
    Err(LpError::Unsupported { problem: problem.name().to_owned(), solver: NAME, what: "quadratic costs" })
}

/// A solver for problems of one pattern, with their matrix layout.
struct CbcSolver {
    matrix: Matrix,
    kept_columns: Vec<usize>,
}

impl CbcSolver {
    /// Lays out the reduced problem.
    fn new(problem: &StagedProblem, reduced: &ReducedProblem) -> Result<Self, LpError> {
        let matrix = Matrix::new(&reduced.problem).ok_or_else(|| LpError::TooLarge {
            problem: problem.name().to_owned(),
            solver: NAME,
            entries: problem.stages() * problem.terms().len(),
        })?;
        Ok(Self { matrix, kept_columns: reduced.kept_columns().to_vec() })
    }
}

impl Solver for CbcSolver {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        must_be_linear(problem)?;
        let reduced = ReducedProblem::of(problem);
        if reduced.kept_columns() != self.kept_columns {
            // A bound or coefficient has changed from a constant to a series or back, which changes the eliminated
            // columns.
            *self = Self::new(problem, &reduced)?;
        }
        let matrix = &mut self.matrix;
        matrix.refresh(&reduced.problem);
        let mut model = raw::Model::new();
        model.set_log_level(0);
        model.load_problem(
            matrix.lower.len(),
            matrix.row_lower.len(),
            &matrix.starts,
            &matrix.rows,
            &matrix.values,
            Some(&matrix.lower),
            Some(&matrix.upper),
            Some(&matrix.costs),
            Some(&matrix.row_lower),
            Some(&matrix.row_upper),
        );
        model.solve();
        if model.is_proven_infeasible() {
            return Err(problem.infeasible());
        }
        if model.is_continuous_unbounded() {
            return Err(LpError::Unbounded { problem: problem.name().to_owned() });
        }
        if !model.is_proven_optimal() {
            let status = format!("{:?}, {:?}", model.status(), model.secondary_status());
            return Err(LpError::NoAnswer { problem: problem.name().to_owned(), solver: NAME, status });
        }
        let (columns, answer) = (reduced.problem.columns().len(), model.col_solution());
        reduced.restore(|column, stage| answer[stage * columns + column], &mut solution.values);
        solution.globals.copy_from_slice(&answer[columns * problem.stages()..]);
        solution.duals = None;
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_problems::{capacity_and_limit, district};
    use crate::{Certificate, ColumnId, GlobalRowId};

    /// Returns the solution of `problem` after checking that it is feasible.
    fn solved(problem: &StagedProblem) -> Solution {
        let mut solution = Solution::zeros(problem);
        Cbc.prepare(problem).unwrap().solve(problem, &mut solution).unwrap();
        let worst = Certificate::of(problem, &solution).worst().clone();
        assert!(worst.size < 1e-7, "{worst:?}");
        solution
    }

    #[test]
    fn curved_costs_are_refused() {
        let problem = capacity_and_limit(3);
        let error = Cbc.prepare(&problem).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "CBC cannot solve `capacity and limit`: it has quadratic costs");
    }

    /// Bounds that become series between solves put an eliminated column back into the problem.
    #[test]
    fn bounds_may_become_series() {
        let mut problem = district(vec![3.0, 4.0], vec![1.0, 6.0]);
        let mut solution = Solution::zeros(&problem);
        let mut solver = Cbc.prepare(&problem).unwrap();
        solver.solve(&problem, &mut solution).unwrap();
        let free = solution.objective;
        problem.set_bounds(ColumnId(0), [0.0; 2].into_iter(), [1.0; 2].into_iter());
        solver.solve(&problem, &mut solution).unwrap();
        assert!(solution.objective > free && solution.values.row(0).iter().all(|grid| *grid <= 1.0 + 1e-9));
        assert!(Certificate::of(&problem, &solution).worst().size < 1e-7);
    }

    /// The objective rises as a limit over all stages becomes tighter.
    #[test]
    fn global_columns_and_rows_are_solved() {
        let mut problem = capacity_and_limit(12);
        problem.set_quadratic(ColumnId(2), 0.0);
        let limit = GlobalRowId(0);
        let mut last: Option<f64> = None;
        for most in [100.0, 30.0, 20.0, 10.0] {
            problem.set_global_range(limit, f64::NEG_INFINITY, most);
            let objective = solved(&problem).objective;
            if let Some(last) = last {
                assert!(objective >= last - 1e-9, "{objective} {last}");
            }
            last = Some(objective);
        }
        let bought = solved(&problem);
        assert!(bought.globals[0] > 0.0, "a capacity was chosen: {:?}", bought.globals);
    }
}
