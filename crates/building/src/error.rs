//! The errors of this crate.

/// The error for an invalid description of a building, or for inputs that do not fit one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildingError {
    /// Two nodes, boundaries or heat inputs have the same name.
    #[error("the {kind} `{name}` appears twice")]
    Duplicate {
        /// "node", "boundary" or "heat input".
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A name that nothing has.
    #[error("there is no {kind} `{name}`; known: {known}")]
    Unknown {
        /// "node", "input" or "boundary".
        kind: &'static str,
        /// The name.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A value is out of its range.
    #[error("{what} is {value}; expected {expected}")]
    Value {
        /// What the value belongs to.
        what: String,
        /// The value.
        value: f64,
        /// The range.
        expected: &'static str,
    },
    /// A link from a node to itself.
    #[error("a link joins the node `{name}` to itself")]
    SelfLink {
        /// Name of the node.
        name: String,
    },
    /// No node has a capacity above 0.
    #[error("no node has a heat capacity above 0: a network needs at least one")]
    NoCapacity,
    /// Some nodes without capacity are linked to nothing whose temperature is known.
    #[error(
        "the nodes without capacity ({names}) have no temperature: link them to a node with capacity or a boundary"
    )]
    Floating {
        /// Names of all nodes without capacity.
        names: String,
    },
    /// The fastest node is too fast for the length of a step, and rounding spoils the exact solution.
    #[error(
        "a step of {hours} h is too long for the node `{node}`, whose time constant is {time_constant_s:.2e} s: \
         temperatures would be wrong by {error:.0e} of themselves; give the node more capacity, or none"
    )]
    Stiff {
        /// Length of the step, hours.
        hours: f64,
        /// Name of the fastest node.
        node: String,
        /// Its capacity over its conductances, s.
        time_constant_s: f64,
        /// How much a building as warm as all its boundaries would change in a step, relative.
        error: f64,
    },
    /// The modal form and the matrix form of a time step differ.
    #[error("the modal form differs from the matrix form by {difference:.3e}; expected at most {allowed:.0e}")]
    Modes {
        /// Largest absolute difference of all entries.
        difference: f64,
        /// Largest difference that is accepted.
        allowed: f64,
    },
    /// A boundary has no temperature.
    #[error("the boundary `{name}` has no temperature")]
    NoTemperature {
        /// Name of the boundary.
        name: String,
    },
    /// A series has the wrong length.
    #[error("{what} has {found} values; expected {expected}")]
    Length {
        /// What the series belongs to.
        what: String,
        /// Number of values.
        found: usize,
        /// Number of steps.
        expected: usize,
    },
    /// A published rule cannot be applied to this case.
    #[error("the published rule does not cover this case: {reason}")]
    Published {
        /// What the rule lacks.
        reason: String,
    },
    /// The weather or its settings are invalid.
    #[error("weather: {0}")]
    Weather(String),
}

impl From<anergy_thermal::weather::WeatherError> for BuildingError {
    fn from(error: anergy_thermal::weather::WeatherError) -> Self {
        Self::Weather(error.to_string())
    }
}

impl BuildingError {
    /// Returns an error unless `accept` holds; a comparison with NaN never does.
    pub(crate) fn check(what: impl Into<String>, value: f64, accept: bool, expected: &'static str) -> Result<(), Self> {
        if accept { Ok(()) } else { Err(Self::Value { what: what.into(), value, expected }) }
    }
}
