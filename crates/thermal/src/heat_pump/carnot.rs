//! COP model as a share of the Carnot COP between the refrigerant's temperatures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::range::{CopError, check_lifts};
use super::water::LoopWater;
use super::{Service, UseOutsideRange, WaterTemperature};

/// Offset from degrees Celsius to kelvin.
const CELSIUS_ZERO_K: f64 = 273.15;

/// `quality_grade` times T_sink / (T_sink - T_source) in heating and T_source / (T_sink - T_source) in cooling (in K), the
/// source colder and the sink hotter by what the heat exchangers need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarnotCop {
    /// COP as a share of Carnot's, above 0 and at most 1.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub quality_grade: f64,
    /// Lowest and highest lift for which the grade holds, K: sink minus source outside the machine, on the loop's side at `loop_water`.
    #[serde(default = "usual_lifts")]
    pub valid_lift_k: [f64; 2],
    /// How much colder the refrigerant evaporates than the source is, K: than the loop's water at `loop_water` in heating, than
    /// the user's side in cooling.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub source_approach_k: f64,
    /// How much hotter the refrigerant condenses than the sink is, K: than the user's side in heating, than the loop's water at
    /// `loop_water` in cooling.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub sink_approach_k: f64,
    /// What happens outside the valid lifts; `clamp` holds the lift at their end.
    #[serde(default = "UseOutsideRange::clamp")]
    pub outside: UseOutsideRange,
    /// The temperature of the loop's water that the approach is counted from. Water that leaves is the nearest to the refrigerant;
    /// from `inlet` or `mean`, the approach must be at least the spread or half of it.
    #[serde(default = "WaterTemperature::outlet")]
    pub loop_water: WaterTemperature,
}

fn usual_lifts() -> [f64; 2] {
    [5.0, 80.0]
}

impl CarnotCop {
    /// Returns the COP between a source and a sink, degrees Celsius.
    #[must_use]
    pub fn at(&self, service: Service, source_c: f64, sink_c: f64) -> f64 {
        let [low, high] = self.valid_lift_k;
        let lift_k = match self.outside {
            UseOutsideRange::Extrapolate => sink_c - source_c,
            UseOutsideRange::Clamp => (sink_c - source_c).clamp(low, high),
        };
        let inner_lift_k = lift_k + self.source_approach_k + self.sink_approach_k;
        let useful_side_k = match service {
            Service::Heating => sink_c + self.sink_approach_k + CELSIUS_ZERO_K,
            Service::Cooling => source_c - self.source_approach_k + CELSIUS_ZERO_K,
        };
        self.quality_grade * useful_side_k / inner_lift_k
    }

    /// Returns the key and the value of the approach on the loop's side, K: of the evaporator in heating, of the
    /// condenser in cooling.
    pub(super) fn loop_approach(&self, service: Service) -> (&'static str, f64) {
        match service {
            Service::Heating => ("source_approach_k", self.source_approach_k),
            Service::Cooling => ("sink_approach_k", self.sink_approach_k),
        }
    }

    /// Returns the temperature of the refrigerant on the loop's side, degrees Celsius: of evaporation in heating, of
    /// condensation in cooling.
    pub(super) fn refrigerant_c(&self, service: Service, water: LoopWater) -> f64 {
        let (_, approach_k) = self.loop_approach(service);
        super::water::changed(service, self.loop_water.of(service, water), approach_k)
    }

    pub(super) fn check(&self) -> Result<(), CopError> {
        check_lifts(self.valid_lift_k)?;
        let Self { quality_grade, valid_lift_k, source_approach_k, sink_approach_k, .. } = *self;
        if !(quality_grade > 0.0 && quality_grade <= 1.0) {
            return Err(CopError::new("quality_grade", quality_grade, "a number above 0 and at most 1"));
        }
        for (key, value) in [("source_approach_k", source_approach_k), ("sink_approach_k", sink_approach_k)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(CopError::new(key, value, "a number >= 0"));
            }
        }
        if valid_lift_k[0] + source_approach_k + sink_approach_k <= 0.0 {
            return Err(CopError::new("valid_lift_k", valid_lift_k, "lifts above 0 once both approaches are added"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn carnot(quality_grade: f64) -> CarnotCop {
        CarnotCop {
            quality_grade,
            valid_lift_k: usual_lifts(),
            source_approach_k: 0.0,
            sink_approach_k: 0.0,
            outside: UseOutsideRange::Clamp,
            loop_water: WaterTemperature::Outlet,
        }
    }

    #[test]
    fn half_of_carnot_between_10_and_35_degrees() {
        let half = carnot(0.5);
        assert!((half.at(Service::Heating, 10.0, 35.0) - 0.5 * 308.15 / 25.0).abs() < 1e-12);
        assert!((half.at(Service::Heating, 10.0, 35.0) - 6.163).abs() < 1e-12);
        assert!((half.at(Service::Cooling, 10.0, 35.0) - 5.663).abs() < 1e-12);
    }

    #[test]
    fn the_exchangers_cost_their_temperature_differences() {
        let with = CarnotCop { source_approach_k: 3.0, sink_approach_k: 2.0, ..carnot(0.5) };
        assert!((with.at(Service::Heating, 10.0, 35.0) - 0.5 * 310.15 / 30.0).abs() < 1e-12);
        assert!((with.at(Service::Cooling, 10.0, 35.0) - 0.5 * 280.15 / 30.0).abs() < 1e-12);
    }

    #[test]
    fn a_clamped_lift_stays_finite_and_an_extrapolated_one_does_not() {
        let clamped = carnot(0.5);
        assert!((clamped.at(Service::Heating, 40.0, 30.0) - 0.5 * 303.15 / 5.0).abs() < 1e-12);
        assert!((clamped.at(Service::Heating, -40.0, 60.0) - 0.5 * 333.15 / 80.0).abs() < 1e-12);
        let free = CarnotCop { outside: UseOutsideRange::Extrapolate, ..clamped };
        assert!((free.at(Service::Heating, -40.0, 60.0) - 0.5 * 333.15 / 100.0).abs() < 1e-12);
        assert!(free.at(Service::Heating, 40.0, 30.0) < 0.0);
    }

    #[test]
    fn invalid_numbers_are_refused() {
        let named = |change: fn(&mut CarnotCop)| {
            let mut model = carnot(0.5);
            change(&mut model);
            model.check().unwrap_err().to_string()
        };
        assert_eq!(carnot(1.0).check(), Ok(()));
        assert_eq!(named(|m| m.quality_grade = 1.1), "quality_grade is 1.1; expected a number above 0 and at most 1");
        assert!(named(|m| m.quality_grade = f64::NAN).contains("quality_grade"));
        assert!(named(|m| m.source_approach_k = -1.0).contains("source_approach_k is -1.0"));
        assert!(named(|m| m.sink_approach_k = f64::INFINITY).contains("sink_approach_k"));
        assert!(named(|m| m.valid_lift_k = [80.0, 5.0]).contains("the lower one first"));
        assert!(named(|m| m.valid_lift_k = [0.0, 5.0]).contains("above 0 once both approaches"));
    }

    proptest! {
        #[test]
        fn a_warmer_source_helps_and_a_hotter_sink_hurts(
            grade in 0.05f64..=1.0,
            approaches in [0.0f64..5.0, 0.0f64..5.0],
            source in -10.0f64..30.0,
            lift in 5.0f64..75.0,
            more in 0.01f64..5.0,
        ) {
            let [source_approach_k, sink_approach_k] = approaches;
            let model = CarnotCop { source_approach_k, sink_approach_k, ..carnot(grade) };
            for service in [Service::Heating, Service::Cooling] {
                let cop = model.at(service, source, source + lift);
                prop_assert!(cop > 0.0);
                prop_assert!(model.at(service, source, source + lift + more) < cop);
                if lift - more >= 5.0 {
                    prop_assert!(model.at(service, source + more, source + lift) > cop);
                }
            }
            // First law: heat given off = heat taken in + electricity, so that COP of heating = COP of cooling + 1 at
            // grade 1.
            let ideal = CarnotCop { quality_grade: 1.0, ..model };
            let [heating, cooling] =
                [Service::Heating, Service::Cooling].map(|service| ideal.at(service, source, source + lift));
            prop_assert!((heating - cooling - 1.0).abs() < 1e-9);
        }
    }
}
