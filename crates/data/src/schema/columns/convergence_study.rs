//! Columns of `convergence_study.csv`: one row per trial. The study's `timings.csv` has the first four too, beside
//! [`SECONDS`](super::timings::SECONDS).

/// Time window, as `START..END`; empty for the case's own window.
pub const WINDOW: &str = "window";
/// Name of the scheme.
pub const SCHEME: &str = "scheme";
/// Largest relative gap that counts as converged.
pub const TOLERANCE: &str = "tolerance";
/// Number of the initial point, from 1.
pub const START: &str = "start";
/// Verdict.
pub const VERDICT: &str = "verdict";
/// Number of iterations after the first.
pub const ITERATIONS: &str = "iterations";
/// Relative gap of the solution; empty where it is not known.
pub const RELATIVE_GAP: &str = "relative_gap";
/// Gap of the solution, EUR; empty where it is not known.
pub const GAP_EUR: &str = "gap_eur";
/// Terminal residual: the last change of the loop temperature, largest over time, K.
pub const RESIDUAL_K: &str = "residual_k";
/// Total cost, EUR.
pub const COST_EUR: &str = "cost_eur";
/// Mean loop temperature of the solution, degrees Celsius.
pub const LOOP_C: &str = "loop_c";
/// Why there is no solution; empty where there is one.
pub const PROBLEM: &str = "problem";
