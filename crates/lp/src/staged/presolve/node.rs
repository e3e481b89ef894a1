//! Balances with one producer and one store become boxes.
//!
//! In a balance `output + discharge - charge + unmet - surplus = demand` of one conversion and one store, the output follows from
//! the rest and leaves, and with it the row. What is left are two boxes a stage. In an hour with `demand <= capacity` they
//! are charge <= capacity - demand and discharge <= demand. In a short hour the store first serves what the conversion cannot
//! (the place of charge is taken by what stays unserved), then relieves the conversion.
//!
//! This assumes what is true of nearly every optimum: no surplus, nothing unserved in an hour that is not short, no charging
//! in one that is, no charging and discharging at once. It is not proved here but by the duals of the whole problem
//! ([`Node::restore`] gives that of the lost row): where an assumption costs anything, some reduced cost has the wrong sign,
//! and the problem is solved again as it stands.

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::draft::{Draft, DraftTerm};
use crate::Lag;

/// What a balance of this kind consists of.
#[derive(Debug, Clone)]
pub(super) struct Node {
    row: usize,
    output: usize,
    /// Charge and discharge.
    store: Option<Store>,
    unmet: Option<usize>,
    surplus: Option<usize>,
    demand: Vec<f64>,
    capacity: Profile,
    output_cost: Profile,
    /// Other rows of the output, with its coefficients there.
    inputs: Vec<(usize, Profile)>,
    unmet_cost: Profile,
    surplus_cost: Profile,
}

#[derive(Debug, Clone)]
struct Store {
    charge: usize,
    discharge: usize,
    charge_limit: Profile,
    discharge_limit: Profile,
    charge_cost: Profile,
    discharge_cost: Profile,
    /// Row of the level, and the coefficients of charge and discharge there.
    level_row: usize,
    charge_in_level: f64,
    discharge_in_level: f64,
}

impl Node {
    /// Takes all balances of this kind out of `draft`.
    pub(super) fn take_out(draft: &mut Draft) -> Vec<Self> {
        let mut nodes = Vec::new();
        for row in 0..draft.rows.len() {
            if let Some(node) = Self::at(draft, row) {
                node.reduce(draft);
                nodes.push(node);
            }
        }
        nodes
    }

    fn at(draft: &Draft, row: usize) -> Option<Self> {
        if !draft.rows[row].kept || draft.rows[row].shared || !draft.is_equality(row) || !draft.is_static(row) {
            return None;
        }
        let [mut output, mut charge, mut discharge, mut unmet, mut surplus] = [None; 5];
        for term in draft.terms_of_row(row) {
            let column = &draft.columns[term.column];
            let others: Vec<&DraftTerm> = draft.terms_of_column(term.column).filter(|other| other.row != row).collect();
            let stored = matches!(others[..], [other] if !draft.is_static(other.row));
            let simple = column.lower == Profile::Constant(0.0) && column.quadratic == Profile::Constant(0.0);
            if !simple || column.shared {
                return None;
            }
            let place = match (&term.coefficient, others.is_empty(), stored) {
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
        let sums = &draft.rows[row].lower;
        let demand: Vec<f64> = (0..draft.stages).map(|stage| sums.at(stage)).collect();
        let capacity = draft.columns[output].upper.clone();
        let inputs: Vec<_> = draft.terms_of_column(output).filter(|term| term.row != row).collect();
        let short = |(stage, demand): (usize, &f64)| *demand > capacity.at(stage);
        let possible = demand.iter().all(|demand| *demand >= 0.0)
            && (unmet.is_some() || !demand.iter().enumerate().any(short))
            && inputs.iter().all(|term| draft.is_static(term.row) && draft.is_equality(term.row));
        let store = match (charge, discharge) {
            (Some(charge), Some(discharge)) => Some(Store::of(draft, charge, discharge)?),
            (None, None) => None,
            _ => return None,
        };
        let cost_of = |column: Option<usize>| column.map_or(Profile::Constant(0.0), |c| draft.columns[c].cost.clone());
        let (unmet_cost, surplus_cost) = (cost_of(unmet), cost_of(surplus));
        possible.then(|| Self {
            row,
            output,
            store,
            unmet,
            surplus,
            demand,
            output_cost: draft.columns[output].cost.clone(),
            inputs: inputs.iter().map(|term| (term.row, term.coefficient.clone())).collect(),
            capacity,
            unmet_cost,
            surplus_cost,
        })
    }

    /// Rewrites `draft` without this balance.
    fn reduce(&self, draft: &mut Draft) {
        let stages = draft.stages;
        let by_stage = |f: &dyn Fn(usize) -> f64| Profile::Series((0..stages).map(f).collect());
        let gone: Vec<usize> = draft.terms_of_row(self.row).map(|term| term.column).collect();
        for (row, coefficient) in &self.inputs {
            draft.add_to_sums(*row, |stage| -coefficient.at(stage) * self.demand[stage].min(self.capacity.at(stage)));
        }
        if let Some(store) = &self.store {
            let cost = |stage| match self.short(stage) {
                None => store.charge_cost.at(stage) + self.output_cost.at(stage),
                Some(_) => self.unmet_cost.at(stage) - store.discharge_cost.at(stage),
            };
            let charge = &mut draft.columns[store.charge];
            (charge.cost, charge.upper) = (by_stage(&cost), by_stage(&|stage| self.first_box(store, stage)));
            let discharge = &mut draft.columns[store.discharge];
            let instead =
                |stage| if self.idle(stage) { self.surplus_cost.at(stage) } else { -self.output_cost.at(stage) };
            let cost = |stage| store.discharge_cost.at(stage) + instead(stage);
            (discharge.cost, discharge.upper) = (by_stage(&cost), by_stage(&|stage| self.second_box(store, stage)));
            for (row, coefficient) in &self.inputs {
                let taken = |stage| if self.short(stage).is_some() { 0.0 } else { coefficient.at(stage) };
                let term = |column, coefficient| DraftTerm { row: *row, column, lag: Lag::Same, coefficient };
                draft.terms.push(term(store.charge, by_stage(&taken)));
                let relieved = |stage| if self.idle(stage) { 0.0 } else { -coefficient.at(stage) };
                draft.terms.push(term(store.discharge, by_stage(&relieved)));
            }
            if (0..stages).any(|stage| self.short(stage).is_some()) {
                let served = |stage| self.short(stage).map_or(0.0, |short| store.discharge_limit.at(stage).min(short));
                draft.add_to_sums(store.level_row, |stage| -store.discharge_in_level * served(stage));
                let in_level = |stage| match self.short(stage) {
                    None => store.charge_in_level,
                    Some(_) => -store.discharge_in_level,
                };
                let of_charge = |term: &&mut DraftTerm| term.row == store.level_row && term.column == store.charge;
                if let Some(term) = draft.terms.iter_mut().find(of_charge) {
                    term.coefficient = by_stage(&in_level);
                }
            }
        }
        draft.rows[self.row].kept = false;
        let stays = |column: usize| self.store.as_ref().is_some_and(|s| column == s.charge || column == s.discharge);
        for column in gone {
            draft.columns[column].kept = stays(column);
        }
    }

    /// What a stage's demand exceeds the capacity by, if it does.
    fn short(&self, stage: usize) -> Option<f64> {
        let short = self.demand[stage] - self.capacity.at(stage);
        (short > 0.0).then_some(short)
    }

    /// Whether nothing can be relieved in a stage; there the place of relief is taken by what the store spills.
    fn idle(&self, stage: usize) -> bool {
        self.demand[stage] == 0.0 && self.surplus.is_some()
    }

    /// The most that is charged, or stays unserved though the store could serve it.
    fn first_box(&self, store: &Store, stage: usize) -> f64 {
        match self.short(stage) {
            None => store.charge_limit.at(stage).min(self.capacity.at(stage) - self.demand[stage]),
            Some(short) => store.discharge_limit.at(stage).min(short),
        }
    }

    /// The most that the store relieves the conversion by.
    fn second_box(&self, store: &Store, stage: usize) -> f64 {
        match self.short(stage) {
            None if self.idle(stage) => store.discharge_limit.at(stage),
            None => store.discharge_limit.at(stage).min(self.demand[stage]),
            Some(_) => {
                (store.discharge_limit.at(stage) - self.first_box(store, stage)).min(self.capacity.at(stage)).max(0.0)
            }
        }
    }

    /// Sets the values of the columns that left, and the dual of the row; `multipliers` are the reduced costs in the draft
    /// without it, shape columns x stages.
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
                let (first_box, limit) = (self.first_box(store, stage), store.discharge_limit.at(stage));
                match self.short(stage) {
                    None if self.idle(stage) => {
                        output = first;
                        if let Some(surplus) = self.surplus {
                            values[[surplus, stage]] = second;
                        }
                        if first_box < store.charge_limit.at(stage) {
                            dual += upper(store.charge);
                        }
                        dual = dual.min(store.discharge_cost.at(stage) - value).max(-self.surplus_cost.at(stage));
                    }
                    None => {
                        output = demand + first - second;
                        if first_box < store.charge_limit.at(stage) {
                            dual += upper(store.charge);
                        }
                        if self.second_box(store, stage) < limit {
                            dual -= upper(store.discharge);
                        }
                    }
                    Some(short) => {
                        values[[store.charge, stage]] = 0.0;
                        values[[store.discharge, stage]] = (first_box - first + second).min(limit);
                        output = capacity - second;
                        unserved = short - first_box + first;
                        let mut reduced = upper(store.charge);
                        if short > first_box {
                            reduced -= lower(store.charge);
                        }
                        if limit - first_box <= capacity {
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

impl Store {
    fn of(draft: &Draft, charge: usize, discharge: usize) -> Option<Self> {
        let in_level = |column: usize| {
            let mut terms = draft.terms_of_column(column).filter(|term| !draft.is_static(term.row));
            match (terms.next(), terms.next()) {
                (Some(DraftTerm { row, lag: Lag::Same, coefficient: Profile::Constant(value), .. }), None) => {
                    Some((*row, *value))
                }
                _ => None,
            }
        };
        let ((level_row, charge_in_level), (other, discharge_in_level)) = (in_level(charge)?, in_level(discharge)?);
        let at = |column: usize| draft.columns[column].clone();
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
