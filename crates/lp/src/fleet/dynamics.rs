//! The dynamics of a unit's states: a transition matrix, or its modes.

use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::Array2;

use super::FleetError;

/// Largest deviation of the modal form from the transition matrix, relative to its largest entry.
const MODAL_TOLERANCE: f64 = 1e-9;
/// Modes with a smaller eigenvalue forget the step before: their value is that of the input of the same step.
const FEED_THROUGH: f64 = 1e-12;

/// The transition matrix A of `x_t = A x_(t-1) + B u_t + w_t`, with its modes if they are known.
#[derive(Debug, Clone, PartialEq)]
pub struct Dynamics {
    pub(super) matrix: Array2<f64>,
    pub(super) modes: Option<Modes>,
}

/// The modal form `A = V diag(eigenvalues) V^-1`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Modes {
    pub(super) eigenvalues: Vec<f64>,
    /// V and V^-1; `None` for the identity.
    pub(super) basis: Option<(Array2<f64>, Array2<f64>)>,
}

impl Dynamics {
    /// Creates the dynamics of a transition matrix (n x n). A diagonal matrix is its own modal form. The shape is checked
    /// when the unit is added to a fleet.
    #[must_use]
    pub fn matrix(matrix: Array2<f64>) -> Self {
        let is_diagonal = matrix.is_square() && matrix.indexed_iter().all(|((i, j), &a)| i == j || a == 0.0);
        let modes = is_diagonal.then(|| Modes { eigenvalues: matrix.diag().to_vec(), basis: None });
        Self { matrix, modes }
    }

    /// Creates dynamics in which each state depends on itself only, with the given factors from step to step.
    #[must_use]
    pub fn diagonal(factors: Vec<f64>) -> Self {
        let matrix = Array2::from_diag(&ndarray::Array1::from(factors.clone()));
        Self { matrix, modes: Some(Modes { eigenvalues: factors, basis: None }) }
    }

    /// Returns the number of states.
    #[must_use]
    pub fn states(&self) -> usize {
        self.matrix.nrows()
    }

    /// Returns the eigenvalues if the dynamics are diagonal or modal.
    #[must_use]
    pub fn eigenvalues(&self) -> Option<&[f64]> {
        self.modes.as_ref().map(|modes| &modes.eigenvalues[..])
    }

    /// Returns the same dynamics with their modal form.
    ///
    /// It exists if `S = W^(1/2) A W^(-1/2)` is symmetric for positive weights W, which makes all eigenvalues real. The
    /// discretised equations of an RC network fulfil this with its heat capacities as weights. `weights` gives one per
    /// state; if `None`, the weights are found from the entries of A, since symmetry means `w_i a_ij = w_j a_ji`.
    ///
    /// # Errors
    /// [`FleetError::Shape`] if A is not square or the weights are not one per state; [`FleetError::NotFinite`] for an
    /// entry or a weight without a meaning; [`FleetError::NotSymmetrizable`] if S is not symmetric, or `V diag V^-1`
    /// differs from A, by more than 1e-9 relative to the largest entry. `unit` is the name in these messages.
    pub fn modal(self, unit: &str, weights: Option<&[f64]>) -> Result<Self, FleetError> {
        self.check(unit)?;
        if self.modes.is_some() {
            return Ok(self);
        }
        let states = self.states();
        let weights = match weights {
            Some(weights) => weights.to_vec(),
            None => balancing_weights(&self.matrix),
        };
        if weights.len() != states {
            let what = "the list of weights, one per state,".to_owned();
            return Err(FleetError::Shape { owner: unit.to_owned(), what, expected: states, found: weights.len() });
        }
        if let Some(&value) = weights.iter().find(|weight| !(weight.is_finite() && **weight > 0.0)) {
            let what = "a weight".to_owned();
            return Err(FleetError::NotFinite { owner: unit.to_owned(), what, stage: None, value });
        }
        let roots: Vec<f64> = weights.iter().map(|weight| weight.sqrt()).collect();
        let scaled = DMatrix::from_fn(states, states, |i, j| roots[i] * self.matrix[[i, j]] / roots[j]);
        let largest = scaled.amax().max(f64::MIN_POSITIVE);
        let refuse = |reason, residual| FleetError::NotSymmetrizable { unit: unit.to_owned(), reason, residual };
        let asymmetry = (&scaled - scaled.transpose()).amax() / largest;
        if asymmetry > MODAL_TOLERANCE {
            return Err(refuse("no diagonal scaling makes it symmetric", asymmetry));
        }
        let eigen = SymmetricEigen::new((&scaled + scaled.transpose()) * 0.5);
        let mut order: Vec<usize> = (0..states).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let mut basis = Array2::zeros((states, states));
        let mut inverse = Array2::zeros((states, states));
        for (mode, &from) in order.iter().enumerate() {
            let vector = eigen.eigenvectors.column(from);
            // The largest state of a mode is 1, so that modes have the size of the states.
            let size =
                (0..states).map(|i| vector[i] / roots[i]).fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
            for state in 0..states {
                basis[[state, mode]] = vector[state] / roots[state] / size;
                inverse[[mode, state]] = vector[state] * roots[state] * size;
            }
        }
        let eigenvalues: Vec<f64> = order.iter().map(|&from| eigen.eigenvalues[from]).collect();
        let product = (&basis * &ndarray::Array1::from(eigenvalues.clone())).dot(&inverse);
        let sizes = self.matrix.iter().fold(f64::MIN_POSITIVE, |largest: f64, a| largest.max(a.abs()));
        let residual = (&product - &self.matrix).iter().fold(0.0, |largest: f64, a| largest.max(a.abs())) / sizes;
        if residual.is_nan() || residual > MODAL_TOLERANCE {
            return Err(refuse("its modes do not give it back", residual));
        }
        Ok(Self { matrix: self.matrix, modes: Some(Modes { eigenvalues, basis: Some((basis, inverse)) }) })
    }

    /// Checks that the matrix is square and finite.
    pub(super) fn check(&self, unit: &str) -> Result<(), FleetError> {
        let (rows, columns) = self.matrix.dim();
        if rows != columns {
            let what = "each row of the transition matrix".to_owned();
            return Err(FleetError::Shape { owner: unit.to_owned(), what, expected: rows, found: columns });
        }
        match self.matrix.iter().find(|a| !a.is_finite()) {
            Some(&value) => Err(FleetError::NotFinite {
                owner: unit.to_owned(),
                what: "an entry of the transition matrix".to_owned(),
                stage: None,
                value,
            }),
            None => Ok(()),
        }
    }
}

impl Modes {
    /// Returns whether the mode forgets the step before.
    pub(super) fn is_feed_through(&self, mode: usize) -> bool {
        self.eigenvalues[mode].abs() < FEED_THROUGH
    }

    /// Returns `V^-1 matrix`.
    pub(super) fn to_modes(&self, matrix: &Array2<f64>) -> Array2<f64> {
        self.basis.as_ref().map_or_else(|| matrix.clone(), |(_, inverse)| inverse.dot(matrix))
    }

    /// Returns `V modes`.
    pub(super) fn to_states(&self, modes: Array2<f64>) -> Array2<f64> {
        match &self.basis {
            Some((basis, _)) => basis.dot(&modes),
            None => modes,
        }
    }

    /// Returns the coefficients of the modes that equal `coefficients` of the states.
    pub(super) fn coefficients(&self, coefficients: &[f64]) -> Vec<f64> {
        match &self.basis {
            Some((basis, _)) => basis.t().dot(&ndarray::aview1(coefficients)).to_vec(),
            None => coefficients.to_vec(),
        }
    }
}

/// Returns weights with `w_i a_ij = w_j a_ji` along the tree of the largest products `a_ij a_ji`, where they are least
/// affected by rounding. Whether the other entries agree is left to the caller.
fn balancing_weights(matrix: &Array2<f64>) -> Vec<f64> {
    let states = matrix.nrows();
    let mut weights = vec![0.0; states];
    let product = |i: usize, j: usize| matrix[[i, j]] * matrix[[j, i]];
    let mut reached: Vec<usize> = Vec::new();
    while reached.len() < states {
        let edges = reached.iter().flat_map(|&i| (0..states).map(move |j| (i, j)));
        let edges = edges.filter(|&(i, j)| weights[j] == 0.0 && product(i, j) > 0.0);
        let state = match edges.max_by(|a, b| product(a.0, a.1).total_cmp(&product(b.0, b.1))) {
            Some((i, j)) => {
                weights[j] = weights[i] * matrix[[i, j]] / matrix[[j, i]];
                j
            }
            // A part that nothing ties to the rest.
            None => {
                let Some(next) = (0..states).find(|state| !reached.contains(state)) else { break };
                weights[next] = 1.0;
                next
            }
        };
        reached.push(state);
    }
    weights
}
