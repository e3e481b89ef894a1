//! A building over time: free temperatures, and the loads that keep it between two set-points.

use anergy_profile::Profile;
use nalgebra::DVector;

use crate::{BuildingError, Compat, Discrete, StateSpace};

/// The inputs of a building over time: one profile per input of its [`StateSpace`]. Heat inputs that are not given
/// are 0; every boundary must be given.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    steps: usize,
    names: Vec<String>,
    columns: Vec<Option<Profile>>,
    boundaries: usize,
}

impl Inputs {
    /// Creates the inputs of `space` for `steps` steps, without values.
    #[must_use]
    pub fn new(space: &StateSpace, steps: usize) -> Self {
        let names = space.input_names().to_vec();
        let columns = vec![None; names.len()];
        Self { steps, names, columns, boundaries: space.boundaries() }
    }

    /// Sets an input: a temperature in degrees Celsius for a boundary, a heat flow in W for a heat input; mean values
    /// of the steps.
    ///
    /// # Errors
    /// [`BuildingError::Unknown`] for another name, [`BuildingError::Length`] for a series of another length,
    /// [`BuildingError::Value`] for a value that is not finite.
    pub fn set(&mut self, name: &str, profile: Profile) -> Result<&mut Self, BuildingError> {
        let position = self.names.iter().position(|known| known == name).ok_or_else(|| BuildingError::Unknown {
            kind: "input",
            name: name.to_owned(),
            known: self.names.join(", "),
        })?;
        fits(&format!("the input `{name}`"), &profile, self.steps)?;
        self.columns[position] = Some(profile);
        Ok(self)
    }

    /// Returns the number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Returns the inputs of a step, in the order of the state space.
    ///
    /// # Panics
    /// If `step` is not below [`Inputs::steps`].
    #[must_use]
    pub fn at(&self, step: usize) -> DVector<f64> {
        let value = |column: &Option<Profile>| column.as_ref().map_or(0.0, |profile| profile.at(step));
        DVector::from_iterator(self.columns.len(), self.columns.iter().map(value))
    }

    /// Checks that every boundary has a temperature.
    ///
    /// # Errors
    /// [`BuildingError::NoTemperature`].
    pub fn validate(&self) -> Result<(), BuildingError> {
        match self.columns.iter().take(self.boundaries).position(Option::is_none) {
            Some(missing) => Err(BuildingError::NoTemperature { name: self.names[missing].clone() }),
            None => Ok(()),
        }
    }
}

fn fits(what: &str, profile: &Profile, steps: usize) -> Result<(), BuildingError> {
    if let Some(found) = profile.steps().filter(|&found| found != steps) {
        return Err(BuildingError::Length { what: what.to_owned(), found, expected: steps });
    }
    let count = if profile.steps().is_some() { steps } else { steps.min(1) };
    match (0..count).map(|step| profile.at(step)).find(|value| !value.is_finite()) {
        Some(value) => BuildingError::check(what, value, false, "a finite number"),
        None => Ok(()),
    }
}

/// A plant that adds or removes exactly the heat that keeps the air between two set-points, up to its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct IdealPlant {
    /// Name of the heat input it acts through, with a positive share at the air.
    pub input: String,
    /// Lowest temperature of the air at the end of a step, degrees Celsius.
    pub heating_c: Profile,
    /// Highest temperature of the air at the end of a step, degrees Celsius, not below `heating_c`.
    pub cooling_c: Profile,
    /// Largest heating output, W, 0 or more; may be infinite.
    pub heating_limit_w: f64,
    /// Largest cooling output, W, 0 or more; may be infinite.
    pub cooling_limit_w: f64,
}

impl IdealPlant {
    /// A plant without limits and with constant set-points, degrees Celsius, on the heat input `plant`.
    #[must_use]
    pub fn unlimited(heating_c: f64, cooling_c: f64) -> Self {
        Self {
            input: "plant".to_owned(),
            heating_c: Profile::Constant(heating_c),
            cooling_c: Profile::Constant(cooling_c),
            heating_limit_w: f64::INFINITY,
            cooling_limit_w: f64::INFINITY,
        }
    }
}

/// The course of a building over time; every series has one value per step.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Temperature of the air at the end of the step, degrees Celsius.
    pub air_end_c: Vec<f64>,
    /// Mean temperature of the air over the step, degrees Celsius.
    pub air_mean_c: Vec<f64>,
    /// Heating output, W, 0 or more.
    pub heating_w: Vec<f64>,
    /// Cooling output, W, 0 or more.
    pub cooling_w: Vec<f64>,
    /// Heat stored over the step minus all heat flows into the building, relative to the sum of their absolute values
    /// and at least 1 J: 0 but for rounding.
    pub balance_error: Vec<f64>,
    /// States at the end of the last step, degrees Celsius.
    pub end: DVector<f64>,
}

impl Course {
    /// Returns the mean of `values` over every `steps` steps, as for hourly peaks of finer steps; an incomplete rest is
    /// left out.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of steps")]
    pub fn means(values: &[f64], steps: usize) -> Vec<f64> {
        values.chunks_exact(steps.max(1)).map(|part| part.iter().sum::<f64>() / part.len() as f64).collect()
    }
}

/// Simulates a building from the states `start` (in the order of [`StateSpace::state_names`]) over all steps of
/// `inputs`. Without `plant` its temperatures are free.
///
/// The output of the plant is constant over a step and brings the air to the violated set-point at the end of the step:
/// `Q = (set-point - free temperature) / response`, where the response is that of the air's temperature at the end of
/// the step to 1 W.
///
/// # Errors
/// [`BuildingError::NoTemperature`]; [`BuildingError::Length`] for a start or set-points of the wrong length;
/// [`BuildingError::Unknown`] or [`BuildingError::Value`] for the plant's input, set-points or limits.
pub fn simulate(
    space: &StateSpace,
    discrete: &Discrete,
    inputs: &Inputs,
    start: &DVector<f64>,
    plant: Option<&IdealPlant>,
) -> Result<Course, BuildingError> {
    inputs.validate()?;
    let states = space.capacity_j_k().len();
    if start.len() != states {
        let what = "the start".to_owned();
        return Err(BuildingError::Length { what, found: start.len(), expected: states });
    }
    let (row, through) = (space.output_row(space.air()), space.feedthrough_row(space.air()));
    let control =
        plant.map(|plant| Control::new(space, discrete, plant, inputs.steps(), &row, &through)).transpose()?;
    let steps = inputs.steps();
    let mut course = Course {
        air_end_c: Vec::with_capacity(steps),
        air_mean_c: Vec::with_capacity(steps),
        heating_w: Vec::with_capacity(steps),
        cooling_w: Vec::with_capacity(steps),
        balance_error: Vec::with_capacity(steps),
        end: start.clone(),
    };
    for step in 0..steps {
        let mut u = inputs.at(step);
        let free = discrete.end(&course.end, &u);
        let output_w = control.as_ref().map_or(0.0, |control| control.output_w(step, row.dot(&free) + through.dot(&u)));
        if let Some(control) = &control {
            u[control.input] += output_w;
        }
        let end = discrete.end(&course.end, &u);
        let mean = discrete.mean(&course.end, &u);
        let flows = space.heat_flows_w(&mean, &u) * (3600.0 * discrete.hours);
        let size = flows.iter().map(|flow| flow.abs()).sum::<f64>().max(1.0);
        course.balance_error.push((space.stored_j(&course.end, &end) - flows.sum()) / size);
        course.air_end_c.push(row.dot(&end) + through.dot(&u));
        course.air_mean_c.push(row.dot(&mean) + through.dot(&u));
        course.heating_w.push(output_w.max(0.0));
        course.cooling_w.push((-output_w).max(0.0));
        course.end = end;
    }
    Ok(course)
}

/// Returns the states at the end of every step under `inputs` alone, without the plant, degrees Celsius.
///
/// These are the offsets of a linear program whose unknowns are the outputs Q of the plant. With the response z of
/// [`Discrete::pulse_response`]: `T_k = free_k + sum_(j <= k) z_(k-j) Q_j`.
///
/// [`Compat::Published`] loses the inputs of the first step in all later steps: its first offset is
/// `Ad x0 + Bd u_0`, but `Ad x0` alone propagates.
///
/// # Errors
/// [`BuildingError::NoTemperature`]; [`BuildingError::Length`] for a start of the wrong length.
pub fn free_states(
    discrete: &Discrete,
    inputs: &Inputs,
    start: &DVector<f64>,
    compat: Compat,
) -> Result<Vec<DVector<f64>>, BuildingError> {
    inputs.validate()?;
    if start.len() != discrete.ad.nrows() {
        let what = "the start".to_owned();
        return Err(BuildingError::Length { what, found: start.len(), expected: discrete.ad.nrows() });
    }
    let mut x = start.clone();
    let states = (0..inputs.steps()).map(|step| {
        let end = discrete.end(&x, &inputs.at(step));
        x = if step == 0 && compat == Compat::Published { &discrete.ad * &x } else { end.clone() };
        end
    });
    Ok(states.collect())
}

/// An ideal plant in a building.
struct Control<'a> {
    plant: &'a IdealPlant,
    input: usize,
    response_k_w: f64,
}

impl<'a> Control<'a> {
    fn new(
        space: &StateSpace,
        discrete: &Discrete,
        plant: &'a IdealPlant,
        steps: usize,
        row: &DVector<f64>,
        through: &DVector<f64>,
    ) -> Result<Self, BuildingError> {
        let input = space.input(&plant.input)?;
        fits("heating_c", &plant.heating_c, steps)?;
        fits("cooling_c", &plant.cooling_c, steps)?;
        for step in 0..steps {
            let (low, high) = (plant.heating_c.at(step), plant.cooling_c.at(step));
            BuildingError::check("cooling_c", high, high >= low, "no less than heating_c")?;
        }
        for (name, limit) in [("heating_limit_w", plant.heating_limit_w), ("cooling_limit_w", plant.cooling_limit_w)] {
            BuildingError::check(name, limit, limit >= 0.0, "0 or more")?;
        }
        let response_k_w = row.dot(&discrete.bd.column(input)) + through[input];
        let what = format!("the response of the air to the input `{}`, K/W,", plant.input);
        BuildingError::check(what, response_k_w, response_k_w > 0.0, "a number above 0")?;
        Ok(Self { plant, input, response_k_w })
    }

    fn output_w(&self, step: usize, free_c: f64) -> f64 {
        let (low, high) = (self.plant.heating_c.at(step), self.plant.cooling_c.at(step));
        if free_c < low {
            ((low - free_c) / self.response_k_w).min(self.plant.heating_limit_w)
        } else if free_c > high {
            -((free_c - high) / self.response_k_w).min(self.plant.cooling_limit_w)
        } else {
            0.0
        }
    }
}
