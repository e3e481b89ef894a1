//! The normal equations A theta A', by what is known of the dynamics.

use super::diagonal_chain::DiagonalChain;
use super::general_chain::GeneralChain;
use super::lanes::Lanes;
use super::problem_data::ProblemData;

/// The factored normal equations; memory for one pattern.
#[derive(Debug)]
pub(super) struct NormalEquations {
    factors: Factors,
    /// How often a solution is improved by what it misses.
    pub(super) refinements: usize,
    rest: RefinementBuffers,
}

#[derive(Debug)]
enum Factors {
    Diagonal(DiagonalChain),
    GeneralChain(GeneralChain),
}

/// What a solution misses, by block and row.
#[derive(Debug, Default)]
pub(super) struct RefinementBuffers {
    wanted: Vec<Lanes>,
    missed: Vec<Lanes>,
    lagged_products: Vec<Lanes>,
}

impl NormalEquations {
    pub(super) fn new(data: &ProblemData) -> Self {
        let factors = match data.diagonal {
            Some(_) => Factors::Diagonal(DiagonalChain::new(data)),
            None => Factors::GeneralChain(GeneralChain::new(data)),
        };
        Self { factors, refinements: 0, rest: RefinementBuffers::default() }
    }

    /// Factors A theta A' at `theta` (by block and column).
    pub(super) fn factor(&mut self, data: &ProblemData, theta: &[Lanes]) {
        match &mut self.factors {
            Factors::Diagonal(chain) => chain.factor(data, theta),
            Factors::GeneralChain(general) => general.factor(data, theta),
        }
    }

    /// Lets every row's dual cost 1/2 held dy^2 to move from the next factors on: nothing once it rests, and a hold for rows that
    /// others imply.
    pub(super) fn set_regularization(&mut self, regularization: f64) {
        match &mut self.factors {
            Factors::Diagonal(chain) => chain.regularization = regularization,
            Factors::GeneralChain(general) => general.regularization = regularization,
        }
    }

    /// Solves A theta A' y = rhs in place (by block and row), `theta` being that of the factors.
    pub(super) fn solve(&mut self, data: &ProblemData, theta: &[Lanes], rhs: &mut [Lanes]) {
        if self.refinements == 0 {
            return self.factors.solve(data, rhs);
        }
        let RefinementBuffers { wanted, missed, lagged_products } = &mut self.rest;
        lagged_products.resize(data.lagged.len(), Lanes::ZERO);
        wanted.clear();
        wanted.extend_from_slice(rhs);
        self.factors.solve(data, rhs);
        for _ in 0..self.refinements {
            missed.clone_from(wanted);
            data.take_normal_product(theta, rhs, lagged_products, missed);
            self.factors.solve(data, missed);
            rhs.iter_mut().zip(&*missed).for_each(|(y, more)| *y += *more);
        }
    }
}

impl Factors {
    fn solve(&mut self, data: &ProblemData, rhs: &mut [Lanes]) {
        match self {
            Self::Diagonal(chain) => chain.solve(data, rhs),
            Self::GeneralChain(general) => general.solve(data, rhs),
        }
    }
}

impl ProblemData {
    /// out -= A theta A' y, all by block and row; `carried` is room for a number by lagged coefficient.
    fn take_normal_product(&self, theta: &[Lanes], y: &[Lanes], lagged_products: &mut [Lanes], out: &mut [Lanes]) {
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
