//! Position of the sun, and extraterrestrial irradiance.

use std::f64::consts::TAU;

use anergy_data::series::TimeAxis;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use solar_positioning::SolarPositions;
use solar_positioning::delta_t::estimate_from_date;
use solar_positioning::time::JulianDate;

use super::{Plane, WeatherError};

/// Solar constant, W/m2 (Kopp and Lean 2011, doi:10.1029/2010GL045777).
const SOLAR_CONSTANT_W_M2: f64 = 1361.0;
/// Longest time between two samples of the sun's position within a step, minutes.
const SAMPLE_MINUTES: i64 = 10;

/// A place and its clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Latitude, degrees, positive north, -90 to 90.
    pub latitude_deg: f64,
    /// Longitude, degrees, positive east, -180 to 180.
    pub longitude_deg: f64,
    /// Height above the sea, m.
    #[serde(default)]
    pub elevation_m: f64,
    /// Local standard time minus UTC, hours, -12 to 14; no summer time.
    pub utc_offset_hours: f64,
}

impl Location {
    /// Checks every field against its range.
    ///
    /// # Errors
    /// [`WeatherError::Setting`].
    pub fn validate(&self) -> Result<(), WeatherError> {
        let check = |name, value: f64, low: f64, high: f64| {
            WeatherError::check(name, value, (low..=high).contains(&value), &format!("{low} to {high}"))
        };
        check("latitude_deg", self.latitude_deg, -90.0, 90.0)?;
        check("longitude_deg", self.longitude_deg, -180.0, 180.0)?;
        check("elevation_m", self.elevation_m, -1000.0, 9999.9)?;
        check("utc_offset_hours", self.utc_offset_hours, -12.0, 14.0)
    }
}

/// The position of the sun, without refraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SunPosition {
    /// Angle above the horizon, degrees, -90 to 90.
    pub elevation_deg: f64,
    /// Direction, degrees clockwise from north, 0 to 360.
    pub azimuth_deg: f64,
}

/// Returns the sun's position at `moment`, local standard time.
///
/// Grena's third algorithm (2012, doi:10.1016/j.solener.2012.01.024; 0.01 degrees) from 2010 to 2110, where it is
/// valid; the slower SPA of Reda and Andreas (2004, doi:10.1016/j.solener.2003.12.003; 0.0003 degrees) in other
/// years.
///
/// # Errors
/// [`WeatherError::Setting`] for a location out of range or a year before -499 or after 2999.
pub fn sun_position(location: &Location, moment: DateTime) -> Result<SunPosition, WeatherError> {
    location.validate()?;
    let year = || WeatherError::Setting {
        name: "year",
        value: f64::from(moment.year()),
        expected: "-499 to 2999, where the Earth's rotation is known well enough".to_owned(),
    };
    let utc = moment.saturating_sub(SignedDuration::from_secs_f64(3600.0 * location.utc_offset_hours));
    let part = |value: i8| u32::from(value.unsigned_abs());
    let delta_t = estimate_from_date(i32::from(utc.year()), part(utc.month())).map_err(|_| year())?;
    let position = JulianDate::from_utc(
        i32::from(utc.year()),
        part(utc.month()),
        part(utc.day()),
        part(utc.hour()),
        part(utc.minute()),
        f64::from(utc.second()),
        delta_t,
    )
    .and_then(|time| {
        SolarPositions::grena3()
            .for_time_from_julian(time)
            .or_else(|_| SolarPositions::new().for_time_from_julian(time))
    })
    .and_then(|prepared| {
        let place = solar_positioning::Location { latitude: location.latitude_deg, longitude: location.longitude_deg };
        prepared.at(place, 0.0, None)
    })
    .map_err(|_| year())?;
    Ok(SunPosition { elevation_deg: position.elevation_angle(), azimuth_deg: position.azimuth() })
}

/// Returns the extraterrestrial irradiance normal to the sun's rays, W/m2, on a day of the year (from 1).
///
/// Spencer's Fourier series of the Earth's distance (1971), as in Duffie and Beckman, eq. 1.4.1b.
#[must_use]
pub fn extraterrestrial_w_m2(day_of_year: i16) -> f64 {
    let angle = TAU * (f64::from(day_of_year) - 1.0) / 365.0;
    SOLAR_CONSTANT_W_M2
        * (1.000_110
            + 0.034_221 * angle.cos()
            + 0.001_280 * angle.sin()
            + 0.000_719 * (2.0 * angle).cos()
            + 0.000_077 * (2.0 * angle).sin())
}

/// The path of the sun over a time axis, sampled at least every ten minutes, so that the hour of sunrise counts only
/// the time with sun.
#[derive(Debug, Clone, PartialEq)]
pub struct SunPath {
    /// Number of samples per step.
    samples: usize,
    /// Unit vectors (east, north, up) towards the sun; zero while it is below the horizon.
    towards_sun: Vec<[f64; 3]>,
    /// Extraterrestrial irradiance by step, W/m2.
    extraterrestrial_w_m2: Vec<f64>,
}

impl SunPath {
    /// Computes the sun path at `location` over `axis`.
    ///
    /// # Errors
    /// As [`sun_position`].
    pub fn new(location: &Location, axis: &TimeAxis) -> Result<Self, WeatherError> {
        let step_seconds = axis.step_minutes() * 60;
        let samples = u32::try_from((axis.step_minutes() + SAMPLE_MINUTES - 1) / SAMPLE_MINUTES).unwrap_or(1).max(1);
        let mut towards_sun = Vec::with_capacity(axis.len() * samples as usize);
        for step in 0..axis.len() {
            for sample in 0..i64::from(samples) {
                // The middle of the sample-th part of the step.
                let seconds = step_seconds * (2 * sample + 1) / (2 * i64::from(samples));
                let moment = axis.stamp(step).saturating_add(SignedDuration::from_secs(seconds));
                towards_sun.push(direction(sun_position(location, moment)?));
            }
        }
        let extraterrestrial_w_m2 =
            (0..axis.len()).map(|step| extraterrestrial_w_m2(axis.stamp(step).day_of_year())).collect();
        Ok(Self { samples: samples as usize, towards_sun, extraterrestrial_w_m2 })
    }

    /// Returns the number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.extraterrestrial_w_m2.len()
    }

    /// Returns whether there are no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the extraterrestrial irradiance normal to the rays in step `step`, W/m2.
    #[must_use]
    pub fn extraterrestrial_w_m2(&self, step: usize) -> f64 {
        self.extraterrestrial_w_m2[step]
    }

    /// Returns the mean over step `step` of a function of the sine of the sun's elevation; the night counts as zero.
    #[must_use]
    pub fn mean_of_sine(&self, step: usize, f: impl Fn(f64) -> f64) -> f64 {
        self.mean(step, |[_, _, up]| if up > 0.0 { f(up) } else { 0.0 })
    }

    /// Returns the mean over step `step` of the cosine of the angle between the rays and the normal of `plane`; zero
    /// while the sun is below the horizon or behind the plane. For a horizontal plane this is the mean sine of the
    /// elevation.
    #[must_use]
    pub fn mean_cosine(&self, step: usize, plane: &Plane) -> f64 {
        let normal = plane.normal();
        self.mean(step, |sun| (0..3).map(|axis| sun[axis] * normal[axis]).sum::<f64>().max(0.0))
    }

    /// Returns the mean over step `step` of `f(cosine) * cosine` for the cosine of the angle of incidence on `plane`, 0
    /// to 1: the direct light that passes a glazing with the angular transmittance `f`, per direct normal irradiance.
    /// Zero while the sun is below the horizon or behind the plane.
    #[must_use]
    pub fn mean_passing(&self, step: usize, plane: &Plane, f: impl Fn(f64) -> f64) -> f64 {
        let normal = plane.normal();
        self.mean(step, |sun| {
            let cosine = (0..3).map(|axis| sun[axis] * normal[axis]).sum::<f64>();
            if cosine > 0.0 { f(cosine.min(1.0)) * cosine } else { 0.0 }
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "a handful of samples")]
    fn mean(&self, step: usize, f: impl Fn([f64; 3]) -> f64) -> f64 {
        let samples = &self.towards_sun[step * self.samples..(step + 1) * self.samples];
        samples.iter().map(|&sun| f(sun)).sum::<f64>() / self.samples as f64
    }
}

fn direction(sun: SunPosition) -> [f64; 3] {
    if sun.elevation_deg <= 0.0 {
        return [0.0; 3];
    }
    let (elevation_sin, elevation_cos) = sun.elevation_deg.to_radians().sin_cos();
    let (azimuth_sin, azimuth_cos) = sun.azimuth_deg.to_radians().sin_cos();
    [elevation_cos * azimuth_sin, elevation_cos * azimuth_cos, elevation_sin]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const MILAN: Location =
        Location { latitude_deg: 45.46, longitude_deg: 9.19, elevation_m: 120.0, utc_offset_hours: 1.0 };

    #[test]
    fn the_noon_sun_stands_at_ninety_degrees_less_latitude_plus_declination() {
        for (month, day, declination_deg) in [(6, 21, 23.44), (12, 22, -23.44), (3, 20, 0.0)] {
            let highest = (0..24 * 60)
                .map(|minute| {
                    let moment =
                        date(2019, month, day).at(0, 0, 0, 0).saturating_add(SignedDuration::from_mins(minute));
                    sun_position(&MILAN, moment).unwrap()
                })
                .max_by(|a, b| a.elevation_deg.total_cmp(&b.elevation_deg))
                .unwrap();
            assert!((highest.elevation_deg - (90.0 - 45.46 + declination_deg)).abs() < 0.2, "{highest:?}");
            assert!((highest.azimuth_deg - 180.0).abs() < 1.0, "{highest:?}");
        }
    }

    #[test]
    fn the_fast_algorithm_agrees_with_the_exact_one() {
        let place = solar_positioning::Location { latitude: 45.46, longitude: 9.19 };
        for month in 1..=12_i8 {
            let hour = 7 + month % 10;
            let fast = sun_position(&MILAN, date(2019, month, 15).at(hour + 1, 0, 0, 0)).unwrap();
            let (month, hour) = (u32::try_from(month).unwrap(), u32::try_from(hour).unwrap());
            let time = JulianDate::from_utc(2019, month, 15, hour, 0, 0.0, 69.3).unwrap();
            let exact = SolarPositions::new().at_from_julian(time, place, 120.0, None).unwrap();
            assert!((fast.elevation_deg - exact.elevation_angle()).abs() < 0.02);
            assert!((fast.azimuth_deg - exact.azimuth()).abs() < 0.02);
        }
    }

    #[test]
    fn the_utc_offset_is_respected() {
        let moment = date(2019, 9, 1).at(12, 0, 0, 0);
        let utc = Location { utc_offset_hours: 0.0, ..MILAN };
        let same = sun_position(&utc, date(2019, 9, 1).at(11, 0, 0, 0)).unwrap();
        assert_eq!(sun_position(&MILAN, moment).unwrap(), same);
    }

    #[test]
    fn a_location_out_of_range_is_refused() {
        let moment = date(2019, 1, 1).at(0, 0, 0, 0);
        for place in [Location { latitude_deg: 91.0, ..MILAN }, Location { longitude_deg: f64::NAN, ..MILAN }] {
            assert!(matches!(sun_position(&place, moment), Err(WeatherError::Setting { .. })));
        }
        assert!(
            sun_position(&MILAN, date(9000, 1, 1).at(0, 0, 0, 0)).unwrap_err().to_string().contains("year is 9000")
        );
    }

    #[test]
    fn the_earth_is_nearest_in_january() {
        assert!(extraterrestrial_w_m2(3) > 1.03 * SOLAR_CONSTANT_W_M2);
        assert!(extraterrestrial_w_m2(185) < 0.97 * SOLAR_CONSTANT_W_M2);
        let mean = (1..=365).map(extraterrestrial_w_m2).sum::<f64>() / 365.0;
        assert!((mean / SOLAR_CONSTANT_W_M2 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn light_through_a_glazing_is_weighted_by_its_angle() {
        let axis = TimeAxis::new(date(2019, 6, 21).at(0, 0, 0, 0), 60, 24);
        let path = SunPath::new(&MILAN, &axis).unwrap();
        let south = Plane::wall(180.0);
        for step in 0..24 {
            let cosine = path.mean_cosine(step, &south);
            assert!((path.mean_passing(step, &south, |_| 0.7) - 0.7 * cosine).abs() < 1e-12);
            // Light at a grazing angle passes less; the mean of a square is at least the square of the mean.
            let passing = path.mean_passing(step, &south, |cosine| cosine);
            assert!(passing >= cosine * cosine - 1e-12 && passing <= cosine + 1e-12);
        }
    }

    #[test]
    fn a_path_has_a_night_and_a_noon() {
        let axis = TimeAxis::new(date(2019, 6, 21).at(0, 0, 0, 0), 60, 24);
        let path = SunPath::new(&MILAN, &axis).unwrap();
        let sines: Vec<f64> = (0..path.len()).map(|step| path.mean_of_sine(step, |sine| sine)).collect();
        assert!(sines[0] == 0.0 && sines[23] == 0.0 && sines[12] > 0.9, "{sines:?}");
        // Sunrise at half past four: a part of the hour counts.
        assert!(sines[4] > 0.0 && sines[4] < sines[5] / 3.0);
    }
}
