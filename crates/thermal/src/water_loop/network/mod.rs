//! The water loop as a network of pipes.
//!
//! Water flows through pipes ([`PipeDesign`]) between nodes, driven through transfers ([`Transfer`]) with pumps of their own: substations, plants,
//! main pumps. Flows and pressures follow from the transfers' flows; temperatures move with the water ([`PipeNetwork`]).

mod balancing;
mod design;
mod exchange;
mod friction;
mod guard;
mod hydraulics;
mod model;
mod parcels;
#[cfg(test)]
mod parcels_tests;
mod sparse;

pub use design::{Drive, Effect, Keep, PipeDesign, Resolution, Transfer};
pub use guard::WaterPlace;
pub use model::{NetworkStep, PipeNetwork};

/// Why no flows are found.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// More water enters a part of the network than leaves it.
    #[error("pumps bring {flow_kg_s} kg/s more into the pipes around node {node} than they take from them")]
    Unbalanced {
        /// The first node of that part.
        node: usize,
        /// How much more.
        flow_kg_s: f64,
    },
    /// The balancing units of a circuit are not found to agree.
    #[error(
        "the balancing units around transfer {transfer} do not settle: the temperature that they take still changes by {change_k} K"
    )]
    Unsettled {
        /// One of their transfers.
        transfer: usize,
        /// The last change, K.
        change_k: f64,
    },
    /// Water left a pipe or a transfer at a temperature that nothing there explains.
    #[error("water of {temp_c} C {place}, where everything that it met has {low_c} to {high_c} C")]
    Impossible {
        /// Where.
        place: WaterPlace,
        /// The temperature, degrees Celsius.
        temp_c: f64,
        /// The least temperature of what it met, degrees Celsius.
        low_c: f64,
        /// The greatest, degrees Celsius.
        high_c: f64,
    },
    /// The flows of a mesh are not found.
    #[error("the flows in the network's loops are not found: they still change by {change_kg_s} kg/s")]
    NotFound {
        /// The least change of an iteration.
        change_kg_s: f64,
    },
    /// The ground around a borehole field has no finite temperature.
    #[error(
        "the walls of the borehole field that is unit {unit} (from 0) have no finite temperature in step {step} (from 0)"
    )]
    GroundNotFinite {
        /// Index of the unit.
        unit: usize,
        /// The step.
        step: usize,
    },
}
