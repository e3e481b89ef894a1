//! The schema of all results: `summary.json`, the result tables' column names, and the file names of result folders.
//!
//! Results are declared here and nowhere else. `anergy-run` and `anergy-study` write them, `anergy-report` reads them
//! back; both use the same structs and the same names, so a field or a column that is renamed here is renamed on both
//! sides.
//!
//! - [`Summary`] and its parts: the content of `summary.json`. Every struct is written and read. Fields that older
//!   versions did not write are read as absent, empty or zero; numbers that are not finite are written as `null`.
//! - [`columns`]: the column names of every result table, one module per table.
//! - [`files`]: the names of the files and folders of a run folder, a sweep and a study.

pub mod columns;
mod coupling;
pub mod files;
mod gap;
mod myopia;
mod network;
mod number;
mod starts;
mod summary;
mod technologies;
#[cfg(test)]
mod tests;
mod validity;
mod verdict;
mod whole_time;

pub use coupling::{
    CostMoved, CouplingSummary, Distance, Moved, Residual, SchemeSummary, Stop, Tolerance, ViolationSummary,
};
pub use gap::Gap;
pub use myopia::{Beside, MyopiaSummary};
pub use network::{Excess, MapSummary, NetworkSummary, PipeEnds, PipeWarning, PlaceSummary, UnitSummary};
pub use starts::{Beginning, Spread};
pub use summary::{
    CarrierSummary, CertificateSummary, Cost, Finding, Input, Level, LinkSummary, NOT_SERVED_KWH, Part, Summary,
};
pub use technologies::{Service, StoreTemperature, TechnologyKind, TechnologySummary};
pub use validity::{ValidRange, ValiditySummary};
pub use verdict::Verdict;
pub use whole_time::{CapacitySummary, Co2LimitSummary, ImportLimitSummary, PeakSummary, WholeTime};
