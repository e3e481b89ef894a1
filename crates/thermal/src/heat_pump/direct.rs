//! Direct heat exchange between loop and user, without a compressor.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::range::CopError;
use super::{OutsideRange, ValidRange, WaterTemperature};

/// A heat exchanger in place of a heat pump: passive cooling, or direct heating. It takes electricity for its pump alone, as long as heat
/// flows by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectExchange {
    /// Heat or cold per electricity of its pump.
    #[serde(default = "default_cop")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub cop: f64,
    /// Least difference between the two waters, K.
    #[serde(default = "default_approach")]
    #[schemars(range(min = 0.0))]
    pub approach_k: f64,
    /// Where the difference is too small, the exchange fades over this many K.
    #[serde(default = "default_fading")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub fading_k: f64,
    /// Heat or cold per electricity where nothing flows by itself any more: low enough that every machine does better.
    #[serde(default = "default_beyond")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub cop_beyond: f64,
    /// The temperature of the loop's water that `approach_k` is counted from. In counterflow with a user's water that changes by as
    /// much it is that of the water that comes; against a user of one temperature, that of the water that leaves.
    #[serde(default = "WaterTemperature::inlet")]
    pub loop_water: WaterTemperature,
}

fn default_cop() -> f64 {
    40.0
}

fn default_approach() -> f64 {
    2.0
}

fn default_fading() -> f64 {
    1.0
}

fn default_beyond() -> f64 {
    1.0
}

impl DirectExchange {
    /// Returns the heat or cold per electricity from `source_c` to `sink_c`, degrees Celsius; over the fading range,
    /// the electricity per heat is linear.
    #[must_use]
    pub fn at(&self, source_c: f64, sink_c: f64) -> f64 {
        let short = ((sink_c - source_c + self.approach_k) / self.fading_k).clamp(0.0, 1.0);
        1.0 / ((1.0 - short) / self.cop + short / self.cop_beyond)
    }

    /// Returns the side on which a lift (sink minus source, K) prevents passive heat exchange; `None` if heat flows
    /// passively.
    #[must_use]
    pub fn outside(&self, lift_k: f64) -> Option<OutsideRange> {
        (lift_k > -self.approach_k).then_some(OutsideRange::Above)
    }

    pub(super) fn valid_range(&self) -> ValidRange {
        ValidRange::Lift { valid_lift_k: [f64::NEG_INFINITY, -self.approach_k] }
    }

    pub(super) fn check(&self) -> Result<(), CopError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let checks = [
            ("cop", self.cop, positive(self.cop), "a number > 0"),
            ("approach_k", self.approach_k, self.approach_k.is_finite() && self.approach_k >= 0.0, "a number >= 0"),
            ("fading_k", self.fading_k, positive(self.fading_k), "a number > 0"),
            (
                "cop_beyond",
                self.cop_beyond,
                positive(self.cop_beyond) && self.cop_beyond <= self.cop,
                "a number > 0, at most `cop`",
            ),
        ];
        match checks.into_iter().find(|(.., fine, _)| !fine) {
            Some((key, value, _, expected)) => Err(CopError::new(key, value, expected)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_flows_passively_with_a_temperature_difference() {
        let loop_water = WaterTemperature::Inlet;
        let exchanger = DirectExchange { cop: 40.0, approach_k: 2.0, fading_k: 1.0, cop_beyond: 1.0, loop_water };
        assert_eq!(exchanger.check(), Ok(()));
        assert_eq!((exchanger.at(18.0, 12.0), exchanger.outside(-6.0)), (40.0, None));
        assert_eq!(exchanger.at(18.0, 16.0), 40.0);
        assert!((exchanger.at(18.0, 16.5) - 1.0 / (0.5 / 40.0 + 0.5)).abs() < 1e-12);
        assert_eq!((exchanger.at(18.0, 17.0), exchanger.outside(-1.0)), (1.0, Some(OutsideRange::Above)));
        assert_eq!(exchanger.at(18.0, 25.0), 1.0);
        let wrong = DirectExchange { cop_beyond: 50.0, ..exchanger };
        assert!(wrong.check().unwrap_err().to_string().contains("cop_beyond is 50"));
    }
}
