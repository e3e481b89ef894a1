//! Columns of `prices.csv`: one row per time step. All prices are in EUR/kWh.
//!
//! - [`TIMESTAMP`](super::TIMESTAMP);
//! - of balances: `site||carrier|`[`PRICE_EUR_PER_KWH`];
//! - of stores: `site|store|carrier|`[`STORED_EUR_PER_KWH`];
//! - of all flows: `site|technology|carrier|`, followed by one of the reduced costs of this module.

/// Shadow price of a balance: the cost of one more kWh of demand, EUR/kWh.
pub const PRICE_EUR_PER_KWH: &str = "price_eur_per_kwh";
/// Shadow price of a store's level: the saving by one more kWh in the store at the end of the step, EUR/kWh.
pub const STORED_EUR_PER_KWH: &str = "stored_eur_per_kwh";
/// Reduced cost of a supply, EUR/kWh: > 0 where more of it would raise the cost, < 0 where more of it would lower the
/// cost.
pub const SUPPLY_REDUCED_COST_EUR_PER_KWH: &str = "supply_reduced_cost_eur_per_kwh";
/// Reduced cost of an export, EUR/kWh; signs as for a supply.
pub const EXPORT_REDUCED_COST_EUR_PER_KWH: &str = "export_reduced_cost_eur_per_kwh";
/// Reduced cost of the output of a conversion, EUR/kWh; signs as for a supply.
pub const OUTPUT_REDUCED_COST_EUR_PER_KWH: &str = "output_reduced_cost_eur_per_kwh";
/// Reduced cost of charging a store, EUR/kWh; signs as for a supply.
pub const CHARGE_REDUCED_COST_EUR_PER_KWH: &str = "charge_reduced_cost_eur_per_kwh";
/// Reduced cost of discharging a store, EUR/kWh; signs as for a supply.
pub const DISCHARGE_REDUCED_COST_EUR_PER_KWH: &str = "discharge_reduced_cost_eur_per_kwh";

/// Returns the name of a column: `site|technology|carrier|quantity`; the technology is empty for a balance.
#[must_use]
pub fn name(site: &str, technology: &str, carrier: &str, quantity: &str) -> String {
    super::timeseries::name(site, technology, carrier, quantity)
}

/// Returns the site and the carrier of a column of shadow prices; `None` for all other columns.
#[must_use]
pub fn balance(column: &str) -> Option<(&str, &str)> {
    match super::timeseries::parts(column)? {
        [site, "", carrier, PRICE_EUR_PER_KWH] => Some((site, carrier)),
        _ => None,
    }
}
