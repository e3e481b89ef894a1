//! Acceleration of fixed-point iterations `x = g(x)` with a smooth map `g`: extrapolation of the next iterate from
//! the last ones.
//!
//! Acceleration fails where the dispatcher's answers jump from vertex to vertex; averages of plans converge there.
//! Where the answers are smooth (a loop that changes only the pumps' electricity or its losses a little) these
//! schemes need a fraction of the iterations.

use std::collections::VecDeque;

use super::{IterationState, Scheme, SchemePlan};
use crate::coupling::{CopSeries, Dispatcher};

/// The treatment of a component that would leave its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtBound {
    /// The component is clamped to the bound.
    #[default]
    Clamp,
    /// The accelerated step is replaced by the plain step, `g(x)`, clamped.
    Discard,
    /// The accelerated step is shortened from `g(x)` until it ends at the bound.
    Scale,
}

/// The bounds of all components.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Treatment of a component beyond a bound.
    pub at: AtBound,
}

impl Bounds {
    /// Moves an accelerated step into the bounds; `plain` is the step without acceleration.
    pub fn apply(&self, next: &mut [f64], plain: &[f64]) {
        let within = |value: f64| (self.low..=self.high).contains(&value);
        if next.iter().copied().all(within) {
            return;
        }
        match self.at {
            AtBound::Clamp => {}
            AtBound::Discard => next.copy_from_slice(plain),
            AtBound::Scale => {
                let mut share = 1.0_f64;
                for (next, plain) in next.iter().zip(plain) {
                    let bound = if *next > self.high { self.high } else { self.low };
                    if !within(*next) {
                        share = share.min(((bound - plain) / (next - plain)).clamp(0.0, 1.0));
                    }
                }
                next.iter_mut().zip(plain).for_each(|(next, plain)| *next = plain + share * (*next - plain));
            }
        }
        next.iter_mut().for_each(|value| *value = value.clamp(self.low, self.high));
    }
}

/// An acceleration method for fixed-point iterations.
pub trait Accelerate {
    /// Replaces the iterate `x` by the next iterate, given the image of `x`, `g(x)`.
    ///
    /// # Panics
    /// If lengths differ between calls.
    fn next(&mut self, x: &mut [f64], followed: &[f64]);
}

/// Dynamic relaxation after Aitken (Irons and Tuck 1969): one factor for all components, from the last two residuals.
#[derive(Debug, Clone)]
pub struct Aitken {
    relaxation: f64,
    bounds: Bounds,
    residual: Vec<f64>,
}

/// Largest absolute value of the relaxation factor.
const MOST_RELAXATION: f64 = 10.0;

impl Aitken {
    /// Creates the method with an initial factor of `relaxation`.
    #[must_use]
    pub fn new(relaxation: f64, bounds: Bounds) -> Self {
        Self { relaxation, bounds, residual: Vec::new() }
    }

    /// Returns the relaxation factor of the last step.
    #[must_use]
    pub fn relaxation(&self) -> f64 {
        self.relaxation
    }
}

impl Accelerate for Aitken {
    fn next(&mut self, x: &mut [f64], followed: &[f64]) {
        let residual: Vec<f64> = followed.iter().zip(&*x).map(|(after, before)| after - before).collect();
        if !self.residual.is_empty() {
            let change: Vec<f64> = residual.iter().zip(&self.residual).map(|(now, before)| now - before).collect();
            let size = dot(&change, &change);
            if size > 0.0 {
                let relaxation = -self.relaxation * dot(&self.residual, &change) / size;
                self.relaxation = relaxation.clamp(-MOST_RELAXATION, MOST_RELAXATION);
            }
        }
        x.iter_mut().zip(&residual).for_each(|(x, residual)| *x += self.relaxation * residual);
        self.bounds.apply(x, followed);
        self.residual = residual;
    }
}

/// Anderson acceleration (Anderson 1965), known in partitioned simulation as interface quasi-Newton with least
/// squares (Degroote, Bathe and Vierendeels 2009). The step minimises the residual, linearised by the differences of
/// the last iterates. Differences that are almost linear combinations of newer ones are removed (the QR2 filter of
/// Haelterman et al. 2016, doi:10.1016/j.compstruc.2015.11.008).
#[derive(Debug, Clone)]
pub struct Anderson {
    memory: usize,
    filter: f64,
    bounds: Bounds,
    last: Option<[Vec<f64>; 2]>,
    /// Differences of residuals and of images `g(x)`, newest first.
    differences: VecDeque<[Vec<f64>; 2]>,
}

impl Anderson {
    /// Creates the method with at most `memory` differences; a difference is removed if its share orthogonal to the
    /// newer ones is below `filter`.
    #[must_use]
    pub fn new(memory: usize, filter: f64, bounds: Bounds) -> Self {
        Self { memory, filter, bounds, last: None, differences: VecDeque::new() }
    }

    /// Returns the number of differences in use.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.differences.len()
    }

    /// Returns the least-squares coefficients of the differences, newest first, that minimise `residual`. Removes the
    /// differences that the filter rejects.
    fn factors(&mut self, residual: &[f64]) -> Vec<f64> {
        let mut basis: Vec<Vec<f64>> = Vec::new();
        // Upper triangle R of the QR decomposition, by columns.
        let mut triangle: Vec<Vec<f64>> = Vec::new();
        let filter = self.filter;
        self.differences.retain(|[change, _]| {
            let (mut rest, mut along) = (change.clone(), Vec::new());
            // The second pass of Gram-Schmidt keeps the basis orthogonal to rounding.
            for pass in 0..2 {
                for (place, direction) in basis.iter().enumerate() {
                    let part = dot(direction, &rest);
                    rest.iter_mut().zip(direction).for_each(|(rest, direction)| *rest -= part * direction);
                    if pass == 0 { along.push(part) } else { along[place] += part }
                }
            }
            let (new, whole) = (dot(&rest, &rest).sqrt(), dot(change, change).sqrt());
            let is_kept = new > filter * whole && new > 0.0;
            if is_kept {
                rest.iter_mut().for_each(|value| *value /= new);
                along.push(new);
                basis.push(rest);
                triangle.push(along);
            }
            is_kept
        });
        let mut factors: Vec<f64> = basis.iter().map(|direction| dot(direction, residual)).collect();
        for column in (0..factors.len()).rev() {
            factors[column] /= triangle[column][column];
            let factor = factors[column];
            for row in 0..column {
                factors[row] -= triangle[column][row] * factor;
            }
        }
        factors
    }
}

impl Accelerate for Anderson {
    fn next(&mut self, x: &mut [f64], followed: &[f64]) {
        let residual: Vec<f64> = followed.iter().zip(&*x).map(|(after, before)| after - before).collect();
        if let Some([last_residual, last_followed]) = self.last.take() {
            let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
            self.differences.push_front([less(&residual, &last_residual), less(followed, &last_followed)]);
            // There are no more linearly independent differences than components.
            self.differences.truncate(self.memory.min(x.len()));
        }
        let factors = self.factors(&residual);
        x.copy_from_slice(followed);
        for (factor, [_, change]) in factors.iter().zip(&self.differences) {
            x.iter_mut().zip(change).for_each(|(x, change)| *x -= factor * change);
        }
        self.bounds.apply(x, followed);
        self.last = Some([residual, followed.to_vec()]);
    }
}

/// Picard iteration with acceleration of the COPs of the next dispatch.
#[derive(Debug, Clone)]
pub struct Accelerated<A> {
    acceleration: A,
    name: &'static str,
    cops: Vec<f64>,
}

impl<A: Accelerate> Accelerated<A> {
    /// Creates the scheme with the method `acceleration`, recorded as `name`.
    #[must_use]
    pub fn by(acceleration: A, name: &'static str) -> Self {
        Self { acceleration, name, cops: Vec::new() }
    }
}

impl<D: Dispatcher, A: Accelerate> Scheme<D> for Accelerated<A> {
    fn plan(
        &mut self,
        _dispatcher: &mut D,
        answer: D::Plan,
        _at: &IterationState<'_, D::Plan>,
    ) -> Result<SchemePlan<D::Plan>, D::Error> {
        Ok(SchemePlan { plan: answer, scheme: self.name, step: 1.0 })
    }

    fn advance(&mut self, cops: &mut CopSeries, followed: &CopSeries) {
        self.cops.clear();
        self.cops.extend(cops.iter());
        let followed: Vec<f64> = followed.iter().copied().collect();
        self.acceleration.next(&mut self.cops, &followed);
        cops.iter_mut().zip(&self.cops).for_each(|(cop, next)| *cop = *next);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FREE: Bounds = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY, at: AtBound::Clamp };

    /// Returns `g(x) = A x + b` with a matrix for which Picard iteration diverges.
    fn linear(x: &[f64]) -> Vec<f64> {
        let a = [[0.5, 0.4, 0.0], [-0.3, 1.2, 0.2], [0.1, 0.0, -0.9]];
        let b = [1.0, -2.0, 0.5];
        a.iter().zip(b).map(|(row, b)| dot(row, x) + b).collect()
    }

    #[test]
    fn the_first_steps_agree_with_a_hand_calculation() {
        // g(x) = (-x1 / 2, x2 / 4) from (1, 1): residuals (-3/2, -3/4); then with a factor of 1/2 from (1/4, 5/8):
        // (-3/8, -15/32).
        let mut aitken = Aitken::new(0.5, FREE);
        let mut x = [1.0, 1.0];
        aitken.next(&mut x, &[-0.5, 0.25]);
        assert_eq!(x, [0.25, 0.625]);
        aitken.next(&mut x, &[-0.125, 0.156_25]);
        // change (9/8, 9/32): -1/2 * (-27/16 - 27/128) / (81/64 + 81/1024) = 1/2 * (243/128) / (1377/1024) = 12/17.
        assert!((aitken.relaxation() - 12.0 / 17.0).abs() < 1e-15);
        assert!((x[0] - (0.25 - 12.0 / 17.0 * 0.375)).abs() < 1e-15);
        // Anderson on one component is the secant method: x = cos x from 1.
        let mut anderson = Anderson::new(5, 1e-10, FREE);
        let mut x = [1.0];
        for expected in [0.540_302_305_868_139_7, 0.728_010_361_467_617_1, 0.739_627_012_630_733_2] {
            let followed = [f64::cos(x[0])];
            anderson.next(&mut x, &followed);
            assert!((x[0] - expected).abs() < 1e-12, "{} instead of {expected}", x[0]);
        }
    }

    #[test]
    fn a_linear_map_is_solved_in_as_many_steps_as_it_has_components() {
        let mut anderson = Anderson::new(10, 1e-12, FREE);
        let mut x = vec![0.0; 3];
        for _ in 0..5 {
            let followed = linear(&x);
            anderson.next(&mut x, &followed);
        }
        let miss = linear(&x).iter().zip(&x).map(|(after, x)| (after - x).abs()).fold(0.0, f64::max);
        assert!(miss < 1e-10, "{miss}");
    }

    #[test]
    fn linearly_dependent_differences_are_removed() {
        let mut anderson = Anderson::new(10, 1e-3, FREE);
        // All differences lie along one direction.
        let mut x = vec![1.0, 2.0];
        for k in 0..6 {
            let followed = vec![x[0] + 0.5f64.powi(k), x[1] + 2.0 * 0.5f64.powi(k)];
            anderson.next(&mut x, &followed);
            assert!(anderson.depth() <= 1);
        }
    }

    #[test]
    fn bounds_are_enforced_in_three_ways() {
        let plain = [2.0, 2.0];
        let bounded = |at| {
            let mut next = [5.0, 2.5];
            Bounds { low: 1.0, high: 4.0, at }.apply(&mut next, &plain);
            next
        };
        assert_eq!(bounded(AtBound::Clamp), [4.0, 2.5]);
        assert_eq!(bounded(AtBound::Discard), plain);
        // The step is shortened to two thirds.
        let scaled = bounded(AtBound::Scale);
        assert!((scaled[0] - 4.0).abs() < 1e-15 && (scaled[1] - (2.0 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn contractions_are_solved_faster_than_by_repetition(
            slopes in proptest::collection::vec(-0.95f64..0.95, 1..6), at in -2i32..3, bend in 0.0f64..0.05,
        ) {
            let goal = f64::from(at);
            let map = |x: &[f64]| -> Vec<f64> {
                let image = |(x, slope): (&f64, &f64)| goal + slope * (x - goal) + bend * (x - goal).sin().powi(2);
                x.iter().zip(&slopes).map(image).collect()
            };
            let steps = |next: &mut dyn FnMut(&mut [f64], &[f64])| {
                let mut x = vec![goal + 1.0; slopes.len()];
                for step in 0..500 {
                    let followed = map(&x);
                    if followed.iter().zip(&x).all(|(after, before)| (after - before).abs() < 1e-9) {
                        return step;
                    }
                    next(&mut x, &followed);
                }
                500
            };
            let plain = steps(&mut |x, followed| x.copy_from_slice(followed));
            let bounds = Bounds { low: goal - 20.0, high: goal + 20.0, at: AtBound::Scale };
            let mut anderson = Anderson::new(5, 1e-8, bounds);
            let accelerated = steps(&mut |x, followed| anderson.next(x, followed));
            prop_assert!(accelerated <= plain + 3, "{accelerated} against {plain}");
            prop_assert!(accelerated < 60, "{accelerated}");
        }
    }
}
