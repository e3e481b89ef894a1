//! The components of a network beside its pipes.

use anergy_data::series::Profile;

use super::binding::Draw;
use super::layout::number;
use super::settings::{PumpSettings, SubstationSettings};
use crate::water_loop::WaterLoopError;

/// The reference of a node's pressure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PressureReference {
    /// The pressure is relative to the warm line, whose level the pumps set.
    Warm,
    /// The pressure is relative to the cold line or the ring.
    Known,
    /// The pressure is unknown.
    Unknown,
}

/// A pump.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pump {
    pub(super) efficiency: f64,
    pub(super) loss_pa: f64,
    /// Design flow, kg/s.
    pub(super) design_kg_s: f64,
}

impl Pump {
    pub(super) fn new(settings: &PumpSettings, path: &str) -> Result<Self, WaterLoopError> {
        let PumpSettings { efficiency, pressure_loss_kpa, design_flow_kg_s } = *settings;
        check_efficiency(efficiency, path)?;
        let loss = "a number >= 0";
        let fine = pressure_loss_kpa.is_finite() && pressure_loss_kpa >= 0.0;
        number(&format!("{path}.pressure_loss_kpa"), pressure_loss_kpa, fine, loss)?;
        let design_kg_s = design_flow_kg_s.unwrap_or(0.0);
        number(
            &format!("{path}.design_flow_kg_s"),
            design_kg_s,
            design_flow_kg_s.is_none_or(|flow| flow > 0.0),
            "a number > 0",
        )?;
        Ok(Self { efficiency, loss_pa: 1e3 * pressure_loss_kpa, design_kg_s })
    }

    /// Returns the pressure loss of machines and heat exchangers at a flow, Pa.
    pub(super) fn own_pa(&self, flow_kg_s: f64) -> f64 {
        if self.design_kg_s > 0.0 { self.loss_pa * (flow_kg_s / self.design_kg_s).powi(2) } else { 0.0 }
    }

    /// Returns the electric power for a head and a flow, kW; 0 for a negative head.
    pub(super) fn power_kw(&self, head_pa: f64, flow_kg_s: f64, density_kg_m3: f64) -> f64 {
        1e-3 * head_pa.max(0.0) * flow_kg_s.abs() / (density_kg_m3 * self.efficiency)
    }
}

pub(super) fn check_efficiency(efficiency: f64, path: &str) -> Result<(), WaterLoopError> {
    number(&format!("{path}.efficiency"), efficiency, efficiency > 0.0 && efficiency <= 1.0, "a number > 0, at most 1")
}

/// The electricity meter of a component.
#[derive(Debug, Clone)]
pub(super) enum Meter {
    /// The meter of a site of the district, by its index in [`DistrictNetwork::electricity_sites`].
    Site(usize),
    /// A separate meter.
    Own { price_eur_per_kwh: Profile, co2_kg_per_kwh: f64 },
}

impl Meter {
    /// Returns the price on a separate meter, EUR/kWh; 0 on a site's meter.
    pub(super) fn own_price(&self, step: usize) -> f64 {
        match self {
            Self::Site(_) => 0.0,
            Self::Own { price_eur_per_kwh, .. } => price_eur_per_kwh.at(step),
        }
    }
}

/// A substation or a source of waste heat.
#[derive(Debug, Clone)]
pub(super) struct Substation {
    pub(super) name: String,
    /// Nodes of inlet and outlet in heating.
    pub(super) ends: [usize; 2],
    pub(super) draws: Vec<Draw>,
    /// Heat of a source of waste heat, kW; `None` for a substation.
    pub(super) source_kw: Option<Profile>,
    pub(super) spread_k: f64,
    pub(super) flow_kg_s: [f64; 2],
    pub(super) bypass_kg_s: f64,
    pub(super) inlet_c: [f64; 2],
    pub(super) outlet_c: [f64; 2],
    /// Highest outlet temperature of a source of waste heat, degrees Celsius.
    pub(super) source_max_c: f64,
    pub(super) freezing_margin_k: f64,
    pub(super) pump: Pump,
    pub(super) meter: Meter,
    /// Settings for [`DistrictNetwork::bind`]; `None` for a source of waste heat, which has no heat pumps.
    pub(super) settings: Option<SubstationSettings>,
}

/// A plant.
#[derive(Debug, Clone)]
pub(super) struct Plant {
    pub(super) name: String,
    /// Nodes of inlet and outlet for flow towards the warm line.
    pub(super) ends: [usize; 2],
    pub(super) share: f64,
    /// Ranges of the outlet temperature: towards the warm line, towards the cold line.
    pub(super) keeps_c: [[f64; 2]; 2],
    /// Whether violations of the range are counted: for a plant with its own range, or with a unit that is controlled
    /// to it.
    pub(super) is_watched: bool,
    /// Indices of its units, and of their transfers.
    pub(super) units: std::ops::Range<usize>,
    pub(super) transfers: std::ops::Range<usize>,
    pub(super) pump: Pump,
    pub(super) meter: Meter,
}

/// The pump of a ring.
#[derive(Debug, Clone)]
pub(super) struct MainPump {
    pub(super) ends: [usize; 2],
    pub(super) transfer: usize,
    /// Least and greatest flow, kg/s.
    pub(super) flow_kg_s: [f64; 2],
    pub(super) efficiency: f64,
    pub(super) meter: Meter,
}
