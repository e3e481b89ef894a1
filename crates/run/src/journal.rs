//! The journal of a run: a folder in its run folder with the recorded request and one checkpoint per iteration.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use anergy_config::{Case, Input, Request, sha256};
use anergy_cosim::coupling::{Journal, JournalError, Kept, PhaseSeconds, Record};
use anergy_cosim::participants::PricedPlan;
use anergy_data::results::{remove_journal, write_file};
use anergy_data::schema::files::{JOURNAL, JOURNAL_ITERATION, JOURNAL_REQUEST};
use anergy_dispatch::dispatch::{Account, Plan};
use serde::{Deserialize, Serialize};

use super::Job;

/// The request of a run, with all that its results depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedRequest {
    /// The version of anergy that began the run.
    pub anergy: String,
    /// The base directory, to which relative paths of the request refer.
    pub directory: PathBuf,
    /// The request.
    pub request: Request,
    /// Whether warnings count as errors.
    pub strict: bool,
    /// The number of initial points.
    pub starts: usize,
    /// The name of the solver.
    pub solver: String,
    /// The files that were read, with their hashes.
    pub inputs: Vec<Input>,
    /// The resolved configuration.
    pub resolved: String,
}

/// The reasons why a run cannot be resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// There is no journal.
    #[error(
        "{}: no run was begun there that could go on; expected a run folder with a folder `journal` in it",
        .0.display()
    )]
    NoJournal(PathBuf),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The inputs of the run have changed.
    #[error("{}: cannot go on: {reason}; begin it anew (without --resume), or put it back as it was", folder.display())]
    Changed {
        /// The run folder.
        folder: PathBuf,
        /// The difference.
        reason: String,
    },
}

impl RecordedRequest {
    /// Records the request of a job whose case is `case`.
    ///
    /// # Errors
    /// An error when there is no working directory, or the configuration cannot be serialised.
    pub fn of(job: &Job, case: &Case, solver: String) -> io::Result<Self> {
        let directory = match job.directory.as_os_str().is_empty() {
            true => std::env::current_dir()?,
            false => std::path::absolute(&job.directory)?,
        };
        Ok(Self {
            anergy: env!("CARGO_PKG_VERSION").to_owned(),
            directory,
            request: job.request.clone(),
            strict: job.strict,
            starts: job.starts,
            solver,
            inputs: case.inputs.clone(),
            resolved: serde_yaml::to_string(&case.resolved).map_err(io::Error::other)?,
        })
    }

    fn to_json(&self) -> io::Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(io::Error::other)
    }

    /// Reads the recorded request of the unfinished run in a run folder.
    ///
    /// # Errors
    /// [`ResumeError`] when there is none, or it cannot be read.
    pub fn read(run_folder: &Path) -> Result<Self, ResumeError> {
        let path = run_folder.join(JOURNAL).join(JOURNAL_REQUEST);
        let bytes = match fs::read(&path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(ResumeError::NoJournal(run_folder.to_owned()));
            }
            bytes => bytes.map_err(|source| JournalError::Io { path: path.clone(), action: "read", source })?,
        };
        let read = serde_json::from_slice(&bytes);
        Ok(read.map_err(|error| JournalError::Damaged { path, problem: error.to_string() })?)
    }

    /// Checks that `now` is the same request with the same files.
    ///
    /// # Errors
    /// [`ResumeError::Changed`] with the difference.
    pub fn is_same(&self, now: &Self, run_folder: &Path) -> Result<(), ResumeError> {
        let reason = self.difference(now);
        reason.map_or(Ok(()), |reason| Err(ResumeError::Changed { folder: run_folder.to_owned(), reason }))
    }

    fn difference(&self, now: &Self) -> Option<String> {
        if self.anergy != now.anergy {
            return Some(format!("it was begun by anergy {}, and this is {}", self.anergy, now.anergy));
        }
        let known = |input: &Input| now.inputs.iter().find(|now| now.path == input.path);
        for input in &self.inputs {
            match known(input) {
                None => return Some(format!("{} is no longer read", input.path.display())),
                Some(now) if now.sha256 != input.sha256 => {
                    return Some(format!("{} has changed since it began", input.path.display()));
                }
                Some(_) => {}
            }
        }
        if let Some(new) = now.inputs.iter().find(|now| self.inputs.iter().all(|input| input.path != now.path)) {
            return Some(format!("{} is read now and was not when it began", new.path.display()));
        }
        if self.solver != now.solver {
            return Some(format!("it was begun with the solver {}, and this would be {}", self.solver, now.solver));
        }
        let lines = self.resolved.lines().zip(now.resolved.lines()).find(|(before, now)| before != now);
        match lines {
            Some((before, now)) => Some(format!("its configuration had `{}`, now `{}`", before.trim(), now.trim())),
            None if self.resolved != now.resolved => Some("its configuration has more or fewer lines".to_owned()),
            None => None,
        }
    }
}

/// The first line of a checkpoint file; the binary content follows.
#[derive(Debug, Serialize, Deserialize)]
struct CheckpointHeader {
    /// SHA-256 of the recorded request, hexadecimal: the run that the checkpoint is of.
    run: String,
    iteration: usize,
    /// SHA-256 of the content, hexadecimal.
    sha256: String,
    seconds: PhaseSeconds,
    /// The record as JSON text. It is compared as a text, so no number is parsed from it.
    record: String,
}

/// The content of a checkpoint.
#[derive(Debug, Serialize, Deserialize)]
struct CheckpointContent {
    answer: Plan,
    memory: Option<Vec<u8>>,
}

/// The journal in a run folder. The checkpoint of an iteration is written atomically after the iteration has ended.
#[derive(Debug)]
pub struct RunJournal {
    folder: PathBuf,
    /// SHA-256 of the recorded request.
    run: String,
    /// The plan of the current iteration.
    answer: Option<Plan>,
    /// The thread that writes the previous checkpoint while the next iteration runs.
    writing: Option<JoinHandle<Result<(), JournalError>>>,
}

impl RunJournal {
    /// Creates a new journal in the run folder `place`, which replaces an earlier one.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn begin(place: &Path, recorded: &RecordedRequest) -> Result<Self, JournalError> {
        let folder = place.join(JOURNAL);
        let failed = |action| {
            let path = folder.clone();
            move |source| JournalError::Io { path, action, source }
        };
        remove_journal(&folder).map_err(failed("replace"))?;
        fs::create_dir_all(&folder).map_err(failed("create"))?;
        let text = recorded.to_json().map_err(failed("write"))?;
        write_file(&folder.join(JOURNAL_REQUEST), |file| file.write_all(&text)).map_err(failed("write"))?;
        Ok(Self { folder, run: sha256(&text), answer: None, writing: None })
    }

    /// Opens the journal of the unfinished run at `place`, whose request is `recorded`.
    ///
    /// # Errors
    /// [`JournalError::Io`] when the request cannot be serialised.
    pub fn open(place: &Path, recorded: &RecordedRequest) -> Result<Self, JournalError> {
        let folder = place.join(JOURNAL);
        let text = recorded.to_json();
        let text = text.map_err(|source| JournalError::Io { path: folder.clone(), action: "read", source })?;
        Ok(Self { folder, run: sha256(&text), answer: None, writing: None })
    }

    /// Waits until the checkpoints of all ended iterations are written.
    ///
    /// # Errors
    /// [`JournalError::Io`] when a checkpoint could not be written.
    pub fn finish(&mut self) -> Result<(), JournalError> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Deletes the journal, and the run folder if it is empty then.
    pub fn discard(mut self) {
        let _ = self.finish();
        // A file that cannot be removed does no harm.
        let _ = remove_journal(&self.folder);
        if let Some(place) = self.folder.parent() {
            let _ = fs::remove_dir(place);
        }
    }

    fn file(&self, iteration: usize) -> PathBuf {
        self.folder.join(format!("{JOURNAL_ITERATION}{iteration:04}"))
    }
}

impl Journal<PricedPlan> for RunJournal {
    fn recall(&mut self, iteration: usize) -> Result<Option<Kept<PricedPlan>>, JournalError> {
        let path = self.file(iteration);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|source| JournalError::Io { path: path.clone(), action: "read", source })?,
        };
        let (CheckpointHeader { seconds, record, .. }, CheckpointContent { answer, memory }) =
            decode(&bytes, &self.run, iteration).map_err(|problem| JournalError::Damaged { path, problem })?;
        let answer = PricedPlan { plan: answer, account: Account::default() };
        Ok(Some(Kept { answer, memory, seconds, fingerprint: record }))
    }

    fn answered(&mut self, answer: &PricedPlan) {
        self.answer = Some(answer.plan.clone());
    }

    fn keep(&mut self, record: &Record, memory: &dyn Fn() -> Option<Vec<u8>>) -> Result<(), JournalError> {
        let Some(answer) = self.answer.take() else { return Ok(()) };
        let (path, record, body) =
            (self.file(record.iteration), record.clone(), CheckpointContent { answer, memory: memory() });
        self.finish()?;
        let run = self.run.clone();
        let write = move || {
            let bytes = encode(&record, &run, &body);
            let kept = bytes.and_then(|bytes| write_file(&path, |file| file.write_all(&bytes)));
            kept.map_err(|source| JournalError::Io { path, action: "write", source })
        };
        self.writing = Some(thread::spawn(write));
        Ok(())
    }
}

fn encode(record: &Record, run: &str, body: &CheckpointContent) -> io::Result<Vec<u8>> {
    let body = postcard::to_stdvec(body).map_err(io::Error::other)?;
    let Record { iteration, seconds, .. } = *record;
    let run = run.to_owned();
    let head = CheckpointHeader { run, iteration, sha256: sha256(&body), seconds, record: record.fingerprint() };
    let mut bytes = serde_json::to_vec(&head)?;
    bytes.push(b'\n');
    bytes.extend(body);
    Ok(bytes)
}

fn decode(bytes: &[u8], run: &str, iteration: usize) -> Result<(CheckpointHeader, CheckpointContent), String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("it has no end of its first line")?;
    let head: CheckpointHeader =
        serde_json::from_slice(&bytes[..end]).map_err(|error| format!("its first line: {error}"))?;
    // Before anything of it is believed.
    if head.run != run {
        return Err("it is of another run".to_owned());
    }
    let body = &bytes[end + 1..];
    if head.sha256 != sha256(body) {
        return Err("its bytes are not those that were written".to_owned());
    }
    if head.iteration != iteration {
        return Err(format!("it holds iteration {}", head.iteration));
    }
    let body = postcard::from_bytes(body).map_err(|error| error.to_string())?;
    Ok((head, body))
}
