//! Walls, roofs and floors from their layers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BuildingError, RcNetwork};

/// A layer of a wall.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Thickness, m, above 0.
    pub thickness_m: f64,
    /// Thermal conductivity, W/(m K), above 0.
    pub conductivity_w_mk: f64,
    /// Density, kg/m3, 0 or more; 0 for a layer that counts only as a resistance.
    pub density_kg_m3: f64,
    /// Specific heat, J/(kg K), 0 or more.
    pub specific_heat_j_kgk: f64,
}

impl Layer {
    /// Creates a layer: thickness in m, conductivity in W/(m K), density in kg/m3, specific heat in J/(kg K).
    #[must_use]
    pub const fn new(thickness_m: f64, conductivity_w_mk: f64, density_kg_m3: f64, specific_heat_j_kgk: f64) -> Self {
        Self { thickness_m, conductivity_w_mk, density_kg_m3, specific_heat_j_kgk }
    }

    /// Returns the thermal resistance, m2 K/W.
    #[must_use]
    pub fn resistance_m2k_w(&self) -> f64 {
        self.thickness_m / self.conductivity_w_mk
    }

    /// Returns the heat capacity per area, J/(m2 K).
    #[must_use]
    pub fn capacity_j_m2k(&self) -> f64 {
        self.thickness_m * self.density_kg_m3 * self.specific_heat_j_kgk
    }
}

/// The surface resistances of a wall.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Films {
    /// Inside, m2 K/W, above 0: 1/7.7 for walls, 1/5.9 for roofs, 1/10 for floors in the archetypes.
    pub inside_m2k_w: f64,
    /// Outside, m2 K/W, 0 or more: 0.04 for walls and roofs (ISO 6946), 0 for a floor on the ground.
    pub outside_m2k_w: f64,
}

impl Films {
    /// The films of a wall of the archetypes: 7.7 W/(m2 K) inside, 25 outside.
    pub const WALL: Self = Self { inside_m2k_w: 1.0 / 7.7, outside_m2k_w: 0.04 };
    /// The films of a roof of the archetypes: 5.9 W/(m2 K) inside, 25 outside.
    pub const ROOF: Self = Self { inside_m2k_w: 1.0 / 5.9, outside_m2k_w: 0.04 };
    /// The film of a floor of the archetypes: 10 W/(m2 K) inside, none outside.
    pub const FLOOR: Self = Self { inside_m2k_w: 0.1, outside_m2k_w: 0.0 };

    /// Creates films from coefficients in W/(m2 K).
    #[must_use]
    pub fn from_coefficients(inside_w_m2k: f64, outside_w_m2k: f64) -> Self {
        Self { inside_m2k_w: 1.0 / inside_w_m2k, outside_m2k_w: 1.0 / outside_w_m2k }
    }
}

/// The layers of a wall, roof or floor, from inside to outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Construction {
    /// The layers, from inside to outside.
    pub layers: Vec<Layer>,
    /// Position of the insulation among the layers, from 0; none for a wall without insulation.
    #[serde(default)]
    pub insulation: Option<usize>,
}

/// A wall lumped into two nodes (with insulation) or one (without): the K and C values of the archetypes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LumpedWall {
    /// Conductance between the air inside and the inner node, W/K.
    pub inner_w_k: f64,
    /// Conductance of the insulation, between the two nodes, W/K, with the capacity of the inner node, J/K; none for a
    /// wall with one node.
    pub insulation: Option<(f64, f64)>,
    /// Conductance between the outer (or only) node and the air outside, W/K.
    pub outer_w_k: f64,
    /// Capacity of the outer (or only) node, J/K.
    pub outer_j_k: f64,
}

impl LumpedWall {
    /// Adds the wall to a network, between the node `air` and the boundary `outside`: as the nodes `NAME_outer` and
    /// `NAME_inner`, or as the one node `NAME`. Returns the names of the outer and the inner node, which may be the
    /// same.
    pub fn add(&self, network: &mut RcNetwork, name: &str, [air, outside]: [&str; 2]) -> [String; 2] {
        let [outer, inner] = match self.insulation {
            Some((insulation_w_k, inner_j_k)) => {
                let [outer, inner] = [format!("{name}_outer"), format!("{name}_inner")];
                network.node(&outer, self.outer_j_k).node(&inner, inner_j_k).link(&outer, &inner, insulation_w_k);
                [outer, inner]
            }
            None => {
                network.node(name, self.outer_j_k);
                [name.to_owned(), name.to_owned()]
            }
        };
        network.boundary(outside, &outer, self.outer_w_k).link(&inner, air, self.inner_w_k);
        [outer, inner]
    }
}

impl Construction {
    /// Checks the layers.
    ///
    /// # Errors
    /// [`BuildingError::Value`] for a layer or a film out of its range, [`BuildingError::Unknown`] for an insulation
    /// beyond the layers.
    pub fn validate(&self, films: Films) -> Result<(), BuildingError> {
        for (index, layer) in self.layers.iter().enumerate() {
            let check = |name, value: f64, fine: bool, expected| {
                BuildingError::check(format!("{name} of layer {index}"), value, fine && value.is_finite(), expected)
            };
            check("thickness_m", layer.thickness_m, layer.thickness_m > 0.0, "a number above 0")?;
            check("conductivity_w_mk", layer.conductivity_w_mk, layer.conductivity_w_mk > 0.0, "a number above 0")?;
            check("density_kg_m3", layer.density_kg_m3, layer.density_kg_m3 >= 0.0, "0 or more")?;
            check("specific_heat_j_kgk", layer.specific_heat_j_kgk, layer.specific_heat_j_kgk >= 0.0, "0 or more")?;
        }
        let film = |name: &str, value: f64, fine: bool, expected| {
            BuildingError::check(name, value, fine && value.is_finite(), expected)
        };
        film("inside_m2k_w", films.inside_m2k_w, films.inside_m2k_w > 0.0, "a number above 0")?;
        film("outside_m2k_w", films.outside_m2k_w, films.outside_m2k_w >= 0.0, "0 or more")?;
        match self.insulation {
            Some(position) if position >= self.layers.len() => Err(BuildingError::Unknown {
                kind: "layer",
                name: position.to_string(),
                known: format!("0 to {}", self.layers.len().saturating_sub(1)),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the thermal transmittance with films, W/(m2 K).
    #[must_use]
    pub fn u_w_m2k(&self, films: Films) -> f64 {
        1.0 / (films.inside_m2k_w + self.resistance(..) + films.outside_m2k_w)
    }

    fn resistance(&self, range: impl std::slice::SliceIndex<[Layer], Output = [Layer]>) -> f64 {
        self.layers[range].iter().map(Layer::resistance_m2k_w).sum()
    }

    fn capacity(&self, range: impl std::slice::SliceIndex<[Layer], Output = [Layer]>) -> f64 {
        self.layers[range].iter().map(Layer::capacity_j_m2k).sum()
    }

    /// Returns the wall of `area_m2` as two nodes on either side of the insulation, or as one node without insulation:
    /// the rule of the archetypes (`ClustEnergy` 1.0.0).
    ///
    /// With insulation, the inner conductance is `A / (R_si + R of the layers inside the insulation)`, the middle one
    /// `A / R_ins`, the outer one `A / (R of the layers outside + R_se)`; the insulation's capacity counts outside.
    /// Without, the node is at the inner surface: `A / R_si` and `A / (R of all layers + R_se)`.
    ///
    /// # Errors
    /// As [`Construction::validate`]; [`BuildingError::Value`] unless the area is above 0, and when nothing resists
    /// outside the insulation (neither a layer nor a film).
    pub fn lumped(&self, area_m2: f64, films: Films) -> Result<LumpedWall, BuildingError> {
        self.validate(films)?;
        let fine = area_m2 > 0.0 && area_m2.is_finite();
        BuildingError::check("area_m2", area_m2, fine, "a number above 0")?;
        let (inside, outside) = match self.insulation {
            Some(position) => (self.resistance(..position), self.resistance(position + 1..)),
            None => (0.0, self.resistance(..)),
        };
        let outer_m2k_w = outside + films.outside_m2k_w;
        let resists = outer_m2k_w > 0.0;
        BuildingError::check("the resistance outside the insulation, m2 K/W,", outer_m2k_w, resists, "above 0")?;
        Ok(LumpedWall {
            inner_w_k: area_m2 / (films.inside_m2k_w + inside),
            insulation: self.insulation.map(|position| {
                (area_m2 / self.layers[position].resistance_m2k_w(), area_m2 * self.capacity(..position))
            }),
            outer_w_k: area_m2 / outer_m2k_w,
            outer_j_k: area_m2 * self.capacity(self.insulation.unwrap_or(0)..),
        })
    }

    /// Adds the wall of `area_m2` to a network as a chain of finite volumes, `cells` per layer with mass (at least
    /// one), between the node `air` and the boundary `outside`.
    ///
    /// The nodes are `NAME_inside` and `NAME_outside` for the two surfaces, which have no capacity and on which heat
    /// may be absorbed, and `NAME_1` and so on for the cells from inside to outside. Capacity sits in the middle of its
    /// cell. Without an outer film the wall ends at the boundary itself and has no node `NAME_outside`.
    ///
    /// # Errors
    /// As [`Construction::lumped`].
    pub fn add_cells(
        &self,
        network: &mut RcNetwork,
        name: &str,
        area_m2: f64,
        films: Films,
        cells: usize,
        [air, outside]: [&str; 2],
    ) -> Result<(), BuildingError> {
        self.validate(films)?;
        let fine = area_m2 > 0.0 && area_m2.is_finite();
        BuildingError::check("area_m2", area_m2, fine, "a number above 0")?;
        let mut last = format!("{name}_inside");
        network.node(&last, 0.0).link(air, &last, area_m2 / films.inside_m2k_w);
        // The resistance between the last node and the point reached so far.
        let (mut resistance, mut number) = (0.0, 0);
        for layer in &self.layers {
            if layer.capacity_j_m2k() == 0.0 {
                resistance += layer.resistance_m2k_w();
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "a handful of cells")]
            let parts = cells.max(1) as f64;
            for _ in 0..cells.max(1) {
                let half = layer.resistance_m2k_w() / parts / 2.0;
                number += 1;
                let node = format!("{name}_{number}");
                network.node(&node, area_m2 * layer.capacity_j_m2k() / parts);
                network.link(&last, &node, area_m2 / (resistance + half));
                (last, resistance) = (node, half);
            }
        }
        if films.outside_m2k_w == 0.0 {
            let resists = resistance > 0.0;
            BuildingError::check("the resistance of the layers, m2 K/W,", resistance, resists, "above 0")?;
            network.boundary(outside, &last, area_m2 / resistance);
            return Ok(());
        }
        let surface = format!("{name}_outside");
        network.node(&surface, 0.0);
        if resistance > 0.0 {
            network.link(&last, &surface, area_m2 / resistance);
        }
        network.boundary(outside, &surface, area_m2 / films.outside_m2k_w);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DVector;
    use proptest::prelude::*;

    /// The wall of the house of 2006 and later: plaster, blocks, insulation, plaster.
    fn wall() -> Construction {
        Construction {
            layers: vec![
                Layer::new(0.02, 0.7, 1400.0, 1000.0),
                Layer::new(0.25, 0.4, 1000.0, 1000.0),
                Layer::new(0.095, 0.045, 35.0, 1220.0),
                Layer::new(0.02, 0.9, 1800.0, 1000.0),
            ],
            insulation: Some(2),
        }
    }

    #[test]
    fn the_wall_of_an_archetype_has_its_published_values() {
        let lumped = wall().lumped(223.3, Films::WALL).unwrap();
        let (insulation_w_k, inner_j_k) = lumped.insulation.unwrap();
        assert!((lumped.outer_w_k - 3588.75).abs() < 1e-9 && (insulation_w_k - 105.773_684_210_526).abs() < 1e-9);
        assert!((lumped.inner_w_k - 285.024_450_891_007).abs() < 1e-9);
        assert!((inner_j_k - 62_077_400.0).abs() < 1e-6 && (lumped.outer_j_k - 8_944_616.45).abs() < 1e-6);
        assert!((wall().u_w_m2k(Films::WALL) - 0.338_206_335_146).abs() < 1e-12);
    }

    #[test]
    fn a_wall_without_insulation_has_one_node() {
        let bricks = Construction {
            layers: vec![
                Layer::new(0.02, 0.7, 1400.0, 1000.0),
                Layer::new(0.328, 0.72, 1800.0, 1000.0),
                Layer::new(0.02, 0.9, 1800.0, 1000.0),
            ],
            insulation: None,
        };
        let lumped = bricks.lumped(232.1, Films::WALL).unwrap();
        assert!((lumped.inner_w_k - 1787.17).abs() < 1e-9 && (lumped.outer_w_k - 424.819_872_167).abs() < 1e-6);
        assert!((lumped.outer_j_k - 151_886_240.0).abs() < 1e-6 && lumped.insulation.is_none());
    }

    #[test]
    fn faults_name_the_layer() {
        let mut thin = wall();
        thin.layers[1].thickness_m = 0.0;
        assert!(thin.lumped(1.0, Films::WALL).unwrap_err().to_string().contains("thickness_m of layer 1 is 0"));
        let beyond = Construction { insulation: Some(4), ..wall() };
        assert!(beyond.lumped(1.0, Films::WALL).unwrap_err().to_string().contains("no layer `4`; known: 0 to 3"));
        assert!(wall().lumped(-1.0, Films::WALL).unwrap_err().to_string().contains("area_m2 is -1"));
        let open = Construction { insulation: Some(3), ..wall() };
        assert!(open.lumped(1.0, Films::FLOOR).unwrap_err().to_string().contains("outside the insulation"));
    }

    proptest! {
        #[test]
        fn cells_and_lumps_transmit_as_the_u_value(area_m2 in 0.1f64..500.0, cells in 1usize..5, outer in 0.0f64..0.1) {
            let films = Films { outside_m2k_w: outer, ..Films::WALL };
            let mut network = RcNetwork::new("air");
            network.node("air", 1e5);
            wall().add_cells(&mut network, "wall", area_m2, films, cells, ["air", "outside"]).unwrap();
            network.heat("plant", "air", 1.0);
            let space = network.state_space().unwrap();
            // 1 kW into the air: the air is warmer than outside by P / (U A), and nothing else.
            let u = DVector::from_vec(vec![5.0, 1000.0]);
            let steady = space.steady_state(&u).unwrap();
            let air_c = space.node_temps_c(&steady, &u)[space.air()];
            let expected = 5.0 + 1000.0 / (area_m2 * wall().u_w_m2k(films));
            prop_assert!((air_c - expected).abs() < 1e-9 * expected);
            let mut lumped = RcNetwork::new("air");
            lumped.node("air", 1e5);
            let plain = Construction { insulation: None, ..wall() };
            for (construction, nodes) in [(wall(), 3), (plain, 2)] {
                let mut lumped = lumped.clone();
                construction.lumped(area_m2, films).unwrap().add(&mut lumped, "wall", ["air", "outside"]);
                prop_assert_eq!(lumped.nodes.len(), nodes);
                lumped.heat("plant", "air", 1.0);
                let space = lumped.state_space().unwrap();
                let steady = space.steady_state(&u).unwrap();
                prop_assert!((space.node_temps_c(&steady, &u)[space.air()] - expected).abs() < 1e-9 * expected);
                prop_assert!((lumped.capacity_j_k() - network.capacity_j_k()).abs() < 1e-9 * network.capacity_j_k());
            }
        }
    }
}
