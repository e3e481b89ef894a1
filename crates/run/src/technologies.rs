//! The part of the summary on technologies.

use anergy_config::Case;
use anergy_cosim::CosimResult;
use anergy_data::schema::{StoreTemperature, TechnologyKind, TechnologySummary};
use anergy_dispatch::dispatch::{Role, TechnologyTotals};
use anergy_dispatch::district::{Availability, Kind, Technology};

/// Returns the summary of a technology; `None` for a demand, whose energy is an input.
pub(super) fn technology_summary(
    case: &Case,
    run: &CosimResult,
    totals: &TechnologyTotals,
) -> Option<TechnologySummary> {
    let TechnologyTotals { site, technology: name, delivered_kwh, taken_kwh } = totals;
    let technology = case.district.technology(site, name)?;
    let pump = case.coupled.iter().flat_map(|coupled| &coupled.pumps);
    let service = pump.clone().find(|pump| pump.site == *site && pump.technology == *name);
    let service = service.map(|pump| pump.pump.service);
    let (kind, carrier, role) = match &technology.kind {
        Kind::Demand(_) => return None,
        Kind::Supply(supply) if supply.available == Availability::Unlimited => {
            (TechnologyKind::Import, &supply.carrier, Role::Supply)
        }
        Kind::Supply(supply) => (TechnologyKind::Source, &supply.carrier, Role::Supply),
        Kind::Export(export) => (TechnologyKind::Export, &export.carrier, Role::Export),
        Kind::Storage(storage) => (TechnologyKind::Storage, &storage.carrier, Role::Discharge),
        Kind::Conversion(conversion) => {
            let kind = if service.is_some() { TechnologyKind::HeatPump } else { TechnologyKind::Conversion };
            (kind, &conversion.carrier_out, Role::Output)
        }
    };
    let row = run.dispatch.quantity(site, name, role);
    let most = |row| run.decisions.values.row(row).iter().copied().fold(0.0, f64::max);
    let available_kwh = available_kwh(case, run, site, technology);
    Some(TechnologySummary {
        site: site.clone(),
        technology: name.clone(),
        kind,
        carrier: carrier.clone(),
        service,
        delivered_kwh: *delivered_kwh,
        taken_kwh: *taken_kwh,
        peak_kw: row.map_or_else(|| forced_kw(case, technology), most),
        // The delivered energy may exceed the available energy by rounding.
        curtailed_kwh: available_kwh.map(|available_kwh| (available_kwh - delivered_kwh).max(0.0)),
    })
}

/// Returns the largest power of a forced supply, kW.
fn forced_kw(case: &Case, technology: &Technology) -> f64 {
    let Kind::Supply(supply) = &technology.kind else { return 0.0 };
    let Availability::Forced(power) = &supply.available else { return 0.0 };
    (0..case.district.axis().len()).map(|step| power.at(step)).fold(0.0, f64::max)
}

/// Returns the available energy of a source that may be curtailed, kWh; `None` for all other technologies.
fn available_kwh(case: &Case, run: &CosimResult, site: &str, technology: &Technology) -> Option<f64> {
    let Kind::Supply(supply) = &technology.kind else { return None };
    let chosen = run.account.capacities.iter().find(|of| of.site == site && of.technology == technology.name);
    let capacity_kw = chosen.map_or(supply.capacity_kw, |chosen| chosen.capacity);
    let axis = case.district.axis();
    let most_kw = supply.most_kw(capacity_kw);
    matches!(supply.available, Availability::UpTo(_) | Availability::PerKw(_))
        .then(|| (0..axis.len()).map(|step| most_kw.at(step)).sum::<f64>() * axis.step_hours())
}

/// Returns the temperatures of every store from which a heat pump of the loop takes its sink temperature.
pub(super) fn store_temperatures(case: &Case) -> Vec<StoreTemperature> {
    let mut stores: Vec<StoreTemperature> = Vec::new();
    for pump in case.coupled.iter().flat_map(|coupled| &coupled.pumps) {
        let known = |store: &str| stores.iter().any(|known| known.site == pump.site && known.store == store);
        let Some(store) = pump.store.as_ref().filter(|store| !known(store)) else { continue };
        stores.push(StoreTemperature {
            site: pump.site.clone(),
            store: store.clone(),
            at_empty_c: pump.pump.sink.at_empty_c(),
            kelvin_per_kwh: pump.pump.sink.kelvin_per_kwh(),
        });
    }
    stores
}
