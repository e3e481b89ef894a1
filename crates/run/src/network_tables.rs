//! A network of pipes under the answer: its components' heat balances, and its temperatures and flows over time.

use anergy_config::Case;
use anergy_cosim::Run;
use anergy_cosim::converge::NetworkAnswer;
use anergy_data::results::{Column, Table};
use anergy_thermal::water_loop::district_network::{DistrictNetwork, Overrun, SubstationTotals};

/// A row of the components' table; what does not apply is not a number.
struct Row {
    component: String,
    kind: &'static str,
    numbers: Vec<f64>,
    moments: [String; 2],
}

/// What is known of something by step, and what it is called.
type Quantity<'r> = (&'static str, &'r ndarray::Array2<f64>);

/// The numbers of a component, in kWh unless their name says otherwise.
const NUMBERS: [&str; 25] = [
    "asked_kwh",
    "received_kwh",
    "rejected_kwh",
    "brought_kwh",
    "lost_kwh",
    "stored_kwh",
    "residual_kwh",
    "electricity_kwh",
    "electricity_eur",
    "max_power_kw",
    "max_flow_kg_s",
    "max_velocity_m_s",
    "max_loss_pa_m",
    "inlet_min_c",
    "inlet_max_c",
    "outlet_min_c",
    "outlet_max_c",
    "hours_inlet_below",
    "hours_inlet_above",
    "hours_outlet_below",
    "hours_outlet_above",
    "hours_near_freezing",
    "hours_beyond_refrigerant",
    "hours_unmet",
    "unmet_kwh",
];

impl Row {
    fn new(component: &str, kind: &'static str, values: &[(&str, f64)]) -> Self {
        let value = |name: &&str| values.iter().find(|(known, _)| known == name).map_or(f64::NAN, |(_, value)| *value);
        let numbers = NUMBERS.iter().map(value).collect();
        Self { component: component.to_owned(), kind, numbers, moments: Default::default() }
    }
}

fn of_case<'r>(case: &'r Case, run: &'r Run) -> Option<(&'r DistrictNetwork, &'r NetworkAnswer)> {
    Some((case.coupled.as_ref()?.water_loop.network()?, run.network.as_ref()?))
}

/// The row of a substation or of a source of waste heat.
fn substation(name: &str, is_source: bool, totals: &SubstationTotals, hours: &dyn Fn(&Overrun) -> f64) -> Row {
    let SubstationTotals {
        asked_kwh,
        received_kwh,
        pump_kwh,
        pump_eur,
        flow_kg_s,
        inlet_c,
        outlet_c,
        limits,
        freezing,
        beyond_refrigerant,
        ..
    } = totals;
    let left_kwh = asked_kwh[0] + asked_kwh[1] - received_kwh;
    let mut values = vec![
        ("asked_kwh", asked_kwh[0] + asked_kwh[1]),
        ("received_kwh", *received_kwh),
        // What a source cannot give the network goes elsewhere.
        (if is_source { "rejected_kwh" } else { "residual_kwh" }, left_kwh),
        ("electricity_kwh", *pump_kwh),
        ("electricity_eur", *pump_eur),
        ("max_flow_kg_s", *flow_kg_s),
    ];
    if inlet_c[0] <= inlet_c[1] {
        let names = ["inlet_min_c", "inlet_max_c", "outlet_min_c", "outlet_max_c"];
        values.extend(names.into_iter().zip([inlet_c[0], inlet_c[1], outlet_c[0], outlet_c[1]]));
    }
    if !is_source {
        let names = ["hours_inlet_below", "hours_inlet_above", "hours_outlet_below", "hours_outlet_above"];
        values.extend(names.into_iter().zip(limits.iter().map(hours)));
        values.push(("hours_near_freezing", hours(freezing)));
        values.push(("hours_beyond_refrigerant", hours(beyond_refrigerant)));
    }
    Row::new(name, if is_source { "waste_heat" } else { "substation" }, &values)
}

/// One row per component: pipes, substations, sources of waste heat, units and pumps of plants, the mixing in the nodes, and the whole.
///
/// Heat balances: `asked` is what heat pumps or sources should give the water and `received` what it got; `brought` is what water brings into a pipe
/// more than it takes out, `lost` goes into the ground, `stored` is more at the end than at the start. Every row's `residual` is what they miss. `electricity_eur` is paid on meters of
/// their own; what sites bring is in their bills.
#[must_use]
pub fn network_components_table(case: &Case, run: &Run) -> Option<Table> {
    let (network, NetworkAnswer { report, .. }) = of_case(case, run)?;
    let axis = case.district.axis();
    #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
    let hours = |overrun: &Overrun| overrun.steps as f64 * axis.step_hours();
    let mut rows = Vec::new();
    for (index, (name, pipe)) in network.pipe_names().zip(&report.pipes).enumerate() {
        let values = [
            ("brought_kwh", pipe.brought_kwh),
            ("lost_kwh", pipe.lost_kwh),
            ("stored_kwh", pipe.stored_kwh),
            ("residual_kwh", pipe.residual_kwh()),
            ("max_velocity_m_s", pipe.velocity_m_s),
            ("max_loss_pa_m", pipe.loss_pa_m),
        ];
        let moments = [axis.label(pipe.velocity_at), axis.label(pipe.loss_at)];
        let kind = if network.is_beside(index) { "beside" } else { "pipe" };
        rows.push(Row { moments, ..Row::new(name, kind, &values) });
    }
    for (index, (name, totals)) in network.substation_names().zip(&report.substations).enumerate() {
        rows.push(substation(name, network.is_source(index), totals, &hours));
    }
    for (name, unit) in network.unit_names().zip(&report.units) {
        let values = [
            ("received_kwh", unit.heating_kwh - unit.cooling_kwh),
            ("electricity_kwh", unit.electricity_kwh),
            ("electricity_eur", unit.electricity_eur),
            ("max_power_kw", unit.most_kw),
        ];
        rows.push(Row::new(name, "unit", &values));
    }
    for (name, plant) in network.plant_names().zip(&report.plants) {
        let values = [
            ("electricity_kwh", plant.pump_kwh),
            ("electricity_eur", plant.pump_eur),
            ("max_flow_kg_s", plant.flow_kg_s),
            ("hours_unmet", plant.unmet.iter().map(hours).sum()),
            ("unmet_kwh", plant.unmet_kwh.iter().sum()),
        ];
        rows.push(Row::new(name, "plant", &values));
    }
    if network.is_ring() {
        let values = [("electricity_kwh", report.main_pump_kwh), ("electricity_eur", report.main_pump_eur)];
        rows.push(Row::new("main_pump", "main_pump", &values));
    }
    let sum = |of: &dyn Fn(&anergy_thermal::water_loop::district_network::PipeTotals) -> f64| -> f64 {
        report.pipes.iter().map(of).sum()
    };
    let (brought, stored) = (sum(&|pipe| pipe.brought_kwh), report.stored_kwh - sum(&|pipe| pipe.stored_kwh));
    let mixing = [
        ("received_kwh", report.received_kwh),
        ("brought_kwh", -brought),
        ("stored_kwh", stored),
        ("residual_kwh", report.received_kwh - brought - stored),
    ];
    rows.push(Row::new("nodes", "mixing", &mixing));
    let whole = [
        ("received_kwh", report.received_kwh),
        ("lost_kwh", report.lost_kwh),
        ("stored_kwh", report.stored_kwh),
        ("residual_kwh", report.received_kwh - report.lost_kwh - report.stored_kwh),
        ("electricity_kwh", report.pumps_kwh() + report.units.iter().map(|unit| unit.electricity_kwh).sum::<f64>()),
        ("electricity_eur", report.own_eur()),
    ];
    rows.push(Row::new("network", "whole", &whole));

    let mut table = Table::default();
    table.push("component", Column::Text(rows.iter().map(|row| row.component.clone()).collect()));
    table.push("kind", Column::Text(rows.iter().map(|row| row.kind.to_owned()).collect()));
    for (index, name) in NUMBERS.into_iter().enumerate() {
        table.push(name, Column::Number(rows.iter().map(|row| row.numbers[index]).collect()));
    }
    for (index, name) in ["max_velocity_at", "max_loss_at"].into_iter().enumerate() {
        table.push(name, Column::Text(rows.iter().map(|row| row.moments[index].clone()).collect()));
    }
    Some(table)
}

/// Temperatures and flows along the network by time step, means over the step, to three decimals; `cop_inlet_c`, that COPs are taken with, at the beginning of the step, to the last digit.
///
/// Columns are `node|NAME|` with `temperature_c` and `pressure_kpa` (above the first node of the cold line or the ring); `substation|NAME|` with `flow_kg_s` (positive from the warm line to the cold one), `inlet_c`, `outlet_c`, `pump_kw` and `cop_inlet_c`;
/// `plant|NAME|` with `flow_kg_s` (positive to the warm line), `outlet_c` and `pump_kw`; `unit|NAME|heat_kw`, and for a
/// borehole field `unit|NAME|wall_c` and `unit|NAME|fluid_c` at the end of the step.
#[must_use]
pub fn network_table(case: &Case, run: &Run) -> Option<Table> {
    let (network, NetworkAnswer { recording, .. }) = of_case(case, run)?;
    let axis = case.district.axis();
    let mut table = Table::default();
    table.push("timestamp", Column::Time((0..axis.len()).map(|step| axis.stamp(step)).collect()));
    let pressure_kpa = recording.pressure_pa.mapv(|pressure| 1e-3 * pressure);
    let nodes = network.node_names().iter().map(String::as_str);
    let quantities: [(&str, Vec<&str>, Vec<Quantity<'_>>); 4] = [
        ("node", nodes.collect(), vec![("temperature_c", &recording.node_c), ("pressure_kpa", &pressure_kpa)]),
        (
            "substation",
            network.substation_names().collect(),
            vec![
                ("flow_kg_s", &recording.flow_kg_s),
                ("inlet_c", &recording.inlet_c),
                ("outlet_c", &recording.outlet_c),
                ("pump_kw", &recording.pump_kw),
            ],
        ),
        (
            "plant",
            network.plant_names().collect(),
            vec![
                ("flow_kg_s", &recording.plant_flow_kg_s),
                ("outlet_c", &recording.plant_outlet_c),
                ("pump_kw", &recording.plant_pump_kw),
            ],
        ),
        ("unit", network.unit_names().collect(), vec![("heat_kw", &recording.unit_kw)]),
    ];
    for (kind, names, values) in quantities {
        for (index, name) in names.into_iter().enumerate() {
            for (what, values) in &values {
                table.push(format!("{kind}|{name}|{what}"), Column::Fixed(values.row(index).to_vec()));
            }
            if kind == "substation" && !network.is_source(index) {
                let cop_inlet_c = recording.cop_inlet_c.row(index).to_vec();
                table.push(format!("{kind}|{name}|cop_inlet_c"), Column::Number(cop_inlet_c));
            }
        }
    }
    for (index, name) in network.unit_names().enumerate().filter(|(index, _)| network.is_borehole_field(*index)) {
        for (what, values) in [("wall_c", &recording.wall_c), ("fluid_c", &recording.fluid_c)] {
            table.push(format!("unit|{name}|{what}"), Column::Fixed(values.row(index).to_vec()));
        }
    }
    Some(table)
}
