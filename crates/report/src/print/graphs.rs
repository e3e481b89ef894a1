//! Drawings of maps of networks.

use kuva::plot::heatmap::ColorMap;
use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::annotations::TextAnnotation;
use kuva::render::plots::Plot as Drawn;
use kuva::render::render::{Scene, render_multiple};

use super::{HEIGHT, layout, plain};
use crate::figure::Map;
use crate::figures::extremes;

/// Returns a colour of the scale from low to high.
pub(super) fn of_scale(value: f64, low: f64, high: f64) -> String {
    ColorMap::Viridis.map((value - low) / (high - low).max(1e-9))
}

pub(super) fn network(title: &str, map: &Map) -> Scene {
    let all: Vec<f64> = map.nodes.iter().map(|node| node.mean_c).collect();
    let [low, mean, high] = extremes(&all).unwrap_or_default();
    let mut plots = Vec::new();
    for (_, from, to) in &map.pipes {
        let ends = [&map.nodes[*from], &map.nodes[*to]];
        let colour = of_scale(0.5 * (ends[0].mean_c + ends[1].mean_c), low, high);
        let line = LinePlot::new().with_data(ends.map(|node| (node.x_m, node.y_m)));
        plots.push(Drawn::Line(line.with_color(colour).with_stroke_width(3.0)));
    }
    let colours = all.iter().map(|temp_c| of_scale(*temp_c, low, high));
    let nodes = ScatterPlot::new().with_data(map.nodes.iter().map(|node| (node.x_m, node.y_m))).with_size(5.0);
    plots.push(Drawn::Scatter(nodes.with_colors(colours)));
    let height =
        extremes(&map.nodes.iter().map(|node| node.y_m).collect::<Vec<_>>()).map_or(0.0, |[low, _, high]| high - low);
    let lift = 0.04 * height;
    let mut layout = layout(&plots, title, 1.2 * HEIGHT).with_equal_aspect().with_x_label("m").with_y_label("m");
    for node in &map.nodes {
        if let Some(label) = &node.label {
            let above = TextAnnotation::new(plain(label), node.x_m, node.y_m + lift).with_font_size(9);
            layout = layout.with_annotation(above);
        }
    }
    let entry = |temp_c: f64| LegendEntry {
        label: format!("{temp_c:.1} °C"),
        color: of_scale(temp_c, low, high),
        shape: LegendShape::Rect,
        dasharray: None,
    };
    render_multiple(plots, layout.with_legend_entries([low, mean, high].map(entry).to_vec()))
}
