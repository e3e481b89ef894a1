//! COP as a function of temperature lift.

use serde::{Deserialize, Serialize};

/// What a machine is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Takes heat from the loop, gives it to the store.
    Heating,
    /// Takes heat from the store, gives it to the loop.
    Cooling,
}

/// What a model does outside its range of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseOutsideRange {
    /// Evaluates the curve all the same.
    #[default]
    Extrapolate,
    /// Takes the curve's value at the nearer end of the range.
    Clamp,
}

/// A COP model with its range of validity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case", deny_unknown_fields)]
pub enum CopModel {
    /// COP = c0 + c1 lift + c2 lift^2, lift in K.
    Quadratic {
        /// c0, c1 (1/K), c2 (1/K^2).
        coefficients: [f64; 3],
        /// Lowest and highest lift for which the curve was made, K.
        valid_lift_k: [f64; 2],
        /// What happens outside of it.
        #[serde(default)]
        outside: UseOutsideRange,
    },
}

/// Where a lift lies relative to a model's range of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideRange {
    /// Below the lowest lift.
    Below,
    /// Above the highest lift.
    Above,
}

impl CopModel {
    /// A quadratic curve.
    #[must_use]
    pub fn quadratic(coefficients: [f64; 3], valid_lift_k: [f64; 2], outside: UseOutsideRange) -> Self {
        Self::Quadratic { coefficients, valid_lift_k, outside }
    }

    /// COP at a lift in K.
    #[must_use]
    #[inline]
    pub fn at(&self, lift_k: f64) -> f64 {
        let Self::Quadratic { coefficients: [c0, c1, c2], valid_lift_k: [low, high], outside } = self;
        let lift_k = match outside {
            UseOutsideRange::Extrapolate => lift_k,
            UseOutsideRange::Clamp => lift_k.clamp(*low, *high),
        };
        c0 + c1 * lift_k + c2 * lift_k * lift_k
    }

    /// Lowest and highest lift of the range of validity, K.
    #[must_use]
    pub fn valid_lift_k(&self) -> [f64; 2] {
        let Self::Quadratic { valid_lift_k, .. } = self;
        *valid_lift_k
    }

    /// On which side a lift (K) leaves the range of validity, if it does.
    #[must_use]
    #[inline]
    pub fn outside(&self, lift_k: f64) -> Option<OutsideRange> {
        let [low, high] = self.valid_lift_k();
        if lift_k < low {
            Some(OutsideRange::Below)
        } else if lift_k > high {
            Some(OutsideRange::Above)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(outside: UseOutsideRange) -> CopModel {
        CopModel::quadratic([6.81, -0.121, 0.000_63], [15.0, 60.0], outside)
    }

    #[test]
    fn a_clamped_curve_stays_at_the_ends_of_its_range() {
        let (free, clamped) = (curve(UseOutsideRange::Extrapolate), curve(UseOutsideRange::Clamp));
        assert_eq!(clamped.at(5.0), free.at(15.0));
        assert_eq!(clamped.at(80.0), free.at(60.0));
        assert_eq!(clamped.at(30.0), free.at(30.0));
        assert_eq!(free.outside(5.0), Some(OutsideRange::Below));
        assert_eq!(free.outside(15.0), None);
        assert_eq!(free.outside(60.1), Some(OutsideRange::Above));
    }
}
