//! The loop's water at a heat pump, and the temperature of it that a COP model refers to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Service;

/// The water of the loop at a heat pump: its outlet is colder by the spread in heating, and warmer in cooling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoopWater {
    /// Inlet temperature, degrees Celsius.
    pub inlet_c: f64,
    /// Spread: difference between inlet and outlet, K, at least 0.
    pub spread_k: f64,
}

impl LoopWater {
    /// Returns the outlet temperature, degrees Celsius.
    #[must_use]
    pub fn outlet_c(self, service: Service) -> f64 {
        WaterTemperature::Outlet.of(service, self)
    }
}

/// The temperature of the loop's water that a COP model is read at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaterTemperature {
    /// That at which it comes (entering water temperature).
    Inlet,
    /// The mean of inlet and outlet.
    Mean,
    /// That at which it leaves (leaving water temperature).
    Outlet,
}

impl WaterTemperature {
    pub(super) fn inlet() -> Self {
        Self::Inlet
    }

    pub(super) fn outlet() -> Self {
        Self::Outlet
    }

    /// Returns this temperature of the water, in degrees Celsius.
    #[must_use]
    #[inline]
    pub fn of(self, service: Service, water: LoopWater) -> f64 {
        match self {
            Self::Inlet => water.inlet_c,
            Self::Mean | Self::Outlet => changed(service, water.inlet_c, self.share() * water.spread_k),
        }
    }

    /// Returns the share of the spread after which the water has this temperature.
    pub(super) fn share(self) -> f64 {
        match self {
            Self::Inlet => 0.0,
            Self::Mean => 0.5,
            Self::Outlet => 1.0,
        }
    }
}

/// Returns the temperature of water after a change of `change_k`, degrees Celsius: heating cools the loop, cooling
/// warms it.
#[inline]
pub(super) fn changed(service: Service, inlet_c: f64, change_k: f64) -> f64 {
    match service {
        Service::Heating => inlet_c - change_k,
        Service::Cooling => inlet_c + change_k,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heating_cools_the_water_and_cooling_warms_it() {
        let water = LoopWater { inlet_c: 12.0, spread_k: 4.0 };
        let [inlet, mean, outlet] = [WaterTemperature::Inlet, WaterTemperature::Mean, WaterTemperature::Outlet];
        assert_eq!([inlet, mean, outlet].map(|which| which.of(Service::Heating, water)), [12.0, 10.0, 8.0]);
        assert_eq!([inlet, mean, outlet].map(|which| which.of(Service::Cooling, water)), [12.0, 14.0, 16.0]);
        assert_eq!(water.outlet_c(Service::Heating), 8.0);
    }
}
