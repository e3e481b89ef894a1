//! The water loop from which the heat pumps draw.
//!
//! There are two models: a well-mixed loop of one temperature, which exchanges heat with the ground and is kept
//! within limits by balancing units ([`WellMixedLoop`]), and a network of pipes with substations, plants and pumps
//! ([`district_network`]). Heat into the loop is positive.

mod balance;
mod balancing;
pub mod borehole;
pub mod district_network;
mod fluid;
mod ground;
pub mod network;
mod settings;
mod well_mixed;

use serde::Serialize;

use district_network::{DistrictNetwork, NetworkSettings};

pub use balance::EnergyBalance;
pub use balancing::BalancingUse;
pub use fluid::{Fluid, FluidSettings};
pub use settings::{
    BalancingSettings, BalancingUnitSettings, DEFAULT_SPREAD_K, GroundSettings, LoopLimit, LoopProfiles,
    WellMixedSettings,
};
pub use well_mixed::{LoopStep, LoopStepper, WellMixedLoop};

/// A water loop of either model.
#[derive(Debug, Clone)]
pub enum WaterLoop {
    /// Well-mixed loop of one temperature.
    WellMixed(WellMixedLoop),
    /// Network of pipes.
    Network(Box<DistrictNetwork>),
}

impl WaterLoop {
    /// Returns the lowest and highest temperatures of the loop, degrees Celsius.
    #[must_use]
    pub fn limits_c(&self) -> [f64; 2] {
        match self {
            Self::WellMixed(ring) => ring.limits_c(),
            Self::Network(network) => network.limits_c(),
        }
    }

    /// Returns the heat capacity of water and walls, kWh/K.
    #[must_use]
    pub fn heat_capacity_kwh_per_k(&self) -> f64 {
        match self {
            Self::WellMixed(ring) => ring.heat_capacity_kwh_per_k(),
            Self::Network(network) => network.heat_capacity_kwh_per_k(),
        }
    }

    /// Returns the widest spread, K, of the water at a heat pump in the settings, and the path of the setting that
    /// gives it.
    #[must_use]
    pub fn widest_spread_k(&self, pump: usize) -> (f64, String) {
        match self {
            Self::WellMixed(ring) => (ring.spread_k(), "spread_k".to_owned()),
            Self::Network(network) => network.widest_spread_k(pump),
        }
    }

    /// Returns the network; `None` for a well-mixed loop.
    #[must_use]
    pub fn network(&self) -> Option<&DistrictNetwork> {
        match self {
            Self::WellMixed(_) => None,
            Self::Network(network) => Some(network),
        }
    }
}

/// Settings of a water loop of either model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WaterLoopSettings {
    /// A ring of one temperature.
    WellMixed(Box<WellMixedSettings>),
    /// A network of pipes.
    Network(Box<NetworkSettings>),
}

/// The error for invalid settings of a loop.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum WaterLoopError {
    /// A number is outside its range.
    #[error("water_loop.{key} is {value}; expected {expected}")]
    Range {
        /// Key of the setting.
        key: &'static str,
        /// Value of the setting.
        value: f64,
        /// Expected range.
        expected: &'static str,
    },
    /// A setting of a network is invalid.
    #[error("water_loop.{path}: {message}")]
    Network {
        /// Path of the setting, with dots between the keys.
        path: String,
        /// Description of the error.
        message: String,
    },
    /// A setting of a network refers to an unknown name.
    #[error("water_loop.{path}: `{name}` is not known")]
    UnknownName {
        /// Path of the setting, with dots between the keys.
        path: String,
        /// Unknown name.
        name: String,
        /// Known names.
        known: Vec<String>,
    },
}
