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

/// Crystalline modules whose efficiency depends on irradiance, temperature and, through the temperature, on wind.
///
/// Module temperature after Faiman (2008, doi:10.1002/pip.813): `T = T_air + G / (u0 + u1 v)`. Efficiency by the ADR
/// model (Driesse and Stein 2020, SAND2020-3877) relative to the rating at 1000 W/m2 and 25 degrees:
/// `k_a ((1 + k_rs + k_rsh) v - k_rs s - k_rsh v^2)` with `s = G / 1000`,
/// `v = ln(s / s_o + 1) / ln(1 / s_oref + 1)`, `s_o = 10^(k_d + t_cd (T - 25))` and `s_oref = 10^k_d`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdrModules {
    /// Absolute scale of the efficiency, above 0.
    pub k_a: f64,
    /// Dark irradiance as an exponent of 10, below 0.
    pub k_d: f64,
    /// Change of `k_d` per kelvin, 1/K.
    pub t_cd: f64,
    /// Loss in the series resistance.
    pub k_rs: f64,
    /// Loss in the shunt resistance.
    pub k_rsh: f64,
    /// Heat loss of the module without wind, W/(m2 K), above 0.
    pub u0_w_m2k: f64,
    /// Increase of the heat loss with wind, W s/(m3 K), 0 or more.
    pub u1_w_s_m3k: f64,
}

impl Default for AdrModules {
    /// The example coefficients of `pvlib` and Faiman's heat losses.
    fn default() -> Self {
        Self { k_a: 0.999, k_d: -5.852, t_cd: 0.0194, k_rs: 0.06963, k_rsh: 0.2104, u0_w_m2k: 25.0, u1_w_s_m3k: 6.84 }
    }
}

impl AdrModules {
    /// Returns the power per peak power, kW/kWp, in every step: `plane_w_m2` is the irradiance on the modules, `air_c`
    /// the air temperature, `wind_m_s` the wind speed. Without inverter or wiring losses.
    ///
    /// # Errors
    /// [`WeatherError::Setting`] for a setting out of its range.
    pub fn power_per_peak(
        &self,
        plane_w_m2: &[f64],
        air_c: &[f64],
        wind_m_s: &[f64],
    ) -> Result<Vec<f64>, WeatherError> {
        let check = |name, value: f64, low: f64, high: f64| {
            WeatherError::check(name, value, (low..=high).contains(&value), &format!("{low} to {high}"))
        };
        check("k_a", self.k_a, 0.01, 2.0)?;
        check("k_d", self.k_d, -20.0, -0.1)?;
        check("t_cd", self.t_cd, -0.2, 0.2)?;
        check("k_rs", self.k_rs, 0.0, 1.0)?;
        check("k_rsh", self.k_rsh, 0.0, 1.0)?;
        check("u0_w_m2k", self.u0_w_m2k, 1.0, 200.0)?;
        check("u1_w_s_m3k", self.u1_w_s_m3k, 0.0, 100.0)?;
        let columns = plane_w_m2.iter().zip(air_c).zip(wind_m_s);
        Ok(columns.map(|((&plane, &air), &wind)| self.power(plane, air, wind)).collect())
    }

    fn power(&self, plane_w_m2: f64, air_c: f64, wind_m_s: f64) -> f64 {
        if plane_w_m2 <= 0.0 {
            return 0.0;
        }
        let module_c = air_c + plane_w_m2 / (self.u0_w_m2k + self.u1_w_s_m3k * wind_m_s);
        let sun = plane_w_m2 / RATED_W_M2;
        let dark = 10f64.powf(self.k_d + self.t_cd * (module_c - RATED_C));
        let voltage = (sun / dark).ln_1p() / 10f64.powf(-self.k_d).ln_1p();
        let efficiency = (1.0 + self.k_rs + self.k_rsh) * voltage - self.k_rs * sun - self.k_rsh * voltage * voltage;
        (self.k_a * efficiency * sun).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adr_modules_give_known_powers() {
        // Irradiance, air, wind and power of pvlib 0.9 with these coefficients.
        let known = [(2.0111, -0.2, 0.0, 1.4368e-3), (47.4853, 1.2, 0.0, 44.0901e-3), (139.291, 3.2, 0.0, 136.1825e-3)];
        for (plane, air, wind, expected) in known {
            let power = AdrModules::default().power_per_peak(&[plane], &[air], &[wind]).unwrap()[0];
            assert!((power - expected).abs() < 2e-7, "{power} {expected}");
        }
    }

    #[test]
    fn adr_modules_gain_from_wind_and_are_dark_at_night() {
        let power = |plane, air, wind| AdrModules::default().power_per_peak(&[plane], &[air], &[wind]).unwrap()[0];
        assert_eq!(power(0.0, 5.0, 1.0), 0.0);
        assert!(power(800.0, 20.0, 5.0) > power(800.0, 20.0, 0.0));
        assert!(power(800.0, 35.0, 1.0) < power(800.0, 20.0, 1.0));
        // At the rating, the power is the scale k_a.
        let cool = 25.0 - 1000.0 / 25.0;
        assert!((power(1000.0, cool, 0.0) - 0.999).abs() < 1e-12);
        let broken = AdrModules { k_d: f64::NAN, ..AdrModules::default() };
        assert!(broken.power_per_peak(&[1.0], &[1.0], &[1.0]).unwrap_err().to_string().contains("k_d is NaN"));
    }

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
