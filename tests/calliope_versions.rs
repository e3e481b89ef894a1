//! Small models with the solutions of Calliope 0.6.3 and 0.6.10 with CBC, or with the error that is expected instead.
//! Skipped without the reference data.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use common::{anergy, reference_data, stderr};

fn cases() -> Option<PathBuf> {
    reference_data("cases/calliope06")
}

/// Runs a model: returns its cost in EUR, or the exit code and the message.
fn run(model: &Path) -> Result<f64, (Option<i32>, String)> {
    let folder = tempfile::tempdir().unwrap();
    let output = anergy(folder.path(), &["run", model.to_str().unwrap(), "--out", "out", "--name", "case"]);
    if !output.status.success() {
        return Err((output.status.code(), stderr(&output)));
    }
    let summary = std::fs::read_to_string(folder.path().join("out/case/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    Ok(summary["cost"]["total_eur"].as_f64().unwrap())
}

#[test]
fn costs_equal_those_of_calliope() {
    let Some(cases) = cases() else { return };
    let expected = [
        ("resource_missing_supply_063", 11.627_707_54),
        ("resource_missing_supply_0610", 11.627_707_54),
        ("resource_missing_supply_plus_0610", 11.627_707_54),
        ("resource_missing", 0.12),
        ("storage_initial_fraction", 17.877_363),
        ("storage_initial_kwh_063", 17.877_363),
        ("iss702", 23.803_226),
        ("om_annual_alone_063", 15.067_491),
        ("om_annual_alone_0610", 17.467_491),
    ];
    for (name, cost) in expected {
        let found = run(&cases.join(name).join("model.yaml"));
        assert!(matches!(found, Ok(found) if (found - cost).abs() < 1e-6), "{name}: {found:?} instead of {cost}");
    }
}

#[test]
fn models_that_calliope_rejects_are_errors() {
    let Some(cases) = cases() else { return };
    let expected = [
        ("storage_om_con", "Calliope allows no `om_con` of a storage"),
        ("storage_om_con_063", "Calliope allows no `om_con` of a storage"),
        ("demand_cost", "Calliope allows no costs of a demand"),
        ("demand_resource_missing", "`constraints.resource (of the demand other at here)` is missing"),
        ("no_interest", "`costs.monetary.interest_rate (needed to annualise the investment)` is missing"),
        ("scale_minus", "`resource_scale` is -1"),
        ("cap_inf", "`energy_cap_equals` is inf"),
    ];
    for (name, words) in expected {
        let found = run(&cases.join(name).join("model.yaml"));
        let refused = matches!(&found, Err((Some(2), said)) if said.contains(words) && said.contains("model.yaml:"));
        assert!(refused, "{name}: {found:?}");
    }
}

/// A feature that is not supported is an error with name and place; a feature that becomes supported has to give
/// Calliope's objective.
#[test]
fn unsupported_features_are_errors() {
    let Some(cases) = cases() else { return };
    let objectives = [
        ("want_area", 15.584_509_598),
        ("want_cap_max_free", 21.029_247_4),
        ("want_cost_classes", 42.303_179_1),
        ("want_dateformat", 33.84),
        ("want_discharge_depth", 19.848_980_194),
        ("want_equals_over_max", 23.803_226),
        ("want_export", 7.370_455),
        // Without the price of the 0.4637 kWh of unmet demand.
        ("want_link", 503.696_902_56 - 463.7),
        ("want_link_both_ways", 23.632_172_56),
        ("want_link_one_way", 30.690_493_28),
        ("want_link_self", 23.803_226),
        ("want_om_con", 15.583_124_6),
        ("want_resource_eff", 12.476_82),
        ("want_size", 6.661_133_4),
        ("want_storage_ratio", 17.987_013_12),
        ("want_supply_plus_store", 11.205_644),
        ("want_tech_groups", 18.989_352),
        ("want_two_outputs", 33.086_485),
        ("want_unpadded_stamps", 33.84),
    ];
    for (name, objective) in objectives {
        match run(&cases.join(name).join("model.yaml")) {
            Ok(cost) => assert!((cost - objective).abs() < 1e-6, "{name}: {cost} instead of {objective}"),
            Err((code, said)) => assert!(code == Some(2) && said.contains("-->"), "{name}: {code:?} {said}"),
        }
    }
}
