//! Solvers behind one pair of traits; one file a solver.

#[cfg(feature = "cbc")]
mod cbc;

#[cfg(feature = "cbc")]
pub use cbc::Cbc;

use super::{LpError, Solution, Staged, StagedProblem};

/// A kind of solver.
pub trait Backend: std::fmt::Debug + Sync {
    /// Name and version, as it stands in results.
    fn name(&self) -> String;

    /// Whether its answers come with duals as a rule.
    fn gives_duals(&self) -> bool {
        false
    }

    /// Prepares a solver for problems of the pattern of `problem`; its numbers may change between solves.
    ///
    /// # Errors
    /// [`LpError::TooLarge`] when the solver cannot hold the problem, [`LpError::Unsupported`] when it has something that the
    /// solver knows nothing of.
    fn prepare(&self, problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError>;
}

/// A solver that holds the memory for problems of one pattern.
pub trait Solver: Send {
    /// Solves `problem` and writes the answer into `solution`, whose shape fits.
    ///
    /// # Errors
    /// [`LpError::Infeasible`], [`LpError::Unbounded`] or [`LpError::NoAnswer`].
    fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError>;
}

/// The solver that is used unless told otherwise: our own, and where it finds no answer that its certificate proves, CBC if the
/// build has it.
#[must_use]
pub fn default_backend() -> &'static dyn Backend {
    &Staged { alone: false, vertex: false }
}

/// The same, with answers that are vertices.
#[must_use]
pub fn vertex_backend() -> &'static dyn Backend {
    &Staged { alone: false, vertex: true }
}
