//! COP models of heat pumps, the temperatures they work between, and the range in which a model is valid.

mod carnot;
mod cop;
mod direct;
mod quadratic;
mod range;
mod rating_map;
mod sink;
mod water;

pub use anergy_data::schema::{Service, ValidRange};
pub use carnot::CarnotCop;
pub use cop::{CopModel, PinchCrossing};
pub use direct::DirectExchange;
pub use quadratic::QuadraticCop;
pub use range::{CopError, OutsideRange, UseOutsideRange, WorkingPoint};
pub use rating_map::RatingMap;
pub use sink::{ColdStoreTemperature, SinkTemperature};
pub use water::{LoopWater, WaterTemperature};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the lift of a cooling machine is counted where its COP is a curve over the lift; models of two temperatures know
/// which side is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoolingLift {
    /// Store minus loop, as published: a warmer loop then gives a higher cooling COP, which no machine does.
    StoreMinusLoop,
    /// Loop minus store: the machine lifts heat from the cold store up into the loop.
    LoopMinusStore,
}

/// A heat pump between the loop and a store or a fixed sink.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatPump {
    /// Service: heating or cooling.
    pub service: Service,
    /// COP as a function of the temperatures.
    pub cop: CopModel,
    /// Sign convention of the lift of a cooling machine; of no effect in heating.
    pub cooling_lift: CoolingLift,
    /// Temperature on the user's side.
    pub sink: SinkTemperature,
}

impl HeatPump {
    /// Returns the temperature lift, K, at a temperature on the loop's side and a store level (kWh): store minus loop
    /// in heating; in cooling as [`CoolingLift`] says.
    #[must_use]
    #[inline]
    pub fn lift_k(&self, loop_c: f64, level_kwh: f64) -> f64 {
        let sink_c = self.sink.temp_c(level_kwh);
        match (self.service, self.cooling_lift) {
            (Service::Cooling, CoolingLift::LoopMinusStore) => loop_c - sink_c,
            _ => sink_c - loop_c,
        }
    }

    /// Returns the temperatures at which the model is evaluated with the loop's water and a store level (kWh).
    #[must_use]
    #[inline]
    pub fn working_point(&self, water: LoopWater, level_kwh: f64) -> WorkingPoint {
        self.working_point_read_at(self.cop.loop_c(self.service, water), level_kwh)
    }

    /// Returns the temperatures at which the model is evaluated, given the temperature on the loop's side (or of a
    /// separate source) in the model's own terms, and a store level (kWh).
    #[must_use]
    #[inline]
    pub fn working_point_read_at(&self, loop_c: f64, level_kwh: f64) -> WorkingPoint {
        let user_c = self.sink.temp_c(level_kwh);
        let (source_c, sink_c) = match self.service {
            Service::Heating => (loop_c, user_c),
            Service::Cooling => (user_c, loop_c),
        };
        WorkingPoint { service: self.service, source_c, sink_c, lift_k: self.lift_k(loop_c, level_kwh) }
    }

    /// Returns the coefficient of performance (useful heat or cold per electricity) with the loop's water and a store
    /// level (kWh).
    #[must_use]
    #[inline]
    pub fn cop(&self, water: LoopWater, level_kwh: f64) -> f64 {
        self.cop.at(&self.working_point(water, level_kwh))
    }

    /// Returns the COP, given the temperature on the loop's side (or of a separate source) in the model's own terms,
    /// and a store level (kWh).
    #[must_use]
    #[inline]
    pub fn cop_read_at(&self, loop_c: f64, level_kwh: f64) -> f64 {
        self.cop.at(&self.working_point_read_at(loop_c, level_kwh))
    }

    /// Returns the COP with the loop's water and a store level (kWh), and the side on which the model is outside its
    /// range of validity (`None` if it is inside).
    #[must_use]
    #[inline]
    pub fn cop_and_range(&self, water: LoopWater, level_kwh: f64) -> (f64, Option<OutsideRange>) {
        match &self.cop {
            CopModel::Quadratic(curve) => {
                let lift_k = self.lift_k(curve.loop_water.of(self.service, water), level_kwh);
                (curve.at(lift_k), curve.outside(lift_k))
            }
            _ => self.cop_and_range_of_two_temperatures(water, level_kwh),
        }
    }

    // A separate function keeps the innermost loop of a simulation small, whose code is for curves.
    #[cold]
    fn cop_and_range_of_two_temperatures(&self, water: LoopWater, level_kwh: f64) -> (f64, Option<OutsideRange>) {
        let point = self.working_point(water, level_kwh);
        (self.cop.at(&point), self.cop.outside(&point))
    }

    /// Returns the heat into the loop per useful heat or cold, kWh/kWh: -(1 - 1/COP) in heating, +(1 + 1/COP) in
    /// cooling.
    #[must_use]
    #[inline]
    pub fn loop_heat_per_output(&self, cop: f64) -> f64 {
        match self.service {
            Service::Heating => 1.0 / cop - 1.0,
            Service::Cooling => 1.0 / cop + 1.0,
        }
    }

    /// Returns whether the machine heats with a COP below 1: its electricity then exceeds its useful heat, and the
    /// rest warms the source.
    #[must_use]
    #[inline]
    pub fn warms_its_source(&self, cop: f64) -> bool {
        self.service == Service::Heating && cop < 1.0
    }

    /// Returns whether the COP changes in the physical direction when the loop gets warmer (up in heating, down in
    /// cooling), over loop temperatures from `from_c` to `to_c` at a spread (K), with an empty store and with
    /// `capacity_kwh` in it (0 without a store).
    #[must_use]
    pub fn responds_physically(&self, [from_c, to_c]: [f64; 2], spread_k: f64, capacity_kwh: f64) -> bool {
        const SAMPLES: u32 = 20;
        let loop_c = |index: u32| from_c + (to_c - from_c) * f64::from(index) / f64::from(SAMPLES);
        [0.0, capacity_kwh].into_iter().all(|level_kwh| {
            (0..SAMPLES).all(|index| {
                let [colder, warmer] = [index, index + 1].map(|index| {
                    let water = LoopWater { inlet_c: loop_c(index), spread_k };
                    self.cop(water, level_kwh)
                });
                match self.service {
                    Service::Heating => warmer >= colder,
                    Service::Cooling => warmer <= colder,
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATER: LoopWater = LoopWater { inlet_c: 15.0, spread_k: 4.0 };

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
        assert!((published(Service::Heating).cop(WATER, 0.0) - 4.178_75).abs() < 1e-12);
        assert!((published(Service::Cooling).cop(WATER, 0.0) - 8.465).abs() < 1e-12);
    }

    #[test]
    fn the_published_cooling_curve_responds_unphysically() {
        let mut cooling = published(Service::Cooling);
        assert!(published(Service::Heating).responds_physically([10.0, 20.0], 4.0, 2791.0));
        assert!(!cooling.responds_physically([10.0, 20.0], 4.0, 0.0));
        cooling.cooling_lift = CoolingLift::LoopMinusStore;
        assert!(cooling.responds_physically([10.0, 20.0], 4.0, 2791.0));
        // The minimum of the parabola is at 23.5 K, a lift that with a loop at 20 C only a store at -5 C causes.
        let warm = HeatPump { sink: SinkTemperature::cooled(-5.0, 1.0, 10.0), ..cooling };
        assert!(warm.responds_physically([10.0, 20.0], 4.0, 0.0));
        assert!(!warm.responds_physically([10.0, 20.0], 4.0, 10.0));
    }

    #[test]
    fn every_model_responds_physically_with_the_store_empty_and_full() {
        let map = |cop: [[f64; 2]; 2]| {
            CopModel::En14511(RatingMap {
                source_c: vec![5.0, 18.0],
                sink_c: vec![12.0, 55.0],
                cop: cop.map(Vec::from).to_vec(),
                outside: UseOutsideRange::Clamp,
                loop_water: WaterTemperature::Inlet,
                rated_spread_k: None,
            })
        };
        let carnot = CopModel::Carnot(CarnotCop {
            quality_grade: 0.45,
            valid_lift_k: [5.0, 80.0],
            source_approach_k: 2.0,
            sink_approach_k: 2.0,
            outside: UseOutsideRange::Clamp,
            loop_water: WaterTemperature::Outlet,
        });
        for service in [Service::Heating, Service::Cooling] {
            let pump = |cop| HeatPump { cop, ..published(service) };
            assert!(pump(carnot.clone()).responds_physically([5.0, 25.0], 4.0, 2791.0), "{service:?}");
            assert!(pump(map([[6.0, 2.0], [8.0, 3.0]])).responds_physically([5.0, 25.0], 4.0, 2791.0), "{service:?}");
            assert!(!pump(map([[3.0, 8.0], [2.0, 6.0]])).responds_physically([5.0, 25.0], 4.0, 2791.0), "{service:?}");
        }
    }

    #[test]
    fn the_source_is_the_cold_side() {
        let heating = published(Service::Heating).working_point(WATER, 186.04);
        assert_eq!((heating.source_c, heating.sink_c, heating.lift_k), (15.0, 41.0, 26.0));
        let cooling = published(Service::Cooling).working_point(WATER, 0.0);
        assert_eq!((cooling.source_c, cooling.sink_c), (5.0, 15.0));
        assert_eq!(cooling.lift_k, -10.0, "as published: store minus loop");
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
