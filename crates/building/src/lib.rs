//! Thermal models of buildings, for loads and flexibility.
//!
//! - [`RcNetwork`]: a building as resistances and capacities; [`Archetype`] and [`BestestCase`] give known ones,
//!   [`Construction`] turns the layers of a wall into one
//! - [`StateSpace`], [`Discrete`], [`Modes`]: the equations as matrices, their exact solution over a step, and the same
//!   solution mode by mode
//! - [`solar`]: sun through windows and on walls; [`published`]: the clock and the sky of a published tool
//! - [`profiles`]: set-points, occupancy, internal gains and hot water draws from a seed
//! - [`simulate()`]: free temperatures and ideal loads
//!
//! Temperatures are in degrees Celsius, heat flows in W (into the building positive), conductances in W/K, capacities
//! in J/K, time in hours unless a name says otherwise.

mod archetypes;
pub mod bestest;
mod error;
mod house_gains;
mod layers;
mod modes;
mod network;
pub mod published;
mod simulate;
pub mod solar;
mod solar_shares;
mod state_space;

pub use archetypes::{
    AIR_J_M3K, Archetype, ArchetypeData, ArchetypeGlazing, ArchetypeSettings, Compat, Element, Service,
};
pub use error::BuildingError;
pub use layers::{Construction, Films, Layer, LumpedWall};
pub use modes::Modes;
pub use network::{Boundary, BoundaryLink, HeatInput, HeatShare, Link, Node, RcNetwork};
pub use simulate::{Course, IdealPlant, Inputs, simulate};
pub use solar_shares::SolarShares;
pub use state_space::{Discrete, StateSpace};
