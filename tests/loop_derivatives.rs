//! The derivatives of the well-mixed loop and its heat pumps, against finite differences of the simulation.

#![allow(missing_docs, clippy::unwrap_used)]

use anergy::coupling::{LoopDerivatives, LoopModel, LoopRequest};
use anergy::heat_pump::{CoolingLift, CopModel, HeatPump, Service, SinkTemperature, UseOutsideRange};
use anergy::participants::WellMixedParticipant;
use anergy::water_loop::{LoopLimit, LoopProfiles, WellMixedLoop};
use ndarray::{Array2, array};

const STEP_HOURS: f64 = 0.5;
/// Half width of the differences: K, kWh, kW.
const DIFFERENCE: f64 = 1e-3;

/// Returns a heat pump and a chiller with stores on a loop that starts at `initial_c`, with ground at 9 degrees
/// Celsius.
fn participant(initial_c: f64, balancing_kw: f64) -> WellMixedParticipant {
    let settings = format!(
        "{{water_mass_kg: 5e4, initial_c: {initial_c}, min_c: 10, max_c: 22, ground: {{conductance_kw_per_k: 6, \
         temp_c: 9}}, balancing: {{heating: {{capacity_kw: {balancing_kw}}}, cooling: {{capacity_kw: \
         {balancing_kw}}}}}}}"
    );
    let profiles = LoopProfiles {
        ground_c: 9.0.into(),
        heating_price_eur_per_kwh: 0.0.into(),
        cooling_price_eur_per_kwh: 0.0.into(),
    };
    let water_loop = WellMixedLoop::new(&serde_yaml::from_str(&settings).unwrap(), profiles, LoopLimit::Balance);
    let pump = |service, sink| HeatPump {
        service,
        cop: CopModel::quadratic([8.0, -0.12, 0.0006], [0.0, 60.0], UseOutsideRange::Extrapolate),
        cooling_lift: CoolingLift::LoopMinusStore,
        sink,
    };
    let pumps = vec![
        pump(Service::Heating, SinkTemperature::linear(35.0, 0.4)),
        pump(Service::Cooling, SinkTemperature::linear(8.0, -0.2)),
    ];
    WellMixedParticipant { water_loop: water_loop.unwrap(), pumps, step_hours: STEP_HOURS }
}

/// Returns the temperature after one step, and the heat of the step.
fn after(initial_c: f64, balancing_kw: f64, output_kw: [f64; 2], level_kwh: [f64; 2]) -> (f64, f64) {
    let column = |[first, second]: [f64; 2]| -> Array2<f64> { array![[first], [second]] };
    let mut participant = participant(initial_c, balancing_kw);
    let response = participant.simulate(&LoopRequest::new(column(output_kw), column(level_kwh))).unwrap();
    (response.temp_c[1], response.heat_kwh[0])
}

fn assert_near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-6 * expected.abs().max(1e-3), "{what}: {found} instead of {expected}");
}

#[test]
fn derivatives_are_those_of_the_simulation() {
    let level_kwh = [4.0, 6.0];
    let mut held = 0;
    // Unlimited; held at the low and at the high limit within the unit's power; and beyond its power.
    let states = [
        (15.0, 1e4, [60.0, 20.0]),
        (16.0, 1e4, [5.0, 90.0]),
        (10.5, 1e4, [200.0, 0.0]),
        (21.5, 1e4, [0.0, 300.0]),
        (10.5, 30.0, [300.0, 0.0]),
        (21.5, 30.0, [0.0, 300.0]),
    ];
    for (temp_c, balancing_kw, output_kw) in states {
        let water_loop = participant(temp_c, balancing_kw);
        assert_eq!(water_loop.initial_c(), temp_c);
        let taken: Vec<_> =
            (0..2).map(|pump| water_loop.electricity_per_output(pump, temp_c, level_kwh[pump])).collect();
        let per_output = |pump: usize| water_loop.heat_without_electricity(pump) + taken[pump].value;
        let heat_kwh: f64 = (0..2).map(|pump| output_kw[pump] * STEP_HOURS * per_output(pump)).sum();
        let (simulated_c, simulated_kwh) = after(temp_c, balancing_kw, output_kw, level_kwh);
        assert_near(heat_kwh, simulated_kwh, "heat");
        let rates = water_loop.advance(0, temp_c, heat_kwh, 0.0);
        assert_near(rates.value, simulated_c, "temperature");

        let slope = |of: &dyn Fn(f64) -> f64| (of(DIFFERENCE) - of(-DIFFERENCE)) / (2.0 * DIFFERENCE);
        let heat_per_k: f64 = (0..2).map(|pump| output_kw[pump] * STEP_HOURS * taken[pump].per_k).sum();
        let by_temperature = slope(&|more| after(temp_c + more, balancing_kw, output_kw, level_kwh).0);
        assert_near(rates.per_k + rates.per_kwh * heat_per_k, by_temperature, "by the temperature");
        for pump in 0..2 {
            let changed = |values: [f64; 2], more: f64| {
                let mut values = values;
                values[pump] += more;
                values
            };
            let by_output = slope(&|more| after(temp_c, balancing_kw, changed(output_kw, more), level_kwh).0);
            assert_near(rates.per_kwh * STEP_HOURS * per_output(pump), by_output, "by the output");
            let by_level = slope(&|more| after(temp_c, balancing_kw, output_kw, changed(level_kwh, more)).0);
            let expected = rates.per_kwh * output_kw[pump] * STEP_HOURS * taken[pump].per_kwh;
            assert_near(expected, by_level, "by the level");
            // A fuller hot store is warmer, a fuller cold store colder: both increase the electricity.
            assert!(taken[pump].per_kwh > 0.0, "{:?}", taken[pump]);
        }
        held += usize::from(rates.per_kwh == 0.0);
    }
    assert_eq!(held, 2, "the loop is held within its limits in two of the states");
}
