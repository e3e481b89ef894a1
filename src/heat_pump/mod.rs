//! COP models of heat pumps, the temperatures they work between, and the range in which a model is valid.

mod cop;
mod settings;
mod sink;

pub use cop::{CopModel, OutsideRange, Service, UseOutsideRange};
pub use settings::HeatPumpSettings;
pub use sink::{ColdStoreTemperature, SinkTemperature};

use serde::{Deserialize, Serialize};

/// How the lift of a cooling machine is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoolingLift {
    /// Store minus loop, as published: a warmer loop then gives a higher cooling COP, which no machine does.
    StoreMinusLoop,
    /// Loop minus store: the machine lifts heat from the cold store up into the loop.
    LoopMinusStore,
}

/// A heat pump between the loop and a store (or a fixed sink).
#[derive(Debug, Clone, PartialEq)]
pub struct HeatPump {
    /// Heating or cooling.
    pub service: Service,
    /// The COP as a function of the lift.
    pub cop: CopModel,
    /// How a cooling machine's lift is counted; of no effect in heating.
    pub cooling_lift: CoolingLift,
    /// The temperature on the user's side.
    pub sink: SinkTemperature,
}

impl HeatPump {
    /// Temperature lift in K at a loop temperature and a store level (kWh): store minus loop in heating; in cooling as
    /// [`CoolingLift`] says.
    #[must_use]
    #[inline]
    pub fn lift_k(&self, loop_c: f64, level_kwh: f64) -> f64 {
        let sink_c = self.sink.temp_c(level_kwh);
        match (self.service, self.cooling_lift) {
            (Service::Cooling, CoolingLift::LoopMinusStore) => loop_c - sink_c,
            _ => sink_c - loop_c,
        }
    }

    /// Coefficient of performance (useful heat or cold per electricity) at a loop temperature and a store level (kWh).
    #[must_use]
    #[inline]
    pub fn cop(&self, loop_c: f64, level_kwh: f64) -> f64 {
        self.cop.at(self.lift_k(loop_c, level_kwh))
    }

    /// Heat into the loop per useful heat or cold, kWh/kWh: -(1 - 1/COP) in heating, +(1 + 1/COP) in cooling.
    #[must_use]
    #[inline]
    pub fn loop_heat_per_output(&self, cop: f64) -> f64 {
        match self.service {
            Service::Heating => 1.0 / cop - 1.0,
            Service::Cooling => 1.0 / cop + 1.0,
        }
    }

    /// Whether the COP moves the right way when the loop gets warmer, up in heating, down in cooling, over loop temperatures
    /// from `from_c` to `to_c` with an empty store.
    #[must_use]
    pub fn responds_physically(&self, from_c: f64, to_c: f64) -> bool {
        const SAMPLES: u32 = 20;
        let cop = |index: u32| self.cop(from_c + (to_c - from_c) * f64::from(index) / f64::from(SAMPLES), 0.0);
        (0..SAMPLES).all(|index| match self.service {
            Service::Heating => cop(index + 1) >= cop(index),
            Service::Cooling => cop(index + 1) <= cop(index),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn published(service: Service) -> HeatPump {
        let (coefficients, sink) = match service {
            Service::Heating => ([6.81, -0.121, 0.000_63], SinkTemperature::heated(40.0, 186.04)),
            Service::Cooling => ([6.755, -0.141, 0.003], SinkTemperature::heated(5.0, 372.09)),
        };
        let cop = CopModel::quadratic(coefficients, [15.0, 60.0], UseOutsideRange::Extrapolate);
        HeatPump { service, cop, cooling_lift: CoolingLift::StoreMinusLoop, sink }
    }

    #[test]
    fn cops_of_the_published_district_at_its_start() {
        assert!((published(Service::Heating).cop(15.0, 0.0) - 4.178_75).abs() < 1e-12);
        assert!((published(Service::Cooling).cop(15.0, 0.0) - 8.465).abs() < 1e-12);
    }

    #[test]
    fn the_published_cooling_curve_responds_the_wrong_way() {
        let mut cooling = published(Service::Cooling);
        assert!(published(Service::Heating).responds_physically(10.0, 20.0));
        assert!(!cooling.responds_physically(10.0, 20.0));
        cooling.cooling_lift = CoolingLift::LoopMinusStore;
        assert!(cooling.responds_physically(10.0, 20.0));
    }

    #[test]
    fn heat_electricity_and_loop_balance() {
        for service in [Service::Heating, Service::Cooling] {
            let pump = published(service);
            let (cop, useful) = (4.0, 100.0);
            let loop_heat = pump.loop_heat_per_output(cop) * useful;
            let signed_use = if service == Service::Heating { useful } else { -useful };
            assert!((signed_use + loop_heat - useful / cop).abs() < 1e-12, "energy in = energy out");
        }
    }
}
