//! The temperature on the user's side of a heat pump, from the level of the store that it charges.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the temperature of a cold store follows its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColdStoreTemperature {
    /// Rises from its base as cold is stored, as published: a full cold store is then its warmest.
    Rising,
    /// Falls to its base when full.
    Falling,
}

/// The temperature of a fully mixed store as a linear function of its level: `at_empty_c + level / heat capacity`,
/// falling instead of rising for a cold store that cools as it fills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SinkTemperature {
    at_empty_c: f64,
    kelvin_per_kwh: f64,
}

impl SinkTemperature {
    /// Creates a sink without a store, at the fixed temperature `temp_c`.
    #[must_use]
    pub fn fixed(temp_c: f64) -> Self {
        Self { at_empty_c: temp_c, kelvin_per_kwh: 0.0 }
    }

    /// Creates a store at `at_empty_c` when empty that changes by `kelvin_per_kwh` as it fills.
    #[must_use]
    pub fn linear(at_empty_c: f64, kelvin_per_kwh: f64) -> Self {
        Self { at_empty_c, kelvin_per_kwh }
    }

    /// Creates a store at `at_empty_c` when empty that warms as it fills; `heat_capacity_kwh_per_k` > 0.
    #[must_use]
    pub fn heated(at_empty_c: f64, heat_capacity_kwh_per_k: f64) -> Self {
        Self { at_empty_c, kelvin_per_kwh: 1.0 / heat_capacity_kwh_per_k }
    }

    /// Creates a store at `at_full_c` when it holds `capacity_kwh` of cold, and warmer at lower levels.
    #[must_use]
    pub fn cooled(at_full_c: f64, heat_capacity_kwh_per_k: f64, capacity_kwh: f64) -> Self {
        Self {
            at_empty_c: at_full_c + capacity_kwh / heat_capacity_kwh_per_k,
            kelvin_per_kwh: -1.0 / heat_capacity_kwh_per_k,
        }
    }

    /// Returns the temperature of the empty store, degrees Celsius.
    #[must_use]
    pub fn at_empty_c(&self) -> f64 {
        self.at_empty_c
    }

    /// Returns the change of the temperature with the level, K/kWh.
    #[must_use]
    pub fn kelvin_per_kwh(&self) -> f64 {
        self.kelvin_per_kwh
    }

    /// Returns the temperature at a level in kWh, degrees Celsius.
    #[must_use]
    #[inline]
    pub fn temp_c(&self, level_kwh: f64) -> f64 {
        self.at_empty_c + level_kwh * self.kelvin_per_kwh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cold_store_falls_to_its_base_when_full() {
        let (capacity, heat_capacity) = (2791.0, 372.09);
        let published = SinkTemperature::heated(5.0, heat_capacity);
        let corrected = SinkTemperature::cooled(5.0, heat_capacity, capacity);
        assert!((published.temp_c(capacity) - 12.5).abs() < 0.01);
        assert!((corrected.temp_c(capacity) - 5.0).abs() < 1e-12);
        assert!((corrected.temp_c(0.0) - 12.5).abs() < 0.01);
        assert_eq!(SinkTemperature::fixed(50.0).temp_c(1e6), 50.0);
    }
}
