//! The bordered system: the normal equations of the stages with the global columns and rows as a border.
//!
//! With S the coefficients of the stages' columns in global rows, G those of the global columns in the stages' rows, H
//! those of the global columns in global rows, and N = A theta A', the step solves
//!
//! N dy + A theta S' dyg + G dxg = r1,  S theta (A' dy + S' dyg + h) + H dxg = rg,  G' dy + H' dyg - dxg/thetag = -hg.
//!
//! With V = N^-1 A theta S' and W = N^-1 G the Schur complement [P E'; E -Q] (dyg, dxg) remains, in which nothing
//! cancels: P = sum theta (S - A'V)^2 and Q = sum theta (A'W)^2 + 1/thetag are sums over all columns of all stages, and
//! E = H' - G'V - sum theta (A'W)(S - A'V), whose last term corrects the rounding of V and W. Eliminating dxg leaves P
//! + E' Q^-1 E, again a sum of squares.

use super::dense::Cholesky;
use super::global_steps::GlobalIterate;
use super::lanes::Lanes;
use super::normal_equations::NormalEquations;
use super::problem_data::ProblemData;

/// Share of its original diagonal below which a pivot is rounding error.
const PIVOT_FLOOR: f64 = 1e-15;

/// The iterate of the globals, and the factored border.
#[derive(Debug)]
pub(super) struct BorderedSystem {
    /// Iterates of the global columns.
    pub(super) columns: Vec<GlobalIterate>,
    /// Duals of the global rows.
    pub(super) y: Vec<f64>,
    /// Step of the duals of the global rows.
    pub(super) dy: Vec<f64>,
    /// Residuals of the global rows.
    pub(super) row_residuals: Vec<f64>,
    /// V and W: by column of the border, then block and row.
    solved_columns: Vec<Vec<Lanes>>,
    /// Pairwise theta-weighted products of S - A'V and -A'W.
    products: Vec<f64>,
    /// E, by global column and global row.
    cross: Vec<f64>,
    /// Factor of Q.
    column_factor: Cholesky,
    /// Factor of P + E' Q^-1 E.
    row_factor: Cholesky,
    /// Work space with one number per global column.
    pub(super) by_column: Vec<f64>,
    scratch: Scratch,
}

#[derive(Debug)]
struct Scratch {
    lagged_products: Vec<Lanes>,
    /// S - A'V and -A'W of a block, by column of the border, then column.
    along: Vec<Lanes>,
    products: Vec<Lanes>,
    /// Right-hand side r1, by block and row.
    rhs: Vec<Lanes>,
    /// L^-1 E with Q = L L', by global row and global column.
    half: Vec<f64>,
    by_row: Vec<f64>,
}

impl BorderedSystem {
    /// Allocates the memory for the pattern of `data`.
    pub(super) fn new(data: &ProblemData) -> Self {
        let (rows, columns) = (data.globals.sums.len(), data.globals.upper.len());
        let width = rows + columns;
        let lanes = |len: usize| vec![Lanes::ZERO; len];
        Self {
            columns: vec![GlobalIterate::default(); columns],
            y: vec![0.0; rows],
            dy: vec![0.0; rows],
            row_residuals: vec![0.0; rows],
            solved_columns: vec![lanes(data.lane_layout.blocks * data.rows); width],
            products: vec![0.0; width * width],
            cross: vec![0.0; columns * rows],
            column_factor: Cholesky::new(columns),
            row_factor: Cholesky::new(rows),
            by_column: vec![0.0; columns],
            scratch: Scratch {
                lagged_products: lanes(if width > 0 { data.lagged.len() } else { 0 }),
                along: lanes(width * data.columns),
                products: lanes(width * width),
                rhs: lanes(if width > 0 { data.lane_layout.blocks * data.rows } else { 0 }),
                half: vec![0.0; columns * rows.max(1)],
                by_row: vec![0.0; rows],
            },
        }
    }

    /// Factors the border at `theta` (by block and column) and the weights of the global columns.
    pub(super) fn factor(&mut self, data: &ProblemData, normal: &mut NormalEquations, theta: &[Lanes]) {
        if data.globals.is_empty() {
            return;
        }
        self.solve_columns(data, normal, theta);
        self.multiply(data, theta);
        let (rows, columns) = (self.y.len(), self.columns.len());
        let width = rows + columns;
        self.column_factor.clear();
        for (index, column) in self.columns.iter().enumerate() {
            for other in 0..columns {
                self.column_factor.add(index, other, self.products[(rows + index) * width + rows + other]);
            }
            self.column_factor.add(index, index, 1.0 / column.theta);
        }
        self.column_factor.factor(PIVOT_FLOOR);
        self.set_cross(data);
        self.row_factor.clear();
        let half = &mut self.scratch.half;
        for row in 0..rows {
            let half = &mut half[row * columns..(row + 1) * columns];
            (0..columns).for_each(|column| half[column] = self.cross[column * rows + row]);
            self.column_factor.forward(half);
        }
        for row in 0..rows {
            for other in 0..rows {
                let (a, b) = (&half[row * columns..][..columns], &half[other * columns..][..columns]);
                let through: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                self.row_factor.add(row, other, self.products[row * width + other] + through);
            }
        }
        self.row_factor.factor(PIVOT_FLOOR);
    }

    /// Computes V = N^-1 A theta S' and W = N^-1 G.
    fn solve_columns(&mut self, data: &ProblemData, normal: &mut NormalEquations, theta: &[Lanes]) {
        let rows = self.y.len();
        self.solved_columns.iter_mut().for_each(|solve_columns| solve_columns.fill(Lanes::ZERO));
        for entry in &data.globals.summed {
            for block in 0..data.lane_layout.blocks {
                let v = data.global_coefficient(entry, block) * theta[block * data.columns + entry.column];
                data.add_column(block, entry.column, v, &mut self.solved_columns[entry.row]);
            }
        }
        for entry in &data.globals.spread {
            let solve_columns = &mut self.solved_columns[rows + entry.column];
            for block in 0..data.lane_layout.blocks {
                solve_columns[block * data.rows + entry.row] += data.global_coefficient(entry, block);
            }
        }
        for index in 0..self.solved_columns.len() {
            if self.has_stage_entries(data, index) {
                normal.solve(data, theta, &mut self.solved_columns[index]);
            }
        }
    }

    /// Returns whether a column of the border has an entry in the stages' rows.
    fn has_stage_entries(&self, data: &ProblemData, index: usize) -> bool {
        match index.checked_sub(self.y.len()) {
            None => data.globals.summed.iter().any(|entry| entry.row == index),
            Some(column) => data.globals.spread.iter().any(|entry| entry.column == column),
        }
    }

    /// See [`BorderedSystem::multiply`].
    #[inline(always)]
    pub(super) fn multiply_lanes(&mut self, data: &ProblemData, theta: &[Lanes]) {
        let (width, columns) = (self.solved_columns.len(), data.columns);
        let Scratch { lagged_products, along, products, .. } = &mut self.scratch;
        products.fill(Lanes::ZERO);
        for block in 0..data.lane_layout.blocks {
            for (solve_columns, along) in self.solved_columns.iter().zip(along.chunks_exact_mut(columns.max(1))) {
                data.next_rows(solve_columns, block, lagged_products);
                let y = &solve_columns[block * data.rows..(block + 1) * data.rows];
                for (column, along) in along.iter_mut().enumerate() {
                    *along = Lanes::ZERO - data.transposed(y, lagged_products, block, column);
                }
            }
            for entry in &data.globals.summed {
                along[entry.row * columns + entry.column] += data.global_coefficient(entry, block);
            }
            let theta = &theta[block * columns..(block + 1) * columns];
            for first in 0..width {
                for second in 0..=first {
                    let (a, b) = (&along[first * columns..][..columns], &along[second * columns..][..columns]);
                    let mut sum = Lanes::ZERO;
                    for ((a, b), theta) in a.iter().zip(b).zip(theta) {
                        sum += *theta * *a * *b;
                    }
                    products[first * width + second] += sum;
                }
            }
        }
        for first in 0..width {
            for second in 0..=first {
                let sum = products[first * width + second].sum();
                self.products[first * width + second] = sum;
                self.products[second * width + first] = sum;
            }
        }
    }

    /// Computes E = H' - G'V and adds the products of -A'W with S - A'V.
    fn set_cross(&mut self, data: &ProblemData) {
        let (rows, columns) = (self.y.len(), self.columns.len());
        for row in 0..rows {
            self.by_column.fill(0.0);
            data.add_spread_transposed(-1.0, &self.solved_columns[row], &mut self.by_column);
            for column in 0..columns {
                let product = self.products[(rows + column) * (rows + columns) + row];
                self.cross[column * rows + row] = self.by_column[column] + product;
            }
        }
        for &(row, column, coefficient) in &data.globals.terms {
            self.cross[column * rows + row] += coefficient;
        }
    }

    /// Solves for dy in place of r1, and for dyg and dxg. `dual_rhs` is h, by block and column, for columns in global
    /// rows; that of the global columns is in their iterates.
    pub(super) fn solve(
        &mut self,
        data: &ProblemData,
        normal: &mut NormalEquations,
        dy: &mut [Lanes],
        dual_rhs: &[Lanes],
        theta: &[Lanes],
    ) {
        if data.globals.is_empty() {
            normal.solve(data, theta, dy);
            return;
        }
        self.dy.fill(0.0);
        self.columns.iter_mut().for_each(|column| column.dx = 0.0);
        self.scratch.rhs.copy_from_slice(dy);
        normal.solve(data, theta, dy);
        self.refine(data, dy, dual_rhs, theta);
        // Computing dy = N^-1 r1 - V dyg - W dxg would lose digits where N is small and its inverse large.
        self.subtract_global_steps(data, theta);
        dy.copy_from_slice(&self.scratch.rhs);
        normal.solve(data, theta, dy);
        // The rounding error of r1 - A theta S' dyg - G dxg is small enough for V and W to correct it.
        self.refine(data, dy, dual_rhs, theta);
        let steps = self.scratch.by_row.iter().chain(&self.by_column);
        for (solve_columns, step) in self.solved_columns.iter().zip(steps) {
            let step = Lanes::splat(*step);
            dy.iter_mut().zip(solve_columns).for_each(|(dy, solve_columns)| *dy -= step * *solve_columns);
        }
    }

    /// Computes r1 - A theta S' dyg - G dxg in place of r1.
    fn subtract_global_steps(&mut self, data: &ProblemData, theta: &[Lanes]) {
        let rhs = &mut self.scratch.rhs;
        for entry in &data.globals.summed {
            let factor = Lanes::splat(-self.dy[entry.row]);
            for block in 0..data.lane_layout.blocks {
                let weight = theta[block * data.columns + entry.column] * factor;
                data.add_column(block, entry.column, data.global_coefficient(entry, block) * weight, rhs);
            }
        }
        for entry in &data.globals.spread {
            let value = Lanes::splat(self.columns[entry.column].dx);
            for block in 0..data.lane_layout.blocks {
                rhs[block * data.rows + entry.row] -= data.global_coefficient(entry, block) * value;
            }
        }
    }

    /// Computes the residuals of the second and the third equation.
    fn compute_residuals(&mut self, data: &ProblemData, dy: &[Lanes], dual_rhs: &[Lanes], theta: &[Lanes]) {
        let (Scratch { lagged_products, by_row, .. }, by_column) = (&mut self.scratch, &mut self.by_column);
        by_row.copy_from_slice(&self.row_residuals);
        if data.globals.any_summed() {
            for block in 0..data.lane_layout.blocks {
                data.next_rows(dy, block, lagged_products);
                let y = &dy[block * data.rows..(block + 1) * data.rows];
                for entry in &data.globals.summed {
                    let at = block * data.columns + entry.column;
                    let along = data.transposed(y, lagged_products, block, entry.column);
                    let step = theta[at] * (along + data.summed(&self.dy, block, entry.column) + dual_rhs[at]);
                    by_row[entry.row] -= (data.global_coefficient(entry, block) * step).sum();
                }
            }
        }
        for (sum, column) in by_column.iter_mut().zip(&self.columns) {
            *sum = column.dual_rhs - column.dx / column.theta;
        }
        data.add_spread_transposed(1.0, dy, by_column);
        for &(row, column, coefficient) in &data.globals.terms {
            by_row[row] -= coefficient * self.columns[column].dx;
            by_column[column] += coefficient * self.dy[row];
        }
    }

    /// Adds the solution for the residuals of the second and the third equation to dyg and dxg, and leaves it in
    /// `by_row` and `by_column`; dy is not updated.
    fn refine(&mut self, data: &ProblemData, dy: &[Lanes], dual_rhs: &[Lanes], theta: &[Lanes]) {
        self.compute_residuals(data, dy, dual_rhs, theta);
        let rows = self.y.len();
        let (Scratch { half, by_row, .. }, by_column) = (&mut self.scratch, &mut self.by_column);
        // (P + E' Q^-1 E) dyg = p - E' Q^-1 q and Q dxg = E dyg + q.
        let shifted = &mut half[..by_column.len()];
        shifted.copy_from_slice(by_column);
        self.column_factor.solve(shifted);
        for (row, sum) in by_row.iter_mut().enumerate() {
            *sum -= shifted.iter().enumerate().map(|(column, q)| self.cross[column * rows + row] * q).sum::<f64>();
        }
        self.row_factor.solve(by_row);
        for (column, sum) in by_column.iter_mut().enumerate() {
            let cross = &self.cross[column * rows..(column + 1) * rows];
            *sum += cross.iter().zip(&*by_row).map(|(e, dy)| e * dy).sum::<f64>();
        }
        self.column_factor.solve(by_column);
        self.dy.iter_mut().zip(&*by_row).for_each(|(dy, more)| *dy += more);
        self.columns.iter_mut().zip(&*by_column).for_each(|(column, more)| column.dx += more);
    }
}
