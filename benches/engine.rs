//! How long the parts of an iteration take: reading a case, the loop's year, pricing a plan, a dispatch.
//!
//! `cargo bench` prints them; compare two versions in one sitting, as ratios.

#![allow(missing_docs, clippy::unwrap_used)]

use anergy::config::{Case, LoopSource, Request};
use anergy::coupling::{CopUse, LoopModel};
use anergy::study::partners::WellMixedPartner;
use divan::Bencher;
use ndarray::Array2;

fn main() {
    divan::main();
}

fn small_district() -> Case {
    let file = |path: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    Case::load(&Request {
        model: file("configs/small_district/model.yaml"),
        water_loop: Some(LoopSource::File(file("networks/small_ring.yaml"))),
        ..Request::default()
    })
    .unwrap()
}

#[divan::bench]
fn read_the_small_district(bencher: Bencher<'_, '_>) {
    bencher.bench(small_district);
}

#[divan::bench]
fn simulate_a_year_of_the_loop(bencher: Bencher<'_, '_>) {
    const HOURS: usize = 8760;
    let coupled = small_district().coupled.unwrap();
    let pumps: Vec<_> = coupled.pumps.iter().map(|pump| pump.pump.clone()).collect();
    let output = Array2::from_shape_fn((pumps.len(), HOURS), |(pump, hour)| ((hour * (pump + 3)) % 50) as f64);
    let level = Array2::from_shape_fn((pumps.len(), HOURS), |(pump, hour)| ((hour * (pump + 7)) % 90) as f64);
    let mut partner = WellMixedPartner { water_loop: coupled.water_loop, pumps, step_hours: 1.0 };
    bencher.bench_local(|| partner.simulate(&output, &level, CopUse::WithinStep));
}

#[cfg(feature = "cbc")]
mod with_a_solver {
    use super::{Bencher, small_district};
    use anergy::dispatch::Dispatch;
    use anergy::lp::default_backend;

    #[divan::bench]
    fn dispatch_the_small_district(bencher: Bencher<'_, '_>) {
        let backend = default_backend().unwrap();
        let mut dispatch = Dispatch::new(small_district().district, backend).unwrap();
        bencher.bench_local(|| dispatch.solve(backend).unwrap().objective_eur);
    }

    #[divan::bench]
    fn price_a_plan_of_the_small_district(bencher: Bencher<'_, '_>) {
        let backend = default_backend().unwrap();
        let mut dispatch = Dispatch::new(small_district().district, backend).unwrap();
        let plan = dispatch.solve(backend).unwrap();
        bencher.bench_local(|| dispatch.price(&plan.values).map(|priced| priced.objective_eur));
    }
}
