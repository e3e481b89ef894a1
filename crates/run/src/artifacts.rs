//! The artifacts of a job: its result, its summary, and the files of its run folder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anergy_config::{Case, Finding};
use anergy_cosim::CosimResult;
use anergy_cosim::coupling::Verdict;
use anergy_data::results::{FolderLock, ResultsError, RunFolder, Table, name_of};
use anergy_data::schema::{Summary, files};

use super::job::judged;
use super::starts::starts_table;
use super::{
    anticipative_plan_table, anticipative_table, convergence_table, loop_temperature_table, network_components_table,
    network_table, network_warning, prices_table, summarise, timeseries_table, timings_table, unmet_warning,
};

/// The outcome of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The run has no loop, or dispatch and loop agree, or the published stopping rule was satisfied.
    Done,
    /// Dispatch and loop do not agree.
    NotConverged,
    /// No plan exists, or demand is left unserved and that counts as an error.
    Infeasible,
    /// The run was interrupted, or some of its initial points have no solution.
    Incomplete,
}

impl Ending {
    /// Returns the outcome of a run with this verdict; `None` is a run without a loop.
    #[must_use]
    pub fn of_verdict(verdict: Option<Verdict>) -> Self {
        match verdict {
            None | Some(Verdict::Converged | Verdict::StoppedByPaperRule { .. }) => Self::Done,
            Some(Verdict::Interrupted) => Self::Incomplete,
            Some(Verdict::Infeasible { .. }) => Self::Infeasible,
            Some(_) => Self::NotConverged,
        }
    }

    /// Returns the exit code of a command with this outcome.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotConverged => 3,
            Self::Infeasible => 4,
            Self::Incomplete => 5,
        }
    }
}

/// The artifacts of a job.
#[derive(Debug)]
pub struct Artifacts {
    /// The district as it was read.
    pub case: Case,
    /// The result of the run.
    pub run: CosimResult,
    /// The summary of the result.
    pub summary: Summary,
    /// Findings about demand that is not served and heat that the loop does not deliver.
    pub unserved: Vec<Finding>,
    /// The outcome of the job.
    pub ending: Ending,
    /// Duration of reading the case, seconds.
    pub read_seconds: f64,
    /// Additional tables, by their file names.
    pub extra: Vec<(&'static str, Table)>,
    /// The run folder with the job's own journal; `None` if it kept none.
    pub(super) journal_place: Option<PathBuf>,
    /// The lock of the run folder, until the results are written.
    pub(super) lock: Mutex<Option<FolderLock>>,
}

/// Additional content of a run folder.
#[derive(Default)]
pub struct Extras<'a> {
    /// Returns the text of `report.html` from the folder of the result files and the name of the run; `None` omits the
    /// report.
    #[expect(clippy::type_complexity, reason = "a function of two arguments")]
    pub report: Option<&'a dyn Fn(&Path, &str) -> Option<String>>,
    /// Returns the text of `run.log`; called last. `None` leaves the file empty.
    pub log: Option<Box<dyn FnOnce() -> String + 'a>>,
}

impl std::fmt::Debug for Extras<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { report, log } = self;
        formatter.debug_struct("Extras").field("report", &report.is_some()).field("log", &log.is_some()).finish()
    }
}

impl Artifacts {
    pub(super) fn of(case: Case, run: CosimResult, mut summary: Summary, strict: bool, read_seconds: f64) -> Self {
        let loop_short = summary.network.as_ref().and_then(network_warning);
        let unserved = unmet_warning(&summary).into_iter().chain(loop_short);
        let unserved: Vec<Finding> = unserved.map(|finding| judged(finding, strict)).collect();
        let ending = ending(&run, &summary, strict && !unserved.is_empty());
        summary.exit_code = Some(ending.exit_code());
        let mut extra: Vec<_> = summary.starts.iter().map(|spread| (files::STARTS, starts_table(spread))).collect();
        extra.extend(anticipative_table(&run).map(|table| (files::ANTICIPATIVE, table)));
        extra.extend(anticipative_plan_table(&case, &run).map(|table| (files::ANTICIPATIVE_PLAN, table)));
        Self { case, run, summary, unserved, ending, read_seconds, extra, journal_place: None, lock: Mutex::default() }
    }

    /// Creates the artifacts of a run that was made elsewhere, with the additional tables `extra`.
    #[must_use]
    pub fn of_run(case: Case, run: CosimResult, read_seconds: f64, extra: Vec<(&'static str, Table)>) -> Self {
        let summary = summarise(&case, &run);
        let ending = ending(&run, &summary, false);
        Self {
            case,
            run,
            summary,
            unserved: Vec::new(),
            ending,
            read_seconds,
            extra,
            journal_place: None,
            lock: Mutex::default(),
        }
    }

    /// Writes the run folder `place`: result tables, summary, resolved configuration, log and timings. The folder is
    /// written atomically and replaces an earlier run.
    ///
    /// # Errors
    /// [`ResultsError`] when `place` exists and is not a run folder, or cannot be written; an earlier run is then still
    /// in place.
    pub fn write(&self, place: &Path, extras: Extras<'_>) -> Result<PathBuf, ResultsError> {
        let Self { case, run, summary, .. } = self;
        // The lock of this folder, or of another one that the job was for.
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        let folder = match &lock {
            Some(lock) if lock.is_of(place) => RunFolder::begin_in(place, lock)?,
            _ => RunFolder::begin(place)?,
        };
        let interrupted = run.coupling.as_ref().is_some_and(|coupling| coupling.verdict == Verdict::Interrupted);
        // Elsewhere there is no journal, or that of another run.
        if interrupted && self.journal_place.as_deref() == Some(place) {
            folder.keep_journal()?;
        }
        let began = Instant::now();
        let timeseries = timeseries_table(case, run);
        folder.write(files::TIMESERIES, &timeseries.to_csv())?;
        #[cfg(feature = "parquet")]
        folder.write(files::TIMESERIES_PARQUET, &timeseries.to_parquet()?)?;
        let tables = [
            (files::PRICES, prices_table(case, run)),
            (files::CONVERGENCE, convergence_table(case, run)),
            (files::LOOP_TEMPERATURE, loop_temperature_table(case, run)),
            (files::NETWORK_COMPONENTS, network_components_table(case, run)),
            (files::NETWORK, network_table(case, run)),
        ];
        for (name, table) in tables {
            table.map_or(Ok(()), |table| folder.write(name, &table.to_csv()))?;
        }
        for (name, table) in &self.extra {
            folder.write(name, &table.to_csv())?;
        }
        let unwritable = |source: std::io::Error| ResultsError::Io { path: place.to_owned(), action: "write", source };
        let mut json = serde_json::to_vec_pretty(summary).map_err(|error| unwritable(error.into()))?;
        json.push(b'\n');
        folder.write(files::SUMMARY, &json)?;
        let resolved =
            serde_yaml::to_string(&case.resolved).map_err(|error| unwritable(std::io::Error::other(error)))?;
        folder.write(files::CONFIG, resolved.as_bytes())?;
        let name = name_of(place);
        if let Some(report) = extras.report.and_then(|report| report(folder.draft(), &name)) {
            folder.write(files::REPORT, report.as_bytes())?;
        }
        let write_seconds = began.elapsed().as_secs_f64();
        let phases = [
            ("read", self.read_seconds),
            ("build", run.build_seconds),
            ("solve", run.solve_seconds),
            ("write", write_seconds),
        ];
        folder.write(files::TIMINGS, &timings_table(run, &phases).to_csv())?;
        let log = extras.log.map_or_else(String::new, |log| log());
        folder.write(files::LOG, log.as_bytes())?;
        folder.commit()
    }
}

/// Returns the outcome of a run; `unserved` says that it left demand unserved and that this counts as an error.
fn ending(run: &CosimResult, summary: &Summary, unserved: bool) -> Ending {
    match run.coupling.as_ref().map(|coupling| coupling.verdict) {
        _ if summary.starts.as_ref().is_some_and(|spread| !spread.is_complete()) => Ending::Incomplete,
        Some(Verdict::Interrupted) => Ending::Incomplete,
        _ if unserved => Ending::Infeasible,
        verdict => Ending::of_verdict(verdict),
    }
}
