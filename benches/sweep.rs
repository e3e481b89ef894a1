//! Overhead of a sweep: the same cases run directly and in a sweep, on one thread.
//!
//! `cargo bench --bench sweep`; the ratio of the two medians is the overhead of planning, segments and fsync.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anergy::config::{Case, InputCache};
use anergy::cosim::solver;
use anergy::run::{run_case, summarise};
use anergy::study::sweep::manifest::Manifest;
use anergy::study::sweep::{Shard, SweepFile, Work, collect};
use divan::Bencher;
use tempfile::TempDir;

const CASES: usize = 30;

fn main() {
    divan::main();
}

/// Returns a folder with a sweep of the small district.
fn place() -> (TempDir, SweepFile) {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).display();
    let text = format!(
        "case: {{model: {root}/configs/small_district/model.yaml, water_loop: {root}/networks/small_ring.yaml, \
         set: {{coupling.gap_tolerance: 3e-3}}}}\n\
         parameters: {{water_loop.water_mass_kg: {{linspace: [20000, 60000], points: {CASES}}}}}\n"
    );
    let path = folder.path().join("masses.yaml");
    fs::write(&path, text).unwrap();
    let file = SweepFile::load(&path).unwrap();
    (folder, file)
}

#[divan::bench(sample_count = 9, sample_size = 1)]
fn cases_by_themselves(bencher: Bencher<'_, '_>) {
    let (_folder, file) = place();
    let (base, cases) = (file.request(), file.cases().unwrap());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    bencher.bench(|| {
        pool.install(|| {
            let cache = Arc::new(InputCache::default());
            let costs = (0..cases.len()).map(|index| {
                let case = Case::load_from(&cases.request(&base, index), &cache).unwrap();
                let run = run_case(&case, solver(&case.district), &mut ()).unwrap();
                summarise(&case, &run).cost.total_eur
            });
            costs.sum::<f64>()
        })
    });
}

#[divan::bench(sample_count = 9, sample_size = 1)]
fn cases_in_a_sweep(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(place).bench_values(|(folder, file)| {
        let sweep = folder.path().join("sweep");
        Manifest::plan(&file, &sweep, &AtomicBool::new(false)).unwrap();
        let work = Work { shard: Shard::WHOLE, threads: 1, commit_every: 500 };
        let done = work.run(&sweep, &mut ()).unwrap();
        collect(&sweep, 1).unwrap();
        assert_eq!(done.done, CASES);
        folder
    });
}
