//! Running steps of heat pumps outside the range of validity of their COP models.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::number::bounds;

/// The range of validity of a COP model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ValidRange {
    /// A range of lifts.
    Lift {
        /// Lowest and highest lift, K; minus infinity where there is no lower bound.
        #[serde(deserialize_with = "bounds")]
        valid_lift_k: [f64; 2],
    },
    /// A range of source temperatures and one of sink temperatures.
    Temperatures {
        /// Lowest and highest source temperature, degrees Celsius.
        #[serde(deserialize_with = "bounds")]
        valid_source_c: [f64; 2],
        /// Lowest and highest sink temperature, degrees Celsius.
        #[serde(deserialize_with = "bounds")]
        valid_sink_c: [f64; 2],
    },
}

impl fmt::Display for ValidRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lift { valid_lift_k: [f64::NEG_INFINITY, high] } => write!(f, "lifts of at most {high} K"),
            Self::Lift { valid_lift_k: [low, high] } => write!(f, "lifts of {low} to {high} K"),
            Self::Temperatures { valid_source_c: [cold, warm], valid_sink_c: [low, high] } => {
                write!(f, "sources of {cold} to {warm} C and sinks of {low} to {high} C")
            }
        }
    }
}

/// The running steps of a heat pump outside the range of validity of its COP model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValiditySummary {
    /// Name of the site.
    pub site: String,
    /// Name of the technology.
    pub technology: String,
    /// The range of validity; absent in summaries of older versions.
    #[serde(flatten)]
    pub range: Option<ValidRange>,
    /// Number of running steps below the range: with a lower lift, or on the side of a map with the higher COPs.
    pub below: usize,
    /// Number of running steps above the range: with a higher lift, or on the side of a map with the lower COPs.
    pub above: usize,
    /// Number of all running steps.
    pub running: usize,
    /// Number of running steps in which a heating machine had a COP below 1.
    #[serde(default)]
    pub warming: usize,
}
