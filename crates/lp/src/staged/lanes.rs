//! Arithmetic on several stretches of time at once.
//!
//! The horizon is divided into [`LANES`] stretches of equal length; a [`Lanes`] holds one number of the same step of
//! every stretch. All arithmetic is lane by lane, in IEEE double precision and without contraction, so that the results
//! do not depend on the width of the processor's registers: with AVX each operation is compiled to one or two
//! instructions, without it to four.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// Number of stretches of time that are processed side by side.
pub(super) const LANES: usize = 8;

/// One number for each stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Lanes(pub(super) [f64; LANES]);

impl Lanes {
    pub(super) const ZERO: Self = Self([0.0; LANES]);
    pub(super) const ONE: Self = Self([1.0; LANES]);

    /// Creates lanes that all hold `value`.
    #[inline(always)]
    pub(super) fn splat(value: f64) -> Self {
        Self([value; LANES])
    }

    /// Returns the larger number of each lane.
    #[inline(always)]
    pub(super) fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    /// Returns the smaller number of each lane.
    #[inline(always)]
    pub(super) fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    /// Returns the sum over the lanes, in a fixed order.
    #[inline(always)]
    pub(super) fn sum(self) -> f64 {
        let [a, b, c, d, e, f, g, h] = whole(self).0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }

    /// Returns the largest lane.
    #[inline(always)]
    pub(super) fn largest(self) -> f64 {
        whole(self).0.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Returns the absolute value of each lane.
    #[inline(always)]
    pub(super) fn abs(self) -> Self {
        let mut out = self;
        for lane in &mut out.0 {
            *lane = lane.abs();
        }
        out
    }

    /// Returns the square root of each lane.
    #[inline(always)]
    pub(super) fn sqrt(self) -> Self {
        let mut out = self;
        for lane in &mut out.0 {
            *lane = lane.sqrt();
        }
        out
    }

    /// Returns 1/x where x is above `floor`, and 0 elsewhere.
    #[inline(always)]
    pub(super) fn inverse_above(self, floor: Self) -> Self {
        let mut inverse = Self::ONE / self;
        for ((inverse, pivot), floor) in inverse.0.iter_mut().zip(self.0).zip(floor.0) {
            *inverse = if pivot > floor { *inverse } else { 0.0 };
        }
        inverse
    }

    /// Returns the lanes moved on by one: each takes the number of its predecessor, the first that of the last.
    #[inline(always)]
    pub(super) fn rotated_from_previous(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self.0;
        whole(Self([h, a, b, c, d, e, f, g]))
    }

    /// Returns the lanes moved back by one: each takes the number of its successor, the last that of the first.
    #[inline(always)]
    pub(super) fn rotated_from_next(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self.0;
        whole(Self([b, c, d, e, f, g, h, a]))
    }

    // Written out, because it is inlined thousands of times: a loop or an iterator would cost minutes of compile time.
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let ([a, b, c, d, e, g, h, i], [j, k, l, m, n, o, p, q]) = (self.0, other.0);
        Self([f(a, j), f(b, k), f(c, l), f(d, m), f(e, n), f(g, o), f(h, p), f(i, q)])
    }
}

/// Returns the same numbers and keeps the compiler from vectorising across the lanes here. Where lanes meet (in a sum
/// or a shift), it would otherwise split up the vectors of all operations before.
#[inline(always)]
fn whole(lanes: Lanes) -> Lanes {
    std::hint::black_box(lanes)
}

macro_rules! lane_by_lane {
    ($($trait:ident $method:ident $op:tt;)*) => {$(
        impl $trait for Lanes {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let (a, b) = (self.0, other.0);
                Self([
                    a[0] $op b[0],
                    a[1] $op b[1],
                    a[2] $op b[2],
                    a[3] $op b[3],
                    a[4] $op b[4],
                    a[5] $op b[5],
                    a[6] $op b[6],
                    a[7] $op b[7],
                ])
            }
        }
    )*};
}

lane_by_lane! { Add add +; Sub sub -; Mul mul *; Div div /; }

impl Neg for Lanes {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Lanes {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// Computes the product of an n x m and an m x l matrix, row by row.
#[inline(always)]
pub(super) fn multiply(a: &[Lanes], b: &[Lanes], out: &mut [Lanes], [n, m, l]: [usize; 3]) {
    for row in 0..n {
        for column in 0..l {
            let mut sum = Lanes::ZERO;
            for inner in 0..m {
                sum += a[row * m + inner] * b[inner * l + column];
            }
            out[row * l + column] = sum;
        }
    }
}
