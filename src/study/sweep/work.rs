//! Running the cases of a shard: workers that take one case after the other, and segments of what they found.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::SweepError;
use super::manifest::{Manifest, PlannedCases, Shard};
use super::row::{Row, Status};
use super::segment::{commit, keys, segments};
use crate::config::{Case, Shelf};
use crate::dispatch::Dispatch;
use crate::study::solver;

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
    /// Memory that this will take at most, estimated from the first case, bytes.
    pub memory: usize,
}

/// Somebody who watches a shard being run.
pub trait Watcher {
    /// Before the first case.
    fn begins(&mut self, outlook: &Outlook);
    /// A case has ended.
    fn ended(&mut self, status: Status);
    /// Whether to stop.
    fn wants_to_stop(&self) -> bool;
}

/// Nobody watches.
impl Watcher for () {
    fn begins(&mut self, _outlook: &Outlook) {}

    fn ended(&mut self, _status: Status) {}

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
    /// Those that ended now, and of them those without an answer.
    pub now: usize,
    /// Those of them without an answer.
    pub failed: usize,
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
    shelf: Arc<Shelf>,
}

impl Work {
    /// Runs what is not done yet of a shard of the sweep in `folder`.
    ///
    /// # Errors
    /// [`SweepError`] when files changed since the plan, or results cannot be written; what was committed before stays.
    pub fn run(&self, folder: &Path, watcher: &mut dyn Watcher) -> Result<Done, SweepError> {
        let manifest = Manifest::load(folder)?;
        manifest.check_inputs()?;
        let cases = manifest.cases_of(folder, self.shard)?;
        let (known, broken) = known(folder)?;
        let is_open = |&at: &usize| known.get(&cases.index[at]) != Some(&cases.id[at]);
        let todo: Vec<usize> = (0..cases.len()).filter(is_open).collect();
        drop(known);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = if self.threads == 0 { cores } else { self.threads }.min(todo.len().max(1));
        let shelf = Arc::new(Shelf::default());
        let memory = memory(&manifest, &cases, &shelf, threads);
        let mut done = Done { cases: cases.len(), done: cases.len() - todo.len(), ..Done::default() };
        watcher.begins(&Outlook { cases: cases.len(), done: done.done, broken, threads, memory });
        if todo.is_empty() {
            return Ok(done);
        }
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let shop = Arc::new(Shop { manifest, cases, todo, next, stop, shelf });
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
        rows: &mpsc::Receiver<Row>,
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
                Ok(row) => {
                    watcher.ended(row.status);
                    done.now += 1;
                    done.failed += usize::from(!matches!(row.status, Status::Ok | Status::NotConverged));
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
    fn work(&self, rows: &mpsc::SyncSender<Row>) {
        // Each worker on one core, with all its memory: where a case forks, it stays there.
        let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
        pool.install(|| {
            while !self.stop.load(Ordering::Relaxed) {
                let Some(&at) = self.todo.get(self.next.fetch_add(1, Ordering::Relaxed)) else { break };
                dawdle();
                let request = self.manifest.request(self.cases.texts(at));
                let (index, id) = (self.cases.index[at], self.cases.id[at].clone());
                let Some(row) = Row::of(index, id, &request, &self.manifest.series, &self.shelf, &self.stop) else {
                    break;
                };
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

/// The cases that have a row, with their ids, and the number of segments that are not what was written.
fn known(folder: &Path) -> Result<(HashMap<usize, String>, usize), SweepError> {
    let (mut known, mut broken) = (HashMap::new(), 0);
    for segment in segments(folder)? {
        let table = segment.read()?;
        match table.as_ref().and_then(keys) {
            Some((index, id, _)) => known.extend(index.iter().copied().zip(id.iter().cloned())),
            None => broken += 1,
        }
    }
    Ok((known, broken))
}

/// Bytes of a worker by value of its plan: the plan, its duals, and the interior-point method's vectors of the size of a plan.
const BYTES_PER_VALUE: usize = 300;
/// Bytes of a program that has nothing to do yet.
const BYTES_AT_REST: usize = 30 << 20;

/// Memory that running these cases will take at most, from the size of the first one.
fn memory(manifest: &Manifest, cases: &PlannedCases, shelf: &Arc<Shelf>, threads: usize) -> usize {
    let table = cases.len() * (100 + 16 * cases.values.len());
    let request = (!cases.is_empty()).then(|| manifest.request(cases.texts(0)));
    let case = request.and_then(|request| Case::load_from(&request, shelf).ok());
    let values = case.and_then(|case| {
        let dispatch = Dispatch::new(case.district.clone(), solver(&case.district)).ok()?;
        Some(dispatch.parts().iter().map(|(_, columns, rows)| columns + rows).sum::<usize>())
    });
    BYTES_AT_REST + table + threads * BYTES_PER_VALUE * values.unwrap_or_default()
}
