//! Solver backends behind a pair of traits; one file per solver.

#[cfg(feature = "cbc")]
mod cbc;
pub(crate) mod clarabel;
mod conic_form;

#[cfg(feature = "cbc")]
pub use cbc::Cbc;
pub use clarabel::Clarabel;

use super::{LpError, Solution, Staged, StagedProblem};

/// A kind of solver.
pub trait Backend: std::fmt::Debug + Sync {
    /// Returns name and version, as reported in results.
    fn name(&self) -> String;

    /// Returns whether solutions usually come with duals.
    fn gives_duals(&self) -> bool {
        false
    }

    /// Creates a solver for problems with the pattern of `problem`; their numbers may change between solves.
    ///
    /// # Errors
    /// [`LpError::TooLarge`] when the problem exceeds the solver's index range, [`LpError::Unsupported`] when it has a
    /// feature that the solver does not support.
    fn prepare(&self, problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError>;
}

/// A solver with the memory for problems of one pattern.
pub trait Solver: Send {
    /// Solves `problem` and writes the result into `solution`, whose shape must be that of the problem.
    ///
    /// # Errors
    /// [`LpError::Infeasible`], [`LpError::Unbounded`] or [`LpError::NoAnswer`].
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError>;

    /// Returns name and version of the other solver that gave the last solution; `None` if this one gave it itself.
    fn answered_by_fallback(&self) -> Option<String> {
        None
    }
}

/// Returns the default solver: the staged interior-point solver. Where no solution is proven by its certificate, it asks
/// [`Clarabel`], and after it CBC if the build has it.
#[must_use]
pub fn default_backend() -> &'static dyn Backend {
    &Staged { alone: false, vertex: false }
}

/// Returns the default solver, restricted to solutions that are vertices of the feasible set.
#[must_use]
pub fn vertex_backend() -> &'static dyn Backend {
    &Staged { alone: false, vertex: true }
}
