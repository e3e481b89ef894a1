//! The names of the files and folders that results consist of.

/// The summary of a run: [`Summary`](super::Summary). A run folder is known by it.
pub const SUMMARY: &str = "summary.json";
/// Powers, levels, COPs and loop temperature by time step: [`timeseries`](super::columns::timeseries).
pub const TIMESERIES: &str = "timeseries.csv";
/// The same table as Parquet.
pub const TIMESERIES_PARQUET: &str = "timeseries.parquet";
/// Prices by time step: [`prices`](super::columns::prices).
pub const PRICES: &str = "prices.csv";
/// One row per iteration: [`convergence`](super::columns::convergence).
pub const CONVERGENCE: &str = "convergence.csv";
/// The loop temperature of every iteration: [`loop_temperature`](super::columns::loop_temperature).
pub const LOOP_TEMPERATURE: &str = "loop_temperature.csv";
/// Temperatures and flows in a network of pipes: [`network`](super::columns::network).
pub const NETWORK: &str = "network.csv";
/// One row per component of a network of pipes: [`network_components`](super::columns::network_components).
pub const NETWORK_COMPONENTS: &str = "network_components.csv";
/// One row per beginning: [`starts`](super::columns::starts).
pub const STARTS: &str = "starts.csv";
/// One row per LP of the anticipative scheme: [`anticipative`](super::columns::anticipative).
pub const ANTICIPATIVE: &str = "anticipative.csv";
/// The plan of the anticipative scheme: [`anticipative_plan`](super::columns::anticipative_plan).
pub const ANTICIPATIVE_PLAN: &str = "anticipative_plan.csv";
/// A run against published figures: [`comparison`](super::columns::comparison).
pub const COMPARISON: &str = "comparison.csv";
/// Wall-clock times, of a run or of a study: [`timings`](super::columns::timings).
pub const TIMINGS: &str = "timings.csv";
/// The configuration with all defaults filled in.
pub const CONFIG: &str = "config.resolved.yaml";
/// The report as a page.
pub const REPORT: &str = "report.html";
/// The report of several runs side by side, as a page in the folder above the first.
pub const COMPARISON_REPORT: &str = "comparison.html";
/// Progress and notes, with times.
pub const LOG: &str = "run.log";
/// The folder of the report's figures as pictures.
pub const FIGURES: &str = "figures";

/// The folder in a run folder in which an unfinished run keeps its state to resume from.
pub const JOURNAL: &str = "journal";
/// The file in the journal that says what the run was asked for.
pub const JOURNAL_REQUEST: &str = "run.json";
/// The beginning of the names of the journal's iterations.
pub const JOURNAL_ITERATION: &str = "iteration-";

/// All files and folders that a run folder may hold; a folder with anything else in it is not replaced.
pub const RUN_FOLDER: [&str; 18] = [
    SUMMARY,
    JOURNAL,
    ANTICIPATIVE,
    ANTICIPATIVE_PLAN,
    COMPARISON,
    CONFIG,
    CONVERGENCE,
    LOOP_TEMPERATURE,
    FIGURES,
    PRICES,
    REPORT,
    LOG,
    STARTS,
    NETWORK,
    NETWORK_COMPONENTS,
    TIMESERIES,
    TIMESERIES_PARQUET,
    TIMINGS,
];

/// The plan of a sweep. A sweep's folder is known by it.
pub const SWEEP_MANIFEST: &str = "manifest.json";
/// One row per case of a sweep: [`sweep`](super::columns::sweep).
pub const SWEEP_TABLE: &str = "table.csv";
/// The same table as Parquet.
pub const SWEEP_TABLE_PARQUET: &str = "table.parquet";
/// The series of all cases of a sweep: [`sweep_series`](super::columns::sweep_series).
pub const SWEEP_SERIES_PARQUET: &str = "series.parquet";

/// The published case with each of its switches flipped: [`effects`](super::columns::effects).
pub const EFFECTS: &str = "effects.csv";
/// The variants that have ended, from which an interrupted study of effects goes on.
pub const EFFECTS_JOURNAL: &str = "effects.json";

/// One row per trial of a convergence study: [`convergence_study`](super::columns::convergence_study).
pub const CONVERGENCE_STUDY: &str = "convergence_study.csv";
/// The trials that have ended, from which an interrupted convergence study goes on.
pub const CONVERGENCE_STUDY_JOURNAL: &str = "convergence_study.journal.json";
