//! The names of the files and folders that results consist of.

/// The summary of a run: [`Summary`](super::Summary). A folder that holds this file is a run folder.
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
/// One row per initial point: [`starts`](super::columns::starts).
pub const STARTS: &str = "starts.csv";
/// One row per LP of the anticipative scheme: [`anticipative`](super::columns::anticipative).
pub const ANTICIPATIVE: &str = "anticipative.csv";
/// The plan of the anticipative scheme: [`anticipative_plan`](super::columns::anticipative_plan).
pub const ANTICIPATIVE_PLAN: &str = "anticipative_plan.csv";
/// Results of a run beside published figures: [`comparison`](super::columns::comparison).
pub const COMPARISON: &str = "comparison.csv";
/// Wall-clock times, of a run or of a study: [`timings`](super::columns::timings).
pub const TIMINGS: &str = "timings.csv";
/// The configuration with imports and overrides applied; of a loop file, also with its defaults.
pub const CONFIG: &str = "config.resolved.yaml";
/// The report, an HTML page.
pub const REPORT: &str = "report.html";
/// The report of several runs side by side, an HTML page in the folder above the first run.
pub const COMPARISON_REPORT: &str = "comparison.html";
/// Progress and notes, with times.
pub const LOG: &str = "run.log";
/// The folder with the report's figures as image files.
pub const FIGURES: &str = "figures";

/// The folder in a run folder with the checkpoints of an unfinished run, from which it resumes.
pub const JOURNAL: &str = "journal";
/// The file in the journal with the request of the run.
pub const JOURNAL_REQUEST: &str = "run.json";
/// The prefix of the names of the journal's iterations.
pub const JOURNAL_ITERATION: &str = "iteration-";

/// All files and folders that a run folder may hold; a folder with any other entry is not replaced.
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

/// The plan of a sweep. A folder that holds this file is a sweep's folder.
pub const SWEEP_MANIFEST: &str = "manifest.json";
/// One row per case of a sweep: [`sweep`](super::columns::sweep).
pub const SWEEP_TABLE: &str = "table.csv";
/// The same table as Parquet.
pub const SWEEP_TABLE_PARQUET: &str = "table.parquet";
/// The series of all cases of a sweep: [`sweep_series`](super::columns::sweep_series).
pub const SWEEP_SERIES_PARQUET: &str = "series.parquet";

/// The published case with each of its switches flipped: [`effects`](super::columns::effects).
pub const EFFECTS: &str = "effects.csv";
/// The variants that have ended, from which an interrupted study of effects resumes.
pub const EFFECTS_JOURNAL: &str = "effects.json";

/// One row per trial of a convergence study: [`convergence_study`](super::columns::convergence_study).
pub const CONVERGENCE_STUDY: &str = "convergence_study.csv";
/// The trials that have ended, from which an interrupted convergence study resumes.
pub const CONVERGENCE_STUDY_JOURNAL: &str = "convergence_study.journal.json";
