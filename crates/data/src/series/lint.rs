//! Detection of suspicious values in a series: gaps, and values a hundred times too large.

/// The smallest ratio of an outlier to its neighbours.
const TIMES_NEIGHBOURS: f64 = 100.0;
/// The smallest ratio of an outlier to all other values of the series: after a zero, an ordinary value has a large
/// ratio to its neighbours.
const TIMES_OTHERS: f64 = 10.0;
/// The largest number of consecutive outliers; a longer block is a mode of operation.
const LONGEST_BLOCK: usize = 3;
/// At most one step in this many is an outlier (or [`LONGEST_BLOCK`] in all): a value that occurs more often belongs to
/// the series.
const RARE: usize = 1000;

/// A value far from all others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlier {
    /// The step of the value.
    pub step: usize,
    /// The value.
    pub value: f64,
    /// The nearest ordinary values before and after it; NaN at an end of the series.
    pub neighbours: [f64; 2],
    /// The ratio to the largest value (in absolute size) that is not an outlier.
    pub times: f64,
}

/// Consecutive steps without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesGap {
    /// The first step of the gap.
    pub first: usize,
    /// The number of steps.
    pub steps: usize,
}

/// Returns the runs of NaN in `values`, in order.
#[must_use]
pub fn gaps(values: &[f64]) -> Vec<SeriesGap> {
    let mut gaps: Vec<SeriesGap> = Vec::new();
    for (step, _) in values.iter().enumerate().filter(|(_, value)| value.is_nan()) {
        match gaps.last_mut() {
            Some(gap) if gap.first + gap.steps == step => gap.steps += 1,
            _ => gaps.push(SeriesGap { first: step, steps: 1 }),
        }
    }
    gaps
}

/// Returns the values that are implausibly large, in order, such as after a missing decimal point or a wrong unit in a
/// few rows.
///
/// All sizes are absolute and gaps are skipped. A value is an outlier if it
/// - is at least 100 times both its neighbours, or is in a block of at most 3 such values;
/// - is at least 10 times every value that is not an outlier, at least one of which is not zero. The first hour of a
///   heating season, a sunrise, and the only hour in which a machine runs are no outliers;
/// - is rare: an hourly year has at most 8. A machine that starts every week is not an outlier.
#[must_use]
pub fn outliers(values: &[f64]) -> Vec<Outlier> {
    let known: Vec<usize> = (0..values.len()).filter(|&step| values[step].is_finite()).collect();
    let sizes: Vec<f64> = known.iter().map(|&step| values[step].abs()).collect();
    let blocks: Vec<_> = (0..sizes.len()).map(|index| standing_out(&sizes, index)).collect();

    let mut by_size: Vec<usize> = (0..sizes.len()).filter(|&index| blocks[index].is_some()).collect();
    by_size.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]));
    let ordinary = (0..sizes.len()).filter(|&index| blocks[index].is_none()).map(|index| sizes[index]);
    let ordinary = ordinary.fold(0.0, f64::max);
    // `rest(count)` is the largest value that remains without the `count` largest; the largest count with a wide margin
    // is taken.
    let rest = |count: usize| by_size.get(count).map_or(ordinary, |&index| sizes[index].max(ordinary));
    let most = by_size.len().min(LONGEST_BLOCK.max(values.len() / RARE));
    let count = (1..=most).rev().find(|&count| {
        let rest = rest(count);
        rest > 0.0 && sizes[by_size[count - 1]] >= TIMES_OTHERS * rest
    });
    let count = count.unwrap_or(0);
    let mut found: Vec<Outlier> = by_size[..count]
        .iter()
        .filter_map(|&index| {
            let neighbours = blocks[index]?.map(|near| near.map_or(f64::NAN, |near| values[known[near]]));
            let step = known[index];
            Some(Outlier { step, value: values[step], neighbours, times: sizes[index] / rest(count) })
        })
        .collect();
    found.sort_by_key(|outlier| outlier.step);
    found
}

/// Returns the neighbours of the shortest block around `index` of which every value exceeds both of them by the factor.
/// At an end of the series, where a neighbour is missing, only a single value can be an outlier: a longer block may
/// continue beyond the end.
fn standing_out(sizes: &[f64], index: usize) -> Option<[Option<usize>; 2]> {
    let blocks = (1..=LONGEST_BLOCK).flat_map(|len| (0..len).map(move |back| (index.checked_sub(back), len)));
    blocks.filter_map(|(first, len)| Some((first?, len))).find_map(|(first, len)| {
        let block = sizes.get(first..first + len)?;
        let neighbours = [first.checked_sub(1), Some(first + len).filter(|&next| next < sizes.len())];
        let near = || neighbours.iter().flatten().map(|&near| sizes[near]);
        let limit = TIMES_NEIGHBOURS * near().fold(0.0, f64::max);
        let seen = near().count() == 2 || (near().count() == 1 && len == 1);
        (seen && block.iter().all(|&size| size > 0.0 && size >= limit)).then_some(neighbours)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAN: f64 = f64::NAN;
    const HOURS: usize = 8760;

    fn steps(values: &[f64]) -> Vec<usize> {
        outliers(values).iter().map(|outlier| outlier.step).collect()
    }

    /// Returns a demand with a daily and a yearly period, 1.2 to 4.8.
    fn year() -> Vec<f64> {
        let turn = |hour: usize, period: f64| (hour as f64 / period * std::f64::consts::TAU).sin();
        (0..HOURS).map(|hour| 3.0 + 0.8 * turn(hour, 24.0) + turn(hour, 8760.0)).collect()
    }

    fn with(changes: &[(usize, f64)]) -> Vec<f64> {
        let mut values = year();
        for &(step, value) in changes {
            values[step] = value;
        }
        values
    }

    #[test]
    fn a_lost_decimal_point_is_reported_with_neighbours() {
        let values: Vec<f64> = with(&[(7000, 3412.0)]).iter().map(|value| -value).collect();
        let largest = year().iter().copied().fold(0.0, f64::max);
        let expected =
            Outlier { step: 7000, value: -3412.0, neighbours: [values[6999], values[7001]], times: 3412.0 / largest };
        assert_eq!(outliers(&values), [expected]);
    }

    #[test]
    fn several_outliers_are_found_at_any_position() {
        assert_eq!(steps(&with(&[(100, 3e3), (5000, 4e3)])), [100, 5000]);
        assert_eq!(steps(&with(&[(0, 3e3), (HOURS - 1, -4e3)])), [0, HOURS - 1]);
        assert_eq!(steps(&with(&[(100, 3e3), (5000, 4e6)])), [100, 5000], "the larger does not hide the smaller");
        let block = [(50, 2e3), (51, 3e4), (52, -2e3)];
        assert_eq!(steps(&with(&block)), [50, 51, 52]);
        assert_eq!(outliers(&with(&block))[1].neighbours, [year()[49], year()[53]]);
        assert_eq!(steps(&with(&[(50, 2e3), (51, NAN), (52, NAN), (60, 3e3)])), [50, 60]);
    }

    #[test]
    fn outliers_are_found_beside_gaps() {
        let values = with(&[(49, NAN), (50, 3e3), (51, NAN), (52, NAN)]);
        assert_eq!(steps(&values), [50]);
        assert_eq!(outliers(&values)[0].neighbours, [year()[48], year()[53]]);
        assert_eq!(gaps(&values), [SeriesGap { first: 49, steps: 1 }, SeriesGap { first: 51, steps: 2 }]);
        assert_eq!(gaps(&[NAN, NAN]), [SeriesGap { first: 0, steps: 2 }]);
        assert_eq!(gaps(&year()), []);
    }

    #[test]
    fn ordinary_variation_is_no_outlier() {
        let sun = |hour: usize| (0.9 * ((hour % 24) as f64 / 24.0 * std::f64::consts::TAU - 1.6).sin()).max(0.0);
        let mut sun: Vec<f64> = (0..HOURS).map(sun).collect();
        sun[6] = 1e-4;
        let heating = |hour: usize| if hour < 3000 { 0.0 } else { 30.0 + (hour % 24) as f64 };
        let pulses = |every: usize, base: f64| move |hour: usize| if hour % every == 5 { 1000.0 } else { base };
        let all = |of: &dyn Fn(usize) -> f64| (0..HOURS).map(of).collect::<Vec<f64>>();
        let cases = [
            ("sunrise", sun),
            ("sunrise alone", vec![0.0, 0.01, 0.2, 0.4]),
            ("heating season", all(&heating)),
            ("its first hour", vec![0.0, 0.0, 30.0, 40.0]),
            ("its first hour, cut off", vec![0.1, 0.1, 0.0, 0.0, 30.0, 40.0]),
            ("cooling", all(&|hour| -heating(hour))),
            ("on and off", all(&pulses(24, 0.0))),
            ("on and off with standby", all(&pulses(168, 1.0))),
            ("once", all(&pulses(HOURS, 0.0))),
            ("four hours at once", with(&[(50, 3e3), (51, 3e3), (52, 3e3), (53, 3e3)])),
            ("constant", vec![7.0; HOURS]),
            ("zero", vec![0.0; HOURS]),
            ("nothing", vec![]),
            ("one", vec![1e9]),
            ("gaps alone", vec![NAN; 9]),
            ("a scarce hour", with(&[(50, 40.0)])),
        ];
        for (name, values) in cases {
            assert_eq!(outliers(&values), [], "{name}");
        }
    }

    fn smooth() -> impl Strategy<Value = Vec<f64>> {
        let factors = proptest::collection::vec(0.7f64..1.4, 3..400);
        (factors, 0.1f64..50.0).prop_map(|(factors, start)| {
            let next = |value: &mut f64, factor: f64| {
                // The walk is clamped, so that the largest value is at most 50 times the smallest.
                *value = (*value * factor).clamp(1.0, 50.0);
                Some(*value)
            };
            factors.into_iter().scan(start.max(1.0), next).collect()
        })
    }

    proptest! {
        #[test]
        fn one_value_a_thousand_times_too_large_is_found_and_nothing_else(
            mut values in smooth(),
            at in any::<proptest::sample::Index>(),
            gap in any::<proptest::sample::Index>(),
            scale in prop_oneof![1e-9f64..1e9, -1e3f64..-1e-3],
        ) {
            prop_assert_eq!(outliers(&values), []);
            let (at, gap) = (at.index(values.len()), gap.index(values.len()));
            values[at] *= 1000.0;
            if gap != at {
                values[gap] = NAN;
            }
            prop_assert_eq!(steps(&values), [at]);
            let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
            prop_assert_eq!(steps(&scaled), [at]);
        }

        #[test]
        fn outliers_do_not_depend_on_scale_and_sign(
            values in proptest::collection::vec(
                prop_oneof![4 => 1.0f64..3.0, 2 => Just(0.0), 1 => 100.0f64..1e4, 1 => 1e-3f64..1e-1, 1 => Just(NAN)],
                0..60,
            ),
            power in -40i32..40,
        ) {
            let scaled: Vec<f64> = values.iter().map(|value| -value * 2f64.powi(power)).collect();
            prop_assert_eq!(steps(&scaled), steps(&values));
        }

        #[test]
        fn gaps_cover_exactly_the_missing_values(missing in proptest::collection::vec(any::<bool>(), 0..60)) {
            let values: Vec<f64> = missing.iter().map(|&missing| if missing { NAN } else { 1.0 }).collect();
            let mut covered = vec![false; values.len()];
            for gap in gaps(&values) {
                prop_assert!(gap.first == 0 || !covered[gap.first - 1], "runs are whole");
                covered[gap.first..gap.first + gap.steps].fill(true);
            }
            prop_assert_eq!(covered, missing);
        }

        #[test]
        fn any_numbers_are_accepted(values in proptest::collection::vec(any::<f64>(), 0..40)) {
            for outlier in outliers(&values) {
                prop_assert!(outlier.times >= TIMES_OTHERS && outlier.value.to_bits() == values[outlier.step].to_bits());
            }
        }
    }
}
