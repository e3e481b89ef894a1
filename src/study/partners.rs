//! The adapters through which the coupling sees a district's dispatch and a water loop.

use std::convert::Infallible;
use std::mem;

use ndarray::{Array2, ArrayView1, ArrayViewMut1, Zip, s};

use crate::coupling::{
    CopSeries, CopUse, Dispatcher, LoopDerivatives, LoopModel, LoopResponse, PlanCost, Rates, ThermalPlan, Validity,
};
use crate::dispatch::{Account, Decisions, Dispatch, DispatchError, Plan, Role};
use crate::district::{Kind, StorageBoundary};
use crate::equilibrium::{LoopPump, Stages};
use crate::heat_pump::{HeatPump, OutsideRange};
use crate::lp::{Backend, LpError, StagedProblem};
use crate::water_loop::{BalancingUse, EnergyBalance, WellMixedLoop};

/// Less output than this is not running, kW.
const IDLE_KW: f64 = 1e-6;
/// Less than this is not missing, kWh.
pub(super) const NEGLIGIBLE_KWH: f64 = 1e-6;

/// Where the dispatch keeps a heat pump of the loop.
#[derive(Debug, Clone, Copy)]
struct PumpRows {
    conversion: usize,
    output: usize,
    level: Option<usize>,
    before: LevelBefore,
}

/// Level of a store before the first step.
#[derive(Debug, Clone, Copy)]
enum LevelBefore {
    /// This, kWh.
    Known(f64),
    /// That after the last step.
    Last,
    /// What the first step's charging and discharging leave of the level after it.
    Free {
        charge: usize,
        discharge: usize,
        /// kWh stored per kW of charging, and taken per kW of discharging, in one step.
        per_kw: [f64; 2],
        /// Share of a level that is left after a step.
        kept: f64,
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
                let row = |role| dispatch.quantity(site, store, role).unwrap_or_default();
                let dt = dispatch.district().axis().step_hours();
                Self::Free {
                    charge: row(Role::Charge),
                    discharge: row(Role::Discharge),
                    per_kw: [storage.charge_efficiency * dt, dt / storage.discharge_efficiency],
                    kept: (1.0 - storage.loss_per_hour).powf(dt),
                }
            }
        }
    }

    /// The level, where it does not depend on the plan.
    fn known_kwh(self) -> Option<f64> {
        match self {
            Self::Known(level) => Some(level),
            Self::Last | Self::Free { .. } => None,
        }
    }

    /// Level in kWh before the first step of a plan whose levels stand in row `level`.
    fn level_kwh(self, values: &Array2<f64>, level: usize) -> f64 {
        match self {
            Self::Known(level) => level,
            Self::Last => values[[level, values.ncols() - 1]],
            Self::Free { charge, discharge, per_kw: [stored, taken], kept } => {
                (values[[level, 0]] - stored * values[[charge, 0]] + taken * values[[discharge, 0]]) / kept
            }
        }
    }
}

/// A plan with its account at the COPs it was made for.
#[derive(Debug, Clone)]
pub struct PricedPlan {
    /// The plan.
    pub plan: Plan,
    /// Its account.
    pub account: Account,
}

impl PricedPlan {
    fn values(&self) -> &Array2<f64> {
        &self.plan.decisions.values
    }
}

/// A district's dispatch, seen as a partner of the coupling.
#[derive(Debug)]
pub struct DistrictDispatcher {
    dispatch: Dispatch,
    backend: &'static dyn Backend,
    pumps: Vec<PumpRows>,
}

impl DistrictDispatcher {
    /// The dispatch of a district whose heat pumps `pumps` (site, technology, store) are on the loop.
    ///
    /// # Panics
    /// If a pump is no conversion of the district; the configuration has checked that.
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
        Self { dispatch, backend, pumps }
    }

    /// The COPs now in force, of the pumps on the loop.
    #[must_use]
    pub fn cops(&self) -> CopSeries {
        let mut cops = Array2::zeros((self.pumps.len(), self.dispatch.district().axis().len()));
        for (pump, mut row) in self.pumps.iter().zip(cops.rows_mut()) {
            row.iter_mut().zip(self.dispatch.efficiency(pump.conversion)).for_each(|(cop, value)| *cop = *value);
        }
        cops
    }

    /// Puts COPs in force.
    pub fn set_cops(&mut self, cops: &CopSeries) {
        for (pump, row) in self.pumps.iter().zip(cops.rows()) {
            self.dispatch.set_efficiency(pump.conversion, row.iter().copied());
        }
    }

    /// The dispatch itself.
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
            absolute_terms_eur: account.absolute_terms_eur,
            cost_eur: account.cost_eur(),
            unmet_kwh: account.unmet_kwh(),
            surplus_kwh: account.surplus_kwh(),
        }
    }
}

impl Dispatcher for DistrictDispatcher {
    type Plan = PricedPlan;
    type Account = Account;
    type Error = DispatchError;

    fn dispatch(&mut self, cops: &CopSeries) -> Result<PricedPlan, DispatchError> {
        self.set_cops(cops);
        let plan = self.dispatch.solve(self.backend)?;
        Ok(self.priced(plan))
    }

    fn is_infeasible(&self, error: &DispatchError) -> bool {
        matches!(error, DispatchError::Infeasible(_) | DispatchError::Lp(LpError::Infeasible { .. }))
    }

    fn recall(&mut self, kept: PricedPlan, cops: &CopSeries) -> Result<PricedPlan, DispatchError> {
        self.set_cops(cops);
        Ok(self.priced(kept.plan))
    }

    fn thermal(&self, plan: &PricedPlan) -> ThermalPlan {
        let values = plan.values();
        let steps = values.ncols();
        let mut thermal = ThermalPlan {
            output_kw: Array2::zeros((self.pumps.len(), steps)),
            level_kwh: Array2::zeros((self.pumps.len(), steps)),
        };
        for (index, pump) in self.pumps.iter().enumerate() {
            thermal.output_kw.row_mut(index).assign(&values.row(pump.output));
            let Some(level) = pump.level else { continue };
            let levels = values.row(level);
            thermal.level_kwh[[index, 0]] = pump.before.level_kwh(values, level);
            for step in 1..steps {
                thermal.level_kwh[[index, step]] = levels[step - 1];
            }
        }
        thermal
    }

    fn blend(&mut self, plans: &[(&PricedPlan, f64)], cops: &CopSeries) -> Result<Option<PricedPlan>, DispatchError> {
        self.set_cops(cops);
        let decisions: Vec<_> = plans.iter().map(|(plan, weight)| (&plan.plan.decisions, *weight)).collect();
        let sum = self.dispatch.blend(&decisions);
        let blended = self.dispatch.price(&sum)?;
        if blended.short_kwh > NEGLIGIBLE_KWH {
            return Ok(None);
        }
        let plan = self.dispatch.certified(blended.decisions)?;
        Ok(Some(self.priced(plan)))
    }

    /// Euclidean norm over all conversion outputs (kW) and storage levels (kWh): from them the loop's heat, its store
    /// temperatures and everything else in the plan follow.
    fn distance(&self, a: &PricedPlan, b: &PricedPlan) -> f64 {
        let quantities = self.dispatch.quantities().iter().enumerate();
        let felt = quantities.filter(|(_, quantity)| matches!(quantity.role, Role::Output | Role::Level));
        let rows = felt.map(|(row, _)| a.values().row(row).into_iter().zip(b.values().row(row)));
        rows.flatten().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    fn price(&mut self, plan: &PricedPlan, cops: &CopSeries) -> Result<PlanCost, DispatchError> {
        self.set_cops(cops);
        let priced = self.dispatch.price(&plan.plan.decisions)?;
        let account = self.dispatch.account(&priced.decisions);
        let cost = self.cost_of(priced.objective_eur, &account);
        Ok(PlanCost { unmet_kwh: cost.unmet_kwh + priced.short_kwh, ..cost })
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

    fn loop_pumps(&self) -> Vec<LoopPump<'_>> {
        let pumps = self.pumps.iter().map(|pump| LoopPump {
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

    fn plan_of(&mut self, values: Array2<f64>, cops: &CopSeries) -> Result<Option<PricedPlan>, DispatchError> {
        self.set_cops(cops);
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

/// A well-mixed loop with its heat pumps, seen as a partner of the coupling.
#[derive(Debug, Clone)]
pub struct WellMixedPartner {
    /// The loop.
    pub water_loop: WellMixedLoop,
    /// The heat pumps on it.
    pub pumps: Vec<HeatPump>,
    /// Length of a step, hours.
    pub step_hours: f64,
}

impl LoopModel for WellMixedPartner {
    type Error = Infallible;

    fn simulate(
        &mut self,
        output_kw: &Array2<f64>,
        level_kwh: &Array2<f64>,
        cops: CopUse<'_>,
    ) -> Result<LoopResponse, Infallible> {
        let steps = output_kw.ncols();
        let mut response = LoopResponse::zeros(self.pumps.len(), steps);
        let (mut cop, mut validity) = (mem::take(&mut response.cop), mem::take(&mut response.validity));
        let rows = output_kw.rows().into_iter().zip(level_kwh.rows()).zip(cop.rows_mut()).zip(&mut validity);
        let runs = self.pumps.iter().enumerate().zip(rows);
        let mut runs: Vec<PumpRun<'_>> = runs
            .map(|((index, pump), (((output_kw, level_kwh), cop), validity))| {
                let given_cop = match cops {
                    CopUse::WithinStep => None,
                    CopUse::Given(given) => Some(given.row(index)),
                };
                PumpRun { pump, output_kw, level_kwh, given_cop, cop, validity }
            })
            .collect();

        let water_loop = self.water_loop.stepper(self.step_hours);
        let mut balancing = BalancingUse::default();
        let mut temp_c = self.water_loop.initial_c();
        for step in 0..steps {
            response.temp_c[step] = temp_c;
            for run in &mut runs {
                run.follow(step, temp_c);
            }
            // Apart from the COPs, so that the sum stays in a register: the next step waits for it.
            let heat_kwh = runs.iter().fold(0.0, |sum, run| sum + run.loop_heat_kwh(step, self.step_hours));
            let after = water_loop.advance(step, temp_c, heat_kwh);
            temp_c = after.temp_c;
            response.heat_kwh[step] = heat_kwh;
            response.ground_kwh[step] = after.ground_kwh;
            let added_kwh = after.created_kwh + after.balancing_kwh;
            if added_kwh == 0.0 && after.violation_k == 0.0 {
                continue;
            }
            balancing += after.balancing_use;
            response.created_kwh[step] = after.created_kwh;
            response.balancing_kwh[step] = after.balancing_kwh;
            response.balancing_energy_kwh[step] = after.balancing_use.energy_kwh;
            response.limit_steps[0] += usize::from(added_kwh > 0.0 || after.violation_k < 0.0);
            response.limit_steps[1] += usize::from(added_kwh < 0.0 || after.violation_k > 0.0);
            if after.violation_k != 0.0 {
                let side = usize::from(after.violation_k > 0.0);
                response.violations[side].count(after.violation_k.abs(), self.step_hours, step + 1);
            }
        }
        response.temp_c[steps] = temp_c;
        (response.cop, response.validity) = (cop, validity);
        (response.balancing_eur, response.balancing_co2_kg) = (balancing.cost_eur, balancing.co2_kg);
        let balance = self.balance(&response);
        response.balance_residual = balance.whole(temp_c - self.water_loop.initial_c());
        response.step_balance_residual = balance.worst_step();
        Ok(response)
    }
}

impl WellMixedPartner {
    /// The energy balance of all steps.
    fn balance(&self, response: &LoopResponse) -> EnergyBalance {
        let LoopResponse { temp_c, heat_kwh, ground_kwh, created_kwh, balancing_kwh, .. } = response;
        let mut balance = EnergyBalance::new(self.water_loop.heat_capacity_kwh_per_k());
        let steps = Zip::from(temp_c.slice(s![..-1])).and(temp_c.slice(s![1..]));
        let steps = steps.and(heat_kwh).and(ground_kwh).and(created_kwh).and(balancing_kwh);
        steps.for_each(|before_c, after_c, heat, ground, created, balancing| {
            balance.add(after_c - before_c, [*heat, *ground, *created, *balancing]);
        });
        balance
    }
}

impl LoopDerivatives for WellMixedPartner {
    fn initial_c(&self) -> f64 {
        self.water_loop.initial_c()
    }

    fn heat_without_electricity(&self, pump: usize) -> f64 {
        self.pumps[pump].loop_heat_per_output(f64::INFINITY)
    }

    /// Rates are central differences: smooth models give all digits that a Newton step needs, and no model has to tell more
    /// than its COP.
    fn electricity_per_output(&self, pump: usize, temp_c: f64, level_kwh: f64) -> Rates {
        /// Of the temperatures on both sides, K.
        const DIFFERENCE_K: f64 = 1e-3;
        let pump = &self.pumps[pump];
        let at = |temp_c: f64, level_kwh: f64| 1.0 / pump.cop(temp_c, level_kwh);
        let slope = |low: f64, high: f64, width: f64| (high - low) / (2.0 * width);
        let per_k = slope(at(temp_c - DIFFERENCE_K, level_kwh), at(temp_c + DIFFERENCE_K, level_kwh), DIFFERENCE_K);
        let kelvin_per_kwh = pump.sink.kelvin_per_kwh();
        let per_kwh = if kelvin_per_kwh == 0.0 {
            0.0
        } else {
            let width = DIFFERENCE_K / kelvin_per_kwh.abs();
            slope(at(temp_c, level_kwh - width), at(temp_c, level_kwh + width), width)
        };
        Rates { value: at(temp_c, level_kwh), per_k, per_kwh }
    }

    fn advance(&self, step: usize, temp_c: f64, heat_kwh: f64, rounding_k: f64) -> Rates {
        let stepper = self.water_loop.stepper(self.step_hours);
        let rounded = stepper.advance_rounded(step, temp_c, heat_kwh, rounding_k);
        let [value, per_k, per_kwh] =
            rounded.unwrap_or_else(|| [stepper.advance(step, temp_c, heat_kwh).temp_c, 1.0, 0.0]);
        Rates { value, per_k, per_kwh }
    }
}

/// A heat pump through the time of a simulation: its part of the plan, and of the response.
struct PumpRun<'a> {
    pump: &'a HeatPump,
    output_kw: ArrayView1<'a, f64>,
    level_kwh: ArrayView1<'a, f64>,
    given_cop: Option<ArrayView1<'a, f64>>,
    cop: ArrayViewMut1<'a, f64>,
    validity: &'a mut Validity,
}

impl PumpRun<'_> {
    /// Notes the COP at a loop temperature, and whether it is valid.
    #[inline]
    fn follow(&mut self, step: usize, temp_c: f64) {
        let (cop, outside) = self.pump.cop_and_range(temp_c, self.level_kwh[step]);
        self.cop[step] = cop;
        if self.output_kw[step] > IDLE_KW {
            self.validity.running += 1;
            self.validity.below += usize::from(outside == Some(OutsideRange::Below));
            self.validity.above += usize::from(outside == Some(OutsideRange::Above));
        }
    }

    /// Heat that the pump gives the loop in a step, kWh.
    #[inline]
    fn loop_heat_kwh(&self, step: usize, step_hours: f64) -> f64 {
        let used = self.given_cop.as_ref().map_or(self.cop[step], |given| given[step]);
        self.output_kw[step] * step_hours * self.pump.loop_heat_per_output(used)
    }
}
