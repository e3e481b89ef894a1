//! Shadow prices of limits on the whole time, against figures worked out by hand.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;

use anergy::config::{Case, Request};
use anergy::dispatch::Dispatch;
use anergy::lp::default_backend;

/// Serves 100 kWh in half-hour steps from a cheap supply of 0.5 kg/kWh, or at twice the price from one of 0.1 kg/kWh;
/// returns the shadow prices of the limits and the cost.
fn solved(co2_limit: &str, import_limit: &str) -> (Vec<Option<f64>>, f64) {
    let folder = tempfile::tempdir().unwrap();
    let mut series = String::from("t,x\n");
    for step in 0..48 {
        let power_kw = if step < 20 { 10.0 } else { 0.0 };
        writeln!(series, "2019-04-15 {:02}:{:02}:00,{power_kw}", step / 2, 30 * (step % 2)).unwrap();
    }
    std::fs::write(folder.path().join("day.csv"), series).unwrap();
    let text = format!(
        "carriers: [electricity]\n{co2_limit}\nshortage: {{unmet_eur_per_kwh: 100}}\ntechs:\n  \
         need: {{kind: demand, carrier: electricity, power_kw: file=day.csv:x}}\n  \
         dirty: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.2, co2_kg_per_kwh: 0.5{import_limit}}}\n  \
         clean: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.4, co2_kg_per_kwh: 0.1}}\n\
         sites: {{house: {{techs: {{need: , dirty: , clean: }}}}}}\n"
    );
    let model = folder.path().join("district.yaml");
    std::fs::write(&model, text).unwrap();
    let case = Case::load(&Request { model, ..Request::default() }).unwrap();
    let mut dispatch = Dispatch::new(case.district, default_backend()).unwrap();
    let plan = dispatch.solve(default_backend()).unwrap();
    (dispatch.limit_prices_eur(plan.duals.as_ref().unwrap()), plan.objective_eur)
}

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
}

/// One kg more lets 2.5 kWh change from the clean supply to the one with more CO2, which is 0.2 EUR/kWh cheaper.
#[test]
fn the_shadow_price_of_co2_is_the_cost_of_avoiding_it() {
    let (prices, cost) = solved("co2_limit_kg: 40", "");
    let [Some(price)] = prices[..] else { panic!("{prices:?}") };
    assert_near(price, 0.5);
    let (_, relaxed) = solved("co2_limit_kg: 41", "");
    assert_near(cost - relaxed, price);
    let (prices, _) = solved("co2_limit_kg: 60", "");
    assert_near(prices[0].unwrap(), 0.0);
}

/// With both limits, only the one that binds has a shadow price.
#[test]
fn the_shadow_price_of_an_import_limit_is_the_price_difference() {
    let (prices, cost) = solved("", ", import_limit_kwh: 60");
    let [Some(price)] = prices[..] else { panic!("{prices:?}") };
    assert_near(price, 0.2);
    let (_, relaxed) = solved("", ", import_limit_kwh: 61");
    assert_near(cost - relaxed, price);
    let (prices, _) = solved("", ", import_limit_kwh: 200");
    assert_near(prices[0].unwrap(), 0.0);
    let (prices, _) = solved("co2_limit_kg: 40", ", import_limit_kwh: 60");
    let worth: Vec<f64> = prices.into_iter().flatten().collect();
    assert_eq!(worth.len(), 2, "{worth:?}");
    assert_near(worth[0], 0.2);
    assert_near(worth[1], 0.0);
}
