//! The record of an iteration, and the observer of the iterations.

use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::{CopSeries, Gap, LimitViolation, LoopResponse, PlanCost, Residual};

/// Returns the change from `before` to `now`, loop temperatures of the same length.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
pub(super) fn residual_between(before: &Array1<f64>, now: &Array1<f64>) -> Residual {
    let mut residual = Residual { mean_relative: 0.0, mean_k: 0.0, max_k: 0.0, at: 0 };
    for (at, (old, new)) in before.iter().zip(now).enumerate() {
        let change = (new - old).abs();
        residual.mean_k += change;
        residual.mean_relative += change / old.abs();
        if change > residual.max_k {
            (residual.max_k, residual.at) = (change, at);
        }
    }
    let len = before.len() as f64;
    residual.mean_k /= len;
    residual.mean_relative /= len;
    residual
}

/// The wall-clock seconds of the phases of an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PhaseSeconds {
    /// Seconds in the dispatch.
    pub dispatch: f64,
    /// Seconds in the loop simulation.
    pub water_loop: f64,
    /// Seconds in all other phases: pricing, residuals, records.
    pub rest: f64,
}

/// An iteration as a row of the convergence table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Iteration, from 0.
    pub iteration: usize,
    /// Name of the scheme that made the plan.
    pub scheme: &'static str,
    /// Step from the previous plan towards the dispatcher's answer, as a share in (0, 1]; below 1 the plan is an
    /// average.
    pub step: f64,
    /// Cost of the plan at the COPs for which it was made.
    pub cost: PlanCost,
    /// Cost of the plan's decisions at the COPs they lead to, EUR of money, without the dispatcher's charge for
    /// balancing.
    pub cost_at_own_cops_eur: f64,
    /// Unmet demand of the plan's decisions at the COPs they lead to, kWh.
    pub unmet_at_own_cops_kwh: f64,
    /// Gap of this iterate, known one iteration later; `None` where the settings do not allow to measure it.
    pub gap: Option<Gap>,
    /// Change of the loop temperature since the previous iteration; `None` in the first.
    pub residual: Option<Residual>,
    /// Largest change from the COPs of this dispatch to the COPs that followed from it.
    pub cop_residual: f64,
    /// Lowest, mean and highest loop temperature, degrees Celsius.
    pub temp_c: [f64; 3],
    /// Steps at the low and at the high limit.
    pub limit_steps: [usize; 2],
    /// Energy created without a source at the low limit, and destroyed at the high one (negative), kWh.
    pub created_kwh: [f64; 2],
    /// Heat from the ground, and into the ground (negative), kWh.
    pub ground_kwh: [f64; 2],
    /// Heat from the balancing unit, and cold (negative), kWh.
    pub balancing_kwh: [f64; 2],
    /// Electricity or fuel for balancing, kWh.
    pub balancing_energy_kwh: f64,
    /// Cost of balancing, EUR.
    pub balancing_eur: f64,
    /// Emissions of balancing, kg CO2.
    pub balancing_co2_kg: f64,
    /// Violations of the low and of the high limit.
    pub violations: [LimitViolation; 2],
    /// Residual of the loop's energy balance over the horizon, relative to the energy moved.
    pub balance_residual: f64,
    /// Largest residual of the energy balance of a step, relative to the energy moved in it.
    pub step_balance_residual: f64,
    /// Largest violation of any equation or bound of the plan, kW or kWh.
    pub certificate: f64,
    /// Wall-clock seconds of the phases.
    #[serde(skip)]
    pub seconds: PhaseSeconds,
}

impl Record {
    /// Returns whether the plan is an average of the dispatcher's answers.
    #[must_use]
    pub fn is_average(&self) -> bool {
        self.step < 1.0
    }

    /// Returns the record without its seconds as JSON, exact to the last bit.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Creates the record of a loop response; costs, certificate and seconds are still zero.
    pub(super) fn of_response(
        iteration: usize,
        (scheme, step): (&'static str, f64),
        cops: &CopSeries,
        response: &LoopResponse,
    ) -> Self {
        let temp_c = &response.temp_c;
        let cop_residual =
            cops.iter().zip(&response.signal.cops).fold(0.0_f64, |worst, (old, new)| worst.max((new - old).abs()));
        let signs = |series: &Array1<f64>| {
            [positive_sum(series.iter().copied()), 0.0 - positive_sum(series.iter().map(|v| -v))]
        };
        Self {
            iteration,
            scheme,
            step,
            cost: PlanCost::default(),
            cost_at_own_cops_eur: 0.0,
            unmet_at_own_cops_kwh: 0.0,
            gap: None,
            residual: None,
            cop_residual,
            temp_c: [
                temp_c.iter().copied().fold(f64::INFINITY, f64::min),
                temp_c.mean().unwrap_or(f64::NAN),
                temp_c.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ],
            limit_steps: response.limit_steps,
            created_kwh: signs(&response.created_kwh),
            ground_kwh: signs(&response.ground_kwh),
            balancing_kwh: signs(&response.balancing_kwh),
            balancing_energy_kwh: response.balancing_energy_kwh.sum(),
            balancing_eur: response.balancing_eur,
            balancing_co2_kg: response.balancing_co2_kg,
            violations: response.violations,
            balance_residual: response.balance_residual,
            step_balance_residual: response.step_balance_residual,
            certificate: 0.0,
            seconds: PhaseSeconds::default(),
        }
    }
}

fn positive_sum(values: impl Iterator<Item = f64>) -> f64 {
    // The fold begins at plus zero, because the sum of an empty float iterator is minus zero.
    values.filter(|value| *value > 0.0).fold(0.0, |sum, value| sum + value)
}

/// An observer of the iterations, which can also stop them.
pub trait Observer {
    /// Receives the record of a finished iteration.
    fn iteration(&mut self, record: &Record);

    /// Receives the gap of an iteration, which may be an earlier one.
    fn gap(&mut self, iteration: usize, gap: &Gap) {
        let _ = (iteration, gap);
    }

    /// Returns whether the iteration should stop after the current one.
    fn wants_to_stop(&self) -> bool {
        false
    }
}

impl Observer for () {
    fn iteration(&mut self, _record: &Record) {}
}
