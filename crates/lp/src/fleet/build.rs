//! The staged linear program of a fleet.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use anergy_profile::Profile;

use super::form::Form;
use super::implied_bounds::implied_bounds;
use super::model::Part;
use super::{Fleet, FleetError, Initial, Unit};
use crate::{Column, ColumnId, GlobalColumn, GlobalColumnId, Lag, Row, RowId, StagedProblem};

/// Equal units that the linear program holds as one, of the size of all.
#[derive(Debug)]
pub(super) struct Pool {
    /// The first of the units.
    pub(super) unit: usize,
    /// Number of units.
    pub(super) count: usize,
    pub(super) form: Form,
    pub(super) inputs: Vec<ColumnId>,
    pub(super) states: Vec<ColumnId>,
    /// Rows of the outputs; `None` where no bound is finite.
    pub(super) outputs: Vec<Option<RowId>>,
    pub(super) slack: Vec<Slack>,
}

/// The columns by which a row may miss its range.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slack {
    pub(super) lack: Option<ColumnId>,
    pub(super) excess: Option<ColumnId>,
}

/// The linear program of a fleet, and the place of everything in it.
#[derive(Debug)]
pub(super) struct FleetProblem {
    pub(super) problem: StagedProblem,
    pub(super) pools: Vec<Pool>,
    /// The pool of each unit.
    pub(super) pool_of: Vec<usize>,
    pub(super) rows: Vec<RowId>,
    pub(super) slack: Vec<Slack>,
    /// Sums, by step, of the offsets of outputs in each shared row; they are not in the linear program.
    pub(super) row_offsets: Vec<Profile>,
    pub(super) columns: Vec<ColumnId>,
    /// The part of the objective that does not depend on the solution.
    pub(super) constant: f64,
}

impl FleetProblem {
    /// Builds the linear program.
    pub(super) fn of(fleet: &Fleet) -> Result<Self, FleetError> {
        if fleet.stages == 0 {
            let (owner, what) = (fleet.name.clone(), "the list of steps".to_owned());
            return Err(FleetError::Shape { owner, what, expected: 1, found: 0 });
        }
        let (members, pool_of) = pools(fleet);
        let mut built = Self {
            problem: StagedProblem::new(&fleet.name, fleet.stages),
            pools: Vec::new(),
            pool_of,
            rows: Vec::new(),
            slack: Vec::new(),
            row_offsets: vec![0.0.into(); fleet.rows.len()],
            columns: Vec::new(),
            constant: 0.0,
        };
        for &(unit, count) in &members {
            built.add_pool(&fleet.units[unit], unit, count)?;
        }
        let problem = &mut built.problem;
        for column in &fleet.columns {
            built.columns.push(problem.add_column(Column {
                name: column.name.clone(),
                lower: column.lower.clone(),
                upper: column.upper.clone(),
                cost: column.cost.clone(),
            }));
        }
        for peak in &fleet.peaks {
            let (name, lower, upper, cost) = (peak.name.clone(), peak.lower, peak.upper, peak.cost);
            problem.add_global_column(GlobalColumn { name, lower, upper, cost });
        }
        built.add_rows(fleet);
        Ok(built)
    }

    /// Adds columns and rows of `count` equal units.
    fn add_pool(&mut self, unit: &Unit, index: usize, count: usize) -> Result<(), FleetError> {
        let problem = &mut self.problem;
        let stages = problem.stages();
        let form = Form::of(unit, stages);
        let bounds = implied_bounds(&form, &unit.inputs, &unit.outputs, stages)
            .map_err(|(state, stage)| FleetError::UnboundedState { unit: unit.name.clone(), state, stage })?;
        let size = count as f64;
        let of_all = |profile: &Profile| profile.map(|value| size * value);
        let mut inputs = Vec::with_capacity(unit.inputs.len());
        for (input, &value) in unit.inputs.iter().zip(&form.terminal_value_of_inputs) {
            inputs.push(problem.add_column(Column {
                name: format!("{} {}", unit.name, input.name),
                lower: of_all(&input.lower),
                upper: of_all(&input.upper),
                cost: less_in_last_stage(&input.cost, value, stages),
            }));
        }
        let mut states = Vec::with_capacity(form.states());
        for (state, &value) in form.terminal_value.iter().enumerate() {
            let bound =
                |of_stage: ndarray::ArrayView1<'_, f64>| of_stage.iter().map(|bound| size * bound).collect::<Vec<_>>();
            states.push(problem.add_column(Column {
                name: format!("{} state {state}", unit.name),
                lower: bound(bounds.lower.row(state)).into(),
                upper: bound(bounds.upper.row(state)).into(),
                cost: less_in_last_stage(&0.0.into(), value, stages),
            }));
        }
        let transition = form.transition_rows();
        let lag = if form.initial.is_some() { Lag::Previous } else { Lag::PreviousCyclic };
        for state in 0..form.states() {
            let mut sums = match &form.disturbance {
                Some(disturbance) => disturbance.row(state).iter().map(|value| size * value).collect(),
                None => vec![0.0; stages],
            };
            if let Some(initial) = &form.initial {
                sums[0] += size * transition[state].iter().map(|&(from, a)| a * initial[from]).sum::<f64>();
            }
            let row = problem.add_row(Row::equal(format!("{} dynamics {state}", unit.name), sums));
            problem.add_term(row, states[state], Lag::Same, 1.0);
            for &(from, a) in &transition[state] {
                problem.add_term(row, states[from], lag, -a);
            }
            for (input, &b) in form.input.row(state).iter().enumerate().filter(|(_, b)| **b != 0.0) {
                problem.add_term(row, inputs[input], Lag::Same, -b);
            }
        }
        let mut pool = Pool { unit: index, count, form, inputs, states, outputs: Vec::new(), slack: Vec::new() };
        for (at, output) in unit.outputs.iter().enumerate() {
            let is_bounded = !(output.lower.all(|lower| lower == f64::NEG_INFINITY)
                && output.upper.all(|upper| upper == f64::INFINITY));
            if !is_bounded {
                pool.outputs.push(None);
                pool.slack.push(Slack::default());
                continue;
            }
            let offset = &pool.form.outputs[at].offset;
            let bound = |bound: &Profile| combined(bound, offset, |bound, offset| size * (bound - offset));
            let name = format!("{} {}", unit.name, output.name);
            let row = problem.add_row(Row { lower: bound(&output.lower), upper: bound(&output.upper), name });
            for (column, coefficient) in pool.expression(at) {
                problem.add_term(row, column, Lag::Same, coefficient);
            }
            let name = format!("{} {}", unit.name, output.name);
            let slack = add_slack(problem, row, &name, output.lack_price.as_ref(), output.excess_price.as_ref());
            pool.outputs.push(Some(row));
            pool.slack.push(slack);
        }
        self.constant -= size * pool.form.terminal_constant;
        self.pools.push(pool);
        Ok(())
    }

    /// Adds the shared rows.
    fn add_rows(&mut self, fleet: &Fleet) {
        let mut terms: Vec<BTreeMap<ColumnId, Profile>> = vec![BTreeMap::new(); fleet.rows.len()];
        for pool in &self.pools {
            for (&(row, part), coefficient) in &fleet.unit_terms[pool.unit] {
                let expression = match part {
                    Part::Input(input) => vec![(pool.inputs[input], Profile::Constant(1.0))],
                    Part::Output(output) => {
                        let count = pool.count as f64;
                        let offset = combined(coefficient, &pool.form.outputs[output].offset, |a, b| count * a * b);
                        let sum = &mut self.row_offsets[row];
                        *sum = combined(sum, &offset, |a, b| a + b);
                        pool.expression(output)
                    }
                };
                for (column, factor) in expression {
                    let product = combined(coefficient, &factor, |a, b| a * b);
                    let sum = terms[row].entry(column).or_insert(Profile::Constant(0.0));
                    *sum = combined(sum, &product, |a, b| a + b);
                }
            }
        }
        for (&(row, column), coefficient) in &fleet.column_terms {
            terms[row].insert(self.columns[column], coefficient.clone());
        }
        let problem = &mut self.problem;
        for (index, (row, terms)) in fleet.rows.iter().zip(terms).enumerate() {
            let less = |bound: &Profile| combined(bound, &self.row_offsets[index], |bound, offset| bound - offset);
            let (lower, upper) = (less(&row.lower), less(&row.upper));
            let id = problem.add_row(Row { name: row.name.clone(), lower, upper });
            for (column, coefficient) in terms {
                problem.add_term(id, column, Lag::Same, coefficient);
            }
            self.slack.push(add_slack(problem, id, &row.name, row.lack_price.as_ref(), row.excess_price.as_ref()));
            self.rows.push(id);
        }
        for (&(row, peak), coefficient) in &fleet.peak_terms {
            problem.add_spread_term(self.rows[row], GlobalColumnId(peak), coefficient.clone());
        }
    }
}

impl Pool {
    /// Returns the columns and coefficients of an output, without its offset.
    fn expression(&self, output: usize) -> Vec<(ColumnId, Profile)> {
        let form = &self.form.outputs[output];
        let of_states = self.states.iter().zip(&form.states).filter(|(_, coefficient)| **coefficient != 0.0);
        let of_states = of_states.map(|(&column, &coefficient)| (column, Profile::Constant(coefficient)));
        let of_inputs = self.inputs.iter().copied().zip(form.inputs.iter().cloned());
        of_states.chain(of_inputs.filter(|(_, coefficient)| !coefficient.all(|d| d == 0.0))).collect()
    }
}

/// Adds the columns by which a row may miss its range, at the given prices.
fn add_slack(
    problem: &mut StagedProblem,
    row: RowId,
    name: &str,
    lack_price: Option<&Profile>,
    excess_price: Option<&Profile>,
) -> Slack {
    let mut add = |what: &str, sign: f64, price: Option<&Profile>| {
        price.map(|price| {
            let column = problem.add_column(Column {
                name: format!("{name} {what}"),
                lower: 0.0.into(),
                upper: f64::INFINITY.into(),
                cost: price.clone(),
            });
            problem.add_term(row, column, Lag::Same, sign);
            column
        })
    };
    Slack { lack: add("lack", 1.0, lack_price), excess: add("excess", -1.0, excess_price) }
}

/// Returns `f` of the values of two profiles, a constant if both are.
pub(super) fn combined(a: &Profile, b: &Profile, f: impl Fn(f64, f64) -> f64) -> Profile {
    match (a, b) {
        (Profile::Constant(a), Profile::Constant(b)) => Profile::Constant(f(*a, *b)),
        (Profile::Series(a), b) => a.iter().enumerate().map(|(t, &a)| f(a, b.at(t))).collect::<Vec<_>>().into(),
        (Profile::Constant(a), Profile::Series(b)) => b.iter().map(|&b| f(*a, b)).collect::<Vec<_>>().into(),
    }
}

/// Returns a cost that is lower by `value` in the last of `stages` stages.
fn less_in_last_stage(cost: &Profile, value: f64, stages: usize) -> Profile {
    if value == 0.0 {
        return cost.clone();
    }
    let mut costs: Vec<f64> = (0..stages).map(|stage| cost.at(stage)).collect();
    costs[stages - 1] -= value;
    costs.into()
}

/// Returns the pools, as the first unit and the number of units of each, and the pool of each unit.
fn pools(fleet: &Fleet) -> (Vec<(usize, usize)>, Vec<usize>) {
    let units = fleet.units.len();
    if !fleet.pool {
        return ((0..units).map(|unit| (unit, 1)).collect(), (0..units).collect());
    }
    let mut members: Vec<(usize, usize)> = Vec::new();
    let mut pool_of = Vec::with_capacity(units);
    let mut of_hash: HashMap<u64, Vec<usize>> = HashMap::new();
    for unit in 0..units {
        let data = data_of(fleet, unit);
        let mut hasher = DefaultHasher::new();
        data.hash(&mut hasher);
        let candidates = of_hash.entry(hasher.finish()).or_default();
        let equal = candidates.iter().copied().find(|&pool| data_of(fleet, members[pool].0) == data);
        let pool = equal.unwrap_or(members.len());
        if equal.is_none() {
            candidates.push(pool);
            members.push((unit, 0));
        }
        members[pool].1 += 1;
        pool_of.push(pool);
    }
    (members, pool_of)
}

/// Returns all numbers of a unit, with the sizes that tell where each begins. Equal units have equal data; names do not
/// count.
fn data_of(fleet: &Fleet, unit: usize) -> Vec<u64> {
    let terms = &fleet.unit_terms[unit];
    let unit = &fleet.units[unit];
    let mut data = Data(Vec::new());
    data.size(unit.dynamics.states());
    data.size(unit.inputs.len());
    data.size(unit.outputs.len());
    data.size(usize::from(unit.dynamics.modes.is_some()));
    data.numbers(unit.dynamics.matrix.iter());
    data.numbers(unit.input.iter());
    data.numbers(unit.disturbance.iter().flatten());
    match &unit.initial {
        Initial::Cyclic => data.size(0),
        Initial::Given(initial) => data.numbers(initial.iter()),
    }
    data.numbers(unit.terminal_value.iter().flatten());
    for input in &unit.inputs {
        [&input.lower, &input.upper, &input.cost].into_iter().for_each(|profile| data.profile(profile));
    }
    for output in &unit.outputs {
        data.numbers(output.states.iter());
        [&output.offset, &output.lower, &output.upper].into_iter().for_each(|profile| data.profile(profile));
        for part in [&output.lack_price, &output.excess_price] {
            data.size(usize::from(part.is_some()));
            part.iter().for_each(|profile| data.profile(profile));
        }
        data.size(output.inputs.len());
        output.inputs.iter().for_each(|profile| data.profile(profile));
    }
    for (&(row, part), coefficient) in terms {
        let (kind, index) = match part {
            Part::Input(index) => (0, index),
            Part::Output(index) => (1, index),
        };
        [row, kind, index].into_iter().for_each(|number| data.size(number));
        data.profile(coefficient);
    }
    data.0
}

/// A list of the bits of numbers.
struct Data(Vec<u64>);

impl Data {
    fn size(&mut self, size: usize) {
        self.0.push(size as u64);
    }

    fn numbers<'a>(&mut self, numbers: impl Iterator<Item = &'a f64>) {
        let at = self.0.len();
        self.0.push(0);
        self.0.extend(numbers.map(|number| number.to_bits()));
        self.0[at] = (self.0.len() - at) as u64;
    }

    fn profile(&mut self, profile: &Profile) {
        match profile {
            Profile::Constant(value) => self.0.extend([0, value.to_bits()]),
            Profile::Series(values) => self.numbers(values.iter()),
        }
    }
}
