//! Small dense symmetric systems.

use super::general_chain::RELATIVE_REGULARIZATION;
use super::lanes::{LANES, Lanes};

/// Number of rows above which products are summed in vectors.
const LARGE: usize = 128;

/// Returns the product of two vectors of equal length, summed from the first to the last element.
fn narrow_dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Returns the product of two vectors of equal length, summed in [`LANES`] parts.
#[inline(always)]
pub(super) fn wide_dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [Lanes::ZERO; 2];
    let ((a_pairs, a_last), (b_pairs, b_last)) = (a.as_chunks::<2>(), b.as_chunks::<2>());
    for (a, b) in a_pairs.iter().zip(b_pairs) {
        sums[0] += Lanes(a[0]) * Lanes(b[0]);
        sums[1] += Lanes(a[1]) * Lanes(b[1]);
    }
    for (a, b) in a_last.iter().zip(b_last) {
        sums[0] += Lanes(*a) * Lanes(*b);
    }
    (sums[0] + sums[1]).sum() + narrow_dot(a_rest, b_rest)
}

/// A symmetric positive definite matrix and its Cholesky factor.
#[derive(Debug)]
pub(super) struct Cholesky {
    n: usize,
    /// Entries, row-major; after [`Cholesky::factor`] the lower triangle holds the factor, with its diagonal inverted.
    values: Vec<f64>,
}

impl Cholesky {
    /// Creates a matrix of zeros with n rows and columns.
    pub(super) fn new(n: usize) -> Self {
        Self { n, values: vec![0.0; n * n] }
    }

    /// Sets all entries to 0.
    pub(super) fn clear(&mut self) {
        self.values.fill(0.0);
    }

    /// Returns the entries, row by row; only the lower triangle is used.
    pub(super) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// Adds `value` to an entry.
    #[inline]
    pub(super) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.n + column] += value;
    }

    /// Factors in place. A pivot below the share `floor` of its diagonal entry is rounding error: its unknown becomes
    /// 0.
    pub(super) fn factor(&mut self, floor: f64) {
        if self.n > LARGE { self.factor_large(floor) } else { self.factor_with(floor, narrow_dot) }
    }

    /// Factors in place with the given product of vectors.
    #[inline(always)]
    pub(super) fn factor_with(&mut self, floor: f64, dot: impl Fn(&[f64], &[f64]) -> f64) {
        let n = self.n;
        for j in 0..n {
            let (above, current) = self.values.split_at_mut(j * n);
            let row = &mut current[..n];
            let diagonal = row[j];
            for k in 0..j {
                let other = &above[k * n..k * n + k + 1];
                row[k] = (row[k] - dot(&other[..k], &row[..k])) * other[k];
            }
            let pivot = diagonal - dot(&row[..j], &row[..j]);
            row[j] = if pivot > floor * diagonal { 1.0 / pivot.sqrt() } else { 0.0 };
        }
    }

    /// Solves with the lower factor in place.
    pub(super) fn forward(&self, rhs: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let row = &self.values[i * n..i * n + i + 1];
            let sum: f64 = row[..i].iter().zip(&*rhs).map(|(a, b)| a * b).sum();
            rhs[i] = (rhs[i] - sum) * row[i];
        }
    }

    /// Solves the system in place.
    pub(super) fn solve(&self, rhs: &mut [f64]) {
        let n = self.n;
        self.forward(rhs);
        for i in (0..n).rev() {
            let value = rhs[i] * self.values[i * n + i];
            rhs[i] = value;
            for k in 0..i {
                rhs[k] -= self.values[i * n + k] * value;
            }
        }
    }
}

/// A sum over weighted columns of weight a a', eliminated row by row with the modified Gram-Schmidt process, so that no
/// digit of a small weight is lost beside a large one.
#[derive(Debug)]
pub(super) struct Gram {
    rows: usize,
    /// Entries, by column and row.
    entries: Vec<f64>,
    weights: Vec<f64>,
    weighted: Vec<f64>,
    inverse_pivots: Vec<f64>,
    /// Multipliers, by pivot row and row.
    multipliers: Vec<f64>,
}

impl Gram {
    /// Creates `columns` columns of zeros with weight 0.
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            entries: vec![0.0; rows * columns],
            weights: vec![0.0; columns],
            weighted: vec![0.0; columns],
            inverse_pivots: vec![0.0; rows],
            multipliers: vec![0.0; rows * rows],
        }
    }

    /// Sets all entries to 0.
    pub(super) fn clear(&mut self) {
        self.entries.fill(0.0);
    }

    /// Sets the weight of a column.
    pub(super) fn set_weight(&mut self, column: usize, weight: f64) {
        self.weights[column] = weight;
    }

    /// Adds `value` to an entry of a column.
    pub(super) fn add(&mut self, column: usize, row: usize, value: f64) {
        self.entries[column * self.rows + row] += value;
    }

    /// Factors with `regularization` added to every pivot. A pivot below the share `floor` of the original diagonal of
    /// its row is rounding error: its unknown becomes 0.
    pub(super) fn factor(&mut self, floor: f64, regularization: f64) {
        let n = self.rows;
        let Self { entries, weights, weighted, inverse_pivots, multipliers, .. } = self;
        // Until a row is eliminated, its inverse pivot holds its original diagonal.
        inverse_pivots.fill(0.0);
        for (column, weight) in entries.chunks_exact(n.max(1)).zip(&*weights) {
            inverse_pivots.iter_mut().zip(column).for_each(|(had, a)| *had += weight * a * a);
        }
        for p in 0..n {
            let mut pivot = 0.0;
            for ((column, weight), weighted) in entries.chunks_exact(n).zip(&*weights).zip(&mut *weighted) {
                *weighted = weight * column[p];
                pivot += *weighted * column[p];
            }
            pivot += regularization.min(RELATIVE_REGULARIZATION * inverse_pivots[p]);
            let inverse = if pivot > floor * inverse_pivots[p] { 1.0 / pivot } else { 0.0 };
            inverse_pivots[p] = inverse;
            let multipliers = &mut multipliers[p * n + p + 1..(p + 1) * n];
            multipliers.fill(0.0);
            for (column, weighted) in entries.chunks_exact(n).zip(&*weighted).filter(|(_, weighted)| **weighted != 0.0)
            {
                multipliers.iter_mut().zip(&column[p + 1..]).for_each(|(m, a)| *m += weighted * a);
            }
            multipliers.iter_mut().for_each(|m| *m *= inverse);
            for column in entries.chunks_exact_mut(n).filter(|column| column[p] != 0.0) {
                let entry = column[p];
                column[p + 1..].iter_mut().zip(&*multipliers).for_each(|(a, m)| *a -= m * entry);
            }
        }
    }

    /// Solves the system in place.
    pub(super) fn solve(&self, rhs: &mut [f64]) {
        let n = self.rows;
        for p in 0..n {
            let (done, rest) = rhs.split_at_mut(p + 1);
            let multipliers = &self.multipliers[p * n + p + 1..(p + 1) * n];
            rest.iter_mut().zip(multipliers).for_each(|(value, m)| *value -= m * done[p]);
        }
        for p in (0..n).rev() {
            let later = self.multipliers[p * n + p + 1..(p + 1) * n].iter().zip(&rhs[p + 1..]);
            let sum: f64 = later.map(|(m, y)| m * y).sum();
            rhs[p] = rhs[p] * self.inverse_pivots[p] - sum;
        }
    }
}
