//! The error of a network's simulation, with names and step.

use super::DistrictNetwork;
use crate::water_loop::network::{FlowError, WaterPlace};

/// The error of a network's simulation: its cause, place and step.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct NetworkError {
    /// Step, counted from the first of the plan.
    pub step: usize,
    /// Message with names.
    pub message: String,
    /// Cause with indices.
    pub source: FlowError,
}

impl DistrictNetwork {
    /// Returns an error of a step with names in place of indices.
    pub(super) fn named(&self, source: FlowError, step: usize) -> NetworkError {
        let message = match source {
            FlowError::Unbalanced { node, flow_kg_s } => format!(
                "pumps bring {flow_kg_s} kg/s more into the pipes around {} than they take from them",
                self.nodes[node]
            ),
            FlowError::Unsettled { transfer, change_k } => format!(
                "the heat of the units at {} is not found: the water that they take still changes by {change_k} K",
                self.transfer_name(transfer)
            ),
            FlowError::Impossible { place, temp_c, low_c, high_c } => {
                let place = match place {
                    WaterPlace::Pipe(pipe) => format!("in pipe {}", self.pipes[pipe].name),
                    WaterPlace::Transfer(transfer) => format!("behind {}", self.transfer_name(transfer)),
                    WaterPlace::Node(node) => format!("at node {}", self.nodes[node]),
                };
                format!(
                    "the simulated water {place} has {temp_c} C, but all that it met has {low_c:.3} to {high_c:.3} C; \
                     this answer cannot be and is refused (a finer `resolution` may help)"
                )
            }
            FlowError::GroundNotFinite { unit, .. } => {
                format!("the walls of the borehole field {} have no finite temperature", self.units[unit].name)
            }
            other @ FlowError::NotFound { .. } => other.to_string(),
        };
        NetworkError { step, message, source }
    }

    /// Returns the name of a transfer: its substation, plant and unit, or the main pump.
    fn transfer_name(&self, transfer: usize) -> String {
        if let Some(substation) = self.substations.get(transfer) {
            return format!("substation {}", substation.name);
        }
        let Some(plant) = self.plants.iter().find(|plant| plant.transfers.contains(&transfer)) else {
            return "the main pump".to_owned();
        };
        match plant.units.clone().nth(transfer - plant.transfers.start) {
            Some(unit) => format!("unit {}", self.units[unit].name),
            None => format!("plant {}", plant.name),
        }
    }
}
