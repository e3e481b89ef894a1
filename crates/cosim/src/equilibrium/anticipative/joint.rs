//! The joint LP: the LP of the dispatcher with the loop's heat as an additional state, linearised around a plan.

use anergy_data::series::Profile;
use anergy_lp::{Column, ColumnId, Lag, Row, StagedProblem, TermId};
use ndarray::Array2;

use crate::coupling::{LoopDerivatives, Rates};
use crate::equilibrium::{LoopConversion, Newton, Stages};

/// Initial radii of the trust region: outputs of heat pumps, kWh; levels of their stores, kWh; loop temperature, K.
const OUTPUT_KWH: f64 = 400.0;
const LEVEL_KWH: f64 = 800.0;
const TEMP_K: f64 = 1.0;

/// The joint LP of dispatch and loop around a plan.
pub(super) struct Joint {
    pub(super) problem: StagedProblem,
    /// Constant to be subtracted from its objective, EUR.
    pub(super) constant_eur: f64,
}

impl Joint {
    /// Creates the LP of `dispatcher` at the COPs of the plan `values`, extended by the loop, within a trust region
    /// of the share `radius` of the first one.
    pub(super) fn at<D: Stages, L: LoopDerivatives>(
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

    /// Adds the loop as a column: the heat stored in it after each step, as the difference from that of the plan, in
    /// kWh like the other columns. Its equation is `T' = T'_0 + per_k (T - T_0) + per_kwh (H - H_0)`, where H is the
    /// heat of all pumps.
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

    /// Adds the first-order changes of the pumps' electricity, and of its cost, with the loop's heat and the levels
    /// before each step.
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

    /// Bounds a column to a distance of `radius` from its value in the plan.
    fn hold_near(&mut self, column: ColumnId, values: &Array2<f64>, radius: f64) {
        let Column { lower, upper, .. } = &self.problem.columns()[column.index()];
        let here = || values.row(column.index()).into_iter().enumerate();
        let low = here().map(|(t, value)| lower.at(t).max(f64::min(value - radius, upper.at(t))));
        let high = here().map(|(t, value)| upper.at(t).min(f64::max(value + radius, lower.at(t))));
        let [low, high]: [Vec<f64>; 2] = [low.collect(), high.collect()];
        self.problem.set_bounds(column, low.into_iter(), high.into_iter());
    }
}

/// The first-order expansion of loop and heat pumps around a plan.
struct Expansion {
    step_hours: f64,
    pumps: Vec<PumpExpansion>,
    /// Loop temperature after each step, with derivatives.
    advance: Vec<Rates>,
    kwh_per_k: f64,
}

/// The first-order expansion of a heat pump around a plan.
struct PumpExpansion {
    output: ColumnId,
    term: TermId,
    input_eur_per_kwh: Option<Profile>,
    /// Column of the level of its store; `None` without a store.
    level: Option<usize>,
    /// Whether the store is cyclic.
    goes_round: bool,
    heat_without_electricity: f64,
    output_kw: Vec<f64>,
    level_before: Vec<f64>,
    /// Electricity per output, with derivatives.
    rates: Vec<Rates>,
}

impl PumpExpansion {
    /// Returns the column of the level before a step; `None` if the level is fixed.
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
        let expand = |(index, pump): (usize, LoopConversion<'_>)| {
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

/// Time series by key, in order of insertion.
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
