//! Thermal model of a network of pipes, advanced in steps.

use std::collections::HashMap;
use std::sync::Arc;

use super::FlowError;
use super::balancing::{CoupledUnit, CoupledUnits};
use super::design::{Drive, Duty, Effect, PipeDesign, Resolution, Transfer, check};
use super::friction::{Bore, FrictionTable};
use super::guard;
use super::hydraulics::Hydraulics;
use super::parcels::Pipe;
use super::sparse::Pattern;
use crate::water_loop::{Fluid, WaterLoopError};

/// Number of successive updates of the duties in a part, before all units are solved together.
const CHANGES: usize = 4;
/// Largest temperature difference of two mixings that count as equal, K.
const SAME_K: f64 = 1e-9;

/// Range of circulations per part in which parts are refined: up to the first, parts have the share [`SHORTEST`] of
/// their usual length; from the second on, all of it.
const ROUNDS: [f64; 2] = [1.5, 3.0];
/// Smallest length of a refined part, as a share of the usual length.
const SHORTEST: f64 = 1.0 / 16.0;
/// Largest flow that counts as none, kg/s.
const RESTS_KG_S: f64 = 1e-9;

/// Heat transfer coefficient without film resistance, W/(m2 K).
const PERFECT_W_M2_K: f64 = 1e9;

/// The energy balance of a step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NetworkStep {
    /// Heat into the water from all transfers, J.
    pub received_j: f64,
    /// Heat lost to what surrounds the pipes, J.
    pub lost_j: f64,
    /// Increase of heat in pipes and nodes, J.
    pub stored_j: f64,
    /// Heat moved in any direction or stored before, J: the scale of the balance.
    pub moved_j: f64,
}

impl NetworkStep {
    /// Returns the residual of the step's balance, relative to all heat moved.
    #[must_use]
    pub fn residual(&self) -> f64 {
        (self.received_j - self.lost_j - self.stored_j).abs() / self.moved_j.max(f64::MIN_POSITIVE)
    }
}

/// The outlet temperatures of balancing units in a mixing.
#[derive(Debug, Clone, Copy)]
enum UnitOutlets {
    /// Outlet temperatures that follow from the duties.
    ByDuty,
    /// Outlet temperatures of 0 degrees Celsius, except for one unit with 1 degree Celsius (`None` for all 0).
    Zero { but: Option<usize> },
}

impl UnitOutlets {
    /// Returns the effect of a transfer; `None` where it follows from its duty.
    fn effect(self, transfer: usize, drive: &Drive) -> Option<Effect> {
        match self {
            Self::Zero { but } if drive.effect.duty(0.0, 1.0).is_some() => {
                Some(Effect::Outlet(if but == Some(transfer) { 1.0 } else { 0.0 }))
            }
            _ => None,
        }
    }
}

/// A network of pipes with its state.
#[derive(Debug, Clone)]
pub struct PipeNetwork {
    fluid: Fluid,
    designs: Vec<PipeDesign>,
    transfers: Vec<Transfer>,
    resolution: Resolution,
    hydraulics: Hydraulics,
    pipes: Vec<Pipe>,
    pattern: Pattern,
    /// Temperature of each node, degrees Celsius: the solution of the mixing.
    node_c: Vec<f64>,
    mean_c: Vec<f64>,
    /// Mean outlet temperature of each pipe, degrees Celsius; its heat loss, J, follows.
    outlet_c: Vec<f64>,
    lost_j: Vec<f64>,
    /// Heat that each pipe's water brought in minus that taken out, J.
    brought_j: Vec<f64>,
    /// Mean inlet and outlet temperatures of each transfer, and its heat to the water, J.
    taken_c: Vec<f64>,
    given_c: Vec<f64>,
    received_j: Vec<f64>,
    /// Heat of each transfer to the water in those parts of the step in which it was positive, J.
    heated_j: Vec<f64>,
    /// Last duties of the balancing units.
    duties: Vec<Duty>,
    /// Heat in pipes and nodes after the last step, J; `None` after a change of state.
    known_j: Option<f64>,
    /// Whether no water flowed at the node in the last step.
    rests: Vec<bool>,
    /// Pipes that meet at each node, and whether with their ends.
    ends: Vec<Vec<(usize, bool)>>,
    /// Range of the initial temperatures, of all surroundings and of the outlets of transfers, degrees Celsius.
    met_c: [f64; 2],
    // Work arrays of a step.
    before_c: Vec<f64>,
    entering: Vec<f64>,
    film: Vec<f64>,
    linear: Vec<[f64; 2]>,
    values: Vec<f64>,
    units: Vec<usize>,
    coupled: CoupledUnits,
}

impl PipeNetwork {
    /// Creates a network of `nodes` nodes.
    ///
    /// # Errors
    /// [`WaterLoopError::Range`] for numbers out of range, including the index of a node that does not exist.
    pub fn new(
        fluid: Fluid,
        nodes: usize,
        designs: &[PipeDesign],
        transfers: &[Transfer],
        resolution: Resolution,
    ) -> Result<Self, WaterLoopError> {
        check(nodes, designs, transfers, &resolution)?;
        let mut factors: HashMap<u64, Arc<FrictionTable>> = HashMap::new();
        let bores = designs.iter().map(|pipe| {
            let rough = pipe.roughness_m / pipe.inner_diameter_m;
            let factors = factors.entry(rough.to_bits()).or_insert_with(|| Arc::new(FrictionTable::new(rough)));
            let sizes = [pipe.inner_diameter_m, pipe.length_m, pipe.roughness_m];
            Bore::new(&fluid, sizes, pipe.fittings, Arc::clone(factors))
        });
        let bores: Vec<Bore> = bores.collect();
        let ends: Vec<[usize; 2]> = designs.iter().map(|pipe| [pipe.from, pipe.to]).collect();
        let hydraulics = Hydraulics::new(nodes, &ends, bores);
        let across = transfers.iter().map(|transfer| [transfer.from, transfer.to]);
        let pattern = Pattern::new(nodes, &ends.iter().copied().chain(across).collect::<Vec<_>>());
        let pipes = designs.iter().map(|design| {
            let make = design.make(&fluid);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and cut off")]
            let cells = ((design.length_m / resolution.cell_m).ceil().max(1.0) as usize).min(resolution.most_cells);
            Pipe::new(&make, cells, resolution.start_c)
        });
        let pipes: Vec<Pipe> = pipes.collect();
        let (pipe_count, transfer_count) = (pipes.len(), transfers.len());
        let mut meeting = vec![Vec::new(); nodes];
        for (pipe, design) in designs.iter().enumerate() {
            meeting[design.from].push((pipe, false));
            meeting[design.to].push((pipe, true));
        }
        Ok(Self {
            fluid,
            designs: designs.to_vec(),
            transfers: transfers.to_vec(),
            resolution,
            hydraulics,
            pipes,
            node_c: vec![resolution.start_c; nodes],
            mean_c: vec![resolution.start_c; nodes],
            outlet_c: vec![resolution.start_c; pipe_count],
            lost_j: vec![0.0; pipe_count],
            brought_j: vec![0.0; pipe_count],
            taken_c: vec![resolution.start_c; transfer_count],
            given_c: vec![resolution.start_c; transfer_count],
            received_j: vec![0.0; transfer_count],
            heated_j: vec![0.0; transfer_count],
            duties: vec![Duty::Nothing; transfer_count],
            known_j: None,
            rests: vec![true; nodes],
            ends: meeting,
            met_c: [resolution.start_c; 2],
            before_c: vec![0.0; nodes],
            entering: vec![0.0; nodes],
            film: vec![0.0; pipe_count],
            linear: vec![[0.0; 2]; pipe_count],
            values: vec![0.0; pattern.values()],
            units: Vec::new(),
            coupled: CoupledUnits::default(),
            pattern,
        })
    }

    /// Sets the temperatures of water and wall along a pipe; `temp_c` is a function of the share of its length.
    pub fn set_profile(&mut self, pipe: usize, temp_c: impl Fn(f64) -> f64) {
        self.pipes[pipe].set_profile(temp_c);
        let [low_c, high_c] = self.pipes[pipe].span_c();
        self.met_c = [self.met_c[0].min(low_c), self.met_c[1].max(high_c)];
        self.known_j = None;
    }

    /// Advances the network by `seconds` with `drives` of the transfers and the temperature `around_c` around each
    /// pipe.
    ///
    /// # Errors
    /// [`FlowError::Unbalanced`] where inflow and outflow of a component differ, [`FlowError::NotFound`] where its
    /// flows do not converge, [`FlowError::Unsettled`] where its balancing units do not converge,
    /// [`FlowError::Impossible`] where a temperature violates the maximum principle.
    ///
    /// # Panics
    /// If there are not as many drives as transfers, or temperatures as pipes.
    pub fn step(&mut self, drives: &[Drive], around_c: &[f64], seconds: f64) -> Result<NetworkStep, FlowError> {
        assert_eq!((drives.len(), around_c.len()), (self.transfers.len(), self.pipes.len()), "one for each");
        self.entering.fill(0.0);
        for (transfer, drive) in self.transfers.iter().zip(drives) {
            self.entering[transfer.from] -= drive.flow_kg_s;
            self.entering[transfer.to] += drive.flow_kg_s;
        }
        self.hydraulics.solve(&self.entering)?;
        for (pipe, film) in self.film.iter_mut().enumerate() {
            *film = match self.resolution.perfect_film {
                true => PERFECT_W_M2_K,
                false => self.hydraulics.bore(pipe).film_w_m2_k(self.hydraulics.flow_kg_s[pipe]),
            };
        }
        for sums in [
            &mut self.mean_c,
            &mut self.outlet_c,
            &mut self.lost_j,
            &mut self.brought_j,
            &mut self.taken_c,
            &mut self.given_c,
            &mut self.received_j,
            &mut self.heated_j,
        ] {
            sums.fill(0.0);
        }
        self.rests.fill(true);
        for (design, flow) in self.designs.iter().zip(&self.hydraulics.flow_kg_s) {
            if flow.abs() > RESTS_KG_S {
                (self.rests[design.from], self.rests[design.to]) = (false, false);
            }
        }
        for (transfer, drive) in self.transfers.iter().zip(drives) {
            if drive.flow_kg_s.abs() > RESTS_KG_S {
                (self.rests[transfer.from], self.rests[transfer.to]) = (false, false);
            }
        }
        for around_c in around_c {
            self.met_c = [self.met_c[0].min(*around_c), self.met_c[1].max(*around_c)];
        }
        let before = self.known_j.take().unwrap_or_else(|| self.content_j());
        let parts = self.parts(drives, seconds);
        #[expect(clippy::cast_precision_loss, reason = "some thousand parts at most")]
        let count = parts as f64;
        for (index, pipe) in self.pipes.iter_mut().enumerate() {
            let flow_w_k = self.hydraulics.flow_kg_s[index] * self.fluid.specific_heat_j_kg_k;
            pipe.begin(flow_w_k, self.film[index], seconds / count, count);
        }
        let mut moved_j = 0.0;
        for _ in 0..parts {
            moved_j += self.part(drives, around_c, seconds / count, 1.0 / count)?;
        }
        let after = self.content_j();
        self.known_j = Some(after);
        Ok(NetworkStep {
            received_j: self.received_j.iter().sum(),
            lost_j: self.lost_j.iter().sum(),
            stored_j: after - before,
            moved_j: moved_j + self.lost_j.iter().map(|lost| lost.abs()).sum::<f64>() + before.abs(),
        })
    }

    /// Returns the circulation time of the water in all flowing pipes, in seconds, including the heat capacity of
    /// their walls; infinite at rest.
    fn round_s(&self, drives: &[Drive]) -> f64 {
        let passing_kg_s: f64 = drives.iter().map(|drive| drive.flow_kg_s.abs()).sum();
        let flowing = self.pipes.iter().zip(&self.hydraulics.flow_kg_s).filter(|(_, flow)| flow.abs() > RESTS_KG_S);
        let content_j_k: f64 = flowing.map(|(pipe, _)| pipe.heat_capacity_j_k()).sum();
        if passing_kg_s <= RESTS_KG_S {
            return f64::INFINITY;
        }
        // Every circuit contains two transfers: one takes the heat that the other gives.
        2.0 * content_j_k / (passing_kg_s * self.fluid.specific_heat_j_kg_k)
    }

    /// Returns the number of equal parts of a step of `seconds`.
    ///
    /// The inlet temperature of a pipe and the effect of a balancing unit are constant over a part. Where water
    /// circulates within a part, a change that returns is shifted by up to a part: such circuits get shorter parts.
    fn parts(&self, drives: &[Drive], seconds: f64) -> usize {
        let rounds = self.round_s(drives) / self.resolution.part_s;
        let [few, many] = ROUNDS;
        let share = SHORTEST + (1.0 - SHORTEST) * ((rounds - few) / (many - few)).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length of time, in parts")]
        let parts = (seconds / (share * self.resolution.part_s) - 1e-9).ceil().max(1.0) as usize;
        parts
    }

    /// Advances the network by a part of a step, which is a `share` of it: the outlets of pipes are linear in their
    /// inlets, and the inlets follow from the mixing in the nodes. Returns the heat moved by transfers, J.
    fn part(&mut self, drives: &[Drive], around_c: &[f64], seconds: f64, share: f64) -> Result<f64, FlowError> {
        self.before_c.copy_from_slice(&self.node_c);
        for ((pipe, linear), around_c) in self.pipes.iter_mut().zip(&mut self.linear).zip(around_c) {
            *linear = pipe.prepare(*around_c);
        }
        self.settle(drives, seconds)?;
        for (index, pipe) in self.pipes.iter_mut().enumerate() {
            let PipeDesign { from, to, .. } = self.designs[index];
            let flow = self.hydraulics.flow_kg_s[index];
            let inlet_c = self.node_c[if flow < 0.0 { to } else { from }];
            let passed = pipe.commit(inlet_c);
            guard::pipe(index, &passed, pipe.span_c())?;
            self.outlet_c[index] += share * passed.outlet_c;
            self.lost_j[index] += passed.lost_j;
            self.brought_j[index] +=
                flow.abs() * self.fluid.specific_heat_j_kg_k * (inlet_c - passed.outlet_c) * seconds;
        }
        for node in 0..self.node_c.len() {
            self.mean_c[node] += share * self.here_c(node);
        }
        let mut moved_j = 0.0;
        for (index, (transfer, drive)) in self.transfers.iter().zip(drives).enumerate() {
            let flow = drive.flow_kg_s;
            let taken_c = self.here_c(if flow < 0.0 { transfer.to } else { transfer.from });
            let capacity = flow.abs() * self.fluid.specific_heat_j_kg_k;
            let given_c = match self.effect(index, drive) {
                _ if flow == 0.0 => taken_c,
                Effect::Heat(watts) => taken_c + watts / capacity,
                Effect::Outlet(outlet_c) => outlet_c,
                Effect::Exchange { with_c, effectiveness, .. } => taken_c + effectiveness * (with_c - taken_c),
                Effect::Keep(_) => unreachable!("a unit's duty is one of the others"),
            };
            guard::transfer(index, &drive.effect, taken_c, given_c)?;
            self.met_c = [self.met_c[0].min(given_c), self.met_c[1].max(given_c)];
            let received = capacity * (given_c - taken_c) * seconds;
            self.taken_c[index] += share * taken_c;
            self.given_c[index] += share * given_c;
            self.received_j[index] += received;
            self.heated_j[index] += received.max(0.0);
            moved_j += received.abs();
        }
        guard::nodes(&self.node_c, self.met_c)?;
        Ok(moved_j)
    }

    /// Returns the temperature at a node in the current part, in degrees Celsius. Without flow, it is the mean of the
    /// ends of the pipes that meet there.
    fn here_c(&self, node: usize) -> f64 {
        if !self.rests[node] || self.ends[node].is_empty() {
            return self.node_c[node];
        }
        let ends = &self.ends[node];
        #[expect(clippy::cast_precision_loss, reason = "some pipes")]
        let count = ends.len() as f64;
        ends.iter().map(|&(pipe, at_end)| self.pipes[pipe].end_c(at_end)).sum::<f64>() / count
    }

    /// Mixes the nodes' water, with balancing units on the duties that the mixed temperatures require.
    ///
    /// Where water circulates at most once in a part, the duties converge by successive mixings. A circuit that is
    /// flushed many times responds to a duty many times as strongly: there the units' inlet temperatures are solved
    /// together ([`CoupledUnits`]).
    fn settle(&mut self, drives: &[Drive], seconds: f64) -> Result<(), FlowError> {
        self.mix(drives, seconds, UnitOutlets::ByDuty);
        for _ in 0..CHANGES {
            if !self.reassign(drives) {
                return Ok(());
            }
            self.mix(drives, seconds, UnitOutlets::ByDuty);
        }
        if !self.reassign(drives) {
            return Ok(());
        }
        self.units.clear();
        self.coupled.units.clear();
        for (index, drive) in drives.iter().enumerate() {
            let capacity_w_k = drive.flow_kg_s.abs() * self.fluid.specific_heat_j_kg_k;
            if capacity_w_k > 0.0 && drive.effect.duty(0.0, capacity_w_k).is_some() {
                self.units.push(index);
                self.coupled.units.push(CoupledUnit { effect: drive.effect, capacity_w_k });
            }
        }
        // The units' inlet temperatures are linear in their outlet temperatures.
        let units = std::mem::take(&mut self.units);
        self.mix(drives, seconds, UnitOutlets::Zero { but: None });
        let base_c: Vec<f64> = units.iter().map(|unit| self.inlet_c(*unit, drives)).collect();
        self.coupled.response.clear();
        for unit in &units {
            self.mix(drives, seconds, UnitOutlets::Zero { but: Some(*unit) });
            for (unit, base_c) in units.iter().zip(&base_c) {
                let rise_k = self.inlet_c(*unit, drives) - base_c;
                self.coupled.response.push(rise_k);
            }
        }
        self.coupled.base_c = base_c;
        let duties = self.coupled.solve().map_err(|change_k| FlowError::Unsettled { transfer: units[0], change_k })?;
        for (unit, duty) in units.iter().zip(duties) {
            self.duties[*unit] = duty;
        }
        self.mix(drives, seconds, UnitOutlets::ByDuty);
        // Where a duty changes, both duties have the same effect on the water up to rounding.
        let differs = units.iter().find_map(|&unit| {
            let drive = &drives[unit];
            let capacity_w_k = drive.flow_kg_s.abs() * self.fluid.specific_heat_j_kg_k;
            let (taken_c, unit_of) = (self.inlet_c(unit, drives), CoupledUnit { effect: drive.effect, capacity_w_k });
            let change_k = (unit_of.given_c(self.duties[unit], taken_c) - unit_of.gives_c(taken_c)).abs();
            let same = change_k <= SAME_K * taken_c.abs().max(1.0);
            (!same).then_some(FlowError::Unsettled { transfer: unit, change_k })
        });
        self.units = units;
        differs.map_or(Ok(()), Err)
    }

    /// Returns the inlet temperature of a transfer in the current mixing, degrees Celsius.
    fn inlet_c(&self, transfer: usize, drives: &[Drive]) -> f64 {
        let Transfer { from, to } = self.transfers[transfer];
        self.node_c[if drives[transfer].flow_kg_s < 0.0 { to } else { from }]
    }

    /// Returns the effect of a transfer; for a balancing unit that of its last duty.
    fn effect(&self, transfer: usize, drive: &Drive) -> Effect {
        drive.effect.on(self.duties[transfer])
    }

    /// Computes the temperatures of the nodes from the outlets of pipes and transfers.
    fn mix(&mut self, drives: &[Drive], seconds: f64, giving: UnitOutlets) {
        let heat = self.fluid.specific_heat_j_kg_k;
        let kept = self.resolution.node_water_kg / seconds;
        self.values.fill(0.0);
        for (node, (node_c, before_c)) in self.node_c.iter_mut().zip(&self.before_c).enumerate() {
            self.values[self.pattern.diagonal(node)] = kept;
            *node_c = kept * before_c;
        }
        for (index, (design, &flow)) in self.designs.iter().zip(&self.hydraulics.flow_kg_s).enumerate() {
            if flow == 0.0 {
                continue;
            }
            // Entry in the row of the outlet node and the column of the inlet node.
            let [forth, back] = self.pattern.edge(index);
            let (arrives, place) = if flow > 0.0 { (design.to, back) } else { (design.from, forth) };
            let (flow, linear) = (flow.abs(), self.linear[index]);
            self.values[self.pattern.diagonal(arrives)] += flow;
            self.values[place] -= flow * linear[1];
            self.node_c[arrives] += flow * linear[0];
        }
        for (index, (transfer, drive)) in self.transfers.iter().zip(drives).enumerate() {
            let flow = drive.flow_kg_s;
            if flow == 0.0 {
                continue;
            }
            let [forth, back] = self.pattern.edge(self.pipes.len() + index);
            let (arrives, place) = if flow > 0.0 { (transfer.to, back) } else { (transfer.from, forth) };
            let flow = flow.abs();
            self.values[self.pattern.diagonal(arrives)] += flow;
            match giving.effect(index, drive).unwrap_or_else(|| self.effect(index, drive)) {
                Effect::Heat(watts) => {
                    self.values[place] -= flow;
                    self.node_c[arrives] += watts / heat;
                }
                Effect::Outlet(outlet_c) => self.node_c[arrives] += flow * outlet_c,
                Effect::Exchange { with_c, effectiveness, .. } => {
                    self.values[place] -= flow * (1.0 - effectiveness);
                    self.node_c[arrives] += flow * effectiveness * with_c;
                }
                Effect::Keep(_) => {}
            }
        }
        self.pattern.solve(&mut self.values, &mut self.node_c);
    }

    /// Sets the duties of balancing units that the nodes' temperatures require. Returns whether one has changed.
    fn reassign(&mut self, drives: &[Drive]) -> bool {
        let mut changed = false;
        for ((transfer, drive), duty) in self.transfers.iter().zip(drives).zip(&mut self.duties) {
            let flow = drive.flow_kg_s;
            if flow == 0.0 {
                continue;
            }
            let taken_c = self.node_c[if flow < 0.0 { transfer.to } else { transfer.from }];
            let Some(needed) = drive.effect.duty(taken_c, flow.abs() * self.fluid.specific_heat_j_kg_k) else {
                continue;
            };
            changed |= std::mem::replace(duty, needed) != needed;
        }
        changed
    }

    /// Returns the heat in pipes and nodes above 0 degrees Celsius, J.
    #[must_use]
    pub fn content_j(&self) -> f64 {
        let nodes = self.fluid.specific_heat_j_kg_k * self.resolution.node_water_kg * self.node_c.iter().sum::<f64>();
        self.pipes.iter().map(Pipe::content_j).sum::<f64>() + nodes
    }

    /// Returns the heat capacity of pipes and nodes, J/K.
    #[must_use]
    pub fn heat_capacity_j_k(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some thousand nodes")]
        let nodes = self.fluid.specific_heat_j_kg_k * self.resolution.node_water_kg * self.node_c.len() as f64;
        self.pipes.iter().map(Pipe::heat_capacity_j_k).sum::<f64>() + nodes
    }

    /// Returns the heat in a pipe's water and wall above 0 degrees Celsius, J.
    #[must_use]
    pub fn pipe_content_j(&self, pipe: usize) -> f64 {
        self.pipes[pipe].content_j()
    }

    /// Returns for each pipe the heat that its water brought in minus that taken out in the last step, J.
    #[must_use]
    pub fn brought_j(&self) -> &[f64] {
        &self.brought_j
    }

    /// Writes the current temperature of each node, degrees Celsius. For a node without flow in the last step, it is
    /// the mean of the ends of the pipes that meet there.
    pub fn write_now_c(&self, now_c: &mut [f64]) {
        for (node, now_c) in now_c.iter_mut().enumerate() {
            *now_c = self.here_c(node);
        }
    }

    /// Returns the fluid.
    #[must_use]
    pub fn fluid(&self) -> &Fluid {
        &self.fluid
    }

    /// Returns the flow in each pipe, from its beginning to its end, kg/s.
    #[must_use]
    pub fn flows_kg_s(&self) -> &[f64] {
        &self.hydraulics.flow_kg_s
    }

    /// Returns the pressure at each node above that at the first node of its connected component, Pa.
    #[must_use]
    pub fn pressures_pa(&self) -> &[f64] {
        &self.hydraulics.pressure_pa
    }

    /// Returns the pressure loss of a pipe, Pa.
    #[must_use]
    pub fn loss_pa(&self, pipe: usize) -> f64 {
        self.hydraulics.loss_pa(pipe)
    }

    /// Returns the mean temperature of each node in the last step, degrees Celsius.
    #[must_use]
    pub fn nodes_c(&self) -> &[f64] {
        &self.mean_c
    }

    /// Returns the mean outlet temperature of each pipe in the last step, degrees Celsius.
    #[must_use]
    pub fn outlets_c(&self) -> &[f64] {
        &self.outlet_c
    }

    /// Returns the heat loss of each pipe in the last step, J.
    #[must_use]
    pub fn losses_j(&self) -> &[f64] {
        &self.lost_j
    }

    /// Returns the mean inlet temperature of each transfer in the last step, degrees Celsius.
    #[must_use]
    pub fn taken_c(&self) -> &[f64] {
        &self.taken_c
    }

    /// Returns the mean outlet temperature of each transfer in the last step, degrees Celsius.
    #[must_use]
    pub fn given_c(&self) -> &[f64] {
        &self.given_c
    }

    /// Returns the heat of each transfer to the water in the last step, J.
    #[must_use]
    pub fn received_j(&self) -> &[f64] {
        &self.received_j
    }

    /// Returns the heat of each transfer to the water in those parts of the last step in which it was positive, J.
    #[must_use]
    pub fn heated_j(&self) -> &[f64] {
        &self.heated_j
    }

    /// Returns the mean temperature of the water in a pipe, degrees Celsius.
    #[must_use]
    pub fn mean_c(&self, pipe: usize) -> f64 {
        self.pipes[pipe].mean_c()
    }
}
