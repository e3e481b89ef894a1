//! What the columns of a sweep's tables are called.

/// Results that every case with an answer has, in the order of the tables.
pub(super) const SCALARS: [&str; 28] = [
    "cost_eur",
    "operation_eur",
    "forced_supply_eur",
    "co2_price_eur",
    "annualised_eur",
    "demand_charge_eur",
    "balancing_eur",
    "co2_kg",
    "unmet_kwh",
    "surplus_kwh",
    "iterations",
    "relative_gap",
    "gap_eur",
    "mean_change_k",
    "max_change_k",
    "loop_min_c",
    "loop_mean_c",
    "loop_max_c",
    "steps_at_low_limit",
    "steps_at_high_limit",
    "balancing_heating_kwh",
    "balancing_cooling_kwh",
    "balancing_energy_kwh",
    "ground_gain_kwh",
    "ground_loss_kwh",
    "worst_below_low_limit_k",
    "worst_above_high_limit_k",
    "certificate_kw",
];

/// Whether a column of the tables is called so, whatever the parameters are.
pub(super) fn is_taken(name: &str) -> bool {
    ["index", "id", "status", "verdict", "error", "series", "step"].contains(&name) || SCALARS.contains(&name)
}
