//! Result tables of a network of pipes: the heat balances of its components, and its temperatures and flows over time.

use anergy_config::Case;
use anergy_cosim::CosimResult;
use anergy_cosim::converge::NetworkAnswer;
use anergy_data::results::{Column, Table};
use anergy_data::schema::columns::{TIMESTAMP, network as column, network_components as component};
use anergy_thermal::water_loop::district_network::{DistrictNetwork, Overrun, SubstationTotals};

/// A row of the components' table; a value that does not apply is NaN.
struct ComponentRow {
    component: String,
    kind: &'static str,
    numbers: Vec<f64>,
    moments: [String; 2],
}

/// The name of a quantity, and its values by step.
type Quantity<'r> = (&'static str, &'r ndarray::Array2<f64>);

impl ComponentRow {
    fn new(component: &str, kind: &'static str, values: &[(&str, f64)]) -> Self {
        let value = |name: &&str| values.iter().find(|(known, _)| known == name).map_or(f64::NAN, |(_, value)| *value);
        let numbers = component::NUMBERS.iter().map(value).collect();
        Self { component: component.to_owned(), kind, numbers, moments: Default::default() }
    }
}

fn of_case<'r>(case: &'r Case, run: &'r CosimResult) -> Option<(&'r DistrictNetwork, &'r NetworkAnswer)> {
    Some((case.coupled.as_ref()?.water_loop.network()?, run.network.as_ref()?))
}

/// Returns the row of a substation or of a source of waste heat.
fn substation(name: &str, is_source: bool, totals: &SubstationTotals, hours: &dyn Fn(&Overrun) -> f64) -> ComponentRow {
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
        (component::ASKED_KWH, asked_kwh[0] + asked_kwh[1]),
        (component::RECEIVED_KWH, *received_kwh),
        // Heat of a source that the network cannot accept is rejected to another place.
        (if is_source { component::REJECTED_KWH } else { component::RESIDUAL_KWH }, left_kwh),
        (component::ELECTRICITY_KWH, *pump_kwh),
        (component::ELECTRICITY_EUR, *pump_eur),
        (component::MAX_FLOW_KG_S, *flow_kg_s),
    ];
    if inlet_c[0] <= inlet_c[1] {
        let names = [component::INLET_MIN_C, component::INLET_MAX_C, component::OUTLET_MIN_C, component::OUTLET_MAX_C];
        values.extend(names.into_iter().zip([inlet_c[0], inlet_c[1], outlet_c[0], outlet_c[1]]));
    }
    if !is_source {
        let names = [
            component::HOURS_INLET_BELOW,
            component::HOURS_INLET_ABOVE,
            component::HOURS_OUTLET_BELOW,
            component::HOURS_OUTLET_ABOVE,
        ];
        values.extend(names.into_iter().zip(limits.iter().map(hours)));
        values.push((component::HOURS_NEAR_FREEZING, hours(freezing)));
        values.push((component::HOURS_BEYOND_REFRIGERANT, hours(beyond_refrigerant)));
    }
    ComponentRow::new(name, if is_source { "waste_heat" } else { "substation" }, &values)
}

/// Returns one row per component: pipes, substations, sources of waste heat, units and pumps of plants, the mixing in
/// the nodes, and the whole network; `None` without a network.
///
/// Heat balances: `asked` is the heat that heat pumps or sources request to give to the water and `received` the heat
/// that it received; `brought` is the net heat that flows into a pipe with the water, `lost` flows into the ground,
/// `stored` is the heat at the end minus the heat at the start. Every row's `residual` is the residual of its balance.
/// `electricity_eur` is the cost on separate meters; electricity supplied by sites is in the sites' costs.
#[must_use]
pub fn network_components_table(case: &Case, run: &CosimResult) -> Option<Table> {
    let (network, NetworkAnswer { report, .. }) = of_case(case, run)?;
    let axis = case.district.axis();
    #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
    let hours = |overrun: &Overrun| overrun.steps as f64 * axis.step_hours();
    let mut rows = Vec::new();
    for (index, (name, pipe)) in network.pipe_names().zip(&report.pipes).enumerate() {
        let values = [
            (component::BROUGHT_KWH, pipe.brought_kwh),
            (component::LOST_KWH, pipe.lost_kwh),
            (component::STORED_KWH, pipe.stored_kwh),
            (component::RESIDUAL_KWH, pipe.residual_kwh()),
            (component::MAX_VELOCITY_M_S, pipe.velocity_m_s),
            (component::MAX_LOSS_PA_M, pipe.loss_pa_m),
        ];
        let moments = [axis.label(pipe.velocity_at), axis.label(pipe.loss_at)];
        let kind = if network.is_beside(index) { "beside" } else { "pipe" };
        rows.push(ComponentRow { moments, ..ComponentRow::new(name, kind, &values) });
    }
    for (index, (name, totals)) in network.substation_names().zip(&report.substations).enumerate() {
        rows.push(substation(name, network.is_source(index), totals, &hours));
    }
    for (name, unit) in network.unit_names().zip(&report.units) {
        let values = [
            (component::RECEIVED_KWH, unit.heating_kwh - unit.cooling_kwh),
            (component::ELECTRICITY_KWH, unit.electricity_kwh),
            (component::ELECTRICITY_EUR, unit.electricity_eur),
            (component::MAX_POWER_KW, unit.most_kw),
        ];
        rows.push(ComponentRow::new(name, "unit", &values));
    }
    for (name, plant) in network.plant_names().zip(&report.plants) {
        let values = [
            (component::ELECTRICITY_KWH, plant.pump_kwh),
            (component::ELECTRICITY_EUR, plant.pump_eur),
            (component::MAX_FLOW_KG_S, plant.flow_kg_s),
            (component::HOURS_UNMET, plant.unmet.iter().map(hours).sum()),
            (component::UNMET_KWH, plant.unmet_kwh.iter().sum()),
        ];
        rows.push(ComponentRow::new(name, "plant", &values));
    }
    if network.is_ring() {
        let values =
            [(component::ELECTRICITY_KWH, report.main_pump_kwh), (component::ELECTRICITY_EUR, report.main_pump_eur)];
        rows.push(ComponentRow::new("main_pump", "main_pump", &values));
    }
    let sum = |of: &dyn Fn(&anergy_thermal::water_loop::district_network::PipeTotals) -> f64| -> f64 {
        report.pipes.iter().map(of).sum()
    };
    let (brought, stored) = (sum(&|pipe| pipe.brought_kwh), report.stored_kwh - sum(&|pipe| pipe.stored_kwh));
    let mixing = [
        (component::RECEIVED_KWH, report.received_kwh),
        (component::BROUGHT_KWH, -brought),
        (component::STORED_KWH, stored),
        (component::RESIDUAL_KWH, report.received_kwh - brought - stored),
    ];
    rows.push(ComponentRow::new("nodes", "mixing", &mixing));
    let whole = [
        (component::RECEIVED_KWH, report.received_kwh),
        (component::LOST_KWH, report.lost_kwh),
        (component::STORED_KWH, report.stored_kwh),
        (component::RESIDUAL_KWH, report.received_kwh - report.lost_kwh - report.stored_kwh),
        (
            component::ELECTRICITY_KWH,
            report.pumps_kwh() + report.units.iter().map(|unit| unit.electricity_kwh).sum::<f64>(),
        ),
        (component::ELECTRICITY_EUR, report.own_eur()),
    ];
    rows.push(ComponentRow::new("network", "whole", &whole));

    let mut table = Table::default();
    table.push(component::COMPONENT, Column::Text(rows.iter().map(|row| row.component.clone()).collect()));
    table.push(component::KIND, Column::Text(rows.iter().map(|row| row.kind.to_owned()).collect()));
    for (index, name) in component::NUMBERS.into_iter().enumerate() {
        table.push(name, Column::Number(rows.iter().map(|row| row.numbers[index]).collect()));
    }
    for (index, name) in [component::MAX_VELOCITY_AT, component::MAX_LOSS_AT].into_iter().enumerate() {
        table.push(name, Column::Text(rows.iter().map(|row| row.moments[index].clone()).collect()));
    }
    Some(table)
}

/// Returns temperatures and flows along the network by time step, means over the step, with three decimals;
/// `cop_inlet_c`, at which the COPs are evaluated, at the beginning of the step, in full precision. `None` without a
/// network.
///
/// Columns are `node|NAME|` with `temperature_c` and `pressure_kpa` (above the first node of the cold line or the
/// ring); `substation|NAME|` with `flow_kg_s` (positive from the warm line to the cold one), `inlet_c`, `outlet_c`,
/// `pump_kw` and `cop_inlet_c`; `plant|NAME|` with `flow_kg_s` (positive to the warm line), `outlet_c` and `pump_kw`;
/// `unit|NAME|heat_kw`, and for a borehole field `unit|NAME|wall_c` and `unit|NAME|fluid_c` at the end of the step.
#[must_use]
pub fn network_table(case: &Case, run: &CosimResult) -> Option<Table> {
    let (network, NetworkAnswer { recording, .. }) = of_case(case, run)?;
    let axis = case.district.axis();
    let mut table = Table::default();
    table.push(TIMESTAMP, Column::Time((0..axis.len()).map(|step| axis.stamp(step)).collect()));
    let pressure_kpa = recording.pressure_pa.mapv(|pressure| 1e-3 * pressure);
    let nodes = network.node_names().iter().map(String::as_str);
    let quantities: [(&str, Vec<&str>, Vec<Quantity<'_>>); 4] = [
        (
            column::NODE,
            nodes.collect(),
            vec![(column::TEMPERATURE_C, &recording.node_c), (column::PRESSURE_KPA, &pressure_kpa)],
        ),
        (
            column::SUBSTATION,
            network.substation_names().collect(),
            vec![
                (column::FLOW_KG_S, &recording.flow_kg_s),
                (column::INLET_C, &recording.inlet_c),
                (column::OUTLET_C, &recording.outlet_c),
                (column::PUMP_KW, &recording.pump_kw),
            ],
        ),
        (
            column::PLANT,
            network.plant_names().collect(),
            vec![
                (column::FLOW_KG_S, &recording.plant_flow_kg_s),
                (column::OUTLET_C, &recording.plant_outlet_c),
                (column::PUMP_KW, &recording.plant_pump_kw),
            ],
        ),
        (column::UNIT, network.unit_names().collect(), vec![(column::HEAT_KW, &recording.unit_kw)]),
    ];
    for (kind, names, values) in quantities {
        for (index, name) in names.into_iter().enumerate() {
            for (what, values) in &values {
                table.push(column::name(kind, name, what), Column::Fixed(values.row(index).to_vec()));
            }
            if kind == column::SUBSTATION && !network.is_source(index) {
                let cop_inlet_c = recording.cop_inlet_c.row(index).to_vec();
                table.push(column::name(kind, name, column::COP_INLET_C), Column::Number(cop_inlet_c));
            }
        }
    }
    for (index, name) in network.unit_names().enumerate().filter(|(index, _)| network.is_borehole_field(*index)) {
        for (what, values) in [(column::WALL_C, &recording.wall_c), (column::FLUID_C, &recording.fluid_c)] {
            table.push(column::name(column::UNIT, name, what), Column::Fixed(values.row(index).to_vec()));
        }
    }
    Some(table)
}
