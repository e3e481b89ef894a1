//! What a field of boreholes remembers: its loads, the older the coarser.

use std::f64::consts::TAU;

use super::{BoreholeError, BoreholeField, GFunction};

/// Cells of each length before it doubles.
const CELLS: usize = 20;

/// A field with the loads that it has seen, in steps of one length.
///
/// Loads are kept as means over cells of one step, then two, four and so on, twenty of each (Claesson and Javed 2012, *A load-aggregation method to
/// calculate extraction temperatures of borehole heat exchangers*); in every step, heat moves from cell to cell in proportion to its length.
#[derive(Debug, Clone)]
pub struct BoreholeHistory {
    /// Mean load per length, W/m; heat out of the ground is positive.
    loads_w_m: Vec<f64>,
    /// Share of a cell that goes on to the next in a step.
    passed: Vec<f64>,
    /// By cell: what the wall falls by, K per W/m.
    answers: Vec<f64>,
    ground_c: f64,
    resistance_m_k_w: f64,
    total_length_m: f64,
    /// Temperature of the wall without the load of the step to come, degrees Celsius.
    wall_c: f64,
}

impl BoreholeHistory {
    /// A field that has not been used yet, for `years` years in steps of `step_hours`.
    ///
    /// # Errors
    /// [`BoreholeError`] when numbers of the field are out of range.
    pub fn new(field: &BoreholeField, step_hours: f64, years: f64) -> Result<Self, BoreholeError> {
        let g = GFunction::of(field, years)?;
        Ok(Self::with(field, &g, step_hours, years))
    }

    /// The same, for an answer of the ground that is known.
    #[must_use]
    pub fn with(field: &BoreholeField, g: &GFunction, step_hours: f64, years: f64) -> Self {
        let (step_s, last_s) = (3600.0 * step_hours, years * 8760.0 * 3600.0);
        let (mut end_s, mut width) = (0.0, 1.0);
        let (mut passed, mut answers) = (Vec::new(), Vec::new());
        while end_s < last_s {
            for _ in 0..CELLS {
                let from = g.at(end_s);
                end_s += width * step_s;
                passed.push(1.0 / width);
                answers.push((g.at(end_s) - from) / (TAU * field.conductivity_w_m_k));
            }
            width *= 2.0;
        }
        Self {
            loads_w_m: vec![0.0; answers.len()],
            passed,
            answers,
            ground_c: field.ground_c,
            resistance_m_k_w: field.resistance_m_k_w,
            total_length_m: field.total_length_m(),
            wall_c: field.ground_c,
        }
    }

    /// Temperature that the walls would have at the end of the step to come without a load, degrees Celsius.
    #[must_use]
    pub fn rested_c(&self) -> f64 {
        self.wall_c
    }

    /// Returns what the walls fall by at the end of a step, and how far the fluid is below them in the mean along the boreholes, per kW taken out
    /// of the field in it, K/kW.
    #[must_use]
    pub fn k_per_kw(&self) -> [f64; 2] {
        [self.answers[0], self.resistance_m_k_w].map(|per_length| 1e3 * per_length / self.total_length_m)
    }

    /// Takes `power_kw` out of the field for a step (into it where negative). Returns the mean temperatures of walls and fluid at its end, degrees Celsius.
    pub fn take(&mut self, power_kw: f64) -> [f64; 2] {
        let load = 1e3 * power_kw / self.total_length_m;
        self.loads_w_m[0] = load;
        let wall_c = self.wall_c - self.answers[0] * load;
        // Older cells first, so that each passes on what it had.
        for cell in (1..self.loads_w_m.len()).rev() {
            let share = self.passed[cell];
            self.loads_w_m[cell] = (1.0 - share) * self.loads_w_m[cell] + share * self.loads_w_m[cell - 1];
        }
        self.loads_w_m[0] = 0.0;
        let fallen: f64 = self.loads_w_m.iter().zip(&self.answers).map(|(load, answer)| load * answer).sum();
        self.wall_c = self.ground_c - fallen;
        [wall_c, wall_c - self.resistance_m_k_w * load]
    }
}
