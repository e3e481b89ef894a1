//! Infeasible and unbounded districts: the message names the cause.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{anergy, stderr};

/// Runs a day with a load of 2 kW; returns the exit code and the messages without line breaks.
fn run(techs: &str, unmet: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "carriers: [electricity]\n\
         time: {{start: 2024-03-01, end: '2024-03-01', step_minutes: 60}}\n\
         shortage: {{unmet_eur_per_kwh: {unmet}}}\n\
         techs:\n\
         \x20 load: {{kind: demand, carrier: electricity, power_kw: 2}}\n\
         {techs}\
         sites: {{house: {{techs: {{load: , grid: , battery: }}}}}}\n"
    );
    std::fs::write(folder.path().join("district.yaml"), text).unwrap();
    let output = anergy(folder.path(), &["run", "district.yaml", "--name", "out"]);
    (output.status.code(), stderr(&output).split_whitespace().collect::<Vec<_>>().join(" "))
}

fn techs(price: f64, battery: &str) -> String {
    format!(
        "\x20 grid: {{kind: import, carrier: electricity, price_eur_per_kwh: {price}}}\n\
         \x20 battery: {{kind: battery, capacity_kwh: 10, {battery}}}\n"
    )
}

#[test]
fn a_store_that_cannot_hold_its_level_is_named_with_or_without_unmet_demand() {
    for unmet in ["100", "forbidden"] {
        let (code, said) =
            run(&techs(0.3, "power_kw: 0.2, loss_per_hour: 0.05, boundary: {cyclic_through_kwh: 6}"), unmet);
        assert_eq!(code, Some(4), "{said}");
        assert!(said.contains("battery at house must begin and end with 6 kWh"), "{said}");
        assert!(said.contains("2024-03-01 00:00:00 to 2024-03-01 23:00:00, 24 steps"), "{said}");
    }
}

#[test]
fn the_largest_level_that_can_be_held_is_feasible() {
    // With 5 % lost an hour a power of p holds a level, less a step's loss, of 0.95 p / 0.05 = 19 p: 6 kWh need 0.3158
    // kW.
    for (power_kw, expected) in [(0.315, Some(4)), (0.316, Some(0))] {
        let battery = format!("power_kw: {power_kw}, loss_per_hour: 0.05, boundary: {{cyclic_through_kwh: 6}}");
        let (code, said) = run(&techs(0.3, &battery), "100");
        assert_eq!(code, expected, "{power_kw} kW: {said}");
    }
}

#[test]
fn an_unlimited_revenue_is_reported_as_unbounded() {
    for unmet in ["100", "forbidden"] {
        let (code, said) = run(&techs(-0.1, "power_kw: 5"), unmet);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("is unbounded: some cost is negative without a limit"), "{said}");
    }
}
