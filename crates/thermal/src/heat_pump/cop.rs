//! The COP models, their inputs and their ranges of validity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::carnot::CarnotCop;
use super::direct::DirectExchange;
use super::quadratic::QuadraticCop;
use super::range::{CopError, OutsideRange, UseOutsideRange, WorkingPoint, outside_lift};
use super::rating_map::RatingMap;
use super::water::{LoopWater, WaterTemperature};
use super::{Service, ValidRange};

/// How a heat pump's COP (useful heat or cold per electricity) follows from its temperatures, with a range of validity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum CopModel {
    /// A quadratic curve over the lift.
    Quadratic(QuadraticCop),
    /// A share of the Carnot COP.
    Carnot(CarnotCop),
    /// A map of measured COPs, as EN 14511 rates machines.
    En14511(RatingMap),
    /// No machine at all: a heat exchanger.
    Direct(DirectExchange),
}

/// An approach that is too small for the spread of the water to which it refers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PinchCrossing {
    /// Key of the approach.
    pub key: &'static str,
    /// Approach, K.
    pub approach_k: f64,
    /// Smallest possible approach, K.
    pub least_k: f64,
    /// Spread of the water, K.
    pub spread_k: f64,
    /// Excess of the water's outlet temperature beyond that of the refrigerant, K.
    pub beyond_k: f64,
}

/// Largest excess that counts as rounding, K.
const PINCH_ROUNDING_K: f64 = 1e-9;

impl CopModel {
    /// Creates a quadratic curve COP = c0 + c1 lift + c2 lift^2 (lift in K).
    #[must_use]
    pub fn quadratic(coefficients: [f64; 3], valid_lift_k: [f64; 2], outside: UseOutsideRange) -> Self {
        let loop_water = WaterTemperature::Inlet;
        Self::Quadratic(QuadraticCop { coefficients, valid_lift_k, outside, loop_water })
    }

    /// Returns the temperature on the loop's side at which the model is evaluated, degrees Celsius.
    #[must_use]
    #[inline]
    pub fn loop_c(&self, service: Service, water: LoopWater) -> f64 {
        match self {
            Self::Quadratic(QuadraticCop { loop_water, .. })
            | Self::Carnot(CarnotCop { loop_water, .. })
            | Self::Direct(DirectExchange { loop_water, .. }) => loop_water.of(service, water),
            Self::En14511(map) => map.loop_c(service, water),
        }
    }

    /// Returns the temperature at which the refrigerant evaporates (heating) or condenses (cooling) on the loop's
    /// side, degrees Celsius; `None` for models without a refrigerant temperature.
    #[must_use]
    pub fn refrigerant_c(&self, service: Service, water: LoopWater) -> Option<f64> {
        match self {
            Self::Carnot(carnot) => Some(carnot.refrigerant_c(service, water)),
            Self::Quadratic(_) | Self::En14511(_) | Self::Direct(_) => None,
        }
    }

    /// Returns the excess where the machine's water would leave beyond its refrigerant, which no heat exchanger can
    /// do: colder than the evaporation in heating, warmer than the condensation in cooling. `None` where the approach
    /// is large enough.
    #[must_use]
    pub fn crossing(&self, service: Service, spread_k: f64) -> Option<PinchCrossing> {
        let Self::Carnot(carnot) = self else { return None };
        let (key, approach_k) = carnot.loop_approach(service);
        let least_k = (1.0 - carnot.loop_water.share()) * spread_k;
        let beyond_k = least_k - approach_k;
        (beyond_k > PINCH_ROUNDING_K).then_some(PinchCrossing { key, approach_k, least_k, spread_k, beyond_k })
    }

    /// Returns the COP at a working point.
    #[must_use]
    #[inline]
    pub fn at(&self, point: &WorkingPoint) -> f64 {
        match self {
            Self::Quadratic(curve) => curve.at(point.lift_k),
            Self::Carnot(carnot) => carnot.at(point.service, point.source_c, point.sink_c),
            Self::En14511(map) => map.at(point.source_c, point.sink_c),
            Self::Direct(exchanger) => exchanger.at(point.source_c, point.sink_c),
        }
    }

    /// Returns the side on which a working point is outside the range of validity; `None` if it is inside.
    #[must_use]
    #[inline]
    pub fn outside(&self, point: &WorkingPoint) -> Option<OutsideRange> {
        match self {
            Self::Quadratic(curve) => curve.outside(point.lift_k),
            Self::Carnot(carnot) => outside_lift(carnot.valid_lift_k, point.sink_c - point.source_c),
            Self::En14511(map) => map.outside(point.source_c, point.sink_c),
            Self::Direct(exchanger) => exchanger.outside(point.sink_c - point.source_c),
        }
    }

    /// Returns whether the model is evaluated outside its range of validity.
    #[must_use]
    pub fn extrapolates(&self) -> bool {
        match self {
            Self::Quadratic(QuadraticCop { outside, .. })
            | Self::Carnot(CarnotCop { outside, .. })
            | Self::En14511(RatingMap { outside, .. }) => *outside == UseOutsideRange::Extrapolate,
            Self::Direct(_) => false,
        }
    }

    /// Returns the range of validity.
    #[must_use]
    pub fn valid_range(&self) -> ValidRange {
        match self {
            Self::Quadratic(QuadraticCop { valid_lift_k, .. }) | Self::Carnot(CarnotCop { valid_lift_k, .. }) => {
                ValidRange::Lift { valid_lift_k: *valid_lift_k }
            }
            Self::En14511(map) => {
                let [valid_source_c, valid_sink_c] = map.rectangle_c();
                ValidRange::Temperatures { valid_source_c, valid_sink_c }
            }
            Self::Direct(exchanger) => exchanger.valid_range(),
        }
    }

    /// Checks the parameters of the model.
    ///
    /// # Errors
    /// [`CopError`] with the key of the invalid parameter.
    pub fn check(&self) -> Result<(), CopError> {
        match self {
            Self::Quadratic(curve) => curve.check(),
            Self::Carnot(carnot) => carnot.check(),
            Self::En14511(map) => map.check(),
            Self::Direct(exchanger) => exchanger.check(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CopModel, String> {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn all_models_round_trip_with_their_defaults() {
        let quadratic = read("{model: quadratic, coefficients: [7, -0.1, 0], valid_lift_k: [15, 60]}").unwrap();
        assert_eq!(quadratic, CopModel::quadratic([7.0, -0.1, 0.0], [15.0, 60.0], UseOutsideRange::Extrapolate));
        let carnot = read("{model: carnot, quality_grade: 0.5}").unwrap();
        assert_eq!(carnot.valid_range(), ValidRange::Lift { valid_lift_k: [5.0, 80.0] });
        let map = read("{model: en14511, source_c: [0, 10], sink_c: [35, 55], cop: [[4, 3], [5, 4]]}").unwrap();
        for (model, range) in [
            (&quadratic, "lifts of 15 to 60 K"),
            (&carnot, "lifts of 5 to 80 K"),
            (&map, "sources of 0 to 10 C and sinks of 35 to 55 C"),
        ] {
            assert_eq!(model.check(), Ok(()));
            assert_eq!(read(&serde_yaml::to_string(model).unwrap()).unwrap(), *model);
            assert_eq!(model.valid_range().to_string(), range);
        }
    }

    #[test]
    fn unknown_models_and_keys_are_refused() {
        for text in [
            "{model: carnott, quality_grade: 0.5}",
            "{model: carnot, quality_grade: 0.5, coefficients: [1, 2, 3]}",
            "{model: quadratic, coefficients: [7, -0.1], valid_lift_k: [15, 60]}",
            "{quality_grade: 0.5}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_schema_of_every_model_knows_its_tag_and_refuses_the_rest() {
        let schema = serde_json::to_value(schemars::schema_for!(CopModel)).unwrap();
        let models = schema["oneOf"].as_array().unwrap();
        let tags: Vec<_> = models.iter().map(|model| model["properties"]["model"]["const"].clone()).collect();
        assert_eq!(tags, ["quadratic", "carnot", "en14511", "direct"]);
        assert!(models.iter().all(|model| model["additionalProperties"] == false), "{schema:#}");
        assert_eq!(models[1]["properties"]["valid_lift_k"]["default"], serde_json::json!([5.0, 80.0]));
    }
}
