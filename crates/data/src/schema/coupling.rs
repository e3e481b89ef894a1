//! The part of the summary on the coupling of dispatch and loop: residuals, tolerances, temperatures and balances of
//! the loop.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{number, numbers};
use super::{Gap, ValiditySummary, Verdict};

/// The outcome of the coupling of dispatch and loop.
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
    /// Number of the iteration that is the solution, from 0.
    pub answer: usize,
    /// The stopping rule and its tolerances; absent in summaries of older versions.
    pub tolerance: Option<Tolerance>,
    /// Gap of the solution; absent (`null`) where it is not known.
    pub gap: Option<Gap>,
    /// Why the gap is not known; absent where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_missing: Option<String>,
    /// Change of the cost over the last iterations, which the gap does not show; absent (`null`) where there was only
    /// one iteration.
    pub cost_moved: Option<CostMoved>,
    /// Last change of the loop temperature; absent (`null`) where there was only one iteration.
    pub residual: Option<Residual>,
    /// The moments of the last change of the loop temperature, and an estimate of its remaining distance.
    #[serde(default)]
    pub moved: Moved,
    /// Lowest, mean and highest loop temperature of the solution, degrees Celsius.
    pub temp_c: [f64; 3],
    /// Loop temperature of the solution over time: means over equal intervals, at most 60, degrees Celsius.
    #[serde(default, deserialize_with = "numbers")]
    pub course_c: Vec<f64>,
    /// Numbers of steps in which the low and the high limit were reached.
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
    /// Running steps outside the range of validity, for each heat pump's COP model.
    pub validity: Vec<ValiditySummary>,
}

/// The change of the loop temperature from the previous iterate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Residual {
    /// Mean over time of |dT| / |T before|, T in degrees Celsius: the published criterion. Without a unit.
    #[serde(default, deserialize_with = "number")]
    pub mean_relative: f64,
    /// Mean |dT|, K.
    pub mean_k: f64,
    /// Largest |dT|, K.
    pub max_k: f64,
    /// Index of the loop temperature with the largest |dT|.
    #[serde(default)]
    pub at: usize,
}

/// The change of the loop temperature in the last iteration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Moved {
    /// Number of moments at which the change was above the tolerance.
    pub moments: usize,
    /// Time stamps of the largest changes, with the changes, K.
    pub most_at: Vec<(String, f64)>,
    /// Estimated distance of the loop temperature from a fixed point.
    pub distance: Distance,
}

/// An estimate of the distance between the loop temperature and a fixed point, K.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "estimated", rename_all = "snake_case")]
pub enum Distance {
    /// The steps shrink by a constant factor; the distance is the rest of their geometric series.
    Extrapolated {
        /// The distance, K.
        #[serde(deserialize_with = "number")]
        distance_k: f64,
        /// The factor from one step to the next, < 1.
        #[serde(deserialize_with = "number")]
        rate: f64,
    },
    /// The scheme averages iterates; the distance is the last step without its relaxation.
    WholeStep {
        /// The distance, K.
        #[serde(deserialize_with = "number")]
        distance_k: f64,
    },
    /// The steps do not shrink, or a scheme without a fixed relation between steps computed them.
    #[default]
    Unknown,
}

/// The stopping rule of a run and its tolerances.
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
    /// When both relative gaps are small: no dispatcher could save more, or serve more, at the COPs its plan leads to.
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

/// Time that the loop spent outside a limit: for a well-mixed loop by the temperature at the end of each step, for a
/// network by the inlet temperatures of its substations.
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

/// The change of the cost over the last iterations. The gap of an iterate measures what a dispatcher could still save
/// at its COPs; the next iterate has other COPs, and its cost may differ by several gaps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostMoved {
    /// Number of iterations that are compared: the last ones, at most five.
    pub iterations: usize,
    /// Highest cost minus lowest cost among them, EUR: all money at their own COPs, with the cost of the loop's
    /// balancing unit.
    pub eur: f64,
    /// `eur` as a share of the lowest cost.
    pub relative: f64,
    /// `eur` as a multiple of the solution's gap in EUR; absent (`null`) where the gap is not known or not above zero.
    pub gaps: Option<f64>,
    /// Largest minus smallest unmet demand among them, kWh: a plan that serves less costs less.
    #[serde(default, deserialize_with = "number")]
    pub unmet_kwh: f64,
}
