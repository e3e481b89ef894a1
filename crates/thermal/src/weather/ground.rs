//! Temperature of the undisturbed ground: the damped and delayed annual wave of the surface.

use std::f64::consts::{PI, TAU};

use anergy_data::series::TimeAxis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WeatherError;

/// Temperature of undisturbed ground at one depth (Kusuda and Achenbach 1965, *Earth temperature and thermal diffusivity at
/// selected stations in the United States*): T(z, t) = mean - swing e^(-z/d) cos(w (t - coldest) - z/d), where w is one turn
/// a year and d = sqrt(2 a / w), the depth at which a wave has sunk to 1/e in ground of diffusivity a.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroundWave {
    /// Mean temperature of the surface over the year, degrees Celsius.
    pub mean_c: f64,
    /// Half the difference between the warmest and the coldest time at the surface, K, 0 or more.
    pub amplitude_k: f64,
    /// Days from the beginning of the year to the surface's coldest moment, 0 to 366.
    pub coldest_day: f64,
    /// Depth, m, 0 or more.
    pub depth_m: f64,
    /// Thermal diffusivity of the ground, m2/day; 0.03 dry to 0.08 wet.
    #[serde(default = "default_diffusivity")]
    pub diffusivity_m2_day: f64,
}

fn default_diffusivity() -> f64 {
    0.055
}

impl GroundWave {
    /// Creates the wave that follows from monthly mean air temperatures (January to December): their mean, half their
    /// range, and the minimum in the middle of the coldest month.
    #[must_use]
    pub fn from_monthly_air(air_c: &[f64; 12], depth_m: f64) -> Self {
        let coldest = (0..12).min_by(|&a, &b| air_c[a].total_cmp(&air_c[b])).unwrap_or(0);
        let lowest_c = air_c[coldest];
        let highest_c = air_c.iter().copied().fold(f64::MIN, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "12 at most")]
        let coldest_day = (coldest as f64 + 0.5) * 365.25 / 12.0;
        Self {
            mean_c: air_c.iter().sum::<f64>() / 12.0,
            amplitude_k: (highest_c - lowest_c) / 2.0,
            coldest_day,
            depth_m,
            diffusivity_m2_day: default_diffusivity(),
        }
    }

    /// Returns the temperature in the middle of every step, degrees Celsius.
    ///
    /// # Errors
    /// [`WeatherError::Setting`] for a depth, amplitude or diffusivity out of range.
    pub fn temperatures_c(&self, axis: &TimeAxis) -> Result<Vec<f64>, WeatherError> {
        WeatherError::check("depth_m", self.depth_m, self.depth_m >= 0.0, "0 or more")?;
        WeatherError::check("amplitude_k", self.amplitude_k, self.amplitude_k >= 0.0, "0 or more")?;
        let diffusivity = self.diffusivity_m2_day;
        WeatherError::check("diffusivity_m2_day", diffusivity, diffusivity > 0.0, "above 0")?;
        let sunk = self.depth_m * (PI / (365.25 * diffusivity)).sqrt();
        let amplitude_k = self.amplitude_k * (-sunk).exp();
        Ok((0..axis.len())
            .map(|step| {
                let stamp = axis.stamp(step);
                let hour = f64::from(stamp.hour()) + f64::from(stamp.minute()) / 60.0 + axis.step_hours() / 2.0;
                let day = f64::from(stamp.day_of_year()) - 1.0 + hour / 24.0;
                self.mean_c - amplitude_k * (TAU / 365.25 * (day - self.coldest_day) - sunk).cos()
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn year(depth_m: f64) -> Vec<f64> {
        let wave =
            GroundWave { mean_c: 14.0, amplitude_k: 11.0, coldest_day: 15.0, depth_m, diffusivity_m2_day: 0.055 };
        wave.temperatures_c(&TimeAxis::new(date(2019, 1, 1).at(0, 0, 0, 0), 60, 8760)).unwrap()
    }

    fn coldest_day(values: &[f64]) -> usize {
        (0..values.len()).min_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap() / 24
    }

    #[test]
    fn deeper_ground_has_a_smaller_and_later_wave() {
        let (surface, pipe, deep) = (year(0.0), year(1.5), year(15.0));
        let range = |values: &[f64]| {
            values.iter().copied().fold(f64::MIN, f64::max) - values.iter().copied().fold(f64::MAX, f64::min)
        };
        assert!((range(&surface) - 22.0).abs() < 0.01);
        assert!((10.0..14.0).contains(&range(&pipe)), "{}", range(&pipe));
        assert!(range(&deep) < 0.1);
        assert!((14..=15).contains(&coldest_day(&surface)));
        assert!((45..60).contains(&coldest_day(&pipe)), "{}", coldest_day(&pipe));
        assert!((pipe.iter().sum::<f64>() / 8760.0 - 14.0).abs() < 0.02);
    }

    #[test]
    fn the_wave_of_a_climate() {
        let air = [3.0, 5.0, 10.0, 14.0, 18.0, 23.0, 25.0, 25.0, 20.0, 14.0, 8.0, 4.0];
        let wave = GroundWave::from_monthly_air(&air, 1.5);
        assert_eq!((wave.amplitude_k, wave.coldest_day.round()), (11.0, 15.0));
        let negative = GroundWave { depth_m: -1.0, ..wave };
        let axis = TimeAxis::new(date(2019, 1, 1).at(0, 0, 0, 0), 60, 24);
        assert!(negative.temperatures_c(&axis).unwrap_err().to_string().contains("depth_m is -1"));
    }
}
