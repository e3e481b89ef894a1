//! Columns of `effects.csv`: one row per variant of the published case. Values of variants that do not converge are
//! means over the iterations from [`MEAN_FROM`] to [`MEAN_TO`].

/// The variant: [`PUBLISHED`], [`CORRECTED`], or the name of the only switch that was flipped.
pub const VARIANT: &str = "variant";
/// The value to which the switch was flipped; empty for a preset.
pub const FLIPPED_TO: &str = "flipped_to";
/// Total cost, EUR.
pub const COST_EUR: &str = "cost_eur";
/// Cost minus the cost of the published variant, EUR.
pub const COST_DIFFERENCE_EUR: &str = "cost_difference_eur";
/// Electricity from the grid, kWh.
pub const GRID_KWH: &str = "grid_kwh";
/// Demand left unserved, kWh.
pub const UNMET_KWH: &str = "unmet_kwh";
/// Production not used, kWh.
pub const SURPLUS_KWH: &str = "surplus_kwh";
/// Mean loop temperature, degrees Celsius.
pub const LOOP_C: &str = "loop_c";
/// Number of steps in which the low limit was reached.
pub const LOW_LIMIT_STEPS: &str = "low_limit_steps";
/// Number of steps in which the high limit was reached.
pub const HIGH_LIMIT_STEPS: &str = "high_limit_steps";
/// Energy that appeared without a source, kWh.
pub const CREATED_KWH: &str = "created_kwh";
/// Energy that vanished, kWh.
pub const VANISHED_KWH: &str = "vanished_kwh";
/// Gap of the solution, EUR; empty where it is not known.
pub const GAP_EUR: &str = "gap_eur";
/// Relative gap of the solution; empty where it is not known.
pub const RELATIVE_GAP: &str = "relative_gap";
/// Verdict.
pub const VERDICT: &str = "verdict";
/// Number of iterations after the first.
pub const ITERATIONS: &str = "iterations";
/// First iteration over which means are taken.
pub const MEAN_FROM: &str = "mean_from";
/// Last iteration over which means are taken.
pub const MEAN_TO: &str = "mean_to";

/// The variant of the case as published.
pub const PUBLISHED: &str = "published";
/// The variant with every switch flipped.
pub const CORRECTED: &str = "corrected";
