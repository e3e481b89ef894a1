//! COIN-OR CBC through the `coin_cbc` crate: a simplex answer, so a vertex.
//!
//! Limits of the binding: the problem is loaded anew at every solve (neither basis nor coefficients can be kept), there are
//! no duals, and the library holds one lock for the whole process. For a problem without integers `status` says
//! "unlaunched"; only `is_proven_optimal` counts.

use coin_cbc::raw;

use super::{Backend, Solver};
use crate::lp::reduce::Reduced;
use crate::lp::{LpError, Matrix, Solution, StagedProblem};

const NAME: &str = "CBC";

/// The COIN-OR CBC solver.
#[derive(Debug, Clone, Copy)]
pub struct Cbc;

impl Backend for Cbc {
    fn name(&self) -> String {
        format!("{NAME} {}", raw::Model::version())
    }

    fn prepare(&self, problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
        let matrix = Matrix::new(&Reduced::of(problem).problem).ok_or_else(|| LpError::TooLarge {
            problem: problem.name().to_owned(),
            solver: NAME,
            entries: problem.stages() * problem.terms().len(),
        })?;
        Ok(Box::new(Prepared { matrix }))
    }
}

/// The layout of one pattern.
struct Prepared {
    matrix: Matrix,
}

impl Solver for Prepared {
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
        let matrix = &mut self.matrix;
        let reduced = Reduced::of(problem);
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
            return Err(LpError::Infeasible {
                problem: problem.name().to_owned(),
                columns: problem.columns().len(),
                rows: problem.rows().len(),
                stages: problem.stages(),
            });
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
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
        Ok(())
    }
}
