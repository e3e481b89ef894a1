//! Photovoltaic yield.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WeatherError;

/// Irradiance, W/m2, and cell temperature, degrees Celsius, at which peak power is rated (IEC 61215).
const RATED_W_M2: f64 = 1000.0;
const RATED_C: f64 = 25.0;

/// Modules with everything between them and the meter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Photovoltaics {
    /// Share that is left by reflection, dirt, wires and inverter, without heat; 0 to 1.
    #[serde(default = "default_performance_ratio")]
    pub performance_ratio: f64,
    /// Change of power per kelvin of cell temperature, 1/K; negative for silicon.
    #[serde(default = "default_per_k")]
    pub temperature_coefficient_per_k: f64,
    /// Cell temperature at 800 W/m2 and 20 degrees, degrees Celsius (NOCT of the data sheet).
    #[serde(default = "default_noct_c")]
    pub nominal_cell_c: f64,
}

fn default_performance_ratio() -> f64 {
    0.86
}
fn default_per_k() -> f64 {
    -0.004
}
fn default_noct_c() -> f64 {
    45.0
}

impl Default for Photovoltaics {
    fn default() -> Self {
        Self {
            performance_ratio: default_performance_ratio(),
            temperature_coefficient_per_k: default_per_k(),
            nominal_cell_c: default_noct_c(),
        }
    }
}

impl Photovoltaics {
    /// Returns the power per peak power, kW/kWp, in every step: `plane_w_m2` is the irradiance on the modules,
    /// `air_c` the air temperature. The cells are warmer than the air in proportion to the irradiance (Ross 1976, by
    /// NOCT).
    ///
    /// # Errors
    /// [`WeatherError::Setting`] for a setting out of its range.
    pub fn power_per_peak(&self, plane_w_m2: &[f64], air_c: &[f64]) -> Result<Vec<f64>, WeatherError> {
        let ratio = self.performance_ratio;
        WeatherError::check("performance_ratio", ratio, (0.0..=1.0).contains(&ratio), "0 to 1")?;
        let per_k = self.temperature_coefficient_per_k;
        let coefficient = "temperature_coefficient_per_k";
        WeatherError::check(coefficient, per_k, (-0.02..=0.02).contains(&per_k), "-0.02 to 0.02")?;
        let noct_c = self.nominal_cell_c;
        WeatherError::check("nominal_cell_c", noct_c, (20.0..=80.0).contains(&noct_c), "20 to 80")?;
        let power = |(&w_m2, &air_c): (&f64, &f64)| {
            let cell_c = air_c + (noct_c - 20.0) / 800.0 * w_m2;
            (w_m2 / RATED_W_M2 * ratio * (1.0 + per_k * (cell_c - RATED_C))).max(0.0)
        };
        Ok(plane_w_m2.iter().zip(air_c).map(power).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_costs_power_and_night_gives_none() {
        let power = Photovoltaics::default().power_per_peak(&[0.0, 800.0, 800.0], &[20.0, 20.0, 35.0]).unwrap();
        assert_eq!(power[0], 0.0);
        // 20 K above the rated temperature: 8 % less.
        assert!((power[1] - 0.8 * 0.86 * 0.92).abs() < 1e-12);
        assert!((power[2] / power[1] - 0.86 / 0.92).abs() < 1e-12);
    }

    #[test]
    fn a_ratio_above_one_is_refused() {
        let wonder = Photovoltaics { performance_ratio: 1.1, ..Photovoltaics::default() };
        assert!(wonder.power_per_peak(&[1.0], &[1.0]).unwrap_err().to_string().contains("performance_ratio is 1.1"));
    }
}
