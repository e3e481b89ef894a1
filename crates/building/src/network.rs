//! Networks of resistances and capacities (RC): the description of a building from which its equations follow.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::BuildingError;

/// A point of the building with one temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Name, unique among the nodes.
    pub name: String,
    /// Heat capacity, J/K, 0 or more. A node without capacity, such as a surface, takes at every moment the
    /// temperature at which its heat flows add up to zero.
    pub capacity_j_k: f64,
}

/// Heat conduction between two nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Names of the two nodes.
    pub between: [String; 2],
    /// Conductance, W/K, above 0. Several links between the same nodes add up.
    pub conductance_w_k: f64,
}

/// Heat conduction between a node and a temperature that is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundaryLink {
    /// Name of the node.
    pub node: String,
    /// Conductance, W/K, above 0.
    pub conductance_w_k: f64,
}

/// A temperature that is given as a series: the air outside, the ground, a heated neighbour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// Name, unique among boundaries and heat inputs.
    pub name: String,
    /// The nodes linked to it.
    pub links: Vec<BoundaryLink>,
}

/// The part of a heat input that enters at a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatShare {
    /// Name of the node.
    pub node: String,
    /// Heat into the node per heat of the input. -1 at the air for a cooling output that is given as a positive number.
    pub share: f64,
}

/// A heat flow that is given as a series: solar gains, internal gains, the heating.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatInput {
    /// Name, unique among boundaries and heat inputs.
    pub name: String,
    /// Where the heat goes. A sum of the shares below 1 means that the rest is lost, as light that leaves through the
    /// windows again.
    pub shares: Vec<HeatShare>,
}

/// A building as a network of resistances and capacities.
///
/// For every node i with temperature `T_i`:
///
/// `C_i dT_i/dt = sum_j K_ij (T_j - T_i) + sum_b K_ib (T_b - T_i) + sum_h share_ih Phi_h`
///
/// over the linked nodes j, the boundaries b with temperature `T_b` and the heat inputs h with heat flow `Phi_h`.
/// [`crate::StateSpace`] holds the same equations as matrices. The inputs are ordered: first the boundaries, then the
/// heat inputs, each in the order of this description.
///
/// ```
/// use anergy_building::RcNetwork;
///
/// let mut room = RcNetwork::new("air");
/// room.node("air", 300e3).node("wall", 20e6).link("air", "wall", 400.0);
/// room.boundary("outside", "wall", 50.0).boundary("outside", "air", 80.0).heat("plant", "air", 1.0);
/// let space = room.state_space()?;
/// assert_eq!(space.input_names(), ["outside", "plant"]);
/// # Ok::<(), anergy_building::BuildingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RcNetwork {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Links between nodes.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Given temperatures.
    #[serde(default)]
    pub boundaries: Vec<Boundary>,
    /// Given heat flows.
    #[serde(default)]
    pub heat: Vec<HeatInput>,
    /// Name of the node whose temperature the set-points refer to, as a rule the air.
    pub air: String,
}

impl RcNetwork {
    /// Creates an empty network whose set-points refer to the node `air`, which is still to be added.
    #[must_use]
    pub fn new(air: &str) -> Self {
        Self { nodes: Vec::new(), links: Vec::new(), boundaries: Vec::new(), heat: Vec::new(), air: air.to_owned() }
    }

    /// Adds a node with a heat capacity in J/K.
    pub fn node(&mut self, name: &str, capacity_j_k: f64) -> &mut Self {
        self.nodes.push(Node { name: name.to_owned(), capacity_j_k });
        self
    }

    /// Adds a link between two nodes with a conductance in W/K.
    pub fn link(&mut self, one: &str, other: &str, conductance_w_k: f64) -> &mut Self {
        self.links.push(Link { between: [one.to_owned(), other.to_owned()], conductance_w_k });
        self
    }

    /// Adds a link between the boundary `name`, which is created when it is new, and a node, with a conductance in W/K.
    pub fn boundary(&mut self, name: &str, node: &str, conductance_w_k: f64) -> &mut Self {
        let link = BoundaryLink { node: node.to_owned(), conductance_w_k };
        match self.boundaries.iter_mut().find(|known| known.name == name) {
            Some(known) => known.links.push(link),
            None => self.boundaries.push(Boundary { name: name.to_owned(), links: vec![link] }),
        }
        self
    }

    /// Adds a share of the heat input `name`, which is created when it is new, at a node.
    pub fn heat(&mut self, name: &str, node: &str, share: f64) -> &mut Self {
        let share = HeatShare { node: node.to_owned(), share };
        match self.heat.iter_mut().find(|known| known.name == name) {
            Some(known) => known.shares.push(share),
            None => self.heat.push(HeatInput { name: name.to_owned(), shares: vec![share] }),
        }
        self
    }

    /// Returns the position of a node.
    ///
    /// # Errors
    /// [`BuildingError::Unknown`].
    pub fn position(&self, name: &str) -> Result<usize, BuildingError> {
        self.nodes.iter().position(|node| node.name == name).ok_or_else(|| BuildingError::Unknown {
            kind: "node",
            name: name.to_owned(),
            known: self.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Checks names and values.
    ///
    /// # Errors
    /// [`BuildingError::Duplicate`], [`BuildingError::Unknown`], [`BuildingError::SelfLink`], or
    /// [`BuildingError::Value`] for a capacity below 0, a conductance not above 0 or a number that is not finite.
    pub fn validate(&self) -> Result<(), BuildingError> {
        unique("node", self.nodes.iter().map(|node| node.name.as_str()))?;
        let inputs = self.boundaries.iter().map(|one| one.name.as_str());
        unique("boundary or heat input", inputs.chain(self.heat.iter().map(|one| one.name.as_str())))?;
        for Node { name, capacity_j_k } in &self.nodes {
            let fine = (0.0..f64::INFINITY).contains(capacity_j_k);
            BuildingError::check(format!("capacity_j_k of `{name}`"), *capacity_j_k, fine, "0 or more")?;
        }
        let conductance = |of: String, value: f64| {
            BuildingError::check(of, value, value > 0.0 && value.is_finite(), "a number above 0")
        };
        for Link { between: [one, other], conductance_w_k } in &self.links {
            if self.position(one)? == self.position(other)? {
                return Err(BuildingError::SelfLink { name: one.clone() });
            }
            conductance(format!("conductance_w_k between `{one}` and `{other}`"), *conductance_w_k)?;
        }
        for Boundary { name, links } in &self.boundaries {
            for BoundaryLink { node, conductance_w_k } in links {
                self.position(node)?;
                conductance(format!("conductance_w_k between `{name}` and `{node}`"), *conductance_w_k)?;
            }
        }
        for HeatInput { name, shares } in &self.heat {
            for HeatShare { node, share } in shares {
                self.position(node)?;
                let of = format!("share of `{name}` at `{node}`");
                BuildingError::check(of, *share, share.is_finite(), "a finite number")?;
            }
        }
        self.position(&self.air).map(|_| ())
    }

    /// Returns the sum of all heat capacities, J/K.
    #[must_use]
    pub fn capacity_j_k(&self) -> f64 {
        self.nodes.iter().map(|node| node.capacity_j_k).sum()
    }
}

fn unique<'a>(kind: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), BuildingError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(BuildingError::Duplicate { kind, name: name.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> RcNetwork {
        let mut room = RcNetwork::new("air");
        room.node("air", 3e5).node("wall", 2e7).link("air", "wall", 400.0).boundary("outside", "wall", 50.0);
        room.heat("plant", "air", 1.0);
        room
    }

    #[test]
    fn faults_name_the_part_and_the_value() {
        assert_eq!(room().validate(), Ok(()));
        type Edit = fn(&mut RcNetwork);
        let cases: [(Edit, &str); 8] = [
            (|room| _ = room.node("air", 1.0), "the node `air` appears twice"),
            (|room| _ = room.heat("outside", "air", 1.0), "the boundary or heat input `outside` appears twice"),
            (|room| _ = room.link("air", "roof", 1.0), "there is no node `roof`; known: air, wall"),
            (|room| _ = room.link("air", "air", 1.0), "joins the node `air` to itself"),
            (|room| _ = room.node("roof", -1.0), "capacity_j_k of `roof` is -1; expected 0 or more"),
            (|room| _ = room.link("air", "wall", 0.0), "between `air` and `wall` is 0; expected a number above 0"),
            (|room| _ = room.boundary("ground", "wall", f64::NAN), "between `ground` and `wall` is NaN"),
            (|room| _ = room.heat("sun", "wall", f64::INFINITY), "share of `sun` at `wall` is inf"),
        ];
        for (edit, expected) in cases {
            let mut broken = room();
            edit(&mut broken);
            let message = broken.validate().unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        let lost = RcNetwork { air: "attic".to_owned(), ..room() };
        assert!(lost.validate().unwrap_err().to_string().contains("no node `attic`"));
    }
}
