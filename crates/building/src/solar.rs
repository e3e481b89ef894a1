//! Sun through windows.

use anergy_thermal::weather::{Plane, SkyModel, Split, SunPath, Weather};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::BuildingError;

/// How the solar factor of a glazing depends on the angle of incidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AngularModel {
    /// The square root of the cosine for direct light, and a constant factor for indirect light.
    RootOfCosine {
        /// Factor for indirect light, 0 to 1; 0.84 in the archetypes.
        diffuse: f64,
    },
    /// A table.
    Table {
        /// Solar factor relative to that at normal incidence, at 0, 10, ... 90 degrees, 0 to 1; in between it is
        /// linear.
        by_ten_degrees: [f64; 10],
        /// The same for indirect light, 0 to 1.
        hemispherical: f64,
    },
}

impl AngularModel {
    /// Returns the factor for direct light at a cosine of incidence of 0 to 1.
    #[must_use]
    pub fn direct(&self, cosine: f64) -> f64 {
        match self {
            Self::RootOfCosine { .. } => cosine.max(0.0).sqrt(),
            Self::Table { by_ten_degrees, .. } => {
                let tens = cosine.clamp(0.0, 1.0).acos().to_degrees() / 10.0;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
                let from = (tens.floor() as usize).min(8);
                #[expect(clippy::cast_precision_loss, reason = "0 to 8")]
                let share = tens - from as f64;
                by_ten_degrees[from] * (1.0 - share) + by_ten_degrees[from + 1] * share
            }
        }
    }

    /// Returns the factor for indirect light.
    #[must_use]
    pub fn indirect(&self) -> f64 {
        match self {
            Self::RootOfCosine { diffuse } => *diffuse,
            Self::Table { hemispherical, .. } => *hemispherical,
        }
    }
}

/// A glazing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Glazing {
    /// Solar factor g (SHGC) at normal incidence, 0 to 1: heat into the room per light on the window.
    pub solar_factor: f64,
    /// Dependence on the angle.
    pub angular: AngularModel,
}

/// A window in the sun.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SolarWindow {
    /// The plane it lies in.
    pub plane: Plane,
    /// Glazed area, m2, 0 or more.
    pub area_m2: f64,
    /// The glazing.
    pub glazing: Glazing,
}

impl SolarWindow {
    /// Returns the solar gain through the window in every step of `weather`, W; `sun` is the weather's
    /// [`Weather::sun_path`], `albedo` the reflectance of the ground. The glow around the sun passes as direct light
    /// does.
    ///
    /// # Errors
    /// [`BuildingError::Value`] for an area, a solar factor or an albedo out of range.
    pub fn gain_w(
        &self,
        weather: &Weather,
        sun: &SunPath,
        albedo: f64,
        sky: SkyModel,
    ) -> Result<Vec<f64>, BuildingError> {
        let Self { plane, area_m2, glazing } = self;
        BuildingError::check("area_m2", *area_m2, (0.0..f64::INFINITY).contains(area_m2), "0 or more")?;
        let share = |name, value: f64| BuildingError::check(name, value, (0.0..=1.0).contains(&value), "0 to 1");
        share("solar_factor", glazing.solar_factor)?;
        share("albedo", albedo)?;
        let gain = |step: usize| {
            let split = Split { dni_w_m2: weather.dni_w_m2[step], dhi_w_m2: weather.dhi_w_m2[step] };
            let reflected_w_m2 = weather.ghi_w_m2[step] * albedo;
            let indirect = sky.on_plane_without_direct(sun, step, plane, split, reflected_w_m2);
            let cosine = sun.mean_cosine(step, plane);
            let passing = sun.mean_passing(step, plane, |cosine| glazing.angular.direct(cosine));
            let as_direct = if cosine > 0.0 { passing / cosine } else { 0.0 };
            let isotropic = indirect.sky_w_m2 - indirect.glow_w_m2 + indirect.ground_w_m2;
            let through =
                split.dni_w_m2 * passing + indirect.glow_w_m2 * as_direct + isotropic * glazing.angular.indirect();
            area_m2 * glazing.solar_factor * through
        };
        Ok((0..weather.axis.len()).map(gain).collect())
    }
}

/// Returns the internal gains of a dwelling by its useful floor area `area_m2`, W: the rule of UNI/TS 11300-1,
/// `7.987 A - 0.0353 A^2` up to 120 m2 and 450 W above.
#[must_use]
pub fn standard_internal_gains_w(area_m2: f64) -> f64 {
    if area_m2 > 120.0 { 450.0 } else { (7.987 - 0.0353 * area_m2) * area_m2 }
}

/// Returns `weather` in steps of `step_minutes`, a divisor of its own step: irradiances repeat (means of the longer
/// step), and the air's temperature is linear between the middles of the longer steps. The sun then moves within them.
///
/// # Errors
/// [`BuildingError::Value`] unless `step_minutes` divides the step of the weather.
pub fn refined(weather: &Weather, step_minutes: i64) -> Result<Weather, BuildingError> {
    let own = weather.axis.step_minutes();
    let divides = step_minutes > 0 && own % step_minutes == 0;
    #[expect(clippy::cast_precision_loss, reason = "only shown")]
    BuildingError::check("step_minutes", step_minutes as f64, divides, "a divisor of the weather's step")?;
    let parts = usize::try_from(own / step_minutes).unwrap_or(1);
    let steps = weather.axis.len();
    let repeated = |values: &[f64]| values.iter().flat_map(|&value| std::iter::repeat_n(value, parts)).collect();
    #[expect(clippy::cast_precision_loss, reason = "counts of steps")]
    let between = |index: usize| {
        let place = (index as f64 + 0.5) / parts as f64 - 0.5;
        let from = place.max(0.0).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to steps")]
        let first = (from as usize).min(steps - 1);
        let share = (place - from).max(0.0);
        weather.air_c[first] * (1.0 - share) + weather.air_c[(first + 1).min(steps - 1)] * share
    };
    Ok(Weather {
        axis: anergy_data::series::TimeAxis::new(weather.axis.stamp(0), step_minutes, steps * parts),
        location: weather.location,
        air_c: (0..steps * parts).map(between).collect(),
        ghi_w_m2: repeated(&weather.ghi_w_m2),
        dni_w_m2: repeated(&weather.dni_w_m2),
        dhi_w_m2: repeated(&weather.dhi_w_m2),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angular_factors_fall_from_one_to_zero() {
        let table = AngularModel::Table {
            by_ten_degrees: [1.0, 0.999, 0.996, 0.99, 0.973, 0.934, 0.847, 0.662, 0.347, 0.0],
            hemispherical: 0.87,
        };
        for model in [AngularModel::RootOfCosine { diffuse: 0.84 }, table] {
            assert_eq!((model.direct(1.0), model.direct(0.0)), (1.0, 0.0));
            let falls = (0..90).all(|degree| {
                let at = |degree: i32| model.direct(f64::from(degree).to_radians().cos());
                at(degree + 1) <= at(degree) + 1e-12
            });
            assert!(falls, "{model:?}");
        }
        assert!((table.direct(75f64.to_radians().cos()) - (0.662 + 0.347) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn internal_gains_of_a_dwelling() {
        assert_eq!(standard_internal_gains_w(192.8), 450.0);
        assert!((standard_internal_gains_w(100.0) - 445.7).abs() < 1e-9);
        assert!((standard_internal_gains_w(120.0) - 450.12).abs() < 1e-9);
    }
}
