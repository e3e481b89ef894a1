//! The part of the summary on decisions for the whole time: capacities, peaks, and the use of limits.

use anergy_cosim::CosimResult;
use anergy_data::schema::{CapacitySummary, Co2LimitSummary, ImportLimitSummary, PeakSummary, WholeTime};
use anergy_dispatch::dispatch::{ChosenCapacity, LimitUse};

/// Returns the part of the summary on decisions for the whole time.
pub(super) fn whole_time(run: &CosimResult) -> WholeTime {
    let account = &run.account;
    let capacity = |chosen: &ChosenCapacity| CapacitySummary {
        site: chosen.site.clone(),
        technology: chosen.technology.clone(),
        capacity_kw: (!chosen.is_store).then_some(chosen.capacity),
        capacity_kwh: chosen.is_store.then_some(chosen.capacity),
        most: chosen.most,
        annualised_eur: chosen.annualised_eur,
    };
    let peaks = account.peaks.iter().map(|peak| PeakSummary {
        site: peak.site.clone(),
        technology: peak.technology.clone(),
        peak_kw: peak.peak_kw,
        demand_charge_eur: peak.demand_charge_eur,
    });
    let mut whole = WholeTime {
        capacities: account.capacities.iter().map(capacity).collect(),
        peaks: peaks.collect(),
        ..WholeTime::default()
    };
    let prices = run.duals.as_ref().map(|duals| run.dispatch.limit_prices_eur(duals));
    let prices = prices.unwrap_or_else(|| vec![None; account.limits.len()]);
    for (LimitUse { supply, limit, used }, price) in account.limits.iter().zip(&prices) {
        match supply {
            Some((site, technology)) => whole.import_limits.push(ImportLimitSummary {
                site: site.clone(),
                technology: technology.clone(),
                limit_kwh: *limit,
                used_kwh: *used,
                shadow_price_eur_per_kwh: *price,
            }),
            None => {
                whole.co2_limit =
                    Some(Co2LimitSummary { limit_kg: *limit, used_kg: *used, shadow_price_eur_per_kg: *price });
            }
        }
    }
    whole
}

/// Returns the lines of the text for a terminal: label and words.
pub(super) fn whole_time_lines(whole: &WholeTime) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for CapacitySummary { site, technology, capacity_kw, capacity_kwh, most, annualised_eur } in &whole.capacities {
        let unit = if capacity_kwh.is_some() { "kWh" } else { "kW" };
        let capacity = capacity_kw.or(*capacity_kwh).unwrap_or_default();
        let chosen = format!("{technology} at {site}: {capacity:.2} {unit} of at most {most}, {annualised_eur:.2} EUR");
        lines.push(("chosen capacity", chosen));
    }
    for PeakSummary { site, technology, peak_kw, demand_charge_eur } in &whole.peaks {
        lines.push(("peak", format!("{technology} at {site}: {peak_kw:.2} kW, {demand_charge_eur:.2} EUR")));
    }
    for limit in &whole.import_limits {
        let what = format!("{} at {}", limit.technology, limit.site);
        let price = limit.shadow_price_eur_per_kwh;
        lines.push(("import limit", format!("{what}: {}", used(limit.used_kwh, limit.limit_kwh, "kWh", price))));
    }
    if let Some(Co2LimitSummary { limit_kg, used_kg, shadow_price_eur_per_kg }) = whole.co2_limit {
        lines.push(("CO2 limit", used(used_kg, limit_kg, "kg", shadow_price_eur_per_kg)));
    }
    lines
}

fn used(used: f64, limit: f64, unit: &str, price_eur: Option<f64>) -> String {
    // An excess below the solver's tolerance does not count.
    let over = used - limit;
    let over = if over > 1e-6 * limit.max(1.0) {
        format!("; OVER by {over:.3} {unit}, as the COPs are not those it was planned for")
    } else {
        String::new()
    };
    let price = price_eur.map_or_else(String::new, |price| format!(", worth {price:.4} EUR/{unit}"));
    format!("{used:.1} of {limit:.1} {unit} used{price}{over}")
}
