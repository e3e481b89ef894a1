//! The load history of a borehole field, aggregated into longer cells with age.

use std::f64::consts::TAU;

use super::{BoreholeError, BoreholeField, GFunction};

/// Number of cells of each length before the length doubles.
const CELLS: usize = 20;

/// A borehole field with its past loads, in steps of one length.
///
/// Loads are stored as means over cells of one step, then two, four and so on, twenty of each length (Claesson and
/// Javed 2012, *A load-aggregation method to calculate extraction temperatures of borehole heat exchangers*); in
/// every step, heat moves from cell to cell in proportion to the cells' lengths.
#[derive(Debug, Clone)]
pub struct BoreholeHistory {
    /// Mean load per length by cell, W/m; heat out of the ground is positive.
    loads_w_m: Vec<f64>,
    /// Share of a cell that moves to the next cell in a step.
    passed: Vec<f64>,
    /// Response of the wall temperature by cell, K per W/m.
    answers: Vec<f64>,
    ground_c: f64,
    resistance_m_k_w: f64,
    total_length_m: f64,
    /// Wall temperature without the load of the next step, degrees Celsius.
    wall_c: f64,
}

impl BoreholeHistory {
    /// Creates a field without past loads, for `years` years in steps of `step_hours`.
    ///
    /// # Errors
    /// [`BoreholeError`] when numbers of the field are out of range.
    pub fn new(field: &BoreholeField, step_hours: f64, years: f64) -> Result<Self, BoreholeError> {
        let g = GFunction::of(field, years)?;
        Ok(Self::with(field, &g, step_hours, years))
    }

    /// Creates a field without past loads from a given g-function.
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

    /// Returns the wall temperature at the end of the next step without a load, degrees Celsius.
    #[must_use]
    pub fn rested_c(&self) -> f64 {
        self.wall_c
    }

    /// Returns two resistances of the field per kW taken out of it in a step, K/kW: the fall of the wall temperature
    /// at the end of the step, and the mean difference between wall and fluid along the boreholes.
    #[must_use]
    pub fn k_per_kw(&self) -> [f64; 2] {
        [self.answers[0], self.resistance_m_k_w].map(|per_length| 1e3 * per_length / self.total_length_m)
    }

    /// Takes `power_kw` out of the field for a step (into it where negative). Returns the mean temperatures of walls
    /// and fluid at its end, degrees Celsius.
    pub fn take(&mut self, power_kw: f64) -> [f64; 2] {
        let load = 1e3 * power_kw / self.total_length_m;
        self.loads_w_m[0] = load;
        let wall_c = self.wall_c - self.answers[0] * load;
        // Older cells come first, so that each cell passes on its value from before the step.
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
