//! What a network is made of, what its transfers do, and how finely it is computed.

use super::parcels::Make;
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
    /// Sum of the loss coefficients of its fittings, of the dynamic pressure.
    pub fittings: f64,
    /// Heat capacity of its wall, J/(m K).
    pub wall_j_m_k: f64,
    /// Thermal resistance between its wall and what surrounds it, m K/W; infinite where it is insulated perfectly.
    pub resistance_m_k_w: f64,
}

/// Something through which water goes from one node to another, driven by a pump of its own: a substation, a plant, a main pump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Where it takes water when the flow is positive.
    pub from: usize,
    /// Where it gives water back when the flow is positive.
    pub to: usize,
}

/// What a transfer does in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drive {
    /// Flow, kg/s; back where negative.
    pub flow_kg_s: f64,
    /// What happens to the water.
    pub effect: Effect,
}

/// What a transfer does to the water that it passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// It receives this heat, W; without a flow it receives none.
    Heat(f64),
    /// It leaves with this temperature, degrees Celsius.
    Outlet(f64),
    /// It leaves as it came, or as near to these temperatures as the power allows: a balancing unit.
    Keep(Keep),
    /// It comes nearer to a temperature: a heat exchanger with something large.
    Exchange {
        /// That temperature, degrees Celsius.
        with_c: f64,
        /// Share of the way that it goes, 0 to 1.
        effectiveness: f64,
        /// Heat that it gives or takes at most, W.
        most_w: f64,
    },
}

/// What a balancing unit may do in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keep {
    /// Least temperature of what leaves, degrees Celsius.
    pub low_c: f64,
    /// Greatest temperature of what leaves, degrees Celsius.
    pub high_c: f64,
    /// Heat that it can give, W, >= 0.
    pub heating_w: f64,
    /// Heat that it can take, W, >= 0.
    pub cooling_w: f64,
    /// Temperatures that it can bring the water towards at most, while heating and while cooling, degrees Celsius, and the share of the way that it can:
    /// where its source is no larger than that. `None` where nothing but its power limits it.
    pub source: Option<[[f64; 2]; 2]>,
}

/// What a balancing unit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Duty {
    #[default]
    Nothing,
    ToLow,
    ToHigh,
    FullHeating,
    FullCooling,
    /// As far as the source goes.
    SourceHeating,
    SourceCooling,
}

impl Effect {
    /// What it does to the water while on duty.
    pub(super) fn on(self, duty: Duty) -> Self {
        match (self, duty) {
            (Self::Keep(keep), duty) => keep.effect(duty),
            (Self::Exchange { most_w, .. }, Duty::FullHeating) => Self::Heat(most_w),
            (Self::Exchange { most_w, .. }, Duty::FullCooling) => Self::Heat(-most_w),
            (known, _) => known,
        }
    }

    /// What it has to do with water at `taken_c`, of which it passes `capacity_w_k`; `None` for what does the same whatever comes.
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
    /// What it does to the water while on duty.
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

    /// What it has to do with water at `taken_c`, of which it passes `capacity_w_k`.
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

/// How finely a network is computed, and where it starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolution {
    /// Pipes are cut into cells of this length or shorter, m.
    pub cell_m: f64,
    /// Cells of a pipe at most.
    pub most_cells: usize,
    /// Steps are cut into equal parts of this length or shorter, s.
    pub part_s: f64,
    /// Water in every node, kg, > 0: it mixes there.
    pub node_water_kg: f64,
    /// Whether water and wall are at one temperature wherever they touch.
    pub perfect_film: bool,
    /// Temperature of everything at the start, degrees Celsius.
    pub start_c: f64,
}

impl Default for Resolution {
    fn default() -> Self {
        Self { cell_m: 50.0, most_cells: 40, part_s: 900.0, node_water_kg: 1e-3, perfect_film: false, start_c: 15.0 }
    }
}

impl PipeDesign {
    /// What thermal steps need to know of it.
    pub(super) fn make(&self, fluid: &Fluid) -> Make {
        let Self { length_m, inner_diameter_m, .. } = *self;
        let area = 0.25 * std::f64::consts::PI * inner_diameter_m * inner_diameter_m;
        Make {
            surface_m2: std::f64::consts::PI * inner_diameter_m * length_m,
            water_j_k: area * length_m * fluid.density_kg_m3 * fluid.specific_heat_j_kg_k,
            wall_j_k: self.wall_j_m_k * length_m,
            ground_w_k: length_m / self.resistance_m_k_w,
        }
    }
}

/// Whether all numbers are within their ranges, and all nodes exist.
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
