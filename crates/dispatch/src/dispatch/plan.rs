//! Plans, and why there is none.

use anergy_lp::{Duals, LpError};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::stores::StoreReport;
use super::{shortage, stores};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// The demand cannot be met, and leaving it unserved is not allowed.
    #[error("{}", shortage::describe(.0))]
    Infeasible(Vec<ShortageReport>),
    /// Stores cannot hold the levels that they must.
    #[error("{}", stores::describe(.0))]
    Stores(Vec<StoreReport>),
    /// The solver failed, or its answer is wrong.
    #[error(transparent)]
    Lp(#[from] LpError),
}

/// Where and when a carrier is short or in excess beyond remedy.
#[derive(Debug, Clone, PartialEq)]
pub struct ShortageReport {
    /// Name of the site.
    pub site: String,
    /// Name of the carrier.
    pub carrier: String,
    /// Whether there is too little (`true`) or too much of it.
    pub too_little: bool,
    /// The steps concerned: stamp and kWh, in order of time.
    pub hours: Vec<(String, f64)>,
}

impl ShortageReport {
    /// kWh over all hours.
    #[must_use]
    pub fn energy_kwh(&self) -> f64 {
        self.hours.iter().map(|(_, energy)| energy).sum()
    }
}

/// What a dispatch decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decisions {
    /// Values of the columns, shape (quantities, steps); kW, and kWh for levels.
    pub values: Array2<f64>,
    /// Values of what all steps share: capacities and peaks, in kW, and kWh for stores.
    pub globals: Vec<f64>,
}

/// A dispatch: what every technology does in every step, and how far that misses the model's equations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What is decided.
    pub decisions: Decisions,
    /// The solver's objective, EUR: money, with demand charges and the annuities of chosen capacities, and the prices of
    /// shortage and surplus; without the annuities of what is given, and without forced supply. What is over a limit is priced
    /// as in [`Priced`].
    pub objective_eur: f64,
    /// Worst miss of any equation or bound.
    pub certificate: PlanCertificate,
    /// What rows and quantities are worth at it, where the solver tells: see [`Dispatch::prices`](super::Dispatch::prices).
    pub duals: Option<Duals>,
}

/// A plan at other efficiencies than it was made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// What is decided: chosen capacities are those of the plan, peaks those of what closes the balances.
    pub decisions: Decisions,
    /// Objective, EUR, with what stays short priced as lost load, and so the energy that would have to stay away for the
    /// limits on the whole time to hold.
    pub objective_eur: f64,
    /// What no import or surplus could close, kWh.
    pub short_kwh: f64,
}

/// What the plan is worth, computed from the model alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlanCertificate {
    /// Worst miss of any equation, kW or kWh.
    pub equation: f64,
    /// Worst distance of any value outside its bounds, kW or kWh.
    pub bound: f64,
    /// The objective is proven to be within this share of the least, where the solver's duals prove it.
    pub gap: Option<f64>,
    /// In how many steps something else would cost the same: [`Dispatch::tied_steps`](super::Dispatch::tied_steps), where that
    /// was asked for.
    pub tied_steps: Option<usize>,
    /// Worst residual of each balance: site, carrier, kW.
    pub balances: Vec<(String, String, f64)>,
}
