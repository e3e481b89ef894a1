//! A district on a loop with ground, priced and weak balancing units and every COP model, from its file to its summary.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy::config::{Case, LoopSource, Request};
use anergy::cosim::CosimResult;
use anergy::lp::default_backend;
use anergy::results::Column;
use anergy::run::{run_case, summarise, summary_text, timeseries_table};
use anergy::schema::Summary;

use common::project;

/// Runs the small district in its first days of January with an edited loop file.
fn run(edits: &[(&str, &str)]) -> (Case, CosimResult, Summary) {
    let mut ring = std::fs::read_to_string(project("networks/small_ring.yaml")).unwrap();
    for (from, to) in edits {
        assert!(ring.contains(from), "{from}");
        ring = ring.replacen(from, to, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring.yaml");
    std::fs::write(&path, ring).unwrap();
    let case = Case::load(&Request {
        model: project("configs/small_district/model.yaml").into(),
        water_loop: Some(LoopSource::File(path)),
        settings: vec!["coupling.max_iterations=3".to_owned()],
        ..Request::default()
    })
    .unwrap();
    let run = run_case(&case, default_backend(), &mut ()).unwrap();
    let summary = summarise(&case, &run);
    (case, run, summary)
}

#[test]
fn ground_and_balancing_appear_in_tables_and_costs() {
    let (case, run, summary) = run(&[(
        "  max_c: 24\n",
        "  max_c: 24
  ground: {conductance_kw_per_k: 2.5, temp_c: 9}
  balancing:
    heating: {capacity_kw: 3, electricity_per_heat: 0.4, price_eur_per_kwh: 0.3, co2_kg_per_kwh: 0.2}
",
    )]);
    let coupling = summary.coupling.as_ref().unwrap();
    assert!(coupling.loop_step_balance_residual <= 1e-9 && coupling.loop_balance_residual <= 1e-9);
    assert!(coupling.ground_kwh[1] < 0.0, "a warm loop in cold ground loses heat: {:?}", coupling.ground_kwh);
    let energy_kwh = coupling.balancing_energy_kwh;
    assert!((energy_kwh - 0.4 * coupling.balancing_kwh[0]).abs() < 1e-6 && energy_kwh > 0.0);
    assert!((coupling.balancing_co2_kg - 0.2 * energy_kwh).abs() < 1e-6);
    let cost = &summary.cost;
    assert!((cost.balancing_eur - 0.3 * energy_kwh).abs() < 1e-6);
    assert!((cost.total_eur - run.account.cost_eur() - cost.balancing_eur).abs() < 1e-9);

    let [below, above] = &coupling.violations;
    assert!(below.hours > 0.0 && below.worst_k > 0.0 && below.kelvin_hours >= below.worst_k * 0.999, "{below:?}");
    assert!((12.0 - coupling.temp_c[0] - below.worst_k).abs() < 1e-9, "{below:?} {:?}", coupling.temp_c);
    assert_eq!((above.hours, &above.worst_at), (0.0, &None));
    let text = summary_text(&summary, &case);
    for words in ["balancing energy", "loop balancing", "ground", "h below 12 C", below.worst_at.as_ref().unwrap()] {
        assert!(text.contains(words), "{words}: {text}");
    }

    let table = timeseries_table(&case, &run);
    let sum = |name: &str| match table.columns().iter().find(|(column, _)| column == name) {
        Some((_, Column::Number(values))) => values.iter().sum::<f64>(),
        _ => panic!("no column {name}"),
    };
    assert!((sum("loop|ground_kwh") - coupling.ground_kwh.iter().sum::<f64>()).abs() < 1e-6);
    assert!((sum("loop|balancing_energy_kwh") - energy_kwh).abs() < 1e-6);
}

#[test]
fn every_cop_model_runs_and_names_its_range() {
    let (case, _, summary) = run(&[
        (
            "{model: quadratic, coefficients: [8.5, -0.15, 0.0009], valid_lift_k: [10, 50], outside: clamp}",
            "{model: carnot, quality_grade: 0.45, valid_lift_k: [30, 31], source_approach_k: 3, sink_approach_k: 2}",
        ),
        (
            "{model: quadratic, coefficients: [8.2, -0.2, 0.0015], valid_lift_k: [2, 30], outside: clamp}",
            "{model: en14511, source_c: [10, 11], sink_c: [25, 40], cop: [[6, 4], [6.5, 4.5]]}",
        ),
    ]);
    let validity = &summary.coupling.as_ref().unwrap().validity;
    let ranges: Vec<String> = validity.iter().map(|validity| validity.range.unwrap().to_string()).collect();
    assert!(ranges.contains(&"lifts of 30 to 31 K".to_owned()), "{ranges:?}");
    assert!(ranges.contains(&"sources of 10 to 11 C and sinks of 25 to 40 C".to_owned()), "{ranges:?}");
    let json = serde_json::to_value(&summary).unwrap();
    assert!(json["coupling"]["validity"][0]["valid_lift_k"].is_array());
    assert!(validity.iter().any(|validity| validity.below + validity.above > 0));
    assert!(summary_text(&summary, &case).contains("running steps"));
}
