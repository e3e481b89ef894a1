//! Cases 600 and 900 of BESTEST in their edition of ANSI/ASHRAE Standard 140-2020: a light and a heavy room in Denver.
//!
//! Definition: Standard 140-2020, section 7.2, with constant combined coefficients of convection and radiation (its
//! informative values for programs that cannot compute them). What the model leaves out: coefficients that vary with
//! wind and temperature, radiation between surfaces apart from convection, light absorbed in the panes.

use anergy_profile::Profile;
use anergy_thermal::weather::{EpwDetails, Plane, SkyModel, Weather};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::solar::{AngularModel, Glazing, SolarWindow};
use crate::{BuildingError, Construction, Films, Inputs, Layer, RcNetwork, StateSpace};

/// A case of BESTEST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BestestCase {
    /// Light construction.
    #[serde(rename = "600")]
    Case600,
    /// Heavy walls and floor.
    #[serde(rename = "900")]
    Case900,
}

/// How surfaces and air exchange heat inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InsideExchange {
    /// Between each surface and the air, by the constant combined coefficients of the standard.
    #[default]
    Combined,
    /// Convection between each surface and the air, and radiation between each surface and one radiant node without
    /// capacity (a star network), by the coefficients of ISO 6946: convection 2.5 W/(m2 K) at walls, 5.0 above the
    /// floor, 0.7 below the ceiling, radiation 5.13 (emittance 0.9 at 20 degrees).
    RadiantStar,
}

/// Coefficients of [`InsideExchange::RadiantStar`], W/(m2 K).
const RADIATION_W_M2K: f64 = 5.13;
const CONVECTION_WALL_W_M2K: f64 = 2.5;
const CONVECTION_FLOOR_W_M2K: f64 = 5.0;
const CONVECTION_CEILING_W_M2K: f64 = 0.7;

/// Volume, m3: 8 m x 6 m x 2.7 m.
const VOLUME_M3: f64 = 129.6;
/// Area of floor and roof, m2.
const FLOOR_M2: f64 = 48.0;
/// Area of the windows, m2, facing south.
const WINDOW_M2: f64 = 12.0;
/// Thermal transmittance of the window, W/(m2 K).
const WINDOW_W_M2K: f64 = 2.1;
/// Solar factor of the window at 0, 10, ... 90 degrees, and for diffuse light.
const SOLAR_FACTOR: [f64; 10] = [0.769, 0.768, 0.766, 0.761, 0.748, 0.718, 0.651, 0.509, 0.267, 0.0];
const SOLAR_FACTOR_DIFFUSE: f64 = 0.67;
/// Air of Denver: density, kg/m3, times specific heat, J/(kg K).
const AIR_J_M3K: f64 = 1.0156 * 1015.0;
/// Air changes, 1/h.
const AIR_CHANGES_PER_H: f64 = 0.5;
/// Internal gains, W, and the share of them that is radiation.
const INTERNAL_W: f64 = 200.0;
const RADIANT_SHARE: f64 = 0.6;
/// Solar absorptance and thermal emittance of all opaque surfaces.
const ABSORPTANCE: f64 = 0.6;
const EMITTANCE: f64 = 0.9;
/// Emittance of the outer pane.
const PANE_EMITTANCE: f64 = 0.84;
/// Reflectance of the ground.
const ALBEDO: f64 = 0.2;
/// Combined coefficients of the window, inside and outside, W/(m2 K).
const WINDOW_FILM_W_M2K: [f64; 2] = [4.5, 17.8];
/// Stefan-Boltzmann constant, W/(m2 K4), and 0 degrees Celsius in K.
const STEFAN_BOLTZMANN: f64 = 5.670_374_419e-8;
const ZERO_C_K: f64 = 273.15;
/// Set-points of the ideal plant, degrees Celsius.
pub const SET_POINTS_C: [f64; 2] = [20.0, 27.0];

/// An opaque surface: name, area in m2, share of the sun through the windows that it absorbs, plane and which layers.
struct Surface {
    name: &'static str,
    area_m2: f64,
    solar_share: f64,
    plane: Option<Plane>,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    Wall,
    Roof,
    Floor,
}

const SURFACES: [Surface; 6] = [
    wall("south", 9.6, 0.027, 180.0),
    wall("east", 16.2, 0.038, 90.0),
    wall("west", 16.2, 0.038, 270.0),
    wall("north", 21.6, 0.053, 0.0),
    Surface { name: "roof", area_m2: FLOOR_M2, solar_share: 0.167, plane: Some(Plane::HORIZONTAL), part: Part::Roof },
    // Exposed to the air, but not to the sun.
    Surface { name: "floor", area_m2: FLOOR_M2, solar_share: 0.642, plane: None, part: Part::Floor },
];

const fn wall(name: &'static str, area_m2: f64, solar_share: f64, azimuth_deg: f64) -> Surface {
    Surface { name, area_m2, solar_share, plane: Some(Plane::wall(azimuth_deg)), part: Part::Wall }
}

impl BestestCase {
    fn construction(self, part: Part) -> (Construction, Films) {
        let siding = Layer::new(0.009, 0.14, 530.0, 900.0);
        let (layers, coefficients) = match (part, self) {
            (Part::Wall, Self::Case600) => {
                (vec![Layer::new(0.012, 0.16, 950.0, 840.0), Layer::new(0.066, 0.04, 12.0, 840.0), siding], [1.8, 21.6])
            }
            (Part::Wall, Self::Case900) => (
                vec![Layer::new(0.1, 0.51, 1400.0, 1000.0), Layer::new(0.0615, 0.04, 10.0, 1400.0), siding],
                [1.8, 21.6],
            ),
            (Part::Roof, _) => (
                vec![
                    Layer::new(0.01, 0.16, 950.0, 840.0),
                    Layer::new(0.1118, 0.04, 12.0, 840.0),
                    Layer::new(0.019, 0.14, 530.0, 900.0),
                ],
                [1.7, 21.8],
            ),
            (Part::Floor, Self::Case600) => {
                (vec![Layer::new(0.025, 0.14, 650.0, 1200.0), Layer::new(1.003, 0.04, 0.0, 0.0)], [3.7, 5.2])
            }
            (Part::Floor, Self::Case900) => {
                (vec![Layer::new(0.08, 1.13, 1400.0, 1000.0), Layer::new(1.007, 0.04, 0.0, 0.0)], [3.7, 5.2])
            }
        };
        let films = Films::from_coefficients(coefficients[0], coefficients[1]);
        (Construction { layers, insulation: Some(1) }, films)
    }

    /// Returns the room as a network: every layer with mass as `cells` cells, and the surfaces, without mass.
    ///
    /// Boundary: `outside`. Heat inputs: `solar_windows`, `internal`, `plant` (heat into the air), and `outside_NAME`
    /// for heat on the outer surface of `south`, `east`, `west`, `north`, `roof`, `floor` and `window`.
    ///
    /// # Errors
    /// None for the cases as they are; those of [`Construction::add_cells`].
    pub fn network(self, cells: usize, inside: InsideExchange) -> Result<RcNetwork, BuildingError> {
        let mut room = RcNetwork::new("air");
        room.node("air", VOLUME_M3 * AIR_J_M3K);
        room.boundary("outside", "air", VOLUME_M3 * AIR_CHANGES_PER_H * AIR_J_M3K / 3600.0);
        let inside_m2: f64 = SURFACES.iter().map(|surface| surface.area_m2).sum();
        let star = inside == InsideExchange::RadiantStar;
        if star {
            room.node("radiant", 0.0);
        }
        for Surface { name, area_m2, solar_share, part, .. } in &SURFACES {
            let (construction, mut films) = self.construction(*part);
            if star {
                films.inside_m2k_w = 1.0
                    / match part {
                        Part::Wall => CONVECTION_WALL_W_M2K,
                        Part::Roof => CONVECTION_CEILING_W_M2K,
                        Part::Floor => CONVECTION_FLOOR_W_M2K,
                    };
            }
            construction.add_cells(&mut room, name, *area_m2, films, cells, ["air", "outside"])?;
            let inside = format!("{name}_inside");
            if star {
                room.link("radiant", &inside, area_m2 * RADIATION_W_M2K);
            }
            room.heat("solar_windows", &inside, *solar_share);
            room.heat("internal", &inside, RADIANT_SHARE * area_m2 / inside_m2);
            room.heat(&format!("outside_{name}"), &format!("{name}_outside"), 1.0);
        }
        let [inner_w_m2k, outer_w_m2k] = WINDOW_FILM_W_M2K;
        let panes_w_k = WINDOW_M2 / (1.0 / WINDOW_W_M2K - 1.0 / inner_w_m2k - 1.0 / outer_w_m2k);
        room.node("window_inside", 0.0).node("window_outside", 0.0).link("window_inside", "window_outside", panes_w_k);
        room.boundary("outside", "window_outside", WINDOW_M2 * outer_w_m2k);
        if star {
            room.link("air", "window_inside", WINDOW_M2 * CONVECTION_WALL_W_M2K);
            room.link("radiant", "window_inside", WINDOW_M2 * RADIATION_W_M2K);
        } else {
            room.link("air", "window_inside", WINDOW_M2 * inner_w_m2k);
        }
        room.heat("outside_window", "window_outside", 1.0);
        room.heat("internal", "air", 1.0 - RADIANT_SHARE).heat("plant", "air", 1.0);
        Ok(room)
    }

    /// Returns the room by the rule of [`Construction::lumped`]: two nodes per element, one element for all walls, and
    /// the sun on the outer node.
    ///
    /// # Errors
    /// None for the cases as they are; those of [`Construction::lumped`].
    pub fn lumped_network(self) -> Result<RcNetwork, BuildingError> {
        let mut room = RcNetwork::new("air");
        room.node("air", VOLUME_M3 * AIR_J_M3K);
        let ventilation_w_k = VOLUME_M3 * AIR_CHANGES_PER_H * AIR_J_M3K / 3600.0;
        room.boundary("outside", "air", ventilation_w_k + WINDOW_M2 * WINDOW_W_M2K);
        let inside_m2: f64 = SURFACES.iter().map(|surface| surface.area_m2).sum();
        for Surface { name, area_m2, solar_share, part, .. } in &SURFACES {
            let (construction, films) = self.construction(*part);
            let wall = construction.lumped(*area_m2, films)?;
            let [outer, inner] = wall.add(&mut room, name, ["air", "outside"]);
            room.heat("solar_windows", &inner, *solar_share);
            room.heat("internal", &inner, RADIANT_SHARE * area_m2 / inside_m2);
            // Heat on the surface reaches the outer node by the share of the film in the outer resistance.
            room.heat(&format!("outside_{name}"), &outer, films.outside_m2k_w * wall.outer_w_k / area_m2);
        }
        room.heat("outside_window", "air", WINDOW_W_M2K / WINDOW_FILM_W_M2K[1]);
        room.heat("internal", "air", 1.0 - RADIANT_SHARE).heat("plant", "air", 1.0);
        Ok(room)
    }

    /// Returns the inputs of the room over the steps of `weather`, with the plant at 0.
    ///
    /// Sun by `sky`. With `details` of the weather's own steps, outer surfaces also exchange radiation with the sky:
    /// the combined coefficients refer to the air, and `eps F (I_sky - sigma T_air^4)` is the difference, with the view
    /// factor to the sky `F = (1 + cos tilt) / 2 sqrt((1 + cos tilt) / 2)` (EnergyPlus, Engineering Reference, outside
    /// surface heat balance).
    ///
    /// # Errors
    /// [`BuildingError::Length`] for details of another length; those of [`Inputs::set`] and of the weather.
    pub fn inputs(
        self,
        space: &StateSpace,
        weather: &Weather,
        details: Option<&EpwDetails>,
        sky: SkyModel,
    ) -> Result<Inputs, BuildingError> {
        let steps = weather.axis.len();
        let sun = weather.sun_path()?;
        let mut inputs = Inputs::new(space, steps);
        inputs.set("outside", Profile::Series(weather.air_c.clone()))?;
        inputs.set("internal", Profile::Constant(INTERNAL_W))?;
        let relative = |factor: f64| factor / SOLAR_FACTOR[0];
        let angular = AngularModel::Table {
            by_ten_degrees: SOLAR_FACTOR.map(relative),
            hemispherical: relative(SOLAR_FACTOR_DIFFUSE),
        };
        let glazing = Glazing { solar_factor: SOLAR_FACTOR[0], angular };
        let south = Plane::wall(180.0);
        let window = SolarWindow { plane: south, area_m2: WINDOW_M2, glazing };
        inputs.set("solar_windows", Profile::Series(window.gain_w(weather, &sun, ALBEDO, sky)?))?;
        let missing = match details {
            Some(details) if details.sky_infrared_w_m2.len() != steps => {
                let (what, found) = ("sky_infrared_w_m2".to_owned(), details.sky_infrared_w_m2.len());
                return Err(BuildingError::Length { what, found, expected: steps });
            }
            Some(details) => sky_deficit(&weather.air_c, &details.sky_infrared_w_m2),
            None => vec![0.0; steps],
        };
        for Surface { name, area_m2, plane, .. } in &SURFACES {
            let Some(plane) = plane else { continue };
            let light = weather.on_plane(&sun, plane, ALBEDO, sky);
            let view = sky_view(plane);
            let heat = |(light, missing): (&f64, &f64)| area_m2 * (ABSORPTANCE * light + EMITTANCE * view * missing);
            let heat = light.iter().zip(&missing).map(heat).collect();
            inputs.set(&format!("outside_{name}"), Profile::Series(heat))?;
        }
        let pane = missing.iter().map(|missing| WINDOW_M2 * PANE_EMITTANCE * sky_view(&south) * missing).collect();
        inputs.set("outside_window", Profile::Series(pane))?;
        Ok(inputs)
    }
}

/// Returns the thermal radiation of the sky less that of a black body at the air's temperature, W/m2.
fn sky_deficit(air_c: &[f64], sky_w_m2: &[f64]) -> Vec<f64> {
    let black = |air_c: f64| STEFAN_BOLTZMANN * (air_c + ZERO_C_K).powi(4);
    air_c.iter().zip(sky_w_m2).map(|(&air_c, sky)| sky - black(air_c)).collect()
}

fn sky_view(plane: &Plane) -> f64 {
    let view = f64::midpoint(1.0, plane.tilt_deg.to_radians().cos());
    view * view.sqrt()
}
