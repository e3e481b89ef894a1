//! Duration of a year of a two-pipe network in hourly steps, with 10, 100 and 1000 substations: seconds per year, and
//! nanoseconds per pipe and hour.
//!
//! `cargo bench --bench network`

#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

#[path = "../tests/common/two_pipe.rs"]
mod two_pipe;

use anergy::water_loop::network::Resolution;
use divan::Bencher;
use divan::counter::ItemsCount;

use two_pipe::TwoPipe;

const HOURS: usize = 8760;

fn main() {
    divan::main();
}

/// Measures a year; items are pipes times hours.
#[divan::bench(args = [(10, 1), (100, 5), (1000, 50)], sample_count = 3, sample_size = 1)]
fn year(bencher: Bencher<'_, '_>, (substations, loops): (usize, usize)) {
    let pipes = TwoPipe::new(substations, loops, Resolution::default()).pipes;
    bencher
        .counter(ItemsCount::new(pipes * HOURS))
        .with_inputs(|| TwoPipe::new(substations, loops, Resolution::default()))
        .bench_local_values(|mut district| {
            let worst = (0..HOURS).map(|hour| district.step(hour).residual()).fold(0.0, f64::max);
            assert!(worst < 1e-9);
            district.network.content_j()
        });
}
