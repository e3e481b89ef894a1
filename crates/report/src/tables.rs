//! Tables of a run's page.

use anergy_data::schema::columns::{comparison, timeseries};
use anergy_data::schema::files::TIMESERIES;
use anergy_data::schema::{Excess, TechnologySummary, UnitSummary, ValiditySummary};

use super::figures::number;
use super::flows::{Balance, Flow, FlowKind, account};
use super::frame::Frame;
use super::headline::is_nothing;
use super::page::{Cell, Table};
use super::run::RunResults;

/// Returns the running steps outside the range of validity of each COP model; `None` if there are none.
pub(super) fn validity_table(run: &RunResults) -> Option<Table> {
    let validity = &run.summary.coupling.as_ref()?.validity;
    let left = validity.iter().filter(|pump| pump.below + pump.above + pump.warming > 0);
    let row = |pump: &ValiditySummary| {
        let counts = [pump.running, pump.below, pump.above, pump.warming];
        let names = [&pump.technology, &pump.site].into_iter().map(|name| Cell::Text(name.clone()));
        names.chain(counts.map(|count| Cell::Number(count.to_string()))).collect()
    };
    let rows: Vec<Vec<Cell>> = left.map(row).collect();
    let heads = ["Heat pump", "Site", "Running steps", "Below the range", "Above it", "Heating with a COP below 1"]
        .map(str::to_owned)
        .to_vec();
    let caption = "Running steps outside the range of validity of the COP model".to_owned();
    (!rows.is_empty()).then_some(Table { caption, heads, rows, is_folded: false })
}

/// Returns the time of a network's water outside its limits; `None` if there is none.
pub(super) fn excess_table(run: &RunResults) -> Option<Table> {
    let network = run.summary.network.as_ref()?;
    let row = |excess: &Excess| {
        let limit = excess.limit_c.map_or_else(String::new, |limit| format!("{limit}"));
        vec![
            Cell::Text(excess.name.clone()),
            Cell::Text(excess.what.clone()),
            Cell::Number(limit),
            Cell::Number(number(excess.hours)),
            Cell::Number(format!("{:.2}", excess.worst_k)),
            Cell::Text(excess.worst_at.clone()),
        ]
    };
    let rows: Vec<Vec<Cell>> = network.unmet.iter().chain(&network.limits).map(row).collect();
    let heads = ["Where", "What", "Limit, °C", "Hours", "Worst, K", "at"].map(str::to_owned).to_vec();
    (!rows.is_empty()).then_some(Table {
        caption: "Water outside its limits".to_owned(),
        heads,
        rows,
        is_folded: false,
    })
}

/// Returns the energy of the units and pumps of a network; `None` without one.
pub(super) fn units_table(run: &RunResults) -> Option<Table> {
    let network = run.summary.network.as_ref()?;
    let row = |unit: &UnitSummary| {
        let numbers = [unit.heating_kwh, unit.cooling_kwh, unit.electricity_kwh, unit.most_kw];
        let name = Cell::Text(unit.name.clone());
        std::iter::once(name).chain(numbers.map(|value| Cell::Number(number(value)))).collect()
    };
    let pumps = vec![
        Cell::Text("circulation pumps".to_owned()),
        Cell::Number(String::new()),
        Cell::Number(String::new()),
        Cell::Number(number(network.pumps_kwh)),
        Cell::Number(String::new()),
    ];
    let heads = ["Unit", "Heat, kWh", "Cold, kWh", "Electricity, kWh", "Most, kW"].map(str::to_owned).to_vec();
    let rows = network.units.iter().map(row).chain([pumps]).collect();
    Some(Table { caption: "Plants and pumps of the network".to_owned(), heads, rows, is_folded: false })
}

/// Returns energy, peaks and seasonal COPs by technology.
pub(super) fn technology_table(run: &RunResults) -> Table {
    let row = |known: &TechnologySummary| {
        let text = |text: &str| Cell::Text(text.to_owned());
        let cop = match known.service.is_some() && !is_nothing("kWh", known.taken_kwh) {
            true => format!("{:.2}", known.delivered_kwh / known.taken_kwh),
            false => String::new(),
        };
        let curtailed = known.curtailed_kwh.map_or_else(String::new, number_of_energy);
        let numbers = [
            number_of_energy(known.delivered_kwh),
            number_of_energy(known.taken_kwh),
            number_of_energy(known.peak_kw),
            cop,
            curtailed,
        ];
        let names = [text(&known.site), text(&known.technology), text(&known.carrier)];
        names.into_iter().chain(numbers.map(Cell::Number)).collect()
    };
    let heads =
        ["Site", "Technology", "Carrier", "Delivered, kWh", "Taken, kWh", "Peak, kW", "Seasonal COP", "Curtailed, kWh"];
    Table {
        caption: "Energy by technology".to_owned(),
        heads: heads.map(str::to_owned).to_vec(),
        rows: run.summary.technologies.iter().map(row).collect(),
        is_folded: false,
    }
}

/// Returns an energy as text; an amount that is only rounding is shown as zero.
fn number_of_energy(kwh: f64) -> String {
    if is_nothing("kWh", kwh) { "0".to_owned() } else { number(kwh) }
}

/// Returns the energy balances of every carrier at every site.
pub(super) fn balance_table(run: &RunResults, flows: &[Flow<'_>]) -> Table {
    let balances = account(run, flows);
    let kinds: Vec<_> = FlowKind::all()
        .filter(|what| balances.iter().any(|balance| balance.parts.iter().any(|(known, _)| known == what)))
        .collect();
    let mut heads = vec!["Site".to_owned(), "Carrier".to_owned()];
    let sign = |what: &FlowKind| if what.is_source() { '+' } else { '−' };
    heads.extend(kinds.iter().map(|what| format!("{} {}", sign(what), what.name())));
    heads.extend(["= residual".to_owned(), "worst step, kW".to_owned()]);
    let row = |balance: &Balance<'_>| {
        let mut cells = vec![Cell::Text(balance.site.to_owned()), Cell::Text(balance.carrier.to_owned())];
        cells.extend(kinds.iter().map(|what| {
            let part = balance.parts.iter().find(|(known, _)| known == what);
            Cell::Number(part.map_or_else(String::new, |(_, kwh)| number_of_energy(*kwh)))
        }));
        cells.push(Cell::Number(format!("{:.1e}", balance.residual_kwh)));
        cells.push(Cell::Number(format!("{:.1e}", balance.worst_kw)));
        cells
    };
    Table {
        caption: format!("Energy balances, kWh, added up from {TIMESERIES}"),
        heads,
        rows: balances.iter().map(row).collect(),
        is_folded: false,
    }
}

/// Returns the figures beside their published values.
pub(super) fn comparison_table(frame: &Frame) -> Table {
    let texts = [comparison::FIGURE, comparison::ITERATION].map(|name| (name, frame.texts(name)));
    let text = |name: &str, row: usize| {
        let column = texts.iter().find(|(known, _)| *known == name).and_then(|(_, column)| column.as_ref());
        column.map_or_else(String::new, |column| column[row].clone())
    };
    let value = |name: &str, row: usize| {
        let value = frame.numbers(name).map_or(f64::NAN, |values| values[row]);
        Cell::Number(match value {
            value if value.is_nan() => String::new(),
            value if value.abs() < 1.0 => format!("{value:.3e}"),
            value => format!("{value:.3}"),
        })
    };
    let row = |row| {
        let names = [Cell::Text(text(comparison::FIGURE, row)), Cell::Number(text(comparison::ITERATION, row))];
        let values = [comparison::PUBLISHED, comparison::OURS, comparison::DIFFERENCE, comparison::TOLERANCE]
            .map(|name| value(name, row));
        names.into_iter().chain(values).collect()
    };
    let heads = ["Figure", "Iteration", "Published", "Ours", "Difference", "Tolerance"].map(str::to_owned).to_vec();
    let rows = (0..frame.rows()).map(row).collect();
    Table {
        caption: "Against the published figures; without a tolerance they are only shown".to_owned(),
        heads,
        rows,
        is_folded: false,
    }
}

/// Returns the energy into the loop's water and out of it; `None` without a loop.
pub(super) fn loop_table(run: &RunResults) -> Option<Table> {
    let coupling = run.summary.coupling.as_ref()?;
    let heat = run.series.numbers(timeseries::LOOP_HEAT_KWH)?;
    let sum = |sign: f64| heat.iter().filter(|kwh| sign * **kwh > 0.0).sum::<f64>();
    let network = run.summary.network.is_some();
    let parts = [
        ("Heat pumps that cool, and what heats the loop directly", [sum(1.0), 0.0]),
        ("Heat pumps that heat", [0.0, sum(-1.0)]),
        ("Ground", coupling.ground_kwh),
        (if network { "Plants and waste heat" } else { "Balancing unit" }, coupling.balancing_kwh),
        ("Out of nothing, into nothing", coupling.created_kwh),
    ];
    let kept_kwh: f64 = parts.iter().flat_map(|(_, sides)| sides).sum();
    let row = |(name, [into, out]): (&str, [f64; 2])| {
        let sides = [number(into), number(out)].map(Cell::Number);
        std::iter::once(Cell::Text(name.to_owned())).chain(sides).collect()
    };
    let mut rows: Vec<Vec<Cell>> = parts.into_iter().filter(|(_, sides)| *sides != [0.0; 2]).map(row).collect();
    rows.push(row(("Kept by the water (what is left)", [kept_kwh.max(0.0), kept_kwh.min(0.0)])));
    let residual = |value: f64| Cell::Number(format!("{value:.1e}"));
    let (whole, step) = (coupling.loop_balance_residual, coupling.loop_step_balance_residual);
    rows.push(vec![
        Cell::Text("Residual: of the whole time, and the worst of a step, relative to the energy moved".to_owned()),
        residual(whole),
        residual(step),
    ]);
    Some(Table {
        caption: "Energy balance of the loop".to_owned(),
        heads: ["", "Into the water, kWh", "Out of it, kWh"].map(str::to_owned).to_vec(),
        rows,
        is_folded: false,
    })
}
