//! Running the cases of a shard: workers that take one case after the other, and segments of what they found.

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
use super::row::{Planned, Row};
use super::segment::commit;

/// What was found is committed no later than this.
const LATEST: Duration = Duration::from_secs(60);
/// How often somebody who waits for results looks whether to stop.
const GLANCE: Duration = Duration::from_millis(100);
/// How long the cases in flight may take to end when asked to stop; then they are left.
const GRACE: Duration = Duration::from_secs(2);

/// How a shard is run.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Which cases.
    pub shard: Shard,
    /// Workers; 0 for one a core.
    pub threads: usize,
    /// Cases in a segment; what is there after a minute is committed anyway.
    pub commit_every: usize,
}

/// What is known before the first case is run.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    /// Cases of the shard.
    pub cases: usize,
    /// Those that are done already.
    pub done: usize,
    /// Segments that are not what was written, and are left out.
    pub broken: usize,
    /// Workers.
    pub threads: usize,
    /// Memory that this will take at most, as far as can be told from its largest cases, bytes.
    pub memory: usize,
}

/// Somebody who watches a shard being run.
pub trait Watcher {
    /// Before the first case.
    fn begins(&mut self, outlook: &Outlook);
    /// A case has ended.
    fn ended(&mut self, row: &Row);
    /// Whether to stop.
    fn wants_to_stop(&self) -> bool;
}

/// Nobody watches.
impl Watcher for () {
    fn begins(&mut self, _outlook: &Outlook) {}

    fn ended(&mut self, _row: &Row) {}

    fn wants_to_stop(&self) -> bool {
        false
    }
}

/// What came of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// Cases of the shard.
    pub cases: usize,
    /// Those with a row, from now or before.
    pub done: usize,
    /// Those that ended now.
    pub now: usize,
    /// Whether somebody stopped it.
    pub stopped: bool,
}

/// What workers share.
struct Shop {
    manifest: Manifest,
    cases: PlannedCases,
    /// Positions of the cases to run, and the next of these.
    todo: Vec<usize>,
    next: AtomicUsize,
    stop: AtomicBool,
    cache: Arc<InputCache>,
    /// Hashes of the files that the plan knows.
    inputs: HashMap<PathBuf, String>,
}

impl Work {
    /// Runs what is not done yet of a shard of the sweep in `folder`.
    ///
    /// # Errors
    /// [`SweepError`] when files changed since the plan or cannot be read, or results cannot be written; what was committed before
    /// stays.
    pub fn run(&self, folder: &Path, watcher: &mut dyn Watcher) -> Result<Done, SweepError> {
        let manifest = Manifest::load(folder)?;
        manifest.check_inputs()?;
        // Better now than after the first hour.
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
        let mut done = Done { cases: cases.len(), done: cases.len() - todo.len(), ..Done::default() };
        watcher.begins(&Outlook { cases: cases.len(), done: done.done, broken, threads, memory });
        if todo.is_empty() {
            return Ok(done);
        }
        let inputs = manifest.inputs.iter().map(|input| (input.path.clone(), input.sha256.clone())).collect();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let shop = Arc::new(Shop { manifest, cases, todo, next, stop, cache, inputs });
        let (send, rows) = mpsc::sync_channel(4 * threads);
        for _ in 0..threads {
            let (shop, send) = (Arc::clone(&shop), send.clone());
            std::thread::spawn(move || shop.work(&send));
        }
        drop(send);
        let gathered = self.gather(folder, &shop, &rows, &mut done, watcher);
        // Whatever happened, nobody shall begin another case.
        shop.stop.store(true, Ordering::Relaxed);
        gathered.map(|()| done)
    }

    /// Commits rows as they come, until all workers are done or somebody wants to stop.
    fn gather(
        &self,
        folder: &Path,
        shop: &Shop,
        rows: &mpsc::Receiver<Result<Row, SweepError>>,
        done: &mut Done,
        watcher: &mut dyn Watcher,
    ) -> Result<(), SweepError> {
        let mut waiting: Vec<Row> = Vec::new();
        let mut stopped: Option<Instant> = None;
        let finish = |waiting: &mut Vec<Row>, done: &mut Done| -> Result<(), SweepError> {
            commit(folder, waiting, &shop.manifest.series)?;
            done.done += waiting.len();
            waiting.clear();
            Ok(())
        };
        let mut oldest = Instant::now();
        loop {
            match rows.recv_timeout(GLANCE) {
                Ok(Err(error)) => {
                    shop.stop.store(true, Ordering::Relaxed);
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
                shop.stop.store(true, Ordering::Relaxed);
                (stopped, done.stopped) = (Some(Instant::now()), true);
            }
            if stopped.is_some_and(|since| since.elapsed() > GRACE) {
                break;
            }
            if waiting.len() >= self.commit_every.max(1) || !waiting.is_empty() && oldest.elapsed() > LATEST {
                finish(&mut waiting, done)?;
            }
        }
        finish(&mut waiting, done)
    }
}

impl Shop {
    /// Runs one case after the other, as long as there are any and somebody takes the rows.
    fn work(&self, rows: &mpsc::SyncSender<Result<Row, SweepError>>) {
        // Each worker on one core, with all its memory: where a case forks, it stays there.
        let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
        pool.install(|| {
            while !self.stop.load(Ordering::Relaxed) {
                let Some(&at) = self.todo.get(self.next.fetch_add(1, Ordering::Relaxed)) else { break };
                dawdle();
                let request = self.manifest.request(self.cases.texts(at));
                let (index, id) = (self.cases.index[at], &self.cases.id[at]);
                let plan = Planned { series: &self.manifest.series, inputs: &self.inputs, cache: &self.cache };
                let Some(row) = Row::of(index, id, &request, &plan, &self.stop).transpose() else { break };
                if rows.send(row).is_err() {
                    break;
                }
            }
        });
    }
}

/// In builds for tests: makes every case take some time longer, so that it can be caught in the middle.
fn dawdle() {
    #[cfg(debug_assertions)]
    if let Some(millis) = std::env::var("ANERGY_TEST_SLEEP_MS").ok().and_then(|text| text.parse().ok()) {
        std::thread::sleep(Duration::from_millis(millis));
    }
}

/// Bytes of a worker by value of its plan: the plan, its duals, and the interior-point method's vectors of the size of a plan.
const BYTES_PER_VALUE: usize = 300;
/// Bytes of a program that has nothing to do yet.
const BYTES_AT_REST: usize = 30 << 20;

/// Bytes of a row that waits to be committed, and of a file by byte of its text.
const BYTES_PER_ROW: usize = 8 << 10;
const BYTES_PER_BYTE: usize = 4;
/// Combinations of words whose size is looked at: what is a number does not change the size of a case.
const MOST_LOOKED_AT: usize = 20;

/// Memory that running these cases will take at most: what every worker has of the largest case among the first of each combination of words,
/// and what they share.
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
        if seen.len() >= MOST_LOOKED_AT {
            break;
        }
    }
    let waiting = commit_every.min(cases.len()) * (BYTES_PER_ROW + 8 * steps * manifest.series.len());
    BYTES_AT_REST + table + BYTES_PER_BYTE * files + waiting + threads * BYTES_PER_VALUE * values
}
