//! The equilibrium of dispatch and loop by Newton's method on the joint optimality conditions.
//!
//! In an equilibrium, the plan is optimal at the COPs that it leads to: it satisfies the optimality conditions of the
//! LP with those COPs, and the equations of the loop. Alternating the two moves from vertex to vertex of the LP,
//! while the equilibrium is in general a mixture of vertices; Newton's method on all conditions under one barrier
//! converges to it directly.

#![allow(clippy::needless_range_loop, reason = "rows and columns are indices into several arrays at once")]

mod anticipative;
mod bounded_variables;
mod flow_elimination;
mod lu;
mod model;
mod scheme;
mod segments;
mod stage_elimination;
mod window;

pub use anticipative::{Anticipated, AnticipativeError, Descent, anticipate};
pub use model::LoopConversion;
pub use scheme::{Refining, Stages};
pub use segments::{Newton, Point, Segment};

/// The feature of a case that Newton's method does not cover.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsuited {
    /// A variable or row is shared by all steps.
    #[error("capacities to choose, demand charges and limits on the whole time tie all steps together")]
    SharedByAllSteps,
    /// A cost is quadratic.
    #[error("costs that grow with the square of a flow")]
    CurvedCosts,
    /// The loop is discontinuous.
    #[error("a loop that jumps at its limits (loop_limit: reset) has no derivatives there")]
    Jumps,
    /// The loop is a network of pipes.
    #[error("a water loop with pipes (kind: network): only a well-mixed one has derivatives")]
    Network,
    /// The initial level of a store is free.
    #[error("a store whose level at the beginning is free (`storage_boundary: free`)")]
    FreeBeginning,
    /// The rows or columns have an unknown pattern.
    #[error("rows that tie more than a store's level from one step to the next")]
    Pattern,
}
