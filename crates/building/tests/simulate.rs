//! Free temperatures and ideal loads of small networks and of the archetypes.

#![allow(missing_docs, clippy::unwrap_used)]

use anergy_building::solar::refined;
use anergy_building::{
    Archetype, ArchetypeSettings, Compat, IdealPlant, Inputs, RcNetwork, Service, StateSpace, free_states, simulate,
};
use anergy_profile::Profile;
use anergy_thermal::weather::{Location, TypicalYear, Weather};
use nalgebra::DVector;
use proptest::prelude::*;

fn room() -> StateSpace {
    let mut room = RcNetwork::new("air");
    room.node("air", 300e3).node("wall", 20e6).link("air", "wall", 400.0);
    room.boundary("outside", "wall", 50.0).boundary("outside", "air", 80.0).heat("plant", "air", 1.0);
    room.state_space().unwrap()
}

fn winter() -> Weather {
    let year = typical_year();
    let weather = year.weather().unwrap();
    let days = 21 * 24;
    Weather {
        axis: weather.axis.slice(0, days),
        location: weather.location,
        air_c: weather.air_c[..days].to_vec(),
        ghi_w_m2: weather.ghi_w_m2[..days].to_vec(),
        dni_w_m2: weather.dni_w_m2[..days].to_vec(),
        dhi_w_m2: weather.dhi_w_m2[..days].to_vec(),
    }
}

fn typical_year() -> TypicalYear {
    TypicalYear {
        location: Location { latitude_deg: 45.46, longitude_deg: 9.19, elevation_m: 120.0, utc_offset_hours: 1.0 },
        year: 2019,
        step_minutes: 60,
        air_c: [3.0, 5.0, 10.0, 14.0, 18.0, 23.0, 25.0, 25.0, 20.0, 14.0, 8.0, 4.0],
        irradiation_kwh_m2_day: [1.3, 2.2, 3.6, 4.7, 5.7, 6.4, 6.6, 5.6, 4.2, 2.5, 1.5, 1.1],
        swing_k: [6.0, 8.0, 10.0, 10.0, 11.0, 11.0, 11.0, 11.0, 10.0, 8.0, 6.0, 6.0],
        sigma_k: 2.0,
        persistence: 0.7,
        clearness_sigma: 0.12,
        clearness_persistence: 0.4,
        seed: 11,
    }
}

#[test]
fn a_constant_winter_needs_the_heat_loss() {
    let space = room();
    let discrete = space.discretise(0.5).unwrap();
    let mut inputs = Inputs::new(&space, 2000);
    inputs.set("outside", Profile::Constant(-5.0)).unwrap();
    let start = DVector::from_vec(vec![20.0, 10.0]);
    let plant = IdealPlant::unlimited(20.0, 26.0);
    let course = simulate(&space, &discrete, &inputs, &start, Some(&plant)).unwrap();
    // 80 W/K by ventilation, 400 and 50 W/K in series through the wall.
    let loss_w_k = 80.0 + 1.0 / (1.0 / 400.0 + 1.0 / 50.0);
    assert!((course.heating_w[1999] - 25.0 * loss_w_k).abs() < 1e-6, "{}", course.heating_w[1999]);
    assert!(course.air_end_c.iter().all(|air_c| (air_c - 20.0).abs() < 1e-9));
    assert!(course.cooling_w.iter().all(|&power| power == 0.0));
}

#[test]
fn limits_bind_and_the_air_leaves_the_band() {
    let space = room();
    let discrete = space.discretise(1.0).unwrap();
    let mut inputs = Inputs::new(&space, 500);
    inputs.set("outside", Profile::Constant(-10.0)).unwrap();
    let start = DVector::from_element(2, 20.0);
    let weak = IdealPlant { heating_limit_w: 2000.0, ..IdealPlant::unlimited(20.0, 26.0) };
    let course = simulate(&space, &discrete, &inputs, &start, Some(&weak)).unwrap();
    assert_eq!(course.heating_w[499], 2000.0);
    let loss_w_k = 80.0 + 1.0 / (1.0 / 400.0 + 1.0 / 50.0);
    assert!((course.air_end_c[499] - (-10.0 + 2000.0 / loss_w_k)).abs() < 1e-3);
    let none = IdealPlant { heating_limit_w: 0.0, cooling_limit_w: 0.0, ..weak };
    let off = simulate(&space, &discrete, &inputs, &start, Some(&none)).unwrap();
    assert_eq!(off, simulate(&space, &discrete, &inputs, &start, None).unwrap());
}

#[test]
fn what_does_not_fit_is_refused() {
    let space = room();
    let discrete = space.discretise(1.0).unwrap();
    let mut inputs = Inputs::new(&space, 3);
    let start = DVector::from_element(2, 20.0);
    let run = |inputs: &Inputs, start: &DVector<f64>, plant: &IdealPlant| {
        simulate(&space, &discrete, inputs, start, Some(plant)).unwrap_err().to_string()
    };
    let plant = IdealPlant::unlimited(20.0, 26.0);
    assert!(run(&inputs, &start, &plant).contains("the boundary `outside` has no temperature"));
    let error = |result: Result<&mut Inputs, anergy_building::BuildingError>| result.unwrap_err().to_string();
    assert!(error(inputs.set("sun", Profile::Constant(1.0))).contains("no input `sun`; known: outside, plant"));
    assert!(error(inputs.set("plant", Profile::Series(vec![1.0]))).contains("has 1 values; expected 3"));
    assert!(error(inputs.set("plant", Profile::Series(vec![1.0, f64::NAN, 0.0]))).contains("is NaN"));
    assert!(error(inputs.set("outside", Profile::Constant(f64::INFINITY))).contains("is inf"));
    inputs.set("outside", Profile::Constant(0.0)).unwrap();
    assert!(run(&inputs, &DVector::from_element(3, 0.0), &plant).contains("the start has 3 values; expected 2"));
    let crossed = IdealPlant::unlimited(26.0, 20.0);
    assert!(run(&inputs, &start, &crossed).contains("cooling_c is 20; expected no less than heating_c"));
    let negative = IdealPlant { heating_limit_w: -1.0, ..plant.clone() };
    assert!(run(&inputs, &start, &negative).contains("heating_limit_w is -1"));
    let wrong = IdealPlant { input: "boiler".to_owned(), ..plant };
    assert!(run(&inputs, &start, &wrong).contains("no input `boiler`"));
}

#[test]
fn older_houses_need_more_heat_and_the_balance_closes() {
    let weather = refined(&winter(), 15).unwrap();
    let settings = ArchetypeSettings::default();
    let mut demand_kwh_m2 = Vec::new();
    for house in [Archetype::Sfh06Air, Archetype::Sfh05Air, Archetype::Sfh90Air, Archetype::Sfh60Air] {
        let space = house.network(Service::Heating, settings, Compat::Corrected).unwrap().state_space().unwrap();
        let discrete = space.discretise(0.25).unwrap();
        let inputs = house.inputs(&space, &weather, settings, 0.2, None, Profile::Constant(450.0)).unwrap();
        let start = DVector::from_element(space.capacity_j_k().len(), 20.0);
        let run = |low, high| {
            let plant = IdealPlant::unlimited(low, high);
            simulate(&space, &discrete, &inputs, &start, Some(&plant)).unwrap()
        };
        let course = run(20.0, 26.0);
        let worst = course.balance_error.iter().fold(0.0, |worst: f64, error| worst.max(error.abs()));
        assert!(worst < 1e-9, "{house:?} {worst}");
        assert!(course.air_end_c.iter().all(|air_c| (20.0 - 1e-9..26.0 + 1e-9).contains(air_c)));
        let kwh = |course: &anergy_building::Course| course.heating_w.iter().sum::<f64>() * 0.25 / 1000.0;
        assert!(kwh(&run(21.0, 26.0)) > kwh(&course) && kwh(&course) > kwh(&run(19.0, 26.0)));
        demand_kwh_m2.push(kwh(&course) / house.data().floor_m2);
    }
    assert!(demand_kwh_m2.is_sorted() && demand_kwh_m2[0] > 5.0, "{demand_kwh_m2:?}");
}

#[test]
fn refined_weather_keeps_the_light_and_moves_the_air_little() {
    let weather = winter();
    let fine = refined(&weather, 15).unwrap();
    for hour in 0..weather.axis.len() {
        let quarter = 4 * hour..4 * hour + 4;
        assert!(fine.dni_w_m2[quarter.clone()].iter().all(|value| value.to_bits() == weather.dni_w_m2[hour].to_bits()));
        let mean = fine.air_c[quarter].iter().sum::<f64>() / 4.0;
        assert!((mean - weather.air_c[hour]).abs() < 0.5);
    }
    // Halfway between two middles.
    let middle = f64::midpoint(fine.air_c[41], fine.air_c[42]);
    assert!((middle - weather.air_c[10]).abs() < 0.3);
    assert!(refined(&weather, 25).is_err() && refined(&weather, 0).is_err());
}

#[test]
fn free_states_and_pulse_responses_add_up_to_the_simulation() {
    let space = room();
    let discrete = space.discretise(0.5).unwrap();
    let steps = 60;
    let mut inputs = Inputs::new(&space, steps);
    let outside = (0..60_u32).map(|step| 5.0 - f64::from(step % 7)).collect();
    inputs.set("outside", Profile::Series(outside)).unwrap();
    let start = DVector::from_vec(vec![19.0, 18.0]);
    let plant = IdealPlant { heating_limit_w: 3500.0, ..IdealPlant::unlimited(21.0, 24.0) };
    let course = simulate(&space, &discrete, &inputs, &start, Some(&plant)).unwrap();
    let free = free_states(&discrete, &inputs, &start, Compat::Corrected).unwrap();
    let pulse = discrete.pulse_response(0, space.input("plant").unwrap(), steps);
    for step in 0..steps {
        let response: f64 = (0..=step).map(|from| pulse[step - from] * course.heating_w[from]).sum();
        assert!((free[step][0] + response - course.air_end_c[step]).abs() < 1e-9);
    }
    // The published offsets are the same in the first step, and lack its weather later.
    let published = free_states(&discrete, &inputs, &start, Compat::Published).unwrap();
    assert_eq!(published[0], free[0]);
    let lost = &discrete.ad * &discrete.bd * inputs.at(0);
    assert!((&free[1] - &published[1] - lost).amax() < 1e-12);
    assert!(free_states(&discrete, &inputs, &DVector::zeros(1), Compat::Corrected).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn ideal_loads_grow_with_cold_and_never_fight(
        outside in proptest::collection::vec(-15.0f64..38.0, 24..72), colder in 0.1f64..5.0, low in 16.0f64..22.0,
        band in 0.0f64..6.0, hours in 0.1f64..2.0,
    ) {
        let space = room();
        let discrete = space.discretise(hours).unwrap();
        let plant = IdealPlant::unlimited(low, low + band);
        let start = DVector::from_element(2, low + band / 2.0);
        let run = |shift: f64| {
            let mut inputs = Inputs::new(&space, outside.len());
            let temps = outside.iter().map(|temp| temp - shift).collect();
            inputs.set("outside", Profile::Series(temps)).unwrap();
            simulate(&space, &discrete, &inputs, &start, Some(&plant)).unwrap()
        };
        let (warm, cold) = (run(0.0), run(colder));
        for step in 0..outside.len() {
            prop_assert!(warm.heating_w[step] == 0.0 || warm.cooling_w[step] == 0.0);
            prop_assert!((low - 1e-8..=low + band + 1e-8).contains(&warm.air_end_c[step]));
            prop_assert!(warm.balance_error[step].abs() < 1e-9);
        }
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        prop_assert!(sum(&cold.heating_w) - sum(&cold.cooling_w) >= sum(&warm.heating_w) - sum(&warm.cooling_w) - 1e-6);
    }
}
