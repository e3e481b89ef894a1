//! The part of the summary on decisions for the whole time: capacities, peaks, and the use of limits.

use serde::{Deserialize, Serialize};

use super::number::number;

/// The decisions for the whole time. Its fields are written beside those of the summary.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WholeTime {
    /// Capacities that the dispatch chose; absent where all are given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacities: Vec<CapacitySummary>,
    /// Peaks that are subject to a demand charge; absent without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peaks: Vec<PeakSummary>,
    /// Limits on the energy of imports; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub import_limits: Vec<ImportLimitSummary>,
    /// The limit on CO2; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub co2_limit: Option<Co2LimitSummary>,
}

/// A capacity that the dispatch chose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapacitySummary {
    /// Name of the site.
    pub site: String,
    /// Name of the technology.
    pub technology: String,
    /// The capacity, kW; absent for a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_kw: Option<f64>,
    /// The capacity of a store, kWh; absent for all other technologies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_kwh: Option<f64>,
    /// The largest capacity that could be chosen, kW, of a store kWh.
    #[serde(default, deserialize_with = "number")]
    pub most: f64,
    /// Annuity and upkeep for the time of the run, EUR; part of the annualised cost.
    #[serde(default, deserialize_with = "number")]
    pub annualised_eur: f64,
}

/// A peak that is subject to a demand charge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeakSummary {
    /// Name of the site.
    pub site: String,
    /// Name of the technology.
    pub technology: String,
    /// Largest power, mean of a step, kW.
    #[serde(default, deserialize_with = "number")]
    pub peak_kw: f64,
    /// Charge for the peak, EUR.
    #[serde(default, deserialize_with = "number")]
    pub demand_charge_eur: f64,
}

/// A limit on the energy of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportLimitSummary {
    /// Name of the site.
    pub site: String,
    /// Name of the technology.
    pub technology: String,
    /// The limit, kWh.
    #[serde(default, deserialize_with = "number")]
    pub limit_kwh: f64,
    /// Energy imported, kWh; above the limit where the COPs at the solution need more than the COPs that the plan was
    /// made for.
    #[serde(default, deserialize_with = "number")]
    pub used_kwh: f64,
    /// Shadow price of the limit: the saving by one more kWh, EUR/kWh; absent (`null`) where the solver gives no duals.
    pub shadow_price_eur_per_kwh: Option<f64>,
}

/// The limit on CO2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Co2LimitSummary {
    /// The limit, kg.
    #[serde(default, deserialize_with = "number")]
    pub limit_kg: f64,
    /// CO2 that the supplies emit, kg; above the limit where the COPs at the solution need more than the COPs that the
    /// plan was made for.
    #[serde(default, deserialize_with = "number")]
    pub used_kg: f64,
    /// Shadow price of the limit: the saving by one more kg, EUR/kg; absent (`null`) where the solver gives no duals.
    pub shadow_price_eur_per_kg: Option<f64>,
}
