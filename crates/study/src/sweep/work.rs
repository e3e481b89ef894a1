//! Running the cases of a shard: workers run one case after the other, and their results are written as segments.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anergy_config::{Case, InputCache};
use anergy_cosim::solver;
use anergy_data::results::Column;
use anergy_dispatch::dispatch::Dispatch;

use super::SweepError;
use super::manifest::{Manifest, PlannedCases, SEGMENTS, Shard};
use super::progress::Survey;
use super::row::{CaseRow, PlannedInputs};
use super::segment::commit;

/// The longest time after which results are committed.
const COMMIT_INTERVAL: Duration = Duration::from_secs(60);
/// The interval at which a thread that waits for results checks whether to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The time that running cases have to end after a stop; then they are abandoned.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// The settings of running a shard.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// The shard.
    pub shard: Shard,
    /// The number of workers; 0 for one per core.
    pub threads: usize,
    /// The number of cases in a segment; results are committed after a minute in any case.
    pub commit_every: usize,
}

/// The state before the first case is run.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    /// The number of cases of the shard.
    pub cases: usize,
    /// The number of cases that are done already.
    pub done: usize,
    /// The number of damaged segments, which are left out.
    pub broken: usize,
    /// The number of workers.
    pub threads: usize,
    /// The estimated largest use of memory, from the largest cases, bytes.
    pub memory: usize,
}

/// An observer of the run of a shard.
pub trait SweepObserver {
    /// Reports the state before the first case.
    fn begins(&mut self, outlook: &Outlook);
    /// Reports the result of a case.
    fn ended(&mut self, row: &CaseRow);
    /// Returns whether to stop.
    fn wants_to_stop(&self) -> bool;
}

/// No observation.
impl SweepObserver for () {
    fn begins(&mut self, _outlook: &Outlook) {}

    fn ended(&mut self, _row: &CaseRow) {}

    fn wants_to_stop(&self) -> bool {
        false
    }
}

/// The result of running a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShardOutcome {
    /// The number of cases of the shard.
    pub cases: usize,
    /// The number of cases with a row, from this run or before.
    pub done: usize,
    /// The number of cases that ended in this run.
    pub now: usize,
    /// Whether the caller stopped the run.
    pub stopped: bool,
}

/// The state that workers share.
struct SharedWork {
    manifest: Manifest,
    cases: PlannedCases,
    /// Positions of the cases to run, and the index of the next one.
    todo: Vec<usize>,
    next: AtomicUsize,
    stop: AtomicBool,
    cache: Arc<InputCache>,
    /// The hashes of the planned input files.
    inputs: HashMap<PathBuf, String>,
}

impl Work {
    /// Runs the cases of a shard of the sweep in `folder` that are not done.
    ///
    /// # Errors
    /// [`SweepError`] when files changed since the plan or cannot be read, or results cannot be written; results that
    /// were committed before remain.
    pub fn run(&self, folder: &Path, watcher: &mut dyn SweepObserver) -> Result<ShardOutcome, SweepError> {
        let manifest = Manifest::load(folder)?;
        manifest.check_inputs()?;
        // A folder that is not writable is reported now, instead of after the first case.
        let segments = folder.join(SEGMENTS);
        tempfile::tempfile_in(&segments).map_err(SweepError::io(&segments, "write to"))?;
        let survey = Survey::of(folder, &manifest)?;
        let cases = manifest.cases_of(folder, self.shard)?;
        let todo: Vec<usize> = (0..cases.len()).filter(|&at| !survey.has(cases.index[at])).collect();
        let broken = survey.broken();
        drop(survey);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = if self.threads == 0 { cores } else { self.threads }.min(todo.len().max(1));
        let cache = Arc::new(InputCache::default());
        let memory = memory(&manifest, &cases, &cache, threads, self.commit_every);
        let mut done = ShardOutcome { cases: cases.len(), done: cases.len() - todo.len(), ..ShardOutcome::default() };
        watcher.begins(&Outlook { cases: cases.len(), done: done.done, broken, threads, memory });
        if todo.is_empty() {
            return Ok(done);
        }
        let inputs = manifest.inputs.iter().map(|input| (input.path.clone(), input.sha256.clone())).collect();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let shared = Arc::new(SharedWork { manifest, cases, todo, next, stop, cache, inputs });
        let (send, rows) = mpsc::sync_channel(4 * threads);
        for _ in 0..threads {
            let (shared, send) = (Arc::clone(&shared), send.clone());
            std::thread::spawn(move || shared.work(&send));
        }
        drop(send);
        let gathered = self.gather(folder, &shared, &rows, &mut done, watcher);
        // After an error, too, no worker may begin another case.
        shared.stop.store(true, Ordering::Relaxed);
        gathered.map(|()| done)
    }

    /// Commits rows as they arrive, until all workers are done or the caller stops.
    fn gather(
        &self,
        folder: &Path,
        shared: &SharedWork,
        rows: &mpsc::Receiver<Result<CaseRow, SweepError>>,
        done: &mut ShardOutcome,
        watcher: &mut dyn SweepObserver,
    ) -> Result<(), SweepError> {
        let mut waiting: Vec<CaseRow> = Vec::new();
        let mut stopped: Option<Instant> = None;
        let finish = |waiting: &mut Vec<CaseRow>, done: &mut ShardOutcome| -> Result<(), SweepError> {
            commit(folder, waiting, &shared.manifest.series)?;
            done.done += waiting.len();
            waiting.clear();
            Ok(())
        };
        let mut oldest = Instant::now();
        loop {
            match rows.recv_timeout(POLL_INTERVAL) {
                Ok(Err(error)) => {
                    shared.stop.store(true, Ordering::Relaxed);
                    finish(&mut waiting, done)?;
                    return Err(error);
                }
                Ok(Ok(row)) => {
                    watcher.ended(&row);
                    done.now += 1;
                    if waiting.is_empty() {
                        oldest = Instant::now();
                    }
                    waiting.push(row);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if stopped.is_none() && watcher.wants_to_stop() {
                shared.stop.store(true, Ordering::Relaxed);
                (stopped, done.stopped) = (Some(Instant::now()), true);
            }
            if stopped.is_some_and(|since| since.elapsed() > STOP_TIMEOUT) {
                break;
            }
            if waiting.len() >= self.commit_every.max(1) || !waiting.is_empty() && oldest.elapsed() > COMMIT_INTERVAL {
                finish(&mut waiting, done)?;
            }
        }
        finish(&mut waiting, done)
    }
}

impl SharedWork {
    /// Runs one case after the other, while there are cases and the receiver of the rows exists.
    fn work(&self, rows: &mpsc::SyncSender<Result<CaseRow, SweepError>>) {
        // Each worker stays on one core: the parallel parts of a case run in its own pool of one thread.
        let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
        pool.install(|| {
            while !self.stop.load(Ordering::Relaxed) {
                let Some(&at) = self.todo.get(self.next.fetch_add(1, Ordering::Relaxed)) else { break };
                delay_for_tests();
                let request = self.manifest.request(self.cases.texts(at));
                let (index, id) = (self.cases.index[at], &self.cases.id[at]);
                let plan = PlannedInputs { series: &self.manifest.series, inputs: &self.inputs, cache: &self.cache };
                let Some(row) = CaseRow::of(index, id, &request, &plan, &self.stop).transpose() else { break };
                if rows.send(row).is_err() {
                    break;
                }
            }
        });
    }
}

/// Delays every case in builds for tests, so that a test can stop it before its end.
fn delay_for_tests() {
    #[cfg(debug_assertions)]
    if let Some(millis) = std::env::var("ANERGY_TEST_SLEEP_MS").ok().and_then(|text| text.parse().ok()) {
        std::thread::sleep(Duration::from_millis(millis));
    }
}

/// The memory of a worker per value of its plan, bytes: the plan, its duals, and the vectors of the interior-point
/// method.
const BYTES_PER_VALUE: usize = 300;
/// The memory of the idle program, bytes.
const BYTES_IDLE: usize = 30 << 20;

/// The memory of a row that waits to be committed, bytes, and of a file per byte of its text.
const BYTES_PER_ROW: usize = 8 << 10;
const BYTES_PER_BYTE: usize = 4;
/// The largest number of combinations of texts whose size is determined; numbers do not change the size of a case.
const MOST_SIZED_CASES: usize = 20;

/// Returns the largest use of memory of these cases, bytes: for every worker that of the largest case among the first
/// of each combination of texts, and the shared part.
fn memory(
    manifest: &Manifest,
    cases: &PlannedCases,
    cache: &Arc<InputCache>,
    threads: usize,
    commit_every: usize,
) -> usize {
    let table = manifest.cases * 60 + cases.len() * (100 + 16 * cases.values.len());
    let files = manifest.inputs.iter().filter_map(|input| std::fs::metadata(&input.path).ok());
    let files: usize = files.map(|file| usize::try_from(file.len()).unwrap_or(usize::MAX / 100)).sum();
    let (mut values, mut steps, mut seen) = (0, 0, HashSet::new());
    for at in 0..cases.len() {
        let words = cases.values.iter().filter_map(|column| match column {
            Column::Text(texts) => Some(texts[at].as_str()),
            _ => None,
        });
        if !seen.insert(words.collect::<Vec<_>>()) {
            continue;
        }
        let Ok(case) = Case::load_from(&manifest.request(cases.texts(at)), cache) else { continue };
        steps = steps.max(case.district.axis().len());
        if let Ok(dispatch) = Dispatch::new(case.district.clone(), solver(&case.district)) {
            values = values.max(dispatch.parts().iter().map(|(_, columns, rows)| columns + rows).sum());
        }
        if seen.len() >= MOST_SIZED_CASES {
            break;
        }
    }
    let waiting = commit_every.min(cases.len()) * (BYTES_PER_ROW + 8 * steps * manifest.series.len());
    BYTES_IDLE + table + BYTES_PER_BYTE * files + waiting + threads * BYTES_PER_VALUE * values
}
