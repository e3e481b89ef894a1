//! Demand that is not served is not a success: findings before, during and after a run.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use serde_json::Value;

use common::{anergy, project, stderr, stdout};

fn summary(folder: &std::path::Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join("results").join(name).join("summary.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns the number after "at least" in a finding.
fn at_least_kwh(said: &str) -> f64 {
    let (_, rest) = said.split_once("at least ").unwrap_or_else(|| panic!("{said}"));
    rest.split(' ').next().unwrap().parse().unwrap()
}

/// The starter house, with a grid or a heat pump that can bridge single hours from its stores, but not the week.
#[test]
fn a_district_with_unmet_demand_is_infeasible_under_strict() {
    let folder = tempfile::tempdir().unwrap();
    let model = project("configs/starter/district.yaml");
    let cases = [
        ("grid", "techs.grid.capacity_kw=2", "electricity at house: over time the demand, also for heat and hot_water"),
        ("heat_pump", "techs.heat_pump.capacity_kw=0.7", "heat at house: over time the demand is above all capacity"),
    ];
    for (name, setting, foretold) in cases {
        let asked =
            |verb: &str, more: &[&str]| anergy(folder.path(), &[&[verb, &model, "--set", setting], more].concat());
        let check = asked("check", &[]);
        let said = stderr(&check);
        assert_eq!(check.status.code(), Some(0), "{said}");
        assert!(said.contains(foretold), "{said}");
        assert_eq!(asked("check", &["--strict"]).status.code(), Some(2));

        let run = asked("run", &["--quiet", "--name", name]);
        let said = stderr(&run);
        let text = stdout(&run).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(run.status.code(), Some(0), "{said}");
        let after = said.lines().find(|line| line.contains("kWh of demand are not served"));
        assert!(after.unwrap().starts_with("warning: "), "{said}");
        assert!(text.contains("verdict Converged, but not all demand is served"), "{text}");
        assert!(text.contains("NOT SERVED") && text.contains("on the agreement of dispatch and loop"), "{text}");
        let unmet_kwh = summary(folder.path(), name)["unmet_kwh"].as_f64().unwrap();
        assert!(unmet_kwh > 1.0, "{unmet_kwh}");
        // The forecast is a lower bound, and above zero.
        let foretold_kwh = at_least_kwh(said.lines().find(|line| line.contains(foretold)).unwrap());
        assert!(foretold_kwh <= unmet_kwh + 0.06 && foretold_kwh >= 0.2 * unmet_kwh, "{foretold_kwh} of {unmet_kwh}");
        let html = std::fs::read_to_string(folder.path().join(format!("results/{name}/report.html"))).unwrap();
        assert!(html.contains("<span class=\"badge warning\">converged, but "), "no green badge");

        let strict = asked("run", &["--quiet", "--strict", "--name", "strict"]);
        assert_eq!(strict.status.code(), Some(4), "{}", stderr(&strict));
        assert!(stderr(&strict).contains("the district cannot do what is asked of it"), "{}", stderr(&strict));
    }
}

/// Where serving costs more than the price of unmet demand, no check of capacities can predict unmet demand.
#[test]
fn demand_left_unmet_for_its_price_fails_a_strict_run() {
    let folder = tempfile::tempdir().unwrap();
    let model = project("configs/starter/district.yaml");
    let setting = ["--set", "shortage.unmet_eur_per_kwh=0.15", "--quiet"];
    let check = anergy(folder.path(), &["check", &model, "--set", setting[1], "--strict"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    let run = |more: &[&str]| anergy(folder.path(), &[&["run", &model][..], &setting, more].concat());
    let strict = run(&["--strict", "--name", "strict"]);
    assert_eq!(strict.status.code(), Some(4), "{}", stderr(&strict));
    assert!(stderr(&strict).contains("error: ") && stderr(&strict).contains("are not served"), "{}", stderr(&strict));
    assert!(summary(folder.path(), "strict")["unmet_kwh"].as_f64().unwrap() > 1.0, "its results are written");
    // The resumed run has ended with the same message, though it is not run with `--strict`.
    let again = anergy(folder.path(), &["run", "--quiet", "--resume", "results/strict"]);
    assert_eq!(again.status.code(), Some(4), "{}", stderr(&again));
    // A house whose demand is served is a success, with and without `--strict`.
    let served = anergy(folder.path(), &["run", &model, "--quiet", "--strict", "--name", "served"]);
    assert_eq!(served.status.code(), Some(0), "{}", stderr(&served));
    assert_eq!(summary(folder.path(), "served")["unmet_kwh"], 0.0);
    assert!(!stderr(&served).contains("served"), "{}", stderr(&served));
    let html = std::fs::read_to_string(folder.path().join("results/served/report.html")).unwrap();
    assert!(html.contains("<span class=\"badge good\">converged</span>"));
}
