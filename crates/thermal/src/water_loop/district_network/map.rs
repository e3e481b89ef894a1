//! The places of a network, with their components.

use super::layout::NetworkLayout;
use super::settings::NetworkSettings;

/// A component at a place of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Sited {
    /// Name of the component.
    pub name: String,
    /// Name of the place.
    pub place: String,
}

/// A place of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Name, from which the names of its water nodes are derived.
    pub name: String,
    /// Position, m east and m north; `None` if not given.
    pub position_m: Option<[f64; 2]>,
}

/// The places of a network, with their substations and plants.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NetworkMap {
    /// Places.
    pub places: Vec<Place>,
    /// Substations and sources of waste heat.
    pub substations: Vec<Sited>,
    /// Plants.
    pub plants: Vec<Sited>,
}

impl NetworkMap {
    pub(super) fn of(settings: &NetworkSettings, layout: &NetworkLayout) -> Self {
        let place = |name: &String| Place {
            name: name.clone(),
            position_m: settings.nodes.get(name).and_then(|node| Some([node.x_m?, node.y_m?])),
        };
        let sited = |(name, place): (&String, &String)| Sited { name: name.clone(), place: place.clone() };
        let substations = settings.substations.iter().map(|(name, substation)| (name, &substation.node));
        let sources = settings.waste_heat.iter().map(|(name, source)| (name, &source.node));
        Self {
            places: layout.places.keys().map(place).collect(),
            substations: substations.chain(sources).map(sited).collect(),
            plants: settings.plants.iter().map(|(name, plant)| sited((name, &plant.node))).collect(),
        }
    }
}
