//! Adapters of a district's dispatch and of a water loop to the participants' traits of the coupling.

mod draws;
mod network;
mod well_mixed;

pub use network::{NetworkParticipant, year_blocks};
pub use well_mixed::WellMixedParticipant;

use anergy_dispatch::dispatch::{Account, Decisions, Dispatch, DispatchError, Plan, Role};
use anergy_dispatch::district::{Kind, StorageBoundary, VALUE_OF_LOST_LOAD_EUR_PER_KWH};
use anergy_lp::{Backend, LpError, StagedProblem};
use anergy_thermal::heat_pump::HeatPump;
use anergy_thermal::water_loop::WaterLoop;
use anergy_thermal::water_loop::district_network::NetworkError;
use ndarray::Array2;

use crate::coupled::Coupled;
use crate::coupling::{CopSeries, Dispatcher, LoopModel, LoopRequest, LoopResponse, LoopSignal, PlanCost};
use crate::equilibrium::{LoopConversion, Stages, Unsuited};

/// Largest output of an idle heat pump, kW.
const IDLE_KW: f64 = 1e-6;
/// Largest shortage that counts as rounding, kWh.
pub const NEGLIGIBLE_KWH: f64 = 1e-6;

/// The rows of the dispatch that belong to a heat pump on the loop.
#[derive(Debug, Clone, Copy)]
struct PumpRows {
    conversion: usize,
    output: usize,
    level: Option<usize>,
    before: LevelBefore,
}

/// The level of a store before the first step.
#[derive(Debug, Clone, Copy)]
enum LevelBefore {
    /// Fixed level, kWh.
    Known(f64),
    /// Level after the last step (cyclic store).
    Last,
    /// Free level, which follows from the balance of the first step.
    Free {
        /// Columns of the store; without one, nothing is stored or withdrawn.
        charge: Option<usize>,
        discharge: Option<usize>,
        /// Energy stored per kW of charging, and withdrawn per kW of discharging, in one step, kWh.
        per_kw: [f64; 2],
        /// Share of a level that remains after one step.
        retained: f64,
    },
}

impl LevelBefore {
    fn of(dispatch: &Dispatch, site: &str, store: &str) -> Self {
        let Some(Kind::Storage(storage)) = dispatch.district().technology(site, store).map(|store| &store.kind) else {
            return Self::Known(0.0);
        };
        match storage.boundary {
            StorageBoundary::Given(level) => Self::Known(level),
            StorageBoundary::Cyclic | StorageBoundary::CyclicFixed(_) => Self::Last,
            StorageBoundary::Free => {
                let row = |role| dispatch.quantity(site, store, role);
                let dt = dispatch.district().axis().step_hours();
                Self::Free {
                    charge: row(Role::Charge),
                    discharge: row(Role::Discharge),
                    per_kw: [storage.charge_efficiency * dt, dt / storage.discharge_efficiency],
                    retained: (1.0 - storage.loss_per_hour).powf(dt),
                }
            }
        }
    }

    /// Returns the level, kWh; `None` if it depends on the plan.
    fn known_kwh(self) -> Option<f64> {
        match self {
            Self::Known(level) => Some(level),
            Self::Last | Self::Free { .. } => None,
        }
    }

    /// Returns the level before the first step, kWh, in a plan whose levels are in row `level`.
    fn level_kwh(self, values: &Array2<f64>, level: usize) -> f64 {
        match self {
            Self::Known(level) => level,
            Self::Last => values[[level, values.ncols() - 1]],
            Self::Free { charge, discharge, per_kw: [stored, withdrawn], retained } => {
                let first_kw = |row: Option<usize>| row.map_or(0.0, |row| values[[row, 0]]);
                (values[[level, 0]] - stored * first_kw(charge) + withdrawn * first_kw(discharge)) / retained
            }
        }
    }
}

/// A plan with its account at the COPs for which it was made.
#[derive(Debug, Clone)]
pub struct PricedPlan {
    /// Plan.
    pub plan: Plan,
    /// Account of the plan.
    pub account: Account,
}

impl PricedPlan {
    fn values(&self) -> &Array2<f64> {
        &self.plan.decisions.values
    }
}

/// The dispatch of a district as a participant of the coupling.
#[derive(Debug)]
pub struct DistrictDispatcher {
    dispatch: Dispatch,
    backend: &'static dyn Backend,
    pumps: Vec<PumpRows>,
    /// Indices of the balances that supply the electricity of the loop itself.
    auxiliary: Vec<usize>,
    /// Marginal cost of balancing the loop; `None` if the settings do not pass it to the dispatcher.
    balancing: Option<Balancing>,
}

/// The marginal cost of balancing the loop, as a charge on the heat pumps.
#[derive(Debug)]
struct Balancing {
    /// Heat pumps on the loop.
    pumps: Vec<HeatPump>,
    /// Cost per kWh of heat taken from the loop by step, EUR, CO2 at its price included: see
    /// [`MarginalHeat`](crate::coupling::MarginalHeat).
    heat_eur_per_kwh: Vec<f64>,
}

impl Balancing {
    /// Returns the charge per kWh of output of a pump in a step, EUR: the cost of balancing the heat that the pump
    /// takes or gives. Heat that relieves the balancing unit gets no credit: where surplus is free, a credit would
    /// make chillers run for the loop's sake and discard their cold.
    fn charge_eur_per_kwh(&self, pump: usize, step: usize, cop: f64) -> f64 {
        let taken_per_output = -self.pumps[pump].loop_heat_per_output(cop);
        (self.heat_eur_per_kwh[step] * taken_per_output).max(0.0)
    }
}

impl DistrictDispatcher {
    /// Creates the dispatch of a district with the heat pumps `pumps` (site, technology, store) on the loop.
    ///
    /// # Panics
    /// If a pump is not a conversion of the district; the configuration has checked that.
    #[must_use]
    pub fn new<'a>(
        dispatch: Dispatch,
        backend: &'static dyn Backend,
        pumps: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)>,
    ) -> Self {
        let rows = pumps.map(|(site, technology, store)| {
            let conversion = dispatch
                .conversion(site, technology)
                .unwrap_or_else(|| panic!("{technology} at {site} is a conversion of the district"));
            let level = store.and_then(|store| dispatch.quantity(site, store, Role::Level));
            let before = store.map_or(LevelBefore::Known(0.0), |store| LevelBefore::of(&dispatch, site, store));
            PumpRows { conversion, output: dispatch.conversion_output(conversion), level, before }
        });
        let pumps = rows.collect();
        Self { dispatch, backend, pumps, auxiliary: Vec::new(), balancing: None }
    }

    /// Adds the balances (site and carrier) that supply the electricity of the loop itself.
    ///
    /// # Panics
    /// If a balance does not exist in the district; the configuration has checked that.
    #[must_use]
    pub fn with_auxiliary(mut self, balances: &[[String; 2]]) -> Self {
        let found = balances.iter().map(|[site, carrier]| {
            let found = self.dispatch.balance(site, carrier);
            found.unwrap_or_else(|| panic!("{carrier} has a balance at {site}"))
        });
        self.auxiliary = found.collect();
        self
    }

    /// Adds the marginal cost of balancing the heat of these pumps.
    #[must_use]
    pub fn with_balancing_price(mut self, pumps: Vec<HeatPump>) -> Self {
        let heat_eur_per_kwh = vec![0.0; self.dispatch.district().axis().len()];
        self.balancing = Some(Balancing { pumps, heat_eur_per_kwh });
        self
    }

    /// Sets the charges for balancing, at the COPs in force.
    fn set_charges(&mut self) {
        let Some(balancing) = &self.balancing else { return };
        for (index, pump) in self.pumps.iter().enumerate() {
            let cops = self.dispatch.efficiency(pump.conversion).iter().enumerate();
            let charges = cops.map(|(step, &cop)| balancing.charge_eur_per_kwh(index, step, cop)).collect();
            self.dispatch.set_charge(pump.conversion, charges);
        }
    }

    /// Returns the COPs in force of the heat pumps on the loop.
    #[must_use]
    pub fn cops(&self) -> CopSeries {
        let mut cops = Array2::zeros((self.pumps.len(), self.dispatch.district().axis().len()));
        for (pump, mut row) in self.pumps.iter().zip(cops.rows_mut()) {
            row.iter_mut().zip(self.dispatch.efficiency(pump.conversion)).for_each(|(cop, value)| *cop = *value);
        }
        cops
    }

    /// Sets a signal: the COPs, the electricity of the loop itself, and the cost of balancing.
    pub fn set_signal(&mut self, signal: &LoopSignal) {
        let LoopSignal { cops, auxiliary_kw, balancing: marginal } = signal;
        for (pump, row) in self.pumps.iter().zip(cops.rows()) {
            self.dispatch.set_efficiency(pump.conversion, row.iter().copied());
        }
        let nothing = vec![0.0; self.dispatch.district().axis().len()];
        for (index, &balance) in self.auxiliary.iter().enumerate() {
            match index < auxiliary_kw.nrows() {
                true => self.dispatch.set_auxiliary(balance, &auxiliary_kw.row(index).to_vec()),
                false => self.dispatch.set_auxiliary(balance, &nothing),
            }
        }
        let co2_eur_per_kg = self.dispatch.district().co2_price_eur_per_kg();
        if let Some(balancing) = &mut self.balancing {
            // There is no marginal cost before the first loop simulation.
            balancing.heat_eur_per_kwh.fill(0.0);
            for (price, heat) in balancing.heat_eur_per_kwh.iter_mut().zip(marginal) {
                *price = heat.eur_per_kwh + heat.co2_kg_per_kwh * co2_eur_per_kg;
            }
        }
        self.set_charges();
    }

    /// Returns the dispatch problem.
    #[must_use]
    pub fn into_dispatch(self) -> Dispatch {
        self.dispatch
    }

    fn priced(&self, plan: Plan) -> PricedPlan {
        let account = self.dispatch.account(&plan.decisions);
        PricedPlan { plan, account }
    }

    fn cost_of(&self, objective_eur: f64, account: &Account) -> PlanCost {
        PlanCost {
            objective_eur,
            penalty_eur: account.penalty_eur,
            absolute_terms_eur: account.absolute_terms_eur,
            cost_eur: account.cost_eur() + account.charge_eur,
            charge_eur: account.charge_eur,
            unmet_kwh: account.unmet_kwh(),
            surplus_kwh: account.surplus_kwh(),
            demand_kwh: account.demand_kwh,
        }
    }
}

impl Dispatcher for DistrictDispatcher {
    type Plan = PricedPlan;
    type Account = Account;
    type Error = DispatchError;

    fn dispatch(&mut self, signal: &LoopSignal) -> Result<PricedPlan, DispatchError> {
        self.set_signal(signal);
        let plan = self.dispatch.solve(self.backend)?;
        Ok(self.priced(plan))
    }

    fn is_infeasible(&self, error: &DispatchError) -> bool {
        matches!(
            error,
            DispatchError::Infeasible(_) | DispatchError::Stores(_) | DispatchError::Lp(LpError::Infeasible { .. })
        )
    }

    fn recall(&mut self, retained: PricedPlan, signal: &LoopSignal) -> Result<PricedPlan, DispatchError> {
        self.set_signal(signal);
        Ok(self.priced(retained.plan))
    }

    fn request(&self, plan: &PricedPlan) -> LoopRequest {
        let values = plan.values();
        let steps = values.ncols();
        let zeros = || Array2::zeros((self.pumps.len(), steps));
        let mut request = LoopRequest::new(zeros(), zeros());
        for (index, pump) in self.pumps.iter().enumerate() {
            request.output_kw.row_mut(index).assign(&values.row(pump.output));
            let Some(level) = pump.level else { continue };
            let levels = values.row(level);
            request.level_kwh[[index, 0]] = pump.before.level_kwh(values, level);
            for step in 1..steps {
                request.level_kwh[[index, step]] = levels[step - 1];
            }
        }
        request
    }

    fn blend(
        &mut self,
        plans: &[(&PricedPlan, f64)],
        signal: &LoopSignal,
    ) -> Result<Option<PricedPlan>, DispatchError> {
        self.set_signal(signal);
        let decisions: Vec<_> = plans.iter().map(|(plan, weight)| (&plan.plan.decisions, *weight)).collect();
        let sum = self.dispatch.blend(&decisions);
        let blended = self.dispatch.price(&sum)?;
        if blended.short_kwh > NEGLIGIBLE_KWH {
            return Ok(None);
        }
        let plan = self.dispatch.certified(blended.decisions)?;
        Ok(Some(self.priced(plan)))
    }

    /// Returns the Euclidean norm over all conversion outputs (kW) and storage levels (kWh), which determine the
    /// loop's heat, the store temperatures and all other variables of the plan.
    fn distance(&self, a: &PricedPlan, b: &PricedPlan) -> f64 {
        let quantities = self.dispatch.quantities().iter().enumerate();
        let felt = quantities.filter(|(_, quantity)| matches!(quantity.role, Role::Output | Role::Level));
        let rows = felt.map(|(row, _)| a.values().row(row).into_iter().zip(b.values().row(row)));
        rows.flatten().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    fn price(&mut self, plan: &PricedPlan, signal: &LoopSignal) -> Result<PlanCost, DispatchError> {
        self.set_signal(signal);
        let priced = self.dispatch.price(&plan.plan.decisions)?;
        let account = self.dispatch.account(&priced.decisions);
        let cost = self.cost_of(priced.objective_eur, &account);
        // The objective contains the remaining shortage at the price of unmet demand: see `Dispatch::price`.
        let unmet_eur_per_kwh = self.dispatch.district().shortage().unmet_eur_per_kwh;
        let short_eur = unmet_eur_per_kwh.unwrap_or(VALUE_OF_LOST_LOAD_EUR_PER_KWH) * priced.short_kwh;
        Ok(PlanCost { penalty_eur: cost.penalty_eur + short_eur, unmet_kwh: cost.unmet_kwh + priced.short_kwh, ..cost })
    }

    fn cost(&self, plan: &PricedPlan) -> PlanCost {
        self.cost_of(plan.plan.objective_eur, &plan.account)
    }

    fn account(&self, plan: &PricedPlan) -> Account {
        plan.account.clone()
    }

    fn certificate(&self, plan: &PricedPlan) -> f64 {
        plan.plan.certificate.equation.max(plan.plan.certificate.bound)
    }
}

impl Stages for DistrictDispatcher {
    fn problem(&self) -> &StagedProblem {
        self.dispatch.problem()
    }

    fn loop_pumps(&self) -> Vec<LoopConversion<'_>> {
        let pumps = self.pumps.iter().map(|pump| LoopConversion {
            conversion: self.dispatch.conversion_term(pump.conversion),
            level: pump.level,
            level_before: pump.before.known_kwh(),
        });
        pumps.collect()
    }

    fn step_hours(&self) -> f64 {
        self.dispatch.district().axis().step_hours()
    }

    fn values_and_duals<'a>(&self, plan: &'a PricedPlan) -> Option<[&'a Array2<f64>; 2]> {
        let duals = plan.plan.duals.as_ref()?;
        Some([plan.values(), &duals.rows])
    }

    fn values<'a>(&self, plan: &'a PricedPlan) -> &'a Array2<f64> {
        plan.values()
    }

    fn plan_of(&mut self, values: Array2<f64>, signal: &LoopSignal) -> Result<Option<PricedPlan>, DispatchError> {
        self.set_signal(signal);
        let closed = self.dispatch.price(&Decisions { values, globals: Vec::new() })?;
        if closed.short_kwh > NEGLIGIBLE_KWH {
            return Ok(None);
        }
        match self.dispatch.certified(closed.decisions) {
            Ok(plan) => Ok(Some(self.priced(plan))),
            Err(DispatchError::Lp(LpError::BadAnswer { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A water loop of either model with its heat pumps, as a participant of the coupling.
#[derive(Debug, Clone)]
pub enum LoopParticipant {
    /// Well-mixed loop of one temperature.
    WellMixed(Box<WellMixedParticipant>),
    /// Network of pipes.
    Network(Box<NetworkParticipant>),
}

impl LoopParticipant {
    /// Creates the participant of a case, with steps of `step_hours`.
    #[must_use]
    pub fn of(coupled: &Coupled, step_hours: f64) -> Self {
        let pumps = coupled.pumps.iter().map(|pump| pump.pump.clone()).collect();
        match &coupled.water_loop {
            WaterLoop::WellMixed(ring) => {
                Self::WellMixed(Box::new(WellMixedParticipant { water_loop: ring.clone(), pumps, step_hours }))
            }
            WaterLoop::Network(network) => {
                Self::Network(Box::new(NetworkParticipant { network: (**network).clone(), pumps, step_hours }))
            }
        }
    }

    /// Returns the well-mixed loop, which has derivatives.
    ///
    /// # Errors
    /// [`Unsuited`] for a loop without derivatives.
    pub fn smooth(&self) -> Result<&WellMixedParticipant, Unsuited> {
        match self {
            Self::WellMixed(ring) if ring.water_loop.jumps() => Err(Unsuited::Jumps),
            Self::WellMixed(ring) => Ok(ring),
            Self::Network(_) => Err(Unsuited::Network),
        }
    }
}

impl LoopModel for LoopParticipant {
    type Error = NetworkError;

    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, NetworkError> {
        match self {
            Self::WellMixed(ring) => ring.simulate(request).map_err(|never: std::convert::Infallible| match never {}),
            Self::Network(network) => network.simulate(request),
        }
    }
}
