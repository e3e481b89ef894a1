//! Columns of `starts.csv`: one row per initial point of the same case.

/// Number of the initial point, from 1; the first is the case's own.
pub const START: &str = "start";
/// Loop temperature from which the initial COPs follow, degrees Celsius; empty for the case's own initial point.
pub const LOOP_C: &str = "loop_c";
/// Verdict.
pub const VERDICT: &str = "verdict";
/// Number of the last iteration, from 0.
pub const ITERATIONS: &str = "iterations";
/// Relative gap of the money; empty where it is not known.
pub const RELATIVE_GAP: &str = "relative_gap";
/// Relative gap of the unmet demand; empty where it is not known.
pub const RELATIVE_UNMET_GAP: &str = "relative_unmet_gap";
/// Total cost, EUR.
pub const COST_EUR: &str = "cost_eur";
/// Demand left unserved, kWh.
pub const UNMET_KWH: &str = "unmet_kwh";
