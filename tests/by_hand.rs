//! Districts of two hours whose every result is calculated by hand.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::path::Path;

use anergy::config::{Case, Request};
use anergy::cosim::CosimResult;
use anergy::coupling::Verdict;
use anergy::lp::default_backend;
use anergy::report::{Block, RunResults, comparison_page, run_page};
use anergy::run::{run_case, starts, summarise, summary_text};
use serde_json::{Value, json};

use common::{anergy, stderr};

/// Writes a district of two hours with the series `day.csv` into `folder`; returns the path of its file.
fn write(folder: &Path, text: &str, series: &str) -> String {
    std::fs::write(folder.join("day.csv"), series).unwrap();
    let path = folder.join("district.yaml");
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

fn load(text: &str, series: &str, settings: &[&str]) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let model = write(folder.path(), text, series).into();
    let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
    Case::load(&Request { model, settings, ..Request::default() }).unwrap()
}

fn run(case: &Case) -> CosimResult {
    run_case(case, default_backend(), &mut ()).unwrap()
}

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= 1e-7 * expected.abs().max(1.0)
}

/// Collects the differences above 1e-7 between `found` and `expected`.
fn differences(path: &str, found: &Value, expected: &Value, all: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let keys: std::collections::BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
            for key in keys {
                let of = |object: &serde_json::Map<String, Value>| object.get(key).cloned().unwrap_or(json!("absent"));
                differences(&format!("{path}.{key}"), &of(found), &of(expected), all);
            }
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                differences(&format!("{path}[{index}]"), found, expected, all);
            }
        }
        (Value::Number(a), Value::Number(b)) if near(a.as_f64().unwrap(), b.as_f64().unwrap()) => {}
        _ if found == expected => {}
        _ => all.push(format!("{path}: {found}, not {expected}")),
    }
}

/// A house with a heat pump of COP 4 that is too small, forced waste heat, solar power in the second hour, and a loop
/// of 1 kWh/K whose balancing unit is too small, too.
const HOUSE: &str = "\
name: House
carriers: [electricity, heat]
co2_price_eur_per_t: 100
techs:
  grid:
    kind: import
    carrier: electricity
    capacity_kw: 10
    price_eur_per_kwh: 0.3
    co2_kg_per_kwh: 0.5
    demand_charge_eur_per_kw: 2
  feed_in: {kind: export, carrier: electricity, capacity_kw: 1, price_eur_per_kwh: 0.05}
  sun: {kind: pv, capacity_kw: 4, resource_per_kw: file=day.csv:sun, price_eur_per_kwh: 0.01}
  plugs: {kind: demand, carrier: electricity, power_kw: 1}
  waste:
    kind: supply
    carrier: heat
    curtailable: false
    resource_kw: 0.5
    price_eur_per_kwh: 0.02
    co2_kg_per_kwh: 0.2
  rooms: {kind: demand, carrier: heat, power_kw: 4}
  pump:
    kind: heat_pump
    service: heating
    carrier_out: heat
    capacity_kw: 3
    sink_c: 45
    cop: {model: quadratic, coefficients: [4, 0, 0], valid_lift_k: [30, 34]}
    investment: {upkeep_eur_per_kw_year: 43.8}
sites:
  house: {techs: {grid: , feed_in: , sun: , plugs: , waste: , rooms: , pump: }}
water_loop:
  water_mass_kg: 3600
  specific_heat_kj_per_kg_k: 1
  initial_c: 12
  min_c: 8
  max_c: 25
  balancing:
    heating: {capacity_kw: 0.3, electricity_per_heat: 0.5, price_eur_per_kwh: 0.4, co2_kg_per_kwh: 0.6}
";
const HOUSE_DAY: &str = "timestamp,sun\n2019-04-15 00:00:00,0\n2019-04-15 01:00:00,1\n";

#[test]
fn every_figure_of_a_summary_matches_the_hand_calculation() {
    let folder = tempfile::tempdir().unwrap();
    let model = write(folder.path(), HOUSE, HOUSE_DAY);
    let output = anergy(folder.path(), &["run", &model, "--quiet", "--name", "house"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = std::fs::read_to_string(folder.path().join("results/house/summary.json")).unwrap();
    let found: Value = serde_json::from_str(&text).unwrap();

    // Heat: of 4 kW the waste heat supplies 0.5 and the pump 3, for 0.75 kW; 0.5 kWh per hour are unmet, 1 of 2 + 8 kWh
    // of demand. Electricity: 1.75 kW in both hours. In the first hour all of it is imported; in the second the sun
    // supplies it, 1 kW is sold, and 4 - 2.75 = 1.25 kWh are curtailed.
    let operation_eur = 1.75 * 0.3 + 2.75 * 0.01 - 1.0 * 0.05;
    // Waste heat: 1 kWh, 0.02 EUR, 0.2 kg. Grid 0.875 kg.
    let (forced_eur, supply_kg) = (0.02, 1.75 * 0.5 + 1.0 * 0.2);
    // The loop loses 3 x 3/4 = 2.25 kWh per hour: 12, 9.75, 7.5 C. The unit would have to supply 0.5 kWh, supplies 0.3,
    // and takes 0.15 kWh for that: 0.06 EUR and 0.09 kg. The loop ends at 7.8 C, 0.2 K below the limit.
    let (balancing_eur, balancing_kg) = (0.06, 0.09);
    let co2_eur = (supply_kg + balancing_kg) * 0.1;
    // Upkeep of 3 kW for two hours of 8760; a peak of 1.75 kW.
    let (annualised_eur, charge_eur) = (3.0 * 43.8 * 2.0 / 8760.0, 1.75 * 2.0);
    let total_eur = operation_eur + forced_eur + co2_eur + annualised_eur + charge_eur + balancing_eur;
    assert!(near(total_eur, 4.229), "on paper: {total_eur}");

    let technology = |name: &str, kind: &str, carrier: &str, [delivered, taken, peak]: [f64; 3]| {
        json!({"site": "house", "technology": name, "kind": kind, "carrier": carrier, "delivered_kwh": delivered,
               "taken_kwh": taken, "peak_kw": peak})
    };
    let mut sun = technology("sun", "source", "electricity", [2.75, 0.0, 2.75]);
    sun["curtailed_kwh"] = json!(1.25);
    let mut pump = technology("pump", "heat_pump", "heat", [6.0, 1.5, 3.0]);
    pump["service"] = json!("heating");
    let mut waste = technology("waste", "source", "heat", [1.0, 0.0, 0.5]);
    waste["curtailed_kwh"] = found["technologies"][3]["curtailed_kwh"].clone();
    assert!(
        waste["curtailed_kwh"].is_null() || waste["curtailed_kwh"] == json!(0.0),
        "what is forced is not curtailed"
    );
    if waste["curtailed_kwh"].is_null() {
        waste.as_object_mut().unwrap().remove("curtailed_kwh");
    }
    let nothing = json!({"limit_c": 25.0, "hours": 0.0, "kelvin_hours": 0.0, "worst_k": 0.0, "worst_at": null});
    let coupling = json!({
        "verdict": "converged",
        "explanation": found["coupling"]["explanation"].clone(),
        "converged": true,
        // The second dispatch, at the same COPs, does not improve the first.
        "schemes": [{"scheme": "picard", "iterations": 1}],
        "last_iteration": 0,
        "answer": 0,
        "tolerance": {"stop": "gap", "relative_gap": 1e-4, "temperature_k": 0.01},
        "gap": {"absolute_eur": 0.0, "relative": 0.0, "cost_eur": 0.0, "unmet_kwh": 0.0, "unmet_relative": 0.0,
                "surplus_kwh": 0.0},
        "cost_moved": null,
        "residual": null,
        "moved": found["coupling"]["moved"].clone(),
        "temp_c": [7.8, (12.0 + 9.75 + 7.8) / 3.0, 12.0],
        "course_c": [12.0, 9.75, 7.8],
        "limit_steps": [1, 0],
        "created_kwh": [0.0, 0.0],
        "ground_kwh": [0.0, 0.0],
        "balancing_kwh": [0.3, 0.0],
        "balancing_energy_kwh": 0.15,
        "balancing_co2_kg": balancing_kg,
        "violations": [{"limit_c": 8.0, "hours": 1.0, "kelvin_hours": 0.2, "worst_k": 0.2,
                        "worst_at": found["coupling"]["violations"][0]["worst_at"].clone()}, nothing],
        "loop_balance_residual": 0.0,
        "loop_step_balance_residual": 0.0,
        "validity": [{"site": "house", "technology": "pump",
                      // Lifts of 33 and 35.25 K, of 30 to 34: the second is above.
                      "below": 0, "above": 1, "running": 2}],
    });
    let mut found_coupling = found["coupling"].clone();
    let range = found_coupling["validity"][0].as_object_mut().unwrap();
    range.retain(|key, _| ["site", "technology", "below", "above", "running"].contains(&key.as_str()));
    let mut found = found;
    let explanation = found["coupling"]["explanation"].as_str().unwrap().to_owned();
    let not_served =
        "1.0 kWh of demand are not served (10.00 % of it): the verdict is on the agreement of dispatch and loop alone";
    assert!(explanation.ends_with(not_served), "{explanation}");
    found["coupling"] = found_coupling;

    // Parts of the LP, hashes and findings have their own tests.
    for (key, is_there) in [("parts", true), ("inputs", true), ("findings", true), ("solver", true), ("version", true)]
    {
        assert_eq!(found.as_object_mut().unwrap().remove(key).is_some(), is_there, "{key}");
    }
    let certificate = found.as_object_mut().unwrap().remove("certificate").unwrap();
    for what in ["equation", "bound"] {
        assert!(certificate[what].as_f64().unwrap() <= 1e-6, "{certificate}");
    }
    let expected = json!({
        "case": "House",
        "scenario": null,
        "from": "2019-04-15 00:00:00",
        "to": "2019-04-15 02:00:00",
        "steps": 2,
        "step_minutes": 60,
        "exit_code": 0,
        "coupling": coupling,
        "cost": {
            "total_eur": 4.229,
            "operation_eur": operation_eur,
            "forced_supply_eur": forced_eur,
            "co2_eur": co2_eur,
            "annualised_eur": annualised_eur,
            "demand_charge_eur": charge_eur,
            "balancing_eur": balancing_eur,
        },
        "co2_kg": supply_kg + balancing_kg,
        "unmet_kwh": 1.0,
        "unmet_share": 0.1,
        "peaks": [{"site": "house", "technology": "grid", "peak_kw": 1.75, "demand_charge_eur": charge_eur}],
        "technologies": [
            technology("grid", "import", "electricity", [1.75, 0.0, 1.75]),
            technology("feed_in", "export", "electricity", [0.0, 1.0, 1.0]),
            sun,
            waste,
            pump,
        ],
        "stores": [],
        "links": [],
        "carriers": [
            {"site": "house", "carrier": "electricity", "unmet_kwh": 0.0, "surplus_kwh": 0.0, "residual_kw": 0.0},
            {"site": "house", "carrier": "heat", "unmet_kwh": 1.0, "surplus_kwh": 0.0, "residual_kw": 0.0},
        ],
    });
    let mut all = Vec::new();
    differences("summary", &found, &expected, &mut all);
    assert!(all.is_empty(), "{}", all.join("\n"));

    // The report's own figure: half of the 3.5 kWh of electricity is imported.
    let results = RunResults::read(&folder.path().join("results/house"), "house").unwrap();
    let page = run_page(&results);
    let blocks = page.sections.iter().flat_map(|section| &section.blocks);
    let tiles = blocks.filter_map(|block| if let Block::Tiles(tiles) = block { Some(tiles) } else { None }).flatten();
    let tiles: Vec<(String, f64)> =
        tiles.filter_map(|tile| Some((tile.label.clone(), tile.value.replace('\u{202f}', "").parse().ok()?))).collect();
    let tile =
        |label: &str| tiles.iter().find(|(name, _)| name == label).unwrap_or_else(|| panic!("{label} in {tiles:?}")).1;
    for (label, value) in [("Self-sufficiency", 50.0), ("Curtailed", 1.25), ("Unmet demand", 1.0), ("Surplus", 0.0)] {
        assert!((tile(label) - value).abs() <= 0.005 * value, "{label}: {}", tile(label));
    }
    assert_eq!(tile("Seasonal COP, pump at house"), 4.0);
    let (words, tone) = page.badge.unwrap();
    assert!(tone.class() == "warning" && words == "converged, but 1.00 kWh of demand not served", "{words}");
}

/// A house with 3 kW of heat in both hours, from the loop or from a heat grid at 0.11 and then 1 EUR/kWh. The loop
/// holds
/// 2 kWh/K; at 15 C the COP is 18 - 0.5 (45 - 15) = 3, a kelvin less costs half of one.
const MYOPIC: &str = "\
name: Near-sighted
carriers: [electricity, heat]
techs:
  grid: {kind: import, carrier: electricity, capacity_kw: 10, price_eur_per_kwh: file=day.csv:electricity}
  street: {kind: import, carrier: heat, capacity_kw: 10, price_eur_per_kwh: file=day.csv:heat}
  rooms: {kind: demand, carrier: heat, power_kw: 3}
  pump:
    kind: heat_pump
    service: heating
    carrier_out: heat
    capacity_kw: 5
    sink_c: 45
    cop: {model: quadratic, coefficients: [18, -0.5, 0], valid_lift_k: [20, 35]}
sites:
  house: {techs: {grid: , street: , rooms: , pump: }}
water_loop: {water_mass_kg: 7200, specific_heat_kj_per_kg_k: 1, initial_c: 15, min_c: 5, max_c: 25}
";
const MYOPIC_DAY: &str = "timestamp,electricity,heat\n2019-04-15 00:00:00,0.3,0.11\n2019-04-15 01:00:00,0.6,1\n";

/// Costs by hand. In equilibrium the pump runs in the first hour, as 0.3 / 3 < 0.11 EUR/kWh; that takes 3 x 2/3 = 2 kWh
/// and 1 K from the loop, and in the second hour the COP is 2.5: 3 x 0.1 + 3 x 0.6 / 2.5.
const EQUILIBRIUM_EUR: f64 = 0.3 + 0.72;
/// The anticipative dispatcher imports heat in the first hour, and has a COP of 3 in the second. (The cost is convex in
/// the first hour's heat q: its slope at 0 is -0.01 + 3 x 0.6 x 0.5 x (1/3) / 9 > 0.)
const ANTICIPATIVE_EUR: f64 = 0.33 + 0.6;

#[test]
fn the_price_of_myopia_matches_the_hand_calculation() {
    let case = load(MYOPIC, MYOPIC_DAY, &["coupling.scheme=anticipative", "coupling.gap_tolerance=1e-9"]);
    let run = run(&case);
    assert_eq!(run.coupling.as_ref().unwrap().verdict, Verdict::Converged);
    assert!(near(run.total_eur(), EQUILIBRIUM_EUR), "{}", run.total_eur());
    let summary = summarise(&case, &run);
    let myopia = summary.myopia.as_ref().unwrap();
    assert!(
        near(myopia.equilibrium_eur, EQUILIBRIUM_EUR) && near(myopia.anticipative_eur, ANTICIPATIVE_EUR),
        "{myopia:?}"
    );
    assert!(near(myopia.price_eur, 0.09) && near(myopia.price_relative, 0.09 / EQUILIBRIUM_EUR), "{myopia:?}");
    assert!(near(myopia.gap_eur.unwrap(), 0.0) && near(myopia.price_beyond_gap_eur.unwrap(), 0.09), "{myopia:?}");
    let [equilibrium, knowing] = myopia.beside;
    assert_eq!([equilibrium.balancing_kwh, knowing.balancing_kwh], [0.0, 0.0]);
    assert_eq!([equilibrium.unmet_kwh, knowing.unmet_kwh], [0.0, 0.0]);
    assert!(summary_text(&summary, &case).contains("0.09 EUR are beyond it"), "{}", summary_text(&summary, &case));
}

#[test]
fn the_price_of_myopia_includes_the_gap() {
    // With an initial COP of 2 the first plan imports heat, as the anticipative plan does. At its own COPs of 3 a
    // dispatcher could save 3 x (0.11 - 0.1) = 0.03 of 0.9 EUR: within a tolerance of 0.1. Of this price of myopia,
    // which is zero without the gap, 0.03 EUR are the gap.
    let settings = ["coupling.scheme=anticipative", "coupling.gap_tolerance=0.1", "techs.pump.start_cop=2"];
    let case = load(MYOPIC, MYOPIC_DAY, &settings);
    let run = run(&case);
    let gap = run.coupling.as_ref().unwrap().gap.unwrap();
    assert!(near(gap.absolute_eur, 0.03) && near(gap.cost_eur, 0.03) && near(gap.relative, 0.03 / 0.9), "{gap:?}");
    let summary = summarise(&case, &run);
    let myopia = summary.myopia.as_ref().unwrap();
    assert!(near(myopia.equilibrium_eur, ANTICIPATIVE_EUR) && near(myopia.price_eur, 0.0), "{myopia:?}");
    assert!(near(myopia.gap_eur.unwrap(), 0.03) && near(myopia.price_beyond_gap_eur.unwrap(), -0.03), "{myopia:?}");
}

#[test]
fn the_spread_of_starts_matches_the_hand_calculation() {
    // From the loop at 5 C (a COP of 1) the first plan imports heat and is within a tolerance of 0.1; the other initial
    // points at 15 C and 25 C run the pump.
    let case = load(MYOPIC, MYOPIC_DAY, &["coupling.gap_tolerance=0.1"]);
    let spread = starts::spread(&case, &run(&case), 3, default_backend(), &mut ()).unwrap();
    let costs: Vec<f64> = spread.beginnings.iter().map(|beginning| beginning.cost_eur).collect();
    let expected = [EQUILIBRIUM_EUR, ANTICIPATIVE_EUR, EQUILIBRIUM_EUR];
    assert!(costs.iter().zip(expected).all(|(cost, expected)| near(*cost, expected)), "{costs:?}");
    assert!(near(spread.cost_eur, 0.09) && near(spread.cost_relative, 0.09 / ANTICIPATIVE_EUR), "{spread:?}");
    // 15 C and then 14 C against 15 C; at the end 14 - 3 x 0.6 / 2 against 15 - 1.
    assert!(near(spread.temp_k, 1.0) && near(spread.temp_mean_k, (0.0 + 1.0 + 0.9) / 3.0), "{spread:?}");
    assert!(near(spread.cop, 0.5) && spread.unmet_kwh == 0.0, "{spread:?}");
    assert!(spread.beginnings.iter().all(|beginning| beginning.unmet_kwh == 0.0 && beginning.unmet_gap == Some(0.0)));
}

#[test]
fn differences_between_runs_match_the_hand_calculation() {
    let folder = tempfile::tempdir().unwrap();
    let model = write(folder.path(), HOUSE, HOUSE_DAY);
    for (name, price) in [("first", "0.3"), ("dearer", "0.5")] {
        let setting = format!("techs.grid.price_eur_per_kwh={price}");
        let output = anergy(folder.path(), &["run", &model, "--quiet", "--name", name, "--set", &setting]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let results =
        ["first", "dearer"].map(|name| RunResults::read(&folder.path().join("results").join(name), name).unwrap());
    let page = comparison_page(&results);
    let blocks = page.sections.iter().flat_map(|section| &section.blocks);
    let mut tables = blocks.filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None });
    let table = tables.find(|table| table.caption == "Differences to first").unwrap();
    let row = |name: &str| table.rows.iter().find(|row| row[0].text() == name).unwrap()[2].text().to_owned();
    // 1.75 kWh at 0.2 EUR more: 0.35 EUR of 4.229.
    let cost = row("Cost");
    assert!(cost.starts_with("+0.35") && cost.ends_with("(+8.3 %)"), "{cost}");
    for same in ["electricity imported", "Self-sufficiency", "CO2", "Curtailed", "Unmet demand", "Surplus"] {
        assert_eq!(row(same), "0", "{same}");
    }
}
