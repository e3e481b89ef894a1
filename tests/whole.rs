//! Random districts on random loops, from the configuration to the table of results: all energy balances close, and the
//! cost is that of the table's flows.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::fmt::Write as _;

use anergy::config::{Case, Request};
use anergy::cosim::CosimResult;
use anergy::lp::default_backend;
use anergy::results::Column;
use anergy::run::{run_case, summarise, timeseries_table};
use proptest::prelude::*;

const STEPS: usize = 16;

/// Sizes and series of a district with heating, cooling, a boiler, stores, photovoltaics and a loop.
#[derive(Debug, Clone)]
struct Random {
    minutes: i64,
    heat: Vec<f64>,
    cold: Vec<f64>,
    sun: Vec<f64>,
    price: Vec<f64>,
    pump_kw: f64,
    store_kwh: f64,
    water_kg: f64,
    conductance: f64,
    balancing_kw: [f64; 2],
    boundary: &'static str,
    cop: &'static str,
    at_limit: &'static str,
}

prop_compose! {
    fn random()(
        minutes in prop_oneof![Just(15i64), Just(30), Just(60)],
        heat in proptest::collection::vec(0.0f64..30.0, STEPS),
        cold in proptest::collection::vec(0.0f64..30.0, STEPS),
        sun in proptest::collection::vec(0.0f64..0.9, STEPS),
        price in proptest::collection::vec(0.05f64..0.5, STEPS),
        (pump_kw, store_kwh, water_kg, conductance) in (1.0f64..40.0, 0.5f64..60.0, 500.0f64..1e5, 0.0f64..8.0),
        balancing_kw in [0.0f64..40.0, 0.0f64..40.0],
        boundary in prop_oneof![
            Just("cyclic"), Just("free"), Just("{initial_kwh: 0.25}"), Just("{cyclic_through_kwh: 0.25}")
        ],
        cop in prop_oneof![
            Just("{model: carnot, quality_grade: 0.45, source_approach_k: 2, sink_approach_k: 2}"),
            Just("{model: quadratic, coefficients: [8, -0.12, 0.0006], valid_lift_k: [5, 60], outside: clamp}"),
            Just("{model: en14511, source_c: [0, 10, 20], sink_c: [10, 35, 55], \
                  cop: [[9, 4.5, 2.8], [9.5, 5.5, 3.4], [10, 6.5, 4]]}"),
        ],
        at_limit in prop_oneof![3 => Just("balance"), 1 => Just("clamp"), 1 => Just("reset")],
    ) -> Random {
        Random {
            minutes, heat, cold, sun, price, pump_kw, store_kwh, water_kg, conductance, balancing_kw, boundary, cop,
            at_limit,
        }
    }
}

impl Random {
    fn load(&self) -> Case {
        let Self { minutes, pump_kw, store_kwh, water_kg, conductance, boundary, cop, at_limit, .. } = self;
        let [warms, cools] = self.balancing_kw;
        let folder = tempfile::tempdir().unwrap();
        let mut series = String::from("timestamp,heat,cold,sun,price\n");
        for step in 0..STEPS {
            let minute = i64::try_from(step).unwrap() * minutes;
            let (day, hour) = (1 + minute / 1440, minute / 60 % 24);
            let stamp = format!("2020-02-{day:02} {hour:02}:{:02}:00", minute % 60);
            let (heat, cold, sun, price) = (self.heat[step], self.cold[step], self.sun[step], self.price[step]);
            writeln!(series, "{stamp},{heat},{cold},{sun},{price}").unwrap();
        }
        std::fs::write(folder.path().join("s.csv"), series).unwrap();
        let text = format!(
            "carriers: [electricity, heat, cold, gas]
techs:
  grid: {{kind: import, carrier: electricity, price_eur_per_kwh: file=s.csv:price, co2_kg_per_kwh: 0.3}}
  main: {{kind: import, carrier: gas, capacity_kw: 20, price_eur_per_kwh: 0.1}}
  sun: {{kind: pv, capacity_kw: 15, resource_per_kw: file=s.csv:sun}}
  boiler: {{kind: boiler, carrier_in: gas, carrier_out: heat, capacity_kw: 10, efficiency: 0.9}}
  pump:
    {{kind: heat_pump, service: heating, carrier_out: heat, capacity_kw: {pump_kw}, store: tank, cop: {cop}}}
  chiller:
    {{kind: heat_pump, service: cooling, carrier_out: cold, capacity_kw: {pump_kw}, store: ice, cop: {cop}}}
  tank:
    {{kind: storage, carrier: heat, capacity_kwh: {store_kwh}, power_kw: 8, efficiency: 0.97, loss_per_hour: 0.01,
      boundary: {boundary}, temperature: {{empty_c: 33, full_c: 44}}}}
  ice:
    {{kind: storage, carrier: cold, capacity_kwh: {store_kwh}, power_kw: 8, loss_per_hour: 0.01,
      temperature: {{empty_c: 12, full_c: 6}}}}
  warmth: {{kind: demand, carrier: heat, power_kw: file=s.csv:heat}}
  chill: {{kind: demand, carrier: cold, power_kw: file=s.csv:cold}}
sites:
  a.techs: {{grid: , main: , sun: , boiler: , pump: , chiller: , tank: , ice: , warmth: , chill: }}
water_loop:
  {{water_mass_kg: {water_kg}, initial_c: 13, min_c: 8, max_c: 20, at_limit: {at_limit},
    ground: {{conductance_kw_per_k: {conductance}, temp_c: 11}},
    balancing: {{heating: {{capacity_kw: {warms}, electricity_per_heat: 0.4, price_eur_per_kwh: file=s.csv:price}},
                 cooling: {{capacity_kw: {cools}}}}}}}
coupling.max_iterations: 4
co2_price_eur_per_t: 80
"
        );
        let model = folder.path().join("district.yaml");
        std::fs::write(&model, text).unwrap();
        Case::load(&Request { model, ..Request::default() }).unwrap()
    }
}

/// Returns the number columns of the table of results by name.
fn columns(case: &Case, run: &CosimResult) -> HashMap<String, Vec<f64>> {
    let table = timeseries_table(case, run);
    let numbers = table.columns().iter().filter_map(|(name, column)| match column {
        Column::Number(values) => Some((name.clone(), values.clone())),
        _ => None,
    });
    numbers.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn energy_is_kept_from_the_file_to_the_table(random in random()) {
        let case = random.load();
        let run = run_case(&case, default_backend(), &mut ()).unwrap();
        let of = columns(&case, &run);
        let dt = random.minutes as f64 / 60.0;
        let at = |name: &str, step: usize| of.get(name).unwrap_or_else(|| panic!("{name}"))[step];
        let capacity = random.water_kg * 4.18 / 3600.0;
        let coupling = run.coupling.as_ref().unwrap();
        for step in 0..STEPS {
            // The carriers.
            let slack = |carrier: &str| {
                at(&format!("a||{carrier}|unmet_kw"), step) - at(&format!("a||{carrier}|surplus_kw"), step)
            };
            let used = at("a|pump|electricity|input_kw", step) + at("a|chiller|electricity|input_kw", step);
            let power = at("a|grid|electricity|supply_kw", step) + at("a|sun|electricity|supply_kw", step);
            prop_assert!((power + slack("electricity") - used).abs() < 1e-6);
            let store = |name: &str, carrier: &str| {
                let power = |direction: &str| at(&format!("a|{name}|{carrier}|{direction}_kw"), step);
                power("discharge") - power("charge")
            };
            let heat = at("a|pump|heat|output_kw", step) + at("a|boiler|heat|output_kw", step) + store("tank", "heat");
            prop_assert!((heat + slack("heat") - random.heat[step]).abs() < 1e-6);
            let cold = at("a|chiller|cold|output_kw", step) + store("ice", "cold");
            prop_assert!((cold + slack("cold") - random.cold[step]).abs() < 1e-6);
            // The machines: what the loop gets is what they do not turn into useful heat or cold.
            let warmed = at("a|chiller|cold|output_kw", step) + at("a|chiller|electricity|input_kw", step);
            let drawn = at("a|pump|heat|output_kw", step) - at("a|pump|electricity|input_kw", step);
            prop_assert!((at("loop|heat_kwh", step) - dt * (warmed - drawn)).abs() < 1e-6);
            // The loop.
            let next = coupling.response.temp_c[step + 1];
            let got = at("loop|heat_kwh", step) + at("loop|ground_kwh", step) + at("loop|balancing_kwh", step)
                + at("loop|created_kwh", step);
            let stored = capacity * (next - at("loop|temperature_c", step));
            let moved = at("loop|heat_kwh", step).abs() + at("loop|ground_kwh", step).abs() + stored.abs();
            prop_assert!((got - stored).abs() <= 1e-9 * moved.max(1.0), "step {step}: {got} and {stored}");
            if random.at_limit == "balance" {
                prop_assert_eq!(at("loop|created_kwh", step), 0.0);
                let balancing = at("loop|balancing_kwh", step) / dt;
                prop_assert!((-random.balancing_kw[1] - 1e-9..=random.balancing_kw[0] + 1e-9).contains(&balancing));
            } else {
                prop_assert!((8.0..=20.0).contains(&next));
            }
        }
        prop_assert!(coupling.response.step_balance_residual <= 1e-9 && coupling.response.balance_residual <= 1e-9);
        // The money: that of the table's own flows at the file's prices.
        let sum = |value: &dyn Fn(usize) -> f64| (0..STEPS).map(value).sum::<f64>();
        let grid = |step: usize| at("a|grid|electricity|supply_kw", step) * dt;
        let warming = |step: usize| at("loop|balancing_kwh", step).max(0.0) * 0.4 * random.price[step];
        let money = sum(&|step| grid(step) * (random.price[step] + 0.3 * 0.08))
            + sum(&|step| at("a|main|gas|supply_kw", step) * dt * 0.1)
            + sum(&warming);
        let summary = summarise(&case, &run);
        let total_eur = summary.cost.total_eur;
        prop_assert!((total_eur - money).abs() < 1e-6 * (1.0 + money), "{total_eur} and {money}");
        prop_assert!((summary.co2_kg - 0.3 * sum(&grid)).abs() < 1e-6);
        // A gap is never below zero but for rounding: the plan that it compares with is the cheapest.
        // That is rounding of the whole objective, the price of unmet demand in it.
        for (gap, cost) in coupling.records.iter().filter_map(|record| Some((record.gap?, record.cost))) {
            let objective_eur = cost.objective_eur.abs().max(cost.money_scale_eur());
            prop_assert!(gap.absolute_eur > -1e-7 * objective_eur, "{gap:?}");
            prop_assert!(gap.unmet_relative >= 0.0 && gap.size() >= gap.relative.abs(), "{gap:?}");
        }
    }
}
