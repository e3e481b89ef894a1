//! Working points, the range of validity of a COP model, and its errors: what the models share.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Service;

/// What a model does outside its range of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UseOutsideRange {
    /// Evaluates the model all the same.
    #[default]
    Extrapolate,
    /// Takes the model's value at the nearest edge of the range.
    Clamp,
}

impl UseOutsideRange {
    pub(super) fn clamp() -> Self {
        Self::Clamp
    }
}

/// The temperatures between which a machine works.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkingPoint {
    /// Service: heating or cooling.
    pub service: Service,
    /// Temperature of the heat source, degrees Celsius: the loop in heating, the cold store in cooling.
    pub source_c: f64,
    /// Temperature of the heat sink, degrees Celsius: the store in heating, the loop in cooling.
    pub sink_c: f64,
    /// Lift at which curves over a lift are evaluated, K: sink minus source, unless [`super::CoolingLift`] says
    /// otherwise.
    pub lift_k: f64,
}

/// The side on which a working point is outside a model's range of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideRange {
    /// Below the lowest lift; for a map the side of higher COPs: a warmer source or a colder sink than it covers.
    Below,
    /// Above the highest lift; for a map the side of lower COPs: a colder source or a hotter sink than it covers.
    Above,
}

/// The error for an invalid parameter of a COP model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{key} is {value}; expected {expected}")]
pub struct CopError {
    /// Key of the parameter.
    pub key: &'static str,
    /// Value of the parameter.
    pub value: String,
    /// Expected value.
    pub expected: &'static str,
}

impl CopError {
    pub(super) fn new(key: &'static str, value: impl fmt::Debug, expected: &'static str) -> Self {
        Self { key, value: format!("{value:?}"), expected }
    }
}

/// Returns the side on which a lift, K, is outside a range of lifts; `None` if it is inside.
#[inline]
pub(super) fn outside_lift([low, high]: [f64; 2], lift_k: f64) -> Option<OutsideRange> {
    if lift_k < low {
        Some(OutsideRange::Below)
    } else if lift_k > high {
        Some(OutsideRange::Above)
    } else {
        None
    }
}

/// Refuses a range of lifts that is empty or not finite.
///
/// # Errors
/// [`CopError`] of the key `valid_lift_k`.
pub(super) fn check_lifts(valid_lift_k: [f64; 2]) -> Result<(), CopError> {
    let [low, high] = valid_lift_k;
    if low.is_finite() && high.is_finite() && low < high {
        return Ok(());
    }
    Err(CopError::new("valid_lift_k", valid_lift_k, "two lifts, the lower one first"))
}
