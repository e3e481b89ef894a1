//! `anergy sweep`: many variants of a case, on one machine or on a cluster.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, exit, interrupt, output};
use crate::study::sweep::{
    Collected, Event, Manifest, Outlook, Progress, Shard, Slurm, Status, SweepFile, Watcher, Work, as_array, collect,
    progress,
};

/// Run many variants of a case
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy sweep run configs/sweeps/loop_mass.yaml\n  \
    anergy sweep plan configs/sweeps/loop_mass.yaml && anergy sweep status results/loop_mass\n  \
    anergy sweep run results/loop_mass --shard 0/4        # a quarter of the cases; others run the rest\n  \
    anergy sweep run results/loop_mass --executor slurm --shards 30 --sbatch-arg=--time=1:00:00\n  \
    anergy sweep collect results/loop_mass")]
pub(super) struct Sweep {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Plan(Plan),
    Run(Run),
    /// The same, for a folder that is there
    Resume(Run),
    /// Say how far a sweep has come
    Status(Look),
    /// Put the results there are into one table
    Collect(Look),
}

/// Write down which cases a sweep has: a folder that every worker can start from
#[derive(Debug, Args)]
struct Plan {
    /// The sweep file
    #[arg(value_name = "SWEEP.yaml")]
    sweep: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Say nothing
    #[arg(long, short)]
    quiet: bool,
}

/// Where a sweep's folder stands.
#[derive(Debug, Args)]
struct Place {
    /// Folder for sweep folders
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Name of the sweep's folder [default: from the sweep file]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Run the cases that are not done yet; everything that was done stays
#[derive(Debug, Args)]
struct Run {
    /// A sweep's folder, or a sweep file, which is planned first
    #[arg(value_name = "FOLDER|SWEEP.yaml")]
    sweep: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Run only shard I (from 0) of N: every N-th case
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Workers on this machine [default: one a core]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Cases after which results are committed; they are every minute anyway
    #[arg(long, value_name = "K", default_value_t = 500)]
    commit_every: usize,
    /// What runs the cases
    #[arg(long, value_enum, default_value_t = Executor::Local)]
    executor: Executor,
    /// With slurm: tasks of the array job, a shard each
    #[arg(long, value_name = "N", default_value_t = 10)]
    shards: usize,
    /// With slurm: tasks at a time [default: as many as fit]
    #[arg(long, value_name = "M")]
    parallel: Option<usize>,
    /// With slurm: an argument for sbatch, as `--sbatch-arg=--time=1:00:00`; may be given several times
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    sbatch_arg: Vec<String>,
    /// With slurm: print the batch file and submit nothing
    #[arg(long)]
    dry_run: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// A sweep's folder to look into.
#[derive(Debug, Args)]
struct Look {
    /// The sweep's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Name the missing cases by shards of so many
    #[arg(long, value_name = "N", default_value_t = 1)]
    shards: usize,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Executor {
    /// Threads of this machine
    Local,
    /// An array job on a Slurm cluster that shares the file system
    Slurm,
}

/// `I/N` with I from 0.
fn shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match parsed {
        Some((index, of)) if index < of => Ok(Shard { index, of }),
        Some((index, of)) => Err(format!("there is no shard {index} of {of}; they are counted from 0")),
        None => Err("expected I/N, such as 0/4".to_owned()),
    }
}

impl Sweep {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        match self.what {
            What::Plan(plan) => {
                let (folder, manifest) = plan.place.plan(&plan.sweep)?;
                if !plan.quiet {
                    super::print(&planned(&folder, &manifest))?;
                }
                Ok(0)
            }
            What::Run(run) => run.execute(),
            What::Resume(run) if run.sweep.is_dir() => run.execute(),
            What::Resume(run) => {
                let path = run.sweep.display();
                Err(Failure::Usage(format!("{path}: is no folder; `anergy sweep run` takes sweep files too")))
            }
            What::Status(look) => look.status(),
            What::Collect(look) => look.collect(),
        }
    }
}

impl Place {
    /// Plans the sweep of a file.
    fn plan(&self, sweep: &Path) -> Result<(PathBuf, Manifest), Failure> {
        let file = SweepFile::load(sweep)?;
        let stem = sweep.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = self.name.clone().unwrap_or_else(|| output::folder_name(&stem));
        let folder = output::place(&self.out, &name)?;
        let manifest = Manifest::plan(&file, &folder)?;
        Ok((folder, manifest))
    }
}

fn planned(folder: &Path, manifest: &Manifest) -> String {
    let names: Vec<&str> = manifest.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    format!("{}: {} cases of {}\nplanned in {}\n", manifest.name, manifest.cases, names.join(", "), folder.display())
}

impl Run {
    fn execute(self) -> Result<u8, Failure> {
        interrupt::watch_for("stopping; what has ended is kept, once more to stop at once");
        let folder = if self.sweep.is_dir() {
            self.sweep.clone()
        } else {
            let (folder, manifest) = self.place.plan(&self.sweep)?;
            if !self.quiet {
                super::say(planned(&folder, &manifest).trim_end());
            }
            folder
        };
        match self.executor {
            Executor::Local => self.locally(&folder),
            Executor::Slurm => self.on_slurm(&folder),
        }
    }

    fn locally(&self, folder: &Path) -> Result<u8, Failure> {
        let shard = self.shard.unwrap_or(Shard::WHOLE);
        let mut teller = Teller::new(self.quiet);
        let work = Work { shard, threads: self.threads, commit_every: self.commit_every };
        let began = Instant::now();
        let done = work.run(folder, &mut teller)?;
        teller.finish();
        if done.stopped {
            let left = done.cases - done.done;
            super::print(&format!("stopped: {} of {} cases are done, {left} are left\n", done.done, done.cases))?;
            return Ok(exit::INCOMPLETE);
        }
        if done.done < done.cases {
            super::print(&format!("{} of {} cases have no row\n", done.cases - done.done, done.cases))?;
            return Ok(exit::INCOMPLETE);
        }
        if !self.quiet {
            let seconds = began.elapsed().as_secs_f64();
            super::print(&format!(
                "{} cases done, {} of them now in {seconds:.1} s; {} without an answer\n",
                done.done, done.now, done.failed
            ))?;
        }
        if shard == Shard::WHOLE { self.put_together(folder, 1) } else { Ok(0) }
    }

    fn on_slurm(&self, folder: &Path) -> Result<u8, Failure> {
        if self.shard.is_some() {
            return Err(Failure::Usage(
                "--shard is what each task of the array is given; leave it out here".to_owned(),
            ));
        }
        let manifest = Manifest::load(folder)?;
        let program = std::env::current_exe().map_err(|source| Failure::Read { path: "anergy".into(), source })?;
        let shards = self.shards.clamp(1, manifest.cases);
        let slurm = Slurm {
            shards,
            parallel: self.parallel,
            arguments: self.sbatch_arg.clone(),
            program,
            commit_every: self.commit_every,
        };
        if self.dry_run {
            let folder = std::path::absolute(folder);
            let folder = folder.map_err(|source| Failure::Read { path: self.sweep.clone(), source })?;
            let all: Vec<usize> = (0..shards).collect();
            super::print(&slurm.script(&manifest, &folder, &all))?;
            return Ok(0);
        }
        let mut teller = Teller::new(self.quiet);
        teller.begin(manifest.cases, 0);
        let mut tell = |event: Event<'_>| match event {
            Event::Submitted { job, array } => teller.say(&format!("job {job}: shards {array} of {shards}")),
            Event::Waiting(progress) => teller.stand(progress),
        };
        let progress = slurm.run(folder, &mut tell, &interrupt::was_asked_for)?;
        teller.finish();
        if progress.missing > 0 {
            let stopped = interrupt::was_asked_for();
            let why = if stopped {
                "jobs that run go on; `scancel` ends them"
            } else {
                "see its slurm folder for what the tasks said"
            };
            super::print(&format!(
                "{} of {} cases are done; shards {} are not ({why})\n",
                progress.done,
                progress.cases,
                as_array(&progress.missing_shards)
            ))?;
            return Ok(exit::INCOMPLETE);
        }
        self.put_together(folder, shards)
    }

    fn put_together(&self, folder: &Path, shards: usize) -> Result<u8, Failure> {
        let collected = collect(folder, shards)?;
        if !self.quiet {
            super::print(&told(&collected, shards))?;
        }
        Ok(if collected.rows < collected.cases { exit::INCOMPLETE } else { 0 })
    }
}

impl Look {
    fn status(&self) -> Result<u8, Failure> {
        let progress = progress(&self.folder, self.shards)?;
        let mut text = format!(
            "{} of {} cases are done: {} without an answer, {} not converged\n",
            progress.done, progress.cases, progress.failed, progress.not_converged
        );
        if progress.missing > 0 && self.shards > 1 {
            text += &format!("shards with cases missing: --array={}\n", as_array(&progress.missing_shards));
        }
        if progress.broken_segments > 0 {
            text +=
                &format!("{} segments are not what was written; their cases are run again\n", progress.broken_segments);
        }
        super::print(&if self.json { serde_json::to_string_pretty(&progress)? + "\n" } else { text })?;
        Ok(0)
    }

    fn collect(&self) -> Result<u8, Failure> {
        let collected = collect(&self.folder, self.shards)?;
        let text = told(&collected, self.shards);
        super::print(&if self.json { serde_json::to_string_pretty(&collected)? + "\n" } else { text })?;
        Ok(if collected.rows < collected.cases { exit::INCOMPLETE } else { 0 })
    }
}

/// What was collected, in words.
fn told(collected: &Collected, shards: usize) -> String {
    let Collected { cases, rows, duplicates, broken_segments, foreign, missing_shards, tables, series } = collected;
    let mut text = format!("{rows} of {cases} cases in {} and {}\n", tables[0].display(), tables[1].display());
    if let Some(series) = series {
        text += &format!("series in {}\n", series.display());
    }
    let mut more = |count: usize, what: &str| {
        if count > 0 {
            text += &format!("{count} {what}\n");
        }
    };
    more(*duplicates, "rows were there more than once, all alike");
    more(*broken_segments, "segments are not what was written, and were left out");
    more(*foreign, "rows are of no case of this sweep, and were left out");
    more(cases - rows, "cases are missing; `anergy sweep run` on the folder runs them");
    if rows < cases && shards > 1 {
        text += &format!("shards with cases missing: --array={}\n", as_array(missing_shards));
    }
    text
}

/// Tells on standard error how a sweep comes along: a bar on a terminal, a line now and then elsewhere.
struct Teller {
    bar: Option<ProgressBar>,
    quiet: bool,
    cases: usize,
    before: usize,
    done: usize,
    failed: usize,
    began: Instant,
    last: Instant,
}

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(10);

impl Teller {
    fn new(quiet: bool) -> Self {
        let now = Instant::now();
        Self { bar: None, quiet, cases: 0, before: 0, done: 0, failed: 0, began: now, last: now }
    }

    fn begin(&mut self, cases: usize, done: usize) {
        use std::io::IsTerminal as _;
        (self.cases, self.before, self.done, self.began) = (cases, done, done, Instant::now());
        if !self.quiet && std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(cases as u64).with_position(done as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} cases, {per_sec}, {eta} left {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar.reset_eta();
            self.bar = Some(bar);
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None if !self.quiet => super::say(line),
            None => {}
        }
    }

    /// Shows where it stands.
    fn show(&mut self) {
        let failures = if self.failed > 0 { format!("({} without an answer)", self.failed) } else { String::new() };
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
            bar.set_message(failures);
        } else if self.last.elapsed() >= PAUSE {
            self.last = Instant::now();
            let seconds = self.began.elapsed().as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 cases")]
            let [now, left] = [self.done - self.before, self.cases - self.done].map(|count| count as f64);
            let left = if now > 0.0 { format!(", {:.0} s left", left * seconds / now) } else { String::new() };
            self.say(&format!("{} of {} cases {failures}, {:.1}/s{left}", self.done, self.cases, now / seconds));
        }
    }

    fn stand(&mut self, progress: &Progress) {
        (self.done, self.failed) = (progress.done, progress.failed);
        self.show();
    }

    fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Watcher for Teller {
    fn begins(&mut self, outlook: &Outlook) {
        let Outlook { cases, done, broken, threads, memory } = *outlook;
        let workers = if threads == 1 { "1 worker".to_owned() } else { format!("{threads} workers") };
        self.say(&format!("{cases} cases, {done} done; {workers}, at most {} MB", memory.div_ceil(1 << 20)));
        if broken > 0 {
            self.say(&format!("{broken} segments are not what was written; their cases are run again"));
        }
        self.begin(cases, done);
    }

    fn ended(&mut self, status: Status) {
        self.done += 1;
        self.failed += usize::from(matches!(status, Status::Failed | Status::Infeasible));
        self.show();
    }

    fn wants_to_stop(&self) -> bool {
        interrupt::was_asked_for()
    }
}
