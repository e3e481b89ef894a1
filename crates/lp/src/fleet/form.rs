//! The form in which a unit enters the linear program: its modes if they are known, and no feed-through modes.

use anergy_profile::Profile;
use ndarray::{Array2, ArrayView2, Axis};

use super::dynamics::Modes;
use super::{Initial, Unit};

/// The dynamics of the states of a [`Form`].
#[derive(Debug, Clone)]
pub(super) enum Transition {
    Dense(Array2<f64>),
    Diagonal(Vec<f64>),
}

/// The expression of an output, `c x_t + d_t u_t + offset_t`.
#[derive(Debug, Clone)]
pub(super) struct OutputForm {
    pub(super) states: Vec<f64>,
    pub(super) inputs: Vec<Profile>,
    pub(super) offset: Profile,
}

/// The states of a unit as the linear program sees them: the states themselves, or the modes that remember.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) transition: Transition,
    /// Coefficients of the inputs, by state and input.
    pub(super) input: Array2<f64>,
    /// Disturbances by state and step.
    pub(super) disturbance: Option<Array2<f64>>,
    /// States before the first step; `None` if cyclic.
    pub(super) initial: Option<Vec<f64>>,
    pub(super) outputs: Vec<OutputForm>,
    /// Terminal value by state.
    pub(super) terminal_value: Vec<f64>,
    /// Terminal value by input of the last step, of the feed-through modes.
    pub(super) terminal_value_of_inputs: Vec<f64>,
    /// Terminal value that does not depend on the solution.
    pub(super) terminal_constant: f64,
    /// The modes behind the states, and which of them are feed-through.
    kept: Vec<usize>,
    feed_through: Vec<usize>,
    /// Inputs and disturbances by mode, where there are modes.
    all_inputs: Array2<f64>,
    all_disturbances: Option<Array2<f64>>,
}

impl Form {
    /// Returns the form of a unit over `stages` steps.
    pub(super) fn of(unit: &Unit, stages: usize) -> Self {
        let states = unit.dynamics.states();
        let inputs = unit.inputs.len();
        let modes = unit.dynamics.modes.as_ref();
        let identity = Modes { eigenvalues: vec![1.0; states], basis: None };
        let basis = modes.unwrap_or(&identity);
        let (kept, feed_through): (Vec<usize>, Vec<usize>) =
            (0..states).partition(|&mode| modes.is_none_or(|modes| !modes.is_feed_through(mode)));
        let all_inputs = basis.to_modes(&unit.input);
        let all_disturbances = unit.disturbance.as_ref().map(|disturbance| basis.to_modes(disturbance));
        let pick = |matrix: &Array2<f64>| matrix.select(Axis(0), &kept);
        let initial = match &unit.initial {
            Initial::Cyclic => None,
            Initial::Given(given) => {
                let column = Array2::from_shape_fn((states, 1), |(state, _)| given[state]);
                Some(pick(&basis.to_modes(&column)).into_iter().collect())
            }
        };
        let mut form = Self {
            transition: match modes {
                Some(modes) => Transition::Diagonal(kept.iter().map(|&mode| modes.eigenvalues[mode]).collect()),
                None => Transition::Dense(unit.dynamics.matrix.clone()),
            },
            input: pick(&all_inputs),
            disturbance: all_disturbances.as_ref().map(pick),
            initial,
            outputs: Vec::new(),
            terminal_value: Vec::new(),
            terminal_value_of_inputs: vec![0.0; inputs],
            terminal_constant: 0.0,
            kept,
            feed_through,
            all_inputs,
            all_disturbances,
        };
        for output in &unit.outputs {
            let coefficients = basis.coefficients(&output.states);
            let mut of_inputs = output.inputs.clone();
            of_inputs.resize(inputs, 0.0.into());
            let mut offset = output.offset.clone();
            for &mode in &form.feed_through {
                let c = coefficients[mode];
                for (input, coefficient) in of_inputs.iter_mut().enumerate() {
                    let gain = c * form.all_inputs[[mode, input]];
                    *coefficient = coefficient.map(|d| d + gain);
                }
                if let Some(disturbances) = &form.all_disturbances {
                    offset = (0..stages).map(|t| offset.at(t) + c * disturbances[[mode, t]]).collect::<Vec<_>>().into();
                }
            }
            let states = form.kept.iter().map(|&mode| coefficients[mode]).collect();
            form.outputs.push(OutputForm { states, inputs: of_inputs, offset });
        }
        let values = unit.terminal_value.clone().unwrap_or_else(|| vec![0.0; states]);
        let values = basis.coefficients(&values);
        form.terminal_value = form.kept.iter().map(|&mode| values[mode]).collect();
        for &mode in &form.feed_through {
            for input in 0..inputs {
                form.terminal_value_of_inputs[input] += values[mode] * form.all_inputs[[mode, input]];
            }
            if let Some(disturbances) = &form.all_disturbances {
                form.terminal_constant += values[mode] * disturbances[[mode, stages - 1]];
            }
        }
        form
    }

    /// Returns the number of states.
    pub(super) fn states(&self) -> usize {
        self.kept.len()
    }

    /// Returns the transition matrix by row: state and coefficient of the entries that are not zero.
    pub(super) fn transition_rows(&self) -> Vec<Vec<(usize, f64)>> {
        match &self.transition {
            Transition::Dense(matrix) => sparse_rows(matrix),
            Transition::Diagonal(factors) => {
                let of_state = |(state, &factor): (usize, &f64)| vec![(state, factor)];
                factors.iter().enumerate().map(of_state).collect()
            }
        }
    }

    /// Returns the states of the unit from its inputs and the values of the form's states.
    pub(super) fn unit_states(
        &self,
        unit: &Unit,
        inputs: ArrayView2<'_, f64>,
        values: ArrayView2<'_, f64>,
    ) -> Array2<f64> {
        let Some(modes) = &unit.dynamics.modes else { return values.to_owned() };
        let mut all = Array2::zeros((self.kept.len() + self.feed_through.len(), inputs.ncols()));
        for (row, &mode) in self.kept.iter().enumerate() {
            all.row_mut(mode).assign(&values.row(row));
        }
        for &mode in &self.feed_through {
            let mut value = self.all_inputs.row(mode).dot(&inputs);
            if let Some(disturbances) = &self.all_disturbances {
                value += &disturbances.row(mode);
            }
            all.row_mut(mode).assign(&value);
        }
        modes.to_states(all)
    }
}

/// Returns the entries of each row that are not zero.
pub(super) fn sparse_rows(matrix: &Array2<f64>) -> Vec<Vec<(usize, f64)>> {
    let entries = |row: ndarray::ArrayView1<'_, f64>| {
        row.iter().copied().enumerate().filter(|(_, entry)| *entry != 0.0).collect()
    };
    matrix.rows().into_iter().map(entries).collect()
}
