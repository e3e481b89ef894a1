//! A well-mixed loop as a participant of the coupling.

use std::convert::Infallible;
use std::mem;

use anergy_thermal::heat_pump::{HeatPump, LoopWater, OutsideRange};
use anergy_thermal::water_loop::{BalancingUse, EnergyBalance, WellMixedLoop};
use ndarray::{ArrayView1, ArrayViewMut1, Zip, s};

use super::IDLE_KW;
use crate::coupling::{LoopDerivatives, LoopModel, LoopRequest, LoopResponse, MarginalHeat, Rates, Validity};

/// Smallest heat at a limit that counts, as a share of the heat moved in the step or of the heat that changes the
/// loop by 1 K.
const NEGLIGIBLE_SHARE: f64 = 1e-9;

/// A well-mixed loop with its heat pumps, as a participant of the coupling.
#[derive(Debug, Clone)]
pub struct WellMixedParticipant {
    /// Water loop.
    pub water_loop: WellMixedLoop,
    /// Heat pumps on the loop.
    pub pumps: Vec<HeatPump>,
    /// Length of a step, hours.
    pub step_hours: f64,
}

impl LoopModel for WellMixedParticipant {
    type Error = Infallible;

    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, Infallible> {
        let LoopRequest { output_kw, level_kwh, given_cops } = request;
        let steps = output_kw.ncols();
        let mut response = LoopResponse::zeros(self.pumps.len(), steps);
        let (mut cop, mut validity) = (mem::take(&mut response.signal.cops), mem::take(&mut response.validity));
        let rows = output_kw.rows().into_iter().zip(level_kwh.rows()).zip(cop.rows_mut()).zip(&mut validity);
        let runs = self.pumps.iter().enumerate().zip(rows);
        let mut runs: Vec<PumpRun<'_>> = runs
            .map(|((index, pump), (((output_kw, level_kwh), cop), validity))| {
                let given_cop = given_cops.as_ref().map(|given| given.row(index));
                PumpRun { pump, output_kw, level_kwh, given_cop, cop, validity }
            })
            .collect();

        let spread_k = self.water_loop.spread_k();
        let water_loop = self.water_loop.stepper(self.step_hours);
        let mut balancing = BalancingUse::default();
        let mut temp_c = self.water_loop.initial_c();
        for step in 0..steps {
            response.temp_c[step] = temp_c;
            for run in &mut runs {
                run.follow(step, LoopWater { inlet_c: temp_c, spread_k });
            }
            // A loop of its own, so that the sum stays in a register: the next step waits for it.
            let heat_kwh = runs.iter().fold(0.0, |sum, run| sum + run.loop_heat_kwh(step, self.step_hours));
            let after = water_loop.advance(step, temp_c, heat_kwh);
            temp_c = after.temp_c;
            response.heat_kwh[step] = heat_kwh;
            response.ground_kwh[step] = after.ground_kwh;
            let added_kwh = after.created_kwh + after.balancing_kwh;
            if added_kwh == 0.0 && after.violation_k == 0.0 {
                continue;
            }
            balancing += after.balancing_use;
            response.created_kwh[step] = after.created_kwh;
            response.balancing_kwh[step] = after.balancing_kwh;
            response.balancing_energy_kwh[step] = after.balancing_use.energy_kwh;
            if after.balancing_kwh != 0.0 {
                let BalancingUse { cost_eur, co2_kg, .. } = after.balancing_use;
                // Cost and emissions are linear in the heat: the marginal values are the average ones.
                let [eur_per_kwh, co2_kg_per_kwh] = [cost_eur, co2_kg].map(|sum| sum / after.balancing_kwh);
                response.signal.balancing[step] = MarginalHeat { eur_per_kwh, co2_kg_per_kwh };
            }
            let moved_kwh: f64 = runs.iter().map(|run| run.loop_heat_kwh(step, self.step_hours).abs()).sum();
            let noise_kwh = self.noise_kwh(moved_kwh);
            for (side, sign) in [1.0, -1.0].into_iter().enumerate() {
                let excess_k = -sign * after.violation_k;
                let is_outside = response.violations[side].count(excess_k, self.step_hours, step);
                response.limit_steps[side] += usize::from(sign * added_kwh > noise_kwh || is_outside);
            }
        }
        response.temp_c[steps] = temp_c;
        price_what_is_balanced_later(&mut response, water_loop.kept_per_step());
        (response.signal.cops, response.validity) = (cop, validity);
        (response.balancing_eur, response.balancing_co2_kg) = (balancing.cost_eur, balancing.co2_kg);
        let balance = self.balance(&response);
        response.balance_residual = balance.whole(temp_c - self.water_loop.initial_c());
        response.step_balance_residual = balance.worst_step();
        Ok(response)
    }
}

/// Assigns each step without heat at a limit the marginal cost of the next step in which the unit runs: heat taken
/// earlier is missing there, less what the ground has replaced since (`price_t = kept_per_step price_t+1`). This is
/// the derivative of the cost of balancing by the heat of each step. Heat that is missing after the last step has no
/// cost.
fn price_what_is_balanced_later(response: &mut LoopResponse, kept_per_step: f64) {
    let mut later = MarginalHeat::default();
    for (step, heat) in response.signal.balancing.iter_mut().enumerate().rev() {
        let is_held = response.balancing_kwh[step] != 0.0 || response.created_kwh[step] != 0.0;
        if !is_held {
            heat.eur_per_kwh = kept_per_step * later.eur_per_kwh;
            heat.co2_kg_per_kwh = kept_per_step * later.co2_kg_per_kwh;
        }
        later = *heat;
    }
}

impl WellMixedParticipant {
    /// Returns the heat at a limit, kWh, that counts as rounding of the plan in a step in which heat pumps moved
    /// `moved_kwh`: outputs are exact to [`IDLE_KW`] each, and sums of them to a share of the summed values.
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    fn noise_kwh(&self, moved_kwh: f64) -> f64 {
        let of_outputs_kwh = IDLE_KW * self.step_hours * self.pumps.len() as f64;
        of_outputs_kwh + NEGLIGIBLE_SHARE * (moved_kwh + self.water_loop.heat_capacity_kwh_per_k())
    }

    /// Returns the energy balance of all steps.
    fn balance(&self, response: &LoopResponse) -> EnergyBalance {
        let LoopResponse { temp_c, heat_kwh, ground_kwh, created_kwh, balancing_kwh, .. } = response;
        let mut balance = EnergyBalance::new(self.water_loop.heat_capacity_kwh_per_k());
        let steps = Zip::from(temp_c.slice(s![..-1])).and(temp_c.slice(s![1..]));
        let steps = steps.and(heat_kwh).and(ground_kwh).and(created_kwh).and(balancing_kwh);
        steps.for_each(|before_c, after_c, heat, ground, created, balancing| {
            balance.add(after_c - before_c, [*heat, *ground, *created, *balancing]);
        });
        balance
    }
}

impl LoopDerivatives for WellMixedParticipant {
    fn initial_c(&self) -> f64 {
        self.water_loop.initial_c()
    }

    fn heat_without_electricity(&self, pump: usize) -> f64 {
        self.pumps[pump].loop_heat_per_output(f64::INFINITY)
    }

    /// Computes the derivatives by central differences: smooth models give all digits that a Newton step needs, and
    /// COP models need no derivatives of their own.
    fn electricity_per_output(&self, pump: usize, temp_c: f64, level_kwh: f64) -> Rates {
        /// Half width of the difference in temperature, K.
        const DIFFERENCE_K: f64 = 1e-3;
        let (pump, spread_k) = (&self.pumps[pump], self.water_loop.spread_k());
        let at = |inlet_c: f64, level_kwh: f64| 1.0 / pump.cop(LoopWater { inlet_c, spread_k }, level_kwh);
        let slope = |low: f64, high: f64, width: f64| (high - low) / (2.0 * width);
        let per_k = slope(at(temp_c - DIFFERENCE_K, level_kwh), at(temp_c + DIFFERENCE_K, level_kwh), DIFFERENCE_K);
        let kelvin_per_kwh = pump.sink.kelvin_per_kwh();
        let per_kwh = if kelvin_per_kwh == 0.0 {
            0.0
        } else {
            let width = DIFFERENCE_K / kelvin_per_kwh.abs();
            slope(at(temp_c, level_kwh - width), at(temp_c, level_kwh + width), width)
        };
        Rates { value: at(temp_c, level_kwh), per_k, per_kwh }
    }

    fn advance(&self, step: usize, temp_c: f64, heat_kwh: f64, rounding_k: f64) -> Rates {
        let stepper = self.water_loop.stepper(self.step_hours);
        let rounded = stepper.advance_rounded(step, temp_c, heat_kwh, rounding_k);
        let [value, per_k, per_kwh] =
            rounded.unwrap_or_else(|| [stepper.advance(step, temp_c, heat_kwh).temp_c, 1.0, 0.0]);
        Rates { value, per_k, per_kwh }
    }
}

/// A heat pump through the time of a simulation: its part of the plan, and of the response.
struct PumpRun<'a> {
    pump: &'a HeatPump,
    output_kw: ArrayView1<'a, f64>,
    level_kwh: ArrayView1<'a, f64>,
    given_cop: Option<ArrayView1<'a, f64>>,
    cop: ArrayViewMut1<'a, f64>,
    validity: &'a mut Validity,
}

impl PumpRun<'_> {
    /// Notes the COP with the loop's water, and whether it is valid.
    #[inline]
    fn follow(&mut self, step: usize, water: LoopWater) {
        let (cop, outside) = self.pump.cop_and_range(water, self.level_kwh[step]);
        self.cop[step] = cop;
        if self.output_kw[step] > IDLE_KW {
            self.validity.running += 1;
            self.validity.below += usize::from(outside == Some(OutsideRange::Below));
            self.validity.above += usize::from(outside == Some(OutsideRange::Above));
            self.validity.warming += usize::from(self.pump.warms_its_source(cop));
        }
    }

    /// Heat that the pump gives the loop in a step, kWh.
    #[inline]
    fn loop_heat_kwh(&self, step: usize, step_hours: f64) -> f64 {
        let used = self.given_cop.as_ref().map_or(self.cop[step], |given| given[step]);
        self.output_kw[step] * step_hours * self.pump.loop_heat_per_output(used)
    }
}
