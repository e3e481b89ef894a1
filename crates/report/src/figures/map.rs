//! The map of a network, with the temperatures of its water.

use std::f64::consts::TAU;
use std::path::Path;

use anergy_data::schema::columns::network::node_of_temperature;
use anergy_data::schema::files::NETWORK;
use anergy_data::schema::{MapSummary, PlaceSummary};

use super::{extremes, number};
use crate::axis::{Axis, means};
use crate::figure::{Figure, Map, MapNode, Plot};
use crate::run::RunResults;

/// The largest number of moments of a map.
const MOMENTS: usize = 400;
/// The distance between the lines of a place, as a share of the map's size.
const APART: f64 = 0.012;

/// Returns the map of a run whose loop is a network; `None` for other runs.
pub(crate) fn map(run: &RunResults) -> Option<Figure> {
    let map = run.summary.network.as_ref()?.map.as_ref()?;
    let frame = run.network.as_ref()?;
    let axis = frame.axis(Path::new(NETWORK)).ok()?;
    let per_day = axis.steps_per_day().unwrap_or(1);
    let block = match axis.len {
        steps if steps <= MOMENTS => 1,
        steps => per_day * steps.div_ceil(MOMENTS * per_day),
    };
    let places = positions(map);
    let size = size(&places);
    let mut nodes: Vec<MapNode> = Vec::new();
    for (place, [x_m, y_m]) in map.places.iter().zip(&places) {
        let own = frame.all_numbers().filter_map(|(name, values)| {
            let node = node_of_temperature(name)?;
            (node.strip_prefix(place.name.as_str())?.rsplit_once('/')?.0.is_empty()).then_some((node, values))
        });
        for (index, (node, values)) in own.enumerate() {
            let Some([_, mean_c, _]) = extremes(values) else { continue };
            // Two lines run side by side: the second is drawn slightly to the right and below.
            let shift = APART * size * index as f64;
            nodes.push(MapNode {
                name: node.to_owned(),
                x_m: x_m + shift,
                y_m: y_m - shift,
                label: (index == 0).then(|| label(map, &place.name)),
                mean_c,
                temp_c: means(values, block),
            });
        }
    }
    if nodes.is_empty() {
        return None;
    }
    let at = |node: &str| nodes.iter().position(|known| known.name == node);
    let pipes = map.pipes.iter().filter_map(|pipe| Some((pipe.name.clone(), at(&pipe.from)?, at(&pipe.to)?)));
    let pipes: Vec<(String, usize, usize)> = pipes.collect();
    let extreme = |of: fn(f64, f64) -> f64, start: f64| nodes.iter().map(|node| node.mean_c).fold(start, of);
    let text = format!(
        "Mean temperatures of the water between {} and {} °C at {} nodes and in {} pipes; the slider goes through the \
         time{}.{}",
        number(extreme(f64::min, f64::INFINITY)),
        number(extreme(f64::max, f64::NEG_INFINITY)),
        nodes.len(),
        pipes.len(),
        if block > 1 {
            format!(" in means over {} h", number(axis.step_hours() * block as f64))
        } else {
            String::new()
        },
        if places_known(map).is_some() {
            ""
        } else {
            " Coordinates are not known of all places: they stand on a circle."
        }
    );
    let axis = Axis { len: axis.len.div_ceil(block), ..axis.coarser(block) };
    let plot = Plot::Map(Map { axis, nodes, pipes });
    Some(Figure { id: "network".to_owned(), title: "Network".to_owned(), text, plot })
}

/// Returns the names of the substations and plants at a place.
fn label(map: &MapSummary, place: &str) -> String {
    let sited = map.plants.iter().chain(&map.substations).filter(|[_, at]| at == place);
    let names: Vec<&str> = sited.map(|[name, _]| name.as_str()).collect();
    if names.is_empty() { place.to_owned() } else { names.join(", ") }
}

/// Returns the coordinates of the places, m; `None` unless all are known.
fn places_known(map: &MapSummary) -> Option<Vec<[f64; 2]>> {
    let known = |place: &PlaceSummary| Some([place.x_m?, place.y_m?]);
    map.places.iter().map(known).collect()
}

/// Returns the coordinates of the places, m; points on a circle unless all are known.
fn positions(map: &MapSummary) -> Vec<[f64; 2]> {
    places_known(map).unwrap_or_else(|| {
        let angle = |index: usize| TAU * index as f64 / map.places.len() as f64;
        (0..map.places.len()).map(|index| [100.0 * angle(index).sin(), 100.0 * angle(index).cos()]).collect()
    })
}

/// Returns the larger side of the rectangle around the places, m.
fn size(places: &[[f64; 2]]) -> f64 {
    let side = |axis: usize| {
        let values: Vec<f64> = places.iter().map(|place| place[axis]).collect();
        extremes(&values).map_or(0.0, |[low, _, high]| high - low)
    };
    side(0).max(side(1)).max(1.0)
}
