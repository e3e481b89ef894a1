//! BESTEST cases 600 and 900 against the ranges of ASHRAE 140-2020.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy_building::bestest::{BestestCase, SET_POINTS_C};
use anergy_building::solar::refined;
use anergy_building::{Course, IdealPlant, RcNetwork, simulate};
use anergy_thermal::weather::{EpwDetails, SkyModel, Weather};
use common::{reference_data, weather};
use nalgebra::DVector;

const MINUTES: i64 = 15;
const PER_HOUR: usize = 4;

struct Loads {
    heating_mwh: f64,
    cooling_mwh: f64,
    heating_peak_kw: f64,
    cooling_peak_kw: f64,
}

fn year(network: &RcNetwork, case: BestestCase, climate: &(Weather, EpwDetails), sky: bool, plant: bool) -> Course {
    let (weather, details) = climate;
    let weather = refined(weather, MINUTES).unwrap();
    let repeated = |values: &[f64]| values.iter().flat_map(|&value| [value; PER_HOUR]).collect();
    let details =
        EpwDetails { wind_m_s: repeated(&details.wind_m_s), sky_infrared_w_m2: repeated(&details.sky_infrared_w_m2) };
    let space = network.state_space().unwrap();
    let discrete = space.discretise(0.25).unwrap();
    let inputs = case.inputs(&space, &weather, sky.then_some(&details), SkyModel::HayDavies).unwrap();
    let plant = plant.then(|| IdealPlant::unlimited(SET_POINTS_C[0], SET_POINTS_C[1]));
    // The year follows itself: its first two weeks lead to its start.
    let start = DVector::from_element(space.capacity_j_k().len(), 20.0);
    let warm = simulate(&space, &discrete, &inputs, &start, plant.as_ref()).unwrap();
    let course = simulate(&space, &discrete, &inputs, &warm.end, plant.as_ref()).unwrap();
    let worst = course.balance_error.iter().fold(0.0, |worst: f64, error| worst.max(error.abs()));
    assert!(worst < 1e-9, "energy balance {worst}");
    course
}

fn loads(course: &Course) -> Loads {
    let mwh = |values: &[f64]| values.iter().sum::<f64>() * 0.25 / 1e6;
    let peak = |values: &[f64]| Course::means(values, PER_HOUR).into_iter().fold(0.0, f64::max) / 1000.0;
    Loads {
        heating_mwh: mwh(&course.heating_w),
        cooling_mwh: mwh(&course.cooling_w),
        heating_peak_kw: peak(&course.heating_w),
        cooling_peak_kw: peak(&course.cooling_w),
    }
}

fn free(course: &Course) -> [f64; 3] {
    let hourly = Course::means(&course.air_mean_c, PER_HOUR);
    let mean = hourly.iter().sum::<f64>() / hourly.len() as f64;
    let fold = |f: fn(f64, f64) -> f64, from| hourly.iter().copied().fold(from, f);
    [fold(f64::min, f64::INFINITY), mean, fold(f64::max, f64::NEG_INFINITY)]
}

#[test]
fn explore() {
    let Some(data) = reference_data("clustenergy") else { return };
    let climate = weather(&data.join("USA_Denver.epw.gz"));
    for case in [BestestCase::Case600, BestestCase::Case900] {
        for sky in [false, true] {
            for (name, network) in [
                ("lumped", case.lumped_network().unwrap()),
                ("1", case.network(1).unwrap()),
                ("3", case.network(3).unwrap()),
            ] {
                let l = loads(&year(&network, case, &climate, sky, true));
                let f = free(&year(&network, case, &climate, sky, false));
                eprintln!(
                    "{case:?} sky {sky} {name}: heat {:.3} cool {:.3} peaks {:.3} {:.3} free {f:.1?}",
                    l.heating_mwh, l.cooling_mwh, l.heating_peak_kw, l.cooling_peak_kw
                );
            }
        }
    }
}
