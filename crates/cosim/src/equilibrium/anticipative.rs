//! The joint optimum of dispatch and loop: the plan of a dispatcher that knows its effect on the loop.
//!
//! An equilibrium is myopic: the dispatcher takes the COPs as given, although energy stored today changes the COPs of
//! tomorrow. The joint optimum includes this effect. It is found by sequential linear programming: at a plan,
//! electricity per output and loop temperature are replaced by their first-order expansions in store levels and loop
//! temperature; the LP of the dispatch with the loop's temperature as an additional state is solved within a trust
//! region; and the plan moves towards its solution as far as the cost with the exact loop falls. The set of plans is
//! convex and does not depend on the COPs, so every iterate is a feasible plan, and the cost never rises.

mod joint;

use anergy_lp::{Backend, LpError, Solution};
use ndarray::{Array1, Array2, ArrayView2, s};

use super::{Newton, Stages};
use crate::coupling::{CopSeries, Dispatcher, LoopDerivatives, LoopSignal, PlanCost};
use joint::Joint;

/// Smallest radius of the trust region, as a share of the first radius.
const LEAST_RADIUS: f64 = 1e-3;
/// Largest number of LPs.
const MOST_LPS: usize = 20;
/// Smallest ratio of the actual to the predicted decrease for a step to be accepted (Armijo's condition).
const ARMIJO: f64 = 1e-4;
/// Ratio of the actual to the predicted decrease from which on the trust region grows again.
const GOOD: f64 = 0.5;
/// Step lengths of the line search, as shares of the way to the LP's solution.
const STEPS: [f64; 6] = [1.0, 0.7, 0.4, 0.2, 0.1, 0.03];
/// Predicted decrease at which the descent ends, as a share of the money in the objective.
const PROMISE: f64 = 3e-6;

/// An iteration of the descent: one LP and the step that followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descent {
    /// Objective with the exact loop after the step, EUR.
    pub objective_eur: f64,
    /// Decrease predicted by the LP, EUR.
    pub promised_eur: f64,
    /// Step length, as a share of the way to the LP's solution; 0 where no step lowered the cost and the trust region
    /// shrank.
    pub step: f64,
    /// Radius of the trust region, as a share of the first radius.
    pub radius: f64,
}

/// The joint optimum of dispatch and loop.
#[derive(Debug, Clone)]
pub struct Anticipated<P> {
    /// Plan, at the COPs that it leads to.
    pub plan: P,
    /// COPs that the plan leads to, shape (heat pumps, steps).
    pub cops: CopSeries,
    /// Loop temperatures, degrees Celsius, length steps + 1.
    pub temp_c: Array1<f64>,
    /// Cost of the plan at these COPs.
    pub cost: PlanCost,
    /// Cost of the initial plan at the COPs that it leads to, EUR.
    pub from_eur: f64,
    /// All iterations of the descent.
    pub descent: Vec<Descent>,
}

/// The reason why the joint optimum was not found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnticipativeError<E: std::error::Error> {
    /// The dispatcher failed.
    #[error(transparent)]
    Dispatch(E),
    /// An LP was not solved.
    #[error("the LP of dispatch and loop: {0}")]
    Lp(#[from] LpError),
    /// The initial plan's balances cannot be closed at the COPs that it leads to.
    #[error("the plan that it begins with is none at the COPs that it leads to")]
    NoBeginning,
}

/// A plan at the COPs that it leads to, with its cost.
struct EvaluatedPlan<P> {
    /// Step length from the previous plan, as a share of the way to the LP's solution.
    step: f64,
    plan: P,
    values: Array2<f64>,
    cost: PlanCost,
}

/// Minimises the cost of the plan `values` (columns of the dispatcher's LP) together with the loop. Every iterate is
/// a feasible plan, so the descent may stop early.
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
    let mut objective = ExactObjective { dispatcher, water_loop, newton };
    let mut here = objective.evaluate(values.clone(), 0.0)?.ok_or(AnticipativeError::NoBeginning)?;
    let from_eur = here.cost.objective_eur;
    let (mut radius, mut descent) = (1.0, Vec::new());
    while descent.len() < MOST_LPS && radius >= LEAST_RADIUS && !wants_to_stop() {
        let joint = objective.joint(&here, radius)?;
        let mut solution = Solution::zeros(&joint.problem);
        match backend.prepare(&joint.problem)?.solve(&joint.problem, &mut solution) {
            // An LP in a smaller trust region may be easier to solve.
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
        let step = match objective.lowest(&here, answer, promised_eur)? {
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

/// A plan; `None` if import cannot close its balances.
type Evaluation<D> =
    Result<Option<EvaluatedPlan<<D as Dispatcher>::Plan>>, AnticipativeError<<D as Dispatcher>::Error>>;

/// The exact objective: plans with their costs at the COPs that they lead to.
struct ExactObjective<'a, D, L> {
    dispatcher: &'a mut D,
    water_loop: &'a L,
    newton: &'a Newton,
}

impl<D: Stages, L: LoopDerivatives + Sync> ExactObjective<'_, D, L> {
    /// Evaluates a plan at the COPs that it leads to; `None` if import cannot close its balances there.
    fn evaluate(&mut self, values: Array2<f64>, step: f64) -> Evaluation<D> {
        let cops = self.newton.cops(self.water_loop, &values);
        let plan = self.dispatcher.plan_of(values, &LoopSignal::of_cops(cops)).map_err(AnticipativeError::Dispatch)?;
        Ok(plan.map(|plan| {
            let (cost, values) = (self.dispatcher.cost(&plan), self.dispatcher.values(&plan).clone());
            EvaluatedPlan { step, plan, values, cost }
        }))
    }

    /// Creates the LP around a plan, after setting the COPs that the plan leads to.
    fn joint(&mut self, here: &EvaluatedPlan<D::Plan>, radius: f64) -> Result<Joint, AnticipativeError<D::Error>> {
        self.evaluate(here.values.clone(), 0.0)?;
        Ok(Joint::at(self.dispatcher, self.water_loop, self.newton, &here.values, radius))
    }

    /// Returns the cheapest plan of the line search towards the LP's solution; `None` if no plan decreases the cost
    /// enough.
    fn lowest(
        &mut self,
        here: &EvaluatedPlan<D::Plan>,
        answer: ArrayView2<'_, f64>,
        promised_eur: f64,
    ) -> Evaluation<D> {
        let mut best: Option<EvaluatedPlan<D::Plan>> = None;
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
