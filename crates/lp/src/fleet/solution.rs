//! The solution of a fleet.

use ndarray::{Array1, Array2, ArrayView1};

use super::Fleet;
use super::build::{FleetProblem, Pool, Slack};
use crate::stages::Lines;
use crate::{Certificate, ColumnId, RowId, Solution};

/// The solution of one unit. Axes are quantity and step.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitSolution {
    /// Inputs, shape (inputs, stages).
    pub inputs: Array2<f64>,
    /// States at the ends of the steps, shape (states, stages).
    pub states: Array2<f64>,
    /// Outputs, shape (outputs, stages).
    pub outputs: Array2<f64>,
    /// How far outputs with slack are below their least values, shape (outputs, stages).
    pub lack: Array2<f64>,
    /// How far outputs with slack are above their largest values, shape (outputs, stages).
    pub excess: Array2<f64>,
    /// Change of the optimal objective per unit by which an output must rise, shape (outputs, stages): positive where its
    /// least value binds, negative where its largest value binds. `None` if the solver gives no duals.
    pub output_duals: Option<Array2<f64>>,
    /// Reduced costs of the inputs, shape (inputs, stages): positive where the lower bound binds, negative where the
    /// upper bound binds. `None` if the solver gives no duals.
    pub reduced_costs: Option<Array2<f64>>,
}

/// The solution of a fleet, with its certificate.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetSolution {
    /// Objective: costs of inputs, shared columns, peaks and slack, less terminal values.
    pub objective: f64,
    /// Solutions of the units, in their order. Equal units that were pooled have equal solutions.
    pub units: Vec<UnitSolution>,
    /// Values of the shared columns, shape (shared columns, stages).
    pub columns: Array2<f64>,
    /// Values of the peak columns.
    pub peaks: Vec<f64>,
    /// Sums of the shared rows without slack, shape (shared rows, stages).
    pub row_sums: Array2<f64>,
    /// How far shared rows with slack are below their least sums, shape (shared rows, stages).
    pub row_lack: Array2<f64>,
    /// How far shared rows with slack are above their largest sums, shape (shared rows, stages).
    pub row_excess: Array2<f64>,
    /// Duals of the shared rows, shape (shared rows, stages): change of the optimal objective per unit by which the sum
    /// must rise. The price of a cap is its negative. `None` if the solver gives no duals.
    pub row_duals: Option<Array2<f64>>,
    /// Reduced costs of the shared columns, shape (shared columns, stages). `None` if the solver gives no duals.
    pub column_reduced_costs: Option<Array2<f64>>,
    /// Number of units in the linear program, after equal ones are pooled.
    pub solved_units: usize,
    /// Certificate of the linear program.
    pub certificate: Certificate,
    /// Name and version of the solver that gave the solution.
    pub solver: String,
}

impl FleetSolution {
    /// Maps the solution of the linear program back to the fleet.
    pub(super) fn of(fleet: &Fleet, built: &FleetProblem, solution: &Solution, solver: String) -> Self {
        let stages = fleet.stages;
        let of_pools: Vec<UnitSolution> = built.pools.iter().map(|pool| unit_solution(fleet, pool, solution)).collect();
        let (sums, _) = built.problem.activities(&Lines::of(&solution.values.view()), &solution.globals);
        let lack = slack_values(&built.slack, solution, stages, 1.0, |slack| slack.lack);
        let excess = slack_values(&built.slack, solution, stages, 1.0, |slack| slack.excess);
        let row_sums = Array2::from_shape_fn((built.rows.len(), stages), |(row, stage)| {
            let with_slack = sums.line(built.rows[row].0)[stage] - lack[[row, stage]] + excess[[row, stage]];
            with_slack + built.row_offsets[row].at(stage)
        });
        let duals = solution.duals.as_ref();
        let rows: Vec<Option<RowId>> = built.rows.iter().copied().map(Some).collect();
        Self {
            objective: solution.objective + built.constant,
            units: built.pool_of.iter().map(|&pool| of_pools[pool].clone()).collect(),
            columns: columns_of(&built.columns, &solution.values, 1.0),
            peaks: solution.globals.clone(),
            row_sums,
            row_lack: lack,
            row_excess: excess,
            row_duals: duals.map(|duals| rows_of(&rows, &duals.rows)),
            column_reduced_costs: duals.map(|duals| columns_of(&built.columns, &duals.reduced_costs, 1.0)),
            solved_units: built.pools.len(),
            certificate: Certificate::of(&built.problem, solution),
            solver,
        }
    }
}

/// Returns the solution of one unit of a pool, an equal share of that of the pool.
fn unit_solution(fleet: &Fleet, pool: &Pool, solution: &Solution) -> UnitSolution {
    let unit = &fleet.units[pool.unit];
    let stages = fleet.stages;
    let share = 1.0 / pool.count as f64;
    let inputs = columns_of(&pool.inputs, &solution.values, share);
    let values = columns_of(&pool.states, &solution.values, share);
    let states = pool.form.unit_states(unit, inputs.view(), values.view());
    let mut outputs = Array2::zeros((unit.outputs.len(), stages));
    for (index, output) in unit.outputs.iter().enumerate() {
        let mut line: Array1<f64> = ArrayView1::from(&output.states).dot(&states);
        for (stage, value) in line.iter_mut().enumerate() {
            let of_inputs = output.inputs.iter().enumerate().map(|(input, d)| d.at(stage) * inputs[[input, stage]]);
            *value += output.offset.at(stage) + of_inputs.sum::<f64>();
        }
        outputs.row_mut(index).assign(&line);
    }
    let duals = solution.duals.as_ref();
    UnitSolution {
        lack: slack_values(&pool.slack, solution, stages, share, |slack| slack.lack),
        excess: slack_values(&pool.slack, solution, stages, share, |slack| slack.excess),
        output_duals: duals.map(|duals| rows_of(&pool.outputs, &duals.rows)),
        reduced_costs: duals.map(|duals| columns_of(&pool.inputs, &duals.reduced_costs, 1.0)),
        inputs,
        states,
        outputs,
    }
}

/// Returns the values of columns, multiplied by `share`.
fn columns_of(columns: &[ColumnId], values: &Array2<f64>, share: f64) -> Array2<f64> {
    let shape = (columns.len(), values.ncols());
    Array2::from_shape_fn(shape, |(column, stage)| share * values[[columns[column].0, stage]])
}

/// Returns the numbers of rows; zero for a row that does not exist.
fn rows_of(rows: &[Option<RowId>], numbers: &Array2<f64>) -> Array2<f64> {
    let shape = (rows.len(), numbers.ncols());
    Array2::from_shape_fn(shape, |(row, stage)| rows[row].map_or(0.0, |row| numbers[[row.0, stage]]))
}

/// Returns the values of slack columns, multiplied by `share`; zero where there is none.
fn slack_values(
    slack: &[Slack],
    solution: &Solution,
    stages: usize,
    share: f64,
    column: impl Fn(&Slack) -> Option<ColumnId>,
) -> Array2<f64> {
    Array2::from_shape_fn((slack.len(), stages), |(row, stage)| {
        column(&slack[row]).map_or(0.0, |column| share * solution.values[[column.0, stage]])
    })
}
