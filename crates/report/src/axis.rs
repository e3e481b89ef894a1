//! The time axis of a report, and the reduction of series to fewer points.

use jiff::civil::DateTime;

/// Evenly spaced moments of local standard time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// The first moment, milliseconds since 1970-01-01 in the same time zone.
    pub start_ms: f64,
    /// The step between moments, milliseconds.
    pub step_ms: f64,
    /// The number of moments.
    pub len: usize,
}

/// The number of milliseconds of a day.
pub const DAY_MS: f64 = 86_400_000.0;

impl Axis {
    /// Returns the axis of a column of time stamps.
    ///
    /// # Errors
    /// The index of the first row that is not a time stamp, or whose distance to the row before differs from the first
    /// step.
    pub fn of(stamps: &[String]) -> Result<Self, usize> {
        let mut moments = Vec::with_capacity(stamps.len());
        for (row, stamp) in stamps.iter().enumerate() {
            moments.push(moment_ms(stamp).ok_or(row)?);
        }
        let start_ms = *moments.first().ok_or(0_usize)?;
        let step_ms = moments.get(1).map_or(3_600_000.0, |second| second - start_ms);
        let uneven = |pair: &[f64]| pair[1] - pair[0] != step_ms || step_ms <= 0.0;
        match moments.windows(2).position(uneven) {
            Some(row) => Err(row + 1),
            None => Ok(Self { start_ms, step_ms, len: stamps.len() }),
        }
    }

    /// Returns the moment of an index, milliseconds.
    #[must_use]
    pub fn at(&self, index: usize) -> f64 {
        self.start_ms + self.step_ms * index as f64
    }

    /// Returns the length of a step, hours.
    #[must_use]
    pub fn step_hours(&self) -> f64 {
        self.step_ms / 3_600_000.0
    }

    /// Returns the length of the axis, days.
    #[must_use]
    pub fn days(&self) -> f64 {
        self.step_ms * self.len as f64 / DAY_MS
    }

    /// Returns the number of steps per day; `None` where it is not a whole number.
    #[must_use]
    pub fn steps_per_day(&self) -> Option<usize> {
        let steps = DAY_MS / self.step_ms;
        (steps.fract() == 0.0 && steps >= 2.0).then_some(steps as usize)
    }

    /// Returns the axis of blocks of `block` moments.
    #[must_use]
    pub fn coarser(&self, block: usize) -> Self {
        Self { step_ms: self.step_ms * block as f64, len: self.len.div_ceil(block), ..*self }
    }
}

fn moment_ms(stamp: &str) -> Option<f64> {
    let moment: DateTime = stamp.parse().ok()?;
    let zoned = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_millisecond() as f64)
}

/// Returns means over blocks of `block` values, without NaN; the last block may be shorter.
#[must_use]
pub fn means(values: &[f64], block: usize) -> Vec<f64> {
    let mean = |block: &[f64]| {
        let known = block.iter().filter(|value| !value.is_nan());
        known.clone().sum::<f64>() / known.count() as f64
    };
    values.chunks(block.max(1)).map(mean).collect()
}

/// Returns the smallest and the largest value of each block, in their order in time: a line of `2 n / block` points
/// that keeps its peaks. The last block may be shorter.
#[must_use]
pub fn envelope(values: &[f64], block: usize) -> Vec<f64> {
    if block < 3 {
        return values.to_vec();
    }
    let ends = |block: &[f64]| {
        let [mut low, mut high] = [0; 2];
        for (index, value) in block.iter().enumerate() {
            if *value < block[low] {
                low = index;
            }
            if *value > block[high] {
                high = index;
            }
        }
        [block[low.min(high)], block[low.max(high)]]
    };
    values.chunks(block).flat_map(ends).collect()
}

/// Returns the duration curve of values: `points` (at least two) of the values in descending order, equidistant,
/// including the first and the last; all values where there are fewer.
#[must_use]
pub fn duration(values: &[f64], points: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let points = points.max(2);
    if sorted.len() <= points {
        return sorted;
    }
    (0..points).map(|index| sorted[index * (sorted.len() - 1) / (points - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stamps_become_an_axis() {
        let stamps = ["2019-02-28 23:30:00", "2019-03-01 00:00:00", "2019-03-01 00:30:00"].map(str::to_owned);
        let axis = Axis::of(&stamps).unwrap();
        assert_eq!((axis.step_hours(), axis.steps_per_day(), axis.len), (0.5, Some(48), 3));
        assert_eq!(axis.at(2) - axis.at(0), 3_600_000.0);
        assert_eq!(Axis::of(&["yesterday".to_owned()]), Err(0));
        let gap = ["2019-02-28 23:00:00", "2019-03-01 00:00:00", "2019-03-01 02:00:00"].map(str::to_owned);
        assert_eq!(Axis::of(&gap), Err(2));
        assert_eq!(duration(&[1.0, 3.0, 2.0], 1), [3.0, 1.0]);
        let means = means(&[f64::NAN, 1.0, f64::NAN, f64::NAN], 2);
        assert!(means[0] == 1.0 && means[1].is_nan());
        assert_eq!(axis.coarser(2).len, 2);
    }

    proptest! {
        #[test]
        fn aggregated_series_keep_means_and_peaks(
            values in proptest::collection::vec(-1e3..1e3, 1..300), block in 1_usize..20,
        ) {
            let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
            let line = envelope(&values, block);
            prop_assert_eq!((most(&line), least(&line)), (most(&values), least(&values)));
            let sorted = duration(&values, 20);
            prop_assert!(sorted.is_sorted_by(|a, b| a >= b));
            prop_assert_eq!((sorted[0], *sorted.last().unwrap()), (most(&values), least(&values)));
            let means = means(&values, block);
            prop_assert_eq!(means.len(), values.len().div_ceil(block));
            prop_assert!(most(&means) <= most(&values) + 1e-9 && least(&means) >= least(&values) - 1e-9);
        }
    }
}
