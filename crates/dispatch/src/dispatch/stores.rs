//! Saying which store cannot hold the level that it must hold.
//!
//! Where its balance has a way out, a store is feasible or not for itself. A given, a cyclic and a free level always
//! are: the empty store is, or what is left of the given level without charging. A cyclic level that is fixed is where
//! charging as hard as it can outweighs the loss: `level_t = min(capacity, (1 - loss)^dt level_{t-1} +
//! charge_efficiency charge_kw dt)`.

use std::fmt::Write as _;

use crate::district::{District, Kind, Storage, StorageBoundary};

/// A level that is missed by less than this share of it is held.
const LEVEL_TOLERANCE: f64 = 1e-9;

/// A store that cannot hold the level that it must end with.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreReport {
    /// Name of the site.
    pub site: String,
    /// Name of the store.
    pub store: String,
    /// Level before the first step and, less one more step's loss, after the last, kWh.
    pub level_kwh: f64,
    /// The most that can be there in its place, kWh.
    pub reached_kwh: f64,
    /// Largest charging power, kW.
    pub charge_kw: f64,
    /// Share of the level that is lost per hour.
    pub loss_per_hour: f64,
    /// Stamps of the first and the last step, and their number.
    pub hours: ([String; 2], usize),
}

/// The stores of `district` that cannot hold the level that they must, whatever else it does.
pub(super) fn infeasible_stores(district: &District) -> Vec<StoreReport> {
    let stores = district.sites().iter().flat_map(|site| {
        site.technologies.iter().filter_map(move |technology| match &technology.kind {
            Kind::Storage(storage) => Some((&site.name, &technology.name, storage)),
            _ => None,
        })
    });
    let axis = district.axis();
    let missed = stores.filter_map(|(site, store, storage)| {
        let StorageBoundary::CyclicFixed(level_kwh) = storage.boundary else { return None };
        let reached_kwh = reached_kwh(storage, level_kwh, axis.len(), axis.step_hours());
        (reached_kwh < level_kwh * (1.0 - LEVEL_TOLERANCE)).then(|| StoreReport {
            site: site.clone(),
            store: store.clone(),
            level_kwh,
            reached_kwh,
            charge_kw: storage.charge_kw,
            loss_per_hour: storage.loss_per_hour,
            hours: ([axis.label(0), axis.label(axis.len().saturating_sub(1))], axis.len()),
        })
    });
    missed.collect()
}

/// What is left, after the last step and one more step's loss, of a store that began with `level_kwh` and was always
/// charged, kWh.
fn reached_kwh(storage: &Storage, level_kwh: f64, steps: usize, step_hours: f64) -> f64 {
    let retained = (1.0 - storage.loss_per_hour).powf(step_hours);
    let charged_kwh = storage.charge_efficiency * storage.charge_kw * step_hours;
    // The first step begins with the level that the last one left, its loss taken off.
    let first_kwh = (level_kwh + charged_kwh).min(storage.capacity_kwh);
    retained * (1..steps).fold(first_kwh, |level, _| (retained * level + charged_kwh).min(storage.capacity_kwh))
}

/// Stores without a plan in words: level, power, loss, and the time in which it cannot be held.
pub(super) fn describe(reports: &[StoreReport]) -> String {
    let mut text = String::from("no plan holds the levels of these stores:");
    for StoreReport { site, store, level_kwh, reached_kwh, charge_kw, loss_per_hour, hours } in reports {
        let ([first, last], steps) = hours;
        let loss = 100.0 * loss_per_hour;
        let _ = write!(
            text,
            "\n  {store} at {site} must begin and end with {level_kwh} kWh (`cyclic_through_kwh`); charged with all of its \
             {charge_kw} kW against a loss of {loss} % an hour, it ends with {reached_kwh:.3} kWh ({first} to {last}, {steps} steps); give it \
             more charging power, less loss, or a lower level"
        );
    }
    text
}
