//! Optimality gaps proven by duals.
//!
//! For any row duals y, with `d = c + Q x - A^T y`, no feasible values cost less than the Lagrangian bound `sum y *
//! (lower if y > 0 else upper) + sum d * (lower if d > 0 else upper) - 1/2 sum q x^2`, summed over rows and columns,
//! global ones included. The bound is finite where the side selected by the sign of every y and d is finite.

use anergy_profile::Profile;
use ndarray::ArrayView1;

use super::certificate::{Violation, largest};
use super::stages::{Lines, along, total};
use super::{ColumnId, Duals, StagedProblem};

/// The distance of a solution from the optimum, as its duals prove it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Optimality {
    /// Largest dual or reduced cost whose sign selects an infinite side, EUR per unit; the dual objective leaves it
    /// out.
    pub dual: Violation,
    /// Objective of the solution, EUR.
    pub primal_objective: f64,
    /// Lower bound of the objective of all feasible values, EUR; valid where `dual` is zero.
    pub dual_objective: f64,
    /// Relative gap, `(primal - dual objective) / max(|primal objective|, 1e-3 * sum of |cost terms|)`.
    pub relative_gap: f64,
}

impl Optimality {
    /// Measures row duals at values of the columns and of the global columns. The reduced costs are computed here.
    pub(super) fn of(problem: &StagedProblem, values: &Lines<'_>, globals: &[f64], duals: &Duals) -> Self {
        assert_eq!(duals.rows.dim(), (problem.rows().len(), problem.stages()), "one dual a row and stage");
        let mut optimality = Self::default();
        let rows = Lines::of(&duals.rows.view());
        let (reduced_costs, global_reduced_costs) = problem.reduce(values, &rows, &duals.global_rows);
        let mut terms = DualTerms::new(problem.stages());
        for (index, row) in problem.rows().iter().enumerate() {
            optimality.add_dual_terms(&mut terms, &row.name, [&row.lower, &row.upper], rows.line(index));
        }
        for (index, column) in problem.columns().iter().enumerate() {
            optimality.add_dual_terms(
                &mut terms,
                &column.name,
                [&column.lower, &column.upper],
                reduced_costs.line(index),
            );
        }
        for (row, &dual) in problem.global_rows().iter().zip(&duals.global_rows) {
            optimality.add_global_dual_term(&row.name, [row.lower, row.upper], dual);
        }
        for (column, &reduced) in problem.global_columns().iter().zip(&global_reduced_costs) {
            optimality.add_global_dual_term(&column.name, [column.lower, column.upper], reduced);
        }
        optimality.compare(problem, values, globals);
        optimality
    }

    /// Adds the products of the duals (or reduced costs) of one row (or column) with the sides that their signs select.
    fn add_dual_terms(&mut self, terms: &mut DualTerms, name: &str, sides: [&Profile; 2], duals: &[f64]) {
        let (earned, size, stage) = terms.of(sides, duals);
        self.dual_objective += earned;
        self.dual.raise(size, name, Some(stage));
    }

    /// Adds the product of one global dual (or reduced cost) with the side that its sign selects.
    fn add_global_dual_term(&mut self, name: &str, [lower, upper]: [f64; 2], dual: f64) {
        let side = if dual > 0.0 { lower } else { upper };
        if side.is_finite() && dual.is_finite() {
            self.dual_objective += dual * side;
        } else {
            self.dual.raise(if dual.is_nan() { f64::INFINITY } else { dual.abs() }, name, None);
        }
    }

    /// Computes the primal objective and the gap; subtracts `1/2 q x^2` from the dual objective.
    fn compare(&mut self, problem: &StagedProblem, values: &Lines<'_>, globals: &[f64]) {
        let mut absolute = 0.0;
        let mut sizes = vec![0.0; problem.stages()];
        for (index, column) in problem.columns().iter().enumerate() {
            self.primal_objective += total(&column.cost, values.line(index));
            along(&mut sizes, &column.cost, values.line(index), |size, cost, value| *size = (cost * value).abs());
            absolute += ArrayView1::from(&sizes).sum();
            let quadratic = problem.quadratic(ColumnId(index));
            if *quadratic != Profile::Constant(0.0) {
                along(&mut sizes, quadratic, values.line(index), |size, q, value| *size = 0.5 * q * value * value);
                let curved = ArrayView1::from(&sizes).sum();
                self.primal_objective += curved;
                self.dual_objective -= curved;
                absolute += curved;
            }
        }
        for (column, value) in problem.global_columns().iter().zip(globals) {
            self.primal_objective += column.cost * value;
            absolute += (column.cost * value).abs();
        }
        let difference = self.primal_objective - self.dual_objective;
        // A problem without costs has no gap, rather than 0/0.
        self.relative_gap =
            if difference == 0.0 { 0.0 } else { difference / self.primal_objective.abs().max(1e-3 * absolute) };
    }
}

/// The memory for the dual terms of one row or column along the stages.
struct DualTerms {
    /// Side selected by the sign of each dual, then its product with the dual.
    side: Vec<f64>,
    /// Size of each dual that selects an infinite side, 0 elsewhere.
    unbounded: Vec<f64>,
}

impl DualTerms {
    fn new(stages: usize) -> Self {
        Self { side: vec![0.0; stages], unbounded: vec![0.0; stages] }
    }

    /// Returns the sum of the products of the duals with the sides that their signs select, the largest dual that
    /// selects an infinite side, and its stage.
    fn of(&mut self, [lower, upper]: [&Profile; 2], duals: &[f64]) -> (f64, f64, usize) {
        along(&mut self.side, upper, duals, |side, upper, _| *side = upper);
        along(&mut self.side, lower, duals, |side, lower, dual| *side = if dual > 0.0 { lower } else { *side });
        for ((side, unbounded), &dual) in self.side.iter_mut().zip(&mut self.unbounded).zip(duals) {
            let finite = side.is_finite() && dual.is_finite();
            *unbounded = if finite { 0.0 } else { dual.abs() };
            *side = if finite { dual * *side } else { 0.0 };
        }
        let (size, stage) = largest(&self.unbounded);
        (ArrayView1::from(&self.side).sum(), size, stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Certificate, Column, GlobalColumn, GlobalRow, Lag, Row, Solution};
    use ndarray::array;

    /// Creates two hours of demand 4 and 6, a grid at 0.3 and 0.2, and local power at 0.1 up to a capacity that costs
    /// 0.25 once. A unit of capacity saves 0.2 + 0.1 = 0.3 > 0.25 until hour 0 is served: capacity 4; beyond that only
    /// hour 1 gains.
    fn sizing() -> (StagedProblem, Solution) {
        let mut problem = StagedProblem::new("sizing", 2);
        let column = |name: &str, cost: Vec<f64>| Column {
            name: name.into(),
            lower: 0.0.into(),
            upper: f64::INFINITY.into(),
            cost: cost.into(),
        };
        let grid = problem.add_column(column("grid", vec![0.3, 0.2]));
        let local = problem.add_column(column("local", vec![0.1, 0.1]));
        let balance = problem.add_row(Row::equal("balance", vec![4.0, 6.0]));
        problem.add_term(balance, grid, Lag::Same, 1.0);
        problem.add_term(balance, local, Lag::Same, 1.0);
        let within = problem.add_row(Row { name: "within".into(), lower: f64::NEG_INFINITY.into(), upper: 0.0.into() });
        problem.add_term(within, local, Lag::Same, 1.0);
        let capacity = GlobalColumn { name: "capacity".into(), lower: 0.0, upper: 9.0, cost: 0.25 };
        let capacity = problem.add_global_column(capacity);
        problem.add_spread_term(within, capacity, -1.0);

        let mut solution = Solution::zeros(&problem);
        solution.values = array![[0.0, 2.0], [4.0, 4.0]];
        solution.globals = vec![4.0];
        solution.objective = problem.objective(solution.values.view(), &solution.globals);
        let mut duals = Duals::zeros(&problem);
        // Hour 1 buys from the grid: 0.2. Its capacity is worth 0.1, so that of hour 0 must be worth 0.15.
        duals.rows = array![[0.25, 0.2], [-0.15, -0.1]];
        problem.reduced_costs(solution.values.view(), &mut duals);
        solution.duals = Some(duals);
        (problem, solution)
    }

    fn measured(problem: &StagedProblem, solution: &Solution) -> Optimality {
        Certificate::of(problem, solution).optimality.unwrap()
    }

    #[test]
    fn optimal_duals_close_the_gap() {
        let (problem, solution) = sizing();
        let duals = solution.duals.as_ref().unwrap();
        assert!((duals.reduced_costs[[0, 0]] - 0.05).abs() < 1e-15, "the grid stays unused in hour 0");
        assert!(duals.global_reduced_costs[0].abs() < 1e-15);
        let optimality = measured(&problem, &solution);
        assert!((optimality.primal_objective - 2.2).abs() < 1e-14);
        assert!((optimality.dual_objective - 2.2).abs() < 1e-14);
        assert!(optimality.relative_gap.abs() < 1e-14);
        assert!(optimality.dual.size < 1e-15);
        assert_eq!(Certificate::of(&problem, &solution).worst().size, 0.0);
    }

    #[test]
    fn a_suboptimal_solution_has_a_gap() {
        let (problem, mut solution) = sizing();
        solution.values = array![[0.0, 1.0], [4.0, 5.0]];
        solution.globals = vec![5.0];
        let optimality = measured(&problem, &solution);
        assert!((optimality.primal_objective - 2.35).abs() < 1e-14);
        assert!((optimality.relative_gap - 0.15 / 2.35).abs() < 1e-12);
    }

    #[test]
    fn duals_of_infinite_sides_are_named() {
        let (problem, mut solution) = sizing();
        solution.duals.as_mut().unwrap().rows[[1, 1]] = 0.01;
        let dual = measured(&problem, &solution).dual;
        assert_eq!((dual.name.as_str(), dual.stage), ("local", Some(1)));
        assert!((dual.size - 0.11).abs() < 1e-15, "0.1 - 0.2 - 0.01 leans on no upper bound");

        solution.duals.as_mut().unwrap().rows[[0, 0]] = 0.9;
        let dual = measured(&problem, &solution).dual;
        assert_eq!((dual.name.as_str(), dual.stage), ("local", Some(0)));
        solution.duals.as_mut().unwrap().rows[[0, 0]] = f64::NAN;
        assert_eq!(measured(&problem, &solution).dual.size, f64::INFINITY);
    }

    #[test]
    fn a_limit_over_all_stages_and_a_curved_cost() {
        // min x_0 + 1/2 x_0^2 + 2 x_1 with x_0 + x_1 >= 3: x_0 = 1 where 1 + x_0 = 2, y = 2.
        let mut problem = StagedProblem::new("sum", 2);
        let x = problem.add_column(Column {
            name: "x".into(),
            lower: 0.0.into(),
            upper: f64::INFINITY.into(),
            cost: vec![1.0, 2.0].into(),
        });
        problem.set_quadratic(x, vec![1.0, 0.0]);
        let row = problem.add_global_row(GlobalRow { name: "sum".into(), lower: 3.0, upper: f64::INFINITY });
        problem.add_sum_term(row, x, 1.0);
        let mut solution = Solution::zeros(&problem);
        solution.values = array![[1.0, 2.0]];
        solution.duals = Some(Duals { global_rows: vec![2.0], ..Duals::zeros(&problem) });
        assert_eq!(problem.objective(solution.values.view(), &[]), 5.5);
        let optimality = measured(&problem, &solution);
        assert_eq!((optimality.primal_objective, optimality.dual_objective), (5.5, 5.5));
        assert_eq!((optimality.relative_gap, optimality.dual.size), (0.0, 0.0));
        solution.duals.as_mut().unwrap().global_rows[0] = -0.5;
        let dual = measured(&problem, &solution).dual;
        assert_eq!(dual, Violation { size: 0.5, name: "sum".into(), stage: None });
    }
}
