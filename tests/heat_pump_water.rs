//! The water at a heat pump: the effect of a wider spread, no water beyond the refrigerant, and the same water for
//! all heat pumps of a substation.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

mod common;

use std::path::Path;
use std::sync::Arc;

use anergy::config::yaml::{Source, from_node, parse};
use anergy::coupling::{LoopModel, LoopRequest, LoopResponse};
use anergy::heat_pump::{CoolingLift, CopModel, HeatPump, LoopWater, Service, SinkTemperature};
use anergy::participants::NetworkParticipant;
use anergy::series::{Profile, ProfileSetting, TimeAxis};
use anergy::water_loop::WaterLoopError;
use anergy::water_loop::district_network::{
    DistrictNetwork, LoopMachine, MachineWater, NetworkReport, NetworkSettings, Recording, Simulation,
};
use jiff::civil::date;
use ndarray::Array2;

use common::{anergy, project, stderr, stdout};

/// A plant and one building 100 m away, without loss to the ground: all heat comes from the plant's unit, which keeps
/// the water to the warm line within `WARM` and the water to the cold line within `COLD`.
const ONE_BUILDING: &str = "
fluid: {constant: {density_kg_m3: 1000, specific_heat_j_kg_k: 4200, viscosity_pa_s: 1.3e-3, conductivity_w_m_k: 0.58}}
min_c: 2
max_c: 30
start: {temp_c: START}
ground: {temp_c: 12}
nodes: {plant: {}, end: {}}
pipe_types: {de180: {inner_diameter_m: 0.1586, u_w_m_k: 0}}
pipes: {main: {from: plant, to: end, type: de180, length_m: 100}}
substations: {house: {node: end, site: house, pump: {pressure_loss_kpa: 0}, MORE}}
plants:
  plant:
    node: plant
    warm_c: WARM
    cold_c: COLD
    pump: {pressure_loss_kpa: 0}
    units: [{air: {heating: {capacity_kw: 500, cop: 2.5}, cooling: {capacity_kw: 500, cop: 10}}}]
    meter: {price_eur_per_kwh: 0.3}
";

fn one_building(more: &str, start_c: f64, [warm, cold]: [&str; 2]) -> String {
    let text = ONE_BUILDING.replace("MORE", more).replace("START", &start_c.to_string());
    text.replace("WARM", warm).replace("COLD", cold)
}

fn participant(text: &str, pumps: Vec<HeatPump>, steps: usize) -> NetworkParticipant {
    let source = Source { path: "network.yaml".into(), text: text.to_owned() };
    let settings: NetworkSettings = from_node(&parse(&Arc::new(source)).unwrap()).unwrap();
    let axis = TimeAxis::new(date(2019, 1, 1).at(0, 0, 0, 0), 60, steps);
    let constant = |_: &str, setting: &ProfileSetting| match setting {
        ProfileSetting::Constant(value) => Ok::<_, WaterLoopError>(Profile::Constant(*value)),
        ProfileSetting::File(_) => unreachable!("no files here"),
    };
    let mut network = DistrictNetwork::new(&settings, &axis, constant).unwrap();
    let names = ["one", "two", "three"];
    let machine = |index: usize| LoopMachine { site: "house", technology: names[index], loop_kw: 50.0 };
    network.bind(&(0..pumps.len()).map(machine).collect::<Vec<_>>()).unwrap();
    NetworkParticipant { network, pumps, step_hours: 1.0 }
}

fn pump(service: Service, cop: &str, sink_c: f64) -> HeatPump {
    let cop: CopModel = serde_yaml::from_str(cop).unwrap();
    cop.check().unwrap();
    HeatPump { service, cop, cooling_lift: CoolingLift::LoopMinusStore, sink: SinkTemperature::fixed(sink_c) }
}

/// Returns the loop response and the network's results under a plan.
fn simulated(participant: &NetworkParticipant, output_kw: &Array2<f64>) -> (LoopResponse, NetworkReport, Recording) {
    let level_kwh = Array2::zeros(output_kw.dim());
    let response = participant.clone().simulate(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap();
    let (report, recording) = participant.look(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap();
    (response, report, recording)
}

/// Returns the electricity of a plan at the COPs that it leads to, kWh.
fn electricity_kwh(output_kw: &Array2<f64>, response: &LoopResponse) -> f64 {
    output_kw.iter().zip(&response.signal.cops).map(|(output, cop)| output / cop).sum()
}

const SPREADS_K: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0];
const CARNOT: &str =
    "{model: carnot, quality_grade: 0.5, source_approach_k: 3, sink_approach_k: 3, valid_lift_k: [1, 80]}";

#[test]
fn a_wider_spread_takes_more_electricity() {
    let map_of_heating =
        "{model: en14511, source_c: [-5, 5, 20], sink_c: [35, 55], cop: [[4, 2.5], [5.2, 3.2], [6.4, 4]]}";
    let map_of_cooling = "{model: en14511, source_c: [5, 12], sink_c: [8, 25, 40], cop: [[8, 5, 3], [9, 6, 3.6]]}";
    for (service, cop, sink_c) in [
        (Service::Heating, CARNOT, 45.0),
        (Service::Heating, map_of_heating, 45.0),
        (Service::Cooling, CARNOT, 7.0),
        (Service::Cooling, map_of_cooling, 7.0),
    ] {
        let output_kw = Array2::from_elem((1, 48), 40.0);
        let mut totals_kwh = Vec::new();
        for spread_k in SPREADS_K {
            // The water arrives at 12 C for any spread.
            let text = one_building(&format!("spread_k: {spread_k}"), 12.0, ["[12, 12.001]", "[11.999, 12]"]);
            let (response, report, recording) =
                simulated(&participant(&text, vec![pump(service, cop, sink_c)], 48), &output_kw);
            let change_k = recording.outlet_c[[0, 47]] - recording.inlet_c[[0, 47]];
            assert!((change_k.abs() - spread_k).abs() < 1e-6, "{change_k} {spread_k}");
            // The change of heat stored in the pipes, which the unit would have had to supply or remove.
            let per_stored = if service == Service::Heating { -1.0 / 2.5 } else { 1.0 / 10.0 };
            let units_kwh: f64 = report.units.iter().map(|unit| unit.electricity_kwh).sum();
            totals_kwh.push((electricity_kwh(&output_kw, &response), units_kwh + per_stored * report.stored_kwh));
        }
        for pair in totals_kwh.windows(2) {
            let [(narrow, narrow_rest), (wide, wide_rest)] = [pair[0], pair[1]];
            assert!(wide > 1.002 * narrow, "{service:?} {cop}: {totals_kwh:?}");
            // The total increases although the plant's electricity decreases, since the heat pumps take less heat.
            assert!(wide + wide_rest > narrow + narrow_rest, "{service:?} {cop}: {totals_kwh:?}");
        }
    }
}

/// Curves over the lift from the inlet temperature, such as the published one, do not depend on the spread.
#[test]
fn the_published_curve_does_not_depend_on_the_spread() {
    let curve = "{model: quadratic, coefficients: [6.81, -0.121, 0.00063], valid_lift_k: [15, 60]}";
    let pump = pump(Service::Heating, curve, 40.0);
    for spread_k in SPREADS_K {
        let cop = pump.cop(LoopWater { inlet_c: 15.0, spread_k }, 0.0);
        assert_eq!(cop.to_bits(), (6.81 + -0.121 * 25.0 + 0.00063 * 25.0 * 25.0_f64).to_bits());
    }
}

/// The test computes the temperatures of evaporation and condensation from the COP alone, by the Carnot formula.
#[test]
fn no_water_leaves_beyond_the_refrigerant() {
    const ZERO_K: f64 = 273.15;
    let steps = 72;
    // Up to a heat for which the largest flow is too small at the given spread.
    let output_kw = Array2::from_shape_fn((1, steps), |(_, step)| 2.0 + step as f64);
    for approach_k in [0.0, 0.5, 3.0] {
        for (service, sink_c) in [(Service::Heating, 45.0), (Service::Cooling, 7.0)] {
            let cop = format!(
                "{{model: carnot, quality_grade: 0.5, source_approach_k: {approach_k}, sink_approach_k: {approach_k}, \
                 valid_lift_k: [1, 90]}}"
            );
            for more in
                ["spread_k: 4", "spread_k: 8", "spread_k: 3, max_flow_kg_s: 1.5", "spread_k: 5, min_flow_kg_s: 2"]
            {
                let text = one_building(more, 14.0, ["[14, 14.001]", "[13.999, 14]"]);
                let participant = participant(&text, vec![pump(service, &cop, sink_c)], steps);
                let (response, report, recording) = simulated(&participant, &output_kw);
                let mut widest_k = 0.0_f64;
                for step in 0..steps {
                    let (cop, outlet_c) = (response.signal.cops[[0, step]], recording.outlet_c[[0, step]]);
                    widest_k = widest_k.max((recording.inlet_c[[0, step]] - outlet_c).abs());
                    let room_k = match service {
                        Service::Heating => {
                            let condenses_c = sink_c + approach_k;
                            outlet_c - (condenses_c - 0.5 * (condenses_c + ZERO_K) / cop)
                        }
                        Service::Cooling => {
                            let evaporates_c = sink_c - approach_k;
                            evaporates_c + 0.5 * (evaporates_c + ZERO_K) / cop - outlet_c
                        }
                    };
                    assert!((room_k - approach_k).abs() < 1e-2, "{service:?} {more}: {room_k} K in step {step}");
                }
                assert!(widest_k > if more.contains("max") { 7.0 } else { 3.9 }, "{more}: {widest_k}");
                assert_eq!(report.substations[0].crossing.steps, 0);
            }
        }
    }
}

#[test]
fn outlets_beyond_the_refrigerant_are_counted() {
    let output_kw = Array2::from_elem((1, 24), 45.0);
    let cop = CARNOT.replace('}', ", loop_water: mean}");
    let wide = one_building("spread_k: 4, max_flow_kg_s: 1", 12.0, ["[12, 12.001]", "[11.999, 12]"]);
    let (_, report, recording) =
        simulated(&participant(&wide, vec![pump(Service::Heating, &cop, 45.0)], 24), &output_kw);
    // Half of the spread exceeds the approach of 3 K.
    let expected_k = 0.5 * (recording.inlet_c[[0, 20]] - recording.outlet_c[[0, 20]]) - 3.0;
    let totals = &report.substations[0];
    assert!(expected_k > 0.5, "{expected_k}");
    assert_eq!((totals.crossing.steps, totals.beyond_refrigerant.steps), (24, 24));
    assert!((totals.crossing.worst_k - expected_k).abs() < 1e-3, "{} {expected_k}", totals.crossing.worst_k);
    assert!((totals.beyond_refrigerant.worst_k - expected_k).abs() < 1e-2, "{totals:?}");
    // With enough flow there is no excess.
    let narrow = wide.replace(", max_flow_kg_s: 1", "");
    let (_, report, _) = simulated(&participant(&narrow, vec![pump(Service::Heating, &cop, 45.0)], 24), &output_kw);
    assert_eq!((report.substations[0].crossing.steps, report.substations[0].beyond_refrigerant.steps), (0, 0));

    // Colder water than at the beginning of the step: relative to the heat pump's evaporation temperature, it is
    // beyond the refrigerant.
    let participant = participant(&narrow, vec![pump(Service::Heating, CARNOT, 45.0)], 2);
    let mut simulation = Simulation::new(&participant.network);
    for (step, evaporating_c) in [(0, 9.0), (1, 7.0)] {
        simulation.reckon_with(0, MachineWater { inlet_c: 12.0, evaporating_c, ..MachineWater::IDLE });
        simulation.step(step, &[-20.0]).unwrap();
    }
    let (report, _) = simulation.finish();
    let beyond = &report.substations[0].beyond_refrigerant;
    assert_eq!((beyond.steps, beyond.at), (1, 0));
    assert!((beyond.worst_k - 1.0).abs() < 1e-6, "{beyond:?}");
}

/// Heating and passive cooling at once: the electricity of every heat pump follows from the recorded inlet
/// temperature.
#[test]
fn all_heat_pumps_of_a_substation_draw_the_recorded_water() {
    let steps = 240;
    let heating = pump(Service::Heating, CARNOT, 55.0);
    let passive = pump(Service::Cooling, "{model: direct, cop: 40, approach_k: 2}", 16.0);
    let chiller = pump(Service::Cooling, CARNOT, 9.0);
    // Above 15 C the heat exchanger needs as much electricity as its cold; below 14 C almost none.
    let text = one_building("spread_k: 4", 12.0, ["[16, 18]", "[9, 12]"]);
    let participant = participant(&text, vec![heating, passive, chiller], steps);
    let output_kw = Array2::from_shape_fn((3, steps), |(pump, step)| match pump {
        0 => 20.0,
        1 => (0.17 * step as f64) % 20.0,
        _ => {
            if step % 5 == 0 {
                3.0
            } else {
                0.0
            }
        }
    });
    let (response, _, recording) = simulated(&participant, &output_kw);
    let (mut heats, mut cools, mut rests) = (0, 0, 0);
    for step in 0..steps {
        let inlet_c = recording.cop_inlet_c[[0, step]];
        let spread_k = 4.0;
        let [hot_k, evaporates_k] = [55.0 + 3.0 + 273.15, inlet_c - spread_k - 3.0 + 273.15];
        let [cold_k, condenses_k] = [9.0 - 3.0 + 273.15, inlet_c + spread_k + 3.0 + 273.15];
        let warm_share = (inlet_c - 14.0).clamp(0.0, 1.0);
        let expected = [
            (hot_k - evaporates_k) / (0.5 * hot_k),
            (1.0 - warm_share) / 40.0 + warm_share,
            (condenses_k - cold_k) / (0.5 * cold_k),
        ];
        let mut net_kw = 0.0;
        for (index, per_output) in expected.into_iter().enumerate() {
            let (output_kw, cop) = (output_kw[[index, step]], response.signal.cops[[index, step]]);
            let (written_kw, expected_kw) = (output_kw / cop, output_kw * per_output);
            assert!((written_kw - expected_kw).abs() <= 1e-9 * expected_kw, "{index} in step {step}: {inlet_c} C");
            net_kw += expected_kw + if index == 0 { -output_kw } else { output_kw };
        }
        // The heat in the network follows from the same water.
        assert!((response.heat_kwh[step] - net_kw).abs() < 1e-6, "{} {net_kw}", response.heat_kwh[step]);
        let flow_kg_s = recording.flow_kg_s[[0, step]];
        assert_eq!(flow_kg_s > 0.0, net_kw < -1e-6);
        assert_eq!(flow_kg_s < 0.0, net_kw > 1e-6);
        if flow_kg_s == 0.0 {
            assert_eq!(recording.inlet_c[[0, step]], inlet_c);
            assert!((9.0..=18.0).contains(&inlet_c), "{inlet_c}");
        }
        heats += usize::from(flow_kg_s > 0.0);
        cools += usize::from(flow_kg_s < 0.0);
        rests += usize::from(flow_kg_s == 0.0);
    }
    assert!(heats > 50 && cools > 10 && rests > 10, "{heats} {cools} {rests}");
}

/// Where the net heat turns from heating to cooling, passive cooling fades: its electricity is continuous.
#[test]
fn passive_cooling_fades_where_the_net_heat_turns() {
    let warm_up = 24;
    let text = one_building("spread_k: 4", 12.0, ["[16, 18]", "[9, 12]"]);
    let pumps = vec![
        pump(Service::Heating, CARNOT, 55.0),
        pump(Service::Cooling, "{model: direct, cop: 40, approach_k: 2}", 16.0),
    ];
    let participant = participant(&text, pumps, warm_up + 1);
    let last = |passive_kw: f64| {
        let output_kw = Array2::from_shape_fn((2, warm_up + 1), |(pump, step)| match (pump, step) {
            (0, _) => 20.0,
            (_, step) if step == warm_up => passive_kw,
            _ => 0.0,
        });
        let (response, _, recording) = simulated(&participant, &output_kw);
        (1.0 / response.signal.cops[[1, warm_up]], recording.flow_kg_s[[0, warm_up]])
    };
    let course: Vec<(f64, f64)> = (0..200).map(|index| last(6.0 + 0.05 * f64::from(index))).collect();
    assert!(course[0].0 > 0.999 && course[0].1 > 0.0, "{:?}", course[0]);
    assert!((course[199].0 - 1.0 / 40.0).abs() < 1e-12 && course[199].1 < 0.0, "{:?}", course[199]);
    for pair in course.windows(2) {
        assert!((pair[0].0 - pair[1].0).abs() < 0.05, "{pair:?}");
    }
}

fn run(folder: &Path, more: &[&str]) -> (i32, String, serde_json::Value) {
    let district = project("configs/starter/district.yaml");
    let fixed = ["run", &district, "--json", "--quiet", "--out", "results"];
    let output = anergy(folder, &[&fixed[..], more].concat());
    let code = output.status.code().unwrap();
    (code, stderr(&output), serde_json::from_str(&stdout(&output)).unwrap_or_default())
}

/// In whole runs on a well-mixed loop and on a network, the cost does not fall as the spread grows. The plant's heat
/// has almost no price: otherwise a lower COP can be cheaper, since it takes less heat from the loop.
#[test]
fn a_wider_spread_is_never_cheaper() {
    let folder = tempfile::tempdir().unwrap();
    let network = one_building("spread_k: 4", 12.0, ["[12, 25]", "[2, 25]"]).replace("kwh: 0.3", "kwh: 0.01");
    let network = network.trim().replace('\n', "\n  ");
    let path = folder.path().join("network.yaml");
    std::fs::write(&path, format!("water_loop:\n  kind: network\n  {network}\n")).unwrap();
    let network = path.to_str().unwrap();
    for (arguments, key) in
        [(vec![], "water_loop.spread_k"), (vec!["--water-loop", network], "water_loop.substations.house.spread_k")]
    {
        let costs = [2, 4, 8].map(|spread_k| {
            let (name, set) = (format!("at_{spread_k}"), format!("{key}={spread_k}"));
            let more =
                [&arguments[..], &["--name", &name, "--set", &set, "--set", "coupling.gap_tolerance=1e-4"]].concat();
            let (code, said, summary) = run(folder.path(), &more);
            assert!(code == 0 || code == 3, "{said}");
            summary["cost"]["total_eur"].as_f64().unwrap()
        });
        assert!(costs[0] < costs[1] && costs[1] < costs[2], "{key}: {costs:?}");
    }
}

#[test]
fn an_approach_that_is_too_small_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |more: &[&str]| {
        let district = project("configs/starter/district.yaml");
        let output = anergy(folder.path(), &[&["check", &district][..], more].concat());
        (output.status.code(), stderr(&output).split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let inlet = ["--set", "techs.booster.cop.loop_water=inlet"];
    let (code, said) = check(&inlet);
    assert_eq!(code, Some(2), "{said}");
    for words in [
        "booster at house: source_approach_k is 3",
        "cooled by 4 K (water_loop.spread_k)",
        "1 K colder",
        "at least 4",
        "district.yaml:",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    for more in [["--set", "water_loop.spread_k=3"], ["--set", "techs.booster.cop.loop_water=mean"]] {
        let (code, said) = check(&[&inlet[..], &more].concat());
        assert_eq!(code, Some(0), "{said}");
    }
    let (code, said) = check(&["--set", "water_loop.spread_k=-1"]);
    assert!(code == Some(2) && said.contains("spread_k is -1"), "{said}");

    // A crossing that follows from the flow limit, and not from the settings alone, ends the run.
    let network = one_building("max_flow_kg_s: 0.05", 12.0, ["[12, 25]", "[2, 25]"]).trim().replace('\n', "\n  ");
    std::fs::write(folder.path().join("slow.yaml"), format!("water_loop:\n  kind: network\n  {network}\n")).unwrap();
    let mean = ["--water-loop", "slow.yaml", "--name", "slow", "--set", "techs.booster.cop.loop_water=mean"];
    let (code, said, _) = run(folder.path(), &mean);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(code == 2 && said.contains("water leaves substation house up to"), "{code} {said}");
    let (code, said, _) = run(folder.path(), &["--water-loop", "slow.yaml", "--name", "outlet"]);
    // A COP model with the outlet temperature finds a solution, but its water is far below the freezing point.
    assert!(code == 4 && said.contains("would have -"), "{code} {said}");
}
