//! The joint optimum of dispatch and loop: what a dispatcher would do who knew what it does to the loop.
//!
//! An equilibrium is myopic: the dispatcher takes the COPs as given, and does not see that what it stores today is the COP of tomorrow.
//! Here it does. Successive linear programs: at a plan, electricity per output and loop temperature are replaced by their first-order
//! expansions in store levels and loop temperature, the LP of the dispatch with the loop's temperature as one more state is solved within a
//! trust region, and the plan moves towards its answer as far as the cost of the exact loop falls. The set of plans is convex
//! and does not depend on the COPs, so every step is a plan, and the cost never rises.

use ndarray::{Array1, Array2, ArrayView2, s};

use super::{LoopPump, Newton, Stages};
use crate::coupling::{CopSeries, Dispatcher, LoopDerivatives, PlanCost, Rates};
use crate::lp::{Backend, Column, ColumnId, Lag, LpError, Row, Solution, StagedProblem, TermId};
use crate::series::Profile;

/// The trust region: outputs of heat pumps, kWh; levels of their stores, kWh; loop temperature, K.
const OUTPUT_KWH: f64 = 400.0;
const LEVEL_KWH: f64 = 800.0;
const TEMP_K: f64 = 1.0;
/// It never becomes smaller than this share of that,
const LEAST_RADIUS: f64 = 1e-3;
/// and after so many LPs it is enough.
const MOST_LPS: usize = 20;
/// A step must bring this share of what the LP promises,
const ARMIJO: f64 = 1e-4;
/// and one that brings so much of it lets the trust region grow again.
const GOOD: f64 = 0.5;
/// The steps that are tried, in shares of the way to the LP's answer.
const STEPS: [f64; 6] = [1.0, 0.7, 0.4, 0.2, 0.1, 0.03];
/// What the LP still promises is nothing below this share of the objective.
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

/// Lowers the cost of the plan `values` (columns of the dispatcher's LP) as far as knowing the loop can.
///
/// # Errors
/// [`AnticipativeError`].
pub fn anticipate<D: Stages, L: LoopDerivatives + Sync>(
    dispatcher: &mut D,
    water_loop: &L,
    newton: &Newton,
    values: &Array2<f64>,
    backend: &dyn Backend,
) -> Result<Anticipated<D::Plan>, AnticipativeError<D::Error>> {
    let mut valley = Valley { dispatcher, water_loop, newton };
    let mut here = valley.evaluate(values.clone(), 0.0)?.ok_or(AnticipativeError::NoBeginning)?;
    let from_eur = here.cost.objective_eur;
    let (mut radius, mut descent) = (1.0, Vec::new());
    while descent.len() < MOST_LPS && radius >= LEAST_RADIUS {
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
        if promised_eur <= PROMISE * before.objective_eur.abs().max(1e-3 * before.absolute_terms_eur) {
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
        let plan = self.dispatcher.plan_of(values, &cops).map_err(AnticipativeError::Dispatch)?;
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

/// The LP of dispatch and loop around a plan.
struct Joint {
    problem: StagedProblem,
    /// What its objective has too much, EUR.
    constant_eur: f64,
}

impl Joint {
    /// The LP of `dispatcher`, in which the COPs of the plan `values` are in force, with the loop, no further from the plan than a share
    /// `radius` of the first trust region.
    fn at<D: Stages, L: LoopDerivatives>(
        dispatcher: &D,
        water_loop: &L,
        newton: &Newton,
        values: &Array2<f64>,
        radius: f64,
    ) -> Self {
        let expansion = Expansion::of(dispatcher, water_loop, newton, values);
        let mut joint = Self { problem: dispatcher.problem().clone(), constant_eur: 0.0 };
        let stored = joint.add_loop(&expansion, radius);
        joint.add_rates(&expansion, stored);
        let mut levels: Vec<usize> = expansion.pumps.iter().filter_map(|pump| pump.level).collect();
        levels.sort_unstable();
        levels.dedup();
        for level in levels {
            joint.hold_near(ColumnId(level), values, LEVEL_KWH * radius);
        }
        for pump in &expansion.pumps {
            joint.hold_near(pump.output, values, OUTPUT_KWH * radius / expansion.step_hours);
        }
        joint
    }

    /// Adds the loop: the heat in it after each step, as it differs from that of the plan, in kWh like all else. What it follows is
    /// `T' = T'_0 + per_k (T - T_0) + per_kwh (H - H_0)`, where H is the heat that all pumps bring.
    fn add_loop(&mut self, at: &Expansion, radius: f64) -> ColumnId {
        let (stages, dt) = (self.problem.stages(), at.step_hours);
        let bound = TEMP_K * radius * at.kwh_per_k;
        let stored = self.problem.add_column(Column {
            name: "loop heat".to_owned(),
            lower: Profile::Constant(-bound),
            upper: Profile::Constant(bound),
            cost: Profile::Constant(0.0),
        });
        let row = self.problem.add_row(Row::equal("loop", vec![0.0; stages]));
        let mut sums = vec![0.0; stages];
        let mut kept: Vec<f64> = at.advance.iter().map(|rates| -rates.per_k).collect();
        let mut levels = Series::default();
        for pump in &at.pumps {
            let mut per_output = vec![0.0; stages];
            for t in 0..stages {
                let Rates { value, per_k, per_kwh } = pump.rates[t];
                let taken_up = at.advance[t].per_kwh * at.kwh_per_k * dt;
                per_output[t] = -taken_up * (pump.heat_without_electricity + value);
                sums[t] += per_output[t] * pump.output_kw[t];
                kept[t] -= at.advance[t].per_kwh * dt * pump.output_kw[t] * per_k;
                if let Some(level) = pump.moving_level(t) {
                    let slope = -taken_up * pump.output_kw[t] * per_kwh;
                    levels.of((level, pump.goes_round), stages)[t] += slope;
                    sums[t] += slope * pump.level_before[t];
                }
            }
            self.problem.add_term(row, pump.output, Lag::Same, per_output);
        }
        self.problem.add_term(row, stored, Lag::Same, 1.0);
        self.problem.add_term(row, stored, Lag::Previous, kept);
        for ((level, goes_round), slopes) in levels.0 {
            self.problem.add_term(row, ColumnId(level), lag(goes_round), slopes);
        }
        self.problem.set_sums(row, sums.into_iter());
        stored
    }

    /// Adds how the pumps' electricity, and what is paid for it, changes with the loop's heat and with the levels before each step.
    fn add_rates(&mut self, at: &Expansion, stored: ColumnId) {
        let (stages, dt) = (self.problem.stages(), at.step_hours);
        let (mut of_heat, mut of_levels, mut moved) = (Series::default(), Series::default(), Series::default());
        let mut costs = Series::default();
        for pump in &at.pumps {
            let input = self.problem.terms()[pump.term.0].row;
            for t in 0..stages {
                let Rates { per_k, per_kwh, .. } = pump.rates[t];
                let price = pump.input_eur_per_kwh.as_ref().map_or(0.0, |price| price.at(t) * dt);
                let by_heat = pump.output_kw[t] * per_k / at.kwh_per_k;
                of_heat.of(input, stages)[t] -= by_heat;
                if price != 0.0 && t > 0 {
                    costs.of(stored, stages)[t - 1] += price * by_heat;
                }
                let Some(level) = pump.moving_level(t) else { continue };
                let by_level = pump.output_kw[t] * per_kwh;
                of_levels.of((input, level, pump.goes_round), stages)[t] -= by_level;
                moved.of(input, stages)[t] -= by_level * pump.level_before[t];
                if price != 0.0 {
                    costs.of(ColumnId(level), stages)[(t + stages - 1) % stages] += price * by_level;
                    self.constant_eur += price * by_level * pump.level_before[t];
                }
            }
        }
        for (row, slopes) in of_heat.0 {
            self.problem.add_term(row, stored, Lag::Previous, slopes);
        }
        for ((row, level, goes_round), slopes) in of_levels.0 {
            self.problem.add_term(row, ColumnId(level), lag(goes_round), slopes);
        }
        for (row, moved) in moved.0 {
            let found = &self.problem.rows()[row.0];
            let side = |side: &Profile| moved.iter().enumerate().map(|(t, by)| side.at(t) + by).collect::<Vec<_>>();
            let [lower, upper] = [side(&found.lower), side(&found.upper)];
            self.problem.set_ranges(row, lower.into_iter(), upper.into_iter());
        }
        for (column, more) in costs.0 {
            let cost = &self.problem.columns()[column.index()].cost;
            let cost: Vec<f64> = more.iter().enumerate().map(|(t, by)| cost.at(t) + by).collect();
            self.problem.set_costs(column, cost.into_iter());
        }
    }

    /// Bounds a column to no further than `radius` from where it is.
    fn hold_near(&mut self, column: ColumnId, values: &Array2<f64>, radius: f64) {
        let Column { lower, upper, .. } = &self.problem.columns()[column.index()];
        let here = || values.row(column.index()).into_iter().enumerate();
        let low = here().map(|(t, value)| lower.at(t).max(f64::min(value - radius, upper.at(t))));
        let high = here().map(|(t, value)| upper.at(t).min(f64::max(value + radius, lower.at(t))));
        let [low, high]: [Vec<f64>; 2] = [low.collect(), high.collect()];
        self.problem.set_bounds(column, low.into_iter(), high.into_iter());
    }
}

/// Loop and heat pumps to first order around a plan.
struct Expansion {
    step_hours: f64,
    pumps: Vec<PumpExpansion>,
    /// The loop temperature after each step.
    advance: Vec<Rates>,
    kwh_per_k: f64,
}

/// A heat pump around a plan.
struct PumpExpansion {
    output: ColumnId,
    term: TermId,
    input_eur_per_kwh: Option<Profile>,
    /// Column of its store's level.
    level: Option<usize>,
    /// Whether that store goes round.
    goes_round: bool,
    heat_without_electricity: f64,
    output_kw: Vec<f64>,
    level_before: Vec<f64>,
    /// Electricity per output.
    rates: Vec<Rates>,
}

impl PumpExpansion {
    /// Column of the level before a step, unless nobody can change it.
    fn moving_level(&self, step: usize) -> Option<usize> {
        self.level.filter(|_| step > 0 || self.goes_round)
    }
}

impl Expansion {
    fn of<D: Stages, L: LoopDerivatives>(
        dispatcher: &D,
        water_loop: &L,
        newton: &Newton,
        values: &Array2<f64>,
    ) -> Self {
        let (stages, step_hours) = (values.ncols(), dispatcher.step_hours());
        let temp_c = newton.temperatures(water_loop, values);
        let expand = |(index, pump): (usize, LoopPump<'_>)| {
            let level_before = |t: usize| match (pump.level, t) {
                (None, _) => 0.0,
                (Some(level), 0) => pump.level_before.unwrap_or(values[[level, stages - 1]]),
                (Some(level), _) => values[[level, t - 1]],
            };
            let level_before: Vec<f64> = (0..stages).map(level_before).collect();
            let rates = |t: usize| water_loop.electricity_per_output(index, temp_c[t], level_before[t]);
            PumpExpansion {
                output: pump.conversion.output,
                term: pump.conversion.term,
                input_eur_per_kwh: pump.conversion.input_eur_per_kwh.clone(),
                level: pump.level,
                goes_round: pump.level.is_some() && pump.level_before.is_none(),
                heat_without_electricity: water_loop.heat_without_electricity(index),
                output_kw: values.row(pump.conversion.output.index()).to_vec(),
                rates: (0..stages).map(rates).collect(),
                level_before,
            }
        };
        let pumps: Vec<_> = dispatcher.loop_pumps().into_iter().enumerate().map(expand).collect();
        let heat_kwh = |t: usize| {
            let of = |pump: &PumpExpansion| {
                pump.output_kw[t] * step_hours * (pump.heat_without_electricity + pump.rates[t].value)
            };
            pumps.iter().map(of).sum::<f64>()
        };
        let advance: Vec<_> = (0..stages).map(|t| water_loop.advance(t, temp_c[t], heat_kwh(t), 0.0)).collect();
        let per_kwh = advance.iter().fold(0.0, |most: f64, rates| most.max(rates.per_kwh));
        let kwh_per_k = if per_kwh > 0.0 { 1.0 / per_kwh } else { 1.0 };
        Self { step_hours, pumps, advance, kwh_per_k }
    }
}

/// Series by a key, in the order in which the keys came.
struct Series<K>(Vec<(K, Vec<f64>)>);

impl<K> Default for Series<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Series<K> {
    fn of(&mut self, key: K, stages: usize) -> &mut [f64] {
        let index = self.0.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            self.0.push((key, vec![0.0; stages]));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }
}

fn lag(goes_round: bool) -> Lag {
    if goes_round { Lag::PreviousCyclic } else { Lag::Previous }
}
