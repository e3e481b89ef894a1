//! The water loop that the heat pumps draw from.
//!
//! One model so far: a ring so well mixed that it has one temperature, which exchanges heat with the ground and is kept
//! within limits by balancing units. Heat into the loop is positive.

mod balance;
mod balancing;
pub mod borehole;
mod fluid;
mod ground;
pub mod network;
mod settings;
mod well_mixed;

pub use balance::EnergyBalance;
pub use balancing::BalancingUse;
pub use fluid::{Fluid, FluidSettings};
pub use settings::{
    BalancingSettings, BalancingUnitSettings, GroundSettings, LoopLimit, LoopProfiles, WellMixedSettings,
};
pub use well_mixed::{LoopStep, LoopStepper, WellMixedLoop};

/// What makes a loop meaningless.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum WaterLoopError {
    /// A number is outside its range.
    #[error("water_loop.{key} is {value}; expected {expected}")]
    Range {
        /// The key.
        key: &'static str,
        /// Its value.
        value: f64,
        /// The range.
        expected: &'static str,
    },
}
