//! Columns of `convergence.csv`: one row per iteration.

/// Number of the iteration, from 0.
pub const ITERATION: &str = "iteration";
/// Name of the scheme.
pub const SCHEME: &str = "scheme";
/// Step length: the share of the way from the last plan to the dispatcher's new plan, in (0, 1].
pub const STEP: &str = "step";
/// Cost of the plan at the COPs it was made for, EUR.
pub const COST_EUR: &str = "cost_eur";
/// Cost of the same decisions at the COPs they lead to, EUR.
pub const COST_AT_OWN_COPS_EUR: &str = "cost_at_own_cops_eur";
/// Objective of the plan at the COPs it was made for, EUR.
pub const OBJECTIVE_EUR: &str = "objective_eur";
/// Demand that the plan leaves unserved, kWh.
pub const UNMET_KWH: &str = "unmet_kwh";
/// Demand that the same decisions leave unserved at the COPs they lead to, kWh.
pub const UNMET_AT_OWN_COPS_KWH: &str = "unmet_at_own_cops_kwh";
/// Production that the plan does not use, kWh.
pub const SURPLUS_KWH: &str = "surplus_kwh";
/// Relative gap of the money; empty where it is not known, like the other columns of the gap.
pub const RELATIVE_GAP: &str = "relative_gap";
/// Gap, EUR.
pub const GAP_EUR: &str = "gap_eur";
/// Part of the gap that is money, EUR.
pub const GAP_COST_EUR: &str = "gap_cost_eur";
/// Relative gap of the unmet demand.
pub const RELATIVE_UNMET_GAP: &str = "relative_unmet_gap";
/// Gap of the unmet demand, kWh.
pub const GAP_UNMET_KWH: &str = "gap_unmet_kwh";
/// Mean relative change of the loop temperature since the previous iteration; empty in the first iteration, like the
/// other columns of the change.
pub const MEAN_RELATIVE_CHANGE: &str = "mean_relative_change";
/// Mean change of the loop temperature, K.
pub const MEAN_CHANGE_K: &str = "mean_change_k";
/// Largest change of the loop temperature, K.
pub const MAX_CHANGE_K: &str = "max_change_k";
/// Time stamp of the largest change.
pub const MAX_CHANGE_AT: &str = "max_change_at";
/// Largest difference between the COPs of the dispatch and the COPs that its plan leads to.
pub const MAX_CHANGE_COP: &str = "max_change_cop";
/// Lowest loop temperature, degrees Celsius.
pub const TEMP_MIN_C: &str = "temp_min_c";
/// Mean loop temperature, degrees Celsius.
pub const TEMP_MEAN_C: &str = "temp_mean_c";
/// Highest loop temperature, degrees Celsius.
pub const TEMP_MAX_C: &str = "temp_max_c";
/// Number of steps in which the low limit was reached.
pub const STEPS_AT_LOW_LIMIT: &str = "steps_at_low_limit";
/// Number of steps in which the high limit was reached.
pub const STEPS_AT_HIGH_LIMIT: &str = "steps_at_high_limit";
/// Energy that appeared without a source, kWh.
pub const CREATED_KWH: &str = "created_kwh";
/// Energy that vanished (negative), kWh.
pub const DESTROYED_KWH: &str = "destroyed_kwh";
/// Heat from the balancing unit, kWh.
pub const BALANCING_HEATING_KWH: &str = "balancing_heating_kwh";
/// Cold from the balancing unit (negative), kWh.
pub const BALANCING_COOLING_KWH: &str = "balancing_cooling_kwh";
/// Electricity or fuel of the balancing unit, kWh.
pub const BALANCING_ENERGY_KWH: &str = "balancing_energy_kwh";
/// Cost of the balancing unit, EUR.
pub const BALANCING_EUR: &str = "balancing_eur";
/// CO2 of the balancing unit, kg.
pub const BALANCING_CO2_KG: &str = "balancing_co2_kg";
/// Heat from the ground, kWh.
pub const GROUND_GAIN_KWH: &str = "ground_gain_kwh";
/// Heat into the ground (negative), kWh.
pub const GROUND_LOSS_KWH: &str = "ground_loss_kwh";
/// Number of steps below the low limit, and above the high one.
pub const STEPS_OUTSIDE_LIMIT: [&str; 2] = ["steps_below_low_limit", "steps_above_high_limit"];
/// Largest excess below the low limit, and above the high one, K.
pub const WORST_OUTSIDE_LIMIT_K: [&str; 2] = ["worst_below_low_limit_k", "worst_above_high_limit_k"];
/// Residual of the loop's energy balance over the whole time, relative to the energy moved.
pub const LOOP_BALANCE_RESIDUAL: &str = "loop_balance_residual";
/// Largest residual of the loop's energy balance in a step, relative to the energy moved in it.
pub const LOOP_STEP_BALANCE_RESIDUAL: &str = "loop_step_balance_residual";
/// Largest residual of an equation or excess over a bound of the plan, kW or kWh.
pub const CERTIFICATE_KW: &str = "certificate_kw";

/// Returns the name of the column of a supply's energy, kWh: `site|technology|supply_kwh`.
#[must_use]
pub fn supply_kwh(site: &str, technology: &str) -> String {
    format!("{site}|{technology}|supply_kwh")
}

/// Returns the name of the column of a conversion's output, kWh: `site|technology|output_kwh`.
#[must_use]
pub fn output_kwh(site: &str, technology: &str) -> String {
    format!("{site}|{technology}|output_kwh")
}

/// Returns the name of the column of a conversion's input, kWh: `site|technology|input_kwh`.
#[must_use]
pub fn input_kwh(site: &str, technology: &str) -> String {
    format!("{site}|{technology}|input_kwh")
}
