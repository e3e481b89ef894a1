//! Space heating and cooling demand of a building, by degree-hours of its free temperature.
//!
//! The free temperature is the steady temperature of the building without heating or cooling: the outside air's,
//! raised by gains over losses. The thermal mass makes the building follow it with a first-order lag. Heating is the
//! loss coefficient times the deficit of the lagged free temperature below the heating set-point, cooling its excess
//! above the cooling set-point. (A degree-day method with gains as in the ASHRAE Handbook, Fundamentals, chapter on
//! energy estimating, applied hour by hour.)

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Occupancy, Plane, SkyModel, SunPath, Weather, WeatherError, WeekShape};

/// Windows of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SolarAperture {
    /// The plane they lie in.
    pub plane: Plane,
    /// Area of a black hole with the same gain, m2: glazed area times solar factor times shading and frame factors.
    pub area_m2: f64,
    /// The same while blinds are down, m2; blinds are down where the irradiance on the plane exceeds `blinds_w_m2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_with_blinds_m2: Option<f64>,
    /// Irradiance on the plane above which blinds are down, W/m2.
    #[serde(default = "default_blinds_w_m2")]
    pub blinds_w_m2: f64,
}

fn default_blinds_w_m2() -> f64 {
    200.0
}

/// A building, or many alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThermalBuilding {
    /// Heat lost per kelvin above the air outside, by transmission and ventilation, kW/K, above 0.
    pub heat_loss_kw_per_k: f64,
    /// Temperature kept by heating, degrees Celsius.
    pub heating_c: f64,
    /// Temperature kept by heating while the building is not in use, degrees Celsius; `heating_c` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating_setback_c: Option<f64>,
    /// Temperature kept by cooling, degrees Celsius, above `heating_c`.
    pub cooling_c: f64,
    /// Whether cooling runs only while the building is in use.
    #[serde(default)]
    pub cooling_only_in_use: bool,
    /// When the building is in use.
    pub occupancy: Occupancy,
    /// Windows by direction.
    #[serde(default)]
    pub apertures: Vec<SolarAperture>,
    /// Mean heat from people, light and appliances, kW, 0 or more.
    #[serde(default)]
    pub internal_gains_kw: f64,
    /// How these gains are spread.
    #[serde(default = "flat")]
    pub gains_shape: WeekShape,
    /// Time constant of the building's mass, hours: capacity over loss coefficient, above 0.
    pub time_constant_hours: f64,
}

fn flat() -> WeekShape {
    WeekShape::FLAT
}

/// The demand of a building; one value per step, mean power in kW, 0 or more.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Space heating, kW.
    pub heat_kw: Vec<f64>,
    /// Cooling, kW.
    pub cooling_kw: Vec<f64>,
}

impl ThermalBuilding {
    /// Returns the building's demand in `weather`; `sun` is the weather's [`Weather::sun_path`]. A step has heating
    /// or cooling, never both.
    ///
    /// # Errors
    /// [`WeatherError::Setting`] for a setting out of its range.
    pub fn demand(&self, weather: &Weather, sun: &SunPath) -> Result<Demand, WeatherError> {
        self.validate()?;
        let free_c = self.free_c(weather, sun)?;
        let keep = (-weather.axis.step_hours() / self.time_constant_hours).exp();
        let mut lagged_c = free_c.first().copied().unwrap_or_default();
        let mut demand =
            Demand { heat_kw: Vec::with_capacity(free_c.len()), cooling_kw: Vec::with_capacity(free_c.len()) };
        for (step, free_c) in free_c.into_iter().enumerate() {
            // Exact for a free temperature that is constant over the step.
            lagged_c = free_c + (lagged_c - free_c) * keep;
            let in_use = self.occupancy.includes(weather.axis.stamp(step));
            let heating_c = if in_use { self.heating_c } else { self.heating_setback_c.unwrap_or(self.heating_c) };
            let cools = in_use || !self.cooling_only_in_use;
            demand.heat_kw.push(self.heat_loss_kw_per_k * (heating_c - lagged_c).max(0.0));
            let excess_k = if cools { (lagged_c - self.cooling_c).max(0.0) } else { 0.0 };
            demand.cooling_kw.push(self.heat_loss_kw_per_k * excess_k);
        }
        Ok(demand)
    }

    /// Returns the temperature at which gains and losses of every step balance, degrees Celsius.
    fn free_c(&self, weather: &Weather, sun: &SunPath) -> Result<Vec<f64>, WeatherError> {
        let mut gains_kw: Vec<f64> =
            self.gains_shape.factors(&weather.axis)?.iter().map(|factor| factor * self.internal_gains_kw).collect();
        for aperture in &self.apertures {
            let irradiance = weather.on_plane(sun, &aperture.plane, 0.2, SkyModel::HayDavies);
            for (gain_kw, w_m2) in gains_kw.iter_mut().zip(irradiance) {
                let area_m2 = match aperture.area_with_blinds_m2 {
                    Some(area_m2) if w_m2 > aperture.blinds_w_m2 => area_m2,
                    _ => aperture.area_m2,
                };
                *gain_kw += area_m2 * w_m2 / 1000.0;
            }
        }
        let raised = |(air_c, gain_kw): (&f64, f64)| air_c + gain_kw / self.heat_loss_kw_per_k;
        Ok(weather.air_c.iter().zip(gains_kw).map(raised).collect())
    }

    fn validate(&self) -> Result<(), WeatherError> {
        let above_zero = |name, value: f64| WeatherError::check(name, value, value > 0.0, "above 0");
        let not_negative = |name, value: f64| WeatherError::check(name, value, value >= 0.0, "0 or more");
        above_zero("heat_loss_kw_per_k", self.heat_loss_kw_per_k)?;
        above_zero("time_constant_hours", self.time_constant_hours)?;
        not_negative("internal_gains_kw", self.internal_gains_kw)?;
        for aperture in &self.apertures {
            not_negative("area_m2", aperture.area_m2)?;
            not_negative("area_with_blinds_m2", aperture.area_with_blinds_m2.unwrap_or(0.0))?;
        }
        let warmest_c = self.heating_c.max(self.heating_setback_c.unwrap_or(self.heating_c));
        WeatherError::check(
            "cooling_c",
            self.cooling_c,
            self.cooling_c > warmest_c,
            &format!("above the heating set-point {warmest_c}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weather::Location;
    use anergy_data::series::TimeAxis;
    use jiff::civil::date;
    use proptest::prelude::*;

    const MILAN: Location =
        Location { latitude_deg: 45.46, longitude_deg: 9.19, elevation_m: 120.0, utc_offset_hours: 1.0 };

    /// Returns weather without sun at the given air temperatures, from Monday 14 January on.
    fn dark(air_c: Vec<f64>) -> (Weather, SunPath) {
        let axis = TimeAxis::new(date(2019, 1, 14).at(0, 0, 0, 0), 60, air_c.len());
        let none = vec![0.0; air_c.len()];
        let weather =
            Weather { axis, location: MILAN, air_c, ghi_w_m2: none.clone(), dni_w_m2: none.clone(), dhi_w_m2: none };
        let sun = weather.sun_path().unwrap();
        (weather, sun)
    }

    fn building() -> ThermalBuilding {
        ThermalBuilding {
            heat_loss_kw_per_k: 2.0,
            heating_c: 20.0,
            heating_setback_c: None,
            cooling_c: 25.0,
            cooling_only_in_use: false,
            occupancy: Occupancy { from_hour: 8, to_hour: 18, weekends: false },
            apertures: vec![],
            internal_gains_kw: 10.0,
            gains_shape: WeekShape::FLAT,
            time_constant_hours: 30.0,
        }
    }

    #[test]
    fn constant_weather_gives_the_steady_balance() {
        // Free temperature: 0 + 10 / 2 = 5 degrees; heating 2 (20 - 5) = 30 kW.
        let (weather, sun) = dark(vec![0.0; 168]);
        let demand = building().demand(&weather, &sun).unwrap();
        assert!(demand.heat_kw.iter().all(|heat| (heat - 30.0).abs() < 1e-9));
        assert!(demand.cooling_kw.iter().all(|&cooling| cooling == 0.0));
        let (weather, sun) = dark(vec![30.0; 168]);
        let demand = building().demand(&weather, &sun).unwrap();
        assert!(demand.cooling_kw.iter().all(|cooling| (cooling - 20.0).abs() < 1e-9));
    }

    #[test]
    fn a_step_of_the_weather_arrives_after_the_time_constant() {
        let air_c = (0..168).map(|hour| if hour < 24 { 0.0 } else { 10.0 }).collect();
        let (weather, sun) = dark(air_c);
        let heat = building().demand(&weather, &sun).unwrap().heat_kw;
        // Thirty hours later, 1/e of the 20 kW fall is still to come.
        assert!((heat[24 + 29] - (10.0 + 20.0 / std::f64::consts::E)).abs() < 1e-9, "{}", heat[53]);
    }

    #[test]
    fn nights_have_a_setback_and_offices_cool_only_in_use() {
        let office = ThermalBuilding { heating_setback_c: Some(16.0), cooling_only_in_use: true, ..building() };
        let (weather, sun) = dark(vec![0.0; 168]);
        let heat = office.demand(&weather, &sun).unwrap().heat_kw;
        assert!((heat[12] - 30.0).abs() < 1e-9 && (heat[2] - 22.0).abs() < 1e-9);
        let (weather, sun) = dark(vec![30.0; 168]);
        let cooling = office.demand(&weather, &sun).unwrap().cooling_kw;
        assert!(cooling[12] > 0.0 && cooling[2] == 0.0 && cooling[5 * 24 + 12] == 0.0);
    }

    #[test]
    fn solar_gains_reduce_heating_and_blinds_reduce_cooling() {
        let (mut weather, sun) = dark(vec![5.0; 48]);
        for step in 0..48 {
            weather.dni_w_m2[step] = if sun.mean_of_sine(step, |sine| sine) > 0.0 { 600.0 } else { 0.0 };
        }
        let heat = |apertures: Vec<SolarAperture>| {
            let building = ThermalBuilding { apertures, ..building() };
            building.demand(&weather, &sun).unwrap().heat_kw.iter().sum::<f64>()
        };
        let window = |area_with_blinds_m2| SolarAperture {
            plane: Plane::wall(180.0),
            area_m2: 20.0,
            area_with_blinds_m2,
            blinds_w_m2: 200.0,
        };
        let (none, open, shaded) = (heat(vec![]), heat(vec![window(None)]), heat(vec![window(Some(5.0))]));
        assert!(open < shaded && shaded < none, "{open} {shaded} {none}");
    }

    #[test]
    fn settings_out_of_range_are_reported() {
        let (weather, sun) = dark(vec![0.0; 24]);
        let cold = ThermalBuilding { cooling_c: 20.0, ..building() };
        assert!(cold.demand(&weather, &sun).unwrap_err().to_string().contains("cooling_c is 20"));
        let leaky = ThermalBuilding { heat_loss_kw_per_k: f64::NAN, ..building() };
        assert!(leaky.demand(&weather, &sun).unwrap_err().to_string().contains("heat_loss_kw_per_k"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn demands_are_never_negative_nor_both(air_c in proptest::collection::vec(-20f64..40.0, 48), gains in 0f64..100.0) {
            let (weather, sun) = dark(air_c);
            let building = ThermalBuilding { internal_gains_kw: gains, ..building() };
            let demand = building.demand(&weather, &sun).unwrap();
            for (heat, cooling) in demand.heat_kw.iter().zip(&demand.cooling_kw) {
                prop_assert!(*heat >= 0.0 && *cooling >= 0.0 && (*heat == 0.0 || *cooling == 0.0));
            }
            let warmer = Weather { air_c: weather.air_c.iter().map(|air| air + 1.0).collect(), ..weather };
            let after = building.demand(&warmer, &sun).unwrap();
            for (before, after) in demand.heat_kw.iter().zip(&after.heat_kw) {
                prop_assert!(after <= before);
            }
        }
    }
}
