//! The heat of ground and units and the meters in a network's results: signs and amounts against hand calculations.

#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

use std::sync::Arc;

use anergy::config::yaml::{Source, from_node, parse};
use anergy::coupling::{LoopModel, LoopRequest, LoopResponse};
use anergy::heat_pump::{CoolingLift, CopModel, HeatPump, Service, SinkTemperature, UseOutsideRange};
use anergy::participants::NetworkParticipant;
use anergy::series::{Profile, ProfileSetting, TimeAxis};
use anergy::water_loop::WaterLoopError;
use anergy::water_loop::district_network::{
    DistrictNetwork, LoopMachine, NetworkReport, NetworkSettings, Recording, Simulation,
};
use jiff::civil::date;
use ndarray::Array2;

/// Specific heat of water in the network below, kJ/(kg K).
const HEAT: f64 = 4.2;
/// Volumetric properties of the groundwater: kJ/(kg K) and kg/m3.
const GROUNDWATER: [f64; 2] = [4.195, 999.7];

/// A pair of 500 m of pipe from a plant to one building.
fn network(ground_c: f64, u_w_m_k: f64, units: &str, steps: usize) -> DistrictNetwork {
    let text = format!(
        "fluid: {{constant: {{density_kg_m3: 1000, specific_heat_j_kg_k: 4200, viscosity_pa_s: 1.3e-3, \
         conductivity_w_m_k: 0.58}}}}\n\
         min_c: 5\nmax_c: 25\nstart: {{temp_c: 12}}\nground: {{temp_c: {ground_c}}}\nnodes: {{plant: {{}}, end: {{}}}}\n\
         pipe_types: {{type: {{inner_diameter_m: 0.1586, u_w_m_k: {u_w_m_k}}}}}\n\
         pipes: {{way: {{from: plant, to: end, type: type, length_m: 500}}}}\n\
         substations: {{building: {{node: end, site: a}}}}\n\
         plants: {{plant: {{node: plant, warm_c: [12, 14], cold_c: [8, 10], units: [{units}], \
         meter: {{price_eur_per_kwh: 0.2, co2_kg_per_kwh: 0.3}}}}}}\n"
    );
    let source = Arc::new(Source { path: "network.yaml".into(), text });
    let settings: NetworkSettings = from_node(&parse(&source).unwrap()).unwrap();
    let axis = TimeAxis::new(date(2019, 1, 1).at(0, 0, 0, 0), 60, steps);
    let read = |_: &str, setting: &ProfileSetting| match setting {
        ProfileSetting::Constant(value) => Ok::<_, WaterLoopError>(Profile::Constant(*value)),
        ProfileSetting::File(_) => unreachable!("no files here"),
    };
    let mut network = DistrictNetwork::new(&settings, &axis, read).unwrap();
    network.bind(&[LoopMachine { site: "a", technology: "pump", loop_kw: -80.0 }]).unwrap();
    network
}

const AIR: &str = "{air: {heating: {capacity_kw: 500, cop: 2.5}, cooling: {capacity_kw: 500, cop: 10}}}";

/// Returns the loop response for a machine with `output_kw` in every step.
fn response(network: DistrictNetwork, service: Service, output_kw: f64, steps: usize) -> LoopResponse {
    let pump = HeatPump {
        service,
        cop: CopModel::quadratic([5.0, 0.0, 0.0], [0.0, 60.0], UseOutsideRange::Extrapolate),
        cooling_lift: CoolingLift::LoopMinusStore,
        sink: SinkTemperature::fixed(if service == Service::Heating { 40.0 } else { 6.0 }),
    };
    let mut participant = NetworkParticipant { network, pumps: vec![pump], step_hours: 1.0 };
    let (output_kw, level_kwh) = (Array2::from_elem((1, steps), output_kw), Array2::zeros((1, steps)));
    participant.simulate(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap()
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
}

/// Water at rest at 12 degrees Celsius in 1000 m of pipe: U L (T - T_ground) flows into the ground, and out of it
/// where the ground is warmer.
#[test]
fn heat_from_the_ground_is_positive_and_into_it_negative() {
    for ground_c in [5.0, 19.0] {
        let answer = response(network(ground_c, 0.01, AIR, 1), Service::Heating, 0.0, 1);
        let expected_kwh = 0.01 * 1000.0 * (ground_c - 12.0) * 1e-3;
        near(answer.ground_kwh[0], expected_kwh, 0.01 * expected_kwh.abs());
        assert_eq!(answer.balancing_kwh[0], 0.0);
        assert!(answer.balance_residual < 1e-9 && answer.step_balance_residual < 1e-9);
    }
}

/// A chiller of 35 kW at COP 5 gives the water 42 kW; in the steady state the plant removes the same heat, with a
/// tenth of it in electricity; a heat pump takes 28 kW.
#[test]
fn units_cool_with_negative_and_heat_with_positive_sign() {
    let steps = 72;
    let last = steps - 1;
    let cooled = response(network(12.0, 0.0, AIR, steps), Service::Cooling, 35.0, steps);
    near(cooled.heat_kwh[last], 42.0, 1e-9);
    near(cooled.balancing_kwh[last], -42.0, 1e-3);
    assert_eq!(cooled.limit_steps[0], 0, "nothing was too cold");
    assert!(cooled.limit_steps[1] > steps / 2, "the plant cooled: {:?}", cooled.limit_steps);
    let warmed = response(network(12.0, 0.0, AIR, steps), Service::Heating, 35.0, steps);
    near(warmed.heat_kwh[last], -28.0, 1e-9);
    near(warmed.balancing_kwh[last], 28.0, 1e-3);
    assert_eq!(warmed.limit_steps[1], 0, "nothing was too warm");
    for (answer, electricity_kwh) in [(&cooled, 4.2), (&warmed, 28.0 / 2.5)] {
        let energy_kwh = answer.balancing_energy_kwh[last];
        assert!((electricity_kwh - 1e-3..electricity_kwh + 1.0).contains(&energy_kwh), "{energy_kwh}, with pumps");
        assert!(answer.balance_residual < 1e-9 && answer.step_balance_residual < 1e-9);
    }
}

/// The plant has a separate meter; the electricity of the substation's pump is a demand of its site.
#[test]
fn a_separate_meter_charges_money_and_co2_for_all_its_components() {
    let steps = 24;
    for heat_kw in [-42.0, 42.0] {
        let network = network(12.0, 0.0, AIR, steps);
        let mut simulation = Simulation::new(&network);
        let [mut own_kwh, mut own_eur, mut own_co2_kg, mut site_kwh] = [0.0; 4];
        for step in 0..steps {
            let outcome = simulation.step(step, &[heat_kw]).unwrap();
            own_kwh += outcome.own_kwh;
            own_eur += outcome.own_eur;
            own_co2_kg += outcome.own_co2_kg;
            site_kwh += outcome.sites_kw.iter().sum::<f64>();
        }
        let (report, _) = simulation.finish();
        let plant_kwh = report.units[0].electricity_kwh + report.plants[0].pump_kwh;
        assert!(report.units[0].electricity_kwh > 50.0 && report.plants[0].pump_kwh > 0.0, "{report:?}");
        near(own_kwh, plant_kwh, 1e-9);
        near(site_kwh, report.substations[0].pump_kwh, 1e-9);
        near(own_eur, 0.2 * plant_kwh, 1e-9);
        near(own_co2_kg, 0.3 * plant_kwh, 1e-9);
        near(report.own_eur(), own_eur, 1e-9);
        let [given, taken] = if heat_kw < 0.0 {
            [report.units[0].heating_kwh, report.units[0].cooling_kwh]
        } else {
            [report.units[0].cooling_kwh, report.units[0].heating_kwh]
        };
        assert!(given > 500.0 && taken == 0.0, "{:?}", report.units[0]);
    }
    let answer = response(network(12.0, 0.0, AIR, steps), Service::Cooling, 35.0, steps);
    assert!(answer.balancing_co2_kg > 10.0, "{}", answer.balancing_co2_kg);
    near(answer.balancing_co2_kg / answer.balancing_eur, 0.3 / 0.2, 1e-9);
}

fn simulated(network: &DistrictNetwork, heat_kw: f64, steps: usize) -> (NetworkReport, Recording) {
    let mut simulation = Simulation::new(network);
    simulation.record(steps);
    for step in 0..steps {
        simulation.step(step, &[heat_kw]).unwrap();
    }
    let (report, recording) = simulation.finish();
    (report, recording.unwrap())
}

/// A well at 11 degrees Celsius with an approach of 1.5 K brings cold water to 9.5 and warm water to 12.5 degrees
/// Celsius; its groundwater changes by the difference between the two waters less the approach, and its pump's
/// electricity follows from that flow.
#[test]
fn a_well_is_limited_by_its_approach_and_its_pump_follows_the_flow() {
    let steps = 96;
    let last = steps - 1;
    for (heat_kw, leaves_c) in [(-16.8, 9.5), (16.8, 12.5)] {
        let unit = "{well: {source_c: 11, max_flow_kg_s: 40, max_change_k: 50, approach_k: 1.5, kwh_per_m3: 0.2}}";
        let (all, recording) = simulated(&network(11.0, 0.0, unit, steps), heat_kw, steps);
        let (before, _) = simulated(&network(11.0, 0.0, unit, steps), heat_kw, last);
        near(recording.plant_outlet_c[[0, last]], leaves_c, 1e-6);
        near(recording.unit_kw[[0, last]], -heat_kw, 1e-3);
        let flow_kg_s = recording.plant_flow_kg_s[[0, last]].abs();
        let comes_c = leaves_c + heat_kw / (flow_kg_s * HEAT);
        let change_k = (11.0 - comes_c).abs() - 1.5;
        assert!(change_k > 0.5, "{change_k}");
        let groundwater_m3 = heat_kw.abs() * 3600.0 / (GROUNDWATER[0] * change_k) / GROUNDWATER[1];
        near(all.units[0].electricity_kwh - before.units[0].electricity_kwh, 0.2 * groundwater_m3, 1e-3);
    }
}
