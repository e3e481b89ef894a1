//! Duration of a dispatch by the number of stores at its electricity node and by its number of hours.
//!
//! `cargo bench --bench dispatch` prints a table for every number of stores; the duration should be proportional to the
//! number of hours. Compare two versions on the same machine at the same time, as ratios.

#![allow(missing_docs, clippy::unwrap_used)]

use std::f64::consts::TAU;
use std::fmt;

use anergy::dispatch::Dispatch;
use anergy::district::{
    Availability, Conversion, Demand, District, Export, Investment, Kind, Shortage, Site, Storage, StorageBoundary,
    Supply, SupplyTerms, Technology,
};
use anergy::lp::{Backend, default_backend};
use anergy::series::{Profile, TimeAxis};
use divan::Bencher;

/// The largest number of hours for a solver that does not exploit the stages: with eight stores it takes half a minute.
const LONGEST_FOR_OTHERS: usize = 8760;

fn main() {
    divan::main();
}

/// A solver and a number of hours.
struct Task {
    backend: &'static dyn Backend,
    hours: usize,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} h", self.backend.name(), self.hours)
    }
}

/// Returns the tasks of the default solver and, if that is another one, of CBC.
fn tasks() -> Vec<Task> {
    let others: &[&'static dyn Backend] = &[
        #[cfg(feature = "cbc")]
        &anergy::lp::Cbc,
    ];
    let mut backends: Vec<&'static dyn Backend> = others.to_vec();
    backends.insert(0, default_backend());
    let is_other = |backend: &dyn Backend| others.iter().any(|other| other.name() == backend.name());
    let of = |backend: &'static dyn Backend| {
        let longest = if is_other(backend) { LONGEST_FOR_OTHERS } else { usize::MAX };
        [168, 1095, 8760, 87_600]
            .into_iter()
            .filter(move |&hours| hours <= longest)
            .map(move |hours| Task { backend, hours })
    };
    backends.into_iter().flat_map(of).collect()
}

/// Measures a dispatch alone: the district's LP and the solver are prepared before.
#[divan::bench(consts = [1, 2, 3, 5, 8], args = tasks(), sample_count = 3, sample_size = 1)]
fn dispatch<const STORES: usize>(bencher: Bencher<'_, '_>, task: &Task) {
    let mut dispatch = Dispatch::new(district(STORES, task.hours), task.backend).unwrap();
    bencher.bench_local(|| dispatch.solve(task.backend).unwrap().objective_eur);
}

/// Returns a site with one electricity node (grid, sun, export, lights), and as many carriers of heat as stores, each
/// with a demand, a store, and a heat pump that is supplied by the node.
fn district(stores: usize, hours: usize) -> District {
    let mut kinds = node(hours);
    for index in 0..stores {
        kinds.extend(heating(index, hours));
    }
    let technology = |(index, kind)| Technology {
        name: format!("{index}"),
        kind,
        investment: Investment::default(),
        chosen_from: None,
    };
    let technologies = kinds.into_iter().enumerate().map(technology).collect();
    let axis = TimeAxis::new(jiff::civil::date(2025, 1, 1).at(0, 0, 0, 0), 60, hours);
    let shortage = Shortage { unmet_eur_per_kwh: Some(100.0), surplus_eur_per_kwh: Some(0.0) };
    District::new(axis, vec![Site { name: "site".into(), technologies }], shortage).unwrap()
}

fn node(hours: usize) -> Vec<Kind> {
    let supply = |capacity_kw, available, price_eur_per_kwh| {
        let (carrier, co2_kg_per_kwh) = ("electricity".to_owned(), 0.0.into());
        Kind::Supply(Supply {
            carrier,
            capacity_kw,
            available,
            price_eur_per_kwh,
            co2_kg_per_kwh,
            terms: SupplyTerms::default(),
        })
    };
    let price = series(hours, |t| 0.25 + 0.08 * day(t, 19.0) + 0.04 * year(t) + 0.05 * noise(t, 1));
    let sun = series(hours, |t| 400.0 * day(t, 12.0).max(0.0) * (1.0 - 0.6 * year(t)) * noise(t, 2));
    let lights = series(hours, |t| 120.0 + 40.0 * day(t, 18.0) + 20.0 * noise(t, 3));
    let sold = Export { carrier: "electricity".into(), capacity_kw: 150.0, price_eur_per_kwh: 0.06.into() };
    vec![
        supply(2000.0, Availability::Unlimited, price),
        supply(f64::INFINITY, Availability::UpTo(sun), 0.0.into()),
        Kind::Export(sold),
        Kind::Demand(Demand { carrier: "electricity".into(), power_kw: lights }),
    ]
}

fn heating(index: usize, hours: usize) -> Vec<Kind> {
    let carrier = format!("heat {index}");
    let seed = 10 * (index as u64 + 1);
    let peak = 6.0 + index as f64;
    let demand = series(hours, |t| (200.0 + 150.0 * year(t) + 60.0 * day(t, peak) + 50.0 * noise(t, seed)).max(0.0));
    let cop = series(hours, |t| 3.6 - 0.9 * year(t) + 0.3 * day(t, 14.0) + 0.4 * noise(t, seed + 1));
    let pump = Conversion {
        carrier_in: "electricity".into(),
        carrier_out: carrier.clone(),
        capacity_kw: 500.0,
        efficiency: cop,
        output_eur_per_kwh: 0.005.into(),
        input_eur_per_kwh: 0.0.into(),
        byproducts: Vec::new(),
    };
    let tank = Storage {
        carrier: carrier.clone(),
        charge_kw: 250.0,
        discharge_kw: 250.0,
        capacity_kwh: 800.0 + 200.0 * index as f64,
        charge_efficiency: 0.98,
        discharge_efficiency: 0.98,
        loss_per_hour: 0.004,
        boundary: StorageBoundary::Cyclic,
        discharge_eur_per_kwh: 0.001.into(),
        charge_eur_per_kwh: 0.0.into(),
    };
    vec![Kind::Conversion(pump), Kind::Storage(tank), Kind::Demand(Demand { carrier, power_kw: demand })]
}

fn series(hours: usize, value: impl Fn(usize) -> f64) -> Profile {
    Profile::Series((0..hours).map(value).collect())
}

/// Returns a daily wave between -1 and 1, with its maximum at hour `peak`.
fn day(hour: usize, peak: f64) -> f64 {
    (TAU * ((hour % 24) as f64 - peak) / 24.0).cos()
}

/// Returns a yearly wave between -1 and 1, with its maximum on the first of January.
fn year(hour: usize) -> f64 {
    (TAU * hour as f64 / 8760.0).cos()
}

/// Returns a reproducible random number between 0 and 1.
fn noise(hour: usize, seed: u64) -> f64 {
    let mut bits = (hour as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 32)) >> 11) as f64 / (1u64 << 53) as f64
}
