//! The normal equations A theta A', by what is known of the dynamics.

use super::chain::Chain;
use super::general::General;
use super::lanes::Lanes;
use super::numbers::Numbers;

/// The factored normal equations; memory for one pattern.
#[derive(Debug)]
pub(super) struct Normal {
    factors: Factors,
    /// How often a solution is improved by what it misses.
    pub(super) refinements: usize,
    rest: Rest,
}

#[derive(Debug)]
enum Factors {
    Diagonal(Chain),
    General(General),
}

/// What a solution misses, by block and row.
#[derive(Debug, Default)]
pub(super) struct Rest {
    wanted: Vec<Lanes>,
    missed: Vec<Lanes>,
    carried: Vec<Lanes>,
}

impl Normal {
    pub(super) fn new(numbers: &Numbers) -> Self {
        let factors = match numbers.diagonal {
            Some(_) => Factors::Diagonal(Chain::new(numbers)),
            None => Factors::General(General::new(numbers)),
        };
        Self { factors, refinements: 0, rest: Rest::default() }
    }

    /// Factors A theta A' at `theta` (by block and column).
    pub(super) fn factor(&mut self, numbers: &Numbers, theta: &[Lanes]) {
        match &mut self.factors {
            Factors::Diagonal(chain) => chain.factor(numbers, theta),
            Factors::General(general) => general.factor(numbers, theta),
        }
    }

    /// Lets every row's dual cost 1/2 held dy^2 to move from the next factors on: nothing once it rests, and a hold for rows that
    /// others imply.
    pub(super) fn hold(&mut self, held: f64) {
        match &mut self.factors {
            Factors::Diagonal(chain) => chain.held = held,
            Factors::General(general) => general.held = held,
        }
    }

    /// Solves A theta A' y = rhs in place (by block and row), `theta` being that of the factors.
    pub(super) fn solve(&mut self, numbers: &Numbers, theta: &[Lanes], rhs: &mut [Lanes]) {
        if self.refinements == 0 {
            return self.factors.solve(numbers, rhs);
        }
        let Rest { wanted, missed, carried } = &mut self.rest;
        carried.resize(numbers.lagged.len(), Lanes::ZERO);
        wanted.clear();
        wanted.extend_from_slice(rhs);
        self.factors.solve(numbers, rhs);
        for _ in 0..self.refinements {
            missed.clone_from(wanted);
            numbers.take_normal_product(theta, rhs, carried, missed);
            self.factors.solve(numbers, missed);
            rhs.iter_mut().zip(&*missed).for_each(|(y, more)| *y += *more);
        }
    }
}

impl Factors {
    fn solve(&mut self, numbers: &Numbers, rhs: &mut [Lanes]) {
        match self {
            Self::Diagonal(chain) => chain.solve(numbers, rhs),
            Self::General(general) => general.solve(numbers, rhs),
        }
    }
}

impl Numbers {
    /// out -= A theta A' y, all by block and row; `carried` is room for a number by lagged coefficient.
    fn take_normal_product(&self, theta: &[Lanes], y: &[Lanes], carried: &mut [Lanes], out: &mut [Lanes]) {
        let (columns, rows) = (self.columns, self.rows);
        for block in 0..self.cut.blocks {
            self.next_rows(y, block, carried);
            for column in 0..columns {
                let along = self.transposed(&y[block * rows..(block + 1) * rows], carried, block, column);
                self.add_column(block, column, -(theta[block * columns + column] * along), out);
            }
        }
        self.mask_rows(out);
    }
}
