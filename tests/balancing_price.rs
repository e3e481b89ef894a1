//! The marginal cost of balancing in the dispatch, against hand calculations.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use anergy::config::{Case, Request};
use anergy::cosim::{CosimResult, solver};
use anergy::coupling::{CouplingSettings, SettingsError, Verdict};
use anergy::run::run_case;

use common::{anergy, stderr};

/// COP of every machine, whatever the temperatures.
const COP: f64 = 4.0;
/// Efficiency of charging a store.
const STORED: f64 = 0.9;
/// Heat taken from a store in the second half of the day, kWh.
const SHIFTED_KWH: f64 = 24.0;

/// A day with prices in its first and its second half, EUR/kWh: of electricity, and of the balancing unit's energy.
struct Day {
    buy: [f64; 2],
    balancing: [f64; 2],
    /// Whether a heat pump takes heat from a loop at its low limit (true), or a chiller gives heat to one at its high
    /// limit.
    heats: bool,
    /// Capacity of the store, or a range of capacities.
    store_kwh: &'static str,
    /// Whether the balancing unit pays for CO2 instead of energy, with the same cost per kWh.
    pays_for_co2: bool,
}

impl Day {
    const NIGHT_TARIFF: Self =
        Self { buy: [0.1, 0.14], balancing: [0.4; 2], heats: true, store_kwh: "100", pays_for_co2: false };

    /// Writes a model with 4 kW of demand, a machine, a store of 2 kW (charging: 10 kW at 90 %), and half a kWh of
    /// balancing energy per kWh of loop heat.
    fn write(&self, folder: &Path, price: &str) -> std::path::PathBuf {
        let mut series = String::from("timestamp,buy,balancing\n");
        for hour in 0..24 {
            let half = usize::from(hour >= 12);
            writeln!(series, "2023-01-01 {hour:02}:00:00,{},{}", self.buy[half], self.balancing[half]).unwrap();
        }
        std::fs::write(folder.join("day.csv"), series).unwrap();
        let (service, start_c, unit) = if self.heats { ("heating", 5, "heating") } else { ("cooling", 25, "cooling") };
        let paid = match self.pays_for_co2 {
            false => "price_eur_per_kwh: file=day.csv:balancing".to_owned(),
            // At 100 EUR per tonne.
            true => format!("co2_kg_per_kwh: {}", self.balancing[0] / 0.1),
        };
        let text = format!(
            "carriers: [electricity, heat]\n\
             co2_price_eur_per_t: 100\n\
             techs:\n\
             \x20 grid: {{kind: import, carrier: electricity, price_eur_per_kwh: file=day.csv:buy}}\n\
             \x20 need: {{kind: demand, carrier: heat, power_kw: 4}}\n\
             \x20 tank: {{kind: storage, carrier: heat, capacity_kwh: {}, charge_kw: 10, discharge_kw: 2, \
             charge_efficiency: {STORED}, boundary: {{initial_kwh: 0}}, investment: {{per_kwh_eur: 0.365, \
             lifetime_years: 1}}}}\n\
             \x20 machine: {{kind: heat_pump, service: {service}, carrier_out: heat, sink_c: 35, capacity_kw: 50, \
             cop: {{model: quadratic, coefficients: [{COP}, 0, 0], valid_lift_k: [-100, 100]}}}}\n\
             sites: {{house: {{techs: {{grid: , need: , tank: , machine: }}}}}}\n\
             water_loop: {{water_mass_kg: 1000, initial_c: {start_c}, min_c: 5, max_c: 25, balancing: {{{unit}: {{\
             electricity_per_heat: 0.5, {paid}}}}}}}\n\
             coupling: {{balancing_price: {price}}}\n",
            self.store_kwh
        );
        let path = folder.join("district.yaml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, price: &str) -> CosimResult {
        let folder = tempfile::tempdir().unwrap();
        let model = self.write(folder.path(), price);
        let case = Case::load(&Request { model, ..Request::default() }).unwrap();
        let run = run_case(&case, solver(&case.district), &mut ()).unwrap();
        assert_eq!(run.coupling.as_ref().unwrap().verdict, Verdict::Converged, "{price}");
        run
    }

    /// Returns the cost of electricity and balancing of a day in which the store gives `shifted_kwh` in the second
    /// half, EUR.
    fn cost_eur(&self, shifted_kwh: f64) -> f64 {
        let loop_heat = if self.heats { 1.0 - 1.0 / COP } else { 1.0 + 1.0 / COP };
        let output_kwh = [48.0 + shifted_kwh / STORED, 48.0 - shifted_kwh];
        let per_kwh = |half: usize| self.buy[half] / COP + 0.5 * self.balancing[half] * loop_heat;
        output_kwh[0] * per_kwh(0) + output_kwh[1] * per_kwh(1)
    }
}

fn shifted_kwh(run: &CosimResult) -> f64 {
    run.account.technology("house", "tank").unwrap().delivered_kwh
}

/// Returns all money but the annuity of an existing store, EUR.
fn running_eur(run: &CosimResult) -> f64 {
    run.total_eur() - run.account.annualised_eur
}

/// Returns the message without the line breaks of a terminal.
fn flat(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * b.abs()
}

#[test]
fn a_store_that_costs_more_balancing_than_it_saves_is_not_used() {
    let cases =
        [Day::NIGHT_TARIFF, Day { heats: false, ..Day::NIGHT_TARIFF }, Day { pays_for_co2: true, ..Day::NIGHT_TARIFF }];
    for day in cases {
        let [ignored, marginal] = ["ignored", "marginal"].map(|price| day.run(price));
        assert!(near(shifted_kwh(&ignored), SHIFTED_KWH) && shifted_kwh(&marginal).abs() < 1e-6);
        assert!(near(running_eur(&ignored), day.cost_eur(SHIFTED_KWH)), "{}", running_eur(&ignored));
        assert!(near(running_eur(&marginal), day.cost_eur(0.0)), "{}", running_eur(&marginal));
        assert!(running_eur(&marginal) < running_eur(&ignored));
        // The dispatcher is charged the cost of balancing, and no account of money contains it twice.
        let coupling = marginal.coupling.as_ref().unwrap();
        let balancing_eur = coupling.response.balancing_eur + marginal.balancing_co2_eur();
        assert!(near(marginal.account.charge_eur, balancing_eur), "{}", marginal.account.charge_eur);
        assert_eq!(ignored.account.charge_eur, 0.0);
    }
}

#[test]
fn a_store_that_saves_balancing_is_used_at_a_constant_electricity_price() {
    let day = Day { buy: [0.2; 2], balancing: [0.1, 0.4], ..Day::NIGHT_TARIFF };
    let [ignored, marginal] = ["ignored", "marginal"].map(|price| day.run(price));
    assert!(shifted_kwh(&ignored).abs() < 1e-6 && near(shifted_kwh(&marginal), SHIFTED_KWH));
    assert!(near(running_eur(&ignored), day.cost_eur(0.0)), "{}", running_eur(&ignored));
    assert!(near(running_eur(&marginal), day.cost_eur(SHIFTED_KWH)), "{}", running_eur(&marginal));
}

#[test]
fn sizing_does_not_choose_a_store_that_costs_more_than_none() {
    let day = Day { store_kwh: "{min: 0, max: 100}", ..Day::NIGHT_TARIFF };
    let [ignored, marginal] = ["ignored", "marginal"].map(|price| day.run(price));
    let none = Day { store_kwh: "0", ..Day::NIGHT_TARIFF }.run("ignored");
    let chosen = |run: &CosimResult| run.account.capacities[0].capacity;
    assert!(near(chosen(&ignored), SHIFTED_KWH) && chosen(&marginal).abs() < 1e-6, "{}", chosen(&marginal));
    assert!(ignored.total_eur() > none.total_eur() + 0.2, "{} {}", ignored.total_eur(), none.total_eur());
    assert!(near(marginal.total_eur(), none.total_eur()));
}

#[test]
fn schemes_with_derivatives_refuse_the_marginal_price() {
    for scheme in ["newton", "anticipative"] {
        let text = format!("{{balancing_price: marginal, scheme: {scheme}}}");
        let settings: CouplingSettings = serde_yaml::from_str(&text).unwrap();
        assert!(matches!(settings.check(), Err(SettingsError::PriceJumps { .. })), "{scheme}");
        let folder = tempfile::tempdir().unwrap();
        Day::NIGHT_TARIFF.write(folder.path(), "marginal");
        let set = format!("coupling.scheme={scheme}");
        let output = anergy(folder.path(), &["run", "district.yaml", "--set", &set]);
        let said = flat(&stderr(&output));
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("coupling.balancing_price: marginal does not go with"), "{said}");
    }
}

#[test]
fn a_price_without_effect_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    Day { balancing: [0.0; 2], ..Day::NIGHT_TARIFF }.write(folder.path(), "marginal");
    let output = anergy(folder.path(), &["check", "district.yaml"]);
    let said = flat(&(stderr(&output) + &common::stdout(&output)));
    assert!(said.contains("balancing_price: marginal has no effect on this loop"), "{said}");
}

/// A plant with an air-source heat pump that heats the water of a network in every hour.
const NETWORK: &str = "
carriers: [electricity, heat]
time: {start: 2023-01-01, end: '2023-01-01', step_minutes: 60}
techs:
  grid: {kind: import, carrier: electricity, price_eur_per_kwh: 0.2}
  need: {kind: demand, carrier: heat, power_kw: 40}
  machine: {kind: heat_pump, service: heating, carrier_out: heat, sink_c: 35, capacity_kw: 100, cop: {model: quadratic, coefficients: [4, 0, 0], valid_lift_k: [-100, 100]}}
sites: {house: {techs: {grid: , need: , machine: }}}
water_loop:
  kind: network
  min_c: 1
  max_c: 30
  start: {temp_c: 11}
  ground: {temp_c: 11}
  nodes: {plant: {x_m: 0, y_m: 0}, house: {x_m: 20, y_m: 0}}
  pipe_types: {x: {inner_diameter_m: 0.1, wall_m: 0.008}}
  pipes: {p: {from: plant, to: house, type: x}}
  substations: {house: {node: house, site: house}}
  plants:
    plant: {node: plant, warm_c: [11, 30], cold_c: [2, 30], units: [{air: {heating: {capacity_kw: 100, cop: 2.5}, cooling: {capacity_kw: 100, cop: 10}}}], METER}
coupling: {balancing_price: marginal}
";

#[test]
fn a_network_reports_the_price_of_units_on_separate_meters() {
    for (meter, price) in
        [("meter: {price_eur_per_kwh: 0.25, co2_kg_per_kwh: 0.5}", 0.25), ("meter: {site: house}", 0.0)]
    {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("district.yaml");
        std::fs::write(&model, NETWORK.replace("METER", meter)).unwrap();
        let case = Case::load(&Request { model, ..Request::default() }).unwrap();
        let warned = case.findings.iter().any(|finding| finding.message.contains("no effect on plant plant"));
        assert_eq!(warned, price == 0.0);
        let run = run_case(&case, solver(&case.district), &mut ()).unwrap();
        let response = &run.coupling.as_ref().unwrap().response;
        // In the first hours the water is still warm; later all of it passes the unit.
        for (step, heat) in response.signal.balancing.iter().enumerate().skip(6) {
            assert!(response.balancing_kwh[step] > 0.0, "the unit heats in step {step}");
            assert!((heat.eur_per_kwh - price / 2.5).abs() < 1e-9, "step {step}: {heat:?}");
            assert!((heat.co2_kg_per_kwh - if price > 0.0 { 0.2 } else { 0.0 }).abs() < 1e-9, "step {step}: {heat:?}");
        }
        assert_eq!(run.account.charge_eur > 0.0, price > 0.0);
    }
}

/// Compares the total cost of a year of the five buildings; skipped without the folder of reference cases.
#[test]
#[ignore = "three years of iterations; run with --ignored in a release build"]
fn sizing_of_five_buildings_costs_no_more_than_without_tanks() {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/found/five_buildings/ring_sized.yaml");
    if !found.exists() {
        eprintln!("SKIPPED: {} is not there", found.display());
        return;
    }
    let total_eur = |sets: &[&str]| {
        let settings = sets.iter().map(|set| (*set).to_owned()).collect();
        let case = Case::load(&Request { model: found.clone(), settings, ..Request::default() }).unwrap();
        let run = run_case(&case, solver(&case.district), &mut ()).unwrap();
        let gap = run.coupling.as_ref().and_then(|coupling| coupling.gap).unwrap();
        (run.total_eur(), gap.absolute_eur.abs())
    };
    let (marginal, gap) = total_eur(&["coupling.balancing_price=marginal"]);
    let (ignored, _) = total_eur(&[]);
    let no_tanks = ["sites.school.techs.tank={capacity_kwh: 0}", "sites.office.techs.tank={capacity_kwh: 0}"];
    let (without, _) = total_eur(&no_tanks);
    assert!(marginal <= ignored && marginal <= without + gap, "{marginal} {ignored} {without}");
}

#[test]
fn heat_balanced_later_has_the_later_price_less_the_exchange_with_the_ground() {
    use anergy::coupling::{LoopModel as _, LoopRequest};
    use anergy::participants::LoopParticipant;
    use ndarray::Array2;
    for conductance_kw_per_k in [0.0, 0.3] {
        let folder = tempfile::tempdir().unwrap();
        let path = Day::NIGHT_TARIFF.write(folder.path(), "marginal");
        // The loop starts 20 K above its limit, so that the unit has to heat only after some hours.
        let ground = format!("max_c: 25, ground: {{conductance_kw_per_k: {conductance_kw_per_k}, temp_c: 8}}");
        let text = std::fs::read_to_string(&path)
            .unwrap()
            .replace("initial_c: 5", "initial_c: 25")
            .replace("max_c: 25", &ground);
        std::fs::write(&path, text).unwrap();
        let case = Case::load(&Request { model: path, ..Request::default() }).unwrap();
        let mut participant = LoopParticipant::of(case.coupled.as_ref().unwrap(), 1.0);
        let level_kwh = Array2::zeros((1, 24));
        let mut simulated = |step: usize, more_kw: f64| {
            let mut output_kw = Array2::from_elem((1, 24), 4.0);
            output_kw[[0, step]] += more_kw;
            participant.simulate(&LoopRequest::new(output_kw.clone(), level_kwh.clone())).unwrap()
        };
        let response = simulated(0, 0.0);
        let begins = response.balancing_kwh.iter().position(|kwh| *kwh > 0.0).unwrap();
        assert!(begins > 3 && begins < 20, "{begins}");
        for step in 0..24 {
            // Central difference of the cost by heat taken from the loop.
            let [less, more] = [-0.01, 0.01].map(|more_kw| simulated(step, more_kw).balancing_eur);
            let expected = (more - less) / (0.02 * (1.0 - 1.0 / COP));
            let found = response.signal.balancing[step].eur_per_kwh;
            assert!(
                (found - expected).abs() < 1e-6,
                "step {step}, {conductance_kw_per_k} kW/K: {found} for {expected}"
            );
            assert!(found > 0.0 && found <= 0.2 + 1e-12);
        }
    }
}
