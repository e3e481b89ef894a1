//! The water loop as a network of pipes.
//!
//! Water flows through pipes ([`PipeDesign`]) between nodes, driven through transfers ([`Transfer`]) with their own
//! pumps: substations, plants, main pumps. Flows and pressures follow from the transfers' flows; temperatures move
//! with the water ([`PipeNetwork`]).

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

/// The reason why a step of a network has no solution.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// Inflow and outflow of a connected component differ.
    #[error("pumps bring {flow_kg_s} kg/s more into the pipes around node {node} than they take from them")]
    Unbalanced {
        /// First node of the component.
        node: usize,
        /// Excess of the inflow, kg/s.
        flow_kg_s: f64,
    },
    /// The inlet temperatures of coupled balancing units do not converge.
    #[error(
        "the balancing units around transfer {transfer} do not settle: the temperature that they take still changes \
         by {change_k} K"
    )]
    Unsettled {
        /// One of their transfers.
        transfer: usize,
        /// The last change, K.
        change_k: f64,
    },
    /// A temperature violates the maximum principle.
    #[error("water of {temp_c} C {place}, where everything that it met has {low_c} to {high_c} C")]
    Impossible {
        /// Place of the temperature.
        place: WaterPlace,
        /// Temperature, degrees Celsius.
        temp_c: f64,
        /// Lower bound, degrees Celsius.
        low_c: f64,
        /// Upper bound, degrees Celsius.
        high_c: f64,
    },
    /// The flows of a mesh do not converge.
    #[error("the flows in the network's loops are not found: they still change by {change_kg_s} kg/s")]
    NotFound {
        /// Smallest change in an iteration, kg/s.
        change_kg_s: f64,
    },
    /// The ground around a borehole field has no finite temperature.
    #[error(
        "the walls of the borehole field that is unit {unit} (from 0) have no finite temperature in step {step} \
         (from 0)"
    )]
    GroundNotFinite {
        /// Index of the unit.
        unit: usize,
        /// Step, from 0.
        step: usize,
    },
}
