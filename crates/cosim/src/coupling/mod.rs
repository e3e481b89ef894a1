//! The fixed-point driver: dispatch and loop in turn until they agree, and an honest word on whether they do.
//!
//! The participants are seen through two traits only. A [`Dispatcher`] turns COPs into a plan, a [`LoopModel`] turns a plan into
//! temperatures and the COPs that follow from them; [`drive`] alternates the two under a [`Scheme`], measures every iterate
//! ([`Record`]) and ends with a [`Verdict`].

mod driver;
mod explain;
mod gap;
mod history;
mod journal;
mod record;
mod scheme;
mod settings;
mod unrest;
mod violation;

pub use anergy_data::schema::{Distance, Gap, Residual, Stop, Verdict};
pub use driver::{Driven, Outcome, Start, drive};
pub use journal::{Journal, JournalError, Kept};
pub use record::{Observer, PhaseSeconds, Record};
pub use scheme::acceleration;
pub use scheme::{
    Auto, Averaging, GapRegulated, Msa, Picard, Scheme, Seen, SelfRegulated, Situation, SmoothAtFirst, Step, StepRule,
    Stepped, scheme,
};
pub use settings::{
    BalancingPrice, CouplingSettings, InitialCopDispatch, InitialCopRing, LoopCop, SchemeChoice, SettingsError,
    StoreTemperature,
};
pub use unrest::Unrest;
pub use violation::LimitViolation;

use ndarray::{Array1, Array2};
use serde::Serialize;

/// COPs of the heat pumps on the loop, shape (heat pumps, steps), all > 0.
pub type CopSeries = Array2<f64>;

/// What a loop is asked: what the heat pumps do, and by which COPs. All arrays have the shape (heat pumps, steps).
#[derive(Debug, Clone, PartialEq)]
pub struct LoopRequest {
    /// Useful heat or cold of each heat pump, kW.
    pub output_kw: Array2<f64>,
    /// Level of each heat pump's store before the step, kWh, which gives the store temperature; 0 without a store.
    pub level_kwh: Array2<f64>,
    /// COPs by which output becomes heat on the loop, given from outside as in the published model; `None` for those that follow
    /// from the loop temperature of each step.
    pub given_cops: Option<CopSeries>,
}

impl LoopRequest {
    /// Creates a request with the COPs of each step's own loop temperature.
    #[must_use]
    pub fn new(output_kw: Array2<f64>, level_kwh: Array2<f64>) -> Self {
        Self { output_kw, level_kwh, given_cops: None }
    }
}

/// What a plan costs, apart.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct PlanCost {
    /// What the dispatcher minimises, EUR: money it can choose, and the prices of unmet demand and surplus.
    pub objective_eur: f64,
    /// The part of it that is no money, EUR: the prices of unmet demand and surplus.
    pub penalty_eur: f64,
    /// Sum of the absolute terms of the money in the objective, EUR: the scale of a relative gap.
    pub absolute_terms_eur: f64,
    /// All money, EUR, annuities included, without the prices of unmet demand and surplus; with `balancing_price:
    /// marginal` also what the dispatcher is charged for balancing.
    pub cost_eur: f64,
    /// The part of it that the dispatcher is charged for balancing, EUR. The balancing units' own cost is told by the loop.
    pub charge_eur: f64,
    /// Demand left unserved, kWh.
    pub unmet_kwh: f64,
    /// Production not used, kWh.
    pub surplus_kwh: f64,
    /// Demand of all carriers, kWh: the scale of a relative gap of unmet demand.
    pub demand_kwh: f64,
}

/// Turns COPs into a plan.
pub trait Dispatcher {
    /// A plan; opaque to the driver.
    type Plan: Clone;
    /// What is kept of the plan of every iteration.
    type Account;
    /// Why there may be none.
    type Error: std::error::Error;

    /// Returns the cheapest plan under a signal.
    ///
    /// # Errors
    /// When there is no plan or none was found.
    fn dispatch(&mut self, signal: &LoopSignal) -> Result<Self::Plan, Self::Error>;

    /// Whether an error says that there is no plan, and not that none was found.
    fn is_infeasible(&self, error: &Self::Error) -> bool {
        let _ = error;
        false
    }

    /// Returns an answer to a signal that was kept, as if it had just been found.
    ///
    /// # Errors
    /// When the signal cannot be put in force.
    fn recall(&mut self, kept: Self::Plan, signal: &LoopSignal) -> Result<Self::Plan, Self::Error> {
        let _ = signal;
        Ok(kept)
    }

    /// Returns what a plan asks of the loop, without COPs.
    fn request(&self, plan: &Self::Plan) -> LoopRequest;

    /// Returns the weighted sum of plans (weights >= 0, sum 1), its balances closed under a signal; `None` where they cannot be closed.
    ///
    /// # Errors
    /// When the signal cannot be put in force.
    fn blend(&mut self, plans: &[(&Self::Plan, f64)], signal: &LoopSignal) -> Result<Option<Self::Plan>, Self::Error>;

    /// How far two plans are apart in what the loop can feel; a norm of the difference, in any one unit.
    fn distance(&self, a: &Self::Plan, b: &Self::Plan) -> f64;

    /// Returns what the decisions of a plan cost under a signal.
    ///
    /// # Errors
    /// When the signal cannot be put in force.
    fn price(&mut self, plan: &Self::Plan, signal: &LoopSignal) -> Result<PlanCost, Self::Error>;

    /// Returns what a plan costs under the signal that it was made for.
    fn cost(&self, plan: &Self::Plan) -> PlanCost;

    /// What is kept of `plan` when its iteration is over.
    fn account(&self, plan: &Self::Plan) -> Self::Account;

    /// Worst miss of any equation or bound of `plan`, kW or kWh.
    fn certificate(&self, plan: &Self::Plan) -> f64;
}

/// What a loop tells the dispatcher: all that a plan depends on beside the district.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopSignal {
    /// COPs of the heat pumps on the loop.
    pub cops: CopSeries,
    /// Electricity that the loop itself takes from the district, kW, shape (places, steps): a demand like any other. Without rows
    /// before a loop was simulated.
    pub auxiliary_kw: Array2<f64>,
    /// Marginal cost of heat from the balancing units by step, where the settings let the dispatcher know it; that of a well-mixed loop
    /// counts units that run only later. Empty before a loop was simulated.
    pub balancing: Vec<MarginalHeat>,
}

impl LoopSignal {
    /// Creates the signal of a loop that was not simulated yet: COPs alone.
    #[must_use]
    pub fn of_cops(cops: CopSeries) -> Self {
        Self { cops, auxiliary_kw: Array2::default((0, 0)), balancing: Vec::new() }
    }
}

/// What a kWh of heat that is taken from the loop costs at the margin of its balancing units: positive where they heat,
/// negative where they cool (there it is heat given that costs), 0 where none runs now or later.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MarginalHeat {
    /// EUR per kWh of heat taken.
    pub eur_per_kwh: f64,
    /// kg CO2 per kWh of heat taken.
    pub co2_kg_per_kwh: f64,
}

/// What a plan did to the loop.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopResponse {
    /// Loop temperature at the start of each step and at the end of the last, degrees Celsius, length steps + 1.
    pub temp_c: Array1<f64>,
    /// Heat into the loop from the heat pumps, kWh by step.
    pub heat_kwh: Array1<f64>,
    /// Energy that appeared or vanished without a source, kWh by step.
    pub created_kwh: Array1<f64>,
    /// Heat from the ground (into it negative), kWh by step.
    pub ground_kwh: Array1<f64>,
    /// Energy from balancing units (heating positive), of a network with that from sources of waste heat, kWh by step.
    pub balancing_kwh: Array1<f64>,
    /// Electricity or fuel that this took, of a network with its pumps, on meters of their own, kWh by step.
    pub balancing_energy_kwh: Array1<f64>,
    /// What that cost, EUR.
    pub balancing_eur: f64,
    /// What that emitted, kg CO2.
    pub balancing_co2_kg: f64,
    /// Steps in which a limit was met from above and from below, by more than rounding: low, high.
    pub limit_steps: [usize; 2],
    /// What the balancing unit could not hold: below the low limit, above the high one.
    pub violations: [LimitViolation; 2],
    /// Miss of the year's energy balance, relative to the energy moved.
    pub balance_residual: f64,
    /// Worst miss of a step's energy balance, relative to the energy moved in it.
    pub step_balance_residual: f64,
    /// What the dispatcher learns of it; its COPs follow from the temperatures.
    pub signal: LoopSignal,
    /// Running steps of each heat pump below and above its model's range of validity, and all its running steps.
    pub validity: Vec<Validity>,
}

impl LoopResponse {
    /// A loop that stands still at 0 degrees Celsius: the frame that a simulation fills in.
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

/// Running steps of a heat pump outside the validity of its COP model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// Running steps below the range: with a lower lift, or on the easier side of a map.
    pub below: usize,
    /// Running steps above the range: with a higher lift, or on the harder side of a map.
    pub above: usize,
    /// All running steps.
    pub running: usize,
    /// Running steps in which a heating machine had a COP below 1, so that it warmed its source.
    pub warming: usize,
}

/// Turns a plan into temperatures and COPs.
pub trait LoopModel {
    /// Why there may be no answer.
    type Error: std::error::Error;

    /// Simulates the whole time.
    ///
    /// # Errors
    /// When the loop has no answer.
    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, Self::Error>;
}

/// A value and how it changes with the loop temperature and with something else.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// The value.
    pub value: f64,
    /// Its change per K of the loop temperature.
    pub per_k: f64,
    /// Its change per kWh of the other quantity.
    pub per_kwh: f64,
}

/// A loop of one temperature that tells how it responds: what schemes with derivatives need.
pub trait LoopDerivatives {
    /// Loop temperature at the start of the first step, degrees Celsius.
    fn initial_c(&self) -> f64;

    /// Heat into the loop per output of heat pump `pump` where it takes no electricity, kWh/kWh: -1 in heating, 1 in cooling. What
    /// it takes (1/COP) is added to that.
    fn heat_without_electricity(&self, pump: usize) -> f64;

    /// Electricity per output (1/COP) of heat pump `pump` at a loop temperature and a store level (kWh): the rates are by the
    /// temperature and by the level.
    fn electricity_per_output(&self, pump: usize, temp_c: f64, level_kwh: f64) -> Rates;

    /// Temperature after step `step` that began at `temp_c` and brings `heat_kwh`: the rates are by the temperature and by the
    /// heat. Corners at the limits are rounded over some `rounding_k`; with 0 it is the simulation itself.
    fn advance(&self, step: usize, temp_c: f64, heat_kwh: f64, rounding_k: f64) -> Rates;
}

/// Why the driver gave up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CouplingError<D: std::error::Error, L: std::error::Error> {
    /// The dispatcher failed.
    #[error("iteration {iteration}: {source}")]
    Dispatch {
        /// The iteration.
        iteration: usize,
        /// What it said.
        source: D,
    },
    /// The loop failed.
    #[error("iteration {iteration}: {source}")]
    Loop {
        /// The iteration.
        iteration: usize,
        /// What it said.
        source: L,
    },
    /// A COP that no machine has.
    #[error(
        "iteration {iteration}: the COP of heat pump {pump} is {cop} in step {step} (from 0); its curve gives COPs > 0 only \
         over part of the lifts met here; set `outside: clamp` on its model or widen its range"
    )]
    CopNotPositive {
        /// The iteration.
        iteration: usize,
        /// Index of the heat pump.
        pump: usize,
        /// The step.
        step: usize,
        /// The COP.
        cop: f64,
    },
    /// The journal is of no use.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The settings contradict each other.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}
