//! `anergy sweep`: runs many variants of a case, on one machine or on a cluster.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, exit, interrupt, output};
use crate::input::printable;
use crate::study::sweep::{
    CaseRow, Collected, Event, Manifest, Outlook, Progress, Shard, Slurm, Status, SweepFile, SweepObserver, Work,
    as_array, collect, progress,
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
    what: SweepCommand,
}

#[derive(Debug, Subcommand)]
enum SweepCommand {
    Plan(Plan),
    Run(Run),
    /// The same, for a folder that is there
    Resume(Run),
    /// Say how far a sweep has come
    Status(FolderArgs),
    /// Put the results there are into one table
    Collect(FolderArgs),
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

/// The options of the location of a sweep's folder.
#[derive(Debug, Args)]
struct Place {
    /// Folder for sweep folders
    #[arg(long, value_name = "DIR", help = "Folder for sweep folders [default: results]")]
    out: Option<PathBuf>,
    /// Name of the sweep's folder [default: that of the sweep file, without its ending]
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
    #[arg(long, value_name = "N", value_parser = positive)]
    threads: Option<usize>,
    /// Cases after which results are committed; they are every minute anyway
    #[arg(long, value_name = "K", default_value_t = 500, value_parser = positive)]
    commit_every: usize,
    /// What runs the cases
    #[arg(long, value_enum, default_value_t = Executor::Local)]
    executor: Executor,
    /// With slurm: tasks of the array job, a shard each [default: 10]
    #[arg(long, value_name = "N", value_parser = positive)]
    shards: Option<usize>,
    /// With slurm: tasks at a time [default: as many as fit]
    #[arg(long, value_name = "M", value_parser = positive)]
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
struct FolderArgs {
    /// The sweep's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Name the missing cases by shards of so many
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = positive)]
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

/// Parses a number that is at least one.
fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&count| count > 0).ok_or_else(|| "expected a whole number from 1".to_owned())
}

/// Parses `I/N` with I from 0.
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
            SweepCommand::Plan(plan) => {
                interrupt::watch_for("stopping");
                let planned = plan.place.plan(&plan.sweep)?;
                if !plan.quiet {
                    super::print(&planned.told())?;
                }
                Ok(0)
            }
            SweepCommand::Run(run) => run.execute(),
            SweepCommand::Resume(run) if run.sweep.is_dir() => run.execute(),
            SweepCommand::Resume(run) => {
                let path = run.sweep.display();
                Err(Failure::Usage(format!("{path}: is no folder; `anergy sweep run` takes sweep files too")))
            }
            SweepCommand::Status(look) => look.status(),
            SweepCommand::Collect(look) => look.collect(),
        }
    }
}

/// A planned sweep.
struct Planned {
    folder: PathBuf,
    manifest: Manifest,
    /// The number of cases before the constraints.
    combinations: u128,
}

impl Place {
    /// Plans the sweep of a file.
    fn plan(&self, sweep: &Path) -> Result<Planned, Failure> {
        let file = SweepFile::load(sweep)?;
        let stem = sweep.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = self.name.clone().unwrap_or_else(|| output::folder_name(&stem));
        let folder = output::place(self.out.as_deref().unwrap_or_else(|| Path::new("results")), &name)?;
        let manifest = Manifest::plan(&file, &folder, interrupt::flag())?;
        Ok(Planned { folder, manifest, combinations: file.combinations() })
    }

    /// Returns a failure for options that do not apply to an existing folder.
    fn refuse_folder(&self, folder: &Path) -> Result<(), Failure> {
        if self.out.is_none() && self.name.is_none() {
            return Ok(());
        }
        let message =
            format!("{}: is a sweep's folder already; --out and --name go with a sweep file", folder.display());
        Err(Failure::Usage(message))
    }
}

impl Planned {
    fn told(&self) -> String {
        let Self { folder, manifest, combinations } = self;
        let names: Vec<&str> = manifest.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let cases = counted(manifest.cases, "case");
        let left_out = combinations.saturating_sub(manifest.cases as u128);
        let left_out = if left_out > 0 {
            format!(" (the constraints leave out {left_out} of {combinations})")
        } else {
            String::new()
        };
        format!("{}: {cases} of {}{left_out}\nplanned in {}\n", manifest.name, names.join(", "), folder.display())
    }
}

/// Returns `1 case`, `2 cases`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

impl Run {
    fn execute(self) -> Result<u8, Failure> {
        self.check()?;
        interrupt::watch_for("stopping; what has ended is kept, once more to stop at once");
        let folder = if self.sweep.is_dir() {
            self.place.refuse_folder(&self.sweep)?;
            self.sweep.clone()
        } else {
            let planned = self.place.plan(&self.sweep)?;
            if !self.quiet {
                super::say(planned.told().trim_end());
            }
            planned.folder
        };
        match self.executor {
            Executor::Local => self.locally(&folder),
            Executor::Slurm => self.on_slurm(&folder),
        }
    }

    /// Returns a failure for options that do not apply to the executor.
    fn check(&self) -> Result<(), Failure> {
        let unused = match self.executor {
            Executor::Local => {
                let given = [
                    ("--dry-run", self.dry_run),
                    ("--shards", self.shards.is_some()),
                    ("--parallel", self.parallel.is_some()),
                    ("--sbatch-arg", !self.sbatch_arg.is_empty()),
                ];
                given
                    .into_iter()
                    .find(|(_, given)| *given)
                    .map(|(option, _)| format!("{option} goes with --executor slurm"))
            }
            Executor::Slurm if self.shard.is_some() => {
                Some("--shard is what each task of the array is given; leave it out here".to_owned())
            }
            Executor::Slurm if self.threads.is_some() => {
                Some("with slurm, a task has as many workers as CPUs: --sbatch-arg=--cpus-per-task=N".to_owned())
            }
            Executor::Slurm => None,
        };
        unused.map_or(Ok(()), |message| Err(Failure::Usage(message)))
    }

    fn locally(&self, folder: &Path) -> Result<u8, Failure> {
        let shard = self.shard.unwrap_or(Shard::WHOLE);
        let mut teller = SweepProgress::new(self.quiet);
        let work = Work { shard, threads: self.threads.unwrap_or(0), commit_every: self.commit_every };
        let began = Instant::now();
        let done = work.run(folder, &mut teller);
        teller.finish();
        let done = done?;
        let cases = counted(done.cases, "case");
        if done.done < done.cases {
            let left = done.cases - done.done;
            let why = if done.stopped { "stopped: " } else { "" };
            super::print(&format!("{why}{} of {cases} are done, {left} are left\n", done.done))?;
            return Ok(exit::INCOMPLETE);
        }
        if !self.quiet {
            let seconds = began.elapsed().as_secs_f64();
            let odd = teller.problems();
            super::print(&format!("{cases} done, {} of them now in {seconds:.1} s{odd}\n", done.now))?;
        }
        if shard == Shard::WHOLE { self.put_together(folder, 1) } else { Ok(0) }
    }

    fn on_slurm(&self, folder: &Path) -> Result<u8, Failure> {
        let manifest = Manifest::load(folder)?;
        let program = std::env::current_exe().map_err(|source| Failure::Read { path: "anergy".into(), source })?;
        let shards = self.shards.unwrap_or(10).clamp(1, manifest.cases);
        let slurm = Slurm {
            shards,
            parallel: self.parallel,
            arguments: self.sbatch_arg.clone(),
            program,
            commit_every: self.commit_every,
        };
        if self.dry_run {
            let absolute = std::path::absolute(folder);
            let absolute = absolute.map_err(|source| Failure::Read { path: self.sweep.clone(), source })?;
            let missing = progress(folder, shards)?.missing_shards;
            super::print(&match missing.is_empty() {
                true => "all cases are done: nothing would be submitted\n".to_owned(),
                false => slurm.script(&manifest, &absolute, &missing),
            })?;
            return Ok(0);
        }
        let mut teller = SweepProgress::new(self.quiet);
        teller.begin(manifest.cases, progress(folder, shards)?.done);
        let mut tell = |event: Event<'_>| match event {
            Event::Submitted { job, array } => teller.say(&format!("job {job}: shards {array} of {shards}")),
            Event::Found { job } => teller.say(&format!("job {job} is under way already")),
            Event::Waiting(progress) => teller.stand(progress),
        };
        let progress = slurm.run(folder, &mut tell, &interrupt::was_asked_for);
        teller.finish();
        let progress = progress?;
        if progress.missing > 0 {
            let stopped = interrupt::was_asked_for();
            let why = if stopped {
                "jobs that run go on; `scancel` ends them"
            } else {
                "see its slurm folder for what the tasks said"
            };
            super::print(&format!(
                "{} of {} are done; shards {} are not ({why})\n",
                progress.done,
                counted(progress.cases, "case"),
                as_array(&progress.missing_shards)
            ))?;
            return Ok(exit::INCOMPLETE);
        }
        self.put_together(folder, shards)
    }

    fn put_together(&self, folder: &Path, shards: usize) -> Result<u8, Failure> {
        interrupt::end_at_once();
        let collected = collect(folder, shards)?;
        if !self.quiet {
            super::print(&told(&collected, shards))?;
        }
        Ok(if collected.rows < collected.cases { exit::INCOMPLETE } else { 0 })
    }
}

impl FolderArgs {
    fn status(&self) -> Result<u8, Failure> {
        let progress = progress(&self.folder, self.shards)?;
        let mut text = format!(
            "{} of {} are done: {} without an answer, {} not converged\n",
            progress.done,
            counted(progress.cases, "case"),
            progress.failed,
            progress.not_converged
        );
        if progress.missing > 0 && self.shards > 1 {
            text += &format!("shards with cases missing: {}\n", as_array(&progress.missing_shards));
        }
        if progress.broken_segments > 0 {
            text += &broken(progress.broken_segments);
        }
        match self.json {
            true => super::print_unchanged(&(serde_json::to_string_pretty(&progress)? + "\n"))?,
            false => super::print(&text)?,
        }
        Ok(0)
    }

    fn collect(&self) -> Result<u8, Failure> {
        let collected = collect(&self.folder, self.shards)?;
        match self.json {
            true => super::print_unchanged(&(serde_json::to_string_pretty(&collected)? + "\n"))?,
            false => super::print(&told(&collected, self.shards))?,
        }
        Ok(if collected.rows < collected.cases { exit::INCOMPLETE } else { 0 })
    }
}

/// Returns a note about damaged segments.
fn broken(count: usize) -> String {
    let what = counted(count, "segment");
    format!("{what}: not what was written (or its series); cases that are in no other are run again\n")
}

/// Returns the result of a collection in words.
fn told(collected: &Collected, shards: usize) -> String {
    let Collected { cases, rows, duplicates, broken_segments, foreign, missing_shards, tables, series } = collected;
    let mut text = format!("{rows} of {cases} cases in {} and {}\n", tables[0].display(), tables[1].display());
    if let Some(series) = series {
        text += &format!("series in {}\n", series.display());
    }
    let mut more = |count: usize, what: &str, then: &str| {
        if count > 0 {
            text += &format!("{}: {then}\n", counted(count, what));
        }
    };
    more(*duplicates, "row", "there more than once, all alike");
    more(*broken_segments, "segment", "not what was written (or its series), left out");
    more(*foreign, "row", "of no case of this sweep, left out");
    more(cases - rows, "case", "missing; `anergy sweep run` on the folder runs what is");
    if rows < cases && shards > 1 {
        text += &format!("shards with cases missing: {}\n", as_array(missing_shards));
    }
    text
}

/// The progress of a sweep on standard error: a bar on a terminal, occasional lines otherwise.
struct SweepProgress {
    bar: Option<ProgressBar>,
    quiet: bool,
    cases: usize,
    before: usize,
    done: usize,
    /// Of the cases that ended in this run: without a plan, not converged, with unmet demand; and the first error.
    failed: usize,
    not_converged: usize,
    unmet: usize,
    first: Option<String>,
    began: Instant,
    last: Instant,
}

/// The interval between two lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

impl SweepProgress {
    fn new(quiet: bool) -> Self {
        let now = Instant::now();
        Self {
            bar: None,
            quiet,
            cases: 0,
            before: 0,
            done: 0,
            failed: 0,
            not_converged: 0,
            unmet: 0,
            first: None,
            began: now,
            last: now,
        }
    }

    fn begin(&mut self, cases: usize, done: usize) {
        use std::io::IsTerminal as _;
        (self.cases, self.before, self.done, self.began) = (cases, done, done, Instant::now());
        if !self.quiet && std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(cases as u64).with_position(done as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} cases, {eta} left {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar.reset_eta();
            self.bar = Some(bar);
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(printable(line)),
            None if !self.quiet => super::say(line),
            None => {}
        }
    }

    /// Shows the progress.
    fn show(&mut self) {
        let failures = if self.failed > 0 { format!(" ({} without an answer)", self.failed) } else { String::new() };
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
            bar.set_message(failures);
        } else if self.last.elapsed() >= LINE_INTERVAL {
            self.last = Instant::now();
            let seconds = self.began.elapsed().as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 cases")]
            let [now, left] = [self.done - self.before, self.cases - self.done].map(|count| count as f64);
            let left = if now > 0.0 { format!(", {:.0} s left", left * seconds / now) } else { String::new() };
            self.say(&format!("{} of {} cases{failures}, {:.1}/s{left}", self.done, self.cases, now / seconds));
        }
    }

    /// Returns the problems of the cases that ended in this run, as the end of a sentence and further lines.
    fn problems(&self) -> String {
        let kinds = [
            (self.failed, "without an answer"),
            (self.not_converged, "not converged"),
            (self.unmet, "with unmet demand"),
        ];
        let mut text: String =
            kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {count} {what}")).collect();
        if let Some(first) = &self.first {
            text += &format!("\nthe first without an answer: {first}");
        }
        text
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

impl SweepObserver for SweepProgress {
    fn begins(&mut self, outlook: &Outlook) {
        let Outlook { cases, done, broken, threads, memory } = *outlook;
        let workers = if threads == 1 { "1 worker".to_owned() } else { format!("{threads} workers") };
        self.say(&format!(
            "{}, {done} done; {workers}, at most {} MB",
            counted(cases, "case"),
            memory.div_ceil(1 << 20)
        ));
        if broken > 0 {
            self.say(self::broken(broken).trim_end());
        }
        self.begin(cases, done);
    }

    fn ended(&mut self, row: &CaseRow) {
        self.done += 1;
        self.failed += usize::from(row.status.is_without_answer());
        self.not_converged += usize::from(row.status == Status::NotConverged);
        self.unmet += usize::from(row.has_unmet_demand());
        if row.status.is_without_answer() && self.first.is_none() {
            self.first = Some(format!("case {}: {}", row.index, row.error));
        }
        self.show();
    }

    fn wants_to_stop(&self) -> bool {
        interrupt::was_asked_for()
    }
}
