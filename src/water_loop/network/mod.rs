//! The water loop as a network of pipes.
//!
//! Water flows through pipes ([`PipeDesign`]) between nodes, driven through transfers ([`Transfer`]) with pumps of their own: substations, plants,
//! main pumps. Flows and pressures follow from the transfers' flows; temperatures move with the water ([`PipeNetwork`]).

mod design;
mod exchange;
mod friction;
mod hydraulics;
mod model;
mod parcels;
#[cfg(test)]
mod parcels_tests;
mod sparse;

pub use design::{Drive, Effect, Keep, PipeDesign, Resolution, Transfer};
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
