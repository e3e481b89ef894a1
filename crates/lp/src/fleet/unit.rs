//! A unit: linear dynamics with bounded inputs and outputs.

use anergy_profile::Profile;
use ndarray::Array2;

use super::check::{Checked, check_finite, check_price, check_range};
use super::{Dynamics, FleetError};

/// A bounded input of a unit, `lower_t <= u_t <= upper_t`, with the cost `cost_t u_t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Name in messages.
    pub name: String,
    /// Lower bound by step; may be `-inf` if outputs bound the states that the input drives.
    pub lower: Profile,
    /// Upper bound by step; may be `inf` on the same condition.
    pub upper: Profile,
    /// Cost per unit of the input, by step.
    pub cost: Profile,
}

/// An output of a unit, `y_t = c x_t + d_t u_t + offset_t`, kept in `lower_t <= y_t <= upper_t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Name in messages.
    pub name: String,
    /// Coefficients c of the states, one per state.
    pub states: Vec<f64>,
    /// Coefficients d of the inputs, one per input, by step. May be left empty if all are zero.
    pub inputs: Vec<Profile>,
    /// A known part of the output, by step.
    pub offset: Profile,
    /// Least value by step; may be `-inf`.
    pub lower: Profile,
    /// Largest value by step; may be `inf`.
    pub upper: Profile,
    /// Price per unit and step by which the output is below its least value; `None` if it may not be.
    pub lack_price: Option<Profile>,
    /// Price per unit and step by which the output is above its largest value; `None` if it may not be.
    pub excess_price: Option<Profile>,
}

impl Output {
    /// Creates an output with hard bounds that shows the states only.
    #[must_use]
    pub fn of_states(
        name: impl Into<String>,
        states: Vec<f64>,
        lower: impl Into<Profile>,
        upper: impl Into<Profile>,
    ) -> Self {
        Self {
            name: name.into(),
            states,
            inputs: Vec::new(),
            offset: 0.0.into(),
            lower: lower.into(),
            upper: upper.into(),
            lack_price: None,
            excess_price: None,
        }
    }
}

/// The states before the first step.
#[derive(Debug, Clone, PartialEq)]
pub enum Initial {
    /// Given values, one per state.
    Given(Vec<f64>),
    /// The states of the last step.
    Cyclic,
}

/// A unit of a fleet: n states with `x_t = A x_(t-1) + B u_t + w_t`, m inputs, and any number of outputs.
///
/// `x_t` is the state at the end of step t, to which the input of step t has contributed. No quantity has a given unit;
/// they must agree among each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    pub(super) name: String,
    pub(super) dynamics: Dynamics,
    pub(super) input: Array2<f64>,
    pub(super) disturbance: Option<Array2<f64>>,
    pub(super) initial: Initial,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
    pub(super) terminal_value: Option<Vec<f64>>,
}

impl Unit {
    /// Creates a unit without outputs from the transition matrix A, the matrix B (n x m) of the inputs, and the inputs in
    /// the order of B's columns. Shapes are checked when it is added to a fleet.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        dynamics: Dynamics,
        input: Array2<f64>,
        initial: Initial,
        inputs: Vec<Input>,
    ) -> Self {
        Self {
            name: name.into(),
            dynamics,
            input,
            disturbance: None,
            initial,
            inputs,
            outputs: Vec::new(),
            terminal_value: None,
        }
    }

    /// Returns the unit with one more output.
    #[must_use]
    pub fn with_output(mut self, output: Output) -> Self {
        self.outputs.push(output);
        self
    }

    /// Returns the unit with the disturbances w (n x stages).
    #[must_use]
    pub fn with_disturbance(mut self, disturbance: Array2<f64>) -> Self {
        self.disturbance = Some(disturbance);
        self
    }

    /// Returns the unit with a value per unit of each state at the end of the last step; the objective is lowered by it.
    #[must_use]
    pub fn with_terminal_value(mut self, value: Vec<f64>) -> Self {
        self.terminal_value = Some(value);
        self
    }

    /// Returns the unit with the modal form of its dynamics: the linear program then has modes instead of states, each
    /// tied to itself only, and is cheaper to solve. Solutions are the same; states are given back as states. See
    /// [`Dynamics::modal`] for the weights, which are the heat capacities of an RC network.
    ///
    /// # Errors
    /// Those of [`Dynamics::modal`].
    pub fn modal(mut self, weights: Option<&[f64]>) -> Result<Self, FleetError> {
        self.dynamics = self.dynamics.modal(&self.name, weights)?;
        Ok(self)
    }

    /// Returns the name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the dynamics.
    #[must_use]
    pub fn dynamics(&self) -> &Dynamics {
        &self.dynamics
    }

    /// Returns the inputs.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Returns the outputs.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Checks shapes and numbers for a fleet of `stages` steps.
    pub(super) fn check(&self, stages: usize) -> Result<(), FleetError> {
        let owner = Checked { owner: &self.name, stages };
        self.dynamics.check(&self.name)?;
        let states = self.dynamics.states();
        owner.size("the matrix of the inputs, by state,", states, self.input.nrows())?;
        owner.size("the matrix of the inputs, by input,", self.inputs.len(), self.input.ncols())?;
        owner.finite("an entry of the matrix of the inputs", self.input.iter())?;
        self.check_disturbance(stages)?;
        self.check_initial(stages)?;
        if let Some(value) = &self.terminal_value {
            owner.size("the terminal value, by state,", states, value.len())?;
            owner.finite("a terminal value", value.iter())?;
        }
        self.inputs.iter().try_for_each(|input| self.check_input(input, stages))?;
        self.outputs.iter().try_for_each(|output| self.check_output(output, stages))
    }

    pub(super) fn check_disturbance(&self, stages: usize) -> Result<(), FleetError> {
        let owner = Checked { owner: &self.name, stages };
        let Some(disturbance) = &self.disturbance else { return Ok(()) };
        owner.size("the disturbance, by state,", self.dynamics.states(), disturbance.nrows())?;
        owner.size("the disturbance, by step,", stages, disturbance.ncols())?;
        owner.finite("a disturbance", disturbance.iter())
    }

    pub(super) fn check_initial(&self, stages: usize) -> Result<(), FleetError> {
        let owner = Checked { owner: &self.name, stages };
        let Initial::Given(initial) = &self.initial else { return Ok(()) };
        owner.size("the initial state", self.dynamics.states(), initial.len())?;
        owner.finite("an initial state", initial.iter())
    }

    pub(super) fn check_input(&self, input: &Input, stages: usize) -> Result<(), FleetError> {
        let owner = Checked { owner: &self.name, stages };
        check_range(owner, &input.name, &input.lower, &input.upper)?;
        check_finite(owner, &format!("the cost of {}", input.name), &input.cost)
    }

    pub(super) fn check_output(&self, output: &Output, stages: usize) -> Result<(), FleetError> {
        let owner = Checked { owner: &self.name, stages };
        let what = |part: &str| format!("the list of coefficients of {} of {}", part, output.name);
        owner.size(&what("the states"), self.dynamics.states(), output.states.len())?;
        owner.finite(&format!("a coefficient of {}", output.name), output.states.iter())?;
        if !output.inputs.is_empty() {
            owner.size(&what("the inputs"), self.inputs.len(), output.inputs.len())?;
        }
        for coefficient in &output.inputs {
            check_finite(owner, &format!("a coefficient of {}", output.name), coefficient)?;
        }
        check_finite(owner, &format!("the offset of {}", output.name), &output.offset)?;
        check_range(owner, &output.name, &output.lower, &output.upper)?;
        check_price(owner, &format!("a lack of {}", output.name), output.lack_price.as_ref())?;
        check_price(owner, &format!("an excess of {}", output.name), output.excess_price.as_ref())
    }
}
