//! Arithmetic on several stretches of time at once.
//!
//! The horizon is cut into [`LANES`] stretches of equal length; a [`Lanes`] holds one number of the same hour of every stretch. All
//! arithmetic is lane by lane and in IEEE double precision without contraction, so the same numbers come out whatever the
//! width of the processor's registers: a compiler that may use AVX turns each operation into one or two instructions, one
//! that may not into four.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// How many stretches of time are worked on side by side.
pub(super) const LANES: usize = 8;

/// One number for each stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Lanes(pub(super) [f64; LANES]);

impl Lanes {
    pub(super) const ZERO: Self = Self([0.0; LANES]);
    pub(super) const ONE: Self = Self([1.0; LANES]);

    /// The same number in every lane.
    #[inline(always)]
    pub(super) fn splat(value: f64) -> Self {
        Self([value; LANES])
    }

    /// Lane by lane the larger of two numbers.
    #[inline(always)]
    pub(super) fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    /// Lane by lane the smaller of two numbers.
    #[inline(always)]
    pub(super) fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    /// The sum over the lanes, in a fixed order.
    #[inline(always)]
    pub(super) fn sum(self) -> f64 {
        let [a, b, c, d, e, f, g, h] = whole(self).0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }

    /// The largest lane.
    #[inline(always)]
    pub(super) fn largest(self) -> f64 {
        whole(self).0.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Every lane's absolute value.
    #[inline(always)]
    pub(super) fn abs(self) -> Self {
        let mut out = self;
        for lane in &mut out.0 {
            *lane = lane.abs();
        }
        out
    }

    /// 1/x where x is above `floor`, 0 elsewhere.
    #[inline(always)]
    pub(super) fn inverse_above(self, floor: Self) -> Self {
        let mut inverse = Self::ONE / self;
        for ((inverse, pivot), floor) in inverse.0.iter_mut().zip(self.0).zip(floor.0) {
            *inverse = if pivot > floor { *inverse } else { 0.0 };
        }
        inverse
    }

    /// The lanes moved on by one: each takes its predecessor's number, the first takes the last one's.
    #[inline(always)]
    pub(super) fn taken_from_previous(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self.0;
        whole(Self([h, a, b, c, d, e, f, g]))
    }

    /// The lanes moved back by one: each takes its successor's number, the last takes the first one's.
    #[inline(always)]
    pub(super) fn taken_from_next(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self.0;
        whole(Self([b, c, d, e, f, g, h, a]))
    }

    // Written out: it is inlined thousands of times, and a loop or an iterator each would cost the compiler minutes.
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let ([a, b, c, d, e, g, h, i], [j, k, l, m, n, o, p, q]) = (self.0, other.0);
        Self([f(a, j), f(b, k), f(c, l), f(d, m), f(e, n), f(g, o), f(h, p), f(i, q)])
    }
}

/// The same numbers. Where lanes meet (a sum over them, a shift by one), a compiler that puts single lanes together to vectors
/// would tear apart all that leads there; it stops here.
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
