//! The water loop that the heat pumps draw from.
//!
//! Two models: a ring so well mixed that it has one temperature, which exchanges heat with the ground and is kept within limits by balancing
//! units ([`WellMixedLoop`]), and a network of pipes with substations, plants and pumps ([`district_network`]). Heat into the loop is positive.

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
    /// A ring of one temperature.
    WellMixed(WellMixedLoop),
    /// A network of pipes.
    Network(Box<DistrictNetwork>),
}

impl WaterLoop {
    /// Lowest and highest temperature, degrees Celsius.
    #[must_use]
    pub fn limits_c(&self) -> [f64; 2] {
        match self {
            Self::WellMixed(ring) => ring.limits_c(),
            Self::Network(network) => network.limits_c(),
        }
    }

    /// Heat capacity of water and walls, kWh/K.
    #[must_use]
    pub fn heat_capacity_kwh_per_k(&self) -> f64 {
        match self {
            Self::WellMixed(ring) => ring.heat_capacity_kwh_per_k(),
            Self::Network(network) => network.heat_capacity_kwh_per_k(),
        }
    }

    /// The widest spread, in K, of the water at a heat pump as the settings have it, and the path of the key that says so.
    #[must_use]
    pub fn widest_spread_k(&self, pump: usize) -> (f64, String) {
        match self {
            Self::WellMixed(ring) => (ring.spread_k(), "spread_k".to_owned()),
            Self::Network(network) => network.widest_spread_k(pump),
        }
    }

    /// The network, if it is one.
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

/// What makes a loop meaningless.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
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
    /// Something of a network makes no sense.
    #[error("water_loop.{path}: {message}")]
    Network {
        /// Where, with dots between the keys.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A network names what it has not.
    #[error("water_loop.{path}: `{name}` is not known")]
    UnknownName {
        /// Where, with dots between the keys.
        path: String,
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
}
