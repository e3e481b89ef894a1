//! A small dense symmetric system.

/// A symmetric positive definite matrix and its Cholesky factor.
#[derive(Debug)]
pub(super) struct Cholesky {
    n: usize,
    /// Row-major; after [`Cholesky::factor`] the lower triangle holds the factor, its diagonal inverted.
    values: Vec<f64>,
}

impl Cholesky {
    pub(super) fn new(n: usize) -> Self {
        Self { n, values: vec![0.0; n * n] }
    }

    pub(super) fn clear(&mut self) {
        self.values.fill(0.0);
    }

    #[inline]
    pub(super) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.n + column] += value;
    }

    /// Factors in place. A pivot below `floor` of its diagonal entry is rounding: its unknown becomes 0.
    pub(super) fn factor(&mut self, floor: f64) {
        let n = self.n;
        for j in 0..n {
            let (above, current) = self.values.split_at_mut(j * n);
            let row = &mut current[..n];
            let diagonal = row[j];
            for k in 0..j {
                let other = &above[k * n..k * n + k + 1];
                let sum: f64 = other[..k].iter().zip(&row[..k]).map(|(a, b)| a * b).sum();
                row[k] = (row[k] - sum) * other[k];
            }
            let pivot = diagonal - row[..j].iter().map(|value| value * value).sum::<f64>();
            row[j] = if pivot > floor * diagonal { 1.0 / pivot.sqrt() } else { 0.0 };
        }
    }

    /// Solves in place.
    pub(super) fn solve(&self, rhs: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let row = &self.values[i * n..i * n + i + 1];
            let sum: f64 = row[..i].iter().zip(&*rhs).map(|(a, b)| a * b).sum();
            rhs[i] = (rhs[i] - sum) * row[i];
        }
        for i in (0..n).rev() {
            let value = rhs[i] * self.values[i * n + i];
            rhs[i] = value;
            for k in 0..i {
                rhs[k] -= self.values[i * n + k] * value;
            }
        }
    }
}
