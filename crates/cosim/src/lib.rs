//! Co-simulation of a district's dispatch and its water loop.
//!
//! - [`coupled`]: the loop of a district, its heat pumps, and how the two are coupled
//! - [`coupling`]: the fixed-point driver: schemes, residuals, gap, verdicts
//! - [`participants`]: dispatch and loops as the driver sees them
//! - [`equilibrium`]: dispatch and loop in agreement at once: Newton's method on the joint optimality conditions, and the
//!   joint optimum
//! - [`converge`]: one district, run to its end

pub mod converge;
pub mod coupled;
pub mod coupling;
pub mod equilibrium;
mod myopia;
pub mod participants;

pub use converge::{Cause, CosimError, CosimResult, Coupling, first_problem, solver};
pub use coupled::{Coupled, HeatPumpSettings, LoopPump};
pub use myopia::Myopia;
