//! The history of an iteration.

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

/// Wall-clock seconds of the phases of an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PhaseSeconds {
    /// Dispatch.
    pub dispatch: f64,
    /// Loop simulation.
    pub water_loop: f64,
    /// Everything else: pricing, residuals, records.
    pub rest: f64,
}

/// One iteration, as it stands in the convergence table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Number of the iteration, from 0.
    pub iteration: usize,
    /// Scheme that ran.
    pub scheme: &'static str,
    /// Share of the way from the last plan to the dispatcher's answer that its plan went, in (0, 1]; below 1 it is an average.
    pub step: f64,
    /// What the plan costs at the COPs it was made for.
    pub cost: PlanCost,
    /// What the same decisions cost at the COPs they lead to, EUR of money, without what the dispatcher is charged for balancing.
    pub cost_at_own_cops_eur: f64,
    /// What they leave unserved at those, kWh.
    pub unmet_at_own_cops_kwh: f64,
    /// Gap of this iterate, known one iteration later and only where the settings allow.
    pub gap: Option<Gap>,
    /// Change of the loop temperature since the iteration before.
    pub residual: Option<Residual>,
    /// Largest change from the COPs of this dispatch to those that followed from it.
    pub cop_residual: f64,
    /// Lowest, mean and highest loop temperature, degrees Celsius.
    pub temp_c: [f64; 3],
    /// Steps in which the low and the high limit were met.
    pub limit_steps: [usize; 2],
    /// Energy that appeared without a source at the low limit, and vanished at the high one (negative), kWh.
    pub created_kwh: [f64; 2],
    /// Heat from the ground, and into it (negative), kWh.
    pub ground_kwh: [f64; 2],
    /// Energy from the balancing unit, heating and cooling (negative), kWh.
    pub balancing_kwh: [f64; 2],
    /// Electricity or fuel that it took for that, kWh.
    pub balancing_energy_kwh: f64,
    /// What that cost, EUR.
    pub balancing_eur: f64,
    /// What that emitted, kg CO2.
    pub balancing_co2_kg: f64,
    /// What it could not hold: below the low limit, above the high one.
    pub violations: [LimitViolation; 2],
    /// Miss of the loop's energy balance over the whole time, relative to the energy moved.
    pub balance_residual: f64,
    /// Worst miss of the energy balance of a step, relative to the energy moved in it.
    pub step_balance_residual: f64,
    /// Worst miss of any equation or bound of the plan, kW or kWh.
    pub certificate: f64,
    /// Wall-clock seconds.
    #[serde(skip)]
    pub seconds: PhaseSeconds,
}

impl Record {
    /// Whether its plan is an average of answers.
    #[must_use]
    pub fn is_average(&self) -> bool {
        self.step < 1.0
    }

    /// All of it but the seconds, to the last bit, as JSON.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The part of a record that the loop's response tells; costs, certificate and seconds are still empty.
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
    // Beginning at plus zero: an empty sum of floats is minus zero.
    values.filter(|value| *value > 0.0).fold(0.0, |sum, value| sum + value)
}

/// Told of every iteration as it ends, and asked whether it should be the last.
pub trait Observer {
    /// An iteration has ended.
    fn iteration(&mut self, record: &Record);

    /// The gap of an iteration has become known.
    fn gap(&mut self, iteration: usize, gap: &Gap) {
        let _ = (iteration, gap);
    }

    /// Whether somebody wants the iterations to end after the one at hand.
    fn wants_to_stop(&self) -> bool {
        false
    }
}

impl Observer for () {
    fn iteration(&mut self, _record: &Record) {}
}
