//! Weather, sun, gains and temperatures of the published tool.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy_building::profiles::published_rows;
use anergy_building::published::{PublishedClimate, PublishedSite};
use anergy_building::{Archetype, ArchetypeSettings, Compat, Service, free_states};
use anergy_profile::Profile;
use anergy_thermal::weather::AdrModules;
use common::{Table, reference_data, weather};
use nalgebra::DVector;

/// Hours from 1 January to the first day of each stored run.
const RUNS: [(&str, &str, &str, usize); 3] = [
    ("Roma", "ITA_Roma-Ciampino.epw.gz", "weather_solar_Roma_2_16_15min.csv", 46 * 24),
    ("Milano", "ITA_Milano-Linate.epw.gz", "weather_solar_Milano_1_15_15min.csv", 14 * 24),
    ("Denver", "USA_Denver.epw.gz", "weather_solar_Denver_7_1_15min.csv", 181 * 24),
];

#[test]
fn weather_sun_and_gains_of_three_days() {
    let Some(data) = reference_data("clustenergy") else { return };
    for (name, epw, table, start) in RUNS {
        let (year, _) = weather(&data.join(epw));
        let climate = PublishedClimate::new(&year, &PublishedSite::named(name).unwrap(), start, 1, 0.25, 0.2).unwrap();
        let table = Table::read(&data.join("params").join(table));
        let same = |column: &str, found: &dyn Fn(usize) -> f64| {
            for (step, expected) in table.column(column).into_iter().enumerate() {
                let found = found(step);
                assert!(
                    (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
                    "{name} {column} {step}: {found} {expected}"
                );
            }
        };
        same("T_est", &|step| climate.air_c[step]);
        same("Diff", &|step| climate.dhi_w_m2[step]);
        same("Dir", &|step| climate.dni_w_m2[step]);
        same("Glo", &|step| climate.ghi_w_m2[step]);
        same("zen", &|step| climate.sun[step][0].to_degrees());
        same("azi", &|step| climate.sun[step][1].to_degrees());
        for (facade, direction) in ["S", "E", "W", "N", "H"].into_iter().enumerate() {
            same(&format!("Itot_{direction}"), &|step| climate.irradiance_w_m2(step)[facade]);
            if facade < 4 {
                same(&format!("gain_win_{direction}_g0.724_1m2"), &|step| climate.window_w_m2(step, 0.724)[facade]);
            }
        }
    }
}

/// The published baselines, replayed: their heat flows give their temperatures.
#[test]
fn the_temperatures_of_the_published_baselines_to_1e_8() {
    let Some(data) = reference_data("clustenergy") else { return };
    let (roma, _) = weather(&data.join("ITA_Roma-Ciampino.epw.gz"));
    let (denver, _) = weather(&data.join("USA_Denver.epw.gz"));
    let cases = [
        ("roma_base_load_nodhw", &roma, "Roma", 46 * 24, 1, 0.25, Service::Heating),
        ("denver_cool_3d_30min_nodhw", &denver, "Denver", 181 * 24, 3, 0.5, Service::Cooling),
    ];
    for (case, year, site, start, days, hours, service) in cases {
        let folder = data.join("results").join(case);
        let climate =
            PublishedClimate::new(year, &PublishedSite::named(site).unwrap(), start, days, hours, 0.2).unwrap();
        let table = |name: &str| Table::read(&folder.join(name));
        let (output, air, given) = (table("Qth_bl.csv"), table("Tair_bl.csv"), table("inputs.csv"));
        let mut compared = 0;
        for archetype in Archetype::ALL {
            if service == Service::Cooling && archetype == Archetype::Sfh06Floor {
                continue;
            }
            let name = format!("{}_1", archetype.name().replace('_', ""));
            let settings = ArchetypeSettings::default();
            let space = archetype.network(service, settings, Compat::Published).unwrap().state_space().unwrap();
            let discrete = space.discretise(hours).unwrap();
            let internal = Profile::Series(given.column(&format!("gains{name}")));
            let inputs = archetype.published_inputs(&space, &climate, settings, internal).unwrap();
            let set_point = given.column(&format!("tsp{name}"))[0];
            let q_w: Vec<f64> = output.column(&format!("Qth_bl_{name}")).iter().map(|kw| kw * 1000.0).collect();
            let plant = space.input("plant").unwrap();
            let expected = air.column(&format!("Tair_bl_{name}"));
            let start = DVector::from_element(space.capacity_j_k().len(), set_point);
            let free = free_states(&discrete, &inputs, &start, Compat::Published).unwrap();
            let mut pulse = DVector::zeros(start.len());
            for (step, expected) in expected.into_iter().enumerate() {
                pulse = &discrete.ad * pulse + discrete.bd.column(plant) * q_w[step];
                let found = (&free[step] + &pulse)[space.air()];
                assert!((found - expected).abs() < 1e-8, "{case} {name} {step}: {found} {expected}");
                compared += 1;
            }
        }
        assert!(compared >= 400, "{compared}");
    }
}

#[test]
fn the_rows_of_set_points_and_occupancy_of_the_published_runs() {
    let Some(data) = reference_data("clustenergy") else { return };
    let params = data.join("params");
    let cases = [
        ("roma_base_load_nodhw", "T_sp_heating.csv.gz", 46 * 24, 0.25, 96),
        ("denver_cool_3d_30min_nodhw", "T_sp_cooling.csv.gz", 181 * 24, 0.5, 144),
    ];
    for (case, set_points, start, hours, steps) in cases {
        let given = Table::read(&data.join("results").join(case).join("inputs.csv"));
        let set_points = Table::read(&params.join(set_points));
        let occupancy = Table::read(&params.join("occ_profile.csv.gz"));
        let houses = ["SFH06air_1", "SFH05air_1", "SFH90air_1", "SFH60air_1"];
        for (building, house) in (1..).zip(houses) {
            let rows = |table: &Table, column: String| {
                published_rows(&table.column(&column), start, hours, steps).unwrap().to_vec()
            };
            assert_eq!(rows(&set_points, format!("Tsp_Bui{building}")), given.column(&format!("tsp{house}")), "{case}");
            let column = format!("Occ Bui{building} (W)");
            assert_eq!(rows(&occupancy, column), given.column(&format!("occupancy{house}")), "{case}");
        }
    }
}

#[test]
fn the_photovoltaics_of_five_years() {
    let Some(data) = reference_data("clustenergy/params") else { return };
    for site in PublishedSite::ALL {
        let table = Table::read(&data.join(format!("pv_1kWp_hourly_{}.csv.gz", site.name)));
        let power = AdrModules::default()
            .power_per_peak(&table.column("poa"), &table.column("T"), &table.column("ws"))
            .unwrap();
        for (step, (power, expected)) in power.iter().zip(table.column("p_W_per_kWp")).enumerate() {
            // Irradiances are stored with four decimals.
            assert!((1000.0 * power - expected).abs() < 5e-4, "{} {step}: {power} {expected}", site.name);
        }
    }
}
