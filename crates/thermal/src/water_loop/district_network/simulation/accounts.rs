//! Accounting of a step: pressures and pumps, heat and electricity of every component, limits.

use super::super::parts::{MainPump, Meter, PressureReference};
use super::super::report::NEGLIGIBLE_K;
use super::super::settings::Pumping;
use super::{GUARD_K, J_PER_KWH, NO_FLOW_KG_S, Simulation};
use crate::water_loop::network::{Effect, FlowError};

/// The marginal units of a step: the last ones to run, of all plants.
#[derive(Debug, Clone, Copy, Default)]
struct MarginalUnits {
    /// Heat or cold from these units, kWh.
    moved_kwh: f64,
    /// Cost, EUR, and emissions, kg CO2, of these units; negative where they cooled.
    cost: [f64; 2],
}

impl MarginalUnits {
    /// Creates the account of a unit that gave heat and cold, kWh, for `taken_kwh` of electricity. Electricity on a
    /// site's meter has no price here. For a unit that did both in a step, the price per kWh is the mean.
    fn of([heat_kwh, cold_kwh]: [f64; 2], taken_kwh: f64, meter: &Meter, step: usize) -> Self {
        let net_kwh = heat_kwh - cold_kwh;
        let net_taken_kwh = taken_kwh * net_kwh / (heat_kwh + cold_kwh);
        let cost = match meter {
            Meter::Site(_) => [0.0; 2],
            Meter::Own { price_eur_per_kwh, co2_kg_per_kwh } => [price_eur_per_kwh.at(step), *co2_kg_per_kwh],
        };
        Self { moved_kwh: net_kwh.abs(), cost: cost.map(|per_kwh| per_kwh * net_taken_kwh) }
    }

    fn add(&mut self, other: Self) {
        self.moved_kwh += other.moved_kwh;
        self.cost.iter_mut().zip(other.cost).for_each(|(sum, cost)| *sum += cost);
    }

    /// Returns the cost and emissions per kWh of heat taken from the network: the mean over the plants, weighted by
    /// the heat of their last units.
    fn cost_per_kwh(self) -> [f64; 2] {
        if self.moved_kwh == 0.0 { [0.0; 2] } else { self.cost.map(|cost| cost / self.moved_kwh) }
    }
}

impl Simulation<'_> {
    /// Adds the results of a step to the totals.
    ///
    /// # Errors
    /// [`FlowError::GroundNotFinite`] where a borehole field has no finite temperature.
    pub(super) fn account(&mut self, step: usize, heat_kw: &[f64]) -> Result<(), FlowError> {
        let network = self.network;
        let outcome = &mut self.outcome;
        outcome.sites_kw.fill(0.0);
        (outcome.own_kwh, outcome.own_eur, outcome.own_co2_kg) = (0.0, 0.0, 0.0);
        (outcome.substations_kwh, outcome.waste_heat_kwh, outcome.units_kwh) = (0.0, 0.0, [0.0; 2]);
        (outcome.excess_k, outcome.kept) = ([0.0; 2], [false; 2]);
        self.pipes(step);
        let level_pa = self.level_pa();
        for index in 0..network.substations.len() {
            self.account_substation(index, step, heat_kw, level_pa);
        }
        let mut last_units = MarginalUnits::default();
        for index in 0..network.plants.len() {
            last_units.add(self.account_plant(index, step, level_pa)?);
        }
        self.outcome.marginal = last_units.cost_per_kwh();
        if let Some(main) = &network.main {
            let MainPump { ends: [before, after], transfer, efficiency, meter, .. } = main;
            let pressures = self.water.pressures_pa();
            let head_pa = pressures[*after] - pressures[*before];
            let volume_m3_s = self.drives[*transfer].flow_kg_s / self.water.fluid().density_kg_m3;
            let power_kw = 1e-3 * head_pa.max(0.0) * volume_m3_s / efficiency;
            self.report.main_pump_kwh += power_kw * network.step_hours;
            self.report.main_pump_eur += power_kw * network.step_hours * meter.own_price(step);
            let passes_kg_s = self.drives[*transfer].flow_kg_s;
            let draws = &self.drives[..network.substations.len()];
            let is_short = draws.iter().any(|drive| drive.flow_kg_s > passes_kg_s + NO_FLOW_KG_S);
            self.report.short_ring_steps += usize::from(is_short);
            self.charge(meter, step, power_kw);
        }
        let coldest_c = self.water.nodes_c().iter().copied().fold(f64::INFINITY, f64::min);
        self.report.frozen.note(self.water.fluid().freezing_c - coldest_c, step, network.step_hours);
        if let Some(recording) = &mut self.recording {
            for (mut row, value) in recording.node_c.rows_mut().into_iter().zip(self.water.nodes_c()) {
                row[step] = *value;
            }
            let levels = network.levels.iter().map(|level| match level {
                PressureReference::Warm => level_pa,
                PressureReference::Known => 0.0,
                PressureReference::Unknown => f64::NAN,
            });
            let pressures = self.water.pressures_pa().iter().zip(levels);
            for (mut row, (pressure_pa, level_pa)) in recording.pressure_pa.rows_mut().into_iter().zip(pressures) {
                row[step] = pressure_pa + level_pa;
            }
        }
        Ok(())
    }

    fn pipes(&mut self, step: usize) {
        let density = self.water.fluid().density_kg_m3;
        for (index, totals) in self.report.pipes.iter_mut().enumerate() {
            let design = &self.network.pipes[index].design;
            let area_m2 = 0.25 * std::f64::consts::PI * design.inner_diameter_m * design.inner_diameter_m;
            let velocity_m_s = self.water.flows_kg_s()[index].abs() / (density * area_m2);
            // Without fittings: the loss per length is that of the pipe alone.
            let of_fittings_pa = design.fittings * 0.5 * density * velocity_m_s * velocity_m_s;
            let loss_pa_m = (self.water.loss_pa(index).abs() - of_fittings_pa).max(0.0) / design.length_m;
            totals.brought_kwh += self.water.brought_j()[index] / J_PER_KWH;
            totals.lost_kwh += self.water.losses_j()[index] / J_PER_KWH;
            if velocity_m_s > totals.velocity_m_s {
                (totals.velocity_m_s, totals.velocity_at) = (velocity_m_s, step);
            }
            if loss_pa_m > totals.loss_pa_m {
                (totals.loss_pa_m, totals.loss_at) = (loss_pa_m, step);
            }
        }
    }

    /// Returns the rise of the warm line's pressures, Pa: for distributed pumping, such that the first plant's pump
    /// overcomes only the plant's own loss; for central pumping, such that it overcomes the critical path.
    fn level_pa(&self) -> f64 {
        let (None, Some(plant)) = (&self.network.main, self.network.plants.first()) else { return 0.0 };
        let pressures = self.water.pressures_pa();
        let [cold, warm] = plant.ends;
        let flow_kg_s = self.drives[plant.transfers.start].flow_kg_s;
        if self.network.pumping == Pumping::Distributed || flow_kg_s.abs() <= NO_FLOW_KG_S {
            return pressures[cold] - pressures[warm];
        }
        // The plant's pump serves the substations with flow in its own direction; the others pump against it
        // themselves.
        let way = flow_kg_s.signum();
        let needs = self.network.substations.iter().zip(&self.drives).filter_map(|(substation, drive)| {
            let [from, to] = substation.ends;
            let served = drive.flow_kg_s * way > 0.0;
            served.then(|| way * (pressures[to] - pressures[from]) + substation.pump.own_pa(drive.flow_kg_s))
        });
        match needs.reduce(f64::max) {
            Some(need_pa) => way * need_pa,
            None => pressures[cold] - pressures[warm],
        }
    }

    fn account_substation(&mut self, index: usize, step: usize, heat_kw: &[f64], level_pa: f64) {
        let network = self.network;
        let substation = &network.substations[index];
        let drive = self.drives[index];
        let flow_kg_s = drive.flow_kg_s;
        let fluid = self.water.fluid();
        let received_kwh = self.water.received_j()[index] / J_PER_KWH;
        let machines = self.machines[index];
        let (taken_c, given_c) = match flow_kg_s == 0.0 && !machines.inlet_c.is_nan() {
            // Where the heat pumps' heating and cooling cancel, the water stays between them and the substation draws
            // none.
            true => (machines.inlet_c, machines.inlet_c),
            false => (self.water.taken_c()[index], self.water.given_c()[index]),
        };
        let pressures = self.water.pressures_pa();
        let [from, to] = substation.ends;
        let head_pa =
            flow_kg_s.signum() * (pressures[to] - pressures[from] - level_pa) + substation.pump.own_pa(flow_kg_s);
        let power_kw = substation.pump.power_kw(head_pa, flow_kg_s, fluid.density_kg_m3);
        let freezing_c = fluid.freezing_c + substation.freezing_margin_k;
        let totals = &mut self.report.substations[index];
        let dt = network.step_hours;
        totals.received_kwh += received_kwh;
        totals.pump_kwh += power_kw * dt;
        totals.pump_eur += power_kw * dt * substation.meter.own_price(step);
        totals.flow_kg_s = totals.flow_kg_s.max(flow_kg_s.abs());
        let asked_kw = match &substation.source_kw {
            None => {
                self.outcome.substations_kwh += received_kwh;
                heat_kw[index]
            }
            Some(source_kw) => {
                self.outcome.waste_heat_kwh += received_kwh;
                source_kw.at(step)
            }
        };
        totals.asked_kwh[usize::from(asked_kw > 0.0)] += asked_kw * dt;
        totals.crossing.note(machines.crossing_k, step, dt);
        let draws = !matches!(drive.effect, Effect::Heat(watts) if watts == 0.0) && flow_kg_s != 0.0;
        if draws {
            totals.inlet_c = [totals.inlet_c[0].min(taken_c), totals.inlet_c[1].max(taken_c)];
            totals.outlet_c = [totals.outlet_c[0].min(given_c), totals.outlet_c[1].max(given_c)];
            let ([low, high], [outlet_low, outlet_high]) = (substation.inlet_c, substation.outlet_c);
            let excess = [low - taken_c, taken_c - high, outlet_low - given_c, given_c - outlet_high];
            for (overrun, excess_k) in totals.limits.iter_mut().zip(excess) {
                overrun.note(excess_k, step, dt);
            }
            // The guard is based on the water at the beginning of the step.
            if freezing_c - given_c > GUARD_K {
                totals.freezing.note(freezing_c - given_c, step, dt);
            }
            let beyond_k = match asked_kw < 0.0 {
                true => machines.evaporating_c - given_c,
                false => given_c - machines.condensing_c,
            };
            totals.beyond_refrigerant.note(beyond_k, step, dt);
            let [min_c, max_c] = network.limits_c;
            let of_network = [min_c - taken_c, taken_c - max_c];
            for (worst, excess_k) in self.outcome.excess_k.iter_mut().zip(of_network) {
                if excess_k > NEGLIGIBLE_K && substation.source_kw.is_none() {
                    *worst = worst.max(excess_k);
                }
            }
        }
        if let Some(recording) = &mut self.recording {
            recording.flow_kg_s[[index, step]] = flow_kg_s;
            recording.inlet_c[[index, step]] = taken_c;
            recording.cop_inlet_c[[index, step]] = machines.inlet_c;
            recording.outlet_c[[index, step]] = given_c;
            recording.pump_kw[[index, step]] = power_kw;
        }
        self.charge(&substation.meter, step, power_kw);
    }

    /// Adds a plant to the totals. Returns the account of its last controlled unit in the direction of flow, which
    /// would give the next kWh.
    fn account_plant(&mut self, index: usize, step: usize, level_pa: f64) -> Result<MarginalUnits, FlowError> {
        let network = self.network;
        let plant = &network.plants[index];
        let dt = network.step_hours;
        let flow_kg_s = self.drives[plant.transfers.start].flow_kg_s;
        let pressures = self.water.pressures_pa();
        let [from, to] = plant.ends;
        // In a ring, the main pump overcomes the pressure loss along a plant.
        let way_pa =
            if network.is_ring() { 0.0 } else { flow_kg_s.signum() * (pressures[to] + level_pa - pressures[from]) };
        let head_pa = way_pa + plant.pump.own_pa(flow_kg_s);
        let power_kw = plant.pump.power_kw(head_pa, flow_kg_s, self.water.fluid().density_kg_m3);
        let mut electricity_kwh = power_kw * dt;
        let capacity_kwh_k = flow_kg_s.abs() * self.water.fluid().specific_heat_j_kg_k * 1e-3 * dt;
        let mut last = MarginalUnits::default();
        for (unit, transfer) in plant.units.clone().zip(plant.transfers.clone()) {
            let net_kwh = self.water.received_j()[transfer] / J_PER_KWH;
            let heat_kwh = self.water.heated_j()[transfer] / J_PER_KWH;
            let cold_kwh = heat_kwh - net_kwh;
            let comes_c = self.water.taken_c()[transfer];
            let (taken_kwh, field_c) = self.units[unit].gave(step, [heat_kwh, cold_kwh], comes_c, dt);
            // A load that is not finite has its cause elsewhere.
            if net_kwh.is_finite() && field_c.is_some_and(|temps_c| !temps_c.into_iter().all(f64::is_finite)) {
                return Err(FlowError::GroundNotFinite { unit, step });
            }
            electricity_kwh += taken_kwh;
            let kept = self.units[unit].is_kept();
            let is_last = flow_kg_s > 0.0 || last.moved_kwh == 0.0;
            if kept && net_kwh != 0.0 && is_last {
                last = MarginalUnits::of([heat_kwh, cold_kwh], taken_kwh, &plant.meter, step);
            }
            for (side, given_kwh) in [heat_kwh, cold_kwh].into_iter().enumerate() {
                // Heat that changes the water by less than `NEGLIGIBLE_K` is rounding.
                self.outcome.kept[side] |= kept && given_kwh > NEGLIGIBLE_K * capacity_kwh_k;
            }
            self.outcome.units_kwh[0] += heat_kwh;
            self.outcome.units_kwh[1] -= cold_kwh;
            let price = plant.meter.own_price(step);
            let totals = &mut self.report.units[unit];
            totals.electricity_eur += taken_kwh * price;
            totals.heating_kwh += heat_kwh;
            totals.cooling_kwh += cold_kwh;
            totals.electricity_kwh += taken_kwh;
            totals.most_kw = totals.most_kw.max(heat_kwh.max(cold_kwh) / dt);
            if let Some(loads_kw) = &mut self.loads_kw {
                loads_kw[unit].push(net_kwh / dt);
            }
            if let Some(recording) = &mut self.recording {
                recording.unit_kw[[unit, step]] = net_kwh / dt;
                if let Some([wall_c, fluid_c]) = field_c {
                    recording.wall_c[[unit, step]] = wall_c;
                    recording.fluid_c[[unit, step]] = fluid_c;
                }
            }
        }
        let totals = &mut self.report.plants[index];
        totals.pump_kwh += power_kw * dt;
        totals.pump_eur += power_kw * dt * plant.meter.own_price(step);
        totals.flow_kg_s = totals.flow_kg_s.max(flow_kg_s.abs());
        // Outlet in the direction of flow.
        let leaves = if flow_kg_s < 0.0 { plant.transfers.start } else { plant.transfers.end - 1 };
        let leaves_c = self.water.given_c()[leaves];
        if plant.is_watched && flow_kg_s.abs() > NO_FLOW_KG_S {
            let [low, high] = plant.keeps_c[usize::from(flow_kg_s < 0.0)];
            for (side, excess_k) in [low - leaves_c, leaves_c - high].into_iter().enumerate() {
                totals.unmet[side].note(excess_k, step, dt);
                if excess_k > NEGLIGIBLE_K {
                    totals.unmet_kwh[side] += excess_k * capacity_kwh_k;
                }
            }
        }
        if let Some(recording) = &mut self.recording {
            recording.plant_flow_kg_s[[index, step]] = flow_kg_s;
            recording.plant_outlet_c[[index, step]] = leaves_c;
            recording.plant_pump_kw[[index, step]] = power_kw;
        }
        self.charge(&plant.meter, step, electricity_kwh / dt);
        Ok(last)
    }

    /// Adds electricity to its meter.
    fn charge(&mut self, meter: &Meter, step: usize, power_kw: f64) {
        match meter {
            Meter::Site(site) => self.outcome.sites_kw[*site] += power_kw,
            Meter::Own { price_eur_per_kwh, co2_kg_per_kwh } => {
                let energy_kwh = power_kw * self.network.step_hours;
                self.outcome.own_kwh += energy_kwh;
                self.outcome.own_eur += energy_kwh * price_eur_per_kwh.at(step);
                self.outcome.own_co2_kg += energy_kwh * co2_kg_per_kwh;
            }
        }
    }
}
