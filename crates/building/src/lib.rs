//! Thermal models of buildings, for loads and flexibility.
//!
//! - [`RcNetwork`]: a building as resistances and capacities; [`Archetype`] and [`bestest`] give known ones,
//!   [`Construction`] turns the layers of a wall into one
//! - [`StateSpace`], [`Discrete`], [`Modes`]: the equations as matrices, their exact solution over a step, and the same
//!   solution mode by mode
//! - [`solar`]: sun through windows and on walls; [`published`]: the clock and the sky of a published tool
//! - [`profiles`]: set-points, occupancy, internal gains and hot water draws from a seed
//! - [`simulate()`]: free temperatures and ideal loads
//!
//! ```
//! use anergy_building::{Archetype, ArchetypeSettings, Compat, IdealPlant, Inputs, Service, simulate};
//! use anergy_profile::Profile;
//!
//! // A day at 0 degrees in a house of 2006: the heat that keeps it at 20 degrees, in steps of a quarter of an hour.
//! let house = Archetype::Sfh06Air.network(Service::Heating, ArchetypeSettings::default(), Compat::Corrected)?;
//! let space = house.state_space()?;
//! let step = space.discretise(0.25)?;
//! let mut inputs = Inputs::new(&space, 96);
//! inputs.set("outside", Profile::Constant(0.0))?.set("ground", Profile::Constant(10.0))?;
//! inputs.set("internal", Profile::Constant(450.0))?;
//! let start = nalgebra::DVector::from_element(step.ad.nrows(), 20.0);
//! let course = simulate(&space, &step, &inputs, &start, Some(&IdealPlant::unlimited(20.0, 26.0)))?;
//! let kwh = course.heating_w.iter().sum::<f64>() * 0.25 / 1000.0;
//! assert!((60.0..90.0).contains(&kwh), "{kwh}");
//! # Ok::<(), anergy_building::BuildingError>(())
//! ```
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
pub mod profiles;
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
pub use simulate::{Course, IdealPlant, Inputs, free_states, simulate};
pub use solar_shares::SolarShares;
pub use state_space::{Discrete, StateSpace};
