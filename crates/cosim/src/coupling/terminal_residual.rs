//! The terminal residual: the last change of the loop temperature, when it occurred, and the estimated distance from
//! an equilibrium.

use ndarray::Array1;
use serde::Serialize;

use super::{Distance, Record};

/// Number of steps with the largest changes that are listed.
const NAMED: usize = 3;
/// Number of iterations whose residuals are compared.
const COMPARED: usize = 3;

/// The terminal residual: the last change of the loop temperature, and its estimated distance from a fixed point.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Unrest {
    /// Number of times at which the temperature changed by more than the tolerance in the last iteration.
    pub moments: usize,
    /// Number of all times, steps + 1.
    pub of: usize,
    /// Times of the largest changes, largest first: index into the loop temperatures, and change in K.
    pub worst: Vec<(usize, f64)>,
    /// Estimated distance of the loop temperature from a fixed point.
    pub distance: Distance,
}

impl Unrest {
    /// Computes the residual of the last two of `temperatures`; changes above `tolerance_k` count.
    pub(super) fn of(records: &[Record], temperatures: &[Array1<f64>], tolerance_k: f64) -> Self {
        let distance = distance_of(records);
        let [.., before, now] = temperatures else { return Self { distance, ..Self::default() } };
        let changes = before.iter().zip(now).map(|(before, now)| (now - before).abs());
        let mut moved: Vec<(usize, f64)> = changes.enumerate().filter(|(_, change)| *change > tolerance_k).collect();
        let moments = moved.len();
        moved.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        moved.truncate(NAMED);
        Self { moments, of: now.len(), worst: moved, distance }
    }
}

/// Estimates the distance of the loop temperature from a fixed point, K, from the residuals of the last iterations.
fn distance_of(records: &[Record]) -> Distance {
    let Some(last) = records.last() else { return Distance::Unknown };
    let Some(residual) = last.residual else { return Distance::Unknown };
    if last.is_average() {
        return Distance::WholeStep { distance_k: residual.max_k / last.step };
    }
    let of_its_kind = records.iter().rev().take_while(|record| record.scheme == last.scheme);
    let steps: Vec<f64> =
        of_its_kind.take(COMPARED).filter_map(|record| record.residual).map(|residual| residual.max_k).collect();
    let rates = steps.windows(2).map(|pair| if pair[0] == 0.0 { 0.0 } else { pair[0] / pair[1] });
    let rate = rates.fold(0.0_f64, f64::max);
    match steps.len() == COMPARED && rate < 1.0 {
        true => Distance::Extrapolated { distance_k: residual.max_k * rate / (1.0 - rate), rate },
        false => Distance::Unknown,
    }
}

/// Returns the estimate and its method as text.
pub(super) fn distance_in_words(distance: Distance) -> String {
    match distance {
        Distance::Extrapolated { distance_k, rate } => format!(
            "steps shrink to {:.0} % each, so the temperature would go on by some {distance_k:.2e} K",
            100.0 * rate
        ),
        Distance::WholeStep { distance_k } => {
            format!("a whole step to the best plan would move the temperature by some {distance_k:.2} K")
        }
        Distance::Unknown => "how far the temperature would still go cannot be told from its steps".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coupling::{LoopResponse, Residual};
    use ndarray::{Array2, array};

    fn record(iteration: usize, step: f64, max_k: f64) -> Record {
        let residual = Residual { mean_relative: 0.0, mean_k: 0.0, max_k, at: 0 };
        let scheme = if step < 1.0 { "msa" } else { "picard" };
        let record = Record::of_response(iteration, (scheme, step), &Array2::ones((1, 2)), &LoopResponse::zeros(1, 2));
        Record { residual: Some(residual), ..record }
    }

    #[test]
    fn the_limit_of_a_geometric_series_is_extrapolated() {
        let records: Vec<_> = (0..4).map(|k| record(k, 1.0, 0.5_f64.powi(i32::try_from(k).unwrap()))).collect();
        // 1/16 + 1/32 + ... = 1/8.
        assert_eq!(distance_of(&records), Distance::Extrapolated { distance_k: 0.125, rate: 0.5 });
        assert_eq!(distance_of(&records[..2]), Distance::Unknown, "two steps are no series");
        let growing: Vec<_> = records.iter().rev().cloned().collect();
        assert_eq!(distance_of(&growing), Distance::Unknown);
        assert_eq!(distance_of(&[record(0, 0.25, 0.5)]), Distance::WholeStep { distance_k: 2.0 });
    }

    #[test]
    fn the_times_of_the_largest_changes_are_listed_in_order() {
        let temperatures = [array![10.0, 10.0, 10.0, 10.0, 10.0, 10.0], array![10.0, 10.5, 9.0, 10.001, 10.2, 10.3]];
        let Unrest { moments, of, worst, .. } = Unrest::of(&[], &temperatures, 0.01);
        assert_eq!((moments, of), (4, 6));
        let worst: Vec<_> = worst.into_iter().map(|(at, change)| (at, (change * 1e6).round())).collect();
        assert_eq!(worst, [(2, 1e6), (1, 5e5), (5, 3e5)]);
    }
}
