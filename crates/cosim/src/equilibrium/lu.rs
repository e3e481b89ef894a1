//! Dense LU decomposition for small systems.

/// An LU decomposition with partial pivoting, stored by rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Lu {
    size: usize,
    entries: Vec<f64>,
    pivots: Vec<usize>,
}

impl Lu {
    /// Factors the matrix with the entries `entry(row, column)`.
    pub(super) fn fill(&mut self, size: usize, mut entry: impl FnMut(usize, usize) -> f64) {
        self.size = size;
        self.entries.clear();
        self.entries.extend((0..size * size).map(|at| entry(at / size, at % size)));
        self.pivots.clear();
        let (n, entries) = (size, &mut self.entries);
        for k in 0..n {
            let mut best = k;
            for row in k + 1..n {
                if entries[row * n + k].abs() > entries[best * n + k].abs() {
                    best = row;
                }
            }
            self.pivots.push(best);
            if best != k {
                for column in 0..n {
                    entries.swap(k * n + column, best * n + column);
                }
            }
            let pivot = entries[k * n + k];
            for row in k + 1..n {
                let factor = entries[row * n + k] / pivot;
                entries[row * n + k] = factor;
                if factor != 0.0 {
                    for column in k + 1..n {
                        entries[row * n + column] -= factor * entries[k * n + column];
                    }
                }
            }
        }
    }

    /// Solves for `columns` right-hand sides in place, stored by rows.
    pub(super) fn solve(&self, right: &mut [f64], columns: usize) {
        let n = self.size;
        for (k, &pivot) in self.pivots.iter().enumerate() {
            if pivot != k {
                for column in 0..columns {
                    right.swap(k * columns + column, pivot * columns + column);
                }
            }
        }
        for k in 0..n {
            for row in k + 1..n {
                let factor = self.entries[row * n + k];
                if factor != 0.0 {
                    for column in 0..columns {
                        right[row * columns + column] -= factor * right[k * columns + column];
                    }
                }
            }
        }
        for k in (0..n).rev() {
            for column in 0..columns {
                right[k * columns + column] /= self.entries[k * n + k];
            }
            for row in 0..k {
                let factor = self.entries[row * n + k];
                if factor != 0.0 {
                    for column in 0..columns {
                        right[row * columns + column] -= factor * right[k * columns + column];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_needs_pivoting() {
        let matrix = [[0.0, 2.0, 1.0], [1.0, 0.0, -1.0], [3.0, 1.0, 0.0]];
        let mut lu = Lu::default();
        lu.fill(3, |row, column| matrix[row][column]);
        let known = [[1.0, -2.0], [0.5, 4.0], [-3.0, 0.25]];
        let product = |row: usize, column: usize| (0..3).map(|k| matrix[row][k] * known[k][column]).sum::<f64>();
        let mut right: Vec<f64> = (0..6).map(|at| product(at / 2, at % 2)).collect();
        lu.solve(&mut right, 2);
        for (found, known) in right.iter().zip(known.iter().flatten()) {
            assert!((found - known).abs() < 1e-14);
        }
    }
}
