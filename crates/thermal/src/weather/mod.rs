//! Weather data and models that depend on them: the sun, irradiance on planes, the ground, demand of buildings,
//! photovoltaic yield.
//!
//! A [`Weather`] comes from an EnergyPlus file ([`read_epw`]) or from twelve monthly means ([`TypicalYear`]). All
//! times are local standard time, all values of a step are means over the step, and the label of a step is its
//! beginning.

mod epw;
mod error;
mod ground;
mod irradiance;
mod load;
mod pv;
mod random;
mod shape;
mod sun;
mod synthetic;

pub use epw::{EpwDetails, epw_details_from_reader, epw_from_reader, read_epw, read_epw_details};
pub use error::WeatherError;
pub use ground::GroundWave;
pub use irradiance::{IndirectLight, Plane, SkyModel, Split, diffuse_fraction, split_global};
pub use load::{Demand, SolarAperture, ThermalBuilding};
pub use pv::{AdrModules, Photovoltaics};
pub use random::SplitMix64;
pub use shape::{Occupancy, WeekShape};
pub use sun::{Location, SunPath, SunPosition, extraterrestrial_w_m2, sun_position};
pub use synthetic::TypicalYear;

use anergy_data::series::TimeAxis;

/// The weather of one location over time. Every column has one value per step of the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Weather {
    /// Time axis, in local standard time.
    pub axis: TimeAxis,
    /// Location.
    pub location: Location,
    /// Air temperature, degrees Celsius.
    pub air_c: Vec<f64>,
    /// Global horizontal irradiance, W/m2.
    pub ghi_w_m2: Vec<f64>,
    /// Direct normal irradiance, W/m2.
    pub dni_w_m2: Vec<f64>,
    /// Diffuse horizontal irradiance, W/m2.
    pub dhi_w_m2: Vec<f64>,
}

impl Weather {
    /// Returns the sun path over this weather's steps.
    ///
    /// # Errors
    /// As [`SunPath::new`].
    pub fn sun_path(&self) -> Result<SunPath, WeatherError> {
        SunPath::new(&self.location, &self.axis)
    }

    /// Returns the global irradiance on a plane in every step, W/m2; `sun` is this weather's [`Weather::sun_path`],
    /// `albedo` the reflectance of the ground, 0 to 1 (0.2 for grass and most of a town).
    #[must_use]
    pub fn on_plane(&self, sun: &SunPath, plane: &Plane, albedo: f64, sky: SkyModel) -> Vec<f64> {
        (0..self.axis.len())
            .map(|step| {
                let split = Split { dni_w_m2: self.dni_w_m2[step], dhi_w_m2: self.dhi_w_m2[step] };
                sky.on_plane(sun, step, plane, split, self.ghi_w_m2[step] * albedo)
            })
            .collect()
    }
}
