//! The block elimination over the stages of a window, as a forward and a backward sweep.
//!
//! With the flows eliminated, levels and loop temperature of a stage follow from those before and from the levels'
//! duals: `(s, T)' = F (s, T) + G l + f`. The duals follow backward, with the diagonal terms theta of the levels'
//! bounds: `e l = theta s - b l' - rho`. With `(s, T) = S l + q` before a stage, `X = F S + G` gives `(1 - theta X /
//! e) l = (theta x - b l' - rho) / e` and `(1 - X theta / e) s = x - X (b l' + rho) / e`: two small systems that stay
//! well conditioned for any size of theta, unlike the usual Riccati recursion for the costs-to-go.

use super::lu::Lu;

/// One stage of the elimination.
#[derive(Debug, Clone, Default)]
pub(super) struct StageFactors {
    /// F, shape (states, states).
    pub(super) forward: Vec<f64>,
    /// S and q before the stage, shape (states, levels).
    from_dual: Vec<f64>,
    from: Vec<f64>,
    /// G, then X = F S + G, shape (states, levels).
    pub(super) answer: Vec<f64>,
    /// l = L l' + l0.
    dual_from_next: Vec<f64>,
    dual: Vec<f64>,
    duals: Lu,
    states: Lu,
}

/// The coefficients of a stage's levels, one number for each level.
pub(super) struct Levels<'a> {
    /// Coefficients of their rows: e, and b of the next stage.
    pub(super) now: &'a [f64],
    pub(super) after: &'a [f64],
    /// theta: diagonal terms of their bounds.
    pub(super) resistance: &'a [f64],
}

/// The elimination over all stages of a window.
#[derive(Debug, Default)]
pub(super) struct StageElimination {
    pub(super) stages: Vec<StageFactors>,
    levels: usize,
    scratch: Vec<f64>,
    /// S and q after the last stage.
    from_dual: Vec<f64>,
    from: Vec<f64>,
}

impl StageElimination {
    pub(super) fn new(stages: usize, levels: usize) -> Self {
        let states = levels + 1;
        let factors = StageFactors {
            forward: vec![0.0; states * states],
            from_dual: vec![0.0; states * levels],
            from: vec![0.0; states],
            answer: vec![0.0; states * levels],
            dual_from_next: vec![0.0; levels * levels],
            dual: vec![0.0; levels],
            duals: Lu::default(),
            states: Lu::default(),
        };
        Self {
            stages: vec![factors; stages],
            levels,
            scratch: vec![0.0; states.max(levels) * states],
            from_dual: vec![0.0; states * levels],
            from: vec![0.0; states],
        }
    }

    /// Starts the elimination: the states before the first stage do not change.
    pub(super) fn begin(&mut self) {
        self.from_dual.fill(0.0);
        self.from.fill(0.0);
    }

    /// Factors stage `t`, whose F and G have been written.
    pub(super) fn factor(&mut self, t: usize, levels: &Levels<'_>) {
        let (n, states) = (self.levels, self.levels + 1);
        let factors = &mut self.stages[t];
        factors.from_dual.copy_from_slice(&self.from_dual);
        for row in 0..states {
            for k in 0..states {
                let f = factors.forward[row * states + k];
                if f != 0.0 {
                    for column in 0..n {
                        factors.answer[row * n + column] += f * self.from_dual[k * n + column];
                    }
                }
            }
        }
        let Levels { now, after, resistance } = *levels;
        let x = &factors.answer;
        let one = |row: usize, column: usize| f64::from(u8::from(row == column));
        factors.duals.fill(n, |row, column| one(row, column) - resistance[row] / now[row] * x[row * n + column]);
        let weight = |column: usize| resistance[column] / now[column];
        factors.states.fill(n, |row, column| one(row, column) - x[row * n + column] * weight(column));
        factors.dual_from_next.fill(0.0);
        let next = &mut self.from_dual;
        for row in 0..n {
            factors.dual_from_next[row * n + row] = -after[row] / now[row];
            for column in 0..n {
                next[row * n + column] = -x[row * n + column] * after[column] / now[column];
            }
        }
        factors.duals.solve(&mut factors.dual_from_next, n);
        factors.states.solve(&mut next[..n * n], n);
        for column in 0..n {
            next[n * n + column] = (0..n).map(|k| x[n * n + k] * factors.dual_from_next[k * n + column]).sum();
        }
    }

    /// Sweeps forward over stage `t` with `f` (of all states) and `rho` (of the levels).
    pub(super) fn forward(&mut self, t: usize, levels: &Levels<'_>, f: &[f64], rho: &[f64]) {
        let (n, states) = (self.levels, self.levels + 1);
        let factors = &mut self.stages[t];
        let Levels { now, resistance, .. } = *levels;
        factors.from.copy_from_slice(&self.from);
        let after = &mut self.scratch[..states];
        for (row, after) in after.iter_mut().enumerate() {
            let forward = &factors.forward[row * states..][..states];
            *after = f[row] + forward.iter().zip(&self.from).map(|(f, q)| f * q).sum::<f64>();
        }
        for row in 0..n {
            factors.dual[row] = (resistance[row] * after[row] - rho[row]) / now[row];
            let pushed = (0..n).map(|k| factors.answer[row * n + k] * rho[k] / now[k]).sum::<f64>();
            self.from[row] = after[row] - pushed;
        }
        factors.duals.solve(&mut factors.dual, 1);
        factors.states.solve(&mut self.from[..n], 1);
        let by_dual = (0..n).map(|k| factors.answer[n * n + k] * factors.dual[k]).sum::<f64>();
        self.from[n] = after[n] + by_dual;
    }

    /// Sweeps backward over stage `t`: computes the changes of its duals from those of the next stage, and the
    /// changes of the states before it.
    pub(super) fn backward(&self, t: usize, next_dual: &[f64], dual: &mut [f64], before: &mut [f64]) {
        let n = self.levels;
        let factors = &self.stages[t];
        for row in 0..n {
            let by_next = factors.dual_from_next[row * n..][..n].iter().zip(next_dual).map(|(l, next)| l * next);
            dual[row] = factors.dual[row] + by_next.sum::<f64>();
        }
        for row in 0..=n {
            let by_dual = factors.from_dual[row * n..][..n].iter().zip(&*dual).map(|(s, dual)| s * dual);
            before[row] = factors.from[row] + by_dual.sum::<f64>();
        }
    }

    /// Returns the changes of the states after the last stage.
    pub(super) fn end(&self) -> &[f64] {
        &self.from
    }
}
