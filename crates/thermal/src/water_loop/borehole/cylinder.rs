//! The infinite cylindrical source: the response of a borehole wall at short times.
//!
//! The wall temperature falls by q' / (2 pi k) G(Fo), Fo = a t / r^2, with (Carslaw and Jaeger 1959, *Conduction of
//! Heat in Solids*, eq. 13.5(17) at r = a)
//!
//! G(Fo) = 4/pi^2 integral from 0 to infinity of (1 - e^(-Fo x^2)) / (x^3 (J1(x)^2 + Y1(x)^2)) dx.
//!
//! Over ln x the integrand is analytic and decays exponentially on both sides, so that the trapezoidal rule converges
//! to machine precision.

use std::f64::consts::PI;

/// Step of the trapezoidal rule, in ln x.
const STEP: f64 = 0.15;
/// Bounds of x, sufficient for Fourier numbers from 1e-20 to [`SLENDER`].
const BOUNDS: [f64; 2] = [1e-14, 1e12];
/// Fourier number above which the rate equals that of a line source to twelve digits.
const SLENDER: f64 = 1e13;

/// The cylindrical source, with the Bessel functions at the nodes of its integral.
#[derive(Debug, Clone)]
pub(super) struct CylinderSource {
    /// x^2 and the weight 4/pi^2 STEP / (J1^2 + Y1^2) of each node.
    nodes: Vec<[f64; 2]>,
}

impl CylinderSource {
    pub(super) fn new() -> Self {
        let [from, to] = BOUNDS.map(f64::ln);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred")]
        let count = ((to - from) / STEP).ceil() as u32;
        let node = |index: u32| {
            let x = (from + STEP * f64::from(index)).exp();
            let bessel = libm::j1(x).powi(2) + libm::y1(x).powi(2);
            [x * x, 4.0 / (PI * PI) * STEP / bessel]
        };
        Self { nodes: (0..=count).map(node).collect() }
    }

    /// Returns the response G of the wall at a Fourier number, dimensionless.
    pub(super) fn wall(&self, fourier: f64) -> f64 {
        self.nodes.iter().map(|[square, weight]| weight / square * -(-fourier * square).exp_m1()).sum()
    }

    /// Returns the rate 2 dG / d ln Fo, dimensionless, > 0: 1 after a long time; that of a line source is e^(-1/(4
    /// Fo)).
    pub(super) fn rate(&self, fourier: f64) -> f64 {
        if fourier > SLENDER {
            return 1.0;
        }
        let sum: f64 = self.nodes.iter().map(|[square, weight]| weight * (-fourier * square).exp()).sum();
        2.0 * fourier * sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_is_a_plane_at_first_and_a_line_at_last() {
        let source = CylinderSource::new();
        for fourier in [1e-14, 1e-9, 1e-6, 1e-4] {
            // First terms of the series for small times.
            let plane = 2.0 * (fourier / PI).sqrt() - 0.5 * fourier;
            assert!((source.wall(fourier) / plane - 1.0).abs() < 1e-4, "{fourier}: {}", source.wall(fourier));
        }
        for fourier in [1e3_f64, 1e5, 1e8] {
            let line = 0.5 * ((4.0 * fourier).ln() - 0.577_215_664_901_532_9);
            let error = (source.wall(fourier) - line).abs();
            assert!(error < (4.0 * fourier).ln() / (3.0 * fourier) + 1e-9, "{fourier}: {error}");
            assert!((source.rate(fourier) - 1.0).abs() < (4.0 * fourier).ln() / fourier + 1e-9);
        }
    }

    #[test]
    fn the_rate_is_the_derivative() {
        let source = CylinderSource::new();
        for fourier in [1e-10_f64, 1e-3, 0.1, 1.0, 30.0, 1e4] {
            let width = 1e-3_f64;
            let rise = source.wall(fourier * width.exp()) - source.wall(fourier * (-width).exp());
            let error = (source.rate(fourier) - rise / width).abs();
            assert!(error < 1e-5 * source.rate(fourier), "{fourier}: {error}");
        }
    }
}
