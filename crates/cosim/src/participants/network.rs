//! A network of pipes as a participant of the coupling.

use anergy_thermal::heat_pump::{HeatPump, OutsideRange};
use anergy_thermal::water_loop::district_network::{
    DistrictNetwork, MachineWater, NetworkError, NetworkReport, Recording, Simulation,
};
use ndarray::{Array2, ArrayView1};

use super::IDLE_KW;
use super::draws::SubstationDraws;
use crate::coupling::{LoopModel, LoopRequest, LoopResponse, LoopSignal, MarginalHeat};

/// Tolerance of a periodic simulation, K: the largest change of a pipe's temperature from the start to the end of the
/// horizon.
const PERIODIC_K: f64 = 0.01;
/// Largest number of passes through the horizon until it is periodic.
const MOST_PASSES: usize = 8;

/// A network of pipes with its heat pumps, as a participant of the coupling.
#[derive(Debug, Clone)]
pub struct NetworkParticipant {
    /// Network, bound to the heat pumps.
    pub network: DistrictNetwork,
    /// Heat pumps on the network.
    pub pumps: Vec<HeatPump>,
    /// Length of a step, hours.
    pub step_hours: f64,
}

/// Returns the numbers of years that each simulated year represents, one after the other, until `years` have passed.
/// Each block is a third of the years before it, since the ground's response changes ever more slowly.
pub fn year_blocks(years: u32) -> impl Iterator<Item = u32> {
    let mut past_years = 0;
    std::iter::from_fn(move || {
        let times = (past_years / 3).max(1).min(years - past_years);
        past_years += times;
        (times > 0).then_some(times)
    })
}

/// The results that a pass writes.
struct PassResults<'r> {
    response: &'r mut LoopResponse,
    /// Electricity per output of each heat pump in the step.
    per_output: Vec<f64>,
    outside: Vec<Option<OutsideRange>>,
}

impl LoopModel for NetworkParticipant {
    type Error = NetworkError;

    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, NetworkError> {
        Ok(self.pass(request, false)?.0)
    }
}

impl NetworkParticipant {
    /// Simulates the network and returns the results of each component and of each step.
    ///
    /// # Errors
    /// [`NetworkError`] where the flows cannot be solved.
    pub fn look(&self, request: &LoopRequest) -> Result<(NetworkReport, Recording), NetworkError> {
        let (_, report, recording) = self.pass(request, true)?;
        Ok((report, recording.unwrap_or_default()))
    }

    fn pass(
        &self,
        request: &LoopRequest,
        record: bool,
    ) -> Result<(LoopResponse, NetworkReport, Option<Recording>), NetworkError> {
        let (pumps, steps) = request.output_kw.dim();
        let mut simulation = Simulation::new(&self.network);
        let nothing = || LoopResponse {
            signal: LoopSignal {
                cops: Array2::zeros((pumps, steps)),
                auxiliary_kw: Array2::zeros((self.network.electricity_sites().len(), steps)),
                balancing: vec![MarginalHeat::default(); steps],
            },
            ..LoopResponse::zeros(pumps, steps)
        };
        let mut response = nothing();
        let mut results =
            PassResults { response: &mut response, per_output: vec![0.0; pumps], outside: vec![None; pumps] };
        let start_miss_k = self.simulate_start(request, &mut simulation, &mut results)?;
        simulation.begin_again();
        if record {
            simulation.record(steps);
        }
        *results.response = nothing();
        self.simulate_steps(request, steps, &mut simulation, &mut results)?;
        let (mut report, recording) = simulation.finish();
        report.start_miss_k = start_miss_k.filter(|miss_k| *miss_k >= PERIODIC_K);
        response.balance_residual = report.residual();
        response.step_balance_residual = report.worst_step;
        Ok((response, report, recording))
    }

    /// Simulates the time before the horizon. Returns the change of temperature over a periodic horizon, K; `None` if
    /// the start is not periodic.
    fn simulate_start(
        &self,
        request: &LoopRequest,
        simulation: &mut Simulation<'_>,
        results: &mut PassResults<'_>,
    ) -> Result<Option<f64>, NetworkError> {
        let steps = request.output_kw.ncols();
        let start = self.network.start();
        // The spin-up settles the water only: the ground around boreholes restarts at its initial state.
        let hours = start.spin_up_days * 24.0;
        if hours > 0.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and cut off")]
            let count = ((hours / self.step_hours).ceil() as usize).min(steps);
            self.simulate_steps(request, count, simulation, results)?;
            simulation.renew_units();
        }
        let mut miss_k = None;
        for _ in 0..if start.periodic { MOST_PASSES } else { 0 } {
            let began_c = simulation.pipes_c();
            self.simulate_steps(request, steps, simulation, results)?;
            simulation.renew_units();
            let ended_c = simulation.pipes_c();
            let changes = began_c.iter().zip(&ended_c).map(|(began, ended)| (ended - began).abs());
            let change_k = changes.fold(0.0, f64::max);
            miss_k = Some(change_k);
            if change_k < PERIODIC_K {
                break;
            }
        }
        self.years_before(request, simulation, results)?;
        Ok(miss_k)
    }

    /// Simulates the ground around boreholes over the years before the horizon, block by block.
    fn years_before(
        &self,
        request: &LoopRequest,
        simulation: &mut Simulation<'_>,
        results: &mut PassResults<'_>,
    ) -> Result<(), NetworkError> {
        let steps = request.output_kw.ncols();
        let mut past_years = 0;
        for times in year_blocks(self.network.years_before()) {
            let settled = simulation.clone();
            simulation.keep_loads();
            self.simulate_steps(request, steps, simulation, results)?;
            let loads_kw = simulation.take_loads();
            *simulation = settled;
            simulation.age(&loads_kw, past_years, times);
            past_years += times;
        }
        Ok(())
    }

    /// Simulates the first `steps` steps.
    fn simulate_steps(
        &self,
        request: &LoopRequest,
        steps: usize,
        simulation: &mut Simulation<'_>,
        results: &mut PassResults<'_>,
    ) -> Result<(), NetworkError> {
        let count = self.network.substation_names().len();
        let mut heat_kw = vec![0.0; count];
        for step in 0..steps {
            results.response.temp_c[step] = simulation.mean_c();
            results.per_output.fill(0.0);
            results.outside.fill(None);
            for (substation, heat_kw) in heat_kw.iter_mut().enumerate() {
                let machine_water;
                (*heat_kw, machine_water) = self.draw(request, step, substation, simulation, results);
                simulation.reckon_with(substation, machine_water);
            }
            let outcome = simulation.step(step, &heat_kw)?;
            let response = &mut *results.response;
            for (pump, (per_output, outside)) in results.per_output.iter().zip(&results.outside).enumerate() {
                response.signal.cops[[pump, step]] = 1.0 / per_output;
                if request.output_kw[[pump, step]] > IDLE_KW {
                    let validity = &mut response.validity[pump];
                    validity.running += 1;
                    validity.below += usize::from(*outside == Some(OutsideRange::Below));
                    validity.above += usize::from(*outside == Some(OutsideRange::Above));
                    validity.warming += usize::from(self.pumps[pump].warms_its_source(1.0 / per_output));
                }
            }
            response.temp_c[step + 1] = outcome.mean_c;
            response.heat_kwh[step] = outcome.substations_kwh;
            response.ground_kwh[step] = -outcome.lost_kwh;
            response.balancing_kwh[step] = outcome.units_kwh[0] + outcome.units_kwh[1] + outcome.waste_heat_kwh;
            response.balancing_energy_kwh[step] = outcome.own_kwh;
            response.balancing_eur += outcome.own_eur;
            response.balancing_co2_kg += outcome.own_co2_kg;
            response.signal.auxiliary_kw.column_mut(step).assign(&ArrayView1::from(&outcome.sites_kw));
            let [eur_per_kwh, co2_kg_per_kwh] = outcome.marginal;
            response.signal.balancing[step] = MarginalHeat { eur_per_kwh, co2_kg_per_kwh };
            for side in 0..2 {
                let excess_k = outcome.excess_k[side];
                let is_outside = response.violations[side].count(excess_k, self.step_hours, step);
                response.limit_steps[side] += usize::from(outcome.kept[side] || is_outside);
            }
        }
        Ok(())
    }

    /// Returns the heat of a substation's heat pumps to the water, kW, and the data on their water for the network;
    /// notes their COPs.
    fn draw(
        &self,
        request: &LoopRequest,
        step: usize,
        substation: usize,
        simulation: &Simulation<'_>,
        results: &mut PassResults<'_>,
    ) -> (f64, MachineWater) {
        let draws = self.network.draws(substation);
        let here = SubstationDraws { pumps: &self.pumps, draws, request, step, substation, simulation };
        let drawn_water = here.drawn_water();
        for draw in draws {
            let pump = &self.pumps[draw.pump];
            let (cop, outside) = pump.cop_and_range(drawn_water.of(pump.service), request.level_kwh[[draw.pump, step]]);
            results.per_output[draw.pump] += draw.share / cop;
            results.outside[draw.pump] = results.outside[draw.pump].or(outside);
        }
        (drawn_water.net_kw, here.machine_water(&drawn_water))
    }
}
