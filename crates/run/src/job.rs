//! A job: one district to be run, from a request to artifacts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anergy_config::{Case, ConfigError, Finding, Level, Request, Shelf};
use anergy_cosim::coupling::{Gap, Observer, Record};
use anergy_cosim::{Cause, CosimError, CosimResult, solver};
use anergy_data::results::{ResultsError, RunFolder};
use anergy_data::schema::Summary;
use anergy_lp::Backend;

use super::artifacts::Artifacts;
use super::journal::{Asked, ResumeError, RunJournal};
use super::{run_case, run_case_with_journal, starts, summarise};

/// One district to be run. Several jobs may run in one process: a job has its own base directory and changes no state of the process.
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
    /// The district, and what is changed about it.
    pub request: Request,
    /// The base directory: relative paths of the request begin here. Empty stands for the working directory of the process.
    pub directory: PathBuf,
    /// Whether warnings count as errors.
    pub strict: bool,
    /// Number of initial COP series from which the coupling is started, at least 1: see [`starts`].
    pub starts: usize,
    /// The unfinished run that this job resumes.
    begun: Option<Asked>,
}

/// A run folder to be resumed.
#[derive(Debug)]
pub enum Resumed {
    /// The run has ended; there is nothing left to do.
    Ended,
    /// The job that goes on with it.
    Unfinished(Box<Job>),
}

/// Why a job has no artifacts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The input is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Warnings count as errors.
    #[error("{count} warning{} count{} as errors under --strict", if *count == 1 { "" } else { "s" }, if *count == 1 { "s" } else { "" })]
    Strict {
        /// Number of warnings.
        count: usize,
    },
    /// Demand lies above all capacity, which counts as an error.
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
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The run folder cannot be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
}

/// What a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It reads the files of the request.
    Reading,
    /// It alternates dispatch and loop.
    Dispatching,
}

/// Watches a job: its phases, findings and iterations. It may also stop it, see [`Observer::wants_to_stop`].
pub trait JobObserver: Observer {
    /// A phase begins.
    fn phase(&mut self, phase: Phase) {
        let _ = phase;
    }

    /// Findings have become known: while reading, or of the answer.
    fn findings(&mut self, findings: &[Finding]) {
        let _ = findings;
    }

    /// A journal is kept from here on: what has ended is not lost when the process is killed. `replaces_unfinished`: an unfinished run
    /// stood in the run folder and is begun anew.
    fn journal_begins(&mut self, replaces_unfinished: bool) {
        let _ = replaces_unfinished;
    }
}

impl JobObserver for () {}

/// Cancels a job from another thread: its run ends after the iteration at hand, with the verdict `Interrupted`.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Asks the jobs that watch this to end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether the jobs that watch this are to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns `observer` with this cancellation added.
    pub fn with<O: JobObserver>(&self, observer: O) -> impl JobObserver + use<O> {
        Cancellable { observer, cancellation: self.clone() }
    }
}

/// An observer that also watches a cancellation.
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
    /// Creates a job that runs once and takes no warning for an error.
    pub fn new(request: Request, directory: impl Into<PathBuf>) -> Self {
        Self { request, directory: directory.into(), strict: false, starts: 1, begun: None }
    }

    /// Reads the job of an unfinished run from its run folder at `place`.
    ///
    /// # Errors
    /// [`ResumeError`] when no run was begun there, its journal cannot be read, or its base directory is gone.
    pub fn resume(place: &Path) -> Result<Resumed, ResumeError> {
        let begun = match Asked::read(place) {
            Err(ResumeError::NoJournal(_)) if RunFolder::is_complete(place) => return Ok(Resumed::Ended),
            begun => begun?,
        };
        if !begun.directory.is_dir() {
            let reason = format!("it was begun in {}, which cannot be entered", begun.directory.display());
            return Err(ResumeError::Changed { folder: place.to_owned(), reason });
        }
        Ok(Resumed::Unfinished(Box::new(Self {
            request: begun.request.clone(),
            directory: begun.directory.clone(),
            strict: begun.strict,
            starts: begun.starts,
            begun: Some(begun),
        })))
    }

    /// Reads the district.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and what was expected.
    pub fn read(&self) -> Result<Case, ConfigError> {
        let mut case = Case::load_from(&self.request, &Arc::new(Shelf::in_directory(&self.directory)))?;
        case.findings = case.findings.into_iter().map(|finding| judged(finding, self.strict)).collect();
        Ok(case)
    }

    /// Runs the job. With a `place` for its run folder, a run with a loop keeps its journal there, so that it can be resumed after it
    /// was killed; [`Artifacts::write`] then replaces the journal by the results.
    ///
    /// # Errors
    /// [`JobError`] when there is no result; nothing is then left in the run folder but what a resumed run needs.
    pub fn run(&self, place: Option<&Path>, observer: &mut dyn JobObserver) -> Result<Artifacts, JobError> {
        observer.phase(Phase::Reading);
        let began = Instant::now();
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
        let artifacts = Artifacts::of(case, run, summary, self.strict, read_seconds);
        observer.findings(&artifacts.unserved);
        Ok(artifacts)
    }

    /// The journal of the run: that of the run which is resumed, if nothing has changed since.
    fn journal(
        &self,
        place: &Path,
        case: &Case,
        backend: &dyn Backend,
        observer: &mut dyn JobObserver,
    ) -> Result<RunJournal, JobError> {
        let asked = Asked::of(self, case, backend.name());
        let asked = asked.map_err(|source| JobError::Write { path: place.to_owned(), source })?;
        match &self.begun {
            Some(begun) => {
                begun.is_same(&asked, place)?;
                observer.journal_begins(false);
                Ok(RunJournal::open(place))
            }
            None => {
                observer.journal_begins(Asked::read(place).is_ok());
                Ok(RunJournal::begin(place, &asked).map_err(ResumeError::from)?)
            }
        }
    }
}

/// Runs a case, with its journal where it has one. The journal of a run that would fail in the same way again is removed.
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

/// Returns a finding as it is judged: under `strict` a warning is an error.
#[must_use]
pub fn judged(finding: Finding, strict: bool) -> Finding {
    let level = if strict && finding.level == Level::Warning { Level::Error } else { finding.level };
    Finding { level, ..finding }
}

/// Refuses findings that are errors. Where all of them are demand above capacity, the district is infeasible, and nothing in it wrong.
fn refuse(findings: &[Finding]) -> Result<(), JobError> {
    let errors = || findings.iter().filter(|finding| finding.level == Level::Error);
    match errors().count() {
        0 => Ok(()),
        _ if errors().all(|finding| finding.is_shortage) => Err(JobError::Unserved),
        count => Err(JobError::Strict { count }),
    }
}
