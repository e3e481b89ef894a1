//! The part of the summary on technologies and stores.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of a technology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TechnologyKind {
    /// A supply without a profile, such as a grid: unlimited in time.
    Import,
    /// A supply with a profile, such as photovoltaics.
    Source,
    /// A sale to the outside.
    Export,
    /// A store of a carrier.
    Storage,
    /// A machine that moves heat between the loop and a carrier.
    HeatPump,
    /// A machine that turns carriers into others.
    Conversion,
    /// A kind that this version does not know, or that an older version did not write.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What a machine is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Takes heat from the loop, gives it to the store.
    Heating,
    /// Takes heat from the store, gives it to the loop.
    Cooling,
}

/// Energy of a supply, export, store or conversion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TechnologySummary {
    /// Name of the site.
    pub site: String,
    /// Name of the technology.
    pub technology: String,
    /// What the technology is.
    #[serde(default)]
    pub kind: TechnologyKind,
    /// The carrier that it supplies, takes or stores; of a conversion its main output.
    #[serde(default)]
    pub carrier: String,
    /// Whether a heat pump of the loop heats or cools; absent for all other technologies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Energy delivered, kWh.
    pub delivered_kwh: f64,
    /// Energy taken in, kWh; for a conversion its input.
    pub taken_kwh: f64,
    /// Largest delivered power (of an export: taken power), mean over a step, kW.
    #[serde(default)]
    pub peak_kw: f64,
    /// Energy that a source could have supplied in addition, kWh; absent for all other technologies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curtailed_kwh: Option<f64>,
}

/// The temperature of a store as a function of its level, as the heat pumps use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoreTemperature {
    /// Name of the site.
    pub site: String,
    /// Name of the store.
    pub store: String,
    /// Temperature of the empty store, degrees Celsius.
    pub at_empty_c: f64,
    /// Change of the temperature with the level, K/kWh.
    pub kelvin_per_kwh: f64,
}
