//! The numbers that people look for first, and the tables behind them.

use super::figures::number;
use super::flows::{Flow, What};
use super::page::{Cell, Table, Tile, Tone};
use super::run::RunResults;
use super::summary::{Cost, Kind, Service};

/// The carrier of which self-sufficiency is told.
const ELECTRICITY: &str = "electricity";

/// What a run comes to, in numbers that can be compared.
#[derive(Debug, Clone)]
pub(super) struct Headline {
    /// Name, unit, value, whether less is worse.
    pub(super) figures: Vec<Quantity>,
}

/// A number with its name.
#[derive(Debug, Clone)]
pub(super) struct Quantity {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) value: f64,
    pub(super) note: String,
    pub(super) tone: Tone,
}

impl Headline {
    pub(super) fn of(run: &RunResults, flows: &[Flow<'_>]) -> Self {
        let mut figures = Vec::new();
        let summary = &run.summary;
        let mut add = |name: &str, unit: &'static str, value: f64, note: String, tone: Tone| {
            figures.push(Quantity { name: name.to_owned(), unit, value, note, tone });
        };
        add("Cost", "EUR", summary.cost.total_eur, format!("from {} to {}", summary.from, summary.to), Tone::Plain);
        let imports: Vec<&str> = imported(run);
        let kwh = |carrier: &str| -> f64 {
            let imports = summary.technologies.iter().filter(|known| known.kind == Kind::Import);
            imports.filter(|known| known.carrier == carrier).map(|known| known.delivered_kwh).sum()
        };
        for carrier in &imports {
            let peak = peak_kw(flows, carrier, run);
            add(&format!("{carrier} imported"), "kWh", kwh(carrier), String::new(), Tone::Plain);
            add(
                &format!("Peak import of {carrier}"),
                "kW",
                peak,
                "of the whole district, mean of a step".to_owned(),
                Tone::Plain,
            );
        }
        if let Some(share) = self_sufficiency(run, flows) {
            add(
                "Self-sufficiency",
                "%",
                100.0 * share,
                "electricity used that was not imported".to_owned(),
                Tone::Plain,
            );
        }
        for known in summary.technologies.iter().filter(|known| known.kind == Kind::HeatPump && known.taken_kwh > 0.0) {
            let service = if known.service == Some(Service::Cooling) { "cooling" } else { "heating" };
            let name = format!("Seasonal COP, {} at {}", known.technology, known.site);
            add(&name, "", known.delivered_kwh / known.taken_kwh, service.to_owned(), Tone::Plain);
        }
        if let Some(coupling) = &summary.coupling {
            let [low, mean, high] = coupling.temp_c;
            add("Loop temperature", "°C", mean, format!("{low:.2} to {high:.2}"), Tone::Plain);
            let outside: f64 = coupling.violations.iter().map(|violation| violation.hours).sum();
            let degree: f64 = coupling.violations.iter().map(|violation| violation.kelvin_hours).sum();
            let tone = if outside > 0.0 { Tone::Warning } else { Tone::Plain };
            add("Hours outside the limits", "h", outside, format!("{} K h", number(degree)), tone);
            let [heating, cooling] = coupling.balancing_kwh;
            let note = format!("{} kWh of heat, {} kWh of cold", number(heating.abs()), number(cooling.abs()));
            add("Balancing", "kWh", heating.abs() + cooling.abs(), note, Tone::Plain);
            if let Some(gap) = &coupling.gap {
                add("Gap", "EUR", gap.absolute_eur, format!("{:.1e} of the cost", gap.relative), Tone::Plain);
            }
            let energy = format!("{} EUR, not seen by the dispatch", number(summary.cost.balancing_eur));
            add("Energy for balancing", "kWh", coupling.balancing_energy_kwh, energy, Tone::Plain);
        }
        add("CO2", "kg", summary.co2_kg, String::new(), Tone::Plain);
        let sources = summary.technologies.iter().filter_map(|known| known.curtailed_kwh);
        add("Curtailed", "kWh", sources.sum::<f64>() + 0.0, "of what sources had to offer".to_owned(), Tone::Plain);
        let unmet: f64 = summary.carriers.iter().map(|carrier| carrier.unmet_kwh).sum();
        add("Unmet demand", "kWh", unmet, String::new(), if unmet > 1e-3 { Tone::Warning } else { Tone::Plain });
        let surplus: f64 = summary.carriers.iter().map(|carrier| carrier.surplus_kwh).sum();
        add("Surplus", "kWh", surplus, "produced and thrown away".to_owned(), Tone::Plain);
        Self { figures }
    }

    pub(super) fn tiles(&self) -> Vec<Tile> {
        let tile = |quantity: &Quantity| Tile {
            label: quantity.name.clone(),
            value: shown(quantity),
            unit: quantity.unit,
            note: quantity.note.clone(),
            tone: quantity.tone,
        };
        self.figures.iter().map(tile).collect()
    }
}

/// The value as it is shown: amounts that are nothing but rounding are nothing.
pub(super) fn shown(quantity: &Quantity) -> String {
    let tiny = matches!(quantity.unit, "kWh" | "kW" | "kg" | "EUR") && quantity.value.abs() < 5e-4;
    if tiny { "0".to_owned() } else { number(quantity.value) }
}

/// Carriers that are brought in as they are wanted.
fn imported(run: &RunResults) -> Vec<&str> {
    let mut carriers: Vec<&str> = Vec::new();
    for known in run.summary.technologies.iter().filter(|known| known.kind == Kind::Import) {
        if !carriers.contains(&known.carrier.as_str()) {
            carriers.push(&known.carrier);
        }
    }
    carriers
}

/// Largest import of a carrier by all sites together, kW.
fn peak_kw(flows: &[Flow<'_>], carrier: &str, run: &RunResults) -> f64 {
    let is_import = |flow: &&Flow<'_>| {
        let mut known = run.summary.technologies.iter();
        flow.what == What::Supply
            && flow.carrier == carrier
            && known.any(|known| {
                known.kind == Kind::Import && known.site == flow.site && known.technology == flow.technology
            })
    };
    let imports: Vec<&Flow<'_>> = flows.iter().filter(is_import).collect();
    (0..run.axis.len).map(|step| imports.iter().map(|flow| flow.kw[step]).sum::<f64>()).fold(0.0, f64::max)
}

/// Share of the electricity used in the district that it did not import; exports count as not used.
fn self_sufficiency(run: &RunResults, flows: &[Flow<'_>]) -> Option<f64> {
    let used = [What::Demand, What::Input, What::Circulation];
    let own = flows.iter().filter(|flow| flow.carrier == ELECTRICITY && used.contains(&flow.what));
    let used_kwh: f64 = own.map(|flow| flow.kwh(run.axis.step_hours())).sum();
    let imports = run.summary.technologies.iter().filter(|known| known.kind == Kind::Import);
    let imported_kwh: f64 = imports.filter(|known| known.carrier == ELECTRICITY).map(|known| known.delivered_kwh).sum();
    (used_kwh > 0.0).then(|| (1.0 - imported_kwh / used_kwh).max(0.0))
}

/// The parts of the cost with their names, EUR; without those that are zero in every run.
pub(super) fn cost_parts(cost: &Cost) -> [(&'static str, f64); 6] {
    [
        ("Operation", cost.operation_eur),
        ("Forced supply", cost.forced_supply_eur),
        ("CO2", cost.co2_eur),
        ("Annuities and upkeep", cost.annualised_eur),
        ("Demand charges", cost.demand_charge_eur),
        ("Loop balancing", cost.balancing_eur),
    ]
}

/// The parts of the cost as a table.
pub(super) fn cost_table(cost: &Cost) -> Table {
    let parts = cost_parts(cost).into_iter().filter(|(_, eur)| *eur != 0.0);
    let row = |(name, eur): (&str, f64)| vec![Cell::Text(name.to_owned()), Cell::Number(format!("{eur:.2}"))];
    let total = ("All", cost.total_eur);
    Table {
        caption: "Cost by parts".to_owned(),
        heads: vec!["Part".to_owned(), "EUR".to_owned()],
        rows: parts.chain([total]).map(row).collect(),
        is_folded: false,
    }
}
