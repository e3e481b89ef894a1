//! Two-pipe networks of any size: a warm and a cold pipe in every trench, a substation at every place, a plant at the
//! first.

use anergy::water_loop::Fluid;
use anergy::water_loop::network::{Drive, Effect, PipeDesign, PipeNetwork, Resolution, Transfer};

/// A network with its heat and flows over a year.
pub struct TwoPipe {
    pub network: PipeNetwork,
    pub substations: usize,
    pub pipes: usize,
    drives: Vec<Drive>,
    around_c: Vec<f64>,
}

/// Specific heat, J/(kg K), and spread in a substation, K.
const HEAT: f64 = 4190.0;
const SPREAD_K: f64 = 4.0;

impl TwoPipe {
    /// Creates a network of `substations` along streets of twenty, joined at one end, with `loops` more trenches
    /// between neighbouring streets.
    pub fn new(substations: usize, loops: usize, resolution: Resolution) -> Self {
        const STREET: usize = 20;
        let mut trenches: Vec<[usize; 2]> = Vec::new();
        for place in 1..substations {
            trenches.push(if place % STREET == 0 { [place - STREET, place] } else { [place - 1, place] });
        }
        // Cross-connections from the far ends inwards.
        let streets = substations.div_ceil(STREET);
        let across = (0..STREET).rev().flat_map(|along| (1..streets).map(move |street| (street, along)));
        let ends = across.map(|(street, along)| [(street - 1) * STREET + along, street * STREET + along]);
        let across: Vec<[usize; 2]> =
            ends.filter(|[_, far]| *far < substations && far % STREET != 0).take(loops).collect();
        trenches.extend(across);
        let design = |from, to, inner_diameter_m| PipeDesign {
            from,
            to,
            length_m: 60.0,
            inner_diameter_m,
            roughness_m: 0.007e-3,
            fittings: 1.0,
            wall_j_m_k: 8000.0,
            resistance_m_k_w: 0.6,
        };
        let mut pipes = Vec::new();
        for [from, to] in trenches {
            let inner_diameter_m = if to % STREET == 0 { 0.3 } else { 0.15 };
            pipes.push(design(from, to, inner_diameter_m));
            pipes.push(design(from + substations, to + substations, inner_diameter_m));
        }
        // In heating, a substation takes water from the warm pipe and returns it to the cold one.
        let mut transfers: Vec<Transfer> = vec![Transfer { from: substations, to: 0 }];
        transfers.extend((0..substations).map(|place| Transfer { from: place, to: place + substations }));
        let network =
            PipeNetwork::new(Fluid::water(12.0).unwrap(), 2 * substations, &pipes, &transfers, resolution).unwrap();
        let idle = Drive { flow_kg_s: 0.0, effect: Effect::Heat(0.0) };
        Self {
            drives: vec![idle; transfers.len()],
            around_c: vec![10.0; pipes.len()],
            pipes: pipes.len(),
            substations,
            network,
        }
    }

    /// Sets the drives of an hour: heating in winter, cooling in summer, with a phase shift between substations, some
    /// idle.
    pub fn hour(&mut self, hour: usize) {
        let mut balance = 0.0;
        let year = (hour as f64 / 8760.0 * std::f64::consts::TAU).cos();
        for place in 0..self.substations {
            let day = ((hour + 5 * place) as f64 / 24.0 * std::f64::consts::TAU).sin();
            let watts = 20e3 * (year + 0.6 * day);
            let watts = if watts.abs() < 2e3 { 0.0 } else { watts };
            let flow_kg_s = watts / (HEAT * SPREAD_K);
            balance += flow_kg_s;
            self.drives[1 + place] = Drive { flow_kg_s, effect: Effect::Heat(-watts) };
        }
        let effect = Effect::Outlet(if balance > 0.0 { 14.0 } else { 10.0 });
        self.drives[0] = Drive { flow_kg_s: balance, effect };
    }

    /// Simulates an hour.
    pub fn step(&mut self, hour: usize) -> anergy::water_loop::network::NetworkStep {
        self.hour(hour);
        self.network.step(&self.drives, &self.around_c, 3600.0).unwrap()
    }
}
