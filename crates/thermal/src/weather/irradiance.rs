//! Direct, diffuse and reflected irradiance on the horizontal and on tilted planes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SunPath;

/// Mean sine of the solar elevation (3 degrees) below which circumsolar light is treated as isotropic, since the
/// ratio of cosines diverges there.
const LOWEST_SINE: f64 = 0.052;

/// A plane that light falls on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plane {
    /// Angle from the horizontal, degrees, 0 (facing up) to 90 (a wall).
    pub tilt_deg: f64,
    /// Direction it faces, degrees clockwise from north: 90 east, 180 south, 270 west.
    pub azimuth_deg: f64,
}

impl Plane {
    /// Horizontal plane facing up.
    pub const HORIZONTAL: Self = Self { tilt_deg: 0.0, azimuth_deg: 180.0 };

    /// Creates the plane of a wall or window facing `azimuth_deg`, degrees clockwise from north.
    #[must_use]
    pub const fn wall(azimuth_deg: f64) -> Self {
        Self { tilt_deg: 90.0, azimuth_deg }
    }

    /// Returns the plane's unit normal (east, north, up).
    pub(super) fn normal(&self) -> [f64; 3] {
        let (tilt_sin, tilt_cos) = self.tilt_deg.to_radians().sin_cos();
        let (azimuth_sin, azimuth_cos) = self.azimuth_deg.to_radians().sin_cos();
        [tilt_sin * azimuth_sin, tilt_sin * azimuth_cos, tilt_cos]
    }
}

/// The global irradiance, split into direct and diffuse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Direct normal irradiance, W/m2.
    pub dni_w_m2: f64,
    /// Diffuse horizontal irradiance, W/m2.
    pub dhi_w_m2: f64,
}

/// Light on a plane that does not come straight from the sun.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndirectLight {
    /// From the sky, W/m2.
    pub sky_w_m2: f64,
    /// The part of `sky_w_m2` that comes from around the sun, W/m2.
    pub glow_w_m2: f64,
    /// Reflected by the ground, W/m2.
    pub ground_w_m2: f64,
}

/// How the sky's diffuse light is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkyModel {
    /// A glow around the sun on an even sky (Hay and Davies 1980; Duffie and Beckman, eq. 2.16.4 without horizon term).
    #[default]
    HayDavies,
    /// An even sky (Liu and Jordan 1963; Duffie and Beckman, eq. 2.15.1).
    Isotropic,
}

impl SkyModel {
    /// Returns the global irradiance on `plane` in step `step` of `sun`, W/m2: direct, diffuse, and reflected by the
    /// ground, where `reflected_w_m2` is the global horizontal irradiance times the ground's albedo.
    #[must_use]
    pub fn on_plane(self, sun: &SunPath, step: usize, plane: &Plane, split: Split, reflected_w_m2: f64) -> f64 {
        let direct_w_m2 = split.dni_w_m2 * sun.mean_cosine(step, plane);
        let incident = self.on_plane_without_direct(sun, step, plane, split, reflected_w_m2);
        direct_w_m2 + incident.sky_w_m2 + incident.ground_w_m2
    }

    /// Returns the light on `plane` in step `step` that does not come straight from the sun, as
    /// [`SkyModel::on_plane`] adds it to `dni cos(incidence)`. With [`SkyModel::HayDavies`] the glow around the sun is
    /// part of it.
    #[must_use]
    pub fn on_plane_without_direct(
        self,
        sun: &SunPath,
        step: usize,
        plane: &Plane,
        split: Split,
        reflected_w_m2: f64,
    ) -> IndirectLight {
        let sine = sun.mean_cosine(step, &Plane::HORIZONTAL);
        let cosine = sun.mean_cosine(step, plane);
        let tilt_cos = plane.tilt_deg.to_radians().cos();
        let glow = match self {
            Self::HayDavies if sine > LOWEST_SINE => split.dni_w_m2 / sun.extraterrestrial_w_m2(step),
            Self::HayDavies | Self::Isotropic => 0.0,
        };
        let ratio = if glow > 0.0 { cosine / sine } else { 0.0 };
        IndirectLight {
            sky_w_m2: split.dhi_w_m2 * (glow * ratio + (1.0 - glow) * (1.0 + tilt_cos) / 2.0),
            glow_w_m2: split.dhi_w_m2 * glow * ratio,
            ground_w_m2: reflected_w_m2 * (1.0 - tilt_cos) / 2.0,
        }
    }
}

/// Returns the diffuse share of global irradiance at an hourly clearness index (global over extraterrestrial, both
/// horizontal).
///
/// Erbs, Klein and Duffie 1982, doi:10.1016/0038-092X(82)90302-4, eq. 1.
#[must_use]
pub fn diffuse_fraction(clearness: f64) -> f64 {
    let k = clearness;
    if k <= 0.22 {
        1.0 - 0.09 * k.max(0.0)
    } else if k <= 0.80 {
        0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    } else {
        0.165
    }
}

/// Splits the global horizontal irradiance of step `step` such that direct times mean sine plus diffuse equals it.
///
/// The split is that of [`diffuse_fraction`]; the direct irradiance never exceeds the extraterrestrial one, and the
/// irradiance with the sun at the horizon is all diffuse.
#[must_use]
pub fn split_global(ghi_w_m2: f64, sun: &SunPath, step: usize) -> Split {
    let sine = sun.mean_cosine(step, &Plane::HORIZONTAL);
    let outside_w_m2 = sun.extraterrestrial_w_m2(step);
    if sine <= 0.0 || ghi_w_m2 <= 0.0 {
        return Split { dni_w_m2: 0.0, dhi_w_m2: ghi_w_m2.max(0.0) };
    }
    let diffuse = ghi_w_m2 * diffuse_fraction(ghi_w_m2 / (outside_w_m2 * sine));
    let dni_w_m2 = ((ghi_w_m2 - diffuse) / sine).clamp(0.0, outside_w_m2);
    Split { dni_w_m2, dhi_w_m2: (ghi_w_m2 - dni_w_m2 * sine).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weather::{Location, Weather};
    use anergy_data::series::TimeAxis;
    use jiff::civil::date;
    use proptest::prelude::*;

    const MILAN: Location =
        Location { latitude_deg: 45.46, longitude_deg: 9.19, elevation_m: 120.0, utc_offset_hours: 1.0 };

    /// Returns a day with the clearness index `clearness` in every hour.
    fn day(month: i8, clearness: f64, location: Location) -> (Weather, SunPath) {
        let axis = TimeAxis::new(date(2019, month, 15).at(0, 0, 0, 0), 60, 24);
        let sun = SunPath::new(&location, &axis).unwrap();
        let ghi_w_m2: Vec<f64> = (0..24)
            .map(|step| clearness * sun.extraterrestrial_w_m2(step) * sun.mean_of_sine(step, |sine| sine))
            .collect();
        let split: Vec<Split> = (0..24).map(|step| split_global(ghi_w_m2[step], &sun, step)).collect();
        let weather = Weather {
            axis,
            location,
            air_c: vec![10.0; 24],
            dni_w_m2: split.iter().map(|split| split.dni_w_m2).collect(),
            dhi_w_m2: split.iter().map(|split| split.dhi_w_m2).collect(),
            ghi_w_m2,
        };
        (weather, sun)
    }

    fn total(weather: &Weather, sun: &SunPath, plane: &Plane, sky: SkyModel) -> f64 {
        weather.on_plane(sun, plane, 0.2, sky).iter().sum()
    }

    #[test]
    fn erbs_falls_from_all_to_a_sixth_without_jumps() {
        assert_eq!(diffuse_fraction(0.0), 1.0);
        assert_eq!(diffuse_fraction(1.0), 0.165);
        for edge in [0.22, 0.80] {
            assert!((diffuse_fraction(edge - 1e-9) - diffuse_fraction(edge + 1e-9)).abs() < 0.01);
        }
        for percent in 0..75 {
            let k = f64::from(percent) / 100.0;
            assert!(diffuse_fraction(k + 0.01) <= diffuse_fraction(k) + 1e-9, "{k}");
        }
    }

    #[test]
    fn southern_walls_win_in_winter_and_northern_ones_south_of_the_equator() {
        let (weather, sun) = day(12, 0.5, MILAN);
        let sky = SkyModel::default();
        let of = |azimuth| total(&weather, &sun, &Plane::wall(azimuth), sky);
        assert!(of(180.0) > 3.0 * of(0.0));
        assert!(of(180.0) > total(&weather, &sun, &Plane::HORIZONTAL, sky));
        let (weather, sun) = day(6, 0.5, Location { latitude_deg: -45.46, ..MILAN });
        let of = |azimuth| total(&weather, &sun, &Plane::wall(azimuth), sky);
        assert!(of(0.0) > 3.0 * of(180.0));
    }

    #[test]
    fn east_has_the_morning_and_west_the_evening() {
        let (weather, sun) = day(6, 0.6, MILAN);
        let east = weather.on_plane(&sun, &Plane::wall(90.0), 0.2, SkyModel::HayDavies);
        let west = weather.on_plane(&sun, &Plane::wall(270.0), 0.2, SkyModel::HayDavies);
        assert!(east[7] > 2.0 * west[7] && west[17] > 2.0 * east[17]);
    }

    #[test]
    fn the_glow_favours_planes_that_face_the_sun() {
        let (weather, sun) = day(3, 0.65, MILAN);
        let south = Plane { tilt_deg: 40.0, azimuth_deg: 180.0 };
        assert!(
            total(&weather, &sun, &south, SkyModel::HayDavies) > total(&weather, &sun, &south, SkyModel::Isotropic)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_horizontal_gives_global_back_and_nothing_is_negative(
            clearness in 0.0f64..1.2, month in 1i8..=12, tilt_deg in 0.0f64..=90.0, azimuth_deg in 0.0f64..360.0,
            latitude_deg in -80.0f64..80.0,
        ) {
            let (weather, sun) = day(month, clearness, Location { latitude_deg, ..MILAN });
            for sky in [SkyModel::HayDavies, SkyModel::Isotropic] {
                let flat = weather.on_plane(&sun, &Plane::HORIZONTAL, 0.2, sky);
                let tilted = weather.on_plane(&sun, &Plane { tilt_deg, azimuth_deg }, 0.2, sky);
                for step in 0..24 {
                    prop_assert!((flat[step] - weather.ghi_w_m2[step]).abs() < 1e-9, "{:?}", flat);
                    prop_assert!((0.0..3000.0).contains(&tilted[step]), "{:?}", tilted);
                    if sun.mean_of_sine(step, |sine| sine) == 0.0 {
                        prop_assert_eq!(tilted[step], 0.0);
                    }
                }
            }
        }
    }
}
