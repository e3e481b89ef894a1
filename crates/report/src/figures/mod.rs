//! The figures of a run.

pub(super) mod carpet;
pub(super) mod convergence;
pub(super) mod dispatch;
pub(super) mod durations;
pub(super) mod map;
pub(super) mod prices;
pub(super) mod sankey;
pub(super) mod storage;
pub(super) mod temperature;

use super::axis::{Axis, means};

/// The largest number of values in all series of a page; above it, time is aggregated.
const MOST_VALUES: usize = 1_200_000;

/// The resolution of time in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grain {
    /// The number of steps that are averaged to one value.
    pub(super) block: usize,
}

impl Grain {
    /// Returns the finest resolution for `series` series of `steps` steps: single steps, or a divisor of the `per_day`
    /// steps of a day.
    pub(super) fn of(series: usize, steps: usize, per_day: Option<usize>) -> Self {
        let most = MOST_VALUES / series.max(1);
        let fits = |block: &usize| steps.div_ceil(*block) <= most;
        let day = per_day.unwrap_or(1);
        let divisors = (1..=day).filter(|block| day.is_multiple_of(*block));
        let block = divisors.clone().find(fits).unwrap_or_else(|| day * steps.div_ceil(most.max(1) * day));
        Self { block }
    }

    pub(super) fn axis(self, axis: &Axis) -> Axis {
        if self.block == 1 { *axis } else { axis.coarser(self.block) }
    }

    pub(super) fn values(self, values: &[f64]) -> Vec<f64> {
        if self.block == 1 { values.to_vec() } else { means(values, self.block) }
    }
}

/// Returns a number as text: three significant digits, thousands separated.
pub(super) fn number(value: f64) -> String {
    // Minus zero is written as zero.
    let value = value + 0.0;
    let size = value.abs();
    let digits = match size {
        0.0 => 0,
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ => return if size >= 1e-3 { format!("{value:.3}") } else { format!("{value:.1e}") },
    };
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(whole, part)| (whole, Some(part)));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let mut grouped = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            // A narrow no-break space.
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    fraction.map_or(grouped.clone(), |fraction| format!("{grouped}.{fraction}"))
}

/// Returns the distinct values of a column, in order.
pub(super) fn levels(values: &[f64]) -> Vec<f64> {
    let mut levels: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    levels
}

/// Returns minimum, mean and maximum, without NaN; `None` where there is no number.
pub(super) fn extremes(values: &[f64]) -> Option<[f64; 3]> {
    let known = || values.iter().copied().filter(|value| value.is_finite());
    let count = known().count();
    let least = known().fold(f64::INFINITY, f64::min);
    let most = known().fold(f64::NEG_INFINITY, f64::max);
    (count > 0).then(|| [least, known().sum::<f64>() / count as f64, most])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (1234567.8, "1\u{202f}234\u{202f}568"),
            (-12.345, "-12.3"),
            (0.0123, "0.012"),
            (4e-7, "4.0e-7"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(-123456.0), "-123\u{202f}456");
    }

    #[test]
    fn long_series_are_aggregated() {
        assert_eq!(Grain::of(100, 8760, Some(24)).block, 1);
        assert_eq!(Grain::of(100, 35040, Some(96)).block, 3);
        assert_eq!(Grain::of(1000, 8760, Some(24)).block, 8);
        let grain = Grain::of(100_000, 8760, Some(24));
        assert!(grain.block > 24 && 8760_usize.div_ceil(grain.block) * 100_000 <= MOST_VALUES);
        assert_eq!(extremes(&[f64::NAN, 1.0, 3.0]), Some([1.0, 2.0, 3.0]));
        assert_eq!(extremes(&[]), None);
    }
}
