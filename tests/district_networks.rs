//! District networks from their settings: flows, pumps, units and limits against hand calculations, and invariances.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

use std::sync::Arc;

use anergy::config::yaml::{Source, from_node, parse};
use anergy::coupling::{LoopModel, LoopRequest, LoopResponse};
use anergy::heat_pump::{CoolingLift, CopModel, HeatPump, LoopWater, Service, SinkTemperature, UseOutsideRange};
use anergy::participants::{NetworkParticipant, WellMixedParticipant, year_blocks};
use anergy::series::{Profile, ProfileSetting, TimeAxis};
use anergy::water_loop::district_network::{
    DistrictNetwork, LoopMachine, NetworkReport, NetworkSettings, Recording, Simulation,
};
use anergy::water_loop::{LoopLimit, LoopProfiles, WaterLoopError, WellMixedLoop};
use jiff::civil::date;
use ndarray::Array2;
use proptest::prelude::*;

/// Water with given properties, kJ/(kg K) and kg/m3, so that hand calculations are exact.
const WATER: &str =
    "{constant: {density_kg_m3: 1000, specific_heat_j_kg_k: 4200, viscosity_pa_s: 1.3e-3, conductivity_w_m_k: 0.58}}";
const HEAT: f64 = 4.2;

/// A pair of pipes from a plant to two buildings, one of site `a` and one of site `b`.
const PAIR: &str = "
fluid: WATER
min_c: 5
max_c: 25
start: {temp_c: 12}
ground: {temp_c: 12}
nodes: {plant: {}, middle: {}, end: {}}
pipe_types: {de180: {inner_diameter_m: 0.1586, u_w_m_k: 0}}
pipes:
  near: {from: plant, to: middle, type: de180, length_m: 300}
  far: {from: middle, to: end, type: de180, length_m: 200}
substations:
  first: {node: middle, site: a}
  second: {node: end, site: b}
plants:
  plant:
    node: plant
    warm_c: [12, 14]
    cold_c: [8, 10]
    units: [{air: {heating: {capacity_kw: 500, cop: 2.5}, cooling: {capacity_kw: 500, cop: 10}}}]
    meter: {price_eur_per_kwh: 0.2, co2_kg_per_kwh: 0.3}
";

const RING: &str = "
fluid: WATER
min_c: 5
max_c: 25
start: {temp_c: 12}
ground: {temp_c: 12}
nodes: {first: {}, second: {}, third: {}}
pipe_types: {de180: {inner_diameter_m: 0.1586, wall_heat_capacity_j_m3_k: 0, u_w_m_k: 0}}
main_pump: {node: first, towards: second, flow_kg_s: 10}
pipes:
  one: {from: first, to: second, type: de180, length_m: 300, line: single}
  two: {from: second, to: third, type: de180, length_m: 200, line: single}
  three: {from: third, to: first, type: de180, length_m: 400, line: single}
substations:
  a: {node: second, site: a}
  b: {node: third, site: b}
";

fn settings(text: &str) -> NetworkSettings {
    let source = Source { path: "network.yaml".into(), text: text.replace("WATER", WATER) };
    from_node(&parse(&Arc::new(source)).unwrap()).unwrap()
}

fn axis(steps: usize) -> TimeAxis {
    TimeAxis::new(date(2019, 1, 1).at(0, 0, 0, 0), 60, steps)
}

fn built(settings: &NetworkSettings, steps: usize) -> Result<DistrictNetwork, WaterLoopError> {
    let mut network =
        DistrictNetwork::new(settings, &axis(steps), |_: &str, setting: &ProfileSetting| match setting {
            ProfileSetting::Constant(value) => Ok(Profile::Constant(*value)),
            ProfileSetting::File(_) => unreachable!("no files here"),
        })?;
    let machine = |site| LoopMachine { site, technology: "pump", loop_kw: -80.0 };
    network.bind(&[machine("a"), machine("b")])?;
    Ok(network)
}

/// Simulates steps with the heat of each substation, kW. Returns the totals and the recorded steps.
fn simulated(network: &DistrictNetwork, heat_kw: &[Vec<f64>]) -> (NetworkReport, Recording) {
    let mut simulation = Simulation::new(network);
    simulation.record(heat_kw.len());
    for (step, heat_kw) in heat_kw.iter().enumerate() {
        let outcome = simulation.step(step, heat_kw).unwrap();
        assert!(outcome.residual < 1e-9, "{outcome:?}");
    }
    let (report, recording) = simulation.finish();
    assert!(report.residual() < 1e-9 && report.worst_step < 1e-9, "{report:?}");
    for pipe in &report.pipes {
        assert!(pipe.residual_kwh().abs() < 1e-6, "{pipe:?}");
    }
    (report, recording.unwrap())
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
}

#[test]
fn flows_follow_from_heat_and_spread_and_change_sign_with_the_heat() {
    let network = built(&settings(PAIR), 3).unwrap();
    // The first building takes 42 kW, then cools; the second takes 21 kW all the time.
    let (report, recording) = simulated(&network, &[vec![-42.0, -21.0], vec![42.0, -21.0], vec![21.0, -21.0]]);
    for (step, expected) in [[2.5, 1.25], [-2.5, 1.25], [-1.25, 1.25]].into_iter().enumerate() {
        for (index, flow) in expected.into_iter().enumerate() {
            near(recording.flow_kg_s[[index, step]], flow, 1e-12);
        }
        near(recording.plant_flow_kg_s[[0, step]], expected[0] + expected[1], 1e-12);
    }
    // Heat flows from one building to the other: no water passes the plant, and its units are idle.
    assert_eq!(recording.unit_kw[[0, 2]], 0.0);
    assert_eq!(report.substations[1].asked_kwh, [-63.0, 0.0]);
    near(report.substations[0].received_kwh, 21.0, 1e-9);
    // Electricity of the air unit: heating at a COP of 2.5, cooling at 10.
    let unit = &report.units[0];
    near(unit.electricity_kwh, unit.heating_kwh / 2.5 + unit.cooling_kwh / 10.0, 1e-12);
    assert!(unit.heating_kwh > 0.0);
}

/// Returns the pressure loss by Darcy and Weisbach with the friction factor of Colebrook and White, Pa.
fn loss_pa(flow_kg_s: f64, length_m: f64) -> f64 {
    let (diameter, roughness, viscosity, density) = (0.1586_f64, 7e-6, 1.3e-3, 1000.0);
    let velocity = flow_kg_s / (density * std::f64::consts::PI / 4.0 * diameter * diameter);
    let reynolds = density * velocity * diameter / viscosity;
    let mut root = 0.15;
    for _ in 0..50 {
        root = 1.0 / (-2.0 * (roughness / (3.7 * diameter) + 2.51 / (reynolds * root)).log10());
    }
    root * root * length_m / diameter * 0.5 * density * velocity * velocity
}

#[test]
fn pumps_overcome_supply_and_return_and_their_own_loss() {
    let pump = "pump: {efficiency: 0.6, pressure_loss_kpa: 20, design_flow_kg_s: 10}";
    let text =
        PAIR.replace("site: b}", &format!("site: b, {pump}}}")).replace("site: a}", &format!("site: a, {pump}}}"));
    let plant = "meter: {price_eur_per_kwh: 0.2, co2_kg_per_kwh: 0.3}\n    pump: {efficiency: 0.6, pressure_loss_kpa: 20, design_flow_kg_s: 10}";
    let text = text.replace("meter: {price_eur_per_kwh: 0.2, co2_kg_per_kwh: 0.3}", plant);
    let heat = [vec![-84.0, -50.4]];
    let (near_kg_s, far_kg_s) = (8.0, 3.0);
    let own = |flow: f64| 20e3 * (flow / 10.0_f64).powi(2);
    let power = |head_pa: f64, flow: f64| 1e-3 * head_pa * flow / (1000.0 * 0.6);
    let (both, far) = (2.0 * loss_pa(near_kg_s, 300.0), 2.0 * loss_pa(far_kg_s, 200.0));

    let (_, distributed) = simulated(&built(&settings(&text), 1).unwrap(), &heat);
    near(distributed.pump_kw[[0, 0]] / power(both + own(5.0), 5.0), 1.0, 1e-4);
    near(distributed.pump_kw[[1, 0]] / power(both + far + own(3.0), 3.0), 1.0, 1e-4);
    near(distributed.plant_pump_kw[[0, 0]] / power(own(8.0), 8.0), 1.0, 1e-9);

    // A central pump overcomes the critical path; the other substations throttle their excess pressure.
    let (_, central) = simulated(&built(&settings(&(text.clone() + "pumping: central\n")), 1).unwrap(), &heat);
    let critical = (both + own(5.0)).max(both + far + own(3.0));
    near(central.plant_pump_kw[[0, 0]] / power(critical + own(8.0), 8.0), 1.0, 1e-4);
    assert!(central.pump_kw.iter().all(|power| (0.0..1e-9).contains(power)), "{:?}", central.pump_kw);

    // A building with reversed flow reduces the head of the plant's pump, and pumps against it itself.
    let (_, against) = simulated(&built(&settings(&(text + "pumping: central\n")), 1).unwrap(), &[vec![-84.0, 50.4]]);
    near(against.plant_flow_kg_s[[0, 0]], 2.0, 1e-12);
    assert!(against.pump_kw[[1, 0]] > 0.0 && against.pump_kw[[0, 0]] < 1e-9, "{:?}", against.pump_kw);
}

#[test]
fn the_main_pump_of_a_ring_overcomes_the_whole_ring() {
    let network = built(&settings(RING), 1).unwrap();
    let (report, recording) = simulated(&network, &[vec![-42.0, 21.0]]);
    // The rest of the ring's water bypasses each building.
    let beside = loss_pa(10.0, 1.0) + loss_pa(7.5, 1.0) + loss_pa(8.75, 1.0);
    let head_pa = loss_pa(10.0, 900.0) + beside;
    let power_kw = 1e-3 * head_pa * 10.0 / (1000.0 * 0.5);
    assert!((report.main_pump_kwh / power_kw - 1.0).abs() < 1e-4, "{} {power_kw} {recording:?}", report.main_pump_kwh);
    assert_eq!(
        recording.flow_kg_s.column(0).to_vec(),
        [2.5, 1.25],
        "both take from the same pipe, whichever way heat goes"
    );
    // The first building returns colder water, which arrives at the next one within an hour.
    let (_, long) = simulated(&built(&settings(RING), 6).unwrap(), &vec![vec![-42.0, 0.0]; 6]);
    let names: Vec<String> = network.node_names().to_vec();
    let at = |name: &str, step: usize| long.node_c[[names.iter().position(|known| known == name).unwrap(), step]];
    // The tolerance covers the seconds for which water bypasses the building while the ring gets colder.
    near(at("second/comes", 5) - at("second/goes", 5), 42.0 / (10.0 * HEAT), 2e-3);
    assert!(at("third/comes", 5) < at("second/comes", 5) - 0.5);
    // A controlled main pump delivers the sum of the buildings' flows, and at least its least flow.
    let follows = RING.replace("flow_kg_s: 10}", "flow_kg_s: 10, least_flow_kg_s: 2}");
    let power = |flow: f64, beside: &[f64]| {
        let head_pa = loss_pa(flow, 900.0) + beside.iter().map(|flow| loss_pa(*flow, 1.0)).sum::<f64>();
        1e-3 * head_pa * flow / (1000.0 * 0.5)
    };
    for (heat, flow, beside) in [([-42.0, 21.0], 3.75, [3.75, 1.25, 2.5]), ([-16.8, 0.0], 2.0, [2.0, 1.0, 2.0])] {
        let (report, _) = simulated(&built(&settings(&follows), 1).unwrap(), &[heat.to_vec()]);
        near(report.main_pump_kwh / power(flow, &beside), 1.0, 1e-3);
        assert_eq!(report.short_ring_steps, 0);
    }
    let (report, _) = simulated(&built(&settings(RING), 1).unwrap(), &[vec![-420.0, 0.0]]);
    assert_eq!(report.short_ring_steps, 1, "25 kg/s from a ring of 10");
}

#[test]
fn a_fast_ring_is_a_well_mixed_loop() {
    let fast = RING.replace("flow_kg_s: 10}", "flow_kg_s: 3000}");
    let steps = 48;
    let pump = |service: Service| HeatPump {
        service,
        cop: CopModel::quadratic([8.0, -0.12, 0.0006], [0.0, 60.0], UseOutsideRange::Extrapolate),
        cooling_lift: CoolingLift::LoopMinusStore,
        sink: SinkTemperature::fixed(if service == Service::Heating { 40.0 } else { 6.0 }),
    };
    let pumps = vec![pump(Service::Heating), pump(Service::Cooling)];
    let network = built(&settings(&fast), steps).unwrap();
    let volume_m3 = std::f64::consts::PI / 4.0 * 0.1586_f64.powi(2) * 903.0;
    let ring = format!(
        "{{water_mass_kg: {}, specific_heat_kj_per_kg_k: 4.2, initial_c: 12, min_c: -50, max_c: 90}}",
        volume_m3 * 1e3
    );
    let profiles = LoopProfiles {
        ground_c: 12.0.into(),
        heating_price_eur_per_kwh: 0.0.into(),
        cooling_price_eur_per_kwh: 0.0.into(),
    };
    let ring = WellMixedLoop::new(&serde_yaml::from_str(&ring).unwrap(), profiles, LoopLimit::Clamp).unwrap();
    let output_kw = Array2::from_shape_fn((2, steps), |(pump, step)| {
        let day = (step as f64 / 24.0 * std::f64::consts::TAU).sin();
        if pump == 0 { 4.0 - 3.0 * day } else { 3.0 + 2.0 * day }
    });
    let level_kwh = Array2::zeros((2, steps));
    let mut participant = NetworkParticipant { network, pumps: pumps.clone(), step_hours: 1.0 };
    let of_network = participant.simulate(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap();
    let mut participant = WellMixedParticipant { water_loop: ring, pumps, step_hours: 1.0 };
    let of_ring = participant.simulate(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap();
    let (mut apart_k, mut moved_k) = (0.0_f64, 0.0_f64);
    for (network_c, ring_c) in of_network.temp_c.iter().zip(&of_ring.temp_c) {
        apart_k = apart_k.max((network_c - ring_c).abs());
        moved_k = moved_k.max((ring_c - 12.0).abs());
    }
    assert!(moved_k > 1.0 && apart_k < 2e-3 * moved_k, "{apart_k} of {moved_k}");
    let cops = of_network.signal.cops.iter().zip(&of_ring.signal.cops).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(cops < 2e-3, "{cops}");
    assert!(of_network.balance_residual < 1e-9);
}

#[test]
fn freezing_is_prevented_by_more_flow_and_otherwise_reported() {
    // The water arrives at 3 C: cooled by 4 K it would freeze.
    let cold = PAIR
        .replace("start: {temp_c: 12}", "start: {temp_c: 3}")
        .replace("ground: {temp_c: 12}", "ground: {temp_c: 3}");
    let cold = cold.replace("warm_c: [12, 14]", "warm_c: [3, 14]");
    let (report, recording) = simulated(&built(&settings(&cold), 1).unwrap(), &[vec![-42.0, 0.0]]);
    near(recording.flow_kg_s[[0, 0]], 42.0 / (HEAT * 2.0), 1e-9);
    near(recording.outlet_c[[0, 0]], 1.0, 1e-9);
    assert_eq!(report.substations[0].freezing.steps, 0);
    // It still arrives below its own limit.
    let below = &report.substations[0].limits[0];
    assert_eq!((below.steps, below.at), (1, 0));
    near(below.worst_k, 2.0, 1e-9);
    // The largest flow is too small for that.
    let small = cold.replace("site: a}", "site: a, max_flow_kg_s: 3}");
    let (report, recording) = simulated(&built(&settings(&small), 1).unwrap(), &[vec![-42.0, 0.0]]);
    near(recording.flow_kg_s[[0, 0]], 3.0, 1e-12);
    assert_eq!(report.substations[0].freezing.steps, 1);
    near(report.substations[0].freezing.worst_k, 42.0 / (HEAT * 3.0) - 2.0, 1e-9);
}

#[test]
fn least_flow_bypass_and_idle_substation() {
    let text = PAIR.replace("site: a}", "site: a, min_flow_kg_s: 0.5, bypass_kg_s: 0.1}");
    let heat = [vec![-2.1, 0.0], vec![0.0, 0.0], vec![2.1, 0.0], vec![0.0, 0.0]];
    let (report, recording) = simulated(&built(&settings(&text), 4).unwrap(), &heat);
    assert_eq!(recording.flow_kg_s.row(0).to_vec(), [0.5, 0.1, -0.5, -0.1], "the bypass goes on as the water went");
    assert_eq!(recording.flow_kg_s.row(1).to_vec(), [0.0; 4]);
    near(recording.inlet_c[[0, 0]] - recording.outlet_c[[0, 0]], 1.0, 1e-9);
    assert!(report.substations[1].inlet_c[0] > report.substations[1].inlet_c[1], "it never drew");
}

#[test]
fn unmet_ranges_of_a_plant_are_reported_with_hours_and_energy() {
    let weak = PAIR.replace("heating: {capacity_kw: 500", "heating: {capacity_kw: 21");
    // The heat in the lines, 5 t each, is used up within the first hours.
    let (report, recording) = simulated(&built(&settings(&weak), 12).unwrap(), &vec![vec![-42.0, 0.0]; 12]);
    let unmet = &report.plants[0].unmet[0];
    assert!(unmet.steps >= 4 && unmet.worst_k > 2.0, "{unmet:?}");
    let short: f64 = (0..12)
        .map(|step| (12.0 - recording.plant_outlet_c[[0, step]]).max(0.0) * recording.plant_flow_kg_s[[0, step]] * HEAT)
        .sum();
    near(report.plants[0].unmet_kwh[0], short, 1e-6);
    near(report.units[0].most_kw, 21.0, 1e-9);
    assert_eq!(report.plants[0].unmet[1].steps, 0);
}

#[test]
fn wells_are_limited_by_approach_change_and_flow() {
    let unit = "units: [{well: {source_c: 11, max_flow_kg_s: 2, max_change_k: 3, approach_k: 1, kwh_per_m3: 0.2}}]";
    let text = PAIR
        .replace("units: [{air: {heating: {capacity_kw: 500, cop: 2.5}, cooling: {capacity_kw: 500, cop: 10}}}]", unit);
    let (report, recording) = simulated(&built(&settings(&text), 24).unwrap(), &vec![vec![-16.8, 0.0]; 24]);
    // With a set-point of 12 C, the well reaches 10 C. The water arrives at 6 C: the groundwater is cooled by the
    // largest change, 3 K.
    near(recording.plant_outlet_c[[0, 23]], 10.0, 1e-9);
    let groundwater_m3 = |kwh: f64, change_k: f64| kwh * 3600.0 / (4.195 * change_k) / 999.7;
    let least_kwh = 0.2 * groundwater_m3(report.units[0].heating_kwh, 3.0);
    assert!(
        (0.99..1.2).contains(&(report.units[0].electricity_kwh / least_kwh)),
        "in the first hours the two are nearer"
    );
    // The well is limited to its permitted flow.
    let (report, _) = simulated(&built(&settings(&text), 24).unwrap(), &vec![vec![-84.0, 0.0]; 24]);
    near(report.units[0].most_kw, 2.0 * 4.195 * 3.0, 1e-9);
    // Where the water arrives at 9.6 C, only 0.4 of the 3 K can be used: groundwater never leaves colder than the
    // inlet water.
    let warm = text.replace("start: {temp_c: 12}", "start: {temp_c: 9.6}").replace("{temp_c: 12}", "{temp_c: 9.6}");
    let warm = warm.replace("site: a}", "site: a, spread_k: 0.001}");
    let (report, recording) = simulated(&built(&settings(&warm), 1).unwrap(), &[vec![-0.042, 0.0]]);
    near(recording.plant_flow_kg_s[[0, 0]], 10.0, 1e-9);
    let usable_kw = 2.0 * 4.195 * (11.0 - 1.0 - 9.6);
    assert!((0.75..1.0 + 1e-9).contains(&(report.units[0].heating_kwh / usable_kw)), "{}", report.units[0].heating_kwh);
    near(report.units[0].electricity_kwh / (0.2 * 2.0 * 3600.0 / 999.7), 1.0, 1e-3);
}

#[test]
fn boreholes_age_and_respect_their_capacity() {
    let unit = |more: &str| {
        let field = format!(
            "units: [{{borehole_field: {{columns: 2, rows: 2, length_m: 100, ground_c: 12, resistance_m_k_w: \
             0.1{more}}}}}]"
        );
        PAIR.replace(
            "units: [{air: {heating: {capacity_kw: 500, cop: 2.5}, cooling: {capacity_kw: 500, cop: 10}}}]",
            &field,
        )
    };
    let steps = 24 * 14;
    let (output_kw, level_kwh) =
        (Array2::from_shape_fn((2, steps), |(pump, _)| [10.0, 0.0][pump]), Array2::zeros((2, steps)));
    let pump = HeatPump {
        service: Service::Heating,
        cop: CopModel::quadratic([4.0, 0.0, 0.0], [0.0, 80.0], UseOutsideRange::Clamp),
        cooling_lift: CoolingLift::LoopMinusStore,
        sink: SinkTemperature::fixed(40.0),
    };
    let looked = |text: &str| {
        let network = built(&settings(text), steps).unwrap();
        let participant = NetworkParticipant { network, pumps: vec![pump.clone(), pump.clone()], step_hours: 1.0 };
        participant.look(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap()
    };
    let (young, young_by_step) = looked(&unit(""));
    // When the heat stored in the pipes is used up, the field supplies the load: 7.5 kW.
    near(young_by_step.unit_kw[[0, steps - 1]], 7.5, 0.05);
    let left = |recording: &Recording| recording.plant_outlet_c[[0, steps - 1]];
    let aged: Vec<f64> = [1, 5, 20].map(|years| left(&looked(&unit(&format!(", years_before: {years}"))).1)).to_vec();
    assert!(left(&young_by_step) > aged[0] && aged[0] > aged[1] + 0.1 && aged[1] > aged[2] + 0.1, "{aged:?}");
    // A spin-up settles the water only: it does not age the field.
    let periodic = unit("").replace("start: {temp_c: 12}", "start: {temp_c: 12, periodic: true}");
    let (report, by_step) = looked(&periodic);
    assert_eq!(report.start_miss_k, None);
    let (apart, a_time) = (left(&young_by_step) - left(&by_step), left(&young_by_step) - aged[0]);
    assert!(apart.abs() < 0.3 * a_time, "{apart} {a_time}");
    let (weak, _) = looked(&unit(", capacity_kw: 5"));
    assert!(weak.units[0].most_kw <= 5.0 + 1e-9 && young.units[0].most_kw > 7.0);
    // A violation of the range is counted.
    assert!(young.plants[0].unmet[0].steps > 100, "{:?}", young.plants[0]);
}

/// At any flow, the water's approach to the walls is exp(-NTU), and it never passes their temperature (second law).
#[test]
fn the_water_of_a_field_never_passes_its_walls() {
    let air = "units: [{air: {heating: {capacity_kw: 500, cop: 2.5}, cooling: {capacity_kw: 500, cop: 10}}}]";
    for spread_k in [8.0, 3.0, 0.5] {
        let text = PAIR
            .replace(
                air,
                "units: [{borehole_field: {columns: 2, rows: 2, length_m: 100, ground_c: 12, resistance_m_k_w: 0.1}}]",
            )
            .replace("node: middle, site: a", &format!("node: middle, site: a, spread_k: {spread_k}"));
        let heat_kw: Vec<Vec<f64>> = (0..240).map(|step| vec![[-6.0, 4.0][step / 48 % 2], 0.0]).collect();
        let (_, recording) = simulated(&built(&settings(&text), 240).unwrap(), &heat_kw);
        let mut compared = 0;
        for step in 0..240 {
            let [flow_kg_s, outlet_c] =
                [&recording.plant_flow_kg_s, &recording.plant_outlet_c].map(|values| values[[0, step]]);
            let (wall_c, heat_kw) = (recording.wall_c[[0, step]], recording.unit_kw[[0, step]]);
            let capacity_kw_k = flow_kg_s.abs() * HEAT;
            let inlet_c = outlet_c - heat_kw / capacity_kw_k;
            let left = (-400.0 / 0.1 / (1e3 * capacity_kw_k)).exp();
            near(outlet_c - wall_c, left * (inlet_c - wall_c), 1e-6);
            near(recording.fluid_c[[0, step]], wall_c - 0.1 * 1e3 * heat_kw / 400.0, 1e-9);
            compared += usize::from((inlet_c - wall_c).abs() > 0.1);
        }
        assert!(compared > 200, "{compared}");
    }
}

/// Several years in blocks, against the simulation of every year.
#[test]
fn blocks_of_years_agree_with_single_years() {
    use anergy::water_loop::borehole::{BoreholeField, BoreholeHistory};
    let field = BoreholeField {
        positions_m: BoreholeField::rectangle(4, 4, 6.0),
        length_m: 120.0,
        buried_m: 1.0,
        radius_m: 0.075,
        conductivity_w_m_k: 2.0,
        heat_capacity_j_m3_k: 2.2e6,
        resistance_m_k_w: 0.1,
        ground_c: 12.0,
    };
    // A year of twelve steps; the load depends on the temperature of the ground.
    let year = |history: &mut BoreholeHistory| -> Vec<f64> {
        let months = (0..12).map(|month| {
            let season = (month as f64 / 12.0 * std::f64::consts::TAU).cos();
            let power_kw = 40.0 * (season + 0.4) + 6.0 * (history.rested_c() - 12.0);
            history.take(power_kw);
            power_kw
        });
        months.collect()
    };
    let new = || BoreholeHistory::new(&field, 730.0, 30.0).unwrap();
    let (mut each, mut blocks) = (new(), new());
    for _ in 0..20 {
        year(&mut each);
    }
    assert_eq!(year_blocks(20).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 3]);
    assert_eq!(year_blocks(0).count(), 0);
    for times in year_blocks(20) {
        let loads = year(&mut blocks.clone());
        for load_kw in (0..times).flat_map(|_| loads.clone()) {
            blocks.take(load_kw);
        }
    }
    near(blocks.rested_c(), each.rested_c(), 0.05);
    assert!(each.rested_c() < 11.0, "{}", each.rested_c());
}

/// Ten steps draw heat, the next return more: the tenth is the worst, with either loop model.
#[test]
fn the_time_of_the_worst_violation_is_the_end_of_its_step() {
    let steps = 14;
    let pump = |service: Service| HeatPump {
        service,
        cop: CopModel::quadratic([5.0, 0.0, 0.0], [0.0, 60.0], UseOutsideRange::Extrapolate),
        cooling_lift: CoolingLift::LoopMinusStore,
        sink: SinkTemperature::fixed(if service == Service::Heating { 40.0 } else { 6.0 }),
    };
    let pumps = vec![pump(Service::Heating), pump(Service::Cooling)];
    let output_kw = Array2::from_shape_fn((2, steps), |(pump, step)| match (pump, step < 10) {
        (0, true) => 4.0,
        (1, false) => 8.0,
        _ => 0.0,
    });
    let level_kwh = Array2::zeros((2, steps));
    let text = RING.replace("flow_kg_s: 10}", "flow_kg_s: 3000}").replace("min_c: 5", "min_c: 11.5");
    let network = built(&settings(&text), steps).unwrap();
    let mut participant = NetworkParticipant { network, pumps: pumps.clone(), step_hours: 1.0 };
    let of_network = participant.simulate(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap();
    let ring = "{water_mass_kg: 17840, specific_heat_kj_per_kg_k: 4.2, initial_c: 12, min_c: 11.5, max_c: 90, \
                balancing: {heating: {capacity_kw: 0}}}";
    let profiles = LoopProfiles {
        ground_c: 12.0.into(),
        heating_price_eur_per_kwh: 0.0.into(),
        cooling_price_eur_per_kwh: 0.0.into(),
    };
    let ring = WellMixedLoop::new(&serde_yaml::from_str(ring).unwrap(), profiles, LoopLimit::Balance).unwrap();
    let mut participant = WellMixedParticipant { water_loop: ring, pumps, step_hours: 1.0 };
    let of_ring = participant.simulate(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap();
    let coldest = |response: &LoopResponse| {
        (0..=steps).min_by(|a, b| response.temp_c[*a].total_cmp(&response.temp_c[*b])).unwrap()
    };
    for response in [&of_network, &of_ring] {
        assert_eq!((response.violations[0].at, coldest(response)), (10, 10), "{:?}", response.violations);
        assert_eq!(response.violations[1].steps, 0);
        assert_eq!(response.limit_steps, [response.violations[0].steps, 0]);
    }
}

/// In a substation that heats and cools at once, the heat to the water is that of the reported COPs.
#[test]
fn heat_and_cops_are_consistent_for_any_load() {
    let machine = |service: Service, sink_c: f64| HeatPump {
        service,
        cop: CopModel::quadratic([8.0, -0.12, 0.0006], [-40.0, 80.0], UseOutsideRange::Extrapolate),
        cooling_lift: CoolingLift::LoopMinusStore,
        sink: SinkTemperature::fixed(sink_c),
    };
    let steps = 60;
    let text = PAIR.replace("site: b}", "site: c}");
    let constant = |_: &str, setting: &ProfileSetting| match setting {
        ProfileSetting::Constant(value) => Ok::<_, WaterLoopError>(Profile::Constant(*value)),
        ProfileSetting::File(_) => unreachable!("no files here"),
    };
    let mut network = DistrictNetwork::new(&settings(&text), &axis(steps), constant).unwrap();
    let machines = [("a", "booster"), ("a", "chiller"), ("c", "chiller")];
    let machines = machines.map(|(site, technology)| LoopMachine { site, technology, loop_kw: 20.0 });
    network.bind(&machines).unwrap();
    let pumps = vec![machine(Service::Heating, 55.0), machine(Service::Cooling, 8.0), machine(Service::Cooling, 8.0)];
    // The first building's chiller sweeps over the heat that its booster draws.
    let output_kw = Array2::from_shape_fn((3, steps), |(pump, step)| [20.0, 0.3 * step as f64, 5.0][pump]);
    let mut participant = NetworkParticipant { network, pumps: pumps.clone(), step_hours: 1.0 };
    let response = participant.simulate(&LoopRequest::new(output_kw.clone(), Array2::zeros((3, steps)))).unwrap();
    for step in 0..steps {
        let of_pump = |pump: usize| {
            output_kw[[pump, step]] * pumps[pump].loop_heat_per_output(response.signal.cops[[pump, step]])
        };
        near(response.heat_kwh[step], (0..3).map(of_pump).sum(), 1e-6);
    }
    assert!(response.heat_kwh[0] < 0.0 && response.heat_kwh[steps - 1] > 0.0);
}

#[test]
fn a_periodic_run_starts_as_it_ends() {
    let steps = 24 * 10;
    let output_kw = Array2::from_elem((2, steps), 20.0);
    let level_kwh = Array2::zeros((2, steps));
    let pump = HeatPump {
        service: Service::Heating,
        cop: CopModel::quadratic([8.0, -0.12, 0.0006], [0.0, 60.0], UseOutsideRange::Extrapolate),
        cooling_lift: CoolingLift::LoopMinusStore,
        sink: SinkTemperature::fixed(40.0),
    };
    let response = |start: &str| {
        let network = built(&settings(&PAIR.replace("start: {temp_c: 12}", start)), steps).unwrap();
        let mut participant = NetworkParticipant { network, pumps: vec![pump.clone(), pump.clone()], step_hours: 1.0 };
        participant.simulate(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap()
    };
    let given = response("start: {temp_c: 20}");
    assert!((given.temp_c[0] - given.temp_c[steps]).abs() > 5.0);
    near(given.temp_c[0], 20.0, 1e-9);
    let periodic = response("start: {temp_c: 20, periodic: true}");
    near(periodic.temp_c[0], periodic.temp_c[steps], 0.01);
    let spun_up = response("start: {temp_c: 20, spin_up_days: 5}");
    near(spun_up.temp_c[0], periodic.temp_c[0], 0.01);
}

#[test]
fn waste_heat_is_taken_up_to_its_outlet_limit() {
    let source = "waste_heat: {bakery: {node: middle, heat_kw: 42, outlet_max_c: 15}}\n";
    let heat = [vec![0.0, 0.0], vec![-42.0, 0.0]];
    let (report, recording) = simulated(&built(&settings(&(PAIR.to_owned() + source)), 2).unwrap(), &heat);
    // The source draws from the cold line: at 12 C three of the four kelvin remain, and all four after a building has
    // cooled the water.
    near(recording.flow_kg_s[[2, 0]], -2.5, 1e-12);
    let given = |step: usize| 2.5 * HEAT * (recording.outlet_c[[2, step]] - recording.inlet_c[[2, step]]);
    assert!(given(0) < 31.5 + 1e-9 || recording.inlet_c[[2, 0]] < 12.0, "{}", given(0));
    near(given(1), 42.0, 1e-6);
    assert!(recording.outlet_c.row(2).iter().all(|temp| *temp < 15.0 + 1e-9), "{:?}", recording.outlet_c.row(2));
    near(report.substations[2].received_kwh, given(0) + given(1), 1e-9);
    near(report.substations[2].asked_kwh[1], 84.0, 1e-9);
    assert!(report.substations[2].received_kwh < 84.0 - 1.0);
}

#[test]
fn several_substations_share_a_heat_pump_with_their_mean_cop() {
    let text = PAIR.replace(
        "second: {node: end, site: b}",
        "second: {node: end, site: a, share: 0.25}\n  third: {node: end, site: b}",
    );
    let text = text.replace("first: {node: middle, site: a}", "first: {node: middle, site: a, share: 0.75}");
    let network = built(&settings(&text), 8).unwrap();
    assert_eq!((network.draws(0)[0].share, network.draws(1)[0].share, network.draws(2)[0].share), (0.75, 0.25, 1.0));
    let pump = HeatPump {
        service: Service::Heating,
        cop: CopModel::quadratic([8.0, -0.12, 0.0006], [0.0, 60.0], UseOutsideRange::Extrapolate),
        cooling_lift: CoolingLift::LoopMinusStore,
        sink: SinkTemperature::fixed(40.0),
    };
    let participant = NetworkParticipant { network, pumps: vec![pump.clone(), pump.clone()], step_hours: 1.0 };
    let output_kw = Array2::from_elem((2, 8), 40.0);
    let mut model = participant.clone();
    let response = model.simulate(&LoopRequest::new(output_kw.clone(), Array2::zeros((2, 8)))).unwrap();
    // In the first step all water is at 12 C.
    near(response.signal.cops[[0, 0]], pump.cop(LoopWater { inlet_c: 12.0, spread_k: 4.0 }, 0.0), 1e-12);
    let (_, recording) = participant.look(&LoopRequest::new(output_kw.clone(), Array2::zeros((2, 8)))).unwrap();
    let asked: Vec<f64> = (0..3).map(|index| recording.flow_kg_s[[index, 0]]).collect();
    near(asked[0] / asked[1], 3.0, 1e-9);
    near(asked[2], asked[0] + asked[1], 1e-9);
}

#[test]
fn invalid_settings_are_reported_with_their_path() {
    let said = |text: &str| built(&settings(text), 2).unwrap_err().to_string();
    let cases = [
        (
            PAIR.replace("from: middle, to: end", "from: middel, to: end"),
            "water_loop.pipes.far.from: `middel` is not known",
        ),
        (
            PAIR.replace("type: de180, length_m: 300", "type: de90, length_m: 300"),
            "water_loop.pipes.near.type: `de90` is not known",
        ),
        (PAIR.replace(", length_m: 200", ""), "water_loop.pipes.far.length_m: it is missing"),
        (PAIR.replace("length_m: 300", "length_m: -3"), "water_loop.pipes.near.length_m: it is -3"),
        (
            PAIR.replace("length_m: 300}", "length_m: 300, burial_depth_m: 0.01}"),
            "pipes.near.burial_depth_m: it is 0.01",
        ),
        (PAIR.replace("length_m: 300}", "length_m: 300, line: warm}"), "no cold line reaches plant"),
        (PAIR.replace("length_m: 200}", "length_m: 200, line: single}"), "a one-pipe ring among pipes"),
        (PAIR.replace("site: a}", "site: c}"), "water_loop.substations.first.site: `c` is not known"),
        (
            PAIR.replace("site: a}", "site: a, heat_pumps: [chiller]}"),
            "substations.first.heat_pumps: `chiller` is not known",
        ),
        (PAIR.replace("site: a}", "site: a, share: 0.5}"), "add up to 0.5; expected 1"),
        (
            PAIR.replace("site: a}", "site: a, spread_k: 0}"),
            "substations.first.spread_k: it is 0; expected a number > 0",
        ),
        (PAIR.replace("inner_diameter_m: 0.1586", "inner_diameter_m: 0"), "pipe_types.de180.inner_diameter_m: it is 0"),
        (PAIR.replace("warm_c: [12, 14]", "warm_c: [14, 12]"), "plants.plant.warm_c: it is [14, 12]"),
        (PAIR.replace("warm_c: [12, 14]", "ring_c: [12, 14]"), "two lines have `warm_c` and `cold_c`"),
        (PAIR.replace("cop: 2.5", "cop: 0"), "plants.plant.units.0.air.heating.cop: expected numbers > 0"),
        (PAIR.replace("ground: {temp_c: 12}", "ground: {}"), "give `temp_c`, or `wave`"),
        (PAIR.replace("start: {temp_c: 12}", "start: {temp_c: -4}"), "start.temp_c: it is -4"),
        (RING.replace("towards: second", "towards: fourth"), "main_pump.towards: `fourth` is not known"),
        (RING.replace("from: third, to: first", "from: third, to: second"), "the ring meets itself at second"),
        (
            RING.replace("node: first, towards: second, flow_kg_s: 10", "node: first, towards: second, flow_kg_s: 0"),
            "main_pump.flow_kg_s: it is 0",
        ),
    ];
    for (text, expected) in cases {
        assert!(said(&text).contains(expected), "{} does not say {expected}", said(&text));
    }
    let more = [
        (
            PAIR.replace("site: a}", "site: a, inlet_min_c: 30}"),
            "substations.first.inlet_min_c: it is 30; expected a number below the upper limit, 25",
        ),
        (PAIR.replace("site: a}", "site: a, heat_pumps: []}"), "substations.first.heat_pumps: it is empty"),
        (PAIR.replace("nodes: {plant: {}", "nodes: {lost: {}, plant: {}"), "nodes.lost: no pipe reaches it"),
        (PAIR.replace("cold_c: [8, 10]", "cold_c: [-1, 10]"), "where the fluid is frozen"),
        (
            PAIR.replace("site: a}", "site: a, pump: {pressure_loss_kpa: .inf}}"),
            "substations.first.pump.pressure_loss_kpa: it is inf",
        ),
        (RING.to_owned() + "pumping: central\n", "a one-pipe ring has its main pump"),
    ];
    for (text, expected) in more {
        assert!(said(&text).contains(expected), "{} does not say {expected}", said(&text));
    }
    let without_plant = PAIR.split("plants:").next().unwrap().to_owned();
    assert!(said(&without_plant).contains("has to go through a plant"), "{}", said(&without_plant));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The orientation of pipes and the order of components make no difference; heat and water are conserved.
    #[test]
    fn orientation_and_order_make_no_difference(
        heat in proptest::collection::vec((-60.0f64..60.0, prop_oneof![3 => -60.0f64..60.0, 1 => Just(0.0)]), 1..12),
        flipped in proptest::collection::vec(any::<bool>(), 4),
        is_ring in any::<bool>(),
        central in any::<bool>(),
    ) {
        let mut text = if is_ring { RING.to_owned() } else { PAIR.to_owned() };
        if !is_ring {
            // A second path to the end forms a mesh.
            text = text.replace("substations:", "  other: {from: plant, to: end, type: de180, length_m: 350}\nsubstations:");
            if central {
                text.push_str("pumping: central\n");
            }
        }
        let straight = settings(&text);
        let mut turned = straight.clone();
        for (pipe, flipped) in turned.pipes.values_mut().zip(flipped) {
            if flipped {
                std::mem::swap(&mut pipe.from, &mut pipe.to);
            }
        }
        turned.pipes.reverse();
        turned.nodes.reverse();
        let heat: Vec<Vec<f64>> = heat.into_iter().map(|(a, b)| vec![a, b]).collect();
        let (report, recording) = simulated(&built(&straight, heat.len()).unwrap(), &heat);
        let (other_report, other_recording) = simulated(&built(&turned, heat.len()).unwrap(), &heat);
        let apart = |a: &Array2<f64>, b: &Array2<f64>| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        prop_assert!(apart(&recording.inlet_c, &other_recording.inlet_c) < 1e-6);
        prop_assert!(apart(&recording.outlet_c, &other_recording.outlet_c) < 1e-6);
        prop_assert!(apart(&recording.pump_kw, &other_recording.pump_kw) < 1e-6);
        prop_assert!(recording.pump_kw.iter().all(|power| *power >= 0.0));
        prop_assert!((report.lost_kwh - other_report.lost_kwh).abs() < 1e-6);
        prop_assert!((report.main_pump_kwh - other_report.main_pump_kwh).abs() < 1e-9);
        for (substation, totals) in report.substations.iter().enumerate() {
            let asked: f64 = heat.iter().map(|heat| heat[substation]).sum();
            prop_assert!((totals.received_kwh - asked).abs() < 1e-6, "{} {asked}", totals.received_kwh);
        }
    }
}
