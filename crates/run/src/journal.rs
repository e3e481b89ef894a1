//! The journal of a run: a folder in its run folder, with what was asked for and a file for every iteration.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use anergy_config::{Case, Input, Request, sha256};
use anergy_cosim::coupling::{Journal, JournalError, Kept, PhaseSeconds, Record};
use anergy_cosim::participants::PricedPlan;
use anergy_data::results::write_file;
use anergy_data::schema::files::{JOURNAL, JOURNAL_ITERATION, JOURNAL_REQUEST};
use anergy_dispatch::dispatch::{Account, Plan};
use serde::{Deserialize, Serialize};

use super::Job;

/// What a run was asked for, and what it read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The version that began it.
    pub anergy: String,
    /// Where it was begun: relative paths of the request begin there.
    pub directory: PathBuf,
    /// The request.
    pub request: Request,
    /// Whether warnings count as errors.
    pub strict: bool,
    /// Beginnings.
    pub starts: usize,
    /// The solver.
    pub solver: String,
    /// The files it read.
    pub inputs: Vec<Input>,
    /// The configuration as it was understood.
    pub resolved: String,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// There is nothing to go on with.
    #[error("{}: no run was begun there that could go on; expected a run folder with a folder `journal` in it", .0.display())]
    NoJournal(PathBuf),
    /// What was asked for cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Something is not as it was.
    #[error("{}: cannot go on: {reason}; begin it anew (without --resume), or put it back as it was", folder.display())]
    Changed {
        /// The run folder.
        folder: PathBuf,
        /// What has changed.
        reason: String,
    },
}

impl Asked {
    /// Records what is asked for by a job that was read as `case`.
    ///
    /// # Errors
    /// When there is no working directory, or the configuration cannot be written.
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

    /// What the unfinished run in a run folder was asked for.
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

    /// Whether `now` asks for the very same, of the same files.
    ///
    /// # Errors
    /// [`ResumeError::Changed`] with what is different.
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

/// The first line of an iteration's file; what was kept of its plan follows in bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    iteration: usize,
    /// SHA-256 of what follows, hexadecimal.
    sha256: String,
    seconds: PhaseSeconds,
    /// The record as JSON, in a string that no number of it is read from.
    record: String,
}

/// What follows.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    answer: Plan,
    memory: Option<Vec<u8>>,
}

/// The journal in a run folder. A file appears there when its iteration has ended, whole.
#[derive(Debug)]
pub struct RunJournal {
    folder: PathBuf,
    /// The answer of the iteration at hand.
    answer: Option<Plan>,
    /// The iteration before is written while the next one runs.
    writing: Option<JoinHandle<Result<(), JournalError>>>,
}

impl RunJournal {
    /// A new journal in the run folder at `place`, in the place of an earlier one.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn begin(place: &Path, asked: &Asked) -> Result<Self, JournalError> {
        let folder = place.join(JOURNAL);
        let failed = |action| {
            let path = folder.clone();
            move |source| JournalError::Io { path, action, source }
        };
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("replace")(error)),
            _ => {}
        }
        fs::create_dir_all(&folder).map_err(failed("create"))?;
        let text = serde_json::to_vec_pretty(asked).map_err(io::Error::other).map_err(failed("write"))?;
        write_file(&folder.join(JOURNAL_REQUEST), |file| file.write_all(&text)).map_err(failed("write"))?;
        Ok(Self { folder, answer: None, writing: None })
    }

    /// The journal of the unfinished run at `place`.
    #[must_use]
    pub fn open(place: &Path) -> Self {
        Self { folder: place.join(JOURNAL), answer: None, writing: None }
    }

    /// Sees to it that every iteration that has ended is kept.
    ///
    /// # Errors
    /// [`JournalError::Io`] when one could not be written.
    pub fn finish(&mut self) -> Result<(), JournalError> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Removes it, and the run folder if nothing else is in it: of a run that failed for good.
    pub fn discard(mut self) {
        let _ = self.finish();
        // What cannot be removed is in nobody's way.
        let _ = fs::remove_dir_all(&self.folder);
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
        let (Head { seconds, record, .. }, Body { answer, memory }) =
            decode(&bytes, iteration).map_err(|problem| JournalError::Damaged { path, problem })?;
        let answer = PricedPlan { plan: answer, account: Account::default() };
        Ok(Some(Kept { answer, memory, seconds, fingerprint: record }))
    }

    fn answered(&mut self, answer: &PricedPlan) {
        self.answer = Some(answer.plan.clone());
    }

    fn keep(&mut self, record: &Record, memory: &dyn Fn() -> Option<Vec<u8>>) -> Result<(), JournalError> {
        let Some(answer) = self.answer.take() else { return Ok(()) };
        let (path, record, body) = (self.file(record.iteration), record.clone(), Body { answer, memory: memory() });
        self.finish()?;
        let write = move || {
            let bytes = encode(&record, &body);
            let kept = bytes.and_then(|bytes| write_file(&path, |file| file.write_all(&bytes)));
            kept.map_err(|source| JournalError::Io { path, action: "write", source })
        };
        self.writing = Some(thread::spawn(write));
        Ok(())
    }
}

fn encode(record: &Record, body: &Body) -> io::Result<Vec<u8>> {
    let body = postcard::to_stdvec(body).map_err(io::Error::other)?;
    let Record { iteration, seconds, .. } = *record;
    let head = Head { iteration, sha256: sha256(&body), seconds, record: record.fingerprint() };
    let mut bytes = serde_json::to_vec(&head)?;
    bytes.push(b'\n');
    bytes.extend(body);
    Ok(bytes)
}

fn decode(bytes: &[u8], iteration: usize) -> Result<(Head, Body), String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("it has no end of its first line")?;
    let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|error| format!("its first line: {error}"))?;
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
