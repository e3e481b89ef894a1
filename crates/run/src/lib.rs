//! One run of a district: its journal, its summary and tables, its run folder.

mod artifacts;
mod cost_moved;
mod job;
pub mod journal;
mod myopia;
mod network_summary;
mod network_tables;
mod run_case;
pub mod starts;
mod summary;
mod summary_text;
mod tables;
mod technologies;
mod whole_time;

pub use artifacts::{Artifacts, Ending, Extras};
pub use cost_moved::CostMoved;
pub use job::{Cancellation, Job, JobError, JobObserver, Phase, Resumed, judged};
pub use myopia::MyopiaSummary;
pub use network_summary::{Excess, MapSummary, NetworkSummary, PipeEnds, PipeWarning, PlaceSummary, UnitSummary};
pub use network_tables::{network_components_table, network_table};
pub use run_case::{first_problem, run_case, run_case_with_journal};
pub use summary::{CarrierSummary, NOT_SERVED_KWH, Summary, Tolerance};
pub use summary_text::wrapped;
pub use tables::{
    anticipative_plan_table, anticipative_table, convergence_table, loop_temperature_table, prices_table,
    timeseries_table, timings_table,
};
pub use technologies::{StoreTemperature, TechnologyKind, TechnologySummary};
pub use whole_time::{CapacitySummary, Co2LimitSummary, ImportLimitSummary, PeakSummary, WholeTime};
