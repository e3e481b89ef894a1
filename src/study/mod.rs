//! What users run: a case once ([`converge`]), the published case against its published figures ([`reproduce`]), what each of its
//! quirks does to it ([`effects`]), and a case by every scheme ([`convergence`]) and from several beginnings ([`starts`]).

pub mod converge;
pub mod convergence;
mod cost_moved;
pub mod effects;
mod iccep2019;
pub mod journal;
mod myopia;
mod network_summary;
mod network_tables;
pub mod partners;
pub mod reproduce;
pub mod starts;
mod summary;
mod summary_text;
pub mod sweep;
mod tables;
mod technologies;
mod whole_time;

pub use converge::{Cause, Coupling, Run, StudyError, first_problem, solver};
pub use cost_moved::CostMoved;
pub use myopia::{Myopia, MyopiaSummary};
pub use network_summary::{Excess, MapSummary, NetworkSummary, PipeEnds, PipeWarning, PlaceSummary, UnitSummary};
pub use network_tables::{network_components_table, network_table};
pub use summary::{NOT_SERVED_KWH, Summary, Tolerance};
pub use summary_text::wrapped;
pub use tables::{
    anticipative_plan_table, anticipative_table, convergence_table, loop_temperature_table, prices_table,
    timeseries_table, timings_table,
};
pub use technologies::{StoreTemperature, TechnologyKind, TechnologySummary};
pub use whole_time::{CapacitySummary, Co2LimitSummary, ImportLimitSummary, PeakSummary, WholeTime};
