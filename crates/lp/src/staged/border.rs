//! The normal equations with what all stages share at their border.
//!
//! With S the stages' columns in global rows, G the global columns in the stages' rows and H those in global rows, the step
//! solves, N = A theta A',
//!
//! N dy + A theta S' dyg + G dxg = r1,  S theta (A' dy + S' dyg + h) + H dxg = rg,  G' dy + H' dyg - dxg/thetag = -hg.
//!
//! With V = N^-1 A theta S' and W = N^-1 G a small system is left, [P E'; E -Q] (dyg, dxg), where nothing cancels:
//! P = sum theta (S - A'V)^2 and Q = sum theta (A'W)^2 + 1/thetag run over all columns of all stages, and
//! E = H' - G'V - sum theta (A'W)(S - A'V), whose last term is 0 but for the rounding of V and W, which it takes out.
//! Eliminating dxg leaves P + E' Q^-1 E, again a sum of squares.

use super::dense::Cholesky;
use super::lanes::Lanes;
use super::normal::Normal;
use super::numbers::Numbers;
use super::steps::SharedColumn;

/// Pivots below this share of what they came from are rounding.
const PIVOT_FLOOR: f64 = 1e-15;

/// The global part of the iterate, and the factored border.
#[derive(Debug)]
pub(super) struct Border {
    pub(super) columns: Vec<SharedColumn>,
    /// Duals of the global rows and their step.
    pub(super) y: Vec<f64>,
    pub(super) dy: Vec<f64>,
    /// What the global rows miss.
    pub(super) rest: Vec<f64>,
    /// V and W: a column of the border, then block and row.
    reaches: Vec<Vec<Lanes>>,
    /// theta-weighted products of S - A'V and -A'W, all with all.
    products: Vec<f64>,
    /// E, global column by global row.
    cross: Vec<f64>,
    /// Q.
    stiffness: Cholesky,
    /// P + E' Q^-1 E.
    rows: Cholesky,
    /// Room for a number by global column.
    pub(super) by_column: Vec<f64>,
    scratch: Scratch,
}

#[derive(Debug)]
struct Scratch {
    carried: Vec<Lanes>,
    /// S - A'V and -A'W of a block, a column of the border, then column.
    along: Vec<Lanes>,
    products: Vec<Lanes>,
    /// r1, by block and row.
    rhs: Vec<Lanes>,
    /// L^-1 E with Q = L L', global row by global column.
    half: Vec<f64>,
    by_row: Vec<f64>,
}

impl Border {
    pub(super) fn new(numbers: &Numbers) -> Self {
        let (rows, columns) = (numbers.shared.sums.len(), numbers.shared.upper.len());
        let width = rows + columns;
        let lanes = |len: usize| vec![Lanes::ZERO; len];
        Self {
            columns: vec![SharedColumn::default(); columns],
            y: vec![0.0; rows],
            dy: vec![0.0; rows],
            rest: vec![0.0; rows],
            reaches: vec![lanes(numbers.cut.blocks * numbers.rows); width],
            products: vec![0.0; width * width],
            cross: vec![0.0; columns * rows],
            stiffness: Cholesky::new(columns),
            rows: Cholesky::new(rows),
            by_column: vec![0.0; columns],
            scratch: Scratch {
                carried: lanes(if width > 0 { numbers.lagged.len() } else { 0 }),
                along: lanes(width * numbers.columns),
                products: lanes(width * width),
                rhs: lanes(if width > 0 { numbers.cut.blocks * numbers.rows } else { 0 }),
                half: vec![0.0; columns * rows.max(1)],
                by_row: vec![0.0; rows],
            },
        }
    }

    /// Factors at `theta` (by block and column) and that of the global columns.
    pub(super) fn factor(&mut self, numbers: &Numbers, normal: &mut Normal, theta: &[Lanes]) {
        if numbers.shared.is_empty() {
            return;
        }
        self.reach(numbers, normal, theta);
        self.multiply(numbers, theta);
        let (rows, columns) = (self.y.len(), self.columns.len());
        let width = rows + columns;
        self.stiffness.clear();
        for (index, column) in self.columns.iter().enumerate() {
            for other in 0..columns {
                self.stiffness.add(index, other, self.products[(rows + index) * width + rows + other]);
            }
            self.stiffness.add(index, index, 1.0 / column.theta);
        }
        self.stiffness.factor(PIVOT_FLOOR);
        self.set_cross(numbers);
        self.rows.clear();
        let half = &mut self.scratch.half;
        for row in 0..rows {
            let half = &mut half[row * columns..(row + 1) * columns];
            (0..columns).for_each(|column| half[column] = self.cross[column * rows + row]);
            self.stiffness.forward(half);
        }
        for row in 0..rows {
            for other in 0..rows {
                let (a, b) = (&half[row * columns..][..columns], &half[other * columns..][..columns]);
                let through: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                self.rows.add(row, other, self.products[row * width + other] + through);
            }
        }
        self.rows.factor(PIVOT_FLOOR);
    }

    /// V = N^-1 A theta S' and W = N^-1 G.
    fn reach(&mut self, numbers: &Numbers, normal: &mut Normal, theta: &[Lanes]) {
        let rows = self.y.len();
        self.reaches.iter_mut().for_each(|reach| reach.fill(Lanes::ZERO));
        for entry in &numbers.shared.summed {
            for block in 0..numbers.cut.blocks {
                let v = numbers.shared_at(entry, block) * theta[block * numbers.columns + entry.column];
                numbers.add_column(block, entry.column, v, &mut self.reaches[entry.row]);
            }
        }
        for entry in &numbers.shared.spread {
            let reach = &mut self.reaches[rows + entry.column];
            for block in 0..numbers.cut.blocks {
                reach[block * numbers.rows + entry.row] += numbers.shared_at(entry, block);
            }
        }
        for index in 0..self.reaches.len() {
            if self.touches(numbers, index) {
                normal.solve(numbers, theta, &mut self.reaches[index]);
            }
        }
    }

    /// Whether a column of the border has an entry in the stages' rows.
    fn touches(&self, numbers: &Numbers, index: usize) -> bool {
        match index.checked_sub(self.y.len()) {
            None => numbers.shared.summed.iter().any(|entry| entry.row == index),
            Some(column) => numbers.shared.spread.iter().any(|entry| entry.column == column),
        }
    }

    /// See [`Border::multiply`].
    #[inline(always)]
    pub(super) fn multiply_lanes(&mut self, numbers: &Numbers, theta: &[Lanes]) {
        let (width, columns) = (self.reaches.len(), numbers.columns);
        let Scratch { carried, along, products, .. } = &mut self.scratch;
        products.fill(Lanes::ZERO);
        for block in 0..numbers.cut.blocks {
            for (reach, along) in self.reaches.iter().zip(along.chunks_exact_mut(columns.max(1))) {
                numbers.next_rows(reach, block, carried);
                let y = &reach[block * numbers.rows..(block + 1) * numbers.rows];
                for (column, along) in along.iter_mut().enumerate() {
                    *along = Lanes::ZERO - numbers.transposed(y, carried, block, column);
                }
            }
            for entry in &numbers.shared.summed {
                along[entry.row * columns + entry.column] += numbers.shared_at(entry, block);
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

    /// E = H' - G'V and the products of -A'W with S - A'V.
    fn set_cross(&mut self, numbers: &Numbers) {
        let (rows, columns) = (self.y.len(), self.columns.len());
        for row in 0..rows {
            self.by_column.fill(0.0);
            numbers.add_spread_transposed(-1.0, &self.reaches[row], &mut self.by_column);
            for column in 0..columns {
                let product = self.products[(rows + column) * (rows + columns) + row];
                self.cross[column * rows + row] = self.by_column[column] + product;
            }
        }
        for &(row, column, coefficient) in &numbers.shared.terms {
            self.cross[column * rows + row] += coefficient;
        }
    }

    /// Solves for dy in place of r1, and for dyg and dxg. `pull` is h, by block and column, where the column stands in a global
    /// row; that of the global columns is theirs.
    pub(super) fn solve(
        &mut self,
        numbers: &Numbers,
        normal: &mut Normal,
        dy: &mut [Lanes],
        pull: &[Lanes],
        theta: &[Lanes],
    ) {
        if numbers.shared.is_empty() {
            normal.solve(numbers, theta, dy);
            return;
        }
        self.dy.fill(0.0);
        self.columns.iter_mut().for_each(|column| column.dx = 0.0);
        self.scratch.rhs.copy_from_slice(dy);
        normal.solve(numbers, theta, dy);
        self.improve(numbers, dy, pull, theta);
        // dy = N^-1 r1 - V dyg - W dxg would lose digits where N is small and its inverse large.
        self.without_shared(numbers, theta);
        dy.copy_from_slice(&self.scratch.rhs);
        normal.solve(numbers, theta, dy);
        // What rounding of r1 - A theta S' dyg - G dxg left open is small, and V and W take it in.
        self.improve(numbers, dy, pull, theta);
        let steps = self.scratch.by_row.iter().chain(&self.by_column);
        for (reach, step) in self.reaches.iter().zip(steps) {
            let step = Lanes::splat(*step);
            dy.iter_mut().zip(reach).for_each(|(dy, reach)| *dy -= step * *reach);
        }
    }

    /// r1 - A theta S' dyg - G dxg in place of r1.
    fn without_shared(&mut self, numbers: &Numbers, theta: &[Lanes]) {
        let rhs = &mut self.scratch.rhs;
        for entry in &numbers.shared.summed {
            let factor = Lanes::splat(-self.dy[entry.row]);
            for block in 0..numbers.cut.blocks {
                let weight = theta[block * numbers.columns + entry.column] * factor;
                numbers.add_column(block, entry.column, numbers.shared_at(entry, block) * weight, rhs);
            }
        }
        for entry in &numbers.shared.spread {
            let value = Lanes::splat(self.columns[entry.column].dx);
            for block in 0..numbers.cut.blocks {
                rhs[block * numbers.rows + entry.row] -= numbers.shared_at(entry, block) * value;
            }
        }
    }

    /// What the second and the third equation still miss.
    fn open(&mut self, numbers: &Numbers, dy: &[Lanes], pull: &[Lanes], theta: &[Lanes]) {
        let (Scratch { carried, by_row, .. }, by_column) = (&mut self.scratch, &mut self.by_column);
        by_row.copy_from_slice(&self.rest);
        if numbers.shared.any_summed() {
            for block in 0..numbers.cut.blocks {
                numbers.next_rows(dy, block, carried);
                let y = &dy[block * numbers.rows..(block + 1) * numbers.rows];
                for entry in &numbers.shared.summed {
                    let at = block * numbers.columns + entry.column;
                    let along = numbers.transposed(y, carried, block, entry.column);
                    let step = theta[at] * (along + numbers.summed(&self.dy, block, entry.column) + pull[at]);
                    by_row[entry.row] -= (numbers.shared_at(entry, block) * step).sum();
                }
            }
        }
        for (sum, column) in by_column.iter_mut().zip(&self.columns) {
            *sum = column.pull - column.dx / column.theta;
        }
        numbers.add_spread_transposed(1.0, dy, by_column);
        for &(row, column, coefficient) in &numbers.shared.terms {
            by_row[row] -= coefficient * self.columns[column].dx;
            by_column[column] += coefficient * self.dy[row];
        }
    }

    /// Adds to dyg and dxg what closes the second and the third equation, and leaves it in `by_row` and `by_column`. What it
    /// does to dy is left to do.
    fn improve(&mut self, numbers: &Numbers, dy: &[Lanes], pull: &[Lanes], theta: &[Lanes]) {
        self.open(numbers, dy, pull, theta);
        let rows = self.y.len();
        let (Scratch { half, by_row, .. }, by_column) = (&mut self.scratch, &mut self.by_column);
        // (P + E' Q^-1 E) dyg = p - E' Q^-1 q and Q dxg = E dyg + q.
        let shifted = &mut half[..by_column.len()];
        shifted.copy_from_slice(by_column);
        self.stiffness.solve(shifted);
        for (row, sum) in by_row.iter_mut().enumerate() {
            *sum -= shifted.iter().enumerate().map(|(column, q)| self.cross[column * rows + row] * q).sum::<f64>();
        }
        self.rows.solve(by_row);
        for (column, sum) in by_column.iter_mut().enumerate() {
            let cross = &self.cross[column * rows..(column + 1) * rows];
            *sum += cross.iter().zip(&*by_row).map(|(e, dy)| e * dy).sum::<f64>();
        }
        self.stiffness.solve(by_column);
        self.dy.iter_mut().zip(&*by_row).for_each(|(dy, more)| *dy += more);
        self.columns.iter_mut().zip(&*by_column).for_each(|(column, more)| column.dx += more);
    }
}
