//! Networks whose circuits are flushed many times in a part of a step: temperatures stay within bounds, and shorter
//! parts give the same results.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

use anergy::water_loop::Fluid;
use anergy::water_loop::network::{Drive, Effect, Keep, PipeDesign, PipeNetwork, Resolution, Transfer};
use proptest::prelude::*;

const HEAT_J_KG_K: f64 = 4190.0;
const SPREAD_K: f64 = 4.0;
const START_C: f64 = 12.0;
const GROUND_C: f64 = 9.0;
const KEEPS_C: [f64; 2] = [10.0, 16.0];

/// The source of the plant's unit.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// Air, without a limit.
    Air,
    /// A well of 14 degrees Celsius.
    Well,
    /// Borehole walls at 11 degrees Celsius.
    Walls { effectiveness: f64 },
}

/// A two-pipe tree with a plant at the first place and a substation at every other one.
#[derive(Debug, Clone)]
struct Tree {
    from: Vec<usize>,
    lengths_m: Vec<f64>,
    velocities_m_s: Vec<f64>,
    source: Source,
    /// Heat taken by each substation, kW, in each hour.
    hours: Vec<Vec<f64>>,
}

fn tree() -> impl Strategy<Value = Tree> {
    let source = prop_oneof![
        Just(Source::Air),
        Just(Source::Well),
        (0.2f64..0.95).prop_map(|effectiveness| Source::Walls { effectiveness })
    ];
    (2usize..8, 2usize..7).prop_flat_map(move |(places, hours)| {
        let from: Vec<_> = (1..places).map(|place| 0..place).collect();
        // All substations heat, or all cool.
        let hour = (proptest::collection::vec(20.0f64..60.0, places - 1), any::<bool>());
        let hour =
            hour.prop_map(|(heat, cools)| heat.into_iter().map(|heat| if cools { -heat } else { heat }).collect());
        (
            from,
            proptest::collection::vec(10.0f64..60.0, places - 1),
            // Velocities of the flow for all heat that is taken downstream of a pipe.
            proptest::collection::vec(0.5f64..1.5, places - 1),
            source.clone(),
            proptest::collection::vec(hour, hours),
        )
            .prop_map(|(from, lengths_m, velocities_m_s, source, hours)| Tree {
                from,
                lengths_m,
                velocities_m_s,
                source,
                hours,
            })
    })
}

impl Tree {
    /// Returns the mean temperature of each node by hour, in degrees Celsius, computed in parts of `part_s` seconds.
    fn nodes_c(&self, part_s: f64) -> Vec<Vec<f64>> {
        let places = self.from.len() + 1;
        let mut pipes = Vec::new();
        let mut behind_kw = vec![60.0; places];
        for place in (1..places).rev() {
            behind_kw[self.from[place - 1]] += behind_kw[place];
        }
        for (place, from) in self.from.iter().enumerate() {
            let design_m3_s = behind_kw[place + 1] / (1e-3 * HEAT_J_KG_K * SPREAD_K) * 1e-3;
            let area_m2 = design_m3_s / self.velocities_m_s[place];
            for line in 0..2 {
                pipes.push(PipeDesign {
                    from: 2 * from + line,
                    to: 2 * (place + 1) + line,
                    length_m: self.lengths_m[place],
                    inner_diameter_m: (4.0 * area_m2 / std::f64::consts::PI).sqrt(),
                    roughness_m: 1e-5,
                    fittings: 0.5,
                    wall_j_m_k: 6000.0,
                    resistance_m_k_w: 0.4,
                });
            }
        }
        let transfers: Vec<_> = (0..places).map(|place| Transfer { from: 2 * place, to: 2 * place + 1 }).collect();
        let resolution = Resolution { start_c: START_C, part_s, ..Resolution::default() };
        let mut network =
            PipeNetwork::new(Fluid::water(12.0).unwrap(), 2 * places, &pipes, &transfers, resolution).unwrap();
        let surroundings = vec![GROUND_C; pipes.len()];
        let mut nodes_c = Vec::new();
        for heats_kw in &self.hours {
            let total_kw: f64 = heats_kw.iter().sum();
            let plant = Drive { flow_kg_s: -1e3 * total_kw / (HEAT_J_KG_K * SPREAD_K), effect: self.unit() };
            let taken = heats_kw.iter().map(|kilowatts| Drive {
                flow_kg_s: 1e3 * kilowatts / (HEAT_J_KG_K * SPREAD_K),
                effect: Effect::Heat(-1e3 * kilowatts),
            });
            let drives: Vec<Drive> = std::iter::once(plant).chain(taken).collect();
            let step = network.step(&drives, &surroundings, 3600.0).unwrap();
            assert!(step.residual() < 1e-9, "{step:?}");
            nodes_c.push(network.nodes_c().to_vec());
        }
        nodes_c
    }

    fn unit(&self) -> Effect {
        let [low_c, high_c] = KEEPS_C;
        let keep = Keep { low_c, high_c, heating_w: 1e6, cooling_w: 1e6, source: None };
        match self.source {
            Source::Air => Effect::Keep(keep),
            Source::Well => Effect::Keep(Keep { source: Some([[14.0, 0.9]; 2]), ..keep }),
            Source::Walls { effectiveness } => Effect::Exchange { with_c: 11.0, effectiveness, most_w: 1e6 },
        }
    }

    /// Returns the bounds of all nodes, in degrees Celsius: with walls at 11 degrees Celsius, water that arrives
    /// `spread / effectiveness` away from them leaves with the spread.
    fn bounds_c(&self) -> [f64; 2] {
        let most_k = match self.source {
            Source::Walls { effectiveness } => SPREAD_K / effectiveness,
            Source::Air => SPREAD_K,
            // At 90 per cent effectiveness the well still supplies the load.
            Source::Well => SPREAD_K / 0.9,
        };
        let (coldest_c, warmest_c) = match self.source {
            Source::Walls { .. } => (GROUND_C, START_C),
            Source::Air | Source::Well => (GROUND_C, KEEPS_C[1]),
        };
        [coldest_c - most_k - SPREAD_K, warmest_c + most_k + SPREAD_K]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn short_networks_keep_their_bounds_and_agree_with_shorter_parts(tree in tree()) {
        let (usual, fine) = (tree.nodes_c(900.0), tree.nodes_c(90.0));
        let [low_c, high_c] = tree.bounds_c();
        for (hour, (usual, fine)) in usual.iter().zip(&fine).enumerate() {
            for (node, (usual_c, fine_c)) in usual.iter().zip(fine).enumerate() {
                prop_assert!((low_c..=high_c).contains(usual_c), "{usual_c} C at node {node} in hour {hour}");
                prop_assert!((usual_c - fine_c).abs() < 0.05, "{usual_c} and {fine_c} C at node {node} in hour {hour}");
            }
        }
    }
}
