//! Columns of `timeseries.csv` and `timeseries.parquet`: one row per time step.
//!
//! - [`TIMESTAMP`](super::TIMESTAMP);
//! - of technologies, balances and links, [`name`]: `site|technology|carrier|quantity`, with one of the quantities of
//!   this module, in kW or kWh. Powers are means over the step; levels are at its end. The technology is empty for
//!   quantities of the balance of a carrier at a site: `site||carrier|quantity`. For a link it is the link's name;
//! - of conversions, [`efficiency`]: `site|technology|efficiency`;
//! - of the loop: [`LOOP_TEMPERATURE_C`], at the beginning of the step, and amounts of energy in the step.

/// Power of a supply, kW.
pub const SUPPLY_KW: &str = "supply_kw";
/// Power of an export, kW.
pub const EXPORT_KW: &str = "export_kw";
/// Power of a demand, kW.
pub const DEMAND_KW: &str = "demand_kw";
/// Power into a store, kW.
pub const CHARGE_KW: &str = "charge_kw";
/// Power out of a store, kW.
pub const DISCHARGE_KW: &str = "discharge_kw";
/// Level of a store at the end of the step, kWh.
pub const LEVEL_KWH: &str = "level_kwh";
/// Output power of a conversion, by carrier, kW.
pub const OUTPUT_KW: &str = "output_kw";
/// Input power of a conversion, kW.
pub const INPUT_KW: &str = "input_kw";
/// Demand of a balance left unserved, kW.
pub const UNMET_KW: &str = "unmet_kw";
/// Production of a balance not used, kW.
pub const SURPLUS_KW: &str = "surplus_kw";
/// Power that enters a link at this site, kW.
pub const ENTERS_KW: &str = "enters_kw";
/// Power that leaves a link at this site, kW.
pub const LEAVES_KW: &str = "leaves_kw";
/// Electricity that the loop's pumps and plants take from a balance, kW.
pub const CIRCULATION_KW: &str = "circulation_kw";

/// Temperature of the loop at the beginning of the step, degrees Celsius. `loop_temperature.csv` has the temperature at
/// the end of the last step too.
pub const LOOP_TEMPERATURE_C: &str = "loop|temperature_c";
/// Heat into the loop from the heat pumps, kWh.
pub const LOOP_HEAT_KWH: &str = "loop|heat_kwh";
/// Heat into the loop from the ground, kWh.
pub const LOOP_GROUND_KWH: &str = "loop|ground_kwh";
/// Heat into the loop from the balancing unit, kWh.
pub const LOOP_BALANCING_KWH: &str = "loop|balancing_kwh";
/// Electricity or fuel of the balancing unit, kWh.
pub const LOOP_BALANCING_ENERGY_KWH: &str = "loop|balancing_energy_kwh";
/// Energy that appeared in the loop without a source, or vanished (negative), kWh.
pub const LOOP_CREATED_KWH: &str = "loop|created_kwh";

/// Suffixes of the columns that hold a finite number in every row.
pub const ALWAYS_FINITE: [&str; 3] = ["_kw", "_kwh", LOOP_TEMPERATURE_C];

/// Returns the name of the column of a technology's quantity, with its carrier: `site|technology|carrier|quantity`.
#[must_use]
pub fn name(site: &str, technology: &str, carrier: &str, quantity: &str) -> String {
    format!("{site}|{technology}|{carrier}|{quantity}")
}

/// Returns the name of the column of a quantity of the balance of a carrier at a site: `site||carrier|quantity`.
#[must_use]
pub fn of_balance(site: &str, carrier: &str, quantity: &str) -> String {
    name(site, "", carrier, quantity)
}

/// Returns the site, technology (empty for a balance), carrier and quantity of a column named by [`name`] or
/// [`of_balance`]; `None` for all other columns.
#[must_use]
pub fn parts(column: &str) -> Option<[&str; 4]> {
    let mut parts = column.split('|');
    let found = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(found)
}

/// Returns whether a column holds the level of a store.
#[must_use]
pub fn is_level(column: &str) -> bool {
    parts(column).is_some_and(|[.., quantity]| quantity == LEVEL_KWH)
}

/// Returns the name of the column of a conversion's efficiency, output over input (the COP of a heat pump):
/// `site|technology|efficiency`.
#[must_use]
pub fn efficiency(site: &str, technology: &str) -> String {
    format!("{site}|{technology}|efficiency")
}
