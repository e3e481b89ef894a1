//! Whole runs on networks whose water circulates many times in a part of a step, against a steady heat balance.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::{anergy, reference_data, stderr, stdout};

/// Returns a house on a plant with one pair of pipes; `load` is its heat demand, `plant` the plant's ranges and
/// units.
fn district(load: &str, cop: &str, pipe: &str, plant: &str) -> String {
    format!(
        "\
name: a plant near a house
carriers: [electricity, heat]
time: {{start: 2023-02-01, end: '2023-02-03', step_minutes: 60}}
techs:
  grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.2}}
  rooms: {{kind: demand, carrier: heat, power_kw: {load}}}
  machine: {{kind: heat_pump, service: heating, carrier_out: heat, capacity_kw: 500, sink_c: 35, cop: {cop}}}
sites: {{house: {{techs: {{grid: , rooms: , machine: }}}}}}
water_loop:
  kind: network
  min_c: 3
  max_c: 25
  start: {{temp_c: 10}}
  ground: {{temp_c: 8}}
  nodes: {{cellar: {{x_m: 0, y_m: 0}}, door: {{x_m: 500, y_m: 0}}}}
  pipe_types: {{steel: {{inner_diameter_m: 0.1, u_w_m_k: 2}}}}
  pipes: {{way: {{from: cellar, to: door, type: steel{pipe}}}}}
  substations: {{door: {{node: door, site: house}}}}
  plants: {{plant: {{node: cellar, warm_c: [10, 25], cold_c: [2, 20], units: [{plant}], meter: {{price_eur_per_kwh: 0.2}}}}}}
"
    )
}

const COP_5: &str = "{model: quadratic, coefficients: [5, 0, 0], valid_lift_k: [0, 60]}";
const CARNOT: &str = "{model: carnot, quality_grade: 0.45}";
const WELL: &str = "{well: {max_flow_kg_s: 30, source_c: 12}}";
const AIR: &str = "{air: {heating: {capacity_kw: 400, cop: 3}}}";

/// Runs a district and returns the columns of network.csv.
fn network(folder: &Path, file: &str) -> csv_columns::Columns {
    let output = anergy(folder, &["run", file, "--out", "out", "--name", "run", "--quiet"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    csv_columns::Columns::read(&folder.join("out/run/network.csv"))
}

fn run(district: &str, series: Option<&str>) -> csv_columns::Columns {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("district.yaml"), district).unwrap();
    if let Some(series) = series {
        std::fs::write(folder.path().join("load.csv"), series).unwrap();
    }
    network(folder.path(), "district.yaml")
}

mod csv_columns {
    use std::collections::BTreeMap;
    use std::path::Path;

    /// The columns of a table by name.
    pub struct Columns(BTreeMap<String, Vec<f64>>);

    impl Columns {
        pub fn read(path: &Path) -> Self {
            let mut reader = csv::Reader::from_path(path).unwrap();
            let names = reader.headers().unwrap().clone();
            let mut columns: BTreeMap<String, Vec<f64>> = BTreeMap::new();
            for record in reader.records() {
                for (name, value) in names.iter().zip(&record.unwrap()).skip(1) {
                    columns.entry(name.to_owned()).or_default().push(value.parse().unwrap_or(f64::NAN));
                }
            }
            Self(columns)
        }

        pub fn of(&self, name: &str) -> &[f64] {
            self.0.get(name).unwrap_or_else(|| panic!("{name} among {:?}", self.0.keys()))
        }

        /// Checks that every value of a column is within a range, from a step on.
        pub fn within(&self, name: &str, from: usize, [low, high]: [f64; 2]) {
            for (step, value) in self.of(name).iter().enumerate().skip(from) {
                assert!((low..=high).contains(value), "{name} is {value} in step {step}; expected {low} to {high}");
            }
        }

        /// Checks that all temperatures of nodes are within a range.
        pub fn all_nodes_within(&self, range: [f64; 2]) {
            for name in self.0.keys().filter(|name| name.starts_with("node|") && name.ends_with("temperature_c")) {
                self.within(name, 0, range);
            }
        }
    }
}

/// 200 kW of heat at a COP of 5 take 160 kW from the water, which arrives at 10 C from a well of 12 C and is cooled
/// by 4 K.
#[test]
fn a_well_heats_no_water_above_its_own_temperature() {
    let columns = run(&district("200", COP_5, ", length_m: 60", WELL), None);
    columns.all_nodes_within([5.5, 11.0]);
    columns.within("node|cellar/warm|temperature_c", 0, [9.99, 10.01]);
    columns.within("substation|door|inlet_c", 1, [9.98, 10.0]);
    columns.within("node|cellar/cold|temperature_c", 1, [5.98, 6.02]);
    columns.within("unit|plant/well|heat_kw", 1, [159.5, 160.5]);
}

/// 50 kW of heat take 40 kW from the water over a distance of one metre.
#[test]
fn a_pipe_of_one_metre_is_simulated() {
    let columns = run(&district("50", COP_5, ", length_m: 1", AIR), None);
    columns.all_nodes_within([5.5, 10.5]);
    columns.within("node|cellar/warm|temperature_c", 0, [9.99, 10.01]);
    columns.within("node|cellar/cold|temperature_c", 1, [5.98, 6.02]);
    columns.within("unit|plant/air|heat_kw", 1, [39.9, 40.1]);
    let heat_kwh: f64 = columns.of("unit|plant/air|heat_kw").iter().sum();
    assert!((heat_kwh - 2880.0).abs() < 5.0, "{heat_kwh} kWh");
}

/// Loads between 30 and 270 kW at the COP for an outlet of 10 C less a spread of 4 K, 0.45 x 308.15 / 29 = 4.7816.
#[test]
fn a_varying_load_gets_the_expected_inlet_temperature() {
    let mut series = "time,kw\n".to_owned();
    let mut sum_kwh = 0.0;
    for hour in 0..72_u32 {
        let load_kw = 150.0 + 120.0 * (f64::from(hour) * 0.7).sin();
        sum_kwh += load_kw;
        writeln!(series, "2023-02-{:02} {:02}:00,{load_kw:.6}", 1 + hour / 24, hour % 24).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let text = district("'file=load.csv:kw'", CARNOT, ", length_m: 60", AIR);
    std::fs::write(folder.path().join("district.yaml"), text).unwrap();
    std::fs::write(folder.path().join("load.csv"), series).unwrap();
    let columns = network(folder.path(), "district.yaml");
    // At 30 kW, 60 m of pipe at 2 W/(m K) lose 2 K x 120 W/K of 24 kW: 0.04 K.
    columns.within("substation|door|inlet_c", 1, [9.95, 10.0]);
    columns.within("node|cellar/cold|temperature_c", 1, [5.95, 6.05]);
    let dispatch = csv_columns::Columns::read(&folder.path().join("out/run/timeseries.csv"));
    let electricity_kwh: f64 = dispatch.of("house|machine|electricity|input_kw").iter().sum();
    let expected_kwh = sum_kwh / (0.45 * 308.15 / 29.0);
    assert!((electricity_kwh / expected_kwh - 1.0).abs() < 3e-3, "{electricity_kwh} kWh instead of {expected_kwh}");
}

/// 40 kW from a ring of 34 m that is pumped with 10 kg/s: the water returns 40 / (10 x 4.19) K = 0.955 K colder.
#[test]
fn a_short_ring_returns_with_the_expected_temperature() {
    let text = district("50", COP_5, "", AIR);
    let (before, _) = text.split_once("  nodes:").unwrap();
    let ring = format!(
        "{before}  nodes: {{cellar: {{x_m: 0, y_m: 0}}, door: {{x_m: 10, y_m: 0}}, back: {{x_m: 10, y_m: 10}}}}
  pipe_types: {{steel: {{inner_diameter_m: 0.1, u_w_m_k: 2}}}}
  pipes:
    a: {{from: cellar, to: door, type: steel, line: single}}
    b: {{from: door, to: back, type: steel, line: single}}
    c: {{from: back, to: cellar, type: steel, line: single}}
  main_pump: {{node: cellar, towards: door, flow_kg_s: 10}}
  substations: {{door: {{node: door, site: house}}}}
  plants: {{plant: {{node: cellar, ring_c: [8, 20], units: [{AIR}]}}}}
"
    );
    let columns = run(&ring, None);
    columns.all_nodes_within([6.5, 10.0]);
    columns.within("node|cellar/goes|temperature_c", 1, [7.99, 8.01]);
    columns.within("node|door/goes|temperature_c", 1, [7.03, 7.07]);
    columns.within("unit|plant/air|heat_kw", 1, [39.5, 40.5]);
}

/// Six hours of load, then rest: the water approaches the ground's 8 C, and the tables show this and not the last
/// flow.
#[test]
fn the_tables_show_water_at_rest() {
    let mut series = "time,kw\n".to_owned();
    for hour in 0..72 {
        let load_kw = if hour < 6 { 50 } else { 0 };
        writeln!(series, "2023-02-{:02} {:02}:00,{load_kw}", 1 + hour / 24, hour % 24).unwrap();
    }
    let columns = run(&district("'file=load.csv:kw'", CARNOT, "", AIR), Some(&series));
    columns.within("node|door/warm|temperature_c", 71, [7.95, 8.05]);
    columns.within("substation|door|inlet_c", 71, [7.95, 8.05]);
    // Until then the inlet temperature falls from hour to hour.
    let inlets_c = columns.of("substation|door|inlet_c");
    assert!(inlets_c[8..].windows(2).all(|pair| pair[1] <= pair[0] + 1e-3), "{inlets_c:?}");
}

/// The unmodified inputs with which these faults were found.
#[test]
fn the_inputs_that_failed_give_the_right_values() {
    for (case, node, range, unit, heat_kw) in [
        ("short_circuit_well", "node|plant/cold|temperature_c", [5.98, 6.02], "unit|plant/well|heat_kw", 160.0),
        ("pipe_of_a_metre", "node|plant/cold|temperature_c", [5.98, 6.02], "unit|plant/air|heat_kw", 40.0),
        ("short_ring", "node|h1/goes|temperature_c", [7.03, 7.07], "unit|plant/air|heat_kw", 40.0),
    ] {
        let Some(data) = reference_data(&format!("cases/found/{case}")) else { return };
        let folder = tempfile::tempdir().unwrap();
        let (file, out) = (data.join("district.yaml"), folder.path().join("out"));
        let words = ["run", &file.to_string_lossy(), "--out", &out.to_string_lossy(), "--name", "run", "--quiet"];
        let output = anergy(folder.path(), &words);
        assert!(output.status.success(), "{case}: {}", stderr(&output));
        let columns = csv_columns::Columns::read(&out.join("run/network.csv"));
        columns.all_nodes_within([5.5, 11.0]);
        columns.within(node, 1, range);
        columns.within(unit, 1, [heat_kw - 0.5, heat_kw + 0.5]);
    }
}

/// An air unit of 5 kW and a heat pump that takes 160 kW: the water would freeze within an hour, and the run has no
/// result.
#[test]
fn a_plant_that_is_far_too_small_has_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let small = "{air: {heating: {capacity_kw: 5, cop: 3}}}";
    std::fs::write(folder.path().join("district.yaml"), district("200", COP_5, ", length_m: 60", small)).unwrap();
    let output = anergy(folder.path(), &["run", "district.yaml", "--out", "out", "--quiet"]);
    assert_eq!(output.status.code(), Some(4), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("more is taken from the network"), "{}", stderr(&output));
}

/// An air unit of 39 kW where 40 kW are needed: a warning on standard error, and an error with --strict.
#[test]
fn a_plant_that_is_slightly_too_small_causes_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let small = "{air: {heating: {capacity_kw: 39, cop: 3}}}";
    std::fs::write(folder.path().join("district.yaml"), district("50", COP_5, "", small)).unwrap();
    let output = anergy(folder.path(), &["run", "district.yaml", "--out", "out", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("warning: the loop does not bring what is taken from it"), "{}", stderr(&output));
    let strict =
        anergy(folder.path(), &["run", "district.yaml", "--out", "out", "--name", "strict", "--quiet", "--strict"]);
    assert_eq!(strict.status.code(), Some(4), "{}", stderr(&strict));
}
