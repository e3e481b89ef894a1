//! The equations of a network as matrices, and their exact solution over a time step.

use nalgebra::{DMatrix, DVector};

use crate::{BuildingError, RcNetwork};

/// Seconds of an hour.
const HOUR_S: f64 = 3600.0;

/// Largest relative change in a step of a building that is as warm as all its boundaries.
const LARGEST_DRIFT: f64 = 1e-9;

/// The equations of an [`RcNetwork`] as matrices: `dx/dt = A x + B u` for the temperatures `x` of the nodes with
/// capacity, degrees Celsius, and `y = C x + D u` for the temperatures of all nodes.
///
/// The inputs `u` are temperatures of boundaries, degrees Celsius, and heat flows, W. Nodes without capacity are
/// eliminated exactly (a Schur complement; Kron 1939), which keeps the conductance matrix symmetric.
#[derive(Debug, Clone, PartialEq)]
pub struct StateSpace {
    states: Vec<usize>,
    nodes: Vec<String>,
    inputs: Vec<String>,
    boundaries: usize,
    air: usize,
    capacity_j_k: DVector<f64>,
    conductance_w_k: DMatrix<f64>,
    injection: DMatrix<f64>,
    output: DMatrix<f64>,
    feedthrough: DMatrix<f64>,
    boundary_w_k: DMatrix<f64>,
    shares: DMatrix<f64>,
}

impl RcNetwork {
    /// Returns the network's equations as matrices.
    ///
    /// # Errors
    /// As [`RcNetwork::validate`]; [`BuildingError::NoCapacity`]; [`BuildingError::Floating`] when a node without
    /// capacity has no temperature.
    pub fn state_space(&self) -> Result<StateSpace, BuildingError> {
        self.validate()?;
        let count = self.nodes.len();
        let boundaries = self.boundaries.len();
        let mut conductance = DMatrix::zeros(count, count);
        for link in &self.links {
            let (one, other) = (self.position(&link.between[0])?, self.position(&link.between[1])?);
            conductance[(one, one)] += link.conductance_w_k;
            conductance[(other, other)] += link.conductance_w_k;
            conductance[(one, other)] -= link.conductance_w_k;
            conductance[(other, one)] -= link.conductance_w_k;
        }
        let mut boundary_w_k = DMatrix::zeros(count, boundaries);
        for (column, boundary) in self.boundaries.iter().enumerate() {
            for link in &boundary.links {
                let node = self.position(&link.node)?;
                conductance[(node, node)] += link.conductance_w_k;
                boundary_w_k[(node, column)] += link.conductance_w_k;
            }
        }
        let mut shares = DMatrix::zeros(count, self.heat.len());
        for (column, heat) in self.heat.iter().enumerate() {
            for share in &heat.shares {
                shares[(self.position(&share.node)?, column)] += share.share;
            }
        }
        let injection = DMatrix::from_fn(count, boundaries + self.heat.len(), |row, column| {
            if column < boundaries { boundary_w_k[(row, column)] } else { shares[(row, column - boundaries)] }
        });
        let with_capacity = |node: &usize| self.nodes[*node].capacity_j_k > 0.0;
        let (states, massless): (Vec<usize>, Vec<usize>) = (0..count).partition(with_capacity);
        if states.is_empty() {
            return Err(BuildingError::NoCapacity);
        }
        let of = |names: &[usize]| names.iter().map(|&node| self.nodes[node].name.clone()).collect::<Vec<_>>();
        let pick = |matrix: &DMatrix<f64>, rows: &[usize]| matrix.select_rows(rows);
        let rows = pick(&conductance, &states);
        let (to_state, to_massless) = (rows.select_columns(&states), rows.select_columns(&massless));
        let mut output = DMatrix::zeros(count, states.len());
        for (column, &node) in states.iter().enumerate() {
            output[(node, column)] = 1.0;
        }
        let mut feedthrough = DMatrix::zeros(count, injection.ncols());
        let (mut reduced, mut reduced_injection) = (to_state, pick(&injection, &states));
        if !massless.is_empty() {
            let rows = pick(&conductance, &massless);
            let floating = || BuildingError::Floating { names: of(&massless).join(", ") };
            // Positive definite, unless a group of massless nodes is linked to nothing.
            let factor = rows.select_columns(&massless).cholesky().ok_or_else(floating)?;
            let from_states = -factor.solve(&rows.select_columns(&states));
            let from_inputs = factor.solve(&pick(&injection, &massless));
            if from_states.iter().chain(&from_inputs).any(|value| !value.is_finite()) {
                return Err(floating());
            }
            reduced += &to_massless * &from_states;
            reduced = (&reduced + reduced.transpose()) * 0.5;
            reduced_injection -= &to_massless * &from_inputs;
            for (row, &node) in massless.iter().enumerate() {
                output.set_row(node, &from_states.row(row));
                feedthrough.set_row(node, &from_inputs.row(row));
            }
        }
        let inputs = self.boundaries.iter().map(|one| &one.name).chain(self.heat.iter().map(|one| &one.name));
        Ok(StateSpace {
            capacity_j_k: DVector::from_iterator(
                states.len(),
                states.iter().map(|&node| self.nodes[node].capacity_j_k),
            ),
            states,
            nodes: self.nodes.iter().map(|node| node.name.clone()).collect(),
            inputs: inputs.cloned().collect(),
            boundaries,
            air: self.position(&self.air)?,
            conductance_w_k: reduced,
            injection: reduced_injection,
            output,
            feedthrough,
            boundary_w_k,
            shares,
        })
    }
}

impl StateSpace {
    /// Returns the names of the states: the nodes with capacity, in the order of the network.
    pub fn state_names(&self) -> impl Iterator<Item = &str> {
        self.states.iter().map(|&node| self.nodes[node].as_str())
    }

    /// Returns the names of all nodes, in the order of the network.
    #[must_use]
    pub fn node_names(&self) -> &[String] {
        &self.nodes
    }

    /// Returns the names of the inputs: the boundaries, then the heat inputs.
    #[must_use]
    pub fn input_names(&self) -> &[String] {
        &self.inputs
    }

    /// Returns the number of boundaries, which are the first inputs.
    #[must_use]
    pub fn boundaries(&self) -> usize {
        self.boundaries
    }

    /// Returns the position of an input.
    ///
    /// # Errors
    /// [`BuildingError::Unknown`].
    pub fn input(&self, name: &str) -> Result<usize, BuildingError> {
        find("input", &self.inputs, name)
    }

    /// Returns the position of a node.
    ///
    /// # Errors
    /// [`BuildingError::Unknown`].
    pub fn node(&self, name: &str) -> Result<usize, BuildingError> {
        find("node", &self.nodes, name)
    }

    /// Returns the position of the node that the set-points refer to.
    #[must_use]
    pub fn air(&self) -> usize {
        self.air
    }

    /// Returns the heat capacities of the states, J/K.
    #[must_use]
    pub fn capacity_j_k(&self) -> &DVector<f64> {
        &self.capacity_j_k
    }

    /// Returns the conductance matrix among the states, W/K: symmetric, positive semi-definite, with
    /// `C dx/dt = -conductance x + injection u`.
    #[must_use]
    pub fn conductance_w_k(&self) -> &DMatrix<f64> {
        &self.conductance_w_k
    }

    /// Returns the matrix A, states x states, per hour.
    #[must_use]
    pub fn a_per_hour(&self) -> DMatrix<f64> {
        let mut a = -HOUR_S * &self.conductance_w_k;
        self.divide_rows(&mut a);
        a
    }

    /// Returns the matrix B, states x inputs: 1/h for temperatures, K/(W h) for heat flows.
    #[must_use]
    pub fn b_per_hour(&self) -> DMatrix<f64> {
        let mut b = HOUR_S * &self.injection;
        self.divide_rows(&mut b);
        b
    }

    fn divide_rows(&self, matrix: &mut DMatrix<f64>) {
        for (mut row, capacity) in matrix.row_iter_mut().zip(self.capacity_j_k.iter()) {
            row /= *capacity;
        }
    }

    /// Returns the temperatures of all nodes, degrees Celsius, at states `x` and inputs `u`.
    #[must_use]
    pub fn node_temps_c(&self, x: &DVector<f64>, u: &DVector<f64>) -> DVector<f64> {
        &self.output * x + &self.feedthrough * u
    }

    /// Returns the row of the output matrix C of a node: its temperature per temperature of each state.
    #[must_use]
    pub fn output_row(&self, node: usize) -> DVector<f64> {
        self.output.row(node).transpose()
    }

    /// Returns the row of the feed-through matrix D of a node: its temperature per input at the same moment; zero for
    /// a node with capacity.
    #[must_use]
    pub fn feedthrough_row(&self, node: usize) -> DVector<f64> {
        self.feedthrough.row(node).transpose()
    }

    /// Returns the states that the inputs `u` lead to if they last, degrees Celsius; `None` when no boundary is linked.
    #[must_use]
    pub fn steady_state(&self, u: &DVector<f64>) -> Option<DVector<f64>> {
        self.conductance_w_k.clone().cholesky().map(|factor| factor.solve(&(&self.injection * u)))
    }

    /// Returns the exact solution over a step of `hours` in which the inputs are constant (zero-order hold), by the
    /// exponential of the augmented matrix `[A B 0; 0 0 0; I/h 0 0] h`, whose blocks also give the mean temperatures
    /// of the step (Van Loan 1978, doi:10.1109/TAC.1978.1101743).
    ///
    /// # Errors
    /// [`BuildingError::Value`] unless `hours` is above 0 and finite. [`BuildingError::Stiff`] when a building as warm
    /// as all its boundaries would change its temperatures by more than 1e-9 of themselves: then the fastest node has a
    /// time constant of less than about a millionth of the step, and rounding spoils the exponential.
    pub fn discretise(&self, hours: f64) -> Result<Discrete, BuildingError> {
        let fine = hours > 0.0 && hours.is_finite();
        BuildingError::check("the length of a step, hours,", hours, fine, "a number above 0")?;
        let (n, m) = (self.states.len(), self.inputs.len());
        let mut augmented = DMatrix::zeros(2 * n + m, 2 * n + m);
        augmented.view_mut((0, 0), (n, n)).copy_from(&(self.a_per_hour() * hours));
        augmented.view_mut((0, n), (n, m)).copy_from(&(self.b_per_hour() * hours));
        augmented.view_mut((n + m, 0), (n, n)).fill_with_identity();
        let exponential = augmented.exp();
        let block = |row: usize, column: usize, width: usize| exponential.view((row, column), (n, width)).into_owned();
        let discrete = Discrete {
            hours,
            ad: block(0, 0, n),
            bd: block(0, n, m),
            mean_ad: block(n + m, 0, n),
            mean_bd: block(n + m, n, m),
        };
        let error = discrete.drift(self.boundaries);
        if error <= LARGEST_DRIFT { Ok(discrete) } else { Err(self.stiff(hours, error)) }
    }

    fn stiff(&self, hours: f64, error: f64) -> BuildingError {
        let time_s = |state: usize| self.capacity_j_k[state] / self.conductance_w_k[(state, state)];
        let fastest = (0..self.states.len()).min_by(|&one, &other| time_s(one).total_cmp(&time_s(other))).unwrap_or(0);
        let node = self.nodes[self.states[fastest]].clone();
        BuildingError::Stiff { hours, node, time_constant_s: time_s(fastest), error }
    }

    /// Returns the heat flows of a step with mean states `mean_x` and inputs `u`, W: from each boundary into the
    /// building, then from each heat input into it (the input times the sum of its shares).
    #[must_use]
    pub fn heat_flows_w(&self, mean_x: &DVector<f64>, u: &DVector<f64>) -> DVector<f64> {
        let nodes = self.node_temps_c(mean_x, u);
        DVector::from_fn(self.inputs.len(), |input, _| {
            if input < self.boundaries {
                let conductances = self.boundary_w_k.column(input);
                conductances.iter().zip(nodes.iter()).map(|(k, node)| k * (u[input] - node)).sum::<f64>()
            } else {
                u[input] * self.shares.column(input - self.boundaries).sum()
            }
        })
    }

    /// Returns the heat that the building holds more at states `to` than at states `from`, J.
    #[must_use]
    pub fn stored_j(&self, from: &DVector<f64>, to: &DVector<f64>) -> f64 {
        self.capacity_j_k.dot(&(to - from))
    }

    pub(crate) fn injection(&self) -> &DMatrix<f64> {
        &self.injection
    }

    pub(crate) fn output(&self) -> &DMatrix<f64> {
        &self.output
    }
}

fn find(kind: &'static str, names: &[String], name: &str) -> Result<usize, BuildingError> {
    names.iter().position(|known| known == name).ok_or_else(|| BuildingError::Unknown {
        kind,
        name: name.to_owned(),
        known: names.join(", "),
    })
}

/// The exact solution of a [`StateSpace`] over one step with constant inputs: `x' = Ad x + Bd u`.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrete {
    /// Length of the step, hours.
    pub hours: f64,
    /// Ad, states x states.
    pub ad: DMatrix<f64>,
    /// Bd, states x inputs: K/K for temperatures, K/W for heat flows.
    pub bd: DMatrix<f64>,
    /// Mean states of the step per state at its beginning, states x states.
    pub mean_ad: DMatrix<f64>,
    /// Mean states of the step per input, states x inputs.
    pub mean_bd: DMatrix<f64>,
}

impl Discrete {
    /// Returns the largest change of a state over a step that begins at 1 degree with all boundaries at 1 degree: 0 but
    /// for rounding.
    fn drift(&self, boundaries: usize) -> f64 {
        let row_sum = |row: usize| self.ad.row(row).sum() + self.bd.row(row).columns(0, boundaries).sum();
        let drift = |row: usize| (row_sum(row) - 1.0).abs();
        // A maximum that keeps NaN.
        (0..self.ad.nrows()).map(drift).fold(0.0, |worst, one| if one <= worst { worst } else { one })
    }

    /// Returns the states at the end of the step, degrees Celsius.
    #[must_use]
    pub fn end(&self, x: &DVector<f64>, u: &DVector<f64>) -> DVector<f64> {
        &self.ad * x + &self.bd * u
    }

    /// Returns the mean states of the step, degrees Celsius.
    #[must_use]
    pub fn mean(&self, x: &DVector<f64>, u: &DVector<f64>) -> DVector<f64> {
        &self.mean_ad * x + &self.mean_bd * u
    }

    /// Returns the response of a state to one unit of an input that lasts one step: `z_i = (Ad^i Bd)` of that state
    /// and input, the change of the state at the end of the i-th step after it, for `steps` steps.
    #[must_use]
    pub fn pulse_response(&self, state: usize, input: usize, steps: usize) -> Vec<f64> {
        let mut column: DVector<f64> = self.bd.column(input).into_owned();
        (0..steps)
            .map(|_| {
                let now = column[state];
                column = &self.ad * &column;
                now
            })
            .collect()
    }
}
