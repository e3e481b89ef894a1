//! The clock and the sky of `ClustEnergy` `OpTool` 1.0.0, to reproduce its results, with their known faults:
//!
//! - the weather of H hours is stretched: sample k of N lies at hour `k (H - 1) / (N - 1)`, interpolated between hourly
//!   records that start one hour early
//! - the day of the year counts from 0, the sun stands at the middle of the step before, and the longitude of Rome is
//!   six degrees too far east
//! - the term `0.001868 cos B` of the equation of time has the wrong sign, and so has the distance of the site from the
//!   zone's meridian
//! - the ground has the temperature of the air

use std::f64::consts::TAU;

use anergy_thermal::weather::Weather;

use crate::BuildingError;

/// Hours of a day.
const DAY_H: f64 = 24.0;

/// A site of the published tool.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublishedSite {
    /// Name.
    pub name: &'static str,
    /// Latitude, degrees north.
    pub latitude_deg: f64,
    /// Longitude, degrees east, as in the tool.
    pub longitude_deg: f64,
    /// Standard time minus UTC, hours.
    pub utc_offset_hours: f64,
}

const fn site(name: &'static str, latitude_deg: f64, longitude_deg: f64, utc_offset_hours: f64) -> PublishedSite {
    PublishedSite { name, latitude_deg, longitude_deg, utc_offset_hours }
}

impl PublishedSite {
    /// The five sites of the tool. The longitude of Rome is the tool's, 18.58 instead of 12.58.
    pub const ALL: [Self; 5] = [
        site("Milano", 45.43, 9.28, 1.0),
        site("Roma", 41.80, 18.58, 1.0),
        site("Ancona", 43.62, 13.52, 1.0),
        site("Messina", 38.20, 15.55, 1.0),
        site("Denver", 39.83, -104.65, -7.0),
    ];

    /// Returns the site of that name.
    ///
    /// # Errors
    /// [`BuildingError::Unknown`].
    pub fn named(name: &str) -> Result<Self, BuildingError> {
        Self::ALL.into_iter().find(|site| site.name == name).ok_or_else(|| BuildingError::Unknown {
            kind: "published site",
            name: name.to_owned(),
            known: Self::ALL.map(|site| site.name).join(", "),
        })
    }

    /// Returns the zenith angle of the sun and its azimuth, radians (south 0, west positive), `hours` after the
    /// beginning of the year, for steps of `step_hours`; a sun below the horizon has zenith 90 and azimuth -90 degrees.
    #[must_use]
    pub fn sun(&self, hours: f64, step_hours: f64) -> [f64; 2] {
        let day = (hours / DAY_H).floor();
        let time = hours - step_hours / 2.0 - DAY_H * day;
        let b = TAU * (day - 1.0) / 365.0;
        let equation_h = DAY_H / TAU
            * (7.5e-5
                - 0.001868 * b.cos()
                - 0.032077 * b.sin()
                - 0.014615 * (2.0 * b).cos()
                - 0.04089 * (2.0 * b).sin());
        let solar_h = time + equation_h + (15.0 * self.utc_offset_hours - self.longitude_deg) / 15.0;
        let declination = 23.45_f64.to_radians() * (360.0 / 365.0 * (284.0 + day)).to_radians().sin();
        let (sin_d, cos_d) = declination.sin_cos();
        let (sin_l, cos_l) = self.latitude_deg.to_radians().sin_cos();
        let (sin_w, cos_w) = (15.0 * (solar_h - 12.0)).to_radians().sin_cos();
        let cos_z = sin_d * sin_l + cos_l * cos_d * cos_w;
        if cos_z <= 0.0 {
            return [90f64.to_radians(), -90f64.to_radians()];
        }
        let zenith = cos_z.clamp(-1.0, 1.0).acos();
        [zenith, (cos_d * sin_w).atan2(cos_d * cos_w * sin_l - sin_d * cos_l)]
    }
}

/// The four facades and the roof of a house, by azimuth (south 0, west positive) and tilt in degrees.
const FACADES: [f64; 4] = [0.0, 270.0, 90.0, 180.0];

/// Weather and sun of a run of the published tool; every series has one value per step.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedClimate {
    /// Air temperature, degrees Celsius.
    pub air_c: Vec<f64>,
    /// Global horizontal irradiance, W/m2.
    pub ghi_w_m2: Vec<f64>,
    /// Direct normal irradiance, W/m2.
    pub dni_w_m2: Vec<f64>,
    /// Diffuse horizontal irradiance, W/m2.
    pub dhi_w_m2: Vec<f64>,
    /// Zenith angle of the sun and azimuth (south 0, west positive), radians.
    pub sun: Vec<[f64; 2]>,
    /// Reflectance of the ground, 0 to 1.
    pub albedo: f64,
}

impl PublishedClimate {
    /// Computes the climate of `days` days from `start_hour` (hours after the beginning of the year) in steps of
    /// `step_hours`, from an hourly year of `weather`.
    ///
    /// # Errors
    /// [`BuildingError::Published`] for weather that is not hourly, or a run that begins before 1 January 1:00 or ends
    /// after the weather; [`BuildingError::Value`] for a step that does not divide a day.
    pub fn new(
        weather: &Weather,
        site: &PublishedSite,
        start_hour: usize,
        days: usize,
        step_hours: f64,
        albedo: f64,
    ) -> Result<Self, BuildingError> {
        let refuse = |reason: String| Err(BuildingError::Published { reason });
        if weather.axis.step_minutes() != 60 {
            return refuse(format!("its weather is hourly, not in steps of {} min", weather.axis.step_minutes()));
        }
        let hours = days * 24;
        if start_hour == 0 || days == 0 || start_hour - 1 + hours > weather.axis.len() {
            let reason = format!("{days} days from hour {start_hour} are not within hours 1 to {}", weather.axis.len());
            return refuse(reason);
        }
        #[expect(clippy::cast_precision_loss, reason = "hours of a year")]
        let (length, first) = (hours as f64, start_hour as f64);
        let count = length / step_hours;
        let whole = (count - count.round()).abs() < 1e-9 && count >= 2.0 && step_hours > 0.0;
        BuildingError::check("step_hours", step_hours, whole, "a divisor of 24")?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        let steps = count.round() as usize;
        let stretched = |values: &[f64]| stretch(&values[start_hour - 1..start_hour - 1 + hours], steps);
        #[expect(clippy::cast_precision_loss, reason = "steps of a year")]
        let sun = (0..steps).map(|step| site.sun(first + step as f64 * step_hours, step_hours)).collect();
        Ok(Self {
            air_c: stretched(&weather.air_c),
            ghi_w_m2: stretched(&weather.ghi_w_m2),
            dni_w_m2: stretched(&weather.dni_w_m2),
            dhi_w_m2: stretched(&weather.dhi_w_m2),
            sun,
            albedo,
        })
    }

    /// Returns the number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.air_c.len()
    }

    /// Returns whether there are no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.air_c.is_empty()
    }

    /// Returns the cosine of incidence (0 or more) and the indirect irradiance, W/m2, on a plane in step `step`;
    /// azimuth in degrees, south 0, west positive.
    fn on_plane(&self, step: usize, azimuth_deg: f64, tilt_deg: f64) -> [f64; 2] {
        let [zenith, azimuth] = self.sun[step];
        let (sin_t, cos_t) = tilt_deg.to_radians().sin_cos();
        let cosine = zenith.cos() * cos_t + zenith.sin() * (azimuth - azimuth_deg.to_radians()).cos() * sin_t;
        let ground = self.ghi_w_m2[step] * self.albedo * (1.0 - cos_t) / 2.0;
        [cosine.max(0.0), self.dhi_w_m2[step] * (1.0 + cos_t) / 2.0 + ground]
    }

    /// Returns the irradiance on the facades to south, east, west and north, and on the roof, W/m2, in step `step`.
    #[must_use]
    pub fn irradiance_w_m2(&self, step: usize) -> [f64; 5] {
        let on = |azimuth_deg, tilt_deg| {
            let [cosine, indirect] = self.on_plane(step, azimuth_deg, tilt_deg);
            self.dni_w_m2[step] * cosine + indirect
        };
        let [south, east, west, north] = FACADES.map(|azimuth_deg| on(azimuth_deg, 90.0));
        [south, east, west, north, on(0.0, 0.0)]
    }

    /// Returns the gain through a window per area on the facades to south, east, west and north, W/m2, in step `step`:
    /// `g (0.84 I_indirect + I_direct sqrt(cos))`.
    #[must_use]
    pub fn window_w_m2(&self, step: usize, solar_factor: f64) -> [f64; 4] {
        FACADES.map(|azimuth_deg| {
            let [cosine, indirect] = self.on_plane(step, azimuth_deg, 90.0);
            solar_factor * (0.84 * indirect + self.dni_w_m2[step] * cosine * cosine.sqrt())
        })
    }
}

/// Returns `steps` values at equal distances from the first to the last of `values`, interpolated.
#[expect(clippy::cast_precision_loss, reason = "hours of a year")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the number of values")]
fn stretch(values: &[f64], steps: usize) -> Vec<f64> {
    let last = values.len() - 1;
    (0..steps)
        .map(|step| {
            let place = step as f64 * last as f64 / (steps - 1) as f64;
            let from = (place.floor() as usize).min(last);
            let share = place - from as f64;
            values[from] + share * (values[(from + 1).min(last)] - values[from])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretching_keeps_the_ends() {
        assert_eq!(stretch(&[1.0, 3.0, 2.0], 5), [1.0, 2.0, 3.0, 2.5, 2.0]);
        let day: Vec<f64> = (0..24).map(f64::from).collect();
        let quarter = stretch(&day, 96);
        assert_eq!((quarter[0], quarter[95]), (0.0, 23.0));
        assert!((quarter[4] - 4.0 * 23.0 / 95.0).abs() < 1e-12);
    }

    #[test]
    fn the_sun_is_highest_near_noon_and_below_the_horizon_at_night() {
        let milano = PublishedSite::named("Milano").unwrap();
        let zenith = |quarter: u32| milano.sun(171.0 * 24.0 + 0.25 * f64::from(quarter), 0.25)[0].to_degrees();
        let (lowest, at) =
            (0..96).map(|quarter| (zenith(quarter), quarter)).reduce(|a, b| if b.0 < a.0 { b } else { a }).unwrap();
        assert!((lowest - (45.43 - 23.45)).abs() < 0.1 && (44..52).contains(&at), "{lowest} {at}");
        assert_eq!(milano.sun(24.0, 0.25), [90f64.to_radians(), -90f64.to_radians()]);
        assert!(PublishedSite::named("Paris").unwrap_err().to_string().contains("Milano, Roma"));
    }
}
