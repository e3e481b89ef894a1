//! Single-family houses of four periods of construction, and one with floor heating.
//!
//! Source of the numbers: the archetypes of `ClustEnergy` `OpTool` 1.0.0 (BSD 3-Clause), Italian single-family houses
//! of two floors with layers after UNI 11552.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::solar_shares::SolarShares;
use crate::{BuildingError, RcNetwork};

/// Density times specific heat of air, J/(m3 K): 1.204 kg/m3 and 1012 J/(kg K).
pub const AIR_J_M3K: f64 = 1.204 * 1012.0;

/// Whether a published tool is reproduced with its faults, or done right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compat {
    /// Without the known faults of the published tool.
    #[default]
    Corrected,
    /// As the published tool computes, faults included.
    Published,
}

/// Whether the plant of a house heats or cools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// A positive output warms.
    #[default]
    Heating,
    /// A positive output cools.
    Cooling,
}

/// A house of a period of construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Archetype {
    /// Built from 2006 on, air heating.
    #[serde(rename = "SFH06_air")]
    Sfh06Air,
    /// Built from 1991 to 2005, air heating.
    #[serde(rename = "SFH05_air")]
    Sfh05Air,
    /// Built from 1976 to 1990, air heating.
    #[serde(rename = "SFH90_air")]
    Sfh90Air,
    /// Built from 1946 to 1960, without insulation, air heating.
    #[serde(rename = "SFH60_air")]
    Sfh60Air,
    /// Built from 2006 on, floor heating.
    #[serde(rename = "SFH06_floor")]
    Sfh06Floor,
}

/// The glazing of a house.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArchetypeGlazing {
    /// Thermal transmittance, W/(m2 K).
    pub u_w_m2k: f64,
    /// Solar factor g at normal incidence, 0 to 1.
    pub solar_factor: f64,
    /// Emissivity of the inner surface, 0 to 1.
    pub emissivity: f64,
    /// Absorptance of the inner (or only) pane, 0 to 1.
    pub inner_absorptance: f64,
    /// Absorptance of the outer pane, 0 to 1; 0 for single glazing.
    pub outer_absorptance: f64,
    /// Reflectance, 0 to 1.
    pub reflectance: f64,
}

/// A wall, roof or floor of a house. With two nodes: conductances outside, of the insulation and inside, W/K, and
/// capacities of the outer and the inner node, J/K. With one node: outside and inside, and one capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Element {
    /// Nodes on either side of the insulation.
    Insulated {
        /// From outside to inside, W/K.
        conductance_w_k: [f64; 3],
        /// From outside to inside, J/K.
        capacity_j_k: [f64; 2],
    },
    /// One node.
    Plain {
        /// From outside to inside, W/K.
        conductance_w_k: [f64; 2],
        /// J/K.
        capacity_j_k: f64,
    },
}

const fn insulated(conductance_w_k: [f64; 3], capacity_j_k: [f64; 2]) -> Element {
    Element::Insulated { conductance_w_k, capacity_j_k }
}

const fn plain(conductance_w_k: [f64; 2], capacity_j_k: f64) -> Element {
    Element::Plain { conductance_w_k, capacity_j_k }
}

/// The facts of a house.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArchetypeData {
    /// Area of one of the two floors, m2.
    pub floor_m2: f64,
    /// Area of the roof, m2.
    pub roof_m2: f64,
    /// Volume of the air, m3.
    pub volume_m3: f64,
    /// Area of all windows, m2, a quarter on each facade.
    pub window_m2: f64,
    /// Glazing.
    pub glazing: ArchetypeGlazing,
    /// All opaque facades together.
    pub wall: Element,
    /// Roof.
    pub roof: Element,
    /// Floor.
    pub floor: Element,
}

/// The factor of the capacity of the outer floor node of two archetypes in the published tool, which takes J/K for
/// kJ/K there.
const PUBLISHED_FLOOR_FACTOR: f64 = 1000.0;

/// Ventilation, the split of internal gains and the colour of surfaces.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchetypeSettings {
    /// Air changes, 1/h, 0 or more.
    #[serde(default = "default_air_changes")]
    pub air_changes_per_h: f64,
    /// Share of the internal gains that is radiation, which the surfaces absorb, 0 to 1; the air takes the rest.
    #[serde(default = "default_radiant")]
    pub radiant_share: f64,
    /// Solar absorptance of all opaque surfaces, inside and outside, 0 to 1.
    #[serde(default = "default_absorptance")]
    pub solar_absorptance: f64,
}

fn default_air_changes() -> f64 {
    0.5
}
fn default_radiant() -> f64 {
    0.6
}
fn default_absorptance() -> f64 {
    0.3
}

impl Default for ArchetypeSettings {
    fn default() -> Self {
        Self {
            air_changes_per_h: default_air_changes(),
            radiant_share: default_radiant(),
            solar_absorptance: default_absorptance(),
        }
    }
}

impl ArchetypeSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`BuildingError::Value`] for a value out of its range.
    pub fn validate(&self) -> Result<(), BuildingError> {
        let changes = self.air_changes_per_h;
        BuildingError::check("air_changes_per_h", changes, (0.0..f64::INFINITY).contains(&changes), "0 or more")?;
        let share = |name, value: f64| BuildingError::check(name, value, (0.0..=1.0).contains(&value), "0 to 1");
        share("radiant_share", self.radiant_share)?;
        share("solar_absorptance", self.solar_absorptance)
    }
}

/// Splits of the floor slab with heating pipes: conductances from the pipes down and up, W/K, and capacities below and
/// above, J/K.
const FLOOR_HEATING: ([f64; 2], [f64; 2]) = ([2129.0, 596.0], [9_254_400.0, 14_411_800.0]);

impl Archetype {
    /// All archetypes, in the order of the published tool.
    pub const ALL: [Self; 5] = [Self::Sfh06Air, Self::Sfh05Air, Self::Sfh90Air, Self::Sfh60Air, Self::Sfh06Floor];

    /// Returns the name of the archetype, as in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sfh06Air => "SFH06_air",
            Self::Sfh05Air => "SFH05_air",
            Self::Sfh90Air => "SFH90_air",
            Self::Sfh60Air => "SFH60_air",
            Self::Sfh06Floor => "SFH06_floor",
        }
    }

    /// Returns the facts of the archetype.
    #[must_use]
    pub const fn data(self) -> ArchetypeData {
        match self {
            Self::Sfh06Air | Self::Sfh06Floor => ArchetypeData {
                floor_m2: 96.4,
                roof_m2: 96.4,
                volume_m3: 607.0,
                window_m2: 21.7,
                glazing: double(2.2, 0.724, 0.2),
                wall: insulated([3589.0, 106.0, 285.0], [8_944_616.45, 62_077_400.0]),
                roof: insulated([2410.0, 34.0, 178.0], [518_651.28, 50_513_600.0]),
                floor: insulated([1841.0, 35.0, 465.0], [23_650_535.0, 23_666_200.0]),
            },
            Self::Sfh05Air => ArchetypeData {
                floor_m2: 96.0,
                roof_m2: 96.0,
                volume_m3: 605.0,
                window_m2: 21.5,
                glazing: double(2.8, 0.722, 0.9),
                wall: insulated([3586.0, 264.0, 285.0], [8_393_602.06, 62_021_800.0]),
                roof: insulated([2400.0, 111.0, 177.0], [159_868.8, 50_304_000.0]),
                floor: insulated([1834.0, 92.0, 464.0], [23_232_662.4, 23_568_000.0]),
            },
            Self::Sfh90Air => ArchetypeData {
                floor_m2: 115.1,
                roof_m2: 132.9,
                volume_m3: 725.0,
                window_m2: 20.9,
                glazing: double(2.8, 0.722, 0.84),
                wall: insulated([355.0, 914.0, 680.0], [69_776_827.76, 22_429_600.0]),
                roof: insulated([3323.0, 443.0, 246.0], [76_610.21, 69_639_600.0]),
                floor: insulated([1099.0, 162.0, 556.0], [55_405_272.64, 28_257_050.0]),
            },
            Self::Sfh60Air => ArchetypeData {
                floor_m2: 84.6,
                roof_m2: 97.6,
                volume_m3: 583.0,
                window_m2: 20.3,
                glazing: ArchetypeGlazing {
                    inner_absorptance: 0.142,
                    outer_absorptance: 0.0,
                    ..double(4.9, 0.837, 0.84)
                },
                wall: plain([425.0, 1787.0], 151_886_240.0),
                roof: plain([343.0, 576.0], 27_328_000.0),
                floor: plain([216.0, 846.0], 87_941_700.0),
            },
        }
    }

    /// Returns the house as a network.
    ///
    /// Boundaries: `outside`, `ground`. Heat inputs: `solar_windows` (sun through all windows), `solar_walls`,
    /// `solar_roof` (sun absorbed outside), `internal`, `plant` (the output of heating or cooling, positive). Nodes: an
    /// outer and an inner one for walls, roof and floor (`wall_outer`, `wall_inner`, ...) or one each (`wall`), and
    /// `air`. With floor heating, the inner floor node is split into `floor_below` and `floor_above` the pipes, and the
    /// plant heats `floor_above`; in cooling the house is as with air heating.
    ///
    /// [`Compat::Published`] has a thousandfold capacity in the outer floor node of SFH05 and SFH90, divides solar and
    /// radiant gains on the heated floor by the capacity of the whole slab, and takes the published [`SolarShares`].
    ///
    /// # Errors
    /// As [`ArchetypeSettings::validate`].
    pub fn network(
        self,
        service: Service,
        settings: ArchetypeSettings,
        compat: Compat,
    ) -> Result<RcNetwork, BuildingError> {
        settings.validate()?;
        let data = self.data();
        let mut house = RcNetwork::new("air");
        let floor_heating = self == Self::Sfh06Floor && service == Service::Heating;
        let factor = match (self, compat) {
            (Self::Sfh05Air | Self::Sfh90Air, Compat::Published) => PUBLISHED_FLOOR_FACTOR,
            _ => 1.0,
        };
        let opaque_m2 = data.opaque_m2();
        let total_m2 = data.floor_m2 + data.roof_m2 + opaque_m2;
        let shares = SolarShares::of(&data, settings.solar_absorptance, compat);
        let parts = [
            ("wall", data.wall, "outside", 1.0, 4.0 * shares.wall, opaque_m2),
            ("roof", data.roof, "outside", 1.0, shares.ceiling, data.roof_m2),
            ("floor", data.floor, "ground", factor, shares.floor, data.floor_m2),
        ];
        let mut links = Vec::new();
        for (name, element, boundary, factor, solar, area_m2) in parts {
            let radiant = settings.radiant_share * area_m2 / total_m2;
            let gains = |house: &mut RcNetwork, node: &str, scale: f64| {
                house.heat("solar_windows", node, solar * scale).heat("internal", node, radiant * scale);
            };
            let outer = match element {
                Element::Plain { conductance_w_k: [outer, inner], capacity_j_k } => {
                    house.node(name, capacity_j_k).boundary(boundary, name, outer);
                    gains(&mut house, name, 1.0);
                    links.push((name.to_owned(), inner));
                    name.to_owned()
                }
                Element::Insulated {
                    conductance_w_k: [outer, middle, inner],
                    capacity_j_k: [outer_j_k, inner_j_k],
                } => {
                    let (outside, inside) = (format!("{name}_outer"), format!("{name}_inner"));
                    house.node(&outside, outer_j_k * factor).boundary(boundary, &outside, outer);
                    if name == "floor" && floor_heating {
                        let ([down, up], [below_j_k, above_j_k]) = FLOOR_HEATING;
                        house.node("floor_below", below_j_k).node("floor_above", above_j_k);
                        house.link(&outside, "floor_below", middle).link("floor_below", "floor_above", down);
                        let scale = if compat == Compat::Published { above_j_k / inner_j_k } else { 1.0 };
                        gains(&mut house, "floor_above", scale);
                        links.push(("floor_above".to_owned(), up));
                    } else {
                        house.node(&inside, inner_j_k).link(&outside, &inside, middle);
                        gains(&mut house, &inside, 1.0);
                        links.push((inside, inner));
                    }
                    outside
                }
            };
            match name {
                "wall" => _ = house.heat("solar_walls", &outer, 1.0),
                "roof" => _ = house.heat("solar_roof", &outer, 1.0),
                _ => {}
            }
        }
        house.node("air", data.volume_m3 * AIR_J_M3K);
        for (node, conductance_w_k) in links {
            house.link(&node, "air", conductance_w_k);
        }
        let ventilation_w_k = data.volume_m3 * settings.air_changes_per_h * AIR_J_M3K / 3600.0;
        house.boundary("outside", "air", ventilation_w_k + data.glazing.u_w_m2k * data.window_m2);
        house.heat("internal", "air", 1.0 - settings.radiant_share);
        let plant = if floor_heating { "floor_above" } else { "air" };
        house.heat("plant", plant, if service == Service::Heating { 1.0 } else { -1.0 });
        // Inputs in the order of the published matrices.
        let order = ["solar_windows", "solar_walls", "solar_roof", "internal", "plant"];
        house.heat.sort_by_key(|heat| order.iter().position(|name| *name == heat.name));
        Ok(house)
    }
}

/// Double glazing with the published absorptances and reflectance.
const fn double(u_w_m2k: f64, solar_factor: f64, emissivity: f64) -> ArchetypeGlazing {
    ArchetypeGlazing {
        u_w_m2k,
        solar_factor,
        emissivity,
        inner_absorptance: 0.156,
        outer_absorptance: 0.104,
        reflectance: 0.206,
    }
}

impl ArchetypeData {
    /// Returns the side of the square plan, m.
    #[must_use]
    pub fn side_m(&self) -> f64 {
        self.floor_m2.sqrt()
    }

    /// Returns the height, m: the volume over the area of one floor.
    #[must_use]
    pub fn height_m(&self) -> f64 {
        self.volume_m3 / self.floor_m2
    }

    /// Returns the opaque area of all facades, m2.
    #[must_use]
    pub fn opaque_m2(&self) -> f64 {
        4.0 * self.side_m() * self.height_m() - self.window_m2
    }

    /// Returns the heat flow per area and kelvin through the walls (`area_m2` their area) or the roof, W/(m2 K), as the
    /// published tool uses it for the sun absorbed outside.
    #[must_use]
    pub fn element_u_w_m2k(element: Element, area_m2: f64) -> f64 {
        let resistance: f64 = match element {
            Element::Insulated { conductance_w_k, .. } => conductance_w_k.iter().map(|k| 1.0 / k).sum(),
            Element::Plain { conductance_w_k, .. } => conductance_w_k.iter().map(|k| 1.0 / k).sum(),
        };
        1.0 / (area_m2 * resistance)
    }
}
