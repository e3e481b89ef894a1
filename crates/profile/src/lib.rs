//! Time profiles: a value over the time steps of a run, either one constant or one number per step.

use serde::{Deserialize, Serialize};

/// A value per time step. A constant is stored as one number, so a year of it takes eight bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Profile {
    /// The same value in every step.
    Constant(f64),
    /// One value per step, in order of time.
    Series(Vec<f64>),
}

impl Profile {
    /// Returns the value in step `step`, counted from 0.
    ///
    /// # Panics
    /// If the profile is a series and `step` lies beyond its end.
    #[must_use]
    #[inline]
    pub fn at(&self, step: usize) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Series(values) => values[step],
        }
    }

    /// Returns the number of steps, or `None` for a constant, which fits any number of steps.
    #[must_use]
    pub fn steps(&self) -> Option<usize> {
        match self {
            Self::Constant(_) => None,
            Self::Series(values) => Some(values.len()),
        }
    }

    /// Returns the profile with `f` applied to every value.
    #[must_use]
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(f(*value)),
            Self::Series(values) => Self::Series(values.iter().map(|&value| f(value)).collect()),
        }
    }

    /// Returns whether `accept` holds for every value; `true` for an empty series.
    #[must_use]
    pub fn all(&self, accept: impl Fn(f64) -> bool) -> bool {
        match self {
            Self::Constant(value) => accept(*value),
            Self::Series(values) => values.iter().all(|&value| accept(value)),
        }
    }
}

impl From<f64> for Profile {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

impl From<Vec<f64>> for Profile {
    fn from(values: Vec<f64>) -> Self {
        Self::Series(values)
    }
}
