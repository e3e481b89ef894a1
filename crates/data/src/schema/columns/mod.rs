//! The column names of the result tables, one module per table, named after the table's file.
//!
//! Names carry their unit as a suffix: `_kw`, `_kwh`, `_c` (degrees Celsius), `_k` (kelvin), `_eur`, `_kg`. Parts of a
//! name are separated by `|`; no name of a site, technology or carrier contains it.

pub mod anticipative;
pub mod anticipative_plan;
pub mod comparison;
pub mod convergence;
pub mod convergence_study;
pub mod effects;
pub mod loop_temperature;
pub mod network;
pub mod network_components;
pub mod prices;
pub mod starts;
pub mod sweep;
pub mod sweep_series;
pub mod timeseries;
pub mod timings;

/// Beginning of the time step in local standard time, as `2015-01-31 13:00:00`; the first column of every table by time
/// step.
pub const TIMESTAMP: &str = "timestamp";
