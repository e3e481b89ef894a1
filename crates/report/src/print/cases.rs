//! Drawings of bars by category, and of results by case.

use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::plot::{BarPlot, Heatmap, ScatterPlot};
use kuva::render::plots::Plot as Drawn;
use kuva::render::render::{Scene, render_multiple};

use super::graphs::of_scale;
use super::{HEIGHT, colour, columns, layout, plain, scale};
use crate::figure::{Colour, Explorer};
use crate::figures::{extremes, levels, number};

pub(super) fn bars(
    title: &str,
    is_stacked: bool,
    categories: &[String],
    label: &str,
    series: &[(String, Colour, Vec<f64>)],
) -> Scene {
    let mut plot = BarPlot::new();
    // The first category is at the top.
    for (index, category) in categories.iter().enumerate().rev() {
        let values = series.iter().map(|(_, shade, values)| {
            (values.get(index).copied().filter(|value| value.is_finite()).unwrap_or(0.0), colour(*shade))
        });
        plot = plot.with_group(plain(category), values);
    }
    if series.len() > 1 {
        let names: Vec<String> = series.iter().map(|(name, ..)| plain(name)).collect();
        plot = plot.with_legend(names.iter().map(String::as_str).collect());
    }
    // Parts with different signs cannot be stacked.
    if is_stacked && series.iter().all(|(_, _, values)| values.iter().all(|value| value.is_nan() || *value >= 0.0)) {
        plot = plot.with_stacked();
    }
    let plots = vec![Drawn::Bar(plot.with_horizontal(true))];
    let layout = layout(&plots, title, HEIGHT.max(120.0 + 22.0 * categories.len() as f64))
        .with_x_label(label)
        .with_legend_col_limit(columns(series.iter().map(|(name, ..)| name.as_str())));
    render_multiple(plots, layout)
}

pub(super) fn cases(title: &str, explorer: &Explorer) -> Scene {
    let [x, y, z] = explorer.first.map(|index| &explorer.columns[index]);
    let [low, _, high] = extremes(&z.1).unwrap_or_default();
    let title = if explorer.is_grid { format!("{title}: {}", z.0) } else { format!("{} by {}", y.0, x.0) };
    if explorer.is_grid {
        return cells(&title, x, y, z);
    }
    let rows = || (0..x.1.len()).filter(|row| x.1[*row].is_finite() && y.1[*row].is_finite());
    let points = ScatterPlot::new().with_data(rows().map(|row| (x.1[row], y.1[row]))).with_size(3.5);
    let colours = rows().map(|row| of_scale(z.1[row], low, high));
    let plots = vec![Drawn::Scatter(points.with_colors(colours))];
    let entry = |value: f64| LegendEntry {
        label: plain(&format!("{} {}", z.0, number(value))),
        color: of_scale(value, low, high),
        shape: LegendShape::Circle,
        dasharray: None,
    };
    let layout = layout(&plots, &title, HEIGHT).with_x_label(plain(&x.0)).with_y_label(plain(&y.0));
    render_multiple(plots, layout.with_legend_entries([low, high].map(entry).to_vec()))
}

type Named = (String, Vec<f64>);

fn cells(title: &str, x: &Named, y: &Named, z: &Named) -> Scene {
    let (xs, ys) = (levels(&x.1), levels(&y.1));
    // A cell shows the mean of its cases.
    let of = |across: f64, up: f64| {
        let own = (0..z.1.len()).filter(|row| x.1[*row] == across && y.1[*row] == up);
        extremes(&own.map(|row| z.1[row]).collect::<Vec<_>>()).map_or(f64::NAN, |[_, mean, _]| mean)
    };
    let rows = ys.iter().map(|up| xs.iter().map(|across| of(*across, *up)).collect::<Vec<f64>>());
    let plots = vec![Drawn::Heatmap(Heatmap::new().with_data(rows).with_color_map(scale()).with_cell_size(1.0))];
    let names = |levels: &[f64]| levels.iter().map(f64::to_string).collect::<Vec<String>>();
    let layout = layout(&plots, title, HEIGHT)
        .with_x_label(plain(&x.0))
        .with_y_label(plain(&y.0))
        .with_x_categories(names(&xs))
        .with_y_categories(names(&ys));
    render_multiple(plots, layout)
}
