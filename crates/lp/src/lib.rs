//! Linear programs over a chain of stages, the solvers that answer them, and certificates of the answers.
//!
//! A [`StagedProblem`] is a pattern repeated in every stage (hour): columns, rows, and terms that tie a column to a row of
//! the same stage or of the next one. That is the shape of a dispatch with storage, and keeping it makes three things
//! cheap: swapping coefficients in place, splitting what does not belong together ([`StagedProblem::components`]), and
//! solvers that exploit the chain. What all stages share (a capacity to choose, a limit for the year) stands beside the
//! pattern as a few global columns and rows. A [`Backend`] answers; a [`Certificate`] is computed here from the problem alone, so an
//! answer never vouches for itself.

mod backend;
mod certificate;
mod components;
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
pub use backend::{Backend, Solver, default_backend, vertex_backend};
pub use certificate::{Certificate, Violation};
pub use components::Component;
pub use globals::{GlobalColumn, GlobalColumnId, GlobalRow, GlobalRowId, GlobalTerm, SpreadTerm, SumTerm};
pub use matrix::Matrix;
pub use optimality::Optimality;
pub use problem::{Column, ColumnId, Lag, Row, RowId, StagedProblem, Term, TermId};
pub use solution::{Duals, Solution};
pub use staged::Staged;
pub use write::{write_lp, write_mps};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LpError {
    /// The solver proved that no values satisfy all rows and bounds.
    #[error("the problem `{problem}` is infeasible ({columns} columns, {rows} rows, {stages} stages)")]
    Infeasible {
        /// Name of the problem.
        problem: String,
        /// Columns per stage.
        columns: usize,
        /// Rows per stage.
        rows: usize,
        /// Stages.
        stages: usize,
    },
    /// The objective falls without limit.
    #[error("the problem `{problem}` is unbounded: some cost is negative without a limit on what earns it")]
    Unbounded {
        /// Name of the problem.
        problem: String,
    },
    /// The solver stopped without an answer.
    #[error("{solver} stopped on `{problem}` without an answer: {status}")]
    NoAnswer {
        /// Name of the problem.
        problem: String,
        /// The solver.
        solver: &'static str,
        /// What it said.
        status: String,
    },
    /// The problem is larger than the solver can index.
    #[error("{solver} cannot index `{problem}`: {entries} matrix entries")]
    TooLarge {
        /// Name of the problem.
        problem: String,
        /// The solver.
        solver: &'static str,
        /// Matrix entries of the problem.
        entries: usize,
    },
    /// The problem has something that the solver knows nothing of.
    #[error("{solver} cannot solve `{problem}`: it has {what}")]
    Unsupported {
        /// Name of the problem.
        problem: String,
        /// The solver.
        solver: &'static str,
        /// What it cannot solve.
        what: &'static str,
    },
    /// The answer violates the problem by more than is tolerable.
    #[error(
        "{solver} gave an answer to `{problem}` that misses {name}{} by {violation:e} (tolerance {tolerance:e})",
        .stage.map_or_else(String::new, |stage| format!(" in stage {stage}"))
    )]
    BadAnswer {
        /// Name of the problem.
        problem: String,
        /// The solver.
        solver: String,
        /// Row or column that is missed.
        name: String,
        /// Its stage, from 0; `None` for what all stages share.
        stage: Option<usize>,
        /// By how much.
        violation: f64,
        /// What would have been accepted.
        tolerance: f64,
    },
}
