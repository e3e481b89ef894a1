//! Plans, and the reasons why there is none.

use anergy_lp::{Duals, LpError};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::stores::StoreReport;
use super::{shortage, stores};

/// The reasons why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// The demand cannot be met, and unmet demand is forbidden.
    #[error("{}", shortage::describe(.0))]
    Infeasible(Vec<ShortageReport>),
    /// Some stores cannot hold their required level.
    #[error("{}", stores::describe(.0))]
    Stores(Vec<StoreReport>),
    /// The solver failed, or its solution violates the problem.
    #[error(transparent)]
    Lp(#[from] LpError),
}

/// A carrier at a site with an unavoidable shortage or excess.
#[derive(Debug, Clone, PartialEq)]
pub struct ShortageReport {
    /// Name of the site.
    pub site: String,
    /// Name of the carrier.
    pub carrier: String,
    /// Whether there is too little (`true`) or too much of it.
    pub too_little: bool,
    /// Steps concerned: stamp and energy, kWh, in order of time.
    pub hours: Vec<(String, f64)>,
}

impl ShortageReport {
    /// Returns the energy over all steps, kWh.
    #[must_use]
    pub fn energy_kwh(&self) -> f64 {
        self.hours.iter().map(|(_, energy)| energy).sum()
    }
}

/// The decisions of a dispatch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decisions {
    /// Values of the columns, shape (quantities, steps), in kW, and in kWh for levels.
    pub values: Array2<f64>,
    /// Values of the columns over all steps: capacities and peaks, in kW, and in kWh for stores.
    pub globals: Vec<f64>,
}

/// A dispatch: the operation of every technology in every step, with its objective and certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Decisions of the dispatch.
    pub decisions: Decisions,
    /// Objective of the solver, EUR: operating cost, demand charges, annuities of chosen capacities, and the prices of
    /// shortage and surplus; without the annuities of given capacities and without forced supply. Energy over a limit
    /// is priced as in [`Priced`].
    pub objective_eur: f64,
    /// Largest violation of any equation or bound.
    pub certificate: PlanCertificate,
    /// Dual solution, see [`Dispatch::prices`](super::Dispatch::prices); `None` if the solver returns none.
    pub duals: Option<Duals>,
}

/// A plan at other efficiencies than it was made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// Decisions: the capacities are those of the plan, the peaks those of the closing columns.
    pub decisions: Decisions,
    /// Objective, EUR. The remaining imbalance is priced as lost load, and so is the least energy that would have to be
    /// saved to keep the limits on the whole time.
    pub objective_eur: f64,
    /// Imbalance that no import or surplus could close, kWh.
    pub short_kwh: f64,
}

/// The accuracy of a plan, computed from the model alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlanCertificate {
    /// Largest violation of any equation, kW or kWh.
    pub equation: f64,
    /// Largest distance of any value from its bounds, kW or kWh.
    pub bound: f64,
    /// Relative gap to the optimum that the duals prove; `None` without duals.
    pub gap: Option<f64>,
    /// Number of steps in which another plan has the same cost, see
    /// [`Dispatch::tied_steps`](super::Dispatch::tied_steps); `None` if it was not computed.
    pub tied_steps: Option<usize>,
    /// Largest residual of each balance: site, carrier, kW.
    pub balances: Vec<(String, String, f64)>,
}
