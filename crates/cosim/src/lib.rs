//! Co-simulation of a district's dispatch and its water loop.
//!
//! - [`coupled`]: the loop of a district, its heat pumps, and the settings of their coupling
//! - [`coupling`]: the fixed-point driver: schemes, residuals, gap, verdicts
//! - [`participants`]: adapters of dispatch and loop to the driver's traits
//! - [`equilibrium`]: Newton's method on the joint optimality conditions of dispatch and loop, and the joint optimum
//! - [`converge`]: runs one district from its settings to its result

pub mod converge;
pub mod coupled;
pub mod coupling;
pub mod equilibrium;
mod error;
mod myopia;
pub mod participants;

pub use converge::{CosimResult, Coupling, first_problem, solver};
pub use coupled::{Coupled, HeatPumpSettings, LoopPump};
pub use error::{Cause, CosimError};
pub use myopia::Myopia;
