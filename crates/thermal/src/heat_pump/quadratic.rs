//! COP model as a quadratic curve over the lift.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::range::{CopError, check_lifts, outside_lift};
use super::{OutsideRange, UseOutsideRange, WaterTemperature};

/// COP = c0 + c1 lift + c2 lift^2, lift in K.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuadraticCop {
    /// c0, c1 (1/K), c2 (1/K^2).
    pub coefficients: [f64; 3],
    /// Lowest and highest lift for which the curve was made, K.
    pub valid_lift_k: [f64; 2],
    /// What happens outside of it.
    #[serde(default)]
    pub outside: UseOutsideRange,
    /// The temperature of the loop's water that the lift is counted from: fits to field trials and the published curve take that
    /// of the water that comes.
    #[serde(default = "WaterTemperature::inlet")]
    pub loop_water: WaterTemperature,
}

impl QuadraticCop {
    /// Returns the COP at a lift in K.
    #[must_use]
    #[inline]
    pub fn at(&self, lift_k: f64) -> f64 {
        let Self { coefficients: [c0, c1, c2], valid_lift_k: [low, high], outside, .. } = self;
        let lift_k = match outside {
            UseOutsideRange::Extrapolate => lift_k,
            UseOutsideRange::Clamp => lift_k.clamp(*low, *high),
        };
        c0 + c1 * lift_k + c2 * lift_k * lift_k
    }

    /// Returns the side on which a lift (K) is outside the range of validity; `None` if it is inside.
    #[must_use]
    #[inline]
    pub fn outside(&self, lift_k: f64) -> Option<OutsideRange> {
        outside_lift(self.valid_lift_k, lift_k)
    }

    pub(super) fn check(&self) -> Result<(), CopError> {
        check_lifts(self.valid_lift_k)?;
        let [low, high] = self.valid_lift_k;
        let wrong = |expected| Err(CopError::new("coefficients", self.coefficients, expected));
        if !self.coefficients.iter().all(|coefficient| coefficient.is_finite()) {
            return wrong("three numbers");
        }
        // The minimum of a parabola is at an end of the range or at its vertex.
        let [_, c1, c2] = self.coefficients;
        let vertex = (-c1 / (2.0 * c2)).clamp(low, high);
        let lowest = [low, high, if vertex.is_nan() { low } else { vertex }];
        if lowest.iter().any(|&lift_k| self.at(lift_k) <= 0.0) {
            return wrong("a COP > 0 over the whole of valid_lift_k");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(outside: UseOutsideRange) -> QuadraticCop {
        QuadraticCop {
            coefficients: [6.81, -0.121, 0.000_63],
            valid_lift_k: [15.0, 60.0],
            outside,
            loop_water: WaterTemperature::Inlet,
        }
    }

    #[test]
    fn a_clamped_curve_stays_at_the_ends_of_its_range() {
        let (free, clamped) = (curve(UseOutsideRange::Extrapolate), curve(UseOutsideRange::Clamp));
        assert_eq!(clamped.at(5.0), free.at(15.0));
        assert_eq!(clamped.at(80.0), free.at(60.0));
        assert_eq!(clamped.at(30.0), free.at(30.0));
    }

    #[test]
    fn invalid_curves_are_refused() {
        let named = |coefficients, valid_lift_k| {
            let curve = QuadraticCop { coefficients, valid_lift_k, ..curve(UseOutsideRange::Extrapolate) };
            curve.check().unwrap_err().to_string()
        };
        assert_eq!(curve(UseOutsideRange::Clamp).check(), Ok(()));
        let swapped = "valid_lift_k is [60.0, 15.0]; expected two lifts, the lower one first";
        assert_eq!(named([6.81, -0.121, 0.0], [60.0, 15.0]), swapped);
        assert!(named([f64::NAN, 0.0, 0.0], [15.0, 60.0]).contains("three numbers"));
        assert!(named([5.0, -0.121, 0.0], [15.0, 60.0]).contains("a COP > 0"), "ends below zero");
        assert!(named([1.0, -0.1, 0.002], [0.0, 60.0]).contains("a COP > 0"), "dips below zero");
        assert!(named([0.0, 0.0, 0.0], [0.0, 60.0]).contains("a COP > 0"), "is zero");
    }
}
