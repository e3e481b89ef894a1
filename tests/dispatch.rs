//! The dispatch: balances, bounds, prices, shortage, and the published baseline against an independent sum.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy::config::{Case, Request};
use anergy::dispatch::{Dispatch, DispatchError, Role};
use anergy::district::{
    Availability, Byproduct, Conversion, Demand, District, Export, Investment, Kind, Link, Shortage, Site, Storage,
    StorageBoundary, Supply, SupplyTerms, Technology,
};
use anergy::lp::default_backend;
use anergy::series::{Profile, TimeAxis};
use proptest::prelude::*;

use common::published_data;

fn technology(name: &str, kind: Kind) -> Technology {
    Technology { name: name.into(), kind, investment: Investment::default(), chosen_from: None }
}

/// Creates a site with a grid, forced photovoltaics, a heat pump, a tank and demands of heat and electricity.
fn site(name: &str, heat: Vec<f64>, cop: Vec<f64>, sun: Vec<f64>, boundary: StorageBoundary) -> Site {
    let supply = |available, price: f64| {
        Kind::Supply(Supply {
            carrier: "electricity".into(),
            capacity_kw: 50.0,
            available,
            price_eur_per_kwh: price.into(),
            co2_kg_per_kwh: 0.0.into(),
            terms: SupplyTerms::default(),
        })
    };
    Site {
        name: name.into(),
        technologies: vec![
            technology("grid", supply(Availability::Unlimited, 0.3)),
            technology("sun", supply(Availability::Forced(sun.into()), 0.02)),
            technology(
                "pump",
                Kind::Conversion(Conversion {
                    carrier_in: "electricity".into(),
                    carrier_out: "heat".into(),
                    capacity_kw: 12.0,
                    efficiency: cop.into(),
                    output_eur_per_kwh: 0.01.into(),
                    input_eur_per_kwh: 0.002.into(),
                    byproducts: Vec::new(),
                }),
            ),
            technology(
                "tank",
                Kind::Storage(Storage {
                    carrier: "heat".into(),
                    charge_kw: 6.0,
                    discharge_kw: 6.0,
                    capacity_kwh: 15.0,
                    charge_efficiency: 0.95,
                    discharge_efficiency: 0.95,
                    loss_per_hour: 0.01,
                    boundary,
                    discharge_eur_per_kwh: 0.001.into(),
                    charge_eur_per_kwh: 0.0.into(),
                }),
            ),
            technology("heat", Kind::Demand(Demand { carrier: "heat".into(), power_kw: heat.into() })),
            technology(
                "lights",
                Kind::Demand(Demand { carrier: "electricity".into(), power_kw: Profile::Constant(1.0) }),
            ),
        ],
    }
}

fn axis(steps: usize, minutes: i64) -> TimeAxis {
    TimeAxis::new(jiff::civil::date(2016, 2, 28).at(0, 0, 0, 0), minutes, steps)
}

const SLACK: Shortage = Shortage { unmet_eur_per_kwh: Some(100.0), surplus_eur_per_kwh: Some(0.0) };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// For any demand, photovoltaics, COPs, step and boundary: balances close, levels obey their equation, and the
    /// account adds up to the objective.
    #[test]
    fn energy_and_money_balance(
        heat in proptest::collection::vec(0.0f64..20.0, 12),
        cop in proptest::collection::vec(2.0f64..6.0, 12),
        sun in proptest::collection::vec(0.0f64..20.0, 12),
        minutes in prop_oneof![Just(15i64), Just(30), Just(60)],
        boundary in prop_oneof![
            Just(StorageBoundary::Cyclic), Just(StorageBoundary::CyclicFixed(2.0)), Just(StorageBoundary::Given(5.0)),
            Just(StorageBoundary::Free)
        ],
    ) {
        let sites = vec![site("a", heat.clone(), cop.clone(), sun.clone(), boundary)];
        let district = District::new(axis(12, minutes), sites, SLACK).unwrap();
        let backend = default_backend();
        let mut dispatch = Dispatch::new(district, backend).unwrap();
        let plan = dispatch.solve(backend).unwrap();
        prop_assert!(plan.certificate.equation < 1e-6 && plan.certificate.bound < 1e-6);

        let dt = minutes as f64 / 60.0;
        let row = |technology: &str, role| {
            plan.decisions.values.row(dispatch.quantity("a", technology, role).unwrap()).to_vec()
        };
        let slack = |carrier: usize, role| {
            let at = dispatch.quantities().iter().position(|q| q.carrier == carrier && q.role == role).unwrap();
            plan.decisions.values.row(at).to_vec()
        };
        let (electricity, warmth) = (0, 1);
        let (grid, output) = (row("grid", Role::Supply), row("pump", Role::Output));
        let (charge, discharge, level) =
            (row("tank", Role::Charge), row("tank", Role::Discharge), row("tank", Role::Level));
        let input = dispatch.input_kw(&plan.decisions.values, 0, 2);
        for t in 0..12 {
            let supplied = grid[t] + sun[t] + slack(electricity, Role::Unmet)[t] - slack(electricity, Role::Surplus)[t];
            prop_assert!((supplied - 1.0 - input[t]).abs() < 1e-9 * 100.0);
            let heated = output[t] + discharge[t] - charge[t] + slack(warmth, Role::Unmet)[t]
                - slack(warmth, Role::Surplus)[t];
            prop_assert!((heated - heat[t]).abs() < 1e-9 * 100.0);
            let before = match (t, boundary) {
                (0, StorageBoundary::Given(initial)) => initial,
                (0, StorageBoundary::Free) => {
                    let before = (level[0] - dt * (0.95 * charge[0] - discharge[0] / 0.95)) / 0.99f64.powf(dt);
                    prop_assert!((-1e-6..15.0 + 1e-6).contains(&before), "{before}");
                    before
                }
                (0, _) => level[11],
                _ => level[t - 1],
            };
            let kept = 0.99f64.powf(dt) * before;
            prop_assert!((level[t] - kept - dt * (0.95 * charge[t] - discharge[t] / 0.95)).abs() < 1e-7);
        }
        if boundary == StorageBoundary::CyclicFixed(2.0) {
            prop_assert!((0.99f64.powf(dt) * level[11] - 2.0).abs() < 1e-6);
        }
        let account = dispatch.account(&plan.decisions);
        let total = account.operation_eur + account.penalty_eur;
        prop_assert!((total - plan.objective_eur).abs() < 1e-9 * (1.0 + total.abs()));
        prop_assert!((account.forced_eur - 0.02 * dt * sun.iter().sum::<f64>()).abs() < 1e-9);
    }

    /// Two sites on a cable, one with a CHP plant, one with a battery, both selling to the grid, with a price of CO2:
    /// every balance closes, the power that enters the cable arrives, and the account is the sum of its parts.
    #[test]
    fn links_byproducts_exports_and_co2_balance(
        heat in proptest::collection::vec(0.0f64..20.0, 10),
        light in proptest::collection::vec(0.0f64..15.0, 10),
        sun in proptest::collection::vec(0.0f64..30.0, 10),
        sell in proptest::collection::vec(-0.05f64..0.25, 10),
        one_way in proptest::bool::ANY,
        co2_eur_per_t in 0.0f64..300.0,
        minutes in prop_oneof![Just(15i64), Just(60)],
    ) {
        let named = technology;
        let import = |carrier: &str, price: f64, co2: f64| Kind::Supply(Supply {
            carrier: carrier.into(),
            capacity_kw: 100.0,
            available: Availability::Unlimited,
            price_eur_per_kwh: price.into(),
            co2_kg_per_kwh: co2.into(),
            terms: SupplyTerms::default(),
        });
        let export = || Kind::Export(Export {
            carrier: "electricity".into(),
            capacity_kw: 25.0,
            price_eur_per_kwh: sell.clone().into(),
        });
        let demand = |carrier: &str, power: &Vec<f64>| {
            Kind::Demand(Demand { carrier: carrier.into(), power_kw: power.clone().into() })
        };
        let plant = Kind::Conversion(Conversion {
            carrier_in: "gas".into(),
            carrier_out: "electricity".into(),
            capacity_kw: 10.0,
            efficiency: 0.35.into(),
            output_eur_per_kwh: 0.01.into(),
            input_eur_per_kwh: 0.0.into(),
            byproducts: vec![Byproduct { carrier: "heat".into(), per_output: 1.4.into() }],
        });
        let battery = Kind::Storage(Storage {
            carrier: "electricity".into(),
            charge_kw: 4.0,
            discharge_kw: 8.0,
            capacity_kwh: 12.0,
            charge_efficiency: 0.9,
            discharge_efficiency: 0.95,
            loss_per_hour: 0.0,
            boundary: StorageBoundary::Cyclic,
            discharge_eur_per_kwh: 0.0.into(),
            charge_eur_per_kwh: 0.0.into(),
        });
        let pv = Kind::Supply(Supply {
            carrier: "electricity".into(),
            capacity_kw: 40.0,
            available: Availability::UpTo(sun.clone().into()),
            price_eur_per_kwh: 0.0.into(),
            co2_kg_per_kwh: 0.0.into(),
            terms: SupplyTerms::default(),
        });
        let technologies = vec![
            named("main", import("gas", 0.06, 0.2)), named("plant", plant), named("warmth", demand("heat", &heat)),
            named("grid", import("electricity", 0.3, 0.4)), named("sale", export()),
        ];
        let works = Site { name: "works".into(), technologies };
        let technologies = vec![
            named("grid", import("electricity", 0.3, 0.4)), named("sale", export()), named("sun", pv),
            named("battery", battery), named("light", demand("electricity", &light)),
        ];
        let homes = Site { name: "homes".into(), technologies };
        let cable = Link {
            name: "cable".into(),
            from: "works".into(),
            to: "homes".into(),
            carrier: "electricity".into(),
            capacity_kw: 12.0,
            efficiency: 0.9,
            one_way,
            price_eur_per_kwh: 0.002.into(),
        };
        let district = District::new(axis(10, minutes), vec![works, homes], SLACK).unwrap();
        let district = district.with_links(vec![cable]).unwrap().with_co2_price(co2_eur_per_t).unwrap();
        let backend = default_backend();
        let mut dispatch = Dispatch::new(district, backend).unwrap();
        prop_assert_eq!(dispatch.parts().len(), 1, "the cable makes one of the two sites");
        let plan = dispatch.solve(backend).unwrap();

        let dt = minutes as f64 / 60.0;
        let row = |site: &str, technology: &str, role| {
            let row = dispatch.quantity(site, technology, role);
            row.map_or(vec![0.0; 10], |row| plan.decisions.values.row(row).to_vec())
        };
        let through = |role| {
            let row = dispatch.link_quantity(0, role);
            row.map_or(vec![0.0; 10], |row| plan.decisions.values.row(row).to_vec())
        };
        let slack = |site: usize, carrier: &str| {
            let carrier = dispatch.district().carriers().iter().position(|known| known == carrier).unwrap();
            let of = |role| {
                let same = |q: &anergy::dispatch::Quantity| {
                    (q.site, q.carrier, q.role, q.technology) == (site, carrier, role, None)
                };
                plan.decisions.values.row(dispatch.quantities().iter().position(same).unwrap()).to_vec()
            };
            of(Role::Unmet).iter().zip(of(Role::Surplus)).map(|(unmet, surplus)| unmet - surplus).collect::<Vec<_>>()
        };
        let (power, gas) = (row("works", "plant", Role::Output), row("works", "main", Role::Supply));
        let (out, back) = (through(Role::Forward), through(Role::Backward));
        prop_assert!(!one_way || back.iter().all(|flow| *flow == 0.0));
        for t in 0..10 {
            prop_assert!((gas[t] + slack(0, "gas")[t] - power[t] / 0.35).abs() < 1e-7);
            prop_assert!((1.4 * power[t] + slack(0, "heat")[t] - heat[t]).abs() < 1e-7);
            let works = row("works", "grid", Role::Supply)[t] + power[t] + 0.9 * back[t] + slack(0, "electricity")[t];
            prop_assert!((works - row("works", "sale", Role::Export)[t] - out[t]).abs() < 1e-7);
            let homes = row("homes", "grid", Role::Supply)[t] + row("homes", "sun", Role::Supply)[t] + 0.9 * out[t]
                + row("homes", "battery", Role::Discharge)[t] + slack(1, "electricity")[t];
            let used = light[t] + row("homes", "sale", Role::Export)[t] + back[t]
                + row("homes", "battery", Role::Charge)[t];
            prop_assert!((homes - used).abs() < 1e-7);
        }
        let sum = |values: Vec<f64>| values.iter().sum::<f64>() * dt;
        let bought = sum(row("works", "grid", Role::Supply)) + sum(row("homes", "grid", Role::Supply));
        let sold: f64 = ["works", "homes"].iter().map(|site| {
            row(site, "sale", Role::Export).iter().zip(&sell).map(|(power, price)| power * price * dt).sum::<f64>()
        }).sum();
        let through = sum(out) + sum(back);
        let money = 0.3 * bought + 0.06 * sum(gas.clone()) + 0.01 * sum(power) + 0.002 * through - sold;
        let kg = 0.4 * bought + 0.2 * sum(gas);
        let account = dispatch.account(&plan.decisions);
        prop_assert!((account.operation_eur - money).abs() < 1e-7, "{} and {money}", account.operation_eur);
        prop_assert!((account.co2_kg - kg).abs() < 1e-7);
        prop_assert!((account.co2_eur - kg * co2_eur_per_t / 1000.0).abs() < 1e-7);
        let total = account.operation_eur + account.co2_eur + account.penalty_eur;
        prop_assert!((total - plan.objective_eur).abs() < 1e-7 * (1.0 + total.abs()));
        prop_assert!((account.links[0].forward_kwh + account.links[0].backward_kwh - through).abs() < 1e-9);
    }

    /// A site without its own import: when its heat pump is worse than planned, the other site imports more for it.
    /// There is no shortage as long as cable and import have room.
    #[test]
    fn a_priced_plan_imports_through_the_cable(
        heat in proptest::collection::vec(0.0f64..10.0, 8),
        first in proptest::collection::vec(2.0f64..6.0, 8),
        second in proptest::collection::vec(2.0f64..6.0, 8),
        sun in proptest::collection::vec(0.0f64..6.0, 8),
        one_way in proptest::bool::ANY,
    ) {
        let mut far = site("far", heat, first.clone(), sun, StorageBoundary::Cyclic);
        far.technologies.retain(|technology| technology.name != "grid");
        let mut near = site("near", vec![1.0; 8], first, vec![0.0; 8], StorageBoundary::Cyclic);
        near.technologies.retain(|technology| ["grid", "lights"].contains(&technology.name.as_str()));
        let cable = Link {
            name: "cable".into(), from: "near".into(), to: "far".into(), carrier: "electricity".into(),
            capacity_kw: 30.0, efficiency: 0.95, one_way, price_eur_per_kwh: 0.0.into(),
        };
        let district = District::new(axis(8, 60), vec![far, near], SLACK).unwrap().with_links(vec![cable]).unwrap();
        let backend = default_backend();
        let mut dispatch = Dispatch::new(district, backend).unwrap();
        let plan = dispatch.solve(backend).unwrap();
        let same = dispatch.price(&plan.decisions).unwrap();
        prop_assert!((same.objective_eur - plan.objective_eur).abs() < 1e-6 * (1.0 + plan.objective_eur.abs()));
        let pump = dispatch.conversion("far", "pump").unwrap();
        dispatch.set_efficiency(pump, second.iter().copied());
        let priced = dispatch.price(&plan.decisions).unwrap();
        prop_assert!(priced.short_kwh < 1e-6);
        let account = dispatch.account(&priced.decisions);
        prop_assert!(account.unmet_kwh() < 1e-6, "{} kWh unmet", account.unmet_kwh());
        dispatch.certified(priced.decisions.clone()).unwrap();
        let output = dispatch.conversion_output(pump);
        prop_assert_eq!(priced.decisions.values.row(output), plan.decisions.values.row(output), "decisions stay");
        let best = dispatch.solve(backend).unwrap();
        prop_assert!(priced.objective_eur >= best.objective_eur - 1e-6 * (1.0 + best.objective_eur.abs()));
    }

    /// A plan priced at other COPs keeps its decisions, closes its balances, and is never cheaper than the optimum at
    /// these COPs.
    #[test]
    fn a_priced_plan_is_feasible_and_no_better_than_the_optimum(
        heat in proptest::collection::vec(0.0f64..14.0, 8),
        first in proptest::collection::vec(2.0f64..6.0, 8),
        second in proptest::collection::vec(2.0f64..6.0, 8),
        sun in proptest::collection::vec(0.0f64..6.0, 8),
    ) {
        let sites = vec![site("a", heat, first.clone(), sun, StorageBoundary::Cyclic)];
        let district = District::new(axis(8, 60), sites, SLACK).unwrap();
        let backend = default_backend();
        let mut dispatch = Dispatch::new(district, backend).unwrap();
        let plan = dispatch.solve(backend).unwrap();
        let same = dispatch.price(&plan.decisions).unwrap();
        prop_assert!((same.objective_eur - plan.objective_eur).abs() < 1e-9 * (1.0 + plan.objective_eur.abs()));

        dispatch.set_efficiency(0, second.iter().copied());
        let priced = dispatch.price(&plan.decisions).unwrap();
        prop_assert_eq!(priced.short_kwh, 0.0);
        let output = dispatch.conversion_output(0);
        prop_assert_eq!(priced.decisions.values.row(output), plan.decisions.values.row(output), "decisions stay");
        let certificate = dispatch.certified(priced.decisions.clone()).unwrap().certificate;
        prop_assert!(certificate.equation < 1e-6 && certificate.bound < 1e-6);
        let best = dispatch.solve(backend).unwrap();
        prop_assert!(priced.objective_eur >= best.objective_eur - 1e-7);

        let middle = dispatch.blend(&[(&priced.decisions, 0.25), (&best.decisions, 0.75)]);
        let blended = dispatch.certified(middle).unwrap();
        let between = 0.25 * priced.objective_eur + 0.75 * best.objective_eur;
        prop_assert!((blended.objective_eur - between).abs() < 1e-7 * (1.0 + between.abs()), "an LP is linear");
    }
}

#[test]
fn independent_sites_are_found_to_be_independent() {
    let make = |name: &str| site(name, vec![3.0; 4], vec![3.0; 4], vec![0.0; 4], StorageBoundary::Cyclic);
    let both = District::new(axis(4, 60), vec![make("a"), make("b")], SLACK).unwrap();
    let backend = default_backend();
    let mut dispatch = Dispatch::new(both, backend).unwrap();
    let names: Vec<_> = dispatch.parts().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["a", "b"]);
    let together = dispatch.solve(backend).unwrap().objective_eur;
    let alone = District::new(axis(4, 60), vec![make("a")], SLACK).unwrap();
    let alone = Dispatch::new(alone, backend).unwrap().solve(backend).unwrap().objective_eur;
    assert!((together - 2.0 * alone).abs() < 1e-9);
}

#[test]
fn a_shortage_names_site_carrier_hours_and_energy() {
    let heat = vec![3.0, 40.0, 3.0, 3.0];
    let sites = vec![
        site("fine", vec![3.0; 4], vec![3.0; 4], vec![0.0; 4], StorageBoundary::Cyclic),
        site("cold", heat, vec![3.0; 4], vec![0.0; 4], StorageBoundary::Cyclic),
    ];
    let strict = Shortage { unmet_eur_per_kwh: None, surplus_eur_per_kwh: Some(0.0) };
    let district = District::new(axis(4, 60), sites, strict).unwrap();
    let backend = default_backend();
    let error = Dispatch::new(district, backend).unwrap().solve(backend).unwrap_err();
    let DispatchError::Infeasible(reports) = &error else { panic!("infeasible, found {error}") };
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0].site.as_str(), reports[0].carrier.as_str()), ("cold", "heat"));
    // 12 kW from the pump and 6 kW from the tank leave 22 of 40 kW in the one hour.
    assert_eq!(reports[0].hours.len(), 1);
    assert_eq!(reports[0].hours[0].0, "2016-02-28 01:00:00");
    assert!((reports[0].energy_kwh() - 22.0).abs() < 1e-6);
    let text = error.to_string();
    assert!(text.contains("cold: short of 22.0 kWh of heat") && text.contains("2016-02-28 01:00:00"), "{text}");
}

#[test]
fn an_excess_that_nothing_can_take_is_named_too() {
    let sun = vec![0.0, 30.0, 0.0, 0.0];
    let sites = vec![site("a", vec![0.0; 4], vec![3.0; 4], sun, StorageBoundary::Given(0.0))];
    let strict = Shortage { unmet_eur_per_kwh: Some(100.0), surplus_eur_per_kwh: None };
    let district = District::new(axis(4, 30), sites, strict).unwrap();
    let backend = default_backend();
    let error = Dispatch::new(district, backend).unwrap().solve(backend).unwrap_err();
    let DispatchError::Infeasible(reports) = &error else { panic!("infeasible, found {error}") };
    let excess = reports.iter().find(|report| report.carrier == "electricity").unwrap();
    assert!(!excess.too_little);
    // 30 kW of sun, 1 kW of light, and 6 kW of heat into the tank by way of 2 kW of electricity; half an hour.
    assert!((excess.energy_kwh() - 13.5).abs() < 1e-6, "{error}");
}

#[test]
fn a_store_that_cannot_hold_its_end_is_refused() {
    let sites = vec![site("a", vec![1.0; 3], vec![3.0; 3], vec![0.0; 3], StorageBoundary::CyclicFixed(15.0))];
    let error = District::new(axis(3, 60), sites, SLACK).unwrap_err().to_string();
    assert!(error.contains("tank at a: `initial_kwh` is 15"), "{error}");
}

/// Without stores the hours are independent, so the year of the baseline can be summed by hand.
#[test]
fn the_published_baseline_year_equals_an_independent_hourly_sum() {
    let Some(data) = published_data() else { return };
    let case = Case::load(&Request {
        model: data.join("baseline/model_op.yaml"),
        scenario: Some("no_TES".into()),
        ..Request::default()
    })
    .unwrap();
    let backend = default_backend();
    let mut dispatch = Dispatch::new(case.district, backend).unwrap();
    let plan = dispatch.solve(backend).unwrap();
    let account = dispatch.account(&plan.decisions);

    // The files themselves, read anew and plainly: name, then column by site.
    let column = |name: &str, site: &str| -> Vec<f64> {
        let mut reader = csv::Reader::from_path(data.join("baseline/timeseries_data").join(name)).unwrap();
        let position = reader.headers().unwrap().iter().position(|header| header == site).unwrap();
        let cell = |record: csv::StringRecord| record[position].parse().unwrap_or(0.0);
        reader.records().map(|record| cell(record.unwrap())).collect()
    };
    let cop = [("demand_dhw.csv", 3.747), ("demand_sh.csv", 4.642), ("demand_co.csv", 7.049)];
    let (mut grid_kwh, mut cost, mut unmet, mut surplus) = ([0.0; 2], 0.0, 0.0, 0.0);
    let sites =
        [("buildings", 16.0, 1440.0, [800.0, 3200.0, 3200.0]), ("commercial", 3.0, 540.0, [0.0, 1200.0, 1200.0])];
    for (index, (site, scale, pv_kw, caps)) in sites.into_iter().enumerate() {
        let sun = column("solar_resource.csv", site);
        let lights = if site == "commercial" { column("demand_el.csv", site) } else { vec![0.0; 8760] };
        let mut use_kw: Vec<f64> = lights.iter().map(|v| -scale * v).collect();
        for ((file, cop), cap) in cop.into_iter().zip(caps) {
            if cap == 0.0 {
                continue;
            }
            for (hour, value) in column(file, site).into_iter().enumerate() {
                let served = (-scale * value).min(cap);
                unmet += -scale * value - served;
                use_kw[hour] += served / cop;
                cost += 0.04 * served;
            }
        }
        for hour in 0..8760 {
            let pv = pv_kw * sun[hour];
            cost += 0.0411 * pv;
            let import = (use_kw[hour] - pv).max(0.0);
            surplus += (pv - use_kw[hour]).max(0.0);
            grid_kwh[index] += import;
            cost += 0.3 * import;
        }
    }
    let close = |ours: f64, sum: f64, what: &str| {
        assert!((ours - sum).abs() < 1e-6 * sum.abs().max(1.0), "{what}: {ours} against {sum}");
    };
    close(account.operation_eur + account.forced_eur, cost, "cost");
    close(account.unmet_kwh(), unmet, "unmet demand");
    close(account.surplus_kwh(), surplus, "surplus");
    for (site, sum) in ["buildings", "commercial"].into_iter().zip(grid_kwh) {
        close(account.technology(site, "grid").unwrap().delivered_kwh, sum, site);
    }
    assert!((account.annualised_eur - (547_221.21 + 305_508.23)).abs() < 0.02, "without the stores' part");
}
