//! The headline figures of a run, and the tables of the same numbers.

use anergy_data::schema::{
    Cost, CouplingSummary, NOT_SERVED_KWH, NetworkSummary, Service, TechnologyKind, UnitSummary,
};

use super::figures::number;
use super::flows::{Flow, FlowKind};
use super::page::{Cell, Table, Tile, Tone};
use super::run::RunResults;

/// The largest number of heat pumps whose seasonal COP is a headline figure.
const MOST_COPS: usize = 8;
/// The carrier whose self-sufficiency is shown.
const ELECTRICITY: &str = "electricity";

/// The comparable numbers of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Headline {
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
        let mut headline = Self::default();
        headline.add("Cost", "EUR", run.summary.cost.total_eur, "");
        headline.supply(run, flows);
        if let Some(coupling) = &run.summary.coupling {
            headline.water_loop(coupling);
            match &run.summary.network {
                Some(network) => headline.network(network),
                None => headline.balancing(coupling, run.summary.cost.balancing_eur),
            }
        }
        headline.left_over(run);
        headline
    }

    fn add(&mut self, name: &str, unit: &'static str, value: f64, note: &str) {
        self.figures.push(Quantity { name: name.to_owned(), unit, value, note: note.to_owned(), tone: Tone::Plain });
    }

    /// Marks the last figure as a warning if it is above zero.
    fn warn(&mut self) {
        if let Some(last) = self.figures.last_mut().filter(|last| last.value > 1e-3) {
            last.tone = Tone::Warning;
        }
    }

    /// Adds imports, and the seasonal COPs of heat pumps.
    fn supply(&mut self, run: &RunResults, flows: &[Flow<'_>]) {
        for carrier in imported(run) {
            self.add(&format!("{carrier} imported"), "kWh", imported_kwh(run, carrier), "");
            let peak_kw = peak_kw(flows, carrier, run);
            self.add(&format!("Peak import of {carrier}"), "kW", peak_kw, "of the whole district, mean of a step");
        }
        if let Some(share) = self_sufficiency(run, flows) {
            let note = "1 − electricity imported / electricity used (without what has a meter of its own)";
            self.add("Self-sufficiency", "%", 100.0 * share, note);
        }
        let pumps = run.summary.technologies.iter().filter(|known| known.kind == TechnologyKind::HeatPump);
        // A heat pump that hardly ran has no seasonal COP; for many heat pumps the table shows them.
        for known in pumps.filter(|known| !is_nothing("kWh", known.taken_kwh)).take(MOST_COPS) {
            let service = if known.service == Some(Service::Cooling) { "cooling" } else { "heating" };
            let name = format!("Seasonal COP, {} at {}", known.technology, known.site);
            self.add(&name, "", known.delivered_kwh / known.taken_kwh, service);
        }
    }

    fn water_loop(&mut self, coupling: &CouplingSummary) {
        if let Some(gap) = &coupling.gap {
            let money = if gap.cost_eur.is_nan() { gap.absolute_eur } else { gap.cost_eur };
            let penalties = match (gap.absolute_eur - money).abs() > 0.005 {
                true => format!("; {} EUR with the prices of what is missing or too much", number(gap.absolute_eur)),
                false => String::new(),
            };
            let unmet = match gap.unmet_relative {
                relative if relative > 0.0 => format!("; unmet demand {} kWh, {relative:.1e}", number(gap.unmet_kwh)),
                _ => String::new(),
            };
            self.add("Gap", "EUR", money, &format!("{:.1e} of the money{penalties}{unmet}", gap.relative));
        }
        let [low, mean, high] = coupling.temp_c;
        self.add("Loop temperature", "°C", mean, &format!("{low:.2} to {high:.2}"));
        let created_kwh: f64 = coupling.created_kwh.iter().map(|kwh| kwh.abs()).sum();
        if created_kwh > 0.0 {
            self.add(
                "Energy out of nothing or into it",
                "kWh",
                created_kwh,
                "the loop's limit creates it (`at_limit`)",
            );
            self.warn();
        }
        let outside: f64 = coupling.violations.iter().map(|violation| violation.hours).sum();
        let degree: f64 = coupling.violations.iter().map(|violation| violation.kelvin_hours).sum();
        self.add("Hours outside the limits", "h", outside, &format!("{} K h", number(degree)));
        self.warn();
    }

    fn balancing(&mut self, coupling: &CouplingSummary, eur: f64) {
        let [heating, cooling] = coupling.balancing_kwh;
        let note = format!("{} kWh of heat, {} kWh of cold", number(heating.abs()), number(cooling.abs()));
        self.add("Balancing", "kWh", heating.abs() + cooling.abs(), &note);
        let note = format!("{} EUR, not seen by the dispatch", number(eur));
        self.add("Energy for balancing", "kWh", coupling.balancing_energy_kwh, &note);
    }

    fn network(&mut self, network: &NetworkSummary) {
        let sum = |of: fn(&UnitSummary) -> f64| network.units.iter().map(of).sum::<f64>();
        let (heat, cold) = (sum(|unit| unit.heating_kwh), sum(|unit| unit.cooling_kwh));
        let note =
            format!("{} kWh of heat, {} kWh of cold, boreholes and wells among them", number(heat), number(cold));
        self.add("From plants", "kWh", heat + cold, &note);
        let note = format!("{} kWh of it for circulation", number(network.pumps_kwh));
        self.add("Electricity of plants and pumps", "kWh", sum(|unit| unit.electricity_kwh) + network.pumps_kwh, &note);
    }

    fn left_over(&mut self, run: &RunResults) {
        let summary = &run.summary;
        self.add("CO2", "kg", summary.co2_kg, "");
        let curtailed = summary.technologies.iter().filter_map(|known| known.curtailed_kwh);
        self.add("Curtailed", "kWh", curtailed.sum(), "of what sources had to offer");
        let unmet_kwh = run.unmet_kwh();
        let share = summary.unmet_share.filter(|_| unmet_kwh > NOT_SERVED_KWH);
        let note = share.map_or_else(String::new, |share| format!("{:.2} % of the demand", 100.0 * share));
        self.add("Unmet demand", "kWh", unmet_kwh, &note);
        self.warn();
        let surplus = summary.carriers.iter().map(|carrier| carrier.surplus_kwh).sum();
        self.add("Surplus", "kWh", surplus, "produced and thrown away");
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

/// Returns the value as text: an amount that is only rounding is shown as zero.
pub(super) fn shown(quantity: &Quantity) -> String {
    if is_nothing(quantity.unit, quantity.value) { "0".to_owned() } else { number(quantity.value) }
}

/// Returns whether an amount is only rounding.
pub(super) fn is_nothing(unit: &str, value: f64) -> bool {
    matches!(unit, "kWh" | "kW" | "kg" | "EUR") && value.abs() < 5e-4
}

/// Returns the carriers with an unlimited import.
fn imported(run: &RunResults) -> Vec<&str> {
    let mut carriers: Vec<&str> = Vec::new();
    for known in run.summary.technologies.iter().filter(|known| known.kind == TechnologyKind::Import) {
        if !carriers.contains(&known.carrier.as_str()) {
            carriers.push(&known.carrier);
        }
    }
    carriers
}

/// Returns the largest import of a carrier by all sites together, kW.
fn peak_kw(flows: &[Flow<'_>], carrier: &str, run: &RunResults) -> f64 {
    let is_import = |flow: &&Flow<'_>| {
        let mut known = run.summary.technologies.iter();
        flow.what == FlowKind::Supply
            && flow.carrier == carrier
            && known.any(|known| {
                known.kind == TechnologyKind::Import && known.site == flow.site && known.technology == flow.technology
            })
    };
    let imports: Vec<&Flow<'_>> = flows.iter().filter(is_import).collect();
    (0..run.axis.len).map(|step| imports.iter().map(|flow| flow.kw[step]).sum::<f64>()).fold(0.0, f64::max)
}

/// Returns the import of a carrier, kWh.
fn imported_kwh(run: &RunResults, carrier: &str) -> f64 {
    let imports = run.summary.technologies.iter().filter(|known| known.kind == TechnologyKind::Import);
    imports.filter(|known| known.carrier == carrier).map(|known| known.delivered_kwh).sum()
}

/// Returns the self-sufficiency: 1 minus the imported share of the electricity used in the district (served demand,
/// consumption, pumps and plants). `None` without electricity.
fn self_sufficiency(run: &RunResults, flows: &[Flow<'_>]) -> Option<f64> {
    let sum = |of: &[FlowKind]| {
        let own = flows.iter().filter(|flow| flow.carrier == ELECTRICITY && of.contains(&flow.what));
        own.map(|flow| flow.kwh(run.axis.step_hours())).sum::<f64>()
    };
    let used_kwh = sum(&[FlowKind::Demand, FlowKind::Input, FlowKind::Circulation]) - sum(&[FlowKind::Unmet]);
    (used_kwh > 0.0).then(|| (1.0 - imported_kwh(run, ELECTRICITY) / used_kwh).max(0.0))
}

/// Returns the parts of the cost with their names, EUR.
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

/// Returns the parts of the cost as a table.
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
