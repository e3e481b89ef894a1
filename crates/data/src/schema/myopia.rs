//! The part of the summary on the price of myopia: the cost of a dispatcher who ignores the plan's effect on the loop.

use serde::{Deserialize, Serialize};

use super::number::number;

/// The price of myopia: an equilibrium compared with the plan of a dispatcher who knows the plan's effect on the loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MyopiaSummary {
    /// The dispatcher's objective in the equilibrium, EUR.
    pub equilibrium_eur: f64,
    /// The objective of the anticipative dispatcher, EUR.
    pub anticipative_eur: f64,
    /// The difference of the two objectives, EUR. It includes the gap of the equilibrium.
    pub price_eur: f64,
    /// The difference as a share of the money in the equilibrium's objective.
    pub price_relative: f64,
    /// The gap of the equilibrium, EUR: the saving of a dispatcher who knows nothing of the loop; absent (`null`) where
    /// it is not known.
    pub gap_eur: Option<f64>,
    /// The difference minus the gap, EUR; absent (`null`) where the gap is not known.
    pub price_beyond_gap_eur: Option<f64>,
    /// Effects outside the objective: of the equilibrium, and of the anticipative plan.
    #[serde(default)]
    pub beside: [Beside; 2],
    /// Number of LPs of dispatch and loop that were solved to find the anticipative plan.
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
    /// Cost of the balancing unit's energy, EUR, without the price of its CO2.
    #[serde(deserialize_with = "number")]
    pub balancing_eur: f64,
    /// Demand left unserved, kWh.
    #[serde(deserialize_with = "number")]
    pub unmet_kwh: f64,
    /// Production not used, kWh.
    #[serde(deserialize_with = "number")]
    pub surplus_kwh: f64,
}
