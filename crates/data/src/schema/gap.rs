//! The gap of an iterate: the money a dispatcher could still save, and the demand it could still serve, at the COPs
//! that its own plan leads to.

use serde::{Deserialize, Serialize};

use super::number::{not_a_number, number};

/// What could be saved at the COPs that a plan leads to. Zero at an equilibrium; a definition from traffic assignment.
///
/// With the objective `f = money + price of unmet demand x unmet demand + price of surplus x surplus`, the plan `x`,
/// and the cheapest plan `y` at the COPs of `x`:
///
/// - `absolute_eur = f(x) - f(y)`, never below zero but for rounding, as `y` is the minimiser;
/// - `relative = absolute_eur / max(|money(y)|, sum of the absolute terms of money(y) / 1000)`. The prices of unmet
///   demand and surplus are in the difference, but not in the scale: however much cannot be served, the gap stays one
///   of the money;
/// - `unmet_relative = max(unmet(x) - unmet(y), 0) / max(unmet(y), demand / 1000)`.
///
/// The money alone, `cost_eur`, is below zero where `x` pays less because it serves less; `unmet_kwh` is below zero
/// where serving costs more than the price of unmet demand, so that `y` leaves more unserved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Objective of the plan at its own COPs minus the least one there, EUR.
    pub absolute_eur: f64,
    /// `absolute_eur` over the money of the least objective (or a thousandth of the sum of its absolute terms, or a
    /// millionth of a euro, if larger).
    pub relative: f64,
    /// The part of `absolute_eur` that is money, EUR; NaN in summaries of older versions.
    #[serde(default = "not_a_number", deserialize_with = "number")]
    pub cost_eur: f64,
    /// The part of the gap that is unmet demand, kWh.
    #[serde(default)]
    pub unmet_kwh: f64,
    /// `unmet_kwh`, if above zero, over the unmet demand of the cheapest plan (or a thousandth of the demand, or 1 kWh,
    /// if larger).
    #[serde(default, deserialize_with = "number")]
    pub unmet_relative: f64,
    /// The part of the gap that is surplus, kWh.
    #[serde(default, deserialize_with = "number")]
    pub surplus_kwh: f64,
}

impl Gap {
    /// Returns the larger of the two relative gaps, of the money and of the unmet demand, without a unit. Tolerances,
    /// verdicts and schemes compare this number.
    #[must_use]
    pub fn size(&self) -> f64 {
        // A negative gap would disprove the minimum; only rounding may cause one.
        let relative = self.relative.abs();
        // The order of the comparison returns NaN for a relative gap that is NaN.
        if relative < self.unmet_relative { self.unmet_relative } else { relative }
    }
}
