//! The part of the summary on runs of the same case from several beginnings: how far apart the answers are.

use serde::{Deserialize, Serialize};

use super::number::number;

/// How far apart the answers from several beginnings are. Equilibria need not be unique; what differs here is not
/// determined by the case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Number of beginnings that were asked for.
    pub asked: usize,
    /// Why some of them have no answer.
    #[serde(default)]
    pub problems: Vec<String>,
    /// The beginnings, the case's own first.
    #[serde(default)]
    pub beginnings: Vec<Beginning>,
    /// Cost of the dearest answer less that of the cheapest, EUR.
    pub cost_eur: f64,
    /// `cost_eur` as a share of the cheapest's cost.
    pub cost_relative: f64,
    /// Most less least unmet demand, kWh: an answer that serves less costs less.
    #[serde(default)]
    pub unmet_kwh: f64,
    /// Largest difference of the loop temperature at the same moment, K.
    pub temp_k: f64,
    /// Time stamp of that difference.
    #[serde(default)]
    pub temp_at: String,
    /// Mean over time of the difference, K.
    pub temp_mean_k: f64,
    /// Largest difference of a COP in the same step.
    #[serde(default, deserialize_with = "number")]
    pub cop: f64,
    /// Heat pump and time stamp of that difference; empty where there is none.
    #[serde(default)]
    pub cop_at: String,
}

/// One beginning and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// The loop temperature whose COPs it began with, degrees Celsius; absent (`null`) for the case's own beginning.
    pub loop_c: Option<f64>,
    /// Name of the verdict: [`Verdict::name`](super::Verdict::name).
    #[serde(default)]
    pub verdict: String,
    /// Number of the last iteration, from 0.
    #[serde(default)]
    pub iterations: usize,
    /// The relative gap of the money; absent (`null`) where it is not known.
    pub gap: Option<f64>,
    /// The relative gap of the unmet demand; absent (`null`) where it is not known.
    pub unmet_gap: Option<f64>,
    /// Total cost, EUR.
    #[serde(default, deserialize_with = "number")]
    pub cost_eur: f64,
    /// Demand left unserved, kWh.
    #[serde(default, deserialize_with = "number")]
    pub unmet_kwh: f64,
}

impl Spread {
    /// Returns whether every beginning that was asked for has an answer, or a reason why it has none.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.beginnings.len() + self.problems.len() == self.asked
    }
}
