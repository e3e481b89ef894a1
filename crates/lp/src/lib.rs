//! Linear programs over a chain of stages, solvers for them, and certificates of their solutions.
//!
//! A [`StagedProblem`] is a pattern of columns, rows and terms that repeats in every stage (time step). A term couples
//! a column to a row of the same stage or of the next one, as in a dispatch with storage. Keeping this structure has
//! three uses: coefficients are replaced in place, independent parts are found from the pattern alone
//! ([`StagedProblem::components`]), and the solver's effort grows with the number of stages only. Columns and rows that
//! all stages share (a capacity to choose, a limit on a yearly sum) are stored beside the pattern as global columns and
//! global rows. A [`Backend`] solves the problem. A [`Certificate`] is computed from the problem and the solution
//! alone, so that no solver has to be trusted.
//!
//! [`fleet`] writes such problems for many units with small linear dynamics, given by matrices, that share rows, such as
//! buildings under a cap on their power.

mod backend;
mod certificate;
mod components;
pub mod fleet;
mod globals;
#[cfg(any(test, feature = "cbc"))]
mod implied_slack;
mod matrix;
mod optimality;
mod problem;
mod solution;
mod staged;
mod stages;
#[cfg(test)]
mod test_problems;
mod write;

#[cfg(feature = "cbc")]
pub use backend::Cbc;
pub use backend::{Backend, Clarabel, Solver, default_backend, vertex_backend};
pub use certificate::{Certificate, Excess, TOLERANCE, Violation};
pub use components::Component;
pub use globals::{GlobalColumn, GlobalColumnId, GlobalRow, GlobalRowId, GlobalTerm, SpreadTerm, SumTerm};
pub use matrix::Matrix;
pub use optimality::Optimality;
pub use problem::{Column, ColumnId, Lag, Row, RowId, StagedProblem, Term, TermId};
pub use solution::{Duals, Solution};
pub use staged::Staged;
pub use write::{write_lp, write_mps};

/// The reasons why a problem has no solution.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LpError {
    /// The solver proved that no values satisfy all rows and bounds.
    #[error("the problem `{problem}` is infeasible ({columns} columns, {rows} rows, {stages} stages)")]
    Infeasible {
        /// Name of the problem.
        problem: String,
        /// Number of columns per stage.
        columns: usize,
        /// Number of rows per stage.
        rows: usize,
        /// Number of stages.
        stages: usize,
    },
    /// The objective has no lower bound.
    #[error("the problem `{problem}` is unbounded: some cost is negative without a limit on what earns it")]
    Unbounded {
        /// Name of the problem.
        problem: String,
    },
    /// The solver stopped without a solution.
    #[error("{solver} stopped on `{problem}` without an answer: {status}")]
    NoAnswer {
        /// Name of the problem.
        problem: String,
        /// Name of the solver.
        solver: &'static str,
        /// Status reported by the solver.
        status: String,
    },
    /// The problem is larger than the solver can index.
    #[error("{solver} cannot index `{problem}`: {entries} matrix entries")]
    TooLarge {
        /// Name of the problem.
        problem: String,
        /// Name of the solver.
        solver: &'static str,
        /// Number of matrix entries of the problem.
        entries: usize,
    },
    /// The problem has a feature that the solver does not support.
    #[error("{solver} cannot solve `{problem}`: it has {what}")]
    Unsupported {
        /// Name of the problem.
        problem: String,
        /// Name of the solver.
        solver: &'static str,
        /// The unsupported feature.
        what: &'static str,
    },
    /// The answer violates the problem by more than is tolerable.
    #[error(
        "{solver} gave an answer to `{problem}` that misses {name}{} by {violation:e} (tolerance {tolerance:e})",
        .stage.map_or_else(String::new, |stage| format!(" in stage {stage}"))
    )]
    /// The solution violates a row or a bound by more than the tolerance.
    BadAnswer {
        /// Name of the problem.
        problem: String,
        /// Name of the solver.
        solver: String,
        /// Name of the violated row or column.
        name: String,
        /// Stage of the violation, counted from 0; `None` for a global row or column.
        stage: Option<usize>,
        /// Size of the violation, in the unit of the row or column.
        violation: f64,
        /// Largest accepted violation.
        tolerance: f64,
    },
}
