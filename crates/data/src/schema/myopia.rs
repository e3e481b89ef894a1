//! The part of the summary on the price of myopia: what it costs that the dispatcher ignores its effect on the loop.

use serde::{Deserialize, Serialize};

use super::number::number;

/// The price of myopia: an equilibrium against the plan of a dispatcher who knows its effect on the loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MyopiaSummary {
    /// The dispatcher's objective in the equilibrium, EUR.
    pub equilibrium_eur: f64,
    /// The objective of a dispatcher who knows, EUR.
    pub anticipative_eur: f64,
    /// The difference, EUR. The gap of the equilibrium is in it.
    pub price_eur: f64,
    /// The difference as a share of the money in the equilibrium's objective.
    pub price_relative: f64,
    /// The gap of the equilibrium, EUR: what a dispatcher could save there without knowing anything of the loop; absent
    /// (`null`) where it is not known.
    pub gap_eur: Option<f64>,
    /// The difference without the gap, EUR; absent (`null`) where the gap is not known.
    pub price_beyond_gap_eur: Option<f64>,
    /// Quantities that the objective leaves out: of the equilibrium, and of the plan of a dispatcher who knows.
    #[serde(default)]
    pub beside: [Beside; 2],
    /// Number of LPs of dispatch and loop that were solved to find that plan.
    #[serde(default)]
    pub lps: usize,
}

/// Effects of a plan that are not in the dispatcher's objective.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Beside {
    /// Heat and cold from the loop's balancing unit, kWh.
    #[serde(deserialize_with = "number")]
    pub balancing_kwh: f64,
    /// Cost of the balancing unit's energy, EUR, its CO2 not included.
    #[serde(deserialize_with = "number")]
    pub balancing_eur: f64,
    /// Demand left unserved, kWh.
    #[serde(deserialize_with = "number")]
    pub unmet_kwh: f64,
    /// Production not used, kWh.
    #[serde(deserialize_with = "number")]
    pub surplus_kwh: f64,
}
