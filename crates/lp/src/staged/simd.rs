//! The hot passes, each compiled for the vector instructions of the processor and selected at run time.
//!
//! The passes are written over [`Lanes`](super::lanes::Lanes); inlined into a function that may use wider registers,
//! the same code uses them. The choice affects the speed, but no bit of the result.

use super::bordered_system::BorderedSystem;
use super::dense::{Cholesky, wide_dot};
use super::diagonal_chain::DiagonalChain;
use super::general_chain::GeneralChain;
use super::interior::{Affine, Interior};
use super::lanes::Lanes;
use super::problem_data::ProblemData;
use super::units::{AssemblyBuffers, EliminationBuffers, StageForms, UnitGroup, add_forms};

#[cfg(not(test))]
fn arch() -> pulp::Arch {
    pulp::Arch::new()
}

#[cfg(test)]
use tests::arch;

macro_rules! passes {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),* } => $output:ty, |$pass:ident| $run:expr;)*) => {$(
        $(#[$doc])*
        struct $name<'a> { $($field: $kind),* , data: &'a ProblemData }

        impl pulp::WithSimd for $name<'_> {
            type Output = $output;

            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, _simd: S) -> $output {
                let $pass = self;
                $run
            }
        }
    )*};
}

passes! {
    Advance { interior: &'a mut Interior, step: [f64; 2] } => (f64, f64),
        |pass| pass.interior.advance_lanes(pass.data, pass.step);
    Predict { interior: &'a mut Interior } => Affine, |pass| pass.interior.predict_lanes(pass.data);
    Correct { interior: &'a mut Interior, target: f64 } => [f64; 2],
        |pass| pass.interior.correct_lanes(pass.data, pass.target);
    Factor { chain: &'a mut DiagonalChain, theta: &'a [Lanes] } => (), |pass| match pass.data.states() {
        1 => pass.chain.factor_lanes::<1>(pass.data, pass.theta),
        2 => pass.chain.factor_lanes::<2>(pass.data, pass.theta),
        3 => pass.chain.factor_lanes::<3>(pass.data, pass.theta),
        _ => pass.chain.factor_lanes::<0>(pass.data, pass.theta),
    };
    Solve { chain: &'a mut DiagonalChain, rhs: &'a mut [Lanes] } => (), |pass| match pass.data.states() {
        1 => pass.chain.solve_lanes::<1>(pass.rhs),
        2 => pass.chain.solve_lanes::<2>(pass.rhs),
        3 => pass.chain.solve_lanes::<3>(pass.rhs),
        _ => pass.chain.solve_lanes::<0>(pass.rhs),
    };
    FactorGeneral { general: &'a mut GeneralChain, theta: &'a [Lanes] } => (),
        |pass| pass.general.factor_lanes(pass.data, pass.theta);
    SolveGeneral { general: &'a mut GeneralChain, rhs: &'a mut [Lanes] } => (),
        |pass| pass.general.solve_lanes(pass.data, pass.rhs);
    Multiply { border: &'a mut BorderedSystem, theta: &'a [Lanes] } => (),
        |pass| pass.border.multiply_lanes(pass.data, pass.theta);
}

/// Work space of the elimination of units and of the assembly over their coupling rows.
type UnitBuffers<'a> = (&'a mut EliminationBuffers, &'a mut StageForms, &'a mut AssemblyBuffers);

struct FactorUnits<'a> {
    group: &'a mut UnitGroup,
    regularization: f64,
    size: usize,
    work: UnitBuffers<'a>,
    system: &'a mut [f64],
}

impl pulp::WithSimd for FactorUnits<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let (elimination, forms, assembly) = self.work;
        self.group.factor_lanes(self.regularization, elimination, forms);
        add_forms(self.group, forms, self.size, assembly, self.system);
    }
}

struct SolveUnits<'a> {
    group: &'a mut UnitGroup,
    work: &'a mut EliminationBuffers,
    duals: Option<&'a [f64]>,
    sums: Option<&'a mut [f64]>,
}

impl pulp::WithSimd for SolveUnits<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        if let Some(duals) = self.duals {
            self.group.subtract_coupling_duals(duals);
        }
        self.group.solve_lanes(self.work);
        if let Some(sums) = self.sums {
            self.group.subtract_coupled(sums);
        }
    }
}

impl UnitGroup {
    /// Factors the units at the weights gathered, and adds what they leave to the system over the coupling rows, of
    /// `size` rows.
    pub(super) fn factor_and_add(
        &mut self,
        regularization: f64,
        size: usize,
        work: UnitBuffers<'_>,
        system: &mut [f64],
    ) {
        arch().dispatch(FactorUnits { group: self, regularization, size, work, system });
    }

    /// Solves for the right-hand sides gathered; subtracts what the solution contributes to the coupling rows from
    /// `sums`.
    pub(super) fn solve_units(&mut self, work: &mut EliminationBuffers, sums: Option<&mut [f64]>) {
        arch().dispatch(SolveUnits { group: self, work, duals: None, sums });
    }

    /// Solves for the right-hand sides gathered, at the duals of the coupling rows.
    pub(super) fn solve_at(&mut self, duals: &[f64], work: &mut EliminationBuffers) {
        arch().dispatch(SolveUnits { group: self, work, duals: Some(duals), sums: None });
    }
}

struct FactorLarge<'a> {
    matrix: &'a mut Cholesky,
    floor: f64,
}

impl pulp::WithSimd for FactorLarge<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        self.matrix.factor_with(self.floor, wide_dot);
    }
}

impl Cholesky {
    /// Factors a large matrix in place; see [`Cholesky::factor`].
    pub(super) fn factor_large(&mut self, floor: f64) {
        arch().dispatch(FactorLarge { matrix: self, floor });
    }
}

impl Interior {
    /// Takes the step and prepares the next one: weights, residuals and the predictor's right-hand side. Returns the
    /// sum of the complementarity products and the largest row residual.
    pub(super) fn advance(&mut self, data: &ProblemData, step: [f64; 2]) -> (f64, f64) {
        arch().dispatch(Advance { interior: self, step, data })
    }

    /// Computes the affine direction from dy in `rhs`. Returns its step lengths and sums, and leaves the corrector's
    /// right-hand side in two parts, since the centring is known only after all columns.
    pub(super) fn predict(&mut self, data: &ProblemData) -> Affine {
        arch().dispatch(Predict { interior: self, data })
    }

    /// Computes the full direction from dy in `rhs` at `target` = sigma mu. Returns the inverse step lengths to the
    /// nearest bounds.
    pub(super) fn correct(&mut self, data: &ProblemData, target: f64) -> [f64; 2] {
        arch().dispatch(Correct { interior: self, target, data })
    }
}

impl DiagonalChain {
    /// Factors A theta A' at `theta` (by block and column).
    pub(super) fn factor(&mut self, data: &ProblemData, theta: &[Lanes]) {
        arch().dispatch(Factor { chain: self, theta, data });
    }

    /// Solves A theta A' y = rhs in place (by block and row).
    pub(super) fn solve(&mut self, data: &ProblemData, rhs: &mut [Lanes]) {
        arch().dispatch(Solve { chain: self, rhs, data });
    }
}

impl GeneralChain {
    /// Factors A theta A' at `theta` (by block and column).
    pub(super) fn factor(&mut self, data: &ProblemData, theta: &[Lanes]) {
        arch().dispatch(FactorGeneral { general: self, theta, data });
    }

    /// Solves A theta A' y = rhs in place (by block and row).
    pub(super) fn solve(&mut self, data: &ProblemData, rhs: &mut [Lanes]) {
        arch().dispatch(SolveGeneral { general: self, rhs, data });
    }
}

impl BorderedSystem {
    /// Sums, over all columns, theta times the pairwise products of S - A'V and -A'W.
    pub(super) fn multiply(&mut self, data: &ProblemData, theta: &[Lanes]) {
        arch().dispatch(Multiply { border: self, theta, data });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use pulp::Arch;

    use super::super::attempt::{ATTEMPTS, Attempts};
    use crate::test_problems::{capacity_and_limit, district, sites_under_a_cap};
    use crate::{Solution, StagedProblem};

    thread_local! {
        /// Whether only the instructions are used that every processor has.
        static PLAIN: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn arch() -> Arch {
        if PLAIN.get() { Arch::Scalar } else { Arch::new() }
    }

    /// Returns the bits of all values and duals that the attempts compute.
    fn bits(problem: &StagedProblem) -> Vec<u64> {
        let mut bits = Vec::new();
        for attempt in ATTEMPTS {
            let mut solution = Solution::zeros(problem);
            Attempts::default().attempt(problem, attempt, &mut solution);
            let duals = solution.duals.unwrap();
            let data = solution.values.iter().chain(&solution.globals).chain(&duals.rows).chain(&duals.global_rows);
            bits.extend(data.map(|number| number.to_bits()));
        }
        bits
    }

    #[test]
    fn results_do_not_depend_on_the_register_width() {
        let cop = |stages: usize| (0..stages).map(|t| 2.5 + ((t * 13) % 17) as f64 / 7.0).collect();
        let demand = |stages: usize| (0..stages).map(|t| ((t * 29) % 23) as f64 / 2.0).collect();
        let units = sites_under_a_cap(&(0..20).collect::<Vec<_>>(), 24, 55.0);
        let stages = [district(cop(203), demand(203)), district(cop(16), demand(16)), capacity_and_limit(77)];
        for problem in stages.into_iter().chain([units]) {
            let wide = bits(&problem);
            PLAIN.set(true);
            let plain = bits(&problem);
            PLAIN.set(false);
            assert!(wide == plain, "{} of {} stages", problem.name(), problem.stages());
        }
    }
}
