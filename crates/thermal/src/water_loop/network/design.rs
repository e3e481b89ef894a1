//! The components of a pipe network, the effects of its transfers, and its resolution.

use super::parcels::PipeProperties;
use crate::water_loop::{Fluid, WaterLoopError};

/// A pipe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PipeDesign {
    /// Node at its beginning.
    pub from: usize,
    /// Node at its end.
    pub to: usize,
    /// Length, m, > 0.
    pub length_m: f64,
    /// Inner diameter, m, > 0.
    pub inner_diameter_m: f64,
    /// Roughness, m.
    pub roughness_m: f64,
    /// Sum of the loss coefficients of its fittings (zeta), relative to the dynamic pressure.
    pub fittings: f64,
    /// Heat capacity of its wall, J/(m K).
    pub wall_j_m_k: f64,
    /// Thermal resistance between its wall and its surroundings, m K/W; infinite for perfect insulation.
    pub resistance_m_k_w: f64,
}

/// A connection with its own pump from one node to another: a substation, a plant, a main pump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Inlet node for positive flow.
    pub from: usize,
    /// Outlet node for positive flow.
    pub to: usize,
}

/// The flow of a transfer and its effect in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drive {
    /// Flow, kg/s; negative for reversed flow.
    pub flow_kg_s: f64,
    /// Effect on the water.
    pub effect: Effect,
}

/// The effect of a transfer on the water that passes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// A given heat, W; none without a flow.
    Heat(f64),
    /// A given outlet temperature, degrees Celsius.
    Outlet(f64),
    /// A balancing unit: the outlet temperature is within a range as far as the power allows, and otherwise that of
    /// the inlet.
    Keep(Keep),
    /// A heat exchanger with a large body of given temperature.
    Exchange {
        /// Temperature of the large body, degrees Celsius.
        with_c: f64,
        /// Effectiveness, 0 to 1.
        effectiveness: f64,
        /// Largest heat in either direction, W.
        most_w: f64,
    },
}

/// The limits of a balancing unit in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keep {
    /// Lowest outlet temperature, degrees Celsius.
    pub low_c: f64,
    /// Highest outlet temperature, degrees Celsius.
    pub high_c: f64,
    /// Largest heat, W, >= 0.
    pub heating_w: f64,
    /// Largest cold, W, >= 0.
    pub cooling_w: f64,
    /// Source of limited size: its temperatures in heating and in cooling, degrees Celsius, towards which the water
    /// can be brought, and its effectiveness in each. `None` if only the power is limited.
    pub source: Option<[[f64; 2]; 2]>,
}

/// The mode of operation of a balancing unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Duty {
    #[default]
    Nothing,
    ToLow,
    ToHigh,
    FullHeating,
    FullCooling,
    /// Limited by the source.
    SourceHeating,
    SourceCooling,
}

impl Effect {
    /// Returns the effect on the water while on a given duty.
    pub(super) fn on(self, duty: Duty) -> Self {
        match (self, duty) {
            (Self::Keep(keep), duty) => keep.effect(duty),
            (Self::Exchange { most_w, .. }, Duty::FullHeating) => Self::Heat(most_w),
            (Self::Exchange { most_w, .. }, Duty::FullCooling) => Self::Heat(-most_w),
            (known, _) => known,
        }
    }

    /// Returns the duty for an inlet temperature `taken_c` and a capacity flow `capacity_w_k`; `None` for an effect
    /// that does not depend on the inlet temperature's range.
    pub(super) fn duty(&self, taken_c: f64, capacity_w_k: f64) -> Option<Duty> {
        match self {
            Self::Heat(_) | Self::Outlet(_) => None,
            Self::Keep(keep) => Some(keep.duty(taken_c, capacity_w_k)),
            Self::Exchange { with_c, effectiveness, most_w } => {
                let heat_w = effectiveness * capacity_w_k * (with_c - taken_c);
                Some(match heat_w {
                    heat_w if heat_w > *most_w => Duty::FullHeating,
                    heat_w if heat_w < -most_w => Duty::FullCooling,
                    _ => Duty::Nothing,
                })
            }
        }
    }
}

impl Keep {
    /// Returns the effect on the water while on a given duty.
    fn effect(&self, duty: Duty) -> Effect {
        match duty {
            Duty::Nothing => Effect::Heat(0.0),
            Duty::ToLow => Effect::Outlet(self.low_c),
            Duty::ToHigh => Effect::Outlet(self.high_c),
            Duty::FullHeating => Effect::Heat(self.heating_w),
            Duty::FullCooling => Effect::Heat(-self.cooling_w),
            Duty::SourceHeating | Duty::SourceCooling => {
                let [heating, cooling] = self.source.unwrap_or_default();
                let [with_c, effectiveness] = if duty == Duty::SourceHeating { heating } else { cooling };
                Effect::Exchange { with_c, effectiveness, most_w: f64::INFINITY }
            }
        }
    }

    /// Returns the duty for an inlet temperature `taken_c` and a capacity flow `capacity_w_k`.
    fn duty(&self, taken_c: f64, capacity_w_k: f64) -> Duty {
        let (short, over) = (self.low_c - taken_c, taken_c - self.high_c);
        let least = |needed_w: f64, most_w: f64, source: Option<[f64; 2]>, duties: [Duty; 3]| {
            let of_source = |[with_c, effectiveness]: [f64; 2]| (with_c - taken_c).abs() * effectiveness * capacity_w_k;
            let source_w = source.map_or(f64::INFINITY, of_source);
            let [enough, full, as_source] = duties;
            match needed_w <= most_w.min(source_w) {
                true => enough,
                false if most_w <= source_w => full,
                false => as_source,
            }
        };
        if short > 0.0 {
            let source = self.source.map(|[heating, _]| heating);
            least(short * capacity_w_k, self.heating_w, source, [Duty::ToLow, Duty::FullHeating, Duty::SourceHeating])
        } else if over > 0.0 {
            let source = self.source.map(|[_, cooling]| cooling);
            least(over * capacity_w_k, self.cooling_w, source, [Duty::ToHigh, Duty::FullCooling, Duty::SourceCooling])
        } else {
            Duty::Nothing
        }
    }
}

/// The resolution of a network in space and time, and its initial temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolution {
    /// Longest cell of a pipe, m.
    pub cell_m: f64,
    /// Largest number of cells of a pipe.
    pub most_cells: usize,
    /// Longest part of a step, s; steps are divided into equal parts.
    pub part_s: f64,
    /// Mass of water in every node, kg, > 0, which is fully mixed.
    pub node_water_kg: f64,
    /// Whether water and wall have the same temperature wherever they touch.
    pub perfect_film: bool,
    /// Initial temperature of water and walls, degrees Celsius.
    pub start_c: f64,
}

impl Default for Resolution {
    fn default() -> Self {
        Self { cell_m: 50.0, most_cells: 40, part_s: 900.0, node_water_kg: 1e-3, perfect_film: false, start_c: 15.0 }
    }
}

impl PipeDesign {
    /// Returns the properties of the pipe that a thermal step needs.
    pub(super) fn make(&self, fluid: &Fluid) -> PipeProperties {
        let Self { length_m, inner_diameter_m, .. } = *self;
        let area = 0.25 * std::f64::consts::PI * inner_diameter_m * inner_diameter_m;
        PipeProperties {
            surface_m2: std::f64::consts::PI * inner_diameter_m * length_m,
            water_j_k: area * length_m * fluid.density_kg_m3 * fluid.specific_heat_j_kg_k,
            wall_j_k: self.wall_j_m_k * length_m,
            ground_w_k: length_m / self.resistance_m_k_w,
        }
    }
}

/// Checks that all numbers are within their ranges, and that all nodes exist.
pub(super) fn check(
    nodes: usize,
    designs: &[PipeDesign],
    transfers: &[Transfer],
    resolution: &Resolution,
) -> Result<(), WaterLoopError> {
    let mut ends = designs.iter().map(|pipe| pipe.from.max(pipe.to));
    let mut others = transfers.iter().map(|transfer| transfer.from.max(transfer.to));
    if let Some(node) = ends.find(|node| *node >= nodes).or_else(|| others.find(|node| *node >= nodes)) {
        #[expect(clippy::cast_precision_loss, reason = "to be shown")]
        let value = node as f64;
        return Err(WaterLoopError::Range { key: "network.node", value, expected: "a node that there is" });
    }
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let not_negative = |value: f64| value.is_finite() && value >= 0.0;
    for pipe in designs {
        let some = "a number > 0";
        let any = "a number >= 0";
        let checks = [
            ("pipes.length_m", pipe.length_m, some, positive(pipe.length_m)),
            ("pipes.inner_diameter_m", pipe.inner_diameter_m, some, positive(pipe.inner_diameter_m)),
            ("pipes.roughness_m", pipe.roughness_m, any, not_negative(pipe.roughness_m)),
            ("pipes.fittings", pipe.fittings, any, not_negative(pipe.fittings)),
            ("pipes.wall_j_m_k", pipe.wall_j_m_k, any, not_negative(pipe.wall_j_m_k)),
            ("pipes.resistance_m_k_w", pipe.resistance_m_k_w, some, pipe.resistance_m_k_w > 0.0),
        ];
        if let Some((key, value, expected, _)) = checks.into_iter().find(|(.., fine)| !fine) {
            return Err(WaterLoopError::Range { key, value, expected });
        }
    }
    let checks = [
        ("network.cell_m", resolution.cell_m),
        ("network.part_s", resolution.part_s),
        ("network.node_water_kg", resolution.node_water_kg),
    ];
    match checks.into_iter().find(|(_, value)| !positive(*value)) {
        Some((key, value)) => Err(WaterLoopError::Range { key, value, expected: "a number > 0" }),
        None => Ok(()),
    }
}
