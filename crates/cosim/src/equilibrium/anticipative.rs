//! The joint optimum of dispatch and loop: what a dispatcher would do who knew what it does to the loop.
//!
//! An equilibrium is myopic: the dispatcher takes the COPs as given, and does not see that what it stores today is the COP of tomorrow.
//! Here it does. Successive linear programs: at a plan, electricity per output and loop temperature are replaced by their first-order
//! expansions in store levels and loop temperature, the LP of the dispatch with the loop's temperature as one more state is solved within a
//! trust region, and the plan moves towards its answer as far as the cost of the exact loop falls. The set of plans is convex
//! and does not depend on the COPs, so every step is a plan, and the cost never rises.

mod joint;

use anergy_lp::{Backend, LpError, Solution};
use ndarray::{Array1, Array2, ArrayView2, s};

use super::{Newton, Stages};
use crate::coupling::{CopSeries, Dispatcher, LoopDerivatives, LoopSignal, PlanCost};
use joint::Joint;

/// The trust region never becomes smaller than this share of the first one,
const LEAST_RADIUS: f64 = 1e-3;
/// and after so many LPs it is enough.
const MOST_LPS: usize = 20;
/// A step must bring this share of what the LP promises,
const ARMIJO: f64 = 1e-4;
/// and one that brings so much of it lets the trust region grow again.
const GOOD: f64 = 0.5;
/// The steps that are tried, in shares of the way to the LP's answer.
const STEPS: [f64; 6] = [1.0, 0.7, 0.4, 0.2, 0.1, 0.03];
/// What the LP still promises is nothing below this share of the money in the objective.
const PROMISE: f64 = 3e-6;

/// One LP and the step that followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descent {
    /// The objective after it, EUR: what the exact loop makes of the plan.
    pub objective_eur: f64,
    /// By how much the LP promised to lower it, EUR.
    pub promised_eur: f64,
    /// Share of the way to the LP's answer; 0 where no step lowered the cost and the trust region shrank.
    pub step: f64,
    /// Size of the trust region, as a share of the first.
    pub radius: f64,
}

/// A plan that knows what it does to the loop.
#[derive(Debug, Clone)]
pub struct Anticipated<P> {
    /// The plan, at the COPs that it leads to.
    pub plan: P,
    /// Those COPs, shape (heat pumps, steps).
    pub cops: CopSeries,
    /// Loop temperatures, degrees Celsius, length steps + 1.
    pub temp_c: Array1<f64>,
    /// What it costs there.
    pub cost: PlanCost,
    /// What the plan that it began with costs there, EUR.
    pub from_eur: f64,
    /// Every LP.
    pub descent: Vec<Descent>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnticipativeError<E: std::error::Error> {
    /// The dispatcher failed.
    #[error(transparent)]
    Dispatch(E),
    /// An LP was not solved.
    #[error("the LP of dispatch and loop: {0}")]
    Lp(#[from] LpError),
    /// The plan to begin with cannot be put in force at the COPs that it leads to.
    #[error("the plan that it begins with is none at the COPs that it leads to")]
    NoBeginning,
}

/// A plan, its COPs put in force, and its cost.
struct Here<P> {
    /// Share of the way from the plan before to the LP's answer.
    step: f64,
    plan: P,
    values: Array2<f64>,
    cost: PlanCost,
}

/// Lowers the cost of the plan `values` (columns of the dispatcher's LP) as far as knowing the loop can; every plan on the way is one, so it may
/// stop before.
///
/// # Errors
/// [`AnticipativeError`].
pub fn anticipate<D: Stages, L: LoopDerivatives + Sync>(
    dispatcher: &mut D,
    water_loop: &L,
    newton: &Newton,
    values: &Array2<f64>,
    backend: &dyn Backend,
    wants_to_stop: &dyn Fn() -> bool,
) -> Result<Anticipated<D::Plan>, AnticipativeError<D::Error>> {
    let mut valley = Valley { dispatcher, water_loop, newton };
    let mut here = valley.evaluate(values.clone(), 0.0)?.ok_or(AnticipativeError::NoBeginning)?;
    let from_eur = here.cost.objective_eur;
    let (mut radius, mut descent) = (1.0, Vec::new());
    while descent.len() < MOST_LPS && radius >= LEAST_RADIUS && !wants_to_stop() {
        let joint = valley.joint(&here, radius)?;
        let mut solution = Solution::zeros(&joint.problem);
        match backend.prepare(&joint.problem)?.solve(&joint.problem, &mut solution) {
            // Another one, nearer to the plan, may be easier.
            Err(LpError::NoAnswer { .. }) if 0.5 * radius >= LEAST_RADIUS => {
                radius *= 0.5;
                continue;
            }
            solved => solved?,
        }
        let before = here.cost;
        let promised_eur = before.objective_eur - (solution.objective - joint.constant_eur);
        if promised_eur <= PROMISE * before.money_scale_eur() {
            break;
        }
        let answer = solution.values.slice(s![..here.values.nrows(), ..]);
        let step = match valley.lowest(&here, answer, promised_eur)? {
            Some(there) => {
                here = there;
                here.step
            }
            None => 0.0,
        };
        radius *= match (step, before.objective_eur - here.cost.objective_eur) {
            (0.0, _) => 0.25,
            (_, brought) if brought >= GOOD * promised_eur => f64::min(2.0, 1.0 / radius),
            (step, _) if step < 0.5 => 0.5,
            _ => 1.0,
        };
        descent.push(Descent { objective_eur: here.cost.objective_eur, promised_eur, step, radius });
    }
    let (cops, temp_c) = (newton.cops(water_loop, &here.values), newton.temperatures(water_loop, &here.values));
    Ok(Anticipated { plan: here.plan, cops, temp_c, cost: here.cost, from_eur, descent })
}

/// A plan, unless import cannot close it.
type Evaluated<D> = Result<Option<Here<<D as Dispatcher>::Plan>>, AnticipativeError<<D as Dispatcher>::Error>>;

/// Where plans and their costs at the COPs that they lead to are found.
struct Valley<'a, D, L> {
    dispatcher: &'a mut D,
    water_loop: &'a L,
    newton: &'a Newton,
}

impl<D: Stages, L: LoopDerivatives + Sync> Valley<'_, D, L> {
    /// A plan put in force at the COPs that it leads to; `None` where import cannot close it there.
    fn evaluate(&mut self, values: Array2<f64>, step: f64) -> Evaluated<D> {
        let cops = self.newton.cops(self.water_loop, &values);
        let plan = self.dispatcher.plan_of(values, &LoopSignal::of_cops(cops)).map_err(AnticipativeError::Dispatch)?;
        Ok(plan.map(|plan| {
            let (cost, values) = (self.dispatcher.cost(&plan), self.dispatcher.values(&plan).clone());
            Here { step, plan, values, cost }
        }))
    }

    /// The LP around a plan, whose COPs are put in force again.
    fn joint(&mut self, here: &Here<D::Plan>, radius: f64) -> Result<Joint, AnticipativeError<D::Error>> {
        self.evaluate(here.values.clone(), 0.0)?;
        Ok(Joint::at(self.dispatcher, self.water_loop, self.newton, &here.values, radius))
    }

    /// The cheapest plan on the way to the LP's answer, if any is cheaper by enough.
    fn lowest(&mut self, here: &Here<D::Plan>, answer: ArrayView2<'_, f64>, promised_eur: f64) -> Evaluated<D> {
        let mut best: Option<Here<D::Plan>> = None;
        for step in STEPS {
            let trial = &here.values + &((&answer - &here.values) * step);
            let Some(there) = self.evaluate(trial, step)? else { continue };
            let enough_eur = here.cost.objective_eur - ARMIJO * step * promised_eur;
            let lower_eur = best.as_ref().map_or(enough_eur, |best| best.cost.objective_eur);
            if there.cost.objective_eur < lower_eur {
                best = Some(there);
            } else if best.is_some() {
                break;
            }
        }
        Ok(best)
    }
}
