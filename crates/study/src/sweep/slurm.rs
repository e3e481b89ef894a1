//! Sweeps on a cluster: one Slurm array job with a task per shard.
//!
//! Slurm may run a task twice, lose one, or be unavailable for a while. The segments alone determine which cases are
//! done, so the queue is asked only whether tasks are left.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anergy_data::results::write_file;

use super::SweepError;
use super::manifest::Manifest;
use super::progress::{Progress, Survey, as_array};

/// The folder for batch file, number of the last job, and output of the tasks.
const SLURM_FOLDER: &str = "slurm";
const JOB: &str = "job";
/// The interval at which the queue and the folder are polled.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The longest delay with which a shared file system shows a segment after its task has ended.
const FILE_SYSTEM_DELAY: Duration = Duration::from_secs(3);
/// Messages of commands while the controller is unavailable, and how long to wait for it.
const CONTROLLER_UNAVAILABLE: [&str; 2] = ["Unable to contact slurm controller", "Socket timed out"];
const CONTROLLER_TIMEOUT: Duration = Duration::from_secs(120);
/// The state of a task that has ended while its node still cleans up: it writes no more.
const COMPLETING: &str = "CG";
/// The number of times that missing shards are submitted, including the first.
const MOST_SUBMISSIONS: usize = 4;

/// The settings of a sweep on a cluster.
#[derive(Debug, Clone)]
pub struct Slurm {
    /// The number of tasks of the array.
    pub shards: usize,
    /// The number of tasks at a time; `None` for as many as possible.
    pub parallel: Option<usize>,
    /// Arguments that are passed to `sbatch`.
    pub arguments: Vec<String>,
    /// The path of the program on the nodes.
    pub program: PathBuf,
    /// The number of cases in a segment.
    pub commit_every: usize,
}

/// The events of a sweep on a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// An array job was submitted.
    Submitted {
        /// The number of the job.
        job: &'a str,
        /// Its tasks, as `sbatch --array` accepts them.
        array: &'a str,
    },
    /// The job of an earlier call is still in the queue.
    Found {
        /// The number of the job.
        job: &'a str,
    },
    /// Tasks are in the queue; the progress of the sweep.
    Waiting(&'a Progress),
}

impl Slurm {
    /// Returns the batch file that runs the given shards.
    #[must_use]
    pub fn script(&self, manifest: &Manifest, folder: &Path, shards: &[usize]) -> String {
        let mut text = String::from("#!/bin/sh\n");
        // Writing to a string cannot fail.
        let mut option = |option: &str| {
            let _ = writeln!(text, "#SBATCH {option}");
        };
        let name: String = manifest.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        option(&format!("--job-name=anergy-{name}"));
        let parallel = self.parallel.map_or_else(String::new, |parallel| format!("%{parallel}"));
        option(&format!("--array={}{parallel}", as_array(shards)));
        // A percent sign in a folder's name is doubled, because a single one begins a placeholder.
        let logs = folder.join(SLURM_FOLDER).display().to_string().replace('%', "%%");
        option(&format!("--output={}", quoted_for_sbatch(&format!("{logs}/%A_%a.log"))));
        self.arguments.iter().for_each(|argument| option(argument));
        let [program, folder] = [&self.program, &folder.to_owned()].map(|path| quoted(&path.display().to_string()));
        let _ = write!(
            text,
            "exec {program} sweep run {folder} --shard \"$SLURM_ARRAY_TASK_ID/{}\" --threads \
             \"${{SLURM_CPUS_PER_TASK:-1}}\" \\\n    --commit-every {} --quiet\n",
            self.shards, self.commit_every
        );
        text
    }

    /// Runs the sweep in `folder` on the cluster until every case has a row, or no more rows appear.
    ///
    /// # Errors
    /// [`SweepError::Scheduler`] when the job cannot be submitted, [`SweepError::ArrayTooLarge`], and when files cannot
    /// be read or written.
    pub fn run(
        &self,
        folder: &Path,
        tell: &mut dyn FnMut(Event<'_>),
        wants_to_stop: &dyn Fn() -> bool,
    ) -> Result<Progress, SweepError> {
        let manifest = Manifest::load(folder)?;
        manifest.check_inputs()?;
        let folder = std::path::absolute(folder).map_err(SweepError::io(folder, "find"))?;
        let mut survey = Survey::of(&folder, &manifest)?;
        if let Some(limit) = array_limit().filter(|&limit| self.shards > limit) {
            return Err(SweepError::ArrayTooLarge { shards: self.shards, limit });
        }
        // An earlier call may have ended while its job continued.
        let mut under_way =
            fs::read_to_string(folder.join(SLURM_FOLDER).join(JOB)).ok().filter(|job| queued(job) != Some(0));
        for _ in 0..MOST_SUBMISSIONS {
            let before = survey.progress(self.shards);
            if before.missing == 0 || wants_to_stop() {
                break;
            }
            let (job, is_new) = match under_way.take() {
                Some(job) => {
                    tell(Event::Found { job: &job });
                    (job, false)
                }
                None => {
                    let Some(job) = self.submit(&manifest, &folder, &before.missing_shards, wants_to_stop)? else {
                        break;
                    };
                    tell(Event::Submitted { job: &job, array: &as_array(&before.missing_shards) });
                    (job, true)
                }
            };
            let mut gone: Option<Instant> = None;
            while gone.is_none_or(|since| since.elapsed() < FILE_SYSTEM_DELAY) {
                std::thread::sleep(POLL_INTERVAL);
                if wants_to_stop() {
                    return Ok(survey.progress(self.shards));
                }
                survey.look()?;
                let progress = survey.progress(self.shards);
                tell(Event::Waiting(&progress));
                if progress.missing == 0 {
                    return Ok(progress);
                }
                gone = if queued(&job) == Some(0) { gone.or_else(|| Some(Instant::now())) } else { None };
            }
            if is_new && survey.progress(self.shards).done == before.done {
                break;
            }
        }
        Ok(survey.progress(self.shards))
    }

    /// Submits an array of the given shards; returns the number of the job, `None` when the caller stops.
    fn submit(
        &self,
        manifest: &Manifest,
        folder: &Path,
        shards: &[usize],
        wants_to_stop: &dyn Fn() -> bool,
    ) -> Result<Option<String>, SweepError> {
        let place = folder.join(SLURM_FOLDER);
        fs::create_dir_all(&place).map_err(SweepError::io(&place, "create"))?;
        let write = |name: &str, text: &str| {
            let path = place.join(name);
            write_file(&path, |file| file.write_all(text.as_bytes())).map_err(SweepError::io(&path, "write"))?;
            Ok::<_, SweepError>(path)
        };
        let script = write("sweep.sbatch", &self.script(manifest, folder, shards))?;
        let failed = |reason: String| SweepError::Scheduler { command: "sbatch", reason };
        let began = Instant::now();
        let output = loop {
            if wants_to_stop() {
                return Ok(None);
            }
            let output = Command::new("sbatch").arg("--parsable").arg(&script).output();
            let output = output.map_err(|error| failed(format!("cannot be started: {error}")))?;
            if output.status.success() {
                break output;
            }
            let reason = said(&output);
            let is_away = CONTROLLER_UNAVAILABLE.iter().any(|words| reason.contains(words));
            if !is_away || began.elapsed() > CONTROLLER_TIMEOUT {
                return Err(failed(reason));
            }
            std::thread::sleep(POLL_INTERVAL);
        };
        let text = String::from_utf8_lossy(&output.stdout);
        // The output is `123` or, with several clusters, `123;name`.
        let job = text.trim().split(';').next().unwrap_or_default().to_owned();
        write(JOB, &job)?;
        Ok(Some(job))
    }
}

/// Returns the number of tasks of a job in the queue; `None` where the queue does not respond.
fn queued(job: &str) -> Option<usize> {
    let output = Command::new("squeue").args(["--noheader", "--array", "--format=%t", "--jobs", job]).output().ok()?;
    if output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        return Some(text.lines().map(str::trim).filter(|state| !state.is_empty() && *state != COMPLETING).count());
    }
    // The controller forgets jobs some minutes after their end.
    said(&output).contains("Invalid job id").then_some(0)
}

/// Returns the largest number of tasks of an array; `None` where the cluster does not tell.
fn array_limit() -> Option<usize> {
    let output = Command::new("scontrol").args(["show", "config"]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.trim_start().starts_with("MaxArraySize"))?;
    line.split('=').nth(1)?.trim().parse().ok()
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.trim();
    if text.is_empty() { output.status.to_string() } else { text.to_owned() }
}

/// Returns a quoted word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns the value of an option in a batch file, quoted only if necessary.
fn quoted_for_sbatch(text: &str) -> String {
    if text.contains([' ', '\'', '#', '\\']) { format!("\"{}\"", text.replace('"', "")) } else { text.to_owned() }
}
