//! Elimination of balances with one producer and one store.
//!
//! In a balance `output + discharge - charge + unmet - surplus = demand` of one conversion and one store, the output
//! follows from the other columns and is removed together with the row. Two boxes per stage remain. In a stage with
//! `demand <= capacity` they are charge <= capacity - demand and discharge <= demand. In a stage with a shortfall the
//! store first serves the demand beyond the capacity (the column of the charge then holds the unserved part), and then
//! relieves the conversion.
//!
//! This assumes what holds for almost every optimum: no surplus, no unmet demand without a shortfall, no charging with
//! one, and no simultaneous charging and discharging. The duals of the original problem ([`StoreBalance::restore`]
//! computes that of the removed row) prove or refute this: where an assumption increases the cost, some reduced cost
//! has the wrong sign, and the problem is solved again without this step.

use std::borrow::Cow;

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::presolved::{Dynamics, PresolvedProblem, PresolvedTerm};
use crate::Lag;

/// A balance of one conversion and at most one store.
#[derive(Debug, Clone)]
pub(super) struct StoreBalance<'a> {
    row: usize,
    output: usize,
    /// The store; `None` for a balance of a conversion alone.
    store: Option<Store<'a>>,
    /// Column of the unmet demand; `None` if it is not allowed.
    unmet: Option<usize>,
    /// Column of the surplus; `None` if it is not allowed.
    surplus: Option<usize>,
    demand: Vec<f64>,
    capacity: Cow<'a, Profile>,
    output_cost: Cow<'a, Profile>,
    /// Other rows of the output, with its coefficients there.
    inputs: Vec<(usize, Cow<'a, Profile>)>,
    unmet_cost: Cow<'a, Profile>,
    surplus_cost: Cow<'a, Profile>,
}

/// The columns of a store with their limits and costs.
#[derive(Debug, Clone)]
struct Store<'a> {
    charge: usize,
    discharge: usize,
    charge_limit: Cow<'a, Profile>,
    discharge_limit: Cow<'a, Profile>,
    charge_cost: Cow<'a, Profile>,
    discharge_cost: Cow<'a, Profile>,
    /// Row of the level.
    level_row: usize,
    charge_in_level: f64,
    discharge_in_level: f64,
}

impl<'a> StoreBalance<'a> {
    /// Removes all balances of this kind from `presolved`.
    pub(super) fn remove_all(presolved: &mut PresolvedProblem<'a>) -> Vec<Self> {
        let mut nodes = Vec::new();
        // The removals concern static rows and their columns only, so the dynamics remain the same.
        let dynamics = presolved.dynamics();
        for row in 0..presolved.rows.len() {
            if let Some(node) = Self::at(presolved, &dynamics, row) {
                node.reduce(presolved);
                nodes.push(node);
            }
        }
        nodes
    }

    /// Returns the balance in `row`; `None` if it has another structure.
    fn at(presolved: &PresolvedProblem<'a>, dynamics: &Dynamics, row: usize) -> Option<Self> {
        if !presolved.rows[row].active
            || presolved.rows[row].shared
            || !presolved.is_equality(row)
            || !dynamics.is_static[row]
        {
            return None;
        }
        let [mut output, mut charge, mut discharge, mut unmet, mut surplus] = [None; 5];
        for term in presolved.terms_of_row(row) {
            let column = &presolved.columns[term.column];
            let others: Vec<&PresolvedTerm<'_>> =
                presolved.terms_of_column(term.column).filter(|other| other.row != row).collect();
            let stored = matches!(others[..], [other] if !dynamics.is_static[other.row]);
            let simple = *column.lower == Profile::Constant(0.0) && *column.quadratic == Profile::Constant(0.0);
            if !simple || column.shared {
                return None;
            }
            let place = match (&*term.coefficient, others.is_empty(), stored) {
                (Profile::Constant(1.0), true, _) if column.upper.all(|upper| upper == f64::INFINITY) => &mut unmet,
                (Profile::Constant(-1.0), true, _) if column.upper.all(|upper| upper == f64::INFINITY) => &mut surplus,
                (Profile::Constant(1.0), _, true) => &mut discharge,
                (Profile::Constant(-1.0), _, true) => &mut charge,
                (Profile::Constant(1.0), ..) => &mut output,
                _ => return None,
            };
            if place.replace(term.column).is_some() {
                return None;
            }
        }
        let output = output?;
        let sums = &presolved.rows[row].lower;
        let demand: Vec<f64> = (0..presolved.stages).map(|stage| sums.at(stage)).collect();
        let capacity = presolved.columns[output].upper.clone();
        let inputs: Vec<_> = presolved.terms_of_column(output).filter(|term| term.row != row).collect();
        let shortfall = |(stage, demand): (usize, &f64)| *demand > capacity.at(stage);
        let possible = demand.iter().all(|demand| *demand >= 0.0)
            && (unmet.is_some() || !demand.iter().enumerate().any(shortfall))
            && inputs.iter().all(|term| dynamics.is_static[term.row] && presolved.is_equality(term.row));
        let store = match (charge, discharge) {
            (Some(charge), Some(discharge)) => Some(Store::of(presolved, dynamics, charge, discharge)?),
            (None, None) => None,
            _ => return None,
        };
        let cost_of = |column: Option<usize>| {
            column.map_or(Cow::Owned(Profile::Constant(0.0)), |c| presolved.columns[c].cost.clone())
        };
        let (unmet_cost, surplus_cost) = (cost_of(unmet), cost_of(surplus));
        possible.then(|| Self {
            row,
            output,
            store,
            unmet,
            surplus,
            demand,
            output_cost: presolved.columns[output].cost.clone(),
            inputs: inputs.iter().map(|term| (term.row, term.coefficient.clone())).collect(),
            capacity,
            unmet_cost,
            surplus_cost,
        })
    }

    /// Rewrites `presolved` without this balance.
    fn reduce(&self, presolved: &mut PresolvedProblem<'a>) {
        let stages = presolved.stages;
        let by_stage = |f: &dyn Fn(usize) -> f64| Profile::Series((0..stages).map(f).collect());
        let gone: Vec<usize> = presolved.terms_of_row(self.row).map(|term| term.column).collect();
        for (row, coefficient) in &self.inputs {
            presolved
                .add_to_sums(*row, |stage| -coefficient.at(stage) * self.demand[stage].min(self.capacity.at(stage)));
        }
        if let Some(store) = &self.store {
            let cost = |stage| match self.shortfall(stage) {
                None => store.charge_cost.at(stage) + self.output_cost.at(stage),
                Some(_) => self.unmet_cost.at(stage) - store.discharge_cost.at(stage),
            };
            let charge = &mut presolved.columns[store.charge];
            charge.cost = Cow::Owned(by_stage(&cost));
            charge.upper = Cow::Owned(by_stage(&|stage| self.charge_limit_left(store, stage)));
            let discharge = &mut presolved.columns[store.discharge];
            let instead = |stage| {
                if self.has_no_demand(stage) { self.surplus_cost.at(stage) } else { -self.output_cost.at(stage) }
            };
            let cost = |stage| store.discharge_cost.at(stage) + instead(stage);
            discharge.cost = Cow::Owned(by_stage(&cost));
            discharge.upper = Cow::Owned(by_stage(&|stage| self.relief_limit(store, stage)));
            for (row, coefficient) in &self.inputs {
                let taken = |stage| if self.shortfall(stage).is_some() { 0.0 } else { coefficient.at(stage) };
                let term = |column, coefficient| PresolvedTerm {
                    row: *row,
                    column,
                    lag: Lag::Same,
                    coefficient: Cow::Owned(coefficient),
                };
                presolved.add_term(term(store.charge, by_stage(&taken)));
                let relieved = |stage| if self.has_no_demand(stage) { 0.0 } else { -coefficient.at(stage) };
                presolved.add_term(term(store.discharge, by_stage(&relieved)));
            }
            if (0..stages).any(|stage| self.shortfall(stage).is_some()) {
                let served = |stage| {
                    self.shortfall(stage).map_or(0.0, |shortfall| store.discharge_limit.at(stage).min(shortfall))
                };
                presolved.add_to_sums(store.level_row, |stage| -store.discharge_in_level * served(stage));
                let in_level = |stage| match self.shortfall(stage) {
                    None => store.charge_in_level,
                    Some(_) => -store.discharge_in_level,
                };
                presolved.set_coefficient(store.level_row, store.charge, &by_stage(&in_level));
            }
        }
        presolved.rows[self.row].active = false;
        let stays = |column: usize| self.store.as_ref().is_some_and(|s| column == s.charge || column == s.discharge);
        for column in gone {
            presolved.columns[column].active = stays(column);
        }
    }

    /// Returns the demand of a stage beyond the capacity; `None` if there is no shortfall.
    fn shortfall(&self, stage: usize) -> Option<f64> {
        let shortfall = self.demand[stage] - self.capacity.at(stage);
        (shortfall > 0.0).then_some(shortfall)
    }

    /// Returns whether a stage has no demand to relieve; the column of the discharge then holds the energy that the
    /// store spills.
    fn has_no_demand(&self, stage: usize) -> bool {
        self.demand[stage] == 0.0 && self.surplus.is_some()
    }

    /// Returns the upper bound of the first box: the largest charge, or, with a shortfall, the largest unserved part of
    /// what the store could serve.
    fn charge_limit_left(&self, store: &Store, stage: usize) -> f64 {
        match self.shortfall(stage) {
            None => store.charge_limit.at(stage).min(self.capacity.at(stage) - self.demand[stage]),
            Some(shortfall) => store.discharge_limit.at(stage).min(shortfall),
        }
    }

    /// Returns the upper bound of the second box: the largest power by which the store relieves the conversion.
    fn relief_limit(&self, store: &Store, stage: usize) -> f64 {
        match self.shortfall(stage) {
            None if self.has_no_demand(stage) => store.discharge_limit.at(stage),
            None => store.discharge_limit.at(stage).min(self.demand[stage]),
            Some(_) => (store.discharge_limit.at(stage) - self.charge_limit_left(store, stage))
                .min(self.capacity.at(stage))
                .max(0.0),
        }
    }

    /// Sets the values of the removed columns and the dual of the row; `multipliers` are the reduced costs of the
    /// presolved problem, shape columns x stages.
    pub(super) fn restore(&self, values: &mut Array2<f64>, duals: &mut Array2<f64>, multipliers: &Array2<f64>) {
        for stage in 0..self.demand.len() {
            let (demand, capacity) = (self.demand[stage], self.capacity.at(stage));
            let inputs = self.inputs.iter().map(|(row, coefficient)| coefficient.at(stage) * duals[[*row, stage]]);
            let marginal = self.output_cost.at(stage) - inputs.sum::<f64>();
            let (mut output, mut unserved, mut dual) = (demand.min(capacity), (demand - capacity).max(0.0), marginal);
            if let Some(store) = &self.store {
                let (first, second) = (values[[store.charge, stage]], values[[store.discharge, stage]]);
                let upper = |column: usize| (-multipliers[[column, stage]]).max(0.0);
                let lower = |column: usize| multipliers[[column, stage]].max(0.0);
                let value = store.discharge_in_level * duals[[store.level_row, stage]];
                let (charge_limit_left, limit) =
                    (self.charge_limit_left(store, stage), store.discharge_limit.at(stage));
                match self.shortfall(stage) {
                    None if self.has_no_demand(stage) => {
                        output = first;
                        if let Some(surplus) = self.surplus {
                            values[[surplus, stage]] = second;
                        }
                        if charge_limit_left < store.charge_limit.at(stage) {
                            dual += upper(store.charge);
                        }
                        dual = dual.min(store.discharge_cost.at(stage) - value).max(-self.surplus_cost.at(stage));
                    }
                    None => {
                        output = demand + first - second;
                        if charge_limit_left < store.charge_limit.at(stage) {
                            dual += upper(store.charge);
                        }
                        if self.relief_limit(store, stage) < limit {
                            dual -= upper(store.discharge);
                        }
                    }
                    Some(shortfall) => {
                        values[[store.charge, stage]] = 0.0;
                        values[[store.discharge, stage]] = (charge_limit_left - first + second).min(limit);
                        output = capacity - second;
                        unserved = shortfall - charge_limit_left + first;
                        let mut reduced = upper(store.charge);
                        if shortfall > charge_limit_left {
                            reduced -= lower(store.charge);
                        }
                        if limit - charge_limit_left <= capacity {
                            reduced -= upper(store.discharge);
                        }
                        dual = store.discharge_cost.at(stage) - value - reduced;
                    }
                }
            } else if unserved > 0.0 {
                dual = self.unmet_cost.at(stage);
            }
            values[[self.output, stage]] = output.max(0.0).min(capacity);
            if let Some(unmet) = self.unmet {
                values[[unmet, stage]] = unserved;
            }
            duals[[self.row, stage]] = dual;
        }
    }
}

impl<'a> Store<'a> {
    /// Returns the store with these columns; `None` if they do not act on the same level with constant coefficients.
    fn of(presolved: &PresolvedProblem<'a>, dynamics: &Dynamics, charge: usize, discharge: usize) -> Option<Self> {
        let in_level = |column: usize| {
            let mut terms = presolved.terms_of_column(column).filter(|term| !dynamics.is_static[term.row]);
            match (terms.next(), terms.next()) {
                (Some(term), None) if term.lag == Lag::Same => match &*term.coefficient {
                    Profile::Constant(value) => Some((term.row, *value)),
                    Profile::Series(_) => None,
                },
                _ => None,
            }
        };
        let ((level_row, charge_in_level), (other, discharge_in_level)) = (in_level(charge)?, in_level(discharge)?);
        let at = |column: usize| presolved.columns[column].clone();
        (level_row == other).then(|| Self {
            charge,
            discharge,
            charge_limit: at(charge).upper,
            discharge_limit: at(discharge).upper,
            charge_cost: at(charge).cost,
            discharge_cost: at(discharge).cost,
            level_row,
            charge_in_level,
            discharge_in_level,
        })
    }
}
