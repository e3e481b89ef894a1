//! Columns of `anticipative_plan.csv`: the plan of a dispatcher who knows the plan's effect on the loop, one row per
//! time step.
//!
//! Beside [`TIMESTAMP`](super::TIMESTAMP) and the loop temperature ([`LOOP_TEMPERATURE_C`]) there is one column per
//! variable of the dispatch, named as in the LP, and one per heat pump: [`cop`].

pub use super::timeseries::LOOP_TEMPERATURE_C;

/// Returns the name of the column of a heat pump's COP: `site|technology|cop`.
#[must_use]
pub fn cop(site: &str, technology: &str) -> String {
    format!("{site}|{technology}|cop")
}
