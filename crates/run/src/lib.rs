//! One run of a district: its journal, its summary and tables, its run folder.
//!
//! The schema of summary and tables is declared in [`anergy_data::schema`]; this crate fills them.

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
pub use cost_moved::cost_moved;
pub use job::{Cancellation, Job, JobError, JobObserver, Phase, Resumed, judged};
pub use network_summary::network_warning;
pub use network_tables::{network_components_table, network_table};
pub use run_case::{first_problem, run_case, run_case_with_journal};
pub use summary::{summarise, unmet_warning};
pub use summary_text::{summary_text, wrapped};
pub use tables::{
    anticipative_plan_table, anticipative_table, convergence_table, loop_temperature_table, prices_table,
    timeseries_table, timings_table,
};
