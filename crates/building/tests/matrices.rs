//! The equations of the archetypes against the matrices of the published tool, and physics of any network.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy_building::{Archetype, ArchetypeSettings, Compat, Modes, RcNetwork, Service};
use common::{matrix, reference_data};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

fn house(archetype: Archetype, service: Service, compat: Compat) -> RcNetwork {
    archetype.network(service, ArchetypeSettings::default(), compat).unwrap()
}

fn largest_difference(found: &DMatrix<f64>, expected: &DMatrix<f64>) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    // The matrices hold numbers from 1e-9 to 177; each is compared to 1e-9 of itself, and at least to 1e-9.
    found.iter().zip(expected).map(|(one, other)| (one - other).abs() / other.abs().max(1.0)).fold(0.0, f64::max)
}

#[test]
fn the_published_matrices_to_1e_9() {
    let Some(data) = reference_data("clustenergy/params") else { return };
    let mut compared = 0;
    for archetype in Archetype::ALL {
        for (service, name) in [(Service::Heating, "heating"), (Service::Cooling, "cooling")] {
            if archetype == Archetype::Sfh06Floor && service == Service::Cooling {
                continue;
            }
            let space = house(archetype, service, Compat::Published).state_space().unwrap();
            let file = |rest: &str| matrix(&data.join(format!("ss_{}_{name}_{rest}.csv", archetype.name())));
            assert!(largest_difference(&space.a_per_hour(), &file("Ac")) < 1e-9, "{archetype:?} {name}");
            assert!(largest_difference(&space.b_per_hour(), &file("Bc")) < 1e-9, "{archetype:?} {name}");
            // B has small entries: each to 1e-9 of itself.
            for (found, expected) in space.b_per_hour().iter().zip(&file("Bc")) {
                assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{archetype:?} {found} {expected}");
            }
            for hours in [0.25, 0.5] {
                let discrete = space.discretise(hours).unwrap();
                let ad = largest_difference(&discrete.ad, &file(&format!("Ad_dt{hours}")));
                let bd = largest_difference(&discrete.bd, &file(&format!("Bd_dt{hours}")));
                assert!(ad < 1e-9 && bd < 1e-9, "{archetype:?} {name} {hours}: {ad} {bd}");
                for (found, expected) in discrete.bd.iter().zip(&file(&format!("Bd_dt{hours}"))) {
                    assert!((found - expected).abs() <= 1e-9 * expected.abs() + 1e-18, "{found} {expected}");
                }
                let modes = Modes::new(&space, &discrete).unwrap();
                assert!(modes.difference(&discrete) < 1e-12, "{archetype:?} {name} {hours}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 18);
}

#[test]
fn a_house_in_numbers() {
    let space = house(Archetype::Sfh60Air, Service::Heating, Compat::Published).state_space().unwrap();
    // Roof: 343 W/K to the outside on 27.328 MJ/K.
    assert!((space.b_per_hour()[(1, 0)] - 343.0 * 3600.0 / 27_328_000.0).abs() < 1e-15);
    // Wall: (425 + 1787) W/K on 151.886 MJ/K. Air: 583 m3.
    let a = space.a_per_hour();
    assert!((a[(0, 0)] + 0.052_428_712_436).abs() < 1e-11 && (a[(3, 3)] + 17.266_953_023_320).abs() < 1e-10);
    assert_eq!(space.state_names().collect::<Vec<_>>(), ["wall", "roof", "floor", "air"]);
    // The time constants of the newest house: 0.0589 h to 138 h.
    let space = house(Archetype::Sfh06Air, Service::Heating, Compat::Published).state_space().unwrap();
    let modes = Modes::new(&space, &space.discretise(0.25).unwrap()).unwrap();
    let known = [0.0589, 0.189, 0.672, 3.5, 19.8, 54.2, 138.0];
    for (rate, hours) in modes.rate_per_hour().iter().zip(known) {
        assert!((1.0 / rate / hours - 1.0).abs() < 0.005, "{rate} {hours}");
    }
}

#[test]
fn the_corrected_houses_differ_where_they_should() {
    let capacity = |archetype, compat| house(archetype, Service::Heating, compat).capacity_j_k();
    assert!(
        (capacity(Archetype::Sfh05Air, Compat::Published) / capacity(Archetype::Sfh05Air, Compat::Corrected)) > 100.0
    );
    assert_eq!(
        capacity(Archetype::Sfh06Air, Compat::Published).to_bits(),
        capacity(Archetype::Sfh06Air, Compat::Corrected).to_bits()
    );
    // The heated floor takes all radiant gains.
    let total = |compat| {
        let house = house(Archetype::Sfh06Floor, Service::Heating, compat);
        house.heat.iter().find(|heat| heat.name == "internal").unwrap().shares.iter().map(|one| one.share).sum::<f64>()
    };
    assert!((total(Compat::Corrected) - 1.0).abs() < 1e-12 && total(Compat::Published) < 0.95);
}

#[test]
fn settings_out_of_range_are_refused() {
    let run =
        |settings| Archetype::Sfh90Air.network(Service::Heating, settings, Compat::Corrected).unwrap_err().to_string();
    let settings = ArchetypeSettings::default();
    let draughty = ArchetypeSettings { air_changes_per_h: -1.0, ..settings };
    assert!(run(draughty).contains("air_changes_per_h is -1; expected 0 or more"));
    assert!(run(ArchetypeSettings { radiant_share: 1.5, ..settings }).contains("radiant_share is 1.5"));
    assert!(run(ArchetypeSettings { solar_absorptance: f64::NAN, ..settings }).contains("solar_absorptance is NaN"));
}

#[test]
fn the_steady_heat_loss_is_the_sum_of_the_u_values() {
    for archetype in Archetype::ALL {
        let data = archetype.data();
        let network = house(archetype, Service::Heating, Compat::Corrected);
        let space = network.state_space().unwrap();
        let mut u = DVector::zeros(space.input_names().len());
        (u[0], u[1]) = (-5.0, -5.0);
        u[space.input("plant").unwrap()] = 3000.0;
        let steady = space.steady_state(&u).unwrap();
        if archetype == Archetype::Sfh06Floor {
            continue;
        }
        let in_series = |element| {
            let area = 1.0;
            anergy_building::ArchetypeData::element_u_w_m2k(element, area)
        };
        let ventilation = 0.5 * data.volume_m3 * 1.204 * 1012.0 / 3600.0;
        let loss_w_k = ventilation
            + data.glazing.u_w_m2k * data.window_m2
            + in_series(data.wall)
            + in_series(data.roof)
            + in_series(data.floor);
        let air_c = space.node_temps_c(&steady, &u)[space.air()];
        assert!((air_c - (-5.0 + 3000.0 / loss_w_k)).abs() < 1e-9, "{archetype:?} {air_c}");
    }
}

/// A network of up to seven nodes in a chain with extra links, some without capacity.
fn network() -> impl Strategy<Value = RcNetwork> {
    let node = (prop_oneof![3 => 1e4f64..1e8, 1 => Just(0.0)], 0.5f64..5e3, 0.5f64..5e3);
    (proptest::collection::vec(node, 1..7), 1e4f64..1e7, 1.0f64..500.0).prop_map(|(nodes, air_j_k, loss)| {
        let mut network = RcNetwork::new("air");
        network.node("air", air_j_k).boundary("outside", "air", loss);
        for (number, (capacity, to_air, to_last)) in nodes.iter().enumerate() {
            let name = format!("n{number}");
            network.node(&name, *capacity).link("air", &name, *to_air);
            if number > 0 {
                network.link(&format!("n{}", number - 1), &name, *to_last);
            }
            if number % 2 == 0 {
                network.boundary("ground", &name, to_last / 50.0);
            }
            network.heat("sun", &name, 0.5 / f64::from(u8::try_from(nodes.len()).unwrap()));
        }
        network.heat("plant", "air", 1.0);
        network
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_half_steps_are_one_step_and_the_balance_closes(
        network in network(), hours in 0.02f64..6.0, temps in [-20.0f64..30.0, -5.0f64..20.0], sun in 0.0f64..5e3,
        plant in -3e3f64..5e3, from in -10.0f64..40.0,
    ) {
        let space = network.state_space().unwrap();
        let (whole, half) = (space.discretise(hours).unwrap(), space.discretise(hours / 2.0).unwrap());
        let u = DVector::from_vec(vec![temps[0], temps[1], sun, plant]);
        let start = DVector::from_element(space.capacity_j_k().len(), from);
        let end = whole.end(&start, &u);
        let middle = half.end(&start, &u);
        let scale = 1.0 + end.amax();
        prop_assert!((half.end(&middle, &u) - &end).amax() < 1e-9 * scale);
        let mean = (half.mean(&start, &u) + half.mean(&middle, &u)) / 2.0;
        prop_assert!((whole.mean(&start, &u) - &mean).amax() < 1e-9 * scale);
        let modes = Modes::new(&space, &whole).unwrap();
        let by_modes = modes.states(&modes.end(&modes.amplitudes(&start), &u));
        prop_assert!((by_modes - &end).amax() < 1e-9 * scale);
        let flows = space.heat_flows_w(&whole.mean(&start, &u), &u) * (3600.0 * hours);
        let size: f64 = flows.iter().map(|flow| flow.abs()).sum::<f64>() + 1.0;
        let error = (space.stored_j(&start, &end) - flows.sum()) / size;
        prop_assert!(error.abs() < 1e-9, "{}", error);
    }

    #[test]
    fn no_node_leaves_the_range_of_boundaries_without_gains_and_heat_never_cools(
        network in network(), hours in 0.02f64..6.0, temps in [-20.0f64..30.0, -20.0f64..30.0],
        from in -20.0f64..30.0, heat in 1.0f64..5e3,
    ) {
        let space = network.state_space().unwrap();
        let discrete = space.discretise(hours).unwrap();
        let mut u = DVector::from_vec(vec![temps[0], temps[1], 0.0, 0.0]);
        let (low, high) = (temps[0].min(temps[1]).min(from), temps[0].max(temps[1]).max(from));
        let start = DVector::from_element(space.capacity_j_k().len(), from);
        let mut x = start.clone();
        for _ in 0..20 {
            x = discrete.end(&x, &u);
            for node in space.node_temps_c(&x, &u).iter() {
                prop_assert!((low - 1e-8..=high + 1e-8).contains(node), "{} outside {} to {}", node, low, high);
            }
        }
        let cold = discrete.end(&start, &u);
        (u[2], u[3]) = (heat, heat);
        let warm = discrete.end(&start, &u);
        prop_assert!((warm - cold).min() > -1e-9);
        // Responses of every state to heat are positive and fade.
        let pulse = discrete.pulse_response(0, 3, 200);
        prop_assert!(pulse.iter().all(|response| *response > -1e-12));
        prop_assert!(pulse[199] <= pulse[0] + 1e-12);
    }
}

#[test]
fn a_node_too_fast_for_the_step_is_refused_and_others_are_exact() {
    let (mut refused, mut exact) = (0, 0);
    for air_j_k in [1e4, 1e2, 1.0, 1e-2, 1e-4] {
        for hours in [0.25, 1.0, 24.0, 720.0] {
            let mut house = RcNetwork::new("air");
            house.node("air", air_j_k).node("wall", 2e7).node("core", 1e9);
            house.link("air", "wall", 4000.0).link("wall", "core", 100.0);
            house.boundary("outside", "wall", 50.0).boundary("outside", "air", 80.0).heat("plant", "air", 1.0);
            let space = house.state_space().unwrap();
            match space.discretise(hours) {
                Ok(discrete) => {
                    Modes::new(&space, &discrete).unwrap();
                    exact += 1;
                }
                Err(error) => {
                    let message = error.to_string();
                    assert!(message.contains("too long for the node `air`"), "{message}");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!((exact, refused), (9, 11));
    // The same house with massless air is exact over any step.
    let mut house = RcNetwork::new("air");
    house.node("air", 0.0).node("wall", 2e7).node("core", 1e9);
    house.link("air", "wall", 4000.0).link("wall", "core", 100.0).boundary("outside", "air", 80.0);
    let space = house.state_space().unwrap();
    Modes::new(&space, &space.discretise(720.0).unwrap()).unwrap();
}

#[test]
fn what_cannot_be_solved_is_refused() {
    let mut ghost = RcNetwork::new("air");
    ghost.node("air", 0.0).boundary("outside", "air", 1.0);
    assert!(ghost.state_space().unwrap_err().to_string().contains("no node has a heat capacity"));
    let mut floating = RcNetwork::new("air");
    floating.node("air", 1e5).node("lamp", 0.0).node("shade", 0.0).link("lamp", "shade", 1.0);
    assert!(floating.state_space().unwrap_err().to_string().contains("(lamp, shade) have no temperature"));
    let mut room = RcNetwork::new("air");
    room.node("air", 1e5).heat("plant", "air", 1.0);
    let space = room.state_space().unwrap();
    assert!(space.steady_state(&DVector::from_element(1, 0.0)).is_none());
    assert!(space.discretise(0.0).unwrap_err().to_string().contains("the length of a step, hours, is 0"));
    // Without losses the temperature rises with the heat: 1 kW for an hour on 100 kJ/K.
    let discrete = space.discretise(1.0).unwrap();
    let end = discrete.end(&DVector::from_element(1, 20.0), &DVector::from_element(1, 1000.0));
    assert!((end[0] - 56.0).abs() < 1e-9);
    let modes = Modes::new(&space, &discrete).unwrap();
    assert!((modes.gain()[(0, 0)] * modes.output()[(0, 0)] - 0.036).abs() < 1e-12);
}

#[test]
fn a_network_of_ones_own_reads_from_text_and_unknown_keys_are_refused() {
    let text = r#"{
        "nodes": [{"name": "air", "capacity_j_k": 3e5}, {"name": "wall", "capacity_j_k": 2e7}],
        "links": [{"between": ["air", "wall"], "conductance_w_k": 400}],
        "boundaries": [{"name": "outside", "links": [{"node": "wall", "conductance_w_k": 50}]}],
        "heat": [{"name": "plant", "shares": [{"node": "air", "share": 1}]}],
        "air": "air"
    }"#;
    let network: RcNetwork = serde_json::from_str(text).unwrap();
    let mut same = RcNetwork::new("air");
    same.node("air", 3e5).node("wall", 2e7).link("air", "wall", 400.0).boundary("outside", "wall", 50.0);
    same.heat("plant", "air", 1.0);
    assert_eq!(network, same);
    let again: RcNetwork = serde_json::from_str(&serde_json::to_string(&network).unwrap()).unwrap();
    assert_eq!(again, same);
    let misspelt = text.replace("conductance_w_k", "conductance_kw_k");
    assert!(serde_json::from_str::<RcNetwork>(&misspelt).unwrap_err().to_string().contains("conductance_kw_k"));
}
