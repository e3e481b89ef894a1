//! The dense system over the coupling rows of all stages, assembled from what the units leave behind.

use super::super::lanes::Lanes;
use super::unit_group::StageForms;

/// Number of stages whose coupling rows are treated as one block.
const CHUNK: usize = 12;

/// The work space of the assembly.
#[derive(Debug, Default)]
pub(in super::super) struct AssemblyBuffers {
    /// m of the coupling rows of all earlier stages, by coupling row and column passed on.
    carried: Vec<Lanes>,
    /// F' P+ a + K_ml of the stages, at their stage and at the beginning of their block.
    functionals: Vec<Lanes>,
    at_block: Vec<Lanes>,
    /// P, and products of it.
    behind: Vec<Lanes>,
    products: Vec<Lanes>,
    more: Vec<Lanes>,
    /// Product of the transitions of a block.
    transition: Vec<Lanes>,
}

/// Returns the index of a coupling row in the dense system.
#[inline(always)]
pub(super) fn place(row: usize, stage: usize, stages: usize) -> usize {
    row * stages + stage
}

/// Adds what the units of a group leave behind to the lower triangle of `system`, whose rows and columns are coupling
/// rows by row and stage. `rows` are the group's coupling rows, `size` the number of rows of the system.
#[inline(always)]
pub(in super::super) fn add_forms(
    forms: &StageForms,
    stages: usize,
    rows: &[usize],
    size: usize,
    work: &mut AssemblyBuffers,
    system: &mut [f64],
) {
    let (q, c) = (forms.passed_on, forms.couplings);
    let positions = q + c;
    let mut add = |first: usize, second: usize, value: f64| {
        let (low, high) = (first.min(second), first.max(second));
        system[high * size + low] += value;
    };
    // Backward: P of every stage, and the functionals of the coupling rows.
    work.fit(stages, q, c);
    let AssemblyBuffers { carried, functionals, at_block, behind, products, more, transition } = work;
    behind.copy_from_slice(&forms.closing);
    for stage in (0..stages).rev() {
        let inputs = &forms.inputs[stage * q * c..(stage + 1) * q * c];
        let form = &forms.forms[stage * positions * positions..(stage + 1) * positions * positions];
        let transitions = &forms.transitions[stage * q * q..(stage + 1) * q * q];
        // P a, by column passed on and coupling row.
        for p in 0..q {
            for k in 0..c {
                let mut sum = Lanes::ZERO;
                for r in 0..q {
                    sum += behind[p * q + r] * inputs[r * c + k];
                }
                products[p * c + k] = sum;
            }
        }
        for k in 0..c {
            for other in 0..=k {
                let mut sum = form[k * positions + other];
                for p in 0..q {
                    sum += inputs[p * c + k] * products[p * c + other];
                }
                add(place(rows[k], stage, stages), place(rows[other], stage, stages), sum.sum());
            }
        }
        if stage == 0 {
            break;
        }
        for k in 0..c {
            let functional = &mut functionals[(stage * c + k) * q..][..q];
            for (p, value) in functional.iter_mut().enumerate() {
                let mut sum = form[(c + p) * positions + k];
                for r in 0..q {
                    sum += transitions[r * q + p] * products[r * c + k];
                }
                *value = sum;
            }
        }
        // P = K_mm + F' P+ F, symmetric by construction.
        for p in 0..q {
            for r in 0..q {
                let mut sum = Lanes::ZERO;
                for s in 0..q {
                    sum += behind[p * q + s] * transitions[s * q + r];
                }
                more[p * q + r] = sum;
            }
        }
        for p in 0..q {
            for r in 0..=p {
                let mut sum = form[(c + p) * positions + c + r];
                for s in 0..q {
                    sum += transitions[s * q + p] * more[s * q + r];
                }
                behind[p * q + r] = sum;
                behind[r * q + p] = sum;
            }
        }
    }
    // Forward: m of all earlier coupling rows, block by block.
    let mut start = 0;
    while start < stages {
        let end = (start + CHUNK).min(stages);
        // Functionals at the beginning of the block, and the transition over the block.
        for p in 0..q {
            for r in 0..q {
                transition[p * q + r] = if p == r { Lanes::ONE } else { Lanes::ZERO };
            }
        }
        for stage in start..end {
            let of_stage = &forms.transitions[stage * q * q..(stage + 1) * q * q];
            if stage > 0 {
                for k in 0..c {
                    for p in 0..q {
                        let mut sum = Lanes::ZERO;
                        for r in 0..q {
                            sum += transition[r * q + p] * functionals[(stage * c + k) * q + r];
                        }
                        at_block[((stage - start) * c + k) * q + p] = sum;
                    }
                }
            }
            multiply(of_stage, transition, more, q);
            transition.copy_from_slice(more);
        }
        // Pairs of a coupling row of the block and one of an earlier block.
        let earlier = start * c;
        let of_block = (end - start) * c;
        if start > 0 {
            let mut first = 0;
            while first < of_block {
                let pair = (of_block - first).min(2);
                let mut other = 0;
                while other < earlier {
                    let others = (earlier - other).min(2);
                    let mut sums = [Lanes::ZERO; 4];
                    if pair == 2 && others == 2 {
                        let a = &at_block[first * q..(first + 2) * q];
                        let b = &carried[other * q..(other + 2) * q];
                        for p in 0..q {
                            let (a0, a1, b0, b1) = (a[p], a[q + p], b[p], b[q + p]);
                            sums[0] += a0 * b0;
                            sums[1] += a0 * b1;
                            sums[2] += a1 * b0;
                            sums[3] += a1 * b1;
                        }
                    } else {
                        for i in 0..pair {
                            for j in 0..others {
                                for p in 0..q {
                                    sums[2 * i + j] += at_block[(first + i) * q + p] * carried[(other + j) * q + p];
                                }
                            }
                        }
                    }
                    for i in 0..pair {
                        for j in 0..others {
                            let (at, from) = (first + i, other + j);
                            add(
                                place(rows[at % c], start + at / c, stages),
                                place(rows[from % c], from / c, stages),
                                sums[2 * i + j].sum(),
                            );
                        }
                    }
                    other += others;
                }
                first += pair;
            }
            // m at the end of the block.
            for from in 0..earlier {
                let m = &mut carried[from * q..(from + 1) * q];
                for p in 0..q {
                    let mut sum = Lanes::ZERO;
                    for r in 0..q {
                        sum += transition[p * q + r] * m[r];
                    }
                    more[p] = sum;
                }
                m.copy_from_slice(&more[..q]);
            }
        }
        // Pairs within the block.
        for stage in start..end {
            if stage > start {
                let of_stage = &forms.transitions[stage * q * q..(stage + 1) * q * q];
                for from in earlier..stage * c {
                    for k in 0..c {
                        let mut sum = Lanes::ZERO;
                        for p in 0..q {
                            sum += functionals[(stage * c + k) * q + p] * carried[from * q + p];
                        }
                        add(place(rows[k], stage, stages), place(rows[from % c], from / c, stages), sum.sum());
                    }
                    let m = &mut carried[from * q..(from + 1) * q];
                    for p in 0..q {
                        let mut sum = Lanes::ZERO;
                        for r in 0..q {
                            sum += of_stage[p * q + r] * m[r];
                        }
                        more[p] = sum;
                    }
                    m.copy_from_slice(&more[..q]);
                }
            }
            for k in 0..c {
                for p in 0..q {
                    carried[(stage * c + k) * q + p] = forms.inputs[(stage * q + p) * c + k];
                }
            }
        }
        start = end;
    }
}

/// Computes the product of two square matrices.
#[inline(always)]
fn multiply(a: &[Lanes], b: &[Lanes], out: &mut [Lanes], q: usize) {
    for p in 0..q {
        for r in 0..q {
            let mut sum = Lanes::ZERO;
            for s in 0..q {
                sum += a[p * q + s] * b[s * q + r];
            }
            out[p * q + r] = sum;
        }
    }
}

impl AssemblyBuffers {
    fn fit(&mut self, stages: usize, q: usize, c: usize) {
        let fit = |buffer: &mut Vec<Lanes>, len: usize| buffer.resize(len, Lanes::ZERO);
        fit(&mut self.carried, stages * c * q);
        fit(&mut self.functionals, stages * c * q);
        fit(&mut self.at_block, CHUNK * c * q);
        fit(&mut self.behind, q * q);
        fit(&mut self.products, q * c);
        fit(&mut self.more, (q * q).max(q));
        fit(&mut self.transition, q * q);
    }
}
