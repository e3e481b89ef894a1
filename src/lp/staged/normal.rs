//! The normal equations A theta A', by what is known of the dynamics.

use super::chain::Chain;
use super::general::General;
use super::lanes::Lanes;
use super::numbers::Numbers;

/// The factored normal equations; memory for one pattern.
#[derive(Debug)]
pub(super) enum Normal {
    Diagonal(Chain),
    General(General),
}

impl Normal {
    pub(super) fn new(numbers: &Numbers) -> Self {
        match numbers.diagonal {
            Some(_) => Self::Diagonal(Chain::new(numbers)),
            None => Self::General(General::new(numbers)),
        }
    }

    /// Factors A theta A' at `theta` (by block and column).
    pub(super) fn factor(&mut self, numbers: &Numbers, theta: &[Lanes]) {
        match self {
            Self::Diagonal(chain) => chain.factor(numbers, theta),
            Self::General(general) => general.factor(numbers, theta),
        }
    }

    /// Solves A theta A' y = rhs in place (by block and row).
    pub(super) fn solve(&mut self, numbers: &Numbers, rhs: &mut [Lanes]) {
        match self {
            Self::Diagonal(chain) => chain.solve(numbers, rhs),
            Self::General(general) => general.solve(numbers, rhs),
        }
    }
}
