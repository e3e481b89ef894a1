//! What a network is made of beside its pipes.

use anergy_data::series::Profile;

use super::binding::Draw;
use super::layout::number;
use super::settings::{PumpSettings, SubstationSettings};
use crate::water_loop::WaterLoopError;

/// What is known of a node's pressure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// It is relative to the warm line, whose level the pumps set.
    Warm,
    /// It is relative to the cold line or the ring.
    Known,
    /// Nothing.
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

    /// What machines and exchangers beside the pipes lose at a flow, Pa.
    pub(super) fn own_pa(&self, flow_kg_s: f64) -> f64 {
        if self.design_kg_s > 0.0 { self.loss_pa * (flow_kg_s / self.design_kg_s).powi(2) } else { 0.0 }
    }

    /// Its electricity for a head and a flow, kW; none where the head is negative.
    pub(super) fn power_kw(&self, head_pa: f64, flow_kg_s: f64, density_kg_m3: f64) -> f64 {
        1e-3 * head_pa.max(0.0) * flow_kg_s.abs() / (density_kg_m3 * self.efficiency)
    }
}

pub(super) fn check_efficiency(efficiency: f64, path: &str) -> Result<(), WaterLoopError> {
    number(&format!("{path}.efficiency"), efficiency, efficiency > 0.0 && efficiency <= 1.0, "a number > 0, at most 1")
}

/// Who brings electricity.
#[derive(Debug, Clone)]
pub(super) enum Meter {
    /// A site of the district, by its index in [`DistrictNetwork::electricity_sites`].
    Site(usize),
    /// A meter of its own.
    Own { price_eur_per_kwh: Profile, co2_kg_per_kwh: f64 },
}

impl Meter {
    /// The price on a meter of its own, EUR/kWh; nothing where a site pays.
    pub(super) fn own_price(&self, step: usize) -> f64 {
        match self {
            Self::Site(_) => 0.0,
            Self::Own { price_eur_per_kwh, .. } => price_eur_per_kwh.at(step),
        }
    }
}

/// A substation, or a source of waste heat.
#[derive(Debug, Clone)]
pub(super) struct Substation {
    pub(super) name: String,
    /// Where it takes water while heating, and where it gives it.
    pub(super) ends: [usize; 2],
    pub(super) draws: Vec<Draw>,
    /// Heat that comes of itself, kW.
    pub(super) source_kw: Option<Profile>,
    pub(super) spread_k: f64,
    pub(super) flow_kg_s: [f64; 2],
    pub(super) bypass_kg_s: f64,
    pub(super) inlet_c: [f64; 2],
    pub(super) outlet_c: [f64; 2],
    /// Of waste heat: it leaves no warmer.
    pub(super) source_max_c: f64,
    pub(super) freezing_margin_k: f64,
    pub(super) pump: Pump,
    pub(super) meter: Meter,
    /// For [`DistrictNetwork::bind`]; a source of waste heat is bound to nothing.
    pub(super) asked: Option<SubstationSettings>,
}

/// A plant.
#[derive(Debug, Clone)]
pub(super) struct Plant {
    pub(super) name: String,
    /// Where it takes water on its way to the warm line, and where it gives it.
    pub(super) ends: [usize; 2],
    pub(super) share: f64,
    /// What leaves stays within: to the warm line, to the cold line.
    pub(super) keeps_c: [[f64; 2]; 2],
    /// Whether it has to keep that: a range of its own, or a unit that works as needed.
    pub(super) is_watched: bool,
    /// Its units' places among all, and among the transfers.
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
