//! The normal equations A theta A', with a factorisation that depends on the dynamics.

use super::diagonal_chain::DiagonalChain;
use super::general_chain::GeneralChain;
use super::lanes::Lanes;
use super::problem_data::ProblemData;
use super::units::{Partition, UnitsFirst};

/// The factored normal equations for problems of one pattern.
#[derive(Debug)]
pub(super) struct NormalEquations {
    factors: Factors,
    /// Number of iterative refinements of each solution.
    pub(super) refinements: usize,
    buffers: RefinementBuffers,
}

/// The factors, by kind of dynamics.
#[derive(Debug)]
enum Factors {
    Diagonal(DiagonalChain),
    GeneralChain(GeneralChain),
    Units(Box<UnitsFirst>),
}

/// The work space of the iterative refinement, by block and row.
#[derive(Debug, Default)]
pub(super) struct RefinementBuffers {
    wanted: Vec<Lanes>,
    residual: Vec<Lanes>,
    lagged_products: Vec<Lanes>,
}

impl NormalEquations {
    /// Allocates the memory for the pattern of `data`, in the order of elimination with the fewest operations: units
    /// first, or stage by stage.
    pub(super) fn new(data: &ProblemData) -> Self {
        let factors = match (Partition::cheapest(data, UnitsFirst::stages_of(data)), data.diagonal) {
            (Some(partition), _) => Factors::Units(Box::new(UnitsFirst::new(data, partition))),
            (None, Some(_)) => Factors::Diagonal(DiagonalChain::new(data)),
            (None, None) => Factors::GeneralChain(GeneralChain::new(data)),
        };
        Self { factors, refinements: 0, buffers: RefinementBuffers::default() }
    }

    /// Copies the numbers of `data`, whose pattern must be the one of these equations.
    pub(super) fn load(&mut self, data: &ProblemData) {
        if let Factors::Units(units) = &mut self.factors {
            units.load(data);
        }
    }

    /// Returns whether units are eliminated first.
    #[cfg(test)]
    pub(super) fn is_by_units(&self) -> bool {
        matches!(self.factors, Factors::Units(_))
    }

    /// Factors A theta A' at `theta` (by block and column).
    pub(super) fn factor(&mut self, data: &ProblemData, theta: &[Lanes]) {
        match &mut self.factors {
            Factors::Diagonal(chain) => chain.factor(data, theta),
            Factors::GeneralChain(general) => general.factor(data, theta),
            Factors::Units(units) => units.factor(data, theta),
        }
    }

    /// Sets the dual regularisation from the next factors on: a term 1/2 regularization dy^2 per row, which vanishes at
    /// convergence and keeps the matrix regular where rows are implied by others.
    pub(super) fn set_regularization(&mut self, regularization: f64) {
        match &mut self.factors {
            Factors::Diagonal(chain) => chain.regularization = regularization,
            Factors::GeneralChain(general) => general.regularization = regularization,
            Factors::Units(units) => units.regularization = regularization,
        }
    }

    /// Solves A theta A' y = rhs in place (by block and row); `theta` must be the one of the factors.
    pub(super) fn solve(&mut self, data: &ProblemData, theta: &[Lanes], rhs: &mut [Lanes]) {
        if self.refinements == 0 {
            return self.factors.solve(data, rhs);
        }
        let RefinementBuffers { wanted, residual, lagged_products } = &mut self.buffers;
        lagged_products.resize(data.lagged.len(), Lanes::ZERO);
        wanted.clear();
        wanted.extend_from_slice(rhs);
        self.factors.solve(data, rhs);
        for _ in 0..self.refinements {
            residual.clone_from(wanted);
            data.subtract_normal_product(theta, rhs, lagged_products, residual);
            self.factors.solve(data, residual);
            rhs.iter_mut().zip(&*residual).for_each(|(y, more)| *y += *more);
        }
    }
}

impl Factors {
    /// Solves with the factors in place.
    fn solve(&mut self, data: &ProblemData, rhs: &mut [Lanes]) {
        match self {
            Self::Diagonal(chain) => chain.solve(data, rhs),
            Self::GeneralChain(general) => general.solve(data, rhs),
            Self::Units(units) => units.solve(data, rhs),
        }
    }
}

impl ProblemData {
    /// Subtracts A theta A' y from `out`, both by block and row; `lagged_products` is work space with one number per
    /// lagged coefficient.
    fn subtract_normal_product(&self, theta: &[Lanes], y: &[Lanes], lagged_products: &mut [Lanes], out: &mut [Lanes]) {
        let (columns, rows) = (self.columns, self.rows);
        for block in 0..self.lane_layout.blocks {
            self.next_rows(y, block, lagged_products);
            for column in 0..columns {
                let along = self.transposed(&y[block * rows..(block + 1) * rows], lagged_products, block, column);
                self.add_column(block, column, -(theta[block * columns + column] * along), out);
            }
        }
        self.mask_rows(out);
    }
}
