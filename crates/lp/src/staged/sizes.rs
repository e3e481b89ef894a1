//! Typical sizes of profiles, values and costs.

use anergy_profile::Profile;

/// Least ratio between neighbouring mean costs that separates penalties from other costs.
const PENALTY_RATIO: f64 = 30.0;

/// Returns the mean of the absolute values that are neither 0 nor infinite; `None` if there are none.
pub(crate) fn mean_size(profile: &Profile) -> Option<f64> {
    match profile {
        Profile::Constant(value) => mean_size_of([*value].into_iter()),
        Profile::Series(values) => mean_size_of(values.iter().copied()),
    }
}

/// Returns the mean of the absolute values that are neither 0 nor infinite; `None` if there are none.
pub(super) fn mean_size_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values.filter(|value| *value != 0.0 && value.is_finite()) {
        sum += value.abs();
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

/// Returns the largest finite absolute value, or 0.
pub(crate) fn largest_size(profile: &Profile) -> f64 {
    let size = |value: f64| if value.is_finite() { value.abs() } else { 0.0 };
    match profile {
        Profile::Constant(value) => size(*value),
        Profile::Series(values) => values.iter().fold(0.0, |largest: f64, value| largest.max(size(*value))),
    }
}

/// Returns the mean sizes of the costs that are not all zero, in ascending order.
pub(crate) fn mean_costs<'a>(costs: impl Iterator<Item = &'a Profile>) -> Vec<f64> {
    let mut sizes: Vec<f64> = costs.filter_map(mean_size).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    sizes
}

/// Returns the cost above which a column is a penalty: of the mean costs in ascending order, the one below the widest
/// ratio between neighbours; infinity if no ratio exceeds [`PENALTY_RATIO`].
pub(crate) fn penalty_threshold(costs: &[f64]) -> f64 {
    let ratio = |pair: &[f64]| pair[1] / pair[0];
    let widest = costs.windows(2).max_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    widest.filter(|pair| ratio(pair) > PENALTY_RATIO).map_or(f64::INFINITY, |pair| pair[0])
}

/// Returns the unit of the scaled costs: the median of the mean costs, or 1 if there are none.
pub(super) fn cost_unit(costs: &[f64]) -> f64 {
    costs.get(costs.len() / 2).copied().unwrap_or(1.0)
}

/// Returns the typical cost of a unit: the median of the mean costs, at most the penalty threshold.
pub(crate) fn typical_cost(costs: &[f64]) -> f64 {
    cost_unit(costs).min(penalty_threshold(costs))
}
