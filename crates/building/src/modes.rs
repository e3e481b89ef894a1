//! The modal form of a network: each mode decays on its own.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use crate::{BuildingError, Discrete, StateSpace};

/// Seconds of an hour.
const HOUR_S: f64 = 3600.0;
/// Largest difference between modal and matrix form that [`Modes::new`] accepts.
const ALLOWED: f64 = 1e-9;

/// The modes of a network over steps of one length: `xi_j' = decay_j xi_j + (gain u)_j`, with the states
/// `x = shape xi`.
///
/// The conductance matrix G of a network is symmetric and its capacities C are positive, so `C^-1/2 G C^-1/2` has real
/// eigenvalues (the decay rates, 0 or more) and orthonormal eigenvectors V; `xi = V' C^1/2 x`. The decay over a step of
/// length h is `exp(-rate h)` and the gain of an input `(1 - exp(-rate h)) / rate` (h where the rate is 0): the exact
/// solution, as that of [`Discrete`].
#[derive(Debug, Clone, PartialEq)]
pub struct Modes {
    hours: f64,
    rate_per_hour: DVector<f64>,
    decay: DVector<f64>,
    gain: DMatrix<f64>,
    shape: DMatrix<f64>,
    inverse: DMatrix<f64>,
    output: DMatrix<f64>,
}

impl Modes {
    /// Computes the modes for the step of `discrete`, fastest first, and compares them with its matrices.
    ///
    /// # Errors
    /// [`BuildingError::Modes`] if an entry of Ad or Bd differs by more than 1e-9.
    pub fn new(space: &StateSpace, discrete: &Discrete) -> Result<Self, BuildingError> {
        let root = space.capacity_j_k().map(f64::sqrt);
        let n = root.len();
        let scaled = DMatrix::from_fn(n, n, |row, column| {
            HOUR_S * space.conductance_w_k()[(row, column)] / (root[row] * root[column])
        });
        let eigen = SymmetricEigen::new(scaled);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&one, &other| eigen.eigenvalues[other].total_cmp(&eigen.eigenvalues[one]));
        let vectors = eigen.eigenvectors.select_columns(&order);
        // Rounding can leave a rate of 0 just below 0.
        let rate_per_hour = DVector::from_fn(n, |mode, _| eigen.eigenvalues[order[mode]].max(0.0));
        let shape = DMatrix::from_fn(n, n, |state, mode| vectors[(state, mode)] / root[state]);
        let inverse = DMatrix::from_fn(n, n, |mode, state| vectors[(state, mode)] * root[state]);
        let hours = discrete.hours;
        let decay = rate_per_hour.map(|rate| (-rate * hours).exp());
        let duration = |rate: f64| if rate * hours > 0.0 { -(-rate * hours).exp_m1() / rate } else { hours };
        // shape' injection = V' C^-1/2 injection.
        let mut gain = HOUR_S * shape.transpose() * space.injection();
        for (mut row, rate) in gain.row_iter_mut().zip(rate_per_hour.iter()) {
            row *= duration(*rate);
        }
        let output = space.output() * &shape;
        let modes = Self { hours, rate_per_hour, decay, gain, shape, inverse, output };
        let difference = modes.difference(discrete);
        if difference <= ALLOWED { Ok(modes) } else { Err(BuildingError::Modes { difference, allowed: ALLOWED }) }
    }

    /// Returns the length of a step, hours.
    #[must_use]
    pub fn hours(&self) -> f64 {
        self.hours
    }

    /// Returns the decay rates, 1/h, 0 or more; their inverses are the time constants.
    #[must_use]
    pub fn rate_per_hour(&self) -> &DVector<f64> {
        &self.rate_per_hour
    }

    /// Returns the decay of each mode over a step, 0 to 1.
    #[must_use]
    pub fn decay(&self) -> &DVector<f64> {
        &self.decay
    }

    /// Returns the gains, modes x inputs.
    #[must_use]
    pub fn gain(&self) -> &DMatrix<f64> {
        &self.gain
    }

    /// Returns the temperature of every node per mode, nodes x modes; a node without capacity also has a feed-through
    /// from the inputs ([`StateSpace::feedthrough_row`]).
    #[must_use]
    pub fn output(&self) -> &DMatrix<f64> {
        &self.output
    }

    /// Returns the mode amplitudes of states.
    #[must_use]
    pub fn amplitudes(&self, x: &DVector<f64>) -> DVector<f64> {
        &self.inverse * x
    }

    /// Returns the states, degrees Celsius, of mode amplitudes.
    #[must_use]
    pub fn states(&self, amplitudes: &DVector<f64>) -> DVector<f64> {
        &self.shape * amplitudes
    }

    /// Returns the amplitudes at the end of a step.
    #[must_use]
    pub fn end(&self, amplitudes: &DVector<f64>, u: &DVector<f64>) -> DVector<f64> {
        self.decay.component_mul(amplitudes) + &self.gain * u
    }

    /// Returns the largest absolute difference between the entries of Ad and Bd and those of the modal form.
    #[must_use]
    pub fn difference(&self, discrete: &Discrete) -> f64 {
        let ad = &self.shape * DMatrix::from_diagonal(&self.decay) * &self.inverse;
        let bd = &self.shape * &self.gain;
        let largest = |matrix: DMatrix<f64>| matrix.iter().map(|value| value.abs()).fold(0.0, f64::max);
        largest(ad - &discrete.ad).max(largest(bd - &discrete.bd))
    }
}
