//! Shadow prices of balances, stores and technologies against the cost of small changes.

#![allow(missing_docs, clippy::unwrap_used)]

use anergy::dispatch::{Dispatch, Plan, Price, Role};
use anergy::district::{
    Availability, Conversion, Demand, District, Investment, Kind, Shortage, Site, Storage, StorageBoundary, Supply,
    SupplyTerms, Technology,
};
use anergy::lp::default_backend;
use anergy::series::{Profile, TimeAxis};
use jiff::civil::date;

const STEPS: usize = 48;
/// Length of a step, hours.
const STEP_HOURS: f64 = 0.5;
/// Size of a small change, kWh.
const MORE: f64 = 1e-3;

/// Creates a grid with a price that changes every step, a heat pump, a tank and a demand of heat, with `heat_kw` more
/// heat in step `step`.
fn district(step: usize, heat_kw: f64, first_level_kwh: f64) -> District {
    let wave = |t: usize, by: usize| ((t * by) % 17) as f64 / 17.0;
    let price = Profile::Series((0..STEPS).map(|t| 0.1 + 0.3 * wave(t, 5) + 0.01 * wave(t, 7)).collect());
    let cop = Profile::Series((0..STEPS).map(|t| 2.5 + wave(t, 3)).collect());
    let heat =
        Profile::Series((0..STEPS).map(|t| 4.0 + 3.0 * wave(t, 11) + if t == step { heat_kw } else { 0.0 }).collect());
    let technology =
        |name: &str, kind| Technology { name: name.into(), kind, investment: Investment::default(), chosen_from: None };
    let grid = Supply {
        carrier: "electricity".into(),
        capacity_kw: 100.0,
        available: Availability::Unlimited,
        price_eur_per_kwh: price,
        co2_kg_per_kwh: 0.0.into(),
        terms: SupplyTerms::default(),
    };
    let pump = Conversion {
        carrier_in: "electricity".into(),
        carrier_out: "heat".into(),
        capacity_kw: 6.5,
        efficiency: cop,
        output_eur_per_kwh: 0.01.into(),
        input_eur_per_kwh: 0.0.into(),
        byproducts: Vec::new(),
    };
    let tank = Storage {
        carrier: "heat".into(),
        charge_kw: 3.0,
        discharge_kw: 3.0,
        capacity_kwh: 8.0,
        charge_efficiency: 0.95,
        discharge_efficiency: 0.9,
        loss_per_hour: 0.01,
        boundary: StorageBoundary::Given(first_level_kwh),
        discharge_eur_per_kwh: 0.001.into(),
        charge_eur_per_kwh: 0.0.into(),
    };
    let technologies = vec![
        technology("grid", Kind::Supply(grid)),
        technology("pump", Kind::Conversion(pump)),
        technology("tank", Kind::Storage(tank)),
        technology("heat", Kind::Demand(Demand { carrier: "heat".into(), power_kw: heat })),
    ];
    let axis = TimeAxis::new(date(2025, 1, 1).at(0, 0, 0, 0), 30, STEPS);
    let shortage = Shortage { unmet_eur_per_kwh: Some(100.0), surplus_eur_per_kwh: Some(0.0) };
    District::new(axis, vec![Site { name: "house".into(), technologies }], shortage).unwrap()
}

fn solved(district: District) -> (Dispatch, Plan) {
    let mut dispatch = Dispatch::new(district, default_backend()).unwrap();
    let plan = dispatch.solve(default_backend()).unwrap();
    (dispatch, plan)
}

fn heat_prices(dispatch: &Dispatch, plan: &Plan) -> Vec<f64> {
    let heat = dispatch.district().carriers().iter().position(|carrier| carrier == "heat").unwrap();
    let prices = dispatch.prices(plan.duals.as_ref().unwrap());
    let of_heat: Vec<Price> = prices.filter(|price| price.carrier == heat).collect();
    of_heat[0].eur_per_kwh.clone()
}

/// Where the cost is smooth, the price is its slope on both sides; at a kink it lies between the two slopes.
#[test]
fn the_price_of_a_carrier_is_its_marginal_cost() {
    let (dispatch, plan) = solved(district(0, 0.0, 2.0));
    let prices = heat_prices(&dispatch, &plan);
    let mut smooth = 0;
    for (step, &price) in prices.iter().enumerate() {
        let cost = |kwh: f64| solved(district(step, kwh / STEP_HOURS, 2.0)).1.objective_eur;
        let (below, above) = ((plan.objective_eur - cost(-MORE)) / MORE, (cost(MORE) - plan.objective_eur) / MORE);
        assert!(below - 1e-6 <= price && price <= above + 1e-6, "step {step}: {below} <= {price} <= {above}");
        smooth += usize::from(above - below < 1e-6);
    }
    assert!(smooth > STEPS / 2, "only {smooth} steps have one price");
}

/// The value of a kWh in the tank at the end of a step is the retained share of its value at the end of the next,
/// unless the tank is full or empty; before the first step it is the saving from one more kWh.
#[test]
fn the_value_of_storage_is_its_marginal_saving() {
    let (dispatch, plan) = solved(district(0, 0.0, 2.0));
    let stored = dispatch.stored(plan.duals.as_ref().unwrap()).next().unwrap();
    assert_eq!(stored.technology, Some(2));
    let kept = 0.99_f64.powf(STEP_HOURS);
    let saved = (plan.objective_eur - solved(district(0, 0.0, 2.0 + MORE)).1.objective_eur) / MORE;
    assert!((saved - kept * stored.eur_per_kwh[0]).abs() < 1e-6, "{saved}, {}", kept * stored.eur_per_kwh[0]);
    let level = dispatch.quantity("house", "tank", Role::Level).unwrap();
    let levels = plan.decisions.values.row(level);
    let mut inside = 0;
    for step in 0..STEPS - 1 {
        if levels[step] > 1e-6 && levels[step] < 8.0 - 1e-6 {
            let (now, next) = (stored.eur_per_kwh[step], stored.eur_per_kwh[step + 1]);
            assert!((now - kept * next).abs() < 1e-7, "step {step}: {now} and {next}");
            inside += 1;
        }
    }
    assert!(inside > STEPS / 4, "{inside} steps");
}

/// A flow between its bounds has the reduced cost zero; a positive or negative one occurs only at a bound.
#[test]
fn reduced_costs_have_the_sign_of_the_active_bound() {
    let (dispatch, plan) = solved(district(0, 0.0, 2.0));
    let duals = plan.duals.as_ref().unwrap();
    let pump = dispatch.quantity("house", "pump", Role::Output).unwrap();
    let found =
        dispatch.reduced_costs(duals).find(|(role, price)| *role == Role::Output && price.technology == Some(1));
    let (_, reduced) = found.unwrap();
    let (mut free, mut full) = (0, 0);
    for (power, reduced) in plan.decisions.values.row(pump).iter().zip(&reduced.eur_per_kwh) {
        if *reduced > 1e-7 {
            assert!(*power < 1e-6, "{power} kW at {reduced}");
        } else if *reduced < -1e-7 {
            assert!(*power > 6.5 - 1e-6, "{power} kW at {reduced}");
            full += 1;
        } else {
            free += 1;
        }
    }
    assert!(free > 5 && full > 5, "{free} free, {full} full");
    assert!(plan.certificate.gap.unwrap() < 1e-9);
}

/// With different prices and COPs in all steps the optimum is unique; with equal ones and a lossless tank it is
/// degenerate, but the tank is never charged and discharged at once.
#[test]
fn steps_of_a_degenerate_optimum_are_counted() {
    let of = |even: bool| {
        let district = district(0, 0.0, 2.0);
        let mut sites = district.sites().to_vec();
        for technology in &mut sites[0].technologies {
            match &mut technology.kind {
                Kind::Supply(grid) if even => grid.price_eur_per_kwh = 0.3.into(),
                Kind::Conversion(pump) if even => pump.efficiency = 3.0.into(),
                Kind::Storage(tank) if even => {
                    (tank.charge_efficiency, tank.discharge_efficiency) = (1.0, 1.0);
                    (tank.loss_per_hour, tank.discharge_eur_per_kwh) = (0.0, 0.0.into());
                }
                _ => {}
            }
        }
        let (dispatch, plan) = solved(District::new(*district.axis(), sites, district.shortage()).unwrap());
        let power = |role| plan.decisions.values.row(dispatch.quantity("house", "tank", role).unwrap()).to_owned();
        let both = power(Role::Charge) * power(Role::Discharge);
        assert!(both.iter().all(|product| *product < 1e-9), "the tank is charged and discharged at once");
        dispatch.tied_steps(&plan, default_backend()).unwrap()
    };
    assert_eq!(of(false), 0);
    assert!(of(true) > STEPS / 2, "{} steps", of(true));
}
