//! Random series made from few numbers, so that failing cases shrink to few.

use anergy::series::Profile;
use proptest::prelude::*;

use super::noise::noise;

/// Number of steps of every series here; a problem with fewer steps takes the first of them.
pub const STEPS: usize = 60;

/// Returns the strategy of series from 0 to 1: always 1, two levels in turn, or noise, with stretches of zeros and with
/// few levels, so that whole stretches of time cost the same.
pub fn shape() -> impl Strategy<Value = Profile> {
    let turns = (1usize..25, 0.0f64..1.0).prop_map(|(length, low)| {
        let value = |step: usize| if (step / length).is_multiple_of(2) { 1.0 } else { low };
        Profile::Series((0..STEPS).map(value).collect())
    });
    let levels = prop_oneof![3 => Just(f64::INFINITY), 1 => Just(2.0), 1 => Just(5.0)];
    let noisy = (any::<u32>(), prop_oneof![Just(0.0), Just(0.5)], levels).prop_map(|(seed, night, levels)| {
        let value = |step: u64| {
            let value = ((noise(u64::from(seed), step) - night) / (1.0 - night)).max(0.0);
            if levels.is_finite() { (value * levels).round() / levels } else { value }
        };
        Profile::Series((0..STEPS as u64).map(value).collect())
    });
    prop_oneof![1 => Just(Profile::Constant(1.0)), 1 => turns, 3 => noisy]
}

/// Returns the strategy of series from `low` to `low + span`.
pub fn between(low: impl Strategy<Value = f64>, span: impl Strategy<Value = f64>) -> impl Strategy<Value = Profile> {
    (low, span, shape()).prop_map(|(low, span, shape)| shape.map(|value| low + span * value))
}

/// Returns the strategy of sizes in units of a site: mostly ordinary, sometimes zero, almost zero, or more than is ever
/// needed.
pub fn size() -> impl Strategy<Value = f64> {
    prop_oneof![10 => 0.1f64..3.0, 1 => Just(1.0), 1 => Just(0.0), 1 => 1e-4f64..1e-2, 1 => 5.0f64..30.0]
}
