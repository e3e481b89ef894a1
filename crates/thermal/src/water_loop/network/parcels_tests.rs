//! Tests of single pipes against analytical solutions.

use proptest::prelude::*;

use super::parcels::{Pipe, PipeProperties};

const FLOW_W_K: f64 = 1000.0;
const SECONDS: f64 = 200.0;

/// Returns a pipe that the flow of [`FLOW_W_K`] passes in [`SECONDS`].
fn make(beta: f64, ground_w_k: f64) -> PipeProperties {
    let water_j_k = FLOW_W_K * SECONDS;
    PipeProperties { surface_m2: 10.0, water_j_k, wall_j_k: beta * water_j_k, ground_w_k }
}

/// Returns the film for a number of transfer units at [`FLOW_W_K`].
fn film(units: f64) -> f64 {
    units * FLOW_W_K / 10.0
}

#[test]
fn water_at_rest_decays_exponentially() {
    // With almost no wall: water and ground, with film and insulation in series.
    let mut pipe = Pipe::new(&make(0.0, 5.0), 7, 20.0);
    pipe.begin(0.0, 2.0, 3600.0, 1.0);
    pipe.prepare(10.0);
    pipe.commit(f64::NAN.max(0.0));
    let together: f64 = 1.0 / (1.0 / 20.0 + 1.0 / 5.0);
    let expected = 10.0 + 10.0 * (-together * 3600.0 / (FLOW_W_K * SECONDS)).exp();
    assert!((pipe.mean_c() - expected).abs() < 1e-5, "{} instead of {expected}", pipe.mean_c());
    // One step has the same result as a thousand.
    let [mut one, mut many] = [(); 2].map(|()| Pipe::new(&make(0.3, 5.0), 3, 20.0));
    one.begin(0.0, 2.0, 36_000.0, 1.0);
    one.prepare(10.0);
    one.commit(0.0);
    for _ in 0..1000 {
        many.begin(0.0, 2.0, 36.0, 1.0);
        many.prepare(10.0);
        many.commit(0.0);
    }
    assert!((one.mean_c() - many.mean_c()).abs() < 1e-10);
}

#[test]
fn a_steady_flow_decays_along_the_pipe() {
    for (seconds, cells) in [(5.0, 40), (70.0, 40), (900.0, 4), (3600.0, 1)] {
        let mut pipe = Pipe::new(&make(0.2, 30.0), cells, 15.0);
        let mut outlet_c = f64::NAN;
        for _ in 0..2000 {
            pipe.begin(FLOW_W_K, film(3.0), seconds, 1.0);
            pipe.prepare(10.0);
            outlet_c = pipe.commit(60.0).outlet_c;
        }
        let together = 1.0 / (1.0 / (3.0 * FLOW_W_K) + 1.0 / 30.0);
        let expected = 10.0 + 50.0 * (-together / FLOW_W_K).exp();
        assert!((outlet_c - expected).abs() < 1e-6, "{seconds} s: {outlet_c} instead of {expected}");
    }
}

/// A step at the inlet of an insulated pipe (Schumann 1929): the front comes after L/u with a height of e^-NTU, the
/// rest is delayed, and the mean delay is the water's plus the wall's share of the heat capacity.
#[test]
fn a_front_arrives_at_the_expected_time_and_height() {
    let (units, beta, cells) = (2.0, 0.3, 1000);
    let mut pipe = Pipe::new(&make(beta, 0.0), cells, 0.0);
    let step = SECONDS / cells as f64;
    let (mut missing, mut moment, mut first) = (0.0, 0.0, Vec::new());
    for k in 0..12 * cells {
        pipe.begin(FLOW_W_K, film(units), step, 1.0);
        pipe.prepare(0.0);
        let outlet_c = pipe.commit(1.0).outlet_c;
        if k < cells {
            assert!(outlet_c.abs() < 1e-12, "nothing comes before the water does");
        } else if first.len() < 3 {
            first.push(outlet_c);
        }
        missing += (1.0 - outlet_c) * step;
        // The integral of t over the step.
        moment += (1.0 - outlet_c) * step * step * (k as f64 + 0.5);
    }
    // Extrapolation from the means of three steps to the beginning of the first.
    let height = (11.0 * first[0] - 7.0 * first[1] + 2.0 * first[2]) / 6.0;
    let mean = (1.0 + beta) * SECONDS;
    let variance = 2.0 * (beta * SECONDS).powi(2) / units;
    assert!((height / (-units).exp() - 1.0).abs() < 1e-6, "{height}");
    assert!((missing / mean - 1.0).abs() < 1e-6, "{missing}");
    assert!(((2.0 * moment - missing.powi(2)) / variance - 1.0).abs() < 1e-6);
}

proptest! {
    /// Heat in, heat out, losses and stored heat balance for any flow, and in either orientation of the pipe.
    #[test]
    fn energy_is_conserved_and_the_reversed_pipe_agrees(
        beta in 0.0f64..2.0, ground in 0.0f64..200.0, cells in 1usize..9, units in 0.01f64..30.0,
        steps in proptest::collection::vec((-20.0f64..20.0, -10.0f64..90.0, 1.0f64..4000.0), 1..30),
    ) {
        let [mut pipe, mut mirror] = [(); 2].map(|()| Pipe::new(&make(beta, ground), cells, 12.0));
        for (flow, inlet_c, seconds) in steps {
            // One flow in four is zero.
            let flow = if flow.abs() < 5.0 { 0.0 } else { flow.signum() * 10f64.powf(flow.abs() - 16.0) * FLOW_W_K };
            let before = pipe.content_j();
            pipe.begin(flow, film(units), seconds, 1.0);
            pipe.prepare(9.0);
            let passed = pipe.commit(inlet_c);
            mirror.begin(-flow, film(units), seconds, 1.0);
            mirror.prepare(9.0);
            let mirrored = mirror.commit(inlet_c);
            let through = flow.abs() * seconds;
            let gained = through * (inlet_c - passed.outlet_c) - passed.lost_j;
            let scale = through * 90.0 + pipe.content_j().abs().max(before.abs());
            prop_assert!((pipe.content_j() - before - gained).abs() < 1e-11 * scale);
            prop_assert!(flow == 0.0 || (passed.outlet_c - mirrored.outlet_c).abs() < 1e-9);
            prop_assert!((pipe.content_j() - mirror.content_j()).abs() < 1e-9 * scale);
        }
    }
}
