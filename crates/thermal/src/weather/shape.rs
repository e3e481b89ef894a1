//! Profiles of a demand over the day, the week and the year.

use std::f64::consts::TAU;

use anergy_data::series::TimeAxis;
use jiff::civil::{DateTime, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WeatherError;

/// Hours of a year of 365 days.
const HOURS_PER_YEAR: f64 = 8760.0;

fn is_weekend(moment: DateTime) -> bool {
    matches!(moment.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// A demand's shape: 24 hourly weights for working days and for weekends; only their ratios count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeekShape {
    /// Weight of each hour, Monday to Friday, 0 or more.
    pub weekday: [f64; 24],
    /// Weight of each hour, Saturday and Sunday, 0 or more.
    pub weekend: [f64; 24],
    /// The season's part: 0.1 is 10 % more than the mean in mid-January and 10 % less in mid-July; -1 to 1.
    #[serde(default)]
    pub winter_surplus: f64,
}

impl WeekShape {
    /// Constant profile.
    pub const FLAT: Self = Self { weekday: [1.0; 24], weekend: [1.0; 24], winter_surplus: 0.0 };

    /// Returns the shape as factors of mean 1 over a week (five weekdays, two weekend days) and over a year's
    /// seasons.
    ///
    /// Steps shorter than an hour take the hour's weight. Since calendar years are not a whole number of weeks, the
    /// mean over a year may differ from 1 by some tenths of a percent.
    ///
    /// # Errors
    /// [`WeatherError::Setting`] for a negative weight, for weights that are all zero and for a seasonal amplitude
    /// out of range.
    pub fn factors(&self, axis: &TimeAxis) -> Result<Vec<f64>, WeatherError> {
        for &weight in self.weekday.iter().chain(&self.weekend) {
            WeatherError::check("weight of an hour", weight, weight >= 0.0 && weight.is_finite(), "0 or more")?;
        }
        let surplus = self.winter_surplus;
        WeatherError::check("winter_surplus", surplus, (-1.0..=1.0).contains(&surplus), "-1 to 1")?;
        let sum = |day: &[f64; 24]| day.iter().sum::<f64>();
        let mean = (5.0 * sum(&self.weekday) + 2.0 * sum(&self.weekend)) / 168.0;
        WeatherError::check("mean weight of a week", mean, mean > 0.0, "above 0")?;
        Ok((0..axis.len())
            .map(|step| {
                let stamp = axis.stamp(step);
                let day = if is_weekend(stamp) { &self.weekend } else { &self.weekday };
                let season = (TAU * (f64::from(stamp.day_of_year()) - 15.0) / 365.25).cos();
                day[usize::from(stamp.hour().unsigned_abs())] / mean * (1.0 + surplus * season)
            })
            .collect())
    }

    /// Returns the mean power of every step, kW, of a demand of `annual_kwh` a year.
    ///
    /// # Errors
    /// As [`WeekShape::factors`].
    pub fn power_kw(&self, axis: &TimeAxis, annual_kwh: f64) -> Result<Vec<f64>, WeatherError> {
        WeatherError::check("annual_kwh", annual_kwh, annual_kwh >= 0.0 && annual_kwh.is_finite(), "0 or more")?;
        Ok(self.factors(axis)?.iter().map(|factor| factor * annual_kwh / HOURS_PER_YEAR).collect())
    }
}

/// When a building is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Occupancy {
    /// First hour of use, 0 to 23.
    pub from_hour: i8,
    /// Hour at which use ends, 1 to 24; later than `from_hour`.
    pub to_hour: i8,
    /// Whether Saturdays and Sundays count too.
    #[serde(default)]
    pub weekends: bool,
}

impl Occupancy {
    /// Use at all times.
    pub const ALWAYS: Self = Self { from_hour: 0, to_hour: 24, weekends: true };

    /// Returns whether the building is in use in the step that begins at `moment`, local standard time.
    #[must_use]
    pub fn includes(&self, moment: DateTime) -> bool {
        (self.from_hour..self.to_hour).contains(&moment.hour()) && (self.weekends || !is_weekend(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn axis(year: i16, step_minutes: i64) -> TimeAxis {
        let days = if date(year, 1, 1).in_leap_year() { 366 } else { 365 };
        TimeAxis::new(date(year, 1, 1).at(0, 0, 0, 0), step_minutes, days * 24 * 60 / step_minutes as usize)
    }

    #[test]
    fn offices_sleep_at_night_and_on_sunday() {
        let office = Occupancy { from_hour: 8, to_hour: 18, weekends: false };
        assert!(office.includes(date(2019, 4, 15).at(8, 0, 0, 0)));
        assert!(!office.includes(date(2019, 4, 15).at(18, 0, 0, 0)));
        assert!(!office.includes(date(2019, 4, 14).at(12, 0, 0, 0)));
        assert!(Occupancy::ALWAYS.includes(date(2019, 4, 14).at(3, 0, 0, 0)));
    }

    #[test]
    fn a_shape_without_weight_is_refused() {
        let none = WeekShape { weekday: [0.0; 24], weekend: [0.0; 24], ..WeekShape::FLAT };
        assert!(none.factors(&axis(2019, 60)).unwrap_err().to_string().contains("mean weight of a week is 0"));
        let mut negative = WeekShape::FLAT;
        negative.weekend[3] = -1.0;
        assert!(negative.factors(&axis(2019, 60)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_annual_energy_is_met(
            weights in proptest::collection::vec(0.01f64..5.0, 48), winter_surplus in -0.5f64..0.5,
            quarter in any::<bool>(),
        ) {
            let (weekday, weekend) = (weights[..24].try_into().unwrap(), weights[24..].try_into().unwrap());
            let axis = axis(2019, if quarter { 15 } else { 60 });
            let power = WeekShape { weekday, weekend, winter_surplus }.power_kw(&axis, 1e6).unwrap();
            let total = power.iter().sum::<f64>() * axis.step_hours();
            prop_assert!((total / 1e6 - 1.0).abs() < 5e-3, "{}", total);
        }
    }
}
