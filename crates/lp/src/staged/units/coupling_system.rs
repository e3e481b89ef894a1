//! The dense system over the coupling rows of all stages, and the separators of rings, from what the stages of the
//! units leave behind.
//!
//! Going backward, P = K_mm + F' P+ F collects what later stages leave behind (see [`unit_elimination`](super::unit_elimination)).
//! Then S_tt = K_ll + a' P+ a, and for an earlier stage s, S_st = m_s' (K_ml + F' P+ a): products of positive
//! semidefinite forms, without a subtraction.
//!
//! For the dynamic rows of the first stage of a ring, m starts with the identity, and the columns that the last stage
//! passes on have the entries e = u + m there, u being their entries in the next rows. Their own form is G = R + e' w e
//! and their products with a coupling row are Z_s = m' f_s + e' w m_s, where R and f leave the last columns out. They
//! are eliminated last: S - Z' G^-1 Z.

use super::super::lanes::{Lanes, multiply};
use super::unit_elimination::StageForms;
use super::unit_group::UnitGroup;

/// Number of stages whose coupling rows are treated as one block.
const CHUNK: usize = 12;
/// Share of its original diagonal below which a pivot of a separator is rounding error.
const PIVOT_FLOOR: f64 = 1e-15;

/// The work space of the assembly.
#[derive(Debug, Default)]
pub(in super::super) struct AssemblyBuffers {
    /// m of the coupling rows of all earlier stages, then L^-1 Z of a ring, by coupling row.
    earlier: Vec<Lanes>,
    /// K_ml + F' P+ a of the coupling rows, then -L^-1 Z of a ring, by coupling row.
    functionals: Vec<Lanes>,
    /// The same at the beginning of a block.
    at_block: Vec<Lanes>,
    /// P, and R of a ring.
    behind: Vec<Lanes>,
    residual: Vec<Lanes>,
    /// m of the coupling rows at the end, of a ring, by coupling row.
    at_end: Vec<Lanes>,
    /// Z of a ring, by coupling row.
    products: Vec<Lanes>,
    first: Vec<Lanes>,
    second: Vec<Lanes>,
    third: Vec<Lanes>,
}

/// Returns the index of a coupling row in the dense system.
#[inline(always)]
pub(super) fn place(row: usize, stage: usize, stages: usize) -> usize {
    row * stages + stage
}

/// The rows and columns of the dense system that a group of units adds to; the lower triangle is used.
struct System<'a> {
    values: &'a mut [f64],
    size: usize,
    rows: &'a [usize],
    stages: usize,
}

impl System<'_> {
    /// Adds to the entry of two of the group's coupling rows at their stages; the second stage is not later.
    #[inline(always)]
    fn add(&mut self, [row, stage]: [usize; 2], [other, earlier]: [usize; 2], value: Lanes) {
        let first = place(self.rows[row], stage, self.stages);
        let second = place(self.rows[other], earlier, self.stages);
        self.values[first.max(second) * self.size + first.min(second)] += value.sum();
    }
}

/// Sets the separator's factor of a group of rings, and adds what its units leave behind to the lower triangle of
/// `values`, whose `size` rows and columns are coupling rows by row and stage.
#[inline(always)]
pub(in super::super) fn add_forms(
    group: &mut UnitGroup,
    forms: &StageForms,
    size: usize,
    work: &mut AssemblyBuffers,
    values: &mut [f64],
) {
    let (q, c, stages, is_ring) = (forms.passed_on, forms.couplings, group.stages, group.shape.is_ring);
    if q + c == 0 {
        return;
    }
    let rows = &group.shape.coupling_rows[..];
    let mut system = System { values, size, rows, stages };
    let width = if is_ring { 2 * q } else { q };
    work.fit(stages, q, c, width);
    go_backward(forms, stages, is_ring, width, work, &mut system);
    if is_ring {
        let UnitGroup { carried, separator, .. } = group;
        close_ring(forms, stages, width, carried, separator, work, &mut system);
    }
    if c > 0 && q > 0 {
        go_forward(forms, stages, width, work, &mut system);
    }
}

/// Computes P of every stage, the functionals and the diagonal blocks of the system; for a ring also R, its
/// functionals in Z, and m at the end.
#[inline(always)]
fn go_backward(
    forms: &StageForms,
    stages: usize,
    is_ring: bool,
    width: usize,
    work: &mut AssemblyBuffers,
    system: &mut System<'_>,
) {
    let (q, c) = (forms.passed_on, forms.couplings);
    let positions = q + c;
    let AssemblyBuffers { functionals, behind, residual, at_end, products, first, second, third, .. } = work;
    behind.fill(Lanes::ZERO);
    residual.fill(Lanes::ZERO);
    for p in 0..q {
        // Without a ring the last columns have no rows: their weights are 0.
        behind[p * q + p] = forms.last_weights[p];
        for r in 0..q {
            third[p * q + r] = if p == r { Lanes::ONE } else { Lanes::ZERO };
        }
    }
    for stage in (0..stages).rev() {
        let inputs = &forms.inputs[stage * q * c..(stage + 1) * q * c];
        let form = &forms.forms[stage * positions * positions..(stage + 1) * positions * positions];
        let transitions = &forms.transitions[stage * q * q..(stage + 1) * q * q];
        multiply(behind, inputs, first, [q, q, c]);
        for k in 0..c {
            for other in 0..=k {
                let mut sum = form[(q + k) * positions + q + other];
                for p in 0..q {
                    sum += inputs[p * c + k] * first[p * c + other];
                }
                system.add([k, stage], [other, stage], sum);
            }
            let functional = &mut functionals[(stage * c + k) * width..][..q];
            for (p, value) in functional.iter_mut().enumerate() {
                let mut sum = form[p * positions + q + k];
                for r in 0..q {
                    sum += transitions[r * q + p] * first[r * c + k];
                }
                *value = sum;
            }
        }
        if is_ring {
            multiply(residual, inputs, first, [q, q, c]);
            for k in 0..c {
                for p in 0..q {
                    let mut sum = form[p * positions + q + k];
                    for r in 0..q {
                        sum += transitions[r * q + p] * first[r * c + k];
                    }
                    products[(stage * c + k) * q + p] = sum;
                    let mut sum = Lanes::ZERO;
                    for r in 0..q {
                        sum += third[p * q + r] * inputs[r * c + k];
                    }
                    at_end[(stage * c + k) * q + p] = sum;
                }
            }
            congruent(residual, form, transitions, first, [q, positions]);
            multiply(third, transitions, second, [q, q, q]);
            third.copy_from_slice(second);
        }
        if stage > 0 {
            congruent(behind, form, transitions, first, [q, positions]);
        }
    }
}

/// Factors the separator's form, and appends L^-1 Z to the functionals and to the m of all coupling rows; subtracts its
/// part of the diagonal blocks.
#[inline(always)]
fn close_ring(
    forms: &StageForms,
    stages: usize,
    width: usize,
    carried: &[Lanes],
    separator: &mut [Lanes],
    work: &mut AssemblyBuffers,
    system: &mut System<'_>,
) {
    let (q, c) = (forms.passed_on, forms.couplings);
    let AssemblyBuffers { functionals, residual, at_end, products, first, second, earlier, .. } = work;
    // e, and w e.
    let last = &carried[stages * q * q..(stages + 1) * q * q];
    for p in 0..q {
        for r in 0..q {
            first[p * q + r] = forms.last_entries[p * q + r] + last[p * q + r];
            second[p * q + r] = forms.last_weights[p] * first[p * q + r];
        }
    }
    for p in 0..q {
        for r in 0..q {
            let mut sum = residual[p * q + r];
            for s in 0..q {
                sum += first[s * q + p] * second[s * q + r];
            }
            separator[p * q + r] = sum;
        }
    }
    factor(separator, q);
    for stage in 0..stages {
        let carried = &carried[stage * q * q..(stage + 1) * q * q];
        for k in 0..c {
            let at = stage * c + k;
            for p in 0..q {
                let mut sum = Lanes::ZERO;
                for r in 0..q {
                    sum += carried[r * q + p] * products[at * q + r] + second[r * q + p] * at_end[at * q + r];
                }
                for r in 0..p {
                    let before = earlier[at * width + q + r];
                    sum -= separator[p * q + r] * before;
                }
                let value = sum * separator[p * q + p];
                earlier[at * width + q + p] = value;
                functionals[at * width + q + p] = Lanes::ZERO - value;
            }
            for other in 0..=k {
                let mut sum = Lanes::ZERO;
                for p in 0..q {
                    let [a, b] = [k, other].map(|k| earlier[(stage * c + k) * width + q + p]);
                    sum -= a * b;
                }
                system.add([k, stage], [other, stage], sum);
            }
        }
    }
}

/// Adds the products of all pairs of coupling rows of different stages.
#[inline(always)]
fn go_forward(forms: &StageForms, stages: usize, width: usize, work: &mut AssemblyBuffers, system: &mut System<'_>) {
    let (q, c) = (forms.passed_on, forms.couplings);
    let AssemblyBuffers { earlier, functionals, at_block, first, second, .. } = work;
    let mut start = 0;
    while start < stages {
        let end = (start + CHUNK).min(stages);
        // Functionals at the beginning of the block, and the transition over the block in `first`.
        for p in 0..q {
            for r in 0..q {
                first[p * q + r] = if p == r { Lanes::ONE } else { Lanes::ZERO };
            }
        }
        for stage in start..end {
            for k in 0..c {
                let functional = &functionals[(stage * c + k) * width..][..width];
                let out = &mut at_block[((stage - start) * c + k) * width..][..width];
                for p in 0..q {
                    let mut sum = Lanes::ZERO;
                    for r in 0..q {
                        sum += first[r * q + p] * functional[r];
                    }
                    out[p] = sum;
                }
                out[q..].copy_from_slice(&functional[q..]);
            }
            multiply(&forms.transitions[stage * q * q..(stage + 1) * q * q], first, second, [q, q, q]);
            first[..q * q].copy_from_slice(second);
        }
        if start > 0 {
            add_pairs(at_block, earlier, [start, end], [c, width], system);
            for m in earlier[..start * c * width].chunks_exact_mut(width) {
                advance(first, m, second, q);
            }
        }
        // Pairs within the block.
        for stage in start..end {
            if stage > start {
                let transitions = &forms.transitions[stage * q * q..(stage + 1) * q * q];
                for from in start * c..stage * c {
                    let m = &mut earlier[from * width..(from + 1) * width];
                    for k in 0..c {
                        let functional = &functionals[(stage * c + k) * width..][..width];
                        let mut sum = Lanes::ZERO;
                        for (f, m) in functional.iter().zip(&*m) {
                            sum += *f * *m;
                        }
                        system.add([k, stage], [from % c, from / c], sum);
                    }
                    advance(transitions, m, second, q);
                }
            }
            for k in 0..c {
                for p in 0..q {
                    earlier[(stage * c + k) * width + p] = forms.inputs[(stage * q + p) * c + k];
                }
            }
        }
        start = end;
    }
}

/// Adds the products of the coupling rows of a block with those of all earlier stages.
#[inline(always)]
fn add_pairs(
    at_block: &[Lanes],
    earlier: &[Lanes],
    [start, end]: [usize; 2],
    [c, width]: [usize; 2],
    system: &mut System<'_>,
) {
    let (of_block, before) = ((end - start) * c, start * c);
    for first in (0..of_block).step_by(2) {
        for second in (0..before).step_by(2) {
            let (rows, others) = ((of_block - first).min(2), (before - second).min(2));
            let mut sums = [Lanes::ZERO; 4];
            if rows == 2 && others == 2 {
                let (a, b) = (&at_block[first * width..][..2 * width], &earlier[second * width..][..2 * width]);
                let ((a, b), (x, y)) = (a.split_at(width), b.split_at(width));
                for p in 0..width {
                    sums[0] += a[p] * x[p];
                    sums[1] += a[p] * y[p];
                    sums[2] += b[p] * x[p];
                    sums[3] += b[p] * y[p];
                }
            } else {
                for i in 0..rows {
                    for j in 0..others {
                        for p in 0..width {
                            sums[2 * i + j] += at_block[(first + i) * width + p] * earlier[(second + j) * width + p];
                        }
                    }
                }
            }
            for i in 0..rows {
                for j in 0..others {
                    let (at, from) = (first + i, second + j);
                    system.add([at % c, start + at / c], [from % c, from / c], sums[2 * i + j]);
                }
            }
        }
    }
}

/// Replaces the first q numbers of m by F m.
#[inline(always)]
fn advance(transition: &[Lanes], m: &mut [Lanes], work: &mut [Lanes], q: usize) {
    for p in 0..q {
        let mut sum = Lanes::ZERO;
        for r in 0..q {
            sum += transition[p * q + r] * m[r];
        }
        work[p] = sum;
    }
    m[..q].copy_from_slice(&work[..q]);
}

/// Replaces P by K_mm + F' P F.
#[inline(always)]
fn congruent(
    behind: &mut [Lanes],
    form: &[Lanes],
    transitions: &[Lanes],
    work: &mut [Lanes],
    [q, positions]: [usize; 2],
) {
    multiply(behind, transitions, work, [q, q, q]);
    for p in 0..q {
        for r in 0..=p {
            let mut sum = form[p * positions + r];
            for s in 0..q {
                sum += transitions[s * q + p] * work[s * q + r];
            }
            behind[p * q + r] = sum;
            behind[r * q + p] = sum;
        }
    }
}

/// Replaces a symmetric matrix by its Cholesky factor with inverted diagonal.
#[inline(always)]
fn factor(matrix: &mut [Lanes], n: usize) {
    for j in 0..n {
        let diagonal = matrix[j * n + j];
        for k in 0..j {
            let mut sum = matrix[j * n + k];
            for s in 0..k {
                sum -= matrix[k * n + s] * matrix[j * n + s];
            }
            matrix[j * n + k] = sum * matrix[k * n + k];
        }
        let mut pivot = diagonal;
        for s in 0..j {
            pivot -= matrix[j * n + s] * matrix[j * n + s];
        }
        let inverse = pivot.inverse_above(diagonal * Lanes::splat(PIVOT_FLOOR));
        matrix[j * n + j] = inverse.sqrt();
    }
}

impl AssemblyBuffers {
    fn fit(&mut self, stages: usize, q: usize, c: usize, width: usize) {
        let fit = |buffer: &mut Vec<Lanes>, len: usize| buffer.resize(len, Lanes::ZERO);
        fit(&mut self.earlier, stages * c * width);
        fit(&mut self.functionals, stages * c * width);
        fit(&mut self.at_block, CHUNK * c * width);
        for buffer in [&mut self.behind, &mut self.residual, &mut self.third] {
            fit(buffer, q * q);
        }
        fit(&mut self.at_end, stages * c * q);
        fit(&mut self.products, stages * c * q);
        // They also hold products with the inputs.
        fit(&mut self.first, q * q.max(c));
        fit(&mut self.second, q * q);
    }
}
