//! The reasons why a run has no result.

use anergy_dispatch::dispatch::DispatchError;
use anergy_lp::LpError;
use anergy_thermal::water_loop::district_network::NetworkError;
use anergy_thermal::water_loop::network::FlowError;

use crate::coupling::{JournalError, SettingsError};
use crate::equilibrium::{AnticipativeError, Unsuited};

/// The reason why a run has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CosimError {
    /// The dispatcher found no plan.
    #[error("{}{source}", iteration.map(|k| format!("iteration {k}: ")).unwrap_or_default())]
    Dispatch {
        /// Iteration of a coupled run, from 0; `None` for a dispatch without a loop.
        iteration: Option<usize>,
        /// Error of the dispatcher.
        source: DispatchError,
    },
    /// The simulation of the water loop failed.
    #[error("iteration {iteration}, {stamp}: {source}")]
    Loop {
        /// Iteration, from 0.
        iteration: usize,
        /// Time stamp of the step.
        stamp: String,
        /// Error of the network's simulation.
        source: NetworkError,
    },
    /// The simulated water of the network is far below its freezing point or above its boiling point.
    #[error(
        "the water at node {node} would have {temp_c:.1} C at {stamp}: more is taken from the network, or given to \
         it, than its plants can bring; give plants more power or substations more flow (`max_flow_kg_s`), or take less"
    )]
    NotLiquid {
        /// Node whose temperature is farthest from the liquid range.
        node: String,
        /// Time stamp of that temperature.
        stamp: String,
        /// The temperature, degrees Celsius.
        temp_c: f64,
    },
    /// A heat pump's COP is not positive.
    #[error(
        "iteration {iteration}: the COP of {technology} at {site} is {cop:.3} at {stamp}; its curve gives COPs > 0 \
         only over part of the lifts met here (set `outside: clamp` in its model, or correct the curve)"
    )]
    CopNotPositive {
        /// Iteration, from 0.
        iteration: usize,
        /// Site of the heat pump.
        site: String,
        /// Technology of the heat pump.
        technology: String,
        /// Time stamp of the step.
        stamp: String,
        /// COP.
        cop: f64,
    },
    /// The water leaves a substation beyond the temperature of its heat pumps' refrigerant, which no heat exchanger
    /// can do.
    #[error(
        "water leaves substation {substation} up to {worst_k:.2} K beyond its heat pumps' refrigerant (colder than it \
         evaporates, or warmer than it condenses), worst at {stamp}: the approach is smaller than the spread that the \
         flow leaves (`loop_water: outlet` counts it from the water that leaves; or give a larger `max_flow_kg_s`)"
    )]
    PinchCrossed {
        /// Name of the substation.
        substation: String,
        /// Time stamp of the largest excess.
        stamp: String,
        /// Largest excess, K.
        worst_k: f64,
    },
    /// At the COPs that the answer leads to, demand exceeds what can be imported, and unmet demand is not allowed.
    #[error(
        "at the COPs that the plan leads to, {energy_kwh:.3} kWh cannot be brought in, and unmet demand is not \
         allowed; give the grid more capacity or price unmet demand"
    )]
    Short {
        /// Missing energy, kWh.
        energy_kwh: f64,
    },
    /// The journal cannot be read, written or continued.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The settings of the coupling are out of range or contradict each other.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The joint optimum of dispatch and loop was not found.
    #[error("coupling.scheme: anticipative: {0}")]
    Anticipative(#[from] AnticipativeError<DispatchError>),
    /// The scheme does not cover a feature of the dispatch or of the loop.
    #[error(
        "coupling.scheme: {scheme} does not know {unsuited}; use scheme: auto, which needs nothing but plans and COPs"
    )]
    Unsuited {
        /// Name of the scheme.
        scheme: &'static str,
        /// Feature that the scheme does not cover.
        unsuited: Unsuited,
    },
}

/// The origin of a failure, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The input is invalid.
    Input,
    /// The district cannot satisfy its constraints.
    Infeasible,
    /// The solver or the file system failed.
    Inside,
}

impl CosimError {
    /// Returns the origin of the error.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::Dispatch { source: DispatchError::Infeasible(_) | DispatchError::Stores(_), .. }
            | Self::Short { .. }
            | Self::NotLiquid { .. } => Cause::Infeasible,
            Self::Dispatch { source: DispatchError::Lp(error), .. } => match error {
                LpError::Infeasible { .. } => Cause::Infeasible,
                LpError::Unbounded { .. } | LpError::TooLarge { .. } | LpError::Unsupported { .. } => Cause::Input,
                _ => Cause::Inside,
            },
            Self::Loop { source: NetworkError { source: FlowError::GroundNotFinite { .. }, .. }, .. } => Cause::Input,
            Self::Journal(JournalError::Io { .. })
            | Self::Anticipative(_)
            | Self::Loop { .. }
            | Self::Dispatch { .. } => Cause::Inside,
            Self::Settings(_)
            | Self::CopNotPositive { .. }
            | Self::PinchCrossed { .. }
            | Self::Unsuited { .. }
            | Self::Journal(_) => Cause::Input,
        }
    }
}

impl From<DispatchError> for CosimError {
    fn from(source: DispatchError) -> Self {
        Self::Dispatch { iteration: None, source }
    }
}

impl From<LpError> for CosimError {
    fn from(error: LpError) -> Self {
        DispatchError::Lp(error).into()
    }
}
