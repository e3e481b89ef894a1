//! The conic form of a problem: minimise `1/2 x'Px + q'x` subject to `Ax + s = b`, with s = 0 for equalities and fixed
//! columns and s >= 0 for every other finite side of a row or column.
//!
//! The duals z of the conic form satisfy `Px + q + A'z = 0`. The dual of a row is y = -z for an equality or an upper
//! side (entries `a`, side `b`) and y = z for a lower side (entries `-a`, side `-b`).

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT;
use ndarray::{ArrayView2, Axis};

use crate::staged::{mean_costs, typical_cost};
use crate::{ColumnId, Duals, Matrix, Solution, StagedProblem};

/// A problem in conic form, in its own units.
pub(super) struct ConicForm {
    /// The matrix A.
    pub(super) matrix: CscMatrix<f64>,
    /// The cones of s: equalities, then inequalities.
    pub(super) cones: Vec<SupportedConeT<f64>>,
    /// Median of the absolute values of all sides that are neither zero nor infinite.
    pub(super) typical_value: f64,
    /// Typical cost, penalties apart, EUR per unit.
    pub(super) typical_cost: f64,
    /// Largest mean cost of a column, EUR per unit.
    pub(super) largest_cost: f64,
    /// The right-hand sides b.
    sides: Vec<f64>,
    /// For each conic row that belongs to a row of the problem, the conic row, the row, and the sign of its entries.
    rows: Vec<(usize, usize, f64)>,
    costs: Vec<f64>,
    quadratic: Vec<f64>,
}

/// The data of a conic form that depend on the units of values and costs.
pub(super) struct ScaledForm {
    /// The matrix P, which is diagonal.
    pub(super) quadratic: CscMatrix<f64>,
    /// The linear costs q.
    pub(super) costs: Vec<f64>,
    /// The right-hand sides b.
    pub(super) sides: Vec<f64>,
}

/// One side of a row or a column: its number, the sign of its entries, and the right-hand side.
#[derive(Clone, Copy)]
struct Side {
    index: usize,
    sign: f64,
    side: f64,
}

impl ConicForm {
    /// Brings `problem` to conic form; returns `None` if its entries exceed the range of 32-bit indices.
    pub(super) fn new(problem: &StagedProblem) -> Option<Self> {
        let matrix = Matrix::new(problem)?;
        let (row_equalities, row_limits) = sides(&matrix.row_lower, &matrix.row_upper);
        let (fixed_columns, column_limits) = sides(&matrix.lower, &matrix.upper);
        let equalities = row_equalities.len() + fixed_columns.len();
        let inequalities = row_limits.len() + column_limits.len();
        let row_limits_end = equalities + row_limits.len();
        let rows_of = |first: usize, sides: &[Side]| -> Vec<(usize, usize, f64)> {
            sides.iter().enumerate().map(|(place, side)| (first + place, side.index, side.sign)).collect()
        };
        let mut rows = rows_of(0, &row_equalities);
        rows.extend(rows_of(equalities, &row_limits));
        let mut columns = rows_of(row_equalities.len(), &fixed_columns);
        columns.extend(rows_of(row_limits_end, &column_limits));
        let groups = [row_equalities, fixed_columns, row_limits, column_limits];
        let sides: Vec<f64> = groups.iter().flatten().map(|side| side.side).collect();
        let cones = [SupportedConeT::ZeroConeT(equalities), SupportedConeT::NonnegativeConeT(inequalities)];
        let used = [equalities > 0, inequalities > 0];
        let pattern = problem.columns().len();
        let quadratic_of = |column: usize| match column / pattern.max(1) {
            stage if stage < problem.stages() => problem.quadratic(ColumnId(column % pattern)).at(stage),
            _ => 0.0,
        };
        let mean_costs = mean_costs(problem.columns().iter().map(|column| &column.cost));
        Some(Self {
            matrix: conic_matrix(&matrix, &rows, &columns, sides.len()),
            cones: cones.into_iter().zip(used).filter(|(_, used)| *used).map(|(cone, _)| cone).collect(),
            typical_value: typical_size(&sides),
            typical_cost: typical_cost(&mean_costs),
            largest_cost: mean_costs.last().copied().unwrap_or(1.0),
            sides,
            rows,
            quadratic: (0..matrix.costs.len()).map(quadratic_of).collect(),
            costs: matrix.costs,
        })
    }

    /// Returns the data with values in multiples of `value_unit` and costs in multiples of `cost_unit`.
    pub(super) fn scaled(&self, value_unit: f64, cost_unit: f64) -> ScaledForm {
        let columns = self.costs.len();
        let curved: Vec<usize> = (0..columns).filter(|&column| self.quadratic[column] != 0.0).collect();
        let curvature = curved.iter().map(|&column| self.quadratic[column] * value_unit / cost_unit).collect();
        ScaledForm {
            quadratic: CscMatrix::new_from_triplets(columns, columns, curved.clone(), curved, curvature),
            costs: self.costs.iter().map(|cost| cost / cost_unit).collect(),
            sides: self.sides.iter().map(|side| side / value_unit).collect(),
        }
    }

    /// Returns values x of the conic form, in multiples of `unit`, as a solution of `problem` without objective and
    /// duals.
    pub(super) fn values(problem: &StagedProblem, x: &[f64], unit: f64) -> Solution {
        let mut solution = Solution::zeros(problem);
        let globals = stages_first(x, &mut solution.values, unit);
        solution.globals.iter_mut().zip(globals).for_each(|(value, x)| *value = x * unit);
        solution
    }

    /// Returns the row duals of `problem` that belong to duals z of the conic form, in multiples of `unit`; all reduced
    /// costs are zero.
    pub(super) fn duals(&self, problem: &StagedProblem, z: &[f64], unit: f64) -> Duals {
        let mut duals = Duals::zeros(problem);
        let mut of_rows = vec![0.0; duals.rows.len() + duals.global_rows.len()];
        for &(place, row, sign) in &self.rows {
            of_rows[row] -= sign * z[place];
        }
        let globals = stages_first(&of_rows, &mut duals.rows, unit);
        duals.global_rows.iter_mut().zip(globals).for_each(|(dual, y)| *dual = y * unit);
        duals
    }
}

/// Copies numbers that are stored stage by stage, times `unit`, and returns those that follow the stages.
fn stages_first<'a>(numbers: &'a [f64], target: &mut ndarray::Array2<f64>, unit: f64) -> &'a [f64] {
    let (of_stages, globals) = numbers.split_at(target.len());
    let (lines, stages) = target.dim();
    if let Ok(source) = ArrayView2::from_shape((stages, lines), of_stages) {
        target.axis_iter_mut(Axis(1)).zip(source.rows()).for_each(|(mut column, row)| column.assign(&row));
        *target *= unit;
    }
    globals
}

/// Returns the equalities and the finite sides of the other rows or columns.
fn sides(lower: &[f64], upper: &[f64]) -> (Vec<Side>, Vec<Side>) {
    let (mut equalities, mut limits) = (Vec::new(), Vec::new());
    for (index, (&lower, &upper)) in lower.iter().zip(upper).enumerate() {
        if lower == upper {
            equalities.push(Side { index, sign: 1.0, side: upper });
            continue;
        }
        let both = [Side { index, sign: 1.0, side: upper }, Side { index, sign: -1.0, side: -lower }];
        limits.extend(both.into_iter().filter(|side| side.side < f64::INFINITY));
    }
    (equalities, limits)
}

/// Assembles the matrix from the conic rows of the problem's rows and of its columns.
fn conic_matrix(
    matrix: &Matrix,
    rows: &[(usize, usize, f64)],
    columns: &[(usize, usize, f64)],
    height: usize,
) -> CscMatrix<f64> {
    let mut places = vec![Vec::new(); matrix.row_lower.len()];
    rows.iter().for_each(|&(place, row, sign)| places[row].push((place, sign)));
    let (mut at_rows, mut at_columns, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut push = |row: usize, column: usize, value: f64| {
        at_rows.push(row);
        at_columns.push(column);
        values.push(value);
    };
    for (column, entries) in matrix.starts.windows(2).enumerate() {
        let index = |number: i32| usize::try_from(number).unwrap_or_default();
        for entry in index(entries[0])..index(entries[1]) {
            let value = matrix.values[entry];
            if value != 0.0 {
                let of_row = &places[index(matrix.rows[entry])];
                of_row.iter().for_each(|&(place, sign)| push(place, column, sign * value));
            }
        }
    }
    columns.iter().for_each(|&(place, column, sign)| push(place, column, sign));
    CscMatrix::new_from_triplets(height, matrix.costs.len(), at_rows, at_columns, values)
}

/// Returns the median of the absolute values that are neither zero nor infinite; 1 if there are none.
fn typical_size(numbers: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = numbers.iter().map(|number| number.abs()).collect();
    sizes.retain(|size| *size > 0.0 && size.is_finite());
    sizes.sort_unstable_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(1.0)
}
