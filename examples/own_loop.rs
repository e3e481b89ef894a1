//! Couples a district with a loop model of one's own: a lake whose temperature follows a season and does not feel the
//! heat pumps.
//!
//! Whatever turns what heat pumps do into temperatures and COPs can be a participant of the co-simulation: another
//! simulator, a measured series, a test double.
//!
//! ```text
//! cargo run --example own_loop
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::f64::consts::TAU;

use anergy::coupling::{CouplingSettings, LoopModel, LoopRequest, LoopResponse, Start, Stop, drive, scheme};
use anergy::dispatch::Dispatch;
use anergy::heat_pump::{HeatPump, LoopWater};
use anergy::participants::DistrictDispatcher;
use anergy::prelude::*;
use ndarray::Array1;

/// A lake in degrees Celsius: a mean, and an amplitude over the time of the run.
struct Lake {
    mean_c: f64,
    amplitude_k: f64,
    step_hours: f64,
    pumps: Vec<HeatPump>,
}

impl LoopModel for Lake {
    type Error = Infallible;

    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, Infallible> {
        let (pumps, steps) = request.output_kw.dim();
        let mut response = LoopResponse::zeros(pumps, steps);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 steps")]
        let share = |step: usize| step as f64 / steps as f64;
        response.temp_c =
            Array1::from_shape_fn(steps + 1, |step| self.mean_c - self.amplitude_k * (TAU * share(step)).cos());
        for ((pump, step), &output_kw) in request.output_kw.indexed_iter() {
            let machine = &self.pumps[pump];
            let water = LoopWater { inlet_c: response.temp_c[step], spread_k: 0.0 };
            let cop = machine.cop(water, request.level_kwh[[pump, step]]);
            response.signal.cops[[pump, step]] = cop;
            // Heat into the loop is positive. The lake takes and gives all of it: nothing is left in the water.
            let heat_kwh = output_kw * machine.loop_heat_per_output(cop) * self.step_hours;
            response.heat_kwh[step] += heat_kwh;
            response.ground_kwh[step] -= heat_kwh;
        }
        Ok(response)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/starter/district.yaml");
    let case = Case::load(&Request { model: model.into(), ..Request::default() })?;
    let coupled = case.coupled.as_ref().ok_or("the district has no heat pumps on a loop")?;

    let backend = anergy::lp::default_backend();
    let names = coupled.pumps.iter().map(|pump| (pump.site.as_str(), pump.technology.as_str(), pump.store.as_deref()));
    let mut dispatcher = DistrictDispatcher::new(Dispatch::new(case.district.clone(), backend)?, backend, names);
    let mut lake = Lake {
        mean_c: 9.0,
        amplitude_k: 3.0,
        step_hours: case.district.axis().step_hours(),
        pumps: coupled.pumps.iter().map(|pump| pump.pump.clone()).collect(),
    };

    let settings = CouplingSettings { stop: Stop::Gap, ..CouplingSettings::default() };
    let mut scheme = scheme(&settings).ok_or("the scheme needs more than a plan and COPs")?;
    let cops = dispatcher.cops();
    let start = Start { committed: cops.clone(), start: cops };
    let outcome = drive(&mut dispatcher, &mut lake, scheme.as_mut(), &settings, &start, &mut (), &mut ())?;
    println!("{:?} after {} iterations", outcome.verdict, outcome.records.len());
    println!(
        "{:.2} EUR for the plan, relative gap {:?}",
        outcome.plan.account.cost_eur(),
        outcome.gap.map(|gap| gap.relative)
    );
    Ok(())
}
