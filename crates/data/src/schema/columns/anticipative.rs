//! Columns of `anticipative.csv`: one row per LP by which the plan of a dispatcher who knows its effect on the loop was
//! found.

/// Number of the LP, from 1.
pub const LP: &str = "lp";
/// Objective of the plan that was reached, EUR.
pub const OBJECTIVE_EUR: &str = "objective_eur";
/// Decrease of the objective that the linear model promised, EUR.
pub const PROMISED_EUR: &str = "promised_eur";
/// Share of the way to the LP's answer that was gone.
pub const STEP: &str = "step";
/// Radius of the trust region.
pub const TRUST_REGION: &str = "trust_region";
