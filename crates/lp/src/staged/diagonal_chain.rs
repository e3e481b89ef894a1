//! The normal equations of a chain of stages with diagonal dynamics, factored and solved lane by lane.
//!
//! With weights theta the matrix A theta A' is block tridiagonal in time. In each stage the static rows are eliminated
//! first, by a modified Gram-Schmidt process over the columns, whose remainder is a sum of squares, so that nothing
//! cancels. Then the stages of a lane are eliminated one after the other. The first stage of each lane remains as a
//! separator, and a small dense system over the separators closes the ring. The Schur complement that a stage passes on
//! to the next one is the parallel sum Q (Q + Theta)^-1 Theta of its own weight Q and the weight Theta of its states,
//! as in a Riccati recursion; it does not cancel either.

use super::dense::Cholesky;
use super::lanes::{LANES, Lanes, multiply};
use super::problem_data::ProblemData;

/// Share of its original diagonal below which a pivot is rounding error.
const PIVOT_FLOOR: f64 = 1e-15;
/// Absolute size below which a pivot belongs to a row without weight.
const LEAST_PIVOT: f64 = 1e-40;

/// The factored normal equations for problems of one pattern.
#[derive(Debug)]
pub(super) struct DiagonalChain {
    /// Dual regularisation; see
    /// [`NormalEquations::set_regularization`](super::normal_equations::NormalEquations::set_regularization).
    pub(super) regularization: f64,
    /// Number of static rows.
    statics: usize,
    /// Number of states.
    states: usize,
    blocks: usize,
    /// Flows with an entry in a static row.
    projected: Vec<usize>,
    /// Flows without an entry in a static row.
    dynamic_only: Vec<usize>,
    /// Inverse pivots, by block and static row.
    inverse_pivots: Vec<Lanes>,
    /// Multipliers, by block, static row and row.
    multipliers: Vec<Lanes>,
    /// Inverse of S by block, states x states.
    inverses: Vec<Lanes>,
    /// Coupling S^-1 W to the separator by block, states x states.
    separator_terms: Vec<Lanes>,
    /// Retention times theta of the states of the block before, by block.
    couplings: Vec<Lanes>,
    separators: Cholesky,
    separator_rhs: Vec<f64>,
    scratch: Scratch,
}

#[derive(Debug)]
struct Scratch {
    /// Entries of the projected columns, column x row.
    work: Vec<Lanes>,
    /// Theta times the entry in the pivot row.
    weighted: Vec<Lanes>,
    /// Weight Q of the block, states x states; so are the following.
    own: Vec<Lanes>,
    passed_on: Vec<Lanes>,
    separator_term: Vec<Lanes>,
    product: Vec<Lanes>,
    separator: Vec<Lanes>,
}

impl DiagonalChain {
    /// Allocates the memory for the pattern of `data`.
    pub(super) fn new(data: &ProblemData) -> Self {
        let (rows, statics, states, blocks) = (data.rows, data.statics(), data.states(), data.lane_layout.blocks);
        let is_projected = |&flow: &usize| data.entries[flow].iter().any(|entry| entry.row < statics);
        let (projected, dynamic_only): (Vec<usize>, Vec<usize>) = (0..data.flows()).partition(is_projected);
        let square = states * states;
        let lanes = |len: usize| vec![Lanes::ZERO; len];
        Self {
            regularization: 0.0,
            statics,
            states,
            blocks,
            inverse_pivots: lanes(blocks * statics),
            multipliers: lanes(blocks * statics * rows),
            inverses: lanes(blocks * square),
            separator_terms: lanes(blocks * square),
            couplings: lanes(blocks * states),
            separators: Cholesky::new(LANES * states),
            separator_rhs: vec![0.0; LANES * states],
            scratch: Scratch {
                work: lanes(projected.len() * rows),
                weighted: lanes(projected.len()),
                own: lanes(square),
                passed_on: lanes(square),
                separator_term: lanes(square),
                product: lanes(square.max(2 * states)),
                separator: lanes(square),
            },
            projected,
            dynamic_only,
        }
    }

    /// Factors A theta A' at `theta` (by block and column). `K` is the number of states, or 0 to read it at run time.
    #[inline(always)]
    pub(super) fn factor_lanes<const K: usize>(&mut self, data: &ProblemData, theta: &[Lanes]) {
        let states = if K == 0 { self.states } else { K };
        let square = states * states;
        let flows = data.flows();
        let columns = data.columns;
        for block in 0..self.blocks {
            let weights = &theta[block * columns..(block + 1) * columns];
            self.eliminate_statics::<K>(data, weights, block);
            if block == 0 {
                self.scratch.separator.copy_from_slice(&self.scratch.own);
                for k in 0..states {
                    self.scratch.separator[k * states + k] += weights[flows + k];
                }
                self.scratch.separator_term.fill(Lanes::ZERO);
                continue;
            }
            let before = &theta[(block - 1) * columns..block * columns];
            for k in 0..states {
                self.couplings[block * states + k] = data.retention_at(k, block) * before[flows + k];
            }
            let Scratch { own, passed_on, separator_term, .. } = &mut self.scratch;
            if block == 1 {
                for k in 0..states {
                    let coupling = self.couplings[states + k];
                    own[k * states + k] += data.retention_at(k, 1) * coupling;
                    separator_term[k * states + k] = Lanes::ZERO - coupling;
                }
            } else {
                for k in 0..states {
                    for l in 0..states {
                        own[k * states + l] += passed_on[k * states + l];
                    }
                    // W_i = kept theta G_{i-1}
                    let coupling = self.couplings[block * states + k];
                    for l in 0..states {
                        separator_term[k * states + l] =
                            coupling * self.separator_terms[(block - 1) * square + k * states + l];
                    }
                }
            }
            let states_weights = &weights[flows..];
            self.eliminate_states::<K>(data, states_weights, block);
        }
        self.close_ring::<K>(data, &theta[(self.blocks - 1) * columns..]);
    }

    /// Eliminates the static rows of a block: computes multipliers, pivots, and the remainder on the dynamic rows.
    #[inline(always)]
    fn eliminate_statics<const K: usize>(&mut self, data: &ProblemData, weights: &[Lanes], block: usize) {
        let states = if K == 0 { self.states } else { K };
        let (statics, rows) = (self.statics, self.statics + states);
        let Scratch { work, weighted, own, .. } = &mut self.scratch;
        own.fill(Lanes::ZERO);
        let regularization = Lanes::splat(self.regularization);
        let missing = Lanes::ONE - data.exists[block];
        let missing_states = Lanes::ONE - data.state_exists[block];
        for k in 0..states {
            own[k * states + k] = missing_states + regularization;
        }
        for &flow in &self.dynamic_only {
            let entries = &data.entries[flow];
            for (index, a) in entries.iter().enumerate() {
                let first = weights[flow] * data.at(a.coefficient, block);
                for b in &entries[index..] {
                    let (k, l) = (a.row - statics, b.row - statics);
                    own[k.min(l) * states + k.max(l)] += first * data.at(b.coefficient, block);
                }
            }
        }
        work.fill(Lanes::ZERO);
        for (position, &flow) in self.projected.iter().enumerate() {
            for entry in &data.entries[flow] {
                work[position * rows + entry.row] = data.at(entry.coefficient, block);
            }
        }
        for pivot_row in 0..statics {
            let mut pivot = missing + regularization;
            for (position, &flow) in self.projected.iter().enumerate() {
                let entry = work[position * rows + pivot_row];
                weighted[position] = weights[flow] * entry;
                pivot += weighted[position] * entry;
            }
            let inverse = pivot.inverse_above(Lanes::splat(LEAST_PIVOT));
            self.inverse_pivots[block * statics + pivot_row] = inverse;
            let multipliers = &mut self.multipliers[(block * statics + pivot_row) * rows..][..rows];
            for row in pivot_row + 1..rows {
                let mut sum = Lanes::ZERO;
                for position in 0..weighted.len() {
                    sum += weighted[position] * work[position * rows + row];
                }
                multipliers[row] = sum * inverse;
            }
            for position in 0..weighted.len() {
                let column = &mut work[position * rows..(position + 1) * rows];
                let entry = column[pivot_row];
                for row in pivot_row + 1..rows {
                    column[row] -= multipliers[row] * entry;
                }
            }
        }
        for (position, &flow) in self.projected.iter().enumerate() {
            let column = &work[position * rows + statics..(position + 1) * rows];
            for k in 0..states {
                let first = weights[flow] * column[k];
                for l in k..states {
                    own[k * states + l] += first * column[l];
                }
            }
        }
        for k in 0..states {
            for l in 0..k {
                own[k * states + l] = own[l * states + k];
            }
        }
    }

    /// Eliminates the dynamic rows of a block: computes the inverse of S = Q + Theta, the coupling to the separator,
    /// and the Schur complement that is passed on.
    #[inline(always)]
    fn eliminate_states<const K: usize>(&mut self, data: &ProblemData, weights: &[Lanes], block: usize) {
        let states = if K == 0 { self.states } else { K };
        let square = states * states;
        let Scratch { own, passed_on, separator_term, product, separator, .. } = &mut self.scratch;
        let inverse = &mut self.inverses[block * square..(block + 1) * square];
        let product = &mut product[..square];
        product.copy_from_slice(own);
        for k in 0..states {
            product[k * states + k] += weights[k];
        }
        invert(product, inverse, states);
        // G = S^-1 W, and the separator loses W' G.
        let through = &mut self.separator_terms[block * square..(block + 1) * square];
        multiply(inverse, separator_term, through, [states, states, states]);
        for k in 0..states {
            for l in 0..states {
                let mut sum = Lanes::ZERO;
                for m in 0..states {
                    sum += separator_term[m * states + k] * through[m * states + l];
                }
                separator[k * states + l] -= sum;
            }
        }
        // The parallel sum Q S^-1 Theta, symmetric up to rounding, for the row of the next stage.
        multiply(own, inverse, product, [states, states, states]);
        let next = if block + 1 == self.blocks { 0 } else { block + 1 };
        for k in 0..states {
            let kept_k = data.retention_after(k, next);
            for l in k..states {
                let kept_l = data.retention_after(l, next);
                let sum = product[k * states + l] * weights[l] + product[l * states + k] * weights[k];
                let value = Lanes::splat(0.5) * sum * kept_k * kept_l;
                passed_on[k * states + l] = value;
                passed_on[l * states + k] = value;
            }
        }
    }

    /// Couples the last stage of every lane to the separator of the next lane, and factors the system over the
    /// separators.
    #[inline(always)]
    fn close_ring<const K: usize>(&mut self, data: &ProblemData, last: &[Lanes]) {
        let states = if K == 0 { self.states } else { K };
        let square = states * states;
        let Scratch { passed_on, separator, .. } = &mut self.scratch;
        let flows = data.flows();
        let alone = self.blocks == 1;
        self.separators.clear();
        for k in 0..states {
            // The couplings of block 0 are those to the last block of the lane before.
            self.couplings[k] = data.retention_after(k, 0) * last[flows + k];
        }
        for lane in 0..LANES {
            let next = (lane + 1) % LANES;
            for k in 0..states {
                for l in 0..states {
                    let at = k * states + l;
                    self.separators.add(lane * states + k, lane * states + l, separator[at].0[lane]);
                    let (right, across) = if alone {
                        let own = if k == l { self.couplings[k].0[lane] } else { 0.0 };
                        (own * data.retention_after(k, 0).0[lane], -own)
                    } else {
                        let separator_term = self.separator_terms[(self.blocks - 1) * square + at].0[lane];
                        (passed_on[at].0[lane], self.couplings[k].0[lane] * separator_term)
                    };
                    self.separators.add(next * states + k, next * states + l, right);
                    self.separators.add(next * states + k, lane * states + l, across);
                    self.separators.add(lane * states + l, next * states + k, across);
                }
            }
        }
        self.separators.factor(PIVOT_FLOOR);
    }

    /// Solves A theta A' y = rhs in place (by block and row).
    #[inline(always)]
    pub(super) fn solve_lanes<const K: usize>(&mut self, rhs: &mut [Lanes]) {
        let states = if K == 0 { self.states } else { K };
        let (statics, rows, square) = (self.statics, self.statics + states, states * states);
        self.separator_rhs.fill(0.0);
        let separator = &mut self.scratch.separator[..states];
        separator.fill(Lanes::ZERO);
        let carried = &mut self.scratch.product[..states];
        for block in 0..self.blocks {
            let part = &mut rhs[block * rows..(block + 1) * rows];
            for pivot_row in 0..statics {
                let multipliers = &self.multipliers[(block * statics + pivot_row) * rows..][..rows];
                let value = part[pivot_row];
                for row in pivot_row + 1..rows {
                    part[row] -= multipliers[row] * value;
                }
            }
            let dynamic = &mut part[statics..];
            if block == 0 {
                continue;
            }
            if block > 1 {
                for k in 0..states {
                    dynamic[k] += self.couplings[block * states + k] * carried[k];
                }
            }
            let (inverse, through) =
                (&self.inverses[block * square..][..square], &self.separator_terms[block * square..][..square]);
            for k in 0..states {
                let (mut value, mut reached) = (Lanes::ZERO, Lanes::ZERO);
                for l in 0..states {
                    value += inverse[k * states + l] * dynamic[l];
                    reached += through[l * states + k] * dynamic[l];
                }
                carried[k] = value;
                separator[k] -= reached;
            }
        }
        for lane in 0..LANES {
            let next = (lane + 1) % LANES;
            for k in 0..states {
                self.separator_rhs[lane * states + k] += rhs[statics + k].0[lane] + separator[k].0[lane];
                if self.blocks > 1 {
                    self.separator_rhs[next * states + k] += self.couplings[k].0[lane] * carried[k].0[lane];
                }
            }
        }
        self.separators.solve(&mut self.separator_rhs);
        let (separator, carried) = (&mut self.scratch.separator[..states], &mut self.scratch.product[..2 * states]);
        let (carried, turned) = carried.split_at_mut(states);
        for k in 0..states {
            for lane in 0..LANES {
                separator[k].0[lane] = self.separator_rhs[lane * states + k];
            }
            carried[k] = separator[k].rotated_from_next();
        }
        for block in (0..self.blocks).rev() {
            let part = &mut rhs[block * rows..(block + 1) * rows];
            let dynamic = &mut part[statics..];
            if block == 0 {
                dynamic.copy_from_slice(separator);
            } else {
                let next = if block + 1 == self.blocks { 0 } else { block + 1 };
                for k in 0..states {
                    turned[k] = dynamic[k] + self.couplings[next * states + k] * carried[k];
                }
                let (inverse, through) =
                    (&self.inverses[block * square..][..square], &self.separator_terms[block * square..][..square]);
                for k in 0..states {
                    let mut value = Lanes::ZERO;
                    for l in 0..states {
                        value += inverse[k * states + l] * turned[l] - through[k * states + l] * separator[l];
                    }
                    dynamic[k] = value;
                }
                carried.copy_from_slice(dynamic);
            }
            for pivot_row in (0..statics).rev() {
                let multipliers = &self.multipliers[(block * statics + pivot_row) * rows..][..rows];
                let mut value = part[pivot_row] * self.inverse_pivots[block * statics + pivot_row];
                for row in pivot_row + 1..rows {
                    value -= multipliers[row] * part[row];
                }
                part[pivot_row] = value;
            }
        }
    }
}

/// Inverts a symmetric positive definite n x n matrix by Gauss-Jordan steps on its diagonal; `matrix` is overwritten.
#[inline(always)]
fn invert(matrix: &mut [Lanes], inverse: &mut [Lanes], n: usize) {
    inverse.copy_from_slice(matrix);
    for pivot in 0..n {
        let floor = Lanes::splat(PIVOT_FLOOR) * matrix[pivot * n + pivot].abs();
        // A row whose columns are all fixed has no unknown.
        let own = inverse[pivot * n + pivot];
        let value = own.max(floor).inverse_above(Lanes::splat(LEAST_PIVOT));
        for j in 0..n {
            if j != pivot {
                inverse[pivot * n + j] = inverse[pivot * n + j] * value;
            }
        }
        for i in 0..n {
            if i == pivot {
                continue;
            }
            let factor = inverse[i * n + pivot];
            for j in 0..n {
                if j != pivot {
                    let product = factor * inverse[pivot * n + j];
                    inverse[i * n + j] -= product;
                }
            }
            inverse[i * n + pivot] = Lanes::ZERO - factor * value;
        }
        inverse[pivot * n + pivot] = value;
    }
}
