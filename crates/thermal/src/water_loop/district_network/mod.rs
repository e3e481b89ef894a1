//! A network of pipes as a planner describes it: substations, plants, pumps and ground around a [`PipeNetwork`].
//!
//! [`NetworkSettings`] describes the network, [`DistrictNetwork`] is the checked layout of nodes, pipes and
//! transfers, and a [`Simulation`] advances it in time: flows from heat and spread, units of the plants, pressures
//! and pumps, limits.

mod binding;
mod build;
mod checks;
mod error;
mod layout;
mod map;
mod parts;
mod report;
mod settings;
mod simulation;
mod units;

pub use binding::{Draw, LoopMachine};
pub use build::DistrictNetwork;
pub use error::NetworkError;
pub use map::{NetworkMap, Place, Sited};
pub use report::{NetworkReport, Overrun, PipeTotals, PlantTotals, Recording, SubstationTotals, UnitTotals};
pub use settings::{
    AirSettings, AirSideSettings, BoreholeFieldSettings, FlowWarningSettings, Line, MainPumpSettings, MeterSettings,
    NetworkSettings, NodeSettings, PipeGroundSettings, PipeSettings, PipeTypeSettings, PlantSettings, PumpSettings,
    Pumping, ResolutionSettings, StartSettings, SubstationSettings, UnitSettings, WasteHeatSettings, WaveSettings,
    WellSettings,
};
pub use simulation::{MachineWater, Simulation, StepOutcome};

#[cfg(doc)]
use crate::water_loop::network::PipeNetwork;
