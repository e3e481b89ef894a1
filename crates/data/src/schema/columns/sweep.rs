//! Columns of a sweep's `table.csv` and `table.parquet`: one row per case.
//!
//! The order is [`INDEX`], [`ID`], one column per parameter under its short name, [`STATUS`], [`VERDICT`], [`ERROR`],
//! the results of [`SCALARS`], and the results of technologies, links and network, whose names contain `|`. A cell is
//! empty where the case has no such result.

use super::convergence;

/// Number of the case, from 0.
pub const INDEX: &str = "index";
/// Hash of all inputs of the case.
pub const ID: &str = "id";
/// How the case ended: `ok`, `not_converged`, `infeasible` or `failed`.
pub const STATUS: &str = "status";
/// Verdict; empty without a loop.
pub const VERDICT: &str = "verdict";
/// Why there is no solution; empty where there is one.
pub const ERROR: &str = "error";
/// Hash of the file with the case's series; in the segments of a sweep only.
pub const SERIES: &str = "series";

/// The status of a case: the values of the column [`STATUS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The case has a plan, and dispatch and loop agree if there is a loop (or the published stopping rule was
    /// satisfied).
    Ok,
    /// The case has a plan on which dispatch and loop do not agree.
    NotConverged,
    /// No plan exists.
    Infeasible,
    /// The case ended with an error.
    Failed,
}

impl Status {
    const ALL: [Self; 4] = [Self::Ok, Self::NotConverged, Self::Infeasible, Self::Failed];

    /// Returns the status of this name; `None` for an unknown name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Returns whether the case has no plan.
    #[must_use]
    pub fn is_without_answer(self) -> bool {
        matches!(self, Self::Infeasible | Self::Failed)
    }

    /// Returns the name of the status, as written in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotConverged => "not_converged",
            Self::Infeasible => "infeasible",
            Self::Failed => "failed",
        }
    }
}

/// Total cost, EUR.
pub const COST_EUR: &str = "cost_eur";
/// Import, operation and wear, EUR.
pub const OPERATION_EUR: &str = "operation_eur";
/// Forced supply, EUR.
pub const FORCED_SUPPLY_EUR: &str = "forced_supply_eur";
/// Price of the CO2 emitted, EUR.
pub const CO2_PRICE_EUR: &str = "co2_price_eur";
/// Annuities and upkeep for the time of the run, EUR.
pub const ANNUALISED_EUR: &str = "annualised_eur";
/// Demand charges for the peaks of imports, EUR.
pub const DEMAND_CHARGE_EUR: &str = "demand_charge_eur";
/// Electricity or fuel of the loop's balancing unit, EUR.
pub const BALANCING_EUR: &str = "balancing_eur";
/// CO2 of all supplies and of the balancing unit, kg.
pub const CO2_KG: &str = "co2_kg";
/// Demand left unserved, kWh.
pub const UNMET_KWH: &str = "unmet_kwh";
/// Production not used, kWh.
pub const SURPLUS_KWH: &str = "surplus_kwh";
/// Number of iterations.
pub const ITERATIONS: &str = "iterations";
/// Relative gap of the solution; empty where it is not known.
pub const RELATIVE_GAP: &str = convergence::RELATIVE_GAP;
/// Gap of the solution, EUR; empty where it is not known.
pub const GAP_EUR: &str = convergence::GAP_EUR;
/// Mean over time of the last change of the loop temperature, K.
pub const MEAN_CHANGE_K: &str = convergence::MEAN_CHANGE_K;
/// Maximum over time of the last change of the loop temperature, K.
pub const MAX_CHANGE_K: &str = convergence::MAX_CHANGE_K;
/// Lowest loop temperature, degrees Celsius.
pub const LOOP_MIN_C: &str = "loop_min_c";
/// Mean loop temperature, degrees Celsius.
pub const LOOP_MEAN_C: &str = "loop_mean_c";
/// Highest loop temperature, degrees Celsius.
pub const LOOP_MAX_C: &str = "loop_max_c";
/// Number of steps in which the low limit was reached.
pub const STEPS_AT_LOW_LIMIT: &str = convergence::STEPS_AT_LOW_LIMIT;
/// Number of steps in which the high limit was reached.
pub const STEPS_AT_HIGH_LIMIT: &str = convergence::STEPS_AT_HIGH_LIMIT;
/// Heat from the balancing unit, kWh.
pub const BALANCING_HEATING_KWH: &str = convergence::BALANCING_HEATING_KWH;
/// Cold from the balancing unit (negative), kWh.
pub const BALANCING_COOLING_KWH: &str = convergence::BALANCING_COOLING_KWH;
/// Electricity or fuel of the balancing unit, kWh.
pub const BALANCING_ENERGY_KWH: &str = convergence::BALANCING_ENERGY_KWH;
/// Heat from the ground, kWh.
pub const GROUND_GAIN_KWH: &str = convergence::GROUND_GAIN_KWH;
/// Heat into the ground (negative), kWh.
pub const GROUND_LOSS_KWH: &str = convergence::GROUND_LOSS_KWH;
/// Largest excess below the low limit, and above the high one, K.
pub const WORST_OUTSIDE_LIMIT_K: [&str; 2] = convergence::WORST_OUTSIDE_LIMIT_K;
/// Largest residual of an equation or excess over a bound of the solution, kW or kWh.
pub const CERTIFICATE_KW: &str = convergence::CERTIFICATE_KW;

/// The results that every case with a plan may have, in the order of the tables; the results of the loop only with a
/// loop.
pub const SCALARS: [&str; 28] = [
    COST_EUR,
    OPERATION_EUR,
    FORCED_SUPPLY_EUR,
    CO2_PRICE_EUR,
    ANNUALISED_EUR,
    DEMAND_CHARGE_EUR,
    BALANCING_EUR,
    CO2_KG,
    UNMET_KWH,
    SURPLUS_KWH,
    ITERATIONS,
    RELATIVE_GAP,
    GAP_EUR,
    MEAN_CHANGE_K,
    MAX_CHANGE_K,
    LOOP_MIN_C,
    LOOP_MEAN_C,
    LOOP_MAX_C,
    STEPS_AT_LOW_LIMIT,
    STEPS_AT_HIGH_LIMIT,
    BALANCING_HEATING_KWH,
    BALANCING_COOLING_KWH,
    BALANCING_ENERGY_KWH,
    GROUND_GAIN_KWH,
    GROUND_LOSS_KWH,
    WORST_OUTSIDE_LIMIT_K[0],
    WORST_OUTSIDE_LIMIT_K[1],
    CERTIFICATE_KW,
];

/// Returns whether a column of this name is in the tables of every sweep. No parameter may have such a name.
#[must_use]
pub fn is_fixed(name: &str) -> bool {
    [INDEX, ID, STATUS, VERDICT, ERROR, SERIES, super::sweep_series::STEP].contains(&name) || SCALARS.contains(&name)
}

/// Energy delivered by a technology, kWh; see [`of_technology`].
pub const DELIVERED_KWH: &str = "delivered_kwh";
/// Energy taken in by a technology, kWh; see [`of_technology`].
pub const TAKEN_KWH: &str = "taken_kwh";
/// Chosen capacity, kW; see [`of_technology`].
pub const CAPACITY_KW: &str = "capacity_kw";
/// Chosen capacity of a store, kWh; see [`of_technology`].
pub const CAPACITY_KWH: &str = "capacity_kwh";
/// Peak that is subject to a demand charge, kW; see [`of_technology`].
pub const PEAK_KW: &str = "peak_kw";
/// Energy that entered a link at its `from` end, kWh; see [`of_link`].
pub const FORWARD_KWH: &str = "forward_kwh";
/// Energy that entered a link at its `to` end, kWh; see [`of_link`].
pub const BACKWARD_KWH: &str = "backward_kwh";

/// Electricity of a network's circulation pumps, kWh.
pub const NETWORK_CIRCULATION_KWH: &str = "network|circulation_kwh";
/// Waste heat into a network, kWh.
pub const NETWORK_WASTE_HEAT_KWH: &str = "network|waste_heat_kwh";
/// Time in which plants did not keep their water within its range, summed over plants, hours.
pub const NETWORK_UNMET_HOURS: &str = "network|unmet_hours";
/// Heat and cold that plants did not deliver, kWh.
pub const NETWORK_UNMET_KWH: &str = "network|unmet_kwh";
/// Time outside limits, summed over substations, hours.
pub const NETWORK_SUBSTATION_HOURS_OUTSIDE_LIMITS: &str = "network|substation_hours_outside_limits";
/// Time with water below its freezing point, hours.
pub const NETWORK_FROZEN_HOURS: &str = "network|frozen_hours";
/// Largest pressure loss per length of the pipes with a warning, Pa/m; 0 without a warning.
pub const NETWORK_FAST_PIPES_PA_M: &str = "network|fast_pipes_pa_m";
/// Heat from a unit into the water, kWh; see [`of_unit`].
pub const HEATING_KWH: &str = "heating_kwh";
/// Heat from the water into a unit, kWh; see [`of_unit`].
pub const COOLING_KWH: &str = "cooling_kwh";
/// Electricity of a unit, kWh; see [`of_unit`].
pub const ELECTRICITY_KWH: &str = "electricity_kwh";

/// Returns the name of the column of a technology's result: `site|technology|quantity`.
#[must_use]
pub fn of_technology(site: &str, technology: &str, quantity: &str) -> String {
    format!("{site}|{technology}|{quantity}")
}

/// Returns the name of the column of a link's result: `link|quantity`.
#[must_use]
pub fn of_link(link: &str, quantity: &str) -> String {
    format!("{link}|{quantity}")
}

/// Returns the name of the column of a network unit's result: `network|unit|quantity`.
#[must_use]
pub fn of_unit(unit: &str, quantity: &str) -> String {
    format!("network|{unit}|{quantity}")
}
