//! The inputs of an archetype: weather, sun and internal gains.

use anergy_profile::Profile;
use anergy_thermal::weather::{Plane, SkyModel, Weather};

use crate::solar::{AngularModel, Glazing, SolarWindow};
use crate::{Archetype, ArchetypeData, ArchetypeSettings, BuildingError, Inputs, StateSpace, published};

/// Surface resistance outside in the published rule of sun on walls, m2 K/W.
const OUTSIDE_M2K_W: f64 = 1.0 / 25.0;

/// The facades to south, east, west and north, degrees clockwise from north.
const FACADES: [f64; 4] = [180.0, 90.0, 270.0, 0.0];

impl Archetype {
    /// Returns the inputs of the house over the steps of `weather`: `outside`, `ground` (`ground_c`, or the air's
    /// temperature without), sun under an even sky, and `internal_w`; the plant is left at 0.
    ///
    /// Sun through windows: `g A f` with the angular factor of [`AngularModel::RootOfCosine`]. Sun on walls and roof,
    /// as heat at the outer node: `alpha R_se U A I` with `R_se = 1/25 m2 K/W` (ISO 13790:2008, 11.3.4). The standard
    /// states this for heat into the room; at the outer node, as in the published tool, a part of it is lost again.
    ///
    /// # Errors
    /// Those of [`Inputs::set`] and of the weather.
    pub fn inputs(
        self,
        space: &StateSpace,
        weather: &Weather,
        settings: ArchetypeSettings,
        albedo: f64,
        ground_c: Option<Profile>,
        internal_w: Profile,
    ) -> Result<Inputs, BuildingError> {
        let sun = weather.sun_path()?;
        let sky = SkyModel::Isotropic;
        let data = self.data();
        let steps = weather.axis.len();
        let mut gains = Gains::new(&data, settings, steps);
        for azimuth_deg in FACADES {
            let plane = Plane::wall(azimuth_deg);
            let glazing = Glazing {
                solar_factor: data.glazing.solar_factor,
                angular: AngularModel::RootOfCosine { diffuse: 0.84 },
            };
            let window = SolarWindow { plane, area_m2: data.window_m2 / 4.0, glazing };
            let through = window.gain_w(weather, &sun, albedo, sky)?;
            let on_wall = weather.on_plane(&sun, &plane, albedo, sky);
            for step in 0..steps {
                gains.windows_w[step] += through[step];
                gains.walls_w[step] += gains.per_wall * on_wall[step];
            }
        }
        let on_roof = weather.on_plane(&sun, &Plane::HORIZONTAL, albedo, sky);
        gains.roof_w = on_roof.iter().map(|irradiance| gains.per_roof * irradiance).collect();
        let outside = Profile::Series(weather.air_c.clone());
        let ground = ground_c.unwrap_or_else(|| outside.clone());
        gains.inputs(space, outside, ground, internal_w)
    }

    /// Returns the inputs of the house as the published tool computes them.
    ///
    /// # Errors
    /// Those of [`Inputs::set`].
    pub fn published_inputs(
        self,
        space: &StateSpace,
        climate: &published::PublishedClimate,
        settings: ArchetypeSettings,
        internal_w: Profile,
    ) -> Result<Inputs, BuildingError> {
        let data = self.data();
        let mut gains = Gains::new(&data, settings, climate.len());
        for step in 0..climate.len() {
            let through = climate.window_w_m2(step, data.glazing.solar_factor);
            gains.windows_w[step] = through.iter().map(|per_m2| per_m2 * data.window_m2 / 4.0).sum();
            let [walls @ .., roof] = climate.irradiance_w_m2(step);
            gains.walls_w[step] = gains.per_wall * walls.iter().sum::<f64>();
            gains.roof_w[step] = gains.per_roof * roof;
        }
        let outside = Profile::Series(climate.air_c.clone());
        gains.inputs(space, outside.clone(), outside, internal_w)
    }
}

/// Solar gains of a house; one value per step.
struct Gains {
    windows_w: Vec<f64>,
    walls_w: Vec<f64>,
    roof_w: Vec<f64>,
    /// Heat at the outer node per irradiance on one facade, m2.
    per_wall: f64,
    /// The same for the roof, m2.
    per_roof: f64,
}

impl Gains {
    fn new(data: &ArchetypeData, settings: ArchetypeSettings, steps: usize) -> Self {
        let per_area = |element, area_m2| {
            settings.solar_absorptance * OUTSIDE_M2K_W * ArchetypeData::element_u_w_m2k(element, area_m2)
        };
        let opaque_m2 = data.opaque_m2();
        Self {
            windows_w: vec![0.0; steps],
            walls_w: vec![0.0; steps],
            roof_w: vec![0.0; steps],
            per_wall: per_area(data.wall, opaque_m2) * opaque_m2 / 4.0,
            per_roof: per_area(data.roof, data.roof_m2) * data.roof_m2,
        }
    }

    fn inputs(
        self,
        space: &StateSpace,
        outside: Profile,
        ground: Profile,
        internal_w: Profile,
    ) -> Result<Inputs, BuildingError> {
        let mut inputs = Inputs::new(space, self.windows_w.len());
        inputs.set("outside", outside)?.set("ground", ground)?;
        inputs.set("solar_windows", Profile::Series(self.windows_w))?;
        inputs.set("solar_walls", Profile::Series(self.walls_w))?;
        inputs.set("solar_roof", Profile::Series(self.roof_w))?;
        inputs.set("internal", internal_w)?;
        Ok(inputs)
    }
}
