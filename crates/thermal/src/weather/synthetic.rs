//! Synthesis of a typical year from twelve monthly means.
//!
//! Temperature and cloudiness vary from day to day as first-order autoregressions; the monthly means are met up to
//! rounding. The cloudiness is constant over a day: passing clouds are not modelled.

use std::f64::consts::PI;

use anergy_data::series::TimeAxis;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Location, Split, SplitMix64, SunPath, Weather, WeatherError, split_global};

/// Lowest daily clearness index.
const LOWEST_CLEARNESS: f64 = 0.04;
/// Highest daily clearness index, near the sea level.
const HIGHEST_CLEARNESS: f64 = 0.78;
/// Hours of the lowest and the highest temperature of a day.
const COLDEST_HOUR: f64 = 5.0;
const WARMEST_HOUR: f64 = 15.0;

/// What a typical year is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TypicalYear {
    /// The place.
    pub location: Location,
    /// The calendar year, 1 to 2999.
    pub year: i16,
    /// Length of a step, minutes: a divisor of 60.
    #[serde(default = "default_step_minutes")]
    pub step_minutes: i64,
    /// Mean air temperature, January to December, degrees Celsius.
    pub air_c: [f64; 12],
    /// Mean daily global horizontal irradiation, January to December, kWh/m2 a day.
    pub irradiation_kwh_m2_day: [f64; 12],
    /// Mean difference between a day's highest and lowest temperature, January to December, K.
    pub swing_k: [f64; 12],
    /// Standard deviation of a day's mean temperature around the season's, K.
    #[serde(default = "default_sigma_k")]
    pub sigma_k: f64,
    /// Share of that deviation that lasts to the next day, 0 to below 1.
    #[serde(default = "default_persistence")]
    pub persistence: f64,
    /// Standard deviation of the daily clearness index (a day's irradiation over the extraterrestrial one).
    #[serde(default = "default_clearness_sigma")]
    pub clearness_sigma: f64,
    /// Share of its deviation that lasts to the next day, 0 to below 1.
    #[serde(default = "default_clearness_persistence")]
    pub clearness_persistence: f64,
    /// Another seed, another year of the same climate.
    #[serde(default)]
    pub seed: u64,
}

fn default_step_minutes() -> i64 {
    60
}
fn default_sigma_k() -> f64 {
    2.8
}
fn default_persistence() -> f64 {
    0.75
}
fn default_clearness_sigma() -> f64 {
    0.17
}
fn default_clearness_persistence() -> f64 {
    0.35
}

impl TypicalYear {
    /// Generates the year's weather. The same settings give the same year.
    ///
    /// # Errors
    /// [`WeatherError::Setting`] for a setting out of its range, and for a month with more irradiation than its
    /// clearest days would give.
    pub fn weather(&self) -> Result<Weather, WeatherError> {
        let first = self.validate()?;
        let days = usize::try_from(first.days_in_year()).unwrap_or(365);
        let per_day = usize::try_from(24 * 60 / self.step_minutes).unwrap_or(24);
        let axis = TimeAxis::new(first.at(0, 0, 0, 0), self.step_minutes, days * per_day);
        let months: Vec<usize> = (0..days).map(|day| month_of(&axis, day * per_day)).collect();
        let sun = SunPath::new(&self.location, &axis)?;

        let mut random = SplitMix64::new(self.seed);
        let warmth = random.persistent(self.persistence, days);
        let clarity = random.persistent(self.clearness_persistence, days);

        let outside_kwh: Vec<f64> =
            (0..days).map(|day| outside_kwh_m2(&sun, day, per_day, axis.step_hours())).collect();
        let clearness = self.clearness(&months, &outside_kwh, &clarity)?;
        let ghi_w_m2 = irradiance(&sun, per_day, axis.step_hours(), &clearness, &outside_kwh);
        let split: Vec<Split> = ghi_w_m2.iter().enumerate().map(|(step, &ghi)| split_global(ghi, &sun, step)).collect();
        let daily_c = self.daily_means(&months, &warmth);
        let swing_k = self.daily_swings(&months, &clearness);
        Ok(Weather {
            axis,
            location: self.location,
            air_c: (0..axis.len()).map(|step| air_c(step, per_day, &daily_c, &swing_k)).collect(),
            ghi_w_m2,
            dni_w_m2: split.iter().map(|split| split.dni_w_m2).collect(),
            dhi_w_m2: split.iter().map(|split| split.dhi_w_m2).collect(),
        })
    }

    /// Checks all settings. Returns the first day of the year.
    fn validate(&self) -> Result<Date, WeatherError> {
        self.location.validate()?;
        let check = |name, value: f64, low: f64, high: f64| {
            WeatherError::check(name, value, (low..=high).contains(&value), &format!("{low} to {high}"))
        };
        let minutes = self.step_minutes;
        let divides = (1..=60).contains(&minutes) && 60 % minutes == 0;
        #[expect(clippy::cast_precision_loss, reason = "only shown")]
        WeatherError::check("step_minutes", minutes as f64, divides, "a divisor of 60")?;
        for month in 0..12 {
            check("air_c", self.air_c[month], -80.0, 60.0)?;
            check("irradiation_kwh_m2_day", self.irradiation_kwh_m2_day[month], 0.0, 12.0)?;
            check("swing_k", self.swing_k[month], 0.0, 40.0)?;
        }
        check("sigma_k", self.sigma_k, 0.0, 20.0)?;
        check("persistence", self.persistence, 0.0, 0.999)?;
        check("clearness_sigma", self.clearness_sigma, 0.0, 0.5)?;
        check("clearness_persistence", self.clearness_persistence, 0.0, 0.999)?;
        check("year", f64::from(self.year), 1.0, 2999.0)?;
        Date::new(self.year, 1, 1).map_err(|_| WeatherError::Setting {
            name: "year",
            value: f64::from(self.year),
            expected: "a year of the calendar".to_owned(),
        })
    }

    /// Returns the clearness index of every day: noise around a level per month, which is found by bisection such
    /// that the month's irradiation is met with every day within the bounds of the clearness index.
    fn clearness(&self, months: &[usize], outside: &[f64], noise: &[f64]) -> Result<Vec<f64>, WeatherError> {
        let of_day = |level: f64, day: usize| {
            (level + self.clearness_sigma * noise[day]).clamp(LOWEST_CLEARNESS, HIGHEST_CLEARNESS)
        };
        let mut levels = [0.0; 12];
        for (month, level) in levels.iter_mut().enumerate() {
            let days: Vec<usize> = (0..months.len()).filter(|&day| months[day] == month).collect();
            #[expect(clippy::cast_precision_loss, reason = "31 at most")]
            let wanted_kwh = self.irradiation_kwh_m2_day[month] * days.len() as f64;
            let total = |level: f64| days.iter().map(|&day| of_day(level, day) * outside[day]).sum::<f64>();
            // Months with very little sun, at the edge of the polar night, are met as closely as possible.
            let slack_kwh = 0.05;
            let (mut low, mut high) = (-5.0, 6.0);
            let meets = (total(low) - slack_kwh..=total(high) + slack_kwh).contains(&wanted_kwh);
            WeatherError::check(
                "irradiation_kwh_m2_day",
                self.irradiation_kwh_m2_day[month],
                meets,
                &format!(
                    "month {}: {LOWEST_CLEARNESS} to {HIGHEST_CLEARNESS} of the extraterrestrial irradiation",
                    month + 1
                ),
            )?;
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                if total(middle) < wanted_kwh { low = middle } else { high = middle }
            }
            *level = f64::midpoint(low, high);
        }
        Ok((0..months.len()).map(|day| of_day(levels[months[day]], day)).collect())
    }

    /// Returns the mean temperature of every day, degrees Celsius: noise on straight lines between mid-month values,
    /// which are shifted such that each month's mean is met. The lines avoid jumps between months.
    fn daily_means(&self, months: &[usize], noise: &[f64]) -> Vec<f64> {
        let middles = middles(months);
        let mut nodes = self.air_c;
        let mut daily = Vec::new();
        for _ in 0..40 {
            daily = (0..months.len())
                .map(|day| between_months(day, months, &middles, &nodes) + self.sigma_k * noise[day])
                .collect();
            for (month, node) in nodes.iter_mut().enumerate() {
                let of_month = |day: &usize| months[*day] == month;
                let (sum, count) = (0..months.len())
                    .filter(of_month)
                    .fold((0.0, 0.0), |(sum, count), day| (sum + daily[day], count + 1.0));
                *node += self.air_c[month] - sum / count;
            }
        }
        daily
    }

    /// Returns the daily temperature range of every day, K: larger under a clear sky, with the month's mean.
    fn daily_swings(&self, months: &[usize], clearness: &[f64]) -> Vec<f64> {
        let mut mean = [0.0; 12];
        let mut count = [0.0; 12];
        for (day, &month) in months.iter().enumerate() {
            mean[month] += clearness[day];
            count[month] += 1.0;
        }
        (0..months.len())
            .map(|day| {
                let month = months[day];
                self.swing_k[month] * (0.4 + 0.6 * clearness[day] * count[month] / mean[month])
            })
            .collect()
    }
}

/// Returns the month of a step, from 0.
fn month_of(axis: &TimeAxis, step: usize) -> usize {
    usize::from(axis.stamp(step).month().unsigned_abs()) - 1
}

/// Returns the extraterrestrial horizontal irradiation of a day, kWh/m2.
fn outside_kwh_m2(sun: &SunPath, day: usize, per_day: usize, step_hours: f64) -> f64 {
    let power = |step| sun.extraterrestrial_w_m2(step) * sun.mean_of_sine(step, |sine| sine);
    (day * per_day..(day + 1) * per_day).map(power).sum::<f64>() * step_hours / 1000.0
}

/// Returns the global irradiance of every step, W/m2: a day's irradiation is distributed like that of a clear sky,
/// sin h exp(-0.057 / sin h) at elevation h (Haurwitz 1945).
fn irradiance(sun: &SunPath, per_day: usize, step_hours: f64, clearness: &[f64], outside_kwh: &[f64]) -> Vec<f64> {
    let mut ghi = Vec::with_capacity(sun.len());
    for (day, &clear) in clearness.iter().enumerate() {
        let clear_sky: Vec<f64> = (day * per_day..(day + 1) * per_day)
            .map(|step| sun.mean_of_sine(step, |sine| sine * (-0.057 / sine).exp()))
            .collect();
        let total = clear_sky.iter().sum::<f64>() * step_hours;
        let scale = if total > 0.0 { 1000.0 * clear * outside_kwh[day] / total } else { 0.0 };
        ghi.extend(clear_sky.iter().map(|share| share * scale));
    }
    ghi
}

/// Returns the day of the middle of each month, with fractions.
fn middles(months: &[usize]) -> [f64; 12] {
    let mut middles = [0.0; 12];
    let mut first = 0.0;
    for (month, middle) in middles.iter_mut().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "31 at most")]
        let length = months.iter().filter(|&&of_day| of_day == month).count() as f64;
        *middle = first + length / 2.0;
        first += length;
    }
    middles
}

/// Returns the value at noon of `day` on straight lines between the months' middles; December is followed by January.
#[expect(clippy::cast_precision_loss, reason = "366 at most")]
fn between_months(day: usize, months: &[usize], middles: &[f64; 12], nodes: &[f64; 12]) -> f64 {
    let (noon, year) = (day as f64 + 0.5, months.len() as f64);
    let month = months[day];
    let (from, to) = if noon < middles[month] { ((month + 11) % 12, month) } else { (month, (month + 1) % 12) };
    let length = (middles[to] - middles[from]).rem_euclid(year);
    let share = (noon - middles[from]).rem_euclid(year) / length;
    nodes[from] * (1.0 - share) + nodes[to] * share
}

/// Returns the air temperature of a step, degrees Celsius: the daily mean, interpolated from noon to noon, plus half
/// a cosine from the coldest to the warmest hour and another one back; both have mean zero.
#[expect(clippy::cast_precision_loss, reason = "counts of steps in a year")]
fn air_c(step: usize, per_day: usize, daily_c: &[f64], swing_k: &[f64]) -> f64 {
    let moment = (step as f64 + 0.5) / per_day as f64;
    let hour = 24.0 * moment.fract();
    let day = step / per_day;
    let neighbour = if hour < 12.0 { day.saturating_sub(1) } else { (day + 1).min(daily_c.len() - 1) };
    let share = (hour - 12.0).abs() / 24.0;
    let smooth = |values: &[f64]| values[day] * (1.0 - share) + values[neighbour] * share;
    let rise = WARMEST_HOUR - COLDEST_HOUR;
    let since = (hour - COLDEST_HOUR).rem_euclid(24.0);
    let wave = if since < rise { -(PI * since / rise).cos() } else { (PI * (since - rise) / (24.0 - rise)).cos() };
    smooth(daily_c) + smooth(swing_k) / 2.0 * wave
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milan(year: i16, step_minutes: i64, seed: u64) -> TypicalYear {
        TypicalYear {
            location: Location { latitude_deg: 45.46, longitude_deg: 9.19, elevation_m: 120.0, utc_offset_hours: 1.0 },
            year,
            step_minutes,
            air_c: [3.0, 5.0, 10.0, 14.0, 18.0, 23.0, 25.0, 25.0, 20.0, 14.0, 8.0, 4.0],
            irradiation_kwh_m2_day: [1.3, 2.2, 3.6, 4.7, 5.7, 6.4, 6.6, 5.6, 4.2, 2.5, 1.5, 1.1],
            swing_k: [6.0, 8.0, 10.0, 10.0, 11.0, 11.0, 11.0, 11.0, 10.0, 8.0, 6.0, 6.0],
            sigma_k: default_sigma_k(),
            persistence: default_persistence(),
            clearness_sigma: default_clearness_sigma(),
            clearness_persistence: default_clearness_persistence(),
            seed,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of steps")]
    fn monthly_means(weather: &Weather, values: &[f64]) -> [f64; 12] {
        let mut means = [0.0; 12];
        for (month, mean) in means.iter_mut().enumerate() {
            let steps: Vec<usize> = (0..values.len()).filter(|&step| month_of(&weather.axis, step) == month).collect();
            *mean = steps.iter().map(|&step| values[step]).sum::<f64>() / steps.len() as f64;
        }
        means
    }

    #[test]
    fn the_monthly_means_are_met() {
        for (year, step_minutes, seed) in [(2019, 60, 1), (2020, 30, 2)] {
            let settings = milan(year, step_minutes, seed);
            let weather = settings.weather().unwrap();
            let (air, sun) = (monthly_means(&weather, &weather.air_c), monthly_means(&weather, &weather.ghi_w_m2));
            for month in 0..12 {
                assert!((air[month] - settings.air_c[month]).abs() < 0.5, "{air:?}");
                let kwh = sun[month] * 24.0 / 1000.0;
                assert!((kwh / settings.irradiation_kwh_m2_day[month] - 1.0).abs() < 1e-6, "{kwh}");
            }
        }
    }

    #[test]
    fn days_vary_and_are_correlated() {
        let weather = milan(2019, 60, 3).weather().unwrap();
        let means: Vec<f64> = weather.air_c.chunks(24).map(|day| day.iter().sum::<f64>() / 24.0).collect();
        // In July the seasonal change is small.
        let july: Vec<f64> = means[181..212].to_vec();
        let mean = july.iter().sum::<f64>() / 31.0;
        let spread = (july.iter().map(|day| (day - mean).powi(2)).sum::<f64>() / 31.0).sqrt();
        assert!((0.8..5.0).contains(&spread), "{spread}");
        let jump = means.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
        assert!(jump < 9.0, "{jump}");
        let step = weather.air_c.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
        assert!(step < 4.0, "{step}");
    }

    #[test]
    fn the_sun_adds_up_and_sets() {
        let weather = milan(2019, 60, 4).weather().unwrap();
        let sun = weather.sun_path().unwrap();
        for step in 0..weather.axis.len() {
            let sine = sun.mean_of_sine(step, |sine| sine);
            let sum = weather.dni_w_m2[step] * sine + weather.dhi_w_m2[step];
            assert!((sum - weather.ghi_w_m2[step]).abs() < 1e-9);
            assert!(sine > 0.0 || weather.ghi_w_m2[step] == 0.0);
            assert!((0.0..1150.0).contains(&weather.ghi_w_m2[step]) && weather.dhi_w_m2[step] >= 0.0);
        }
        let direct = weather.dni_w_m2.iter().sum::<f64>() / 1000.0;
        assert!((900.0..1700.0).contains(&direct), "direct normal irradiation {direct} kWh/m2");
    }

    #[test]
    fn the_same_seed_gives_the_same_year_and_another_one_another() {
        let year = milan(2019, 60, 5).weather().unwrap();
        assert_eq!(year, milan(2019, 60, 5).weather().unwrap());
        assert_ne!(year, milan(2019, 60, 6).weather().unwrap());
    }

    #[test]
    fn finer_steps_give_the_same_climate() {
        let (fine, coarse) = (milan(2020, 15, 7).weather().unwrap(), milan(2020, 60, 7).weather().unwrap());
        assert_eq!(fine.axis.len(), 35136);
        for hour in 0..coarse.axis.len() {
            let mean = |values: &[f64]| values[4 * hour..4 * hour + 4].iter().sum::<f64>() / 4.0;
            assert!((mean(&fine.air_c) - coarse.air_c[hour]).abs() < 0.3);
            assert!((mean(&fine.ghi_w_m2) - coarse.ghi_w_m2[hour]).abs() < 12.0);
        }
    }

    #[test]
    fn settings_out_of_range_are_reported() {
        let mut bright = milan(2019, 60, 0);
        bright.irradiation_kwh_m2_day[0] = 4.0;
        assert!(bright.weather().unwrap_err().to_string().contains("month 1: 0.04 to 0.78"));
        let odd_step = TypicalYear { step_minutes: 7, ..milan(2019, 60, 0) };
        assert!(odd_step.weather().unwrap_err().to_string().contains("step_minutes is 7"));
        let frantic = TypicalYear { persistence: 1.5, ..milan(2019, 60, 0) };
        assert!(frantic.weather().unwrap_err().to_string().contains("persistence is 1.5"));
    }

    #[test]
    fn the_polar_night_is_dark() {
        let mut tromso = milan(2019, 60, 8);
        tromso.location = Location { latitude_deg: 69.65, longitude_deg: 18.96, ..tromso.location };
        tromso.irradiation_kwh_m2_day = [0.02, 0.5, 1.6, 3.4, 4.4, 5.0, 4.7, 3.3, 1.8, 0.7, 0.08, 0.0];
        let weather = tromso.weather().unwrap();
        assert!(weather.ghi_w_m2[8760 - 24 * 20..].iter().all(|&ghi| ghi == 0.0));
    }
}
