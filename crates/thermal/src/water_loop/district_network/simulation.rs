//! Simulation of a network over time.

mod accounts;

use super::build::DistrictNetwork;
use super::error::NetworkError;
use super::parts::{Plant, Substation};
use super::report::{NetworkReport, PipeTotals, PlantTotals, Recording, SubstationTotals, UnitTotals};
use super::units::PlantUnit;
use crate::heat_pump::Service;
use crate::water_loop::network::{Drive, Effect, Keep, PipeNetwork};

const J_PER_KWH: f64 = 3.6e6;
/// Largest heat that draws no flow, kW.
const IDLE_KW: f64 = 1e-6;
/// Smallest spread to which the freezing guard reduces the water's temperature change, K.
const LEAST_SPREAD_K: f64 = 0.5;
/// Tolerance of the freezing guard, K.
const GUARD_K: f64 = 0.01;
/// Largest flow that counts as none, kg/s.
const NO_FLOW_KG_S: f64 = 1e-9;

/// The results of one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepOutcome {
    /// Heat from the substations, kWh.
    pub substations_kwh: f64,
    /// Heat from sources of waste heat, kWh.
    pub waste_heat_kwh: f64,
    /// Heat from the plants' units, heating and cooling (negative), kWh.
    pub units_kwh: [f64; 2],
    /// Heat lost to the ground around the pipes, kWh.
    pub lost_kwh: f64,
    /// Electricity that each site of the district supplies for pumps and units, kW.
    pub sites_kw: Vec<f64>,
    /// Electricity on separate meters, kWh.
    pub own_kwh: f64,
    /// Cost of the electricity on separate meters, EUR.
    pub own_eur: f64,
    /// Emissions of the electricity on separate meters, kg CO2.
    pub own_co2_kg: f64,
    /// Marginal cost of the plants' units, EUR and kg CO2 per kWh of heat taken from the network: positive where they
    /// heat, negative where they cool. Units on a site's meter do not count: their price is part of the dispatch.
    pub marginal: [f64; 2],
    /// Largest excess of a substation's inlet below and above the network's limits, K.
    pub excess_k: [f64; 2],
    /// Whether controlled units heated, and whether they cooled.
    pub kept: [bool; 2],
    /// Mean temperature of water and walls at the end of the step, degrees Celsius.
    pub mean_c: f64,
    /// Residual of the step's energy balance, relative to the heat moved or stored.
    pub residual: f64,
}

/// The water at the heat pumps of a substation in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MachineWater {
    /// Inlet temperature, degrees Celsius; NaN where no heat pump runs.
    pub inlet_c: f64,
    /// Highest evaporation temperature of a refrigerant, degrees Celsius; minus infinity where none is known.
    pub evaporating_c: f64,
    /// Lowest condensation temperature of a refrigerant, degrees Celsius; infinity where none is known.
    pub condensing_c: f64,
    /// Excess beyond the refrigerant that the spread alone causes, K; 0 for none.
    pub crossing_k: f64,
}

impl MachineWater {
    /// The water of a substation without running heat pumps.
    pub const IDLE: Self =
        Self { inlet_c: f64::NAN, evaporating_c: f64::NEG_INFINITY, condensing_c: f64::INFINITY, crossing_k: 0.0 };
}

/// A network in the course of a simulation.
#[derive(Debug, Clone)]
pub struct Simulation<'n> {
    network: &'n DistrictNetwork,
    water: PipeNetwork,
    units: Vec<PlantUnit>,
    /// Direction of each substation's last flow.
    directions: Vec<f64>,
    now_c: Vec<f64>,
    drives: Vec<Drive>,
    machines: Vec<MachineWater>,
    around_c: Vec<f64>,
    heat_capacity_j_k: f64,
    content_j: f64,
    start_j: f64,
    pipe_start_j: Vec<f64>,
    report: NetworkReport,
    recording: Option<Recording>,
    /// Loads of the borehole fields by step, kW; `None` while they are not stored.
    loads_kw: Option<Vec<Vec<f64>>>,
    outcome: StepOutcome,
}

impl<'n> Simulation<'n> {
    /// Creates the simulation of a network in its initial state.
    #[must_use]
    pub fn new(network: &'n DistrictNetwork) -> Self {
        let water = network.water.clone();
        let transfers = network.transfers();
        let idle = Drive { flow_kg_s: 0.0, effect: Effect::Heat(0.0) };
        let mut simulation = Self {
            network,
            heat_capacity_j_k: water.heat_capacity_j_k(),
            content_j: 0.0,
            start_j: 0.0,
            pipe_start_j: Vec::new(),
            units: network.units.clone(),
            directions: vec![1.0; network.substations.len()],
            now_c: vec![network.start.temp_c; network.nodes.len()],
            drives: vec![idle; transfers],
            machines: vec![MachineWater::IDLE; network.substations.len()],
            around_c: vec![0.0; network.pipes.len()],
            report: NetworkReport::default(),
            recording: None,
            loads_kw: None,
            outcome: StepOutcome { sites_kw: vec![0.0; network.electricity_sites.len()], ..StepOutcome::default() },
            water,
        };
        simulation.begin_again();
        simulation
    }

    /// Restarts all totals, while the state of the water remains.
    pub fn begin_again(&mut self) {
        self.content_j = self.water.content_j();
        self.start_j = self.content_j;
        self.pipe_start_j = (0..self.network.pipes.len()).map(|pipe| self.water.pipe_content_j(pipe)).collect();
        let nothing = SubstationTotals {
            inlet_c: [f64::INFINITY, f64::NEG_INFINITY],
            outlet_c: [f64::INFINITY, f64::NEG_INFINITY],
            ..SubstationTotals::default()
        };
        self.report = NetworkReport {
            pipes: vec![PipeTotals::default(); self.network.pipes.len()],
            substations: vec![nothing; self.network.substations.len()],
            plants: vec![PlantTotals::default(); self.network.plants.len()],
            units: vec![UnitTotals::default(); self.units.len()],
            ..NetworkReport::default()
        };
        self.outcome.mean_c = self.mean_c();
        self.water.write_now_c(&mut self.now_c);
    }

    /// Starts to record every step, of `steps` in all.
    pub fn record(&mut self, steps: usize) {
        let network = self.network;
        let sizes = [network.nodes.len(), network.substations.len(), network.plants.len(), network.units.len()];
        self.recording = Some(Recording::zeros(sizes, steps));
    }

    /// Starts to store the loads of borehole fields.
    pub fn keep_loads(&mut self) {
        self.loads_kw = Some(vec![Vec::new(); self.units.len()]);
    }

    /// Returns the stored loads of all units, kW by step, and stops storing them.
    pub fn take_loads(&mut self) -> Vec<Vec<f64>> {
        self.loads_kw.take().unwrap_or_default()
    }

    /// Resets the units: the ground around boreholes has no past loads.
    pub fn renew_units(&mut self) {
        self.units.clone_from(&self.network.units);
    }

    /// Applies loads to the ground around boreholes `times` times, after `gone` times before; to each field no more
    /// often than its `years_before`.
    pub fn age(&mut self, loads_kw: &[Vec<f64>], gone: u32, times: u32) {
        for (unit, loads_kw) in self.units.iter_mut().zip(loads_kw) {
            unit.age(loads_kw, times.min(unit.years_before().saturating_sub(gone)));
        }
    }

    /// Returns the current mean temperatures of the water in all pipes, degrees Celsius.
    #[must_use]
    pub fn pipes_c(&self) -> Vec<f64> {
        (0..self.network.pipes.len()).map(|pipe| self.water.mean_c(pipe)).collect()
    }

    /// Returns the current mean temperature of water and walls, degrees Celsius.
    #[must_use]
    pub fn mean_c(&self) -> f64 {
        self.content_j / self.heat_capacity_j_k
    }

    /// Returns the current temperatures at which a substation would draw water, degrees Celsius: in heating, in
    /// cooling.
    #[must_use]
    pub fn inlets_c(&self, substation: usize) -> [f64; 2] {
        let Substation { ends: [warm, cold], .. } = self.network.substations[substation];
        let comes_c = self.now_c[warm];
        [comes_c, if self.network.is_ring() { comes_c } else { self.now_c[cold] }]
    }

    /// Sets the water at a substation's heat pumps in the next step.
    pub fn reckon_with(&mut self, substation: usize, water: MachineWater) {
        self.machines[substation] = water;
    }

    /// Returns the spread at a substation's heat pumps of one service for the heat `heat_kw` and the inlet
    /// temperature `inlet_c`, K: `spread_k`, less near the freezing point or at the least flow, more at the greatest
    /// flow.
    #[must_use]
    pub fn spread_k(&self, substation: usize, service: Service, heat_kw: f64, inlet_c: f64) -> f64 {
        let aimed_k = self.aimed_spread_k(substation, service == Service::Heating, inlet_c);
        if heat_kw == 0.0 {
            return aimed_k;
        }
        let [least_kg_s, most_kg_s] = self.network.substations[substation].flow_kg_s;
        let heat_per_k = 1e3 * heat_kw.abs() / self.water.fluid().specific_heat_j_kg_k;
        match heat_per_k / aimed_k {
            flow_kg_s if flow_kg_s < least_kg_s => heat_per_k / least_kg_s,
            flow_kg_s if flow_kg_s > most_kg_s => heat_per_k / most_kg_s,
            _ => aimed_k,
        }
    }

    /// Returns the spread of a substation's water without limits of its flow, K.
    fn aimed_spread_k(&self, substation: usize, heating: bool, inlet_c: f64) -> f64 {
        let Substation { spread_k, freezing_margin_k, .. } = self.network.substations[substation];
        match inlet_c - (self.water.fluid().freezing_c + freezing_margin_k) {
            left_k if heating && left_k > 0.0 => left_k.clamp(LEAST_SPREAD_K.min(spread_k), spread_k),
            // More flow does not help water that arrives too cold.
            _ => spread_k,
        }
    }

    /// Simulates a step in which the substations give the water `heat_kw` (negative in heating); the heat of waste
    /// heat sources follows from their settings.
    ///
    /// # Errors
    /// [`NetworkError`] where the flows cannot be solved, the ground of a borehole field has no finite temperature,
    /// or the water has an impossible one.
    pub fn step(&mut self, step: usize, heat_kw: &[f64]) -> Result<&StepOutcome, NetworkError> {
        let network = self.network;
        let mut balance_kg_s = 0.0;
        let mut moved_kg_s = 0.0;
        for index in 0..network.substations.len() {
            let drive = self.substation(index, step, heat_kw);
            balance_kg_s += drive.flow_kg_s;
            moved_kg_s += drive.flow_kg_s.abs();
            self.drives[index] = drive;
        }
        if let Some(main) = &network.main {
            let [least, most] = main.flow_kg_s;
            let flow_kg_s = moved_kg_s.clamp(least, most);
            self.drives[main.transfer] = Drive { flow_kg_s, effect: Effect::Heat(0.0) };
        }
        let mut left_kg_s = balance_kg_s;
        for (index, plant) in network.plants.iter().enumerate() {
            let flow_kg_s = match &network.main {
                Some(main) => self.drives[main.transfer].flow_kg_s,
                None if index + 1 == network.plants.len() => left_kg_s,
                None => balance_kg_s * plant.share,
            };
            left_kg_s -= flow_kg_s;
            self.plant(plant, step, flow_kg_s);
        }
        for (around_c, ground) in self.around_c.iter_mut().zip(&network.pipe_ground) {
            *around_c = network.grounds[*ground].at(step);
        }
        let taken = self.water.step(&self.drives, &self.around_c, 3600.0 * network.step_hours);
        let taken = taken.map_err(|source| network.named(source, step))?;
        self.water.write_now_c(&mut self.now_c);
        self.content_j += taken.stored_j;
        self.account(step, heat_kw).map_err(|source| network.named(source, step))?;
        self.outcome.lost_kwh = taken.lost_j / J_PER_KWH;
        self.outcome.mean_c = self.mean_c();
        self.outcome.residual = taken.residual();
        let report = &mut self.report;
        report.received_kwh += taken.received_j / J_PER_KWH;
        report.lost_kwh += taken.lost_j / J_PER_KWH;
        report.moved_kwh += (taken.received_j.abs() + taken.lost_j.abs()) / J_PER_KWH;
        report.worst_step = report.worst_step.max(self.outcome.residual);
        Ok(&self.outcome)
    }

    /// Returns the totals, and the recorded steps (`None` if they were not recorded).
    #[must_use]
    pub fn finish(mut self) -> (NetworkReport, Option<Recording>) {
        // Computed from the temperatures, so that the balance of the run is an independent check.
        self.report.stored_kwh = (self.water.content_j() - self.start_j) / J_PER_KWH;
        for (pipe, totals) in self.report.pipes.iter_mut().enumerate() {
            totals.stored_kwh = (self.water.pipe_content_j(pipe) - self.pipe_start_j[pipe]) / J_PER_KWH;
        }
        (self.report, self.recording)
    }

    /// Returns the flow and the heat of a substation.
    fn substation(&mut self, index: usize, step: usize, heat_kw: &[f64]) -> Drive {
        let substation = &self.network.substations[index];
        let heat_w_k = self.water.fluid().specific_heat_j_kg_k;
        let ring = self.network.is_ring();
        let heat_kw = match &substation.source_kw {
            Some(source_kw) => source_kw.at(step),
            None => heat_kw[index],
        };
        if heat_kw.abs() < IDLE_KW {
            let flow_kg_s = self.directions[index] * substation.bypass_kg_s;
            return Drive { flow_kg_s, effect: Effect::Heat(0.0) };
        }
        let heating = heat_kw < 0.0;
        let [least, most] = substation.flow_kg_s;
        let [while_heating_c, while_cooling_c] = self.inlets_c(index);
        let inlet_c = if heating { while_heating_c } else { while_cooling_c };
        let flow_kg_s = 1e3 * heat_kw.abs() / (heat_w_k * self.aimed_spread_k(index, heating, inlet_c));
        let direction = if heating || ring { 1.0 } else { -1.0 };
        self.directions[index] = direction;
        let effect = match &substation.source_kw {
            None => Effect::Heat(1e3 * heat_kw),
            // Up to the outlet's limit; the rest of the waste heat is not used.
            Some(_) => Effect::Keep(Keep {
                low_c: substation.source_max_c,
                high_c: f64::INFINITY,
                heating_w: 1e3 * heat_kw,
                cooling_w: 0.0,
                source: None,
            }),
        };
        Drive { flow_kg_s: direction * flow_kg_s.clamp(least, most), effect }
    }

    /// Sets the effects of a plant's units on the water.
    fn plant(&mut self, plant: &Plant, step: usize, flow_kg_s: f64) {
        let capacity_w_k = flow_kg_s.abs() * self.water.fluid().specific_heat_j_kg_k;
        let range_c = plant.keeps_c[usize::from(flow_kg_s < 0.0)];
        let flowing = flow_kg_s.abs() > NO_FLOW_KG_S;
        for (place, transfer) in plant.transfers.clone().enumerate() {
            let unit = plant.units.clone().nth(place).filter(|_| flowing).map(|unit| &self.units[unit]);
            let effect = unit.map_or(Effect::Heat(0.0), |unit| unit.effect(step, capacity_w_k, range_c));
            self.drives[transfer] = Drive { flow_kg_s, effect };
        }
    }
}
