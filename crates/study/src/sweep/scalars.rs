//! The results of a case as columns of the sweep's table.

use anergy_data::schema::columns::sweep as column;
use anergy_data::schema::{CarrierSummary, Excess, NetworkSummary, Summary};

/// Returns the results of a case by name: those of [`SCALARS`](column::SCALARS), then those of its technologies
/// and links.
pub(super) fn scalars(summary: &Summary) -> Vec<(String, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 steps and iterations")]
    let count = |count: usize| count as f64;
    let cost = &summary.cost;
    let sum = |part: fn(&CarrierSummary) -> f64| summary.carriers.iter().map(part).sum::<f64>();
    let mut all = vec![
        (column::COST_EUR, cost.total_eur),
        (column::OPERATION_EUR, cost.operation_eur),
        (column::FORCED_SUPPLY_EUR, cost.forced_supply_eur),
        (column::CO2_PRICE_EUR, cost.co2_eur),
        (column::ANNUALISED_EUR, cost.annualised_eur),
        (column::DEMAND_CHARGE_EUR, cost.demand_charge_eur),
        (column::BALANCING_EUR, cost.balancing_eur),
        (column::CO2_KG, summary.co2_kg),
        (column::UNMET_KWH, sum(|carrier| carrier.unmet_kwh)),
        (column::SURPLUS_KWH, sum(|carrier| carrier.surplus_kwh)),
    ];
    if let Some(coupling) = &summary.coupling {
        let [low, high] = &coupling.violations;
        all.extend([
            (column::ITERATIONS, count(coupling.last_iteration + 1)),
            (column::RELATIVE_GAP, coupling.gap.map_or(f64::NAN, |gap| gap.relative)),
            (column::GAP_EUR, coupling.gap.map_or(f64::NAN, |gap| gap.absolute_eur)),
            (column::MEAN_CHANGE_K, coupling.residual.map_or(f64::NAN, |residual| residual.mean_k)),
            (column::MAX_CHANGE_K, coupling.residual.map_or(f64::NAN, |residual| residual.max_k)),
            (column::LOOP_MIN_C, coupling.temp_c[0]),
            (column::LOOP_MEAN_C, coupling.temp_c[1]),
            (column::LOOP_MAX_C, coupling.temp_c[2]),
            (column::STEPS_AT_LOW_LIMIT, count(coupling.limit_steps[0])),
            (column::STEPS_AT_HIGH_LIMIT, count(coupling.limit_steps[1])),
            (column::BALANCING_HEATING_KWH, coupling.balancing_kwh[0]),
            (column::BALANCING_COOLING_KWH, coupling.balancing_kwh[1]),
            (column::BALANCING_ENERGY_KWH, coupling.balancing_energy_kwh),
            (column::GROUND_GAIN_KWH, coupling.ground_kwh[0]),
            (column::GROUND_LOSS_KWH, coupling.ground_kwh[1]),
            (column::WORST_OUTSIDE_LIMIT_K[0], low.worst_k),
            (column::WORST_OUTSIDE_LIMIT_K[1], high.worst_k),
        ]);
    }
    all.push((column::CERTIFICATE_KW, summary.certificate.equation.max(summary.certificate.bound)));
    let mut named: Vec<(String, f64)> = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    for technology in &summary.technologies {
        let name = |quantity| column::of_technology(&technology.site, &technology.technology, quantity);
        named.push((name(column::DELIVERED_KWH), technology.delivered_kwh));
        named.push((name(column::TAKEN_KWH), technology.taken_kwh));
    }
    named.extend(summary.network.iter().flat_map(network_scalars));
    for capacity in &summary.whole_time.capacities {
        let name = |quantity| column::of_technology(&capacity.site, &capacity.technology, quantity);
        named.extend(capacity.capacity_kw.map(|chosen| (name(column::CAPACITY_KW), chosen)));
        named.extend(capacity.capacity_kwh.map(|chosen| (name(column::CAPACITY_KWH), chosen)));
    }
    for peak in &summary.whole_time.peaks {
        named.push((column::of_technology(&peak.site, &peak.technology, column::PEAK_KW), peak.peak_kw));
    }
    for link in &summary.links {
        named.push((column::of_link(&link.link, column::FORWARD_KWH), link.forward_kwh));
        named.push((column::of_link(&link.link, column::BACKWARD_KWH), link.backward_kwh));
    }
    named
}

/// Returns the results of a network by name.
fn network_scalars(network: &NetworkSummary) -> Vec<(String, f64)> {
    let hours = |of: &[Excess]| of.iter().map(|excess| excess.hours).sum::<f64>();
    let fastest = network.pipes.iter().map(|pipe| pipe.loss_pa_m).fold(0.0, f64::max);
    let mut named = vec![
        (column::NETWORK_CIRCULATION_KWH.to_owned(), network.pumps_kwh),
        (column::NETWORK_WASTE_HEAT_KWH.to_owned(), network.waste_heat_kwh),
        (column::NETWORK_UNMET_HOURS.to_owned(), hours(&network.unmet)),
        (
            column::NETWORK_UNMET_KWH.to_owned(),
            0.0 + network.unmet.iter().filter_map(|unmet| unmet.missing_kwh).sum::<f64>(),
        ),
        (column::NETWORK_SUBSTATION_HOURS_OUTSIDE_LIMITS.to_owned(), hours(&network.limits)),
        (column::NETWORK_FROZEN_HOURS.to_owned(), network.frozen.as_ref().map_or(0.0, |frozen| frozen.hours)),
        (column::NETWORK_FAST_PIPES_PA_M.to_owned(), fastest),
    ];
    for unit in &network.units {
        named.push((column::of_unit(&unit.name, column::HEATING_KWH), unit.heating_kwh));
        named.push((column::of_unit(&unit.name, column::COOLING_KWH), unit.cooling_kwh));
        named.push((column::of_unit(&unit.name, column::ELECTRICITY_KWH), unit.electricity_kwh));
    }
    named
}
