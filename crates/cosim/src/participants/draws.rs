//! The water that the heat pumps of a substation draw in a step, and the heat that they exchange with it.

use anergy_thermal::heat_pump::{HeatPump, LoopWater, Service};
use anergy_thermal::water_loop::district_network::{Draw, MachineWater, Simulation};

use super::IDLE_KW;
use crate::coupling::LoopRequest;

/// Largest sum of the heat pumps' output that determines no direction of flow, kW.
const NO_HEAT_KW: f64 = 1e-6;
/// Tolerance of the spread of a flow at its limit, K.
const SPREAD_K: f64 = 1e-10;
/// Tolerance of the temperature at which heating and cooling cancel, in terms of heat, kW.
const BALANCE_KW: f64 = 1e-9;
/// Largest number of iterations for that temperature: as many bisections would reduce the interval to nothing.
const MOST_ITERATIONS: usize = 100;

/// The heat pumps of a substation in a step.
pub(super) struct SubstationDraws<'a, 's> {
    pub(super) pumps: &'a [HeatPump],
    pub(super) draws: &'a [Draw],
    pub(super) request: &'a LoopRequest,
    pub(super) step: usize,
    pub(super) substation: usize,
    pub(super) simulation: &'a Simulation<'s>,
}

/// The state of a substation for a given inlet temperature.
#[derive(Debug, Clone, Copy)]
struct SubstationState {
    inlet_c: f64,
    /// Net heat of all heat pumps to the water, kW; negative in heating.
    net_kw: f64,
    /// Spread across the heating machines and across the cooling machines, K.
    spread_k: [f64; 2],
}

/// The water at the heat pumps of a substation.
#[derive(Debug, Clone, Copy)]
pub(super) struct DrawnWater {
    /// Water at the heating and at the cooling machines; they differ only where no machine runs.
    waters: [LoopWater; 2],
    /// Net heat of the heat pumps to the network, kW; negative in heating.
    pub(super) net_kw: f64,
    runs: bool,
}

impl DrawnWater {
    /// Returns the water at the machines of a service.
    pub(super) fn of(&self, service: Service) -> LoopWater {
        self.waters[side(service)]
    }
}

fn side(service: Service) -> usize {
    usize::from(service == Service::Cooling)
}

impl SubstationDraws<'_, '_> {
    fn output_kw(&self, draw: &Draw) -> f64 {
        self.request.output_kw[[draw.pump, self.step]] * draw.share
    }

    /// Returns the water at the heat pumps: from the warm line if the net heat is heating, from the cold line if it
    /// is cooling.
    ///
    /// With warm water the heat pumps may cool in total, and with cold water heat (a heat exchanger for passive
    /// cooling has another COP with each). The water of each line then requires the other line: between the two lies
    /// a temperature at which heating and cooling cancel. All heat pumps draw this mixture of both lines, and the
    /// substation moves no water in the network. The net heat is thus a continuous function of the mixture between
    /// warm and cold water.
    pub(super) fn drawn_water(&self) -> DrawnWater {
        let [while_heating_c, while_cooling_c] = self.simulation.inlets_c(self.substation);
        let outputs_kw: f64 = self.draws.iter().map(|draw| self.output_kw(draw).abs()).sum();
        if outputs_kw <= NO_HEAT_KW {
            return self.idle([while_heating_c, while_cooling_c]);
        }
        let warm = self.at(while_heating_c);
        let common = if warm.net_kw < 0.0 {
            warm
        } else {
            match self.at(while_cooling_c) {
                cold if cold.net_kw > 0.0 => cold,
                cold => self.balanced(cold, warm),
            }
        };
        let SubstationState { inlet_c, net_kw, spread_k } = common;
        DrawnWater { waters: spread_k.map(|spread_k| LoopWater { inlet_c, spread_k }), net_kw, runs: true }
    }

    /// Returns the water that each heat pump would draw if it ran alone.
    fn idle(&self, inlets_c: [f64; 2]) -> DrawnWater {
        let water = |service: Service| {
            let inlet_c = inlets_c[side(service)];
            LoopWater { inlet_c, spread_k: self.simulation.spread_k(self.substation, service, 0.0, inlet_c) }
        };
        let waters = [Service::Heating, Service::Cooling].map(water);
        let net_kw = [Service::Heating, Service::Cooling].map(|service| self.heat_kw(service, waters[side(service)]));
        DrawnWater { waters, net_kw: net_kw.iter().sum(), runs: false }
    }

    /// Computes the state of the substation for an inlet temperature.
    fn at(&self, inlet_c: f64) -> SubstationState {
        let [heating, cooling] = [Service::Heating, Service::Cooling].map(|service| self.drawn(service, inlet_c));
        SubstationState { inlet_c, net_kw: heating.1 + cooling.1, spread_k: [heating.0, cooling.0] }
    }

    /// Returns the spread across the machines of one service, K, and their heat to the water, kW.
    ///
    /// Where the flow is at a limit, the spread follows from the heat, and the heat from the COP, which depends on
    /// the spread by some hundredths per K: the substitution iteration converges.
    fn drawn(&self, service: Service, inlet_c: f64) -> (f64, f64) {
        let mut spread_k = self.simulation.spread_k(self.substation, service, 0.0, inlet_c);
        let mut heat_kw = self.heat_kw(service, LoopWater { inlet_c, spread_k });
        for _ in 0..MOST_ITERATIONS {
            let next_k = self.simulation.spread_k(self.substation, service, heat_kw, inlet_c);
            let change_k = (next_k - spread_k).abs();
            if change_k == 0.0 {
                break;
            }
            spread_k = next_k;
            heat_kw = self.heat_kw(service, LoopWater { inlet_c, spread_k });
            if change_k < SPREAD_K {
                break;
            }
        }
        (spread_k, heat_kw)
    }

    /// Returns the heat of the machines of one service to their water, kW.
    fn heat_kw(&self, service: Service, water: LoopWater) -> f64 {
        let of_service = self.draws.iter().filter(|draw| self.pumps[draw.pump].service == service);
        let heat_kw = of_service.map(|draw| {
            let (pump, output_kw) = (&self.pumps[draw.pump], self.output_kw(draw));
            if output_kw == 0.0 {
                return 0.0;
            }
            let cop = match &self.request.given_cops {
                None => pump.cop(water, self.request.level_kwh[[draw.pump, self.step]]),
                Some(cops) => cops[[draw.pump, self.step]],
            };
            output_kw * pump.loop_heat_per_output(cop)
        });
        heat_kw.sum()
    }

    /// Returns the state between `cold`, where the heat pumps heat (or are idle), and `warm`, where they cool (or are
    /// idle), at which heating and cooling cancel. The root is found by the Illinois variant of false position, which
    /// keeps it bracketed.
    fn balanced(&self, cold: SubstationState, warm: SubstationState) -> SubstationState {
        if warm.net_kw == 0.0 {
            return warm;
        }
        let (mut low, mut high) = (cold, warm);
        // The Illinois variant halves the function value at an end that stays; otherwise convergence is one-sided and
        // slow.
        let (mut low_kw, mut high_kw) = (low.net_kw, high.net_kw);
        let mut last = 0;
        for _ in 0..MOST_ITERATIONS {
            let inlet_c = low.inlet_c + (high.inlet_c - low.inlet_c) * low_kw / (low_kw - high_kw);
            let found = self.at(inlet_c);
            if found.net_kw.abs() < BALANCE_KW || inlet_c == low.inlet_c || inlet_c == high.inlet_c {
                return found;
            }
            if found.net_kw < 0.0 {
                (low, low_kw) = (found, found.net_kw);
                high_kw *= if last < 0 { 0.5 } else { 1.0 };
                last = -1;
            } else {
                (high, high_kw) = (found, found.net_kw);
                low_kw *= if last > 0 { 0.5 } else { 1.0 };
                last = 1;
            }
        }
        if -low.net_kw < high.net_kw { low } else { high }
    }

    /// Returns the data on the machines' water that the network needs.
    pub(super) fn machine_water(&self, drawn_water: &DrawnWater) -> MachineWater {
        let mut told = MachineWater::IDLE;
        if !drawn_water.runs {
            return told;
        }
        told.inlet_c = drawn_water.waters[0].inlet_c;
        for draw in self.draws.iter().filter(|draw| self.output_kw(draw) > IDLE_KW) {
            let HeatPump { service, cop, .. } = &self.pumps[draw.pump];
            let water = drawn_water.of(*service);
            if let Some(refrigerant_c) = cop.refrigerant_c(*service, water) {
                match service {
                    Service::Heating => told.evaporating_c = told.evaporating_c.max(refrigerant_c),
                    Service::Cooling => told.condensing_c = told.condensing_c.min(refrigerant_c),
                }
            }
            let crossing_k = cop.crossing(*service, water.spread_k).map_or(0.0, |crossing| crossing.beyond_k);
            told.crossing_k = told.crossing_k.max(crossing_k);
        }
        told
    }
}
