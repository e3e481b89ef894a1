//! Dispatch and loop in agreement, found at once: Newton's method on the joint optimality conditions.
//!
//! A plan that no dispatcher could improve at the COPs it leads to satisfies the optimality conditions of the LP with those
//! COPs, and the loop's equations. Alternating the two goes from vertex to vertex of the LP, and their agreement is in general a mixture of vertices;
//! Newton's method on all conditions under one barrier goes straight to it.

#![allow(clippy::needless_range_loop, reason = "rows and columns are indices into several arrays at once")]

mod anticipative;
mod bounded;
mod elimination;
mod lu;
mod model;
mod passage;
mod scheme;
mod segments;
mod window;

pub use anticipative::{Anticipated, AnticipativeError, Descent, anticipate};
pub use model::LoopConversion;
pub use scheme::{Refining, Stages};
pub use segments::{Newton, Point, Segment};

/// Why these schemes cannot take a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsuited {
    /// Something that all steps share.
    #[error("capacities to choose, demand charges and limits on the whole time tie all steps together")]
    SharedByAllSteps,
    /// A quadratic cost.
    #[error("costs that grow with the square of a flow")]
    CurvedCosts,
    /// A loop that jumps.
    #[error("a loop that jumps at its limits (loop_limit: reset) has no derivatives there")]
    Jumps,
    /// A network of pipes.
    #[error("a water loop with pipes (kind: network): only a well-mixed one has derivatives")]
    Network,
    /// A store that may begin at any level.
    #[error("a store whose level at the beginning is free (`storage_boundary: free`)")]
    FreeBeginning,
    /// Rows or columns of another pattern.
    #[error("rows that tie more than a store's level from one step to the next")]
    Pattern,
}
