//! Set-points, presence, internal gains and hot water draws: generated from a seed, or fitted to the steps of a run.
//!
//! The generators are stochastic rules of this crate with the published distributions of `ClustEnergy` 1.0.0. The same
//! seed and building number give the same series, on every machine up to the last digit of `ln` and `cos`. The series
//! that are shipped with the published tool cannot be generated again, because its seeds are not known: read them from
//! their files ([`published_rows`], [`resampled`]).

use std::f64::consts::TAU;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::BuildingError;

/// Hours of a day.
const DAY_H: f64 = 24.0;

/// The source of random numbers of one building and purpose: `ChaCha8` (Bernstein 2008), keyed by the seed, with one
/// stream per building and purpose. Streams are independent, so the number of buildings changes no building.
struct Source(ChaCha8Rng);

/// What random numbers are drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    SetPoints = 0,
    Occupancy = 1,
    Draws = 2,
}

impl Source {
    fn new(seed: u64, building: u32, purpose: Purpose) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream((u64::from(building) << 8) + purpose as u64);
        Self(generator)
    }

    /// Returns a number of the uniform distribution over 0 < x <= 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number of the standard normal distribution (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }
}

/// Random set-points: normally distributed, constant over a period, rounded to 0.01 K.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPoints {
    /// Mean, degrees Celsius; 20 for heating and 26 for cooling in the published tool.
    pub mean_c: f64,
    /// Standard deviation, K, 0 or more; 0.15 in the published tool.
    pub spread_k: f64,
    /// Time for which a set-point lasts, hours, above 0; 24 in the published tool.
    pub period_h: f64,
}

impl SetPoints {
    /// Daily set-points for heating, 20 degrees with a standard deviation of 0.15 K.
    pub const HEATING: Self = Self { mean_c: 20.0, spread_k: 0.15, period_h: 24.0 };
    /// Daily set-points for cooling, 26 degrees with a standard deviation of 0.15 K.
    pub const COOLING: Self = Self { mean_c: 26.0, spread_k: 0.15, period_h: 24.0 };

    /// Returns the set-points of a building in `steps` steps of `step_hours`, degrees Celsius.
    ///
    /// # Errors
    /// [`BuildingError::Value`] for a setting out of its range.
    pub fn generate(&self, seed: u64, building: u32, steps: usize, step_hours: f64) -> Result<Vec<f64>, BuildingError> {
        BuildingError::check("mean_c", self.mean_c, self.mean_c.is_finite(), "a finite number")?;
        not_negative("spread_k", self.spread_k)?;
        positive("period_h", self.period_h)?;
        positive("step_hours", step_hours)?;
        let mut source = Source::new(seed, building, Purpose::SetPoints);
        let (mut period, mut value) = (0, f64::NAN);
        let series = (0..steps).map(|step| {
            let now = 1 + index_of(step, step_hours, self.period_h);
            while period < now {
                value = ((self.mean_c + self.spread_k * source.normal()) * 100.0).round() / 100.0;
                period += 1;
            }
            value
        });
        Ok(series.collect())
    }
}

/// Presence of people at home, each on their own.
///
/// A person who is at home or away stays so until a change of mind, which comes at random at the rate
/// `changes_per_h`; the new state is "at home" with the probability of the time of day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// Number of people who live in the building.
    pub persons: u32,
    /// Probability to be at home over the day, 0 to 1, in any number of equal parts of 24 hours from midnight.
    pub at_home: Vec<f64>,
    /// Changes of mind, 1/h, above 0.
    pub changes_per_h: f64,
}

impl Presence {
    /// A household: at home at night, half of it by day, most of it in the evening; a change of mind every hour.
    #[must_use]
    pub fn household(persons: u32) -> Self {
        let at_home = (0..24_u32)
            .map(|hour| match hour {
                0..=5 | 23 => 0.97,
                6 | 7 | 18..=22 => 0.85,
                _ => 0.45,
            })
            .collect();
        Self { persons, at_home, changes_per_h: 1.0 }
    }

    /// Returns the number of people at home in `steps` steps of `step_hours`, from midnight.
    ///
    /// # Errors
    /// [`BuildingError::Value`] for a setting out of its range.
    pub fn generate(&self, seed: u64, building: u32, steps: usize, step_hours: f64) -> Result<Vec<u32>, BuildingError> {
        positive("changes_per_h", self.changes_per_h)?;
        positive("step_hours", step_hours)?;
        if self.at_home.is_empty() {
            return Err(BuildingError::Length { what: "at_home".to_owned(), found: 0, expected: 1 });
        }
        for &share in &self.at_home {
            BuildingError::check("at_home", share, (0.0..=1.0).contains(&share), "0 to 1")?;
        }
        let mut source = Source::new(seed, building, Purpose::Occupancy);
        let changes = -(-self.changes_per_h * step_hours).exp_m1();
        let mut home = vec![false; self.persons as usize];
        let series = (0..steps).map(|step| {
            let part = index_of(step, step_hours, DAY_H / count(self.at_home.len())) % self.at_home.len();
            for person in &mut home {
                // Two numbers a step and person, whatever happens, so that another rate changes little.
                let (change, state) = (source.uniform(), source.uniform());
                if step == 0 || change <= changes {
                    *person = state <= self.at_home[part];
                }
            }
            home.iter().map(|&person| u32::from(person)).sum()
        });
        Ok(series.collect())
    }
}

/// Returns internal gains, W: a base and a part per person present. 150 W and 110 W per person describe the stored
/// series that stand in for those of the published tool.
#[must_use]
pub fn gains_w(base_w: f64, per_person_w: f64, present: &[u32]) -> Vec<f64> {
    present.iter().map(|&persons| base_w + per_person_w * f64::from(persons)).collect()
}

/// A random generator of hot water draws, in litres per step. Each step in which a person is at home has at most one
/// draw, and the sum of a day does not exceed its limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HotWaterDraws {
    /// Volume of a draw, litres, and its probability, both 0 or more; the probabilities add up to 1 at most, and a step
    /// has no draw with the rest.
    pub draws: Vec<[f64; 2]>,
    /// Largest amount of a day, litres, 0 or more; a draw that would exceed it is left out, with all later ones.
    pub daily_limit_l: f64,
}

impl Default for HotWaterDraws {
    /// The draws of the published tool: 8.6 litres on average, at most 206 litres a day.
    fn default() -> Self {
        let draws = vec![[6.02, 0.696], [40.13, 0.087], [3.01, 0.043], [6.02, 0.087], [3.01, 0.087]];
        Self { draws, daily_limit_l: 206.0 }
    }
}

impl HotWaterDraws {
    /// Returns the hot water drawn in each step, litres, with `present` people at home in steps of `step_hours` from
    /// midnight.
    ///
    /// # Errors
    /// [`BuildingError::Value`] for a setting out of its range.
    pub fn generate(
        &self,
        seed: u64,
        building: u32,
        present: &[u32],
        step_hours: f64,
    ) -> Result<Vec<f64>, BuildingError> {
        positive("step_hours", step_hours)?;
        not_negative("daily_limit_l", self.daily_limit_l)?;
        for &[volume_l, probability] in &self.draws {
            not_negative("the volume of a draw, litres,", volume_l)?;
            not_negative("the probability of a draw", probability)?;
        }
        let total: f64 = self.draws.iter().map(|[_, probability]| probability).sum();
        BuildingError::check("the sum of the probabilities of draws", total, total <= 1.0 + 1e-9, "0 to 1")?;
        let mut source = Source::new(seed, building, Purpose::Draws);
        let (mut day, mut drawn_l, mut closed) = (0, 0.0, false);
        let series = present.iter().enumerate().map(|(step, &persons)| {
            let today = index_of(step, step_hours, DAY_H);
            if today != day {
                (day, drawn_l, closed) = (today, 0.0, false);
            }
            let choice = source.uniform();
            if persons == 0 || closed {
                return 0.0;
            }
            let volume_l = self.chosen(choice);
            closed = drawn_l + volume_l > self.daily_limit_l;
            if closed {
                return 0.0;
            }
            drawn_l += volume_l;
            volume_l
        });
        Ok(series.collect())
    }

    fn chosen(&self, choice: f64) -> f64 {
        let mut sum = 0.0;
        for [volume_l, probability] in &self.draws {
            sum += probability;
            if choice <= sum {
                return *volume_l;
            }
        }
        0.0
    }
}

/// Returns the hot water demand of a dwelling by its useful floor area, litres a day: `62 ln(A) - 160`, the rule of
/// UNI/TS 11300-2 for more than 50 m2, as the published tool uses it.
///
/// # Errors
/// [`BuildingError::Value`] unless the area is at least 50 m2 and finite.
pub fn standard_hot_water_l_day(area_m2: f64) -> Result<f64, BuildingError> {
    let fine = (50.0..f64::INFINITY).contains(&area_m2);
    BuildingError::check("area_m2", area_m2, fine, "50 or more")?;
    Ok(62.0 * area_m2.ln() - 160.0)
}

/// How a series behaves when its steps are divided or joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesKind {
    /// A level, such as a set-point or a power: divided steps repeat it, joined steps have the mean.
    Level,
    /// An amount, such as litres: divided steps share it equally, joined steps have the sum.
    Amount,
}

/// Returns a series with steps of `from_minutes` in steps of `to_minutes`, one of which is a multiple of the other.
///
/// # Errors
/// [`BuildingError::Value`] if neither is a multiple of the other; [`BuildingError::Length`] if a joined step at the
/// end would be incomplete.
pub fn resampled(
    values: &[f64],
    from_minutes: usize,
    to_minutes: usize,
    kind: SeriesKind,
) -> Result<Vec<f64>, BuildingError> {
    let fits = from_minutes > 0 && to_minutes > 0;
    let finer = fits && from_minutes.is_multiple_of(to_minutes);
    let coarser = fits && to_minutes.is_multiple_of(from_minutes);
    BuildingError::check("to_minutes", count(to_minutes), finer || coarser, "a divisor or a multiple of from_minutes")?;
    if finer {
        let parts = from_minutes / to_minutes;
        let share = if kind == SeriesKind::Amount { 1.0 / count(parts) } else { 1.0 };
        return Ok(values.iter().flat_map(|value| std::iter::repeat_n(value * share, parts)).collect());
    }
    let parts = to_minutes / from_minutes;
    if !values.len().is_multiple_of(parts) {
        let expected = values.len() / parts * parts;
        return Err(BuildingError::Length { what: "the series".to_owned(), found: values.len(), expected });
    }
    let share = if kind == SeriesKind::Level { 1.0 / count(parts) } else { 1.0 };
    Ok(values.chunks_exact(parts).map(|part| part.iter().sum::<f64>() * share).collect())
}

/// Returns the rows that the published tool reads from a half-hourly year of `values` for `steps` steps of `step_hours`
/// from `start_hour`: row by row from `start_hour / step_hours`, as if the rows had the length of the steps. Only with
/// half-hourly steps are they those of the date.
///
/// # Errors
/// [`BuildingError::Published`] when the rows end before the run, where the published tool fails.
pub fn published_rows(
    values: &[f64],
    start_hour: usize,
    step_hours: f64,
    steps: usize,
) -> Result<&[f64], BuildingError> {
    positive("step_hours", step_hours)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, not negative")]
    let first = (count(start_hour) / step_hours).round() as usize;
    values.get(first..first.saturating_add(steps)).ok_or_else(|| BuildingError::Published {
        reason: format!("rows {first} to {} of {} rows", first.saturating_add(steps), values.len()),
    })
}

/// Returns the number of whole periods before the middle of a step.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and far below 2^53")]
fn index_of(step: usize, step_hours: f64, period_h: f64) -> usize {
    ((count(step) + 0.5) * step_hours / period_h).floor() as usize
}

#[expect(clippy::cast_precision_loss, reason = "counts of steps")]
fn count(value: usize) -> f64 {
    value as f64
}

fn positive(what: &str, value: f64) -> Result<(), BuildingError> {
    BuildingError::check(what, value, value > 0.0 && value.is_finite(), "a number above 0")
}

fn not_negative(what: &str, value: f64) -> Result<(), BuildingError> {
    BuildingError::check(what, value, (0.0..f64::INFINITY).contains(&value), "0 or more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_points_last_a_day_and_have_the_published_distribution() {
        let days = 2000;
        let series = SetPoints::HEATING.generate(7, 3, days * 48, 0.5).unwrap();
        let daily: Vec<f64> = series.chunks(48).map(|day| day[0]).collect();
        assert!(series.chunks(48).all(|day| day.iter().all(|value| value.to_bits() == day[0].to_bits())));
        let mean = daily.iter().sum::<f64>() / count(days);
        let spread = (daily.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count(days)).sqrt();
        assert!((mean - 20.0).abs() < 0.02 && (spread - 0.15).abs() < 0.01, "{mean} {spread}");
        assert!(daily.iter().all(|value| (value * 100.0 - (value * 100.0).round()).abs() < 1e-9));
        // The same day in other steps, and for other buildings.
        let quarter = SetPoints::HEATING.generate(7, 3, 96, 0.25).unwrap();
        assert_eq!(quarter[95].to_bits(), series[47].to_bits());
        assert_ne!(SetPoints::HEATING.generate(7, 4, 96, 0.25).unwrap(), quarter);
        assert_ne!(SetPoints::HEATING.generate(8, 3, 96, 0.25).unwrap(), quarter);
    }

    #[test]
    fn people_are_at_home_as_often_as_stated() {
        let mut presence = Presence::household(4);
        let days = 1500;
        let series = presence.generate(1, 0, days * 24, 1.0).unwrap();
        for (hour, expected) in [(4, 0.97), (15, 0.45)] {
            let mean = series.iter().skip(hour).step_by(24).map(|&one| f64::from(one)).sum::<f64>() / count(days) / 4.0;
            assert!((mean - expected).abs() < 0.03, "{hour} {mean}");
        }
        assert!(series.iter().all(|&persons| persons <= 4));
        presence.at_home = vec![1.0];
        assert!(presence.generate(1, 0, 50, 0.25).unwrap().iter().all(|&persons| persons == 4));
        assert_eq!(gains_w(150.0, 110.0, &[0, 2]), [150.0, 370.0]);
        presence.at_home = Vec::new();
        assert!(presence.generate(1, 0, 5, 0.25).unwrap_err().to_string().contains("at_home has 0 values"));
    }

    #[test]
    fn draws_need_people_and_stay_below_the_daily_limit() {
        let draws = HotWaterDraws::default();
        assert!(draws.generate(1, 0, &[0; 960], 0.25).unwrap().iter().all(|&litres| litres == 0.0));
        let series = draws.generate(1, 0, &[2; 9600], 0.25).unwrap();
        for day in series.chunks(96) {
            let litres: f64 = day.iter().sum();
            assert!((150.0..=206.0).contains(&litres), "{litres}");
        }
        // Without the limit: the mean of the distribution.
        let free = HotWaterDraws { daily_limit_l: 1e9, ..HotWaterDraws::default() };
        let series = free.generate(1, 0, &[1; 40_000], 0.25).unwrap();
        let mean = series.iter().sum::<f64>() / 40_000.0;
        let expected: f64 = free.draws.iter().map(|[volume_l, probability]| volume_l * probability).sum();
        assert!((mean / expected - 1.0).abs() < 0.02, "{mean} {expected}");
        let wrong = HotWaterDraws { draws: vec![[5.0, 0.7], [6.0, 0.7]], daily_limit_l: 1.0 };
        assert!(wrong.generate(1, 0, &[1], 0.25).unwrap_err().to_string().contains("is 1.4; expected 0 to 1"));
    }

    #[test]
    fn resampling_keeps_means_and_sums() {
        let values = [1.0, 3.0, 2.0, 6.0];
        assert_eq!(resampled(&values, 30, 15, SeriesKind::Level).unwrap(), [1.0, 1.0, 3.0, 3.0, 2.0, 2.0, 6.0, 6.0]);
        assert_eq!(resampled(&values[..2], 30, 15, SeriesKind::Amount).unwrap(), [0.5, 0.5, 1.5, 1.5]);
        assert_eq!(resampled(&values, 30, 60, SeriesKind::Level).unwrap(), [2.0, 4.0]);
        assert_eq!(resampled(&values, 30, 60, SeriesKind::Amount).unwrap(), [4.0, 8.0]);
        assert!(resampled(&values[..3], 30, 60, SeriesKind::Level).is_err());
        assert!(resampled(&values, 30, 20, SeriesKind::Level).is_err());
    }

    #[test]
    fn published_rows_ignore_the_length_of_a_step() {
        let year: Vec<f64> = (0..17_520).map(count).collect();
        assert_eq!(published_rows(&year, 100, 0.5, 2).unwrap(), [200.0, 201.0]);
        assert_eq!(published_rows(&year, 100, 0.25, 2).unwrap(), [400.0, 401.0]);
        let july = published_rows(&year, 181 * 24, 0.25, 192).unwrap_err().to_string();
        assert!(july.contains("rows 17376 to 17568 of 17520 rows"), "{july}");
    }

    #[test]
    fn hot_water_of_a_dwelling() {
        assert!((standard_hot_water_l_day(192.8).unwrap() - 166.222_509).abs() < 1e-6);
        assert!(standard_hot_water_l_day(10.0).is_err());
    }
}
