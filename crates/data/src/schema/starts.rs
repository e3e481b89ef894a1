//! The part of the summary on runs of the same case from several initial points: the spread of their solutions.

use serde::{Deserialize, Serialize};

use super::number::number;

/// The spread of the solutions from several initial points. Equilibria need not be unique; quantities that differ here
/// are not determined by the case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Number of initial points that were requested.
    pub asked: usize,
    /// Why some of them have no solution.
    #[serde(default)]
    pub problems: Vec<String>,
    /// The initial points, the case's own first.
    #[serde(default)]
    pub beginnings: Vec<Beginning>,
    /// Highest cost minus lowest cost, EUR.
    pub cost_eur: f64,
    /// `cost_eur` as a share of the lowest cost.
    pub cost_relative: f64,
    /// Largest minus smallest unmet demand, kWh: a solution that serves less costs less.
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

/// An initial point and its solution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// The loop temperature from which the initial COPs follow, degrees Celsius; absent (`null`) for the case's own
    /// initial point.
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
    /// Returns whether every requested initial point has a solution, or a reason why it has none.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.beginnings.len() + self.problems.len() == self.asked
    }
}
