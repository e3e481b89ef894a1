//! The part of the summary on the coupling of dispatch and loop: residuals, tolerances, temperatures and balances of
//! the loop.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{number, numbers};
use super::{Gap, ValiditySummary, Verdict};

/// How the coupling of dispatch and loop ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CouplingSummary {
    /// The verdict, with its numbers.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The verdict in words.
    pub explanation: String,
    /// Whether dispatch and loop agree.
    pub converged: bool,
    /// The schemes that ran, in order.
    pub schemes: Vec<SchemeSummary>,
    /// Number of the last iteration, from 0.
    #[serde(default)]
    pub last_iteration: usize,
    /// Number of the iteration that is the answer, from 0.
    pub answer: usize,
    /// The stopping rule and its tolerances; absent in summaries of older versions.
    pub tolerance: Option<Tolerance>,
    /// Gap of the answer; absent (`null`) where it is not known.
    pub gap: Option<Gap>,
    /// Why the gap is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_missing: Option<String>,
    /// How far the cost moved over the last iterations, which the gap does not tell; absent (`null`) where there was
    /// only one.
    pub cost_moved: Option<CostMoved>,
    /// Last change of the loop temperature; absent (`null`) where there was only one iteration.
    pub residual: Option<Residual>,
    /// When the loop temperature last changed, and how far it may still go.
    #[serde(default)]
    pub moved: Moved,
    /// Lowest, mean and highest loop temperature of the answer, degrees Celsius.
    pub temp_c: [f64; 3],
    /// Course of the loop temperature of the answer: means over equal pieces of the time, 60 at most, degrees Celsius.
    #[serde(default, deserialize_with = "numbers")]
    pub course_c: Vec<f64>,
    /// Number of steps in which the low and the high limit were met.
    #[serde(default)]
    pub limit_steps: [usize; 2],
    /// Energy that appeared and vanished (negative) without a source, kWh.
    pub created_kwh: [f64; 2],
    /// Heat from the ground, and into it (negative), kWh.
    pub ground_kwh: [f64; 2],
    /// Energy from the balancing unit, heating and cooling (negative), kWh.
    pub balancing_kwh: [f64; 2],
    /// Electricity or fuel that the balancing unit took, kWh; its cost is in [`Cost`](super::Cost).
    pub balancing_energy_kwh: f64,
    /// CO2 that the balancing unit emitted, kg.
    #[serde(default, deserialize_with = "number")]
    pub balancing_co2_kg: f64,
    /// Time outside the low limit and outside the high one.
    pub violations: [ViolationSummary; 2],
    /// Residual of the loop's energy balance over the whole time, relative to the energy moved.
    pub loop_balance_residual: f64,
    /// Largest residual of the loop's energy balance in a step, relative to the energy moved in it.
    pub loop_step_balance_residual: f64,
    /// Running steps outside the range of validity of each heat pump's COP model.
    pub validity: Vec<ValiditySummary>,
}

/// How far an iterate is from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Residual {
    /// Mean over time of |dT| / |T before|, T in degrees Celsius: the published criterion.
    #[serde(default, deserialize_with = "number")]
    pub mean_relative: f64,
    /// Mean |dT|, K.
    pub mean_k: f64,
    /// Largest |dT|, K.
    pub max_k: f64,
    /// Index into the loop temperatures at which it is largest.
    #[serde(default)]
    pub at: usize,
}

/// When the loop temperature changed in the last iteration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Moved {
    /// Number of moments at which it changed by more than the tolerance.
    pub moments: usize,
    /// Time stamps at which it changed most, and by how much, K.
    pub most_at: Vec<(String, f64)>,
    /// How far the loop temperature may still go.
    pub distance: Distance,
}

/// An estimate of how far the loop temperature is from one that stands still, K.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "estimated", rename_all = "snake_case")]
pub enum Distance {
    /// The steps shrink by the same factor: the rest of their geometric series.
    Extrapolated {
        /// The distance, K.
        #[serde(deserialize_with = "number")]
        distance_k: f64,
        /// The factor from one step to the next, < 1.
        #[serde(deserialize_with = "number")]
        rate: f64,
    },
    /// Averages: the last step as it would have been had it not been shortened.
    WholeStep {
        /// The distance, K.
        #[serde(deserialize_with = "number")]
        distance_k: f64,
    },
    /// The steps do not shrink, or are corrections of another kind.
    #[default]
    Unknown,
}

/// The stopping rule of a run, with its tolerances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// The rule.
    pub stop: Stop,
    /// Largest relative gap.
    pub relative_gap: f64,
    /// Largest change of the loop temperature, K.
    pub temperature_k: f64,
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// After iteration 10, when the mean relative change of the loop temperature in degrees Celsius is at most 10 %.
    Paper,
    /// When loop temperature and COPs have stood still, three iterations in a row.
    Residual,
    /// When both relative gaps are small: no dispatcher could save more money, or serve more, at the COPs its plan leads to.
    Gap,
}

/// Consecutive iterations of one scheme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchemeSummary {
    /// Name of the scheme.
    pub scheme: String,
    /// Number of iterations.
    pub iterations: usize,
}

/// Time that the loop spent outside a limit: a ring judged by the temperature at the end of each step, a network by the
/// water that came to its substations in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViolationSummary {
    /// The limit, degrees Celsius.
    pub limit_c: f64,
    /// Time outside, hours.
    pub hours: f64,
    /// Excess over time, K h.
    pub kelvin_hours: f64,
    /// Largest excess, K.
    #[serde(default, deserialize_with = "number")]
    pub worst_k: f64,
    /// Time stamp of the end of the step in which it was largest; absent (`null`) where the limit was kept.
    pub worst_at: Option<String>,
}

/// How far the cost moved over the last iterations. The gap of an iterate says what a dispatcher could still save at
/// its COPs; the next iterate has other COPs, and its cost may be several gaps away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostMoved {
    /// Number of iterations that are compared: the last ones, five at most.
    pub iterations: usize,
    /// Cost of the dearest of them less that of the cheapest, EUR: all money at own COPs, with that for the loop's
    /// balancing unit.
    pub eur: f64,
    /// `eur` as a share of the cheapest's cost.
    pub relative: f64,
    /// `eur` as a multiple of the answer's gap in EUR; absent (`null`) where the gap is not known or not above zero.
    pub gaps: Option<f64>,
    /// Most less least unmet demand of them, kWh: a plan that serves less costs less.
    #[serde(default, deserialize_with = "number")]
    pub unmet_kwh: f64,
}
