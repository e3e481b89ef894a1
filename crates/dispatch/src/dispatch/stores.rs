//! Detection of stores that cannot hold their required level.
//!
//! If its balance can be left open at a price, the feasibility of a store does not depend on the other technologies.
//! Given, cyclic and free levels are always feasible: an empty store is, or the decay of the given level without
//! charging. A fixed cyclic level is feasible if charging at full power makes up for the loss: `level_t = min(capacity,
//! (1 - loss)^dt level_{t-1} + charge_efficiency charge_kw dt)`.

use std::fmt::Write as _;

use crate::district::{District, Kind, Storage, StorageBoundary};

/// Relative difference up to which a level counts as held.
const LEVEL_TOLERANCE: f64 = 1e-9;

/// A store that cannot hold the level that it must end with.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreReport {
    /// Name of the site.
    pub site: String,
    /// Name of the store.
    pub store: String,
    /// Required level, before the first step and, less the loss of one more step, after the last, kWh.
    pub level_kwh: f64,
    /// Largest level that can be reached instead, kWh.
    pub reached_kwh: f64,
    /// Largest charging power, kW.
    pub charge_kw: f64,
    /// Share of the level lost per hour.
    pub loss_per_hour: f64,
    /// Stamps of the first and the last step, and the number of steps.
    pub hours: ([String; 2], usize),
}

/// Returns the stores of `district` that cannot hold their required level, whatever the dispatch.
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

/// Returns the level of a store after the last step and the loss of one more step, if it began with `level_kwh` and was
/// charged at full power, kWh.
fn reached_kwh(storage: &Storage, level_kwh: f64, steps: usize, step_hours: f64) -> f64 {
    let retained = (1.0 - storage.loss_per_hour).powf(step_hours);
    let charged_kwh = storage.charge_efficiency * storage.charge_kw * step_hours;
    // The first step begins with the level that remains of the last one, its loss already subtracted.
    let first_kwh = (level_kwh + charged_kwh).min(storage.capacity_kwh);
    retained * (1..steps).fold(first_kwh, |level, _| (retained * level + charged_kwh).min(storage.capacity_kwh))
}

/// Describes the stores: level, power, loss, and the time span.
pub(super) fn describe(reports: &[StoreReport]) -> String {
    let mut text = String::from("no plan holds the levels of these stores:");
    for StoreReport { site, store, level_kwh, reached_kwh, charge_kw, loss_per_hour, hours } in reports {
        let ([first, last], steps) = hours;
        let loss = 100.0 * loss_per_hour;
        let _ = write!(
            text,
            "\n  {store} at {site} must begin and end with {level_kwh} kWh (`cyclic_through_kwh`); charged with \
             all of its {charge_kw} kW against a loss of {loss} % an hour, it ends with {reached_kwh:.3} kWh \
             ({first} to {last}, {steps} steps); give it more charging power, less loss, or a lower level"
        );
    }
    text
}
