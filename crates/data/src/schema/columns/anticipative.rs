//! Columns of `anticipative.csv`: one row per LP that was solved to find the plan of a dispatcher who knows the plan's
//! effect on the loop.

/// Number of the LP, from 1.
pub const LP: &str = "lp";
/// Objective of the plan that was reached, EUR.
pub const OBJECTIVE_EUR: &str = "objective_eur";
/// Decrease of the objective that the linear model promised, EUR.
pub const PROMISED_EUR: &str = "promised_eur";
/// Step length: the share of the way from the last plan to the LP's solution, in (0, 1].
pub const STEP: &str = "step";
/// Radius of the trust region.
pub const TRUST_REGION: &str = "trust_region";
