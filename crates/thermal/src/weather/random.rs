//! Pseudo-random numbers whose sequence does not depend on versions or platforms.

use std::f64::consts::TAU;

/// The generator `SplitMix64` (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195): one word of state,
/// incremented by the golden ratio and mixed. It is not cryptographically secure.
#[derive(Debug, Clone)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// Creates the generator with `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: it never ends")]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number of the uniform distribution over 0 < x <= 1, in steps of 2^-53.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number of the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }

    /// Returns `count` numbers of a stationary first-order autoregression of mean 0 and standard deviation 1: each is
    /// `persistence` (0 to 1) times its predecessor, plus new noise.
    pub fn persistent(&mut self, persistence: f64, count: usize) -> Vec<f64> {
        let fresh = (1.0 - persistence * persistence).max(0.0).sqrt();
        let mut value = self.normal();
        (0..count)
            .map(|_| {
                let now = value;
                value = persistence * value + fresh * self.normal();
                now
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence_of_seed_zero() {
        let mut random = SplitMix64::new(0);
        assert_eq!(random.next(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(random.next(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_spread_one_and_persist() {
        let values = SplitMix64::new(7).persistent(0.6, 200_000);
        let mean = values.iter().sum::<f64>() / 2e5;
        let of_lag = |lag: usize| values.iter().zip(&values[lag..]).map(|(a, b)| a * b).sum::<f64>() / 2e5;
        assert!(mean.abs() < 0.02 && (of_lag(0) - 1.0).abs() < 0.03 && (of_lag(1) - 0.6).abs() < 0.03);
    }
}
