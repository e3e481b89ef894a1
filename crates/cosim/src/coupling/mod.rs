//! The fixed-point driver: alternates dispatch and loop until they agree, and measures how well they agree.
//!
//! The driver sees its participants through two traits. A [`Dispatcher`] turns COPs into a plan, a [`LoopModel`]
//! turns a plan into temperatures and the COPs that follow from them; [`drive`] alternates the two under a
//! [`Scheme`], measures every iterate ([`Record`]) and ends with a [`Verdict`].

mod driver;
mod explain;
mod gap;
mod history;
mod journal;
mod record;
mod scheme;
mod settings;
mod terminal_residual;
mod violation;

pub use anergy_data::schema::{Distance, Gap, Residual, Stop, Verdict};
pub use driver::{DriveResult, Outcome, Start, drive};
pub use journal::{Journal, JournalError, Kept};
pub use record::{Observer, PhaseSeconds, Record};
pub use scheme::acceleration;
pub use scheme::{
    Auto, Averaging, GapRegulated, IterationState, Msa, Picard, Scheme, SchemePlan, SelfRegulated, SmoothAtFirst, Step,
    StepInput, StepRule, scheme,
};
pub use settings::{
    BalancingPrice, CouplingSettings, InitialCopDispatch, InitialCopRing, LoopCop, SchemeChoice, SettingsError,
    StoreTemperature,
};
pub use terminal_residual::Unrest;
pub use violation::LimitViolation;

use ndarray::{Array1, Array2};
use serde::Serialize;

/// COPs of the heat pumps on the loop, shape (heat pumps, steps), all > 0.
pub type CopSeries = Array2<f64>;

/// The input of a loop simulation. All arrays have the shape (heat pumps, steps).
#[derive(Debug, Clone, PartialEq)]
pub struct LoopRequest {
    /// Useful heat or cold of each heat pump, kW.
    pub output_kw: Array2<f64>,
    /// Level of each heat pump's store before the step, kWh, which determines the store temperature; 0 without a
    /// store.
    pub level_kwh: Array2<f64>,
    /// COPs that convert output into heat on the loop, given from outside as in the published model; `None` for COPs
    /// that follow from the loop temperature of each step.
    pub given_cops: Option<CopSeries>,
}

impl LoopRequest {
    /// Creates a request whose COPs follow from each step's loop temperature.
    #[must_use]
    pub fn new(output_kw: Array2<f64>, level_kwh: Array2<f64>) -> Self {
        Self { output_kw, level_kwh, given_cops: None }
    }
}

/// The cost of a plan, by component.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct PlanCost {
    /// Objective of the dispatcher, EUR: the money that depends on its decisions, and the penalties on unmet demand
    /// and surplus.
    pub objective_eur: f64,
    /// Penalties in the objective, EUR: the prices of unmet demand and surplus.
    pub penalty_eur: f64,
    /// Sum of the absolute terms of the money in the objective, EUR: the scale of a relative gap.
    pub absolute_terms_eur: f64,
    /// All money, EUR, annuities included, without the prices of unmet demand and surplus; with `balancing_price:
    /// marginal` also what the dispatcher is charged for balancing.
    pub cost_eur: f64,
    /// Part of the cost that the dispatcher is charged for balancing, EUR. The cost of the balancing units themselves
    /// is in the loop's response.
    pub charge_eur: f64,
    /// Unmet demand, kWh.
    pub unmet_kwh: f64,
    /// Surplus (unused production), kWh.
    pub surplus_kwh: f64,
    /// Demand of all carriers, kWh: the scale of a relative gap of unmet demand.
    pub demand_kwh: f64,
}

/// The participant that turns COPs into a plan.
pub trait Dispatcher {
    /// A plan, opaque to the driver.
    type Plan: Clone;
    /// The account of a plan, which the driver stores for every iteration.
    type Account;
    /// The error of a dispatch.
    type Error: std::error::Error;

    /// Returns the cheapest plan under a signal.
    ///
    /// # Errors
    /// When the dispatch is infeasible or the solver fails.
    fn dispatch(&mut self, signal: &LoopSignal) -> Result<Self::Plan, Self::Error>;

    /// Returns whether an error proves that no plan exists; false if the solver merely found none.
    fn is_infeasible(&self, error: &Self::Error) -> bool {
        let _ = error;
        false
    }

    /// Returns the answer to a signal from a journalled plan, in the same state as after [`Dispatcher::dispatch`].
    ///
    /// # Errors
    /// When the signal cannot be set.
    fn recall(&mut self, kept: Self::Plan, signal: &LoopSignal) -> Result<Self::Plan, Self::Error> {
        let _ = signal;
        Ok(kept)
    }

    /// Returns the loop request that follows from a plan, without COPs.
    fn request(&self, plan: &Self::Plan) -> LoopRequest;

    /// Returns the weighted sum of plans (weights >= 0, sum 1), its balances closed under a signal; `None` where they
    /// cannot be closed.
    ///
    /// # Errors
    /// When the signal cannot be set.
    fn blend(&mut self, plans: &[(&Self::Plan, f64)], signal: &LoopSignal) -> Result<Option<Self::Plan>, Self::Error>;

    /// Returns the distance of two plans in the quantities that affect the loop: a norm of the difference, in one
    /// unit of the dispatcher's choice.
    fn distance(&self, a: &Self::Plan, b: &Self::Plan) -> f64;

    /// Returns the cost of a plan's decisions under a signal.
    ///
    /// # Errors
    /// When the signal cannot be set.
    fn price(&mut self, plan: &Self::Plan, signal: &LoopSignal) -> Result<PlanCost, Self::Error>;

    /// Returns the cost of a plan under the signal for which it was made.
    fn cost(&self, plan: &Self::Plan) -> PlanCost;

    /// Returns the account of a plan.
    fn account(&self, plan: &Self::Plan) -> Self::Account;

    /// Returns the largest violation of any equation or bound of `plan`, kW or kWh.
    fn certificate(&self, plan: &Self::Plan) -> f64;
}

/// The signal from the loop to the dispatcher: all data beside the district that a plan depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopSignal {
    /// COPs of the heat pumps on the loop.
    pub cops: CopSeries,
    /// Electricity demand of the loop itself, kW, shape (sites, steps). Without rows before the first loop
    /// simulation.
    pub auxiliary_kw: Array2<f64>,
    /// Marginal cost of heat from the balancing units by step, where the settings pass it to the dispatcher; for a
    /// well-mixed loop it includes units that run only later. Empty before the first loop simulation.
    pub balancing: Vec<MarginalHeat>,
}

impl LoopSignal {
    /// Creates a signal that has COPs alone, as before the first loop simulation.
    #[must_use]
    pub fn of_cops(cops: CopSeries) -> Self {
        Self { cops, auxiliary_kw: Array2::default((0, 0)), balancing: Vec::new() }
    }
}

/// The marginal cost of heat taken from the loop: positive where the balancing units heat, negative where they cool
/// (there, heat given to the loop has a cost), 0 where no unit runs now or later.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MarginalHeat {
    /// Cost, EUR per kWh of heat taken.
    pub eur_per_kwh: f64,
    /// Emissions, kg CO2 per kWh of heat taken.
    pub co2_kg_per_kwh: f64,
}

/// The result of a loop simulation under a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopResponse {
    /// Loop temperature at the start of each step and at the end of the last, degrees Celsius, length steps + 1.
    pub temp_c: Array1<f64>,
    /// Heat into the loop from the heat pumps, kWh by step.
    pub heat_kwh: Array1<f64>,
    /// Energy created (positive) or destroyed (negative) without a source, kWh by step.
    pub created_kwh: Array1<f64>,
    /// Heat from the ground, kWh by step; negative into the ground.
    pub ground_kwh: Array1<f64>,
    /// Heat from balancing units, kWh by step; positive for heating. For a network it includes heat from sources of
    /// waste heat.
    pub balancing_kwh: Array1<f64>,
    /// Electricity or fuel for balancing, kWh by step; for a network it includes separately metered circulation
    /// pumps.
    pub balancing_energy_kwh: Array1<f64>,
    /// Cost of that energy, EUR.
    pub balancing_eur: f64,
    /// Emissions of that energy, kg CO2.
    pub balancing_co2_kg: f64,
    /// Steps in which the loop was at its low and at its high limit, by more than rounding.
    pub limit_steps: [usize; 2],
    /// Violations of the low and of the high limit, which the balancing unit could not prevent.
    pub violations: [LimitViolation; 2],
    /// Residual of the energy balance over the horizon, relative to the energy moved.
    pub balance_residual: f64,
    /// Largest residual of the energy balance of a step, relative to the energy moved in it.
    pub step_balance_residual: f64,
    /// Signal to the dispatcher; its COPs follow from the temperatures.
    pub signal: LoopSignal,
    /// Running steps of each heat pump, in total and outside its model's range of validity.
    pub validity: Vec<Validity>,
}

impl LoopResponse {
    /// Creates the response of an idle loop at 0 degrees Celsius, for a simulation to fill in.
    #[must_use]
    pub fn zeros(pumps: usize, steps: usize) -> Self {
        Self {
            temp_c: Array1::zeros(steps + 1),
            heat_kwh: Array1::zeros(steps),
            created_kwh: Array1::zeros(steps),
            ground_kwh: Array1::zeros(steps),
            balancing_kwh: Array1::zeros(steps),
            balancing_energy_kwh: Array1::zeros(steps),
            balancing_eur: 0.0,
            balancing_co2_kg: 0.0,
            signal: LoopSignal {
                cops: Array2::zeros((pumps, steps)),
                auxiliary_kw: Array2::zeros((0, steps)),
                balancing: vec![MarginalHeat::default(); steps],
            },
            limit_steps: [0, 0],
            violations: [LimitViolation::default(); 2],
            balance_residual: 0.0,
            step_balance_residual: 0.0,
            validity: vec![Validity::default(); pumps],
        }
    }
}

/// Numbers of a heat pump's running steps, in total and outside the validity of its COP model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// Running steps below the range: with a lower lift, or on the side of a rating map with the higher COP.
    pub below: usize,
    /// Running steps above the range: with a higher lift, or on the side of a rating map with the lower COP.
    pub above: usize,
    /// All running steps.
    pub running: usize,
    /// Running steps in which a heating machine had a COP below 1 and therefore heated its source.
    pub warming: usize,
}

/// The participant that turns a plan into temperatures and COPs.
pub trait LoopModel {
    /// The error of a simulation.
    type Error: std::error::Error;

    /// Simulates the loop over the whole horizon.
    ///
    /// # Errors
    /// When the simulation fails.
    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, Self::Error>;
}

/// A value with its derivatives by the loop temperature and by an energy.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Value.
    pub value: f64,
    /// Derivative by the loop temperature, per K.
    pub per_k: f64,
    /// Derivative by the energy, per kWh.
    pub per_kwh: f64,
}

/// A loop of one temperature with derivatives, which Newton's method and the joint optimum need.
pub trait LoopDerivatives {
    /// Returns the loop temperature at the start of the first step, degrees Celsius.
    fn initial_c(&self) -> f64;

    /// Returns the heat into the loop per output of heat pump `pump` without its electricity, kWh/kWh: -1 in heating,
    /// 1 in cooling. The electricity per output (1/COP) is to be added.
    fn heat_without_electricity(&self, pump: usize) -> f64;

    /// Returns the electricity per output (1/COP) of heat pump `pump` at a loop temperature and a store level (kWh),
    /// with its derivatives by both.
    fn electricity_per_output(&self, pump: usize, temp_c: f64, level_kwh: f64) -> Rates;

    /// Returns the temperature after step `step` that begins at `temp_c` and brings `heat_kwh`, with its derivatives
    /// by both. Kinks at the limits are smoothed over about `rounding_k`; with 0 the result is that of the
    /// simulation.
    fn advance(&self, step: usize, temp_c: f64, heat_kwh: f64, rounding_k: f64) -> Rates;
}

/// The error that ended the iteration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CouplingError<D: std::error::Error, L: std::error::Error> {
    /// The dispatcher failed.
    #[error("iteration {iteration}: {source}")]
    Dispatch {
        /// Iteration, from 0.
        iteration: usize,
        /// Error of the dispatcher.
        source: D,
    },
    /// The loop simulation failed.
    #[error("iteration {iteration}: {source}")]
    Loop {
        /// Iteration, from 0.
        iteration: usize,
        /// Error of the loop.
        source: L,
    },
    /// A COP is not positive.
    #[error(
        "iteration {iteration}: the COP of heat pump {pump} is {cop} in step {step} (from 0); its curve gives COPs \
         > 0 only over part of the lifts met here; set `outside: clamp` on its model or widen its range"
    )]
    CopNotPositive {
        /// Iteration, from 0.
        iteration: usize,
        /// Index of the heat pump.
        pump: usize,
        /// Step, from 0.
        step: usize,
        /// COP.
        cop: f64,
    },
    /// The journal cannot be read, written or continued.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The settings are out of range or contradict each other.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}
