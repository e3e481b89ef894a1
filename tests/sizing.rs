//! Chosen capacities, demand charges, and limits on the whole time, against figures worked out by hand.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::path::Path;

use anergy::config::{Case, Request};
use anergy::cosim::{CosimError, CosimResult, solver};
use anergy::dispatch::{Dispatch, DispatchError, Role};
use anergy::lp::default_backend;
use anergy::run::{run_case, summarise};
use proptest::prelude::*;

use common::{anergy, stderr, stdout};

const HOURS: u32 = 24;

/// Creates a district of one day from `text`, and a CSV file with `demand` in each hour.
fn case(text: &str, demand: impl Fn(u32) -> f64) -> Case {
    let folder = tempfile::tempdir().unwrap();
    case_in(folder.path(), text, demand)
}

fn case_in(folder: &Path, text: &str, demand: impl Fn(u32) -> f64) -> Case {
    let mut series = String::from("timestamp,demand\n");
    for hour in 0..HOURS {
        series += &format!("2019-04-15 {hour:02}:00:00,{}\n", demand(hour));
    }
    std::fs::write(folder.join("day.csv"), series).unwrap();
    let path = folder.join("district.yaml");
    std::fs::write(&path, text).unwrap();
    Case::load(&Request { model: path, ..Request::default() }).unwrap()
}

fn run(case: &Case) -> CosimResult {
    run_case(case, solver(&case.district), &mut ()).unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

/// Creates a demand of 24, 23, .. 1 kW; a grid at 0.3 EUR/kWh, and a plant at 0.1 EUR/kWh whose capacity costs
/// `per_kw_day` EUR per kW and day.
fn plant(per_kw_day: f64, capacity: &str) -> Case {
    // Paid off in a year without interest, so that a day costs a 365th.
    let per_kw_eur = per_kw_day * 365.0;
    let text = format!(
        "carriers: [electricity]\n\
         techs:\n\
         \x20 need: {{kind: demand, carrier: electricity, power_kw: file=day.csv:demand}}\n\
         \x20 grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.3}}\n\
         \x20 plant:\n\
         \x20   kind: import\n\
         \x20   carrier: electricity\n\
         \x20   price_eur_per_kwh: 0.1\n\
         \x20   capacity_kw: {capacity}\n\
         \x20   investment: {{per_kw_eur: {per_kw_eur}, lifetime_years: 1}}\n\
         sites: {{house: {{techs: {{need: , grid: , plant: }}}}}}\n"
    );
    case(&text, |hour| f64::from(HOURS - hour))
}

/// The k-th kW runs 25 - k hours and saves 0.2 EUR in each; at 2.1 EUR a day 14 kW pay off.
#[test]
fn a_capacity_is_chosen_where_it_breaks_even() {
    let run = run(&plant(2.1, "{min: 0, max: 100}"));
    let [chosen] = &run.account.capacities[..] else { panic!("{:?}", run.account.capacities) };
    assert!(near(chosen.capacity, 14.0), "{chosen:?}");
    assert!(near(run.account.annualised_eur, 14.0 * 2.1), "counted once");
    let operation: f64 =
        (1..=24).map(f64::from).map(|need: f64| 0.1 * need.min(14.0) + 0.3 * (need - 14.0).max(0.0)).sum();
    assert!(near(run.account.operation_eur, operation));
    assert!(near(run.account.cost_eur(), operation + 29.4));
}

#[test]
fn the_range_of_a_capacity_holds() {
    for (range, capacity) in [("{max: 9}", 9.0), ("{min: 18, max: 50}", 18.0), ("{min: 3, max: 3}", 3.0)] {
        let run = run(&plant(2.1, range));
        assert!(near(run.account.capacities[0].capacity, capacity), "{range}: {:?}", run.account.capacities);
    }
    let dear = run(&plant(2.1 * 24.0, "{max: 100}"));
    assert!(near(dear.account.capacities[0].capacity, 0.0), "{:?}", dear.account.capacities);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The chosen capacity costs as much as the same capacity given, and no other capacity costs less.
    #[test]
    fn no_given_capacity_is_better(per_kw_day in 0.05f64..5.0, other in 0.0f64..30.0) {
        let chosen = run(&plant(per_kw_day, "{max: 100}"));
        let capacity = chosen.account.capacities[0].capacity;
        let same = run(&plant(per_kw_day, &capacity.to_string()));
        prop_assert!(same.account.capacities.is_empty());
        prop_assert!(near(same.account.cost_eur(), chosen.account.cost_eur()));
        prop_assert!(near(same.account.annualised_eur, chosen.account.annualised_eur));
        let given = run(&plant(per_kw_day, &other.to_string()));
        prop_assert!(given.account.cost_eur() >= chosen.account.cost_eur() - 1e-6);
    }
}

/// Creates a demand of 2 kW, but 10 kW in one hour; a grid with a demand charge of 5 EUR/kW, and a lossless battery.
fn shaving(battery: &str) -> Case {
    let text = format!(
        "carriers: [electricity]\n\
         techs:\n\
         \x20 need: {{kind: demand, carrier: electricity, power_kw: file=day.csv:demand}}\n\
         \x20 grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.2, demand_charge_eur_per_kw: 5}}\n\
         \x20 battery: {{kind: battery, {battery}}}\n\
         sites: {{house: {{techs: {{need: , grid: , battery: }}}}}}\n"
    );
    case(&text, |hour| if hour == 10 { 10.0 } else { 2.0 })
}

#[test]
fn a_battery_shaves_the_peak_that_is_paid_for() {
    for power_kw in [0.0, 3.0, 5.0, 9.0] {
        let run = run(&shaving(&format!("capacity_kwh: 10, power_kw: {power_kw}")));
        // No lower than the mean, and the battery gives no more than its power in that hour.
        let expected = f64::max(10.0 - power_kw, 56.0 / 24.0);
        let [peak] = &run.account.peaks[..] else { panic!("{:?}", run.account.peaks) };
        assert!(near(peak.peak_kw, expected), "{power_kw} kW: {peak:?}");
        assert!(near(run.account.demand_charge_eur, 5.0 * expected));
        assert!(near(run.account.cost_eur(), 0.2 * 56.0 + 5.0 * expected));
        let grid = run.dispatch.quantity("house", "grid", Role::Supply).unwrap();
        let most = run.decisions.values.row(grid).iter().copied().fold(0.0, f64::max);
        assert!(near(most, peak.peak_kw), "the peak is that of the plan");
    }
}

/// One kWh of battery reduces the peak by one kW: it pays off below 5 EUR.
#[test]
fn a_store_is_sized_against_the_demand_charge() {
    for (per_kwh_day, capacity) in [(4.9, 4.0), (5.1, 0.0)] {
        let investment = format!("{{per_kwh_eur: {}, lifetime_years: 1}}", per_kwh_day * 365.0);
        let battery = format!("capacity_kwh: {{max: 4}}, power_kw: 10, investment: {investment}");
        let run = run(&shaving(&battery));
        let [chosen] = &run.account.capacities[..] else { panic!("{:?}", run.account.capacities) };
        assert!(chosen.is_store && near(chosen.capacity, capacity), "{per_kwh_day}: {chosen:?}");
        assert!(near(run.account.peaks[0].peak_kw, 10.0 - capacity));
        assert!(near(run.account.annualised_eur, per_kwh_day * capacity));
    }
}

/// A store holds what is in it before the first step, too.
// The staged solver does not yet solve this without the fallback.
/// The chosen capacity of a store also limits the level before the first step.
#[test]
fn a_sized_store_holds_its_first_level() {
    let investment = format!("investment: {{per_kwh_eur: {}, lifetime_years: 1}}", 365.0);
    let of = |boundary: &str| {
        let battery =
            format!("capacity_kwh: {{max: 20}}, power_kw: 10, loss_per_hour: 0.01, boundary: {boundary}, {investment}");
        run(&shaving(&battery))
    };
    let given = of("{initial_kwh: 15}");
    assert!(near(given.account.capacities[0].capacity, 15.0 * 0.99), "{:?}", given.account.capacities);
    let free = of("free");
    let capacity = free.account.capacities[0].capacity;
    let of = |role| {
        let row = free.dispatch.quantity("house", "battery", role).unwrap();
        free.decisions.values.row(row).to_vec()
    };
    let (level, charge, discharge) = (of(Role::Level), of(Role::Charge), of(Role::Discharge));
    let before = (level[0] - charge[0] + discharge[0]) / 0.99;
    assert!(capacity > 1.0 && before <= capacity + 1e-6, "{before} of {capacity} kWh");
    assert!(level.iter().all(|level| *level <= capacity + 1e-6));
}

/// Returns a district with a demand of 100 kWh, a cheap grid of 0.5 kg/kWh, and one of 0.1 kg/kWh at twice the price.
fn clean_and_dirty(limits: &str, dirty: &str, unmet: &str) -> String {
    format!(
        "carriers: [electricity]\n{limits}\
         shortage: {{unmet_eur_per_kwh: {unmet}}}\n\
         techs:\n\
         \x20 need: {{kind: demand, carrier: electricity, power_kw: file=day.csv:demand}}\n\
         \x20 dirty: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.2, co2_kg_per_kwh: 0.5{dirty}}}\n\
         \x20 clean: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.4, co2_kg_per_kwh: 0.1}}\n\
         sites: {{house: {{techs: {{need: , dirty: , clean: }}}}}}\n"
    )
}

fn hundred(hour: u32) -> f64 {
    if hour < 10 { 10.0 } else { 0.0 }
}

#[test]
fn costs_rise_as_the_co2_limit_tightens() {
    let mut last = 0.0;
    for limit in [80.0, 50.0, 40.0, 25.0, 10.0] {
        let text = clean_and_dirty(&format!("co2_limit_kg: {limit}\n"), "", "100");
        let run = run(&case(&text, hundred));
        let clean = f64::max(50.0 - limit, 0.0) / 0.4;
        let cost = run.account.cost_eur();
        assert!(near(cost, 20.0 + 0.2 * clean), "{limit} kg: {cost}");
        assert!(cost >= last - 1e-9);
        last = cost;
        assert!(run.account.co2_kg <= limit + 1e-6);
        let [used] = &run.account.limits[..] else { panic!("{:?}", run.account.limits) };
        assert_eq!((&used.supply, used.limit, used.used), (&None, limit, run.account.co2_kg));
    }
    let free = run(&case(&clean_and_dirty("", "", "100"), hundred));
    assert!(near(free.account.cost_eur(), 20.0) && free.account.limits.is_empty());
}

#[test]
fn a_limit_that_leaves_demand_unserved_is_named() {
    let text = clean_and_dirty("co2_limit_kg: 9\n", "", "100");
    let served = run(&case(&text, hundred));
    assert!(near(served.account.unmet_kwh(), 10.0), "{}", served.account.unmet_kwh());
    let text = clean_and_dirty("co2_limit_kg: 9\n", "", "forbidden");
    let error = run_case(&case(&text, hundred), default_backend(), &mut ()).unwrap_err();
    let CosimError::Dispatch { source: DispatchError::Infeasible(reports), .. } = error else { panic!("{error}") };
    assert!(near(reports[0].energy_kwh(), 10.0), "{reports:?}");
}

#[test]
fn an_import_brings_no_more_than_its_limit() {
    for limit in [0.0, 60.0, 200.0] {
        let dirty = format!(", import_limit_kwh: {limit}");
        let run = run(&case(&clean_and_dirty("", &dirty, "100"), hundred));
        let brought = f64::min(limit, 100.0);
        assert!(near(run.account.technology("house", "dirty").unwrap().delivered_kwh, brought));
        assert!(near(run.account.cost_eur(), 0.2 * brought + 0.4 * (100.0 - brought)));
        let [used] = &run.account.limits[..] else { panic!("{:?}", run.account.limits) };
        assert!(used.supply == Some(("house".into(), "dirty".into())) && near(used.used, brought));
    }
}

/// The summary contains capacities, peaks and limits, as JSON and as text.
#[test]
fn the_summary_names_capacities_peaks_and_limits() {
    let folder = tempfile::tempdir().unwrap();
    let text = "co2_limit_kg: 1000\n".to_owned()
        + "carriers: [electricity]\n\
           techs:\n\
           \x20 need: {kind: demand, carrier: electricity, power_kw: file=day.csv:demand}\n\
           \x20 grid:\n\
           \x20   kind: import\n\
           \x20   carrier: electricity\n\
           \x20   price_eur_per_kwh: 0.2\n\
           \x20   co2_kg_per_kwh: 0.4\n\
           \x20   demand_charge_eur_per_kw: 5\n\
           \x20   import_limit_kwh: 300\n\
           \x20   capacity_kw: {max: 40}\n\
           \x20   investment: {per_kw_eur: 365, lifetime_years: 1}\n\
           sites: {house: {techs: {need: , grid: }}}\n";
    let case = case_in(folder.path(), &text, f64::from);
    let summary = serde_json::to_value(summarise(&case, &run(&case))).unwrap();
    let figure = |pointer: &str| summary.pointer(pointer).unwrap().as_f64().unwrap();
    assert!(near(figure("/capacities/0/capacity_kw"), 23.0) && near(figure("/capacities/0/annualised_eur"), 23.0));
    assert!(near(figure("/peaks/0/peak_kw"), 23.0) && near(figure("/peaks/0/demand_charge_eur"), 115.0));
    assert!(near(figure("/import_limits/0/used_kwh"), 276.0) && figure("/import_limits/0/limit_kwh") == 300.0);
    assert!(near(figure("/co2_limit/used_kg"), 110.4) && figure("/co2_limit/limit_kg") == 1000.0);
    assert!(near(figure("/cost/demand_charge_eur"), 115.0));
    assert!(near(figure("/cost/total_eur"), 0.2 * 276.0 + 23.0 + 115.0));

    let output = anergy(folder.path(), &["run", "district.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    for part in [
        "grid at house: 23.00 kW of at most 40, 23.00 EUR",
        "grid at house: 23.00 kW, 115.00 EUR",
        "grid at house: 276.0 of 300.0 kWh used",
        "CO2 limit         110.4 of 1000.0 kg used",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
}

/// Runs the starter district on its loop, with capacities to choose, a demand charge, and a second grid that is clean
/// but expensive.
fn on_the_loop(folder: &Path, co2_limit: &str) -> CosimResult {
    let output = anergy(folder, &["new", "mine"]);
    assert!(output.status.success() || folder.join("mine").exists(), "{}", stderr(&output));
    let mut text = std::fs::read_to_string(folder.join("mine/district.yaml")).unwrap();
    for (from, to) in [
        ("carriers: [", "@carriers: ["),
        (
            "    capacity_kw: 20  ",
            "    capacity_kw: {max: 60}\n    investment: {per_kw_eur: 900, lifetime_years: 25}  ",
        ),
        ("    co2_kg_per_kwh: 0.3\n", "    co2_kg_per_kwh: 0.3\n    demand_charge_eur_per_kw: 1.5\n"),
        (
            "    capacity_kw: 60\n    store",
            "    capacity_kw: {max: 60}\n    investment: {per_kw_eur: 800, lifetime_years: 20}\n    store",
        ),
        (
            "  feed_in:\n",
            "  green: {kind: import, carrier: electricity, price_eur_per_kwh: 0.6, capacity_kw: {max: 30}}\n  \
             feed_in:\n",
        ),
        ("      feed_in:\n", "      feed_in:\n      green:\n"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let path = folder.join("mine/sized.yaml");
    std::fs::write(&path, text.replace('@', co2_limit)).unwrap();
    run(&Case::load(&Request { model: path, ..Request::default() }).unwrap())
}

/// Dispatch and loop agree on sizes, peaks and limits, too; a tighter limit costs more.
// The staged solver alone proves this to 2e-8 only, which is not sufficient.
/// The coupling converges with chosen capacities, peaks and limits too; a tighter limit costs more.
#[test]
fn sizes_and_limits_converge_on_the_loop() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0.0;
    for (text, limit) in [("", f64::INFINITY), ("co2_limit_kg: 65\n", 65.0), ("co2_limit_kg: 20\n", 20.0)] {
        let run = on_the_loop(folder.path(), text);
        let coupling = run.coupling.as_ref().unwrap();
        assert!(coupling.verdict.is_converged(), "{limit} kg: {:?}", coupling.verdict);
        assert!(coupling.gap.unwrap().relative > -1e-9, "no plan is better than the optimum");
        assert!(run.account.co2_kg <= limit + 1e-6 && run.account.unmet_kwh() < 1e-6);
        let account = &run.account;
        let annuities: f64 = account.capacities.iter().map(|chosen| chosen.annualised_eur).sum();
        let given = run.dispatch.district().annualised_cost_eur();
        assert!(account.capacities.len() == 3 && near(account.annualised_eur, annuities + given));
        assert!(near(account.demand_charge_eur, 1.5 * account.peaks[0].peak_kw));
        for chosen in &account.capacities {
            let quantity = |role| run.dispatch.quantity("house", &chosen.technology, role);
            let row = quantity(Role::Supply).or(quantity(Role::Output)).unwrap();
            let most = run.decisions.values.row(row).iter().copied().fold(0.0, f64::max);
            assert!(most <= chosen.capacity + 1e-6 && chosen.capacity <= chosen.most + 1e-6, "{chosen:?}");
        }
        let cost = account.cost_eur();
        assert!(cost >= last - 1e-3, "{limit} kg: {cost} after {last}");
        last = cost;
    }
}

/// A heater of efficiency 3 on a grid whose capacity is chosen and whose peak is paid for; with `link`, over a cable.
fn heater(link: bool) -> Case {
    let sites = if link {
        "sites: {plant: {techs: {grid: }}, house: {techs: {need: , heater: }}}\n\
         links: {cable: {from: plant, to: house, carrier: electricity, capacity_kw: 50}}\n"
    } else {
        "sites: {house: {techs: {need: , heater: , grid: }}}\n"
    };
    let text = "carriers: [electricity, heat]\n\
         techs:\n\
         \x20 need: {kind: demand, carrier: heat, power_kw: file=day.csv:demand}\n\
         \x20 heater: {kind: conversion, carrier_in: electricity, carrier_out: heat, capacity_kw: 90, efficiency: 3}\n\
         \x20 grid:\n\
         \x20   kind: import\n\
         \x20   carrier: electricity\n\
         \x20   price_eur_per_kwh: 0.2\n\
         \x20   demand_charge_eur_per_kw: 5\n\
         \x20   import_limit_kwh: 1000\n\
         \x20   capacity_kw: {min: 11, max: 40}\n\
         \x20   investment: {per_kw_eur: 365, lifetime_years: 1}\n"
        .to_owned()
        + sites;
    case(&text, |hour| if hour == 12 { 30.0 } else { 12.0 })
}

/// At other efficiencies the capacity remains, the import stays within it, and its new peak is charged.
#[test]
fn a_plan_at_other_efficiencies_keeps_its_capacities() {
    for link in [false, true] {
        let backend = default_backend();
        let mut dispatch = Dispatch::new(heater(link).district, backend).unwrap();
        let plan = dispatch.solve(backend).unwrap();
        // 30 kW of heat take 10 kW; the capacity is 11 at least.
        assert!(near(plan.decisions.globals[0], 11.0) && near(plan.decisions.globals[1], 10.0), "{plan:?}");
        let energy = 306.0;
        assert!(near(plan.objective_eur, 0.2 * energy / 3.0 + 11.0 + 50.0));
        let same = dispatch.price(&plan.decisions).unwrap();
        assert!(near(same.objective_eur, plan.objective_eur) && same.short_kwh < 1e-9);

        let conversion = dispatch.conversion("house", "heater").unwrap();
        dispatch.set_efficiency(conversion, (0..HOURS).map(|_| 2.8));
        let priced = dispatch.price(&plan.decisions).unwrap();
        assert!(near(priced.decisions.globals[0], 11.0) && near(priced.decisions.globals[1], 30.0 / 2.8));
        assert!(near(priced.objective_eur, 0.2 * energy / 2.8 + 11.0 + 5.0 * 30.0 / 2.8), "{priced:?}");
        dispatch.certified(priced.decisions.clone()).unwrap();
        let best = dispatch.solve(backend).unwrap();
        assert!(priced.objective_eur >= best.objective_eur - 1e-6);

        // At 2.5 the peak would take 12 kW: a kWh of electricity is missing, and it counts as lost load.
        dispatch.set_efficiency(conversion, (0..HOURS).map(|_| 2.5));
        let priced = dispatch.price(&plan.decisions).unwrap();
        assert!(near(priced.decisions.globals[1], 11.0), "no more than was chosen: {priced:?}");
        let expected = 0.2 * (energy / 2.5 - 1.0) + 11.0 + 55.0 + 100.0;
        assert!(near(priced.objective_eur, expected), "{} {expected}", priced.objective_eur);
        let plan = dispatch.certified(priced.decisions).unwrap();
        assert!(near(dispatch.account(&plan.decisions).unmet_kwh(), 1.0));
        let half = dispatch.blend(&[(&plan.decisions, 0.5), (&best.decisions, 0.5)]);
        let capacity = 0.5 * (plan.decisions.globals[0] + best.decisions.globals[0]);
        assert!(near(half.globals[0], capacity));
        let half = dispatch.price(&half).unwrap();
        assert!(near(half.decisions.globals[0], capacity) && half.decisions.globals[1] <= capacity + 1e-9);
        dispatch.certified(half.decisions).unwrap();
    }
}

/// Creates a heater of efficiency 3 on a grid whose CO2 limit is that of the 102 kWh it needs.
fn limited_heater(unmet: &str) -> Case {
    let text = format!(
        "carriers: [electricity, heat]\n\
         co2_limit_kg: 40.8\n\
         shortage: {{unmet_eur_per_kwh: {unmet}}}\n\
         techs:\n\
         \x20 need: {{kind: demand, carrier: heat, power_kw: file=day.csv:demand}}\n\
         \x20 heater: {{kind: conversion, carrier_in: electricity, carrier_out: heat, \
         capacity_kw: 90, efficiency: 3}}\n\
         \x20 grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.2, co2_kg_per_kwh: 0.4}}\n\
         sites: {{house: {{techs: {{need: , heater: , grid: }}}}}}\n"
    );
    case(&text, |hour| if hour == 12 { 30.0 } else { 12.0 })
}

/// At other efficiencies the limits hold if unmet demand is allowed. Otherwise the excess is priced as lost load, so
/// that no plan costs less than the optimum.
#[test]
fn limits_hold_at_other_efficiencies_or_are_priced() {
    let backend = default_backend();
    let (left_kwh, over_kwh) = (102.0, 306.0 / 2.5 - 102.0);
    for (unmet, brought_kwh) in [("100", left_kwh), ("forbidden", left_kwh + over_kwh)] {
        let mut dispatch = Dispatch::new(limited_heater(unmet).district, backend).unwrap();
        let plan = dispatch.solve(backend).unwrap();
        assert!(near(plan.objective_eur, 0.2 * left_kwh));
        let conversion = dispatch.conversion("house", "heater").unwrap();
        dispatch.set_efficiency(conversion, (0..HOURS).map(|_| 2.5));
        let priced = dispatch.price(&plan.decisions).unwrap();
        let expected = 0.2 * brought_kwh + 100.0 * over_kwh;
        assert!(near(priced.objective_eur, expected), "{} {expected}", priced.objective_eur);
        let plan = dispatch.certified(priced.decisions).unwrap();
        assert!(near(plan.objective_eur, expected));
        let used = &dispatch.account(&plan.decisions).limits[0];
        assert!(near(used.used, 0.4 * brought_kwh), "{used:?}");
        if let Ok(best) = dispatch.solve(backend) {
            assert!(best.objective_eur <= expected + 1e-6);
        }
    }
}

/// A plan that leaves demand unserved because of a limit, or buys expensive energy to reduce a peak, keeps its
/// objective at its own efficiencies.
#[test]
fn pricing_changes_nothing_at_the_plans_own_efficiencies() {
    let backend = default_backend();
    for (terms, second) in [
        ("import_limit_kwh: 50", "price_eur_per_kwh: 200"),
        ("demand_charge_eur_per_kw: 30", "price_eur_per_kwh: 0.5"),
        ("demand_charge_eur_per_kw: 300", "price_eur_per_kwh: 200"),
        ("demand_charge_eur_per_kw: 3, import_limit_kwh: 90, capacity_kw: {max: 9}", "price_eur_per_kwh: 0.5"),
    ] {
        let text = format!(
            "carriers: [electricity, heat]\n\
             techs:\n\
             \x20 need: {{kind: demand, carrier: heat, power_kw: file=day.csv:demand}}\n\
             \x20 heater: {{kind: conversion, carrier_in: electricity, carrier_out: heat, \
         capacity_kw: 90, efficiency: 3}}\n\
             \x20 grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.2, {terms}}}\n\
             \x20 diesel: {{kind: import, carrier: electricity, {second}}}\n\
             sites: {{house: {{techs: {{need: , heater: , grid: , diesel: }}}}}}\n"
        );
        let case = case(&text, |hour| if hour == 12 { 30.0 } else { 12.0 });
        let mut dispatch = Dispatch::new(case.district, backend).unwrap();
        let plan = dispatch.solve(backend).unwrap();
        let same = dispatch.price(&plan.decisions).unwrap();
        assert!(near(same.objective_eur, plan.objective_eur), "{terms}: {} {}", same.objective_eur, plan.objective_eur);
        let conversion = dispatch.conversion("house", "heater").unwrap();
        for efficiency in [2.9, 3.1] {
            dispatch.set_efficiency(conversion, (0..HOURS).map(|_| efficiency));
            let priced = dispatch.price(&plan.decisions).unwrap();
            dispatch.certified(priced.decisions).unwrap();
            let best = dispatch.solve(backend).unwrap();
            let (priced, best) = (priced.objective_eur, best.objective_eur);
            assert!(priced >= best - 1e-6, "{terms} at {efficiency}: {priced} {best}");
        }
    }
}
