//! Whole runs on networks of pipes: the example files, their results, and the messages for mistakes in them.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../examples/ambient_mesh.rs"]
#[allow(dead_code)]
mod ambient_mesh;
mod common;

use std::collections::BTreeMap;
use std::path::Path;

use anergy::dispatch::Dispatch;
use anergy::lp::default_backend;

use common::{anergy, contents, project, stderr, stdout};

const READY: [&str; 3] = ["warm_cold_tree", "reservoir_ring", "warm_cold_mesh"];

/// Returns the numbers of a CSV file by column, without cells that are not numbers.
fn columns(path: &Path) -> BTreeMap<String, Vec<f64>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for record in reader.records() {
        for (column, cell) in columns.iter_mut().zip(record.unwrap().iter()) {
            column.push(cell.parse().unwrap_or(f64::NAN));
        }
    }
    names.into_iter().zip(columns).collect()
}

fn week(folder: &Path, network: &str, more: &[&str]) -> std::process::Output {
    let (district, network) = (project("configs/smart_district.yaml"), project(&format!("networks/{network}.yaml")));
    let arguments = ["run", &district, "--water-loop", &network, "--window", "2019-01-14..2019-01-20"];
    anergy(folder, &[&arguments[..], more].concat())
}

#[test]
fn ready_networks_run_and_their_balances_close() {
    for network in READY {
        let folder = tempfile::tempdir().unwrap();
        let output = week(folder.path(), network, &["--name", "one"]);
        assert_eq!(output.status.code(), Some(0), "{network}: {}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains("Converged") && stdout(&output).contains("gap "), "{}", stdout(&output));
        let run = folder.path().join("results/one");
        let summary: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(run.join("summary.json")).unwrap()).unwrap();
        assert!(summary["coupling"]["loop_balance_residual"].as_f64().unwrap() < 1e-9);
        assert!(summary["coupling"]["loop_step_balance_residual"].as_f64().unwrap() < 1e-9);
        assert!(summary["network"]["pumps_kwh"].as_f64().unwrap() > 10.0);
        let components = columns(&run.join("network_components.csv"));
        let residuals = components["residual_kwh"].iter().filter(|residual| !residual.is_nan());
        assert!(
            residuals.clone().count() > 5 && residuals.clone().all(|residual| residual.abs() < 1e-5),
            "{components:?}"
        );
        let temperatures = columns(&run.join("network.csv"));
        let nodes =
            temperatures.iter().filter(|(name, _)| name.starts_with("node|") && name.ends_with("temperature_c"));
        assert!(nodes.clone().count() > 6);
        assert!(nodes.flat_map(|(_, values)| values).all(|temp_c| (-5.0..40.0).contains(temp_c)));

        // The sites supply the electricity of pumps and plants.
        let series = columns(&run.join("timeseries.csv"));
        for site in ["homes", "offices"] {
            let of = |name: &str| series.get(&format!("{site}|{name}")).cloned().unwrap_or_else(|| vec![0.0; 168]);
            let brought =
                ["grid|electricity|supply_kw", "solar|electricity|supply_kw", "|electricity|unmet_kw"].map(of);
            let taken = [
                "feed_in|electricity|export_kw",
                "heat_pump|electricity|input_kw",
                "booster|electricity|input_kw",
                "chiller|electricity|input_kw",
                "lights_and_plugs|electricity|demand_kw",
                "|electricity|circulation_kw",
                "|electricity|surplus_kw",
            ]
            .map(of);
            let sum = |of: &[Vec<f64>], step: usize| of.iter().map(|values| values[step]).sum::<f64>();
            for step in 0..168 {
                let miss = sum(&brought, step) - sum(&taken, step);
                assert!(miss.abs() < 1e-6, "{network}: {site} misses {miss} kW in step {step}");
            }
            assert!(taken[5].iter().sum::<f64>() > 1.0, "{network}: {site} pumps");
        }
    }
}

#[test]
fn the_same_network_gives_the_same_bytes_and_other_starts_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        let output = week(folder.path(), "warm_cold_tree", &["--name", name, "-q"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    assert_eq!(contents(&folder.path().join("results/one")), contents(&folder.path().join("results/two")));
    let output = week(folder.path(), "warm_cold_tree", &["--name", "three", "-q", "--starts", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("3 beginnings"), "{}", stdout(&output));
    // With a tolerance on temperatures the scheme accelerates as long as that converges.
    let more = ["--name", "four", "-q", "--set", "coupling.stop=residual", "--set", "coupling.max_iterations=6"];
    let output = week(folder.path(), "warm_cold_tree", &more);
    assert!(stdout(&output).contains("anderson"), "{}", stdout(&output));
    for scheme in ["newton", "anticipative"] {
        let scheme = format!("coupling.scheme={scheme}");
        let output = week(folder.path(), "warm_cold_tree", &["--name", "five", "-q", "--set", &scheme]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("only a well-mixed one has derivatives"), "{}", stderr(&output));
    }
}

#[test]
fn ready_networks_match_the_schema_and_misspelt_ones_do_not() {
    let schema = anergy::config::loop_file::json_schema();
    let published = std::fs::read_to_string(project("networks/loop.schema.json")).unwrap();
    let published: serde_json::Value = serde_json::from_str(&published).unwrap();
    assert!(published == schema, "write it anew: anergy schema loop > networks/loop.schema.json");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(project("networks")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let loop_file: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            let errors: Vec<String> = validator.iter_errors(&loop_file).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
            count += 1;
        }
    }
    assert!(count >= 7);
    let tree = std::fs::read_to_string(project("networks/warm_cold_tree.yaml")).unwrap();
    for (word, instead) in [
        ("type: de180", "typ: de180"),
        ("kind: network", "kind: pipes"),
        ("  min_c: 4\n", "  min_c: 4\n  pumpign: central\n"),
        ("warm_c: [7, 25]", "warm_c: 7"),
    ] {
        let broken: serde_json::Value = serde_yaml::from_str(&tree.replacen(word, instead, 1)).unwrap();
        assert!(!validator.is_valid(&broken), "{instead}");
    }
}

#[test]
fn mistakes_in_a_network_are_shown_with_their_line() {
    let tree = std::fs::read_to_string(project("networks/warm_cold_tree.yaml")).unwrap();
    let cases = [
        ("type: de180", "type: de108", "did you mean `de180`?"),
        ("node: north, site", "node: nort, site", "did you mean `north`?"),
        ("site: offices", "site: office", "did you mean `offices`?"),
        ("site: offices, spread_k", "site: offices, spred_k", "did you mean `spread_k`?"),
        ("kind: network", "kind: netwrk", "did you mean `network`?"),
        ("  kind: network\n", "", "a loop with pipes is `kind: network`"),
        ("share: 0.3}", "share: 0.5}", "add up to 1.2; expected 1"),
        ("meter: {site: homes}", "meter: {site: homs}", "did you mean `homes`?"),
        ("ground_c: 14.5}", "ground_c: 14.5, rows: 0}", "rows"),
        ("heating: {capacity_kw: 400, cop: 2.8}", "heating: {capacity_kw: 400, cop: -2}", "expected numbers > 0"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tree.yaml");
    let checked = |text: &str, more: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let arguments = ["check", &project("configs/smart_district.yaml"), "--water-loop", path.to_str().unwrap()];
        let output = anergy(folder.path(), &[&arguments[..], more].concat());
        (output.status.code(), stderr(&output))
    };
    for (word, instead, says) in cases {
        let at = tree.find(word).unwrap_or_else(|| panic!("{word}"));
        let (code, said) = checked(&tree.replacen(word, instead, 1), &[]);
        assert_eq!(code, Some(2), "{instead}: {said}");
        // The message shows the line of the mistake, or a neighbouring line where a key is missing.
        let line = tree[..at].lines().count();
        let places = [line - 1, line, line + 1].map(|line| format!("tree.yaml:{line}:"));
        let is_there = places.iter().any(|place| said.contains(place)) || instead.is_empty();
        assert!(said.contains(says) && is_there, "{instead}: {said} {places:?}");
    }
    // A key that does not exist cannot be set, and the override is not ignored.
    let (code, said) = checked(&tree, &["--set", "water_loop.pipe_types.de18.inner_diameter_m=0.1"]);
    assert!(code == Some(2) && said.contains("unknown key `de18`; did you mean `de180`?"), "{said}");
    let (code, said) = checked(&tree, &["--set", "water_loop.pipe_types.de180.inner_diameter_m=0.1"]);
    assert_eq!(code, Some(0), "{said}");
    let alone = anergy(folder.path(), &["check", path.to_str().unwrap()]);
    assert!(alone.status.code() == Some(2) && stderr(&alone).contains("this is a loop file"), "{}", stderr(&alone));
    let unused = tree.replace("  pipe_types:\n", "  pipe_types:\n    de90: {inner_diameter_m: 0.08}\n");
    assert!(checked(&unused, &[]).1.contains("no pipe is of the type `de90`"));
    let unpaid = tree.replace("      meter: {site: homes}\n", "");
    assert!(checked(&unpaid, &[]).1.contains("its electricity costs nothing"));
}

#[test]
fn a_calliope_model_runs_on_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let ring = std::fs::read_to_string(project("networks/small_ring.yaml")).unwrap();
    let (head, pumps) = ring.split_once("heat_pumps:").unwrap();
    let (head, _) = head.split_once("water_loop:").unwrap();
    let model = std::fs::read_to_string(project("configs/small_district/model.yaml")).unwrap();
    let network = "water_loop:
  kind: network
  min_c: 8
  max_c: 26
  start: {temp_c: 17}
  ground: {temp_c: 12}
  nodes: {plant: {}, houses: {}}
  pipe_types: {de400: {inner_diameter_m: 0.3526}}
  pipes: {trench: {from: plant, to: houses, type: de400, length_m: 600}}
  plants:
    plant:
      node: plant
      units: [{air: {heating: {capacity_kw: 500}, cooling: {capacity_kw: 500}}}]
      meter: {price_eur_per_kwh: 0.2}
  substations:
";
    let sites = ["homes", "houses", "office", "offices", "house", "shop"];
    let found: Vec<&str> = sites.into_iter().filter(|site| model.contains(&format!("\n  {site}:"))).collect();
    let mut text = format!("{head}{network}");
    for site in &found {
        text.push_str(&format!("    at_{site}: {{node: houses, site: {site}}}\n"));
    }
    text.push_str(&format!("\nheat_pumps:{pumps}"));
    let path = folder.path().join("network.yaml");
    std::fs::write(&path, text).unwrap();
    let model = project("configs/small_district/model.yaml");
    let arguments = [
        "run",
        &model,
        "--water-loop",
        path.to_str().unwrap(),
        "--name",
        "one",
        "--set",
        "coupling.gap_tolerance=1e-2",
    ];
    let output = anergy(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{found:?} {}{}", stdout(&output), stderr(&output));
    let resolved = std::fs::read_to_string(folder.path().join("results/one/config.resolved.yaml")).unwrap();
    assert!(resolved.contains("kind: network") && !resolved.contains("- !"), "no tags of the serialiser: {resolved}");
}

#[test]
fn auxiliary_electricity_is_a_demand() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(anergy(folder.path(), &["new", "mine"]).status.code(), Some(0));
    let mine = folder.path().join("mine");
    let more = "import: district.yaml\nsites.house.techs.pumps: {kind: demand, carrier: electricity, power_kw: 3}\n";
    std::fs::write(mine.join("pumps.yaml"), more).unwrap();
    let load = |name: &str| {
        let request = anergy::config::Request { model: mine.join(name), ..Default::default() };
        anergy::config::Case::load(&request).unwrap()
    };
    let backend = default_backend();
    let mut plain = Dispatch::new(load("district.yaml").district, backend).unwrap();
    let steps = plain.district().axis().len();
    let alone = plain.solve(backend).unwrap();
    let balance = plain.balance("house", "electricity").unwrap();
    plain.set_auxiliary(balance, &vec![3.0; steps]);
    let with = plain.solve(backend).unwrap();
    let mut demanded = Dispatch::new(load("pumps.yaml").district, backend).unwrap();
    let same = demanded.solve(backend).unwrap();
    assert!(
        (with.objective_eur - same.objective_eur).abs() < 1e-6 * same.objective_eur,
        "{} {}",
        with.objective_eur,
        same.objective_eur
    );
    assert!(with.objective_eur > alone.objective_eur + 1.0);
    // A plan made without this demand, priced with it, costs at least as much as the plan made with it.
    let priced = plain.price(&alone.decisions).unwrap();
    assert!(priced.objective_eur >= with.objective_eur - 1e-6 && priced.short_kwh == 0.0);
    plain.set_auxiliary(balance, &vec![0.0; steps]);
    assert!((plain.solve(backend).unwrap().objective_eur - alone.objective_eur).abs() < 1e-6);
}

#[test]
fn the_hundred_buildings_equal_the_generators_output() {
    let written = std::fs::read_to_string(project("networks/ambient_mesh.yaml")).unwrap();
    assert_eq!(written, ambient_mesh::network().unwrap(), "write it anew: cargo run --example ambient_mesh");
}

/// A year of a hundred buildings, half a minute.
#[test]
#[ignore = "half a minute; CI runs it in release"]
fn a_hundred_buildings_on_a_mesh_converge_with_their_dispatch() {
    let folder = tempfile::tempdir().unwrap();
    let output = anergy(folder.path(), &["run", &project("configs/ambient_mesh.yaml"), "--name", "one", "-q"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    println!("{}", stdout(&output));
    let summary = std::fs::read_to_string(folder.path().join("results/one/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["coupling"]["verdict"], "converged");
    assert!(summary["coupling"]["gap"]["relative"].as_f64().unwrap().abs() <= 1e-3);
    assert!(summary["coupling"]["loop_balance_residual"].as_f64().unwrap() < 1e-9);
    assert!(summary["coupling"]["loop_step_balance_residual"].as_f64().unwrap() < 1e-9);
}

/// Bored piles: 4 kW from 100 m of 0.25 m radius for 20 days. The wall falls by 40 W/m x g / (2 pi k) = 6.54 K with g
/// = 2.055 (finite line, plus the difference of the infinite cylinder from the infinite line), the fluid by 40 W/m x
/// 0.1 m K/W more.
#[test]
fn bored_piles_have_the_response_of_cylinders() {
    let district = |end: &str, kilowatts: f64, pile: &str| {
        format!(
            "name: piles
carriers: [electricity, heat]
time: {{start: 2023-03-01, end: {end}, step_minutes: 60}}
techs:
  mains: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.2}}
  rooms: {{kind: demand, carrier: heat, power_kw: {kilowatts}}}
  pump: {{kind: heat_pump, service: heating, carrier_out: heat, capacity_kw: 50, sink_c: 40, cop: {{model: quadratic, coefficients: [5, 0, 0], valid_lift_k: [0, 60]}}}}
sites: {{hall: {{techs: {{mains: , rooms: , pump: }}}}}}
water_loop:
  kind: network
  min_c: -5
  max_c: 35
  start: {{temp_c: 15}}
  ground: {{temp_c: 15}}
  fluid: {{constant: {{density_kg_m3: 1000, specific_heat_j_kg_k: 4180, viscosity_pa_s: 0.001, conductivity_w_m_k: 0.6, freezing_c: -40}}}}
  nodes: {{yard: {{x_m: 0, y_m: 0}}, door: {{x_m: 20, y_m: 0}}}}
  pipe_types: {{bare: {{inner_diameter_m: 0.1, u_w_m_k: 0}}}}
  pipes: {{way: {{from: yard, to: door, type: bare}}}}
  substations: {{hall: {{node: door, site: hall}}}}
  plants: {{yard: {{node: yard, units: [{{borehole_field: {{columns: 1, rows: 1, {pile}, conductivity_w_m_k: 2, heat_capacity_j_m3_k: 2.2e6, ground_c: 15}}}}]}}}}
"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, text: String| {
        let path = folder.path().join("district.yaml");
        std::fs::write(&path, text).unwrap();
        let output = anergy(folder.path(), &["run", path.to_str().unwrap(), "--name", name]);
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
        columns(&folder.path().join("results").join(name).join("network.csv"))
    };
    let of = |table: &BTreeMap<String, Vec<f64>>, ends: &str| {
        let found = table.iter().find(|(name, _)| name.starts_with("unit|") && name.ends_with(ends));
        found.unwrap_or_else(|| panic!("no column {ends}")).1.clone()
    };
    let table = run("wide", district("2023-03-20", 5.0, "length_m: 100, radius_m: 0.25"));
    let (wall_c, fluid_c) = (of(&table, "|wall_c"), of(&table, "|fluid_c"));
    assert!((wall_c[479] - (15.0 - 6.54)).abs() < 0.05, "{}", wall_c[479]);
    assert!((fluid_c[479] - (15.0 - 10.54)).abs() < 0.05, "{}", fluid_c[479]);
    assert!(wall_c.windows(2).all(|pair| pair[1] < pair[0] + 0.01), "the wall cools all the time");
    let nodes = table.iter().filter(|(name, _)| name.starts_with("node|") && name.ends_with("temperature_c"));
    assert!(nodes.flat_map(|(_, values)| values).all(|temp_c| (2.0..=15.0 + 1e-9).contains(temp_c)));

    let table = run("pile", district("2023-03-02", 2.0, "length_m: 25, radius_m: 0.6"));
    assert!(
        of(&table, "|fluid_c").iter().all(|fluid_c| (5.0..=15.0).contains(fluid_c)),
        "{:?}",
        of(&table, "|fluid_c")
    );
}
