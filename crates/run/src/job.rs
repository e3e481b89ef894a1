//! Jobs: a job runs one district, from a request to artifacts.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anergy_config::{Case, ConfigError, Finding, InputCache, Level, Request};
use anergy_cosim::coupling::{Gap, Observer, Record};
use anergy_cosim::{Cause, CosimError, CosimResult, solver};
use anergy_data::results::{FolderLock, ResultsError, RunFolder};
use anergy_data::schema::Summary;
use anergy_lp::Backend;

use super::artifacts::Artifacts;
use super::journal::{RecordedRequest, ResumeError, RunJournal};
use super::{run_case, run_case_with_journal, starts, summarise};

/// A run of one district. Several jobs may run in one process: a job has its own base directory and changes no state of
/// the process.
///
/// ```no_run
/// use anergy_config::Request;
/// use anergy_run::Job;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let request = Request { model: "district.yaml".into(), ..Request::default() };
/// let artifacts = Job::new(request, "/home/me/project").run(None, &mut ())?;
/// println!("{:.2} EUR", artifacts.summary.cost.total_eur);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Job {
    /// The files and options of the case.
    pub request: Request,
    /// The base directory, to which relative paths of the request refer. Empty means the working directory of the
    /// process.
    pub directory: PathBuf,
    /// Whether warnings count as errors.
    pub strict: bool,
    /// Number of initial COP series from which the coupling is started, at least 1: see [`starts`].
    pub starts: usize,
    /// The recorded request of the unfinished run that this job resumes; `None` for a new run.
    recorded: Option<RecordedRequest>,
}

/// The result of resuming a run folder.
#[derive(Debug)]
pub enum Resumed {
    /// The run has ended; there is nothing to resume.
    Ended,
    /// The job that resumes the run.
    Unfinished(Box<Job>),
}

/// The reasons why a job has no artifacts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The input is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There are warnings, which count as errors.
    #[error(
        "{count} warning{} count{} as errors under --strict",
        if *count == 1 { "" } else { "s" },
        if *count == 1 { "s" } else { "" }
    )]
    Strict {
        /// Number of warnings.
        count: usize,
    },
    /// Demand exceeds all capacity, which counts as an error.
    #[error("demand above all capacity counts as an error under --strict: the district cannot do what is asked of it")]
    Unserved,
    /// The run has no result.
    #[error(transparent)]
    Cosim(#[from] CosimError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Resume(#[from] ResumeError),
    /// The base directory or the configuration cannot be recorded in the journal.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The run folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The run folder cannot be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
}

/// The phases of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The job reads the files of the request.
    Reading,
    /// The job alternates dispatch and loop.
    Dispatching,
}

/// An observer of a job: of its phases, findings and iterations. It may also stop the job, see
/// [`Observer::wants_to_stop`].
pub trait JobObserver: Observer {
    /// Reports the beginning of a phase.
    fn phase(&mut self, phase: Phase) {
        let _ = phase;
    }

    /// Reports findings: those of reading, and those about the solution.
    fn findings(&mut self, findings: &[Finding]) {
        let _ = findings;
    }

    /// Reports that the job writes a journal from now on, so that a killed process can be resumed. With
    /// `replaces_unfinished` the journal replaces that of an unfinished run.
    fn journal_begins(&mut self, replaces_unfinished: bool) {
        let _ = replaces_unfinished;
    }
}

impl JobObserver for () {}

/// A handle to cancel a job from another thread: the run ends after the current iteration, with the verdict
/// `Interrupted`.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Cancels all jobs that observe this handle.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether the handle was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns `observer` with this cancellation added.
    pub fn with<O: JobObserver>(&self, observer: O) -> impl JobObserver + use<O> {
        Cancellable { observer, cancellation: self.clone() }
    }
}

/// An observer that also observes a cancellation.
struct Cancellable<O> {
    observer: O,
    cancellation: Cancellation,
}

impl<O: JobObserver> Observer for Cancellable<O> {
    fn iteration(&mut self, record: &Record) {
        self.observer.iteration(record);
    }

    fn gap(&mut self, iteration: usize, gap: &Gap) {
        self.observer.gap(iteration, gap);
    }

    fn wants_to_stop(&self) -> bool {
        self.cancellation.is_cancelled() || self.observer.wants_to_stop()
    }
}

impl<O: JobObserver> JobObserver for Cancellable<O> {
    fn phase(&mut self, phase: Phase) {
        self.observer.phase(phase);
    }

    fn findings(&mut self, findings: &[Finding]) {
        self.observer.findings(findings);
    }

    fn journal_begins(&mut self, replaces_unfinished: bool) {
        self.observer.journal_begins(replaces_unfinished);
    }
}

impl Job {
    /// Creates a job with one initial point in which warnings are not errors.
    pub fn new(request: Request, directory: impl Into<PathBuf>) -> Self {
        Self { request, directory: directory.into(), strict: false, starts: 1, recorded: None }
    }

    /// Creates the job that resumes the unfinished run in the run folder `place`.
    ///
    /// # Errors
    /// [`ResumeError`] when there is no journal, it cannot be read, or its base directory does not exist any more.
    pub fn resume(place: &Path) -> Result<Resumed, ResumeError> {
        let recorded = match RecordedRequest::read(place) {
            Err(ResumeError::NoJournal(_)) if RunFolder::is_complete(place) => return Ok(Resumed::Ended),
            recorded => recorded?,
        };
        if !recorded.directory.is_dir() {
            let reason = format!("it was begun in {}, which cannot be entered", recorded.directory.display());
            return Err(ResumeError::Changed { folder: place.to_owned(), reason });
        }
        Ok(Resumed::Unfinished(Box::new(Self {
            request: recorded.request.clone(),
            directory: recorded.directory.clone(),
            strict: recorded.strict,
            starts: recorded.starts,
            recorded: Some(recorded),
        })))
    }

    /// Reads the district.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and what was expected.
    pub fn read(&self) -> Result<Case, ConfigError> {
        let mut case = Case::load_from(&self.request, &Arc::new(InputCache::in_directory(&self.directory)))?;
        case.findings = case.findings.into_iter().map(|finding| judged(finding, self.strict)).collect();
        Ok(case)
    }

    /// Runs the job. A run folder `place` is locked until its results are written, or the artifacts are dropped; a run with a loop writes its journal there, so that it can be resumed
    /// after the process was killed; [`Artifacts::write`] then replaces the journal by the results.
    ///
    /// # Errors
    /// [`JobError`] when there is no result; the run folder then holds only what is needed to resume the run.
    pub fn run(&self, place: Option<&Path>, observer: &mut dyn JobObserver) -> Result<Artifacts, JobError> {
        observer.phase(Phase::Reading);
        let began = Instant::now();
        let lock = place.map(|place| self.lock(place)).transpose()?;
        let case = self.read()?;
        let read_seconds = began.elapsed().as_secs_f64();
        observer.findings(&case.findings);
        refuse(&case.findings)?;
        let backend = solver(&case.district);
        let journal = match (place, &case.coupled) {
            (Some(place), Some(_)) => Some(self.journal(place, &case, backend, observer)?),
            _ => None,
        };
        observer.phase(Phase::Dispatching);
        let run = answer(&case, backend, journal, observer)?;
        let spread = match self.starts {
            0 | 1 => None,
            starts => starts::spread(&case, &run, starts, backend, observer),
        };
        let summary = Summary { starts: spread, ..summarise(&case, &run) };
        let mut artifacts = Artifacts::of(case, run, summary, self.strict, read_seconds);
        artifacts.journal_place = place.filter(|_| artifacts.run.coupling.is_some()).map(Path::to_owned);
        artifacts.lock = Mutex::new(lock);
        observer.findings(&artifacts.unserved);
        Ok(artifacts)
    }

    /// Locks the run folder, so that no other run writes it.
    fn lock(&self, place: &Path) -> Result<FolderLock, ResultsError> {
        let Request { model, scenario, settings, window, .. } = &self.request;
        let mut name = model.display().to_string();
        name.extend(scenario.iter().map(|scenario| format!(" {scenario}")));
        name.extend(window.iter().map(|[from, to]| format!(" {from}..{to}")));
        name.extend(settings.iter().map(|setting| format!(" {setting}")));
        FolderLock::acquire(place, &name)
    }

    /// Opens the journal of the resumed run if nothing has changed since, or begins a new one.
    fn journal(
        &self,
        place: &Path,
        case: &Case,
        backend: &dyn Backend,
        observer: &mut dyn JobObserver,
    ) -> Result<RunJournal, JobError> {
        let current = RecordedRequest::of(self, case, backend.name());
        let current = current.map_err(|source| JobError::Write { path: place.to_owned(), source })?;
        match &self.recorded {
            Some(recorded) => {
                recorded.is_same(&current, place)?;
                if RecordedRequest::read(place)? != *recorded {
                    let reason = "another run was begun there meanwhile".to_owned();
                    return Err(ResumeError::Changed { folder: place.to_owned(), reason }.into());
                }
                observer.journal_begins(false);
                Ok(RunJournal::open(place, recorded).map_err(ResumeError::from)?)
            }
            None => {
                observer.journal_begins(RecordedRequest::read(place).is_ok());
                Ok(RunJournal::begin(place, &current).map_err(ResumeError::from)?)
            }
        }
    }
}

/// Runs a case, with its journal if there is one. The journal is removed if a resumed run would fail in the same way.
fn answer(
    case: &Case,
    backend: &'static dyn Backend,
    journal: Option<RunJournal>,
    observer: &mut dyn Observer,
) -> Result<CosimResult, JobError> {
    let Some(mut journal) = journal else { return Ok(run_case(case, backend, observer)?) };
    match run_case_with_journal(case, backend, &mut journal, observer) {
        Ok(run) => {
            journal.finish().map_err(ResumeError::from)?;
            Ok(run)
        }
        Err(error) => {
            if fails_again(&error) {
                journal.discard();
            }
            Err(error.into())
        }
    }
}

/// Returns whether the run would fail in the same way if it were resumed.
fn fails_again(error: &CosimError) -> bool {
    error.cause() != Cause::Inside && !matches!(error, CosimError::Journal(_))
}

/// Returns a finding with its effective level: under `strict` a warning is an error.
#[must_use]
pub fn judged(finding: Finding, strict: bool) -> Finding {
    let level = if strict && finding.level == Level::Warning { Level::Error } else { finding.level };
    Finding { level, ..finding }
}

/// Returns an error if there are findings at the level of errors. If all of them are demand above capacity, the
/// district is infeasible, and the input is valid.
fn refuse(findings: &[Finding]) -> Result<(), JobError> {
    let errors = || findings.iter().filter(|finding| finding.level == Level::Error);
    match errors().count() {
        0 => Ok(()),
        _ if errors().all(|finding| finding.is_shortage) => Err(JobError::Unserved),
        count => Err(JobError::Strict { count }),
    }
}
