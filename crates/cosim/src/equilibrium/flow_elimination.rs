//! Elimination of the flows of a block in one stage.
//!
//! A Newton step changes the flows by `du = D (A' dy + L' dl - sum_p m_p dr_p + rho)`, with the rows A within the
//! stage, the rows L of the levels, and `D` the inverse of the diagonal terms of barriers and bounds. `D` spans
//! twenty orders of magnitude, so that the Schur complement `A D A'` would lose all digits; the QR decomposition
//! `sqrt(D) [A' L'] = Q R` avoids the cancellation. In the basis Q, the rows within the stage determine the first
//! part of `sqrt(D)^-1 du`, the duals of the levels the second, and the third is free.

/// The dimensions of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) flows: usize,
    /// Number of rows within the stage.
    pub(super) rows: usize,
    pub(super) levels: usize,
    pub(super) pumps: usize,
}

impl Shape {
    /// Returns the number of rows within the stage and of the levels.
    pub(super) fn all_rows(self) -> usize {
        self.rows + self.levels
    }

    /// Returns the number of additional columns: one for each pump, and one for the loop's heat.
    fn carried(self) -> usize {
        self.pumps + 1
    }

    fn size(self) -> usize {
        self.flows * (self.all_rows() + self.carried())
    }
}

/// The QR decompositions of one block in all stages of a window.
#[derive(Debug)]
pub(super) struct FlowEliminations {
    shape: Shape,
    /// By stage: columns of `[A' L' m n]`, with the Householder vectors below the triangle.
    columns: Vec<f64>,
    /// By stage: scales of the Householder reflections, and diagonal of the triangle.
    heads: Vec<f64>,
    diagonal: Vec<f64>,
    /// By stage: sqrt(D).
    roots: Vec<f64>,
    /// By stage: elimination order of the flows, by falling D.
    order: Vec<usize>,
}

/// The QR decomposition of one block in one stage.
pub(super) struct FlowElimination<'a> {
    pub(super) shape: Shape,
    columns: &'a [f64],
    heads: &'a [f64],
    diagonal: &'a [f64],
    roots: &'a [f64],
    order: &'a [usize],
}

impl FlowEliminations {
    pub(super) fn new(shape: Shape, stages: usize) -> Self {
        Self {
            shape,
            columns: vec![0.0; stages * shape.size()],
            heads: vec![0.0; stages * shape.all_rows()],
            diagonal: vec![0.0; stages * shape.all_rows()],
            roots: vec![0.0; stages * shape.flows],
            order: vec![0; stages * shape.flows],
        }
    }

    /// Computes the decomposition of `stage`. `fill` passes each entry (flow, column, value) to the function that it
    /// receives; the columns are all rows, then the pumps, then the heat.
    pub(super) fn make(
        &mut self,
        stage: usize,
        give_way: &[f64],
        fill: impl FnOnce(&mut dyn FnMut(usize, usize, f64)),
    ) {
        let Shape { flows, .. } = self.shape;
        let rows = self.shape.all_rows();
        let size = self.shape.size();
        let columns = &mut self.columns[stage * size..][..size];
        let roots = &mut self.roots[stage * flows..][..flows];
        let order = &mut self.order[stage * flows..][..flows];
        let heads = &mut self.heads[stage * rows..][..rows];
        let diagonal = &mut self.diagonal[stage * rows..][..rows];
        columns.fill(0.0);
        order.iter_mut().enumerate().for_each(|(place, flow)| *flow = place);
        // With large rows first, Householder reflections are row-wise stable.
        order.sort_unstable_by(|&a, &b| give_way[b].total_cmp(&give_way[a]));
        let mut place_of = [0_usize; 64];
        let mut many = Vec::new();
        let places: &mut [usize] = if flows <= place_of.len() {
            &mut place_of
        } else {
            many.resize(flows, 0);
            &mut many
        };
        for (place, &flow) in order.iter().enumerate() {
            places[flow] = place;
            roots[place] = give_way[flow].sqrt();
        }
        fill(&mut |flow, column, value| {
            let place = places[flow];
            columns[column * flows + place] += value * roots[place];
        });
        for k in 0..rows.min(flows) {
            let (before, after) = columns.split_at_mut((k + 1) * flows);
            let pivot = &mut before[k * flows + k..];
            let size = pivot.iter().map(|x| x * x).sum::<f64>().sqrt();
            if size == 0.0 {
                (heads[k], diagonal[k]) = (0.0, 0.0);
                continue;
            }
            let r = if pivot[0] > 0.0 { -size } else { size };
            pivot[0] -= r;
            // H = I - v v' / h with h = -r v_0.
            let head = -r * pivot[0];
            (heads[k], diagonal[k]) = (head, r);
            for other in after.chunks_exact_mut(flows) {
                let other = &mut other[k..];
                reflect(pivot, head, other);
            }
        }
        for k in rows.min(flows)..rows {
            (heads[k], diagonal[k]) = (0.0, 0.0);
        }
    }

    pub(super) fn at(&self, stage: usize) -> FlowElimination<'_> {
        let Shape { flows, .. } = self.shape;
        let (rows, size) = (self.shape.all_rows(), self.shape.size());
        FlowElimination {
            shape: self.shape,
            columns: &self.columns[stage * size..][..size],
            heads: &self.heads[stage * rows..][..rows],
            diagonal: &self.diagonal[stage * rows..][..rows],
            roots: &self.roots[stage * flows..][..flows],
            order: &self.order[stage * flows..][..flows],
        }
    }
}

fn reflect(pivot: &[f64], head: f64, other: &mut [f64]) {
    let dot: f64 = pivot.iter().zip(&*other).map(|(a, b)| a * b).sum();
    let share = dot / head;
    other.iter_mut().zip(pivot).for_each(|(other, pivot)| *other -= share * pivot);
}

impl FlowElimination<'_> {
    /// Returns an entry of the triangle.
    #[inline]
    pub(super) fn r(&self, row: usize, column: usize) -> f64 {
        if row == column { self.diagonal[row] } else { self.columns[column * self.shape.flows + row] }
    }

    /// Returns an additional column in the basis Q: of a pump, or (after those) of the loop's heat.
    pub(super) fn carried(&self, index: usize) -> &[f64] {
        let first = (self.shape.all_rows() + index) * self.shape.flows;
        &self.columns[first..][..self.shape.flows]
    }

    /// Computes `Q' sqrt(D) v` of a vector over the flows.
    pub(super) fn turn(&self, vector: &[f64], turned: &mut [f64]) {
        let flows = self.shape.flows;
        for ((turned, &flow), root) in turned.iter_mut().zip(self.order).zip(self.roots) {
            *turned = root * vector[flow];
        }
        for k in 0..self.shape.all_rows().min(flows) {
            if self.heads[k] != 0.0 {
                reflect(&self.columns[k * flows + k..(k + 1) * flows], self.heads[k], &mut turned[k..]);
            }
        }
    }

    /// Computes `sqrt(D) Q v`; overwrites `turned`.
    pub(super) fn turn_back(&self, turned: &mut [f64], vector: &mut [f64]) {
        let flows = self.shape.flows;
        for k in (0..self.shape.all_rows().min(flows)).rev() {
            if self.heads[k] != 0.0 {
                reflect(&self.columns[k * flows + k..(k + 1) * flows], self.heads[k], &mut turned[k..]);
            }
        }
        for ((turned, &flow), root) in turned.iter().zip(self.order).zip(self.roots) {
            vector[flow] = root * turned;
        }
    }

    /// Solves `R_ll' a = b` in place.
    pub(super) fn forward(&self, b: &mut [f64]) {
        for i in 0..self.shape.rows {
            let sum: f64 = (0..i).map(|k| self.r(k, i) * b[k]).sum();
            let pivot = self.r(i, i);
            b[i] = if pivot == 0.0 { 0.0 } else { (b[i] - sum) / pivot };
        }
    }

    /// Solves `R_ll y = b` in place.
    pub(super) fn backward(&self, b: &mut [f64]) {
        for i in (0..self.shape.rows).rev() {
            let sum: f64 = (i + 1..self.shape.rows).map(|k| self.r(i, k) * b[k]).sum();
            let pivot = self.r(i, i);
            b[i] = if pivot == 0.0 { 0.0 } else { (b[i] - sum) / pivot };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Checks Q R = sqrt(D) [A' L'] over twenty orders of magnitude of D: R' R = A D A', relative to the sizes of
        /// its terms, and that `turn` followed by `turn_back` multiplies by D.
        #[test]
        fn the_triangle_is_the_r_factor_of_the_weighted_rows(
            numbers in proptest::collection::vec(-2.0f64..2.0, 6 * 4),
            exponents in proptest::collection::vec(-10i32..10, 6),
            vector in proptest::collection::vec(-5.0f64..5.0, 6),
        ) {
            let shape = Shape { flows: 6, rows: 2, levels: 1, pumps: 0 };
            let give_way: Vec<f64> = exponents.iter().map(|exponent| 10f64.powi(*exponent)).collect();
            let coefficient = |flow: usize, row: usize| numbers[row * 6 + flow];
            let mut eliminations = FlowEliminations::new(shape, 2);
            eliminations.make(1, &give_way, |give| {
                for flow in 0..6 {
                    (0..4).for_each(|column| give(flow, column, coefficient(flow, column)));
                }
            });
            let elimination = eliminations.at(1);
            for i in 0..3 {
                for j in 0..3 {
                    let product: f64 = (0..=i.min(j)).map(|k| elimination.r(k, i) * elimination.r(k, j)).sum();
                    let term = |flow: usize| give_way[flow] * coefficient(flow, i) * coefficient(flow, j);
                    let size = |row: usize| (0..6).map(|flow| give_way[flow] * coefficient(flow, row).powi(2)).sum::<f64>();
                    let known: f64 = (0..6).map(term).sum();
                    prop_assert!((product - known).abs() <= 1e-13 * (size(i) * size(j)).sqrt(), "{product} {known}");
                }
            }
            let (mut turned, mut back) = (vec![0.0; 6], vec![0.0; 6]);
            elimination.turn(&vector, &mut turned);
            elimination.turn_back(&mut turned, &mut back);
            let largest = (0..6).map(|flow| give_way[flow].sqrt() * vector[flow].abs()).fold(0.0, f64::max);
            for flow in 0..6 {
                let known = give_way[flow] * vector[flow];
                prop_assert!((back[flow] - known).abs() <= 1e-14 * give_way[flow].sqrt() * largest.max(f64::MIN_POSITIVE));
            }
        }
    }
}
