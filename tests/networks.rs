//! Random pipe networks: heat is conserved, and neither numbering nor orientation makes a difference.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

use anergy::water_loop::Fluid;
use anergy::water_loop::network::{Drive, Effect, Keep, PipeDesign, PipeNetwork, Resolution, Transfer};
use proptest::prelude::*;

/// A two-pipe network with a plant at the first place and a substation at every other one.
#[derive(Debug, Clone)]
struct Sketch {
    /// Trenches between places; the first ones form a tree.
    trenches: Vec<[usize; 2]>,
    lengths_m: Vec<f64>,
    diameters_m: Vec<f64>,
    /// Heat taken by each substation in each step, kW, and the step's length, hours.
    steps: Vec<(Vec<f64>, f64)>,
    /// Largest heat and cold of the plant, kW.
    power_kw: [f64; 2],
}

fn sketch() -> impl Strategy<Value = Sketch> {
    (2usize..9, 0usize..4, 1usize..7).prop_flat_map(|(places, loops, steps)| {
        let tree: Vec<_> = (1..places).map(|place| (0..place).prop_map(move |from| [from, place])).collect();
        let across = proptest::collection::vec((0..places, 0..places), loops);
        let heat = prop_oneof![3 => -30.0f64..30.0, 1 => Just(0.0)];
        let count = places - 1 + loops;
        (
            tree,
            across,
            proptest::collection::vec(1.0f64..900.0, count),
            proptest::collection::vec(0.02f64..0.2, count),
            proptest::collection::vec(
                (proptest::collection::vec(heat, places - 1), prop_oneof![Just(1.0), 0.01f64..5.0]),
                steps,
            ),
            [0.0f64..80.0, 0.0f64..80.0],
        )
            .prop_map(|(mut trenches, across, lengths_m, diameters_m, steps, power_kw)| {
                trenches.extend(across.into_iter().map(|(a, b)| [a, b]).filter(|[a, b]| a != b));
                Sketch { trenches, lengths_m, diameters_m, steps, power_kw }
            })
    })
}

impl Sketch {
    fn places(&self) -> usize {
        self.steps[0].0.len() + 1
    }

    /// Runs the network with nodes `name(place, is cold)` and reversed pipes where `turned`. Returns the heat of the
    /// substations and in the network by step.
    fn run(&self, name: &dyn Fn(usize, bool) -> usize, turned: bool) -> Vec<f64> {
        let mut pipes = Vec::new();
        for ((&[from, to], &length_m), &inner_diameter_m) in
            self.trenches.iter().zip(&self.lengths_m).zip(&self.diameters_m)
        {
            for cold in [false, true] {
                let [from, to] = if turned { [to, from] } else { [from, to] };
                pipes.push(PipeDesign {
                    from: name(from, cold),
                    to: name(to, cold),
                    length_m,
                    inner_diameter_m,
                    roughness_m: 1e-5,
                    fittings: 0.5,
                    wall_j_m_k: 6000.0,
                    resistance_m_k_w: 0.4,
                });
            }
        }
        let transfers: Vec<Transfer> =
            (0..self.places()).map(|place| Transfer { from: name(place, false), to: name(place, true) }).collect();
        let nodes = 2 * self.places();
        let fluid = Fluid::water(15.0).unwrap();
        let resolution = Resolution { start_c: 12.0, ..Resolution::default() };
        let mut network = PipeNetwork::new(fluid, nodes, &pipes, &transfers, resolution).unwrap();
        let mut seen = Vec::new();
        for (heats, hours) in &self.steps {
            let [heating_w, cooling_w] = self.power_kw.map(|power_kw| 1e3 * power_kw);
            let keep = Keep { low_c: 10.0, high_c: 14.0, heating_w, cooling_w, source: None };
            let mut drives = vec![Drive { flow_kg_s: 0.0, effect: Effect::Keep(keep) }];
            for kilowatts in heats {
                let flow_kg_s = kilowatts / (5.0 * 4.19);
                drives[0].flow_kg_s -= flow_kg_s;
                drives.push(Drive { flow_kg_s, effect: Effect::Heat(-1e3 * kilowatts) });
            }
            let around = vec![9.0; pipes.len()];
            let step = network.step(&drives, &around, 3600.0 * hours).unwrap();
            assert!(step.residual() < 1e-9, "{step:?}");
            // The plant keeps its outlet within the limits, or runs at full power.
            let (power_w, given_c) = (network.received_j()[0] / (3600.0 * hours), network.given_c()[0]);
            assert!((-cooling_w - 1e-3..=heating_w + 1e-3).contains(&power_w), "{power_w} W");
            if drives[0].flow_kg_s != 0.0 {
                // It may have heated in some parts of the step and cooled in others.
                let (warmed_j, moved_j) = (network.heated_j()[0], network.received_j()[0]);
                let (warms, cools) = (warmed_j > 0.0, moved_j - warmed_j < 0.0);
                assert!(given_c > 10.0 - 1e-9 || warms || heating_w == 0.0, "{given_c}");
                assert!(given_c < 14.0 + 1e-9 || cools || cooling_w == 0.0, "{given_c}");
            }
            seen.extend_from_slice(network.taken_c());
            seen.push(1e-7 * network.content_j());
        }
        seen
    }
}

proptest! {
    #[test]
    fn heat_is_conserved_and_numbering_and_orientation_make_no_difference(sketch in sketch()) {
        let places = sketch.places();
        let plain = sketch.run(&|place, cold| place + if cold { places } else { 0 }, false);
        let others = [
            sketch.run(&|place, cold| place + if cold { places } else { 0 }, true),
            sketch.run(&|place, cold| 2 * (places - 1 - place) + usize::from(cold), false),
        ];
        for other in others {
            let worst = plain.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            prop_assert!(worst < 1e-6, "{worst}");
        }
    }
}

/// A ring that is flushed a thousand times an hour is well mixed, M cp dT/dt = heat - UA (T - T_ground), up to the
/// length of the parts in which nodes keep their temperatures.
#[test]
fn a_ring_with_a_large_flow_is_well_mixed() {
    let fluid = Fluid::water(15.0).unwrap();
    let count = 8;
    let pipe = |place: usize| PipeDesign {
        from: place,
        to: (place + 1) % count,
        length_m: 100.0,
        inner_diameter_m: 0.3,
        roughness_m: 1e-5,
        fittings: 0.0,
        wall_j_m_k: 0.0,
        resistance_m_k_w: 0.8,
    };
    // The main pump is between the last node and the first: the ring's last pipe leads to it.
    let mut pipes: Vec<PipeDesign> = (0..count).map(pipe).collect();
    pipes[count - 1].to = count;
    let mut transfers = vec![Transfer { from: count, to: 0 }];
    // Substations have the same inlet and outlet node.
    transfers.extend((0..count).map(|place| Transfer { from: place, to: place }));
    let area = 0.25 * std::f64::consts::PI * 0.09;
    let capacity = 800.0 * area * fluid.density_kg_m3 * fluid.specific_heat_j_kg_k;
    let mut misses = Vec::new();
    for part_s in [900.0, 90.0, 9.0] {
        let resolution = Resolution { perfect_film: true, start_c: 15.0, part_s, ..Resolution::default() };
        let flow_kg_s = 1e6;
        let mut network = PipeNetwork::new(fluid, count + 1, &pipes, &transfers, resolution).unwrap();
        let (mut mixed_c, mut worst) = (15.0, 0.0_f64);
        for hour in 0..200 {
            let watts =
                |place: usize| 1e3 * (((hour + 3 * place) as f64 / 24.0) * std::f64::consts::TAU).sin() * 20.0 + 100.0;
            let mut drives = vec![Drive { flow_kg_s, effect: Effect::Heat(0.0) }];
            drives.extend((0..count).map(|place| Drive { flow_kg_s: 2.0, effect: Effect::Heat(watts(place)) }));
            let step = network.step(&drives, &vec![10.0; count], 3600.0).unwrap();
            assert!(step.residual() < 1e-9);
            let heat: f64 = (0..count).map(watts).sum();
            let conductance = 800.0 / 0.8;
            let steady = 10.0 + heat / conductance;
            mixed_c = steady + (mixed_c - steady) * (-conductance * 3600.0 / capacity).exp();
            let mean_c = (0..count).map(|pipe| network.mean_c(pipe)).sum::<f64>() / count as f64;
            worst = worst.max((mean_c - mixed_c).abs());
        }
        misses.push(worst);
    }
    println!("worst difference from a well-mixed ring with parts of 900, 90 and 9 s: {misses:?} K");
    assert!(misses[0] < 5e-4 && misses[1] < 5e-5 && misses[2] < 5e-6, "{misses:?}");
}
