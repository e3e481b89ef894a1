//! Designs: the cases of a sweep from its parameters, as all combinations, row by row, or as points spread over the
//! parameter space.

use anergy_config::Request;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use sobol::Sobol;
use sobol::params::JoeKuoD6;

use super::parameter::{BASE, SCENARIO, Scale, Spread, Varied, WINDOW, window};
use super::values::{Scalar, Values};

/// The largest number of cases of a sweep, before its constraints.
pub const MOST_CASES: u32 = 10_000_000;

/// The largest number of parameters of a Sobol sequence.
pub const MOST_SOBOL_PARAMETERS: usize = 1000;

/// The design of a sweep. The same parameters, design and seed give the same cases; on another machine the last digit
/// of logarithmically spread values may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Every combination of the values; the last parameter varies fastest.
    Grid,
    /// The first values of all parameters, then the second ones, and so on.
    Zip,
    /// A Latin hypercube (McKay, Beckman and Conover 1979, doi:10.2307/1268522): the range of every parameter is
    /// divided into as many strata as there are cases, each stratum has one case at a random place in it, and the
    /// strata of different parameters are paired at random. A list of values counts as a range that is divided equally
    /// among the values. The draws of a parameter depend only on the seed, the number of cases, and the parameter's
    /// position.
    LatinHypercube {
        /// Number of cases, at least 1.
        cases: u32,
        /// Seed of the draws.
        seed: u64,
    },
    /// The first points of the Sobol sequence with the direction numbers of Joe and Kuo (2008, doi:10.1137/070709359),
    /// in the order of the Gray code. The first point is the origin, every parameter at its minimum, and is included:
    /// without it the first 2^k points are not a net (Owen 2020, arXiv:2008.08051). A list of values counts as a range
    /// that is divided equally among them.
    Sobol {
        /// Number of cases, at least 1; the coverage is best for powers of 2.
        cases: u32,
        /// 0 for the plain sequence; any other seed draws a digital shift, which preserves the uniformity.
        seed: u64,
    },
}

/// The cases of a sweep, as columns of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Cases {
    /// The parameters, in the order of the file.
    pub parameters: Vec<Parameter>,
}

/// A parameter and its value in each case.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Dotted key as after `--set`, or `scenario`, or `window`.
    pub key: String,
    /// Short name, as in constraints and tables.
    pub name: String,
    /// The value in each case.
    pub values: Values,
}

impl Cases {
    /// Returns the number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parameters.first().map_or(0, |parameter| parameter.values.len())
    }

    /// Returns whether there are no cases.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the request of case `case`: the base case with the case's scenario, window and settings. The scenario
    /// `base` is that of the base case.
    #[must_use]
    pub fn request(&self, base: &Request, case: usize) -> Request {
        let mut request = base.clone();
        for parameter in &self.parameters {
            put(&mut request, &parameter.key, &parameter.written(case));
        }
        request
    }
}

impl Cases {
    /// Returns the parameters and their values in case `case`, in words.
    #[must_use]
    pub fn told(&self, case: usize) -> String {
        let told = self.parameters.iter().map(|parameter| format!("{} = {}", parameter.name, parameter.written(case)));
        told.collect::<Vec<_>>().join(", ")
    }
}

impl Parameter {
    /// Returns the value in case `case` as [`put`] expects it.
    pub(super) fn written(&self, case: usize) -> String {
        match self.key.as_str() {
            SCENARIO | WINDOW => self.values.plain(case),
            _ => self.values.text(case),
        }
    }
}

/// Sets a parameter in a request: a scenario or window unchanged, any other as after `--set KEY=`.
pub(super) fn put(request: &mut Request, key: &str, written: &str) {
    match key {
        SCENARIO if written == BASE => {}
        SCENARIO => request.scenario = Some(written.to_owned()),
        // The reader of the file has checked that the window is valid.
        WINDOW => request.window = window(written).ok(),
        _ => request.settings.push(format!("{key}={written}")),
    }
}

impl Design {
    /// Returns the number of cases before constraints.
    pub(super) fn count(&self, parameters: &[Varied]) -> u128 {
        let values = |parameter: &Varied| match &parameter.spread {
            Spread::Values(values) => values.len() as u128,
            Spread::Between { .. } => 1,
        };
        match self {
            Self::Grid => parameters.iter().map(values).fold(1, u128::saturating_mul),
            Self::Zip => parameters.first().map_or(0, values),
            Self::LatinHypercube { cases, .. } | Self::Sobol { cases, .. } => u128::from(*cases),
        }
    }

    /// Returns all cases. The reader has checked that parameters and design match, and that there are at most
    /// [`MOST_CASES`].
    pub(super) fn cases(&self, parameters: &[Varied]) -> Cases {
        let columns = match *self {
            Self::Grid => grid(parameters),
            Self::Zip => parameters.iter().map(|parameter| row_by_row(&parameter.spread)).collect(),
            Self::LatinHypercube { cases, seed } => {
                let stratified = |(index, parameter): (usize, &Varied)| {
                    placed(&parameter.spread, latin_hypercube(cases, seed, index as u64).into_iter())
                };
                parameters.iter().enumerate().map(stratified).collect()
            }
            Self::Sobol { cases, seed } => sobol_points(parameters.len(), cases, seed)
                .into_iter()
                .zip(parameters)
                .map(|(column, parameter)| placed(&parameter.spread, column.into_iter()))
                .collect(),
        };
        let named = |(parameter, values): (&Varied, Values)| Parameter {
            key: parameter.key.clone(),
            name: parameter.name.clone(),
            values,
        };
        Cases { parameters: parameters.iter().zip(columns).map(named).collect() }
    }
}

fn choices(spread: &Spread) -> Vec<Scalar> {
    match spread {
        Spread::Values(values) => values.clone(),
        Spread::Between { .. } => Vec::new(),
    }
}

fn grid(parameters: &[Varied]) -> Vec<Values> {
    let choices: Vec<Vec<Scalar>> = parameters.iter().map(|parameter| choices(&parameter.spread)).collect();
    let count: usize = choices.iter().map(Vec::len).product();
    let mut repeats = count;
    let column = |choices: Vec<Scalar>| {
        repeats /= choices.len().max(1);
        let mut of_case = Vec::with_capacity(count);
        while of_case.len() < count {
            for choice in (0..).take(choices.len()) {
                of_case.extend(std::iter::repeat_n(choice, repeats));
            }
        }
        Values::Choices { choices, of_case }
    };
    choices.into_iter().map(column).collect()
}

fn row_by_row(spread: &Spread) -> Values {
    let choices = choices(spread);
    match choices.iter().map(Scalar::number).collect() {
        Some(numbers) => Values::Numbers(numbers),
        None => Values::Choices { of_case: (0..).take(choices.len()).collect(), choices },
    }
}

/// Returns a generator for one purpose: the streams of one seed are independent.
fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut generator = ChaCha8Rng::from_seed(key);
    generator.set_stream(stream);
    generator
}

/// Returns one point in each of `cases` strata of 0..1, in random order.
fn latin_hypercube(cases: u32, seed: u64, stream: u64) -> Vec<f64> {
    let mut generator = generator(seed, stream);
    let mut strata: Vec<u32> = (0..cases).collect();
    strata.shuffle(&mut generator);
    // The midpoints of 2^16 intervals: with the 32 bits of a stratum, rounding cannot reach the next stratum.
    let mut place = || (f64::from(generator.next_u32() >> 16) + 0.5) / f64::from(1 << 16);
    strata.into_iter().map(|stratum| (f64::from(stratum) + place()) / f64::from(cases)).collect()
}

/// Returns the first points of the Sobol sequence in 0..1, one column per dimension.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn sobol_points(dimensions: usize, cases: u32, seed: u64) -> Vec<Vec<f64>> {
    let mut generator = generator(seed, 0);
    let shift: Vec<u64> = (0..dimensions).map(|_| if seed == 0 { 0 } else { generator.next_u64() }).collect();
    let mut columns = vec![Vec::with_capacity(cases as usize); dimensions];
    for point in Sobol::<u64>::new(dimensions, &JoeKuoD6::standard()).take(cases as usize) {
        for ((column, digits), shift) in columns.iter_mut().zip(point).zip(&shift) {
            column.push(((digits ^ shift) >> 11) as f64 / (1_u64 << 53) as f64);
        }
    }
    columns
}

/// Returns the values of a parameter at points of 0..1.
fn placed(spread: &Spread, points: impl Iterator<Item = f64>) -> Values {
    match spread {
        Spread::Between { low, high, scale } => {
            let (low, high) = (*low, *high);
            let value = |place: f64| match scale {
                Scale::Linear => low + place * (high - low),
                Scale::Log => (low.ln() + place * (high.ln() - low.ln())).exp(),
            };
            Values::Numbers(points.map(|place| value(place).clamp(low, high)).collect())
        }
        Spread::Values(choices) => {
            let last = u32::try_from(choices.len()).unwrap_or(u32::MAX).saturating_sub(1);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and `last`")]
            let choice = |place: f64| ((place * f64::from(last + 1)).floor() as u32).min(last);
            Values::Choices { of_case: points.map(choice).collect(), choices: choices.clone() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn numbers(key: &str, count: u32) -> Varied {
        let values = (0..count).map(|number| Scalar::Number(f64::from(number))).collect();
        Varied { key: key.to_owned(), name: key.to_owned(), spread: Spread::Values(values) }
    }

    fn between(key: &str, low: f64, high: f64, scale: Scale) -> Varied {
        Varied { key: key.to_owned(), name: key.to_owned(), spread: Spread::Between { low, high, scale } }
    }

    #[test]
    fn a_sobol_sequence_begins_as_published() {
        // The first points of new-joe-kuo-6.21201, https://web.maths.unsw.edu.au/~fkuo/sobol/
        let published = [
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25],
            [0.25, 0.75, 0.75],
            [0.375, 0.375, 0.625],
            [0.875, 0.875, 0.125],
            [0.625, 0.125, 0.875],
            [0.125, 0.625, 0.375],
            [0.1875, 0.3125, 0.9375],
            [0.6875, 0.8125, 0.4375],
        ];
        let columns = sobol_points(3, 10, 0);
        for (case, point) in published.iter().enumerate() {
            assert_eq!([columns[0][case], columns[1][case], columns[2][case]], *point, "point {case}");
        }
    }

    #[test]
    fn draws_of_a_seed_never_change() {
        // The values are fixed here, so that another version of a generator cannot change sweeps unnoticed.
        let cases = Design::LatinHypercube { cases: 5, seed: 1 }.cases(&[numbers("a", 5), numbers("b", 5)]);
        let drawn: Vec<Vec<String>> =
            cases.parameters.iter().map(|parameter| (0..5).map(|case| parameter.values.text(case)).collect()).collect();
        assert_eq!(drawn, [["4", "2", "0", "3", "1"], ["2", "0", "4", "1", "3"]]);
    }

    #[test]
    fn a_million_cases_need_little_memory() {
        let parameters: Vec<Varied> =
            (0..10).map(|index| numbers(&index.to_string(), if index < 6 { 10 } else { 1 })).collect();
        let cases = Design::Grid.cases(&parameters);
        assert_eq!((cases.len(), Design::Grid.count(&parameters)), (1_000_000, 1_000_000));
        let spread: Vec<Varied> = (0..10).map(|index| between(&index.to_string(), 1.0, 2.0, Scale::Log)).collect();
        assert_eq!(Design::LatinHypercube { cases: 1_000_000, seed: 3 }.cases(&spread).len(), 1_000_000);
        assert_eq!(Design::Sobol { cases: 1_000_000, seed: 3 }.cases(&spread).len(), 1_000_000);
        assert!(
            matches!(&cases.parameters[9].values, Values::Choices { of_case, .. } if of_case.capacity() == 1_000_000)
        );
    }

    #[test]
    fn a_request_has_the_base_case_and_the_parameters() {
        let words = |key: &str, words: [&str; 2]| Varied {
            key: key.to_owned(),
            name: key.to_owned(),
            spread: Spread::Values(words.map(|word| Scalar::Text(word.to_owned())).to_vec()),
        };
        let parameters =
            [numbers("a.b", 2), words(SCENARIO, [BASE, "sunny"]), words(WINDOW, ["2019", "2019-01-07..2019-01-13"])];
        let cases = Design::Zip.cases(&parameters);
        let base = Request { scenario: Some("windy".into()), settings: vec!["c=1".into()], ..Request::default() };
        let (first, second) = (cases.request(&base, 0), cases.request(&base, 1));
        assert_eq!((first.scenario.as_deref(), second.scenario.as_deref()), (Some("windy"), Some("sunny")));
        assert_eq!(first.window, Some(["2019".to_owned(), "2019".to_owned()]));
        assert_eq!(second.window, Some(["2019-01-07".to_owned(), "2019-01-13".to_owned()]));
        assert_eq!(second.settings, ["c=1", "a.b=1"]);
    }

    proptest! {
        #[test]
        fn a_grid_has_every_combination_once(counts in proptest::collection::vec(1u32..6, 1..5)) {
            let parameters: Vec<Varied> = counts.iter().map(|&count| numbers("key", count)).collect();
            let cases = Design::Grid.cases(&parameters);
            prop_assert_eq!(cases.len(), counts.iter().map(|&count| count as usize).product::<usize>());
            let row = |case| cases.parameters.iter().map(|parameter| parameter.values.text(case)).collect::<Vec<_>>();
            let rows: Vec<Vec<String>> = (0..cases.len()).map(row).collect();
            prop_assert_eq!(rows.iter().collect::<HashSet<_>>().len(), rows.len());
            prop_assert!(rows.is_sorted(), "the last parameter varies fastest");
        }

        #[test]
        fn every_stratum_has_one_point(cases in 1u32..500, seed: u64, stream in 0u64..20) {
            let mut hit: Vec<f64> =
                latin_hypercube(cases, seed, stream).iter().map(|point| (point * f64::from(cases)).floor()).collect();
            hit.sort_by(f64::total_cmp);
            prop_assert_eq!(hit, (0..cases).map(f64::from).collect::<Vec<_>>());
        }

        #[test]
        fn every_interval_has_one_sobol_point(power in 0u32..9, dimensions in 1usize..40, seed in 0u64..9) {
            let cases = 1 << power;
            for column in sobol_points(dimensions, cases, seed) {
                let mut hit: Vec<f64> = column.iter().map(|point| (point * f64::from(cases)).floor()).collect();
                hit.sort_by(f64::total_cmp);
                prop_assert_eq!(hit, (0..cases).map(f64::from).collect::<Vec<_>>());
            }
        }

        #[test]
        fn the_same_seed_gives_the_same_cases_within_their_bounds(
            cases in 2u32..80, seed: u64, low in 1e-3f64..10.0, ratio in 1.1f64..1e6,
        ) {
            let high = low * ratio;
            let parameters = [numbers("a", 7), between("b", low, high, Scale::Log), between("c", -high, high, Scale::Linear)];
            for design in [Design::LatinHypercube { cases, seed }, Design::Sobol { cases, seed }] {
                let drawn = design.cases(&parameters);
                prop_assert_eq!(&drawn, &design.cases(&parameters));
                for case in 0..drawn.len() {
                    let value = |index: usize| drawn.parameters[index].values.number(case).unwrap();
                    prop_assert!((low..=high).contains(&value(1)) && (-high..=high).contains(&value(2)));
                }
            }
            let other = Design::LatinHypercube { cases, seed: seed ^ 1 };
            prop_assert_ne!(other.cases(&parameters), Design::LatinHypercube { cases, seed }.cases(&parameters));
        }
    }
}
