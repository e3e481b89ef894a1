//! Drawings of Sankey diagrams, with one scale for all flows, so that the flows into and out of a node are as wide as
//! the node.

use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::{FONT, HEIGHT, WIDTH, colour, plain};
use crate::figure::Node;

/// Margins: left, right (for names), top (for the title), bottom.
const MARGINS: [f64; 4] = [10.0, 170.0, 34.0, 10.0];
/// The height of the figure.
const TALL: f64 = 1.4 * HEIGHT;
/// The width of a node.
const NODE: f64 = 10.0;
/// The gap between two nodes.
const GAP: f64 = 11.0;

/// A node with its position.
#[derive(Debug, Clone, Copy, Default)]
struct PlacedNode {
    x: f64,
    y: f64,
    height: f64,
}

pub(super) fn sankey(title: &str, nodes: &[Node], flows: &[(usize, usize, f64)]) -> Scene {
    let mut scene = Scene::new(WIDTH, TALL);
    scene.font_family = Some(FONT.to_owned());
    let (placed, scale) = places(nodes.len(), flows);
    // The positions at which the next flow leaves and enters each node.
    let mut leaves: Vec<f64> = placed.iter().map(|node| node.y).collect();
    let mut comes = leaves.clone();
    let mut ordered: Vec<&(usize, usize, f64)> = flows.iter().collect();
    ordered.sort_by(|a, b| placed[a.1].y.total_cmp(&placed[b.1].y));
    let begins: Vec<(f64, &(usize, usize, f64))> = ordered
        .iter()
        .map(|flow| {
            let y = leaves[flow.0];
            leaves[flow.0] += scale * flow.2;
            (y, *flow)
        })
        .collect();
    let mut begins = begins;
    begins.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    for (from_y, (from, to, kwh)) in begins {
        let ends = [(placed[*from].x + NODE, from_y), (placed[*to].x, comes[*to])];
        comes[*to] += scale * kwh;
        scene.add(ribbon(ends, scale * kwh, colour(nodes[*from].colour)));
    }
    let text = |x: f64, y: f64, content: String, size: u32, anchor: TextAnchor| Primitive::Text {
        x,
        y,
        content,
        size,
        anchor,
        rotate: None,
        bold: false,
        color: None,
    };
    for (node, PlacedNode { x, y, height }) in nodes.iter().zip(&placed) {
        scene.add(Primitive::Rect {
            x: *x,
            y: *y,
            width: NODE,
            height: height.max(0.5),
            fill: Color::from(colour(node.colour)),
            stroke: None,
            stroke_width: None,
            opacity: None,
        });
        scene.add(text(x + NODE + 4.0, y + 0.5 * height + 3.0, plain(&node.name), 9, TextAnchor::Start));
    }
    scene.add(text(0.5 * WIDTH, 20.0, plain(title), 13, TextAnchor::Middle));
    scene
}

/// Returns the positions of the nodes, and the number of pixels per kWh.
fn places(nodes: usize, flows: &[(usize, usize, f64)]) -> (Vec<PlacedNode>, f64) {
    let columns = node_columns(nodes, flows);
    let last = columns.iter().copied().max().unwrap_or(0);
    let sum = |of: &dyn Fn(&(usize, usize, f64)) -> bool| {
        flows.iter().filter(|flow| of(flow)).map(|flow| flow.2).sum::<f64>()
    };
    let size = |node: usize| sum(&|flow| flow.0 == node).max(sum(&|flow| flow.1 == node));
    let members = |column: usize| (0..nodes).filter(|node| columns[*node] == column).collect::<Vec<usize>>();
    let [left, right, above, below] = MARGINS;
    let room = TALL - above - below;
    // The column that needs the largest height determines the scale.
    let scales = (0..=last).map(|column| {
        let members = members(column);
        let all: f64 = members.iter().map(|node| size(*node)).sum();
        (room - GAP * members.len().saturating_sub(1) as f64).max(0.2 * room) / all.max(f64::MIN_POSITIVE)
    });
    let scale = scales.fold(f64::INFINITY, f64::min);
    let mut placed = vec![PlacedNode::default(); nodes];
    for column in 0..=last {
        let mut members = members(column);
        // A node is placed near the sources of its flows; nodes without sources are sorted by size.
        let aim = |node: &usize, placed: &[PlacedNode]| {
            let into = sum(&|flow| flow.1 == *node);
            let weighted = flows
                .iter()
                .filter(|flow| flow.1 == *node)
                .map(|flow| flow.2 * (placed[flow.0].y + 0.5 * placed[flow.0].height));
            if into > 0.0 { weighted.sum::<f64>() / into } else { f64::INFINITY }
        };
        members.sort_by(|a, b| aim(a, &placed).total_cmp(&aim(b, &placed)).then(size(*b).total_cmp(&size(*a))));
        let mut y = above;
        for node in members {
            let x = left + (WIDTH - left - right - NODE) * column as f64 / last.max(1) as f64;
            placed[node] = PlacedNode { x, y, height: scale * size(node) };
            y += scale * size(node) + GAP;
        }
    }
    (placed, scale)
}

/// Returns the ribbon of a flow between two points.
fn ribbon([(x0, y0), (x1, y1)]: [(f64, f64); 2], width: f64, colour: &str) -> Primitive {
    let middle = 0.5 * (x0 + x1);
    let (low0, low1) = (y0 + width, y1 + width);
    let d = format!(
        "M{x0:.2} {y0:.2} C{middle:.2} {y0:.2} {middle:.2} {y1:.2} {x1:.2} {y1:.2} L{x1:.2} {low1:.2} \
         C{middle:.2} {low1:.2} {middle:.2} {low0:.2} {x0:.2} {low0:.2} Z"
    );
    Primitive::Path(Box::new(PathData {
        d,
        fill: Some(Color::from(colour)),
        stroke: Color::from("none"),
        stroke_width: 0.0,
        opacity: Some(0.4),
        stroke_dasharray: None,
    }))
}

/// Returns the columns of nodes: each node is behind all its sources, nodes without outflow are in the last column.
fn node_columns(nodes: usize, flows: &[(usize, usize, f64)]) -> Vec<usize> {
    let mut columns = vec![0; nodes];
    // There are no cycles, so no path is longer than the number of nodes.
    for _ in 0..nodes {
        for (from, to, _) in flows {
            columns[*to] = columns[*to].max(columns[*from] + 1);
        }
    }
    let last = columns.iter().copied().max().unwrap_or(0);
    let goes_on = |node: usize| flows.iter().any(|(from, ..)| *from == node);
    (0..nodes).map(|node| if goes_on(node) { columns[node] } else { last }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_heights_equal_their_flows_and_nodes_do_not_overlap() {
        let flows = [(0, 2, 30.0), (1, 2, 20.0), (2, 3, 45.0), (2, 4, 5.0), (1, 4, 10.0)];
        let (placed, scale) = places(5, &flows);
        let through = [30.0, 30.0, 50.0, 45.0, 15.0];
        for (node, kwh) in placed.iter().zip(through) {
            assert!((node.height - scale * kwh).abs() < 1e-9);
            assert!(node.y >= MARGINS[2] && node.y + node.height <= TALL - MARGINS[3] + 1e-9);
        }
        assert!(placed[0].x < placed[2].x && placed[2].x < placed[3].x && placed[3].x == placed[4].x);
        assert!(placed[0].y + placed[0].height <= placed[1].y || placed[1].y + placed[1].height <= placed[0].y);
    }
}
